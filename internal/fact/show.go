package fact

import (
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Show is a value as people read it, in both languages: money in the definition's unit without rounding, with thin
// grouping; rates in percent; codes by their names (lib may be nil where the definition is no code); and a word for a
// state without a value.
func Show(lib *content.Library, def content.FactDef, state State, v Value) i18n.Text {
	if state != Present {
		key := "fact.state_" + state.String()
		return i18n.Text{ZH: i18n.T{Lang: i18n.ZH}.S(key), EN: i18n.T{Lang: i18n.EN}.S(key)}
	}
	switch def.Type {
	case content.Text:
		return same(v.Text)
	case content.Code:
		return showCode(lib, def, v.Text)
	case content.Bool:
		if v.Num != 0 {
			return i18n.Text{ZH: "是", EN: "yes"}
		}
		return i18n.Text{ZH: "否", EN: "no"}
	case content.Date:
		return same(period.Day(v.Num).String())
	case content.Money:
		unit, ok := money.UnitOf(def.Unit)
		name := def.Unit
		if !ok {
			unit, name = money.Yuan, "元"
		}
		return i18n.Text{ZH: i18n.Group(money.Fen(v.Num).In(unit)) + " " + name, EN: i18n.Group(money.Fen(v.Num).String()) + " yuan"}
	case content.Rate:
		return same(millionths(v.Num*100) + "%")
	case content.Decimal:
		return same(withUnit(i18n.Group(millionths(v.Num)), def.Unit))
	default:
		return same(withUnit(i18n.Group(strconv.FormatInt(v.Num, 10)), def.Unit))
	}
}

func same(s string) i18n.Text { return i18n.Text{ZH: s, EN: s} }

func showCode(lib *content.Library, def content.FactDef, code string) i18n.Text {
	if lib != nil {
		if list, ok := lib.CodeList(def.Codes); ok {
			if e, ok := list.Entry(code); ok {
				return e.Name
			}
		}
	}
	return same(code)
}

func withUnit(s, unit string) string {
	if unit == "" {
		return s
	}
	return s + " " + unit
}

// millionths is n/1,000,000 without needless zeros.
func millionths(n int64) string {
	sign := ""
	u := uint64(n)
	if n < 0 {
		sign, u = "-", -uint64(n)
	}
	frac := strings.TrimRight(strconv.FormatUint(1_000_000+u%1_000_000, 10)[1:], "0")
	if frac != "" {
		frac = "." + frac
	}
	return sign + strconv.FormatUint(u/1_000_000, 10) + frac
}

// PeriodText is a period as people write it: 2022年, 2022年8月, January to August 2022.
func PeriodText(t i18n.T, p period.Period) string {
	first, last, ok := p.Span()
	if !ok {
		return t.S("fact.period_none")
	}
	y, m, _ := first.YMD()
	_, to, _ := last.YMD()
	switch p.Kind() {
	case period.Year:
		return t.S("fact.period_year", y)
	case period.Month:
		return t.S("fact.period_month", y, m)
	case period.Half, period.Quarter, period.YearToDate:
		return t.S("fact.period_span", y, m, to)
	}
	return first.String()
}
