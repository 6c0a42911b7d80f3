package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// rowSummary is a batch in a few words: what it would bring or has brought.
func rowSummary(t i18n.T, b intake.Batch) string {
	p := b.Preview
	count := func(n int) string { return i18n.Group(strconv.Itoa(n)) }
	switch b.State {
	case intake.Ready:
		return t.S("imports.would_bring", count(p.Counts[intake.New]), count(p.Counts[intake.Changed]), count(p.Counts[intake.Conflicting]))
	case intake.Committed:
		return t.S("imports.brought", count(p.Cells))
	case intake.Failed:
		return t.Msg(b.Failure)
	}
	return ""
}

// commitWords is exactly what the commit will do.
func commitWords(t i18n.T, d batchData) string {
	var parts []string
	for _, c := range []intake.Class{intake.New, intake.Changed, intake.Conflicting, intake.Unchanged} {
		if n := d.Preview.Counts[c]; n > 0 {
			parts = append(parts, t.S("imports.class_"+string(c))+" "+i18n.Group(strconv.Itoa(n)))
		}
	}
	words := t.S("imports.commit_words", i18n.Group(strconv.Itoa(d.Preview.Cells)), d.Authority, strings.Join(parts, t.S("web.comma")))
	if d.Subjects != "" {
		words += t.S("imports.commit_subjects", d.Subjects)
	}
	if n := d.Preview.LeftOut(); n > 0 {
		words += t.S("imports.commit_left", i18n.Group(strconv.Itoa(n)))
	}
	return words + t.S("imports.commit_undo")
}

func shownOf(t i18n.T, c classLines) string {
	if c.Count == len(c.Lines) {
		return i18n.Group(strconv.Itoa(c.Count))
	}
	return t.S("imports.shown_of", i18n.Group(strconv.Itoa(len(c.Lines))), i18n.Group(strconv.Itoa(c.Count)))
}

func standingClass(s intake.Standing) string {
	switch s {
	case intake.Waits, intake.Standing(intake.Failed):
		return "yz-badge-warn"
	case intake.Standing(intake.Committed):
		return "yz-badge-good"
	case intake.Standing(intake.Undone), intake.Empty:
		return ""
	}
	return "yz-badge-blue"
}

// sheetTitle is a sheet's name; delimited text has none.
func sheetTitle(t i18n.T, s sheetForm) string {
	name := s.Name
	if name == "" {
		name = t.S("imports.the_table")
	}
	if s.Hidden {
		name += t.S("imports.hidden_sheet")
	}
	return name
}

// placeText is a cell as it is, and a whole row in words.
func placeText(t i18n.T, place string) string {
	row := place[strings.LastIndex(place, "!")+1:]
	if _, err := strconv.Atoi(row); err != nil {
		return place
	}
	return strings.TrimSuffix(place, row) + t.S("imports.row_n", row)
}

// cardLabel names a cell where a narrow screen shows the row as a card; a cell without a question stays empty there.
func cardLabel(t i18n.T, key string, asked bool) templ.Attributes {
	if !asked {
		return templ.Attributes{"class": "yz-wide"}
	}
	return templ.Attributes{"data-label": t.S(key)}
}

func columnLetter(c columnForm) string { return sheet.ColumnName(c.Index) }

func likely(c columnForm, role string) bool { return slices.Contains(c.Others, role) }

func rateField(c columnForm) string {
	switch c.Rate {
	case sheet.RatePercent:
		return "percent"
	case sheet.RateFraction:
		return "fraction"
	}
	return "ask"
}

// described joins a field with its hint, and with its problem where it has one.
func described(id, problem string) templ.Attributes {
	if problem == "" {
		return templ.Attributes{"aria-describedby": id + "-hint"}
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": id + "-error " + id + "-hint"}
}

// labelled names a field that has no label element.
func labelled(label string) templ.Attributes {
	if label == "" {
		return nil
	}
	return templ.Attributes{"aria-label": label}
}

// dayOrders is how dates may be meant that do not say.
func dayOrders(t i18n.T) []option {
	return []option{
		{"", t.S("imports.days_ask")},
		{string(sheet.YearMonthDay), t.S("imports.days_ymd")},
		{string(sheet.MonthDayYear), t.S("imports.days_mdy")},
		{string(sheet.DayMonthYear), t.S("imports.days_dmy")},
	}
}

// identifiers is what a row may go by whose code and name mean two enterprises.
func identifiers(t i18n.T) []option {
	return []option{
		{"", t.S("imports.identifier_ask")}, {string(intake.ByCode), t.S("imports.identifier_code")}, {string(intake.ByName), t.S("imports.identifier_name")},
	}
}

// whileBusy lets the page's script ask for the table again while work is under way.
func whileBusy(d deliveryData) templ.Attributes {
	if !d.Busy {
		return nil
	}
	return templ.Attributes{"hx-get": deliveryPath(d.ID), "hx-select": "#delivery", "hx-trigger": "every 2s", "hx-swap": "outerHTML"}
}

// countOrNone is a count; none is left blank, so that the others stand out.
func countOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return i18n.Group(strconv.Itoa(n))
}
