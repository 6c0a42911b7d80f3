package fact

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var now = clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))

var migrations = []store.Migrations{source.Migrations, party.Migrations, Migrations}

// testFacts are few definitions of each sort, so that random statements meet.
const testFacts = `
subject: enterprise
source: test
confidence: verified
class: registration
facts:
  - {code: ent.revenue, name: {zh: 甲, en: Revenue}, type: money, unit: 万元, flow: flow, period: year, authority: [statistics, tax, enterprise], sensitivity: internal, tolerance: 10%}
  - {code: ent.founded, name: {zh: 乙, en: Founded}, type: date, flow: state, period: always, authority: [], sensitivity: public}
  - {code: ent.address, name: {zh: 丙, en: Address of plant}, type: text, flow: state, period: always, authority: [enterprise], sensitivity: internal}
  - {code: ent.phone, name: {zh: 丁, en: Phone of boss}, type: text, flow: state, period: always, authority: [], sensitivity: personal, ground: duty, purpose: {zh: 通知, en: To tell}, keep: {after: superseded, years: 3}}
`

const testProjectFacts = `
subject: project
source: test
confidence: verified
class: registration
facts:
  - {code: project.input, name: {zh: 戊, en: Input}, type: money, unit: 万元, flow: flow, period: year, authority: [tax], sensitivity: internal}
  - {code: project.mark, name: {zh: 庚, en: Mark}, type: text, flow: state, period: always, authority: [], sensitivity: internal}
`

const testAreaFacts = `
subject: area
source: test
confidence: verified
class: registration
facts:
  - {code: area.firms, name: {zh: 己, en: Firms}, type: int, flow: stock, period: year, authority: [], sensitivity: public}
`

// library is the content that ships, with the definitions of the test in place of its own.
var library = sync.OnceValues(func() (*content.Library, error) {
	files := fstest.MapFS{
		"facts/enterprise.yaml": {Data: []byte(testFacts)},
		"facts/project.yaml":    {Data: []byte(testProjectFacts)},
		"facts/area.yaml":       {Data: []byte(testAreaFacts)},
		"targets/none":          {},
	}
	err := fs.WalkDir(contentdata.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		switch strings.Split(name, "/")[0] {
		case "facts", "targets", "policies":
			return nil
		}
		data, err := fs.ReadFile(contentdata.FS, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		return nil, err
	}
	return content.Load(files)
})

// world is the stores over one database, wired as in the product.
type world struct {
	db      *store.DB
	lib     *content.Library
	sources *source.Store
	parties *party.Store
	facts   *Store
	frames  *Frames
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	w := &world{db: db, lib: lib, sources: source.New(db, now)}
	w.parties = party.NewStore(db, w.sources)
	w.facts = NewStore(db, w.sources, lib)
	w.frames = w.reopen(t)
	return w
}

// reopen is a frame built anew from the rows.
func (w *world) reopen(t tester) *Frames {
	t.Helper()
	f, err := Open(context.Background(), w.facts, w.parties, now)
	must(t, err)
	return f
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		test(t, newWorld(t, db))
	})
}

// tester is what *testing.T and *rapid.T have in common.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

func must(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func wantKind(t tester, what string, err error, kind errs.Kind) {
	t.Helper()
	if err == nil || errs.KindOf(err) != kind {
		t.Errorf("%s: error %v, want kind %d", what, err, kind)
	}
}

func (w *world) begin(t tester, authority string) int64 {
	t.Helper()
	id, err := w.sources.Begin(context.Background(), access.SystemScope(), source.Source{
		Kind: source.Import, Authority: authority, Name: authority + ".xlsx", Area: "320900",
	})
	must(t, err)
	return id
}

func (w *world) publish(t tester, src int64) int64 {
	t.Helper()
	seq, err := w.sources.Publish(context.Background(), src, nil)
	must(t, err)
	return seq
}

// say publishes a source with these statements.
func (w *world) say(t tester, authority string, statements ...Statement) (src, seq int64) {
	t.Helper()
	src = w.begin(t, authority)
	must(t, w.facts.Append(context.Background(), src, statements))
	return src, w.publish(t, src)
}

func (w *world) retract(t tester, src int64) int64 {
	t.Helper()
	seq, err := w.sources.Retract(context.Background(), access.SystemScope(), src, "undo")
	must(t, err)
	return seq
}

// refresh takes in what was committed and gives a view of all of it.
func (w *world) refresh(t tester) View {
	t.Helper()
	must(t, w.frames.Refresh(context.Background()))
	return w.view(t, access.SystemScope(), 0)
}

func (w *world) view(t tester, scope access.Scope, known int64) View {
	t.Helper()
	v, err := w.frames.For(context.Background(), scope, known)
	must(t, err)
	return v
}

// firms publishes n enterprises, each in the area that areas gives in turn, and one project for each.
func (w *world) firms(t tester, label string, n int, areas ...string) (firms, projects []int64) {
	t.Helper()
	ctx := context.Background()
	src := w.begin(t, "bureau")
	err := w.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var subs []party.NewSubject
		for i := range n {
			subs = append(subs, party.NewSubject{Kind: content.Enterprise, Key: fmt.Sprintf("%s %d", label, i)})
		}
		var err error
		if firms, err = w.parties.Ensure(ctx, tx, src, subs); err != nil {
			return err
		}
		subs = nil
		for _, id := range firms {
			subs = append(subs, party.NewSubject{Kind: content.Project, Parent: id, Key: "project"})
		}
		if projects, err = w.parties.Ensure(ctx, tx, src, subs); err != nil {
			return err
		}
		var (
			names   []party.Name
			members []party.Membership
		)
		for i, id := range firms {
			names = append(names, party.Name{Subject: id, Name: fmt.Sprintf("%s 第%d厂", label, i)})
			members = append(members, party.Membership{Subject: id, Tree: party.TreeArea, Node: areas[i%len(areas)]})
		}
		if err := w.parties.AppendNames(ctx, tx, src, names); err != nil {
			return err
		}
		return w.parties.AppendMemberships(ctx, tx, src, members)
	})
	must(t, err)
	w.publish(t, src)
	return firms, projects
}

func present(subject int64, def string, p period.Period, n int64) Statement {
	return Statement{Subject: subject, Def: def, Period: p, State: Present, Value: Value{Num: n}, Place: "Sheet1!A1", Shown: fmt.Sprint(n)}
}

func text(subject int64, def, s string) Statement {
	return Statement{Subject: subject, Def: def, State: Present, Value: Value{Text: s}, Place: "Sheet1!B2", Shown: s}
}
