package sheet

import (
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/money"
)

// ParseAmount reads a sum of money in digits or words, in the unit that the text names or else in the given one. It
// is exact: what has more decimals than fen is rounded half away from zero and says so.
func ParseAmount(text string, unit Unit) (Amount, error) {
	if a, ok, err := wordsToFen(fold(text)); ok || err != nil {
		return a, err
	}
	m, err := parseMeasure(text)
	if err != nil {
		return Amount{}, err
	}
	return m.amount(text, unit)
}

func (m measure) amount(text string, unit Unit) (Amount, error) {
	a := Amount{Precision: m.precision}
	tail := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(m.tail), "整"), "人民币")
	switch {
	case tail == "" && m.scaled: // 1.06万: the cell counts for itself, in yuan
		unit, a.UnitSaid = units["元"], true
	case tail != "":
		u, ok := UnitNamed(tail)
		if !ok {
			return Amount{}, badValue("sheet.value.tail", preview([]byte(text)), tail)
		}
		unit, a.UnitSaid = u, true
	}
	switch unit.Kind {
	case UnitMoney:
	case UnitForeign:
		return Amount{}, badValue("sheet.amount.foreign", preview([]byte(text)), unit.Name)
	case "":
		return Amount{}, badValue("sheet.amount.no_unit", preview([]byte(text)))
	default:
		return Amount{}, badValue("sheet.amount.not_money", preview([]byte(text)), unit.Name)
	}
	low, r1, ok1 := m.low.times(unit.Factor)
	high, r2, ok2 := m.high.times(unit.Factor)
	if !ok1 || !ok2 {
		return Amount{}, badValue("sheet.value.large", preview([]byte(text)))
	}
	a.Fen, a.High, a.Rounded = money.Fen(low), money.Fen(high), r1 || r2
	return a, nil
}

// wordsToFen reads sums written out with 元, 角 and 分: 壹佰贰拾元伍角整, 3元5角. ok is false for anything else.
func wordsToFen(s string) (a Amount, ok bool, err error) {
	for _, p := range []string{"人民币", "(大写)", "大写", ":"} {
		s = strings.TrimSpace(strings.TrimPrefix(s, p))
	}
	if len(s) > maxValueText || !strings.ContainsAny(s, "角分") {
		return a, false, nil
	}
	rest, total := s, int64(0)
	last := int64(1) << 62
	for rest != "" && rest != "整" && rest != "正" {
		if len(rest) < len(s) { // 元零伍分
			rest = strings.TrimPrefix(rest, "零")
		}
		n, after, err := parseOne(rest)
		if err != nil || n.more || n.value.neg {
			return a, false, nil
		}
		r, size := utf8.DecodeRuneInString(strings.TrimSpace(after))
		worth := map[rune]int64{'元': 100, '圆': 100, '角': 10, '分': 1}[r]
		if worth == 0 || worth >= last {
			return a, false, nil
		}
		fen, rounded, fits := n.value.times(worth)
		if !fits || rounded || total+fen < total || worth < 100 && fen >= 10*worth {
			return a, false, badValue("sheet.value.words", preview([]byte(s)))
		}
		total, last = total+fen, worth
		rest = strings.TrimSpace(after)[size:]
	}
	return Amount{Fen: money.Fen(total), High: money.Fen(total), Precision: Exact, UnitSaid: true}, true, nil
}

// scaledTo gives the ends in 1/scale of the base.
func (m measure) scaledTo(text string, unit Unit, scale int64) (low, high int64, p Precision, rounded bool, err error) {
	factor := int64(1)
	if unit.Factor > 0 {
		factor = unit.Factor
	}
	if tail := strings.TrimSpace(m.tail); tail != "" {
		said, ok := UnitNamed(tail)
		switch {
		case !ok:
			return 0, 0, "", false, badValue("sheet.value.tail", preview([]byte(text)), tail)
		case !unit.IsZero() && said.Base != unit.Base:
			return 0, 0, "", false, badValue("sheet.value.unit", preview([]byte(text)), said.Name, unit.Name)
		}
		factor = said.Factor
	} else if m.scaled {
		factor = 1
	}
	if factor > (1<<62)/scale {
		return 0, 0, "", false, badValue("sheet.value.large", preview([]byte(text)))
	}
	low, r1, ok1 := m.low.times(factor * scale)
	high, r2, ok2 := m.high.times(factor * scale)
	if !ok1 || !ok2 {
		return 0, 0, "", false, badValue("sheet.value.large", preview([]byte(text)))
	}
	return low, high, m.precision, r1 || r2, nil
}

// ParseRate reads a rate in parts per million. A text with % or ‰ says what it means; a plain number is taken by the
// scale, and refused when that is not known.
func ParseRate(text string, scale RateScale) (low, high int64, precision Precision, rounded bool, err error) {
	if rest, ok := strings.CutPrefix(fold(text), "百分之"); ok {
		text = rest + "%"
	}
	m, err := parseMeasure(text)
	if err != nil {
		return 0, 0, "", false, err
	}
	return m.rate(text, scale)
}

func (m measure) rate(text string, scale RateScale) (low, high int64, precision Precision, rounded bool, err error) {
	factor := int64(0)
	if tail := strings.TrimSpace(m.tail); tail != "" {
		u, ok := UnitNamed(tail)
		if !ok || u.Kind != UnitRate {
			return 0, 0, "", false, badValue("sheet.value.tail", preview([]byte(text)), tail)
		}
		factor = u.Factor
	} else if factor = scale.factor(); factor == 0 && m.low.digits == 0 && m.high.digits == 0 {
		factor = 1 // zero is zero on any scale
	}
	if factor == 0 {
		return 0, 0, "", false, badValue("sheet.rate.ambiguous", preview([]byte(text)), m.low.String())
	}
	low, r1, ok1 := m.low.times(factor)
	high, r2, ok2 := m.high.times(factor)
	if !ok1 || !ok2 {
		return 0, 0, "", false, badValue("sheet.value.large", preview([]byte(text)))
	}
	return low, high, m.precision, r1 || r2, nil
}

func (s RateScale) factor() int64 {
	switch s {
	case RateFraction:
		return 1_000_000
	case RatePercent:
		return 10_000
	}
	return 0
}

var boolWords = map[string]bool{
	"是": true, "有": true, "√": true, "✓": true, "✔": true, "☑": true, "对": true, "已": true, "y": true, "yes": true, "true": true, "t": true, "1": true, "v": true, "属实": true,
	"否": false, "无": false, "没有": false, "×": false, "✗": false, "✘": false, "x": false, "☐": false, "□": false, "错": false, "未": false, "不是": false, "n": false, "no": false, "false": false, "f": false, "0": false,
}

// ParseBool reads 是, 否, 有, 无, √, × and the like.
func ParseBool(text string) (bool, error) {
	v, ok := boolWords[strings.ToLower(fold(text))]
	if !ok {
		return false, badValue("sheet.bool.unknown", preview([]byte(text)))
	}
	return v, nil
}

var stateWords = map[string]State{
	"-": Missing, "--": Missing, "---": Missing, "—": Missing, "——": Missing, "–": Missing, "/": Missing, "\\": Missing, "…": Missing, "……": Missing, "...": Missing, "―": Missing, "ー": Missing, "－": Missing,
	"暂无": Missing, "暂缺": Missing, "缺": Missing, "未知": Missing, "不详": Missing, "待定": Missing, "待补": Missing, "未统计": Missing, "未填": Missing, "n/a": Missing, "na": Missing, "null": Missing, "none": None, "nil": None, "?": Missing, "tbd": Missing,
	"无": None, "没有": None, "不适用": None, "不涉及": None, "无此项": None,
	"***": Withheld, "**": Withheld, "*": Withheld, "保密": Withheld, "涉密": Withheld, "不公开": Withheld,
}

// maxStateText is longer than any word of absence, in bytes.
const maxStateText = 24

// ParseState says whether a text states a value or its absence. 0 is a value.
func ParseState(text string) State {
	if len(text) > maxStateText {
		text = strings.TrimSpace(text)
		if len(text) > maxStateText {
			return Present
		}
	}
	s := fold(text)
	if s == "" {
		return Unstated
	}
	if st, ok := stateWords[strings.ToLower(s)]; ok {
		return st
	}
	return Present
}
