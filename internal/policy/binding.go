package policy

import (
	"slices"
	"sync"

	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// binding is a job of a table as it was bound first under the settings that were asked for last. Another plan shares of it what none
// of its numbers is part of, so that few enterprises, or one moved number, do not cost what the whole document takes to bind.
type binding struct {
	mu  sync.Mutex
	job *job
}

// bind binds a job to a batch of its table.
func (b *binding) bind(j *job, batch *column.Batch) {
	was := b.like(j)
	if was == nil {
		for _, k := range j.clauses {
			j.guards = append(j.guards, j.screen.guards(j.by, k))
		}
		j.plan = j.screen.program.Bind(batch, j.outs()...)
	} else {
		j.guards, j.plan = slices.Clone(was.guards), was.plan.Rebind(batch)
	}
	for n, k := range j.clauses {
		j.spans = append(j.spans, j.table.inForce(k))
		if was != nil && was.shares(n, j.plan) {
			j.rounds = append(j.rounds, was.rounds[n])
			continue
		}
		j.guards[n] = j.arranged(n)
		j.rounds = append(j.rounds, j.roundsOf(n))
	}
	if was == nil {
		b.keep(j)
	}
}

// like is the job that is kept, where it asks the same of the table; else nil.
func (b *binding) like(j *job) *job {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.job == nil || b.job.screen != j.screen || !slices.EqualFunc(b.job.clauses, j.clauses, func(a, k *clauseRule) bool { return a.index == k.index }) {
		return nil
	}
	return b.job
}

func (b *binding) keep(j *job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := *j
	b.job = &kept
}

// shares says that no number of another plan is part of what the nth clause asks for.
func (j *job) shares(n int, with *column.Plan) bool {
	return !slices.ContainsFunc(j.outsOf(n), func(out int) bool { return !with.Shares(j.plan, out) })
}
