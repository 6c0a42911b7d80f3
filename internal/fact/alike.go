package fact

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
)

// Alike is the enterprises that may be the same as one, of those that the scope may merge: of an equal name but for the
// legal form, or of one code; those of the same area first.
func (v View) Alike(e party.Enterprise) []party.Enterprise {
	if v.snap == nil {
		return nil
	}
	ids := v.snap.parties.ByUSCC(e.USCC)
	for _, name := range append([]string{e.Name}, e.FormerNames...) {
		for _, a := range v.snap.parties.ByName(name) {
			ids = append(ids, a.ID)
		}
	}
	var all []party.Enterprise
	seen := map[int64]bool{e.ID: true}
	for _, id := range ids {
		other, ok := v.Enterprise(id)
		if !ok || seen[other.ID] || !v.Can(access.Merge, other.ID) {
			continue
		}
		seen[other.ID] = true
		all = append(all, other)
	}
	far := func(other party.Enterprise) int {
		if other.Area == e.Area {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(all, func(a, b party.Enterprise) int { return cmp.Compare(far(a), far(b)) })
	return all
}

// Absorbed is an enterprise that counts for another: what it was alone, and how it came to that.
type Absorbed struct {
	party.Enterprise
	By source.LogEntry
}

// Absorbed is what an enterprise stands for besides itself. It is for those who work on its file or read the log; to
// others, and to the enterprise itself, there is nothing.
func (v View) Absorbed(ctx context.Context, e party.Enterprise) ([]Absorbed, error) {
	if len(e.Merged) == 0 || !v.Can(access.Decide, e.ID) && !v.Can(access.ReadLog, e.ID) {
		return nil, nil
	}
	log, err := v.frames.facts.sources.Log(ctx, 0, v.snap.seq)
	if err != nil {
		return nil, fmt.Errorf("merges of enterprise %d: %w", e.ID, err)
	}
	last := map[int64]source.LogEntry{}
	for _, l := range log {
		if l.Kind == source.Merge {
			last[l.From] = l
		}
	}
	var all []Absorbed
	for _, id := range e.Merged {
		was, _ := v.snap.parties.Alone(id)
		all = append(all, Absorbed{was, last[id]})
	}
	return all, nil
}

// Below says that a subject is an enterprise or lies below it, as far as the scope may see it.
func (v View) Below(subject, enterprise int64) bool {
	for range maxDepth {
		sub, ok := v.Subject(subject)
		switch {
		case !ok:
			return false
		case sub.ID == enterprise:
			return true
		}
		subject = sub.Parent
	}
	return false
}

// Difference is a figure that is known of two subjects and is not the same.
type Difference struct {
	Def      content.FactDef
	Period   period.Period
	One, Two Cell
}

// Differences is where two subjects differ, in the order of a time line, as far as the scope may read both. Which of two
// figures would hold if they were one is for the ranks of their sources to say, once they are.
func (v View) Differences(ctx context.Context, one, two int64) ([]Difference, error) {
	ours, err := v.Timeline(ctx, one)
	if err != nil {
		return nil, err
	}
	theirs, err := v.Timeline(ctx, two)
	if err != nil {
		return nil, err
	}
	cells := map[columnKey]Cell{}
	for _, l := range theirs {
		if cell := l.Cell.AsStated(); cell.Known {
			cells[columnKey{l.Def.Code, l.Period}] = cell
		}
	}
	var all []Difference
	for _, l := range ours {
		other, both := cells[columnKey{l.Def.Code, l.Period}]
		if cell := l.Cell.AsStated(); both && cell.Known && cell.Value != other.Value {
			all = append(all, Difference{Def: l.Def, Period: l.Period, One: cell, Two: other})
		}
	}
	return all, nil
}
