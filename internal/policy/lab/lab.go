package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/shelf"
)

// MaxSideBySide is how many scenarios are held side by side: as many results as the runner keeps beside that of the law.
const MaxSideBySide = 4

// Deps is what the laboratory stands on; all of it is needed.
type Deps struct {
	Runner   *region.Runner
	Versions *version.Store
	Library  *content.Library
}

// Lab works scenarios out. It is safe for many goroutines.
type Lab struct {
	Deps
	wordings shelf.Shelf[string, *compiled]
	surveys  shelf.Shelf[string, *Survey]
	kinds    shelf.Shelf[kindKey, *kinds]
}

// New is a laboratory.
func New(d Deps) *Lab {
	l := &Lab{Deps: d}
	l.wordings.RoomFor(0)
	l.surveys.RoomFor(0)
	l.kinds.RoomFor(0)
	return l
}

// compiled is a wording that differs from the law's, and what it means.
type compiled struct {
	src    []byte
	policy *policy.Policy
	gone   map[string]bool // what was declared for clauses that end alone: "param.x", "setting.x", "agg.x"
}

// Size is how much room it takes on a shelf: a policy in memory is some times as large as its text.
func (c *compiled) Size() int { return len(c.src) / 16 }

// Planned is a scenario as a plan, beside that of the law.
type Planned struct {
	Scenario Scenario // canonical
	Law      *policy.Plan
	Plan     *policy.Plan

	law  version.InForce
	src  []byte          // the wording, with the numbers as they were
	from version.Package // of the law
}

// Plan reads a scenario against the law as known at a commit. What does not fit is an errs.KindInvalid that says which
// part of the scenario is meant; a policy that is not in force is NotFound.
func (l *Lab) Plan(ctx context.Context, seq int64, s Scenario) (*Planned, error) {
	s = s.Canonical()
	if err := s.check(l.Library.Areas()); err != nil {
		return nil, err
	}
	law, err := l.Versions.InForce(ctx, s.Policy, seq)
	if err != nil {
		return nil, err
	}
	p := &Planned{Scenario: s, law: law}
	if p.from, err = l.Versions.Package(ctx, law.Version); err != nil {
		return nil, err
	}
	if p.Law, err = law.Policy.Plan(nil); err != nil {
		return nil, fmt.Errorf("plan the law of %s: %w", s.Policy, err)
	}
	meant, err := l.meant(p)
	if err != nil {
		return nil, err
	}
	settings, changes := meant.left(s)
	p.src = meant.src
	p.Plan, err = meant.policy.Plan(settings, changes...)
	return p, err
}

// PlanFor is Plan for one who sees what a view shows. A budget, and the quotas and pools of another wording, are shared by all
// whom the scenario pays, so that the part of one tells what the others come to: who does not see all of them is refused by an
// errs.KindInvalid.
func (l *Lab) PlanFor(ctx context.Context, view fact.View, s Scenario) (*Planned, error) {
	p, err := l.Plan(ctx, view.Seq(), s)
	if err != nil {
		return nil, err
	}
	if (p.Scenario.Budget != 0 || p.Scenario.Text != "") && !MaySee(p.Plan, view.Scope()) {
		return nil, errs.Invalid(i18n.M("lab.shared"))
	}
	return p, nil
}

// MaySee says that a scope sees all whom the quotas and pools of a plan are shared by: it has none, or pays only in areas that the
// scope sees. Of a plan that is not law, others may not see what their own part is.
func MaySee(pl *policy.Plan, scope access.Scope) bool {
	a := pl.Policy.File.Document.Area
	return !pl.Staged() || scope.All() || a != nil && !slices.ContainsFunc(a.In, func(code string) bool { return !scope.Sees(access.ReadSensitive, code, 0) })
}

// MayShow refuses to tell what a version comes to, by an errs.KindInvalid, one who does not see all whom its quotas and pools are
// shared by. What is in force is told to all.
func (l *Lab) MayShow(ctx context.Context, view fact.View, v version.Version, p *policy.Policy) error {
	plan, err := p.Plan(nil)
	if err != nil {
		return fmt.Errorf("plan version %d: %w", v.ID, err)
	}
	if MaySee(plan, view.Scope()) {
		return nil
	}
	switch law, err := l.Versions.InForce(ctx, v.Document, view.Seq()); {
	case err != nil && errs.KindOf(err) != errs.KindNotFound:
		return err
	case err == nil && law.ID == v.ID:
		return nil
	}
	return errs.Invalid(i18n.M("lab.shared_version"))
}

// left is the answers and numbers of the scenario, but for those that only clauses asked for that it ends.
func (c *compiled) left(s Scenario) (map[string]string, []policy.Patch) {
	settings, changes := maps.Clone(s.Settings), slices.Clone(s.Changes)
	maps.DeleteFunc(settings, func(id, _ string) bool { return c.gone["setting."+id] })
	changes = slices.DeleteFunc(changes, func(p policy.Patch) bool { return c.gone["param."+p.Param] })
	if s.Budget != 0 {
		changes = append(changes, policy.Patch{Param: BudgetParam, Value: written(s.Budget)})
	}
	return settings, changes
}

// meant is the wording of the scenario: the law itself where that is not changed.
func (l *Lab) meant(p *Planned) (*compiled, error) {
	s, law := p.Scenario, p.from.Policy
	if s.Text == string(law) {
		s.Text = ""
	}
	if s.Text == "" && len(s.Ended)+len(s.Only) == 0 && s.Budget == 0 {
		return &compiled{src: law, policy: p.law.Policy}, nil
	}
	key := strings.Join([]string{p.law.Hash, hashOf(s.Text), fmt.Sprintf("%q %q %t", s.Ended, s.Only, s.Budget != 0)}, " ")
	c, err := l.wordings.Try(key, func() (*compiled, error) { return l.compile(law, s) })
	if err != nil {
		return nil, err
	}
	if last := p.law.Policy.Ends(); last != nil {
		return &compiled{src: c.src, policy: c.policy.Until(*last), gone: c.gone}, nil
	}
	return c, nil
}

func hashOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// compile writes and reads the wording of a scenario. Its budget is a number of its own, so that moving it is no new
// wording.
func (l *Lab) compile(law []byte, s Scenario) (*compiled, error) {
	src := law
	if s.Text != "" {
		src = []byte(s.Text)
		if err := l.readable(s); err != nil {
			return nil, err
		}
	}
	w := newWording(src)
	w.end(s.Ended)
	w.restrict(s.Only, l.Library.Areas())
	w.fund(min(s.Budget, 1))
	for w.err == nil {
		p, problems := policy.Compile(l.Library, version.PolicyFile, w.src)
		switch {
		case len(problems) == 0:
			return &compiled{src: w.src, policy: p, gone: w.gone}, nil
		case len(s.Ended) == 0 || !w.tidy(problems):
			return nil, told(problems)
		}
	}
	return nil, w.err
}

// readable refuses a text that does not compile, or is of another document.
func (l *Lab) readable(s Scenario) error {
	p, problems := policy.Compile(l.Library, version.PolicyFile, []byte(s.Text))
	if len(problems) > 0 {
		return told(problems)
	}
	if id := p.File.Document.ID; id != s.Policy {
		return errs.Invalid(i18n.M("lab.other_document", id, s.Policy))
	}
	return nil
}

// told is what is wrong with a wording: how much, and the first of it with its place.
func told(problems content.Problems) error {
	first := problems[0]
	return &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("lab.bad_text", len(problems), first.Line, first.Col, first.Msg), Err: problems}
}

// asked is the day that results are asked for.
func (p *Planned) asked(asOf period.Day) period.Day {
	if p.Scenario.AsOf != nil {
		return *p.Scenario.AsOf
	}
	return asOf
}

// Run is what a scenario comes to for the enterprises that the view shows with all of their facts, as of the scenario's day
// or else the one given.
func (l *Lab) Run(ctx context.Context, view fact.View, s Scenario, asOf period.Day) (*Outcome, error) {
	p, err := l.PlanFor(ctx, view, s)
	if err != nil {
		return nil, err
	}
	var both [2]*region.Region
	for i, plan := range []*policy.Plan{p.Law, p.Plan} {
		if both[i], err = l.Runner.Run(ctx, view, plan, p.asked(asOf)); err != nil {
			return nil, fmt.Errorf("run a scenario of %s: %w", p.Scenario.Policy, err)
		}
	}
	return l.outcome(p, view, both[0], both[1]), nil
}

// RunAll is Run for scenarios side by side, MaxSideBySide at most, in their order.
func (l *Lab) RunAll(ctx context.Context, view fact.View, all []Scenario, asOf period.Day) ([]*Outcome, error) {
	if len(all) > MaxSideBySide {
		return nil, errs.Invalid(i18n.M("lab.many_scenarios", len(all), MaxSideBySide))
	}
	out := make([]*Outcome, len(all))
	for i, s := range all {
		var err error
		if out[i], err = l.Run(ctx, view, s, asOf); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Begin is Run for one who does not wait: the outcome where it is there, else how far the work is. With neither an outcome
// nor an error, ask again.
func (l *Lab) Begin(ctx context.Context, view fact.View, s Scenario, asOf period.Day) (*Outcome, region.Progress, error) {
	p, err := l.PlanFor(ctx, view, s)
	if err != nil {
		return nil, region.Progress{}, err
	}
	before, first, err := l.Runner.Begin(view, p.Law, p.asked(asOf))
	if err != nil {
		return nil, region.Progress{}, err
	}
	after, second, err := l.Runner.Begin(view, p.Plan, p.asked(asOf))
	if err != nil {
		return nil, region.Progress{}, err
	}
	if before == nil || after == nil {
		return nil, region.Progress{Decided: first.Decided + second.Decided, Firms: first.Firms + second.Firms}, nil
	}
	return l.outcome(p, view, before, after), region.Progress{}, nil
}
