package api

import (
	"context"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// CreditQuery chooses an overview of what banks lend.
type CreditQuery struct {
	Kind  string `query:"kind" enum:"loan,lease" example:"loan" doc:"贷款或融资租赁，分开计；默认贷款 · loans or leases, never their sum; loans unless said otherwise"`
	Month string `query:"month" pattern:"^[0-9]{4}-[0-9]{2}$" example:"2024-10" doc:"默认本月 · the present month unless said otherwise"`
	Bank  string `query:"bank" maxLength:"400" example:"demo_a" doc:"答复里 banks 的 key · key of one of the banks of the answer"`
	Area  string `query:"area" maxLength:"64" example:"320902"`
}

// lender is a bank as loans name it.
type lender struct {
	Key      string    `json:"key" example:"demo_a" doc:"参与银行的代码，或别的银行的名称；空的没有说是哪家 · code of a bank that takes part, else the name; blank where nobody said"`
	Name     i18n.Text `json:"name"`
	Invented bool      `json:"invented" example:"true"`
}

// CreditSums is what loans come to in a month, in yuan.
type CreditSums struct {
	Firms     int    `json:"firms" example:"1"`
	Contracts int    `json:"contracts" example:"1" doc:"月末（本月为今天）在期的合同 · that run at the end of the month, or today"`
	Line      string `json:"line" example:"5500000.00" doc:"这些合同的授信额度 · the lines of these"`
	Loans     int    `json:"loans" example:"1" doc:"当月放款或月末有余额的贷款 · drawn in the month, or not repaid at its end"`
	Drawn     string `json:"drawn" example:"3000000.00" doc:"当月放款 · drawn in the month"`
	Balance   string `json:"balance" example:"2000000.00" doc:"月末未还的本金 · principal not repaid at the end of the month"`
}

func creditSumsOf(x credit.Sums) CreditSums {
	return CreditSums{x.Firms, x.Contracts, x.Line.String(), x.Loans, x.Drawn.String(), x.Balance.String()}
}

func lenderOf(b credit.Lender) lender { return lender{b.Key, b.Name, b.Invented} }

type creditShare struct {
	County *Node  `json:"county,omitempty" doc:"没有则不知道 · none where nobody said"`
	Bank   lender `json:"bank"`
	CreditSums
}

type creditMonth struct {
	Month string `json:"month" example:"2024-10"`
	CreditSums
}

type creditFirm struct {
	Enterprise int64   `json:"enterprise" example:"17"`
	Name       string  `json:"name" example:"盐城亭湖甲机械有限公司"`
	Area       *Node   `json:"area,omitempty"`
	Bank       lender  `json:"bank"`
	Cases      []int64 `json:"cases" nullable:"false" example:"[470]" doc:"登记合同的办件 · of the contracts"`
	CreditSums
}

type creditOut struct {
	Body struct {
		Kind    string        `json:"kind" enum:"loan,lease" example:"loan" doc:"lease：授信额度为合同融资额，放款为交付设备的融资额，余额为未收本金 · of a lease the line is what contracts finance, drawn what was financed of deliveries"`
		Month   string        `json:"month" example:"2024-10"`
		Seq     int64         `json:"seq" example:"42" doc:"数据所知的版本 · commit up to which facts are known"`
		Items   []creditShare `json:"items" nullable:"false" doc:"按县区和银行 · by county and bank"`
		Sum     CreditSums    `json:"sum" doc:"向几家银行贷款的企业只计一家 · a firm of several banks counts once"`
		Unclear int           `json:"unclear" example:"0" doc:"缺金额或放款日期、未计入的贷款 · loans without amount or day, which no sum holds"`
		Twice   int           `json:"twice" example:"0" doc:"用合同编号导入、放款已逐笔登记、未重复计入的贷款 · loans of sheets under the number of a contract whose drawdowns are counted, which no sum holds"`
		Months  []creditMonth `json:"months" nullable:"false" doc:"近十二个月 · the last twelve months"`
		Banks   []lender      `json:"banks" nullable:"false"`
		Firms   []creditFirm  `json:"firms" nullable:"false" doc:"分页，余额高的在前 · in pages, the largest balance first"`
		Total   int           `json:"total" example:"1"`
		Next    string        `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// getCredit is what banks lend to the firms of a region.
func (s *server) getCredit(ctx context.Context, c *caller, in *struct {
	CreditQuery
	Paging
},
) (*creditOut, error) {
	at, err := in.open(c, c.listName("get_credit", in.CreditQuery))
	if err != nil {
		return nil, err
	}
	month, err := s.Credit.Month(in.Month)
	if msg, told := errs.Message(err); told {
		return nil, invalid(c.t, "month", in.Month, msg)
	}
	if err != nil {
		return nil, err
	}
	kind, err := credit.ParseKind(in.Kind)
	if err != nil {
		return nil, err
	}
	o, err := s.Credit.Overview(ctx, c.scope, credit.Asking{Kind: kind, Month: month, Bank: in.Bank, Area: in.Area})
	if err != nil {
		return nil, err
	}
	out, areas := &creditOut{}, s.Library.Areas()
	b := &out.Body
	b.Kind, b.Month, b.Seq, b.Sum, b.Unclear, b.Twice = string(o.Kind), o.Month.String(), o.Seq, creditSumsOf(o.Sum), o.Unclear, o.Twice
	b.Items, b.Months, b.Banks, b.Firms = []creditShare{}, []creditMonth{}, []lender{}, []creditFirm{}
	b.Total, b.Next = len(o.Firms), at.next(moment{}, at.From+in.Limit, len(o.Firms))
	for _, x := range o.Shares {
		b.Items = append(b.Items, creditShare{nodeOf(areas, x.County), lenderOf(x.Bank), creditSumsOf(x.Sums)})
	}
	for _, x := range o.Months {
		b.Months = append(b.Months, creditMonth{x.Month.String(), creditSumsOf(x.Sums)})
	}
	for _, x := range o.Banks {
		b.Banks = append(b.Banks, lenderOf(x))
	}
	from := min(at.From, len(o.Firms))
	for _, x := range o.Firms[from:min(from+in.Limit, len(o.Firms))] {
		b.Firms = append(b.Firms, creditFirm{x.Firm, x.Name, nodeOf(areas, x.Area), lenderOf(x.Bank), append([]int64{}, x.Cases...), creditSumsOf(x.Sums)})
	}
	return out, nil
}

func (s *server) registerCredit() {
	handle(s, operation{id: "get_credit", tag: "credit", method: http.MethodGet, path: "/credit", need: access.Need{Action: access.ReadFact, Area: true}}, s.getCredit)
}
