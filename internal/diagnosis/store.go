package diagnosis

import (
	"database/sql/driver"
	"embed"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/selection"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "diagnosis", FS: schema}

// Deps is what the store stands on.
type Deps struct {
	DB         *store.DB
	Sources    *source.Store
	Parties    *party.Store
	Frames     *fact.Frames
	Facts      *fact.Store
	Consents   *consent.Store
	Accounts   *access.Store
	Library    *content.Library
	Clock      clock.Clock
	Programme  *Programme
	Results    *results.Store
	Book       *ledger.Book
	Subsidy    *subsidy.Store
	Selections *selection.Store
}

// Store is institutes, lots, reports and what became of them. It is safe for many goroutines.
type Store struct{ Deps }

// Open is the store over a database that Migrations and those of the packages below were applied to.
func Open(d Deps) *Store { return &Store{d} }

// Limits of what is typed, in characters.
const (
	maxName  = 200
	maxText  = 2_000
	maxTitle = 100 // of advice, which becomes the name of a project
)

// within refuses a text that is empty where it may not be, too long or no text.
func within(field, s string, most int, empty bool) error {
	if n := utf8.RuneCountInString(s); n == 0 && !empty || n > most || !utf8.ValidString(s) {
		return errs.Invalid(i18n.M("diagnosis.bad_text", i18n.M("diagnosis.field_"+field), most))
	}
	return nil
}

// asJSON is a value as it is kept.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("diagnosis: %v", err)) // of types that have a form in JSON
	}
	return string(b)
}

// fromJSON reads what asJSON wrote.
func fromJSON(s string, v any) error {
	if err := json.Unmarshal([]byte(s), v); err != nil {
		return fmt.Errorf("read what was kept: %w", err)
	}
	return nil
}

// keeps is who keeps the institutes and lots of an area: the office in charge there.
func keeps(scope access.Scope, area string) error {
	if !scope.Sees(access.HandleCase, area, 0) {
		return errs.Forbidden(string(access.HandleCase) + " in area " + area)
	}
	return nil
}

// bit is a truth value as both databases keep it: 1 or 0.
type bit bool

// Value is the number that is kept.
func (b bit) Value() (driver.Value, error) {
	if b {
		return int64(1), nil
	}
	return int64(0), nil
}

// Scan reads the number.
func (b *bit) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a truth value is kept as %T", v)
	}
	*b = n == 1
	return nil
}
