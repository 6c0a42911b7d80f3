package notice

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Deps is what messages stand on. All of it is needed.
type Deps struct {
	DB       *store.DB
	Access   *access.Store
	Areas    *content.Tree
	Calendar period.Calendar
	Clock    clock.Clock // of the pages: what messages are dated by, and when a digest is due
	Machine  clock.Clock // by which what is sent waits and gives up: it never starts again

	// Same are the ids of all enterprises that are now the same as one, itself included.
	Same func(party int64) []int64
}

// Store keeps messages and what was sent. It is safe for many goroutines.
type Store struct{ Deps }

// New is the store over a database that has Migrations.
func New(d Deps) (*Store, error) {
	if d.DB == nil || d.Access == nil || d.Areas == nil || d.Clock == nil || d.Machine == nil || d.Same == nil {
		return nil, errors.New("notice: DB, Access, Areas, Clock, Machine and Same are needed")
	}
	return &Store{Deps: d}, nil
}

// Query chooses of an inbox, the newest first.
type Query struct {
	Unread bool  // only those not read
	Before int64 // only older than the message with this id; 0 from the newest
	Limit  int   // at most MaxPage; 0 is MaxPage
}

// Limits on what one question gives.
const (
	MaxPage   = 200
	MaxUnread = 99 // more are not counted
)

const (
	isRead     = `EXISTS (SELECT 1 FROM notice_read r WHERE r.account_id = $1 AND r.notice_id = n.id)`
	inbox      = `SELECT ` + itemColumns + `, ` + isRead + ` FROM notice n WHERE `
	unread     = `SELECT COUNT(*) FROM (SELECT 1 AS one FROM notice n WHERE NOT ` + isRead + ` AND `
	insertRead = `INSERT INTO notice_read (account_id, notice_id, at) VALUES ($1, $2, $3)`
	deleteRead = `DELETE FROM notice_read WHERE account_id = $1 AND notice_id = $2`
)

// mine is the condition that a message is for the account of the scope; args begin with the account.
func mine(scope access.Scope) (string, []any) {
	where, args := scope.WhereObject(access.ReadNotice, access.Columns{
		Area: "n.to_area", Owner: "n.to_party", Accounts: "n.to_account", Roles: "n.to_role",
	}, []any{scope.Account()})
	return where + " AND n.title <> ''", args // erased ones are empty
}

// Inbox are the messages to the account of a scope.
func (s *Store) Inbox(ctx context.Context, scope access.Scope, q Query) ([]Item, error) {
	where, args := mine(scope)
	if q.Unread {
		where += " AND NOT " + isRead
	}
	if q.Before > 0 {
		args = append(args, q.Before)
		where += " AND n.id < $" + strconv.Itoa(len(args))
	}
	if q.Limit <= 0 || q.Limit > MaxPage {
		q.Limit = MaxPage
	}
	args = append(args, q.Limit)
	return readItems(ctx, s.DB.Read(), inbox+where+" ORDER BY n.id DESC LIMIT $"+strconv.Itoa(len(args)), args...)
}

// ByID is one message to the account of a scope; NotFound where it is not to it.
func (s *Store) ByID(ctx context.Context, scope access.Scope, id int64) (Item, error) {
	return s.byID(ctx, s.DB.Read(), scope, id)
}

func (s *Store) byID(ctx context.Context, q store.Querier, scope access.Scope, id int64) (Item, error) {
	where, args := mine(scope)
	args = append(args, id)
	list, err := readItems(ctx, q, inbox+where+" AND n.id = $"+strconv.Itoa(len(args)), args...)
	if err != nil {
		return Item{}, err
	}
	if len(list) == 0 {
		return Item{}, errs.NotFound("message", id)
	}
	return list[0], nil
}

// Unread is how many messages to the account are not read, at most MaxUnread+1.
func (s *Store) Unread(ctx context.Context, scope access.Scope) (int, error) {
	where, args := mine(scope)
	args = append(args, MaxUnread+1)
	var n int
	err := s.DB.Read().QueryRow(ctx, unread+where+" LIMIT $"+strconv.Itoa(len(args))+") AS few", args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count unread messages: %w", err)
	}
	return n, nil
}

// MarkRead notes that the account has read messages. It fails with NotFound where one is not to it, and then notes nothing.
// Each is named: a message may become known after one with a higher id, so nobody has read "all up to here".
func (s *Store) MarkRead(ctx context.Context, scope access.Scope, ids ...int64) error {
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, id := range ids {
			x, err := s.byID(ctx, tx, scope, id)
			if err != nil {
				return err
			}
			if x.Read {
				continue
			}
			if _, err := tx.Exec(ctx, insertRead, scope.Account(), id, s.Clock.Millis()); err != nil {
				return err
			}
		}
		return nil
	})
	if store.IsUnique(err) {
		return s.MarkRead(ctx, scope, ids...) // read in two windows at a time
	}
	if err != nil {
		return fmt.Errorf("mark messages read: %w", err)
	}
	return nil
}

// MarkUnread takes back that the account has read a message.
func (s *Store) MarkUnread(ctx context.Context, scope access.Scope, id int64) error {
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := s.byID(ctx, tx, scope, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, deleteRead, scope.Account(), id)
		return err
	})
	if err != nil {
		return fmt.Errorf("mark message unread: %w", err)
	}
	return nil
}
