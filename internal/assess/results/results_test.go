package results

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
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
	audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, notice.Migrations, form.Migrations, casework.Migrations, Migrations,
}

// Areas and people of the tests.
const (
	tinghu = "320902"
	dafeng = "320904"
	rater  = 51
)

var (
	county = access.NewScope(20, access.CountyOfficial, []string{tinghu}, nil)
	city   = access.NewScope(22, access.CityOfficial, []string{"320900", tinghu, dafeng}, nil)
)

// world is the store over one database, wired as in the product.
type world struct {
	*Store
	t       testing.TB
	now     time.Time
	cases   *casework.Store
	sources *source.Store
	parties *party.Store
	facts   *fact.Store
	model   *assess.Rubric
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
	w.Store = Open(Deps{DB: db, Frames: frames, Library: lib, Clock: tick, Subjects: region.NewReader(lib), Set: models})
	w.model, err = models.Edition("sme_digital", "2024")
	must(t, err)
	asked, err := form.Load(contentdata.FS, lib)
	must(t, err)
	asked, err = models.Asks(lib, asked)
	must(t, err)
	forms := casework.FormsOf(form.NewStore(db, lib, asked, tick))
	effects := casework.NewRegistry()
	Register(effects, w.Store)
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
	w.cases = casework.Open(casework.Deps{
		DB: db, Sources: w.sources, Parties: w.parties, Facts: w.facts, Frames: frames, Library: lib, Clock: tick, Subjects: region.NewReader(lib), Effects: effects,
		Set: set, Blobs: blob.At(t.TempDir()), Forms: forms, Sniff: casework.SniffFile,
	})
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newFirm is an enterprise that lies in an area.
func (w *world) newFirm(name, area string) (id int64) {
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
		return w.parties.AppendMemberships(ctx, tx, src, []party.Membership{{Subject: id, Tree: party.TreeArea, Node: area, Place: "a"}})
	})
	must(w.t, err)
	_, err = w.sources.Publish(w.t.Context(), src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(w.t.Context()))
	return id
}

// states has the bureau say the same of every fact that the model reads: the level of things, and of numbers so much.
func (w *world) states(firm int64, yes bool, level int64) {
	w.t.Helper()
	src, err := w.sources.Begin(w.t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: fmt.Sprint(firm, yes, level), Area: tinghu})
	must(w.t, err)
	var all []fact.Statement
	for i, def := range w.model.Facts() {
		if _, ok := w.Library.FactDef(def.Code); !ok {
			continue
		}
		s := fact.Statement{Subject: firm, Def: def.Code, Period: period.OfYear(2024), State: fact.Present, Place: fmt.Sprintf("A%d", i), Shown: "x"}
		switch def.Type {
		case content.Bool:
			if yes {
				s.Value.Num = 1
			}
		case content.Code:
			list, _ := w.Library.CodeList(def.Codes)
			s.Value.Text = list.Entries[0].Code
			if yes {
				s.Value.Text = list.Entries[len(list.Entries)-1].Code
			}
		case content.Int:
			if s.Value.Num = level; def.Max == nil {
				s.Value.Num = 100
			}
		case content.Rate:
			s.Value.Num = 1_000
		default:
			continue
		}
		all = append(all, s)
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

func (w *world) does(by access.Scope, id int64, action string, answers map[string]any) error {
	act := casework.Act{Case: id, Action: action}
	if answers != nil {
		b, err := json.Marshal(map[string]any{"answers": answers})
		must(w.t, err)
		act.Entry = b
	}
	_, err := w.cases.Act(context.Background(), by, act)
	return err
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, shipping, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

// TestSealed takes a firm from its answers to a sealed result, and then to one that was rated on site.
func TestSealed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm := w.newFirm("甲机械", tinghu)
		owner := access.NewScope(10, access.Enterprise, nil, []int64{firm})
		open := func() int64 {
			c, err := w.cases.New(t.Context(), owner, casework.NewCase{Workflow: "assessment_sme_digital", Title: "自评", Subject: firm})
			must(t, err)
			return c.ID
		}
		first := open()
		must(t, w.does(owner, first, "submit", map[string]any{"net_control": true, "net_application": true, "devices_total": 100, "devices_digital": 50, "devices_networked": 10}))
		must(t, w.does(county, first, "seal", nil))
		all, err := w.Of(t.Context(), w.view(owner), firm)
		must(t, err)
		if len(all) != 1 || all[0].How != BySelf || all[0].Year != 2024 || all[0].Case != first || all[0].Missing == 0 || all[0].Settled() {
			t.Fatalf("sealed %+v", all)
		}
		// 8·(25 % + 25 %) + 6·75 % + 6·0 %
		if got := w.model.Show(all[0].Score); got != "8.50" && got != "8.5" {
			t.Errorf("score %s", got)
		}
		if v := w.view(owner).Value(firm, "ent.assessed", period.OfYear(2024)); !v.Known || v.Value.Num != 1 {
			t.Error("it is not known that the firm was assessed")
		}

		w.states(firm, true, 4) // what is known later changes nothing that was sealed
		wrong, err := w.Verify(t.Context(), all[0].ID)
		must(t, err)
		if len(wrong) > 0 {
			t.Error(wrong)
		}

		second := open()
		pins, err := w.cases.Pins(t.Context(), county, second)
		must(t, err)
		if len(pins) == 0 || pins[0].Kind != modelPin || pins[0].Name != "sme_digital/2024" || pins[0].Hash != w.model.Hash {
			t.Errorf("the case pins %v", pins)
		}
		w.Set = &assess.Set{} // the edition is withdrawn: a case that was opened under it is judged by it all the same
		must(t, w.does(owner, second, "submit", map[string]any{"devices_total": 100, "devices_digital": 90}))
		must(t, w.does(county, second, "appoint", nil))
		expert := access.NewScope(rater, access.Expert, nil, nil)
		must(t, w.does(expert, second, "rate", map[string]any{"devices_total": 100, "devices_digital": 30}))
		w.now = w.now.AddDate(0, 3, 0) // a new year has begun
		must(t, w.does(county, second, "confirm", nil))
		all, err = w.Of(t.Context(), w.view(city), firm)
		must(t, err)
		if len(all) != 2 || all[1].How != OnSite || all[1].Year != 2024 || all[1].On.Year() != 2025 || all[1].Score.Sign() == 0 {
			t.Fatalf("sealed %+v", all)
		}
		for _, x := range all {
			wrong, err := w.Verify(t.Context(), x.ID)
			must(t, err)
			if len(wrong) > 0 {
				t.Error(wrong)
			}
		}
		if _, err := w.Of(t.Context(), w.view(access.NewScope(11, access.Enterprise, nil, []int64{firm + 1_000})), firm); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a stranger reads results: %v", err)
		}
	})
}

// TestLook counts what a rating on the spot confirmed, corrected and left, and says what counts by the order of authorities.
func TestLook(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm := w.newFirm("甲机械", tinghu)
		owner, expert := access.NewScope(10, access.Enterprise, nil, []int64{firm}), access.NewScope(rater, access.Expert, nil, nil)
		src, err := w.sources.Begin(t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "年报", Area: tinghu})
		must(t, err)
		must(t, w.facts.Append(t.Context(), src, []fact.Statement{
			{Subject: firm, Def: "ent.devices_total", Period: period.OfYear(2024), State: fact.Present, Value: fact.Value{Num: 90}, Place: "A1", Shown: "90"},
		}))
		_, err = w.sources.Publish(t.Context(), src, nil)
		must(t, err)
		made, err := w.cases.New(t.Context(), owner, casework.NewCase{Workflow: "assessment_sme_digital", Title: "自评", Subject: firm})
		must(t, err)
		must(t, w.does(owner, made.ID, "submit", map[string]any{"net_control": true, "net_application": false, "devices_digital": 50}))
		must(t, w.does(county, made.ID, "appoint", nil))
		code := w.model.FormCode() + "_" + assess.OnSite
		forms, err := w.model.Form(w.Library, assess.OnSite)
		must(t, err)
		if !forms.Confirm || forms.Code != code {
			t.Fatalf("form %s is not for confirming", forms.Code)
		}
		if _, _, err := w.cases.Looks(t.Context(), access.NewScope(rater+1, access.Expert, nil, nil), made.ID, "rate", forms); err == nil {
			t.Error("who is not appointed sees what is to be confirmed")
		}
		if _, _, err := w.cases.Looks(t.Context(), owner, made.ID, "rate", forms); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("the firm looks at itself: %v", err)
		}
		_, known, err := w.cases.Looks(t.Context(), expert, made.ID, "rate", forms)
		must(t, err)
		if k := known["devices_digital"]; k.Value.Int() != 50 || k.Source.Authority != fact.SelfReport || k.Source.ReceivedAt == 0 {
			t.Errorf("beside the question stands %+v", k)
		}
		must(t, w.does(expert, made.ID, "rate", map[string]any{"net_control": true, "net_application": true, "devices_digital": 40, "devices_total": 80, "net_5g": false}))
		must(t, w.does(county, made.ID, "confirm", nil))
		all, err := w.Of(t.Context(), w.view(city), firm)
		must(t, err)
		got, err := w.Look(t.Context(), w.view(city), &all[0])
		must(t, err)
		if got.Confirmed != 1 || got.Changed != 4 || got.Seen() != 5 || got.Of() != got.Seen()+got.Left || got.Left == 0 {
			t.Errorf("looked at %d + %d of %d", got.Confirmed, got.Changed, got.Of())
		}
		counts := map[string]bool{}
		for _, l := range got.Items {
			if l.State == Changed {
				counts[l.Def.Code] = l.Counts
			}
			if l.Def.Code == "ent.devices_digital" && (l.Was.Num != 50 || l.Found.Num != 40 || l.WasBy != fact.SelfReport) {
				t.Errorf("looked at %+v", l)
			}
		}
		want := map[string]bool{
			"ent.net_application": true, "ent.devices_digital": true, "ent.net_5g": true,
			"ent.devices_total": false, // the bureau's word goes first
		}
		if diff := cmp.Diff(want, counts); diff != "" {
			t.Errorf("what counts (-want +got):\n%s", diff)
		}
		if v := w.view(city).Value(firm, "ent.devices_total", period.OfYear(2024)); v.Value.Num != 90 {
			t.Errorf("the frame takes %d", v.Value.Num)
		}
		if _, err := w.Look(t.Context(), w.view(access.NewScope(11, access.Enterprise, nil, []int64{firm + 1_000})), &all[0]); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a stranger reads what was looked at: %v", err)
		}
	})
}

// TestYearOfTheBeginning is of a case that is opened in December, answered and sealed in January.
func TestYearOfTheBeginning(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.now = time.Date(2024, 12, 30, 9, 0, 0, 0, clock.Beijing)
		firm := w.newFirm("甲机械", tinghu)
		owner := access.NewScope(10, access.Enterprise, nil, []int64{firm})
		made, err := w.cases.New(t.Context(), owner, casework.NewCase{Workflow: "assessment_sme_digital", Title: "自评", Subject: firm})
		must(t, err)
		w.now = w.now.AddDate(0, 0, 5)
		must(t, w.does(owner, made.ID, "submit", map[string]any{"net_control": true, "devices_total": 100, "devices_digital": 50}))
		must(t, w.does(county, made.ID, "seal", nil))
		all, err := w.Of(t.Context(), w.view(owner), firm)
		must(t, err)
		if len(all) != 1 || all[0].Year != 2024 || all[0].On.Year() != 2025 {
			t.Fatalf("sealed %+v", all)
		}
		if v := w.view(owner).Value(firm, "ent.devices_digital", period.OfYear(2024)); !v.Known || v.Value.Num != 50 {
			t.Errorf("stated of 2024: %+v", v)
		}
	})
}

// TestSealingIsChecked: a workflow that is put in use and seals by what is not there is told at the word; one that a case has pinned is read.
func TestSealingIsChecked(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, shipping))
	src, err := contentdata.FS.ReadFile("workflows/assessment_sme_digital.yaml")
	must(t, err)
	const good = "rubric: sme_digital, edition: '2024', how: self"
	line := bytes.Count(src[:bytes.Index(src, []byte(good))], []byte("\n")) + 1
	for _, tc := range []struct{ with, key, at string }{
		{"rubric: sme_digits, edition: '2024', how: self", "results.no_model", "sme_digits"},
		{"rubric: sme_digital, edition: '2042', how: self", "results.no_edition", "2042"},
		{"rubric: sme_digital, edition: '2024', how: alone", "content.one_of", "alone"},
	} {
		t.Run(tc.at, func(t *testing.T) {
			bad := bytes.Replace(src, []byte(good), []byte(tc.with), 1)
			in := casework.Reading{Library: w.Library, Effects: w.cases.Effects, Forms: w.cases.Forms}
			_, problems, err := casework.Parse(t.Context(), in, "x.yaml", bad)
			must(t, err)
			text := strings.Split(string(bad), "\n")[line-1]
			if len(problems) != 1 || problems[0].Msg.Key != tc.key || problems[0].Line != line || problems[0].Col != utf8.RuneCountInString(text[:strings.Index(text, tc.at)])+1 {
				t.Errorf("told %v, want %s at line %d", problems, tc.key, line)
			}
			in.Kept = true
			if _, problems, err = casework.Parse(t.Context(), in, "x.yaml", bad); err != nil || len(problems) > 0 {
				t.Errorf("as it was pinned: %v, %v", problems, err)
			}
		})
	}
}

// TestWaysOut goes the ways that lead back: nothing is sealed of which nothing is known, and no expert holds a case for ever.
func TestWaysOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm := w.newFirm("甲机械", tinghu)
		owner, expert := access.NewScope(10, access.Enterprise, nil, []int64{firm}), access.NewScope(rater, access.Expert, nil, nil)
		made, err := w.cases.New(t.Context(), owner, casework.NewCase{Workflow: "assessment_sme_digital", Title: "自评", Subject: firm})
		must(t, err)
		id := made.ID
		back := func(by access.Scope, action string) {
			t.Helper()
			_, err := w.cases.Act(t.Context(), by, casework.Act{Case: id, Action: action, Reason: "另行安排"})
			must(t, err)
		}
		must(t, w.does(owner, id, "submit", map[string]any{}))
		if err := w.does(county, id, "seal", nil); err == nil {
			t.Fatal("a result is sealed of which nothing is known")
		}
		must(t, w.does(county, id, "appoint", nil))
		back(expert, "decline")
		must(t, w.does(county, id, "appoint", nil))
		back(county, "recall")
		must(t, w.does(county, id, "appoint", nil))
		must(t, w.does(expert, id, "rate", map[string]any{"net_control": true}))
		back(county, "again")
		must(t, w.does(county, id, "appoint", nil))
		both := access.NewScope(rater, access.Expert, nil, nil).And(access.NewScope(rater, access.CountyOfficial, []string{tinghu}, nil))
		must(t, w.does(both, id, "rate", map[string]any{"net_control": true}))
		if err := w.does(both, id, "confirm", nil); err == nil {
			t.Fatal("who rated seals the rating")
		}
		must(t, w.does(county, id, "confirm", nil))
	})
}

// TestRemind asks for what is missing, each firm once a week, and leaves out who is settled or somebody else's.
func TestRemind(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		done, wanting, far := w.newFirm("甲机械", tinghu), w.newFirm("乙机械", tinghu), w.newFirm("丙机械", dafeng)
		w.states(done, true, 4)
		ask := Reminder{Rubric: w.model, Year: 2024, Firms: []int64{done, wanting, far, 999_999}}
		told := func(want int) {
			t.Helper()
			got, err := w.Remind(t.Context(), w.view(county), ask)
			must(t, err)
			if got != want {
				t.Errorf("told %d, want %d", got, want)
			}
		}
		told(1)
		told(0)
		w.now = w.now.AddDate(0, 0, 7)
		told(1)
		last, err := w.Reminded(t.Context(), w.model.Rubric, 2024)
		must(t, err)
		if len(last) != 1 || last[wanting] != w.now.UnixMilli() {
			t.Errorf("reminded %v", last)
		}
	})
}

// TestPeers compares firms with their county, and says nothing of few.
func TestPeers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var firms []int64
		for i := range 6 {
			f := w.newFirm(fmt.Sprintf("企业%d", i), tinghu)
			w.states(f, i >= 2, int64(i%4))
			firms = append(firms, f)
		}
		far := w.newFirm("远机械", dafeng)
		w.states(far, true, 4)
		alone, err := w.Peers(t.Context(), w.view(access.NewScope(10, access.Enterprise, nil, firms[:1])), w.model, firms[0], 2024)
		must(t, err)
		for _, p := range alone { // all seven less the six of the county would tell of the one that is far away
			if told := p.Kind == ByAll; told != (p.N > 0) {
				t.Errorf("beside one firm of another county: %+v", p)
			}
		}
		few, err := w.Peers(t.Context(), w.view(access.NewScope(10, access.Enterprise, nil, append(firms[:4:4], far))), w.model, firms[0], 2024)
		must(t, err)
		for _, p := range few {
			if p.N > 0 {
				t.Errorf("told to who owns all but two: %+v", p)
			}
		}
		for i := range 4 {
			w.states(w.newFirm(fmt.Sprintf("远企业%d", i), dafeng), true, 4)
		}
		unknown := w.newFirm("空机械", tinghu)

		reg, err := w.Region(t.Context(), w.view(county), w.model, 2024)
		must(t, err)
		if len(reg.Firms) != 7 {
			t.Fatalf("the county sees %d", len(reg.Firms))
		}
		tally := reg.By(w.Library, ByCounty)
		if len(tally) != 1 || tally[0].Firms != 7 || tally[0].Nothing != 1 || tally[0].Mean == nil {
			t.Errorf("tally %+v", tally)
		}
		whole, err := w.Region(t.Context(), w.view(city), w.model, 2024)
		must(t, err)
		for i, f := range whole.Firms {
			got, _, err := w.Now(w.view(city), w.model, f.ID, 2024)
			must(t, err)
			if got.Level != f.Level || got.May != f.May || got.Score.Sure.Cmp(f.Score.Sure) != 0 || got.Score.Possible.Cmp(f.Score.Possible) != 0 {
				t.Errorf("firm %d: alone %v, in the region %v", i, got.Score, f.Score)
			}
		}

		owner := func(f int64) fact.View { return w.view(access.NewScope(10, access.Enterprise, nil, []int64{f})) }
		scores := map[int64]*big.Rat{}
		for _, f := range reg.Firms {
			scores[f.ID] = f.Score.Sure
		}
		var peers []Peer
		for _, f := range firms {
			below, equal := 0, 0
			for _, o := range firms {
				switch scores[o].Cmp(scores[f]) {
				case -1:
					below++
				case 0:
					equal++
				}
			}
			peers, err = w.Peers(t.Context(), owner(f), w.model, f, 2024)
			must(t, err)
			for _, p := range peers {
				if p.Kind == ByCounty && (p.N != 6 || p.Below != below || p.Equal != equal || p.Percent != (200*below+100*(equal-1))/10) {
					t.Errorf("in the county %+v, want %d below and %d equal", p, below, equal)
				}
				if p.Kind == ByAll && p.N != 11 {
					t.Errorf("in the region %+v", p)
				}
			}
		}
		near := w.newFirm("近机械", "320900")
		w.states(near, true, 4)
		peers, err = w.Peers(t.Context(), owner(near), w.model, near, 2024)
		must(t, err)
		for _, p := range peers {
			if p.Kind == ByCounty && (p.N != 0 || p.Median != nil) {
				t.Errorf("told of one firm alone: %+v", p)
			}
		}
		all, err := w.Peers(t.Context(), w.view(city), w.model, near, 2024)
		must(t, err)
		for _, p := range all {
			if p.Kind == ByAll && p.N != 12 {
				t.Errorf("told to who sees all: %+v", p)
			}
		}
		// What is hidden of a group is the same when every firm is asked for by itself.
		both := access.NewScope(30, access.CountyOfficial, []string{tinghu}, nil).And(access.NewScope(30, access.Enterprise, nil, []int64{far, near, unknown}))
		for name, scope := range map[string]access.Scope{
			"system": access.SystemScope(), "city": city, "county": county, "nobody": {}, "firm": access.NewScope(10, access.Enterprise, nil, firms[1:3]), "both": both,
		} {
			view := w.view(scope)
			survey, err := w.surveyOf(t.Context(), view.Seq(), w.model, 2024, w.on(2024))
			must(t, err)
			for g, m := range survey.groups {
				want := 0
				for _, row := range m.rows {
					if !Shows(view, w.model, survey.firms[row].ID) {
						want++
					}
				}
				if got := survey.hidden(w.Library, view.Scope(), w.model, g); got != want {
					t.Errorf("%s, %v: %d hidden, want %d", name, g, got, want)
				}
			}
		}
		if peers, err = w.Peers(t.Context(), owner(unknown), w.model, unknown, 2024); err != nil || len(peers) != 0 {
			t.Errorf("peers of a firm without a score: %v, %v", peers, err)
		}
	})
}
