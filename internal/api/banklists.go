package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// LoanList is a list of a bank of its loans at the end of a month, and how it stands beside our records.
type LoanList struct {
	ID         int64            `json:"id" example:"520"`
	Bank       LoanBank         `json:"bank"`
	Month      string           `json:"month" example:"2024-10" doc:"月末数 · as of the end of it"`
	Revision   int              `json:"revision" example:"1" doc:"同月再报为新的一版 · a second list of a month is a further one"`
	Last       bool             `json:"last" example:"true" doc:"没有更新的一版 · there is no later revision"`
	File       string           `json:"file" example:"loans-2024-10.xlsx"`
	SHA256     string           `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Lines      int              `json:"lines" example:"3"`
	OnWord     string           `json:"on_word,omitempty" example:"来函 2024-11-01" doc:"工作人员代报时，清单的来源 · what an official has it from"`
	At         string           `json:"at" format:"date-time" example:"2024-11-01T09:00:00+08:00"`
	Counts     map[string]int   `json:"counts" doc:"各种核对结果的行数，只含你看得到的 · rows by how they stand, of those that you may see"`
	Open       int              `json:"open" example:"2" doc:"待处理的行 · rows that somebody has to settle"`
	Whole      bool             `json:"whole" example:"true" doc:"你看得到全部行 · you see all of its rows"`
	Reconciled []loanReconciled `json:"reconciled" nullable:"false" doc:"办结记录 · that nothing was open"`
}

type loanReconciled struct {
	Agree int    `json:"agree" example:"2"`
	Kept  int    `json:"kept" example:"1"`
	At    string `json:"at" format:"date-time" example:"2024-11-01T10:00:00+08:00"`
}

func loanListOf(r credit.Reconciliation) LoanList {
	out := LoanList{
		ID: r.ID, Bank: loanBank(r.Of), Month: r.Month().String(), Revision: r.Revision, Last: r.Last, File: r.Name, SHA256: r.SHA256,
		Lines: r.Lines, OnWord: r.OnWord, At: instant(r.At), Counts: map[string]int{}, Open: r.Open(), Whole: r.Whole, Reconciled: []loanReconciled{},
	}
	for _, x := range credit.Standings() {
		out.Counts[string(x)] = r.Counts[x]
	}
	for _, x := range r.Reconciled {
		out.Reconciled = append(out.Reconciled, loanReconciled{x.Agree, x.Kept, instant(x.At)})
	}
	return out
}

type loanListsOut struct {
	Body struct {
		Items []LoanList `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
		Next  string     `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// listLoanLists is the lists that the caller may see anything of.
func (s *server) listLoanLists(ctx context.Context, c *caller, in *Paging) (*loanListsOut, error) {
	at, err := in.open(c, c.listName("loan_lists", nil))
	if err != nil {
		return nil, err
	}
	lists, err := s.Credit.Lists(ctx, c.scope, at.Before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &loanListsOut{}
	out.Body.Items = []LoanList{}
	if len(lists) > in.Limit {
		lists = lists[:in.Limit]
		out.Body.Next = cursor{List: at.List, Before: lists[in.Limit-1].ID}.String()
	}
	for _, l := range lists {
		r, err := s.Credit.Reconciliation(ctx, c.scope, l.ID)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, loanListOf(r))
	}
	return out, nil
}

type sentListOut struct {
	Body struct {
		ID     int64       `json:"id,omitempty" example:"520" doc:"有一处不对则没有 · none where anything is wrong"`
		Faults []i18n.Text `json:"faults" nullable:"false" doc:"有一处不对，就什么也不收 · where anything is wrong nothing is kept"`
	}
}

// sendLoanList keeps a list of a bank, in which nothing is wrong.
func (s *server) sendLoanList(ctx context.Context, c *caller, in *struct {
	Bank   string `query:"bank" required:"true" maxLength:"64" example:"demo_a"`
	Month  string `query:"month" required:"true" pattern:"^[0-9]{4}-[0-9]{2}$" example:"2024-10"`
	OnWord string `query:"on_word" maxLength:"300" example:"来函 2024-11-01" doc:"工作人员代报时必填：清单的来源 · of an official: what it has the list from"`
	SheetIn
},
) (*sentListOut, error) {
	month, err := s.Credit.Month(in.Month)
	if msg, told := errs.Message(err); told {
		return nil, invalid(c.t, "month", in.Month, msg)
	}
	if err != nil {
		return nil, err
	}
	out := &sentListOut{}
	out.Body.Faults = []i18n.Text{}
	return out, in.keep(func(path string) error {
		id, faults, err := s.Credit.BringList(ctx, c.scope, credit.NewList{
			Bank: in.Bank, Month: month, OnWord: in.OnWord, File: credit.ListFile{Path: path, Name: in.Name},
		})
		out.Body.ID = id
		for _, msg := range faults {
			out.Body.Faults = append(out.Body.Faults, both(msg))
		}
		return err
	})
}

// listedLoan is a loan as one side says it; what it does not say is left out.
type listedLoan struct {
	Contract  string `json:"contract,omitempty" example:"H-2024-001"`
	Voucher   string `json:"voucher" example:"J-2024-001"`
	Line      string `json:"line,omitempty" example:"5500000.00"`
	Principal string `json:"principal,omitempty" example:"3000000.00"`
	DrawnOn   string `json:"drawn_on,omitempty" format:"date" example:"2024-10-25"`
	Rate      string `json:"rate,omitempty" example:"3.5%"`
	Balance   string `json:"balance,omitempty" example:"2000000.00"`
}

func listedOf(contract, voucher string, line, principal money.Fen, on period.Day, ppm int64, balance money.Fen) *listedLoan {
	fen := func(a money.Fen) string {
		if a < 0 {
			return ""
		}
		return a.String()
	}
	out := &listedLoan{Contract: contract, Voucher: voucher, Line: fen(line), Principal: fen(principal), Balance: fen(balance)}
	if on >= 0 {
		out.DrawnOn = on.String()
	}
	if ppm >= 0 {
		out.Rate = money.PPM(ppm).String()
	}
	return out
}

type loanListRow struct {
	Standing   string      `json:"standing" enum:"differs,bank_only,ours_only,kept,twice,agrees" example:"differs"`
	Enterprise int64       `json:"enterprise,omitempty" example:"17" doc:"没有则不在档 · none where it is not on file"`
	Name       string      `json:"name" example:"盐城亭湖甲机械有限公司"`
	USCC       string      `json:"uscc,omitempty" example:"91320902MA1X5K7Q3B"`
	N          int         `json:"n,omitempty" example:"1" doc:"清单第几行 · its line"`
	Place      string      `json:"place,omitempty" example:"loans-2024-10.csv#A2"`
	Bank       *listedLoan `json:"bank,omitempty" doc:"银行所列 · as the bank lists it"`
	Loan       int64       `json:"loan,omitempty" example:"490" doc:"我方的贷款 · our loan"`
	Case       int64       `json:"case,omitempty" example:"470" doc:"登记它的对接 · the referral in which it was entered"`
	Ours       *listedLoan `json:"ours,omitempty"`
	Fields     []string    `json:"fields" nullable:"false" example:"[\"balance\"]" doc:"不同的项 · in what they differ"`
	Difference string      `json:"difference,omitempty" example:"both 490; 2024-10-31; balance 200000000 300000000" doc:"给 settle_loan_list · for settle_loan_list"`
	May        bool        `json:"may" example:"true" doc:"可以采用银行数据 · the bank's word can be taken"`
	Reason     string      `json:"reason,omitempty" example:"银行漏列" doc:"保留我方数据的理由 · why ours was kept"`
}

func loanListRowOf(x credit.Row) loanListRow {
	out := loanListRow{
		Standing: string(x.Standing), Enterprise: x.Firm.ID, Name: x.Firm.Name, USCC: x.Firm.USCC, Fields: []string{}, Difference: x.Difference, May: x.May(),
	}
	if l := x.Line; l != nil {
		out.N, out.Place, out.Bank = l.N, l.Place, listedOf(l.Contract, l.Voucher, l.Line, l.Principal, l.DrawnOn, l.PPM, l.Balance)
	}
	if o := x.Own; o != nil {
		out.Loan, out.Case, out.Ours = o.Loan, o.Case, listedOf(o.Contract, o.Number, o.Line, o.Principal, o.DrawnOn, o.PPM, o.Balance)
	}
	for _, f := range x.Fields {
		out.Fields = append(out.Fields, string(f))
	}
	if x.Settled != nil {
		out.Reason = x.Settled.Reason
	}
	return out
}

type loanListOut struct {
	Body struct {
		LoanList
		Seq   int64         `json:"seq" example:"42" doc:"数据所知的版本 · commit up to which facts are known"`
		Rows  []loanListRow `json:"rows" nullable:"false" doc:"分页，待处理的在前 · in pages, the open ones first"`
		Total int           `json:"total" example:"3"`
		Next  string        `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// getLoanList is a list beside our records.
func (s *server) getLoanList(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" minimum:"1" example:"520"`
	Paging
},
) (*loanListOut, error) {
	at, err := in.open(c, c.listName("get_loan_list", in.ID))
	if err != nil {
		return nil, err
	}
	r, err := s.Credit.Reconciliation(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &loanListOut{}
	b := &out.Body
	b.LoanList, b.Seq, b.Rows, b.Total = loanListOf(r), r.Seq, []loanListRow{}, len(r.Rows)
	b.Next = at.next(moment{}, at.From+in.Limit, len(r.Rows))
	from := min(at.From, len(r.Rows))
	for _, x := range r.Rows[from:min(from+in.Limit, len(r.Rows))] {
		b.Rows = append(b.Rows, loanListRowOf(x))
	}
	return out, nil
}

// getLoanListFile is the file of a list as it came.
func (s *server) getLoanListFile(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" minimum:"1" example:"520"`
},
) (*stream, error) {
	l, body, err := s.Credit.ListFile(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	return s.original(l.Name, octets, body), nil
}

// LoanChoice is what is to be done about a row.
type LoanChoice struct {
	N          int    `json:"n,omitempty" minimum:"0" example:"1" doc:"清单第几行；银行没有列出的为 0 · its line; 0 for a loan that the bank does not list"`
	Loan       int64  `json:"loan,omitempty" minimum:"0" example:"490"`
	Difference string `json:"difference" minLength:"1" maxLength:"4000" example:"both 490; 2024-10-31; balance 200000000 300000000" doc:"照 get_loan_list；已经变了的不处理 · as get_loan_list gives it: another one by now is not settled"`
	How        string `json:"how" enum:"accepted,kept" example:"accepted"`
	Reason     string `json:"reason,omitempty" maxLength:"2000" example:"银行漏列" doc:"kept 必填 · needed for kept"`
}

// settleLoanList settles differences: all that is named, or nothing.
func (s *server) settleLoanList(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" minimum:"1" example:"520"`
	Body struct {
		Rows []LoanChoice `json:"rows" minItems:"1" maxItems:"1000" nullable:"false"`
	}
},
) (*nothing, error) {
	var choices []credit.Choice
	for _, x := range in.Body.Rows {
		choices = append(choices, credit.Choice{N: x.N, Loan: x.Loan, Difference: x.Difference, How: credit.How(x.How), Reason: x.Reason})
	}
	return &nothing{}, s.Credit.Settle(ctx, c.scope, s.Cases, in.ID, choices)
}

// closeLoanList keeps that nothing is open of a list.
func (s *server) closeLoanList(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" minimum:"1" example:"520"`
},
) (*nothing, error) {
	return &nothing{}, s.Credit.Close(ctx, c.scope, in.ID)
}

func (s *server) registerLoanLists() {
	read, tell, settle := access.Need{Action: access.ReadLoans}, access.Need{Action: access.TellLoans}, access.Need{Action: access.Import}
	const list, one = "/credit/lists", "/credit/lists/{id}"
	handle(s, operation{id: "list_loan_lists", tag: "credit", method: http.MethodGet, path: list, need: read}, s.listLoanLists)
	handle(s, operation{id: "send_loan_list", tag: "credit", method: http.MethodPost, path: list, need: tell, upload: octets}, s.sendLoanList)
	handle(s, operation{id: "get_loan_list", tag: "credit", method: http.MethodGet, path: one, need: read}, s.getLoanList)
	handle(s, operation{id: "get_loan_list_file", tag: "credit", method: http.MethodGet, path: one + "/file", need: read, streams: []string{octets}}, s.getLoanListFile)
	handle(s, operation{id: "settle_loan_list", tag: "credit", method: http.MethodPost, path: one + "/settle", need: settle, status: http.StatusNoContent}, s.settleLoanList)
	handle(s, operation{id: "close_loan_list", tag: "credit", method: http.MethodPost, path: one + "/close", need: settle, status: http.StatusNoContent}, s.closeLoanList)
}
