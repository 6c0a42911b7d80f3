package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
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
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

const yancheng = "yancheng-2022-6"

var (
	ctx        = context.Background()
	asOf       = period.Date(2024, 10, 31)
	now        = clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))
	migrations = []store.Migrations{audit.Migrations, source.Migrations, party.Migrations, fact.Migrations, version.Migrations, Migrations}
	library    = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a region with invented firms, the policies that ship, and a laboratory.
type world struct {
	t       testing.TB
	db      *store.DB
	sources *source.Store
	parties *party.Store
	facts   *fact.Store
	frames  *fact.Frames
	*Lab
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	w := &world{t: t, db: db, sources: source.New(db, now)}
	w.parties = party.NewStore(db, w.sources)
	w.facts = fact.NewStore(db, w.sources, lib)
	w.frames, err = fact.Open(ctx, w.facts, w.parties, now)
	must(t, err)
	var ships []version.Package
	for _, folder := range []string{"yancheng/2022-6", "wuxi/2022-measures"} {
		p, err := version.FromFS(os.DirFS("../../../content/policies/" + folder))
		must(t, err)
		ships = append(ships, p)
	}
	versions, err := version.Open(ctx, version.Deps{DB: db, Sources: w.sources, Library: lib, Clock: now, Report: func(err error) { t.Error(err) }}, ships)
	must(t, err)
	w.Lab = New(Deps{Runner: region.NewRunner(w.frames, lib), Versions: versions, Library: lib})
	t.Cleanup(w.Runner.Close)
	return w
}

func (w *world) view() fact.View {
	w.t.Helper()
	v, err := w.frames.For(ctx, access.SystemScope(), 0)
	must(w.t, err)
	return v
}

func (w *world) run(s Scenario) *Outcome {
	w.t.Helper()
	o, err := w.Run(ctx, w.view(), s, asOf)
	must(w.t, err)
	return o
}

// firms fills the region with so many invented firms, each with projects, loans and titles; some facts stay unknown.
func (w *world) firms(n int, rnd *rand.Rand) {
	w.t.Helper()
	src, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "x.xlsx", Area: "320900"})
	must(w.t, err)
	areas := []string{"320902", "320903", "320904", "zone:320971", "320981", ""}
	var all []fact.Statement
	must(w.t, w.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var firms []party.NewSubject
		for i := range n {
			firms = append(firms, party.NewSubject{Kind: content.Enterprise, Key: fmt.Sprintf("虚构企业%d", i)})
		}
		ids, err := w.parties.Ensure(ctx, tx, src, firms)
		if err != nil {
			return err
		}
		var names []party.Name
		var members []party.Membership
		var below []party.NewSubject
		for i, id := range ids {
			names = append(names, party.Name{Subject: id, Name: firms[i].Key})
			if a := areas[rnd.IntN(len(areas))]; a != "" {
				members = append(members, party.Membership{Subject: id, Tree: party.TreeArea, Node: a})
			}
			if rnd.IntN(4) > 0 {
				members = append(members, party.Membership{Subject: id, Tree: party.TreeIndustry, Node: []string{"3670", "1711", "3620"}[rnd.IntN(3)]})
			}
			for k, kind := range []string{content.Project, content.Project, content.Loan, content.Honour} {
				if rnd.IntN(2) == 0 {
					below = append(below, party.NewSubject{Kind: kind, Key: fmt.Sprintf("%d-%d", i, k), Parent: id})
				}
			}
			all = append(all, enterpriseFacts(id, rnd)...)
		}
		made, err := w.parties.Ensure(ctx, tx, src, below)
		if err != nil {
			return err
		}
		for i, id := range made {
			all = append(all, factsBelow(id, below[i].Kind, rnd)...)
		}
		if err := w.parties.AppendNames(ctx, tx, src, names); err != nil {
			return err
		}
		return w.parties.AppendMemberships(ctx, tx, src, members)
	}))
	for i := range all {
		all[i].State = fact.Present
		if rnd.IntN(2) == 0 {
			all[i].Status = fact.Verified
		}
	}
	must(w.t, w.facts.Append(ctx, src, all))
	_, err = w.sources.Publish(ctx, src, nil)
	must(w.t, err)
	must(w.t, w.frames.Refresh(ctx))
}

func num(id int64, def string, n int64, year int) fact.Statement {
	s := fact.Statement{Subject: id, Def: def, Value: fact.Value{Num: n}}
	if year != 0 {
		s.Period = period.OfYear(year)
	}
	return s
}

func text(id int64, def, s string, year int) fact.Statement {
	x := num(id, def, 0, year)
	x.Value.Text = s
	return x
}

func wan(n int) int64 { return int64(money.Fen(n) * money.Wan) }

func enterpriseFacts(id int64, rnd *rand.Rand) []fact.Statement {
	all := []fact.Statement{text(id, "ent.size", []string{"large", "medium", "small", "micro"}[rnd.IntN(4)], 2023)}
	for _, year := range []int{2022, 2023, 2024} {
		all = append(all, num(id, "ent.above_scale", int64(rnd.IntN(2)), year))
	}
	if rnd.IntN(3) == 0 {
		all = append(all, num(id, "ent.diagnosed_on", int64(period.Date(2023, 5, 1+rnd.IntN(20))), 0), num(id, "ent.diagnosis_fee", wan(4+rnd.IntN(10)), 0))
	}
	return all
}

func factsBelow(id int64, kind string, rnd *rand.Rand) []fact.Statement {
	var all []fact.Statement
	switch kind {
	case content.Project:
		if rnd.IntN(6) > 0 {
			all = append(all, num(id, "project.is_digital", int64(min(rnd.IntN(4), 1)), 0))
		}
		for _, year := range []int{2022, 2023, 2024} {
			input := 100 + rnd.IntN(900)
			if rnd.IntN(8) > 0 {
				all = append(all, num(id, "project.effective_input", wan(input)+int64(rnd.IntN(100)), year))
			}
			if rnd.IntN(8) > 0 {
				all = append(all, num(id, "project.investment", wan(input*2)+int64(rnd.IntN(100)), year))
			}
			if rnd.IntN(10) == 0 {
				all = append(all, num(id, "project.other_city_award", wan(rnd.IntN(120)), year))
			}
		}
	case content.Loan:
		if rnd.IntN(6) > 0 {
			all = append(all, num(id, "loan.drawn_on", int64(period.Date(2022+rnd.IntN(3), 1+rnd.IntN(9), 3)), 0))
		}
		all = append(all, num(id, "loan.principal", wan(500+rnd.IntN(30000)), 0), num(id, "loan.for_digital", int64(min(rnd.IntN(5), 1)), 0))
	case content.Honour:
		all = append(all, text(id, "honour.title", []string{"nat_smart_factory", "prov_smart_factory", "digital_scene", "cloud_five_star"}[rnd.IntN(4)], 0),
			text(id, "honour.level", "provincial", 0), text(id, "honour.item", fmt.Sprint(id), 0))
		if rnd.IntN(5) > 0 {
			all = append(all, num(id, "honour.awarded_on", int64(period.Date(2022+rnd.IntN(3), 3, 1)), 0))
		}
	}
	return all
}

// newWorldOf is a world over SQLite with so many firms, for what is not about the database.
func newWorldOf(t *testing.T, n int) *world {
	t.Helper()
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.firms(n, rand.New(rand.NewPCG(7, uint64(n))))
	return w
}

func each(t *testing.T, n int, f func(t *testing.T, w *world)) {
	t.Helper()
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.firms(n, rand.New(rand.NewPCG(7, uint64(n))))
		f(t, w)
	})
}

func change(param, key, value string) policy.Patch {
	return policy.Patch{Param: param, Key: key, Value: value}
}

func TestTheLawItselfHasNoEffect(t *testing.T) {
	each(t, 60, func(t *testing.T, w *world) {
		v, err := w.Versions.InForce(ctx, yancheng, w.view().Seq())
		must(t, err)
		p, err := w.Versions.Package(ctx, v.Version)
		must(t, err)
		for name, s := range map[string]Scenario{
			"nothing": {}, "the same numbers": {Changes: []policy.Patch{change("min_input", "", "5000000"), change("loan_rate", "2023", "0.011")}},
			"the same text": {Text: string(p.Policy)}, "the same answers": {Settings: map[string]string{"lease": "investment"}},
			"other comments": {Text: "# 同一份\n" + string(p.Policy)},
		} {
			s.Policy = yancheng
			o := w.run(s)
			if o.Effect.Gain+o.Effect.Lose != 0 || o.Net() != 0 || o.Before.Sum != o.After.Sum || o.Perhaps != (Movers{}) {
				t.Errorf("%s: %+v, perhaps %+v", name, o.Effect, o.Perhaps)
			}
			if o.Before.Sum.Total.Sure == 0 || o.Before.Sum.Total.Exact() {
				t.Fatalf("the region is too poor to tell anything: %+v", o.Before.Sum)
			}
		}
	})
}

// breakdowns is every way to break an outcome down.
func (o *Outcome) breakdowns() map[string]Breakdown {
	return map[string]Breakdown{
		"clause": o.ByClause(), "year": o.ByYear(), "area": o.ByArea(), "size": o.BySize(), "trade": o.ByTrade(content.Section), "class": o.ByTrade(content.Class),
	}
}

func TestBreakdownsAddUp(t *testing.T) {
	each(t, 80, func(t *testing.T, w *world) {
		for name, s := range scenarios() {
			o := w.run(s)
			for by, b := range o.breakdowns() {
				for side, c := range map[string]struct {
					Closing
					of func(Row) Figure
				}{"before": {b.Before, func(r Row) Figure { return r.Before }}, "after": {b.After, func(r Row) Figure { return r.After }}} {
					sure, possible, open := c.Apart, -c.Twice, false
					for _, r := range b.Rows {
						f := c.of(r).Pays
						sure, possible, open = sure+f.Sure, possible+f.Possible, open || f.Unbounded
					}
					if sure != c.Total.Sure || !open && possible != c.Total.Possible || c.Apart < 0 || c.Twice < 0 {
						t.Errorf("%s by %s, %s: the rows come to %d–%d of %+v (apart %d, twice %d)", name, by, side, sure, possible, c.Total, c.Apart, c.Twice)
					}
				}
			}
			if net := o.After.Sum.Total.Sure + o.After.Sum.InKind.Sure - o.Before.Sum.Total.Sure - o.Before.Sum.InKind.Sure; o.Factors() == nil && o.Net() != net {
				t.Errorf("%s: firms gain %d, the region %d", name, o.Net(), net)
			}
		}
	})
}

// scenarios is one of each kind.
func scenarios() map[string]Scenario {
	all := map[string]Scenario{
		"numbers":  {Changes: []policy.Patch{change("min_input", "", "300万元"), change("investment_rate", "2023", "10%"), change("investment_ceiling", "", "600万元")}},
		"answers":  {Settings: map[string]string{"within_document": "higher", "other_unreported": "unknown"}},
		"an end":   {Ended: []string{"c8", "c12"}},
		"an area":  {Only: []string{"320904", "zone:320971"}},
		"looked":   {Area: "320904", Changes: []policy.Patch{change("loan_rate", "2024", "2%")}},
		"a budget": {Budget: 300 * money.Wan},
		"all":      {Budget: 500 * money.Wan, Ended: []string{"c9"}, Only: []string{"320904"}, Changes: []policy.Patch{change("loan_ceiling", "", "20万元")}},
	}
	for name, s := range all {
		s.Policy, s.Name = yancheng, name
		all[name] = s
	}
	return all
}

func TestAnOutcomeFollowsFromItsScenarioAlone(t *testing.T) {
	each(t, 50, func(t *testing.T, w *world) {
		said := func(o *Outcome) string {
			return fmt.Sprintf("%+v %+v %+v %+v", *o.Effect, o.Perhaps, o.breakdowns(), o.Factors())
		}
		all, want := scenarios(), map[string]string{}
		var names []string
		for name, s := range all {
			fresh := New(Deps{Runner: region.NewRunner(w.frames, w.Library), Versions: w.Versions, Library: w.Library})
			o, err := fresh.Run(ctx, w.view(), s, asOf)
			must(t, err)
			names, want[name] = append(names, name), said(o)
		}
		rnd := rand.New(rand.NewPCG(1, 2))
		for range 40 {
			name := names[rnd.IntN(len(names))]
			if got := said(w.run(all[name])); got != want[name] {
				t.Fatalf("%s came out otherwise after others:\n%s\nfirst:\n%s", name, got, want[name])
			}
		}
	})
}

func TestEndingAClauseKeepsTheCeilingOfTheOthers(t *testing.T) {
	each(t, 5, func(t *testing.T, w *world) {
		p, err := w.Plan(ctx, w.view().Seq(), Scenario{Policy: yancheng, Ended: []string{"c8"}})
		must(t, err)
		if c, ok := p.Plan.Policy.Clause("c18"); !ok || len(c.Ceilings) == 0 || c.Ceilings[0].ID != "loan_ceiling" {
			t.Errorf("c18 has the ceilings %+v", c.Ceilings)
		}
		if _, ok := p.Plan.Policy.Clause("c8"); ok {
			t.Error("c8 is still there")
		}
		if text := string(p.src); strings.Contains(text, "[c8,") || !strings.Contains(text, "# What the document does not say.") {
			t.Error("the text names c8, or lost its comments")
		}
	})
}

func TestWhatNoScenarioMaySay(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		for want, s := range map[string]Scenario{
			"lab.unknown_clause":  {Ended: []string{"c99"}},
			"lab.unknown_area":    {Area: "999999"},
			"lab.area_outside":    {Only: []string{"320981"}},
			"lab.bad_budget":      {Budget: -1},
			"lab.other_document":  {Text: w.text("wuxi-2022-measures")},
			"lab.bad_text":        {Text: "clauses: 3"},
			"lab.not_text":        {Text: "\xff"},
			"lab.long_name":       {Name: strings.Repeat("长", 81)},
			"policy.no_param":     {Changes: []policy.Patch{change("nothing", "", "1")}},
			"policy.bad_patch":    {Changes: []policy.Patch{change("loan_rate", "2031", "1%")}},
			"content.want_money":  {Changes: []policy.Patch{change("min_input", "", "many")}},
			"policy.patch_which":  {Changes: []policy.Patch{change("loan_rate", "", "1%")}},
			"policy.patch_single": {Changes: []policy.Patch{change("min_input", "2022", "300万元")}},
			"policy.number_below": {Changes: []policy.Patch{change("min_input", "", "-5万元")}},
			"policy.rate_beyond":  {Changes: []policy.Patch{change("loan_rate", "2023", "12")}},
			"policy.bad_option":   {Settings: map[string]string{"lease": "perhaps"}},
		} {
			s.Policy = yancheng
			_, err := w.Run(ctx, w.view(), s, asOf)
			msg, _ := errs.Message(err)
			if errs.KindOf(err) != errs.KindInvalid || msg.Key != want {
				t.Errorf("%s: %v (%v)", want, err, msg.Key)
			}
			for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
				if said := (i18n.T{Lang: lang}).Msg(msg); said == "" || strings.Contains(said, msg.Key) {
					t.Errorf("%s says %q", want, said)
				}
			}
		}
		if _, err := w.Run(ctx, w.view(), Scenario{Policy: "no-such"}, asOf); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a policy that nobody knows: %v", err)
		}
	})
}

// A county that shared a budget with others would read from its part what they come to: it may restrict the scenario to itself.
func TestBudgetOfOthers(t *testing.T) {
	each(t, 30, func(t *testing.T, w *world) {
		for who, scope := range map[string]access.Scope{
			"city": w.official(1, access.CityOfficial, "320900"), "county": w.official(2, access.CountyOfficial, "320904"),
		} {
			view, err := w.frames.For(ctx, scope, 0)
			must(t, err)
			whole := Scenario{Policy: yancheng, Budget: 300 * money.Wan}
			own := whole
			own.Only = []string{"320904"}
			p, err := w.Plan(ctx, view.Seq(), whole)
			must(t, err)
			law, err := w.Versions.InForce(ctx, yancheng, view.Seq())
			must(t, err)
			for id, others := range map[int64]bool{law.ID: false, law.ID + 1: true} {
				v := version.Version{ID: id, Document: yancheng}
				err := w.MayShow(ctx, view, v, p.Plan.Policy)
				if msg, _ := errs.Message(err); (msg.Key == "lab.shared_version") != (others && who == "county") || err != nil && msg.Key == "" {
					t.Errorf("effect of version %d for a %s: %v", id, who, err)
				}
				must(t, w.MayShow(ctx, view, v, law.Policy)) // without quotas and pools
			}
			for name, s := range map[string]Scenario{"budget": whole, "pool of a text": {Policy: yancheng, Text: string(p.src)}, "own": own, "law": {Policy: yancheng}} {
				_, err := w.Run(ctx, view, s, asOf)
				_, _, err2 := w.Begin(ctx, view, s, asOf)
				_, err3 := w.Preview(ctx, view, s, asOf)
				_, err4 := w.Find(ctx, view, s, asOf, Search{Param: "loan_ceiling", Low: "10万元", High: "10万元", Step: "1万元"})
				refused := who == "county" && (name == "budget" || name == "pool of a text")
				for _, err := range []error{err, err2, err3, err4} {
					if msg, _ := errs.Message(err); (msg.Key == "lab.shared") != refused || !refused && err != nil {
						t.Errorf("%s of a %s: %v", name, who, err)
					}
				}
			}
		}
	})
}

// text is the policy.yaml of a document in force.
func (w *world) text(document string) string {
	w.t.Helper()
	v, err := w.Versions.InForce(ctx, document, w.view().Seq())
	must(w.t, err)
	p, err := w.Versions.Package(ctx, v.Version)
	must(w.t, err)
	return string(p.Policy)
}

// A scenario is the same once it was written down and read, and its canonical form is its own.
func TestScenarioIsStable(t *testing.T) {
	words := rapid.SampledFrom([]string{"", " ", "c8", " c9", "320904", "a\r\nb", "\ufeffx", "方案"})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(words, 0, 4)
		s := Scenario{
			Policy: words.Draw(t, "policy"), Name: words.Draw(t, "name"), Text: words.Draw(t, "text"), Area: words.Draw(t, "area"),
			Ended: list.Draw(t, "ended"), Only: list.Draw(t, "only"), Budget: money.Fen(rapid.Int64Range(0, 1<<50).Draw(t, "budget")),
			Settings: rapid.MapOfN(words, words, 0, 3).Draw(t, "settings"),
		}
		if rapid.Bool().Draw(t, "dated") {
			day := period.Date(2024, 1, rapid.IntRange(1, 28).Draw(t, "day"))
			s.AsOf = &day
		}
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			s.Changes = append(s.Changes, change(words.Draw(t, "param"), words.Draw(t, "key"), words.Draw(t, "value")))
		}
		c := s.Canonical()
		if diff := cmp.Diff(c, c.Canonical()); diff != "" {
			t.Fatalf("canonical twice:\n%s", diff)
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Scenario
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, back.Canonical()); diff != "" || back.Hash() != s.Hash() || c.Hash() != s.Hash() {
			t.Fatalf("%s reads as another:\n%s", b, diff)
		}
	})
}

func TestHash(t *testing.T) {
	a := Scenario{Policy: "p", Name: "one", Ended: []string{"b", "a", "a"}, Changes: []policy.Patch{change("x", "", "1"), change("a", "", "2"), change("x", "", "3")}}
	b := Scenario{Policy: " p ", Name: "two", Ended: []string{"a", "b"}, Changes: []policy.Patch{change("a", "", "2"), change("x", "", "3 ")}}
	if a.Hash() != b.Hash() {
		t.Error("the same is told apart")
	}
	b.Budget = 1
	if a.Hash() == b.Hash() || !a.Changed() || (Scenario{Policy: "p", Area: "3209"}).Changed() {
		t.Error("what differs is not told apart")
	}
}
