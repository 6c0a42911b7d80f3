package policy

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Msg is the interval as a reader sees it: "60 万元", "0 至 60 万元", "60 万元以上".
func (i Interval) Msg() i18n.Msg {
	switch {
	case i.Unbounded:
		return i18n.M("policy.amount_open", wan(i.Sure))
	case i.Exact():
		return i18n.M("policy.amount", wan(i.Sure))
	}
	return i18n.M("policy.amount_between", wan(i.Sure), wan(i.Possible))
}

// Sentence says a reduction in words: by which rule, to what, and what it lost to. names gives a clause's name.
func (s Step) Sentence(name func(clause string) i18n.Text) i18n.Msg {
	switch {
	case s.Stage == "floor":
		return i18n.M("policy.step_floor", wan(s.From))
	case s.Stage == "instalment" || s.Stage == "clawback":
		return i18n.M("policy.step_"+s.Stage, wan(s.From), wan(s.To), s.Cite)
	case s.Most > 0:
		return i18n.M("policy.step_most", s.Most, s.Cite)
	case s.Limit != nil:
		return i18n.M("policy.step_ceiling", wan(*s.Limit), wan(s.From), wan(s.To), s.Cite)
	case len(s.Beside) > 0 || s.LostTo != nil && s.Award != nil:
		return i18n.M("policy.step_lost_several", s.winners(name), wan(s.By), s.Cite)
	case s.Award != nil:
		return i18n.M("policy.step_document", s.Document, wan(*s.Award), wan(s.By), s.Cite)
	case s.LostTo == nil:
		return i18n.M("policy.step_once", s.Cite)
	case s.Stage == "once":
		return i18n.M("policy.step_once_lost", name(s.LostTo.Clause), s.LostTo.Subject.label(), s.Cite)
	}
	return i18n.M("policy.step_lost", name(s.LostTo.Clause), s.LostTo.Subject.label(), wan(s.By), s.Cite)
}

// winners is all that stands instead, as one phrase in each language.
func (s Step) winners(name func(clause string) i18n.Text) i18n.Text {
	var t i18n.Text
	for i, w := range append([]Winner{*s.LostTo}, s.Beside...) {
		if i > 0 {
			t.ZH, t.EN = t.ZH+"、", t.EN+", "
		}
		clause := name(w.Clause)
		t.ZH += "“" + clause.ZH + "”（" + w.Subject.label() + "）"
		t.EN += "\"" + clause.EN + "\" (" + w.Subject.label() + ")"
	}
	if s.Award != nil {
		t.ZH, t.EN = t.ZH+"、"+s.Document, t.EN+", "+s.Document
	}
	return t
}

// Sentence says how a line came out of a quota or pool.
func (s Portion) Sentence() i18n.Msg {
	switch {
	case s.Kind == QuotaKind && s.Rank > 0:
		return i18n.M("policy.share_ranked_"+string(s.State), s.Name, s.Rank, s.Most, s.Cite)
	case s.Kind == QuotaKind:
		return i18n.M("policy.share_quota_"+string(s.State), s.Name, s.Most, s.Cite)
	case s.State == NotMet:
		return i18n.M("policy.share_pool_not_met", s.Name, wan(s.Budget), s.Pays.Msg(), s.Cite)
	}
	return i18n.M("policy.share_pool_"+string(s.State), s.Name, wan(s.Budget), s.Cite)
}

func (r Ref) label() string {
	if r.Name != "" {
		return r.Name
	}
	return r.ID
}

// Clause is the clause with an id.
func (p *Policy) Clause(id string) (Clause, bool) {
	i := slices.IndexFunc(p.File.Clauses, func(c Clause) bool { return c.ID == id })
	if i < 0 {
		return Clause{}, false
	}
	return p.File.Clauses[i], true
}

var marks = map[State]string{Met: "✓", NotMet: "✗", Unknown: "?"}

// WriteText writes a decision for people: the sums, each line with its conditions, its formula and its reductions, what
// remains to be met, and advice.
func (p *Policy) WriteText(w io.Writer, t i18n.T, d *Decision) error {
	var b strings.Builder
	name := func(id string) i18n.Text {
		c, _ := p.Clause(id)
		return c.Name
	}
	fmt.Fprintf(&b, "%s  %s\n", d.Document, t.Text(p.File.Document.Name))
	fmt.Fprintf(&b, "%s\n", t.S("policy.text_head", d.Subject.label(), d.AsOf.String(), t.S("policy.confidence_"+d.Confidence)))
	if len(d.Amended) > 0 {
		fmt.Fprintf(&b, "%s\n", t.S("policy.text_amended", strings.Join(d.Amended, t.S("web.comma"))))
	}
	if !d.Reason.IsZero() {
		fmt.Fprintf(&b, "%s\n", t.Msg(d.Reason))
	}
	fmt.Fprintf(&b, "%s\n", t.S("policy.text_total", d.Total.Msg()))
	if !d.InKind.Exact() || d.InKind.Sure > 0 {
		fmt.Fprintf(&b, "%s\n", t.S("policy.text_in_kind", d.InKind.Msg()))
	}
	if d.Floor != nil {
		fmt.Fprintf(&b, "%s\n", t.S("policy.text_floor", d.Floor.Msg()))
	}
	for i := range d.Lines {
		if !d.beside(i) {
			p.writeLine(&b, t, &d.Lines[i], name)
		}
	}
	for _, a := range d.Advice {
		fmt.Fprintf(&b, "→ %s: %s\n", t.Text(name(a.Clause)), t.Msg(a.Text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// beside says that a line is of no interest: a title that one clause rewards is not told of all the others.
func (d *Decision) beside(i int) bool {
	l := &d.Lines[i]
	return l.State == NotMet && l.Subject.Kind == content.Honour &&
		slices.ContainsFunc(d.Lines, func(o Line) bool { return o.Subject == l.Subject && o.State != NotMet })
}

func (p *Policy) writeLine(b *strings.Builder, t i18n.T, l *Line, name func(string) i18n.Text) {
	c, _ := p.Clause(l.Clause)
	fmt.Fprintf(b, "\n%s %s  %s", marks[l.State], t.Text(c.Name), c.Cite)
	if l.Subject.Kind != content.Enterprise {
		fmt.Fprintf(b, "  %s", l.Subject.label())
	}
	if l.Year != 0 {
		fmt.Fprintf(b, "  %d", l.Year)
	}
	if l.State != NotMet && l.Form != "eligibility" {
		fmt.Fprintf(b, "  %s", t.Msg(l.Pays.Msg()))
	}
	b.WriteString("\n")
	if !l.Reason.IsZero() {
		fmt.Fprintf(b, "    %s\n", t.Msg(l.Reason))
	}
	for _, k := range l.Checks {
		assumed := ""
		if k.Assumed {
			assumed = t.S("policy.assumed")
		}
		read := p.read(t, k.Read)
		if k.Says != nil {
			read = "  (" + t.Text(*k.Says) + ")"
		}
		fmt.Fprintf(b, "    %s %s%s%s\n", marks[k.State], t.Msg(k.Sentence()), read, assumed)
	}
	for _, k := range l.Formula {
		value := k.Value
		if k.money {
			value = t.Text(wanText(value))
		}
		fmt.Fprintf(b, "    · %s: %s%s\n", t.Text(k.Name), value, p.read(t, k.Read))
	}
	for _, s := range l.Steps {
		fmt.Fprintf(b, "    ↓ %s\n", t.Msg(s.Sentence(name)))
	}
	for _, s := range l.Portions {
		fmt.Fprintf(b, "    %s %s\n", marks[s.State], t.Msg(s.Sentence()))
	}
	for _, due := range l.Due {
		fmt.Fprintf(b, "    %s %s %s: %s\n", marks[due.State], t.Text(due.Name), due.Share, t.Text(wan(due.Amount)))
	}
	for _, part := range l.Parts {
		i := slices.IndexFunc(p.File.Document.Payers, func(x Payer) bool { return x.ID == part.Payer })
		fmt.Fprintf(b, "    = %s: %s\n", t.Text(p.File.Document.Payers[i].Name), t.Msg(part.Pays.Msg()))
	}
}

// read is the facts behind a condition, in brackets.
func (p *Policy) read(t i18n.T, facts []Fact) string {
	if len(facts) == 0 {
		return ""
	}
	all := make([]string, len(facts))
	for i, f := range facts {
		all[i] = t.Text(factName(p.lib, f.Def)) + " " + p.value(t, f)
	}
	return "  (" + strings.Join(all, "; ") + ")"
}

// value is a fact's value as people read it: 600 万元, 是, the name of a code.
func (p *Policy) value(t i18n.T, f Fact) string {
	def, _ := rule.FactDef(p.lib, f.Def)
	switch {
	case f.Value == "":
		return "?"
	case f.Def == rule.AreaCode || f.Def == rule.IndustryCode:
		tree := p.lib.Areas()
		if f.Def == rule.IndustryCode {
			tree = p.lib.Industries()
		}
		if node, ok := tree.Node(f.Value); ok {
			return node.Name
		}
	case def.Type == content.Money:
		return t.Text(wanText(f.Value))
	case def.Type == content.Bool:
		return t.S("rule.bool_" + f.Value)
	case def.Type == content.Int || def.Type == content.Decimal:
		return strings.TrimSpace(i18n.Commas(f.Value) + " " + def.Unit)
	case def.Type == content.Code:
		codes, _ := p.lib.CodeList(def.Codes)
		if e, ok := codes.Entry(f.Value); ok {
			return t.Text(e.Name)
		}
	}
	return f.Value
}

// wanText is wan of an amount in yuan as text; what is finer than a fen stays in yuan.
func wanText(yuan string) i18n.Text {
	if f, err := money.Parse(yuan); err == nil {
		return wan(f)
	}
	return i18n.Text{ZH: yuan + " 元", EN: i18n.Commas(yuan) + " yuan"}
}

// wan is an amount for a sentence: in 万元, or in yuan when that is shorter.
func wan(f money.Fen) i18n.Text {
	en := i18n.Commas(f.In(money.Yuan)) + " yuan"
	if f < money.Wan && f > -money.Wan {
		return i18n.Text{ZH: f.In(money.Yuan) + " 元", EN: en}
	}
	return i18n.Text{ZH: f.In(money.Wan) + " 万元", EN: en}
}
