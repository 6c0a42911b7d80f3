package subsidy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// everything is a firm that gets something by every clause of the document that holds under its defaults.
func (w *world) everything() int64 {
	w.t.Helper()
	day := period.Date(2024, 6, 1)
	honour := func(key, title, level string) thing {
		return thing{kind: content.Honour, key: key, below: 1, facts: map[string]any{
			"honour.title": title, "honour.item": key, "honour.level": level, "honour.awarded_on": day, "honour.first_time": true,
		}}
	}
	all := things("全能示例集团", "320904", 1)
	for code, v := range map[string]any{
		"ent.diagnosed_on": day, "ent.diagnosis_fee": 8 * wan, "ent.diagnosis_institute": "示例诊断院", "ent.service_body": "testing_platform",
		"ent.service_sales@2024": 1200 * wan, "ent.service_sales@2023": 0 * wan, "ent.service_sales@2022": 0 * wan,
	} {
		all[0].facts[code] = v
	}
	all = append(all,
		thing{kind: content.Loan, key: "贷款一", below: 1, facts: map[string]any{
			"loan.contract": "HT-1", "loan.principal": 5000 * wan, "loan.drawn_on": day, "loan.for_digital": true, "loan.project": "全能示例集团数字车间",
		}},
		honour("国家示范", "nat_smart_factory", "national"), honour("省级标杆", "prov_benchmark_factory", "provincial"), honour("典型场景", "digital_scene", "provincial"),
		honour("五星上云", "cloud_five_star", "provincial"), honour("领军服务商", "leading_provider", "provincial"), honour("实训基地", "training_base", "city"),
		honour("培训机构", "training_provider", "city"),
	)
	return w.state(all...)[0]
}

// Nothing in the code knows a clause: whatever brings something is applied for, ruled on and granted in one way, and comes to
// what the policy owes in all.
func TestEveryClause(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm := w.everything()
		in, plan, err := w.policyOf(ctx, yancheng, mustView(w).Seq())
		must(t, err)
		var clauses []string
		for _, c := range plan.Clauses() {
			clauses = append(clauses, c.ID)
		}
		call := w.call(clauses...)
		offers, err := w.Offers(ctx, mustView(w), yancheng, firm, asOf)
		must(t, err)
		var offered []string
		var owed, granted money.Fen
		for n, o := range offers {
			offered = append(offered, o.Clause)
			owed += o.Line.Pays.Sure
			var list []Item
			for i, k := range o.Asked {
				list = append(list, Item{
					Kind: k.ID, Label: k.Name.ZH, Invoice: fmt.Sprintf("24320000000000%02d%02d00", n, i), Serial: fmt.Sprintf("E-%d-%d", n, i), Seller: "示例供应商",
					On: period.Date(2024, 6, 1), Amount: 6000 * wan,
				})
			}
			a, warn, err := w.submit(call, firm, o.Subject, o.Clause, list)
			if err != nil || len(warn) > 0 || a.Amount != o.Line.Pays.Sure {
				t.Errorf("%s: %s of %s, %v, %v", o.Clause, a.Amount, o.Line.Pays.Sure, warn, err)
				continue
			}
			w.ruled(a.Case)
			if a, err = w.grant(a.Case); err != nil {
				t.Errorf("%s: %v", o.Clause, err)
			}
			granted += a.Granted
		}
		var rest []string // that do not hold under the defaults, or for which the firm has nothing
		for _, c := range in.Policy.File.Clauses {
			if !slices.Contains(offered, c.ID) {
				rest = append(rest, c.ID)
			}
		}
		if !slices.Equal(rest, []string{"c8_each_year", "c18"}) {
			t.Errorf("nothing was offered by %v; offered %v", rest, offered)
		}
		if granted != owed || w.committed() != owed {
			t.Errorf("granted %s, owed %s, committed %s", granted, owed, w.committed())
		}
		// Once is once: no clause is granted a second time for the same thing.
		for _, o := range offers {
			if a, _, err := w.submit(call, firm, o.Subject, o.Clause, nil); err == nil {
				w.ruled(a.Case)
				if _, err := w.grant(a.Case); errs.KindOf(err) != errs.KindConflict {
					t.Errorf("%s a second time: %v", o.Clause, err)
				}
			}
		}
	})
}

// A title that is revoked after the day as of which its award is decided, and before the grant, gives nothing; one whose day
// of revocation is still to come does.
func TestTitleRevokedBeforeTheGrant(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		titled := func(name string) (firm, honour int64) {
			ids := w.state(append(things(name, "320904", 1), thing{kind: content.Honour, key: "省级标杆", below: 1, facts: map[string]any{
				"honour.title": "prov_benchmark_factory", "honour.item": "一号", "honour.level": "provincial", "honour.awarded_on": period.Date(2024, 6, 1), "honour.first_time": true,
			}})...)
			return ids[0], ids[2]
		}
		tomorrow := w.today() + 1
		call := w.call("c11")
		applied := map[period.Day]int64{}
		for _, ended := range []period.Day{tomorrow, tomorrow + 100} {
			firm, honour := titled("称号企业" + ended.String())
			a, _, err := w.submit(call, firm, honour, "c11", nil)
			must(t, err)
			w.ruled(a.Case)
			applied[ended] = a.Case
			w.reported(honour, map[string]any{"honour.ended_on": ended})
		}
		w.pass(24 * time.Hour)
		if _, err := w.grant(applied[tomorrow]); errs.KindOf(err) != errs.KindConflict || !strings.Contains(text(err), "撤销") {
			t.Errorf("granted for a title that was revoked today: %v", err)
		}
		if a, err := w.grant(applied[tomorrow+100]); err != nil || a.Granted != 200*wan {
			t.Errorf("for one that stands: %s, %v", a.Granted, err)
		}
	})
}

// An award that was paid for a title is looked at again when another bureau's sheet ends the title, long after its case was closed:
// the money is ordered back, comes back, and the books balance. The sheet once more, or a later one that says the same, asks nobody.
func TestTitleEndedElsewhereComesBackToTheMoney(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.state(append(things("称号企业", "320904", 1), thing{kind: content.Honour, key: "省级标杆", below: 1, facts: map[string]any{
			"honour.title": "prov_benchmark_factory", "honour.item": "一号", "honour.level": "provincial", "honour.awarded_on": period.Date(2024, 6, 1), "honour.first_time": true,
		}})...)
		firm, title := ids[0], ids[2]
		call := w.opened("c11")
		id, err := w.applies(call, firm, "c11", nil)
		must(t, err)
		w.settled(id)
		batch := w.batched(call, id)
		w.pass(9 * 24 * time.Hour)
		w.does(cityB, batch, "approve", "grant")
		w.sends(t, id, 1, 200*wan)
		w.does(cityA, id, "checked")

		asked := func() (n int) {
			tasks, err := w.cases.TasksOf(ctx, cityA, id)
			must(t, err)
			for _, x := range tasks {
				if x.Kind == casework.Look && x.Role == string(access.CityOfficial) { // who can order the money back, though the batch granted it
					n++
				}
			}
			return n
		}
		rests := false
		frozen, err := w.cases.Frozen(ctx, cityA, id)
		must(t, err)
		for _, f := range frozen {
			rests = rests || f.Subject == title && f.Def == "honour.title"
		}
		if !rests || w.stateOf(id) != "done" || asked() != 0 {
			t.Fatalf("before: %s, %d asked, frozen %+v", w.stateOf(id), asked(), frozen)
		}
		w.pass(60 * 24 * time.Hour)
		for range 2 {
			w.reported(title, map[string]any{"honour.ended_on": w.today() - 3})
			if asked() != 1 {
				t.Fatalf("%d tasks ask to look again", asked())
			}
		}
		track, err := w.cases.Track(ctx, cityA, id)
		must(t, err)
		if last := track[len(track)-1]; last.Kind != casework.Shaken || !strings.Contains(last.Reason, "y.xlsx") {
			t.Errorf("the case says %+v", last)
		}

		w.puts(cityA, id, Returned{Return{Instalment: 1, Amount: 200 * wan, Document: "盐工信〔2025〕8号"}})
		w.does(cityA, id, "order_return")
		w.does(finance, id, "returned")
		if a := mustApplication(t, w, id); a.Granted != 0 || w.stateOf(id) != "returned" {
			t.Errorf("after the claw-back: %+v, %s", a, w.stateOf(id))
		}
		if n, err := w.Book.Check(ctx); err != nil {
			t.Errorf("the books do not balance: %v, %v", n, err)
		}
		if err := w.cases.Verify(ctx, access.SystemScope(), id); err != nil {
			t.Errorf("the events do not give the case: %v", err)
		}
	})
}

// A firm whose title is revoked after the day of a round is not asked.
func TestTitleRevokedBeforeTheAsking(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ids := w.state(append(things("称号企业", "320904", 1), thing{kind: content.Honour, key: "省级标杆", below: 1, facts: map[string]any{
			"honour.title": "prov_benchmark_factory", "honour.item": "一号", "honour.level": "provincial", "honour.awarded_on": period.Date(2024, 6, 1), "honour.first_time": true,
		}})...)
		n := newRound(w)
		n.Clauses = []string{"c11"}
		r, err := w.ListRound(ctx, cityA, n)
		must(t, err)
		must(t, w.PublishRound(ctx, cityB, r.ID))
		w.reported(ids[2], map[string]any{"honour.ended_on": w.today() + 1})
		w.pass(9 * 24 * time.Hour)
		asked, err := w.OpenRound(ctx, cityB, r.ID)
		must(t, err)
		lines, _, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{})
		must(t, err)
		if asked != 0 || len(lines) != 1 || lines[0].State != LineDropped || !strings.Contains(lines[0].Reason, "撤销") {
			t.Errorf("asked %d; lines %+v", asked, lines)
		}
	})
}

// What was sent back is handed in again with other items; what was refused is free for others, and an appeal takes it up again.
func TestSentBackRefusedAndAppealed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		call := w.opened("c9")
		firms := w.firms(2)
		me := applicant(1000+firms[0].id, firms[0].id)
		id, err := w.applies(call, firms[0].id, "c9", items("11"))
		must(t, err)
		w.does(county, id, "send_back")
		w.puts(me, id, Asked{Items: items("12")[:2]})
		w.does(me, id, "submit")
		costs, err := w.CostsOf(ctx, county, id)
		must(t, err)
		if a := mustApplication(t, w, id); len(costs) != 2 || costs[0].Invoice != items("12")[0].Invoice || a.Amount != 70*wan {
			t.Errorf("handed in again: %+v, %+v", a, costs)
		}
		all, err := w.Assessments(ctx, access.SystemScope(), id)
		must(t, err)
		if len(all) != 2 || all[0].Pays.Sure != 90*wan {
			t.Errorf("assessments: %+v", all)
		}
		w.does(county, id, "decline")
		if a := mustApplication(t, w, id); a.Standing != Closed {
			t.Errorf("declined: %+v", a)
		}
		if c, err := w.Call(ctx, access.Scope{}, call); err != nil || c.Taken != 0 {
			t.Errorf("its place in the quota: %+v, %v", c, err)
		}
		w.does(me, id, "appeal")
		if a := mustApplication(t, w, id); a.Standing != Open {
			t.Errorf("appealed: %+v", a)
		}
		w.does(me, id, "withdraw")
		if err := w.Put(ctx, applicant(5, firms[1].id), id, Asked{}); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another firm writes into the case: %v", err)
		}
	})
}

func TestQuotaOfACall(t *testing.T) {
	w := newWorld(t, sqlite(t))
	firms := w.firms(2)
	c, err := w.OpenCall(ctx, cityA, Call{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "名额一个", Opens: asOf, Closes: asOf + 5, Line: w.line, Quota: 1})
	must(t, err)
	w.does(cityB, c.Case, "publish")
	if _, err := w.applies(c.Case, firms[0].id, "c9", items("11")); err != nil {
		t.Error(err)
	}
	if _, err := w.applies(c.Case, firms[1].id, "c9", items("12")); errs.KindOf(err) != errs.KindConflict {
		t.Errorf("beyond the quota: %v", err)
	}
	for name, bad := range map[string]Call{
		"no title":  {Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Opens: asOf, Closes: asOf, Line: 1},
		"no clause": {Area: "320900", Policy: yancheng, Clauses: []string{"c99"}, Title: "x", Opens: asOf, Closes: asOf, Line: 1},
		"backwards": {Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "x", Opens: asOf, Closes: asOf - 1, Line: 1},
		"no line":   {Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "x", Opens: asOf, Closes: asOf},
		"nowhere":   {Area: "999999", Policy: yancheng, Clauses: []string{"c9"}, Title: "x", Opens: asOf, Closes: asOf, Line: 1},
	} {
		if _, err := w.OpenCall(ctx, cityA, bad); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A draft is written anew, by its case, and neither who drafted it nor who wrote it anew may publish it; one key drafts one call.
func TestDraftOfACall(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firms := w.firms(2)
		draft := Call{
			Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "申报", Opens: asOf, Closes: asOf + 5, Line: w.line, Key: "press",
			Dropped: []Dropped{{Field: "subsidy_investment.invoices", Name: i18n.Text{ZH: "发票", EN: "Invoices"}, Reason: "已随备案提交"}},
		}
		c, err := w.OpenCall(ctx, cityA, draft)
		must(t, err)
		again, err := w.OpenCall(ctx, cityA, draft)
		must(t, err)
		if again.Case != c.Case || len(again.Dropped) != 1 || again.Dropped[0].Reason != "已随备案提交" {
			t.Errorf("one key drafted %+v and %+v", c, again)
		}
		reach, err := w.Reach(ctx, cityA, c)
		must(t, err)
		if reach.Told() != len(firms) || reach.Firms < reach.Told() || len(reach.Clauses) != 1 || reach.Clauses[0].Sure+reach.Clauses[0].Perhaps != reach.Told() {
			t.Errorf("it reaches %+v, of %d firms", reach, len(firms))
		}
		if _, err := w.Reach(ctx, applicant(5, firms[0].id), c); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("an enterprise asks whom a call reaches: %v", err)
		}

		bad := Call{Area: c.Area, Policy: yancheng, Clauses: []string{"c9"}, Opens: asOf, Closes: asOf - 1, Quota: -1, Dropped: []Dropped{{Field: "x", Name: i18n.Text{ZH: "甲", EN: "A"}}}}
		var wrong CallProblems
		if _, err := w.ReviseCall(ctx, cityB, c.Case, bad); !errors.As(err, &wrong) || errs.KindOf(err) != errs.KindInvalid {
			t.Fatalf("what will not do: %v", err)
		}
		var fields []string
		for _, p := range wrong {
			fields = append(fields, p.Field)
		}
		if want := []string{"title", "closes", "line", "quota", "dropped/0/reason"}; !slices.Equal(fields, want) {
			t.Errorf("wrong are %v, want %v", fields, want)
		}
		moved := draft
		moved.Area = "320904"
		if _, err := w.ReviseCall(ctx, cityB, c.Case, moved); !errors.As(err, &wrong) || wrong[0].Field != "area" {
			t.Errorf("into another area: %v", err)
		}
		if _, err := w.cases.Act(ctx, cityB, casework.Act{Case: c.Case, Action: "revise"}); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("with nothing entered: %v", err)
		}
		changed := draft
		changed.Title, changed.Closes, changed.Key, changed.Dropped = "申报（改）", asOf+9, "", nil
		c, err = w.ReviseCall(ctx, cityB, c.Case, changed)
		must(t, err)
		of, _, err := w.cases.Get(ctx, cityA, c.Case)
		must(t, err)
		if c.Title != changed.Title || c.Closes != changed.Closes || len(c.Dropped) != 0 || of.Title != changed.Title || of.Data["closes"].String() != changed.Closes.String() {
			t.Errorf("written anew it is %+v, its case %+v", c, of)
		}
		for _, who := range []access.Scope{cityA, cityB} {
			if _, err := w.cases.Act(ctx, who, casework.Act{Case: c.Case, Action: "publish"}); err == nil {
				t.Errorf("account %d publishes what it wrote", who.Account())
			}
		}
	})
}

// A call is paid by the budget of its own area or by that of one above it: the money of a county pays in the county alone, whoever
// drafts, and a draft of before that says otherwise is not published.
func TestCallIsPaidByItsOwnAreaOrOneAbove(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.firms(1)
		lines := map[string]int64{"320900": w.line}
		for _, area := range []string{"320902", "320904"} {
			id, err := ledger.Alone(ctx, w.Book, func(ctx context.Context, tx *store.Tx) (int64, error) {
				return w.Book.Appropriate(ctx, tx, ledger.Act{Scope: access.SystemScope(), Key: "budget of " + area, Reason: "年初预算", Document: "盐财〔2024〕2号"},
					ledger.Appropriation{Fund: "县级专项", Code: "zgsz", Year: 2024, Area: area, Name: "智改数转", Change: 100 * wan})
			})
			must(t, err)
			lines[area] = id
		}
		for _, x := range []struct {
			area, line string
			ok         bool
		}{
			{"320900", "320900", true},
			{"320902", "320900", true},
			{"320902", "320902", true},
			{"320900", "320902", false},
			{"320904", "320902", false},
			{"320902", "320904", false},
		} {
			draft := Call{Area: x.area, Policy: yancheng, Clauses: []string{"c9"}, Title: "申报", Opens: asOf, Closes: asOf + 5, Line: lines[x.line]}
			_, err := w.CheckCall(ctx, cityA, draft)
			var wrong CallProblems
			switch {
			case x.ok && err != nil:
				t.Errorf("a call of %s on a line of %s: %v", x.area, x.line, err)
			case !x.ok && (!errors.As(err, &wrong) || len(wrong) != 1 || wrong[0].Field != "line" || wrong[0].Msg.Key != "subsidy.line_elsewhere"):
				t.Errorf("a call of %s on a line of %s: %v", x.area, x.line, err)
			}
			if _, err := w.OpenCall(ctx, cityA, draft); (err == nil) != x.ok {
				t.Errorf("drafted, a call of %s on a line of %s: %v", x.area, x.line, err)
			}
		}
		if _, err := w.CheckCall(ctx, somebody(20, access.CountyOfficial), Call{Area: "320902", Policy: yancheng, Clauses: []string{"c9"}, Title: "申报", Opens: asOf, Closes: asOf + 5, Line: lines["320902"] + 1_000_000}); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a line that is not there: %v", err)
		}
		c, err := w.OpenCall(ctx, cityA, Call{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "旧草稿", Opens: asOf, Closes: asOf + 5, Line: w.line})
		must(t, err)
		must(t, w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE subsidy_call SET line_id = $1 WHERE case_id = $2`, lines["320902"], c.Case)
			return err
		}))
		if err := w.act(cityB, c.Case, "publish", ""); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("an old draft on another area's line is published: %v", err)
		}
	})
}

// Where the product or the enterprise does what an approval is frozen with, the workflow says which office looks again when it is doubted.
func TestEveryDoubtGoesToAnOffice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, flow := range w.set.All() {
			for _, a := range flow.Actions {
				if a.Freeze && (slices.Contains(a.Who, casework.System) || slices.Contains(a.Who, casework.Applicant)) && flow.Doubts == "" {
					t.Errorf("%s: %s freezes, and nobody is named who looks again", flow.Workflow, a.ID)
				}
			}
		}
	})
}
