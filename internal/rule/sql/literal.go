package sql

import (
	"math/big"
	"strings"

	"github.com/yanzhen/yanzhen/internal/rule"
)

// quoted is a text as a literal, whatever the server takes a backslash for.
func quoted(s string) string {
	lit := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + strings.ReplaceAll(lit, `\`, `\\`)
	}
	return lit
}

// list is texts as literals, for IN.
func list(texts []string) string {
	all := make([]string, len(texts))
	for i, s := range texts {
		all[i] = quoted(s)
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// ident is a name as an identifier.
func ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// number is a whole number; typed, or constants would be reckoned with in 32 bits.
func number(n *big.Int) string { return "numeric '" + n.String() + "'" }

// constant is a value as a literal, over the denominator of its node.
func constant(v rule.Value) string {
	switch v.Type() {
	case rule.BoolType:
		if v.Bool() {
			return "TRUE"
		}
		return "FALSE"
	case rule.TextType:
		return quoted(v.Text())
	case rule.DayType:
		return "date '" + v.Day().String() + "'"
	case rule.RateType:
		return number(v.Rate().Rat().Num())
	case rule.IntType:
		return number(big.NewInt(v.Int()))
	case rule.DecimalType:
		return number(big.NewInt(v.Millionths()))
	}
	return number(big.NewInt(int64(v.Fen())))
}

// over is the denominator that the numerators of a node share: a number, times columns.
type over struct {
	by   *big.Int
	cols []string // identifiers, sorted; one may stand there twice
}

var one, millionth = big.NewInt(1), big.NewInt(1_000_000)

// overOf is the denominator of a type whose numbers have one and the same.
func overOf(t rule.Type) over {
	if t == rule.DecimalType {
		return over{by: millionth}
	}
	return over{by: one}
}

// times is the denominator of a product.
func (o over) times(p over) over {
	return over{new(big.Int).Mul(o.by, p.by), merge(o.cols, p.cols, func(a, b int) int { return a + b })}
}

// common is a denominator that both divide.
func (o over) common(p over) over {
	g := new(big.Int).GCD(nil, nil, o.by, p.by)
	by := new(big.Int).Mul(o.by, new(big.Int).Quo(p.by, g))
	return over{by, merge(o.cols, p.cols, func(a, b int) int { return max(a, b) })}
}

// factor is what numerators over o are multiplied with, to stand over a common denominator: "" for one.
func (o over) factor(common over) string {
	var all []string
	if by := new(big.Int).Quo(common.by, o.by); by.Cmp(one) != 0 {
		all = append(all, number(by))
	}
	all = append(all, merge(common.cols, o.cols, func(a, b int) int { return a - b })...)
	return strings.Join(all, " * ")
}

// sql is the denominator itself.
func (o over) sql() string { return strings.Join(append([]string{number(o.by)}, o.cols...), " * ") }

// merge gives each column as often as times says, by how often it stands in both.
func merge(a, b []string, times func(a, b int) int) []string {
	var all []string
	for len(a)+len(b) > 0 {
		var next string
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] <= b[0]:
			next = a[0]
		default:
			next = b[0]
		}
		n, m := leading(a, next), leading(b, next)
		for range times(n, m) {
			all = append(all, next)
		}
		a, b = a[n:], b[m:]
	}
	return all
}

// leading is how often a sorted list begins with a word.
func leading(all []string, word string) int {
	n := 0
	for n < len(all) && all[n] == word {
		n++
	}
	return n
}
