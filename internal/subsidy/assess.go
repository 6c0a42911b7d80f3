package subsidy

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Aim is what an application asks for: one clause for one thing and, where the clause is yearly, one year.
type Aim struct {
	Policy     string // document id
	Known      int64  // commit at which the policy was in force; 0 is the view's
	Clause     string
	Enterprise int64
	Subject    int64 // the enterprise itself, or a project, loan, lease, title of it
	Year       int   // 0: that of the event; of a yearly clause, that of AsOf
	AsOf       period.Day
}

// Bound is the most that a fact may count for: what was recognised of the cost items behind it.
type Bound struct {
	Fact   string        `json:"fact"`
	Period period.Period `json:"period"`
	Stated *money.Fen    `json:"stated,omitempty"` // what the facts say; nil where nobody said
	Most   money.Fen     `json:"most"`
}

// Counts is what the fact counts for.
func (b Bound) Counts() money.Fen {
	if b.Stated != nil {
		return min(*b.Stated, b.Most)
	}
	return b.Most
}

// Assessment is what an aim comes to, with what it follows from.
type Assessment struct {
	Aim
	Package  string // hash of the policy's files
	Plan     *policy.Plan
	Decision *policy.Decision
	Line     policy.Line      // of the aim, with its trace
	Bounds   []Bound          // that the decision was taken with
	question version.Question // that its receipt answers
}

// Found is what was found of the cost items behind an aim, by their kinds. They bound the facts that they add up to.
type Found struct {
	Aim
	Most map[string]money.Fen
}

// Assess decides on an aim by what a view knows; the cost items behind it, and those behind what the enterprise was granted
// besides, lower the facts that they add up to. It is NotFound where the view does not show the enterprise, and Invalid where
// the clause has no line for the thing and year.
func (s *Store) Assess(ctx context.Context, view fact.View, aim Found, beside ...Found) (*Assessment, error) {
	return s.assess(ctx, view, s.reader, aim, beside, promised)
}

// promised is how an amount is decided that may be paid in parts: all of them. paidByNow is what of it has fallen due.
var (
	promised  = policy.Options{Trace: true, Whole: true}
	paidByNow = policy.Options{Trace: true}
)

// inParts says that a clause is paid in instalments, or may be taken back.
func inParts(p *policy.Policy, clause string) bool {
	c, ok := p.Clause(clause)
	return ok && c.Payment != nil
}

// policyOf is the policy of an aim as it was in force when it was pinned, under the answers that stand.
func (s *Store) policyOf(ctx context.Context, document string, known int64) (version.InForce, *policy.Plan, error) {
	in, err := s.Versions.InForce(ctx, document, known)
	if err != nil {
		return in, nil, err
	}
	plan, err := in.Policy.Plan(nil)
	return in, plan, err
}

func (s *Store) assess(ctx context.Context, view fact.View, reader subjects, of Found, beside []Found, opt policy.Options) (*Assessment, error) {
	aim := of.Aim
	if aim.Known == 0 {
		aim.Known = view.Seq()
	}
	in, plan, err := s.policyOf(ctx, aim.Policy, aim.Known)
	if err != nil {
		return nil, err
	}
	if c, _ := in.Policy.Clause(aim.Clause); aim.Year == 0 && c.Event == "yearly" {
		aim.Year = aim.AsOf.Year()
	}
	of.Year = aim.Year
	firm, ok := reader.Subject(view, aim.Enterprise)
	if !ok {
		return nil, errs.NotFound("enterprise", aim.Enterprise)
	}
	a := &Assessment{Aim: aim, Package: in.Hash, Plan: plan}
	over := overlay{}
	for _, f := range beside {
		if _, err := s.bound(over, firm, in.Policy, f); err != nil {
			return nil, err
		}
	}
	if a.Bounds, err = s.bound(over, firm, in.Policy, of); err != nil {
		return nil, err
	}
	firm = over.of(firm)
	if a.Decision, err = plan.Decide(firm, aim.AsOf, opt); err != nil {
		return nil, fmt.Errorf("decide on enterprise %d: %w", aim.Enterprise, err)
	}
	a.question = version.Question{Package: in.Hash, Plan: plan, Subject: firm, AsOf: aim.AsOf, Known: view.Seq()}
	if plan.Staged() {
		if a.question.Allotted, err = s.Runner.Allotted(ctx, view, plan, aim.Enterprise, aim.AsOf); err != nil {
			return nil, err
		}
		a.Decision.ApplyOwn(a.question.Allotted)
	}
	if a.Line, err = lineOf(a.Decision, aim); err != nil {
		return nil, err
	}
	a.Year = a.Line.Year
	return a, nil
}

// reads is the facts that the line of the aim follows from.
func (a *Assessment) reads() []rule.FactRef {
	var all []rule.FactRef
	add := func(facts []policy.Fact) {
		for _, f := range facts {
			all = append(all, rule.FactRef{Subject: rule.SubjectRef{Kind: f.Subject.Kind, ID: f.Subject.ID}, Def: f.Def, Period: f.Period})
		}
	}
	for _, c := range a.Line.Checks {
		add(c.Read)
		add(c.Need) // where a policy takes what nobody reported as no
	}
	for _, t := range a.Line.Formula {
		add(t.Read)
	}
	return all
}

// lineOf is the line of a decision that an aim means.
func lineOf(d *policy.Decision, aim Aim) (policy.Line, error) {
	id := strconv.FormatInt(aim.Subject, 10)
	i := slices.IndexFunc(d.Lines, func(l policy.Line) bool {
		return l.Clause == aim.Clause && l.Subject.ID == id && (aim.Year == 0 || l.Year == aim.Year)
	})
	if i < 0 {
		return policy.Line{}, errs.Invalid(i18n.M("subsidy.no_line", aim.Clause, aim.Year))
	}
	return d.Lines[i], nil
}

// subjects makes rule subjects of what a view knows.
type subjects interface {
	Subject(v fact.View, enterprise int64) (rule.Subject, bool)
}

// bound lets the facts behind cost items count for no more than what was found of the items.
func (s *Store) bound(over overlay, firm rule.Subject, p *policy.Policy, f Found) ([]Bound, error) {
	if len(f.Most) == 0 {
		return nil, nil
	}
	thing := below(firm, f.Subject)
	if thing == nil {
		return nil, errs.NotFound("subject", f.Subject)
	}
	facts, _ := s.Costs.of(p, f.Clause)
	var bounds []Bound
	for _, c := range facts {
		def := s.Costs.defs[c.Fact]
		b := Bound{Fact: c.Fact}
		if def.Period == period.Year {
			b.Period = period.OfYear(f.Year)
		}
		for _, kind := range c.Kinds {
			sum, err := b.Most.Add(f.Most[kind])
			if err != nil {
				return nil, errs.Invalid(i18n.M("subsidy.too_much"))
			}
			b.Most = sum
		}
		if v, state := thing.Fact(def, b.Period, f.AsOf); state == rule.Present {
			fen := v.Fen()
			b.Stated = &fen
		}
		over[factKey{thing.Kind(), thing.ID(), def.Code, b.Period}] = b.Counts()
		bounds = append(bounds, b)
	}
	return bounds, nil
}

// below is the subject with an id: the enterprise itself or one below it; nil where there is none.
func below(firm rule.Subject, id int64) rule.Subject {
	want := strconv.FormatInt(id, 10)
	if firm.ID() == want {
		return firm
	}
	for _, kind := range []string{content.Project, content.Loan, content.Lease, content.Honour} {
		for _, c := range firm.Children(kind) {
			if c.ID() == want {
				return c
			}
		}
	}
	return nil
}

type factKey struct {
	kind, subject, def string
	period             period.Period
}

// overlay is other values for some facts.
type overlay map[factKey]money.Fen

// shaped is a subject seen through an overlay. It is a value: the same subject seen twice is equal.
type shaped struct {
	rule.Subject
	over *overlay
}

func (o *overlay) of(s rule.Subject) rule.Subject {
	if s == nil || len(*o) == 0 {
		return s
	}
	return shaped{s, o}
}

func (s shaped) Fact(def content.FactDef, p period.Period, on period.Day) (rule.Value, rule.State) {
	if fen, ok := (*s.over)[factKey{s.Kind(), s.ID(), def.Code, p}]; ok {
		return rule.Money(fen), rule.Present
	}
	return s.Subject.Fact(def, p, on)
}

func (s shaped) Parent() rule.Subject { return s.over.of(s.Subject.Parent()) }

func (s shaped) Children(kind string) []rule.Subject {
	all := slices.Clone(s.Subject.Children(kind))
	for i, c := range all {
		all[i] = s.over.of(c)
	}
	return all
}

// Offer is what an enterprise may apply for.
type Offer struct {
	Aim
	Name  i18n.Text // of the clause
	Line  policy.Line
	Asked []Kind // of cost items
}

// Offered says that a line of a decision may be applied for: it brings something for sure, or may once more is known.
func Offered(l policy.Line) bool {
	return l.State != policy.NotMet && (l.Pays.Possible > 0 || l.Pays.Unbounded)
}

// Offers is every line of a policy that brings something to an enterprise for sure, or may once more is known, in the order
// of the decision: what an application is prefilled from.
func (s *Store) Offers(ctx context.Context, view fact.View, document string, enterprise int64, asOf period.Day) ([]Offer, error) {
	in, plan, err := s.policyOf(ctx, document, view.Seq())
	if err != nil {
		return nil, err
	}
	d, err := s.Runner.Decide(ctx, view, plan, enterprise, asOf)
	if err != nil {
		return nil, err
	}
	var all []Offer
	for _, l := range d.Lines {
		if !Offered(l) {
			continue
		}
		id, err := strconv.ParseInt(l.Subject.ID, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("subject %q of a decision: %w", l.Subject.ID, err)
		}
		c, _ := in.Policy.Clause(l.Clause)
		all = append(all, Offer{
			Aim:  Aim{Policy: document, Known: view.Seq(), Clause: l.Clause, Enterprise: enterprise, Subject: id, Year: l.Year, AsOf: asOf},
			Name: c.Name, Line: l, Asked: s.Costs.Asked(in.Policy, l.Clause),
		})
	}
	return all, nil
}
