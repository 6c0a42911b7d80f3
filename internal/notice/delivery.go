package notice

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// State is what has become of a delivery.
type State string

// The states. Waiting → Sending → Sent, or back to Waiting for another attempt, or Failed after GiveUp or a refusal for
// good; an administrator sends Failed back to Waiting. Nothing leads out of Sent.
const (
	Waiting State = "waiting"
	Sending State = "sending" // by some process, until its lease runs out
	Sent    State = "sent"
	Failed  State = "failed"
)

// States are all states, in the order in which a page offers them.
func States() []State { return []State{Failed, Waiting, Sending, Sent} }

// Kinds of deliveries that no message is of: a code to an address, and what has gathered.
const (
	Confirmation Kind = "confirmation"
	Gathered     Kind = "digest"
)

// codesMax is how many codes an account may have sent in a day: each goes where it says, to whoever is there.
const codesMax = 10

const codesSent = `SELECT COUNT(*) FROM delivery WHERE account_id = $1 AND kind = 'confirmation' AND at > $2`

// Patience of the sender.
const (
	GiveUp  = 72 * time.Hour // after the first attempt
	soonest = time.Minute    // between two attempts: as long as the first is ago, but
	latest  = 4 * time.Hour
	lease   = 5 * time.Minute // after which what a process was sending is anybody's again; far longer than an attempt takes
)

// delivery is what is sent to one address.
type delivery struct {
	ID       int64
	Mark     string
	Channel  Channel
	Kind     Kind
	Account  int64
	Address  Address
	Lang     i18n.Lang
	Subject  string
	Text     string
	At       int64
	Attempts int64
	firstAt  int64
	notices  []int64
}

const (
	insertDelivery = `INSERT INTO delivery (id, mark, channel, kind, account_id, address, lang, subject, text, at, state, attempts, next_at, leased_until, first_at, sent_at, result)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', 0, $11, 0, 0, 0, '')`
	insertOf  = `INSERT INTO delivery_notice (delivery_id, notice_id) VALUES ($1, $2)`
	markTaken = `SELECT COUNT(*) FROM delivery WHERE mark = $1`
)

// deliver puts a delivery into the outbox.
func (s *Store) deliver(ctx context.Context, tx *store.Tx, d delivery) error {
	_, err := tx.Exec(ctx, insertDelivery, d.ID, d.Mark, string(d.Channel), string(d.Kind), d.Account, string(d.Address), string(d.Lang), d.Subject, d.Text,
		s.Clock.Millis(), s.Machine.Millis())
	for _, id := range d.notices {
		if err == nil {
			_, err = tx.Exec(ctx, insertOf, d.ID, id)
		}
	}
	if err != nil {
		return fmt.Errorf("put %s into the outbox: %w", d.Mark, err)
	}
	return nil
}

const (
	dueDeliveries = `SELECT id FROM delivery WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at, id LIMIT $2`
	lapsed        = `SELECT id FROM delivery WHERE state = 'sending' AND leased_until <= $1 ORDER BY id LIMIT $2`
	takeDelivery  = `UPDATE delivery SET state = 'sending', attempts = attempts + 1, leased_until = $1, first_at = CASE WHEN first_at = 0 THEN $2 ELSE first_at END
WHERE id = $3 AND (state = 'waiting' AND next_at <= $2 OR state = 'sending' AND leased_until <= $2)`
	readDelivery = `SELECT id, mark, channel, kind, account_id, address, lang, subject, text, at, attempts, first_at FROM delivery WHERE id = $1`
)

// due are the ids of what is to be sent now.
func (s *Store) due(ctx context.Context, limit int) ([]int64, error) {
	var ids []int64
	for _, query := range []string{lapsed, dueDeliveries} {
		err := each(ctx, s.DB.Read(), query, []any{s.Machine.Millis(), limit}, func(scan func(...any) error) error {
			var id int64
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read outbox: %w", err)
		}
	}
	return ids, nil
}

// take leases a delivery to the caller; ok is false where another has it, or there is nothing to send any more.
func (s *Store) take(ctx context.Context, id int64) (d delivery, ok bool, err error) {
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := s.Machine.Millis()
		n, err := tx.Exec(ctx, takeDelivery, now+lease.Milliseconds(), now, id)
		if ok = err == nil && n == 1; !ok {
			return err
		}
		return tx.QueryRow(ctx, readDelivery, id).Scan(&d.ID, &d.Mark, &d.Channel, &d.Kind, &d.Account, &d.Address, &d.Lang, &d.Subject, &d.Text, &d.At, &d.Attempts, &d.firstAt)
	})
	if err != nil {
		return delivery{}, false, fmt.Errorf("take delivery %d: %w", id, err)
	}
	return d, ok, nil
}

// outcome is what came of an attempt.
type outcome struct {
	sent    bool
	forGood bool   // refused in a way that another attempt will not change
	result  string // what the other side said
}

const (
	setSent = `UPDATE delivery SET state = 'sent', sent_at = $1, result = $2 WHERE id = $3 AND state = 'sending' AND attempts = $4`
	setLate = `UPDATE delivery SET state = $1, next_at = $2, result = $3 WHERE id = $4 AND state = 'sending' AND attempts = $5`

	resultMax = 300 // characters
)

// settle keeps what came of an attempt, and tells the administrators where it was the last. What another process has taken
// meanwhile is left to it.
func (s *Store) settle(ctx context.Context, d delivery, o outcome) error {
	result := []rune(strings.ToValidUTF8(o.result, "?"))
	told := string(result[:min(len(result), resultMax)])
	if d.Address != "" {
		told = strings.ReplaceAll(told, string(d.Address), d.Address.Masked())
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if o.sent {
			_, err := tx.Exec(ctx, setSent, s.Clock.Millis(), told, d.ID, d.Attempts)
			return err
		}
		state, next := Waiting, s.Machine.Millis()
		since := time.Duration(next-d.firstAt) * time.Millisecond
		if o.forGood || since >= GiveUp {
			state = Failed
		}
		next += min(max(since, soonest), latest).Milliseconds()
		n, err := tx.Exec(ctx, setLate, string(state), next, told, d.ID, d.Attempts)
		if err != nil || n == 0 || state != Failed || d.Kind == System {
			return err
		}
		return Post(ctx, tx, s.failure(d))
	})
	if err != nil {
		return fmt.Errorf("keep what came of delivery %d: %w", d.ID, err)
	}
	return nil
}

// failure tells the administrators, once a day, that something could not be sent by a channel.
func (s *Store) failure(d delivery) Message {
	day := s.Clock.Today().String()
	channel := i18n.M("notice.channel." + string(d.Channel))
	return Message{
		Key: "notice/failed/" + string(d.Channel) + "/" + day, Kind: System, To: ToRole(access.Administrator, ""),
		Title: i18n.M("notice.failed_title", channel), Body: i18n.M("notice.failed_body", channel, day), Link: "/outbox?state=failed", At: s.Clock.Millis(),
	}
}

const retry = `UPDATE delivery SET state = 'waiting', next_at = $1, first_at = 0 WHERE id = $2 AND state = 'failed'`

// Retry sends a delivery that was given up once more. It fails with Forbidden for who does not run the installation, and
// with Conflict where it was not given up.
func (s *Store) Retry(ctx context.Context, scope access.Scope, id int64) error {
	if !scope.Can(access.ManageAccounts) {
		return errs.Forbidden("send again")
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, retry, s.Machine.Millis(), id)
		if err == nil && n == 0 {
			return errs.Conflict(i18n.M("notice.not_failed"))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("send delivery %d again: %w", id, err)
	}
	return nil
}

// Delivery is what an administrator sees of one: that and how it went, and neither its words nor the whole address.
type Delivery struct {
	ID       int64
	Mark     string
	Channel  Channel
	Kind     Kind
	Account  int64  // 0 for what goes to another system
	Address  string // masked
	State    State
	Attempts int
	At       int64 // ms, by the clock of the pages, when it was put into the outbox
	NextAt   int64 // ms, by the machine's clock, of the next attempt; 0 where there is none
	SentAt   int64 // ms, by the clock of the pages; 0 while it is not sent
	Result   string
}

// OutboxQuery chooses of the outbox, the newest first.
type OutboxQuery struct {
	State  State // "" for all
	Before int64 // only older than the one with this id; 0 from the newest
	Limit  int   // at most MaxPage; 0 is MaxPage
}

const (
	deliveryColumns = `SELECT id, mark, channel, kind, account_id, address, state, attempts, at, next_at, sent_at, result FROM delivery`
	countStates     = `SELECT state, COUNT(*) FROM delivery GROUP BY state ORDER BY state`
	countNew        = `SELECT COUNT(*) FROM notice WHERE handed_at = 0`
)

// Outbox is what was and is to be sent. It fails with Forbidden for who does not run the installation.
func (s *Store) Outbox(ctx context.Context, scope access.Scope, q OutboxQuery) ([]Delivery, error) {
	if !scope.Can(access.ManageAccounts) {
		return nil, errs.Forbidden("read the outbox")
	}
	var (
		terms []string
		args  []any
	)
	if q.State != "" {
		args = append(args, string(q.State))
		terms = append(terms, "state = $1")
	}
	if q.Before > 0 {
		args = append(args, q.Before)
		terms = append(terms, "id < $"+strconv.Itoa(len(args)))
	}
	query := deliveryColumns
	if len(terms) > 0 {
		query += " WHERE " + strings.Join(terms, " AND ")
	}
	if q.Limit <= 0 || q.Limit > MaxPage {
		q.Limit = MaxPage
	}
	args = append(args, q.Limit)
	return readDeliveries(ctx, s.DB.Read(), query+" ORDER BY id DESC LIMIT $"+strconv.Itoa(len(args)), args...)
}

func readDeliveries(ctx context.Context, q store.Querier, query string, args ...any) ([]Delivery, error) {
	var list []Delivery
	err := each(ctx, q, query, args, func(scan func(...any) error) error {
		var (
			d       Delivery
			address Address
		)
		err := scan(&d.ID, &d.Mark, &d.Channel, &d.Kind, &d.Account, &address, &d.State, &d.Attempts, &d.At, &d.NextAt, &d.SentAt, &d.Result)
		if err != nil {
			return err
		}
		d.Address = address.Masked()
		if d.State != Waiting {
			d.NextAt = 0
		}
		list = append(list, d)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return list, nil
}

// Counts is how many deliveries stand in each state, and how many messages were not made into deliveries yet. It fails with
// Forbidden for who does not run the installation.
func (s *Store) Counts(ctx context.Context, scope access.Scope) (states map[State]int, fresh int, err error) {
	if !scope.Can(access.ManageAccounts) {
		return nil, 0, errs.Forbidden("read the outbox")
	}
	states = map[State]int{}
	err = each(ctx, s.DB.Read(), countStates, nil, func(scan func(...any) error) error {
		var (
			state State
			n     int
		)
		err := scan(&state, &n)
		states[state] = n
		return err
	})
	if err == nil {
		err = s.DB.Read().QueryRow(ctx, countNew).Scan(&fresh)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("count outbox: %w", err)
	}
	return states, fresh, nil
}

const sentTo = deliveryColumns + ` WHERE account_id = $1 AND id IN (SELECT delivery_id FROM delivery_notice WHERE notice_id = $2) ORDER BY id`

// SentTo is how a message was sent to the account of a scope.
func (s *Store) SentTo(ctx context.Context, scope access.Scope, notice int64) ([]Delivery, error) {
	if _, err := s.ByID(ctx, scope, notice); err != nil {
		return nil, err
	}
	return readDeliveries(ctx, s.DB.Read(), sentTo, scope.Account(), notice)
}

const byKey = `SELECT id FROM notice WHERE told_key = $1`

// Proof is how the message with a key was sent, to everybody, for whoever has to prove that it was: the caller has looked
// whether the asker may see what the message is about. NotFound where no such message was posted.
func (s *Store) Proof(ctx context.Context, key string) ([]Delivery, error) {
	var id int64
	err := s.DB.Read().QueryRow(ctx, byKey, key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.NotFound("message", key)
	}
	if err != nil {
		return nil, fmt.Errorf("read message %s: %w", key, err)
	}
	return readDeliveries(ctx, s.DB.Read(), deliveryColumns+` WHERE id IN (SELECT delivery_id FROM delivery_notice WHERE notice_id = $1) ORDER BY id`, id)
}

// inBeijing is the hour and minute of the day where legal dates are reckoned.
func inBeijing(c clock.Clock) time.Duration {
	t := c().In(clock.Beijing)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}
