package fact

import (
	"iter"

	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// What follows is for the product's own work over everything at once: it answers a view of access.SystemScope and shows
// nothing to any other.

// Registry is who and where as the view knows it; an empty one for a view that is somebody's.
func (v View) Registry() *party.Registry {
	if v.snap == nil || !v.scope.All() {
		return &party.Registry{}
	}
	return v.snap.parties
}

// Authority is in whose name a cell's value was stated; "" for a cell without a source.
func (v View) Authority(c Cell) string {
	if v.snap == nil || c.Source == 0 {
		return ""
	}
	i, ok := v.snap.saidAt[c.Source]
	if !ok {
		return ""
	}
	return v.snap.said[i].authority
}

// AllPeriods is every period in which a definition was stated of anybody; nil for a view that is somebody's.
func (v View) AllPeriods(def string) []period.Period {
	i, ok := v.snap.definition(def)
	if !ok || !v.scope.All() {
		return nil
	}
	var all []period.Period
	for _, c := range v.snap.columns[i] {
		all = append(all, c.period)
	}
	return all
}

// Values is the present numbers of a definition in a period, of whatever subjects; none for a view that is somebody's.
func (v View) Values(def string, p period.Period) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		i, ok := v.snap.definition(def)
		if !ok || !v.scope.All() {
			return
		}
		c := v.snap.columns[i].of(p)
		if c == nil || c.text {
			return
		}
		for k, ch := range c.chunks {
			if ch == nil {
				continue
			}
			for j := range chunkLen {
				if cell := v.snap.cell(c, uint32(k<<chunkBits+j)); cell.Known && !yield(cell.Value.Num) {
					return
				}
			}
		}
	}
}
