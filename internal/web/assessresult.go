package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// sealedPath is the page of a sealed result.
func sealedPath(r *assess.Rubric, firm, result int64) string {
	return standingPath(r, firm) + "/results/" + strconv.FormatInt(result, 10)
}

// lookedRow is what was looked at on the spot, in words.
type lookedRow struct {
	results.Looked
	Name, Was, From, Found string
}

// sealedResult is a sealed result.
type sealedResult struct {
	R     *assess.Rubric // by which it was sealed
	Firm  int64
	Name  string
	Row   sealedRow
	May   string // the level that is possible, where that is another
	Look  results.Look
	Rows  []lookedRow
	Show  string // which of what was looked at is shown: a state, or "" for all
	Shows []option
	Path  string
}

// assessResult is a sealed result, and of a rating on the spot what was looked at, item by item.
func (s *server) assessResult(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.modelOf(r)
	if err != nil {
		return err
	}
	ctx, t := r.Context(), v.t
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	d := sealedResult{Show: r.FormValue("show")}
	if d.Firm, err = pathID(r); err != nil {
		return err
	}
	id, err := strconv.ParseInt(r.PathValue("result"), 10, 64)
	if err != nil {
		return errs.NotFound("result", r.PathValue("result"))
	}
	all, i, err := s.Results.Sealed(ctx, view, d.Firm, id)
	if err != nil {
		return err
	}
	x := &all[i]
	if x.Model != m.Rubric || x.Edition != m.Edition {
		return errs.NotFound("result", id)
	}
	if d.R, err = s.Results.Pinned(ctx, x); err != nil {
		return err
	}
	results.Shown(view, d.R, x.Party)
	e, _ := view.Enterprise(d.Firm)
	d.Firm, d.Name, d.Path = e.ID, e.Name, sealedPath(m, e.ID, id)
	d.Row = s.sealedRow(t, d.R, x)
	d.Row.MayCase = view.Can(access.ReadCase, d.Firm)
	if x.MayBe != x.Level {
		d.May = levelCalled(t, d.R, x.MayBe)
	}
	if d.Look, err = s.Results.Look(ctx, view, x); err != nil {
		return err
	}
	for _, state := range []results.LookState{results.Changed, results.Confirmed, results.Left} {
		d.Shows = append(d.Shows, option{string(state), t.S("assesspage.look_" + string(state))})
	}
	if !slices.ContainsFunc(d.Shows, func(o option) bool { return o.Value == d.Show }) {
		d.Show = ""
	}
	for _, state := range d.Shows { // what differs first
		for _, l := range d.Look.Items {
			if string(l.State) == state.Value && (d.Show == "" || d.Show == state.Value) {
				d.Rows = append(d.Rows, s.lookedRow(t, l))
			}
		}
	}
	return s.show(w, r, s.shell(r, v, t.S("assesspage.result")+" · "+d.Name), http.StatusOK, sealedResultPage(t, d))
}

func (s *server) lookedRow(t i18n.T, l results.Looked) lookedRow {
	row := lookedRow{Looked: l, Name: l.Def.Code}
	if l.Missing {
		return row
	}
	row.Name = t.Text(l.Def.Name)
	shown := func(v fact.Value) string { return t.Text(fact.Show(s.Library, l.Def, fact.Present, v)) }
	switch {
	case l.Secret:
		row.Was, row.Found = t.S("assesspage.look_secret"), t.S("assesspage.look_secret")
	default:
		row.Was = t.S("web.not_known")
		if l.Had {
			row.Was = shown(l.Was)
		}
		if l.State != results.Left {
			row.Found = shown(l.Found)
		}
	}
	if l.WasBy != "" {
		row.From = s.authorityName(t, l.WasBy) + " · " + instant(l.WasAt)
	}
	return row
}
