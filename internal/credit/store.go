package credit

import (
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Subjects makes of what a view knows the subject that clauses are asked of.
type Subjects interface {
	Subject(v fact.View, enterprise int64) (s rule.Subject, ok bool)
}

// Deps is what the store stands on.
type Deps struct {
	Frames   *fact.Frames
	Clock    clock.Clock
	Subjects Subjects
	Set      *Set
	Demo     bool // the installation is a demonstration: invented banks take part
}

// Store is banks, products and what became of referrals. It is safe for many goroutines.
type Store struct{ Deps }

// Open is the store.
func Open(d Deps) *Store { return &Store{d} }
