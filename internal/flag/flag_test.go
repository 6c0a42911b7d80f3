package flag

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

const (
	tinghu   = "320902"
	dafeng   = "320904"
	yancheng = "yancheng-2022-6"
	wan      = 10_000 * money.Yuan
)

var (
	migrations = []store.Migrations{
		audit.Migrations, access.Migrations, notice.Migrations, source.Migrations, party.Migrations, fact.Migrations, version.Migrations, ledger.Migrations,
		form.Migrations, casework.Migrations, release.Migrations, subsidy.Migrations, Migrations,
	}
	library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })
	auditor = access.NewScope(24, access.Auditor, []string{"320900", tinghu, dafeng}, nil)
	narrow  = access.NewScope(25, access.Auditor, []string{tinghu}, nil)
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a store over one database, with the policy of Yancheng in force.
type world struct {
	*Store
	t       *testing.T
	db      *store.DB
	parties *party.Store
	facts   *fact.Store
	sources *source.Store
	names   map[int64]string
	money   *subsidy.Store
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	ctx := t.Context()
	lib, err := library()
	must(t, err)
	now := clock.Clock(func() time.Time { return time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing) })
	w := &world{t: t, db: db, names: map[int64]string{}}
	w.sources = source.New(db, now)
	w.parties = party.NewStore(db, w.sources)
	w.facts = fact.NewStore(db, w.sources, lib)
	frames, err := fact.Open(ctx, w.facts, w.parties, now)
	must(t, err)
	p, err := version.FromFS(os.DirFS("../../content/policies/yancheng/2022-6"))
	must(t, err)
	versions, err := version.Open(ctx, version.Deps{DB: db, Sources: w.sources, Library: lib, Clock: now, Report: func(err error) { t.Error(err) }}, []version.Package{p})
	must(t, err)
	set, err := Load(contentdata.FS, lib)
	must(t, err)
	w.money = subsidy.New(subsidy.Deps{DB: db, Library: lib, Clock: now, Frames: frames, Sources: w.sources, Parties: w.parties})
	w.Store = New(Deps{DB: db, Library: lib, Clock: now, Set: set, Frames: frames, Applications: w.money, Policies: versions})
	return w
}

// firm is an enterprise with facts, and projects with their effective input of 2024.
type firm struct {
	name, area string
	facts      map[string]string // texts; of the year 2023 or 2024 with "@2023" or "@2024"
	projects   []money.Fen
}

// made is where a firm and its projects stand.
type made struct {
	id       int64
	projects []int64
}

// state makes firms known.
func (w *world) state(firms ...firm) (all []made) {
	w.t.Helper()
	src, err := w.sources.Begin(w.t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "x.xlsx", Area: "320900"})
	must(w.t, err)
	var said []fact.Statement
	say := func(subject int64, key, text string, fen money.Fen) {
		def, year, ok := strings.Cut(key, "@")
		s := fact.Statement{Subject: subject, Def: def, State: fact.Present, Value: fact.Value{Text: text, Num: int64(fen)}, Place: "a"}
		if ok {
			s.Period, err = period.Parse(year)
			must(w.t, err)
		}
		said = append(said, s)
	}
	must(w.t, w.db.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, f := range firms {
			ids, err := w.parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Enterprise, Key: party.EnterpriseKey("", f.name, f.area)}})
			if err != nil {
				return err
			}
			m := made{id: ids[0]}
			w.names[m.id] = f.name
			if err := w.parties.AppendNames(ctx, tx, src, []party.Name{{Subject: m.id, Name: f.name, Place: "a"}}); err != nil {
				return err
			}
			if err := w.parties.AppendMemberships(ctx, tx, src, []party.Membership{{Subject: m.id, Tree: party.TreeArea, Node: f.area, Place: "a"}}); err != nil {
				return err
			}
			for _, key := range slices.Sorted(maps.Keys(f.facts)) {
				say(m.id, key, f.facts[key], 0)
			}
			for i, fen := range f.projects {
				ids, err := w.parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Project, Key: fmt.Sprint(f.name, i), Parent: m.id}})
				if err != nil {
					return err
				}
				m.projects = append(m.projects, ids[0])
				say(ids[0], "project.name", fmt.Sprint("项目", i+1), 0)
				say(ids[0], "project.effective_input@2024", "", fen)
			}
			all = append(all, m)
		}
		return nil
	}))
	must(w.t, w.facts.Append(w.t.Context(), src, said))
	_, err = w.sources.Publish(w.t.Context(), src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(w.t.Context()))
	return all
}

// filed is an application as the store of applications keeps it.
type filed struct {
	id, firm, subject int64
	area, standing    string
	granted           money.Fen
	invoices          []string // keys, each with its seller behind a slash
}

func (w *world) file(all ...filed) {
	w.t.Helper()
	must(w.t, w.db.Write(w.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, a := range all {
			_, err := tx.Exec(ctx, `INSERT INTO subsidy_application (case_id, call_id, enterprise, area, policy, known, package, clause, kind, subject, name, year, as_of, project, item, family, standing, amount, granted, commitment, batch_id, round_id, at)
				VALUES ($1, 1, $2, $3, $4, 0, '', 'c9', 'project', $5, '申报', 2024, '2024-10-31', '', '', '', $6, 0, $7, 0, 0, 0, 0)`, a.id, a.firm, a.area, yancheng, a.subject, a.standing, int64(a.granted))
			if err != nil {
				return err
			}
			for n, key := range a.invoices {
				number, seller, _ := strings.Cut(key, "/")
				_, err := tx.Exec(ctx, `INSERT INTO subsidy_cost (id, case_id, n, kind, label, invoice, invoiced_on, seller, serial, fen, invoice_key, serial_key, invoice_no, serial_no, dropped)
					VALUES ($1, $2, $3, 'software', '软件', $4, '2024-05-01', $6, '', 100, $4, '', $5, '', 0)`, a.id*100+int64(n), a.id, n+1, key, number, seller)
				if err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// found is the flags of a kind in words: what is shared, and the case or else the project of each row with its firm.
func (w *world) found(scope access.Scope, kind string) []string {
	w.t.Helper()
	view, err := w.Frames.For(w.t.Context(), scope, 0)
	must(w.t, err)
	list, err := w.Find(w.t.Context(), view, Query{Kind: kind})
	must(w.t, err)
	sums, _ := list.Figures()
	if i := slices.IndexFunc(sums, func(s Sum) bool { return s.Kind == kind }); sums[i].Found != list.Total() {
		w.t.Errorf("%d flags of %s, %d counted", list.Total(), kind, sums[i].Found)
	}
	var all []string
	for _, f := range list.Page(0, list.Total()) {
		var rows []string
		for _, r := range f.Rows {
			rows = append(rows, fmt.Sprintf("%s %d", w.names[r.Firm], r.Case))
		}
		all = append(all, strings.TrimSpace(f.Shared+" "+f.Mark.Amount.In(wan))+": "+strings.Join(rows, ", "))
	}
	return all
}

func (w *world) finds(scope access.Scope, kind string, want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.found(scope, kind)); diff != "" {
		w.t.Errorf("%s (-want +got):\n%s", kind, diff)
	}
}

// Each kind finds what is planted and leaves what comes near to it; a scope that sees a part finds what lies whole in it.
func TestFlags(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		of := func(phone, address, person string) map[string]string {
			return map[string]string{"ent.contact_phone": phone, "ent.address": address, "ent.legal_person": person}
		}
		firms := w.state(
			firm{"甲", tinghu, of("0515-88000001", "演示路 1 号", "演示人员 01"), []money.Fen{450 * wan, 420 * wan, 399 * wan}},
			firm{"乙", tinghu, of("（0515）88000001", "演示路1号", "演示人员02"), []money.Fen{500 * wan, 450 * wan}},
			firm{"丙", dafeng, of("+86 0515 88000001", "演示路2号", "演示人员 01"), []money.Fen{400 * wan, 450 * wan}},
			firm{"丁", tinghu, of("8800", "亭湖区", "演"), []money.Fen{509 * wan, 510 * wan, 499 * wan}},
			firm{"戊", tinghu, of("8800", "亭湖区", "演"), nil},
			firm{"己", tinghu, of("0515-88000001", "演示路1号", "演示人员 01"), []money.Fen{250 * wan, 260 * wan}}, // applied for nothing
			firm{"庚", tinghu, map[string]string{"ent.operating_state@2023": "normal", "ent.operating_state@2024": "closed"}, nil},
			firm{"辛", tinghu, map[string]string{"ent.operating_state@2023": "closed", "ent.operating_state@2024": "normal"}, nil},
		)
		long := "24322000000012345678"
		w.file(
			filed{1, firms[0].id, firms[0].projects[0], tinghu, subsidy.Open, 0, []string{long, "00000001/卖方甲"}},
			filed{2, firms[1].id, firms[1].projects[0], tinghu, subsidy.Granted, 10 * wan, []string{"00000001/卖方乙"}},
			filed{3, firms[2].id, firms[2].projects[1], dafeng, subsidy.Open, 0, []string{long}},
			filed{4, firms[3].id, firms[3].projects[0], tinghu, subsidy.Open, 0, []string{"00000002/卖方甲"}},
			filed{5, firms[3].id, firms[3].projects[1], tinghu, subsidy.Open, 0, []string{"00000002/卖方甲", "00000002/卖方甲"}},
			filed{6, firms[4].id, 0, tinghu, subsidy.Open, 0, []string{"00000003/卖方甲"}},
			filed{7, firms[5].id, firms[5].projects[0], tinghu, subsidy.Closed, 0, []string{long, "00000003/卖方甲"}},
			filed{8, firms[6].id, 0, tinghu, subsidy.Granted, 30 * wan, nil},
			filed{9, firms[6].id, 0, tinghu, subsidy.Open, 0, nil},
			filed{10, firms[7].id, 0, tinghu, subsidy.Granted, 30 * wan, nil},
		)
		w.finds(auditor, SharedPhone, "0515-88000001 0: 甲 1, 乙 2, 丙 3")
		w.finds(auditor, SharedAddress, "演示路 1 号 0: 甲 1, 乙 2")
		w.finds(auditor, SharedLegalPerson, "演示人员 01 0: 甲 1, 丙 3")
		w.finds(auditor, SplitProject, "500: 甲 0, 甲 1") // 420 and 450; 400 of 丙 is no longer close, nor is 399
		w.finds(auditor, JustAboveMark, "500: 乙 2", "500: 丁 4")
		w.finds(auditor, ReusedInvoice, long+" 0: 甲 1, 丙 3", "00000002/卖方甲 0: 丁 4, 丁 5, 丁 5")
		w.finds(auditor, ClosedPayee, "2024 0: 庚 8")

		w.finds(narrow, SharedPhone, "0515-88000001 0: 甲 1, 乙 2")
		w.finds(narrow, SharedLegalPerson)
		w.finds(narrow, ReusedInvoice, "00000002/卖方甲 0: 丁 4, 丁 5, 丁 5")
		for _, scope := range []access.Scope{{}, access.NewScope(1, access.Administrator, nil, nil)} {
			for _, k := range w.Set.Kinds() {
				w.finds(scope, k.Kind)
			}
		}
	})
}

// A seller is told of that is the applicant, or alike to it in the register, whether or not it applied for anything; of sellers that the
// scope may not see, or that are not known by one name, nothing is told.
func TestRelatedSeller(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		of := func(phone, person string) map[string]string {
			return map[string]string{"ent.contact_phone": phone, "ent.legal_person": person}
		}
		firms := w.state(
			firm{"盐城甲机械有限公司", tinghu, of("0515-88000001", "演示人员 01"), nil},
			firm{"盐城乙软件有限公司", tinghu, of("88000001", "演示人员 02"), nil},
			firm{"盐城丙系统有限公司", dafeng, of("0515 88000001", "演示人员01"), nil},
			firm{"盐城丁设备有限公司", tinghu, of("0515-88000009", "演"), nil},
			firm{"盐城戊设备有限公司", tinghu, of("0515-88000005", "演示人员 01"), nil},
			firm{"盐城戊设备有限公司", dafeng, of("0515-88000005", "演示人员 01"), nil},
		)
		w.file(
			filed{1, firms[0].id, 0, tinghu, subsidy.Open, 0, []string{"00000001/盐城丙系统有限公司", "00000002/盐城丙系统有限公司", "00000003/盐城丁设备有限公司", "00000004/盐城戊设备有限公司", "00000005/外地公司", "00000009/盐城甲机械股份有限公司"}},
			filed{2, firms[0].id, 0, tinghu, subsidy.Granted, 0, []string{"00000006/盐城丙系统有限公司", "00000007/盐城甲机械有限公司", "00000008"}},
			filed{3, firms[1].id, 0, tinghu, subsidy.Closed, 0, []string{"00000009/盐城乙软件有限公司"}},
		)
		w.finds(auditor, RelatedSeller,
			"ent.legal_person ent.contact_phone 0: 盐城甲机械有限公司 1, 盐城甲机械有限公司 2, 盐城丙系统有限公司 0",
			"self 0: 盐城甲机械有限公司 2")
		w.finds(narrow, RelatedSeller, "self 0: 盐城甲机械有限公司 2")
		view, err := w.Frames.For(t.Context(), auditor, 0)
		must(t, err)
		list, err := w.Find(t.Context(), view, Query{Kind: RelatedSeller})
		must(t, err)
		f := list.Page(0, 2)[0]
		if rows := f.Rows; rows[0].Amount != 200 || rows[1].Amount != 100 {
			t.Errorf("%+v", rows)
		}
		if got := (i18n.T{Lang: i18n.ZH}).Msg(f.Msg()); got != "法定代表人同名；联系电话相同" {
			t.Error(got)
		}
	})
}

// Looking for what is alike is no reading. What a page shows is one, of the firms that it is shown for.
func TestWhatIsShownIsRecorded(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	phone := func(s string) map[string]string { return map[string]string{"ent.contact_phone": s} }
	firms := w.state(firm{"甲", tinghu, phone("0515-88000001"), nil}, firm{"乙", tinghu, phone("0515-88000001"), nil}, firm{"丙", tinghu, phone("0515-88000003"), nil})
	for i, f := range firms {
		w.file(filed{id: int64(i + 1), firm: f.id, area: tinghu, standing: subsidy.Open})
	}
	var watch access.Watch
	view, err := w.Frames.For(t.Context(), auditor.Watched(&watch), 0)
	must(t, err)
	list, err := w.Find(t.Context(), view, Query{})
	must(t, err)
	if seen := watch.Take(); len(seen) > 0 {
		t.Errorf("read before anything was shown: %v", seen)
	}
	if got := list.Page(0, 10); len(got) != 1 || got[0].Shared != "0515-88000001" {
		t.Fatalf("shown: %+v", got)
	}
	want := []access.Seen{{Party: firms[0].id, Defs: []string{"ent.contact_phone"}}, {Party: firms[1].id, Defs: []string{"ent.contact_phone"}}}
	if diff := cmp.Diff(want, watch.Take()); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
}

// inMemory is applications that a scope reads as the store would have it.
type inMemory []subsidy.Application

func (m inMemory) Applications(_ context.Context, scope access.Scope, f subsidy.Filter) (out []subsidy.Application, _ error) {
	for _, a := range slices.Backward(m) {
		if (f.Before == 0 || a.Case < f.Before) && scope.Sees(access.ReadCase, a.Area, a.Enterprise) && len(out) < f.Limit {
			out = append(out, a)
		}
	}
	return out, nil
}

func (inMemory) AreaSubject(context.Context, string) (int64, error) { return 0, nil }

func (inMemory) Bought(context.Context, access.Scope) ([]subsidy.Bought, error) { return nil, nil }

func (inMemory) SharedInvoices(context.Context, access.Scope) ([]subsidy.Invoiced, error) {
	return nil, nil
}

// Whatever is applied for, exactly those telephones are found that two firms of the scope with standing applications share, and
// nobody is named that the scope may not see.
func TestPlantedIsFound(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t, migrations))
	const firms, phones = 14, 5
	area := func(i int) string { return []string{tinghu, dafeng}[i/phones%2] }
	var list []firm
	for i := range firms {
		list = append(list, firm{fmt.Sprint("企业", i), area(i), map[string]string{"ent.contact_phone": fmt.Sprint("0515-8800000", i%phones)}, nil})
	}
	ids := w.state(list...)
	rapid.Check(t, func(rt *rapid.T) {
		var apps inMemory
		for n, i := range rapid.SliceOfN(rapid.IntRange(0, firms-1), 0, 40).Draw(rt, "firms") {
			a := subsidy.Application{Case: int64(n + 1), Area: area(i), Standing: rapid.SampledFrom([]string{subsidy.Open, subsidy.Granted, subsidy.Closed}).Draw(rt, "standing")}
			a.Enterprise = ids[i].id
			apps = append(apps, a)
		}
		finder := New(Deps{DB: w.db, Library: w.Library, Clock: w.Clock, Set: w.Set, Frames: w.Frames, Applications: apps, Policies: w.Policies})
		for _, scope := range []access.Scope{auditor, narrow, {}} {
			want := map[string]map[int64]bool{}
			for _, a := range apps {
				i := slices.IndexFunc(ids, func(m made) bool { return m.id == a.Enterprise })
				if a.Standing == subsidy.Closed || !scope.Sees(access.ReadParty, area(i), a.Enterprise) {
					continue
				}
				phone := list[i].facts["ent.contact_phone"]
				if want[phone] == nil {
					want[phone] = map[int64]bool{}
				}
				want[phone][a.Enterprise] = true
			}
			maps.DeleteFunc(want, func(_ string, firms map[int64]bool) bool { return len(firms) < 2 })
			view, err := w.Frames.For(t.Context(), scope, 0)
			must(t, err)
			found, err := finder.Find(t.Context(), view, Query{})
			must(t, err)
			got := map[string]map[int64]bool{}
			for _, f := range found.Page(0, found.Total()) {
				got[f.Shared] = map[int64]bool{}
				for _, r := range f.Rows {
					got[f.Shared][r.Firm] = true
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("found (-want +got):\n%s", diff)
			}
			again, err := finder.Find(t.Context(), view, Query{})
			must(t, err)
			if diff := cmp.Diff(found.flags, again.flags, cmp.AllowUnexported(Flag{})); diff != "" {
				rt.Fatalf("the same knowledge gives other flags:\n%s", diff)
			}
		}
	})
}

func TestPages(t *testing.T) {
	l := &List{flags: make([]Flag, 5)}
	for _, c := range []struct{ from, to, want int }{{0, 2, 2}, {4, 9, 1}, {5, 9, 0}, {-3, 1, 1}, {3, 2, 0}, {0, 0, 0}} {
		if got := len(l.Page(c.from, c.to)); got != c.want {
			t.Errorf("from %d to %d: %d, want %d", c.from, c.to, got, c.want)
		}
	}
}

func TestKinds(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/flags.schema.json", &KindsFile{})
	lib, err := library()
	must(t, err)
	good, err := fs.ReadFile(contentdata.FS, File)
	must(t, err)
	set, problems := Parse(lib, File, good)
	if len(problems) > 0 || len(set.Kinds()) != len(finders) {
		t.Fatalf("what ships: %v", problems)
	}
	if _, err := set.Kind("nonsense"); err == nil {
		t.Error("a kind that there is not is there")
	}
	for name, change := range map[string][2]string{
		"no such kind":           {"kind: shared_phone", "kind: shared_hat"},
		"a kind twice":           {"kind: shared_address", "kind: shared_phone"},
		"no share":               {"    within: 2%\n", ""},
		"a share of all":         {"within: 2%", "within: 100%"},
		"a share without marks":  {"  - kind: shared_phone\n", "  - kind: shared_phone\n    within: 2%\n"},
		"no fact of a project":   {"fact: project.effective_input", "fact: ent.revenue"},
		"how sure, in own words": {"confidence: unverified", "confidence: certain"},
		"one language":           {"en: One telephone for several firms", `en: ""`},
		"no source":              {"    source: 我们的规则\n", ""},
	} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if bad == string(good) {
			t.Fatalf("%s changes nothing", name)
		}
		if _, problems := Parse(lib, File, []byte(bad)); len(problems) == 0 {
			t.Errorf("%s is taken", name)
		}
	}
}

// An auditor changes nothing but reviews of flags: no other workflow that ships lets one act.
func TestAuditorsActInReviewsAlone(t *testing.T) {
	files, err := fs.Glob(contentdata.FS, "workflows/*.yaml")
	must(t, err)
	var audits []string
	for _, name := range files {
		body, err := fs.ReadFile(contentdata.FS, name)
		must(t, err)
		if strings.Contains(string(body), "\naudit: true\n") {
			audits = append(audits, strings.TrimSuffix(strings.TrimPrefix(name, "workflows/"), ".yaml"))
		}
	}
	if want := []string{FirmFlow, OfficeFlow, ReviewFlow}; !slices.Equal(audits, want) {
		t.Errorf("auditors act in %v, want %v", audits, want)
	}
}
