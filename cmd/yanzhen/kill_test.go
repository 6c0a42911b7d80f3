package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// killRounds is how often the shipped server is killed on each database: "make soak" asks for more.
const killRounds = "YANZHEN_TEST_CRASH_ROUNDS"

const (
	killsOfOne = 20 // on one database, so that the time of thousands grows with their number only
	killCalls  = 60 // notices of calls that are there to be published and closed
	killDrafts = 10 // of them that stay drafts: who drafts may add files to them whenever the answer comes
	reserve    = 100 * money.Yuan
)

// wish is one request that changes something. It is sent again, under the same key, until it is answered.
type wish struct {
	kind  string // publish, close, budget or file
	id    int64  // of the case, but for a budget
	n     int    // of a budget or a file
	early bool   // of a control: taken for done when it is sent
	again bool   // sent before, and cut off
}

func (w wish) key() string { return fmt.Sprintf("%s-%d-%d", w.kind, w.id, w.n) }

// paper is a file of its own.
func (w wish) paper() []byte { return []byte(fmt.Sprintf("%%PDF-1.4\n%% %s\n%%%%EOF\n", w.key())) }

// answer is what the server said to a wish.
type answer struct {
	ID   int64  `json:"id"`   // of the event or the file
	N    int64  `json:"n"`    // of the event in its case
	Line int64  `json:"line"` // of a budget
	SHA  string `json:"sha256"`
}

// killer is the process that stays: it asks, keeps what was answered, kills the server, and looks at what is there.
type killer struct {
	*testing.T
	binary string
	place  place
	token  map[string]string
	early  bool

	mu    sync.Mutex
	todo  []wish
	open  map[string]wish // sent, and not answered
	done  map[string]answer
	said  map[string]wish
	calls []int64 // not published yet
	made  int
	kill  int           // how many more answers there are before the server is killed
	now   chan struct{} // closed then
	wrong []string
}

// settle makes an installation with three accounts, a budget line and calls.
func (k *killer) settle() {
	k.Helper()
	in, err := k.place.open(k.Context(), k.console())
	if err != nil {
		k.Fatal(err)
	}
	defer in.close(k.console())
	scopes := map[string]access.Scope{}
	for login, role := range map[string]access.Role{"drafts": access.CityOfficial, "publishes": access.CityOfficial, "finance": access.Finance} {
		a, err := in.accounts.Create(k.Context(), access.SystemScope(), access.NewAccount{
			Login: login, Name: login, Password: demoPassword, Grants: []access.Grant{{Role: role, Area: homeCity}},
		})
		if err != nil {
			k.Fatal(err)
		}
		s := in.frames.ScopeOf(a)
		var may []access.Action
		for _, x := range access.Actions() {
			if s.Can(x) {
				may = append(may, x)
			}
		}
		if _, k.token[login], err = in.accounts.CreateToken(k.Context(), s, access.NewToken{Name: "load", Actions: may, Days: 30}); err != nil {
			k.Fatal(err)
		}
		scopes[login] = s
	}
	line, err := ledger.Alone(k.Context(), in.ledger, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return in.ledger.Appropriate(ctx, tx, ledger.Act{Scope: scopes["finance"], Key: "first", Reason: "年初预算", Document: "测试文件"}, ledger.Appropriation{
			Fund: "测试资金", Code: "calls", Year: in.now.Today().Year(), Area: homeCity, Name: "测试", Change: killCalls * reserve,
		})
	})
	if err != nil {
		k.Fatal(err)
	}
	today := in.now.Today()
	for n := range killCalls {
		c, err := in.subsidy.OpenCall(k.Context(), scopes["drafts"], subsidy.Call{
			Area: homeCity, Policy: "yancheng-2022-6", Clauses: []string{"c9"}, Title: fmt.Sprintf("测试通知 %d", n), Opens: today, Closes: today + 100, Line: line, Reserve: reserve,
		})
		if err != nil {
			k.Fatal(err)
		}
		k.calls = append(k.calls, c.Case)
	}
}

func (k *killer) console() *console {
	return &console{in: strings.NewReader(""), out: io.Discard, err: io.Discard, t: i18n.T{Lang: i18n.EN}}
}

// next is what is asked next: what was asked before and not answered, then something new.
func (k *killer) next() wish {
	k.mu.Lock()
	defer k.mu.Unlock()
	if n := len(k.todo) - 1; n >= 0 {
		w := k.todo[n]
		k.todo = k.todo[:n]
		return w
	}
	k.made++
	w := wish{kind: "budget", n: k.made}
	switch n := len(k.calls); {
	case k.made%3 == 1 && n > killDrafts:
		w = wish{kind: "publish", id: k.calls[n-1]}
		k.calls = k.calls[:n-1]
	case k.made%3 == 2:
		w = wish{kind: "file", id: k.calls[rand.IntN(killDrafts)], n: k.made}
	}
	w.early = k.early
	k.open[w.key()] = w
	if w.early {
		k.said[w.key()] = w
	}
	return w
}

// ask sends a wish; an error is that of a server that is gone.
func (k *killer) ask(url string, w wish) error {
	var path, token, kind string
	var body []byte
	switch w.kind {
	case "budget":
		path, token, kind = "/fund/budget", "finance", "application/json"
		body = []byte(fmt.Sprintf(`{"fund":"测试资金","code":"one","year":2024,"area":%q,"name":"测试","change":"1元","reason":"测试","document":"测试 %d"}`, homeCity, w.n))
	case "file":
		path, token, kind, body = fmt.Sprintf("/cases/%d/files?name=%s.pdf", w.id, w.key()), "drafts", "application/octet-stream", w.paper()
	default:
		path, token, kind = fmt.Sprintf("/cases/%d/act", w.id), "publishes", "application/json"
		body = []byte(fmt.Sprintf(`{"action":%q}`, w.kind))
	}
	req, err := http.NewRequestWithContext(k.Context(), http.MethodPost, url+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+k.token[token])
	req.Header.Set("Content-Type", kind)
	if w.kind != "file" {
		req.Header.Set("Idempotency-Key", w.key())
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if w.kind == "file" && res.StatusCode == http.StatusConflict && w.again { // the case has the same file: it was taken before the kill
		k.hear(w, answer{})
		return nil
	}
	if res.StatusCode/100 != 2 {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.wrong = append(k.wrong, fmt.Sprintf("%s was answered %s: %s", w.key(), res.Status, text))
		return nil
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return err
	}
	k.hear(w, a)
	return nil
}

func (k *killer) hear(w wish, a answer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.open, w.key())
	k.done[w.key()], k.said[w.key()] = a, w
	if k.kill--; k.kill == 0 {
		close(k.now)
	}
	if w.kind == "publish" {
		k.todo = append(k.todo, wish{kind: "close", id: w.id, early: k.early})
	}
}

// round starts the server, has a dozen ask it, and kills it in the middle.
func (k *killer) round() {
	k.Helper()
	cmd := exec.CommandContext(k.Context(), k.binary, "serve", "--data", k.place.data, "--db", k.place.db, "--now", k.place.now, "--listen", "127.0.0.1:0", "--api-rate", "100000")
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.StdoutPipe()
	if err != nil {
		k.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.Fatal(err)
	}
	url := ""
	for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
		url = strings.TrimSuffix(regexp.MustCompile(`http://\S+`).FindString(lines.Text()), "/")
	}
	if url == "" {
		_ = cmd.Wait()
		k.Fatalf("the server ended before it served: %s", &words)
	}
	k.kill, k.now = 1+rand.IntN(60), make(chan struct{})
	var asking sync.WaitGroup
	for range 12 {
		asking.Go(func() {
			for {
				if k.ask(url, k.next()) != nil {
					return
				}
			}
		})
	}
	<-k.now
	time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
	if err := cmd.Process.Kill(); err != nil {
		k.Fatal(err)
	}
	asking.Wait()
	_ = cmd.Wait() // it was killed
	http.DefaultClient.CloseIdleConnections()
	k.todo = nil
	for _, w := range k.open {
		w.again = true
		k.todo = append(k.todo, w)
	}
	for _, w := range k.said { // what was to follow
		if w.kind == "publish" && k.done[w.key()].ID != 0 && k.done[wish{kind: "close", id: w.id}.key()].ID == 0 {
			k.todo = append(k.todo, wish{kind: "close", id: w.id, early: k.early})
		}
	}
}

func (k *killer) tell(format string, args ...any) {
	k.wrong = append(k.wrong, fmt.Sprintf(format, args...))
}

const (
	killEvents  = `SELECT COUNT(*) FROM case_event WHERE case_id = $1 AND action = $2`
	killEvent   = `SELECT COUNT(*) FROM case_event WHERE id = $1 AND case_id = $2 AND n = $3 AND action = $4`
	killFiles   = `SELECT COUNT(*) FROM case_evidence WHERE case_id = $1 AND name = $2`
	killBudgets = `SELECT document, COUNT(*) FROM ledger_transfer WHERE document LIKE '测试 %' GROUP BY document`
	killBudget  = `SELECT -CAST(COALESCE(SUM(b.budget), 0) AS BIGINT) FROM ledger_balance b JOIN ledger_line l ON l.id = b.line_id WHERE l.code = 'one'`
	killHeld    = `SELECT CAST(COALESCE(SUM(held), 0) AS BIGINT) FROM ledger_balance`
	killOpen    = `SELECT COUNT(*) FROM case_head WHERE workflow = 'call' AND state = 'published'`
)

// judge looks at what is there after a kill: all that was answered, nothing twice, money that agrees with the cases, files as they
// were sent; and at the end each case as its events make it.
func (k *killer) judge(last bool) {
	k.Helper()
	in, err := k.place.open(k.Context(), k.console())
	if err != nil {
		k.Fatal(err)
	}
	defer in.close(k.console())
	for key, w := range k.said {
		a := k.done[key]
		switch {
		case w.kind == "file":
			k.judgeFile(in, w, a)
		case w.kind == "budget":
		case a.ID == 0 && k.count(in, killEvents, w.id, w.kind) == 0, a.ID != 0 && k.count(in, killEvent, a.ID, w.id, a.N, w.kind) != 1:
			k.tell("lost: %s, event %d", key, a.ID)
		case k.count(in, killEvents, w.id, w.kind) > 1:
			k.tell("twice: %s", key)
		}
	}
	k.judgeMoney(in)
	if !last {
		return
	}
	cases, _, err := in.cases.Cases(k.Context(), access.SystemScope(), casework.Filter{}, 0, 10_000)
	if err != nil {
		k.Fatal(err)
	}
	for _, c := range cases {
		if err := in.cases.Verify(k.Context(), access.SystemScope(), c.ID); err != nil {
			k.tell("not replayed: %v", err)
		}
	}
}

func (k *killer) count(in *installation, query string, args ...any) (n int64) {
	k.Helper()
	if err := in.db.Read().QueryRow(k.Context(), query, args...).Scan(&n); err != nil {
		k.Fatal(err)
	}
	return n
}

func (k *killer) judgeFile(in *installation, w wish, a answer) {
	k.Helper()
	if n := k.count(in, killFiles, w.id, w.key()+".pdf"); n != 1 {
		k.tell("lost: %s is there %d times", w.key(), n)
		return
	}
	if a.ID == 0 { // without an answer nobody knows its number
		return
	}
	_, f, err := in.cases.OpenFile(k.Context(), access.SystemScope(), a.ID)
	if err != nil {
		k.tell("lost: %s: %v", w.key(), err)
		return
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, w.paper()) {
		k.tell("lost: %s holds %q, %v", w.key(), got, err)
	}
}

func (k *killer) judgeMoney(in *installation) {
	k.Helper()
	rows, err := in.db.Read().Query(k.Context(), killBudgets)
	if err != nil {
		k.Fatal(err)
	}
	defer rows.Close()
	given := map[string]int64{}
	for rows.Next() {
		var document string
		var times int64
		if err := rows.Scan(&document, &times); err != nil {
			k.Fatal(err)
		}
		if given[document] = times; times > 1 {
			k.tell("twice: budget %q was given %d times", document, times)
		}
	}
	if err := rows.Err(); err != nil {
		k.Fatal(err)
	}
	for key, w := range k.said {
		if w.kind == "budget" && given[fmt.Sprintf("测试 %d", w.n)] == 0 {
			k.tell("lost: %s", key)
		}
	}
	if got, want := k.count(in, killBudget), int64(len(given))*int64(money.Yuan); got != want {
		k.tell("the budget is %d fen, %d were given", got, want)
	}
	if got, want := k.count(in, killHeld), k.count(in, killOpen)*int64(reserve); got != want {
		k.tell("%d fen are set aside for calls, the open ones asked for %d", got, want)
	}
	found, err := in.ledger.Check(k.Context())
	if err != nil {
		k.Fatal(err)
	}
	for _, f := range found.Faults {
		k.tell("fault: %s", f)
	}
	proven, err := in.proof.Check(k.Context())
	if err != nil {
		k.Fatal(err)
	}
	for _, f := range proven.Faults {
		k.tell("log: %s", f)
	}
}

// shipped is the product, built once for a test.
func shipped(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "yanzhen")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// killed kills the server so many times while a dozen ask it.
func killed(t *testing.T, binary, url string, rounds int, early bool) *killer {
	t.Helper()
	k := &killer{
		T: t, binary: binary, place: place{data: t.TempDir(), db: url, now: "2024-10-31"}, token: map[string]string{}, early: early,
		open: map[string]wish{}, done: map[string]answer{}, said: map[string]wish{},
	}
	k.settle()
	for n := range rounds {
		k.round()
		k.judge(n == rounds-1)
		if len(k.wrong) > 0 {
			break
		}
	}
	t.Logf("%d kills of the server, %d requests answered, %d cut off at the last, %d wrong", rounds, len(k.done), len(k.open), len(k.wrong))
	return k
}

// TestServerKilled kills the shipped server (SIGKILL) while programs publish and close calls, give budgets and hand in files by its
// API, and know what it has answered. Who was not answered asks again under the same key after the next start. All that was
// answered is there, nothing is there twice, the money agrees with the cases.
func TestServerKilled(t *testing.T) {
	rounds := killsOfOne
	if n, err := strconv.Atoi(os.Getenv(killRounds)); err == nil {
		rounds = n
	}
	binary := shipped(t)
	for ; rounds > 0 && !t.Failed(); rounds -= killsOfOne {
		storetest.EachURL(t, func(t *testing.T, url string) {
			k := killed(t, binary, url, min(rounds, killsOfOne), false)
			for _, s := range k.wrong[:min(len(k.wrong), 20)] {
				t.Error(s)
			}
			for kind, least := range map[string]int{"publish": 1, "close": 1, "budget": 1, "file": 1} {
				n := 0
				for _, w := range k.said {
					if w.kind == kind {
						n++
					}
				}
				if n < least {
					t.Errorf("%d requests of the kind %s were answered", n, kind)
				}
			}
		})
	}
}

// TestServerKilledControl takes what it asks for done when it sends it, as a server would that answers before it commits: the test
// above must see that something is lost.
func TestServerKilledControl(t *testing.T) {
	binary := shipped(t)
	storetest.EachURL(t, func(t *testing.T, url string) {
		k := killed(t, binary, url, 10, true)
		if !strings.Contains(strings.Join(k.wrong, "\n"), "lost: ") {
			t.Errorf("nothing was seen to be lost: %v", k.wrong)
		}
	})
}
