package monitor

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
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
func bigRegion(b *testing.B, w *world, n int) {
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
func benchWorld(b *testing.B, db *store.DB) *world {
	b.Helper()
	w := newWorld(b, db)
	set, _, err := indicator.Load(contentdata.FS, w.Library)
	must(b, err)
	w.Set = set
	bigRegion(b, w, asked(b))
	return w
}

func openSQLite(b *testing.B) *store.DB {
	b.Helper()
	db, err := store.Open(b.Context(), "sqlite:"+b.TempDir()+"/bench.db", migrations)
	must(b, err)
	b.Cleanup(func() { db.Close() })
	return db
}

// BenchmarkFigures is every shipped indicator for every county of a province, every city and the whole, in each of 36 months, right after a
// commit: nothing was worked out before.
func BenchmarkFigures(b *testing.B) {
	w := benchWorld(b, openSQLite(b))
	view := w.view(access.SystemScope())
	figures := 0
	for b.Loop() {
		w.Monitor = Open(w.Deps)
		figures = 0
		for _, x := range w.Set.Indicators() {
			for _, p := range months() {
				if !x.Tells(p) {
					continue
				}
				for _, d := range []Dimension{{By: ByCounty}, {By: ByCity}} {
					t, err := w.Cross(b.Context(), view, Query{Indicator: x, Area: "320000", Period: p}, d, Dimension{})
					must(b, err)
					figures += len(t.Rows)
				}
				figures++ // the whole comes with each
			}
		}
	}
	b.ReportMetric(float64(figures), "figures")
	b.ReportMetric(float64(len(w.Set.Indicators())), "indicators")
}

// shareByCounty is the completed share by county on a day, as a database says it over the rows of facts: the columns of above_scale and
// digital_done of a year and of the year before, that of closed_on, and the day.
const shareByCounty = `SELECT m.node, COUNT(*) AS firms, SUM(CASE WHEN COALESCE(d.num, e.num) = 1 THEN 1 ELSE 0 END) AS done
 FROM subject s
 JOIN party_membership m ON m.subject_id = s.id AND COALESCE(m.from_day, -99999999) <= $6 AND COALESCE(m.to_day, 99999999) >= $6
 LEFT JOIN fact a ON a.subject_id = s.id AND a.column_id = $1
 LEFT JOIN fact b ON b.subject_id = s.id AND b.column_id = $2
 LEFT JOIN fact d ON d.subject_id = s.id AND d.column_id = $3
 LEFT JOIN fact e ON e.subject_id = s.id AND e.column_id = $4
 LEFT JOIN fact c ON c.subject_id = s.id AND c.column_id = $5
 WHERE COALESCE(a.num, b.num) = 1 AND (c.num IS NULL OR c.num > $6)
 GROUP BY m.node ORDER BY m.node`

// byDatabase asks a database for the completed share of each county in a month.
func byDatabase(b *testing.B, db *store.DB, p period.Period) (firms, done int) {
	b.Helper()
	_, last, _ := p.Span()
	column := func(def, when string) (id int64) {
		must(b, db.Read().QueryRow(b.Context(), `SELECT COALESCE(MAX(id), 0) FROM fact_column WHERE def = $1 AND period = $2`, def, when).Scan(&id))
		return id
	}
	year, before := strconv.Itoa(p.YearOf()), strconv.Itoa(p.YearOf()-1)
	type county struct {
		node        string
		firms, done int
	}
	list, err := store.List(b.Context(), db.Read(), func(r *store.Rows) (c county, err error) { return c, r.Scan(&c.node, &c.firms, &c.done) },
		shareByCounty, column("ent.above_scale", year), column("ent.above_scale", before), column("ent.digital_done", year), column("ent.digital_done", before), column("ent.closed_on", ""), int64(last))
	must(b, err)
	for _, c := range list {
		firms, done = firms+c.firms, done+c.done
	}
	return firms, done
}

// BenchmarkOneFigure is the completed share by county in each of 36 months, by us after a commit and by the database that holds the facts.
func BenchmarkOneFigure(b *testing.B) {
	lite := openSQLite(b)
	w := benchWorld(b, lite)
	view := w.view(access.SystemScope())
	x, err := w.Set.Indicator("completed_share")
	must(b, err)
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			w.Monitor = Open(w.Deps)
			for _, p := range months() {
				_, err := w.By(b.Context(), view, Query{Indicator: x, Area: "320000", Period: p}, Dimension{By: ByCounty})
				must(b, err)
			}
		}
	})
	b.Run("ours again", func(b *testing.B) {
		for b.Loop() {
			for _, p := range months() {
				_, err := w.By(b.Context(), view, Query{Indicator: x, Area: "320000", Period: p}, Dimension{By: ByCounty})
				must(b, err)
			}
		}
	})
	peers := map[string]*store.DB{"sqlite": lite}
	if os.Getenv(storetest.Env) != "" {
		peers["postgres"] = storetest.Postgres(b, migrations)
		pw := newWorld(b, peers["postgres"])
		pw.Set = w.Set
		bigRegion(b, pw, asked(b))
	}
	for name, db := range peers {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				for _, p := range months() {
					firms, done := byDatabase(b, db, p)
					f, err := w.Figure(b.Context(), view, Query{Indicator: x, Area: "320000", Period: p})
					must(b, err)
					if f.Within != firms || f.Counted != done {
						b.Fatalf("%s: the database says %d of %d, we say %d of %d", p, done, firms, f.Counted, f.Within)
					}
				}
			}
		})
	}
}
