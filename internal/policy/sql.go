package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/sql"
)

// ClauseSQL is a clause as somebody can run it on PostgreSQL, for rows of its own subjects: whether each of its conditions
// holds, and what it comes to by itself. Stacking is no part of it, nor what LeftOut says.
type ClauseSQL struct {
	Clause  *Clause
	Query   *sql.Query
	LeftOut []i18n.Msg
}

// SQL is every clause that holds under the settings as SQL, its settings and the numbers that a year tells written out. What
// cannot be written is a problem with its place.
func (pl *Plan) SQL() ([]ClauseSQL, content.Problems) {
	var all []ClauseSQL
	var problems content.Problems
	for i := range pl.clauses {
		k := &pl.clauses[i]
		if k.off {
			continue
		}
		w := &clauseWriter{plan: pl, k: k}
		w.conditions()
		w.amount()
		w.lines()
		q, found := sql.Compile(k.ID, w.asks...)
		problems = append(problems, found...)
		problems = append(problems, w.problems...)
		all = append(all, ClauseSQL{Clause: k.Clause, Query: q, LeftOut: w.leftOut})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return all, nil
}

// clauseWriter makes the answers of one clause.
type clauseWriter struct {
	plan     *Plan
	k        *clauseRule
	asks     []sql.Ask
	below    *threshold // the last that counts only what is above it
	leftOut  []i18n.Msg
	problems content.Problems
}

// expr is a part that the file does not write as one expression.
func (w *clauseWriter) expr(src string, want ...rule.Type) *rule.Expr {
	x, problems := w.plan.Policy.envs[w.k.Entity].Compile(src, rule.Position{File: w.plan.Policy.File.Document.ID, Line: 1, Col: 1}, want...)
	w.problems = append(w.problems, problems...)
	return x
}

// ask adds an answer.
func (w *clauseWriter) ask(a sql.Ask) *rule.Tree {
	if a.Expr == nil { // which is a problem that was told
		return &rule.Tree{Type: rule.BoolType, Value: rule.Bool(false)}
	}
	if a.Tree == nil {
		a.Tree = a.Expr.Tree()
	}
	a.Tree = w.settled(a.Tree)
	w.asks = append(w.asks, a)
	return a.Tree
}

// conditions is what must hold, each by itself and all together as "met".
func (w *clauseWriter) conditions() {
	all := &rule.Tree{Fn: "&&", Type: rule.BoolType}
	holds := func(name string, x *rule.Expr, turned func(*rule.Tree) *rule.Tree) {
		a := sql.Ask{Name: name, Expr: x}
		if x != nil {
			a.Tree = turned(x.Tree())
		}
		all.Args = append(all.Args, w.ask(a))
	}
	same := func(t *rule.Tree) *rule.Tree { return t }
	holds("in force", w.expr(w.validity(), rule.BoolType), same)
	if doc := w.plan.Policy.File.Document; doc.Area != nil {
		codes := slices.Clone(doc.Area.In)
		if doc.Floor != nil {
			codes = append(codes, doc.Floor.In...)
		}
		holds("in area", w.expr(fmt.Sprintf(`in_area(ent.area, "%s")`, strings.Join(codes, `", "`)), rule.BoolType), plainTruth)
	}
	for _, a := range slices.Concat(w.plan.shut, w.k.shut) {
		holds("not "+a.ID, a.expr, func(t *rule.Tree) *rule.Tree { return not(truth(t, a.Unreported == "no")) })
	}
	for _, a := range w.k.when {
		holds("if "+a.ID, a.expr, func(t *rule.Tree) *rule.Tree { return truth(t, a.Unreported == "no") })
	}
	for i := range w.k.thresholds {
		t := &w.k.thresholds[i]
		sign := " >= " + t.AtLeast
		if t.Over != "" {
			sign = " > " + t.Over
		}
		if t.Base == "above" {
			w.below = t
		}
		holds("if "+t.ID, w.expr("("+t.Of+")"+sign, rule.BoolType), plainTruth)
	}
	w.asks = append([]sql.Ask{{Name: "met", Expr: w.asks[0].Expr, Tree: all}}, w.asks...)
}

// validity is the days or years for which the clause holds.
func (w *clauseWriter) validity() string {
	v := w.k.valid
	if w.k.yearly {
		src := fmt.Sprintf("year >= %d", v.from.Year())
		if v.to != nil {
			src += fmt.Sprintf(" && year <= %d", v.to.Year())
		}
		return src
	}
	src := fmt.Sprintf("event >= day(%q)", v.from.String())
	if v.to != nil {
		src += fmt.Sprintf(" && event <= day(%q)", v.to.String())
	}
	return src
}

// truth is a condition as a clause takes it: none is no, and so is what nobody reported where the file says so.
func truth(t *rule.Tree, closed bool) *rule.Tree {
	no := &rule.Tree{Type: rule.BoolType, Value: rule.Bool(false)}
	if closed {
		known := &rule.Tree{Fn: "known", Type: rule.BoolType, Args: []*rule.Tree{t}}
		return &rule.Tree{Fn: "?:", Type: rule.BoolType, Args: []*rule.Tree{known, t, no}}
	}
	none := &rule.Tree{Fn: "none", Type: rule.BoolType, Args: []*rule.Tree{t}}
	return &rule.Tree{Fn: "?:", Type: rule.BoolType, Args: []*rule.Tree{none, no, t}}
}

func plainTruth(t *rule.Tree) *rule.Tree { return truth(t, false) }

func not(t *rule.Tree) *rule.Tree {
	return &rule.Tree{Fn: "!", Type: rule.BoolType, Args: []*rule.Tree{t}}
}

// amount is what the clause comes to by itself, and under its own ceilings: of shares and fixed sums.
func (w *clauseWriter) amount() {
	var src string
	switch am := w.k.Amount; w.k.amount.form {
	case "share":
		base := "(" + am.Share.Of + ")"
		if w.below != nil {
			base = "(" + base + " - max(" + w.below.AtLeast + w.below.Over + ", money(\"0元\")))"
		}
		w.ask(sql.Ask{Name: "base", Expr: w.expr(base, rule.ExactType)})
		src = base + " * " + am.Share.Rate
	case "fixed":
		src = am.Fixed.Value
	default:
		w.leftOut = append(w.leftOut, i18n.M("policy.sql_form", w.k.amount.form))
		return
	}
	if len(w.k.uplifts) > 0 {
		w.leftOut = append(w.leftOut, i18n.M("policy.sql_uplift"))
		return
	}
	x := w.expr("max("+src+", money(\"0元\"))", rule.ExactType)
	if x == nil {
		return
	}
	// max leaves out what is none; an amount that is none stays so.
	own := x.Tree()
	none := &rule.Tree{Type: rule.ExactType}
	is := &rule.Tree{Fn: "none", Type: rule.BoolType, Args: []*rule.Tree{own.Args[0]}}
	own = &rule.Tree{Fn: "?:", Type: rule.ExactType, Args: []*rule.Tree{is, none, own}}
	w.ask(sql.Ask{Name: "own", Expr: x, Tree: own, Round: &w.k.rounding})
	limits := w.limits()
	if len(limits) > 0 {
		w.ask(sql.Ask{Name: "under its ceilings", Expr: x, Tree: own, Round: &w.k.rounding, AtMost: limits})
	}
}

// limits is the ceilings of the clause, where all of them are numbers.
func (w *clauseWriter) limits() []*rule.Tree {
	var all []*rule.Tree
	for i := range w.k.ceilings {
		l := &w.k.ceilings[i]
		if l.of != nil || len(l.counts) > 0 {
			w.leftOut = append(w.leftOut, i18n.M("policy.sql_limit"))
			return nil
		}
		x := w.expr("max(param."+w.plan.params[l.param].ID+", money(\"0元\"))", rule.MoneyType) // max leaves out what is none
		if x != nil {
			all = append(all, w.settled(x.Tree()))
		}
	}
	return all
}

// lines notes what settles a line after its own amount.
func (w *clauseWriter) lines() {
	for key, has := range map[string]bool{
		"policy.sql_requires": len(w.k.Requires) > 0, "policy.sql_once": len(w.k.onces) > 0,
		"policy.sql_shares": w.k.shares != nil, "policy.sql_payment": w.k.payment != nil,
	} {
		if has {
			w.leftOut = append(w.leftOut, i18n.M(key))
		}
	}
	slices.SortFunc(w.leftOut, func(a, b i18n.Msg) int { return strings.Compare(a.Key, b.Key) })
}

// settled is a tree with the answers to settings in place of their names, and the numbers that the year alone tells.
func (w *clauseWriter) settled(t *rule.Tree) *rule.Tree {
	if in := t.Input; in != nil {
		switch in.Origin() {
		case rule.FromSetting:
			return &rule.Tree{Type: rule.TextType, Value: rule.Text(w.plan.Settings[in.Short()]), At: t.At}
		case rule.FromParam:
			return w.number(t)
		}
		return t
	}
	if len(t.Args) == 0 {
		return t
	}
	c := *t
	c.Args = make([]*rule.Tree, len(t.Args))
	for i, a := range t.Args {
		c.Args[i] = w.settled(a)
	}
	return &c
}

// number is a parameter by year as a choice; one that depends on facts, or was revised, stays a column.
func (w *clauseWriter) number(t *rule.Tree) *rule.Tree {
	p := w.plan.params[w.plan.Policy.pindex[t.Input.Short()]]
	constant := func(n number) *rule.Tree { return &rule.Tree{Type: t.Type, Value: n.value(p.Type), At: t.At} }
	switch {
	case len(p.later) > 0:
		return t
	case p.By == "":
		return constant(p.single)
	case p.By != "year":
		return t
	}
	year := w.expr("year", rule.IntType)
	if year == nil {
		return t
	}
	out := &rule.Tree{Type: t.Type, At: t.At}
	for _, y := range slices.Backward(slices.Sorted(maps.Keys(p.byYear))) {
		is := &rule.Tree{Fn: "==", Type: rule.BoolType, Args: []*rule.Tree{year.Tree(), {Type: rule.IntType, Value: rule.Int(int64(y))}}}
		out = &rule.Tree{Fn: "?:", Type: t.Type, Args: []*rule.Tree{is, constant(p.byYear[y]), out}}
	}
	return out
}
