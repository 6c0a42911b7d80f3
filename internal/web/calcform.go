package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// calcForm reads the calculator's address. Every field is named KIND-N:FACT or KIND-N:FACT:YEAR, so that an address is
// a whole calculation and can be sent on. What the fields are follows from what the policy's rules read.
//
// A blank amount is zero and a blank date, title or text means that there is none; "?" says not known, and so does a
// blank yes-or-no.
type calcForm struct {
	t      i18n.T
	lib    *content.Library
	policy *policy.Policy
	in     url.Values
	*calcFacts
	years    []int
	items    map[string]int // how many of each kind
	problems []string
	errors   map[string]string // by field
}

// calcFacts is what the clauses of a policy read that hold under some settings. Forms share it.
type calcFacts struct {
	facts  []content.FactDef
	moving map[string]bool // facts that amounts and thresholds are made of: they get a slider
	events map[string]bool // facts that say when something happened
	err    error
}

// Size is how much room the facts take on a shelf.
func (c *calcFacts) Size() int { return len(c.facts) }

// calcKey is what calcFacts depends on: the policy and the answers to its open questions, in its order.
type calcKey struct {
	policy  *policy.Policy
	answers string
}

// kinds are the subjects of the form in its order.
var kinds = []string{content.Enterprise, content.Project, content.Loan, content.Lease, content.Honour}

var factCode = regexp.MustCompile(`\b(?:ent|project|loan|lease|honour)\.[a-z_0-9]+\b`)

func (s *server) newCalcForm(t i18n.T, p *policy.Policy, today period.Day, in url.Values) (*calcForm, error) {
	f := &calcForm{t: t, lib: s.Library, policy: p, in: in, items: map[string]int{content.Enterprise: 1}, errors: map[string]string{}}
	valid := p.File.Document.Valid
	last := today.Year()
	if valid.To != nil {
		last = min(last, valid.To.Year())
	}
	last = max(last, valid.From.Year())
	for y := valid.From.Year(); y <= last; y++ {
		f.years = append(f.years, y)
	}
	f.calcFacts = s.calcFacts.Get(f.key(), f.findFacts)
	if f.err != nil {
		return nil, fmt.Errorf("list facts of policy %s: %w", p.File.Document.ID, f.err)
	}
	for name := range in {
		kind, n, ok := itemOf(name)
		if ok && kind != content.Enterprise && slices.Contains(kinds, kind) && n < maxItems {
			f.items[kind] = max(f.items[kind], n+1)
		}
	}
	return f, nil
}

// itemOf is the subject that a field's name speaks of.
func itemOf(name string) (kind string, n int, ok bool) {
	item, _, ok := strings.Cut(name, ":")
	if !ok {
		return "", 0, false
	}
	kind, number, ok := strings.Cut(item, "-")
	n, err := strconv.Atoi(number)
	return kind, n, ok && err == nil && n >= 0
}

// lastDay is the last day of the form's years: a firm asks before the year is over.
func (f *calcForm) lastDay() period.Day { return period.Date(f.years[len(f.years)-1], 12, 31) }

// key is what the form's facts depend on.
func (f *calcForm) key() calcKey {
	k := calcKey{policy: f.policy}
	for _, set := range f.policy.File.Settings {
		k.answers += f.setting(set.ID) + "\x00"
	}
	return k
}

// findFacts lists what the clauses read that hold under the chosen settings.
func (f *calcForm) findFacts() *calcFacts {
	file := f.policy.File
	file.Clauses = slices.DeleteFunc(slices.Clone(file.Clauses), func(c policy.Clause) bool {
		return c.Only != nil && f.setting(c.Only.Setting) != c.Only.Is
	})
	found := &calcFacts{events: map[string]bool{}}
	var amounts []any
	for _, c := range file.Clauses {
		found.events[c.Event] = true
		amounts = append(amounts, c.Amount, c.Thresholds)
	}
	read, err := codesIn(file)
	found.moving, found.err = codesIn(append(amounts, file.Aggregates))
	found.err = errors.Join(err, found.err)
	for _, def := range f.lib.FactDefs() {
		if read[def.Code] {
			found.facts = append(found.facts, def)
		}
	}
	return found
}

// codesIn is every fact that expressions in a part of a policy file name.
func codesIn(part any) (map[string]bool, error) { return namesIn(factCode, part) }

// namesIn is every name of a shape in a part of a policy file.
func namesIn(shape *regexp.Regexp, part any) (map[string]bool, error) {
	text, err := json.Marshal(part)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, name := range shape.FindAllString(string(text), -1) {
		names[name] = true
	}
	return names, nil
}

// setting is the answer to an open question that the form gives, or the default.
func (f *calcForm) setting(id string) string {
	for _, s := range f.policy.File.Settings {
		if s.ID != id {
			continue
		}
		chosen := f.in.Get("set:" + id)
		if slices.ContainsFunc(s.Options, func(o policy.Option) bool { return o.ID == chosen }) {
			return chosen
		}
		return s.Default
	}
	return ""
}

func (f *calcForm) settings() map[string]string {
	all := map[string]string{}
	for _, s := range f.policy.File.Settings {
		all[s.ID] = f.setting(s.ID)
	}
	return all
}

// example fills the blank form with a project that gets something in one year and just misses the threshold in the
// last.
func (f *calcForm) example() {
	f.in = url.Values{}
	if area := f.policy.File.Document.Area; area != nil {
		f.in.Set(areaName, area.In[0])
	}
	for _, y := range f.years {
		f.in.Set(fieldID(content.Enterprise, 0, "ent.above_scale", y), "1")
	}
	f.items[content.Project] = 1
	f.in.Set(fieldID(content.Project, 0, "project.is_digital", 0), "1")
	last := f.years[len(f.years)-1]
	for y, amount := range map[int]string{last - 1: "620", last: "480"} {
		f.in.Set(fieldID(content.Project, 0, "project.effective_input", y), amount)
		f.in.Set(fieldID(content.Project, 0, "project.investment", y), amount)
	}
}

func fieldID(kind string, n int, code string, year int) string {
	id := kind + "-" + strconv.Itoa(n) + ":" + code
	if year != 0 {
		id += ":" + strconv.Itoa(year)
	}
	return id
}

// change adds an empty project, loan … or takes one away; those behind it move up.
func (f *calcForm) change(add, drop string) {
	if slices.Contains(kinds[1:], add) && f.items[add] < maxItems {
		f.items[add]++
		if add == content.Project || add == content.Loan {
			for _, def := range f.facts {
				if def.Subject == add && def.Type == content.Bool {
					f.in.Set(fieldID(add, f.items[add]-1, def.Code, 0), "1")
				}
			}
		}
	}
	kind, n, ok := itemOf(drop + ":")
	if !ok || !slices.Contains(kinds[1:], kind) || n >= f.items[kind] {
		return
	}
	moved := url.Values{}
	for name, values := range f.in {
		k, m, ok := itemOf(name)
		switch {
		case !ok || k != kind || m < n:
			moved[name] = values
		case m > n:
			_, rest, _ := strings.Cut(name, ":")
			moved[kind+"-"+strconv.Itoa(m-1)+":"+rest] = values
		}
	}
	f.in = moved
	f.items[kind]--
}

// address is the form as an address, without what is blank or stands at its default.
func (f *calcForm) address() url.Values {
	out := url.Values{"policy": {f.policy.File.Document.ID}}
	for name, values := range f.in {
		if len(values) == 0 || values[0] == "" || name == "add" || name == "drop" || name == "policy" || name == "blank" {
			continue
		}
		if id, ok := strings.CutPrefix(name, "set:"); ok && f.isDefault(id, values[0]) {
			continue
		}
		out.Set(name, values[0])
	}
	return out
}

func (f *calcForm) isDefault(id, answer string) bool {
	return slices.ContainsFunc(f.policy.File.Settings, func(s policy.Setting) bool { return s.ID == id && s.Default == answer })
}

// fold makes what a Chinese keyboard types into plain digits: full width, separators, a unit that the field has anyway.
func fold(s, unit string) string {
	s = norm.NFKC.String(strings.TrimSpace(s))
	s = strings.NewReplacer(",", "", " ", "", "，", "", "\u202f", "", "。", ".").Replace(s)
	return strings.TrimSuffix(s, unit)
}

// wrong notes a problem of a field.
func (f *calcForm) wrong(id, name, text string) {
	if f.errors[id] == "" {
		f.errors[id] = text
		f.problems = append(f.problems, name+f.t.S("web.colon")+text)
	}
}

// title is what a subject is called in the form.
func (f *calcForm) title(kind string, n int) string {
	if kind == content.Enterprise {
		return f.t.S("web.kind_enterprise")
	}
	return f.t.S("web.kind_"+kind) + " " + strconv.Itoa(n+1)
}

// groups is the fields with what stands in them.
func (f *calcForm) groups() []calcGroup {
	var all []calcGroup
	for _, kind := range kinds {
		if !slices.ContainsFunc(f.facts, func(d content.FactDef) bool { return d.Subject == kind }) && kind != content.Enterprise {
			continue
		}
		g := calcGroup{Kind: kind, Many: kind != content.Enterprise}
		for n := range f.items[kind] {
			g.Items = append(g.Items, f.item(kind, n))
		}
		all = append(all, g)
	}
	return all
}

func (f *calcForm) item(kind string, n int) calcItem {
	it := calcItem{Title: f.title(kind, n), Years: f.years}
	if kind == content.Enterprise && f.policy.File.Document.Area != nil {
		it.Fields = append(it.Fields, f.areaField())
	}
	if f.hasProjects() && (kind == content.Loan || kind == content.Lease) {
		it.Fields = append(it.Fields, f.projectField(kind, n))
	}
	for _, def := range f.facts {
		switch {
		case def.Subject != kind:
		case def.Period == period.Year:
			row := calcRow{Label: f.t.Text(def.Name), Hint: f.t.Text(def.Help), Unit: f.unit(def)}
			for _, y := range f.years {
				in := f.field(kind, n, def, y)
				in.Cell = true
				in.Spoken = it.Title + " · " + row.Label + " " + strconv.Itoa(y) + " " + row.Unit
				row.Cells = append(row.Cells, in)
			}
			it.Rows = append(it.Rows, row)
		default:
			it.Fields = append(it.Fields, f.field(kind, n, def, 0))
		}
	}
	return it
}

func (f *calcForm) hasProjects() bool { return f.items[content.Project] > 0 }

// areaField chooses where the firm lies: inside the document's area, where a county pays by itself, or elsewhere.
func (f *calcForm) areaField() calcInput {
	in := calcInput{ID: areaName, Label: f.t.S("web.area"), Value: f.in.Get(areaName), Blank: f.t.S("web.dont_know"), Options: []option{}}
	d := f.policy.File.Document
	codes := slices.Clone(d.Area.In)
	if d.Floor != nil {
		codes = append(codes, d.Floor.In...)
	}
	for _, code := range codes {
		if n, ok := f.lib.Areas().Node(code); ok {
			in.Options = append(in.Options, option{Value: code, Label: n.Name})
		}
	}
	in.Options = append(in.Options, option{Value: elsewhere, Label: f.t.S("web.elsewhere")})
	return in
}

const (
	areaName  = "enterprise-0:area"
	elsewhere = "elsewhere"
)

// projectField says which project a loan or lease is for.
func (f *calcForm) projectField(kind string, n int) calcInput {
	id := parentName(kind, n)
	in := calcInput{ID: id, Label: f.t.S("web.for_project"), Value: f.in.Get(id), Blank: f.t.S("web.no_project"), Options: []option{}}
	for m := range f.items[content.Project] {
		in.Options = append(in.Options, option{Value: strconv.Itoa(m), Label: f.title(content.Project, m)})
	}
	return in
}

func parentName(kind string, n int) string { return kind + "-" + strconv.Itoa(n) + ":for" }

func (f *calcForm) unit(def content.FactDef) string {
	switch def.Type {
	case content.Money:
		return f.t.S("web.wan")
	case content.Rate:
		return "%"
	}
	return unitText(f.t, def.Unit)
}

func (f *calcForm) field(kind string, n int, def content.FactDef, year int) calcInput {
	id := fieldID(kind, n, def.Code, year)
	in := calcInput{
		ID: id, Label: f.t.Text(def.Name), Unit: f.unit(def), Value: f.in.Get(id), Error: f.errors[id], Type: "text",
	}
	in.Spoken = f.title(kind, n) + " · " + in.Label
	switch def.Type {
	case content.Bool:
		in.Options, in.Blank = []option{{"1", f.t.S("web.yes")}, {"0", f.t.S("web.no")}}, f.t.S("web.dont_know")
	case content.Code:
		in.Options, in.Blank = []option{}, f.t.S("web.none_option")
		if list, ok := f.lib.CodeList(def.Codes); ok {
			for _, e := range list.Entries {
				in.Options = append(in.Options, option{e.Code, f.t.Text(e.Name)})
			}
		}
		in.Options = append(in.Options, option{"?", f.t.S("web.dont_know")})
	case content.Date:
		in.Type = "date"
	case content.Money:
		if f.moving[def.Code] {
			in.Slider, in.SliderAt = slider(fold(in.Value, "万元"))
		}
	}
	return in
}

// slider is the upper end of a slider for an amount in 万元, and where it stands: twice what is said, at least 2,000.
func slider(value string) (end int, at string) {
	end, at = 2000, "0"
	a, err := money.ParseIn(value, money.Wan)
	if err != nil || a < 0 {
		return end, at
	}
	for money.Fen(end)*money.Wan < 2*a && end < 2_000_000 {
		end *= 2
	}
	return end, value
}
