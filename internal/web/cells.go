package web

import (
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// factText is a value as people read it, with its unit.
func factText(t i18n.T, lib *content.Library, def content.FactDef, state fact.State, v fact.Value, p fact.Precision) string {
	if state != fact.Present {
		return t.S("fact.state_" + state.String())
	}
	text := valueText(t, lib, def, v)
	switch p {
	case fact.Approx:
		return t.S("web.about", text)
	case fact.AtLeast:
		return t.S("web.at_least", text)
	}
	return text
}

func valueText(t i18n.T, lib *content.Library, def content.FactDef, v fact.Value) string {
	unit := ""
	if def.Unit != "" {
		unit = " " + unitText(t, def.Unit)
	}
	switch def.Type {
	case content.Money:
		return inWords(t, money.Fen(v.Num))
	case content.Rate:
		return money.PPM(v.Num).String()
	case content.Int:
		return i18n.Group(money.Fen(v.Num).In(1)) + unit
	case content.Decimal:
		return i18n.Group(money.Fen(v.Num).In(1_000_000)) + unit
	case content.Bool:
		return yesNo(t, v.Num != 0)
	case content.Date:
		return period.Day(v.Num).String()
	case content.Code:
		return codeName(t, lib, def, v.Text)
	}
	return v.Text
}

// isNumber says that values stand to the right of their column.
func isNumber(def content.FactDef) bool {
	switch def.Type {
	case content.Money, content.Rate, content.Int, content.Decimal:
		return true
	}
	return false
}

// instant is a moment as Beijing reads it, to the minute.
func instant(ms int64) string { return clock.Minute(ms) }

// exportCell is a value for a sheet: amounts in yuan, whole numbers as numbers, the rest as text.
func exportCell(t i18n.T, lib *content.Library, def content.FactDef, c fact.Cell) any {
	switch {
	case c.State == fact.Unknown:
		return nil
	case !c.Known:
		return factText(t, lib, def, c.State, c.Value, c.Precision)
	case def.Type == content.Money:
		return money.Fen(c.Value.Num)
	case def.Type == content.Int:
		return c.Value.Num
	}
	return valueText(t, lib, def, c.Value)
}

// columnTitle is a definition as the head of an exported column, with the unit of its numbers.
func columnTitle(t i18n.T, def content.FactDef) string {
	switch {
	case def.Type == content.Money:
		return t.Text(def.Name) + inBrackets(t, t.S("web.yuan"))
	case def.Unit != "":
		return t.Text(def.Name) + inBrackets(t, unitText(t, def.Unit))
	}
	return t.Text(def.Name)
}

// factTitle is the hover of a value: the exact amount and who said it.
func factTitle(c factCell) string {
	if c.Exact == "" {
		return c.Source
	}
	return c.Exact + " · " + c.Source
}
