package casework

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// Sizes of the benchmark: a city's cases of some years.
const (
	benchCases  = 125_000
	benchEvents = 8 // of a case
	benchOpen   = 5 // one case of so many still waits for somebody
)

// fill writes cases with their events and tasks as acts would have left them, without acting a million times.
func (w *world) fill(b *testing.B) {
	ctx := b.Context()
	areas := []string{tinghu, dafeng, "320903", "320921", "320922", "320923", "320924", "320925", "320981"}
	def := w.Set.All()[0]
	var seed Case
	var err error
	if seed, err = w.New(ctx, firm(w, 0), NewCase{Workflow: "apply", Title: "种子", Subject: w.firms[0]}); err != nil {
		b.Fatal(err)
	}
	const chunk = 2_500
	for first := 0; first < benchCases; first += chunk {
		err := w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			id, err := tx.NextIDs(ctx, chunk*(2*benchEvents+2))
			if err != nil {
				return err
			}
			caseID := func(i int) int64 { return id + int64(i) }
			next := id + chunk
			rows := func(n int, row func(i int) []any) func(yield func([]any) bool) {
				return func(yield func([]any) bool) {
					for i := range n {
						if !yield(row(i)) {
							return
						}
					}
				}
			}
			state := func(i int) (string, string) {
				if i%benchOpen == 0 {
					return "check", ""
				}
				return "paid", Done
			}
			err = tx.InsertRows(ctx, "case_head", []string{"id", "workflow", "hash", "title", "subject", "enterprise", "area", "batch", "opened_at", "state", "since", "moved", "events", "ended", "data"},
				rows(chunk, func(i int) []any {
					s, ended := state(i)
					return []any{caseID(i), "apply", def.Hash, fmt.Sprintf("测试第 %d 件", first+i), seed.Subject, int64(1_000 + (first+i)%20_000), areas[(first+i)%len(areas)], int64(0), seed.OpenedAt, s, seed.Since, int64(benchEvents), int64(benchEvents), ended, "{}"}
				}))
			if err != nil {
				return err
			}
			err = tx.InsertRows(ctx, "case_event", []string{"id", "case_id", "n", "kind", "action", "actor", "who", "cause", "at", "from_state", "to_state", "reason", "answers", "data", "known", "source", "passes", "slot", "opened"},
				rows(chunk*benchEvents, func(i int) []any {
					next++
					return []any{next, caseID(i / benchEvents), int64(i%benchEvents + 1), "acted", "accept", int64(20), "county_official", int64(0), seed.OpenedAt, "check", "check", "", "", "{}", int64(1), int64(0), "", "", "[]"}
				}))
			if err != nil {
				return err
			}
			err = tx.InsertRows(ctx, "case_pin", []string{"case_id", "kind", "name", "hash"},
				rows(chunk, func(i int) []any { return []any{caseID(i), "form", "claim", "claim-1"} }))
			if err != nil {
				return err
			}
			return tx.InsertRows(ctx, "case_task", []string{"id", "case_id", "kind", "slot", "state", "workflow", "role", "account", "area", "enterprise", "partner", "opened_n", "opened_at", "since_day", "days", "closed_n", "closed_at", "outcome", "rung"},
				rows(chunk*3, func(i int) []any {
					next++
					c, closed := i/3, int64(5)
					if i%3 == 2 && c%benchOpen == 0 {
						closed = 0
					}
					return []any{next, caseID(c), "work", "", "check", "apply", "county_official", int64(0), areas[(first+c)%len(areas)], int64(1_000), int64(0), int64(benchEvents), seed.OpenedAt, int64(period.Date(2024, 9, 1)) + int64((first+c)%60), int64(5), closed, int64(0), "", int64(0)}
				}))
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReads reads pages of a database with a million events and 25,000 open tasks.
func BenchmarkReads(b *testing.B) {
	for name, open := range map[string]func(testing.TB, []store.Migrations) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, open(b, shipping))
			w.fill(b)
			ctx := b.Context()
			all := access.NewScope(22, access.CityOfficial, []string{"320900", tinghu, dafeng, "320903", "320921", "320922", "320923", "320924", "320925", "320981"}, nil)
			run := func(name string, do func() error) {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						if err := do(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			run("inbox of a county", func() error { _, err := w.Inbox(ctx, county, "", 0, 40); return err })
			run("inbox of the city", func() error { _, err := w.Inbox(ctx, all, "", 0, 40); return err })
			run("inbox of the city, page 100", func() error { _, err := w.Inbox(ctx, all, "", 4000, 40); return err })
			run("inbox of an expert", func() error { _, err := w.Inbox(ctx, expert(31), "", 0, 40); return err })
			run("cases of the city in a state", func() error {
				_, _, err := w.Cases(ctx, all, Filter{Workflow: "apply", State: "check"}, 0, 40)
				return err
			})
			run("cases of an enterprise", func() error {
				_, _, err := w.Cases(ctx, access.NewScope(9, access.Enterprise, nil, []int64{1_500}), Filter{}, 0, 40)
				return err
			})
			run("counts of a county", func() error { _, err := w.Counts(ctx, county, Filter{}); return err })
			list, _, err := w.Cases(ctx, county, Filter{}, 0, 1)
			if err != nil {
				b.Fatal(err)
			}
			run("track of a case", func() error { _, err := w.Track(ctx, county, list[0].ID); return err })
		})
	}
}

// BenchmarkActs has 64 workers open cases and submit them: two transitions each.
func BenchmarkActs(b *testing.B) {
	for name, open := range map[string]func(testing.TB, []store.Migrations) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, open(b, shipping))
			var acts atomic.Int64
			b.SetParallelism(32) // of two cores
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					c, err := w.New(b.Context(), firm(w, 0), NewCase{Workflow: "apply", Title: "测试", Subject: w.firms[0]})
					if err == nil {
						_, err = w.Act(b.Context(), firm(w, 0), Act{Case: c.ID, Action: "submit", Entry: claim(5)})
					}
					if err != nil {
						b.Error(err)
						return
					}
					acts.Add(2)
				}
			})
			b.ReportMetric(float64(acts.Load())/b.Elapsed().Seconds(), "transitions/s")
		})
	}
}
