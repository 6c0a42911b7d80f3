package region

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/policy"
)

// reuse is a kept result of other numbers over the same facts, of which the rows stand that no changed number touches.
// A nil reuse has none.
type reuse struct {
	base    *work
	change  *policy.Renumbering
	touched []bool // by number of the clause
}

// reuse finds a kept result to begin from: the latest of the same wording, settings, commit and day.
func (r *Runner) reuse(w *work) *reuse {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, base := range slices.Backward(r.kept) {
		if base == w || base.seq != w.seq || base.asOf != w.asOf || !base.finished() {
			continue
		}
		change, ok := w.plan.Since(base.plan)
		if !ok {
			continue
		}
		u := &reuse{base: base, change: change}
		for i := range w.plan.Clauses() {
			u.touched = append(u.touched, change.Touched(i))
		}
		return u
	}
	return nil
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

// stands says that no clause of a row may come to something else: neither of those that paid it or were not known, nor of
// those that are not ruled out now.
func (u *reuse) stands(survey *policy.Survey, i int) bool {
	if u == nil {
		return false
	}
	f := &u.base.rows[i]
	return f.failed == nil && !slices.ContainsFunc(f.pays, func(p pay) bool { return u.touched[p.clause] }) &&
		!survey.Asks(i, func(clause int) bool { return u.touched[clause] })
}
