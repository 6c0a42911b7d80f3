package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// caseFileRow is a file of a case.
type caseFileRow struct {
	casework.Evidence
	By  string
	For string // the material that it is, "" for none that is asked for
}

// materialRow is a material that a case is asked for, and whether it is there.
type materialRow struct {
	Field, Name    string
	Required, Have bool
}

// twinRow is something of a case that stands in another case too.
type twinRow struct {
	casework.Twin
	What string
}

// frozenRow is a fact as an approval has read it.
type frozenRow struct {
	casework.Frozen
	Name, Period, Value, By string
}

// openTask is somebody for whom a case waits.
type openTask struct {
	casework.CaseTask
	What, For, Due string
	Late           bool
}

// commentRow is what somebody wrote beside a case.
type commentRow struct {
	casework.Comment
	By string
}

// choice is an action that the visitor may take now.
type choice struct {
	casework.Choice
	As, Form string // Form is the address of its form, "" where there is none
	Visit    string // where it is prepared on the spot, "" where it is not
}

// caseData is the page of a case.
type casePageData struct {
	casework.Case
	W             *casework.Workflow
	State         casework.State
	Firm, Area    string
	FirmFile      bool // its file may be looked into
	Known         []datum
	Waits         []openTask
	Choices       []choice
	Stations      []station
	Files         []caseFileRow
	Materials     []materialRow // that are asked for
	Comments      []commentRow
	Twins         []twinRow
	Frozen        []frozenRow
	Children      []caseRow
	Subsidy       *subsidyPart   // nil in a case that is about none
	Gathers       *batchPart     // nil in a case that is no batch of applications
	Selection     *selectionPart // nil in a case that is about none
	Credit        *creditPart    // nil in a case that is about no loan
	Flag          *flagPart      // nil in a case that is no review of a red flag, and to whom it is about
	Answers       []answerRow    // of those who answer in parallel where the case stands, to offices
	Office        bool           // sees what offices see
	MayAttach     bool
	MayProve      bool   // takes the dossier away
	Visit         string // what was noted on a visit, "" where nothing was, or it is not for the visitor
	Key           string // of this page, so that a press repeated does nothing twice
	Done, Problem string
	Reasons       map[string]string // what was typed, by action
	FileTypes     string
}

func (s *server) caseOf(r *http.Request, v *visit) (casework.Case, *casework.Workflow, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return casework.Case{}, nil, errs.NotFound("case", r.PathValue("id"))
	}
	return s.Cases.Get(r.Context(), v.scope, id)
}

func (s *server) showCase(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.casePageOf(r, v)
	if err != nil {
		return err
	}
	if done := r.FormValue("done"); slices.Contains([]string{"acted", "attached", "commented", "settled", "dropped", "applied", "costs", "ruled", "payee", "round", "nominated", "pool", "picked", "drawn"}, done) {
		d.Done = v.t.S("casepage.done_" + done)
	}
	return s.caseAnswer(w, r, v, http.StatusOK, d)
}

func (s *server) caseAnswer(w http.ResponseWriter, r *http.Request, v *visit, status int, d casePageData) error {
	return s.show(w, r, s.shell(r, v, d.Title), status, casePage(v.t, d))
}

func (s *server) casePageOf(r *http.Request, v *visit) (casePageData, error) {
	ctx := r.Context()
	c, w, err := s.caseOf(r, v)
	if err != nil {
		return casePageData{}, err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return casePageData{}, err
	}
	d := casePageData{Case: c, W: w, Area: s.areaName(c.Area), Key: rand.Text(), Reasons: map[string]string{}}
	if d.Firm, d.FirmFile, err = s.caseFirm(ctx, v, view, c.Enterprise); err != nil {
		return d, err
	}
	d.State, _ = w.State(c.State)
	if d.Known, err = s.caseData(ctx, v, view, c, w, c.Data); err != nil {
		return d, err
	}
	frozen, err := s.Cases.Frozen(ctx, v.scope, c.ID)
	switch {
	case err == nil:
		d.Office = true
		d.MayProve = v.scope.Sees(access.ReadLog, c.Area, 0)
		d.Frozen = s.frozenRows(v.t, view, frozen)
	case errs.KindOf(err) != errs.KindNotFound:
		return d, err
	}
	for _, fill := range []func(context.Context, *visit, fact.View, *casePageData) error{
		s.caseWaits, s.caseChoices, s.caseTrack, s.caseFiles, s.caseComments, s.caseTwins, s.caseChildren, s.caseAnswers, s.caseSubsidy, s.caseBatch, s.caseSelection, s.caseCredit, s.caseFlag, s.caseVisit,
	} {
		if err := fill(ctx, v, view, &d); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (s *server) frozenRows(t i18n.T, view fact.View, all []casework.Frozen) []frozenRow {
	var rows []frozenRow
	for _, f := range all {
		def, ok := s.Library.FactDef(f.Def)
		if !ok {
			continue
		}
		view.Told(f.Subject, f.Def)
		row := frozenRow{Frozen: f, Name: t.Text(def.Name), Period: periodText(t, f.Period), Value: factText(t, s.Library, def, f.State, f.Value, fact.Exact)}
		if f.Source != 0 {
			row.By = t.S("casepage.source_n", f.Source)
		}
		rows = append(rows, row)
	}
	return rows
}

func (s *server) caseWaits(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	tasks, err := s.Cases.TasksOf(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	calendar, today := s.Library.Calendar(), s.Clock.Today()
	for _, x := range tasks {
		if !x.Open() {
			continue
		}
		o := openTask{CaseTask: x, What: taskName(v.t, d.W, x), For: whoName(v.t, x.Role)}
		if due, known, ok := x.Due(calendar); ok {
			o.Due = dueText(v.t, casework.Waiting{CaseTask: x, DueDay: due, Assured: known})
			o.Late = due < today
		}
		d.Waits = append(d.Waits, o)
	}
	return nil
}

func (s *server) caseChoices(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	all, err := s.Cases.Choices(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	for _, c := range all {
		x := choice{Choice: c, As: whoName(v.t, c.Who)}
		if s.Visits.OnSite(c.ActionItem) {
			x.Visit = visitPath(d.ID)
		}
		switch {
		case c.Form != "":
			x.Form = actPath(d.ID, c.ID)
		case c.Does("call.revise"):
			x.Form = callEditPath(d.ID)
		case c.Does("diagnosis.choose"), c.Does("diagnosis.answer"):
			x.Form = diagnosisPath(d.ID)
		case c.Does("subsidy.score"):
			x.Form = scorePath(d.ID)
		}
		d.Choices = append(d.Choices, x)
	}
	d.MayAttach = len(all) > 0
	return nil
}

// caseVisit says whether something was noted on a visit that the visitor may read.
func (s *server) caseVisit(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	x, err := s.Visits.Visit(ctx, v.scope, d.ID)
	if errs.KindOf(err) == errs.KindNotFound {
		return nil
	}
	if len(x.Entries) > 0 {
		d.Visit = visitPath(d.ID)
	}
	return err
}

func (s *server) caseTrack(ctx context.Context, v *visit, view fact.View, d *casePageData) error {
	events, err := s.Cases.Track(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	d.Stations, err = s.stations(ctx, v, view, d.Case, d.W, events)
	return err
}

func (s *server) caseFiles(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	files, err := s.Cases.Files(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, f := range files {
		row := caseFileRow{Evidence: f}
		if d.Office || f.Actor == v.account.ID {
			if row.By, err = s.personName(ctx, names, f.Actor); err != nil {
				return err
			}
		}
		d.Files = append(d.Files, row)
	}
	return nil
}

func (s *server) caseComments(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	all, err := s.Cases.Comments(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, c := range all {
		row := commentRow{Comment: c}
		if row.By, err = s.personName(ctx, names, c.Actor); err != nil {
			return err
		}
		d.Comments = append(d.Comments, row)
	}
	return nil
}

func (s *server) caseTwins(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	if !d.Office {
		return nil
	}
	all, err := s.Cases.Twins(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	for _, x := range all {
		row := twinRow{Twin: x, What: v.t.S("casepage.twin_file", x.Name)}
		if x.Kind != "file" {
			row.What = v.t.S("casepage.twin_"+x.Kind, x.Value)
		}
		d.Twins = append(d.Twins, row)
	}
	return nil
}

func (s *server) caseChildren(ctx context.Context, v *visit, view fact.View, d *casePageData) error {
	if d.W.Children == nil {
		return nil
	}
	list, _, err := s.Cases.Cases(ctx, v.scope, casework.Filter{Batch: d.ID}, 0, listRows)
	if err != nil {
		return err
	}
	for _, c := range list {
		row, err := s.caseRow(ctx, v, view, c)
		if err != nil {
			return err
		}
		d.Children = append(d.Children, row)
	}
	return nil
}

// actPath is the form of an action.
func actPath(id int64, action string) string { return casePath(id) + "/act/" + action }

// actPlainly takes an action that asks for no form. What hinders it is told on the page of the case, with what was typed.
func (s *server) actPlainly(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return errs.NotFound("case", r.PathValue("id"))
	}
	act := casework.Act{
		Case: id, Action: r.PostFormValue("action"), Task: max(numberOf(r, "task"), 0), Seen: max(numberOf(r, "seen"), 0), Reason: strings.TrimSpace(r.PostFormValue("reason")),
		Key: keyOf(v, r.PostFormValue("key"), r.PostFormValue("action")),
	}
	_, err = s.Cases.Act(r.Context(), v.scope, act)
	if err == nil {
		at := id
		if back := numberOf(r, "back"); back > 0 { // an application is acted on from the page of its batch
			at = back
		}
		return s.acted(w, r, v, at)
	}
	msg, ok := errs.Message(err)
	if kind := errs.KindOf(err); !ok || kind == errs.KindNotFound {
		return err
	}
	d, again := s.casePageOf(r, v)
	if again != nil {
		return again
	}
	d.Problem, d.Reasons[act.Action] = v.t.Msg(msg), act.Reason
	return s.caseAnswer(w, r, v, statusOf(err), d)
}

// acted leads on after an act: to the case, or to the list for whom the case is with no longer.
func (s *server) acted(w http.ResponseWriter, r *http.Request, v *visit, id int64) error {
	_, _, err := s.Cases.Get(r.Context(), v.scope, id)
	switch {
	case errs.KindOf(err) == errs.KindNotFound:
		return seeOther(w, r, "/cases?done=part")
	case err != nil:
		return err
	}
	return seeOther(w, r, casePath(id)+"?done=acted")
}

// keyOf makes what a page sends as its key one of the visitor's own.
func keyOf(v *visit, key, about string) string {
	if key == "" {
		return ""
	}
	return "page/" + strconv.FormatInt(v.account.ID, 10) + "/" + strings.ToValidUTF8(key[:min(len(key), 64)], "") + "/" + strings.ToValidUTF8(about[:min(len(about), 64)], "")
}

// actHost is the form of an action of the case of an address.
func (s *server) actHost(r *http.Request, v *visit, action string) (formHost, casework.Case, choice, error) {
	c, w, err := s.caseOf(r, v)
	if err != nil {
		return formHost{}, c, choice{}, err
	}
	all, err := s.Cases.Choices(r.Context(), v.scope, c.ID)
	if err != nil {
		return formHost{}, c, choice{}, err
	}
	i := slices.IndexFunc(all, func(x casework.Choice) bool { return x.ID == action && x.Form != "" })
	if i < 0 {
		return formHost{}, c, choice{}, errs.Conflict(i18n.M("casepage.not_now", stateName(v.t, w, c.State)))
	}
	x := choice{Choice: all[i], As: whoName(v.t, all[i].Who)}
	f, err := s.formOfCase(r.Context(), v, c, all[i].ActionItem.Form)
	if err != nil {
		return formHost{}, c, x, err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return formHost{}, c, x, err
	}
	h := formHost{
		Form: f, View: view, Path: actPath(c.ID, x.ID), Send: v.t.Text(x.Name), Evidence: casePath(c.ID) + "/files?back=" + x.ID + "&field=",
		Place: "cases/" + strconv.FormatInt(c.ID, 10) + "/" + x.ID, Handed: map[string][]handedFile{},
	}
	h.At = form.At{Subject: s.Cases.SubjectOf(view, c, w.Subject), Year: c.Year(s.Clock.Today()), On: s.Clock.Today()}
	if c.Enterprise != 0 {
		h.Firm = c.Enterprise
	}
	if f.Confirm {
		if h.At, h.Looks, err = s.Cases.Looks(r.Context(), v.scope, c.ID, x.ID, f); err != nil {
			return h, c, x, err
		}
	}
	files, err := s.Cases.Files(r.Context(), v.scope, c.ID)
	if err != nil {
		return h, c, x, err
	}
	for _, e := range files {
		if e.RemovedAt == 0 {
			f := handedFile{File: form.File{Name: e.Name, Hash: e.SHA256, Size: e.Size, Type: form.FileType(e.Type)}, Href: filePath(c.ID, e.ID)}
			if e.Loose {
				f.Drop = filePath(c.ID, e.ID) + "/drop?back=" + x.ID
			}
			h.Handed[e.Field] = append(h.Handed[e.Field], f)
		}
	}
	if h.Before, err = s.sentBefore(r.Context(), v, c, x.ID, f); err != nil {
		return h, c, x, err
	}
	h.Page = func(t i18n.T, view formView) templ.Component { return actPage(t, view, c, x) }
	return h, c, x, nil
}

// sentBefore is what an action of a case was last taken with, as far as the visitor sees it: who is sent back for a correction
// corrects, and does not type it again.
func (s *server) sentBefore(ctx context.Context, v *visit, c casework.Case, action string, f *form.Form) (form.Entry, error) {
	events, err := s.Cases.Track(ctx, v.scope, c.ID)
	if err != nil {
		return form.Entry{}, err
	}
	for _, e := range slices.Backward(events) {
		if e.Action == action && len(e.Answers) > 0 {
			answers, _, err := f.Kept(e.Answers)
			return f.Entry(answers), err
		}
	}
	return form.Entry{}, nil
}

// formOfCase is the form that a case pinned under a code.
func (s *server) formOfCase(ctx context.Context, v *visit, c casework.Case, code string) (*form.Form, error) {
	pins, err := s.Cases.Pins(ctx, v.scope, c.ID)
	if err != nil {
		return nil, err
	}
	for _, p := range pins {
		if p.Kind == casework.FormPin && p.Name == code {
			return s.Forms.Form(ctx, p.Hash)
		}
	}
	return nil, errs.NotFound("form", code)
}

func (s *server) actForm(w http.ResponseWriter, r *http.Request, v *visit) error {
	h, _, _, err := s.actHost(r, v, r.PathValue("action"))
	if err != nil {
		return err
	}
	return s.getForm(w, r, v, h)
}

func (s *server) draftAct(w http.ResponseWriter, r *http.Request, v *visit) error {
	h, _, _, err := s.actHost(r, v, r.PathValue("action"))
	if err != nil {
		return err
	}
	return s.draftForm(w, r, v, h)
}

func (s *server) actLines(w http.ResponseWriter, r *http.Request, v *visit) error {
	h, _, _, err := s.actHost(r, v, r.PathValue("action"))
	if err != nil {
		return err
	}
	return s.formTemplate(w, r, v, h.Form)
}

// sendAct takes the action with what was answered. The draft goes when it has been taken.
func (s *server) sendAct(w http.ResponseWriter, r *http.Request, v *visit) error {
	h, c, x, err := s.actHost(r, v, r.PathValue("action"))
	if err != nil {
		return err
	}
	return s.postForm(w, r, v, h, func(e form.Entry) error {
		entry, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("write entry: %w", err)
		}
		act := casework.Act{
			Case: c.ID, Action: x.ID, Task: x.Task, Seen: max(numberOf(r, "seen"), 0), Reason: strings.TrimSpace(r.PostFormValue("reason")), Entry: entry,
			Key: keyOf(v, tokenOf(r), x.ID),
		}
		if _, err := s.Cases.Act(r.Context(), v.scope, act); err != nil {
			return err
		}
		if err := s.Forms.Forget(r.Context(), v.scope, h.Place); err != nil && errs.KindOf(err) != errs.KindNotFound {
			return err
		}
		return s.acted(w, r, v, c.ID)
	})
}

func filePath(id, file int64) string {
	return casePath(id) + "/files/" + strconv.FormatInt(file, 10)
}

// backTo is where a visitor goes on from a file: the form that asked for it, else the case.
func backTo(r *http.Request, id int64, done string) string {
	if back := r.FormValue("back"); back != "" && !strings.ContainsAny(back, "/?#\\") {
		return actPath(id, back)
	}
	return casePath(id) + "?done=" + done
}

// fileRoom is what a request may hold besides a file, in bytes.
const fileRoom = 1 << 20

// attachFiles adds the files of a request to a case, each by itself: what was refused is told, the others stay.
func (s *server) attachFiles(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, _, err := s.caseOf(r, v)
	if err != nil {
		return err
	}
	choices, err := s.Cases.Choices(r.Context(), v.scope, c.ID)
	if err != nil {
		return err
	}
	if len(choices) == 0 {
		return errs.Forbidden("add files to a case in which there is nothing to do")
	}
	r.Body = http.MaxBytesReader(w, r.Body, casework.MaxFile+fileRoom)
	if err := r.ParseMultipartForm(fileRoom); err != nil {
		return badForm(err)
	}
	if err := textual(r.Form); err != nil {
		return err
	}
	beside, kept, err := s.typedBeside(r, v)
	if err != nil {
		return err
	}
	if !kept {
		return s.showForm(w, r, v, http.StatusConflict, *beside)
	}
	field, shared := r.FormValue("field"), r.FormValue("shared") == "1"
	files := r.MultipartForm.File["file"]
	if beside != nil { // the form asks for files at several questions, one of which is meant
		files = r.MultipartForm.File["file."+field]
	}
	var refused []string
	for _, header := range files {
		err := s.attach(r.Context(), v, casework.Attachment{Case: c.ID, Field: field, Name: header.Filename, Shared: shared}, header)
		msg, ok := errs.Message(err)
		switch {
		case err == nil:
		case ok && (errs.KindOf(err) == errs.KindInvalid || errs.KindOf(err) == errs.KindConflict):
			refused = append(refused, header.Filename+v.t.S("web.colon")+v.t.Msg(msg))
		default:
			return err
		}
	}
	if len(files) == 0 {
		refused = append(refused, v.t.S("casepage.no_file"))
	}
	if len(refused) == 0 {
		return seeOther(w, r, backTo(r, c.ID, "attached"))
	}
	if beside != nil {
		h, _, _, err := s.actHost(r, v, r.FormValue("back"))
		if err != nil {
			return err
		}
		d, err := s.viewForm(r, v, h)
		if err != nil {
			return err
		}
		d.Message = strings.Join(refused, " ")
		return s.showForm(w, r, v, http.StatusUnprocessableEntity, d)
	}
	d, err := s.casePageOf(r, v)
	if err != nil {
		return err
	}
	d.Problem = strings.Join(refused, " ")
	return s.caseAnswer(w, r, v, http.StatusUnprocessableEntity, d)
}

// typedBeside keeps what was typed on the form from which a file is handed over or taken back, so that nothing of it is lost;
// kept is false where another page was quicker, which the view then tells. The view is nil where no form was sent along.
func (s *server) typedBeside(r *http.Request, v *visit) (d *formView, kept bool, err error) {
	if !r.PostForm.Has("revision") {
		return nil, true, nil
	}
	h, _, _, err := s.actHost(r, v, r.FormValue("back"))
	if err != nil {
		return nil, false, err
	}
	view, err := s.viewForm(r, v, h)
	if err != nil {
		return nil, false, err
	}
	view.take(r.PostForm)
	view.Revision, view.Token = numberOf(r, "revision"), tokenOf(r)
	kept, err = s.keepForm(r, v, &view)
	return &view, kept, err
}

func (s *server) attach(ctx context.Context, v *visit, a casework.Attachment, header *multipart.FileHeader) error {
	body, err := header.Open()
	if err != nil {
		return fmt.Errorf("open what was sent: %w", err)
	}
	a.Body = body
	_, err = s.Cases.Attach(ctx, v.scope, a)
	return errors.Join(err, body.Close())
}

// fileOf is a file of the case of an address.
func (s *server) fileOf(r *http.Request, v *visit) (casework.Case, int64, error) {
	c, _, err := s.caseOf(r, v)
	if err != nil {
		return c, 0, err
	}
	id, err := strconv.ParseInt(r.PathValue("file"), 10, 64)
	if err != nil {
		return c, 0, errs.NotFound("file", r.PathValue("file"))
	}
	return c, id, nil
}

// caseFile hands a file out as it came: to be kept, never to be shown by the browser in our name.
func (s *server) caseFile(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, id, err := s.fileOf(r, v)
	if err != nil {
		return err
	}
	e, f, err := s.Cases.OpenFile(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // read only
	if e.Case != c.ID {
		return errs.NotFound("file", id)
	}
	attach(w, e.Name, "application/octet-stream")
	http.ServeContent(w, r, "", time.UnixMilli(e.At), f)
	return nil
}

func (s *server) dropFile(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, id, err := s.fileOf(r, v)
	if err != nil {
		return err
	}
	if err := takeFormBody(w, r); err != nil {
		return err
	}
	beside, kept, err := s.typedBeside(r, v)
	if err != nil {
		return err
	}
	if !kept {
		return s.showForm(w, r, v, http.StatusConflict, *beside)
	}
	if err := s.Cases.Detach(r.Context(), v.scope, id); err != nil {
		return err
	}
	return seeOther(w, r, backTo(r, c.ID, "dropped"))
}

func (s *server) comment(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, _, err := s.caseOf(r, v)
	if err != nil {
		return err
	}
	_, err = s.Cases.AddComment(r.Context(), v.scope, casework.Comment{Case: c.ID, Inside: r.PostFormValue("inside") == "1", Text: r.PostFormValue("text")})
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		d, again := s.casePageOf(r, v)
		if again != nil {
			return again
		}
		d.Problem = v.t.Msg(msg)
		return s.caseAnswer(w, r, v, http.StatusUnprocessableEntity, d)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, casePath(c.ID)+"?done=commented#comments")
}

// settleTask closes a task that asks whether an approval still stands, or that a clock escalated.
func (s *server) settleTask(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, _, err := s.caseOf(r, v)
	if err != nil {
		return err
	}
	task, err := strconv.ParseInt(r.PathValue("task"), 10, 64)
	if err != nil {
		return errs.NotFound("task", r.PathValue("task"))
	}
	err = s.Cases.Settle(r.Context(), v.scope, task, r.PostFormValue("reason"))
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindNotFound {
		d, again := s.casePageOf(r, v)
		if again != nil {
			return again
		}
		d.Problem = v.t.Msg(msg)
		return s.caseAnswer(w, r, v, statusOf(err), d)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, casePath(c.ID)+"?done=settled")
}
