package diagnosis

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Lot is firms that were put out to tender together: which ones, what a diagnosis may cost, and who won how many of them.
type Lot struct {
	ID        int64
	Name      string
	Kind      Kind
	Year      int
	Area      string   // that its firms lie in, and whose office keeps it
	Divisions []string // of industries, two digits; empty: all
	Sizes     []string // codes of sizes; empty: all
	Ceiling   money.Fen
	Line      int64  // budget line that it is paid from; 0 where nothing is paid here
	Document  string // by which it was tendered
	Shares    []Share
	At        int64
	By        int64
	ClosedAt  int64     // 0 while firms are given
	Freed     money.Fen // what was left of its budget when it was closed
}

// Share is what an institute won of a lot.
type Share struct {
	Institute int64
	Firms     int
	Fee       money.Fen // a firm
}

// Budget is what a lot costs where all its firms are diagnosed.
func (l Lot) Budget() (sum money.Fen) {
	for _, x := range l.Shares {
		sum += x.Fee * money.Fen(x.Firms) // at most maxShare of at most the ceiling
	}
	return sum
}

// Share is what an institute won of it.
func (l Lot) Share(institute int64) (Share, bool) {
	i := slices.IndexFunc(l.Shares, func(x Share) bool { return x.Institute == institute })
	if i < 0 {
		return Share{}, false
	}
	return l.Shares[i], true
}

// fund is what the ledger knows the lot's share of the budget line by.
func (l Lot) fund() string { return "diagnosis/" + strconv.FormatInt(l.ID, 10) }

const (
	lotColumns = `id, name, kind, year, area, divisions, sizes, ceiling, line, document, at, by_account`
	insertLot  = `INSERT INTO diagnosis_lot (` + lotColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	lotByID    = `SELECT ` + lotColumns + ` FROM diagnosis_lot WHERE id = $1`
	allLots    = `SELECT ` + lotColumns + ` FROM diagnosis_lot ORDER BY id DESC`

	insertShare = `INSERT INTO diagnosis_share (lot, institute, firms, fee) VALUES ($1, $2, $3, $4)`
	sharesOf    = `SELECT institute, firms, fee FROM diagnosis_share WHERE lot = $1 ORDER BY institute`

	closedLot    = `SELECT at, freed FROM diagnosis_closed WHERE lot = $1`
	insertClosed = `INSERT INTO diagnosis_closed (lot, freed, at, by_account) VALUES ($1, $2, $3, $4)`
	underWay     = `SELECT COUNT(*) FROM diagnosis_case d JOIN case_head c ON c.id = d.case_id WHERE d.lot = $1 AND c.ended = '' AND c.state <> 'payable'`

	maxShare  = 10_000
	maxShares = 200
	maxYears  = 2100
)

func scanLot(r interface{ Scan(...any) error }) (l Lot, err error) {
	var divisions, sizes string
	if err := r.Scan(&l.ID, &l.Name, &l.Kind, &l.Year, &l.Area, &divisions, &sizes, &l.Ceiling, &l.Line, &l.Document, &l.At, &l.By); err != nil {
		return l, err
	}
	return l, errors.Join(fromJSON(divisions, &l.Divisions), fromJSON(sizes, &l.Sizes))
}

func lotOf(ctx context.Context, q store.Querier, id int64) (Lot, error) {
	l, err := scanLot(q.QueryRow(ctx, lotByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Lot{}, errs.NotFound("lot of diagnoses", id)
	}
	if err == nil {
		l.Shares, err = store.List(ctx, q, func(r *store.Rows) (x Share, err error) { return x, r.Scan(&x.Institute, &x.Firms, &x.Fee) }, sharesOf, id)
	}
	if err == nil {
		err = q.QueryRow(ctx, closedLot, id).Scan(&l.ClosedAt, &l.Freed)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
	}
	if err != nil {
		return Lot{}, fmt.Errorf("read lot %d: %w", id, err)
	}
	return l, nil
}

// sees says that a scope may know a lot: the offices of its area, and those of areas within it, whose firms are among the lot's.
func (s *Store) sees(scope access.Scope, l Lot) bool {
	return scope.Sees(access.ReadCase, l.Area, 0) || slices.ContainsFunc(scope.Areas(), func(area string) bool {
		return s.Library.Areas().Within(area, l.Area) && scope.Sees(access.ReadCase, area, 0)
	})
}

// Lots are those that the scope may know, the newest first.
func (s *Store) Lots(ctx context.Context, scope access.Scope) ([]Lot, error) {
	all, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (Lot, error) { return scanLot(r) }, allLots)
	if err != nil {
		return nil, fmt.Errorf("read lots: %w", err)
	}
	var seen []Lot
	for _, l := range all {
		if !s.sees(scope, l) {
			continue
		}
		if l, err = lotOf(ctx, s.DB.Read(), l.ID); err != nil {
			return nil, err
		}
		seen = append(seen, l)
	}
	return seen, nil
}

// Lot is one by its id; NotFound for one that the scope may not know.
func (s *Store) Lot(ctx context.Context, scope access.Scope, id int64) (Lot, error) {
	l, err := lotOf(ctx, s.DB.Read(), id)
	if err == nil && !s.sees(scope, l) {
		return Lot{}, errs.NotFound("lot of diagnoses", id)
	}
	return l, err
}

// checkLot refuses a lot that means nothing, costs more than the programme allows, or gives firms to who may not have them.
func (s *Store) checkLot(ctx context.Context, q store.Querier, l *Lot) error {
	l.Name, l.Document = strings.TrimSpace(l.Name), strings.TrimSpace(l.Document)
	if err := errors.Join(within("lot", l.Name, maxName, false), within("document", l.Document, maxName, false)); err != nil {
		return err
	}
	kind, err := s.Programme.Kind(l.Kind)
	if err != nil {
		return errs.Invalid(i18n.M("diagnosis.no_kind"))
	}
	switch {
	case l.Year < 2015 || l.Year > maxYears:
		return errs.Invalid(i18n.M("diagnosis.bad_year"))
	case l.Ceiling <= 0 || l.Ceiling > kind.Most:
		return errs.Invalid(i18n.M("diagnosis.above_ceiling", kind.Ceiling, kind.Source, kind.Cite))
	case len(l.Shares) == 0 || len(l.Shares) > maxShares:
		return errs.Invalid(i18n.M("diagnosis.no_shares", maxShares))
	}
	for _, d := range l.Divisions {
		if _, ok := s.Library.Industries().Node(d); !ok || len(d) != 2 {
			return errs.Invalid(i18n.M("diagnosis.no_division", d))
		}
	}
	sizes, _ := s.Library.CodeList("sizes")
	for _, code := range l.Sizes {
		if _, ok := sizes.Entry(code); !ok {
			return errs.Invalid(i18n.M("diagnosis.no_size", code))
		}
	}
	all, err := institutes(ctx, q)
	if err != nil {
		return err
	}
	for i, x := range l.Shares {
		j := slices.IndexFunc(all, func(o Institute) bool { return o.ID == x.Institute })
		switch {
		case j < 0 || all[j].LeftWhy != "" || !s.Library.Areas().Within(l.Area, all[j].Area) && !s.Library.Areas().Within(all[j].Area, l.Area):
			return errs.Invalid(i18n.M("diagnosis.no_institute"))
		case !slices.Contains(all[j].Kinds, l.Kind):
			return errs.Invalid(i18n.M("diagnosis.not_qualified", all[j].Name, kind.Name))
		case slices.ContainsFunc(l.Shares[:i], func(o Share) bool { return o.Institute == x.Institute }):
			return errs.Invalid(i18n.M("diagnosis.share_twice", all[j].Name))
		case x.Firms < 1 || x.Firms > maxShare:
			return errs.Invalid(i18n.M("diagnosis.bad_share", all[j].Name, maxShare))
		case x.Fee <= 0 || x.Fee > l.Ceiling:
			return errs.Invalid(i18n.M("diagnosis.bad_fee", all[j].Name, x.Fee, l.Ceiling))
		}
	}
	return nil
}

// AddLot enters a lot and sets what it costs aside in its budget line. It is for the office of its area.
func (s *Store) AddLot(ctx context.Context, scope access.Scope, l Lot) (Lot, error) {
	if err := keeps(scope, l.Area); err != nil {
		return Lot{}, err
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		err := s.checkLot(ctx, tx, &l)
		if err != nil {
			return err
		}
		if l.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		l.At, l.By = s.Clock.Millis(), scope.Account()
		_, err = tx.Exec(ctx, insertLot, l.ID, l.Name, string(l.Kind), l.Year, l.Area, asJSON(l.Divisions), asJSON(l.Sizes), int64(l.Ceiling), l.Line, l.Document, l.At, l.By)
		if err != nil {
			return fmt.Errorf("enter lot: %w", err)
		}
		for _, x := range l.Shares {
			if _, err := tx.Exec(ctx, insertShare, l.ID, x.Institute, x.Firms, int64(x.Fee)); err != nil {
				return fmt.Errorf("enter share of lot: %w", err)
			}
		}
		audit.Note(tx, loggedLot, l.ID)
		if l.Line == 0 {
			return nil
		}
		act := ledger.Act{Scope: scope, Key: l.fund() + "/reserve", Reason: l.Name, Document: l.Document}
		_, err = s.Book.Reserve(ctx, tx, act, ledger.Reservation{Line: l.Line, Call: l.fund(), Change: l.Budget()})
		return err
	})
	if err != nil {
		return Lot{}, fmt.Errorf("add lot: %w", err)
	}
	return l, nil
}

// CloseLot ends a lot once none of its diagnoses is under way: nothing is opened in it any more, and what is left of its budget is free. It is
// for the office of its area; one that is closed stays as it is.
func (s *Store) CloseLot(ctx context.Context, scope access.Scope, id int64) error {
	l, err := s.Lot(ctx, scope, id)
	if err != nil {
		return err
	}
	if err := keeps(scope, l.Area); err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, l.fund()); err != nil {
			return err
		}
		if l, err = lotOf(ctx, tx, id); err != nil || l.ClosedAt != 0 {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, underWay, id).Scan(&n); err != nil {
			return fmt.Errorf("count diagnoses under way: %w", err)
		}
		if n > 0 {
			return errs.Conflict(i18n.M("diagnosis.under_way", n))
		}
		freed, err := s.free(ctx, tx, scope, l)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertClosed, id, int64(freed), s.Clock.Millis(), scope.Account()); err != nil {
			return fmt.Errorf("close lot: %w", err)
		}
		audit.Note(tx, loggedClosed, id)
		return nil
	})
	if err != nil {
		return fmt.Errorf("close lot %d: %w", id, err)
	}
	return nil
}

// free gives back what is left of a lot's share of its budget line.
func (s *Store) free(ctx context.Context, tx *store.Tx, scope access.Scope, l Lot) (money.Fen, error) {
	if l.Line == 0 {
		return 0, nil
	}
	shares, err := ledger.In(tx, access.SystemScope()).Calls(ctx, ledger.Filter{Line: l.Line})
	i := slices.IndexFunc(shares, func(x ledger.CallShare) bool { return x.Call == l.fund() })
	if err != nil || i < 0 || shares[i].Held == 0 {
		return 0, err
	}
	act := ledger.Act{Scope: scope, Key: l.fund() + "/free", Reason: l.Name, Document: l.Document}
	_, err = s.Book.Reserve(ctx, tx, act, ledger.Reservation{Line: l.Line, Call: l.fund(), Change: -shares[i].Held})
	return shares[i].Held, err
}

// Wanted is a firm of a lot that no diagnosis of the kind was made of or runs.
type Wanted struct {
	party.Enterprise
	County, Division, Size string
}

const firmsUnderWay = `SELECT DISTINCT d.firm FROM diagnosis_case d JOIN diagnosis_lot l ON l.id = d.lot JOIN case_head c ON c.id = d.case_id
WHERE l.kind = $1 AND (c.ended = '' OR c.ended = 'done') ORDER BY d.firm`

// Wanted are the firms of a lot that were not diagnosed yet, in the registry's order: above scale, in its area, of its trades and sizes, as
// the view shows them. Who has left business is not among them.
func (s *Store) Wanted(ctx context.Context, view fact.View, l Lot) ([]Wanted, error) {
	kind, err := s.Programme.Kind(l.Kind)
	if err != nil {
		return nil, err
	}
	busy, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (id int64, err error) { return id, r.Scan(&id) }, firmsUnderWay, string(l.Kind))
	if err != nil {
		return nil, fmt.Errorf("read firms under diagnosis: %w", err)
	}
	var all []Wanted
	for e := range view.Enterprises() {
		w := Wanted{Enterprise: e, County: s.countyOf(e.Area), Division: s.divisionOf(e.Industry)}
		if !s.Library.Areas().Within(e.Area, l.Area) || len(l.Divisions) > 0 && !slices.Contains(l.Divisions, w.Division) {
			continue
		}
		if slices.ContainsFunc(bearers(e), func(id int64) bool { _, found := slices.BinarySearch(busy, id); return found }) {
			continue
		}
		done := view.Value(e.ID, kind.Facts.Done, period.Period{})
		above := inYear(view, e.ID, "ent.above_scale", l.Year)
		w.Size = inYear(view, e.ID, "ent.size", l.Year).Value.Text
		if done.State == fact.Present && done.Value.Num == 1 || above.State != fact.Present || above.Value.Num == 0 || len(l.Sizes) > 0 && !slices.Contains(l.Sizes, w.Size) {
			continue
		}
		all = append(all, w)
	}
	return all, nil
}

// bearers are the subjects that a firm stands for, itself and those that were merged into it: cases stay with whom they were opened for.
func bearers(e party.Enterprise) []int64 { return append(slices.Clone(e.Merged), e.ID) }

// inYear is what is known of a year: the register of a year is known once it is over, and until then that of the year before counts.
func inYear(view fact.View, firm int64, def string, year int) fact.Cell {
	if c := view.Value(firm, def, period.OfYear(year)); c.State == fact.Present {
		return c
	}
	return view.Value(firm, def, period.OfYear(year-1))
}

// countyOf is the county of an area; the area itself where it lies in none.
func (s *Store) countyOf(area string) string {
	if c := s.Library.Areas().County(area); c != "" {
		return c
	}
	return area
}

// divisionOf is the two digits of an industry; "" where nobody said or it is wider.
func (s *Store) divisionOf(industry string) string {
	for _, n := range s.Library.Industries().Path(industry) {
		if len(n.Code) == 2 {
			return n.Code
		}
	}
	return ""
}

const (
	insertCase = `INSERT INTO diagnosis_case (case_id, lot, firm, at) VALUES ($1, $2, $3, $4)`
	takenOfLot = `SELECT a.institute, COUNT(*), MAX(a.at) FROM diagnosis_assignment a JOIN diagnosis_case d ON d.case_id = a.case_id JOIN case_head c ON c.id = d.case_id
WHERE d.lot = $1 AND (c.ended = '' OR c.ended = 'done') AND a.institute <> 0 AND a.id = (SELECT MAX(x.id) FROM diagnosis_assignment x WHERE x.case_id = a.case_id) GROUP BY a.institute ORDER BY a.institute`
	lastOfLot = `SELECT a.institute, COUNT(*), MAX(a.at) FROM diagnosis_assignment a JOIN diagnosis_case d ON d.case_id = a.case_id WHERE d.lot = $1 AND a.institute <> 0 GROUP BY a.institute ORDER BY a.institute`
	runningOf = `SELECT a.institute, COUNT(*), MAX(a.at) FROM diagnosis_assignment a JOIN case_head c ON c.id = a.case_id
WHERE c.ended = '' AND c.state NOT IN ('payable') AND a.institute <> 0 AND a.id = (SELECT MAX(x.id) FROM diagnosis_assignment x WHERE x.case_id = a.case_id) GROUP BY a.institute ORDER BY a.institute`
	insertAssigned = `INSERT INTO diagnosis_assignment (id, case_id, institute, how, why, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	assignedOf     = `SELECT institute, how, why, at, by_account FROM diagnosis_assignment WHERE case_id = $1 ORDER BY id`
)

// slots is a lot's institutes as the rule sees them now.
func (s *Store) slots(ctx context.Context, q store.Querier, l Lot) ([]Slot, error) {
	all, err := institutes(ctx, q)
	if err != nil {
		return nil, err
	}
	type tally struct{ of, n, last int64 }
	read := func(query string, args ...any) (map[int64]tally, error) {
		rows, err := store.List(ctx, q, func(r *store.Rows) (x tally, err error) { return x, r.Scan(&x.of, &x.n, &x.last) }, query, args...)
		m := map[int64]tally{}
		for _, x := range rows {
			m[x.of] = x
		}
		return m, err
	}
	taken, err := read(takenOfLot, l.ID)
	if err != nil {
		return nil, fmt.Errorf("count the firms of lot %d: %w", l.ID, err)
	}
	last, err := read(lastOfLot, l.ID)
	if err != nil {
		return nil, fmt.Errorf("count the firms of lot %d: %w", l.ID, err)
	}
	running, err := read(runningOf)
	if err != nil {
		return nil, fmt.Errorf("count diagnoses under way: %w", err)
	}
	out := make([]Slot, len(l.Shares))
	for i, x := range l.Shares {
		j := slices.IndexFunc(all, func(o Institute) bool { return o.ID == x.Institute })
		out[i] = Slot{Institute: all[j], Firms: x.Firms, Fee: x.Fee, Taken: int(taken[x.Institute].n), Running: int(running[x.Institute].n), Last: last[x.Institute].last}
	}
	return out, nil
}

// How an institute came to a firm.
const (
	ByRule = "rule"
	ByFirm = "firm"
	Left   = "left" // it gave the firm back, or was replaced
)

// Assigned is that a firm was given to an institute.
type Assigned struct {
	Institute int64 // 0 where one left
	How       string
	Why       i18n.Msg
	At        int64
	By        int64
}

func assignments(ctx context.Context, q store.Querier, id int64) ([]Assigned, error) {
	all, err := store.List(ctx, q, func(r *store.Rows) (a Assigned, err error) {
		var why string
		if err := r.Scan(&a.Institute, &a.How, &why, &a.At, &a.By); err != nil {
			return a, err
		}
		return a, fromJSON(why, &a.Why)
	}, assignedOf, id)
	if err != nil {
		return nil, fmt.Errorf("read the institutes of case %d: %w", id, err)
	}
	return all, nil
}

func (s *Store) assign(ctx context.Context, tx *store.Tx, id, by int64, a Assigned) error {
	n, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertAssigned, n, id, a.Institute, a.How, asJSON(a.Why), s.Clock.Millis(), by); err != nil {
		return fmt.Errorf("give case %d to an institute: %w", id, err)
	}
	audit.Note(tx, loggedAssignment, n)
	return nil
}

// giving is held while firms of a lot are given to institutes: how many an institute has under way counts over all lots.
func giving(ctx context.Context, tx *store.Tx, l Lot) error {
	return errors.Join(tx.Lock(ctx, l.fund()), tx.Lock(ctx, "diagnoses under way"))
}

// openedAtOnce is how many cases are opened in one transaction.
const openedAtOnce = 20

// Opened is what became of opening a lot's cases.
type Opened struct {
	Cases []int64
	Left  []Wanted // that no institute may be given; nothing was opened for them
}

// OpenCases opens a diagnosis for each of these firms of a lot, in their order, and gives each the institute that the rule picks. Firms that
// are not wanted (any more) are left out. It is for the office of the lot's area; some are opened, and an error is told, where one comes up
// in between: asked again, it goes on with the rest.
func (s *Store) OpenCases(ctx context.Context, scope access.Scope, cases *casework.Store, view fact.View, lot int64, firms []int64) (Opened, error) {
	l, err := s.Lot(ctx, scope, lot)
	if err != nil {
		return Opened{}, err
	}
	if err := keeps(scope, l.Area); err != nil {
		return Opened{}, err
	}
	wanted, err := s.Wanted(ctx, view, l)
	if err != nil {
		return Opened{}, err
	}
	var todo []Wanted
	for _, id := range firms {
		if i := slices.IndexFunc(wanted, func(w Wanted) bool { return w.ID == id }); i >= 0 && !slices.ContainsFunc(todo, func(w Wanted) bool { return w.ID == id }) {
			todo = append(todo, wanted[i])
		}
	}
	var out Opened
	for some := range slices.Chunk(todo, openedAtOnce) {
		var opened Opened
		err := cases.Together(ctx, scope, func(ctx context.Context, tx *store.Tx, t casework.Together) (err error) {
			opened, err = s.openSome(ctx, tx, t, scope.Account(), l, some)
			return err
		})
		if err != nil {
			return out, fmt.Errorf("open diagnoses of lot %d: %w", l.ID, err)
		}
		out.Cases, out.Left = append(out.Cases, opened.Cases...), append(out.Left, opened.Left...)
	}
	return out, nil
}

func (s *Store) openSome(ctx context.Context, tx *store.Tx, t casework.Together, by int64, l Lot, firms []Wanted) (out Opened, err error) {
	if err := giving(ctx, tx, l); err != nil {
		return out, err
	}
	if l, err = lotOf(ctx, tx, l.ID); err != nil {
		return out, err
	}
	if l.ClosedAt != 0 {
		return out, errs.Conflict(i18n.M("diagnosis.closed"))
	}
	slots, err := s.slots(ctx, tx, l)
	if err != nil {
		return out, err
	}
	kind, err := s.Programme.Kind(l.Kind)
	if err != nil {
		return out, err
	}
	for n, w := range firms {
		var running []casework.Case
		for _, id := range bearers(w.Enterprise) {
			some, err := t.Running(ctx, l.Kind.Flow(), id)
			if err != nil {
				return out, err
			}
			running = append(running, some...)
		}
		if len(running) > 0 { // somebody was quicker
			continue
		}
		i, why := Pick(slots, s.asked(l, w.Enterprise, nil), s.Clock.Today())
		if i < 0 {
			out.Left = append(out.Left, w)
			continue
		}
		x, err := t.Open(ctx, casework.NewCase{
			Workflow: l.Kind.Flow(), Title: w.Name + " · " + kind.Name.ZH, Subject: w.ID,
			Data: casework.Data{"lot": rule.Int(l.ID), "year": rule.Int(int64(l.Year)), "fee": rule.Money(slots[i].Fee), "reworks": rule.Int(0), "sampled": rule.Bool(false)},
		})
		if err != nil {
			return out, err
		}
		if _, err := tx.Exec(ctx, insertCase, x.ID, l.ID, x.Enterprise, s.Clock.Millis()); err != nil {
			return out, fmt.Errorf("enter diagnosis: %w", err)
		}
		if err := s.assign(ctx, tx, x.ID, by, Assigned{Institute: slots[i].Institute.ID, How: ByRule, Why: why}); err != nil {
			return out, err
		}
		slots[i].Taken, slots[i].Running, slots[i].Last = slots[i].Taken+1, slots[i].Running+1, s.Clock.Millis()+int64(n)
		out.Cases = append(out.Cases, x.ID)
	}
	return out, nil
}

// asked is a firm as the rule asks of it.
func (s *Store) asked(l Lot, e party.Enterprise, without []int64) Asked {
	return Asked{Firms: bearers(e), Area: e.Area, County: s.countyOf(e.Area), Division: s.divisionOf(e.Industry), Kind: l.Kind, Without: without}
}
