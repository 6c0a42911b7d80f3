package casework

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

// shipping is the database's schema, with a table for the effects of the tests.
var shipping = []store.Migrations{audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, notice.Migrations, Migrations, {Package: "trial", FS: os.DirFS("testdata/trial")}}

// world is the stores over one database, wired as in the product.
type world struct {
	*Store
	parties *party.Store
	now     time.Time
	firms   []int64
	area    int64 // the subject of the city
}

// trialBank is the party that trial.refer refers a case to.
const trialBank = 7_000_000

// Names of areas and accounts in the tests: 2x officials, 3x experts, 4x departments, 5x finance, 1x enterprises.
const (
	tinghu = "320902"
	dafeng = "320904"
)

var (
	firm = func(w *world, i int) access.Scope {
		return access.NewScope(10+int64(i), access.Enterprise, nil, w.firms[i:i+1])
	}
	county  = access.NewScope(20, access.CountyOfficial, []string{tinghu}, nil)
	other   = access.NewScope(21, access.CountyOfficial, []string{dafeng}, nil)
	city    = access.NewScope(22, access.CityOfficial, []string{"320900", tinghu, dafeng}, nil)
	city2   = access.NewScope(23, access.CityOfficial, []string{"320900", tinghu, dafeng}, nil)
	finance = access.NewScope(50, access.Finance, []string{"320900", tinghu, dafeng}, nil)
	tax     = access.NewScope(40, access.TaxBureau, []string{tinghu, dafeng}, nil)
	safety  = access.NewScope(41, access.SafetyBureau, []string{tinghu, dafeng}, nil)
	environ = access.NewScope(42, access.EnvironmentBureau, []string{tinghu, dafeng}, nil)
	expert  = func(id int64) access.Scope {
		return access.NewScope(id, access.Expert, []string{"320900", tinghu, dafeng}, nil)
	}
)

func newWorld(t testing.TB, db *store.DB, files ...string) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	w := &world{now: time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)}
	tick := clock.Clock(func() time.Time { return w.now })
	sources := source.New(db, tick)
	w.parties = party.NewStore(db, sources)
	facts := fact.NewStore(db, sources, lib)
	frames, err := fact.Open(t.Context(), facts, w.parties, tick)
	must(t, err)
	blobs, err := blob.Open(t.TempDir())
	must(t, err)
	effects := NewRegistry()
	trialEffects(effects)
	d := Deps{
		DB: db, Sources: sources, Parties: w.parties, Facts: facts, Frames: frames, Library: lib, Clock: tick, Subjects: subjects{lib}, Effects: effects,
		Blobs: blobs, Forms: claimForm{}, Sniff: trialSniff,
	}
	var read []*Workflow
	for _, file := range append([]string{"apply", "batch", "item"}, files...) {
		read = append(read, mustParse(t, d, file))
	}
	var problems content.Problems
	if d.Set, problems = Gather(read...); len(problems) > 0 {
		t.Fatal(problems)
	}
	w.Store = Open(d)
	w.firms = w.newFirms(t, tinghu, tinghu, dafeng)
	w.area = w.newArea(t)
	return w
}

func mustParse(t testing.TB, d Deps, file string) *Workflow {
	t.Helper()
	src, err := os.ReadFile("testdata/" + file + ".yaml")
	must(t, err)
	got, problems, err := Parse(t.Context(), Reading{Library: d.Library, Effects: d.Effects, Forms: d.Forms}, file+".yaml", src)
	must(t, err)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return got
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	storetest.Each(t, shipping, func(t *testing.T, db *store.DB) { test(t, newWorld(t, db)) })
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

// wantErr wants a kind of error with a message.
func wantErr(t tester, what string, err error, kind errs.Kind, key string) {
	t.Helper()
	msg, _ := errs.Message(err)
	if err == nil || errs.KindOf(err) != kind || msg.Key != key {
		t.Errorf("%s: %v (%s), want kind %d %s", what, err, msg.Key, kind, key)
	}
}

// newFirms makes enterprises with a revenue of 10 million yuan in 2023, each in an area.
func (w *world) newFirms(t testing.TB, areas ...string) (firms []int64) {
	t.Helper()
	ctx := t.Context()
	src, err := w.Sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "企业.xlsx", Area: "320900"})
	must(t, err)
	err = w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var subs []party.NewSubject
		for i := range areas {
			subs = append(subs, party.NewSubject{Kind: content.Enterprise, Key: fmt.Sprintf("firm %d %d", src, i)})
		}
		var err error
		if firms, err = w.parties.Ensure(ctx, tx, src, subs); err != nil {
			return err
		}
		var names []party.Name
		var members []party.Membership
		for i, id := range firms {
			names = append(names, party.Name{Subject: id, Name: fmt.Sprintf("测试第%d厂", i)})
			members = append(members, party.Membership{Subject: id, Tree: party.TreeArea, Node: areas[i]})
		}
		if err := w.parties.AppendNames(ctx, tx, src, names); err != nil {
			return err
		}
		return w.parties.AppendMemberships(ctx, tx, src, members)
	})
	must(t, err)
	_, err = w.Sources.Publish(ctx, src, nil)
	must(t, err)
	for _, id := range firms {
		w.say(t, id, 10_000_000)
	}
	return firms
}

// newArea makes the city a subject.
func (w *world) newArea(t testing.TB) (id int64) {
	t.Helper()
	ctx := t.Context()
	src, err := w.Sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "区域.xlsx", Area: "320900"})
	must(t, err)
	err = w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := w.parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Area, Key: "320900"}})
		if err == nil {
			id = ids[0]
		}
		return err
	})
	must(t, err)
	_, err = w.Sources.Publish(ctx, src, nil)
	must(t, err)
	must(t, w.Frames.Refresh(ctx))
	return id
}

// say has the tax office state a revenue, in yuan, under a source of its own.
func (w *world) say(t testing.TB, firm, revenue int64) (src int64) {
	t.Helper()
	ctx := t.Context()
	src, err := w.Sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "tax", Name: "税务.xlsx", Area: "320900"})
	must(t, err)
	must(t, w.Facts.Append(ctx, src, []fact.Statement{{
		Subject: firm, Def: "ent.revenue", Period: period.OfYear(2024), State: fact.Present, Value: fact.Value{Num: revenue * 100}, Place: "Sheet1!A1",
	}}))
	_, err = w.Sources.Publish(ctx, src, nil)
	must(t, err)
	must(t, w.Frames.Refresh(ctx))
	return src
}

// open opens a case of the first enterprise.
func (w *world) open(t testing.TB) Case {
	t.Helper()
	c, err := w.New(t.Context(), firm(w, 0), NewCase{Workflow: "apply", Title: "测试", Subject: w.firms[0]})
	must(t, err)
	return c
}

// told is how many messages of a kind wait to be sent.
func (w *world) told(t testing.TB, kind notice.Kind) (n int) {
	t.Helper()
	must(t, w.DB.Read().QueryRow(t.Context(), `SELECT COUNT(*) FROM notice WHERE kind = $1`, string(kind)).Scan(&n))
	return n
}

// claim is an entry of the form of the tests.
func claim(yuan int64, invoices ...string) []byte {
	b, err := json.Marshal(map[string]any{"amount": yuan, "invoices": invoices})
	if err != nil {
		panic(err)
	}
	return b
}

// does takes actions one after another.
func (w *world) does(t testing.TB, id int64, acts ...doing) {
	t.Helper()
	for _, a := range acts {
		act := Act{Case: id, Action: a.action, Reason: a.reason}
		if a.action == "submit" {
			act.Entry = claim(1000, "FP 001")
		}
		if _, err := w.Act(t.Context(), a.by, act); err != nil {
			t.Fatalf("%s: %v", a.action, err)
		}
	}
}

type doing struct {
	by             access.Scope
	action, reason string
}

// toApproval is what leads an application to the city's desk.
func (w *world) toApproval() []doing {
	return []doing{
		{firm(w, 0), "submit", ""},
		{county, "accept", ""},
		{tax, "agree", ""},
		{safety, "agree", ""},
		{environ, "agree", ""},
		{expert(31), "support", ""},
		{expert(33), "support", ""},
	}
}

// trialEffects are the effects of the tests: what a capability would register.
func trialEffects(r *Registry) {
	type accounts struct {
		Accounts []int64 `yaml:"accounts"`
	}
	type pay struct {
		Line string `yaml:"line"`
	}
	Register(r, "trial.experts", func(ctx context.Context, _ *store.Tx, at *Moment, args accounts) error {
		for _, a := range args.Accounts {
			if err := at.Assign(ctx, a, access.Expert); err != nil {
				return err
			}
		}
		return nil
	})
	Register(r, "trial.count", func(context.Context, *store.Tx, *Moment, struct{}) error { return nil })
	Register(r, "trial.fact", func(ctx context.Context, _ *store.Tx, at *Moment, _ struct{}) error {
		honours, err := at.Mention(ctx, party.NewSubject{Kind: content.Honour, Parent: at.Case().Subject, Key: "trial"})
		if err != nil {
			return err
		}
		return at.State(ctx, fact.Statement{
			Subject: honours[0], Def: "honour.title", State: fact.Present, Value: fact.Value{Text: "digital_scene"},
		}, fact.Statement{
			Subject: at.Case().Subject, Def: "ent.contact_person", State: fact.Present, Value: fact.Value{Text: "演示人员 01"}, Shown: "演示人员 01",
		})
	})
	Register(r, "trial.join", func(ctx context.Context, _ *store.Tx, at *Moment, _ struct{}) error {
		batch, err := strconv.ParseInt(at.Event().Reason, 10, 64)
		if err != nil {
			return err
		}
		return at.Join(ctx, batch)
	})
	Register(r, "trial.leave", func(ctx context.Context, _ *store.Tx, at *Moment, _ struct{}) error { return at.Leave(ctx) })
	Register(r, "trial.refer", func(_ context.Context, _ *store.Tx, at *Moment, _ struct{}) error {
		at.Refer(trialBank)
		return nil
	})
	Register(r, "trial.pay", func(ctx context.Context, tx *store.Tx, at *Moment, args pay) error {
		granted := at.Case().Data["granted"].Fen()
		if granted > 1_000_000*money.Yuan {
			return at.Refuse(i18n.M("casework.name", i18n.Text{ZH: "预算不足", EN: "no budget left"}))
		}
		_, err := tx.Exec(ctx, `INSERT INTO trial_entry (event, line, fen) VALUES ($1, $2, $3)`, at.Event().ID, args.Line, int64(granted))
		return err
	})
}

func trialSniff(r io.ReaderAt, size int64) (string, error) {
	b := make([]byte, min(size, 4))
	if _, err := r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if string(b) == "%PDF" {
		return "pdf", nil
	}
	return "", nil
}

// claimForm asks for an amount in yuan and invoices.
type claimForm struct{}

func (claimForm) InUse(code string) (string, bool) { return "claim-1", code == "claim" }

func (claimForm) Pin(context.Context, *store.Tx, string) error { return nil }

func (claimForm) Given(context.Context, string) (map[string]rule.Given, error) {
	return map[string]rule.Given{"answer.amount": {Type: rule.MoneyType, Name: i18n.Text{ZH: "金额", EN: "Amount"}}}, nil
}

func (claimForm) Check(_ context.Context, _ string, q Asked) (Answers, error) {
	var in struct {
		Amount   int64    `json:"amount"`
		Invoices []string `json:"invoices"`
	}
	if err := json.Unmarshal(q.Entry, &in); err != nil {
		return Answers{}, errs.Invalid(i18n.M("casework.name", "no form"))
	}
	return Answers{
		Kept: q.Entry,
		Given: func(id string) rule.Answer {
			return rule.Answer{Value: rule.Money(money.Fen(in.Amount) * money.Yuan), State: rule.Present}
		},
		Texts: func(path string) []string { return in.Invoices },
	}, nil
}

// subjects reads enterprises for expressions.
type subjects struct{ lib *content.Library }

func (s subjects) Subject(v fact.View, id int64) (rule.Subject, bool) {
	e, ok := v.Enterprise(id)
	return enterprise{v, e}, ok
}

type enterprise struct {
	view fact.View
	firm party.Enterprise
}

func (e enterprise) Kind() string                   { return content.Enterprise }
func (e enterprise) ID() string                     { return strconv.FormatInt(e.firm.ID, 10) }
func (e enterprise) Name() string                   { return e.firm.Name }
func (e enterprise) Parent() rule.Subject           { return nil }
func (e enterprise) Children(string) []rule.Subject { return nil }

func (e enterprise) Fact(def content.FactDef, p period.Period, _ period.Day) (rule.Value, rule.State) {
	c := e.view.Value(e.firm.ID, def.Code, p)
	if !c.Known {
		return rule.Value{}, rule.Unknown
	}
	return rule.FactValue(def.Type, c.Value.Num, c.Value.Text), rule.Present
}
