package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
)

// diagnosisLotRow is a lot in words.
type diagnosisLotRow struct {
	diagnosis.Lot
	KindName, AreaName, Trades, Sizes, Budget string
	Cases                                     int
}

// wonRow is what an institute won of a lot.
type wonRow struct {
	Name  string
	Firms int
	Fee   string
	diagnosis.Tally
	Grade string
}

type lotsData struct {
	Rows       []diagnosisLotRow
	Institutes []diagnosis.Institute // that may win firms
	Areas      []option
	Kinds      []option
	Sizes      []option
	Lines      []option
	Ceilings   []string // each kind with the most that it may cost and where that stands
	Year       int
	Typed      url.Values
	Problem    string
}

type lotData struct {
	diagnosisLotRow
	Shares  []wonRow
	Wanted  []wantedRow
	Total   int
	Page    int
	Pages   int
	May     bool
	Done    string
	Left    string
	Problem string
}

// wantedRow is a firm of a lot that was not diagnosed yet.
type wantedRow struct {
	diagnosis.Wanted
	CountyName, Trade, SizeName string
}

func lotPath(id int64) string { return "/lots/" + strconv.FormatInt(id, 10) }

func (s *server) diagnosisLotRow(t i18n.T, l diagnosis.Lot) diagnosisLotRow {
	row := diagnosisLotRow{Lot: l, AreaName: s.areaName(l.Area), Budget: inWords(t, l.Budget())}
	if k, err := s.Diagnoses.Programme.Kind(l.Kind); err == nil {
		row.KindName = t.Text(k.Name)
	}
	var trades, sizes []string
	for _, code := range l.Divisions {
		trades = append(trades, s.tradeName(t, code))
	}
	list, _ := s.Library.CodeList("sizes")
	for _, code := range l.Sizes {
		if e, ok := list.Entry(code); ok {
			sizes = append(sizes, t.Text(e.Name))
		}
	}
	row.Trades, row.Sizes = strings.Join(trades, t.S("web.comma")), strings.Join(sizes, t.S("web.comma"))
	return row
}

// tradeName is a division of industries with its code.
func (s *server) tradeName(t i18n.T, code string) string {
	if n, ok := s.Library.Industries().Node(code); ok {
		return joined(code, n.Name)
	}
	return code
}

func (s *server) diagnosisLots(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showLots(w, r, v, http.StatusOK, "")
}

func (s *server) showLots(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	ctx, t := r.Context(), v.t
	d := lotsData{Areas: s.officeAreas(v), Sizes: s.sizeOptions(t), Year: s.Clock.Today().Year(), Typed: r.PostForm, Problem: problem}
	all, err := s.Diagnoses.Lots(ctx, v.scope)
	if err != nil {
		return err
	}
	rows, err := s.Diagnoses.Rows(ctx, v.scope)
	if err != nil {
		return err
	}
	for _, l := range all {
		row := s.diagnosisLotRow(t, l)
		for _, x := range rows {
			if x.Lot == l.ID && x.Ended != "withdrawn" {
				row.Cases++
			}
		}
		d.Rows = append(d.Rows, row)
	}
	for _, k := range s.Diagnoses.Programme.Kinds {
		d.Kinds = append(d.Kinds, option{string(k.Kind), t.Text(k.Name)})
		d.Ceilings = append(d.Ceilings, t.S("diagnosispage.ceiling_of", k.Name, k.Ceiling, k.Source, k.Cite))
	}
	if len(d.Areas) > 0 {
		if err := s.lotChoices(ctx, v, &d); err != nil {
			return err
		}
	}
	return s.show(w, r, s.shell(r, v, t.S("diagnosispage.lots")), status, lotsPage(t, d))
}

// lotChoices are the institutes and budget lines that a new lot may name.
func (s *server) lotChoices(ctx context.Context, v *visit, d *lotsData) error {
	all, err := s.Diagnoses.Institutes(ctx, v.scope)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.LeftWhy == "" && x.Until >= s.Clock.Today() {
			d.Institutes = append(d.Institutes, x)
		}
	}
	d.Lines = []option{{"", v.t.S("diagnosispage.no_line")}}
	return s.Book.Read(ctx, v.scope, func(ctx context.Context, view *ledger.View) error {
		lines, err := view.Fund(ctx, ledger.Filter{}, ledger.ByLine)
		for _, l := range slices.Backward(lines) {
			name := v.t.S("callpage.line_free", l.Line.Fund+" · "+s.lineName(l.Line), inWords(v.t, l.Totals().Free))
			d.Lines = append(d.Lines, option{strconv.FormatInt(l.Line.ID, 10), name})
		}
		return err
	})
}

// addLot enters a lot, and leads to it.
func (s *server) addLot(w http.ResponseWriter, r *http.Request, v *visit) error {
	l := diagnosis.Lot{
		Name: r.PostFormValue("name"), Kind: diagnosis.Kind(r.PostFormValue("kind")), Year: int(min(max(numberOf(r, "year"), 0), 9999)), Area: r.PostFormValue("area"),
		Divisions: listed(r.PostFormValue("divisions")), Sizes: r.PostForm["sizes"], Line: max(numberOf(r, "line"), 0), Document: r.PostFormValue("document"),
	}
	made, err := func() (diagnosis.Lot, error) {
		var err error
		if l.Ceiling, err = yuanTyped(r.PostFormValue("ceiling")); err != nil {
			return l, err
		}
		all, err := s.Diagnoses.Institutes(r.Context(), v.scope)
		if err != nil {
			return l, err
		}
		for _, x := range all {
			id := strconv.FormatInt(x.ID, 10)
			firms, price := strings.TrimSpace(r.PostFormValue("firms-"+id)), strings.TrimSpace(r.PostFormValue("fee-"+id))
			if firms == "" && price != "" {
				return l, errs.Invalid(i18n.M("diagnosispage.fee_alone", x.Name))
			}
			if firms == "" {
				continue
			}
			n, err := strconv.ParseInt(firms, 10, 32)
			if err != nil {
				return l, errs.Invalid(i18n.M("diagnosispage.bad_firms", x.Name, firms))
			}
			fee, err := yuanTyped(price)
			if err != nil {
				return l, err
			}
			l.Shares = append(l.Shares, diagnosis.Share{Institute: x.ID, Firms: int(n), Fee: fee})
		}
		return s.Diagnoses.AddLot(r.Context(), v.scope, l)
	}()
	if err == nil {
		return seeOther(w, r, lotPath(made.ID)+"?done=added")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showLots(w, r, v, statusOf(err), v.t.Msg(msg))
}

// yuanTyped is an amount as it was typed, in 万元 where no unit stands there.
func yuanTyped(text string) (money.Fen, error) {
	a, err := money.Parse(typedValue(text, "0万元"))
	if err != nil {
		return 0, errs.Invalid(i18n.M("diagnosispage.bad_amount", text))
	}
	return a, nil
}

// wantedShown is how many firms of a lot a page lists.
const wantedShown = 50

func (s *server) diagnosisLot(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showLot(w, r, v, http.StatusOK, "")
}

func (s *server) showLot(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	ctx, t := r.Context(), v.t
	l, err := s.Diagnoses.Lot(ctx, v.scope, id)
	if err != nil {
		return err
	}
	d := lotData{diagnosisLotRow: s.diagnosisLotRow(t, l), May: l.ClosedAt == 0 && v.scope.Sees(access.HandleCase, l.Area, 0), Problem: problem, Page: pageNumber(r.FormValue("page"))}
	names, err := s.instituteNames(ctx)
	if err != nil {
		return err
	}
	rows, err := s.Diagnoses.Rows(ctx, v.scope)
	if err != nil {
		return err
	}
	counted := diagnosis.ByInstitute(slices.DeleteFunc(rows, func(c diagnosis.Row) bool { return c.Lot != l.ID }))
	for _, x := range l.Shares {
		row := wonRow{Name: names[x.Institute], Firms: x.Firms, Fee: inWords(t, x.Fee)}
		if i := slices.IndexFunc(counted, func(c diagnosis.Counted[int64]) bool { return c.Of == x.Institute }); i >= 0 {
			row.Tally = counted[i].Tally
		}
		row.Grade = s.figure(t, "", row.Tally).Grade
		d.Cases += row.Cases
		d.Shares = append(d.Shares, row)
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	wanted, err := s.Diagnoses.Wanted(ctx, view, l)
	if err != nil {
		return err
	}
	d.Total = len(wanted)
	d.Pages = max(1, (d.Total+wantedShown-1)/wantedShown)
	d.Page = min(d.Page, d.Pages)
	sizes, _ := s.Library.CodeList("sizes")
	for _, x := range wanted[(d.Page-1)*wantedShown : min(d.Total, d.Page*wantedShown)] {
		row := wantedRow{Wanted: x, CountyName: s.areaName(x.County), Trade: s.tradeName(t, x.Division)}
		if e, ok := sizes.Entry(x.Size); ok {
			row.SizeName = t.Text(e.Name)
		}
		d.Wanted = append(d.Wanted, row)
	}
	switch r.FormValue("done") {
	case "added":
		d.Done = t.S("diagnosispage.done_lot")
	case "closed":
		d.Done = t.S("diagnosispage.done_closed", inWords(t, l.Freed))
	case "opened":
		d.Done = t.S("diagnosispage.done_opened", numberOf(r, "n"))
		if left := numberOf(r, "left"); left > 0 {
			d.Left = t.S("diagnosispage.left_over", left)
		}
	}
	return s.show(w, r, s.shell(r, v, l.Name), status, lotPage(t, d))
}

// openLot opens diagnoses of the firms that were ticked, or of the first so many.
func (s *server) openLot(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	var firms []int64
	for _, text := range r.PostForm["firm"] {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			firms = append(firms, n)
		}
	}
	if n := numberOf(r, "first"); n > 0 && len(firms) == 0 {
		l, err := s.Diagnoses.Lot(r.Context(), v.scope, id)
		if err != nil {
			return err
		}
		wanted, err := s.Diagnoses.Wanted(r.Context(), view, l)
		if err != nil {
			return err
		}
		for _, x := range wanted[:min(int64(len(wanted)), n, mostOpened)] {
			firms = append(firms, x.ID)
		}
	}
	if len(firms) == 0 || len(firms) > mostOpened {
		return s.showLot(w, r, v, http.StatusUnprocessableEntity, v.t.S("diagnosispage.pick_firms", mostOpened))
	}
	out, err := s.Diagnoses.OpenCases(r.Context(), v.scope, s.Cases, view, id, firms)
	if err == nil {
		q := url.Values{"done": {"opened"}, "n": {strconv.Itoa(len(out.Cases))}, "left": {strconv.Itoa(len(out.Left))}}
		return seeOther(w, r, lotPath(id)+"?"+q.Encode())
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showLot(w, r, v, statusOf(err), v.t.Msg(msg))
}

// closeLot ends a lot, and frees what is left of its budget.
func (s *server) closeLot(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	err = s.Diagnoses.CloseLot(r.Context(), v.scope, id)
	if err == nil {
		return seeOther(w, r, lotPath(id)+"?done=closed")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showLot(w, r, v, statusOf(err), v.t.Msg(msg))
}

// mostOpened is how many diagnoses are opened at once.
const mostOpened = 500
