package intake_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// The test binary is also the process that is killed: these variables say so, and where it works.
const (
	childURL   = "YANZHEN_TEST_INTAKE_URL"
	childFiles = "YANZHEN_TEST_INTAKE_FILES"
)

func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked { // each check fills a database
		_ = flag.Set("rapid.checks", "25")
	}
	os.Exit(m.Run())
}

// firmsFile is a table of n firms.
func firmsFile(n int) string {
	var b strings.Builder
	b.WriteString("企业名称,县区,2023年营业收入（万元）,2023年利润总额（万元）,2023年从业人员平均人数\n")
	for i := range n {
		fmt.Fprintf(&b, "盐城第%d机械有限公司,大丰区,%d,%d,%d\n", i, 100+i%900, 10+i%90, 5+i%50)
	}
	return b.String()
}

// TestCommitUntilKilled is the process that is killed: it commits a file, and says when it has begun to stage.
func TestCommitUntilKilled(t *testing.T) {
	url := os.Getenv(childURL)
	if url == "" {
		t.Skip("runs as a child of TestKilledWhileStaging")
	}
	db, err := store.Open(context.Background(), url, migrations)
	must(t, err)
	o := openIn(t, db, os.Getenv(childFiles))
	batches, err := o.intake.Batches(context.Background(), o.scope, 0, 1)
	must(t, err)
	_, err = o.intake.Commit(context.Background(), o.scope, batches[0].ID)
	must(t, err)
	for {
		if p, _ := o.intake.Progress(batches[0].ID); p.Done > 1000 {
			fmt.Println("staging")
			select {}
		}
	}
}

func TestKilledWhileStaging(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		dir := t.TempDir()
		db, err := store.Open(ctx, url, migrations)
		must(t, err)
		o := openIn(t, db, dir)
		id := o.sendFor("320900", "a.csv", firmsFile(40_000)).ID
		o.intake.Close()
		must(t, db.Close())

		child := exec.Command(os.Args[0], "-test.run=^TestCommitUntilKilled$", "-test.v")
		child.Env = append(os.Environ(), childURL+"="+url, childFiles+"="+dir)
		out, err := child.StdoutPipe()
		must(t, err)
		child.Stderr = os.Stderr
		must(t, child.Start())
		said := ""
		for lines := bufio.NewScanner(out); said != "staging" && lines.Scan(); {
			said = lines.Text()
			t.Log("child: ", said)
		}
		must(t, child.Process.Kill())
		_, _ = io.Copy(io.Discard, out)
		_ = child.Wait()
		if said != "staging" {
			t.Fatal("the child never began to stage")
		}

		if db, err = store.Open(ctx, url, migrations); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { must(t, db.Close()) })
		var staged int
		must(t, db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM fact`).Scan(&staged))
		if staged == 0 {
			t.Fatal("the child was killed before anything was staged")
		}
		o = openIn(t, db, dir)
		for _, table := range []string{"fact", "party_name", "party_membership", "party_mention"} {
			var n int
			must(t, db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM `+table).Scan(&n))
			if n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
		if n := o.view().Count(); n != 0 {
			t.Errorf("%d firms are known after the crash", n)
		}
		b := o.wait(id)
		if b.State != intake.Ready || b.Failure.Key != "intake.interrupted" {
			t.Errorf("batch is %s: %s, want it ready again and the reason told", b.State, b.Failure)
		}
		o.commit(id)
		if n := o.view().Count(); n != 40_000 {
			t.Errorf("%d firms after committing again, want 40,000", n)
		}
	})
}

// Where others work on the database too, only what was silent for long is taken for crashed.
func TestAnotherProcessIsSpared(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o := open(t, db)
		ctx := context.Background()
		b := o.send("a.csv", roster, "statistics", period.Period{})
		move := func(state intake.State, at int64) {
			t.Helper()
			must(t, db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE intake_batch SET state = $1, changed_at = $2 WHERE id = $3`, string(state), at, b.ID)
				return err
			}))
		}
		for _, c := range []struct {
			ago  time.Duration
			want intake.State
		}{{time.Minute, intake.Committing}, {2 * time.Hour, intake.Ready}} {
			move(intake.Committing, b.ChangedAt-c.ago.Milliseconds())
			s, err := intake.Start(ctx, o.deps, false)
			must(t, err)
			s.Close()
			if got := o.wait(b.ID); got.State != c.want {
				t.Errorf("silent for %s: %s, want %s", c.ago, got.State, c.want)
			}
		}
	})
}

// However early or late somebody cancels: a batch is committed just when what it states is known.
func TestCancelAtAnyMoment(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o := open(t, db)
		ctx := context.Background()
		b := o.sendFor("320900", "a.csv", firmsFile(300))
		committed, cancelled := 0, 0
		for i := range 40 {
			_, err := o.intake.Commit(ctx, o.scope, b.ID)
			must(t, err)
			if i%4 == 0 {
				for p, ok := o.intake.Progress(b.ID); ok && p.Phase != intake.PhasePublish; p, ok = o.intake.Progress(b.ID) {
				}
			} else {
				time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
			}
			must(t, o.intake.Cancel(ctx, o.scope, b.ID))
			b = o.wait(b.ID)
			live, err := o.sources.Live(ctx, 0)
			must(t, err)
			switch b.State {
			case intake.Committed:
				committed++
				if len(live) != 1 || live[b.Source] == 0 || o.view().Count() != 300 {
					t.Fatalf("committed as %d, live are %v", b.Source, live)
				}
				_, err := o.intake.Undo(ctx, o.scope, b.ID, "")
				must(t, err)
				_, err = o.intake.Again(ctx, o.scope, b.ID)
				must(t, err)
				if b = o.wait(b.ID); b.State != intake.Ready {
					t.Fatalf("batch is %s: %s", b.State, b.Failure)
				}
			case intake.Ready:
				cancelled++
				if len(live) != 0 || o.view().Count() != 0 || b.Failure.Key != "intake.cancelled" {
					t.Fatalf("cancelled (%s), live are %v", b.Failure, live)
				}
			default:
				t.Fatalf("batch is %s: %s", b.State, b.Failure)
			}
		}
		t.Logf("%d committed, %d cancelled", committed, cancelled)
		var left int
		must(t, db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM source WHERE state <> 'published'`).Scan(&left))
		if left != 0 {
			t.Errorf("%d sources were not swept", left)
		}
	})
}

func TestTwoCommitsOfOneBatch(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o := open(t, db)
		ctx := context.Background()
		b := o.sendFor("320900", "a.csv", firmsFile(300))
		errors := make(chan error, 4)
		for range cap(errors) {
			go func() {
				_, err := o.intake.Commit(ctx, o.scope, b.ID)
				errors <- err
			}()
		}
		taken := 0
		for range cap(errors) {
			switch err := <-errors; {
			case err == nil:
				taken++
			case errs.KindOf(err) != errs.KindConflict:
				t.Errorf("commit: %v, want a conflict", err)
			}
		}
		if b = o.wait(b.ID); taken != 1 || b.State != intake.Committed {
			t.Errorf("%d commits were taken, batch is %s", taken, b.State)
		}
		live, err := o.sources.Live(ctx, 0)
		must(t, err)
		if len(live) != 1 {
			t.Errorf("live are %v", live)
		}
	})
}

// A crash between the two steps of an undo leaves a source taken back and a batch that does not know it.
func TestUndoAgainAfterACrash(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	ctx := context.Background()
	b := o.commit(o.send("a.csv", roster, "statistics", period.Period{}).ID)
	_, err := o.sources.Retract(ctx, o.scope, b.Source, "")
	must(t, err)
	if b, err = o.intake.Undo(ctx, o.scope, b.ID, ""); err != nil || b.State != intake.Undone {
		t.Errorf("undo of what is taken back: %s %v", b.State, err)
	}
}

func TestClosed(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	ready := o.sendFor("320900", "a.csv", roster)
	o.intake.Close()
	_, err := o.intake.Commit(context.Background(), access.SystemScope(), ready.ID)
	must(t, err)
	if b := o.wait(ready.ID); b.State != intake.Ready || b.Failure.Key != "intake.cancelled" {
		t.Errorf("commit after closing: batch is %s: %s", b.State, b.Failure)
	}
}

// Another process brings one of the same new firms and commits it just before this one: the transaction that lost is run
// again, and nothing that it said is forgotten.
func TestAnotherProcessBringsTheSameFirm(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		db, err := store.Open(ctx, url, migrations)
		must(t, err)
		t.Cleanup(func() { must(t, db.Close()) })
		o := open(t, db)
		b := o.sendFor("320900", "a.csv", firmsFile(50))

		other := party.NewStore(db, o.sources)
		src, err := o.sources.Begin(ctx, o.scope, source.Source{Kind: source.Import, Authority: "tax", Name: "other", Area: "320900"})
		must(t, err)
		written, release, done := make(chan bool, 1), make(chan bool), make(chan error, 2)
		go func() {
			done <- db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				key := party.EnterpriseKey("", "盐城第7机械有限公司", "320904")
				_, err := other.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Enterprise, Key: key}})
				written <- true
				<-release
				return err
			})
		}()
		<-written
		go func() {
			_, err := o.intake.Commit(ctx, o.scope, b.ID)
			done <- err
		}()
		time.Sleep(300 * time.Millisecond) // time to run into the other; where it is not enough, nothing is lost
		close(release)
		must(t, <-done)
		must(t, <-done)
		if b = o.wait(b.ID); b.State != intake.Committed {
			t.Fatalf("batch is %s: %s", b.State, b.Failure)
		}
		for _, table := range []string{"party_name", "party_membership"} {
			var said int
			must(t, db.Read().QueryRow(ctx, `SELECT COUNT(DISTINCT subject_id) FROM `+table+` WHERE source_id = $1`, b.Source).Scan(&said))
			if said != 50 {
				t.Errorf("%d firms in %s, want 50", said, table)
			}
		}
	})
}

// Whoever gets a turn and was cancelled at once gives it back: the next one must not wait for ever.
func TestTurnsAreGivenBack(t *testing.T) {
	tokens := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 200 { // which of the two ready cases is taken is left to chance
		if release, err := intake.Turn(ctx, tokens); release != nil || err == nil || len(tokens) != 0 {
			t.Fatalf("a turn for nobody: %v, %d taken", err, len(tokens))
		}
	}
	release, err := intake.Turn(context.Background(), tokens)
	must(t, err)
	if release(); len(tokens) != 0 {
		t.Error("the turn was not given back")
	}
}
