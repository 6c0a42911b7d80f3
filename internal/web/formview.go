package web

import (
	"crypto/rand"
	"errors"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

const (
	// formBody is the largest body of a form that people are asked, a sheet of lines included, in bytes.
	formBody = form.MaxDocument + form.MaxSheet
	// blankRows is how many rows a press on "more rows" adds.
	blankRows = 3
	// shownRowErrors is how many mistakes of a list are told above it.
	shownRowErrors = 12
)

// formHost is what a form is filled in for, on whichever page it stands.
type formHost struct {
	Form     *form.Form
	At       form.At
	View     fact.View
	Firm     int64  // whose file the facts stand in; 0 where it is nobody's
	Place    string // of the draft; "" where nothing is kept
	Path     string // of the page; what is typed is posted to it
	Query    string // of the page's address, without its question mark
	Send     string // on the button that sends it; "" where it cannot be sent from here
	Evidence string // where files are posted to, with the name of the field behind it; "" where none are taken
	Handed   map[string][]handedFile
	Looks    map[string]form.Filled // what is to be confirmed, which the view may not show; nil where it is what the view knows
	Before   form.Entry             // what was sent the last time, of one that is sent again; a draft comes before it

	Page func(t i18n.T, d formView) templ.Component
}

// handedFile is a file that was handed over for a field.
type handedFile struct {
	form.File
	Href string // where it is read
	Drop string // where taking it back is posted to; "" where it cannot be
}

// to is the address of the page, or of a part of it.
func (h formHost) to(part string, more ...string) string {
	query := strings.Join(slices.DeleteFunc(append([]string{h.Query}, more...), func(s string) bool { return s == "" }), "&")
	if query == "" {
		return h.Path + part
	}
	return h.Path + part + "?" + query
}

func (h formHost) files() form.Files {
	all := form.Files{}
	for name, list := range h.Handed {
		for _, x := range list {
			all[name] = append(all[name], x.File)
		}
	}
	return all
}

// formView is a form as it is shown.
type formView struct {
	formHost
	Entry    form.Entry        // as it stands on the page
	Kept     form.Entry        // as it was typed, which is what a draft keeps
	Was      map[string]string // what the page or the draft was filled with; nil where nobody told
	WasYear  int
	Moved    []form.Moved
	Known    map[string]form.Filled
	Sources  map[string]string // who said what is known, by field
	Wrong    map[string]string // where to say that it is not right, by field
	Result   form.Result
	Revision int64
	SavedAt  string // "" while nothing is kept
	Checked  bool   // what is missing is told too
	Blank    map[string]int
	Done     string
	Message  string // what hinders
	Token    string // of this page, so that what it keeps while it is typed into does not stand in its own way
	Newer    int64  // revision of a draft that another page has saved; 0 for none
	Refused  map[string]form.Lines
	NotRead  map[string]string // why a sheet was not taken, by field
}

// viewForm is the form with what is known and what was typed before.
func (s *server) viewForm(r *http.Request, v *visit, h formHost) (formView, error) {
	d := formView{
		formHost: h, Sources: map[string]string{}, Wrong: map[string]string{}, Blank: map[string]int{},
		Refused: map[string]form.Lines{}, NotRead: map[string]string{}, Token: rand.Text()[:16],
	}
	var err error
	if d.Known = h.Looks; d.Known == nil {
		if d.Known, err = h.Form.Prefill(r.Context(), h.View, h.At); err != nil {
			return d, err
		}
	}
	for name, k := range d.Known {
		f, _ := h.Form.Field(name)
		d.Sources[name] = s.filledFrom(v.t, k)
		if h.Firm != 0 && h.View.Can(access.ReadFact, k.Subject) {
			d.Wrong[name] = factPath(h.Firm, k.Subject, f.Fact.Code)
			if mayReport(h.View, k.Subject, *f.Fact) {
				d.Wrong[name] = reportPath(h.Firm, k.Subject, f.Fact.Code, k.Period)
			}
		}
	}
	d.Kept = h.Before
	if h.Place != "" {
		draft, err := s.Forms.Draft(r.Context(), v.scope, h.Place)
		if err == nil {
			d.Kept, d.Revision, d.SavedAt = draft.Entry, draft.Revision, instant(draft.SavedAt)
			d.Was, d.WasYear = draft.Known, draft.Year
		} else if errs.KindOf(err) != errs.KindNotFound {
			return d, err
		}
	}
	d.settle()
	return d, nil
}

// tokenOf is the word of the page that sends a form.
func tokenOf(r *http.Request) string {
	token := r.PostFormValue("page")
	return token[:min(len(token), 16)]
}

// take is what was sent from the page, and what the page was filled with.
func (d *formView) take(in url.Values) {
	d.Was, d.WasYear = nil, 0
	if year, err := strconv.Atoi(in.Get("for")); err == nil { // a page that tells what it was filled with
		d.Was, d.WasYear = map[string]string{}, year
		for name, values := range in {
			if field, ok := strings.CutPrefix(name, "was."); ok && len(values) > 0 {
				d.Was[field] = values[0]
			}
		}
	}
	if d.Form.Confirm {
		for name, was := range d.Was {
			if in.Get("same."+name) != "" && strings.TrimSpace(in.Get(inputName(name))) == "" {
				in.Set(inputName(name), was)
			}
		}
	}
	d.Kept = enteredForm(d.Form, in)
	d.settle()
}

// settle brings what was typed up to what is known, fills in the rest, and looks it over.
func (d *formView) settle() {
	d.Entry, d.Moved = d.Form.Renew(d.Kept, d.Was, d.Form.Offered(d.Known))
	d.Entry = d.Form.Fill(d.Entry, d.Known)
	d.Result = d.Form.Check(d.At, d.Entry, d.files())
	if d.Evidence == "" { // files are not asked for here
		d.Result.Problems = slices.DeleteFunc(d.Result.Problems, func(p form.Problem) bool { return p.Path == form.EvidencePath(p.Field) })
	}
}

// Year is the year of the facts that the form asks; 0 where it asks none by year.
func (d *formView) Year() int { return d.Form.YearFor(d.At, d.Result.Answers) }

// YearMoved says that the form was begun for another year.
func (d *formView) YearMoved() bool { return d.WasYear != 0 && d.Year() != 0 && d.WasYear != d.Year() }

// movedText is a field that is known otherwise than it was filled, in words.
func (d *formView) movedText(t i18n.T, m form.Moved) string {
	said := func(text string) string {
		if text == "" {
			return t.S("web.not_known")
		}
		return t.Msg(m.Field.Said(text))
	}
	key := "formpage.moved"
	switch {
	case m.Kept:
		key = "formpage.moved_kept"
	case d.Form.Confirm:
		key = "formpage.moved_again"
	}
	return t.S(key, said(m.Was), said(m.Now))
}

// looked is how many questions somebody has looked at, and of how many.
func (d *formView) looked() (n, of int) {
	for _, f := range d.Form.Fields() {
		if f.IsList() || f.IsFiles() || f.Readonly || !d.Result.Asked[f.Name] {
			continue
		}
		of++
		if strings.TrimSpace(d.Entry.Texts[f.Name]) != "" {
			n++
		}
	}
	return n, of
}

// lookedText is how far whoever looks has come.
func lookedText(t i18n.T, d formView) string {
	n, of := d.looked()
	return t.S("formpage.looked", n, of)
}

// confirms says that what stands for a question is what is known.
func (d *formView) confirms(f *form.Field) bool {
	k, ok := d.Known[f.Name]
	return ok && d.Form.Confirm && !k.None && d.Entry.Texts[f.Name] == f.Typed(k.Value)
}

// stands is what is typed in the input of a question: nothing where it is confirmed by a mark.
func (d *formView) stands(f *form.Field) string {
	if d.confirms(f) {
		return ""
	}
	return d.Entry.Texts[f.Name]
}

// filledFrom is who said what a field is filled with, and when.
func (s *server) filledFrom(t i18n.T, k form.Filled) string {
	text := s.sourceText(t, k.Source)
	if k.Period.Kind() != period.Always {
		text = periodText(t, k.Period) + " · " + text
	}
	if k.Source.ReceivedAt > 0 {
		text += " · " + instant(k.Source.ReceivedAt)
	}
	return text
}

// problem is what is wrong at a path, in words. Before a check, what is merely missing is not told.
func (d *formView) problem(t i18n.T, path string) string {
	if !d.Checked && !d.typed(path) {
		return ""
	}
	var all []string
	for _, m := range d.Result.Of(path) {
		all = append(all, t.Msg(m))
	}
	return strings.Join(all, " ")
}

// typed says that something stands at a path.
func (d *formView) typed(path string) bool {
	name, rest, inRow := strings.Cut(path, ".")
	if !inRow {
		return strings.TrimSpace(d.Entry.Texts[name]) != "" || len(d.Entry.Rows[name]) > 0
	}
	row, column, _ := strings.Cut(rest, ".")
	i, err := strconv.Atoi(row)
	return err == nil && i < len(d.Entry.Rows[name]) && d.Entry.Rows[name][i][column] != ""
}

// listProblems is what is wrong in the rows of a list, the first of many.
func (d *formView) listProblems(t i18n.T, f *form.Field) []string {
	var all []string
	for _, p := range d.Result.Problems {
		if p.Field != f.Name || p.Path == f.Name || p.Path == form.EvidencePath(f.Name) || !d.Checked && !d.typed(p.Path) {
			continue
		}
		if len(all) == shownRowErrors {
			return append(all, t.S("formpage.more_mistakes"))
		}
		all = append(all, t.Msg(p.Where)+t.S("web.colon")+t.Msg(p.Msg))
	}
	return all
}

// rows is the rows of a list with blank ones below.
func (d *formView) rows(f *form.Field) []map[string]string {
	rows := d.Entry.Rows[f.Name]
	blank := d.Blank[f.Name]
	if len(rows) == 0 {
		blank = max(blank, 1)
	}
	return append(slices.Clone(rows), make([]map[string]string, min(blank, max(f.MaxItems-len(rows), 0)))...)
}

// total is the sums below a list, "" where there is nothing to sum.
func (d *formView) total(t i18n.T, f *form.Field) string {
	answer, ok := d.Result.Answers[f.Name]
	if !ok || len(answer.Rows) == 0 {
		return ""
	}
	all := []string{t.S("formpage.rows", len(answer.Rows))}
	for _, c := range f.Columns {
		if sum, ok := f.Total(answer, c.Name); ok && c.Type == content.Money {
			all = append(all, t.Text(c.Label)+" "+t.Msg(c.Shown(sum)))
		}
	}
	return strings.Join(all, " · ")
}

// hidden says that a section is not asked.
func (d *formView) hidden(s *form.Section) bool {
	return !slices.ContainsFunc(s.Fields, func(f *form.Field) bool { return d.Result.Asked[f.Name] })
}

// askedNames is the fields that are asked, for the script that shows and hides them.
func (d *formView) askedNames() string {
	return strings.Join(slices.Sorted(func(yield func(string) bool) {
		for name, asked := range d.Result.Asked {
			if asked && !yield(name) {
				return
			}
		}
	}), " ")
}

// inputName is the name of an input of the page.
func inputName(path string) string { return "a." + path }

// inputID is its id, which script and labels point at.
func inputID(path string) string {
	return "f-" + strings.NewReplacer(".", "-", "!", "-").Replace(path)
}

// rowPath is the path of a row's cell.
func rowPath(f, c *form.Field, row int) string { return form.RowPath(f.Name, row, c.Name) }

// isDay says that a text can stand in a field for days.
func isDay(text string) bool {
	_, err := period.ParseDay(text)
	return text == "" || err == nil
}

// choices is what a field offers to choose from; ok is false where it is typed.
func choices(t i18n.T, f *form.Field) (all []option, ok bool) {
	if f.Type == content.Bool {
		return []option{{"true", t.S("web.yes")}, {"false", t.S("web.no")}}, true
	}
	if f.Type == content.Int && f.Min != nil && f.Max != nil && *f.Max-*f.Min < fewChoices { // a level
		for n := *f.Min; n <= *f.Max; n++ {
			all = append(all, option{strconv.FormatInt(n, 10), strconv.FormatInt(n, 10)})
		}
		return all, true
	}
	for _, o := range f.Options {
		all = append(all, option{o.Code, t.Text(o.Name)})
	}
	return all, f.Options != nil
}

// picked is the choice that a text means: a page carries codes, a sheet or a program may have sent words.
func picked(f *form.Field, text string) string {
	if f.Type == content.Bool {
		if yes, err := sheet.ParseBool(text); err == nil {
			return strconv.FormatBool(yes)
		}
		return text
	}
	return f.CodeOf(text)
}

// fewChoices is how many choices stand side by side; more of them are a list to open.
const fewChoices = 5

// known is a readonly field's value in words.
func (d *formView) known(t i18n.T, f *form.Field) string {
	k, ok := d.Known[f.Name]
	switch {
	case ok && k.None:
		return t.S("formpage.none")
	case ok && d.Form.Confirm:
		return t.Msg(f.Shown(k.Value))
	case d.Form.Confirm:
		return ""
	case d.Result.Asked[f.Name]:
		if a, ok := d.Result.Answers[f.Name]; ok {
			return t.Msg(f.Shown(a.Value))
		}
	}
	return ""
}

// takeFormBody reads a body with what was typed, and perhaps a sheet.
func takeFormBody(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, formBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		if err := r.ParseMultipartForm(form.MaxDocument); err != nil {
			return badForm(err)
		}
		return textual(r.Form)
	}
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	return textual(r.Form)
}

// enteredForm is what was typed into the page.
func enteredForm(f *form.Form, in url.Values) form.Entry {
	e := form.Entry{Texts: map[string]string{}, Rows: map[string][]map[string]string{}}
	rows := map[string]map[int]map[string]string{}
	for name, values := range in {
		path, ok := strings.CutPrefix(name, "a.")
		if !ok || len(values) == 0 {
			continue
		}
		field, rest, inRow := strings.Cut(path, ".")
		if !inRow {
			e.Texts[field] = values[0]
			continue
		}
		row, column, _ := strings.Cut(rest, ".")
		i, err := strconv.Atoi(row)
		if err != nil || i < 0 {
			continue
		}
		if rows[field] == nil {
			rows[field] = map[int]map[string]string{}
		}
		if rows[field][i] == nil {
			rows[field][i] = map[string]string{}
		}
		rows[field][i][column] = values[0]
	}
	for field, byRow := range rows {
		for _, i := range slices.Sorted(maps.Keys(byRow)) {
			e.Rows[field] = append(e.Rows[field], byRow[i])
		}
	}
	return f.Tidy(e)
}

// showForm answers with the page of a form.
func (s *server) showForm(w http.ResponseWriter, r *http.Request, v *visit, status int, d formView) error {
	sh := s.shell(r, v, v.t.Text(d.Form.Title))
	sh.Script = "form.js"
	return s.show(w, r, sh, status, d.Page(v.t, d))
}

// getForm shows the form, after a press on one of its buttons with what came of it.
func (s *server) getForm(w http.ResponseWriter, r *http.Request, v *visit, h formHost) error {
	d, err := s.viewForm(r, v, h)
	if err != nil {
		return err
	}
	d.Checked = r.FormValue("check") == "1"
	if f, ok := h.Form.Field(r.FormValue("more")); ok && f.IsList() {
		d.Blank[f.Name] = blankRows
	}
	switch {
	case r.FormValue("done") == "lines":
		d.Done = v.t.S("formpage.done_lines")
	case r.FormValue("done") == "dropped":
		d.Done = v.t.S("formpage.done_dropped")
	case r.FormValue("done") == "saved":
		d.Done = v.t.S("formpage.done_saved")
	case d.Checked && len(d.Result.Problems) == 0:
		d.Done = v.t.S("formpage.done_good")
	}
	return s.showForm(w, r, v, http.StatusOK, d)
}

// postForm takes what was typed: it is kept before anything else is done with it, so that nothing is lost whatever the
// button comes to. send is called with an entry that is right; it answers, or says why it could not be sent.
func (s *server) postForm(w http.ResponseWriter, r *http.Request, v *visit, h formHost, send func(form.Entry) error) error {
	if err := takeFormBody(w, r); err != nil {
		return err
	}
	d, err := s.viewForm(r, v, h)
	if err != nil {
		return err
	}
	d.take(r.PostForm)
	do, about, _ := strings.Cut(r.PostFormValue("do"), ":")
	status, err := s.change(r, v, &d, do, about)
	if err != nil {
		return err
	}
	d.Revision, d.Token = numberOf(r, "revision"), tokenOf(r)
	if do == "overwrite" {
		d.Revision = numberOf(r, "newer")
	}
	if kept, err := s.keepForm(r, v, &d); err != nil || !kept {
		if err != nil {
			return err
		}
		return s.showForm(w, r, v, http.StatusConflict, d)
	}
	if status != http.StatusOK {
		return s.showForm(w, r, v, status, d)
	}
	switch do {
	case "check":
		return seeOther(w, r, h.to("", "check=1")+"#form-problems")
	case "more":
		return seeOther(w, r, h.to("", "more="+about)+"#q-"+about)
	case "remove":
		field, _, _ := strings.Cut(about, ":")
		return seeOther(w, r, h.to("")+"#q-"+field)
	case "lines":
		return seeOther(w, r, h.to("", "done=lines")+"#q-"+about)
	case "send":
		return s.sendForm(w, r, v, d, send)
	}
	return seeOther(w, r, h.to("", "done=saved"))
}

// sendForm sends what is right, else tells what is not.
func (s *server) sendForm(w http.ResponseWriter, r *http.Request, v *visit, d formView, send func(form.Entry) error) error {
	d.Checked = true
	if len(d.Moved) > 0 || d.YearMoved() { // nobody sends what they have not seen
		return s.showForm(w, r, v, http.StatusConflict, d)
	}
	if send == nil || len(d.Result.Problems) > 0 {
		return s.showForm(w, r, v, http.StatusUnprocessableEntity, d)
	}
	err := send(d.Entry)
	if msg, ok := errs.Message(err); ok && (errs.KindOf(err) == errs.KindInvalid || errs.KindOf(err) == errs.KindConflict) {
		d.Message = v.t.Msg(msg)
		return s.showForm(w, r, v, statusOf(err), d)
	}
	return err
}

// change does what a button asks for besides keeping what was typed. The status is that of a page that tells what was wrong.
func (s *server) change(r *http.Request, v *visit, d *formView, do, about string) (status int, err error) {
	switch do {
	case "remove":
		name, row, _ := strings.Cut(about, ":")
		i, err := strconv.Atoi(row)
		if err == nil && i >= 0 && i < len(d.Entry.Rows[name]) {
			d.Kept.Rows[name] = slices.Delete(slices.Clone(d.Entry.Rows[name]), i, i+1)
			d.settle()
		}
	case "lines":
		f, ok := d.Form.Field(about)
		if !ok || !f.IsList() {
			return 0, errs.NotFound("list", about)
		}
		return s.takeLines(r, v, d, f)
	}
	return http.StatusOK, nil
}

// takeLines puts the rows of a sheet, uploaded or pasted, into a list.
func (s *server) takeLines(r *http.Request, v *visit, d *formView, f *form.Field) (status int, err error) {
	var lines form.Lines
	file, header, err := r.FormFile("sheet." + f.Name)
	switch {
	case err == nil:
		lines, err = f.ReadLines(r.Context(), file, header.Filename)
		err = errors.Join(err, file.Close())
	case errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart):
		pasted := r.PostFormValue("paste." + f.Name)
		if strings.TrimSpace(pasted) == "" {
			d.NotRead[f.Name] = v.t.S("formpage.no_sheet")
			return http.StatusUnprocessableEntity, nil
		}
		lines, err = f.ReadLines(r.Context(), strings.NewReader(pasted), v.t.S("formpage.pasted"))
	default:
		return 0, badForm(err)
	}
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		d.NotRead[f.Name] = v.t.Msg(msg)
		return http.StatusUnprocessableEntity, nil
	}
	if err != nil {
		return 0, err
	}
	if len(lines.Faults) > 0 {
		d.Refused[f.Name] = lines
		return http.StatusUnprocessableEntity, nil
	}
	rows := lines.Rows
	if r.PostFormValue("add."+f.Name) == "1" {
		rows = append(slices.Clone(d.Entry.Rows[f.Name]), rows...)
	}
	if len(rows) > f.MaxItems {
		d.NotRead[f.Name] = v.t.S("form.too_many_rows", len(rows), f.MaxItems)
		return http.StatusUnprocessableEntity, nil
	}
	d.Kept.Rows[f.Name] = rows
	d.settle()
	return http.StatusOK, nil
}

// keepForm saves the draft; kept is false where another page was quicker, which the view then tells.
func (s *server) keepForm(r *http.Request, v *visit, d *formView) (kept bool, err error) {
	if d.Place == "" {
		return false, forbidden(access.FileCase)
	}
	draft, err := s.Forms.Save(r.Context(), v.scope, form.Draft{Place: d.Place, Hash: d.Form.Hash, Revision: d.Revision, Page: d.Token, Entry: d.Kept, Year: d.WasYear, Known: d.Was})
	var stale *form.Stale
	switch {
	case errors.As(err, &stale):
		d.Newer = stale.Newer.Revision
	case errs.KindOf(err) == errs.KindConflict: // what was kept is gone: the next press keeps it anew
		d.Revision = 0
	}
	if msg, ok := errs.Message(err); ok && (errs.KindOf(err) == errs.KindConflict || errs.KindOf(err) == errs.KindInvalid) {
		d.Message = v.t.Msg(msg)
		return false, nil
	}
	if err != nil {
		return false, err
	}
	d.Revision, d.SavedAt = draft.Revision, instant(draft.SavedAt)
	return true, nil
}

// draftForm keeps what was typed, for the script that sends it while somebody types, and tells what came of it.
func (s *server) draftForm(w http.ResponseWriter, r *http.Request, v *visit, h formHost) error {
	if err := takeFormBody(w, r); err != nil {
		return err
	}
	d, err := s.viewForm(r, v, h)
	if err != nil {
		return err
	}
	d.take(r.PostForm)
	d.Revision, d.Token = numberOf(r, "revision"), tokenOf(r)
	if _, err := s.keepForm(r, v, &d); err != nil {
		return err
	}
	return part(w, r, http.StatusOK, formState(v.t, d, true))
}

// formTemplate hands out the workbook for the rows of a list.
func (s *server) formTemplate(w http.ResponseWriter, r *http.Request, v *visit, f *form.Form) error {
	list, ok := f.Field(r.PathValue("field"))
	if !ok || !list.IsList() {
		return errs.NotFound("list", r.PathValue("field"))
	}
	return s.export(w, r, v, v.t.Text(f.Title)+"-"+v.t.Text(list.Label), list.Template(v.t))
}

// describedBy leads from a field to its help and to what is wrong with it.
func describedBy(d formView, t i18n.T, f *form.Field) templ.Attributes {
	ids := inputID(f.Name) + "-error"
	if t.Text(f.Help) != "" {
		ids = inputID(f.Name) + "-help " + ids
	}
	all := templ.Attributes{"aria-describedby": ids}
	if choices, ok := choices(t, f); d.problem(t, f.Name) != "" && (!ok || len(choices) > fewChoices) {
		all["aria-invalid"] = "true"
	}
	return all
}

// cellMark marks a cell that will not do; what is wrong with it stands above the list.
func cellMark(d formView, t i18n.T, path string) templ.Attributes {
	if text := d.problem(t, path); text != "" {
		return templ.Attributes{"aria-invalid": "true", "title": text}
	}
	return nil
}

// columnHead is the header of a column with the unit of its numbers.
func columnHead(t i18n.T, c *form.Field) string {
	if c.Unit == "" {
		return t.Text(c.Label)
	}
	return t.Text(c.Label) + inBrackets(t, t.Text(c.UnitName()))
}

// filesCount is how many files are asked for.
func filesCount(t i18n.T, e *form.Evidence) string {
	switch {
	case e.Min == 0:
		return t.S("formpage.files_at_most", e.Max)
	case e.Min == e.Max:
		return t.S("formpage.files_exactly", e.Min)
	}
	return t.S("formpage.files_between", e.Min, e.Max)
}

// megabytesText is a size as people read it.
func megabytesText(size int64) string {
	if size < 1<<20 {
		return strconv.FormatInt((size+1023)>>10, 10) + " KB"
	}
	return strconv.FormatInt((size+1<<20-1)>>20, 10) + " MB"
}
