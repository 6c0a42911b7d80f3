package selection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Nomination is who wants a title, or is proposed for it.
type Nomination struct {
	ID       int64
	Round    int64
	Case     int64
	Party    int64
	Item     string // the person; "" for the enterprise itself
	By       string // ByEnterprise or ByCounty
	County   string
	At       int64 // when it was handed in, the last time
	State    NominationState
	Material Material // what experts read: the rest stays with the case
	Checks   []CheckMark
	Number   int        // what experts know it by, 0 before the draw
	Noticed  period.Day // when the notice with it began, 0 before
	Line     int        // its row in the notice, the same in every release; 0 before
	Objected int64      // since when an objection is open, 0 for none
	OutAt    int64      // 0 while it is in
	OutWhy   Why
	Reason   string // why it is out
}

// key is the nomination in lots and rankings.
func (n Nomination) key() string { return fmt.Sprint(n.ID) }

// NominationState is how far a nomination came before the draw.
type NominationState string

// The states of a nomination.
const (
	Submitted NominationState = "submitted"
	Returned  NominationState = "returned" // for correction
	Accepted  NominationState = "accepted" // by the county: it takes part
)

// Msg names a state.
func (s NominationState) Msg() i18n.Msg { return i18n.M("selection.nomination." + string(s)) }

// Why a nomination is out.
type Why string

// The reasons.
const (
	Withdrew Why = "withdrew"
	Refused  Why = "refused"   // by the county
	NotDone  Why = "not_done"  // not accepted when nominations closed
	Objected Why = "objection" // an objection was upheld
	Failed   Why = "recheck"   // did not stand up to a check
)

// Msg names a reason.
func (w Why) Msg() i18n.Msg { return i18n.M("selection.why." + string(w)) }

// CheckMark is how a condition stood when the nomination was handed in.
type CheckMark struct {
	ID    string `json:"id"`
	State State  `json:"state"`
}

const (
	nominationColumns = `id, round_id, case_id, party, item, made_by, county, at, state, material, checks, number, noticed, notice_n, objected, out_at, out_why, out_reason`
	nominationByID    = `SELECT ` + nominationColumns + ` FROM selection_nomination WHERE id = $1`
	nominationByKey   = `SELECT ` + nominationColumns + ` FROM selection_nomination WHERE round_id = $1 AND party = $2 AND item = $3`
	nominationsOf     = `SELECT ` + nominationColumns + ` FROM selection_nomination WHERE round_id = $1 ORDER BY at, id`
	nominationsParty  = `SELECT ` + nominationColumns + ` FROM selection_nomination WHERE party = $1 ORDER BY id DESC`
	insertNomination  = `INSERT INTO selection_nomination (` + nominationColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, 0, 0, '', '')`
	handInAgain = `UPDATE selection_nomination SET case_id = $1, made_by = $2, county = $3, at = $4, state = $5, material = $6, checks = $7,
	out_at = 0, out_why = '', out_reason = '' WHERE id = $8`
	setNomination = `UPDATE selection_nomination SET state = $1 WHERE id = $2`
	setObjected   = `UPDATE selection_nomination SET objected = $1 WHERE id = $2`
	setOut        = `UPDATE selection_nomination SET out_at = $1, out_why = $2, out_reason = $3 WHERE id = $4`
)

func scanNomination(r interface{ Scan(...any) error }) (Nomination, error) {
	var n Nomination
	var material, checks string
	err := r.Scan(&n.ID, &n.Round, &n.Case, &n.Party, &n.Item, &n.By, &n.County, &n.At, &n.State, &material, &checks, &n.Number, &n.Noticed, &n.Line,
		&n.Objected, &n.OutAt, &n.OutWhy, &n.Reason)
	if err != nil {
		return Nomination{}, err
	}
	if err := fromJSON(material, &n.Material); err != nil {
		return Nomination{}, err
	}
	return n, fromJSON(checks, &n.Checks)
}

func nomination(ctx context.Context, q store.Querier, query string, args ...any) (Nomination, error) {
	n, err := scanNomination(q.QueryRow(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Nomination{}, errs.NotFound("nomination", args)
	}
	if err != nil {
		return Nomination{}, fmt.Errorf("read nomination: %w", err)
	}
	return n, nil
}

func nominations(ctx context.Context, q store.Querier, query string, id int64) ([]Nomination, error) {
	return store.List(ctx, q, func(r *store.Rows) (Nomination, error) { return scanNomination(r) }, query, id)
}

// NewNomination is a nomination that is handed in.
type NewNomination struct {
	Act
	Round    int64
	Party    int64
	Item     string
	By       string
	Material Material
}

// maxItem is how long the name of a person may be, in characters.
const maxItem = 50

// Nominate hands a nomination in, again after it was returned or withdrawn, while the round takes some. What is not met is
// refused with its reasons; what nobody knows is kept for the county to look at.
func (s *Store) Nominate(ctx context.Context, tx *store.Tx, n NewNomination) (Nomination, error) {
	r, err := locked(ctx, tx, n.Round, Nominating)
	if err != nil {
		return Nomination{}, err
	}
	today := s.Clock.Today()
	if today > r.Closes {
		return Nomination{}, errs.Conflict(i18n.M("selection.too_late", r.Closes.String()))
	}
	view, err := s.all(ctx)
	if err != nil {
		return Nomination{}, err
	}
	scheme, _, err := s.definition(ctx, tx, r)
	if err != nil {
		return Nomination{}, err
	}
	e, err := s.nominee(view, r, scheme, n)
	if err != nil {
		return Nomination{}, err
	}
	if err := scheme.CheckMaterial(n.Material, Telling(s.Library.Areas(), e, n.Item)); err != nil {
		return Nomination{}, err
	}
	marks, err := s.conditionsOf(view, scheme, e, today)
	if err != nil {
		return Nomination{}, err
	}
	out := Nomination{
		Round: r.ID, Case: n.Case, Party: e.ID, Item: n.Item, By: n.By, County: s.Library.Areas().County(e.Area), At: s.Clock.Millis(),
		State: Submitted, Material: scheme.shown(n.Material), Checks: marks,
	}
	return s.handIn(ctx, tx, out)
}

// Eligible is how an enterprise that the scope may see stands to the conditions of a round today, from what the scope may
// know; NotFound for any other.
func (s *Store) Eligible(ctx context.Context, scope access.Scope, r Round, enterprise int64) ([]Check, error) {
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return nil, err
	}
	of, ok := s.Subjects.Subject(view, enterprise)
	if !ok || !view.Can(access.ReadFact, enterprise) {
		return nil, errs.NotFound("enterprise", enterprise)
	}
	scheme, _, err := s.Definition(ctx, r)
	if err != nil {
		return nil, err
	}
	return scheme.CheckEligible(of, s.Clock.Today())
}

// nominee checks who is nominated by whom.
func (s *Store) nominee(view fact.View, r Round, scheme *Scheme, n NewNomination) (party.Enterprise, error) {
	e, ok := view.Enterprise(n.Party)
	switch {
	case !ok:
		return party.Enterprise{}, errs.NotFound("enterprise", n.Party)
	case !s.Library.Areas().Within(e.Area, r.Area):
		return party.Enterprise{}, errs.Conflict(i18n.M("selection.elsewhere"))
	case !slices.Contains(scheme.Nominate, n.By):
		return party.Enterprise{}, errs.Conflict(i18n.M("selection.not_nominated_by"))
	case scheme.Of == OfPerson && (strings.TrimSpace(n.Item) == "" || utf8.RuneCountInString(n.Item) > maxItem || !utf8.ValidString(n.Item)):
		return party.Enterprise{}, errs.Invalid(i18n.M("selection.no_person", maxItem))
	case scheme.Of == OfEnterprise && n.Item != "":
		return party.Enterprise{}, errs.Invalid(i18n.M("selection.needless_person"))
	}
	return e, nil
}

// conditionsOf asks the conditions; Conflict tells those that are not met.
func (s *Store) conditionsOf(view fact.View, scheme *Scheme, e party.Enterprise, on period.Day) ([]CheckMark, error) {
	of, ok := s.Subjects.Subject(view, e.ID)
	if !ok {
		return nil, errs.NotFound("enterprise", e.ID)
	}
	checks, err := scheme.CheckEligible(of, on)
	if err != nil {
		return nil, err
	}
	if lacks := unmet(checks); len(lacks) > 0 {
		return nil, errs.Conflict(i18n.M("selection.not_eligible", joined(lacks)))
	}
	marks := make([]CheckMark, len(checks))
	for i, c := range checks {
		marks[i] = CheckMark{c.ID, c.State}
	}
	return marks, nil
}

// unmet is the conditions that are not met.
func unmet(checks []Check) []i18n.Text {
	var all []i18n.Text
	for _, c := range checks {
		if c.State == NotMet {
			all = append(all, c.Text)
		}
	}
	return all
}

// joined is texts one after the other.
func joined(texts []i18n.Text) i18n.Text {
	var out i18n.Text
	for i, t := range texts {
		if i > 0 {
			out.ZH, out.EN = out.ZH+"；", out.EN+"; "
		}
		out.ZH, out.EN = out.ZH+t.ZH, out.EN+t.EN
	}
	return out
}

// handIn writes a nomination, or the one that the nominee has in the round already, unless that takes part.
func (s *Store) handIn(ctx context.Context, tx *store.Tx, n Nomination) (Nomination, error) {
	before, err := nomination(ctx, tx, nominationByKey, n.Round, n.Party, n.Item)
	switch {
	case err == nil && before.OutAt == 0 && (before.State == Accepted || before.Case != n.Case):
		return Nomination{}, errs.Conflict(i18n.M("selection.nominated_already", before.State.Msg()))
	case err == nil:
		n.ID = before.ID
		_, err = tx.Exec(ctx, handInAgain, n.Case, n.By, n.County, n.At, string(n.State), asJSON(n.Material), asJSON(n.Checks), n.ID)
	case errs.KindOf(err) == errs.KindNotFound:
		if n.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return Nomination{}, err
		}
		_, err = tx.Exec(ctx, insertNomination, n.ID, n.Round, n.Case, n.Party, n.Item, n.By, n.County, n.At, string(n.State),
			asJSON(n.Material), asJSON(n.Checks))
	}
	if err != nil {
		return Nomination{}, fmt.Errorf("hand in nomination: %w", err)
	}
	return n, nil
}

const acceptedOfCounty = `SELECT COUNT(*) FROM selection_nomination WHERE round_id = $1 AND county = $2 AND state = 'accepted' AND out_at = 0`

// Accept lets a nomination take part. Conflict where its county has as many as it may have.
func (s *Store) Accept(ctx context.Context, tx *store.Tx, id int64) error {
	n, r, err := s.inRound(ctx, tx, id, Nominating)
	if err != nil {
		return err
	}
	if n.State != Submitted || n.OutAt != 0 {
		return errs.Conflict(i18n.M("selection.not_submitted", n.State.Msg()))
	}
	var have int
	if err := tx.QueryRow(ctx, acceptedOfCounty, r.ID, n.County).Scan(&have); err != nil {
		return fmt.Errorf("count nominations: %w", err)
	}
	if r.PerCounty > 0 && have >= r.PerCounty {
		return errs.Conflict(i18n.M("selection.county_full", r.PerCounty))
	}
	return s.set(ctx, tx, n.ID, Accepted)
}

// Return gives a nomination back for correction.
func (s *Store) Return(ctx context.Context, tx *store.Tx, id int64) error {
	n, _, err := s.inRound(ctx, tx, id, Nominating)
	if err != nil {
		return err
	}
	if n.State != Submitted || n.OutAt != 0 {
		return errs.Conflict(i18n.M("selection.not_submitted", n.State.Msg()))
	}
	return s.set(ctx, tx, n.ID, Returned)
}

func (s *Store) set(ctx context.Context, tx *store.Tx, id int64, to NominationState) error {
	if _, err := tx.Exec(ctx, setNomination, string(to), id); err != nil {
		return fmt.Errorf("change nomination %d: %w", id, err)
	}
	return nil
}

// inRound is a nomination with its round, which nobody else changes before the transaction ends.
func (s *Store) inRound(ctx context.Context, tx *store.Tx, id int64, in ...RoundState) (Nomination, Round, error) {
	n, err := nomination(ctx, tx, nominationByID, id)
	if err != nil {
		return Nomination{}, Round{}, err
	}
	r, err := locked(ctx, tx, n.Round, in...)
	if err != nil {
		return Nomination{}, Round{}, err
	}
	n, err = nomination(ctx, tx, nominationByID, id) // as it is under the lock
	return n, r, err
}

// Exclude takes a nomination out, for good once the draw was made. Who waits moves up. Conflict once titles were given: then
// a title is revoked.
func (s *Store) Exclude(ctx context.Context, tx *store.Tx, id int64, why Why, act Act) error {
	n, _, err := s.inRound(ctx, tx, id, Nominating, Judging, Ranked, Noticed)
	if err != nil {
		return err
	}
	if n.OutAt != 0 {
		return errs.Conflict(i18n.M("selection.out_already", n.OutWhy.Msg()))
	}
	reason := strings.TrimSpace(act.Reason)
	if why != Withdrew && reason == "" {
		return errs.Invalid(i18n.M("selection.need_reason"))
	}
	return s.exclude(ctx, tx, n.ID, why, reason)
}

func (s *Store) exclude(ctx context.Context, tx *store.Tx, id int64, why Why, reason string) error {
	if _, err := tx.Exec(ctx, setOut, s.Clock.Millis(), string(why), reason, id); err != nil {
		return fmt.Errorf("exclude nomination %d: %w", id, err)
	}
	return nil
}

// Object keeps that somebody objects to a nomination that stands in a notice: no title is given before it is settled, by
// Exclude or by Dismiss.
func (s *Store) Object(ctx context.Context, tx *store.Tx, id int64) error {
	n, _, err := s.inRound(ctx, tx, id, Noticed)
	if err != nil {
		return err
	}
	if n.OutAt != 0 || n.Noticed == 0 || n.Objected != 0 {
		return errs.Conflict(i18n.M("selection.not_to_object"))
	}
	return s.objected(ctx, tx, n.ID, s.Clock.Millis())
}

// Dismiss settles an objection for the nomination.
func (s *Store) Dismiss(ctx context.Context, tx *store.Tx, id int64) error {
	n, _, err := s.inRound(ctx, tx, id, Noticed)
	if err != nil {
		return err
	}
	if n.Objected == 0 || n.OutAt != 0 {
		return errs.Conflict(i18n.M("selection.no_objection"))
	}
	return s.objected(ctx, tx, n.ID, 0)
}

func (s *Store) objected(ctx context.Context, tx *store.Tx, id, at int64) error {
	if _, err := tx.Exec(ctx, setObjected, at, id); err != nil {
		return fmt.Errorf("change nomination %d: %w", id, err)
	}
	return nil
}

const nominationOfCase = `SELECT ` + nominationColumns + ` FROM selection_nomination WHERE case_id = $1`

// NominationOf is the nomination of a case, for effects; NotFound when it has none.
func (s *Store) NominationOf(ctx context.Context, q store.Querier, id int64) (Nomination, error) {
	return nomination(ctx, q, nominationOfCase, id)
}

// Nominations is those of a round that the scope may see, by when they came.
func (s *Store) Nominations(ctx context.Context, scope access.Scope, roundID int64) ([]Nomination, error) {
	return s.seen(ctx, scope, nominationsOf, roundID)
}

// NominationsOf is those of an enterprise, the newest first, as far as the scope may see them.
func (s *Store) NominationsOf(ctx context.Context, scope access.Scope, enterprise int64) ([]Nomination, error) {
	return s.seen(ctx, scope, nominationsParty, enterprise)
}

// seen goes by where the enterprise belongs now.
func (s *Store) seen(ctx context.Context, scope access.Scope, query string, id int64) ([]Nomination, error) {
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return nil, err
	}
	all, err := nominations(ctx, s.DB.Read(), query, id)
	return slices.DeleteFunc(all, func(n Nomination) bool { return !view.Can(access.ReadCase, n.Party) }), err
}
