package credit

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// world is the store over one database, wired as in the product.
type world struct {
	*Store
	t       testing.TB
	now     time.Time
	cases   *casework.Store
	sources *source.Store
	facts   *fact.Store
	firms   []int64
	banks   map[string]int64
}

var shipping = []store.Migrations{
	audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, notice.Migrations, consent.Migrations, form.Migrations,
	casework.Migrations, Migrations,
}

// Areas of the tests.
const (
	tinghu = "320902"
	dafeng = "320904"
)

var (
	city    = access.NewScope(22, access.CityOfficial, []string{"320900", tinghu, dafeng}, nil)
	county  = access.NewScope(20, access.CountyOfficial, []string{tinghu}, nil)
	auditor = access.NewScope(24, access.Auditor, []string{"320900", tinghu, dafeng}, nil)
)

func (w *world) firm(i int) access.Scope {
	return access.NewScope(10+int64(i), access.Enterprise, nil, w.firms[i:i+1])
}

func (w *world) bank(code string) access.Scope {
	return access.NewScope(60+w.banks[code]%7, access.Bank, nil, []int64{w.banks[code]})
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	ctx := t.Context()
	lib, err := library()
	must(t, err)
	w := &world{t: t, now: time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing), banks: map[string]int64{}}
	tick := clock.Clock(func() time.Time { return w.now })
	w.sources = source.New(db, tick)
	parties := party.NewStore(db, w.sources)
	w.facts = fact.NewStore(db, w.sources, lib)
	frames, err := fact.Open(ctx, w.facts, parties, tick)
	must(t, err)
	lists, err := blob.Open(t.TempDir())
	must(t, err)
	w.Store = Open(Deps{
		DB: db, Sources: w.sources, Parties: parties, Frames: frames, Library: lib, Clock: tick, Subjects: region.NewReader(lib), Set: products(t), Demo: true,
		Facts: w.facts, Files: lists,
		Consents: consent.Open(consent.Deps{DB: db, Frames: frames, Library: lib, Clock: tick}),
	})
	asked, err := form.Load(contentdata.FS, lib)
	must(t, err)
	forms := casework.FormsOf(form.NewStore(db, lib, asked, tick))
	effects := casework.NewRegistry()
	Register(effects, w.Store)
	var flows []*casework.Workflow
	for _, k := range Kinds() {
		src, err := contentdata.FS.ReadFile("workflows/" + k.Flow() + ".yaml")
		must(t, err)
		flow, problems, err := casework.Parse(ctx, casework.Reading{Library: lib, Effects: effects, Forms: forms}, k.Flow()+".yaml", src)
		must(t, err)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		flows = append(flows, flow)
	}
	set, problems := casework.Gather(flows...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	blobs, err := blob.Open(t.TempDir())
	must(t, err)
	w.cases = casework.Open(casework.Deps{
		DB: db, Sources: w.sources, Parties: parties, Facts: w.facts, Frames: frames, Library: lib, Clock: tick, Subjects: region.NewReader(lib), Effects: effects,
		Set: set, Blobs: blobs, Forms: forms, Sniff: casework.SniffFile,
	})
	w.firms = []int64{w.newFirm("甲机械", tinghu), w.newFirm("乙机械", dafeng)}
	for _, b := range w.Banks() {
		w.banks[b.Code], err = w.Party(ctx, b.Code)
		must(t, err)
	}
	return w
}

// newFirm is an enterprise with figures of 2023.
func (w *world) newFirm(name, area string) (id int64) {
	w.t.Helper()
	src, err := w.sources.Begin(w.t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: name, Area: area})
	must(w.t, err)
	err = w.DB.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		ids, err := w.Parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Enterprise, Key: party.EnterpriseKey("", name, area)}})
		if err != nil {
			return err
		}
		id = ids[0]
		if err := w.Parties.AppendNames(ctx, tx, src, []party.Name{{Subject: id, Name: name, Place: "a"}}); err != nil {
			return err
		}
		if err := w.Parties.AppendMemberships(ctx, tx, src, []party.Membership{{Subject: id, Tree: party.TreeArea, Node: area, Place: "a"}}); err != nil {
			return err
		}
		return nil
	})
	must(w.t, err)
	last := period.OfYear(2023)
	must(w.t, w.facts.Append(w.t.Context(), src, []fact.Statement{
		{Subject: id, Def: "ent.revenue", Period: last, State: fact.Present, Value: fact.Value{Num: 1_0000_0000_00}, Place: "a", Shown: "1亿元"},
		{Subject: id, Def: "ent.above_scale", Period: last, State: fact.Present, Value: fact.Value{Num: 1}, Place: "a", Shown: "是"},
		{Subject: id, Def: "ent.blacklisted", Period: period.OfYear(2024), State: fact.Present, Value: fact.Value{}, Place: "a", Shown: "否"},
		{Subject: id, Def: "ent.profit", Period: last, State: fact.Present, Value: fact.Value{Num: 777_0000_00}, Place: "a", Shown: "777万元"},
		{Subject: id, Def: "ent.address", State: fact.Present, Value: fact.Value{Text: "演示路 1 号"}, Place: "a", Shown: "演示路 1 号"},
	}))
	_, err = w.sources.Publish(w.t.Context(), src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(w.t.Context()))
	return id
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, shipping, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

// dealing is a product of a kind, and whose it is.
type dealing struct {
	kind          Kind
	product, bank string
	least         int // 万元
}

var dealings = []dealing{{Loan, "demo_a_equipment", "demo_a", 50}, {Lease, "demo_l_equipment", "demo_l", 30}}

// eachKind runs a test for a loan and for a lease.
func eachKind(t *testing.T, test func(t *testing.T, w *world, x dealing)) {
	for _, x := range dealings {
		t.Run(string(x.kind), func(t *testing.T) { each(t, func(t *testing.T, w *world) { test(t, w, x) }) })
	}
}

// leased is what the forms of leases ask besides what those of loans do, by action.
var leased = map[string]map[string]any{
	"submit": {"asset": "五轴加工中心", "kind": "machine_tool", "price": 900, "age": 0},
	"offer":  {"rents": 24, "every": 1, "rent": 22.5, "deposit": 20, "fee": 1},
	"sign":   {"deposit": 20, "fee": 1},
	"draw":   {"asset": "五轴加工中心", "price": 900, "rents": 8, "every": 3, "first_due": "2024-11-25", "rent": 40, "last_rent": 41.5},
}

// fills adds what the form of an action of a case asks besides, where the case is of a lease.
func (w *world) fills(id int64, action string, answers map[string]any) map[string]any {
	w.t.Helper()
	if r, p, err := w.referral(w.t.Context(), w.DB.Read(), id); err != nil || p.Kind != Lease || r.Case == 0 || answers == nil {
		return answers
	}
	if action == "redraw" {
		action = "draw"
	}
	all := map[string]any{}
	maps.Copy(all, leased[action])
	maps.Copy(all, answers)
	if action == "draw" {
		delete(all, "for_digital")
	}
	return all
}

// does takes an action with what a form answers, as JSON sends it.
func (w *world) does(by access.Scope, id int64, action string, answers map[string]any) error {
	act := casework.Act{Case: id, Action: action}
	if reason, ok := answers["reason"]; ok {
		act.Reason = reason.(string)
	} else if answers != nil {
		b, err := json.Marshal(map[string]any{"answers": w.fills(id, action, answers)})
		must(w.t, err)
		act.Entry = b
	}
	_, err := w.cases.Act(context.Background(), by, act)
	return err
}

// corrects takes an action that corrects what was entered, with the reason that its form asks for.
func (w *world) corrects(by access.Scope, id int64, action string, answers map[string]any) error {
	answers["reason"] = "录入有误"
	b, err := json.Marshal(map[string]any{"answers": w.fills(id, action, answers)})
	must(w.t, err)
	_, err = w.cases.Act(context.Background(), by, casework.Act{Case: id, Action: action, Entry: b})
	return err
}

func (w *world) must(by access.Scope, id int64, action string, answers map[string]any) {
	w.t.Helper()
	if err := w.does(by, id, action, answers); err != nil {
		w.t.Fatalf("%s: %v", action, err)
	}
}

// application is what a firm sends; amounts are in 万元.
func application(amount, months int) map[string]any {
	return map[string]any{
		"amount": amount, "months": months, "use": "购置数控机床和生产管理软件", "contact": "演示人员 01", "phone": "051500000000", "agree": true,
		"until": "2025-06-30", "truthful": true,
	}
}

func offer(amount int) map[string]any {
	return map[string]any{"amount": amount, "rate": 3.5, "months": 24, "valid_until": "2024-12-31"}
}

func contract(number string, line int) map[string]any {
	return map[string]any{"number": number, "line": line, "rate": 3.5, "signed_on": "2024-10-20", "ends_on": "2027-10-20"}
}

func drawdown(voucher string, amount int) map[string]any {
	return map[string]any{"voucher": voucher, "principal": amount, "drawn_on": "2024-10-25", "due_on": "2026-10-25", "rate": 3.5, "for_digital": true}
}

func repayment(voucher string, principal, interest float64, day string) map[string]any {
	return map[string]any{"voucher": voucher, "principal": principal, "interest": interest, "paid_on": day}
}

// asks has a firm ask for a product and gives the case.
func (w *world) asks(i int, product string) int64 {
	w.t.Helper()
	id, begun, err := w.Begin(w.t.Context(), w.firm(i), w.cases, Request{Product: product, Firm: w.firms[i]})
	must(w.t, err)
	if begun {
		w.t.Fatalf("case %d was begun before", id)
	}
	return id
}

func refused(t *testing.T, err error, kind errs.Kind, what string) {
	t.Helper()
	if errs.KindOf(err) != kind {
		t.Errorf("%s: %v, want %v", what, err, kind)
	}
}

func TestBankIsOneParty(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		again, err := w.Party(ctx, "demo_a")
		must(t, err)
		if again == 0 || again != w.banks["demo_a"] || again == w.banks["demo_b"] {
			t.Errorf("parties %d, %v", again, w.banks)
		}
		if b, err := w.BankOf(ctx, w.banks["demo_b"]); err != nil || b.Code != "demo_b" {
			t.Errorf("bank: %+v, %v", b, err)
		}
		_, err = w.BankOf(ctx, 1<<40)
		refused(t, err, errs.KindNotFound, "bank of nobody")
		w.Demo = false
		for _, code := range []string{"demo_a", "nonsense"} {
			_, err := w.Party(ctx, code)
			refused(t, err, errs.KindNotFound, code+" takes part in an installation with real data")
		}
	})
}

// TestReferral is the way from a product to a loan that is repaid, and who sees what on it.
func TestReferral(t *testing.T) {
	eachKind(t, func(t *testing.T, w *world, x dealing) {
		ctx := t.Context()
		_, _, err := w.Begin(ctx, w.firm(1), w.cases, Request{Product: x.product, Firm: w.firms[0]})
		refused(t, err, errs.KindNotFound, "asking for somebody else")
		_, _, err = w.Begin(ctx, city, w.cases, Request{Product: x.product, Firm: w.firms[0]})
		refused(t, err, errs.KindForbidden, "an official asks for a firm")
		_, _, err = w.Begin(ctx, w.firm(0), w.cases, Request{Product: "nonsense", Firm: w.firms[0]})
		refused(t, err, errs.KindNotFound, "a product that there is not")

		id := w.asks(0, x.product)
		if again, begun, err := w.Begin(ctx, w.firm(0), w.cases, Request{Product: x.product, Firm: w.firms[0]}); err != nil || !begun || again != id {
			t.Errorf("asked twice: case %d, begun %v, %v", again, begun, err)
		}
		bank, other := w.bank(x.bank), w.bank("demo_b")
		_, err = w.Progress(ctx, bank, w.cases, id)
		refused(t, err, errs.KindNotFound, "the bank sees what was not sent")
		refused(t, w.does(w.firm(0), id, "submit", application(x.least-1, 24)), errs.KindConflict, "less than the product lends")
		refused(t, w.does(w.firm(0), id, "submit", application(500, 72)), errs.KindConflict, "longer than the product runs")
		no := application(500, 24)
		no["agree"] = false
		refused(t, w.does(w.firm(0), id, "submit", no), errs.KindInvalid, "sent without consent")
		w.must(w.firm(0), id, "submit", application(500, 24))

		pack, err := w.Consents.PackOfCase(ctx, bank, id)
		must(t, err)
		told := map[string]bool{}
		for _, item := range pack.Items {
			for _, k := range item.Facts {
				told[k.Def.Code] = true
			}
		}
		if !told["ent.revenue"] || !told["ent.address"] || told["ent.profit"] || told["ent.contact_phone"] {
			t.Errorf("the bank reads %v", told)
		}
		_, err = w.Consents.PackOfCase(ctx, other, id)
		refused(t, err, errs.KindNotFound, "another bank reads the pack")
		_, err = w.Consents.PackOfCase(ctx, city, id)
		refused(t, err, errs.KindNotFound, "an official reads by a consent that is a bank's")

		w.must(bank, id, "ask_more", map[string]any{"reason": "请补充采购合同"})
		w.must(w.firm(0), id, "submit", application(600, 36))
		w.must(bank, id, "offer", offer(550))
		refused(t, w.does(bank, id, "sign", contract("H-1", 550)), errs.KindConflict, "signed before the firm accepts")
		w.must(w.firm(0), id, "accept", nil)
		w.must(bank, id, "sign", contract("H-1", 550))
		refused(t, w.does(bank, id, "draw", drawdown("J-1", 551)), errs.KindConflict, "more than the line")
		refused(t, w.does(w.firm(0), id, "draw", drawdown("J-1", 100)), errs.KindForbidden, "the firm enters a drawdown")
		w.must(bank, id, "draw", drawdown("J-1", 300))
		refused(t, w.does(bank, id, "draw", drawdown("Ｊ-1", 1)), errs.KindConflict, "a voucher twice")
		refused(t, w.does(bank, id, "draw", drawdown("J-2", 251)), errs.KindConflict, "more than is left of the line")
		w.must(bank, id, "draw", drawdown("J-2", 250))
		refused(t, w.does(bank, id, "repay", repayment("J-9", 1, 0, "2024-10-30")), errs.KindConflict, "a drawdown that there is not")
		refused(t, w.does(bank, id, "repay", repayment("J-1", 301, 0, "2024-10-30")), errs.KindConflict, "more than is left")
		refused(t, w.does(bank, id, "repay", repayment("J-1", 1, 0, "2024-10-24")), errs.KindConflict, "before it was drawn")
		refused(t, w.does(bank, id, "settle", nil), errs.KindConflict, "settled with principal left")
		w.must(bank, id, "repay", repayment("J-1", 300, 0.5, "2024-10-31"))

		p, err := w.Progress(ctx, w.firm(0), w.cases, id)
		must(t, err)
		if p.Contract == nil || p.Contract.Number != "H-1" || len(p.Offers) != 1 || p.Offers[0].PPM != 35_000 || len(p.Drawdowns) != 2 || p.Left().String() != "2500000.00" {
			t.Errorf("the firm reads %+v", p)
		}
		view, err := w.Frames.For(ctx, w.firm(0), 0)
		must(t, err)
		loan, tells := p.Drawdowns[0].Subject, x.kind.tells()
		for def, want := range map[string]int64{tells.principal: 300_0000_00, tells.rate: 35_000, tells.drawnOn: int64(period.Date(2024, 10, 25)), tells.repaidOn: int64(period.Date(2024, 10, 31))} {
			if c := view.Value(loan, def, period.Period{}); c.State != fact.Present || c.Value.Num != want {
				t.Errorf("%s is %+v, want %d", def, c, want)
			}
		}
		paid := int64(5000_00) // interest; of a lease the rents
		if x.kind == Lease {
			paid += 300_0000_00
		}
		if c := view.Value(loan, tells.paid, period.OfYear(2024)); c.Value.Num != paid {
			t.Errorf("paid %+v", c)
		}
		if c := view.Value(loan, tells.balance, period.OfMonth(2024, 10)); c.State != fact.Present || c.Value.Num != 0 {
			t.Errorf("balance %+v", c)
		}
		if got := view.Children(w.firms[0], string(x.kind)); len(got) != 2 {
			t.Errorf("loans of the firm: %v", got)
		}

		w.must(bank, id, "repay", repayment("J-2", 250, 0, "2024-10-31"))
		w.must(bank, id, "settle", nil)
		_, err = w.Consents.PackOfCase(ctx, bank, id)
		refused(t, err, errs.KindForbidden, "the bank reads on once it is repaid")
		must(t, w.cases.Verify(ctx, city, id))
		if _, err := audit.Check(ctx, w.DB, kinds()); err != nil {
			t.Errorf("audit: %v", err)
		}
	})
}

func kinds() []*audit.Kind {
	return append(append(append([]*audit.Kind{}, casework.Logged...), consent.Logged...), Logged...)
}

// Those of a firm who ask for one product at once get one case.
func TestBeginAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for range 5 {
			ids, fresh := make([]int64, 8), make([]bool, 8)
			var group sync.WaitGroup
			for i := range ids {
				group.Go(func() {
					id, begun, err := w.Begin(t.Context(), w.firm(0), w.cases, Request{Product: "demo_a_equipment", Firm: w.firms[0]})
					if err != nil {
						t.Errorf("begin: %v", err)
					}
					ids[i], fresh[i] = id, !begun
				})
			}
			group.Wait()
			opened := 0
			for i, id := range ids {
				if id != ids[0] {
					t.Errorf("cases %v", ids)
				}
				if fresh[i] {
					opened++
				}
			}
			if opened != 1 {
				t.Errorf("%d say that they opened it", opened)
			}
			w.must(w.firm(0), ids[0], "withdraw", map[string]any{"reason": "不再需要"}) // it may be asked for again
		}
	})
}

// signed is a case of a firm in which a contract of 500 万元 runs.
func (w *world) signed(i int, product, bank, number string) int64 {
	w.t.Helper()
	id := w.asks(i, product)
	w.must(w.firm(i), id, "submit", application(500, 36))
	w.must(w.bank(bank), id, "offer", offer(500))
	w.must(w.firm(i), id, "accept", nil)
	w.must(w.bank(bank), id, "sign", contract(number, 500))
	return id
}

// Two banks may give their drawdowns one number, but not of one firm: the loan of the first stays as it was entered.
func TestVoucherOfTwoBanks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		mine, theirs := w.signed(0, "demo_a_equipment", "demo_a", "H-1"), w.signed(0, "demo_b_factory", "demo_b", "H-1")
		w.must(w.bank("demo_a"), mine, "draw", drawdown("J-1", 300))
		err := w.does(w.bank("demo_b"), theirs, "draw", drawdown("ｊ-1", 200))
		refused(t, err, errs.KindConflict, "the number of another bank's loan")
		if err == nil || !strings.Contains(err.Error(), "Another bank has entered") {
			t.Errorf("it is told %v", err)
		}
		p, err := w.Progress(ctx, w.firm(0), w.cases, mine)
		must(t, err)
		view, err := w.Frames.For(ctx, w.firm(0), 0)
		must(t, err)
		if c := view.Value(p.Drawdowns[0].Subject, "loan.principal", period.Period{}); c.Value.Num != 300_0000_00 {
			t.Errorf("the loan became %+v", c)
		}
		w.must(w.bank("demo_b"), theirs, "draw", drawdown("B J-1", 200))
		w.must(w.bank("demo_b"), w.signed(1, "demo_b_factory", "demo_b", "H-2"), "draw", drawdown("J-1", 100)) // of another firm
		if got := view.Children(w.firms[0], content.Loan); len(got) != 1 {
			t.Errorf("loans of the firm: %v", got)
		}
	})
}

// A refusal wants a reason, which the firm reads, and ends the consent; so does a withdrawal, and the city's word that the bank has
// not answered.
func TestReferralEnds(t *testing.T) {
	eachKind(t, func(t *testing.T, w *world, x dealing) {
		ctx, bank := t.Context(), w.bank(x.bank)
		ends := map[string]func(id int64){
			"refuse":   func(id int64) { w.must(bank, id, "refuse", map[string]any{"reason": "行业限额已满"}) },
			"withdraw": func(id int64) { w.must(w.firm(0), id, "withdraw", map[string]any{"reason": "不再需要"}) },
			"release": func(id int64) {
				if err := w.does(county, id, "release", map[string]any{"reason": "逾期"}); errs.KindOf(err) != errs.KindForbidden {
					t.Errorf("a county ends it: %v", err)
				}
				// The bank asks for more and gets it on the next day: its ten working days begin again.
				w.now = w.now.AddDate(0, 0, 1)
				w.must(bank, id, "ask_more", map[string]any{"reason": "请补充采购合同"})
				w.must(w.firm(0), id, "submit", application(500, 24))
				for _, day := range []int{1, 8, 15} { // the last one is the last of the ten
					w.now = time.Date(2024, 11, day, 23, 59, 0, 0, clock.Beijing)
					err := w.does(city, id, "release", map[string]any{"reason": "逾期"})
					refused(t, err, errs.KindConflict, "ended while the bank may answer")
					if err == nil || !strings.Contains(err.Error(), "from 2024-11-16 on") {
						t.Errorf("on the %dth it is told %v", day, err)
					}
				}
				w.now = time.Date(2024, 11, 16, 0, 0, 0, 0, clock.Beijing)
				if n, err := w.cases.Ring(ctx); err != nil || n != 1 {
					t.Errorf("the clock rang %d times, %v", n, err)
				}
				w.must(city, id, "release", map[string]any{"reason": "银行逾期未答复"})
			},
		}
		for _, how := range []string{"refuse", "withdraw", "release"} {
			id := w.asks(0, x.product)
			w.must(w.firm(0), id, "submit", application(500, 24))
			if _, err := w.Consents.PackOfCase(ctx, bank, id); err != nil {
				t.Fatal(err)
			}
			if how == "refuse" {
				refused(t, w.does(bank, id, "refuse", nil), errs.KindInvalid, "refused without a reason")
			}
			ends[how](id)
			if _, err := w.Consents.PackOfCase(ctx, bank, id); errs.KindOf(err) != errs.KindForbidden {
				t.Errorf("%s: the bank reads on: %v", how, err)
			}
			events, err := w.cases.Track(ctx, w.firm(0), id)
			must(t, err)
			if last := events[len(events)-1]; last.Reason == "" {
				t.Errorf("%s: the firm reads no reason: %+v", how, last)
			}
		}
	})
}

// The firm takes its consent back on its own page, and the bank reads nothing from then on.
func TestRevokedConsent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, bank := t.Context(), w.bank("demo_a")
		id := w.asks(0, "demo_a_equipment")
		w.must(w.firm(0), id, "submit", application(500, 24))
		p, err := w.Progress(ctx, bank, w.cases, id)
		must(t, err)
		must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			return w.Consents.End(ctx, tx, w.firm(0), p.Consents[0].ID, "改变主意")
		}))
		_, err = w.Consents.PackOfCase(ctx, bank, id)
		refused(t, err, errs.KindForbidden, "the bank reads what was taken back")
		w.must(bank, id, "refuse", map[string]any{"reason": "授权已撤回，无法审核"})
		for i, by := range map[string]access.Scope{"auditor": auditor, "city": city} {
			if _, err := w.Progress(ctx, by, w.cases, id); err != nil {
				t.Errorf("%s: %v", i, err)
			}
		}
		_, err = w.Progress(ctx, w.firm(1), w.cases, id)
		refused(t, err, errs.KindNotFound, "another firm sees it")
	})
}

// A drawdown of an earlier day may not go beyond the line on any day since, also where all of it was repaid by now.
func TestBackdatedDrawdown(t *testing.T) {
	eachKind(t, func(t *testing.T, w *world, x dealing) {
		id, bank := w.signed(0, x.product, x.bank, "H-1"), w.bank(x.bank)
		w.must(bank, id, "draw", drawdown("J-1", 300))
		w.must(bank, id, "repay", repayment("J-1", 300, 0, "2024-10-30"))
		early := drawdown("J-2", 300)
		early["drawn_on"] = "2024-10-24"
		err := w.does(bank, id, "draw", early)
		refused(t, err, errs.KindConflict, "600 of 500 were outstanding on the 25th")
		if err == nil || !strings.Contains(err.Error(), "200 万元") {
			t.Errorf("it is told %v", err)
		}
		late := drawdown("J-2", 500)
		late["drawn_on"] = "2024-10-30"
		w.must(bank, id, "draw", late)
	})
}

// What was entered wrongly is corrected with a reason: facts follow, bounds hold, and what was entered stays.
func TestCorrections(t *testing.T) {
	eachKind(t, func(t *testing.T, w *world, x dealing) {
		ctx := t.Context()
		id, bank := w.signed(0, x.product, x.bank, "H-1"), w.bank(x.bank)
		w.must(bank, id, "draw", drawdown("J-1", 300))
		w.must(bank, id, "draw", drawdown("J-2", 100))
		w.must(bank, id, "repay", repayment("J-1", 100, 0.5, "2024-10-28"))
		w.must(bank, id, "repay", repayment("J-1", 200, 0, "2024-10-30"))
		correct := func(action string, answers map[string]any) error { return w.corrects(bank, id, action, answers) }
		redraw := func(voucher string, amount int, on string) map[string]any {
			d := drawdown(voucher, amount)
			d["drawn_on"] = on
			return d
		}
		paid := func(n int, principal float64, on string) map[string]any {
			return map[string]any{"voucher": "J-1", "n": n, "principal": principal, "paid_on": on}
		}
		refused(t, w.does(bank, id, "redraw", redraw("J-1", 300, "2024-10-24")), errs.KindInvalid, "without a reason")
		refused(t, correct("redraw", redraw("J-9", 300, "2024-10-24")), errs.KindConflict, "a drawdown that there is not")
		refused(t, correct("redraw", redraw("J-1", 401, "2024-10-24")), errs.KindConflict, "beyond the line with the other")
		refused(t, correct("redraw", redraw("J-1", 299, "2024-10-24")), errs.KindConflict, "less than was repaid")
		refused(t, correct("redraw", redraw("J-1", 300, "2024-10-29")), errs.KindConflict, "after it was repaid")
		refused(t, correct("rerepay", paid(3, 1, "2024-10-30")), errs.KindConflict, "a repayment that there is not")
		refused(t, correct("rerepay", paid(1, 101, "2024-10-28")), errs.KindConflict, "more than is left")
		refused(t, correct("undo", map[string]any{"voucher": "J-1"}), errs.KindConflict, "with repayments")
		must(t, correct("redraw", redraw("J-1", 320, "2024-10-24")))
		must(t, correct("rerepay", paid(1, 50, "2024-10-29")))
		must(t, correct("undo", map[string]any{"voucher": "J-1", "n": 2}))
		must(t, correct("undo", map[string]any{"voucher": "J-2"}))
		refused(t, w.does(bank, id, "repay", repayment("J-2", 1, 0, "2024-10-30")), errs.KindConflict, "of what was taken back")

		p, err := w.Progress(ctx, w.firm(0), w.cases, id)
		must(t, err)
		one, two := p.Drawdowns[0], p.Drawdowns[1]
		if one.Principal != 320_0000_00 || one.Left() != 270_0000_00 || len(one.Repayments) != 1 || !two.Gone || p.Left() != one.Left() {
			t.Errorf("stands %+v", p.Drawdowns)
		}
		if len(one.Restated) != 3 || one.Restated[0].Was.Principal != 300_0000_00 || one.Restated[1].Had.Principal != 100_0000_00 || !one.Restated[2].Has.Gone || one.Restated[2].N != 2 {
			t.Errorf("corrections %+v", one.Restated)
		}
		view, err := w.Frames.For(ctx, w.firm(0), 0)
		must(t, err)
		october, cost := period.OfMonth(2024, 10), int64(0)
		if x.kind == Lease {
			cost = 50_0000_00
		}
		tells := x.kind.tells()
		for _, f := range []struct {
			subject int64
			def     string
			p       period.Period
			state   fact.State
			want    int64
		}{
			{one.Subject, tells.principal, period.Period{}, fact.Present, 320_0000_00},
			{one.Subject, tells.drawnOn, period.Period{}, fact.Present, int64(period.Date(2024, 10, 24))},
			{one.Subject, tells.balance, october, fact.Present, 270_0000_00},
			{one.Subject, tells.repaidOn, period.Period{}, fact.None, 0},
			{one.Subject, tells.paid, period.OfYear(2024), fact.Present, cost},
			{two.Subject, tells.principal, period.Period{}, fact.None, 0},
			{two.Subject, tells.balance, october, fact.Present, 0},
		} {
			if c := view.Value(f.subject, f.def, f.p); c.State != f.state || c.Value.Num != f.want {
				t.Errorf("%s is %+v, want %v %d", f.def, c, f.state, f.want)
			}
		}
		o, err := w.Overview(ctx, city, Asking{Kind: x.kind, Month: october})
		must(t, err)
		if o.Sum.Balance != 270_0000_00 || o.Sum.Drawn != 320_0000_00 || o.Sum.Loans != 1 || o.Unclear != 0 {
			t.Errorf("overview %+v, unclear %d", o.Sum, o.Unclear)
		}
		must(t, correct("redraw", redraw("J-2", 180, "2024-10-25"))) // it was one after all
		refused(t, w.does(bank, id, "settle", nil), errs.KindConflict, "with principal left")
		must(t, w.cases.Verify(ctx, city, id))
		if _, err := audit.Check(ctx, w.DB, kinds()); err != nil {
			t.Errorf("audit: %v", err)
		}
	})
}
