package main

import (
	"context"
	"fmt"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// demoSelections runs yearly selections of a demonstration in the weeks before its day, by the accounts that do so in life: one that
// is decided, with a tie, a waiting list and a title that did not stand up to a look at it; one that is judged, from which an expert
// stepped back; one that takes nominations; and enterprises that are cultivated. Where there is a round already nothing is done.
func (in *installation) demoSelections(ctx context.Context, p *place, city demo.Options) error {
	rounds, err := in.selections.Rounds(ctx, access.SystemScope())
	if err != nil || len(rounds) > 0 || city.Size > demoCallFirms || in.now.Today() < demo.Clock {
		return err // a demonstration that stands earlier has not come to these weeks
	}
	past, err := in.inPast(ctx, p, period.Date(2024, 9, 2))
	if err != nil {
		return err
	}
	d := &demoRounds{demoPast: past}
	if err := d.choose(ctx); err != nil || len(d.firms) < 5 {
		return err // a very small city has nobody to select
	}
	for _, do := range []func(context.Context) error{d.register, d.decided, d.judged, d.open, d.cultivated} {
		if err := do(ctx); err != nil {
			return fmt.Errorf("make demo selections: %w", err)
		}
	}
	return nil
}

// demoRounds is the demonstration's selections as they are made.
type demoRounds struct {
	*demoPast
	firms []party.Enterprise // that may be selected
	view  fact.View
}

// demoCounties are counties whose office has an account in a demonstration, by the login.
var demoCounties = map[string]string{"320904": "dafeng", "320981": "dongtai"}

// choose finds enterprises of the counties that have accounts, which no condition keeps out.
func (d *demoRounds) choose(ctx context.Context) error {
	var err error
	if d.view, err = d.frames.For(ctx, access.SystemScope(), 0); err != nil {
		return err
	}
	scheme, err := d.selections.Set.Scheme("digital_craftsman")
	if err != nil {
		return err
	}
	for e := range d.view.Enterprises() {
		if demoCounties[d.lib.Areas().County(e.Area)] == "" {
			continue
		}
		of, ok := d.selections.Subjects.Subject(d.view, e.ID)
		if !ok {
			continue
		}
		checks, err := scheme.CheckEligible(of, d.now.Today())
		if err != nil {
			return err
		}
		if selection.Worst(checks) != selection.NotMet {
			d.firms = append(d.firms, e)
		}
		if len(d.firms) == 12 {
			return nil
		}
	}
	return nil
}

// register takes the demonstration's experts into the pool of the city.
func (d *demoRounds) register(ctx context.Context) error {
	for i := range demoExperts {
		_, err := d.selections.AddExpert(ctx, d.scopes["city"], selection.Expert{
			Label: demoPerson(i + 1), Account: d.scopes[fmt.Sprintf("expert%d", i+1)].Account(), Area: homeCity, Belongs: []string{"演示研究院"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// demoExperts is how many accounts of experts a demonstration has: a panel of five, and one to take a seat.
const demoExperts = 6

// demoPerson is what a person of the demonstration is called.
func demoPerson(n int) string { return fmt.Sprintf("演示人员 %02d", n) }

// call opens a round as the city, announced by its second account.
func (d *demoRounds) call(ctx context.Context, title string, terms map[string]any) (selection.Round, error) {
	area, err := d.subsidy.AreaSubject(ctx, homeCity)
	if err != nil {
		return selection.Round{}, err
	}
	c, err := d.cases.New(ctx, d.scopes["city"], selection.CallCase(title, area))
	if err != nil {
		return selection.Round{}, err
	}
	if err := d.does(ctx, c.ID, demoAct{login: "city", action: "propose", answers: terms}, demoAct{login: "second", action: "announce"}); err != nil {
		return selection.Round{}, err
	}
	return d.selections.RoundOf(ctx, d.db.Read(), c.ID)
}

// nominate has an office of a county nominate a firm, or somebody who works there; the city accepts, as the county has one account.
func (d *demoRounds) nominate(ctx context.Context, r selection.Round, title string, firm party.Enterprise, answers map[string]any) error {
	office := demoCounties[d.lib.Areas().County(firm.Area)]
	n, err := d.selections.NominationCase(ctx, r, title, firm.ID)
	if err != nil {
		return err
	}
	c, err := d.cases.New(ctx, d.scopes[office], n)
	if err != nil {
		return err
	}
	return d.does(ctx, c.ID, demoAct{login: office, action: "submit", answers: answers}, demoAct{login: "city", action: "accept"})
}

// demoWork is what nominations say, with what a sheet gives to each: the second and the third come to the same total.
var demoWork = []struct {
	achievements, benefit, spread string
	points                        [3]int
}{
	{"主持装配产线数字化改造，完成关键设备联网和数据采集，稳定运行一年。", "设备综合效率提高一成以上，停机时间减半。", "带出数字化骨干八名。", [3]int{37, 36, 18}},
	{"开发工艺参数自动校正程序，减少换型调试时间，已用于全部同类工序。", "换型时间缩短四成，首件合格率提高。", "编写操作手册，在三个班组推广。", [3]int{34, 34, 16}},
	{"搭建质量追溯数据库，把检测结果和批次一一对应，问题能追到机台。", "不合格品率下降三成，投诉减少一半。", "为同行讲课四次，接待参观十批。", [3]int{36, 33, 15}},
	{"完成能耗在线监测和峰谷调度，改造空压站和循环水系统。", "单位产品电耗下降百分之八，用水减少一成。", "做法在本县两家工厂采用。", [3]int{30, 31, 14}},
	{"推动仓储条码管理，实现先进先出和库存预警。", "盘点时间由三天减为半天，账实相符。", "培训仓管人员十二名。", [3]int{26, 27, 12}},
}

func demoAnswers(i int, person string) map[string]any {
	w := demoWork[i]
	a := map[string]any{"achievements": w.achievements, "benefit": w.benefit, "spread": w.spread, "contact": demoPerson(50 + i), "phone": "0515-88880000", "truthful": true}
	if person != "" {
		a["person"] = person
	}
	return a
}

// decided is a round of craftsmen that came to an end.
func (d *demoRounds) decided(ctx context.Context) error {
	d.on(period.Date(2024, 9, 2))
	r, err := d.call(ctx, "2024年数字工匠评选（演示）", map[string]any{"scheme": "digital_craftsman", "year": 2024, "closes": "2024-09-06", "quota": 2})
	if err != nil {
		return err
	}
	for i := range demoWork {
		if err := d.nominate(ctx, r, "数字工匠评选 2024", d.firms[i], demoAnswers(i, demoPerson(41+i))); err != nil {
			return err
		}
	}
	d.on(period.Date(2024, 9, 9))
	if err := d.does(ctx, r.Case, demoAct{login: "city", action: "draw"}); err != nil {
		return err
	}
	for i := range demoExperts {
		if err := d.score(ctx, d.scopes[fmt.Sprintf("expert%d", i+1)], r.ID); err != nil {
			return err
		}
	}
	if err := d.does(ctx, r.Case, demoAct{login: "second", action: "rank"}, demoAct{login: "city", action: "publish"}); err != nil {
		return err
	}
	d.on(period.Date(2024, 9, 20)) // after five working days
	if err := d.does(ctx, r.Case, demoAct{login: "second", action: "award", answers: map[string]any{"document": "演示〔2024〕1号"}}); err != nil {
		return err
	}
	titles, _, err := d.cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: selection.TitleFlow}, 0, 1)
	if err != nil || len(titles) == 0 {
		return err
	}
	d.on(period.Date(2024, 10, 21))
	return d.does(ctx, titles[0].ID, demoAct{login: "second", action: "recheck_failed", reason: "已离开所在企业（演示）"})
}

// score has an expert give what demoWork says to all that waits in a round.
func (d *demoRounds) score(ctx context.Context, expert access.Scope, round int64) error {
	reviews, err := d.selections.Reviews(ctx, expert)
	if err != nil {
		return err
	}
	for _, x := range reviews {
		if x.Round != round {
			continue
		}
		for _, w := range demoWork {
			if x.Blind.Fields[0].Text != w.achievements {
				continue
			}
			sheet := rubric.Sheet{}
			for i, item := range x.Rubric.Items {
				sheet[item.ID] = min(rubric.Points(w.points[min(i, len(w.points)-1)])*rubric.One, item.Max)
			}
			d.at = d.at.Add(time.Minute)
			if err := d.selections.Score(ctx, expert, x.Round, x.Blind.Number, sheet, "依据充分（演示）"); err != nil {
				return err
			}
		}
	}
	return nil
}

// judged is a round of providers in which one expert has given points, and another has stepped back from one nomination.
func (d *demoRounds) judged(ctx context.Context) error {
	d.on(period.Date(2024, 10, 8))
	r, err := d.call(ctx, "2024年优秀服务商评选（演示）", map[string]any{"scheme": "city_provider", "year": 2024, "closes": "2024-10-18", "quota": 2})
	if err != nil {
		return err
	}
	for i, firm := range d.firms[1:5] {
		if err := d.nominate(ctx, r, "市级优秀服务商评选 2024", firm, demoAnswers(i, "")); err != nil {
			return err
		}
	}
	d.on(period.Date(2024, 10, 21))
	if err := d.does(ctx, r.Case, demoAct{login: "city", action: "draw"}); err != nil {
		return err
	}
	stepped := false
	for i := range demoExperts {
		expert := d.scopes[fmt.Sprintf("expert%d", i+1)]
		reviews, err := d.selections.Reviews(ctx, expert)
		if err != nil || len(reviews) == 0 {
			return err
		}
		if !stepped {
			stepped = true
			if err := d.selections.Recuse(ctx, expert, r.ID, reviews[0].Blind.Number, "曾任其技术顾问（演示）"); err != nil {
				return err
			}
			continue
		}
		return d.score(ctx, expert, r.ID)
	}
	return nil
}

// open is a round of demonstration enterprises that takes nominations, the one of the demonstration's enterprise too.
func (d *demoRounds) open(ctx context.Context) error {
	d.on(period.Date(2024, 10, 28))
	_, err := d.call(ctx, "2024年市级智改数转示范企业评定（演示）", map[string]any{"scheme": "city_demonstration", "year": 2024, "closes": "2024-11-29"})
	return err
}

// demoPools are ladders, with how many enterprises are cultivated on each.
var demoPools = []struct {
	ladder string
	firms  int
}{{"benchmark", 6}, {"cloud_stars", 4}, {"smart_factory", 3}}

// cultivated brings enterprises into pools by a list: those that stand on a step before others.
func (d *demoRounds) cultivated(ctx context.Context) error {
	d.on(period.Date(2024, 10, 28))
	for _, pool := range demoPools {
		l, err := d.selections.Set.Ladder(pool.ladder)
		if err != nil {
			return err
		}
		var on, off []int64
		for e := range d.view.Enterprises() {
			of, ok := d.selections.Subjects.Subject(d.view, e.ID)
			if !ok {
				continue
			}
			at, err := l.Advise(of, d.now.Today())
			if err != nil {
				return err
			}
			if at.On != nil && at.Next != nil {
				on = append(on, e.ID)
			} else if len(off) < pool.firms {
				off = append(off, e.ID)
			}
			if len(on) == pool.firms-1 {
				break
			}
		}
		list := append(on, off...)
		for _, firm := range list[:min(len(list), pool.firms)] {
			c, err := d.cases.New(ctx, d.scopes["city"], selection.PoolCase(l.Name.ZH, l.Ladder, firm))
			if err != nil {
				return err
			}
			err = d.does(ctx, c.ID, demoAct{login: "city", action: "list", reason: "培育名单第一批（演示）"}, demoAct{login: "second", action: "confirm"})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
