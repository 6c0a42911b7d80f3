package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// bearer asks with a token.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (t bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+t.token)
	return t.next.RoundTrip(r)
}

var shownToken = regexp.MustCompile(`yz_[A-Z2-7]{33}`)

// tokenClient makes a token with some rights on the page of someone who has signed in, and gives a client that uses it.
func (s *server) tokenClient(signedIn *http.Client, rights ...string) (*http.Client, error) {
	answer, err := signedIn.PostForm(s.url+"/account/tokens", url.Values{"name": {"bench"}, "action": rights, "days": {"1"}, "password": {s.password}})
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	token := shownToken.Find(page)
	if token == nil {
		return nil, errors.New("the page of tokens shows no token")
	}
	next := &http.Transport{MaxIdleConnsPerHost: readers}
	return &http.Client{Transport: bearer{string(token), next}, Timeout: time.Minute}, nil
}

// measureAPI asks for pages of the list, for files and decisions of the firms that the list of pages shows, and for the
// region; then it reads every fact and every amount once.
func (s *server) measureAPI(ctx context.Context, b *bench, signedIn *http.Client, name string, firms []string) error {
	const base = "/api/v1"
	client, err := s.tokenClient(signedIn, "read_party", "read_fact", "read_sensitive", "export")
	if err != nil {
		return err
	}
	var files, decisions []string
	for _, page := range firms {
		file := base + page
		files, decisions = append(files, file), append(decisions, file+"/decisions/yancheng-2022-6")
	}
	lists, err := s.pagesOfList(client, base+"/enterprises?limit=50&columns=ent.revenue,ent.employees&sort=-ent.revenue")
	if err != nil {
		return err
	}
	for _, ask := range []struct {
		what string
		urls []string
	}{
		{"API, a page of 50 of the list", lists},
		{"API, the file of an enterprise", files},
		{"API, a decision with its trace", decisions},
		{"API, a policy over the region", []string{base + "/policies/yancheng-2022-6/region?area=320900"}},
	} {
		if err := s.measure(ctx, b, client, name, ask.what, ask.urls); err != nil {
			return err
		}
	}
	for _, stream := range []string{"/exports/facts", "/exports/decisions/yancheng-2022-6?format=csv"} {
		start := time.Now()
		lines, err := s.lines(ctx, client, base+stream)
		if err != nil {
			return fmt.Errorf("%s: %w", stream, err)
		}
		b.note(name, fmt.Sprintf("API, %s, %d lines", stream, lines), time.Since(start).Round(10*time.Millisecond).String())
	}
	return nil
}

var nextCursor = regexp.MustCompile(`"next":"([^"]+)"`)

// pagesOfList is the addresses of the first twenty pages.
func (s *server) pagesOfList(client *http.Client, first string) ([]string, error) {
	urls := []string{first}
	for len(urls) < 20 {
		page, err := body(client, s.url+urls[len(urls)-1])
		if err != nil {
			return nil, err
		}
		next := nextCursor.FindStringSubmatch(page)
		if next == nil {
			return urls, nil
		}
		urls = append(urls, first+"&cursor="+next[1])
	}
	return urls, nil
}

// lines counts the lines of a stream without holding them.
func (s *server) lines(ctx context.Context, client *http.Client, path string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return 0, err
	}
	whole := *client
	whole.Timeout = 0
	answer, err := whole.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0, errors.New("status " + strconv.Itoa(answer.StatusCode))
	}
	n, chunk := 0, make([]byte, 64<<10)
	for {
		got, err := answer.Body.Read(chunk)
		n += strings.Count(string(chunk[:got]), "\n")
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
