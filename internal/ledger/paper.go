package ledger

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Paper is the table for a bank that has no form of its own. It reveals the account numbers.
func Paper(t i18n.T, b Batch, list []Payment) *sheet.Export {
	var columns []string
	for _, c := range []string{"reference", "payee", "account", "bank", "amount", "case"} {
		columns = append(columns, t.S("ledger.paper_"+c))
	}
	return &sheet.Export{
		Title: t.S("ledger.paper", b.Hash[:16]),
		Notes: [][2]string{
			{t.S("ledger.paper_batch"), b.Hash},
			{t.S("ledger.field_fund"), b.Fund},
			{t.S("ledger.paper_orders"), strconv.Itoa(b.Orders)},
			{t.S("ledger.paper_amount"), b.Amount.String()},
		},
		NotesName: t.S("ledger.paper_notes"),
		Table: sheet.Table{Name: t.S("ledger.paper_table"), Columns: columns, Rows: func(yield func([]any) bool) {
			for _, p := range list {
				if !yield([]any{p.Reference, p.Payee, p.Account.Reveal(), p.Bank, p.Amount, p.Case}) {
					return
				}
			}
		}},
	}
}

// Results is what a file of the bank says of a batch. Where something in it is wrong there are no outcomes, only what is
// wrong, each with its place.
type Results struct {
	File     File // as it was kept
	Outcomes []Outcome
	Silent   []int // payments that the file does not name
	Faults   []i18n.Msg
}

// terms are the columns of a file of results.
var terms = sheet.Vocabulary{Columns: []sheet.Term{
	{ID: "reference", Kind: sheet.KindCode, Labels: []string{"付款编号", "付款序号", "业务参考号", "参考号", "支付编号", "流水号", "Reference", "Payment number"}},
	{ID: "amount", Kind: sheet.KindMoney, Unit: "元", Labels: []string{"金额", "付款金额", "支付金额", "交易金额", "发生额", "Amount"}},
	{ID: "state", Kind: sheet.KindText, Labels: []string{"处理结果", "支付状态", "付款状态", "交易状态", "状态", "结果", "Result", "Status", "State"}},
	{ID: "reason", Kind: sheet.KindText, Labels: []string{"失败原因", "原因", "备注", "说明", "附言", "Reason", "Remarks"}},
}}

// stateWords are what banks and treasuries call an outcome.
var stateWords = map[OrderState][]string{
	OrderSettled: {"成功", "支付成功", "付款成功", "交易成功", "已支付", "已付", "已付款", "已到账", "paid", "success", "succeeded", "settled"},
	OrderFailed:  {"失败", "支付失败", "付款失败", "交易失败", "拒绝", "已拒绝", "退回", "failed", "rejected"},
	OrderBounced: {"退汇", "已退汇", "退票", "bounced", "returned"},
	OrderUnknown: {"处理中", "结果不明", "未知", "待确认", "已受理", "unknown", "processing", "pending"},
}

func stateOfWord(word string) (OrderState, bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	for state, words := range stateWords {
		if slices.Contains(words, word) {
			return state, true
		}
	}
	return "", false
}

// ReadResults reads a workbook or a .csv that the bank or the treasury has sent about a batch. Each row names a payment by
// its reference, its amount and what became of it. It enters nothing: Settle does, with the outcomes. A file in which nothing is
// wrong is kept, with who brought it and when, and the outcomes name it. The scope must pay in the area of the batch.
func (b *Book) ReadResults(ctx context.Context, scope access.Scope, batch int64, f ResultFile) (Results, error) {
	r := resultReader{states: map[int]OrderState{}}
	err := b.Read(ctx, scope, func(ctx context.Context, v *View) error {
		if err := v.pays(ctx, batch); err != nil {
			return err
		}
		var err error
		r.payments, err = v.Payments(ctx, batch)
		return err
	})
	if err != nil {
		return Results{}, err
	}
	book, err := sheet.Open(f.Path, f.Name, f.Limits)
	if err != nil {
		return Results{}, err
	}
	defer book.Close() //nolint:errcheck // it was read only
	found := false
	for i := range book.Sheets() {
		l, err := sheet.Detect(ctx, book, i, terms)
		if errs.KindOf(err) == errs.KindInvalid {
			continue // a sheet without a table
		}
		if err != nil {
			return Results{}, err
		}
		columns, ok := l.Places(terms, "reference", "amount", "state")
		if !ok {
			continue
		}
		found = true
		if err := r.sheet(ctx, book, &l, columns); err != nil {
			return Results{}, err
		}
	}
	if !found {
		return Results{}, errs.Invalid(i18n.M("ledger.no_result_columns", f.Name))
	}
	out := r.results()
	if len(out.Faults) > 0 {
		return out, nil
	}
	if out.File, err = b.keepResult(ctx, scope, batch, f); err != nil {
		return Results{}, err
	}
	for i := range out.Outcomes {
		out.Outcomes[i].File = out.File.ID
	}
	return out, nil
}

// ResultFile is a file of results on the disk, with the name that its sender gave it.
type ResultFile struct {
	Path, Name string
	Limits     sheet.Limits // zero fields are the product's own
}

// resultReader gathers what the rows of a file say.
type resultReader struct {
	payments []Payment
	outcomes []Outcome
	states   map[int]OrderState // by payment
	faults   []i18n.Msg
}

var errFaults = errors.New("enough faults")

func (r *resultReader) sheet(ctx context.Context, book *sheet.Book, l *sheet.Layout, at map[string]int) error {
	err := book.Records(ctx, l, func(rec *sheet.Record) error {
		if rec.Kind != sheet.DataRow || rec.Cells[at["reference"]].Type == sheet.Blank && rec.Cells[at["state"]].Type == sheet.Blank {
			return nil
		}
		place := func(column string) string { return book.Place(l.Sheet, rec.Row, l.Columns[at[column]].Index).String() }
		r.row(rec, l, at, place)
		if len(r.faults) >= maxFaults {
			return errFaults
		}
		return nil
	})
	if errors.Is(err, errFaults) {
		return nil
	}
	return err
}

func (r *resultReader) row(rec *sheet.Record, l *sheet.Layout, at map[string]int, place func(string) string) {
	fault := func(column, key string, args ...any) {
		r.faults = append(r.faults, i18n.M("sheet.at", place(column), i18n.M(key, args...)))
	}
	named := strings.TrimSpace(rec.Cells[at["reference"]].Shown())
	i := slices.IndexFunc(r.payments, func(p Payment) bool { return p.Reference == named })
	if i < 0 {
		fault("reference", "ledger.result_reference", named)
		return
	}
	p := r.payments[i]
	fen, err := sheet.Read(rec.Cells[at["amount"]], l.Columns[at["amount"]].Want(sheet.KindMoney))
	switch {
	case err != nil:
		fault("amount", "ledger.result_unread", messageOf(err))
		return
	case fen.State != sheet.Present || fen.Precision != sheet.Exact || fen.Rounded || money.Fen(fen.Num) != p.Amount:
		fault("amount", "ledger.result_amount", p.Reference, rec.Cells[at["amount"]].Shown(), p.Amount)
		return
	}
	state, ok := stateOfWord(rec.Cells[at["state"]].Shown())
	if !ok {
		fault("state", "ledger.result_state", rec.Cells[at["state"]].Shown())
		return
	}
	if _, may := ways[[2]OrderState{p.State, state}]; !may && p.State != state {
		fault("state", "ledger.no_way", p.N, i18n.M("ledger.order_"+string(p.State)), i18n.M("ledger.order_"+string(state)))
		return
	}
	if before, twice := r.states[p.N]; twice {
		if before != state {
			fault("state", "ledger.result_twice", p.Reference)
		}
		return
	}
	r.states[p.N] = state
	o := Outcome{Order: p.N, State: state, Place: place("state")}
	if c, has := at["reason"]; has {
		o.Reason = cut(strings.TrimSpace(rec.Cells[c].Shown()), maxReason)
	}
	r.outcomes = append(r.outcomes, o)
}

// cut is the first characters of a text.
func cut(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit])
	}
	return text
}

func (r *resultReader) results() Results {
	if len(r.faults) > 0 {
		return Results{Faults: r.faults}
	}
	out := Results{Outcomes: r.outcomes}
	for _, p := range r.payments {
		if _, said := r.states[p.N]; !said {
			out.Silent = append(out.Silent, p.N)
		}
	}
	return out
}
