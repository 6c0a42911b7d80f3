package lab

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "policy/lab", FS: schema}

// Limits on what is kept.
const (
	maxSaved     = 200       // scenarios of one account
	maxSavedText = 512 << 10 // bytes of another wording
)

// Saved is a scenario that was kept. A link names its ID.
type Saved struct {
	ID       int64
	Revision int64
	Owner    int64 // account
	At       int64 // when it was last saved, milliseconds UTC
	Dropped  bool  // thrown away, and not yet forgotten
	Law      string
	Areas    []string // of the document; none: everywhere
	Scenario Scenario
}

// Store keeps scenarios. It is safe for many goroutines.
//
// A scenario is read by its owner, and by who may read drafts for all areas of its document. It is saved by who may draft
// policies at all, and changed and thrown away by its owner alone. One that may not be read is NotFound.
type Store struct {
	lab   *Lab
	db    *store.DB
	clock clock.Clock
}

// NewStore keeps the scenarios of a laboratory.
func NewStore(l *Lab, db *store.DB, now clock.Clock) *Store {
	return &Store{lab: l, db: db, clock: now}
}

const (
	selectSaved    = `SELECT id, areas, owner, law, body, saved, dropped, revision FROM policy_scenario`
	savedByID      = selectSaved + ` WHERE id = $1`
	savedNow       = selectSaved + ` WHERE dropped = 0 ORDER BY id DESC`
	savedOf        = selectSaved + ` WHERE dropped = 0 AND document = $1 ORDER BY id DESC`
	countSaved     = `SELECT COUNT(*) FROM policy_scenario WHERE owner = $1 AND dropped = 0`
	insertSaved    = `INSERT INTO policy_scenario (id, document, areas, owner, name, law, body, saved, dropped, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 1)`
	replaceSaved   = `UPDATE policy_scenario SET document = $1, areas = $2, name = $3, law = $4, body = $5, saved = $6, revision = revision + 1 WHERE id = $7 AND owner = $8 AND revision = $9 AND dropped = 0`
	dropSaved      = `UPDATE policy_scenario SET dropped = $1, revision = revision + 1 WHERE id = $2 AND owner = $3`
	maxListedSaved = 1000
)

// reads says that the scope may read a saved scenario.
func (s Saved) reads(scope access.Scope) bool {
	if scope.All() || s.Owner == scope.Account() && scope.Account() != 0 {
		return true
	}
	return version.Version{Areas: s.Areas}.May(scope, access.ReadDraft)
}

// mine says that the scope may change it.
func (s Saved) mine(scope access.Scope) bool {
	return s.Owner == scope.Account() && scope.Can(access.DraftPolicy)
}

// row is what is stored of a scenario.
type row struct{ areas, body string }

// checked reads a scenario against the law as it is now known, so that nothing is kept that never ran.
func (st *Store) checked(ctx context.Context, scope access.Scope, s Scenario) (*Planned, row, error) {
	if !scope.Can(access.DraftPolicy) {
		return nil, row{}, errs.Forbidden("save a scenario")
	}
	if strings.TrimSpace(s.Name) == "" {
		return nil, row{}, errs.Invalid(i18n.M("lab.want_name"))
	}
	if len(s.Text) > maxSavedText {
		return nil, row{}, errs.Invalid(i18n.M("lab.long_saved", maxSavedText>>10))
	}
	seq, err := st.db.Seq(ctx)
	if err != nil {
		return nil, row{}, err
	}
	p, err := st.lab.Plan(ctx, seq, s)
	if err != nil {
		return nil, row{}, err
	}
	body, err := json.Marshal(p.Scenario)
	if err != nil {
		return nil, row{}, fmt.Errorf("save a scenario: %w", err)
	}
	return p, row{areas: strings.Join(p.law.Areas, " "), body: string(body)}, nil
}

// Save keeps a new scenario, which must have a name. What does not fit its policy is refused as by Lab.Plan.
func (st *Store) Save(ctx context.Context, scope access.Scope, s Scenario) (Saved, error) {
	p, r, err := st.checked(ctx, scope, s)
	if err != nil {
		return Saved{}, err
	}
	var id int64
	err = st.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var n int64
		if err := tx.QueryRow(ctx, countSaved, scope.Account()).Scan(&n); err != nil {
			return err
		}
		if n >= maxSaved {
			return errs.Conflict(i18n.M("lab.too_many_saved", maxSaved))
		}
		var err error
		if id, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertSaved, id, p.Scenario.Policy, r.areas, scope.Account(), p.Scenario.Name, p.law.Hash, r.body, st.clock.Millis())
		return err
	})
	if err != nil {
		return Saved{}, fmt.Errorf("save a scenario: %w", err)
	}
	return st.Get(ctx, scope, id)
}

// Replace puts another scenario in the place of a saved one of the same owner. revision is that of the one that was looked
// at: Conflict when it has changed since.
func (st *Store) Replace(ctx context.Context, scope access.Scope, id, revision int64, s Scenario) (Saved, error) {
	if err := st.own(ctx, scope, id); err != nil {
		return Saved{}, err
	}
	p, r, err := st.checked(ctx, scope, s)
	if err != nil {
		return Saved{}, err
	}
	err = st.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, replaceSaved, p.Scenario.Policy, r.areas, p.Scenario.Name, p.law.Hash, r.body, st.clock.Millis(), id, scope.Account(), revision)
		if err == nil && n == 0 {
			return errs.Conflict(i18n.M("lab.moved"))
		}
		return err
	})
	if err != nil {
		return Saved{}, fmt.Errorf("replace scenario %d: %w", id, err)
	}
	return st.Get(ctx, scope, id)
}

// own refuses who may not change a scenario.
func (st *Store) own(ctx context.Context, scope access.Scope, id int64) error {
	s, err := st.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if !s.mine(scope) {
		return errs.Forbidden("change a scenario of another account")
	}
	return nil
}

// Drop throws a scenario of the owner away: it is no longer listed, and Restore brings it back.
func (st *Store) Drop(ctx context.Context, scope access.Scope, id int64) error {
	return st.setDropped(ctx, scope, id, st.clock.Millis())
}

// Restore brings back what Drop threw away.
func (st *Store) Restore(ctx context.Context, scope access.Scope, id int64) error {
	return st.setDropped(ctx, scope, id, 0)
}

func (st *Store) setDropped(ctx context.Context, scope access.Scope, id, at int64) error {
	if err := st.own(ctx, scope, id); err != nil {
		return err
	}
	err := st.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, dropSaved, at, id, scope.Account())
		return err
	})
	if err != nil {
		return fmt.Errorf("drop or restore scenario %d: %w", id, err)
	}
	return nil
}

// Get is a scenario that the scope may read, even one that was thrown away: a link says so rather than break.
func (st *Store) Get(ctx context.Context, scope access.Scope, id int64) (Saved, error) {
	all, err := st.read(ctx, scope, savedByID, id)
	if err != nil {
		return Saved{}, err
	}
	if len(all) == 0 {
		return Saved{}, errs.NotFound("scenario", id)
	}
	return all[0], nil
}

// List is the scenarios that the scope may read, the newest first; of one document unless it is "".
func (st *Store) List(ctx context.Context, scope access.Scope, document string) ([]Saved, error) {
	if document == "" {
		return st.read(ctx, scope, savedNow)
	}
	return st.read(ctx, scope, savedOf, document)
}

// read is the scenarios of a query that the scope may read.
func (st *Store) read(ctx context.Context, scope access.Scope, query string, args ...any) ([]Saved, error) {
	rows, err := st.db.Read().Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read scenarios: %w", err)
	}
	defer rows.Close()
	var all []Saved
	for rows.Next() && len(all) < maxListedSaved {
		var s Saved
		var areas, body string
		var dropped int64
		if err := rows.Scan(&s.ID, &areas, &s.Owner, &s.Law, &body, &s.At, &dropped, &s.Revision); err != nil {
			return nil, fmt.Errorf("read scenarios: %w", err)
		}
		if s.Areas, s.Dropped = strings.Fields(areas), dropped != 0; !s.reads(scope) {
			continue
		}
		if err := json.Unmarshal([]byte(body), &s.Scenario); err != nil {
			return nil, fmt.Errorf("read scenario %d: %w", s.ID, err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read scenarios: %w", err)
	}
	return all, nil
}
