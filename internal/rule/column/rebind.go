package column

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/rule"
)

// names is all that a tree reads.
type names struct {
	inputs []string // ids, but for aggregates
	levels []Level  // of aggregates
}

func namesOf(t *rule.Tree) (all names) {
	each(t, func(in *rule.Input) {
		if a := in.Aggregate(); a == nil {
			all.inputs = append(all.inputs, in.ID())
		} else {
			all.levels = append(all.levels, LevelOf(a))
		}
	})
	return all
}

// Rebind is the plan of the same expressions for another batch that Again made of the same facts. What reads nothing that was read
// anew is shared with this plan, and only the rest is worked out: a moved number costs what reads it.
func (pl *Plan) Rebind(b *Batch) *Plan {
	switch {
	case b == pl.batch:
		return pl
	case pl.base != nil: // they do not grow longer and longer
		return pl.base.Rebind(b)
	}
	anew := pl.anew(b)
	if len(anew.inputs)+len(anew.levels) == 0 {
		return pl
	}
	if pl.words != len(b.Dict.words) || slices.ContainsFunc(anew.inputs, pl.isText) {
		return pl.program.bind(b, pl.least, pl.some...) // codes may mean something else
	}
	next := *pl
	next.batch, next.base, next.nodes, next.outs = b, pl, slices.Clip(pl.nodes), slices.Clone(pl.outs)
	next.bindLevels()
	l := &lowerer{Plan: &next, seen: map[kindOf]int{}, known: pl.seen}
	for _, n := range pl.some {
		if o := pl.program.outs[n]; o.reads.touch(anew) {
			next.outs[n] = l.out(o)
		}
	}
	return &next
}

// Shares says that an expression is the same node in a plan and in the one that was made of it by Rebind.
func (pl *Plan) Shares(with *Plan, out int) bool {
	return pl == with || pl.base == with && pl.outs[out] == with.outs[out]
}

// anew is what a batch does not share with the plan's.
func (pl *Plan) anew(b *Batch) (all names) {
	for _, in := range pl.program.inputs {
		id := in.ID()
		is, fixed := b.fixed[id]
		was, before := pl.batch.fixed[id]
		if fixed != before || is != was || b.Columns[id] != pl.batch.Columns[id] {
			all.inputs = append(all.inputs, id)
		}
	}
	for level := range pl.program.levels {
		if b.Below[level] != pl.batch.Below[level] {
			all.levels = append(all.levels, level)
		}
	}
	return all
}

func (pl *Plan) isText(name string) bool {
	return slices.ContainsFunc(pl.program.inputs, func(in *rule.Input) bool { return in.ID() == name && in.Type() == rule.TextType })
}

// touch says that both have a name in common.
func (n names) touch(some names) bool {
	return slices.ContainsFunc(n.inputs, func(id string) bool { return slices.Contains(some.inputs, id) }) ||
		slices.ContainsFunc(n.levels, func(l Level) bool { return slices.Contains(some.levels, l) })
}
