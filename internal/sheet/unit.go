package sheet

import (
	"strings"

	"golang.org/x/text/width"

	"github.com/yanzhen/yanzhen/internal/hanzi"
)

// UnitKind groups units that measure the same sort of thing.
type UnitKind string

// The kinds. Foreign is money that is not yuan: it is recognised in order to be refused.
const (
	UnitMoney   UnitKind = "money"
	UnitForeign UnitKind = "foreign"
	UnitRate    UnitKind = "rate"
	UnitOther   UnitKind = "other"
)

// Unit is a unit of measure. The zero Unit is none.
type Unit struct {
	Name   string // 万元
	Kind   UnitKind
	Base   string // what Factor counts: "fen", "ppm", "千瓦时", "人" …
	Factor int64  // worth of one in Base
}

// IsZero says that there is no unit.
func (u Unit) IsZero() bool { return u.Name == "" }

// units is by folded name. Money with its multiples is written out; counts take 万 and 亿 before their name.
var units = func() map[string]Unit {
	all := map[string]Unit{}
	add := func(u Unit, names ...string) {
		for _, n := range append(names, u.Name) {
			all[foldUnit(n)] = u
		}
	}
	fen := func(name string, factor int64, aliases ...string) {
		add(Unit{name, UnitMoney, "fen", factor}, aliases...)
	}
	fen("分", 1)
	fen("元", 100, "人民币元", "人民币", "rmb", "cny", "yuan", "rmb yuan", "￥", "¥", "圆", "块")
	fen("百元", 100_00, "100 yuan")
	fen("千元", 1_000_00, "1000 yuan", "1 000 yuan", "thousand yuan")
	fen("万元", 10_000_00, "万", "人民币万元", "万元人民币", "10 000 yuan", "10,000 yuan", "10000 yuan", "rmb 10,000", "万圆")
	fen("十万元", 100_000_00)
	fen("百万元", 1_000_000_00, "million yuan", "1 000 000 yuan", "rmb million")
	fen("千万元", 10_000_000_00, "10 million yuan")
	fen("亿元", 100_000_000_00, "亿", "人民币亿元", "亿元人民币", "100 million yuan", "100,000,000 yuan")
	fen("十亿元", 1_000_000_000_00, "billion yuan")
	fen("万亿元", 1_000_000_000_000_00, "trillion yuan")
	for _, currency := range []string{"美元", "欧元", "港元", "港币", "日元", "英镑", "韩元", "新台币"} {
		for _, scale := range []string{"", "千", "万", "百万", "亿"} {
			add(Unit{scale + currency, UnitForeign, currency, 1})
		}
	}
	add(Unit{"美元", UnitForeign, "美元", 1}, "usd", "us$", "us dollar", "us dollars", "$")
	add(Unit{"万美元", UnitForeign, "美元", 10_000}, "10 000 us dollars", "usd 10,000", "10 000 usd")
	add(Unit{"%", UnitRate, "ppm", 10_000}, "％", "百分比", "百分数", "百分点", "个百分点", "percent", "pct")
	add(Unit{"‰", UnitRate, "ppm", 1_000}, "千分比")
	count := func(base string, factor int64, names ...string) {
		for _, n := range names {
			add(Unit{n, UnitOther, base, factor})
			add(Unit{"万" + n, UnitOther, base, factor * 10_000})
			add(Unit{"亿" + n, UnitOther, base, factor * 100_000_000})
		}
	}
	count("人", 1, "人", "名", "人次", "person", "persons")
	count("个", 1, "家", "户", "个", "项", "件", "条", "次", "种", "份", "篇", "期", "处", "座", "套", "台", "台套", "台/套", "台（套）", "辆", "只", "组", "颗", "星", "年", "月", "天", "小时", "set", "sets", "unit", "units")
	count("千瓦时", 1, "千瓦时", "度", "kwh", "kw.h", "kw·h", "千瓦小时")
	count("千瓦时", 1000, "兆瓦时", "mwh")
	count("吨标准煤", 1, "吨标准煤", "吨标煤", "tce", "吨ce")
	count("吨", 1, "吨", "t", "ton", "tons")
	count("平方米", 1, "平方米", "㎡", "m2", "m²")
	count("立方米", 1, "立方米", "m3", "m³", "方")
	count("亩", 1, "亩")
	count("千瓦", 1, "千瓦", "kw")
	count("千伏安", 1, "千伏安", "kva")
	return all
}()

func foldUnit(s string) string {
	s = hanzi.Simplified(strings.ToLower(width.Fold.String(s)))
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "\u00a0", " ")), " ")
}

// UnitNamed is the unit of a name, full width or not, in any case.
func UnitNamed(name string) (Unit, bool) {
	name = foldUnit(name)
	if u, ok := units[name]; ok {
		return u, true
	}
	u, ok := units[strings.ReplaceAll(name, " ", "")]
	return u, ok
}
