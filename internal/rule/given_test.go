package rule

import (
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

func given(t *testing.T) *Env {
	t.Helper()
	codes := content.CodeList{Entries: []content.CodeEntry{{Code: "buy"}, {Code: "lease"}}}
	env, err := NewEnv(library(), content.Project, Declarations{Given: map[string]Given{
		"answer.way":   {Type: TextType, Name: i18n.Text{ZH: "方式", EN: "Way"}, Codes: codes},
		"answer.total": {Type: MoneyType, Name: i18n.Text{ZH: "总额", EN: "Total"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func TestGivenNamesAreReadFromTheContext(t *testing.T) {
	x, problems := given(t).Compile(`answer.way == "lease" || answer.total > money("5万元")`, Position{}, BoolType)
	if problems != nil {
		t.Fatal(problems)
	}
	for name, c := range map[string]struct {
		given func(id string) Answer
		want  string
	}{
		"nothing given": {nil, "unknown"},
		"one decides": {func(id string) Answer {
			if id == "answer.way" {
				return Answer{Value: Text("lease"), State: Present}
			}
			return Answer{}
		}, "present true"},
		"none is not met": {func(string) Answer { return Answer{State: None} }, "none"},
	} {
		o := x.Eval(&Context{Subject: &subject{kind: content.Project}, Given: c.given})
		if got := strings.TrimSpace(o.State.String() + " " + o.Value.String()); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := x.Uses(); len(got) != 2 {
		t.Errorf("Uses() = %v", got)
	}
}

func TestGivenNamesAreChecked(t *testing.T) {
	for src, want := range map[string]string{
		`answer.way == "leese"`:           "lease",
		`answer.wey == "buy"`:             "answer.way",
		`answer.total > ent.employees`:    "",
		`answer.total == rate("1%")`:      "",
		`answer.way == "buy" && answer.x`: "",
	} {
		_, problems := given(t).Compile(src, Position{}, BoolType)
		if len(problems) == 0 || !strings.Contains(problems[0].String(), want) {
			t.Errorf("%s: %v", src, problems)
		}
	}
	for _, id := range []string{"answer", "project.name", "Answer.x", "answer.x y", "year"} {
		if _, err := NewEnv(library(), content.Project, Declarations{Given: map[string]Given{id: {Type: IntType}}}); err == nil {
			t.Errorf("%q may not be given", id)
		}
	}
}
