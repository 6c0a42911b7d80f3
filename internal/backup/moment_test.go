package backup

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
)

// hand is a clock that stands still until it is moved.
type hand struct{ ms atomic.Int64 }

func (h *hand) now() time.Time { return time.UnixMilli(h.ms.Load()) }

// world is an installation with a schedule, driven by hand, and what it should hold at each moment.
type world struct {
	*testing.T
	hand   hand
	data   string
	place  string
	db     *store.DB
	files  blob.Dir
	keeper *Keeper
	rows   map[int64]int64
	past   []moment
	put    int
	broken []moment // where a journal ended: from the first to the second is not known
}

// moment is what there is from an instant on.
type moment struct {
	at    int64
	rows  map[int64]int64
	files []string
}

const start = 1730336400000

func newWorld(t *testing.T) *world {
	w := &world{T: t, data: filepath.Join(t.TempDir(), "data"), place: filepath.Join(t.TempDir(), "place"), rows: map[int64]int64{}}
	w.hand.ms.Store(start)
	if err := os.MkdirAll(w.data, 0o700); err != nil {
		t.Fatal(err)
	}
	w.open()
	return w
}

func (w *world) schedule() Schedule {
	return Schedule{To: w.place, Every: time.Hour, Keep: 3, Ship: time.Second}
}

func (w *world) deps() Deps {
	return Deps{
		DB: w.db, Data: w.data, Version: "v1", Clock: w.hand.now, Prove: func(context.Context, string) error { return nil },
		Failed: func(_ context.Context, err error, _ bool) { w.Errorf("failed: %v", err) }, Done: func(Good) {},
	}
}

func (w *world) open() {
	w.Helper()
	var err error
	if w.db, err = store.Open(w.Context(), "sqlite:"+filepath.Join(w.data, database), pairs); err != nil {
		w.Fatal(err)
	}
	if w.files, err = blob.Open(filepath.Join(w.data, files)); err != nil {
		w.Fatal(err)
	}
	if w.keeper, err = Open(w.Context(), w.schedule(), w.deps()); err != nil {
		w.Fatal(err)
	}
}

func (w *world) close() {
	w.Helper()
	if err := errors.Join(w.keeper.Finish(w.Context()), w.db.Close(), w.keeper.Close()); err != nil {
		w.Fatal(err)
	}
}

// commit changes random rows in one transaction, and may bring in a file before.
func (w *world) commit() {
	w.Helper()
	w.hand.ms.Add(rand.Int64N(4))
	var last []string
	if len(w.past) > 0 {
		last = w.past[len(w.past)-1].files
	}
	if rand.IntN(4) == 0 {
		w.put++
		sha, _, err := w.files.Put(strings.NewReader(strings.Repeat("file ", w.put)), 1<<20)
		if err != nil {
			w.Fatal(err)
		}
		last = append(last[:len(last):len(last)], sha)
	}
	rows := maps.Clone(w.rows)
	err := w.db.Write(w.Context(), func(ctx context.Context, tx *store.Tx) error {
		rows = maps.Clone(w.rows)
		for range 1 + rand.IntN(40) {
			k, v := rand.Int64N(3000), rand.Int64()
			if _, err := tx.Exec(ctx, `DELETE FROM pair WHERE id = $1`, k); err != nil {
				return err
			}
			delete(rows, k)
			if v%5 == 0 {
				continue
			}
			if _, err := tx.Exec(ctx, insertPair, k, v); err != nil {
				return err
			}
			rows[k] = v
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	w.rows = rows
	w.past = append(w.past, moment{w.hand.ms.Load(), rows, last})
}

func (w *world) backup() {
	w.Helper()
	w.hand.ms.Add(1)
	if _, err := w.keeper.Backup(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// at is what should be there at an instant.
func (w *world) at(ms int64) moment {
	var m moment
	for _, p := range w.past {
		if p.at > ms {
			break
		}
		m = p
	}
	return m
}

// compare restores a moment and compares it with what should be there.
func (w *world) compare(at, want int64) {
	w.Helper()
	to := filepath.Join(w.TempDir(), "back")
	if _, err := RestoreAt(w.Context(), w.place, to, at); err != nil {
		w.Fatalf("restore %s: %v", instant(at), err)
	}
	m := w.at(want)
	if diff := cmp.Diff(m.rows, rowsOf(w.T, to)); diff != "" {
		w.Fatalf("at %s (-want +got)\n%s", instant(at), diff)
	}
	for _, sha := range m.files {
		if sum, _, err := digest(filepath.Join(to, files, sha[:2], sha)); err != nil || sum != sha {
			w.Errorf("at %s: file %s is %s, %v", instant(at), sha, sum, err)
		}
	}
	if err := os.RemoveAll(to); err != nil {
		w.Fatal(err)
	}
}

// rowsOf reads what a restored directory holds.
func rowsOf(t *testing.T, dir string) map[int64]int64 {
	t.Helper()
	if _, err := store.Examine(t.Context(), filepath.Join(dir, database)); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, database), pairs)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // of a copy
	rows, err := db.Read().Query(t.Context(), `SELECT id, half FROM pair ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := map[int64]int64{}
	for rows.Next() {
		var k, v int64
		if err := rows.Scan(&k, &v); err != nil {
			t.Fatal(err)
		}
		got[k] = v
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return got
}

// Whatever was committed, shipped, backed up and closed in whichever order: every moment from the oldest backup to the end of the
// journal comes back as it was.
func TestEveryMoment(t *testing.T) {
	w := newWorld(t)
	w.commit()
	w.backup()
	for range 150 {
		switch rand.IntN(16) {
		case 0:
			w.backup()
		case 1:
			w.close()
			w.open()
			if w.keeper.State().Due == w.hand.ms.Load() {
				t.Error("the journal was not gone on with after an orderly end")
			}
		case 2, 3, 4:
			if err := w.keeper.ship.ship(t.Context(), true); err != nil {
				t.Fatal(err)
			}
		default:
			w.commit()
		}
	}
	w.close()
	all, err := held(w.place)
	if err != nil || len(all) == 0 || len(all) > 3 {
		t.Fatalf("%d backups, %v", len(all), err)
	}
	first, last := all[0].Moment, w.past[len(w.past)-1].at
	for range 40 {
		at := first + rand.Int64N(last-first+1)
		w.compare(at, at)
	}
	w.compare(first, first)
	w.compare(last, last)
	w.compare(0, last)
	_, err = RestoreAt(t.Context(), w.place, filepath.Join(t.TempDir(), "early"), first-1)
	wantKind(t, "a moment before the oldest backup", err, errs.KindNotFound)
}
