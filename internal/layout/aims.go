package layout

import (
	"context"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/target"
)

// aimed is a value of what a target promises.
func aimed(g indicator.Goal, v *big.Rat) quantity {
	x := g.Indicator
	q := quantity{value: v, unit: g.Unit, places: -1}
	if x == nil {
		return q
	}
	q.places = max(x.Places, 1)
	switch {
	case x.Type == rule.RateType, x.Percent(), g.Change == content.Growth:
		q.rate = true
	case x.Type == rule.MoneyType:
		q.money = true
		if u, ok := sheet.UnitNamed(g.Unit); !ok || u.Kind != sheet.UnitMoney {
			q.unit = unitOf(x)
		}
	default:
		q.unit = x.Unit
	}
	return q
}

// aimUnit is the unit in which that is told.
func aimUnit(g indicator.Goal) string {
	q := aimed(g, nil)
	if q.rate {
		return "%"
	}
	return q.unit
}

// completionOf is which part of what was promised has been reached. Of what should fall that would say nothing.
func completionOf(p target.Progress) any {
	g := p.Split.Goal
	if g.Compare == content.Relation || g.Indicator != nil && g.Indicator.LessIsBetter() && g.Change == "" {
		return nil
	}
	return partOf(p.Actual, p.Promise)
}

// partOf is one value as a part of another; not known where either is not, or the other is nothing.
func partOf(actual, promise *big.Rat) quantity {
	q := quantity{rate: true, places: 1}
	if actual != nil && promise != nil && promise.Sign() > 0 {
		q.value = new(big.Rat).Quo(actual, promise)
	}
	return q
}

// targets is those of a plan, with how far an area is from each.
func (s *Source) targets(ctx context.Context, t *Table, q Query) error {
	scope := s.View.Scope()
	plans := s.Targets.Plans(scope)
	i := 0
	if q.Plan != "" {
		i = slices.IndexFunc(plans, func(p content.TargetPlan) bool { return p.Code == q.Plan })
	}
	if i < 0 || len(plans) == 0 {
		return errs.NotFound("target plan", q.Plan)
	}
	plan := plans[i]
	area, err := s.areaAsked(q, plan.Area)
	if err != nil {
		return err
	}
	t.Area, t.Seq = area, s.View.Seq()
	on := q.On
	if on == 0 {
		on = s.Today
	}
	if on > s.Today {
		return errs.Invalid(i18n.M("targetpage.bad_day", on.String()))
	}
	t.Year = on.Year()
	t.Keys = []string{t.Code + ".name", t.Code + ".id"}
	tasks, err := s.Targets.Tasks(ctx, scope, target.TaskQuery{Plan: plan.Code})
	if err != nil {
		return err
	}
	bands := map[string]*target.Band{}
	t.Rows = rowsOf(func(yield func(Record) bool) error {
		all, err := s.Targets.Overview(ctx, s.View, plan.Code, area, on, !q.Unverified)
		if err != nil {
			return err
		}
		for i, p := range all {
			own := t.named(i+1, s.aim(p, tasks))
			record := func(column int, at period.Period) any {
				if t.Columns[column].Role == t.Code+".quarter" {
					return s.quarter(ctx, bands, p)
				}
				return own(column, at)
			}
			if !yield(record) {
				return nil
			}
		}
		return nil
	})
	return nil
}

// aim is how far a target is, by the columns of its table.
func (s *Source) aim(p target.Progress, tasks []target.Task) map[string]any {
	g := p.Split.Goal
	year := p.Promise
	if g.Span != content.EachYear {
		year = nil
		if quota, _, ok := p.Split.Quota(target.Key{Area: p.Area, Year: p.On.Year()}); ok {
			year = quota.Value
		} else if p.End.Year() == p.On.Year() {
			year = p.Promise
		}
	}
	values := map[string]any{
		"party.area": s.areaName(p.Area), "id": g.ID, "name": s.T.Text(g.Name), "unit": aimUnit(g), "stated": g.Stated,
		"promise": aimed(g, p.Promise), "year_promise": aimed(g, year), "actual": aimed(g, p.Actual), "known": aimed(g, p.All), "need": aimed(g, p.Need),
		"distance": aimed(g, p.Distance), "left": aimed(g, p.Left), "forecast": aimed(g, p.Forecast), "completion": completionOf(p), "state": s.T.Msg(p.State.Msg()),
	}
	if g.Stated == "" && g.Value != "" {
		values["stated"] = g.Value + g.Unit
	}
	switch g.Span {
	case content.ByDay:
		values["due"] = *g.By
	default:
		values["due"] = p.End
		if p.End == 0 {
			values["due"] = g.Plan.To
		}
	}
	if !p.Why.IsZero() {
		values["remark"] = s.T.Msg(p.Why)
	}
	var owners, joint []string
	add := func(to *[]string, word string) {
		if word != "" && !slices.Contains(*to, word) {
			*to = append(*to, word)
		}
	}
	for _, x := range tasks {
		if x.Target != g.ID || x.State == target.Off {
			continue
		}
		add(&owners, s.areaName(x.Owner))
		for _, code := range x.Joint {
			add(&joint, s.areaName(code))
		}
		for _, name := range x.Departments {
			add(&joint, name)
		}
	}
	and := s.T.S("web.comma")
	values["owner"], values["joint"] = strings.Join(owners, and), strings.Join(joint, and)
	return values
}

// quarter is where an area lies among those beside it; nothing where there are too few, or it is the whole of the plan.
func (s *Source) quarter(ctx context.Context, bands map[string]*target.Band, p target.Progress) any {
	whole := p.Split.Goal.Plan.Area
	node, _ := s.Library.Areas().Node(p.Area)
	above := node.ParentOn(p.On)
	if above == "" || !s.Library.Areas().Within(above, whole) {
		return nil
	}
	band := bands[p.Split.Goal.ID]
	if band == nil {
		beside := p.Asked
		beside.Area = above
		var err error
		if band, err = s.Targets.Band(ctx, s.View, beside); err != nil {
			return err
		}
		bands[p.Split.Goal.ID] = band
	}
	return s.quarterText(band.Quarter(p.Area))
}

func (s *Source) quarterText(q target.Quarter) any {
	if q == "" {
		return nil
	}
	return s.T.S("targetpage.quarter_" + string(q))
}
