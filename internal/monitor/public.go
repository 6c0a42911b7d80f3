package monitor

import (
	"context"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
)

// LeastPublic is of how few a figure is never published: fewer could be told apart.
const LeastPublic = 5

// PublicRow is the figures of an area as everybody may see them.
type PublicRow struct {
	Head
	Figure  indicator.Figure // its Value is nil where it is hidden
	Counted *int             // how many count; nil where it is hidden
	Within  *int             // of how many; nil where it is hidden
	Hidden  bool             // the value is hidden
}

// Publishable says that figures of an indicator may be shown to everybody: it reads nothing of persons and nothing confidential.
func Publishable(x *indicator.Indicator) bool { return !x.Sensitive() }

// PublicTable is an indicator of a year for everybody, by county.
type PublicTable struct {
	Area  string // that all enterprises lie in; "" where there is none
	Rows  []PublicRow
	Total PublicRow // of all of them
}

// Public is an indicator of a year for everybody, by the counties and zones of the area in which all enterprises lie: of all of them, by the
// choices in force there, as known now. What is of fewer than LeastPublic is hidden, and what else it could be reckoned from. Figures are
// told of whole years and by one kind of area alone, so that no two tables can be held against each other. What is not Publishable is
// NotFound.
//
// Everybody asks for the same, so that it is worked out once for a commit; the table is not to be changed.
func (m *Monitor) Public(ctx context.Context, x *indicator.Indicator, year int) (PublicTable, error) {
	if !Publishable(x) {
		return PublicTable{}, errs.NotFound("public figure", x.Code)
	}
	view, err := m.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return PublicTable{}, err
	}
	return m.public.Try(publicKey{view.Seq(), m.Clock.Today(), x.Code, year}, func() (PublicTable, error) {
		return m.makePublic(context.WithoutCancel(ctx), view, x, year) // others may be waiting
	})
}

// publicKey is all that a public table depends on.
type publicKey struct {
	seq   int64
	today period.Day
	code  string
	year  int
}

// Size is how much room a table takes.
func (t PublicTable) Size() int { return len(t.Rows) }

// publicRoom is room for what two commits of a city come to.
const publicRoom = 3_000

func (m *Monitor) makePublic(ctx context.Context, view fact.View, x *indicator.Indicator, year int) (PublicTable, error) {
	var out PublicTable
	w, err := m.snapshot(ctx, view.Seq(), false)
	if err != nil {
		return out, err
	}
	out.Area = w.common()
	q := Query{Indicator: x, Area: out.Area, Period: period.OfYear(year)}
	t, err := m.Cross(ctx, view, q, Dimension{By: ByCounty}, Dimension{})
	if err != nil {
		return out, err
	}
	node, _ := m.Library.Areas().Node(out.Area)
	out.Total = PublicRow{Head: Head{out.Area, i18n.Text{ZH: node.Name, EN: node.Name}}, Figure: t.Total}
	for i, h := range t.Rows {
		out.Rows = append(out.Rows, PublicRow{Head: h, Figure: t.Cells[i][0]})
	}
	switch x.Measure {
	case indicator.Given: // stated of the area, not of any enterprise
		return out, nil
	case indicator.Composite:
		return out, m.hideIndex(ctx, x, year, &out)
	}
	counts := make([][]int, len(out.Rows))
	for i, r := range out.Rows {
		counts[i] = []int{r.Figure.Counted, r.Figure.Within - r.Figure.Counted}
	}
	hidden := Suppress(counts, LeastPublic)
	for i := range out.Rows {
		out.Rows[i].show(x, hidden[i])
	}
	out.Total.show(x, hidden[len(out.Rows)])
	return out, nil
}

// publicArea is the lowest area, above a county, in which all enterprises lie that lie anywhere.
func (m *Monitor) publicArea(view fact.View) string {
	tree := m.Library.Areas()
	var common []content.Node
	first := true
	for e := range view.Enterprises() {
		path := tree.Path(e.Area)
		if len(path) == 0 {
			continue
		}
		if first {
			common, first = path, false
		}
		n := 0
		for n < len(common) && n < len(path) && common[n].Code == path[n].Code {
			n++
		}
		common = common[:n]
	}
	for len(common) > 1 && (common[len(common)-1].Level == content.County || common[len(common)-1].Level == content.Zone) {
		common = common[:len(common)-1] // of one county alone there is nothing to set side by side
	}
	if len(common) == 0 {
		return ""
	}
	return common[len(common)-1].Code
}

// show takes out of a row what is hidden: how many count, how many do not, and of how many.
func (r *PublicRow) show(x *indicator.Indicator, hidden []bool) {
	if !hidden[0] {
		r.Counted = &r.Figure.Counted
	}
	if !hidden[2] {
		r.Within = &r.Figure.Within
	}
	r.Hidden = hidden[0]
	if x.Measure == indicator.Share || x.Measure == indicator.Coverage { // a part of how many tells both
		r.Hidden = hidden[0] || hidden[1] || hidden[2]
	}
	if r.Hidden {
		r.Figure.Value = nil
	}
}

// hideIndex hides an index of which any part is hidden.
func (m *Monitor) hideIndex(ctx context.Context, x *indicator.Indicator, year int, t *PublicTable) error {
	hide := func(r *PublicRow) { r.Hidden, r.Figure.Value = true, nil }
	for _, p := range x.Parts {
		of, err := m.Set.Indicator(p.Indicator)
		if err != nil {
			return err
		}
		part, err := m.Public(ctx, of, year)
		if err != nil {
			return err
		}
		if part.Total.Hidden {
			hide(&t.Total)
		}
		for i := range t.Rows {
			if slices.ContainsFunc(part.Rows, func(r PublicRow) bool { return r.Code == t.Rows[i].Code && r.Hidden }) {
				hide(&t.Rows[i])
			}
		}
	}
	return nil
}
