package sheet

import (
	"strings"

	"github.com/yanzhen/yanzhen/internal/hanzi"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Read reads one cell as what its column is expected to hold. The unit is the cell's own where it names one (in its
// text or its number format), else w.Unit. What cannot be read for certain is an errs.KindInvalid error whose message
// says why and how to mend it; the caller adds the place.
func Read(c Cell, w Want) (Reading, error) {
	switch c.Type {
	case Blank:
		return Reading{}, nil
	case Error:
		return Reading{}, badValue("sheet.cell.error", c.Raw)
	case NoValue:
		return Reading{}, badValue("sheet.cell.no_value")
	case Text:
		st := ParseState(c.Raw)
		if w.Kind == KindBool && st == None {
			st = Present // 无 answers the question
		}
		if st != Present {
			return Reading{State: st}, nil
		}
	}
	r, err := w.read(c)
	if err != nil {
		return Reading{}, err
	}
	r.State = Present
	return r, nil
}

func (w Want) read(c Cell) (Reading, error) {
	switch w.Kind {
	case KindMoney:
		return w.readMoney(c)
	case KindRate:
		return w.readRate(c)
	case KindInt, KindDecimal:
		return w.readQuantity(c)
	case KindBool:
		return readBool(c)
	case KindDate:
		return w.readDay(c)
	case KindPeriod:
		return w.readPeriod(c)
	case KindCode:
		return readText(c, true)
	}
	return readText(c, false)
}

// measureOf is a number cell as a measure, in the unit that its format writes.
func measureOf(c Cell) (measure, Unit, error) {
	d, ok := rawNumber(c.Raw)
	if !ok {
		return measure{}, Unit{}, badValue("sheet.cell.number", preview([]byte(c.Raw)))
	}
	var unit Unit
	if c.Format != nil {
		unit = c.Format.Unit
	}
	return measure{low: d, high: d, precision: Exact}, unit, nil
}

func wrongType(c Cell, key string) error { return badValue(key, c.Shown()) }

func (w Want) readMoney(c Cell) (Reading, error) {
	var a Amount
	var err error
	switch c.Type {
	case Number:
		m, unit, err := measureOf(c)
		if err != nil {
			return Reading{}, err
		}
		if c.Format != nil && c.Format.percent {
			return Reading{}, wrongType(c, "sheet.amount.percent")
		}
		if unit.Kind != UnitMoney && unit.Kind != UnitForeign {
			unit = w.Unit
		}
		if a, err = m.amount(c.Raw, unit); err != nil {
			return Reading{}, err
		}
	case Text:
		if a, err = ParseAmount(c.Raw, w.Unit); err != nil {
			return Reading{}, err
		}
	default:
		return Reading{}, wrongType(c, "sheet.amount.type")
	}
	r := Reading{Num: int64(a.Fen), High: int64(a.High), Precision: a.Precision, Rounded: a.Rounded}
	if a.Rounded {
		r.Notes = append(r.Notes, i18n.M("sheet.note.rounded", c.Raw, a.Fen.String()))
	}
	if a.UnitSaid && w.Unit.Kind == UnitMoney && w.Unit.Name != "元" && !strings.Contains(c.Raw, "元") {
		r.Notes = append(r.Notes, i18n.M("sheet.note.unit_in_cell", c.Raw, w.Unit.Name, a.Fen.String()))
	}
	return r, nil
}

func (w Want) readRate(c Cell) (Reading, error) {
	var r Reading
	var err error
	switch c.Type {
	case Number:
		m, unit, err := measureOf(c)
		if err != nil {
			return Reading{}, err
		}
		scale := w.Rate
		switch {
		case c.Format != nil && c.Format.percent:
			scale = RateFraction
		case unit.Kind == UnitRate:
			m.tail = unit.Name
		}
		r.Num, r.High, r.Precision, r.Rounded, err = m.rate(c.Raw, scale)
		if err != nil {
			return Reading{}, err
		}
	case Text:
		if r.Num, r.High, r.Precision, r.Rounded, err = ParseRate(c.Raw, w.Rate); err != nil {
			return Reading{}, err
		}
	default:
		return Reading{}, wrongType(c, "sheet.rate.type")
	}
	return r, nil
}

func (w Want) readQuantity(c Cell) (Reading, error) {
	var r Reading
	var m measure
	var err error
	unit := w.Unit
	switch c.Type {
	case Number:
		var own Unit
		if m, own, err = measureOf(c); err != nil {
			return r, err
		}
		if c.Format != nil && c.Format.percent {
			return r, wrongType(c, "sheet.quantity.percent")
		}
		if !own.IsZero() && (unit.IsZero() || own.Base == unit.Base) {
			unit = own
		}
	case Text:
		if m, err = parseMeasure(c.Raw); err != nil {
			return r, err
		}
	default:
		return r, wrongType(c, "sheet.quantity.type")
	}
	scale := int64(1)
	if w.Kind == KindDecimal {
		scale = 1_000_000
	}
	r.Num, r.High, r.Precision, r.Rounded, err = m.scaledTo(c.Raw, unit, scale)
	if err == nil && w.Kind == KindInt && r.Rounded {
		err = badValue("sheet.int.fraction", c.Shown())
	}
	return r, err
}

func readBool(c Cell) (Reading, error) {
	text := c.Raw
	if c.Type == Date {
		return Reading{}, badValue("sheet.bool.unknown", c.Shown())
	}
	yes, err := ParseBool(text)
	if err != nil {
		return Reading{}, err
	}
	r := Reading{Precision: Exact}
	if yes {
		r.Num = 1
	}
	r.High = r.Num
	return r, nil
}

func (w Want) readDay(c Cell) (Reading, error) {
	r := Reading{Precision: Exact}
	var day period.Day
	var err error
	serial := false
	switch c.Type {
	case Date:
		d, ok := rawNumber(c.Raw)
		if !ok {
			return Reading{}, badValue("sheet.cell.number", preview([]byte(c.Raw)))
		}
		day, r.Day, err = formatDay(d, c.Format)
		if err == nil && !c.Format.date.year {
			r.Notes = append(r.Notes, i18n.M("sheet.note.year_not_shown", c.Shown(), day.String()))
		}
	case Number:
		d, ok := rawNumber(c.Raw)
		if !ok {
			return Reading{}, badValue("sheet.cell.number", preview([]byte(c.Raw)))
		}
		day, r.Day, serial, err = numberDay(d, c.Format)
	case Text:
		if s := fold(c.Raw); len(s) == 5 && strings.Trim(s, "0123456789") == "" {
			d, _ := plainDecimal(s)
			day, r.Day, serial, err = numberDay(d, nil)
			break
		}
		day, r.Day, err = parseDay(c.Raw, w.Days)
	default:
		return Reading{}, wrongType(c, "sheet.day.unknown")
	}
	if err != nil {
		return Reading{}, err
	}
	if serial {
		r.Notes = append(r.Notes, i18n.M("sheet.note.serial", c.Raw, day.String()))
	}
	r.Num, r.High = int64(day), int64(day)
	return r, nil
}

func (w Want) readPeriod(c Cell) (Reading, error) {
	r := Reading{Precision: Exact}
	if c.Type != Date {
		p, err := ParsePeriod(c.Raw, w.Year)
		r.Period = p
		return r, err
	}
	d, err := w.readDay(c)
	if err != nil {
		return r, err
	}
	day := period.Day(d.Num)
	switch y, m, _ := day.YMD(); d.Day {
	case period.Year:
		r.Period = period.OfYear(y)
	case period.Month:
		r.Period = period.OfMonth(y, m)
	default:
		r.Period = period.OfDay(day)
	}
	return r, nil
}

// codeDigits is how many digits of a whole number a workbook keeps. A longer code that was typed as a number has lost
// its end for good.
const codeDigits = 15

func readText(c Cell, code bool) (Reading, error) {
	r := Reading{Precision: Exact}
	switch c.Type {
	case Number:
		d, ok := rawNumber(c.Raw)
		if !ok {
			return r, badValue("sheet.cell.number", preview([]byte(c.Raw)))
		}
		d = d.tidy()
		if d.scale <= 0 && len(d.fixed(0)) > codeDigits {
			return r, badValue("sheet.code.digits_lost", d.fixed(0), codeDigits)
		}
		r.Text = d.String()
		if code && c.Format != nil && !c.Format.percent && d.scale == 0 && c.Format.Unit.IsZero() {
			if shown := c.Format.show(d); strings.Trim(shown, "0123456789") == "" {
				r.Text = shown // 000000: leading zeros are part of a code
			}
		}
	case Date, Bool:
		r.Text = c.Shown()
	default:
		r.Text = cleanText(c.Raw)
		if clean, found := hanzi.Unannotated(r.Text); found {
			r.Notes = append(r.Notes, i18n.M("sheet.note.pinyin", r.Text, clean))
			r.Text = clean
		}
	}
	return r, nil
}

// cleanText trims a text and makes one space of each run of blanks, U+3000 of an indent included; the characters
// themselves stay as they were written.
func cleanText(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch r {
		case '\u200b', '\u200c', '\u200d', '\ufeff', '\u2060':
			return -1
		}
		return r
	}, s)), " ")
}

// SafeText is a text for a cell of a .csv file: what a spreadsheet would take for a formula is made text by an
// apostrophe, numbers excepted.
func SafeText(s string) string {
	if s == "" || !strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(s)[0]) {
		return s
	}
	if _, ok := plainDecimal(s); ok {
		return s
	}
	return "'" + s
}
