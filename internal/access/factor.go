package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
	"golang.org/x/text/unicode/norm"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// A second factor makes codes of six digits from a secret and the time (RFC 6238), each for a stretch of thirty seconds, by
// HMAC-SHA-1: what every app for it can do. The stretch before and the one after are taken too, for clocks that are not right.
const (
	factorStep   = 30 * time.Second
	factorSkew   = 1
	secretBytes  = 20 // as long as the hash, which RFC 4226 asks for
	halfwayLife  = 10 * time.Minute
	recoveryMany = 10
	recoverySize = 24 // letters of base 32: 120 bits, so that a plain hash is enough
	recoveryCut  = 6  // letters between two hyphens
)

// Factor says that the account has a second factor.
func (a Account) Factor() bool { return a.FactorAt != 0 }

// GradedFactors are the roles that must have a second factor where GB/T 22239-2019, 8.1.4.1 d), is followed: who decides on cases
// and money, who pays, who administers, and who audits.
func GradedFactors() []Role {
	return slices.DeleteFunc(Roles(), func(r Role) bool {
		return !slices.ContainsFunc(rules, func(x rule) bool {
			return x.role == r && slices.Contains([]Action{Decide, ManageFund, PayOut, ManageAccounts, ReadLog}, x.action)
		})
	})
}

// Offer is a second factor that no code has confirmed yet.
type Offer struct {
	Ticket string   // with which it is confirmed, within ten minutes
	Key    *otp.Key // for the app, as a picture or as letters
}

const (
	factorOf      = `SELECT secret, step FROM factor WHERE account_id = $1`
	allFactors    = `SELECT account_id, secret FROM factor`
	countFactors  = `SELECT COUNT(*) FROM factor`
	insertFactor  = `INSERT INTO factor (account_id, secret, made_at, step) VALUES ($1, $2, $3, $4)`
	useStep       = `UPDATE factor SET step = $1 WHERE account_id = $2 AND step < $1`
	sealFactor    = `UPDATE factor SET secret = $1 WHERE account_id = $2 AND secret = $3`
	deleteFactor  = `DELETE FROM factor WHERE account_id = $1`
	insertSpare   = `INSERT INTO recovery (account_id, code, used_at) VALUES ($1, $2, 0)`
	useSpare      = `UPDATE recovery SET used_at = $1 WHERE account_id = $2 AND code = $3 AND used_at = 0`
	countSpare    = `SELECT COUNT(*) FROM recovery WHERE account_id = $1 AND used_at = 0`
	deleteSpares  = `DELETE FROM recovery WHERE account_id = $1`
	insertHalfway = `INSERT INTO halfway (ticket, account_id, epoch, secret, expires_at) VALUES ($1, $2, $3, $4, $5)`
	readHalfway   = `SELECT account_id, epoch, secret FROM halfway WHERE ticket = $1 AND expires_at > $2`
	deleteHalfway = `DELETE FROM halfway WHERE ticket = $1`
	sweepHalfway  = `DELETE FROM halfway WHERE expires_at <= $1`
	demandedRoles = `SELECT role FROM factor_role ORDER BY role`
	clearRoles    = `DELETE FROM factor_role`
	insertRole    = `INSERT INTO factor_role (role) VALUES ($1)`
)

func factorPurpose(account int64) string { return "factor:" + strconv.FormatInt(account, 10) }

// OfferFactor is a new second factor for an account that has none, shown to its owner, who gives the password again; issuer is
// what an app calls the installation. It fails like Authenticate, with Invalid without a password, with Conflict for an account
// that has one, and with Unavailable where the file of keys is gone under which others are sealed.
func (s *Store) OfferFactor(ctx context.Context, id int64, password, issuer, address string) (Offer, error) {
	a, err := s.withPassword(ctx, id, password, address)
	if err != nil {
		return Offer{}, err
	}
	if a.Factor() {
		return Offer{}, errs.Conflict(i18n.M("access.has_factor"))
	}
	if err := s.readyToSeal(ctx); err != nil {
		return Offer{}, err
	}
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails
	sealed, err := s.Seal.Seal(secret, factorPurpose(id))
	if err != nil {
		return Offer{}, err
	}
	ticket, err := s.halfway(ctx, a, sealed)
	if err != nil {
		return Offer{}, err
	}
	return offerOf(ticket, secret, issuer, a)
}

// Offered is what was offered under a ticket, to be shown again after a wrong code.
func (s *Store) Offered(ctx context.Context, id int64, ticket, issuer string) (Offer, error) {
	a, secret, _, err := s.offered(ctx, id, ticket)
	if err != nil {
		return Offer{}, err
	}
	return offerOf(ticket, secret, issuer, a)
}

// offered is whose offer it is, and what it offers.
func (s *Store) offered(ctx context.Context, id int64, ticket string) (a Account, secret []byte, sealed string, err error) {
	a, sealed, err = s.byHalfway(ctx, ticket)
	switch {
	case err != nil:
	case a.ID != id || sealed == "":
		err = errHalfwayOver
	case a.Factor():
		err = errs.Conflict(i18n.M("access.has_factor"))
	default:
		secret, err = s.Seal.Open(sealed, factorPurpose(id))
	}
	return a, secret, sealed, err
}

func offerOf(ticket string, secret []byte, issuer string, a Account) (Offer, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: a.Login, Secret: secret})
	if err != nil {
		return Offer{}, fmt.Errorf("offer a second factor: %w", err)
	}
	return Offer{Ticket: ticket, Key: key}, nil
}

// readyToSeal draws a key for the first second factor of an installation.
func (s *Store) readyToSeal(ctx context.Context) error {
	ready, err := s.Seal.Ready()
	if err != nil || ready {
		return err
	}
	var sealed int
	if err := s.db.Read().QueryRow(ctx, countFactors).Scan(&sealed); err != nil {
		return fmt.Errorf("count second factors: %w", err)
	}
	if sealed > 0 { // a new key would hide that theirs is missing
		return errs.Unavailable(i18n.M("access.factor_key_gone"), nil)
	}
	return s.Seal.Draw()
}

// halfway notes that an account has come halfway, and gives the ticket with which it goes on.
func (s *Store) halfway(ctx context.Context, a Account, sealed string) (ticket string, err error) {
	ticket = rand.Text()
	now := s.machine.Millis()
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, sweepHalfway, now); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertHalfway, digest(ticket), a.ID, a.epoch, sealed, now+halfwayLife.Milliseconds())
		return err
	})
	if err != nil {
		return "", fmt.Errorf("note who is halfway: %w", err)
	}
	return ticket, nil
}

// errHalfwayOver says that a ticket is none, or none any more.
var errHalfwayOver = errs.Conflict(i18n.M("access.halfway_over", int64(halfwayLife/time.Minute)))

// byHalfway is whose ticket it is, and the secret that is to be confirmed, sealed.
func (s *Store) byHalfway(ctx context.Context, ticket string) (a Account, sealed string, err error) {
	var id, epoch int64
	err = s.db.Read().QueryRow(ctx, readHalfway, digest(ticket), s.machine.Millis()).Scan(&id, &epoch, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, "", errHalfwayOver
	}
	if err != nil {
		return Account{}, "", fmt.Errorf("read who is halfway: %w", err)
	}
	if a, err = s.ByID(ctx, id); err != nil {
		return Account{}, "", err
	}
	if a.Disabled() || a.epoch != epoch {
		return Account{}, "", errHalfwayOver
	}
	return a, sealed, nil
}

// TakeFactor gives the account the second factor that was offered to it, once a code shows that the app has the secret. Its sessions
// end. The codes for who loses the app are told here and never again.
func (s *Store) TakeFactor(ctx context.Context, id int64, ticket, code, address string) (spares []string, err error) {
	a, secret, sealed, err := s.offered(ctx, id, ticket)
	if err != nil {
		return nil, err
	}
	step, ok := stepOf(secret, code, s.machine.Millis())
	if !ok { // guessing at what one was shown oneself is no guessing
		return nil, errWrongFirst
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if _, err := tx.Exec(ctx, deleteHalfway, digest(ticket)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertFactor, id, sealed, max(1, s.now.Millis()), step); err != nil {
			return err
		}
		if spares, err = newSpares(ctx, tx, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, newEpoch, id); err != nil {
			return err
		}
		return s.record(ctx, tx, Scope{account: id}, about(FactorMade, id, a.Grants))
	})
	if store.IsUnique(err) {
		return nil, errs.Conflict(i18n.M("access.has_factor"))
	}
	if err != nil {
		return nil, fmt.Errorf("take a second factor: %w", err)
	}
	return spares, nil
}

// newSpares replaces the codes for who loses the app.
func newSpares(ctx context.Context, tx *store.Tx, account int64) ([]string, error) {
	if _, err := tx.Exec(ctx, deleteSpares, account); err != nil {
		return nil, err
	}
	spares := make([]string, recoveryMany)
	for i := range spares {
		spares[i] = grouped(rand.Text()[:recoverySize], recoveryCut)
		if _, err := tx.Exec(ctx, insertSpare, account, hashSpare(account, spares[i])); err != nil {
			return nil, err
		}
	}
	return spares, nil
}

func hashSpare(account int64, text string) string {
	return digest("recovery:" + strconv.FormatInt(account, 10) + ":" + foldCode(text))
}

var (
	errWrongFactor = &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("access.wrong_factor")}
	errWrongFirst  = &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("access.wrong_first")}
	errUsedFactor  = &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("access.used_factor")}
)

// digits is a code of an app as people type it: in any width, with spaces. "" for what is none.
func digits(code string) string {
	code = strings.Join(strings.Fields(norm.NFKC.String(code)), "")
	if len(code) != otp.DigitsSix.Length() || strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return code
}

// stepOf is the stretch of time that a code of an app is for, as long as it is now, or the one before or after.
func stepOf(secret []byte, code string, now int64) (step int64, ok bool) {
	code, key := digits(code), letters.EncodeToString(secret)
	at := now / factorStep.Milliseconds()
	for i := at - factorSkew; i <= at+factorSkew; i++ {
		want, err := hotp.GenerateCode(key, uint64(i))
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = i, true
		}
	}
	return step, ok
}

// answer uses up a code of the app of an account, or one of those for who has lost it. A try is counted like one of a password
// before the code is looked at. It fails with Forbidden for a wrong code, and for one that was used.
func (s *Store) answer(ctx context.Context, a Account, code, address string) error {
	if strings.TrimSpace(code) == "" {
		return errs.Invalid(i18n.M("access.need_factor"))
	}
	byAddress := addressSubject(address)
	if err := s.count(ctx, a.Login, byAddress); err != nil {
		return err
	}
	use, err := s.factorCode(ctx, a, code)
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := use(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, takeBack, byAddress); err != nil {
			return err
		}
		return forget(ctx, tx, loginSubject(a.Login))
	})
	if err != nil {
		return fmt.Errorf("take a code: %w", err)
	}
	return nil
}

// factorCode is what uses a code up, in the transaction of what it is used for.
func (s *Store) factorCode(ctx context.Context, a Account, code string) (use func(context.Context, *store.Tx) error, err error) {
	if digits(code) == "" {
		return func(ctx context.Context, tx *store.Tx) error {
			n, err := tx.Exec(ctx, useSpare, max(1, s.machine.Millis()), a.ID, hashSpare(a.ID, code))
			if err != nil {
				return err
			}
			if n == 0 {
				return errWrongFactor
			}
			return s.record(ctx, tx, Scope{account: a.ID}, about(SpareUsed, a.ID, a.Grants))
		}, nil
	}
	var sealed string
	var last int64
	err = s.db.Read().QueryRow(ctx, factorOf, a.ID).Scan(&sealed, &last)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errWrongFactor
	}
	if err != nil {
		return nil, fmt.Errorf("read second factor: %w", err)
	}
	secret, err := s.Seal.Open(sealed, factorPurpose(a.ID))
	if err != nil {
		return nil, err
	}
	step, ok := stepOf(secret, code, s.machine.Millis())
	switch {
	case !ok:
		return nil, errWrongFactor
	case step <= last:
		return nil, errUsedFactor
	}
	return func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, useStep, step, a.ID)
		if err == nil && n == 0 { // another was quicker
			err = errUsedFactor
		}
		return err
	}, nil
}

// Halfway is for an account with a second factor whose password was right: the ticket with which Complete goes on.
func (s *Store) Halfway(ctx context.Context, a Account) (ticket string, err error) {
	return s.halfway(ctx, a, "")
}

// Complete is the account that came halfway, by a code of its app or one for who has lost it. It fails with Conflict for a ticket that
// is over, with Forbidden for a wrong or used code, and with Unavailable after too many tries, which count together with those of
// Authenticate.
func (s *Store) Complete(ctx context.Context, ticket, code, address string) (Account, error) {
	a, sealed, err := s.byHalfway(ctx, ticket)
	if err != nil {
		return Account{}, err
	}
	if sealed != "" {
		return Account{}, errHalfwayOver
	}
	if err := s.answer(ctx, a, code, address); err != nil {
		return Account{}, err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, deleteHalfway, digest(ticket))
		return err
	})
	if err != nil {
		return Account{}, fmt.Errorf("end a ticket: %w", err)
	}
	return a, nil
}

// withPassword is an account whose owner gives the password again. A blank one is no try.
func (s *Store) withPassword(ctx context.Context, id int64, password, address string) (Account, error) {
	if password == "" {
		return Account{}, errs.Invalid(i18n.M("access.need_password"))
	}
	a, err := s.ByID(ctx, id)
	if err != nil {
		return Account{}, err
	}
	return s.Authenticate(ctx, a.Login, password, address)
}

// Prove fails unless its owner is at the keyboard: the password again and, with a second factor, a code. It fails with Invalid where
// one is blank, and else like Authenticate and Complete.
func (s *Store) Prove(ctx context.Context, id int64, password, code, address string) error {
	a, err := s.ByID(ctx, id)
	if err != nil {
		return err
	}
	if a.Factor() && strings.TrimSpace(code) == "" && password != "" {
		return errs.Invalid(i18n.M("access.need_factor"))
	}
	if a, err = s.withPassword(ctx, id, password, address); err != nil || !a.Factor() {
		return err
	}
	return s.answer(ctx, a, code, address)
}

// DropFactor takes the second factor from an account whose owner has proved to be it (Prove). NotFound where it has none, and
// Conflict where it must have one.
func (s *Store) DropFactor(ctx context.Context, id int64, password, code, address string) error {
	a, err := s.ByID(ctx, id)
	if err != nil {
		return err
	}
	if !a.Factor() {
		return errs.NotFound("second factor of account", id)
	}
	demanded, err := s.Demanded(ctx)
	if err != nil {
		return err
	}
	if a.hasAny(demanded) {
		return errs.Conflict(i18n.M("access.factor_demanded"))
	}
	if err := s.Prove(ctx, id, password, code, address); err != nil {
		return err
	}
	return s.dropFactor(ctx, Scope{account: id}, about(FactorEnded, id, a.Grants))
}

func (s *Store) dropFactor(ctx context.Context, by Scope, e Event) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := withoutFactor(ctx, tx, e.Account); err != nil {
			return err
		}
		return s.record(ctx, tx, by, e)
	})
	if err != nil {
		return fmt.Errorf("drop second factor: %w", err)
	}
	return nil
}

// withoutFactor takes the second factor and its codes from an account; its sessions end.
func withoutFactor(ctx context.Context, tx *store.Tx, id int64) error {
	n, err := tx.Exec(ctx, deleteFactor, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.NotFound("second factor of account", id)
	}
	if _, err := tx.Exec(ctx, deleteSpares, id); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, newEpoch, id)
	return err
}

// ResetFactor takes the second factor from an account whose owner has lost it; why says how the identity was checked, and must. It
// fails with Forbidden where by may not manage accounts, and with NotFound where there is none.
func (s *Store) ResetFactor(ctx context.Context, by Scope, id int64, why string) error {
	if strings.TrimSpace(why) == "" {
		return errs.Invalid(i18n.M("access.need_why"))
	}
	return s.manage(ctx, by, id, Event{Deed: FactorReset, Note: why}, func(ctx context.Context, tx *store.Tx) error {
		return withoutFactor(ctx, tx, id)
	})
}

// Spares is how many codes for who loses the app an account has left.
func (s *Store) Spares(ctx context.Context, id int64) (n int, err error) {
	if err := s.db.Read().QueryRow(ctx, countSpare, id).Scan(&n); err != nil {
		return 0, fmt.Errorf("count recovery codes: %w", err)
	}
	return n, nil
}

// RenewSpares replaces the codes for who loses the app, for an owner who has proved to be it (Prove).
func (s *Store) RenewSpares(ctx context.Context, id int64, password, code, address string) (spares []string, err error) {
	a, err := s.ByID(ctx, id)
	if err != nil {
		return nil, err
	}
	if !a.Factor() {
		return nil, errs.NotFound("second factor of account", id)
	}
	if err := s.Prove(ctx, id, password, code, address); err != nil {
		return nil, err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if spares, err = newSpares(ctx, tx, id); err != nil {
			return err
		}
		return s.record(ctx, tx, Scope{account: id}, about(NewSpares, id, a.Grants))
	})
	if err != nil {
		return nil, fmt.Errorf("renew recovery codes: %w", err)
	}
	return spares, nil
}

// Demanded are the roles that must have a second factor: those of Factors, and those that an administrator has named.
func (s *Store) Demanded(ctx context.Context) ([]Role, error) {
	rows, err := s.db.Read().Query(ctx, demandedRoles)
	if err != nil {
		return nil, fmt.Errorf("read who needs a second factor: %w", err)
	}
	defer rows.Close()
	all := slices.Clone(s.Factors)
	for rows.Next() {
		var r Role
		if err := rows.Scan(&r); err != nil {
			return nil, fmt.Errorf("read who needs a second factor: %w", err)
		}
		if !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read who needs a second factor: %w", err)
	}
	return all, nil
}

// Lacks says that an account must get a second factor before it does anything else.
func (s *Store) Lacks(ctx context.Context, a Account) (bool, error) {
	if a.Factor() {
		return false, nil
	}
	demanded, err := s.Demanded(ctx)
	return a.hasAny(demanded), err
}

// hasAny says that one of the grants is of one of the roles.
func (a Account) hasAny(roles []Role) bool { return slices.ContainsFunc(roles, a.Has) }

// DemandFactor names the roles that must have a second factor, besides those of Factors. It fails with Forbidden where by may not
// manage accounts, and with Invalid for a role that is none.
func (s *Store) DemandFactor(ctx context.Context, by Scope, roles []Role) error {
	if !by.Can(ManageAccounts) || by.Account() == 0 { // the event is of an account
		return errs.Forbidden("demand a second factor")
	}
	roles = slices.Compact(slices.Sorted(slices.Values(roles)))
	words := make([]string, len(roles))
	for i, r := range roles {
		if !slices.Contains(Roles(), r) {
			return errs.Invalid(i18n.M("access.no_such_role", string(r)))
		}
		words[i] = string(r)
	}
	return s.manage(ctx, by, by.Account(), Event{Deed: FactorRoles, Note: strings.Join(words, " ")}, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, clearRoles); err != nil {
			return err
		}
		for _, w := range words {
			if _, err := tx.Exec(ctx, insertRole, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// SealAnew has what second factors are made from sealed by a new key; the old ones stay in the file for backups that still need them.
// It gives how many were sealed anew.
func (s *Store) SealAnew(ctx context.Context) (n int, err error) {
	if err := s.Seal.Renew(); err != nil {
		return 0, err
	}
	sealed := map[int64]string{}
	rows, err := s.db.Read().Query(ctx, allFactors)
	if err != nil {
		return 0, fmt.Errorf("read second factors: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var secret string
		if err := rows.Scan(&id, &secret); err != nil {
			return 0, fmt.Errorf("read second factors: %w", err)
		}
		sealed[id] = secret
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("read second factors: %w", err)
	}
	fresh := make(map[int64]string, len(sealed))
	for id, old := range sealed {
		secret, err := s.Seal.Open(old, factorPurpose(id))
		if err != nil {
			return 0, err
		}
		if fresh[id], err = s.Seal.Seal(secret, factorPurpose(id)); err != nil {
			return 0, err
		}
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n = 0 // a transaction may be tried again
		for id, text := range fresh {
			changed, err := tx.Exec(ctx, sealFactor, text, id, sealed[id])
			if err != nil {
				return err
			}
			n += int(changed)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("seal second factors anew: %w", err)
	}
	return n, nil
}
