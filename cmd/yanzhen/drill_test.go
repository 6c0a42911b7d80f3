package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/backup"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// drillRounds is how often the data directory is destroyed: "make soak" asks for more.
const drillRounds = "YANZHEN_TEST_DRILL_ROUNDS"

const drillWorkers = 8

// drill is an installation that is destroyed again and again, and who knows what it acknowledged.
type drill struct {
	*testing.T
	binary, data, place string
	token               string

	mu    sync.Mutex
	sent  map[string]bool       // keys of all requests
	acked map[string]drillReply // by key, since it was last restored
	begun int
}

// drillReply is what was answered to a key, and when that was heard.
type drillReply struct {
	line int64
	at   int64 // ms
}

// TestDrill destroys the whole data directory of the shipped binary, which is killed while it moves money and makes backups, and
// restores it from its place of backups. What was acknowledged before the journal was shipped last is there, with its answer; the
// ledger is sound; and when the clients repeat all their requests, nothing is there twice. The controls leave a segment out.
func TestDrill(t *testing.T) {
	rounds := 2
	if n, err := strconv.Atoi(os.Getenv(drillRounds)); err == nil {
		rounds = n
	}
	dir := t.TempDir()
	d := &drill{
		T: t, binary: filepath.Join(dir, "yanzhen"), data: filepath.Join(dir, "data"), place: filepath.Join(dir, "place"),
		sent: map[string]bool{}, acked: map[string]drillReply{},
	}
	if out, err := exec.Command("go", "build", "-o", d.binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	d.settle()
	for round := range rounds {
		d.work(d.repeats())
		if round == 0 {
			d.controls()
		}
		heard, all := len(d.acked), round%2 == 1
		if all {
			d.endInOrder()
		}
		if err := os.RemoveAll(d.data); err != nil {
			t.Fatal(err)
		}
		last := d.restore(d.place, d.data)
		by := last
		if all {
			by = math.MaxInt64
		}
		for _, wrong := range d.judge(by, d.data) {
			t.Error(wrong)
		}
		lost := 0
		for key, a := range d.acked {
			if a.at > by {
				lost++
				delete(d.acked, key)
			}
		}
		t.Logf("round %d: %d acknowledged, %d of them after what was shipped last", round+1, heard, lost)
	}
	d.finish()
}

// settle makes the data directory and a token of somebody who gives lines their budget.
func (d *drill) settle() {
	d.Helper()
	ctx := context.Background()
	c := &console{in: &bytes.Buffer{}, out: io.Discard, err: io.Discard, t: i18n.T{Lang: i18n.EN}}
	in, err := (&place{data: d.data}).open(ctx, c)
	if err != nil {
		d.Fatal(err)
	}
	defer in.close(c)
	account, err := in.accounts.Create(ctx, access.SystemScope(), access.NewAccount{
		Login: "finance", Name: "finance", Password: "geese fly in formation", Grants: []access.Grant{{Role: access.Finance, Area: "320900"}},
	})
	if err != nil {
		d.Fatal(err)
	}
	_, d.token, err = in.accounts.CreateToken(ctx, in.frames.ScopeOf(account), access.NewToken{
		Name: "drill", Actions: []access.Action{access.ManageFund, access.ReadFund}, Area: "320900", Days: 90,
	})
	if err != nil {
		d.Fatal(err)
	}
}

// serve starts the binary, and gives where it listens and what kills it.
func (d *drill) serve() (url string, kill func(syscall.Signal)) {
	d.Helper()
	cmd := exec.CommandContext(d.Context(), d.binary, "serve", "--lang", "en", "--data", d.data, "--listen", "127.0.0.1:0", "--api-rate", "100000",
		"--backup-to", d.place, "--backup-every", "1s", "--backup-keep", "100", "--backup-ship", "20ms")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for url == "" && lines.Scan() {
		url = strings.TrimSuffix(regexp.MustCompile(`http://\S+`).FindString(lines.Text()), "/")
	}
	kill = func(by syscall.Signal) {
		_ = cmd.Process.Signal(by) // where it has ended, that is found next
		_ = cmd.Wait()             // its state is what counts
		want := -1
		if by == syscall.SIGTERM {
			want = exitOK
		}
		if cmd.ProcessState.ExitCode() != want {
			d.Fatalf("it ended by itself: %s\n%s", cmd.ProcessState, &said)
		}
	}
	if url == "" {
		_ = cmd.Wait() // it has ended
		d.Fatalf("it did not serve: %s", &said)
	}
	return url, kill
}

// repeats are all requests that were ever sent.
func (d *drill) repeats() []string {
	keys := make([]string, 0, len(d.sent))
	for key := range d.sent {
		keys = append(keys, key)
	}
	return keys
}

// work repeats requests and makes new ones, at a time, until three backups were verified meanwhile, and kills the process.
func (d *drill) work(repeats []string) {
	d.Helper()
	url, kill := d.serve()
	stop := make(chan struct{})
	keys := make(chan string)
	go func() {
		defer close(keys)
		for n := 0; ; n++ {
			var key string
			if n < len(repeats) {
				key = repeats[n]
			} else {
				d.begun++
				key = "job-" + strconv.Itoa(d.begun)
			}
			select {
			case keys <- key:
			case <-stop:
				return
			}
		}
	}()
	var workers sync.WaitGroup
	for range drillWorkers {
		workers.Go(func() {
			for key := range keys {
				d.ask(url, key)
			}
		})
	}
	for seen, before := 0, ""; seen < 3; time.Sleep(5 * time.Millisecond) {
		if s, err := backup.StateOf(d.place); err == nil && s.Good != nil && s.Good.Name != before {
			seen, before = seen+1, s.Good.Name
		}
		if d.Context().Err() != nil {
			d.Fatal("no backups were made")
		}
	}
	time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) // anywhere between two backups
	kill(syscall.SIGKILL)
	close(stop)
	workers.Wait()
}

// ask gives a line a yuan, under a key; no answer is an answer, of which nothing is known.
func (d *drill) ask(url, key string) {
	d.mu.Lock()
	d.sent[key] = true
	d.mu.Unlock()
	body := fmt.Sprintf(`{"fund":"F","code":"L%d","year":2024,"area":"320900","name":"N","change":"1元","reason":"R","document":"D"}`, len(key)%4)
	req, err := http.NewRequest(http.MethodPost, url+"/api/v1/fund/budget", strings.NewReader(body))
	if err != nil {
		d.Error(err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return
	}
	var answer struct {
		Line int64 `json:"line"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || res.StatusCode != http.StatusOK {
		d.Errorf("%s was answered %s: %s", key, res.Status, text)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if before, again := d.acked[key]; again && before.line != answer.Line {
		d.Errorf("%s was answered %d, and then %d", key, before.line, answer.Line)
	} else if !again {
		d.acked[key] = drillReply{answer.Line, time.Now().UnixMilli()}
	}
}

var restoredUpTo = regexp.MustCompile(`committed at (\S+),`)

// restore brings the installation back with the binary, and gives the moment of the last transaction that is there.
func (d *drill) restore(from, to string) int64 {
	d.Helper()
	out, err := exec.Command(d.binary, "restore", "--lang", "en", "--data", to, from).CombinedOutput()
	if err != nil {
		d.Fatalf("restore: %v\n%s", err, out)
	}
	m := restoredUpTo.FindSubmatch(out)
	if m == nil {
		d.Fatalf("restore said %s", out)
	}
	last, err := parseMoment(string(m[1]))
	if err != nil {
		d.Fatal(err)
	}
	if out, err := exec.Command(d.binary, "ledger", "check", "--data", to).CombinedOutput(); err != nil {
		d.Errorf("ledger check: %v\n%s", err, out)
	}
	return last
}

const (
	drillAnswers = `SELECT request_key, answer FROM ledger_request ORDER BY request_key`
	drillBudget  = `SELECT -CAST(COALESCE(SUM(budget), 0) AS BIGINT) FROM ledger_balance`
)

// endInOrder starts the binary after a kill and ends it as an administrator does: the journal goes on from what was killed, and
// nothing at all is missing in it.
func (d *drill) endInOrder() {
	d.Helper()
	journals := func() int {
		all, err := filepath.Glob(filepath.Join(d.place, "journal", "*"))
		if err != nil {
			d.Fatal(err)
		}
		return len(all)
	}
	before := journals()
	_, kill := d.serve()
	kill(syscall.SIGTERM)
	if n := journals(); n != before {
		d.Errorf("%d journals after a kill and another start, %d before", n, before)
	}
}

// judge is what is wrong with what was restored: something is lost that was acknowledged by a moment, or by when the schedule
// has said that it was shipped; another answer; or a budget that is not a yuan for each key.
func (d *drill) judge(by int64, data string) (wrong []string) {
	d.Helper()
	s, err := backup.StateOf(d.place)
	if err != nil {
		d.Fatal(err)
	}
	shipped := max(by, s.Through)
	answers, budget := d.read(data)
	for key, a := range d.acked {
		got, there := answers[key]
		switch {
		case !there && a.at <= shipped:
			wrong = append(wrong, "lost: "+key)
		case there && got != a.line:
			wrong = append(wrong, fmt.Sprintf("%s was answered %d, kept is %d", key, a.line, got))
		}
	}
	for key := range answers {
		if !d.sent[key] {
			wrong = append(wrong, "from nowhere: "+key)
		}
	}
	if budget != 100*int64(len(answers)) {
		wrong = append(wrong, fmt.Sprintf("the budget is %d fen after %d keys, of which each gives 100", budget, len(answers)))
	}
	return wrong
}

// read is the answer kept for each key, and the budget in all.
func (d *drill) read(data string) (map[string]int64, int64) {
	d.Helper()
	db, err := store.Open(d.Context(), "sqlite:"+filepath.Join(data, "yanzhen.db"), schemas)
	if err != nil {
		d.Fatal(err)
	}
	defer db.Close()             //nolint:errcheck // of a test
	names := map[string]string{} // the ledger keeps the hash of a program's key, behind its account
	for key := range d.sent {
		sum := sha256.Sum256([]byte(key))
		names["api/"+hex.EncodeToString(sum[:])] = key
	}
	answers, budget := map[string]int64{}, int64(0)
	rows, err := db.Read().Query(d.Context(), drillAnswers)
	if err != nil {
		d.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key, answer string
		if err := rows.Scan(&key, &answer); err != nil {
			d.Fatal(err)
		}
		_, key, _ = strings.Cut(key, "/")
		if name, ok := names[key]; ok {
			key = name
		}
		if answers[key], err = strconv.ParseInt(answer, 10, 64); err != nil {
			d.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		d.Fatal(err)
	}
	if err := db.Read().QueryRow(d.Context(), drillBudget).Scan(&budget); err != nil {
		d.Fatal(err)
	}
	return answers, budget
}

// controls leave a segment out of a copy of the place: in the middle, which is refused and named; and at the end, which cannot be
// seen from what is left, and which the judge must notice.
func (d *drill) controls() {
	d.Helper()
	backups, err := filepath.Glob(filepath.Join(d.place, "2*Z"))
	if err != nil || len(backups) < 3 {
		d.Fatalf("%d backups, %v", len(backups), err)
	}
	oldest := filepath.Base(backups[0])
	for _, control := range []struct {
		name  string
		leave func(n, segments int) bool
	}{
		{"middle", func(n, segments int) bool { return n == segments/2 }},
		{"end", func(n, segments int) bool { return n > 0 }},
	} {
		place := filepath.Join(d.TempDir(), "place")
		if err := os.CopyFS(place, os.DirFS(d.place)); err != nil {
			d.Fatal(err)
		}
		segments, err := fs.Glob(os.DirFS(place), "journal/*/*.journal*") // packed or not
		if err != nil {
			d.Fatal(err)
		}
		for n, s := range segments {
			if control.leave(n, len(segments)) {
				if err := os.Remove(filepath.Join(place, s)); err != nil {
					d.Fatal(err)
				}
			}
		}
		to := filepath.Join(d.TempDir(), "data")
		if control.name == "middle" {
			out, err := exec.Command(d.binary, "restore", "--lang", "en", "--data", to, "--at", "2099-01-01T00:00", filepath.Join(place, oldest)).CombinedOutput()
			if err == nil || !strings.Contains(string(out), strings.TrimSuffix(segments[len(segments)/2], ".zst")) {
				d.Errorf("a segment in the middle is missing: %v, %s", err, out)
			}
			continue
		}
		for _, b := range backups[1:] {
			if err := os.RemoveAll(filepath.Join(place, filepath.Base(b))); err != nil {
				d.Fatal(err)
			}
		}
		if wrong := d.judge(d.restore(place, to), to); len(wrong) == 0 {
			d.Error("the end of the journal is missing, and nobody has noticed")
		}
	}
}

// finish repeats every request that was ever sent, and holds that each has acted once.
func (d *drill) finish() {
	d.Helper()
	url, kill := d.serve()
	for key := range d.sent {
		d.ask(url, key)
	}
	kill(syscall.SIGKILL)
	answers, budget := d.read(d.data)
	if len(answers) != len(d.sent) || budget != 100*int64(len(d.sent)) {
		d.Errorf("%d keys and a budget of %d fen, after %d requests of 100", len(answers), budget, len(d.sent))
	}
}
