package flag

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

var (
	second = access.NewScope(26, access.Auditor, []string{"320900", tinghu, dafeng}, nil)
	city   = access.NewScope(22, access.CityOfficial, []string{"320900", tinghu, dafeng}, nil)
	county = access.NewScope(20, access.CountyOfficial, []string{tinghu}, nil)
)

// office is a world in which flags are opened as cases, by the workflows that ship.
type office struct {
	*world
	cases *casework.Store
}

func newOffice(t *testing.T, db *store.DB) *office {
	t.Helper()
	o := &office{world: newWorld(t, db)}
	asked, err := form.Load(contentdata.FS, o.Library)
	must(t, err)
	forms, effects := casework.FormsOf(form.NewStore(db, o.Library, asked, o.Clock)), casework.NewRegistry()
	Register(effects, o.Store)
	var read []*casework.Workflow
	for _, name := range []string{ReviewFlow, FirmFlow, OfficeFlow} {
		src, err := contentdata.FS.ReadFile("workflows/" + name + ".yaml")
		must(t, err)
		w, problems, err := casework.Parse(t.Context(), casework.Reading{Library: o.Library, Effects: effects, Forms: forms}, name+".yaml", src)
		must(t, err)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		read = append(read, w)
	}
	set, problems := casework.Gather(read...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	o.cases = casework.Open(casework.Deps{
		DB: db, Sources: o.sources, Parties: o.parties, Facts: o.facts, Frames: o.Frames, Library: o.Library, Clock: o.Clock,
		Subjects: region.NewReader(o.Library), Effects: effects, Set: set, Forms: forms,
	})
	return o
}

// one is the only flag of a kind that a scope finds.
func (o *office) one(scope access.Scope, kind string) Flag {
	o.t.Helper()
	view, err := o.Frames.For(o.t.Context(), scope, 0)
	must(o.t, err)
	l, err := o.Find(o.t.Context(), view, Query{Kind: kind})
	must(o.t, err)
	if l.Total() != 1 {
		o.t.Fatalf("%d flags of %s", l.Total(), kind)
	}
	return l.Page(0, 1)[0]
}

func (o *office) begin(scope access.Scope, kind, key string) (int64, bool, error) {
	view, err := o.Frames.For(o.t.Context(), scope, 0)
	must(o.t, err)
	return o.Begin(o.t.Context(), scope, o.cases, view, kind, key)
}

func (o *office) act(scope access.Scope, id int64, action, reason string, answers map[string]any) error {
	a := casework.Act{Case: id, Action: action, Reason: reason}
	if answers != nil {
		entry, err := json.Marshal(map[string]any{"answers": answers})
		must(o.t, err)
		a.Entry = entry
	}
	_, err := o.cases.Act(o.t.Context(), scope, a)
	return err
}

func (o *office) detail(scope access.Scope, id int64) (Detail, error) {
	view, err := o.Frames.For(o.t.Context(), scope, 0)
	must(o.t, err)
	return o.Detail(o.t.Context(), scope, o.cases, view, id)
}

func (o *office) view(scope access.Scope) fact.View {
	o.t.Helper()
	view, err := o.Frames.For(o.t.Context(), scope, 0)
	must(o.t, err)
	return view
}

func phone(number string) map[string]string { return map[string]string{"ent.contact_phone": number} }

// A flag is opened once, its rows as they are; whoever is asked sees the question alone; who proposes an outcome does not confirm it; and
// what was settled is new again only where somebody has joined.
func TestReview(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		firms := o.state(firm{"甲", tinghu, phone("0515-88000001"), nil}, firm{"乙", dafeng, phone("0515-88000001"), nil}, firm{"丙", tinghu, phone("0515-88000002"), nil})
		for i, f := range firms {
			o.file(filed{id: int64(i + 1), firm: f.id, area: []string{tinghu, dafeng, tinghu}[i], standing: subsidy.Granted, granted: wan})
		}
		f := o.one(auditor, SharedPhone)
		if f.Status.Standing != Fresh {
			t.Errorf("before anybody looked: %+v", f.Status)
		}
		if _, _, err := o.begin(county, SharedPhone, f.Key()); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("a county, which does not find it, opens it: %v", err)
		}
		if _, _, err := o.begin(auditor, SharedPhone, "0"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("opened by a key that there is not: %v", err)
		}
		id, begun, err := o.begin(auditor, SharedPhone, f.Key())
		must(t, err)
		if again, was, err := o.begin(city, SharedPhone, f.Key()); err != nil || again != id || begun || !was {
			t.Errorf("opened twice: %d and %d, %v %v, %v", id, again, begun, was, err)
		}
		if st := o.one(auditor, SharedPhone).Status; st.Standing != Reviewed || st.Case != id || st.Changed {
			t.Errorf("once it is opened: %+v", st)
		}
		frozen, err := o.cases.Frozen(ctx, auditor, id)
		must(t, err)
		if len(frozen) != 2 || frozen[0].Def != "ent.contact_phone" || frozen[0].Value.Text != "0515-88000001" {
			t.Errorf("frozen: %+v", frozen)
		}
		d, err := o.detail(auditor, id)
		must(t, err)
		if len(d.Compared) != 2 || d.Compared[0].Changed() || d.Shared != "" || d.Area != "320900" {
			t.Errorf("the review: %+v", d)
		}
		firmA := access.NewScope(10, access.Enterprise, nil, []int64{firms[0].id})
		for name, scope := range map[string]access.Scope{"firm": firmA, "county": county} {
			if _, err := o.detail(scope, id); errs.KindOf(err) != errs.KindNotFound {
				t.Errorf("the %s reads the review: %v", name, err)
			}
			if all, _, err := o.cases.Cases(ctx, scope, casework.Filter{}, 0, 10); err != nil || len(all) != 0 {
				t.Errorf("the %s lists %+v, %v", name, all, err)
			}
		}

		ask := func(row int, to string) error {
			return o.act(auditor, id, "ask", "", map[string]any{"row": row, "to": to, "question": "请说明联系电话为什么相同，并附证明材料"})
		}
		if err := ask(3, ToFirm); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("asked about a row that there is not: %v", err)
		}
		must(t, ask(1, ToFirm))
		must(t, ask(1, ToOffice))
		d, err = o.detail(auditor, id)
		must(t, err)
		if len(d.Questions) != 2 || d.Questions[0].State != "asked" {
			t.Fatalf("questions: %+v", d.Questions)
		}
		question := d.Questions[0].Case
		track, err := o.cases.Track(ctx, firmA, question)
		must(t, err)
		if last := track[len(track)-1]; last.Reason == "" || last.To != "asked" {
			t.Errorf("the firm reads %+v", last)
		}
		if _, _, err := o.cases.Get(ctx, firmA, d.Questions[1].Case); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("the firm sees what its office was asked: %v", err)
		}
		if err := o.act(auditor, question, "end", "没有答复", nil); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("ended before its days are over: %v", err)
		}
		must(t, o.act(firmA, question, "answer", "同一代账公司代填，附合同", nil))
		must(t, o.act(county, d.Questions[1].Case, "answer", "属实，已核对", nil))

		propose := func(by access.Scope, outcome string) error {
			return o.act(by, id, "propose", "", map[string]any{"outcome": outcome, "grounds": "核对了合同和发票，理由成立"})
		}
		must(t, propose(auditor, "explained"))
		if err := o.act(auditor, id, "confirm_explained", "", nil); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("confirmed by who proposed it: %v", err)
		}
		if err := o.act(second, id, "confirm_irregular", "", nil); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("confirmed another outcome: %v", err)
		}
		must(t, o.act(second, id, "send_back", "再看一次", nil))
		must(t, propose(second, "explained"))
		must(t, o.act(auditor, id, "confirm_explained", "", nil))
		if st := o.one(auditor, SharedPhone).Status; st.Standing != Settled || st.Outcome != Explained {
			t.Errorf("once it is settled: %+v", st)
		}
		if again, was, err := o.begin(auditor, SharedPhone, f.Key()); err != nil || again != id || !was {
			t.Errorf("a settled one is opened again: %d, %v, %v", again, was, err)
		}
		found, err := o.Find(ctx, o.view(auditor), Query{Kind: ClosedPayee})
		must(t, err)
		sums, months := found.Figures()
		if got := fmt.Sprint(sums[0].Found, sums[0].Fresh, sums[0].Reviewed, sums[0].Settled[Explained], " ", months); got != "1 0 0 1 [{2024-10 1 map[explained:1]}]" {
			t.Errorf("figures: %s", got)
		}

		// Somebody joins: it is new again, as a case of its own, and the old one says what has changed.
		more := o.state(firm{"丁", tinghu, phone("0515-88000001"), nil})
		o.file(filed{id: id, firm: more[0].id, area: tinghu, standing: subsidy.Granted, granted: wan}) // a case in which both auditors have acted
		f = o.one(auditor, SharedPhone)
		if f.Status.Standing != Joined || f.Status.Case != id {
			t.Errorf("once somebody has joined: %+v", f.Status)
		}
		d, err = o.detail(auditor, id)
		must(t, err)
		if len(d.Joined) != 1 || d.Joined[0].Firm != more[0].id {
			t.Errorf("joined: %+v", d.Joined)
		}
		other, was, err := o.begin(auditor, SharedPhone, f.Key())
		must(t, err)
		if other == id || was {
			t.Errorf("it is the old one: %d, %v", other, was)
		}

		// An irregular one ends once something was done about it; money goes back in a case that stands in it.
		id = other
		must(t, propose(auditor, "irregular"))
		if err := o.act(second, id, "confirm_irregular", "", nil); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("confirmed by who acted in a case that stands in it: %v", err)
		}
		must(t, o.act(city, id, "confirm_irregular", "", nil))
		if err := o.act(auditor, id, "close", "", nil); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("closed before anything was done: %v", err)
		}
		measure := func(of int) error {
			return o.act(auditor, id, "measure", "", map[string]any{"what": "return", "case": of, "note": "已责令退回"})
		}
		if err := measure(3); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("money back in a case beside it: %v", err)
		}
		must(t, measure(1))
		must(t, o.act(auditor, id, "close", "", nil))

		if checked, err := audit.Check(ctx, db, slices.Concat(Logged, casework.Logged, version.Logged)); err != nil || len(checked.Faults) > 0 {
			t.Errorf("the log: %+v, %v", checked, err)
		}
	})
}

// Of a project applied for by several clauses whoever acted in any of these cases confirms nothing, also where the row names another.
func TestOwnDeedOfAnotherClause(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t, migrations))
	firms := o.state(
		firm{"甲", tinghu, phone("0515-88000001"), []money.Fen{501 * wan}},
		firm{"乙", tinghu, phone("0515-88000001"), nil},
	)
	for i, f := range firms {
		o.file(filed{id: int64(i + 1), firm: f.id, area: tinghu, standing: subsidy.Granted, granted: wan})
	}
	other, _, err := o.begin(auditor, SharedPhone, o.one(auditor, SharedPhone).Key())
	must(t, err)
	must(t, o.act(second, other, "propose", "", map[string]any{"outcome": "explained", "grounds": "核对了合同和发票，理由成立"}))
	for _, id := range []int64{3, other} { // the later one is a case in which two accounts have acted
		o.file(filed{id: id, firm: firms[0].id, subject: firms[0].projects[0], area: tinghu, standing: subsidy.Granted, granted: wan})
	}
	o.state()
	f := o.one(auditor, JustAboveMark)
	if f.Rows[0].Case != 3 {
		t.Fatalf("%+v", f.Rows)
	}
	id, _, err := o.begin(city, JustAboveMark, f.Key())
	must(t, err)
	must(t, o.act(city, id, "propose", "", map[string]any{"outcome": "explained", "grounds": "核对了合同和发票，理由成立"}))
	if err := o.act(second, id, "confirm_explained", "", nil); errs.KindOf(err) != errs.KindConflict {
		t.Errorf("confirmed by who acted for another clause: %v", err)
	}
	city2 := access.NewScope(23, access.CityOfficial, []string{"320900", tinghu, dafeng}, nil)
	must(t, o.act(city2, id, "confirm_explained", "", nil))
}

// A flag whose rows are others now says so, and which.
func TestChangedSince(t *testing.T) {
	o := newOffice(t, storetest.SQLite(t, migrations))
	firms := o.state(firm{"甲", tinghu, phone("0515-88000001"), nil}, firm{"乙", tinghu, phone("0515-88000001"), nil})
	for i, f := range firms {
		o.file(filed{id: int64(i + 1), firm: f.id, area: tinghu, standing: subsidy.Granted, granted: wan})
	}
	f := o.one(narrow, SharedPhone)
	if _, _, err := o.begin(narrow, SharedPhone, f.Key()); errs.KindOf(err) != errs.KindForbidden || o.MayOpen(narrow) || !o.MayOpen(auditor) {
		t.Errorf("opened where the office of the county sees it: %v", err)
	}
	id, _, err := o.begin(auditor, SharedPhone, f.Key())
	must(t, err)
	if st := o.one(narrow, SharedPhone).Status; st != (Status{Standing: Fresh}) {
		t.Errorf("who does not see the review is told of it: %+v", st)
	}
	o.file(filed{id: 3, firm: firms[0].id, area: tinghu, standing: subsidy.Open})
	o.state() // something becomes known, and flags are looked for again
	if st := o.one(auditor, SharedPhone).Status; st.Standing != Reviewed || !st.Changed || st.Opens() {
		t.Errorf("with one more application: %+v", st)
	}
	d, err := o.detail(auditor, id)
	must(t, err)
	if len(d.Joined) != 1 || d.Compared[0].Changed() || d.Area != "320900" {
		t.Errorf("with one more application: %+v", d)
	}

	// Once it is settled, it may be opened again, since its rows are others; the new review names the old one.
	must(t, o.act(auditor, id, "propose", "", map[string]any{"outcome": "explained", "grounds": "核对了合同和发票，理由成立"}))
	must(t, o.act(second, id, "confirm_explained", "", nil))
	if st := o.one(auditor, SharedPhone).Status; !st.Anew() || !st.Opens() {
		t.Errorf("settled, with rows that are others now: %+v", st)
	}
	again, begun, err := o.begin(auditor, SharedPhone, f.Key())
	must(t, err)
	if d, err = o.detail(auditor, again); err != nil || again == id || begun || d.Former != id {
		t.Errorf("opened again: %d %v, %+v, %v", again, begun, d.Review, err)
	}
	if st := o.one(auditor, SharedPhone).Status; st.Case != again || st.Standing != Reviewed || st.Changed {
		t.Errorf("once it is opened again: %+v", st)
	}

	// The same firms with another number in common are another flag.
	o.state(firm{"甲", tinghu, phone("0515-88000009"), nil}, firm{"乙", tinghu, phone("0515-88000009"), nil})
	if other := o.one(auditor, SharedPhone); other.Key() == f.Key() || other.Status.Standing != Fresh || strings.Contains(other.anchor, "88000009") {
		t.Errorf("with another number: %+v", other)
	}
}
