package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// asked is what somebody wants of one line, and heard what they were told.
type asked struct {
	op         string
	item       string
	commitment int64
	fen        money.Fen
}

type heard struct {
	ok         bool
	commitment int64          // that was made, or that a claim was refused for
	claimed    bool           // refused for a claim
	balance    ledger.Balance // that was read
}

// lineState is a line with its commitments, each of one instalment and one claim.
type lineState struct {
	free money.Fen
	made map[int64]madeState
}

type madeState struct {
	item                               string
	committed, payable, paid, returned money.Fen
}

func (m madeState) stands() bool { return m.committed+m.payable+m.paid > 0 }

func (s lineState) balance() (b ledger.Balance) {
	b[ledger.Free] = s.free
	for _, m := range s.made {
		b[ledger.Committed] += m.committed
		b[ledger.Payable] += m.payable
		b[ledger.Paid] += m.paid
		b[ledger.Returned] += m.returned
	}
	for _, fen := range b[ledger.Free:] {
		b[ledger.Budget] -= fen
	}
	return b
}

// claimedBy is the commitment that stands on an item, 0 for none.
func (s lineState) claimedBy(item string) int64 {
	for id, m := range s.made {
		if m.stands() && (m.item == item || m.item == "" || item == "") {
			return id
		}
	}
	return 0
}

// step says whether a line in this state may give this answer, and what it is then.
func (s lineState) step(a asked, h heard) (bool, lineState) {
	switch a.op {
	case "read":
		return s.balance() == h.balance, s
	case "commit":
		by := s.claimedBy(a.item)
		if !h.ok {
			return h.claimed && by != 0 || !h.claimed && by == 0 && s.free < a.fen, s
		}
		next := lineState{s.free - a.fen, maps.Clone(s.made)}
		next.made[h.commitment] = madeState{item: a.item, committed: a.fen}
		return by == 0 && s.free >= a.fen, next
	}
	next := lineState{s.free, maps.Clone(s.made)}
	m := s.made[a.commitment]
	var from, to *money.Fen
	switch a.op {
	case "due":
		from, to = &m.committed, &m.payable
	case "pay":
		from, to = &m.payable, &m.paid
	case "return":
		from, to = &m.paid, &m.returned
	case "release":
		from, to = &m.committed, &next.free
	}
	enough := *from >= a.fen
	*from -= a.fen
	*to += a.fen
	next.made[a.commitment] = m
	if !h.ok {
		return !enough, s
	}
	return enough, next
}

var lineModel = porcupine.Model{
	Init: func() any { return lineState{free: 200, made: map[int64]madeState{}} },
	Step: func(state, input, output any) (bool, any) {
		return state.(lineState).step(input.(asked), output.(heard))
	},
	Equal: func(a, b any) bool {
		s, t := a.(lineState), b.(lineState)
		return s.free == t.free && maps.Equal(s.made, t.made)
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
}

// historian records what clients of one line ask for, with the times between which it has happened.
type historian struct {
	*fair
	line    int64
	began   time.Time
	mu      sync.Mutex
	history []porcupine.Operation
}

func (h *historian) ask(client int, r *rand.Rand, a asked) {
	var out heard
	call := time.Since(h.began).Nanoseconds()
	var last error
	done := h.insist(r, func(ctx context.Context, tx *store.Tx, act ledger.Act) (err error) {
		out = heard{}
		out.commitment, err = h.do(ctx, tx, act, a)
		last = err
		return err
	})
	var refused *ledger.Refused
	switch {
	case done:
		out.ok = true
	case last == nil:
		return // aborted: it has not happened, and nothing was heard
	default:
		out.claimed = errors.As(last, &refused)
	}
	h.note(client, call, a, out)
	if done && a.op == "commit" {
		h.fair.mu.Lock()
		h.commitments = append(h.commitments, promised{out.commitment, h.line})
		h.fair.mu.Unlock()
	}
}

func (h *historian) note(client int, call int64, a asked, out heard) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.history = append(h.history, porcupine.Operation{ClientId: client, Input: a, Output: out, Call: call, Return: time.Since(h.began).Nanoseconds()})
}

func (h *historian) do(ctx context.Context, tx *store.Tx, act ledger.Act, a asked) (int64, error) {
	s := ledger.Sum{Commitment: a.commitment, Instalment: 1, Amount: a.fen}
	switch a.op {
	case "commit":
		return h.book.Commit(ctx, tx, act, promise(h.line, fmt.Sprint("P", h.line), a.item, a.fen))
	case "due":
		return 0, h.book.MakePayable(ctx, tx, act, s)
	case "pay":
		return 0, h.book.Pay(ctx, tx, act, s)
	case "return":
		return 0, h.book.Return(ctx, tx, act, s)
	}
	return 0, h.book.Release(ctx, tx, act, s)
}

func (h *historian) read(client int) {
	call := time.Since(h.began).Nanoseconds()
	err := h.book.Read(h.Context(), access.SystemScope(), func(ctx context.Context, v *ledger.View) error {
		shares, err := v.Fund(ctx, ledger.Filter{Line: h.line}, ledger.ByLine)
		if err == nil {
			h.note(client, call, asked{op: "read"}, heard{balance: shares[0].Balance})
		}
		return err
	})
	if err != nil {
		h.complain("read: %v", err)
	}
}

func (h *historian) client(id int, r *rand.Rand, steps int) {
	for range steps {
		op := []string{"commit", "commit", "due", "pay", "return", "release", "release", "read"}[r.IntN(8)]
		a := asked{op: op, item: []string{"A", "B", "C", ""}[r.IntN(4)], fen: money.Fen(1 + r.IntN(80))}
		switch {
		case op == "read":
			h.read(id)
			continue
		case op != "commit":
			c, ok := h.some(r)
			if !ok {
				continue
			}
			a.item, a.commitment, a.fen = "", c.id, []money.Fen{1, 20, a.fen}[r.IntN(3)]
		}
		h.ask(id, r, a)
	}
}

func newHistorian(d *desk, year int) *historian {
	return &historian{fair: &fair{desk: d, told: map[int64]ledger.Balance{}}, line: d.appropriate(year, 200), began: time.Now()}
}

// TestHistoriesAreLinearizable lets clients work on one line at a time, with requests cut off and repeated, and asks whether
// one order of what they asked for explains all that they heard.
func TestHistoriesAreLinearizable(t *testing.T) {
	each(t, func(d *desk) {
		for round := range 6 {
			h := newHistorian(d, 2020+round)
			seed := uint64(time.Now().UnixNano())
			var all sync.WaitGroup
			for c := range 8 {
				all.Go(func() { h.client(c, rand.New(rand.NewPCG(seed, uint64(c))), 14) })
			}
			all.Wait()
			for _, c := range h.complaints {
				d.Error(c)
			}
			switch porcupine.CheckOperationsTimeout(lineModel, h.history, time.Minute) {
			case porcupine.Illegal:
				d.Errorf("seed %d: no order explains %d operations", seed, len(h.history))
				for _, o := range h.history {
					d.Logf("%d %12d %12d %+v → %+v", o.ClientId, o.Call, o.Return, o.Input, o.Output)
				}
			case porcupine.Unknown:
				d.Logf("seed %d: %d operations were too many to decide", seed, len(h.history))
			}
		}
	})
}

// TestHistoriesCanBeRefused is the control: answers that were not given are not explained.
func TestHistoriesCanBeRefused(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t, migrations))
	h := newHistorian(d, 2024)
	r := rand.New(rand.NewPCG(1, 1))
	for range 40 {
		h.client(0, r, 1)
	}
	if !porcupine.CheckOperations(lineModel, h.history) {
		t.Fatal("one client alone is not explained")
	}
	spoilt := 0
	for i := range h.history {
		told := h.history[i].Output.(heard)
		told.ok = !told.ok
		if h.history[i].Input.(asked).op == "read" {
			told.balance[ledger.Free]++
		}
		one := append([]porcupine.Operation(nil), h.history...)
		one[i].Output = told
		if porcupine.CheckOperations(lineModel, one) {
			t.Errorf("spoilt answer %d is explained: %+v → %+v", i, one[i].Input, one[i].Output)
		}
		spoilt++
	}
	if spoilt < 20 {
		t.Errorf("only %d operations", spoilt)
	}
}
