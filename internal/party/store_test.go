package party

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var migrations = []store.Migrations{source.Migrations, Migrations}

type world struct {
	t       testing.TB
	db      *store.DB
	sources *source.Store
	parties *Store
}

func newWorld(t testing.TB, db *store.DB) *world {
	sources := source.New(db, clock.Fixed(time.Date(2024, 10, 31, 0, 0, 0, 0, clock.Beijing)))
	return &world{t: t, db: db, sources: sources, parties: NewStore(db, sources)}
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

// firm is what a test's source states about an enterprise.
type firm struct {
	key, name, former, uscc, area string
	from, to                      *period.Day // of the area
	projects                      []string
}

func day(y, m, d int) *period.Day {
	x := period.Date(y, m, d)
	return &x
}

// stage opens a source with these firms and gives their ids.
func (w *world) stage(firms ...firm) (src int64, ids []int64) {
	w.t.Helper()
	ctx := context.Background()
	src, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "test.xlsx", Area: "320900"})
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var (
			subs    []NewSubject
			names   []Name
			idents  []Identifier
			members []Membership
		)
		for _, f := range firms {
			subs = append(subs, NewSubject{Kind: content.Enterprise, Key: f.key})
		}
		var err error
		if ids, err = w.parties.Ensure(ctx, tx, src, subs); err != nil {
			return err
		}
		subs = nil
		for i, f := range firms {
			place := fmt.Sprintf("test.xlsx#Sheet1!A%d", i+2)
			if f.name != "" {
				names = append(names, Name{Subject: ids[i], Name: f.name, Place: place})
			}
			if f.former != "" {
				names = append(names, Name{Subject: ids[i], Name: f.former, Former: true, Place: place})
			}
			if f.uscc != "" {
				_, finding := ParseUSCC(f.uscc)
				idents = append(idents, Identifier{Subject: ids[i], Scheme: SchemeUSCC, Value: f.uscc, Sound: finding == Sound, Place: place})
			}
			if f.area != "" {
				members = append(members, Membership{Subject: ids[i], Tree: TreeArea, Node: f.area, From: f.from, To: f.to, Place: place})
			}
			for _, p := range f.projects {
				subs = append(subs, NewSubject{Kind: content.Project, Parent: ids[i], Key: p})
			}
		}
		if _, err := w.parties.Ensure(ctx, tx, src, subs); err != nil {
			return err
		}
		if err := w.parties.AppendNames(ctx, tx, src, names); err != nil {
			return err
		}
		if err := w.parties.AppendIdentifiers(ctx, tx, src, idents); err != nil {
			return err
		}
		return w.parties.AppendMemberships(ctx, tx, src, members)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return src, ids
}

func (w *world) publish(src int64) int64 {
	w.t.Helper()
	seq, err := w.sources.Publish(context.Background(), src, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return seq
}

func (w *world) say(firms ...firm) (src int64, ids []int64) {
	w.t.Helper()
	src, ids = w.stage(firms...)
	w.publish(src)
	return src, ids
}

func (w *world) retract(src int64) {
	w.t.Helper()
	if _, err := w.sources.Retract(context.Background(), access.SystemScope(), src, "undo"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) load(known int64) *Registry {
	w.t.Helper()
	r, err := w.parties.Load(context.Background(), known)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) seq() int64 {
	w.t.Helper()
	seq, err := w.db.Seq(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return seq
}

func (w *world) merge(from, into int64) error {
	_, err := w.parties.Merge(context.Background(), w.load(0), access.SystemScope(), Merging{From: from, Into: into, Reason: "same code"})
	return err
}

func names(f Found) []string {
	var all []string
	for _, e := range f.Enterprises {
		all = append(all, e.Name)
	}
	return all
}

const codeA, codeB = "91350100M000100Y43", "91512081MA62K0260E"

func TestWhatIsStatedIsKnown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		src, ids := w.stage(
			firm{key: codeA, name: "盐城雁阵机械有限公司", former: "盐城红星机械厂", uscc: codeA, area: "320904", projects: []string{"P1", "P2"}},
			firm{key: "b", name: "东台飞鸿电子有限公司", area: "320981"},
		)
		if n := len(w.load(0).recs); n != 0 {
			t.Fatalf("a pending source shows %d subjects", n)
		}
		w.publish(src)
		r := w.load(0)
		got, ok := r.Enterprise(ids[0])
		want := Enterprise{
			ID: ids[0], Key: codeA, Name: "盐城雁阵机械有限公司", FormerNames: []string{"盐城红星机械厂"}, USCC: codeA, USCCSound: true,
			Area: "320904",
		}
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("enterprise (-want +got):\n%s", diff)
		}
		projects := r.Children(ids[0], content.Project)
		if len(projects) != 2 || len(r.Children(ids[1], content.Project)) != 0 {
			t.Errorf("children: %v", projects)
		}
		if sub, ok := r.Subject(projects[1]); !ok || sub.Parent != ids[0] || sub.Key != "P2" {
			t.Errorf("second project: %+v %v", sub, ok)
		}
		if got := r.ByUSCC(codeA); !cmp.Equal(got, ids[:1]) {
			t.Errorf("by code: %v", got)
		}
		for name, like := range map[string]Likeness{
			"盐城雁阵机械有限公司": SameName, "盐城 雁阵机械有限责任公司": SameKey, "盐城红星机械厂": SameFormerName,
		} {
			if diff := cmp.Diff([]Alike{{ids[0], like}}, r.ByName(name)); diff != "" {
				t.Errorf("by name %s (-want +got):\n%s", name, diff)
			}
		}
		if got := r.ByName("盐城雁阵"); len(got) != 0 {
			t.Errorf("part of a name is no name: %v", got)
		}

		_, again := w.say(firm{key: codeA, name: "盐城雁阵智能装备有限公司"})
		if again[0] != ids[0] {
			t.Fatalf("same key, other subject: %d and %d", ids[0], again[0])
		}
		if e, _ := w.load(0).Enterprise(ids[0]); e.Name != "盐城雁阵智能装备有限公司" || len(e.FormerNames) != 2 {
			t.Errorf("renamed: %+v", e)
		}
		w.retract(src)
		r = w.load(0)
		if _, ok := r.Enterprise(ids[1]); ok {
			t.Error("an enterprise that no live source mentions is still there")
		}
		if e, ok := r.Enterprise(ids[0]); !ok || e.Area != "" || len(e.FormerNames) != 0 || len(r.Children(ids[0], content.Project)) != 0 {
			t.Errorf("after the undo: %+v %v", e, ok)
		}
	})
}

func TestMembershipInTwoTimes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, ids := w.say(firm{key: "a", name: "甲", area: "320902"}) // always
		known := w.seq()
		w.say(firm{key: "a", area: "320904", from: day(2023, 7, 1)})
		w.say(firm{key: "a", area: "320903", from: day(2022, 1, 1), to: day(2022, 12, 31)})

		r := w.load(0)
		for _, c := range []struct {
			day  *period.Day
			want string
		}{
			{day(2021, 6, 1), "320902"},
			{day(2022, 6, 1), "320903"},
			{day(2023, 1, 1), "320902"},
			{day(2023, 6, 30), "320902"},
			{day(2023, 7, 1), "320904"},
		} {
			if got := r.AreaOn(ids[0], *c.day); got != c.want {
				t.Errorf("on %v: %s, want %s", c.day, got, c.want)
			}
		}
		wantSpans := []Span{
			{"320902", nil, day(2021, 12, 31)},
			{"320903", day(2022, 1, 1), day(2022, 12, 31)},
			{"320902", day(2023, 1, 1), day(2023, 6, 30)},
			{"320904", day(2023, 7, 1), nil},
		}
		if diff := cmp.Diff(wantSpans, r.Nodes(ids[0], TreeArea)); diff != "" {
			t.Errorf("over time (-want +got):\n%s", diff)
		}
		if e, _ := r.Enterprise(ids[0]); e.Area != "320904" {
			t.Errorf("now: %s", e.Area)
		}
		if got := w.load(known).AreaOn(ids[0], period.Date(2024, 1, 1)); got != "320902" {
			t.Errorf("as known before: %s", got)
		}
	})
}

func TestMergeAndUnmerge(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, ids := w.say(
			firm{key: "a", name: "甲机械有限公司", uscc: codeA, area: "320904", projects: []string{"P1"}},
			firm{key: "b", name: "甲机械厂", uscc: codeB, area: "320904", projects: []string{"P1"}},
			firm{key: "c", name: "丙电子有限公司", area: "320981"},
		)
		before := w.load(0)
		if err := w.merge(ids[1], ids[0]); err != nil {
			t.Fatal(err)
		}
		r := w.load(0)
		e, ok := r.Enterprise(ids[1])
		if !ok || e.ID != ids[0] || !cmp.Equal(e.Merged, ids[1:2]) {
			t.Errorf("the merged one: %+v %v", e, ok)
		}
		if foretold, ok := before.Together(ids[0], ids[1]); !ok || !cmp.Equal(foretold, e) {
			t.Errorf("merged %+v, foretold was %+v", e, foretold)
		}
		if was, ok := r.Alone(ids[0]); !ok || was.Name != "甲机械有限公司" || was.USCC != codeA || was.Merged != nil {
			t.Errorf("what stands for the other, alone: %+v %v", was, ok)
		}
		if was, ok := r.Alone(ids[1]); !ok || was.ID != ids[1] || was.Name != "甲机械厂" || was.USCC != codeB {
			t.Errorf("what was merged: %+v %v", was, ok)
		}
		if got := r.Children(ids[0], content.Project); len(got) != 2 {
			t.Errorf("projects of both: %v", got)
		}
		if got := r.ByUSCC(codeB); !cmp.Equal(got, ids[:1]) {
			t.Errorf("by the other's code: %v", got)
		}
		if got := r.Search(access.SystemScope(), "甲机械厂", 10); got.Total != 1 || got.Enterprises[0].ID != ids[0] {
			t.Errorf("by the other's name: %+v", got)
		}
		for what, err := range map[string]error{
			"again":       w.merge(ids[1], ids[2]),
			"in a circle": w.merge(ids[0], ids[1]),
		} {
			if errs.KindOf(err) != errs.KindConflict {
				t.Errorf("merge %s: %v, want a conflict", what, err)
			}
		}
		if err := w.merge(ids[0], ids[0]); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("with itself: %v", err)
		}
		county := access.NewScope(7, access.CityOfficial, []string{"320981"}, nil)
		_, err := w.parties.Merge(context.Background(), r, county, Merging{From: ids[2], Into: ids[0]})
		if errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("outside the scope: %v", err)
		}
		if _, err := w.parties.Unmerge(context.Background(), r, access.SystemScope(), ids[1], "two firms after all"); err != nil {
			t.Fatal(err)
		}
		same(t, before, w.load(0))
	})
}

func TestSearchKeepsToTheScope(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, ids := w.say(
			firm{key: codeA, name: "盐城飞鸿机械有限公司", uscc: codeA, area: "320904"},
			firm{key: "b", name: "飞鸿", area: "320902"},
			firm{key: "c", name: "东台飞鸿电子有限公司", former: "东台无线电厂", area: "320981"},
			firm{key: "d", name: "苏州（中国）䶮㛃科技股份有限公司", area: "320981"},
			firm{key: "e", name: "飞鸿游方企业"},
		)
		r := w.load(0)
		city := access.NewScope(1, access.CityOfficial, []string{"320902", "320904", "320981"}, nil)
		county := access.NewScope(2, access.CountyOfficial, []string{"320981"}, nil)
		own := access.NewScope(3, access.Enterprise, nil, ids[:1])
		for _, c := range []struct {
			who   string
			scope access.Scope
			text  string
			want  []string
		}{
			{"city", city, "飞鸿", []string{"飞鸿", "东台飞鸿电子有限公司", "盐城飞鸿机械有限公司"}},
			{"county", county, "飞鸿", []string{"东台飞鸿电子有限公司"}},
			{"own", own, "飞鸿", []string{"盐城飞鸿机械有限公司"}},
			{"nobody", access.Scope{}, "飞鸿", nil},
			{"city", city, "无线", []string{"东台飞鸿电子有限公司"}},
			{"city", city, "䶮㛃", []string{"苏州（中国）䶮㛃科技股份有限公司"}},
			{"city", city, "苏州(中国)䶮㛃科技", []string{"苏州（中国）䶮㛃科技股份有限公司"}},
			{"city", city, "东台飞鸿电子 有限责任公司", []string{"东台飞鸿电子有限公司"}},
			{"city", city, "９1350100m", []string{"盐城飞鸿机械有限公司"}},
			{"county", county, "91350100M", nil},
			{"city", city, "", nil},
			{"city", city, "（）", nil},
		} {
			got := r.Search(c.scope, c.text, 10)
			if diff := cmp.Diff(c.want, names(got)); diff != "" || got.Total != len(c.want) {
				t.Errorf("%s, %q: total %d (-want +got):\n%s", c.who, c.text, got.Total, diff)
			}
		}
		if got := r.Search(city, "飞鸿", 1); len(got.Enterprises) != 1 || got.Total != 3 {
			t.Errorf("limit 1: %d of %d", len(got.Enterprises), got.Total)
		}
	})
}

func TestExpandScope(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	_, ids := w.say(
		firm{key: "a", name: "甲", area: "zone:yancheng-yannan"}, firm{key: "b", name: "乙", area: "320981"}, firm{key: "c", name: "丙"},
	)
	if err := w.merge(ids[1], ids[0]); err != nil {
		t.Fatal(err)
	}
	r := w.load(0)
	sees := func(a access.Account, id int64) bool {
		return r.Sees(ExpandScope(lib, r, a), access.ReadFact, id)
	}
	city := access.Account{ID: 1, Grants: []access.Grant{{Role: access.CityOfficial, Area: "320900"}}}
	county := access.Account{ID: 2, Grants: []access.Grant{{Role: access.CountyOfficial, Area: "320902"}}}
	both := access.Account{ID: 3, Grants: append(county.Grants, access.Grant{Role: access.Enterprise, Party: ids[1]})}
	off := access.Account{ID: 4, Grants: city.Grants, DisabledAt: 1}
	for _, c := range []struct {
		what string
		acc  access.Account
		id   int64
		want bool
	}{
		{"city, zone without a code", city, ids[0], true},
		{"city, firm that lies nowhere", city, ids[2], false},
		{"another county", county, ids[0], false},
		{"own firm, merged into another", both, ids[0], true},
		{"disabled", off, ids[0], false},
		{"no grant", access.Account{ID: 5}, ids[0], false},
	} {
		if got := sees(c.acc, c.id); got != c.want {
			t.Errorf("%s: sees %v, want %v", c.what, got, c.want)
		}
	}
}

// same compares what two registries answer.
func same(t interface {
	Helper()
	Errorf(string, ...any)
}, want, got *Registry,
) {
	t.Helper()
	type answers struct {
		Enterprises []Enterprise
		Subjects    []Subject
		Kids        map[string][]int64
		Spans       map[int64][]Span
		Found       map[string][]string
		Codes       map[string][]int64
	}
	ask := func(r *Registry) answers {
		a := answers{Kids: map[string][]int64{}, Spans: map[int64][]Span{}, Found: map[string][]string{}, Codes: map[string][]int64{}}
		for e := range r.Enterprises() {
			a.Enterprises = append(a.Enterprises, e)
			a.Found[e.Name] = names(r.Search(access.SystemScope(), e.Name, 100))
		}
		for _, text := range []string{"机", "机械", "机械 甲", "jx", "jixie", "jiu", "甲机械无限", "电"} {
			a.Found[text] = names(r.Search(access.SystemScope(), text, 100))
		}
		for _, rec := range r.recs {
			a.Subjects = append(a.Subjects, rec.sub)
			a.Kids[fmt.Sprint(rec.sub.ID)] = r.Children(rec.sub.ID, content.Project)
			a.Spans[rec.sub.ID] = r.Nodes(rec.sub.ID, TreeArea)
		}
		for _, c := range []string{codeA, codeB} {
			a.Codes[c] = r.ByUSCC(USCC(c))
		}
		return a
	}
	if diff := cmp.Diff(ask(want), ask(got)); diff != "" {
		t.Errorf("registries differ (-want +got):\n%s", diff)
	}
}

// Whatever is published, undone and merged in whatever order: the registry carried on from commit to commit is the one
// built from all rows, and an old one is what it was.
func TestCarriedOnIsBuiltAnew(t *testing.T) {
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			w := newWorld(t, storetest.SQLite(t, migrations))
			var (
				live    []int64
				all     []int64
				history []*Registry
			)
			for range rapid.IntRange(1, 12).Draw(rt, "steps") {
				switch rapid.SampledFrom([]string{"say", "say", "say", "retract", "merge", "unmerge"}).Draw(rt, "step") {
				case "say":
					src, ids := w.say(rapid.SliceOfN(rapid.Custom(drawFirm), 1, 3).Draw(rt, "firms")...)
					live, all = append(live, src), append(all, ids...)
				case "retract":
					if len(live) > 0 {
						i := rapid.IntRange(0, len(live)-1).Draw(rt, "which")
						w.retract(live[i])
						live = append(live[:i:i], live[i+1:]...)
					}
				case "merge":
					if len(all) > 0 {
						pick := rapid.SampledFrom(all)
						_ = w.merge(pick.Draw(rt, "from"), pick.Draw(rt, "into")) // refusals are part of the game
					}
				case "unmerge":
					r := w.load(0)
					for _, from := range slices.Sorted(maps.Keys(r.merged)) {
						_, err := w.parties.Unmerge(context.Background(), r, access.SystemScope(), from, "")
						if err != nil && errs.KindOf(err) != errs.KindNotFound {
							rt.Fatalf("unmerge: %v", err)
						}
						break
					}
				}
				if rapid.Bool().Draw(rt, "look") {
					history = append(history, w.load(0))
				}
			}
			history = append(history, w.load(0))
			for _, r := range history {
				anew, err := w.parties.build(context.Background(), r.known)
				if err != nil {
					rt.Fatal(err)
				}
				same(rt, anew, r)
			}
			if rt.Failed() {
				rt.FailNow()
			}
		})
	})
}

func drawFirm(t *rapid.T) firm {
	pick := func(words ...string) string { return rapid.SampledFrom(words).Draw(t, "word") }
	f := firm{
		key: pick("a", "b", "c", "d"), name: pick("", "甲机械有限公司", "甲机械厂", "乙电子", "丙"), former: pick("", "", "旧名厂"),
		uscc: pick("", codeA, codeB), area: pick("", "320902", "320904", "320981"),
	}
	if rapid.Bool().Draw(t, "begins") {
		f.from = day(2020+rapid.IntRange(0, 4).Draw(t, "year"), 1, 1)
	}
	if rapid.Bool().Draw(t, "ends") && f.from == nil {
		f.to = day(2025, 1, 1)
	}
	f.projects = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"P1", "P2"}), 0, 2, rapid.ID).Draw(t, "projects")
	return f
}

// A registry that somebody holds answers the same while later ones are made; run with -race.
func TestReadersGoOn(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	_, ids := w.say(firm{key: "a", name: "甲机械", area: "320902"})
	r := w.load(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if got := r.Search(access.SystemScope(), "机械", 5); got.Total != 1 || r.AreaOn(ids[0], 0) != "320902" {
				t.Errorf("an old registry changed: %+v", got)
				return
			}
		}
	}()
	for i := range 5 {
		w.say(firm{key: fmt.Sprint(i), name: fmt.Sprintf("%d机械", i), area: fmt.Sprintf("32098%d", i)})
		w.load(0)
	}
	close(stop)
	<-done
}

func TestStandsForWhatIsStillStated(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	src, a := w.say(firm{key: "a", name: "甲机械有限公司", area: "320902"})
	_, b := w.say(firm{key: "b", name: "甲机械厂", area: "320904"})
	if err := w.merge(b[0], a[0]); err != nil {
		t.Fatal(err)
	}
	w.retract(src)
	r := w.load(0)
	e, ok := r.Enterprise(b[0])
	if !ok || e.ID != a[0] || e.Name != "甲机械厂" || e.Area != "320904" {
		t.Errorf("what is stated of the merged one counts for the other: %+v %v", e, ok)
	}
	anew, err := w.parties.build(context.Background(), r.known)
	if err != nil {
		t.Fatal(err)
	}
	same(t, anew, r)
}

func TestSoundCodeIsKept(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	const mistyped = "91350100M000100Y44"
	_, ids := w.say(firm{key: "a", name: "甲", uscc: mistyped})
	if e, _ := w.load(0).Enterprise(ids[0]); e.USCC != mistyped || e.USCCSound {
		t.Errorf("a code that fails its check is kept where there is no other: %+v", e)
	}
	w.say(firm{key: "a", uscc: codeA})
	w.say(firm{key: "a", uscc: mistyped})
	r := w.load(0)
	if e, _ := r.Enterprise(ids[0]); e.USCC != codeA || !e.USCCSound {
		t.Errorf("a later slip does not replace a sound code: %+v", e)
	}
	if got := r.ByUSCC(mistyped); !cmp.Equal(got, ids) {
		t.Errorf("the slip still finds it: %v", got)
	}
}
