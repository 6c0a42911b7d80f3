package retention

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var migrations = []store.Migrations{
	audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, notice.Migrations, consent.Migrations,
	ledger.Migrations, form.Migrations, casework.Migrations, Migrations,
}

func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked { // each check makes a database
		_ = flag.Set("rapid.checks", "12")
	}
	os.Exit(m.Run())
}

var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

// world is the store over one database, with a clock that the test moves and three firms in 亭湖区 and 大丰区.
type world struct {
	*Store
	t       testing.TB
	today   time.Time
	sources *source.Store
	facts   *fact.Store
	firms   []int64
	frozen  map[string]bool // refs of facts that something stands on
}

const phone = "ent.contact_phone"

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	ctx := context.Background()
	lib, err := library()
	w := &world{t: t, today: time.Date(2018, 3, 1, 9, 0, 0, 0, clock.Beijing), frozen: map[string]bool{}}
	w.must(err)
	now := clock.Clock(func() time.Time { return w.today })
	w.sources = source.New(db, now)
	parties := party.NewStore(db, w.sources)
	w.facts = fact.NewStore(db, w.sources, lib)
	frames, err := fact.Open(ctx, w.facts, parties, now)
	w.must(err)
	w.must(audit.Adopt(ctx, db, Logged, now))
	w.Store, err = Open(ctx, Deps{
		DB: db, Sources: w.sources, Frames: frames, Library: lib, Clock: now, Log: slog.New(slog.DiscardHandler),
		Kinds: []Kind{OfFacts(frames, w.facts), OfMessages(db), OfReadings(db), OfDrafts(db)},
		Reasons: []Reason{Frozen, Paid, Disputed(w.facts), func(_ context.Context, _ store.Querier, it Item) (i18n.Msg, error) {
			if w.frozen[it.Ref] {
				return i18n.M("retention.frozen", 7), nil
			}
			return i18n.Msg{}, nil
		}},
	})
	w.must(err)
	src := w.begin()
	w.must(db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		subs := []party.NewSubject{{Kind: content.Enterprise, Key: "a"}, {Kind: content.Enterprise, Key: "b"}, {Kind: content.Enterprise, Key: "c"}}
		if w.firms, err = parties.Ensure(ctx, tx, src, subs); err != nil {
			return err
		}
		var members []party.Membership
		for i, area := range []string{"320902", "320902", "320904"} {
			members = append(members, party.Membership{Subject: w.firms[i], Tree: party.TreeArea, Node: area})
		}
		return parties.AppendMemberships(ctx, tx, src, members)
	}))
	_, err = w.sources.Publish(ctx, src, nil)
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

func (w *world) begin() int64 {
	w.t.Helper()
	id, err := w.sources.Begin(context.Background(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "firms.xlsx", Area: "320900"})
	w.must(err)
	return id
}

// says has a source of its own state texts of a definition, by firm.
func (w *world) says(def string, by map[int64]string) (src int64) {
	w.t.Helper()
	ctx := context.Background()
	src = w.begin()
	var all []fact.Statement
	for _, firm := range w.firms {
		if text, ok := by[firm]; ok {
			all = append(all, fact.Statement{Subject: firm, Def: def, State: fact.Present, Value: fact.Value{Text: text}, Shown: text, Place: "A1"})
		}
	}
	w.must(w.facts.Append(ctx, src, all))
	_, err := w.sources.Publish(ctx, src, nil)
	w.must(err)
	w.must(w.Frames.Refresh(ctx))
	return src
}

func (w *world) years(n int) { w.today = w.today.AddDate(n, 0, 1) }

func (w *world) cell(firm, known int64) fact.Cell {
	w.t.Helper()
	v, err := w.Frames.For(context.Background(), access.SystemScope(), known)
	w.must(err)
	return v.Value(firm, phone, period.Period{})
}

func (w *world) refused(what string, err error, kind errs.Kind, key string) {
	w.t.Helper()
	if msg, _ := errs.Message(err); errs.KindOf(err) != kind || key != "" && msg.Key != key {
		w.t.Errorf("%s: %v, want %s", what, err, key)
	}
}

// whole has nothing that the audit log and the database differ in.
func (w *world) whole() {
	w.t.Helper()
	found, err := audit.Check(context.Background(), w.DB, Logged)
	w.must(err)
	for _, f := range found.Faults {
		w.t.Errorf("the log and the database differ: %s", f)
	}
}

// texts is what stands in the table of facts.
func (w *world) texts() string {
	w.t.Helper()
	rows, err := w.DB.Read().Query(context.Background(), `SELECT text, shown FROM fact ORDER BY source_id, n`)
	w.must(err)
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var text, shown string
		w.must(rows.Scan(&text, &shown))
		b.WriteString(text + " " + shown + "\n")
	}
	w.must(rows.Err())
	return b.String()
}

var (
	admin  = access.NewScope(1, access.Administrator, nil, nil)
	admin2 = access.NewScope(2, access.Administrator, nil, nil)
)

func official(account int64, areas ...string) access.Scope {
	return access.NewScope(account, access.CityOfficial, areas, nil)
}

// A telephone that no longer holds goes once its term is over, by two persons: its row stays and says so, what holds stays, what held
// then is not replaced by something else, and the log knows of all of it.
func TestRun(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		a, b, c := w.firms[0], w.firms[1], w.firms[2]
		old := w.says(phone, map[int64]string{a: "0515-11110000", b: "0515-22220000", c: "0515-33330000"})
		then, err := db.Seq(ctx)
		w.must(err)
		w.years(1)
		w.says(phone, map[int64]string{a: "0515-11119999"})
		w.says(phone, map[int64]string{c: "0515-33339999"})
		if _, err := w.Propose(ctx, admin); err == nil {
			t.Error("something is due before its term is over")
		} else {
			w.refused("nothing due", err, errs.KindConflict, "retention.nothing_due")
		}
		w.years(3)
		_, err = w.Propose(ctx, access.NewScope(9, access.CountyOfficial, []string{"320902"}, nil))
		w.refused("a county official", err, errs.KindForbidden, "")
		run, err := w.Propose(ctx, admin)
		w.must(err)
		if len(run.Lines) != 2 || run.Lines[0].Source != old || run.Lines[0].Party != a || run.Lines[0].What != phone || run.Lines[1].Party != c {
			t.Fatalf("listed: %+v", run.Lines)
		}
		_, err = w.Propose(ctx, admin)
		w.refused("two lists of one person", err, errs.KindConflict, "retention.open_run")
		_, err = w.Approve(ctx, admin, run.ID)
		w.refused("one person", err, errs.KindForbidden, "retention.same_person")
		_, err = w.Get(ctx, official(3, "320902"), run.ID)
		w.refused("who may not see all of it", err, errs.KindNotFound, "")
		if _, err := w.Get(ctx, official(3, "320902", "320904"), run.ID); err != nil {
			t.Errorf("who may see all of it: %v", err)
		}
		done, err := w.Approve(ctx, admin2, run.ID)
		w.must(err)
		if done.Count(Gone) != 2 || done.State != Done || done.Finished == 0 {
			t.Errorf("carried out: %+v", done)
		}
		for name, scope := range map[string]access.Scope{"who may see all of it": official(3, "320902", "320904"), "who may not": official(3, "320902")} {
			all, err := w.Runs(ctx, scope)
			w.must(err)
			if may := name == "who may see all of it"; may && (len(all) != 1 || all[0].ID != run.ID || all[0].Count(Gone) != 2 || all[0].Count(Kept) != 0) || !may && len(all) != 0 {
				t.Errorf("%s lists %+v", name, all)
			}
		}
		_, err = w.Approve(ctx, admin2, run.ID)
		w.refused("twice", err, errs.KindConflict, "retention.settled")
		if text := w.texts(); strings.Contains(text, "11110000") || strings.Contains(text, "33330000") || !strings.Contains(text, "22220000") {
			t.Errorf("what stands there:\n%s", text)
		}
		if got := w.cell(a, 0); got.Value.Text != "0515-11119999" {
			t.Errorf("what holds now: %+v", got)
		}
		if got := w.cell(a, then); got.State != fact.Withheld || got.Status != fact.Erased || got.Value != (fact.Value{}) || got.Source != old {
			t.Errorf("what held then: %+v", got)
		}
		if got := w.cell(b, then); got.Value.Text != "0515-22220000" {
			t.Errorf("of another: %+v", got)
		}
		// Were what took its place taken back, the erased one would hold again, as erased.
		v, err := w.Frames.For(ctx, access.SystemScope(), 0)
		w.must(err)
		lines, err := v.Timeline(ctx, a)
		w.must(err)
		if len(lines) != 1 || len(lines[0].Stated) != 2 || lines[0].Stated[1].Status != fact.Erased {
			t.Errorf("its history: %+v", lines)
		}
		w.whole()
		_, err = w.Propose(ctx, admin)
		w.refused("what is gone is not due", err, errs.KindConflict, "retention.nothing_due")
	})
}

// What is on hold, frozen or disputed stays, with the reason, also where that came between the two persons.
func TestKept(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		a, b, c := w.firms[0], w.firms[1], w.firms[2]
		old := w.says(phone, map[int64]string{a: "0515-11110000", b: "0515-22220000", c: "0515-33330000"})
		w.says(phone, map[int64]string{a: "0515-11119999", b: "0515-22229999", c: "0515-33339999"})
		w.years(4)
		hold, err := w.Hold(ctx, admin, a, "诉讼，(2022)苏09民初1号")
		w.must(err)
		_, err = w.Hold(ctx, official(3, "320904"), a, "不是本辖区")
		w.refused("a firm elsewhere", err, errs.KindNotFound, "")
		_, err = w.Hold(ctx, admin, b, " ")
		w.refused("no reason", err, errs.KindInvalid, "retention.bad_reason")
		run, err := w.Propose(ctx, admin)
		w.must(err)
		if run.Count(Pending) != 2 || run.Count(Kept) != 1 || run.Lines[0].Why.Key != "retention.held" {
			t.Fatalf("listed: %+v", run.Lines)
		}
		w.frozen[fmt.Sprintf("%d.%d", old, 2)] = true
		done, err := w.Approve(ctx, admin2, run.ID)
		w.must(err)
		if done.Count(Gone) != 1 || done.Count(Kept) != 2 || done.Lines[1].Why.Key != "retention.frozen" {
			t.Errorf("carried out: %+v", done.Lines)
		}
		if text := w.texts(); !strings.Contains(text, "11110000") || !strings.Contains(text, "22220000") || strings.Contains(text, "33330000") {
			t.Errorf("what stands there:\n%s", text)
		}
		for area, n := range map[string]int{"320902": 1, "320904": 0} {
			if all, err := w.Holds(ctx, official(3, area)); err != nil || len(all) != n {
				t.Errorf("holds seen in %s: %+v, %v", area, all, err)
			}
		}
		w.must(w.EndHold(ctx, admin, hold.ID, "判决生效"))
		w.refused("ended twice", w.EndHold(ctx, admin, hold.ID, "判决生效"), errs.KindConflict, "retention.hold_ended")
		again, err := w.Propose(ctx, admin)
		w.must(err)
		w.must(w.Refuse(ctx, admin2, again.ID, "等档案馆答复"))
		w.refused("refused twice", w.Refuse(ctx, admin2, again.ID, "等档案馆答复"), errs.KindConflict, "retention.settled")
		if text := w.texts(); !strings.Contains(text, "11110000") {
			t.Error("what was refused is gone")
		}
		w.whole()
	})
}

// An enterprise asks to have a telephone deleted that still holds; an official grants it and another one approves.
func TestRequest(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		a := w.firms[0]
		firm := access.NewScope(20, access.Enterprise, nil, []int64{a})
		w.says(phone, map[int64]string{a: "0515-11110000", w.firms[1]: "0515-22220000"})
		_, err := w.Ask(ctx, access.NewScope(21, access.Enterprise, nil, []int64{w.firms[1]}), a, []string{phone}, "已离职")
		w.refused("another firm", err, errs.KindNotFound, "")
		_, err = w.Ask(ctx, firm, a, []string{"ent.revenue"}, "已离职了")
		w.refused("what is not personal", err, errs.KindInvalid, "retention.ask_other")
		_, err = w.Ask(ctx, firm, a, nil, "已离职了")
		w.refused("nothing", err, errs.KindInvalid, "retention.ask_nothing")
		req, err := w.Ask(ctx, firm, a, []string{phone, phone}, "联系人已离职")
		w.must(err)
		city, second := official(3, "320902", "320904"), official(4, "320902", "320904")
		list, err := w.Requests(ctx, city)
		w.must(err)
		if len(list) != 1 || !slices.Equal(list[0].Facts, []string{phone}) {
			t.Fatalf("requests: %+v", list)
		}
		_, err = w.Answer(ctx, official(3, "320904"), req.ID, true, "同意删除")
		w.refused("an official elsewhere", err, errs.KindNotFound, "")
		granted, err := w.Answer(ctx, city, req.ID, true, "同意删除")
		w.must(err)
		_, err = w.Answer(ctx, city, req.ID, false, "再答一次")
		w.refused("answered twice", err, errs.KindConflict, "retention.answered")
		_, err = w.Approve(ctx, city, granted.Run)
		w.refused("one person", err, errs.KindForbidden, "retention.same_person")
		_, err = w.Approve(ctx, second, granted.Run)
		w.must(err)
		if got := w.cell(a, 0); got.State != fact.Withheld || got.Status != fact.Erased {
			t.Errorf("what holds: %+v", got)
		}
		if text := w.texts(); strings.Contains(text, "11110000") || !strings.Contains(text, "22220000") {
			t.Errorf("what stands there:\n%s", text)
		}
		req, err = w.Ask(ctx, firm, a, []string{phone}, "再删一次")
		w.must(err)
		_, err = w.Answer(ctx, city, req.ID, true, "同意删除")
		w.refused("nothing is left", err, errs.KindConflict, "retention.nothing_to_grant")
		no, err := w.Answer(ctx, city, req.ID, false, "已经删除，没有可删的")
		w.must(err)
		own, err := w.Of(ctx, firm, a)
		w.must(err)
		if len(own) != 2 || own[0].ID != no.ID || own[0].Granted || own[0].Answer == "" {
			t.Errorf("what the firm reads: %+v", own)
		}
		w.whole()
	})
}

// Readings, messages and drafts of before go in one, those since stay.
func TestBulk(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		post := func(text string) {
			t.Helper()
			w.must(db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				return notice.Post(ctx, tx, notice.Message{Kind: notice.System, To: notice.ToParty(w.firms[0]), Title: i18n.M(text), Body: i18n.M(text), At: w.Clock.Millis()})
			}))
			w.exec(`UPDATE notice SET handed_at = 1`)
			w.exec(`INSERT INTO consent_reading (id, at, account_id, role, party_id, areas, facts, place, grant_id, emergency_id) VALUES ($1, $2, 1, 'auditor', $3, '', 'ent.tax_paid', '', 0, 0)`, w.today.Unix(), w.Clock.Millis(), w.firms[0])
			w.exec(`INSERT INTO form_draft (place, account_id, hash, revision, page, entry, saved_at) VALUES ($1, 1, '', 1, '', '{}', $2)`, text, w.Clock.Millis())
		}
		post("old")
		w.years(3)
		post("new")
		run, err := w.Propose(ctx, admin)
		w.must(err)
		if len(run.Lines) != 3 {
			t.Fatalf("listed: %+v", run.Lines)
		}
		_, err = w.Get(ctx, official(3, "320900"), run.ID)
		w.refused("what belongs to no area", err, errs.KindNotFound, "")
		done, err := w.Approve(ctx, admin2, run.ID)
		w.must(err)
		if done.Count(Gone) != 3 {
			t.Errorf("carried out: %+v", done.Lines)
		}
		for query, want := range map[string]int{
			`SELECT COUNT(*) FROM notice WHERE title <> ''`: 1, `SELECT COUNT(*) FROM notice`: 2, `SELECT COUNT(*) FROM consent_reading`: 1, `SELECT COUNT(*) FROM form_draft`: 1,
		} {
			var n int
			w.must(db.Read().QueryRow(ctx, query).Scan(&n))
			if n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
		w.whole()
	})
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	w.must(w.DB.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	}))
}

// After a run the bytes of a value are in no file of the database.
func TestBytesAreGone(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	file := filepath.Join(dir, "yanzhen.db")
	db, err := store.Open(ctx, "sqlite:"+file, migrations)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, db)
	const secret = "0515-77778888 演示人员七"
	stands := func() (where []string) {
		for _, name := range []string{file, file + "-wal"} {
			b, err := os.ReadFile(name)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte(secret)) {
				where = append(where, filepath.Base(name))
			}
		}
		return where
	}
	w.says(phone, map[int64]string{w.firms[0]: secret})
	w.says(phone, map[int64]string{w.firms[0]: "0515-11119999"})
	if len(stands()) == 0 {
		t.Fatal("the value is not found before it is erased: this test finds nothing")
	}
	w.years(4)
	run, err := w.Propose(ctx, admin)
	w.must(err)
	if _, err := w.Approve(ctx, admin2, run.ID); err != nil {
		t.Fatal(err)
	}
	if where := stands(); len(where) > 0 {
		t.Errorf("the value is still in %v", where)
	}
	w.must(db.Close())
	if where := stands(); len(where) > 0 {
		t.Errorf("closed, the value is still in %v", where)
	}
}

// A run is repeated on a database that was restored from before it, by what its leaf tells; of another thing under the same number nothing
// goes.
func TestAgain(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		a, b := w.firms[0], w.firms[1]
		src := w.says(phone, map[int64]string{a: "0515-11110000", b: "0515-22220000"})
		w.exec(`UPDATE source SET digest = 'guess' WHERE id = $1`, src)
		_, err := w.Again(ctx, strings.Repeat("ab", 32), []Item{{Kind: Facts, Ref: "nonsense", Count: 1}})
		if err == nil {
			t.Error("what cannot be carried out was")
		}
		items := []Item{
			{Kind: Facts, Ref: fmt.Sprintf("%d.1", src), What: phone, Subject: a, Party: a, Source: src, Count: 1},
			{Kind: Facts, Ref: fmt.Sprintf("%d.2", src), What: phone, Subject: a, Party: a, Source: src, Count: 1},
		}
		run, err := w.Again(ctx, strings.Repeat("ab", 32), items)
		w.must(err)
		if run.Count(Gone) != 1 || run.Lines[1].Outcome != Absent {
			t.Errorf("repeated: %+v", run.Lines)
		}
		if text := w.texts(); strings.Contains(text, "11110000") || !strings.Contains(text, "22220000") {
			t.Errorf("what stands there:\n%s", text)
		}
		var digest string
		w.must(db.Read().QueryRow(ctx, `SELECT digest FROM source WHERE id = $1`, src).Scan(&digest))
		if digest != "" {
			t.Error("the digest of what is erased lets it be guessed")
		}
		_, err = w.Again(ctx, strings.Repeat("ab", 32), items)
		w.refused("twice", err, errs.KindConflict, "retention.again_twice")
		w.whole()
	})
}

// What another name of a firm said held until the two became one: its term counts from then.
func TestTermAfterMerge(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w, ctx := newWorld(t, db), t.Context()
		a, b := w.firms[0], w.firms[1]
		w.says(phone, map[int64]string{a: "0515-11110000"})
		w.says(phone, map[int64]string{b: "0515-22220000"})
		w.years(4)
		v, err := w.Frames.For(ctx, access.SystemScope(), 0)
		w.must(err)
		_, err = v.Merge(ctx, party.Merging{From: a, Into: b, Reason: "one firm"})
		w.must(err)
		w.must(w.Frames.Refresh(ctx))
		_, err = w.Propose(ctx, admin)
		w.refused("just merged", err, errs.KindConflict, "retention.nothing_due")
		w.years(4)
		run, err := w.Propose(ctx, admin)
		w.must(err)
		if run.Count(Pending) != 1 || run.Lines[0].Subject != a {
			t.Errorf("listed: %+v", run.Lines)
		}
	})
}

// Whatever is stated, taken back, frozen, held and deleted in whatever order: nothing that is kept goes, all that was due and approved is
// gone, what holds is what a fresh frame finds, and the log is whole.
func TestNothingKeptGoes(t *testing.T) {
	dir, worlds := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		ctx := context.Background()
		worlds++
		db, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, fmt.Sprintf("%d.db", worlds)), migrations)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		w := newWorld(t, db)
		var live []int64
		holds := map[int64]Hold{}
		texts := map[string]string{} // by ref
		owner := map[string]int64{}
		gone := map[string]bool{}
		next := 0
		rt.Repeat(map[string]func(*rapid.T){
			"state": func(rt *rapid.T) {
				by := map[int64]string{}
				for _, f := range w.firms {
					if rapid.Bool().Draw(rt, "says") {
						next++
						by[f] = fmt.Sprintf("secret-%04d;", next)
					}
				}
				if len(by) == 0 {
					return
				}
				src := w.says(phone, by)
				live = append(live, src)
				n := 0
				for _, f := range w.firms {
					if text, ok := by[f]; ok {
						n++
						ref := fmt.Sprintf("%d.%d", src, n)
						texts[ref], owner[ref] = text, f
					}
				}
			},
			"take back": func(rt *rapid.T) {
				if len(live) == 0 {
					return
				}
				i := rapid.IntRange(0, len(live)-1).Draw(rt, "source")
				_, err := w.sources.Retract(ctx, access.SystemScope(), live[i], "x")
				w.must(err)
				live = slices.Delete(live, i, i+1)
				w.must(w.Frames.Refresh(ctx))
			},
			"freeze": func(rt *rapid.T) {
				for _, ref := range slices.Sorted(maps.Keys(texts)) {
					if !gone[ref] && rapid.IntRange(0, 5).Draw(rt, "freeze") == 0 {
						w.frozen[ref] = true
					}
				}
			},
			"hold": func(rt *rapid.T) {
				f := rapid.SampledFrom(w.firms).Draw(rt, "firm")
				if h, ok := holds[f]; ok {
					w.must(w.EndHold(ctx, admin, h.ID, "解除保留"))
					delete(holds, f)
					return
				}
				h, err := w.Hold(ctx, admin, f, "要求保留")
				w.must(err)
				holds[f] = h
			},
			"years": func(rt *rapid.T) { w.years(rapid.IntRange(0, 3).Draw(rt, "years")) },
			"delete": func(rt *rapid.T) {
				run, err := w.Propose(ctx, admin)
				if errs.KindOf(err) == errs.KindConflict {
					return
				}
				w.must(err)
				done, err := w.Approve(ctx, admin2, run.ID)
				w.must(err)
				for _, l := range done.Lines {
					_, held := holds[owner[l.Ref]]
					switch {
					case l.Outcome == Gone && (held || w.frozen[l.Ref]):
						rt.Errorf("%s is gone and was kept", l.Ref)
					case l.Outcome == Kept && !held && !w.frozen[l.Ref]:
						rt.Errorf("%s is kept for nothing: %s", l.Ref, l.Why.Key)
					}
					gone[l.Ref] = gone[l.Ref] || l.Outcome == Gone
				}
			},
			"": func(rt *rapid.T) {
				all := w.texts()
				for ref, text := range texts {
					if strings.Contains(all, text) == gone[ref] {
						rt.Errorf("%s: %s gone %t, and stands there %t", ref, text, gone[ref], !gone[ref])
					}
				}
				fresh, err := fact.Open(ctx, w.facts, party.NewStore(db, w.sources), w.Clock)
				w.must(err)
				v, err := fresh.For(ctx, access.SystemScope(), 0)
				w.must(err)
				for _, f := range w.firms {
					if want, got := v.Value(f, phone, period.Period{}), w.cell(f, 0); want != got {
						rt.Errorf("of %d holds %+v, anew %+v", f, got, want)
					}
				}
			},
		})
		w.whole()
	})
}
