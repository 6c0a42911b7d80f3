package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// unseen are the columns in which no walk finds a change: what a request that comes again is held against and answered with, and when it
// first came. No money follows from them; whoever changes one can make a repeated request fail, or be told another number.
var unseen = []string{"ledger_request.body", "ledger_request.answer", "ledger_request.at"}

// Whoever has the database in hand changes one value, in each column of each table of the ledger in turn, and nothing else: the database
// refuses it, or the walk over the ledger or the one over the audit log finds it.
func TestEveryColumnIsWatched(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t, migrations))
	line := d.appropriate(2024, 10_000)
	must(d, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return d.book.Reserve(ctx, tx, d.act(""), ledger.Reservation{Line: line, Call: "call", Change: 50})
	})
	d.sent(orderOf(d.due(line, "A", 300), 300))
	d.due(line, "B", 100)
	for _, table := range []string{
		"line", "state", "commitment", "part", "transfer", "posting", "claim", "lift", "request", "batch", "order", "order_step", "batch_file",
	} {
		d.exec("DROP TRIGGER ledger_" + table + "_kept")
	}
	found := func() bool {
		t.Helper()
		money, err := d.book.Check(t.Context())
		if err != nil || len(money.Faults) > 0 {
			return true
		}
		log, err := audit.Check(t.Context(), d.db, ledger.Logged)
		return err != nil || log.Found > 0
	}
	if found() {
		t.Fatal("something is wrong before anything was changed")
	}
	texts := func(query string, args ...any) (all []string) {
		t.Helper()
		rows, err := d.db.Read().Query(t.Context(), query, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return all
	}
	set := func(table, column string, value any, row int64) error {
		return d.db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE rowid = $2`, table, column), value, row)
			return err
		})
	}
	var missed, empty []string
	tried, refused := 0, 0
	for _, table := range texts(`SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'ledger_%' AND name <> 'ledger_check' ORDER BY name`) {
		for _, column := range texts(`SELECT name FROM pragma_table_info($1)`, table) {
			var row int64
			var was any
			query := fmt.Sprintf(`SELECT rowid, %s FROM %s ORDER BY rowid LIMIT 1`, column, table)
			if err := d.db.Read().QueryRow(t.Context(), query).Scan(&row, &was); err != nil {
				empty = append(empty, table)
				break
			}
			tried++
			var to any
			switch was := was.(type) {
			case int64:
				to = was + 1
			case string:
				to = was + "x"
			default:
				t.Fatalf("%s.%s is a %T", table, column, was)
			}
			if err := set(table, column, to, row); err != nil {
				refused++
				continue
			}
			if !found() {
				missed = append(missed, table+"."+column)
			}
			if err := set(table, column, was, row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if found() {
		t.Error("what was changed was not put back")
	}
	if diff := cmp.Diff(unseen, missed); diff != "" {
		t.Errorf("changes that nobody finds (-want +got):\n%s", diff)
	}
	slices.Sort(empty)
	if diff := cmp.Diff([]string{"ledger_batch_file", "ledger_lift"}, empty); diff != "" {
		t.Errorf("tables without a row to change (-want +got):\n%s", diff)
	}
	t.Logf("%d columns, %d changes refused by the database", tried, refused)
}
