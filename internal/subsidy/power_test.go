package subsidy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

const (
	livesOfCity = 8 // each three weeks of the same city; then it begins anew
	firmsOfLife = 3
	cutsOfLife  = 16
)

// offices are all who take part in one life of a process, on a disk that is watched: three firms apply, and their applications,
// with those that were left unfinished, go all the way until the money is paid. What is acknowledged is told.
type offices struct {
	*world
	say  func(line string)
	firm *atomic.Int64 // the last number that a firm got
	deaf bool          // a control: an act is told although the database said that it is not done
}

// insist does something, again where the database gave up on it.
func insist(do func() error) (err error) {
	for range 100 {
		if err = do(); errs.KindOf(err) != errs.KindUnavailable {
			return err
		}
	}
	return err
}

// reasons is what is said with actions that take place only with a reason.
var reasons = map[string]string{"recognise": "金额小，由县级核对发票"}

// act takes an action under a key of its own, and tells the event.
func (o offices) act(by access.Scope, id int64, action string) error {
	var e casework.Event
	err := insist(func() (err error) {
		e, err = o.cases.Act(ctx, by, casework.Act{Case: id, Action: action, Key: fmt.Sprintf("%d %s", id, action), Reason: reasons[action]})
		return err
	})
	if err == nil || o.deaf {
		o.say(fmt.Sprintf("act %d %s %d %d %d", id, action, by.Account(), e.ID, e.N))
	}
	if err != nil {
		return fmt.Errorf("%s on case %d: %w", action, id, err)
	}
	return nil
}

// applies has a new firm open an application.
func (o offices) applies(call int64) error {
	name := fmt.Sprintf("停电示例企业%02d", o.firm.Add(1))
	var ids []int64
	err := insist(func() (err error) { ids, err = o.stated(things(name, "320904", 1)...); return err })
	if err != nil {
		return err
	}
	firm := ids[0]
	me := applicant(1000+firm, firm)
	view, err := o.Frames.For(ctx, me, 0)
	if err != nil {
		return err
	}
	offers, _, err := o.CallsFor(ctx, view, firm, o.today())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(offers[call], func(x Offer) bool { return x.Clause == "c9" })
	if i < 0 {
		return fmt.Errorf("firm %d is offered nothing by call %d: %+v", firm, call, offers)
	}
	return o.opens(func() (casework.Case, error) { return o.OpenApplication(ctx, me, call, offers[call][i]) })
}

// opens opens a case, and tells it.
func (o offices) opens(open func() (casework.Case, error)) error {
	var c casework.Case
	err := insist(func() (err error) { c, err = open(); return err })
	if err == nil {
		o.say(fmt.Sprintf("opened %d", c.ID))
	}
	return err
}

// goesOn takes an application as far as a batch that gathers.
func (o offices) goesOn(id, batch int64) error {
	for {
		c, _, err := o.cases.Get(ctx, access.SystemScope(), id)
		if err != nil {
			return err
		}
		switch c.State {
		case "draft":
			err = o.submits(c)
		case "check":
			err = o.act(county, id, "accept")
		case "review":
			err = o.departments(id)
		case "costs":
			err = o.act(county2, id, "recognise")
		case "weigh":
			err = o.act(cityA, id, "settle")
		case "ready":
			err = o.act(cityA, id, "join")
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (o offices) submits(c casework.Case) error {
	me := applicant(1000+c.Enterprise, c.Enterprise)
	asked := items("00")
	for i := range asked { // invoices and machines of its own
		asked[i].Invoice = fmt.Sprintf("2432%014d%02d", c.Enterprise, i)
		if asked[i].Serial != "" {
			asked[i].Serial = fmt.Sprintf("S-%d-%d", c.Enterprise, i)
		}
	}
	if err := insist(func() error { return o.Put(ctx, me, c.ID, Asked{Items: asked}) }); err != nil {
		return err
	}
	payee := Payee{Holder: "户名", Bank: "盐城农商银行", Number: "6228480402564890018"}
	if err := insist(func() error { return o.NamePayee(ctx, me, c.ID, payee) }); err != nil {
		return err
	}
	return o.act(me, c.ID, "submit")
}

var departments = []access.Role{access.TaxBureau, access.SafetyBureau, access.EnvironmentBureau, access.CreditOffice}

// departments agree, those who have not yet.
func (o offices) departments(id int64) error {
	tasks, err := o.cases.TasksOf(ctx, access.SystemScope(), id)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if i := slices.Index(departments, access.Role(t.Role)); t.Open() && i >= 0 {
			if err := o.act(somebody(int64(40+i), departments[i]), id, "agree"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o offices) running(workflow string) []casework.Case {
	o.t.Helper()
	all, _, err := o.cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: workflow, Running: true}, 0, 1000)
	must(o.t, err)
	return all
}

// pays has the money of a batch sent and settled, each step under the key of the batch.
func (o offices) pays(batch int64) error {
	children, _, err := o.cases.Cases(ctx, access.SystemScope(), casework.Filter{Batch: batch}, 0, 1000)
	if err != nil {
		return err
	}
	slices.SortFunc(children, func(a, b casework.Case) int { return int(a.ID - b.ID) })
	var dues []Due
	var outcomes []ledger.Outcome
	for i, c := range children {
		a, err := o.Application(ctx, access.SystemScope(), c.ID)
		if err != nil {
			return err
		}
		p, err := o.Payee(ctx, finance, c.ID)
		if err != nil {
			return err
		}
		dues = append(dues, Due{Case: c.ID, Sum: ledger.Sum{Instalment: 1, Amount: a.Granted}, Seen: p.Version()})
		outcomes = append(outcomes, ledger.Outcome{Order: i + 1, State: ledger.OrderSettled})
	}
	key := func(step string) string { return fmt.Sprintf("%s %d", step, batch) }
	var order int64
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"order", func() error {
			return o.write(func(ctx context.Context, tx *store.Tx) (err error) {
				order, err = o.Order(ctx, tx, finance, key("order"), dues)
				return err
			})
		}},
		{"send", func() error {
			return o.write(func(ctx context.Context, tx *store.Tx) error {
				return o.Book.Send(ctx, tx, ledger.Act{Scope: finance, Key: key("send"), Document: "支付令"}, order)
			})
		}},
		{"settle", func() error {
			_, err := o.Settle(ctx, finance, ledger.Act{Key: key("settle"), Document: "银行回单"}, order, outcomes)
			return err
		}},
	} {
		if err := insist(step.do); err != nil {
			return fmt.Errorf("%s for batch %d: %w", step.name, batch, err)
		}
		o.say("key " + key(step.name))
	}
	for _, c := range children {
		o.say(fmt.Sprintf("paid %d", c.ID))
	}
	return nil
}

// weeks is one life: applications up to the notice, and after the notice to the money.
func (o offices) weeks(fresh int) {
	o.t.Helper()
	must(o.t, o.gathers(fresh))
	o.pass(16 * 24 * time.Hour) // five working days, holidays between them or not
	for _, b := range o.running(BatchWorkflow) {
		if b.State == "notice" {
			must(o.t, o.act(cityB, b.ID, "approve"))
		}
	}
	for _, b := range o.running(BatchWorkflow) {
		if b.State == "approved" {
			must(o.t, o.act(cityB, b.ID, "grant"))
		}
	}
	for _, c := range o.running(ApplicationWorkflow) {
		if c.State == "payable" {
			must(o.t, o.pays(c.Batch)) // all of the batch; for the others of it the keys answer as before
		}
	}
}

// gathers takes all applications into a batch, and makes it public.
func (o offices) gathers(fresh int) error {
	calls, err := o.Calls(ctx, access.SystemScope(), "")
	must(o.t, err)
	call := int64(0)
	for _, c := range calls {
		if c.State == CallPublished {
			call = c.Case
		}
	}
	if call == 0 {
		var c Call
		must(o.t, insist(func() (err error) {
			c, err = o.OpenCall(ctx, cityA, Call{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "申报", Opens: asOf - 1, Closes: asOf + 300, Line: o.line, Reserve: 5000 * wan})
			return err
		}))
		must(o.t, o.act(cityB, c.Case, "publish"))
		call = c.Case
	}
	for range fresh {
		must(o.t, o.applies(call))
	}
	batch := o.gatheringNow()
	if batch == 0 {
		must(o.t, o.opens(func() (casework.Case, error) { return o.OpenBatch(ctx, cityA, call, "批次", "") }))
		batch = o.gatheringNow()
	}
	var group errgroup.Group
	for _, c := range o.running(ApplicationWorkflow) {
		group.Go(func() error { return o.goesOn(c.ID, batch) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if _, n, err := o.cases.Cases(ctx, access.SystemScope(), casework.Filter{Batch: batch}, 0, 1); err != nil || n == 0 {
		return err
	}
	return o.act(cityA, batch, "publish")
}

// gatheringNow is the batch that gathers, 0 for none.
func (o offices) gatheringNow() (batch int64) {
	for _, b := range o.running(BatchWorkflow) {
		if b.State == "gather" {
			batch = b.ID
		}
	}
	return batch
}

// witness knows what was acknowledged, and looks at what a cut has left.
type witness struct {
	*testing.T
	set    *casework.Set // of workflows, read once, as the forms
	forms  *form.Set
	events map[int64]string
	acts   map[string]string // by case, action and account: the event that it came to
	keys   map[string]bool
	opened map[int64]bool
	paid   map[int64]bool
	lies   bool // the disk
	risky  bool // that what is left can be read is not taken for granted
	wrong  []string
}

// hear takes in what was noted. An act that is asked again must be answered as before.
func (w *witness) hear(line string) {
	what, rest, _ := strings.Cut(line, " ")
	id, _ := strconv.ParseInt(rest, 10, 64) // of the lines that are a case alone
	switch what {
	case "act":
		var of, account, event, n int64
		var action string
		if _, err := fmt.Sscan(rest, &of, &action, &account, &event, &n); err != nil {
			w.Fatalf("noted %q: %v", line, err)
		}
		act, is := fmt.Sprintf("%d %s %d", of, action, account), fmt.Sprintf("%d %d %s", of, n, action)
		if before, again := w.acts[act]; again && before != is {
			w.wrong = append(w.wrong, fmt.Sprintf("twice: %s was answered by event %s, and then by %s", act, before, is))
		}
		w.acts[act], w.events[event] = is, is
	case "key":
		w.keys[rest] = true
	case "opened":
		w.opened[id] = true
	case "paid":
		w.paid[id] = true
	default:
		w.Fatalf("noted %q", line)
	}
}

func (w *witness) tell(format string, args ...any) {
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

// judge opens a database as the product does and holds it against what was acknowledged.
func (w *witness) judge(url string) {
	if w.risky {
		if err := storetest.Whole(url); err != nil {
			w.tell("unreadable: %v", err)
			return
		}
	}
	db, err := store.Open(ctx, url, migrations)
	if err != nil {
		w.tell("unreadable: %v", err)
		return
	}
	defer func() {
		if err := db.Close(); err != nil {
			w.Error(err)
		}
	}()
	for _, look := range []func(*store.DB) error{w.lost, w.twice, w.half, w.books, w.replayed} {
		if err := look(db); err != nil {
			w.tell("unreadable: %v", err)
		}
	}
}

// lost asks for all that was acknowledged.
func (w *witness) lost(db *store.DB) error {
	there, states, keys := map[int64]string{}, map[int64]string{}, map[string]bool{}
	if err := rowsOf(db, `SELECT id, case_id, n, action FROM case_event`, func(rows *store.Rows) error {
		var id, of, n int64
		var action string
		err := rows.Scan(&id, &of, &n, &action)
		there[id] = fmt.Sprintf("%d %d %s", of, n, action)
		return err
	}); err != nil {
		return err
	}
	if err := rowsOf(db, `SELECT id, state FROM case_head`, func(rows *store.Rows) error {
		var id int64
		var state string
		err := rows.Scan(&id, &state)
		states[id] = state
		return err
	}); err != nil {
		return err
	}
	if err := rowsOf(db, `SELECT request_key FROM ledger_request`, func(rows *store.Rows) error {
		var key string
		err := rows.Scan(&key)
		keys[key] = true
		return err
	}); err != nil {
		return err
	}
	for id, is := range w.events {
		if there[id] != is {
			w.tell("lost: event %d was %q, is %q", id, is, there[id])
		}
	}
	for key := range w.keys {
		if !keys[key] {
			w.tell("lost: the ledger does not know %q", key)
		}
	}
	for id := range w.opened {
		if states[id] == "" {
			w.tell("lost: case %d", id)
		}
	}
	for id := range w.paid {
		if states[id] != "paid" {
			w.tell("lost: case %d was paid, and is at %q", id, states[id])
		}
	}
	return nil
}

// twice looks for what may be there once: whoever acts here takes each action of a case once.
func (w *witness) twice(db *store.DB) error {
	return rowsOf(db, `SELECT case_id, action, slot, COUNT(*) FROM case_event GROUP BY case_id, action, slot HAVING COUNT(*) > 1`, func(rows *store.Rows) error {
		var id, n int64
		var action, slot string
		err := rows.Scan(&id, &action, &slot, &n)
		w.tell("twice: %s %s in case %d is there %d times", action, slot, id, n)
		return err
	})
}

// half looks for cases without what belongs to them.
func (w *witness) half(db *store.DB) error {
	return rowsOf(db, `SELECT id, workflow FROM case_head WHERE
		workflow = 'subsidy_batch' AND NOT EXISTS (SELECT 1 FROM subsidy_batch WHERE case_id = id) OR
		workflow = 'call' AND NOT EXISTS (SELECT 1 FROM subsidy_call WHERE case_id = id) OR
		workflow = 'subsidy_application' AND state <> 'draft' AND NOT EXISTS (SELECT 1 FROM subsidy_application WHERE case_id = id)`, func(rows *store.Rows) error {
		var id int64
		var workflow string
		err := rows.Scan(&id, &workflow)
		w.tell("by half: case %d of %s has no row of its own", id, workflow)
		return err
	})
}

// books holds the ledger against the cases: what is granted is committed, what is paid is paid, and no rule of the ledger is broken.
func (w *witness) books(db *store.DB) error {
	if err := rowsOf(db, `SELECT a.case_id, c.state, a.granted, COALESCE(SUM(b.committed + b.payable + b.ordered + b.paid + b.returned), 0), COALESCE(SUM(b.paid), 0)
		FROM subsidy_application a JOIN case_head c ON c.id = a.case_id
		LEFT JOIN ledger_part p ON p.commitment_id = a.commitment LEFT JOIN ledger_part_balance b ON b.part_id = p.id
		GROUP BY a.case_id, c.state, a.granted`, func(rows *store.Rows) error {
		var id int64
		var state string
		var granted, committed, paid money.Fen
		err := rows.Scan(&id, &state, &granted, &committed, &paid)
		if committed != granted || state == "paid" && paid != granted || (state == "paid" || state == "payable") != (granted > 0) {
			w.tell("books: case %d at %s was granted %s, committed is %s, paid %s", id, state, granted, committed, paid)
		}
		return err
	}); err != nil {
		return err
	}
	found, err := ledger.New(db, clock.System(), blob.Dir{}).Check(ctx)
	for _, f := range found.Faults {
		w.tell("fault: %s", f)
	}
	return err
}

// replayed has each case gone through from its events.
func (w *witness) replayed(db *store.DB) error {
	lib, err := library()
	must(w, err)
	sources := source.New(db, clock.System())
	parties := party.NewStore(db, sources)
	facts := fact.NewStore(db, sources, lib)
	frames, err := fact.Open(ctx, facts, parties, clock.System())
	if err != nil {
		return err
	}
	cases := casework.Open(casework.Deps{
		DB: db, Sources: sources, Facts: facts, Frames: frames, Library: lib, Clock: clock.System(), Set: w.set, Forms: casework.FormsOf(form.NewStore(db, lib, w.forms, clock.System())),
	})
	return rowsOf(db, `SELECT id FROM case_head`, func(rows *store.Rows) error {
		var id int64
		err := rows.Scan(&id)
		if wrong := cases.Verify(ctx, access.SystemScope(), id); wrong != nil {
			w.tell("not replayed: %v", wrong)
		}
		return err
	})
}

// rowsOf hands on the rows of a query.
func rowsOf(db *store.DB, query string, row func(*store.Rows) error) error {
	rows, err := db.Read().Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// begin forgets what was acknowledged: another city begins.
func (w *witness) begin() {
	w.events, w.acts, w.keys, w.opened, w.paid = map[int64]string{}, map[string]string{}, map[string]bool{}, map[int64]bool{}, map[int64]bool{}
}

// lives has a city live through some lives, each of which begins with what a cut in the one before has left, and cuts the power
// in each so many times. The last one is not cut, and finishes what was begun.
func (w *witness) lives(disk *storetest.Disk, r *rand.Rand, cuts *storetest.Cuts, want int) {
	w.begin()
	var left storetest.Image
	var firm atomic.Int64
	file := "sqlite:" + filepath.Join(disk.Dir, "test.db")
	for life := range livesOfCity {
		last := life == livesOfCity-1 || cuts.N >= want
		disk.Begin(w.T, left)
		db, err := store.Open(ctx, file, migrations)
		must(w, err)
		o := offices{world: newWorld(w.T, db), say: disk.Note, firm: &firm}
		w.set, w.forms = o.set, o.forms
		o.at = inLife(life)
		must(w, o.asksAgain(w.some()))
		if last {
			o.weeks(0)
			must(w, db.Close())
			disk.Trace().Play(false).To(disk.Trace().Len(), w.hear)
			w.judge(file)
			w.finished(file)
			return
		}
		o.weeks(firmsOfLife)
		must(w, db.Close())
		cuts.Each(r, disk.Trace().Play(w.lies), min(cutsOfLife, want-cuts.N), w.hear, func(img storetest.Image) bool {
			left = img
			w.judge(storetest.Restored(w.T, img, "test.db"))
			return len(w.wrong) == 0
		})
		if len(w.wrong) > 0 || w.risky {
			return
		}
	}
}

// inLife is the morning on which a life begins.
func inLife(life int) time.Time { return morning.Add(time.Duration(life) * 21 * 24 * time.Hour) }

// some are some acts that were acknowledged.
func (w *witness) some() (acts []string) {
	for act := range w.acts {
		if len(acts) < 10 {
			acts = append(acts, act)
		}
	}
	return acts
}

// asksAgain asks for acts once more that were answered before: they are answered as before (hear).
func (o offices) asksAgain(acts []string) error {
	who := []access.Scope{county, county2, cityA, cityB}
	for i, role := range departments {
		who = append(who, somebody(int64(40+i), role))
	}
	for _, act := range acts {
		var id, account int64
		var action string
		if _, err := fmt.Sscan(act, &id, &action, &account); err != nil {
			return fmt.Errorf("ask again for %q: %w", act, err)
		}
		by := applicant(account, account-1000)
		if i := slices.IndexFunc(who, func(s access.Scope) bool { return s.Account() == account }); i >= 0 {
			by = who[i]
		}
		if err := o.act(by, id, action); err != nil {
			return err
		}
	}
	return nil
}

// finished asks that nothing which was begun is left.
func (w *witness) finished(url string) {
	db, err := store.Open(ctx, url, migrations)
	must(w, err)
	defer db.Close()
	must(w, rowsOf(db, `SELECT id, workflow, state FROM case_head WHERE workflow = 'subsidy_application' AND state <> 'paid' OR workflow = 'subsidy_batch' AND state NOT IN ('gather', 'done')`, func(rows *store.Rows) error {
		var id int64
		var workflow, state string
		err := rows.Scan(&id, &workflow, &state)
		w.tell("case %d of %s was left at %s", id, workflow, state)
		return err
	}))
}

// TestPowerCuts cuts the power at random moments while firms apply, offices decide, and finance pays. All that was acknowledged is
// there, nothing is there twice or by half, the ledger agrees with the cases, and each case is what its events make of it; and what
// was not finished is taken up and finished.
func TestPowerCuts(t *testing.T) {
	disk, r := storetest.NewDisk(t), storetest.Seeded(t)
	var cuts storetest.Cuts
	w := &witness{T: t}
	acts := 0
	for want := storetest.CutsAsked(250); cuts.N < want && len(w.wrong) == 0; {
		w.lives(disk, r, &cuts, want)
		acts += len(w.acts)
	}
	t.Logf("%s; %d acts acknowledged, %d wrong", cuts, acts, len(w.wrong))
	for _, s := range w.wrong[:min(len(w.wrong), 20)] {
		t.Error(s)
	}
	cuts.Enough(t)
}

// TestPowerControls are a disk that lies and a database that waits for it less than it should: the test above must see them.
func TestPowerControls(t *testing.T) {
	for name, w := range map[string]*witness{"the disk lies about what it has": {lies: true}, "synchronous=NORMAL": {}} {
		t.Run(name, func(t *testing.T) {
			if pragma, is := strings.CutPrefix(name, "synchronous="); is {
				storetest.Relax(t, pragma)
			}
			w.T, w.risky = t, true
			disk, r := storetest.NewDisk(t), storetest.Seeded(t)
			var cuts storetest.Cuts
			for cuts.N < 100 && len(w.wrong) == 0 {
				w.lives(disk, r, &cuts, 100)
			}
			if len(w.wrong) == 0 {
				t.Errorf("the witness has seen nothing in %s", cuts)
				return
			}
			t.Logf("after %d cuts: %s", cuts.N, w.wrong[0])
		})
	}
}
