package subsidy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Item is a cost item as it is claimed: a line of an invoice, or a machine.
type Item struct {
	Kind    string // see Costs
	Label   string // what was bought
	Invoice string // number; of the older kind, its code and number
	On      period.Day
	Seller  string
	Serial  string // of a machine
	Amount  money.Fen
}

// maxCosts is how many cost items one application may have: each takes up to two claims of the 500 of a promise.
const maxCosts = 240

// Cost is a cost item and what was recognised of it.
type Cost struct {
	ID   int64
	Case int64
	N    int // from 1
	Item
	Ruled      bool
	Recognised money.Fen // all of it while nobody has ruled
	Cut        money.Fen
	Reason     string
	By         int64
	Role       string
	At         int64
	Report     string // hash of a file of the case

	invoiceKey, serialKey string
	invoiceNo, serialNo   string
}

// number is a number as it is compared: letters and digits, capital, half width. O and 0 stay apart.
func number(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, content.Fold(s))
}

// ownNumber is how many digits tell an invoice apart from those of all sellers: 20 of a digital one, 18 to 20 of code and
// number of the older kind. A shorter one is told apart by its seller too.
const ownNumber = 18

// keys are what tells an item apart from all others, "" for none.
func (it Item) keys() (invoice, serial string) {
	if n := number(it.Invoice); n != "" {
		invoice = n
		if len(n) < ownNumber {
			invoice += "/" + content.Fold(it.Seller)
		}
	}
	if n := number(it.Serial); n != "" {
		serial = n + "/" + content.Fold(it.Seller)
	}
	return invoice, serial
}

// checkItems says which items will not do, all at once.
func (s *Store) checkItems(items []Item) error {
	if len(items) > maxCosts {
		return errs.Invalid(i18n.M("subsidy.too_many_items", len(items), maxCosts))
	}
	invoices, serials := map[string]int{}, map[string]int{}
	for i, it := range items {
		if err := s.checkItem(it); err != nil {
			return errs.Invalid(i18n.M("subsidy.item_at", i+1, messageOf(err)))
		}
		invoice, serial := it.keys()
		invoice += "/" + content.Fold(it.Label) // an invoice has several lines
		if j, twice := invoices[invoice]; twice && serial == "" {
			return errs.Invalid(i18n.M("subsidy.item_twice", i+1, j))
		}
		if j, twice := serials[serial]; twice && serial != "" {
			return errs.Invalid(i18n.M("subsidy.item_twice", i+1, j))
		}
		invoices[invoice], serials[serial] = i+1, i+1
	}
	return nil
}

func (s *Store) checkItem(it Item) error {
	kind, ok := s.Costs.Kind(it.Kind)
	switch {
	case !ok:
		return errs.Invalid(i18n.M("subsidy.no_kind", it.Kind))
	case strings.TrimSpace(it.Label) == "":
		return errs.Invalid(i18n.M("subsidy.item_label"))
	case number(it.Invoice) == "":
		return errs.Invalid(i18n.M("subsidy.item_invoice"))
	case kind.Serial && number(it.Serial) == "":
		return errs.Invalid(i18n.M("subsidy.item_serial", kind.Name))
	case len(number(it.Invoice)) < ownNumber && content.Fold(it.Seller) == "":
		return errs.Invalid(i18n.M("subsidy.item_seller", it.Invoice))
	case it.Amount <= 0:
		return errs.Invalid(i18n.M("subsidy.item_amount"))
	case it.On == 0 || it.On > s.today():
		return errs.Invalid(i18n.M("subsidy.item_day", s.today().String()))
	}
	for field, text := range map[string]string{"subsidy.field_label": it.Label, "subsidy.field_seller": it.Seller} {
		if err := limited(field, text, maxName); err != nil {
			return err
		}
	}
	for field, text := range map[string]string{"subsidy.field_invoice": it.Invoice, "subsidy.field_serial": it.Serial} {
		if err := limited(field, text, maxNumber); err != nil {
			return err
		}
	}
	return nil
}

func messageOf(err error) any {
	if msg, ok := errs.Message(err); ok {
		return msg
	}
	return err.Error()
}

// asked says whether the items are of kinds that the clause counts on, and of its year; and that there are some where it
// counts on any.
func (s *Store) asked(a *Assessment, items []Item) error {
	kinds := s.Costs.Asked(a.Plan.Policy, a.Clause)
	if len(kinds) > 0 && len(items) == 0 {
		return errs.Invalid(i18n.M("subsidy.items_missing", s.clauseName(a), names(kinds)))
	}
	c, _ := a.Plan.Policy.Clause(a.Clause)
	for i, it := range items {
		if !slices.ContainsFunc(kinds, func(k Kind) bool { return k.ID == it.Kind }) {
			return errs.Invalid(i18n.M("subsidy.item_not_asked", i+1, it.Label, names(kinds)))
		}
		if c.Event == "yearly" && it.On.Year() != a.Year {
			return errs.Invalid(i18n.M("subsidy.item_year", i+1, it.Label, it.On.String(), a.Year))
		}
	}
	return nil
}

func names(kinds []Kind) i18n.Text {
	var zh, en []string
	for _, k := range kinds {
		zh, en = append(zh, k.Name.ZH), append(en, k.Name.EN)
	}
	return i18n.Text{ZH: strings.Join(zh, "、"), EN: strings.Join(en, ", ")}
}

// claimedBy is what items add up to by kind.
func claimedBy(items []Item) map[string]money.Fen {
	sums := map[string]money.Fen{}
	for _, it := range items {
		sums[it.Kind] += it.Amount // 240 items of what fits a cell fit
	}
	return sums
}

// recognisedOf is what was recognised of items by kind.
func recognisedOf(costs []Cost) map[string]money.Fen {
	sums := map[string]money.Fen{}
	for _, c := range costs {
		sums[c.Kind] += c.Recognised
	}
	return sums
}

const (
	costColumns = `SELECT c.id, c.case_id, c.n, c.kind, c.label, c.invoice, c.invoiced_on, c.seller, c.serial, c.fen, c.invoice_key, c.serial_key, c.invoice_no, c.serial_no,
		COALESCE(r.id, 0), COALESCE(r.fen, c.fen), COALESCE(r.reason, ''), COALESCE(r.by_account, 0), COALESCE(r.role, ''), COALESCE(r.at, 0), COALESCE(r.report, '')
		FROM subsidy_cost c LEFT JOIN subsidy_ruling r ON r.cost_id = c.id AND r.id = (SELECT MAX(x.id) FROM subsidy_ruling x WHERE x.case_id = c.case_id AND x.cost_id = c.id)`
	costsByCase = costColumns + ` WHERE c.case_id = $1 AND c.dropped = 0 ORDER BY c.n`
	dropCosts   = `UPDATE subsidy_cost SET dropped = 1 WHERE case_id = $1 AND dropped = 0`
	costCount   = `SELECT COALESCE(MAX(n), 0) FROM subsidy_cost WHERE case_id = $1`
)

var costNames = []string{"id", "case_id", "n", "kind", "label", "invoice", "invoiced_on", "seller", "serial", "fen", "invoice_key", "serial_key", "invoice_no", "serial_no", "dropped"}

func (s *Store) insertItems(ctx context.Context, tx *store.Tx, id int64, items []Item) error {
	if len(items) == 0 {
		return nil
	}
	var before int
	if err := tx.QueryRow(ctx, costCount, id).Scan(&before); err != nil {
		return fmt.Errorf("enter cost items: %w", err)
	}
	first, err := tx.NextIDs(ctx, int64(len(items)))
	if err != nil {
		return err
	}
	for i := range items {
		audit.Note(tx, loggedCost, first+int64(i))
	}
	err = tx.InsertRows(ctx, "subsidy_cost", costNames, func(yield func([]any) bool) {
		for i, it := range items {
			invoice, serial := it.keys()
			if !yield([]any{
				first + int64(i), id, int32(before + i + 1), it.Kind, it.Label, it.Invoice, it.On.String(), it.Seller, it.Serial, int64(it.Amount),
				invoice, serial, number(it.Invoice), number(it.Serial), int32(0),
			}) {
				return
			}
		}
	})
	return noted("enter cost items", err)
}

// Correct puts other cost items in the place of those of an open application that was sent back. What was ruled stays with
// the items that it was about.
func (s *Store) Correct(ctx context.Context, tx *store.Tx, id, by int64, items []Item) error {
	a, err := applicationOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if err := s.checkItems(items); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, dropCosts, id); err != nil {
		return fmt.Errorf("correct cost items: %w", err)
	}
	if err := s.insertItems(ctx, tx, id, items); err != nil {
		return err
	}
	out, err := s.again(ctx, tx, a)
	if err != nil {
		return err
	}
	if err := s.asked(out, items); err != nil {
		return err
	}
	_, _, err = s.Reassess(ctx, tx, id, by, Submitted, "")
	return err
}

func costsOf(ctx context.Context, q store.Querier, id int64) ([]Cost, error) {
	rows, err := q.Query(ctx, costsByCase, id)
	if err != nil {
		return nil, fmt.Errorf("read cost items: %w", err)
	}
	defer rows.Close()
	var all []Cost
	for rows.Next() {
		var c Cost
		var on string
		var ruling int64
		if err := rows.Scan(&c.ID, &c.Case, &c.N, &c.Kind, &c.Label, &c.Invoice, &on, &c.Seller, &c.Serial, &c.Amount, &c.invoiceKey, &c.serialKey, &c.invoiceNo, &c.serialNo,
			&ruling, &c.Recognised, &c.Reason, &c.By, &c.Role, &c.At, &c.Report); err != nil {
			return nil, fmt.Errorf("read cost items: %w", err)
		}
		if c.On, err = period.ParseDay(on); err != nil {
			return nil, fmt.Errorf("read cost items: %w", err)
		}
		c.Ruled, c.Cut = ruling != 0, c.Amount-c.Recognised
		all = append(all, c)
	}
	return all, noted("read cost items", rows.Err())
}

// CostsOf is the cost items of an application, with what was recognised of them.
func (s *Store) CostsOf(ctx context.Context, scope access.Scope, id int64) ([]Cost, error) {
	if _, err := s.Application(ctx, scope, id); err != nil {
		return nil, err
	}
	return costsOf(ctx, s.DB.Read(), id)
}

// Ruling is what somebody recognises of a cost item.
type Ruling struct {
	N      int // of the item
	Amount money.Fen
	Reason string // of a cut
}

// Judge is who rules on cost items, in which role, on which report.
type Judge struct {
	By     int64
	Role   access.Role
	Report string // hash of a file of the case; "" for none
}

const insertRuling = `INSERT INTO subsidy_ruling (id, cost_id, case_id, at, by_account, role, fen, reason, report) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// Rule enters rulings on cost items of an open application: never more than was claimed, and a cut always with its reason.
func (s *Store) Rule(ctx context.Context, tx *store.Tx, id int64, by Judge, rulings []Ruling) error {
	a, err := applicationOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if a.Standing != Open {
		return errs.Conflict(i18n.M("subsidy.not_open", i18n.M("subsidy.standing_"+a.Standing)))
	}
	costs, err := costsOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if len(rulings) == 0 || len(rulings) > len(costs) {
		return errs.Invalid(i18n.M("subsidy.rulings", len(costs)))
	}
	first, err := tx.NextIDs(ctx, int64(len(rulings)))
	if err != nil {
		return err
	}
	for i, r := range rulings {
		at := slices.IndexFunc(costs, func(c Cost) bool { return c.N == r.N })
		if at < 0 {
			return errs.Invalid(i18n.M("subsidy.no_such_cost", r.N))
		}
		c := costs[at]
		reason := strings.TrimSpace(r.Reason)
		switch {
		case r.Amount < 0 || r.Amount > c.Amount:
			return errs.Invalid(i18n.M("subsidy.ruling_amount", c.N, c.Label, c.Amount))
		case r.Amount < c.Amount && reason == "":
			return errs.Invalid(i18n.M("subsidy.ruling_reason", c.N, c.Label))
		}
		if err := limited("subsidy.field_reason", reason, maxText); err != nil {
			return err
		}
		audit.Note(tx, loggedRuling, first+int64(i))
		if _, err := tx.Exec(ctx, insertRuling, first+int64(i), c.ID, id, s.Clock.Millis(), by.By, string(by.Role), int64(r.Amount), reason, by.Report); err != nil {
			return fmt.Errorf("rule on a cost item: %w", err)
		}
	}
	return nil
}

// RuleRest recognises in full what nobody has ruled on, and decides again.
func (s *Store) RuleRest(ctx context.Context, tx *store.Tx, id int64, by Judge) (before, after money.Fen, err error) {
	costs, err := costsOf(ctx, tx, id)
	if err != nil {
		return 0, 0, err
	}
	var rest []Ruling
	for _, c := range costs {
		if !c.Ruled {
			rest = append(rest, Ruling{N: c.N, Amount: c.Amount})
		}
	}
	if len(rest) > 0 {
		if err := s.Rule(ctx, tx, id, by, rest); err != nil {
			return 0, 0, err
		}
	}
	return s.Reassess(ctx, tx, id, by.By, Recognised, "")
}

// Twin is a cost item of another application that shares its invoice or its serial number with one of this.
type Twin struct {
	N          int // of the item of this application
	Case       int64
	Enterprise int64
	Area       string
	Clause     string
	Year       int
	Standing   string
	Label      string
	Invoice    string
	Serial     string
	Amount     money.Fen
	ByInvoice  bool
	BySerial   bool
}

const twins = `SELECT c.n, d.case_id, a.enterprise, a.area, a.clause, a.year, a.standing, d.label, d.invoice, d.serial, d.fen,
		CASE WHEN d.invoice_no = c.invoice_no THEN 1 ELSE 0 END, CASE WHEN d.serial_no = c.serial_no AND c.serial_no <> '' THEN 1 ELSE 0 END
	FROM subsidy_cost c JOIN subsidy_cost d ON d.case_id <> c.case_id AND d.dropped = 0 AND (d.invoice_no = c.invoice_no OR c.serial_no <> '' AND d.serial_no = c.serial_no)
	JOIN subsidy_application a ON a.case_id = d.case_id WHERE c.case_id = $1 AND c.dropped = 0 ORDER BY c.n, d.case_id, d.n`

// Twins is the cost items of other applications, of any area and any year, with an invoice or serial number of this one. It
// is for those who check applications: an official of one county learns that another county has the same invoice.
func (s *Store) Twins(ctx context.Context, scope access.Scope, id int64) ([]Twin, error) {
	a, err := s.Application(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	if !scope.Sees(access.HandleCase, a.Area, 0) && !scope.Sees(access.ReadFund, a.Area, 0) {
		return nil, errs.Forbidden("see cost items of other applications")
	}
	return s.twinsOf(ctx, s.DB.Read(), id)
}

func (s *Store) twinsOf(ctx context.Context, q store.Querier, id int64) ([]Twin, error) {
	rows, err := q.Query(ctx, twins, id)
	if err != nil {
		return nil, fmt.Errorf("look for the same cost items: %w", err)
	}
	defer rows.Close()
	var all []Twin
	for rows.Next() {
		var t Twin
		var byInvoice, bySerial int
		if err := rows.Scan(&t.N, &t.Case, &t.Enterprise, &t.Area, &t.Clause, &t.Year, &t.Standing, &t.Label, &t.Invoice, &t.Serial, &t.Amount, &byInvoice, &bySerial); err != nil {
			return nil, fmt.Errorf("look for the same cost items: %w", err)
		}
		t.ByInvoice, t.BySerial = byInvoice == 1, bySerial == 1
		all = append(all, t)
	}
	return all, noted("look for the same cost items", rows.Err())
}

// Bought is what an application names of one seller.
type Bought struct {
	Case       int64
	Enterprise int64
	Year       int
	Seller     string // as it is written on the invoices
	Amount     money.Fen
}

const boughtOf = `SELECT c.case_id, a.enterprise, a.year, c.seller, CAST(SUM(c.fen) AS BIGINT)
	FROM subsidy_cost c JOIN subsidy_application a ON a.case_id = c.case_id
	WHERE c.dropped = 0 AND c.seller <> '' AND a.standing <> 'closed' AND `

// Bought is what applications that stand name of each seller, as far as the scope may read them, in order of case and seller.
func (s *Store) Bought(ctx context.Context, scope access.Scope) ([]Bought, error) {
	where, args := scope.Where(access.ReadCase, "a.area", "a.enterprise", nil)
	rows, err := s.DB.Read().Query(ctx, boughtOf+where+" GROUP BY c.case_id, a.enterprise, a.year, c.seller ORDER BY c.case_id, c.seller", args...)
	if err != nil {
		return nil, fmt.Errorf("read sellers: %w", err)
	}
	defer rows.Close()
	var all []Bought
	for rows.Next() {
		var x Bought
		if err := rows.Scan(&x.Case, &x.Enterprise, &x.Year, &x.Seller, &x.Amount); err != nil {
			return nil, fmt.Errorf("read sellers: %w", err)
		}
		all = append(all, x)
	}
	return all, noted("read sellers", rows.Err())
}

// Invoiced is a cost item of an application whose invoice another application names too.
type Invoiced struct {
	Key        string // the same for items of one invoice
	Case       int64
	Enterprise int64
	Year       int
	Label      string
	Invoice    string
	Amount     money.Fen
}

const sharedInvoices = `SELECT c.invoice_key, c.case_id, a.enterprise, a.year, c.label, c.invoice, c.fen
	FROM subsidy_cost c JOIN subsidy_application a ON a.case_id = c.case_id
	WHERE c.dropped = 0 AND c.invoice_key <> '' AND a.standing <> 'closed' AND EXISTS (SELECT 1 FROM subsidy_cost d
		WHERE d.invoice_no = c.invoice_no AND d.invoice_key = c.invoice_key AND d.case_id <> c.case_id AND d.dropped = 0) AND `

// SharedInvoices is the cost items of applications that stand whose invoice another application names, as far as the scope may
// read them, those of one invoice together. Of an invoice that lies in part beyond the scope the rest stands alone.
func (s *Store) SharedInvoices(ctx context.Context, scope access.Scope) ([]Invoiced, error) {
	where, args := scope.Where(access.ReadCase, "a.area", "a.enterprise", nil)
	rows, err := s.DB.Read().Query(ctx, sharedInvoices+where+" ORDER BY c.invoice_key, c.case_id, c.n", args...)
	if err != nil {
		return nil, fmt.Errorf("look for shared invoices: %w", err)
	}
	defer rows.Close()
	var all []Invoiced
	for rows.Next() {
		var x Invoiced
		if err := rows.Scan(&x.Key, &x.Case, &x.Enterprise, &x.Year, &x.Label, &x.Invoice, &x.Amount); err != nil {
			return nil, fmt.Errorf("look for shared invoices: %w", err)
		}
		all = append(all, x)
	}
	return all, noted("look for shared invoices", rows.Err())
}
