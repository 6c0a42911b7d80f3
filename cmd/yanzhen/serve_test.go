package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// served is a command that serves, in this process.
type served struct {
	url  string
	stop func() int // ends it and gives its exit code
	err  *bytes.Buffer
}

// start runs a command that serves until its address is shown.
func start(t *testing.T, args ...string) served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	s := served{err: &bytes.Buffer{}}
	c := &console{in: strings.NewReader(""), out: w, err: s.err, t: i18n.T{Lang: i18n.EN}}
	code := make(chan int, 1)
	go func() {
		code <- c.run(ctx, args)
		w.Close()
	}()
	lines := bufio.NewScanner(r)
	for s.url == "" && lines.Scan() {
		s.url = strings.TrimSuffix(regexp.MustCompile(`https?://\S+`).FindString(lines.Text()), "/")
	}
	s.stop = sync.OnceValue(func() int {
		cancel()
		return <-code
	})
	t.Cleanup(func() { s.stop() })
	if s.url == "" {
		t.Fatalf("%v ended with %d before it served: %s", args, s.stop(), s.err)
	}
	return s
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestServe(t *testing.T) {
	dir := t.TempDir()
	s := start(t, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	if status, body := get(t, s.url+"/healthz"); status != http.StatusOK || body != healthAnswer {
		t.Errorf("/healthz: %d %q", status, body)
	}
	if status, body := get(t, s.url+"/sign-in"); status != http.StatusOK || strings.Contains(body, demoPassword) || strings.Contains(body, "演示数据") {
		t.Errorf("/sign-in: %d, and a demo's account or badge on it: %s", status, body)
	}

	if status, body := get(t, s.url+"/api/v1/health"); status != http.StatusOK || !strings.Contains(body, `"status":"ok"`) {
		t.Errorf("/api/v1/health: %d %q", status, body)
	}
	if status, body := get(t, s.url+"/api/v1/enterprises"); status != http.StatusUnauthorized || !strings.Contains(body, "urn:yanzhen:problem:no-token") {
		t.Errorf("/api/v1/enterprises without a token: %d %q", status, body)
	}
	// What cases hold lies apart from what imports brought in: each takes refused files away by what it knows itself.
	if info, err := os.Stat(filepath.Join(dir, "files", "cases")); err != nil || !info.IsDir() {
		t.Errorf("the files of cases have no place of their own: %v", err)
	}

	// One process owns the data; another is told, and takes nothing away from the first.
	var said bytes.Buffer
	c := &console{out: io.Discard, err: &said, t: i18n.T{Lang: i18n.EN}}
	if code := c.run(context.Background(), []string{"account", "list", "--data", dir}); code != exitFailed || said.Len() == 0 {
		t.Errorf("a second process: exit %d, %q", code, said.String())
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("exit %d after it was told to stop: %s", code, s.err)
	}
	if code := c.run(context.Background(), []string{"account", "list", "--data", dir}); code != exitOK {
		t.Errorf("exit %d once the first has ended: %s", code, said.String())
	}
}

func TestServeFinishesWhatIsUnderWay(t *testing.T) {
	s := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0")
	// A request that has begun: its body comes after the server was told to stop. The server asks for a body when the handler
	// first reads of it.
	r, w := io.Pipe()
	waits := make(chan struct{})
	trace := &httptrace.ClientTrace{Got100Continue: func() { close(waits) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodPost, s.url+"/sign-in", r)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Expect", "100-continue")
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Hour}}
	answered := make(chan string, 1)
	go func() {
		answer, err := client.Do(req)
		if err != nil {
			answered <- err.Error()
			return
		}
		answer.Body.Close()
		answered <- answer.Status
	}()
	select {
	case <-waits:
	case status := <-answered:
		t.Fatalf("answered %s before its body was asked for", status)
	}
	if _, err := io.WriteString(w, "login=nobody&"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan int, 1)
	go func() { ended <- s.stop() }()
	if _, err := io.WriteString(w, "password=wrong"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if status := <-answered; !strings.HasPrefix(status, "422") {
		t.Errorf("the request under way was answered %s", status)
	}
	if code := <-ended; code != exitOK {
		t.Errorf("exit %d: %s", code, s.err)
	}
}

func TestDemoServes(t *testing.T) {
	dir := t.TempDir()
	s := start(t, "demo", "--data", dir, "--size", "40", "--listen", "127.0.0.1:0")
	status, body := get(t, s.url+"/sign-in")
	if status != http.StatusOK || !strings.Contains(body, demoPassword) || !strings.Contains(body, "2024-10-31") {
		t.Errorf("/sign-in: %d, without the demo's accounts or date: %s", status, body)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("exit %d: %s", code, s.err)
	}

	// Served without the word demo, the data is as synthetic and stands at the same day; its accounts are not offered.
	s = start(t, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	status, body = get(t, s.url+"/sign-in")
	if status != http.StatusOK || !strings.Contains(body, "演示数据") || !strings.Contains(body, "2024-10-31") || strings.Contains(body, demoPassword) {
		t.Errorf("/sign-in of a served demo: %d, without its banner or date, or with its accounts: %s", status, body)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("exit %d: %s", code, s.err)
	}
	s = start(t, "serve", "--data", dir, "--now", "2023-05-04", "--listen", "127.0.0.1:0")
	if _, body = get(t, s.url+"/sign-in"); !strings.Contains(body, "2023-05-04") {
		t.Errorf("/sign-in does not stand at the day that was asked: %s", body)
	}
}
