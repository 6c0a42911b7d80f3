package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// demoBanks are the banks of a demonstration that have an account, by the login.
var demoBanks = map[string]string{"bank": "demo_a", "bank2": "demo_b", "lessor": "demo_l"}

// bankAct is a step that somebody takes in a referral of the demonstration, with what its form answers; answers are in 万元.
type bankAct struct {
	login, action, reason string
	answers               map[string]any
}

// demoReferrals are the referrals of a demonstration, by product: a loan that is drawn, a refusal that says why, one that waits for the
// bank, and a lease whose first rent is paid.
var demoReferrals = []struct {
	product string
	acts    []bankAct
}{
	{"demo_a_equipment", []bankAct{
		{"enterprise", "submit", "", demoAsks(300, 24, "购置数控机床和生产管理软件（演示）")},
		{"bank", "offer", "", map[string]any{"amount": 300, "rate": 3.5, "months": 24, "valid_until": "2024-12-31", "conditions": "设备抵押（演示）"}},
		{"enterprise", "accept", "", nil},
		{"bank", "sign", "", map[string]any{"number": "演示授信 2024-001", "line": 300, "rate": 3.5, "signed_on": "2024-10-21", "ends_on": "2026-10-20"}},
		{"bank", "draw", "", map[string]any{"voucher": "演示借据 2024-001", "principal": 200, "drawn_on": "2024-10-25", "due_on": "2025-10-24", "rate": 3.5, "for_digital": true}},
		{"bank", "repay", "", map[string]any{"voucher": "演示借据 2024-001", "paid_on": "2024-10-31", "principal": 20, "interest": 0.1}},
	}},
	{"demo_a_digital", []bankAct{
		{"enterprise", "submit", "", demoAsks(50, 12, "采购云服务和数据采集设备（演示）")},
		{"bank", "refuse", "同类信用贷款本年额度已用完，建议改申请设备贷（演示）", nil},
	}},
	{"demo_b_factory", []bankAct{
		{"enterprise", "submit", "", demoAsks(800, 48, "建设智能车间，含自动化产线和仓储系统（演示）")},
	}},
	{"demo_l_equipment", []bankAct{
		{"enterprise", "submit", "", demoLeases(120, 24, "替换人工上下料，接入生产管理系统（演示）", demoRobots)},
		{"lessor", "offer", "", map[string]any{
			"amount": 120, "rate": 5, "months": 24, "rents": 8, "every": 3, "rent": 15.8, "last_rent": 15.9, "deposit": 6, "fee": 1.2, "valid_until": "2024-12-31",
		}},
		{"enterprise", "accept", "", nil},
		{"lessor", "sign", "", map[string]any{"number": "演示租赁 2024-001", "line": 120, "rate": 5, "deposit": 6, "fee": 1.2, "signed_on": "2024-10-14", "ends_on": "2026-10-31"}},
		{"lessor", "draw", "", map[string]any{
			"voucher": "演示验收 2024-001", "asset": demoRobots, "price": 150, "principal": 120, "drawn_on": "2024-10-21", "due_on": "2026-10-20", "rate": 5, "rents": 8, "every": 3,
			"first_due": "2024-10-28", "rent": 15.8, "last_rent": 15.9,
		}},
		{"lessor", "repay", "", map[string]any{"voucher": "演示验收 2024-001", "paid_on": "2024-10-28", "principal": 14.3, "interest": 1.5}},
	}},
}

func demoAsks(amount, months int, use string) map[string]any {
	return map[string]any{
		"amount": amount, "months": months, "use": use, "contact": "演示人员 01", "phone": "0515-00000000", "agree": true, "until": "2025-04-30", "truthful": true,
	}
}

// demoRobots are what the enterprise of a demonstration leases.
const demoRobots = "六轴搬运机器人 4 台（演示）"

func demoLeases(amount, months int, use, asset string) map[string]any {
	all := demoAsks(amount, months, use)
	maps.Copy(all, map[string]any{"asset": asset, "kind": "robot", "price": 150, "age": 0})
	return all
}

// demoCredit has the enterprise of a demonstration ask the invented banks for loans and the lessor for a lease, where it has not yet.
func (in *installation) demoCredit(ctx context.Context) error {
	_, total, err := in.cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: credit.Loan.Flow()}, 0, 1)
	if err != nil || total > 0 || in.now.Today() != demo.Clock {
		return err // what the banks sign has its own days
	}
	held, err := in.demoMeetings(ctx)
	if err != nil {
		return fmt.Errorf("make demo meetings of banks and firms: %w", err)
	}
	for i, r := range demoReferrals {
		meeting := int64(0)
		if i == 0 { // the one that became a loan began at the meeting
			meeting = held
		}
		if err := in.demoReferral(ctx, r.product, meeting, r.acts); err != nil {
			return fmt.Errorf("make demo referral of %s: %w", r.product, err)
		}
	}
	return in.demoList(ctx)
}

// demoList has a bank of a demonstration send its list of the month: it has one repayment more than it entered, and a loan that was
// never entered.
func (in *installation) demoList(ctx context.Context) error {
	me, err := in.scopeOf(ctx, "enterprise")
	if err != nil {
		return err
	}
	view, err := in.frames.For(ctx, me, 0)
	if err != nil {
		return err
	}
	firm, _ := view.Enterprise(me.Owns()[0])
	path, err := sheet.Keep(strings.NewReader("借据号,合同编号,统一社会信用代码,企业名称,授信额度（万元）,放款金额（万元）,放款日期,年利率（%）,余额（万元）\n" +
		fmt.Sprintf("演示借据 2024-001,演示授信 2024-001,%s,%s,300,200,2024-10-25,3.5,175\n", firm.USCC, firm.Name) +
		fmt.Sprintf("演示借据 2024-002,演示授信 2024-001,%s,%s,300,60,2024-10-30,3.5,60\n", firm.USCC, firm.Name)))
	if err != nil {
		return err
	}
	bank, err := in.scopeOf(ctx, "bank")
	if err == nil {
		var faults []i18n.Msg
		_, faults, err = in.credit.BringList(ctx, bank, credit.NewList{
			Bank: demoBanks["bank"], Month: in.credit.LastMonth(), File: credit.ListFile{Path: path, Name: "演示银行A贷款清单-2024-10.csv"},
		})
		if len(faults) > 0 {
			err = errs.Invalid(faults[0])
		}
	}
	if err := errors.Join(err, os.Remove(path)); err != nil {
		return fmt.Errorf("make demo list of loans: %w", err)
	}
	return nil
}

func (in *installation) demoReferral(ctx context.Context, product string, meeting int64, acts []bankAct) error {
	me, err := in.scopeOf(ctx, "enterprise")
	if err != nil {
		return err
	}
	id, _, err := in.credit.Begin(ctx, me, in.cases, credit.Request{Product: product, Firm: me.Owns()[0], Meeting: meeting})
	if err != nil {
		return err
	}
	for _, x := range acts {
		scope, err := in.scopeOf(ctx, x.login)
		if err != nil {
			return err
		}
		act := casework.Act{Case: id, Action: x.action, Reason: x.reason}
		if x.answers != nil {
			if act.Entry, err = json.Marshal(map[string]any{"answers": x.answers}); err != nil {
				return err
			}
		}
		if _, err := in.cases.Act(ctx, scope, act); err != nil {
			return err
		}
	}
	return nil
}

// demoGuests is how many enterprises are invited to each meeting of a demonstration.
const demoGuests = 12

// demoMeetings makes two meetings of banks and firms: one that was held two weeks ago, with answers and talks, and one that is to come.
// It gives the one that was held.
func (in *installation) demoMeetings(ctx context.Context) (held int64, err error) {
	scopes := map[string]access.Scope{}
	for _, login := range []string{"city", "enterprise", "bank", "bank2"} {
		if scopes[login], err = in.scopeOf(ctx, login); err != nil {
			return 0, err
		}
	}
	view, err := in.frames.For(ctx, scopes["city"], 0)
	if err != nil {
		return 0, err
	}
	firms, codes := scopes["enterprise"].Owns()[:1], []string{}
	for e := range view.Enterprises() {
		switch {
		case e.USCC == "":
		case e.ID == firms[0]:
			codes = append(codes, string(e.USCC))
		case len(firms) < demoGuests:
			firms, codes = append(firms, e.ID), append(codes, string(e.USCC))
		}
	}
	meeting := credit.NewMeeting{
		Area: homeCity, Title: "智能制造贷银企对接会（演示）", About: "演示：企业和银行均按演示数据生成，不是真实会议。", Place: "市政务中心 3 楼会议室（演示）",
		Products: []string{"demo_a_equipment", "demo_a_digital", "demo_b_factory"}, Audience: credit.Audience{Codes: strings.Join(codes, "\n")},
		Hours: credit.Hours{Day: (demo.Clock - 14).String(), From: "14:00", Until: "17:00"},
	}
	if held, err = in.creditAt(demo.Clock-24, 10).PlanMeeting(ctx, scopes["city"], meeting); err != nil {
		return 0, err
	}
	if err := in.demoTalks(ctx, scopes, held, firms); err != nil {
		return 0, err
	}
	meeting.Title, meeting.Hours.Day = "智改数转设备贷对接会（演示）", (demo.Clock + 14).String()
	_, err = in.credit.PlanMeeting(ctx, scopes["city"], meeting)
	return held, err
}

// creditAt is the store of banks and loans as it stood at an hour of an earlier day, for what a demonstration has behind it. The banks are
// parties by then.
func (in *installation) creditAt(day period.Day, hour int) *credit.Store {
	d := in.credit.Deps
	d.Clock, d.Sources = clock.Fixed(time.UnixMilli(clock.StartOf(day)).Add(time.Duration(hour)*time.Hour)), nil
	return credit.Open(d)
}

// demoTalks is what was answered to the meeting that was held, and what its talks came to. The first of the firms has the account of a
// demonstration; nobody acts for the others.
func (in *installation) demoTalks(ctx context.Context, scopes map[string]access.Scope, held int64, firms []int64) error {
	before, then := in.creditAt(demo.Clock-20, 9), in.creditAt(demo.Clock-14, 16)
	for _, login := range []string{"bank", "bank2"} {
		if err := before.AnswerMeeting(ctx, scopes[login], held, credit.Coming{Plan: 1, Bank: demoBanks[login], Comes: true, People: 2}); err != nil {
			return err
		}
	}
	const wan = money.Wan
	answers := []credit.Coming{
		{Comes: true, People: 2, Wish: credit.Wish{Amount: 300 * wan, Purpose: "购置数控机床和生产管理软件（演示）", Product: "demo_a_equipment"}, Show: true},
		{Comes: true, People: 1, Wish: credit.Wish{Amount: 80 * wan, Purpose: "采购云服务（演示）", Product: "demo_a_digital"}, Show: true},
		{Comes: true, People: 1, Wish: credit.Wish{Amount: -1}},
		{Wish: credit.Wish{Amount: -1}},
	}
	for i, a := range answers[:min(len(answers), len(firms))] {
		a.Plan, a.Firm = 1, firms[i]
		scope := scopes["enterprise"]
		if i > 0 {
			scope = access.NewScope(0, access.Enterprise, nil, []int64{a.Firm})
		}
		if err := before.AnswerMeeting(ctx, scope, held, a); err != nil {
			return err
		}
	}
	for _, x := range []struct {
		login string
		firm  int // of the firms
		talk  credit.NewTalk
	}{
		{"bank", 0, credit.NewTalk{Bank: "demo_a", Outcome: credit.TalkIntent, Amount: 300 * wan, Note: "设备抵押（演示）"}},
		{"bank2", 0, credit.NewTalk{Bank: "demo_b", Outcome: credit.TalkIntent, Amount: 800 * wan}},
		{"bank", 1, credit.NewTalk{Bank: "demo_a", Outcome: credit.TalkMaterial, Reason: "orders"}},
		{"city", 2, credit.NewTalk{Bank: "demo_b", Outcome: credit.TalkNoMatch, Reason: "collateral"}},
	} {
		if x.firm >= len(firms) {
			continue
		}
		x.talk.Firm = firms[x.firm]
		if err := then.WriteTalk(ctx, scopes[x.login], held, x.talk); err != nil {
			return err
		}
	}
	return nil
}
