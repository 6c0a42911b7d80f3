package access

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/seal"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "access", FS: schema}

// Grant gives an account a role, for an area and all below it (officials, departments, experts, auditors), for one party (an enterprise and
// those who act for it), or for the installation (administrators).
type Grant struct {
	Role  Role
	Area  string // code of an area; empty for an enterprise and an administrator
	Party int64  // id of a party; 0 for all but those who act for an enterprise
	Until int64  // ms, when it ends by itself; 0 for never
}

// Account is somebody who may sign in.
type Account struct {
	ID         int64
	Login      string // folded: lower case, half width
	Name       string
	Grants     []Grant // in force
	CreatedAt  int64   // ms
	DisabledAt int64   // ms; 0 while in use
	Waits      bool    // has no password: the next who comes with its code sets one
	FactorAt   int64   // ms, since when it has a second factor; 0 for none

	epoch      int64
	passwordAt int64 // ms, by the machine's clock; 0 where it is not known
}

// Disabled says that the account may no longer sign in.
func (a Account) Disabled() bool { return a.DisabledAt != 0 }

// Has says whether one of the grants is of this role.
func (a Account) Has(r Role) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == r })
}

// role is the first of its roles.
func (a Account) role() Role {
	if len(a.Grants) == 0 {
		return ""
	}
	return a.Grants[0].Role
}

// LogValue keeps who it is out of the log.
func (a Account) LogValue() slog.Value { return slog.Int64Value(a.ID) }

// Ticket is what a session holds: whose it is, and that it was made before nothing that ended the account's sessions.
func (a Account) Ticket() string {
	return strconv.FormatInt(a.ID, 10) + "." + strconv.FormatInt(a.epoch, 10)
}

// Store keeps accounts. It is safe for many goroutines.
type Store struct {
	db      *store.DB
	now     clock.Clock
	machine clock.Clock
	hash    hasher

	// What an installation asks and has; all are set before the store is used.
	Passwords Passwords // what is asked of passwords besides CheckPassword
	Factors   []Role    // that must have a second factor, besides those that an administrator names
	Seal      seal.Keys // under which second factors are kept; without it nobody gets one

	// Tell tells the owner of an account what was done to it, in the transaction of the deed; nil tells nobody.
	Tell func(context.Context, *store.Tx, Event) error
}

// New is the store over a database that has Migrations. By now, records are dated, and grants, codes and tokens end: it is
// the clock of the pages, which in a demonstration stands at a day in the past. By machine, sessions and the locks after
// failed sign-ins end: browsers and package scs reckon by it, and it never starts again.
func New(db *store.DB, now, machine clock.Clock, cost Cost) *Store {
	return &Store{db: db, now: now, machine: machine, hash: newHasher(cost, runtime.GOMAXPROCS(0))}
}

// Now is the time by which records are dated, and codes, grants and tokens end, in milliseconds.
func (s *Store) Now() int64 { return s.now.Millis() }

// NewAccount is an account to be made.
type NewAccount struct {
	Login    string // 3 to 64 letters, digits, and . _ - @
	Name     string
	Password string // see CheckPassword
	Grants   []Grant
}

const nameMax = 100 // characters

// check looks at everything but the password.
func (n *NewAccount) check() error {
	n.Login, n.Name = fold(n.Login), strings.TrimSpace(n.Name)
	length := utf8.RuneCountInString(n.Login)
	odd := strings.ContainsFunc(n.Login, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@", r)
	})
	switch {
	case length < 3 || length > 64 || len(n.Login) > 64 || odd:
		return errs.Invalid(i18n.M("access.bad_login"))
	case n.Name == "" || utf8.RuneCountInString(n.Name) > nameMax:
		return errs.Invalid(i18n.M("access.bad_name", nameMax))
	}
	return checkGrants(n.Grants)
}

func checkGrants(grants []Grant) error {
	for _, g := range grants {
		var ok bool
		switch {
		case g.Role.OfArea():
			ok = g.Area != "" && g.Party == 0
		case g.Role.OfParty():
			ok = g.Area == "" && g.Party > 0
		case g.Role == Administrator:
			ok = g.Area == "" && g.Party == 0
		}
		if !ok {
			return errs.Invalid(i18n.M("access.bad_grant", string(g.Role)))
		}
	}
	return nil
}

const (
	insertAccount = `INSERT INTO account (id, login, name, password, epoch, created_at, disabled_at, password_at) VALUES ($1, $2, $3, $4, 1, $5, 0, $6)`
	insertGrant   = `INSERT INTO grant_ (id, account_id, role, area, party_id, given_at, given_by, until_at, ended_at, ended_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0)`
	countAccounts = `SELECT COUNT(*) FROM account`
)

// Create makes an account. It fails with Forbidden where by may not, with Invalid where a field will not do, and with
// Conflict where the login is taken.
func (s *Store) Create(ctx context.Context, by Scope, n NewAccount) (Account, error) {
	if !by.Can(ManageAccounts) {
		return Account{}, errs.Forbidden("create account")
	}
	if err := s.check(n.Password, fold(n.Login), n.Name); err != nil {
		return Account{}, err
	}
	return s.create(ctx, by, n, nil)
}

// Prepare makes an account without a password, which waits for its code (IssueCodes). It fails like Create.
func (s *Store) Prepare(ctx context.Context, by Scope, n NewAccount) (Account, error) {
	if !by.Can(ManageAccounts) {
		return Account{}, errs.Forbidden("prepare account")
	}
	n.Password = ""
	return s.create(ctx, by, n, nil)
}

// Bootstrap makes the first account of an installation, an administrator. It fails with Conflict once there is any:
// it needs no permission, so that a new installation can be entered.
func (s *Store) Bootstrap(ctx context.Context, login, name, password string) (Account, error) {
	n := NewAccount{Login: login, Name: name, Password: password, Grants: []Grant{{Role: Administrator}}}
	if err := s.check(password, fold(login), name); err != nil {
		return Account{}, err
	}
	return s.create(ctx, SystemScope(), n, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, lockAccounts); err != nil {
			return err
		}
		var accounts int
		if err := tx.QueryRow(ctx, countAccounts).Scan(&accounts); err != nil {
			return fmt.Errorf("count accounts: %w", err)
		}
		if accounts > 0 {
			return errs.Conflict(i18n.M("access.already_set_up"))
		}
		return nil
	})
}

// create makes an account; one without a password waits for a code.
func (s *Store) create(ctx context.Context, by Scope, n NewAccount, guard func(context.Context, *store.Tx) error) (Account, error) {
	if err := n.check(); err != nil {
		return Account{}, err
	}
	password := ""
	if n.Password != "" {
		var err error
		if password, err = s.hash.hash(ctx, n.Password); err != nil {
			return Account{}, fmt.Errorf("create account: %w", err)
		}
	}
	a := Account{Login: n.Login, Name: n.Name, Grants: slices.Clone(n.Grants), CreatedAt: s.now.Millis(), Waits: password == "", epoch: 1}
	if !a.Waits {
		a.passwordAt = s.machine.Millis()
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if guard != nil {
			if err := guard(ctx, tx); err != nil {
				return err
			}
		}
		if a.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertAccount, a.ID, a.Login, a.Name, password, a.CreatedAt, a.passwordAt); err != nil {
			return err
		}
		if err := s.give(ctx, tx, by, a.ID, n.Grants); err != nil {
			return err
		}
		return s.record(ctx, tx, by, about(Created, a.ID, n.Grants))
	})
	switch {
	case store.IsUnique(err):
		return Account{}, errs.Conflict(i18n.M("access.login_taken", a.Login))
	case err != nil:
		return Account{}, fmt.Errorf("create account: %w", err)
	}
	return a, nil
}

func (s *Store) give(ctx context.Context, tx *store.Tx, by Scope, account int64, grants []Grant) error {
	for _, g := range grants {
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		audit.Note(tx, loggedGrant, id)
		_, err = tx.Exec(ctx, insertGrant, id, account, string(g.Role), g.Area, g.Party, s.now.Millis(), by.Account(), g.Until)
		if err != nil {
			return fmt.Errorf("insert grant: %w", err)
		}
	}
	return nil
}

const (
	selectAccount = `SELECT id, login, name, password, epoch, created_at, disabled_at, password_at, ` + factorAt + ` FROM account a`
	factorAt      = `COALESCE((SELECT made_at FROM factor f WHERE f.account_id = a.id), 0)`
	byID          = selectAccount + ` WHERE id = $1`
	byLogin       = selectAccount + ` WHERE login = $1`
	allAccounts   = selectAccount + ` ORDER BY login`
	selectGrants  = `SELECT account_id, role, area, party_id, until_at FROM grant_ WHERE ended_at = 0 AND (until_at = 0 OR until_at > $1)`
	grantsOf      = selectGrants + ` AND account_id = $2 ORDER BY id`
	allGrants     = selectGrants + ` ORDER BY id`
)

// read reads the one account that the query names, its grants, and its stored password.
func (s *Store) read(ctx context.Context, q store.Querier, query string, arg any) (a Account, password string, err error) {
	a, password, err = scanAccount(q.QueryRow(ctx, query, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, "", errs.NotFound("account", arg)
	}
	if err != nil {
		return Account{}, "", fmt.Errorf("read account: %w", err)
	}
	grants, err := readGrants(ctx, q, grantsOf, s.now.Millis(), a.ID)
	a.Grants = grants[a.ID]
	return a, password, err
}

func scanAccount(row interface{ Scan(...any) error }) (a Account, password string, err error) {
	err = row.Scan(&a.ID, &a.Login, &a.Name, &password, &a.epoch, &a.CreatedAt, &a.DisabledAt, &a.passwordAt, &a.FactorAt)
	a.Waits = password == ""
	return a, password, err
}

func readGrants(ctx context.Context, q store.Querier, query string, args ...any) (map[int64][]Grant, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	defer rows.Close()
	grants := map[int64][]Grant{}
	for rows.Next() {
		var account int64
		var g Grant
		if err := rows.Scan(&account, &g.Role, &g.Area, &g.Party, &g.Until); err != nil {
			return nil, fmt.Errorf("read grants: %w", err)
		}
		grants[account] = append(grants[account], g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	return grants, nil
}

// ByID is the account with its grants, disabled or not; NotFound when there is none.
func (s *Store) ByID(ctx context.Context, id int64) (Account, error) {
	a, _, err := s.read(ctx, s.db.Read(), byID, id)
	return a, err
}

// NameOf is whose an account is; "" for one that does not exist, such as the product's own.
func (s *Store) NameOf(ctx context.Context, id int64) (string, error) {
	a, err := s.ByID(ctx, id)
	if errs.KindOf(err) == errs.KindNotFound {
		return "", nil
	}
	return a.Name, err
}

// ByTicket is the account of a session, as it is at this moment. It fails with NotFound when the session must end: the
// account is disabled, its password or grants have changed since, or the ticket is none.
func (s *Store) ByTicket(ctx context.Context, ticket string) (Account, error) {
	id, _, _ := strings.Cut(ticket, ".")
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return Account{}, errs.NotFound("session", "")
	}
	a, err := s.ByID(ctx, n)
	if err != nil {
		return Account{}, err
	}
	if a.Disabled() || a.Ticket() != ticket {
		return Account{}, errs.NotFound("session of account", n)
	}
	return a, nil
}

// readAccounts is the accounts that a query gives, without their grants.
func readAccounts(ctx context.Context, q store.Querier, query string, args ...any) ([]Account, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Account
	for rows.Next() {
		a, _, err := scanAccount(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// List is every account, by login; Forbidden where by may not manage them.
func (s *Store) List(ctx context.Context, by Scope) ([]Account, error) {
	if !by.Can(ManageAccounts) {
		return nil, errs.Forbidden("list accounts")
	}
	var list []Account
	err := s.db.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		list = nil
		grants, err := readGrants(ctx, q, allGrants, s.now.Millis())
		if err != nil {
			return err
		}
		if list, err = readAccounts(ctx, q, allAccounts); err != nil {
			return err
		}
		for i := range list {
			list[i].Grants = grants[list[i].ID]
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return list, nil
}

// Filter restricts a list of accounts. Zero fields do not.
type Filter struct {
	Text  string // in the login or the name
	Role  Role
	State State
}

// State is how an account stands.
type State string

// The states.
const (
	InUse   State = "in_use"
	Waiting State = "waiting" // for its code
	Ended   State = "ended"
)

const (
	likeAccount = `(lower(login) LIKE ? ESCAPE '\' OR lower(name) LIKE ? ESCAPE '\')`
	hasRole     = `id IN (SELECT account_id FROM grant_ WHERE role = ? AND ended_at = 0)`
)

func (f Filter) conditions() conditions {
	var c conditions
	if f.Text != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(fold(f.Text)) + "%"
		c.add(likeAccount, like, like)
	}
	if f.Role != "" {
		c.add(hasRole, string(f.Role))
	}
	switch f.State {
	case InUse:
		c.add(`disabled_at = 0 AND password <> ''`)
	case Waiting:
		c.add(`disabled_at = 0 AND password = ''`)
	case Ended:
		c.add(`disabled_at > 0`)
	}
	return c
}

// Find is a stretch of the accounts that a filter leaves, by login, and how many there are; Forbidden where by may not
// manage them.
func (s *Store) Find(ctx context.Context, by Scope, f Filter, skip, limit int) (list []Account, total int, err error) {
	if !by.Can(ManageAccounts) {
		return nil, 0, errs.Forbidden("find accounts")
	}
	c := f.conditions()
	err = s.db.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		if err := q.QueryRow(ctx, countAccounts+c.where(), c.args...).Scan(&total); err != nil {
			return err
		}
		args := append(slices.Clone(c.args), limit, skip)
		query := fmt.Sprintf(`%s%s ORDER BY login LIMIT $%d OFFSET $%d`, selectAccount, c.where(), len(args)-1, len(args))
		if list, err = readAccounts(ctx, q, query, args...); err != nil {
			return err
		}
		for i := range list {
			grants, err := readGrants(ctx, q, grantsOf, s.now.Millis(), list[i].ID)
			if err != nil {
				return err
			}
			list[i].Grants = grants[list[i].ID]
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("find accounts: %w", err)
	}
	return list, total, nil
}

const (
	setPassword = `UPDATE account SET password = $1, epoch = epoch + 1, password_at = $2 WHERE id = $3`
	setDisabled = `UPDATE account SET disabled_at = $1, epoch = epoch + 1 WHERE id = $2`
	newEpoch    = `UPDATE account SET epoch = epoch + 1 WHERE id = $1`
	endGrants   = `UPDATE grant_ SET ended_at = $1, ended_by = $2 WHERE account_id = $3 AND ended_at = 0`
)

// SetPassword gives the account a new password, for one who has forgotten it; its sessions end, and it may try again
// at once where it was locked.
func (s *Store) SetPassword(ctx context.Context, by Scope, id int64, password string) error {
	if !by.Can(ManageAccounts) {
		return errs.Forbidden("set password")
	}
	return s.replacePassword(ctx, by, id, password)
}

// ChangePassword is for the owner of the account, who must know the old one; guesses at it are counted like those of a
// sign-in. All its sessions end.
func (s *Store) ChangePassword(ctx context.Context, id int64, old, password, address string) error {
	a, err := s.ByID(ctx, id)
	if err != nil {
		return err
	}
	if _, err := s.Authenticate(ctx, a.Login, old, address); err != nil {
		return err
	}
	if s.Passwords.Days > 0 && old == password {
		return errs.Invalid(i18n.M("access.password_same"))
	}
	return s.replacePassword(ctx, Scope{account: id}, id, password)
}

func (s *Store) replacePassword(ctx context.Context, by Scope, id int64, password string) error {
	a, err := s.ByID(ctx, id)
	if err != nil {
		return err
	}
	if err := s.check(password, a.Login, a.Name); err != nil {
		return err
	}
	hash, err := s.hash.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, setPassword, hash, s.machine.Millis(), id); err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		if err := s.record(ctx, tx, by, about(NewPassword, id, a.Grants)); err != nil {
			return err
		}
		return forget(ctx, tx, loginSubject(a.Login))
	})
}

// SetGrants replaces the grants of an account; its sessions end. It fails with Conflict where no administrator would
// be left.
func (s *Store) SetGrants(ctx context.Context, by Scope, id int64, grants []Grant) error {
	if err := checkGrants(grants); err != nil {
		return err
	}
	return s.manage(ctx, by, id, about(NewGrants, id, grants), func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, endGrants, s.now.Millis(), by.Account(), id); err != nil {
			return err
		}
		if err := s.give(ctx, tx, by, id, grants); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, newEpoch, id)
		return err
	})
}

// Disable ends an account and its sessions at once; why stays on record. It fails with Conflict where no administrator
// would be left.
func (s *Store) Disable(ctx context.Context, by Scope, id int64, why string) error {
	return s.manage(ctx, by, id, Event{Deed: Disabled, Note: why}, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, setDisabled, max(1, s.now.Millis()), id)
		return err
	})
}

// Replace hands all that an account may do to a successor, in one step: the leaver's account ends, and the successor gets
// one of their own with the same grants, and its code. It fails like Create, and with Conflict for an account that is
// disabled or that an enterprise has as its own: a new code goes to whoever speaks for it now.
func (s *Store) Replace(ctx context.Context, by Scope, leaver int64, login, name string) (Code, error) {
	n := NewAccount{Login: login, Name: name}
	if err := n.check(); err != nil {
		return Code{}, err
	}
	var code Code
	e := Event{Deed: Succeeded, Note: n.Login}
	err := s.manage(ctx, by, leaver, e, func(ctx context.Context, tx *store.Tx) error {
		a, _, err := s.read(ctx, tx, byID, leaver)
		switch {
		case err != nil:
			return err
		case a.Disabled():
			return errs.Conflict(i18n.M("access.disabled", a.Login))
		case a.Has(Enterprise):
			return errs.Conflict(i18n.M("access.no_successor", a.Login))
		}
		if _, err := tx.Exec(ctx, endGrants, s.now.Millis(), by.Account(), leaver); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, setDisabled, max(1, s.now.Millis()), leaver); err != nil {
			return err
		}
		n.Grants = a.Grants
		id, err := s.prepare(ctx, tx, by, Created, n)
		if err != nil {
			return err
		}
		code, err = s.issue(ctx, tx, by, Holder{Account: id, Firm: Firm{Party: partyOf(n.Grants)}}, "")
		return err
	})
	if store.IsUnique(err) {
		return Code{}, errs.Conflict(i18n.M("access.login_taken", n.Login))
	}
	return code, err
}

// Enable lets a disabled account sign in again; why stays on record.
func (s *Store) Enable(ctx context.Context, by Scope, id int64, why string) error {
	return s.manage(ctx, by, id, Event{Deed: Enabled, Note: why}, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, setDisabled, 0, id)
		return err
	})
}

const countAdministrators = `SELECT COUNT(*) FROM account
WHERE disabled_at = 0 AND id IN (SELECT account_id FROM grant_ WHERE role = 'administrator' AND ended_at = 0)`

// lockAccounts is held by whoever looks at all accounts before it changes one: else two administrators could disable
// each other, or two first ones be made.
const lockAccounts = "access.accounts"

// manage changes an account as an administrator, and records the event.
func (s *Store) manage(ctx context.Context, by Scope, id int64, e Event, change func(context.Context, *store.Tx) error) error {
	if !by.Can(ManageAccounts) {
		return errs.Forbidden(string(e.Deed) + " account")
	}
	note, err := noteOf(e.Note)
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, lockAccounts); err != nil {
			return err
		}
		var before, left int
		if err := tx.QueryRow(ctx, countAdministrators).Scan(&before); err != nil {
			return err
		}
		a, _, err := s.read(ctx, tx, byID, id)
		if err != nil {
			return err
		}
		if err := change(ctx, tx); err != nil {
			return err
		}
		done := Event{Deed: e.Deed, Account: id, Party: cmp.Or(e.Party, partyOf(a.Grants)), Area: cmp.Or(e.Area, areaOf(a.Grants)), Note: note}
		if e.Deed == NewGrants {
			now, err := readGrants(ctx, tx, grantsOf, s.now.Millis(), id)
			if err != nil {
				return err
			}
			done.Note = grantWords(a.Grants) + " → " + grantWords(now[id])
		}
		if err := s.record(ctx, tx, by, done); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, countAdministrators).Scan(&left); err != nil {
			return err
		}
		if before > 0 && left == 0 {
			return errs.Conflict(i18n.M("access.last_administrator"))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s account %d: %w", e.Deed, id, err)
	}
	return nil
}
