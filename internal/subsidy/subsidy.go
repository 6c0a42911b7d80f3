package subsidy

import (
	"context"
	"embed"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "subsidy", FS: schema}

// Deps is what the store stands on; all of it is needed.
type Deps struct {
	DB       *store.DB
	Clock    clock.Clock
	Library  *content.Library
	Frames   *fact.Frames
	Sources  *source.Store
	Runner   *region.Runner
	Lab      *lab.Lab
	Versions *version.Store
	Book     *ledger.Book
	Costs    *Costs
	Rubrics  *rubric.Set
	Parties  *party.Store
	Accounts *access.Store
	Releases *release.Store
	Random   io.Reader // seeds of drawings are drawn from it
}

// Store keeps calls, applications and what belongs to them. It is safe for many goroutines.
type Store struct {
	Deps
	reader *region.Reader
	cases  *casework.Store
}

// New is the store over a database that has Migrations and those of the packages below. It asks to hear of imports that are
// taken back: call it once for a source.Store. Without sources it is good for reading content alone.
func New(d Deps) *Store {
	s := &Store{Deps: d, reader: region.NewReader(d.Library)}
	if d.Sources != nil {
		d.Sources.OnRetract(s.lift)
		d.Sources.OnPublish(s.endsTitles)
	}
	return s
}

// Use has the store act in cases. It is called once, while the product is wired together: the cases know the effects of this
// package, and this package opens cases.
func (s *Store) Use(cases *casework.Store) { s.cases = cases }

// today is the day of the clock.
func (s *Store) today() period.Day { return clock.DayOf(s.Clock.Millis()) }

// system is what the product itself knows: what is decided about a firm does not depend on who pressed the button.
func (s *Store) system(ctx context.Context) (fact.View, error) {
	return s.Frames.For(ctx, access.SystemScope(), 0)
}

// caseName is how the ledger knows a case.
func caseName(id int64) string { return strconv.FormatInt(id, 10) }

// Limits of what comes from outside.
const (
	maxText   = 2000
	maxName   = 400
	maxNumber = 100
)

// limited refuses a text that is too long; field is the key of its name.
func limited(field, text string, limit int) error {
	if n := utf8.RuneCountInString(text); n > limit {
		return errs.Invalid(i18n.M("subsidy.too_long", i18n.M(field), n, limit))
	}
	return nil
}

// noted marks an error that may not come from a user.
func noted(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
