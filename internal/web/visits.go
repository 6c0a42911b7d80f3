package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	visits "github.com/yanzhen/yanzhen/internal/visit"
)

// visitPath is what is noted on a visit in a case.
func visitPath(id int64) string { return "/visits/" + strconv.FormatInt(id, 10) }

// visitRoutes are visits to firms: a page that works without network once it was opened, and what its script sends.
func (s *server) visitRoutes() []route {
	read := access.Need{Action: access.ReadCase}
	return []route{
		{"GET /visits", read, s.visits},
		{"GET /visits/sw.js", access.Need{Public: true}, s.visitWorker},
		{"GET /visits/{case}", read, s.visit},
		{"POST /visits/{case}", read, s.noteVisit},
		{"POST /visits/{case}/entries", read, s.visitEntries},
		{"POST /visits/{case}/photos/{photo}", read, s.visitPhoto},
		{"POST /visits/{case}/hand-in", read, s.handInVisit},
	}
}

// visitHead is by whom the page of a visit was drawn, for the service worker: it keeps one account's pages.
const visitHead = "X-Yanzhen-Account"

// topicView is something that was noted, in words.
type topicView struct {
	visits.Topic
	Label string
	Heads []headView
}

// headView is an entry that stands.
type headView struct {
	visits.Entry
	Text, By, At string
}

// visitAnswer is what stands about a question.
type visitAnswer struct {
	topicView
	Told, Value string // what is known and who said so, and as it is typed
}

// visitView is the page of a visit.
type visitView struct {
	formView
	Visit                  visits.Visit
	Case                   casework.Case
	State, Firm            string
	Action                 i18n.Text
	Answers                map[string]visitAnswer // by field
	Conflicts, Overdue     []topicView
	Findings, Photos, Note []topicView
	Asked                  []*form.Field // and typed
	Unanswered             int
	Awaited                int
	Digest                 string
	Pack                   visitPack
	Sections               []option // id and title
	Draft                  visitDraft
}

// visitDraft is what was typed into a form of the page and refused, so that it stands there again.
type visitDraft struct {
	Topic   string       // of a finding; "" for a new one
	Finding *visits.Body // nil where it was none
	Note    string
	Entry   *form.Entry // the answers; nil where it was none of them
}

// finding is a finding as its form shows it.
func (d visitDraft) finding(topic string, b visits.Body) visits.Body {
	if d.Finding != nil && d.Topic == topic {
		return *d.Finding
	}
	return b
}

// has says that what was refused is of the form of a finding.
func (d visitDraft) has(topic string) bool { return d.Finding != nil && d.Topic == topic }

// visitDraftOf is what the form of a request holds.
func visitDraftOf(f *form.Form, r *http.Request) (d visitDraft) {
	in := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	switch do, _, _ := strings.Cut(r.PostFormValue("do"), " "); do {
	case "note":
		d.Note = in("text")
	case "finding":
		d.Topic = in("topic")
		d.Finding = &visits.Body{Title: in("title"), Part: in("part"), Seen: in("seen"), Gap: in("gap"), Advice: in("advice"), Photos: strings.Fields(r.PostFormValue("photos"))}
	case "save":
		typed := enteredForm(f, r.PostForm)
		d.Entry = &typed
	}
	return d
}

// visitPack is what the script of the page has, with network or without.
type visitPack struct {
	Case     int64             `json:"case"` // 0 on the page that only sends what is left
	Account  int64             `json:"account"`
	Writes   bool              `json:"writes"` // now, in time
	Sends    bool              `json:"sends"`  // in time or late
	Entries  []visits.Entry    `json:"entries"`
	Names    map[int64]string  `json:"names"` // of accounts
	Files    map[string]string `json:"files"` // addresses of photographs that have arrived, by hash
	Labels   map[string]string `json:"labels"`
	Choices  map[string]string `json:"choices"` // labels of choices, by field and value with = between
	Sections map[string]string `json:"sections"`
	Words    map[string]string `json:"words"`
}

// text is the pack as it stands in an attribute of the page.
func (p visitPack) text() (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}

// visitWords are what the script says.
var visitWords = []string{
	"advice", "all_sent", "choose", "conflict", "edit", "gap", "gone", "keep_this", "late_kept", "no_photo", "not_kept", "noted", "offline", "offline_ready", "online", "other_account", "part", "pending", "photo", "photo_of", "refused", "removed", "seen", "send_first", "sending", "sign_in", "take_back", "unanswered", "waiting",
}

func visitPackOf(t i18n.T, account int64) visitPack {
	p := visitPack{
		Account: account, Entries: []visits.Entry{}, Names: map[int64]string{}, Files: map[string]string{}, Labels: map[string]string{}, Choices: map[string]string{},
		Sections: map[string]string{}, Words: map[string]string{},
	}
	for _, word := range visitWords {
		p.Words[word] = t.S("visitpage." + word)
	}
	return p
}

// visitWorker is the script that answers for pages of visits while there is no network. Its address has no hash: a browser looks for a
// newer one by itself.
func (s *server) visitWorker(w http.ResponseWriter, _ *http.Request, _ *visit) error {
	f := s.assets.files[s.assets.app+"/sw.js"]
	w.Header().Set("Content-Type", f.kind)
	_, err := w.Write(f.body)
	return err
}

// visitsData is the list of visits of whoever asks.
type visitsData struct {
	Rows []caseRow
	Pack visitPack
}

// visits lists cases that wait for a visit, and sends what this device has left.
func (s *server) visits(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	d := visitsData{Pack: visitPackOf(v.t, v.account.ID)}
	for _, flow := range s.Cases.Set.All() {
		for _, a := range flow.Actions {
			if !s.Visits.OnSite(a) {
				continue
			}
			for _, state := range a.From {
				list, _, err := s.Cases.Cases(r.Context(), v.scope, casework.Filter{Workflow: flow.Workflow, State: state}, 0, listRows)
				if err != nil {
					return err
				}
				for _, c := range list {
					row, err := s.caseRow(r.Context(), v, view, c)
					if err != nil {
						return err
					}
					d.Rows = append(d.Rows, row)
				}
			}
		}
	}
	sh := s.shell(r, v, v.t.S("visitpage.list"))
	sh.Script = "visit.js"
	return s.show(w, r, sh, http.StatusOK, visitsPage(v.t, d))
}

func visitCase(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("case"), 10, 64)
	if err != nil {
		return 0, errs.NotFound("case", r.PathValue("case"))
	}
	return id, nil
}

func (s *server) visit(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.visitOf(r, v)
	if err != nil {
		return err
	}
	if done := r.FormValue("done"); slices.Contains([]string{"saved", "same"}, done) {
		d.Done = v.t.S("visitpage.done_" + done)
	}
	return s.showVisit(w, r, v, http.StatusOK, d)
}

func (s *server) showVisit(w http.ResponseWriter, r *http.Request, v *visit, status int, d visitView) error {
	sh := s.shell(r, v, v.t.S("visitpage.title"))
	sh.Script, sh.Here = "visit.js", visitPath(d.Case.ID)
	w.Header().Set(visitHead, strconv.FormatInt(v.account.ID, 10))
	return s.show(w, r, sh, status, visitPage(v.t, d))
}

// visitOf is the visit of an address, as its page draws it.
func (s *server) visitOf(r *http.Request, v *visit) (d visitView, err error) {
	ctx := r.Context()
	id, err := visitCase(r)
	if err != nil {
		return d, err
	}
	if d.Visit, err = s.Visits.Visit(ctx, v.scope, id); err != nil {
		return d, err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return d, err
	}
	d.Case, d.Action = d.Visit.Case, d.Visit.Action.Name
	d.State = stateName(v.t, d.Visit.Workflow, d.Case.State)
	if d.Firm, _, err = s.caseFirm(ctx, v, view, d.Case.Enterprise); err != nil {
		return d, err
	}
	today := s.Clock.Today()
	h := formHost{
		Form: d.Visit.Form, View: view, Path: visitPath(id), Firm: d.Case.Enterprise, Handed: map[string][]handedFile{},
		At: form.At{Subject: s.Cases.SubjectOf(view, d.Case, d.Visit.Workflow.Subject), Year: d.Case.Year(today), On: today},
	}
	for _, f := range d.Visit.Files {
		h.Handed[f.Field] = append(h.Handed[f.Field], handedFile{File: form.File{Name: f.Name, Hash: f.SHA256, Size: f.Size, Type: form.FileType(f.Type)}, Href: filePath(id, f.ID)})
	}
	if d.Visit.Choice != nil && h.Form.Confirm {
		if h.At, h.Looks, err = s.Cases.Looks(ctx, v.scope, id, d.Visit.Action.ID, h.Form); err != nil {
			return d, err
		}
	}
	if d.formView, err = s.viewForm(r, v, h); err != nil {
		return d, err
	}
	d.Entry = d.Visit.Entry() // what is known is shown beside, and is no answer before somebody gives it
	d.Result = h.Form.Check(h.At, d.Entry, h.files())
	return d, s.fillVisit(ctx, v, &d)
}

// fillVisit puts what was noted into words.
func (s *server) fillVisit(ctx context.Context, v *visit, d *visitView) error {
	p := visitPackOf(v.t, v.account.ID)
	p.Case, p.Writes, p.Sends, p.Entries = d.Case.ID, d.Visit.Choice != nil, d.Visit.Writes(), append(p.Entries, d.Visit.Entries...)
	for _, e := range d.Visit.Entries {
		if _, err := s.personName(ctx, p.Names, e.Account); err != nil {
			return err
		}
	}
	if _, err := s.personName(ctx, p.Names, v.account.ID); err != nil {
		return err
	}
	for sha, f := range d.Visit.Files {
		p.Files[sha] = filePath(d.Case.ID, f.ID)
	}
	for _, sec := range d.Visit.Form.Sections {
		d.Sections = append(d.Sections, option{sec.ID, v.t.Text(sec.Title)})
		p.Sections[sec.ID] = v.t.Text(sec.Title)
	}
	told, err := s.toldBefore(ctx, v, d)
	if err != nil {
		return err
	}
	d.Answers = map[string]visitAnswer{}
	for _, f := range d.Visit.Form.Fields() {
		if f.IsList() || f.IsFiles() {
			continue
		}
		p.Labels[visits.Answers+":"+f.Name] = v.t.Text(f.Label)
		if all, ok := choices(v.t, f); ok {
			for _, o := range all {
				p.Choices[f.Name+"="+o.Value] = o.Label
			}
		}
		a := visitAnswer{topicView: d.topic(v.t, d.Visit.About(visits.Answers+":"+f.Name), p.Names)}
		if k, ok := d.Known[f.Name]; ok && !f.Readonly {
			text := v.t.S("formpage.none")
			if !k.None {
				text = v.t.Msg(f.Shown(k.Value))
				a.Value = d.Visit.Form.Entry(form.Answers{f.Name: {Value: k.Value}}).Texts[f.Name]
			}
			a.Told = v.t.S("visitpage.told", text, d.Sources[f.Name])
			delete(d.Sources, f.Name)
		} else if x, ok := told[f.Name]; ok {
			a.Told, a.Value = v.t.S("visitpage.told", visitText(v.t, f, &visits.Body{Value: x.Value}), x.Label), picked(f, x.Value)
		}
		d.Answers[f.Name] = a
		if !f.Readonly && d.Result.Asked[f.Name] {
			d.Asked = append(d.Asked, f)
			if d.Entry.Texts[f.Name] == "" {
				d.Unanswered++
			}
		}
	}
	d.Pack = p
	for _, t := range d.Visit.Conflicts() {
		d.Conflicts = append(d.Conflicts, d.topic(v.t, t, p.Names))
	}
	for _, t := range d.Visit.Overdue {
		d.Overdue = append(d.Overdue, d.topic(v.t, t, p.Names))
	}
	for kind, to := range map[string]*[]topicView{visits.Findings: &d.Findings, visits.Photos: &d.Photos, visits.Notes: &d.Note} {
		for _, t := range d.Visit.Of(kind) {
			*to = append(*to, d.topic(v.t, t, p.Names))
		}
	}
	d.Awaited, d.Digest = len(d.Visit.Awaited()), visits.Digest(d.Visit.Entries)
	return nil
}

// toldBefore is what the firm answered in the case to what is asked here, by field: the value, and who said it when. Whoever is appointed to
// a case reads what was handed in, and need not see the firm's file.
func (s *server) toldBefore(ctx context.Context, v *visit, d *visitView) (map[string]option, error) {
	told := map[string]option{}
	events, err := s.Cases.Track(ctx, v.scope, d.Case.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		a, ok := d.Visit.Workflow.Action(e.Action)
		if !ok || e.Who != casework.Applicant || len(e.Answers) == 0 {
			continue
		}
		f, err := s.formOfCase(ctx, v, d.Case, a.Form)
		if err != nil {
			return nil, err
		}
		answers, _, err := f.Kept(e.Answers)
		if err != nil {
			return nil, err
		}
		texts := f.Entry(answers).Texts
		for _, asked := range d.Visit.Form.Fields() {
			i := slices.IndexFunc(f.Fields(), func(x *form.Field) bool { return x.Fact != nil && asked.Fact != nil && x.Fact.Code == asked.Fact.Code })
			if i >= 0 && texts[f.Fields()[i].Name] != "" {
				told[asked.Name] = option{texts[f.Fields()[i].Name], whoName(v.t, e.Who) + " · " + instant(e.At)}
			}
		}
	}
	return told, nil
}

// topic is something that was noted in words.
func (d *visitView) topic(t i18n.T, x visits.Topic, names map[int64]string) topicView {
	out := topicView{Topic: x}
	kind, which, _ := strings.Cut(x.Key, ":")
	f, ok := d.Visit.Form.Field(which)
	if out.Label = t.S("visitpage." + kind); kind == visits.Answers && ok {
		out.Label = t.Text(f.Label)
	}
	for _, e := range x.Heads {
		out.Heads = append(out.Heads, headView{Entry: e, Text: visitText(t, f, e.Body), By: names[e.Account], At: instant(e.Noted)})
	}
	return out
}

// visitText is what an entry says, in a line.
func visitText(t i18n.T, f *form.Field, b *visits.Body) string {
	switch {
	case b == nil:
		return t.S("visitpage.removed")
	case b.Value != "" && f != nil:
		if all, ok := choices(t, f); ok {
			if i := slices.IndexFunc(all, func(o option) bool { return o.Value == picked(f, b.Value) }); i >= 0 {
				return all[i].Label
			}
		}
		return strings.TrimSpace(b.Value + " " + t.Text(f.UnitName()))
	}
	var all []string
	for _, part := range []string{b.Value, b.Title, b.Seen, b.Gap, b.Advice, b.Text, b.Name} {
		if part != "" {
			all = append(all, part)
		}
	}
	return strings.Join(all, " · ")
}

// pageDevice is the device under which an account notes by a page without its script.
func pageDevice(v *visit) string { return fmt.Sprintf("%032x", v.account.ID) }

func newVisitID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// newEntry is an entry that comes after what the page had of its topic.
func (s *server) newEntry(v *visit, topic, after string, body *visits.Body) visits.Entry {
	return visits.Entry{ID: newVisitID(), Topic: topic, After: strings.Fields(after), Body: body, Device: pageDevice(v), Noted: s.Clock.Millis()}
}

// noteVisit keeps what was typed into the page without its script.
func (s *server) noteVisit(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := visitCase(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, casework.MaxFile+fileRoom)
	if err := r.ParseMultipartForm(fileRoom); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return badForm(err)
	}
	if err := textual(r.Form); err != nil {
		return err
	}
	d, err := s.visitOf(r, v)
	if err != nil {
		return err
	}
	if !d.Visit.Writes() {
		return errs.Forbidden(fmt.Sprintf("note on the visit of case %d", id))
	}
	entries, photos, err := s.noted(r, v, d)
	if err != nil {
		return s.visitProblem(w, r, v, err)
	}
	if len(entries) == 0 {
		return seeOther(w, r, visitPath(id)+"?done=same")
	}
	refused, err := s.Visits.Add(r.Context(), v.scope, id, entries)
	if err != nil {
		return err
	}
	for _, x := range refused {
		return s.visitProblem(w, r, v, errs.Invalid(x.Why))
	}
	for sha, body := range photos {
		if _, err := s.Visits.AddPhoto(r.Context(), v.scope, id, sha, bytes.NewReader(body)); err != nil {
			return s.visitProblem(w, r, v, err)
		}
	}
	return seeOther(w, r, visitPath(id)+"?done=saved")
}

// visitProblem draws the page again with what hindered.
func (s *server) visitProblem(w http.ResponseWriter, r *http.Request, v *visit, err error) error {
	msg, ok := errs.Message(err)
	if kind := errs.KindOf(err); !ok || kind == errs.KindNotFound || kind == errs.KindForbidden {
		return err
	}
	d, again := s.visitOf(r, v)
	if again != nil {
		return again
	}
	d.Message, d.Draft = v.t.Msg(msg), visitDraftOf(d.Visit.Form, r)
	if d.Draft.Entry != nil {
		d.Entry = *d.Draft.Entry
	}
	return s.showVisit(w, r, v, statusOf(err), d)
}

// noted is what a form of the page says: entries, and the bytes of photographs by their hash.
func (s *server) noted(r *http.Request, v *visit, d visitView) (all []visits.Entry, photos map[string][]byte, err error) {
	do, about, _ := strings.Cut(r.PostFormValue("do"), " ")
	switch do {
	case "drop":
		return []visits.Entry{s.newEntry(v, about, r.PostFormValue("after "+about), nil)}, nil, nil
	case "keep": // an entry of several, or one that came late
		i := slices.IndexFunc(d.Visit.Entries, func(e visits.Entry) bool { return e.ID == about })
		if i < 0 {
			return nil, nil, errs.NotFound("entry", about)
		}
		e := d.Visit.Entries[i]
		after := strings.Fields(r.PostFormValue("after " + e.Topic))
		if !slices.Contains(after, e.ID) {
			after = append(after, e.ID)
		}
		return []visits.Entry{s.newEntry(v, e.Topic, strings.Join(after, " "), e.Body)}, nil, nil
	case "note":
		topic, text := visits.Notes+":"+newVisitID(), visitDraftOf(d.Visit.Form, r).Note
		if text == "" {
			return nil, nil, nil
		}
		return []visits.Entry{s.newEntry(v, topic, "", &visits.Body{Text: text})}, nil, nil
	case "photo", "finding":
		if all, photos, err = s.sentPhotos(r, v, d); err != nil || do == "photo" {
			return all, photos, err
		}
		typed := visitDraftOf(d.Visit.Form, r)
		topic, b := typed.Topic, typed.Finding
		if topic == "" {
			topic = visits.Findings + ":" + newVisitID()
		}
		for _, e := range all {
			_, sha := e.Kind()
			b.Photos = append(b.Photos, sha)
		}
		return append(all, s.newEntry(v, topic, r.PostFormValue("after "+topic), b)), photos, nil
	}
	return s.notedAnswers(r, v, d), nil, nil
}

// notedAnswers is the answers that differ from what the page showed.
func (s *server) notedAnswers(r *http.Request, v *visit, d visitView) (all []visits.Entry) {
	typed := enteredForm(d.Visit.Form, r.PostForm)
	for _, f := range d.Visit.Form.Fields() {
		topic := visits.Answers + ":" + f.Name
		if f.Readonly || !r.PostForm.Has("after "+topic) {
			continue
		}
		after := r.PostFormValue("after " + topic)
		var shown visits.Topic
		for _, e := range d.Visit.Entries {
			if slices.Contains(strings.Fields(after), e.ID) {
				shown.Heads = append(shown.Heads, e)
			}
		}
		was, now := "", typed.Texts[f.Name]
		if b := shown.Value(); b != nil {
			was = b.Value
		}
		switch {
		case now == was: // nothing was typed
		case now == "":
			all = append(all, s.newEntry(v, topic, after, nil))
		default:
			all = append(all, s.newEntry(v, topic, after, &visits.Body{Value: now}))
		}
	}
	return all
}

// sentPhotos is the photographs of a form.
func (s *server) sentPhotos(r *http.Request, v *visit, d visitView) (all []visits.Entry, photos map[string][]byte, err error) {
	photos = map[string][]byte{}
	if r.MultipartForm == nil {
		return nil, nil, nil
	}
	for _, header := range r.MultipartForm.File["photo"] {
		body, err := readPhoto(header)
		if err != nil {
			return nil, nil, err
		}
		sum := sha256.Sum256(body)
		sha := hex.EncodeToString(sum[:])
		topic := visits.Photos + ":" + sha
		photos[sha] = body
		all = append(all, s.newEntry(v, topic, strings.Join(d.Visit.About(topic).IDs(), " "), &visits.Body{Name: header.Filename, Field: r.PostFormValue("field")}))
	}
	return all, photos, nil
}

func readPhoto(header *multipart.FileHeader) ([]byte, error) {
	if header.Size > visits.MaxPhoto {
		return nil, errs.Invalid(i18n.M("visit.large_photo", visits.MaxPhoto>>20))
	}
	f, err := header.Open()
	if err != nil {
		return nil, fmt.Errorf("open what was sent: %w", err)
	}
	body, err := io.ReadAll(f)
	return body, errors.Join(err, f.Close())
}

// sendLimit is the largest bundle of entries, in bytes.
const sendLimit = 4 << 20

// visitSend is a bundle of entries as the script sends it.
type visitSend struct {
	Account int64          `json:"account"` // that noted them
	Entries []visits.Entry `json:"entries"`
}

// visitRefusal is an entry that was not taken.
type visitRefusal struct {
	ID  string `json:"id"`
	Why string `json:"why"`
}

// visitSent is what became of a bundle. Who may not read the visit any more is told no more than that.
type visitSent struct {
	Refused []visitRefusal `json:"refused"`
	Pack    *visitPack     `json:"pack"`
	Digest  string         `json:"digest"`
}

// visitEntries takes what a device has noted, and tells what stands now. What another account noted on the same device is not sent in the
// name of this one.
func (s *server) visitEntries(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := visitCase(r)
	if err != nil {
		return err
	}
	if _, err := s.Visits.Writing(r.Context(), v.scope, id); err != nil {
		return err
	}
	var in visitSend
	read := json.NewDecoder(http.MaxBytesReader(w, r.Body, sendLimit))
	read.DisallowUnknownFields()
	if err := read.Decode(&in); err != nil {
		return badForm(err)
	}
	if in.Account != v.account.ID {
		return errs.Conflict(i18n.M("visitpage.other_account"))
	}
	out := visitSent{Refused: []visitRefusal{}}
	if len(in.Entries) > 0 {
		refused, err := s.Visits.Add(r.Context(), v.scope, id, in.Entries)
		if err != nil {
			return err
		}
		for _, x := range refused {
			out.Refused = append(out.Refused, visitRefusal{x.ID, v.t.Msg(x.Why)})
		}
	}
	d, err := s.visitOf(r, v)
	switch {
	case err == nil:
		out.Pack, out.Digest = &d.Pack, d.Digest
	case errs.KindOf(err) != errs.KindNotFound || len(in.Entries) == 0:
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(out)
}

// visitPhoto takes the bytes of a photograph that was noted.
func (s *server) visitPhoto(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := visitCase(r)
	if err != nil {
		return err
	}
	if _, err := s.Visits.AddPhoto(r.Context(), v.scope, id, r.PathValue("photo"), http.MaxBytesReader(w, r.Body, visits.MaxPhoto+1)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// handInVisit takes the action of the case with what was noted. What hinders it is told on the page, at each question.
func (s *server) handInVisit(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := visitCase(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if err := textual(r.Form); err != nil {
		return err
	}
	_, err = s.Visits.HandIn(r.Context(), v.scope, visits.Handing{Case: id, Seen: r.PostFormValue("seen"), Reason: strings.TrimSpace(r.PostFormValue("reason"))})
	if err == nil {
		return s.acted(w, r, v, id)
	}
	msg, ok := errs.Message(err)
	if kind := errs.KindOf(err); !ok || kind == errs.KindNotFound || kind == errs.KindForbidden {
		return err
	}
	d, again := s.visitOf(r, v)
	if again != nil {
		return again
	}
	d.Message, d.Checked = v.t.Msg(msg), true
	return s.showVisit(w, r, v, statusOf(err), d)
}
