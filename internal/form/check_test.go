package form

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// firm is an enterprise whose facts stand in a map, by code.
type firm map[string]rule.Value

func (firm) Kind() string                   { return content.Enterprise }
func (firm) ID() string                     { return "7" }
func (firm) Name() string                   { return "" }
func (firm) Parent() rule.Subject           { return nil }
func (firm) Children(string) []rule.Subject { return nil }

func (f firm) Fact(def content.FactDef, _ period.Period, _ period.Day) (rule.Value, rule.State) {
	v, ok := f[def.Code]
	if !ok {
		return rule.Value{}, rule.Unknown
	}
	if v == (rule.Value{}) {
		return v, rule.None
	}
	return v, rule.Present
}

// at is a new project of a firm with these facts.
func at(facts firm) At {
	return At{Subject: Fresh(content.Project, facts), Year: 2024, On: period.Date(2024, 10, 31)}
}

// right is an entry of testdata/good/project.yaml with which nothing is wrong.
func right() Entry {
	return Entry{
		Texts: map[string]string{
			"name": "数控产线改造", "kind": "购置", "plan_total": "1,200", "started_on": "2024年3月1日", "share": "40%", "robots": "12台",
			"loan": "是", "loan_bank": "工商银行大丰支行",
		},
		Rows: map[string][]map[string]string{"lines": {
			{"what": "加工中心", "amount": "35万元", "bought_on": "2024/5/6", "sort": "设备"},
			{"what": "", "amount": " "},
			{"what": "MES", "amount": "800,000.50", "sort": "software"},
		}},
	}
}

func proof() Files {
	return Files{"plan_total": {{Name: "可研.pdf", Hash: "aa", Size: 100, Type: PDF}}}
}

// tell is a result as text: answers, what is wrong in both languages, what was dropped.
func tell(t *testing.T, f *Form, r Result) string {
	t.Helper()
	var b strings.Builder
	doc, err := f.Encode(r.Answers)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "answers %s\n", doc)
	for _, p := range r.Problems {
		for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
			tr := i18n.T{Lang: lang}
			fmt.Fprintf(&b, "%s: %s: %s\n", p.Path, tr.Msg(p.Where), tr.Msg(p.Msg))
		}
	}
	if len(r.Dropped.Texts)+len(r.Dropped.Rows) > 0 {
		dropped, err := json.Marshal(r.Dropped)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "dropped %s\n", dropped)
	}
	return b.String()
}

func TestCheckGolden(t *testing.T) {
	f := read(t, "good/project.yaml")
	facts := firm{"ent.revenue": rule.Money(1234567_00)}
	change := func(texts map[string]string, rows ...map[string]string) Entry {
		e := right()
		maps.Copy(e.Texts, texts)
		if rows != nil {
			e.Rows["lines"] = rows
		}
		return e
	}
	line := map[string]string{"what": "x", "amount": "1"}
	cases := []struct {
		name  string
		in    Entry
		files Files
	}{
		{"right", right(), proof()},
		{"nothing", Entry{}, nil},
		{"unreadable", change(map[string]string{"plan_total": "约1200", "started_on": "2024年3月", "share": "4成", "robots": "1.5", "loan": "也许", "kind": "借"}), proof()},
		{"out of bounds", change(map[string]string{"plan_total": "0.5", "share": "140", "robots": "-1", "name": "甲"}), proof()},
		{"too fine", change(map[string]string{"plan_total": "1.0000001"}), proof()},
		{"lessor", change(map[string]string{"kind": "lease", "lessor": "913209"}), proof()},
		{"lease drops the loan", change(map[string]string{"kind": "lease", "lessor": "91320900MA1XXXXX0X"}), proof()},
		{"no loan drops the bank", change(map[string]string{"loan": "否"}), proof()},
		{"rows", change(nil, map[string]string{"what": "甲"}, map[string]string{"amount": "0"}, map[string]string{"what": "乙", "amount": "一百元整", "sort": "房子"}), proof()},
		{"no rows", change(nil, map[string]string{"what": " "}), proof()},
		{"checks", change(map[string]string{"plan_total": "1", "ended_on": "2024-02-01"}), proof()},
		{"drawing is asked", change(nil, line, line, line), proof()},
		{"files", right(), Files{"plan_total": {{Name: "a.exe", Size: 1}, {Name: "b.pdf", Size: 11 << 20, Type: PDF}, {Name: "c.pdf", Size: 5, Type: PDF}}}},
		{"files that nobody asked for", right(), Files{"plan_total": proof()["plan_total"], "drawing": {{Name: "a.exe", Size: 1}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := f.Check(at(facts), c.in, c.files)
			golden(t, filepath.Join("check", strings.ReplaceAll(c.name, " ", "_")+".txt"), tell(t, f, r))
			if err := r.Err(); (err == nil) != (len(r.Problems) == 0) || err != nil && errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("Err() = %v", err)
			}
		})
	}
}

func TestFactsOfAReadonlyField(t *testing.T) {
	src, err := os.ReadFile("testdata/good/project.yaml")
	if err != nil {
		t.Fatal(err)
	}
	must := strings.Replace(string(src), "required: [name,", "required: [revenue, name,", 1)
	f, problems := Parse(library(), "f", []byte(must))
	if problems != nil {
		t.Fatal(problems)
	}
	for name, c := range map[string]struct {
		facts   firm
		answers string
		wrong   int
	}{
		"known":               {firm{"ent.revenue": rule.Money(500_000_00)}, "50", 0},
		"nobody knows":        {firm{}, "", 1},
		"known to be nothing": {firm{"ent.revenue": {}}, "", 0},
	} {
		in := right()
		in.Texts["revenue"] = "999999" // what is typed into it does not count
		r := f.Check(at(c.facts), in, proof())
		got := ""
		if a, ok := r.Answers["revenue"]; ok {
			field, _ := f.Field("revenue")
			got = field.Typed(a.Value)
		}
		if got != c.answers || len(r.Problems) != c.wrong {
			t.Errorf("%s: %q, %v", name, got, r.Problems)
		}
	}
}

func TestUnknownFactsLeaveAQuestionOpen(t *testing.T) {
	src, err := os.ReadFile("testdata/good/project.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(src), `relevant: answer.kind == "build"`, `relevant: ent.above_scale`, 1)
	f, problems := Parse(library(), "f", []byte(text))
	if problems != nil {
		t.Fatal(problems)
	}
	for want, facts := range map[bool]firm{true: {}, false: {"ent.above_scale": rule.Bool(false)}} {
		if got := f.Check(at(facts), right(), proof()).Asked["loan"]; got != want {
			t.Errorf("with %v: asked is %v", facts, got)
		}
	}
}

func TestEncodeAndDecode(t *testing.T) {
	f := read(t, "good/project.yaml")
	r := f.Check(at(firm{"ent.revenue": rule.Money(5_00)}), right(), proof())
	doc, err := f.Encode(r.Answers)
	if err != nil {
		t.Fatal(err)
	}
	back, err := f.Decode(doc)
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.Encode(back)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(doc), string(again)); diff != "" {
		t.Error(diff)
	}
	typed := f.Check(at(firm{"ent.revenue": rule.Money(5_00)}), f.Entry(back), proof())
	if got := tell(t, f, typed); got != tell(t, f, r) {
		t.Errorf("typed again it says %s", got)
	}
}

func TestJSONThatIsNone(t *testing.T) {
	f := read(t, "good/project.yaml")
	for _, doc := range []string{``, `[]`, `null`, `{"name": "x"} {}`, `{"name"`, "\"x\""} {
		if _, err := f.CheckJSON(at(nil), []byte(doc), nil); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%q: %v", doc, err)
		}
	}
	if _, err := f.CheckJSON(at(nil), slices.Repeat([]byte(" "), MaxDocument+1), nil); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a large document: %v", err)
	}
}

func FuzzAnswers(f *testing.F) {
	src, err := os.ReadFile("testdata/good/project.yaml")
	if err != nil {
		f.Fatal(err)
	}
	form, problems := Parse(library(), "f", src)
	if problems != nil {
		f.Fatal(problems)
	}
	f.Add([]byte(`{"name": "数控", "plan_total": 1e2, "lines": [{"what": "x", "amount": 1.5}], "share": 99999999999999999999}`), "约1200万元", "2024-13-01")
	f.Add([]byte(`{"lines": [1, {"x": null}]}`), "１２％", "无")
	f.Fuzz(func(t *testing.T, doc []byte, one, two string) {
		r, err := form.CheckJSON(at(nil), doc, nil)
		if err == nil {
			stored, err := form.Encode(r.Answers)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := form.Decode(stored); err != nil {
				t.Fatal(err)
			}
		}
		in := Entry{Texts: map[string]string{}, Rows: map[string][]map[string]string{"lines": {{"what": one, "amount": two}}}}
		for i, field := range form.Fields() {
			in.Texts[field.Name] = []string{one, two}[i%2]
		}
		got := form.Check(at(nil), in, nil)
		for name := range got.Answers {
			if !got.Asked[name] {
				t.Fatalf("%s is answered and not asked", name)
			}
		}
	})
}
