package layout

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"
)

// cellFormat is what a cell's own number format says of it.
type cellFormat struct {
	own     bool // it has one
	percent bool // and shows what is in it out of a hundred
}

// percentStyle is a style with a percentage of so many decimals.
type percentStyle struct{ style, places int }

// Built-in formats of percentages.
const (
	wholePercent = 9
	finePercent  = 10
)

// format is the number format of a cell, with the number of its style.
func (w *writer) format(name, at string) (f cellFormat, style int, err error) {
	if style, err = w.out.GetCellStyle(name, at); err != nil {
		return f, 0, err
	}
	f, known := w.formats[style]
	if known {
		return f, style, nil
	}
	s, err := w.out.GetStyle(style)
	if err != nil {
		return f, style, err
	}
	custom := ""
	if s.CustomNumFmt != nil && !strings.EqualFold(*s.CustomNumFmt, "General") && *s.CustomNumFmt != "@" {
		custom = *s.CustomNumFmt
	}
	const text = 49 // @
	f.own = custom != "" || s.NumFmt != 0 && s.NumFmt != text
	f.percent = s.NumFmt == wholePercent || s.NumFmt == finePercent || strings.Contains(custom, "%")
	if w.formats == nil {
		w.formats = map[int]cellFormat{}
	}
	w.formats[style] = f
	return f, style, nil
}

// putDecimal writes a number with as many decimals as the pages show, or more where the cell's format says how many of them are seen.
func (w *writer) putDecimal(name, at string, d decimal) error {
	f, _, err := w.format(name, at)
	if err != nil {
		return err
	}
	if f.own && d.places >= 0 {
		d.places += morePlaces
	}
	return w.out.SetCellDefault(name, at, d.String())
}

// putShare writes a share as a number: in the unit that the template names; out of 1 where the cell is formatted as a percentage, which a cell
// becomes that says nothing at all.
func (w *writer) putShare(name, at string, s share) error {
	f, style, err := w.format(name, at)
	switch {
	case err != nil:
		return err
	case f.percent && s.places >= 0:
		return w.out.SetCellDefault(name, at, digits(s.value, s.places+2+morePlaces))
	case f.percent:
		return w.out.SetCellDefault(name, at, digits(s.value, fullPlaces))
	case s.per > 0:
		return w.putDecimal(name, at, s.told())
	}
	text := s.String()
	places := 0
	if _, behind, ok := strings.Cut(strings.TrimSuffix(text, "%"), "."); ok {
		places = len(behind)
	}
	if style, err = w.percent(percentStyle{style, places}); err != nil {
		return w.out.SetCellStr(name, at, text) // a style of another program that cannot be made again: the words say the same
	}
	if err := w.out.SetCellStyle(name, at, at, style); err != nil {
		return err
	}
	return w.out.SetCellDefault(name, at, digits(s.value, places+2))
}

// percent is a style with the format of a percentage in place of its own.
func (w *writer) percent(p percentStyle) (int, error) {
	if style, known := w.percents[p]; known {
		return style, nil
	}
	s, err := w.out.GetStyle(p.style)
	if err != nil {
		return 0, err
	}
	form := "0"
	if p.places > 0 {
		form += "." + strings.Repeat("0", p.places)
	}
	form += "%"
	s.CustomNumFmt, s.NumFmt = &form, 0
	if s.Fill.Type == "" || s.Fill.Pattern < 0 { // no fill, as other programs write it
		s.Fill = excelize.Fill{}
	}
	style, err := w.out.NewStyle(s)
	if err != nil {
		return 0, fmt.Errorf("make a style of a percentage: %w", err)
	}
	if w.percents == nil {
		w.percents = map[percentStyle]int{}
	}
	w.percents[p] = style
	return style, nil
}
