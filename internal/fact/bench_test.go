package fact

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
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

// BenchmarkRows is reading one column over all enterprises: as the product itself, for which nothing is asked; under the scopes of a
// county and of the city that they all lie in; and with a watch that is told of each value, as of a confidential one.
func BenchmarkRows(b *testing.B) {
	w, firms := benchWorld(b)
	load(b, w, firms)
	w.refresh(b)
	county := access.NewScope(1, access.CountyOfficial, []string{"320904"}, nil)
	city := access.NewScope(1, access.CityOfficial, w.facts.lib.Areas().Below("320900"), nil)
	for _, by := range []struct {
		name    string
		scope   access.Scope
		watched bool
	}{{"product", access.SystemScope(), false}, {"county", county, false}, {"city", city, false}, {"city, watched", city.Watched(&access.Watch{}), true}} {
		b.Run(by.name, func(b *testing.B) {
			for b.Loop() {
				v := w.view(b, by.scope, 0)
				col := v.Column("ent.revenue", period.OfYear(2022))
				col.open = !by.watched
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
		})
	}
}

// benchWide is how many columns the frame of BenchmarkOpenSaved has: 100 definitions in each of three years.
const benchWide = 300

// BenchmarkOpenSaved is a cold start from the saved frame of firms × 300 figures: reading the file, the registry, and the
// commit log of the database. file-B and firm-B are what an enterprise takes in the file and in memory.
//
//	go test ./internal/fact -run XXX -bench OpenSaved -benchtime 3x -firms 100000
func BenchmarkOpenSaved(b *testing.B) {
	w, firms := benchWorld(b)
	w.refresh(b)
	w.frames.saved.Path = filepath.Join(b.TempDir(), "frame")
	w.fill(b, firms)
	must(b, w.frames.Save(context.Background()))
	info, err := os.Stat(w.frames.saved.Path)
	must(b, err)
	saved := Saved{Path: w.frames.saved.Path, Ignored: func(why error) { b.Fatal(why) }}
	*w = world{db: w.db, lib: w.lib, sources: w.sources}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var again *world
	for b.Loop() {
		again = nil
		again = w.again(b, saved)
	}
	b.ReportMetric(float64(info.Size())/float64(len(firms)), "file-B/firm")
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/float64(len(firms)), "firm-B")
	if c := again.view(b, access.SystemScope(), 0).Value(firms[7], "ent.revenue", period.OfYear(1707)); !c.Known {
		b.Fatalf("cell %+v", c)
	}
}

// fill makes the newest snapshot one in which every firm has every figure, without writing thirty million rows first: the
// figures of three sheets, each row of which is a firm.
func (w *world) fill(b *testing.B, firms []int64) {
	b.Helper()
	last := w.frames.newest.Load()
	w.frames.epoch++
	next := last.next(w.frames.epoch, w.frames.codes)
	for sheet := range 3 {
		src := next.said[0]
		for i, id := range firms {
			for c := range benchWide / 3 {
				r := row{source: src.id, n: int64(i*benchWide/3 + c), subject: id, state: int64(Present), num: int64(i*7919+c*104729) % 1e9, columnID: int64(1 + sheet*benchWide/3 + c)}
				r.column = columnKey{"ent.revenue", period.OfYear(1700 + sheet*benchWide/3 + c)}
				next.offer(&r)
			}
		}
	}
	w.frames.newest.Store(next.done(last.seq, last.parties))
	w.frames.stored = 0
}
