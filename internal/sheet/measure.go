package sheet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/hanzi"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// maxValueText bounds what the grammars look at: no number, date or period is longer.
const maxValueText = 120

// isWide says that a character has another width than its plain form.
func isWide(r rune) bool { return r == '\u3000' || r >= '\uff00' && r <= '\uffef' }

// fold makes full-width characters, odd blanks and traditional characters plain, so that the grammars know one form of
// each. Unlike NFKC it leaves ①, ² and ㎡ alone: folded, 10² would be 102.
func fold(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if plain {
		return strings.TrimSpace(s)
	}
	if strings.ContainsFunc(s, isWide) { // rare, and folding copies
		s = width.Fold.String(s)
	}
	s = strings.Map(func(r rune) rune {
		switch r {
		case '−', '﹣', '－', '‐', '‑':
			return '-'
		case '～', '〜', '∼', '˜':
			return '~'
		case '，', '٬':
			return ','
		case '\u200b', '\u200c', '\u200d', '\ufeff', '\u2060':
			return -1
		}
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, s)
	return hanzi.Simplified(strings.TrimSpace(s))
}

// measure is a quantity as written: one or two numbers, how firm they are, and the words behind them.
type measure struct {
	low, high decimal
	precision Precision
	scaled    bool   // the text itself counted in 万 or 亿
	tail      string // unit words, as written
}

var (
	precisionBefore = []struct {
		word string
		p    Precision
	}{
		{"不低于", AtLeast},
		{"不少于", AtLeast},
		{"大于等于", AtLeast},
		{"至少", AtLeast},
		{"超过", AtLeast},
		{"大于", AtLeast},
		{"高于", AtLeast},
		{">=", AtLeast},
		{"≥", AtLeast},
		{"≧", AtLeast},
		{">", AtLeast},
		{"超", AtLeast},
		{"不超过", AtMost},
		{"不高于", AtMost},
		{"不多于", AtMost},
		{"小于等于", AtMost},
		{"不足", AtMost},
		{"不到", AtMost},
		{"低于", AtMost},
		{"小于", AtMost},
		{"少于", AtMost},
		{"至多", AtMost},
		{"最多", AtMost},
		{"<=", AtMost},
		{"≤", AtMost},
		{"≦", AtMost},
		{"<", AtMost},
		{"大约", Approx},
		{"约为", Approx},
		{"约", Approx},
		{"大概", Approx},
		{"近", Approx},
		{"≈", Approx},
		{"~", Approx},
		{"预计", Approx},
		{"估计", Approx},
	}
	precisionAfter = []struct {
		word string
		p    Precision
	}{
		{"及以上", AtLeast},
		{"以上", AtLeast},
		{"余", AtLeast},
		{"多", AtLeast},
		{"+", AtLeast},
		{"及以下", AtMost},
		{"以下", AtMost},
		{"以内", AtMost},
		{"左右", Approx},
		{"上下", Approx},
		{"(约)", Approx},
		{"(估)", Approx},
	}
	rangeMarks = []string{"~", "——", "—", "–", "-", "至", "到"}
)

// parseMeasure reads a quantity. what is the key suffix of the reason given when it is none.
func parseMeasure(text string) (measure, error) {
	if len(text) > maxValueText {
		return measure{}, badValue("sheet.value.long", preview([]byte(text)))
	}
	s := fold(text)
	m := measure{precision: Exact}
	for _, sign := range []string{"人民币", "rmb", "RMB", "CNY", "¥", "￥"} {
		s = strings.TrimSpace(strings.TrimPrefix(s, sign))
	}
	for _, p := range precisionBefore {
		if rest, ok := strings.CutPrefix(s, p.word); ok {
			s, m.precision = strings.TrimSpace(rest), p.p
			break
		}
	}
	s = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(s, "¥"), "人民币"))
	one, rest, err := parseOne(s)
	if err != nil {
		return measure{}, err
	}
	m.low, m.high, m.scaled = one.value, one.value, one.scaled
	if one.more {
		m.precision = AtLeast
	}
	if mark, second, unit, ok := cutRange(rest); ok && m.precision != AtLeast && m.precision != AtMost {
		two, tail, err := parseOne(second)
		if err != nil {
			return measure{}, badValue("sheet.value.range", preview([]byte(text)), mark)
		}
		m.high, m.scaled = two.value, one.scaled || two.scaled
		if two.scaled && !one.scaled && unit == "" { // 3~5万 is 3万 to 5万; 8000~1万 is not 8000万
			if up := one.value.shift(two.power); up.cmp(two.value) <= 0 {
				m.low = up
			}
		}
		if m.low.cmp(m.high) > 0 {
			return measure{}, badValue("sheet.value.range_order", preview([]byte(text)))
		}
		if unit != "" && unit != strings.TrimSpace(tail) {
			return measure{}, badValue("sheet.value.range", preview([]byte(text)), mark)
		}
		m.precision, rest = Range, tail
	}
	rest = strings.TrimSpace(rest)
	for _, p := range precisionAfter {
		if head, ok := strings.CutSuffix(rest, p.word); ok {
			if m.precision != Exact && m.precision != p.p {
				return measure{}, badValue("sheet.value.firmness", preview([]byte(text)))
			}
			rest, m.precision = strings.TrimSpace(head), p.p
			break
		}
	}
	m.tail = rest
	return m, nil
}

// cutRange finds "~5万元" or "万元~5万元" behind a first number: the mark, what follows, and the unit before the mark.
func cutRange(rest string) (mark, second, unit string, ok bool) {
	for _, mark := range rangeMarks {
		before, after, found := strings.Cut(rest, mark)
		if !found || strings.TrimSpace(after) == "" {
			continue
		}
		before = strings.TrimSpace(before)
		if _, isUnit := UnitNamed(before); before == "" || isUnit {
			return mark, strings.TrimSpace(after), before, true
		}
	}
	return "", "", "", false
}

// oneNumber is a number with its 万 and 亿 worked in.
type oneNumber struct {
	value  decimal
	scaled bool
	power  int  // the last multiplier, as a power of ten
	more   bool // 余 or 多 followed
}

// parseOne reads a number in digits or in words and the multiples behind it: 1.06万, 1亿2000万, 叁拾万. rest is what
// follows.
func parseOne(s string) (n oneNumber, rest string, err error) {
	if inner, after, ok := cutParens(s); ok { // accountants' negative
		n, rest, err = parseOne(inner)
		if err == nil && strings.TrimSpace(rest) == "" && !n.value.neg {
			n.value.neg = n.value.digits > 0
			return n, after, nil
		}
		return n, rest, notNumber(s)
	}
	if s == "" {
		return n, "", notNumber(s)
	}
	if r, _ := utf8.DecodeRuneInString(s); isNumeral(r) {
		return parseWords(s)
	}
	digits, rest, err := cutDigits(s)
	if err != nil {
		return n, rest, err
	}
	n.value = digits
	rest = n.multiplied(rest)
	power := n.power
	if n.scaled { // 1亿2000万: smaller multiples go on
		for strings.Trim(firstByte(rest), "0123456789") == "" && rest != "" {
			next, tail, err := cutDigits(rest)
			if err != nil || next.neg {
				break
			}
			p, after := cutMultiple(tail)
			if p == 0 || p >= power {
				break
			}
			sum, ok := n.value.plus(next.shift(p), n.value.neg)
			if !ok {
				return n, rest, badValue("sheet.value.large", preview([]byte(s)))
			}
			n.value, n.power, power, rest = sum, p, p, after
		}
	}
	return n, n.andMore(rest), nil
}

func firstByte(s string) string { return s[:min(len(s), 1)] }

func cutParens(s string) (inner, after string, ok bool) {
	if !strings.HasPrefix(s, "(") {
		return "", "", false
	}
	return strings.Cut(s[1:], ")")
}

// cutMultiple reads 十, 百, 千, 万, 亿 and their compounds as a power of ten; 0 when there is none. 千瓦时 and 千克 are
// units.
func cutMultiple(s string) (power int, rest string) {
	s = strings.TrimLeft(s, " ")
	for {
		r, size := utf8.DecodeRuneInString(s)
		p := 0
		switch r {
		case '十':
			p = 1
		case '百':
			p = 2
		case '千':
			next, _ := utf8.DecodeRuneInString(s[size:])
			if strings.ContainsRune("瓦克米伏卡", next) {
				return power, s
			}
			p = 3
		case '万', '萬':
			p = 4
		case '亿', '億':
			p = 8
		}
		if p == 0 || power+p > 16 {
			return power, s
		}
		power += p
		s = s[size:]
	}
}

// cutDigits reads a sign and digits with correctly set thousands marks off the front.
func cutDigits(s string) (decimal, string, error) {
	i := 0
	neg := false
	if s[0] == '+' || s[0] == '-' {
		neg = s[0] == '-'
		i++
		for i < len(s) && s[i] == ' ' {
			i++
		}
	}
	start := i
	for i < len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c == ',' || c == '.' || c == '\'' || c == ' ' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' && i > start {
			i++
			continue
		}
		break
	}
	body := s[start:i]
	if body == "" || strings.Trim(body, ",.' ") == "" {
		return decimal{}, s, notNumber(s)
	}
	plain, ok := ungroup(body)
	if !ok {
		return decimal{}, s, badValue("sheet.value.grouping", preview([]byte(body)))
	}
	d, ok := plainDecimal(plain)
	if !ok {
		if strings.Count(plain, ".") > 1 {
			return decimal{}, s, badValue("sheet.value.points", preview([]byte(body)))
		}
		return decimal{}, s, badValue("sheet.value.large", preview([]byte(body)))
	}
	d.neg = neg && d.digits > 0
	return d, s[i:], nil
}

// ungroup removes thousands marks when they are all of one sort and stand before every third digit.
func ungroup(s string) (string, bool) {
	mark := strings.IndexAny(s, ",' ")
	if mark < 0 {
		return s, true
	}
	whole, frac, _ := strings.Cut(s, ".")
	if strings.ContainsAny(frac, ",' ") || mark >= len(whole) {
		return "", false
	}
	groups := strings.Split(whole, s[mark:mark+1])
	for i, g := range groups {
		if strings.ContainsAny(g, ",' ") || g == "" || i > 0 && len(g) != 3 || len(g) > 3 {
			return "", false
		}
	}
	if frac != "" {
		return strings.Join(groups, "") + "." + frac, true
	}
	return strings.Join(groups, ""), true
}

// shift multiplies by a power of ten.
func (d decimal) shift(power int) decimal {
	d.scale -= power
	return d
}

// plus adds two decimals of the same sign.
func (d decimal) plus(e decimal, neg bool) (decimal, bool) {
	for d.scale < e.scale {
		if d.digits > 1e18 {
			return d, false
		}
		d.digits *= 10
		d.scale++
	}
	for e.scale < d.scale {
		if e.digits > 1e18 {
			return d, false
		}
		e.digits *= 10
		e.scale++
	}
	if d.digits+e.digits < d.digits {
		return d, false
	}
	return decimal{neg: neg, digits: d.digits + e.digits, scale: d.scale}, true
}

var numerals = map[rune]uint64{
	'零': 0, '〇': 0, '○': 0, '一': 1, '壹': 1, '二': 2, '贰': 2, '貳': 2, '两': 2, '三': 3, '叁': 3, '參': 3, '四': 4, '肆': 4,
	'五': 5, '伍': 5, '六': 6, '陆': 6, '陸': 6, '七': 7, '柒': 7, '八': 8, '捌': 8, '九': 9, '玖': 9,
}

var numeralUnits = map[rune]uint64{'十': 10, '拾': 10, '百': 100, '佰': 100, '千': 1000, '仟': 1000}

func isNumeral(r rune) bool {
	_, digit := numerals[r]
	_, unit := numeralUnits[r]
	return digit || unit
}

// parseWords reads a number in Chinese words: 壹佰万, 一百二十万, 三千零五, 一点二亿, 二〇二二.
func parseWords(s string) (n oneNumber, rest string, err error) {
	w := wordNumber{lastBig: 1 << 63, lastSmall: 1 << 63}
	for rest = s; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		known, ok := w.take(r)
		if !ok {
			return n, s, badValue("sheet.value.words", preview([]byte(s)))
		}
		if !known {
			break
		}
		rest = rest[size:]
	}
	value, ok := w.value()
	if !ok {
		return n, s, badValue("sheet.value.words", preview([]byte(s)))
	}
	n.value, n.scaled = decimal{digits: value}, w.scaled
	if after, ok := strings.CutPrefix(rest, "点"); ok && w.total == 0 {
		rest = n.multiplied(n.fraction(after))
	}
	return n, n.andMore(rest), nil
}

// wordNumber is a number in words as far as it was read.
type wordNumber struct {
	total, section, digit uint64   // the parts in 亿 and 万, what is below 万, the last digit
	pending, units        bool     // the digit is not yet multiplied; there was any unit at all
	run                   []uint64 // digits, for a number that is read out digit by digit: 二〇二二
	lastBig, lastSmall    uint64   // multiples must fall
	scaled                bool     // there was a 万 or 亿
}

// take reads a character; known is false for one that is no part of a number, ok for one that cannot stand here.
func (w *wordNumber) take(r rune) (known, ok bool) {
	if d, is := numerals[r]; is {
		if w.pending && w.digit != 0 && w.units {
			return true, false
		}
		w.run = append(w.run, d)
		w.digit, w.pending = d, true
		return true, true
	}
	if u, is := numeralUnits[r]; is {
		return true, w.unit(u)
	}
	switch r {
	case '万', '萬':
		return true, w.big(1e4)
	case '亿', '億':
		return true, w.big(1e8)
	}
	return false, true
}

// unit multiplies the digit before 十, 百 or 千.
func (w *wordNumber) unit(u uint64) bool {
	if len(w.run) > 1 && w.run[len(w.run)-2] != 0 && !w.units || u >= w.lastSmall {
		return false
	}
	w.lastSmall = u
	if !w.pending || w.digit == 0 {
		if w.section > 0 || u != 10 { // 十万 is 10万, 百万 needs its 一
			return false
		}
		w.digit = 1
	}
	w.section += w.digit * u
	w.digit, w.pending, w.units = 0, false, true
	return true
}

// big multiplies what stands before 万 or 亿.
func (w *wordNumber) big(times uint64) bool {
	w.section += w.digit
	switch {
	case w.section == 0 && w.total == 0,
		times >= w.lastBig && !(times == 1e8 && w.lastBig == 1e4),
		w.total+w.section > 1e10:
		return false
	case times == 1e8: // 一万二千亿 counts its 万 too
		w.total = (w.total + w.section) * times
	default:
		w.total += w.section * times
	}
	w.lastBig, w.lastSmall = times, 1<<63
	w.section, w.digit, w.pending, w.units, w.scaled = 0, 0, false, true, true
	return true
}

// value is the whole number.
func (w *wordNumber) value() (uint64, bool) {
	if w.units || len(w.run) < 2 {
		return w.total + w.section + w.digit, true
	}
	if len(w.run) > 15 {
		return 0, false
	}
	v := uint64(0)
	for _, d := range w.run {
		v = v*10 + d
	}
	return v, true
}

// fraction reads the digits behind 点 and gives what follows.
func (n *oneNumber) fraction(s string) (rest string) {
	for scale := 0; scale < 6; scale++ {
		r, size := utf8.DecodeRuneInString(s)
		d, isDigit := numerals[r]
		if !isDigit {
			break
		}
		n.value = decimal{digits: n.value.digits*10 + d, scale: n.value.scale + 1}
		s = s[size:]
	}
	return s
}

// multiplied works in a 万 or 亿 that follows, and gives what is behind it.
func (n *oneNumber) multiplied(s string) (rest string) {
	if p, tail := cutMultiple(s); p > 0 {
		n.value, n.scaled, n.power = n.value.shift(p), true, p
		return tail
	}
	return s
}

// andMore reads 余 or 多, behind which the multiple may stand: 1200余万元.
func (n *oneNumber) andMore(s string) (rest string) {
	for _, w := range []string{"余", "多"} {
		if after, ok := strings.CutPrefix(strings.TrimSpace(s), w); ok {
			n.more = true
			return n.multiplied(after)
		}
	}
	return s
}

// badValue is a reason why a value was not read.
func badValue(key string, args ...any) error { return errs.Invalid(i18n.M(key, args...)) }

func notNumber(s string) error { return badValue("sheet.value.not_number", preview([]byte(s))) }
