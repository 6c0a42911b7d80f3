package region

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/policy"
)

// reuse is a kept result of other numbers over the same facts, of which stands what no changed number touches. A nil reuse
// has none.
type reuse struct {
	base    *work
	touched []bool // by number of the clause
}

// reuse finds a kept result to begin from: of the same wording, settings, commit and day, the one in which the fewest clauses
// are touched, and of these the latest.
func (r *Runner) reuse(w *work) (best *reuse) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fewest := 0
	for _, base := range slices.Backward(r.kept) {
		if base == w || base.seq != w.seq || base.asOf != w.asOf || !base.finished() {
			continue
		}
		change, ok := w.plan.Since(base.plan)
		if !ok {
			continue
		}
		u, n := &reuse{base: base}, 0
		for i := range w.plan.Clauses() {
			touched := change.Touched(i)
			if u.touched = append(u.touched, touched); touched {
				n++
			}
		}
		if best == nil || n < fewest {
			best, fewest = u, n
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

// left is what was left of an enterprise, where no clause of that may come to something else: neither of those that paid it or
// were not known, nor of those that are left now.
func (u *reuse) left(survey *policy.Survey, i int) *left {
	if u == nil {
		return nil
	}
	l := u.base.left[i]
	if l == nil || l.failed != nil || l.leaves != survey.Leaves(i) || slices.ContainsFunc(l.pays, func(p pay) bool { return u.touched[p.clause] }) ||
		survey.Asks(i, func(clause int) bool { return u.touched[clause] }) {
		return nil
	}
	return l
}
