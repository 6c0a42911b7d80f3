package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// The people of these tests: officials of two counties, and the enterprise 42 in the first of them.
var (
	tinghuFirm     = Firm{Party: 42, Area: "320902"}
	tinghuOfficial = NewScope(5, CountyOfficial, []string{"320902"}, nil)
	dafengOfficial = NewScope(6, CountyOfficial, []string{"320904"}, nil)
	firmScope      = NewScope(7, Enterprise, nil, []int64{42})
)

func mustEnrol(t *testing.T, s *Store) Account {
	t.Helper()
	ids, err := s.Enrol(t.Context(), tinghuOfficial, []Enrolment{{tinghuFirm, "91320281142225264B", "亭湖甲机械有限公司"}})
	if err != nil || len(ids) != 1 || ids[0] == 0 {
		t.Fatalf("enrol: %v, %v", ids, err)
	}
	a, err := s.ByID(t.Context(), ids[0])
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustCode(t *testing.T, s *Store, by Scope, a Account, why string) Code {
	t.Helper()
	codes, err := s.IssueCodes(t.Context(), by, []Holder{{a.ID, tinghuFirm}}, why)
	if err != nil || len(codes) != 1 {
		t.Fatalf("issue codes: %v, %v", codes, err)
	}
	return codes[0]
}

func TestEnrol(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *watch) {
		ctx := t.Context()
		a := mustEnrol(t, s)
		if a.Login != "91320281142225264b" || !a.Waits || !a.Has(Enterprise) {
			t.Errorf("enrolled as %+v", a)
		}
		list := []Enrolment{
			{tinghuFirm, "91320281142225264B", "亭湖甲机械有限公司"},                                      // has one
			{Firm{Party: 43, Area: "320902"}, "91320281142225264B", strings.Repeat("很长的名称", 30)}, // the login is taken
			{Firm{Party: 43, Area: "320902"}, "twice", "同一家"},
		}
		ids, err := s.Enrol(ctx, tinghuOfficial, list)
		if err != nil || ids[0] != 0 || ids[1] == 0 || ids[2] != 0 {
			t.Fatalf("enrolled %v, %v", ids, err)
		}
		if b, err := s.ByID(ctx, ids[1]); err != nil || b.Login != "91320281142225264b-2" {
			t.Errorf("the second with the login: %q, %v", b.Login, err)
		}
		have, err := s.Enrolled(ctx)
		if err != nil || have[42] != a.ID || have[43] != ids[1] || len(have) != 2 {
			t.Errorf("enrolled are %v, %v", have, err)
		}
		_, err = s.Authenticate(ctx, a.Login, "", "")
		wantMsg(t, "sign in without a password", err, errs.KindForbidden, "access.wrong_login")
	})
}

// Officials make accounts and codes for the enterprises of their own area, an enterprise for those who act for it.
func TestWhoMayIssue(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		a := mustEnrol(t, s)
		until := w.ms.Load() + time.Hour.Milliseconds()
		code, err := s.Authorise(ctx, firmScope, tinghuFirm, Authorisation{Login: "li.si", Name: "李四", Role: Handler, Until: until})
		if err != nil {
			t.Fatal(err)
		}
		official := mustCreate(t, s, "official", Grant{Role: CountyOfficial, Area: "320902"})
		mixed := mustCreate(t, s, "mixed", Grant{Role: Enterprise, Party: 42}, Grant{Role: CityOfficial, Area: "320900"})
		auditor, viewer := NewScope(8, Auditor, []string{"320902"}, nil), NewScope(9, Viewer, nil, []int64{42})
		handler := NewScope(code.Account, Handler, nil, []int64{42})
		for who, by := range map[string]Scope{
			"admin": admin, "tinghu": tinghuOfficial, "dafeng": dafengOfficial, "firm": firmScope, "handler": handler,
			"viewer": viewer, "auditor": auditor, "nobody": {},
		} {
			for what, h := range map[string]struct {
				account int64
				may     string
			}{
				"the enterprise's own": {a.ID, "admin tinghu"},
				"a handler's":          {code.Account, "admin firm"},
				"an official's":        {official.ID, "admin"},
				"a mixed one":          {mixed.ID, "admin"},
			} {
				_, err := s.IssueCodes(ctx, by, []Holder{{h.account, tinghuFirm}}, "at the desk")
				if may := strings.Contains(" "+h.may+" ", " "+who+" "); may != (err == nil) {
					t.Errorf("%s gives a code to %s: %v", who, what, err)
				}
			}
			_, err := s.Enrol(ctx, by, []Enrolment{{Firm{50, "320902"}, "x" + who, "某厂"}})
			if may := who == "admin" || who == "tinghu"; may != (err == nil) {
				t.Errorf("%s enrols: %v", who, err)
			}
		}
		// An official who lies about where the enterprise is can be caught by nobody here: the caller asks the register.
		_, err = s.IssueCodes(ctx, firmScope, []Holder{{code.Account, Firm{Party: 43}}}, "x")
		wantMsg(t, "a handler of another enterprise", err, errs.KindForbidden, "errs.forbidden")
	})
}

func TestActivate(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		a := mustEnrol(t, s)
		old := mustCode(t, s, tinghuOfficial, a, "")
		code := mustCode(t, s, tinghuOfficial, a, "")
		if len(code.Text) != 19 || strings.Count(code.Text, "-") != 3 || code.Login != a.Login {
			t.Errorf("code %+v", code)
		}
		var kept string
		if err := s.db.Read().QueryRow(ctx, `SELECT code FROM activation WHERE ended_at = 0`).Scan(&kept); err != nil || strings.Contains(kept, foldCode(code.Text)) {
			t.Errorf("kept as %q, %v", kept, err)
		}
		for what, try := range map[string][2]string{
			"a replaced code": {a.Login, old.Text}, "no code": {a.Login, ""}, "the hash": {a.Login, kept}, "no such login": {"nobody", code.Text},
		} {
			_, err := s.Activate(ctx, try[0], try[1], secret, "192.0.2.1")
			wantMsg(t, what, err, errs.KindForbidden, "access.wrong_code")
		}
		_, err := s.Activate(ctx, a.Login, code.Text, "short", "192.0.2.1")
		wantMsg(t, "a short password", err, errs.KindInvalid, "access.password_short")
		typed := strings.ToLower(strings.ReplaceAll(code.Text, "-", "  "))
		typed = strings.NewReplacer("o", "0", "i", "1", "b", "8").Replace(typed)
		got, err := s.Activate(ctx, strings.ToUpper(a.Login), typed, secret, "192.0.2.1")
		if err != nil || got.ID != a.ID || got.Waits {
			t.Fatalf("activated %+v, %v", got, err)
		}
		_, err = s.Activate(ctx, a.Login, code.Text, secret+"!", "192.0.2.1")
		wantMsg(t, "a used code", err, errs.KindForbidden, "access.wrong_code")
		if _, err := s.Authenticate(ctx, a.Login, secret, ""); err != nil {
			t.Errorf("sign in: %v", err)
		}

		// A reset says how the identity was checked, and ends the password and the sessions at once.
		_, err = s.IssueCodes(ctx, tinghuOfficial, []Holder{{a.ID, tinghuFirm}}, " ")
		wantMsg(t, "a reset without a reason", err, errs.KindInvalid, "access.need_note")
		code = mustCode(t, s, tinghuOfficial, a, "营业执照原件")
		if _, err := s.ByTicket(ctx, got.Ticket()); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("the session goes on after a reset: %v", err)
		}
		_, err = s.Authenticate(ctx, a.Login, secret, "")
		wantMsg(t, "the old password", err, errs.KindForbidden, "access.wrong_login")
		w.pass(codeLife)
		_, err = s.Activate(ctx, a.Login, code.Text, secret, "192.0.2.1")
		wantMsg(t, "an expired code", err, errs.KindForbidden, "access.wrong_code")

		events, err := s.Events(ctx, EventQuery{Account: a.ID}, func(e Event) bool { return e.Party == 42 })
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, e := range events {
			told = append(told, fmt.Sprintf("%s %d %s", e.Deed, e.Actor, e.Note))
		}
		want := fmt.Sprintf("reset 5 营业执照原件|activated %d |new_code 5 |new_code 5 |created 5 ", a.ID)
		if got := strings.Join(told, "|"); got != want {
			t.Errorf("events:\n%s\nwant\n%s", got, want)
		}
		if events, err := s.Events(ctx, EventQuery{}, func(Event) bool { return false }); err != nil || len(events) != 0 {
			t.Errorf("events that nobody may see: %v, %v", events, err)
		}
	})
}

// A code opens an account once, however many come with it at a time; and guessing is counted.
func TestCodeIsForOne(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *watch) {
		a := mustEnrol(t, s)
		code := mustCode(t, s, tinghuOfficial, a, "")
		var in atomic.Int32
		var group errgroup.Group
		for i := range attemptsPerLogin {
			group.Go(func() error {
				if _, err := s.Activate(t.Context(), a.Login, code.Text, fmt.Sprintf("%s %d", secret, i), ""); err == nil {
					in.Add(1)
				}
				return nil
			})
		}
		_ = group.Wait()
		if in.Load() != 1 {
			t.Errorf("the code was used %d times", in.Load())
		}
		code = mustCode(t, s, tinghuOfficial, a, "at the desk")
		for range attemptsPerLogin {
			_, err := s.Activate(t.Context(), a.Login, "AAAA-AAAA-AAAA-AAAA", secret, "192.0.2.1")
			wantMsg(t, "a guess", err, errs.KindForbidden, "access.wrong_code")
		}
		_, err := s.Activate(t.Context(), a.Login, code.Text, secret, "192.0.2.1")
		wantMsg(t, "one guess too many", err, errs.KindUnavailable, "access.locked")
	})
}

func TestHandlers(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		own := mustEnrol(t, s)
		until := w.ms.Load() + 48*time.Hour.Milliseconds()
		code, err := s.Authorise(ctx, firmScope, tinghuFirm, Authorisation{Login: "li.si", Name: "李四", Role: Handler, Until: until})
		if err != nil {
			t.Fatal(err)
		}
		handler, err := s.Activate(ctx, "li.si", code.Text, secret, "")
		if err != nil {
			t.Fatal(err)
		}
		for what, tt := range map[string]struct {
			a   Authorisation
			key string
		}{
			"a taken login":  {Authorisation{"li.si", "李四", Handler, until}, "access.login_taken"},
			"the past":       {Authorisation{"wang", "王五", Handler, w.ms.Load()}, "access.bad_until"},
			"for ever":       {Authorisation{"wang", "王五", Handler, 0}, "access.bad_until"},
			"another's role": {Authorisation{"wang", "王五", CityOfficial, until}, "access.bad_grant"},
			"no name":        {Authorisation{"wang", " ", Viewer, until}, "access.bad_name"},
		} {
			_, err := s.Authorise(ctx, firmScope, tinghuFirm, tt.a)
			if msg, _ := errs.Message(err); msg.Key != tt.key {
				t.Errorf("%s: %v, want %s", what, err, tt.key)
			}
		}
		for who, by := range map[string]Scope{
			"official": tinghuOfficial, "handler": NewScope(handler.ID, Handler, nil, []int64{42}), "another": NewScope(9, Enterprise, nil, []int64{43}),
		} {
			_, authorise := s.Authorise(ctx, by, tinghuFirm, Authorisation{"wang", "王五", Viewer, until})
			_, succeed := s.Succeed(ctx, by, tinghuFirm, handler.ID, "wang", "王五")
			for what, err := range map[string]error{
				"authorises": authorise, "replaces": succeed, "revokes": s.Revoke(ctx, by, tinghuFirm, handler.ID, "left"),
				"renews": s.Renew(ctx, by, tinghuFirm, handler.ID, until+1),
			} {
				wantMsg(t, who+" "+what, err, errs.KindForbidden, "errs.forbidden")
			}
		}
		wantMsg(t, "revoke the enterprise's own", s.Revoke(ctx, firmScope, tinghuFirm, own.ID, "left"), errs.KindNotFound, "errs.not_found")

		// The day comes: nothing is allowed any more, and renewing it gives it back.
		w.pass(48 * time.Hour)
		if a, err := s.ByTicket(ctx, handler.Ticket()); err != nil || len(a.Grants) != 0 {
			t.Errorf("after the day: %+v, %v", a.Grants, err)
		}
		list, err := s.AccountsOf(ctx, firmScope, tinghuFirm, []int64{42})
		if err != nil || len(list) != 2 || list[0].ID != own.ID || len(list[1].Grants) != 1 {
			t.Errorf("accounts %+v, %v", list, err)
		}
		if err := s.Renew(ctx, firmScope, tinghuFirm, handler.ID, w.ms.Load()+1000); err != nil {
			t.Fatal(err)
		}
		if a, err := s.ByID(ctx, handler.ID); err != nil || len(a.Grants) != 1 || a.Grants[0].Role != Handler {
			t.Errorf("renewed: %+v, %v", a.Grants, err)
		}

		// A successor: the leaver is out at once, the rights go on.
		next, err := s.Succeed(ctx, firmScope, tinghuFirm, handler.ID, "wang", "王五")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.ByTicket(ctx, handler.Ticket()); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("the leaver's session goes on: %v", err)
		}
		a, err := s.ByID(ctx, next.Account)
		if err != nil || len(a.Grants) != 1 || a.Grants[0].Until != w.ms.Load()+1000 {
			t.Errorf("successor %+v, %v", a, err)
		}
		wantMsg(t, "revoke twice", s.Revoke(ctx, firmScope, tinghuFirm, handler.ID, "left"), errs.KindNotFound, "errs.not_found")
	})
}

func TestFindAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *watch) {
		ctx := t.Context()
		mustCreate(t, s, "a_1", Grant{Role: Auditor, Area: "320900"})
		mustCreate(t, s, "ab1", Grant{Role: CityOfficial, Area: "320900"})
		gone := mustCreate(t, s, "gone", Grant{Role: Auditor, Area: "320900"})
		if err := s.Disable(ctx, admin, gone.ID, "left"); err != nil {
			t.Fatal(err)
		}
		mustEnrol(t, s)
		for what, tt := range map[string]struct {
			filter Filter
			want   string
		}{
			"all":                 {Filter{}, "91320281142225264b a_1 ab1 gone"},
			"a sign, not a joker": {Filter{Text: "a_1"}, "a_1"},
			"by name":             {Filter{Text: "亭湖甲"}, "91320281142225264b"},
			"by role":             {Filter{Role: Auditor}, "a_1 gone"},
			"waiting":             {Filter{State: Waiting}, "91320281142225264b"},
			"in use":              {Filter{State: InUse}, "a_1 ab1"},
			"ended":               {Filter{State: Ended, Text: "O"}, "gone"},
		} {
			list, total, err := s.Find(ctx, admin, tt.filter, 0, 10)
			var logins []string
			for _, a := range list {
				logins = append(logins, a.Login)
			}
			if got := strings.Join(logins, " "); err != nil || got != tt.want || total != len(list) {
				t.Errorf("%s: %q of %d, %v, want %q", what, got, total, err, tt.want)
			}
		}
		page, total, err := s.Find(ctx, admin, Filter{}, 1, 2)
		if err != nil || total != 4 || len(page) != 2 || page[0].Login != "a_1" || !page[0].Has(Auditor) {
			t.Errorf("second page: %+v of %d, %v", page, total, err)
		}
		_, _, err = s.Find(ctx, tinghuOfficial, Filter{}, 0, 2)
		wantMsg(t, "find as an official", err, errs.KindForbidden, "errs.forbidden")
		_, err = s.AccountsOf(ctx, dafengOfficial, tinghuFirm, []int64{42})
		wantMsg(t, "accounts of an enterprise elsewhere", err, errs.KindForbidden, "errs.forbidden")
	})
}

func BenchmarkIssueCodes(b *testing.B) {
	s := New(storetest.SQLite(b, []store.Migrations{audit.Migrations, Migrations}), newWatch().clock(), newWatch().clock(), cheap)
	var list []Enrolment
	for i := range 1000 {
		list = append(list, Enrolment{Firm{int64(i + 1), "320902"}, fmt.Sprintf("firm%d", i), "某厂"})
	}
	ids, err := s.Enrol(context.Background(), tinghuOfficial, list)
	if err != nil {
		b.Fatal(err)
	}
	var holders []Holder
	for i, id := range ids {
		holders = append(holders, Holder{id, list[i].Firm})
	}
	for b.Loop() {
		if _, err := s.IssueCodes(context.Background(), tinghuOfficial, holders, ""); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(holders)*b.N)/b.Elapsed().Seconds(), "codes/s")
}

// Everything that is done to an account is told in the same transaction: by whom, to whom, when and why.
func TestEveryDeedIsTold(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		own := mustEnrol(t, s)
		firm := NewScope(own.ID, Enterprise, nil, []int64{42})
		until := w.ms.Load() + (24 * time.Hour).Milliseconds()
		code, err := s.Authorise(ctx, firm, tinghuFirm, Authorisation{Login: "li.si", Name: "李四", Role: Handler, Until: until})
		if err != nil {
			t.Fatal(err)
		}
		handler := code.Account
		if _, err := s.Activate(ctx, "li.si", code.Text, secret, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		for range attemptsPerLogin + 3 { // told once
			_, err = s.Authenticate(ctx, "li.si", "a wrong password", "192.0.2.1")
		}
		wantMsg(t, "locked", err, errs.KindUnavailable, "access.locked")
		for range attemptsPerLogin + 3 { // a login that is none is kept nowhere
			_, _ = s.Authenticate(ctx, "my secret password", "x", "192.0.2.2")
		}
		by := NewScope(handler, Handler, nil, []int64{42})
		token, _, err := s.CreateToken(ctx, by, NewToken{Name: "账套", Actions: []Action{ReadFact}, Days: 3})
		if err == nil {
			err = s.EndToken(ctx, by, token.ID)
		}
		if err == nil {
			err = s.Renew(ctx, firm, tinghuFirm, handler, until+1)
		}
		if err == nil {
			_, err = s.Succeed(ctx, firm, tinghuFirm, handler, "wang", "王五")
		}
		if err != nil {
			t.Fatal(err)
		}
		official := mustCreate(t, s, "zhou", Grant{Role: CountyOfficial, Area: "320902"})
		if err := s.SetGrants(ctx, admin, official.ID, []Grant{{Role: CityOfficial, Area: "320900"}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Disable(ctx, admin, official.ID, " 调离 "); err != nil {
			t.Fatal(err)
		}
		wantMsg(t, "a reason without end", s.Enable(ctx, admin, official.ID, strings.Repeat("长", noteMax+1)), errs.KindInvalid, "access.bad_note")

		day := time.UnixMilli(until - 1).In(clock.Beijing).Format(time.DateOnly)
		for account, want := range map[int64]string{
			handler: fmt.Sprintf("succeeded %[1]d 42 wang|new_grants %[1]d 42 handler ≤ %[3]s|token_ended %[2]d 42 %[4]s… read_fact|"+
				"token_made %[2]d 42 %[4]s… read_fact|locked 0 42 |activated %[2]d 42 |new_code %[1]d 42 |authorised %[1]d 42 handler ≤ %[3]s", own.ID, handler, day, token.Hint),
			official.ID: "disabled 1 320900 调离|new_grants 1 320900 county_official 320902 → city_official 320900|created 0 320902 ",
		} {
			events, err := s.Events(ctx, EventQuery{Account: account}, func(Event) bool { return true })
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for _, e := range events {
				where := e.Area
				if e.Party != 0 {
					where = fmt.Sprint(e.Party)
				}
				told = append(told, fmt.Sprintf("%s %d %s %s", e.Deed, e.Actor, where, e.Note))
			}
			if got := strings.Join(told, "|"); got != want {
				t.Errorf("account %d:\n%s\nwant\n%s", account, got, want)
			}
		}
		all, err := s.Events(ctx, EventQuery{}, func(Event) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			if strings.Contains(e.Note, "secret") || !slices.Contains(Deeds(), e.Deed) {
				t.Errorf("told: %+v", e)
			}
		}
	})
}

// Records are dated by the clock of the pages; sessions and locks by the machine's, which goes on.
func TestTwoClocks(t *testing.T) {
	page, machine := newWatch(), newWatch()
	machine.pass(600 * 24 * time.Hour)
	s := New(storetest.SQLite(t, []store.Migrations{audit.Migrations, Migrations}), page.clock(), machine.clock(), cheap)
	ctx := t.Context()
	a := mustCreate(t, s, "zhang", Grant{Role: Auditor, Area: "320900"})
	events, err := s.Events(ctx, EventQuery{Account: a.ID}, func(Event) bool { return true })
	if err != nil || a.CreatedAt != page.ms.Load() || events[0].At != page.ms.Load() {
		t.Errorf("made at %d, told at %+v, %v", a.CreatedAt, events, err)
	}
	if err := s.Sessions(0).CommitCtx(ctx, "token", held(t, nil), time.UnixMilli(machine.ms.Load()).Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, found, err := s.Sessions(0).FindCtx(ctx, "token"); !found || err != nil {
		t.Errorf("the session is not found: %v", err)
	}
	for range attemptsPerLogin + 1 {
		_, err = s.Authenticate(ctx, "zhang", "a wrong password", "")
	}
	wantMsg(t, "locked", err, errs.KindUnavailable, "access.locked")
	machine.pass(attemptWindow)
	if _, err := s.Authenticate(ctx, "zhang", secret, ""); err != nil {
		t.Errorf("after the window: %v", err)
	}
}

// A successor takes over what an official may do; the leaver is out in the same step, and the log tells both.
func TestReplace(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *watch) {
		ctx := t.Context()
		leaver := mustCreate(t, s, "zhou", Grant{Role: CountyOfficial, Area: "320902"})
		mustCreate(t, s, "taken", Grant{Role: Auditor, Area: "320900"})
		_, err := s.Replace(ctx, admin, leaver.ID, "taken", "吴某")
		wantMsg(t, "a login that is taken", err, errs.KindConflict, "access.login_taken")
		_, err = s.Replace(ctx, admin, mustEnrol(t, s).ID, "wu.yi", "吴某")
		wantMsg(t, "an enterprise's own", err, errs.KindConflict, "access.no_successor")
		if a, err := s.ByID(ctx, leaver.ID); err != nil || a.Disabled() {
			t.Fatalf("the leaver is out although nobody came: %+v, %v", a, err)
		}
		code, err := s.Replace(ctx, admin, leaver.ID, "wu.yi", "吴某")
		if err != nil {
			t.Fatal(err)
		}
		next, err := s.Activate(ctx, "wu.yi", code.Text, secret, "")
		if err != nil || len(next.Grants) != 1 || next.Grants[0] != leaver.Grants[0] {
			t.Errorf("the successor: %+v, %v", next, err)
		}
		if _, err := s.ByTicket(ctx, leaver.Ticket()); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("the leaver's session goes on: %v", err)
		}
		_, err = s.Replace(ctx, admin, leaver.ID, "zheng.er", "郑某")
		wantMsg(t, "twice", err, errs.KindConflict, "access.disabled")
		events, err := s.Events(ctx, EventQuery{Deed: Succeeded}, func(Event) bool { return true })
		if err != nil || len(events) != 1 || events[0].Note != "wu.yi" || events[0].Area != "320902" {
			t.Errorf("told: %+v, %v", events, err)
		}
	})
}
