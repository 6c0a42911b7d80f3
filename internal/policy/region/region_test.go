package region

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var (
	ctx        = context.Background()
	asOf       = period.Date(2024, 10, 31)
	now        = clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))
	migrations = []store.Migrations{source.Migrations, party.Migrations, fact.Migrations}
	library    = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })
)

// world is the stores over one database and the policy over them.
type world struct {
	t       testing.TB
	db      *store.DB
	sources *source.Store
	parties *party.Store
	facts   *fact.Store
	frames  *fact.Frames
	runner  *Runner
	plan    *policy.Plan
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	src, err := os.ReadFile("../../../content/policies/yancheng/2022-6/policy.yaml")
	must(t, err)
	pol, problems := policy.Compile(lib, "policy.yaml", src)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan, err := pol.Plan(nil)
	must(t, err)
	w := &world{t: t, db: db, sources: source.New(db, now), plan: plan}
	w.parties = party.NewStore(db, w.sources)
	w.facts = fact.NewStore(db, w.sources, lib)
	w.frames, err = fact.Open(ctx, w.facts, w.parties, now)
	must(t, err)
	w.runner = NewRunner(w.frames, lib)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// thing is a subject to state, with its facts: numbers as they are stored, texts as texts.
type thing struct {
	kind, key string
	below     int // number of the thing that it belongs to, counted from 1; 0 for an enterprise
	area      string
	facts     map[string]any // "code" or "code@2022"
}

// state publishes a source about things and gives their ids.
func (w *world) state(things ...thing) (src int64, ids []int64) {
	w.t.Helper()
	src, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "x.xlsx", Area: "320900"})
	must(w.t, err)
	must(w.t, w.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids = make([]int64, len(things))
		var names []party.Name
		var members []party.Membership
		for _, below := range []bool{false, true} { // enterprises first
			var subs []party.NewSubject
			var at []int
			for i, x := range things {
				if (x.below > 0) == below {
					n := party.NewSubject{Kind: x.kind, Key: x.key}
					if below {
						n.Parent = ids[x.below-1]
					}
					subs, at = append(subs, n), append(at, i)
				}
			}
			made, err := w.parties.Ensure(ctx, tx, src, subs)
			if err != nil {
				return err
			}
			for n, i := range at {
				if ids[i] = made[n]; below {
					continue
				}
				names = append(names, party.Name{Subject: made[n], Name: things[i].key})
				if things[i].area != "" {
					members = append(members, party.Membership{Subject: made[n], Tree: party.TreeArea, Node: things[i].area})
				}
			}
		}
		if err := w.parties.AppendNames(ctx, tx, src, names); err != nil {
			return err
		}
		return w.parties.AppendMemberships(ctx, tx, src, members)
	}))
	var all []fact.Statement
	for i, x := range things {
		for key, v := range x.facts {
			s := fact.Statement{Subject: ids[i], Def: key, State: fact.Present}
			if n := len(key) - 5; n > 0 && key[n] == '@' {
				s.Def, s.Period = key[:n], period.OfYear(int(key[n+1]-'0')*1000+int(key[n+2]-'0')*100+int(key[n+3]-'0')*10+int(key[n+4]-'0'))
			}
			switch v := v.(type) {
			case string:
				s.Value.Text = v
			case bool:
				if v {
					s.Value.Num = 1
				}
			case money.Fen:
				s.Value.Num = int64(v)
			case period.Day:
				s.Value.Num = int64(v)
			}
			all = append(all, s)
		}
	}
	must(w.t, w.facts.Append(ctx, src, all))
	_, err = w.sources.Publish(ctx, src, nil)
	must(w.t, err)
	must(w.t, w.frames.Refresh(ctx))
	return src, ids
}

func (w *world) run(scope access.Scope, known int64) *Region {
	w.t.Helper()
	view, err := w.frames.For(ctx, scope, known)
	must(w.t, err)
	r, err := w.runner.Run(ctx, view, w.plan, asOf)
	must(w.t, err)
	return r
}

const wan = money.Wan

// town is firms of two districts, one county and one whose area nobody knows.
func town() []thing {
	project := func(below int, name string, investment money.Fen) thing {
		return thing{kind: content.Project, key: name, below: below, facts: map[string]any{
			"project.name": name, "project.is_digital": true,
			"project.effective_input@2022": investment, "project.investment@2022": investment,
			"project.effective_input@2023": money.Fen(0), "project.effective_input@2024": money.Fen(0),
		}}
	}
	return []thing{
		{kind: content.Enterprise, key: "大丰一厂", area: "320904"},
		{kind: content.Enterprise, key: "亭湖一厂", area: "320902"},
		{kind: content.Enterprise, key: "东台一厂", area: "320981"},
		{kind: content.Enterprise, key: "某厂"},
		project(1, "智能车间", 500*wan),
		project(2, "数字车间", 480*wan),
		project(3, "车间", 500*wan),
		project(4, "车间", 500*wan),
		{kind: content.Loan, key: "L1", below: 1, facts: map[string]any{
			"loan.project": "智能车间", "loan.for_digital": true, "loan.principal": 1000 * wan, "loan.drawn_on": period.Date(2022, 3, 1),
		}},
	}
}

func TestRegion(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		_, ids := w.state(town()...)
		r := w.run(access.SystemScope(), 0)
		got := map[string]string{}
		for f := range r.Firms() {
			got[f.Name] = fmt.Sprintf("%s [%s, %s] floor %s", f.State(), f.Total.Sure, f.Total.Possible, f.Floor.Sure)
		}
		want := map[string]string{
			"大丰一厂": "met [720000.00, 720000.00] floor 0.00", // 60 for the project, 12 for its loan
			"亭湖一厂": "unknown [0.00, 0.00] floor 0.00",       // perhaps a diagnosis
			"东台一厂": "not_met [0.00, 0.00] floor 600000.00",
			"某厂":   "unknown [0.00, 600000.00] floor 0.00",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("firms (-want +got):\n%s", diff)
		}
		if s := r.Sum; s.Firms != 4 || s.Sure != 1 || s.Perhaps != 2 || s.Total != (policy.Interval{Sure: 72 * wan, Possible: 132 * wan}) || s.Floor.Sure != 60*wan {
			t.Errorf("sum %+v", s)
		}
		areas := map[string]policy.Interval{}
		firms := 0
		for _, a := range r.ByArea("320900") {
			areas[a.Area.Code] = a.Total
			firms += a.Firms
		}
		if firms != 4 || areas["320904"].Sure != 72*wan || areas[""].Possible != 60*wan || areas["zone:yancheng-yannan"] != (policy.Interval{}) {
			t.Errorf("by area: %d firms, %v", firms, areas)
		}
		if _, ok := areas["zone:yancheng-yannan"]; !ok {
			t.Error("the zone is not among the areas of the city")
		}
		for _, c := range r.ByClause() {
			if c.Clause == "c9" && (c.Sure != 1 || c.Perhaps != 1 || c.Pays.Sure != 60*wan || c.Pays.Possible != 120*wan) {
				t.Errorf("by clause: %+v", c)
			}
		}
		if within := r.Within("320904"); within.Sum.Firms != 1 || within.Sum.Total.Sure != 72*wan {
			t.Errorf("within: %+v", within.Sum)
		}

		view, err := w.frames.For(ctx, access.SystemScope(), 0)
		must(t, err)
		d, err := w.runner.Decide(t.Context(), view, w.plan, ids[0], asOf)
		must(t, err)
		for _, l := range d.Lines {
			if l.Clause == "c8" && (l.Project == nil || l.Project.Name != "智能车间") {
				t.Errorf("the loan names its project, got %+v", l.Project)
			}
		}
		for f := range r.Firms() {
			d, err := w.runner.Decide(t.Context(), view, w.plan, f.ID, asOf)
			must(t, err)
			if d.Total != f.Total || d.InKind != f.InKind || d.State != f.State() || len(d.Missing) != f.Missing {
				t.Errorf("%s: region %+v, alone %+v", f.Name, f, d)
			}
		}
	})
}

func TestRegionFollowsWhatBecomesKnown(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.state(town()...)
	before := w.run(access.SystemScope(), 0)
	src, _ := w.state(thing{kind: content.Enterprise, key: "亭湖一厂"}, thing{kind: content.Project, key: "数字车间", below: 1, facts: map[string]any{
		"project.effective_input@2022": 500 * wan, "project.investment@2022": 500 * wan,
	}})
	after := w.run(access.SystemScope(), 0)
	if got := after.Sum.Total.Sure - before.Sum.Total.Sure; got != 60*wan {
		t.Errorf("20 万元 more of input bring %s", got)
	}
	if old := w.run(access.SystemScope(), before.Seq); !cmp.Equal(old.Sum, before.Sum) {
		t.Errorf("as known before: %+v, was %+v", old.Sum, before.Sum)
	}
	_, err := w.sources.Retract(ctx, access.SystemScope(), src, "undo")
	must(t, err)
	must(t, w.frames.Refresh(ctx))
	if undone := w.run(access.SystemScope(), 0); !cmp.Equal(undone.Sum, before.Sum) {
		t.Errorf("undone: %+v, was %+v", undone.Sum, before.Sum)
	}
}

func TestRegionShowsAScopeItsOwnOnly(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	_, ids := w.state(town()...)
	w.run(access.SystemScope(), 0) // what is kept must not leak
	for name, tc := range map[string]struct {
		scope access.Scope
		want  []string
	}{
		"nobody":        {access.Scope{}, nil},
		"county":        {access.NewScope(1, access.CountyOfficial, []string{"320904"}, nil), []string{"大丰一厂"}},
		"city":          {access.NewScope(2, access.CityOfficial, []string{"320900", "320902", "320904", "320981"}, nil), []string{"大丰一厂", "亭湖一厂", "东台一厂"}},
		"enterprise":    {access.NewScope(3, access.Enterprise, nil, []int64{ids[3]}), []string{"某厂"}},
		"administrator": {access.NewScope(4, access.Administrator, nil, nil), nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := w.run(tc.scope, 0)
			var got []string
			sum := policy.Interval{}
			for f := range r.Firms() {
				got = append(got, f.Name)
				sum = sum.Plus(f.Total)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("firms (-want +got):\n%s", diff)
			}
			if r.Sum.Firms != len(tc.want) || r.Sum.Total != sum {
				t.Errorf("sum %+v", r.Sum)
			}
			view, err := w.frames.For(ctx, tc.scope, 0)
			must(t, err)
			for i, name := range []string{"大丰一厂", "亭湖一厂", "东台一厂", "某厂"} {
				_, err := w.runner.Decide(t.Context(), view, w.plan, ids[i], asOf)
				if shown := err == nil; shown != contains(tc.want, name) {
					t.Errorf("decision of %s: %v", name, err)
				}
				if err != nil && errs.KindOf(err) != errs.KindNotFound {
					t.Errorf("decision of %s: %v", name, err)
				}
			}
		})
	}
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}

func TestRegionIsWorkedOutOnce(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	w.state(town()...)
	view, err := w.frames.For(ctx, access.SystemScope(), 0)
	must(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.runner.Run(ctx, view, w.plan, asOf); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(w.runner.kept) != 1 {
		t.Errorf("%d results are kept", len(w.runner.kept))
	}
	for i := range 2 * maxKept {
		if _, err := w.runner.Run(ctx, view, w.plan, asOf-period.Day(i)); err != nil {
			t.Error(err)
		}
	}
	if len(w.runner.kept) != maxKept {
		t.Errorf("%d results are kept", len(w.runner.kept))
	}
}
