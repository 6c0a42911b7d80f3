package store

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// Questions are answered alike whether their statement is kept or not, and however many ask at once.
func TestAskedStatements(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "a.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range maxAsked + 50 {
				var got int
				if err := db.Read().QueryRow(ctx, fmt.Sprintf(`SELECT %d + $1`, i), 1).Scan(&got); err != nil || got != i+1 {
					t.Errorf("question %d: %d, %v", i, got, err)
				}
			}
		})
	}
	group.Wait()
	if n := len(db.asked.known); n > maxAsked+8 {
		t.Errorf("%d statements are kept", n)
	}
	if err := db.Read().QueryRow(ctx, `SELECT nothing`).Scan(new(int)); err == nil {
		t.Error("a statement that is none was answered")
	}
}

// A statement that was kept sees a column that was added later.
func TestAskedAfterAChange(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "a.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run := func(statement string) {
		t.Helper()
		err := db.Write(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.Exec(ctx, statement)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	columns := func() int {
		rows, err := db.Read().Query(ctx, `SELECT * FROM thing`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	run(`CREATE TABLE thing (a INTEGER)`)
	run(`INSERT INTO thing VALUES (1)`)
	before := columns()
	run(`ALTER TABLE thing ADD COLUMN b INTEGER NOT NULL DEFAULT 7`)
	if before != 1 || columns() != 2 {
		t.Errorf("columns: %d, then %d", before, columns())
	}
}
