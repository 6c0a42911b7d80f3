package subsidy

import (
	"fmt"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
)

// crowd makes n enterprises, every fourth of which has a project that the investment clause pays for.
func (w *world) crowd(n int) {
	w.t.Helper()
	areas := []string{"320902", "320903", "320904", "320981"}
	const some = 10_000
	for from := 0; from < n; from += some {
		var all []thing
		for i := from; i < min(from+some, n); i++ {
			name, area := fmt.Sprintf("虚构企业%d", i), areas[i%4]
			if i%4 == 0 {
				all = append(all, things(name, area, len(all)+1)...)
			} else {
				all = append(all, thing{kind: content.Enterprise, key: name, area: area, facts: map[string]any{"ent.above_scale@2024": true}})
			}
		}
		w.state(all...)
	}
}

// BenchmarkRound lists a round without applications over 100,000 enterprises, of which 25,000 get something: from the facts
// in memory to the list in the database.
func BenchmarkRound(b *testing.B) {
	w := newWorld(b, sqlite(b))
	w.crowd(100_000)
	b.ResetTimer()
	for b.Loop() {
		r, err := w.ListRound(ctx, cityA, NewRound{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "免申即享", Line: w.line})
		must(b, err)
		b.StopTimer()
		_, total, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{States: []string{LineListed}})
		must(b, err)
		if total != 25_000 {
			b.Fatalf("%d lines", total)
		}
		must(b, w.GiveUpRound(ctx, cityA, r.ID)) // or the next would be the same list once more
		b.StartTimer()
	}
}
