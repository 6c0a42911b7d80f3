package form

import (
	"cmp"
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// reading is an answer as it was read: a value, or why there is none.
type reading struct {
	value  rule.Value
	stands bool     // something was answered
	wrong  i18n.Msg // what it cannot be, of what stands
	shown  string   // as it was typed
}

// typed reads a text as a person wrote it; what it may be is checked too. A blank text is no answer.
func (f *Field) typed(text string) reading {
	text = strings.TrimSpace(text)
	if f.Long {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	return f.cell(sheet.Cell{Type: sheet.Text, Raw: text})
}

// cell reads a cell of a sheet, or what was typed as one.
func (f *Field) cell(c sheet.Cell) reading {
	if c.Type == sheet.Blank || c.Type == sheet.Text && strings.TrimSpace(c.Raw) == "" {
		return reading{}
	}
	r := reading{stands: true, shown: shownCell(c)}
	if r.value, r.wrong = f.read(c); r.wrong.IsZero() {
		r.wrong = f.allows(r.value)
	}
	return r
}

// shownCell is a cell as it can be typed again: numbers as they are stored, dates as days.
func shownCell(c sheet.Cell) string {
	switch c.Type {
	case sheet.Number:
		return c.Raw
	case sheet.Date:
		if d, err := sheet.Read(c, sheet.Want{Kind: sheet.KindDate}); err == nil {
			return period.Day(d.Num).String()
		}
	case sheet.Text:
		return c.Raw
	}
	return c.Shown()
}

func (f *Field) read(c sheet.Cell) (rule.Value, i18n.Msg) {
	if c.Type == sheet.Text && (f.Type == content.Text || f.Type == content.Code) {
		if !utf8.ValidString(c.Raw) || strings.ContainsRune(c.Raw, 0) {
			return rule.Value{}, i18n.M("form.not_text")
		}
		return f.word(c.Raw)
	}
	if f.Type == content.Bool && c.Type == sheet.Text && (c.Raw == "true" || c.Raw == "false") {
		return rule.Bool(c.Raw == "true"), i18n.Msg{}
	}
	want := sheet.Want{Kind: sheet.Kind(f.Type), Rate: sheet.RatePercent, Days: sheet.YearMonthDay}
	want.Unit, _ = sheet.UnitNamed(f.Unit)
	got, err := sheet.Read(c, want)
	if msg, ok := errs.Message(err); ok {
		return rule.Value{}, f.inOurWords(c, msg)
	}
	switch {
	case err != nil:
		return rule.Value{}, i18n.M("form.not_read", f.expected())
	case got.State != sheet.Present || got.Precision != sheet.Exact:
		return rule.Value{}, i18n.M("form.want_exact", f.expected())
	case got.Rounded:
		return rule.Value{}, i18n.M("form.too_fine", f.expected())
	case f.Type == content.Date && got.Day != period.DayKind:
		return rule.Value{}, i18n.M("form.want_day")
	case f.Type == content.Text || f.Type == content.Code:
		return f.word(got.Text)
	}
	return rule.FactValue(f.Type, got.Num, ""), i18n.Msg{}
}

// inOurWords is why a text cannot be read, where a sheet's words do not fit a question: they speak of columns, and of a
// dash for what is not there.
func (f *Field) inOurWords(c sheet.Cell, msg i18n.Msg) i18n.Msg {
	switch msg.Key {
	case "sheet.value.not_number", "sheet.value.range":
		return i18n.M("form.not_number", clip(c.Shown()), f.expected())
	case "sheet.int.fraction":
		return i18n.M("form.not_whole", clip(c.Shown()), f.expected())
	}
	return msg
}

// unitNames is the units that have a name of their own in English.
var unitNames = map[string]string{
	"元": "yuan", "千元": "1000 yuan", "万元": "10,000 yuan", "百万元": "million yuan", "亿元": "100 million yuan",
	"台": "sets", "人": "people", "个": "pieces", "家": "firms", "项": "items", "亩": "mu", "千瓦时": "kWh", "吨标准煤": "tce",
}

// UnitName is the field's unit in words, empty where it has none.
func (f *Field) UnitName() i18n.Text {
	return i18n.Text{ZH: f.Unit, EN: cmp.Or(unitNames[f.Unit], f.Unit)}
}

// amount is a number with its unit, where a unit that is itself so many of another is told apart from the number.
func (f *Field) amount(number string) i18n.Msg {
	if en := f.UnitName().EN; en != "" && en[0] >= '0' && en[0] <= '9' {
		return i18n.M("form.amount_times", number, f.UnitName())
	}
	return i18n.M("form.amount", number, f.UnitName())
}

// word is a text, or the code that a word means.
func (f *Field) word(s string) (rule.Value, i18n.Msg) {
	if f.Type != content.Code {
		return rule.Text(s), i18n.Msg{}
	}
	if _, ok := f.codes.Entry(s); ok {
		return rule.Text(s), i18n.Msg{}
	}
	if e, ok := f.codes.Resolve(s); ok {
		return rule.Text(e.Code), i18n.Msg{}
	}
	return rule.Text(s), i18n.Msg{} // whether it may stand, allows says
}

// jsonNumber bounds what a number in JSON may look like before it is reckoned with.
var jsonNumber = regexp.MustCompile(`^-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?$`)

// json reads a value of a JSON document, by the type that the schema gives.
func (f *Field) json(v any) reading {
	r := reading{stands: true}
	wrong := func() reading {
		r.wrong = i18n.M("form.json_type", i18n.M("form.json_"+f.jsonType()))
		return r
	}
	switch x := v.(type) {
	case string:
		switch {
		case f.jsonType() != "string":
			return wrong()
		case f.Type == content.Date:
			day, err := period.ParseDay(x)
			if err != nil {
				r.wrong = i18n.M("form.want_day")
				return r
			}
			r.value = rule.Day(day)
		default:
			r.value = rule.Text(x)
		}
	case bool:
		if f.Type != content.Bool {
			return wrong()
		}
		r.value = rule.Bool(x)
	case json.Number:
		if !f.numeric() {
			return wrong()
		}
		n, ok := new(big.Rat), jsonNumber.MatchString(x.String())
		if ok {
			n, ok = n.SetString(x.String())
		}
		if !ok {
			r.wrong = i18n.M("form.bad_limit", x.String())
			return r
		}
		n.Mul(n, new(big.Rat).SetInt64(f.scale()))
		if !n.IsInt() {
			r.wrong = i18n.M("form.too_fine", f.expected())
			return r
		}
		if !n.Num().IsInt64() {
			r.wrong = f.outside()
			return r
		}
		r.value = rule.FactValue(f.Type, n.Num().Int64(), "")
	default:
		return wrong()
	}
	r.shown, r.wrong = f.Typed(r.value), f.allows(r.value)
	return r
}

// jsonType is the type of a value in JSON.
func (f *Field) jsonType() string {
	switch {
	case f.IsList():
		return "array"
	case f.Type == content.Bool:
		return "boolean"
	case f.Type == content.Int:
		return "integer"
	case f.numeric():
		return "number"
	}
	return "string"
}

// num is a value on the scale of the type: what the bounds are on.
func (f *Field) num(v rule.Value) int64 {
	switch f.Type {
	case content.Money:
		return int64(v.Fen())
	case content.Decimal:
		return v.Millionths()
	case content.Int:
		return v.Int()
	case content.Date:
		return int64(v.Day())
	case content.Rate:
		n := new(big.Rat).Mul(v.Rate().Rat(), big.NewRat(1_000_000, 1))
		return new(big.Int).Quo(n.Num(), n.Denom()).Int64()
	case content.Bool:
		if v.Bool() {
			return 1
		}
	}
	return 0
}

// allows says what is wrong with a value of the field's type, nothing when it will do.
func (f *Field) allows(v rule.Value) i18n.Msg {
	switch f.Type {
	case content.Text:
		return f.allowsText(v.Text())
	case content.Code:
		if f.Options == nil {
			return f.allowsText(v.Text())
		}
		if _, ok := f.Option(v.Text()); !ok {
			return i18n.M("form.want_option", clip(v.Text()), f.optionNames())
		}
		return i18n.Msg{}
	}
	n := f.num(v)
	if f.Min != nil && n < *f.Min || f.Max != nil && n > *f.Max {
		return f.outside()
	}
	return i18n.Msg{}
}

func (f *Field) allowsText(s string) i18n.Msg {
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s):
		return i18n.M("form.not_text")
	case n < f.MinLen:
		return i18n.M("form.too_short", n, f.MinLen)
	case n > f.MaxLen:
		return i18n.M("form.too_long", n, f.MaxLen)
	case f.Pattern != nil && !f.Pattern.MatchString(s):
		return i18n.M("form.want_pattern", f.PatternHelp)
	}
	return i18n.Msg{}
}

// clip is a text as a message quotes it.
func clip(s string) string {
	if runes := []rune(s); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return s
}

// optionNames is the choices in words, the first of many.
func (f *Field) optionNames() i18n.Msg {
	const shown = 8
	var all i18n.Msg
	for i, o := range f.Options {
		switch {
		case i == 0:
			all = i18n.M("form.one", o.Name)
		case i < shown:
			all = i18n.M("form.more", all, o.Name)
		default:
			return i18n.M("form.and_others", all, len(f.Options)-shown)
		}
	}
	return all
}

// outside says between which bounds the value must lie.
func (f *Field) outside() i18n.Msg {
	text := func(n int64) any {
		switch {
		case f.Type == content.Date:
			return period.Day(n).String()
		case f.Unit == "" || f.Type == content.Rate:
			return i18n.Commas(f.number(n)) + f.Unit
		}
		return f.amount(i18n.Commas(f.number(n)))
	}
	low := f.Min != nil && *f.Min != -bound
	high := f.Max != nil && *f.Max != bound
	switch {
	case low && high:
		return i18n.M("form.want_between", text(*f.Min), text(*f.Max))
	case low:
		return i18n.M("form.want_at_least", text(*f.Min))
	case high:
		return i18n.M("form.want_at_most", text(*f.Max))
	}
	return i18n.M("form.too_large")
}

// expected is what is to be typed, in words.
func (f *Field) expected() i18n.Msg {
	switch f.Type {
	case content.Money:
		return i18n.M("form.expect_money", f.UnitName(), f.example())
	case content.Rate:
		return i18n.M("form.expect_percent")
	case content.Int:
		return i18n.M("form.expect_int", f.unitBehind())
	case content.Decimal:
		return i18n.M("form.expect_decimal", f.unitBehind())
	case content.Date:
		return i18n.M("form.expect_date")
	case content.Bool:
		return i18n.M("form.expect_bool")
	case content.Code:
		if f.Options != nil {
			return i18n.M("form.expect_option", f.optionNames())
		}
	}
	if f.Pattern != nil {
		return i18n.M("form.one", f.PatternHelp)
	}
	return i18n.M("form.expect_text", f.MaxLen)
}

// unitBehind is the unit behind a kind of number, nothing where there is none.
func (f *Field) unitBehind() i18n.Msg {
	if f.Unit == "" {
		return i18n.M("form.one", "")
	}
	return i18n.M("form.counted", f.UnitName())
}

// example is an amount of a size that is usual in the unit.
func (f *Field) example() string {
	if f.scale() > int64(money.Yuan) {
		return "12.5"
	}
	return "1250.50"
}

// number is a number on the scale of the field in its unit.
func (f *Field) number(n int64) string { return money.Fen(n).In(money.Fen(f.scale())) }

// Typed is a value as somebody would type it, and as JSON carries it: in the field's unit.
func (f *Field) Typed(v rule.Value) string {
	switch f.Type {
	case content.Bool, content.Date:
		return v.String()
	case content.Text, content.Code:
		return v.Text()
	}
	return f.number(f.num(v))
}

// Change is how far a number moved, with a sign and its unit.
func (f *Field) Change(before, after rule.Value) i18n.Msg {
	moved := f.num(after) - f.num(before) // neither exceeds a third of what fits
	sign := ""
	if moved > 0 {
		sign = "+"
	}
	number := sign + i18n.Commas(f.number(moved))
	switch {
	case f.Type == content.Rate:
		return i18n.M("form.points", number)
	case f.Unit == "":
		return i18n.M("form.one", number)
	}
	return f.amount(number)
}

// Said is what was typed as people read it; the text itself where it is no answer.
func (f *Field) Said(text string) i18n.Msg {
	if r := f.typed(text); r.stands && r.wrong.IsZero() {
		return f.Shown(r.value)
	}
	return i18n.M("form.one", text)
}

// Shown is a value as people read it, with its unit.
func (f *Field) Shown(v rule.Value) i18n.Msg {
	switch f.Type {
	case content.Bool:
		return i18n.M("rule.bool_" + v.String())
	case content.Code:
		if e, ok := f.codes.Entry(v.Text()); ok {
			return i18n.M("form.one", e.Name)
		}
		return i18n.M("form.one", v.Text())
	case content.Text, content.Date:
		return i18n.M("form.one", v.String())
	case content.Rate:
		return i18n.M("form.one", f.Typed(v)+"%")
	}
	if f.Unit == "" {
		return i18n.M("form.one", i18n.Commas(f.Typed(v)))
	}
	return f.amount(i18n.Commas(f.Typed(v)))
}
