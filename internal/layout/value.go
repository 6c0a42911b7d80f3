package layout

import (
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// number is a value that stands in a cell as a number, by its digits.
type number string

// value is what a record says, as the template's column wants it: nil, a text or a number. Words for what is missing are
// those that an import understands.
func (w *writer) value(c content.TableColumn, x *cell, v any) any {
	switch v := v.(type) {
	case int:
		return counted(x, int64(v))
	case int64:
		return counted(x, v)
	case money.Fen:
		return amount(c, x, v)
	case period.Day:
		return v.String()
	case bool:
		return yesNo(v)
	case string:
		if v == "" {
			return nil
		}
	case fact.Cell:
		return w.figure(c, x, v)
	}
	return v
}

func yesNo(yes bool) string {
	if yes {
		return "是"
	}
	return "否"
}

func counted(x *cell, n int64) any {
	return number(money.Fen(n).In(money.Fen(max(x.unit.Factor, 1))))
}

// amount is in the unit that the template names, else in the column's own.
func amount(c content.TableColumn, x *cell, n money.Fen) any {
	unit := money.Yuan
	if own, ok := sheet.UnitNamed(c.Unit); ok && own.Kind == sheet.UnitMoney {
		unit = money.Fen(own.Factor)
	}
	if !x.unit.IsZero() {
		unit = money.Fen(x.unit.Factor)
	}
	return number(n.In(unit))
}

// stateWord is the word for what is not there, "" for a value and for what nobody spoke of.
func stateWord(s fact.State) string {
	switch s {
	case fact.Missing:
		return "—"
	case fact.None:
		return "无"
	case fact.Withheld:
		return "***"
	}
	return ""
}

func (w *writer) figure(c content.TableColumn, x *cell, v fact.Cell) any {
	if v.State == fact.Unknown {
		return nil
	}
	if word := stateWord(v.State); word != "" {
		return word
	}
	n := v.Value.Num
	switch c.Type {
	case content.Money:
		return amount(c, x, money.Fen(n))
	case content.Int:
		return counted(x, n)
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
		return yesNo(n != 0)
	case content.Date:
		return period.Day(n).String()
	case content.Code:
		if def, ok := w.Library.FactDef(c.Role); ok {
			if list, ok := w.Library.CodeList(def.Codes); ok {
				if e, ok := list.Resolve(v.Value.Text); ok {
					return w.T.Text(e.Name)
				}
			}
		}
	}
	return v.Value.Text
}
