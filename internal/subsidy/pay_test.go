package subsidy

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// heldFor is what is set aside for a call, and what is free in the line.
func (w *world) heldFor(call int64) (held, free money.Fen) {
	w.t.Helper()
	must(w.t, w.Book.Read(ctx, access.SystemScope(), func(ctx context.Context, v *ledger.View) error {
		shares, err := v.Calls(ctx, ledger.Filter{Line: w.line})
		for _, x := range shares {
			if x.Call == caseName(call) {
				held = x.Held
			}
		}
		if err != nil {
			return err
		}
		rows, err := v.Fund(ctx, ledger.Filter{Line: w.line}, ledger.ByLine)
		if err == nil {
			free = rows[0].Balance[ledger.Free]
		}
		return err
	}))
	return held, free
}

// settled leads an application from the county to the amount that a batch takes.
func (w *world) settled(id int64) {
	w.t.Helper()
	w.reviewed(id)
	w.does(county2, id, "recognise")
	w.does(cityA, id, "settle")
}

// What a call has set aside and does not need goes back when it closes, and when an application of it ends or is granted for
// less; one that is taken up again finds its money, as long as the line has it.
func TestClosedCallGivesBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		list := w.firms(3)
		call := w.opened("c9")
		var cases []int64
		for i, f := range list {
			id, err := w.applies(call, f.id, "c9", items(string(rune('1'+i))+"1"))
			must(t, err)
			w.settled(id)
			cases = append(cases, id)
		}
		if held, _ := w.heldFor(call); held != 5000*wan {
			t.Errorf("held while it runs: %s", held)
		}
		w.does(cityB, call, "close")
		if held, free := w.heldFor(call); held != 270*wan || free != 9730*wan {
			t.Errorf("held after it closed: %s, free %s", held, free)
		}
		w.does(cityA, cases[2], "decline")
		if held, _ := w.heldFor(call); held != 180*wan {
			t.Errorf("held after one was declined: %s", held)
		}
		me := applicant(1000+list[2].id, list[2].id)
		w.does(me, cases[2], "appeal")
		w.settled(cases[2])
		batch := w.batched(call, cases...)
		w.pass(9 * 24 * time.Hour)
		w.does(cityB, batch, "approve", "grant")
		if held, free := w.heldFor(call); held != 0 || free != 9730*wan || w.committed() != 270*wan {
			t.Errorf("after all was granted: held %s, free %s, committed %s", held, free, w.committed())
		}
		if c, err := w.Book.Check(ctx); err != nil || len(c.Faults) > 0 {
			t.Errorf("check: %+v, %v", c.Faults, err)
		}
	})
}

// A batch is dropped only empty, and gathers no more then; a call has one that gathers at a time.
func TestBatchIsDropped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm, _ := w.firm("大丰示例机械", "320904")
		call := w.opened("c9")
		id, err := w.applies(call, firm, "c9", items("11"))
		must(t, err)
		w.settled(id)
		b, err := w.OpenBatch(ctx, cityA, call, "第一批", "")
		must(t, err)
		if _, err := w.OpenBatch(ctx, cityB, call, "又一批", ""); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("a second batch: %v", err)
		}
		w.does(cityA, id, "join")
		if err := w.act(cityA, b.ID, "drop", "重来"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("dropped with an application in it: %v", err)
		}
		w.does(cityA, id, "leave")
		w.does(cityA, b.ID, "drop")
		if err := w.act(cityA, id, "join", ""); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("joined a batch that was dropped: %v", err)
		}
		next := w.batched(call, id)
		if all, err := w.Batches(ctx, cityA, call); err != nil || len(all) != 1 || all[0].Case != next {
			t.Errorf("batches: %+v, %v", all, err)
		}
		if all, err := w.Batches(ctx, applicant(9, firm), call); err != nil || len(all) != 0 {
			t.Errorf("a firm sees %+v, %v", all, err)
		}
		n, err := w.Notice(ctx, next)
		must(t, err)
		if n.Title != "2024年度申报" || n.Left != NoticeDays && n.Left != NoticeDays+1 || !n.Stands() {
			t.Errorf("notice: %+v", n)
		}
		if msgs, err := w.Hindrances(ctx, cityA, id); err != nil || len(msgs) != 0 {
			t.Errorf("hindrances: %v, %v", msgs, err)
		}
		_, err = w.Object(ctx, next, 1, "某企业", "设备不是新购的")
		must(t, err)
		if msgs, err := w.Hindrances(ctx, cityA, id); err != nil || len(msgs) != 1 {
			t.Errorf("hindrances with an objection: %v, %v", msgs, err)
		}
		w.pass(9 * 24 * time.Hour)
		if n, err := w.Notice(ctx, next); err != nil || n.Stands() {
			t.Errorf("notice after its days: %+v, %v", n, err)
		}
		if all, err := w.Notices(ctx); err != nil || len(all) != 1 {
			t.Errorf("notices: %+v, %v", all, err)
		}
	})
}

// An account is checked when it is named; a holder of another name is told to who pays, and to nobody else.
func TestPayeeIsChecked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm, _ := w.firm("大丰示例机械（集团）", "320904")
		call := w.opened("c9")
		id, err := w.applies(call, firm, "c9", items("11"))
		must(t, err)
		me := applicant(1000+firm, firm)
		for number, ok := range map[ledger.Account]bool{"12345": false, "6228480402564890018x": false, "六二二八": false, "62284804025648900186228480402564890018": false, "1028 4804-0256": true} {
			if err := w.NamePayee(ctx, me, id, Payee{Holder: "大丰示例机械(集团)", Bank: "银行", Number: number}); (err == nil) != ok {
				t.Errorf("account %s: %v", number.Reveal(), err)
			}
		}
		if p, err := w.Payee(ctx, finance, id); err != nil || p.Firm != "" {
			t.Errorf("brackets of another width: %+v, %v", p, err)
		}
		must(t, w.NamePayee(ctx, me, id, Payee{Holder: "大丰示例机械销售部", Bank: "银行", Number: "10284804"}))
		if p, err := w.Payee(ctx, finance, id); err != nil || p.Firm != "大丰示例机械（集团）" {
			t.Errorf("another holder: %+v, %v", p, err)
		}
		for _, who := range []access.Scope{me, cityA} {
			if p, err := w.Payee(ctx, who, id); err != nil || p.Firm != "" {
				t.Errorf("told to somebody else: %+v, %v", p, err)
			}
		}
	})
}

func TestDropReasonIsLimited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.firms(1)
		r, err := w.ListRound(ctx, cityA, NewRound{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "免申即享", Line: w.line})
		must(t, err)
		if err := w.DropLine(ctx, cityA, r.ID, 1, strings.Repeat("长", maxText+1)); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a reason without end: %v", err)
		}
		must(t, w.DropLine(ctx, cityA, r.ID, 1, strings.Repeat("长", maxText)))
	})
}

// inTwoParts is the policy of the tests, whose c9 pays 40 % at once and the rest once the project was accepted.
func inTwoParts(t testing.TB) version.Package {
	t.Helper()
	p, err := version.FromFS(os.DirFS("../../content/policies/yancheng/2022-6"))
	must(t, err)
	for from, to := range map[string]string{
		"params:\n": `params:
  - {id: first_part, type: rate, name: {zh: 首期比例, en: First part}, value: 40%, cite: 测试, quote: 首期40%}
  - {id: second_part, type: rate, name: {zh: 尾款比例, en: Second part}, value: 60%, cite: 测试, quote: 尾款60%}
`,
		"        rate: param.investment_rate\n": `        rate: param.investment_rate
    payment:
      instalments:
        - {id: first, name: {zh: 首期, en: First part}, share: param.first_part}
        - {id: rest, name: {zh: 尾款, en: Second part}, share: param.second_part, on: project.accepted_on}
      cite: 测试
`,
	} {
		if !bytes.Contains(p.Policy, []byte(from)) {
			t.Fatalf("the policy of the tests lacks %q", from)
		}
		p.Policy = bytes.Replace(p.Policy, []byte(from), []byte(to), 1)
	}
	p.Cases = nil
	return p
}

// accepted has the bureau say on which day a project was accepted.
func (w *world) accepted(project int64, on period.Day) {
	w.t.Helper()
	w.reported(project, map[string]any{"project.accepted_on": on})
}

// asksDue is what an enterprise is told of instalments that have fallen due.
func (w *world) asksDue(firm int64) int {
	w.t.Helper()
	_, err := w.TellDue(ctx)
	must(w.t, err)
	var n int
	must(w.t, w.db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM notice WHERE to_party = $1 AND told_key LIKE 'due/%'`, firm).Scan(&n))
	return n
}

// grantedInTwoParts is a case of a firm and its project whose subsidy was granted: the first part is payable, the second promised.
func grantedInTwoParts(t *testing.T, db *store.DB) (w *world, firm, project, id int64) {
	t.Helper()
	w = worldUnder(t, db, inTwoParts(t))
	firm, project = w.firm("大丰示例机械", "320904")
	call := w.opened("c9")
	id, err := w.applies(call, firm, "c9", items("11"))
	must(t, err)
	w.settled(id)
	batch := w.batched(call, id)
	w.pass(9 * 24 * time.Hour)
	w.does(cityB, batch, "approve", "grant")
	return w, firm, project, id
}

// A clause that pays in two parts promises the whole: it is committed under one claim, the second part is asked for when it is
// due and not before, is worked out again by the pinned policy, and is never more than was promised.
func TestInstalments(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, firm, project, id := grantedInTwoParts(t, db)
		me := applicant(1000+firm, firm)
		parts, err := w.Instalments(ctx, applicant(9, firm), id)
		must(t, err)
		if len(parts) != 2 || parts[0].Balance[ledger.Payable] != 36*wan || parts[1].Balance[ledger.Committed] != 54*wan {
			t.Fatalf("instalments: %+v", parts)
		}
		w.sends(t, id, 1, 36*wan)
		if w.stateOf(id) != awaits {
			t.Fatalf("after the first part the case is %s", w.stateOf(id))
		}
		if err := w.act(me, id, "ask_instalment", ""); errs.KindOf(err) != errs.KindConflict || !strings.Contains(text(err), "尾款") {
			t.Errorf("asked before the project was accepted: %v", err)
		}
		if n := w.asksDue(firm); n != 0 {
			t.Errorf("%d messages before anything is due", n)
		}
		w.accepted(project, w.today()+30)
		if err := w.act(me, id, "ask_instalment", ""); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("asked before the day: %v", err)
		}
		w.pass(31 * 24 * time.Hour)
		if n := w.asksDue(firm) + w.asksDue(firm); n != 2 {
			t.Errorf("told %d times in two passes that it is due", n)
		}
		w.does(me, id, "ask_instalment")
		for _, who := range []access.Scope{me, finance} {
			if err := w.act(who, id, "agree_instalment", ""); errs.KindOf(err) != errs.KindForbidden {
				t.Errorf("agreed to by %s: %v", who.Role(), err)
			}
		}
		w.does(county, id, "agree_instalment")
		all, err := w.Assessments(ctx, cityA, id)
		must(t, err)
		if last := all[len(all)-1]; last.Stage != FellDue || last.Pays.Sure != 90*wan || len(last.Receipt) == 0 {
			t.Errorf("the decision on the second part: %s %v", last.Stage, last.Pays)
		}
		owed, err := w.Owed(ctx, finance, ledger.Filter{}, ledger.Page{})
		must(t, err)
		if len(owed) != 1 || owed[0].Case != id || owed[0].Balance[ledger.Payable] != 54*wan || owed[0].Payee == nil || owed[0].Payee.Number != "6228480402564890018" {
			t.Errorf("owed: %+v", owed)
		}
		if seen, err := w.Owed(ctx, cityA, ledger.Filter{}, ledger.Page{}); err != nil || len(seen) != 1 || !seen[0].Payee.Masked {
			t.Errorf("an official sees %+v, %v", seen, err)
		}
		w.sends(t, id, 2, 54*wan)
		if w.stateOf(id) != "paid" {
			t.Errorf("after both parts the case is %s", w.stateOf(id))
		}
		if err := w.act(me, id, "ask_instalment", ""); err == nil {
			t.Error("a third part was asked for")
		}
		if c, err := w.Book.Check(ctx); err != nil || len(c.Faults) > 0 {
			t.Errorf("check: %+v, %v", c.Faults, err)
		}
	})
}

// What is known now bounds the second part, and what will not fall due any more is given up, by the city alone and for a reason.
func TestLaterInstalmentIsBounded(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, firm, project, id := grantedInTwoParts(t, db)
		me := applicant(1000+firm, firm)
		w.sends(t, id, 1, 36*wan)
		w.accepted(project, w.today())
		w.reported(project, map[string]any{"project.investment@2024": 600 * wan, "project.effective_input@2024": 600 * wan})
		w.does(me, id, "ask_instalment")
		w.does(county, id, "agree_instalment")
		parts, err := w.Instalments(ctx, cityA, id)
		must(t, err)
		paid, owed, waits := parts[0].Balance[ledger.Paid], parts[1].Balance[ledger.Payable], parts[1].Balance[ledger.Committed]
		if paid != 36*wan || owed <= 0 || owed >= 54*wan || owed+waits != 54*wan {
			t.Fatalf("by less input: paid %s, owed %s, waits %s", paid, owed, waits)
		}
		w.sends(t, id, 2, owed)
		if err := w.act(me, id, "ask_instalment", ""); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("asked for what is not due: %v", err)
		}
		if err := w.act(cityA, id, "end_instalments", ""); err == nil {
			t.Error("given up without a reason")
		}
		if err := w.act(county, id, "end_instalments", "投入核减"); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("given up by a county: %v", err)
		}
		must(t, w.act(cityA, id, "end_instalments", "投入核减"))
		if a := mustApplication(t, w, id); w.stateOf(id) != "paid" || a.Granted != paid+owed || w.committed() != paid+owed {
			t.Errorf("in the end the case is %s, granted %s, committed %s", w.stateOf(id), a.Granted, w.committed())
		}
		if c, err := w.Book.Check(ctx); err != nil || len(c.Faults) > 0 {
			t.Errorf("check: %+v, %v", c.Faults, err)
		}
	})
}

// Nobody lets the rest of a grant wait for ever: after 250 working days without a request the city has it before it, once, with an
// application and without one, and the enterprise may still ask.
func TestUnaskedInstalmentReachesTheCity(t *testing.T) {
	t.Run("applied for", func(t *testing.T) {
		storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
			w, firm, project, id := grantedInTwoParts(t, db)
			w.sends(t, id, 1, 36*wan)
			w.escalatesOnce(id)
			w.accepted(project, w.today())
			w.does(applicant(1000+firm, firm), id, "ask_instalment")
			if n := w.overtime(id); n != 0 {
				t.Errorf("%d tasks of the city once the enterprise has asked", n)
			}
		})
	})
	t.Run("entitled to", func(t *testing.T) {
		storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
			w := worldUnder(t, db, inTwoParts(t))
			id := w.firstParts(t, w.firms(1))[0]
			w.escalatesOnce(id)
			must(t, w.act(cityA, id, "end_instalments", "余款不再需要"))
			if a := mustApplication(t, w, id); a.Granted != 36*wan || w.committed() != 36*wan {
				t.Errorf("given up, of what was granted %s is left, and %s is committed", a.Granted, w.committed())
			}
		})
	})
}

// escalatesOnce moves the clock past the last day on which an enterprise is waited for alone.
func (w *world) escalatesOnce(id int64) {
	w.t.Helper()
	last, _ := w.Library.Calendar().AddWorkdays(w.today(), 250)
	w.pass(time.Duration(last-w.today()) * 24 * time.Hour)
	for i, want := range []int{0, 1, 1} {
		_, err := w.cases.Ring(ctx)
		must(w.t, err)
		if n := w.overtime(id); n != want || w.stateOf(id) != awaits {
			w.t.Errorf("%d days after the last, %d tasks of the city, want %d, and the case is %s", i, n, want, w.stateOf(id))
		}
		w.pass(24 * time.Hour)
	}
}

// overtime is how many open tasks a clock has given the city in a case.
func (w *world) overtime(id int64) (open int) {
	w.t.Helper()
	in, err := w.cases.Inbox(ctx, cityB, "", 0, 100)
	must(w.t, err)
	for _, task := range in.Tasks {
		if task.Case == id && task.Kind == casework.Overtime {
			open++
		}
	}
	return open
}

// A part that has not fallen due is not paid because the amount would be more today: what was promised of each part stands.
func TestPartIsNotPaidBeforeItIsDue(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := worldUnder(t, db, inTwoParts(t))
		firm := w.firms(1)[0]
		id, me := w.firstParts(t, []digital{firm})[0], applicant(1000+firm.id, firm.id)
		w.reported(firm.project, map[string]any{"project.investment@2024": 3000 * wan, "project.effective_input@2024": 2000 * wan})
		if n := w.asksDue(firm.id); n != 0 {
			t.Errorf("%d messages before the second part is due", n)
		}
		if err := w.act(me, id, "ask_instalment", ""); errs.KindOf(err) != errs.KindConflict || !strings.Contains(text(err), "尾款") {
			t.Errorf("asked before the project was accepted: %v", err)
		}
		w.accepted(firm.project, w.today())
		w.does(me, id, "ask_instalment")
		w.accepted(firm.project, w.today()+30)
		if err := w.act(county, id, "agree_instalment", ""); errs.KindOf(err) != errs.KindConflict || !strings.Contains(text(err), "尾款") {
			t.Errorf("agreed to before the project was accepted: %v", err)
		}
		w.accepted(firm.project, w.today())
		w.does(county, id, "agree_instalment")
		parts, err := w.Instalments(ctx, cityA, id)
		must(t, err)
		if parts[1].Balance[ledger.Payable] != 54*wan {
			t.Errorf("of the second part %s is payable", parts[1].Balance[ledger.Payable])
		}
	})
}

// That it cannot be told what is due to one firm keeps nobody else from being told, nor is it passed over in silence.
func TestTellDueGoesOn(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := worldUnder(t, db, inTwoParts(t))
		firms := w.firms(3)
		cases := w.firstParts(t, firms)
		for _, f := range firms {
			w.accepted(f.project, w.today())
		}
		must(t, w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE subsidy_application SET enterprise = 999999999 WHERE case_id = $1`, cases[1])
			return err
		}))
		told, err := w.TellDue(ctx)
		if told != 2 || !strings.Contains(fmt.Sprint(err), caseName(cases[1])) {
			t.Errorf("told %d, %v", told, err)
		}
	})
}

// A round promises the whole too.
func TestRoundPaysInParts(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := worldUnder(t, db, inTwoParts(t))
		id := w.firstParts(t, w.firms(1))[0]
		if w.stateOf(id) != awaits {
			t.Errorf("after the first part the case is %s", w.stateOf(id))
		}
	})
}

// firstParts pays enterprises the first of two parts, 36 of 90 万元, without an application. It gives their cases.
func (w *world) firstParts(t *testing.T, firms []digital) []int64 {
	t.Helper()
	r, err := w.ListRound(ctx, cityA, newRound(w))
	must(t, err)
	must(t, w.PublishRound(ctx, cityB, r.ID))
	w.pass(9 * 24 * time.Hour)
	_, err = w.OpenRound(ctx, cityB, r.ID)
	must(t, err)
	lines, _, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{})
	must(t, err)
	if len(lines) != len(firms) {
		t.Fatalf("listed: %+v", lines)
	}
	cases := make([]int64, len(firms))
	for i, f := range firms {
		l := lines[slices.IndexFunc(lines, func(l RoundLine) bool { return l.Enterprise == f.id })]
		if l.Amount != 90*wan {
			t.Errorf("listed: %+v", l)
		}
		me := applicant(1000+f.id, f.id)
		must(t, w.NamePayee(ctx, me, l.Case, Payee{Holder: "户名", Bank: "银行", Number: "6228480402564890018"}))
		w.does(me, l.Case, "confirm")
		w.sends(t, l.Case, 1, 36*wan)
		cases[i] = l.Case
	}
	return cases
}

// seen is the version of the account that finance sees an application paid to.
func (w *world) seen(id int64) string {
	w.t.Helper()
	p, err := w.Payee(ctx, finance, id)
	must(w.t, err)
	return p.Version()
}

// An order pays to the account that was looked at: one that was named meanwhile is told, and nothing is ordered.
func TestOrderPaysToTheAccountThatWasSeen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		list := w.firms(2)
		call := w.opened("c9")
		var cases []int64
		for i, f := range list {
			id, err := w.applies(call, f.id, "c9", items(string(rune('1'+i))+"1"))
			must(t, err)
			w.settled(id)
			cases = append(cases, id)
		}
		batch := w.batched(call, cases...)
		w.pass(9 * 24 * time.Hour)
		w.does(cityB, batch, "approve", "grant")
		dues := []Due{
			{Case: cases[0], Sum: ledger.Sum{Instalment: 1, Amount: 90 * wan}, Seen: w.seen(cases[0])},
			{Case: cases[1], Sum: ledger.Sum{Instalment: 1, Amount: 90 * wan}, Seen: w.seen(cases[1])},
		}
		me := applicant(1000+list[1].id, list[1].id)
		must(t, w.NamePayee(ctx, me, cases[1], Payee{Holder: "另一户名", Bank: "另一银行", Number: "6228480402564890999"}))
		order := func() error {
			return w.write(func(ctx context.Context, tx *store.Tx) error {
				_, err := w.Order(ctx, tx, finance, "批", dues)
				return err
			})
		}
		err := order()
		if errs.KindOf(err) != errs.KindConflict || !strings.Contains(text(err), "另一户名") || strings.Contains(text(err), "6228480402564890999") || strings.Contains(text(err), "户名，盐城") {
			t.Errorf("ordered to an account that nobody looked at: %v", text(err))
		}
		dues[1].Seen = "" // as of who sees the account masked
		if err := order(); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("ordered by who has not looked at the account: %v", err)
		}
		if parts, err := w.Instalments(ctx, finance, cases[0]); err != nil || parts[0].Balance[ledger.Ordered] != 0 {
			t.Errorf("one of them was ordered: %+v, %v", parts, err)
		}
		dues[1].Seen = w.seen(cases[1])
		must(t, order())
		if p, err := w.Payee(ctx, cityA, cases[1]); err != nil || p.Version() != "" {
			t.Errorf("who sees a mask has a version %q: %v", p.Version(), err)
		}
	})
}

// sends pays an instalment by a batch of its own.
func (w *world) sends(t *testing.T, id int64, n int, amount money.Fen) {
	t.Helper()
	name, seen := caseName(id)+"/"+caseName(int64(n)), w.seen(id)
	var order int64
	must(t, w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		order, err = w.Order(ctx, tx, finance, "批 "+name, []Due{{Case: id, Sum: ledger.Sum{Instalment: n, Amount: amount}, Seen: seen}})
		return err
	}))
	must(t, w.write(func(ctx context.Context, tx *store.Tx) error {
		return w.Book.Send(ctx, tx, ledger.Act{Scope: finance, Key: "送 " + name, Document: "支付令"}, order)
	}))
	in := BankAnswer{Name: "回单.csv", SHA256: "ab", Outcomes: []ledger.Outcome{{Order: 1, State: ledger.OrderSettled}}}
	if err := w.KeepAnswer(ctx, cityA, order, in); errs.KindOf(err) != errs.KindForbidden {
		t.Errorf("an official answers for the bank: %v", err)
	}
	must(t, w.KeepAnswer(ctx, finance, order, in))
	kept, err := w.KeptAnswer(ctx, finance, order)
	must(t, err)
	_, err = w.Settle(ctx, finance, ledger.Act{Key: "回单 " + name, Document: "回单"}, order, kept.Outcomes)
	must(t, err)
}
