package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const readers = 50

// pace is how readers ask.
type pace struct {
	about    string
	requests int           // of each page
	rest     time.Duration // of a reader from one answer to the next question
	limit    time.Duration // for each page
}

// paces are those of 50 machines, each of which asks again at once, and of 50 people, each of whom opens a page a second.
var paces = []pace{
	{"without rest", 3000, 0, 60 * time.Second},
	{"a page a second each", 750, time.Second, 60 * time.Second},
}

// server is a demo under way.
type server struct {
	cmd   *exec.Cmd
	url   string
	ready time.Duration // from its start

	password string // of everybody in the demo, once somebody has signed in
}

func (b *bench) demoData(size int) string { return filepath.Join(b.demos, "demo-"+strconv.Itoa(size)) }

var shownAddress = regexp.MustCompile(`https?://\S+`)

// startDemo starts a demo and waits until it answers. stop must be called.
func startDemo(ctx context.Context, b *bench, size int) (*server, error) {
	cmd := exec.CommandContext(ctx, b.binary, "demo", "--lang", "en", "--data", b.demoData(size), "--size", strconv.Itoa(size), "--listen", "127.0.0.1:0", "--api-rate", "1000000", "--page-rate", "1000000")
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd}
	lines := bufio.NewScanner(out)
	for s.url == "" && lines.Scan() {
		s.url = strings.TrimSuffix(shownAddress.FindString(lines.Text()), "/")
	}
	if s.url == "" {
		return nil, errors.Join(fmt.Errorf("the demo of %d ended before it was ready", size), cmd.Wait())
	}
	answer, err := http.Get(s.url + "/healthz")
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("/healthz answered %s", answer.Status), s.stop())
	}
	s.ready = time.Since(start)
	go io.Copy(io.Discard, out) // ends with the process, whose end stop waits for
	return s, nil
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

func measureDemo(ctx context.Context, b *bench) error {
	for _, which := range []string{"first", "second"} {
		s, err := startDemo(ctx, b, 3000)
		if err != nil {
			return err
		}
		b.note("demo", which+" start, 3,000 firms, ready after", s.ready.Round(10*time.Millisecond).String())
		b.note("demo", which+" start, peak memory", peakOf(s.cmd.Process.Pid))
		if err := s.stop(); err != nil {
			return err
		}
	}
	return nil
}

func measurePages(ctx context.Context, b *bench, size int) error {
	_, err := os.Stat(b.demoData(size))
	fresh := err != nil // else measureDemo has told how long it takes
	s, err := startDemo(ctx, b, size)
	if err != nil {
		return err
	}
	return errors.Join(s.measurePages(ctx, b, size, fresh), s.stop())
}

func (s *server) measurePages(ctx context.Context, b *bench, size int, fresh bool) error {
	name := "pages-" + strconv.Itoa(size)
	if fresh {
		b.note(name, "ready after", s.ready.Round(10*time.Millisecond).String())
	}
	client, err := s.signIn("city")
	if err != nil {
		return err
	}
	firms, err := s.links(client, "/enterprises", regexp.MustCompile(`href="(/enterprises/[0-9]+)"`))
	if err != nil {
		return err
	}
	lists, err := s.links(client, "/region", regexp.MustCompile(`href="(/region/firms\?area=[^"]*)"`))
	if err != nil {
		return err
	}
	var regions []string // of the city and of each area
	for _, list := range lists {
		area, err := url.Parse(list)
		if err != nil {
			return err
		}
		regions = append(regions, "/region?area="+url.QueryEscape(area.Query().Get("area")))
	}
	if err := s.measureAll(ctx, b, client, name, []page{
		{"today", []string{"/today"}},
		{"list of enterprises", []string{"/enterprises", "/enterprises?sort=-ent.revenue", "/enterprises?scale=1&page=7"}},
		{"search", searches},
		{"enterprise page", firms},
		{"region page", slices.Compact(regions)},
		{"firms of a clause or area", lists},
		{"imports", []string{"/imports"}},
	}); err != nil {
		return err
	}
	if err := s.measureAPI(ctx, b, client, name, firms); err != nil {
		return err
	}
	b.note(name, "peak memory", peakOf(s.cmd.Process.Pid))
	return nil
}

// searches are what people type: a part of a name, its pinyin, a code, a name with a slip.
var searches = []string{"/search?q=%E7%94%B5%E6%B0%94", "/search?q=dfjx", "/search?q=91320982", "/search?q=%E5%A4%A7%E4%B8%B0%E7%B2%BE%E5%AF%86", "/search?q=dafeng"}

// page is what readers open, one address after the other.
type page struct {
	what string
	urls []string
}

func (s *server) measureAll(ctx context.Context, b *bench, client *http.Client, name string, pages []page) error {
	for _, p := range pages {
		if err := s.measure(ctx, b, client, name, p.what, p.urls); err != nil {
			return err
		}
	}
	return nil
}

// measure notes how long the answers to readers took.
func (s *server) measure(ctx context.Context, b *bench, client *http.Client, name, what string, urls []string) error {
	for _, p := range paces {
		took, err := s.read(ctx, client, urls, p)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		slices.Sort(took)
		at := func(permille int) string {
			return took[min(len(took)*permille/1000, len(took)-1)].Round(100 * time.Microsecond).String()
		}
		b.note(name, fmt.Sprintf("%s, %d readers %s, %d requests", what, readers, p.about, len(took)), fmt.Sprintf("p50 %s, p99 %s", at(500), at(990)))
	}
	return nil
}

// signIn gives a client that has entered as one of the demo's people.
func (s *server) signIn(login string) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: readers}, Timeout: time.Minute}
	page, err := body(client, s.url+"/sign-in")
	if err != nil {
		return nil, err
	}
	password := regexp.MustCompile(`name="password" value="([^"]+)"`).FindStringSubmatch(page)
	if password == nil {
		return nil, errors.New("the sign-in page shows no password of the demo")
	}
	s.password = password[1]
	answer, err := client.PostForm(s.url+"/sign-in", url.Values{"login": {login}, "password": {s.password}})
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK || answer.Request.URL.Path == "/sign-in" {
		return nil, fmt.Errorf("sign in: %s", answer.Status)
	}
	return client, nil
}

func (s *server) links(client *http.Client, path string, pattern *regexp.Regexp) ([]string, error) {
	page, err := body(client, s.url+path)
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, m := range pattern.FindAllStringSubmatch(page, -1) {
		urls = append(urls, html.UnescapeString(m[1]))
	}
	slices.Sort(urls)
	urls = slices.Compact(urls)
	if len(urls) == 0 {
		return nil, fmt.Errorf("%s links to nothing that looks like %s", path, pattern)
	}
	return urls, nil
}

func body(client *http.Client, address string) (string, error) {
	answer, err := client.Get(address)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", address, answer.Status)
	}
	return string(text), err
}

// read asks for the pages in turn, as many readers at once as said, and tells how long each answer took, or the first
// answer that was none.
func (s *server) read(ctx context.Context, client *http.Client, urls []string, p pace) (took []time.Duration, failed error) {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	var (
		next  atomic.Int64
		mu    sync.Mutex
		group sync.WaitGroup
	)
	for reader := range readers {
		group.Go(func() {
			wait(ctx, p.rest*time.Duration(reader)/readers) // people do not begin all at once
			for {
				n := int(next.Add(1) - 1)
				if n >= p.requests || ctx.Err() != nil {
					return
				}
				start := time.Now()
				_, err := body(client, s.url+urls[n%len(urls)])
				lasted := time.Since(start)
				mu.Lock()
				if failed == nil {
					failed = err
				}
				took = append(took, lasted)
				mu.Unlock()
				wait(ctx, p.rest-lasted)
			}
		})
	}
	group.Wait()
	return took, failed
}

func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
