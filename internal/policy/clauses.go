package policy

import (
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// kinds is the subjects that clauses may be about, and whose facts each can read besides its own.
var kinds = []string{content.Enterprise, content.Project, content.Loan, content.Lease, content.Honour}

func (c *compiler) clauses() {
	f := &c.p.File
	if len(f.Clauses) == 0 {
		c.report([]any{"clauses"}, "policy.empty_list")
	}
	seen := map[string]bool{}
	for i := range f.Clauses {
		c.id([]any{"clauses", i, "id"}, f.Clauses[i].ID, seen)
	}
	c.p.shut = c.atoms([]any{"exclusions"}, f.Exclusions, content.Enterprise)
	for i := range f.Clauses {
		k := c.clause(i)
		k.byDay = k.byDay || len(c.p.cuts) > 0
		c.p.all = append(c.p.all, k)
	}
}

func (c *compiler) clause(i int) (k clause) {
	src, path := &c.p.File.Clauses[i], []any{"clauses", i}
	k = clause{Clause: src, index: i, purse: cash}
	before := c.event // what stands above the clauses counts for each of them
	defer func() { k.byDay, c.event = c.event, before }()
	c.place(path, src.Place)
	c.only(at(path, "only"), src.Only)
	if !c.oneOf(at(path, "entity"), src.Entity, kinds...) {
		return k
	}
	if k.yearly = src.Event == "yearly"; !k.yearly {
		k.event = c.factOf(at(path, "event"), src.Entity, src.Event, content.Date)
	}
	if src.Valid != nil {
		c.valid(at(path, "valid"), src.Valid)
	}
	k.when = c.atoms(at(path, "when"), src.When, src.Entity)
	k.shut = c.atoms(at(path, "exclusions"), src.Exclusions, src.Entity)
	ids := map[string]bool{}
	for j := range src.Thresholds {
		c.id(at(path, "thresholds", j, "id"), src.Thresholds[j].ID, ids)
		k.thresholds = append(k.thresholds, c.threshold(at(path, "thresholds", j), &src.Thresholds[j], src.Entity))
	}
	for j := range src.Requires {
		k.requires = append(k.requires, c.require(at(path, "requires", j), &src.Requires[j], src.Entity))
	}
	k.amount = c.amount(at(path, "amount"), &src.Amount, src.Entity)
	if m := src.Amount.Marks; m != nil && !k.yearly {
		c.report(at(path, "amount", "marks"), "policy.marks_yearly")
	}
	if k.amount.form == "in_kind" {
		k.purse = inKind
	}
	for j := range src.Once {
		c.once(at(path, "once", j), &src.Once[j], src.Entity)
	}
	ids = map[string]bool{}
	for j := range src.Ceilings {
		k.limits = append(k.limits, c.ceiling(at(path, "ceilings", j), &src.Ceilings[j], src, ids))
	}
	k.shares = c.shares(at(path, "shares"), src)
	k.payment = c.payment(at(path, "payment"), src)
	how := src.Rounding
	if c.rounding(at(path, "rounding"), how); how == nil {
		how = c.p.File.Document.Rounding
	}
	if how != nil {
		k.rounding, k.roundCite = money.Rounding{To: how.To, Mode: how.Mode}, how.Cite
	}
	return k
}

func (c *compiler) atoms(path []any, src []Atom, kind string) []atom {
	seen := map[string]bool{}
	var out []atom
	for i := range src {
		c.id(at(path, i, "id"), src[i].ID, seen)
		c.only(at(path, i, "only"), src[i].Only)
		if src[i].Unreported != "" {
			c.oneOf(at(path, i, "unreported"), src[i].Unreported, "no")
		}
		out = append(out, atom{Atom: &src[i], expr: c.expr(at(path, i, "expr"), src[i].Expr, kind, rule.BoolType)})
	}
	return out
}

func (c *compiler) threshold(path []any, src *Threshold, kind string) threshold {
	t := threshold{Threshold: src, limit: -1}
	c.only(at(path, "only"), src.Only)
	t.of = c.expr(at(path, "of"), src.Of, kind, rule.ExactType)
	switch {
	case (src.AtLeast == "") == (src.Over == ""):
		c.report(path, "policy.at_least_or_over")
	case src.AtLeast != "":
		t.limit = c.ref(at(path, "at_least"), src.AtLeast, "money")
	default:
		t.limit = c.ref(at(path, "over"), src.Over, "money")
	}
	if t.limit >= 0 {
		t.reach = c.reach(src, kind)
	}
	if src.Base != "" {
		c.oneOf(at(path, "base"), src.Base, "whole", "above")
	}
	for i, code := range src.Raise {
		c.factOf(at(path, "raise", i), kind, code, content.Money)
	}
	return t
}

// reach is a threshold as one condition.
func (c *compiler) reach(t *Threshold, kind string) *rule.Expr {
	src := "(" + t.Of + ") >= " + t.AtLeast
	if t.Over != "" {
		src = "(" + t.Of + ") > " + t.Over
	}
	x, _ := c.p.envs[kind].Compile(src, rule.Position{}, rule.BoolType)
	return x
}

func (c *compiler) amount(path []any, src *Amount, kind string) amount {
	a := amount{rate: -1, value: -1}
	given := []string{}
	for form, is := range map[string]bool{
		"share": src.Share != nil, "fixed": src.Fixed != nil, "bands": src.Bands != nil, "interest": src.Interest != nil,
		"in_kind": src.InKind != nil, "up_to": src.UpTo != nil, "eligibility": src.Eligibility != nil,
		"per_unit": src.PerUnit != nil, "marks": src.Marks != nil,
	} {
		if is {
			given = append(given, form)
		}
	}
	if len(given) != 1 {
		c.report(path, "policy.one_amount", len(given))
		return a
	}
	a.form = given[0]
	path = at(path, a.form)
	switch a.form {
	case "share":
		a.base = c.expr(at(path, "of"), src.Share.Of, kind, rule.ExactType)
		a.rate = c.ref(at(path, "rate"), src.Share.Rate, "rate")
	case "fixed":
		a.value = c.ref(at(path, "value"), src.Fixed.Value, "money")
	case "bands":
		a.base = c.expr(at(path, "of"), src.Bands.Of, kind, rule.ExactType)
		a.bands = c.bands(at(path, "bands"), src.Bands.Bands)
	case "interest":
		c.interest(path, &a, src.Interest, kind)
	case "in_kind":
		a.base = c.expr(at(path, "price"), src.InKind.Price, kind, rule.ExactType)
		a.value = c.ref(at(path, "ceiling"), src.InKind.Ceiling, "money")
		if src.InKind.Payee != "" {
			a.payee, a.hasPayee = c.factOf(at(path, "payee"), kind, src.InKind.Payee, content.Text, content.Code), true
		}
	case "per_unit":
		c.perUnit(path, &a, src.PerUnit, kind)
	case "marks":
		c.marks(path, &a, src.Marks, kind)
	case "up_to":
		c.upTo(path, &a, src.UpTo, kind)
	}
	return a
}

func (c *compiler) bands(path []any, src []Band) []band {
	var all []band
	for i, b := range src {
		where := at(path, i)
		out := band{from: -1, rate: c.plainRef(at(where, "rate"), b.Rate, "rate")}
		if b.From != "" {
			out.from = c.plainRef(at(where, "from"), b.From, "money")
		} else if i > 0 {
			c.report(where, "policy.band_without_from")
		}
		all = append(all, out)
	}
	if len(all) == 0 {
		c.report(path, "policy.empty_list")
	}
	return all
}

func (c *compiler) perUnit(path []any, a *amount, src *PerUnit, kind string) {
	a.count = c.expr(at(path, "count"), src.Count, kind, rule.IntType, rule.DecimalType)
	a.value = c.ref(at(path, "each"), src.Each, "money")
	if (src.Of == "") != (src.Rate == "") {
		c.report(path, "policy.of_and_rate")
		return
	}
	if src.Of != "" {
		a.base = c.expr(at(path, "of"), src.Of, kind, rule.ExactType)
		a.rate = c.ref(at(path, "rate"), src.Rate, "rate")
	}
}

func (c *compiler) marks(path []any, a *amount, src *Marks, kind string) {
	a.base = c.expr(at(path, "of"), src.Of, kind, rule.ExactType)
	c.oneOf(at(path, "passing"), src.Passing, "at_least", "over")
	c.oneOf(at(path, "pays"), src.Pays, "each", "highest")
	if src.Since != 0 && (src.Since < 1949 || src.Since > 2200) {
		c.report(at(path, "since"), "policy.bad_year", src.Since)
	}
	for i, m := range src.Marks {
		where := at(path, "marks", i)
		a.marks = append(a.marks, mark{at: c.plainRef(at(where, "at"), m.At, "money"), award: c.plainRef(at(where, "award"), m.Award, "money")})
	}
	if len(a.marks) == 0 {
		c.report(at(path, "marks"), "policy.empty_list")
	}
}

func (c *compiler) upTo(path []any, a *amount, src *UpTo, kind string) {
	switch {
	case (src.Of == "") != (src.Rate == ""):
		c.report(path, "policy.of_and_rate")
	case src.Limit == "" && src.Of == "":
		c.report(path, "policy.up_to_what")
	}
	if src.Limit != "" {
		a.value = c.ref(at(path, "limit"), src.Limit, "money")
	}
	if src.Of != "" && src.Rate != "" {
		a.base = c.expr(at(path, "of"), src.Of, kind, rule.ExactType)
		a.rate = c.ref(at(path, "rate"), src.Rate, "rate")
	}
	if src.Decided != "" {
		a.decided = c.factOf(at(path, "decided"), kind, src.Decided, content.Money)
	}
}

func (c *compiler) interest(path []any, a *amount, src *Interest, kind string) {
	a.rate = c.ref(at(path, "rate"), src.Rate, "rate")
	c.oneOf(at(path, "on"), src.On, "principal", "interest_paid", "points")
	if src.Paid != "" {
		a.paid = c.expr(at(path, "paid"), src.Paid, kind, rule.ExactType)
	}
	if src.On == "interest_paid" {
		if src.Paid == "" || src.Principal != "" || src.Days != nil {
			c.report(path, "policy.interest_paid_form")
		}
		return
	}
	if src.Principal == "" {
		c.report(path, "policy.interest_needs", "principal")
	} else {
		a.base = c.expr(at(path, "principal"), src.Principal, kind, rule.ExactType)
	}
	switch {
	case src.On == "points" && src.BankRate == "":
		c.report(path, "policy.interest_needs", "bank_rate")
	case src.BankRate != "":
		a.bankRate = c.expr(at(path, "bank_rate"), src.BankRate, kind, rule.RateType)
	}
	if d := src.Days; d != nil {
		a.from = c.factOf(at(path, "days", "from"), kind, d.From, content.Date)
		a.to = c.factOf(at(path, "days", "to"), kind, d.To, content.Date)
		if d.YearDays != 360 && d.YearDays != 365 {
			c.report(at(path, "days", "year_days"), "policy.year_days", d.YearDays)
		}
	}
}

func (c *compiler) once(path []any, src *Once, kind string) {
	c.place(path, src.Place)
	c.only(at(path, "only"), src.Only)
	for n, code := range src.Same {
		c.factOf(at(path, "same", n), kind, code)
	}
	if src.Period != "" {
		c.choice(at(path, "period"), src.Period, "policy", "year")
	}
	if src.Most == "" {
		return
	}
	if i := c.ref(at(path, "most"), src.Most, "int"); i >= 0 {
		if prm := c.p.params[i]; prm.By != "" || prm.single.n < 1 || len(prm.later) > 0 {
			c.report(at(path, "most"), "policy.one_count", prm.ID)
		}
	}
}

func (c *compiler) ceiling(path []any, src *Ceiling, k *Clause, seen map[string]bool) *limit {
	c.id(at(path, "id"), src.ID, seen)
	c.place(path, src.Place)
	c.only(at(path, "only"), src.Only)
	c.oneOf(at(path, "scope"), src.Scope, "unit", "project", "enterprise")
	c.choice(at(path, "period"), src.Period, "event", "year", "policy")
	kinds := []string{k.Entity}
	for _, i := range c.clauseIDs(at(path, "with"), src.With) {
		if other := c.p.File.Clauses[i].Entity; !slices.Contains(kinds, other) {
			kinds = append(kinds, other)
		}
	}
	l := &limit{param: -1, counts: src.Counts}
	switch {
	case src.Of == "" && src.Limit == "":
		c.report(path, "policy.ceiling_of_what")
	case src.Of == "":
		l.param = c.ref(at(path, "limit"), src.Limit, "money")
	default:
		if src.Limit != "" {
			l.param = c.ref(at(path, "limit"), src.Limit, "rate")
		}
		l.of = map[string]*rule.Expr{}
		for _, kind := range kinds {
			l.of[kind] = c.expr(at(path, "of"), src.Of, kind, rule.ExactType)
		}
	}
	for i, counted := range src.Counts {
		where := at(path, "counts", i)
		for _, kind := range kinds {
			c.factOf(at(where, "award"), kind, counted.Award, content.Money)
		}
		c.choice(at(where, "unreported"), counted.Unreported, "none", "unknown")
	}
	return l
}

// require is the clauses of which one must be met.
func (c *compiler) require(path []any, src *Require, kind string) []int {
	c.place(path, src.Place)
	c.oneOf(at(path, "period"), src.Period, "year", "policy")
	if c.oneOf(at(path, "scope"), src.Scope, "project", "enterprise") && src.Scope == "project" && kind == content.Enterprise {
		c.report(at(path, "scope"), "policy.one_of", src.Scope, "enterprise")
	}
	if len(src.Clauses) == 0 {
		c.report(at(path, "clauses"), "policy.empty_list")
	}
	return c.clauseIDs(at(path, "clauses"), src.Clauses)
}

// sequence puts each clause after those that it requires.
func (c *compiler) sequence() {
	const open, done = 1, 2
	state := make([]int, len(c.p.all))
	var visit func(i int) bool
	visit = func(i int) bool {
		if state[i] == open {
			c.report([]any{"clauses", i, "requires"}, "policy.requires_circle", c.p.all[i].ID)
			return false
		}
		if state[i] == done {
			return true
		}
		state[i] = open
		for _, some := range c.p.all[i].requires {
			for _, j := range some {
				c.p.all[j].required = true
				if !visit(j) {
					return false
				}
			}
		}
		state[i] = done
		c.p.order = append(c.p.order, i)
		return true
	}
	for i := range c.p.all {
		if !visit(i) {
			return
		}
	}
}

// uplifts gives each uplift to the clauses that it raises.
func (c *compiler) uplifts() {
	seen := map[string]bool{}
	for i := range c.p.File.Uplifts {
		src, path := &c.p.File.Uplifts[i], []any{"uplifts", i}
		c.id(at(path, "id"), src.ID, seen)
		c.place(path, src.Place)
		c.only(at(path, "only"), src.Only)
		if src.Ceiling != "" {
			c.choice(at(path, "ceiling"), src.Ceiling, "inside", "outside")
		}
		if len(src.Clauses) == 0 {
			c.report(at(path, "clauses"), "policy.empty_list")
		}
		u := uplift{Uplift: src, number: i, by: c.upliftBy(at(path, "by"), src.By)}
		u.rate = u.by >= 0 && c.p.params[u.by].Type == "rate"
		for _, j := range c.clauseIDs(at(path, "clauses"), src.Clauses) {
			k := &c.p.all[j]
			if k.amount.form == "eligibility" || k.amount.form == "in_kind" {
				c.report(at(path, "clauses"), "policy.uplift_form", k.ID)
			}
			before := c.event
			c.event = k.byDay
			u.when = c.atoms(at(path, "when"), src.When, k.Entity)
			k.byDay, c.event = c.event, before
			k.uplifts = append(k.uplifts, u)
		}
	}
}

// upliftBy is a parameter that may be a rate or a sum.
func (c *compiler) upliftBy(path []any, ref string) int {
	if i, ok := c.p.pindex[strings.TrimPrefix(ref, "param.")]; ok && c.p.params[i].Type == "money" {
		return c.ref(path, ref, "money")
	}
	return c.ref(path, ref, "rate")
}

func (c *compiler) payment(path []any, k *Clause) *payment {
	src := k.Payment
	if src == nil {
		return nil
	}
	c.place(path, src.Place)
	p := &payment{Payment: src}
	seen := map[string]bool{}
	sum, known := money.Of(0), true
	for i := range src.Instalments {
		s, where := &src.Instalments[i], at(path, "instalments", i)
		c.id(at(where, "id"), s.ID, seen)
		part := instalment{Instalment: s, share: c.ref(at(where, "share"), s.Share, "rate")}
		if s.On != "" {
			part.on = c.factOf(at(where, "on"), k.Entity, s.On, content.Date)
		}
		part.when = c.atoms(at(where, "when"), s.When, k.Entity)
		p.parts = append(p.parts, part)
		if part.share < 0 || c.p.params[part.share].By != "" {
			known = false
			continue
		}
		sum = sum.Plus(money.Of(money.Yuan).Times(c.p.params[part.share].single.rate))
	}
	if len(src.Instalments) > 0 && known && sum.Cmp(money.Of(money.Yuan)) != 0 {
		c.report(at(path, "instalments"), "policy.instalments_sum")
	}
	p.back = c.atoms(at(path, "clawback"), src.Clawback, k.Entity)
	if len(p.parts)+len(p.back) == 0 {
		c.report(path, "policy.empty_list")
	}
	return p
}

func (c *compiler) clauseIDs(path []any, ids []string) []int {
	var out []int
	for i, id := range ids {
		k := slices.IndexFunc(c.p.File.Clauses, func(x Clause) bool { return x.ID == id })
		if k < 0 {
			c.report(at(path, i), "policy.unknown_clause", id)
			continue
		}
		out = append(out, k)
	}
	return out
}

func (c *compiler) shares(path []any, k *Clause) *shares {
	src := k.Shares
	if src == nil {
		return nil
	}
	c.place(path, src.Place)
	s := &shares{Shares: src, joint: -1, floor: -1, floorPayer: -1}
	for i, part := range src.Of {
		p := at(path, "of", i)
		if !slices.ContainsFunc(c.p.File.Document.Payers, func(x Payer) bool { return x.ID == part.Payer }) {
			c.report(at(p, "payer"), "policy.unknown_payer", part.Payer)
		}
		if part.Payer == src.FloorPayer {
			s.floorPayer = i
		}
		s.share = append(s.share, c.plainRef(at(p, "share"), part.Share, "rate"))
		limit := -1
		if part.Ceiling != "" {
			limit = c.plainRef(at(p, "ceiling"), part.Ceiling, "money")
		}
		s.ceiling = append(s.ceiling, limit)
	}
	if src.JointCeiling != "" {
		s.joint = c.plainRef(at(path, "joint_ceiling"), src.JointCeiling, "money")
	}
	if src.Floor != "" {
		s.floor = c.plainRef(at(path, "floor"), src.Floor, "rate")
		s.floorOf = c.expr(at(path, "floor_of"), src.FloorOf, k.Entity, rule.ExactType)
		if s.floorPayer < 0 {
			c.report(path, "policy.floor_payer")
		}
	}
	return s
}

func (c *compiler) stacking() {
	s, path := &c.p.File.Stacking, []any{"stacking"}
	if len(s.Order) > 0 {
		sorted := slices.Sorted(slices.Values(s.Order))
		if !slices.Equal(sorted, []string{EnterpriseCeiling, HigherOf, ProjectCeiling}) {
			c.report(at(path, "order"), "policy.stage_order", strings.Join([]string{ProjectCeiling, HigherOf, EnterpriseCeiling}, ", "))
		}
	}
	seen := map[string]bool{}
	for i := range s.Groups {
		g, path := &s.Groups[i], at(path, "groups", i)
		c.id(at(path, "id"), g.ID, seen)
		c.place(path, g.Place)
		c.only(at(path, "only"), g.Only)
		c.oneOf(at(path, "scope"), g.Scope, "project", "enterprise", "cost_item")
		c.oneOf(at(path, "pick"), g.Pick, "higher_of", "priority", "difference")
		if g.To != "" && c.oneOf(at(path, "to"), g.To, "most", "sum") && g.Pick != "difference" {
			c.report(at(path, "to"), "policy.to_difference")
		}
		if g.Period != "" {
			c.choice(at(path, "period"), g.Period, "policy", "year")
		}
		if (g.Scope == "cost_item") != (len(g.Same) > 0) {
			c.report(path, "policy.cost_item_same")
		}
		members := c.clauseIDs(at(path, "clauses"), g.Clauses)
		for _, m := range members {
			for n, code := range g.Same {
				c.factOf(at(path, "same", n), c.p.File.Clauses[m].Entity, code)
			}
		}
		if g.Against == nil {
			alone := g.Pick == "difference" && g.To != "sum" // lines of one clause may move up too
			if len(g.Clauses) < 2 && !alone || g.Sum {
				c.report(path, "policy.group_of_one")
			}
			continue
		}
		if g.Scope != "project" || g.Pick != "higher_of" {
			c.report(at(path, "against"), "policy.against_form")
		}
		c.factOf(at(path, "against", "award"), content.Project, g.Against.Award, content.Money)
		if g.Against.Document != "" {
			c.factOf(at(path, "against", "document"), content.Project, g.Against.Document, content.Text, content.Code)
		}
		c.choice(at(path, "against", "unreported"), g.Against.Unreported, "none", "unknown")
	}
}

// unused reports what is declared and never asked for: most often a slip of the pen elsewhere.
func (c *compiler) unused() {
	for i, prm := range c.p.File.Params {
		if !c.used["param."+prm.ID] {
			c.report([]any{"params", i, "id"}, "policy.unused", "param."+prm.ID)
		}
	}
	for i, s := range c.p.File.Settings {
		if !c.used["setting."+s.ID] {
			c.report([]any{"settings", i, "id"}, "policy.unused", "setting."+s.ID)
		}
	}
	for i, a := range c.p.File.Aggregates {
		if !c.used["agg."+a.ID] {
			c.report([]any{"aggregates", i, "id"}, "policy.unused", "agg."+a.ID)
		}
	}
}
