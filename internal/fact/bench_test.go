package fact

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// A city is 100,000 firms: go test -bench . -benchtime 1x -firms 100000 ./internal/fact
var benchFirms = flag.Int("firms", 2000, "how many enterprises the benchmarks have")

// benchColumns is how many facts each enterprise has.
const benchColumns = 40

// load appends 40 facts for each of the firms and publishes them.
func load(b *testing.B, w *world, firms []int64) {
	b.Helper()
	src := w.begin(b, "tax")
	said := make([]Statement, 0, chunkRows)
	flush := func() {
		must(b, w.facts.Append(context.Background(), src, said))
		said = said[:0]
	}
	for i, id := range firms {
		for c := range benchColumns {
			s := present(id, "ent.revenue", period.OfYear(1990+c), int64(i)*1_000_003+int64(c))
			s.Place = fmt.Sprintf("Sheet1!AB%d", i)
			if said = append(said, s); len(said) == cap(said) {
				flush()
			}
		}
	}
	flush()
	w.publish(b, src)
}

func benchWorld(b *testing.B) (*world, []int64) {
	b.Helper()
	w := newWorld(b, storetest.SQLite(b, migrations))
	firms, _ := w.firms(b, "bench", *benchFirms, "320904", "320981")
	return w, firms
}

// BenchmarkAppend is staging and publishing, without the frame.
func BenchmarkAppend(b *testing.B) {
	w, firms := benchWorld(b)
	for b.Loop() {
		load(b, w, firms)
	}
	b.ReportMetric(float64(len(firms)*benchColumns*b.N)/b.Elapsed().Seconds(), "facts/s")
}

// BenchmarkOpen is building the frame from all rows; frame-B is what it holds in memory.
func BenchmarkOpen(b *testing.B) {
	w, firms := benchWorld(b)
	load(b, w, firms)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var f *Frames
	for b.Loop() {
		f = w.reopen(b)
	}
	b.ReportMetric(float64(len(firms)*benchColumns*b.N)/b.Elapsed().Seconds(), "facts/s")
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc)-float64(before.HeapAlloc), "frame-B")
	runtime.KeepAlive(f)
}

// BenchmarkRefreshOne is taking in a form of one enterprise while many are there.
func BenchmarkRefreshOne(b *testing.B) {
	w, firms := benchWorld(b)
	load(b, w, firms)
	w.refresh(b)
	for b.Loop() {
		w.say(b, "enterprise", present(firms[0], "ent.revenue", period.OfYear(2023), 1))
		w.refresh(b)
	}
}

// BenchmarkRefreshUndo is taking back an import about every enterprise.
func BenchmarkRefreshUndo(b *testing.B) {
	w, firms := benchWorld(b)
	load(b, w, firms)
	for b.Loop() {
		b.StopTimer()
		load(b, w, firms)
		w.refresh(b)
		b.StartTimer()
		log, err := w.sources.Log(context.Background(), 0, 0)
		must(b, err)
		w.retract(b, log[len(log)-1].Source)
		w.refresh(b)
	}
}

// BenchmarkRows is reading one column over all enterprises under an official's scope.
func BenchmarkRows(b *testing.B) {
	w, firms := benchWorld(b)
	load(b, w, firms)
	w.refresh(b)
	scope := access.NewScope(1, access.CountyOfficial, []string{"320904"}, nil)
	for b.Loop() {
		v := w.view(b, scope, 0)
		col := v.Column("ent.revenue", period.OfYear(2022))
		var sum int64
		for e := range v.Enterprises() {
			r, ok := v.Row(e.ID)
			if ok {
				sum += r.At(col).Value.Num
			}
		}
		if sum == 0 {
			b.Fatal("nothing read")
		}
	}
	b.ReportMetric(float64(len(firms)*b.N)/b.Elapsed().Seconds(), "rows/s")
}
