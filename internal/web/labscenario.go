package web

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
)

// labQuery is a scenario as an address, which holds only what differs from the policy in force:
//
//	p:PARAM[:KEY]  a number, as a policy's file writes it
//	set:SETTING    the answer to an open question
//	end            a clause that ends; may be there several times
//	only           an area in which alone it pays; may be there several times
//	budget, area, as_of
//	map            the measure that the map shows
//	draft, saved   where another wording is taken from: a draft among the versions, a saved scenario
type labQuery struct {
	policy string
	values url.Values
}

// wordings are the fields that name another wording.
var wordings = []string{"draft", "saved"}

// path is a page of the laboratory for the scenario.
func (q labQuery) path(below string) string {
	path := "/policies/" + url.PathEscape(q.policy) + "/lab" + below
	if len(q.values) == 0 {
		return path
	}
	return path + "?" + q.values.Encode()
}

// law is the page without any change.
func (q labQuery) law() string { return labQuery{policy: q.policy}.path("") }

// with is the same scenario with another value of a field, "" for none.
func (q labQuery) with(name, value string) labQuery {
	values := url.Values{}
	for k, v := range q.values {
		values[k] = v
	}
	values.Del(name)
	if value != "" {
		values.Set(name, value)
	}
	return labQuery{policy: q.policy, values: values}
}

// firm is a firm's decision under the scenario.
func (q labQuery) firm(id int64) string { return q.path("/firms/" + strconv.FormatInt(id, 10)) }

// labForm is a scenario as it was asked for: what could be read of it, and what is wrong with single fields.
type labForm struct {
	labNumbers
	scenario lab.Scenario
	query    labQuery
	errors   map[string]string
	left     []string // fields of the address that the policy does not have
	only     []string // names of the areas in which alone it pays
}

// readScenario reads what an address changes of a policy. What is wrong is told at its field and left out.
func (s *server) readScenario(t i18n.T, p *policy.Policy, in url.Values, base lab.Scenario) (*labForm, error) {
	f := &labForm{labNumbers: labNumbers{t: t, policy: p, in: url.Values{}, keyText: s.keyText}, scenario: base, errors: map[string]string{}}
	for name, all := range in {
		for _, value := range all {
			if value = strings.TrimSpace(value); value != "" && name != in.Get("reset") {
				f.in.Add(name, value)
			}
		}
	}
	f.scenario.Policy = p.File.Document.ID
	f.query = labQuery{policy: p.File.Document.ID, values: url.Values{}}
	for _, name := range wordings {
		f.keep(name, f.in.Get(name))
	}
	if err := f.readNumbers(); err != nil {
		return nil, err
	}
	f.readAnswers()
	f.readClauses()
	f.readPlace(s)
	f.unknown()
	return f, nil
}

// keep puts a field into the address of the scenario.
func (f *labForm) keep(name, value string) {
	if value != "" {
		f.query.values.Add(name, value)
	}
}

func (f *labForm) wrong(name string, msg i18n.Msg) { f.errors[name] = f.t.Msg(msg) }

func (f *labForm) readNumbers() error {
	changes, wrong, err := f.patches()
	if err != nil {
		return err
	}
	f.scenario.Changes = changes
	for _, c := range changes {
		f.keep(dialName(c.Param, c.Key), c.Value)
	}
	for name, msg := range wrong {
		f.wrong(name, msg)
		f.keep(name, f.in.Get(name)) // what was typed stays in sight
	}
	return nil
}

func (f *labForm) readAnswers() {
	f.scenario.Settings = map[string]string{}
	for _, set := range f.policy.File.Settings {
		answer := f.in.Get("set:" + set.ID)
		switch {
		case answer == "" || answer == set.Default:
		case !slices.ContainsFunc(set.Options, func(o policy.Option) bool { return o.ID == answer }):
			f.left = append(f.left, "set:"+set.ID+"="+answer)
		default:
			f.scenario.Settings[set.ID] = answer
			f.keep("set:"+set.ID, answer)
		}
	}
}

func (f *labForm) readClauses() {
	for _, id := range f.in["end"] {
		if _, ok := f.policy.Clause(id); !ok {
			f.left = append(f.left, "end="+id)
			continue
		}
		f.scenario.Ended = append(f.scenario.Ended, id)
		f.keep("end", id)
	}
}

// readPlace reads what is looked at, and for how much.
func (f *labForm) readPlace(s *server) {
	areas := s.Library.Areas()
	for _, code := range f.in["only"] {
		n, ok := areas.Node(code)
		if !ok {
			f.left = append(f.left, "only="+code)
			continue
		}
		f.only = append(f.only, n.Name)
		f.scenario.Only = append(f.scenario.Only, code)
		f.keep("only", code)
	}
	if code := f.in.Get("area"); code != "" {
		if _, ok := areas.Node(code); !ok {
			f.wrong("area", i18n.M("lab.unknown_area", code))
		} else {
			f.scenario.Area = code
		}
		f.keep("area", code)
	}
	if typed := f.in.Get("budget"); typed != "" {
		budget, err := readBudget(typed)
		if err != nil {
			f.wrong("budget", i18n.M("labpage.bad_budget", typed))
		} else {
			f.scenario.Budget, typed = budget, budgetText(budget)
		}
		f.keep("budget", typed)
	}
	f.keep("as_of", f.in.Get("as_of"))
	f.keep("map", f.in.Get("map"))
}

// readBudget reads an amount as people type it; digits alone are 万元.
func readBudget(typed string) (money.Fen, error) {
	a, err := money.Parse(typedValue(typed, "0万元"))
	if err == nil && a <= 0 {
		err = errs.Invalid(i18n.M("labpage.bad_budget", typed))
	}
	return a, err
}

// budgetText is an amount as a file writes it, in 万元.
func budgetText(a money.Fen) string { return a.In(money.Wan) + "万元" }

// unknown notes what the address says of numbers and answers that the policy does not have: it may come from a link that
// is older than the policy.
func (f *labForm) unknown() {
	known := map[string]bool{}
	for _, prm := range paramsOf(f.policy.File) {
		for _, key := range valueKeys(prm) {
			known[dialName(prm.ID, key)] = true
		}
	}
	for _, set := range f.policy.File.Settings {
		known["set:"+set.ID] = true
	}
	for name := range f.in {
		if (strings.HasPrefix(name, "p:") || strings.HasPrefix(name, "set:")) && !known[name] {
			f.left = append(f.left, name)
		}
	}
	slices.Sort(f.left)
}

// tidy says that the address is the one form of its scenario.
func (f *labForm) tidy(in url.Values) bool { return in.Encode() == f.query.values.Encode() }

// mistakes is what of the address could not be taken, a sentence for each.
func (f *labForm) mistakes() []string {
	all := slices.Sorted(maps.Values(f.errors))
	for _, left := range f.left {
		all = append(all, f.t.S("labpage.left_out", left))
	}
	return all
}

// scenarioWords is what a scenario changes, a line for each.
func (f *labForm) scenarioWords() []string {
	var all []string
	params := map[string]policy.Param{}
	for _, prm := range paramsOf(f.policy.File) {
		params[prm.ID] = prm
	}
	for _, c := range f.scenario.Changes {
		prm := params[c.Param]
		name := f.t.Text(prm.Name)
		if c.Key != "" {
			name += inBrackets(f.t, f.keyText(f.t, prm, c.Key))
		}
		all = append(all, f.t.S("labpage.word_number", name, numberText(f.t, prm, lawValue(prm, c.Key)), numberText(f.t, prm, c.Value)))
	}
	for _, set := range f.policy.File.Settings {
		if answer := f.scenario.Settings[set.ID]; answer != "" {
			all = append(all, f.t.Text(set.Question)+f.t.S("web.colon")+settingText(f.t, f.policy.File, policy.Only{Setting: set.ID, Is: answer}))
		}
	}
	for _, id := range f.scenario.Ended {
		all = append(all, f.t.S("labpage.word_end", clauseName(f.t, f.policy, id)))
	}
	if len(f.only) > 0 {
		all = append(all, f.t.S("labpage.word_only", strings.Join(f.only, f.t.S("web.comma"))))
	}
	if f.scenario.Text != "" {
		all = append(all, f.t.S("labpage.from_draft"))
	}
	if f.scenario.Budget > 0 {
		all = append(all, f.t.S("labpage.word_budget", inWords(f.t, f.scenario.Budget)))
	}
	return all
}

// areasOffered is the areas to which a scenario may restrict a document: those in which it pays, or what lies below where
// that is one.
func (s *server) areasOffered(d policy.Document, chosen []string) []labArea {
	if d.Area == nil {
		return nil
	}
	codes := d.Area.In
	if len(codes) == 1 {
		codes = nil
		for _, n := range s.Library.Areas().Children(d.Area.In[0]) {
			codes = append(codes, n.Code)
		}
	}
	var all []labArea
	for _, code := range codes {
		all = append(all, labArea{option{code, cmp.Or(nodeName(s.Library.Areas(), code), code)}, slices.Contains(chosen, code)})
	}
	return all
}

// labArea is an area that may be chosen, and whether it is.
type labArea struct {
	option
	Chosen bool
}
