package subsidy

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Standing of an application.
const (
	Open    = "open"
	Granted = "granted" // the ledger holds its money and its claims
	Closed  = "closed"  // withdrawn, refused, or come back whole
)

// Application is one aim that an enterprise applied for.
type Application struct {
	Case int64
	Call int64 // 0 for a payout without an application
	Aim
	Area       string // of the enterprise when it applied
	Package    string // hash of the policy's files
	Kind       string // of the thing
	Name       string // of the thing
	Project    string // the claim that it takes
	Item       string
	Family     string
	Standing   string
	Amount     money.Fen // as last decided, for sure
	Granted    money.Fen // that the ledger holds
	Commitment int64
	Batch      int64
	Round      int64 // that it came of; 0 for one that was handed in
}

// Stages of an assessment.
const (
	Submitted  = "submitted"
	Recognised = "recognised" // after its cost items were looked at
	Settled    = "settled"    // the amount that a batch takes
	FellDue    = "due"        // what of it has fallen due, when a later instalment is paid
)

// Filing is what an applicant hands in.
type Filing struct {
	Case  int64
	Call  int64
	By    int64
	Aim   Aim
	Items []Item
	Payee Payee
}

const (
	selectApplication = `SELECT case_id, call_id, enterprise, area, policy, known, package, clause, kind, subject, name, year, as_of, project, item, family, standing, amount, granted, commitment, batch_id, round_id FROM subsidy_application`
	applicationByID   = selectApplication + ` WHERE case_id = $1`
	insertApplication = `INSERT INTO subsidy_application (case_id, call_id, enterprise, area, policy, known, package, clause, kind, subject, name, year, as_of, project, item, family, standing, amount, granted, commitment, batch_id, round_id, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'open', $17, 0, 0, 0, $18, $19)`
	setAmount = `UPDATE subsidy_application SET amount = $1 WHERE case_id = $2 AND standing = 'open'`
	closeCase = `UPDATE subsidy_application SET standing = 'closed', batch_id = 0 WHERE case_id = $1 AND standing = 'open'`
)

// Submit takes an application in: within the window and the quota of its call, for an area of it, by a clause of it, for a
// thing that the clause pays something for, with cost items that are whole. What stands against it already is told
// (Warnings): it is enforced when it is granted.
func (s *Store) Submit(ctx context.Context, tx *store.Tx, f Filing) (Application, []Warning, error) {
	a, c, assessed, err := s.prepare(ctx, tx, f)
	if err != nil {
		return a, nil, err
	}
	if c.Case != 0 {
		n, err := tx.Exec(ctx, takeCall, c.Case)
		if err != nil {
			return a, nil, fmt.Errorf("count an application: %w", err)
		}
		if n == 0 {
			return a, nil, errs.Conflict(i18n.M("subsidy.quota_full", c.Title, c.Quota))
		}
	}
	_, err = tx.Exec(ctx, insertApplication, a.Case, a.Call, a.Enterprise, a.Area, a.Policy, a.Known, a.Package, a.Clause, a.Kind, a.Subject, a.Name, a.Year,
		a.AsOf.String(), a.Project, a.Item, a.Family, int64(a.Amount), a.Round, s.Clock.Millis())
	if err != nil {
		return a, nil, fmt.Errorf("submit application: %w", err)
	}
	if err := s.insertItems(ctx, tx, a.Case, f.Items); err != nil {
		return a, nil, err
	}
	if f.Payee != (Payee{}) {
		if err := s.SetPayee(ctx, tx, a.Case, f.By, f.Payee); err != nil {
			return a, nil, err
		}
	}
	if err := s.keep(ctx, tx, a.Case, Submitted, f.By, "", assessed); err != nil {
		return a, nil, err
	}
	warnings, err := s.warnings(ctx, tx, a)
	return a, warnings, err
}

// prepare checks a filing and works out what it comes to.
func (s *Store) prepare(ctx context.Context, q store.Querier, f Filing) (a Application, c Call, out *Assessment, err error) {
	view, err := s.system(ctx)
	if err != nil {
		return a, c, nil, err
	}
	e, ok := view.Enterprise(f.Aim.Enterprise)
	if !ok {
		return a, c, nil, errs.NotFound("enterprise", f.Aim.Enterprise)
	}
	if f.Call != 0 {
		if c, err = s.answers(ctx, q, f, e.Area); err != nil {
			return a, c, nil, err
		}
		f.Aim.Known = c.Known
	}
	if err := s.checkItems(f.Items); err != nil {
		return a, c, nil, err
	}
	if f.Aim.AsOf == 0 {
		f.Aim.AsOf = s.today()
	}
	if out, err = s.Assess(ctx, view, Found{f.Aim, claimedBy(f.Items)}); err != nil {
		return a, c, nil, err
	}
	if err := s.asked(out, f.Items); err != nil {
		return a, c, nil, err
	}
	if l := out.Line; l.State == policy.NotMet || !l.Pays.Unbounded && l.Pays.Possible == 0 {
		return a, c, nil, errs.Invalid(i18n.M("subsidy.pays_nothing", s.clauseName(out), l.Subject.Name, l.Reason))
	}
	a = Application{
		Case: f.Case, Call: f.Call, Aim: out.Aim, Area: e.Area, Package: out.Package, Kind: out.Line.Subject.Kind, Name: out.Line.Subject.Name,
		Standing: Open, Amount: out.Line.Pays.Sure,
	}
	a.Project, a.Item, a.Family = s.claimOf(out)
	return a, c, out, nil
}

// answers is the call of a filing, where it may be answered so.
func (s *Store) answers(ctx context.Context, q store.Querier, f Filing, area string) (Call, error) {
	c, err := callOf(ctx, q, f.Call)
	if err != nil {
		return c, err
	}
	switch {
	case !c.Open(s.today()):
		return c, errs.Conflict(i18n.M("subsidy.call_shut", c.Title, c.Opens.String(), c.Closes.String()))
	case f.Aim.Policy != c.Policy || !slices.Contains(c.Clauses, f.Aim.Clause):
		return c, errs.Invalid(i18n.M("subsidy.not_of_call", f.Aim.Clause, c.Title))
	case !s.Library.Areas().Within(area, c.Area):
		return c, errs.Invalid(i18n.M("subsidy.other_area", c.Title))
	}
	return c, nil
}

func (s *Store) clauseName(a *Assessment) i18n.Text {
	c, _ := a.Plan.Policy.Clause(a.Clause)
	return c.Name
}

// claimOf is the claim that what an assessment is about takes: support of the family, for the thing. A yearly clause takes
// one year of it. What lies below a project is an item of the project, so that support of the whole project stands against it.
func (s *Store) claimOf(a *Assessment) (project, item, family string) {
	_, family = s.Costs.of(a.Plan.Policy, a.Clause)
	l := a.Line
	thing := l.Subject.Kind + ":" + l.Subject.ID
	switch {
	case l.Subject.Kind == content.Project, l.Subject.Kind == content.Enterprise:
		project = thing
	case l.Project != nil:
		project, item = l.Project.Kind+":"+l.Project.ID, thing
	default:
		project, item = content.Enterprise+":"+strconv.FormatInt(a.Enterprise, 10), thing
	}
	c, _ := a.Plan.Policy.Clause(a.Clause)
	switch {
	case c.Event == "yearly" && item == "":
		item = strconv.Itoa(a.Year)
	case c.Event == "yearly":
		item += "/" + strconv.Itoa(a.Year)
	case item == "":
		item = thing
	}
	return project, item, family
}

const (
	nextAssessment   = `SELECT COALESCE(MAX(n), 0) + 1 FROM subsidy_assessment WHERE case_id = $1`
	insertAssessment = `INSERT INTO subsidy_assessment (case_id, n, stage, at, by_account, seq, sure, possible, open, reason, bounds, receipt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	assessmentsOf    = `SELECT n, stage, at, by_account, seq, sure, possible, open, reason, bounds, receipt FROM subsidy_assessment WHERE case_id = $1 ORDER BY n`
)

// keep writes down what an application came to, with its receipt: that decides twice more, and so is not made of what is only looked
// at, as each application of a batch is when it is granted.
func (s *Store) keep(ctx context.Context, tx *store.Tx, id int64, stage string, by int64, reason string, a *Assessment) error {
	r, err := version.NewReceipt(s.Library, a.question)
	if err != nil {
		return err
	}
	receipt, err := r.Bytes()
	if err != nil {
		return err
	}
	bounds, err := json.Marshal(a.Bounds)
	if err != nil {
		return err
	}
	var n int
	if err := tx.QueryRow(ctx, nextAssessment, id).Scan(&n); err != nil {
		return fmt.Errorf("keep assessment: %w", err)
	}
	open, pays := 0, a.Line.Pays
	if pays.Unbounded {
		open = 1
	}
	audit.Note(tx, LoggedAssessment, id, int64(n))
	_, err = tx.Exec(ctx, insertAssessment, id, n, stage, s.Clock.Millis(), by, r.Known, int64(pays.Sure), int64(pays.Possible), open, reason, string(bounds), string(receipt))
	return noted("keep assessment", err)
}

// Assessed is what an application came to at a stage.
type Assessed struct {
	N       int
	Stage   string
	At      int64
	By      int64
	Seq     int64 // commit of the facts
	Pays    policy.Interval
	Reason  string
	Bounds  []Bound
	Receipt []byte // docs/receipt.md
}

// Assessments is everything that an application came to, oldest first, for who may read the case.
func (s *Store) Assessments(ctx context.Context, scope access.Scope, id int64) ([]Assessed, error) {
	if _, err := s.Application(ctx, scope, id); err != nil {
		return nil, err
	}
	rows, err := s.DB.Read().Query(ctx, assessmentsOf, id)
	if err != nil {
		return nil, fmt.Errorf("read assessments: %w", err)
	}
	defer rows.Close()
	var all []Assessed
	for rows.Next() {
		var a Assessed
		var open int
		var bounds, receipt string
		if err := rows.Scan(&a.N, &a.Stage, &a.At, &a.By, &a.Seq, &a.Pays.Sure, &a.Pays.Possible, &open, &a.Reason, &bounds, &receipt); err != nil {
			return nil, fmt.Errorf("read assessments: %w", err)
		}
		a.Pays.Unbounded, a.Receipt = open == 1, []byte(receipt)
		if err := json.Unmarshal([]byte(bounds), &a.Bounds); err != nil {
			return nil, fmt.Errorf("read assessments: %w", err)
		}
		all = append(all, a)
	}
	return all, noted("read assessments", rows.Err())
}

func scanApplication(row interface{ Scan(...any) error }) (a Application, err error) {
	var asOf string
	err = row.Scan(&a.Case, &a.Call, &a.Enterprise, &a.Area, &a.Policy, &a.Known, &a.Package, &a.Clause, &a.Kind, &a.Subject, &a.Name, &a.Year, &asOf,
		&a.Project, &a.Item, &a.Family, &a.Standing, &a.Amount, &a.Granted, &a.Commitment, &a.Batch, &a.Round)
	if err != nil {
		return a, err
	}
	a.AsOf, err = period.ParseDay(asOf)
	return a, err
}

func applicationOf(ctx context.Context, q store.Querier, id int64) (Application, error) {
	a, err := scanApplication(q.QueryRow(ctx, applicationByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return a, errs.NotFound("application", id)
	}
	return a, noted("read application", err)
}

// Application is an application that the scope may read: by its area and enterprise, or because its case was assigned to the
// account or handed to its role.
func (s *Store) Application(ctx context.Context, scope access.Scope, id int64) (Application, error) {
	a, err := applicationOf(ctx, s.DB.Read(), id)
	if err != nil || scope.Sees(access.ReadCase, a.Area, a.Enterprise) {
		return a, err
	}
	if _, _, err := s.cases.Get(ctx, scope, id); err != nil {
		return Application{}, errs.NotFound("application", id)
	}
	return a, nil
}

// Filter asks for applications; the zero value for all.
type Filter struct {
	Call, Batch, Enterprise int64
	Standing                string
	Before                  int64 // case id; 0 for the newest
	Limit                   int   // 0 is 100, at most 1000
}

// Applications lists what the scope may read, newest first.
func (s *Store) Applications(ctx context.Context, scope access.Scope, f Filter) ([]Application, error) {
	where, args := scope.Where(access.ReadCase, "area", "enterprise", nil)
	query := selectApplication + ` WHERE ` + where
	add := func(cond string, v any) {
		args = append(args, v)
		query += " AND " + cond + " $" + strconv.Itoa(len(args))
	}
	for _, c := range []struct {
		column string
		id     int64
	}{{"call_id =", f.Call}, {"batch_id =", f.Batch}, {"enterprise =", f.Enterprise}, {"case_id <", f.Before}} {
		if c.id != 0 {
			add(c.column, c.id)
		}
	}
	if f.Standing != "" {
		add("standing =", f.Standing)
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	query += " ORDER BY case_id DESC LIMIT " + strconv.Itoa(min(f.Limit, 1000))
	return readApplications(ctx, s.DB.Read(), query, args...)
}

func readApplications(ctx context.Context, q store.Querier, query string, args ...any) ([]Application, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list applications: %w", err)
	}
	defer rows.Close()
	var all []Application
	for rows.Next() {
		a, err := scanApplication(rows)
		if err != nil {
			return nil, fmt.Errorf("list applications: %w", err)
		}
		all = append(all, a)
	}
	return all, noted("list applications", errors.Join(rows.Err(), rows.Close()))
}

// Close ends an application that was not granted: withdrawn or refused. Its cost items and its claim are free again, and so
// is its place in the quota of its call.
func (s *Store) Close(ctx context.Context, tx *store.Tx, by, id int64) error {
	a, err := applicationOf(ctx, tx, id)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, closeCase, id)
	if err != nil {
		return fmt.Errorf("close application: %w", err)
	}
	if n == 0 {
		return errs.Conflict(i18n.M("subsidy.not_open", i18n.M("subsidy.standing_"+a.Standing)))
	}
	if a.Call != 0 {
		if _, err := tx.Exec(ctx, leaveCall, a.Call); err != nil {
			return fmt.Errorf("close application: %w", err)
		}
		return s.giveBack(ctx, tx, by, a.Call)
	}
	return nil
}

const reopen = `UPDATE subsidy_application SET standing = 'open' WHERE case_id = $1 AND standing = 'closed' AND granted = 0`

// Reopen takes up an application again that was refused, as on an appeal.
func (s *Store) Reopen(ctx context.Context, tx *store.Tx, id int64) error {
	a, err := applicationOf(ctx, tx, id)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, reopen, id)
	if err != nil {
		return fmt.Errorf("reopen application: %w", err)
	}
	if n == 0 {
		return errs.Conflict(i18n.M("subsidy.not_closed", i18n.M("subsidy.standing_"+a.Standing)))
	}
	if a.Call == 0 {
		return nil
	}
	c, err := callOf(ctx, tx, a.Call)
	if err != nil {
		return err
	}
	if n, err = tx.Exec(ctx, againCall, a.Call); err == nil && n == 0 {
		return errs.Conflict(i18n.M("subsidy.quota_full", c.Title, c.Quota))
	}
	return noted("reopen application", err)
}

// Reassess decides again on an open application by the facts as they are known now, with what was recognised of its cost
// items. Where the amount rises, that is told: a cut alone never makes it.
func (s *Store) Reassess(ctx context.Context, tx *store.Tx, id, by int64, stage, reason string) (before, after money.Fen, err error) {
	a, err := applicationOf(ctx, tx, id)
	if err != nil {
		return 0, 0, err
	}
	if a.Standing != Open {
		return 0, 0, errs.Conflict(i18n.M("subsidy.not_open", i18n.M("subsidy.standing_"+a.Standing)))
	}
	out, err := s.again(ctx, tx, a)
	if err != nil {
		return 0, 0, err
	}
	if err := s.keep(ctx, tx, id, stage, by, reason, out); err != nil {
		return 0, 0, err
	}
	_, err = tx.Exec(ctx, setAmount, int64(out.Line.Pays.Sure), id)
	return a.Amount, out.Line.Pays.Sure, noted("set amount", err)
}

// again assesses an application by its pinned policy, today's facts, and what is recognised of its cost items and of those
// behind what its enterprise was granted by the same document. Rulings that are not entered yet count as if they were.
func (s *Store) again(ctx context.Context, q store.Querier, a Application, rulings ...Ruling) (*Assessment, error) {
	return s.decided(ctx, q, a, promised, rulings)
}

func (s *Store) decided(ctx context.Context, q store.Querier, a Application, opt policy.Options, rulings []Ruling) (*Assessment, error) {
	view, err := s.system(ctx)
	if err != nil {
		return nil, err
	}
	granted, err := s.grantedTo(ctx, q, a)
	if err != nil {
		return nil, err
	}
	all := make([]Found, 0, 1+len(granted))
	for _, x := range append([]Application{a}, granted...) {
		costs, err := costsOf(ctx, q, x.Case)
		if err != nil {
			return nil, err
		}
		if x.Case == a.Case {
			costs = ruled(costs, rulings)
		}
		x.AsOf = a.AsOf
		all = append(all, Found{x.Aim, recognisedOf(costs)})
	}
	return s.assess(ctx, view, s.reader, all[0], all[1:], opt)
}

// WouldBe is what an application comes to now for sure, and what it would by rulings on its cost items that are not entered yet.
func (s *Store) WouldBe(ctx context.Context, scope access.Scope, id int64, rulings []Ruling) (before, after money.Fen, err error) {
	a, err := s.Application(ctx, scope, id)
	if err != nil {
		return 0, 0, err
	}
	out, err := s.again(ctx, s.DB.Read(), a, rulings...)
	if err != nil {
		return 0, 0, err
	}
	return a.Amount, out.Line.Pays.Sure, nil
}

// Lacking is what would make an open application surer: the facts that its decision misses by what is known now; none where it is
// sure, or was settled.
func (s *Store) Lacking(ctx context.Context, scope access.Scope, id int64) ([]rule.FactRef, error) {
	a, err := s.Application(ctx, scope, id)
	if err != nil || a.Standing != Open {
		return nil, err
	}
	out, err := s.again(ctx, s.DB.Read(), a)
	if err != nil {
		return nil, err
	}
	return out.lacks(), nil
}

// lacks is the facts for want of which the line of an assessment is not sure: those that it misses itself, or where a limit that it
// shares with others holds it down, those that the others miss, of its own clause before all.
func (a *Assessment) lacks() []rule.FactRef {
	if a.Line.Pays.Exact() || len(a.Line.Missing) > 0 {
		return a.Line.Missing
	}
	var all []rule.FactRef
	for _, l := range a.Decision.Lines {
		for _, ref := range l.Missing {
			if l.Clause == a.Clause && !slices.Contains(all, ref) {
				all = append(all, ref)
			}
		}
	}
	if len(all) == 0 {
		return a.Decision.Missing
	}
	return all
}

// ruled is cost items as rulings leave them.
func ruled(costs []Cost, rulings []Ruling) []Cost {
	out := slices.Clone(costs)
	for _, r := range rulings {
		for i := range out {
			if out[i].N == r.N {
				out[i].Recognised = min(max(r.Amount, 0), out[i].Amount)
			}
		}
	}
	return out
}
