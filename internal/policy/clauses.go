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
		c.p.all = append(c.p.all, c.clause(i))
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
	k.amount = c.amount(at(path, "amount"), &src.Amount, src.Entity)
	if k.amount.form == "in_kind" {
		k.purse = inKind
	}
	for j, o := range src.Once {
		c.place(at(path, "once", j), o.Place)
		c.only(at(path, "once", j, "only"), o.Only)
		for n, code := range o.Same {
			c.factOf(at(path, "once", j, "same", n), src.Entity, code)
		}
	}
	ids = map[string]bool{}
	for j := range src.Ceilings {
		k.limits = append(k.limits, c.ceiling(at(path, "ceilings", j), &src.Ceilings[j], ids))
	}
	k.shares = c.shares(at(path, "shares"), src)
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
	if src.Base != "" {
		c.oneOf(at(path, "base"), src.Base, "whole", "above")
	}
	for i, code := range src.Raise {
		c.factOf(at(path, "raise", i), kind, code, content.Money)
	}
	return t
}

func (c *compiler) amount(path []any, src *Amount, kind string) amount {
	a := amount{rate: -1, value: -1}
	given := []string{}
	for form, is := range map[string]bool{
		"share": src.Share != nil, "fixed": src.Fixed != nil, "bands": src.Bands != nil, "interest": src.Interest != nil,
		"in_kind": src.InKind != nil, "up_to": src.UpTo != nil, "eligibility": src.Eligibility != nil,
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
		for i, b := range src.Bands.Bands {
			at := at(path, "bands", i)
			out := band{from: -1, rate: c.plainRef(append(at, "rate"), b.Rate, "rate")}
			if b.From != "" {
				out.from = c.plainRef(append(at, "from"), b.From, "money")
			} else if i > 0 {
				c.report(at, "policy.band_without_from")
			}
			a.bands = append(a.bands, out)
		}
		if len(a.bands) == 0 {
			c.report(at(path, "bands"), "policy.empty_list")
		}
	case "interest":
		c.interest(path, &a, src.Interest, kind)
	case "in_kind":
		a.base = c.expr(at(path, "price"), src.InKind.Price, kind, rule.ExactType)
		a.value = c.ref(at(path, "ceiling"), src.InKind.Ceiling, "money")
		if src.InKind.Payee != "" {
			a.payee, a.hasPayee = c.factOf(at(path, "payee"), kind, src.InKind.Payee, content.Text, content.Code), true
		}
	case "up_to":
		a.value = c.ref(at(path, "limit"), src.UpTo.Limit, "money")
	}
	return a
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

func (c *compiler) ceiling(path []any, src *Ceiling, seen map[string]bool) int {
	c.id(at(path, "id"), src.ID, seen)
	c.place(path, src.Place)
	c.only(at(path, "only"), src.Only)
	c.oneOf(at(path, "scope"), src.Scope, "unit", "project", "enterprise")
	c.choice(at(path, "period"), src.Period, "event", "year", "policy")
	c.clauseIDs(at(path, "with"), src.With)
	return c.ref(at(path, "limit"), src.Limit, "money")
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
			if len(g.Clauses) < 2 || g.Sum {
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
