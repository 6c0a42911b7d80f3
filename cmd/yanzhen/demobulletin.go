package main

import (
	"context"
	"fmt"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
)

// demoWords are what the counties of a demonstration say of a month.
var demoWords = []map[string]string{
	{"work": "走访规上企业二十家，推进诊断和项目申报（演示）。", "plan": "完成五家企业的项目验收（演示）。"},
	{"work": "召开银企对接会，六家企业提出贷款意向（演示）。", "plan": "对未诊断企业逐户上门（演示）。", "trouble": "中小企业缺少懂数字化的人员，希望市里组织培训（演示）。"},
	{"work": "组织企业到标杆工厂观摩，新立项项目四个（演示）。", "plan": "催报未填企业数据，完成季度汇总（演示）。", "trouble": "部分企业订单不足，投入放缓（演示）。"},
}

// demoReport is a report of a demonstration while it is made.
type demoReport struct {
	*bulletin.Store
	at       time.Time // where its clock stands
	one, two access.Scope
}

// on moves the clock to the morning of a day.
func (d *demoReport) on(day period.Day) {
	y, m, dd := day.YMD()
	d.at = time.Date(y, time.Month(m), dd, 9, 0, 0, 0, clock.Beijing)
}

// file begins a report and says what has to be said, as far as its checks ask for it.
func (d *demoReport) file(ctx context.Context, code, area string, p period.Period, words map[string]string) (id int64, err error) {
	if id, err = d.Begin(ctx, d.one, code, area, p); err != nil {
		return 0, err
	}
	if err := d.Say(ctx, d.one, id, words); err != nil {
		return 0, err
	}
	x, err := d.Sight(ctx, d.one, id, 0, 0)
	if err != nil {
		return 0, err
	}
	why := map[string]string{}
	for _, f := range x.Findings {
		why[f.Check.Word] = "已逐户核对，补齐后下月报告（演示）。"
	}
	return id, d.Say(ctx, d.one, id, why)
}

// demoBulletins has the counties of a demonstration report the months of the last quarter, and the city its bulletin, where nobody has yet: of
// September one county is still writing and one waits to be signed. Two meetings were held; of what follows from them one task is late.
func (in *installation) demoBulletins(ctx context.Context) error {
	all, err := in.bulletins.Reports(ctx, access.SystemScope(), bulletin.Filter{})
	if err != nil || len(all) > 0 || in.now.Today() != demo.Clock {
		return err
	}
	d := &demoReport{}
	d.Store = bulletin.Open(in.bulletins.Deps)
	d.Clock = func() time.Time { return d.at }
	counties := in.monitor.Areas(monitor.Dimension{By: monitor.ByCounty}, homeCity, demo.Clock)
	calendar := in.lib.Calendar()
	for i, county := range counties {
		if d.one, d.two, err = in.demoOffice(ctx, i, county.Code); err != nil {
			return err
		}
		for month := 7; month <= 9; month++ {
			p := period.OfMonth(2024, month)
			_, last, _ := p.Span()
			day, _ := calendar.AddWorkdays(last, 3+i%4)
			d.on(day)
			id, err := d.file(ctx, "monthly", county.Code, p, demoWords[(i+month)%len(demoWords)])
			if err != nil {
				return fmt.Errorf("make the demo's report of %s for %s: %w", county.Code, p, err)
			}
			if month == 9 && county.Code == "320904" {
				continue
			}
			if err := d.Submit(ctx, d.one, id, 0); err != nil {
				return fmt.Errorf("make the demo's report of %s for %s: %w", county.Code, p, err)
			}
			if month == 9 && county.Code == "320981" {
				continue
			}
			if err := d.Sign(ctx, d.two, id); err != nil {
				return fmt.Errorf("make the demo's report of %s for %s: %w", county.Code, p, err)
			}
		}
	}
	if err := in.demoCityReports(ctx, d); err != nil {
		return fmt.Errorf("make the demo's bulletin: %w", err)
	}
	return in.bulletins.Warn(ctx)
}

// demoOffice is two accounts of a county, which nobody signs in with.
func (in *installation) demoOffice(ctx context.Context, n int, county string) (one, two access.Scope, err error) {
	for i, to := range []*access.Scope{&one, &two} {
		a, err := in.accounts.Prepare(ctx, access.SystemScope(), access.NewAccount{
			Login: fmt.Sprintf("office-%02d-%d", n+1, i+1), Name: fmt.Sprintf("演示人员 %d（演示）", 20+i),
			Grants: []access.Grant{{Role: access.CountyOfficial, Area: county}},
		})
		if err != nil {
			return one, two, fmt.Errorf("make the demo's office of %s: %w", county, err)
		}
		*to = in.frames.ScopeOf(a)
	}
	return one, two, nil
}

// demoCityReports is the city's bulletin of the last quarter, and its meetings.
func (in *installation) demoCityReports(ctx context.Context, d *demoReport) (err error) {
	if d.one, err = in.scopeOf(ctx, "city"); err != nil {
		return err
	}
	if d.two, err = in.scopeOf(ctx, "second"); err != nil {
		return err
	}
	for _, m := range []struct {
		day     period.Day
		title   string
		minutes string
		task    string
		to      string
		due     period.Day
		done    bool
	}{
		{period.Date(2024, 8, 28), "八月智改数转现场推进会（演示）", "观摩两家企业，议定各地排出未诊断企业名单（演示）。", "报送未诊断规上企业名单（演示）", "320981", period.Date(2024, 9, 13), true},
		{period.Date(2024, 10, 17), "十月智改数转现场推进会（演示）", "通报三季度进展，议定对进展慢的企业逐户上门（演示）。", "对未启动企业逐户上门并报送台账（演示）", "320904", period.Date(2024, 10, 25), false},
	} {
		d.on(m.day)
		id, err := d.Hold(ctx, d.one, bulletin.NewMeeting{Duty: "programme/on_site", Area: homeCity, Day: m.day, Title: m.title, Place: "大丰区（演示）", Offices: "各县（市、区）工信局\n市财政局"})
		if err != nil {
			return err
		}
		if err := d.Write(ctx, d.one, id, m.minutes); err != nil {
			return err
		}
		task, err := d.Give(ctx, d.one, id, bulletin.NewTask{What: m.task, Area: m.to, Due: m.due})
		if err != nil {
			return err
		}
		if m.done {
			d.on(m.due)
			office, err := in.scopeOf(ctx, "dongtai")
			if err != nil {
				return err
			}
			if err := d.Do(ctx, office, task, bulletin.TaskDone, "名单已报（演示）"); err != nil {
				return err
			}
		}
	}
	d.on(period.Date(2024, 10, 24))
	id, err := d.file(ctx, "quarterly", homeCity, period.OfQuarter(2024, 3), map[string]string{
		"summary": "三季度各地按月报送进展，覆盖率总体平稳，数据缺口仍需补齐（演示）。", "next": "未签发九月月报的地区一周内补齐，进展慢的企业逐户上门（演示）。",
	})
	if err != nil {
		return err
	}
	if err := d.Submit(ctx, d.one, id, 0); err != nil {
		return err
	}
	return d.Sign(ctx, d.two, id)
}
