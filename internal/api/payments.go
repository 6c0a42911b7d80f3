package api

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// Keyed is what takes an Idempotency-Key that what it acts on knows by itself.
type Keyed struct{ key string }

// Resolve keeps the key.
func (in *Keyed) Resolve(ctx huma.Context) []error {
	in.key = ctx.Header(idempotencyHeader)
	return nil
}

// moves does something with money in a transaction of its own, once for a key.
func (s *server) moves(ctx context.Context, c *caller, key string, act ledger.Act, do func(ctx context.Context, tx *store.Tx, act ledger.Act) error) error {
	var err error
	act.Scope = c.scope
	if act.Key, err = ledgerKey(c, key); err != nil {
		return err
	}
	_, err = ledger.Alone(ctx, s.Book, func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, do(ctx, tx, act) })
	return err
}

// payable is an instalment that is owed.
type payable struct {
	Case       int64         `json:"case" example:"314"`
	Instalment int           `json:"instalment" example:"1"`
	Line       fundLine      `json:"line"`
	Firm       string        `json:"firm,omitempty" example:"盐城亭湖甲机械有限公司"`
	Clause     string        `json:"clause" example:"yancheng-2022-6 c9"`
	Amount     string        `json:"amount" example:"638000.00" doc:"应付而未付的，元 · what is owed of it, in yuan"`
	Payee      *namedAccount `json:"payee,omitempty" doc:"还没有人填则没有 · none while nobody has named an account"`
	Seen       string        `json:"seen,omitempty" example:"9f86d081884c7d65" doc:"这个收款账户的版本，拨付时带回；只给拨付的人 · the version of this account, to be sent back with an order; for who pays"`
}

type payablesOut struct {
	Cache string `header:"Cache-Control"`
	Body  struct {
		Items []payable `json:"items" nullable:"false" doc:"先承诺的在前 · in the order in which they were promised"`
		Next  string    `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// listPayables is what a batch of payments is made of.
func (s *server) listPayables(ctx context.Context, c *caller, in *struct {
	Fund string `query:"fund" maxLength:"200" example:"智改数转专项"`
	FundQuery
	Paging
},
) (*payablesOut, error) {
	at, err := in.open(c, c.listName("payables", []any{in.Fund, in.FundQuery}))
	if err != nil {
		return nil, err
	}
	f := in.filter()
	f.Fund = in.Fund
	list, err := s.Subsidy.Owed(ctx, c.scope, f, ledger.Page{After: at.Before, Rows: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := &payablesOut{Cache: "no-store"}
	out.Body.Items = []payable{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.Next = cursor{List: at.List, Before: list[in.Limit-1].Part}.String()
	}
	for _, o := range list {
		row := payable{Case: o.Case, Instalment: o.N, Line: s.fundLine(o.Line), Firm: o.Firm, Clause: o.Clause, Amount: o.Balance[ledger.Payable].String()}
		if p := o.Payee; p != nil {
			row.Payee, row.Seen = ptr(namedAccountOf(*p)), p.Version()
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

type draftPaymentsIn struct {
	Keyed
	Body struct {
		Payments []struct {
			Case       int64  `json:"case" minimum:"1" example:"314"`
			Instalment int    `json:"instalment" minimum:"1" maximum:"1000" example:"1"`
			Amount     string `json:"amount" minLength:"1" maxLength:"40" example:"638000.00"`
			Seen       string `json:"seen" minLength:"1" maxLength:"64" example:"9f86d081884c7d65" doc:"list_payables 给出的版本；账户后来改过则不拨付 · as list_payables gives it: nothing is ordered to an account that was changed since"`
		} `json:"payments" minItems:"1" maxItems:"5000" nullable:"false" doc:"同一专项、同一地区的 · of one fund and area"`
	}
}

// draftPayments makes a batch of payments. What they pay is in no other batch from then on.
func (s *server) draftPayments(ctx context.Context, c *caller, in *draftPaymentsIn) (*idOut, error) {
	var dues []subsidy.Due
	for i, p := range in.Body.Payments {
		fen, err := s.yuanOf(c, "/payments/"+strconv.Itoa(i)+"/amount", p.Amount)
		if err != nil {
			return nil, err
		}
		dues = append(dues, subsidy.Due{Case: p.Case, Sum: ledger.Sum{Instalment: p.Instalment, Amount: fen}, Seen: p.Seen})
	}
	out := &idOut{}
	return out, s.moves(ctx, c, in.key, ledger.Act{}, func(ctx context.Context, tx *store.Tx, act ledger.Act) (err error) {
		out.Body.ID, err = s.Subsidy.Order(ctx, tx, act.Scope, act.Key, dues)
		return err
	})
}

// PaymentBatch is a batch of payments as it stands.
type PaymentBatch struct {
	ID     int64          `json:"id" example:"350"`
	Hash   string         `json:"hash" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"它所写一切的 SHA-256 · SHA-256 of all that it says"`
	Fund   string         `json:"fund" example:"智改数转专项"`
	Area   *Node          `json:"area,omitempty"`
	Amount string         `json:"amount" example:"638000.00"`
	Orders int            `json:"orders" example:"1"`
	At     string         `json:"at" format:"date-time" example:"2024-11-20T09:00:00+08:00"`
	By     string         `json:"by" example:"测试 finance"`
	State  string         `json:"state" enum:"draft,sent,cancelled" example:"sent"`
	Counts map[string]int `json:"counts" example:"{\"settled\":1}" doc:"各状态的笔数 · how many of its payments stand how"`
}

func (s *server) paymentBatch(ctx context.Context, names people, b ledger.Batch) (PaymentBatch, error) {
	out := PaymentBatch{
		ID: b.ID, Hash: b.Hash, Fund: b.Fund, Area: nodeOf(s.Library.Areas(), b.Area), Amount: b.Amount.String(), Orders: b.Orders, At: instant(b.MadeAt),
		State: string(b.State), Counts: map[string]int{},
	}
	for state, n := range b.Counts {
		out.Counts[string(state)] = n
	}
	var err error
	out.By, err = s.nameOf(ctx, names, b.MadeBy)
	return out, err
}

type paymentBatchesOut struct {
	Body struct {
		Items []PaymentBatch `json:"items" nullable:"false" doc:"先做的在前 · in the order in which they were made"`
		Next  string         `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) listPayments(ctx context.Context, c *caller, in *struct {
	Paging
},
) (*paymentBatchesOut, error) {
	at, err := in.open(c, c.listName("payments", ""))
	if err != nil {
		return nil, err
	}
	var list []ledger.Batch
	err = s.Book.Read(ctx, c.scope, func(ctx context.Context, view *ledger.View) error {
		list, err = view.Batches(ctx, ledger.Filter{}, ledger.Page{After: at.Before, Rows: in.Limit + 1})
		return err
	})
	if err != nil {
		return nil, err
	}
	out, names := &paymentBatchesOut{}, people{}
	out.Body.Items = []PaymentBatch{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.Next = cursor{List: at.List, Before: list[in.Limit-1].ID}.String()
	}
	for _, b := range list {
		row, err := s.paymentBatch(ctx, names, b)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

// paymentStep is what became of a payment at a time.
type paymentStep struct {
	State    string `json:"state" example:"settled"`
	At       string `json:"at" format:"date-time" example:"2024-11-21T09:00:00+08:00"`
	By       string `json:"by,omitempty" example:"测试 finance"`
	Reason   string `json:"reason,omitempty" example:"账号有误"`
	Document string `json:"document,omitempty" example:"银行回单 2024-11-21"`
	Place    string `json:"place,omitempty" example:"results.csv#A2" doc:"回单文件中的位置 · where in the file of the bank"`
	File     int64  `json:"file,omitempty" example:"377" doc:"该回单文件，见 files · that file, among files"`
}

// payment is one payment of a batch. Its account is masked: in full it leaves in the bank's file alone.
type payment struct {
	N          int           `json:"n" example:"1"`
	Reference  string        `json:"reference" example:"9f86d081884c7d65-1" doc:"银行据以识别 · by which the bank knows it"`
	Case       string        `json:"case,omitempty" example:"314"`
	Instalment int           `json:"instalment" example:"1"`
	Line       fundLine      `json:"line"`
	Try        int           `json:"try" example:"1" doc:"第几次支付 · which try it is"`
	Amount     string        `json:"amount" example:"638000.00"`
	Payee      string        `json:"payee" example:"盐城亭湖甲机械有限公司"`
	Account    string        `json:"account" example:"***************0018"`
	Bank       string        `json:"bank" example:"盐城农商银行亭湖支行"`
	State      string        `json:"state" enum:"draft,sent,cancelled,settled,failed,unknown,bounced" example:"settled"`
	Steps      []paymentStep `json:"steps" nullable:"false"`
}

// paymentFile is a file of a batch: one that somebody took for the bank, or brought from it.
type paymentFile struct {
	ID     int64  `json:"id" example:"377"`
	Kind   string `json:"kind" enum:"taken,result" example:"result" doc:"取给银行的，或银行的回单 · taken for the bank, or what the bank answered"`
	Name   string `json:"name,omitempty" example:"results.csv"`
	SHA256 string `json:"sha256,omitempty" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"早年没有留存的则没有 · none of one that was taken before files were kept"`
	Size   int64  `json:"size,omitempty" example:"1024"`
	At     string `json:"at" format:"date-time" example:"2024-11-20T10:00:00+08:00"`
	By     string `json:"by" example:"测试 finance"`
}

func (s *server) paymentFile(ctx context.Context, names people, f ledger.File) (paymentFile, error) {
	by, err := s.nameOf(ctx, names, f.By)
	return paymentFile{f.ID, string(f.Kind), f.Name, f.SHA256, f.Size, instant(f.At), by}, err
}

type paymentsOut struct {
	Body struct {
		PaymentBatch
		Payments []payment     `json:"payments" nullable:"false"`
		Files    []paymentFile `json:"files" nullable:"false" doc:"往来文件，原样留存 · files to and from the bank, kept as they were"`
	}
}

func (s *server) getPayments(ctx context.Context, c *caller, in *idIn) (*paymentsOut, error) {
	out, names := &paymentsOut{}, people{}
	b := &out.Body
	b.Payments, b.Files = []payment{}, []paymentFile{}
	return out, s.Book.Read(ctx, c.scope, func(ctx context.Context, view *ledger.View) error {
		head, err := view.Batch(ctx, in.ID)
		if err != nil {
			return err
		}
		if b.PaymentBatch, err = s.paymentBatch(ctx, names, head); err != nil {
			return err
		}
		list, err := view.Payments(ctx, in.ID)
		if err != nil {
			return err
		}
		for _, p := range list {
			row, err := s.payment(ctx, names, p)
			if err != nil {
				return err
			}
			b.Payments = append(b.Payments, row)
		}
		files, err := view.Files(ctx, in.ID)
		for _, f := range files {
			row, err := s.paymentFile(ctx, names, f)
			if err != nil {
				return err
			}
			b.Files = append(b.Files, row)
		}
		return err
	})
}

func (s *server) payment(ctx context.Context, names people, p ledger.Payment) (payment, error) {
	row := payment{
		N: p.N, Reference: p.Reference, Case: p.Case, Instalment: p.Instalment, Line: s.fundLine(p.Line), Try: p.Try, Amount: p.Amount.String(), Payee: p.Payee,
		Account: p.Account.String(), Bank: p.Bank, State: string(p.State), Steps: []paymentStep{},
	}
	for _, x := range p.Steps {
		step := paymentStep{State: string(x.State), At: instant(x.At), Reason: x.Reason, Document: x.Document, Place: x.Place, File: x.File}
		if x.By != 0 {
			var err error
			if step.By, err = s.nameOf(ctx, names, x.By); err != nil {
				return row, err
			}
		}
		row.Steps = append(row.Steps, step)
	}
	return row, nil
}

type sendPaymentsIn struct {
	Keyed
	ID   int64 `path:"id" minimum:"1" example:"350"`
	Body struct {
		Document string `json:"document" minLength:"1" maxLength:"300" example:"盐财支〔2024〕31号" doc:"支付令等依据 · the order to pay, or what else orders it"`
		Reason   string `json:"reason,omitempty" maxLength:"2000" example:"第一批"`
	}
}

func (s *server) sendPayments(ctx context.Context, c *caller, in *sendPaymentsIn) (*nothing, error) {
	return &nothing{}, s.moves(ctx, c, in.key, ledger.Act{Document: in.Body.Document, Reason: in.Body.Reason}, func(ctx context.Context, tx *store.Tx, act ledger.Act) error {
		return s.Book.Send(ctx, tx, act, in.ID)
	})
}

type cancelPaymentsIn struct {
	Keyed
	ID   int64 `path:"id" minimum:"1" example:"350"`
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"2000" example:"账户待核对"`
	}
}

func (s *server) cancelPayments(ctx context.Context, c *caller, in *cancelPaymentsIn) (*nothing, error) {
	return &nothing{}, s.moves(ctx, c, in.key, ledger.Act{Reason: in.Body.Reason}, func(ctx context.Context, tx *store.Tx, act ledger.Act) error {
		return s.Book.Cancel(ctx, tx, act, in.ID)
	})
}

// takeFile hands the file for the bank out, with the account numbers, and notes who took it.
func (s *server) takeFile(ctx context.Context, c *caller, in *struct {
	ID     int64  `path:"id" minimum:"1" example:"350"`
	Format string `query:"format" enum:"csv,xlsx" default:"xlsx" example:"xlsx"`
},
) (*stream, error) {
	kind := ""
	f, body, err := s.Book.TakeFile(ctx, ledger.Act{Scope: c.scope}, in.ID, func(w io.Writer, b ledger.Batch, list []ledger.Payment) (string, error) {
		paper := ledger.Paper(c.t, b, list)
		x := s.sheetFile(c, paper.Title, in.Format, *paper)
		kind = x.kind
		return x.name, x.write(w)
	})
	if err != nil {
		return nil, err
	}
	return s.original(f.Name, kind, body), nil
}

// getPaymentFile hands a file of a batch out again as it was taken or brought.
func (s *server) getPaymentFile(ctx context.Context, c *caller, in *struct {
	ID   int64 `path:"id" minimum:"1" example:"350"`
	File int64 `path:"file" minimum:"1" example:"377"`
},
) (*stream, error) {
	f, body, err := s.Book.OpenFile(ctx, c.scope, in.ID, in.File)
	if err != nil {
		return nil, err
	}
	return s.original(f.Name, octets, body), nil
}

// PaymentOutcome is what the bank or the treasury says of a payment.
type PaymentOutcome struct {
	N      int    `json:"n" minimum:"1" example:"1" doc:"批内第几笔 · number of the payment in its batch"`
	State  string `json:"state" enum:"settled,failed,unknown,bounced" example:"settled"`
	Reason string `json:"reason,omitempty" maxLength:"2000" example:"账号有误"`
	Place  string `json:"place,omitempty" maxLength:"400" example:"results.csv#A2"`
}

type resultsOut struct {
	Body struct {
		File     *paymentFile     `json:"file,omitempty" doc:"原样留存；有一处不对则没有 · as it is kept; none where anything is wrong"`
		Outcomes []PaymentOutcome `json:"outcomes" nullable:"false" doc:"给 settle_payments · for settle_payments"`
		Silent   []int            `json:"silent" nullable:"false" example:"[2]" doc:"文件没有提到的 · payments that the file does not name"`
		Faults   []i18n.Text      `json:"faults" nullable:"false" doc:"有一处不对，就没有 outcomes · where anything is wrong there are no outcomes"`
	}
}

// readResults reads a file of the bank and enters nothing. A file in which nothing is wrong is kept.
func (s *server) readResults(ctx context.Context, c *caller, in *struct {
	ID int64 `path:"id" minimum:"1" example:"350"`
	SheetIn
},
) (*resultsOut, error) {
	out := &resultsOut{}
	b := &out.Body
	return out, in.keep(func(path string) error {
		found, err := s.Book.ReadResults(ctx, c.scope, in.ID, ledger.ResultFile{Path: path, Name: in.Name})
		if err != nil {
			return err
		}
		b.Outcomes, b.Silent, b.Faults = []PaymentOutcome{}, append([]int{}, found.Silent...), []i18n.Text{}
		for _, x := range found.Outcomes {
			b.Outcomes = append(b.Outcomes, PaymentOutcome{x.Order, string(x.State), x.Reason, x.Place})
		}
		for _, msg := range found.Faults {
			b.Faults = append(b.Faults, both(msg))
		}
		if len(found.Faults) > 0 {
			return nil
		}
		f, err := s.paymentFile(ctx, people{}, found.File)
		b.File = &f
		return err
	})
}

type settlePaymentsIn struct {
	Keyed
	ID   int64 `path:"id" minimum:"1" example:"350"`
	Body struct {
		Document string           `json:"document" minLength:"1" maxLength:"300" example:"银行回单 2024-11-21"`
		File     int64            `json:"file,omitempty" minimum:"0" example:"377" doc:"read_results 留存的文件，逐笔引用 · the file that read_results has kept, to which each payment then refers"`
		Outcomes []PaymentOutcome `json:"outcomes" minItems:"1" maxItems:"10000" nullable:"false"`
	}
}

type settledOut struct {
	Body struct {
		Paid    int `json:"paid" example:"1"`
		Failed  int `json:"failed" example:"0" doc:"没有付成，又成应付 · not paid: payable again"`
		Unknown int `json:"unknown" example:"0" doc:"还不知道：不再付，等回单 · nobody knows yet: it is not paid again, a statement will say"`
		Bounced int `json:"bounced" example:"0" doc:"付出后退回，又成应付 · came back from the payee's bank: payable again"`
		Before  int `json:"before" example:"0" doc:"早已如此 · stood so already"`
		Open    int `json:"open" example:"0" doc:"还没有结果 · outcome still to come"`
	}
}

// settlePayments enters what became of payments; cases all of whose money arrived move on.
func (s *server) settlePayments(ctx context.Context, c *caller, in *settlePaymentsIn) (*settledOut, error) {
	key, err := ledgerKey(c, in.key)
	if err != nil {
		return nil, err
	}
	var outcomes []ledger.Outcome
	for _, x := range in.Body.Outcomes {
		outcomes = append(outcomes, ledger.Outcome{Order: x.N, State: ledger.OrderState(x.State), Reason: x.Reason, Place: x.Place, File: in.Body.File})
	}
	done, err := s.Subsidy.Settle(ctx, c.scope, ledger.Act{Key: key, Document: in.Body.Document}, in.ID, outcomes)
	out := &settledOut{}
	b := &out.Body
	b.Paid, b.Failed, b.Unknown, b.Bounced, b.Before, b.Open = done.Paid, done.Failed, done.Unknown, done.Bounced, done.Before, done.Open
	return out, err
}

// instalmentPart is a part of an instalment, as it lies in one line.
type instalmentPart struct {
	Part       int64    `json:"part" example:"321"`
	Case       string   `json:"case,omitempty" example:"314"`
	Instalment int      `json:"instalment" example:"1"`
	Line       fundLine `json:"line"`
	Area       *Node    `json:"area,omitempty"`
	Clause     string   `json:"clause" example:"yancheng-2022-6 c9"`
	Committed  string   `json:"committed" example:"0.00" doc:"已承诺、还未到期应付的，元 · committed and not payable yet, in yuan"`
	Payable    string   `json:"payable" example:"638000.00"`
}

type instalmentsOut struct {
	Body struct {
		Items []instalmentStands `json:"items" nullable:"false" doc:"第一期在前；结转的各年分列 · the first one first; of one that was carried over, each year's part by itself"`
	}
}

// instalmentStands is an instalment of what was granted, and how far it has come.
type instalmentStands struct {
	Instalment int      `json:"instalment" example:"1"`
	Line       fundLine `json:"line"`
	Committed  string   `json:"committed" example:"0.00" doc:"已承诺、还未到期应付的，元 · committed and not payable yet, in yuan"`
	Payable    string   `json:"payable" example:"638000.00"`
	Ordered    string   `json:"ordered" example:"0.00" doc:"支付中 · in a batch of payments"`
	Paid       string   `json:"paid" example:"0.00"`
	Returned   string   `json:"returned" example:"0.00" doc:"已追回 · came back"`
}

// listInstalments is what is paid to an application when.
func (s *server) listInstalments(ctx context.Context, c *caller, in *CaseIn) (*instalmentsOut, error) {
	parts, err := s.Subsidy.Instalments(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &instalmentsOut{}
	out.Body.Items = []instalmentStands{}
	for _, x := range parts {
		b := x.Balance
		out.Body.Items = append(out.Body.Items, instalmentStands{
			x.N, s.fundLine(x.Line), b[ledger.Committed].String(), b[ledger.Payable].String(), b[ledger.Ordered].String(), b[ledger.Paid].String(), b[ledger.Returned].String(),
		})
	}
	return out, nil
}

type unpaidOut struct {
	Body struct {
		Items []instalmentPart `json:"items" nullable:"false"`
		Next  string           `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// listUnpaid is what may be carried over at the end of a year.
func (s *server) listUnpaid(ctx context.Context, c *caller, in *struct {
	FundQuery
	Paging
},
) (*unpaidOut, error) {
	at, err := in.open(c, c.listName("unpaid", in.FundQuery))
	if err != nil {
		return nil, err
	}
	var list []ledger.Instalment
	err = s.Book.Read(ctx, c.scope, func(ctx context.Context, view *ledger.View) error {
		list, err = view.Unpaid(ctx, in.filter(), ledger.Page{After: at.Before, Rows: in.Limit + 1})
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &unpaidOut{}
	out.Body.Items = []instalmentPart{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.Next = cursor{List: at.List, Before: list[in.Limit-1].Part}.String()
	}
	for _, x := range list {
		out.Body.Items = append(out.Body.Items, instalmentPart{
			x.Part, x.Case, x.N, s.fundLine(x.Line), nodeOf(s.Library.Areas(), x.Area), x.Clause, x.Balance[ledger.Committed].String(), x.Balance[ledger.Payable].String(),
		})
	}
	return out, nil
}

type carryIn struct {
	Keyed
	Body struct {
		From     int64   `json:"from" minimum:"1" example:"301" doc:"哪一年的科目 · the line of the earlier year"`
		To       int64   `json:"to" minimum:"1" example:"360" doc:"结转到的科目 · the line of the later year"`
		Free     string  `json:"free,omitempty" maxLength:"40" example:"10万元" doc:"结转多少未使用的 · how much of what is free"`
		Parts    []int64 `json:"parts,omitempty" maxItems:"10000" nullable:"false" example:"[321]" doc:"一并结转的各期，见 list_unpaid · instalments that go along, see list_unpaid"`
		Reason   string  `json:"reason" minLength:"1" maxLength:"2000" example:"跨年支付"`
		Document string  `json:"document" minLength:"1" maxLength:"300" example:"盐财预〔2025〕1号"`
	}
}

// carryOver takes what is left of a year's line to a line of a later year.
func (s *server) carryOver(ctx context.Context, c *caller, in *carryIn) (*nothing, error) {
	b := in.Body
	free, err := s.yuanOf(c, "/free", b.Free)
	if err != nil {
		return nil, err
	}
	return &nothing{}, s.moves(ctx, c, in.key, ledger.Act{Reason: b.Reason, Document: b.Document}, func(ctx context.Context, tx *store.Tx, act ledger.Act) error {
		return s.Book.CarryOver(ctx, tx, act, ledger.Carry{From: b.From, To: b.To, Free: free, Parts: b.Parts})
	})
}

// claimRow is a claim in the ledger, and whose it is.
type claimRow struct {
	ID         int64  `json:"id" example:"370"`
	Project    string `json:"project" example:"project:21"`
	Item       string `json:"item,omitempty" example:"2023" doc:"空为整个项目 · blank for the project as a whole"`
	Family     string `json:"family" example:"investment"`
	Amount     string `json:"amount" example:"638000.00"`
	Year       int    `json:"year" example:"2023"`
	Bureau     string `json:"bureau" example:"盐城市人民政府办公室"`
	Document   string `json:"document" example:"盐政办发〔2022〕6号 四(三)"`
	Case       string `json:"case,omitempty" example:"314"`
	Enterprise *Firm  `json:"enterprise,omitempty" doc:"无权查看时没有 · none where you may not see it"`
	Area       *Node  `json:"area,omitempty"`
	Source     int64  `json:"source,omitempty" example:"9" doc:"由哪次导入说明；本系统批准的没有 · the import that stated it; none of what was granted here"`
	Place      string `json:"place,omitempty" example:"opening.xlsx!A3"`
	Lifted     bool   `json:"lifted" example:"false" doc:"不再有效 · it stands no more"`
}

func (s *server) claimRow(m moment, x ledger.Standing) claimRow {
	return claimRow{
		x.ID, x.Project, x.Item, x.Family, x.Amount.String(), x.Year, x.Bureau, x.Doc, x.Case, s.firmOfCase(m, x.Party), nodeOf(s.Library.Areas(), x.Area), x.Source, x.Place, x.Lifted,
	}
}

// ClaimQuery chooses claims.
type ClaimQuery struct {
	Project    string `query:"project" maxLength:"200" example:"project:21" doc:"invoice 为发票，serial 为设备，其余为 种类:编号 · invoice for invoices, serial for machines, else kind:id"`
	Case       string `query:"case" maxLength:"40" example:"314"`
	Enterprise int64  `query:"enterprise" minimum:"0" example:"17"`
	Source     int64  `query:"source" minimum:"0" example:"9"`
	Standing   bool   `query:"standing" example:"true" doc:"只要仍有效的 · those alone that stand"`
}

type claimsOut struct {
	Body struct {
		Items []claimRow `json:"items" nullable:"false" doc:"先登记的在前 · in the order in which they were entered"`
		Next  string     `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) listClaims(ctx context.Context, c *caller, in *struct {
	ClaimQuery
	Paging
},
) (*claimsOut, error) {
	at, err := in.open(c, c.listName("claims", in.ClaimQuery))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	var list []ledger.Standing
	err = s.Book.Read(ctx, c.scope, func(ctx context.Context, view *ledger.View) error {
		f := ledger.ClaimFilter{Project: in.Project, Case: in.Case, Party: in.Enterprise, Source: in.Source, Standing: in.Standing}
		list, err = view.Claims(ctx, f, ledger.Page{After: at.Before, Rows: in.Limit + 1})
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &claimsOut{}
	out.Body.Items = []claimRow{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.Next = cursor{List: at.List, Before: list[in.Limit-1].ID}.String()
	}
	for _, x := range list {
		out.Body.Items = append(out.Body.Items, s.claimRow(m, x))
	}
	return out, nil
}

type againstOut struct {
	Body struct {
		Items []claimRow `json:"items" nullable:"false" doc:"空则可以 · it may be claimed where there is none"`
	}
}

// against is what stands against a claim, of whatever area: what another one has granted is what must be known.
func (s *server) against(ctx context.Context, c *caller, in *struct {
	Project string `query:"project" required:"true" minLength:"1" maxLength:"200" example:"invoice"`
	Item    string `query:"item" maxLength:"200" example:"24322000000012345678"`
	Family  string `query:"family" required:"true" minLength:"1" maxLength:"80" example:"cost_item" doc:"发票和设备为 cost_item · cost_item for invoices and machines"`
},
) (*againstOut, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	out := &againstOut{}
	out.Body.Items = []claimRow{}
	return out, s.Book.Read(ctx, c.scope, func(ctx context.Context, view *ledger.View) error {
		list, err := view.Against(ctx, ledger.Claim{Project: in.Project, Item: in.Item, Family: in.Family})
		for _, x := range list {
			out.Body.Items = append(out.Body.Items, s.claimRow(m, x))
		}
		return err
	})
}

func (s *server) registerPayments() {
	read, pay, manage := access.Need{Action: access.ReadFund}, access.Need{Action: access.PayOut}, access.Need{Action: access.ManageFund}
	const list, one = "/payments", "/payments/{id}"
	handle(s, operation{id: "list_payables", tag: "fund", method: http.MethodGet, path: "/payables", need: read}, s.listPayables)
	handle(s, operation{id: "draft_payments", tag: "fund", method: http.MethodPost, path: list, need: pay, status: http.StatusCreated, keyed: true}, s.draftPayments)
	handle(s, operation{id: "list_payments", tag: "fund", method: http.MethodGet, path: list, need: read}, s.listPayments)
	handle(s, operation{id: "get_payments", tag: "fund", method: http.MethodGet, path: one, need: read}, s.getPayments)
	handle(s, operation{id: "send_payments", tag: "fund", method: http.MethodPost, path: one + "/send", need: pay, status: http.StatusNoContent, keyed: true}, s.sendPayments)
	handle(s, operation{id: "cancel_payments", tag: "fund", method: http.MethodPost, path: one + "/cancel", need: pay, status: http.StatusNoContent, keyed: true}, s.cancelPayments)
	handle(s, operation{id: "take_payment_file", tag: "fund", method: http.MethodPost, path: one + "/file", need: pay, streams: tables[:2]}, s.takeFile)
	handle(s, operation{id: "get_payment_file", tag: "fund", method: http.MethodGet, path: one + "/files/{file}", need: pay, streams: []string{octets}}, s.getPaymentFile)
	handle(s, operation{id: "read_results", tag: "fund", method: http.MethodPost, path: one + "/results", need: pay, upload: octets}, s.readResults)
	handle(s, operation{id: "settle_payments", tag: "fund", method: http.MethodPost, path: one + "/settle", need: pay, body: 4 * bodyLimit, keyed: true}, s.settlePayments)
	handle(s, operation{id: "list_instalments", tag: "subsidies", method: http.MethodGet, path: "/cases/{id}/instalments", need: access.Need{Action: access.ReadCase}}, s.listInstalments)
	handle(s, operation{id: "list_unpaid", tag: "fund", method: http.MethodGet, path: "/fund/unpaid", need: read}, s.listUnpaid)
	handle(s, operation{id: "carry_over", tag: "fund", method: http.MethodPost, path: "/fund/carry-over", need: manage, status: http.StatusNoContent, keyed: true}, s.carryOver)
	handle(s, operation{id: "list_claims", tag: "fund", method: http.MethodGet, path: "/claims", need: read}, s.listClaims)
	handle(s, operation{id: "check_claim", tag: "fund", method: http.MethodGet, path: "/claims/against", need: read}, s.against)
}
