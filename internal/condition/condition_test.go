package condition

import (
	"sync"
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

var library = sync.OnceValues(func() (*content.Library, error) { return content.Load(contentdata.FS) })

type file struct {
	Who []File `yaml:"who"`
}

// read compiles the conditions of a text.
func read(t *testing.T, src string) ([]Condition, content.Problems) {
	t.Helper()
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	env, err := rule.NewEnv(lib, content.Enterprise, rule.Declarations{})
	if err != nil {
		t.Fatal(err)
	}
	var f file
	doc, problems := content.Decode("x.yaml", []byte(src), &f)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Compile(env, doc, f.Who, "who")
}

const good = `who:
  - {id: above, text: {zh: 规上, en: Above scale}, that: ent.above_scale}
  - {id: honest, text: {zh: 诚信, en: Honest}, that: '!ent.blacklisted'}
`

func TestAsk(t *testing.T) {
	list, problems := read(t, good)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if facts := list[1].Facts(); len(facts) != 1 || facts[0].Code != "ent.blacklisted" {
		t.Errorf("facts %v", facts)
	}
	for name, c := range map[string]struct {
		of   facts
		want []State
	}{
		"all known": {facts{"ent.above_scale": true, "ent.blacklisted": false}, []State{Met, Met}},
		"not met":   {facts{"ent.above_scale": false}, []State{NotMet, Unknown}},
		"nothing":   {facts{}, []State{Unknown, Unknown}},
	} {
		t.Run(name, func(t *testing.T) {
			day := period.Date(2024, 10, 31)
			got, err := Ask(list, rule.Context{Subject: c.of, Year: 2023, Event: &day, On: day})
			if err != nil {
				t.Fatal(err)
			}
			worst := Met
			for i, x := range got {
				if x.State != c.want[i] {
					t.Errorf("%s is %s, want %s", x.ID, x.State, c.want[i])
				}
				if (x.State == Unknown) != (len(x.Missing) > 0) || (x.State == NotMet) != (x.Why.Key != "") {
					t.Errorf("%s says %+v", x.ID, x)
				}
				if x.State == NotMet || worst == Met {
					worst = x.State
				}
			}
			if Worst(got) != worst {
				t.Errorf("worst %s, want %s", Worst(got), worst)
			}
		})
	}
}

func TestCompileTellsEveryMistake(t *testing.T) {
	for src, want := range map[string]i18n.Msg{
		"who:\n  - {id: A, text: {zh: 甲, en: A}, that: ent.above_scale}\n":                                                           i18n.M("content.bad_code", "A"),
		"who:\n  - {id: a, text: {zh: 甲, en: A}, that: ent.above_scale}\n  - {id: a, text: {zh: 甲, en: A}, that: ent.above_scale}\n": i18n.M("content.code_twice", "a"),
	} {
		_, problems := read(t, src)
		if len(problems) != 1 || problems[0].Msg.Key != want.Key {
			t.Errorf("%s: %v", src, problems)
		}
	}
	if _, problems := read(t, "who:\n  - {id: a, text: {zh: 甲, en: A}, that: ent.nonsense}\n"); len(problems) == 0 {
		t.Error("an expression about nothing compiles")
	}
}

// facts is an enterprise of which no more than this is known.
type facts map[string]bool

func (facts) Kind() string                   { return content.Enterprise }
func (facts) ID() string                     { return "1" }
func (facts) Name() string                   { return "测试企业" }
func (facts) Parent() rule.Subject           { return nil }
func (facts) Children(string) []rule.Subject { return nil }

// Fact knows what is stated of 2023 alone.
func (f facts) Fact(def content.FactDef, p period.Period, _ period.Day) (rule.Value, rule.State) {
	v, ok := f[def.Code]
	if !ok || p != period.OfYear(2023) {
		return rule.Value{}, rule.Unknown
	}
	return rule.Bool(v), rule.Present
}
