package access

import (
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

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "access", FS: schema}

// Grant gives an account a role, for an area and all below it (officials, auditors), for one party (enterprises), or
// for the installation (administrators).
type Grant struct {
	Role  Role
	Area  string // code of an area; empty for an enterprise and an administrator
	Party int64  // id of a party; 0 for all but an enterprise
}

// Account is somebody who may sign in.
type Account struct {
	ID         int64
	Login      string // folded: lower case, half width
	Name       string
	Grants     []Grant // in force
	CreatedAt  int64   // ms
	DisabledAt int64   // ms; 0 while in use

	epoch int64
}

// Disabled says that the account may no longer sign in.
func (a Account) Disabled() bool { return a.DisabledAt != 0 }

// Has says whether one of the grants is of this role.
func (a Account) Has(r Role) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Role == r })
}

// LogValue keeps who it is out of the log.
func (a Account) LogValue() slog.Value { return slog.Int64Value(a.ID) }

// Ticket is what a session holds: whose it is, and that it was made before nothing that ended the account's sessions.
func (a Account) Ticket() string {
	return strconv.FormatInt(a.ID, 10) + "." + strconv.FormatInt(a.epoch, 10)
}

// Store keeps accounts. It is safe for many goroutines.
type Store struct {
	db   *store.DB
	now  clock.Clock
	hash hasher
}

// New is the store over a database that has Migrations. now must be the clock that sessions are given their expiry by,
// which is the machine's: a demo that stands at a date in the past does not hold its sessions there.
func New(db *store.DB, now clock.Clock, cost Cost) *Store {
	return &Store{db: db, now: now, hash: newHasher(cost, runtime.GOMAXPROCS(0))}
}

// NewAccount is an account to be made.
type NewAccount struct {
	Login    string // 3 to 64 letters, digits, and . _ - @
	Name     string
	Password string // see CheckPassword
	Grants   []Grant
}

const nameMax = 100 // characters

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
	if err := CheckPassword(n.Password, n.Login, n.Name); err != nil {
		return err
	}
	return checkGrants(n.Grants)
}

func checkGrants(grants []Grant) error {
	for _, g := range grants {
		var ok bool
		switch g.Role {
		case CountyOfficial, CityOfficial, Auditor:
			ok = g.Area != "" && g.Party == 0
		case Enterprise:
			ok = g.Area == "" && g.Party > 0
		case Administrator:
			ok = g.Area == "" && g.Party == 0
		}
		if !ok {
			return errs.Invalid(i18n.M("access.bad_grant", string(g.Role)))
		}
	}
	return nil
}

const (
	insertAccount = `INSERT INTO account (id, login, name, password, epoch, created_at, disabled_at) VALUES ($1, $2, $3, $4, 1, $5, 0)`
	insertGrant   = `INSERT INTO grant_ (id, account_id, role, area, party_id, given_at, given_by, ended_at, ended_by) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)`
	countAccounts = `SELECT COUNT(*) FROM account`
)

// Create makes an account. It fails with Forbidden where by may not, with Invalid where a field will not do, and with
// Conflict where the login is taken.
func (s *Store) Create(ctx context.Context, by Scope, n NewAccount) (Account, error) {
	if !by.Can(ManageAccounts) {
		return Account{}, errs.Forbidden("create account")
	}
	return s.create(ctx, by, n, nil)
}

// Bootstrap makes the first account of an installation, an administrator. It fails with Conflict once there is any:
// it needs no permission, so that a new installation can be entered.
func (s *Store) Bootstrap(ctx context.Context, login, name, password string) (Account, error) {
	n := NewAccount{Login: login, Name: name, Password: password, Grants: []Grant{{Role: Administrator}}}
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

func (s *Store) create(ctx context.Context, by Scope, n NewAccount, guard func(context.Context, *store.Tx) error) (Account, error) {
	if err := n.check(); err != nil {
		return Account{}, err
	}
	password, err := s.hash.hash(ctx, n.Password)
	if err != nil {
		return Account{}, fmt.Errorf("create account: %w", err)
	}
	a := Account{Login: n.Login, Name: n.Name, Grants: slices.Clone(n.Grants), CreatedAt: s.now.Millis(), epoch: 1}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if guard != nil {
			if err := guard(ctx, tx); err != nil {
				return err
			}
		}
		if a.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertAccount, a.ID, a.Login, a.Name, password, a.CreatedAt); err != nil {
			return err
		}
		return s.give(ctx, tx, by, a.ID, n.Grants)
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
		_, err = tx.Exec(ctx, insertGrant, id, account, string(g.Role), g.Area, g.Party, s.now.Millis(), by.Account())
		if err != nil {
			return fmt.Errorf("insert grant: %w", err)
		}
	}
	return nil
}

const (
	selectAccount = `SELECT id, login, name, password, epoch, created_at, disabled_at FROM account`
	byID          = selectAccount + ` WHERE id = $1`
	byLogin       = selectAccount + ` WHERE login = $1`
	allAccounts   = selectAccount + ` ORDER BY login`
	grantsOf      = `SELECT account_id, role, area, party_id FROM grant_ WHERE account_id = $1 AND ended_at = 0 ORDER BY id`
	allGrants     = `SELECT account_id, role, area, party_id FROM grant_ WHERE ended_at = 0 ORDER BY id`
)

// read reads the one account that the query names, its grants, and its stored password.
func read(ctx context.Context, q store.Querier, query string, arg any) (a Account, password string, err error) {
	err = q.QueryRow(ctx, query, arg).Scan(&a.ID, &a.Login, &a.Name, &password, &a.epoch, &a.CreatedAt, &a.DisabledAt)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, "", errs.NotFound("account", arg)
	}
	if err != nil {
		return Account{}, "", fmt.Errorf("read account: %w", err)
	}
	grants, err := readGrants(ctx, q, grantsOf, a.ID)
	a.Grants = grants[a.ID]
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
		if err := rows.Scan(&account, &g.Role, &g.Area, &g.Party); err != nil {
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
	a, _, err := read(ctx, s.db.Read(), byID, id)
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

// List is every account, by login; Forbidden where by may not manage them.
func (s *Store) List(ctx context.Context, by Scope) ([]Account, error) {
	if !by.Can(ManageAccounts) {
		return nil, errs.Forbidden("list accounts")
	}
	var list []Account
	err := s.db.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		list = nil
		grants, err := readGrants(ctx, q, allGrants)
		if err != nil {
			return err
		}
		rows, err := q.Query(ctx, allAccounts)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a Account
			var password string
			if err := rows.Scan(&a.ID, &a.Login, &a.Name, &password, &a.epoch, &a.CreatedAt, &a.DisabledAt); err != nil {
				return err
			}
			a.Grants = grants[a.ID]
			list = append(list, a)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return list, nil
}

const (
	setPassword = `UPDATE account SET password = $1, epoch = epoch + 1 WHERE id = $2`
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
	return s.replacePassword(ctx, id, password)
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
	return s.replacePassword(ctx, id, password)
}

func (s *Store) replacePassword(ctx context.Context, id int64, password string) error {
	a, err := s.ByID(ctx, id)
	if err != nil {
		return err
	}
	if err := CheckPassword(password, a.Login, a.Name); err != nil {
		return err
	}
	hash, err := s.hash.hash(ctx, password)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, setPassword, hash, id); err != nil {
			return fmt.Errorf("set password: %w", err)
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
	return s.manage(ctx, by, id, "set grants", func(ctx context.Context, tx *store.Tx) error {
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

// Disable ends an account and its sessions at once. It fails with Conflict where no administrator would be left.
func (s *Store) Disable(ctx context.Context, by Scope, id int64) error {
	return s.manage(ctx, by, id, "disable account", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, setDisabled, max(1, s.now.Millis()), id)
		return err
	})
}

// Enable lets a disabled account sign in again.
func (s *Store) Enable(ctx context.Context, by Scope, id int64) error {
	return s.manage(ctx, by, id, "enable account", func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, setDisabled, 0, id)
		return err
	})
}

const countAdministrators = `SELECT COUNT(*) FROM account
WHERE disabled_at = 0 AND id IN (SELECT account_id FROM grant_ WHERE role = 'administrator' AND ended_at = 0)`

// lockAccounts is held by whoever looks at all accounts before it changes one: else two administrators could disable
// each other, or two first ones be made.
const lockAccounts = "access.accounts"

func (s *Store) manage(ctx context.Context, by Scope, id int64, what string, change func(context.Context, *store.Tx) error) error {
	if !by.Can(ManageAccounts) {
		return errs.Forbidden(what)
	}
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, lockAccounts); err != nil {
			return err
		}
		var before, left int
		if err := tx.QueryRow(ctx, countAdministrators).Scan(&before); err != nil {
			return err
		}
		if _, _, err := read(ctx, tx, byID, id); err != nil {
			return err
		}
		if err := change(ctx, tx); err != nil {
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
		return fmt.Errorf("%s %d: %w", what, id, err)
	}
	return nil
}
