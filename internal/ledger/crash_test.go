package ledger_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// The test binary is also the process that is killed. crashMode says how it works:
//
//   - honest tells what is done after it is committed;
//   - early, a control, tells it before, and takes a moment to commit;
//   - forgetful, a control, makes up a new key when it gives a line money after a crash;
//   - deaf, a control, tells that a step is done although the database said that it is not.
//
// Its arguments are the database and the number of the round. It takes up the jobs that its input names, one a line, then
// makes new ones until it is killed; in round 0 it ends when it has taken up all. Where a call to the disk is to fail
// (fault_test.go), it makes a few new ones.
const crashMode = "YANZHEN_TEST_LEDGER_CRASH"

// crashRounds is how often a process is killed on each database: "make soak" asks for more.
const crashRounds = "YANZHEN_TEST_CRASH_ROUNDS"

const (
	roundsOfOne   = 20 // on one database, so that the time of thousands grows with their number only
	controlRounds = 10
)

const crashWorkers = 16

func TestMain(m *testing.M) {
	if mode := os.Getenv(crashMode); mode != "" {
		fmt.Fprintln(os.Stderr, crashed(mode, os.Args[1], os.Args[2]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A job takes 100 fen from the budget to the payee, and 40 of them back, in so many steps, each a transaction under a key of
// its own. stood is what its instalment holds after each: committed, payable, ordered, paid, returned.
var (
	steps = []string{"appropriate", "commit", "payable", "draft", "send", "settle", "return"}
	stood = [][5]money.Fen{{}, {}, {100}, {0, 100}, {0, 0, 100}, {0, 0, 100}, {0, 0, 0, 100}, {0, 0, 0, 60, 40}}
)

// crashed works until it is killed, or gives the error that it ends by.
func crashed(mode, url, round string) error {
	ctx := context.Background()
	fresh, err := storetest.Planned(strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, url, migrations)
	if err != nil {
		return err
	}
	if err := audit.Adopt(ctx, db, ledger.Logged, clock.System()); err != nil { // from now on all has a leaf
		return err
	}
	taken, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	jobs := make(chan string)
	go func() {
		defer close(jobs)
		for _, job := range strings.Fields(string(taken)) {
			jobs <- job
		}
		for n := 0; round != "0" && (!fresh || n < faultJobs); n++ {
			jobs <- round + "." + strconv.Itoa(n)
		}
	}()
	w := worker{db: db, book: ledger.New(db, clock.System(), blob.Dir{}), mode: mode, round: round, say: func(line string) { fmt.Println(line) }}
	failed := make(chan error, crashWorkers)
	for range crashWorkers {
		go func() {
			for job := range jobs {
				if err := w.do(ctx, job); err != nil {
					failed <- fmt.Errorf("job %s: %w", job, err)
					return
				}
			}
			failed <- nil
		}()
	}
	for range crashWorkers {
		if err := <-failed; err != nil {
			return err
		}
	}
	if err := db.Close(); err != nil {
		return err
	}
	os.Exit(0)
	return nil
}

type worker struct {
	db          *store.DB
	book        *ledger.Book
	mode, round string
	say         func(line string)
}

// do takes a job through all its steps, those that were done before too: they are answered as before.
func (w worker) do(ctx context.Context, job string) error {
	w.say(job + " begin -")
	var line, commitment, batch int64
	sum := func(fen money.Fen) ledger.Sum {
		return ledger.Sum{Commitment: commitment, Instalment: 1, Amount: fen}
	}
	year := 2023 + len(job)%3
	for i, op := range []func(context.Context, *store.Tx, ledger.Act) (any, error){
		func(ctx context.Context, tx *store.Tx, a ledger.Act) (_ any, err error) {
			line, err = w.book.Appropriate(ctx, tx, a, appropriation(year, 100))
			return line, err
		},
		func(ctx context.Context, tx *store.Tx, a ledger.Act) (_ any, err error) {
			commitment, err = w.book.Commit(ctx, tx, a, promise(line, job, "I", 100))
			return commitment, err
		},
		func(ctx context.Context, tx *store.Tx, a ledger.Act) (any, error) {
			return struct{}{}, w.book.MakePayable(ctx, tx, a, sum(100))
		},
		func(ctx context.Context, tx *store.Tx, a ledger.Act) (_ any, err error) {
			batch, err = w.book.Draft(ctx, tx, a, []ledger.Order{orderOf(commitment, 100)})
			return batch, err
		},
		func(ctx context.Context, tx *store.Tx, a ledger.Act) (any, error) {
			return struct{}{}, w.book.Send(ctx, tx, a, batch)
		},
		func(ctx context.Context, tx *store.Tx, a ledger.Act) (any, error) {
			return w.book.Settle(ctx, tx, a, batch, []ledger.Outcome{{Order: 1, State: ledger.OrderSettled}})
		},
		func(ctx context.Context, tx *store.Tx, a ledger.Act) (any, error) {
			return struct{}{}, w.book.Return(ctx, tx, a, sum(40))
		},
	} {
		a := ledger.Act{Scope: access.SystemScope(), By: 7, Key: job + " " + steps[i], Case: job, Reason: "a reason", Document: "No. 1"}
		if w.mode == "forgetful" && i == 0 {
			a.Key += "/" + w.round
		}
		if err := w.insist(ctx, a, op); err != nil {
			return fmt.Errorf("%s: %w", steps[i], err)
		}
	}
	return nil
}

// insist runs one step, again where the database gave up on it, and tells its key and its answer. The line is written at once,
// so whoever reads the pipe has it even if this process ends next.
func (w worker) insist(ctx context.Context, a ledger.Act, op func(context.Context, *store.Tx, ledger.Act) (any, error)) error {
	var answer any
	tell := func() error {
		text, err := json.Marshal(answer)
		w.say(fmt.Sprintf("%s %s", a.Key, text))
		return err
	}
	for try := 1; ; try++ {
		err := w.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			if answer, err = op(ctx, tx, a); err == nil && w.mode == "early" {
				err = tell()
				time.Sleep(2 * time.Millisecond)
			}
			return err
		})
		switch {
		case err == nil && w.mode == "early":
			return nil
		case err == nil, w.mode == "deaf":
			return tell()
		case try == 100 || errs.KindOf(err) != errs.KindUnavailable && !isRace(err):
			return err
		}
	}
}

// witness is the process that stays: what it was told, by which it judges what is there.
type witness struct {
	*testing.T
	url, mode string
	told      map[string]string // answer by key
	done      map[string]int    // steps by job, of those that have begun
	wrong     []string
	looks     int // how often it looked
}

// work lets a process work on what is unfinished until it has told so many things, and kills it a little later; in round 0
// it works until it has finished.
func (w *witness) work(round, kill int) {
	w.Helper()
	state, words := w.until(round, kill, func(p *os.Process) {
		_ = p.Kill() // where it has ended, that is found below
	})
	want := -1 // killed
	if round == 0 {
		want = 0
	}
	if state.ExitCode() != want {
		w.Fatalf("round %d: the process ended by itself (%s)\n%s", round, state, words)
	}
}

// until lets a process work on what is unfinished, and has what ends it happen a little after it has told so many things; in round 0
// nothing does. It gives how the process has ended, and its words.
func (w *witness) until(round, kill int, end func(*os.Process)) (*os.ProcessState, string) {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), os.Args[0], w.url, strconv.Itoa(round))
	cmd.Env = append(os.Environ(), crashMode+"="+w.mode)
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(strings.Join(w.unfinished(), "\n")), &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	var ending sync.WaitGroup
	heard := 0
	for lines := bufio.NewScanner(out); lines.Scan(); heard++ {
		w.hear(lines.Text())
		if round > 0 && heard == kill {
			ending.Go(func() {
				time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
				end(cmd.Process)
			})
		}
	}
	ending.Wait()
	_ = cmd.Wait() // its state is what counts
	return cmd.ProcessState, fmt.Sprintf("after %d lines\n%s", heard, &stderr)
}

// unfinished are the jobs that have begun and are not at their end.
func (w *witness) unfinished() (jobs []string) {
	for job, n := range w.done {
		if n < len(steps) {
			jobs = append(jobs, job)
		}
	}
	return jobs
}

// hear takes in "job step answer". The same step again must be answered the same.
func (w *witness) hear(line string) {
	words := strings.SplitN(line, " ", 3)
	if len(words) != 3 {
		w.Fatalf("the process said %q", line)
	}
	job, step, answer := words[0], words[1], words[2]
	if step == "begin" {
		w.done[job] += 0
		return
	}
	key := job + " " + step
	before, again := w.told[key]
	if again && before != answer {
		w.wrong = append(w.wrong, fmt.Sprintf("%s was answered by %s, and then by %s", key, before, answer))
	}
	w.told[key] = answer
	for n, s := range steps {
		if name, _, _ := strings.Cut(step, "/"); name == s {
			w.done[job] = max(w.done[job], n+1)
		}
	}
}

const (
	crashAnswers = `SELECT request_key, answer FROM ledger_request`
	crashStands  = `SELECT c.case_id, b.committed, b.payable, b.ordered, b.paid, b.returned FROM ledger_commitment c
		JOIN ledger_part p ON p.commitment_id = c.id JOIN ledger_part_balance b ON b.part_id = p.id`
	crashBudget = `SELECT -CAST(COALESCE(SUM(budget), 0) AS BIGINT) FROM ledger_balance`
)

// judge looks at what there is after a kill: all that was told, with its answer; each job as far as was told, or one step
// further that was not told any more; a budget given once for each job; and no fault in the ledger.
func (w *witness) judge() {
	w.Helper()
	db, err := store.Open(w.Context(), w.url, migrations)
	if err != nil {
		w.wrong = append(w.wrong, "unreadable: "+err.Error())
		return
	}
	defer func() {
		if err := db.Close(); err != nil {
			w.Error(err)
		}
	}()
	if err := w.look(db); err != nil {
		w.wrong = append(w.wrong, "unreadable: "+err.Error())
	}
}

func (w *witness) look(db *store.DB) error {
	answers, stands := map[string]string{}, map[string][5]money.Fen{}
	var budget int
	if err := db.Snapshot(w.Context(), func(ctx context.Context, q store.Querier) error {
		if err := scan(ctx, q, crashAnswers, func(rows *store.Rows) error {
			var key, answer string
			err := rows.Scan(&key, &answer)
			answers[key] = answer
			return err
		}); err != nil {
			return err
		}
		if err := scan(ctx, q, crashStands, func(rows *store.Rows) error {
			var job string
			var b [5]money.Fen
			err := rows.Scan(&job, &b[0], &b[1], &b[2], &b[3], &b[4])
			if _, twice := stands[job]; twice {
				w.wrong = append(w.wrong, "twice: "+job+" is committed")
			}
			stands[job] = b
			return err
		}); err != nil {
			return err
		}
		return q.QueryRow(ctx, crashBudget).Scan(&budget)
	}); err != nil {
		return err
	}
	w.compare(answers, stands, budget)
	found, err := ledger.New(db, clock.System(), blob.Dir{}).Check(w.Context())
	if err != nil {
		return err
	}
	for _, f := range found.Faults {
		w.wrong = append(w.wrong, "fault: "+f.String())
	}
	if w.looks++; w.looks%10 != 1 { // to make every thing anew takes longer than all else
		return nil
	}
	proven, err := audit.Check(w.Context(), db, ledger.Logged)
	if err != nil {
		return err
	}
	for _, f := range proven.Faults {
		w.wrong = append(w.wrong, "log: "+f.String())
	}
	return nil
}

func (w *witness) compare(answers map[string]string, stands map[string][5]money.Fen, budget int) {
	for key, answer := range w.told {
		if got, there := answers[key]; !there {
			w.wrong = append(w.wrong, "lost: "+key)
		} else if got != answer {
			w.wrong = append(w.wrong, fmt.Sprintf("%s was answered by %s, kept is %s", key, answer, got))
		}
	}
	given := 0
	for job, n := range w.done {
		if n > 0 {
			given++
		}
		if got := stands[job]; got != stood[n] && got != stood[min(n+1, len(steps))] {
			w.wrong = append(w.wrong, fmt.Sprintf("%s stands at %v after step %d, want %v or one step more", job, got, n, stood[n]))
		}
	}
	for job := range stands {
		if _, begun := w.done[job]; !begun {
			w.wrong = append(w.wrong, "from nowhere: "+job)
		}
	}
	if budget < 100*given {
		w.wrong = append(w.wrong, fmt.Sprintf("lost: the budget is %d after %d jobs were given 100", budget, given))
	}
	if budget > 100*len(w.done) {
		w.wrong = append(w.wrong, fmt.Sprintf("twice: the budget is %d after %d jobs have begun, which are given 100", budget, len(w.done)))
	}
}

func scan(ctx context.Context, q store.Querier, query string, row func(*store.Rows) error) error {
	rows, err := q.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// killed kills a process again and again on one database, and lets the last one finish what was begun.
func killed(t *testing.T, url, mode string, rounds int) *witness {
	w := &witness{T: t, url: url, mode: mode, told: map[string]string{}, done: map[string]int{}}
	for round := range rounds {
		w.work(round+1, 1+rand.IntN(300))
		w.judge()
	}
	w.work(0, 0)
	w.judge()
	for job, n := range w.done {
		if n != len(steps) {
			w.wrong = append(w.wrong, fmt.Sprintf("%s was taken up and has not gone beyond step %d", job, n))
		}
	}
	t.Logf("%s: %d kills, %d steps of %d jobs acknowledged, %d wrong", mode, rounds, len(w.told), len(w.done), len(w.wrong))
	return w
}

// TestKilledUnderLoad kills a process in the middle of moving money. All that it has acknowledged to another process is there,
// nothing is there twice, what is asked again under its key is answered as before, and the ledger is sound, after each kill; at
// the end the command that is shipped says so too.
func TestKilledUnderLoad(t *testing.T) {
	rounds := roundsOfOne
	if n, err := strconv.Atoi(os.Getenv(crashRounds)); err == nil {
		rounds = n
	}
	yanzhen := filepath.Join(t.TempDir(), "yanzhen")
	if out, err := exec.Command("go", "build", "-o", yanzhen, "../../cmd/yanzhen").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for ; rounds > 0; rounds -= roundsOfOne {
		storetest.EachURL(t, func(t *testing.T, url string) {
			w := killed(t, url, "honest", min(rounds, roundsOfOne))
			for _, s := range w.wrong[:min(len(w.wrong), 20)] {
				t.Error(s)
			}
			if out, err := exec.Command(yanzhen, "ledger", "check", "--db", url).CombinedOutput(); err != nil {
				t.Errorf("yanzhen ledger check: %v\n%s", err, out)
			}
		})
	}
}

// TestCrashControls are processes that do it wrong in the two usual ways: the witness must see it, or it could see nothing.
func TestCrashControls(t *testing.T) {
	for mode, want := range map[string]string{"early": "lost: ", "forgetful": "twice: the budget"} {
		t.Run(mode, func(t *testing.T) {
			storetest.EachURL(t, func(t *testing.T, url string) {
				w := killed(t, url, mode, controlRounds)
				if !strings.Contains(strings.Join(w.wrong, "\n"), want) {
					t.Errorf("the witness has seen no %q in %d rounds", want, controlRounds)
				}
			})
		})
	}
}
