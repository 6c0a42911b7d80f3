package round

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Sent is something that was sent to an enterprise about a round.
type Sent struct {
	Party int64
	What  string // call; remind-3: three working days before the last; by-2024-10-31: by hand on a day; back-12: of a finding
	At    int64
	By    int64 // 0 for the product itself
}

const call = "call"

const (
	insertSent  = `INSERT INTO round_sent (round_id, party, what, at, by_account) VALUES ($1, $2, $3, $4, $5)`
	sentTo      = `SELECT COUNT(*) FROM round_sent WHERE round_id = $1 AND party = $2 AND what = $3`
	sentOf      = `SELECT party, what, at, by_account FROM round_sent WHERE round_id = $1 ORDER BY at, party, what`
	notCalled   = `SELECT f.party FROM round_firm f WHERE f.round_id = $1 AND NOT EXISTS (SELECT 1 FROM round_sent x WHERE x.round_id = f.round_id AND x.party = f.party AND x.what = 'call') ORDER BY f.party`
	insertDone  = `INSERT INTO round_done (round_id, what, at) VALUES ($1, $2, $3)`
	doneOf      = `SELECT COUNT(*) FROM round_done WHERE round_id = $1 AND what = $2`
	runningOnes = selectRounds + ` WHERE c.round_id IS NULL AND h.opens <= $1 ORDER BY h.id`
)

// send tells enterprises something about a round, each once, and says how many it told. The key of the message is that of the sending, so that
// notice.Proof finds it.
func (s *Store) send(ctx context.Context, r *Round, what string, firms []int64, by int64, m notice.Message) (told int, err error) {
	for some := range slices.Chunk(firms, together) {
		n := 0
		err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			n = 0
			if err := s.lock(ctx, tx, r); err != nil {
				return err
			}
			for _, id := range some {
				fresh, err := s.sendOne(ctx, tx, r, what, id, by, m)
				if err != nil {
					return err
				}
				if fresh {
					n++
				}
			}
			return nil
		})
		if err != nil {
			return told, err
		}
		told += n
	}
	return told, nil
}

func (s *Store) sendOne(ctx context.Context, tx *store.Tx, r *Round, what string, firm, by int64, m notice.Message) (fresh bool, err error) {
	var have int
	if err := tx.QueryRow(ctx, sentTo, r.ID, firm, what).Scan(&have); err != nil || have > 0 {
		return false, err
	}
	if _, err := tx.Exec(ctx, insertSent, r.ID, firm, what, s.Clock.Millis(), by); err != nil {
		return false, fmt.Errorf("note what is sent to %d: %w", firm, err)
	}
	m.Key, m.To, m.Link, m.At = SentKey(r.ID, firm, what), notice.ToParty(firm), Page(r.ID), s.Clock.Millis()
	return true, notice.Post(ctx, tx, m)
}

// SentKey is the key of the message by which something was sent.
func SentKey(round, firm int64, what string) string {
	return "assess-round/" + strconv.FormatInt(round, 10) + "/" + strconv.FormatInt(firm, 10) + "/" + what
}

// call tells the enterprises of a round that have not been told that they are asked, once its first day has come.
func (s *Store) call(ctx context.Context, r *Round) error {
	if !r.Running(s.Clock.Today()) {
		return nil
	}
	firms, err := store.List(ctx, s.DB.Read(), scanID, notCalled, r.ID)
	if err != nil || len(firms) == 0 {
		return err
	}
	_, err = s.send(ctx, r, call, firms, r.By, notice.Message{
		Kind: notice.Call, Title: i18n.M("assessround.call_title", r.Title), Body: i18n.M("assessround.call_body", r.Title, r.Year, r.Closes.String()),
	})
	return err
}

// wanting is the enterprises of a round that have something to hand in, by their ids.
func (s *Store) wanting(ctx context.Context, view fact.View, r *Round) (out []int64, err error) {
	all, err := s.firms(ctx, view, r)
	for _, f := range all {
		if f.Standing == NotBegun || f.Standing == Begun || f.Standing == Back {
			out = append(out, f.ID)
		}
	}
	slices.Sort(out)
	return out, err
}

func reminder(r *Round) notice.Message {
	return notice.Message{
		Kind: notice.Deadline, Title: i18n.M("assessround.remind_title", r.Title), Body: i18n.M("assessround.remind_body", r.Title, r.Year, r.Closes.String()),
	}
}

// Remind asks the enterprises that have something to hand in for it, those whose cases the view handles, each once a day, and says how many.
func (s *Store) Remind(ctx context.Context, view fact.View, id int64) (told int, err error) {
	r, err := s.managed(ctx, view.Scope(), id)
	if err != nil {
		return 0, err
	}
	if !r.Running(s.Clock.Today()) {
		return 0, errs.Conflict(i18n.M("assessround.not_open", r.Title))
	}
	firms, err := s.wanting(ctx, view, &r)
	if err != nil {
		return 0, err
	}
	firms = slices.DeleteFunc(firms, func(id int64) bool { return !view.Can(access.HandleCase, id) })
	return s.send(ctx, &r, "by-"+s.Clock.Today().String(), firms, view.Scope().Account(), reminder(&r))
}

// Sent is what was sent about a round to the enterprises that a view shows, the oldest first.
func (s *Store) Sent(ctx context.Context, view fact.View, r *Round) ([]Sent, error) {
	all, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (x Sent, err error) {
		return x, r.Scan(&x.Party, &x.What, &x.At, &x.By)
	}, sentOf, r.ID)
	return slices.DeleteFunc(all, func(x Sent) bool { return !view.Can(access.ReadFact, x.Party) }), err
}

// due is the reminder of a round that a day asks for: the last of those whose day has come; ok is false where none has.
func (s *Store) due(r *Round, today period.Day) (days int, ok bool) {
	if today > r.Closes {
		return 0, false
	}
	for _, n := range r.Remind { // the first reminder first
		if day, _ := s.Library.Calendar().AddWorkdays(r.Closes, -n); n == 0 && today == r.Closes || n > 0 && today >= day {
			days, ok = n, true
		}
	}
	return days, ok
}

// Turn does what there is to do for the rounds that run today: it calls those who were not called, sends the reminder that is due, and runs
// the checks once a day. What fails for one round is told, and the others are done all the same.
func (s *Store) Turn(ctx context.Context, report func(error)) error {
	today := s.Clock.Today()
	all, err := readRounds(ctx, s.DB.Read(), runningOnes, int64(today))
	if err != nil {
		return err
	}
	for i := range all {
		if err := s.turn(ctx, &all[i], today); err != nil && errs.KindOf(err) != errs.KindConflict { // a Conflict: closed meanwhile
			report(fmt.Errorf("round of assessment %d: %w", all[i].ID, err))
		}
	}
	return nil
}

func (s *Store) turn(ctx context.Context, r *Round, today period.Day) error {
	if err := s.call(ctx, r); err != nil {
		return err
	}
	if n, ok := s.due(r, today); ok {
		what := "remind-" + strconv.Itoa(n)
		err := s.once(ctx, r, what, func() error {
			view, err := s.system(ctx)
			if err != nil {
				return err
			}
			firms, err := s.wanting(ctx, view, r)
			if err != nil {
				return err
			}
			_, err = s.send(ctx, r, what, firms, 0, reminder(r))
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.once(ctx, r, "check-"+today.String(), func() error {
		_, err := s.look(ctx, r)
		return err
	})
}

// once does something for a round and notes it; what was noted is not done again. What fails half way is done again: each part of it happens
// once by itself.
func (s *Store) once(ctx context.Context, r *Round, what string, do func() error) error {
	var have int
	if err := s.DB.Read().QueryRow(ctx, doneOf, r.ID, what).Scan(&have); err != nil || have > 0 {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := s.lock(ctx, tx, r); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, doneOf, r.ID, what).Scan(&have); err != nil || have > 0 {
			return err
		}
		_, err := tx.Exec(ctx, insertDone, r.ID, what, s.Clock.Millis())
		return err
	})
}

// Watch calls Turn at an interval until ctx ends; report, which must not be nil, hears of what failed.
func (s *Store) Watch(ctx context.Context, every time.Duration, report func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := s.Turn(ctx, report); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
