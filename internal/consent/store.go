package consent

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "consent", FS: schema}

// Purposes is the list of codes that names what a consent may be for.
const Purposes = "consent_purposes"

// MeetingWish stands in the place of a definition for what a firm has said of itself at a meeting of banks and firms: that it is asked,
// its name and its wish. It is no fact, so that no Pack holds it.
const MeetingWish = "meeting.wish"

const (
	longest   = 366 * 24 * time.Hour // that a consent is given for
	maxFacts  = 200
	maxReason = 2_000 // characters
	minReason = 6     // characters of why somebody breaks the glass
)

// Deps is what the store stands on. All of it is needed.
type Deps struct {
	DB      *store.DB
	Frames  *fact.Frames
	Library *content.Library
	Clock   clock.Clock
}

// Store keeps consents, readings and emergencies. It is safe for many goroutines.
type Store struct{ Deps }

// Open is the store over a database that Migrations were applied to.
func Open(d Deps) *Store { return &Store{d} }

// Grant is a consent.
type Grant struct {
	ID      int64
	Owner   int64    // the enterprise whose data it is
	To      int64    // the party that may read it
	Purpose string   // of Purposes
	Facts   []string // codes of definitions, or MeetingWish; sorted
	Case    int64    // in which it was given; 0 for none
	From    int64    // ms
	By      int64    // account
	Until   int64    // ms: at which it has ended by itself
	EndedAt int64    // ms; 0 while nobody has ended it
	EndedBy int64
	Why     string // it was ended
}

// Stands says whether something may be read under the consent at an instant.
func (g Grant) Stands(now int64) bool {
	return g.EndedAt == 0 && g.From <= now && now < g.Until
}

// NewGrant is a consent to be given.
type NewGrant struct {
	Owner, To int64
	Purpose   string
	Facts     []string
	Case      int64
	Until     int64 // ms
}

// check looks at what was asked for. Definitions are those of an enterprise and of what belongs to it.
func (s *Store) check(n *NewGrant) error {
	list, _ := s.Library.CodeList(Purposes)
	if _, ok := list.Entry(n.Purpose); !ok {
		return errs.Invalid(i18n.M("consent.bad_purpose", n.Purpose))
	}
	n.Facts = slices.Clone(n.Facts)
	slices.Sort(n.Facts)
	n.Facts = slices.Compact(n.Facts)
	if len(n.Facts) == 0 || len(n.Facts) > maxFacts {
		return errs.Invalid(i18n.M("consent.bad_count", maxFacts))
	}
	for _, code := range n.Facts {
		if d, ok := s.Library.FactDef(code); code != MeetingWish && (!ok || d.Subject == content.Area) {
			return errs.Invalid(i18n.M("consent.bad_fact", code))
		}
	}
	now := s.Clock.Millis()
	if n.Until <= now || n.Until > now+longest.Milliseconds() {
		return errs.Invalid(i18n.M("consent.bad_end", clock.DayOf(now).String(), clock.DayOf(now+longest.Milliseconds()).String()))
	}
	if n.To <= 0 || n.To == n.Owner {
		return errs.Invalid(i18n.M("consent.bad_receiver"))
	}
	return nil
}

// area is where an enterprise lies now; NotFound where there is none such.
func (s *Store) area(ctx context.Context, firm int64) (area string, id int64, err error) {
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return "", 0, err
	}
	e, ok := view.Enterprise(firm)
	if !ok {
		return "", 0, errs.NotFound("enterprise", firm)
	}
	return e.Area, e.ID, nil
}

const (
	insertGrant = `INSERT INTO consent_grant (id, owner_id, to_id, purpose, facts, case_id, given_at, given_by, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	selectGrant = `SELECT g.id, g.owner_id, g.to_id, g.purpose, g.facts, g.case_id, g.given_at, g.given_by, g.until_at, COALESCE(e.at, 0), COALESCE(e.by_id, 0), COALESCE(e.reason, '')
FROM consent_grant g LEFT JOIN consent_end e ON e.grant_id = g.id`
	insertEnd = `INSERT INTO consent_end (grant_id, at, by_id, reason) VALUES ($1, $2, $3, $4)`
)

// Give keeps a consent in the transaction of the case that it belongs to. It fails with Forbidden for who does not act for the owner,
// and with Invalid where it names no purpose, a definition that there is none of, or an end that is past or more than a year away.
func (s *Store) Give(ctx context.Context, tx *store.Tx, scope access.Scope, n NewGrant) (Grant, error) {
	area, owner, err := s.area(ctx, n.Owner)
	if err != nil {
		return Grant{}, err
	}
	if !scope.Sees(access.Consent, area, owner) {
		return Grant{}, errs.Forbidden("give consent")
	}
	n.Owner = owner
	if err := s.check(&n); err != nil {
		return Grant{}, err
	}
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return Grant{}, err
	}
	g := Grant{
		ID: id, Owner: n.Owner, To: n.To, Purpose: n.Purpose, Facts: n.Facts, Case: n.Case, From: s.Clock.Millis(), By: scope.Account(), Until: n.Until,
	}
	_, err = tx.Exec(ctx, insertGrant, g.ID, g.Owner, g.To, g.Purpose, strings.Join(g.Facts, " "), g.Case, g.From, g.By, g.Until)
	if err != nil {
		return Grant{}, fmt.Errorf("give consent: %w", err)
	}
	audit.Note(tx, loggedGrant, id)
	return g, nil
}

// End ends a consent before its day, in a transaction. It fails with NotFound for who does not act for the owner, and with Conflict
// where it has ended already.
func (s *Store) End(ctx context.Context, tx *store.Tx, scope access.Scope, id int64, reason string) error {
	reason = strings.TrimSpace(reason)
	if utf8.RuneCountInString(reason) > maxReason || !utf8.ValidString(reason) {
		return errs.Invalid(i18n.M("consent.long_reason", maxReason))
	}
	g, err := s.byID(ctx, tx, id)
	if err != nil {
		return err
	}
	area, owner, err := s.area(ctx, g.Owner)
	if err != nil {
		return err
	}
	if !scope.Sees(access.Consent, area, owner) {
		return errs.NotFound("consent", id)
	}
	if now := s.Clock.Millis(); !g.Stands(now) {
		return errs.Conflict(i18n.M("consent.has_ended"))
	} else if _, err := tx.Exec(ctx, insertEnd, id, now, scope.Account(), reason); err != nil {
		if store.IsUnique(err) {
			return errs.Conflict(i18n.M("consent.has_ended"))
		}
		return fmt.Errorf("end consent: %w", err)
	}
	audit.Note(tx, loggedEnd, id)
	return nil
}

func (s *Store) byID(ctx context.Context, q store.Querier, id int64) (Grant, error) {
	all, err := grants(ctx, q, ` WHERE g.id = $1`, id)
	if err != nil {
		return Grant{}, err
	}
	if len(all) == 0 {
		return Grant{}, errs.NotFound("consent", id)
	}
	return all[0], nil
}

func grants(ctx context.Context, q store.Querier, where string, args ...any) ([]Grant, error) {
	rows, err := q.Query(ctx, selectGrant+where+` ORDER BY g.id DESC`, args...)
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	defer rows.Close()
	var all []Grant
	for rows.Next() {
		var (
			g     Grant
			facts string
		)
		if err := rows.Scan(&g.ID, &g.Owner, &g.To, &g.Purpose, &facts, &g.Case, &g.From, &g.By, &g.Until, &g.EndedAt, &g.EndedBy, &g.Why); err != nil {
			return nil, fmt.Errorf("read consents: %w", err)
		}
		g.Facts = strings.Fields(facts)
		all = append(all, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	return all, nil
}

// Of is the consents that were given for an enterprise, the newest first. Forbidden for who may not see who reads its data.
func (s *Store) Of(ctx context.Context, scope access.Scope, firm int64) ([]Grant, error) {
	parties, err := s.readable(ctx, scope, firm)
	if err != nil {
		return nil, err
	}
	in, args := placeholders(parties)
	return grants(ctx, s.DB.Read(), ` WHERE g.owner_id IN (`+in+`)`, args...)
}

// InCase is the consents that were given in a case, the newest first. It takes no scope: who may see the case may see them, and the
// caller has asked that.
func (s *Store) InCase(ctx context.Context, q store.Querier, id int64) ([]Grant, error) {
	return grants(ctx, q, ` WHERE g.case_id = $1`, id)
}

// readable is the ids under which things were kept of an enterprise, its own and those merged into it, for who may see who reads it.
func (s *Store) readable(ctx context.Context, scope access.Scope, firm int64) ([]int64, error) {
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	e, ok := view.Enterprise(firm)
	if !ok || !scope.Sees(access.ReadParty, e.Area, e.ID) {
		return nil, errs.NotFound("enterprise", firm)
	}
	if !scope.Sees(access.ReadReadings, e.Area, e.ID) {
		return nil, errs.Forbidden("see who reads the data")
	}
	return append([]int64{e.ID}, e.Merged...), nil
}

func placeholders(ids []int64) (string, []any) {
	var b strings.Builder
	args := make([]any, len(ids))
	for i, id := range ids {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", i+1)
		args[i] = id
	}
	return b.String(), args
}
