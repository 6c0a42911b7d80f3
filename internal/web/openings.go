package web

import (
	"context"
	"net/http"
	"os"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// openingRoutes are the payouts of earlier years and other offices, without which nothing could be told to be paid twice.
func (s *server) openingRoutes() []route {
	read, enter := access.Need{Action: access.ReadFund, Area: true}, access.Need{Action: access.Import, Area: true}
	return []route{
		{"GET /fund/openings", read, s.openings},
		{"GET /fund/openings/template", read, s.openingTemplate},
		{"POST /fund/openings", enter, s.readOpenings},
		{"GET /fund/openings/read", enter, s.openingsRead},
		{"POST /fund/openings/enter", enter, s.enterOpenings},
		{"POST /fund/openings/{id}/undo", access.Need{Action: access.UndoImport, Area: true}, s.undoOpenings},
	}
}

// openingRow is an import of earlier payouts in words.
type openingRow struct {
	ledger.OpeningSum
	Name, By, When string
	MayUndo        bool
}

type openingsData struct {
	Rows     []openingRow
	MayEnter bool
	Done     string
	Problem  string
	Sheet    string // that was read and will not do
	Problems []sheetProblem
}

func (s *server) openings(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.openingsOf(r.Context(), v)
	if err != nil {
		return err
	}
	if done := r.URL.Query().Get("done"); done == "entered" || done == "undone" {
		d.Done = v.t.S("openingpage." + done)
	}
	return s.openingsAnswer(w, r, v, http.StatusOK, d)
}

func (s *server) openingsAnswer(w http.ResponseWriter, r *http.Request, v *visit, status int, d openingsData) error {
	return s.show(w, r, s.shell(r, v, v.t.S("openingpage.title")), status, openingsPage(v.t, d))
}

func (s *server) openingsOf(ctx context.Context, v *visit) (openingsData, error) {
	d := openingsData{MayEnter: v.scope.Can(access.Import)}
	all, err := s.Subsidy.OpeningImports(ctx, v.scope)
	if err != nil {
		return d, err
	}
	names := map[int64]string{}
	for _, x := range all {
		row := openingRow{OpeningSum: x.OpeningSum, Name: x.Source.Name, When: instant(x.Source.ReceivedAt), MayUndo: x.MayUndo(v.scope)}
		if row.By, err = s.personName(ctx, names, x.Source.Actor); err != nil {
			return d, err
		}
		d.Rows = append(d.Rows, row)
	}
	return d, nil
}

func (s *server) openingTemplate(w http.ResponseWriter, r *http.Request, v *visit) error {
	out := subsidy.OpeningTemplate(v.t)
	return s.export(w, r, v, out.Title, *out)
}

// readOpenings looks at a sheet: it tells every cell that will not do, or shows what would be entered. Nothing is entered.
func (s *server) readOpenings(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := s.sentOpenings(w, r, v)
	if err == nil && len(p.Problems) == 0 {
		if err := s.Subsidy.KeepOpenings(r.Context(), v.scope, p); err != nil {
			return err
		}
		return seeOther(w, r, "/fund/openings/read")
	}
	d, again := s.openingsOf(r.Context(), v)
	if again != nil {
		return again
	}
	if err == nil {
		d.Sheet, d.Problems = p.Name, sheetProblems(v.t, p.Problems)
		return s.openingsAnswer(w, r, v, http.StatusUnprocessableEntity, d)
	}
	return s.openingsProblem(w, r, v, d, err)
}

func (s *server) openingsProblem(w http.ResponseWriter, r *http.Request, v *visit, d openingsData, err error) error {
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d.Problem = v.t.Msg(msg)
	return s.openingsAnswer(w, r, v, statusOf(err), d)
}

func (s *server) sentOpenings(w http.ResponseWriter, r *http.Request, v *visit) (*subsidy.OpeningPreview, error) {
	path, name, err := s.sentSheet(w, r)
	if err != nil {
		return nil, err
	}
	defer os.Remove(path) //nolint:errcheck // a file of the system's own directory for such
	view, err := s.view(r.Context(), v)
	if err != nil {
		return nil, err
	}
	return s.Subsidy.PreviewOpenings(r.Context(), view, path, name)
}

// openingLine is a payout of a sheet in words.
type openingLine struct {
	ledger.Opening
	Firm string
}

type openingsReadData struct {
	*subsidy.OpeningPreview
	Lines   []openingLine // the first of them
	Beside  []besideLine
	Problem string
}

// besideLine is what stands on the same thing already.
type besideLine struct {
	ledger.Standing
	Firm string
}

func (s *server) openingsRead(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showRead(w, r, v, http.StatusOK, "")
}

func (s *server) showRead(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	p, err := s.Subsidy.KeptOpenings(r.Context(), v.scope)
	if err != nil {
		return err
	}
	if p == nil {
		return seeOther(w, r, "/fund/openings")
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	d := openingsReadData{OpeningPreview: p, Problem: problem}
	for _, o := range p.Openings[:min(len(p.Openings), listRows)] {
		d.Lines = append(d.Lines, openingLine{o, s.firmName(view, o.Party)})
	}
	for _, b := range p.Beside[:min(len(p.Beside), listRows)] {
		d.Beside = append(d.Beside, besideLine{b, s.firmName(view, b.Party)})
	}
	return s.show(w, r, s.shell(r, v, v.t.S("openingpage.title")), status, openingsReadPage(v.t, d))
}

// enterOpenings enters what was shown: the sheet that the visitor has looked at, and no other.
func (s *server) enterOpenings(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	p, err := s.Subsidy.KeptOpenings(ctx, v.scope)
	switch {
	case err != nil:
		return err
	case p == nil || r.PostFormValue("sheet") != p.SHA256:
		return s.showRead(w, r, v, http.StatusConflict, v.t.S("openingpage.other"))
	}
	if _, err = s.Subsidy.ImportOpenings(ctx, v.scope, s.homeArea(v.scope), subsidy.OpeningAuthority, p); err == nil {
		return seeOther(w, r, "/fund/openings?done=entered")
	}
	if msg, told := errs.Message(err); told && !hidden(err) {
		return s.showRead(w, r, v, statusOf(err), v.t.Msg(msg))
	}
	return err
}

// undoOpenings takes an import of earlier payouts back, whole.
func (s *server) undoOpenings(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return errs.NotFound("source", r.PathValue("id"))
	}
	err = s.Subsidy.UndoOpenings(r.Context(), v.scope, id, r.PostFormValue("reason"))
	if err == nil {
		return seeOther(w, r, "/fund/openings?done=undone")
	}
	d, again := s.openingsOf(r.Context(), v)
	if again != nil {
		return again
	}
	return s.openingsProblem(w, r, v, d, err)
}
