package store_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// TestFollowingIDsSkips is the control of "a follower misses nothing": with ids in place of the commit sequence, one
// that was taken early and committed late is skipped for ever.
func TestFollowingIDsSkips(t *testing.T) {
	db := storetest.Postgres(t, []store.Migrations{schema()})
	insert := func(meanwhile func() error) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			id, err := tx.NextIDs(ctx, 1)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO entry (seq, n, amount) VALUES ($1, 0, 1)`, id); err != nil {
				return err
			}
			return meanwhile()
		}
	}
	last := 0
	err := db.Write(t.Context(), insert(func() error {
		if err := db.Write(t.Context(), insert(func() error { return nil })); err != nil {
			return err
		}
		last = count(t, db, `SELECT MAX(seq) FROM entry`)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM entry WHERE seq > $1`, last); n != 0 {
		t.Errorf("%d rows above %d: the follower would have seen the late one", n, last)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM entry WHERE seq < $1`, last); n != 1 {
		t.Errorf("%d rows were skipped, want 1", n)
	}
}

// TestLosersAreRunAgain makes two transactions wait for each other: PostgreSQL ends one of them, and it is run again.
func TestLosersAreRunAgain(t *testing.T) {
	db := storetest.Postgres(t, []store.Migrations{schema()})
	err := db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO balance (id, amount) VALUES (2, 0)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var runs atomic.Int64
	met := make(chan struct{}, 2)
	both := make(chan struct{})
	transfer := func(from, to int) func(context.Context, *store.Tx) error {
		first := true
		return func(ctx context.Context, tx *store.Tx) error {
			runs.Add(1)
			if _, err := tx.Exec(ctx, `UPDATE balance SET amount = amount - 1 WHERE id = $1`, from); err != nil {
				return err
			}
			if first { // each holds one row before either asks for the other
				first = false
				met <- struct{}{}
				<-both
			}
			_, err := tx.Exec(ctx, `UPDATE balance SET amount = amount + 1 WHERE id = $1`, to)
			return err
		}
	}
	var group errgroup.Group
	group.Go(func() error { return db.Write(t.Context(), transfer(1, 2)) })
	group.Go(func() error { return db.Write(t.Context(), transfer(2, 1)) })
	<-met
	<-met
	close(both)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := runs.Load(); n < 3 { // more where the loser comes back before the winner has what it waits for
		t.Errorf("%d runs of two transactions of which one lost, want at least 3", n)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM balance WHERE amount = 0`); n != 2 {
		t.Errorf("%d of 2 balances are 0", n)
	}
}

// TestCutOffNeighbours: most of those who want one of a few connections are cut off in the middle of a statement, which
// closes theirs. The others, who write, read and look at one moment, are none the worse for it.
func TestCutOffNeighbours(t *testing.T) {
	db := storetest.Postgres(t, []store.Migrations{schema()})
	const slow = `SELECT 1 FROM pg_sleep(0.003)`
	var all errgroup.Group
	for w := range 128 {
		cut := w%4 != 0
		all.Go(func() error {
			for range 2 {
				ctx, cancel := context.WithCancel(t.Context())
				one := func(ctx context.Context, q store.Querier) error {
					if cut {
						time.AfterFunc(time.Millisecond, cancel)
					}
					var n int
					return q.QueryRow(ctx, slow).Scan(&n)
				}
				var err error
				switch {
				case w%8 < 4:
					err = db.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return one(ctx, tx) })
				case cut || w%16 < 8:
					err = db.Snapshot(ctx, one)
				default:
					err = one(ctx, db.Read())
				}
				cancel()
				if err != nil && !cut {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}
