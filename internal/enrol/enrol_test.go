package enrol

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// world is a city with firms in two counties, and a service over it.
type world struct {
	t     *testing.T
	acc   *access.Store
	deps  Deps
	serve *Service
}

var now = clock.Fixed(time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing))

func each(t *testing.T, firms int, test func(t *testing.T, w *world)) {
	migrations := []store.Migrations{audit.Migrations, access.Migrations, source.Migrations, party.Migrations, fact.Migrations, Migrations}
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		lib, err := content.Load(contentdata.FS)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, acc: access.New(db, now, now, access.Cost{MemoryKiB: 64, Passes: 1, Threads: 1})}
		sources := source.New(db, now)
		parties := party.NewStore(db, sources)
		stage(t, db, sources, parties, firms)
		frames, err := fact.Open(t.Context(), fact.NewStore(db, sources, lib), parties, now)
		if err != nil {
			t.Fatal(err)
		}
		w.deps = Deps{DB: db, Access: w.acc, Library: lib, Frames: frames, Clock: now, Report: func(err error) { t.Error(err) }}
		w.start()
		test(t, w)
	})
}

func (w *world) start() {
	s, err := Start(w.t.Context(), w.deps, true)
	if err != nil {
		w.t.Fatal(err)
	}
	w.serve = s
	w.t.Cleanup(s.Close)
}

// stage makes firms, every third of them in 大丰区, the others in 亭湖区.
func stage(t *testing.T, db *store.DB, sources *source.Store, parties *party.Store, n int) {
	t.Helper()
	id, err := sources.Begin(t.Context(), access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "firms.csv", Area: "320900"})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		var subs []party.NewSubject
		for i := range n {
			subs = append(subs, party.NewSubject{Kind: content.Enterprise, Key: fmt.Sprintf("firm%d@", i)})
		}
		ids, err := parties.Ensure(ctx, tx, id, subs)
		if err != nil {
			return err
		}
		var names []party.Name
		var places []party.Membership
		for i, firm := range ids {
			area := "320902"
			if i%3 == 2 {
				area = "320904"
			}
			names = append(names, party.Name{Subject: firm, Name: fmt.Sprintf("第%d机械有限公司", i), Place: "x"})
			places = append(places, party.Membership{Subject: firm, Tree: party.TreeArea, Node: area, Place: "x"})
		}
		return errors.Join(parties.AppendNames(ctx, tx, id, names), parties.AppendMemberships(ctx, tx, id, places))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sources.Publish(t.Context(), id, func(context.Context, *store.Tx, int64) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

// official is an account of a county and its scope.
func (w *world) official(login, area string) access.Scope {
	w.t.Helper()
	a, err := w.acc.Create(w.t.Context(), access.SystemScope(), access.NewAccount{
		Login: login, Name: "经办", Password: "four geese over the marsh", Grants: []access.Grant{{Role: access.CountyOfficial, Area: area}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return access.NewScope(a.ID, access.CountyOfficial, w.deps.Library.Areas().Below(area), nil)
}

func (w *world) wait(scope access.Scope, id int64) Batch {
	w.t.Helper()
	for {
		b, err := w.serve.Batch(w.t.Context(), scope, id)
		if err != nil {
			w.t.Fatal(err)
		}
		if b.State != Running {
			return b
		}
	}
}

func TestThousandsAtOnce(t *testing.T) {
	const firms = 1500
	each(t, firms, func(t *testing.T, w *world) {
		ctx := t.Context()
		tinghu, dafeng := w.official("tinghu", "320902"), w.official("dafeng", "320904")
		b, err := w.serve.Order(ctx, tinghu, Choice{Area: "320902"})
		if err != nil || b.Total() != 1000 {
			t.Fatalf("ordered %+v, %v", b, err)
		}
		_, err = w.serve.Order(ctx, tinghu, Choice{Area: "320904"})
		if errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("another county's: %v", err)
		}
		b = w.wait(tinghu, b.ID)
		if b.State != Done || b.Count[Made] != 1000 || b.ToPrint != 1000 {
			t.Errorf("made %+v", b)
		}
		if _, err := w.serve.Batch(ctx, dafeng, b.ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another county sees the batch: %v", err)
		}
		letters, err := w.serve.Letters(ctx, tinghu, b.ID, false)
		if err != nil || len(letters) != 1000 {
			t.Fatalf("%d letters, %v", len(letters), err)
		}
		seen := map[string]bool{}
		for _, l := range letters {
			if seen[l.Text] || l.Firm.Name == "" || l.Name != l.Firm.Name {
				t.Fatalf("letter %+v", l)
			}
			seen[l.Text] = true
		}
		if _, err := w.acc.Activate(ctx, letters[7].Login, letters[7].Text, "four geese over the marsh", ""); err != nil {
			t.Error(err)
		}
		if again, err := w.serve.Letters(ctx, tinghu, b.ID, false); err != nil || len(again) != 0 {
			t.Errorf("%d letters were not printed, %v", len(again), err)
		}
		if again, err := w.serve.Letters(ctx, tinghu, b.ID, true); err != nil || len(again) != 999 {
			t.Errorf("%d letters wait, %v", len(again), err)
		}
		_, err = w.serve.Order(ctx, tinghu, Choice{Area: "320902"})
		if msg, _ := errs.Message(err); msg.Key != "enrol.nobody" {
			t.Errorf("once more: %v", err)
		}
	})
}

// What a stop or a crash leaves unfinished goes on, and no firm gets two accounts.
func TestGoesOn(t *testing.T) {
	each(t, 1500, func(t *testing.T, w *world) {
		scope := w.official("tinghu", "320902")
		b, err := w.serve.Order(t.Context(), scope, Choice{Area: "320902"})
		if err != nil {
			t.Fatal(err)
		}
		w.serve.Close() // somewhere in between
		w.start()
		if b = w.wait(scope, b.ID); b.State != Done || b.Count[Made] != 1000 {
			t.Errorf("after a restart: %+v", b)
		}
		have, err := w.acc.Enrolled(t.Context())
		if err != nil || len(have) != 1000 {
			t.Errorf("%d accounts, %v", len(have), err)
		}
		if err := w.serve.Cancel(t.Context(), scope, b.ID); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("cancel what is done: %v", err)
		}
	})
}

func TestList(t *testing.T) {
	each(t, 9, func(t *testing.T, w *world) {
		scope := w.official("tinghu", "320902")
		list := "名单,,\n企业名称,备注,\n第0机械有限公司,,\n第1机械,legal form left out,\n第2机械有限公司,in 大丰,\n没有这家,,\n第0机械有限公司,twice,\n"
		b, err := w.serve.OrderList(t.Context(), scope, Choice{Area: "320902"}, `C:\desk\名单.csv`, strings.NewReader(list))
		if err != nil {
			t.Fatal(err)
		}
		b = w.wait(scope, b.ID)
		if b.List != "名单.csv" || b.Count[Made] != 2 || b.Count[Had] != 1 || b.Count[Unknown] != 2 {
			t.Errorf("made %+v", b)
		}
		left, err := w.serve.Left(t.Context(), scope, b.ID, 10)
		if err != nil || len(left) != 3 || left[0].Party != 0 || left[0].Words != "第2机械有限公司" {
			t.Errorf("left %+v, %v", left, err)
		}
		_, err = w.serve.OrderList(t.Context(), scope, Choice{Area: "320902"}, "x.csv", strings.NewReader("谁\n都不是\n"))
		if msg, _ := errs.Message(err); msg.Key != "enrol.no_firms" {
			t.Errorf("a list of nobody: %v", err)
		}
	})
}
