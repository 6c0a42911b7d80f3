package region

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
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

// untouched says that no clause of a row may come to something else.
func (u *reuse) untouched(f *Firm) bool {
	return f.failed == nil && !slices.ContainsFunc(f.pays, func(p pay) bool { return u.touched[p.clause] })
}

// part is the enterprises that a worker takes at a time.
type part struct {
	view   fact.View
	asOf   period.Day
	first  int // number of the first
	firms  []party.Enterprise
	rows   []Firm
	stands []bool // rows that are there
}

// subjects is those that are asked for, with their numbers in the part.
func (r *Runner) subjects(p *part, stand bool) (all []rule.Subject, numbers []int) {
	for i := range p.firms {
		if p.stands[i] != stand {
			continue
		}
		if s, ok := r.reader.Subject(p.view, p.firms[i].ID); ok {
			all, numbers = append(all, s), append(numbers, i)
		}
	}
	return all, numbers
}

// reused takes over the rows of a part that stand.
func (r *Runner) reused(u *reuse, p *part) {
	p.stands = make([]bool, len(p.firms))
	if u == nil {
		return
	}
	for i := range p.firms {
		p.stands[i] = u.untouched(&u.base.rows[p.first+i])
	}
	if u.change.Anew() {
		all, numbers := r.subjects(p, true)
		for n, may := range u.change.MayBeMet(all, p.asOf, r.reader) {
			p.stands[numbers[n]] = !may
		}
	}
	for i, yes := range p.stands {
		if yes {
			p.rows[i] = u.base.rows[p.first+i]
		}
	}
}
