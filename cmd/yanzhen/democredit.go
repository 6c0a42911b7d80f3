package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
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
	for _, r := range demoReferrals {
		if err := in.demoReferral(ctx, r.product, r.acts); err != nil {
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

func (in *installation) demoReferral(ctx context.Context, product string, acts []bankAct) error {
	me, err := in.scopeOf(ctx, "enterprise")
	if err != nil {
		return err
	}
	id, _, err := in.credit.Begin(ctx, me, in.cases, product, me.Owns()[0])
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
