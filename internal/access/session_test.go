package access

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/errs"
)

// An account sees where it is signed in, and ends one session or all others; an administrator ends all of an account, and of everybody.
func TestOwnSessions(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx, x := t.Context(), s.Sessions(30*time.Minute)
		root := mustCreate(t, s, "root", Grant{Role: Administrator})
		by := NewScope(root.ID, Administrator, nil, nil)
		a, b := mustCreate(t, s, "zhang"), mustCreate(t, s, "li.si")
		begin := func(token string, a Account, address, agent string) {
			t.Helper()
			data := held(t, map[string]any{TicketKey: a.Ticket(), AddressKey: address, AgentKey: agent})
			if err := x.CommitCtx(ctx, token, data, s.machine().Add(10*time.Hour)); err != nil {
				t.Fatal(err)
			}
			w.pass(time.Minute)
		}
		list := func(a Account) string {
			t.Helper()
			all, err := x.Of(ctx, a, "phone")
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			for _, one := range all {
				words = append(words, fmt.Sprintf("%s %s %t", one.Address, one.Agent, one.Current))
			}
			return strings.Join(words, ", ")
		}
		open := func(token string) bool {
			t.Helper()
			_, found, err := x.FindCtx(ctx, token)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		long := strings.Repeat("长", agentMax)
		begin("desk", a, "192.0.2.1", "Chrome\x00")
		begin("phone", a, "2001:db8::1", long)
		begin("other", b, "192.0.2.9", "Firefox")
		if err := x.CommitCtx(ctx, "nobody", held(t, map[string]any{"word": "x"}), s.machine().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if want := "2001:db8::1 " + long[:agentMax] + " true, 192.0.2.1 Chrome false"; list(a) != want {
			t.Errorf("%s, want %s", list(a), want)
		}
		all, _ := x.Of(ctx, a, "phone")
		if at := w.ms.Load() - 3*60_000; all[1].BegunAt != at || all[1].SeenAt != at {
			t.Errorf("%+v, want %d", all[1], at)
		}
		err := x.End(ctx, b, all[1].ID)
		wantMsg(t, "another's session", err, errs.KindNotFound, "errs.not_found")
		if err := x.End(ctx, a, all[1].ID); err != nil || open("desk") || !open("phone") || !open("other") {
			t.Errorf("ended %v: %t %t %t", err, open("desk"), open("phone"), open("other"))
		}
		begin("desk", a, "192.0.2.1", "")
		if err := x.EndOthers(ctx, a, "phone"); err != nil || open("desk") || !open("phone") || !open("other") {
			t.Errorf("others ended %v: %t %t %t", err, open("desk"), open("phone"), open("other"))
		}

		wantMsg(t, "no reason", s.EndSessions(ctx, by, b.ID, " "), errs.KindInvalid, "access.need_why")
		wantMsg(t, "by another", s.EndSessions(ctx, NewScope(a.ID, Auditor, []string{"320900"}, nil), b.ID, "x"), errs.KindForbidden, "errs.forbidden")
		ticket := b.Ticket()
		if err := s.EndSessions(ctx, by, b.ID, "lost a laptop"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ByTicket(ctx, ticket); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("goes on: %v", err)
		}
		if b, _ = s.ByID(ctx, b.ID); list(b) != "" {
			t.Errorf("listed still: %s", list(b))
		}
		begin("anew", b, "", "")
		half, _ := s.Halfway(ctx, a)
		wantMsg(t, "all without a reason", s.EndAllSessions(ctx, by, ""), errs.KindInvalid, "access.need_why")
		wantMsg(t, "all by another", s.EndAllSessions(ctx, NewScope(a.ID, Auditor, []string{"320900"}, nil), "x"), errs.KindForbidden, "errs.forbidden")
		if err := s.EndAllSessions(ctx, by, "stolen backup"); err != nil || open("phone") || open("anew") || open("nobody") {
			t.Errorf("all ended %v: %t %t %t", err, open("phone"), open("anew"), open("nobody"))
		}
		_, err = s.Complete(ctx, half, "000000", "")
		wantMsg(t, "halfway", err, errs.KindConflict, "access.halfway_over")
		events, err := s.Events(ctx, EventQuery{}, func(e Event) bool { return e.Deed == SessionsEnded || e.Deed == AllSessionsEnded })
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, e := range events {
			told = append(told, fmt.Sprintf("%s %d %d %s", e.Deed, e.Actor, e.Account, e.Note))
		}
		want := []string{
			fmt.Sprintf("all_sessions_ended %[1]d %[1]d stolen backup", root.ID), fmt.Sprintf("sessions_ended %d %d lost a laptop", root.ID, b.ID),
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
