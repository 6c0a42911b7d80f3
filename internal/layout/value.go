package layout

import (
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// number is a value that stands in a cell as a number, by its digits.
type number string

// when is the period that a column shows.
func (x *cell) when(def content.FactDef, q fact.Listing) period.Period {
	if def.Period == period.Always || x.period.Kind() == period.Always {
		return fact.ColumnPeriod(def, q.Year)
	}
	return x.period
}

// value is a figure as the template's column wants it. Words for what is missing are those that an import understands.
func (f *Filler) value(def content.FactDef, x *cell, c fact.Cell) any {
	switch c.State {
	case fact.Present:
	case fact.Missing:
		return "—"
	case fact.None:
		return "无"
	case fact.Withheld:
		return "***"
	default:
		return nil
	}
	n := c.Value.Num
	switch def.Type {
	case content.Money:
		unit := money.Fen(100)
		if own, ok := sheet.UnitNamed(def.Unit); ok && own.Kind == sheet.UnitMoney {
			unit = money.Fen(own.Factor)
		}
		if !x.unit.IsZero() {
			unit = money.Fen(x.unit.Factor)
		}
		return number(money.Fen(n).In(unit))
	case content.Int:
		return number(money.Fen(n).In(money.Fen(max(x.unit.Factor, 1))))
	case content.Decimal:
		return number(money.Fen(n).In(1_000_000 * money.Fen(max(x.unit.Factor, 1))))
	case content.Rate:
		switch x.rate {
		case sheet.RatePercent:
			return number(money.Fen(n).In(10_000))
		case sheet.RateFraction:
			return number(money.Fen(n).In(1_000_000))
		}
		return money.PPM(n).String()
	case content.Bool:
		if n != 0 {
			return "是"
		}
		return "否"
	case content.Date:
		return period.Day(n).String()
	case content.Code:
		if list, ok := f.Library.CodeList(def.Codes); ok {
			if e, ok := list.Resolve(c.Value.Text); ok {
				return f.T.Text(e.Name)
			}
		}
	}
	return c.Value.Text
}

// identity is what a column says of the enterprise itself, or of the row.
func (f *Filler) identity(x *cell, name, code, area, industry string, row int, q fact.Listing) any {
	switch x.target {
	case "party.name":
		return name
	case "party.uscc":
		return code
	case "party.area":
		if n, ok := f.Library.Areas().Node(area); ok {
			return n.Name
		}
		return area
	case "party.industry":
		if n, ok := f.Library.Industries().Node(industry); ok {
			return n.Name
		}
		return industry
	case "row.number":
		return number(strconv.Itoa(row))
	case "row.period":
		return strconv.Itoa(q.Year)
	}
	return nil
}
