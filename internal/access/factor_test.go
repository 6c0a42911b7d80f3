package access

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/hotp"
	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/seal"
	"github.com/yanzhen/yanzhen/internal/store"
)

// The vectors of RFC 6238, appendix B, for HMAC-SHA-1: the last six of their eight digits.
func TestFactorVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if step, ok := stepOf(secret, code, at*1000); !ok || step != at/30 {
			t.Errorf("%s at %d: step %d, %t", code, at, step, ok)
		}
		typed := "　" + code[:3] + " " + strings.Map(func(r rune) rune { return r - '0' + '０' }, code[3:])
		for _, off := range []int64{-30, 30} {
			if step, ok := stepOf(secret, typed, (at+off)*1000); !ok || step != at/30 {
				t.Errorf("%s at %d%+d: step %d, %t", typed, at, off, step, ok)
			}
		}
		for _, off := range []int64{-60, 60} {
			if _, ok := stepOf(secret, code, (at+off)*1000); ok && at+off > 0 {
				t.Errorf("%s is taken at %d%+d", code, at, off)
			}
		}
	}
	for _, none := range []string{"", "28708", "2870820", "28708x", "-87082"} {
		if _, ok := stepOf(secret, none, 59_000); ok {
			t.Errorf("%q is taken", none)
		}
	}
}

// codeAt is what the app of a secret shows, some steps from now.
func codeAt(t *testing.T, w *watch, secret string, steps int64) string {
	t.Helper()
	code, err := hotp.GenerateCode(secret, uint64(w.ms.Load()/30_000+steps))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// withFactor gives an account a second factor, and says what its codes are made from and the codes for who loses it.
func withFactor(t *testing.T, s *Store, w *watch, id int64) (key string, spares []string) {
	t.Helper()
	o, err := s.OfferFactor(t.Context(), id, secret, "Yanzhen", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if spares, err = s.TakeFactor(t.Context(), id, o.Ticket, codeAt(t, w, o.Key.Secret(), 0), "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	w.pass(factorStep)
	return o.Key.Secret(), spares
}

// A second factor is taken by its owner with the password and a code, and is asked for from then on; its secret is sealed.
func TestSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		a := mustCreate(t, s, "zhang", Grant{Role: Finance, Area: "320900"})
		_, err := s.OfferFactor(ctx, a.ID, "", "Yanzhen", "")
		wantMsg(t, "no password", err, errs.KindInvalid, "access.need_password")
		_, err = s.OfferFactor(ctx, a.ID, "a wrong password", "Yanzhen", "")
		wantMsg(t, "a wrong password", err, errs.KindForbidden, "access.wrong_login")

		o, err := s.OfferFactor(ctx, a.ID, secret, "Yanzhen 网", "")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(o.Key.URL(), "otpauth://totp/") || o.Key.AccountName() != "zhang" || o.Key.Issuer() != "Yanzhen 网" || len(o.Key.Secret()) != 32 {
			t.Errorf("offered %s", o.Key.URL())
		}
		_, err = s.TakeFactor(ctx, a.ID, o.Ticket, "000000", "")
		if codeAt(t, w, o.Key.Secret(), 0) != "000000" {
			wantMsg(t, "a wrong code", err, errs.KindForbidden, "access.wrong_first")
		}
		again, err := s.Offered(ctx, a.ID, o.Ticket, "Yanzhen 网")
		if err != nil || again.Key.URL() != o.Key.URL() {
			t.Errorf("offered again %v, %v", again, err)
		}
		other := mustCreate(t, s, "li.si")
		_, err = s.TakeFactor(ctx, other.ID, o.Ticket, codeAt(t, w, o.Key.Secret(), 0), "")
		wantMsg(t, "another's ticket", err, errs.KindConflict, "access.halfway_over")
		_, err = s.Complete(ctx, o.Ticket, codeAt(t, w, o.Key.Secret(), 0), "")
		wantMsg(t, "an offer signs nobody in", err, errs.KindConflict, "access.halfway_over")
		if a, _ := s.ByID(ctx, a.ID); a.Factor() {
			t.Error("has one before a code was given")
		}

		ticket := a.Ticket()
		spares, err := s.TakeFactor(ctx, a.ID, o.Ticket, codeAt(t, w, o.Key.Secret(), 0), "")
		if err != nil || len(spares) != recoveryMany {
			t.Fatalf("%v, %v", spares, err)
		}
		if _, err := s.ByTicket(ctx, ticket); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a session from before goes on: %v", err)
		}
		_, err = s.OfferFactor(ctx, a.ID, secret, "Yanzhen", "")
		wantMsg(t, "a second one", err, errs.KindConflict, "access.has_factor")
		var kept string
		if err := s.db.Read().QueryRow(ctx, `SELECT secret FROM factor WHERE account_id = $1`, a.ID).Scan(&kept); err != nil {
			t.Fatal(err)
		}
		if raw, _ := letters.DecodeString(o.Key.Secret()); strings.Contains(kept, o.Key.Secret()) || strings.Contains(kept, string(raw)) {
			t.Errorf("kept as %s", kept)
		}

		a, err = s.Authenticate(ctx, "zhang", secret, "")
		if err != nil || !a.Factor() {
			t.Fatalf("%+v, %v", a, err)
		}
		half, err := s.Halfway(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Complete(ctx, half, codeAt(t, w, o.Key.Secret(), 0), "")
		wantMsg(t, "the code that set it up", err, errs.KindForbidden, "access.used_factor")
		_, err = s.Complete(ctx, half, "", "")
		wantMsg(t, "no code", err, errs.KindInvalid, "access.need_factor")
		_, err = s.TakeFactor(ctx, a.ID, half, codeAt(t, w, o.Key.Secret(), 1), "")
		wantMsg(t, "a sign-in sets up nothing", err, errs.KindConflict, "access.halfway_over")
		got, err := s.Complete(ctx, half, codeAt(t, w, o.Key.Secret(), 1), "")
		if diff := cmp.Diff(a, got, cmp.AllowUnexported(Account{})); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		_, err = s.Complete(ctx, half, codeAt(t, w, o.Key.Secret(), 1), "")
		wantMsg(t, "a ticket twice", err, errs.KindConflict, "access.halfway_over")

		half, _ = s.Halfway(ctx, a)
		w.pass(halfwayLife)
		_, err = s.Complete(ctx, half, codeAt(t, w, o.Key.Secret(), 0), "")
		wantMsg(t, "a ticket too late", err, errs.KindConflict, "access.halfway_over")
		half, _ = s.Halfway(ctx, a)
		if err := s.Disable(ctx, SystemScope(), a.ID, "left"); err != nil {
			t.Fatal(err)
		}
		_, err = s.Complete(ctx, half, codeAt(t, w, o.Key.Secret(), 0), "")
		wantMsg(t, "a disabled account", err, errs.KindConflict, "access.halfway_over")
	})
}

// A code is good once, however many come with it at a time; so is one for who has lost the app.
func TestFactorCodeOnce(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		a := mustCreate(t, s, "zhang")
		key, spares := withFactor(t, s, w, a.ID)
		a, _ = s.ByID(t.Context(), a.ID)
		for _, code := range []string{codeAt(t, w, key, 0), strings.ToLower(strings.ReplaceAll(spares[3], "-", " "))} {
			var all errgroup.Group
			in := make([]bool, attemptsPerLogin-1)
			for i := range in {
				all.Go(func() error {
					half, err := s.Halfway(context.Background(), a)
					if err == nil {
						_, err = s.Complete(context.Background(), half, code, fmt.Sprintf("192.0.2.%d", i))
					}
					if in[i] = err == nil; errs.KindOf(err) == errs.KindForbidden {
						return nil
					}
					return err
				})
			}
			if err := all.Wait(); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(fmt.Sprint(in), "true"); n != 1 {
				t.Errorf("%s let %d in", code, n)
			}
			w.pass(attemptWindow) // who was refused has been counted
		}
		if n, err := s.Spares(t.Context(), a.ID); err != nil || n != recoveryMany-1 {
			t.Errorf("%d left, %v", n, err)
		}
	})
}

// Codes are guessed no oftener than passwords, and who has the password does not clear the way for guessing by giving it again.
func TestFactorGuesses(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		a := mustCreate(t, s, "zhang")
		key, _ := withFactor(t, s, w, a.ID)
		wrong := "000000"
		for i := int64(-1); i <= 1; i++ {
			if codeAt(t, w, key, i) == wrong {
				wrong = "111111"
			}
		}
		var err error
		for range attemptsPerLogin {
			if a, err = s.Authenticate(ctx, "zhang", secret, "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
			half, _ := s.Halfway(ctx, a)
			_, err = s.Complete(ctx, half, wrong, "192.0.2.1")
			wantMsg(t, "a guess", err, errs.KindForbidden, "access.wrong_factor")
		}
		_, err = s.Authenticate(ctx, "zhang", secret, "192.0.2.1")
		wantMsg(t, "the password after five guesses", err, errs.KindUnavailable, "access.locked")
		half, _ := s.Halfway(ctx, a)
		_, err = s.Complete(ctx, half, codeAt(t, w, key, 0), "192.0.2.2")
		wantMsg(t, "the right code after five guesses", err, errs.KindUnavailable, "access.locked")
		w.pass(attemptWindow)
		half, _ = s.Halfway(ctx, a)
		if _, err = s.Complete(ctx, half, codeAt(t, w, key, 0), "192.0.2.1"); err != nil {
			t.Errorf("after a quarter of an hour: %v", err)
		}
	})
}

// Its owner replaces the codes for a lost app and drops the factor with password and code; an administrator takes it away with a
// reason; the owner is told, and the log knows.
func TestFactorEnds(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		var told []string
		s.Tell = func(_ context.Context, _ *store.Tx, e Event) error {
			told = append(told, fmt.Sprintf("%s %d %d %s", e.Deed, e.Actor, e.Account, e.Note))
			return nil
		}
		root := mustCreate(t, s, "root", Grant{Role: Administrator})
		by := NewScope(root.ID, Administrator, nil, nil)
		a := mustCreate(t, s, "zhang", Grant{Role: Finance, Area: "320900"})
		err := s.DropFactor(ctx, a.ID, secret, "000000", "")
		wantMsg(t, "none to drop", err, errs.KindNotFound, "errs.not_found")
		key, old := withFactor(t, s, w, a.ID)

		_, err = s.RenewSpares(ctx, a.ID, secret, "", "")
		wantMsg(t, "no code", err, errs.KindInvalid, "access.need_factor")
		_, err = s.RenewSpares(ctx, a.ID, "", codeAt(t, w, key, 0), "")
		wantMsg(t, "no password", err, errs.KindInvalid, "access.need_password")
		fresh, err := s.RenewSpares(ctx, a.ID, secret, codeAt(t, w, key, 0), "")
		if err != nil {
			t.Fatal(err)
		}
		err = s.Prove(ctx, a.ID, secret, old[0], "")
		wantMsg(t, "a code from before", err, errs.KindForbidden, "access.wrong_factor")
		if err := s.Prove(ctx, a.ID, secret, fresh[0], ""); err != nil {
			t.Error(err)
		}
		if err := s.DropFactor(ctx, a.ID, secret, fresh[1], ""); err != nil {
			t.Fatal(err)
		}
		if a, _ := s.ByID(ctx, a.ID); a.Factor() {
			t.Error("dropped, and still there")
		}
		if err := s.Prove(ctx, a.ID, secret, "", ""); err != nil {
			t.Errorf("without a factor: %v", err)
		}

		withFactor(t, s, w, a.ID)
		wantMsg(t, "reset without a reason", s.ResetFactor(ctx, by, a.ID, " "), errs.KindInvalid, "access.need_why")
		wantMsg(t, "reset by another", s.ResetFactor(ctx, NewScope(a.ID, Finance, []string{"320900"}, nil), a.ID, "x"), errs.KindForbidden, "errs.forbidden")
		if err := s.ResetFactor(ctx, by, a.ID, "came to the desk"); err != nil {
			t.Fatal(err)
		}
		wantMsg(t, "reset twice", s.ResetFactor(ctx, by, a.ID, "x"), errs.KindNotFound, "errs.not_found")
		want := []string{
			fmt.Sprintf("factor_made %[1]d %[1]d ", a.ID), fmt.Sprintf("new_spares %[1]d %[1]d ", a.ID), fmt.Sprintf("spare_used %[1]d %[1]d ", a.ID),
			fmt.Sprintf("spare_used %[1]d %[1]d ", a.ID), fmt.Sprintf("factor_ended %[1]d %[1]d ", a.ID), fmt.Sprintf("factor_made %[1]d %[1]d ", a.ID),
			fmt.Sprintf("factor_reset %d %d came to the desk", root.ID, a.ID),
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// Who must have a second factor: by the profile, and by an administrator.
func TestFactorDemanded(t *testing.T) {
	if diff := cmp.Diff([]Role{CountyOfficial, CityOfficial, Finance, Auditor, Administrator}, GradedFactors()); diff != "" {
		t.Errorf("graded (-want +got):\n%s", diff)
	}
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		root := mustCreate(t, s, "root", Grant{Role: Administrator})
		a := mustCreate(t, s, "zhang", Grant{Role: Bank, Party: 3})
		lacks := func(a Account) bool {
			t.Helper()
			is, err := s.Lacks(ctx, a)
			if err != nil {
				t.Fatal(err)
			}
			return is
		}
		if lacks(root) || lacks(a) {
			t.Error("lacks what nobody asks for")
		}
		by := NewScope(root.ID, Administrator, nil, nil)
		wantMsg(t, "by a bank", s.DemandFactor(ctx, NewScope(a.ID, Bank, nil, []int64{3}), nil), errs.KindForbidden, "errs.forbidden")
		wantMsg(t, "no role", s.DemandFactor(ctx, by, []Role{"king"}), errs.KindInvalid, "access.no_such_role")
		if err := s.DemandFactor(ctx, by, []Role{Bank, Expert, Bank}); err != nil {
			t.Fatal(err)
		}
		if lacks(root) || !lacks(a) {
			t.Error("a bank is to have one, and an administrator need not")
		}
		key, spares := withFactor(t, s, w, a.ID)
		a, _ = s.ByID(ctx, a.ID)
		if lacks(a) {
			t.Error("has one, and lacks it")
		}
		wantMsg(t, "drop what is demanded", s.DropFactor(ctx, a.ID, secret, codeAt(t, w, key, 0), ""), errs.KindConflict, "access.factor_demanded")
		s.Factors = GradedFactors()
		if err := s.DemandFactor(ctx, by, nil); err != nil {
			t.Fatal(err)
		}
		if !lacks(root) {
			t.Error("the profile asks an administrator for one")
		}
		if err := s.DropFactor(ctx, a.ID, secret, spares[0], ""); err != nil || lacks(a) {
			t.Errorf("%v", err)
		}
		events, err := s.Events(ctx, EventQuery{Deed: FactorRoles}, func(Event) bool { return true })
		if err != nil || len(events) != 2 || events[1].Note != "bank expert" || events[1].Account != root.ID {
			t.Errorf("%+v, %v", events, err)
		}
	})
}

// Without its key a second factor opens nothing, and no new key is drawn beside it; codes for a lost app go on; a renewed key seals all.
func TestFactorKeys(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		ctx := t.Context()
		a, b := mustCreate(t, s, "zhang"), mustCreate(t, s, "li.si")
		key, spares := withFactor(t, s, w, a.ID)
		if n, err := s.SealAnew(ctx); n != 1 || err != nil {
			t.Fatalf("%d sealed anew, %v", n, err)
		}
		if err := s.Prove(ctx, a.ID, secret, codeAt(t, w, key, 0), ""); err != nil {
			t.Errorf("under the new key: %v", err)
		}
		w.pass(factorStep)
		there := s.Seal
		s.Seal = seal.At(t.TempDir() + "/seal.key")
		wantMsg(t, "the key is gone", s.Prove(ctx, a.ID, secret, codeAt(t, w, key, 0), ""), errs.KindUnavailable, "seal.no_key")
		_, err := s.OfferFactor(ctx, b.ID, secret, "Yanzhen", "")
		wantMsg(t, "another key beside", err, errs.KindUnavailable, "access.factor_key_gone")
		if err := s.Prove(ctx, a.ID, secret, spares[0], ""); err != nil {
			t.Errorf("a recovery code needs no key: %v", err)
		}
		s.Seal = there
		if err := s.Prove(ctx, a.ID, secret, codeAt(t, w, key, 0), ""); err != nil {
			t.Errorf("with the key again: %v", err)
		}
		w.pass(24 * time.Hour)
		var left int
		if _, err := s.Halfway(ctx, a); err != nil {
			t.Fatal(err)
		}
		if err := s.db.Read().QueryRow(ctx, `SELECT COUNT(*) FROM halfway`).Scan(&left); err != nil || left != 1 {
			t.Errorf("%d tickets left, %v", left, err)
		}
	})
}
