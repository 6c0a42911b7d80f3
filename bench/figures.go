package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// measureFigures runs the benchmarks of monitor. PostgreSQL takes part where YANZHEN_TEST_POSTGRES says where it is, DuckDB where the race has set
// it up.
func measureFigures(ctx context.Context, b *bench) error {
	cmd := exec.CommandContext(ctx, "go", "test", "./internal/monitor", "-run", "^$", "-bench", "Figures|Questions", "-benchtime", "3x", "-timeout", "30m")
	cmd.Env = append(os.Environ(), "YANZHEN_BENCH_FIRMS=100000")
	duck, err := filepath.Abs(filepath.Join("bench", "out", "peers", "DuckDB"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(duck, "node_modules")); err == nil {
		cmd.Env = append(cmd.Env, "YANZHEN_BENCH_DUCKDB="+duck)
	}
	return b.repeat("figures", "100,000 firms: ", cmd)
}

// measureFigurePages asks for the pages that are made of figures.
func measureFigurePages(ctx context.Context, b *bench) error {
	const size = 100_000
	s, err := startDemo(ctx, b, size)
	if err != nil {
		return err
	}
	name := "figures-" + strconv.Itoa(size)
	client, err := s.signIn("city")
	if err == nil {
		err = s.measureAll(ctx, b, client, name, []page{
			{"map", []string{"/map", "/map?indicator=completed_share", "/map?indicator=above_scale_firms", "/map?indicator=output"}},
			{"pivot", []string{"/pivot", "/pivot?indicator=completed_share&rows=county&cols=ent.size", "/pivot?indicator=output&rows=trade&cols=county"}},
			{"figure", []string{"/figures/completed_share", "/figures/output"}},
			{"cockpit", []string{"/cockpit"}},
		})
	}
	if err == nil {
		err = s.measureLive(ctx, b, client, name)
	}
	b.note(name, "peak memory", peakOf(s.cmd.Process.Pid))
	return errors.Join(err, s.stop())
}

// changes is how often the figure of an open page is changed.
const changes = 20

// measureLive has the city answer anew what counts as completed, which is a commit that changes the figure of every area, and tells how long it
// is from the question to the changed figure at a cockpit that stands open.
func (s *server) measureLive(ctx context.Context, b *bench, client *http.Client, name string) error {
	program, err := s.tokenClient(client, "read_fact", "handle_case")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/cockpit/live?show=completed_share&since=0", nil)
	if err != nil {
		return err
	}
	open := *client
	open.Timeout = 0 // the stream stays
	stream, err := open.Do(r)
	if err != nil {
		return err
	}
	defer stream.Body.Close()
	if stream.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream of the cockpit answered %s", stream.Status)
	}
	told := make(chan time.Time, changes)
	go func() {
		defer close(told)
		for lines := bufio.NewScanner(stream.Body); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "data: ") {
				told <- time.Now()
			}
		}
	}()
	var now struct {
		Choices []struct{ Choice, Answer string } `json:"choices"`
	}
	if err := s.call(ctx, program, http.MethodGet, "/choices", nil, &now); err != nil {
		return err
	}
	answers := []string{"accepted", "declared"}
	for _, c := range now.Choices {
		if c.Choice == "completion" && c.Answer == answers[0] { // of a demonstration that was measured before
			slices.Reverse(answers)
		}
	}
	var took []time.Duration
	for i := range changes {
		answer := map[string]string{"area": "320900", "choice": "completion", "answer": answers[i%2], "from": "2022-01-01", "document": fmt.Sprintf("测量 %d", i)}
		began := time.Now()
		if err := s.call(ctx, program, http.MethodPost, "/choices", answer, nil); err != nil {
			return err
		}
		at, ok := <-told
		if !ok {
			return fmt.Errorf("the stream ended after %d changes and did not tell the next", i)
		}
		took = append(took, at.Sub(began))
		time.Sleep(700 * time.Millisecond) // another half of the stream's own pace each time
	}
	slices.Sort(took)
	b.note(name, fmt.Sprintf("an answer given anew until the changed figure at an open cockpit, %d times", changes),
		fmt.Sprintf("median %s, most %s", took[changes/2].Round(time.Millisecond), took[changes-1].Round(time.Millisecond)))
	return nil
}
