package web

import (
	"net/http"

	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
)

// crosswalkPath is the page of a firm's answers by the dimensions of somebody else's model.
func crosswalkPath(r *assess.Rubric, firm int64, name string) string {
	return standingPath(r, firm) + "/by/" + name
}

// dimensionRow is a dimension in words.
type dimensionRow struct {
	assess.Reach
	Items []dimensionItem
}

// dimensionItem is a question that lies in it, in words.
type dimensionItem struct {
	assess.Reached
	Sure, Possible int // percent of what it can give, for the bar
	Missing        []missing
}

type crosswalkData struct {
	R        *assess.Rubric
	C        *assess.Crosswalk
	Map      *assess.MapFile
	Firm     int64
	Name     string
	Year     int
	AsOf     string
	Rows     []dimensionRow
	Known    int
	Of       int
	Empty    int // dimensions in which no question lies
	Radar    *radar
	Years    []option
	Path     string
	Outsides []string
}

// crosswalk is what a firm has answered by the dimensions of another model, and where the answers stand; it grades nothing.
func (s *server) crosswalk(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.modelOf(r)
	if err != nil {
		return err
	}
	c, err := s.Results.Set.Crosswalk(r.PathValue("crosswalk"), m)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	d := crosswalkData{R: m, C: c, Map: c.Map(m), AsOf: s.asOf(v.t, view), Years: s.assessYears()}
	if d.Firm, err = pathID(r); err != nil {
		return err
	}
	got, _, err := s.Results.Now(view, m, d.Firm, s.assessYear(r))
	if err == nil && r.FormValue("year") == "" {
		got, _, err = s.lately(view, m, d.Firm)
	}
	if err != nil {
		return err
	}
	t := v.t
	e, _ := view.Enterprise(d.Firm)
	d.Firm, d.Name, d.Year = e.ID, e.Name, got.Year
	d.Path = crosswalkPath(m, d.Firm, c.Crosswalk)
	results.Shown(view, m, d.Firm)
	var axes []axis
	for _, reach := range c.Reaches(got) {
		row := dimensionRow{Reach: reach}
		for _, it := range reach.Items {
			x := dimensionItem{Reached: it}
			if it.Share.Sure != nil {
				x.Sure, x.Possible = shareOf(it.Share.Sure), 100
				if it.Share.Possible != nil && !it.Share.Open {
					x.Possible = shareOf(it.Share.Possible)
				}
			}
			for _, ref := range it.Missing {
				x.Missing = append(x.Missing, s.missingFact(t, view, d.Firm, ref))
			}
			row.Items = append(row.Items, x)
		}
		n := len(reach.Items)
		if n == 0 {
			d.Empty++
		}
		d.Known, d.Of = d.Known+reach.Known, d.Of+n
		covered := 0
		if n > 0 {
			covered = 100 * reach.Known / n
		}
		axes = append(axes, axis{t.Text(reach.Dimension.Name), covered, covered})
		d.Rows = append(d.Rows, row)
	}
	for _, o := range d.Map.Outside {
		d.Outsides = append(d.Outsides, t.Text(o.Why))
	}
	d.Radar = newRadar(axes)
	return s.show(w, r, s.shell(r, v, t.Text(c.Title)+" · "+d.Name), http.StatusOK, crosswalkPage(t, d))
}
