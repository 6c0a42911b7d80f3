package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/flag"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// flagAct is a step that somebody takes in the review of a red flag of the demonstration.
type flagAct struct {
	login, action string
	answers       map[string]any
}

// demoReviews are what becomes of the first flags of a demonstration, one after the other: one is settled by two accounts, and one waits
// for the answer of an office. The others nobody has looked into.
var demoReviews = [][]flagAct{
	{
		{"second", "propose", map[string]any{"outcome": "explained", "grounds": "核对登记信息和合同，相同之处有正当原因（演示）"}},
		{"auditor", "confirm_explained", nil},
	},
	{
		{"auditor", "ask", map[string]any{"row": 1, "to": flag.ToOffice, "question": "请核对这一行的申报材料，说明情况并附证明（演示）"}},
	},
}

// demoAlike is what pairs of applicants of a demonstration have in common, by the word of its bureau, so that there is something to look
// into: each pair in one thing.
var demoAlike = []struct{ def, text string }{
	{"ent.contact_phone", "0515-00000088"}, {"ent.address", "演示路 88 号"}, {"ent.legal_person", "演示人员 88"},
}

// makeAlike states it of the first applicants.
func (in *installation) makeAlike(ctx context.Context) error {
	all, err := in.subsidy.Applications(ctx, access.SystemScope(), subsidy.Filter{Limit: 1000})
	if err != nil {
		return err
	}
	var firms []int64
	for _, a := range slices.Backward(all) {
		if a.Standing != subsidy.Closed && !slices.Contains(firms, a.Enterprise) {
			firms = append(firms, a.Enterprise)
		}
	}
	err = in.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		src, err := in.sources.Say(ctx, tx, source.Source{Kind: source.Entry, Authority: "bureau", Name: "企业登记信息核对（演示）", Area: homeCity})
		if err != nil {
			return err
		}
		var said []fact.Statement
		for i := range min(len(firms)/2, len(demoAlike)) {
			for _, firm := range firms[2*i : 2*i+2] {
				said = append(said, fact.Statement{Subject: firm, Def: demoAlike[i].def, State: fact.Present, Value: fact.Value{Text: demoAlike[i].text}, Place: "演示"})
			}
		}
		return in.facts.Say(ctx, tx, src.ID, said)
	})
	if err != nil {
		return fmt.Errorf("make demo applicants alike: %w", err)
	}
	return in.frames.Refresh(ctx)
}

// demoFlags has the auditor of a demonstration look into some of the flags that are found in it, where nobody has yet.
func (in *installation) demoFlags(ctx context.Context) error {
	_, total, err := in.cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: flag.ReviewFlow}, 0, 1)
	if err != nil || total > 0 || in.now.Today() != demo.Clock {
		return err
	}
	if err := in.makeAlike(ctx); err != nil {
		return err
	}
	auditor, err := in.scopeOf(ctx, "auditor")
	if err != nil {
		return err
	}
	view, err := in.frames.For(ctx, auditor.Watched(nil), 0)
	if err != nil {
		return err
	}
	list, err := in.flags.Find(ctx, view, flag.Query{})
	if err != nil {
		return err
	}
	for i, f := range list.Page(0, len(demoReviews)) {
		id, _, err := in.flags.Begin(ctx, auditor, in.cases, view, f.Kind, f.Key())
		if err != nil {
			return fmt.Errorf("make demo review: %w", err)
		}
		for _, x := range demoReviews[i] {
			scope, err := in.scopeOf(ctx, x.login)
			if err != nil {
				return err
			}
			act := casework.Act{Case: id, Action: x.action}
			if x.answers != nil {
				if act.Entry, err = json.Marshal(map[string]any{"answers": x.answers}); err != nil {
					return err
				}
			}
			if _, err := in.cases.Act(ctx, scope, act); err != nil {
				return fmt.Errorf("make demo review: %w", err)
			}
		}
	}
	return nil
}
