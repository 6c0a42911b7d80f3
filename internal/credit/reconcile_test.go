package credit

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// Each line and each loan is in exactly one pair, whatever numbers repeat; what is settled as the list says agrees with the next
// identical list, and what is kept stays kept.
func TestMatchPartitions(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		on := period.Date(2024, 10, 31)
		word := rapid.SampledFrom([]string{"J-1", "Ｊ-1", "j-2", "J-3", "H-1", "H-2", ""})
		contract := rapid.SampledFrom([]string{"H-1", "Ｈ-2", ""})
		fen := func(name string) money.Fen { return money.Fen(rapid.Int64Range(-1, 3).Draw(r, name)) }
		var lines []Line
		for n := range rapid.IntRange(0, 6).Draw(r, "lines") {
			lines = append(lines, Line{
				N: n + 1, Firm: rapid.Int64Range(0, 3).Draw(r, "firm"), Voucher: fmt.Sprint("J-", n+1), Contract: contract.Draw(r, "contract"), Line: fen("line"),
				Principal: max(fen("principal"), 1), DrawnOn: on - period.Day(rapid.IntRange(0, 2).Draw(r, "ago")), PPM: rapid.Int64Range(-1, 2).Draw(r, "rate"),
				Balance: max(fen("balance"), 0),
			})
		}
		var own []Own
		for n := range rapid.IntRange(0, 6).Draw(r, "own") {
			o := Own{
				Loan: int64(n + 100), Firm: rapid.Int64Range(1, 3).Draw(r, "firm"), Number: word.Draw(r, "number"), Contract: contract.Draw(r, "contract"), Line: fen("line"),
				Principal: fen("principal"), DrawnOn: on, PPM: rapid.Int64Range(-1, 2).Draw(r, "rate"), Balance: fen("balance"), Case: rapid.Int64Range(0, 1).Draw(r, "case"),
				Twice: rapid.IntRange(0, 4).Draw(r, "twice") == 0, gone: rapid.IntRange(0, 4).Draw(r, "gone") == 0,
			}
			o.expected = !o.gone && o.Balance != 0
			own = append(own, o)
		}
		inLine, inOwn := map[int]int{}, map[int]int{}
		for _, p := range match(lines, own) {
			inLine[p.line]++
			inOwn[p.own]++
		}
		for i := range lines {
			if inLine[i] != 1 {
				r.Fatalf("line %d is in %d pairs", i, inLine[i])
			}
		}
		for i := range own {
			if inOwn[i] != 1 {
				r.Fatalf("loan %d is in %d pairs", i, inOwn[i])
			}
		}

		settled := map[string]Settlement{}
		var made []Own
		for _, row := range compare(lines, own, settled, on) {
			switch {
			case !row.Standing.Open():
			case row.May() && row.Own != nil:
				o := row.Own
				o.Principal, o.DrawnOn, o.Balance, o.expected = row.Line.Principal, row.Line.DrawnOn, row.Line.Balance, row.Line.Balance > 0
				if o.gone = false; row.Line.PPM != unsaid {
					o.PPM = row.Line.PPM
				}
			case row.May(): // what is made of it is a loan of its firm under its number
				made = append(made, Own{
					Loan: int64(row.Line.N + 500), Firm: row.Line.Firm, Number: row.Line.Voucher, Line: unsaid, Principal: row.Line.Principal, DrawnOn: row.Line.DrawnOn,
					PPM: row.Line.PPM, Balance: row.Line.Balance, expected: row.Line.Balance > 0,
				})
			default:
				settled[row.Difference] = Settlement{How: KeptOurs, Difference: row.Difference}
			}
		}
		for _, row := range compare(lines, append(own, made...), settled, on) {
			if row.Standing.Open() {
				r.Fatalf("still %s: %+v %+v", row.Standing, row.Line, row.Own)
			}
		}
	})
}

const (
	codeA = "91320902MA1X5K7Q3B"
	codeB = "91320904MA1X5K7Q8C"
)

// coded gives the firms their credit codes.
func (w *world) coded(codes ...party.USCC) {
	w.t.Helper()
	src, err := w.sources.Begin(w.t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "代码", Area: tinghu})
	must(w.t, err)
	must(w.t, w.DB.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		var all []party.Identifier
		for i, code := range codes {
			all = append(all, party.Identifier{Subject: w.firms[i], Scheme: party.SchemeUSCC, Value: string(code), Sound: true, Place: "a"})
		}
		return w.Parties.AppendIdentifiers(ctx, tx, src, all)
	}))
	_, err = w.sources.Publish(w.t.Context(), src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(w.t.Context()))
}

// listed is a file with a bank's list.
func (w *world) listed(name string, lines ...string) ListFile {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), name)
	text := "借据号,合同编号,统一社会信用代码,企业名称,授信额度（万元）,放款金额（万元）,放款日期,年利率（%）,余额（万元）\n" + strings.Join(lines, "\n") + "\n"
	must(w.t, os.WriteFile(path, []byte(text), 0o600))
	return ListFile{Path: path, Name: name}
}

func (w *world) brings(by access.Scope, file ListFile) (int64, error) {
	id, faults, err := w.BringList(w.t.Context(), by, NewList{Bank: "demo_a", Month: period.OfMonth(2024, 10), OnWord: "来函 2024-11", File: file})
	if len(faults) > 0 {
		err = errs.Invalid(faults[0])
	}
	return id, err
}

func (w *world) beside(by access.Scope, id int64) Reconciliation {
	w.t.Helper()
	must(w.t, w.Frames.Refresh(w.t.Context()))
	r, err := w.Reconciliation(w.t.Context(), by, id)
	must(w.t, err)
	return r
}

func choice(r Row, how How, reason string) Choice {
	c := Choice{Difference: r.Difference, How: how, Reason: reason}
	if r.Line != nil {
		c.N = r.Line.N
	}
	if r.Own != nil {
		c.Loan = r.Own.Loan
	}
	return c
}

func row(t *testing.T, r Reconciliation, voucher string) Row {
	t.Helper()
	i := slices.IndexFunc(r.Rows, func(x Row) bool {
		return x.Line != nil && x.Line.Voucher == voucher || x.Line == nil && x.Own.Number == voucher
	})
	if i < 0 {
		t.Fatalf("no row %s in %+v", voucher, r.Rows)
	}
	return r.Rows[i]
}

// A list is laid beside what the bank entered and what sheets said; differences are settled by the bank's word or kept for a reason; the
// next identical list agrees, and the reconciliation is closed.
func TestReconciliation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, bank := t.Context(), w.bank("demo_a")
		w.coded(codeA, codeB)
		id := w.signed(0, "demo_a_equipment", "demo_a", "H-1")
		w.must(bank, id, "draw", drawdown("J-1", 200))
		w.must(bank, id, "draw", drawdown("J-2", 100))
		w.must(bank, id, "draw", drawdown("J-3", 100))
		w.must(bank, id, "repay", repayment("J-2", 40, 0, "2024-10-28"))
		w.imported(w.firms[1], map[string][]fact.Statement{"S-1": {
			{Def: "loan.contract", Value: fact.Value{Text: "S-1"}},
			{Def: "loan.bank", Value: fact.Value{Text: "演示银行 A"}},
			{Def: "loan.principal", Value: fact.Value{Num: 50_0000_00}},
			{Def: "loan.drawn_on", Value: fact.Value{Num: int64(period.Date(2024, 9, 2))}},
		}})
		first := w.listed("a.csv",
			"J-1,H-1,"+codeA+",甲机械,500,200,2024-10-25,3.5,200",
			"J-2,H-1,"+codeA+",甲机械,500,100,2024-10-24,3.6,80",
			"S-1,,"+codeB+",乙机械,,50,2024-09-01,4,45",
			"J-9,H-9,"+codeB+",乙机械,300,30,2024-09-09,4,30",
			"J-8,H-8,91320902MA1X5K7Q99,丙机械,300,30,2024-09-09,4,30",
		)
		_, err := w.brings(county, first)
		refused(t, err, errs.KindForbidden, "a county brings a list")
		_, err = w.brings(w.bank("demo_b"), first)
		refused(t, err, errs.KindForbidden, "another bank brings it")
		_, _, err = w.BringList(ctx, city, NewList{Bank: "demo_a", Month: period.OfMonth(2024, 10), File: first})
		refused(t, err, errs.KindInvalid, "an official who does not say what it is from")
		_, _, err = w.BringList(ctx, bank, NewList{Bank: "demo_a", Month: period.OfMonth(2024, 11), File: first})
		refused(t, err, errs.KindInvalid, "of a month that is not over")
		list, err := w.brings(bank, first)
		must(t, err)
		if again, err := w.brings(bank, first); err != nil || again != list {
			t.Errorf("the same file: list %d, %v", again, err)
		}

		r := w.beside(city, list)
		if r.Counts[Agrees] != 1 || r.Counts[Differs] != 2 || r.Counts[BankOnly] != 2 || r.Counts[OursOnly] != 1 || !r.Whole || r.Revision != 1 {
			t.Fatalf("stands %+v", r.Counts)
		}
		if got := row(t, r, "J-2"); !slices.Equal(got.Fields, []Field{FieldDrawnOn, FieldRate, FieldBalance}) || got.Own.Balance != 60_0000_00 || !strings.Contains(got.Line.Place, "a.csv#A3") {
			t.Errorf("J-2 differs in %v: %+v %+v", got.Fields, got.Line, got.Own)
		}
		if got := w.beside(county, list); got.Whole || len(got.Rows) != 3 || got.Counts[BankOnly] != 0 {
			t.Errorf("a county sees %+v", got.Counts)
		}
		if got := w.beside(bank, list); !got.Whole || got.MaySettle || len(got.Rows) != 6 {
			t.Errorf("the bank sees %+v", got.Counts)
		}
		if got := w.beside(auditor, list); !got.Whole || got.MaySettle {
			t.Errorf("an auditor sees %+v", got.Counts)
		}
		for name, by := range map[string]access.Scope{"another bank": w.bank("demo_b"), "a firm": w.firm(0)} {
			_, err := w.Reconciliation(ctx, by, list)
			refused(t, err, errs.KindNotFound, name)
			if all, err := w.Lists(ctx, by, 0, 10); err != nil || len(all) > 0 {
				t.Errorf("%s sees %v, %v", name, all, err)
			}
		}

		settle := func(by access.Scope, all ...Choice) error { return w.Settle(ctx, by, w.cases, list, all) }
		refused(t, settle(bank, choice(row(t, r, "J-2"), TakeTheirs, "")), errs.KindForbidden, "the bank settles")
		refused(t, settle(auditor, choice(row(t, r, "J-2"), TakeTheirs, "")), errs.KindForbidden, "an auditor settles")
		refused(t, settle(county, choice(row(t, r, "S-1"), TakeTheirs, "")), errs.KindConflict, "beyond the county")
		refused(t, settle(city, choice(row(t, r, "J-3"), KeptOurs, " ")), errs.KindInvalid, "kept without a reason")
		refused(t, settle(city, choice(row(t, r, "J-3"), TakeTheirs, "")), errs.KindConflict, "the bank's word on what it does not list")
		refused(t, settle(city, choice(row(t, r, "J-8"), TakeTheirs, "")), errs.KindConflict, "a loan of nobody on file")
		stale := choice(row(t, r, "J-2"), TakeTheirs, "")
		stale.Difference += " "
		refused(t, settle(city, choice(row(t, r, "S-1"), TakeTheirs, ""), stale), errs.KindConflict, "what has changed since")
		refused(t, w.Close(ctx, city, list), errs.KindConflict, "closed while rows are open")
		if got := w.beside(city, list); got.Counts[Differs] != 2 {
			t.Errorf("half of it was done: %+v", got.Counts)
		}
		must(t, settle(county, choice(row(t, r, "J-2"), TakeTheirs, "")))
		must(t, settle(city, choice(row(t, r, "S-1"), TakeTheirs, ""), choice(row(t, r, "J-9"), TakeTheirs, ""), choice(row(t, r, "J-3"), KeptOurs, "银行漏列"), choice(row(t, r, "J-8"), KeptOurs, "非本市企业")))
		r = w.beside(city, list)
		if r.Open() != 0 || r.Counts[Agrees] != 4 || r.Counts[Kept] != 2 || row(t, r, "J-3").Settled.Reason != "银行漏列" {
			t.Errorf("settled %+v", r.Counts)
		}
		refused(t, w.Close(ctx, county, list), errs.KindForbidden, "a county closes it")
		must(t, w.Close(ctx, city, list))
		if r = w.beside(auditor, list); len(r.Reconciled) != 1 || r.Reconciled[0].Agree != 4 || r.Reconciled[0].Kept != 2 {
			t.Errorf("closed %+v", r.Reconciled)
		}

		p, err := w.Progress(ctx, w.firm(0), w.cases, id)
		must(t, err)
		if d := p.Drawdowns[1]; d.Left() != 80_0000_00 || d.DrawnOn != period.Date(2024, 10, 24) || d.PPM != 36_000 || len(d.Repayments) != 2 || len(d.Restated) != 1 {
			t.Errorf("the drawdown is %+v", d)
		}
		view, err := w.Frames.For(ctx, city, 0)
		must(t, err)
		loan := p.Drawdowns[1].Subject
		c := view.Value(loan, "loan.balance", period.OfMonth(2024, 10))
		origin, err := view.Origin(ctx, c)
		must(t, err)
		if c.Value.Num != 80_0000_00 || origin.Place != row(t, r, "J-2").Line.Place || origin.Source.Name != "a.csv" || origin.Source.SHA256 != r.SHA256 || origin.Source.Authority != "bank" {
			t.Errorf("balance %+v of %+v", c, origin)
		}

		_, err = w.sources.Retract(ctx, city, origin.Source.ID, "误采用")
		refused(t, err, errs.KindConflict, "what corrected a drawdown is taken back beside it")

		// The same lines in another file are a further revision, and agree.
		second := w.listed("b.csv",
			"J-2,H-1,"+codeA+",甲机械,500,100,2024-10-24,3.6,80", "J-1,H-1,"+codeA+",甲机械,500,200,2024-10-25,3.5,200",
			"S-1,,"+codeB+",乙机械,,50,2024-09-01,4,45", "J-9,H-9,"+codeB+",乙机械,300,30,2024-09-09,4,30",
			"J-8,H-8,91320902MA1X5K7Q99,丙机械,300,30,2024-09-09,4,30",
		)
		_, err = w.brings(city, second)
		refused(t, err, errs.KindConflict, "an official's list in the place of the bank's own")
		next, err := w.brings(bank, second)
		must(t, err)
		r = w.beside(city, next)
		if r.Revision != 2 || !r.Last || r.Open() != 0 || r.Counts[Agrees] != 4 || r.Counts[Kept] != 2 || len(r.Reconciled) != 0 {
			t.Errorf("the next list: %+v", r.Counts)
		}
		if old := w.beside(city, list); old.Last || len(old.Reconciled) != 1 {
			t.Errorf("the first list: %+v", old.List)
		}
		refused(t, w.Close(ctx, city, list), errs.KindConflict, "an old revision is closed")
		if all, err := w.Lists(ctx, bank, 0, 10); err != nil || len(all) != 2 || all[0].ID != next {
			t.Errorf("lists %+v, %v", all, err)
		}
		_, f, err := w.ListFile(ctx, bank, list)
		must(t, err)
		must(t, f.Close())
		_, _, err = w.ListFile(ctx, county, list)
		refused(t, err, errs.KindForbidden, "a county takes the file of all counties")
		if _, err := audit.Check(ctx, w.DB, kinds()); err != nil {
			t.Errorf("audit: %v", err)
		}
	})
}

// What the contract does not allow is not taken from a list either, and nothing of it is done.
func TestListAgainstContract(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, bank := t.Context(), w.bank("demo_a")
		w.coded(codeA, codeB)
		id := w.signed(0, "demo_a_equipment", "demo_a", "H-1")
		w.must(bank, id, "draw", drawdown("J-1", 300))
		w.must(bank, id, "draw", drawdown("J-2", 200))
		list, err := w.brings(bank, w.listed("a.csv",
			"J-1,H-1,"+codeA+",甲机械,,301,2024-10-25,,301", "J-2,H-2,"+codeA+",甲机械,,200,2024-10-25,,200",
		))
		must(t, err)
		r := w.beside(city, list)
		err = w.Settle(ctx, city, w.cases, list, []Choice{choice(row(t, r, "J-1"), TakeTheirs, "")})
		refused(t, err, errs.KindConflict, "more than the line")
		if err == nil || !strings.Contains(err.Error(), "501 万元") {
			t.Errorf("it is told %v", err)
		}
		refused(t, w.Settle(ctx, city, w.cases, list, []Choice{choice(row(t, r, "J-2"), TakeTheirs, "")}), errs.KindConflict, "another contract")
		p, err := w.Progress(ctx, bank, w.cases, id)
		must(t, err)
		if p.Left() != 500_0000_00 || len(p.Drawdowns[0].Restated) > 0 {
			t.Errorf("stands %+v", p.Drawdowns)
		}
	})
}

// What is drawn under a contract that the bank entered here goes through its case, in the bounds of its line: a list makes no loan of it,
// nor one again that was taken back there, nor corrects one of a case that has ended.
func TestListPastTheCase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, bank := t.Context(), w.bank("demo_a")
		w.coded(codeA, codeB)
		id := w.signed(0, "demo_a_equipment", "demo_a", "H-1")
		w.must(bank, id, "draw", drawdown("J-1", 300))
		w.must(bank, id, "draw", drawdown("J-2", 200))
		entry, err := json.Marshal(map[string]any{"answers": map[string]any{"voucher": "J-2", "reason": "没有放款"}})
		must(t, err)
		_, err = w.cases.Act(ctx, bank, casework.Act{Case: id, Action: "undo", Entry: entry})
		must(t, err)
		list, err := w.brings(bank, w.listed("a.csv",
			"J-1,H-1,"+codeA+",甲机械,,300,2024-10-25,,290", "J-2,H-1,"+codeA+",甲机械,,200,2024-10-25,,200", "J-3,h-1,"+codeA+",甲机械,,100,2024-10-25,,100",
			"J-4,H-4,"+codeB+",乙厂,,100,2024-10-25,,100",
		))
		must(t, err)
		r := w.beside(city, list)
		for voucher, key := range map[string]string{"J-2": "credit.settle_gone", "J-3": "credit.settle_contract"} {
			got := row(t, r, voucher)
			err := w.Settle(ctx, city, w.cases, list, []Choice{choice(got, TakeTheirs, "")})
			if msg, _ := errs.Message(err); msg.Key != key || got.May() {
				t.Errorf("%s (%s): %v, may %v", voucher, got.Standing, err, got.May())
			}
		}
		if got := row(t, r, "J-2"); got.Own == nil || got.Own.Case != id {
			t.Errorf("what was taken back is %+v", got)
		}
		if got := row(t, w.beside(bank, list), "J-4").Firm; got != (Holder{Name: "乙厂", USCC: codeB, Listed: true}) {
			t.Errorf("the bank reads of a loan that is none of ours %+v", got)
		}
		if got := row(t, r, "J-4").Firm; got.ID != w.firms[1] || got.Name != "乙机械" {
			t.Errorf("the city reads %+v", got)
		}

		w.must(bank, id, "repay", repayment("J-1", 300, 0, "2024-10-30"))
		w.must(bank, id, "settle", nil)
		err = w.Settle(ctx, city, w.cases, list, []Choice{choice(row(t, w.beside(city, list), "J-1"), TakeTheirs, "")})
		if msg, _ := errs.Message(err); msg.Key != "credit.settle_ended" {
			t.Errorf("of a case that has ended: %v", err)
		}
		must(t, w.Settle(ctx, city, w.cases, list, []Choice{choice(row(t, w.beside(city, list), "J-1"), KeptOurs, "已结清")}))
	})
}

// Who brought a list on the bank's word settles nothing of it; the bank's own takes its place, also of the same bytes.
func TestListOnWord(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, bank := t.Context(), w.bank("demo_a")
		w.coded(codeA, codeB)
		file := w.listed("a.csv", "J-4,H-4,"+codeB+",乙机械,,100,2024-10-25,,100")
		list, err := w.brings(city, file)
		must(t, err)
		take := []Choice{choice(row(t, w.beside(city, list), "J-4"), TakeTheirs, "")}
		refused(t, w.Settle(ctx, city, w.cases, list, take), errs.KindConflict, "the one who brought it settles")
		refused(t, w.Close(ctx, city, list), errs.KindConflict, "the one who brought it closes")
		other := access.NewScope(23, access.CityOfficial, []string{"320900", tinghu, dafeng}, nil)
		if w.beside(city, list).MaySettle || !w.beside(other, list).MaySettle {
			t.Error("who may settle it")
		}
		must(t, w.Settle(ctx, other, w.cases, list, take))
		must(t, w.Close(ctx, other, list))
		if r := w.beside(city, list); !r.Closed() || r.OnWord == "" {
			t.Errorf("closed %+v", r)
		}
		own, err := w.brings(bank, file)
		must(t, err)
		if r := w.beside(city, own); own == list || r.Revision != 2 || r.OnWord != "" || r.Open() > 0 || r.Closed() {
			t.Errorf("the bank's own: %+v", r)
		}
		must(t, w.Close(ctx, city, own))
		// Whatever opens again is open, though it was closed once; settled, it is closed anew.
		w.imported(w.firms[0], map[string][]fact.Statement{"S-2": {
			{Def: "loan.contract", Value: fact.Value{Text: "S-2"}},
			{Def: "loan.bank", Value: fact.Value{Text: "演示银行 A"}},
			{Def: "loan.principal", Value: fact.Value{Num: 50_0000_00}},
			{Def: "loan.drawn_on", Value: fact.Value{Num: int64(period.Date(2024, 9, 2))}},
		}})
		r := w.beside(city, own)
		if r.Open() != 1 || r.Closed() {
			t.Errorf("opened again: %+v", r.Counts)
		}
		must(t, w.Settle(ctx, city, w.cases, own, []Choice{choice(row(t, r, "S-2"), KeptOurs, "银行漏列")}))
		if r = w.beside(city, own); r.Open() > 0 || r.Closed() {
			t.Errorf("settled: %+v", r.Counts)
		}
		must(t, w.Close(ctx, city, own))
		if r = w.beside(city, own); !r.Closed() || len(r.Reconciled) != 2 {
			t.Errorf("closed anew: %+v", r.Reconciled)
		}
	})
}

// What was taken from a list agrees with the same list afterwards, also where a sheet told another balance and that it is repaid.
func TestListOverSheet(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bank := w.bank("demo_a")
		w.coded(codeA)
		id := w.signed(0, "demo_a_equipment", "demo_a", "H-1")
		w.must(bank, id, "draw", drawdown("J-1", 300))
		w.imported(w.firms[0], map[string][]fact.Statement{content.Fold("J-1"): {
			{Def: "loan.balance", Period: period.OfMonth(2024, 10), Value: fact.Value{Num: 10_0000_00}},
			{Def: "loan.repaid_on", Value: fact.Value{Num: int64(period.Date(2024, 10, 30))}},
		}})
		list, err := w.brings(bank, w.listed("a.csv", "J-1,H-1,"+codeA+",甲机械,,300,2024-10-25,,300"))
		must(t, err)
		r := w.beside(city, list)
		if got := row(t, r, "J-1"); got.Standing != Differs || !slices.Equal(got.Fields, []Field{FieldBalance}) {
			t.Fatalf("stands %+v of %+v", got, got.Own)
		}
		must(t, w.Settle(t.Context(), city, w.cases, list, []Choice{choice(row(t, r, "J-1"), TakeTheirs, "")}))
		if got := row(t, w.beside(city, list), "J-1"); got.Standing != Agrees {
			t.Errorf("stands %+v of %+v", got, got.Own)
		}
	})
}

// That a loan only the bank knows is none of ours is kept for what it comes to at the end of a month.
func TestKeptOfTheBank(t *testing.T) {
	on := period.Date(2024, 10, 31)
	l := Line{USCC: codeA, Voucher: "J-1", Principal: 3, DrawnOn: on - 1, Balance: 2}
	kept := difference(&l, nil, nil, on)
	for name, x := range map[string]Line{
		"more drawn":   {USCC: codeA, Voucher: "J-1", Principal: 4, DrawnOn: on - 1, Balance: 2},
		"another day":  {USCC: codeA, Voucher: "J-1", Principal: 3, DrawnOn: on, Balance: 2},
		"another left": {USCC: codeA, Voucher: "J-1", Principal: 3, DrawnOn: on - 1, Balance: 3},
	} {
		if difference(&x, nil, nil, on) == kept {
			t.Errorf("%s is kept as before", name)
		}
	}
	if difference(&l, nil, nil, on+30) == kept {
		t.Error("another month is kept as before")
	}
}

// What is wrong with a list is told cell by cell, and nothing of it is kept.
func TestBadLists(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, shipping))
	good := "J-1,H-1," + codeA + ",甲机械,500,200,2024-10-25,3.5,200"
	for name, tc := range map[string]struct {
		lines []string
		want  []string
	}{
		"a code that is none":      {[]string{strings.Replace(good, codeA, "12345", 1)}, []string{"a.csv#C2"}},
		"no code":                  {[]string{strings.Replace(good, codeA, "", 1)}, []string{"a.csv#C2", "统一社会信用代码"}},
		"about so much":            {[]string{strings.Replace(good, ",200,", ",约200,", 1)}, []string{"a.csv#F2"}},
		"below nothing":            {[]string{strings.Replace(good, ",200,", ",-200,", 1)}, []string{"a.csv#F2"}},
		"drawn after the list":     {[]string{strings.Replace(good, "2024-10-25", "2024-11-01", 1)}, []string{"a.csv#G2", "2024-10-31"}},
		"a month for a day":        {[]string{strings.Replace(good, "2024-10-25", "2024年10月", 1)}, []string{"a.csv#G2"}},
		"more left than was drawn": {[]string{good + "1"}, []string{"a.csv#I2"}},
		"a number twice":           {[]string{good, strings.Replace(good, "J-1", "Ｊ-1", 1)}, []string{"a.csv#A3", "a.csv#A2"}},
	} {
		_, faults, err := w.BringList(t.Context(), city, NewList{Bank: "demo_a", Month: period.OfMonth(2024, 10), OnWord: "来函", File: w.listed("a.csv", tc.lines...)})
		if err != nil || len(faults) == 0 {
			t.Errorf("%s: %v, %v", name, faults, err)
			continue
		}
		for _, want := range tc.want {
			if got := (i18n.T{Lang: i18n.ZH}).Msg(faults[0]); !strings.Contains(got, want) {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "x.csv")
	must(t, os.WriteFile(path, []byte("企业名称,金额\n甲,1\n"), 0o600))
	for name, file := range map[string]ListFile{"no such columns": {path, "x.csv"}, "no lines": w.listed("y.csv")} {
		_, _, err := w.BringList(t.Context(), city, NewList{Bank: "demo_a", Month: period.OfMonth(2024, 10), OnWord: "来函", File: file})
		refused(t, err, errs.KindInvalid, name)
	}
	if all, err := w.Lists(t.Context(), city, 0, 10); err != nil || len(all) > 0 {
		t.Errorf("kept %v, %v", all, err)
	}
}

// Anybody's list is read or refused with its place, never half.
func FuzzList(f *testing.F) {
	f.Add("借据号,统一社会信用代码,放款金额（元）,放款日期,余额（元）\nJ-1," + codeA + ",1,2024-10-01,1\n")
	f.Add("借据号,统一社会信用代码,放款金额,放款日期,余额\n,,,,\n合计,,2,,1\n")
	w := newWorld(f, storetest.SQLite(f, shipping))
	n := 0
	f.Fuzz(func(t *testing.T, text string) {
		n++
		path := filepath.Join(t.TempDir(), fmt.Sprint(n, ".csv"))
		must(t, os.WriteFile(path, []byte(text), 0o600))
		lines, faults, err := w.readList(t.Context(), ListFile{path, "l.csv"}, period.Date(2024, 10, 31))
		if err != nil && errs.KindOf(err) != errs.KindInvalid || err != nil && len(lines) > 0 || len(faults) > 0 && len(lines) > 0 {
			t.Fatalf("%d lines, faults %v, %v", len(lines), faults, err)
		}
		for _, l := range lines {
			if l.Voucher == "" || l.USCC == "" || l.Principal <= 0 || l.Balance < 0 || l.Balance > l.Principal || l.DrawnOn > period.Date(2024, 10, 31) {
				t.Fatalf("read %+v", l)
			}
		}
	})
}
