package round

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

var shipping = []store.Migrations{
	audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, notice.Migrations, form.Migrations, casework.Migrations, results.Migrations, Migrations,
}

// Areas and people of the tests.
const (
	yancheng = "320900"
	tinghu   = "320902"
	dafeng   = "320904"
	rater    = 51
)

var (
	county = access.NewScope(20, access.CountyOfficial, []string{tinghu}, nil)
	other  = access.NewScope(21, access.CountyOfficial, []string{dafeng}, nil)
	city   = access.NewScope(22, access.CityOfficial, []string{yancheng, tinghu, dafeng}, nil)
)

// world is the store over one database, wired as in the product. It is the 31st of October 2024.
type world struct {
	*Store
	t       testing.TB
	now     time.Time
	sources *source.Store
	parties *party.Store
	facts   *fact.Store
	model   *assess.Rubric
	say     int
}

type appointing struct {
	Role  string `yaml:"role"`
	Least int    `yaml:"least"`
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	ctx := t.Context()
	lib, err := library()
	must(t, err)
	w := &world{t: t, now: time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)}
	tick := clock.Clock(func() time.Time { return w.now })
	w.sources = source.New(db, tick)
	w.parties = party.NewStore(db, w.sources)
	w.facts = fact.NewStore(db, w.sources, lib)
	frames, err := fact.Open(ctx, w.facts, w.parties, tick)
	must(t, err)
	models, err := assess.Load(contentdata.FS, lib)
	must(t, err)
	sealed := results.Open(results.Deps{DB: db, Frames: frames, Library: lib, Clock: tick, Subjects: region.NewReader(lib), Set: models})
	w.model, err = models.Edition("sme_digital", "2024")
	must(t, err)
	asked, err := form.Load(contentdata.FS, lib)
	must(t, err)
	asked, err = models.Asks(lib, asked)
	must(t, err)
	drafts := form.NewStore(db, lib, asked, tick)
	forms := casework.FormsOf(drafts)
	effects := casework.NewRegistry()
	results.Register(effects, sealed)
	casework.Register(effects, "subsidy.assign", func(ctx context.Context, _ *store.Tx, at *casework.Moment, a appointing) error {
		return at.Assign(ctx, rater, access.Role(a.Role))
	})
	src, err := contentdata.FS.ReadFile("workflows/assessment_sme_digital.yaml")
	must(t, err)
	flow, problems, err := casework.Parse(ctx, casework.Reading{Library: lib, Effects: effects, Forms: forms}, "assessment_sme_digital.yaml", src)
	must(t, err)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	set, problems := casework.Gather(flow)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	cases := casework.Open(casework.Deps{
		DB: db, Sources: w.sources, Parties: w.parties, Facts: w.facts, Frames: frames, Library: lib, Clock: tick, Subjects: region.NewReader(lib), Effects: effects,
		Set: set, Blobs: blob.At(t.TempDir()), Forms: forms, Sniff: casework.SniffFile,
	})
	w.Store = New(Deps{DB: db, Frames: frames, Library: lib, Clock: tick, Subjects: region.NewReader(lib), Results: sealed, Cases: cases, Forms: drafts})
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, shipping, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

// firm is an enterprise that lies in an area, above scale in 2023 or not.
func (w *world) firm(name, area string, above bool) (id int64) {
	w.t.Helper()
	src, err := w.sources.Begin(w.t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: name, Area: area})
	must(w.t, err)
	err = w.DB.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		ids, err := w.parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Enterprise, Key: party.EnterpriseKey("", name, area)}})
		if err != nil {
			return err
		}
		id = ids[0]
		if err := w.parties.AppendNames(ctx, tx, src, []party.Name{{Subject: id, Name: name, Place: "a"}}); err != nil {
			return err
		}
		return w.parties.AppendMemberships(ctx, tx, src, []party.Membership{
			{Subject: id, Tree: party.TreeArea, Node: area, Place: "a"}, {Subject: id, Tree: party.TreeIndustry, Node: "3412", Place: "b"},
		})
	})
	must(w.t, err)
	_, err = w.sources.Publish(w.t.Context(), src, nil)
	must(w.t, err)
	n := int64(0)
	if above {
		n = 1
	}
	w.states("bureau", fact.Statement{Subject: id, Def: "ent.above_scale", Period: period.OfYear(2023), State: fact.Present, Value: fact.Value{Num: n}})
	return id
}

// states has an authority state something.
func (w *world) states(authority string, all ...fact.Statement) {
	w.t.Helper()
	w.say++
	src, err := w.sources.Begin(w.t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: authority, Name: fmt.Sprint("s", w.say), Area: yancheng})
	must(w.t, err)
	for i := range all {
		all[i].Place, all[i].Shown = fmt.Sprint("A", i), "x"
	}
	must(w.t, w.facts.Append(w.t.Context(), src, all))
	_, err = w.sources.Publish(w.t.Context(), src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(w.t.Context()))
}

func (w *world) view(scope access.Scope) fact.View {
	w.t.Helper()
	must(w.t, w.Frames.Refresh(w.t.Context()))
	v, err := w.Frames.For(w.t.Context(), scope, 0)
	must(w.t, err)
	return v
}

func owner(firm int64) access.Scope {
	return access.NewScope(1000+firm, access.Enterprise, nil, []int64{firm})
}

func (w *world) does(by access.Scope, id int64, action string, answers map[string]any) {
	w.t.Helper()
	act := casework.Act{Case: id, Action: action}
	if answers != nil {
		b, err := json.Marshal(map[string]any{"answers": answers})
		must(w.t, err)
		act.Entry = b
	}
	_, err := w.Cases.Act(context.Background(), by, act)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(context.Background()))
}

// answers is an answer to every question of the model, of which some are others.
func (w *world) answers(level int, but map[string]any) map[string]any {
	w.t.Helper()
	f, err := w.Forms.Set().Form(w.model.FormCode())
	must(w.t, err)
	out := map[string]any{}
	for i, x := range f.Fields() {
		switch {
		case x.Readonly:
		case x.Options != nil:
			out[x.Name] = x.Options[len(x.Options)/2].Code
		case x.Type == "bool":
			out[x.Name] = i%3 != 0
		case x.Type == "int" && x.Max != nil && *x.Max < 10:
			out[x.Name] = level
		case x.Type == "int":
			out[x.Name] = 50
		case x.Type == "rate":
			out[x.Name] = 5
		}
	}
	out["devices_total"] = 100
	for name, v := range but {
		out[name] = v
	}
	return out
}

// round is the one that the tests open: of the whole city, for 2024.
func (w *world) round() NewRound {
	return NewRound{
		Title: "2024年度数字化水平评测", Model: "sme_digital", Edition: "2024", Area: yancheng, Year: 2024,
		Opens: period.Date(2024, 10, 31), Closes: period.Date(2024, 11, 29),
	}
}

func (w *world) opened() Round {
	w.t.Helper()
	r, err := w.Open(w.t.Context(), city, w.round())
	must(w.t, err)
	return r
}

// takes has an enterprise begin, and hand in where there are answers; it gives the case.
func (w *world) takes(r Round, firm int64, answers map[string]any) int64 {
	w.t.Helper()
	c, err := w.Begin(w.t.Context(), owner(firm), r.ID, firm)
	must(w.t, err)
	if answers != nil {
		w.does(owner(firm), c.ID, "submit", answers)
	}
	return c.ID
}

func (w *world) standings(r Round, scope access.Scope) map[string]Standing {
	w.t.Helper()
	all, err := w.Firms(w.t.Context(), w.view(scope), &r)
	must(w.t, err)
	out := map[string]Standing{}
	for _, f := range all {
		out[f.Name] = f.Standing
	}
	return out
}

func (w *world) on(y int, m time.Month, d int) { w.now = time.Date(y, m, d, 9, 0, 0, 0, clock.Beijing) }
