package casework

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// way leads from a state to another.
type way struct{ from, to string }

// ways are all of a workflow.
func (w *Workflow) ways() []way {
	var all []way
	for _, a := range w.list {
		for _, from := range a.From {
			if a.To != "" {
				all = append(all, way{from, a.To})
			}
		}
	}
	for _, s := range w.States {
		if s.Undecided != "" {
			all = append(all, way{s.ID, s.Undecided})
		}
	}
	return all
}

// reached is every state that the ways lead to from those given, themselves included.
func reached(from []string, ways []way) map[string]bool {
	seen := map[string]bool{}
	for _, s := range from {
		seen[s] = true
	}
	for changed := true; changed; {
		changed = false
		for _, s := range ways {
			if seen[s.from] && !seen[s.to] {
				seen[s.to], changed = true, true
			}
		}
	}
	return seen
}

// lint looks for what would leave people stuck.
func (p *parser) lint() {
	ways := p.w.ways()
	var ends []string
	backward := make([]way, len(ways))
	for i, s := range ways {
		backward[i] = way{s.to, s.from}
	}
	for _, s := range p.w.States {
		if s.End != "" {
			ends = append(ends, s.ID)
		}
	}
	reachable, closing := reached([]string{p.w.first().ID}, ways), reached(ends, backward)
	for i, s := range p.w.States {
		path := at("states", i, "id")
		switch {
		case !reachable[s.ID]:
			p.report(path, "casework.unreachable", s.ID)
		case !closing[s.ID]:
			p.report(path, "casework.dead_end", s.ID)
		}
		if s.End != "" {
			p.lintEnd(i, s)
			continue
		}
		p.lintWaits(i, s)
		if len(s.Tasks) > 0 {
			p.lintTasks(i, s)
		}
		p.lintClock(i, s)
	}
	p.lintActions()
	p.lintDoubts(ways)
}

// lintDoubts asks that who looks again at what is put in doubt can do something about it: move the case at some time after it was approved.
func (p *parser) lintDoubts(ways []way) {
	if p.w.Doubts == "" {
		return
	}
	var froze []string
	for _, a := range p.w.list {
		if a.Freeze && a.To != "" {
			froze = append(froze, a.To)
		}
	}
	after := reached(froze, ways)
	if !slices.ContainsFunc(p.w.list, func(a *Action) bool {
		return a.To != "" && a.takenBy(access.Role(p.w.Doubts)) && slices.ContainsFunc(a.From, func(s string) bool { return after[s] })
	}) {
		p.report(at("doubts"), "casework.doubts_cannot", p.w.Doubts)
	}
}

func (p *parser) lintEnd(i int, s State) {
	if len(s.Waits) > 0 || len(s.Tasks) > 0 || s.Clock != nil {
		p.report(at("states", i, "end"), "casework.end_waits", s.ID)
	}
}

// lintWaits asks for somebody who can move the case: each of those that the state waits for.
func (p *parser) lintWaits(i int, s State) {
	if len(s.Waits) == 0 && len(s.Tasks) == 0 {
		p.report(at("states", i, "id"), "casework.waits_for_nobody", s.ID)
	}
	for j, who := range s.Waits {
		if !slices.ContainsFunc(p.w.ActionsFrom(s.ID), func(a *Action) bool { return a.To != "" && a.offered(who) }) {
			p.report(at("states", i, "waits", j), "casework.cannot_act", s.ID, who)
		}
	}
}

// lintTasks asks that each task can be answered, and that all answers together always lead somewhere.
func (p *parser) lintTasks(i int, s State) {
	answers := slices.DeleteFunc(p.w.ActionsFrom(s.ID), func(a *Action) bool { return a.Quorum == nil })
	for j, t := range s.Tasks {
		if !slices.ContainsFunc(answers, func(a *Action) bool { return a.offered(t.Role) }) {
			p.report(at("states", i, "tasks", j), "casework.task_unanswered", t.ID, t.Role)
		}
	}
	least, each := 0, false
	for _, t := range s.Tasks {
		least += max(1, t.Least)
		each = each || t.Each
	}
	short, all := 0, 0
	for _, a := range answers {
		able := 0
		for _, t := range s.Tasks {
			if a.offered(t.Role) {
				able += max(1, t.Least)
			}
		}
		need := int(a.Quorum.Need)
		if need > able || need == 0 && able < least {
			p.report(at("actions", slices.Index(p.w.list, a), "quorum", "need"), "casework.need_too_many", a.ID, a.Quorum.Need.String(), able, least)
		}
		if need == 0 {
			all++
		} else {
			short += need - 1
		}
	}
	// With n tasks all answered and no need met, an action has at most need-1 answers, or n-1 where it needs all.
	stuck := all*(least-1)+short >= least || each && all*least+short >= least+1
	if stuck && s.Undecided == "" {
		p.report(at("states", i, "id"), "casework.undecided", s.ID)
	}
	if !stuck && s.Undecided != "" {
		p.report(at("states", i, "undecided"), "casework.always_decided", s.ID)
	}
}

func (p *parser) lintClock(i int, s State) {
	c := s.Clock
	switch {
	case c == nil:
	case c.Then == ActOnce:
		a := p.w.actions[c.Do]
		if !slices.Contains(a.From, s.ID) || !a.offered(System) {
			p.report(at("states", i, "clock", "do"), "casework.clock_cannot", c.Do, s.ID)
		}
	case c.Then == Escalate:
		if !slices.ContainsFunc(p.w.ActionsFrom(s.ID), func(a *Action) bool { return a.To != "" && a.takenBy(access.Role(c.To)) }) {
			p.report(at("states", i, "clock", "to"), "casework.cannot_act", s.ID, c.To)
		}
	}
}

func (p *parser) lintActions() {
	for i, a := range p.w.list {
		for j, from := range a.From {
			s := p.w.states[from]
			if a.Late && s.Clock == nil {
				p.report(at("actions", i, "late"), "casework.late_clock", a.ID, from)
			}
			if a.Quorum != nil && !slices.ContainsFunc(s.Tasks, func(t Task) bool { return a.offered(t.Role) }) {
				p.report(at("actions", i, "from", j), "casework.quorum_without_tasks", a.ID, from)
			}
		}
		switch {
		case a.Quorum != nil && a.offered(System, Applicant):
			p.report(at("actions", i, "who"), "casework.quorum_who", a.ID)
		case a.Kind == Withdraw && p.w.states[a.To].End != Withdrawn:
			p.report(at("actions", i, "to"), "casework.withdraw_ends", a.ID)
		case a.Kind == Return && p.w.states[a.To].End != "":
			p.report(at("actions", i, "to"), "casework.return_opens", a.ID)
		case (a.Kind == Return || a.Kind == Refuse || a.Kind == Appeal) && a.Reason != "required":
			p.report(at("actions", i, "id"), "casework.needs_reason", a.ID)
		case a.Kind == Appeal && !a.offered(Applicant):
			p.report(at("actions", i, "who"), "casework.appeal_who", a.ID)
		}
	}
}

// Set is the workflows in use, by id. It never changes.
type Set struct{ list []*Workflow }

// All is every workflow, by file. The slice must not be changed.
func (s *Set) All() []*Workflow { return s.list }

// Workflow is the workflow in use under an id.
func (s *Set) Workflow(id string) (*Workflow, bool) {
	i := slices.IndexFunc(s.list, func(w *Workflow) bool { return w.Workflow == id })
	if i < 0 {
		return nil, false
	}
	return s.list[i], true
}

// between looks at what one workflow says of another: what a batch gathers, and the gates that its cases wait for.
func (s *Set) between() (problems content.Problems) {
	report := func(w *Workflow, path []any, key string, args ...any) {
		problems = append(problems, w.doc.Problem(i18n.M(key, args...), path...))
	}
	for _, w := range s.list {
		if w.Children != nil {
			for j, child := range w.Children.Workflows {
				if _, ok := s.Workflow(child); !ok {
					report(w, at("children", "workflows", j), "casework.no_workflow", child)
				}
			}
		}
		for i, a := range w.list {
			if a.Gate == "" {
				continue
			}
			opens := slices.ContainsFunc(s.list, func(b *Workflow) bool {
				return b.Children != nil && slices.Contains(b.Children.Workflows, w.Workflow) &&
					slices.ContainsFunc(b.list, func(x *Action) bool { return x.Passes == a.Gate })
			})
			if !opens {
				report(w, at("actions", i, "gate"), "casework.gate_shut", a.Gate, w.Workflow)
			}
		}
	}
	return problems
}
