package intake

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Mend is what a sender said about one text of a column: it holds wherever the column says just that.
type Mend struct {
	Text string `json:"text"`
	Do   Do     `json:"do"`
	As   string `json:"as,omitempty"`   // of ReadAs
	Firm int64  `json:"firm,omitempty"` // of IsFirm
	From Origin `json:"from,omitempty"` // Remembered or Chosen
}

// Do is what a mend does with the cells that say its text.
type Do string

// The acts. IsFirm and AsIs answer which enterprise a name means; AsIs also takes a credit code that fails its check.
const (
	ReadAs     Do = "read"    // As is read in its place
	SayNothing Do = "nothing" // it is read as a blank cell
	LeaveRows  Do = "leave"   // the rows are left out
	IsFirm     Do = "firm"    // the enterprise Firm is meant
	AsIs       Do = "as_is"   // it is right as it stands: the enterprise is a new one
)

// Identifier says what a row goes by whose credit code and name mean two different enterprises.
type Identifier string

// The choices. AskWhich is the zero value: the row is left out until somebody says.
const (
	AskWhich Identifier = ""
	ByCode   Identifier = "code"
	ByName   Identifier = "name"
)

// Remedy is a kind of answer that mends a problem.
type Remedy string

// The remedies.
const (
	MendTarget     Remedy = "target"     // say what the column holds
	MendUnit       Remedy = "unit"       // the unit of its plain numbers
	MendRate       Remedy = "rate"       // how it writes rates
	MendDays       Remedy = "days"       // in which order it writes dates
	MendPeriod     Remedy = "period"     // which period the sheet is about
	MendTexts      Remedy = "texts"      // what each of its texts is to be read as
	MendFirms      Remedy = "firms"      // which enterprise each of its names means
	MendDoubles    Remedy = "doubles"    // which of two statements holds
	MendUnsound    Remedy = "unsound"    // codes that fail their check are right
	MendHidden     Remedy = "hidden"     // take what is hidden
	MendAmounts    Remedy = "amounts"    // the amounts are right
	MendIdentifier Remedy = "identifier" // what a row goes by
	MendArea       Remedy = "area"       // where rows lie that name no area
)

// remedies is what mends a cause, the likeliest first. Causes that are not listed are mended text by text, where the
// problem has texts, or in the file.
var remedies = map[string][]Remedy{
	"intake.code_unsound":       {MendTexts, MendUnsound},
	"intake.code_or_name":       {MendFirms, MendIdentifier},
	"intake.code_or_new":        {MendFirms, MendIdentifier},
	"intake.alike_firms":        {MendFirms},
	"intake.no_code_new":        {MendFirms},
	"intake.many_firms":         {MendFirms},
	"intake.hidden_row":         {MendHidden},
	"intake.hidden_sheet":       {MendHidden},
	"intake.hidden_column":      {MendTarget},
	"intake.unknown_column":     {MendTarget},
	"intake.unknown_sheet":      {MendTarget},
	"sheet.doubt.column":        {MendTarget},
	"intake.stated_twice":       {MendDoubles},
	"intake.jump":               {MendUnit, MendAmounts},
	"intake.jump_peers":         {MendUnit, MendAmounts},
	"intake.big_change":         {MendUnit, MendAmounts},
	"intake.no_period":          {MendPeriod},
	"intake.no_row_period":      {MendPeriod},
	"sheet.doubt.unit":          {MendUnit},
	"sheet.amount.no_unit":      {MendUnit},
	"sheet.doubt.rate":          {MendRate},
	"sheet.rate.ambiguous":      {MendRate},
	"sheet.day.two_digit_year":  {MendDays, MendTexts},
	"sheet.day.order":           {MendDays, MendTexts},
	"intake.area_from_name":     {MendArea},
	"intake.no_area":            {MendArea},
	"intake.total_differs":      {},
	"intake.two_names":          {},
	"intake.two_areas":          {},
	"sheet.note.rounded":        {},
	"sheet.note.serial":         {},
	"sheet.note.unit_in_cell":   {},
	"sheet.note.year_not_shown": {},
}

// Remedies is the kinds of answer that mend the problem; none when only the file itself can be mended.
func (p Problem) Remedies() []Remedy {
	all, listed := remedies[p.Cause]
	if !listed && len(p.Texts) > 0 {
		return []Remedy{MendTexts}
	}
	return all
}

const (
	maxMends    = 500 // of one column
	maxMendText = 200 // bytes of a text that is mended, and of what is read instead
	maxSkipRows = 5000
)

// checkMends refuses what cannot be done with a column's texts.
func (c ColumnPlan) checkMends() error {
	if len(c.Mends) > maxMends {
		return errs.Invalid(i18n.M("intake.plan_mends", c.Header, maxMends))
	}
	for i, m := range c.Mends {
		twice := slices.ContainsFunc(c.Mends[:i], func(other Mend) bool { return other.Text == m.Text })
		switch {
		case m.Text == "" || twice || len(m.Text) > maxMendText || len(m.As) > maxMendText:
		case m.Do == ReadAs && strings.TrimSpace(m.As) != "" && m.As != m.Text, m.Do == SayNothing, m.Do == LeaveRows:
			continue
		case m.Do == IsFirm && c.Target == roleName && m.Firm > 0, m.Do == AsIs && (c.Target == roleName || c.Target == roleUSCC):
			continue
		}
		return errs.Invalid(i18n.M("intake.plan_mend", c.Header, m.Text))
	}
	return nil
}

// With is the column with a mend in place of what was said about the same text before.
func (c ColumnPlan) With(m Mend) ColumnPlan {
	c = c.Without(m.Text)
	m.From = Chosen
	c.Mends = append(c.Mends, m)
	return c
}

// Without is the column with nothing said about a text.
func (c ColumnPlan) Without(text string) ColumnPlan {
	c.Mends = slices.DeleteFunc(slices.Clone(c.Mends), func(m Mend) bool { return m.Text == text })
	return c
}

// mendUse is a mend and how many cells it was used for.
type mendUse struct {
	Mend
	uses int
}

// wordOf is a cell's text as mends name it; "" for a cell that has none or too long a one.
func wordOf(c *sheet.Cell) string {
	word := strings.TrimSpace(c.Shown())
	if len(word) > maxMendText {
		return ""
	}
	return word
}

// mend puts what the sender said in place of what the cells of a row say, and finds whether the row is left out.
func (t *table) mend(rec *sheet.Record) {
	clear(t.was)
	t.leave = false
	if rec.Kind != sheet.DataRow {
		return
	}
	_, t.leave = slices.BinarySearch(t.plan.SkipRows, rec.Row)
	for i := range t.columns {
		c := &t.columns[i]
		if len(c.mends) == 0 {
			continue
		}
		m := c.mends[wordOf(&rec.Cells[c.at])]
		if m == nil {
			continue
		}
		m.uses++
		switch m.Do {
		case ReadAs:
			t.was[i] = m.Text
			rec.Cells[c.at] = sheet.Cell{Col: c.Index, Type: sheet.Text, Raw: m.As}
		case SayNothing:
			rec.Cells[c.at] = sheet.Cell{Col: c.Index}
		case LeaveRows:
			t.leave = true
		}
	}
}

// word is what a cell of a row says in the file itself.
func (t *table) word(rec *sheet.Record, c *column) string {
	if was := t.was[c.n]; was != "" {
		return was
	}
	return wordOf(&rec.Cells[c.at])
}

// mendOf is what the sender said about the text of a cell; nil when nothing.
func (t *table) mendOf(rec *sheet.Record, c *column) *mendUse {
	if c == nil || len(c.mends) == 0 {
		return nil
	}
	return c.mends[t.word(rec, c)]
}

// shape is the make of a text: digits are 9, letters A, Chinese characters 字, each run of them once. 22/1/28 and 3/12/05 are
// both 9/9/9.
func shape(word string) string {
	const longest = 24
	var b strings.Builder
	last := rune(0)
	for _, r := range width.Fold.String(word) {
		switch {
		case unicode.IsDigit(r):
			r = '9'
		case unicode.Is(unicode.Han, r):
			r = '字'
		case unicode.IsLetter(r):
			r = 'A'
		case unicode.IsSpace(r):
			continue
		}
		if r == last && (r == '9' || r == '字' || r == 'A') {
			continue
		}
		last = r
		b.WriteRune(r)
		if utf8.RuneCountInString(b.String()) == longest {
			break
		}
	}
	return b.String()
}
