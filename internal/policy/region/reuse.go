package region

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/policy"
)

// base is a kept result of other numbers over the same facts, from which another begins: what no changed number touches stands.
type base struct {
	*work
	since *policy.Renumbering
}

// base finds a kept result to begin from: of the same wording, settings, commit and day, the one in which the fewest clauses
// are touched, and of these the latest; nil where there is none.
func (r *Runner) base(w *work) (best *base) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fewest := 0
	for _, kept := range slices.Backward(r.kept) {
		if kept == w || kept.seq != w.seq || kept.asOf != w.asOf || !kept.finished() {
			continue
		}
		since, ok := w.plan.Since(kept.plan)
		if !ok {
			continue
		}
		n := 0
		for i := range w.plan.Clauses() {
			if since.Touched(i) {
				n++
			}
		}
		if best == nil || n < fewest {
			best, fewest = &base{kept, since}, n
		}
	}
	return best
}

// finished says that a result is there.
func (w *work) finished() bool {
	select {
	case <-w.done:
		return w.err == nil
	default:
		return false
	}
}
