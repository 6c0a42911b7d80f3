package selection

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// How an enterprise comes into a pool.
const (
	ByApplication = "application" // it must meet the conditions
	ByList        = "list"        // an office puts it there, whatever is known
)

// PoolEntry is an enterprise that is cultivated on a ladder, or was.
type PoolEntry struct {
	ID     int64
	Ladder string
	Party  int64
	Step   string // on which it was when somebody last looked, "" for none
	At     int64
	Gone   int64 // 0 while it is in
}

// PoolEvent is something that happened to an entry.
type PoolEvent struct {
	N      int64
	Kind   string // application, list, step, gone
	Step   string
	At     int64
	Actor  int64
	Case   int64
	Reason string
}

// The kinds of events besides those of coming in.
const (
	StepChanged = "step"
	WentOut     = "gone"
)

const (
	entryColumns = `id, ladder, party, step, at, gone_at`
	entriesIn    = `SELECT ` + entryColumns + ` FROM pool_entry WHERE ladder = $1 AND gone_at = 0 ORDER BY id`
	entriesOf    = `SELECT ` + entryColumns + ` FROM pool_entry WHERE party = $1 ORDER BY id`
	entryByID    = `SELECT ` + entryColumns + ` FROM pool_entry WHERE id = $1`
	entryOpen    = `SELECT COUNT(*) FROM pool_entry WHERE ladder = $1 AND party = $2 AND gone_at = 0`
	insertEntry  = `INSERT INTO pool_entry (id, ladder, party, step, at, gone_at, events) VALUES ($1, $2, $3, $4, $5, 0, 0)`
	countEvent   = `UPDATE pool_entry SET events = events + 1, step = $1, gone_at = $2 WHERE id = $3`
	insertEvent  = `INSERT INTO pool_event (entry_id, n, kind, step, at, actor, case_id, reason) SELECT id, events, $1, $2, $3, $4, $5, $6 FROM pool_entry WHERE id = $7`
	eventsOf     = `SELECT n, kind, step, at, actor, case_id, reason FROM pool_event WHERE entry_id = $1 ORDER BY n`
)

func entries(ctx context.Context, q store.Querier, query string, args ...any) ([]PoolEntry, error) {
	return store.List(ctx, q, func(r *store.Rows) (e PoolEntry, err error) {
		return e, r.Scan(&e.ID, &e.Ladder, &e.Party, &e.Step, &e.At, &e.Gone)
	}, query, args...)
}

// happened writes an event of an entry.
func (s *Store) happened(ctx context.Context, tx *store.Tx, e PoolEntry, kind string, act Act) error {
	_, err := tx.Exec(ctx, countEvent, e.Step, e.Gone, e.ID)
	if err == nil {
		_, err = tx.Exec(ctx, insertEvent, kind, e.Step, s.Clock.Millis(), act.Actor, act.Case, strings.TrimSpace(act.Reason), e.ID)
	}
	if err != nil {
		return fmt.Errorf("write what happened to entry %d: %w", e.ID, err)
	}
	return nil
}

// Enter takes an enterprise into the pool of a ladder. By application it must meet the conditions: what is not met, or not
// known, is told. Conflict where it is in already.
func (s *Store) Enter(ctx context.Context, tx *store.Tx, ladder string, enterprise int64, how string, act Act) (PoolEntry, error) {
	l, err := s.Set.Ladder(ladder)
	if err != nil {
		return PoolEntry{}, err
	}
	if how != ByApplication && how != ByList || how == ByList && strings.TrimSpace(act.Reason) == "" || utf8.RuneCountInString(act.Reason) > maxReason {
		return PoolEntry{}, errs.Invalid(i18n.M("selection.need_reason"))
	}
	view, err := s.all(ctx)
	if err != nil {
		return PoolEntry{}, err
	}
	at, err := s.standpoint(view, l, enterprise)
	if err != nil {
		return PoolEntry{}, err
	}
	if how == ByApplication {
		if err := may(at.Enter); err != nil {
			return PoolEntry{}, err
		}
	}
	e := PoolEntry{Ladder: l.Ladder, Party: view.Registry().Canonical(enterprise), Step: stepOf(at), At: s.Clock.Millis()}
	if err := tx.Lock(ctx, fmt.Sprintf("pool %s %d", e.Ladder, e.Party)); err != nil {
		return PoolEntry{}, err
	}
	var n int
	if err := tx.QueryRow(ctx, entryOpen, e.Ladder, e.Party).Scan(&n); err != nil {
		return PoolEntry{}, fmt.Errorf("look into the pool: %w", err)
	}
	if n > 0 {
		return PoolEntry{}, errs.Conflict(i18n.M("selection.in_pool", l.Name))
	}
	if e.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return PoolEntry{}, err
	}
	if _, err := tx.Exec(ctx, insertEntry, e.ID, e.Ladder, e.Party, e.Step, e.At); err != nil {
		return PoolEntry{}, fmt.Errorf("enter the pool: %w", err)
	}
	return e, s.happened(ctx, tx, e, how, act)
}

// may wants conditions to be known to be met.
func may(checks []Check) error {
	var open []i18n.Text
	for _, c := range checks {
		if c.State == Unknown {
			open = append(open, c.Text)
		}
	}
	if lacks := unmet(checks); len(lacks) > 0 {
		return errs.Conflict(i18n.M("selection.not_eligible", joined(lacks)))
	}
	if len(open) > 0 {
		return errs.Conflict(i18n.M("selection.not_known", joined(open)))
	}
	return nil
}

func stepOf(at Standpoint) string {
	if at.On == nil {
		return ""
	}
	return at.On.ID
}

// standpoint is where an enterprise stands today.
func (s *Store) standpoint(view fact.View, l *Ladder, enterprise int64) (Standpoint, error) {
	of, ok := s.Subjects.Subject(view, enterprise)
	if !ok {
		return Standpoint{}, errs.NotFound("enterprise", enterprise)
	}
	return l.Advise(of, s.Clock.Today())
}

// Leave takes an enterprise out of a pool, for a reason.
func (s *Store) Leave(ctx context.Context, tx *store.Tx, id int64, act Act) error {
	if strings.TrimSpace(act.Reason) == "" || utf8.RuneCountInString(act.Reason) > maxReason {
		return errs.Invalid(i18n.M("selection.need_reason"))
	}
	e, err := s.entry(ctx, tx, id)
	if err != nil {
		return err
	}
	if e.Gone != 0 {
		return errs.Conflict(i18n.M("selection.gone_already"))
	}
	e.Gone = s.Clock.Millis()
	return s.happened(ctx, tx, e, WentOut, act)
}

const lockEntry = `UPDATE pool_entry SET events = events WHERE id = $1`

func (s *Store) entry(ctx context.Context, tx *store.Tx, id int64) (PoolEntry, error) {
	if _, err := tx.Exec(ctx, lockEntry, id); err != nil {
		return PoolEntry{}, fmt.Errorf("lock entry %d: %w", id, err)
	}
	all, err := entries(ctx, tx, entryByID, id)
	if err == nil && len(all) == 0 {
		err = errs.NotFound("pool entry", id)
	}
	if err != nil {
		return PoolEntry{}, err
	}
	return all[0], nil
}

// Refresh looks at everybody in the pool of a ladder for whom the scope is the office in charge, and keeps who stands on
// another step than before. It gives how many.
func (s *Store) Refresh(ctx context.Context, scope access.Scope, ladder string, act Act) (moved int, err error) {
	l, err := s.Set.Ladder(ladder)
	if err != nil {
		return 0, err
	}
	view, err := s.all(ctx)
	if err != nil {
		return 0, err
	}
	in, err := entries(ctx, s.DB.Read(), entriesIn, ladder)
	if err != nil {
		return 0, err
	}
	theirs, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return 0, err
	}
	steps := map[int64]string{}
	for _, e := range in {
		if !theirs.Can(access.HandleCase, e.Party) {
			continue
		}
		at, err := s.standpoint(view, l, e.Party)
		if err != nil {
			return 0, err
		}
		if now := stepOf(at); now != e.Step {
			steps[e.ID] = now
		}
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		moved = 0
		for _, id := range slices.Sorted(maps.Keys(steps)) {
			e, err := s.entry(ctx, tx, id)
			if err != nil {
				return err
			}
			if e.Gone != 0 || e.Step == steps[id] {
				continue
			}
			e.Step = steps[id]
			if err := s.happened(ctx, tx, e, StepChanged, act); err != nil {
				return err
			}
			moved++
		}
		return nil
	})
	return moved, err
}

// Cultivated is an enterprise in a pool, with where it stands now.
type Cultivated struct {
	PoolEntry
	Standpoint
}

// Pool is who is in the pool of a ladder, as far as the scope may see it, with what the next step asks for.
func (s *Store) Pool(ctx context.Context, scope access.Scope, ladder string) ([]Cultivated, error) {
	l, err := s.Set.Ladder(ladder)
	if err != nil {
		return nil, err
	}
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return nil, err
	}
	in, err := entries(ctx, s.DB.Read(), entriesIn, ladder)
	if err != nil {
		return nil, err
	}
	var out []Cultivated
	for _, e := range in {
		if !view.Can(access.ReadFact, e.Party) {
			continue
		}
		at, err := s.standpoint(view, l, e.Party)
		if err != nil {
			return nil, err
		}
		out = append(out, Cultivated{e, at})
	}
	return out, nil
}

// Advise is where an enterprise stands on a ladder, in its pool or not, from what the scope may know.
func (s *Store) Advise(ctx context.Context, scope access.Scope, ladder string, enterprise int64) (Standpoint, error) {
	l, err := s.Set.Ladder(ladder)
	if err != nil {
		return Standpoint{}, err
	}
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return Standpoint{}, err
	}
	if !view.Can(access.ReadFact, enterprise) {
		return Standpoint{}, errs.NotFound("enterprise", enterprise)
	}
	return s.standpoint(view, l, enterprise)
}

// Stay is an entry with all that happened to it.
type Stay struct {
	PoolEntry
	Events []PoolEvent
}

// History is every stay of an enterprise in a pool, the oldest first; nothing where the scope may not see it.
func (s *Store) History(ctx context.Context, scope access.Scope, enterprise int64) ([]Stay, error) {
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil || !view.Can(access.ReadFact, enterprise) {
		return nil, err
	}
	all, err := entries(ctx, s.DB.Read(), entriesOf, enterprise)
	if err != nil {
		return nil, err
	}
	var out []Stay
	for _, e := range all {
		events, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (v PoolEvent, err error) {
			return v, r.Scan(&v.N, &v.Kind, &v.Step, &v.At, &v.Actor, &v.Case, &v.Reason)
		}, eventsOf, e.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, Stay{e, events})
	}
	return out, nil
}
