package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// FundQuery chooses a part of the fund.
type FundQuery struct {
	Year   int    `query:"year" minimum:"0" maximum:"9999" example:"2024"`
	Line   int64  `query:"line" minimum:"0" example:"301" doc:"预算科目 · budget line"`
	Area   string `query:"area" maxLength:"64" example:"320902"`
	Clause string `query:"clause" maxLength:"200" example:"yancheng-2022-6#c9"`
	Month  string `query:"month" pattern:"^[0-9]{4}-[0-9]{2}$" example:"2024-10"`
}

func (q FundQuery) filter() ledger.Filter {
	return ledger.Filter{Line: q.Line, Year: q.Year, Area: q.Area, Clause: q.Clause, Month: q.Month}
}

// fundLine is a budget line.
type fundLine struct {
	ID   int64  `json:"id" example:"301"`
	Fund string `json:"fund" example:"智改数转专项"`
	Code string `json:"code" example:"equipment"`
	Year int    `json:"year" example:"2024"`
	Area *Node  `json:"area,omitempty"`
	Name string `json:"name" example:"设备投入"`
}

func (s *server) fundLine(l ledger.Line) fundLine {
	return fundLine{l.ID, l.Fund, l.Code, l.Year, nodeOf(s.Library.Areas(), l.Area), l.Name}
}

// lineSeen is a budget line that the caller may see; nil where there is none.
func (s *server) lineSeen(ctx context.Context, c *caller, id int64) (out *fundLine, err error) {
	err = s.Book.Read(ctx, c.scope, func(ctx context.Context, view *ledger.View) error {
		lines, err := view.Lines(ctx, ledger.Filter{Line: id})
		for _, l := range lines {
			out = ptr(s.fundLine(l))
		}
		return err
	})
	return out, err
}

// FundTotals is how far money has come, in yuan.
type FundTotals struct {
	Budget    string `json:"budget" example:"1000000.00"`
	Free      string `json:"free" example:"1000000.00"`
	Held      string `json:"held" example:"0.00" doc:"为申报通知预留 · set aside for calls"`
	Committed string `json:"committed" example:"0.00" doc:"已承诺，含其后各步 · promised, and what went on from there"`
	Payable   string `json:"payable" example:"0.00" doc:"到期应付，含其后各步 · due, and what went on from there"`
	Ordered   string `json:"ordered" example:"0.00" doc:"已送银行 · on its way to the bank"`
	Paid      string `json:"paid" example:"0.00" doc:"已付，含其后退回的 · paid, what came back included"`
	Returned  string `json:"returned" example:"0.00" doc:"退回 · what came back"`
}

func fundTotalsOf(b ledger.Balance) FundTotals {
	t := b.Totals()
	return FundTotals{
		t.Budget.String(), t.Free.String(), t.Held.String(), t.Committed.String(), t.Payable.String(), t.Ordered.String(), t.Paid.String(), t.Returned.String(),
	}
}

// fundShare is one row of the fund.
type fundShare struct {
	Line *fundLine `json:"line,omitempty" doc:"按科目分时有 · where it is divided by lines"`
	Key  string    `json:"key" example:"2024-10" doc:"科目的编号、地区代码、条款或月份；条款为空是整个科目的 · id of the line, code of the area, the clause or the month; a blank clause is what concerns a line as a whole"`
	FundTotals
}

type fundOut struct {
	Body struct {
		Items []fundShare `json:"items" nullable:"false"`
		Sum   FundTotals  `json:"sum"`
		At    string      `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	}
}

// divisions are what a fund may be divided by.
var divisions = map[string]ledger.By{"line": ledger.ByLine, "area": ledger.ByArea, "clause": ledger.ByClause, "month": ledger.ByMonth}

func (s *server) fund(ctx context.Context, c *caller, in *struct {
	By string `query:"by" enum:"line,area,clause,month" default:"line" example:"line" doc:"按月的是当月的变动，其余是现在的余额 · by month it is what moved in the month, else what lies where"`
	FundQuery
},
) (*fundOut, error) {
	out := &fundOut{}
	b := &out.Body
	err := s.Book.Read(ctx, c.scope, func(ctx context.Context, view *ledger.View) error {
		b.Items, b.At = []fundShare{}, instant(s.Clock.Millis())
		shares, err := view.Fund(ctx, in.filter(), divisions[in.By])
		if err != nil {
			return err
		}
		var sum ledger.Balance
		for _, x := range shares {
			for i := range sum {
				if sum[i], err = sum[i].Add(x.Balance[i]); err != nil {
					return err
				}
			}
			row := fundShare{Key: x.Key, FundTotals: fundTotalsOf(x.Balance)}
			if in.By == "line" {
				row.Line = ptr(s.fundLine(x.Line))
			}
			b.Items = append(b.Items, row)
		}
		b.Sum = fundTotalsOf(sum)
		return nil
	})
	return out, err
}

// fundEntry is one posting.
type fundEntry struct {
	Transfer   int64    `json:"transfer" example:"302"`
	N          int      `json:"n" example:"1" doc:"这一笔里的第几条 · number of the entry in its transfer"`
	Kind       string   `json:"kind" example:"added"`
	At         string   `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Day        string   `json:"day" format:"date" example:"2024-10-31" doc:"记账日 · the day that it counts for"`
	By         string   `json:"by,omitempty" example:"王科长"`
	Case       string   `json:"case,omitempty" example:"204"`
	Reason     string   `json:"reason,omitempty" example:"年初预算"`
	Document   string   `json:"document,omitempty" example:"盐财预〔2024〕1号"`
	Line       fundLine `json:"line"`
	Stage      string   `json:"stage" enum:"budget,free,held,committed,payable,ordered,paid,returned" example:"free"`
	Commitment int64    `json:"commitment,omitempty" example:"310"`
	Instalment int      `json:"instalment,omitempty" example:"1"`
	Call       string   `json:"call,omitempty" example:"198"`
	Amount     string   `json:"amount" example:"1000000.00" doc:"进入这一阶段的元数，负数为离开的 · yuan that came to the stage; below zero for what left it"`
}

type entriesOut struct {
	Body struct {
		Items []fundEntry `json:"items" nullable:"false"`
		Next  string      `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// EntryQuery chooses entries of the ledger.
type EntryQuery struct {
	FundQuery
	Case int64 `query:"case" minimum:"0" example:"204"`
}

// fundEntries lists the entries, in the order of their transfers. A list goes on within a transfer.
func (s *server) fundEntries(ctx context.Context, c *caller, in *struct {
	EntryQuery
	Paging
},
) (*entriesOut, error) {
	at, err := in.open(c, c.listName("entries", in.EntryQuery))
	if err != nil {
		return nil, err
	}
	f := in.filter()
	if in.Case != 0 {
		f.Case = strconv.FormatInt(in.Case, 10)
	}
	var list []ledger.Entry
	err = s.Book.Read(ctx, c.scope, func(ctx context.Context, view *ledger.View) error {
		list, err = view.Entries(ctx, f, ledger.Page{After: at.Before, Entry: at.From, Rows: in.Limit + 1})
		return err
	})
	if err != nil {
		return nil, err
	}
	out, names := &entriesOut{}, people{}
	out.Body.Items = []fundEntry{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := list[in.Limit-1]
		out.Body.Next = cursor{List: at.List, Before: last.Transfer, From: last.N}.String()
	}
	for _, e := range list {
		row := fundEntry{
			Transfer: e.Transfer, N: e.N, Kind: string(e.Kind), At: instant(e.At), Day: e.Day, Case: e.Case, Reason: e.Reason, Document: e.Document,
			Line: s.fundLine(e.Line), Stage: e.Stage.String(), Commitment: e.Commitment, Instalment: e.Instalment, Call: e.Call, Amount: e.Amount.String(),
		}
		if e.By != 0 {
			if row.By, err = s.nameOf(ctx, names, e.By); err != nil {
				return nil, err
			}
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

// BudgetIn gives a line its budget, adds to it, or cuts it.
type BudgetIn struct {
	Keyed
	Body struct {
		Fund     string `json:"fund" minLength:"1" maxLength:"200" example:"智改数转专项"`
		Code     string `json:"code" minLength:"1" maxLength:"80" example:"equipment"`
		Year     int    `json:"year" example:"2024"`
		Area     string `json:"area" minLength:"1" maxLength:"64" example:"320902"`
		Name     string `json:"name" minLength:"1" maxLength:"200" example:"设备投入" doc:"科目是新的才用 · used where the line is new"`
		Change   string `json:"change" minLength:"1" maxLength:"40" example:"100万元" doc:"负数为核减，只能减去未使用的 · below zero to cut what is free"`
		Reason   string `json:"reason" minLength:"1" maxLength:"2000" example:"年初预算"`
		Document string `json:"document" minLength:"1" maxLength:"300" example:"盐财预〔2024〕1号" doc:"依据的文件 · the document that orders it"`
	}
}

type budgetOut struct {
	Body struct {
		Line int64 `json:"line" example:"301"`
	}
}

// appropriate changes the budget of a line, which is made where it does not exist.
func (s *server) appropriate(ctx context.Context, c *caller, in *BudgetIn) (*budgetOut, error) {
	key, err := ledgerKey(c, in.key)
	if err != nil {
		return nil, err
	}
	b := in.Body
	change, err := money.Parse(b.Change)
	if err != nil {
		return nil, s.wrongBody(c, "/change", i18n.M("content.want_money", b.Change))
	}
	act := ledger.Act{Scope: c.scope, Key: key, Reason: b.Reason, Document: b.Document}
	out := &budgetOut{}
	out.Body.Line, err = ledger.Alone(ctx, s.Book, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return s.Book.Appropriate(ctx, tx, act, ledger.Appropriation{Fund: b.Fund, Code: b.Code, Year: b.Year, Area: b.Area, Name: b.Name, Change: change})
	})
	return out, err
}

// ledgerKey is a program's key as the ledger keeps it, which knows keys without their accounts. The ledger wants one of
// everything: who sends none asks for something new each time.
func ledgerKey(c *caller, key string) (string, error) {
	key, err := keyOf(c, key)
	if err != nil {
		return "", err
	}
	if key == "" {
		key = "api/" + rand.Text()
	}
	return strconv.FormatInt(c.account.ID, 10) + "/" + key, nil
}

func (s *server) registerFund() {
	read := access.Need{Action: access.ReadFund}
	handle(s, operation{id: "get_fund", tag: "fund", method: http.MethodGet, path: "/fund", need: read}, s.fund)
	handle(s, operation{id: "list_entries", tag: "fund", method: http.MethodGet, path: "/fund/entries", need: read}, s.fundEntries)
	handle(s, operation{id: "appropriate", tag: "fund", method: http.MethodPost, path: "/fund/budget", need: access.Need{Action: access.ManageFund}, keyed: true}, s.appropriate)
}
