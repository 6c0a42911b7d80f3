package credit

import (
	"context"
	"errors"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Limits of a list.
const (
	maxLines  = 50_000
	maxFaults = 100
	maxNumber = 100 // characters of a number
	maxName   = 300 // characters of a name
)

// columns are those of a bank's list of loans, or a lessor's of leases.
var columns = sheet.Vocabulary{Columns: []sheet.Term{
	{ID: "voucher", Kind: sheet.KindCode, Labels: []string{"借据号", "借据编号", "借据号码", "放款编号", "放款流水号", "交付验收单号", "交付单号", "验收单号", "Drawdown number", "Delivery number", "Voucher"}},
	{ID: "contract", Kind: sheet.KindCode, Labels: []string{"合同编号", "合同号", "借款合同号", "借款合同编号", "授信合同编号", "贷款合同号", "租赁合同号", "租赁合同编号", "融资租赁合同号", "融资租赁合同编号", "Contract number", "Contract"}},
	{ID: "uscc", Kind: sheet.KindCode, Labels: []string{"统一社会信用代码", "社会信用代码", "信用代码", "客户证件号码", "Credit code", "USCC"}},
	{ID: "name", Kind: sheet.KindText, Labels: []string{"企业名称", "借款企业", "借款人", "借款人名称", "客户名称", "单位名称", "承租人", "承租企业", "Enterprise", "Borrower", "Lessee"}},
	{ID: "line", Kind: sheet.KindMoney, Unit: "元", Labels: []string{"授信额度", "授信金额", "合同金额", "合同额度", "合同融资额", "额度", "Credit line", "Line"}},
	{ID: "principal", Kind: sheet.KindMoney, Unit: "元", Labels: []string{"放款金额", "借据金额", "贷款金额", "发放金额", "贷款发放金额", "融资额", "融资金额", "租赁融资额", "租赁本金", "本金", "Principal", "Drawn", "Financed amount"}},
	{ID: "drawn_on", Kind: sheet.KindDate, Labels: []string{"放款日期", "发放日期", "贷款发放日期", "起始日期", "借据起始日", "放款日", "设备验收日期", "验收日期", "起租日期", "起租日", "Drawn on", "Drawdown date", "Accepted on"}},
	{ID: "rate", Kind: sheet.KindRate, Labels: []string{"年利率", "利率", "执行利率", "贷款利率", "执行年利率", "内部收益率", "租赁利率", "IRR", "Rate", "Interest rate"}},
	{ID: "balance", Kind: sheet.KindMoney, Unit: "元", Labels: []string{"余额", "贷款余额", "本金余额", "月末余额", "期末余额", "借据余额", "未还本金", "未收本金", "租赁余额", "剩余本金", "Balance", "Outstanding"}},
}}

// needed are the columns that a list must have; each of its lines says them too.
var needed = []string{"voucher", "uscc", "principal", "drawn_on", "balance"}

// ListFile is a list of a bank on the disk, with the name that its sender gave it.
type ListFile struct {
	Path, Name string
}

// listReader gathers what the lines of a list say.
type listReader struct {
	on     period.Day
	firms  map[party.USCC]int64
	book   *sheet.Book
	at     map[string]int // where a column stands in the layout
	layout *sheet.Layout
	seen   map[string]string // place of a drawdown, by its number
	lines  []Line
	faults []i18n.Msg
}

// errEnough ends the reading of a list.
var errEnough = errors.New("enough faults")

// readList reads a workbook or a .csv with a bank's loans as of a day. Where anything in it is wrong there are no lines, only what is
// wrong, each with its cell. What is no table, or lacks a column that is needed, is Invalid.
func (s *Store) readList(ctx context.Context, f ListFile, on period.Day) (lines []Line, faults []i18n.Msg, err error) {
	book, err := sheet.Open(f.Path, f.Name, sheet.Limits{File: sheet.FormLimit})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, nil, err
	}
	r := listReader{on: on, book: book, firms: map[party.USCC]int64{}, seen: map[string]string{}}
	for e := range view.Enterprises() {
		if e.USCC != "" {
			r.firms[e.USCC] = e.ID
		}
	}
	found := false
	for i := range book.Sheets() {
		l, err := sheet.Detect(ctx, book, i, columns)
		if errs.KindOf(err) == errs.KindInvalid {
			continue // a sheet without a table
		}
		if err != nil {
			return nil, nil, err
		}
		at, ok := l.Places(columns, needed...)
		if !ok {
			continue
		}
		found, r.layout, r.at = true, &l, at
		if err := r.sheet(ctx); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case !found:
		return nil, nil, errs.Invalid(i18n.M("credit.list_columns", f.Name))
	case len(r.faults) > 0:
		return nil, r.faults, nil
	case len(r.lines) == 0:
		return nil, nil, errs.Invalid(i18n.M("credit.list_empty", f.Name))
	}
	return r.lines, nil, nil
}

func (r *listReader) sheet(ctx context.Context) error {
	err := r.book.Records(ctx, r.layout, func(rec *sheet.Record) error {
		if rec.Kind != sheet.DataRow {
			return nil
		}
		if len(r.lines) == maxLines {
			return errs.Invalid(i18n.M("credit.list_long", r.book.Place(r.layout.Sheet, rec.Row, -1).String(), maxLines))
		}
		r.row(rec)
		if len(r.faults) >= maxFaults {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// row reads a line. Each cell that will not do is told.
func (r *listReader) row(rec *sheet.Record) {
	before := len(r.faults)
	l := Line{N: len(r.lines) + 1, Place: r.place(rec, "voucher"), Line: unsaid, PPM: unsaid}
	l.Voucher, l.Contract, l.Name = r.text(rec, "voucher", maxNumber), r.text(rec, "contract", maxNumber), r.text(rec, "name", maxName)
	if code := r.text(rec, "uscc", maxNumber); code != "" {
		uscc, found := party.ParseUSCC(code)
		if !found.Usable() {
			r.faults = append(r.faults, i18n.M("sheet.at", r.place(rec, "uscc"), found.Msg()))
		}
		l.USCC, l.Firm = string(uscc), r.firms[uscc]
	}
	if n, ok := r.number(rec, "line", sheet.KindMoney); ok {
		l.Line = money.Fen(n)
	}
	if n, ok := r.number(rec, "rate", sheet.KindRate); ok {
		l.PPM = n
	}
	principal, told := r.number(rec, "principal", sheet.KindMoney)
	day, _ := r.number(rec, "drawn_on", sheet.KindDate)
	balance, left := r.number(rec, "balance", sheet.KindMoney)
	l.Principal, l.DrawnOn, l.Balance = money.Fen(principal), period.Day(day), money.Fen(balance)
	switch {
	case len(r.faults) > before:
		return
	case l.DrawnOn > r.on:
		r.fault(rec, "drawn_on", "credit.list_later", l.DrawnOn.String(), r.on.String())
	case told && l.Principal == 0:
		r.fault(rec, "principal", "credit.list_nothing")
	case told && left && l.Balance > l.Principal:
		r.fault(rec, "balance", "credit.list_balance", l.Balance.String(), l.Principal.String())
	case r.seen[content.Fold(l.Voucher)] != "":
		r.fault(rec, "voucher", "credit.list_twice", l.Voucher, r.seen[content.Fold(l.Voucher)])
	default:
		r.seen[content.Fold(l.Voucher)] = l.Place
		r.lines = append(r.lines, l)
	}
}

func (r *listReader) place(rec *sheet.Record, column string) string {
	col := -1
	if at, has := r.at[column]; has {
		col = r.layout.Columns[at].Index
	}
	return r.book.Place(r.layout.Sheet, rec.Row, col).String()
}

func (r *listReader) fault(rec *sheet.Record, column, key string, args ...any) {
	r.faults = append(r.faults, i18n.M("sheet.at", r.place(rec, column), i18n.M(key, args...)))
}

// read reads a cell; ok is false where it says nothing, which is told of a column that each line must say.
func (r *listReader) read(rec *sheet.Record, column string, kind sheet.Kind) (x sheet.Reading, ok bool) {
	at, has := r.at[column]
	if !has {
		return x, false
	}
	x, err := sheet.Read(rec.Cells[at], r.layout.Columns[at].Want(kind))
	if err != nil {
		msg, told := errs.Message(err)
		if !told {
			msg = i18n.M("credit.list_unread", rec.Cells[at].Shown())
		}
		r.faults = append(r.faults, i18n.M("sheet.at", r.place(rec, column), msg))
		return x, false
	}
	if x.State != sheet.Present {
		for _, need := range needed {
			if need == column {
				r.fault(rec, column, "credit.list_missing", strings.TrimSpace(r.layout.Columns[at].Header))
			}
		}
		return x, false
	}
	return x, true
}

func (r *listReader) text(rec *sheet.Record, column string, most int) string {
	kind := sheet.KindCode
	if column == "name" {
		kind = sheet.KindText
	}
	x, ok := r.read(rec, column, kind)
	if !ok {
		return ""
	}
	if len([]rune(x.Text)) > most {
		r.fault(rec, column, "credit.list_text", most)
		return ""
	}
	return x.Text
}

// number is an exact number that is not negative: fen, parts per million or a day.
func (r *listReader) number(rec *sheet.Record, column string, kind sheet.Kind) (int64, bool) {
	x, ok := r.read(rec, column, kind)
	switch {
	case !ok:
		return 0, false
	case x.Precision != sheet.Exact || x.Rounded || kind != sheet.KindDate && x.Num < 0 || kind == sheet.KindDate && x.Day != period.DayKind:
		r.fault(rec, column, "credit.list_unread", rec.Cells[r.at[column]].Shown())
		return 0, false
	}
	return x.Num, true
}
