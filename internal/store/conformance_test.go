package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// schema is what the tests of this package store.
func schema() store.Migrations {
	return store.Migrations{Package: "trial", FS: fstest.MapFS{"migrations/0001_trial.sql": {Data: []byte(`
CREATE TABLE item (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, live BOOLEAN NOT NULL, note TEXT);
CREATE TABLE child (item_id BIGINT NOT NULL REFERENCES item (id), n INTEGER NOT NULL);
CREATE TABLE entry (seq BIGINT NOT NULL, n BIGINT NOT NULL, amount BIGINT NOT NULL);
CREATE TABLE balance (id INTEGER NOT NULL PRIMARY KEY, amount BIGINT NOT NULL);
INSERT INTO balance (id, amount) VALUES (1, 0);
`)}}}
}

const insertItem = `INSERT INTO item (id, name, live, note) VALUES ($1, $2, $3, $4)`

func add(id int64, name string) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertItem, id, name, true, nil)
		return err
	}
}

func count(t *testing.T, db *store.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.Read().QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestConformance(t *testing.T) {
	tests := map[string]func(*testing.T, *store.DB){
		"values come back as they went in":               testValues,
		"an error undoes everything":                     testErrorUndoes,
		"a failed statement ends the transaction":        testPoisoned,
		"a panic undoes and goes on to the caller":       testPanic,
		"a goroutine that ends undoes":                   testGoexit,
		"a write sees itself, readers do not":            testIsolation,
		"a snapshot stands still":                        testSnapshot,
		"a cancelled write is undone":                    testCancelled,
		"a write that waits can be cancelled":            testCancelledWaiting,
		"unique violations are told apart":               testUnique,
		"update or insert, raced for, ends well":         testUpsertRace,
		"a counter under contention is exact":            testCounter,
		"readers cannot write":                           testReadOnly,
		"foreign keys hold":                              testForeignKeys,
		"the commit sequence has no gaps":                testCommitSequence,
		"a follower misses nothing":                      testFollower,
		"a lock lets one in at a time":                   testLock,
		"ids are never given twice":                      testIDs,
		"rows in bulk are all there":                     testInsertRows,
		"rows of the wrong width are refused":            testInsertRowsWidth,
		"nothing is written after Close":                 testClosed,
		"a row left unread does not disturb its company": testUnreadRows,
		"a list is all rows in their order, or an error": testList,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, []store.Migrations{schema()}, test)
		})
	}
}

func testValues(t *testing.T, db *store.DB) {
	type kind string
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		// the placeholders are out of order and one is used twice
		_, err := tx.Exec(ctx, `INSERT INTO item (id, name, live, note) VALUES ($2, $1, $3, $1)`, kind("盐南高新区"), int64(1)<<62, true)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var (
		id         int64
		name, note string
		live       bool
	)
	err = db.Read().QueryRow(t.Context(), `SELECT id, name, live, note FROM item WHERE live = $2 AND name = $1`, "盐南高新区", true).
		Scan(&id, &name, &live, &note)
	if err != nil {
		t.Fatal(err)
	}
	if id != 1<<62 || name != "盐南高新区" || !live || note != name {
		t.Errorf("got %d %q %v %q", id, name, live, note)
	}
	err = db.Read().QueryRow(t.Context(), `SELECT id FROM item WHERE id = 3`).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("no row: %v", err)
	}
}

func testErrorUndoes(t *testing.T, db *store.DB) {
	boom := errors.New("boom")
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := add(1, "a")(ctx, tx); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM item`); n != 0 {
		t.Errorf("%d rows were kept", n)
	}
}

func testPoisoned(t *testing.T, db *store.DB) {
	var second error
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := add(1, "a")(ctx, tx); err != nil {
			return err
		}
		_, _ = tx.Exec(ctx, `INSERT INTO nowhere (id) VALUES (1)`)
		second = add(2, "b")(ctx, tx)
		return nil
	})
	if err == nil || second == nil {
		t.Errorf("after a failed statement: second %v, outcome %v", second, err)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM item`); n != 0 {
		t.Errorf("%d rows were kept", n)
	}
}

func testPanic(t *testing.T, db *store.DB) {
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("recovered %v", got)
			}
		}()
		_ = db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_ = add(1, "a")(ctx, tx)
			panic("boom")
		})
		t.Error("the panic was swallowed")
	}()
	if err := db.Write(t.Context(), add(2, "b")); err != nil {
		t.Errorf("write after a panic: %v", err)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM item`); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func testGoexit(t *testing.T, db *store.DB) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = db.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error {
			_ = add(1, "a")(ctx, tx)
			runtime.Goexit()
			return nil
		})
	}()
	<-done
	if err := db.Write(t.Context(), add(2, "b")); err != nil {
		t.Errorf("write afterwards: %v", err)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM item`); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func testIsolation(t *testing.T, db *store.DB) {
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := add(1, "a")(ctx, tx); err != nil {
			return err
		}
		var mine int
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM item`).Scan(&mine); err != nil {
			return err
		}
		if others := count(t, db, `SELECT COUNT(*) FROM item`); mine != 1 || others != 0 {
			t.Errorf("before the commit the writer sees %d, others %d", mine, others)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM item`); n != 1 {
		t.Errorf("after the commit readers see %d", n)
	}
}

func testSnapshot(t *testing.T, db *store.DB) {
	err := db.Snapshot(t.Context(), func(ctx context.Context, q store.Querier) error {
		for range 3 {
			var n int64
			if err := q.QueryRow(ctx, `SELECT COUNT(*) FROM item`).Scan(&n); err != nil {
				return err
			}
			if n != 0 {
				t.Errorf("the snapshot moved: %d rows", n)
			}
			var id int64
			if err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
				if id, err = tx.NextIDs(ctx, 1); err != nil {
					return err
				}
				return add(id, fmt.Sprint(id))(ctx, tx)
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func testCancelled(t *testing.T, db *store.DB) {
	ctx, cancel := context.WithCancel(t.Context())
	// Others in the same group must not suffer.
	var others errgroup.Group
	err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for i := range int64(20) {
			others.Go(func() error { return db.Write(context.WithoutCancel(ctx), add(100+i, fmt.Sprint(i))) })
		}
		if err := add(1, "a")(ctx, tx); err != nil {
			return err
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := others.Wait(); err != nil {
		t.Errorf("another's write: %v", err)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM item WHERE id = 1`); n != 0 {
		t.Error("a cancelled write was kept")
	}
	if n := count(t, db, `SELECT COUNT(*) FROM item`); n != 20 {
		t.Errorf("%d of 20 other writes were kept", n)
	}
}

func testCancelledWaiting(t *testing.T, db *store.DB) {
	var waited error
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE balance SET amount = 1 WHERE id = 1`); err != nil {
			return err
		}
		short, cancel := context.WithCancel(ctx)
		var group errgroup.Group
		group.Go(func() error {
			return db.Write(short, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE balance SET amount = 2 WHERE id = 1`)
				return err
			})
		})
		cancel()
		waited = group.Wait()
		return nil
	})
	if err != nil || !errors.Is(waited, context.Canceled) {
		t.Errorf("first %v, cancelled %v", err, waited)
	}
	if n := count(t, db, `SELECT amount FROM balance`); n != 1 {
		t.Errorf("balance %d", n)
	}
}

func testUnique(t *testing.T, db *store.DB) {
	if err := db.Write(t.Context(), add(1, "a")); err != nil {
		t.Fatal(err)
	}
	for _, again := range []func(context.Context, *store.Tx) error{add(1, "b"), add(2, "a")} {
		if err := db.Write(t.Context(), again); !store.IsUnique(err) {
			t.Errorf("got %v", err)
		}
	}
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertItem, 3, nil, true, nil)
		return err
	})
	if err == nil || store.IsUnique(err) {
		t.Errorf("NOT NULL: %v", err)
	}
}

// testUpsertRace is the form that takes the place of ON CONFLICT.
func testUpsertRace(t *testing.T, db *store.DB) {
	set := func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE balance SET amount = amount + 1 WHERE id = 2`)
		if err != nil || n == 1 {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO balance (id, amount) VALUES (2, 1)`)
		return err
	}
	var group errgroup.Group
	for range 16 {
		group.Go(func() error { return db.Write(t.Context(), set) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, `SELECT amount FROM balance WHERE id = 2`); n != 16 {
		t.Errorf("amount %d, want 16", n)
	}
}

func testCounter(t *testing.T, db *store.DB) {
	const workers, each = 32, 25
	var group errgroup.Group
	for range workers {
		group.Go(func() error {
			for range each {
				err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.Exec(ctx, `UPDATE balance SET amount = amount + 1 WHERE id = 1`)
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, `SELECT amount FROM balance WHERE id = 1`); n != workers*each {
		t.Errorf("amount %d, want %d", n, workers*each)
	}
}

func testReadOnly(t *testing.T, db *store.DB) {
	write := func(ctx context.Context, q store.Querier) error {
		rows, err := q.Query(ctx, `INSERT INTO item (id, name, live) VALUES (1, 'a', $1)`, true)
		if err != nil {
			return err
		}
		defer rows.Close()
		rows.Next()
		return rows.Err()
	}
	if err := write(t.Context(), db.Read()); err == nil {
		t.Error("a reader wrote")
	}
	if err := db.Snapshot(t.Context(), write); err == nil {
		t.Error("a snapshot wrote")
	}
	if n := count(t, db, `SELECT COUNT(*) FROM item`); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func testForeignKeys(t *testing.T, db *store.DB) {
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO child (item_id, n) VALUES (7, 1)`)
		return err
	})
	if err == nil {
		t.Error("an orphan was let in")
	}
}

func testCommitSequence(t *testing.T, db *store.DB) {
	ctx := t.Context()
	nothing := func(context.Context, *store.Tx, int64) error { return nil }
	for want := int64(1); want <= 3; want++ {
		if got, err := db.Commit(ctx, nothing); err != nil || got != want {
			t.Fatalf("commit %d: %d, %v", want, got, err)
		}
	}
	boom := errors.New("boom")
	if _, err := db.Commit(ctx, func(context.Context, *store.Tx, int64) error { return boom }); !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if got, err := db.Commit(ctx, nothing); err != nil || got != 4 {
		t.Errorf("after one that failed: %d, %v", got, err)
	}
	if got, err := db.Seq(ctx); err != nil || got != 4 {
		t.Errorf("newest: %d, %v", got, err)
	}
}

// testFollower has many committers at a time, and a follower that asks "what is above the last that I saw" all the
// while. With ids or clocks in place of the sequence it would skip what commits late.
func testFollower(t *testing.T, db *store.DB) {
	const workers, each = 12, 20
	var writers errgroup.Group
	for w := range workers {
		writers.Go(func() error {
			for i := range each {
				_, err := db.Commit(t.Context(), func(ctx context.Context, tx *store.Tx, seq int64) error {
					for n := range int64(1 + (w+i)%3) {
						if _, err := tx.Exec(ctx, `INSERT INTO entry (seq, n, amount) VALUES ($1, $2, 1)`, seq, n); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	stop := make(chan struct{})
	var seen []int64
	rows := 0
	var follower errgroup.Group
	follower.Go(func() error {
		last := int64(0)
		for final := false; ; {
			entries, err := db.Read().Query(t.Context(), `SELECT seq, COUNT(*) FROM entry WHERE seq > $1 GROUP BY seq ORDER BY seq`, last)
			if err != nil {
				return err
			}
			for entries.Next() {
				var n int
				if err := entries.Scan(&last, &n); err != nil {
					return err
				}
				seen, rows = append(seen, last), rows+n
			}
			if err := errors.Join(entries.Err(), entries.Close()); err != nil {
				return err
			}
			if final {
				return nil
			}
			select {
			case <-stop:
				final = true
			default:
			}
		}
	})
	if err := writers.Wait(); err != nil {
		t.Error(err)
	}
	close(stop)
	if err := follower.Wait(); err != nil {
		t.Fatal(err)
	}
	want := make([]int64, workers*each)
	for i := range want {
		want[i] = int64(i + 1)
	}
	if !slices.Equal(seen, want) {
		t.Errorf("the follower saw %d commits of %d: %v", len(seen), len(want), seen)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM entry`); n != rows {
		t.Errorf("the follower saw %d rows of %d", rows, n)
	}
}

// testLock looks before it inserts, where no unique key would catch the second one.
func testLock(t *testing.T, db *store.DB) {
	var group errgroup.Group
	for range 12 {
		group.Go(func() error {
			return db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				if err := tx.Lock(ctx, "trial.entry"); err != nil {
					return err
				}
				var n int
				if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM entry`).Scan(&n); err != nil || n > 0 {
					return err
				}
				_, err := tx.Exec(ctx, `INSERT INTO entry (seq, n, amount) VALUES (1, 1, 1)`)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM entry`); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func testIDs(t *testing.T, db *store.DB) {
	var (
		mu    sync.Mutex
		taken = map[int64]bool{}
		group errgroup.Group
	)
	for w := range int64(20) {
		group.Go(func() error {
			last := int64(0)
			for range 10 {
				n := 1 + w*37%200
				var first int64
				undo := errors.New("undo")
				err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
					if first, err = tx.NextIDs(ctx, n); err != nil || n%2 == 0 {
						return err
					}
					return undo
				})
				if errors.Is(err, undo) {
					continue // ids of a transaction that was undone were never used
				}
				if err != nil {
					return err
				}
				if first <= last {
					return fmt.Errorf("%d after %d", first, last)
				}
				last = first
				mu.Lock()
				for id := first; id < first+n; id++ {
					if taken[id] {
						t.Errorf("id %d was given twice", id)
					}
					taken[id] = true
				}
				mu.Unlock()
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func testInsertRows(t *testing.T, db *store.DB) {
	for _, n := range []int64{0, 1, 63, 64, 65, 1000} {
		err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `DELETE FROM item`); err != nil {
				return err
			}
			row := make([]any, 4)
			return tx.InsertRows(ctx, "item", []string{"id", "name", "live", "note"}, func(yield func([]any) bool) {
				for i := range n {
					row[0], row[1], row[2], row[3] = i, fmt.Sprint("企业", i), i%2 == 0, nil
					if i%3 == 0 {
						row[3] = strings.Repeat("注", int(i))
					}
					if !yield(row) {
						return
					}
				}
			})
		})
		if err != nil {
			t.Fatalf("%d rows: %v", n, err)
		}
		if got := count(t, db, `SELECT COUNT(*) FROM item`); int64(got) != n {
			t.Errorf("%d of %d rows", got, n)
		}
		if got := count(t, db, `SELECT COUNT(*) FROM item WHERE note IS NULL`); int64(got) != n-(n+2)/3 {
			t.Errorf("%d rows: %d without a note", n, got)
		}
	}
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertRows(ctx, "item", []string{"id", "name", "live"}, func(yield func([]any) bool) {
			_ = yield([]any{int64(5000), "twice", true}) && yield([]any{int64(5001), "twice", true})
		})
	})
	if !store.IsUnique(err) {
		t.Errorf("twice the same: %v", err)
	}
}

func testInsertRowsWidth(t *testing.T, db *store.DB) {
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertRows(ctx, "item", []string{"id", "name", "live"}, func(yield func([]any) bool) {
			_ = yield([]any{int64(1), "a", true}) && yield([]any{int64(2)})
		})
	})
	if err == nil {
		t.Error("accepted")
	}
	if n := count(t, db, `SELECT COUNT(*) FROM item`); n != 0 {
		t.Errorf("%d rows were kept", n)
	}
}

func testClosed(t *testing.T, db *store.DB) {
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), add(1, "a")); err == nil {
		t.Error("a write after Close was acknowledged")
	}
	if err := db.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func testUnreadRows(t *testing.T, db *store.DB) {
	for i := range int64(3) {
		if err := db.Write(t.Context(), add(i, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id FROM item ORDER BY id`)
		if err != nil {
			return err
		}
		rows.Next()
		return errors.New("left early")
	})
	if err == nil {
		t.Error("no error")
	}
	if err := db.Write(t.Context(), add(10, "x")); err != nil {
		t.Errorf("next write: %v", err)
	}
}

func TestReopen(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		for i := range int64(3) {
			db, err := store.Open(t.Context(), url, []store.Migrations{schema()})
			if err != nil {
				t.Fatalf("open %d: %v", i, err)
			}
			if err := db.Write(t.Context(), add(i, fmt.Sprint(i))); err != nil {
				t.Errorf("write %d: %v", i, err)
			}
			if n := count(t, db, `SELECT COUNT(*) FROM item`); int64(n) != i+1 {
				t.Errorf("after %d writes: %d rows", i+1, n)
			}
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	})
}

func migrations(files ...string) []store.Migrations {
	fs := fstest.MapFS{}
	for i, text := range files {
		fs[fmt.Sprintf("migrations/%04d_x.sql", i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	return []store.Migrations{{Package: "grown", FS: fs}}
}

func TestMigrate(t *testing.T) {
	const (
		one  = "CREATE TABLE a (id BIGINT);\nINSERT INTO a (id) VALUES (1);\n"
		two  = "-- what came later\nCREATE TABLE b (id BIGINT);\nINSERT INTO b (id) SELECT id FROM a;"
		bad  = "CREATE TABLE b (id BIGINT);\nINSERT INTO nowhere (id) VALUES (1);\nCREATE TABLE c (id BIGINT);\n"
		ours = one + "-- sqlite:\nCREATE TABLE a2 (id BIGINT, CHECK (sqlite_version() <> ''));\n-- postgres:\nCREATE TABLE a2 (id BIGINT, CHECK (pg_backend_pid() > 0));\nINSERT INTO a2 (id) VALUES (1);\n"
		good = "CREATE TABLE b (id BIGINT);\nINSERT INTO b (id) VALUES (1);\nCREATE TABLE c (id BIGINT);\n"
	)
	type try struct {
		files []string
		want  string // part of the error; empty for none
	}
	tests := map[string][]try{
		"grows":                     {{files: []string{one}}, {files: []string{one, two}}, {files: []string{one, two}}},
		"goes on where it stopped":  {{files: []string{one, bad}, want: "step 4 (0002_x.sql)"}, {files: []string{one, good}}},
		"each its own statement":    {{files: []string{ours}}, {files: []string{ours}}, {files: []string{one}, want: "newer version"}},
		"refuses a newer database":  {{files: []string{one, two}}, {files: []string{one}, want: "newer version"}},
		"refuses a changed history": {{files: []string{one}}, {files: []string{strings.Replace(one, "(1)", "(2)", 1)}, want: "0001_x.sql"}},
	}
	for name, tries := range tests {
		t.Run(name, func(t *testing.T) {
			storetest.EachURL(t, func(t *testing.T, url string) {
				for i, try := range tries {
					db, err := store.Open(t.Context(), url, migrations(try.files...))
					switch {
					case err == nil && try.want != "":
						t.Errorf("try %d: opened", i)
					case err != nil && (try.want == "" || !strings.Contains(err.Error(), try.want)):
						t.Errorf("try %d: %v, want %q", i, err, try.want)
					}
					if err != nil {
						continue
					}
					if err := db.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":             "",
		"a bare path":         "data.db",
		"an unknown scheme":   "mysql://root:secret@db/x",
		"SQLite without file": "sqlite:",
		"no such directory":   "sqlite:/nowhere/at/all.db",
		"no server":           "postgres://u:secret@127.0.0.1:1/x",
		"a bad port":          "postgres://u:secret@db:port/x",
	}
	for name, url := range tests {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(t.Context(), url, nil)
			if err == nil {
				t.Fatal("opened", db.Close())
			}
			msg, ok := errs.Message(err)
			if !ok {
				t.Errorf("no message for the user: %v", err)
			}
			if strings.Contains(msg.String(), "secret") {
				t.Errorf("the message tells the password: %s", msg)
			}
		})
	}
}

// atLast writes down, at the end, what a transaction was told.
type atLast struct {
	table string
	told  []string
	fail  error
}

func (a *atLast) End(ctx context.Context, tx *store.Tx) error {
	for _, text := range a.told {
		if _, err := tx.Exec(ctx, `INSERT INTO `+a.table+` (word) VALUES ($1)`, text); err != nil {
			return err
		}
	}
	return a.fail
}

// TestAtEnd: an ending runs once, after its function and in its transaction: what it writes is there with the rest, or nothing is.
func TestAtEnd(t *testing.T) {
	schema := []store.Migrations{{Package: "trial", FS: fstest.MapFS{"migrations/0001_trial.sql": {Data: []byte("CREATE TABLE trial_word (word VARCHAR(20) NOT NULL PRIMARY KEY);\n")}}}}
	storetest.Each(t, schema, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		type key struct{}
		write := func(fail, failAtEnd error, words ...string) error {
			return db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				for _, w := range words {
					a := tx.AtEnd(key{}, func() store.Ending { return &atLast{table: "trial_word", fail: failAtEnd} }).(*atLast)
					a.told = append(a.told, w)
				}
				var n int
				if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM trial_word WHERE word = $1`, words[0]).Scan(&n); err != nil {
					return err
				}
				if n > 0 {
					t.Errorf("%s is written before the function has ended", words[0])
				}
				return fail
			})
		}
		broken := errors.New("broken")
		if err := write(nil, nil, "one", "two"); err != nil {
			t.Fatal(err)
		}
		if err := write(broken, nil, "three"); !errors.Is(err, broken) {
			t.Errorf("a function that fails: %v", err)
		}
		if err := write(nil, broken, "four"); !errors.Is(err, broken) {
			t.Errorf("an ending that fails: %v", err)
		}
		var all string
		rows, err := db.Read().Query(ctx, `SELECT word FROM trial_word ORDER BY word`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var w string
			if err := rows.Scan(&w); err != nil {
				t.Fatal(err)
			}
			all += w + " "
		}
		if all != "one two " {
			t.Errorf("kept %q, want one and two", all)
		}
	})
}

// testList reads all rows, ends at the first that cannot be read, names the query in an error and never what was asked for, and leaves no
// connection behind.
func testList(t *testing.T, db *store.DB) {
	ctx := t.Context()
	if err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for id, name := range []string{"c", "a", "b"} {
			if err := add(int64(id), name)(ctx, tx); err != nil {
				return err
			}
		}
		all, err := store.List(ctx, tx, scanName, `SELECT name FROM item WHERE name <> $1 ORDER BY name`, "c")
		if !slices.Equal(all, []string{"a", "b"}) {
			t.Errorf("in the transaction: %v", all)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if none, err := store.List(ctx, db.Read(), scanName, `SELECT name FROM item WHERE id > 9`); err != nil || len(none) != 0 {
		t.Errorf("none: %v, %v", none, err)
	}
	stop := errors.New("unreadable")
	for range 50 { // more than there are connections
		read := 0
		all, err := store.List(ctx, db.Read(), func(r *store.Rows) (string, error) {
			if read++; read == 2 {
				return "", stop
			}
			return scanName(r)
		}, `SELECT name FROM item WHERE name <> $1 ORDER BY id`, "secret")
		if !errors.Is(err, stop) || all != nil || read != 2 || !strings.Contains(err.Error(), "FROM item") || strings.Contains(err.Error(), "secret") {
			t.Fatalf("after %d rows: %v, %v", read, all, err)
		}
	}
	if _, err := store.List(ctx, db.Read(), scanName, `SELECT name FROM nothing`); err == nil || !strings.Contains(err.Error(), "FROM nothing") {
		t.Errorf("no such table: %v", err)
	}
}

func scanName(r *store.Rows) (name string, err error) { return name, r.Scan(&name) }
