package casework

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Limits of a definition.
const (
	maxStates  = 100
	maxActions = 300
	maxDays    = 1000 // of a clock
)

// Reading is what a workflow is read with.
type Reading struct {
	Library *content.Library
	Effects *Registry
	Forms   Forms             // nil where no workflow has forms
	Pinned  map[string]string // hashes of forms by code; those not named are the ones in use
	Kept    bool              // a case pinned it: what its effects go by is pinned beside it, and need not be there any more
}

// Parse reads a workflow; name is what its file is called in messages. All mistakes are told at once; with problems the
// Workflow is nil. The error is of the database or of ctx.
func Parse(ctx context.Context, in Reading, name string, src []byte) (*Workflow, content.Problems, error) {
	p := &parser{ctx: ctx, in: in, envs: map[string]*rule.Env{}, w: &Workflow{
		Hash: hashOf(src), forms: map[string]string{}, states: map[string]*State{}, actions: map[string]*Action{}, data: map[string]rule.Type{},
	}}
	var problems []content.Problem
	p.w.doc, problems = content.Decode(name, slices.Clone(src), &p.w.File)
	if len(problems) > 0 {
		return nil, problems, nil
	}
	p.head()
	p.readStates()
	p.readActions()
	if len(p.problems) == 0 {
		p.refer()
	}
	if len(p.problems) == 0 {
		p.compile()
	}
	if len(p.problems) == 0 {
		p.lint()
	}
	switch {
	case p.err != nil:
		return nil, nil, p.err
	case len(p.problems) > 0:
		return nil, p.problems, nil
	}
	return p.w, nil, nil
}

// parser carries one definition from the file to the workflow.
type parser struct {
	ctx      context.Context
	in       Reading
	w        *Workflow
	envs     map[string]*rule.Env // by the form that is asked; "" for none
	problems content.Problems
	err      error
}

func (p *parser) report(at []any, key string, args ...any) {
	p.problems = append(p.problems, p.w.doc.Problem(i18n.M(key, args...), at...))
}

func at(path ...any) []any { return path }

// actors are the words that the workflow may name who acts with: an auditor where it says that it is for auditors, so that what they
// change is told by the head of a file.
func (p *parser) actors() []string { return p.withoutAuditor(actors()) }

// offices are those of them that are roles.
func (p *parser) offices() []string { return p.withoutAuditor(offices()) }

func (p *parser) withoutAuditor(words []string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == string(access.Auditor) && !p.w.Audit })
}

func (p *parser) bilingual(t i18n.Text, path []any) {
	if strings.TrimSpace(t.ZH) == "" || strings.TrimSpace(t.EN) == "" {
		p.report(path, "content.two_languages")
	}
}

// perhaps checks a text that may be left out.
func (p *parser) perhaps(t i18n.Text, path []any) {
	if t != (i18n.Text{}) {
		p.bilingual(t, path)
	}
}

func (p *parser) oneOf(word string, words []string, path []any) {
	if !slices.Contains(words, word) {
		p.report(path, "content.one_of", word, strings.Join(words, ", "))
	}
}

func (p *parser) each(words, known []string, path ...any) {
	for i, w := range words {
		p.oneOf(w, known, append(slices.Clone(path), i))
	}
}

var idForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

func (p *parser) id(id string, twice bool, path []any) {
	if !idForm.MatchString(id) {
		p.report(path, "content.bad_code", id)
	} else if twice {
		p.report(path, "content.code_twice", id)
	}
}

// dataTypes are the types of what a case remembers.
var dataTypes = []string{
	string(content.Money), string(content.Rate), string(content.Int), string(content.Decimal), string(content.Bool), string(content.Date), string(content.Text),
}

func (p *parser) head() {
	f := p.w.File
	p.id(f.Workflow, false, at("workflow"))
	p.bilingual(f.Title, at("title"))
	p.perhaps(f.Lead, at("lead"))
	p.oneOf(f.Subject, []string{content.Enterprise, content.Project, content.Area}, at("subject"))
	p.oneOf(f.Confidence, []string{content.Verified, content.Secondary, content.Unverified}, at("confidence"))
	p.each(f.Open, p.actors(), "open")
	if len(f.Open) == 0 {
		p.report(at("open"), "casework.nobody_opens")
	}
	if f.Doubts != "" {
		p.oneOf(f.Doubts, p.offices(), at("doubts"))
	}
	if !slices.ContainsFunc(p.in.Library.Authorities(), func(a content.Authority) bool { return a.Code == f.Authority }) {
		p.report(at("authority"), "content.no_authority", f.Authority)
	}
	for i, d := range f.Data {
		_, twice := p.w.data[d.ID]
		p.id(d.ID, twice, at("data", i, "id"))
		p.oneOf(d.Type, dataTypes, at("data", i, "type"))
		p.bilingual(d.Name, at("data", i, "name"))
		p.w.data[d.ID] = rule.TypeOf(content.Type(d.Type))
		if d.Open != "" {
			p.oneOf(d.Open, []string{OpenYear}, at("data", i, "open"))
			p.oneOf(d.Type, []string{string(content.Int)}, at("data", i, "type"))
		}
	}
}

func (p *parser) readStates() {
	if n := len(p.w.States); n == 0 || n > maxStates {
		p.report(at("states"), "casework.how_many", n, maxStates)
		return
	}
	for i := range p.w.States {
		s := &p.w.States[i]
		p.id(s.ID, p.w.states[s.ID] != nil, at("states", i, "id"))
		p.w.states[s.ID] = s
		p.bilingual(s.Name, at("states", i, "name"))
		p.perhaps(s.Help, at("states", i, "help"))
		p.each(s.Waits, p.actors(), "states", i, "waits")
		if s.End != "" {
			p.oneOf(s.End, []string{Done, Refused, Withdrawn}, at("states", i, "end"))
		}
		p.readTasks(i, s)
		p.readClock(i, s)
	}
}

func (p *parser) readTasks(i int, s *State) {
	seen := map[string]bool{}
	for j, t := range s.Tasks {
		p.id(t.ID, seen[t.ID], at("states", i, "tasks", j, "id"))
		seen[t.ID] = true
		p.bilingual(t.Name, at("states", i, "tasks", j, "name"))
		p.oneOf(t.Role, p.offices(), at("states", i, "tasks", j, "role"))
		if t.Each != (t.Least > 0) {
			p.report(at("states", i, "tasks", j), "casework.least")
		}
	}
	if len(s.Tasks) > 0 && len(s.Waits) > 0 {
		p.report(at("states", i, "waits"), "casework.waits_or_tasks")
	}
}

func (p *parser) readClock(i int, s *State) {
	c := s.Clock
	if c == nil {
		return
	}
	if c.Days < 1 || c.Days > maxDays {
		p.report(at("states", i, "clock", "days"), "casework.days", c.Days, maxDays)
	}
	p.oneOf(c.Then, []string{Remind, Escalate, ActOnce}, at("states", i, "clock", "then"))
	if (c.Then == Escalate) != (c.To != "") || (c.Then == ActOnce) != (c.Do != "") {
		p.report(at("states", i, "clock"), "casework.clock_form")
	}
	if c.To != "" {
		p.oneOf(c.To, p.offices(), at("states", i, "clock", "to"))
	}
	if c.From != "" && p.w.data[c.From] != rule.DayType {
		p.report(at("states", i, "clock", "from"), "casework.clock_from", c.From)
	}
}

func (p *parser) readActions() {
	if n := len(p.w.Actions); n == 0 || n > maxActions {
		p.report(at("actions"), "casework.how_many", n, maxActions)
		return
	}
	for i := range p.w.Actions {
		a := &Action{ActionItem: p.w.Actions[i], set: map[string]*rule.Expr{}}
		path := at("actions", i)
		p.id(a.ID, p.w.actions[a.ID] != nil, append(path, "id"))
		p.w.actions[a.ID] = a
		p.w.list = append(p.w.list, a)
		p.bilingual(a.Name, at("actions", i, "name"))
		p.perhaps(a.Help, at("actions", i, "help"))
		p.perhaps(a.Say, at("actions", i, "say"))
		if a.Kind == "" {
			a.Kind = Forward
		}
		p.oneOf(a.Kind, []string{Forward, Return, Withdraw, Refuse, Appeal, Note}, at("actions", i, "kind"))
		if a.Reason != "" {
			p.oneOf(a.Reason, []string{"required", "optional"}, at("actions", i, "reason"))
		}
		p.each(a.Who, p.actors(), "actions", i, "who")
		if len(a.Who) == 0 {
			p.report(at("actions", i, "who"), "casework.nobody_acts", a.ID)
		}
		if len(a.From) == 0 {
			p.report(at("actions", i, "from"), "casework.from_nowhere", a.ID)
		}
		if a.Within < 0 || a.Within > maxDays {
			p.report(at("actions", i, "within"), "casework.days", a.Within, maxDays)
		}
		for j, n := range a.Notify {
			p.oneOf(n.To, slices.DeleteFunc(p.actors(), func(w string) bool { return w == System }), at("actions", i, "notify", j, "to"))
			p.bilingual(n.Say, at("actions", i, "notify", j, "say"))
		}
	}
}

// refer checks that what is named is there.
func (p *parser) refer() {
	states, actions := slices.Sorted(maps.Keys(p.w.states)), slices.Sorted(maps.Keys(p.w.actions))
	for i, s := range p.w.States {
		if s.Undecided != "" {
			p.oneOf(s.Undecided, states, at("states", i, "undecided"))
		}
		if s.Clock != nil && s.Clock.Do != "" {
			p.oneOf(s.Clock.Do, actions, at("states", i, "clock", "do"))
		}
	}
	for i, a := range p.w.list {
		p.each(a.From, states, "actions", i, "from")
		p.each(a.Apart, actions, "actions", i, "apart")
		p.each(a.Last, actions, "actions", i, "apart_last")
		if a.To != "" {
			p.oneOf(a.To, states, at("actions", i, "to"))
		}
		if (a.To == "") != (a.Kind == Note) {
			p.report(at("actions", i), "casework.note_stays", a.ID)
		}
		if len(a.Each) > 0 && a.Quorum == nil {
			p.report(at("actions", i, "each"), "casework.each_of_quorum", a.ID)
		}
		for _, key := range slices.Sorted(maps.Keys(a.Set)) {
			if _, ok := p.w.data[key]; !ok {
				p.report(at("actions", i, "set", key), "casework.no_data", key)
			}
		}
		if len(a.Marks) > 0 && a.Form == "" {
			p.report(at("actions", i, "marks"), "casework.marks_need_form", a.ID)
		}
	}
	if c := p.w.Children; c != nil {
		p.each(c.While, states, "children", "while")
		if len(c.Workflows) == 0 || len(c.While) == 0 {
			p.report(at("children"), "casework.no_children")
		}
	}
	for i, a := range p.w.list {
		if a.Passes != "" && p.w.Children == nil {
			p.report(at("actions", i, "passes"), "casework.no_batch", a.Passes)
		}
	}
}

// compile reads expressions and the arguments of effects.
func (p *parser) compile() {
	for i, a := range p.w.list {
		if a.Form != "" && !p.pin(i, a) {
			continue
		}
		env := p.environment(i, a)
		if env == nil {
			continue
		}
		expr := func(src string, want rule.Type, path ...any) *rule.Expr {
			line, col := p.w.doc.At(path...)
			x, problems := env.Compile(src, rule.Position{File: p.w.doc.File, Source: p.w.doc.Source, Line: line, Col: col}, want)
			p.problems = append(p.problems, problems...)
			if x != nil && p.w.Subject == content.Area && len(x.Facts()) > 0 {
				p.report(path, "casework.area_facts")
			}
			return x
		}
		if a.Guard != "" {
			a.guard = expr(a.Guard, rule.BoolType, "actions", i, "guard")
		}
		for _, key := range slices.Sorted(maps.Keys(a.Set)) {
			a.set[key] = expr(a.Set[key], p.w.data[key], "actions", i, "set", key)
		}
		a.effects = p.effects(a.Effects, "actions", i, "effects")
		a.each = p.effects(a.Each, "actions", i, "each")
	}
}

func (p *parser) pin(i int, a *Action) bool {
	path := at("actions", i, "form")
	if p.in.Forms == nil {
		p.report(path, "casework.no_form", a.Form)
		return false
	}
	if _, ok := p.w.forms[a.Form]; ok {
		return true
	}
	hash, ok := p.in.Pinned[a.Form]
	if !ok {
		if hash, ok = p.in.Forms.InUse(a.Form); !ok {
			p.report(path, "casework.no_form", a.Form)
			return false
		}
	}
	p.w.forms[a.Form] = hash
	return true
}

// environment is what the expressions of an action may read: facts of the subject, the case's data, the answers. Actions that ask the same
// form share one.
func (p *parser) environment(i int, a *Action) *rule.Env {
	if env, ok := p.envs[a.Form]; ok {
		return env
	}
	given := map[string]rule.Given{}
	for _, d := range p.w.Data {
		given["case."+d.ID] = rule.Given{Type: p.w.data[d.ID], Name: d.Name}
	}
	if a.Form != "" {
		answers, err := p.in.Forms.Given(p.ctx, p.w.forms[a.Form])
		if err != nil {
			p.err = err
			return nil
		}
		maps.Copy(given, answers)
	}
	kind := p.w.Subject
	env, err := rule.NewEnv(p.in.Library, kind, rule.Declarations{Given: given})
	if err != nil {
		p.report(at("actions", i), "casework.environment", err.Error())
		return nil
	}
	p.envs[a.Form] = env
	return env
}

func (p *parser) effects(items []EffectItem, path ...any) []effect {
	var all []effect
	for j, item := range items {
		kind, ok := p.in.Effects.kinds[item.Do]
		if !ok {
			p.report(append(slices.Clone(path), j, "do"), "casework.no_effect", item.Do, strings.Join(p.in.Effects.Names(), ", "))
			continue
		}
		args, problems := kind.args(p.w.doc, item, append(slices.Clone(path), j, "do")...)
		p.problems = append(p.problems, problems...)
		if len(problems) == 0 && kind.wrong != nil && !p.in.Kept {
			if key, msg, ok := kind.wrong(args); !ok {
				p.problems = append(p.problems, p.w.doc.Problem(msg, append(slices.Clone(path), j, "with", key)...))
			}
		}
		all = append(all, effect{name: item.Do, args: args, do: kind.effect})
	}
	return all
}
