package indicator

import (
	"math/big"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Goal is a target of a plan as figures are held against it.
type Goal struct {
	content.Target
	Plan      *content.TargetPlan
	Indicator *Indicator // nil where none of ours measures it
	Than      *Indicator // of a relation
	// Low and High are what was promised, as a Figure of the indicator has it, or, of a growth, as a fraction. Low is nil where there is no number;
	// High is that of a range alone.
	Low, High *big.Rat
}

// about is the part of a number that is enough where the plan says 左右. No document says how much is meant: it is our own default.
var about = big.NewRat(9, 10)

// Met says whether a value (the figure, or its change where that is promised) keeps the promise; of a relation, than is the other one's. known is
// false where the plan gave no number, or a value is missing. The nearer end of a range is enough. What should fall keeps it from below.
func (g Goal) Met(value, than *big.Rat) (met, known bool) {
	if value == nil {
		return false, false
	}
	if g.Compare == content.Relation {
		if than == nil {
			return false, false
		}
		return value.Cmp(than) > 0, true
	}
	if g.Low == nil {
		return false, false
	}
	low := g.Low
	less := g.Indicator != nil && g.Indicator.LessIsBetter() && g.Change == ""
	if less && g.High != nil {
		low = g.High
	}
	if g.Compare == content.About {
		part := about
		if less {
			part = new(big.Rat).Inv(about)
		}
		low = new(big.Rat).Mul(low, part)
	}
	c := value.Cmp(low)
	if less {
		c = -c
	}
	if g.Compare == content.Over {
		return c > 0, true
	}
	return c >= 0, true
}

// Goals is the targets of all plans, in the order of the files. Nobody may change the slice.
func (s *Set) Goals() []Goal { return s.goals }

// aims holds the targets of the library against the indicators.
func (s *Set) aims(lib *content.Library) (problems content.Problems) {
	plans := lib.Targets()
	for n := range plans {
		plan := &plans[n]
		for i, t := range plan.Targets {
			g := Goal{Target: t, Plan: plan}
			report := func(key string, msg i18n.Msg) { problems = append(problems, plan.Problem(msg, i, key)) }
			named := func(key, code string) *Indicator {
				if code == "" {
					return nil
				}
				x, err := s.Indicator(code)
				if err != nil {
					report(key, i18n.M("indicator.no_indicator", code))
					return nil
				}
				return x
			}
			g.Indicator, g.Than = named("indicator", t.Indicator), named("than", t.Than)
			x := g.Indicator
			if x == nil {
				s.goals = append(s.goals, g)
				continue
			}
			if g.Than != nil && g.Than.Type != x.Type {
				report("than", i18n.M("indicator.goal_than", t.Indicator, t.Than))
			}
			if t.Change == content.Increase && x.Over.Time == "sum" || t.Change == content.Growth && x.Type == rule.RateType {
				report("change", i18n.M("indicator.goal_change", t.Change, t.Indicator))
			}
			for _, v := range []struct {
				key, text string
				into      **big.Rat
			}{{"value", t.Value, &g.Low}, {"up_to", t.UpTo, &g.High}} {
				if v.text == "" {
					continue
				}
				r, ok := x.promised(lib, t, v.text)
				if !ok {
					report("unit", i18n.M("indicator.goal_unit", t.Unit, t.Indicator, x.Unit))
					break
				}
				*v.into = r
			}
			s.goals = append(s.goals, g)
		}
	}
	return problems
}

// promised is a number of a target as a Figure of the indicator has it; ok is false where its unit measures something else.
func (x *Indicator) promised(lib *content.Library, t content.Target, text string) (r *big.Rat, ok bool) {
	r, ok = new(big.Rat).SetString(text)
	if !ok {
		return nil, false
	}
	if x.Type == rule.RateType || t.Change == content.Growth {
		return r.Quo(r, big.NewRat(100, 1)), t.Unit == "%"
	}
	if x.Type == rule.MoneyType {
		fen, ok := money.UnitOf(t.Unit)
		return r.Mul(r, big.NewRat(int64(fen), 1)), ok
	}
	if t.Unit == x.Unit {
		return r, true
	}
	factor, ok := lib.UnitFactor(content.FactDef{Unit: x.Unit}, t.Unit)
	if !ok {
		return nil, false
	}
	return r.Mul(r, factor.Rat()), true
}

// fits says that a unit is one in which figures of the indicator's type are shown: one of money for amounts, % for rates, else one of
// content/units.yaml. None fits all.
func (x *Indicator) fits(lib *content.Library) bool {
	switch {
	case x.Unit == "":
		return true
	case x.Type == rule.MoneyType:
		_, ok := money.UnitOf(x.Unit)
		return ok
	case x.Type == rule.RateType:
		return x.Unit == "%"
	}
	_, ok := lib.UnitFactor(content.FactDef{Unit: x.Unit}, x.Unit)
	return ok
}
