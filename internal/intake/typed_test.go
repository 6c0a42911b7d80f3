package intake

import (
	"testing"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
)

func TestTyped(t *testing.T) {
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		def, text, unit string
		state           fact.State // Unknown: refused
		num             int64
		word, shown     string
	}{
		{"ent.revenue", " 12,345.67 ", "", fact.Present, 12_345_670_000, "", "12,345.67万元"},
		{"ent.revenue", "1.5", "亿元", fact.Present, 15_000_000_000, "", "1.5亿元"},
		{"ent.revenue", "500万元", "元", fact.Present, 500_000_000, "", "500万元"},
		{"ent.revenue", "壹佰元整", "", fact.Present, 10_000, "", "壹佰元整"},
		{"ent.revenue", "无", "", fact.None, 0, "", "无"},
		{"ent.revenue", "", "", fact.Unknown, 0, "", ""},
		{"ent.revenue", "多", "", fact.Unknown, 0, "", ""},
		{"ent.revenue", "300-500", "", fact.Unknown, 0, "", ""},
		{"ent.employees", "210", "", fact.Present, 210, "", "210"},
		{"ent.employees", "2.5", "", fact.Unknown, 0, "", ""},
		{"ent.employees", "-1", "", fact.Unknown, 0, "", ""},
		{"ent.above_scale", "是", "", fact.Present, 1, "", "是"},
		{"ent.above_scale", "否", "", fact.Present, 0, "", "否"},
		{"ent.founded", "2003年5月6日", "", fact.Present, 12_178, "", "2003年5月6日"},
		{"ent.founded", "1800-01-01", "", fact.Unknown, 0, "", ""},
		{"ent.size", "small", "", fact.Present, 0, "small", "small"},
		{"ent.size", "小型", "", fact.Present, 0, "small", "小型"},
		{"ent.size", "很大", "", fact.Unknown, 0, "", ""},
	} {
		def, ok := lib.FactDef(c.def)
		if !ok {
			t.Fatalf("no definition %s", c.def)
		}
		got, err := Typed(lib, def, c.text, c.unit)
		if c.state == fact.Unknown {
			if errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("%s %q: %+v, %v", c.def, c.text, got, err)
			}
			continue
		}
		want := fact.Statement{Def: c.def, State: c.state, Value: fact.Value{Num: c.num, Text: c.word}, Shown: c.shown}
		if got != want || err != nil {
			t.Errorf("%s %q in %q: %+v, %v; want %+v", c.def, c.text, c.unit, got, err, want)
		}
	}
}
