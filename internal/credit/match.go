package credit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// unsaid stands for an amount, a rate or a day that nobody told.
const unsaid = -1

// Line is a line of a bank's list: a drawdown as the bank knows it. Amounts, the rate and days are −1 where it does not say.
type Line struct {
	N         int
	Place     string // in the file
	USCC      string
	Name      string // of the enterprise
	Firm      int64  // 0 for a credit code of nobody on file
	Contract  string // number; "" where it does not say
	Voucher   string // number of the drawdown
	Line      money.Fen
	Principal money.Fen
	DrawnOn   period.Day
	PPM       int64
	Balance   money.Fen // at the end of the list's day

	ours bool // the bank entered its contract here
}

// Own is a loan as our records know it on the day of a list.
type Own struct {
	Loan      int64 // its subject
	Firm      int64
	Case      int64  // in which the bank entered it; 0 for one that came in a sheet or a list
	Number    string // of the drawdown, or whatever a sheet had
	Contract  string // number; "" where nobody said
	Line      money.Fen
	Principal money.Fen
	DrawnOn   period.Day
	PPM       int64
	Balance   money.Fen
	Twice     bool // drawdowns say the same money already

	gone, expected bool // expected: a list should have it
}

// Field is what a line and a loan may differ in.
type Field string

// The fields, in the order in which pages show them.
const (
	FieldFirm      Field = "firm"
	FieldContract  Field = "contract"
	FieldLine      Field = "line"
	FieldPrincipal Field = "principal"
	FieldDrawnOn   Field = "drawn_on"
	FieldRate      Field = "rate"
	FieldBalance   Field = "balance"
)

// stated says that a field is a fact of the loan, so that the bank's word on it can be taken. Firm, contract and line are those of the
// contract, which stands as it was entered.
func (f Field) stated() bool { return f != FieldFirm && f != FieldContract && f != FieldLine }

// pair is a line and the loan that it is; −1 stands for none.
type pair struct{ line, own int }

// number is the number of a loan as it is compared, of a firm or, where that is 0, of whichever.
type number struct {
	firm int64
	key  string
}

// match finds the loan of each line: the one of its firm under the number of the drawdown, also where it was taken back; else one of another
// firm under that number; else the one of its firm under the number of the contract. The latter two where there is one line and one such
// loan. Each line and each loan is in one pair.
func match(lines []Line, own []Own) []pair {
	m := matching{lines: lines, own: own, of: slices.Repeat([]int{-1}, len(lines)), taken: make([]bool, len(own))}
	for _, gone := range []bool{false, true} {
		m.by(false, func(l Line) number { return number{l.Firm, content.Fold(l.Voucher)} }, func(o Own) number {
			if o.gone != gone {
				return number{}
			}
			return number{o.Firm, content.Fold(o.Number)}
		})
	}
	m.by(true, func(l Line) number { return number{0, content.Fold(l.Voucher)} }, func(o Own) number {
		if o.gone {
			return number{}
		}
		return number{0, content.Fold(o.Number)}
	})
	m.by(true, func(l Line) number { return number{l.Firm, content.Fold(l.Contract)} }, func(o Own) number {
		if o.Case != 0 || o.gone {
			return number{} // it has a number of its own
		}
		return number{o.Firm, content.Fold(o.Number)}
	})
	var all []pair
	for i, o := range m.of {
		all = append(all, pair{i, o})
	}
	for o := range own {
		if !m.taken[o] {
			all = append(all, pair{-1, o})
		}
	}
	return all
}

// matching is a match in the making.
type matching struct {
	lines []Line
	own   []Own
	of    []int // the loan of each line
	taken []bool
}

// by pairs what is left and has the same number: in their order, or where only is true if there is one line and one loan of it.
func (m *matching) by(only bool, ofLine func(Line) number, ofOwn func(Own) number) {
	loans := map[number][]int{}
	for o, x := range m.own {
		if n := ofOwn(x); !m.taken[o] && !x.Twice && n.key != "" {
			loans[n] = append(loans[n], o)
		}
	}
	lines := map[number][]int{}
	for i, x := range m.lines {
		if n := ofLine(x); m.of[i] < 0 && n.key != "" && len(loans[n]) > 0 {
			lines[n] = append(lines[n], i)
		}
	}
	for n, of := range lines {
		if only && (len(of) > 1 || len(loans[n]) > 1) {
			continue
		}
		for k := range min(len(of), len(loans[n])) {
			m.of[of[k]], m.taken[loans[n][k]] = loans[n][k], true
		}
	}
}

// differs is in which fields a line and a loan differ, as far as the bank says them. What only the bank knows is a difference in the
// facts of a loan; the contract of a loan that came in a sheet is not known to us, and no difference.
func differs(l Line, o Own) []Field {
	var all []Field
	add := func(f Field, is bool) {
		if is {
			all = append(all, f)
		}
	}
	add(FieldFirm, l.Firm != o.Firm)
	add(FieldContract, l.Contract != "" && o.Contract != "" && content.Fold(l.Contract) != content.Fold(o.Contract))
	add(FieldLine, l.Line != unsaid && o.Line != unsaid && l.Line != o.Line)
	add(FieldPrincipal, l.Principal != unsaid && l.Principal != o.Principal)
	add(FieldDrawnOn, l.DrawnOn != unsaid && l.DrawnOn != o.DrawnOn)
	add(FieldRate, l.PPM != unsaid && l.PPM != o.PPM)
	add(FieldBalance, l.Balance != unsaid && l.Balance != o.Balance)
	return all
}

// difference says what differs, so that what was settled is known again as long as it stays the same. Balances are those of a day.
func difference(l *Line, o *Own, fields []Field, on period.Day) string {
	switch {
	case l == nil:
		return fmt.Sprintf("ours %d %s", o.Loan, on)
	case o == nil:
		return fmt.Sprintf("bank %s %s; principal %d; drawn_on %d; %s; balance %d", l.USCC, content.Fold(l.Voucher), int64(l.Principal), int64(l.DrawnOn), on, int64(l.Balance))
	}
	parts := []string{fmt.Sprintf("both %d", o.Loan)}
	for _, f := range fields {
		var x, y any
		switch f {
		case FieldFirm:
			x, y = l.Firm, o.Firm
		case FieldContract:
			x, y = content.Fold(l.Contract), content.Fold(o.Contract)
		case FieldLine:
			x, y = int64(l.Line), int64(o.Line)
		case FieldPrincipal:
			x, y = int64(l.Principal), int64(o.Principal)
		case FieldDrawnOn:
			x, y = int64(l.DrawnOn), int64(o.DrawnOn)
		case FieldRate:
			x, y = l.PPM, o.PPM
		case FieldBalance:
			parts = append(parts, on.String())
			x, y = int64(l.Balance), int64(o.Balance)
		}
		parts = append(parts, fmt.Sprintf("%s %v %v", f, x, y))
	}
	return strings.Join(parts, "; ")
}

// Standing is how a row of a reconciliation stands.
type Standing string

// The standings, the open ones first.
const (
	Differs  Standing = "differs"   // in some fields
	BankOnly Standing = "bank_only" // we do not have it
	OursOnly Standing = "ours_only" // the bank does not list it
	Kept     Standing = "kept"      // whatever differs, ours was kept for a reason
	Twice    Standing = "twice"     // our records say it a second time, by the number of its contract: it counts once
	Agrees   Standing = "agrees"
)

// Standings are all, in the order in which pages show them.
func Standings() []Standing { return []Standing{Differs, BankOnly, OursOnly, Kept, Twice, Agrees} }

// Open says that somebody has to settle it.
func (s Standing) Open() bool { return s == Differs || s == BankOnly || s == OursOnly }

// Row is a line of a bank's list beside the loan of ours that it is.
type Row struct {
	Line       *Line // nil where the bank does not list it
	Own        *Own  // nil where we do not have it
	Fields     []Field
	Difference string // what differs, in a form that is compared
	Standing   Standing
	Settled    *Settlement // what was settled last of what differs; nil for nothing
	Firm       Holder      // of ours, or else the one that the bank names
}

// Holder is an enterprise that has a loan, as whoever reads may know it.
type Holder struct {
	ID               int64 // 0 for one that is not on file
	Name, USCC, Area string
	Listed           bool // it is as the bank's own list has it, whether it is on file or not
}

// May says whether the bank's word can be taken on what differs.
func (r Row) May() bool {
	_, hindered := r.hinders()
	return !hindered
}

// hinders says why the bank's word cannot be taken on what differs; ok is false where nothing hinders. What belongs to a contract that the
// bank entered goes through its case, where the bounds of the contract hold.
func (r Row) hinders() (msg i18n.Msg, ok bool) {
	switch {
	case r.Line == nil || r.Standing != BankOnly && r.Standing != Differs && r.Standing != Kept:
		return i18n.M("credit.settle_cannot", r.Firm.Name), true
	case r.Own != nil && r.Own.Case != 0 && r.Own.gone:
		return i18n.M("credit.settle_gone", r.Line.Voucher), true
	case r.Line.ours && (r.Own == nil || r.Own.Case == 0):
		return i18n.M("credit.settle_contract", r.Line.Voucher, r.Line.Contract), true
	case r.Own == nil && r.Line.Firm == 0 || slices.ContainsFunc(r.Fields, func(f Field) bool { return !f.stated() }):
		return i18n.M("credit.settle_cannot", r.Firm.Name), true
	}
	return msg, false
}

// compare lays a list beside our loans, by standing and then as the list has them. settled is what was settled last, by difference.
func compare(lines []Line, own []Own, settled map[string]Settlement, on period.Day) []Row {
	var rows []Row
	for _, p := range match(lines, own) {
		r := Row{}
		if p.line >= 0 {
			r.Line = &lines[p.line]
		}
		if p.own >= 0 {
			r.Own = &own[p.own]
		}
		switch {
		case r.Own == nil:
			r.Standing = BankOnly
		case r.Line == nil && r.Own.Twice:
			r.Standing = Twice
		case r.Line == nil && !r.Own.expected:
			continue // a list of that day need not have it
		case r.Line == nil:
			r.Standing = OursOnly
		default:
			if r.Fields = differs(*r.Line, *r.Own); len(r.Fields) > 0 {
				r.Standing = Differs
			} else {
				r.Standing = Agrees
			}
		}
		if r.Standing.Open() {
			r.Difference = difference(r.Line, r.Own, r.Fields, on)
			if x, ok := settled[r.Difference]; ok && x.How == KeptOurs {
				r.Standing, r.Settled = Kept, &x
			}
		}
		rows = append(rows, r)
	}
	order := Standings()
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Compare(slices.Index(order, a.Standing), slices.Index(order, b.Standing))
	})
	return rows
}
