package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// overviewRoutes are what banks lend to the firms of a region.
func (s *server) overviewRoutes() []route {
	return []route{
		{"GET /credit", access.Need{Action: access.ReadFact, Area: true}, s.overview},
		{"GET /credit/export", access.Need{Action: access.Export, Area: true}, s.exportOverview},
	}
}

// overviewQuery is a view of what banks lend; its address restores it.
type overviewQuery struct{ Kind, Month, Bank, Area string }

func (q overviewQuery) href(path string) string {
	out := url.Values{}
	for key, text := range map[string]string{"kind": q.Kind, "month": q.Month, "bank": q.Bank, "area": q.Area} {
		if text != "" {
			out.Set(key, text)
		}
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

// lentRow is a row of any table of the page: what it is about, and where that leads; "" for nowhere.
type lentRow struct {
	credit.Sums
	Name, Href string
	Bank       credit.Lender
	Area       string
	Cases      []int64
	All        bool // it sums the others
}

type overviewData struct {
	credit.Overview
	Query         overviewQuery
	Latest        string // month that may be asked for
	Kinds         []option
	Beside        besideRow // the other kind, in the same month and area
	Lenders       []option
	Areas         []option
	AsOf          string
	Shares, Lines []lentRow // by county and bank; by month
	Lent          []lentRow // by firm
	Bases         []string  // where the figures come from
	view          fact.View
}

// besideRow is what the other kind comes to, and where its figures are.
type besideRow struct {
	credit.Sums
	Kind credit.Kind
	Href string
}

// Shown is as many firms as a page shows; an export has all of them.
func (d overviewData) Shown() []lentRow { return d.Lent[:min(len(d.Lent), listRows)] }

func (s *server) overviewOf(ctx context.Context, r *http.Request, v *visit) (overviewData, error) {
	t := v.t
	month, err := s.Credit.Month(r.FormValue("month"))
	if err != nil {
		return overviewData{}, err
	}
	kind, err := credit.ParseKind(r.FormValue("kind"))
	if err != nil {
		return overviewData{}, err
	}
	d := overviewData{Query: overviewQuery{Kind: r.FormValue("kind"), Month: month.String(), Bank: r.FormValue("bank"), Area: r.FormValue("area")}}
	if d.view, err = s.view(ctx, v); err != nil {
		return d, err
	}
	if d.Overview, err = s.Credit.Overview(ctx, v.scope, credit.Asking{Kind: kind, Month: month, Bank: d.Query.Bank, Area: d.Query.Area}); err != nil {
		return d, err
	}
	for _, k := range credit.Kinds() {
		d.Kinds = append(d.Kinds, option{string(k), t.S(ofKind(k, "creditpage.gives"))})
		if k == kind {
			continue
		}
		other, err := s.Credit.Overview(ctx, v.scope, credit.Asking{Kind: k, Month: month, Area: d.Query.Area})
		if err != nil {
			return d, err
		}
		d.Beside = besideRow{other.Sum, k, overviewQuery{Kind: string(k), Month: d.Query.Month, Area: d.Query.Area}.href("/credit")}
	}
	latest, err := s.Credit.Month("")
	if err != nil {
		return d, err
	}
	d.Latest, d.AsOf, d.Areas = latest.String(), s.asOf(t, d.view), s.areaOptions(v.scope)
	for _, b := range d.Banks {
		if b.Key != "" {
			d.Lenders = append(d.Lenders, option{b.Key, t.Text(b.Name)})
		}
	}
	for _, x := range d.Overview.Shares {
		row := lentRow{Sums: x.Sums, Name: s.countyName(t, x.County), Bank: x.Bank}
		if x.Bank.Key != "" && x.County != "" { // one cannot ask for what nobody said: it would lead to all firms
			q := d.Query
			q.Bank, q.Area = x.Bank.Key, x.County
			row.Href = q.href("/credit") + "#firms"
		}
		d.Shares = append(d.Shares, row)
	}
	for _, x := range slices.Backward(d.Months) {
		q := d.Query
		q.Month = x.Month.String()
		d.Lines = append(d.Lines, lentRow{Sums: x.Sums, Name: periodText(t, x.Month), Href: q.href("/credit") + "#firms"})
	}
	for _, x := range d.Firms {
		d.Lent = append(d.Lent, lentRow{Sums: x.Sums, Name: x.Name, Href: enterprisePath(x.Firm), Bank: x.Bank, Area: s.countyName(t, x.Area), Cases: x.Cases})
	}
	d.Bases = append(d.Bases, t.S(ofKind(kind, "creditpage.basis_contract")))
	for _, code := range kind.Facts() {
		if def, ok := s.Library.FactDef(code); ok {
			d.Bases = append(d.Bases, t.Text(def.Name)+t.S("web.colon")+definitionText(t, def))
		}
	}
	return d, nil
}

// countyName is an area in words, also one that nobody said.
func (s *server) countyName(t i18n.T, code string) string {
	if code == "" {
		return t.S("web.not_known")
	}
	return s.areaName(code)
}

// lenderName is a bank in words, also one that nobody said.
func lenderName(t i18n.T, b credit.Lender) string {
	if b.Key == "" {
		return t.S("web.not_known")
	}
	return t.Text(b.Name)
}

func (s *server) overview(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.overviewOf(r.Context(), r, v)
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S(ofKind(d.Kind, "creditpage.overview"))), http.StatusOK, overviewPage(v.t, d))
}

// exportOverview sends the view as sheets: by county and bank, by month, and by firm. A .csv has the first of them.
func (s *server) exportOverview(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.overviewOf(r.Context(), r, v)
	if err != nil {
		return err
	}
	t := v.t
	figures := []string{t.S("creditpage.firms"), t.S("creditpage.contracts")}
	for _, key := range []string{"line", "drawn", "balance"} {
		figures = append(figures, t.S(ofKind(d.Kind, "creditpage."+key))+inBrackets(t, t.S("web.yuan")))
	}
	numbers := func(x credit.Sums) []any {
		return []any{int64(x.Firms), int64(x.Contracts), x.Line, x.Drawn, x.Balance}
	}
	table := func(name string, columns []string, rows []lentRow, heads func(lentRow) []any) sheet.Table {
		cells := make([][]any, len(rows))
		for i, x := range rows {
			cells[i] = append(heads(x), numbers(x.Sums)...)
		}
		return sheet.Table{Name: name, Columns: append(columns, figures...), Rows: slices.Values(cells)}
	}
	shares := append(slices.Clone(d.Shares), lentRow{Name: t.S("fundpage.sum"), Sums: d.Sum, All: true})
	notes := append(s.notes(v, d.view, d.Query.href("/credit")), [2]string{t.S("creditpage.kind"), t.S(ofKind(d.Kind, "creditpage.gives"))}, [2]string{t.S("creditpage.month"), d.Query.Month},
		[2]string{t.S(ofKind(d.Kind, "creditpage.unclear_head")), strconv.Itoa(d.Unclear)}, [2]string{t.S(ofKind(d.Kind, "creditpage.twice_head")), strconv.Itoa(d.Twice)})
	for _, b := range d.Bases {
		notes = append(notes, [2]string{t.S("creditpage.bases"), b})
	}
	title, bank := t.S(ofKind(d.Kind, "creditpage.overview")), t.S(ofKind(d.Kind, "creditpage.bank"))
	return s.export(w, r, v, title+"-"+d.Query.Month, sheet.Export{
		Title: title, Notes: notes,
		Table: table(t.S(ofKind(d.Kind, "creditpage.by_share")), []string{t.S("web.area"), bank}, shares, func(x lentRow) []any {
			if x.All {
				return []any{x.Name, nil}
			}
			return []any{x.Name, lenderName(t, x.Bank)}
		}),
		More: []sheet.Table{
			table(t.S("creditpage.by_month"), []string{t.S("creditpage.month")}, d.Lines, func(x lentRow) []any { return []any{x.Name} }),
			table(t.S("creditpage.by_firm"), []string{t.S("creditpage.firm"), t.S("web.area"), bank}, d.Lent, func(x lentRow) []any { return []any{x.Name, x.Area, lenderName(t, x.Bank)} }),
		},
	})
}
