package monitor

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/chain"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/shelf"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Deps is what a monitor stands on.
type Deps struct {
	Frames   *fact.Frames
	Library  *content.Library
	Subjects *region.Reader
	Set      *indicator.Set
	Chains   *chain.Set // nil for none
	Clock    clock.Clock
	DB       *store.DB // of saved views and of answers to choices
	Sources  *source.Store
}

// Monitor tells figures. It is safe for many goroutines.
type Monitor struct {
	Deps

	snapshots shelf.Shelf[snapshotKey, *snapshot]
	heads     shelf.Shelf[headKey, heads]
	public    shelf.Shelf[publicKey, PublicTable]
}

// Open is a monitor over what frames know.
func Open(d Deps) *Monitor {
	m := &Monitor{Deps: d}
	m.snapshots.RoomFor(0)
	m.heads.RoomFor(0)
	m.public.RoomFor(publicRoom)
	return m
}

// snapshotKey is all that a snapshot depends on.
type snapshotKey struct {
	seq      int64
	verified bool
}

// snapshot is all subjects as known at a commit, and what was worked out of them.
type snapshot struct {
	view     fact.View // of everything
	reader   *region.Reader
	firms    []party.Enterprise // in the registry's order
	row      map[int64]int32
	subjects []rule.Subject // of the firms
	areas    map[string]rule.Subject
	switches []Switch

	stays  func() *stays
	common func() string // area in which all firms lie
	mu     sync.Mutex
	kinds  map[string]*kind

	crowds  shelf.Shelf[crowdKey, *indicator.Crowd]
	moments shelf.Shelf[momentKey, *indicator.Crowd]
	lines   shelf.Shelf[lineKey, *indicator.Lines]
	sums    shelf.Shelf[sumKey, tallies]
	pairs   shelf.Shelf[pairKey, pairs]
	behind  shelf.Shelf[behindKey, ranked]
	places  shelf.Shelf[placeKey, *grouping]
	seen    shelf.Shelf[seenKey, mask]
}

// Size counts every snapshot alike: four fit on the shelf, the newest and what is compared with it.
func (w *snapshot) Size() int { return 15_000 }

// kind is the subjects of one kind.
type kind struct {
	subjects []rule.Subject
	rows     *region.Rows // of the subjects
	owner    []int32      // number of the firm
	movers   []int32      // those whose firm was in several areas over time
	once     sync.Once
}

// crowdKey is all that the columns depend on from which the indicators of a group are worked out.
type crowdKey struct {
	group, kind string
	carry, year int
	choices     string
}

// momentKey is all that the columns of a crowd on the days of a span depend on.
type momentKey struct {
	crowd       crowdKey
	first, last period.Day
}

// tallies are tallies by area and part.
type tallies []indicator.Tally

// Size is how much room they take.
func (t tallies) Size() int { return 100 * len(t) }

// lineKey is all that the lines of an indicator depend on within a snapshot.
type lineKey struct {
	hash        string
	first, last period.Day
	choices     string
}

type seenKey struct {
	scope     string
	sensitive bool
}

// mask is which firms a reader may see; nil for all.
type mask []bool

// Size is how much room it takes.
func (m mask) Size() int { return len(m) }

// chunk is how many enterprises one goroutine reads at a time.
const chunk = 1_000

func (m *Monitor) snapshot(ctx context.Context, seq int64, verified bool) (*snapshot, error) {
	return m.snapshots.Try(snapshotKey{seq, verified}, func() (*snapshot, error) {
		ctx := context.WithoutCancel(ctx) // others may be waiting
		view, err := m.Frames.For(ctx, access.SystemScope(), seq)
		if err != nil {
			return nil, fmt.Errorf("tell figures as known at %d: %w", seq, err)
		}
		w := &snapshot{view: view, reader: m.Subjects, firms: slices.Collect(view.Enterprises()), areas: map[string]rule.Subject{}, kinds: map[string]*kind{}}
		if verified {
			w.reader = m.Subjects.Verified()
		}
		w.row = make(map[int64]int32, len(w.firms))
		for i := range w.firms {
			w.row[w.firms[i].ID] = int32(i)
		}
		w.subjects = make([]rule.Subject, len(w.firms))
		var g errgroup.Group
		g.SetLimit(runtime.GOMAXPROCS(0))
		for from := 0; from < len(w.firms); from += chunk {
			g.Go(func() error {
				for i := from; i < min(from+chunk, len(w.firms)); i++ {
					s, ok := w.reader.Subject(view, w.firms[i].ID)
					if !ok {
						return fmt.Errorf("read the facts of enterprise %d: it is listed and not known", w.firms[i].ID)
					}
					w.subjects[i] = s
				}
				return nil
			})
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
		for s := range view.Areas() {
			if a, ok := w.reader.Area(view, s.ID); ok {
				w.areas[s.Key] = a
			}
		}
		if w.switches, err = switches(ctx, m.DB.Read(), view.Seq()); err != nil {
			return nil, err
		}
		w.stays = sync.OnceValue(func() *stays { return newStays(w) })
		w.common = sync.OnceValue(func() string { return m.publicArea(view) })
		w.crowds.RoomFor(16 * len(w.firms))
		w.moments.RoomFor(32 * len(w.firms))
		w.lines.RoomFor(16 * len(w.firms))
		w.sums.RoomFor(4*len(w.firms) + 500_000) // however few there are: areas and parts are many
		w.pairs.RoomFor(4*len(w.firms) + 500_000)
		w.behind.RoomFor(6 * len(w.firms))
		w.places.RoomFor(len(w.firms))
		w.seen.RoomFor(len(w.firms))
		return w, nil
	})
}

// of is the subjects of a kind.
func (w *snapshot) of(name string) *kind {
	w.mu.Lock()
	k := w.kinds[name]
	if k == nil {
		k = &kind{}
		w.kinds[name] = k
	}
	w.mu.Unlock()
	k.once.Do(func() {
		defer func() {
			k.move(w.stays())
			k.rows = w.reader.Rows(k.subjects)
		}()
		if name == content.Enterprise {
			k.subjects = w.subjects
			k.owner = make([]int32, len(w.firms))
			for i := range k.owner {
				k.owner[i] = int32(i)
			}
			return
		}
		for i, s := range w.subjects {
			for _, c := range s.Children(name) {
				k.subjects = append(k.subjects, c)
				k.owner = append(k.owner, int32(i))
			}
		}
	})
	return k
}

// move notes whose firms were in several areas.
func (k *kind) move(s *stays) {
	for i, o := range k.owner {
		if s.only[o] == several {
			k.movers = append(k.movers, int32(i))
		}
	}
}

// sees is which firms a view shows with all that an indicator reads of them.
func (w *snapshot) sees(view fact.View, sensitive bool) mask {
	if view.Scope().All() {
		return nil
	}
	return w.seen.Get(seenKey{view.Scope().Key(), sensitive}, func() mask {
		out := make(mask, len(w.firms))
		for i := range w.firms {
			id := w.firms[i].ID
			out[i] = view.Can(access.ReadFact, id) && (!sensitive || view.Can(access.ReadSensitive, id))
		}
		return out
	})
}

// key is what the lines of an indicator in a span are kept by.
func key(x *indicator.Indicator, at indicator.At) lineKey {
	k := lineKey{x.Hash, at.First, at.Last, words(x, at)}
	if !x.Moves() { // all spans of a year are alike
		k.first, k.last = period.Date(at.Year(), 1, 1), period.Date(at.Year(), 12, 31)
	}
	return k
}

// linesOf is what every subject of an indicator's kind brings in a span. Those of the indicators of a group are worked out from the same
// columns.
func (m *Monitor) linesOf(w *snapshot, x *indicator.Indicator, at indicator.At) (*indicator.Lines, error) {
	k := key(x, at)
	return w.lines.Try(k, func() (*indicator.Lines, error) {
		year := at
		year.First, year.Last = period.Date(at.Year(), 1, 1), period.Date(at.Year(), 12, 31)
		ck := crowdKey{x.Group.Group, x.Kind, x.Carry, at.Year(), fmt.Sprint(at.Choices)}
		crowd, err := w.crowds.Try(ck, func() (*indicator.Crowd, error) {
			var all []*indicator.Indicator
			for _, o := range m.Set.Indicators() {
				if o.Group == x.Group && o.Kind == x.Kind && o.Carry == x.Carry {
					all = append(all, o)
				}
			}
			return m.gather(w, all, year)
		})
		if err != nil {
			return nil, err
		}
		if x.Moves() {
			crowd = w.moments.Get(momentKey{ck, at.First, at.Last}, func() *indicator.Crowd { return crowd.For(at) })
		}
		return crowd.Lines(x), nil
	})
}

func (m *Monitor) gather(w *snapshot, list []*indicator.Indicator, at indicator.At) (*indicator.Crowd, error) {
	k := w.of(list[0].Kind)
	crowd, problems := m.Set.Gather(list, k.subjects, at, k.rows)
	if len(problems) > 0 {
		return nil, fmt.Errorf("lower indicator %s to columns: %w", list[0].Code, problems)
	}
	return crowd, nil
}

// words are the answers to the choices on which an indicator depends.
func words(x *indicator.Indicator, at indicator.At) string {
	var all []string
	for _, code := range slices.Sorted(maps.Keys(at.Choices)) {
		if slices.Contains(x.Choices(), code) {
			all = append(all, code+"="+at.Choices[code])
		}
	}
	return strings.Join(all, ";")
}

// Query is which figure is asked for.
type Query struct {
	Indicator *indicator.Indicator
	Area      string // node code; "" for all that the reader sees
	Period    period.Period
	Until     period.Day        // a period that has not ended by this day is told up to it; 0 for today
	Choices   map[string]string // option by choice; what is left out is as the area answers it on the last day, or has its default
	Verified  bool              // only what was verified is taken for known
	Only      *Part             // of the area's enterprises, only those in a part
}

// Part is one part of a dimension; with And of those in it only such as are in another one too.
type Part struct {
	Dimension Dimension
	Code      string
	And       *Part
}

// String is the part and those that it is in too, as one key.
func (p *Part) String() string {
	var b strings.Builder
	for ; p != nil; p = p.And {
		fmt.Fprintf(&b, "%q=%q;", p.Dimension.String(), p.Code)
	}
	return b.String()
}

// asked is the span of a query under the answers that it is told under, with the snapshot that knows them.
func (m *Monitor) asked(ctx context.Context, view fact.View, q Query) (*snapshot, indicator.At, error) {
	at, err := m.at(q)
	if err != nil {
		return nil, at, err
	}
	w, err := m.snapshot(ctx, view.Seq(), q.Verified)
	if err != nil {
		return nil, at, err
	}
	at.Choices = m.pinned(w, q, at.Last)
	return w, at, nil
}

// at is the span of a query. A period that lies ahead or that the indicator cannot be told for is an error of kind Invalid.
func (m *Monitor) at(q Query) (indicator.At, error) {
	until := q.Until
	if until == 0 {
		until = m.Clock.Today()
	}
	if !q.Indicator.Tells(q.Period) {
		return indicator.At{}, errs.Invalid(i18n.M("monitor.no_period", q.Indicator.Name, q.Period.String()))
	}
	at, ok := indicator.For(q.Period, until, q.Choices)
	if !ok {
		return at, errs.Invalid(i18n.M("monitor.ahead", q.Period.String()))
	}
	return at, nil
}

// spans are those whose lines make a figure: the months of a flow of months, one else.
func spans(x *indicator.Indicator, p period.Period, at indicator.At) []indicator.At {
	var all []indicator.At
	for _, month := range x.Months(p) {
		if a, ok := indicator.For(month, at.Last, at.Choices); ok {
			all = append(all, a)
		}
	}
	return all
}

// Figure is one figure. Of an area that nobody knows it is NotFound.
func (m *Monitor) Figure(ctx context.Context, view fact.View, q Query) (indicator.Figure, error) {
	cells, err := m.By(ctx, view, q, Dimension{})
	if err != nil || len(cells) == 0 {
		return indicator.Figure{}, err
	}
	return cells[0].Figure, nil
}

// Cell is a figure of a part.
type Cell struct {
	Code string
	Name i18n.Text
	indicator.Figure
}

// By is the figures of the parts of a dimension, in its order: of all parts of areas and of lists, of those parts else in which there is
// anything. The zero Dimension has one part, the whole.
func (m *Monitor) By(ctx context.Context, view fact.View, q Query, d Dimension) ([]Cell, error) {
	t, err := m.Cross(ctx, view, q, d, Dimension{})
	if err != nil {
		return nil, err
	}
	cells := make([]Cell, len(t.Rows))
	for i, h := range t.Rows {
		cells[i] = Cell{h.Code, h.Name, t.Cells[i][0]}
	}
	return cells, nil
}

// Series is the figure in each of some periods; a period for which it cannot be told has none.
func (m *Monitor) Series(ctx context.Context, view fact.View, q Query, periods []period.Period) ([]indicator.Figure, error) {
	out := make([]indicator.Figure, len(periods))
	for i, p := range periods {
		q.Period = p
		f, err := m.Figure(ctx, view, q)
		if err != nil && errs.KindOf(err) != errs.KindInvalid {
			return nil, err
		}
		if err == nil {
			out[i] = f
		}
	}
	return out, nil
}

// Head is a part as a table's head.
type Head struct {
	Code string
	Name i18n.Text
}

// Table is figures by two dimensions.
type Table struct {
	Seq        int64 // commit that it knows up to
	Rows, Cols []Head
	Cells      [][]indicator.Figure // by row, then by column
	Total      indicator.Figure     // of all together, never the sum of what is no sum
}

// Cross is the figures by two dimensions.
func (m *Monitor) Cross(ctx context.Context, view fact.View, q Query, rows, cols Dimension) (Table, error) {
	if q.Area != "" {
		if _, ok := m.Library.Areas().Node(q.Area); !ok {
			return Table{}, errs.NotFound("area", q.Area)
		}
	}
	w, at, err := m.asked(ctx, view, q)
	if err != nil {
		return Table{}, err
	}
	q.Choices = at.Choices // parts are told under those of the whole
	switch q.Indicator.Measure {
	case indicator.Given, indicator.Composite, indicator.Coverage:
		return m.crossWhole(ctx, w, view, q, at, rows, cols)
	}
	return m.crossCounted(w, view, q, at, rows, cols)
}

// crossCounted adds the lines of subjects up by the parts in which their firms are.
func (m *Monitor) crossCounted(w *snapshot, view fact.View, q Query, at indicator.At, rows, cols Dimension) (Table, error) {
	x := q.Indicator
	if !rows.areal() && cols.areal() || rows.By == "" && cols.By != "" {
		t, err := m.crossCounted(w, view, q, at, cols, rows)
		return t.turned(), err
	}
	a, err := m.grouping(w, rows, q.Area, at)
	if err != nil {
		return Table{}, err
	}
	if rows.By == "" && q.Area != "" {
		a = m.within(w, q.Area, at.Last)
	}
	b, err := m.grouping(w, cols, q.Area, at)
	if err != nil {
		return Table{}, err
	}
	tallies, err := m.tally(w, view, q, at, a, b)
	if err != nil {
		return Table{}, err
	}
	t := Table{Seq: view.Seq()}
	keepRow, keepCol := a.kept(rows, len(b.heads), tallies, false), b.kept(cols, len(b.heads), tallies, true)
	for _, j := range keepCol {
		t.Cols = append(t.Cols, b.heads[j])
	}
	var all indicator.Tally
	for i := range a.heads {
		for j := range b.heads {
			all = all.Plus(tallies[i*len(b.heads)+j])
		}
	}
	for _, i := range keepRow {
		t.Rows = append(t.Rows, a.heads[i])
		line := make([]indicator.Figure, 0, len(keepCol))
		for _, j := range keepCol {
			line = append(line, x.Figure(tallies[i*len(b.heads)+j]))
		}
		t.Cells = append(t.Cells, line)
	}
	t.Total = x.Figure(all)
	return t, nil
}

// turned is the table with rows and columns exchanged.
func (t Table) turned() Table {
	out := Table{Seq: t.Seq, Rows: t.Cols, Cols: t.Rows, Total: t.Total, Cells: make([][]indicator.Figure, len(t.Cols))}
	for i := range t.Cols {
		for j := range t.Rows {
			out.Cells[i] = append(out.Cells[i], t.Cells[j][i])
		}
	}
	return out
}

// tally adds up what the reader may see.
func (m *Monitor) tally(w *snapshot, view fact.View, q Query, at indicator.At, a, b *grouping) ([]indicator.Tally, error) {
	x := q.Indicator
	out := make([]indicator.Tally, len(a.heads)*len(b.heads))
	if q.Only == nil && a.areal() {
		parts := b
		if b.areal() {
			parts = whole
		}
		for _, span := range spans(x, q.Period, at) {
			t, err := m.byLeaf(w, view, x, span, at.Last, parts)
			if err != nil {
				return nil, err
			}
			for n := range t {
				leaf, c := int32(n/len(parts.heads)), int32(n%len(parts.heads))
				r := a.at(leaf)
				if b.areal() {
					c = b.at(leaf)
				}
				if r >= 0 && c >= 0 {
					cell := &out[int(r)*len(b.heads)+int(c)]
					*cell = cell.Plus(t[n])
				}
			}
		}
		return out, nil
	}
	k, seen := w.of(x.Kind), w.sees(view, x.Sensitive())
	in, err := m.inside(w, q, at)
	if err != nil {
		return nil, err
	}
	for _, span := range spans(x, q.Period, at) {
		lines, err := m.linesOf(w, x, span)
		if err != nil {
			return nil, err
		}
		for i, state := range lines.States {
			if state == indicator.Out {
				continue
			}
			o := k.owner[i]
			if seen != nil && !seen[o] || in != nil && !in[o] {
				continue
			}
			if r, c := a.part(o), b.part(o); r >= 0 && c >= 0 {
				lines.Add(&out[int(r)*len(b.heads)+int(c)], i, span)
			}
		}
	}
	return out, nil
}

// sumKey is all that the tallies of an indicator by area and part depend on. The zero span is of those subjects that bring the same on each day
// of the year from the same area.
type sumKey struct {
	lines               lineKey
	first, last, placed period.Day
	seen                seenKey
	parts               placeKey
}

// byLeaf adds up by the areas in which firms lie on a day and by parts: the tally of area n and part p is at n × parts + p, and after the last
// area are those that lie in none. Whatever areas are asked for, and for each month of a year, those that neither moved nor are dated are added once.
func (m *Monitor) byLeaf(w *snapshot, view fact.View, x *indicator.Indicator, span indicator.At, placed period.Day, parts *grouping) (tallies, error) {
	lines, err := m.linesOf(w, x, span)
	if err != nil {
		return nil, err
	}
	k, seen, s := w.of(x.Kind), w.sees(view, x.Sensitive()), w.stays()
	add := func(t tallies, i int, leaf int32) {
		o := k.owner[i]
		if seen != nil && !seen[o] {
			return
		}
		if leaf == nowhere {
			leaf = int32(len(s.codes))
		}
		if part := parts.part(o); part >= 0 {
			lines.Add(&t[int(leaf)*len(parts.heads)+int(part)], i, span)
		}
	}
	sk := sumKey{lines: key(x, span), seen: seenKey{view.Scope().Key(), x.Sensitive()}, parts: parts.key}
	dated := lines.Dated()
	still := w.sums.Get(sk, func() tallies {
		t := make(tallies, (len(s.codes)+1)*len(parts.heads))
		next := 0
		for i, state := range lines.States {
			switch {
			case next < len(dated) && int(dated[next]) == i:
				next++
			case state != indicator.Out && s.only[k.owner[i]] != several:
				add(t, i, s.only[k.owner[i]])
			}
		}
		return t
	})
	if len(dated)+len(k.movers) == 0 {
		return still, nil
	}
	sk.first, sk.last, sk.placed = span.First, span.Last, placed
	return w.sums.Get(sk, func() tallies {
		t := make(tallies, len(still))
		for i := range still {
			t[i] = still[i].Plus(indicator.Tally{})
		}
		for _, i := range k.movers {
			add(t, int(i), s.on(int(k.owner[i]), placed))
		}
		for _, i := range dated {
			if leaf := s.only[k.owner[i]]; leaf != several {
				add(t, int(i), leaf)
			}
		}
		return t
	}), nil
}

// inside is which firms are in the area and the part that a query asks for; nil for all.
func (m *Monitor) inside(w *snapshot, q Query, at indicator.At) ([]bool, error) {
	if q.Area == "" && q.Only == nil {
		return nil, nil
	}
	out := make([]bool, len(w.firms))
	for i := range out {
		out[i] = true
	}
	if q.Area != "" {
		area := m.within(w, q.Area, at.Last)
		for i := range out {
			out[i] = area.part(int32(i)) >= 0
		}
	}
	for p := q.Only; p != nil; p = p.And {
		g, err := m.grouping(w, p.Dimension, q.Area, at)
		if err != nil {
			return nil, err
		}
		part := int32(slices.IndexFunc(g.heads, func(h Head) bool { return h.Code == p.Code }))
		for i := range out {
			out[i] = out[i] && part >= 0 && g.part(int32(i)) == part
		}
	}
	return out, nil
}
