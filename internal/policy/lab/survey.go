package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Survey is what keeps firms from money under a scenario, and what holds it back: the firms that fail a clause by one
// condition alone, and the ceilings that cut something. Quotas and pools are left aside: it is asked what each would get
// where there is room for all.
type Survey struct {
	Misses   []Miss       // those with the most to gain first
	Ceilings []CeilingUse // in the order of the document

	read []access.Seen // personal and confidential data that it was worked out from
}

// Shown notes that the survey is shown through a scope: it was worked out once, and each who is shown it reads what it stands on.
func (s *Survey) Shown(scope access.Scope) { scope.SawAgain(s.read) }

// Miss is a firm that fails a clause by a single condition.
type Miss struct {
	Firm   *region.Firm
	Clause string
	Check  string    // id of the exclusion, condition, threshold or prerequisite
	Kind   string    // of it: exclusion, condition, threshold, requires
	Text   i18n.Text // of it
	At     []Spot    // where it fails: a project in a year, a loan
	Sure   bool      // all else is known to be met, at one place at least
	Gain   money.Fen // what the firm would get on top for sure, did the condition hold; decided again with it waived
	Most   money.Fen // what would be possible on top; below Gain where there is no limit
	Floor  money.Fen // what a county that pays by itself would have to give more, at least
}

// Spot is a subject and year in which a condition fails. Of a threshold it says how far.
type Spot struct {
	Subject  policy.Ref
	Year     int
	Have     *money.Fen
	Need     *money.Fen
	Distance *money.Fen
}

// CeilingUse is a ceiling and for whom it binds. It binds nobody where Firms and Perhaps are 0: no decision would be another
// one if it were as high as may be.
type CeilingUse struct {
	ID      string
	Clause  string // that declares it
	With    []string
	Cite    string
	Firms   int       // for which it cuts something, and all is known
	Perhaps int       // for which it does so where what is not known comes to the most
	Cut     money.Fen // from the Firms together
}

// missKey is what one Miss stands for.
type missKey struct {
	firm          int64
	clause, check string
}

// Survey looks at every firm of the outcome under its scenario. It takes some tenths of a millisecond for each firm that is
// paid or misses something, and is kept as long as there is room: pages of its lists ask for it again.
func (l *Lab) Survey(ctx context.Context, o *Outcome) (*Survey, error) {
	key := fmt.Sprint(o.Plan.Hash, " ", o.Seq, " ", o.AsOf, " ", o.Scenario.Area, " ", o.view.Scope().Key())
	s, err := l.surveys.Try(key, func() (*Survey, error) { return l.survey(ctx, o) })
	if err == nil {
		s.Shown(o.view.Scope())
	}
	return s, err
}

// Size is how much room it takes on a shelf.
func (s *Survey) Size() int { return len(s.Misses) }

func (l *Lab) survey(ctx context.Context, o *Outcome) (*Survey, error) {
	r := &surveying{lab: l, outcome: o, plan: o.Plan.Unstaged(), waived: map[[2]string]*policy.Plan{}, cuts: map[string]*CeilingUse{}}
	var watch access.Watch
	err := l.Runner.Each(ctx, o.view.Watched(&watch), o.After, func(f *region.Firm) bool { return true }, r.look)
	if err != nil {
		return nil, fmt.Errorf("survey a scenario of %s: %w", o.Scenario.Policy, err)
	}
	s := r.done()
	s.read = watch.Take()
	return s, nil
}

// surveying is a survey while it is made.
type surveying struct {
	lab     *Lab
	outcome *Outcome
	plan    *policy.Plan

	mu     sync.Mutex
	misses []Miss
	waived map[[2]string]*policy.Plan // by clause and check; nil where nothing is to be had
	cuts   map[string]*CeilingUse
}

// look surveys some firms.
func (r *surveying) look(firms []*region.Firm, subjects []rule.Subject) error {
	near := make([][]policy.Near, len(firms))
	r.plan.NearMisses(subjects, r.outcome.AsOf, r.lab.Runner.Facts(), func(n policy.Near) { near[n.Firm] = append(near[n.Firm], n) })
	for i, f := range firms {
		paid := f.Total != (policy.Interval{}) || f.InKind != (policy.Interval{})
		if !paid && len(near[i]) == 0 {
			continue
		}
		d, err := r.plan.Decide(subjects[i], r.outcome.AsOf, policy.Options{Trace: true})
		if err != nil {
			continue // it fails alone, which the region tells
		}
		r.ceilings(d)
		r.missed(f, subjects[i], d, near[i])
	}
	return nil
}

// ceilings notes what ceilings cut for a firm.
func (r *surveying) ceilings(d *policy.Decision) {
	cut := map[string]money.Fen{}
	for i := range d.Lines {
		for _, s := range d.Lines[i].Steps {
			if s.Limit != nil {
				cut[s.Rule] += s.From - s.To
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, by := range cut {
		u := r.cuts[id]
		if u == nil {
			u = &CeilingUse{}
			r.cuts[id] = u
		}
		if !d.Total.Plus(d.InKind).Exact() {
			u.Perhaps++
			continue
		}
		u.Firms++
		u.Cut += by
	}
}

// missed notes what a firm misses, and what each would bring.
func (r *surveying) missed(f *region.Firm, s rule.Subject, d *policy.Decision, near []policy.Near) {
	found := map[missKey]*Miss{}
	var order []*Miss
	for _, n := range near {
		l := lineOf(d, n)
		if l == nil || called(d, l, n.Check) || nothing(l, n.Check) {
			continue
		}
		k := missKey{f.ID, n.Clause, n.Check}
		m := found[k]
		if m == nil {
			m = &Miss{Firm: f, Clause: n.Clause, Check: n.Check, Kind: n.Kind, Text: n.Text}
			found[k] = m
			order = append(order, m)
		}
		m.Sure = m.Sure || n.Sure
		spot := Spot{Subject: n.Subject, Year: n.Year}
		for _, rem := range l.Remaining {
			if rem.Check == n.Check && rem.Distance != nil {
				spot.Have, spot.Need, spot.Distance = rem.Have, rem.Need, rem.Distance
			}
		}
		m.At = append(m.At, spot)
	}
	for _, m := range order {
		r.gain(m, s, d)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range order {
		r.misses = append(r.misses, *m)
	}
}

// gain decides again with the condition waived.
func (r *surveying) gain(m *Miss, s rule.Subject, d *policy.Decision) {
	plan := r.without(m.Clause, m.Check)
	if plan == nil {
		return
	}
	then, err := plan.Decide(s, r.outcome.AsOf, policy.Options{})
	if err != nil {
		return
	}
	now, more := d.Total.Plus(d.InKind), then.Total.Plus(then.InKind)
	m.Gain = max(more.Sure-now.Sure, 0)
	m.Floor = max(floorOf(then)-floorOf(d), 0)
	if now.Unbounded || more.Unbounded {
		m.Most = -1
		return
	}
	m.Most = max(more.Possible-now.Possible, m.Gain)
}

// floorOf is what the county of an enterprise must give it for sure, where the document leaves that to its county.
func floorOf(d *policy.Decision) money.Fen {
	if d.Floor == nil {
		return 0
	}
	return d.Floor.Sure
}

func (r *surveying) without(clause, check string) *policy.Plan {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := [2]string{clause, check}
	plan, known := r.waived[k]
	if !known {
		plan, _ = r.plan.Waived(clause, check)
		r.waived[k] = plan
	}
	return plan
}

// done is the survey in its order.
func (r *surveying) done() *Survey {
	slices.SortFunc(r.misses, func(a, b Miss) int {
		return cmp.Or(cmp.Compare(b.Gain, a.Gain), cmp.Compare(b.Most, a.Most), cmp.Compare(b.Floor, a.Floor), cmp.Compare(a.Firm.Name, b.Firm.Name),
			cmp.Compare(a.Firm.ID, b.Firm.ID), cmp.Compare(a.Clause, b.Clause), cmp.Compare(a.Check, b.Check))
	})
	s := &Survey{Misses: r.misses}
	for _, k := range r.plan.Clauses() {
		for _, c := range k.Ceilings {
			if c.Only != nil && r.plan.Settings[c.Only.Setting] != c.Only.Is {
				continue
			}
			u := CeilingUse{ID: c.ID, Clause: k.ID, With: c.With, Cite: c.Cite}
			if cut := r.cuts[c.ID]; cut != nil {
				u.Firms, u.Perhaps, u.Cut = cut.Firms, cut.Perhaps, cut.Cut
			}
			s.Ceilings = append(s.Ceilings, u)
		}
	}
	return s
}

// lineOf is the line in which a condition fails; nil where the decision tells none.
func lineOf(d *policy.Decision, n policy.Near) *policy.Line {
	i := slices.IndexFunc(d.Lines, func(l policy.Line) bool {
		return l.Clause == n.Clause && l.Subject == n.Subject && l.Year == n.Year
	})
	if i < 0 {
		return nil
	}
	return &d.Lines[i]
}

// titleFact is what an honour is called.
const titleFact = "honour.title"

// called says that a condition fails because a title is not another one: nobody can be called about that.
func called(d *policy.Decision, l *policy.Line, check string) bool {
	if l.Subject.Kind != content.Honour {
		return false
	}
	paid := slices.ContainsFunc(d.Lines, func(o policy.Line) bool { return o.Subject == l.Subject && o.State != policy.NotMet })
	i := slices.IndexFunc(l.Checks, func(c policy.Check) bool { return c.ID == check })
	return paid || i >= 0 && !slices.ContainsFunc(l.Checks[i].Read, func(f policy.Fact) bool { return f.Def != titleFact })
}

// nothing says that a threshold is missed with nothing at all, as by a project in a year before it began: that is not near.
func nothing(l *policy.Line, check string) bool {
	return slices.ContainsFunc(l.Remaining, func(r policy.Remaining) bool { return r.Check == check && r.Have != nil && *r.Have == 0 })
}

// CheckSum is the firms that one condition alone keeps from a clause.
type CheckSum struct {
	Clause, Check, Kind string
	Text                i18n.Text
	Firms               int
	Sure                int       // of the Firms, those that are known to meet all else
	Gain                money.Fen // by all of them together, each decided by itself
}

// ByCheck counts misses by clause and condition, those with the most to gain first.
func (s *Survey) ByCheck() []CheckSum {
	var all []CheckSum
	at := map[[2]string]int{}
	for _, m := range s.Misses {
		k := [2]string{m.Clause, m.Check}
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			all = append(all, CheckSum{Clause: m.Clause, Check: m.Check, Kind: m.Kind, Text: m.Text})
		}
		all[i].Firms++
		if m.Sure {
			all[i].Sure++
		}
		all[i].Gain += m.Gain
	}
	slices.SortStableFunc(all, func(a, b CheckSum) int { return cmp.Compare(b.Gain, a.Gain) })
	return all
}

// Of is the misses by a clause and a condition, those with the most to gain first; "" asks for all.
func (s *Survey) Of(clause, check string) []Miss {
	var all []Miss
	for _, m := range s.Misses {
		if (clause == "" || m.Clause == clause) && (check == "" || m.Check == check) {
			all = append(all, m)
		}
	}
	return all
}

// Cliff is a threshold, and the firms that stand right below it.
type Cliff struct {
	Clause, Check string
	Text          i18n.Text
	Need          money.Fen // the least number that is asked, of the years
	Firms         []Miss    // the nearest first
	Jump          money.Fen // what all of them together would get at it, each decided by itself
}

// Cliffs is the thresholds that firms miss by at most so many per cent of what is asked, and by nothing else.
func (s *Survey) Cliffs(percent int) []Cliff {
	var all []Cliff
	at := map[[2]string]int{}
	for _, m := range s.Misses {
		gap, need, ok := m.nearest()
		if !ok || gap > share(need, percent) {
			continue
		}
		k := [2]string{m.Clause, m.Check}
		i, known := at[k]
		if !known {
			i = len(all)
			at[k] = i
			all = append(all, Cliff{Clause: m.Clause, Check: m.Check, Text: m.Text, Need: need})
		}
		c := &all[i]
		c.Need, c.Jump, c.Firms = min(c.Need, need), c.Jump+m.Gain, append(c.Firms, m)
	}
	for _, c := range all {
		slices.SortStableFunc(c.Firms, func(a, b Miss) int {
			x, _, _ := a.nearest()
			y, _, _ := b.nearest()
			return cmp.Compare(x, y)
		})
	}
	slices.SortStableFunc(all, func(a, b Cliff) int { return cmp.Compare(b.Jump, a.Jump) })
	return all
}

// nearest is the least distance to a threshold; ok is false for what is none, or of which it is not known how far it is.
func (m Miss) nearest() (gap, need money.Fen, ok bool) {
	for _, s := range m.At {
		if s.Distance != nil && s.Need != nil && (!ok || *s.Distance < gap) {
			gap, need, ok = *s.Distance, *s.Need, true
		}
	}
	return gap, need, ok
}

// share is so many per cent of an amount, down to the fen.
func share(of money.Fen, percent int) money.Fen {
	percent = min(max(percent, 0), 100)
	return of/100*money.Fen(percent) + of%100*money.Fen(percent)/100
}

// Advice is what a firm would have to do to meet a clause that it misses, with the facts as they would have to be: checked
// by deciding again with them. Nothing where a condition asks for what no single figure or yes would change.
func (l *Lab) Advice(ctx context.Context, o *Outcome, firm int64, clause string) ([]policy.Advice, error) {
	d, err := l.Runner.Decide(ctx, o.view, o.Plan.Unstaged(), firm, o.AsOf)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(d.Advice, func(a policy.Advice) bool { return a.Clause != clause }), nil
}
