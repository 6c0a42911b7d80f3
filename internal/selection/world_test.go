package selection

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var migrations = []store.Migrations{audit.Migrations, source.Migrations, party.Migrations, fact.Migrations, release.Migrations, Migrations}

const (
	yancheng  = "320900"
	tinghu    = "320902"
	yandu     = "320903"
	dafeng    = "320904"
	xiangshui = "320921"
)

// world is the stores over one database, wired as in the product, with a clock that the test moves.
type world struct {
	*Store
	sources *source.Store
	parties *party.Store
	facts   *fact.Store
	t       *testing.T
	today   time.Time
	firms   []int64
}

// speaker states what is decided under a source of its own, as a case does.
type speaker struct {
	*world
	tx  *store.Tx
	src int64
}

func (s *speaker) source(ctx context.Context) (int64, error) {
	if s.src != 0 {
		return s.src, nil
	}
	src, err := s.sources.Say(ctx, s.tx, source.Source{Kind: source.Case, Authority: bureau, Name: RoundFlow, Area: yancheng})
	s.src = src.ID
	return s.src, err
}

func (s *speaker) Mention(ctx context.Context, subs ...party.NewSubject) ([]int64, error) {
	src, err := s.source(ctx)
	if err != nil {
		return nil, err
	}
	return s.parties.Say(ctx, s.tx, src, subs)
}

// Doubt finds nothing: here there are no cases.
func (s *speaker) Doubt(context.Context, int64, string) error { return nil }

func (s *speaker) State(ctx context.Context, statements ...fact.Statement) error {
	src, err := s.source(ctx)
	if err != nil {
		return err
	}
	for i := range statements {
		statements[i].Place = "case 1 event 1"
	}
	return s.facts.Say(ctx, s.tx, src, statements)
}

const bureau = "bureau"

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		test(t, newWorld(t, db))
	})
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	all := library(t)
	w := &world{t: t, today: time.Date(2024, 9, 2, 9, 0, 0, 0, clock.Beijing)}
	var one sync.Mutex
	now := clock.Clock(func() time.Time {
		one.Lock()
		defer one.Unlock()
		w.today = w.today.Add(time.Second) // nothing happens at the same instant
		return w.today
	})
	sources := source.New(db, now)
	parties := party.NewStore(db, sources)
	facts := fact.NewStore(db, sources, all.lib)
	frames, err := fact.Open(context.Background(), facts, parties, now)
	w.must(err)
	w.sources, w.parties, w.facts = sources, parties, facts
	lists, err := release.Load(contentdata.FS)
	w.must(err)
	w.Store = Open(Deps{
		Releases: release.Open(release.Deps{DB: db, Library: all.lib, Clock: now, Set: lists}),
		DB:       db, Frames: frames, Library: all.lib, Clock: now,
		Subjects: region.NewReader(all.lib), Set: all.set, Random: strings.NewReader(strings.Repeat("drawn by nobody. ", 100)),
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// refused wants an error with a message.
func (w *world) refused(what string, err error, key string) {
	w.t.Helper()
	if msg, _ := errs.Message(err); msg.Key != key {
		w.t.Errorf("%s: %v (%s), want %s", what, err, msg.Key, key)
	}
}

// on moves the clock to a day.
func (w *world) on(day string) {
	w.t.Helper()
	d, err := period.ParseDay(day)
	w.must(err)
	y, m, dd := d.YMD()
	w.today = time.Date(y, time.Month(m), dd, 10, 0, 0, 0, clock.Beijing)
}

func (w *world) write(do func(ctx context.Context, tx *store.Tx) error) error {
	w.t.Helper()
	err := w.DB.Write(context.Background(), do)
	if err == nil {
		err = w.Frames.Refresh(context.Background())
	}
	return err
}

// enterprises publishes one firm in each of these areas, of which all that schemes ask is known and good.
func (w *world) enterprises(areas ...string) {
	w.t.Helper()
	ctx := context.Background()
	src, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: bureau, Name: "firms.xlsx", Area: yancheng})
	w.must(err)
	w.must(w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var subs []party.NewSubject
		for i := range areas {
			subs = append(subs, party.NewSubject{Kind: content.Enterprise, Key: fmt.Sprint("firm ", i)})
		}
		ids, err := w.parties.Ensure(ctx, tx, src, subs)
		if err != nil {
			return err
		}
		w.firms = ids
		var names []party.Name
		var members []party.Membership
		for i, id := range ids {
			names = append(names, party.Name{Subject: id, Name: firmName(i)})
			members = append(members, party.Membership{Subject: id, Tree: party.TreeArea, Node: areas[i]})
		}
		if err := w.parties.AppendNames(ctx, tx, src, names); err != nil {
			return err
		}
		return w.parties.AppendMemberships(ctx, tx, src, members)
	}))
	var facts []fact.Statement
	for _, id := range w.firms {
		facts = append(facts, w.yes(id, "ent.registered_here", 1), w.yes(id, "ent.above_scale", 1), w.yes(id, "ent.blacklisted", 0), w.yes(id, "ent.major_accident", 0))
	}
	w.must(w.facts.Append(ctx, src, facts))
	_, err = w.sources.Publish(ctx, src, nil)
	w.must(err)
	w.must(w.Frames.Refresh(ctx))
}

func firmName(i int) string {
	return fmt.Sprintf("演示%c字机械有限公司", []rune("甲乙丙丁戊己庚辛")[i])
}

// yes is a fact of the year 2024, or without time, as its definition says.
func (w *world) yes(id int64, def string, n int64) fact.Statement {
	d, ok := w.Library.FactDef(def)
	if !ok {
		w.t.Fatalf("no fact %s", def)
	}
	return fact.Statement{Subject: id, Def: def, Period: fact.ColumnPeriod(d, 2024), State: fact.Present, Value: fact.Value{Num: n}, Place: "A1"}
}

// tell publishes facts.
func (w *world) tell(facts ...fact.Statement) {
	w.t.Helper()
	ctx := context.Background()
	src, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: bureau, Name: "more.xlsx", Area: yancheng})
	w.must(err)
	w.must(w.facts.Append(ctx, src, facts))
	_, err = w.sources.Publish(ctx, src, nil)
	w.must(err)
	w.must(w.Frames.Refresh(ctx))
}

var (
	allAreas = []string{yancheng, tinghu, yandu, dafeng, xiangshui}
	city     = access.NewScope(1, access.CityOfficial, allAreas, nil)
	county   = access.NewScope(2, access.CountyOfficial, []string{dafeng}, nil)
	auditor  = access.NewScope(3, access.Auditor, allAreas, nil)
)

func expert(account int64) access.Scope {
	return access.NewScope(account, access.Expert, []string{yancheng}, nil)
}

// addExperts takes n experts into the pool: accounts 101, 102, …; the first works for the first firm, the second belongs to
// the second firm by name, the third works in Dafeng.
func (w *world) addExperts(n int) {
	w.t.Helper()
	for i := range n {
		e := Expert{Label: fmt.Sprintf("演示人员 %02d", i+1), Account: int64(101 + i), Area: yancheng, Belongs: []string{"演示研究院"}}
		switch i {
		case 0:
			e.Party = w.firms[0]
		case 1:
			e.Belongs = append(e.Belongs, "演示乙字机械 有限公司")
		case 2:
			e.County = dafeng
		}
		_, err := w.AddExpert(context.Background(), city, e)
		w.must(err)
	}
}

// open opens a round of demonstration enterprises of 2024.
func (w *world) open(quota, perCounty int) Round {
	w.t.Helper()
	var r Round
	w.must(w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		r, err = w.OpenRound(ctx, tx, NewRound{
			Scheme: "city_demonstration", Year: 2024, Area: yancheng, Quota: quota, PerCounty: perCounty, Closes: period.Date(2024, 9, 10), Act: Act{Case: 7},
		})
		return err
	}))
	return r
}

func material(i int) Material {
	return Material{
		"direction": fmt.Sprint("firm ", i), "done": fmt.Sprint("产线联网 ", i), "effect": fmt.Sprint("能耗下降 ", i), "copy": "同行参观",
		"contact": fmt.Sprint("演示人员 9", i), "phone": fmt.Sprint("0515-8888000", i),
	}
}

// firmOf is the number of the firm whose nomination an expert reads: the tests write it into the first field.
func (w *world) firmOf(v Review) (firm int) {
	w.t.Helper()
	_, err := fmt.Sscanf(v.Blind.Fields[0].Text, "firm %d", &firm)
	w.must(err)
	return firm
}

func (w *world) nominate(r Round, i int) (Nomination, error) {
	var n Nomination
	err := w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		n, err = w.Nominate(ctx, tx, NewNomination{Act: Act{Case: int64(1000 + i)}, Round: r.ID, Party: w.firms[i], By: ByEnterprise, Material: material(i)})
		return err
	})
	return n, err
}

func (w *world) accept(id int64) error {
	return w.write(func(ctx context.Context, tx *store.Tx) error { return w.Accept(ctx, tx, id) })
}

func (w *world) draw(id int64) (r Round, err error) {
	err = w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		r, err = w.Draw(ctx, tx, id)
		return err
	})
	return r, err
}

// score has n experts score all that waits: points by the number of the firm, the same from everybody.
func (w *world) score(points map[int]rubric.Sheet, n int) {
	w.t.Helper()
	ctx := context.Background()
	for account := int64(101); account < int64(101+n); account++ {
		reviews, err := w.Reviews(ctx, expert(account))
		w.must(err)
		for _, v := range reviews {
			w.must(w.Score(ctx, expert(account), v.Round, v.Blind.Number, points[w.firmOf(v)], ""))
		}
	}
}

func sheet(equipment, data, benefit, spread rubric.Points) rubric.Sheet {
	return rubric.Sheet{"equipment": equipment * rubric.One, "data": data * rubric.One, "benefit": benefit * rubric.One, "spread": spread * rubric.One}
}

func (w *world) rank(id int64) (p []Place, err error) {
	err = w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		p, err = w.Rank(ctx, tx, id)
		return err
	})
	return p, err
}

func (w *world) publish(id int64) (fresh []Result, err error) {
	err = w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		fresh, err = w.Publish(ctx, tx, id, Act{})
		return err
	})
	return fresh, err
}

func (w *world) award(id int64) (given []Title, err error) {
	err = w.write(func(ctx context.Context, tx *store.Tx) (err error) {
		given, err = w.Award(ctx, tx, id, "盐工信发〔2024〕1号（演示）", &speaker{world: w, tx: tx})
		return err
	})
	return given, err
}

// addTitle gives a firm the title of the city, by an import.
func (w *world) addTitle(firm int64) {
	w.t.Helper()
	ctx := context.Background()
	src, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: bureau, Name: "titles.xlsx", Area: yancheng})
	w.must(err)
	var ids []int64
	w.must(w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		ids, err = w.parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Honour, Parent: firm, Key: "1"}})
		return err
	}))
	w.must(w.facts.Append(ctx, src, []fact.Statement{{Subject: ids[0], Def: "honour.title", State: fact.Present, Value: fact.Value{Text: "city_demonstration"}, Place: "A1"}}))
	_, err = w.sources.Publish(ctx, src, nil)
	w.must(err)
	w.must(w.Frames.Refresh(ctx))
}

func dayText(n int64) string { return period.Day(n).String() }
