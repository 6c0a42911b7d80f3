package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// LoanBank is a bank that takes part.
type LoanBank struct {
	Code     string    `json:"code" example:"demo_a"`
	Kind     string    `json:"kind" enum:"bank,lessor" example:"bank" doc:"银行或租赁公司"`
	Name     i18n.Text `json:"name"`
	Invented bool      `json:"invented" example:"true" doc:"演示用的虚构银行 · no bank: it stands in demonstrations alone"`
}

func loanBank(b credit.Bank) LoanBank {
	return LoanBank{b.Code, b.Gives().Party(), b.Name, b.Invented}
}

// ProductHead is a loan or lease product (贷款、融资租赁产品) as lists show it.
type ProductHead struct {
	Product    string    `json:"product" example:"demo_a_equipment"`
	Kind       string    `json:"kind" enum:"loan,lease" example:"loan"`
	Bank       LoanBank  `json:"bank"`
	Name       i18n.Text `json:"name"`
	Least      string    `json:"least" example:"500000.00" doc:"最低金额，元 · the smallest loan, in yuan"`
	Most       string    `json:"most" example:"20000000.00"`
	RateFrom   string    `json:"rate_from" example:"3.1%"`
	RateTo     string    `json:"rate_to" example:"3.8%"`
	MonthsFrom int       `json:"months_from" example:"12"`
	MonthsTo   int       `json:"months_to" example:"36"`
	Days       int       `json:"days" example:"10" doc:"答复时限，工作日 · working days within which the bank answers"`
	Source     string    `json:"source" example:"本系统演示数据，不是真实银行产品"`
	Confidence string    `json:"confidence" enum:"verified,secondary,unverified" example:"unverified"`
}

func productHead(p *credit.Product) ProductHead {
	return ProductHead{
		Product: p.Product, Kind: string(p.Kind), Bank: loanBank(p.By), Name: p.Name, Least: p.Least.String(), Most: p.Most.String(),
		RateFrom: p.Rate.From.String(), RateTo: p.Rate.To.String(), MonthsFrom: p.Months.From, MonthsTo: p.Months.To, Days: p.Days, Source: p.Source,
		Confidence: p.Confidence,
	}
}

type productsOut struct {
	Body struct {
		Items []ProductHead `json:"items" nullable:"false"`
	}
}

func (s *server) listProducts(context.Context, *caller, *struct{}) (*productsOut, error) {
	out := &productsOut{}
	out.Body.Items = []ProductHead{}
	for _, p := range s.Credit.Offered() {
		out.Body.Items = append(out.Body.Items, productHead(p))
	}
	return out, nil
}

// ProductIn names a loan product.
type ProductIn struct {
	Product string `path:"product" maxLength:"80" example:"demo_a_equipment" doc:"见 list_products · see list_products"`
}

type productOut struct {
	Body struct {
		ProductHead
		SHA256    string            `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
		Lead      i18n.Text         `json:"lead"`
		Who       []SchemeCondition `json:"who" nullable:"false" doc:"谁可以贷 · who may get it"`
		LimitBy   i18n.Text         `json:"limit_by" doc:"额度依据 · what the limit goes by"`
		Documents []i18n.Text       `json:"documents" nullable:"false"`
		Facts     []string          `json:"facts" nullable:"false" example:"[\"ent.revenue\"]" doc:"提交时授权银行读取的数据项 · what the bank reads once the firm consents"`
	}
}

func (s *server) getProduct(_ context.Context, _ *caller, in *ProductIn) (*productOut, error) {
	p, err := s.Credit.Product(in.Product)
	if err != nil {
		return nil, err
	}
	out := &productOut{}
	b := &out.Body
	b.ProductHead, b.SHA256, b.Lead, b.Who, b.LimitBy, b.Documents, b.Facts = productHead(p), p.Hash, p.Lead, conditionsOf(p.Conditions()), p.Amount.Text, []i18n.Text{}, p.Facts()
	b.Documents = append(b.Documents, p.Documents...)
	return out, nil
}

type fitOut struct {
	Body struct {
		State      string        `json:"state" enum:"met,not_met,unknown" example:"met" doc:"能不能办 · could the firm get it"`
		Year       int           `json:"year" example:"2023" doc:"年度数据取这一年 · whose figures were read"`
		Limit      string        `json:"limit,omitempty" example:"10000000.00" doc:"最多可贷，元；没有则算不出或低于最低金额 · how much at most, in yuan; none where it is not known or below the smallest loan"`
		Missing    []lackingFact `json:"missing" nullable:"false" doc:"算额度缺的数据 · for want of which the limit is not known"`
		Unnamed    bool          `json:"unnamed" example:"false" doc:"没有指明设备，额度算不出 · the limit goes by equipment that was not named"`
		Conditions []standing    `json:"conditions" nullable:"false"`
		Case       int64         `json:"case,omitempty" example:"470" doc:"正在办理的对接 · the referral under way"`
		May        bool          `json:"may" example:"true" doc:"你可以为它申请 · you may ask for it"`
	}
}

// lacking is facts that nobody stated.
func (s *server) lacking(refs []rule.FactRef) []lackingFact {
	out := []lackingFact{}
	for _, ref := range refs {
		lack := lackingFact{Def: ref.Def, Period: periodOf(ref.Period)}
		if def, ok := s.Library.FactDef(ref.Def); ok {
			lack.Name = &def.Name
		}
		out = append(out, lack)
	}
	return out
}

// EquipmentIn is the equipment that would be leased: all of it, or nothing.
type EquipmentIn struct {
	Kind  string `query:"kind" maxLength:"64" example:"machine_tool" doc:"融资租赁的设备种类，与 price、age 一起填；代码表 equipment_kinds · kind of the equipment of a lease, with price and age"`
	Price string `query:"price" maxLength:"40" example:"9000000.00" doc:"设备价款，元 · its price, in yuan"`
	Age   string `query:"age" maxLength:"3" example:"0" doc:"已使用整年数，新购为 0 · full years, 0 for new"`
}

func (s *server) equipment(in EquipmentIn) (credit.Equipment, error) {
	if in == (EquipmentIn{}) {
		return credit.Equipment{}, nil
	}
	if in.Kind == "" || in.Price == "" || in.Age == "" {
		return credit.Equipment{}, errs.Invalid(i18n.M("credit.equipment_part"))
	}
	price, bad := money.Parse(in.Price)
	if bad != nil {
		price = 0 // is refused with what is wanted
	}
	age, bad := strconv.ParseInt(in.Age, 10, 64)
	if bad != nil {
		age = -1
	}
	return s.Credit.Equipment(in.Kind, price, age)
}

// getFit says whether a firm could get a product, as its facts stand today.
func (s *server) getFit(ctx context.Context, c *caller, in *struct {
	ProductIn
	Enterprise int64 `path:"enterprise" minimum:"1" example:"17"`
	EquipmentIn
},
) (*fitOut, error) {
	equipment, err := s.equipment(in.EquipmentIn)
	if err != nil {
		return nil, err
	}
	x, err := s.Credit.Candidate(ctx, c.scope, s.Cases, credit.Want{Product: in.Product, Firm: in.Enterprise, Equipment: equipment})
	if err != nil {
		return nil, err
	}
	out := &fitOut{}
	b := &out.Body
	b.State, b.Year, b.Missing, b.Conditions, b.Case, b.May = string(x.State), x.Year, s.lacking(x.Fit.Missing), s.standings(x.Fit.Checks), x.Case, x.May
	b.Unnamed = x.Unnamed
	if x.Limit > 0 {
		b.Limit = x.Limit.String()
	}
	return out, nil
}

// askBank opens the case in which a firm asks for a product; one that has not ended is told.
func (s *server) askBank(ctx context.Context, c *caller, in *struct {
	ProductIn
	Body struct {
		Enterprise int64 `json:"enterprise" minimum:"1" example:"17"`
		Meeting    int64 `json:"meeting,omitempty" minimum:"0" example:"530" doc:"从哪次银企对接会来 · the meeting at which it came to that"`
	}
},
) (*applyOut, error) {
	id, begun, err := s.Credit.Begin(ctx, c.scope, s.Cases, credit.Request{Product: in.Product, Firm: in.Body.Enterprise, Meeting: in.Body.Meeting})
	out := &applyOut{}
	out.Body.ID, out.Body.Begun = id, begun
	return out, err
}

type loanConsent struct {
	ID     int64    `json:"id" example:"481"`
	Facts  []string `json:"facts" nullable:"false" example:"[\"ent.revenue\"]"`
	From   string   `json:"from" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Until  string   `json:"until" format:"date-time" example:"2025-07-01T00:00:00+08:00"`
	Ended  string   `json:"ended,omitempty" format:"date-time" example:"2024-11-20T09:00:00+08:00"`
	Why    string   `json:"why,omitempty" example:"办件已办结"`
	Stands bool     `json:"stands" example:"true"`
}

// leaseRents is a schedule of rents.
type leaseRents struct {
	Number int64  `json:"number" example:"24" doc:"期数 · how many"`
	Every  int64  `json:"every" example:"1" doc:"每期间隔，月 · months between two"`
	First  string `json:"first,omitempty" format:"date" example:"2024-11-25" doc:"首期到期日；意向没有 · none in an offer"`
	Each   string `json:"each" example:"225000.00"`
	Last   string `json:"last" example:"225000.00" doc:"最后一期 · the last one"`
}

// leaseTerms is what a lease says besides what a loan does.
type leaseTerms struct {
	Asset   string      `json:"asset,omitempty" example:"五轴加工中心"`
	Price   string      `json:"price,omitempty" example:"9000000.00" doc:"验收时的设备价款，元 · of the equipment as it was accepted, in yuan"`
	Deposit string      `json:"deposit,omitempty" example:"200000.00" doc:"保证金，元 · in yuan"`
	Fee     string      `json:"fee,omitempty" example:"10000.00" doc:"手续费，元 · in yuan"`
	Rents   *leaseRents `json:"rents,omitempty" doc:"租金支付计划 · schedule of rents"`
}

// leaseTermsOf are those of an offer, a contract or a delivery, which says what was delivered; nil for a loan.
func leaseTermsOf(k credit.Kind, x credit.Rental) *leaseTerms {
	if k != credit.Lease {
		return nil
	}
	out := &leaseTerms{Deposit: x.Deposit.String(), Fee: x.Fee.String()}
	if x.Asset != "" {
		out = &leaseTerms{Asset: x.Asset, Price: x.Price.String()}
	}
	if r := x.Rents; r.N > 0 {
		out.Rents = &leaseRents{Number: r.N, Every: r.Every, Each: r.Each.String(), Last: r.Last.String()}
		if r.First != 0 {
			out.Rents.First = r.First.String()
		}
	}
	return out
}

type loanOffer struct {
	Amount     string `json:"amount" example:"5500000.00"`
	Rate       string `json:"rate" example:"3.5%"`
	Months     int64  `json:"months" example:"24"`
	ValidUntil string `json:"valid_until" format:"date" example:"2024-12-31"`
	Conditions string `json:"conditions,omitempty" example:"追加设备抵押"`
	At         string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`

	Lease *leaseTerms `json:"lease,omitempty"`
}

type loanContract struct {
	Number   string `json:"number" example:"H-2024-001"`
	Line     string `json:"line" example:"5500000.00" doc:"授信额度，元 · the credit line, in yuan"`
	Rate     string `json:"rate" example:"3.5%"`
	SignedOn string `json:"signed_on" format:"date" example:"2024-10-20"`
	EndsOn   string `json:"ends_on" format:"date" example:"2027-10-20"`

	Lease *leaseTerms `json:"lease,omitempty"`
}

type loanRepayment struct {
	N         int    `json:"n" example:"1" doc:"第几笔，更正和撤销时用 · its number, by which it is corrected or taken back"`
	PaidOn    string `json:"paid_on" format:"date" example:"2024-10-31"`
	Principal string `json:"principal" example:"1000000.00"`
	Interest  string `json:"interest" example:"5000.00"`
}

type loanDrawdown struct {
	Subject     int64           `json:"subject" example:"490" doc:"企业的这笔贷款，数据都关于它 · the firm's loan that facts are about"`
	Voucher     string          `json:"voucher" example:"J-2024-001"`
	Principal   string          `json:"principal" example:"3000000.00"`
	Rate        string          `json:"rate" example:"3.5%"`
	DrawnOn     string          `json:"drawn_on" format:"date" example:"2024-10-25"`
	DueOn       string          `json:"due_on" format:"date" example:"2026-10-25"`
	Outstanding string          `json:"outstanding" example:"2000000.00"`
	Gone        bool            `json:"gone" example:"false" doc:"已撤销 · it was taken back"`
	Repayments  []loanRepayment `json:"repayments" nullable:"false" doc:"不含已撤销的 · without those that were taken back"`

	Lease       *leaseTerms      `json:"lease,omitempty"`
	Corrections []loanCorrection `json:"corrections" nullable:"false" doc:"先更正的在前 · in the order in which they were made"`
}

// loanTerms is what a drawdown or a repayment was, or is; a delivery or a rent of a lease likewise.
type loanTerms struct {
	Principal string `json:"principal" example:"3000000.00"`
	On        string `json:"on" format:"date" example:"2024-10-25" doc:"放款或还款日期 · drawn or paid on"`
	DueOn     string `json:"due_on,omitempty" format:"date" example:"2026-10-25"`
	Rate      string `json:"rate,omitempty" example:"3.5%"`
	Interest  string `json:"interest,omitempty" example:"5000.00"`
	Gone      bool   `json:"gone" example:"false" doc:"已撤销 · it was taken back"`

	Lease *leaseTerms `json:"lease,omitempty"`
}

type loanCorrection struct {
	Repayment int       `json:"repayment,omitempty" example:"1" doc:"第几笔还款；没有则是放款本身 · which repayment; none for the drawdown itself"`
	Was       loanTerms `json:"was"`
	Now       loanTerms `json:"now"`
	Reason    string    `json:"reason" example:"录入有误"`
	At        string    `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

func loanCorrectionOf(k credit.Kind, c credit.Correction) loanCorrection {
	drawn := func(x credit.Terms) loanTerms {
		return loanTerms{Principal: x.Principal.String(), On: x.DrawnOn.String(), DueOn: x.DueOn.String(), Rate: money.PPM(x.PPM).String(), Gone: x.Gone, Lease: leaseTermsOf(k, x.Rental)}
	}
	paid := func(x credit.Paid) loanTerms {
		return loanTerms{Principal: x.Principal.String(), On: x.PaidOn.String(), Interest: x.Interest.String(), Gone: x.Gone}
	}
	out := loanCorrection{Repayment: c.N, Reason: c.Reason, At: instant(c.At)}
	if out.Was, out.Now = drawn(c.Was), drawn(c.Now); c.N > 0 {
		out.Was, out.Now = paid(c.Had), paid(c.Has)
	}
	return out
}

type loanOut struct {
	Body struct {
		Kind      string         `json:"kind" enum:"loan,lease" example:"loan" doc:"lease：放款为设备交付，还款为租金 · of a lease drawdowns are deliveries of equipment, and repayments rents"`
		Product   string         `json:"product" example:"demo_a_equipment"`
		SHA256    string         `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"申请时的产品 · the product as it was when the firm asked"`
		Bank      LoanBank       `json:"bank"`
		Meeting   int64          `json:"meeting,omitempty" example:"530" doc:"由哪次银企对接会发起 · the meeting at which it began"`
		Consents  []loanConsent  `json:"consents" nullable:"false" doc:"新的在前 · the newest first"`
		Offers    []loanOffer    `json:"offers" nullable:"false" doc:"以最后一次为准 · the last one counts"`
		Contract  *loanContract  `json:"contract,omitempty"`
		Drawdowns []loanDrawdown `json:"drawdowns" nullable:"false"`
	}
}

// getLoan is what became of the referral of a case.
func (s *server) getLoan(ctx context.Context, c *caller, in *idIn) (*loanOut, error) {
	p, err := s.Credit.Progress(ctx, c.scope, s.Cases, in.ID)
	if err != nil {
		return nil, err
	}
	rate := func(ppm int64) string { return money.PPM(ppm).String() }
	out := &loanOut{}
	b := &out.Body
	k := p.Product.Kind
	b.Kind, b.Product, b.SHA256, b.Bank, b.Meeting = string(k), p.Of, p.Hash, loanBank(p.Product.By), p.Meeting
	b.Consents, b.Offers, b.Drawdowns = []loanConsent{}, []loanOffer{}, []loanDrawdown{}
	for _, g := range p.Consents {
		b.Consents = append(b.Consents, s.loanConsent(g))
	}
	for _, o := range p.Offers {
		b.Offers = append(b.Offers, loanOffer{o.Amount.String(), rate(o.PPM), o.Months, o.ValidUntil.String(), o.Conditions, instant(o.At), leaseTermsOf(k, o.Rental)})
	}
	if x := p.Contract; x != nil {
		b.Contract = &loanContract{x.Number, x.Line.String(), rate(x.PPM), x.SignedOn.String(), x.EndOn.String(), leaseTermsOf(k, x.Rental)}
	}
	for _, d := range p.Drawdowns {
		row := loanDrawdown{
			Subject: d.Subject, Voucher: d.Voucher, Principal: d.Principal.String(), Rate: rate(d.PPM), DrawnOn: d.DrawnOn.String(), DueOn: d.DueOn.String(),
			Outstanding: d.Left().String(), Gone: d.Gone, Repayments: []loanRepayment{}, Corrections: []loanCorrection{},
			Lease: leaseTermsOf(k, d.Rental),
		}
		for _, r := range d.Repayments {
			row.Repayments = append(row.Repayments, loanRepayment{r.N, r.PaidOn.String(), r.Principal.String(), r.Interest.String()})
		}
		for _, x := range d.Restated {
			row.Corrections = append(row.Corrections, loanCorrectionOf(k, x))
		}
		b.Drawdowns = append(b.Drawdowns, row)
	}
	return out, nil
}

func (s *server) loanConsent(g consent.Grant) loanConsent {
	return loanConsent{
		ID: g.ID, Facts: append([]string{}, g.Facts...), From: instant(g.From), Until: instant(g.Until), Ended: instant(g.EndedAt), Why: g.Why,
		Stands: g.Stands(s.Clock.Millis()),
	}
}

type packFact struct {
	Def    string    `json:"def" example:"ent.revenue"`
	Name   i18n.Text `json:"name"`
	Period string    `json:"period,omitempty" example:"2023"`
	Cell
	Authority string `json:"authority,omitempty" example:"statistics" doc:"谁说的 · who stated it"`
	Known     string `json:"known,omitempty" format:"date-time" example:"2024-10-31T09:00:00+08:00" doc:"入库时间 · since when it is known"`
}

type packItem struct {
	Kind  string     `json:"kind" example:"enterprise"`
	Facts []packFact `json:"facts" nullable:"false"`
}

type packOut struct {
	Body struct {
		Enterprise string      `json:"enterprise" example:"盐城亭湖甲机械有限公司"`
		Consent    loanConsent `json:"consent"`
		AsOf       string      `json:"as_of" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
		Items      []packItem  `json:"items" nullable:"false"`
	}
}

// getPack is what the firm of a referral consented to, for the bank that it asked. That it was read is recorded.
func (s *server) getPack(ctx context.Context, c *caller, in *idIn) (*packOut, error) {
	p, err := s.Consent.PackOfCase(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := &packOut{}
	b := &out.Body
	b.Enterprise, b.Consent, b.AsOf, b.Items = p.Firm.Name, s.loanConsent(p.Grant), instant(p.At), []packItem{}
	for _, item := range p.Items {
		row := packItem{Kind: item.Subject.Kind, Facts: []packFact{}}
		for _, k := range item.Facts {
			f := packFact{
				Def: k.Def.Code, Name: k.Def.Name, Period: periodOf(k.Period), Cell: s.cell(k.Def, k.Cell), Authority: k.From.Authority, Known: instant(k.From.ReceivedAt),
			}
			row.Facts = append(row.Facts, f)
		}
		b.Items = append(b.Items, row)
	}
	return out, nil
}

func (s *server) registerProducts() {
	open := access.Need{Public: true}
	const list, one = "/products", "/products/{product}"
	handle(s, operation{id: "list_products", tag: "credit", method: http.MethodGet, path: list, need: open}, s.listProducts)
	handle(s, operation{id: "get_product", tag: "credit", method: http.MethodGet, path: one, need: open}, s.getProduct)
	handle(s, operation{id: "get_fit", tag: "credit", method: http.MethodGet, path: one + "/enterprises/{enterprise}", need: access.Need{Action: access.ReadFact}}, s.getFit)
	handle(s, operation{id: "ask_bank", tag: "credit", method: http.MethodPost, path: one + "/ask", need: access.Need{Action: access.FileCase}, status: http.StatusCreated, once: true}, s.askBank)
	handle(s, operation{id: "get_loan", tag: "credit", method: http.MethodGet, path: "/cases/{id}/loan", need: access.Need{Action: access.ReadCase}}, s.getLoan)
	handle(s, operation{id: "get_pack", tag: "credit", method: http.MethodGet, path: "/cases/{id}/pack", need: access.Need{Action: access.AnswerCase}}, s.getPack)
}
