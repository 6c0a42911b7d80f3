package form

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var now = clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))

func scopeOf(account int64) access.Scope {
	return access.NewScope(account, access.Enterprise, nil, nil)
}

func TestDrafts(t *testing.T) {
	storetest.Each(t, []store.Migrations{Migrations}, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := NewStore(db, library(), &Set{}, now)
		mine, other := scopeOf(1), scopeOf(2)
		first := Draft{Place: "case/7/submit", Hash: "h", Entry: Entry{Texts: map[string]string{"name": "甲"}}}
		if _, err := s.Draft(ctx, mine, first.Place); errs.KindOf(err) != errs.KindNotFound {
			t.Fatalf("no draft yet: %v", err)
		}
		kept, err := s.Save(ctx, mine, first)
		if err != nil || kept.Revision != 1 {
			t.Fatal(kept, err)
		}
		if read, err := s.Draft(ctx, mine, first.Place); err != nil || read.Known != nil || read.Year != 0 {
			t.Fatalf("nobody told what it was filled with: %+v, %v", read, err)
		}
		second := first
		second.Revision, second.Entry, second.Year, second.Known = 1, Entry{Texts: map[string]string{"name": "甲乙"}}, 2024, map[string]string{}
		if kept, err = s.Save(ctx, mine, second); err != nil || kept.Revision != 2 {
			t.Fatal(kept, err)
		}
		if read, err := s.Draft(ctx, mine, first.Place); err != nil || read.Known == nil || read.Year != 2024 {
			t.Fatalf("it was filled with nothing: %+v, %v", read, err)
		}

		// A second tab that still has the first revision is told, and what is kept stays.
		_, err = s.Save(ctx, mine, second)
		var stale *Stale
		if errs.KindOf(err) != errs.KindConflict || !errors.As(err, &stale) || stale.Newer.Revision != 2 {
			t.Fatalf("an old revision: %v", err)
		}
		if diff := cmp.Diff(second.Entry, stale.Newer.Entry); diff != "" {
			t.Error(diff)
		}
		// A tab that has not seen a draft is told too.
		if _, err := s.Save(ctx, mine, first); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("a first draft beside another: %v", err)
		}
		// A page that saves while its last answer is under way does not stand in its own way; another one does.
		page := second
		page.Page, page.Revision = "one", 2
		for want := int64(3); want < 5; want++ {
			if kept, err = s.Save(ctx, mine, page); err != nil || kept.Revision != want {
				t.Fatal(kept, err)
			}
		}
		page.Page = "two"
		if _, err := s.Save(ctx, mine, page); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("another page with an old revision: %v", err)
		}
		if _, err := s.Draft(ctx, other, first.Place); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("somebody else reads it: %v", err)
		}
		got, err := s.Draft(ctx, mine, first.Place)
		if err != nil || got.Revision != 4 || got.SavedAt != now.Millis() || got.Entry.Texts["name"] != "甲乙" {
			t.Errorf("%+v, %v", got, err)
		}
		if err := s.Forget(ctx, mine, first.Place); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Save(ctx, mine, got); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("a draft that is gone: %v", err)
		}
		if _, err := s.Save(ctx, access.Scope{}, first); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("nobody's draft: %v", err)
		}
	})
}

func TestDraftsHaveLimits(t *testing.T) {
	ctx := context.Background()
	s := NewStore(storetest.SQLite(t, []store.Migrations{Migrations}), library(), &Set{}, now)
	for name, e := range map[string]Entry{
		"a long text": {Texts: map[string]string{"a": strings.Repeat("x", MaxDocument)}},
		"many rows":   {Rows: map[string][]map[string]string{"a": slices.Repeat([]map[string]string{{"b": "1"}}, maxCells+1)}},
	} {
		if _, err := s.Save(ctx, scopeOf(1), Draft{Place: "p", Entry: e}); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range maxDrafts {
		if _, err := s.Save(ctx, scopeOf(1), Draft{Place: fmt.Sprint("p", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Save(ctx, scopeOf(1), Draft{Place: "one more"}); errs.KindOf(err) != errs.KindConflict {
		t.Errorf("one draft more: %v", err)
	}
	if _, err := s.Save(ctx, scopeOf(2), Draft{Place: "one more"}); err != nil {
		t.Errorf("of somebody else: %v", err)
	}
}

func TestPinnedFormsStay(t *testing.T) {
	storetest.Each(t, []store.Migrations{Migrations}, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		f := read(t, "good/project.yaml")
		src := f.Bytes()
		setOf := func(src []byte) *Set {
			set, err := Load(fstest.MapFS{"forms/project.yaml": {Data: src}}, library())
			if err != nil {
				t.Fatal(err)
			}
			return set
		}
		pin := func(s *Store) error {
			return db.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return s.Pin(ctx, tx, f.Hash) })
		}
		today := NewStore(db, library(), setOf(src), now)
		for range 2 {
			if err := pin(today); err != nil {
				t.Fatal(err)
			}
		}
		later := NewStore(db, library(), setOf([]byte(strings.Replace(string(src), "maxLength: 60", "maxLength: 61", 1))), now)
		old, err := later.Form(ctx, f.Hash)
		if err != nil {
			t.Fatal(err)
		}
		if field, _ := old.Field("name"); field.MaxLen != 60 || old.Hash != f.Hash {
			t.Errorf("the pinned form is another: %d characters", field.MaxLen)
		}
		if form, err := later.Set().Form("project"); err != nil || form.Hash == f.Hash {
			t.Errorf("the form of today: %v", err)
		}
		if err := pin(later); err != nil {
			t.Errorf("pinned again: %v", err)
		}
		if _, err := later.Form(ctx, "none"); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("no form: %v", err)
		}
	})
}

// region is an enterprise in a database, with facts of two authorities.
type region struct {
	sources *source.Store
	facts   *fact.Store
	frames  *fact.Frames
	firm    int64
	project int64
}

func newRegion(t *testing.T) *region {
	t.Helper()
	ctx := context.Background()
	db := storetest.SQLite(t, []store.Migrations{source.Migrations, party.Migrations, fact.Migrations})
	r := &region{sources: source.New(db, now)}
	parties := party.NewStore(db, r.sources)
	r.facts = fact.NewStore(db, r.sources, library())
	src := r.begin(t, "bureau")
	err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Enterprise, Key: "firm"}})
		if err != nil {
			return err
		}
		r.firm = ids[0]
		ids, err = parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Project, Parent: r.firm, Key: "project"}})
		if err != nil {
			return err
		}
		r.project = ids[0]
		return parties.AppendMemberships(ctx, tx, src, []party.Membership{{Subject: r.firm, Tree: party.TreeArea, Node: "320904"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.facts.Append(ctx, src, []fact.Statement{
		{Subject: r.firm, Def: "ent.revenue", Period: period.OfYear(2023), State: fact.Present, Value: fact.Value{Num: 500_000_00}},
		{Subject: r.project, Def: "project.name", State: fact.Present, Value: fact.Value{Text: "老名称"}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.sources.Publish(ctx, src, nil); err != nil {
		t.Fatal(err)
	}
	if r.frames, err = fact.Open(ctx, r.facts, parties, now); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *region) begin(t *testing.T, authority string) int64 {
	t.Helper()
	id, err := r.sources.Begin(context.Background(), access.SystemScope(), source.Source{
		Kind: source.Import, Authority: authority, Name: "名单.xlsx", Area: "320900",
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// known is a project or enterprise with facts in a map, and a number.
type known struct {
	kind, id string
	above    rule.Subject
	facts    firm
}

func (k *known) Kind() string                   { return k.kind }
func (k *known) ID() string                     { return k.id }
func (k *known) Name() string                   { return "" }
func (k *known) Parent() rule.Subject           { return k.above }
func (k *known) Children(string) []rule.Subject { return nil }
func (k *known) Fact(def content.FactDef, p period.Period, on period.Day) (rule.Value, rule.State) {
	return k.facts.Fact(def, p, on)
}

func TestPrefillAndStatements(t *testing.T) {
	ctx := context.Background()
	r := newRegion(t)
	f := read(t, "good/project.yaml")
	view, err := r.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		t.Fatal(err)
	}
	enterprise := &known{kind: content.Enterprise, id: fmt.Sprint(r.firm), facts: firm{"ent.revenue": rule.Money(500_000_00)}}
	at := At{
		Subject: &known{kind: content.Project, id: fmt.Sprint(r.project), above: enterprise, facts: firm{"project.name": rule.Text("老名称")}},
		Year:    2024, On: now.Today(),
	}
	filled, err := f.Prefill(ctx, view, at)
	if err != nil {
		t.Fatal(err)
	}
	name, revenue := filled["name"], filled["revenue"]
	if len(filled) != 2 || name.Source.Name != "名单.xlsx" || name.Subject != r.project || revenue.Subject != r.firm || revenue.Period != period.OfYear(2023) || revenue.Source.Authority != "bureau" {
		t.Errorf("prefilled: %+v", filled)
	}
	if nobody, err := f.Prefill(ctx, fact.View{}, at); err != nil || len(nobody) != 0 {
		t.Errorf("a view of nothing: %v, %v", nobody, err)
	}

	in := f.Fill(Entry{Texts: map[string]string{"kind": "build"}}, filled)
	if in.Texts["name"] != "老名称" || in.Texts["revenue"] != "" {
		t.Errorf("filled in: %v", in.Texts)
	}
	if again := f.Fill(Entry{Texts: map[string]string{"name": ""}}, filled); again.Texts["name"] != "" {
		t.Error("what somebody cleared is filled in again")
	}

	answers := f.Check(at, right(), proof()).Answers
	says := func(at At, own int64) map[string]fact.Statement {
		all := map[string]fact.Statement{}
		for _, s := range f.Statements(answers, at, own) {
			all[s.Def] = s
		}
		return all
	}
	got := says(at, 0)
	if s := got["project.name"]; len(got) != 3 || s.Subject != r.project || s.Value.Text != "数控产线改造" || s.Place != "name" {
		t.Errorf("stated: %+v", got)
	}
	if s := got["project.plan_total"]; s.Value.Num != 1200_0000_00 || s.Shown != "1200万元" {
		t.Errorf("stated: %+v", s)
	}
	answers["name"] = Answer{Value: rule.Text("老名称")}
	if got := says(at, 0); len(got) != 2 {
		t.Errorf("what is known already is stated again: %+v", got)
	}
	at.Subject = Fresh(content.Project, enterprise)
	if got := says(at, 0); len(got) != 0 {
		t.Errorf("about a project that is not there: %+v", got)
	}
	if got := says(at, 99); len(got) != 3 || got["project.name"].Subject != 99 {
		t.Errorf("about the new project: %+v", got)
	}
	if err := r.facts.Append(ctx, r.begin(t, "enterprise"), f.Statements(answers, at, r.project)); err != nil {
		t.Errorf("the store refuses what a form states: %v", err)
	}
}

// What an office signs is on its word, the same as before or not; and facts by year belong to the year of the day that the form
// names, whenever it is filled in.
func TestAnOfficeStatesInTheYearOfTheDay(t *testing.T) {
	src, err := os.ReadFile("../../content/forms/project_finding.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, problems := Parse(library(), "forms/project_finding.yaml", src)
	if problems != nil {
		t.Fatal(problems)
	}
	done, _ := period.ParseDay("2023-12-20")
	at := At{Subject: &known{kind: content.Project, id: "7", facts: firm{"project.investment": rule.Money(900_0000_00)}}, Year: 2024, On: now.Today()}
	r := f.Check(at, Entry{Texts: map[string]string{
		"accepted_on": done.String(), "investment": "900", "effective_input": "700", "equipment": "600", "software": "100", "visited_on": done.String(), "finding": "设备到位，系统在用",
	}}, nil)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range f.Statements(r.Answers, at, 0) {
		got[s.Def] = s.Period.String()
	}
	want := map[string]string{
		"project.accepted_on": period.Period{}.String(), "project.investment": "2023", "project.effective_input": "2023", "project.equipment": "2023", "project.software": "2023",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stated (-want +got):\n%s", diff)
	}
}

func TestChange(t *testing.T) {
	rate, amount := &Field{Type: content.Rate, Unit: "%"}, &Field{Type: content.Money, Unit: "万元"}
	for want, got := range map[string]i18n.Msg{
		"+35 个百分点":    rate.Change(rule.FactValue(content.Rate, 400_000, ""), rule.FactValue(content.Rate, 750_000, "")),
		"-1,250.5 万元": amount.Change(rule.Money(2000_0000_00), rule.Money(749_5000_00)),
		"0 万元":        amount.Change(rule.Money(1), rule.Money(1)),
	} {
		if got := (i18n.T{Lang: i18n.ZH}).Msg(got); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestKeepAndTexts(t *testing.T) {
	f := read(t, "good/project.yaml")
	in := right()
	in.Texts["loan"] = "否"
	r := f.Check(at(firm{}), in, proof())
	kept, err := f.Keep(r)
	if err != nil {
		t.Fatal(err)
	}
	answers, dropped, err := f.Kept(kept)
	if err != nil || dropped.Texts["loan_bank"] != "工商银行大丰支行" {
		t.Fatal(dropped, err)
	}
	for path, want := range map[string][]string{
		"name": {"数控产线改造"}, "lines.what": {"加工中心", "MES"}, "lines.amount": {"350000", "800000.5"}, "lines.bought_on": {"2024-05-06"},
		"lines": nil, "name.x": nil, "none": nil, "lines.none": nil, "robots": {"12"},
	} {
		if diff := cmp.Diff(want, f.Texts(answers, path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	for id, want := range map[string]string{
		"answer.lines": "present 2", "answer.lines.amount": "present 1150000.50", "answer.loan": "present false", "answer.loan_bank": "none",
		"answer.lessor": "none", "answer.nothing": "unknown", "answer.revenue": "unknown",
	} {
		a := r.Given(id)
		if got := strings.TrimSpace(a.State.String() + " " + a.Value.String()); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

func TestCheckSent(t *testing.T) {
	f := read(t, "good/project.yaml")
	for name, sent := range map[string]string{
		"typed":    `{"texts": {"name": "数控产线", "kind": "租赁"}}`,
		"document": `{"answers": {"name": "数控产线", "kind": "lease"}}`,
	} {
		r, err := f.CheckSent(at(firm{}), []byte(sent), nil)
		if err != nil || r.Answers["kind"].Value.Text() != "lease" {
			t.Errorf("%s: %v, %v", name, r.Answers, err)
		}
		var all Problems
		if !errors.As(r.Err(), &all) || len(all) != len(r.Problems) {
			t.Errorf("%s: the error has not every problem: %v", name, r.Err())
		}
	}
	if _, err := f.CheckSent(at(firm{}), []byte(`[]`), nil); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("no object: %v", err)
	}
}

// TestRenew brings an entry up to what is known now, and tells what is not as it was.
func TestRenew(t *testing.T) {
	for _, tc := range []struct {
		name            string
		confirm         bool
		typed, was, now map[string]string
		text            string
		moved, kept     bool
	}{
		{name: "left as it was filled", typed: map[string]string{"name": "甲"}, was: map[string]string{"name": "甲"}, now: map[string]string{"name": "乙"}, text: "乙", moved: true},
		{name: "typed by somebody", typed: map[string]string{"name": "丙"}, was: map[string]string{"name": "甲"}, now: map[string]string{"name": "乙"}, text: "丙", moved: true, kept: true},
		{name: "typed what is known now", typed: map[string]string{"name": "乙"}, was: map[string]string{"name": "甲"}, now: map[string]string{"name": "乙"}, text: "乙"},
		{name: "known since", typed: map[string]string{"name": ""}, was: map[string]string{}, now: map[string]string{"name": "乙"}, text: "乙", moved: true},
		{name: "taken back", typed: map[string]string{"name": "甲"}, was: map[string]string{"name": "甲"}, now: map[string]string{}, text: "", moved: true},
		{name: "cleared by somebody", typed: map[string]string{"name": ""}, was: map[string]string{"name": "甲"}, now: map[string]string{"name": "乙"}, text: "", moved: true, kept: true},
		{name: "as it was", typed: map[string]string{"name": "甲"}, was: map[string]string{"name": "甲"}, now: map[string]string{"name": "甲"}, text: "甲"},
		{name: "nobody told", typed: map[string]string{"name": "甲"}, now: map[string]string{"name": "乙"}, text: "甲"},
		{name: "confirmed", confirm: true, typed: map[string]string{"name": "甲"}, was: map[string]string{"name": "甲"}, now: map[string]string{"name": "乙"}, text: "", moved: true},
		{name: "corrected", confirm: true, typed: map[string]string{"name": "丙"}, was: map[string]string{"name": "甲"}, now: map[string]string{"name": "乙"}, text: "丙", moved: true, kept: true},
		{name: "not looked at", confirm: true, typed: map[string]string{"name": ""}, was: map[string]string{"name": "甲"}, now: map[string]string{"name": "乙"}, text: ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := read(t, "good/project.yaml")
			f.Confirm = tc.confirm
			got, moved := f.Renew(Entry{Texts: tc.typed}, tc.was, tc.now)
			if got.Texts["name"] != tc.text || (len(moved) > 0) != tc.moved || len(moved) > 1 {
				t.Fatalf("%q, moved %+v", got.Texts["name"], moved)
			}
			if tc.moved && (moved[0].Was != tc.was["name"] || moved[0].Now != tc.now["name"] || moved[0].Kept != tc.kept || moved[0].Field.Name != "name") {
				t.Errorf("moved %+v", moved[0])
			}
		})
	}
}
