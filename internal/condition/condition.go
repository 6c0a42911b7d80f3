package condition

import (
	"regexp"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// File is a condition as it is written.
type File struct {
	ID   string    `yaml:"id"`
	Text i18n.Text `yaml:"text"`
	That string    `yaml:"that"` // an expression about the subject: docs/expressions.md
	Cite string    `yaml:"cite,omitempty"`
}

// Condition is one that was compiled.
type Condition struct {
	File
	that *rule.Expr
}

// Facts are the definitions of the facts that the condition reads.
func (c Condition) Facts() []content.FactDef { return c.that.Facts() }

// That is the condition itself, for whoever asks many subjects at once.
func (c Condition) That() *rule.Expr { return c.that }

// Uses is what the condition reads of what the environment declared besides facts.
func (c Condition) Uses() []string { return c.that.Uses() }

// State is whether a condition is met.
type State string

// The states.
const (
	Met     State = "met"
	NotMet  State = "not_met"
	Unknown State = "unknown" // because of facts that nobody stated
)

// Msg names a state.
func (s State) Msg() i18n.Msg { return i18n.M("condition.state." + string(s)) }

// Check is a condition as it stands for a subject on a day.
type Check struct {
	ID      string
	Text    i18n.Text
	Cite    string
	State   State
	Why     i18n.Msg       // what was compared, where it is not met
	Missing []rule.FactRef // because of which it is unknown
}

var id = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Compile reads conditions that stand at a path of a document. All mistakes are told at once. Without an environment the
// expressions are not read: what is wrong with it was told already.
func Compile(env *rule.Env, doc *content.Document, items []File, at ...any) ([]Condition, content.Problems) {
	var out []Condition
	var problems content.Problems
	for i, it := range items {
		here := func(keys ...any) []any { return slices.Concat(at, []any{i}, keys) }
		report := func(msg i18n.Msg, keys ...any) { problems = append(problems, doc.Problem(msg, here(keys...)...)) }
		if !id.MatchString(it.ID) {
			report(i18n.M("content.bad_code", it.ID), "id")
		}
		if slices.ContainsFunc(items[:i], func(o File) bool { return o.ID == it.ID }) {
			report(i18n.M("content.code_twice", it.ID), "id")
		}
		if it.Text.ZH == "" || it.Text.EN == "" {
			report(i18n.M("content.two_languages"), "text")
		}
		if env == nil {
			continue
		}
		line, col := doc.At(here("that")...)
		x, found := env.Compile(it.That, rule.Position{File: doc.File, Source: doc.Source, Line: line, Col: col}, rule.BoolType)
		problems = append(problems, found...)
		out = append(out, Condition{it, x})
	}
	return out, problems
}

// Ask asks conditions in a context: of its subject, its year and its day. An error is a value that does not fit.
func Ask(list []Condition, ctx rule.Context) ([]Check, error) {
	out := make([]Check, 0, len(list))
	for _, k := range list {
		o := k.that.Eval(&ctx)
		c := Check{ID: k.ID, Text: k.Text, Cite: k.Cite, State: NotMet}
		switch {
		case o.State == rule.Failed:
			return nil, o.Err
		case o.State == rule.Unknown:
			c.State, c.Missing = Unknown, o.Missing
		case o.True():
			c.State = Met
		default:
			c.Why = k.that.Explain(&ctx)
		}
		out = append(out, c)
	}
	return out, nil
}

// Worst is what conditions come to together: not met if one is not, else unknown if one is.
func Worst(checks []Check) State {
	out := Met
	for _, c := range checks {
		switch c.State {
		case NotMet:
			return NotMet
		case Unknown:
			out = Unknown
		}
	}
	return out
}
