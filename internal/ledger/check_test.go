package ledger_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/store"
)

var errUndo = errors.New("undo")

// TestCheckFindsWhatWasChanged changes one thing at a time behind the back of the package, which takes the triggers away
// first, and wants the check to say so.
func TestCheckFindsWhatWasChanged(t *testing.T) {
	changes := map[string]struct{ change, fault string }{
		"an entry":                    {`UPDATE ledger_posting SET fen = fen + 1 WHERE transfer_id = (SELECT MIN(id) FROM ledger_transfer) AND n = 1`, "unbalanced"},
		"an entry and its other":      {`UPDATE ledger_posting SET fen = fen * 2 WHERE transfer_id = (SELECT MIN(id) FROM ledger_transfer)`, "line"},
		"entries are gone":            {`DELETE FROM ledger_posting WHERE transfer_id = (SELECT MAX(id) FROM ledger_transfer)`, "empty"},
		"an entry is another line's":  {`UPDATE ledger_posting SET line_id = (SELECT MAX(id) FROM ledger_line) WHERE stage = 'payable'`, "misplaced"},
		"an entry is another stage's": {`UPDATE ledger_posting SET stage = 'paid' WHERE stage = 'ordered' AND fen > 0`, "part"},
		"a balance":                   {`UPDATE ledger_balance SET free = free - 1, paid = paid + 1`, "line"},
		"a balance of an instalment":  {`UPDATE ledger_part_balance SET payable = payable + 1`, "part"},
		"a reserve":                   {`UPDATE ledger_hold_balance SET held = held + 1`, "hold"},
		"a state":                     {`UPDATE ledger_state SET free = free + 1 WHERE n = 1`, "state"},
		"the last state":              {`UPDATE ledger_balance SET n = n + 1`, "last_state"},
		"a sum":                       {`UPDATE ledger_sum SET paid = paid + 1 WHERE clause <> ''`, "sum"},
		"a sum is gone":               {`DELETE FROM ledger_sum WHERE clause <> ''`, "sum"},
		"a day":                       {`UPDATE ledger_transfer SET day = '2024-09-30' WHERE kind = 'promised'`, "sum"},
		"a key":                       {`UPDATE ledger_transfer SET request_key = request_key || 'x' WHERE kind = 'added'`, "request"},
		"a request is gone":           {`DELETE FROM ledger_request`, "request"},
		"an area":                     {`UPDATE ledger_commitment SET area = '320981'`, "claim"},
		"what stands":                 {`UPDATE ledger_commitment_balance SET standing = standing + 1`, "standing"},
		"a claim's project":           {`UPDATE ledger_claim SET project = 'another'`, "stand"},
		"a claim's amount":            {`UPDATE ledger_claim SET fen = fen + 1`, "claimed_above"},
		"a claim's case":              {`UPDATE ledger_claim SET case_id = 'another'`, "claim"},
		"a claim is gone":             {`DELETE FROM ledger_claim WHERE case_id = 'B'`, "unclaimed"},
		"a claim is lifted":           {`INSERT INTO ledger_lift (claim_id, at, by_account, reason, request_key) SELECT MIN(id), 0, 0, '', '' FROM ledger_claim`, "claim"},
		"a claim is copied": {`INSERT INTO ledger_claim (id, project, item, family, commitment_id, case_id, party_id, area, fen, year, bureau, document, source_id, place, request_key)
			SELECT -id, project, '', family, (SELECT MAX(id) FROM ledger_commitment), case_id, party_id, area, 0, year, bureau, document, source_id, place, request_key FROM ledger_claim WHERE case_id = 'A'`, "claimed_twice"},
		"what a key counts":    {`UPDATE ledger_stand SET n = n + 1 WHERE item <> ''`, "stand"},
		"a payment":            {`UPDATE ledger_order SET fen = fen + 1`, "ordered"},
		"a payment's state":    {`UPDATE ledger_order_now SET state = 'settled' WHERE n = 1`, "order_state"},
		"a payment was made":   {`UPDATE ledger_order_step SET state = 'settled'`, "order_state"},
		"the total of a batch": {`UPDATE ledger_batch SET fen = fen + 1`, "batch"},
	}
	each(t, func(d *desk) {
		line := d.appropriate(2024, 10_000)
		d.appropriate(2025, 100)
		must(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
			return d.book.Reserve(ctx, tx, d.act(""), ledger.Reservation{Line: line, Call: "call", Change: 50})
		})
		d.sent(orderOf(d.due(line, "A", 300), 300))
		d.due(line, "B", 100)
		d.sound()
		d.withoutTriggers()
		for name, tc := range changes {
			var found []string
			err := d.db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.Exec(ctx, tc.change); err != nil {
					return err
				}
				checked, err := ledger.CheckIn(d.book, ctx, tx)
				if err != nil {
					return err
				}
				for _, f := range checked.Faults {
					found = append(found, strings.TrimPrefix(f.Msg.Key, "ledger.fault_"))
				}
				return errUndo
			})
			if !errors.Is(err, errUndo) {
				d.Errorf("%s: %v", name, err)
			} else if !slices.Contains(found, tc.fault) {
				d.Errorf("%s: found %v, want %s", name, found, tc.fault)
			}
		}
		d.sound()
	})
}

func (d *desk) exec(text string) {
	d.Helper()
	err := d.db.Write(d.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, text)
		return err
	})
	if err != nil {
		d.Fatalf("%s: %v", text, err)
	}
}

// withoutTriggers does what somebody with the database in hand can do.
func (d *desk) withoutTriggers() {
	d.Helper()
	for _, table := range []string{
		"line", "state", "commitment", "part", "transfer", "posting", "claim", "lift", "request", "batch", "order", "order_step", "batch_file",
	} {
		if strings.HasSuffix(d.Name(), "/postgres") {
			d.exec("ALTER TABLE ledger_" + table + " DISABLE TRIGGER USER")
			continue
		}
		d.exec("DROP TRIGGER ledger_" + table + "_kept")
		d.exec("DROP TRIGGER ledger_" + table + "_stays")
	}
}

// TestTransfersProveWhatTheyTouch changes a balance from outside, which no trigger forbids: the next transfer that touches it
// is an error, and nothing of it is kept.
func TestTransfersProveWhatTheyTouch(t *testing.T) {
	for name, change := range map[string]string{
		"line": `UPDATE ledger_balance SET free = free - 1, paid = paid + 1`,
		"part": `UPDATE ledger_part_balance SET payable = payable + 1`,
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(d *desk) {
				line := d.appropriate(2024, 1000)
				c := d.due(line, "A", 100)
				d.exec(change)
				before := d.balance(line)
				err := d.try(d.book.Withhold, ledger.Sum{Commitment: c, Instalment: 1, Amount: 10})
				if err == nil || errs.KindOf(err) != errs.Internal || !strings.Contains(err.Error(), "balance of "+name) {
					d.Errorf("got %v, want an error of ours about the %s", err, name)
				}
				if now := d.balance(line); now != before {
					d.Errorf("kept %v, it was %v", now, before)
				}
			})
		})
	}
}
