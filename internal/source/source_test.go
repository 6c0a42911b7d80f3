package source

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var now = time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)

// each runs a test with a store that owns one table, said.
func each(t *testing.T, test func(ctx context.Context, t *testing.T, s *Store)) {
	storetest.Each(t, []store.Migrations{Migrations}, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := New(db, clock.Fixed(now))
		err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `CREATE TABLE said (source_id BIGINT NOT NULL, n BIGINT NOT NULL)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Owns("said")
		test(ctx, t, s)
	})
}

func begin(ctx context.Context, t *testing.T, s *Store, src Source) int64 {
	t.Helper()
	if src.Kind == "" {
		src.Kind = Import
	}
	if src.Authority == "" {
		src.Authority = "tax"
	}
	if src.Name == "" {
		src.Name = "a.xlsx"
	}
	id, err := s.Begin(ctx, access.SystemScope(), src)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// say stages n rows.
func say(ctx context.Context, s *Store, id int64, n int) error {
	return s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		first, err := s.Stage(ctx, tx, id, n)
		if err != nil {
			return err
		}
		for i := range n {
			if _, err := tx.Exec(ctx, `INSERT INTO said (source_id, n) VALUES ($1, $2)`, id, first+int64(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, what string, err error, kind errs.Kind) {
	t.Helper()
	if err == nil || errs.KindOf(err) != kind {
		t.Errorf("%s: error %v, want kind %d", what, err, kind)
	}
}

func count(ctx context.Context, t *testing.T, s *Store, id int64) (n int) {
	t.Helper()
	must(t, s.db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM said WHERE source_id = $1`, id).Scan(&n))
	return n
}

func TestLife(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, s *Store) {
		id := begin(ctx, t, s, Source{Area: "320904"})
		must(t, say(ctx, s, id, 2))
		must(t, say(ctx, s, id, 1))
		live, err := s.Live(ctx, 0)
		must(t, err)
		if len(live) != 0 {
			t.Errorf("pending source is known: %v", live)
		}
		seq, err := s.Publish(ctx, id, nil)
		must(t, err)

		wantKind(t, "stage under a published source", say(ctx, s, id, 1), errs.KindConflict)
		wantKind(t, "discard a published source", s.Discard(ctx, id), errs.KindConflict)
		_, err = s.Publish(ctx, id, nil)
		wantKind(t, "publish twice", err, errs.KindConflict)

		undone, err := s.Retract(ctx, access.SystemScope(), id, "wrong file")
		must(t, err)
		_, err = s.Retract(ctx, access.SystemScope(), id, "again")
		wantKind(t, "retract twice", err, errs.KindConflict)

		got, err := s.Get(ctx, access.SystemScope(), id)
		must(t, err)
		want := Source{
			ID: id, Kind: Import, Authority: "tax", Name: "a.xlsx", Area: "320904", ReceivedAt: now.UnixMilli(), State: Published,
			Rows: 3, Seq: seq, Retraction: &Retraction{Seq: undone, At: now.UnixMilli(), Reason: "wrong file"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("source (-want +got)\n%s", diff)
		}
		for known, want := range map[int64]map[int64]int64{seq: {id: seq}, undone: {}, 0: {}} {
			live, err := s.Live(ctx, known)
			must(t, err)
			if diff := cmp.Diff(want, live); diff != "" {
				t.Errorf("live at %d (-want +got)\n%s", known, diff)
			}
		}
		if n := count(ctx, t, s, id); n != 3 {
			t.Errorf("%d rows after the undo, want all 3", n)
		}
	})
}

func TestSameContentAddsNothing(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, s *Store) {
		first := begin(ctx, t, s, Source{Digest: "d", Name: "first.xlsx"})
		_, err := s.Publish(ctx, first, nil)
		must(t, err)

		twin := begin(ctx, t, s, Source{Digest: "d", Name: "second.xlsx"})
		_, err = s.Publish(ctx, twin, nil)
		wantKind(t, "publish the same content", err, errs.KindConflict)
		if msg, ok := errs.Message(err); !ok || msg.Key != "source.twice" || msg.Args[0] != "first.xlsx" {
			t.Errorf("message %v, want one that names the first", msg)
		}
		other := begin(ctx, t, s, Source{Digest: "d", Authority: "bank"})
		_, err = s.Publish(ctx, other, nil)
		must(t, err) // another authority that says the same is a second witness

		_, err = s.Retract(ctx, access.SystemScope(), first, "")
		must(t, err)
		if _, ok, err := s.ByDigest(ctx, "tax", "d"); ok || err != nil {
			t.Errorf("content of a retracted source is found: %v", err)
		}
		_, err = s.Publish(ctx, twin, nil)
		must(t, err) // after an undo the same content adds again
		src, ok, err := s.ByDigest(ctx, "tax", "d")
		if err != nil || !ok || src.ID != twin {
			t.Errorf("by digest: %v %v %v, want source %d", src.ID, ok, err, twin)
		}
	})
}

func TestFailedPublishLeavesPending(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, s *Store) {
		id := begin(ctx, t, s, Source{})
		broken := fmt.Errorf("broken")
		if _, err := s.Publish(ctx, id, func(context.Context, *store.Tx, int64) error { return broken }); err == nil {
			t.Fatal("published in spite of the error")
		}
		src, err := s.Get(ctx, access.SystemScope(), id)
		must(t, err)
		log, err := s.Log(ctx, 0, 0)
		must(t, err)
		if src.State != Pending || len(log) != 0 {
			t.Errorf("state %s, log %v; want pending and nothing", src.State, log)
		}
	})
}

func TestPurge(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, s *Store) {
		kept := begin(ctx, t, s, Source{})
		must(t, say(ctx, s, kept, 2))
		_, err := s.Publish(ctx, kept, nil)
		must(t, err)
		crashed := begin(ctx, t, s, Source{})
		must(t, say(ctx, s, crashed, 2))
		half := begin(ctx, t, s, Source{}) // a crash in the middle of discarding
		must(t, say(ctx, s, half, 2))
		must(t, s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return move(ctx, tx, discard, half) }))

		n, err := s.PurgePending(ctx, now.UnixMilli()) // what was touched at this instant may be running elsewhere
		if err != nil || n != 1 || count(ctx, t, s, crashed) != 2 || count(ctx, t, s, half) != 0 {
			t.Errorf("purged %d (%v), want the half discarded one alone", n, err)
		}
		n, err = s.PurgePending(ctx, math.MaxInt64)
		if err != nil || n != 1 || count(ctx, t, s, crashed) != 0 || count(ctx, t, s, kept) != 2 {
			t.Errorf("purged %d (%v), want the crashed one", n, err)
		}
		_, err = s.Get(ctx, access.SystemScope(), crashed)
		wantKind(t, "read a purged source", err, errs.KindNotFound)
	})
}

func TestScope(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, s *Store) {
		dafeng := access.NewScope(7, access.CountyOfficial, []string{"320904"}, nil)
		firm := access.NewScope(8, access.Enterprise, nil, []int64{55})
		_, err := s.Begin(ctx, dafeng, Source{Kind: Import, Authority: "bureau", Name: "x", Area: "320981"})
		wantKind(t, "import for a foreign county", err, errs.KindForbidden)
		_, err = s.Begin(ctx, access.Scope{}, Source{Kind: Import, Authority: "bureau", Name: "x"})
		wantKind(t, "import without a grant", err, errs.KindForbidden)
		_, err = s.Begin(ctx, dafeng, Source{Area: "320904"})
		wantKind(t, "import without a name", err, errs.KindInvalid)

		own := begin(ctx, t, s, Source{Area: "320904"})
		foreign := begin(ctx, t, s, Source{Area: "320981"})
		said := begin(ctx, t, s, Source{Area: "320981", Party: 55})
		for _, id := range []int64{own, foreign, said} {
			_, err := s.Publish(ctx, id, nil)
			must(t, err)
		}
		for name, c := range map[string]struct {
			scope access.Scope
			want  []int64
		}{
			"county":     {dafeng, []int64{own}},
			"enterprise": {firm, []int64{said}},
			"nobody":     {access.Scope{}, nil},
			"system":     {access.SystemScope(), []int64{said, foreign, own}},
		} {
			list, err := s.List(ctx, c.scope, Page{})
			must(t, err)
			var got []int64
			for _, src := range list {
				got = append(got, src.ID)
				if _, err := s.Get(ctx, c.scope, src.ID); err != nil {
					t.Errorf("%s: listed but not readable: %v", name, err)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
		}
		list, err := s.List(ctx, access.SystemScope(), Page{Before: said, Limit: 1})
		if err != nil || len(list) != 1 || list[0].ID != foreign {
			t.Errorf("second page: %v %v", list, err)
		}
		_, err = s.Retract(ctx, dafeng, foreign, "")
		wantKind(t, "retract a foreign source", err, errs.KindNotFound)
		_, err = s.Retract(ctx, firm, said, "")
		wantKind(t, "retract without the right", err, errs.KindForbidden)
		_, err = s.Retract(ctx, dafeng, own, "")
		must(t, err)
	})
}

func TestLog(t *testing.T) {
	each(t, func(ctx context.Context, t *testing.T, s *Store) {
		id := begin(ctx, t, s, Source{})
		_, err := s.Publish(ctx, id, nil)
		must(t, err)
		seq, err := s.Commit(ctx, LogEntry{Kind: Merge, From: 4, Into: 5, Actor: 6, Reason: "same code"}, nil)
		must(t, err)
		_, err = s.Commit(ctx, LogEntry{Kind: Unmerge, From: 4, Into: 5}, nil)
		must(t, err)
		log, err := s.Log(ctx, seq-1, seq)
		must(t, err)
		want := []LogEntry{{Seq: seq, Kind: Merge, From: 4, Into: 5, At: now.UnixMilli(), Actor: 6, Reason: "same code"}}
		if diff := cmp.Diff(want, log); diff != "" {
			t.Errorf("log (-want +got)\n%s", diff)
		}
	})
}
