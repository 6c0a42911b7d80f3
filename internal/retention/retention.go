package retention

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "retention", FS: schema}

// Item is a thing, or many alike, that may be deleted. It tells nothing of what it says.
type Item struct {
	Kind    string `json:"kind"`
	Ref     string `json:"ref"`               // the numbers by which its owner keeps it, with points between
	What    string `json:"what,omitempty"`    // code of a definition, of a fact
	Area    string `json:"area,omitempty"`    // where it belongs; "" where it belongs to no area
	Party   int64  `json:"party,omitempty"`   // the enterprise that it is about; 0 for none, or many
	Subject int64  `json:"subject,omitempty"` // of a fact
	Source  int64  `json:"source,omitempty"`  // that states it, or was read from it
	Case    int64  `json:"case,omitempty"`
	Since   int64  `json:"since,omitempty"` // ms: from when its term counts
	SHA256  string `json:"sha256,omitempty"`
	Count   int64  `json:"count"` // how many things it stands for
}

// Ask is what a kind is asked about.
type Ask struct {
	Now    int64   // ms
	Before int64   // ms: what its term counts from lies before this, where the kind has one term for all
	Held   []int64 // parties whose data is kept, with those merged into them
}

// Kind is how one kind of record is deleted. Names of kinds are those of content.Register.Records, and Facts.
type Kind interface {
	Name() string
	// Due is what is due, the oldest first.
	Due(ctx context.Context, ask Ask) ([]Item, error)
	// Erase takes it out of the database, in a transaction, and says how many things that were: 0 where it is not there, or is another.
	Erase(ctx context.Context, tx *store.Tx, ask Ask, item Item) (int64, error)
	// Clear takes what lies beside the database away, once that is committed. It may be asked again.
	Clear(ctx context.Context, item Item) error
	// Tables are those in which it leaves room.
	Tables() []string
}

// Facts is the kind of values of definitions, whose terms are their own.
const Facts = "fact"

// Reason says why a thing is kept although it is due; the zero message where there is none to.
type Reason func(ctx context.Context, q store.Querier, item Item) (i18n.Msg, error)

// Deps is what the store stands on. All of it is needed, but that Kinds and Reasons may be few.
type Deps struct {
	DB      *store.DB
	Sources *source.Store
	Frames  *fact.Frames
	Library *content.Library
	Clock   clock.Clock
	Log     *slog.Logger // of what could not be finished at once
	Kinds   []Kind
	Reasons []Reason
}

// Store keeps runs, holds and requests. It is safe for many goroutines.
type Store struct{ Deps }

// Open is the store over a database that Migrations were applied to. It finishes what was
// erased and not yet off the disk, as far as that can be done now.
func Open(ctx context.Context, d Deps) (*Store, error) {
	s := &Store{d}
	for _, k := range d.Kinds {
		if _, ok := d.Library.Register().Record(k.Name()); !ok && k.Name() != Facts {
			return nil, fmt.Errorf("retention: the register says nothing of %s", k.Name())
		}
	}
	s.finishSoon(ctx)
	return s, nil
}

func (s *Store) kind(name string) (Kind, bool) {
	for _, k := range s.Kinds {
		if k.Name() == name {
			return k, true
		}
	}
	return nil, false
}

// lockHolds is held by whoever changes what is on hold, and by a run while it asks for that and erases.
const lockHolds = "retention holds"

// ask is what a kind is asked now.
func (s *Store) ask(ctx context.Context, q store.Querier, k Kind) (Ask, error) {
	a := Ask{Now: s.Clock.Millis()}
	if r, ok := s.Library.Register().Record(k.Name()); ok {
		a.Before = fact.After(a.Now, -r.Keep.Years)
	}
	var err error
	a.Held, err = s.heldParties(ctx, q)
	return a, err
}

// due is what is due of every kind that has a term.
func (s *Store) due(ctx context.Context) ([]Item, error) {
	var all []Item
	for _, k := range s.Kinds {
		if r, ok := s.Library.Register().Record(k.Name()); ok && r.Keep.After == content.Never {
			continue
		}
		ask, err := s.ask(ctx, s.DB.Read(), k)
		if err != nil {
			return nil, err
		}
		items, err := k.Due(ctx, ask)
		if err != nil {
			return nil, fmt.Errorf("look for what is due of %s: %w", k.Name(), err)
		}
		all = append(all, items...)
	}
	return all, nil
}

// stands says why a thing is kept; the zero message where nothing stands on it.
func (s *Store) stands(ctx context.Context, q store.Querier, item Item) (i18n.Msg, error) {
	if item.Party != 0 {
		held, err := s.heldParties(ctx, q)
		if err != nil {
			return i18n.Msg{}, err
		}
		for _, p := range held {
			if p == item.Party {
				return i18n.M("retention.held"), nil
			}
		}
	}
	if item.Party == 0 && item.Source != 0 {
		about, err := s.aboutHeld(ctx, q, item.Source)
		if err != nil {
			return i18n.Msg{}, err
		}
		if about {
			return i18n.M("retention.held"), nil
		}
	}
	for _, reason := range s.Reasons {
		why, err := reason(ctx, q, item)
		if err != nil || !why.IsZero() {
			return why, err
		}
	}
	return i18n.Msg{}, nil
}

// sees says whether a scope may have a thing deleted.
func sees(scope access.Scope, item Item) bool { return scope.Sees(access.Erase, item.Area, 0) }

// tidy checks why somebody does something.
func tidy(text string, least int) (string, error) {
	text, n := trimmed(text)
	if n < least || n > maxReason {
		return "", errs.Invalid(i18n.M("retention.bad_reason", least, maxReason))
	}
	return text, nil
}

func marshal(m i18n.Msg) (string, error) {
	if m.IsZero() {
		return "", nil
	}
	b, err := json.Marshal(m)
	return string(b), err
}

func unmarshal(text string) (m i18n.Msg, err error) {
	if text == "" {
		return m, nil
	}
	return m, json.Unmarshal([]byte(text), &m)
}

var errMoved = errors.New("something was committed in between")
