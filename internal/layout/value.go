package layout

import (
	"math/big"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// number is a value that stands in a cell as a number, by its digits.
type number string

// quantity is a number as a figure, a target or a report has it: fen of an amount, a share of 1 of what is told in per cent, else a number in a unit.
// Without a value it is not known.
type quantity struct {
	value       *big.Rat
	money, rate bool
	unit        string // in which it is told where the template names none
	places      int    // decimals that pages show
}

// decimal is a number that has as many decimals as its cell shows: those of the pages where the cell has no format of its own. places is below
// zero where its digits are few and all of them are wanted.
type decimal struct {
	value  *big.Rat
	places int
}

// share is a part of 1. per is in how many millionths the template tells it, 0 where it does not say: then the cell's own format does.
type share struct {
	decimal
	per int64
}

// Decimals beyond those of the pages, for a cell that has a format of its own, and those of what is told in full.
const (
	morePlaces = 6
	fullPlaces = 6
)

// digits is a number with so many decimals at most.
func digits(r *big.Rat, places int) string {
	if places < 0 {
		places = fullPlaces
	}
	text := r.FloatString(places)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}

func (d decimal) String() string { return digits(d.value, d.places) }

// told is a share in the unit that the template tells it in.
func (s share) told() decimal {
	return decimal{new(big.Rat).Mul(s.value, big.NewRat(1_000_000, s.per)), s.places}
}

func (s share) String() string {
	if s.per > 0 {
		return s.told().String()
	}
	return digits(new(big.Rat).Mul(s.value, big.NewRat(100, 1)), s.places) + "%"
}

// value is what a record says, as the template's column wants it: nil, a text, a number, a decimal or a share. Words for what is missing are those
// that an import understands.
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
	case quantity:
		if told := v.in(c, x); told != nil {
			return told
		}
		w.unknown++
		return nil
	case string:
		if v == "" {
			return nil
		}
	case fact.Cell:
		if v.State == fact.Unknown {
			w.unknown++
			return nil
		}
		return w.figure(c, x, v)
	}
	return v
}

// in is a quantity in the unit that the template names, else in its own; nil for what is not known, or is in no such unit.
func (q quantity) in(c content.TableColumn, x *cell) any {
	if q.value == nil {
		return nil
	}
	unit := x.unit
	switch {
	case q.money:
		if own, ok := sheet.UnitNamed(q.unit); unit.IsZero() && ok && own.Kind == sheet.UnitMoney {
			unit = own
		}
		if unit.IsZero() {
			unit, _ = sheet.UnitNamed("元")
		}
		if unit.Kind != sheet.UnitMoney {
			return nil
		}
		return number(fenOf(q.value).In(money.Fen(unit.Factor)))
	case q.rate:
		s := share{decimal{q.value, q.places}, 0}
		switch {
		case unit.Kind == sheet.UnitRate:
			s.per = unit.Factor
		case !unit.IsZero():
			return nil
		case x.rate == sheet.RateFraction:
			return decimal{q.value, q.places + 2}
		case x.rate == sheet.RatePercent || c.Mixed: // whose unit another column names
			s.per = 10_000
		}
		return s
	}
	own, known := sheet.UnitNamed(q.unit)
	switch {
	case unit.IsZero() || known && own.Name == unit.Name:
		return decimal{q.value, q.places}
	case !known || own.Base != unit.Base:
		return nil
	case own.Factor == unit.Factor:
		return decimal{q.value, q.places}
	}
	return decimal{new(big.Rat).Mul(q.value, big.NewRat(own.Factor, unit.Factor)), -1}
}

// fenOf is an amount in whole fen.
func fenOf(v *big.Rat) money.Fen {
	n, _ := new(big.Int).SetString(v.FloatString(0), 10)
	return money.Fen(n.Int64())
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
		return share{decimal{big.NewRat(n, 1_000_000), -1}, 0}
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
