package lab

import (
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Book is what a workbook says of itself besides its figures.
type Book struct {
	By        string  // who asked for it
	Synthetic bool    // the data is invented
	Survey    *Survey // nil leaves out whom a single condition keeps from money, and what ceilings cut
}

// Workbook is an outcome with its method as a workbook for people: what the scenario changes and where the law says it, the
// sums, each breakdown, every firm that gains or loses, quotas and pools, and what the figures rest on. Amounts are numbers
// in yuan. Firms that the view may not carry away are counted and not named. The same outcome has the same bytes.
func (o *Outcome) Workbook(t i18n.T, b Book) *sheet.Export {
	w := &workbook{Outcome: o, t: t, hidden: map[int64]bool{}}
	for _, f := range o.Movers() {
		w.hide(f.ID)
	}
	if b.Survey != nil {
		w.hideAll(b.Survey.Misses)
	}
	out := w.book(b, "lab.book_title", w.method())
	out.More = append(out.More, w.sums())
	for _, x := range []struct {
		key  string
		rows Breakdown
	}{
		{"clause", o.ByClause()}, {"year", o.ByYear()}, {"area", o.ByArea()}, {"size", o.BySize()}, {"trade", o.ByTrade(content.Division)},
	} {
		out.More = append(out.More, w.breakdown(x.key, x.rows))
	}
	out.More = append(out.More, w.movers())
	if b.Survey != nil {
		out.More = append(out.More, w.near(b.Survey.Misses), w.cliffs(b.Survey), w.ceilings(b.Survey))
	}
	out.More = append(out.More, w.stages())
	return out
}

// Calls is a list of firms to call, some of those that a survey found: whom a single condition keeps from a clause, where it
// fails and by how much, and what each would get. What the scenario changes stands on a page of its own. Firms that the
// view may not carry away are counted and not named.
func (o *Outcome) Calls(t i18n.T, b Book, list []Miss) *sheet.Export {
	w := &workbook{Outcome: o, t: t, hidden: map[int64]bool{}}
	w.hideAll(list)
	out := w.book(b, "lab.book_near", w.near(list))
	out.More = append(out.More, w.method())
	return out
}

type workbook struct {
	*Outcome
	t      i18n.T
	hidden map[int64]bool // firms of the lists that may not be carried away
}

// hide keeps a firm from being named where it may not be carried away.
func (w *workbook) hide(id int64) {
	if !w.view.Can(access.Export, id) {
		w.hidden[id] = true
	}
}

func (w *workbook) hideAll(list []Miss) {
	for _, m := range list {
		w.hide(m.Firm.ID)
	}
}

// book is a workbook that begins with a table and says what its figures rest on. All that is to be hidden is known by now.
func (w *workbook) book(b Book, title string, first sheet.Table) *sheet.Export {
	return &sheet.Export{Title: w.t.S(title), NotesName: w.t.S("lab.book_notes"), Table: first, Notes: w.notes(b)}
}

// table is a table whose columns are called as the catalogue calls them.
func (w *workbook) table(name string, rows [][]any, columns ...string) sheet.Table {
	out := sheet.Table{Name: w.t.S("lab.book_" + name), Rows: slices.Values(rows)}
	for _, c := range columns {
		out.Columns = append(out.Columns, w.t.S("lab.column_"+c))
	}
	return out
}

func (w *workbook) method() sheet.Table {
	var rows [][]any
	for _, d := range w.Differences() {
		was, is := any(w.t.Text(d.Was)), any(w.t.Text(d.Is))
		if d.Type != "" {
			was, is = cellOf(d.Law), cellOf(d.Scenario)
		}
		if d.Kind == EndedClause {
			is = w.t.S("lab.ended")
		}
		rows = append(rows, []any{w.t.S("lab.differs_" + string(d.Kind)), d.ID, d.Key, w.t.Text(d.Name), was, is, d.Cite})
	}
	return w.table("method", rows, "kind", "id", "key", "name", "law_value", "scenario_value", "cite")
}

// cellOf is a number as a cell: amounts and whole numbers as numbers, all else as it is written.
func cellOf(v rule.Value) any {
	switch v.Type() {
	case rule.MoneyType:
		return v.Fen()
	case rule.IntType:
		return v.Int()
	}
	return v.String()
}

// figures is the columns in which an amount stands under the law and under the scenario.
var figures = []string{"law_sure", "law_possible", "scenario_sure", "scenario_possible", "difference"}

// amounts is the cells of figures.
func (w *workbook) amounts(law, then policy.Interval) []any {
	return []any{law.Sure, w.upper(law), then.Sure, w.upper(then), then.Sure - law.Sure}
}

// upper is the most that an amount may be; words where there is no limit.
func (w *workbook) upper(i policy.Interval) any {
	if i.Unbounded {
		return w.t.S("lab.no_limit")
	}
	return i.Possible
}

func (w *workbook) sums() sheet.Table {
	law, then := w.Before.Sum, w.After.Sum
	var rows [][]any
	for _, x := range []struct {
		key       string
		law, then policy.Interval
	}{
		{"total", law.Total.Plus(law.InKind), then.Total.Plus(then.InKind)},
		{"money", law.Total, then.Total},
		{"in_kind", law.InKind, then.InKind},
		{"floor", law.Floor, then.Floor},
	} {
		rows = append(rows, append([]any{w.t.S("lab.sum_" + x.key)}, w.amounts(x.law, x.then)...))
	}
	e := w.Effect
	for _, x := range []struct {
		key       string
		law, then any
		differs   any
	}{
		{"firms", law.Firms, then.Firms, nil},
		{"sure", law.Sure, then.Sure, then.Sure - law.Sure},
		{"perhaps", law.Perhaps, then.Perhaps, then.Perhaps - law.Perhaps},
		{"failed", law.Failed, then.Failed, nil},
		{"gain", nil, e.Gain, e.Gained},
		{"lose", nil, e.Lose, -e.Lost},
		{"net", nil, nil, w.Net()},
		{"perhaps_more", nil, w.Perhaps.More, nil},
		{"perhaps_less", nil, w.Perhaps.Less, nil},
	} {
		rows = append(rows, []any{w.t.S("lab.sum_" + x.key), x.law, nil, x.then, nil, x.differs})
	}
	return w.table("sums", rows, append([]string{"item"}, figures...)...)
}

func (w *workbook) breakdown(key string, b Breakdown) sheet.Table {
	var rows [][]any
	for _, r := range b.Rows {
		name := w.t.Text(r.Name)
		switch {
		case r.Code == "":
			name = w.t.S("lab.not_known")
		case name == "":
			name = r.Code
		}
		row := []any{r.Code, name, r.Before.Sure, r.Before.Perhaps, r.After.Sure, r.After.Perhaps}
		rows = append(rows, append(row, w.amounts(r.Before.Pays, r.After.Pays)...))
	}
	close := func(name string, cells ...any) {
		rows = append(rows, append([]any{nil, w.t.S("lab.row_" + name), nil, nil, nil, nil}, cells...))
	}
	if b.Before.Apart != 0 || b.After.Apart != 0 {
		close("apart", b.Before.Apart, nil, b.After.Apart, nil, b.After.Apart-b.Before.Apart)
	}
	if b.Before.Twice != 0 || b.After.Twice != 0 {
		close("twice", nil, -b.Before.Twice, nil, -b.After.Twice, nil)
	}
	close("total", w.amounts(b.Before.Total, b.After.Total)...)
	return w.table("by_"+key, rows, append([]string{"code", "name", "law_firms_sure", "law_firms_perhaps", "scenario_firms_sure", "scenario_firms_perhaps"}, figures...)...)
}

// movers is every firm that gains or loses for sure and may be carried away.
func (w *workbook) movers() sheet.Table {
	out := w.table("movers", nil, append([]string{"moves", "firm", "uscc", "area"}, figures...)...)
	out.Rows = func(yield func([]any) bool) {
		for _, f := range w.Movers() {
			moves := "gains"
			if f.Differs() < 0 {
				moves = "loses"
			}
			e, _ := w.view.Enterprise(f.ID)
			n, _ := w.lib.Areas().Node(f.Area)
			if !w.hidden[f.ID] && !yield(append([]any{w.t.S("lab." + moves), f.Name, string(e.USCC), n.Name}, w.amounts(f.Before, f.After)...)) {
				return
			}
		}
	}
	return out
}

// near is every firm that a single condition keeps from a clause and that may be carried away, with each place where it
// fails.
func (w *workbook) near(list []Miss) sheet.Table {
	out := w.table("near", nil, "firm", "uscc", "area", "cite", "clause", "condition", "else", "gain_sure", "gain_possible", "subject", "year", "have", "need", "distance", "floor")
	out.Rows = func(yield func([]any) bool) {
		for _, m := range list {
			if w.hidden[m.Firm.ID] {
				continue
			}
			for _, spot := range m.At {
				if !yield(w.miss(m, spot)) {
					return
				}
			}
		}
	}
	return out
}

// Brings is what the firm would get on top, did the condition hold: Gain, and Most where there is a limit.
func (m Miss) Brings() policy.Interval {
	return policy.Interval{Sure: m.Gain, Possible: max(m.Most, m.Gain), Unbounded: m.Most < m.Gain}
}

func (w *workbook) miss(m Miss, at Spot) []any {
	clause, _ := w.Plan.Policy.Clause(m.Clause)
	n, _ := w.lib.Areas().Node(m.Firm.Area)
	sure := "some"
	if m.Sure {
		sure = "all"
	}
	var year any
	if at.Year != 0 {
		year = at.Year
	}
	return []any{
		m.Firm.Name, m.Firm.USCC, n.Name, clause.Cite, w.t.Text(clause.Name), w.t.Text(m.Text), w.t.S("lab.else_" + sure), m.Gain, w.upper(m.Brings()),
		at.Subject.Name, year, fenOrNone(at.Have), fenOrNone(at.Need), fenOrNone(at.Distance), m.Floor,
	}
}

func fenOrNone(f *money.Fen) any {
	if f == nil {
		return nil
	}
	return *f
}

// nearness is how far below a threshold firms still count as standing at a cliff, in per cent of it.
const nearness = 10

func (w *workbook) cliffs(s *Survey) sheet.Table {
	var rows [][]any
	for _, c := range s.Cliffs(nearness) {
		clause, _ := w.Plan.Policy.Clause(c.Clause)
		rows = append(rows, []any{clause.Cite, w.t.Text(clause.Name), w.t.Text(c.Text), c.Need, len(c.Firms), c.Jump})
	}
	return w.table("cliffs", rows, "cite", "clause", "condition", "need", "firms_below", "jump")
}

func (w *workbook) ceilings(s *Survey) sheet.Table {
	var rows [][]any
	for _, c := range s.Ceilings {
		var names []string
		for _, id := range append([]string{c.Clause}, c.With...) {
			names = append(names, w.t.Text(w.ClauseName(id)))
		}
		rows = append(rows, []any{c.Cite, c.ID, strings.Join(names, w.t.S("lab.and")), c.Firms, c.Perhaps, c.Cut})
	}
	return w.table("ceilings", rows, "cite", "id", "clause", "firms_cut", "firms_perhaps_cut", "cut")
}

func (w *workbook) stages() sheet.Table {
	var rows [][]any
	for _, s := range w.Factors() {
		year, most, budget, factor := any(s.Year), any(s.Most), any(nil), any(nil)
		if s.Year == 0 {
			year = w.t.S("lab.whole_period")
		}
		if s.Kind == policy.PoolKind {
			most, budget = nil, s.Budget
		}
		if s.Factor != 0 {
			factor = strconv.Itoa(s.Factor/100) + "." + strconv.Itoa(100 + s.Factor%100)[1:] + "%"
		}
		rows = append(rows, []any{
			w.t.S("lab.stage_" + s.Kind), w.t.Text(s.Name), year, most, budget, s.Lines, s.Met, s.Waiting,
			s.Claimed.Sure, w.upper(s.Claimed), s.Pays.Sure, w.upper(s.Pays), factor,
		})
	}
	return w.table("stages", rows, "kind", "name", "year", "places", "budget", "lines", "met", "waiting", "claimed_sure", "claimed_possible", "pays_sure", "pays_possible", "factor")
}

// notes is what the figures are and rest on.
func (w *workbook) notes(b Book) [][2]string {
	doc := w.Plan.Policy.File.Document
	var notes [][2]string
	note := func(key, text string) { notes = append(notes, [2]string{w.t.S("lab.note_" + key), text}) }
	if b.Synthetic {
		note("synthetic", w.t.S("lab.synthetic"))
	}
	note("policy", strings.TrimSpace(doc.Number+" "+w.t.Text(doc.Name)))
	note("confidence", w.t.S("policy.confidence_"+doc.Confidence))
	if w.Scenario.Name != "" {
		note("scenario", w.Scenario.Name)
	}
	note("as_of", w.t.S("lab.known_at", w.AsOf.String(), w.Seq))
	if n, ok := w.lib.Areas().Node(w.Scenario.Area); ok {
		note("area", n.Name)
	}
	note("method", w.t.S("lab.method"))
	note("caveat", w.t.Msg(Caveat))
	note("interval", w.t.S("lab.interval"))
	note("parts", w.t.S("lab.parts"))
	if len(w.hidden) > 0 {
		note("left", w.t.S("lab.left_out", len(w.hidden)))
	}
	note("scenario_hash", w.Scenario.Hash())
	note("package", w.law.Hash)
	note("law_hash", w.Law.Hash)
	note("plan_hash", w.Plan.Hash)
	note("engine", policy.Engine)
	if b.By != "" {
		note("by", b.By)
	}
	return notes
}
