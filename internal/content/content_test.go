package content_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
)

func library(t *testing.T) *content.Library {
	t.Helper()
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func TestSchemasFollowTheCode(t *testing.T) {
	for name, into := range content.SchemaTypes() {
		contenttest.Schema(t, contentdata.FS, "schema/"+name+".schema.json", into)
	}
}

func codes(nodes []content.Node) []string {
	var all []string
	for _, n := range nodes {
		all = append(all, n.Code)
	}
	return all
}

func TestResolveArea(t *testing.T) {
	areas := library(t).Areas()
	const yancheng = "320900"
	for _, c := range []struct {
		text, within string
		want         []string
	}{
		{"320904", "", []string{"320904"}},
		{"３２０９０４", "", []string{"320904"}},
		{"320904000000", "", []string{"320904"}},
		{"盐城市", "", []string{yancheng}},
		{"盐城", "", []string{yancheng}},
		{"大丰", "", []string{"320904"}},
		{"大丰区", "", []string{"320904"}},
		{"大丰市", "", []string{"320904"}}, // retired name
		{"320982", "", []string{"320904"}},
		{"320983", "", nil},
		{"江苏省盐城市大丰区", "", []string{"320904"}},
		{"江苏 盐城 大丰", "", []string{"320904"}},
		{"江苏省盐城市大丰市", yancheng, []string{"320904"}},
		{"盐城市", yancheng, []string{yancheng}},
		{"盐城经济技术开发区", "", []string{"zone:320971"}},
		{"320971", "", []string{"zone:320971"}},
		{"zone:320971", "", []string{"zone:320971"}},
		{"盐城经开区", "", []string{"zone:320971"}},
		{"经开区", yancheng, []string{"zone:320971"}},
		{"开发区", yancheng, []string{"zone:320971"}},
		{"盐城市开发区", "", []string{"zone:320971"}},
		{"盐南高新区", "", []string{"zone:yancheng-yannan"}},
		{"盐南", "", []string{"zone:yancheng-yannan"}},
		{"高新区", yancheng, []string{"zone:yancheng-yannan"}},
		{"苏州高新区", "", []string{"320505"}},
		{"九里区", "", []string{"320302", "320311", "320312"}}, // split: the caller asks
		{"朝阳市", "", []string{"211300"}},
		{"内蒙古", "", []string{"150000"}},
		{"大丰", "320500", nil},
		{"", "", nil},
		{"（）", "", nil},
		{"合计", "", nil},
		{strings.Repeat("盐", 500), "", nil},
	} {
		if diff := cmp.Diff(c.want, codes(areas.Resolve(c.text, c.within))); diff != "" {
			t.Errorf("%q within %q (-want +got):\n%s", c.text, c.within, diff)
		}
	}
	if got := areas.Resolve("开发区", ""); len(got) < 2 {
		t.Errorf("开发区 anywhere: %v, want several", codes(got))
	}
	if got := areas.Resolve("朝阳", ""); len(got) < 3 {
		t.Errorf("朝阳 anywhere: %v, want several", codes(got))
	}
}

func TestAreaTree(t *testing.T) {
	areas := library(t).Areas()
	counts := map[string]int{}
	retired := 0
	for _, n := range areas.Nodes() {
		if n.Retired {
			retired++
			if n.From != nil || n.To != nil {
				t.Errorf("%s %s: days that nobody knows: %v to %v", n.Code, n.Name, n.From, n.To)
			}
			continue
		}
		counts[n.Level]++
		if n.Level != content.Province && len(areas.Path(n.Code)) < 2 {
			t.Errorf("%s %s lies nowhere", n.Code, n.Name)
		}
	}
	// 126 rows of zones, of which 苏州高新区 is another name of a district
	want := map[string]int{content.Province: 34, content.City: 333, content.County: 2847, content.Zone: 125}
	if diff := cmp.Diff(want, counts); diff != "" || retired != 216 {
		t.Errorf("%d retired, in use (-want +got):\n%s", retired, diff)
	}
	below := areas.Below("320900")
	if len(below) != 12 || below[0] != "320900" {
		t.Errorf("Yancheng is itself, nine counties and two zones: %v", below)
	}
	for _, c := range []struct {
		code, in string
		want     bool
	}{
		{"zone:yancheng-yannan", "320900", true},
		{"zone:yancheng-yannan", "320000", true},
		{"320981", "320900", true},
		{"320900", "320900", true},
		{"320900", "320981", false},
		{"320982", "320900", true},
		{"", "320900", false},
		{"x", "x", false},
	} {
		if got := areas.Within(c.code, c.in); got != c.want {
			t.Errorf("%q within %q: %v", c.code, c.in, got)
		}
	}
	var path []string
	for _, n := range areas.Path("zone:320971") {
		path = append(path, n.Short)
	}
	if diff := cmp.Diff([]string{"江苏", "盐城", "盐城经开区"}, path); diff != "" {
		t.Errorf("path (-want +got):\n%s", diff)
	}
}

func TestIndustries(t *testing.T) {
	tree := library(t).Industries()
	for _, c := range []struct {
		text string
		want []string
	}{
		{"C3670", []string{"3670"}},
		{"c3670", []string{"3670"}},
		{"3670", []string{"3670"}},
		{"C", []string{"C"}},
		{"汽车零部件及配件制造", []string{"3670"}},
		{"制造业", []string{"C"}},
		{"汽车制造业", []string{"36"}},
		{"汽车制造", []string{"36"}},
		{"0111", []string{"0111"}},
		{"A0111", []string{"0111"}},
		{"9999", nil},
	} {
		if diff := cmp.Diff(c.want, codes(tree.Resolve(c.text, ""))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.text, diff)
		}
	}
	for _, c := range []struct {
		code, in string
		want     bool
	}{{"3670", "C", true}, {"C3670", "C36", true}, {"3670", "36", true}, {"3670", "37", false}, {"3670", "D", false}} {
		if got := tree.Within(c.code, c.in); got != c.want {
			t.Errorf("%s within %s: %v", c.code, c.in, got)
		}
	}
	counts := map[string]int{}
	for _, n := range tree.Nodes() {
		counts[n.Level]++
	}
	if diff := cmp.Diff(map[string]int{"section": 20, "division": 97, "group": 473, "class": 1381}, counts); diff != "" {
		t.Errorf("levels (-want +got):\n%s", diff)
	}
}

func TestFactDefinitions(t *testing.T) {
	lib := library(t)
	// What policies and the demo rely on: never rename one of these.
	for code, want := range map[string]content.Type{
		"ent.above_scale": content.Bool, "ent.revenue": content.Money, "ent.tech_investment": content.Money, "ent.employees": content.Int,
		"ent.size": content.Code, "ent.energy_tce": content.Decimal, "ent.founded": content.Date, "ent.contact_phone": content.Text,
		"ent.diagnosed_on": content.Date, "ent.diagnosis_fee": content.Money, "ent.cnc_rate": content.Rate, "ent.cloud_stars": content.Int,
		"ent.service_body": content.Code, "ent.service_sales": content.Money, "project.kind": content.Code, "project.is_digital": content.Bool,
		"project.investment": content.Money, "project.effective_input": content.Money, "project.other_city_award": content.Money,
		"loan.principal": content.Money, "loan.drawn_on": content.Date, "loan.for_digital": content.Bool, "lease.cost": content.Money,
		"honour.title": content.Code, "honour.awarded_on": content.Date, "honour.first_time": content.Bool, "honour.item": content.Text,
	} {
		if def, ok := lib.FactDef(code); !ok || def.Type != want {
			t.Errorf("%s: %v %v, want %v", code, def.Type, ok, want)
		}
	}
	revenue, _ := lib.FactDef("ent.revenue")
	if revenue.Min == nil || *revenue.Min != 0 || *revenue.Max != 5000*1e8*100 || revenue.Unit != "万元" {
		t.Errorf("bounds of the revenue are in fen: %v to %v, unit %s", revenue.Min, *revenue.Max, revenue.Unit)
	}
	founded, _ := lib.FactDef("ent.founded")
	if founded.Min == nil || period.Day(*founded.Min).String() != "1900-01-01" {
		t.Errorf("bound of a date: %v", founded.Min)
	}
	if s, e, x := lib.Rank(revenue, "statistics"), lib.Rank(revenue, "enterprise"), lib.Rank(revenue, "device"); !(s < e && e < x) {
		t.Errorf("ranks: statistics %d, enterprise %d, not named %d", s, e, x)
	}
	power, _ := lib.FactDef("ent.power_kwh")
	for word, want := range map[string]string{"万千瓦时": "1000000%", "kW·h": "100%", "度": "100%"} {
		if f, ok := lib.UnitFactor(power, word); !ok || f.String() != want {
			t.Errorf("%s: %v %v, want %s", word, f, ok, want)
		}
	}
	if _, ok := lib.UnitFactor(power, "吨标准煤"); ok {
		t.Error("coal is no electricity")
	}
	titles, _ := lib.CodeList("titles")
	for word, want := range map[string]string{
		"首台（套）": "first_equipment", "首台套": "first_equipment", "5g工厂": "fiveg_factory", "省五星级上云": "cloud_five_star", "nat_iiot_pilot": "nat_iiot_pilot",
	} {
		if e, ok := titles.Resolve(word); !ok || e.Code != want {
			t.Errorf("title %s: %s %v, want %s", word, e.Code, ok, want)
		}
	}
}

func TestTargets(t *testing.T) {
	var plan content.TargetPlan
	for _, p := range library(t).Targets() {
		if p.Code == "yancheng-2022" {
			plan = p
		}
	}
	if len(plan.Targets) != 42 {
		t.Fatalf("%d targets", len(plan.Targets))
	}
	for i, target := range plan.Targets {
		if want := fmt.Sprintf("B%d", 110+i); target.ID != want {
			t.Errorf("target %d: %s, want %s", i, target.ID, want)
		}
	}
}

// with is the shipped content with one file replaced.
func with(file, text string) fs.FS {
	return content.Overlay(contentdata.FS, fstest.MapFS{file: {Data: []byte(text)}})
}

func TestProblems(t *testing.T) {
	const head = "subject: lease\nsource: x\nconfidence: unverified\nclass: credit\nfacts:\n"
	fact := func(lines string) string {
		return head + "  - {code: lease.x, name: {zh: 甲, en: A}, " + lines + "}\n"
	}
	target := func(line string) string {
		return "code: x\ntitle: {zh: 甲, en: A}\ndocument: x\nissuer: x\narea: '320900'\nfrom: 2022-01-01\nto: 2024-12-31\nconfidence: verified\ntargets:\n" +
			"  - {id: B1, name: {zh: 甲, en: A}, " + line + ", span: each_year, quote: 甲}\n"
	}
	for _, c := range []struct{ name, file, text, want string }{
		{"type", "facts/lease.yaml", fact("type: monye, flow: flow, period: year, authority: [tax], sensitivity: public"), `6:49: "monye" is not one of`},
		{"unit", "facts/lease.yaml", fact("type: money, unit: 美元, flow: flow, period: year, authority: [tax], sensitivity: public"), `6:62: the unit of money "美元"`},
		{"authority", "facts/lease.yaml", fact("type: bool, flow: state, period: year, authority: [tax, taxx], sensitivity: public"), `"taxx"`},
		{"flow", "facts/lease.yaml", fact("type: int, flow: flow, period: always, authority: [tax], sensitivity: public"), "a flow belongs to a span"},
		{"bounds", "facts/lease.yaml", fact("type: int, flow: flow, period: year, min: '5', max: '4', authority: [tax], sensitivity: public"), "the lower bound 5"},
		{"codes", "facts/lease.yaml", fact("type: code, codes: nope, flow: state, period: year, authority: [tax], sensitivity: public"), `called "nope"`},
		{"prefix", "facts/lease.yaml", strings.Replace(fact("type: bool, flow: state, period: year, authority: [tax], sensitivity: public"), "lease.x", "ent.x", 1), "should look like lease.name"},
		{"word", "facts/lease.yaml", head + "  - {code: lease.x, name: {zh: 甲, en: A}, aliases: [丙], type: bool, flow: state, period: year, authority: [tax], sensitivity: public}\n" +
			"  - {code: lease.y, name: {zh: 乙, en: B}, aliases: [（丙）], type: bool, flow: state, period: year, authority: [tax], sensitivity: public}\n", "already stands for lease.x"},
		{"class", "facts/lease.yaml", strings.Replace(fact("type: bool, flow: state, period: year, authority: [tax], sensitivity: public"), "class: credit\n", "", 1), "the definition lease.x is in no class"},
		{"unknown class", "facts/lease.yaml", fact("type: bool, flow: state, period: year, authority: [tax], sensitivity: public, class: nope"), `there is no class "nope"`},
		{"unknown ground", "facts/lease.yaml", fact("type: bool, flow: state, period: year, authority: [tax], sensitivity: public, ground: nope"), `there is no ground "nope"`},
		{"personal without a ground", "facts/lease.yaml", fact("type: text, flow: state, period: year, authority: [tax], sensitivity: personal, purpose: {zh: 甲, en: A}, keep: {after: recorded, years: 1}"), "lease.x is about a person"},
		{"personal without a purpose", "facts/lease.yaml", fact("type: text, flow: state, period: year, authority: [tax], sensitivity: personal, ground: duty, keep: {after: recorded, years: 1}"), "lease.x is about a person"},
		{"personal without a term", "facts/lease.yaml", fact("type: text, flow: state, period: year, authority: [tax], sensitivity: personal, ground: duty, purpose: {zh: 甲, en: A}"), "lease.x is about a person"},
		{"personal for ever", "facts/lease.yaml", fact("type: text, flow: state, period: year, authority: [tax], sensitivity: personal, ground: duty, purpose: {zh: 甲, en: A}, keep: {after: never}"), "lease.x is about a person"},
		{"term", "facts/lease.yaml", fact("type: bool, flow: state, period: year, authority: [tax], sensitivity: public, keep: {after: recorded, years: 101}"), "101 is no term in years"},
		{"term of what stays", "facts/lease.yaml", fact("type: bool, flow: state, period: year, authority: [tax], sensitivity: public, keep: {after: never, years: 1}"), "1 is no term in years"},
		{"grade", "register.yaml", "source: x\nconfidence: unverified\nnote: {zh: 甲, en: A}\ngrades: []\ngrounds: []\nclasses: []\nrecords: []\n", "the grade public is missing"},
		{"parent", "areas/divisions.csv", "code,name,parent,level,sources\n320981,东台市,320900,county,M\n", `areas/divisions.csv:2:12: the code above, "320900"`},
		{"csv", "areas/divisions.csv", "code,name,parent,level,sources\n320000,江苏省\n", "a row of 5 columns"},
		{"header", "areas/aliases.csv", "code,name\n", `the header of column 2 is "name"`},
		{"quote", "targets/yancheng-2022.yaml", "code: x\ntitle: {zh: 甲, en: A}\ndocument: x\nissuer: x\narea: '320900'\nissued: 2022-01-28\nfrom: 2022-01-01\nto: 2024-12-31\nconfidence: verified\ntargets:\n" +
			"  - {id: B1, name: {zh: 甲, en: A}, compare: at_least, value: '1', span: each_year, quote: " + strings.Repeat("长", 31) + "}\n", "31 characters, more than 30"},
		{"range", "targets/yancheng-2022.yaml", target("compare: range, value: '1'"), "10:"},
		{"relation", "targets/yancheng-2022.yaml", target("compare: relation"), "a relation says with than which indicator"},
		{"change", "targets/yancheng-2022.yaml", target("compare: at_least, value: '1', change: more"), `"more" is not one of`},
		{"words with a number", "targets/yancheng-2022.yaml", target("compare: words, value: '1'"), "a relation or words has no value"},
		{"plan twice", "targets/yancheng-2022.yaml", strings.Replace(target("compare: words"), "code: x", "code: wuxi-2022", 1), `"wuxi-2022"`},
		{"key", "units.yaml", "kinds:\n  - unit: []\n", "did you mean units?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := content.Load(with(c.file, c.text))
			var problems content.Problems
			if !errors.As(err, &problems) || errs.KindOf(err) != errs.KindInvalid {
				t.Fatalf("got %v, want problems", err)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.file+":") {
				t.Errorf("got\n%v\nwant %q", err, c.want)
			}
		})
	}
}

func TestOverlay(t *testing.T) {
	o := content.Overlay(
		fstest.MapFS{"a/x": {Data: []byte("old x")}, "a/y": {Data: []byte("old y")}},
		fstest.MapFS{"a/x": {Data: []byte("new x")}, "a/z": {Data: []byte("new z")}},
	)
	if err := fstest.TestFS(o, "a/x", "a/y", "a/z"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"a/x": "new x", "a/y": "old y", "a/z": "new z"} {
		if b, err := fs.ReadFile(o, name); err != nil || string(b) != want {
			t.Errorf("%s: %q %v, want %q", name, b, err, want)
		}
	}
}
