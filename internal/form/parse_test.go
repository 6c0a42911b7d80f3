package form

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

var update = flag.Bool("update", false, "write golden files anew")

var library = sync.OnceValue(func() *content.Library {
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		panic(err)
	}
	return lib
})

// read is a definition of testdata, which must be right.
func read(t testing.TB, name string) *Form {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	f, problems := Parse(library(), name, src)
	if problems != nil {
		t.Fatal(problems)
	}
	return f
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestSchemaFollowsTheCode(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/forms.schema.json", &file{})
}

func TestFormsThatShip(t *testing.T) {
	set, err := Load(contentdata.FS, library())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range set.Forms() {
		schema, err := f.Schema()
		if err != nil {
			t.Fatal(err)
		}
		compiled(t, schema)
		switch f.Code { // those without lists of codes, which change for reasons of their own
		case "objection", "account_intent", "subsidy_loan":
			golden(t, filepath.Join("schemas", f.Code+".json"), string(schema)+"\n")
		}
	}
}

// TestMistakes reads every file of testdata/bad, each of which begins with a comment for each problem that is told, and
// reads the first of its sort in good.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f, problems := Parse(library(), filepath.Base(file), src)
			if f != nil || len(problems) == 0 {
				t.Fatal("no problem was told")
			}
			var got strings.Builder
			for _, p := range problems {
				got.WriteString(p.In(i18n.EN) + "\n" + p.In(i18n.ZH) + "\n")
			}
			golden(t, strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".yaml")+".txt", got.String())
		})
	}
}

// TestEveryMistakeOfTheLinter changes one thing in a good definition and wants the message about it, at its place.
func TestEveryMistakeOfTheLinter(t *testing.T) {
	good, err := os.ReadFile("testdata/good/project.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, with, key string }{
		"keyword outside the subset":  {"{type: boolean}", "{type: boolean, const: true}", "form.outside_subset"},
		"a misspelt keyword":          {"minLength: 2", "minLenght: 2", "content.unknown_key"},
		"keyword of another type":     {"{type: boolean}", "{type: boolean, minimum: 1}", "form.keyword_not_for"},
		"unknown type":                {"{type: boolean}", "{type: 'null'}", "content.one_of"},
		"no unit of money":            {"format: money, unit: 元", "format: money", "form.money_unit"},
		"no such unit of money":       {"format: money, unit: 元", "format: money, unit: 公斤", "form.money_unit"},
		"percent with a unit":         {"format: percent,", "format: percent, unit: 万元,", "form.percent_unit"},
		"limits crossed":              {"minimum: 1, maximum: 2000000", "minimum: 9, maximum: 2", "content.min_over_max"},
		"limit too fine":              {"minimum: 0.01", "minimum: 0.001", "form.bad_limit"},
		"fact that does not exist":    {"fact: project.name", "fact: project.nome", "content.no_fact"},
		"fact of another type":        {"fact: project.started_on", "fact: project.name", "form.fact_type"},
		"fact out of reach":           {"fact: project.name", "fact: loan.contract", "form.fact_out_of_reach"},
		"fact that others state":      {"{zh: 机器人, en: Robots}", "{zh: 机器人, en: Robots}, fact: project.checked_time", "form.fact_authority"},
		"years of what has no year":   {"fact: project.name", "fact: project.name, years_back: 1", "form.years_back"},
		"compared with nothing":       {"{zh: 机器人, en: Robots}", "{zh: 机器人, en: Robots}, before: none", "form.no_field"},
		"compared with itself":        {"{zh: 机器人, en: Robots}", "{zh: 机器人, en: Robots}, before: robots, compared: {zh: 机器人, en: Robots}", "form.before"},
		"compared with another unit":  {"{zh: 机器人, en: Robots}", "{zh: 机器人, en: Robots}, before: plan_total, compared: {zh: 机器人, en: Robots}", "form.before"},
		"year of what is no day":      {"subject: project\n", "subject: project\nyear_of: plan_total\n", "form.year_of"},
		"readonly without a fact":     {"{zh: 自有资金比例, en: Own share}", "{zh: 自有资金比例, en: Own share}, readonly: true", "form.needs_fact"},
		"condition that is no bool":   {`relevant: answer.kind == "lease"`, `relevant: answer.plan_total`, "rule.want_type"},
		"condition of unknown answer": {`relevant: answer.loan`, `relevant: answer.lone`, "rule.undeclared_near"},
		"condition of unknown choice": {`answer.kind == "lease"`, `answer.kind == "lese"`, "rule.unknown_code_near"},
		"a circle":                    {"relevant: answer.kind == \"build\"}", `relevant: answer.loan_bank == "x"}`, "form.circle"},
		"a circle with itself":        {"relevant: answer.loan}", `relevant: answer.loan_bank == "x"}`, "form.circle"},
		"never asked":                 {"relevant: answer.loan}", `relevant: 'answer.loan && answer.kind == "lease"'}`, "form.unreachable"},
		"property on no page":         {"      - {name: robots, label: {zh: 机器人, en: Robots}}\n", "", "form.not_on_page"},
		"field without property":      {"robots: {type: integer", "robot: {type: integer", "form.no_property"},
		"required without property":   {"lines, share]", "lines, share, nothing]", "form.required_unknown"},
		"pattern without words":       {"pattern_help: {zh: 18 位数字和大写字母, en: 18 digits and capitals}", "long: false", "form.pattern_help"},
		"bad pattern":                 {"'^[0-9A-Z]{18}$'", "'(?=x)'", "form.bad_pattern"},
		"choice without a name":       {"enum: [build, lease]", "enum: [build, lease, rent]", "form.option_name"},
		"name without a choice":       {"enum: [build, lease]", "enum: [build]", "form.option_unknown"},
		"list in a list":              {"what: {type: string, maxLength: 80}", "what: {type: array}", "form.list_in_list"},
		"header twice":                {"aliases: [名称]", "aliases: [金额]", "content.word_twice"},
		"unknown type of file":        {"types: [pdf, word]", "types: [pdf, exe]", "content.one_of"},
		"too many files":              {"min: 1, max: 2,", "min: 3, max: 2,", "form.evidence_count"},
		"check of no field":           {"at: ended_on", "at: ended", "form.no_field"},
		"check that does not compile": {"answer.lines.amount <= answer.plan_total", "answer.lines <= answer.plan_total", "rule.operands"},
		"one language":                {"title: {zh: 项目, en: The project}", "title: {zh: 项目, en: ''}", "content.blank"},
		"section twice":               {"- id: money", "- id: lease", "form.section_id"},
		"unknown authority":           {"subject: project\n", "subject: project\nby: nobody\n", "content.no_authority"},
		"unknown subject":             {"subject: project\n", "subject: planet\n", "content.one_of"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(string(good), c.old) {
				t.Fatalf("testdata/good/project.yaml has no %q", c.old)
			}
			src := strings.Replace(string(good), c.old, c.with, 1)
			_, problems := Parse(library(), "f.yaml", []byte(src))
			for _, p := range problems {
				if p.Msg.Key == c.key {
					if p.Line < 2 || p.Col < 1 || p.Snippet == "" {
						t.Errorf("no place: %s", p)
					}
					return
				}
			}
			t.Errorf("want %s, got %v", c.key, problems)
		})
	}
}

func FuzzParse(f *testing.F) {
	good, err := os.ReadFile("testdata/good/project.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("form: x\nschema: {type: object, properties: {a: {type: array, items: {}}}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		form, problems := Parse(library(), "f.yaml", src)
		if (form == nil) != (len(problems) > 0) {
			t.Fatalf("form %v, problems %v", form, problems)
		}
		for _, p := range problems {
			_ = p.In(i18n.ZH)
		}
		if form == nil {
			return
		}
		again, problems := Parse(library(), "f.yaml", form.Bytes())
		if problems != nil || again.Hash != form.Hash {
			t.Fatal("the same bytes are another form", problems)
		}
		if _, err := form.Schema(); err != nil {
			t.Fatal(err)
		}
		form.Check(At{Year: 2024}, Entry{}, nil)
	})
}

// TestDocumentedForm reads the example of docs/forms.md.
func TestDocumentedForm(t *testing.T) {
	doc, err := os.ReadFile("../../docs/forms.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(doc), "```yaml\n")
	src, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("docs/forms.md has no example")
	}
	if _, problems := Parse(library(), "example.yaml", []byte(src)); problems != nil {
		t.Error(problems)
	}
}
