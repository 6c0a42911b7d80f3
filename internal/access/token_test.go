package access

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/yanzhen/yanzhen/internal/errs"
)

func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		a := mustCreate(t, s, "zhang", Grant{Role: CountyOfficial, Area: "320902"})
		other := mustCreate(t, s, "li.si", Grant{Role: CountyOfficial, Area: "320902"})
		by := NewScope(a.ID, CountyOfficial, []string{"320902", "320903"}, nil)
		made, secret, err := s.CreateToken(ctx, by, NewToken{Name: " 报表 ", Actions: []Action{ReadParty, ReadFact, ReadParty}, Area: "320902", Days: 30})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(secret, made.Hint) || !LooksLikeToken(secret) || made.Name != "报表" {
			t.Errorf("token %+v with secret %q", made, secret)
		}
		got, account, err := s.ByToken(ctx, secret)
		if err != nil || account.ID != a.ID {
			t.Fatalf("by secret: account %d, %v", account.ID, err)
		}
		if diff := cmp.Diff(made, got); diff != "" { // as it was before this use
			t.Errorf("read back (-want +got):\n%s", diff)
		}
		w.pass(30 * time.Second)
		list, err := s.Tokens(ctx, by)
		if err != nil || len(list) != 1 || list[0].UsedAt != w.ms.Load()-30_000 {
			t.Errorf("listed %+v, %v", list, err)
		}
		if diff := cmp.Diff(made, list[0], cmpopts.IgnoreFields(Token{}, "UsedAt")); diff != "" {
			t.Errorf("listed (-want +got):\n%s", diff)
		}
		if list, err := s.Tokens(ctx, NewScope(other.ID, CountyOfficial, []string{"320902"}, nil)); err != nil || len(list) != 0 {
			t.Errorf("another account sees %+v, %v", list, err)
		}
		if err := s.EndToken(ctx, NewScope(other.ID, CountyOfficial, []string{"320902"}, nil), made.ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another account takes it back: %v", err)
		}
		if err := s.EndToken(ctx, by, made.ID); err != nil {
			t.Fatal(err)
		}
		wantNoToken(t, s, "taken back", secret)
	})
}

func TestTokensEnd(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		a := mustCreate(t, s, "zhang", Grant{Role: CountyOfficial, Area: "320902"})
		by := NewScope(a.ID, CountyOfficial, []string{"320902"}, nil)
		_, secret, err := s.CreateToken(ctx, by, NewToken{Name: "x", Actions: []Action{ReadFact}, Days: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Disable(ctx, SystemScope(), a.ID, ""); err != nil {
			t.Fatal(err)
		}
		wantNoToken(t, s, "account disabled", secret)
		if err := s.Enable(ctx, SystemScope(), a.ID, ""); err != nil {
			t.Fatal(err)
		}
		w.pass(24*time.Hour - time.Millisecond)
		if _, _, err := s.ByToken(ctx, secret); err != nil {
			t.Errorf("before its end: %v", err)
		}
		w.pass(time.Millisecond)
		wantNoToken(t, s, "expired", secret)
		for _, odd := range []string{"", "yz_", "yz_A", secret[:len(secret)-1], secret + "A", strings.ToLower(secret), newSecret()} {
			wantNoToken(t, s, "made up", odd)
		}
	})
}

func wantNoToken(t *testing.T, s *Store, why, secret string) {
	t.Helper()
	if _, _, err := s.ByToken(t.Context(), secret); errs.KindOf(err) != errs.KindNotFound {
		t.Errorf("%s: %v", why, err)
	}
}

func TestTokensAreNoMoreThanTheirAccount(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *watch) {
		a := mustCreate(t, s, "zhang", Grant{Role: CountyOfficial, Area: "320902"})
		by := NewScope(a.ID, CountyOfficial, []string{"320902"}, nil)
		good := NewToken{Name: "x", Actions: []Action{ReadFact}, Days: 1}
		for _, tc := range []struct {
			name string
			odd  func(*NewToken)
			want string
		}{
			{"a right of another role", func(n *NewToken) { n.Actions = append(n.Actions, Merge) }, "access.token_beyond_rights"},
			{"a right unheard of", func(n *NewToken) { n.Actions = []Action{"fly"} }, "access.token_beyond_rights"},
			{"no right", func(n *NewToken) { n.Actions = nil }, "access.token_without_rights"},
			{"another area", func(n *NewToken) { n.Area = "320903" }, "access.token_beyond_area"},
			{"no name", func(n *NewToken) { n.Name = "  " }, "access.bad_token_name"},
			{"a long name", func(n *NewToken) { n.Name = strings.Repeat("长", 101) }, "access.bad_token_name"},
			{"no day", func(n *NewToken) { n.Days = 0 }, "access.bad_token_days"},
			{"for ever", func(n *NewToken) { n.Days = 367 }, "access.bad_token_days"},
		} {
			n := good
			tc.odd(&n)
			_, _, err := s.CreateToken(t.Context(), by, n)
			wantMsg(t, tc.name, err, errs.KindInvalid, tc.want)
		}
		if _, _, err := s.CreateToken(t.Context(), SystemScope(), good); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("nobody's token: %v", err)
		}
		for range maxTokens {
			if _, _, err := s.CreateToken(t.Context(), by, good); err != nil {
				t.Fatal(err)
			}
		}
		_, _, err := s.CreateToken(t.Context(), by, good)
		wantMsg(t, "one too many", err, errs.KindConflict, "access.too_many_tokens")
	})
}
