package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations is the schema of this package.
var Migrations = store.Migrations{Package: "ledger", FS: schema}

// Book is the ledger of a database. It is safe for many goroutines.
type Book struct {
	db    *store.DB
	clock clock.Clock
	files blob.Dir
}

// New is the ledger of a database that is up to date. The clock gives the day of an entry; files, which belong to the ledger alone,
// is where those to and from the bank are kept.
func New(db *store.DB, c clock.Clock, files blob.Dir) *Book {
	return &Book{db: db, clock: c, files: files}
}

// Limits of what a request may say.
const (
	maxKey    = 200 // characters of a key, a code, a name of a case, a project, an item
	maxReason = 2000
)

// Act is by whose rights something is done, under which key, and why.
type Act struct {
	Scope    access.Scope // its action is asked about; the zero Scope may nothing
	By       int64        // account; 0 is the scope's own
	Key      string       // what a repetition is known by, up to 200 characters: unlike for each thing that is to happen once
	Case     string       // that causes it; "" for none
	Reason   string
	Document string // that orders it, by its number or title
}

func (a Act) by() int64 {
	if a.By != 0 {
		return a.By
	}
	return a.Scope.Account()
}

// may says whether the act is allowed on what lies in an area.
func (a Act) may(do access.Action, area string) error {
	if !a.Scope.Sees(do, area, 0) {
		return errs.Forbidden(string(do) + " in area " + area)
	}
	return nil
}

// explained says that the act needs a reason and a document and has them.
func (a Act) explained() error {
	if a.Reason == "" {
		return errs.Invalid(i18n.M("ledger.needs_reason"))
	}
	if a.Document == "" {
		return errs.Invalid(i18n.M("ledger.needs_document"))
	}
	return nil
}

func (a Act) check() error {
	if a.Key == "" {
		return errs.Invalid(i18n.M("ledger.needs_key"))
	}
	return errors.Join(
		limited("ledger.field_key", a.Key, maxKey), limited("ledger.field_case", a.Case, maxKey),
		limited("ledger.field_reason", a.Reason, maxReason), limited("ledger.field_document", a.Document, maxReason),
	)
}

// limited refuses a text that is too long; field is the key of its name.
func limited(field, text string, limit int) error {
	if n := utf8.RuneCountInString(text); n > limit {
		return errs.Invalid(i18n.M("ledger.too_long", i18n.M(field), n, limit))
	}
	return nil
}

// Alone runs an operation in a transaction of its own.
func Alone[T any](ctx context.Context, b *Book, do func(context.Context, *store.Tx) (T, error)) (T, error) {
	var out T
	err := b.db.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = do(ctx, tx)
		return err
	})
	return out, err
}

const (
	findRequest   = `SELECT body, answer FROM ledger_request WHERE request_key = $1`
	insertRequest = `INSERT INTO ledger_request (request_key, body, answer, at) VALUES ($1, $2, $3, $4)`
)

// once does what a key stands for, unless it has been done: then it gives the answer that was given. Whoever comes with
// the same key meanwhile waits.
func once[T any](ctx context.Context, b *Book, tx *store.Tx, a Act, op string, request any, do func(context.Context) (T, error)) (T, error) {
	var answer T
	if err := a.check(); err != nil {
		return answer, err
	}
	body, err := digest(a, op, request)
	if err != nil {
		return answer, err
	}
	if err := tx.Lock(ctx, "ledger request "+a.Key); err != nil {
		return answer, err
	}
	var before, said string
	switch err := tx.QueryRow(ctx, findRequest, a.Key).Scan(&before, &said); {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return answer, fmt.Errorf("look for request %q: %w", a.Key, err)
	case before != body:
		return answer, errs.Conflict(i18n.M("ledger.key_of_another", a.Key))
	default:
		if err := json.Unmarshal([]byte(said), &answer); err != nil {
			return answer, fmt.Errorf("read answer of request %q: %w", a.Key, err)
		}
		return answer, nil
	}
	if answer, err = do(ctx); err != nil {
		return answer, err
	}
	kept, err := json.Marshal(answer)
	if err != nil {
		return answer, fmt.Errorf("keep answer of request %q: %w", a.Key, err)
	}
	if _, err := tx.Exec(ctx, insertRequest, a.Key, body, string(kept), b.clock.Millis()); err != nil {
		return answer, fmt.Errorf("keep answer of request %q: %w", a.Key, err)
	}
	return answer, nil
}

// digest is a hash of all that a request says.
func digest(a Act, op string, request any) (string, error) {
	text, err := json.Marshal(struct {
		Op       string
		By       int64
		Case     string
		Reason   string
		Document string
		Request  any
	}{op, a.by(), a.Case, a.Reason, a.Document, request})
	if err != nil {
		return "", fmt.Errorf("request %q: %w", a.Key, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
