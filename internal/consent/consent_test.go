package consent

import (
	"context"
	"fmt"
	"slices"
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
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var migrations = []store.Migrations{
	audit.Migrations, access.Migrations, source.Migrations, notice.Migrations, party.Migrations, fact.Migrations, Migrations,
}

var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

const bank = 9_001 // a party that is no enterprise

// world is the stores over one database, with a clock that the test moves: three firms, in 亭湖区, 大丰区 and 亭湖区.
type world struct {
	*Store
	t        *testing.T
	accounts *access.Store
	today    time.Time
	firms    []int64
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	ctx := t.Context()
	lib, err := library()
	w := &world{t: t, today: time.Date(2024, 9, 2, 9, 0, 0, 0, clock.Beijing)}
	w.must(err)
	now := clock.Clock(func() time.Time { return w.today })
	sources := source.New(db, now)
	parties := party.NewStore(db, sources)
	facts := fact.NewStore(db, sources, lib)
	frames, err := fact.Open(ctx, facts, parties, now)
	w.must(err)
	w.accounts = access.New(db, now, now, access.Cost{})
	w.Store = Open(Deps{DB: db, Frames: frames, Library: lib, Clock: now})
	src, err := sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "firms.xlsx", Area: "320900"})
	w.must(err)
	w.must(db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		subs := []party.NewSubject{{Kind: content.Enterprise, Key: "a"}, {Kind: content.Enterprise, Key: "b"}, {Kind: content.Enterprise, Key: "c"}}
		if w.firms, err = parties.Ensure(ctx, tx, src, subs); err != nil {
			return err
		}
		var members []party.Membership
		for i, area := range []string{"320902", "320904", "320902"} {
			members = append(members, party.Membership{Subject: w.firms[i], Tree: party.TreeArea, Node: area})
		}
		return parties.AppendMemberships(ctx, tx, src, members)
	}))
	var said []fact.Statement
	for i, id := range w.firms {
		say := func(def string, v fact.Value) {
			d, ok := lib.FactDef(def)
			if !ok {
				t.Fatalf("no definition %s", def)
			}
			said = append(said, fact.Statement{Subject: id, Def: def, Period: fact.ColumnPeriod(d, 2023), State: fact.Present, Value: v, Place: "A1"})
		}
		say("ent.revenue", fact.Value{Num: int64(i+1) * 1_000_000})
		say("ent.legal_person", fact.Value{Text: fmt.Sprintf("演示人员 0%d", i+1)})
		say("ent.tax_paid", fact.Value{Num: 500_000})
	}
	w.must(facts.Append(ctx, src, said))
	_, err = sources.Publish(ctx, src, nil)
	w.must(err)
	w.must(frames.Refresh(ctx))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(what string, err error, kind errs.Kind, key string) {
	w.t.Helper()
	if msg, _ := errs.Message(err); errs.KindOf(err) != kind || key != "" && msg.Key != key {
		w.t.Errorf("%s: %v, want %s", what, err, key)
	}
}

// account is one in use with a grant.
func (w *world) account(login string, g access.Grant) access.Account {
	w.t.Helper()
	a, err := w.accounts.Create(w.t.Context(), access.SystemScope(), access.NewAccount{
		Login: login, Name: login, Password: "geese fly in formation", Grants: []access.Grant{g},
	})
	w.must(err)
	return a
}

// scope is that of an account, watched, with its visit.
func (w *world) enter(a access.Account) (access.Scope, *Visit) {
	w.t.Helper()
	scope, v, err := w.Enter(w.t.Context(), a)
	w.must(err)
	return scope, v
}

func (w *world) view(s access.Scope) fact.View {
	w.t.Helper()
	v, err := w.Frames.For(w.t.Context(), s, 0)
	w.must(err)
	return v
}

func (w *world) give(s access.Scope, n NewGrant) (g Grant, err error) {
	err = w.DB.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		g, err = w.Give(ctx, tx, s, n)
		return err
	})
	return g, err
}

func (w *world) end(s access.Scope, id int64) error {
	return w.DB.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) error { return w.End(ctx, tx, s, id, "已另选银行") })
}

func (w *world) loan(firm int64, facts ...string) NewGrant {
	return NewGrant{Owner: firm, To: bank, Purpose: "loan", Facts: facts, Case: 5, Until: w.today.AddDate(0, 3, 0).UnixMilli()}
}

func codesOf(p Pack) []string {
	var all []string
	for _, i := range p.Items {
		for _, k := range i.Facts {
			all = append(all, k.Def.Code)
		}
	}
	return all
}

// What a consent names is read by whom it names, while it stands, and the owner sees each reading.
func TestConsent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm := w.account("firm", access.Grant{Role: access.Enterprise, Party: w.firms[0]})
		other := w.account("other", access.Grant{Role: access.Enterprise, Party: w.firms[1]})
		banker := w.account("banker", access.Grant{Role: access.Bank, Party: bank})
		rival := w.account("rival", access.Grant{Role: access.Bank, Party: bank + 1})
		city := w.account("city", access.Grant{Role: access.CityOfficial, Area: "320900"})
		mine, _ := w.enter(firm)
		theirs, _ := w.enter(banker)

		for what, test := range map[string]struct {
			change func(n *NewGrant)
			key    string
		}{
			"no purpose":       {func(n *NewGrant) { n.Purpose = "fun" }, "consent.bad_purpose"},
			"no definition":    {func(n *NewGrant) { n.Facts = []string{"ent.nothing"} }, "consent.bad_fact"},
			"of an area":       {func(n *NewGrant) { n.Facts = []string{"area.population"} }, "consent.bad_fact"},
			"nothing to read":  {func(n *NewGrant) { n.Facts = nil }, "consent.bad_count"},
			"past":             {func(n *NewGrant) { n.Until = w.today.UnixMilli() }, "consent.bad_end"},
			"for ever":         {func(n *NewGrant) { n.Until = w.today.AddDate(2, 0, 0).UnixMilli() }, "consent.bad_end"},
			"to the firm":      {func(n *NewGrant) { n.To = n.Owner }, "consent.bad_receiver"},
			"to nobody at all": {func(n *NewGrant) { n.To = 0 }, "consent.bad_receiver"},
		} {
			n := w.loan(w.firms[0], "ent.revenue")
			test.change(&n)
			_, err := w.give(mine, n)
			w.refused(what, err, errs.KindInvalid, test.key)
		}
		for _, a := range []access.Account{other, banker, city} {
			s, _ := w.enter(a)
			_, err := w.give(s, w.loan(w.firms[0], "ent.revenue"))
			w.refused(a.Login+" consents for the firm", err, errs.KindForbidden, "")
		}
		g, err := w.give(mine, w.loan(w.firms[0], "ent.legal_person", "ent.revenue", "ent.revenue", "ent.liabilities"))
		w.must(err)

		for _, a := range []access.Account{rival, other, city, firm} {
			s, _ := w.enter(a)
			_, err := w.PackOf(t.Context(), s, g.ID)
			w.refused(a.Login+" reads what was consented to the bank", err, errs.KindNotFound, "")
		}
		p, err := w.PackOf(t.Context(), theirs, g.ID)
		w.must(err)
		if diff := cmp.Diff([]string{"ent.legal_person", "ent.revenue"}, codesOf(p)); diff != "" {
			t.Errorf("pack (-want +got):\n%s", diff)
		}
		for _, k := range p.Items[0].Facts {
			if k.From.Name != "firms.xlsx" || k.From.Authority != "bureau" {
				t.Errorf("%s: from %+v", k.Def.Code, k.From)
			}
		}
		if view := w.view(theirs); view.Count() != 0 || view.Can(access.ReadParty, w.firms[0]) {
			t.Error("by the consent the bank sees the enterprise")
		}
		list, err := w.Readings(t.Context(), mine, w.firms[0], ReadingQuery{Limit: 10})
		w.must(err)
		want := []Reading{{At: w.today.UnixMilli(), Account: banker.ID, Role: access.Bank, Party: w.firms[0], Facts: []string{"ent.legal_person", "ent.revenue"}, Grant: g.ID}}
		if len(list) == 1 {
			want[0].ID, list[0].Areas = list[0].ID, nil
		}
		if diff := cmp.Diff(want, list); diff != "" {
			t.Errorf("readings (-want +got):\n%s", diff)
		}
		s, _ := w.enter(other)
		_, err = w.Readings(t.Context(), s, w.firms[0], ReadingQuery{Limit: 10})
		w.refused("another firm asks who reads", err, errs.KindNotFound, "")
		w.refused("another firm ends it", w.end(s, g.ID), errs.KindNotFound, "")
		w.refused("the bank ends it", w.end(theirs, g.ID), errs.KindNotFound, "")

		w.must(w.end(mine, g.ID))
		w.refused("ended twice", w.end(mine, g.ID), errs.KindConflict, "consent.has_ended")
		_, err = w.PackOf(t.Context(), theirs, g.ID)
		w.refused("read after its end", err, errs.KindForbidden, "consent.over")
		g, err = w.give(mine, w.loan(w.firms[0], "ent.revenue"))
		w.must(err)
		w.today = w.today.AddDate(0, 4, 0)
		_, err = w.PackOf(t.Context(), theirs, g.ID)
		w.refused("read after its day", err, errs.KindForbidden, "consent.over")
		all, err := w.Of(t.Context(), mine, w.firms[0])
		w.must(err)
		if len(all) != 2 || all[1].Why != "已另选银行" || all[0].Stands(w.today.UnixMilli()) {
			t.Errorf("consents %+v", all)
		}
		if c, err := audit.Check(t.Context(), w.DB, slices.Concat(access.Logged, Logged)); err != nil || c.Found > 0 {
			t.Errorf("audit: %+v, %v", c, err)
		}
	})
}

// Over random consents, ends and moments: nobody reads a definition that no standing consent to their own party names.
func TestNoReadWithoutConsent(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		owners := make([]access.Scope, len(w.firms))
		for i, id := range w.firms {
			owners[i] = access.NewScope(int64(100+i), access.Enterprise, nil, []int64{id})
		}
		begun := w.today
		rapid.Check(t, func(r *rapid.T) {
			w.today = begun
			begun = begun.AddDate(1, 0, 0)
			type held struct {
				Grant
				ended bool
			}
			var all []held
			granted, refused := 0, 0
			for range rapid.IntRange(1, 25).Draw(r, "steps") {
				w.today = w.today.Add(time.Duration(rapid.IntRange(1, 40*24).Draw(r, "hours")) * time.Hour)
				firm := rapid.IntRange(0, 2).Draw(r, "firm")
				to := int64(bank + rapid.IntRange(0, 1).Draw(r, "bank"))
				switch rapid.SampledFrom([]string{"give", "end", "read", "read"}).Draw(r, "step") {
				case "give":
					n := w.loan(w.firms[firm], rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"ent.revenue", "ent.legal_person", "ent.tax_paid"}), 1, 3, rapid.ID).Draw(r, "facts")...)
					n.To, n.Until = to, w.today.AddDate(0, 0, rapid.IntRange(1, 90).Draw(r, "days")).UnixMilli()
					g, err := w.give(owners[firm], n)
					w.must(err)
					all = append(all, held{Grant: g})
				case "end":
					if len(all) > 0 {
						i := rapid.IntRange(0, len(all)-1).Draw(r, "which")
						err := w.end(owners[slices.Index(w.firms, all[i].Owner)], all[i].ID)
						all[i].ended = all[i].ended || err == nil
					}
				case "read":
					if len(all) == 0 {
						continue
					}
					g := all[rapid.IntRange(0, len(all)-1).Draw(r, "which")]
					p, err := w.PackOf(t.Context(), access.NewScope(200, access.Bank, nil, []int64{to}), g.ID)
					may := g.To == to && !g.ended && w.today.UnixMilli() < g.Until
					if may != (err == nil) {
						r.Fatalf("may read %v: %v", may, err)
					}
					if err != nil {
						refused++
						continue
					}
					granted++
					for _, code := range codesOf(p) {
						if !slices.Contains(g.Facts, code) {
							r.Fatalf("%s was read, consented was %v", code, g.Facts)
						}
					}
					last, err := w.Readings(t.Context(), owners[slices.Index(w.firms, g.Owner)], g.Owner, ReadingQuery{Limit: 1})
					if err != nil || len(last) != 1 || last[0].Grant != g.ID || last[0].At != w.today.UnixMilli() {
						r.Fatalf("recorded %+v, %v", last, err)
					}
				}
			}
			r.Logf("%d read, %d refused", granted, refused)
		})
	})
}

// Whoever reads personal or confidential data of an enterprise for which it does not act is recorded with what it read, and nobody
// else: through whichever way of a view.
func TestReadings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.firms[0]
		firm := w.account("firm", access.Grant{Role: access.Enterprise, Party: a})
		county := w.account("county", access.Grant{Role: access.CountyOfficial, Area: "320902"})
		mine, own := w.enter(firm)
		def, _ := w.Library.FactDef("ent.tax_paid")
		year := fact.ColumnPeriod(def, 2023)
		for name, read := range map[string]func(v fact.View) []string{
			"value":   func(v fact.View) []string { v.Value(a, "ent.tax_paid", year); return []string{"ent.tax_paid"} },
			"open":    func(v fact.View) []string { v.Value(a, "ent.revenue", year); return nil },
			"nothing": func(v fact.View) []string { v.Value(a, "ent.contact_phone", year); return nil },
			"timeline": func(v fact.View) []string {
				_, err := v.Timeline(ctx, a)
				w.must(err)
				return []string{"ent.legal_person", "ent.tax_paid"}
			},
			"known": func(v fact.View) []string {
				_, err := v.Known(ctx, a)
				w.must(err)
				return []string{"ent.legal_person", "ent.tax_paid"}
			},
			"elsewhere": func(v fact.View) []string {
				if c := v.Value(w.firms[1], "ent.tax_paid", year); c.State != fact.Unknown && c.State != fact.Withheld {
					t.Errorf("a firm of another county: %+v", c)
				}
				return nil
			},
		} {
			s, visit := w.enter(county)
			want := read(w.view(s))
			before, err := w.Readings(ctx, mine, a, ReadingQuery{Limit: 100})
			w.must(err)
			w.must(visit.Record(ctx, "GET /x"))
			after, err := w.Readings(ctx, mine, a, ReadingQuery{Limit: 100})
			w.must(err)
			var got []string
			if len(after) > len(before) {
				got = after[0].Facts
				if after[0].Account != county.ID || after[0].Role != access.CountyOfficial || after[0].Place != "GET /x" {
					t.Errorf("%s: %+v", name, after[0])
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			w.must(visit.Record(ctx, "GET /x")) // nothing more was read
			if again, err := w.Readings(ctx, mine, a, ReadingQuery{Limit: 100}); err != nil || len(again) != len(after) {
				t.Errorf("%s: recorded twice, %v", name, err)
			}
		}
		// What is worked out once is read by each who is shown it.
		var once access.Watch
		s, visit := w.enter(county)
		w.view(s).Watched(&once).Value(a, "ent.tax_paid", year)
		before, err := w.Readings(ctx, mine, a, ReadingQuery{Limit: 100})
		w.must(err)
		w.must(visit.Record(ctx, "GET /x"))
		s.SawAgain(once.Take())
		w.must(visit.Record(ctx, "GET /lab"))
		after, err := w.Readings(ctx, mine, a, ReadingQuery{Limit: 100})
		w.must(err)
		if len(after) != len(before)+1 || after[0].Place != "GET /lab" || !slices.Equal(after[0].Facts, []string{"ent.tax_paid"}) {
			t.Errorf("shown what was worked out for somebody else: %d readings more, %+v", len(after)-len(before), after[0])
		}
		if c := w.view(mine).Value(a, "ent.tax_paid", year); !c.Known {
			t.Errorf("its own: %+v", c)
		}
		if seen := own.watch.Take(); len(seen) != 0 {
			t.Errorf("what a firm reads of itself is noted: %v", seen)
		}
	})
}

// A reading over very many enterprises is one, which each of its area sees; who reads one after another is told of.
func TestManyReadings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		county := w.account("county", access.Grant{Role: access.CountyOfficial, Area: "320902"})
		s, visit := w.enter(county)
		for i := range int64(300) {
			s.Saw(10_000+i, "ent.tax_paid")
		}
		w.must(visit.Record(ctx, "GET /region"))
		s.Saw(20_000, "ent.tax_paid") // still the same stream
		w.must(visit.Record(ctx, "GET /region"))
		for i, want := range []int{2, 0, 2} {
			list, err := w.Readings(ctx, access.SystemScope(), w.firms[i], ReadingQuery{Limit: 10})
			w.must(err)
			if len(list) != want || want > 0 && !slices.Equal(list[0].Areas, []string{"320902"}) {
				t.Errorf("firm %d: %+v", i, list)
			}
		}
		// However many went over others, a page finds its own.
		w.must(w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			elsewhere := make([]Reading, 3*readingStep)
			for i := range elsewhere {
				elsewhere[i] = Reading{At: 1, Account: county.ID, Role: access.CountyOfficial, Areas: []string{"320904"}, Facts: []string{"ent.tax_paid"}}
			}
			return w.record(ctx, tx, elsewhere...)
		}))
		first, err := w.Readings(ctx, access.SystemScope(), w.firms[0], ReadingQuery{Limit: 1})
		w.must(err)
		rest, err := w.Readings(ctx, access.SystemScope(), w.firms[0], ReadingQuery{Limit: 10, Before: first[0].ID})
		w.must(err)
		if len(first) != 1 || len(rest) != 1 || rest[0].ID >= first[0].ID {
			t.Errorf("page by page: %+v, then %+v", first, rest)
		}
		if none, err := w.Readings(ctx, access.SystemScope(), w.firms[0], ReadingQuery{}); err != nil || len(none) != 0 {
			t.Errorf("a page without rows: %+v, %v", none, err)
		}
		notices := func() int {
			var n int
			w.must(w.DB.Read().QueryRow(ctx, `SELECT COUNT(*) FROM notice WHERE to_role = 'auditor' AND to_area = '320902'`).Scan(&n))
			return n
		}
		for i := range int64(many + 5) {
			s, visit := w.enter(county)
			s.Saw(30_000+i, "ent.tax_paid")
			w.must(visit.Record(ctx, "GET /enterprises/{id}"))
			if want := min(max(i-many+2, 0), 1); int64(notices()) != want {
				t.Fatalf("after %d firms the auditors were told %d times", i+1, notices())
			}
		}
	})
}

// In an emergency an official sees a firm of another county, for a while, and it is told.
func TestBreakGlass(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		b := w.firms[1]
		county := w.account("county", access.Grant{Role: access.CountyOfficial, Area: "320902"})
		firm := w.account("firm", access.Grant{Role: access.Enterprise, Party: b})
		finance := w.account("finance", access.Grant{Role: access.Finance, Area: "320900"})
		s, _ := w.enter(county)
		if w.view(s).Can(access.ReadParty, b) {
			t.Fatal("it is seen without an emergency")
		}
		for what, reason := range map[string]string{"no reason": " ", "hardly one": "急"} {
			_, err := w.BreakGlass(ctx, s, county.Name, b, reason)
			w.refused(what, err, errs.KindInvalid, "consent.bad_reason")
		}
		pays, _ := w.enter(finance)
		_, err := w.BreakGlass(ctx, pays, finance.Name, b, "车间起火，需要联系负责人")
		w.refused("finance breaks the glass", err, errs.KindForbidden, "")
		mine, _ := w.enter(firm)
		_, err = w.BreakGlass(ctx, mine, firm.Name, w.firms[0], "车间起火，需要联系负责人")
		w.refused("a firm breaks the glass", err, errs.KindForbidden, "")

		x, err := w.BreakGlass(ctx, s, county.Name, b, "车间起火，需要联系负责人")
		w.must(err)
		s, visit := w.enter(county)
		v := w.view(s)
		def, _ := w.Library.FactDef("ent.legal_person")
		if c := v.Value(b, "ent.legal_person", fact.ColumnPeriod(def, 2023)); c.Value.Text != "演示人员 02" {
			t.Errorf("seen %+v", c)
		}
		for _, a := range []access.Action{access.Export, access.Dispute, access.Import, access.ReadCase, access.HandleCase} {
			if v.Can(a, b) {
				t.Errorf("in an emergency it may %s", a)
			}
		}
		if slices.Contains(s.Owns(), b) {
			t.Error("the firm has become the official's own")
		}
		for i := range int64(300) { // among very many others
			s.Saw(10_000+i, "ent.tax_paid")
		}
		w.must(visit.Record(ctx, "GET /enterprises"))
		list, err := w.Readings(ctx, mine, b, ReadingQuery{Limit: 10})
		w.must(err)
		if len(list) != 1 || list[0].Emergency != x.ID || !slices.Equal(list[0].Facts, []string{"ent.legal_person"}) {
			t.Errorf("readings %+v", list)
		}
		told, err := w.Emergencies(ctx, mine, b)
		w.must(err)
		if len(told) != 1 || told[0].Reason != "车间起火，需要联系负责人" {
			t.Errorf("emergencies %+v", told)
		}
		var notices int
		w.must(w.DB.Read().QueryRow(ctx, `SELECT COUNT(*) FROM notice WHERE to_party = $1 OR to_role IN ('auditor', 'administrator')`, b).Scan(&notices))
		if notices != 3 {
			t.Errorf("%d were told", notices)
		}
		w.today = w.today.Add(EmergencyHours * time.Hour)
		if s, _ = w.enter(county); w.view(s).Can(access.ReadParty, b) {
			t.Error("it is seen after its end")
		}
		for range maxEmergencies {
			_, err = w.BreakGlass(ctx, s, county.Name, b, "车间起火，需要联系负责人")
			w.must(err)
		}
		_, err = w.BreakGlass(ctx, s, county.Name, b, "车间起火，需要联系负责人")
		w.refused("one more", err, errs.KindConflict, "consent.many_emergencies")
		if c, err := audit.Check(ctx, w.DB, slices.Concat(access.Logged, Logged)); err != nil || c.Found > 0 {
			t.Errorf("audit: %+v, %v", c, err)
		}
	})
}
