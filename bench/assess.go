package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// assessModel is what is answered: the model whose questionnaire small and medium firms fill in.
const assessModel = "sme_digital"

// measureAssess hands self-assessments in through the HTTP API, as a program of a firm does: each opens a case and submits the questionnaire
// of the model in it. They are all of one firm of the demo, with other answers each time, so that every one states facts.
func measureAssess(ctx context.Context, b *bench) error {
	s, err := startDemo(ctx, b, 3000)
	if err != nil {
		return err
	}
	return errors.Join(s.measureAssess(ctx, b), s.stop())
}

func (s *server) measureAssess(ctx context.Context, b *bench) error {
	signedIn, err := s.signIn("enterprise")
	if err != nil {
		return err
	}
	client, err := s.tokenClient(signedIn, "read_party", "read_fact", "read_case", "file_case")
	if err != nil {
		return err
	}
	var list struct {
		Items []struct {
			ID int64 `json:"id"`
		} `json:"items"`
	}
	if err := s.call(ctx, client, http.MethodGet, "/enterprises?limit=1", nil, &list); err != nil {
		return err
	}
	if len(list.Items) == 0 {
		return errors.New("the demo's enterprise sees no enterprise")
	}
	took, whole, err := s.submit(ctx, client, list.Items[0].ID, b.submissions)
	if err != nil {
		return err
	}
	slices.Sort(took)
	at := func(permille int) string {
		return took[min(len(took)*permille/1000, len(took)-1)].Round(100 * time.Microsecond).String()
	}
	b.note("assess", fmt.Sprintf("%d self-assessments, each a case opened and a questionnaire submitted, %d programs without rest", len(took), readers),
		fmt.Sprintf("%.0f a second, p50 %s, p99 %s", float64(len(took))/whole.Seconds(), at(500), at(990)))
	b.note("assess", "peak memory of the server", peakOf(s.cmd.Process.Pid))
	return nil
}

// submit hands in so many, by as many programs at once as there are readers, and tells how long each took and all of them together.
func (s *server) submit(ctx context.Context, client *http.Client, firm int64, many int) (took []time.Duration, whole time.Duration, failed error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	took = make([]time.Duration, many)
	var next atomic.Int64
	var once sync.Once
	var group sync.WaitGroup
	start := time.Now()
	for range readers {
		group.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= many || ctx.Err() != nil {
					return
				}
				began := time.Now()
				if err := s.assessOnce(ctx, client, firm, n); err != nil {
					once.Do(func() { failed = fmt.Errorf("submission %d: %w", n, err) })
					cancel()
					return
				}
				took[n] = time.Since(began)
			}
		})
	}
	group.Wait()
	return took, time.Since(start), failed
}

// assessOnce opens a case and submits answers in it that no other has.
func (s *server) assessOnce(ctx context.Context, client *http.Client, firm int64, n int) error {
	var made struct {
		ID int64 `json:"id"`
	}
	if err := s.call(ctx, client, http.MethodPost, "/cases", map[string]any{"workflow": "assessment_" + assessModel, "enterprise": firm}, &made); err != nil {
		return err
	}
	texts := map[string]string{
		"devices_total": strconv.Itoa(1000 + n), "devices_digital": strconv.Itoa(500 + n%400), "devices_networked": strconv.Itoa(100 + n%300),
		"net_control": strconv.FormatBool(n%2 == 0), "net_application": strconv.FormatBool(n%3 == 0), "net_5g": strconv.FormatBool(n%5 == 0),
	}
	for i, scene := range []string{"product_design", "process_design", "marketing", "after_sales", "planning", "production", "quality", "equipment", "safety", "energy", "purchasing", "logistics", "finance", "hr", "office", "decision"} {
		texts["scene_"+scene] = strconv.Itoa((n + i) % 5)
	}
	return s.call(ctx, client, http.MethodPost, fmt.Sprintf("/cases/%d/act", made.ID), map[string]any{"action": "submit", "entry": map[string]any{"texts": texts}}, nil)
}

// call asks the API and reads what it answers.
func (s *server) call(ctx context.Context, client *http.Client, method, path string, body, into any) error {
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.url+"/api/v1"+path, sent)
	if err != nil {
		return err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return err
	case answer.StatusCode >= http.StatusBadRequest:
		return fmt.Errorf("%s %s answered %s: %.300s", method, path, answer.Status, text)
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
}
