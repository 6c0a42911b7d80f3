package lint

import (
	"math/rand/v2"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Limits of the search for an enterprise for which a county promises less, for each clause and year.
const (
	maxAmounts = 60 // amounts around thresholds and ceilings that are tried
	maxSamples = 80 // firms with facts drawn from them
	fewer      = 6  // how many times less of both is tried where an open question is answered otherwise
)

// floor asks whether a county promises no less than the city's document wants, clause by clause. Facts are tried where a
// promise can turn: at thresholds and ceilings of both documents and a fen beside them, at the ends of validity, and some
// hundred combinations of them; first as open questions are answered by default, then as they may be. A draft promises
// nothing.
func (p *pack) floor(city *pack) {
	area := p.floorArea(city)
	if area == "" || !city.live() {
		return
	}
	if !p.live() {
		p.tell("draft", Warning, p.at("document", "status"), i18n.M("lint.draft_promises", p.doc().Number, city.doc().Number), i18n.M("lint.mend_draft_promises"), city.at("document", "floor"))
		return
	}
	c := comparison{county: p, city: city, area: area, plans: map[string]*policy.Plan{}}
	for i := range city.policy.File.Clauses {
		for w := range c.worlds(i) {
			if c.answer(w) && c.clause(i, w) {
				break
			}
		}
	}
}

// floorArea is an area of a county's document in which the city's floor holds.
func (p *pack) floorArea(city *pack) string {
	d, floor := p.doc(), city.doc().Floor
	if d.Area == nil || floor == nil || d.ID == city.doc().ID {
		return ""
	}
	for _, in := range d.Area.In {
		if slices.ContainsFunc(floor.In, func(top string) bool { return p.lib.Areas().Within(in, top) }) {
			return in
		}
	}
	return ""
}

// comparison is one county's document against one city's.
type comparison struct {
	county, city *pack
	area         string
	plans        map[string]*policy.Plan // of both documents, by their answers
	ours, theirs *policy.Plan            // as open questions are answered now
}

// clause looks for an enterprise for which the county pays less than a clause of the city, and tells of it.
func (c *comparison) clause(i int, w world) (below bool) {
	k := &c.city.policy.File.Clauses[i]
	if k.Only != nil && c.theirs.Settings[k.Only.Setting] != k.Only.Is {
		return false
	}
	var answers []*policy.Only
	for id, is := range c.theirs.Settings {
		answers = append(answers, &policy.Only{Setting: id, Is: is})
	}
	d, possible := c.city.start(i, answers...), true
	for _, s := range c.city.steps(i) {
		if s.only != nil && c.theirs.Settings[s.only.Setting] != s.only.Is {
			continue
		}
		if d, possible = s.apply(d); !possible {
			return false
		}
	}
	g := grid{comparison: c, clause: k, domains: d, defs: c.facts(i), random: rand.New(rand.NewPCG(1, uint64(i))), most: maxAmounts, samples: maxSamples}
	if len(w) > 0 {
		g.most, g.samples = maxAmounts/fewer, maxSamples/fewer
	}
	for f := range g.firms {
		if asked, got, below := c.below(k, f); below {
			c.tell(i, w, f, asked, got)
			return true
		}
	}
	return false
}

// below says that the county pays an enterprise less than the clause of the city wants.
func (c *comparison) below(k *policy.Clause, f *firm) (asked, got policy.Interval, below bool) {
	asOf := period.Date(f.year, 12, 31)
	f.area = c.city.doc().Area.In[0]
	want, err := c.theirs.Decide(f, asOf, policy.Options{})
	if err != nil {
		return asked, got, false
	}
	at := slices.IndexFunc(want.Clauses, func(s policy.ClauseSum) bool { return s.Clause == k.ID })
	if at < 0 || want.Clauses[at].State != policy.Met {
		return asked, got, false
	}
	asked = want.Clauses[at].Pays
	f.area = c.area
	have, err := c.ours.Decide(f, asOf, policy.Options{})
	if err != nil {
		return asked, got, false
	}
	got = have.Total.Plus(have.InKind)
	if k.Amount.Eligibility != nil {
		met := slices.ContainsFunc(have.Lines, func(l policy.Line) bool { return l.State == policy.Met })
		return asked, got, !met
	}
	return asked, got, asked.Sure > got.Sure || !got.Unbounded && (asked.Unbounded || asked.Possible > got.Possible)
}

// tell names the numbers of the county's document that are lower, or else its clause, and an enterprise that shows it.
func (c *comparison) tell(i int, w world, f *firm, asked, got policy.Interval) {
	k := &c.city.policy.File.Clauses[i]
	severity := Error
	what := i18n.M("lint.below_city", k.Cite, c.city.doc().Number, most(asked), most(got), f.told(c.county.lib))
	mine := slices.IndexFunc(c.county.policy.File.Clauses, func(o policy.Clause) bool { return o.ID == k.ID || o.Entity == k.Entity && o.Event == k.Event })
	at, other := c.county.at("clauses"), c.city.at("clauses", i)
	if mine >= 0 {
		at = c.county.at("clauses", mine)
		if a, b, ok := c.lower(i, mine); ok {
			at, other = a, b
		}
	}
	if len(w) > 0 { // the defaults keep the standard
		severity, what = Warning, i18n.M("lint.below_city_where", what, w.told(c))
	}
	c.county.found = append(c.county.found, Finding{
		Rule: "floor", Severity: severity, At: at, Other: &other, What: what, Mend: i18n.M("lint.mend_below_city"),
		Firm: f.JSON(c.county.lib), Settings: w.settings(),
	})
}

func most(i policy.Interval) any {
	if i.Unbounded {
		return i18n.M("lint.unbounded")
	}
	return i.Possible.String()
}

// lower is a number that is less favourable in the county's clause than in the city's: a rate, an award, a threshold, a
// ceiling.
func (c *comparison) lower(i, mine int) (at, other Place, ok bool) {
	a, b := &c.city.policy.File.Clauses[i], &c.county.policy.File.Clauses[mine]
	worse := func(cityRef, countyRef string, sign int) bool {
		want, have := c.city.values(cityRef), c.county.values(countyRef)
		for _, key := range sorted(want) {
			v, there := have[key]
			if !there {
				v, there = have[""]
			}
			x, y := rule.DomainOf(want[key]).Low, rule.DomainOf(v).Low
			if there && x != nil && y != nil && sign*y.Value.Cmp(x.Value) < 0 {
				at, other = c.county.param(countyRef, key), c.city.param(cityRef, key)
				return true
			}
		}
		return false
	}
	switch {
	case a.Amount.Share != nil && b.Amount.Share != nil && worse(a.Amount.Share.Rate, b.Amount.Share.Rate, 1),
		a.Amount.Fixed != nil && b.Amount.Fixed != nil && worse(a.Amount.Fixed.Value, b.Amount.Fixed.Value, 1),
		a.Amount.InKind != nil && b.Amount.InKind != nil && worse(a.Amount.InKind.Ceiling, b.Amount.InKind.Ceiling, 1),
		a.Amount.UpTo != nil && b.Amount.UpTo != nil && a.Amount.UpTo.Limit != "" && b.Amount.UpTo.Limit != "" && worse(a.Amount.UpTo.Limit, b.Amount.UpTo.Limit, 1):
		return at, other, true
	}
	for _, s := range a.Thresholds {
		for _, t := range b.Thresholds {
			if s.Of == t.Of && worse(s.AtLeast+s.Over, t.AtLeast+t.Over, -1) {
				return at, other, true
			}
		}
	}
	for _, s := range a.Ceilings {
		for _, t := range b.Ceilings {
			if s.Scope == t.Scope && s.Of == "" && t.Of == "" && worse(s.Limit, t.Limit, 1) {
				return at, other, true
			}
		}
	}
	return at, other, false
}

// facts is what the city's clause reads of an enterprise, and what clauses of the county about the same event read.
func (c *comparison) facts(i int) []content.FactDef {
	k := &c.city.policy.File.Clauses[i]
	all := c.city.policy.Reads(i)
	for j, o := range c.county.policy.File.Clauses {
		if o.Entity == k.Entity && o.Event == k.Event {
			all = append(all, c.county.policy.Reads(j)...)
		}
	}
	var out []content.FactDef
	for _, def := range all {
		reach := def.Subject == content.Enterprise || def.Subject == k.Entity
		if reach && def.Code != rule.AreaCode && !slices.ContainsFunc(out, func(d content.FactDef) bool { return d.Code == def.Code }) {
			out = append(out, def)
		}
	}
	return out
}

// grid is the enterprises that are tried for one clause.
type grid struct {
	*comparison
	clause  *policy.Clause
	domains rule.Domains
	defs    []content.FactDef
	random  *rand.Rand
	most    int // amounts
	samples int
}

// firms gives each enterprise to try: first with one amount everywhere, then with one fact changed, then drawn.
func (g *grid) firms(yield func(*firm) bool) {
	valid := g.clause.Valid
	if valid == nil {
		valid = &g.city.doc().Valid
	}
	last := valid.From.Year() + 5
	if valid.To != nil {
		last = valid.To.Year()
	}
	for year := valid.From.Year(); year <= last; year++ {
		choices := map[string][]rule.Value{}
		for _, def := range g.defs {
			choices[def.Code] = g.choices(def, year)
		}
		base := g.firm(year, func(def content.FactDef) rule.Value { return choices[def.Code][0] })
		for _, amount := range g.amounts() {
			f := base.with(func(def content.FactDef, v rule.Value) rule.Value {
				if def.Type == content.Money {
					return rule.Money(amount)
				}
				return v
			}, g.defs)
			if !yield(f) {
				return
			}
		}
		for _, def := range g.defs {
			for _, v := range choices[def.Code][1:] {
				f := base.with(func(d content.FactDef, old rule.Value) rule.Value {
					if d.Code == def.Code {
						return v
					}
					return old
				}, g.defs)
				if !yield(f) {
					return
				}
			}
		}
		for range g.samples {
			f := g.firm(year, func(def content.FactDef) rule.Value {
				return choices[def.Code][g.random.IntN(len(choices[def.Code]))]
			})
			if !yield(f) {
				return
			}
		}
	}
}

// amounts is the sums at which a promise of one of the documents may turn, and a fen on both sides.
func (g *grid) amounts() []money.Fen {
	limits, rates := []money.Fen{}, []money.Rate{}
	for _, p := range []*pack{g.city, g.county} {
		for _, prm := range p.policy.File.Params {
			for _, v := range p.policy.Values(prm.ID) {
				switch prm.Type {
				case "money":
					limits = append(limits, v.Fen())
				case "rate":
					rates = append(rates, v.Rate())
				}
			}
		}
	}
	all := append([]money.Fen{1000 * money.Wan, money.Yi, 100 * money.Yi}, limits...)
	for _, limit := range limits {
		for _, r := range rates {
			if turn, ok := reaches(limit, r); ok {
				all = append(all, turn)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for len(all) > g.most { // thin out evenly, ends kept
		var fewer []money.Fen
		for i, a := range all {
			if i%2 == 0 || i == len(all)-1 {
				fewer = append(fewer, a)
			}
		}
		all = fewer
	}
	out := make([]money.Fen, 0, 3*len(all))
	for _, a := range all {
		out = append(out, a, a-1, a+1)
	}
	return out
}

// reaches is the base of which a rate makes a limit.
func reaches(limit money.Fen, r money.Rate) (money.Fen, bool) {
	inverse := r.Rat()
	if inverse.Sign() <= 0 {
		return 0, false
	}
	inverse.Inv(inverse)
	if !inverse.Num().IsInt64() || !inverse.Denom().IsInt64() {
		return 0, false
	}
	by, err := money.NewRate(inverse.Num().Int64(), inverse.Denom().Int64())
	if err != nil {
		return 0, false
	}
	base, err := money.Of(limit).Times(by).Round(money.Rounding{To: 1, Mode: money.Up})
	return base, err == nil
}

// choices is the values of a fact to try, one that the city's clause is content with first.
func (g *grid) choices(def content.FactDef, year int) []rule.Value {
	d := g.domains[def.Code]
	switch def.Type {
	case content.Bool:
		first := d.Words == nil || d.Words["true"]
		return []rule.Value{rule.Bool(first), rule.Bool(!first)}
	case content.Money:
		out := []rule.Value{rule.Money(money.Yi)}
		for _, a := range g.amounts() {
			out = append(out, rule.Money(a))
		}
		return out
	case content.Date:
		out := []rule.Value{rule.Day(period.Date(year, 7, 1)), rule.Day(period.Date(year, 1, 1)), rule.Day(period.Date(year, 12, 31))}
		for _, end := range []*period.Day{&g.city.doc().Valid.From, g.city.doc().Valid.To} {
			if end != nil && end.Year() == year {
				out = append(out, rule.Day(*end))
			}
		}
		return out
	case content.Rate:
		return []rule.Value{rule.Rate(money.PPM(40_000)), rule.Rate(money.PPM(10_000)), rule.Rate(money.PPM(0))}
	case content.Int:
		return []rule.Value{rule.Int(100), rule.Int(1), rule.Int(0), rule.Int(10_000)}
	case content.Decimal:
		return []rule.Value{rule.Decimal(100_000_000), rule.Decimal(1_000_000), rule.Decimal(0)}
	}
	var out []rule.Value
	for _, w := range sorted(d.Words) {
		out = append(out, rule.Text(w))
	}
	if list, ok := g.city.lib.CodeList(def.Codes); ok && len(out) == 0 {
		for _, e := range list.Entries {
			out = append(out, rule.Text(e.Code))
		}
	}
	return append(out, rule.Text("other"))
}

// firm is an enterprise with one subject of the clause's kind, whose facts are drawn.
func (g *grid) firm(year int, of func(content.FactDef) rule.Value) *firm {
	f := &firm{kind: content.Enterprise, id: "E1", year: year, facts: map[string]rule.Value{}}
	if g.clause.Entity != content.Enterprise {
		f.child = &firm{kind: g.clause.Entity, id: "S1", year: year, facts: map[string]rule.Value{}, parent: f}
	}
	for _, def := range g.defs {
		f.subject(def).facts[def.Code] = of(def)
	}
	return f
}
