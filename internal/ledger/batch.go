package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Account is the number of a bank account. Whatever prints, logs or encodes it shows the last four digits; Reveal is for the
// file to the bank alone.
type Account string

// String is the number with all but the last four digits masked.
func (a Account) String() string {
	if len(a) <= 8 {
		return strings.Repeat("*", len(a))
	}
	return "**** " + string(a[len(a)-4:])
}

// LogValue masks.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText masks.
func (a Account) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Reveal is the number in full.
func (a Account) Reveal() string { return string(a) }

// Check refuses what cannot be the number of an account: 6 to 34 digits, with spaces, hyphens and capitals among them.
func (a Account) Check() error {
	digits := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, string(a))
	if len(digits) < 6 || len(digits) > 34 || strings.Trim(digits, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || len(a) > 64 {
		return errs.Invalid(i18n.M("ledger.bad_account"))
	}
	return nil
}

// OrderState is how a batch, or a payment in it, stands.
type OrderState string

// The states. A batch is a draft, sent or cancelled; what became of its payments is theirs to say.
const (
	OrderDraft     OrderState = "draft"
	OrderSent      OrderState = "sent"
	OrderCancelled OrderState = "cancelled"
	OrderSettled   OrderState = "settled" // paid
	OrderFailed    OrderState = "failed"  // not paid: payable again
	OrderUnknown   OrderState = "unknown" // nobody knows yet: the money stays where it is until a statement says
	OrderBounced   OrderState = "bounced" // paid, and came back from the payee's bank: payable again
)

// Order asks for one payment.
type Order struct {
	Sum
	Payee   string
	Account Account
	Bank    string
}

func (o Order) check() error {
	if o.Payee == "" || o.Bank == "" {
		return errs.Invalid(i18n.M("ledger.order_incomplete"))
	}
	return errors.Join(checkAmount(o.Amount), o.Account.Check(), limited("ledger.field_payee", o.Payee, maxKey), limited("ledger.field_bank", o.Bank, maxKey))
}

// maxOrders is how many payments a batch may have.
const maxOrders = 1000

const (
	insertBatch = `INSERT INTO ledger_batch (id, hash, fund, area, fen, orders, made_at, made_by, request_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	insertOrder = `INSERT INTO ledger_order (batch_id, n, part_id, try, fen, payee, account, bank) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	insertNow   = `INSERT INTO ledger_order_now (batch_id, n, step, state) VALUES ($1, $2, 1, $3)`
	insertStep  = `INSERT INTO ledger_order_step (batch_id, n, step, state, at, by_account, reason, document, place, file_id, request_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	countTries  = `SELECT COUNT(*) FROM ledger_order WHERE part_id = $1`
	moveOrder   = `UPDATE ledger_order_now SET step = step + 1, state = $1 WHERE batch_id = $2 AND n = $3 AND state = $4`
	orderNow    = `SELECT step, state FROM ledger_order_now WHERE batch_id = $1 AND n = $2`
	laterTry    = `SELECT b.hash, o.n FROM ledger_order o JOIN ledger_batch b ON b.id = o.batch_id JOIN ledger_order_now w ON w.batch_id = o.batch_id AND w.n = o.n
		WHERE o.part_id = $1 AND o.try > $2 AND w.state <> 'cancelled' ORDER BY o.try LIMIT 1`
)

// Draft makes a batch of payments of one fund and area, and takes what they pay out of what is payable, so that no other
// batch pays it too. It gives the id of the batch. A payment that has failed is ordered anew by the batch of another day.
func (b *Book) Draft(ctx context.Context, tx *store.Tx, a Act, orders []Order) (batch int64, err error) {
	if len(orders) == 0 || len(orders) > maxOrders {
		return 0, errs.Invalid(i18n.M("ledger.bad_orders", len(orders), maxOrders))
	}
	for i, o := range orders {
		if err := o.check(); err != nil {
			return 0, errs.Invalid(i18n.M("ledger.order_at", i+1, messageOf(err)))
		}
	}
	type asked struct {
		Order
		Account string // a hash: the request tells one account from another without saying it
	}
	request := make([]asked, len(orders))
	for i, o := range orders {
		sum := sha256.Sum256([]byte(o.Account))
		request[i] = asked{o, hex.EncodeToString(sum[:])}
	}
	return once(ctx, b, tx, a, "draft", request, func(ctx context.Context) (int64, error) { return b.draft(ctx, tx, a, orders) })
}

func (b *Book) draft(ctx context.Context, tx *store.Tx, a Act, orders []Order) (int64, error) {
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return 0, err
	}
	legs, lines, err := b.order(ctx, tx, a, orders)
	if err != nil {
		return 0, err
	}
	var total money.Fen
	for _, o := range orders {
		if total, err = total.Add(o.Amount); err != nil {
			return 0, errs.Invalid(i18n.M("ledger.too_much"))
		}
	}
	hash, err := hashOf(lines)
	if err != nil {
		return 0, err
	}
	first := legs[0].line
	audit.Note(tx, loggedBatch, id)
	_, err = tx.Exec(ctx, insertBatch, id, hash, first.Fund, first.Area, int64(total), len(orders), b.clock.Millis(), a.by(), a.Key)
	if err != nil {
		return 0, fmt.Errorf("make batch: %w", err)
	}
	if err := b.begin(ctx, tx, a, id, 0); err != nil {
		return 0, err
	}
	for i, o := range lines {
		_, err := tx.Exec(ctx, insertOrder, id, i+1, o.Part, o.Try, int64(o.Amount), o.Payee, o.Account, o.Bank)
		if err != nil {
			return 0, fmt.Errorf("make batch: %w", err)
		}
		if err := b.begin(ctx, tx, a, id, i+1); err != nil {
			return 0, err
		}
	}
	return id, b.post(ctx, tx, a, InBatch, legs)
}

// written is a payment as the hash of a batch sees it.
type written struct {
	Part    int64
	Try     int
	Amount  money.Fen
	Payee   string
	Account string
	Bank    string
}

// hashOf is the id by which the bank knows a batch: of all that it says, and of how often each part was tried, so that no
// two batches have the same.
func hashOf(lines []written) (string, error) {
	text, err := json.Marshal(lines)
	if err != nil {
		return "", fmt.Errorf("hash batch: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// order finds for each payment the part of its instalment that it is paid from.
func (b *Book) order(ctx context.Context, tx *store.Tx, a Act, orders []Order) ([]leg, []written, error) {
	var legs []leg
	var lines []written
	tries, taken := map[int64]int{}, map[int64]money.Fen{}
	for _, o := range orders {
		parts, err := partsOf(ctx, tx, o.Commitment, o.Instalment)
		if err != nil {
			return nil, nil, err
		}
		i := slices.IndexFunc(parts, func(p *part) bool { return p.now[Payable]-taken[p.id] >= o.Amount })
		if i < 0 {
			var most money.Fen
			for _, p := range parts {
				most = max(most, p.now[Payable]-taken[p.id])
			}
			return nil, nil, errs.Conflict(i18n.M("ledger.part_short", o.Instalment, parts[0].caseID, o.Amount, i18n.M("ledger.stage_payable"), most))
		}
		p := parts[i]
		if err := a.may(access.PayOut, p.line.Area); err != nil {
			return nil, nil, err
		}
		if len(legs) > 0 && (legs[0].line.Fund != p.line.Fund || legs[0].line.Area != p.line.Area) {
			return nil, nil, errs.Invalid(i18n.M("ledger.two_funds", legs[0].line.Label(), p.line.Label()))
		}
		if _, known := tries[p.id]; !known {
			var before int
			if err := tx.QueryRow(ctx, countTries, p.id).Scan(&before); err != nil {
				return nil, nil, fmt.Errorf("count payments of part %d: %w", p.id, err)
			}
			tries[p.id] = before
		}
		tries[p.id]++
		taken[p.id] += o.Amount
		legs = append(legs, leg{stage: Payable, line: p.line, part: p, fen: -o.Amount}, leg{stage: Ordered, line: p.line, part: p, fen: o.Amount})
		lines = append(lines, written{p.id, tries[p.id], o.Amount, o.Payee, o.Account.Reveal(), o.Bank})
	}
	return legs, lines, nil
}

// begin notes the first step of a batch (n 0) or of a payment.
func (b *Book) begin(ctx context.Context, tx *store.Tx, a Act, batch int64, n int) error {
	if _, err := tx.Exec(ctx, insertNow, batch, n, string(OrderDraft)); err != nil {
		return fmt.Errorf("make batch: %w", err)
	}
	return b.noteStep(ctx, tx, a, batch, Outcome{Order: n, State: OrderDraft}, 1)
}

func (b *Book) noteStep(ctx context.Context, tx *store.Tx, a Act, batch int64, o Outcome, step int) error {
	reason := o.Reason
	if reason == "" {
		reason = a.Reason
	}
	audit.Note(tx, loggedStep, batch, int64(o.Order), int64(step))
	_, err := tx.Exec(ctx, insertStep, batch, o.Order, step, string(o.State), b.clock.Millis(), a.by(), reason, a.Document, o.Place, o.File, a.Key)
	if err != nil {
		return fmt.Errorf("note step of payment %d of batch %d: %w", o.Order, batch, err)
	}
	return nil
}

// turn moves a batch or a payment from one state to another, if it is still there.
func (b *Book) turn(ctx context.Context, tx *store.Tx, a Act, batch int64, from OrderState, o Outcome) error {
	n, err := tx.Exec(ctx, moveOrder, string(o.State), batch, o.Order, string(from))
	if err != nil {
		return fmt.Errorf("move payment %d of batch %d: %w", o.Order, batch, err)
	}
	step, now, err := stateOf(ctx, tx, batch, o.Order)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.Conflict(i18n.M("ledger.order_moved", o.Order, i18n.M("ledger.order_"+string(now))))
	}
	return b.noteStep(ctx, tx, a, batch, o, step)
}

func stateOf(ctx context.Context, q store.Querier, batch int64, n int) (step int, state OrderState, err error) {
	err = q.QueryRow(ctx, orderNow, batch, n).Scan(&step, &state)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, "", errs.NotFound("payment of batch", fmt.Sprint(batch, "/", n))
	}
	if err != nil {
		return 0, "", fmt.Errorf("read payment %d of batch %d: %w", n, batch, err)
	}
	return step, state, nil
}

// Send says that a draft goes to the bank; only then is there a file of it. A document, such as the order to pay, is wanted.
func (b *Book) Send(ctx context.Context, tx *store.Tx, a Act, batch int64) error {
	if a.Document == "" {
		return errs.Invalid(i18n.M("ledger.needs_document"))
	}
	_, err := once(ctx, b, tx, a, "send", batch, func(ctx context.Context) (struct{}, error) {
		orders, err := ordersOf(ctx, tx, a, batch)
		if err != nil {
			return struct{}{}, err
		}
		if err := b.turn(ctx, tx, a, batch, OrderDraft, Outcome{State: OrderSent}); err != nil {
			return struct{}{}, err
		}
		for _, o := range orders {
			if err := b.turn(ctx, tx, a, batch, OrderDraft, Outcome{Order: o.n, State: OrderSent}); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}

// Cancel drops a draft: what it was to pay is payable again. A batch that was sent cannot be dropped.
func (b *Book) Cancel(ctx context.Context, tx *store.Tx, a Act, batch int64) error {
	_, err := once(ctx, b, tx, a, "cancel", batch, func(ctx context.Context) (struct{}, error) {
		orders, err := ordersOf(ctx, tx, a, batch)
		if err != nil {
			return struct{}{}, err
		}
		if err := b.turn(ctx, tx, a, batch, OrderDraft, Outcome{State: OrderCancelled}); err != nil {
			return struct{}{}, err
		}
		var legs []leg
		for _, o := range orders {
			if err := b.turn(ctx, tx, a, batch, OrderDraft, Outcome{Order: o.n, State: OrderCancelled}); err != nil {
				return struct{}{}, err
			}
			legs = append(legs, o.legs(Ordered, Payable)...)
		}
		return struct{}{}, b.post(ctx, tx, a, Unbatched, legs)
	})
	return err
}

// order is a payment as it stands.
type order struct {
	n    int
	try  int
	fen  money.Fen
	now  OrderState
	part *part
}

func (o order) legs(from, to Stage) []leg {
	return []leg{
		{stage: from, line: o.part.line, part: o.part, fen: -o.fen},
		{stage: to, line: o.part.line, part: o.part, fen: o.fen},
	}
}

const selectOrders = `SELECT o.n, o.try, o.fen, w.state, o.part_id FROM ledger_order o JOIN ledger_order_now w ON w.batch_id = o.batch_id AND w.n = o.n WHERE o.batch_id = $1 ORDER BY o.n`

// ordersOf are the payments of a batch, which the act must be allowed to make.
func ordersOf(ctx context.Context, q store.Querier, a Act, batch int64) ([]order, error) {
	rows, err := q.Query(ctx, selectOrders, batch)
	orders, err := collect(rows, err, "read batch", func(rows *store.Rows) (o order, err error) {
		o.part = &part{}
		err = rows.Scan(&o.n, &o.try, &o.fen, &o.now, &o.part.id)
		return o, err
	})
	if err != nil {
		return nil, err
	}
	if len(orders) == 0 {
		return nil, errs.NotFound("batch", batch)
	}
	for i := range orders {
		p, err := scanPart(q.QueryRow(ctx, partByID, orders[i].part.id))
		if err != nil {
			return nil, fmt.Errorf("read part %d: %w", orders[i].part.id, err)
		}
		if err := a.may(access.PayOut, p.line.Area); err != nil {
			return nil, err
		}
		orders[i].part = p
	}
	return orders, nil
}

// Outcome is what the bank or the treasury says of a payment.
type Outcome struct {
	Order  int // number of the payment in its batch, from 1 on
	State  OrderState
	Reason string
	Place  string // file, sheet and row that say so; "" for none
	File   int64  `json:",omitempty"` // id of the file of the bank that says so; 0 for none
}

// Settled says what outcomes came to. Open are payments whose outcome is still to come.
type Settled struct {
	Paid, Failed, Unknown, Bounced int
	Before                         int // stood so already
	Open                           int
}

// way is how a payment gets from one state to another, and its money with it.
type way struct {
	kind     Kind // "" where no money moves
	from, to Stage
}

// ways are all that may become of a payment. That one of which it was said that it failed was paid after all is believed as
// long as it has not been ordered anew.
var ways = map[[2]OrderState]way{
	{OrderSent, OrderSettled}:    {Paying, Ordered, Paid},
	{OrderSent, OrderFailed}:     {Unpaid, Ordered, Payable},
	{OrderSent, OrderUnknown}:    {},
	{OrderUnknown, OrderSettled}: {Paying, Ordered, Paid},
	{OrderUnknown, OrderFailed}:  {Unpaid, Ordered, Payable},
	{OrderFailed, OrderSettled}:  {Paying, Payable, Paid},
	{OrderSettled, OrderBounced}: {Bounced, Paid, Payable},
}

// Settle enters what became of payments of a batch, line by line; payments that it does not name stay as they are. What
// stands already is passed over, so that a file may be read twice. Only a document, a statement, says what became of a
// payment of which nobody knew; a file that an outcome names must be one that came back for this batch. Nothing is entered where one of the outcomes cannot be.
func (b *Book) Settle(ctx context.Context, tx *store.Tx, a Act, batch int64, outcomes []Outcome) (Settled, error) {
	if a.Document == "" {
		return Settled{}, errs.Invalid(i18n.M("ledger.needs_document"))
	}
	type request struct {
		Batch    int64
		Outcomes []Outcome
	}
	return once(ctx, b, tx, a, "settle", request{batch, outcomes}, func(ctx context.Context) (Settled, error) {
		orders, err := ordersOf(ctx, tx, a, batch)
		if err != nil {
			return Settled{}, err
		}
		if err := saidBy(ctx, tx, batch, outcomes); err != nil {
			return Settled{}, err
		}
		var s Settled
		legs := map[Kind][]leg{}
		for _, o := range outcomes {
			if o.Order < 1 || o.Order > len(orders) {
				return s, errs.NotFound("payment of batch", fmt.Sprint(batch, "/", o.Order))
			}
			now := &orders[o.Order-1]
			if now.now == o.State {
				s.Before++
				continue
			}
			more, kind, err := b.settleOne(ctx, tx, a, batch, now, o)
			if err != nil {
				return s, err
			}
			if kind != "" {
				legs[kind] = append(legs[kind], more...)
			}
			now.now = o.State
			s.count(o.State)
		}
		for _, o := range orders {
			if o.now == OrderSent || o.now == OrderUnknown {
				s.Open++
			}
		}
		for _, kind := range []Kind{Paying, Unpaid, Bounced} {
			if len(legs[kind]) == 0 {
				continue
			}
			if err := b.post(ctx, tx, a, kind, legs[kind]); err != nil {
				return s, err
			}
		}
		return s, nil
	})
}

func (s *Settled) count(state OrderState) {
	switch state {
	case OrderSettled:
		s.Paid++
	case OrderFailed:
		s.Failed++
	case OrderUnknown:
		s.Unknown++
	case OrderBounced:
		s.Bounced++
	}
}

func (b *Book) settleOne(ctx context.Context, tx *store.Tx, a Act, batch int64, now *order, o Outcome) ([]leg, Kind, error) {
	w, ok := ways[[2]OrderState{now.now, o.State}]
	if !ok {
		return nil, "", errs.Conflict(i18n.M("ledger.no_way", o.Order, i18n.M("ledger.order_"+string(now.now)), i18n.M("ledger.order_"+string(o.State))))
	}
	if w.from == Payable {
		var hash string
		var n int
		err := tx.QueryRow(ctx, laterTry, now.part.id, now.try).Scan(&hash, &n)
		if err == nil {
			return nil, "", errs.Conflict(i18n.M("ledger.ordered_anew", o.Order, reference(hash, n)))
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return nil, "", fmt.Errorf("look for later payments: %w", err)
		}
	}
	if err := b.turn(ctx, tx, a, batch, now.now, o); err != nil {
		return nil, "", err
	}
	if w.kind == "" {
		return nil, "", nil
	}
	return now.legs(w.from, w.to), w.kind, nil
}

// reference is what a payment is known by at the bank, and in what it answers.
func reference(hash string, n int) string { return fmt.Sprintf("%s-%d", hash[:16], n) }
