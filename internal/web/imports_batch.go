package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// batchData is one file: how it is read, what would change, what became of it.
type batchData struct {
	intake.Batch
	Standing            intake.Standing
	Authority, Area, By string
	Progress            *progress // nil when no work is under way
	Failure             string    // of the last step
	Moved               bool      // something became known after the preview was made
	Hindrance           string    // why it cannot be committed, "" when it can
	Subjects            string    // new subjects by kind, in words
	OthersName          bool      // stated in the name of another authority than the uploader's own
	Notes               []string
	Problems            []problemGroup
	Mended              []mendedLine
	Former              formerFile
	Classes             []classLines
	Plan                planForm
	MayUndo             bool
}

// formerFile is the file that this one is a later state of; without a name there is none.
type formerFile struct {
	ID       int64
	Name, At string
}

// progress is how far the work on a batch has come.
type progress struct {
	Phase       string
	Done, Total int
	Percent     int    // 0 while nothing is known
	Left        string // estimate, "" while there is none
}

// Asks says that somebody should look at what the columns mean before the file goes in: something stops it, a column is
// left out, or numbers can be read in two ways.
func (d batchData) Asks() bool {
	return d.Standing == intake.Waits || d.Plan.Problem != "" || d.Plan.Taken < d.Plan.Columns ||
		slices.ContainsFunc(d.Preview.Problems, func(p intake.Problem) bool { return p.Cause == "sheet.rate.ambiguous" })
}

// problemGroup is the problems of one severity.
type problemGroup struct {
	Severity intake.Severity
	Problems []problemText
	Hidden   int // not shown on the page; the exported list has them
}

type problemText struct {
	Sheet, Column, Pattern string
	Count                  int
	Examples               []exampleText
	Mend                   *mendForm // nil when only the file can be mended, or nothing can be answered any more
}

type exampleText struct{ Place, Text string }

// classLines is the examples of one class of statements.
type classLines struct {
	Class intake.Class
	Count int
	Lines []diffLine
}

type diffLine struct {
	Subject, Name, Period, Old, New, Place string
	Holds, Number                          bool
}

// officialsAuthority is in whose name an official speaks without saying so: only officials bring files in.
const officialsAuthority = "bureau"

// shownProblems is how many problems of one severity the page shows.
const shownProblems = 40

// patience is how long a form waits for a small file, so that its answer is the preview at once.
const patience = 1500 * time.Millisecond

// settle waits a little for the work on a batch. Whether it has ended, the page says.
func (s *server) settle(ctx context.Context, v *visit, id int64) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, _ = s.Intake.Wait(ctx, v.scope, id)
}

// batchOf is the batch of a route, if the visitor may work on it.
func (s *server) batchOf(r *http.Request, v *visit) (intake.Batch, error) {
	id, err := pathID(r)
	if err != nil {
		return intake.Batch{}, err
	}
	return s.Intake.Batch(r.Context(), v.scope, id)
}

func (s *server) batch(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := s.batchOf(r, v)
	if err != nil {
		return err
	}
	return s.showBatch(w, r, v, http.StatusOK, b, s.planForm(v.t, b))
}

func (s *server) showBatch(w http.ResponseWriter, r *http.Request, v *visit, status int, b intake.Batch, f planForm) error {
	by, err := s.personName(r.Context(), map[int64]string{}, b.Account)
	if err != nil {
		return err
	}
	d := batchData{
		Batch: b, Standing: b.Standing(), Authority: s.authorityName(v.t, b.Authority), By: by,
		Area: nodeName(s.Library.Areas(), b.Area), Progress: s.progressOf(v.t, b), Plan: f,
		Subjects: newSubjects(v.t, b.Preview), OthersName: b.Authority != officialsAuthority, MayUndo: v.scope.Sees(access.UndoImport, b.Area, 0),
	}
	if !b.Failure.IsZero() {
		d.Failure = v.t.Msg(b.Failure)
	}
	for _, n := range b.Preview.Notes {
		d.Notes = append(d.Notes, v.t.Msg(n))
	}
	d.Problems, d.Classes, d.Mended = s.problemGroups(v.t, b), s.classLines(v.t, b.Preview), s.mendedLines(v.t, b)
	if b.Base != 0 {
		former, err := s.Intake.Batch(r.Context(), v.scope, b.Base)
		if err != nil {
			return err
		}
		d.Former = formerFile{ID: former.ID, Name: former.Name, At: instant(former.ChangedAt)}
	}
	if b.State == intake.Ready {
		view, err := s.view(r.Context(), v)
		if err != nil {
			return err
		}
		d.Moved, d.Hindrance = view.Seq() > b.Preview.Seq, hindrance(v.t, b.Preview)
	}
	return s.show(w, r, s.shell(r, v, b.Name), status, batchPage(v.t, d))
}

// hindrance is why a preview cannot be committed.
func hindrance(t i18n.T, p intake.Preview) string {
	switch {
	case p.Stops():
		return t.S("imports.hindered_stops")
	case p.Twin != "":
		return t.S("imports.hindered_twin", p.Twin)
	case p.Digest == "":
		return t.S("intake.nothing")
	case !p.Adds():
		return t.S("intake.nothing_changed")
	}
	return ""
}

// newSubjects is how many of each kind a file would bring in.
func newSubjects(t i18n.T, p intake.Preview) string {
	var parts []string
	for _, kind := range append(slices.Clone(kinds), content.Area) {
		if n := p.NewSubjects[kind]; n > 0 {
			parts = append(parts, t.S("imports.new_"+kind, n))
		}
	}
	return strings.Join(parts, t.S("web.comma"))
}

// progressOf is nil when no work is under way.
func (s *server) progressOf(t i18n.T, b intake.Batch) *progress {
	if b.State != intake.Reading && b.State != intake.Committing {
		return nil
	}
	p, ok := s.Intake.Progress(b.ID)
	if !ok { // in another process, or ending just now
		return &progress{Phase: t.S("imports.phase_" + string(b.State))}
	}
	out := &progress{Phase: t.S("imports.phase_" + string(p.Phase)), Done: p.Done, Total: p.Total, Percent: p.Share / 10}
	// Before a twentieth is done the estimate would jump about.
	if spent := s.Clock.Millis() - p.Started; p.Share >= 50 && p.Share < 1000 && spent > 0 {
		out.Left = t.S("imports.time_left", (spent*int64(1000-p.Share)/int64(p.Share)+999)/1000)
	}
	return out
}

func (s *server) problemGroups(t i18n.T, b intake.Batch) []problemGroup {
	var groups []problemGroup
	for _, severity := range []intake.Severity{intake.Stop, intake.Left, intake.Warn} {
		g := problemGroup{Severity: severity}
		for _, p := range b.Preview.Problems {
			if p.Severity != severity {
				continue
			}
			if len(g.Problems) == shownProblems {
				g.Hidden++
				continue
			}
			text := problemText{Sheet: p.Sheet, Column: p.Column, Pattern: p.Pattern, Count: p.Count}
			if b.State == intake.Ready {
				text.Mend = s.mendForm(t, batchPath(b.ID)+"/mend", p, b.Plan, b.Area)
			}
			for _, e := range p.Examples {
				text.Examples = append(text.Examples, exampleText{e.Place, t.Msg(e.Msg)})
			}
			g.Problems = append(g.Problems, text)
		}
		if len(g.Problems) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

func (s *server) classLines(t i18n.T, p intake.Preview) []classLines {
	var all []classLines
	for _, class := range intake.Classes() {
		c := classLines{Class: class, Count: p.Counts[class]}
		for _, l := range p.Lines {
			if l.Class == class {
				c.Lines = append(c.Lines, s.diffLine(t, l))
			}
		}
		if len(c.Lines) > 0 {
			all = append(all, c)
		}
	}
	return all
}

func (s *server) diffLine(t i18n.T, l intake.Line) diffLine {
	out := diffLine{Subject: l.Subject, Name: t.Text(s.termName(l.Def)), Place: l.Place, Holds: l.Holds}
	if l.Period.Kind() != period.Always {
		out.Period = periodText(t, l.Period)
	}
	def, ok := s.Library.FactDef(l.Def)
	out.Number = ok && isNumber(def)
	show := func(said intake.Said) string {
		switch {
		case l.Def == "party.area":
			return nodeName(s.Library.Areas(), said.Value.Text)
		case l.Def == "party.industry":
			return said.Value.Text + " " + nodeName(s.Library.Industries(), said.Value.Text)
		case !ok:
			return said.Value.Text
		}
		return t.Text(fact.Show(s.Library, def, said.State, said.Value))
	}
	out.New = show(l.New)
	if l.Old != nil {
		out.Old = show(*l.Old)
	}
	return out
}

// termName is what pages call a role or a definition.
func (s *server) termName(role string) i18n.Text {
	for _, term := range s.Library.Vocabulary() {
		if term.Role == role {
			return term.Name
		}
	}
	return i18n.Text{ZH: role, EN: role}
}

// batchProgress is asked by the page's script while work is under way; once it has ended, the page is loaded anew.
func (s *server) batchProgress(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := s.batchOf(r, v)
	if err != nil {
		return err
	}
	p := s.progressOf(v.t, b)
	if p == nil {
		w.Header().Set("HX-Refresh", "true")
		w.WriteHeader(http.StatusOK)
		return nil
	}
	return part(w, r, http.StatusOK, progressBar(v.t, b.ID, *p))
}

// step runs something on a batch and comes back to its page.
func (s *server) step(w http.ResponseWriter, r *http.Request, v *visit, do func(ctx context.Context, id int64) error) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := do(r.Context(), id); err != nil {
		return err
	}
	s.settle(r.Context(), v, id)
	return seeOther(w, r, batchPath(id))
}

func (s *server) commitBatch(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.step(w, r, v, func(ctx context.Context, id int64) error {
		_, err := s.Intake.Commit(ctx, v.scope, id)
		return err
	})
}

func (s *server) undoBatch(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.step(w, r, v, func(ctx context.Context, id int64) error {
		reason := strings.TrimSpace(r.PostFormValue("reason"))
		if reason == "" || len(reason) > fieldLimit {
			return errs.Invalid(i18n.M("imports.no_reason"))
		}
		_, err := s.Intake.Undo(ctx, v.scope, id, reason)
		return err
	})
}

func (s *server) againBatch(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.step(w, r, v, func(ctx context.Context, id int64) error {
		_, err := s.Intake.Again(ctx, v.scope, id)
		return err
	})
}

func (s *server) cancelBatch(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.step(w, r, v, func(ctx context.Context, id int64) error { return s.Intake.Cancel(ctx, v.scope, id) })
}

// exportProblems sends what was found in the file as a list to work through.
func (s *server) exportProblems(w http.ResponseWriter, r *http.Request, v *visit) error {
	b, err := s.batchOf(r, v)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	out := sheet.Export{
		Title: v.t.S("imports.problems"),
		Notes: append(s.notes(v, view, batchPath(b.ID)), [2]string{v.t.S("imports.file"), b.Name}, [2]string{v.t.S("imports.sender"), b.Sender}),
	}
	out.Columns = []string{
		v.t.S("imports.sheet"), v.t.S("imports.place"), v.t.S("imports.column"), v.t.S("imports.severity"), v.t.S("imports.cause"),
	}
	out.Rows = func(yield func([]any) bool) {
		for _, p := range b.Preview.Problems {
			severity := v.t.S("imports.severity_" + string(p.Severity))
			for _, e := range p.Examples {
				if !yield([]any{p.Sheet, e.Place, p.Column, severity, v.t.Msg(e.Msg)}) {
					return
				}
			}
			if more := p.Count - len(p.Examples); more > 0 {
				if !yield([]any{p.Sheet, nil, p.Column, severity, v.t.S("imports.more_alike", more)}) {
					return
				}
			}
		}
	}
	name := strings.TrimSuffix(strings.TrimSuffix(b.Name, ".xlsx"), ".csv")
	return s.export(w, r, v, v.t.S("imports.problems")+"-"+name, out)
}
