package form

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// randomProperty draws a property of the subset and says how a value of it might look, right or nearly so.
func randomProperty(t *rapid.T, list bool) (yaml string, ui string, value func(*rapid.T) any) {
	bounds := func(low, high int) (string, int, int) {
		a := rapid.IntRange(low, high).Draw(t, "min")
		b := rapid.IntRange(a, high).Draw(t, "max")
		return fmt.Sprintf("minimum: %d, maximum: %d", a, b), a, b
	}
	kinds := []string{"text", "pattern", "enum", "date", "bool", "int", "money", "percent", "decimal"}
	if list {
		kinds = append(kinds, "list")
	}
	nearNumber := func(low, high int) func(*rapid.T) any {
		return func(t *rapid.T) any {
			n := rapid.IntRange(low-2, high+2).Draw(t, "n")
			switch rapid.IntRange(0, 5).Draw(t, "as") {
			case 0:
				return json.Number(fmt.Sprintf("%d.%0*d", n, rapid.IntRange(1, 8).Draw(t, "digits"), rapid.IntRange(0, 9).Draw(t, "f")))
			case 1:
				return json.Number(fmt.Sprintf("%d.0", n))
			case 2:
				return json.Number(fmt.Sprintf("%de1", n))
			}
			return json.Number(fmt.Sprint(n))
		}
	}
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "pattern":
		return `{type: string, pattern: '^[a-c]+[0-9]?$', maxLength: 5}`, `, pattern_help: {zh: 如 ab1, en: like ab1}`, func(t *rapid.T) any {
			return rapid.StringMatching(`[a-d]{0,6}[0-9]?`).Draw(t, "s")
		}
	case "enum":
		return `{type: string, enum: [one, two]}`, `, options: {one: {zh: 一, en: one}, two: {zh: 二, en: two}}`, func(t *rapid.T) any {
			return rapid.SampledFrom([]string{"one", "two", "three", ""}).Draw(t, "s")
		}
	case "date":
		return `{type: string, format: date}`, "", func(t *rapid.T) any {
			return fmt.Sprintf("%04d-%02d-%02d", rapid.IntRange(1890, 2100).Draw(t, "y"), rapid.IntRange(0, 13).Draw(t, "m"), rapid.IntRange(0, 32).Draw(t, "d"))
		}
	case "bool":
		return `{type: boolean}`, "", func(t *rapid.T) any { return rapid.Bool().Draw(t, "b") }
	case "int":
		words, low, high := bounds(-5, 20)
		return "{type: integer, " + words + "}", "", nearNumber(low, high)
	case "money":
		words, low, high := bounds(0, 50)
		unit := rapid.SampledFrom([]string{"元", "万元", "亿元"}).Draw(t, "unit")
		return "{type: number, format: money, unit: " + unit + ", " + words + "}", "", nearNumber(low, high)
	case "percent":
		words, low, high := bounds(0, 100)
		return "{type: number, format: percent, " + words + "}", "", nearNumber(low, high)
	case "decimal":
		return "{type: number}", "", nearNumber(-9, 9)
	case "list":
		yaml, ui, value := randomProperty(t, false)
		low := rapid.IntRange(0, 2).Draw(t, "minItems")
		high := rapid.IntRange(max(low, 1), 4).Draw(t, "maxItems")
		need := ""
		if rapid.Bool().Draw(t, "need") {
			need = "required: [c], "
		}
		return fmt.Sprintf("{type: array, minItems: %d, maxItems: %d, items: {type: object, %sproperties: {c: %s}}}", low, high, need, yaml),
			fmt.Sprintf(", columns: [{name: c, label: {zh: 列, en: C}%s}]", ui), func(t *rapid.T) any {
				rows := []any{}
				for range rapid.IntRange(0, 5).Draw(t, "rows") {
					row := map[string]any{}
					if rapid.IntRange(0, 3).Draw(t, "has") > 0 {
						row["c"] = value(t)
					}
					if rapid.IntRange(0, 15).Draw(t, "extra") == 0 {
						row["d"] = true
					}
					rows = append(rows, row)
				}
				return rows
			}
	}
	low := rapid.IntRange(0, 4).Draw(t, "minLength")
	return fmt.Sprintf("{type: string, minLength: %d, maxLength: %d}", low, low+rapid.IntRange(1, 4).Draw(t, "more")), "", func(t *rapid.T) any {
		return rapid.StringOfN(rapid.RuneFrom([]rune("ab一二 𠅤")), 0, 9, -1).Draw(t, "s")
	}
}

// randomForm draws a definition and a document that answers it, well or not.
func randomForm(t *rapid.T) (src string, doc map[string]any) {
	var props, fields, required []string
	doc = map[string]any{}
	for i := range rapid.IntRange(1, 8).Draw(t, "fields") {
		yaml, ui, value := randomProperty(t, true)
		name := fmt.Sprintf("f%d", i)
		props = append(props, "    "+name+": "+yaml)
		fields = append(fields, fmt.Sprintf("      - {name: %s, label: {zh: 栏%d, en: Field %d}%s}", name, i, i, ui))
		if rapid.Bool().Draw(t, "required") {
			required = append(required, name)
		}
		switch rapid.IntRange(0, 9).Draw(t, "how") {
		case 0:
		case 1:
			doc[name] = rapid.SampledFrom([]any{nil, "x", true, json.Number("3"), []any{}, map[string]any{}}).Draw(t, "other")
		default:
			doc[name] = value(t)
		}
	}
	if rapid.IntRange(0, 20).Draw(t, "unknown") == 0 {
		doc["unknown"] = "x"
	}
	src = "form: f\ntitle: {zh: 例, en: Example}\nsubject: enterprise\nsource: 例\nconfidence: unverified\nschema:\n  type: object\n  required: [" +
		strings.Join(required, ", ") + "]\n  properties:\n" + strings.Join(props, "\n") +
		"\nsections:\n  - id: s\n    title: {zh: 例, en: Example}\n    fields:\n" + strings.Join(fields, "\n") + "\n"
	return src, doc
}

// TestCheckAgreesWithJSONSchema holds our check against a validator of JSON Schema, on random forms and random answers: the
// same documents are good, and where one is not, the same fields are wrong.
func TestCheckAgreesWithJSONSchema(t *testing.T) {
	good := 0
	rapid.Check(t, func(t *rapid.T) {
		src, answers := randomForm(t)
		f, problems := Parse(library(), "f.yaml", []byte(src))
		if problems != nil {
			t.Fatalf("%s\n%v", src, problems)
		}
		doc, err := json.Marshal(answers)
		if err != nil {
			t.Fatal(err)
		}
		schema, err := f.Schema()
		if err != nil {
			t.Fatal(err)
		}
		want := validate(t, schema, doc)
		r, err := f.CheckJSON(At{Subject: firm{}, Year: 2024}, doc, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, p := range r.Problems {
			field, _, _ := strings.Cut(p.Path, ".")
			got[field] = true
		}
		for name := range want {
			if !got[name] {
				t.Fatalf("JSON Schema finds %s wrong, we do not\n%s\n%s\n%s", name, src, schema, doc)
			}
		}
		for name := range got {
			if !want[name] {
				t.Fatalf("we find %s wrong, JSON Schema does not: %v\n%s\n%s", name, r.Problems, schema, doc)
			}
		}
		if len(got) == 0 {
			good++
			stored, err := f.Encode(r.Answers)
			if err != nil {
				t.Fatal(err)
			}
			if again := validate(t, schema, stored); len(again) > 0 {
				t.Fatalf("what we store is not good: %v\n%s", again, stored)
			}
		}
	})
	if good == 0 {
		t.Error("no document was good: the test proves nothing")
	}
}

// compiled is a schema as a validator takes it.
func compiled(t interface{ Fatal(args ...any) }, schema []byte) *jsonschema.Schema {
	s, err := jsonschema.UnmarshalJSON(strings.NewReader(string(schema)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("form.json", s); err != nil {
		t.Fatal(err)
	}
	all, err := c.Compile("form.json")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// validate is the fields that a validator finds wrong.
func validate(t *rapid.T, schema, doc []byte) map[string]bool {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(doc)))
	if err != nil {
		t.Fatal(err)
	}
	wrong := map[string]bool{}
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			if len(e.InstanceLocation) > 0 {
				wrong[e.InstanceLocation[0]] = true
				return
			}
			for _, name := range namesIn(fmt.Sprint(e.ErrorKind)) {
				wrong[name] = true
			}
		}
		for _, cause := range e.Causes {
			walk(cause)
		}
	}
	if err := compiled(t, schema).Validate(v); err != nil {
		walk(err.(*jsonschema.ValidationError))
	}
	return wrong
}

// namesIn is the properties that an error about the whole document names: missing ones, unknown ones.
func namesIn(kind string) []string {
	return strings.FieldsFunc(strings.Trim(kind, "&{}"), func(r rune) bool { return strings.ContainsRune(" []", r) })
}

// TestNothingIrrelevantIsKept draws forms whose fields depend on each other, and answers all fields at random.
func TestNothingIrrelevantIsKept(t *testing.T) {
	dropped, kept := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "fields")
		var props, fields []string
		in := Entry{Texts: map[string]string{}}
		cond := make([]func(v map[string]*bool) *bool, n) // in three values: nil is none
		for i := range n {
			name := fmt.Sprintf("f%d", i)
			props = append(props, "    "+name+": {type: boolean}")
			relevant := ""
			cond[i] = func(map[string]*bool) *bool { return yes(true) }
			if i > 0 && rapid.Bool().Draw(t, "depends") {
				on := fmt.Sprintf("f%d", rapid.IntRange(0, i-1).Draw(t, "on"))
				switch rapid.IntRange(0, 1).Draw(t, "not") {
				case 0:
					relevant = ", relevant: answer." + on
					cond[i] = func(v map[string]*bool) *bool { return v[on] }
				default:
					relevant = ", relevant: '!answer." + on + "'"
					cond[i] = func(v map[string]*bool) *bool {
						if v[on] == nil {
							return nil
						}
						return yes(!*v[on])
					}
				}
			}
			fields = append(fields, fmt.Sprintf("      - {name: %s, label: {zh: 栏%d, en: F%d}%s}", name, i, i, relevant))
			in.Texts[name] = rapid.SampledFrom([]string{"", "是", "否"}).Draw(t, name)
		}
		src := "form: f\ntitle: {zh: 例, en: Example}\nsubject: enterprise\nsource: 例\nconfidence: unverified\nschema:\n  type: object\n  properties:\n" +
			strings.Join(props, "\n") + "\nsections:\n  - id: s\n    title: {zh: 例, en: Example}\n    fields:\n" + strings.Join(fields, "\n") + "\n"
		f, problems := Parse(library(), "f.yaml", []byte(src))
		if problems != nil {
			t.Skip("a field that nobody could be asked")
		}
		r := f.Check(At{Subject: firm{}, Year: 2024}, in, nil)
		v := map[string]*bool{}
		for i := range n {
			name := fmt.Sprintf("f%d", i)
			asked := cond[i](v)
			want := asked != nil && *asked
			if want && in.Texts[name] != "" {
				v[name] = yes(in.Texts[name] == "是")
			}
			_, answered := r.Answers[name]
			_, gone := r.Dropped.Texts[name]
			if r.Asked[name] != want || answered != (want && in.Texts[name] != "") || gone != (!want && in.Texts[name] != "") {
				t.Fatalf("%s: asked %v (want %v), answered %v, dropped %v\n%s\n%v", name, r.Asked[name], want, answered, gone, src, in.Texts)
			}
			if gone {
				dropped++
			}
			if answered {
				kept++
			}
		}
	})
	if dropped == 0 || kept == 0 {
		t.Errorf("%d dropped, %d kept: the test proves nothing", dropped, kept)
	}
}

func yes(b bool) *bool { return &b }

func TestUnreachableNeedsEveryTrial(t *testing.T) {
	// a field of which one in five choices is asked is reachable; its twin with two choices at once is not
	f := read(t, "good/project.yaml")
	field, _ := f.Field("loan_bank")
	if f.unreachable(field) {
		t.Error("loan_bank can be asked")
	}
	if got := len(f.chain(field, nil)); got != 3 {
		t.Errorf("loan_bank hangs on %d fields with itself, want 3", got)
	}
	if field, _ := f.Field("kind"); len(field.trials()) != 3 || field.trials()[0] != (rule.Value{}) || field.Type != content.Code {
		t.Errorf("trials of kind: %v", field.trials())
	}
}
