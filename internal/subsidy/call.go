package subsidy

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// CallState is how far a call has come.
type CallState string

// The states.
const (
	CallDraft     CallState = "draft"
	CallPublished CallState = "published"
	CallClosed    CallState = "closed"
)

// Material is what an application must bring, by the field of the form that takes it.
type Material struct {
	Field    string    `json:"field"`
	Name     i18n.Text `json:"name"`
	Required bool      `json:"required"`
}

// Dropped is material that a clause asks for and a call leaves out, with the reason.
type Dropped struct {
	Field  string    `json:"field"`
	Name   i18n.Text `json:"name"`
	Reason string    `json:"reason"`
}

// Call opens clauses of a policy for a while (申报通知).
type Call struct {
	Case      int64 // the case that it is
	Area      string
	Policy    string
	Known     int64 // commit at which the policy was in force when the call was drafted
	Clauses   []string
	Title     string
	Text      string
	Materials []Material
	Dropped   []Dropped
	Opens     period.Day // first and last day, both inside
	Closes    period.Day
	Line      int64     // of the ledger, that it is paid from
	Reserve   money.Fen // set aside when it is published; 0 draws on what is free
	Quota     int       // applications; 0 for any number
	Taken     int
	State     CallState
	DraftedBy int64

	// Key is of who drafts it or writes it anew: the same does it once, however often it comes. "" is none. It is not kept.
	Key string `json:"-"`
}

// Lacks is the material that the call demands and that is not among the files that an applicant has handed in, each by the
// field that takes it.
func (c Call) Lacks(files []casework.Evidence) []Material {
	var all []Material
	for _, m := range c.Materials {
		if m.Required && !slices.ContainsFunc(files, func(f casework.Evidence) bool { return f.Field == m.Field && f.Who == casework.Applicant }) {
			all = append(all, m)
		}
	}
	return all
}

// named is materials by name.
func named(all []Material) i18n.Text {
	kinds := make([]Kind, len(all))
	for i, m := range all {
		kinds[i].Name = m.Name
	}
	return names(kinds)
}

// Open says that applications are taken on a day.
func (c Call) Open(on period.Day) bool {
	return c.State == CallPublished && c.Opens <= on && on <= c.Closes
}

// Full says that the call has taken as many applications as it may.
func (c Call) Full() bool { return c.Quota > 0 && c.Taken >= c.Quota }

// Fund is whose share of the line the call draws on, as the ledger names it.
func (c Call) Fund() string {
	if c.Reserve == 0 {
		return ""
	}
	return caseName(c.Case)
}

const (
	selectCall = `SELECT case_id, area, policy, known, clauses, title, text, materials, dropped, opens, closes, line_id, reserve, quota, taken, state, drafted_by FROM subsidy_call`
	callByID   = selectCall + ` WHERE case_id = $1`
	insertCall = `INSERT INTO subsidy_call (case_id, area, policy, known, clauses, title, text, materials, dropped, opens, closes, line_id, reserve, quota, taken, state, drafted_by, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, 'draft', $15, $16)`
	redraftCall = `UPDATE subsidy_call SET area = $2, policy = $3, known = $4, clauses = $5, title = $6, text = $7, materials = $8, dropped = $9, opens = $10, closes = $11,
		line_id = $12, reserve = $13, quota = $14 WHERE case_id = $1 AND state = 'draft'`
	moveCall = `UPDATE subsidy_call SET state = $1 WHERE case_id = $2 AND state = $3`
	// takeCall counts an application only while there is room: the row decides, and nobody looks first.
	takeCall = `UPDATE subsidy_call SET taken = taken + 1 WHERE case_id = $1 AND state = 'published' AND (quota = 0 OR taken < quota)`
	// againCall is the same for one that is taken up again, as on an appeal: the call may have closed meanwhile.
	againCall = `UPDATE subsidy_call SET taken = taken + 1 WHERE case_id = $1 AND (quota = 0 OR taken < quota)`
	leaveCall = `UPDATE subsidy_call SET taken = taken - 1 WHERE case_id = $1 AND taken > 0`
)

// DraftCall keeps a call as a draft. Its policy is the one in force, its clauses must be clauses of it.
func (s *Store) DraftCall(ctx context.Context, tx *store.Tx, by int64, c Call) error {
	if err := s.checkCall(ctx, &c); err != nil {
		return err
	}
	args, err := c.columns()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertCall, append(args, by, s.Clock.Millis())...)
	return noted("draft call", err)
}

// columns are what a draft says, in the order of insertCall and redraftCall.
func (c Call) columns() ([]any, error) {
	clauses, err := json.Marshal(c.Clauses)
	if err != nil {
		return nil, err
	}
	materials, err := json.Marshal(c.Materials)
	if err != nil {
		return nil, err
	}
	dropped, err := json.Marshal(c.Dropped)
	if err != nil {
		return nil, err
	}
	return []any{
		c.Case, c.Area, c.Policy, c.Known, string(clauses), c.Title, c.Text, string(materials), string(dropped), c.Opens.String(), c.Closes.String(), c.Line, int64(c.Reserve), c.Quota,
	}, nil
}

// PublishCall opens a draft, sets its money aside, and notes who is told of it: the enterprises of its area that its clauses
// bring something to, or may. It gives them, for the messages. Whoever drafted it may not publish it, and another area's budget
// does not pay it.
func (s *Store) PublishCall(ctx context.Context, tx *store.Tx, by int64, id int64) ([]int64, error) {
	c, err := callOf(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if c.DraftedBy == by {
		return nil, errs.Conflict(i18n.M("subsidy.call_own"))
	}
	if s.today() > c.Closes {
		return nil, errs.Conflict(i18n.M("subsidy.call_over", c.Closes.String()))
	}
	lines, err := ledger.In(tx, access.SystemScope()).Lines(ctx, ledger.Filter{Line: c.Line})
	for _, l := range lines { // drafts were once kept whatever area the line is of
		err = errors.Join(err, s.paysIn(l, c.Area))
	}
	if err != nil {
		return nil, err
	}
	if err := move(ctx, tx, c, CallDraft, CallPublished); err != nil {
		return nil, err
	}
	if c.Reserve > 0 {
		act := ledger.Act{Scope: access.SystemScope(), By: by, Key: "call/" + caseName(id) + "/reserve", Case: caseName(id)}
		if _, err := s.Book.Reserve(ctx, tx, act, ledger.Reservation{Line: c.Line, Call: caseName(id), Change: c.Reserve}); err != nil {
			return nil, err
		}
	}
	told, err := s.concerned(ctx, c)
	if err != nil {
		return nil, err
	}
	at := s.Clock.Millis()
	err = tx.InsertRows(ctx, "subsidy_told", []string{"call_id", "enterprise", "at"}, func(yield func([]any) bool) {
		for _, e := range told {
			if !yield([]any{id, e, at}) {
				return
			}
		}
	})
	return told, noted("note who is told", err)
}

// maxTold is how many enterprises are told of one call.
const maxTold = 20_000

// concerned is the enterprises of the area of a call that its clauses bring something to, or may.
func (s *Store) concerned(ctx context.Context, c Call) ([]int64, error) {
	r, of, err := s.regionOf(ctx, c)
	if err != nil {
		return nil, err
	}
	var all []int64
	for f := range r.Firms() {
		if sure, perhaps := gains(r.Pays(f), of); sure || perhaps {
			all = append(all, f.ID)
		}
		if len(all) > maxTold {
			return nil, errs.Invalid(i18n.M("subsidy.call_too_many", maxTold))
		}
	}
	return all, nil
}

// CloseCall ends a published call. What it set aside stays so for the applications that are being looked at; the rest is free
// again.
func (s *Store) CloseCall(ctx context.Context, tx *store.Tx, by, id int64) error {
	c, err := callOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := move(ctx, tx, c, CallPublished, CallClosed); err != nil {
		return err
	}
	return s.giveBack(ctx, tx, by, id)
}

const openAmount = `SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM subsidy_application WHERE call_id = $1 AND standing = 'open'`

// giveBack frees what a closed call has set aside above what its open applications come to. There is nothing to give back of a
// call that still runs, or that set nothing aside.
func (s *Store) giveBack(ctx context.Context, tx *store.Tx, by, call int64) error {
	c, err := callOf(ctx, tx, call)
	if err != nil || c.State != CallClosed || c.Reserve == 0 {
		return err
	}
	held, err := s.heldBy(ctx, tx, c)
	if err != nil {
		return err
	}
	var needed money.Fen
	if err := tx.QueryRow(ctx, openAmount, call).Scan(&needed); err != nil {
		return fmt.Errorf("add up applications of a call: %w", err)
	}
	return s.setAside(ctx, tx, by, c, min(needed-held, 0))
}

// topUp sets aside again what a closed call lacks for an amount: one that rose, or was taken up again, after the rest had been
// given back.
func (s *Store) topUp(ctx context.Context, tx *store.Tx, by, call int64, amount money.Fen) error {
	c, err := callOf(ctx, tx, call)
	if err != nil || c.State != CallClosed || c.Reserve == 0 {
		return err
	}
	held, err := s.heldBy(ctx, tx, c)
	if err != nil {
		return err
	}
	return s.setAside(ctx, tx, by, c, max(amount-held, 0))
}

// heldBy is what a call still has set aside. Its share stays as it is to the end of the transaction.
func (s *Store) heldBy(ctx context.Context, tx *store.Tx, c Call) (money.Fen, error) {
	if err := tx.Lock(ctx, "money of call "+caseName(c.Case)); err != nil {
		return 0, err
	}
	shares, err := ledger.In(tx, access.SystemScope()).Calls(ctx, ledger.Filter{Line: c.Line})
	i := slices.IndexFunc(shares, func(x ledger.CallShare) bool { return x.Call == c.Fund() })
	if err != nil || i < 0 {
		return 0, err
	}
	return shares[i].Held, nil
}

func (s *Store) setAside(ctx context.Context, tx *store.Tx, by int64, c Call, change money.Fen) error {
	if change == 0 {
		return nil
	}
	n, err := tx.NextIDs(ctx, 1) // each change once, with the event that it belongs to
	if err != nil {
		return err
	}
	act := ledger.Act{Scope: access.SystemScope(), By: by, Key: fmt.Sprintf("call/%d/reserve/%d", c.Case, n), Case: caseName(c.Case)}
	_, err = s.Book.Reserve(ctx, tx, act, ledger.Reservation{Line: c.Line, Call: c.Fund(), Change: change})
	return noted("set money of a call aside", err)
}

func move(ctx context.Context, tx *store.Tx, c Call, from, to CallState) error {
	n, err := tx.Exec(ctx, moveCall, string(to), c.Case, string(from))
	if err == nil && n == 0 {
		return errs.Conflict(i18n.M("subsidy.call_moved", c.Title, i18n.M("subsidy.call_"+string(c.State))))
	}
	return noted("move call", err)
}

func callOf(ctx context.Context, q store.Querier, id int64) (Call, error) {
	c, err := scanCall(q.QueryRow(ctx, callByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, errs.NotFound("call", id)
	}
	return c, noted("read call", err)
}

func scanCall(row interface{ Scan(...any) error }) (c Call, err error) {
	var clauses, materials, dropped, opens, closes string
	err = row.Scan(&c.Case, &c.Area, &c.Policy, &c.Known, &clauses, &c.Title, &c.Text, &materials, &dropped, &opens, &closes, &c.Line, &c.Reserve, &c.Quota, &c.Taken, &c.State, &c.DraftedBy)
	if err != nil {
		return c, err
	}
	c.Opens, err = period.ParseDay(opens)
	if err == nil {
		c.Closes, err = period.ParseDay(closes)
	}
	return c, errors.Join(err, json.Unmarshal([]byte(clauses), &c.Clauses), json.Unmarshal([]byte(materials), &c.Materials), json.Unmarshal([]byte(dropped), &c.Dropped))
}

// sees says that a reader may see a call: a published one is public, a draft is for who handles cases of its area.
func (s *Store) sees(scope access.Scope, c Call) bool {
	return c.State != CallDraft || scope.Sees(access.ReadCase, c.Area, 0) || scope.Sees(access.HandleCase, c.Area, 0)
}

// Call is a call that the scope may see.
func (s *Store) Call(ctx context.Context, scope access.Scope, id int64) (Call, error) {
	c, err := callOf(ctx, s.DB.Read(), id)
	if err == nil && !s.sees(scope, c) {
		return Call{}, errs.NotFound("call", id)
	}
	return c, err
}

const callList = selectCall + ` WHERE ($1 = '' OR state = $1) ORDER BY closes DESC, case_id DESC LIMIT 500`

// Calls is the newest calls that the scope may see, those that close last first; state "" is any.
func (s *Store) Calls(ctx context.Context, scope access.Scope, state CallState) ([]Call, error) {
	rows, err := s.DB.Read().Query(ctx, callList, string(state))
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	defer rows.Close()
	var all []Call
	for rows.Next() {
		c, err := scanCall(rows)
		if err != nil {
			return nil, fmt.Errorf("list calls: %w", err)
		}
		if s.sees(scope, c) {
			all = append(all, c)
		}
	}
	return all, noted("list calls", rows.Err())
}

// CallsFor is the calls that an enterprise of the view may answer on a day, with what it may apply for by each.
func (s *Store) CallsFor(ctx context.Context, view fact.View, enterprise int64, on period.Day) (map[int64][]Offer, []Call, error) {
	e, ok := view.Enterprise(enterprise)
	if !ok {
		return nil, nil, errs.NotFound("enterprise", enterprise)
	}
	calls, err := s.Calls(ctx, access.Scope{}, CallPublished)
	if err != nil {
		return nil, nil, err
	}
	offers, of := map[string][]Offer{}, map[int64][]Offer{}
	calls = slices.DeleteFunc(calls, func(c Call) bool { return !c.Open(on) || !s.Library.Areas().Within(e.Area, c.Area) })
	for _, c := range calls {
		if _, ok := offers[c.Policy]; !ok {
			if offers[c.Policy], err = s.Offers(ctx, view, c.Policy, enterprise, on); err != nil {
				return nil, nil, err
			}
		}
		for _, o := range offers[c.Policy] {
			if slices.Contains(c.Clauses, o.Clause) {
				of[c.Case] = append(of[c.Case], o)
			}
		}
	}
	return of, calls, nil
}

// Ask is what of an offer an enterprise chooses: a call takes one application for it at a time.
type Ask struct {
	Clause  string
	Subject int64
	Year    int
}

// Ask is what an aim asks for.
func (a Aim) Ask() Ask { return Ask{a.Clause, a.Subject, a.Year} }

// filledIn is the state of an application that its applicant has not handed in, or has got back.
const filledIn = "draft"

// openCases is how many running applications of one enterprise are looked through.
const openCases = 200

// Started is an application that was begun and has not ended.
type Started struct {
	Case  int64
	Draft bool // its applicant fills it in; else it was handed in
}

// Begun is the cases of an enterprise that answer calls and have not ended, by the call and by what they ask for, as far as the scope
// sees them.
func (s *Store) Begun(ctx context.Context, scope access.Scope, enterprise int64) (map[int64]map[Ask]Started, error) {
	list, _, err := s.cases.Cases(ctx, scope, casework.Filter{Workflow: ApplicationWorkflow, Running: true, Enterprise: enterprise}, 0, openCases)
	if err != nil {
		return nil, err
	}
	all := map[int64]map[Ask]Started{}
	for _, c := range list {
		call, aim, err := s.AimOf(ctx, scope, c.ID)
		if err != nil {
			return nil, err
		}
		if all[call] == nil {
			all[call] = map[Ask]Started{}
		}
		all[call][aim.Ask()] = Started{c.ID, c.State == filledIn}
	}
	return all, nil
}

const toldOf = `SELECT enterprise FROM subsidy_told WHERE call_id = $1 ORDER BY enterprise`

// Told is the enterprises that were told of a call, as far as the view may see them.
func (s *Store) Told(ctx context.Context, view fact.View, call int64) ([]int64, error) {
	rows, err := s.DB.Read().Query(ctx, toldOf, call)
	if err != nil {
		return nil, fmt.Errorf("read who was told: %w", err)
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read who was told: %w", err)
		}
		if _, ok := view.Enterprise(id); ok {
			all = append(all, id)
		}
	}
	return all, noted("read who was told", rows.Err())
}
