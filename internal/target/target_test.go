package target

import (
	"context"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var (
	migrations = []store.Migrations{audit.Migrations, source.Migrations, party.Migrations, fact.Migrations, monitor.Migrations, Migrations}
	library    = sync.OnceValues(func() (*content.Library, error) {
		return content.Load(content.Overlay(contentdata.FS, fstest.MapFS{"targets/growth.yaml": {Data: []byte(growing)}}))
	})
	indicators = sync.OnceValues(func() (*indicator.Set, error) {
		lib, err := library()
		if err != nil {
			return nil, err
		}
		set, _, err := indicator.Load(contentdata.FS, lib)
		return set, err
	})
)

// growing is a plan that promises the growth of what is stated month by month, as a deployer would write one.
const growing = `code: growing
title: {zh: 测试, en: Test}
document: 测试〔2024〕1号
issuer: 测试
area: '320900'
issued: 2024-01-02
from: 2024-01-01
to: 2024-12-31
confidence: unverified
targets:
  - {id: G1, name: {zh: 产值增长, en: Growth of output}, compare: at_least, value: '8', unit: '%', change: growth, span: each_year, indicator: monthly_output, quote: 增长8%}
`

const (
	yancheng = "320900"
	tinghu   = "320902"
	dafeng   = "320904"
	dongtai  = "320981"
	plan     = "yancheng-2022"
	document = "盐工信〔2024〕测试1号"
)

var (
	city    = access.NewScope(1, access.CityOfficial, below(yancheng), nil)
	county  = access.NewScope(2, access.CountyOfficial, []string{tinghu}, nil)
	auditor = access.NewScope(3, access.Auditor, below(yancheng), nil)
)

// below is a city's area as an account of it has it: with all that lies in it.
func below(code string) []string {
	lib, err := library()
	if err != nil {
		panic(err)
	}
	return append(lib.Areas().Below(code), code)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is the store over one database with some firms.
type world struct {
	*Store
	t       testing.TB
	now     time.Time
	sources *source.Store
	parties *party.Store
	facts   *fact.Store
	frames  *fact.Frames
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	set, err := indicators()
	must(t, err)
	w := &world{t: t, now: time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)}
	tick := clock.Clock(func() time.Time { return w.now })
	w.sources = source.New(db, tick)
	w.parties = party.NewStore(db, w.sources)
	w.facts = fact.NewStore(db, w.sources, lib)
	w.frames, err = fact.Open(t.Context(), w.facts, w.parties, tick)
	must(t, err)
	w.Store = Open(Deps{DB: db, Library: lib, Clock: tick, Monitor: monitor.Open(monitor.Deps{DB: db, Sources: w.sources, Frames: w.frames, Library: lib, Subjects: region.NewReader(lib), Set: set, Clock: tick})})
	return w
}

// stand moves the clock to the morning of a day.
func (w *world) stand(d period.Day) {
	y, m, day := d.YMD()
	w.now = time.Date(y, time.Month(m), day, 9, 0, 0, 0, clock.Beijing)
}

type said struct {
	def    string
	p      period.Period
	num    int64
	text   string
	status fact.Status
}

func yearly(def string, y int, num int64) said { return said{def: def, p: period.OfYear(y), num: num} }

type thing struct {
	kind, key, area string
	of              int // number of the enterprise that it belongs to, counted from 1
	facts           []said
}

// state makes things known.
func (w *world) state(things ...thing) []int64 {
	w.t.Helper()
	ctx := w.t.Context()
	src, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "x.xlsx", Area: yancheng})
	must(w.t, err)
	ids := make([]int64, len(things))
	must(w.t, w.Store.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var names []party.Name
		var members []party.Membership
		for i, x := range things {
			n := party.NewSubject{Kind: x.kind, Key: x.key}
			if x.of > 0 {
				n.Parent = ids[x.of-1]
			}
			made, err := w.parties.Ensure(ctx, tx, src, []party.NewSubject{n})
			if err != nil {
				return err
			}
			ids[i] = made[0]
			if x.kind == content.Enterprise {
				names = append(names, party.Name{Subject: made[0], Name: x.key})
				members = append(members, party.Membership{Subject: made[0], Tree: party.TreeArea, Node: x.area})
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
	return ids
}

func (w *world) view(scope access.Scope) fact.View {
	w.t.Helper()
	v, err := w.frames.For(w.t.Context(), scope, 0)
	must(w.t, err)
	return v
}

// firm is an above-scale enterprise of 2023 and 2024.
func firm(key, area string, facts ...said) thing {
	return thing{kind: content.Enterprise, key: key, area: area, facts: append([]said{
		yearly("ent.above_scale", 2021, 1), yearly("ent.above_scale", 2023, 1), yearly("ent.above_scale", 2024, 1),
	}, facts...)}
}

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

func shown(r *big.Rat) string {
	if r == nil {
		return "none"
	}
	return r.RatString()
}

func quotas(pairs ...any) []Quota {
	var all []Quota
	for i := 0; i < len(pairs); i += 2 {
		q := Quota{Key: Key{Area: pairs[i].(string)}}
		if text := pairs[i+1].(string); text != "" {
			q.Value = rat(text)
		}
		all = append(all, q)
	}
	return all
}

// TestQuotas: quotas are entered with a document, shown beside the whole, changed and taken back, and every entry stays.
func TestQuotas(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		act := Act{Plan: plan, Target: "B120", Area: yancheng, Parts: ByAreas, Document: document, Quotas: quotas(tinghu, "300", dafeng, "400", dongtai, "500")}
		for name, tc := range map[string]struct {
			scope access.Scope
			with  func(*Act)
			kind  errs.Kind
		}{
			"a county does not divide the city's target": {county, func(*Act) {}, errs.KindForbidden},
			"nor does an auditor":                        {auditor, func(*Act) {}, errs.KindForbidden},
			"without a document":                         {city, func(a *Act) { a.Document = " " }, errs.KindInvalid},
			"of nobody":                                  {city, func(a *Act) { a.Quotas = nil }, errs.KindInvalid},
			"of an area elsewhere":                       {city, func(a *Act) { a.Quotas = quotas("321002", "1") }, errs.KindInvalid},
			"of the city itself":                         {city, func(a *Act) { a.Quotas = quotas(yancheng, "1") }, errs.KindInvalid},
			"twice":                                      {city, func(a *Act) { a.Quotas = quotas(tinghu, "1", tinghu, "2") }, errs.KindInvalid},
			"of a year after the plan":                   {city, func(a *Act) { a.Quotas[0].Year = 2025 }, errs.KindInvalid},
			"of every year without one":                  {city, func(a *Act) { a.Target = "B140" }, errs.KindInvalid},
			"of no target":                               {city, func(a *Act) { a.Target = "B1" }, errs.KindNotFound},
			"of the target itself":                       {city, func(a *Act) { a.Parts, a.Quotas = Itself, quotas(yancheng, "9") }, errs.KindInvalid},
		} {
			a := act
			a.Quotas = slices.Clone(act.Quotas)
			tc.with(&a)
			if _, err := w.Enter(ctx, tc.scope, a); err == nil || errs.KindOf(err) != tc.kind {
				t.Errorf("%s: %v", name, err)
			}
		}
		first, err := w.Enter(ctx, city, act)
		must(t, err)
		second := act
		second.Quotas = quotas(tinghu, "350", dongtai, "")
		_, err = w.Enter(ctx, city, second)
		must(t, err)
		x, err := w.Split(ctx, plan, "B120")
		must(t, err)
		q, by, ok := x.Quota(Key{Area: tinghu})
		if !ok || shown(q.Value) != "350" || by.Document != document || by.By != 1 || by.At == 0 {
			t.Errorf("stands: %v of %v", q, by)
		}
		if _, by, _ := x.Quota(Key{Area: dafeng}); by.ID != first.ID {
			t.Errorf("what was not said anew is of %d", by.ID)
		}
		if _, _, ok := x.Quota(Key{Area: dongtai}); ok {
			t.Error("what was taken back stands")
		}
		sum := x.Sum(yancheng, 0, w.Parts(yancheng, 0))
		if got := fmt.Sprint(shown(sum.Whole), " ", shown(sum.Total), " ", shown(sum.Gap), " ", sum.Have, " ", sum.Adds); got != "1500 750 -750 2 true" {
			t.Errorf("sum: %s", got)
		}
		if len(x.Acts) != 2 || len(x.Acts[0].Quotas) != 3 {
			t.Errorf("entries: %v", x.Acts)
		}
		own := Act{Plan: plan, Target: "B120", Area: tinghu, Parts: ByChains, Document: document, Quotas: []Quota{{Key: Key{Area: tinghu, Chain: "风电装备"}, Value: rat("100")}}}
		_, err = w.Enter(ctx, county, own)
		must(t, err)
		checked, err := audit.Check(ctx, w.Store.DB, Logged)
		must(t, err)
		if len(checked.Faults) > 0 {
			t.Errorf("audit log: %v", checked.Faults)
		}
	})
}

// TestProposal: quotas are proposed in proportion to a base, add up to the whole, and count once they are confirmed, which is done once.
func TestProposal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.state(firm("甲", tinghu), firm("乙", tinghu), firm("丙", dafeng), firm("丁", dongtai))
		p := Proposing{Plan: plan, Target: "B120", Area: yancheng, Parts: ByAreas, Base: Firms}
		if _, err := w.Propose(ctx, w.view(county), p); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("a county proposes: %v", err)
		}
		for _, base := range []string{"", "completed_share"} {
			q := p
			q.Base = base
			if _, err := w.Propose(ctx, w.view(city), q); err == nil || errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("base %q: %v", base, err)
			}
		}
		a, err := w.Propose(ctx, w.view(city), p)
		must(t, err)
		got := map[string]string{}
		for _, q := range a.Quotas {
			got[q.Area] = shown(q.Value) + " by " + shown(q.Weight)
		}
		if got[tinghu] != "750 by 2" || got[dafeng] != "375 by 1" || got["320903"] != "0 by 0" {
			t.Errorf("proposed: %v", got)
		}
		x, err := w.Split(ctx, plan, "B120")
		must(t, err)
		if _, _, ok := x.Quota(Key{Area: tinghu}); ok || len(x.Open()) != 1 {
			t.Error("a proposal counts before it is confirmed")
		}
		if _, err := w.Confirm(ctx, city, plan, "B120", a.ID, "", ""); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("confirmed without a document: %v", err)
		}
		_, err = w.Confirm(ctx, city, plan, "B120", a.ID, document, "")
		must(t, err)
		if _, err := w.Confirm(ctx, city, plan, "B120", a.ID, document, ""); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("confirmed twice: %v", err)
		}
		if _, err := w.Drop(ctx, city, plan, "B120", a.ID, ""); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("dropped after it was confirmed: %v", err)
		}
		x, err = w.Split(ctx, plan, "B120")
		must(t, err)
		if sum := x.Sum(yancheng, 0, w.Parts(yancheng, 0)); shown(sum.Gap) != "0" || len(x.Open()) != 0 {
			t.Errorf("confirmed: %v", sum)
		}
		// A share is to be reached by each.
		a, err = w.Propose(ctx, w.view(city), Proposing{Plan: plan, Target: "B110", Area: yancheng, Parts: ByAreas})
		must(t, err)
		if len(a.Quotas) == 0 || shown(a.Quotas[0].Value) != "1" || a.Base != "" {
			t.Errorf("proposed of a share: %v", a)
		}
		_, err = w.Drop(ctx, city, plan, "B110", a.ID, "另行研究")
		must(t, err)
	})
}

// TestApportion: whatever the weights, the parts add up to the whole, are multiples of the grain, and none is a grain or more off its share.
func TestApportion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grain := big.NewRat(1, rapid.Int64Range(1, 100).Draw(t, "grain"))
		whole := new(big.Rat).Mul(grain, big.NewRat(rapid.Int64Range(0, 1_000_000).Draw(t, "whole"), 1))
		var weights []*big.Rat
		sum := new(big.Rat)
		for range rapid.IntRange(1, 12).Draw(t, "parts") {
			w := big.NewRat(rapid.Int64Range(0, 1_000).Draw(t, "weight"), rapid.Int64Range(1, 7).Draw(t, "of"))
			weights = append(weights, w)
			sum.Add(sum, w)
		}
		got, ok := apportion(whole, grain, weights)
		if ok != (sum.Sign() > 0) {
			t.Fatalf("ok %v of %v", ok, sum)
		}
		if !ok {
			return
		}
		total := new(big.Rat)
		for i, x := range got {
			total.Add(total, x)
			if !new(big.Rat).Quo(x, grain).IsInt() {
				t.Fatalf("%v is no multiple of %v", x, grain)
			}
			off := new(big.Rat).Sub(x, new(big.Rat).Quo(new(big.Rat).Mul(whole, weights[i]), sum))
			if off.Abs(off).Cmp(grain) >= 0 {
				t.Fatalf("part %d is %v off", i, off)
			}
			if weights[i].Sign() == 0 && x.Sign() != 0 {
				t.Fatalf("part %d weighs nothing and gets %v", i, x)
			}
		}
		if total.Cmp(whole) != 0 {
			t.Fatalf("%v of %v", total, whole)
		}
	})
}

// TestReadQuotas: a table in somebody's words is read, and each cell that will not do is told with its place.
func TestReadQuotas(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		file := func(text string) File {
			path := filepath.Join(t.TempDir(), "quotas.csv")
			must(t, os.WriteFile(path, []byte(text), 0o600))
			return File{path, "quotas.csv"}
		}
		for _, tc := range []struct{ target, parts, text, want string }{
			{"B120", ByAreas, "县（市、区）,任务数\n亭湖区,\"1,300\"\n大丰区,—\n东台市,\n", "320902//0=1300 320904//0=none"},
			{"B110", ByAreas, "区域,目标\n320902,98.5%\n大丰区,97\n", "320902//0=197/200 320904//0=97/100"},
			{"B140", ByAreas, "区域,年度,任务数\n亭湖区,2023,20\n亭湖区,2024年,30\n", "320902//2023=20 320902//2024=30"},
			{"B120", ByChains, "产业链,任务数\n风电装备,12\n", "320900/风电装备/0=12"},
			{"G1", ByAreas, "区域,年度,目标\n亭湖区,2024,6.5%\n大丰区,2024,7\n", "320902//2024=13/200 320904//2024=7/100"},
			{"B120", ByAreas, "区域,任务数\n扬州市,3\n亭湖区,约30\n亭湖区,-5\n", "quotas.csv#A2 quotas.csv#B3 quotas.csv#B4"},
			{"B120", ByAreas, "名称,数\n甲,3\n", "invalid"},
		} {
			of := plan
			if tc.target == "G1" {
				of = "growing"
			}
			g, err := w.Goal(of, tc.target)
			must(t, err)
			got, faults, err := w.ReadQuotas(t.Context(), g, yancheng, tc.parts, file(tc.text))
			var words []string
			for _, q := range got {
				words = append(words, fmt.Sprintf("%s/%s/%d=%s", q.Area, q.Chain, q.Year, shown(q.Value)))
			}
			for _, f := range faults {
				words = append(words, fmt.Sprint(f.Args[0]))
			}
			if err != nil && errs.KindOf(err) == errs.KindInvalid {
				words = append(words, "invalid")
			}
			text := strings.Join(words, " ")
			if text != tc.want {
				t.Errorf("%q: got %q, want %q (%v)", tc.text, text, tc.want, err)
			}
		}
	})
}

// TestProgress: how far targets are, against a path worked out by hand.
func TestProgress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		on := func(y, m, d int) period.Day { return period.Date(y, m, d) }
		w.state(
			firm("甲", tinghu, yearly("ent.digital_done", 2021, 0), yearly("ent.digital_done", 2023, 1), yearly("ent.digital_done", 2024, 1), yearly("ent.robots", 2023, 100), yearly("ent.robots", 2024, 2300)),
			firm("乙", tinghu, yearly("ent.digital_done", 2021, 0), yearly("ent.digital_done", 2023, 0), yearly("ent.digital_done", 2024, 1), yearly("ent.robots", 2023, 10), yearly("ent.robots", 2024, 20)),
			firm("丙", dafeng, yearly("ent.digital_done", 2021, 0), yearly("ent.digital_done", 2023, 0), yearly("ent.digital_done", 2024, 0)),
			firm("丁", dafeng, yearly("ent.digital_done", 2021, 0), yearly("ent.digital_done", 2023, 0), yearly("ent.digital_done", 2024, 1)),
			thing{kind: content.Area, key: yancheng, facts: []said{
				yearly("area.base_stations_5g", 2024, 9_000_000_000), yearly("area.productivity_growth", 2024, 80_000), yearly("area.value_added_growth", 2024, 70_000),
			}},
		)
		_, err := w.Enter(ctx, city, Act{Plan: plan, Target: "B110", Area: yancheng, Parts: ByAreas, Document: document, Quotas: quotas(dafeng, "1/2")})
		must(t, err)
		_, err = w.Enter(ctx, city, Act{Plan: plan, Target: "B110", Area: yancheng, Parts: Itself, Document: document, Quotas: []Quota{{Key: Key{Area: yancheng, Year: 2023}, Value: rat("3/5")}}})
		must(t, err)
		for _, tc := range []struct {
			name, target, area string
			on                 period.Day
			want               string // state, actual, need, forecast
		}{
			{"three of four are done, through what was to be by the end of 2023", "B110", yancheng, on(2024, 10, 31), "behind 3/4 " + line("3/5", "1", 305, 366) + " 5"},
			{"on the way to the point of 2023", "B110", yancheng, on(2023, 6, 30), "behind 1/4 " + line("0", "3/5", 546, 730) + " 5"},
			{"a county with a quota", "B110", dafeng, on(2024, 10, 31), "reached 1/2 " + line("0", "1/2", 1035, 1096)},
			{"a county without one", "B110", tinghu, on(2024, 10, 31), "unknown: target.why_no_quota"},
			{"robots more than the year before", "B142", yancheng, on(2024, 10, 31), "reached 2210"},
			{"a relation", "B131", yancheng, on(2024, 10, 31), "on_track 2/25"},
			{"before the plan", "B110", yancheng, on(2021, 12, 31), "unknown: target.why_ahead"},
			{"nothing is known", "B114", yancheng, on(2024, 10, 31), "unknown: target.why_nothing"},
		} {
			x, err := w.Split(ctx, plan, tc.target)
			must(t, err)
			p, err := w.Progress(ctx, w.view(city), Asked{Split: x, Area: tc.area, On: tc.on})
			must(t, err)
			got := string(p.State)
			if p.State == Unknown {
				got += ": " + p.Why.Key
			} else {
				got += " " + shown(p.Actual)
				if p.Need != nil {
					got += " " + shown(p.Need)
				}
			}
			want, _, _ := strings.Cut(tc.want, " 5")
			if !strings.HasPrefix(got, want) {
				t.Errorf("%s: got %q, want %q", tc.name, got, want)
			}
		}
		// What is not verified is not counted, and told beside.
		x, err := w.Split(ctx, plan, "B110")
		must(t, err)
		p, err := w.Progress(ctx, w.view(city), Asked{Split: x, Area: yancheng, Verified: true})
		must(t, err)
		if p.State != Unknown || p.Actual != nil || shown(p.All) != "3/4" {
			t.Errorf("verified: %v %v beside %v", p.State, p.Actual, p.All)
		}
		// The pace of a year: from one of four to three of four in 2024.
		p, err = w.Progress(ctx, w.view(city), Asked{Split: x, Area: yancheng})
		must(t, err)
		if p.Forecast == nil || p.Forecast.Cmp(rat("3/4")) <= 0 || p.Will || p.Since != on(2023, 11, 2) {
			t.Errorf("forecast %v since %v, will %v", p.Forecast, p.Since, p.Will)
		}
		points, err := w.Path(ctx, w.view(city), p)
		must(t, err)
		if len(points) < 12 || points[0].Day != on(2021, 12, 31) || points[len(points)-1].Day != on(2024, 12, 31) || shown(points[len(points)-1].Need) != "1" || points[len(points)-1].Actual != nil {
			t.Errorf("path: %v", points)
		}
		for _, target := range []string{"B110", "B120", "B142"} {
			x, err := w.Split(ctx, plan, target)
			must(t, err)
			if _, err := w.Band(ctx, w.view(county), Asked{Split: x, Area: yancheng}); err != nil {
				t.Error(err)
			}
		}
		all, err := w.Overview(ctx, w.view(city), plan, yancheng, 0, false)
		must(t, err)
		if len(all) != 42 {
			t.Errorf("%d targets", len(all))
		}
		if _, err := w.Overview(ctx, w.view(county), plan, yancheng, 0, false); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a county is shown the city: %v", err)
		}
	})
}

// TestGrowth: a flow grows over the same months of the year before, of the same enterprises, and the growth of a year is due in each month of it.
func TestGrowth(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		month := func(y, m int, num int64) said {
			return said{def: "ent.month_output", p: period.OfMonth(y, m), num: num}
		}
		w.state(
			firm("甲", tinghu, month(2023, 1, 100), month(2023, 2, 100), month(2023, 12, 9_000), month(2024, 1, 104), month(2024, 2, 114)),
			firm("乙", dafeng, month(2023, 1, 100), month(2023, 2, 100), month(2024, 1, 120)),
			firm("丙", dafeng, month(2024, 1, 5_000)), // new
			firm("丁", dongtai, month(2024, 1, 10)),
		)
		x, err := w.Split(ctx, "growing", "G1")
		must(t, err)
		for _, tc := range []struct {
			area string
			on   period.Day
			want string // state, actual, need, distance
		}{
			{yancheng, period.Date(2024, 1, 31), "on_track 3/25 2/25 1/25"},    // 224 over 200
			{yancheng, period.Date(2024, 2, 29), "on_track 19/150 2/25 7/150"}, // 338 over 300
			{yancheng, period.Date(2024, 10, 31), "on_track 19/150 2/25 7/150"},
			{tinghu, period.Date(2024, 1, 31), "unknown 1/25 none none"}, // no quota is entered
			{dongtai, period.Date(2024, 1, 31), "unknown none none none"},
		} {
			p, err := w.Progress(ctx, w.view(city), Asked{Split: x, Area: tc.area, On: tc.on})
			must(t, err)
			if got := fmt.Sprint(p.State, " ", shown(p.Actual), " ", shown(p.Need), " ", shown(p.Distance)); got != tc.want {
				t.Errorf("%s on %s: got %q, want %q (%v)", tc.area, tc.on, got, tc.want, p.Why)
			}
		}
		_, err = w.Enter(ctx, city, Act{Plan: "growing", Target: "G1", Area: yancheng, Parts: ByAreas, Document: document, Quotas: []Quota{{Key: Key{Area: tinghu, Year: 2024}, Value: rat("1/10")}}})
		must(t, err)
		if x, err = w.Split(ctx, "growing", "G1"); err != nil {
			t.Fatal(err)
		}
		p, err := w.Progress(ctx, w.view(city), Asked{Split: x, Area: tinghu, On: period.Date(2024, 2, 29)})
		must(t, err)
		if got := fmt.Sprint(p.State, " ", shown(p.Actual), " ", shown(p.Distance)); got != "behind 9/100 -1/100" || p.Forecast != nil {
			t.Errorf("a county with a quota: %s, forecast %v", got, p.Forecast)
		}
		points, err := w.Path(ctx, w.view(city), p)
		must(t, err)
		var got []string
		for _, x := range points[:4] {
			got = append(got, x.Day.String()+" "+shown(x.Actual)+" "+shown(x.Need))
		}
		if diff := cmp.Diff([]string{"2023-12-31 none 1/10", "2024-01-31 1/25 1/10", "2024-02-29 9/100 1/10", "2024-03-31 none 1/10"}, got); diff != "" {
			t.Errorf("path (-want +got):\n%s", diff)
		}
		band, err := w.Band(ctx, w.view(city), Asked{Split: x, Area: yancheng, On: period.Date(2024, 2, 29)})
		must(t, err)
		if got := shown(band.Value(dafeng)); got != "1/5" {
			t.Errorf("a county among its peers grows by %s", got)
		}
	})
}

// line is where the line from a to b is after n of m days.
func line(a, b string, n, m int64) string {
	rise := new(big.Rat).Sub(rat(b), rat(a))
	return rise.Add(rise.Mul(rise, big.NewRat(n, m)), rat(a)).RatString()
}

// TestBand: quartiles by the nearest rank, told to a county without the others' figures; the better quarter of what should fall is the lower.
func TestBand(t *testing.T) {
	for _, less := range []bool{false, true} {
		b := &Band{less: less, values: map[string]*rated{}}
		var list []*rated
		for i, v := range []string{"1", "2", "3", "4", "5", "5"} {
			x := &rated{value: rat(v)}
			b.values[fmt.Sprint(i)] = x
			list = append(list, x)
		}
		ranks(list, !less)
		b.Low, b.High = rat("2"), rat("5")
		var got []string
		for i := range list {
			got = append(got, fmt.Sprintf("%s %d", b.Quarter(fmt.Sprint(i)), b.Rank(fmt.Sprint(i))))
		}
		want := []string{"lower 6", "lower 5", "middle 4", "middle 3", "upper 1", "upper 1"}
		if less {
			want = []string{"upper 1", "upper 2", "middle 3", "middle 4", "lower 5", "lower 5"}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("less %v (-want +got):\n%s", less, diff)
		}
		if b.High = b.Low; b.Quarter("1") != Middle || b.Quarter("0") == Middle {
			t.Errorf("less %v: where most stand alike, 2 is %s and 1 is %s", less, b.Quarter("1"), b.Quarter("0"))
		}
	}
}

// TestSwitch: what counts is answered by the city from a day on; counties count as it does; the figure follows from that day.
func TestSwitch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.state(
			firm("甲", tinghu, yearly("ent.digital_done", 2024, 1), said{def: "ent.diagnosed", num: 1}),
			firm("乙", tinghu, yearly("ent.digital_done", 2024, 0), said{def: "ent.diagnosed", num: 1}),
			thing{kind: content.Project, key: "车间", of: 2, facts: []said{{def: "project.is_digital", num: 1}, {def: "project.accepted_on", num: int64(period.Date(2024, 3, 1))}}},
		)
		x := monitor.Switch{Area: yancheng, Choice: "completion", Answer: "accepted", From: period.Date(2024, 7, 1), Document: document}
		for name, tc := range map[string]struct {
			scope access.Scope
			with  func(*monitor.Switch)
			kind  errs.Kind
		}{
			"a county for the city": {county, func(*monitor.Switch) {}, errs.KindForbidden},
			"a county for itself":   {county, func(x *monitor.Switch) { x.Area = tinghu }, errs.KindInvalid},
			"no document":           {city, func(x *monitor.Switch) { x.Document = "" }, errs.KindInvalid},
			"no answer":             {city, func(x *monitor.Switch) { x.Answer = "maybe" }, errs.KindInvalid},
			"no choice":             {city, func(x *monitor.Switch) { x.Choice = "colour" }, errs.KindInvalid},
			"years ahead":           {city, func(x *monitor.Switch) { x.From = period.Date(2030, 1, 1) }, errs.KindInvalid},
		} {
			y := x
			tc.with(&y)
			if _, err := w.Monitor.Switch(ctx, tc.scope, y); err == nil || errs.KindOf(err) != tc.kind {
				t.Errorf("%s: %v", name, err)
			}
		}
		before := w.view(city)
		_, err := w.Monitor.Switch(ctx, city, x)
		must(t, err)
		if _, err := w.Monitor.Switch(ctx, city, x); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("the same again: %v", err)
		}
		later := x
		later.Answer, later.From = "declared", period.Date(2025, 1, 1)
		_, err = w.Monitor.Switch(ctx, city, later)
		must(t, err)
		for day, want := range map[period.Day]string{period.Date(2024, 6, 30): "", period.Date(2024, 7, 1): "accepted", period.Date(2024, 12, 31): "accepted", period.Date(2025, 1, 1): "declared"} {
			for _, area := range []string{yancheng, tinghu} {
				got, err := w.Monitor.Choices(ctx, w.view(city), area, day)
				if err != nil || got["completion"] != want {
					t.Errorf("%s on %s: %v, %v", area, day, got, err)
				}
			}
			if got, err := w.Monitor.Choices(ctx, w.view(city), "321000", day); err != nil || len(got) > 0 {
				t.Errorf("elsewhere: %v, %v", got, err)
			}
		}
		all, err := w.Monitor.Switches(ctx, tinghu)
		if err != nil || len(all) != 2 || all[0].By != 1 {
			t.Errorf("history: %v, %v", all, err)
		}
		for day, want := range map[period.Day]string{period.Date(2024, 6, 30): "甲", period.Date(2024, 10, 31): "乙"} {
			l, err := w.Ledger(ctx, w.view(city), LedgerQuery{Area: yancheng, On: day, Stage: Completed})
			must(t, err)
			if len(l.Entries) != 1 || l.Entries[0].Name != want {
				t.Errorf("completed on %s: %v", day, l.Entries)
			}
		}
		// The figure itself goes by the answer, without being told; as known before, it goes by what was in force then.
		shares, err := w.Monitor.Set.Indicator("completed_share")
		must(t, err)
		for name, tc := range map[string]struct {
			view fact.View
			on   period.Day
			give map[string]string
			want string
		}{
			"now":               {w.view(city), period.Date(2024, 10, 31), nil, "乙"},
			"before its day":    {w.view(city), period.Date(2024, 6, 30), nil, "甲"},
			"as known before":   {before, period.Date(2024, 10, 31), nil, "甲"},
			"asked for by name": {w.view(city), period.Date(2024, 10, 31), map[string]string{"completion": "declared"}, "甲"},
		} {
			b, err := w.Monitor.Behind(ctx, tc.view, monitor.Query{Indicator: shares, Area: tinghu, Period: period.OfYear(2024), Until: tc.on, Choices: tc.give}, indicator.Counted)
			must(t, err)
			if got := b.Page(0, 5); len(got) != 1 || got[0].Firm != tc.want {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
}

// TestLedger: every above-scale firm is in it once, and its sums are the indicators' figures.
func TestLedger(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		day := func(y, m, d int) int64 { return int64(period.Date(y, m, d)) }
		w.state(
			firm("一完成", tinghu, yearly("ent.digital_done", 2024, 1), said{def: "ent.diagnosed", num: 1}),
			firm("二水平", tinghu, yearly("ent.digital_done", 2024, 0), said{def: "ent.diagnosed", num: 1}, yearly("ent.integration_index", 2024, 80_000_000)),
			firm("三验收", tinghu, yearly("ent.digital_done", 2024, 0), said{def: "ent.diagnosed", num: 1}, yearly("ent.integration_index", 2024, 50_000_000)),
			firm("四立项", dafeng, yearly("ent.digital_done", 2024, 0), said{def: "ent.diagnosed", num: 1}),
			firm("五诊断", dafeng, yearly("ent.digital_done", 2024, 0), said{def: "ent.diagnosed", num: 1}),
			firm("六没有", dafeng, yearly("ent.digital_done", 2024, 0), said{def: "ent.diagnosed", num: 0}),
			firm("七不明", dongtai),
			firm("八关闭", dongtai, said{def: "ent.closed_on", num: day(2024, 5, 1)}, yearly("ent.digital_done", 2024, 1)),
			thing{kind: content.Enterprise, key: "九规下", area: dongtai, facts: []said{yearly("ent.above_scale", 2024, 0)}},
			thing{kind: content.Project, key: "三的", of: 3, facts: []said{{def: "project.is_digital", num: 1}, {def: "project.accepted_on", num: day(2024, 3, 1)}}},
			thing{kind: content.Project, key: "四的", of: 4, facts: []said{{def: "project.is_digital", num: 1}, {def: "project.approved_on", num: day(2024, 3, 1)}}},
			thing{kind: content.Project, key: "五的", of: 5, facts: []said{{def: "project.is_digital", num: 0}, {def: "project.approved_on", num: day(2024, 3, 1)}}},
		)
		for _, on := range []period.Day{period.Date(2024, 2, 1), period.Date(2024, 10, 31)} {
			for _, scope := range []access.Scope{city, county} {
				area := yancheng
				if scope.Account() == county.Account() {
					area = tinghu
				}
				l, err := w.Ledger(ctx, w.view(scope), LedgerQuery{Area: area, On: on})
				must(t, err)
				figure := func(code string) indicator.Figure {
					x, err := w.Monitor.Set.Indicator(code)
					must(t, err)
					f, err := w.Monitor.Figure(ctx, w.view(scope), monitor.Query{Indicator: x, Area: area, Period: period.OfYear(2024), Until: on})
					must(t, err)
					return f
				}
				if f := figure(Firms); l.Firms() != f.Counted {
					t.Errorf("%s: %d firms, the indicator says %d", on, l.Firms(), f.Counted)
				}
				if f := figure("completed_share"); l.Counts[Completed] != f.Counted || l.Firms() != f.Within {
					t.Errorf("%s: %d completed, the indicator says %d of %d", on, l.Counts[Completed], f.Counted, f.Within)
				}
				n := 0
				for _, by := range l.Areas {
					for _, count := range by {
						n += count
					}
				}
				if n != len(l.Entries) || n != l.Firms()+l.Counts[Closed] {
					t.Errorf("%s: %d by area, %d listed", on, n, len(l.Entries))
				}
			}
		}
		l, err := w.Ledger(ctx, w.view(city), LedgerQuery{Area: yancheng})
		must(t, err)
		var got []string
		for _, e := range l.Entries {
			got = append(got, e.Name+" "+string(e.Stage))
		}
		want := []string{"一完成 completed", "三验收 accepted", "二水平 level", "五诊断 diagnosed", "六没有 undiagnosed", "四立项 filed", "七不明 unknown", "八关闭 closed"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		own, err := w.Ledger(ctx, w.view(county), LedgerQuery{})
		must(t, err)
		if len(own.Entries) != 3 {
			t.Errorf("a county is listed %d", len(own.Entries))
		}
		if _, err := w.Ledger(ctx, w.view(county), LedgerQuery{Area: dafeng}); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a county's neighbour: %v", err)
		}
		one, err := w.Ledger(ctx, w.view(city), LedgerQuery{Area: yancheng, Text: "立项", Stage: Filed})
		must(t, err)
		if len(one.Entries) != 1 || one.Firms() != 7 {
			t.Errorf("found %v of %d", one.Entries, one.Firms())
		}
	})
}

// TestTasks: set by an office for one in its area, reported on by who takes part, finished by who answers for it, late by the calendar.
func TestTasks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		due, known, err := w.DueIn(3)
		if err != nil || !known || due != period.Date(2024, 11, 5) { // a Thursday, over a weekend
			t.Errorf("three working days on: %v %v %v", due, known, err)
		}
		task := Task{Plan: plan, Target: "B110", Kind: Duty, Keeper: yancheng, Title: "摸排未诊断企业", Owner: tinghu, Joint: []string{dafeng, dafeng, tinghu}, Departments: []string{" 财政局 ", ""}, Group: "诊断专班", Set: due, Document: document}
		for name, tc := range map[string]struct {
			scope access.Scope
			with  func(*Task)
			kind  errs.Kind
		}{
			"a county sets one for the city": {county, func(*Task) {}, errs.KindForbidden},
			"for somebody elsewhere":         {city, func(x *Task) { x.Owner = "321002" }, errs.KindInvalid},
			"without a title":                {city, func(x *Task) { x.Title = " " }, errs.KindInvalid},
			"without a deadline":             {city, func(x *Task) { x.Set = 0 }, errs.KindInvalid},
			"of no target":                   {city, func(x *Task) { x.Target = "B1" }, errs.KindNotFound},
		} {
			x := task
			tc.with(&x)
			if _, err := w.AddTask(ctx, tc.scope, x); err == nil || errs.KindOf(err) != tc.kind {
				t.Errorf("%s: %v", name, err)
			}
		}
		made, err := w.AddTask(ctx, city, task)
		must(t, err)
		if diff := cmp.Diff([]string{dafeng}, made.Joint); diff != "" || len(made.Departments) != 1 || made.State != Waiting || made.Days != 3 {
			t.Errorf("made: %+v", made)
		}
		neighbour := access.NewScope(5, access.CountyOfficial, []string{dafeng}, nil)
		stranger := access.NewScope(6, access.CountyOfficial, []string{dongtai}, nil)
		step := func(scope access.Scope, kind, note string, due period.Day) error {
			_, err := w.Report(ctx, scope, Step{Task: made.ID, Kind: kind, Note: note, Due: due})
			return err
		}
		for _, tc := range []struct {
			name string
			err  error
			kind errs.Kind
		}{
			{"a stranger", step(stranger, Noted, "看看", 0), errs.KindNotFound},
			{"an auditor", step(auditor, Noted, "看看", 0), errs.KindForbidden},
			{"without a word", step(county, Noted, "", 0), errs.KindInvalid},
			{"finished by who only takes part", step(neighbour, Finished, "好了", 0), errs.KindForbidden},
			{"moved by its owner", step(county, Moved, "来不及", due+9), errs.KindForbidden},
			{"opened again while it runs", step(city, Reopened, "不行", 0), errs.KindConflict},
			{"nonsense", step(city, "jump", "跳", 0), errs.KindInvalid},
		} {
			if tc.err == nil || errs.KindOf(tc.err) != tc.kind {
				t.Errorf("%s: %v", tc.name, tc.err)
			}
		}
		must(t, step(neighbour, Noted, "已提供名单", 0))
		w.stand(period.Date(2024, 11, 8))
		late, err := w.Tasks(ctx, county, TaskQuery{State: TaskLate, Mine: true})
		if err != nil || len(late) != 1 || late[0].Days != -3 || !late[0].Late || late[0].State != Running || late[0].Steps[0].Area != dafeng {
			t.Errorf("late: %+v, %v", late, err)
		}
		if own, err := w.Tasks(ctx, city, TaskQuery{Mine: true}); err != nil || len(own) != 0 {
			t.Errorf("the city's own: %v, %v", own, err)
		}
		if all, err := w.Tasks(ctx, stranger, TaskQuery{}); err != nil || len(all) != 0 {
			t.Errorf("a stranger sees %v, %v", all, err)
		}
		must(t, step(city, Moved, "延期", period.Date(2024, 11, 15)))
		if late, err = w.Tasks(ctx, county, TaskQuery{State: TaskLate}); err != nil || len(late) != 0 {
			t.Errorf("after it was moved: %v, %v", late, err)
		}
		must(t, step(county, Finished, "", 0))
		w.stand(period.Date(2024, 12, 20))
		done, err := w.Task(ctx, county, made.ID)
		if err != nil || done.State != Done || done.Late || done.Days != 5 {
			t.Errorf("done: %+v, %v", done, err)
		}
		must(t, step(city, Reopened, "漏了两家", 0))
		must(t, step(city, CalledOff, "合并到别的任务", 0))
		if err := step(county, Noted, "还有", 0); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("reported on after it was called off: %v", err)
		}
	})
}

// TestRanking: off until an office switches it on with a document, and every switch stays.
func TestRanking(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		if r, err := w.Ranking(ctx, plan, 0); err != nil || r.On {
			t.Errorf("before anybody decided: %v, %v", r, err)
		}
		if _, err := w.Rank(ctx, county, Ranking{Plan: plan, On: true, Document: document}); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("a county ranks: %v", err)
		}
		if _, err := w.Rank(ctx, city, Ranking{Plan: plan, On: true}); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("without a document: %v", err)
		}
		_, err := w.Rank(ctx, city, Ranking{Plan: plan, On: true, Document: document})
		must(t, err)
		if r, err := w.Ranking(ctx, plan, 0); err != nil || !r.On || r.Document != document || r.By != 1 {
			t.Errorf("on: %v, %v", r, err)
		}
		_, err = w.Rank(ctx, city, Ranking{Plan: plan, Document: "停止"})
		must(t, err)
		all, err := w.Rankings(ctx, plan)
		if err != nil || len(all) != 2 || all[1].On {
			t.Errorf("history: %v, %v", all, err)
		}
	})
}

// TestNumbers: what is written in a unit is read exactly and written alike.
func TestNumbers(t *testing.T) {
	set, err := indicators()
	must(t, err)
	for _, tc := range []struct{ code, text, want, again string }{
		{"growth of monthly_output", "6.5%", "13/200", "6.5"},
		{"completed_share", "65%", "13/20", "65"},
		{"completed_share", "0.5", "1/200", "0.5"},
		{"special_funds", "12 亿元", "120000000000", "12"},
		{"star_cloud_firms", "1,500", "1500", "1500"},
		{"star_cloud_firms", "-1", "", ""},
		{"star_cloud_firms", "1e3", "", ""},
		{"star_cloud_firms", "1/3", "", ""},
		{"star_cloud_firms", "", "", ""},
		{"star_cloud_firms", "1.2345678", "", ""},
	} {
		var g indicator.Goal
		code, grows := strings.CutPrefix(tc.code, "growth of ")
		if grows {
			g.Change = content.Growth
		}
		g.Indicator, err = set.Indicator(code)
		must(t, err)
		got, err := Value(g, tc.text)
		if tc.want == "" {
			if err == nil || errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("%q: %v, %v", tc.text, got, err)
			}
			continue
		}
		must(t, err)
		if shown(got) != tc.want || Number(g, got) != tc.again {
			t.Errorf("%q: %s, written %s", tc.text, shown(got), Number(g, got))
		}
	}
}
