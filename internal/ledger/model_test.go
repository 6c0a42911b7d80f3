package ledger_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// model is a ledger in memory, written as plainly as can be: sums and lists, nothing kept twice.
type model struct {
	*desk
	prefix string // of everything that must not meet what an earlier run has left
	lines  []int64
	state  modelState
	before []done // what was acknowledged, for saying it again
}

type modelState struct {
	balances    []ledger.Balance // by line
	held        []money.Fen      // of the call, by line
	commitments []modelCommitment
	openings    []modelOpening
	payments    []modelPayment
}

type modelCommitment struct {
	id      int64
	line    int
	call    bool
	project string
	item    string
	parts   []map[int]ledger.Balance // by instalment and line
}

type modelOpening struct {
	source        int64
	project, item string
	lifted        bool
}

type modelPayment struct {
	batch int64
	state ledger.OrderState
	c, n  int // commitment and instalment
	line  int
	fen   money.Fen
	later bool // ordered anew
}

// done is an acknowledged operation.
type done struct {
	op     func(context.Context, *store.Tx) (string, error)
	answer string
}

func (s modelState) clone() modelState {
	c := modelState{slices.Clone(s.balances), slices.Clone(s.held), slices.Clone(s.commitments), slices.Clone(s.openings), slices.Clone(s.payments)}
	for i, m := range c.commitments {
		parts := make([]map[int]ledger.Balance, len(m.parts))
		for n, p := range m.parts {
			parts[n] = maps.Clone(p)
		}
		c.commitments[i].parts = parts
	}
	return c
}

func (m modelCommitment) stands() bool {
	var sum money.Fen
	for _, part := range m.parts {
		for _, b := range part {
			sum += b[ledger.Committed] + b[ledger.Payable] + b[ledger.Ordered] + b[ledger.Paid]
		}
	}
	return sum > 0
}

func overlap(project, item, otherProject, otherItem string) bool {
	return project == otherProject && (item == otherItem || item == "" || otherItem == "")
}

// taken says that something stands on a cost item.
func (s modelState) taken(project, item string) bool {
	return slices.ContainsFunc(s.commitments, func(c modelCommitment) bool { return c.stands() && overlap(project, item, c.project, c.item) }) ||
		slices.ContainsFunc(s.openings, func(o modelOpening) bool { return !o.lifted && overlap(project, item, o.project, o.item) })
}

func (s *modelState) move(line int, from, to ledger.Stage, fen money.Fen) bool {
	if from != ledger.Budget && s.balances[line][from] < fen {
		return false
	}
	s.balances[line][from] -= fen
	s.balances[line][to] += fen
	return true
}

// shift moves an amount of an instalment, from the parts of earlier lines first.
func (s *modelState) shift(c, n int, from, to ledger.Stage, fen money.Fen) bool {
	m := s.commitments[c]
	for line := range s.balances {
		b, ok := m.parts[n][line]
		take := min(fen, b[from])
		if !ok || take == 0 {
			continue
		}
		fen -= take
		b[from] -= take
		there := to
		if to == ledger.Free {
			if m.call && m.line == line {
				there = ledger.Held
				s.held[line] += take
			}
		} else {
			b[to] += take
		}
		m.parts[n][line] = b
		if !s.move(line, from, there, take) {
			return false
		}
	}
	return fen == 0
}

// try runs an operation and holds its outcome against the model's: expected is what the model makes of it, nil for a
// refusal.
func (m *model) try(t *rapid.T, what string, expected *modelState, op func(context.Context, *store.Tx) (string, error)) string {
	answer, err := do(m.desk, op)
	switch {
	case err == nil && expected == nil:
		t.Fatalf("%s: done, the model refuses it", what)
	case err != nil && errs.KindOf(err) != errs.KindConflict:
		t.Fatalf("%s: %v", what, err)
	case err != nil && expected != nil:
		t.Fatalf("%s: %v, the model does it", what, err)
	case err == nil:
		m.state = *expected
		m.before = append(m.before, done{op, answer})
	}
	return answer
}

// outcome is the model after a change, nil where the change is refused.
func (m *model) outcome(change func(s *modelState) bool) *modelState {
	s := m.state.clone()
	if !change(&s) {
		return nil
	}
	return &s
}

func (m *model) amount(t *rapid.T, most int) money.Fen {
	return money.Fen(rapid.IntRange(1, most).Draw(t, "fen"))
}

func (m *model) someLine(t *rapid.T) int { return rapid.IntRange(0, len(m.lines)-1).Draw(t, "line") }

func (m *model) someItem(t *rapid.T) (project, item string) {
	return m.prefix + rapid.SampledFrom([]string{"P", "Q"}).Draw(t, "project"), rapid.SampledFrom([]string{"", "A", "B", "C"}).Draw(t, "item")
}

// someInstalment is mostly one that has something in a stage.
func (m *model) someInstalment(t *rapid.T, has ledger.Stage) (c, n int) {
	type at struct{ c, n int }
	var all, having []at
	for c, mc := range m.state.commitments {
		for n, parts := range mc.parts {
			all = append(all, at{c, n})
			for _, b := range parts {
				if b[has] > 0 {
					having = append(having, at{c, n})
				}
			}
		}
	}
	if len(all) == 0 {
		t.Skip("nothing is committed")
	}
	if len(having) > 0 && rapid.IntRange(0, 4).Draw(t, "any") > 0 {
		all = having
	}
	one := rapid.SampledFrom(all).Draw(t, "instalment")
	return one.c, one.n
}

func (m *model) appropriate(t *rapid.T) {
	line, fen, cut := m.someLine(t), m.amount(t, 300), rapid.Bool().Draw(t, "cut")
	change := fen
	if cut {
		change = -fen
	}
	ap := appropriation(2020+line, change)
	ap.Code = m.prefix
	a := m.act("")
	m.try(t, "appropriate", m.outcome(func(s *modelState) bool {
		if cut {
			return s.move(line, ledger.Free, ledger.Budget, fen)
		}
		return s.move(line, ledger.Budget, ledger.Free, fen)
	}), func(ctx context.Context, tx *store.Tx) (string, error) {
		id, err := m.book.Appropriate(ctx, tx, a, ap)
		return fmt.Sprint(id), err
	})
}

func (m *model) reserve(t *rapid.T) {
	line, fen, back := m.someLine(t), m.amount(t, 100), rapid.Bool().Draw(t, "back")
	r := ledger.Reservation{Line: m.lines[line], Call: "call", Change: fen}
	if back {
		r.Change = -fen
	}
	a := m.act("")
	m.try(t, "reserve", m.outcome(func(s *modelState) bool {
		s.held[line] += r.Change
		if back {
			return s.held[line] >= 0 && s.move(line, ledger.Held, ledger.Free, fen)
		}
		return s.move(line, ledger.Free, ledger.Held, fen)
	}), func(ctx context.Context, tx *store.Tx) (string, error) {
		id, err := m.book.Reserve(ctx, tx, a, r)
		return fmt.Sprint(id), err
	})
}

func (m *model) commit(t *rapid.T) {
	line := m.someLine(t)
	project, item := m.someItem(t)
	c := modelCommitment{line: line, call: rapid.Bool().Draw(t, "call"), project: project, item: item}
	fens := rapid.SliceOfN(rapid.IntRange(1, 60), 1, 3).Draw(t, "instalments")
	p := promise(m.lines[line], project, item, 1)
	p.Instalments, p.Claims[0].Amount = nil, 0
	var total money.Fen
	for _, fen := range fens {
		p.Instalments = append(p.Instalments, money.Fen(fen))
		total += money.Fen(fen)
		c.parts = append(c.parts, map[int]ledger.Balance{line: {ledger.Committed: money.Fen(fen)}})
	}
	if c.call {
		p.Call = "call"
	}
	a := m.act(m.prefix + "case")
	expected := m.outcome(func(s *modelState) bool {
		if s.taken(project, item) {
			return false
		}
		s.commitments = append(s.commitments, c)
		if c.call {
			s.held[line] -= total
			return s.held[line] >= 0 && s.move(line, ledger.Held, ledger.Committed, total)
		}
		return s.move(line, ledger.Free, ledger.Committed, total)
	})
	var id int64
	m.try(t, "commit", expected, func(ctx context.Context, tx *store.Tx) (_ string, err error) {
		id, err = m.book.Commit(ctx, tx, a, p)
		return fmt.Sprint(id), err
	})
	if expected != nil {
		m.state.commitments[len(m.state.commitments)-1].id = id
	}
}

// shift is the action for one of the ways of an instalment.
func (m *model) shift(op step, from, to ledger.Stage) func(t *rapid.T) {
	return func(t *rapid.T) {
		c, n := m.someInstalment(t, from)
		s := ledger.Sum{Commitment: m.state.commitments[c].id, Instalment: n + 1, Amount: m.amount(t, 40)}
		a := m.act("case")
		m.try(t, "shift", m.outcome(func(st *modelState) bool { return st.shift(c, n, from, to, s.Amount) }), func(ctx context.Context, tx *store.Tx) (string, error) {
			return "", op(ctx, tx, a, s)
		})
	}
}

func (m *model) carry(t *rapid.T) {
	from := rapid.IntRange(0, len(m.lines)-2).Draw(t, "from")
	to := rapid.IntRange(from+1, len(m.lines)-1).Draw(t, "to")
	c := ledger.Carry{From: m.lines[from], To: m.lines[to], Free: money.Fen(rapid.IntRange(0, 60).Draw(t, "free"))}
	type at struct{ c, n int }
	var picked []at
	for i, mc := range m.state.commitments {
		for n := range mc.parts {
			if b := mc.parts[n][from]; b[ledger.Committed]+b[ledger.Payable] > 0 && rapid.Bool().Draw(t, "carried") {
				picked = append(picked, at{i, n})
				c.Parts = append(c.Parts, m.partIn(mc.id, n+1, m.lines[from]))
			}
		}
	}
	if c.Free == 0 && len(c.Parts) == 0 {
		t.Skip("nothing to carry")
	}
	a := m.act("")
	m.try(t, "carry over", m.outcome(func(s *modelState) bool {
		if !s.move(from, ledger.Free, ledger.Budget, c.Free) {
			return false
		}
		s.move(to, ledger.Budget, ledger.Free, c.Free)
		for _, p := range picked {
			parts := s.commitments[p.c].parts[p.n]
			old, next := parts[from], parts[to]
			for _, stage := range []ledger.Stage{ledger.Committed, ledger.Payable} {
				s.move(from, stage, ledger.Budget, old[stage])
				s.move(to, ledger.Budget, stage, old[stage])
				next[stage] += old[stage]
				old[stage] = 0
			}
			parts[from], parts[to] = old, next
		}
		return true
	}), func(ctx context.Context, tx *store.Tx) (string, error) {
		return "", m.book.CarryOver(ctx, tx, a, c)
	})
}

// partIn is the part of an instalment in a line.
func (m *model) partIn(commitment int64, n int, line int64) int64 {
	var id int64
	err := m.db.Read().QueryRow(m.Context(), `SELECT id FROM ledger_part WHERE commitment_id = $1 AND n = $2 AND line_id = $3`, commitment, n, line).Scan(&id)
	if err != nil {
		m.Fatal(err)
	}
	return id
}

func (m *model) order(t *rapid.T) {
	c, n := m.someInstalment(t, ledger.Payable)
	o := orderOf(m.state.commitments[c].id, m.amount(t, 30))
	o.Instalment = n + 1
	a, send := m.act(""), m.act("")
	p := modelPayment{state: ledger.OrderSent, c: c, n: n, fen: o.Amount}
	expected := m.outcome(func(s *modelState) bool {
		for line := range s.balances {
			b := s.commitments[c].parts[n][line]
			if b[ledger.Payable] < o.Amount {
				continue
			}
			b[ledger.Payable] -= o.Amount
			b[ledger.Ordered] += o.Amount
			s.commitments[c].parts[n][line] = b
			p.line = line
			for i, q := range s.payments {
				if q.c == c && q.n == n && q.line == line {
					s.payments[i].later = true
				}
			}
			s.payments = append(s.payments, p)
			return s.move(line, ledger.Payable, ledger.Ordered, o.Amount)
		}
		return false
	})
	var batch int64
	m.try(t, "order", expected, func(ctx context.Context, tx *store.Tx) (_ string, err error) {
		if batch, err = m.book.Draft(ctx, tx, a, []ledger.Order{o}); err != nil {
			return "", err
		}
		return fmt.Sprint(batch), m.book.Send(ctx, tx, send, batch)
	})
	if expected != nil {
		m.state.payments[len(m.state.payments)-1].batch = batch
	}
}

func (m *model) settle(t *rapid.T) {
	if len(m.state.payments) == 0 {
		t.Skip("nothing is sent")
	}
	i := rapid.IntRange(0, len(m.state.payments)-1).Draw(t, "payment")
	state := rapid.SampledFrom([]ledger.OrderState{ledger.OrderSettled, ledger.OrderFailed, ledger.OrderUnknown, ledger.OrderBounced}).Draw(t, "outcome")
	a, batch := m.act(""), m.state.payments[i].batch
	m.try(t, "settle as "+string(state), m.outcome(func(s *modelState) bool { return s.settle(i, state) }), func(ctx context.Context, tx *store.Tx) (string, error) {
		out, err := m.book.Settle(ctx, tx, a, batch, []ledger.Outcome{{Order: 1, State: state}})
		return fmt.Sprint(out), err
	})
}

func (s *modelState) settle(i int, state ledger.OrderState) bool {
	p := &s.payments[i]
	from, to := ledger.Ordered, ledger.Payable
	switch was := p.state; {
	case was == state:
		return true
	case (was == ledger.OrderSent || was == ledger.OrderUnknown) && state == ledger.OrderSettled:
		to = ledger.Paid
	case (was == ledger.OrderSent || was == ledger.OrderUnknown) && state == ledger.OrderFailed:
	case was == ledger.OrderSent && state == ledger.OrderUnknown:
		p.state = state
		return true
	case was == ledger.OrderFailed && state == ledger.OrderSettled && !p.later:
		from, to = ledger.Payable, ledger.Paid
	case was == ledger.OrderSettled && state == ledger.OrderBounced:
		from, to = ledger.Paid, ledger.Payable
	default:
		return false
	}
	p.state = state
	b := s.commitments[p.c].parts[p.n][p.line]
	if b[from] < p.fen {
		return false
	}
	b[from] -= p.fen
	b[to] += p.fen
	s.commitments[p.c].parts[p.n][p.line] = b
	return s.move(p.line, from, to, p.fen)
}

func (m *model) open(t *rapid.T) {
	project, item := m.someItem(t)
	source := sources.Add(1)
	o := ledger.Opening{Claim: claim(project, item, 1), Area: county, Place: "往年.xlsx"}
	a := m.act("")
	m.try(t, "open", m.outcome(func(s *modelState) bool {
		s.openings = append(s.openings, modelOpening{source: source, project: project, item: item})
		return true
	}), func(ctx context.Context, tx *store.Tx) (string, error) {
		_, err := m.book.Open(ctx, tx, a, source, []ledger.Opening{o})
		return "", err
	})
}

var sources atomic.Int64

func (m *model) lift(t *rapid.T) {
	if len(m.state.openings) == 0 {
		t.Skip("nothing was opened")
	}
	i := rapid.IntRange(0, len(m.state.openings)-1).Draw(t, "opening")
	source, a := m.state.openings[i].source, m.act("")
	m.try(t, "lift", m.outcome(func(s *modelState) bool {
		s.openings[i].lifted = true
		return true
	}), func(ctx context.Context, tx *store.Tx) (string, error) {
		return "", m.book.LiftSource(ctx, tx, a, source)
	})
}

// again says something a second time: the answer is the first one and nothing moves.
func (m *model) again(t *rapid.T) {
	if len(m.before) == 0 {
		t.Skip("nothing was done")
	}
	d := m.before[rapid.IntRange(0, len(m.before)-1).Draw(t, "which")]
	answer, err := do(m.desk, d.op)
	if err != nil || answer != d.answer {
		t.Fatalf("said again it gives %q, %v; it gave %q", answer, err, d.answer)
	}
}

// check holds the balances of the lines, and of their calls, against the model.
func (m *model) check(t *rapid.T) {
	for i, line := range m.lines {
		if got, want := m.balance(line), m.state.balances[i]; got != want {
			t.Fatalf("line %d: %v, the model has %v", i, got, want)
		}
		if totals := m.balance(line).Totals(); totals.Paid > totals.Payable || totals.Payable > totals.Committed || totals.Committed > totals.Budget {
			t.Fatalf("line %d: %+v", i, totals)
		}
	}
}

// TestLikeAModel compares random sequences with the model, step by step.
func TestLikeAModel(t *testing.T) {
	var runs atomic.Int64
	each(t, func(d *desk) {
		rapid.Check(d.T, func(t *rapid.T) {
			m := &model{desk: d, prefix: fmt.Sprint("r", runs.Add(1), " ")}
			for i := range 3 {
				ap := appropriation(2020+i, 200)
				ap.Code = m.prefix
				line := must(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
					return d.book.Appropriate(ctx, tx, d.act(""), ap)
				})
				must(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
					return d.book.Reserve(ctx, tx, d.act(""), ledger.Reservation{Line: line, Call: "call", Change: 50})
				})
				m.lines = append(m.lines, line)
				m.state.balances = append(m.state.balances, ledger.Balance{ledger.Budget: -200, ledger.Free: 150, ledger.Held: 50})
				m.state.held = append(m.state.held, 50)
			}
			t.Repeat(map[string]func(*rapid.T){
				"":            m.check,
				"appropriate": m.appropriate,
				"reserve":     m.reserve,
				"commit":      m.commit,
				"commit more": m.commit,
				"order more":  m.order,
				"due more":    m.shift(m.book.MakePayable, ledger.Committed, ledger.Payable),
				"due":         m.shift(m.book.MakePayable, ledger.Committed, ledger.Payable),
				"withhold":    m.shift(m.book.Withhold, ledger.Payable, ledger.Committed),
				"release":     m.shift(m.book.Release, ledger.Committed, ledger.Free),
				"pay":         m.shift(m.book.Pay, ledger.Payable, ledger.Paid),
				"return":      m.shift(m.book.Return, ledger.Paid, ledger.Returned),
				"carry":       m.carry,
				"order":       m.order,
				"settle":      m.settle,
				"settle more": m.settle,
				"open":        m.open,
				"lift":        m.lift,
				"again":       m.again,
			})
		})
		d.sound()
	})
}
