package ledger

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Kind is what a transfer does.
type Kind string

// The kinds.
const (
	Added       Kind = "added"        // budget given, or added to
	Cut         Kind = "cut"          // budget taken back
	Reserved    Kind = "reserved"     // free → held
	Unreserved  Kind = "unreserved"   // held → free
	Promised    Kind = "promised"     // free or held → committed
	Released    Kind = "released"     // committed → where it was drawn from
	Due         Kind = "due"          // committed → payable
	Withheld    Kind = "withheld"     // payable → committed
	InBatch     Kind = "ordered"      // payable → ordered
	Unbatched   Kind = "cancelled"    // ordered → payable: the batch was dropped before it was sent
	Paying      Kind = "settled"      // ordered, or payable again, → paid
	Unpaid      Kind = "failed"       // ordered → payable: the bank did not pay
	PaidOut     Kind = "paid"         // payable → paid without a batch
	Bounced     Kind = "bounced"      // paid → payable: the payment came back from the payee's bank
	ClawedBack  Kind = "clawed_back"  // paid → returned
	CarriedOver Kind = "carried_over" // from the line of one year to that of another
)

// leg is one entry to be made: money that comes to a stage of a line, or leaves it (fen below zero).
type leg struct {
	stage Stage
	line  Line
	part  *part // of the stages that belong to a commitment
	hold  int64 // of Held
	fen   money.Fen
}

func (l leg) area() string {
	if l.part != nil {
		return l.part.area
	}
	return l.line.Area
}

func (l leg) clause() string {
	if l.part != nil {
		return l.part.clause
	}
	return ""
}

func (l leg) partID() int64 {
	if l.part != nil {
		return l.part.id
	}
	return 0
}

// maxLegs is how many entries one transfer may have; more go into several.
const maxLegs = 4000

const insertTransfer = `INSERT INTO ledger_transfer (id, kind, at, day, by_account, case_id, reason, document, request_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// post makes a transfer: its entries, and what they change. Rows are locked in one order, parts before shares of calls
// before lines, each by its id, so that two transfers do not wait for each other. What is not there is a conflict; a sum
// that does not come out is an error of ours, and nothing is kept.
func (b *Book) post(ctx context.Context, tx *store.Tx, a Act, kind Kind, legs []leg) error {
	if err := balanced(legs); err != nil {
		return fmt.Errorf("ledger: %s: %w", kind, err)
	}
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	at := b.clock.Millis()
	day := clock.DayOf(at).String()
	audit.Note(tx, loggedTransfer, id)
	_, err = tx.Exec(ctx, insertTransfer, id, string(kind), at, day, a.by(), a.Case, a.Reason, a.Document, a.Key)
	if err != nil {
		return fmt.Errorf("enter %s: %w", kind, err)
	}
	if err := moveParts(ctx, tx, legs); err != nil {
		return err
	}
	if err := moveHolds(ctx, tx, legs); err != nil {
		return err
	}
	if err := insertPostings(ctx, tx, id, legs); err != nil {
		return err
	}
	if err := proveParts(ctx, tx, legs); err != nil {
		return err
	}
	// A line is what many wait for: it is locked last.
	if err := moveLines(ctx, tx, id, legs); err != nil {
		return err
	}
	return addSums(ctx, tx, day[:len("2006-01")], legs)
}

// balanced says that the legs are what a transfer may be: none moves nothing, each belongs to what its stage asks for, and
// they add up to nothing in each line.
func balanced(legs []leg) error {
	if len(legs) == 0 || len(legs) > maxLegs {
		return fmt.Errorf("%d entries", len(legs))
	}
	sums := map[int64]money.Fen{}
	for _, l := range legs {
		sum, err := sums[l.line.ID].Add(l.fen)
		switch {
		case err != nil:
			return err
		case l.fen == 0 || l.line.ID == 0 || l.stage.ofPart() != (l.part != nil) || (l.stage == Held) != (l.hold != 0):
			return fmt.Errorf("entry of %s to %s of line %d", l.fen, l.stage, l.line.ID)
		case l.part != nil && l.part.line.ID != l.line.ID:
			return fmt.Errorf("entry to line %d of a part of line %d", l.line.ID, l.part.line.ID)
		}
		sums[l.line.ID] = sum
	}
	for line, sum := range sums {
		if sum != 0 {
			return fmt.Errorf("entries of line %d add up to %s", line, sum)
		}
	}
	return nil
}

// gathered adds legs up by a key, and gives the keys in their order.
func gathered[K cmp.Ordered](legs []leg, key func(leg) (K, bool)) ([]K, map[K]Balance, error) {
	sums := map[K]Balance{}
	for _, l := range legs {
		k, ok := key(l)
		if !ok {
			continue
		}
		var one Balance
		one[l.stage] = l.fen
		sum, err := sums[k].plus(one)
		if err != nil {
			return nil, nil, err
		}
		sums[k] = sum
	}
	return slices.Sorted(maps.Keys(sums)), sums, nil
}

func byPart(l leg) (int64, bool) { return l.partID(), l.part != nil }
func byHold(l leg) (int64, bool) { return l.hold, l.hold != 0 }
func byLine(l leg) (int64, bool) { return l.line.ID, true }

// The statements that guard: each changes a balance only where enough is there.
var (
	movePart   = `UPDATE ledger_part_balance SET ` + changes(Committed) + ` WHERE part_id = $6 AND ` + enough(Committed)
	selectPart = `SELECT ` + columns("", Committed) + ` FROM ledger_part_balance WHERE part_id = $1`
	moveLine   = `UPDATE ledger_balance SET n = n + 1, ` + changes(Budget) + ` WHERE line_id = $9 AND ` + enough(Budget)
	selectMove = `SELECT b.n, ` + columns("b.", Budget) + `, ` + coalesced("s.") + `
		FROM ledger_balance b LEFT JOIN ledger_state s ON s.line_id = b.line_id AND s.n = b.n - 1 WHERE b.line_id = $1`
	insertState = `INSERT INTO ledger_state (line_id, n, transfer_id, ` + columns("", Budget) + `) VALUES (` + placeholders(1, 3+int(stages)) + `)`
	addSum      = `UPDATE ledger_sum SET ` + changes(Budget) + ` WHERE line_id = $9 AND area = $10 AND clause = $11 AND month = $12`
	insertSum   = `INSERT INTO ledger_sum (` + columns("", Budget) + `, line_id, area, clause, month) VALUES (` + placeholders(1, int(stages)+4) + `)`
)

const (
	moveHold   = `UPDATE ledger_hold_balance SET held = held + $1 WHERE hold_id = $2 AND held + $1 >= 0`
	selectHold = `SELECT b.held, h.call_id FROM ledger_hold_balance b JOIN ledger_hold h ON h.id = b.hold_id WHERE b.hold_id = $1`
)

// coalesced is a list of the columns of all stages, 0 where there is no row.
func coalesced(prefix string) string {
	list := make([]string, stages)
	for s, name := range stageNames {
		list[s] = "COALESCE(" + prefix + name + ", 0)"
	}
	return strings.Join(list, ", ")
}

func moveParts(ctx context.Context, tx *store.Tx, legs []leg) error {
	ids, sums, err := gathered(legs, byPart)
	if err != nil {
		return err
	}
	for _, id := range ids {
		n, err := tx.Exec(ctx, movePart, append(sums[id].values(Committed), id)...)
		if err != nil {
			return fmt.Errorf("change balance of part %d: %w", id, err)
		}
		if n == 1 {
			continue
		}
		var now Balance
		if err := tx.QueryRow(ctx, selectPart, id).Scan(now.into()[Committed:]...); err != nil {
			return fmt.Errorf("read balance of part %d: %w", id, err)
		}
		p := legs[slices.IndexFunc(legs, func(l leg) bool { return l.partID() == id })].part
		return short(now, sums[id], func(s Stage, asked, there money.Fen) error {
			return errs.Conflict(i18n.M("ledger.part_short", p.n, p.caseID, asked, i18n.M("ledger.stage_"+s.String()), there))
		})
	}
	return nil
}

// short tells of the first stage that has less than is asked for.
func short(now, change Balance, tell func(s Stage, asked, there money.Fen) error) error {
	for s := Free; s < stages; s++ {
		if now[s]+change[s] < 0 {
			return tell(s, -change[s], now[s])
		}
	}
	return errs.Conflict(i18n.M("ledger.moved"))
}

func moveHolds(ctx context.Context, tx *store.Tx, legs []leg) error {
	ids, sums, err := gathered(legs, byHold)
	if err != nil {
		return err
	}
	for _, id := range ids {
		change := sums[id][Held]
		n, err := tx.Exec(ctx, moveHold, int64(change), id)
		if err != nil {
			return fmt.Errorf("change reserve %d: %w", id, err)
		}
		if n == 1 {
			continue
		}
		var there money.Fen
		var call string
		if err := tx.QueryRow(ctx, selectHold, id).Scan(&there, &call); err != nil {
			return fmt.Errorf("read reserve %d: %w", id, err)
		}
		return errs.Conflict(i18n.M("ledger.hold_short", call, -change, there))
	}
	return nil
}

// moveLines changes the balances of lines, and proves that each is what it was before with what the entries say.
func moveLines(ctx context.Context, tx *store.Tx, transfer int64, legs []leg) error {
	ids, sums, err := gathered(legs, byLine)
	if err != nil {
		return err
	}
	for _, id := range ids {
		n, err := tx.Exec(ctx, moveLine, append(sums[id].values(Budget), id)...)
		if err != nil {
			return fmt.Errorf("change balance of line %d: %w", id, err)
		}
		var now, before Balance
		var count int64
		into := append([]any{&count}, now.into()...)
		if err := tx.QueryRow(ctx, selectMove, id).Scan(append(into, before.into()...)...); err != nil {
			return fmt.Errorf("read balance of line %d: %w", id, err)
		}
		if n == 0 {
			l := legs[slices.IndexFunc(legs, func(l leg) bool { return l.line.ID == id })].line
			return short(now, sums[id], func(s Stage, asked, there money.Fen) error {
				return errs.Conflict(i18n.M("ledger.line_short", l.Label(), asked, i18n.M("ledger.stage_"+s.String()), there))
			})
		}
		want, err := before.plus(sums[id])
		if err != nil {
			return fmt.Errorf("balance of line %d: %w", id, err)
		}
		if now != want {
			return fmt.Errorf("ledger: the balance of line %d is %v after transfer %d, its entries make it %v", id, now, transfer, want)
		}
		if _, err := tx.Exec(ctx, insertState, append([]any{id, count, transfer}, now.values(Budget)...)...); err != nil {
			return fmt.Errorf("enter state of line %d: %w", id, err)
		}
	}
	return nil
}

// addSums adds the entries to the sums of their month. It runs while the lines are locked.
func addSums(ctx context.Context, tx *store.Tx, month string, legs []leg) error {
	type key struct {
		line         int64
		area, clause string
	}
	sums := map[key]Balance{}
	for _, l := range legs {
		k := key{l.line.ID, l.area(), l.clause()}
		sum := sums[k]
		sum[l.stage] += l.fen
		sums[k] = sum
	}
	for _, k := range slices.SortedFunc(maps.Keys(sums), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.area, b.area), cmp.Compare(a.clause, b.clause))
	}) {
		args := append(sums[k].values(Budget), k.line, k.area, k.clause, month)
		n, err := tx.Exec(ctx, addSum, args...)
		if err == nil && n == 0 {
			_, err = tx.Exec(ctx, insertSum, args...)
		}
		if err != nil {
			return fmt.Errorf("add up %s of line %d: %w", month, k.line, err)
		}
	}
	return nil
}

const postingColumns = 7

var postingNames = []string{"transfer_id", "n", "line_id", "stage", "part_id", "hold_id", "fen"}

// insertPostings enters the legs; a few by one statement, many in bulk.
func insertPostings(ctx context.Context, tx *store.Tx, transfer int64, legs []leg) error {
	row := func(i int) []any {
		l := legs[i]
		return []any{transfer, int32(i + 1), l.line.ID, l.stage.String(), l.partID(), l.hold, int64(l.fen)}
	}
	if len(legs) > 16 {
		return tx.InsertRows(ctx, "ledger_posting", postingNames, func(yield func([]any) bool) {
			for i := range legs {
				if !yield(row(i)) {
					return
				}
			}
		})
	}
	var args []any
	rows := make([]string, len(legs))
	for i := range legs {
		rows[i] = "(" + placeholders(1+i*postingColumns, postingColumns) + ")"
		args = append(args, row(i)...)
	}
	text := `INSERT INTO ledger_posting (` + strings.Join(postingNames, ", ") + `) VALUES ` + strings.Join(rows, ", ")
	if _, err := tx.Exec(ctx, text, args...); err != nil {
		return fmt.Errorf("enter postings: %w", err)
	}
	return nil
}

// partProof is what the entries of a part and its balance differ by, stage by stage: nothing.
var partProof = `SELECT stage, CAST(SUM(fen) AS BIGINT) FROM (SELECT stage, fen FROM ledger_posting WHERE part_id = $1` + partLess() + `) u GROUP BY stage HAVING SUM(fen) <> 0 ORDER BY stage`

func partLess() string {
	var b strings.Builder
	for _, name := range stageNames[Committed:] {
		b.WriteString(` UNION ALL SELECT '` + name + `', -` + name + ` FROM ledger_part_balance WHERE part_id = $1`)
	}
	return b.String()
}

// proveParts proves that the balance of each part that was touched is the sum of its entries.
func proveParts(ctx context.Context, tx *store.Tx, legs []leg) error {
	ids, _, err := gathered(legs, byPart)
	if err != nil {
		return err
	}
	for _, id := range ids {
		rows, err := tx.Query(ctx, partProof, id)
		wrong, err := collect(rows, err, "prove part", func(rows *store.Rows) (string, error) {
			var stage string
			var fen money.Fen
			err := rows.Scan(&stage, &fen)
			return fmt.Sprintf("%s by %s", stage, fen), err
		})
		if err != nil {
			return err
		}
		if len(wrong) > 0 {
			return fmt.Errorf("ledger: the balance of part %d differs from its entries in %v", id, wrong)
		}
	}
	return nil
}
