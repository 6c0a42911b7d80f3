package version

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var (
	ctx        = context.Background()
	migrations = []store.Migrations{audit.Migrations, source.Migrations, Migrations}
	library    = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })
)

const document = "yancheng-2022-6"

// house is a store over an empty database with one policy that ships, at a clock that the test moves.
type house struct {
	t   *testing.T
	db  *store.DB
	lib *content.Library
	now time.Time
	*Store
}

func newHouse(t *testing.T, db *store.DB, ships ...Package) *house {
	t.Helper()
	lib, err := library()
	must(t, err)
	h := &house{t: t, db: db, lib: lib, now: time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)}
	h.open(ships...)
	return h
}

// open is a start of the program.
func (h *house) open(ships ...Package) {
	h.t.Helper()
	now := clock.Clock(func() time.Time { return h.now })
	s, err := Open(ctx, Deps{
		DB: h.db, Sources: source.New(h.db, now), Library: h.lib, Clock: now, Report: func(err error) { h.t.Error(err) },
	}, ships)
	must(h.t, err)
	h.Store = s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ships(t *testing.T) Package {
	t.Helper()
	p, err := FromFS(os.DirFS("../../../content/policies/yancheng/2022-6"))
	must(t, err)
	return p
}

// with is the package with a piece of its policy.yaml replaced.
func with(t *testing.T, p Package, old, replacement string) Package {
	t.Helper()
	if !strings.Contains(string(p.Policy), old) {
		t.Fatalf("the policy has no %q", old)
	}
	p.Policy = []byte(strings.Replace(string(p.Policy), old, replacement, 1))
	return p
}

// named is the package under another name of the document, which changes no case.
func named(t *testing.T, p Package, name string) Package {
	return with(t, p, "zh: 盐城市智改数转支持政策（2022—2024）", "zh: "+name)
}

func (h *house) official(account int64, role access.Role, area string) access.Scope {
	return access.NewScope(account, role, h.lib.Areas().Below(area), nil)
}

func (h *house) city(account int64) access.Scope {
	return h.official(account, access.CityOfficial, "320900")
}

func (h *house) draft(by access.Scope, p Package) Version {
	h.t.Helper()
	v, err := h.New(ctx, by, p)
	must(h.t, err)
	return v
}

func (h *house) propose(by access.Scope, v Version) Version {
	h.t.Helper()
	must(h.t, h.Propose(ctx, by, Step{ID: v.ID, Revision: v.Revision, Reason: "更正"}))
	return h.get(v.ID)
}

func (h *house) get(id int64) Version {
	h.t.Helper()
	v, err := h.Get(ctx, access.SystemScope(), id)
	must(h.t, err)
	return v
}

func (h *house) inForce(seq int64) InForce {
	h.t.Helper()
	all, err := h.At(ctx, seq)
	must(h.t, err)
	if len(all) != 1 {
		h.t.Fatalf("%d policies are in force", len(all))
	}
	return all[0]
}

func (h *house) putInForce(p Package, instead int64) (Version, int64) {
	h.t.Helper()
	v := h.propose(h.city(1), h.draft(h.city(1), p))
	seq, err := h.Approve(ctx, h.city(2), Approval{Step: Step{ID: v.ID, Revision: v.Revision, Reason: "同意"}, Instead: instead})
	must(h.t, err)
	return h.get(v.ID), seq
}

func kinds(v Version) string {
	var all []string
	for _, e := range v.Events {
		all = append(all, string(e.Kind))
	}
	return strings.Join(all, " ")
}

// A rule goes into force by two persons, from a commit on, and the old one answers for the time before.
func TestIntoForce(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db, ships(t))
		first := h.inForce(0)
		if !first.Ships || kinds(first.Version) != "shipped" {
			t.Fatalf("at first: %+v", first.Version)
		}
		v, seq := h.putInForce(named(t, ships(t), "新名称"), first.ID)
		if kinds(v) != "drafted proposed approved" || v.State != Live {
			t.Errorf("what happened: %s, %s", kinds(v), v.State)
		}
		if e, _ := v.Since(); e.Actor != 2 || e.Reason != "同意" || e.Seq != seq || e.At != h.now.UnixMilli() || e.Hash != v.Hash {
			t.Errorf("the approval: %+v", e)
		}
		if got := h.inForce(seq).Policy.File.Document.Name.ZH; got != "新名称" {
			t.Errorf("in force at %d: %s", seq, got)
		}
		if got := h.inForce(seq - 1); got.ID != first.ID {
			t.Errorf("in force before: %d", got.ID)
		}
		all, err := h.Of(ctx, document, seq)
		must(t, err)
		if len(all) != 2 || all[0].ID != v.ID || all[1].ID != first.ID {
			t.Errorf("versions: %+v", all)
		}
		if by, ok, err := h.ByCommit(ctx, seq); err != nil || !ok || by.ID != v.ID {
			t.Errorf("by commit: %+v %v %v", by, ok, err)
		}
		h.open(ships(t)) // a later start records nothing twice
		if got := h.inForce(source.Newest); got.ID != v.ID {
			t.Errorf("after a start: %d", got.ID)
		}
	})
}

func TestTwoPersons(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, migrations), ships(t))
	author, other := h.city(1), h.city(2)
	v := h.draft(author, named(t, ships(t), "甲"))
	must(t, h.Edit(ctx, h.city(3), v.ID, v.Revision, named(t, ships(t), "乙")))
	v = h.propose(author, h.get(v.ID))
	approve := func(by access.Scope) error {
		_, err := h.Approve(ctx, by, Approval{Step: Step{ID: v.ID, Revision: v.Revision, Reason: "同意"}, Instead: h.inForce(0).ID})
		return err
	}
	for account, why := range map[int64]string{1: "proposed it", 3: "wrote a part of it"} {
		if err := approve(h.city(account)); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("who %s approves: %v", why, err)
		}
		if err := h.Reject(ctx, h.city(account), Step{ID: v.ID, Revision: v.Revision, Reason: "不"}); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("who %s rejects: %v", why, err)
		}
	}
	if err := h.Reject(ctx, other, Step{ID: v.ID, Revision: v.Revision, Reason: "  "}); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("rejected without a reason: %v", err)
	}
	must(t, h.Reject(ctx, other, Step{ID: v.ID, Revision: v.Revision, Reason: "门槛写错了"}))
	v = h.get(v.ID)
	if e, ok := v.Rejection(); !ok || e.Reason != "门槛写错了" || e.Actor != 2 || v.State != Draft {
		t.Errorf("rejection: %+v", v)
	}
	if err := approve(other); errs.KindOf(err) != errs.KindConflict {
		t.Errorf("a draft is approved: %v", err)
	}
	v = h.propose(author, v)
	must(t, approve(other))
	if err := approve(other); errs.KindOf(err) != errs.KindConflict {
		t.Errorf("approved twice: %v", err)
	}
}

// Who may do what goes by the areas of the document.
func TestAreas(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, migrations), ships(t))
	for name, by := range map[string]access.Scope{
		"county":     h.official(5, access.CountyOfficial, "320904"),
		"other city": h.official(6, access.CityOfficial, "320500"),
		"auditor":    h.official(7, access.Auditor, "320900"),
		"enterprise": access.NewScope(8, access.Enterprise, nil, []int64{3}),
		"nobody":     {},
	} {
		if _, err := h.New(ctx, by, named(t, ships(t), name)); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("%s drafts: %v", name, err)
		}
	}
	// A county may write for itself, but not take the city's document for its own.
	county := h.official(5, access.CountyOfficial, "320904")
	own := with(t, ships(t), `in: ["320902", "320903", "320904", "zone:320971", "zone:yancheng-yannan"]`, `in: ["320904"]`)
	own = with(t, own, `in: ["320921", "320922", "320923", "320924", "320925", "320981"]`, `in: ["320904"]`)
	if _, err := h.New(ctx, county, own); errs.KindOf(err) != errs.KindForbidden {
		t.Errorf("a county drafts the city's document: %v", err)
	}
	v, err := h.New(ctx, county, with(t, own, "id: yancheng-2022-6\n", "id: dafeng-1\n"))
	must(t, err)
	seen := map[string]bool{}
	for name, by := range map[string]access.Scope{
		"county": county, "city": h.city(1), "auditor": h.official(7, access.Auditor, "320900"),
		"admin": access.NewScope(9, access.Administrator, nil, nil), "other county": h.official(6, access.CountyOfficial, "320903"), "nobody": {},
	} {
		_, err := h.Get(ctx, by, v.ID)
		list, listErr := h.Drafts(ctx, by)
		must(t, listErr)
		if (err == nil) != (len(list) == 1) {
			t.Errorf("%s: get %v, list %d", name, err, len(list))
		}
		seen[name] = err == nil
	}
	want := map[string]bool{"county": true, "city": true, "auditor": true, "admin": true, "other county": false, "nobody": false}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("who sees the draft (-want +got):\n%s", diff)
	}
}

// Mistakes stay in the draft: it can be kept with them and not proposed.
func TestMistakes(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, migrations), ships(t))
	good := ships(t)
	noCases := good
	noCases.Cases = nil
	wrongCase := good
	wrongCase.Cases = []byte(strings.Replace(string(good.Cases), "total: ", "total: 9", 1))
	for name, p := range map[string]Package{
		"problem": with(t, good, "status: live", "status: perhaps"), "no cases": noCases, "wrong case": wrongCase,
	} {
		v := h.draft(h.city(1), p)
		err := h.Propose(ctx, h.city(1), Step{ID: v.ID, Revision: v.Revision, Reason: "x"})
		if errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s is proposed: %v", name, err)
		}
	}
	v := h.draft(h.city(1), good)
	must(t, h.Edit(ctx, h.city(1), v.ID, v.Revision, Package{Policy: []byte("document: [")}))
	if err := h.Edit(ctx, h.city(1), v.ID, v.Revision, good); errs.KindOf(err) != errs.KindConflict {
		t.Errorf("an old revision is edited: %v", err)
	}
	if err := h.Edit(ctx, h.city(1), v.ID, v.Revision+1, with(t, good, "id: yancheng-2022-6\n", "id: other\n")); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("the draft becomes another document: %v", err)
	}
	if _, err := h.New(ctx, h.city(1), Package{Policy: []byte("clauses: []\n")}); err == nil {
		t.Error("a draft of no document is kept")
	}
}

// A version in force never changes: no act touches it, and bytes changed in the database are refused.
func TestInForceNeverChanges(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, migrations), ships(t))
	v, _ := h.putInForce(named(t, ships(t), "甲"), h.inForce(0).ID)
	before, err := h.Package(ctx, v)
	must(t, err)
	st := Step{ID: v.ID, Revision: v.Revision, Reason: "x"}
	for name, act := range map[string]func() error{
		"edit":    func() error { return h.Edit(ctx, h.city(1), v.ID, v.Revision, named(t, ships(t), "乙")) },
		"propose": func() error { return h.Propose(ctx, h.city(1), st) },
		"reject":  func() error { return h.Reject(ctx, h.city(2), st) },
		"drop":    func() error { return h.Drop(ctx, h.city(1), st) },
	} {
		if err := act(); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	after := h.get(v.ID)
	if diff := cmp.Diff(v, after); diff != "" {
		t.Errorf("it changed (-was +is):\n%s", diff)
	}
	if p, err := h.Package(ctx, after); err != nil || p.Hash() != before.Hash() || p.Hash() != v.Hash {
		t.Errorf("its package changed: %v", err)
	}
	must(t, h.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE policy_package SET policy = policy || ' ' WHERE hash = $1`, v.Hash)
		return err
	}))
	if _, err := h.Package(ctx, v); err == nil {
		t.Error("bytes that were changed in the database are taken")
	}
	h.open()
	if _, err := h.At(ctx, source.Newest); err == nil {
		t.Error("a policy that was changed in the database is in force")
	}
}

func TestEnd(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, migrations), ships(t))
	v := h.inForce(0)
	whole := v.Policy
	if _, err := h.End(ctx, h.official(5, access.CountyOfficial, "320904"), Ending{Step: Step{ID: v.ID, Revision: v.Revision, Reason: "x"}}); errs.KindOf(err) != errs.KindForbidden {
		t.Errorf("a county ends the city's policy: %v", err)
	}
	seq, err := h.End(ctx, h.city(1), Ending{Step: Step{ID: v.ID, Revision: v.Revision, Reason: "市政府废止"}, From: period.Date(2024, 7, 1)})
	must(t, err)
	ended := h.inForce(seq)
	if to := ended.Policy.File.Document.Valid.To; to == nil || to.String() != "2024-06-30" {
		t.Errorf("valid to %v", to)
	}
	plans := map[string]bool{}
	for _, p := range []InForce{ended, {Policy: whole}} {
		plan, err := p.Policy.Plan(nil)
		must(t, err)
		plans[plan.Hash] = true
	}
	if len(plans) != 2 {
		t.Error("the ended policy has the hash of the whole one")
	}
	if to := h.inForce(seq - 1).Policy.File.Document.Valid.To; to.String() != "2024-12-31" {
		t.Errorf("before it was known: %v", to)
	}
	// What ships later no longer takes its place by itself: a person ended it.
	h.open(named(t, ships(t), "新版"))
	if got := h.inForce(source.Newest); got.ID != v.ID {
		t.Error("a shipped version replaces one that a person ended")
	}
	if drafts, err := h.Drafts(ctx, h.city(1)); err != nil || len(drafts) != 1 || !drafts[0].Ships {
		t.Errorf("it is offered as a draft: %+v, %v", drafts, err)
	}
}

// A newer program brings newer wordings: they follow those that shipped, and leave alone what people put in force.
func TestShipsAgain(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, migrations), ships(t))
	first := h.inForce(0)
	h.open(named(t, ships(t), "第二版"))
	seq, err := h.db.Seq(ctx)
	must(t, err)
	second := h.inForce(seq)
	if second.ID == first.ID || h.inForce(seq-1).ID != first.ID || second.Policy.File.Document.Name.ZH != "第二版" {
		t.Errorf("after the second: %+v", second.Version)
	}
	mine, seq := h.putInForce(named(t, ships(t), "本市修订"), second.ID)
	h.open(named(t, ships(t), "第三版"))
	h.open(named(t, ships(t), "第三版"))
	if got := h.inForce(source.Newest); got.ID != mine.ID || h.inForce(seq).ID != mine.ID {
		t.Errorf("the third takes the place of %d", mine.ID)
	}
	if drafts, err := h.Drafts(ctx, h.city(1)); err != nil || len(drafts) != 1 {
		t.Errorf("%d drafts, %v", len(drafts), err)
	}
}

// Two approvals at once: one of them was compared with what is no longer in force.
func TestApprovalsRace(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db, ships(t))
		instead := h.inForce(0).ID
		var proposals []Version
		for _, name := range []string{"甲", "乙", "丙"} {
			proposals = append(proposals, h.propose(h.city(1), h.draft(h.city(1), named(t, ships(t), name))))
		}
		var wg sync.WaitGroup
		errors := make([]error, len(proposals))
		for i, v := range proposals {
			wg.Go(func() {
				_, errors[i] = h.Approve(ctx, h.city(2), Approval{Step: Step{ID: v.ID, Revision: v.Revision, Reason: "同意"}, Instead: instead})
			})
		}
		wg.Wait()
		done := 0
		for _, err := range errors {
			switch {
			case err == nil:
				done++
			case errs.KindOf(err) != errs.KindConflict:
				t.Error(err)
			}
		}
		if done != 1 {
			t.Errorf("%d approvals went through", done)
		}
	})
}
