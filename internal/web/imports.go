package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/source"
)

const (
	listedBatches = 50
	fieldLimit    = 4 << 10 // bytes of a field beside an uploaded file
)

func batchPath(id int64) string { return "/imports/" + strconv.FormatInt(id, 10) }

// importsData is the page: files on their way, what has become known, and the form for the next file.
type importsData struct {
	Batches     []intake.Batch
	Sources     []source.Source
	Authorities []option
	Areas       []option
	Form        uploadForm
	MayImport   bool
	AuthName    func(code string) string
	AreaName    func(code string) string
}

type uploadForm struct{ Sender, Authority, Area, Year, Problem string }

func (s *server) imports(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showImports(w, r, v, http.StatusOK, uploadForm{Sender: v.account.Name, Authority: "bureau", Year: strconv.Itoa(s.Clock.Today().Year() - 1)})
}

func (s *server) showImports(w http.ResponseWriter, r *http.Request, v *visit, status int, f uploadForm) error {
	d := importsData{
		Form: f, MayImport: v.scope.Can(access.Import), Areas: s.areaOptions(v.scope),
		AuthName: func(code string) string { return s.authorityName(v.t, code) },
		AreaName: func(code string) string { return nodeName(s.Library.Areas(), code) },
	}
	for _, a := range s.Library.Authorities() {
		d.Authorities = append(d.Authorities, option{Value: a.Code, Label: v.t.Text(a.Name)})
	}
	var err error
	if d.MayImport {
		if d.Batches, err = s.Intake.Batches(r.Context(), v.scope, 0, listedBatches); err != nil {
			return err
		}
		d.Batches = slices.DeleteFunc(d.Batches, func(b intake.Batch) bool { return b.State == intake.Committed })
	}
	if d.Sources, err = s.Sources.List(r.Context(), v.scope, source.Page{}); err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("web.nav_imports")), status, importsPage(v.t, d))
}

// upload takes a file as it comes in: its fields stand before it in the form, and it is never held in memory.
func (s *server) upload(w http.ResponseWriter, r *http.Request, v *visit) error {
	r.Body = http.MaxBytesReader(w, r.Body, sheet.DefaultLimits().File+1<<20)
	body, err := r.MultipartReader()
	if err != nil {
		return badForm(err)
	}
	f, b, err := s.receive(r.Context(), v, body)
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) != errs.KindForbidden {
		_, _ = io.Copy(io.Discard, r.Body) // a browser shows an answer only once it has sent everything
		f.Problem = v.t.Msg(msg)
		return s.showImports(w, r, v, statusOf(err), f)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, batchPath(b.ID))
}

func (s *server) receive(ctx context.Context, v *visit, body *multipart.Reader) (f uploadForm, b intake.Batch, err error) {
	fields := map[string]*string{"sender": &f.Sender, "authority": &f.Authority, "area": &f.Area, "year": &f.Year}
	for {
		part, err := body.NextPart()
		if errors.Is(err, io.EOF) {
			return f, b, errs.Invalid(i18n.M("web.no_file"))
		}
		if err != nil {
			return f, b, badForm(err)
		}
		if into := fields[part.FormName()]; into != nil {
			text, err := io.ReadAll(io.LimitReader(part, fieldLimit))
			if err != nil {
				return f, b, badForm(err)
			}
			*into = string(text)
			continue
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		u := intake.Upload{Name: part.FileName(), Sender: f.Sender, Authority: f.Authority, Area: f.Area, Body: part}
		if f.Year != "" {
			if u.Period, err = period.Parse(f.Year); err != nil {
				return f, b, errs.Invalid(i18n.M("web.bad_import_period", f.Year))
			}
		}
		b, err = s.Intake.Receive(ctx, v.scope, u)
		return f, b, err
	}
}

// batchData is one file: how it is read, what would change, what became of it.
type batchData struct {
	intake.Batch
	Progress  *progress
	Sheets    []sheetForm
	Counts    []countRow
	Classes   []classLines
	Problems  []problemText
	Subjects  []string
	Notes     []string
	Source    *source.Source
	Failure   string
	Problem   string // of the plan that was just sent
	Authority string
	Area      string
}

type progress struct {
	Phase       string
	Done, Total int
	Left        string // estimate, "" while there is none
}

type countRow struct {
	Class intake.Class
	Count int
}

type classLines struct {
	Class intake.Class
	Count int
	Lines []diffLine
}

type diffLine struct {
	Subject, Name, Period, Old, New, Place string
	Holds                                  bool
}

type problemText struct {
	Severity      intake.Severity
	Title         string
	Sheet, Column string
	Count         int
	Examples      []exampleText
}

type exampleText struct{ Place, Text string }

// sheetForm is how one sheet is read, as a form.
type sheetForm struct {
	intake.SheetPlan
	N       int
	Columns []columnForm
}

type columnForm struct {
	intake.ColumnPlan
	N      int
	First  []option // what the header's words most likely mean
	Rest   []option
	Units  []option
	Doubts []string
}

func (s *server) batch(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	b, err := s.Intake.Batch(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	return s.showBatch(w, r, v, http.StatusOK, b, "")
}

func (s *server) showBatch(w http.ResponseWriter, r *http.Request, v *visit, status int, b intake.Batch, problem string) error {
	d := batchData{
		Batch: b, Problem: problem, Progress: s.progressOf(v.t, b),
		Authority: s.authorityName(v.t, b.Authority), Area: nodeName(s.Library.Areas(), b.Area),
	}
	if !b.Failure.IsZero() {
		d.Failure = v.t.Msg(b.Failure)
	}
	for i, sh := range b.Plan.Sheets {
		d.Sheets = append(d.Sheets, s.sheetForm(v.t, i, sh))
	}
	s.previewText(v.t, &d)
	if b.Source != 0 {
		src, err := s.Sources.Get(r.Context(), v.scope, b.Source)
		if err != nil {
			return err
		}
		d.Source = &src
	}
	return s.show(w, r, s.shell(r, v, b.Name), status, batchPage(v.t, d))
}

func (s *server) progressOf(t i18n.T, b intake.Batch) *progress {
	p, ok := s.Intake.Progress(b.ID)
	if !ok {
		if b.State == intake.Reading || b.State == intake.Committing {
			return &progress{Phase: t.S("web.phase_read")} // in another process, or about to end
		}
		return nil
	}
	out := &progress{Phase: t.S("web.phase_" + string(p.Phase)), Done: p.Done, Total: p.Total}
	if spent := s.Clock.Millis() - b.ChangedAt; p.Done > 0 && p.Total > p.Done && spent > 0 {
		left := time.Duration(spent*int64(p.Total-p.Done)/int64(p.Done)) * time.Millisecond
		out.Left = t.S("web.time_left", int64(left.Round(time.Second)/time.Second))
	}
	return out
}

func (s *server) sheetForm(t i18n.T, n int, sh intake.SheetPlan) sheetForm {
	f := sheetForm{SheetPlan: sh, N: n}
	for j, c := range sh.Columns {
		col := columnForm{ColumnPlan: c, N: j}
		for _, term := range s.Library.Vocabulary() {
			if term.Place != content.Header {
				continue
			}
			o := option{Value: term.Role, Label: t.Text(term.Name)}
			if term.Role == c.Target || slices.Contains(c.Others, term.Role) {
				col.First = append(col.First, o)
			} else {
				col.Rest = append(col.Rest, o)
			}
		}
		for _, u := range []string{"元", "千元", "万元", "百万元", "亿元"} {
			col.Units = append(col.Units, option{Value: u, Label: u})
		}
		if c.Unit != "" && !slices.ContainsFunc(col.Units, func(o option) bool { return o.Value == c.Unit }) {
			col.Units = append(col.Units, option{Value: c.Unit, Label: c.Unit})
		}
		for _, d := range c.Doubts {
			col.Doubts = append(col.Doubts, t.Msg(d))
		}
		f.Columns = append(f.Columns, col)
	}
	return f
}

func (s *server) previewText(t i18n.T, d *batchData) {
	p := d.Preview
	for _, class := range intake.Classes() {
		d.Counts = append(d.Counts, countRow{class, p.Counts[class]})
		lines := classLines{Class: class, Count: p.Counts[class]}
		for _, l := range p.Lines {
			if l.Class == class {
				lines.Lines = append(lines.Lines, s.diffLine(t, l))
			}
		}
		if len(lines.Lines) > 0 {
			d.Classes = append(d.Classes, lines)
		}
	}
	for _, kind := range kinds {
		if n := p.Subjects[kind]; n > 0 {
			d.Subjects = append(d.Subjects, t.S("web.subjects_of", t.S("web.kind_"+kind), n, p.NewSubjects[kind]))
		}
	}
	for _, n := range p.Notes {
		d.Notes = append(d.Notes, t.Msg(n))
	}
	for _, pr := range p.Problems {
		text := problemText{Severity: pr.Severity, Sheet: pr.Sheet, Column: pr.Column, Count: pr.Count}
		for _, e := range pr.Examples {
			text.Examples = append(text.Examples, exampleText{e.Place, t.Msg(e.Msg)})
		}
		if len(text.Examples) > 0 {
			text.Title = text.Examples[0].Text
		}
		d.Problems = append(d.Problems, text)
	}
}

func (s *server) diffLine(t i18n.T, l intake.Line) diffLine {
	out := diffLine{Subject: l.Subject, Name: l.Def, Place: l.Place, Holds: l.Holds}
	def, ok := s.Library.FactDef(l.Def)
	if !ok {
		return out
	}
	out.Name = t.Text(def.Name)
	if l.Period.Kind() != period.Always {
		out.Period = periodText(t, l.Period)
	}
	out.New = factText(t, s.Library, def, l.New.State, l.New.Value, 0)
	if l.Old != nil {
		out.Old = factText(t, s.Library, def, l.Old.State, l.Old.Value, 0)
	}
	return out
}

// batchProgress is asked by the page's script while work is under way; once it has ended, the page is loaded anew.
func (s *server) batchProgress(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	b, err := s.Intake.Batch(r.Context(), v.scope, id)
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

// replan reads the form of the columns; what it does not name stays as it was.
func (s *server) replan(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	b, err := s.Intake.Batch(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	plan, err := readPlan(b.Plan, r.PostForm)
	if err == nil {
		_, err = s.Intake.Replan(r.Context(), v.scope, id, plan)
	}
	if msg, ok := errs.Message(err); ok && errs.KindOf(err) == errs.KindInvalid {
		b.Plan = plan
		return s.showBatch(w, r, v, statusOf(err), b, v.t.Msg(msg))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, batchPath(id))
}

func readPlan(old intake.Plan, in url.Values) (intake.Plan, error) {
	plan := intake.Plan{Sheets: slices.Clone(old.Sheets)}
	for i := range plan.Sheets {
		sh := &plan.Sheets[i]
		sh.Columns = slices.Clone(sh.Columns)
		name := func(field string) string { return fmt.Sprintf("s%d.%s", i, field) }
		sh.Skip = in.Get(name("take")) == ""
		sh.Doubles = intake.Doubles(in.Get(name("doubles")))
		sh.TakeUnsound = in.Get(name("unsound")) != ""
		sh.TakeHidden = in.Get(name("hidden")) != ""
		sh.AmountsAreFit = in.Get(name("fit")) != ""
		p, err := period.Parse(in.Get(name("period")))
		if err != nil {
			return plan, errs.Invalid(i18n.M("web.bad_import_period", in.Get(name("period"))))
		}
		sh.Period = p
		for j := range sh.Columns {
			if err := readColumn(&sh.Columns[j], in, fmt.Sprintf("s%d.c%d.", i, j)); err != nil {
				return plan, err
			}
		}
	}
	return plan, nil
}

func readColumn(c *intake.ColumnPlan, in url.Values, prefix string) error {
	target, unit := in.Get(prefix+"target"), in.Get(prefix+"unit")
	if target != c.Target || unit != c.Unit {
		c.From = intake.Chosen
	}
	c.Target, c.Unit = target, unit
	switch in.Get(prefix + "rate") {
	case "fraction":
		c.Rate = sheet.RateFraction
	case "percent":
		c.Rate = sheet.RatePercent
	default:
		c.Rate = sheet.RateUnknown
	}
	p, err := period.Parse(in.Get(prefix + "period"))
	if err != nil {
		return errs.Invalid(i18n.M("web.bad_import_period", in.Get(prefix+"period")))
	}
	c.Period = p
	return nil
}

// step runs something on a batch and comes back to its page.
func (s *server) step(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, id int64) error) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := do(r.Context(), id); err != nil {
		return err
	}
	return seeOther(w, r, batchPath(id))
}

func (s *server) commitBatch(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.step(w, r, func(ctx context.Context, id int64) error {
		_, err := s.Intake.Commit(ctx, v.scope, id)
		return err
	})
}

func (s *server) undoBatch(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.step(w, r, func(ctx context.Context, id int64) error {
		_, err := s.Intake.Undo(ctx, v.scope, id, r.PostFormValue("reason"))
		return err
	})
}

func (s *server) againBatch(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.step(w, r, func(ctx context.Context, id int64) error {
		_, err := s.Intake.Again(ctx, v.scope, id)
		return err
	})
}

func (s *server) cancelBatch(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.step(w, r, func(ctx context.Context, id int64) error { return s.Intake.Cancel(ctx, v.scope, id) })
}
