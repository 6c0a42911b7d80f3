package lab

import (
	"errors"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// BudgetParam is the parameter that holds the budget of a scenario, and BudgetPool the pool that it fills. The pool comes
// after those that the document has itself.
const (
	BudgetParam = "scenario_budget"
	BudgetPool  = "scenario_pool"
)

// hypothesis stands where a document would be cited.
const hypothesis = "方案"

// wording is a policy.yaml while it is changed, step by step. Comments and layout stay. The first failure ends it.
type wording struct {
	src  []byte
	file policy.File
	doc  *content.Document
	gone map[string]bool // declarations that nothing used any more: "param.x"
	err  error
}

func newWording(src []byte) *wording {
	w := &wording{src: src, gone: map[string]bool{}}
	w.read()
	return w
}

// read is what the text says. Its mistakes are told by who compiles it.
func (w *wording) read() {
	w.file = policy.File{}
	w.doc, _ = content.Decode(version.PolicyFile, w.src, &w.file)
}

// put takes what an edit gave.
func (w *wording) put(src []byte, err error) {
	switch {
	case w.err != nil:
	case errors.Is(err, content.ErrNotInPlace):
		w.err = errs.Invalid(i18n.M("lab.in_text"))
	case err != nil:
		w.err = err
	default:
		w.src = src
		w.read()
	}
}

func (w *wording) refuse(key string, args ...any) { w.err = errs.Invalid(i18n.M(key, args...)) }

// end leaves clauses out, first those that no other requires.
func (w *wording) end(ids []string) {
	ids = slices.Clone(ids)
	for len(ids) > 0 && w.err == nil {
		i := max(slices.IndexFunc(ids, func(id string) bool { return !w.required(id) }), 0)
		w.endClause(ids[i])
		ids = slices.Delete(ids, i, i+1)
	}
}

// required says that a clause cannot be met without another.
func (w *wording) required(id string) bool {
	return slices.ContainsFunc(w.mentions(), func(m mention) bool {
		return m.whole == nil && len(m.names) == 1 && m.names[0] == id
	})
}

// endClause leaves a clause out, and its name wherever it stands. A ceiling that it has together with others stays with
// them: nobody gets more because a clause ends.
func (w *wording) endClause(id string) {
	path := w.clausePath(id)
	if path == nil {
		w.refuse("lab.unknown_clause", id)
		return
	}
	if len(w.file.Clauses) == 1 && len(path) == 2 {
		w.refuse("lab.last_clause", id)
		return
	}
	for _, a := range w.file.Amendments {
		if slices.ContainsFunc(a.Replaces, func(r policy.Replacement) bool { return r.By == id }) {
			w.refuse("lab.replaces", id, a.Number) // what it replaced would come back
			return
		}
	}
	w.handOn(id)
	w.forget(id)
	if path = w.clausePath(id); w.err == nil {
		w.put(w.doc.Remove(path...))
	}
}

// clausePath is where a clause stands, among those of the document or of an amendment.
func (w *wording) clausePath(id string) []any {
	is := func(c policy.Clause) bool { return c.ID == id }
	if i := slices.IndexFunc(w.file.Clauses, is); i >= 0 {
		return []any{"clauses", i}
	}
	for a := range w.file.Amendments {
		if i := slices.IndexFunc(w.file.Amendments[a].Clauses, is); i >= 0 {
			return []any{"amendments", a, "clauses", i}
		}
	}
	return nil
}

func (w *wording) clause(path []any) policy.Clause {
	if len(path) == 2 {
		return w.file.Clauses[path[1].(int)]
	}
	return w.file.Amendments[path[1].(int)].Clauses[path[3].(int)]
}

// handOn gives the ceilings that a clause shares to the first clause that it shares them with.
func (w *wording) handOn(id string) {
	for w.err == nil {
		path := w.clausePath(id)
		ceilings := w.clause(path).Ceilings
		n := slices.IndexFunc(ceilings, func(c policy.Ceiling) bool {
			return slices.ContainsFunc(c.With, func(o string) bool { return o != id })
		})
		if n < 0 {
			return
		}
		from := slices.Concat(path, []any{"ceilings", n})
		with := slices.DeleteFunc(slices.Clone(ceilings[n].With), func(o string) bool { return o == id })
		heir := w.clausePath(with[0])
		part, ok := w.doc.Part(from...)
		if !ok || heir == nil {
			w.refuse("lab.in_text")
			return
		}
		part.Map = slices.DeleteFunc(part.Map, func(e content.Entry) bool { return e.Key == "with" })
		if len(with) > 1 {
			part.Map = append(part.Map, content.Entry{Key: "with", Part: texts(with[1:])})
		}
		if w.doc.Has(slices.Concat(heir, []any{"ceilings"})...) {
			w.put(w.doc.Append(slices.Concat(heir, []any{"ceilings"}), part))
		} else {
			w.put(w.doc.Insert(heir, "ceilings", content.Part{List: []content.Part{part}}))
		}
		if w.err == nil {
			w.put(w.doc.Remove(slices.Concat(w.clausePath(id), []any{"ceilings", n})...))
		}
	}
}

func texts(all []string) content.Part {
	list := content.Part{List: []content.Part{}}
	for _, s := range all {
		list.List = append(list.List, content.Part{Text: s})
	}
	return list
}

// mention is a place that names clauses.
type mention struct {
	path  []any    // of the list
	names []string // in it
	whole []any    // what goes with the list when too few are left
	least int      // how many it takes
}

// forget takes the name of a clause out of every list.
func (w *wording) forget(id string) {
	for w.err == nil {
		all := w.mentions()
		i := slices.IndexFunc(all, func(m mention) bool { return slices.Contains(m.names, id) })
		if i < 0 {
			return
		}
		m := all[i]
		switch {
		case len(m.names)-1 >= m.least:
			w.put(w.doc.Remove(append(slices.Clone(m.path), slices.Index(m.names, id))...))
		case m.whole == nil: // others ask for it
			w.refuse("lab.required", id, w.clauseAt(m.path))
		default:
			w.put(w.doc.Remove(m.whole...))
		}
	}
}

// clauseAt is the id of the clause in which a path lies.
func (w *wording) clauseAt(path []any) string {
	if path[0] == "amendments" {
		return w.clause(path[:4]).ID
	}
	return w.clause(path[:2]).ID
}

// mentions is every list of clauses in the file.
func (w *wording) mentions() []mention {
	var all []mention
	add := func(names []string, least int, whole []any, list string) {
		all = append(all, mention{path: append(slices.Clone(whole), list), names: names, whole: whole, least: least})
	}
	clauses := func(path []any, of []policy.Clause) {
		for i := range of {
			for j, c := range of[i].Ceilings {
				add(c.With, 0, slices.Concat(path, []any{i, "ceilings", j}), "with")
			}
			for j, r := range of[i].Requires {
				add(r.Clauses, 1, slices.Concat(path, []any{i, "requires", j}), "clauses")
				all[len(all)-1].whole = nil
			}
		}
	}
	clauses([]any{"clauses"}, w.file.Clauses)
	for i, u := range w.file.Uplifts {
		add(u.Clauses, 1, []any{"uplifts", i}, "clauses")
	}
	for i, g := range w.file.Stacking.Groups {
		least := 2
		if g.Against != nil || g.Pick == "difference" && g.To != "sum" {
			least = 1
		}
		add(g.Clauses, least, []any{"stacking", "groups", i}, "clauses")
	}
	for i, q := range w.file.Stacking.Quotas {
		add(q.Clauses, 1, []any{"stacking", "quotas", i}, "clauses")
	}
	for i, p := range w.file.Stacking.Pools {
		add(p.Clauses, 1, []any{"stacking", "pools", i}, "clauses")
	}
	for i, a := range w.file.Amendments {
		clauses([]any{"amendments", i, "clauses"}, a.Clauses)
		if a.Repeals != nil {
			add(a.Repeals.Clauses, 1, []any{"amendments", i, "repeals"}, "clauses")
		}
		for j, r := range a.Replaces {
			add([]string{r.Clause}, 1, []any{"amendments", i, "replaces", j}, "clause")
		}
	}
	return all
}

// tidy takes out what is declared and no longer used, as the compiler tells; false where that is not all that is wrong.
func (w *wording) tidy(problems content.Problems) bool {
	for _, p := range problems {
		if p.Msg.Key != "policy.unused" {
			return false
		}
		name := p.Msg.Args[0].(string)
		path := w.declared(name)
		if path == nil || w.err != nil {
			return false
		}
		w.gone[name] = true
		w.put(w.doc.Remove(path...))
	}
	return true
}

// declared is where a name is declared.
func (w *wording) declared(name string) []any {
	kind, id, _ := strings.Cut(name, ".")
	switch kind {
	case "param":
		return element("params", slices.IndexFunc(w.file.Params, func(p policy.Param) bool { return p.ID == id }))
	case "setting":
		return element("settings", slices.IndexFunc(w.file.Settings, func(s policy.Setting) bool { return s.ID == id }))
	}
	return element("aggregates", slices.IndexFunc(w.file.Aggregates, func(a policy.Aggregate) bool { return a.ID == id }))
}

func element(list string, i int) []any {
	if i < 0 {
		return nil
	}
	return []any{list, i}
}

// restrict makes the document pay in some areas alone, which must lie where it pays.
func (w *wording) restrict(only []string, areas *content.Tree) {
	if w.err != nil || len(only) == 0 {
		return
	}
	list := texts(only)
	if w.file.Document.Area == nil {
		area := content.Part{Map: []content.Entry{{Key: "in", Part: list}, {Key: "cite", Part: content.Part{Text: hypothesis}}}}
		w.put(w.doc.Insert([]any{"document"}, "area", area))
		return
	}
	for _, code := range only {
		inside := func(top string) bool { return areas.Within(code, top) }
		if !slices.ContainsFunc(w.file.Document.Area.In, inside) {
			w.refuse("lab.area_outside", code)
			return
		}
	}
	w.put(w.doc.Apply([]content.Change{{Path: []any{"document", "area", "in"}, List: only}}))
}

// fund gives all clauses that pay one budget a year.
func (w *wording) fund(budget money.Fen) {
	if w.err != nil || budget == 0 {
		return
	}
	var pay []string
	for _, c := range w.allClauses() {
		if c.Amount.Eligibility == nil {
			pay = append(pay, c.ID)
		}
	}
	if len(pay) == 0 {
		w.refuse("lab.nothing_pays")
		return
	}
	param := content.Part{Map: []content.Entry{
		{Key: "id", Part: content.Part{Text: BudgetParam}},
		{Key: "type", Part: content.Part{Text: "money"}},
		{Key: "name", Part: inBoth(i18n.Text{ZH: "方案的年度预算", EN: "Budget of the scenario, per year"})},
		{Key: "value", Part: content.Part{Text: written(budget)}},
		{Key: "cite", Part: content.Part{Text: hypothesis}},
		{Key: "unquoted", Part: inBoth(assumed)},
	}}
	pool := content.Part{Map: []content.Entry{
		{Key: "id", Part: content.Part{Text: BudgetPool}},
		{Key: "name", Part: inBoth(i18n.Text{ZH: "方案的年度预算", EN: "Budget of the scenario, per year"})},
		{Key: "clauses", Part: texts(pay)},
		{Key: "budget", Part: content.Part{Text: "param." + BudgetParam}},
		{Key: "period", Part: content.Part{Text: "year"}},
		{Key: "pays", Part: content.Part{Text: "in_proportion"}},
		{Key: "cite", Part: content.Part{Text: hypothesis}},
	}}
	w.append([]any{"params"}, param)
	w.append([]any{"stacking", "pools"}, pool)
}

// assumed is why a number of a scenario has no quotation.
var assumed = i18n.Text{ZH: "方案中假设的数值，没有原文", EN: "A number assumed by a scenario; no document says it"}

func inBoth(t i18n.Text) content.Part {
	return content.Part{Map: []content.Entry{{Key: "zh", Part: content.Part{Text: t.ZH}}, {Key: "en", Part: content.Part{Text: t.EN}}}}
}

// written is an amount as people write it in a file.
func written(f money.Fen) string {
	return f.In(money.Yuan) + "元"
}

// append puts a part at the end of a list, which is made where there is none.
func (w *wording) append(path []any, p content.Part) {
	if w.err != nil {
		return
	}
	if w.doc.Has(path...) {
		w.put(w.doc.Append(path, p))
		return
	}
	up, key := path[:len(path)-1], path[len(path)-1].(string)
	if list := (content.Part{List: []content.Part{p}}); w.doc.Has(up...) {
		w.put(w.doc.Insert(up, key, list))
	} else {
		w.put(w.doc.Insert(nil, up[0].(string), content.Part{Map: []content.Entry{{Key: key, Part: list}}}))
	}
}

func (w *wording) allClauses() []policy.Clause {
	all := slices.Clone(w.file.Clauses)
	for _, a := range w.file.Amendments {
		if a.Status == "live" {
			all = append(all, a.Clauses...)
		}
	}
	return all
}
