package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/errs"
)

// trialSchema has a table of pairs: a transaction writes both halves or none.
var trialSchema = []Migrations{{Package: "trial", FS: fstest.MapFS{"migrations/0001_trial.sql": {Data: []byte(
	"CREATE TABLE half (n BIGINT NOT NULL, side INTEGER NOT NULL, filler TEXT NOT NULL, PRIMARY KEY (n, side));\n",
)}}}}

var filler = strings.Repeat("雁", 60)

func writePair(ctx context.Context, db *DB, n int64) error {
	return db.Write(ctx, func(ctx context.Context, tx *Tx) error {
		for side := range 2 {
			if _, err := tx.Exec(ctx, `INSERT INTO half (n, side, filler) VALUES ($1, $2, $3)`, n, side, filler); err != nil {
				return err
			}
		}
		return nil
	})
}

// pairs are the numbers that are there with both halves; one half alone fails the test.
func pairs(t *testing.T, db *DB) map[int64]bool {
	t.Helper()
	rows, err := db.Read().Query(t.Context(), `SELECT n, COUNT(*) FROM half GROUP BY n`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	there := map[int64]bool{}
	for rows.Next() {
		var n int64
		var halves int
		if err := rows.Scan(&n, &halves); err != nil {
			t.Fatal(err)
		}
		if halves != 2 {
			t.Errorf("transaction %d is there by half", n)
		}
		there[n] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return there
}

// The test binary run as a child writes pairs and prints the number of each: "honest" after Write has returned,
// "early" before it, "cramped" like honest, on a file system that fails beyond a size.
const childEnv = "YANZHEN_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childEnv); mode != "" {
		child(mode, os.Args[1])
		return
	}
	os.Exit(m.Run())
}

const childWriters = 16

func child(mode, file string) {
	ctx := context.Background()
	db, err := open(ctx, "sqlite:"+file, trialSchema, options{checkpointPages: 100})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if mode == "cramped" {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 400 << 10, Max: 400 << 10}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	start := int64(len(mode)) + rand.Int64N(1<<40)<<20
	var next atomic.Int64
	var group errgroup.Group
	for range childWriters {
		group.Go(func() error {
			for {
				n := start + next.Add(1)
				if mode == "early" {
					fmt.Println(n)
				}
				if err := writePair(ctx, db, n); err != nil {
					return err
				}
				if mode != "early" {
					fmt.Println(n)
				}
			}
		})
	}
	fmt.Fprintln(os.Stderr, group.Wait())
	os.Exit(1)
}

// runChild starts a child and returns what it has acknowledged by its end, which is a kill after atLeast
// acknowledgements, or its own doing.
func runChild(t *testing.T, mode, file string, atLeast int) (acked []int64, state *os.ProcessState) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], file)
	cmd.Env = append(os.Environ(), childEnv+"="+mode)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			t.Fatalf("child printed %q", lines.Text())
		}
		if acked = append(acked, n); len(acked) == atLeast {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	_ = cmd.Wait() // its state is what counts
	if len(acked) < atLeast {
		t.Fatalf("the child ended after %d acknowledgements: %s\n%s", len(acked), cmd.ProcessState, &stderr)
	}
	return acked, cmd.ProcessState
}

func lost(t *testing.T, file string, acked []int64) int {
	t.Helper()
	db, err := Open(t.Context(), "sqlite:"+file, trialSchema)
	if err != nil {
		t.Fatalf("open after the end of the child: %v", err)
	}
	defer db.Close()
	there := pairs(t, db)
	n := 0
	for _, x := range acked {
		if !there[x] {
			n++
		}
	}
	return n
}

// TestKill kills a process that acknowledges transactions: all that it has acknowledged are there. The control
// acknowledges before it commits, and must lose some, or the test could not see a loss.
func TestKill(t *testing.T) {
	for mode, wantLoss := range map[string]bool{"honest": false, "early": true} {
		t.Run(mode, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "test.db")
			var all []int64
			for i := range 5 {
				acked, _ := runChild(t, mode, file, 200+rand.IntN(800))
				if all = append(all, acked...); i == 2 {
					// the lock of a killed process does not outlive it, and what it left is looked over
					if owner, err := os.ReadFile(file + ".lock"); err != nil || len(owner) == 0 {
						t.Errorf("owner %q, %v", owner, err)
					}
				}
			}
			n := lost(t, file, all)
			t.Logf("5 kills, %d acknowledged, %d lost", len(all), n)
			if (n > 0) != wantLoss {
				t.Errorf("%d of %d acknowledged transactions are lost", n, len(all))
			}
		})
	}
}

// TestBrokenDisk runs into a real error of the operating system: the file may not grow (EFBIG, which SQLite takes for
// an input/output error and not for a full disk). The process must end with status 70, and lose nothing.
func TestBrokenDisk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	acked, state := runChild(t, "cramped", file, 0)
	if state.ExitCode() != exitBroken {
		t.Errorf("ended with %s, want exit status %d", state, exitBroken)
	}
	if len(acked) == 0 {
		t.Error("nothing was acknowledged before")
	}
	if n := lost(t, file, acked); n > 0 {
		t.Errorf("%d of %d acknowledged transactions are lost", n, len(acked))
	}
}

// garble overwrites the pages of the file from its second one on.
func garble(t *testing.T, file string) {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	junk := []byte(strings.Repeat("not a page ", int(info.Size()-4096)/11))
	if _, err := f.WriteAt(junk, 4096); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func filled(t *testing.T) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "test.db")
	db, err := Open(t.Context(), "sqlite:"+file, trialSchema)
	if err != nil {
		t.Fatal(err)
	}
	for n := range int64(300) {
		if err := writePair(t.Context(), db, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCorruptionEndsTheProcess(t *testing.T) {
	uses := map[string]func(ctx context.Context, db *DB) error{
		"read": func(ctx context.Context, db *DB) error {
			rows, err := db.Read().Query(ctx, `SELECT filler FROM half ORDER BY n`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
			}
			return rows.Err()
		},
		"read one": func(ctx context.Context, db *DB) error {
			var n int
			return db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM half WHERE filler <> ''`).Scan(&n)
		},
		"write": func(ctx context.Context, db *DB) error { return writePair(ctx, db, 1000) },
	}
	for what, use := range uses {
		t.Run(what, func(t *testing.T) {
			file := filled(t)
			var codes []int
			db, err := open(t.Context(), "sqlite:"+file, trialSchema, options{exit: func(code int) { codes = append(codes, code) }})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			garble(t, file)
			if err := use(t.Context(), db); err == nil {
				t.Error("no error")
			}
			if len(codes) == 0 || codes[0] != exitBroken {
				t.Errorf("exit codes %v", codes)
			}
		})
	}
}

func TestOpenLooksOverWhatACrashLeft(t *testing.T) {
	file := filled(t)
	garble(t, file)
	if err := os.WriteFile(file+".lock", []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), "sqlite:"+file, trialSchema)
	if msg, _ := errs.Message(err); msg.Key != "store.corrupt" {
		t.Errorf("got %v", err)
	}
}

func TestOpenRefusesOtherFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(file, []byte(strings.Repeat("企业名称,金额\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), "sqlite:"+file, nil)
	if msg, _ := errs.Message(err); msg.Key != "store.not_a_database" {
		t.Errorf("got %v", err)
	}
}

func TestOneProcessOwnsTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	db, err := Open(t.Context(), "sqlite:"+file, trialSchema)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), "sqlite:"+file, trialSchema)
	msg, _ := errs.Message(err)
	if errs.KindOf(err) != errs.KindConflict || !strings.Contains(msg.String(), strconv.Itoa(os.Getpid())) {
		t.Errorf("a second one: %v", err)
	}
	if err := errors.Join(writePair(t.Context(), db, 1), db.Close()); err != nil {
		t.Fatal(err)
	}
	db, err = Open(t.Context(), "sqlite:"+file, trialSchema)
	if err != nil {
		t.Fatalf("after the first has closed: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// TestDiskFull fills a file whose size is limited: writes are refused with a message, reads go on, nothing that was
// acknowledged is lost, and writing works again when there is room.
func TestDiskFull(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "test.db")
	opts := options{maxPages: 100, checkpointPages: 20, exit: func(code int) { t.Errorf("exit %d", code) }}
	db, err := open(ctx, "sqlite:"+file, trialSchema, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var acked atomic.Int64
	var group errgroup.Group
	refused := make([]error, 8)
	for w := range int64(8) {
		group.Go(func() error {
			for n := w << 32; ; n++ {
				if err := writePair(ctx, db, n); err != nil {
					refused[w] = err
					return nil
				}
				acked.Add(1)
			}
		})
	}
	_ = group.Wait()
	for _, err := range refused {
		if msg, _ := errs.Message(err); errs.KindOf(err) != errs.KindUnavailable || msg.Key != "store.disk_full" {
			t.Errorf("refused with %v", err)
		}
	}
	if n := int64(len(pairs(t, db))); n < acked.Load() {
		t.Errorf("%d of %d acknowledged transactions are there", n, acked.Load())
	}
	// Deleting needs no new pages; what it frees is used again.
	err = db.Write(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM half`)
		return err
	})
	if err != nil {
		t.Fatalf("make room: %v", err)
	}
	if err := writePair(ctx, db, 7); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

// TestCheckpoint asks for the WAL to stay small under steady writing, although SQLite's own checkpoints are off.
func TestCheckpoint(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	db, err := open(t.Context(), "sqlite:"+file, trialSchema, options{checkpointPages: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for n := range int64(1000) {
		if err := writePair(t.Context(), db, n); err != nil {
			t.Fatal(err)
		}
	}
	wal, err := os.Stat(file + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if pages := wal.Size() / 4096; pages > 150 {
		t.Errorf("the WAL has grown to %d pages", pages)
	}
}

func narrow(t testing.TB) *DB {
	t.Helper()
	db, err := Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "bench.db"), []Migrations{{
		Package: "bench", FS: fstest.MapFS{
			"migrations/0001_x.sql": {Data: []byte(
				"CREATE TABLE fact (source BIGINT NOT NULL, n BIGINT NOT NULL, subject BIGINT NOT NULL, def INTEGER NOT NULL, period INTEGER NOT NULL, num BIGINT NOT NULL);\n",
			)},
		},
	}})
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

// BenchmarkInsertRows measures rows into a narrow table without an index, 20,000 a transaction.
func BenchmarkInsertRows(b *testing.B) {
	db := narrow(b)
	const chunk = 20_000
	rows := func(n int64) iter.Seq[[]any] {
		row := make([]any, 6)
		return func(yield func([]any) bool) {
			for i := range int64(chunk) {
				row[0], row[1], row[2], row[3], row[4], row[5] = n, i, i/40, i%40, int64(2024), i*1000
				if !yield(row) {
					return
				}
			}
		}
	}
	n := int64(0)
	for b.Loop() {
		n++
		err := db.Write(b.Context(), func(ctx context.Context, tx *Tx) error {
			return tx.InsertRows(ctx, "fact", []string{"source", "n", "subject", "def", "period", "num"}, rows(n))
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*chunk)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkWrite measures durable transactions of one row, from one client and from 64.
func BenchmarkWrite(b *testing.B) {
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			db := narrow(b)
			b.SetParallelism(max(1, clients/2))
			var n atomic.Int64
			work := func() error {
				return db.Write(context.Background(), func(ctx context.Context, tx *Tx) error {
					_, err := tx.Exec(ctx, `INSERT INTO fact (source, n, subject, def, period, num) VALUES ($1, $2, 1, 1, 2024, 5)`, 1, n.Add(1))
					return err
				})
			}
			b.ResetTimer()
			if clients == 1 {
				for range b.N {
					if err := work(); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := work(); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
