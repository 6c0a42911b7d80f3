package selection

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// What a condition is, is package condition's; here it may also ask for titles that the enterprise holds (agg.ID).
type (
	ConditionFile = condition.File
	State         = condition.State
	Check         = condition.Check
)

// The states of a condition.
const (
	Met     = condition.Met
	NotMet  = condition.NotMet
	Unknown = condition.Unknown
)

// Worst is what conditions come to together: not met if one is not, else unknown if one is.
func Worst(checks []Check) State { return condition.Worst(checks) }

// holding is how many honours of some titles hold on the day of the question: one that ended, or whose time is over, does
// not. known() is never unknown, so a title without an end holds.
const holding = `(!known(honour.ended_on) || honour.ended_on > event) && (!known(honour.valid_until) || honour.valid_until >= event)`

// conditions compiles the conditions of one file. titles declares agg.ID: how many titles of a list the enterprise holds.
type conditions struct {
	lib      *content.Library
	doc      *content.Document
	problems content.Problems
	env      *rule.Env
}

func (c *conditions) report(key string, args []any, at ...any) {
	c.problems = append(c.problems, c.doc.Problem(i18n.M(key, args...), at...))
}

func (c *conditions) bilingual(t i18n.Text, at ...any) {
	if t.ZH == "" || t.EN == "" {
		c.report("content.two_languages", nil, at...)
	}
}

func (c *conditions) oneOf(word string, words []string, at ...any) {
	if !slices.Contains(words, word) {
		c.report("content.one_of", []any{word, strings.Join(words, ", ")}, at...)
	}
}

func (c *conditions) number(n, least, most int, at ...any) {
	if n < least || n > most {
		c.report("selection.number", []any{n, least, most}, at...)
	}
}

// code is the form of codes and ids.
var code = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func (c *conditions) code(s string, at ...any) {
	if !code.MatchString(s) {
		c.report("content.bad_code", []any{s}, at...)
	}
}

var confidences = []string{content.Verified, content.Secondary, content.Unverified}

// title checks that a code is that of a title.
func (c *conditions) title(s string, at ...any) {
	list, _ := c.lib.CodeList("titles")
	if !slices.ContainsFunc(list.Entries, func(e content.CodeEntry) bool { return e.Code == s }) {
		c.report("selection.no_title", []any{s}, at...)
	}
}

// declare makes the language of the file's conditions.
func (c *conditions) declare(titles map[string][]string) {
	honour, err := rule.NewEnv(c.lib, content.Honour, rule.Declarations{})
	if err != nil {
		c.report("selection.language", []any{err.Error()})
		return
	}
	var decl rule.Declarations
	for _, id := range sortedKeys(titles) {
		c.code(id, "titles", id)
		words := make([]string, len(titles[id]))
		for i, t := range titles[id] {
			c.title(t, "titles", id, i)
			words[i] = `"` + t + `"`
		}
		if len(c.problems) > 0 {
			return
		}
		when := "honour.title in [" + strings.Join(words, ", ") + "] && " + holding
		x, problems := honour.Compile(when, rule.Position{}, rule.BoolType)
		c.problems = append(c.problems, problems...)
		decl.Aggregates = append(decl.Aggregates, &rule.Aggregate{
			ID: id, Name: held(c.lib, titles[id]),
			From: content.Enterprise, Over: content.Honour, Op: rule.Count, When: []*rule.Expr{x},
		})
	}
	if c.env, err = rule.NewEnv(c.lib, content.Enterprise, decl); err != nil {
		c.report("selection.language", []any{err.Error()})
	}
}

// held names how many of some titles are held.
func held(lib *content.Library, titles []string) i18n.Text {
	list, _ := lib.CodeList("titles")
	var zh, en []string
	for _, code := range titles {
		e, _ := list.Entry(code)
		zh, en = append(zh, e.Name.ZH), append(en, e.Name.EN)
	}
	return i18n.Text{ZH: "持有“" + strings.Join(zh, "、") + "”的数量", EN: "Titles held of " + strings.Join(en, ", ")}
}

// compile reads conditions that stand at a path of the file.
func (c *conditions) compile(items []ConditionFile, at ...any) []condition.Condition {
	out, problems := condition.Compile(c.env, c.doc, items, at...)
	c.problems = append(c.problems, problems...)
	return out
}

// check asks conditions of an enterprise on a day. An error is a value that does not fit.
func check(list []condition.Condition, of rule.Subject, on period.Day) ([]Check, error) {
	return condition.Ask(list, rule.Context{Subject: of, Year: on.Year(), Event: &on, On: on})
}
