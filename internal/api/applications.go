package api

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// Came is how far the money of what was granted has come, in yuan; nothing of it before.
type Came struct {
	Granted  string `json:"granted,omitempty" example:"682000.00" doc:"批准的，元；不因追回而减少 · in yuan; no less for what came back"`
	Paid     string `json:"paid,omitempty" example:"682000.00" doc:"已付，含其后追回的 · paid, what came back later included"`
	Returned string `json:"returned,omitempty" example:"0.00" doc:"已追回 · came back"`
	Net      string `json:"net,omitempty" example:"682000.00" doc:"实得：已付减已追回 · what the enterprise has of it: paid, without what came back"`
}

func cameOf(t ledger.Totals) Came {
	if t.Committed == 0 {
		return Came{}
	}
	return Came{t.Committed.String(), t.Paid.String(), t.Returned.String(), t.Net().String()}
}

// ApplicationHead is an application as lists show it.
type ApplicationHead struct {
	Case       int64      `json:"case" example:"314"`
	Call       int64      `json:"call,omitempty" example:"310" doc:"免申即享没有 · none of what needs no application"`
	Enterprise *Firm      `json:"enterprise,omitempty"`
	Policy     string     `json:"policy" example:"yancheng-2022-6"`
	Clause     clauseName `json:"clause"`
	Thing      thing      `json:"thing"`
	Year       int        `json:"year,omitempty" example:"2023"`
	Standing   string     `json:"standing" enum:"draft,open,granted,closed" example:"open" doc:"draft 还没有提交，closed 已撤回、不予支持或全额退回 · draft: not handed in; closed: withdrawn, refused, or come back whole"`
	Amount     string     `json:"amount,omitempty" example:"682000.00" doc:"最近一次测算确定的，元 · what is sure as last decided, in yuan"`
	Came
	Batch int64 `json:"batch,omitempty" example:"330"`
	Round int64 `json:"round,omitempty" example:"340" doc:"来自哪一轮免申即享 · the round without application that it came of"`
}

func (s *server) applicationHead(ctx context.Context, m moment, a subsidy.Application, came ledger.Totals) (ApplicationHead, error) {
	out := ApplicationHead{
		Case: a.Case, Call: a.Call, Enterprise: s.firmOfCase(m, a.Enterprise), Policy: a.Policy, Thing: thing{a.Subject, a.Kind, a.Name}, Year: a.Year,
		Standing: a.Standing, Came: cameOf(came), Batch: a.Batch, Round: a.Round,
	}
	if a.Standing != "" {
		out.Amount = a.Amount.String()
	}
	names, err := s.clauseNames(ctx, a.Policy, a.Known, a.Clause)
	if err != nil {
		return out, err
	}
	out.Clause = names[0]
	return out, nil
}

// ApplicationQuery chooses applications that were handed in.
type ApplicationQuery struct {
	Call       int64  `query:"call" minimum:"0" example:"310"`
	Batch      int64  `query:"batch" minimum:"0" example:"330"`
	Enterprise int64  `query:"enterprise" minimum:"0" example:"17"`
	Standing   string `query:"standing" enum:"open,granted,closed" example:"open"`
}

type applicationsOut struct {
	Body struct {
		Items []ApplicationHead `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
		Next  string            `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) listApplications(ctx context.Context, c *caller, in *struct {
	ApplicationQuery
	Paging
},
) (*applicationsOut, error) {
	at, err := in.open(c, c.listName("applications", in.ApplicationQuery))
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	list, err := s.Subsidy.Applications(ctx, c.scope, subsidy.Filter{
		Call: in.Call, Batch: in.Batch, Enterprise: in.Enterprise, Standing: in.Standing, Before: at.Before, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	out := &applicationsOut{}
	out.Body.Items = []ApplicationHead{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.Next = cursor{List: at.List, Before: list[in.Limit-1].Case}.String()
	}
	came, err := s.Subsidy.Money(ctx, list...)
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		head, err := s.applicationHead(ctx, m, a, came[a.Case])
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, head)
	}
	return out, nil
}

// CostItem is a cost item as it is claimed: a line of an invoice, or a machine.
type CostItem struct {
	Kind    string `json:"kind" minLength:"1" maxLength:"64" example:"equipment" doc:"见 list_offers 的 costs · see costs of list_offers"`
	Label   string `json:"label" minLength:"1" maxLength:"400" example:"焊接机器人"`
	Invoice string `json:"invoice" minLength:"1" maxLength:"100" example:"24322000000012345678" doc:"发票号码；旧版发票为代码加号码 · number of the invoice; of the older kind, code and number"`
	On      string `json:"on" maxLength:"10" example:"2023-06-15" doc:"开票日期 · its day"`
	Seller  string `json:"seller" maxLength:"400" example:"江苏某装备有限公司"`
	Serial  string `json:"serial,omitempty" maxLength:"100" example:"RB-2023-0042" doc:"设备序列号 · of a machine"`
	Amount  string `json:"amount" minLength:"1" maxLength:"40" example:"600万元"`
}

func costItemOf(x subsidy.Item) CostItem {
	return CostItem{x.Kind, x.Label, x.Invoice, x.On.String(), x.Seller, x.Serial, x.Amount.String()}
}

// costRuling is what was recognised of a cost item.
type costRuling struct {
	Recognised string `json:"recognised" example:"5800000.00"`
	Cut        string `json:"cut" example:"200000.00"`
	Reason     string `json:"reason,omitempty" example:"含运输费 20 万元"`
	By         string `json:"by" example:"王科长"`
	Who        string `json:"who" example:"county_official"`
	At         string `json:"at" format:"date-time" example:"2024-11-08T09:00:00+08:00"`
	Report     string `json:"report,omitempty" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"依据的审计报告，本事项中文件的 SHA-256 · the report that it stands on, a file of the case by its SHA-256"`
}

// cost is a cost item with what was ruled on it.
type cost struct {
	N int `json:"n" example:"1"`
	CostItem
	Ruling *costRuling `json:"ruling,omitempty" doc:"还没有人认定则没有 · none while nobody has ruled"`
}

// costTwin is a cost item of another application with the same invoice or serial number.
type costTwin struct {
	N          int      `json:"n" example:"1" doc:"本申报的第几项 · item of this application"`
	Case       int64    `json:"case" example:"322"`
	Enterprise *Firm    `json:"enterprise,omitempty" doc:"无权查看时没有 · none where you may not see it"`
	Area       *Node    `json:"area,omitempty"`
	Standing   string   `json:"standing" enum:"open,granted,closed" example:"granted"`
	Same       []string `json:"same" nullable:"false" example:"[\"invoice\"]" doc:"invoice、serial 哪个相同 · which of invoice and serial are the same"`
	Label      string   `json:"label" example:"焊接机器人"`
	Invoice    string   `json:"invoice" example:"24322000000012345678"`
	Serial     string   `json:"serial,omitempty" example:"RB-2023-0042"`
	Year       int      `json:"year,omitempty" example:"2023"`
	Amount     string   `json:"amount" example:"6000000.00"`
}

// bound is the most that a fact may count for, by its cost items.
type bound struct {
	Fact   string  `json:"fact" example:"project.effective_input"`
	Period string  `json:"period,omitempty" example:"2023"`
	Stated *string `json:"stated,omitempty" example:"6000000.00" doc:"数据里的，元；没人填报则没有 · what the facts say, in yuan; none where nobody said"`
	Most   string  `json:"most" example:"5800000.00" doc:"已认定的费用合计 · what was recognised"`
	Counts string  `json:"counts" example:"5800000.00" doc:"按它计算 · what it counts for"`
}

// assessed is what an application came to at a stage.
type assessed struct {
	N      int      `json:"n" example:"1" doc:"收据见 get_assessment_receipt · its receipt: get_assessment_receipt"`
	Stage  string   `json:"stage" enum:"submitted,recognised,settled,due" example:"submitted"`
	At     string   `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	By     string   `json:"by,omitempty" example:"王科长"`
	Commit int64    `json:"commit" example:"42" doc:"当时所知的提交 · the commit up to which facts were known"`
	Amount interval `json:"amount"`
	Reason string   `json:"reason,omitempty" example:"按专家意见审定"`
	Bounds []bound  `json:"bounds" nullable:"false"`
}

type applicationOut struct {
	Body struct {
		ApplicationHead
		Asks     []costKind  `json:"asks" nullable:"false" doc:"要填报的费用明细种类 · kinds of cost items that are asked for"`
		Entered  []CostItem  `json:"entered,omitempty" nullable:"false" doc:"已填好、待提交的费用明细，只给本企业 · cost items that wait to be handed in, for the applicant alone"`
		Costs    []cost      `json:"costs" nullable:"false" doc:"已提交的 · as they were handed in"`
		Assessed []assessed  `json:"assessed" nullable:"false" doc:"每一次测算，先的在前 · whatever it came to, oldest first"`
		Warnings []i18n.Text `json:"warnings" nullable:"false" doc:"与它冲突的 · what stands against it"`
		Twins    []costTwin  `json:"twins,omitempty" nullable:"false" doc:"别的申报里相同的发票或设备，只给办理部门 · the same invoices and machines in other applications, for offices alone"`
	}
}

// getApplication is what a case of a subsidy shows besides what every case does.
func (s *server) getApplication(ctx context.Context, c *caller, in *CaseIn) (*applicationOut, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	out := &applicationOut{}
	b := &out.Body
	b.Asks, b.Costs, b.Assessed, b.Warnings = []costKind{}, []cost{}, []assessed{}, []i18n.Text{}
	kinds, err := s.Subsidy.Asks(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	b.Asks = costKinds(kinds)
	a, err := s.Subsidy.Application(ctx, c.scope, in.ID)
	handed := err == nil
	if errs.KindOf(err) == errs.KindNotFound {
		a, err = s.unsent(ctx, c, m, in.ID)
	}
	if err != nil {
		return nil, err
	}
	came, err := s.Subsidy.Money(ctx, a)
	if err != nil {
		return nil, err
	}
	if b.ApplicationHead, err = s.applicationHead(ctx, m, a, came[a.Case]); err != nil {
		return nil, err
	}
	if c.scope.Sees(access.FileCase, "", a.Enterprise) {
		entered, _, err := subsidy.InputOf[subsidy.Asked](ctx, s.Subsidy, c.scope, in.ID)
		if err != nil {
			return nil, err
		}
		for _, x := range entered.Items {
			b.Entered = append(b.Entered, costItemOf(x))
		}
	}
	if !handed {
		return out, nil
	}
	for _, read := range []func(context.Context, *caller, moment, int64, *applicationOut) error{s.readCosts, s.readAssessed, s.readTwins} {
		if err := read(ctx, c, m, in.ID, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// unsent is an application that was not handed in yet.
func (s *server) unsent(ctx context.Context, c *caller, m moment, id int64) (subsidy.Application, error) {
	call, aim, err := s.Subsidy.AimOf(ctx, c.scope, id)
	if err != nil {
		return subsidy.Application{}, err
	}
	if aim.Policy == "" {
		return subsidy.Application{}, errs.NotFound("application", id)
	}
	a := subsidy.Application{Case: id, Call: call, Aim: aim, Standing: "draft"}
	if x, ok := m.Subject(aim.Subject); ok {
		a.Kind, a.Name = x.Kind, x.Key
	}
	of, err := s.Subsidy.Call(ctx, c.scope, call)
	a.Known = of.Known
	return a, err
}

func (s *server) readCosts(ctx context.Context, c *caller, _ moment, id int64, out *applicationOut) error {
	costs, err := s.Subsidy.CostsOf(ctx, c.scope, id)
	if err != nil {
		return err
	}
	names := people{}
	for _, x := range costs {
		row := cost{N: x.N, CostItem: costItemOf(x.Item)}
		if x.Ruled {
			by, err := s.nameOf(ctx, names, x.By)
			if err != nil {
				return err
			}
			row.Ruling = &costRuling{x.Recognised.String(), x.Cut.String(), x.Reason, by, x.Role, instant(x.At), x.Report}
		}
		out.Body.Costs = append(out.Body.Costs, row)
	}
	return nil
}

func (s *server) readAssessed(ctx context.Context, c *caller, _ moment, id int64, out *applicationOut) error {
	all, err := s.Subsidy.Assessments(ctx, c.scope, id)
	if err != nil {
		return err
	}
	names := people{}
	for _, x := range all {
		row := assessed{N: x.N, Stage: x.Stage, At: instant(x.At), Commit: x.Seq, Amount: intervalOf(x.Pays), Reason: x.Reason, Bounds: []bound{}}
		if x.By != 0 {
			if row.By, err = s.nameOf(ctx, names, x.By); err != nil {
				return err
			}
		}
		for _, y := range x.Bounds {
			one := bound{Fact: y.Fact, Period: periodOf(y.Period), Most: y.Most.String(), Counts: y.Counts().String()}
			if y.Stated != nil {
				one.Stated = ptr(y.Stated.String())
			}
			row.Bounds = append(row.Bounds, one)
		}
		out.Body.Assessed = append(out.Body.Assessed, row)
	}
	warnings, err := s.Subsidy.Warnings(ctx, c.scope, id)
	for _, x := range warnings {
		out.Body.Warnings = append(out.Body.Warnings, both(x.Msg))
	}
	return err
}

func (s *server) readTwins(ctx context.Context, c *caller, m moment, id int64, out *applicationOut) error {
	twins, err := s.Subsidy.Twins(ctx, c.scope, id)
	if kind := errs.KindOf(err); kind == errs.KindForbidden || kind == errs.KindNotFound {
		return nil // they are for offices
	}
	if err != nil {
		return err
	}
	for _, x := range twins {
		row := costTwin{
			N: x.N, Case: x.Case, Enterprise: s.firmOfCase(m, x.Enterprise), Area: nodeOf(s.Library.Areas(), x.Area), Standing: x.Standing, Same: []string{},
			Label: x.Label, Invoice: x.Invoice, Serial: x.Serial, Year: x.Year, Amount: x.Amount.String(),
		}
		if x.ByInvoice {
			row.Same = append(row.Same, "invoice")
		}
		if x.BySerial {
			row.Same = append(row.Same, "serial")
		}
		out.Body.Twins = append(out.Body.Twins, row)
	}
	return nil
}

// assessmentReceipt is the receipt of an assessment, as it was kept. It holds facts of the enterprise, which departments and
// experts do not read.
func (s *server) assessmentReceipt(ctx context.Context, c *caller, in *struct {
	CaseIn
	N int `path:"n" minimum:"1" example:"1"`
},
) (*stream, error) {
	a, err := s.Subsidy.Application(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	if !c.scope.Sees(access.ReadSensitive, a.Area, a.Enterprise) {
		return nil, errs.NotFound("assessment", in.N)
	}
	all, err := s.Subsidy.Assessments(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if x.N == in.N {
			if err := s.receiptRead(ctx, c, a.Enterprise, x.Receipt); err != nil {
				return nil, err
			}
			return s.file(fmt.Sprintf("receipt-%d-%d.json", in.ID, in.N), "application/json", x.Receipt), nil
		}
	}
	return nil, errs.NotFound("assessment", in.N)
}

// receiptRead tells an enterprise that somebody reads what a kept receipt says of it.
func (s *server) receiptRead(ctx context.Context, c *caller, firm int64, receipt []byte) error {
	r, err := version.ReadReceipt(bytes.NewReader(receipt))
	if err != nil {
		return fmt.Errorf("read a kept receipt: %w", err)
	}
	view, err := s.Frames.For(ctx, c.scope, 0)
	if err != nil {
		return err
	}
	for _, def := range r.Reads(s.Library) {
		view.Told(firm, def)
	}
	return nil
}

// BankAccount is the account that a subsidy is paid to.
type BankAccount struct {
	Holder string `json:"holder" minLength:"1" maxLength:"200" example:"盐城亭湖甲机械有限公司" doc:"户名，须为企业本身 · the holder: the enterprise itself"`
	Bank   string `json:"bank" minLength:"1" maxLength:"200" example:"盐城农商银行亭湖支行"`
	Number string `json:"number" minLength:"1" maxLength:"80" example:"6228480402564890018"`
}

// namedAccount is an account as the caller may see it.
type namedAccount struct {
	BankAccount
	Enterprise string `json:"enterprise,omitempty" example:"盐城亭湖甲机械有限公司" doc:"户名与企业名称不同时有，只给财政 · where the holder bears another name, for finance alone"`
	Masked     bool   `json:"masked" example:"false" doc:"只给本企业和财政看全号，其他人只有后四位 · in full for the applicant and finance alone; others see the last four digits"`
}

func namedAccountOf(p subsidy.Payee) namedAccount {
	return namedAccount{BankAccount{p.Holder, p.Bank, p.Number.Reveal()}, p.Firm, p.Masked} // a masked one holds nothing to reveal
}

type payeeOut struct {
	Cache string `header:"Cache-Control"`
	Body  namedAccount
}

func (s *server) getPayee(ctx context.Context, c *caller, in *CaseIn) (*payeeOut, error) {
	p, err := s.Subsidy.Payee(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	return &payeeOut{"no-store", namedAccountOf(p)}, nil
}

func (s *server) putPayee(ctx context.Context, c *caller, in *struct {
	CaseIn
	Body BankAccount
},
) (*nothing, error) {
	b := in.Body
	return &nothing{}, s.Subsidy.NamePayee(ctx, c.scope, in.ID, subsidy.Payee{
		Holder: strings.TrimSpace(b.Holder), Bank: strings.TrimSpace(b.Bank), Number: ledger.Account(strings.Join(strings.Fields(b.Number), "")),
	})
}

// put keeps what is entered for the next act in a case: now, where an action that the caller may take asks for it.
func (s *server) put(ctx context.Context, c *caller, id int64, effect string, in subsidy.Input) error {
	x, w, err := s.Cases.Get(ctx, c.scope, id)
	if err != nil {
		return err
	}
	choices, err := s.Cases.Choices(ctx, c.scope, id)
	if err != nil {
		return err
	}
	for _, choice := range choices {
		for _, e := range slices.Concat(choice.Effects, choice.Each) {
			if e.Do == effect {
				return s.Subsidy.Put(ctx, c.scope, id, in)
			}
		}
	}
	return errs.Conflict(i18n.M("casepage.not_now", stateName(w, x.State)))
}

// putCosts keeps the cost items of an application until it is handed in.
func (s *server) putCosts(ctx context.Context, c *caller, in *struct {
	CaseIn
	Body struct {
		Items []CostItem `json:"items" maxItems:"500" nullable:"false" doc:"全部明细；替换原有的 · all of them, in the place of what was there"`
	}
},
) (*nothing, error) {
	x, _, err := s.Cases.Get(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	if !c.scope.Sees(access.FileCase, "", x.Enterprise) {
		return nil, errs.Forbidden(string(access.FileCase))
	}
	var asked subsidy.Asked
	for i, b := range in.Body.Items {
		at := "/items/" + strconv.Itoa(i)
		it := subsidy.Item{Kind: b.Kind, Label: b.Label, Invoice: b.Invoice, Seller: b.Seller, Serial: b.Serial}
		if it.On, err = s.dayOf(c, at+"/on", b.On); err != nil {
			return nil, err
		}
		if it.Amount, err = s.yuanOf(c, at+"/amount", b.Amount); err != nil {
			return nil, err
		}
		asked.Items = append(asked.Items, it)
	}
	return &nothing{}, s.put(ctx, c, in.ID, "subsidy.submit", asked)
}

// RulingIn is what is recognised of a cost item.
type RulingIn struct {
	N      int    `json:"n" minimum:"1" example:"1"`
	Amount string `json:"amount" minLength:"1" maxLength:"40" example:"580万元"`
	Reason string `json:"reason,omitempty" maxLength:"2000" example:"含运输费 20 万元" doc:"核减须写理由 · of a cut"`
}

// putRulings keeps what is recognised of cost items, for the act that recognises them.
func (s *server) putRulings(ctx context.Context, c *caller, in *struct {
	CaseIn
	Body struct {
		Rulings []RulingIn `json:"rulings" maxItems:"500" nullable:"false" doc:"没有写的各项全额认定 · items that are not here are recognised in full"`
		Report  string     `json:"report,omitempty" pattern:"^[0-9a-f]{64}$" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"依据的审计报告，本事项中文件的 SHA-256 · the report that they stand on, a file of the case by its SHA-256"`
	}
},
) (*nothing, error) {
	if _, _, err := s.Cases.Get(ctx, c.scope, in.ID); err != nil {
		return nil, err
	}
	if !c.scope.Can(access.HandleCase) && !c.scope.Can(access.AuditCase) {
		return nil, errs.Forbidden(string(access.HandleCase))
	}
	rulings := subsidy.Rulings{Report: in.Body.Report}
	for i, b := range in.Body.Rulings {
		fen, err := s.yuanOf(c, "/rulings/"+strconv.Itoa(i)+"/amount", b.Amount)
		if err != nil {
			return nil, err
		}
		rulings.Rulings = append(rulings.Rulings, subsidy.Ruling{N: b.N, Amount: fen, Reason: strings.TrimSpace(b.Reason)})
	}
	return &nothing{}, s.put(ctx, c, in.ID, "subsidy.rule", rulings)
}

func (s *server) registerApplications() {
	read, file := access.Need{Action: access.ReadCase}, access.Need{Action: access.FileCase}
	const one = "/cases/{id}"
	handle(s, operation{id: "list_applications", tag: "subsidies", method: http.MethodGet, path: "/applications", need: read}, s.listApplications)
	handle(s, operation{id: "get_application", tag: "subsidies", method: http.MethodGet, path: one + "/application", need: read}, s.getApplication)
	handle(s, operation{id: "get_assessment_receipt", tag: "subsidies", method: http.MethodGet, path: one + "/assessments/{n}/receipt", need: access.Need{Action: access.ReadSensitive}, streams: []string{"application/json"}}, s.assessmentReceipt)
	handle(s, operation{id: "get_payee", tag: "subsidies", method: http.MethodGet, path: one + "/payee", need: read}, s.getPayee)
	handle(s, operation{id: "put_payee", tag: "subsidies", method: http.MethodPut, path: one + "/payee", need: file, status: http.StatusNoContent}, s.putPayee)
	handle(s, operation{id: "put_costs", tag: "subsidies", method: http.MethodPut, path: one + "/costs", need: file, status: http.StatusNoContent}, s.putCosts)
	handle(s, operation{id: "put_rulings", tag: "subsidies", method: http.MethodPut, path: one + "/rulings", need: read, status: http.StatusNoContent}, s.putRulings)
}
