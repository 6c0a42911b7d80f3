package notice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// outbox is every delivery, the oldest first, as "channel state attempts".
func (h *house) outbox() []string {
	h.t.Helper()
	list, err := h.Outbox(h.t.Context(), access.SystemScope(), OutboxQuery{})
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	for _, d := range slices.Backward(list) {
		all = append(all, fmt.Sprintf("%s %s %d", d.Channel, d.State, d.Attempts))
	}
	return all
}

// mailer is a sender that carries mail alone.
func (h *house) mailer(out Carrier) *Sender {
	return NewSender(h.Store, map[Channel]Carrier{Mail: out}, "", func(err error) { h.t.Error(err) })
}

// The process ends between the commit and the sending, and between the sending and the note that it was sent: the letter is
// sent later, in the second case once more, under the same mark.
func TestCrash(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		h.reached("firm", Mail, "firm@example.com")
		h.post(say(Served, ToParty(42), "决定")) // and the process is gone
		out := &box{}
		h.turn(h.mailer(out)) // another begins
		if n := len(out.take()); n != 1 {
			t.Fatalf("%d letters", n)
		}
		h.post(say(Served, ToParty(42), "更正"))
		first := h.mailer(out)
		if _, err := first.handOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		ids, err := h.due(t.Context(), 10)
		if err != nil || len(ids) != 1 {
			t.Fatal(ids, err)
		}
		d, ok, err := h.take(t.Context(), ids[0])
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		first.carry(t.Context(), d) // sent, and the process is gone
		lost := out.take()
		second := h.mailer(out)
		h.turn(second)
		if again := out.take(); len(again) > 0 {
			t.Errorf("sent while the first may still be at it: %v", again)
		}
		h.w.pass(lease + time.Second)
		h.turn(second)
		again := out.take()
		if len(again) != 1 || len(lost) != 1 || again[0].Mark != lost[0].Mark {
			t.Errorf("sent %v, then %v", lost, again)
		}
		h.w.pass(24 * time.Hour)
		h.turn(second)
		if more := out.take(); len(more) > 0 {
			t.Errorf("and once more: %v", more)
		}
		if err := h.settle(t.Context(), d, outcome{result: "the first wakes up"}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"mail sent 1", "mail sent 2"}, h.outbox()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Attempts become rarer, end after GiveUp, and the administrators hear of it once a day; one of them sends it again.
func TestGivingUp(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		h.reached("firm", Mail, "firm@example.com")
		h.reached("admin", Mail, "admin@example.com")
		out := &box{fail: func(l Letter) error {
			if l.Kind == System {
				return nil
			}
			return errors.New("no route to firm@example.com")
		}}
		s := h.mailer(out)
		h.post(say(Served, ToParty(42), "决定"), say(Served, ToParty(42), "通知"))
		began, attempts := h.w.ms.Load(), 0
		for len(h.inboxOf("admin")) == 0 {
			h.turn(s)
			h.w.pass(30 * time.Second)
			if attempts++; attempts > 100_000 {
				t.Fatal("it never gives up")
			}
		}
		if took := time.Duration(h.w.ms.Load()-began) * time.Millisecond; took < GiveUp || took > GiveUp+latest+time.Minute {
			t.Errorf("gave up after %s", took)
		}
		h.turn(s)
		if n := len(h.inboxOf("admin")); n != 1 {
			t.Errorf("the administrator has %d messages", n)
		}
		list, err := h.Outbox(t.Context(), h.scope("admin"), OutboxQuery{State: Failed})
		if err != nil || len(list) != 2 {
			t.Fatalf("%+v %v", list, err)
		}
		if list[0].Result != "no route to f***@example.com" || list[0].Address != "f***@example.com" {
			t.Errorf("personal data shows: %+v", list[0])
		}
		if list[0].Attempts < 15 || list[0].Attempts > 40 {
			t.Errorf("%d attempts", list[0].Attempts)
		}
		for _, name := range []string{"city", "firm"} {
			if err := h.Retry(t.Context(), h.scope(name), list[0].ID); errs.KindOf(err) != errs.KindForbidden {
				t.Errorf("%s sends again: %v", name, err)
			}
			if _, err := h.Outbox(t.Context(), h.scope(name), OutboxQuery{}); errs.KindOf(err) != errs.KindForbidden {
				t.Errorf("%s reads the outbox: %v", name, err)
			}
			if _, _, err := h.Counts(t.Context(), h.scope(name)); errs.KindOf(err) != errs.KindForbidden {
				t.Errorf("%s counts the outbox: %v", name, err)
			}
		}
		if err := h.Retry(t.Context(), h.scope("admin"), list[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := h.Retry(t.Context(), h.scope("admin"), list[0].ID); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("sends again what waits already: %v", err)
		}
		out.fail = nil
		h.turn(s)
		states, fresh, err := h.Counts(t.Context(), h.scope("admin"))
		if err != nil || fresh != 0 || states[Failed] != 1 || states[Sent] != 2 {
			t.Errorf("%v, %d not handed out, %v", states, fresh, err)
		}
		letters := out.take()
		if last := letters[len(letters)-1]; last.To != "firm@example.com" || last.Mark != list[0].Mark {
			t.Errorf("sent %v", last)
		}
	})
}

func TestRefusedForGood(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		h.reached("firm", Mail, "firm@example.com")
		s := h.mailer(&box{fail: func(Letter) error { return fmt.Errorf("%w: no such mailbox", ErrRefused) }})
		h.post(say(Served, ToParty(42), "决定"))
		h.turn(s)
		if diff := cmp.Diff([]string{"mail failed 1"}, h.outbox()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := len(h.inboxOf("admin")); n != 1 {
			t.Errorf("the administrator has %d messages", n)
		}
	})
}

// counting sees whether one letter is carried twice at the same time.
type counting struct {
	mu     sync.Mutex
	under  map[string]int
	count  map[string]int
	twice  atomic.Int64
	failed func(mark string, attempt int) error
}

func (c *counting) Carry(_ context.Context, l Letter) (string, error) {
	c.mu.Lock()
	c.under[l.Mark]++
	c.count[l.Mark]++
	n := c.count[l.Mark]
	if c.under[l.Mark] > 1 {
		c.twice.Add(1)
	}
	c.mu.Unlock()
	time.Sleep(time.Millisecond)
	c.mu.Lock()
	c.under[l.Mark]--
	c.mu.Unlock()
	if c.failed != nil {
		return "", c.failed(l.Mark, n)
	}
	return "", nil
}

// Several processes on one database share the work: none of it is done twice.
func TestSeveralProcesses(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		const messages, processes = 60, 4
		migrations := []store.Migrations{audit.Migrations, access.Migrations, Migrations}
		open := func() *store.DB {
			db, err := store.Open(t.Context(), url, migrations)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			return db
		}
		h := newHouse(t, open())
		h.reached("firm", Mail, "firm@example.com")
		var list []Message
		for i := range messages {
			list = append(list, say(Served, ToParty(42), fmt.Sprint(i)))
		}
		h.post(list...)
		out := &counting{under: map[string]int{}, count: map[string]int{}}
		var group errgroup.Group
		for i := range processes {
			own := *h
			if strings.HasPrefix(url, "postgres") && i > 0 { // on SQLite they are goroutines of one process
				other, err := New(Deps{
					DB: open(), Access: h.accounts, Areas: h.Areas, Calendar: h.Calendar, Clock: h.Clock, Machine: h.Machine, Same: h.Same,
				})
				if err != nil {
					t.Fatal(err)
				}
				own.Store = other
			}
			s := own.mailer(out)
			group.Go(func() error {
				for range 20 {
					if _, err := s.Turn(t.Context()); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		if n := out.twice.Load(); n != 0 {
			t.Errorf("%d times a letter was carried twice at once", n)
		}
		if len(out.count) != messages {
			t.Errorf("%d letters of %d", len(out.count), messages)
		}
		for mark, n := range out.count {
			if n != 1 {
				t.Errorf("%s was carried %d times", mark, n)
			}
		}
		for _, d := range h.outbox() {
			if d != "mail sent 1" {
				t.Fatal(d)
			}
		}
	})
}

func TestRunStopsCleanly(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, []store.Migrations{audit.Migrations, access.Migrations, Migrations}))
	h.reached("firm", Mail, "firm@example.com")
	began, end := make(chan struct{}), make(chan struct{})
	s := h.mailer(carrierFunc(func(context.Context, Letter) (string, error) {
		close(began)
		<-end
		return "late", nil
	}))
	h.post(say(Served, ToParty(42), "决定"))
	ctx, stop := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { s.Run(ctx) })
	<-began
	stop()
	close(end)
	done.Wait()
	if diff := cmp.Diff([]string{"mail sent 1"}, h.outbox()); diff != "" {
		t.Errorf("what was under way is brought to its end (-want +got):\n%s", diff)
	}
}

type carrierFunc func(context.Context, Letter) (string, error)

func (f carrierFunc) Carry(ctx context.Context, l Letter) (string, error) { return f(ctx, l) }

// TestStates holds deliveries against a model: processes take, settle and crash in any order, administrators send again,
// and time passes.
func TestStates(t *testing.T) {
	type held struct {
		d     delivery
		until int64 // the lease
	}
	type model struct {
		state State
		tries int64
		sent  bool
	}
	h := newHouse(t, storetest.SQLite(t, []store.Migrations{audit.Migrations, access.Migrations, Migrations}))
	h.reached("firm", Mail, "firm@example.com")
	s := h.mailer(&box{})
	admin := h.scope("admin")
	read := func() map[int64]Delivery {
		list, err := h.Outbox(t.Context(), admin, OutboxQuery{})
		if err != nil {
			t.Fatal(err)
		}
		all := map[int64]Delivery{}
		for _, d := range list {
			all[d.ID] = d
		}
		return all
	}
	rapid.Check(t, func(r *rapid.T) {
		err := h.DB.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			for _, q := range []string{`DELETE FROM delivery_notice`, `DELETE FROM delivery`, `DELETE FROM notice`} {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			r.Fatal(err)
		}
		h.post(say(System, ToAccount(h.ids["firm"]), "甲"), say(System, ToAccount(h.ids["firm"]), "乙"))
		if _, err := s.handOut(t.Context()); err != nil {
			r.Fatal(err)
		}
		want := map[int64]*model{}
		for id := range read() {
			want[id] = &model{state: Waiting}
		}
		if len(want) != 2 {
			r.Fatalf("%d deliveries", len(want))
		}
		var leases []held
		r.Repeat(map[string]func(*rapid.T){
			"take": func(r *rapid.T) {
				ids, err := h.due(t.Context(), 10)
				if err != nil {
					r.Fatal(err)
				}
				for _, id := range ids {
					d, ok, err := h.take(t.Context(), id)
					if err != nil || !ok {
						r.Fatalf("what is due was not taken: %v %v", ok, err)
					}
					for _, l := range leases {
						if l.d.ID == id && l.until > h.w.ms.Load() && want[id].state == Sending && want[id].tries == l.d.Attempts {
							r.Fatalf("taken twice at the same time")
						}
					}
					m := want[id]
					if m.state == Sent || m.state == Failed {
						r.Fatalf("taken though %s", m.state)
					}
					m.state, m.tries = Sending, m.tries+1
					if d.Attempts != m.tries {
						r.Fatalf("attempt %d, want %d", d.Attempts, m.tries)
					}
					leases = append(leases, held{d, h.w.ms.Load() + lease.Milliseconds()})
				}
			},
			"settle": func(r *rapid.T) {
				if len(leases) == 0 {
					return
				}
				i := rapid.IntRange(0, len(leases)-1).Draw(r, "which")
				l := leases[i]
				leases = slices.Delete(leases, i, i+1)
				o := rapid.SampledFrom([]outcome{{sent: true}, {}, {}, {forGood: true}}).Draw(r, "outcome")
				if err := h.settle(t.Context(), l.d, o); err != nil {
					r.Fatal(err)
				}
				m := want[l.d.ID]
				if m.state != Sending || m.tries != l.d.Attempts {
					return // another has it by now
				}
				switch since := time.Duration(h.w.ms.Load()-l.d.firstAt) * time.Millisecond; {
				case o.sent:
					m.state, m.sent = Sent, true
				case o.forGood || since >= GiveUp:
					m.state = Failed
				default:
					m.state = Waiting
				}
			},
			"crash": func(r *rapid.T) {
				if len(leases) > 0 {
					leases = leases[1:]
				}
			},
			"wait": func(r *rapid.T) {
				h.w.pass(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, lease, latest, GiveUp}).Draw(r, "for"))
			},
			"retry": func(r *rapid.T) {
				for id, m := range want {
					err := h.Retry(t.Context(), admin, id)
					if (err == nil) != (m.state == Failed) {
						r.Fatalf("retry of %s: %v", m.state, err)
					}
					if err == nil {
						m.state = Waiting
					}
				}
			},
			"": func(r *rapid.T) {
				for id, d := range read() {
					m := want[id]
					if d.State != m.state || int64(d.Attempts) != m.tries || (d.SentAt != 0) != m.sent || m.sent && m.state != Sent {
						r.Fatalf("%+v, want %+v", d, *m)
					}
				}
			},
		})
		// Whatever happened, a carrier that takes everything has all of it sent in the end.
		h.w.pass(latest + lease)
		out := &box{}
		h.turn(h.mailer(out))
		for id, d := range read() {
			if m := want[id]; d.State != Sent && m.state != Failed {
				r.Fatalf("left behind: %+v", d)
			}
		}
	})
}

// One message that cannot be handed out does not keep back those behind it.
func TestOneBrokenMessage(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		h.reached("firm", Mail, "firm@example.com")
		h.post(say(Served, ToParty(42), "坏"), say(Served, ToParty(42), "好"))
		err := h.DB.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE notice SET title = '{' WHERE title LIKE '%坏%'`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		out := &box{}
		s := h.mailer(out)
		for range 2 {
			if _, err := s.Turn(t.Context()); err == nil {
				t.Error("nobody hears of the broken one")
			}
		}
		if diff := cmp.Diff([]string{"firm@example.com 【雁阵】好"}, sentBy(out.take(), Mail)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
