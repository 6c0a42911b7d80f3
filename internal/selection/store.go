package selection

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/lot"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "selection", FS: schema}

// Subjects makes of what a view knows the subject that conditions are asked of.
type Subjects interface {
	Subject(v fact.View, enterprise int64) (s rule.Subject, ok bool)
}

// Deps is what the store stands on.
type Deps struct {
	DB       *store.DB
	Frames   *fact.Frames
	Library  *content.Library
	Clock    clock.Clock
	Subjects Subjects
	Set      *Set
	Releases *release.Store
	Random   io.Reader // seeds are drawn from it
}

// Store keeps rounds, titles and pools. It is safe for many goroutines.
type Store struct{ Deps }

// Open is the store over a database that Migrations were applied to.
func Open(d Deps) *Store { return &Store{d} }

// Act is on whose behalf something is done.
type Act struct {
	Case   int64 // 0 for none
	Actor  int64 // account; 0 for the product itself
	Reason string
}

// all is what the product itself knows: nothing of it may reach a person without a scope.
func (s *Store) all(ctx context.Context) (fact.View, error) {
	return s.Frames.For(ctx, access.SystemScope(), 0)
}

// asJSON writes what holds texts, numbers and lists of them, which cannot fail.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("selection: " + err.Error())
	}
	return string(b)
}

func fromJSON(s string, into any) error {
	if err := json.Unmarshal([]byte(s), into); err != nil {
		return fmt.Errorf("read what a selection keeps: %w", err)
	}
	return nil
}

const (
	definitionBody   = `SELECT body FROM selection_definition WHERE hash = $1`
	insertDefinition = `INSERT INTO selection_definition (hash, code, body) VALUES ($1, $2, $3)`
)

// keep pins a definition, once.
func keep(ctx context.Context, tx *store.Tx, hash, code string, body []byte) error {
	var have string
	err := tx.QueryRow(ctx, definitionBody, hash).Scan(&have)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.Exec(ctx, insertDefinition, hash, code, string(body))
	}
	if err != nil {
		return fmt.Errorf("keep definition %s: %w", code, err)
	}
	return nil
}

// Definition is the bytes of a scheme or rubric that something is pinned to, by their hash, whatever is in use now.
func Definition(ctx context.Context, q store.Querier, hash string) ([]byte, error) {
	var body string
	err := q.QueryRow(ctx, definitionBody, hash).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.NotFound("definition", hash)
	}
	if err != nil {
		return nil, fmt.Errorf("read definition %s: %w", hash, err)
	}
	if hashOf([]byte(body)) != hash {
		return nil, fmt.Errorf("definition %s was changed in the database", hash)
	}
	return []byte(body), nil
}

// Definition is the scheme and the rubric that a round runs under.
func (s *Store) Definition(ctx context.Context, r Round) (*Scheme, *rubric.Rubric, error) {
	return s.definition(ctx, s.DB.Read(), r)
}

func (s *Store) definition(ctx context.Context, q store.Querier, r Round) (*Scheme, *rubric.Rubric, error) {
	if scheme, err := s.Set.Scheme(r.Scheme); err == nil && scheme.Hash == r.SchemeHash {
		if sheet, err := s.Set.rubrics.Rubric(scheme.Rubric); err == nil && sheet.Hash == r.RubricHash {
			return scheme, sheet, nil
		}
	}
	body, err := Definition(ctx, q, r.RubricHash)
	if err != nil {
		return nil, nil, err
	}
	sheet, problems := rubric.Parse(r.RubricHash, body)
	if len(problems) > 0 {
		return nil, nil, fmt.Errorf("rubric %s is not understood any more: %w", r.RubricHash, problems)
	}
	if body, err = Definition(ctx, q, r.SchemeHash); err != nil {
		return nil, nil, err
	}
	only := func(string) (*rubric.Rubric, error) { return sheet, nil }
	scheme, problems := ParseScheme(s.Library, only, r.SchemeHash, body)
	if len(problems) > 0 {
		return nil, nil, fmt.Errorf("scheme %s is not understood any more: %w", r.SchemeHash, problems)
	}
	return scheme, sheet, nil
}

// RoundState is how far a round is.
type RoundState string

// The states of a round.
const (
	Nominating RoundState = "nominating"
	Judging    RoundState = "judging"
	Ranked     RoundState = "ranked"
	Noticed    RoundState = "notice"
	Decided    RoundState = "decided"
)

// Msg names a state.
func (s RoundState) Msg() i18n.Msg { return i18n.M("selection.round." + string(s)) }

// Round is a scheme in a year.
type Round struct {
	ID         int64
	Scheme     string
	SchemeHash string
	RubricHash string
	Year       int
	Area       string
	Case       int64
	Quota      int
	PerCounty  int        // nominations of one county at most, 0 for any number
	Closes     period.Day // the last day of nominations
	Commitment string     // SHA-256 of the seed
	Seed       string     // "" before the draw
	Roll       string     // "" before the draw
	State      RoundState
	OpenedAt   int64 // milliseconds UTC, like all instants here
	DrawnAt    int64 // 0 before
	RankedAt   int64
	DecidedAt  int64
	Document   string // number of the document that decided

	pool []int64 // the experts of the draw
}

// Open says that the round takes nominations on a day.
func (r Round) Open(on period.Day) bool { return r.State == Nominating && on <= r.Closes }

// lots are those of the round; before the draw there are none.
func (r Round) lots() Lots { return Lots{lot.Draw{Seed: r.Seed, Roll: r.Roll}} }

const (
	roundColumns = `id, scheme, scheme_hash, rubric_hash, year, area, case_id, quota, per_county, closes, commitment, seed, roll,
	pool, state, opened_at, drawn_at, ranked_at, decided_at, document`
	roundByID   = `SELECT ` + roundColumns + ` FROM selection_round WHERE id = $1`
	allRounds   = `SELECT ` + roundColumns + ` FROM selection_round ORDER BY year DESC, id DESC`
	lockRound   = `UPDATE selection_round SET state = state WHERE id = $1`
	insertRound = `INSERT INTO selection_round (` + roundColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', '[]', $13, $14, 0, 0, 0, '')`
)

func scanRound(r interface{ Scan(...any) error }) (Round, error) {
	var out Round
	var pool string
	err := r.Scan(&out.ID, &out.Scheme, &out.SchemeHash, &out.RubricHash, &out.Year, &out.Area, &out.Case, &out.Quota, &out.PerCounty,
		&out.Closes, &out.Commitment, &out.Seed, &out.Roll, &pool, &out.State, &out.OpenedAt, &out.DrawnAt, &out.RankedAt, &out.DecidedAt, &out.Document)
	if err != nil {
		return Round{}, err
	}
	return out, fromJSON(pool, &out.pool)
}

// round reads a round; NotFound when there is none.
func round(ctx context.Context, q store.Querier, id int64) (Round, error) {
	r, err := scanRound(q.QueryRow(ctx, roundByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Round{}, errs.NotFound("round", id)
	}
	if err != nil {
		return Round{}, fmt.Errorf("read round %d: %w", id, err)
	}
	return r, nil
}

// locked is a round that nobody else changes before the transaction ends. Conflict unless it is in one of the states.
func locked(ctx context.Context, tx *store.Tx, id int64, in ...RoundState) (Round, error) {
	if _, err := tx.Exec(ctx, lockRound, id); err != nil {
		return Round{}, fmt.Errorf("lock round %d: %w", id, err)
	}
	r, err := round(ctx, tx, id)
	if err == nil && !slices.Contains(in, r.State) {
		err = errs.Conflict(i18n.M("selection.not_now", r.State.Msg()))
	}
	return r, err
}

// NewRound is a round to be opened.
type NewRound struct {
	Act
	Scheme    string
	Year      int
	Area      string
	Quota     int // 0: as the scheme says
	PerCounty int // 0: as the scheme says
	Closes    period.Day
}

// planned is a round that could be opened now, with its scheme and rubric. Conflict where the year has one already.
func (s *Store) planned(ctx context.Context, tx *store.Tx, n NewRound) (Round, *Scheme, *rubric.Rubric, error) {
	scheme, err := s.Set.Scheme(n.Scheme)
	if err != nil {
		return Round{}, nil, nil, err
	}
	sheet, err := s.Set.rubrics.Rubric(scheme.Rubric)
	if err != nil {
		return Round{}, nil, nil, err
	}
	r := Round{
		Scheme: scheme.Selection, SchemeHash: scheme.Hash, RubricHash: sheet.Hash, Year: n.Year, Area: n.Area, Case: n.Case,
		Quota: cmp.Or(n.Quota, scheme.Quota), PerCounty: cmp.Or(n.PerCounty, scheme.PerCounty), Closes: n.Closes, State: Nominating, OpenedAt: s.Clock.Millis(),
	}
	if err := s.checkRound(r); err != nil {
		return Round{}, nil, nil, err
	}
	return r, scheme, sheet, s.onlyRound(ctx, tx, r)
}

// OpenRound opens a round and publishes the commitment to its seed. Conflict where the year has one already.
func (s *Store) OpenRound(ctx context.Context, tx *store.Tx, n NewRound) (Round, error) {
	if err := tx.Lock(ctx, fmt.Sprintf("selection %s %d %s", n.Scheme, n.Year, n.Area)); err != nil {
		return Round{}, err
	}
	r, scheme, sheet, err := s.planned(ctx, tx, n)
	if err != nil {
		return Round{}, err
	}
	if r.Seed, err = lot.NewSeed(s.Random); err != nil {
		return Round{}, err
	}
	r.Commitment = lot.Commitment(r.Seed)
	if err := keep(ctx, tx, scheme.Hash, scheme.Selection, scheme.Bytes()); err != nil {
		return Round{}, err
	}
	if err := keep(ctx, tx, sheet.Hash, sheet.Code, sheet.Bytes()); err != nil {
		return Round{}, err
	}
	if r.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return Round{}, err
	}
	_, err = tx.Exec(ctx, insertRound, r.ID, r.Scheme, r.SchemeHash, r.RubricHash, r.Year, r.Area, r.Case, r.Quota, r.PerCounty,
		int64(r.Closes), r.Commitment, r.Seed, string(r.State), r.OpenedAt)
	if err != nil {
		return Round{}, fmt.Errorf("open round: %w", err)
	}
	r.Seed = ""
	return r, nil
}

const roundsOfYear = `SELECT COUNT(*) FROM selection_round WHERE scheme = $1 AND year = $2 AND area = $3`

func (s *Store) onlyRound(ctx context.Context, tx *store.Tx, r Round) error {
	var n int
	if err := tx.QueryRow(ctx, roundsOfYear, r.Scheme, r.Year, r.Area).Scan(&n); err != nil {
		return fmt.Errorf("look for a round: %w", err)
	}
	if n > 0 {
		return errs.Conflict(i18n.M("selection.round_twice", r.Year))
	}
	return nil
}

// checkRound says what is wrong with a round that somebody wants to open.
func (s *Store) checkRound(r Round) error {
	switch {
	case r.Quota < 1 || r.Quota > maxQuota:
		return errs.Invalid(i18n.M("selection.bad_quota", maxQuota))
	case r.PerCounty < 0 || r.PerCounty > maxQuota:
		return errs.Invalid(i18n.M("selection.bad_quota", maxQuota))
	case r.Year < 2000 || r.Year > 2100:
		return errs.Invalid(i18n.M("selection.bad_year"))
	case r.Closes < s.Clock.Today():
		return errs.Invalid(i18n.M("selection.closed_before", r.Closes.String()))
	}
	if _, ok := s.Library.Areas().Node(r.Area); !ok {
		return errs.NotFound("area", r.Area)
	}
	return nil
}

// Rounds is every round, the newest year first. Calls are public; a seed is not told before the draw, nor to others than
// those who see the round's area that a ranking is made before it is published.
func (s *Store) Rounds(ctx context.Context, scope access.Scope) ([]Round, error) {
	all, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (Round, error) { return scanRound(r) }, allRounds)
	for i := range all {
		all[i] = all[i].told(scope)
	}
	return all, err
}

// Round is one of them.
func (s *Store) Round(ctx context.Context, scope access.Scope, id int64) (Round, error) {
	r, err := round(ctx, s.DB.Read(), id)
	return r.told(scope), err
}

// told is the round as far as a scope may know it.
func (r Round) told(scope access.Scope) Round {
	r = r.public()
	if r.State == Ranked && !scope.Sees(access.ReadCase, r.Area, 0) {
		r.State, r.RankedAt = Judging, 0
	}
	return r
}

// public is the round without a seed that may not be known yet.
func (r Round) public() Round {
	if r.DrawnAt == 0 {
		r.Seed = ""
	}
	return r
}

const roundOfCase = `SELECT ` + roundColumns + ` FROM selection_round WHERE case_id = $1`

// RoundOf is the round of a case, for effects; NotFound when it has none.
func (s *Store) RoundOf(ctx context.Context, q store.Querier, id int64) (Round, error) {
	r, err := scanRound(q.QueryRow(ctx, roundOfCase, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Round{}, errs.NotFound("round of case", id)
	}
	return r.public(), err
}
