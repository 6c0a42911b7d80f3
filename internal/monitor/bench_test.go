package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// benchFirms is the environment variable with the number of enterprises of the benchmarks; 10,000 where it says nothing.
const benchFirms = "YANZHEN_BENCH_FIRMS"

func asked(b *testing.B) int {
	b.Helper()
	word := os.Getenv(benchFirms)
	if word == "" {
		return 10_000
	}
	n, err := strconv.Atoi(word)
	must(b, err)
	return n
}

// months are the 36 of three years.
func months() (all []period.Period) {
	for y := 2021; y <= 2023; y++ {
		for mon := 1; mon <= 12; mon++ {
			all = append(all, period.OfMonth(y, mon))
		}
	}
	return all
}

// bigRegion states firms in all counties of a province, one in fifty of which moved, with what the shipped indicators read of them and of
// their projects, honours, loans and leases.
func bigRegion(b testing.TB, w *world, n int) {
	b.Helper()
	rnd := rand.New(rand.NewPCG(1, 1))
	var counties []string
	for _, node := range w.Library.Areas().Nodes() {
		if !node.Retired && node.Level == content.County && w.Library.Areas().Within(node.Code, "320000") {
			counties = append(counties, node.Code)
		}
	}
	reads := map[string]map[string]content.FactDef{} // by kind of subject and code
	for _, x := range w.Set.Indicators() {
		for _, def := range x.Reads() {
			if reads[def.Subject] == nil {
				reads[def.Subject] = map[string]content.FactDef{}
			}
			if def.Type != content.Text {
				reads[def.Subject][def.Code] = def
			}
		}
	}
	facts := func(kind string) (all []said) {
		for _, code := range slices.Sorted(maps.Keys(reads[kind])) {
			all = append(all, randomFacts(w.Library, rnd, code, reads[kind][code])...)
		}
		return all
	}
	below := []struct {
		kind string
		one  int // in so many enterprises has one
	}{{content.Project, 2}, {content.Honour, 4}, {content.Loan, 10}, {content.Lease, 50}}
	const batch = 20_000
	for from := 0; from < n; from += batch {
		var all []thing
		for i := from; i < min(from+batch, n); i++ {
			x := thing{kind: content.Enterprise, key: fmt.Sprintf("厂%07d", i), stays: []stay{{area: counties[rnd.IntN(len(counties))]}}}
			if rnd.IntN(50) == 0 {
				at := period.Date(2021, 1, 1) + period.Day(rnd.IntN(1000))
				x.stays = []stay{{area: counties[rnd.IntN(len(counties))], to: at}, {area: counties[rnd.IntN(len(counties))], from: at + 1}}
			}
			x.facts = facts(content.Enterprise)
			all = append(all, x)
			firm := len(all)
			for _, k := range below {
				if rnd.IntN(k.one) == 0 {
					all = append(all, thing{kind: k.kind, key: fmt.Sprintf("%s%d", k.kind, i), below: firm, facts: facts(k.kind)})
				}
			}
		}
		w.state(all...)
	}
}

func randomFacts(lib *content.Library, rnd *rand.Rand, code string, def content.FactDef) (all []said) {
	value := func(p period.Period) said {
		s := said{def: code, p: p}
		switch def.Type {
		case content.Bool:
			s.num = int64(rnd.IntN(2))
		case content.Date:
			s.num = int64(period.Date(2020, 1, 1)) + rnd.Int64N(1500)
		case content.Code:
			list, _ := lib.CodeList(def.Codes)
			if len(list.Entries) == 0 {
				s.text = "chain" + strconv.Itoa(rnd.IntN(23))
			} else {
				s.text = list.Entries[rnd.IntN(len(list.Entries))].Code
			}
		case content.Rate:
			s.num = rnd.Int64N(1_000_000)
		case content.Int:
			s.num = rnd.Int64N(100)
		default:
			s.num = rnd.Int64N(1_000_000_00)
		}
		return s
	}
	if code == "ent.closed_on" && rnd.IntN(50) > 0 {
		return nil
	}
	switch def.Period {
	case period.Year:
		for y := 2021; y <= 2023; y++ {
			if rnd.IntN(5) > 0 {
				all = append(all, value(period.OfYear(y)))
			}
		}
	case period.Month:
		for _, p := range months() {
			if def.Subject == content.Loan || rnd.IntN(10) == 0 {
				all = append(all, value(p))
			}
		}
	case period.Always, "":
		if rnd.IntN(5) > 0 {
			all = append(all, value(period.Period{}))
		}
	}
	return all
}

// benchWorld is a region with the indicators that ship.
func benchWorld(b testing.TB, db *store.DB, firms int) *world {
	b.Helper()
	w := newWorld(b, db)
	set, _, err := indicator.Load(contentdata.FS, w.Library)
	must(b, err)
	w.Set = set
	bigRegion(b, w, firms)
	return w
}

func openSQLite(b testing.TB) *store.DB {
	b.Helper()
	db, err := store.Open(b.Context(), "sqlite:"+b.TempDir()+"/bench.db", migrations)
	must(b, err)
	b.Cleanup(func() { db.Close() })
	return db
}

// TestFiguresEqualRows holds what the shipped indicators tell of a region against its subjects asked one by one.
func TestFiguresEqualRows(t *testing.T) {
	w := benchWorld(t, openSQLite(t), 150)
	view := w.view(access.SystemScope())
	rnd := rand.New(rand.NewPCG(3, 4))
	snap, err := w.snapshot(t.Context(), view.Seq(), false)
	must(t, err)
	counted := 0
	for _, x := range w.Set.Indicators() {
		if x.Measure == indicator.Given || x.Measure == indicator.Composite || x.Measure == indicator.Coverage {
			continue
		}
		for _, p := range []period.Period{period.OfMonth(2022, 1+rnd.IntN(12)), period.OfMonth(2023, 1+rnd.IntN(12)), period.OfYear(2022)} {
			if !x.Tells(p) || len(x.Months(p)) > 1 {
				continue
			}
			table, err := w.Cross(t.Context(), view, Query{Indicator: x, Area: "320000", Period: p}, Dimension{By: ByCounty}, Dimension{})
			must(t, err)
			at, err := w.at(Query{Indicator: x, Period: p})
			must(t, err)
			want, sums := map[string]map[indicator.State]int{}, map[string]int64{}
			k := snap.of(x.Kind)
			for i, s := range k.subjects {
				leaf := snap.stays().on(int(k.owner[i]), at.Last)
				if leaf < 0 {
					continue
				}
				county, row := snap.stays().codes[leaf], w.Set.Row(x, s, at)
				if want[county] == nil {
					want[county] = map[indicator.State]int{}
				}
				want[county][row.State]++
				sums[county] += row.Value
			}
			for i, h := range table.Rows {
				f, n := table.Cells[i][0], want[h.Code]
				if f.Counted != n[indicator.Counted] || f.Open != n[indicator.Open] || f.Dark != n[indicator.Dark] || f.Failed != n[indicator.Failed] ||
					f.Within != n[indicator.Counted]+n[indicator.Open]+n[indicator.Within] {
					t.Errorf("%s of %s in %s: %s, one by one %v", x.Code, h.Code, p, shown(f), n)
				}
				unit := int64(1_000_000)
				if x.Type == rule.MoneyType {
					unit = 1
				}
				if x.Value != "" && f.Within == f.Open && f.Open+f.Dark+f.Failed > 0 { // nobody said with how much
					if f.Value != nil {
						t.Errorf("%s of %s in %s: %s, and nobody said", x.Code, h.Code, p, f.Value)
					}
					continue
				}
				if (x.Measure == indicator.Stock || x.Measure == indicator.Flow) && f.Value.Cmp(big.NewRat(sums[h.Code], unit)) != 0 {
					t.Errorf("%s of %s in %s: %s, one by one %d / %d", x.Code, h.Code, p, f.Value, sums[h.Code], unit)
				}
				counted += f.Counted
			}
		}
	}
	if counted == 0 {
		t.Error("nothing was ever counted")
	}
}

// BenchmarkFigures is every shipped indicator for every county of a province, every city and the whole, in each of 36 months, right after a
// commit: nothing was worked out before. As many ask as there are processors, each for the indicators of a group and kind.
func BenchmarkFigures(b *testing.B) {
	w := benchWorld(b, openSQLite(b), asked(b))
	view := w.view(access.SystemScope())
	var groups [][]*indicator.Indicator
	for _, x := range w.Set.Indicators() {
		last := len(groups) - 1
		if last < 0 || groups[last][0].Group != x.Group || groups[last][0].Kind != x.Kind {
			groups, last = append(groups, nil), last+1
		}
		groups[last] = append(groups[last], x)
	}
	var figures atomic.Int64
	var before syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
	for b.Loop() {
		w.Monitor = Open(w.Deps)
		figures.Store(0)
		var g errgroup.Group
		g.SetLimit(runtime.GOMAXPROCS(0))
		for _, group := range groups {
			g.Go(func() error {
				for _, x := range group {
					n, err := tellAll(b.Context(), w, view, x)
					if err != nil {
						return err
					}
					figures.Add(int64(n))
				}
				return nil
			})
		}
		must(b, g.Wait())
	}
	var after syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
	used := func(r syscall.Rusage) time.Duration { return time.Duration(r.Utime.Nano() + r.Stime.Nano()) }
	b.ReportMetric((used(after)-used(before)).Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric(float64(figures.Load()), "figures")
	b.ReportMetric(float64(len(w.Set.Indicators())), "indicators")
}

// tellAll tells an indicator by county and by city in all months, and says how many figures that is.
func tellAll(ctx context.Context, w *world, view fact.View, x *indicator.Indicator) (figures int, err error) {
	for _, p := range months() {
		if !x.Tells(p) {
			continue
		}
		for _, d := range []Dimension{{By: ByCounty}, {By: ByCity}} {
			t, err := w.Cross(ctx, view, Query{Indicator: x, Area: "320000", Period: p}, d, Dimension{})
			if err != nil {
				return 0, err
			}
			figures += len(t.Rows)
		}
		figures++ // the whole comes with each
	}
	return figures, nil
}

// flat is the tables over which databases answer, made for the question: of each firm, year and stay whether it is above scale and done with what was
// last stated carried on, the months, and the output of each month.
type flat struct {
	firms, months, output [][]int64
}

var flatColumns = map[string][]string{
	"firms":  {"firm", "county", "from_day", "to_day", "year", "scale", "done", "closed_on"},
	"months": {"month", "year", "last"},
	"output": {"firm", "month", "fen"},
}

func (f *flat) tables() map[string][][]int64 {
	return map[string][][]int64{"firms": f.firms, "months": f.months, "output": f.output}
}

const never = 99_999_999

func flatten(b *testing.B, w *world) *flat {
	b.Helper()
	snap, err := w.snapshot(b.Context(), w.view(access.SystemScope()).Seq(), false)
	must(b, err)
	def := func(code string) content.FactDef {
		d, _ := w.Library.FactDef(code)
		return d
	}
	scale, done, closed, output := def("ent.above_scale"), def("ent.digital_done"), def("ent.closed_on"), def("ent.month_output")
	out, rows, stays := &flat{}, snap.of(content.Enterprise).rows, snap.stays()
	n := len(snap.firms)
	read := func(def content.FactDef, p period.Period, state, num []int64) {
		rows.ReadRows(nil, def, p, 0, func(i int, v rule.Value, s rule.State) {
			if s == rule.Present && state[i] == 0 {
				state[i] = 1
				num[i], _ = v.Stored()
			}
		})
	}
	column := func() (state, num []int64) { return make([]int64, n), make([]int64, n) }
	closedState, closedOn := column()
	read(closed, period.Period{}, closedState, closedOn)
	for y := 2021; y <= 2023; y++ {
		is, above := column()
		did, finished := column()
		for _, year := range []int{y, y - 1} {
			read(scale, period.OfYear(year), is, above)
			read(done, period.OfYear(year), did, finished)
		}
		for i := range n {
			end := int64(never)
			if closedState[i] == 1 {
				end = closedOn[i]
			}
			spans := stays.more[int32(i)]
			if leaf := stays.only[i]; leaf >= 0 {
				spans = []area{{-never, never, leaf}}
			}
			for _, s := range spans {
				county, err := strconv.ParseInt(stays.codes[s.code], 10, 64)
				must(b, err)
				out.firms = append(out.firms, []int64{int64(i), county, max(int64(s.from), -never), min(int64(s.to), never), int64(y), is[i] * above[i], did[i] * finished[i], end})
			}
		}
	}
	for no, p := range months() {
		_, last, _ := p.Span()
		out.months = append(out.months, []int64{int64(no), int64(p.YearOf()), int64(last)})
		said, fen := column()
		read(output, p, said, fen)
		for i := range n {
			if said[i] == 1 {
				out.output = append(out.output, []int64{int64(i), int64(no), fen[i]})
			}
		}
	}
	return out
}

// questions are asked of all: a stock, a share and a flow by county in each of 36 months, each answered with a county, a month and two numbers.
var questions = []struct{ code, sql string }{
	{"above_scale_firms", `SELECT f.county, m.month, COUNT(*), 0` + flatRows},
	{"completed_share", `SELECT f.county, m.month, COUNT(*), CAST(SUM(f.done) AS BIGINT)` + flatRows},
	{"monthly_output", `SELECT f.county, m.month, COUNT(*), CAST(SUM(o.fen) AS BIGINT)` +
		strings.Replace(flatRows, "WHERE", "JOIN output o ON o.firm = f.firm AND o.month = m.month WHERE", 1)},
}

const flatRows = ` FROM firms f JOIN months m ON m.year = f.year
 WHERE f.scale = 1 AND f.from_day <= m.last AND f.to_day >= m.last AND f.closed_on > m.last GROUP BY f.county, m.month`

// answer is two numbers by county and month.
type answer map[[2]int64][2]int64

// ours is what the monitor answers.
func ours(b *testing.B, w *world, view fact.View, code string) answer {
	b.Helper()
	x, err := w.Set.Indicator(code)
	must(b, err)
	out := answer{}
	for no, p := range months() {
		cells, err := w.By(b.Context(), view, Query{Indicator: x, Area: "320000", Period: p}, Dimension{By: ByCounty})
		must(b, err)
		for _, c := range cells {
			of, n := [2]int64{}, c.Counted
			switch x.Measure {
			case indicator.Share:
				of[1], n = int64(c.Counted), c.Within
			case indicator.Flow:
				if c.Value != nil {
					of[1] = c.Value.Num().Int64()
				}
			}
			if of[0] = int64(n); n > 0 {
				county, err := strconv.ParseInt(c.Code, 10, 64)
				must(b, err)
				out[[2]int64{county, int64(no)}] = of
			}
		}
	}
	return out
}

// BenchmarkQuestions is each question by the monitor right after a commit, once all subjects are read, and again; and by PostgreSQL
// (YANZHEN_TEST_POSTGRES) and DuckDB (YANZHEN_BENCH_DUCKDB is a directory with its package for Node) over flat tables. All must answer alike.
func BenchmarkQuestions(b *testing.B) {
	w := benchWorld(b, openSQLite(b), asked(b))
	view := w.view(access.SystemScope())
	want := map[string]answer{}
	for _, q := range questions {
		for _, way := range []struct {
			name   string
			before func()
		}{
			{"after a commit", func() { w.Monitor = Open(w.Deps) }},
			{"subjects read", func() {
				w.Monitor = Open(w.Deps)
				snap, err := w.snapshot(b.Context(), view.Seq(), false)
				must(b, err)
				snap.of(content.Enterprise)
			}},
			{"again", func() {}},
		} {
			b.Run(q.code+"/ours, "+way.name, func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					way.before()
					b.StartTimer()
					want[q.code] = ours(b, w, view, q.code)
				}
			})
		}
	}
	f := flatten(b, w)
	equal := func(who, code string, got answer) {
		if !maps.Equal(got, want[code]) {
			b.Fatalf("%s: %s tells %d cells, we tell %d, or others", code, who, len(got), len(want[code]))
		}
	}
	if os.Getenv(storetest.Env) != "" {
		db := inPostgres(b, f)
		for _, q := range questions {
			b.Run(q.code+"/PostgreSQL", func(b *testing.B) {
				got := answer{}
				for b.Loop() {
					clear(got)
					_, err := store.List(b.Context(), db.Read(), func(r *store.Rows) (none struct{}, err error) {
						var n [4]int64
						err = r.Scan(&n[0], &n[1], &n[2], &n[3])
						got[[2]int64{n[0], n[1]}] = [2]int64{n[2], n[3]}
						return none, err
					}, q.sql)
					must(b, err)
				}
				equal("PostgreSQL", q.code, got)
			})
		}
	}
	if home := os.Getenv("YANZHEN_BENCH_DUCKDB"); home != "" {
		for _, told := range inDuckDB(b, home, f) {
			b.Run(told.Code+"/DuckDB", func(b *testing.B) {
				for b.Loop() { // it was timed in its own process
				}
				b.ReportMetric(told.Wall*1e6, "ns/op")
				got := answer{}
				for _, n := range told.Rows {
					got[[2]int64{n[0], n[1]}] = [2]int64{n[2], n[3]}
				}
				equal("DuckDB", told.Code, got)
			})
		}
	}
}

func inPostgres(b *testing.B, f *flat) *store.DB {
	b.Helper()
	db := storetest.Postgres(b, migrations)
	for name, rows := range f.tables() {
		cols := flatColumns[name]
		exec := func(sql string) {
			must(b, db.Write(b.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, sql)
				return err
			}))
		}
		exec("CREATE TABLE " + name + " (" + strings.Join(cols, " BIGINT, ") + " BIGINT)")
		must(b, db.Write(b.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertRows(ctx, name, cols, func(yield func([]any) bool) {
				row := make([]any, len(cols))
				for _, r := range rows {
					for i, n := range r {
						row[i] = n
					}
					if !yield(row) {
						return
					}
				}
			})
		}))
		exec("ANALYZE " + name)
	}
	return db
}

// duckAnswer is a line that duckdb.mjs prints.
type duckAnswer struct {
	Code string
	Wall float64 // milliseconds, the median of ten
	Rows [][4]int64
}

func inDuckDB(b *testing.B, home string, f *flat) (all []duckAnswer) {
	b.Helper()
	dir := b.TempDir()
	for name, rows := range f.tables() {
		var text strings.Builder
		text.WriteString(strings.Join(flatColumns[name], ",") + "\n")
		for _, r := range rows {
			for i, n := range r {
				if i > 0 {
					text.WriteByte(',')
				}
				text.WriteString(strconv.FormatInt(n, 10))
			}
			text.WriteByte('\n')
		}
		must(b, os.WriteFile(filepath.Join(dir, name+".csv"), []byte(text.String()), 0o600))
	}
	script, err := filepath.Abs("testdata/duckdb.mjs")
	must(b, err)
	args := []string{script, dir}
	for _, q := range questions {
		args = append(args, q.code, q.sql)
	}
	cmd := exec.CommandContext(b.Context(), "node", args...)
	cmd.Dir, cmd.Stderr = home, os.Stderr
	out, err := cmd.Output()
	must(b, err)
	for line := range strings.Lines(string(out)) {
		var a duckAnswer
		must(b, json.Unmarshal([]byte(line), &a))
		all = append(all, a)
	}
	return all
}
