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

// The writer's statements are kept too: asked while rows of the same are open, and after rows were left unread, they answer
// alike.
func TestKeptStatements(t *testing.T) {
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "a.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const count = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n`
	for range 3 {
		err := db.Write(ctx, func(ctx context.Context, tx *Tx) error {
			outer, err := tx.Query(ctx, count, 3)
			if err != nil {
				return err
			}
			sum := 0
			for outer.Next() {
				var i, j int
				if err := outer.Scan(&i); err != nil {
					return err
				}
				inner, err := tx.Query(ctx, count, 2)
				if err != nil {
					return err
				}
				for inner.Next() {
					if err := inner.Scan(&j); err != nil {
						return err
					}
					sum += 10*i + j
				}
			}
			if sum != 10*2*(1+2+3)+3*(1+2) {
				t.Errorf("rows within rows come to %d", sum)
			}
			_, err = tx.Query(ctx, count, 5) // left unread
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err = db.Write(ctx, func(ctx context.Context, tx *Tx) error {
		for i := range maxAsked + 50 {
			var got int
			if err := tx.QueryRow(ctx, fmt.Sprintf(`SELECT %d + $1`, i), 1).Scan(&got); err != nil || got != i+1 {
				t.Errorf("question %d: %d, %v", i, got, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(db.engine.(*writer).kept.known); n > maxAsked {
		t.Errorf("%d statements are kept", n)
	}
}
