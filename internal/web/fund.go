package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/store"
)

// fundRoutes are the fund: what lies where, down to the entry, and what is done to budgets.
func (s *server) fundRoutes() []route {
	read := access.Need{Action: access.ReadFund}
	return []route{
		{"GET /fund", read, s.fund},
		{"GET /fund/export", read, s.exportFund},
		{"GET /fund/entries", read, s.fundEntries},
		{"POST /fund/budget", access.Need{Action: access.ManageFund}, s.appropriate},
	}
}

type division struct {
	Word string
	By   ledger.By
}

// divisions are what a fund page may be divided by, by the word of its address.
var divisions = []division{{"line", ledger.ByLine}, {"area", ledger.ByArea}, {"clause", ledger.ByClause}, {"month", ledger.ByMonth}}

// fundQuery is a view of the fund; its address restores it.
type fundQuery struct {
	ledger.Filter
	By    string
	After int64
}

func readFund(in url.Values) fundQuery {
	q := fundQuery{By: in.Get("by")}
	if !slices.ContainsFunc(divisions, func(d division) bool { return d.Word == q.By }) {
		q.By = divisions[0].Word
	}
	if year, err := strconv.ParseInt(in.Get("year"), 10, 32); err == nil {
		q.Year = int(year)
	}
	q.Line, _ = strconv.ParseInt(in.Get("line"), 10, 64)
	q.Area, q.Clause, q.Month, q.Case = in.Get("area"), in.Get("clause"), in.Get("month"), in.Get("case")
	q.After, _ = strconv.ParseInt(in.Get("after"), 10, 64)
	return q
}

func (q fundQuery) href(path string) string {
	out := url.Values{}
	if q.By != divisions[0].Word {
		out.Set("by", q.By)
	}
	for key, n := range map[string]int64{"year": int64(q.Year), "line": q.Line, "after": q.After} {
		if n != 0 {
			out.Set(key, strconv.FormatInt(n, 10))
		}
	}
	for key, text := range map[string]string{"area": q.Area, "clause": q.Clause, "month": q.Month, "case": q.Case} {
		if text != "" {
			out.Set(key, text)
		}
	}
	if len(out) == 0 {
		return path
	}
	return path + "?" + out.Encode()
}

// shareRow is a row of the fund page.
type shareRow struct {
	Name string
	ledger.Totals
	Entries string // address of its entries
}

type fundData struct {
	Query    fundQuery
	Years    []option
	Lines    []option
	Rows     []shareRow
	Sum      ledger.Totals
	AsOf     string
	Budget   budgetForm
	MayAdd   bool
	Areas    []option
	Done     string
	Filtered string // what the view is cut down to, in words
}

// budgetForm is what was typed to change a budget.
type budgetForm struct {
	Fund, Code, Year, Area, Name, Amount, Reason, Document, Key string
	Cut                                                         bool
	Problem                                                     string
}

func (s *server) fund(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.fundOf(r, v)
	if err != nil {
		return err
	}
	if r.FormValue("done") == "budget" {
		d.Done = v.t.S("fundpage.done_budget")
	}
	return s.show(w, r, s.shell(r, v, v.t.S("fundpage.title")), http.StatusOK, fundPage(v.t, d))
}

func (s *server) fundOf(r *http.Request, v *visit) (fundData, error) {
	q := readFund(r.Form)
	d := fundData{Query: q, AsOf: instant(s.Clock.Millis()), MayAdd: v.scope.Can(access.ManageFund)}
	d.Budget = budgetForm{Year: strconv.Itoa(s.Clock.Today().Year()), Key: rand.Text()}
	for _, o := range s.areaOptions(v.scope) {
		if v.scope.Sees(access.ManageFund, o.Value, 0) {
			d.Areas = append(d.Areas, o)
		}
	}
	clause, err := s.clauseNames(r.Context(), v.t)
	if err != nil {
		return d, err
	}
	err = s.Book.Read(r.Context(), v.scope, func(ctx context.Context, view *ledger.View) error {
		lines, err := view.Lines(ctx, ledger.Filter{})
		if err != nil {
			return err
		}
		years := map[int]bool{}
		for _, l := range lines {
			if !years[l.Year] {
				years[l.Year] = true
				d.Years = append(d.Years, option{strconv.Itoa(l.Year), strconv.Itoa(l.Year)})
			}
			d.Lines = append(d.Lines, option{strconv.FormatInt(l.ID, 10), s.lineName(l)})
		}
		d.Filtered = s.filterText(v.t, clause, q, lines)
		shares, err := view.Fund(ctx, q.Filter, divisionOf(q.By))
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
			d.Rows = append(d.Rows, s.shareRow(clause, q, x))
		}
		d.Sum = sum.Totals()
		return nil
	})
	return d, err
}

func divisionOf(word string) ledger.By {
	for _, d := range divisions {
		if d.Word == word {
			return d.By
		}
	}
	return ledger.ByLine
}

func (s *server) lineName(l ledger.Line) string {
	return l.Name + " · " + strconv.Itoa(l.Year) + " · " + s.areaName(l.Area)
}

// filterText is what a view is cut down to.
func (s *server) filterText(t i18n.T, clause func(string) string, q fundQuery, lines []ledger.Line) string {
	text := ""
	add := func(part string) {
		if text != "" {
			text += " · "
		}
		text += part
	}
	for _, l := range lines {
		if l.ID == q.Line {
			add(s.lineName(l))
		}
	}
	if q.Area != "" {
		add(s.areaName(q.Area))
	}
	if q.Clause != "" {
		add(clause(q.Clause))
	}
	if q.Month != "" {
		add(q.Month)
	}
	if q.Case != "" {
		add(t.S("casepage.no", q.Case))
	}
	return text
}

// clauseNames gives clauses, as the ledger names them by document and id, in words: those of a policy in force by their name.
func (s *server) clauseNames(ctx context.Context, t i18n.T) (func(string) string, error) {
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	inForce, err := s.Versions.At(ctx, view.Seq())
	return func(clause string) string {
		if clause == "" {
			return t.S("fundpage.whole_line")
		}
		document, id, _ := strings.Cut(clause, " ")
		for _, f := range inForce {
			if c, ok := f.Policy.Clause(id); ok && f.Policy.File.Document.ID == document {
				return t.Text(c.Name) + inBrackets(t, f.Policy.File.Document.Number)
			}
		}
		return clause
	}, err
}

func (s *server) shareRow(clause func(string) string, q fundQuery, x ledger.Share) shareRow {
	row := shareRow{Name: x.Key, Totals: x.Totals()}
	down := q
	switch q.By {
	case "area":
		row.Name, down.Area = s.areaName(x.Key), x.Key
	case "clause":
		row.Name, down.Clause = clause(x.Key), x.Key
	case "month":
		down.Month = x.Key
	default:
		row.Name, down.Line = s.lineName(x.Line), x.Line.ID
	}
	row.Entries = down.href("/fund/entries")
	return row
}

// exportFund sends the view as a sheet.
func (s *server) exportFund(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.fundOf(r, v)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	t := v.t
	rows := make([][]any, 0, len(d.Rows)+1)
	for _, x := range append(slices.Clone(d.Rows), shareRow{Name: t.S("fundpage.sum"), Totals: d.Sum}) {
		rows = append(rows, []any{x.Name, x.Budget, x.Free, x.Held, x.Committed, x.Payable, x.Ordered, x.Paid, x.Returned})
	}
	columns := []string{t.S("fundpage.by_" + d.Query.By)}
	for _, c := range fundColumns {
		columns = append(columns, t.S("fundpage."+c)+inBrackets(t, t.S("web.yuan")))
	}
	return s.export(w, r, v, t.S("fundpage.title")+"-"+s.Clock.Today().String(), sheet.Export{
		Title: t.S("fundpage.title"), Notes: s.notes(v, view, d.Query.href("/fund")), Table: sheet.Table{Rows: slices.Values(rows), Columns: columns},
	})
}

// fundColumns are the columns of the fund page.
var fundColumns = []string{"budget", "free", "held", "committed", "payable", "ordered", "paid", "returned"}

// entryRow is an entry of the ledger in words.
type entryRow struct {
	ledger.Entry
	By, What, Stage, Line, CaseHref string
}

type entriesData struct {
	Query    fundQuery
	Rows     []entryRow
	More     string // address of what comes next
	Filtered string
}

const entriesShown = 200

func (s *server) fundEntries(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := readFund(r.Form)
	d := entriesData{Query: q}
	names := map[int64]string{}
	clause, err := s.clauseNames(r.Context(), v.t)
	if err != nil {
		return err
	}
	err = s.Book.Read(r.Context(), v.scope, func(ctx context.Context, view *ledger.View) error {
		lines, err := view.Lines(ctx, ledger.Filter{})
		if err != nil {
			return err
		}
		d.Filtered = s.filterText(v.t, clause, q, lines)
		list, err := view.Entries(ctx, q.Filter, ledger.Page{After: q.After, Rows: entriesShown})
		if err != nil {
			return err
		}
		for _, e := range list {
			row := entryRow{Entry: e, What: v.t.S("fundpage.kind_" + string(e.Kind)), Stage: v.t.S("ledger.stage_" + e.Stage.String()), Line: s.lineName(e.Line)}
			if id, err := strconv.ParseInt(e.Case, 10, 64); err == nil {
				row.CaseHref = casePath(id)
			}
			if e.By != 0 {
				if row.By, err = s.personName(ctx, names, e.By); err != nil {
					return err
				}
			}
			d.Rows = append(d.Rows, row)
		}
		if len(list) >= entriesShown {
			next := q
			next.After = list[len(list)-1].Transfer
			d.More = next.href("/fund/entries")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, v.t.S("fundpage.entries")), http.StatusOK, entriesPage(v.t, d))
}

// appropriate gives a line its budget, adds to it or cuts it. What was typed comes back with what is wrong with it.
func (s *server) appropriate(w http.ResponseWriter, r *http.Request, v *visit) error {
	f := budgetForm{
		Fund: r.PostFormValue("fund"), Code: r.PostFormValue("code"), Year: r.PostFormValue("year"), Area: r.PostFormValue("area"), Name: r.PostFormValue("name"),
		Amount: r.PostFormValue("amount"), Reason: r.PostFormValue("reason"), Document: r.PostFormValue("document"), Key: r.PostFormValue("key"), Cut: r.PostFormValue("do") == "cut",
	}
	err := s.changeBudget(r.Context(), v, f)
	if err == nil {
		return seeOther(w, r, "/fund?done=budget")
	}
	msg, ok := errs.Message(err)
	if kind := errs.KindOf(err); !ok || kind == errs.KindForbidden || kind == errs.KindNotFound {
		return err
	}
	d, again := s.fundOf(r, v)
	if again != nil {
		return again
	}
	d.Budget = f
	d.Budget.Problem = v.t.Msg(msg)
	return s.show(w, r, s.shell(r, v, v.t.S("fundpage.title")), statusOf(err), fundPage(v.t, d))
}

func (s *server) changeBudget(ctx context.Context, v *visit, f budgetForm) error {
	said, err := intake.Typed(s.Library, content.FactDef{Type: content.Money, Unit: "万元"}, f.Amount, "")
	if err != nil {
		return err
	}
	if said.Value.Num <= 0 {
		return errs.Invalid(i18n.M("ledger.no_amount"))
	}
	year, err := strconv.Atoi(f.Year)
	if err != nil {
		return errs.Invalid(i18n.M("ledger.bad_year", f.Year))
	}
	change := money.Fen(said.Value.Num)
	if f.Cut {
		change = -change
	}
	act := ledger.Act{Scope: v.scope, Key: keyOf(v, f.Key, "budget"), Reason: f.Reason, Document: f.Document}
	_, err = ledger.Alone(ctx, s.Book, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return s.Book.Appropriate(ctx, tx, act, ledger.Appropriation{Fund: f.Fund, Code: f.Code, Year: year, Area: f.Area, Name: f.Name, Change: change})
	})
	return err
}

// filterNumber is a number in an address or a form, "" for none.
func filterNumber(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
