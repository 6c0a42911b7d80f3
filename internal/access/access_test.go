package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/seal"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// cheap makes tests fast.
var cheap = Cost{MemoryKiB: 64, Passes: 1, Threads: 1}

const secret = "sieben Gänse im Keil"

// watch is a clock that the test moves.
type watch struct{ ms atomic.Int64 }

func newWatch() *watch {
	w := &watch{}
	w.ms.Store(time.Now().UnixMilli())
	return w
}

func (w *watch) clock() clock.Clock {
	return func() time.Time { return time.UnixMilli(w.ms.Load()) }
}

func (w *watch) pass(d time.Duration) { w.ms.Add(d.Milliseconds()) }

func each(t *testing.T, test func(t *testing.T, s *Store, w *watch)) {
	storetest.Each(t, []store.Migrations{audit.Migrations, Migrations}, func(t *testing.T, db *store.DB) {
		w := newWatch()
		s := New(db, w.clock(), w.clock(), cheap)
		s.Seal = seal.At(filepath.Join(t.TempDir(), "seal.key"))
		test(t, s, w)
	})
}

var admin = NewScope(1, Administrator, nil, nil)

func mustCreate(t *testing.T, s *Store, login string, grants ...Grant) Account {
	t.Helper()
	a, err := s.Create(t.Context(), SystemScope(), NewAccount{Login: login, Name: "张三", Password: secret, Grants: grants})
	if err != nil {
		t.Fatalf("create %s: %v", login, err)
	}
	return a
}

func wantMsg(t *testing.T, what string, err error, kind errs.Kind, key string) {
	t.Helper()
	msg, _ := errs.Message(err)
	if errs.KindOf(err) != kind || msg.Key != key {
		t.Errorf("%s: %v (kind %d, message %q), want kind %d, message %q", what, err, errs.KindOf(err), msg.Key, kind, key)
	}
}

func TestAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		grants := []Grant{{Role: CountyOfficial, Area: "320902"}, {Role: Enterprise, Party: 42}}
		a := mustCreate(t, s, " ＺＨＡＮＧ.san ", grants...)
		if a.Login != "zhang.san" {
			t.Errorf("login %q", a.Login)
		}
		got, err := s.ByID(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, got, cmp.AllowUnexported(Account{})); diff != "" {
			t.Errorf("read back (-want +got):\n%s", diff)
		}
		_, err = s.Create(ctx, admin, NewAccount{Login: "Zhang.San", Name: "x", Password: secret})
		wantMsg(t, "the same login", err, errs.KindConflict, "access.login_taken")

		mustCreate(t, s, "auditor", Grant{Role: Auditor, Area: "320900"})
		list, err := s.List(ctx, admin)
		if err != nil || len(list) != 2 || list[1].Login != "zhang.san" || !list[1].Has(Enterprise) {
			t.Errorf("list %+v, %v", list, err)
		}

		w.pass(time.Hour)
		if err := s.SetGrants(ctx, admin, a.ID, []Grant{{Role: CityOfficial, Area: "320900"}}); err != nil {
			t.Fatal(err)
		}
		got, err = s.ByID(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Grant{{Role: CityOfficial, Area: "320900"}}, got.Grants); diff != "" {
			t.Errorf("grants (-want +got):\n%s", diff)
		}
		_, err = s.ByID(ctx, 999)
		wantMsg(t, "no such account", err, errs.KindNotFound, "errs.not_found")
		err = s.Disable(ctx, admin, 999, "left")
		wantMsg(t, "disable no such account", err, errs.KindNotFound, "errs.not_found")

		if text := fmt.Sprint(slog.AnyValue(a).Resolve()); strings.Contains(text, "张三") || strings.Contains(text, "zhang") {
			t.Errorf("the log would say %s", text)
		}
	})
}

func TestOnlyAdministratorsManage(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *watch) {
		a := mustCreate(t, s, "zhang")
		ctx := t.Context()
		for _, role := range append(Roles(), "") {
			if role == Administrator {
				continue
			}
			by := NewScope(2, role, []string{"320900"}, []int64{1})
			_, list := s.List(ctx, by)
			_, create := s.Create(ctx, by, NewAccount{Login: "li.si", Name: "李四", Password: secret})
			_, replace := s.Replace(ctx, by, a.ID, "li.si", "李四")
			for what, err := range map[string]error{
				"create": create, "list": list, "replace": replace,
				"disable": s.Disable(ctx, by, a.ID, "left"), "enable": s.Enable(ctx, by, a.ID, "back"),
				"grants": s.SetGrants(ctx, by, a.ID, nil), "password": s.SetPassword(ctx, by, a.ID, secret+"!"),
			} {
				wantMsg(t, fmt.Sprintf("%s as %q", what, role), err, errs.KindForbidden, "errs.forbidden")
			}
		}
		if got, err := s.ByID(ctx, a.ID); err != nil || got.Ticket() != a.Ticket() {
			t.Errorf("the account was changed: %+v, %v", got, err)
		}
	})
}

func TestNewAccountRefused(t *testing.T) {
	s := New(storetest.SQLite(t, []store.Migrations{audit.Migrations, Migrations}), newWatch().clock(), newWatch().clock(), cheap)
	good := NewAccount{Login: "zhang", Name: "张三", Password: secret}
	tests := map[string]struct {
		change func(*NewAccount)
		key    string
	}{
		"short login":               {func(n *NewAccount) { n.Login = "ab" }, "access.bad_login"},
		"long login":                {func(n *NewAccount) { n.Login = strings.Repeat("a", 65) }, "access.bad_login"},
		"login with a space":        {func(n *NewAccount) { n.Login = "zhang san" }, "access.bad_login"},
		"login with a bracket":      {func(n *NewAccount) { n.Login = "<b>zhang" }, "access.bad_login"},
		"no name":                   {func(n *NewAccount) { n.Name = "  " }, "access.bad_name"},
		"password too short":        {func(n *NewAccount) { n.Password = "九个字符的密码呀啊" }, "access.password_short"},
		"password too long":         {func(n *NewAccount) { n.Password = strings.Repeat("ab9!x", 26) }, "access.password_long"},
		"password on the list":      {func(n *NewAccount) { n.Password = "PassWord123" }, "access.password_weak"},
		"the same sign":             {func(n *NewAccount) { n.Password = "ｘｘｘｘｘｘｘｘｘｘｘ" }, "access.password_weak"},
		"two signs in turn":         {func(n *NewAccount) { n.Password = "xyxyxyxyxyxy" }, "access.password_weak"},
		"a run, backwards":          {func(n *NewAccount) { n.Password = "zyxwvutsrqpon" }, "access.password_weak"},
		"a keyboard row":            {func(n *NewAccount) { n.Password = "wertyuiopasd" }, "access.password_weak"},
		"the login and a year":      {func(n *NewAccount) { n.Login, n.Password = "zhangweiming", "ZhangWeiMing2024" }, "access.password_personal"},
		"official without an area":  {func(n *NewAccount) { n.Grants = []Grant{{Role: CityOfficial}} }, "access.bad_grant"},
		"enterprise with an area":   {func(n *NewAccount) { n.Grants = []Grant{{Role: Enterprise, Party: 1, Area: "320900"}} }, "access.bad_grant"},
		"administrator of an area":  {func(n *NewAccount) { n.Grants = []Grant{{Role: Administrator, Area: "320900"}} }, "access.bad_grant"},
		"a role that there is none": {func(n *NewAccount) { n.Grants = []Grant{{Role: "king"}} }, "access.bad_grant"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := good
			test.change(&n)
			_, err := s.Create(t.Context(), admin, n)
			wantMsg(t, name, err, errs.KindInvalid, test.key)
		})
	}
	if _, err := s.Create(t.Context(), admin, good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestBootstrap(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *watch) {
		made := make(chan error, 8)
		var group errgroup.Group
		for i := range cap(made) {
			group.Go(func() error {
				_, err := s.Bootstrap(t.Context(), fmt.Sprintf("admin%d", i), "管理员", secret)
				made <- err
				return nil
			})
		}
		_ = group.Wait()
		close(made)
		first := 0
		for err := range made {
			if err == nil {
				first++
				continue
			}
			wantMsg(t, "a second one", err, errs.KindConflict, "access.already_set_up")
		}
		list, err := s.List(t.Context(), admin)
		if err != nil || first != 1 || len(list) != 1 || !list[0].Has(Administrator) {
			t.Errorf("%d first administrators, %+v, %v", first, list, err)
		}
	})
}

func TestLastAdministrator(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *watch) {
		ctx := t.Context()
		a := mustCreate(t, s, "a.admin", Grant{Role: Administrator})
		b := mustCreate(t, s, "b.admin", Grant{Role: Administrator})
		// Each takes the other's rights away: one must come too late.
		var group errgroup.Group
		outcome := make([]error, 2)
		group.Go(func() error { outcome[0] = s.Disable(ctx, admin, a.ID, "left"); return nil })
		group.Go(func() error { outcome[1] = s.SetGrants(ctx, admin, b.ID, nil); return nil })
		_ = group.Wait()
		late := outcome[0]
		if late == nil {
			late = outcome[1]
		} else if outcome[1] != nil {
			t.Errorf("both failed: %v", outcome)
		}
		wantMsg(t, "the late one", late, errs.KindConflict, "access.last_administrator")
	})
}

func TestAuthenticate(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		a := mustCreate(t, s, "zhang")
		got, err := s.Authenticate(ctx, "ZHANG", secret, "10.0.0.1:5000")
		if err != nil || got.ID != a.ID {
			t.Fatalf("%+v, %v", got, err)
		}
		// decomposed ä: the same characters, other code points
		if _, err := s.Authenticate(ctx, "zhang", "sieben Ga\u0308nse im Keil", "10.0.0.1"); err != nil {
			t.Errorf("decomposed: %v", err)
		}
		for what, try := range map[string][2]string{
			"wrong password": {"zhang", secret + "."}, "unknown login": {"nobody", secret},
			"empty": {"", ""}, "megabytes": {"li", strings.Repeat("x", 1<<20)},
		} {
			_, err := s.Authenticate(ctx, try[0], try[1], "10.0.0.1")
			wantMsg(t, what, err, errs.KindForbidden, "access.wrong_login")
		}
		if err := s.Disable(ctx, admin, a.ID, "left"); err != nil {
			t.Fatal(err)
		}
		_, err = s.Authenticate(ctx, "zhang", secret, "10.0.0.1")
		wantMsg(t, "disabled", err, errs.KindForbidden, "access.wrong_login")
		if err := s.Enable(ctx, admin, a.ID, "back"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Authenticate(ctx, "zhang", secret, "10.0.0.1"); err != nil {
			t.Errorf("enabled again: %v", err)
		}
		if err := s.ChangePassword(ctx, a.ID, "not the old one", secret+"!", "10.0.0.1"); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("change without the old one: %v", err)
		}
		if err := s.ChangePassword(ctx, a.ID, secret, secret+"!", "10.0.0.1"); err != nil {
			t.Errorf("change: %v", err)
		}
		if _, err := s.Authenticate(ctx, "zhang", secret+"!", "10.0.0.1"); err != nil {
			t.Errorf("with the new one: %v", err)
		}
		_ = w
	})
}

func TestRateLimit(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		mustCreate(t, s, "zhang")
		id := mustCreate(t, s, "wang").ID
		fail := func(login, address string) error {
			_, err := s.Authenticate(ctx, login, "wrong password", address)
			return err
		}
		// known and unknown logins are locked alike
		for _, login := range []string{"zhang", "nobody"} {
			for i := range attemptsPerLogin {
				wantMsg(t, fmt.Sprint(login, i), fail(login, fmt.Sprintf("10.0.%d.1", i)), errs.KindForbidden, "access.wrong_login")
			}
			wantMsg(t, login, fail(login, "10.9.9.9"), errs.KindUnavailable, "access.locked")
		}
		_, err := s.Authenticate(ctx, "zhang", secret, "10.0.0.1")
		wantMsg(t, "the right password while locked", err, errs.KindUnavailable, "access.locked")
		if msg, _ := errs.Message(err); len(msg.Args) != 1 || msg.Args[0] != int64(15) {
			t.Errorf("wait %v", msg.Args)
		}
		if _, err := s.Authenticate(ctx, "wang", secret, "10.0.0.1"); err != nil {
			t.Errorf("another, meanwhile: %v", err)
		}
		w.pass(attemptWindow - time.Millisecond)
		_, err = s.Authenticate(ctx, "zhang", secret, "10.0.0.1")
		wantMsg(t, "a moment before the end", err, errs.KindUnavailable, "access.locked")
		w.pass(time.Millisecond)
		if _, err := s.Authenticate(ctx, "zhang", secret, "10.0.0.1"); err != nil {
			t.Errorf("after the wait: %v", err)
		}
		// a success clears the login's failures
		for range 3 {
			for range attemptsPerLogin - 1 {
				wantMsg(t, "again", fail("wang", "10.1.0.1"), errs.KindForbidden, "access.wrong_login")
			}
			if _, err := s.Authenticate(ctx, "wang", secret, "10.1.0.2"); err != nil {
				t.Errorf("after four failures: %v", err)
			}
		}
		// a new password opens a locked login
		for range attemptsPerLogin {
			_ = fail("wang", "10.1.0.3")
		}
		if err := s.SetPassword(ctx, admin, id, secret+"?"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Authenticate(ctx, "wang", secret+"?", "10.1.0.3"); err != nil {
			t.Errorf("after a reset: %v", err)
		}
	})
}

func TestRateLimitByAddress(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		mustCreate(t, s, "zhang")
		// An attacker with an account of his own, signing in now and then, may not clear the way.
		failed := 0
		for i := 0; failed < attemptsPerAddress; i++ {
			login, password := fmt.Sprintf("guess%d", i), "wrong password"
			if i%10 == 9 {
				login, password = "zhang", secret
			}
			_, err := s.Authenticate(ctx, login, password, fmt.Sprintf("[2001:db8::%x]:443", i+1))
			switch {
			case login == "zhang" && err != nil:
				t.Fatalf("own account, try %d: %v", i, err)
			case login != "zhang":
				wantMsg(t, login, err, errs.KindForbidden, "access.wrong_login")
				failed++
			}
		}
		_, err := s.Authenticate(ctx, "zhang", secret, "2001:db8::ffff")
		wantMsg(t, "the same network", err, errs.KindUnavailable, "access.locked")
		if _, err := s.Authenticate(ctx, "zhang", secret, "2001:db8:0:1::1"); err != nil {
			t.Errorf("another network: %v", err)
		}
	})
}

// TestRateLimitAtATime sends the guesses all at once.
func TestRateLimitAtATime(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *watch) {
		mustCreate(t, s, "zhang")
		var looked atomic.Int64
		var group errgroup.Group
		for i := range 40 {
			group.Go(func() error {
				_, err := s.Authenticate(t.Context(), "zhang", fmt.Sprint("wrong password ", i), fmt.Sprintf("10.0.0.%d", i))
				if errs.KindOf(err) == errs.KindForbidden {
					looked.Add(1)
				} else if errs.KindOf(err) != errs.KindUnavailable {
					return err
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		if n := looked.Load(); n != attemptsPerLogin {
			t.Errorf("%d guesses were looked at, want %d", n, attemptsPerLogin)
		}
	})
}

// TestUnknownLoginsCostTheSame counts the work, since time cannot be relied on: the decoy is hashed at the same cost.
func TestUnknownLoginsCostTheSame(t *testing.T) {
	h := newHasher(cheap, 1)
	c, salt, key, err := decode(h.decoy())
	if err != nil || c != cheap || len(salt) != saltBytes || len(key) != hashBytes {
		t.Errorf("decoy: %+v, %d, %d, %v", c, len(salt), len(key), err)
	}
	if ok, stale, err := h.verify(t.Context(), h.decoy(), ""); ok || stale || err != nil {
		t.Errorf("verify: %v %v %v", ok, stale, err)
	}
}

func TestPasswordHash(t *testing.T) {
	ctx := t.Context()
	// A vector of the reference implementation (phc-winner-argon2, argon2id, v=19, m=65536, t=2, p=1, "password", "somesalt").
	const known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, stale, err := newHasher(cheap, 1).verify(ctx, known, "password"); !ok || !stale || err != nil {
		t.Errorf("known vector: %v, %v, %v", ok, stale, err)
	}
	h := newHasher(cheap, 1)
	one, err := h.hash(ctx, secret)
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.hash(ctx, secret)
	if err != nil || one == two {
		t.Errorf("no salt: %v", err)
	}
	if (Cost{}).orDefault().MemoryKiB < 19*1024 {
		t.Error("the product's own cost is too low")
	}
	for _, bad := range []string{"", "$argon2id$v=19$m=64,t=1,p=1$c29t$", "$argon2i$v=19$m=64,t=1,p=1$YQ$YQ", "$argon2id$v=18$m=64,t=1,p=1$YQ$YQ", "$argon2id$v=19$m=64,t=0,p=1$YQ$YQ", "plain"} {
		if ok, _, err := h.verify(ctx, bad, ""); ok || err == nil {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
}

// TestRehash raises the cost: the next sign-in stores a hash of the new one.
func TestRehash(t *testing.T) {
	db := storetest.SQLite(t, []store.Migrations{audit.Migrations, Migrations})
	mustCreate(t, New(db, newWatch().clock(), newWatch().clock(), cheap), "zhang")
	dear := cheap
	dear.Passes = 2
	s := New(db, newWatch().clock(), newWatch().clock(), dear)
	for range 2 {
		if _, err := s.Authenticate(t.Context(), "zhang", secret, ""); err != nil {
			t.Fatal(err)
		}
	}
	_, stored, err := s.read(t.Context(), db.Read(), byLogin, "zhang")
	if err != nil {
		t.Fatal(err)
	}
	if c, _, _, err := decode(stored); err != nil || c != dear {
		t.Errorf("stored at %+v, %v", c, err)
	}
}

// held is what package scs has a session keep.
func held(t *testing.T, values map[string]any) []byte {
	t.Helper()
	b, err := scs.GobCodec{}.Encode(time.Time{}, values)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSessions(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		x := s.Sessions(0)
		expiry := s.now().Add(time.Hour)
		if _, found, err := x.FindCtx(ctx, "token"); found || err != nil {
			t.Errorf("nothing there: %v, %v", found, err)
		}
		for _, word := range []string{"one", "two"} {
			data := held(t, map[string]any{"word": word})
			if err := x.CommitCtx(ctx, "token", data, expiry); err != nil {
				t.Fatal(err)
			}
			if b, found, err := x.FindCtx(ctx, "token"); string(b) != string(data) || !found || err != nil {
				t.Errorf("%q, %v, %v", b, found, err)
			}
		}
		var stored string
		if err := s.db.Read().QueryRow(ctx, `SELECT token FROM session`).Scan(&stored); err != nil || stored == "token" {
			t.Errorf("stored under %q, %v", stored, err)
		}
		if _, found, _ := x.FindCtx(ctx, stored); found {
			t.Error("the stored hash opens the session")
		}
		w.pass(time.Hour)
		if _, found, err := x.FindCtx(ctx, "token"); found || err != nil {
			t.Errorf("expired: %v, %v", found, err)
		}
		if err := x.CommitCtx(ctx, "another", held(t, nil), s.now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := s.db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM session`).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d sessions after the sweep, %v", n, err)
		}
		for range 2 {
			if err := x.DeleteCtx(ctx, "another"); err != nil {
				t.Error(err)
			}
		}
		if _, found, _ := x.FindCtx(ctx, "another"); found {
			t.Error("deleted, yet there")
		}
	})
}

// A session ends when nobody has used it for the time that was set, however long it had still to run; use keeps it up, and is noted
// once a minute at most.
func TestIdleSession(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		x, expiry := s.Sessions(30*time.Minute), s.now().Add(10*time.Hour)
		find := func() bool {
			t.Helper()
			_, found, err := x.FindCtx(t.Context(), "token")
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		seen := func() (ms int64) {
			t.Helper()
			if err := s.db.Read().QueryRow(t.Context(), `SELECT seen_at FROM session`).Scan(&ms); err != nil {
				t.Fatal(err)
			}
			return ms
		}
		if err := x.CommitCtx(t.Context(), "token", held(t, nil), expiry); err != nil {
			t.Fatal(err)
		}
		began := seen()
		w.pass(59 * time.Second)
		if !find() || seen() != began {
			t.Errorf("used after less than a minute: noted at %d, began %d", seen(), began)
		}
		for range 5 { // nearly two hours and a half
			w.pass(29 * time.Minute)
			if !find() {
				t.Fatal("a session in use has ended")
			}
		}
		w.pass(30 * time.Minute)
		if find() {
			t.Error("a session that nobody used for half an hour goes on")
		}
		if err := x.CommitCtx(t.Context(), "another", held(t, nil), expiry); err != nil {
			t.Fatal(err)
		}
		if seen() != s.machine.Millis() { // the only row, hence the swept one is gone
			t.Error("the idle session was not swept")
		}
	})
}

// TestSessionEndsAtOnce signs in over HTTP with scs itself, and takes the rights away in each of the ways there are.
func TestSessionEndsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *watch) {
		manager := scs.New()
		manager.Store = s.Sessions(0)
		mux := http.NewServeMux()
		mux.HandleFunc("POST /in", func(w http.ResponseWriter, r *http.Request) {
			a, err := s.Authenticate(r.Context(), r.FormValue("login"), r.FormValue("password"), r.RemoteAddr)
			if err != nil {
				http.Error(w, err.Error(), http.StatusForbidden)
				return
			}
			if err := manager.RenewToken(r.Context()); err != nil {
				t.Error(err)
			}
			manager.Put(r.Context(), "ticket", a.Ticket())
		})
		mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
			a, err := s.ByTicket(r.Context(), manager.GetString(r.Context(), "ticket"))
			if err != nil {
				http.Error(w, err.Error(), http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, a.Login)
		})
		server := httptest.NewServer(manager.LoadAndSave(mux))
		defer server.Close()
		signIn := func(login, password string) *http.Client {
			t.Helper()
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Jar: jar}
			resp, err := client.PostForm(server.URL+"/in", map[string][]string{"login": {login}, "password": {password}})
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("sign in %s: %s", login, resp.Status)
			}
			return client
		}
		status := func(client *http.Client) int {
			t.Helper()
			resp, err := client.Get(server.URL + "/me")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			return resp.StatusCode
		}
		if got := status(&http.Client{}); got != http.StatusUnauthorized {
			t.Errorf("without a session: %d", got)
		}
		for what, end := range map[string]func(ctx context.Context, id int64) error{
			"disable":      func(ctx context.Context, id int64) error { return s.Disable(ctx, admin, id, "left") },
			"other grants": func(ctx context.Context, id int64) error { return s.SetGrants(ctx, admin, id, nil) },
			"new password": func(ctx context.Context, id int64) error { return s.SetPassword(ctx, admin, id, secret+"!") },
			"off and on": func(ctx context.Context, id int64) error {
				return errors.Join(s.Disable(ctx, admin, id, "left"), s.Enable(ctx, admin, id, "back"))
			},
			"own password":  func(ctx context.Context, id int64) error { return s.ChangePassword(ctx, id, secret, secret+"!", "") },
			"same password": func(ctx context.Context, id int64) error { return s.SetPassword(ctx, admin, id, secret) },
		} {
			login := strings.ReplaceAll(what, " ", "-")
			a := mustCreate(t, s, login)
			client := signIn(login, secret)
			if got := status(client); got != http.StatusOK {
				t.Errorf("%s: before: %d", what, got)
			}
			if err := end(t.Context(), a.ID); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if got := status(client); got != http.StatusUnauthorized {
				t.Errorf("%s: after: %d", what, got)
			}
		}
	})
}

func TestTicket(t *testing.T) {
	s := New(storetest.SQLite(t, []store.Migrations{audit.Migrations, Migrations}), newWatch().clock(), newWatch().clock(), cheap)
	a := mustCreate(t, s, "zhang", Grant{Role: Auditor, Area: "320900"})
	got, err := s.ByTicket(t.Context(), a.Ticket())
	if diff := cmp.Diff(a, got, cmpopts.EquateEmpty(), cmp.AllowUnexported(Account{})); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"", ".", "x", fmt.Sprint(a.ID), fmt.Sprint(a.ID, "."), fmt.Sprintf("%d.2", a.ID), a.Ticket() + "0", "9999.1"} {
		if _, err := s.ByTicket(t.Context(), bad); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWeakListIsUseful(t *testing.T) {
	seen := map[string]bool{}
	for line := range strings.Lines(weakList) {
		word := strings.TrimSpace(line)
		if n := len([]rune(word)); n < passwordMin || word != fold(word) || seen[word] {
			t.Errorf("%q: %d characters, folded %q, twice %v", word, n, fold(word), seen[word])
		}
		seen[word] = true
	}
	if len(seen) < 3000 {
		t.Errorf("%d passwords of those that may be taken by their length", len(seen))
	}
}

// What a graded installation asks of passwords: several kinds of characters, and a new one in time. By default nobody must.
func TestGradedPasswords(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		a := mustCreate(t, s, "zhang", Grant{Role: Auditor, Area: "320900"})
		w.pass(10 * 365 * 24 * time.Hour)
		if s.Overdue(a) {
			t.Error("by default a password need never be changed")
		}
		s.Passwords = Graded()
		again := func() Account {
			t.Helper()
			a, err := s.ByID(ctx, a.ID)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		if !s.Overdue(again()) {
			t.Error("ten years old, and not overdue")
		}
		wantMsg(t, "the same", s.ChangePassword(ctx, a.ID, secret, secret, ""), errs.KindInvalid, "access.password_same")
		for password, ok := range map[string]bool{
			"geese fly south": false, "geesefly2022": false, "GEESE-2022-": true, "geese fly 2022": true, "Geese Fly South": true, "雁阵 Geese fly": true, "雁阵南飞过盐城海边滩涂": false,
		} {
			err := s.ChangePassword(ctx, a.ID, secret, password, "")
			if !ok {
				wantMsg(t, password, err, errs.KindInvalid, "access.password_plain")
				continue
			}
			if err != nil || s.Overdue(again()) {
				t.Errorf("%s: %v, overdue %t", password, err, s.Overdue(again()))
			}
			s.Passwords = Passwords{}
			if err := s.ChangePassword(ctx, a.ID, password, secret, ""); err != nil {
				t.Fatal(err)
			}
			s.Passwords = Graded()
		}
		_, err := s.Create(ctx, SystemScope(), NewAccount{Login: "li", Name: "李某", Password: "geese fly south", Grants: []Grant{{Role: Administrator}}})
		wantMsg(t, "a new account", err, errs.KindInvalid, "access.password_plain")
		w.pass(90*24*time.Hour - time.Millisecond)
		if s.Overdue(again()) {
			t.Error("overdue before its time")
		}
		w.pass(time.Millisecond)
		if !s.Overdue(again()) {
			t.Error("not overdue after ninety days")
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := newHasher(Cost{}, 1)
	for b.Loop() {
		if _, err := h.hash(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
}

func TestVisit(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		a := mustCreate(t, s, "zhang")
		for i, step := range []struct {
			wait      time.Duration
			seq, want int64
		}{
			{0, 5, 5}, {time.Minute, 7, 5}, {visitGap, 9, 7}, {time.Minute, 9, 7}, {visitGap, 12, 9}, {visitGap, 12, 12},
		} {
			w.pass(step.wait)
			if got, err := s.Visit(t.Context(), a.ID, step.seq); err != nil || got != step.want {
				t.Errorf("look %d: new since %d, %v, want %d", i, got, err, step.want)
			}
		}
	})
}
