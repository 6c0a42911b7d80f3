package fact

import (
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

func TestShow(t *testing.T) {
	for _, c := range []struct {
		def    content.FactDef
		state  State
		v      Value
		zh, en string
	}{
		{content.FactDef{Type: content.Money, Unit: "万元"}, Present, Value{Num: 123_450_000_00}, "12\u202f345 万元", "123\u202f450\u202f000.00 yuan"},
		{content.FactDef{Type: content.Money}, Present, Value{Num: -150}, "−1.5 元", "−1.50 yuan"},
		{content.FactDef{Type: content.Rate}, Present, Value{Num: 653_200}, "65.32%", "65.32%"},
		{content.FactDef{Type: content.Decimal, Unit: "吨标准煤"}, Present, Value{Num: 1_234_500_000}, "1\u202f234.5 吨标准煤", "1\u202f234.5 吨标准煤"},
		{content.FactDef{Type: content.Int, Unit: "人"}, Present, Value{Num: 1200}, "1\u202f200 人", "1\u202f200 人"},
		{content.FactDef{Type: content.Bool}, Present, Value{Num: 1}, "是", "yes"},
		{content.FactDef{Type: content.Date}, Present, Value{Num: 0}, "1970-01-01", "1970-01-01"},
		{content.FactDef{Type: content.Int}, None, Value{}, "无", "none"},
	} {
		got := Show(nil, c.def, c.state, c.v)
		if want := (i18n.Text{ZH: c.zh, EN: c.en}); got != want {
			t.Errorf("%+v %v: got %+v, want %+v", c.def, c.v, got, want)
		}
	}
}
