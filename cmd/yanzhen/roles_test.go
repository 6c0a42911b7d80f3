package main

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// The role of scripts/postgres-roles.sql serves a database whose tables belong to another: it reads and writes, makes and changes no
// table, and neither changes nor deletes what is only ever added to.
func TestLeastRights(t *testing.T) {
	owned := storetest.PostgresURL(t)
	u, err := url.Parse(owned)
	if err != nil {
		t.Fatal(err)
	}
	schema := u.Query().Get("search_path")
	role := "app_" + schema
	ctx := t.Context()
	owner, err := store.Open(ctx, owned, schemas)
	if err != nil {
		t.Fatal(err)
	}
	run := func(db *store.DB, sql string) error {
		return db.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, sql)
			return err
		})
	}
	must := func(db *store.DB, sql string) {
		t.Helper()
		if err := run(db, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	script, err := os.ReadFile("../../scripts/postgres-roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	must(owner, "CREATE ROLE "+role+" LOGIN")
	t.Cleanup(func() {
		must(owner, "DROP OWNED BY "+role)
		must(owner, "DROP ROLE "+role)
		if err := owner.Close(); err != nil {
			t.Error(err)
		}
	})
	text := strings.NewReplacer("SCHEMA public", "SCHEMA "+schema, "yanzhen_app", role).Replace(string(script))
	for statement := range strings.SplitSeq(text, ";\n") {
		for strings.HasPrefix(strings.TrimSpace(statement), "--") {
			_, statement, _ = strings.Cut(strings.TrimSpace(statement), "\n")
		}
		if strings.TrimSpace(statement) != "" {
			must(owner, statement)
		}
	}

	u.User = url.User(role)
	served, err := store.Open(ctx, u.String(), schemas)
	if err != nil {
		t.Fatalf("open as the role: %v", err)
	}
	defer func() {
		if err := served.Close(); err != nil {
			t.Error(err)
		}
	}()
	accounts := access.New(served, clock.System(), clock.System(), access.Cost{MemoryKiB: 64, Passes: 1, Threads: 1})
	a, err := accounts.Bootstrap(ctx, "admin", "admin", "four geese over the marsh")
	if err == nil {
		err = accounts.Disable(ctx, access.SystemScope(), a.ID, "left")
	}
	if err == nil || !strings.Contains(err.Error(), "last") {
		t.Errorf("rows are written and read: %v", err)
	}
	for _, sql := range []string{
		"CREATE TABLE mine (a INTEGER)", "ALTER TABLE account ADD COLUMN mine INTEGER", "DROP TABLE account_event", "TRUNCATE ledger_posting",
		"ALTER TABLE audit_hash DISABLE TRIGGER ALL", "DROP TRIGGER audit_hash_kept ON audit_hash",
		"UPDATE account_event SET note = 'x'", "DELETE FROM account_event", "UPDATE ledger_posting SET fen = 1", "DELETE FROM ledger_transfer",
		"DELETE FROM audit_checkpoint", "DELETE FROM audit_leaf", "UPDATE credit_drawdown SET ppm = 1", "UPDATE case_event SET at = 0", "DELETE FROM schema_step", "INSERT INTO schema_step SELECT * FROM schema_step",
	} {
		var denied *pgconn.PgError
		if err := run(served, sql); !errors.As(err, &denied) || denied.Code != "42501" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}
