package version

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "policy/version", FS: schema}

// Deps is what the store stands on; all of it is needed.
type Deps struct {
	DB      *store.DB
	Sources *source.Store // for the commit log
	Library *content.Library
	Clock   clock.Clock
	Report  func(error) // hears of a version in force that this program cannot read
}

// Store keeps versions. It is safe for many goroutines.
type Store struct {
	Deps

	mu      sync.Mutex
	known   *history // versions in force, as last read
	made    map[string]made
	reports []checked // the latest last
}

// Open is the store, with every package that ships recorded: the first version of a document is known from the
// beginning; a later one takes the place of a shipped one at a commit, and is a draft where a person has put another in
// force.
func Open(ctx context.Context, d Deps, ships []Package) (*Store, error) {
	s := &Store{Deps: d, made: map[string]made{}}
	for _, p := range ships {
		if err := s.ship(ctx, p); err != nil {
			return nil, fmt.Errorf("record the policies that ship: %w", err)
		}
	}
	return s, nil
}

const (
	selectVersion   = `SELECT id, document, areas, origin, state, hash, revision FROM policy_version`
	allVersions     = selectVersion + ` ORDER BY id`
	versionsOf      = selectVersion + ` WHERE document = $1 ORDER BY id`
	versionByID     = selectVersion + ` WHERE id = $1`
	selectEvent     = `SELECT version_id, kind, at, actor, hash, reason, day, seq FROM policy_event`
	allEvents       = selectEvent + ` ORDER BY version_id, n`
	eventsOf        = selectEvent + ` WHERE version_id = $1 ORDER BY n`
	eventsOfDoc     = selectEvent + ` WHERE version_id IN (SELECT id FROM policy_version WHERE document = $1) ORDER BY version_id, n`
	countEvents     = `SELECT COUNT(*) FROM policy_event WHERE version_id = $1`
	insertEvent     = `INSERT INTO policy_event (version_id, n, kind, at, actor, hash, reason, day, seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	insertVersion   = `INSERT INTO policy_version (id, document, areas, origin, state, hash, revision) VALUES ($1, $2, $3, $4, $5, $6, 1)`
	packageByHash   = `SELECT policy, cases, provenance FROM policy_package WHERE hash = $1`
	insertPackage   = `INSERT INTO policy_package (hash, policy, cases, provenance) VALUES ($1, $2, $3, $4)`
	changeState     = `UPDATE policy_version SET state = $1, revision = revision + 1 WHERE id = $2 AND state = $3 AND revision = $4`
	changeDraft     = `UPDATE policy_version SET hash = $1, areas = $2, revision = revision + 1 WHERE id = $3 AND state = 'draft' AND revision = $4`
	touch           = `UPDATE policy_version SET revision = revision + 1 WHERE id = $1 AND state = 'live' AND revision = $2`
	originShips     = "ships"
	originPerson    = "person"
	maxReason       = 500 // characters
	draftsPerPerson = 200
)

// readVersions runs a query of versions and one of their events.
func readVersions(ctx context.Context, q store.Querier, versions, events string, args ...any) ([]Version, error) {
	var all []Version
	rows, err := q.Query(ctx, versions, args...)
	if err != nil {
		return nil, fmt.Errorf("read policy versions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var v Version
		var areas, origin, state string
		if err := rows.Scan(&v.ID, &v.Document, &areas, &origin, &state, &v.Hash, &v.Revision); err != nil {
			return nil, fmt.Errorf("read policy versions: %w", err)
		}
		v.Areas, v.Ships, v.State = strings.Fields(areas), origin == originShips, State(state)
		all = append(all, v)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("read policy versions: %w", err)
	}
	byID := map[int64]*Version{}
	for i := range all {
		byID[all[i].ID] = &all[i]
	}
	return all, readEvents(ctx, q, byID, events, args...)
}

func readEvents(ctx context.Context, q store.Querier, versions map[int64]*Version, query string, args ...any) error {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read what happened to policies: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			e         Event
			id        int64
			kind, day string
		)
		if err := rows.Scan(&id, &kind, &e.At, &e.Actor, &e.Hash, &e.Reason, &day, &e.Seq); err != nil {
			return fmt.Errorf("read what happened to policies: %w", err)
		}
		e.Kind = Kind(kind)
		if day != "" {
			if e.Day, err = period.ParseDay(day); err != nil {
				return fmt.Errorf("read what happened to policies: %w", err)
			}
		}
		if v, ok := versions[id]; ok { // else it was made between the two queries
			v.Events = append(v.Events, e)
		}
	}
	return rows.Err()
}

func one(ctx context.Context, q store.Querier, id int64) (Version, error) {
	found, err := readVersions(ctx, q, versionByID, eventsOf, id)
	switch {
	case err != nil:
		return Version{}, err
	case len(found) == 0:
		return Version{}, errs.NotFound("policy version", id)
	}
	return found[0], nil
}

// Get is a version that the scope may see: one that was in force is public, a draft is for those who may read drafts of
// its areas.
func (s *Store) Get(ctx context.Context, scope access.Scope, id int64) (Version, error) {
	v, err := one(ctx, s.DB.Read(), id)
	if err != nil {
		return Version{}, err
	}
	if v.State != Live && !v.May(scope, access.ReadDraft) {
		return Version{}, errs.NotFound("policy version", id)
	}
	return v, nil
}

// Drafts lists the drafts and proposals that the scope may see, newest first.
func (s *Store) Drafts(ctx context.Context, scope access.Scope) ([]Version, error) {
	all, err := readVersions(ctx, s.DB.Read(), allVersions, allEvents)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(v Version) bool {
		return v.State != Draft && v.State != Proposed || !v.May(scope, access.ReadDraft)
	})
	slices.Reverse(all)
	return all, nil
}

// Package is the files of a version. Bytes that do not have the version's hash are an error: somebody changed them
// behind the program's back.
func (s *Store) Package(ctx context.Context, v Version) (Package, error) {
	return s.packageOf(ctx, v.Hash)
}

// PackageWith is the package with a hash, whatever version has or had it.
func (s *Store) PackageWith(ctx context.Context, hash string) (Package, error) {
	return s.packageOf(ctx, hash)
}

func (s *Store) packageOf(ctx context.Context, hash string) (Package, error) {
	var policy, cases, provenance string
	err := s.DB.Read().QueryRow(ctx, packageByHash, hash).Scan(&policy, &cases, &provenance)
	if errors.Is(err, sql.ErrNoRows) {
		return Package{}, errs.NotFound("policy package", hash)
	}
	if err != nil {
		return Package{}, fmt.Errorf("read policy package: %w", err)
	}
	p := Package{Policy: []byte(policy), Cases: []byte(cases), Provenance: []byte(provenance)}
	if got := p.Hash(); got != hash {
		return Package{}, fmt.Errorf("policy package %s was changed in the database: its bytes have the hash %s", hash, got)
	}
	return p, nil
}

// keep stores the bytes of a package, once.
func keep(ctx context.Context, tx *store.Tx, p Package) (hash string, err error) {
	hash = p.Hash()
	var policy, cases, provenance string
	err = tx.QueryRow(ctx, packageByHash, hash).Scan(&policy, &cases, &provenance)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.Exec(ctx, insertPackage, hash, string(p.Policy), string(p.Cases), string(p.Provenance))
	}
	if err != nil {
		return "", fmt.Errorf("keep policy package: %w", err)
	}
	return hash, nil
}

// note appends what happened to a version.
func (s *Store) note(ctx context.Context, tx *store.Tx, id int64, e Event) error {
	var n int64
	if err := tx.QueryRow(ctx, countEvents, id).Scan(&n); err != nil {
		return fmt.Errorf("note what happened to a policy: %w", err)
	}
	day := ""
	if e.Kind == Ended {
		day = e.Day.String()
	}
	audit.Note(tx, loggedEvent, id, int64(n+1))
	_, err := tx.Exec(ctx, insertEvent, id, n+1, string(e.Kind), s.Clock.Millis(), e.Actor, e.Hash, e.Reason, day, e.Seq)
	if err != nil {
		return fmt.Errorf("note what happened to a policy: %w", err)
	}
	return nil
}

// ship records a package that comes with the program, where its document has not had it yet.
func (s *Store) ship(ctx context.Context, p Package) error {
	d, err := identify(p.Policy)
	if err != nil {
		return err
	}
	had, err := readVersions(ctx, s.DB.Read(), versionsOf, eventsOfDoc, d.ID)
	if err != nil || slices.ContainsFunc(had, func(v Version) bool { return v.Hash == p.Hash() }) {
		return err
	}
	record := func(ctx context.Context, tx *store.Tx, state State, e Event) error {
		return s.insert(ctx, tx, Version{Document: d.ID, Areas: areasOf(d), Ships: true, State: state}, p, e)
	}
	current, inForce := newest(had, source.Newest)
	_, ended := current.End()
	switch {
	case len(had) == 0:
		return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return record(ctx, tx, Live, Event{Kind: Shipped}) })
	case inForce && (!current.Ships || ended): // what a person decided, a person replaces
		return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return record(ctx, tx, Draft, Event{Kind: Drafted}) })
	}
	_, err = s.Sources.Commit(ctx, source.LogEntry{Kind: source.Enforce}, func(ctx context.Context, tx *store.Tx, seq int64) error {
		return record(ctx, tx, Live, Event{Kind: Shipped, Seq: seq})
	})
	return err
}

// insert makes a version with its first event.
func (s *Store) insert(ctx context.Context, tx *store.Tx, v Version, p Package, e Event) error {
	hash, err := keep(ctx, tx, p)
	if err != nil {
		return err
	}
	if v.ID == 0 {
		if v.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
	}
	origin := originPerson
	if v.Ships {
		origin = originShips
	}
	if _, err := tx.Exec(ctx, insertVersion, v.ID, v.Document, joinAreas(v.Areas), origin, string(v.State), hash); err != nil {
		return fmt.Errorf("insert policy version: %w", err)
	}
	e.Hash = hash
	return s.note(ctx, tx, v.ID, e)
}

// New keeps a package as a draft of its document. It may hold mistakes, as long as it says which document it is and for
// which areas; the scope must be one that may draft for them.
func (s *Store) New(ctx context.Context, scope access.Scope, p Package) (Version, error) {
	p = p.Canonical()
	d, err := identify(p.Policy)
	if err != nil {
		return Version{}, err
	}
	if err := s.mayDraft(ctx, scope, d.ID, areasOf(d)); err != nil {
		return Version{}, err
	}
	mine, err := s.Drafts(ctx, scope)
	if err != nil {
		return Version{}, err
	}
	mine = slices.DeleteFunc(mine, func(v Version) bool { return !slices.Contains(v.Authors(), scope.Account()) })
	if len(mine) >= draftsPerPerson {
		return Version{}, errs.Conflict(i18n.M("version.too_many", draftsPerPerson))
	}
	v := Version{Document: d.ID, Areas: areasOf(d), State: Draft}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if v.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		return s.insert(ctx, tx, v, p, Event{Kind: Drafted, Actor: scope.Account()})
	})
	if err != nil {
		return Version{}, fmt.Errorf("draft policy: %w", err)
	}
	return one(ctx, s.DB.Read(), v.ID)
}

// mayDraft says that the scope may draft a document for these areas, and for those that it has now.
func (s *Store) mayDraft(ctx context.Context, scope access.Scope, document string, areas []string) error {
	had, err := readVersions(ctx, s.DB.Read(), versionsOf, eventsOfDoc, document)
	if err != nil {
		return err
	}
	current, inForce := newest(had, source.Newest)
	if !may(scope, access.DraftPolicy, areas) || inForce && !current.May(scope, access.DraftPolicy) {
		return &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("version.not_your_area")}
	}
	return nil
}

// Edit puts another package into a draft. revision is that of the version that the author looked at: Conflict when
// somebody else has changed it since.
func (s *Store) Edit(ctx context.Context, scope access.Scope, id, revision int64, p Package) error {
	p = p.Canonical()
	if err := p.check(); err != nil {
		return err
	}
	v, err := s.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	d, err := identify(p.Policy)
	areas := areasOf(d)
	switch {
	case err != nil: // it can no longer be told for which areas: those of before hold until it can
		areas = v.Areas
	case d.ID != v.Document:
		return errs.Invalid(i18n.M("version.other_document", d.ID, v.Document))
	}
	if err := s.mayDraft(ctx, scope, v.Document, areas); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		hash, err := keep(ctx, tx, p)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, changeDraft, hash, joinAreas(areas), id, revision)
		if err := moved(n, err); err != nil {
			return err
		}
		return s.note(ctx, tx, id, Event{Kind: Edited, Actor: scope.Account(), Hash: hash})
	})
}

// moved turns a guarded update that changed nothing into a Conflict.
func moved(n int64, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("change policy version: %w", err)
	case n == 0:
		return errs.Conflict(i18n.M("version.moved"))
	}
	return nil
}

// Step is who does what to which version, as they saw it.
type Step struct {
	ID, Revision int64
	Reason       string
}

// reason is the reason of a step, trimmed; Invalid where there is none.
func (st Step) reason() (string, error) {
	text := strings.TrimSpace(st.Reason)
	switch {
	case text == "":
		return "", errs.Invalid(i18n.M("version.want_reason"))
	case utf8.RuneCountInString(text) > maxReason:
		return "", errs.Invalid(i18n.M("version.long_reason", maxReason))
	}
	return text, nil
}

// Propose offers a draft to a second person. It must have no mistake, and its worked cases must come out as expected.
func (s *Store) Propose(ctx context.Context, scope access.Scope, st Step) error {
	reason, err := st.reason()
	if err != nil {
		return err
	}
	v, err := s.Get(ctx, scope, st.ID)
	if err != nil {
		return err
	}
	if err := s.mayDraft(ctx, scope, v.Document, v.Areas); err != nil {
		return err
	}
	if err := s.ready(ctx, v); err != nil {
		return err
	}
	return s.step(ctx, st, Draft, Proposed, Event{Kind: Offered, Actor: scope.Account(), Hash: v.Hash, Reason: reason})
}

// ready refuses a version that is not fit to be put in force.
func (s *Store) ready(ctx context.Context, v Version) error {
	p, err := s.Package(ctx, v)
	if err != nil {
		return err
	}
	report, err := s.Check(ctx, p)
	if err != nil {
		return err
	}
	if msg := report.Hindrance(); !msg.IsZero() {
		return errs.Invalid(msg)
	}
	return nil
}

// step moves a version from one state to the next and notes it.
func (s *Store) step(ctx context.Context, st Step, from, to State, e Event) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := moved(tx.Exec(ctx, changeState, string(to), st.ID, string(from), st.Revision)); err != nil {
			return err
		}
		return s.note(ctx, tx, st.ID, e)
	})
}

// Reject sends a proposal back to its author, with the reason.
func (s *Store) Reject(ctx context.Context, scope access.Scope, st Step) error {
	reason, err := st.reason()
	if err != nil {
		return err
	}
	v, err := s.toApprove(ctx, scope, st.ID)
	if err != nil {
		return err
	}
	return s.step(ctx, st, Proposed, Draft, Event{Kind: Rejected, Actor: scope.Account(), Hash: v.Hash, Reason: reason})
}

// Drop gives a draft up. It is kept and no longer listed.
func (s *Store) Drop(ctx context.Context, scope access.Scope, st Step) error {
	v, err := s.Get(ctx, scope, st.ID)
	if err != nil {
		return err
	}
	if !v.May(scope, access.DraftPolicy) {
		return errs.Forbidden("drop a draft")
	}
	return s.step(ctx, st, Draft, Dropped, Event{Kind: Left, Actor: scope.Account(), Hash: v.Hash})
}

// toApprove is a version that the scope may approve or reject: for all of its areas, and not as one of its authors.
func (s *Store) toApprove(ctx context.Context, scope access.Scope, id int64) (Version, error) {
	v, err := s.Get(ctx, scope, id)
	if err != nil {
		return v, err
	}
	return v, mayApprove(scope, v)
}

func mayApprove(scope access.Scope, v Version) error {
	switch {
	case !v.May(scope, access.ApprovePolicy):
		return errs.Forbidden("approve a policy")
	case slices.Contains(v.Authors(), scope.Account()):
		return &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("version.second_person")}
	}
	return nil
}

// Approval is the step that puts a proposal in force. Instead is the version in force that the approver compared it
// with, 0 for none: when another has taken its place, the approval is refused.
type Approval struct {
	Step
	Instead int64
}

// Approve puts a proposal in force, and gives the commit from which on it is. Whoever wrote or proposed it may not.
func (s *Store) Approve(ctx context.Context, scope access.Scope, a Approval) (int64, error) {
	reason, err := a.reason()
	if err != nil {
		return 0, err
	}
	v, err := s.toApprove(ctx, scope, a.ID)
	if err != nil {
		return 0, err
	}
	if err := s.ready(ctx, v); err != nil {
		return 0, err
	}
	entry := source.LogEntry{Kind: source.Enforce, Actor: scope.Account(), Reason: reason}
	return s.Sources.Commit(ctx, entry, func(ctx context.Context, tx *store.Tx, seq int64) error {
		had, err := readVersions(ctx, tx, versionsOf, eventsOfDoc, v.Document)
		if err != nil {
			return err
		}
		if current, _ := newest(had, source.Newest); current.ID != a.Instead {
			return errs.Conflict(i18n.M("version.another_in_force"))
		}
		i := slices.IndexFunc(had, func(w Version) bool { return w.ID == a.ID })
		if i < 0 || had[i].Hash != v.Hash {
			return errs.Conflict(i18n.M("version.moved"))
		}
		if err := mayApprove(scope, had[i]); err != nil { // as it stands now
			return err
		}
		if err := moved(tx.Exec(ctx, changeState, string(Live), a.ID, string(Proposed), a.Revision)); err != nil {
			return err
		}
		return s.note(ctx, tx, a.ID, Event{Kind: Approved, Actor: scope.Account(), Hash: v.Hash, Reason: reason, Seq: seq})
	})
}

// Ending is the step that takes a version out of force from a day on.
type Ending struct {
	Step
	From period.Day // first day on which it no longer holds
}

// End takes the version in force out of force from a day on, and gives the commit from which on that is known: events
// before that day are decided by it as ever. Ending it again moves the day.
func (s *Store) End(ctx context.Context, scope access.Scope, en Ending) (int64, error) {
	reason, err := en.reason()
	if err != nil {
		return 0, err
	}
	v, err := s.Get(ctx, scope, en.ID)
	if err != nil {
		return 0, err
	}
	if !v.May(scope, access.ApprovePolicy) {
		return 0, errs.Forbidden("end a policy")
	}
	entry := source.LogEntry{Kind: source.End, Actor: scope.Account(), Reason: reason}
	return s.Sources.Commit(ctx, entry, func(ctx context.Context, tx *store.Tx, seq int64) error {
		had, err := readVersions(ctx, tx, versionsOf, eventsOfDoc, v.Document)
		if err != nil {
			return err
		}
		if current, ok := newest(had, source.Newest); !ok || current.ID != en.ID {
			return errs.Conflict(i18n.M("version.not_in_force"))
		}
		if err := moved(tx.Exec(ctx, touch, en.ID, en.Revision)); err != nil {
			return err
		}
		return s.note(ctx, tx, en.ID, Event{Kind: Ended, Actor: scope.Account(), Hash: v.Hash, Reason: reason, Day: en.From, Seq: seq})
	})
}
