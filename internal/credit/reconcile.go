package credit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// List is a list of a bank of its loans at the end of a month, or of a lessor of its leases.
type List struct {
	ID       int64
	Bank     string     // code
	AsOf     period.Day // the last of a month
	Revision int        // from 1 on; the last one of a bank and month counts
	Name     string     // of the file
	SHA256   string     // of the file
	Size     int64      // bytes
	Lines    int
	OnWord   string // what an official has it from that brought it for the bank; "" where the bank did
	At, By   int64
	Last     bool // no later revision
}

// vouched says that an account brought the list on the bank's word: others settle it.
func (l List) vouched(account int64) bool { return l.OnWord != "" && l.By == account }

// Month is the month at whose end the list stands.
func (l List) Month() period.Period { return monthOf(l.AsOf) }

// How is what is done about a difference.
type How string

// The ways.
const (
	TakeTheirs How = "accepted" // the bank's word becomes a fact
	KeptOurs   How = "kept"     // ours stays, for a reason
)

// Settlement is what was done about a difference. A later one of the same difference takes its place.
type Settlement struct {
	ID         int64
	List       int64
	N          int   // line; 0 for a loan that the bank does not list
	Loan       int64 // of ours; 0 for none
	Difference string
	How        How
	Reason     string
	Source     int64 // that states what was accepted; 0 for nothing
	At, By     int64
}

// Reconciled is that nothing was open of a list.
type Reconciled struct {
	ID          int64
	Agree, Kept int
	At, By      int64
}

const (
	listColumns = `SELECT l.id, l.bank, l.as_of, l.revision, l.name, l.file, l.size, l.lines, l.on_word, l.at, l.by_account,
CASE WHEN EXISTS (SELECT 1 FROM credit_list x WHERE x.bank = l.bank AND x.as_of = l.as_of AND x.revision > l.revision) THEN 0 ELSE 1 END FROM credit_list l`
	listByID = listColumns + ` WHERE l.id = $1`
	listOf   = listColumns + ` WHERE l.bank = $1 AND l.as_of = $2 ORDER BY l.revision DESC`
	linesOf  = `SELECT n, place, uscc, name, firm, contract, voucher, line, fen, drawn_on, ppm, balance FROM credit_list_line WHERE list_id = $1 ORDER BY n`

	bankParties = `SELECT code, party FROM credit_bank ORDER BY code`

	// listState is what a list beside our records hangs on, besides itself and facts.
	listState = `SELECT COALESCE((SELECT MAX(id) FROM credit_settlement WHERE bank = $1), 0), COALESCE((SELECT MAX(id) FROM credit_drawdown), 0),
(SELECT COUNT(*) FROM credit_contract)`

	settlementsOf = `SELECT id, list_id, n, loan, difference, how, reason, source, at, by_account FROM credit_settlement WHERE bank = $1 ORDER BY id`
	reconciledOf  = `SELECT id, agree, kept, at, by_account FROM credit_reconciled WHERE list_id = $1 ORDER BY id`

	insertList = `INSERT INTO credit_list (id, bank, as_of, revision, name, file, size, lines, on_word, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	insertSettlement = `INSERT INTO credit_settlement (id, list_id, bank, n, loan, difference, how, reason, source, made, at, by_account)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	insertReconciled = `INSERT INTO credit_reconciled (id, list_id, agree, kept, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`
)

var lineColumns = []string{"list_id", "n", "place", "uscc", "name", "firm", "contract", "voucher", "line", "fen", "drawn_on", "ppm", "balance"}

func scanList(r interface{ Scan(...any) error }) (l List, err error) {
	return l, r.Scan(&l.ID, &l.Bank, &l.AsOf, &l.Revision, &l.Name, &l.SHA256, &l.Size, &l.Lines, &l.OnWord, &l.At, &l.By, &l.Last)
}

// partner is a bank as an object of rights: the party that it is, where it has become one.
func partner(ctx context.Context, q store.Querier, code string) (access.Object, error) {
	var id int64
	err := q.QueryRow(ctx, partyOfBank, code).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return access.Object{}, fmt.Errorf("read bank %s: %w", code, err)
	}
	return access.Object{Partner: id}, nil
}

// Lists are the newest lists that the scope may see anything of, before one (0 for the newest), at most so many.
func (s *Store) Lists(ctx context.Context, scope access.Scope, before int64, most int) ([]List, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	where, args := "", []any{before}
	if !seesLists(scope) {
		own, err := s.banksSeen(ctx, scope)
		if err != nil || len(own) == 0 {
			return nil, err
		}
		var marks []string
		for _, code := range own {
			args = append(args, code)
			marks = append(marks, fmt.Sprintf("$%d", len(args)))
		}
		where = " AND l.bank IN (" + strings.Join(marks, ", ") + ")"
	}
	args = append(args, most)
	query := fmt.Sprintf("%s WHERE l.id < $1%s ORDER BY l.id DESC LIMIT $%d", listColumns, where, len(args))
	all, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (List, error) { return scanList(r) }, query, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// banksSeen are the codes of the banks whose own lists the scope may see.
func (s *Store) banksSeen(ctx context.Context, scope access.Scope) ([]string, error) {
	type bank struct {
		code  string
		party int64
	}
	all, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (b bank, err error) { return b, r.Scan(&b.code, &b.party) }, bankParties)
	var seen []string
	for _, b := range all {
		if scope.SeesObject(access.ReadLoans, access.Object{Partner: b.party}) {
			seen = append(seen, b.code)
		}
	}
	return seen, err
}

// seesLists says that the scope may know of the lists of all banks: whoever sees loans of an area.
func seesLists(scope access.Scope) bool {
	return scope.All() || slices.ContainsFunc(scope.Areas(), func(area string) bool { return scope.Sees(access.ReadLoans, area, 0) })
}

// seesList says that the scope may know of a list: the bank whose it is, and who may know of all.
func (s *Store) seesList(ctx context.Context, scope access.Scope, l List) (bool, error) {
	if seesLists(scope) {
		return true, nil
	}
	of, err := partner(ctx, s.DB.Read(), l.Bank)
	return err == nil && scope.SeesObject(access.ReadLoans, of), err
}

// ListBanks are the banks whose lists the scope may bring in.
func (s *Store) ListBanks(ctx context.Context, scope access.Scope) ([]Bank, error) {
	var all []Bank
	for _, b := range s.Banks() {
		may, _, err := s.tells(ctx, scope, b.Code)
		if err != nil {
			return nil, err
		}
		if may {
			all = append(all, b)
		}
	}
	return all, nil
}

// tells says that the scope may bring in a list of a bank, and whether as the bank itself.
func (s *Store) tells(ctx context.Context, scope access.Scope, code string) (may, itself bool, err error) {
	of, err := partner(ctx, s.DB.Read(), code)
	if err != nil {
		return false, false, err
	}
	if of.Partner != 0 && scope.SeesObject(access.TellLoans, of) || scope.All() {
		return true, true, nil
	}
	return slices.ContainsFunc(scope.Areas(), func(area string) bool { return scope.Sees(access.TellLoans, area, 0) }), false, nil
}

// NewList is a list to be brought in.
type NewList struct {
	Bank   string
	Month  period.Period
	OnWord string // what an official has it from; not asked of the bank itself
	File   ListFile
}

// maxWord is how many characters say what an official has a list from.
const maxWord = 300

// BringList reads a list of a bank and keeps it, as a further revision where the month has one already. Where anything in it is wrong
// nothing is kept, and faults says what, cell by cell. The same file brought again is the list that is there. Forbidden for who may not
// bring in lists of the bank; Invalid for a month that is not over, and for an official who does not say what it is from; Conflict for an
// official where the bank itself has sent the list of the month.
func (s *Store) BringList(ctx context.Context, scope access.Scope, n NewList) (id int64, faults []i18n.Msg, err error) {
	bank, err := s.Set.Bank(n.Bank)
	if err != nil {
		return 0, nil, err
	}
	may, itself, err := s.tells(ctx, scope, bank.Code)
	switch {
	case err != nil:
		return 0, nil, err
	case !may:
		return 0, nil, errs.Forbidden(string(access.TellLoans))
	case !s.takesPart(bank):
		return 0, nil, errs.NotFound("bank", n.Bank)
	}
	_, on, ok := n.Month.Span()
	word := strings.TrimSpace(n.OnWord)
	if itself {
		word = ""
	}
	switch {
	case !ok || n.Month.Kind() != period.Month:
		return 0, nil, errs.Invalid(i18n.M("credit.bad_month", n.Month.String()))
	case on > s.Clock.Today():
		return 0, nil, errs.Invalid(i18n.M("credit.list_not_over", n.Month.String(), on.String()))
	case !itself && word == "":
		return 0, nil, errs.Invalid(i18n.M("credit.list_on_word"))
	case utf8.RuneCountInString(word) > maxWord:
		return 0, nil, errs.Invalid(i18n.M("credit.list_text", maxWord))
	}
	lines, faults, err := s.readList(ctx, n.File, on)
	if err != nil || len(faults) > 0 {
		return 0, faults, err
	}
	l := List{Bank: bank.Code, AsOf: on, Name: n.File.Name, Lines: len(lines), OnWord: word, By: scope.Account(), At: s.Clock.Millis()}
	if l.SHA256, l.Size, err = s.keepFile(n.File.Path); err != nil {
		return 0, nil, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		id, err = s.writeList(ctx, tx, l, lines)
		return err
	})
	if err != nil {
		return 0, nil, fmt.Errorf("keep list of %s: %w", l.Bank, err)
	}
	return id, nil, nil
}

func (s *Store) keepFile(path string) (sha string, size int64, err error) {
	in, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("keep a list of a bank: %w", err)
	}
	sha, size, err = s.Files.Put(in, sheet.FormLimit)
	return sha, size, errors.Join(err, in.Close())
}

func (s *Store) writeList(ctx context.Context, tx *store.Tx, l List, lines []Line) (id int64, err error) {
	if err := tx.Lock(ctx, "credit lists of "+l.Bank); err != nil {
		return 0, err
	}
	before, err := store.List(ctx, tx, func(r *store.Rows) (List, error) { return scanList(r) }, listOf, l.Bank, int64(l.AsOf))
	if err != nil {
		return 0, err
	}
	if l.Revision = 1; len(before) > 0 {
		own := before[0].OnWord == "" // no official's list follows one of the bank's own
		switch {
		case before[0].SHA256 == l.SHA256 && (own || l.OnWord != ""):
			return before[0].ID, nil
		case own && l.OnWord != "":
			return 0, errs.Conflict(i18n.M("credit.list_banks_own", l.Month().String(), before[0].Name))
		}
		l.Revision = before[0].Revision + 1
	}
	if id, err = tx.NextIDs(ctx, 1); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, insertList, id, l.Bank, int64(l.AsOf), l.Revision, l.Name, l.SHA256, l.Size, l.Lines, l.OnWord, l.At, l.By)
	if err != nil {
		return 0, err
	}
	audit.Note(tx, loggedList, id)
	return id, tx.InsertRows(ctx, "credit_list_line", lineColumns, func(yield func([]any) bool) {
		for _, x := range lines {
			row := []any{
				id, x.N, x.Place, x.USCC, x.Name, x.Firm, x.Contract, x.Voucher, int64(x.Line), int64(x.Principal), int64(x.DrawnOn), x.PPM, int64(x.Balance),
			}
			if !yield(row) {
				return
			}
		}
	})
}

// Reconciliation is a list beside our records, as they stand now, as far as a scope may see both.
type Reconciliation struct {
	List
	Of         Bank
	Seq        int64 // commit up to which facts are known
	Rows       []Row // the open ones first
	Counts     map[Standing]int
	Reconciled []Reconciled // that nothing was open; the last one is the newest
	Whole      bool         // the scope sees all of its rows
	MaySettle  bool         // any of them
}

// Open is how many rows somebody has to settle.
func (r Reconciliation) Open() int {
	return r.Counts[Differs] + r.Counts[BankOnly] + r.Counts[OursOnly]
}

// Closed says that nothing is open of it, and that this was kept as it stands now.
func (r Reconciliation) Closed() bool {
	n := len(r.Reconciled)
	return n > 0 && r.Open() == 0 && r.Reconciled[n-1].Agree == r.Counts[Agrees] && r.Reconciled[n-1].Kept == r.Counts[Kept]
}

// Reconciliation lays a list beside our records. NotFound for a list of which the scope may see nothing.
func (s *Store) Reconciliation(ctx context.Context, scope access.Scope, id int64) (Reconciliation, error) {
	l, err := scanList(s.DB.Read().QueryRow(ctx, listByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Reconciliation{}, errs.NotFound("list of loans", id)
	}
	if err != nil {
		return Reconciliation{}, fmt.Errorf("read list %d: %w", id, err)
	}
	may, err := s.seesList(ctx, scope, l)
	if err != nil {
		return Reconciliation{}, err
	}
	if !may {
		return Reconciliation{}, errs.NotFound("list of loans", id)
	}
	out := Reconciliation{List: l, Of: Bank{Code: l.Bank, Name: s.Set.lenderOf(l.Bank).Name}, Counts: map[Standing]int{}, Whole: true}
	if b, err := s.Set.Bank(l.Bank); err == nil {
		out.Of = b
	} else {
		kind, err := s.gives(ctx, s.DB.Read(), l.Bank)
		if err != nil {
			return Reconciliation{}, err
		}
		out.Of.Kind = kind.Party()
	}
	view, rows, err := s.laid(ctx, l)
	if err != nil {
		return Reconciliation{}, err
	}
	of, err := partner(ctx, s.DB.Read(), l.Bank)
	if err != nil {
		return Reconciliation{}, err
	}
	out.Seq = view.Seq()
	for _, r := range rows {
		r.Firm = holder(view, scope, r)
		if !scope.SeesObject(access.ReadLoans, of) && !s.reaches(scope, access.ReadLoans, r.Firm) {
			out.Whole = false
			continue
		}
		out.Rows = append(out.Rows, r)
		out.Counts[r.Standing]++
		out.MaySettle = out.MaySettle || s.MaySettle(scope, l, r)
	}
	out.Reconciled, err = store.List(ctx, s.DB.Read(), func(r *store.Rows) (x Reconciled, err error) {
		return x, r.Scan(&x.ID, &x.Agree, &x.Kept, &x.At, &x.By)
	}, reconciledOf, l.ID)
	return out, err
}

// reaches says that the scope may do something about the loans of a firm where it lies; of one that is not on file, who may in a whole city.
func (s *Store) reaches(scope access.Scope, a access.Action, h Holder) bool {
	if h.ID != 0 || scope.All() {
		return scope.Sees(a, h.Area, 0)
	}
	return slices.ContainsFunc(scope.Areas(), func(area string) bool {
		n, ok := s.Library.Areas().Node(area)
		return ok && (n.Level == content.City || n.Level == content.Province) && scope.Sees(a, area, 0)
	})
}

// laidKey is all that a list beside our records hangs on: the list, the commit of facts, what was settled with its bank, and what was entered.
type laidKey struct{ list, seq, settled, drawn, contracts int64 }

// laidRows is a list beside our records.
type laidRows []Row

// Size is how much room it takes on a shelf.
func (r laidRows) Size() int { return len(r) }

// laid is a list beside all that we know, to the product itself. It is worked out once as long as nothing of it changes.
func (s *Store) laid(ctx context.Context, l List) (fact.View, []Row, error) {
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return view, nil, err
	}
	k := laidKey{list: l.ID, seq: view.Seq()}
	if err := s.DB.Read().QueryRow(ctx, listState, l.Bank).Scan(&k.settled, &k.drawn, &k.contracts); err != nil {
		return view, nil, fmt.Errorf("read how list %d stands: %w", l.ID, err)
	}
	rows, err := s.beside.Try(k, func() (laidRows, error) { return s.lay(ctx, view, l) })
	return view, rows, err
}

// lay compares a list with all that we know.
func (s *Store) lay(ctx context.Context, view fact.View, l List) (laidRows, error) {
	lines, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (x Line, err error) {
		return x, r.Scan(&x.N, &x.Place, &x.USCC, &x.Name, &x.Firm, &x.Contract, &x.Voucher, &x.Line, &x.Principal, &x.DrawnOn, &x.PPM, &x.Balance)
	}, linesOf, l.ID)
	if err != nil {
		return nil, err
	}
	for i, x := range lines {
		lines[i].Firm = 0
		if e, ok := view.Enterprise(x.Firm); ok && x.Firm != 0 { // one that was merged since is the one that stands for it
			lines[i].Firm = e.ID
		}
	}
	b, err := s.books(ctx, view)
	if err != nil {
		return nil, err
	}
	settled, err := settledOf(ctx, s.DB.Read(), l.Bank)
	if err != nil {
		return nil, err
	}
	kind, err := s.gives(ctx, s.DB.Read(), l.Bank)
	if err != nil {
		return nil, err
	}
	entered := b.contracts(l.Bank)
	for i, x := range lines {
		lines[i].ours = x.Contract != "" && entered[content.Fold(x.Contract)]
	}
	return compare(lines, b.own(kind, l.Bank, l.AsOf), settled, l.AsOf), nil
}

// contracts are the numbers, as they are compared, of the contracts that a bank has entered.
func (b *books) contracts(bank string) map[string]bool {
	all := map[string]bool{}
	for _, f := range b.firms {
		for _, c := range f.contracts {
			if c.bank == bank {
				all[c.key] = true
			}
		}
	}
	return all
}

// settledOf is what was settled last of the differences with a bank.
func settledOf(ctx context.Context, q store.Querier, bank string) (map[string]Settlement, error) {
	all, err := store.List(ctx, q, func(r *store.Rows) (x Settlement, err error) {
		return x, r.Scan(&x.ID, &x.List, &x.N, &x.Loan, &x.Difference, &x.How, &x.Reason, &x.Source, &x.At, &x.By)
	}, settlementsOf, bank)
	out := map[string]Settlement{}
	for _, x := range all {
		out[x.Difference] = x
	}
	return out, err
}

// own is what is known of the loans of a bank, or the leases of a lessor, at the end of a day.
func (b *books) own(kind Kind, bank string, on period.Day) []Own {
	var all []Own
	for _, f := range b.firms {
		for _, l := range f.loans {
			if l.by.Key != bank || l.kind != kind {
				continue
			}
			o := Own{
				Loan: l.subject, Firm: f.firm, Number: l.number, Line: unsaid, Principal: unsaid, DrawnOn: unsaid, PPM: l.ppm, Balance: unsaid, Twice: l.twice,
				gone: l.gone, expected: !l.gone && !l.clear && l.repaid == 0,
			}
			if l.contract != nil {
				o.Case, o.Contract, o.Line = l.contract.id, l.contract.number, l.contract.line
			}
			if l.clear {
				o.Principal, o.DrawnOn, o.Balance = l.principal, l.drawn, l.outstanding(on)
				o.expected = !l.gone && o.Balance > 0
			}
			all = append(all, o)
		}
	}
	return all
}

// holder is whose loan a row is about. A bank reads of a loan that is none of ours what its own list says: no more of an enterprise than
// it knew.
func holder(view fact.View, scope access.Scope, r Row) Holder {
	id := int64(0)
	switch {
	case r.Own != nil:
		id = r.Own.Firm
	case scope.Role() == access.Bank:
		return Holder{Name: r.Line.Name, USCC: r.Line.USCC, Listed: true}
	default:
		id = r.Line.Firm
	}
	if e, ok := view.Enterprise(id); ok {
		return Holder{ID: e.ID, Name: e.Name, USCC: string(e.USCC), Area: e.Area}
	}
	return Holder{Name: r.Line.Name, USCC: r.Line.USCC}
}

// Choice is what is to be done about a row.
type Choice struct {
	N          int    // line; 0 for a loan that the bank does not list
	Loan       int64  // of ours; 0 for none
	Difference string // as it was shown: another one by now is not settled
	How        How
	Reason     string // why ours stays
}

// maxChoices is how many rows are settled at once.
const maxChoices = 1000

// Settle does what was chosen about differences of a list: all of it, or nothing. What is accepted of the bank becomes facts by its
// authority, with the file and the cell; a drawdown that the bank has entered is corrected so that it comes to what the list says, with
// one repayment more where the balance of a loan asks for it; of a lease a lower balance alone becomes known, as the lessor enters its rents, and
// a higher one is refused. Forbidden for who may not bring in data of the firm's area, Conflict where a
// difference is not what was shown any more, or where the contract does not allow what the list says.
func (s *Store) Settle(ctx context.Context, scope access.Scope, cases *casework.Store, id int64, choices []Choice) error {
	if len(choices) == 0 || len(choices) > maxChoices {
		return errs.Invalid(i18n.M("credit.settle_none", maxChoices))
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		st := settling{Store: s, tx: tx, scope: scope, cases: cases, sources: map[string]int64{}}
		return st.all(ctx, id, choices)
	})
	if err != nil {
		return fmt.Errorf("settle list %d: %w", id, err)
	}
	return s.Frames.Refresh(ctx)
}

// settling is differences being settled.
type settling struct {
	*Store
	tx      *store.Tx
	scope   access.Scope
	cases   *casework.Store
	list    List
	bank    string           // what it is called
	kind    Kind             // of what the list is
	view    fact.View        // to the product itself
	sources map[string]int64 // of what is accepted, by area
}

func (st *settling) all(ctx context.Context, id int64, choices []Choice) error {
	if err := lockList(ctx, st.tx, id); err != nil {
		return err
	}
	r, err := st.Reconciliation(ctx, st.scope, id)
	if err != nil {
		return err
	}
	switch {
	case !r.Last:
		return errs.Conflict(i18n.M("credit.list_old", r.Month().String()))
	case r.vouched(st.scope.Account()):
		return errs.Conflict(i18n.M("credit.settle_own"))
	}
	st.list, st.bank = r.List, r.Of.Name.ZH
	if st.kind, err = st.gives(ctx, st.tx, st.list.Bank); err != nil {
		return err
	}
	if st.view, err = st.Frames.For(ctx, access.SystemScope(), 0); err != nil {
		return err
	}
	for _, c := range choices {
		i := slices.IndexFunc(r.Rows, func(x Row) bool {
			return (x.Line == nil && c.N == 0 || x.Line != nil && x.Line.N == c.N) && (x.Own == nil && c.Loan == 0 || x.Own != nil && x.Own.Loan == c.Loan)
		})
		switch {
		case i < 0 || r.Rows[i].Difference != c.Difference || c.Difference == "":
			return errs.Conflict(i18n.M("credit.settle_stale", c.N))
		case !st.reaches(st.scope, access.Import, r.Rows[i].Firm):
			return errs.Forbidden(string(access.Import))
		}
		if err := st.one(ctx, r.Rows[i], c); err != nil {
			return err
		}
	}
	return nil
}

const settledUnder = `SELECT COUNT(*) FROM credit_settlement WHERE source = $1`

// holds refuses to take back what was accepted of a list: the drawdowns that were corrected with it would tell otherwise.
func (s *Store) holds(ctx context.Context, tx *store.Tx, src source.Source) error {
	if src.Kind != source.Entry || src.Authority != bankAuthority {
		return nil
	}
	var n int
	if err := tx.QueryRow(ctx, settledUnder, src.ID).Scan(&n); err != nil {
		return fmt.Errorf("look for what source %d settled: %w", src.ID, err)
	}
	if n > 0 {
		return errs.Conflict(i18n.M("credit.settled_under", src.Name))
	}
	return nil
}

// lockList keeps others from settling anything with the bank of a list, and it from sending another one.
func lockList(ctx context.Context, tx *store.Tx, id int64) error {
	l, err := scanList(tx.QueryRow(ctx, listByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return errs.NotFound("list of loans", id)
	}
	if err != nil {
		return fmt.Errorf("read list %d: %w", id, err)
	}
	return tx.Lock(ctx, "credit lists of "+l.Bank)
}

func (st *settling) one(ctx context.Context, r Row, c Choice) error {
	reason := strings.TrimSpace(c.Reason)
	switch n := utf8.RuneCountInString(reason); {
	case c.How != TakeTheirs && c.How != KeptOurs:
		return errs.Invalid(i18n.M("credit.settle_how", string(c.How)))
	case c.How == KeptOurs && n == 0:
		return errs.Invalid(i18n.M("credit.settle_reason", r.Firm.Name))
	case n > maxReason:
		return errs.Invalid(i18n.M("credit.list_text", maxReason))
	}
	if msg, hindered := r.hinders(); hindered && c.How == TakeTheirs {
		return errs.Conflict(msg)
	}
	var said, made int64
	if c.How == TakeTheirs {
		loan, err := int64(0), error(nil)
		if said, loan, err = st.accept(ctx, r); err != nil {
			return err
		}
		if r.Own == nil {
			made = loan
		}
	}
	id, err := st.tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	_, err = st.tx.Exec(ctx, insertSettlement, id, st.list.ID, st.list.Bank, c.N, c.Loan, c.Difference, string(c.How), reason, said, made, st.Clock.Millis(), st.scope.Account())
	if err != nil {
		return fmt.Errorf("write settlement: %w", err)
	}
	audit.Note(st.tx, loggedSettlement, id)
	return nil
}

// maxReason is how many characters a reason has.
const maxReason = 2000

// accept makes what the list says of a row known, and gives the source under which it is and the loan.
func (st *settling) accept(ctx context.Context, r Row) (src, loan int64, err error) {
	if src, err = st.source(ctx, r.Firm.Area); err != nil {
		return 0, 0, err
	}
	all, loan, err := st.says(ctx, src, r)
	if err != nil {
		return 0, 0, err
	}
	for i := range all {
		all[i].Subject, all[i].Place = loan, r.Line.Place
	}
	if err := st.Facts.Say(ctx, st.tx, src, all); err != nil {
		return 0, 0, err
	}
	t, firm, under := st.kind.tells(), r.Line.Firm, r.Line.Contract
	if r.Own != nil {
		firm, under = r.Own.Firm, st.view.Value(loan, st.kind.tells().under, period.Period{}).Value.Text
	}
	for _, id := range st.sheets(st.view, st.kind, firm, st.list.Bank, under, all) {
		if err := st.cases.Doubt(ctx, st.tx, firm, id, st.kind.redrawn(under)); err != nil {
			return 0, 0, err
		}
	}
	if r.Own == nil {
		return src, loan, nil
	}
	return src, loan, st.cases.Doubt(ctx, st.tx, r.Own.Firm, loan, "按"+t.lender+"清单更正了"+t.drawdown+" "+r.Line.Voucher)
}

// source is what is accepted in an area: by the bank's authority, under the name and the hash of its file.
func (st *settling) source(ctx context.Context, area string) (int64, error) {
	if id, ok := st.sources[area]; ok {
		return id, nil
	}
	src, err := st.Sources.Say(ctx, st.tx, source.Source{
		Kind: source.Entry, Authority: bankAuthority, Name: st.list.Name, SHA256: st.list.SHA256, Actor: st.scope.Account(), Area: area,
		Note: fmt.Sprintf("%s %s %s清单，第 %d 版", st.bank, st.list.Month(), st.kind.tells().noun, st.list.Revision),
	})
	st.sources[area] = src.ID
	return src.ID, err
}

// says is what follows from a line, and the loan that it is about.
func (st *settling) says(ctx context.Context, src int64, r Row) ([]fact.Statement, int64, error) {
	switch {
	case r.Own == nil:
		return st.begins(ctx, src, *r.Line)
	case r.Own.Case != 0:
		all, err := st.restates(ctx, *r.Line, *r.Own)
		return all, r.Own.Loan, err
	}
	all := st.states(*r.Line)
	if repaid := st.kind.tells().repaidOn; r.Line.Balance > 0 {
		if c := st.view.Value(r.Own.Loan, repaid, period.Period{}); c.Known && period.Day(c.Value.Num) <= st.list.AsOf {
			all = append(all, fact.Statement{Def: repaid, State: fact.None})
		}
	}
	return all, r.Own.Loan, nil
}

// states are the facts that a line says of a loan.
func (st *settling) states(x Line) []fact.Statement {
	num := func(def string, p period.Period, n int64) fact.Statement {
		return fact.Statement{Def: def, Period: p, State: fact.Present, Value: fact.Value{Num: n}}
	}
	var always period.Period
	t := st.kind.tells()
	all := []fact.Statement{
		num(t.principal, always, int64(x.Principal)), num(t.drawnOn, always, int64(x.DrawnOn)), num(t.balance, st.list.Month(), int64(x.Balance)),
	}
	if x.PPM != unsaid {
		all = append(all, num(t.rate, always, x.PPM))
	}
	return all
}

// begins is the facts of a loan that only the bank knows. Conflict where the firm has one of another bank under its number.
func (st *settling) begins(ctx context.Context, src int64, x Line) ([]fact.Statement, int64, error) {
	ids, err := st.Parties.Say(ctx, st.tx, src, []party.NewSubject{{Kind: string(st.kind), Parent: x.Firm, Key: content.Fold(x.Voucher)}})
	if err != nil {
		return nil, 0, err
	}
	if err := st.ofOneBank(ctx, st.tx, st.view, st.list.Bank, Drawdown{Kind: st.kind, Subject: ids[0], Voucher: x.Voucher}); err != nil {
		return nil, 0, err
	}
	t := st.kind.tells()
	text := func(def, s string) fact.Statement {
		return fact.Statement{Def: def, State: fact.Present, Value: fact.Value{Text: s}, Shown: s}
	}
	all := append(st.states(x), text(t.contract, st.kind.numbered(x.Contract, x.Voucher)), text(t.bank, st.bank))
	if x.Contract != "" {
		all = append(all, text(t.under, x.Contract))
	}
	return all, ids[0], nil
}

// restates corrects a drawdown that the bank has entered, so that it comes to what its list says.
func (st *settling) restates(ctx context.Context, x Line, o Own) ([]fact.Statement, error) {
	c, all, err := st.under(ctx, st.tx, o.Case)
	if err != nil {
		return nil, err
	}
	switch of, _, err := st.cases.Get(ctx, access.SystemScope(), o.Case); {
	case err != nil:
		return nil, err
	case of.Ended != "":
		return nil, errs.Conflict(i18n.M("credit.settle_ended", x.Voucher))
	}
	i := slices.IndexFunc(all, func(d Drawdown) bool { return d.Subject == o.Loan })
	if i < 0 || all[i].Gone {
		return nil, errs.Conflict(i18n.M("credit.settle_stale", x.N))
	}
	was, before, now, by := slices.Clone(all), all[i], all[i], st.scope.Account()
	now.Principal, now.DrawnOn = x.Principal, x.DrawnOn
	if x.PPM != unsaid {
		now.PPM = x.PPM
	}
	why := fmt.Sprintf("按%s %s %s清单更正", st.kind.tells().lender, st.list.Month(), st.kind.tells().noun)
	if now.Terms != before.Terms {
		if err := st.restateDrawdown(ctx, st.tx, now, why, by); err != nil {
			return nil, err
		}
	}
	switch paid := now.Outstanding(st.list.AsOf) - x.Balance; {
	case st.kind == Lease && paid < 0: // a rent less, which the lessor alone knows
		return nil, errs.Conflict(i18n.M("credit.settle_balance", x.Voucher, x.Balance.In(wan), now.Outstanding(st.list.AsOf).In(wan)))
	case st.kind == Lease: // what was paid, and when, is the cost of the lease: no list says that
	case paid != 0:
		r := Repayment{N: maxRepayments, Paid: Paid{PaidOn: st.list.AsOf, Principal: paid}}
		if r.ID, err = st.tx.NextIDs(ctx, 1); err != nil {
			return nil, err
		}
		now = now.with(r)
		if err := st.writeRepayment(ctx, st.tx, now.ID, r, by); err != nil {
			return nil, err
		}
	}
	all[i] = now
	if msg, broken := c.breaks(was, all); broken {
		return nil, errs.Conflict(i18n.M("credit.settle_breaks", x.Voucher, msg))
	}
	return st.besides(x, o, now, now.restates(before)), nil
}

// besides is what a corrected drawdown states, with what a sheet may have told otherwise than the bank entered it: the balance at the end
// of the list's month, and that it is not repaid as long as any is left. The balance is the list's also where rents of a lease are not entered.
func (st *settling) besides(x Line, o Own, now Drawdown, all []fact.Statement) []fact.Statement {
	t := st.kind.tells()
	balance := now.balance(st.list.AsOf)
	balance.Value.Num = int64(x.Balance)
	all = append(slices.DeleteFunc(all, func(f fact.Statement) bool { return f.Def == balance.Def && f.Period == balance.Period }), balance)
	all = append(all, now.idle(st.view, st.Clock.Today())...)
	repaid := st.view.Value(o.Loan, t.repaidOn, period.Period{})
	if x.Balance > 0 && repaid.Known && !says(all, t.repaidOn, period.Period{}) {
		all = append(all, now.none(t.repaidOn, period.Period{}))
	}
	return all
}

// Close keeps that nothing is open of a list. Conflict as long as anything is; Forbidden for who does not see all of it or may not bring
// in data where it lies.
func (s *Store) Close(ctx context.Context, scope access.Scope, id int64) error {
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := lockList(ctx, tx, id); err != nil {
			return err
		}
		r, err := s.Reconciliation(ctx, scope, id)
		if err != nil {
			return err
		}
		others := slices.ContainsFunc(r.Rows, func(x Row) bool { return !s.reaches(scope, access.Import, x.Firm) })
		switch {
		case !r.Whole || others || !scope.Can(access.Import):
			return errs.Forbidden(string(access.Import))
		case !r.Last:
			return errs.Conflict(i18n.M("credit.list_old", r.Month().String()))
		case r.vouched(scope.Account()):
			return errs.Conflict(i18n.M("credit.settle_own"))
		case r.Open() > 0:
			return errs.Conflict(i18n.M("credit.still_open", r.Open()))
		case r.Closed():
			return nil
		}
		n, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertReconciled, n, r.ID, r.Counts[Agrees], r.Counts[Kept], s.Clock.Millis(), scope.Account())
		if err != nil {
			return err
		}
		audit.Note(tx, loggedReconciled, n)
		return nil
	})
	if err != nil {
		return fmt.Errorf("close list %d: %w", id, err)
	}
	return nil
}

// ListFile opens the file of a list as it came, for who sees all of it. The caller closes it.
func (s *Store) ListFile(ctx context.Context, scope access.Scope, id int64) (List, *os.File, error) {
	r, err := s.Reconciliation(ctx, scope, id)
	if err != nil {
		return List{}, nil, err
	}
	if !r.Whole {
		return List{}, nil, errs.Forbidden(string(access.ReadLoans))
	}
	f, err := s.Files.Get(r.SHA256)
	return r.List, f, err
}

// LastMonth is the last month that is over: of which a bank may send its list.
func (s *Store) LastMonth() period.Period {
	today := s.Clock.Today()
	if today == lastOf(today) {
		return monthOf(today)
	}
	first, _, _ := monthOf(today).Span()
	return monthOf(first - 1)
}

// MaySettle says that the scope may settle what differs in a row of a list.
func (s *Store) MaySettle(scope access.Scope, l List, r Row) bool {
	return !l.vouched(scope.Account()) && s.reaches(scope, access.Import, r.Firm)
}
