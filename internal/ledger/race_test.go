package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

const workers = 64

var errAbort = errors.New("abort")

// fair is a ledger that many work on at a time, and what they were told.
type fair struct {
	*desk
	lines []int64
	calls []string

	mu          sync.Mutex
	commitments []promised
	batches     []int64
	told        map[int64]ledger.Balance // by line; what lies from Payable to Paid is told as Payable
	complaints  []string
	acts        atomic.Int64
	refusals    atomic.Int64
}

type promised struct{ id, line int64 }

func newFair(d *desk) *fair {
	f := &fair{desk: d, calls: []string{"", "call"}, told: map[int64]ledger.Balance{}}
	for year := 2023; year < 2026; year++ {
		line := d.appropriate(year, 3000)
		f.lines = append(f.lines, line)
		must(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
			return d.book.Reserve(ctx, tx, d.act(""), ledger.Reservation{Line: line, Call: "call", Change: 500})
		})
		f.told[line] = ledger.Balance{ledger.Budget: -3000, ledger.Free: 2500, ledger.Held: 500}
	}
	return f
}

func (f *fair) complain(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.complaints = append(f.complaints, fmt.Sprintf(format, args...))
}

// tell notes what an acknowledged operation has moved.
func (f *fair) tell(line int64, from, to ledger.Stage, fen money.Fen) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.told[line]
	b[from] -= fen
	b[to] += fen
	f.told[line] = b
}

// insist runs an operation until it is known whether it has happened, always under the same key: some tries are cut off,
// some are made to fail after the work is done.
func (f *fair) insist(r *rand.Rand, op func(context.Context, *store.Tx, ledger.Act) error) bool {
	a := f.act("case")
	for try := 0; ; try++ {
		ctx, cancel := context.WithCancel(f.Context())
		if try < 3 && r.IntN(4) == 0 {
			time.AfterFunc(time.Duration(r.IntN(3000))*time.Microsecond, cancel)
		}
		aborts := try < 2 && r.IntN(5) == 0
		err := f.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			if err := op(ctx, tx, a); err != nil {
				return err
			}
			if aborts {
				return errAbort
			}
			return nil
		})
		cut := ctx.Err() != nil
		cancel()
		switch {
		case err == nil:
			f.acts.Add(1)
			return true
		case errors.Is(err, errAbort):
			if r.IntN(2) == 0 {
				return false // it must not have happened
			}
		case cut: // nobody knows: the same again
		case errs.KindOf(err) == errs.KindConflict:
			f.refusals.Add(1)
			return false
		case errs.KindOf(err) == errs.KindUnavailable || isRace(err):
		default:
			f.complain("an operation has failed: %v", err)
			return false
		}
	}
}

// isRace says that the database gave up on a transaction after its retries: SQLSTATE of deadlocks, serialization failures
// and unique keys.
func isRace(err error) bool {
	return store.IsUnique(err) || strings.Contains(err.Error(), "40P01") || strings.Contains(err.Error(), "40001")
}

func (f *fair) some(r *rand.Rand) (promised, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.commitments) == 0 {
		return promised{}, false
	}
	// the younger the likelier
	n := len(f.commitments)
	return f.commitments[max(r.IntN(n), r.IntN(n))], true
}

func (f *fair) work(r *rand.Rand, steps int) {
	for range steps {
		switch r.IntN(12) {
		case 0, 1, 2, 3:
			f.commitSome(r)
		case 4, 5:
			f.shiftSome(r, f.book.MakePayable, ledger.Committed, ledger.Payable)
		case 6:
			f.shiftSome(r, f.book.Pay, ledger.Payable, ledger.Payable)
		case 7:
			f.shiftSome(r, f.book.Return, ledger.Payable, ledger.Returned)
		case 8:
			f.shiftSome(r, f.book.Release, ledger.Committed, ledger.Free)
		case 9:
			f.draftSome(r)
		case 10:
			f.settleSome(r)
		case 11:
			f.carrySome(r)
		}
	}
}

func (f *fair) commitSome(r *rand.Rand) {
	line, fen := f.lines[r.IntN(len(f.lines))], money.Fen(1+r.IntN(60))
	p := promise(line, fmt.Sprint("P", r.IntN(60)), []string{"I0", "I1", "I2", "I3", ""}[r.IntN(5)], fen, 5)
	p.Call = f.calls[r.IntN(len(f.calls))]
	p.Claims[0].Amount = fen
	var id int64
	done := f.insist(r, func(ctx context.Context, tx *store.Tx, a ledger.Act) (err error) {
		id, err = f.book.Commit(ctx, tx, a, p)
		return err
	})
	if !done {
		return
	}
	from := ledger.Free
	if p.Call != "" {
		from = ledger.Held
	}
	f.tell(line, from, ledger.Committed, fen+5)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commitments = append(f.commitments, promised{id, line})
}

func (f *fair) shiftSome(r *rand.Rand, op step, from, to ledger.Stage) {
	c, ok := f.some(r)
	if !ok {
		return
	}
	s := ledger.Sum{Commitment: c.id, Instalment: 1 + r.IntN(2), Amount: money.Fen(1 + r.IntN(20))}
	if f.insist(r, func(ctx context.Context, tx *store.Tx, a ledger.Act) error { return op(ctx, tx, a, s) }) {
		f.tell(c.line, from, to, s.Amount)
	}
}

func (f *fair) draftSome(r *rand.Rand) {
	c, ok := f.some(r)
	if !ok {
		return
	}
	orders := []ledger.Order{orderOf(c.id, money.Fen(1+r.IntN(10)))}
	var batch int64
	done := f.insist(r, func(ctx context.Context, tx *store.Tx, a ledger.Act) (err error) {
		batch, err = f.book.Draft(ctx, tx, a, orders)
		return err
	})
	if !done {
		return
	}
	f.insist(r, func(ctx context.Context, tx *store.Tx, a ledger.Act) error { return f.book.Send(ctx, tx, a, batch) })
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batches = append(f.batches, batch)
}

func (f *fair) settleSome(r *rand.Rand) {
	f.mu.Lock()
	if len(f.batches) == 0 {
		f.mu.Unlock()
		return
	}
	batch := f.batches[r.IntN(len(f.batches))]
	f.mu.Unlock()
	states := []ledger.OrderState{ledger.OrderSettled, ledger.OrderSettled, ledger.OrderFailed, ledger.OrderUnknown, ledger.OrderBounced}
	o := []ledger.Outcome{{Order: 1, State: states[r.IntN(len(states))]}}
	f.insist(r, func(ctx context.Context, tx *store.Tx, a ledger.Act) error {
		_, err := f.book.Settle(ctx, tx, a, batch, o)
		return err
	})
}

func (f *fair) carrySome(r *rand.Rand) {
	from := r.IntN(len(f.lines) - 1)
	c := ledger.Carry{From: f.lines[from], To: f.lines[from+1], Free: money.Fen(1 + r.IntN(30))}
	if f.insist(r, func(ctx context.Context, tx *store.Tx, a ledger.Act) error { return f.book.CarryOver(ctx, tx, a, c) }) {
		f.tell(c.From, ledger.Free, ledger.Budget, c.Free)
		f.tell(c.To, ledger.Budget, ledger.Free, c.Free)
	}
}

const (
	sampleLines  = `SELECT line_id, budget, free, held, committed, payable, ordered, paid, returned FROM ledger_balance ORDER BY line_id`
	sampleSums   = `SELECT stage, CAST(SUM(fen) AS BIGINT) FROM ledger_posting WHERE line_id = $1 GROUP BY stage`
	sampleClaims = `SELECT COUNT(*) FROM (SELECT c.project, c.family, c.item FROM ledger_claim c LEFT JOIN ledger_lift l ON l.claim_id = c.id
		WHERE l.claim_id IS NULL AND c.commitment_id <> 0 GROUP BY c.project, c.family, c.item HAVING COUNT(*) > 1) x`
)

// sample looks at one moment: the order holds in each line, by its balance and by its entries, which are the same; the fund
// page says the same; nothing is claimed twice.
func (f *fair) sample(ctx context.Context) error {
	return f.db.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		balances, err := f.sampleBalances(ctx, q)
		if err != nil {
			return err
		}
		shares, err := ledger.In(q, access.SystemScope()).Fund(ctx, ledger.Filter{}, ledger.ByLine)
		if err != nil {
			return err
		}
		for _, s := range shares {
			if s.Balance != balances[s.Line.ID] {
				f.complain("the fund page says %v of line %d, its balance is %v", s.Balance, s.Line.ID, balances[s.Line.ID])
			}
		}
		for line, b := range balances {
			if t := b.Totals(); t.Paid > t.Payable || t.Payable > t.Committed || t.Committed > t.Budget || slices.Min(b[ledger.Free:]) < 0 {
				f.complain("line %d: %+v", line, t)
			}
			sum, err := f.sampleEntries(ctx, q, line)
			if err != nil {
				return err
			}
			if sum != b {
				f.complain("the entries of line %d make %v, its balance is %v", line, sum, b)
			}
		}
		var twice int
		if err := q.QueryRow(ctx, sampleClaims).Scan(&twice); err != nil {
			return err
		}
		if twice > 0 {
			f.complain("%d cost items are committed twice", twice)
		}
		return nil
	})
}

func (f *fair) sampleBalances(ctx context.Context, q store.Querier) (map[int64]ledger.Balance, error) {
	rows, err := q.Query(ctx, sampleLines)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]ledger.Balance{}
	for rows.Next() {
		var line int64
		var b ledger.Balance
		into := []any{&line}
		for i := range b {
			into = append(into, &b[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all[line] = b
	}
	return all, rows.Err()
}

func (f *fair) sampleEntries(ctx context.Context, q store.Querier, line int64) (sum ledger.Balance, err error) {
	rows, err := q.Query(ctx, sampleSums, line)
	if err != nil {
		return sum, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var fen money.Fen
		if err := rows.Scan(&name, &fen); err != nil {
			return sum, err
		}
		for s := range sum {
			if ledger.Stage(s).String() == name {
				sum[s] = fen
			}
		}
	}
	return sum, rows.Err()
}

// run lets workers work while a reader looks, and then checks the whole. It gives what was wrong.
func (f *fair) run(work func(r *rand.Rand)) []string {
	seed := uint64(time.Now().UnixNano())
	f.Logf("seed %d", seed)
	done := make(chan struct{})
	var reader, all sync.WaitGroup
	samples := 0
	reader.Go(func() {
		for {
			if err := f.sample(f.Context()); err != nil {
				f.complain("sample: %v", err)
				return
			}
			samples++
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for w := range workers {
		all.Go(func() { work(rand.New(rand.NewPCG(seed, uint64(w)))) })
	}
	all.Wait()
	close(done)
	reader.Wait()
	found, err := f.book.Check(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	for _, fault := range found.Faults {
		f.complain("%s: %s", fault.Msg.Key, fault)
	}
	f.Logf("%d acts, %d refusals, %d samples, %d transfers", f.acts.Load(), f.refusals.Load(), samples, found.Transfers)
	return f.complaints
}

func TestManyAtATime(t *testing.T) {
	each(t, func(d *desk) {
		f := newFair(d)
		complaints := f.run(func(r *rand.Rand) { f.work(r, 20) })
		for _, c := range complaints[:min(len(complaints), 20)] {
			d.Error(c)
		}
		// What was acknowledged is what there is: what lay between payable and paid is told as one, since a batch says
		// itself what became of it, and so is what was released, which may have gone back to a call.
		for _, line := range f.lines {
			got, told := d.balance(line), f.told[line]
			for _, b := range []*ledger.Balance{&got, &told} {
				b[ledger.Payable] += b[ledger.Ordered] + b[ledger.Paid]
				b[ledger.Free] += b[ledger.Held]
				b[ledger.Held], b[ledger.Ordered], b[ledger.Paid] = 0, 0, 0
			}
			if got != told {
				d.Errorf("line %d: it says %v, what was acknowledged comes to %v", line, got, told)
			}
		}
	})
}

// TestLookDecideWriteFails is the control: code that looks, decides and then writes passes the checks when it is alone, and
// fails them when it is not.
func TestLookDecideWriteFails(t *testing.T) {
	each(t, func(d *desk) {
		f := newFair(d)
		for i := range 5 {
			if err := f.careless(fmt.Sprint("A", i), "I", 10, func() {}); err != nil {
				d.Fatal(err)
			}
		}
		if err := f.careless("A1", "I", 10, func() {}); errs.KindOf(err) != errs.KindConflict {
			d.Fatalf("alone, it refuses what is claimed already: %v", err)
		}
		d.sound()

		var looked sync.WaitGroup
		looked.Add(workers)
		complaints := f.run(func(r *rand.Rand) {
			ready := sync.OnceFunc(looked.Done)
			defer ready()       // of one that failed before it had looked
			for i := range 12 { // all ask for the same thing at about the same time, the first one after all have looked
				err := f.careless(fmt.Sprint("P", i), "I", money.Fen(1+r.IntN(9)), func() { ready(); looked.Wait() })
				if err != nil && errs.KindOf(err) != errs.KindConflict && !isRace(err) {
					f.complain("careless: %v", err)
				}
			}
		})
		all := strings.Join(complaints, "\n")
		for _, want := range []string{"ledger.fault_line", "ledger.fault_claimed_twice", "its balance is"} {
			if !strings.Contains(all, want) {
				d.Errorf("the checks have not found %q", want)
			}
		}
	})
}

// careless commits as is usually done: it reads what is free and what is claimed, decides, and writes. Something else may take place
// before it does.
func (f *fair) careless(project, item string, fen money.Fen, meanwhile func()) error {
	line := f.lines[0]
	var free, committed money.Fen
	var claimed int
	q := f.db.Read()
	if err := q.QueryRow(f.Context(), `SELECT free, committed FROM ledger_balance WHERE line_id = $1`, line).Scan(&free, &committed); err != nil {
		return err
	}
	if err := q.QueryRow(f.Context(), `SELECT COUNT(*) FROM ledger_claim WHERE project = $1 AND item = $2`, project, item).Scan(&claimed); err != nil {
		return err
	}
	if claimed > 0 || free < fen {
		return errAlready
	}
	meanwhile()
	return f.db.Write(f.Context(), func(ctx context.Context, tx *store.Tx) error {
		id, err := tx.NextIDs(ctx, 4)
		if err != nil {
			return err
		}
		key := fmt.Sprint("careless ", id)
		for _, s := range []struct {
			text string
			args []any
		}{
			{`INSERT INTO ledger_commitment (id, line_id, hold_id, case_id, party_id, area, clause) VALUES ($1, $2, 0, 'C', 0, '320904', 'c')`, []any{id, line}},
			{`INSERT INTO ledger_commitment_balance (commitment_id, standing) VALUES ($1, $2)`, []any{id, int64(fen)}},
			{`INSERT INTO ledger_part (id, commitment_id, n, line_id) VALUES ($1, $2, 1, $3)`, []any{id + 1, id, line}},
			{`INSERT INTO ledger_part_balance (part_id, committed, payable, ordered, paid, returned) VALUES ($1, $2, 0, 0, 0, 0)`, []any{id + 1, int64(fen)}},
			{`INSERT INTO ledger_claim (id, project, item, family, commitment_id, case_id, party_id, area, fen, year, bureau, document, source_id, place, request_key)
				VALUES ($1, $2, $3, 'F', $4, 'C', 0, '320904', 0, 2024, '', '', 0, '', '')`, []any{id + 2, project, item, id}},
			{`INSERT INTO ledger_transfer (id, kind, at, day, by_account, case_id, reason, document, request_key) VALUES ($1, 'promised', 0, '2024-10-31', 0, 'C', '', '', $2)`, []any{id + 3, key}},
			{`INSERT INTO ledger_request (request_key, body, answer, at) VALUES ($1, '', '', 0)`, []any{key}},
			{`INSERT INTO ledger_posting (transfer_id, n, line_id, stage, part_id, hold_id, fen) VALUES ($1, 1, $2, 'free', 0, 0, $3)`, []any{id + 3, line, -int64(fen)}},
			{`INSERT INTO ledger_posting (transfer_id, n, line_id, stage, part_id, hold_id, fen) VALUES ($1, 2, $2, 'committed', $3, 0, $4)`, []any{id + 3, line, id + 1, int64(fen)}},
			{`UPDATE ledger_balance SET n = n + 1, free = $1, committed = $2 WHERE line_id = $3`, []any{int64(free - fen), int64(committed + fen), line}},
			{`INSERT INTO ledger_state (line_id, n, transfer_id, budget, free, held, committed, payable, ordered, paid, returned)
				SELECT line_id, n, $1, budget, free, held, committed, payable, ordered, paid, returned FROM ledger_balance WHERE line_id = $2`, []any{id + 3, line}},
		} {
			if _, err := tx.Exec(ctx, s.text, s.args...); err != nil {
				return err
			}
		}
		for _, s := range []struct {
			stage, area, clause string
			fen                 money.Fen
		}{{"free", city, "", -fen}, {"committed", county, "c", fen}} {
			n, err := tx.Exec(ctx, `UPDATE ledger_sum SET `+s.stage+` = `+s.stage+` + $1 WHERE line_id = $2 AND area = $3 AND clause = $4 AND month = '2024-10'`, int64(s.fen), line, s.area, s.clause)
			if err == nil && n == 0 {
				_, err = tx.Exec(ctx, `INSERT INTO ledger_sum (line_id, area, clause, month, budget, free, held, committed, payable, ordered, paid, returned)
					VALUES ($1, $2, $3, '2024-10', 0, 0, 0, $4, 0, 0, 0, 0)`, line, s.area, s.clause, int64(s.fen))
			}
			if err != nil {
				return err
			}
		}
		for _, k := range []struct {
			item     string
			n, below int64
		}{{"", 0, 1}, {item, 1, 0}} {
			n, err := tx.Exec(ctx, `UPDATE ledger_stand SET n = n + $1, below = below + $2 WHERE project = $3 AND family = 'F' AND item = $4`, k.n, k.below, project, k.item)
			if err == nil && n == 0 {
				_, err = tx.Exec(ctx, `INSERT INTO ledger_stand (project, family, item, n, below) VALUES ($1, 'F', $2, $3, $4)`, project, k.item, k.n, k.below)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

var errAlready = &errs.Error{Kind: errs.KindConflict}
