package main

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/target"
)

// demoPlan is the plan whose targets a demonstration divides; demoGrowth is one that was invented for it, of what firms state month by month.
const (
	demoPlan   = "yancheng-2022"
	demoGrowth = "yancheng-demo"
)

// demoTargets has the city of a demonstration say what counts as completed, divide some of its targets and set tasks: one target is proposed and
// not confirmed, the quotas of one do not add up to it, one task is done, one late and one under way. Where somebody set a task nothing is done.
func (in *installation) demoTargets(ctx context.Context) error {
	all, err := in.targets.Tasks(ctx, access.SystemScope(), target.TaskQuery{})
	if err != nil || len(all) > 0 || in.now.Today() != demo.Clock {
		return err
	}
	d := &demoDivided{installation: in}
	deps := in.targets.Deps
	deps.Clock = func() time.Time { return d.at }
	d.past = target.Open(deps)
	if d.city, err = in.scopeOf(ctx, "city"); err != nil {
		return err
	}
	for _, do := range []func(context.Context) error{d.completion, d.quotas, d.growth, d.tasks} {
		if err := do(ctx); err != nil {
			return fmt.Errorf("make demo targets: %w", err)
		}
	}
	return nil
}

// demoDivided is the targets of a demonstration as they are divided.
type demoDivided struct {
	*installation
	past *target.Store
	at   time.Time // where the clock of past stands
	city access.Scope
}

func (d *demoDivided) on(day period.Day) {
	y, m, dd := day.YMD()
	d.at = time.Date(y, time.Month(m), dd, 9, 0, 0, 0, clock.Beijing)
}

// completion decides what counts: an accepted project, since the bureau's list of projects tells that of every firm.
func (d *demoDivided) completion(ctx context.Context) error {
	all, err := d.monitor.Switches(ctx, homeCity)
	if err != nil || len(all) > 0 { // a demonstration that was stopped here goes on
		return err
	}
	_, err = d.monitor.Switch(ctx, d.city, monitor.Switch{
		Area: homeCity, Choice: "completion", Answer: "accepted", From: period.Date(2022, 1, 1), Document: "演示〔2022〕1号", Note: "演示：以项目验收为完成",
	})
	return err
}

func (d *demoDivided) quotas(ctx context.Context) error {
	d.on(period.Date(2024, 1, 15))
	view, err := d.frames.For(ctx, d.city, 0)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		id, base string
		year     int
		confirm  string // the document that does; "" for a proposal that waits
	}{
		{"B110", "", 0, "演示〔2024〕2号"},
		{"B133", "", 0, "演示〔2024〕2号"},
		{"B117", target.Firms, 0, "演示〔2024〕3号"},
		{"B120", target.Firms, 0, "演示〔2024〕3号"},
		{"B140", target.Firms, 2024, ""},
	} {
		split, err := d.past.Split(ctx, demoPlan, x.id)
		if err != nil || len(split.Acts) > 0 {
			return err
		}
		act, err := d.past.Propose(ctx, view, target.Proposing{Plan: demoPlan, Target: x.id, Area: homeCity, Parts: target.ByAreas, Year: x.year, Base: x.base, On: period.Date(2024, 1, 15), Note: "演示"})
		if errs.KindOf(err) == errs.KindConflict && err != nil {
			continue // in a very small city there is nothing to go by somewhere
		}
		if err != nil {
			return err
		}
		if x.confirm != "" {
			if _, err := d.past.Confirm(ctx, d.city, demoPlan, x.id, act.ID, x.confirm, ""); err != nil {
				return err
			}
		}
	}
	entered := target.Act{Plan: demoPlan, Target: "B136", Area: homeCity, Parts: target.ByAreas, Document: "演示〔2024〕4号", Note: "演示：盐南高新区待下达"}
	for area, n := range map[string]int64{"320902": 4, "320903": 5, "320904": 6, "320921": 2, "320922": 3, "320923": 3, "320924": 3, "320925": 4, "320981": 6, "zone:320971": 3} {
		entered.Quotas = append(entered.Quotas, target.Quota{Key: target.Key{Area: area, Year: 2024}, Value: big.NewRat(n, 1)})
	}
	_, err = d.past.Enter(ctx, d.city, entered)
	return err
}

// growth gives the counties what their output is to grow by; one zone has not been given anything.
func (d *demoDivided) growth(ctx context.Context) error {
	d.on(period.Date(2024, 1, 15))
	split, err := d.past.Split(ctx, demoGrowth, "D1")
	if err != nil || len(split.Acts) > 0 {
		return err
	}
	act := target.Act{Plan: demoGrowth, Target: "D1", Area: homeCity, Parts: target.ByAreas, Document: "演示〔2024〕7号", Note: "演示：盐南高新区待下达"}
	for area, percent := range map[string]int64{"320902": 6, "320903": 7, "320904": 7, "320921": 5, "320922": 5, "320923": 6, "320924": 6, "320925": 5, "320981": 7, "zone:320971": 8} {
		act.Quotas = append(act.Quotas, target.Quota{Key: target.Key{Area: area, Year: 2024}, Value: big.NewRat(percent, 100)})
	}
	_, err = d.past.Enter(ctx, d.city, act)
	return err
}

// The work groups of the demonstration's tasks.
const (
	demoDiagnosing = "免费诊断专班（演示）"
	demoBuilding   = "示范工厂专班（演示）"
)

func (d *demoDivided) tasks(ctx context.Context) error {
	for _, x := range []struct {
		on    period.Day
		task  target.Task
		login string // whose office writes the steps
		steps []target.Step
	}{
		{
			period.Date(2024, 3, 1),
			target.Task{Target: "B133", Kind: target.Duty, Title: "完成规上企业诊断覆盖（演示）", What: "未诊断企业逐户排出计划，机构上门。", Owner: "320904", Departments: []string{"财政局"}, Group: demoDiagnosing, Set: period.Date(2024, 12, 31)},
			"dafeng",
			[]target.Step{{Kind: target.Noted, Note: "已排出未诊断企业名单，九月底前全部约定上门（演示）。"}},
		},
		{period.Date(2024, 3, 1), target.Task{Target: "B110", Kind: target.Duty, Title: "督促已立项项目验收（演示）", Owner: "320981", Joint: []string{"320904"}, Departments: []string{"统计局"}, Set: period.Date(2024, 9, 30)}, "", nil},
		{
			period.Date(2024, 3, 1),
			target.Task{Target: "B117", Kind: target.Milestone, Title: "培育库入库企业数过半（演示）", Owner: "320981", Group: demoBuilding, Set: period.Date(2024, 6, 28)},
			"dongtai",
			[]target.Step{{Kind: target.Finished, Note: "六月中旬入库企业过半（演示）。"}},
		},
		{period.Date(2024, 10, 8), target.Task{Target: "B120", Kind: target.Duty, Title: "组织星级上云企业申报（演示）", Owner: "320902", Joint: []string{"320903", "320904"}, Group: demoBuilding, Set: period.Date(2024, 11, 8)}, "", nil},
	} {
		d.on(x.on)
		x.task.Plan, x.task.Keeper, x.task.Document = demoPlan, homeCity, "演示〔2024〕5号"
		made, err := d.past.AddTask(ctx, d.city, x.task)
		if err != nil {
			return err
		}
		for i, step := range x.steps {
			office, err := d.scopeOf(ctx, x.login)
			if err != nil {
				return err
			}
			d.on(x.on + 100 + period.Day(i))
			step.Task = made.ID
			if _, err := d.past.Report(ctx, office, step); err != nil {
				return err
			}
		}
	}
	return nil
}
