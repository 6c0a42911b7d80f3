package web

import (
	"math/big"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// inUnit is an amount in 万元 below a hundred million yuan and in 亿元 from there on, exact, with the unit's key.
func inUnit(a money.Fen) (num, unitKey string) {
	if a >= money.Yi || a <= -money.Yi {
		return i18n.Group(a.In(money.Yi)), "web.yi"
	}
	return i18n.Group(a.In(money.Wan)), "web.wan"
}

// inWords is the amount with its unit, for sentences and titles: 万元 and 亿元 in Chinese, plain yuan in English, which
// does not count by ten thousands.
func inWords(t i18n.T, a money.Fen) string {
	if t.Lang == i18n.EN {
		return i18n.Group(a.In(money.Yuan)) + " " + t.S("web.yuan")
	}
	num, unit := inUnit(a)
	return num + " " + t.S(unit)
}

// roundly is a sum with two decimals in its unit, for figures over many; the exact yuan stand in the hover.
func roundly(t i18n.T, a money.Fen) string {
	unit, key := money.Wan, "web.wan"
	switch {
	case t.Lang == i18n.EN:
		unit, key = 1_000_000*money.Yuan, "web.million"
	case a >= money.Yi || a <= -money.Yi:
		unit, key = money.Yi, "web.yi"
	}
	return i18n.Group(big.NewRat(int64(a), int64(unit)).FloatString(2)) + " " + t.S(key)
}

// unitText is a unit of the content in the reader's language.
func unitText(t i18n.T, unit string) string {
	key := "web.unit_" + unit
	if text := t.S(key); text != key {
		return text
	}
	return unit
}

// inBrackets is a remark behind a word, in the brackets of the reader's language.
func inBrackets(t i18n.T, text string) string { return t.S("web.in_brackets", text) }

// exactYuan is the whole amount, for the hover: "600 000.00 元".
func exactYuan(t i18n.T, a money.Fen) string { return i18n.Group(a.String()) + " " + t.S("web.yuan") }

// wan2 is an amount in 万元 with two decimals for columns of a table; the exact yuan stand in the hover.
func wan2(a money.Fen) string {
	return i18n.Group(big.NewRat(int64(a), int64(money.Wan)).FloatString(2))
}

// periodText is a period as people write it.
func periodText(t i18n.T, p period.Period) string { return fact.PeriodText(t, p) }

// fen is a cell of money.
func fen(c fact.Cell) money.Fen { return money.Fen(c.Value.Num) }
