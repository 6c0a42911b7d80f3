package sheet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// maxRunningText is how much running text is looked at, in bytes: a quotation or a clause, not a document.
const maxRunningText = 4_000

// maxUnitName is longer than any unit behind a number, in characters.
const maxUnitName = 8

// Quantity is a number in running text with the unit behind it. 12%, 百分之十二 and 12％ are one quantity; so are 500万元,
// 5,000,000元, 五百万元 and 伍佰万元.
type Quantity struct {
	Text string // as written, in plain width
	Unit Unit   // the zero Unit: none is named

	value  decimal
	scaled bool  // the number itself counted in 万 or 亿
	part   int64 // in 三分之一, the 3
}

// Quantities is the numbers of a running text, in order. Where several share the unit of the last (1、3、5亿元, 10%~12%),
// each has it. Dates and what is no number are passed over; text beyond 4,000 bytes is not looked at.
func Quantities(text string) []Quantity {
	rest := fold(strings.ToValidUTF8(text[:min(len(text), maxRunningText)], " "))
	var all []Quantity
	open := 0 // how many of the last wait for a unit
	for rest != "" {
		r, size := utf8.DecodeRuneInString(rest)
		if !unicode.IsDigit(r) && !isNumeral(r) && fractionOf(rest) == 0 {
			if open > 0 && !strings.ContainsRune("、,~-—–至到和或及 ", r) {
				open = 0
			}
			rest = rest[size:]
			continue
		}
		if day := dateInText.FindStringIndex(rest); day != nil && day[0] == 0 {
			rest, open = rest[day[1]:], 0
			continue
		}
		q, after, ok := cutQuantity(rest)
		if !ok {
			rest = afterNumber(rest)
			continue
		}
		q.Text, rest = strings.TrimSpace(rest[:len(rest)-len(after)]), after
		all = append(all, q)
		if open++; q.Unit.IsZero() {
			continue
		}
		share(all[len(all)-open:])
		open = 0
	}
	return all
}

// share gives the unit of the last to those before it that have none, and its 万 or 亿 where they named neither.
func share(list []Quantity) {
	last := list[len(list)-1]
	for i := range list[:len(list)-1] {
		q := &list[i]
		if q.Unit = last.Unit; last.scaled && !q.scaled {
			_, multiple, _ := parseOneOf(last.Text)
			q.value, q.scaled = q.value.shift(multiple), true
		}
	}
}

// parseOneOf is the number at the beginning of a text with the power of ten that its last multiple stands for.
func parseOneOf(text string) (value decimal, power int, err error) {
	n, _, err := parseOne(text)
	return n.value, n.power, err
}

// fractions by the words that begin them.
var fractions = []struct {
	word string
	part int64
}{{"百分之", 100}, {"千分之", 1000}, {"万分之", 10_000}}

func fractionOf(s string) int64 {
	for _, f := range fractions {
		if strings.HasPrefix(s, f.word) {
			return f.part
		}
	}
	return 0
}

// cutQuantity reads a number and its unit off the front.
func cutQuantity(s string) (q Quantity, rest string, ok bool) {
	if part := fractionOf(s); part > 0 {
		s = s[len("百分之"):]
		n, rest, ok := cutNumber(s)
		return Quantity{value: n.value, part: part, Unit: units["%"]}, rest, ok
	}
	n, rest, ok := cutNumber(s)
	if !ok {
		return q, s, false
	}
	if q, after, ok := cutFraction(n, rest); ok {
		return q, after, true
	}
	q = Quantity{value: n.value, scaled: n.scaled}
	q.Unit, rest = cutUnit(rest)
	return q, rest, true
}

// cutFraction reads what follows the first number of 三分之一 and 1/3. 2022/1/28 is none.
func cutFraction(n oneNumber, rest string) (q Quantity, after string, ok bool) {
	below, inWords := strings.CutPrefix(rest, "分之")
	if !inWords {
		if below, ok = strings.CutPrefix(rest, "/"); !ok {
			return q, rest, false
		}
	}
	m, after, ok := cutNumber(below)
	over, part := m.value, n.value
	if !inWords {
		over, part = part, over
	}
	whole, fits := part.whole()
	if !ok || !fits || whole <= 0 || strings.HasPrefix(after, "/") {
		return q, rest, false
	}
	return Quantity{value: over, part: whole, Unit: units["%"]}, after, true
}

// cutNumber is parseOne for a text in which anything may follow: marks that do not part thousands end the number.
func cutNumber(s string) (n oneNumber, rest string, ok bool) {
	if s == "" {
		return n, s, false
	}
	if r, _ := utf8.DecodeRuneInString(s); !unicode.IsDigit(r) && !isNumeral(r) {
		return n, s, false
	}
	n, rest, err := parseOne(s)
	if err == nil {
		return n, rest, true
	}
	end := 0
	for end < len(s) && (s[end] >= '0' && s[end] <= '9' || s[end] == '.' && end+1 < len(s) && s[end+1] >= '0' && s[end+1] <= '9') {
		end++
	}
	if end == 0 {
		return n, s, false
	}
	n, _, err = parseOne(s[:end])
	return n, s[end:], err == nil
}

// afterNumber passes over what looked like a number and is none: 1.2.3.
func afterNumber(s string) string {
	if rest := strings.TrimLeft(s, "0123456789."); len(rest) < len(s) {
		return rest
	}
	_, size := utf8.DecodeRuneInString(s)
	return s[size:]
}

// cutUnit reads the longest name of a unit off the front; a unit in brackets counts too: 500(万元).
func cutUnit(s string) (u Unit, rest string) {
	rest = strings.TrimLeft(s, " ")
	best, n := 0, 0
	for i := range rest {
		if n++; n > maxUnitName {
			break
		}
		_, size := utf8.DecodeRuneInString(rest[i:])
		if found, ok := UnitNamed(rest[:i+size]); ok && strings.TrimSpace(rest[i:i+size]) != "" {
			u, best = found, i+size
		}
	}
	if best == 0 {
		return Unit{}, s
	}
	return u, rest[best:]
}

// Fen is the sum of money that it is. A bare 500万 is taken for yuan; ok is false for what is no money and what does not
// come to whole fen.
func (q Quantity) Fen() (fen money.Fen, ok bool) {
	unit := q.Unit
	if unit.IsZero() && q.scaled {
		unit = units["元"]
	}
	if unit.Kind != UnitMoney || q.part > 0 {
		return 0, false
	}
	n, rounded, ok := q.value.times(unit.Factor)
	return money.Fen(n), ok && !rounded
}

// Rate is the rate that it is, exactly; ok is false for what is none.
func (q Quantity) Rate() (rate money.Rate, ok bool) {
	if q.Unit.Kind != UnitRate {
		return money.Rate{}, false
	}
	part := q.part
	if part == 0 {
		part = 1_000_000 / q.Unit.Factor
	}
	d := q.value.tidy()
	num, fits := decimal{digits: d.digits}.whole()
	if !fits || d.scale < 0 || d.scale > 9 || part > 1_000_000_000 {
		return money.Rate{}, false
	}
	rate, err := money.NewRate(num, part*int64(pow10[d.scale]))
	return rate, err == nil
}

// Millionths is the bare number in millionths, whatever its unit; ok is false where it does not fit.
func (q Quantity) Millionths() (n int64, ok bool) {
	if q.part > 0 {
		return 0, false
	}
	n, rounded, ok := q.value.times(1_000_000)
	return n, ok && !rounded
}

// Same says that two quantities are one, however they are written. Units that measure the same thing are reckoned with;
// what is neither money nor a rate must have the same unit, or name none on one of the two sides.
func (q Quantity) Same(p Quantity) bool {
	if a, ok := q.Fen(); ok {
		b, same := p.Fen()
		return same && a == b
	}
	if a, ok := q.Rate(); ok {
		b, same := p.Rate()
		return same && a.Cmp(b) == 0
	}
	if q.Unit.Kind == UnitMoney || p.Unit.Kind == UnitMoney || p.Unit.Kind == UnitRate {
		return false
	}
	worth := func(q Quantity) int64 { return max(q.Unit.Factor, 1) }
	a, _, ok1 := q.value.times(worth(q))
	b, _, ok2 := p.value.times(worth(p))
	return ok1 && ok2 && a == b && (q.Unit.IsZero() || p.Unit.IsZero() || q.Unit.Base == p.Unit.Base)
}

// Days is the dates that a running text names with year, month and day, in order.
func Days(text string) []period.Day {
	var all []period.Day
	for _, found := range dateInText.FindAllString(fold(strings.ToValidUTF8(text[:min(len(text), maxRunningText)], " ")), -1) {
		if day, precision, err := ParseDay(found); err == nil && precision == period.DayKind {
			all = append(all, day)
		}
	}
	return all
}
