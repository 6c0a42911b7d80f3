package web

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// decisionView is a decision put into words, clause by clause; those that pay come first.
type decisionView struct {
	Policy     policy.Document
	Confidence string
	AsOf       period.Day
	Total      policy.Interval
	InKind     policy.Interval
	Floor      *policy.Interval
	Reason     string
	Clauses    []clauseView
	Idle       []clauseView // clauses that nothing of the enterprise falls under
	Missing    []missed     // what would make the answer surer
	Answers    []string     // to open questions, where they differ from the default
	Calculator string       // address of the calculator with the same facts, "" for none
	Receipt    string       // address of the decision's receipt
}

// missed is a fact that a decision misses, and where the visitor may state it: "" where not.
type missed struct{ Text, Href string }

// clauseView is a clause with the lines worth reading first, and those that give nothing and can be helped by nothing.
type clauseView struct {
	policy.Clause
	Sum    policy.ClauseSum
	Lines  []lineView
	Others []lineView
	Advice []string // about the clause as a whole
}

type lineView struct {
	policy.Line
	Title     string // which project, loan or title, and which year
	Reason    string
	Steps     []stepView
	Remaining []remainingView
	Checks    []checkView
	Formula   []termView
	Advice    []string
	Calls     []lineCall // by which it may be applied for; none where that is not told
}

type stepView struct{ Text, Cite string }

type remainingView struct {
	State             policy.State
	Text              string
	Have, Need, Short *money.Fen
	Facts             []string
}

type checkView struct {
	State      policy.State
	Text, Cite string
	Expr       string
	Read, Need []string
}

type termView struct {
	Name, Expr, Value, Cite string
	Read                    []string
}

// words turns parts of a decision into sentences of one language.
type words struct {
	t    i18n.T
	lib  *content.Library
	pol  *policy.Policy
	year int // the present one
}

// tooLate says that an advice asks for other figures in a year that is over.
func (w words) tooLate(a policy.Advice) bool {
	return a.Kind == "change" && a.Year != 0 && a.Year < w.year
}

func (s *server) viewDecision(t i18n.T, p *policy.Policy, d *policy.Decision) decisionView {
	w := words{t: t, lib: s.Library, pol: p, year: s.Clock.Today().Year()}
	v := decisionView{
		Policy: p.File.Document, Confidence: d.Confidence, AsOf: d.AsOf, Total: d.Total, InKind: d.InKind, Floor: d.Floor,
	}
	if !d.Reason.IsZero() {
		v.Reason = t.Msg(d.Reason)
	}
	for _, name := range w.refNames(d.Missing) {
		v.Missing = append(v.Missing, missed{Text: name})
	}
	for _, sum := range d.Clauses {
		if c := w.clause(d, sum); c.idle() {
			v.Idle = append(v.Idle, c)
		} else {
			v.Clauses = append(v.Clauses, c)
		}
	}
	slices.SortStableFunc(v.Clauses, func(a, b clauseView) int { return cmp.Compare(clauseRank(a), clauseRank(b)) })
	return v
}

// idle says that a clause has nothing to do with the enterprise: no line, or only titles that it is not about.
func (c clauseView) idle() bool {
	return len(c.Lines)+len(c.Advice) == 0 && (len(c.Others) == 0 || c.Entity == content.Honour)
}

// clauseRank orders clauses for a reader: what pays, what may pay, what could be reached, the rest.
func clauseRank(c clauseView) int {
	switch {
	case c.Sum.Pays.Sure > 0:
		return 0
	case !c.Sum.Pays.Exact():
		return 1
	case len(c.Lines) > 0:
		return 2
	}
	return 3
}

func (w words) clause(d *policy.Decision, sum policy.ClauseSum) clauseView {
	c := clauseView{Sum: sum}
	if i := slices.IndexFunc(w.pol.File.Clauses, func(c policy.Clause) bool { return c.ID == sum.Clause }); i >= 0 {
		c.Clause = w.pol.File.Clauses[i]
	}
	for _, l := range d.Lines {
		if l.Clause != sum.Clause {
			continue
		}
		if v := w.line(d, l); v.gives() {
			c.Lines = append(c.Lines, v)
		} else {
			c.Others = append(c.Others, v)
		}
	}
	for _, a := range d.Advice {
		if a.Clause == sum.Clause && !w.tooLate(a) && !slices.ContainsFunc(c.Lines, func(l lineView) bool { return isAbout(a, l.Line) }) {
			c.Advice = append(c.Advice, w.t.Msg(a.Text))
		}
	}
	c.Advice = slices.Compact(c.Advice)
	return c
}

// gives says that a line pays or may pay, lost what it would have paid, or tells how to get something.
func (l lineView) gives() bool {
	return l.Pays.Sure > 0 || !l.Pays.Exact() || len(l.Steps) > 0 || len(l.Advice) > 0
}

func isAbout(a policy.Advice, l policy.Line) bool {
	return a.Clause == l.Clause && a.Subject == l.Subject && a.Year == l.Year
}

func (w words) line(d *policy.Decision, l policy.Line) lineView {
	v := lineView{Line: l, Title: w.lineTitle(l), Reason: w.t.Msg(l.Reason)}
	for _, s := range l.Steps {
		v.Steps = append(v.Steps, stepView{Text: w.step(s), Cite: s.Cite})
	}
	for _, p := range l.Portions {
		v.Steps = append(v.Steps, stepView{Text: w.t.Msg(p.Sentence()), Cite: p.Cite})
	}
	for _, r := range l.Remaining {
		if len(l.Remaining) == 1 && len(r.Facts) == 0 {
			break // the sentence says it
		}
		v.Remaining = append(v.Remaining, remainingView{
			State: r.State, Text: w.t.Text(r.Text), Have: r.Have, Need: r.Need, Short: r.Distance, Facts: w.names(r.Facts),
		})
	}
	for _, c := range l.Checks {
		v.Checks = append(v.Checks, checkView{
			State: c.State, Text: w.t.Msg(c.Sentence()), Cite: c.Cite, Expr: c.Expr, Read: w.values(c.Read), Need: w.names(c.Need),
		})
	}
	for _, f := range l.Formula {
		v.Formula = append(v.Formula, termView{Name: w.t.Text(f.Name), Expr: f.Expr, Value: w.number(f.Value), Cite: f.Cite, Read: w.values(f.Read)})
	}
	for _, a := range d.Advice {
		if isAbout(a, l) && !w.tooLate(a) {
			v.Advice = append(v.Advice, w.t.Msg(a.Text))
		}
	}
	return v
}

// lineTitle says which of several lines of a clause this one is.
func (w words) lineTitle(l policy.Line) string {
	name := ""
	if l.Subject.Kind != content.Enterprise {
		name = w.subject(l.Subject)
	}
	year := ""
	if l.Year != 0 {
		year = w.t.S("web.period_year", l.Year)
	}
	if name != "" && year != "" {
		return name + " · " + year
	}
	return name + year
}

func (w words) subject(r policy.Ref) string {
	if r.Name != "" {
		return r.Name
	}
	return w.t.S("web.kind_"+r.Kind) + " " + r.ID
}

// step is one reduction by stacking: what took how much, and whom the line lost to.
func (w words) step(s policy.Step) string {
	from, to := inWords(w.t, s.From), inWords(w.t, s.To)
	switch {
	case s.Stage == "instalment" || s.Stage == "clawback" || s.Most > 0:
		return w.t.Msg(s.Sentence(nil))
	case s.LostTo != nil:
		winner := w.winner(*s.LostTo)
		for _, other := range s.Beside {
			winner += w.t.S("web.step_and") + w.winner(other)
		}
		if s.Award != nil {
			winner += w.t.S("web.step_and") + s.Document
		}
		return w.t.S("web.step_lost_"+s.Stage, winner, from, to)
	case s.Award != nil:
		document := s.Document
		if document == "" {
			document = w.t.S("web.other_document")
		}
		return w.t.S("web.step_document", document, inWords(w.t, *s.Award), from, to)
	case s.Limit != nil:
		return w.t.S("web.step_"+s.Stage, inWords(w.t, *s.Limit), from, to)
	}
	return w.t.S("web.step_other", from, to)
}

// winner is a line that is paid instead.
func (w words) winner(x policy.Winner) string {
	name := x.Clause
	if i := slices.IndexFunc(w.pol.File.Clauses, func(c policy.Clause) bool { return c.ID == x.Clause }); i >= 0 {
		name = w.t.Text(w.pol.File.Clauses[i].Name)
	}
	if x.Subject.Kind != content.Enterprise {
		name += inBrackets(w.t, w.subject(x.Subject))
	}
	return name
}

// refNames is what facts that a decision asks for are called.
func (w words) refNames(facts []rule.FactRef) []string {
	all := make([]string, len(facts))
	for i, f := range facts {
		all[i] = w.factName(policy.Ref(f.Subject), f.Def, f.Period)
	}
	return all
}

func (w words) names(facts []policy.Fact) []string {
	var all []string
	for _, f := range facts {
		all = append(all, w.factName(f.Subject, f.Def, f.Period))
	}
	return all
}

func (w words) values(facts []policy.Fact) []string {
	var all []string
	for _, f := range facts {
		all = append(all, w.factName(f.Subject, f.Def, f.Period)+" = "+w.value(f.Def, f.Value))
	}
	return all
}

// factName is what a fact is called, with its subject where that is not the enterprise, and its period.
func (w words) factName(r policy.Ref, code string, p period.Period) string {
	name := code
	if def, ok := w.lib.FactDef(code); ok {
		name = w.t.Text(def.Name)
	} else if key := "web.def_" + code; w.t.S(key) != key {
		name = w.t.S(key)
	}
	if r.Kind != content.Enterprise && r.Kind != "" {
		name = w.subject(r) + " · " + name
	}
	if p.Kind() != period.Always {
		name += inBrackets(w.t, periodText(w.t, p))
	}
	return name
}

// value is the text of a value (yuan with two decimals, percent, day, code) as its definition would show it.
func (w words) value(code, text string) string {
	if text == "" {
		return w.t.S("web.not_known")
	}
	def, ok := w.lib.FactDef(code)
	if !ok {
		return w.node(code, text)
	}
	switch def.Type {
	case content.Money:
		if a, err := money.Parse(text); err == nil {
			return inWords(w.t, a)
		}
	case content.Code:
		return codeName(w.t, w.lib, def, text)
	case content.Bool:
		if b, err := strconv.ParseBool(text); err == nil {
			return yesNo(w.t, b)
		}
	}
	return text
}

// node is the name of an area or industry, for the facts that memberships give.
func (w words) node(code, text string) string {
	tree := w.lib.Areas()
	if code == "ent.industry" {
		tree = w.lib.Industries()
	}
	if n, ok := tree.Node(text); ok {
		return n.Name
	}
	return text
}

// number is a term of a formula: yuan as an amount, anything else as it stands.
func (w words) number(text string) string {
	a, err := money.Parse(text)
	if err != nil {
		return text
	}
	return inWords(w.t, a)
}

func codeName(t i18n.T, lib *content.Library, def content.FactDef, code string) string {
	list, ok := lib.CodeList(def.Codes)
	if !ok {
		return code
	}
	e, ok := list.Entry(code)
	if !ok {
		return code
	}
	return t.Text(e.Name)
}

func yesNo(t i18n.T, b bool) string {
	if b {
		return t.S("web.yes")
	}
	return t.S("web.no")
}
