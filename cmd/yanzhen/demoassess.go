package main

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// The model and the workflow by which enterprises of a demonstration are assessed.
const (
	demoModel, demoEdition = "sme_digital", "2024"
	demoAssessing          = "assessment_sme_digital"
)

// demoAssessments has enterprises of a demonstration assessed, in the weeks before its day: its own twice, by what it says of itself
// and by an expert on the spot, who finds some of it otherwise; of two others of the same county one waits for the county and one for
// an expert. Where somebody was assessed nothing is done.
func (in *installation) demoAssessments(ctx context.Context, p *place) error {
	_, total, err := in.cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: demoAssessing}, 0, 1)
	if err != nil || total > 0 || in.now.Today() < demo.Clock {
		return err // a demonstration that stands earlier has not come to these weeks
	}
	past, err := in.inPast(ctx, p, period.Date(2024, 9, 23))
	if err != nil {
		return err
	}
	d := &demoAssessed{demoPast: past}
	if d.model, err = past.results.Set.Edition(demoModel, demoEdition); err != nil {
		return err
	}
	for _, do := range []func(context.Context) error{d.own, d.others} {
		if err := do(ctx); err != nil {
			return fmt.Errorf("make demo assessments: %w", err)
		}
	}
	return nil
}

// demoAssessed is the demonstration's assessments as they are made.
type demoAssessed struct {
	*demoPast
	model *assess.Rubric
}

// own assesses the enterprise of the demonstration, twice.
func (d *demoAssessed) own(ctx context.Context) error {
	firm := d.scopes["enterprise"].Owns()[0]
	self, err := d.begin(ctx, "enterprise", firm, d.answers(2))
	if err != nil {
		return err
	}
	d.on(period.Date(2024, 9, 26))
	if err := d.does(ctx, self, demoAct{login: "county", action: "seal"}); err != nil {
		return err
	}
	d.on(period.Date(2024, 10, 14))
	answers := d.answers(3)
	visited, err := d.begin(ctx, "enterprise", firm, answers)
	if err != nil {
		return err
	}
	d.on(period.Date(2024, 10, 16))
	if err := d.appoint(ctx, visited, "expert1"); err != nil {
		return err
	}
	d.on(period.Date(2024, 10, 22))
	found := maps.Clone(answers)
	maps.Copy(found, map[string]any{"net_5g": false, "devices_networked": 36, "capture_energy": false, "scene_energy": 2, "scene_planning": 2, "scene_quality": 4})
	if err := d.does(ctx, visited, demoAct{login: "expert1", action: "rate", answers: found}); err != nil {
		return err
	}
	d.on(period.Date(2024, 10, 25))
	return d.does(ctx, visited, demoAct{login: "county", action: "confirm"})
}

// others has two more enterprises of the county hand something in: an expert is to look at the first.
func (d *demoAssessed) others(ctx context.Context) error {
	firms, err := d.neighbours(ctx, 2)
	if err != nil {
		return err
	}
	for i, e := range firms {
		login := fmt.Sprintf("assessed%d", i+1)
		_, err := d.accounts.Create(ctx, access.SystemScope(), access.NewAccount{
			Login: login, Name: "评测企业（演示）", Password: demoPassword, Grants: []access.Grant{{Role: access.Enterprise, Party: e.ID}},
		})
		if err != nil {
			return fmt.Errorf("make demo account %s: %w", login, err)
		}
		if d.scopes[login], err = d.scopeOf(ctx, login); err != nil {
			return err
		}
		d.on([]period.Day{period.Date(2024, 10, 21), period.Date(2024, 10, 29)}[i])
		id, err := d.begin(ctx, login, e.ID, d.answers(1+i))
		if err != nil {
			return err
		}
		if i == 0 {
			d.on(period.Date(2024, 10, 24))
			err = d.appoint(ctx, id, "expert2")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// neighbours is up to so many enterprises of the county where that of the demonstration lies.
func (d *demoAssessed) neighbours(ctx context.Context, most int) ([]party.Enterprise, error) {
	view, err := d.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	own, _ := view.Enterprise(d.scopes["enterprise"].Owns()[0])
	var all []party.Enterprise
	for e := range view.Enterprises() {
		if e.Area != own.Area || e.ID == own.ID || e.USCC == "" {
			continue
		}
		if all = append(all, e); len(all) == most {
			break
		}
	}
	return all, nil
}

// begin opens an assessment of a firm and hands its answers in.
func (d *demoAssessed) begin(ctx context.Context, login string, firm int64, answers map[string]any) (int64, error) {
	c, err := d.cases.New(ctx, d.scopes[login], casework.NewCase{Workflow: demoAssessing, Title: "中小企业数字化水平评测 2024（演示）", Subject: firm})
	if err != nil {
		return 0, err
	}
	return c.ID, d.does(ctx, c.ID, demoAct{login: login, action: "submit", answers: answers})
}

// appoint has the county send an expert.
func (d *demoAssessed) appoint(ctx context.Context, of int64, login string) error {
	if err := d.subsidy.Put(ctx, d.scopes["county"], of, subsidy.Picked{Accounts: []int64{d.scopes[login].Account()}}); err != nil {
		return err
	}
	return d.does(ctx, of, demoAct{login: "county", action: "appoint"})
}

// answers is an answer to all that the model asks, of a firm whose scenes stand about a level of 1 to 3.
func (d *demoAssessed) answers(level int) map[string]any {
	all := map[string]any{}
	for i, def := range d.model.Facts() {
		_, name, _ := strings.Cut(def.Code, ".")
		switch {
		case def.Type == content.Bool:
			all[name] = i%4 <= level
		case strings.HasPrefix(name, "scene_"):
			all[name] = level - i%5/4 // each fifth is one behind
		}
	}
	maps.Copy(all, map[string]any{
		"devices_total": 80, "devices_digital": 15 * (level + 1), "devices_networked": 12 * (level + 1), "digital_spend_share": 2.4,
		"systems_coverage": []string{"nothing", "one", "several", "most"}[level], "digital_plan": []string{"nothing", "informed", "planned", "started"}[level],
		"energy_intensity_trend": "down", "pass_rate_trend": "up", "revenue_per_head_trend": "up", "cost_ratio_trend": "flat",
	})
	return all
}
