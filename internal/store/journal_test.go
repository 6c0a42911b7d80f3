package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
)

// What a journal gives, put over a copy page by page, is the database byte by byte: while many write, and through many
// checkpoints, after each of which SQLite begins its log anew.
func TestJournalIsTheDatabase(t *testing.T) {
	dir := t.TempDir()
	db, err := open(t.Context(), "sqlite:"+filepath.Join(dir, "db"), trialSchema, options{checkpointPages: 20})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // of a test
	if err := writePair(t.Context(), db, 1<<40); err != nil {
		t.Fatal(err)
	}
	j, joins, err := db.OpenJournal(t.Context(), clock.System(), nil, nil)
	if err != nil || joins {
		t.Fatalf("open: joins %v, %v", joins, err)
	}
	follow := &follower{t: t, file: filepath.Join(dir, "followed"), page: int64(j.PageSize())}
	reading, stop := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	defer func() { stop(); beside.Wait() }() // before the database is closed, whatever fails
	beside.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for reading.Err() == nil {
			follow.read(j)
			select {
			case <-tick.C:
			case <-j.Wake():
			case <-reading.Done():
			}
		}
	})
	var writers errgroup.Group
	for n := range int64(8) {
		writers.Go(func() error {
			for i := range int64(60) {
				if err := writePair(t.Context(), db, n<<32+i); err != nil {
					return err
				}
				if n == 1 && i%20 == 5 { // the log is emptied under the reader
					if err := db.Wipe(t.Context()); err != nil && errs.KindOf(err) != errs.KindConflict {
						return err
					}
				}
				if n == 0 && i == 20 {
					if _, err := db.Copy(t.Context(), follow.file); err != nil {
						return err
					}
					follow.copied.Store(true)
				}
			}
			return nil
		})
	}
	if err := writers.Wait(); err != nil {
		t.Fatal(err)
	}
	stop()
	beside.Wait()
	follow.read(j)
	end := filepath.Join(dir, "end")
	c, err := db.Copy(t.Context(), end)
	if err != nil {
		t.Fatal(err)
	}
	if c.Rows["half"] != 2*(8*60+1) {
		t.Errorf("rows %v", c.Rows)
	}
	want, err := os.ReadFile(end)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(follow.file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes followed, %d copied, not the same; %v", len(got), len(want), err)
	}
	if follow.runs < 3 {
		t.Errorf("the log was begun anew %d times: the test says little", follow.runs)
	}
}

// follower puts pages over a copy, from the cut on.
type follower struct {
	t      *testing.T
	file   string
	page   int64
	copied atomic.Bool // the copy is whole and looked over: before that it is not to be written to
	held   []heldPage  // came after the cut, before that
	cut    bool
	salt   uint64
	runs   int
	at     int64
}

type heldPage struct {
	n    uint32
	data []byte
	size uint32 // of the database, behind the last page of a commit; 0 before
}

func (f *follower) read(j *Journal) {
	err := j.Read(context.Background(), func(c Change) error {
		if c.At < f.at {
			f.t.Errorf("time ran backwards: %d after %d", c.At, f.at)
		}
		f.at = c.At
		if c.End.Salt != f.salt {
			f.salt = c.End.Salt
			f.runs++
		}
		if c.Cut {
			f.cut = true
			return nil
		}
		var n uint32
		return c.EachPage(func(page uint32, data []byte) error {
			if n++; f.cut {
				h := heldPage{n: page, data: bytes.Clone(data)}
				if n == c.Pages {
					h.size = c.Size
				}
				f.held = append(f.held, h)
			}
			return nil
		})
	})
	if err != nil {
		f.t.Error(err)
		return
	}
	if !f.copied.Load() {
		return
	}
	file, err := os.OpenFile(f.file, os.O_RDWR, 0)
	if err != nil {
		f.t.Error(err)
		return
	}
	defer file.Close()
	for _, h := range f.held {
		if _, err := file.WriteAt(h.data, int64(h.n-1)*f.page); err != nil {
			f.t.Error(err)
		}
		if h.size > 0 {
			if err := file.Truncate(int64(h.size) * f.page); err != nil {
				f.t.Error(err)
			}
		}
	}
	f.held = nil
}

// A reader that stands still does not keep anybody from writing, nor the log from being begun anew in the end; it is told.
func TestJournalLost(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	db, err := open(t.Context(), "sqlite:"+file, trialSchema, options{checkpointPages: 2})
	if err != nil {
		t.Fatal(err)
	}
	j, _, err := db.OpenJournal(t.Context(), clock.System(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for n := range int64(200) {
		if err := writePair(t.Context(), db, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Read(t.Context(), func(Change) error { return nil }); !errors.Is(err, ErrJournalLost) {
		t.Errorf("read: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, complete := j.Ended(); complete {
		t.Error("a lost journal has read all")
	}
	if got := len(pairs(t, reopen(t, file))); got != 200 {
		t.Errorf("%d pairs", got)
	}
}

func reopen(t *testing.T, file string) *DB {
	t.Helper()
	db, err := Open(t.Context(), "sqlite:"+file, trialSchema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// A journal joins where nothing can have been committed that it did not see, and only there.
func TestJournalJoins(t *testing.T) {
	for name, test := range map[string]struct {
		between func(file string) error
		unread  bool // a commit is left when the database is closed
		joins   bool
	}{
		"at once":       {joins: true},
		"another wrote": {between: writeAlone},
		"one was left":  {unread: true},
		"the file was touched": {between: func(file string) error {
			b, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return os.WriteFile(file, b, 0o600)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "db")
			db, err := Open(t.Context(), "sqlite:"+file, trialSchema)
			if err != nil {
				t.Fatal(err)
			}
			j, _, err := db.OpenJournal(t.Context(), clock.System(), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for n := range int64(3) {
				if err := writePair(t.Context(), db, n); err != nil {
					t.Fatal(err)
				}
			}
			if !test.unread {
				if err := j.Read(t.Context(), func(Change) error { return nil }); err != nil {
					t.Fatal(err)
				}
			}
			since := j.Position()
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			left, complete := j.Ended()
			if complete == test.unread {
				t.Errorf("complete %v", complete)
			}
			var foot *Footprint
			if complete {
				foot = &left
			}
			if test.between != nil {
				time.Sleep(20 * time.Millisecond) // beyond a tick of the file system's clock
				if err := test.between(file); err != nil {
					t.Fatal(err)
				}
			}
			db = reopen(t, file)
			if err := writePair(t.Context(), db, 9); err != nil {
				t.Fatal(err)
			}
			j, joins, err := db.OpenJournal(t.Context(), clock.System(), &since, foot)
			if err != nil || joins != test.joins {
				t.Fatalf("joins %v, %v; want %v", joins, err, test.joins)
			}
			read := 0
			if err := j.Read(t.Context(), func(Change) error { read++; return nil }); err != nil || (read > 0) != joins {
				t.Errorf("%d changes read, %v", read, err)
			}
		})
	}
}

// A process is killed after SQLite has begun its log anew and before anybody read that: the journal goes on, as long as the log
// still shows that nothing else came between.
func TestJournalJoinsTheNextRun(t *testing.T) {
	dir := t.TempDir()
	db, err := open(t.Context(), "sqlite:"+filepath.Join(dir, "db"), trialSchema, options{checkpointPages: 40})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // of a test
	j, _, err := db.OpenJournal(t.Context(), clock.System(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	write := func(n int64) Position {
		t.Helper()
		if err := writePair(t.Context(), db, n); err != nil {
			t.Fatal(err)
		}
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.head
	}
	all := func() {
		t.Helper()
		if err := j.Read(t.Context(), func(Change) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	// killed is what another process finds: whether it joins, and how many changes it reads.
	killed := func(since Position) (joins bool, read int) {
		t.Helper()
		to := t.TempDir()
		for _, part := range []string{"db", "db-wal"} {
			b, err := os.ReadFile(filepath.Join(dir, part))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(to, part), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		j, joins, err := reopen(t, filepath.Join(to, "db")).OpenJournal(t.Context(), clock.System(), &since, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Read(t.Context(), func(Change) error { read++; return nil }); err != nil {
			t.Fatal(err)
		}
		return joins, read
	}
	// run writes until the log is begun anew, and leaves unread what did so. It gives the end of the run before, and what came ahead
	// of that.
	run := func(n int64) (end, ahead Position) {
		t.Helper()
		for ; ; n++ {
			all()
			was := j.Position()
			if now := write(n); now.Salt != was.Salt && was.Frame > 0 {
				return was, ahead
			}
			ahead = was
		}
	}
	end, ahead := run(0)
	if joins, read := killed(end); !joins || read != 1 {
		t.Errorf("after the end of a run: joins %v, %d read", joins, read)
	}
	if joins, read := killed(ahead); joins || read != 0 {
		t.Errorf("after a commit ahead of the end: joins %v, %d read", joins, read)
	}
	write(1000)
	if joins, read := killed(end); !joins || read != 2 {
		t.Errorf("two commits after the end of a run: joins %v, %d read", joins, read)
	}
	run(2000)
	if joins, read := killed(end); joins || read != 0 {
		t.Errorf("a run later: joins %v, %d read", joins, read)
	}
}

func writeAlone(file string) error {
	db, err := Open(context.Background(), "sqlite:"+file, trialSchema)
	if err != nil {
		return err
	}
	return errors.Join(writePair(context.Background(), db, 7), db.Close())
}

// PostgreSQL has no log of ours to read, and no file to copy.
func TestJournalOfAFileOnly(t *testing.T) {
	url := os.Getenv("YANZHEN_TEST_POSTGRES")
	if url == "" {
		t.Skip("YANZHEN_TEST_POSTGRES names no PostgreSQL server; scripts/postgres.sh start prints one")
	}
	db, err := openPostgres(t.Context(), url, options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // of a test
	_, _, err = db.OpenJournal(t.Context(), clock.System(), nil, nil)
	if errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("open a journal: %v", err)
	}
	if _, err := db.Copy(t.Context(), filepath.Join(t.TempDir(), "copy")); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("copy: %v", err)
	}
}
