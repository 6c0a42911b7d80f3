package fact

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Pairing is how a capability knows that what was stated of one subject is stated, in part or whole, of others beside it as well, so that
// it counts once. What it leaves is the effective value, to all who read: lists, decisions, columns and exports.
type Pairing struct {
	Kind string // of the subjects
	// Marks is a definition without time. Every subject of which things are stated that others are stated with as well has it: where none of
	// those below a parent has it, they are not asked about.
	Marks string
	Names string // a definition without time that says what a subject is called; its key where nobody said
	// Of is what is left of the subjects of the kind below one parent, by a view of the product itself that knows what was stated and
	// nothing of pairings. It is a function of that alone, so that neither the order in which things became known nor an undo matters.
	Of func(v View, subjects []int64) []Left
}

// Left is what counts of a value that is stated of others too.
type Left struct {
	Subject int64
	Def     string
	Period  period.Period
	State   State
	Value   Value
	By      []int64 // the others
}

// Paired is what was stated of a cell in whose place something less counts.
type Paired struct {
	State State
	Value Value
	By    []int64 // the subjects of which it is stated too
}

// AsStated is the cell as if nothing of it were stated of others.
func (c Cell) AsStated() Cell {
	if c.Paired != nil {
		c.State, c.Value, c.Known = c.Paired.State, c.Paired.Value, c.Paired.State == Present
		c.Paired = nil
	}
	return c
}

// Pair has views know a pairing, the newest at once. It is called while the product is wired together, once for a kind.
func (f *Frames) Pair(p Pairing) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pairings = append(f.pairings, p)
	f.forgetPast()
	last := f.newest.Load()
	f.epoch++
	b := last.next(f.epoch, f.codes)
	b.pairings, b.again = f.pairings, nil
	f.newest.Store(b.done(last.seq, last.parties))
}

// left is what counts of the cells of one subject in one definition.
type left struct {
	period period.Period
	state  State
	value  Value
	paired *Paired
}

// pairs is what counts of cells that are paired, by definition and then by ordinal; nil for a definition without any.
type pairs []map[uint32][]left

// touch says that there is less than was stated in a cell of a definition.
func (p pairs) touch(def int) bool { return def < len(p) && p[def] != nil }

// on gives a cell what counts of it.
func (p pairs) on(c *column, ord uint32, cell Cell) Cell {
	for _, x := range p[c.def][ord] {
		if x.period == c.period {
			cell.State, cell.Value, cell.Known, cell.Paired = x.state, x.value, x.state == Present, x.paired
		}
	}
	return cell
}

// changes notes that a subject of a definition's kind has other cells than before, where that may concern a pairing.
func (b *builder) changes(def int, subject int64) {
	if b.again != nil && b.pairing(def) {
		b.again[subject] = true
	}
}

func (b *builder) pairing(def int) bool {
	kind := b.lib.FactDefs()[def].Subject
	return slices.ContainsFunc(b.pairings, func(p Pairing) bool { return p.Kind == kind })
}

// pair works out what is paired below the parents of what has changed, or of all. before is who there was so far.
func (b *builder) pair(before *party.Registry) {
	if len(b.pairings) == 0 || b.again != nil && len(b.again) == 0 {
		return
	}
	raw := b.snapshot
	raw.pairs = nil
	view := newView(nil, &raw, access.SystemScope())
	last := b.pairs
	b.pairs = make(pairs, len(b.columns))
	if b.again != nil {
		copy(b.pairs, last)
	}
	for def := range b.pairs {
		if b.pairing(def) {
			b.pairs[def] = maps.Clone(b.pairs[def])
		}
	}
	for _, p := range b.pairings {
		o := b.kinds[p.Kind]
		if o == nil {
			continue
		}
		for _, parent := range b.parents(p, o, before) {
			now := b.parties.Children(parent, p.Kind)
			b.part(p.Kind, append(before.Children(parent, p.Kind), now...))
			for _, x := range p.Of(view, now) {
				b.keep(o, x)
			}
		}
	}
}

// parents are those below which a pairing is worked out.
func (b *builder) parents(p Pairing, o *ordinals, before *party.Registry) []int64 {
	found := map[int64]bool{}
	add := func(r *party.Registry, subject int64) {
		if s, ok := r.Subject(r.Canonical(subject)); ok && s.Kind == p.Kind {
			found[r.Canonical(s.Parent)] = true
		}
	}
	if b.again != nil {
		for subject := range b.again {
			add(b.parties, subject)
			add(before, subject)
		}
		return slices.Sorted(maps.Keys(found))
	}
	def, ok := b.definition(p.Marks)
	if !ok {
		return nil
	}
	marks := b.columns[def].of(period.Period{})
	for ord, subject := range o.ids {
		if b.stated(marks, uint32(ord)).Known {
			add(b.parties, subject)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// part forgets what was paired of subjects of a kind.
func (b *builder) part(kind string, subjects []int64) {
	for def, of := range b.pairs {
		if b.lib.FactDefs()[def].Subject != kind {
			continue
		}
		for _, subject := range subjects {
			if ord, ok := b.kinds[kind].of(subject); ok {
				delete(of, ord)
			}
		}
	}
}

// keep keeps what is left of a cell.
func (b *builder) keep(o *ordinals, x Left) {
	def, ok := b.definition(x.Def)
	ord, stated := o.of(x.Subject)
	if !ok || !stated {
		return
	}
	was := b.stated(b.columns[def].of(x.Period), ord)
	if b.pairs[def] == nil {
		b.pairs[def] = map[uint32][]left{}
	}
	paired := &Paired{State: was.State, Value: was.Value, By: x.By}
	b.pairs[def][ord] = append(b.pairs[def][ord], left{period: x.Period, state: x.State, value: x.Value, paired: paired})
}

// pairedOf is the lines of a row that are paired.
func (v View) pairedOf(row Row) (all []columnKey) {
	for def, of := range v.snap.pairs {
		if d := &v.snap.lib.FactDefs()[def]; row.stated && d.Subject == row.kind {
			for _, x := range of[row.ord] {
				all = append(all, columnKey{d.Code, x.period})
			}
		}
	}
	return all
}

// whyPaired says why less than what was stated counts.
func (v View) whyPaired(l Line) i18n.Msg {
	i := slices.IndexFunc(v.snap.pairings, func(p Pairing) bool { return p.Kind == l.Def.Subject })
	var others []string
	for _, id := range l.Cell.Paired.By {
		s, _ := v.Subject(id)
		others = append(others, cmp.Or(v.Value(id, v.snap.pairings[i].Names, period.Period{}).Value.Text, s.Key))
	}
	return i18n.M("fact.why_paired", strings.Join(others, "、"), Show(v.snap.lib, l.Def, l.Cell.State, l.Cell.Value))
}
