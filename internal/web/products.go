package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// productPath is the page of a loan product.
func productPath(code string) string { return "/products/" + code }

// ofKind is the key of a text in the words of loans or of leases.
func ofKind(k credit.Kind, key string) string {
	if k == credit.Lease {
		return key + "_lease"
	}
	return key
}

// creditRoutes are loan products, and what a bank reads of a firm that asked for one.
func (s *server) creditRoutes() []route {
	public := access.Need{Public: true}
	return []route{
		{"GET /products", public, s.products},
		{"GET /products/{product}", public, s.product},
		{"POST /products/{product}/ask", access.Need{Action: access.FileCase}, s.askBank},
		{"GET /cases/{id}/pack", access.Need{Action: access.AnswerCase}, s.packPage},
	}
}

// fitRow is how a firm of the visitor stands to a product.
type fitRow struct {
	credit.Candidate
	Name    string
	Answer  string // could I get it?
	Limit   string // how much at most, "" where that is not known
	Checks  []conditionRow
	Missing []missing // because of which the limit is not known
}

// productRow is a product with how the visitor's firm stands to it.
type productRow struct {
	*credit.Product
	Fit *fitRow // nil for who has no firm
}

type productsData struct {
	Rows     []productRow
	Own      bool // the visitor has a firm
	Meetings bool // the visitor may know of meetings of banks and firms
}

type productData struct {
	productRow
	Reads []string // names of the facts that the bank would read
	Own   []fitRow
	Asked equipmentForm
}

// equipmentForm is what the visitor named of the equipment that is to be leased, and what is wrong with it.
type equipmentForm struct {
	Kind, Price, Age string
	Kinds            []option
	Problem          string
}

// equipment is what the visitor named: nothing where nothing was, and nothing with a problem where it is not understood.
func (s *server) equipment(t i18n.T, r *http.Request) (e credit.Equipment, f equipmentForm, err error) {
	f = equipmentForm{Kind: r.FormValue("kind"), Price: strings.TrimSpace(r.FormValue("price")), Age: strings.TrimSpace(r.FormValue("age"))}
	for _, k := range s.Credit.EquipmentKinds().Entries {
		f.Kinds = append(f.Kinds, option{k.Code, t.Text(k.Name)})
	}
	if f.Kind == "" && f.Price == "" && f.Age == "" {
		return e, f, nil
	}
	unit := ""
	if strings.TrimRight(f.Price, "0123456789") != f.Price {
		unit = "万元" // the field's, where none is written
	}
	price, bad := money.Parse(f.Price + unit)
	if bad != nil {
		price = 0
	}
	age, bad := strconv.ParseInt(f.Age, 10, 64)
	if bad != nil {
		age = -1
	}
	e, err = s.Credit.Equipment(f.Kind, price, age)
	if msg, told := errs.Message(err); told {
		f.Problem, err = t.Msg(msg), nil
	}
	return e, f, err
}

// ownFirms are the enterprises of the visitor.
func ownFirms(v *visit, view fact.View) []int64 {
	var all []int64
	for _, id := range v.scope.Owns() {
		if e, ok := view.Enterprise(id); ok && e.ID == id && v.scope.Sees(access.ReadFact, e.Area, id) {
			all = append(all, id)
		}
	}
	return all
}

func (s *server) fitRow(ctx context.Context, v *visit, view fact.View, w credit.Want) (fitRow, error) {
	c, err := s.Credit.Candidate(ctx, v.scope, s.Cases, w)
	if err != nil {
		return fitRow{}, err
	}
	row := fitRow{Candidate: c, Name: s.firmName(view, w.Firm), Answer: v.t.Msg(c.Msg()), Checks: s.conditionRows(v.t, view, w.Firm, c.Fit.Checks)}
	if c.Limit > 0 {
		row.Limit = inWords(v.t, c.Limit)
	}
	for _, ref := range c.Fit.Missing {
		row.Missing = append(row.Missing, s.missingFact(v.t, view, w.Firm, ref))
	}
	return row, nil
}

func (s *server) products(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	own := ownFirms(v, view)
	d := productsData{Own: len(own) > 0, Meetings: v.scope.Can(access.ReadMeetings)}
	for _, p := range s.Credit.Offered() {
		row := productRow{Product: p}
		if d.Own {
			fit, err := s.fitRow(r.Context(), v, view, credit.Want{Product: p.Product, Firm: own[0]})
			if err != nil {
				return err
			}
			row.Fit = &fit
		}
		d.Rows = append(d.Rows, row)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("creditpage.products")), http.StatusOK, productsPage(v.t, d))
}

func (s *server) productOf(r *http.Request, v *visit) (productData, error) {
	p, err := s.Credit.Product(r.PathValue("product"))
	if err != nil {
		return productData{}, err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return productData{}, err
	}
	d := productData{productRow: productRow{Product: p}}
	for _, code := range p.Facts() {
		if def, ok := s.Library.FactDef(code); ok {
			d.Reads = append(d.Reads, v.t.Text(def.Name))
		}
	}
	var equipment credit.Equipment
	if p.Names() {
		if equipment, d.Asked, err = s.equipment(v.t, r); err != nil {
			return d, err
		}
	}
	for _, firm := range ownFirms(v, view) {
		row, err := s.fitRow(r.Context(), v, view, credit.Want{Product: p.Product, Firm: firm, Equipment: equipment})
		if err != nil {
			return d, err
		}
		d.Own = append(d.Own, row)
	}
	return d, nil
}

func (s *server) product(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.productOf(r, v)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if d.Asked.Problem != "" {
		status = http.StatusUnprocessableEntity
	}
	return s.show(w, r, s.shell(r, v, v.t.Text(d.Name)), status, productPage(v.t, d))
}

// askBank opens the case in which a firm asks for a product, and leads to its form; one that has not ended is led to.
func (s *server) askBank(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, begun, err := s.Credit.Begin(r.Context(), v.scope, s.Cases, credit.Request{
		Product: r.PathValue("product"), Firm: numberOf(r, "firm"), Meeting: max(numberOf(r, "meeting"), 0),
	})
	switch {
	case err != nil:
		return err
	case begun:
		return seeOther(w, r, casePath(id))
	}
	return seeOther(w, r, actPath(id, "submit"))
}

// creditPart is what a case of a referral shows besides what every case does.
type creditPart struct {
	credit.Progress
	Offered  bool   // the product is offered still, and has a page
	Consent  string // until when it holds, or that it has ended; "" before it was given
	MayRead  bool   // the visitor is the bank, and the consent stands
	Readings string // the page on which the firm sees who has read its data; "" for others
	Left     string

	Corrected []string // each correction of a drawdown or a repayment, in words
}

// correctionText is a correction in words: when, of what, why, and what stood before and stands now.
func correctionText(t i18n.T, d credit.Drawdown, c credit.Correction) string {
	drawn := func(x credit.Terms) string {
		if x.Gone {
			return t.S("creditpage.taken_back")
		}
		if d.Kind == credit.Lease {
			return t.S("creditpage.delivered_terms", x.Rental.Asset, inWords(t, x.Rental.Price), inWords(t, x.Principal), ppmText(x.PPM), x.DrawnOn.String(), x.DueOn.String(), rentsText(t, x.Rental.Rents))
		}
		return t.S("creditpage.terms", inWords(t, x.Principal), ppmText(x.PPM), x.DrawnOn.String(), x.DueOn.String())
	}
	paid := func(x credit.Paid) string {
		if x.Gone {
			return t.S("creditpage.taken_back")
		}
		return t.S("creditpage.paid", x.PaidOn.String(), inWords(t, x.Principal), inWords(t, x.Interest))
	}
	if c.N > 0 {
		return t.S(ofKind(d.Kind, "creditpage.corrected_repayment"), instant(c.At), d.Voucher, c.N, paid(c.Had), paid(c.Has), c.Reason)
	}
	return t.S(ofKind(d.Kind, "creditpage.corrected_drawdown"), instant(c.At), d.Voucher, drawn(c.Was), drawn(c.Now), c.Reason)
}

// rentsText is a schedule of rents in words.
func rentsText(t i18n.T, s credit.Schedule) string {
	if s.Last == s.Each {
		return t.S("creditpage.rents", s.N, s.Every, inWords(t, s.Each))
	}
	return t.S("creditpage.rents_last", s.N, s.Every, inWords(t, s.Each), inWords(t, s.Last))
}

// caseCredit fills in what concerns a loan, in a case of a referral.
func (s *server) caseCredit(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	if !credit.IsReferral(d.W.Workflow) {
		return nil
	}
	p, err := s.Credit.Progress(ctx, v.scope, s.Cases, d.ID)
	if errs.KindOf(err) == errs.KindNotFound { // opened beside the products' pages
		return nil
	}
	if err != nil {
		return err
	}
	part := &creditPart{Progress: p, Left: inWords(v.t, p.Left())}
	for _, d := range p.Drawdowns {
		for _, c := range d.Restated {
			part.Corrected = append(part.Corrected, correctionText(v.t, d, c))
		}
	}
	if now, err := s.Credit.Product(p.Of); err == nil {
		part.Offered = now.Product == p.Of
	}
	if len(p.Consents) > 0 {
		g, t := p.Consents[0], v.t
		switch {
		case g.EndedAt != 0:
			part.Consent = t.S("creditpage.consent_ended", instant(g.EndedAt), g.Why)
		case !g.Stands(s.Clock.Millis()):
			part.Consent = t.S("creditpage.consent_over", day(g.Until-1))
		default:
			part.Consent = t.S("creditpage.consent_until", day(g.Until-1))
			part.MayRead = v.scope.SeesObject(access.UseConsent, access.Object{Partner: g.To})
		}
	}
	if v.scope.Sees(access.ReadReadings, "", d.Enterprise) {
		part.Readings = readingsPath(d.Enterprise) + "#consents"
	}
	d.Credit = part
	return nil
}

// atWork is who has a case that waits for nobody whom the visitor may be told: the bank by its name, else the offices.
func (d casePageData) atWork(t i18n.T) string {
	if d.Credit != nil && slices.Contains(d.State.Waits, string(access.Bank)) {
		return t.S("creditpage.waits_bank", t.Text(d.Credit.Product.By.Name))
	}
	return t.S("casepage.waits_office")
}

// packRow is a fact that a firm consented to be read.
type packRow struct {
	Name, Period, Value, By, At string
	Status                      fact.Status
}

// packThing is what a pack tells of one subject.
type packThing struct {
	Name string
	Rows []packRow
}

type packData struct {
	Case   int64
	Firm   string
	Until  string
	AsOf   string
	Things []packThing
}

// packPage is what a firm consented to, as it stands now, for the bank that it asked. Each visit is recorded, and the firm sees it.
func (s *server) packPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	pack, err := s.Consent.PackOfCase(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	t := v.t
	d := packData{Case: id, Firm: pack.Firm.Name, Until: day(pack.Grant.Until - 1), AsOf: t.S("web.as_known", s.Clock.Today().String(), pack.Seq)}
	for _, item := range pack.Items {
		thing := packThing{Name: t.S("web.kind_" + item.Subject.Kind)}
		for _, k := range item.Facts {
			thing.Rows = append(thing.Rows, packRow{
				Name: t.Text(k.Def.Name), Period: periodText(t, k.Period), Value: factText(t, s.Library, k.Def, k.Cell.State, k.Cell.Value, k.Cell.Precision),
				Status: k.Cell.Status, By: s.authorityName(t, k.From.Authority), At: instant(k.From.ReceivedAt),
			})
		}
		d.Things = append(d.Things, thing)
	}
	return s.show(w, r, s.shell(r, v, t.S("creditpage.pack")), http.StatusOK, packPage(t, d))
}

// ppmText is a rate in parts per million as a percentage.
func ppmText(ppm int64) string { return money.PPM(ppm).String() }

// spanText is two amounts of which the first is the least.
func lendsText(t i18n.T, p *credit.Product) string {
	return t.S("creditpage.span", inWords(t, p.Least), inWords(t, p.Most))
}

// fitBadge is the class of what a firm is told.
func fitBadge(f *fitRow) string {
	switch f.State {
	case condition.Met:
		return "yz-badge yz-badge-good"
	case condition.NotMet:
		return "yz-badge"
	}
	return "yz-badge yz-badge-warn"
}
