package subsidy

import (
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/store"
)

var yanchengAreas = []string{"320900", "320902", "320903", "320904"}

// somebody is an account of its own in a role.
func somebody(id int64, role access.Role) access.Scope {
	return access.NewScope(id, role, yanchengAreas, nil)
}

func applicant(id, firm int64) access.Scope {
	return access.NewScope(id, access.Enterprise, nil, []int64{firm})
}

var (
	cityA   = somebody(30, access.CityOfficial)
	cityB   = somebody(31, access.CityOfficial)
	county  = somebody(20, access.CountyOfficial)
	county2 = somebody(21, access.CountyOfficial)
	auditor = somebody(50, access.AuditFirm)
	finance = somebody(70, access.Finance)
)

func (w *world) act(by access.Scope, id int64, action, reason string) error {
	_, err := w.cases.Act(ctx, by, casework.Act{Case: id, Action: action, Reason: reason})
	return err
}

// report attaches the report of the audit firm to a case, and gives its hash.
func (w *world) report(id int64) string {
	w.t.Helper()
	file, err := w.cases.Attach(ctx, auditor, casework.Attachment{Case: id, Name: "审计报告.pdf", Body: strings.NewReader("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")})
	must(w.t, err)
	return file.SHA256
}

// does takes actions, all of which must succeed.
func (w *world) does(by access.Scope, id int64, actions ...string) {
	w.t.Helper()
	for _, a := range actions {
		_, flow, err := w.cases.Get(ctx, access.SystemScope(), id)
		must(w.t, err)
		reason := ""
		if action, ok := flow.Action(a); ok && action.Reason != "" {
			reason = "测试理由"
		}
		if err := w.act(by, id, a, reason); err != nil {
			w.t.Fatalf("%s on case %d: %v", a, id, err)
		}
	}
}

func (w *world) puts(by access.Scope, id int64, in Input) {
	w.t.Helper()
	must(w.t, w.Put(ctx, by, id, in))
}

func (w *world) stateOf(id int64) string {
	w.t.Helper()
	c, _, err := w.cases.Get(ctx, access.SystemScope(), id)
	must(w.t, err)
	return c.State
}

// opened is a published call with its case.
func (w *world) opened(clauses ...string) int64 {
	w.t.Helper()
	c, err := w.OpenCall(ctx, cityA, Call{Area: "320900", Policy: yancheng, Clauses: clauses, Title: "2024年度申报", Opens: asOf - 1, Closes: asOf + 20, Line: w.line, Reserve: 5000 * wan})
	must(w.t, err)
	if err := w.act(cityA, c.Case, "publish", ""); errs.KindOf(err) != errs.KindConflict {
		w.t.Errorf("published by its author: %v", err)
	}
	w.does(cityB, c.Case, "publish")
	return c.Case
}

// applies opens and submits an application of a firm for the first offer by a clause.
func (w *world) applies(call, firm int64, clause string, items []Item) (int64, error) {
	w.t.Helper()
	me := applicant(1000+firm, firm)
	view, err := w.Frames.For(ctx, me, 0)
	must(w.t, err)
	offers, calls, err := w.CallsFor(ctx, view, firm, w.today())
	must(w.t, err)
	if len(calls) != 1 {
		w.t.Fatalf("open calls: %+v", calls)
	}
	for _, o := range offers[call] {
		if o.Clause != clause {
			continue
		}
		c, err := w.OpenApplication(ctx, me, call, o)
		must(w.t, err)
		w.puts(me, c.ID, Asked{Items: items})
		must(w.t, w.NamePayee(ctx, me, c.ID, Payee{Holder: "户名", Bank: "盐城农商银行", Number: "6228480402564890018"}))
		return c.ID, w.act(me, c.ID, "submit", "")
	}
	w.t.Fatalf("nothing is offered by %s: %+v", clause, offers)
	return 0, nil
}

// reviewed leads an application through the county and the departments.
func (w *world) reviewed(id int64) {
	w.t.Helper()
	w.does(county, id, "accept")
	for i, role := range []access.Role{access.TaxBureau, access.SafetyBureau, access.EnvironmentBureau, access.CreditOffice} {
		w.does(somebody(int64(40+i), role), id, "agree")
	}
}

// batchOf publishes the applications of a call that are ready, and gives the batch.
func (w *world) batched(call int64, cases ...int64) int64 {
	w.t.Helper()
	b, err := w.OpenBatch(ctx, cityA, call, "第一批", "")
	must(w.t, err)
	for _, id := range cases {
		w.does(cityA, id, "join")
	}
	w.does(cityA, b.ID, "publish")
	return b.ID
}

func (w *world) pass(d time.Duration) { w.at = w.at.Add(d) }

// One firm's subsidy from call to paid, by separate accounts.
func TestFromCallToPaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm, _ := w.firm("大丰示例机械", "320904")
		other, _ := w.firm("亭湖假想机械", "320902")
		third, _ := w.firm("盐都虚构机械", "320903")
		w.people(access.AuditFirm, 50)
		w.people(access.Expert, 61, 62, 63, 64)
		call := w.opened("c9")
		id, err := w.applies(call, firm, "c9", items("11"))
		must(t, err)
		w.reviewed(id)
		var told int
		must(t, w.db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM notice WHERE kind = 'call'`).Scan(&told))
		if told != 3 {
			t.Errorf("%d enterprises were told of the call", told)
		}

		// An audit firm cuts one invoice, with the reason.
		if _, err := w.CostsOf(ctx, auditor, id); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("an audit firm sees costs that were not assigned to it: %v", err)
		}
		w.puts(county, id, Picked{Accounts: []int64{50}})
		w.does(county, id, "appoint")
		if costs, err := w.CostsOf(ctx, auditor, id); err != nil || len(costs) != 3 || costs[1].Ruled {
			t.Errorf("costs: %+v, %v", costs, err)
		}
		if _, err := w.Payee(ctx, auditor, id); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("an audit firm sees the account: %v", err)
		}
		w.puts(auditor, id, Rulings{Rulings: []Ruling{{N: 2, Amount: 200 * wan}}})
		if err := w.act(auditor, id, "report", ""); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a cut without a reason: %v", err)
		}
		w.puts(auditor, id, Rulings{Rulings: []Ruling{{N: 2, Amount: 200 * wan, Reason: "含安装费100万元"}}, Report: w.report(id)})
		w.does(auditor, id, "report")

		if err := w.act(somebody(50, access.CityOfficial), id, "settle", ""); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("settled by who reported on the costs: %v", err)
		}

		// A panel of four, one of whom has a conflict of interest.
		w.puts(cityA, id, Picked{Accounts: []int64{61, 62}})
		if err := w.act(cityA, id, "to_panel", ""); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("a panel of two: %v", err)
		}
		w.puts(cityA, id, Picked{Accounts: []int64{61, 62, 63, 64}})
		w.does(cityA, id, "to_panel")
		w.does(somebody(64, access.Expert), id, "conflict")
		if err := w.act(somebody(64, access.Expert), id, "score", ""); err == nil {
			t.Error("who has a conflict scores")
		}
		if err := w.act(somebody(61, access.Expert), id, "score", ""); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a score without a sheet: %v", err)
		}
		for _, e := range []int64{61, 62, 63} {
			w.puts(somebody(e, access.Expert), id, Scored{Sheet: rubric.Sheet{"need": 15 * rubric.One, "level": 25 * rubric.One, "effect": 20 * rubric.One, "spread": 10 * rubric.One}})
			w.does(somebody(e, access.Expert), id, "score")
		}
		if err := w.act(somebody(61, access.CityOfficial), id, "settle_scored", ""); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("settled by who scored: %v", err)
		}
		w.does(cityA, id, "settle_scored")

		// A second firm claims the same machine; a third was paid by another office last year.
		twice, err := w.applies(call, other, "c9", append(items("22")[:2], items("11")[0]))
		must(t, err)
		w.reviewed(twice)
		w.does(county2, twice, "recognise")
		w.does(cityA, twice, "settle")
		before, err := w.applies(call, third, "c9", items("33"))
		must(t, err)
		w.reviewed(before)
		w.does(county2, before, "recognise")
		w.does(cityA, before, "settle")
		path := filed(t, OpeningTemplate(i18n.T{Lang: i18n.ZH}),
			[]any{"盐都虚构机械", "", "投入补助", "盐都虚构机械数字车间", "", "", "", "", "2023", "", "50万元", "市发展改革委", "盐发改〔2023〕9号"})
		p, err := w.PreviewOpenings(ctx, mustView(w), path, "往年.xlsx")
		must(t, err)
		_, err = w.ImportOpenings(ctx, cityA, "320900", "finance", p)
		must(t, err)

		batch := w.batched(call, id, twice, before)
		release, err := w.Release(ctx, batch, ReleasePage{})
		must(t, err)
		if len(release) != 3 || release[0] != (Published{1, "大丰示例机械", "有效投入补助", 80 * wan}) {
			t.Errorf("notice: %+v", release)
		}
		if err := w.act(cityB, batch, "approve", ""); !strings.Contains(text(err), "公示") {
			t.Errorf("approved while the notice stands: %v", err)
		}
		objection, err := w.Object(ctx, batch, 1, "某企业", "设备不是新购的")
		must(t, err)
		w.pass(9 * 24 * time.Hour)
		if err := w.act(cityB, batch, "approve", ""); !strings.Contains(text(err), "异议") {
			t.Errorf("approved with an open objection: %v", err)
		}
		_, err = w.Answer(ctx, cityA, objection, false, "经现场核查，设备为2024年购置，异议不成立")
		must(t, err)
		if err := w.act(cityA, batch, "approve", ""); err == nil {
			t.Error("approved by who published it")
		}
		w.does(cityB, batch, "approve")

		// What may not be granted stops the batch, with its reason, until it is struck.
		err = w.act(cityB, batch, "grant", "")
		if got := text(err); !strings.Contains(got, "不能重复享受") || !strings.Contains(got, "243200000000000011") && !strings.Contains(got, "R-11-1") {
			t.Errorf("the second claim for a machine: %v", err)
		}
		if w.stateOf(id) != "batched" || w.committed() != 0 {
			t.Error("something was granted by a batch that was refused")
		}
		w.does(cityA, twice, "strike")
		if err := w.act(cityB, batch, "grant", ""); !strings.Contains(text(err), "盐发改〔2023〕9号") {
			t.Errorf("what another office paid: %v", err)
		}
		w.does(cityA, before, "strike")
		w.does(cityB, batch, "grant")
		if got := w.committed(); got != 80*wan || w.stateOf(id) != "payable" {
			t.Errorf("committed %s, %s", got, w.stateOf(id))
		}

		w.paysOut(t, id)
		w.clawsBack(t, id)

		// The call ends by its clock; nobody may apply any more.
		w.at = morning.Add(25 * 24 * time.Hour)
		if _, err := w.cases.Ring(ctx); err != nil {
			t.Error(err)
		}
		if w.stateOf(call) != "closed" {
			t.Errorf("the call is %s after its last day", w.stateOf(call))
		}
		if c, err := w.Call(ctx, access.Scope{}, call); err != nil || c.State != CallClosed {
			t.Errorf("the call: %+v, %v", c, err)
		}
	})
}

// paysOut pays an application by a file of the bank.
func (w *world) paysOut(t *testing.T, id int64) {
	t.Helper()
	if p, err := w.Payee(ctx, cityA, id); err != nil || !p.Masked || strings.Contains(p.Number.Reveal(), "40256") {
		t.Errorf("an official sees the account: %+v, %v", p, err)
	}
	if p, err := w.Payee(ctx, finance, id); err != nil || p.Number.Reveal() != "6228480402564890018" {
		t.Errorf("finance does not see the account: %v", err)
	}
	if err := w.act(finance, id, "paid", ""); errs.KindOf(err) != errs.KindConflict {
		t.Errorf("paid before the money went out: %v", err)
	}
	var order int64
	seen := w.seen(id)
	must(t, w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		order, err = w.Order(ctx, tx, finance, "第一批拨付", []Due{{Case: id, Sum: ledger.Sum{Instalment: 1, Amount: 80 * wan}, Seen: seen}})
		return err
	}))
	must(t, w.write(func(ctx context.Context, tx *store.Tx) error {
		return w.Book.Send(ctx, tx, ledger.Act{Scope: finance, Key: "送银行", Document: "支付令1号"}, order)
	}))
	settled, err := w.Settle(ctx, finance, ledger.Act{Key: "回单", Document: "银行回单1号"}, order, []ledger.Outcome{{Order: 1, State: ledger.OrderSettled}})
	must(t, err)
	if settled.Paid != 1 || w.stateOf(id) != "paid" {
		t.Errorf("settled: %+v, %s", settled, w.stateOf(id))
	}
}

// clawsBack has part of a subsidy returned after the check.
func (w *world) clawsBack(t *testing.T, id int64) {
	t.Helper()
	w.puts(cityA, id, Returned{Return{Instalment: 1, Amount: 81 * wan, Document: "盐工信〔2025〕3号"}})
	if err := w.act(cityA, id, "order_return", "绩效未达标"); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("more than was granted is ordered back: %v", err)
	}
	w.puts(cityA, id, Returned{Return{Instalment: 1, Amount: 30 * wan, Document: "盐工信〔2025〕3号"}})
	w.does(cityA, id, "order_return")
	w.does(finance, id, "returned")
	if a := mustApplication(t, w, id); a.Granted != 50*wan || w.stateOf(id) != "returned" {
		t.Errorf("after the claw-back: %+v, %s", a, w.stateOf(id))
	}
	if _, err := w.Book.Check(ctx); err != nil {
		t.Error(err)
	}
}

// A round without applications: a list from verified facts, checked, made public, confirmed or declined, paid.
func TestWithoutApplication(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firms := w.firms(4)
		r, err := w.ListRound(ctx, cityA, NewRound{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "免申即享", Line: w.line})
		must(t, err)
		lines, _, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{})
		must(t, err)
		if len(lines) != 4 || lines[0].Amount != 90*wan || lines[0].Enterprise != firms[0].id {
			t.Fatalf("lines: %+v", lines)
		}
		if theirs, _, err := w.RoundLines(ctx, applicant(9, firms[1].id), r.ID, LineFilter{}); err != nil || len(theirs) != 1 {
			t.Errorf("a firm sees %+v, %v", theirs, err)
		}
		must(t, w.DropLine(ctx, cityA, r.ID, 3, "正在核查"))
		if err := w.PublishRound(ctx, cityA, r.ID); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("published by who made the list: %v", err)
		}
		must(t, w.PublishRound(ctx, cityB, r.ID))
		if _, err := w.OpenRound(ctx, cityB, r.ID); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("opened while the notice stands: %v", err)
		}
		objection, err := w.Object(ctx, r.ID, 4, "王某", "该企业已停产")
		must(t, err)
		if o, err := w.Answer(ctx, cityB, objection, true, "属实"); err != nil || o.Line != 4 {
			t.Errorf("answered %+v, %v", o, err)
		}
		w.pass(9 * 24 * time.Hour)
		if n, err := w.OpenRound(ctx, cityB, r.ID); err != nil || n != 2 {
			t.Fatalf("asked %d, %v", n, err)
		}
		if n, err := w.OpenRound(ctx, cityB, r.ID); err != nil || n != 0 {
			t.Errorf("asked again: %d, %v", n, err)
		}
		lines, _, err = w.RoundLines(ctx, cityA, r.ID, LineFilter{})
		must(t, err)
		yes, no := applicant(101, firms[0].id), applicant(102, firms[1].id)
		if err := w.act(yes, lines[0].Case, "confirm", ""); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("confirmed without an account: %v", err)
		}
		if err := w.NamePayee(ctx, no, lines[0].Case, Payee{Holder: "户名", Bank: "银行", Number: "6228480402564890018"}); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another firm names the account: %v", err)
		}
		must(t, w.NamePayee(ctx, yes, lines[0].Case, Payee{Holder: "户名", Bank: "银行", Number: "6228480402564890018"}))
		w.does(yes, lines[0].Case, "confirm")
		w.does(no, lines[1].Case, "decline")
		if got := w.committed(); got != 90*wan {
			t.Errorf("committed %s", got)
		}
		if again, err := w.ListRound(ctx, cityA, NewRound{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "第二轮", Line: w.line, AsOf: asOf}); err != nil {
			t.Error(err)
		} else if lines, _, _ := w.RoundLines(ctx, cityA, again.ID, LineFilter{States: []string{LineListed}}); len(lines) != 3 {
			t.Errorf("what was granted is listed again: %+v", lines)
		} else if held, n, _ := w.RoundLines(ctx, cityA, again.ID, LineFilter{States: []string{LineHeld}}); n != 1 || held[0].Enterprise != firms[0].id || held[0].Reason == "" {
			t.Errorf("held: %+v", held)
		}
	})
}

// Lists go out to the departments, and their opinions come back in.
func TestJointReviewBySheet(t *testing.T) {
	zh := i18n.T{Lang: i18n.ZH}
	each(t, func(t *testing.T, w *world) {
		call := w.opened("c9")
		var cases []int64
		for i, f := range w.firms(3) {
			id, err := w.applies(call, f.id, "c9", items("5"+string(rune('0'+i))))
			must(t, err)
			w.does(county, id, "accept")
			cases = append(cases, id)
		}
		tax := somebody(40, access.TaxBureau)
		if _, err := w.ReviewList(ctx, zh, tax, access.Expert); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a list for experts: %v", err)
		}
		out, err := w.ReviewList(ctx, zh, tax, access.TaxBureau)
		must(t, err)
		var rows [][]any
		for r := range out.Rows {
			rows = append(rows, r)
		}
		if len(rows) != 3 {
			t.Fatalf("list: %+v", rows)
		}
		for i := range rows {
			for _, cell := range rows[i] {
				if text, _ := cell.(string); strings.Contains(text, "6228480402564890018") || strings.Contains(text, "农商") {
					t.Errorf("the list tells an account: %v", rows[i])
				}
			}
		}
		bad := [][]any{append([]any{}, rows[0]...), append([]any{}, rows[1]...), append([]any{}, rows[2]...)}
		bad[0][5] = "否决"
		bad[1][5], bad[1][1] = "同意", "另一家企业"
		bad[2][5] = "再议"
		_, problems, err := w.ReadOpinions(ctx, tax, access.TaxBureau, filed(t, out, bad...), "税务.xlsx")
		must(t, err)
		var said []string
		for _, p := range problems {
			said = append(said, p.Where.String())
		}
		if got := strings.Join(said, " "); got != "税务.xlsx#填写!G2 税务.xlsx#填写!B3 税务.xlsx#填写!F4" {
			t.Errorf("problems at %s", got)
		}
		rows[0][5], rows[1][5], rows[2][5], rows[2][6] = "同意", "同意", "否决", "2024年8月因虚开发票被处罚"
		all, problems, err := w.ReadOpinions(ctx, tax, access.TaxBureau, filed(t, out, rows...), "税务.xlsx")
		must(t, err)
		if len(problems) != 0 || len(all) != 3 {
			t.Fatalf("opinions: %+v, %+v", all, problems)
		}
		entered, passed, err := w.GiveOpinions(ctx, tax, access.TaxBureau, all)
		must(t, err)
		if entered != 3 || passed != 0 {
			t.Errorf("entered %d, passed over %d", entered, passed)
		}
		if again, _, err := w.GiveOpinions(ctx, tax, access.TaxBureau, all); err != nil || again != 0 {
			t.Errorf("entered again: %d, %v", again, err)
		}
		refused := 0
		for _, id := range cases {
			if w.stateOf(id) == "refused" && mustApplication(t, w, id).Standing == Closed {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("%d were vetoed", refused)
		}
	})
}

func TestProjectIsOpenedByName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm, project := w.firm("大丰示例机械", "320904")
		me := applicant(101, firm)
		c, _, err := w.OpenProject(ctx, me, firm, "大丰示例机械数字车间")
		must(t, err)
		if c.Subject != project || c.State != "draft" {
			t.Errorf("opened: %+v", c)
		}
		made, begun, err := w.OpenProject(ctx, me, firm, "新建黑灯车间")
		must(t, err)
		if made.Subject == project || made.Enterprise != firm || begun {
			t.Errorf("a new one: %+v", made)
		}
		if again, begun, err := w.OpenProject(ctx, me, firm, "新建黑灯车间"); err != nil || again.ID != made.ID || !begun {
			t.Errorf("a second filing of one name: %+v, %v, %v", again, begun, err)
		}
		w.does(me, made.ID, "withdraw")
		if again, begun, err := w.OpenProject(ctx, me, firm, "新建黑灯车间"); err != nil || again.ID == made.ID || again.Subject != made.Subject || begun {
			t.Errorf("filed again after it was withdrawn: %+v, %v, %v", again, begun, err)
		}
		for _, who := range []access.Scope{applicant(102, project), cityA} {
			if _, _, err := w.OpenProject(ctx, who, firm, "别家的项目"); err == nil {
				t.Errorf("opened by %s", who.Role())
			}
		}
		if err := w.act(me, c.ID, "file", ""); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("an empty form: %v", err)
		}
	})
}

// Many presses at a time, of two accounts of the enterprise, come to one project and one filing.
func TestProjectIsOpenedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm, _ := w.firm("大丰示例机械", "320904")
		const presses = 8
		made, begun := make([]casework.Case, presses), make([]bool, presses)
		var group errgroup.Group
		for i := range presses {
			group.Go(func() (err error) {
				made[i], begun[i], err = w.OpenProject(ctx, applicant(101+int64(i%2), firm), firm, "新建黑灯车间")
				return err
			})
		}
		must(t, group.Wait())
		fresh := 0
		for i, c := range made {
			if c.ID != made[0].ID || c.Subject != made[0].Subject {
				t.Errorf("press %d came to case %d about %d, the first to case %d about %d", i, c.ID, c.Subject, made[0].ID, made[0].Subject)
			}
			if !begun[i] {
				fresh++
			}
		}
		if fresh != 1 {
			t.Errorf("%d presses say that they began it", fresh)
		}
		view, err := w.Frames.For(ctx, access.SystemScope(), 0)
		must(t, err)
		if all := view.Children(firm, content.Project); len(all) != 2 { // with the one of w.firm
			t.Errorf("projects of the enterprise: %v", all)
		}
	})
}
