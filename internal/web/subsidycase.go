package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// subsidyPart is what the case of a subsidy shows besides what every case does: amounts, account, cost items.
type subsidyPart struct {
	Call     int64
	Assessed []assessedRow
	Warnings []string
	Payee    *subsidy.Payee // nil where none is named, or where it is not for the visitor
	MayName  bool           // the account
	Named    subsidy.Payee  // what was typed
	Parts    []partRow      // that it is paid in; none before it was granted
	Costs    []costRow
	Cut      money.Fen
	Twins    []costTwin
	Kinds    []option  // of cost items that are asked for
	MayAsk   bool      // enter cost items for the next act
	Items    []itemRow // the form of them
	MayRule  bool      // on cost items in the next act
	Today    string
	Appoint  []*appointPart
	Draws    []drawRow
	Panel    *panelPart // nil where none was called, or where it is not for the visitor
	Claimed  money.Fen
	Sum      money.Fen    // recognised, with what is kept for the next act
	Report   string       // hash of the report that the rulings stand on
	Reports  []option     // files that may be it
	Becomes  string       // what the amount becomes by the rulings that are kept, "" where none are
	Entitled *entitlement // in a line of a round that waits for its enterprise; nil else
}

// assessedRow is what an application came to at a stage.
type assessedRow struct {
	subsidy.Assessed
	Stage, By string
}

// partRow is an instalment of what was granted, and how far it has come.
type partRow struct {
	N        int
	Year     int       // of the budget that it is paid from
	Amount   money.Fen // what came back included
	State    string    // of what has come least far
	Done     bool
	Returned []moneyStep // where some of it came back: how much was paid, and what is left of it
}

// subsidyParts fills in what is paid when.
func (s *server) subsidyParts(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	parts, err := s.Subsidy.Instalments(ctx, v.scope, d.ID)
	if err != nil && !hidden(err) { // not handed in yet
		return err
	}
	for _, x := range parts {
		t := x.Totals()
		row := partRow{N: x.N, Year: x.Line.Year, Amount: t.Committed}
		for _, stage := range []ledger.Stage{ledger.Returned, ledger.Paid, ledger.Ordered, ledger.Payable, ledger.Committed} {
			if x.Balance[stage] > 0 {
				row.State = v.t.S("ledger.stage_" + stage.String())
				row.Done = stage == ledger.Paid
			}
		}
		if row.Amount == 0 { // it was released, or carried over to another year
			continue
		}
		if t.Returned > 0 {
			row.Returned = afterGrant(v.t, t)
		}
		d.Subsidy.Parts = append(d.Subsidy.Parts, row)
	}
	return nil
}

// costRow is a cost item in words; Amount and Why are what the form of a ruling holds.
type costRow struct {
	subsidy.Cost
	Kind        string
	Amount, Why string
	Twins       []int64 // other cases with the same invoice or serial number
}

// costTwin is a cost item of another application with the same invoice or serial number.
type costTwin struct {
	subsidy.Twin
	Firm, Area string
	Open       bool // the visitor may see the case
}

// itemRow is a cost item as it is typed.
type itemRow struct {
	Kind, Label, Invoice, On, Seller, Serial, Amount string
}

func (x itemRow) blank() bool {
	x.Kind = ""
	return x == itemRow{}
}

// A form of cost items has room for this many at least, and for some more than there are.
const (
	itemRows  = 10
	itemSpare = 5
)

// caseSubsidy fills in what concerns a subsidy, in a case that is about one.
func (s *server) caseSubsidy(ctx context.Context, v *visit, view fact.View, d *casePageData) error {
	if d.W.Workflow != subsidy.ApplicationWorkflow && d.W.Workflow != subsidy.NoApplication {
		return nil
	}
	call, _, err := s.Subsidy.AimOf(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	p := &subsidyPart{
		Call: call, MayName: d.Ended == "" && v.scope.Sees(access.FileCase, "", d.Enterprise), MayRule: d.does("subsidy.rule"), Today: s.Clock.Today().String(),
	}
	d.Subsidy = p
	if d.does("subsidy.confirm") {
		a, err := s.Subsidy.Application(ctx, v.scope, d.ID)
		if err != nil && !hidden(err) {
			return err
		}
		if p.Entitled, err = s.entitled(ctx, v, d.Case, a); err != nil {
			return err
		}
	}
	kinds, err := s.Subsidy.Asks(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	for _, k := range kinds {
		p.Kinds = append(p.Kinds, option{k.ID, v.t.Text(k.Name)})
	}
	p.MayAsk = len(kinds) > 0 && p.MayName && d.does("subsidy.submit")
	for _, fill := range []func(context.Context, *visit, fact.View, *casePageData) error{s.subsidyMaterials, s.subsidyPayee, s.subsidyAmounts, s.subsidyParts, s.subsidyCosts, s.subsidyTwins, s.subsidyItems} {
		if err := fill(ctx, v, view, d); err != nil {
			return err
		}
	}
	if err := s.caseAppoint(ctx, v, d); err != nil {
		return err
	}
	return s.caseDraws(ctx, v, d)
}

// does says that an action which the visitor may take now has an effect.
func (d *casePageData) does(effect string) bool {
	for _, x := range d.Choices {
		for _, e := range x.Effects {
			if e.Do == effect {
				return true
			}
		}
	}
	return false
}

// entersFirst says that the visitor is to enter cost items and an account before the press that hands them in: they come first.
func (d *casePageData) entersFirst() bool {
	return d.Subsidy != nil && d.Subsidy.MayName && d.does("subsidy.submit")
}

// takes says that the page asks its visitor to take money without applying.
func (d *casePageData) takes() bool { return d.Subsidy != nil && d.Subsidy.Entitled != nil }

// hidden says that something is not there, or not for who asks.
func hidden(err error) bool {
	kind := errs.KindOf(err)
	return kind == errs.KindNotFound || kind == errs.KindForbidden
}

// subsidyMaterials is what the call of an application demands, and what of it the applicant has handed in.
func (s *server) subsidyMaterials(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	if d.Subsidy.Call == 0 {
		return nil
	}
	call, err := s.Subsidy.Call(ctx, v.scope, d.Subsidy.Call)
	if hidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, m := range call.Materials {
		row := materialRow{Field: m.Field, Name: v.t.Text(m.Name), Required: m.Required}
		for i := range d.Files {
			if f := &d.Files[i]; f.Field == m.Field && f.Who == casework.Applicant {
				f.For, row.Have = row.Name, true
			}
		}
		d.Materials = append(d.Materials, row)
	}
	return nil
}

// firstMissing is the field of the material that is to come next, "" where all is there.
func firstMissing(all []materialRow) string {
	for _, m := range all {
		if !m.Have {
			return m.Field
		}
	}
	return ""
}

func (s *server) subsidyPayee(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	payee, err := s.Subsidy.Payee(ctx, v.scope, d.ID)
	switch {
	case err == nil:
		d.Subsidy.Payee = &payee
	case !hidden(err) && errs.KindOf(err) != errs.KindConflict: // nobody has named one yet
		return err
	}
	return nil
}

func (s *server) subsidyAmounts(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	all, err := s.Subsidy.Assessments(ctx, v.scope, d.ID)
	if hidden(err) { // not handed in yet
		return nil
	}
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, a := range all {
		row := assessedRow{Assessed: a, Stage: v.t.S("subsidypage.stage_" + a.Stage)}
		if a.By != 0 && (d.Office || a.Stage == subsidy.Submitted) { // as the track, it does not name to applicants who decided
			if row.By, err = s.personName(ctx, names, a.By); err != nil {
				return err
			}
		}
		d.Subsidy.Assessed = append(d.Subsidy.Assessed, row)
	}
	warnings, err := s.Subsidy.Warnings(ctx, v.scope, d.ID)
	for _, w := range warnings {
		d.Subsidy.Warnings = append(d.Subsidy.Warnings, v.t.Msg(w.Msg))
	}
	return err
}

func (s *server) subsidyCosts(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	costs, err := s.Subsidy.CostsOf(ctx, v.scope, d.ID)
	if hidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	typed := map[int]subsidy.Ruling{}
	if d.Subsidy.MayRule {
		in, _, err := subsidy.InputOf[subsidy.Rulings](ctx, s.Subsidy, v.scope, d.ID)
		if err != nil {
			return err
		}
		for _, r := range in.Rulings {
			typed[r.N] = r
		}
		if d.Subsidy.Report = in.Report; len(in.Rulings) > 0 {
			before, after, err := s.Subsidy.WouldBe(ctx, v.scope, d.ID, in.Rulings)
			if err != nil {
				return err
			}
			d.Subsidy.Becomes = v.t.S("panelpage.becomes", inWords(v.t, after), inWords(v.t, before))
		}
		for _, f := range d.Files {
			if f.Who != casework.Applicant {
				d.Subsidy.Reports = append(d.Subsidy.Reports, option{f.SHA256, f.Name})
			}
		}
	}
	for _, c := range costs {
		row := costRow{Cost: c, Kind: c.Kind, Amount: c.Recognised.String(), Why: c.Reason}
		if k, ok := s.Subsidy.Costs.Kind(c.Kind); ok {
			row.Kind = v.t.Text(k.Name)
		}
		if r, ok := typed[c.N]; ok {
			row.Amount, row.Why = r.Amount.String(), r.Reason
			d.Subsidy.Sum += r.Amount
		} else {
			d.Subsidy.Sum += c.Recognised
		}
		d.Subsidy.Claimed += c.Amount
		d.Subsidy.Costs = append(d.Subsidy.Costs, row)
		d.Subsidy.Cut += c.Cut
	}
	return nil
}

func (s *server) subsidyTwins(ctx context.Context, v *visit, view fact.View, d *casePageData) error {
	twins, err := s.Subsidy.Twins(ctx, v.scope, d.ID)
	if hidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, x := range twins {
		row := costTwin{Twin: x, Firm: s.firmName(view, x.Enterprise), Area: s.areaName(x.Area)}
		_, _, err := s.Cases.Get(ctx, v.scope, x.Case)
		if err != nil && !hidden(err) {
			return err
		}
		row.Open = err == nil
		for i := range d.Subsidy.Costs {
			if c := &d.Subsidy.Costs[i]; c.N == x.N {
				c.Twins = append(c.Twins, x.Case)
			}
		}
		d.Subsidy.Twins = append(d.Subsidy.Twins, row)
	}
	return nil
}

// subsidyItems is the form of cost items, with what was entered so far.
func (s *server) subsidyItems(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	if !d.Subsidy.MayAsk {
		return nil
	}
	in, _, err := subsidy.InputOf[subsidy.Asked](ctx, s.Subsidy, v.scope, d.ID)
	if err != nil {
		return err
	}
	var rows []itemRow
	for _, it := range in.Items {
		rows = append(rows, itemRow{it.Kind, it.Label, it.Invoice, it.On.String(), it.Seller, it.Serial, it.Amount.String()})
	}
	d.Subsidy.Items = withRoom(rows)
	return nil
}

// withRoom adds blank rows to a form of cost items.
func withRoom(rows []itemRow) []itemRow {
	return slices.Concat(rows, make([]itemRow, max(itemRows-len(rows), itemSpare)))
}

// readItems is the rows of a form that are not blank.
func readItems(form url.Values) []itemRow {
	at := func(field string, i int) string {
		if all := form[field]; i < len(all) {
			return strings.TrimSpace(all[i])
		}
		return ""
	}
	var rows []itemRow
	for i := range form["label"] {
		x := itemRow{at("kind", i), at("label", i), at("invoice", i), at("on", i), at("seller", i), at("serial", i), at("amount", i)}
		if !x.blank() {
			rows = append(rows, x)
		}
	}
	return rows
}

// yuanOf reads an amount in yuan as it is typed: one that is said, and exactly.
func (s *server) yuanOf(text string) (money.Fen, error) {
	said, err := intake.Typed(s.Library, content.FactDef{Type: content.Money, Unit: "元"}, text, "")
	if err == nil && (said.State != fact.Present || said.Precision != fact.Exact) {
		err = errs.Invalid(i18n.M("subsidypage.amount_exact", text))
	}
	return money.Fen(said.Value.Num), err
}

// itemsOf reads cost items as they were typed. It says of the first row that cannot be read what is wrong with it.
func (s *server) itemsOf(rows []itemRow) ([]subsidy.Item, error) {
	items := make([]subsidy.Item, len(rows))
	for i, x := range rows {
		amount, err := s.yuanOf(x.Amount)
		if msg, ok := errs.Message(err); ok {
			return nil, errs.Invalid(i18n.M("subsidypage.row_amount", i+1, msg))
		}
		if err != nil {
			return nil, err
		}
		on, err := period.ParseDay(x.On)
		if err != nil {
			return nil, errs.Invalid(i18n.M("subsidypage.row_day", i+1, x.On))
		}
		items[i] = subsidy.Item{Kind: x.Kind, Label: x.Label, Invoice: x.Invoice, On: on, Seller: x.Seller, Serial: x.Serial, Amount: amount}
	}
	return items, nil
}

// putCosts keeps the cost items of an application until it is handed in.
func (s *server) putCosts(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.casePageOf(r, v)
	if err != nil {
		return err
	}
	if !v.scope.Sees(access.FileCase, "", d.Enterprise) {
		return forbidden(access.FileCase)
	}
	if d.Subsidy == nil || !d.Subsidy.MayAsk {
		return errs.Conflict(i18n.M("casepage.not_now", v.t.Text(d.State.Name)))
	}
	rows := readItems(r.PostForm)
	items, err := s.itemsOf(rows)
	if err == nil {
		err = s.Subsidy.Put(r.Context(), v.scope, d.ID, subsidy.Asked{Items: items})
	}
	d.Subsidy.Items = withRoom(rows)
	return s.entered(w, r, v, d, "costs", err)
}

// entered leads back to a case in which something was entered, or tells what is wrong with it beside what was typed.
func (s *server) entered(w http.ResponseWriter, r *http.Request, v *visit, d casePageData, done string, err error) error {
	if err == nil {
		return seeOther(w, r, casePath(d.ID)+"?done="+done)
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d.Problem = v.t.Msg(msg)
	return s.caseAnswer(w, r, v, statusOf(err), d)
}

// putRulings keeps what somebody recognises of cost items, for their next act.
func (s *server) putRulings(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.casePageOf(r, v)
	if err != nil {
		return err
	}
	if !v.scope.Can(access.HandleCase) && !v.scope.Can(access.AuditCase) {
		return forbidden(access.HandleCase)
	}
	if d.Subsidy == nil || !d.Subsidy.MayRule {
		return errs.Conflict(i18n.M("casepage.not_now", v.t.Text(d.State.Name)))
	}
	in := subsidy.Rulings{Report: r.PostFormValue("report")}
	d.Subsidy.Report = in.Report
	for i := range d.Subsidy.Costs {
		c := &d.Subsidy.Costs[i]
		n := strconv.Itoa(c.N)
		c.Amount, c.Why = strings.TrimSpace(r.PostFormValue("amount-"+n)), strings.TrimSpace(r.PostFormValue("reason-"+n))
		amount, bad := s.yuanOf(c.Amount)
		if msg, ok := errs.Message(bad); ok {
			bad = errs.Invalid(i18n.M("subsidypage.row_amount", c.N, msg))
		}
		if bad != nil && err == nil {
			err = bad
		}
		in.Rulings = append(in.Rulings, subsidy.Ruling{N: c.N, Amount: amount, Reason: c.Why})
	}
	if err == nil {
		err = s.Subsidy.Put(r.Context(), v.scope, d.ID, in)
	}
	return s.entered(w, r, v, d, "ruled", err)
}

// namePayee keeps the account that a subsidy is to be paid to.
func (s *server) namePayee(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.casePageOf(r, v)
	if err != nil {
		return err
	}
	if !v.scope.Sees(access.FileCase, "", d.Enterprise) {
		return forbidden(access.FileCase)
	}
	if d.Subsidy == nil || !d.Subsidy.MayName {
		return errs.Conflict(i18n.M("casepage.not_now", v.t.Text(d.State.Name)))
	}
	p := subsidy.Payee{
		Holder: strings.TrimSpace(r.PostFormValue("holder")), Bank: strings.TrimSpace(r.PostFormValue("bank")),
		Number: ledger.Account(strings.Join(strings.Fields(r.PostFormValue("number")), "")),
	}
	d.Subsidy.Named = p
	return s.entered(w, r, v, d, "payee", s.Subsidy.NamePayee(r.Context(), v.scope, d.ID, p))
}
