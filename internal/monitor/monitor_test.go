package monitor

import (
	"context"
	"fmt"
	"io/fs"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var (
	migrations = []store.Migrations{source.Migrations, party.Migrations, fact.Migrations, Migrations}
	now        = clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))
	library    = sync.OnceValues(func() (*content.Library, error) { return content.Load(moved(contentdata.FS)) })
)

// moved is the content that ships, with a county that lay in another city up to the end of 2022.
func moved(files fs.FS) fs.FS {
	return content.Overlay(files, fstest.MapFS{"areas/moves.csv": {Data: []byte("code,parent,until,note\n320981,320600,2022-12-31,a test\n")}})
}

// figures of the tests: one of each measure that is made of subjects, over the facts that the world states.
const figures = `group: tests
title: {zh: 测试, en: Tests}
source: 测试
confidence: unverified
populations:
  - {code: accepted, name: {zh: 已验收, en: Accepted}, of: project, where: project.is_digital, since: project.accepted_on}
  - {code: firms, name: {zh: 规上, en: Above scale}, of: enterprise, where: ent.above_scale, until: [ent.closed_on]}
indicators:
  - {code: firms, name: {zh: 规上数, en: Firms}, version: '1', measure: stock, population: firms, carry: 1, over: {space: sum, time: last}}
  - {code: done, name: {zh: 完成率, en: Done}, version: '1', measure: share, population: firms, where: ent.digital_done, carry: 1, over: {space: ratio, time: last}}
  - {code: revenue, name: {zh: 营收, en: Revenue}, version: '1', measure: flow, population: firms, value: ent.revenue, over: {space: sum, time: sum}}
  - {code: monthly, name: {zh: 月产值, en: Monthly output}, version: '1', measure: flow, population: firms, value: ent.month_output, carry: 1, over: {space: sum, time: sum}}
  - {code: rich, name: {zh: 平均指数, en: Mean index}, version: '1', measure: level, population: firms, value: ent.integration_index, weight: ent.revenue, over: {space: ratio, time: last}}
  - {code: accepted, name: {zh: 验收, en: Accepted}, version: '1', measure: flow, population: accepted, day: project.accepted_on, over: {space: sum, time: sum}}
  - {code: covered, name: {zh: 覆盖, en: Covered}, version: '1', measure: coverage, population: firms, where: ent.digital_done, cells: {areas: county, by: ent.size}, over: {space: none, time: last}}
  - {code: stations, name: {zh: 基站, en: Stations}, version: '1', measure: given, fact: area.base_stations_5g, carry: 1, over: {space: sum, time: last}}
  - {code: index, name: {zh: 指数, en: Index}, version: '1', measure: composite, over: {space: none, time: last}, parts: [{indicator: done, whole: 100%, weight: 70}, {indicator: stations, whole: '100', weight: 30}]}
`

// world is the stores over one database and a monitor over them.
type world struct {
	t       testing.TB
	db      *store.DB
	sources *source.Store
	parties *party.Store
	facts   *fact.Store
	frames  *fact.Frames
	*Monitor
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	set, problems := indicator.Compile(lib, []indicator.Source{{Name: "tests.yaml", Text: []byte(figures)}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w := &world{t: t, db: db, sources: source.New(db, now)}
	w.parties = party.NewStore(db, w.sources)
	w.facts = fact.NewStore(db, w.sources, lib)
	w.frames, err = fact.Open(t.Context(), w.facts, w.parties, now)
	must(t, err)
	w.Monitor = Open(Deps{Frames: w.frames, Library: lib, Subjects: region.NewReader(lib), Set: set, Clock: now, DB: db, Sources: w.sources})
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stay is that a firm lies in an area over days; zero days are open.
type stay struct {
	area     string
	from, to period.Day
}

// thing is a subject to state.
type thing struct {
	kind, key string
	below     int // number of the thing that it belongs to, counted from 1; 0 for an enterprise or an area
	stays     []stay
	facts     []said
}

type said struct {
	def    string
	p      period.Period
	num    int64
	text   string
	status fact.Status
}

func (w *world) state(things ...thing) (src int64, ids []int64) {
	w.t.Helper()
	ctx := w.t.Context()
	src, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "x.xlsx", Area: "320900"})
	must(w.t, err)
	ids = make([]int64, len(things))
	must(w.t, w.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var names []party.Name
		var members []party.Membership
		for _, below := range []bool{false, true} {
			var subjects []party.NewSubject
			var numbers []int
			for i, x := range things {
				if (x.below > 0) != below {
					continue
				}
				n := party.NewSubject{Kind: x.kind, Key: x.key}
				if below {
					n.Parent = ids[x.below-1]
				}
				subjects, numbers = append(subjects, n), append(numbers, i)
			}
			made, err := w.parties.Ensure(ctx, tx, src, subjects)
			if err != nil {
				return err
			}
			for n, i := range numbers {
				ids[i] = made[n]
			}
		}
		for i, x := range things {
			if x.kind == content.Enterprise {
				names = append(names, party.Name{Subject: ids[i], Name: x.key})
			}
			for _, s := range x.stays {
				m := party.Membership{Subject: ids[i], Tree: party.TreeArea, Node: s.area}
				if s.from != 0 {
					m.From = &s.from
				}
				if s.to != 0 {
					m.To = &s.to
				}
				members = append(members, m)
			}
		}
		if err := w.parties.AppendNames(ctx, tx, src, names); err != nil {
			return err
		}
		return w.parties.AppendMemberships(ctx, tx, src, members)
	}))
	var all []fact.Statement
	for i, x := range things {
		for _, s := range x.facts {
			all = append(all, fact.Statement{Subject: ids[i], Def: s.def, Period: s.p, State: fact.Present, Value: fact.Value{Num: s.num, Text: s.text}, Status: s.status})
		}
	}
	must(w.t, w.facts.Append(ctx, src, all))
	_, err = w.sources.Publish(ctx, src, nil)
	must(w.t, err)
	must(w.t, w.frames.Refresh(ctx))
	return src, ids
}

func (w *world) view(scope access.Scope) fact.View {
	w.t.Helper()
	v, err := w.frames.For(w.t.Context(), scope, 0)
	must(w.t, err)
	return v
}

func (w *world) query(code, area, p string) Query {
	w.t.Helper()
	x, err := w.Set.Indicator(code)
	must(w.t, err)
	when, err := period.Parse(p)
	must(w.t, err)
	return Query{Indicator: x, Area: area, Period: when}
}

func (w *world) value(scope access.Scope, q Query) string {
	w.t.Helper()
	f, err := w.Figure(w.t.Context(), w.view(scope), q)
	must(w.t, err)
	return shown(f)
}

func shown(f indicator.Figure) string {
	value := "none"
	if f.Value != nil {
		value = f.Value.RatString()
	}
	return fmt.Sprintf("%s counted %d of %d, open %d, dark %d", value, f.Counted, f.Within, f.Open, f.Dark)
}

const (
	tinghu  = "320902"
	dafeng  = "320904"
	dongtai = "320981"
)

func year(def string, y int, num int64) said { return said{def: def, p: period.OfYear(y), num: num} }

// town is a few firms of which everything is told by hand.
func town() []thing {
	firm := func(key, area string, facts ...said) thing {
		return thing{kind: content.Enterprise, key: key, stays: []stay{{area: area}}, facts: facts}
	}
	return []thing{
		firm("甲", tinghu, year("ent.above_scale", 2023, 1), year("ent.digital_done", 2023, 1), year("ent.revenue", 2023, 300)),
		firm("乙", tinghu, year("ent.above_scale", 2023, 1), year("ent.digital_done", 2023, 0), year("ent.revenue", 2023, 100)),
		firm("丙", dafeng, year("ent.above_scale", 2023, 1), said{def: "ent.closed_on", num: int64(period.Date(2023, 6, 15))}),
		firm("丁", dafeng, year("ent.above_scale", 2022, 1), year("ent.digital_done", 2022, 1)),
		firm("戊", dongtai),
		{kind: content.Project, key: "一", below: 1, facts: []said{{def: "project.is_digital", num: 1}, {def: "project.accepted_on", num: int64(period.Date(2023, 3, 31))}}},
		{kind: content.Project, key: "二", below: 2, facts: []said{{def: "project.is_digital", num: 1}}},
		{kind: content.Area, key: tinghu, facts: []said{year("area.base_stations_5g", 2023, 40)}},
		{kind: content.Area, key: dafeng, facts: []said{year("area.base_stations_5g", 2022, 30)}},
	}
}

// TestFigures: what a few firms come to, worked out by hand.
func TestFigures(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.state(town()...)
		all := access.SystemScope()
		for _, tc := range []struct{ code, area, period, want string }{
			{"firms", "", "2023-05", "4 counted 4 of 4, open 0, dark 1"},
			{"firms", "", "2023-06", "3 counted 3 of 3, open 0, dark 1"}, // the third one closed on the 15th
			{"firms", "320900", "2023", "3 counted 3 of 3, open 0, dark 1"},
			{"firms", dafeng, "2023-05", "2 counted 2 of 2, open 0, dark 0"},
			{"done", "320900", "2023", "2/3 counted 2 of 3, open 0, dark 1"}, // the fourth one by what was said of 2022
			{"done", tinghu, "2023", "1/2 counted 1 of 2, open 0, dark 0"},
			{"done", dafeng, "2023-05", "1/2 counted 1 of 2, open 1, dark 0"},
			{"revenue", tinghu, "2023", "400 counted 2 of 2, open 0, dark 0"},
			{"accepted", "", "2023-03", "1 counted 1 of 1, open 0, dark 1"},
			{"accepted", "", "2023-04", "0 counted 0 of 1, open 0, dark 1"},
			{"accepted", "", "2023Q1", "1 counted 1 of 1, open 0, dark 1"},
			{"stations", "320900", "2023", "70 counted 2 of 11, open 9, dark 0"},
			{"stations", tinghu, "2023-05", "40 counted 1 of 1, open 0, dark 0"},
			{"index", tinghu, "2023", "47 counted 0 of 0, open 0, dark 0"}, // 70 × 1/2 + 30 × 40/100
		} {
			if diff := cmp.Diff(tc.want, w.value(all, w.query(tc.code, tc.area, tc.period))); diff != "" {
				t.Errorf("%s of %q in %s (-want +got):\n%s", tc.code, tc.area, tc.period, diff)
			}
		}
		county := access.NewScope(20, access.CountyOfficial, []string{tinghu}, nil)
		if diff := cmp.Diff("2 counted 2 of 2, open 0, dark 0", w.value(county, w.query("firms", "320900", "2023"))); diff != "" {
			t.Errorf("a county's official (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff("none counted 0 of 0, open 0, dark 0", w.value(access.Scope{}, w.query("done", "", "2023"))); diff != "" {
			t.Errorf("nobody (-want +got):\n%s", diff)
		}
		for _, tc := range []struct{ code, period string }{{"revenue", "2023-05"}, {"firms", "2025"}} {
			if _, err := w.Figure(t.Context(), w.view(all), w.query(tc.code, "", tc.period)); errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("%s in %s: %v", tc.code, tc.period, err)
			}
		}
		behind, err := w.Behind(t.Context(), w.view(county), w.query("done", "320900", "2023"), indicator.Within)
		must(t, err)
		if rows := behind.Page(0, 10); len(rows) != 1 || rows[0].Firm != "乙" || rows[0].Area != tinghu {
			t.Errorf("behind: %+v", rows)
		}
	})
}

// TestBoundaries: a figure keeps the boundaries of its period, when a county moved to another city and when a firm moved to another county.
func TestBoundaries(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.state(
			thing{kind: content.Enterprise, key: "甲", stays: []stay{{area: dongtai}}, facts: []said{year("ent.above_scale", 2022, 1), year("ent.above_scale", 2023, 1)}},
			thing{kind: content.Enterprise, key: "乙", stays: []stay{{area: tinghu, to: period.Date(2023, 3, 31)}, {area: dafeng, from: period.Date(2023, 4, 1)}}, facts: []said{year("ent.above_scale", 2023, 1)}},
		)
		all := access.SystemScope()
		for _, tc := range []struct{ area, period, want string }{
			{"320900", "2022", "0"},
			{"320600", "2022", "1"},
			{dongtai, "2022", "1"},
			{"320900", "2023", "2"},
			{"320600", "2023", "0"},
			{tinghu, "2023-03", "1"},
			{dafeng, "2023-03", "0"},
			{tinghu, "2023-04", "0"},
			{dafeng, "2023-04", "1"},
		} {
			f, err := w.Figure(t.Context(), w.view(all), w.query("firms", tc.area, tc.period))
			must(t, err)
			if f.Value.RatString() != tc.want {
				t.Errorf("%s in %s: %s, want %s", tc.area, tc.period, f.Value.RatString(), tc.want)
			}
		}
		cells, err := w.By(t.Context(), w.view(all), w.query("firms", "320600", "2022"), Dimension{By: ByArea})
		must(t, err)
		if !slices.ContainsFunc(cells, func(c Cell) bool { return c.Code == dongtai && c.Counted == 1 }) {
			t.Error("the county is not told among those of its city of then")
		}
	})
}

// random is firms with random areas over time, facts and projects.
func random(rnd *rand.Rand, n int) []thing {
	areas := []string{tinghu, dafeng, dongtai, "320921", "320922"}
	var all []thing
	for i := range n {
		x := thing{kind: content.Enterprise, key: fmt.Sprintf("厂%04d", i)}
		switch rnd.IntN(4) {
		case 0:
			at := period.Date(2022, 1, 1) + period.Day(rnd.IntN(900))
			x.stays = []stay{{area: areas[rnd.IntN(5)], to: at}, {area: areas[rnd.IntN(5)], from: at + 1}}
		case 1, 2:
			x.stays = []stay{{area: areas[rnd.IntN(5)]}}
		}
		for y := 2021; y <= 2023; y++ {
			for _, def := range []string{"ent.above_scale", "ent.digital_done"} {
				if rnd.IntN(3) > 0 {
					x.facts = append(x.facts, year(def, y, int64(rnd.IntN(2))))
				}
			}
			if rnd.IntN(3) > 0 {
				x.facts = append(x.facts, year("ent.revenue", y, rnd.Int64N(1_000_000_00)))
			}
			if rnd.IntN(3) > 0 {
				x.facts = append(x.facts, year("ent.integration_index", y, rnd.Int64N(100_000_000)))
			}
		}
		if rnd.IntN(5) == 0 {
			x.facts = append(x.facts, said{def: "ent.closed_on", num: int64(period.Date(2022, 1, 1)) + rnd.Int64N(900)})
		}
		all = append(all, x)
	}
	for i := range n {
		if rnd.IntN(2) == 0 {
			p := thing{kind: content.Project, key: fmt.Sprint("项目", i), below: i + 1}
			p.facts = append(p.facts, said{def: "project.is_digital", num: int64(rnd.IntN(2))})
			if rnd.IntN(3) > 0 {
				p.facts = append(p.facts, said{def: "project.accepted_on", num: int64(period.Date(2022, 1, 1)) + rnd.Int64N(900)})
			}
			all = append(all, p)
		}
	}
	return all
}

// The same figures as a database says them. A fact of the year before stands in for one that is missing.
const (
	stated   = `(SELECT f.num FROM fact f JOIN fact_column c ON c.id = f.column_id WHERE c.def = '%s' AND c.period = '%s' AND f.subject_id = s.id)`
	inFirms  = `COALESCE(%[1]s, %[2]s) = 1 AND COALESCE(%[3]s, 99999999) > %[4]d`
	inArea   = `EXISTS (SELECT 1 FROM party_membership m WHERE m.subject_id = s.id AND m.node = '%s' AND COALESCE(m.from_day, -99999999) <= %[2]d AND COALESCE(m.to_day, 99999999) >= %[2]d)`
	overSome = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN %s THEN 1 ELSE 0 END), 0) FROM subject s WHERE s.kind = 'enterprise' AND %s AND %s`
)

// TestColumnsEqualSQL holds figures over random facts against what a database counts.
func TestColumnsEqualSQL(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		rnd := rand.New(rand.NewPCG(5, 9))
		w := newWorld(t, db)
		w.state(random(rnd, 400)...)
		view := w.view(access.SystemScope())
		some := 0
		for range 60 {
			y, mon := 2022+rnd.IntN(2), 1+rnd.IntN(12)
			p := period.OfMonth(y, mon)
			_, last, _ := p.Span()
			area := []string{tinghu, dafeng, dongtai}[rnd.IntN(3)]
			value := func(def string, y int) string { return fmt.Sprintf(stated, def, fmt.Sprint(y)) }
			who := fmt.Sprintf(inFirms, value("ent.above_scale", y), value("ent.above_scale", y-1), fmt.Sprintf(stated, "ent.closed_on", ""), last)
			done := fmt.Sprintf(`COALESCE(%s, %s) = 1`, value("ent.digital_done", y), value("ent.digital_done", y-1))
			var within, counted int
			must(t, db.Read().QueryRow(t.Context(), fmt.Sprintf(overSome, done, who, fmt.Sprintf(inArea, area, last))).Scan(&within, &counted))
			f, err := w.Figure(t.Context(), view, w.query("done", area, p.String()))
			must(t, err)
			if f.Within != within || f.Counted != counted {
				t.Errorf("%s in %s: %d of %d, the database says %d of %d", area, p, f.Counted, f.Within, counted, within)
			}
			if within > 0 && f.Value.Cmp(big.NewRat(int64(counted), int64(within))) != 0 {
				t.Errorf("%s in %s: %s", area, p, f.Value)
			}
			some += counted
		}
		if some == 0 {
			t.Error("nothing was ever counted")
		}
	})
}

// TestPartsMakeTheWhole: by any dimension, and by any two, the subjects of the parts are those of the whole, and what can be added up does.
func TestPartsMakeTheWhole(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		rnd := rand.New(rand.NewPCG(2, 2))
		w := newWorld(t, db)
		w.state(random(rnd, 300)...)
		view := w.view(access.SystemScope())
		dims := []Dimension{{}, {By: ByArea}, {By: ByCounty}, {By: ByTrade}, {ByFact, "ent.digital_done"}, {ByFact, "ent.size"}}
		for _, code := range []string{"firms", "done", "revenue", "rich", "accepted"} {
			for _, area := range []string{"320900", dafeng} {
				q := w.query(code, area, "2023")
				want, err := w.Figure(t.Context(), view, q)
				must(t, err)
				for _, a := range dims {
					for _, b := range dims {
						table, err := w.Cross(t.Context(), view, q, a, b)
						must(t, err)
						if shown(table.Total) != shown(want) {
							t.Errorf("%s of %s by %s and %s: %s, want %s", code, area, a, b, shown(table.Total), shown(want))
						}
						sum, n := new(big.Rat), 0
						for _, line := range table.Cells {
							for _, f := range line {
								n += f.Within
								if f.Value != nil {
									sum.Add(sum, f.Value)
								}
							}
						}
						if n != want.Within {
							t.Errorf("%s of %s by %s and %s: the parts have %d, the whole %d", code, area, a, b, n, want.Within)
						}
						if q.Indicator.Over.Space == "sum" && sum.Cmp(want.Value) != 0 {
							t.Errorf("%s of %s by %s and %s: the parts make %s, the whole is %s", code, area, a, b, sum, want.Value)
						}
					}
				}
			}
		}
	})
}

// TestVerifiedFigures take for known only what was checked.
func TestVerifiedFigures(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		checked := func(s said) said { s.status = fact.Verified; return s }
		w.state(
			thing{kind: content.Enterprise, key: "甲", stays: []stay{{area: tinghu}}, facts: []said{checked(year("ent.above_scale", 2023, 1)), checked(year("ent.digital_done", 2023, 1))}},
			thing{kind: content.Enterprise, key: "乙", stays: []stay{{area: tinghu}}, facts: []said{year("ent.above_scale", 2023, 1), year("ent.digital_done", 2023, 1)}},
		)
		q := w.query("done", tinghu, "2023")
		if diff := cmp.Diff("1 counted 2 of 2, open 0, dark 0", w.value(access.SystemScope(), q)); diff != "" {
			t.Error(diff)
		}
		q.Verified = true
		if diff := cmp.Diff("1 counted 1 of 1, open 0, dark 1", w.value(access.SystemScope(), q)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAsKnown: a figure as known at a commit is what it was then.
func TestAsKnown(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.state(town()...)
		before := w.view(access.SystemScope())
		q := w.query("done", tinghu, "2023")
		was, err := w.Figure(t.Context(), before, q)
		must(t, err)
		w.state(thing{kind: content.Enterprise, key: "乙", facts: []said{year("ent.digital_done", 2023, 1)}})
		if diff := cmp.Diff("1 counted 2 of 2, open 0, dark 0", w.value(access.SystemScope(), q)); diff != "" {
			t.Error(diff)
		}
		again, err := w.frames.For(t.Context(), access.SystemScope(), before.Seq())
		must(t, err)
		then, err := w.Figure(t.Context(), again, q)
		must(t, err)
		if shown(was) != shown(then) {
			t.Errorf("%s was %s", shown(then), shown(was))
		}
	})
}
