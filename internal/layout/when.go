package layout

import (
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// period reads the period of a placeholder, which may be named from that of the table: 累计, 上年同期.
func (f *Filler) period(text string, table *Table) (period.Period, bool) {
	if p, err := sheet.ParsePeriod(text, table.Year); err == nil {
		return p, true
	}
	base := table.Period
	if base.Kind() == period.Always {
		base = period.OfYear(table.Year)
	}
	return f.relative(text, base)
}

func anyOf(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// relative is a period that is named from another one: the month, quarter or year in which that ends, the year up to there, the period before, and
// any of them a year before. False for words that name none. What a figure is compared with (比上年同期增长) is not of what it is compared with.
func (f *Filler) relative(words string, base period.Period) (p period.Period, ok bool) {
	_, last, has := base.Span()
	if !has {
		return base, false
	}
	words = strings.ToLower(words)
	y, m, _ := min(last, max(f.Today, period.Date(base.YearOf(), 1, 1))).YMD()
	p, ok = base, true
	switch {
	case anyOf(words, "累计", "年初至今", "今年以来", "1-本月", "1—本月", "1至本月", "to date"):
		p = period.ToMonth(y, m)
	case anyOf(words, "本月", "当月", "this month"):
		p = period.OfMonth(y, m)
	case anyOf(words, "本季", "当季", "this quarter"):
		p = period.OfQuarter(y, (m+2)/3)
	case anyOf(words, "本年", "全年", "当年", "今年", "this year"):
		p = period.OfYear(y)
	case anyOf(words, "本期", "this period"):
	case anyOf(words, "上月", "last month"):
		p, ok = period.OfMonth(y, m).Before()
		return p, ok
	case anyOf(words, "上季", "last quarter"):
		p, ok = period.OfQuarter(y, (m+2)/3).Before()
		return p, ok
	case anyOf(words, "上期") && !anyOf(words, "比上期", "较上期"):
		p, ok = base.Before()
		return p, ok
	default:
		ok = false
	}
	if anyOf(words, "上年", "去年", "同期", "year before") && !anyOf(words, "比上年", "较上年", "比去年", "较去年", "比同期", "较同期") {
		p, ok = p.YearBefore()
	}
	return p, ok
}

// told is the period of a column: that which its header names, or names from that of the table; said is false where it names none. The period in a
// title is that of the table, unless it is no more than the year of it.
func (f *Filler) told(l *sheet.Layout, c sheet.Column, table *Table, column content.TableColumn) (p period.Period, said bool) {
	if table.Period.Kind() == period.Always {
		return c.Period, false
	}
	base := table.Period
	if l.Period.Kind() != period.Always && !(l.Period.Kind() == period.Year && l.Period.YearOf() == base.YearOf()) {
		base = l.Period
	}
	rest := c.Header
	if column.Role != table.Bare {
		rest = strings.ReplaceAll(strings.ReplaceAll(rest, column.Name.ZH, ""), column.Name.EN, "")
	}
	if p, ok := f.relative(rest, base); ok {
		return p, true
	}
	for part := range strings.SplitSeq(c.Header, " / ") {
		if p, err := sheet.ParsePeriod(part, base.YearOf()); err == nil {
			return p, true
		}
	}
	if c.Period.Kind() != period.Always && c.Period != l.Period {
		return c.Period, true
	}
	return base, false
}
