package access

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Firm is an enterprise as far as this package knows one: the party that a grant names, and the area where it is now,
// which the register of parties says. The rules decide by both.
type Firm struct {
	Party int64
	Area  string
}

// Enrolment is an enterprise that is to have its own account.
type Enrolment struct {
	Firm
	Login, Name string
}

const (
	withAccount = `SELECT g.party_id, g.account_id FROM grant_ g JOIN account a ON a.id = g.account_id
WHERE g.role = 'enterprise' AND g.ended_at = 0 AND a.disabled_at = 0`
	loginsLike = `SELECT COUNT(*) FROM account WHERE login = $1`
)

// Enrolled are the parties that have an account of their own in use, with its id.
func (s *Store) Enrolled(ctx context.Context) (map[int64]int64, error) {
	return s.enrolled(ctx, s.db.Read())
}

func (s *Store) enrolled(ctx context.Context, q store.Querier) (map[int64]int64, error) {
	rows, err := q.Query(ctx, withAccount)
	if err != nil {
		return nil, fmt.Errorf("read enrolled parties: %w", err)
	}
	defer rows.Close()
	found := map[int64]int64{}
	for rows.Next() {
		var party, account int64
		if err := rows.Scan(&party, &account); err != nil {
			return nil, fmt.Errorf("read enrolled parties: %w", err)
		}
		found[party] = account
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read enrolled parties: %w", err)
	}
	return found, nil
}

const waitingAccounts = `SELECT id FROM account WHERE password = '' AND disabled_at = 0`

// Waiting are the accounts in use that have no password and wait for a code.
func (s *Store) Waiting(ctx context.Context) (map[int64]bool, error) {
	rows, err := s.db.Read().Query(ctx, waitingAccounts)
	if err != nil {
		return nil, fmt.Errorf("read waiting accounts: %w", err)
	}
	defer rows.Close()
	found := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read waiting accounts: %w", err)
		}
		found[id] = true
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read waiting accounts: %w", err)
	}
	return found, nil
}

// Enrol makes the accounts of enterprises in one step, each waiting for its code, and gives their ids; 0 for one that has
// an account already. A login that is taken is given a number. It fails with Forbidden where by may not for one of them.
func (s *Store) Enrol(ctx context.Context, by Scope, list []Enrolment) ([]int64, error) {
	for _, e := range list {
		if e.Party <= 0 || !by.Sees(IssueAccess, e.Area, e.Party) {
			return nil, errs.Forbidden(fmt.Sprintf("enrol party %d", e.Party))
		}
	}
	var ids []int64
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids = make([]int64, len(list))
		if err := tx.Lock(ctx, lockAccounts); err != nil {
			return err
		}
		have, err := s.enrolled(ctx, tx)
		if err != nil {
			return err
		}
		for i, e := range list {
			if have[e.Party] != 0 {
				continue
			}
			if ids[i], err = s.enrol(ctx, tx, by, e); err != nil {
				return err
			}
			have[e.Party] = ids[i]
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	return ids, nil
}

func (s *Store) enrol(ctx context.Context, tx *store.Tx, by Scope, e Enrolment) (int64, error) {
	n := NewAccount{Login: e.Login, Name: shortened(e.Name), Grants: []Grant{{Role: Enterprise, Party: e.Party}}}
	for i := 2; ; i++ {
		var taken int
		if err := tx.QueryRow(ctx, loginsLike, fold(n.Login)).Scan(&taken); err != nil {
			return 0, err
		}
		if taken == 0 {
			break
		}
		n.Login = e.Login + "-" + strconv.Itoa(i)
	}
	return s.prepare(ctx, tx, by, Created, n)
}

// shortened is a name that an account can have: those of some enterprises are longer.
func shortened(name string) string {
	if name = strings.TrimSpace(name); utf8.RuneCountInString(name) > nameMax {
		return string([]rune(name)[:nameMax])
	}
	return name
}

// prepare makes an account without a password.
func (s *Store) prepare(ctx context.Context, tx *store.Tx, by Scope, d Deed, n NewAccount) (int64, error) {
	if err := n.check(); err != nil {
		return 0, err
	}
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return 0, err
	}
	if _, err := tx.Exec(ctx, insertAccount, id, n.Login, n.Name, "", s.now.Millis(), 0); err != nil {
		return 0, err
	}
	if err := s.give(ctx, tx, by, id, n.Grants); err != nil {
		return 0, err
	}
	e := about(d, id, n.Grants)
	if d == Authorised {
		e.Note = grantWords(n.Grants)
	}
	return id, s.record(ctx, tx, by, e)
}

// Authorisation is what an enterprise allows somebody who acts for it.
type Authorisation struct {
	Login, Name string
	Role        Role  // Handler or Viewer
	Until       int64 // ms
}

const (
	handlersMax = 30 // of one enterprise at a time
	longest     = 3 * 366 * 24 * time.Hour
)

func (s *Store) checkAuthorisation(a Authorisation) error {
	now := s.now.Millis()
	switch {
	case a.Role != Handler && a.Role != Viewer:
		return errs.Invalid(i18n.M("access.bad_grant", string(a.Role)))
	case a.Until <= now || a.Until > now+longest.Milliseconds():
		return errs.Invalid(i18n.M("access.bad_until", int(longest.Hours()/24/366)))
	}
	return nil
}

// Authorise makes an account for somebody who acts for an enterprise, and gives its code. It fails with Forbidden where
// by may not delegate for the enterprise, with Invalid where a field will not do, and with Conflict where the login is
// taken or too many act for the enterprise already.
func (s *Store) Authorise(ctx context.Context, by Scope, f Firm, a Authorisation) (Code, error) {
	if err := s.checkAuthorisation(a); err != nil {
		return Code{}, err
	}
	return s.delegate(ctx, by, f, func(ctx context.Context, tx *store.Tx) (Code, error) {
		return s.authorise(ctx, tx, by, f, a)
	})
}

// delegate runs what an enterprise does about those who act for it.
func (s *Store) delegate(ctx context.Context, by Scope, f Firm, do func(context.Context, *store.Tx) (Code, error)) (Code, error) {
	if f.Party <= 0 || !by.Sees(Delegate, f.Area, f.Party) {
		return Code{}, errs.Forbidden(fmt.Sprintf("delegate for party %d", f.Party))
	}
	var code Code
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := tx.Lock(ctx, lockAccounts); err != nil {
			return err
		}
		code, err = do(ctx, tx)
		return err
	})
	switch {
	case store.IsUnique(err):
		return Code{}, errs.Conflict(i18n.M("access.login_taken", code.Login))
	case err != nil:
		return Code{}, fmt.Errorf("delegate for party %d: %w", f.Party, err)
	}
	return code, nil
}

func (s *Store) authorise(ctx context.Context, tx *store.Tx, by Scope, f Firm, a Authorisation) (Code, error) {
	acting, err := s.accountsOf(ctx, tx, []int64{f.Party})
	if err != nil {
		return Code{}, err
	}
	if len(acting) >= handlersMax {
		return Code{}, errs.Conflict(i18n.M("access.too_many", handlersMax))
	}
	n := NewAccount{Login: a.Login, Name: a.Name, Grants: []Grant{{Role: a.Role, Party: f.Party, Until: a.Until}}}
	if err := n.check(); err != nil {
		return Code{}, err
	}
	var taken int
	if err := tx.QueryRow(ctx, loginsLike, n.Login).Scan(&taken); err != nil {
		return Code{}, err
	}
	if taken > 0 {
		return Code{}, errs.Conflict(i18n.M("access.login_taken", n.Login))
	}
	id, err := s.prepare(ctx, tx, by, Authorised, n)
	if err != nil {
		return Code{Login: n.Login}, err
	}
	return s.issue(ctx, tx, by, Holder{id, f}, "")
}

// Revoke ends what somebody may do for an enterprise, and with it their sessions; what they did stays theirs, and why it
// ended on record. It fails with NotFound for an account that does not act for the enterprise, or is the enterprise's own.
func (s *Store) Revoke(ctx context.Context, by Scope, f Firm, account int64, why string) error {
	why, err := noteOf(why)
	if err != nil {
		return err
	}
	_, err = s.delegate(ctx, by, f, func(ctx context.Context, tx *store.Tx) (Code, error) {
		_, err := s.revoke(ctx, tx, by, f, Event{Deed: Revoked, Account: account, Note: why})
		return Code{}, err
	})
	return err
}

// revoke gives the grant that was ended, and records the event.
func (s *Store) revoke(ctx context.Context, tx *store.Tx, by Scope, f Firm, e Event) (Grant, error) {
	g, err := s.delegated(ctx, tx, f, e.Account)
	if err != nil {
		return Grant{}, err
	}
	now := max(1, s.now.Millis())
	if _, err := tx.Exec(ctx, endGrants, now, by.Account(), e.Account); err != nil {
		return Grant{}, err
	}
	if _, err := tx.Exec(ctx, setDisabled, now, e.Account); err != nil {
		return Grant{}, err
	}
	e.Party = f.Party
	return g, s.record(ctx, tx, by, e)
}

// delegated is what an account may do for an enterprise, or might until its day came; NotFound where it is not that of
// one who acts for the enterprise and nothing else.
func (s *Store) delegated(ctx context.Context, tx *store.Tx, f Firm, account int64) (Grant, error) {
	a, _, err := s.read(ctx, tx, byID, account)
	if err != nil {
		return Grant{}, err
	}
	grants, err := readGrants(ctx, tx, grantsOf, everSince, account)
	if err != nil {
		return Grant{}, err
	}
	if g := grants[account]; len(g) == 1 && g[0].Party == f.Party && g[0].Role != Enterprise && !a.Disabled() {
		return g[0], nil
	}
	return Grant{}, errs.NotFound("handler", account)
}

// everSince asks for grants as if it were 1970: those are among them whose day has come.
const everSince = int64(0)

// Renew lets somebody act for an enterprise until another day.
func (s *Store) Renew(ctx context.Context, by Scope, f Firm, account, until int64) error {
	_, err := s.delegate(ctx, by, f, func(ctx context.Context, tx *store.Tx) (Code, error) {
		g, err := s.delegated(ctx, tx, f, account)
		if err != nil {
			return Code{}, err
		}
		g.Until = until
		if err := s.checkAuthorisation(Authorisation{Role: g.Role, Until: until}); err != nil {
			return Code{}, err
		}
		if _, err := tx.Exec(ctx, endGrants, max(1, s.now.Millis()), by.Account(), account); err != nil {
			return Code{}, err
		}
		if err := s.give(ctx, tx, by, account, []Grant{g}); err != nil {
			return Code{}, err
		}
		return Code{}, s.record(ctx, tx, by, Event{Deed: NewGrants, Account: account, Party: f.Party, Note: grantWords([]Grant{g})})
	})
	return err
}

// Succeed hands what somebody may do for an enterprise to a successor, in one step: the leaver's account ends, the
// successor gets one of their own with the same rights until the same day, and its code.
func (s *Store) Succeed(ctx context.Context, by Scope, f Firm, leaver int64, login, name string) (Code, error) {
	return s.delegate(ctx, by, f, func(ctx context.Context, tx *store.Tx) (Code, error) {
		g, err := s.revoke(ctx, tx, by, f, Event{Deed: Succeeded, Account: leaver, Note: fold(login)})
		if err != nil {
			return Code{}, err
		}
		a := Authorisation{Login: login, Name: name, Role: g.Role, Until: g.Until}
		if err := s.checkAuthorisation(a); err != nil {
			return Code{}, err
		}
		return s.authorise(ctx, tx, by, f, a)
	})
}

const actingFor = `SELECT DISTINCT a.id, a.login, a.name, a.password, a.epoch, a.created_at, a.disabled_at, a.password_at, ` + factorAt + `
FROM account a JOIN grant_ g ON g.account_id = a.id
WHERE a.disabled_at = 0 AND g.ended_at = 0 AND `

// AccountsOf are the accounts in use that act for an enterprise, its own first, with all that they were granted and that
// was not ended, though its day may have come: parties are the one that it is now and those merged into it. It fails with Forbidden unless by may issue or delegate for the enterprise.
func (s *Store) AccountsOf(ctx context.Context, by Scope, f Firm, parties []int64) ([]Account, error) {
	if !by.Sees(IssueAccess, f.Area, f.Party) && !by.Sees(Delegate, f.Area, f.Party) {
		return nil, errs.Forbidden(fmt.Sprintf("list accounts of party %d", f.Party))
	}
	list, err := s.accountsOf(ctx, s.db.Read(), parties)
	if err != nil {
		return nil, fmt.Errorf("list accounts of party %d: %w", f.Party, err)
	}
	return list, nil
}

func (s *Store) accountsOf(ctx context.Context, q store.Querier, parties []int64) ([]Account, error) {
	var c conditions
	c.in("g.party_id", parties)
	list, err := readAccounts(ctx, q, actingFor+c.terms[0]+` ORDER BY a.id`, c.args...)
	if err != nil {
		return nil, err
	}
	for i := range list {
		grants, err := readGrants(ctx, q, grantsOf, everSince, list[i].ID)
		if err != nil {
			return nil, err
		}
		list[i].Grants = grants[list[i].ID]
	}
	own := func(a Account) bool { return a.Has(Enterprise) }
	return slices.Concat(keep(list, own), keep(list, func(a Account) bool { return !own(a) })), nil
}

func keep(list []Account, which func(Account) bool) []Account {
	return slices.DeleteFunc(slices.Clone(list), func(a Account) bool { return !which(a) })
}
