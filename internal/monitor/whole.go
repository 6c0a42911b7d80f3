package monitor

import (
	"cmp"
	"context"
	"maps"
	"math/big"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// crossWhole is Cross for figures that are not made of subjects one by one: they are told by areas alone.
func (m *Monitor) crossWhole(ctx context.Context, w *snapshot, view fact.View, q Query, at indicator.At, rows, cols Dimension) (Table, error) {
	for _, d := range []Dimension{rows, cols} {
		if d.By == ByTrade || d.By == ByFact {
			return Table{}, errs.Invalid(i18n.M("monitor.areas_only", q.Indicator.Name, m.Name(d)))
		}
	}
	if rows.By != "" && cols.By != "" || q.Only != nil {
		return Table{}, errs.Invalid(i18n.M("monitor.areas_only", q.Indicator.Name, m.Name(cols)))
	}
	t := Table{Seq: view.Seq()}
	total, err := m.whole(ctx, w, view, q, at)
	if err != nil {
		return t, err
	}
	t.Total = total
	d := rows
	if d.By == "" {
		d = cols
	}
	if d.By == "" {
		t.Rows, t.Cols, t.Cells = []Head{{}}, []Head{{}}, [][]indicator.Figure{{total}}
		return t, nil
	}
	heads := m.areaHeads(d.By, q.Area, at.Last)
	var line []indicator.Figure
	for _, h := range heads {
		part := q
		part.Area = h.Code
		f, err := m.whole(ctx, w, view, part, at)
		if err != nil {
			return t, err
		}
		line = append(line, f)
	}
	if rows.By == "" {
		t.Rows, t.Cols, t.Cells = []Head{{}}, heads, [][]indicator.Figure{line}
		return t, nil
	}
	t.Rows, t.Cols = heads, []Head{{}}
	for _, f := range line {
		t.Cells = append(t.Cells, []indicator.Figure{f})
	}
	return t, nil
}

func (m *Monitor) whole(ctx context.Context, w *snapshot, view fact.View, q Query, at indicator.At) (indicator.Figure, error) {
	switch q.Indicator.Measure {
	case indicator.Given:
		f, _ := m.given(w, view, q, at)
		return f, nil
	case indicator.Composite:
		return m.index(ctx, view, q)
	}
	return m.covered(w, view, q, at)
}

// given is what is stated of an area itself; where nothing is, and areas may be added up, what is stated of those below it.
func (m *Monitor) given(w *snapshot, view fact.View, q Query, at indicator.At) (f indicator.Figure, ok bool) {
	x := q.Indicator
	if a := w.areas[q.Area]; a != nil && view.Scope().Sees(access.ReadFact, q.Area, 0) {
		if f, ok := x.Given(a, q.Period, at.Last); ok {
			return f, true
		}
	}
	if x.Over.Space != "sum" {
		return indicator.Figure{}, false
	}
	var parts []indicator.Figure
	heads := m.areaHeads(ByArea, q.Area, at.Last)
	for _, h := range heads {
		if h.Code == q.Area {
			return indicator.Figure{}, false
		}
		below := q
		below.Area = h.Code
		if f, ok := m.given(w, view, below, at); ok {
			parts = append(parts, f)
		}
	}
	if len(parts) == 0 {
		return indicator.Figure{}, false
	}
	return x.Sum(parts, max(len(heads), len(parts))), true
}

// index is a composite, of the figures of its parts.
func (m *Monitor) index(ctx context.Context, view fact.View, q Query) (indicator.Figure, error) {
	parts := make([]indicator.Figure, len(q.Indicator.Parts))
	for i, p := range q.Indicator.Parts {
		x, err := m.Set.Indicator(p.Indicator)
		if err != nil {
			return indicator.Figure{}, err
		}
		of := q
		of.Indicator = x
		if parts[i], err = m.Figure(ctx, view, of); err != nil {
			return indicator.Figure{}, err
		}
	}
	return q.Indicator.Index(parts), nil
}

// covered counts the cells of an area in which there are enough subjects.
func (m *Monitor) covered(w *snapshot, view fact.View, q Query, at indicator.At) (indicator.Figure, error) {
	cells, tallies, err := m.cells(w, view, q, at)
	if err != nil {
		return indicator.Figure{}, err
	}
	return q.Indicator.Covered(tallies, cells), nil
}

// cells is how many cells a coverage has in an area, and what is in each of those in which there is anything.
func (m *Monitor) cells(w *snapshot, view fact.View, q Query, at indicator.At) (int, []indicator.Tally, error) {
	k := q.Indicator.Cells
	rows, cols := Dimension{}, Dimension{}
	areas, codes := 1, 1
	if k.Areas != "" {
		rows.By = map[string]string{content.City: ByCity, content.County: ByCounty}[k.Areas]
	}
	if k.By != "" {
		cols = Dimension{ByFact, k.By}
	}
	a, err := m.grouping(w, rows, q.Area, at)
	if err != nil {
		return 0, nil, err
	}
	b, err := m.grouping(w, cols, q.Area, at)
	if err != nil {
		return 0, nil, err
	}
	if rows.By != "" {
		areas = len(m.areaHeads(rows.By, q.Area, at.Last))
	}
	if cols.By != "" {
		codes = len(q.Indicator.CellCodes(m.Library))
		if codes == 0 { // an open list: the codes that are in use
			codes = len(b.heads) - 1
		}
	}
	if rows.By == "" && q.Area != "" {
		a = m.within(w, q.Area, at.Last)
	}
	tallies, err := m.tally(w, view, q, at, a, b)
	if err != nil {
		return 0, nil, err
	}
	var out []indicator.Tally
	for i := range a.heads {
		for j, h := range b.heads {
			if cols.By == "" || h.Code != unsaid.Code {
				out = append(out, tallies[i*len(b.heads)+j])
			}
		}
	}
	return areas * codes, out, nil
}

// Firm is a subject behind a figure.
type Firm struct {
	Subject int64 // itself; the enterprise where that is counted
	Name    string
	Kind    string
	Owner   int64 // the enterprise
	Firm    string
	USCC    string
	Area    string // node code on the last day
	indicator.Line
}

// Behind are the subjects behind a figure.
type Behind struct {
	m      *Monitor
	w      *snapshot
	view   fact.View
	x      *indicator.Indicator
	last   indicator.At
	rows   []behind
	States map[indicator.State]int // how many are in which state
}

type behind struct {
	number int
	line   indicator.Line
}

// behindKey is all that the subjects behind a figure depend on within a snapshot.
type behindKey struct {
	lines      lineKey // of the whole period, up to its last day
	period     period.Period
	area, only string
	seen       seenKey
}

// ranked are the subjects behind a figure in their order, and how many are in which state.
type ranked struct {
	rows   []behind
	states map[indicator.State]int
}

// Size is how much room they take.
func (r ranked) Size() int { return 48 * len(r.rows) }

// Behind are the subjects of a figure that the reader may see, those in one of some states, all but Out where none is given; what counts
// with most first, then by name. Figures that are stated of areas, and indices, have none.
func (m *Monitor) Behind(ctx context.Context, view fact.View, q Query, states ...indicator.State) (*Behind, error) {
	w, at, err := m.asked(ctx, view, q)
	if err != nil {
		return nil, err
	}
	x := q.Indicator
	out := &Behind{m: m, w: w, view: view, x: x, last: at, States: map[indicator.State]int{}}
	if x.Measure == indicator.Given || x.Measure == indicator.Composite {
		return out, nil
	}
	key := behindKey{lineKey{x.Hash, at.First, at.Last, words(x, at)}, q.Period, q.Area, q.Only.String(), seenKey{view.Scope().Key(), x.Sensitive()}}
	all, err := w.behind.Try(key, func() (ranked, error) { return m.behind(w, view, q, at) })
	if err != nil {
		return nil, err
	}
	out.rows, out.States = all.rows, maps.Clone(all.states)
	if len(states) > 0 {
		out.rows = nil
		for _, row := range all.rows {
			if slices.Contains(states, row.line.State) {
				out.rows = append(out.rows, row)
			}
		}
	}
	return out, nil
}

// behind finds the subjects behind a figure and puts them in order.
func (m *Monitor) behind(w *snapshot, view fact.View, q Query, at indicator.At) (out ranked, err error) {
	x := q.Indicator
	in, err := m.inside(w, q, at)
	if err != nil {
		return out, err
	}
	k, seen := w.of(x.Kind), w.sees(view, x.Sensitive())
	lines := make([]indicator.Line, len(k.owner)) // Out until something is said
	for _, span := range spans(x, q.Period, at) {
		of, err := m.linesOf(w, x, span)
		if err != nil {
			return out, err
		}
		for i, state := range of.States {
			o := k.owner[i]
			if state == indicator.Out || seen != nil && !seen[o] || in != nil && !in[o] {
				continue
			}
			line, next := lines[i], of.Line(i, span)
			switch { // of a flow of months: what it brought in all of them
			case line.State == indicator.Out:
			case next.State != indicator.Counted && line.State == indicator.Counted:
				next = line
			case next.State == indicator.Counted && line.State == indicator.Counted:
				next.Value += line.Value
			}
			if next.State != indicator.Out {
				lines[i] = next
			}
		}
	}
	out.states = map[indicator.State]int{}
	for i, line := range lines {
		if line.State != indicator.Out {
			out.states[line.State]++
			out.rows = append(out.rows, behind{i, line})
		}
	}
	slices.SortFunc(out.rows, func(a, b behind) int {
		return cmp.Or(cmp.Compare(b.line.Value, a.line.Value), cmp.Compare(a.number, b.number))
	})
	return out, nil
}

// Len is how many there are.
func (b *Behind) Len() int { return len(b.rows) }

// Page are some of them. That their sensitive facts were read is noted.
func (b *Behind) Page(from, n int) []Firm {
	var out []Firm
	k := b.w.of(b.x.Kind)
	for _, row := range b.rows[min(from, len(b.rows)):min(from+n, len(b.rows))] {
		s, e := k.subjects[row.number], &b.w.firms[k.owner[row.number]]
		f := Firm{Name: s.Name(), Kind: s.Kind(), Owner: e.ID, Firm: e.Name, USCC: string(e.USCC), Line: row.line}
		f.Subject = subjectID(s)
		if leaf := b.w.stays().on(int(k.owner[row.number]), b.last.Last); leaf >= 0 {
			f.Area = b.w.stays().codes[leaf]
		}
		for _, def := range b.x.Reads() {
			b.view.Told(e.ID, def.Code)
		}
		out = append(out, f)
	}
	return out
}

// Row is how one subject stands to an indicator, with what was read and what is missing: NotFound where the reader may not see it.
func (m *Monitor) Row(ctx context.Context, view fact.View, q Query, subject int64) (indicator.Row, error) {
	w, at, err := m.asked(ctx, view, q)
	if err != nil {
		return indicator.Row{}, err
	}
	k, seen := w.of(q.Indicator.Kind), w.sees(view, q.Indicator.Sensitive())
	for i, s := range k.subjects {
		if subjectID(s) == subject && (seen == nil || seen[k.owner[i]]) {
			for _, def := range q.Indicator.Reads() {
				view.Told(w.firms[k.owner[i]].ID, def.Code)
			}
			return m.Set.Row(q.Indicator, s, at), nil
		}
	}
	return indicator.Row{}, errs.NotFound("subject", subject)
}

// subjectID is the id of a subject that a Reader made.
func subjectID(s rule.Subject) int64 {
	id, _ := strconv.ParseInt(s.ID(), 10, 64)
	return id
}

// Growth is by how much a figure is above another one, as a part of that; nil where there is no number to compare, or none above zero.
func Growth(now, then indicator.Figure) *big.Rat {
	if now.Value == nil || then.Value == nil || then.Value.Sign() <= 0 {
		return nil
	}
	return new(big.Rat).Sub(new(big.Rat).Quo(now.Value, then.Value), big.NewRat(1, 1))
}
