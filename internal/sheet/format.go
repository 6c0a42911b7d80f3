package sheet

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/period"
)

// Format is how a workbook shows a number. A nil Format is General.
type Format struct {
	Code string // as written in the workbook
	Unit Unit   // written after the number (0.00"万元"); the zero Unit where a format scales what it shows

	sections [][]formatToken
	date     dateParts
	percent  bool
	epoch    period.Day // day of serial 0
	old      bool       // the 1900 epoch, which has a 29 February 1900
}

// dateParts are the parts of a date that a format shows.
type dateParts struct{ year, month, day, clock bool }

type formatToken struct {
	kind byte // 'd' digits, 'l' literal, 'p' percent, '@' text, 'x' anything that Shown does not draw; a date letter
	text string
}

// builtinFormats are the formats that a workbook names by number only, with the Chinese ones (27 to 58).
var builtinFormats = map[int]string{
	1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
	14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm",
	21: "h:mm:ss", 22: "yyyy/m/d h:mm",
	27: `yyyy"年"m"月"`, 28: `m"月"d"日"`, 29: `m"月"d"日"`, 30: "m/d/yy", 31: `yyyy"年"m"月"d"日"`, 32: `h"时"mm"分"`,
	33: `h"时"mm"分"ss"秒"`, 34: `h"时"mm"分"`, 35: `h"时"mm"分"ss"秒"`, 36: `yyyy"年"m"月"`,
	37: "#,##0;-#,##0", 38: "#,##0;[Red]-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;[Red]-#,##0.00",
	41: "#,##0;-#,##0;-", 42: "¥#,##0;-¥#,##0;¥-", 43: "#,##0.00;-#,##0.00;-", 44: "¥#,##0.00;-¥#,##0.00;¥-",
	45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
	50: `yyyy"年"m"月"`, 51: `m"月"d"日"`, 52: `yyyy"年"m"月"`, 53: `m"月"d"日"`, 54: `m"月"d"日"`, 55: `h"时"mm"分"`,
	56: `h"时"mm"分"ss"秒"`, 57: `yyyy"年"m"月"`, 58: `m"月"d"日"`,
}

// maxFormatCode bounds a format code; the longest that Excel keeps has 255 characters.
const maxFormatCode = 1024

// parseFormat understands a format code as far as a reader needs it: is it a date and which parts of one, is it a
// percentage, which unit does it write. General and what cannot be read give nil.
func parseFormat(code string, date1904 bool) *Format {
	if code == "" || len(code) > maxFormatCode || strings.EqualFold(code, "General") || code == "G/通用格式" {
		return nil
	}
	f := &Format{Code: code, epoch: period.Date(1899, 12, 30), old: true}
	if date1904 {
		f.epoch, f.old = period.Date(1904, 1, 1), false
	}
	f.sections = formatSections(code)
	scaled, unit := false, ""
	for i, t := range f.sections[0] {
		switch t.kind {
		case 'y', 'e':
			f.date.year = true
		case 'm':
			f.date.month = true
		case 'd':
			if strings.Trim(t.text, "dD") == "" {
				f.date.day = true
			}
		case 'h', 's':
			f.date.clock = true
		case 'p':
			f.percent = true
		case '0':
			scaled = scaled || strings.HasSuffix(t.text, ",")
		case 'l':
			// 0!.0 and 0"."0 draw a point that is not there: the number shown is not the number held.
			if t.text == "." && i > 0 {
				scaled = true
			}
			unit += t.text
		}
	}
	if f.date.clock && !f.date.year && !f.date.day {
		f.date.month = false // m beside h or s is minutes
	}
	if u, ok := UnitNamed(unit); ok && !scaled {
		f.Unit = u
	}
	return f
}

// formatSections cuts a code at its semicolons and each section into tokens. Digits are kind '0'.
func formatSections(code string) [][]formatToken {
	var c formatCutter
	for len(code) > 0 {
		code = code[c.take(code):]
	}
	return append(c.all, c.section)
}

// formatCutter makes tokens of a format code.
type formatCutter struct {
	all     [][]formatToken
	section []formatToken // under way
}

// add puts a token into the section; literals and digits that follow each other are one.
func (c *formatCutter) add(kind byte, text string) {
	if n := len(c.section); n > 0 && c.section[n-1].kind == kind && (kind == 'l' || kind == '0') {
		c.section[n-1].text += text
		return
	}
	c.section = append(c.section, formatToken{kind, text})
}

// take reads what a code begins with, and gives its length.
func (c *formatCutter) take(code string) int {
	r, size := utf8.DecodeRuneInString(code)
	switch r {
	case ';':
		c.all, c.section = append(c.all, c.section), nil
	case '"':
		text, _, _ := strings.Cut(code[1:], `"`)
		c.add('l', text)
		return min(len(text)+2, len(code))
	case '\\', '!':
		_, next := utf8.DecodeRuneInString(code[size:])
		c.add('l', code[size:size+next])
		return size + next
	case '_', '*':
		_, next := utf8.DecodeRuneInString(code[size:])
		return size + next
	case '[':
		in, _, _ := strings.Cut(code[1:], "]")
		bracket(in, c.add)
		return min(len(in)+2, len(code))
	case '0', '#', '?', ',', '.':
		c.add('0', code[:size])
	case '%':
		c.add('p', "%")
	case '@':
		c.add('@', "@")
	default:
		return c.word(code, size)
	}
	return size
}

// word reads letters: parts of dates, marks of the clock, exponents; anything else is a literal.
func (c *formatCutter) word(code string, size int) int {
	switch {
	case code[0] == 'E' && len(code) > 1 && (code[1] == '+' || code[1] == '-'):
		c.add('x', "E")
		return 2
	case hasFoldPrefix(code, "General"):
		c.add('g', code[:len("General")])
		return len("General")
	}
	for _, half := range []string{"AM/PM", "A/P", "上午/下午"} {
		if hasFoldPrefix(code, half) {
			c.add('x', code[:len(half)])
			return len(half)
		}
	}
	if !strings.ContainsRune("yYmMdDhHsSeE", rune(code[0])) {
		c.add('l', code[:size])
		return size
	}
	n := 1
	for n < len(code) && code[n]|0x20 == code[0]|0x20 {
		n++
	}
	c.section = append(c.section, formatToken{code[0] | 0x20, code[:n]})
	return n
}

func hasFoldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// bracket reads what stands in brackets: elapsed hours ([h]), a currency ([$¥-804]), or a colour, language or
// condition.
func bracket(in string, add func(byte, string)) {
	switch low := strings.ToLower(in); {
	case low != "" && strings.Trim(low, "h") == "", low != "" && strings.Trim(low, "s") == "":
		add(low[0], in)
		add('x', in)
	case low != "" && strings.Trim(low, "m") == "":
		add('h', in) // elapsed minutes: a clock, not a month
		add('x', in)
	case strings.HasPrefix(in, "$"):
		sign, _, _ := strings.Cut(in[1:], "-")
		if sign != "" {
			add('l', sign)
		}
	case strings.ContainsAny(in, "<>="):
		add('x', in)
	}
}

func (f *Format) isDate() bool {
	return f != nil && (f.date.year || f.date.month || f.date.day || f.date.clock)
}

// maxSerial is 31 December 9999 in the 1900 epoch.
const maxSerial = 2_958_465

// day is the date of a whole serial number. ok is false outside 1900 to 9999 and for the 29 February 1900 that the
// 1900 epoch has and the calendar has not.
func (f *Format) day(serial int64) (period.Day, bool) {
	epoch, old := period.Date(1899, 12, 30), true
	if f != nil {
		epoch, old = f.epoch, f.old
	}
	switch {
	case serial < 0 || serial > maxSerial || old && (serial == 60 || serial == 0):
		return 0, false
	case old && serial < 60:
		return epoch + 1 + period.Day(serial), true
	}
	return epoch + period.Day(serial), true
}

// Shown is the cell as the spreadsheet shows it, as far as that can be told: formats with conditions or exponents show
// the number itself. It is for people to recognise their cell, never for reading a value.
func (c Cell) Shown() string {
	switch c.Type {
	case Bool:
		if c.Raw == "1" {
			return "TRUE"
		}
		return "FALSE"
	case Number, Date:
		d, ok := rawNumber(c.Raw)
		if !ok {
			return c.Raw
		}
		return c.Format.show(d)
	}
	return c.Raw
}

func (f *Format) show(d decimal) string {
	if f == nil || len(f.sections) == 0 {
		return d.String()
	}
	if f.isDate() {
		return f.showDate(d)
	}
	section, sign := f.sections[0], ""
	switch {
	case d.neg && d.digits > 0 && len(f.sections) > 1 && len(f.sections[1]) > 0:
		section = f.sections[1]
	case d.neg && d.digits > 0:
		sign = "-"
	case d.digits == 0 && len(f.sections) > 2 && len(f.sections[2]) > 0:
		section = f.sections[2]
	}
	d.neg = false
	var out strings.Builder
	out.WriteString(sign)
	for i, t := range section {
		switch t.kind {
		case 'l', 'p':
			out.WriteString(t.text)
		case 'g', '@':
			out.WriteString(d.String())
		case '0':
			if i > 0 && digitsBefore(section[:i]) {
				return sign + d.String() // two runs of digits: a drawn point or a fraction
			}
			out.WriteString(showDigits(d, t.text, f.percent))
		default:
			return sign + d.String()
		}
	}
	return out.String()
}

func digitsBefore(tokens []formatToken) bool {
	for _, t := range tokens {
		if t.kind == '0' {
			return true
		}
	}
	return false
}

// showDigits draws a number by its placeholders: decimals, grouping, leading zeros, and a factor of a thousand for each
// comma at the end.
func showDigits(d decimal, holders string, percent bool) string {
	for strings.HasSuffix(holders, ",") {
		holders, d.scale = holders[:len(holders)-1], d.scale+3
	}
	if percent {
		d.scale -= 2
	}
	whole, frac, _ := strings.Cut(holders, ".")
	group := strings.Contains(whole, ",")
	s := d.fixed(len(frac))
	if optional := len(frac) - strings.Count(frac, "0"); optional > 0 {
		for range optional {
			s = strings.TrimSuffix(s, "0")
		}
	}
	digits, rest, _ := strings.Cut(s, ".")
	for n := strings.Count(whole, "0"); len(digits) < n; {
		digits = "0" + digits
	}
	if group {
		for i := len(digits) - 3; i > 0; i -= 3 {
			digits = digits[:i] + "," + digits[i:]
		}
	}
	if rest == "" {
		return digits
	}
	return digits + "." + rest
}

func (f *Format) showDate(d decimal) string {
	whole := d
	day, ok := f.day(whole.floor())
	if d.neg || !ok && (f.date.year || f.date.month || f.date.day) {
		return d.String()
	}
	at := time.Unix(int64(day)*86400, 0).UTC().Add(d.clock())
	var out strings.Builder
	afterHour := false
	for i, t := range f.sections[0] {
		n := len(t.text)
		switch t.kind {
		case 'y', 'e':
			if t.kind == 'y' && n <= 2 {
				out.WriteString(at.Format("06"))
			} else {
				out.WriteString(at.Format("2006"))
			}
		case 'm':
			minutes := afterHour || i+2 < len(f.sections[0]) && f.sections[0][i+2].kind == 's'
			out.WriteString(at.Format(pick(minutes, pick(n == 1, "4", "04"), pick(n == 1, "1", pick(n == 2, "01", "Jan")))))
		case 'd':
			out.WriteString(at.Format(pick(n == 1, "2", pick(n == 2, "02", "Mon"))))
		case 'h':
			out.WriteString(at.Format("15"))
		case 's':
			out.WriteString(at.Format("05"))
		case 'l', '0':
			out.WriteString(t.text)
		case '@':
		default:
			return at.Format("2006-01-02 15:04:05")
		}
		afterHour = t.kind == 'h' || afterHour && t.kind == 'l'
	}
	return strings.TrimSpace(out.String())
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
