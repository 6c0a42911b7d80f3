package web

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// listPath is the page of a bank's list of loans beside our records.
func listPath(id int64) string { return "/credit/lists/" + strconv.FormatInt(id, 10) }

// listRoutes are lists of loans that banks send, and what they come to beside our records.
func (s *server) listRoutes() []route {
	read, tell, settle := access.Need{Action: access.ReadLoans}, access.Need{Action: access.TellLoans}, access.Need{Action: access.Import}
	return []route{
		{"GET /credit/lists", read, s.bankLists},
		{"POST /credit/lists", tell, s.bringList},
		{"GET /credit/lists/{id}", read, s.bankList},
		{"GET /credit/lists/{id}/export", read, s.exportList},
		{"GET /credit/lists/{id}/file", read, s.listFile},
		{"POST /credit/lists/{id}/settle", settle, s.settleList},
		{"POST /credit/lists/{id}/close", settle, s.closeList},
	}
}

type bankListsData struct {
	Rows    []credit.Reconciliation
	Older   string // where the earlier ones are
	Banks   []option
	Bank    string // chosen
	Month   string
	Latest  string
	OnWord  string
	Itself  bool // the visitor acts for the bank
	Problem string
	Faults  []string // of a file that was sent

	Unanswered int // meetings of banks and firms that wait for the visitor's answer
}

// listsShown is how many lists a page shows: each is laid beside our records.
const listsShown = 12

func (s *server) bankListsOf(ctx context.Context, r *http.Request, v *visit) (bankListsData, error) {
	latest := s.Credit.LastMonth().String()
	d := bankListsData{Latest: latest, Bank: r.FormValue("bank"), Month: r.FormValue("month"), OnWord: r.FormValue("on_word"), Itself: v.scope.Role() == access.Bank}
	if d.Month == "" {
		d.Month = latest
	}
	banks, err := s.Credit.ListBanks(ctx, v.scope)
	if err != nil {
		return d, err
	}
	if d.Unanswered, err = s.unansweredMeetings(ctx, v); err != nil {
		return d, err
	}
	for _, b := range banks {
		d.Banks = append(d.Banks, option{b.Code, v.t.Text(b.Name)})
	}
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64)
	lists, err := s.Credit.Lists(ctx, v.scope, before, listsShown+1)
	if err != nil {
		return d, err
	}
	if len(lists) > listsShown {
		lists = lists[:listsShown]
		d.Older = "/credit/lists?before=" + strconv.FormatInt(lists[listsShown-1].ID, 10)
	}
	for _, l := range lists {
		row, err := s.Credit.Reconciliation(ctx, v.scope, l.ID)
		if err != nil {
			return d, err
		}
		d.Rows = append(d.Rows, row)
	}
	return d, nil
}

func (s *server) bankLists(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.bankListsOf(r.Context(), r, v)
	if err != nil {
		return err
	}
	return s.showLists(w, r, v, http.StatusOK, d)
}

func (s *server) showLists(w http.ResponseWriter, r *http.Request, v *visit, status int, d bankListsData) error {
	return s.show(w, r, s.shell(r, v, v.t.S("listpage.title")), status, bankListsPage(v.t, d))
}

// bringList takes a list in. What is wrong with it is told cell by cell on the page of the lists, and nothing of it is kept.
func (s *server) bringList(w http.ResponseWriter, r *http.Request, v *visit) (err error) {
	path, name, err := s.sentSheet(w, r)
	var faults []i18n.Msg
	id := int64(0)
	if err == nil {
		defer func() { err = errors.Join(err, os.Remove(path)) }()
		month, bad := s.Credit.Month(r.PostFormValue("month"))
		if err = bad; err == nil {
			id, faults, err = s.Credit.BringList(r.Context(), v.scope, credit.NewList{
				Bank: r.PostFormValue("bank"), Month: month, OnWord: r.PostFormValue("on_word"), File: credit.ListFile{Path: path, Name: name},
			})
		}
	}
	if err == nil && len(faults) == 0 {
		return seeOther(w, r, listPath(id)+"?done=brought")
	}
	msg, told := errs.Message(err)
	if err != nil && (!told || hidden(err)) {
		return err
	}
	d, again := s.bankListsOf(r.Context(), r, v)
	if again != nil {
		return again
	}
	status := http.StatusUnprocessableEntity
	if d.Problem = v.t.S("listpage.faulty", len(faults)); err != nil {
		d.Problem, status = v.t.Msg(msg), statusOf(err)
	}
	for _, f := range faults {
		d.Faults = append(d.Faults, v.t.Msg(f))
	}
	return s.showLists(w, r, v, status, d)
}

// reconciledRow is a row of a reconciliation in words.
type reconciledRow struct {
	credit.Row
	Number string // of the drawdown
	Area   string
	Href   string // of the case or the file of the firm; "" for none that the visitor sees
	Diffs  []listDiff
	Value  string // what the form sends of it; "" where the visitor settles nothing of it
	By     string // who settled it
}

// listDiff is what a field is to the bank and to us.
type listDiff struct{ Name, Bank, Ours string }

type bankListData struct {
	credit.Reconciliation
	Rows    []reconciledRow // of the standing that was asked for, the first of them
	All     int             // how many of it there are
	Show    string          // standing that was asked for; "" for what is open, and else for all
	Tabs    []listTab
	By      string
	AsOf    string
	File    string // where the file is, for who sees all of it
	MayDo   bool   // anything of what is shown may be settled
	MayEnd  bool
	Done    string
	Problem string
	Reason  string
}

// listTab leads to the rows of a standing.
type listTab struct {
	Label, Href string
	N           int
	Current     bool
}

// choiceValue is a row as a form names it: line, loan, and what differs.
func choiceValue(r credit.Row) string {
	n, loan := 0, int64(0)
	if r.Line != nil {
		n = r.Line.N
	}
	if r.Own != nil {
		loan = r.Own.Loan
	}
	return strconv.Itoa(n) + "/" + strconv.FormatInt(loan, 10) + "/" + r.Difference
}

func readChoice(text string) (c credit.Choice, ok bool) {
	parts := strings.SplitN(text, "/", 3)
	if len(parts) != 3 {
		return c, false
	}
	n, bad := strconv.Atoi(parts[0])
	loan, worse := strconv.ParseInt(parts[1], 10, 64)
	return credit.Choice{N: n, Loan: loan, Difference: parts[2]}, bad == nil && worse == nil
}

func (s *server) bankListOf(ctx context.Context, r *http.Request, v *visit) (bankListData, error) {
	id, err := pathID(r)
	if err != nil {
		return bankListData{}, err
	}
	rec, err := s.Credit.Reconciliation(ctx, v.scope, id)
	if err != nil {
		return bankListData{}, err
	}
	d := bankListData{Reconciliation: rec, Show: r.FormValue("show"), Reason: r.PostFormValue("reason"), AsOf: v.t.S("web.as_known", s.Clock.Today().String(), rec.Seq)}
	names := map[int64]string{}
	if d.By, err = s.personName(ctx, names, rec.By); err != nil {
		return d, err
	}
	if rec.Whole {
		d.File = listPath(id) + "/file"
	}
	if d.Show == "" && rec.Open() > 0 {
		d.Show = "open"
	}
	d.Tabs = append(d.Tabs, listTab{v.t.S("listpage.show_open"), listPath(id) + "?show=open", rec.Open(), d.Show == "open"})
	for _, x := range credit.Standings() {
		if n := rec.Counts[x]; n > 0 {
			d.Tabs = append(d.Tabs, listTab{v.t.S("listpage." + string(x)), listPath(id) + "?show=" + string(x), n, d.Show == string(x)})
		}
	}
	d.Tabs = append(d.Tabs, listTab{v.t.S("web.all"), listPath(id) + "?show=all", len(rec.Rows), d.Show == "" || d.Show == "all"})
	for _, x := range rec.Rows {
		if d.Show != "" && d.Show != "all" && string(x.Standing) != d.Show && (d.Show != "open" || !x.Standing.Open()) {
			continue
		}
		if d.All++; len(d.Rows) >= listRows {
			continue
		}
		row, err := s.reconciledRow(ctx, v, names, rec, x)
		if err != nil {
			return d, err
		}
		d.MayDo = d.MayDo || row.Value != ""
		d.Rows = append(d.Rows, row)
	}
	d.MayEnd = rec.Last && rec.Whole && rec.MaySettle && rec.Open() == 0 && !rec.Closed()
	return d, nil
}

func (s *server) reconciledRow(ctx context.Context, v *visit, names map[int64]string, rec credit.Reconciliation, x credit.Row) (row reconciledRow, err error) {
	row = reconciledRow{Row: x, Area: s.countyName(v.t, x.Firm.Area)}
	if x.Line != nil {
		row.Number = x.Line.Voucher
	} else {
		row.Number = x.Own.Number
	}
	switch {
	case x.Own != nil && x.Own.Case != 0:
		row.Href = casePath(x.Own.Case)
	case x.Firm.ID != 0 && v.scope.Sees(access.ReadFact, x.Firm.Area, x.Firm.ID):
		row.Href = enterprisePath(x.Firm.ID)
	}
	for _, f := range x.Fields {
		bank, ours := s.fieldText(v.t, x, f)
		row.Diffs = append(row.Diffs, listDiff{v.t.S(ofKind(rec.Of.Gives(), "listpage.field_"+string(f))), bank, ours})
	}
	if x.Difference != "" && rec.Last && s.Credit.MaySettle(v.scope, rec.List, x) {
		row.Value = choiceValue(x)
	}
	if x.Settled != nil {
		row.By, err = s.personName(ctx, names, x.Settled.By)
	}
	return row, err
}

// fieldText is what a field is to the bank and to us.
func (s *server) fieldText(t i18n.T, x credit.Row, f credit.Field) (bank, ours string) {
	amount := func(a money.Fen) string {
		if a < 0 {
			return t.S("web.not_known")
		}
		return inWords(t, a)
	}
	on := func(d period.Day) string {
		if d < 0 {
			return t.S("web.not_known")
		}
		return d.String()
	}
	rate := func(ppm int64) string {
		if ppm < 0 {
			return t.S("web.not_known")
		}
		return ppmText(ppm)
	}
	switch f {
	case credit.FieldFirm:
		return x.Line.Name + " " + x.Line.USCC, x.Firm.Name + " " + x.Firm.USCC
	case credit.FieldContract:
		return x.Line.Contract, x.Own.Contract
	case credit.FieldLine:
		return amount(x.Line.Line), amount(x.Own.Line)
	case credit.FieldPrincipal:
		return amount(x.Line.Principal), amount(x.Own.Principal)
	case credit.FieldDrawnOn:
		return on(x.Line.DrawnOn), on(x.Own.DrawnOn)
	case credit.FieldRate:
		return rate(x.Line.PPM), rate(x.Own.PPM)
	}
	return amount(x.Line.Balance), amount(x.Own.Balance)
}

func (s *server) bankList(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.bankListOf(r.Context(), r, v)
	if err != nil {
		return err
	}
	if done := r.FormValue("done"); slices.Contains([]string{"brought", "settled", "closed"}, done) {
		d.Done = v.t.S("listpage.done_" + done)
	}
	return s.showList(w, r, v, http.StatusOK, d)
}

func (s *server) showList(w http.ResponseWriter, r *http.Request, v *visit, status int, d bankListData) error {
	return s.show(w, r, s.shell(r, v, v.t.S(ofKind(d.Of.Gives(), "listpage.of"), v.t.Text(d.Of.Name), d.Month().String())), status, bankListPage(v.t, d))
}

// settleList takes the bank's word on what was chosen, or keeps ours.
func (s *server) settleList(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.bankListOf(r.Context(), r, v)
	if err != nil {
		return err
	}
	var choices []credit.Choice
	for _, text := range r.PostForm["row"] {
		c, ok := readChoice(text)
		if !ok {
			return errs.Invalid(i18n.M("web.bad_form"))
		}
		c.How, c.Reason = credit.How(r.PostFormValue("how")), r.PostFormValue("reason")
		choices = append(choices, c)
	}
	return s.listStepped(w, r, v, d, "settled", s.Credit.Settle(r.Context(), v.scope, s.Cases, d.ID, choices))
}

func (s *server) closeList(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.bankListOf(r.Context(), r, v)
	if err != nil {
		return err
	}
	return s.listStepped(w, r, v, d, "closed", s.Credit.Close(r.Context(), v.scope, d.ID))
}

// listStepped leads back to the list; what hinders a step is told there.
func (s *server) listStepped(w http.ResponseWriter, r *http.Request, v *visit, d bankListData, done string, err error) error {
	if err == nil {
		return seeOther(w, r, listPath(d.ID)+"?done="+done)
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d.Problem = v.t.Msg(msg)
	return s.showList(w, r, v, statusOf(err), d)
}

// listFile hands the file of a list out as it came.
func (s *server) listFile(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	l, body, err := s.Credit.ListFile(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // read only
	attach(w, l.Name, "application/octet-stream")
	http.ServeContent(w, r, "", time.UnixMilli(l.At), body)
	return nil
}

// exportList sends all rows that the visitor sees: each with what the bank says, what we have, and how it stands.
func (s *server) exportList(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	rec, err := s.Credit.Reconciliation(r.Context(), v.scope, id)
	if err != nil {
		return err
	}
	t, kind := v.t, rec.Of.Gives()
	columns := []string{
		t.S("listpage.standing"), t.S("creditpage.firm"), t.S("web.uscc"), t.S("web.area"), t.S("listpage.place"), t.S(ofKind(kind, "creditpage.voucher")),
	}
	fields := []credit.Field{credit.FieldContract, credit.FieldLine, credit.FieldPrincipal, credit.FieldDrawnOn, credit.FieldRate, credit.FieldBalance}
	for _, f := range fields {
		unit := ""
		if f == credit.FieldLine || f == credit.FieldPrincipal || f == credit.FieldBalance {
			unit = inBrackets(t, t.S("web.yuan"))
		}
		name := t.S(ofKind(kind, "listpage.field_"+string(f)))
		columns = append(columns, t.S(ofKind(kind, "listpage.bank_says"), name)+unit, t.S("listpage.we_have", name)+unit)
	}
	columns = append(columns, t.S("listpage.differs_in"), t.S("listpage.reason"))
	rows := func(yield func([]any) bool) {
		for _, x := range rec.Rows {
			if !yield(s.exportedRow(t, kind, x)) {
				return
			}
		}
	}
	notes := [][2]string{
		{t.S(ofKind(kind, "creditpage.bank")), t.Text(rec.Of.Name)},
		{t.S("creditpage.month"), rec.Month().String()},
		{t.S("listpage.revision"), strconv.Itoa(rec.Revision)},
		{t.S("listpage.file"), rec.Name},
		{"SHA-256", rec.SHA256},
		{t.S("web.note_as_of"), t.S("web.as_known", s.Clock.Today().String(), rec.Seq)},
		{t.S("web.note_by"), v.account.Name},
	}
	for _, x := range credit.Standings() {
		notes = append(notes, [2]string{t.S("listpage." + string(x)), strconv.Itoa(rec.Counts[x])})
	}
	return s.export(w, r, v, t.S(ofKind(kind, "listpage.of"), t.Text(rec.Of.Name), rec.Month().String()), sheet.Export{
		Title: t.S("listpage.title"), Notes: notes, Table: sheet.Table{Columns: columns, Rows: rows},
	})
}

func (s *server) exportedRow(t i18n.T, kind credit.Kind, x credit.Row) []any {
	l, o := credit.Line{Line: -1, Principal: -1, DrawnOn: -1, PPM: -1, Balance: -1}, credit.Own{Line: -1, Principal: -1, DrawnOn: -1, PPM: -1, Balance: -1}
	if x.Line != nil {
		l = *x.Line
	}
	number := l.Voucher
	if x.Own != nil {
		if o = *x.Own; x.Line == nil {
			number = o.Number
		}
	}
	fen := func(a money.Fen) any {
		if a < 0 {
			return nil
		}
		return a
	}
	text := func(known bool, s string) any {
		if !known {
			return nil
		}
		return s
	}
	var in []string
	for _, f := range x.Fields {
		in = append(in, t.S(ofKind(kind, "listpage.field_"+string(f))))
	}
	reason := ""
	if x.Settled != nil {
		reason = x.Settled.Reason
	}
	return []any{
		t.S("listpage." + string(x.Standing)), x.Firm.Name, x.Firm.USCC, s.countyName(t, x.Firm.Area), l.Place, number,
		l.Contract, o.Contract, fen(l.Line), fen(o.Line), fen(l.Principal), fen(o.Principal),
		text(l.DrawnOn >= 0, l.DrawnOn.String()), text(o.DrawnOn >= 0, o.DrawnOn.String()), text(l.PPM >= 0, ppmText(l.PPM)), text(o.PPM >= 0, ppmText(o.PPM)),
		fen(l.Balance), fen(o.Balance), strings.Join(in, t.S("web.comma")), reason,
	}
}
