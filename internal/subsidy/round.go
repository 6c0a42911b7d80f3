package subsidy

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Round pays by clauses without an application (免申即享): from verified facts a list, which is checked and made public; then
// each firm confirms where to pay, or declines.
type Round struct {
	ID      int64
	Area    string
	Policy  string
	Known   int64 // commit of the policy
	Seq     int64 // commit of the facts
	AsOf    period.Day
	Clauses []string
	Title   string
	Line    int64
	State   RoundState
	By      int64
	Notice  period.Day // on which its notice began; 0 before
	// Publisher is who made it public, 0 before; PublishedAt when they said so, ms.
	Publisher, PublishedAt int64
}

// RoundState is how far a round has come.
type RoundState string

// The states.
const (
	RoundListed     RoundState = "listed"     // being checked
	RoundPublishing RoundState = "publishing" // its notice is being written: the list stands, and nobody sees it yet
	RoundNotice     RoundState = "notice"
	RoundOpen       RoundState = "open" // firms are asked
	RoundGone       RoundState = "gone" // given up before it was made public
)

// RoundLine is what a firm would get by one clause for one thing.
type RoundLine struct {
	N          int
	Enterprise int64
	Area       string
	Firm       string
	Clause     string
	Subject    int64
	Name       string
	Year       int
	Amount     money.Fen // of one that is left out, what it would be
	State      string
	Reason     string // of a dropped one, and what stands against a held one
	Case       int64
	By, At     int64         // who dropped it, 0 for the product itself, and when, ms; 0 of one that was dropped before that was kept
	Money      ledger.Totals // how far its money has come; nothing before its firm confirmed
}

// The states of a line. Those that are held or unverified are left out from the start: what the ledger holds already, and
// what would be paid once facts are verified.
const (
	LineListed     = "listed"
	LineDropped    = "dropped"
	LineAsked      = "asked"
	LineHeld       = "held"
	LineUnverified = "unverified"
)

const (
	insertRound = `INSERT INTO subsidy_round (id, area, policy, known, seq, as_of, clauses, title, line_id, state, by_account, at, notice, request_key)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'listed', $10, $11, '', $12) ON CONFLICT DO NOTHING`
	roundByID = `SELECT id, area, policy, known, seq, as_of, clauses, title, line_id, state, by_account, notice, published_by, published_at FROM subsidy_round WHERE id = $1`
	moveRound = `UPDATE subsidy_round SET state = $1, notice = $2 WHERE id = $3 AND state = $4`
	sameRound = `SELECT id, state FROM subsidy_round WHERE area = $1 AND policy = $2 AND clauses = $3 AND as_of = $4 AND title = $5 AND line_id = $6
		AND state IN ('listed', 'publishing', 'notice') ORDER BY id LIMIT 1`
	roundByKey  = `SELECT id FROM subsidy_round WHERE by_account = $1 AND request_key = $2`
	renameRound = `UPDATE subsidy_round SET title = $1 WHERE id = $2`
	publisher   = `UPDATE subsidy_round SET published_by = $1, published_at = $2 WHERE id = $3`
	forgetLines = `DELETE FROM subsidy_round_line WHERE round_id = $1`
	roundsOf    = `SELECT id, area, policy, known, seq, as_of, clauses, title, line_id, state, by_account, notice, published_by, published_at FROM subsidy_round WHERE `
	selectLines = `SELECT n, enterprise, area, firm, clause, subject, name, year, fen, state, reason, case_id, by_account, dropped_at FROM subsidy_round_line`
	countLines  = `SELECT COUNT(*) FROM subsidy_round_line`
	dropLine    = `UPDATE subsidy_round_line SET state = 'dropped', reason = $1, by_account = $2, dropped_at = $3 WHERE round_id = $4 AND n = CAST($5 AS BIGINT) AND state = 'listed'`
	restoreLine = `UPDATE subsidy_round_line SET state = 'listed', reason = '', by_account = 0, dropped_at = 0 WHERE round_id = $1 AND n = CAST($2 AS BIGINT) AND state = 'dropped'`
	askLine     = `UPDATE subsidy_round_line SET state = 'asked', case_id = $1 WHERE round_id = $2 AND n = $3 AND state = 'listed'`
)

var roundColumns = []string{"round_id", "n", "enterprise", "area", "firm", "clause", "subject", "name", "year", "fen", "state", "reason", "case_id"}

// NewRound is a round to be begun; AsOf 0 is today.
type NewRound struct {
	Area    string
	Policy  string
	Clauses []string
	Title   string
	Line    int64
	AsOf    period.Day
	Key     string // the same account that sends it again gets the round that was listed; "" asks for no such thing
}

// ListRound works out who gets what by verified facts and keeps it as a list to be checked. For each clause, thing and year it
// takes what is sure by verified facts alone, and never more than what is sure by all that is known. What the ledger holds
// already, and what waits for facts to be verified, is kept beside it as left out. The scope must handle cases of the area. A title
// under which its notice could not be published is Invalid. The same list is not made twice while the first waits to be checked or
// stands in its notice, whoever asks: under the key of the first the same account gets that one, and else it is a Conflict that
// names it.
func (s *Store) ListRound(ctx context.Context, scope access.Scope, n NewRound) (Round, error) {
	if err := limited("subsidy.field_key", n.Key, maxNumber); err != nil {
		return Round{}, err
	}
	if before, err := s.listedBy(ctx, scope.Account(), n); err != nil || before.ID != 0 {
		return before, err
	}
	r, lines, err := s.PreviewRound(ctx, scope, n)
	if err != nil {
		return Round{}, err
	}
	if err := onlyList(ctx, s.DB.Read(), r); err != nil {
		if before, _ := s.listedBy(ctx, r.By, n); before.ID != 0 { // a request with the same key was faster
			return before, nil
		}
		return Round{}, err
	}
	if len(lines) == 0 || lines[0].State != LineListed {
		return Round{}, errs.Invalid(i18n.M("subsidy.round_empty"))
	}
	kept, err := s.keepRound(ctx, &r, lines, n.Key)
	if err != nil || kept {
		return r, err
	}
	return s.listedBy(ctx, r.By, n) // a request with the same key was faster
}

// listedBy is the round that an account has listed under a key; none where there is none. It is a Conflict where that is another one.
func (s *Store) listedBy(ctx context.Context, account int64, n NewRound) (Round, error) {
	id, err := keyedRound(ctx, s.DB.Read(), account, n.Key)
	if err != nil || id == 0 {
		return Round{}, err
	}
	r, err := roundOf(ctx, s.DB.Read(), id)
	if err == nil && (r.Area != n.Area || r.Policy != n.Policy || r.Title != n.Title || r.Line != n.Line || !slices.Equal(r.Clauses, n.Clauses) || n.AsOf != 0 && r.AsOf != n.AsOf) {
		err = errs.Conflict(i18n.M("casework.key_taken"))
	}
	return r, err
}

// keyedRound is the round that an account has listed under a key, 0 where there is none.
func keyedRound(ctx context.Context, q store.Querier, account int64, key string) (id int64, err error) {
	if key == "" {
		return 0, nil
	}
	err = q.QueryRow(ctx, roundByKey, account, key).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, noted("look for a round by its key", err)
}

// onlyList refuses a round of which the same list is being checked, or stands in its notice.
func onlyList(ctx context.Context, q store.Querier, r Round) error {
	clauses, err := json.Marshal(r.Clauses)
	if err != nil {
		return err
	}
	var id int64
	var state RoundState
	err = q.QueryRow(ctx, sameRound, r.Area, r.Policy, string(clauses), r.AsOf.String(), r.Title, r.Line).Scan(&id, &state)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("look for the same round: %w", err)
	}
	return errs.Conflict(i18n.M("subsidy.round_again", r.Title, caseName(id), i18n.M("roundpage.state_"+string(state))))
}

// PreviewRound is what ListRound would keep: the lines that are paid come first.
func (s *Store) PreviewRound(ctx context.Context, scope access.Scope, n NewRound) (Round, []RoundLine, error) {
	if !scope.Sees(access.HandleCase, n.Area, 0) {
		return Round{}, nil, errs.Forbidden("list a round of area " + n.Area)
	}
	if n.AsOf == 0 {
		n.AsOf = s.today()
	}
	c := Call{Area: n.Area, Policy: n.Policy, Clauses: n.Clauses, Title: n.Title, Line: n.Line, Opens: n.AsOf, Closes: n.AsOf}
	if err := s.checkCall(ctx, &c); err != nil {
		return Round{}, nil, err
	}
	if err := s.payable(ctx, scope, n.Area, n.Line); err != nil {
		return Round{}, nil, err
	}
	view, err := s.system(ctx)
	if err != nil {
		return Round{}, nil, err
	}
	r := Round{Area: n.Area, Policy: n.Policy, Known: c.Known, Seq: view.Seq(), AsOf: n.AsOf, Clauses: c.Clauses, Title: c.Title, Line: n.Line, State: RoundListed, By: scope.Account()}
	if err := s.Releases.Check(s.roundHead(r)); err != nil { // a title that could not be made public later
		return Round{}, nil, err
	}
	lines, err := s.roundLines(ctx, view, r)
	return r, lines, err
}

// lineSeen is a line of the fund that the scope sees; Invalid where it sees none of that number.
func (s *Store) lineSeen(ctx context.Context, scope access.Scope, line int64) (found ledger.Line, err error) {
	err = s.Book.Read(ctx, scope, func(ctx context.Context, v *ledger.View) error {
		lines, err := v.Lines(ctx, ledger.Filter{Line: line})
		if err == nil && len(lines) == 0 {
			err = errs.Invalid(i18n.M("subsidy.line_unseen"))
		}
		if err == nil {
			found = lines[0]
		}
		return err
	})
	return found, err
}

// payable refuses a line of the fund that the scope does not see, or that is neither of an area nor of one above it: what is
// promised in an area is paid by its own budget or by that of an area above it, and the money of a county is for the county alone.
func (s *Store) payable(ctx context.Context, scope access.Scope, area string, line int64) error {
	found, err := s.lineSeen(ctx, scope, line)
	if err == nil {
		err = s.paysIn(found, area)
	}
	return err
}

// paysIn refuses a line of the fund for an area outside its own; an area that is not known is told by itself.
func (s *Store) paysIn(l ledger.Line, area string) error {
	areas := s.Library.Areas()
	if _, known := areas.Node(area); !known || areas.Within(area, l.Area) {
		return nil
	}
	name := func(code string) string {
		n, _ := areas.Node(code)
		return cmp.Or(n.Name, code)
	}
	return errs.Invalid(i18n.M("subsidy.line_elsewhere", l.Label(), name(l.Area), name(area)))
}

// roundLines is what a round finds, by firm, clause, thing and year: what is paid, then what is left out.
func (s *Store) roundLines(ctx context.Context, view fact.View, r Round) ([]RoundLine, error) {
	preview, err := s.Lab.Preview(ctx, view, lab.Scenario{Policy: r.Policy, Area: r.Area}, r.AsOf)
	if err != nil {
		return nil, err
	}
	held, err := s.held(ctx)
	if err != nil {
		return nil, err
	}
	parts := slices.Collect(slices.Chunk(concernedBy(preview, r.Clauses), roundChunk))
	own := make([][]found, len(parts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, part := range parts {
		group.Go(func() (err error) {
			if err := ctx.Err(); err != nil {
				return err
			}
			own[i], err = s.linesOf(view, preview.Plan, r, part)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var lines []RoundLine
	for _, l := range slices.Concat(own...) {
		project, item, family := s.claimOf(&Assessment{Aim: Aim{Enterprise: l.Enterprise, Clause: l.Clause, Year: l.Year}, Plan: preview.Plan, Line: l.line})
		for _, key := range []claimKey{{project, item, family}, {project, "", family}} {
			if c, ok := held[key]; ok {
				l.State, l.Reason = LineHeld, heldBy(c)
			}
		}
		lines = append(lines, l.RoundLine)
	}
	slices.SortStableFunc(lines, func(a, b RoundLine) int {
		return cmp.Or(leftOut(a)-leftOut(b), cmp.Compare(a.Firm, b.Firm), cmp.Compare(a.Enterprise, b.Enterprise), cmp.Compare(a.Clause, b.Clause), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Year, b.Year))
	})
	for i := range lines {
		lines[i].N = i + 1
	}
	return lines, nil
}

// leftOut orders what is paid before what is not.
func leftOut(l RoundLine) int {
	if l.State == LineListed {
		return 0
	}
	return 1
}

// concernedBy is the firms to which clauses pay something, or may once facts are verified.
func concernedBy(preview *lab.Preview, clauses []string) []*region.Firm {
	var of []int
	for i, c := range preview.Clauses {
		if slices.Contains(clauses, c.Clause) {
			of = append(of, i)
		}
	}
	var all []*region.Firm
	seen := map[int64]bool{}
	for _, g := range preview.Grants {
		if slices.ContainsFunc(of, func(i int) bool { return g.Of[i] > 0 }) {
			seen[g.Firm.ID] = true
			all = append(all, g.Firm)
		}
	}
	for _, g := range preview.Held {
		if !seen[g.Firm.ID] {
			all = append(all, g.Firm)
		}
	}
	return all
}

// heldBy is a claim that stands against a line: who granted what, when and by which document.
func heldBy(c ledger.Standing) string {
	parts := slices.DeleteFunc([]string{c.Bureau, c.Doc, strconv.Itoa(c.Year), i18n.Group(c.Amount.String())}, func(s string) bool { return s == "" || s == "0" })
	return strings.Join(parts, " · ")
}

type claimKey struct{ project, item, family string }

// held is every claim that stands: what was granted already is in no round.
func (s *Store) held(ctx context.Context) (map[claimKey]ledger.Standing, error) {
	all := map[claimKey]ledger.Standing{}
	err := s.Book.Read(ctx, access.SystemScope(), func(ctx context.Context, v *ledger.View) error {
		for page := (ledger.Page{}); ; {
			some, err := v.Claims(ctx, ledger.ClaimFilter{Standing: true}, page)
			if err != nil || len(some) == 0 {
				return err
			}
			for _, c := range some {
				all[claimKey{c.Project, c.Item, c.Family}] = c
				page.After = c.ID
			}
		}
	})
	return all, err
}

// found is a line of a round with the line of the decision that it comes from.
type found struct {
	RoundLine
	line policy.Line
}

// roundChunk is how many firms are decided at once.
const roundChunk = 512

// lineKey tells the lines of a round apart.
type lineKey struct {
	firm            int
	clause, subject string
	year            int
}

// linesOf is what firms get for sure by all facts in the clauses of a round, as far as verified facts alone give it too; where
// they give nothing, the line waits for facts to be verified.
func (s *Store) linesOf(view fact.View, plan *policy.Plan, r Round, firms []*region.Firm) ([]found, error) {
	verified := map[lineKey]money.Fen{}
	if err := s.decideAll(view, s.reader.Verified(), s.Runner.Verified(), plan, r, firms, func(i int, l policy.Line) error {
		verified[lineKey{i, l.Clause, l.Subject.ID, l.Year}] = l.Pays.Sure
		return nil
	}); err != nil {
		return nil, err
	}
	var all []found
	err := s.decideAll(view, s.reader, s.Runner, plan, r, firms, func(i int, l policy.Line) error {
		if l.Pays.Sure <= 0 {
			return nil
		}
		id, err := strconv.ParseInt(l.Subject.ID, 10, 64)
		if err != nil {
			return fmt.Errorf("subject %q of a decision: %w", l.Subject.ID, err)
		}
		f := firms[i]
		line := RoundLine{
			Enterprise: f.ID, Area: f.Area, Firm: f.Name, Clause: l.Clause, Subject: id, Name: l.Subject.Name, Year: l.Year,
			Amount: min(l.Pays.Sure, verified[lineKey{i, l.Clause, l.Subject.ID, l.Year}]), State: LineListed,
		}
		if line.Amount <= 0 {
			line.Amount, line.State = l.Pays.Sure, LineUnverified
		}
		all = append(all, found{line, l})
		return nil
	})
	return all, err
}

// decideAll decides on firms and hands on the lines in the clauses of a round.
func (s *Store) decideAll(view fact.View, reader *region.Reader, runner *region.Runner, plan *policy.Plan, r Round, firms []*region.Firm, told func(i int, l policy.Line) error) error {
	subjects := make([]rule.Subject, len(firms))
	for i, f := range firms {
		var ok bool
		if subjects[i], ok = reader.Subject(view, f.ID); !ok {
			return errs.NotFound("enterprise", f.ID)
		}
	}
	var failed error
	plan.DecideAll(subjects, r.AsOf, runner.Facts(), func(i int, d *policy.Decision, err error) {
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("decide on enterprise %d: %w", firms[i].ID, err))
			return
		}
		lines := slices.DeleteFunc(slices.Clone(d.Lines), func(l policy.Line) bool { return !slices.Contains(r.Clauses, l.Clause) })
		if lines, err = promisedBy(plan, subjects[i], r, lines); err != nil {
			failed = errors.Join(failed, fmt.Errorf("decide on enterprise %d: %w", firms[i].ID, err))
			return
		}
		for _, l := range lines {
			failed = errors.Join(failed, told(i, l))
		}
	})
	return failed
}

// keepRound writes a round and its lines, some thousand lines a transaction; the round comes last, so that a crash leaves
// nothing that is seen. It says whether it kept it: a round that the account has listed under the same key meanwhile is the only one.
func (s *Store) keepRound(ctx context.Context, r *Round, lines []RoundLine, key string) (bool, error) {
	for part := range slices.Chunk(lines, 20_000) {
		err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			if r.ID == 0 {
				id, err := tx.NextIDs(ctx, 1)
				if err != nil {
					return err
				}
				r.ID = id
			}
			return tx.InsertRows(ctx, "subsidy_round_line", roundColumns, func(yield func([]any) bool) {
				for _, l := range part {
					if !yield([]any{r.ID, int32(l.N), l.Enterprise, l.Area, l.Firm, l.Clause, l.Subject, l.Name, int32(l.Year), int64(l.Amount), l.State, l.Reason, int64(0)}) {
						return
					}
				}
			})
		})
		if err != nil {
			return false, fmt.Errorf("keep the lines of a round: %w", err)
		}
	}
	clauses, err := json.Marshal(r.Clauses)
	if err != nil {
		return false, err
	}
	kept := false
	var again error // the same list was made meanwhile
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		kept, again = false, nil
		if err := tx.Lock(ctx, "rounds of "+r.Area+" by "+r.Policy); err != nil {
			return err
		}
		before, err := keyedRound(ctx, tx, r.By, key)
		if err == nil && before == 0 {
			if again = onlyList(ctx, tx, *r); again == nil {
				var n int64
				n, err = tx.Exec(ctx, insertRound, r.ID, r.Area, r.Policy, r.Known, r.Seq, r.AsOf.String(), string(clauses), r.Title, r.Line, r.By, s.Clock.Millis(), key)
				kept = n > 0
			}
		}
		if err == nil && !kept {
			_, err = tx.Exec(ctx, forgetLines, r.ID)
		}
		return noted("keep a round", err)
	})
	return kept, errors.Join(err, again)
}

func roundOf(ctx context.Context, q store.Querier, id int64) (Round, error) {
	r, err := scanRound(q.QueryRow(ctx, roundByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, errs.NotFound("round", id)
	}
	return r, noted("read round", err)
}

func scanRound(row interface{ Scan(...any) error }) (r Round, err error) {
	var asOf, clauses, notice string
	err = row.Scan(&r.ID, &r.Area, &r.Policy, &r.Known, &r.Seq, &asOf, &clauses, &r.Title, &r.Line, &r.State, &r.By, &notice, &r.Publisher, &r.PublishedAt)
	if err != nil {
		return r, err
	}
	if notice != "" {
		r.Notice, err = period.ParseDay(notice)
	}
	day, dayErr := period.ParseDay(asOf)
	r.AsOf = day
	return r, errors.Join(err, dayErr, json.Unmarshal([]byte(clauses), &r.Clauses))
}

const maxRounds = 500 // in a list

// Rounds is the newest rounds of the areas in which the scope handles or reads cases, the newest first.
func (s *Store) Rounds(ctx context.Context, scope access.Scope) ([]Round, error) {
	where, args := scope.Where(access.ReadCase, "area", "", nil)
	return s.rounds(ctx, where+` ORDER BY id DESC LIMIT `+strconv.Itoa(maxRounds), args...)
}

func (s *Store) rounds(ctx context.Context, where string, args ...any) ([]Round, error) {
	rows, err := s.DB.Read().Query(ctx, roundsOf+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list rounds: %w", err)
	}
	defer rows.Close()
	var all []Round
	for rows.Next() {
		r, err := scanRound(rows)
		if err != nil {
			return nil, fmt.Errorf("list rounds: %w", err)
		}
		all = append(all, r)
	}
	return all, noted("list rounds", errors.Join(rows.Err(), rows.Close()))
}

// Round is a round, for who handles or reads cases of its area.
func (s *Store) Round(ctx context.Context, scope access.Scope, id int64) (Round, error) {
	r, err := roundOf(ctx, s.DB.Read(), id)
	if err == nil && !scope.Sees(access.HandleCase, r.Area, 0) && !scope.Sees(access.ReadCase, r.Area, 0) {
		return Round{}, errs.NotFound("round", id)
	}
	return r, err
}

// LineFilter restricts the lines of a round; zero fields do not.
type LineFilter struct {
	States []string // any of these
	Clause string
	Text   string // in the name of the firm or of the thing
	Skip   int
	Limit  int // 0 is 100, at most 1000
}

// RoundLines is the lines of a round that a filter leaves, as far as the scope may read them, and how many there are.
func (s *Store) RoundLines(ctx context.Context, scope access.Scope, id int64, f LineFilter) (lines []RoundLine, total int, err error) {
	where, args := scope.Where(access.ReadCase, "area", "enterprise", []any{id})
	add := func(term string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			term = strings.ReplaceAll(term, "?", "$"+strconv.Itoa(len(args)))
		}
		where += " AND " + term
	}
	if f.Clause != "" {
		add("clause = ?", f.Clause)
	}
	if f.Text != "" {
		add(`(lower(firm) LIKE ? ESCAPE '\' OR lower(name) LIKE ? ESCAPE '\')`, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(f.Text))+"%")
	}
	if len(f.States) > 0 {
		marks := make([]string, len(f.States))
		for i, state := range f.States {
			args = append(args, state)
			marks[i] = "$" + strconv.Itoa(len(args))
		}
		where += " AND state IN (" + strings.Join(marks, ", ") + ")"
	}
	where = ` WHERE round_id = $1 AND ` + where
	if f.Limit <= 0 {
		f.Limit = 100
	}
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		if err := q.QueryRow(ctx, countLines+where, args...).Scan(&total); err != nil {
			return err
		}
		lines, err = readLines(ctx, q, selectLines+where+fmt.Sprintf(` ORDER BY n LIMIT %d OFFSET %d`, min(f.Limit, 1000), max(f.Skip, 0)), args...)
		if err != nil {
			return err
		}
		return fillMoney(ctx, q, lines)
	})
	return lines, total, noted("read lines of a round", err)
}

// LineSum is how many lines of a clause stand in a state, and what they come to.
type LineSum struct {
	State, Clause string
	Lines         int
	Amount        money.Fen
}

// SumLines adds lines up by state and clause, in the order in which they come: LineSums for a list that is not kept.
func SumLines(lines []RoundLine) []LineSum {
	var all []LineSum
	for _, l := range lines {
		i := slices.IndexFunc(all, func(x LineSum) bool { return x.State == l.State && x.Clause == l.Clause })
		if i < 0 {
			i, all = len(all), append(all, LineSum{State: l.State, Clause: l.Clause})
		}
		all[i].Lines++
		all[i].Amount += l.Amount
	}
	return all
}

const sumLines = `SELECT state, clause, COUNT(*), CAST(SUM(fen) AS BIGINT) FROM subsidy_round_line WHERE round_id = $1 AND `

// LineSums adds up the lines of a round that the scope may read.
func (s *Store) LineSums(ctx context.Context, scope access.Scope, id int64) ([]LineSum, error) {
	where, args := scope.Where(access.ReadCase, "area", "enterprise", []any{id})
	rows, err := s.DB.Read().Query(ctx, sumLines+where+` GROUP BY state, clause ORDER BY state, clause`, args...)
	if err != nil {
		return nil, fmt.Errorf("add up lines of a round: %w", err)
	}
	defer rows.Close()
	var all []LineSum
	for rows.Next() {
		var x LineSum
		if err := rows.Scan(&x.State, &x.Clause, &x.Lines, &x.Amount); err != nil {
			return nil, fmt.Errorf("add up lines of a round: %w", err)
		}
		all = append(all, x)
	}
	return all, noted("add up lines of a round", errors.Join(rows.Err(), rows.Close()))
}

// Answered is how many lines of a round stand where in their cases, and what they come to: as they were listed, and how far
// their money has come since.
type Answered struct {
	State  string // of the workflow no_application
	Lines  int
	Amount money.Fen
	Money  ledger.Totals
}

const grantedOfCases = `SELECT case_id, commitment FROM subsidy_application WHERE commitment <> 0 AND case_id IN (`

// fillMoney adds to lines of a round how far their money has come.
func fillMoney(ctx context.Context, q store.Querier, lines []RoundLine) error {
	var cases []any
	var marks []string
	for _, l := range lines {
		if l.Case != 0 {
			cases = append(cases, l.Case)
			marks = append(marks, "$"+strconv.Itoa(len(cases)))
		}
	}
	if len(cases) == 0 {
		return nil
	}
	rows, err := q.Query(ctx, grantedOfCases+strings.Join(marks, ", ")+`)`, cases...)
	if err != nil {
		return fmt.Errorf("read what was granted in a round: %w", err)
	}
	defer rows.Close()
	granted := map[int64]int64{}
	for rows.Next() {
		var id, commitment int64
		if err := rows.Scan(&id, &commitment); err != nil {
			return fmt.Errorf("read what was granted in a round: %w", err)
		}
		granted[commitment] = id
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("read what was granted in a round: %w", err)
	}
	sums, err := moneyOf(ctx, q, granted)
	for i := range lines {
		lines[i].Money = sums[lines[i].Case]
	}
	return err
}

const askedLines = selectLines + ` WHERE round_id = $1 AND n > $2 AND state = 'asked' AND `

// Answers is how far a round that firms were asked in has come, in the order of the workflow.
func (s *Store) Answers(ctx context.Context, scope access.Scope, id int64) ([]Answered, error) {
	w, ok := s.cases.Set.Workflow(NoApplication)
	if !ok {
		return nil, errs.NotFound("workflow", NoApplication)
	}
	sums := map[string]Answered{}
	for after := 0; ; {
		where, args := scope.Where(access.ReadCase, "area", "enterprise", []any{id, after})
		lines, err := readLines(ctx, s.DB.Read(), askedLines+where+` ORDER BY n LIMIT 1000`, args...)
		if err != nil {
			return nil, err
		}
		if len(lines) == 0 {
			break
		}
		ids := make([]int64, len(lines))
		for i, l := range lines {
			ids[i] = l.Case
		}
		states, err := s.cases.States(ctx, scope, ids)
		if err != nil {
			return nil, err
		}
		if err := fillMoney(ctx, s.DB.Read(), lines); err != nil {
			return nil, err
		}
		for _, l := range lines {
			x := sums[states[l.Case]]
			sums[states[l.Case]] = Answered{states[l.Case], x.Lines + 1, x.Amount + l.Amount, x.Money.Plus(l.Money)}
		}
		after = lines[len(lines)-1].N
	}
	var all []Answered
	for _, state := range w.States {
		if x, ok := sums[state.ID]; ok {
			all = append(all, x)
		}
	}
	return all, nil
}

func readLines(ctx context.Context, q store.Querier, query string, args ...any) ([]RoundLine, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read lines of a round: %w", err)
	}
	defer rows.Close()
	var all []RoundLine
	for rows.Next() {
		var l RoundLine
		if err := rows.Scan(&l.N, &l.Enterprise, &l.Area, &l.Firm, &l.Clause, &l.Subject, &l.Name, &l.Year, &l.Amount, &l.State, &l.Reason, &l.Case, &l.By, &l.At); err != nil {
			return nil, fmt.Errorf("read lines of a round: %w", err)
		}
		all = append(all, l)
	}
	return all, noted("read lines of a round", errors.Join(rows.Err(), rows.Close()))
}

// DropLine takes a line out of a round that is being checked, or out of its notice where an objection was right, with the
// reason.
func (s *Store) DropLine(ctx context.Context, scope access.Scope, id int64, n int, reason string) error {
	r, err := s.handled(ctx, scope, id)
	if err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return errs.Invalid(i18n.M("subsidy.drop_reason"))
	}
	if err := limited("subsidy.field_reason", reason, maxText); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := s.holdRound(ctx, tx, r.ID, RoundListed, RoundNotice); err != nil {
			return err
		}
		return s.dropFrom(ctx, tx, r.ID, n, scope.Account(), reason)
	})
}

// dropFrom drops a line that is listed.
func (s *Store) dropFrom(ctx context.Context, tx *store.Tx, id int64, n int, by int64, reason string) error {
	changed, err := tx.Exec(ctx, dropLine, reason, by, s.Clock.Millis(), id, n)
	if err == nil && changed == 0 {
		return errs.NotFound("line of a round", n)
	}
	return noted("drop a line", err)
}

// holdRound reads a round that no other transaction moves before this one ends, and refuses one that stands in none of some
// states.
func (s *Store) holdRound(ctx context.Context, tx *store.Tx, id int64, in ...RoundState) (Round, error) {
	if err := tx.Lock(ctx, "round "+strconv.FormatInt(id, 10)); err != nil {
		return Round{}, err
	}
	r, err := roundOf(ctx, tx, id)
	if err == nil && !slices.Contains(in, r.State) {
		err = errs.Conflict(i18n.M("subsidy.round_moved", r.Title))
	}
	return r, err
}

// RestoreLine takes a line that was dropped back into a round that is being checked.
func (s *Store) RestoreLine(ctx context.Context, scope access.Scope, id int64, n int) error {
	r, err := s.handled(ctx, scope, id)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := s.holdRound(ctx, tx, r.ID, RoundListed); err != nil {
			return err
		}
		changed, err := tx.Exec(ctx, restoreLine, id, n)
		if err == nil && changed == 0 {
			return errs.NotFound("line of a round", n)
		}
		return noted("restore a line", err)
	})
}

func (s *Store) handled(ctx context.Context, scope access.Scope, id int64) (Round, error) {
	r, err := s.Round(ctx, scope, id)
	if err == nil && !scope.Sees(access.HandleCase, r.Area, 0) {
		return r, errs.Forbidden("handle a round")
	}
	return r, err
}

// publishedAtOnce is how many lines of a notice are written in one transaction.
const publishedAtOnce = 5_000

const (
	listedAfter = selectLines + ` WHERE round_id = $1 AND n > $2 AND state = 'listed' ORDER BY n LIMIT $3`
	sumListed   = `SELECT COUNT(*), CAST(COALESCE(SUM(fen), 0) AS BIGINT) FROM subsidy_round_line WHERE round_id = $1 AND state = 'listed'`
	sumRound    = `UPDATE subsidy_round SET notice_lines = $1, notice_fen = $2 WHERE id = $3`
)

// PublishRound makes the list of a round public. Whoever made the list may not, and of a list without a line nobody can. The list is fixed first; then its notice is
// written, publishedAtOnce lines a transaction; it becomes public, with the day on which it began, once it is whole. What a
// crash has cut off goes on by calling it again, and by GoOn. It is Invalid, with the place, where the title or a line holds what no
// release may: the round is then listed, so that the line can be dropped or the round given up.
func (s *Store) PublishRound(ctx context.Context, scope access.Scope, id int64) error {
	r, err := s.handled(ctx, scope, id)
	if err != nil {
		return err
	}
	if r.By == scope.Account() {
		return errs.Conflict(i18n.M("subsidy.round_own"))
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		held, err := s.holdRound(ctx, tx, id, RoundListed, RoundPublishing)
		if err != nil || held.State == RoundPublishing {
			return err
		}
		first, err := readLines(ctx, tx, listedAfter, id, 0, 1)
		if err != nil {
			return err
		}
		if len(first) == 0 {
			return errs.Invalid(i18n.M("subsidy.round_dropped"))
		}
		if err := s.Releases.Check(s.roundHead(held)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, publisher, scope.Account(), s.Clock.Millis(), id); err != nil {
			return fmt.Errorf("publish a round: %w", err)
		}
		return s.moveRound(ctx, tx, held, RoundListed, RoundPublishing, "")
	})
	if err != nil {
		return err
	}
	return s.writeNotice(ctx, r)
}

// writeNotice writes what is missing of the notice of a round, and makes it public. Where it holds what cannot be published it takes
// the round back, and says why.
func (s *Store) writeNotice(ctx context.Context, r Round) error {
	in, _, err := s.policyOf(ctx, r.Policy, r.Known)
	if err != nil {
		return err
	}
	view, err := s.system(ctx)
	if err != nil {
		return err
	}
	for public := false; !public; {
		var refused error
		err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			refused = nil
			held, err := s.holdRound(ctx, tx, r.ID, RoundPublishing, RoundNotice)
			if err != nil {
				return err
			}
			if public = held.State == RoundNotice; public { // by somebody who wrote beside this one
				return nil
			}
			public, err = s.writeLines(ctx, tx, held, view, in.Policy)
			if kind := errs.KindOf(err); kind == errs.KindInvalid || kind == errs.KindConflict { // would be so for ever
				refused, err = err, s.takeBack(ctx, tx, held)
			}
			return err
		})
		if err = cmp.Or(err, refused); err != nil {
			return err
		}
	}
	return nil
}

// takeBack drops what was written of a notice that is not public, and has the list of its round checked again.
func (s *Store) takeBack(ctx context.Context, tx *store.Tx, r Round) error {
	if err := s.Releases.Discard(ctx, tx, RoundRelease, r.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, publisher, 0, 0, r.ID); err != nil {
		return fmt.Errorf("take a notice back: %w", err)
	}
	return s.moveRound(ctx, tx, r, RoundPublishing, RoundListed, "")
}

// writeLines writes the next lines of a notice, or makes it public where none is left.
func (s *Store) writeLines(ctx context.Context, tx *store.Tx, r Round, view fact.View, p *policy.Policy) (public bool, err error) {
	draft, after, err := release.Draft(ctx, tx, RoundRelease, r.ID)
	if err != nil {
		return false, err
	}
	if draft == 0 {
		if draft, err = s.Releases.Begin(ctx, tx, s.roundHead(r)); err != nil {
			return false, err
		}
	}
	lines, err := readLines(ctx, tx, listedAfter, r.ID, after, publishedAtOnce)
	if err != nil {
		return false, err
	}
	if len(lines) > 0 {
		return false, s.Releases.Add(ctx, tx, draft, roundRows(view, p, lines))
	}
	if _, err := s.Releases.Seal(ctx, tx, draft); err != nil {
		return false, err
	}
	return true, errors.Join(s.sumNotice(ctx, tx, r.ID), s.moveRound(ctx, tx, r, RoundPublishing, RoundNotice, s.today().String()))
}

// RenameRound gives a round another title while it is being checked. The scope must handle cases of its area. Invalid for a title under
// which its notice could not be published, Conflict where the same list has that title.
func (s *Store) RenameRound(ctx context.Context, scope access.Scope, id int64, title string) error {
	r, err := s.handled(ctx, scope, id)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "rounds of "+r.Area+" by "+r.Policy); err != nil {
			return err
		}
		held, err := s.holdRound(ctx, tx, r.ID, RoundListed)
		if err != nil {
			return err
		}
		before := held.Title
		if held.Title = strings.TrimSpace(title); held.Title == before {
			return nil
		}
		if held.Title == "" {
			return errs.Invalid(i18n.M("subsidy.call_title"))
		}
		if err := limited("subsidy.field_title", held.Title, maxCallTitle); err != nil {
			return err
		}
		if err := s.Releases.Check(s.roundHead(held)); err != nil {
			return err
		}
		if err := onlyList(ctx, tx, held); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, renameRound, held.Title, held.ID)
		return noted("rename a round", err)
	})
}

// GiveUpRound ends a round that is being checked.
func (s *Store) GiveUpRound(ctx context.Context, scope access.Scope, id int64) error {
	r, err := s.handled(ctx, scope, id)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		held, err := s.holdRound(ctx, tx, r.ID, RoundListed)
		if err != nil {
			return err
		}
		return s.moveRound(ctx, tx, held, RoundListed, RoundGone, "")
	})
}

func (s *Store) moveRound(ctx context.Context, tx *store.Tx, r Round, from, to RoundState, notice string) error {
	n, err := tx.Exec(ctx, moveRound, string(to), notice, r.ID, string(from))
	if err == nil && n == 0 {
		return errs.Conflict(i18n.M("subsidy.round_moved", r.Title))
	}
	return noted("move round", err)
}

// NoApplication is the workflow of a line of a round.
const NoApplication = "no_application"

// AskAtOnce is how many firms OpenRound asks in one call.
const AskAtOnce = 200

const listedFew = selectLines + ` WHERE round_id = $1 AND state = 'listed' ORDER BY n LIMIT `

// OpenRound asks firms, once the notice has stood and objections were answered: a case for each line, each in a transaction of
// its own, AskAtOnce of them. The others are asked by calling it again, and by AskFirms; what was asked is not asked twice.
// A firm that cannot be asked any more, since what is known of it has changed, is dropped with the reason. It gives how many
// were asked now.
func (s *Store) OpenRound(ctx context.Context, scope access.Scope, id int64) (asked int, err error) {
	r, err := s.handled(ctx, scope, id)
	if err != nil {
		return 0, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		held, err := s.holdRound(ctx, tx, id, RoundNotice, RoundOpen)
		if err != nil || held.State == RoundOpen {
			return err
		}
		if _, found, err := doubted(ctx, tx, id); err != nil || found {
			if err == nil {
				err = errs.Conflict(i18n.M("subsidy.doubt_waits"))
			}
			return err
		}
		if err := s.over(ctx, tx, id, held.Notice); err != nil {
			return err
		}
		return s.moveRound(ctx, tx, held, RoundNotice, RoundOpen, held.Notice.String())
	})
	if err != nil {
		return 0, err
	}
	return s.askSome(ctx, r)
}

const roundsToAsk = `state = 'open' AND EXISTS (SELECT 1 FROM subsidy_round_line l WHERE l.round_id = subsidy_round.id AND l.state = 'listed') ORDER BY id`

// AskFirms goes on asking the firms of open rounds until all were asked. It is for the product itself, which calls it from
// time to time, so that a round goes on after it was killed.
func (s *Store) AskFirms(ctx context.Context) (asked int, err error) {
	rounds, err := s.rounds(ctx, roundsToAsk)
	if err != nil {
		return 0, err
	}
	var failed error
	for _, r := range rounds {
		for n := 1; n > 0; asked += n {
			if n, err = s.askSome(ctx, r); err != nil {
				failed = errors.Join(failed, fmt.Errorf("ask the firms of round %d: %w", r.ID, err))
				break
			}
		}
	}
	return asked, failed
}

const roundsToPublish = `state = 'publishing' ORDER BY id`

// GoOn takes up what was cut off: notices that are half written, and firms that were not asked yet. It is for the product
// itself, as AskFirms is.
func (s *Store) GoOn(ctx context.Context) error {
	rounds, err := s.rounds(ctx, roundsToPublish)
	if err != nil {
		return err
	}
	var failed error
	for _, r := range rounds {
		if err := s.writeNotice(ctx, r); err != nil {
			failed = errors.Join(failed, fmt.Errorf("write the notice of round %d: %w", r.ID, err))
		}
	}
	_, err = s.AskFirms(ctx)
	return errors.Join(failed, err)
}

// Watch calls GoOn at an interval, and TellDue once a day, until ctx ends; report, which must not be nil, hears of what failed.
func (s *Store) Watch(ctx context.Context, every time.Duration, report func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	told := period.Day(0) // on which instalments were looked at last
	for {
		if today := s.today(); today != told {
			if _, err := s.TellDue(ctx); err != nil && ctx.Err() == nil {
				report(err)
			}
			told = today
		}
		if err := s.GoOn(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// askSome asks the next firms of an open round.
func (s *Store) askSome(ctx context.Context, r Round) (asked int, err error) {
	lines, err := readLines(ctx, s.DB.Read(), listedFew+strconv.Itoa(AskAtOnce), r.ID)
	if err != nil {
		return 0, err
	}
	in, _, err := s.policyOf(ctx, r.Policy, r.Known)
	if err != nil {
		return 0, err
	}
	for _, l := range lines {
		did, err := s.ask(ctx, r, in.Hash, l)
		msg, ok := errs.Message(err)
		switch kind := errs.KindOf(err); {
		case did:
			asked++
		case err == nil: // somebody else took the line
		case ok && (kind == errs.KindInvalid || kind == errs.KindNotFound || kind == errs.KindConflict):
			if err := s.dropUnasked(ctx, r, l, msg); err != nil {
				return asked, err
			}
		default:
			return asked, err
		}
	}
	return asked, nil
}

// dropUnasked drops a line for what came in the way since the list was made.
func (s *Store) dropUnasked(ctx context.Context, r Round, l RoundLine, why i18n.Msg) error {
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, dropLine, i18n.T{Lang: i18n.ZH}.Msg(why), 0, s.Clock.Millis(), r.ID, l.N)
		return noted("drop a line", err)
	})
}

// errTaken undoes a case for a line that is not listed any more.
var errTaken = errors.New("the line was dropped, or its firm asked")

// ask opens the case of a line, under a key of its own, and its application, in one transaction. It says whether it did: a line
// that is not listed any more leaves nothing behind.
func (s *Store) ask(ctx context.Context, r Round, hash string, l RoundLine) (bool, error) {
	view, err := s.system(ctx)
	if err != nil {
		return false, err
	}
	aim := Aim{Policy: r.Policy, Known: r.Known, Clause: l.Clause, Enterprise: l.Enterprise, Subject: l.Subject, Year: l.Year, AsOf: r.AsOf}
	out, err := s.Assess(ctx, view, Found{Aim: aim})
	if err != nil {
		return false, err
	}
	if aim.AsOf = s.today(); aim.AsOf != r.AsOf {
		today, err := s.Assess(ctx, view, Found{Aim: aim})
		if err != nil {
			return false, err
		}
		if err := today.shutOut(l.Name); err != nil {
			return false, err
		}
	}
	take := func(ctx context.Context, tx *store.Tx, c casework.Case) error {
		n, err := tx.Exec(ctx, askLine, c.ID, r.ID, l.N)
		if err != nil {
			return fmt.Errorf("ask firm: %w", err)
		}
		if n == 0 {
			return errTaken
		}
		return s.enroll(ctx, tx, r, l, c.ID, hash, out)
	}
	took := false
	c, err := s.cases.NewWith(ctx, access.SystemScope(), casework.NewCase{
		Workflow: NoApplication, Title: r.Title + " · " + l.Name, Subject: l.Enterprise, Key: fmt.Sprintf("round/%d/%d", r.ID, l.N),
		Pins: []casework.Pin{{Kind: casework.PolicyPin, Name: r.Policy, Hash: hash}},
	}, func(ctx context.Context, tx *store.Tx, c casework.Case) error {
		took = true
		return take(ctx, tx, c)
	})
	if err == nil && !took { // there was a case under the key, which may lack its line: cases were once opened before
		err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return take(ctx, tx, c) })
	}
	if errors.Is(err, errTaken) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask firm %d: %w", l.Enterprise, err)
	}
	return true, nil
}

// enroll makes the application of a line.
func (s *Store) enroll(ctx context.Context, tx *store.Tx, r Round, l RoundLine, id int64, hash string, out *Assessment) error {
	a := Application{Case: id, Aim: out.Aim, Area: l.Area, Package: hash, Kind: out.Line.Subject.Kind, Name: l.Name, Standing: Open, Amount: l.Amount, Round: r.ID}
	a.Project, a.Item, a.Family = s.claimOf(out)
	_, err := tx.Exec(ctx, insertApplication, a.Case, a.Call, a.Enterprise, a.Area, a.Policy, a.Known, a.Package, a.Clause, a.Kind, a.Subject, a.Name, a.Year,
		a.AsOf.String(), a.Project, a.Item, a.Family, int64(a.Amount), a.Round, s.Clock.Millis())
	if err != nil {
		return fmt.Errorf("enter line of a round: %w", err)
	}
	return s.keep(ctx, tx, id, Submitted, 0, "", out)
}
