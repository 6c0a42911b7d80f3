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
	"github.com/yanzhen/yanzhen/internal/i18n"
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
	bare   bool        // no journal is kept
	told   func(error) // hears what fails; nil where nothing may
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
	s := Schedule{To: w.place, Every: time.Hour, Keep: 3, Ship: time.Second}
	if w.bare {
		s.Ship = 0
	}
	return s
}

func (w *world) deps() Deps {
	return Deps{
		DB: w.db, Data: w.data, Version: "v1", Clock: w.hand.now, Prove: func(context.Context, string) error { return nil },
		Failed: func(_ context.Context, err error, _ bool) {
			if w.told == nil {
				w.Errorf("failed: %v", err)
				return
			}
			w.told(err)
		},
		Done: func(Good) {},
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
		case 5:
			w.keeper.ship.mu.Lock()
			_, err := w.keeper.ship.next()
			w.keeper.ship.mu.Unlock()
			if err := errors.Join(err, w.keeper.pack(t.Context())); err != nil {
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

// spoilPlace copies a place, does something to it, and tries to restore.
func (w *world) spoilPlace(spoil func(place string) error, at int64) error {
	w.Helper()
	place := filepath.Join(w.TempDir(), "place")
	if err := os.CopyFS(place, os.DirFS(w.place)); err != nil {
		w.Fatal(err)
	}
	if err := spoil(place); err != nil {
		w.Fatal(err)
	}
	to := filepath.Join(w.TempDir(), "back")
	_, err := RestoreAt(w.Context(), place, to, at)
	if left, globErr := filepath.Glob(to + "*"); err != nil && (globErr != nil || len(left) > 0) {
		w.Errorf("left %v, %v", left, globErr)
	}
	return err
}

// What a moment needs and what is missing or damaged is named, with the last moment before it, which can be had; what it does not
// need is in nobody's way.
func TestDamagedJournal(t *testing.T) {
	t.Run("as written", func(t *testing.T) { damagedJournal(t, false) })
	t.Run("packed", func(t *testing.T) { damagedJournal(t, true) })
}

func damagedJournal(t *testing.T, packed bool) {
	w := newWorld(t)
	w.commit()
	w.backup()
	var ends []int64 // of each segment
	for range 3 {
		for range 12 {
			w.hand.ms.Add(1)
			w.commit()
		}
		if err := w.keeper.ship.ship(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, w.hand.ms.Load())
		w.keeper.ship.mu.Lock()
		if _, err := w.keeper.ship.next(); err != nil {
			t.Fatal(err)
		}
		w.keeper.ship.mu.Unlock()
		w.hand.ms.Add(5)
	}
	nameOf := func(n int) string { return filepath.Base(segmentPath("", "", n)) }
	if packed {
		if err := w.keeper.pack(t.Context()); err != nil {
			t.Fatal(err)
		}
		nameOf = func(n int) string { return filepath.Base(segmentPath("", "", n)) + packedSuffix }
	}
	w.close()
	chain := filepath.Join(journalDir, w.keeper.ship.current())
	segments, err := segmentsOf(filepath.Join(w.place, journalDir), w.keeper.ship.current())
	if err != nil || len(segments) != 4 { // the last is empty
		t.Fatalf("segments %v, %v", segments, err)
	}
	second := filepath.Join(chain, nameOf(segments[1]))
	flip := func(name string, from float64, mask byte) func(string) error {
		return func(place string) error {
			path := filepath.Join(place, name)
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			b[int(from*float64(len(b)-1))] ^= mask
			return os.WriteFile(path, b, 0o600)
		}
	}
	for name, spoil := range map[string]func(string) error{
		"missing":        func(place string) error { return os.Remove(filepath.Join(place, second)) },
		"empty":          func(place string) error { return os.Truncate(filepath.Join(place, second), 0) },
		"cut off":        func(place string) error { return os.Truncate(filepath.Join(place, second), 5000) },
		"header flipped": flip(second, 0.0001, 1),
		"middle flipped": flip(second, 0.5, 0x80),
		"end flipped":    flip(second, 1, 4),
		"another's": func(place string) error {
			b, err := os.ReadFile(filepath.Join(place, chain, nameOf(segments[0])))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(place, second), b, 0o600)
		},
	} {
		err := w.spoilPlace(spoil, 0)
		wantKind(t, name, err, errs.KindInvalid)
		msg, _ := errs.Message(err)
		if !strings.Contains(msg.String(), filepath.Base(segmentPath("", "", segments[1]))) {
			t.Errorf("%s: %s does not name it", name, msg)
		}
		// The moment that the message offers can be had, and is what was then.
		_, offered, ok := strings.Cut(msg.String(), "--at ")
		offered, _, _ = strings.Cut(offered, " ")
		at, parseErr := time.Parse(time.RFC3339Nano, offered)
		if !ok || parseErr != nil || at.UnixMilli() < ends[0] || at.UnixMilli() > ends[1] {
			t.Errorf("%s: %s", name, msg)
			continue
		}
		for _, ms := range []int64{at.UnixMilli(), ends[0]} {
			if err := w.spoilPlace(spoil, ms); err != nil {
				t.Errorf("%s: at %s: %v", name, instant(ms), err)
			}
		}
	}

	// Only the end of all may be cut off within a record: that is how a machine stops. What was begun is not taken. What was packed
	// was whole then.
	last := filepath.Join(chain, nameOf(segments[2]))
	whole, err := os.Stat(filepath.Join(w.place, last))
	if err != nil {
		t.Fatal(err)
	}
	cut := func(place string) error {
		return errors.Join(os.Remove(filepath.Join(place, chain, filepath.Base(segmentPath("", "", segments[3])))), os.Truncate(filepath.Join(place, last), whole.Size()-100))
	}
	if packed {
		wantKind(t, "the end of a packed one", w.spoilPlace(cut, 0), errs.KindInvalid)
		return
	}
	if err := cut(w.place); err != nil {
		t.Fatal(err)
	}
	w.compare(0, w.past[len(w.past)-2].at)
}

// FuzzSegment reads segments that anybody may have written: it ends, and says what is wrong.
func FuzzSegment(f *testing.F) {
	dir := f.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "c"), 0o700); err != nil {
		f.Fatal(err)
	}
	r, err := beginSegment(dir, tail{Chain: "c", Page: 512, At: 1})
	if err != nil {
		f.Fatal(err)
	}
	for n := range 3 {
		if err := errors.Join(
			r.file(File{Path: "files/aa/x", Size: int64(n), SHA256: strings.Repeat("ab", 32)}),
			r.commit(store.Change{At: int64(n + 2), Size: 1}),
		); err != nil {
			f.Fatal(err)
		}
	}
	path := segmentPath(dir, "c", 1)
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-10])
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := filepath.Join(t.TempDir(), "c")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := segmentPath(filepath.Dir(dir), "c", 1)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := readSegment(path, nil, &visit{})
		switch {
		case err == nil && read.Bytes != int64(len(b)):
			t.Errorf("%d of %d bytes are whole, and nothing is said", read.Bytes, len(b))
		case read.Bytes > int64(len(b)):
			t.Errorf("%d of %d bytes", read.Bytes, len(b))
		case err != nil && !errors.Is(err, errCut) && !errors.Is(err, errDamaged):
			t.Errorf("error %v", err)
		}
	})
}

// FuzzPacked reads packed segments that anybody may have written: there is none that merely ends too early.
func FuzzPacked(f *testing.F) {
	dir := f.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "c"), 0o700); err != nil {
		f.Fatal(err)
	}
	r, err := beginSegment(dir, tail{Chain: "c", Page: 512, At: 1})
	if err != nil {
		f.Fatal(err)
	}
	path := segmentPath(dir, "c", 1)
	err = errors.Join(r.file(File{Path: "files/aa/x", SHA256: strings.Repeat("ab", 32)}), r.commit(store.Change{At: 2, Size: 1}), r.f.Close(), packSegment(f.Context(), path))
	if err != nil {
		f.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		f.Fatalf("it is there unpacked, too: %v", err)
	}
	if t, err := readSegment(path, nil, &visit{}); err != nil || t.Records != 2 || t.Digest != r.Digest {
		f.Fatalf("%d records, %v", t.Records, err)
	}
	whole, err := os.ReadFile(path + packedSuffix)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	for n := range len(whole) {
		f.Add(whole[:n])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := filepath.Join(t.TempDir(), "c")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := segmentPath(filepath.Dir(dir), "c", 1)
		if err := os.WriteFile(path+packedSuffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := readSegment(path, nil, &visit{})
		if err != nil && !errors.Is(err, errDamaged) || err == nil && len(b) < len(whole) && string(whole[:len(b)]) == string(b) {
			t.Errorf("%d bytes of %d: %v", len(b), len(whole), err)
		}
	})
}

// A database that was written to while nobody followed it is not joined to the journal of before: another begins, with a backup
// of its own, and a moment in between is named as a gap.
func TestWrittenUnseen(t *testing.T) {
	w := newWorld(t)
	w.commit()
	w.backup()
	w.hand.ms.Add(10)
	w.commit()
	w.close()
	seen := w.hand.ms.Load()

	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(w.data, database), pairs)
	if err != nil {
		t.Fatal(err)
	}
	w.db = db
	w.hand.ms.Add(10)
	w.commit()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	w.open()
	if w.keeper.State().Due > w.hand.ms.Load() {
		t.Error("no backup is due for the new journal")
	}
	w.hand.ms.Add(10)
	w.backup()
	based := w.hand.ms.Load()
	w.commit()
	w.close()

	w.compare(seen, seen)
	w.compare(based, based)
	w.compare(0, w.hand.ms.Load())
	_, err = RestoreAt(t.Context(), w.place, filepath.Join(t.TempDir(), "gap"), seen+5)
	wantKind(t, "a moment in the gap", err, errs.KindInvalid)
}

// Where what is committed can no longer be read, the schedule says so, begins another journal and backs up at once.
func TestVerifyFindsABrokenJournal(t *testing.T) {
	w := newWorld(t)
	w.commit()
	w.backup()
	w.commit()
	w.commit()
	if err := w.keeper.ship.ship(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	chain := w.keeper.ship.current()
	path := segmentPath(filepath.Join(w.place, journalDir), chain, w.keeper.ship.to.Segment)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	w.hand.ms.Add(1)
	if _, err := w.keeper.Backup(t.Context()); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a backup whose journal is damaged: %v", err)
	}
	if _, goes := w.keeper.ship.standing(); goes {
		t.Error("the damaged journal goes on")
	}
	if all, err := proven(w.place); err != nil || len(all) != 1 {
		t.Errorf("%d verified backups, %v: the one before stays alone", len(all), err)
	}
	if err := w.keeper.ship.again(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.backup()
	w.commit()
	w.close()
	w.compare(0, w.hand.ms.Load())
}

// A file that the disk of the place has spoilt, in all backups at once since they share it, is brought anew, and told; one that the
// data directory has no better one of is not, and the backup fails.
func TestPlaceSpoilsAFile(t *testing.T) {
	w := newWorld(t)
	var told []string
	w.told = func(err error) {
		msg, _ := errs.Message(err)
		told = append(told, msg.Key)
	}
	sha, _, err := w.files.Put(strings.NewReader("发票"), 100)
	if err != nil {
		t.Fatal(err)
	}
	spoil := func(root string) {
		t.Helper()
		path := filepath.Join(root, files, sha[:2], sha)
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("发粟"), 0o600); err != nil { // the same file, and as long
			t.Fatal(err)
		}
	}
	w.commit()
	w.backup()
	w.commit()
	w.backup()
	spoil(w.place)
	all, err := held(w.place)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d backups, %v", len(all), err)
	}
	for _, b := range all {
		_, err := Restore(t.Context(), b.place, filepath.Join(t.TempDir(), "back"))
		wantKind(t, "a backup whose file is spoilt", err, errs.KindInvalid)
	}
	w.commit()
	w.backup()
	if all, err = held(w.place); err != nil || len(all) != 3 {
		t.Fatalf("%d backups, %v", len(all), err)
	}
	for _, b := range all {
		back := filepath.Join(t.TempDir(), "back")
		if _, err := Restore(t.Context(), b.place, back); err != nil {
			t.Errorf("after it was brought anew: %v", err)
			continue
		}
		if text, err := os.ReadFile(filepath.Join(back, files, sha[:2], sha)); err != nil || string(text) != "发票" {
			t.Errorf("the file reads %q, %v", text, err)
		}
	}
	if diff := cmp.Diff([]string{"backup.renewed"}, told); diff != "" {
		t.Errorf("told (-want +got)\n%s", diff)
	}

	spoil(w.place)
	spoil(w.data)
	_, err = w.keeper.Backup(t.Context())
	wantKind(t, "a file that both disks have spoilt", err, errs.KindUnavailable)
	if msg, _ := errs.Message(err); msg.Key != "backup.spoilt" || len(told) != 1 {
		t.Errorf("it says %s, and told %v", msg, told)
	}
	w.close()
}

// Where a journal was kept once and no more, the place gives the last backup and not an older one with its journal; a moment
// after the end of that journal is refused, and the messages name what can be had.
func TestJournalNoMore(t *testing.T) {
	w := newWorld(t)
	w.commit()
	w.backup()
	w.hand.ms.Add(1)
	w.commit()
	w.close()
	end := w.past[len(w.past)-1].at
	w.bare = true
	w.open()
	w.hand.ms.Add(10)
	w.commit()
	w.backup()
	made := w.hand.ms.Load()
	w.close()
	w.compare(0, made)
	w.compare(end, end)
	r, err := RestoreAt(t.Context(), w.place, filepath.Join(t.TempDir(), "back"), 0)
	if err != nil || r.Last != made || r.Commits != 0 {
		t.Errorf("it says %d commits up to %d, %v", r.Commits, r.Last, err)
	}
	for _, at := range []int64{end + 1, made, made + 1000} {
		_, err := RestoreAt(t.Context(), w.place, filepath.Join(t.TempDir(), "never"), at)
		wantKind(t, "a moment of which nothing is known", err, errs.KindInvalid)
		if msg, _ := errs.Message(err); !strings.Contains(msg.String(), instant(end)) || !strings.Contains(msg.String(), r.Place) {
			t.Errorf("%s does not say what can be had", msg)
		}
	}
}

// A clock that ran ahead and was set back stops no backups, hides no lapse, and takes the newest backup neither away nor for an
// older one.
func TestClockSetBack(t *testing.T) {
	w := newWorld(t)
	ahead := int64(1000 * time.Hour / time.Millisecond)
	w.hand.ms.Add(ahead)
	w.commit()
	for range 3 {
		w.backup()
	}
	w.hand.ms.Add(-ahead)
	w.commit()
	w.close()
	w.open()
	if wait := w.keeper.wait(); wait != 0 {
		t.Errorf("the next backup is made after %s", wait)
	}
	w.rows[-1] = 1
	if err := w.db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertPair, -1, 1)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	good, err := w.keeper.Backup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := proven(w.place)
	if n := len(all); err != nil || n == 0 || all[n-1].Name != good.Name {
		t.Fatalf("the backup %s is not the last of %d, %v", good.Name, n, err)
	}
	every := w.schedule().Every.Milliseconds()
	if l := (State{Every: every, Good: &good}).Lapse(good.Verified+3*every, 0); len(l) != 1 {
		t.Errorf("lapses %v", l)
	}
	w.close()
	to := filepath.Join(t.TempDir(), "back")
	if _, err := RestoreAt(t.Context(), w.place, to, 0); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.rows, rowsOf(t, to)); diff != "" {
		t.Errorf("the last that there is (-want +got)\n%s", diff)
	}
}

// What is wrong with backups is told in moments as pages tell them; only what --at asks for is told to the millisecond.
func TestLapseTellsMomentsAsPagesDo(t *testing.T) {
	made := time.Date(2026, 11, 29, 2, 15, 7, 123e6, time.UTC).UnixMilli()
	state := State{
		Every: 3_600_000, Good: &Good{Made: made, Verified: made}, FailedAt: made, Failed: i18n.M("backup.journal_differs", "a", "b"),
		Through: made, JournalFailed: i18n.M("backup.journal_ended"), Alive: made,
	}
	all := state.Lapse(made+100*3_600_000, 0)
	if len(all) != 4 {
		t.Fatalf("lapses: %v", all)
	}
	for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
		for _, l := range all {
			said := i18n.T{Lang: lang}.Msg(l)
			if !strings.Contains(said, "2026-11-29 10:15") || strings.Contains(said, "10:15:07") || strings.Contains(said, "+08:00") {
				t.Errorf("%s: %s", lang, said)
			}
		}
	}
}
