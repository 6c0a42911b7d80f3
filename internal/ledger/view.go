package ledger

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// View reads the ledger for somebody. What lies in no area of theirs is not there: of a line of the city a county sees what
// is committed in the county.
type View struct {
	q     store.Querier
	scope access.Scope
}

// In is what a scope sees of one moment (a snapshot), or of a transaction in progress.
func In(q store.Querier, scope access.Scope) *View { return &View{q: q, scope: scope} }

// Read hands fn a view of one moment: all that it reads fits together.
func (b *Book) Read(ctx context.Context, scope access.Scope, fn func(ctx context.Context, v *View) error) error {
	return b.db.Snapshot(ctx, func(ctx context.Context, q store.Querier) error { return fn(ctx, In(q, scope)) })
}

// Filter is what a reader asks for; zero fields ask for all.
type Filter struct {
	Fund       string
	Line       int64
	Year       int
	Area       string // of what is committed, of the line where nothing is
	Clause     string
	Month      string // of the entries, as 2024-10
	Case       string
	Commitment int64
}

// where gathers the conditions of a statement.
type where struct {
	terms []string
	args  []any
}

// add is one more condition; each ? in it stands for the next of the arguments.
func (w *where) add(term string, args ...any) {
	for _, arg := range args {
		w.args = append(w.args, arg)
		term = strings.Replace(term, "?", "$"+strconv.Itoa(len(w.args)), 1)
	}
	w.terms = append(w.terms, term)
}

// sees leaves only what the scope may read.
func (w *where) sees(s access.Scope, a access.Action, area string) {
	var term string
	term, w.args = s.Where(a, area, "", w.args)
	w.terms = append(w.terms, term)
}

func (w *where) String() string { return " WHERE " + strings.Join(w.terms, " AND ") }

// limit ends a statement with at most n rows.
func (w *where) limit(n int) string {
	if n <= 0 || n > maxRows {
		n = maxRows
	}
	return " LIMIT " + strconv.Itoa(n)
}

// maxRows is how many rows one question is answered with at most; the next ask for what comes after the last.
const maxRows = 1000

// ofLine are the conditions that concern the line, whose alias is l.
func (f Filter) ofLine(w *where) {
	if f.Fund != "" {
		w.add("l.fund = ?", f.Fund)
	}
	if f.Line != 0 {
		w.add("l.id = ?", f.Line)
	}
	if f.Year != 0 {
		w.add("l.year = ?", f.Year)
	}
}

// By is what a fund page is divided by.
type By int

// The divisions.
const (
	ByLine By = iota
	ByArea
	ByClause
	ByMonth
)

var divisions = map[By]string{ByLine: "l.id", ByArea: "s.area", ByClause: "s.clause", ByMonth: "s.month"}

// Share is one row of a fund page. Its balance by month is what moved in that month; else what lies where.
type Share struct {
	Line Line   // ByLine
	Key  string // area, clause or month; the clause is "" for what concerns a line as a whole
	Balance
}

// Fund divides what a filter asks for, Case and Commitment aside. It equals the sum of the entries at every instant.
func (v *View) Fund(ctx context.Context, f Filter, by By) ([]Share, error) {
	var w where
	w.sees(v.scope, access.ReadFund, "s.area")
	f.ofLine(&w)
	if f.Area != "" {
		w.add("s.area = ?", f.Area)
	}
	if f.Clause != "" {
		w.add("s.clause = ?", f.Clause)
	}
	if f.Month != "" {
		w.add("s.month = ?", f.Month)
	}
	key := divisions[by]
	sums := make([]string, stages)
	for s, name := range stageNames {
		sums[s] = "CAST(SUM(s." + name + ") AS BIGINT)"
	}
	group, named := key, "0, '', '', 0, '', ''"
	if by == ByLine {
		group, named = "l.id, l.fund, l.code, l.year, l.area, l.name", "l.id, l.fund, l.code, l.year, l.area, l.name"
	}
	rows, err := v.q.Query(ctx, `SELECT `+key+`, `+named+`, `+strings.Join(sums, ", ")+
		` FROM ledger_sum s JOIN ledger_line l ON l.id = s.line_id`+w.String()+` GROUP BY `+group+` ORDER BY `+key, w.args...)
	return collect(rows, err, "read fund", func(rows *store.Rows) (s Share, err error) {
		err = rows.Scan(append([]any{&s.Key, &s.Line.ID, &s.Line.Fund, &s.Line.Code, &s.Line.Year, &s.Line.Area, &s.Line.Name}, s.into()...)...)
		return s, err
	})
}

// collect scans all rows of a query.
func collect[T any](rows *store.Rows, err error, what string, scan func(*store.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		all = append(all, one)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return all, nil
}

// Lines are the budget lines of the areas that the scope reaches.
func (v *View) Lines(ctx context.Context, f Filter) ([]Line, error) {
	var w where
	w.sees(v.scope, access.ReadFund, "l.area")
	f.ofLine(&w)
	if f.Area != "" {
		w.add("l.area = ?", f.Area)
	}
	rows, err := v.q.Query(ctx, `SELECT l.id, l.fund, l.code, l.year, l.area, l.name FROM ledger_line l`+w.String()+` ORDER BY l.year, l.fund, l.code, l.area`, w.args...)
	return collect(rows, err, "read budget lines", func(rows *store.Rows) (Line, error) { return scanLine(rows) })
}

// CallShare is what is set aside for a call in a line.
type CallShare struct {
	Line int64
	Call string
	Held money.Fen // left of it
}

// Calls are the shares of calls in lines of the areas that the scope reaches.
func (v *View) Calls(ctx context.Context, f Filter) ([]CallShare, error) {
	var w where
	w.sees(v.scope, access.ReadFund, "l.area")
	f.ofLine(&w)
	rows, err := v.q.Query(ctx, `SELECT l.id, h.call_id, b.held FROM ledger_hold h JOIN ledger_hold_balance b ON b.hold_id = h.id JOIN ledger_line l ON l.id = h.line_id`+
		w.String()+` ORDER BY l.id, h.call_id`, w.args...)
	return collect(rows, err, "read reserves", func(rows *store.Rows) (c CallShare, err error) {
		err = rows.Scan(&c.Line, &c.Call, &c.Held)
		return c, err
	})
}

// Instalment is a part of an instalment, as it lies in one line. Those of several years have the same number.
type Instalment struct {
	Part       int64
	Commitment int64
	N          int
	Line       Line
	Case       string
	Area       string
	Clause     string
	Balance    // of the stages from Committed on
}

// commitments are the conditions that concern a commitment, whose alias is c.
func (f Filter) commitments(w *where, s access.Scope) {
	w.sees(s, access.ReadFund, "c.area")
	f.ofLine(w)
	if f.Area != "" {
		w.add("c.area = ?", f.Area)
	}
	if f.Clause != "" {
		w.add("c.clause = ?", f.Clause)
	}
	if f.Case != "" {
		w.add("c.case_id = ?", f.Case)
	}
	if f.Commitment != 0 {
		w.add("c.id = ?", f.Commitment)
	}
}

// Page is where to go on: after the row with this id, with so many rows at most (0: as many as one answer may have).
type Page struct {
	After int64
	Entry int // of entries: and after the one with this number of the transfer After
	Rows  int
	Back  bool // of batches: the newest first, and before After
}

// entry is the number after which the entries of the transfer After go on; none of them by default.
func (p Page) entry() int {
	if p.Entry == 0 {
		return math.MaxInt32
	}
	return p.Entry
}

// Instalments lists what was promised, instalment by instalment, in the order of their parts.
func (v *View) Instalments(ctx context.Context, f Filter, p Page) ([]Instalment, error) {
	return v.instalments(ctx, f, p, "")
}

// Payables are the instalments of which something is payable: what a batch is made of.
func (v *View) Payables(ctx context.Context, f Filter, p Page) ([]Instalment, error) {
	return v.instalments(ctx, f, p, "b.payable > 0")
}

// Unpaid are the instalments of which something is committed or payable: what is carried over at the end of a year.
func (v *View) Unpaid(ctx context.Context, f Filter, p Page) ([]Instalment, error) {
	return v.instalments(ctx, f, p, "b.committed + b.payable > 0")
}

func (v *View) instalments(ctx context.Context, f Filter, p Page, also string) ([]Instalment, error) {
	var w where
	f.commitments(&w, v.scope)
	w.add("t.id > ?", p.After)
	if also != "" {
		w.terms = append(w.terms, also)
	}
	rows, err := v.q.Query(ctx, selectParts+w.String()+` ORDER BY t.id`+w.limit(p.Rows), w.args...)
	return collect(rows, err, "read instalments", func(rows *store.Rows) (Instalment, error) {
		p, err := scanPart(rows)
		if err != nil {
			return Instalment{}, err
		}
		return Instalment{
			Part: p.id, Commitment: p.commitment, N: p.n, Line: p.line, Case: p.caseID, Area: p.area, Clause: p.clause, Balance: p.now,
		}, nil
	})
}

// Commitments is how far the money of some commitments has come, by their ids: the instalments of each together, whatever
// years they lie in. maxRows at once at most.
func (v *View) Commitments(ctx context.Context, ids []int64) (map[int64]Totals, error) {
	all := make(map[int64]Totals, len(ids))
	if len(ids) == 0 {
		return all, nil
	}
	if len(ids) > maxRows {
		return nil, fmt.Errorf("read %d commitments at once, %d at most", len(ids), maxRows)
	}
	var w where
	w.sees(v.scope, access.ReadFund, "c.area")
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	w.add("c.id IN (?"+strings.Repeat(", ?", len(ids)-1)+")", args...)
	sums := make([]string, 0, stages)
	for _, name := range stageNames[Committed:] {
		sums = append(sums, "CAST(SUM(b."+name+") AS BIGINT)")
	}
	rows, err := v.q.Query(ctx, `SELECT c.id, `+strings.Join(sums, ", ")+` FROM ledger_commitment c JOIN ledger_part t ON t.commitment_id = c.id
		JOIN ledger_part_balance b ON b.part_id = t.id`+w.String()+` GROUP BY c.id`, w.args...)
	_, err = collect(rows, err, "read commitments", func(rows *store.Rows) (struct{}, error) {
		var id int64
		var b Balance
		err := rows.Scan(append([]any{&id}, b.into()[Committed:]...)...)
		all[id] = b.Totals()
		return struct{}{}, err
	})
	return all, err
}

// Entry is one posting with the transfer that it belongs to.
type Entry struct {
	Transfer   int64
	N          int // of the entry in its transfer, from 1 on
	Kind       Kind
	At         int64 // ms
	Day        string
	By         int64 // account
	Case       string
	Reason     string
	Document   string
	Line       Line
	Stage      Stage
	Commitment int64 // 0 for none
	Instalment int
	Call       string
	Amount     money.Fen // what came to the stage; below zero for what left it
}

const selectEntries = `SELECT x.id, p.n, x.kind, x.at, x.day, x.by_account, COALESCE(c.case_id, x.case_id), x.reason, x.document,
	l.id, l.fund, l.code, l.year, l.area, l.name, p.stage, COALESCE(t.commitment_id, 0), COALESCE(t.n, 0), COALESCE(h.call_id, ''), p.fen
	FROM ledger_posting p JOIN ledger_transfer x ON x.id = p.transfer_id JOIN ledger_line l ON l.id = p.line_id
	LEFT JOIN ledger_part t ON t.id = p.part_id LEFT JOIN ledger_commitment c ON c.id = t.commitment_id LEFT JOIN ledger_hold h ON h.id = p.hold_id`

// ofCase are the transfers that concern a case: those that it caused, and those that moved what is committed to it.
const ofCase = `p.transfer_id IN (SELECT id FROM ledger_transfer WHERE case_id = ? UNION SELECT q.transfer_id FROM ledger_posting q
	JOIN ledger_part r ON r.id = q.part_id JOIN ledger_commitment d ON d.id = r.commitment_id WHERE d.case_id = ?)`

// Entries are the postings, in the order of their transfers; Page.After is the id of a transfer. Those of a case are the
// ones that moved its money, and the other side of them where that is nobody else's.
func (v *View) Entries(ctx context.Context, f Filter, p Page) ([]Entry, error) {
	var w where
	w.sees(v.scope, access.ReadFund, "COALESCE(c.area, l.area)")
	f.ofLine(&w)
	if f.Area != "" {
		w.add("COALESCE(c.area, l.area) = ?", f.Area)
	}
	if f.Clause != "" {
		w.add("c.clause = ?", f.Clause)
	}
	if f.Case != "" {
		w.add(ofCase, f.Case, f.Case)
		w.add("COALESCE(c.case_id, x.case_id) = ?", f.Case)
	}
	if f.Commitment != 0 {
		w.add("t.commitment_id = ?", f.Commitment)
	}
	if f.Month != "" {
		w.add("x.day > ? AND x.day < ?", f.Month, f.Month+"-99")
	}
	w.add("(p.transfer_id > ? OR p.transfer_id = ? AND p.n > ?)", p.After, p.After, p.entry())
	rows, err := v.q.Query(ctx, selectEntries+w.String()+` ORDER BY p.transfer_id, p.n`+w.limit(p.Rows), w.args...)
	return collect(rows, err, "read entries", func(rows *store.Rows) (e Entry, err error) {
		var stage string
		err = rows.Scan(&e.Transfer, &e.N, &e.Kind, &e.At, &e.Day, &e.By, &e.Case, &e.Reason, &e.Document,
			&e.Line.ID, &e.Line.Fund, &e.Line.Code, &e.Line.Year, &e.Line.Area, &e.Line.Name, &stage, &e.Commitment, &e.Instalment, &e.Call, &e.Amount)
		if err == nil {
			e.Stage, err = stageNamed(stage)
		}
		return e, err
	})
}

// ClaimFilter is which claims a reader asks for; zero fields ask for all.
type ClaimFilter struct {
	Project, Case string
	Party         int64
	Source        int64
	Standing      bool // only those that stand
}

// Claims are the claims of the areas that the scope reaches, in the order in which they were entered.
func (v *View) Claims(ctx context.Context, f ClaimFilter, p Page) ([]Standing, error) {
	var w where
	w.sees(v.scope, access.ReadFund, "c.area")
	if f.Project != "" {
		w.add("c.project = ?", f.Project)
	}
	if f.Case != "" {
		w.add("c.case_id = ?", f.Case)
	}
	if f.Party != 0 {
		w.add("c.party_id = ?", f.Party)
	}
	if f.Source != 0 {
		w.add("c.source_id = ?", f.Source)
	}
	if f.Standing {
		w.terms = append(w.terms, "l.claim_id IS NULL")
	}
	w.add("c.id > ?", p.After)
	rows, err := v.q.Query(ctx, selectClaim+w.String()+` ORDER BY c.id`+w.limit(p.Rows), w.args...)
	return collect(rows, err, "read claims", func(rows *store.Rows) (Standing, error) { return scanClaim(rows) })
}

// OpeningSum is what one import of earlier payouts stated.
type OpeningSum struct {
	Source int64
	Claims int
	Amount money.Fen
	Lifted int // claims that stand no more: it was taken back
}

// Openings are the imports of what was granted elsewhere or before, as far as the scope reaches, the newest first.
func (v *View) Openings(ctx context.Context) ([]OpeningSum, error) {
	w := where{terms: []string{"c.source_id <> 0"}}
	w.sees(v.scope, access.ReadFund, "c.area")
	rows, err := v.q.Query(ctx, `SELECT c.source_id, COUNT(*), CAST(SUM(c.fen) AS BIGINT), COUNT(l.claim_id) FROM ledger_claim c LEFT JOIN ledger_lift l ON l.claim_id = c.id`+
		w.String()+` GROUP BY c.source_id ORDER BY c.source_id DESC`+w.limit(0), w.args...)
	return collect(rows, err, "read imports of earlier payouts", func(rows *store.Rows) (o OpeningSum, err error) {
		err = rows.Scan(&o.Source, &o.Claims, &o.Amount, &o.Lifted)
		return o, err
	})
}

// Against is what stands against a claim, nothing where it may be taken; for showing it before somebody asks. It is not cut
// down to the scope's areas: what another area has granted is what must be known. The scope must read funds somewhere.
func (v *View) Against(ctx context.Context, c Claim) ([]Standing, error) {
	if !v.scope.Can(access.ReadFund) {
		return nil, nil
	}
	return readClaims(ctx, v.q, claimAgainst, c.Project, c.Family, c.Item)
}
