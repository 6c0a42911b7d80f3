package sheet

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// UnitSource says where a column's unit was found.
type UnitSource string

// The sources, the nearer one winning. A cell that names its own unit beats them all (see Read).
const (
	UnitFromHeader UnitSource = "header"
	UnitFromTitle  UnitSource = "title"
	UnitFromTerm   UnitSource = "term" // of the best match: nothing in the table says
	UnitNowhere    UnitSource = ""
)

// Column is one column of a table.
type Column struct {
	Index      int     // from 0
	Label      string  // header words from the top down, joined by " / ", without unit and period
	Header     string  // header words as they stand
	Candidates []Match // best first, at most five, scores below 300 left out
	Unit       Unit
	UnitFrom   UnitSource
	Period     period.Period // named in the header, completed from the title; Always when neither names one
	Rate       RateScale     // from a % in the header
	Hidden     bool
	Doubts     []i18n.Msg // what to ask once for the column
}

// Want is what the column's cells are read as, when it holds the kind.
func (c Column) Want(kind Kind) Want {
	return Want{Kind: kind, Unit: c.Unit, Rate: c.Rate, Year: c.Period.YearOf()}
}

// Places is where in Layout.Columns the terms of a vocabulary stand, each in the column that its words fit best; ok is false where one
// that is needed stands nowhere.
func (l *Layout) Places(v Vocabulary, needed ...string) (at map[string]int, ok bool) {
	at = map[string]int{}
	for _, term := range v.Columns {
		best := 0
		for i, c := range l.Columns {
			if len(c.Candidates) > 0 && c.Candidates[0].ID == term.ID && c.Candidates[0].Score > best {
				at[term.ID], best = i, c.Candidates[0].Score
			}
		}
	}
	for _, need := range needed {
		if _, has := at[need]; !has {
			return nil, false
		}
	}
	return at, true
}

// Layout is where the table stands in a sheet and what its columns seem to be.
type Layout struct {
	Sheet      int
	Title      string        // title lines joined by a space
	TitleRows  []int         // row numbers above the header
	HeaderRows []int         // row numbers of the header
	FirstData  int           // number of the first row below the header; 0 when there is none
	Unit       Unit          // named in the title
	Period     period.Period // named in the title
	Columns    []Column
	Score      int // sum of the best matches; 0 when no column is known

	totals, notes []string
	header        []map[int]string // words of each header row by column, folded, to know a repetition
	lastHeader    int
}

// headRows is how many rows with a value are looked at for the header, and sampleRows how many of the data below it.
const (
	headRows   = 60
	sampleRows = 40
	maxHeader  = 5
)

var errEnough = errors.New("enough rows")

// Detect finds the table in a sheet: title, header rows, and for each column its label, the terms that fit, its unit
// and its period. It reads the first rows only. A sheet without a header is an errs.KindInvalid error.
func Detect(ctx context.Context, b *Book, sheet int, vocab Vocabulary) (Layout, error) {
	hidden, err := b.HiddenColumns(ctx, sheet)
	if err != nil {
		return Layout{}, err
	}
	var rows []Row
	err = b.Rows(ctx, sheet, func(r *Row) error {
		row := *r
		row.Cells = slices.Clone(r.Cells)
		rows = append(rows, row)
		if len(rows) == headRows+sampleRows {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return Layout{}, err
	}
	d := detector{rows: rows, terms: foldTerms(vocab.Columns)}
	first, last, ok := d.header()
	if !ok {
		at := Place{File: b.name, Sheet: b.sheets[sheet].Name, Row: 1, Col: -1}
		return Layout{}, errs.Invalid(i18n.M("sheet.at", at.String(), i18n.M("sheet.layout.no_header", headRows)))
	}
	l := Layout{Sheet: sheet, totals: vocab.Totals, notes: vocab.Notes}
	if l.totals == nil {
		l.totals = DefaultTotals()
	}
	if l.notes == nil {
		l.notes = DefaultNotes()
	}
	l.totals, l.notes = foldAll(l.totals), foldAll(l.notes)
	d.title(&l, first)
	d.columns(&l, first, last, hidden)
	d.sample(&l, last)
	return l, nil
}

// detector holds the first rows of a sheet.
type detector struct {
	rows  []Row
	terms []foldedTerm
}

// header finds the header rows, as indexes into rows: the row whose words fit the vocabulary best, then its parents
// above and its children below.
func (d *detector) header() (first, last int, ok bool) {
	best, bestScore := -1, 0
	for i := range min(len(d.rows), headRows) {
		if score := d.headerScore(i); score > bestScore {
			best, bestScore = i, score
		}
	}
	if best < 0 {
		return 0, 0, false
	}
	first, last = best, best
	for first > 0 && last-first < maxHeader && d.isParent(first-1, first) {
		first--
	}
	for last+1 < len(d.rows) && last-first < maxHeader && d.isChild(last, last+1) {
		last++
	}
	return first, last, true
}

// headerScore is how much a row looks like a header: words that the vocabulary knows count most; without any, a row of
// several texts above rows of another make.
func (d *detector) headerScore(i int) int {
	texts, known, numbers := 0, 0, 0
	for _, c := range d.rows[i].Cells {
		switch {
		case c.Fill == FromLeft:
		case c.Type == Text && !looksNumeric(c.Raw) || isYear(c):
			texts++
			if utf8.RuneCountInString(c.Raw) > 60 {
				return 0 // a sentence, not a label
			}
			if isYear(c) {
				continue
			}
			label, _, _, _ := splitHeader(c.Raw, 0)
			if score := bestScore(d.terms, label); score >= 700 {
				known += score
			}
		default:
			numbers++
		}
	}
	if texts < 2 && known == 0 || numbers > texts {
		return 0
	}
	score := 10*known/(1+numbers) + texts
	if known == 0 {
		if texts < 2 || numbers > 0 || isTitleRow(&d.rows[i]) {
			return 0
		}
		score = min(texts, 50)
		for j := range i { // an earlier row that is as wide is the likelier header
			if len(d.rows[j].Cells) >= len(d.rows[i].Cells) {
				return 0
			}
		}
	}
	return score
}

// words are the row's own texts by column; whole is false when anything else stands in it.
func words(r *Row) (own map[int]string, whole bool) {
	own, whole = map[int]string{}, true
	for _, c := range r.Cells {
		switch {
		case c.Fill != Own:
		case c.Type == Text && (!looksNumeric(c.Raw) || spanWhole.MatchString(fold(c.Raw))) || isYear(c):
			own[c.Col] = c.Raw
		default:
			whole = false
		}
	}
	return own, whole
}

// isYear knows a year that stands alone in a header: 2022, typed as a number or a text.
func isYear(c Cell) bool {
	return (c.Type == Number || c.Type == Text) && yearWhole.MatchString(fold(c.Raw))
}

func filled(r *Row, col int) Fill { return r.Cell(col).Fill }

// splits says that the upper row's cell at col is a parent of several columns: the cells to its right are covered by
// its merged range, or blank above words of the lower row.
func splits(upper, lower *Row, col int) bool {
	next := upper.Cell(col + 1)
	return (next.Type == Blank || next.Fill == FromLeft) && lower.Cell(col+1).Type != Blank && lower.Cell(col+1).Fill == Own &&
		upper.Cell(col).Type != Blank
}

// isChild says that the row below belongs to the header: it splits a column above it, or it gives nothing but units,
// periods or column numbers.
func (d *detector) isChild(i, j int) bool {
	upper, lower := &d.rows[i], &d.rows[j]
	if isOrdinals(lower) {
		return true
	}
	own, whole := words(lower)
	if len(own) == 0 || !whole {
		return false
	}
	onlyUnits, split := true, false
	for col, text := range own {
		label, unit, _, _ := splitHeader(text, 0)
		_, bare := UnitNamed(text)
		onlyUnits = onlyUnits && (bare || label == "" && !unit.IsZero())
		above := upper.Cell(col)
		switch {
		case above.Fill == FromAbove: // the label above had ended: a value
			return false
		case above.Type == Blank || above.Fill == FromLeft:
			split = split || d.underParent(upper, lower, col)
		case splits(upper, lower, col):
			split = true
		default:
			if !bare && label != "" {
				return onlyUnits
			}
		}
	}
	return split || onlyUnits
}

// underParent says that a column without words of its own in the upper row lies to the right of a parent that has
// children.
func (d *detector) underParent(upper, lower *Row, col int) bool {
	for c := col - 1; c >= 0; c-- {
		cell := upper.Cell(c)
		if cell.Type != Blank && cell.Fill != FromLeft {
			return lower.Cell(c).Type != Blank && lower.Cell(c).Fill == Own
		}
	}
	return false
}

// isParent says that the row above belongs to the header: it has several words, one of them over several columns, and
// is no title or unit line.
func (d *detector) isParent(i, j int) bool {
	upper, lower := &d.rows[i], &d.rows[j]
	own, whole := words(upper)
	if !whole || len(own) == 0 || isTitleRow(upper) {
		return false
	}
	if len(own) == 1 {
		for col := range own { // one parent over some columns, the others' labels lower down; a title covers all
			covered := 1
			for filled(upper, col+covered) == FromLeft {
				covered++
			}
			return covered > 1 && 2*covered < len(lower.Cells) && col > lower.Cells[0].Col
		}
	}
	for _, c := range lower.Cells {
		if c.Fill == FromAbove {
			return true
		}
	}
	for col := range own {
		if splits(upper, lower, col) {
			return true
		}
	}
	return false
}

// isTitleRow knows a line that is said of the whole table: 单位：万元, 填报单位：…, 2022年8月.
func isTitleRow(r *Row) bool {
	for _, c := range r.Cells {
		if c.Type != Text || c.Fill != Own {
			continue
		}
		s := strings.ReplaceAll(fold(c.Raw), " ", "")
		if s == "计量单位" && len(r.Cells) > 2 { // the head of a column
			continue
		}
		for _, w := range []string{"单位:", "计量单位", "金额单位", "货币单位", "填报单位", "填表单位", "编制单位", "制表单位", "报送单位", "填报日期", "填表日期", "制表日期", "报告期", "统计时间", "附件", "表号", "(单位", "Unit:", "unit:"} {
			if strings.HasPrefix(s, w) {
				return true
			}
		}
	}
	return false
}

// isOrdinals knows the row of column numbers below a statistical header: 甲 乙 1 2 3.
func isOrdinals(r *Row) bool {
	want, seen := int64(0), 0
	for _, c := range r.Cells {
		text := strings.Trim(fold(c.Raw), "()")
		if c.Fill != Own || c.Type != Number && c.Type != Text {
			return false
		}
		if strings.Contains("甲乙丙丁戊己", text) && len(text) == len("甲") {
			continue
		}
		d, ok := plainDecimal(text)
		n, whole := d.whole()
		if !ok || !whole || want > 0 && n != want || n > 512 || n < 1 {
			return false
		}
		want = n + 1
		seen++
	}
	return seen >= 3
}

func looksNumeric(text string) bool {
	if st := ParseState(text); st != Present {
		return true
	}
	s := fold(text)
	if strings.Trim(s, "0123456789.,+-% ") == "" {
		return true
	}
	if _, _, err := ParseDay(s); err == nil {
		return !yearDate.MatchString(s)
	}
	return false
}

// title takes the unit and the period from the lines above the header.
func (d *detector) title(l *Layout, first int) {
	var lines []string
	for i := range first {
		r := &d.rows[i]
		l.TitleRows = append(l.TitleRows, r.Num)
		for _, c := range r.Cells {
			if c.Fill == Own && (c.Type == Text || c.Type == Number || c.Type == Date) {
				lines = append(lines, cleanText(c.Shown()))
			}
		}
	}
	l.Title = strings.Join(lines, " ")
	if len(l.Title) > 2000 {
		l.Title = strings.ToValidUTF8(l.Title[:2000], "")
	}
	for _, line := range lines {
		text := fold(line)
		if unit, ok := titleUnit(text); ok && l.Unit.IsZero() {
			l.Unit = unit
		}
		if l.Period.Kind() == period.Always {
			if p, _, found := findPeriod(text, 0); found {
				l.Period = p
			}
		}
	}
}

// titleUnit finds 单位：万元 or （万元） in a title line.
func titleUnit(line string) (Unit, bool) {
	for _, mark := range []string{"单位:", "单位为", "计量单位", "金额单位", "货币单位", "Unit:", "unit:", "UNIT:"} {
		_, after, ok := strings.Cut(line, mark)
		if !ok {
			continue
		}
		after = strings.TrimLeft(after, ": ")
		for _, part := range strings.FieldsFunc(after, func(r rune) bool { return strings.ContainsRune(" ,、;)/", r) }) {
			if u, ok := UnitNamed(part); ok && (u.Kind == UnitMoney || u.Kind == UnitForeign) {
				return u, true
			}
		}
		if u, ok := UnitNamed(strings.TrimRight(after, ")")); ok {
			return u, true
		}
	}
	_, unit, _, _ := splitHeader(line, 0)
	return unit, unit.Kind == UnitMoney || unit.Kind == UnitForeign
}

// columns joins each column's header words and matches them.
func (d *detector) columns(l *Layout, first, last int, hidden []int) {
	labels := last
	for labels > first && isOrdinals(&d.rows[labels]) {
		labels--
	}
	for i := first; i <= last; i++ {
		l.HeaderRows = append(l.HeaderRows, d.rows[i].Num)
		l.header = append(l.header, headerWords(&d.rows[i]))
	}
	if last+1 < len(d.rows) {
		l.FirstData = d.rows[last+1].Num
	}
	l.lastHeader = d.rows[last].Num
	width := 0
	for i := first; i <= labels; i++ {
		if n := len(d.rows[i].Cells); n > 0 {
			width = max(width, d.rows[i].Cells[n-1].Col+1)
		}
	}
	for col := range width {
		parts := d.headerParts(first, labels, col)
		if len(parts) == 0 {
			continue
		}
		l.Columns = append(l.Columns, d.column(l, col, parts, slices.Contains(hidden, col)))
	}
	for _, c := range l.Columns {
		if len(c.Candidates) > 0 {
			l.Score += c.Candidates[0].Score
		}
	}
}

// headerParts is the words above a column from the top down. A blank cell takes the words of the parent to its left
// when both have words below.
func (d *detector) headerParts(first, last, col int) []string {
	var parts []string
	for i := first; i <= last; i++ {
		c := d.rows[i].Cell(col)
		if c.Type == Blank && i < last && d.underParent(&d.rows[i], &d.rows[i+1], col) && d.rows[i+1].Cell(col).Type != Blank {
			for left := col - 1; left >= 0; left-- {
				if c = d.rows[i].Cell(left); c.Type != Blank {
					break
				}
			}
		}
		if c.Type == Blank {
			continue
		}
		text := cleanText(c.Shown())
		if len(parts) == 0 || parts[len(parts)-1] != text {
			parts = append(parts, text)
		}
	}
	return parts
}

func (d *detector) column(l *Layout, col int, parts []string, isHidden bool) Column {
	c := Column{Index: col, Header: strings.Join(parts, " / "), Hidden: isHidden, Period: period.Period{}}
	var labels []string
	year := l.Period.YearOf()
	named := false
	for i, part := range parts { // a year in the parent completes a month in the child
		label, unit, p, found := splitHeader(part, year)
		if !unit.IsZero() {
			c.Unit, c.UnitFrom = unit, UnitFromHeader
		}
		if u, bare := UnitNamed(part); bare && i > 0 {
			c.Unit, c.UnitFrom, label = u, UnitFromHeader, ""
		}
		if found {
			c.Period, year, named = p, p.YearOf(), true
		}
		if label != "" {
			labels = append(labels, label)
		}
	}
	if !named {
		c.Period = l.Period
		if shift, ok := relativeYear(c.Header); ok && l.Period.YearOf() > 0 {
			c.Period = shiftYear(l.Period, shift)
		}
	}
	c.Label = strings.Join(labels, " / ")
	c.Candidates = matches(d.terms, labels, c.Unit.Kind)
	if c.Unit.Kind == UnitRate {
		c.Rate = RatePercent
	}
	if len(c.Candidates) == 0 {
		return c
	}
	term := d.term(c.Candidates[0].ID)
	if c.Unit.IsZero() && fits(term.Kind, l.Unit.Kind) {
		c.Unit, c.UnitFrom = l.Unit, UnitFromTitle
	}
	if c.Unit.IsZero() && term.Unit != "" {
		if u, ok := UnitNamed(term.Unit); ok && u.Kind != UnitRate {
			c.Unit, c.UnitFrom = u, UnitFromTerm
			if term.Kind == KindMoney {
				c.Doubts = append(c.Doubts, i18n.M("sheet.doubt.unit", c.Header, u.Name))
			}
		}
	}
	if len(c.Candidates) > 1 && c.Candidates[0].Score == c.Candidates[1].Score {
		c.Doubts = append(c.Doubts, i18n.M("sheet.doubt.column", c.Header))
	}
	return c
}

func (d *detector) term(id string) Term {
	for _, t := range d.terms {
		if t.ID == id {
			return t.Term
		}
	}
	return Term{}
}

// sample looks at the first values of rate columns: a % in the header over values that are all below 1 may be either.
func (d *detector) sample(l *Layout, last int) {
	for i := range l.Columns {
		c := &l.Columns[i]
		if len(c.Candidates) == 0 || d.term(c.Candidates[0].ID).Kind != KindRate {
			continue
		}
		plain, small := 0, 0
		for j := last + 1; j < len(d.rows); j++ {
			cell := d.rows[j].Cell(c.Index)
			if cell.Type != Number && cell.Type != Text || cell.Format != nil && cell.Format.percent {
				continue
			}
			m, err := parseMeasure(cell.Raw)
			if err != nil || m.tail != "" || m.low.digits == 0 {
				continue
			}
			plain++
			m.low.neg = false
			if m.low.cmp(decimal{digits: 1}) <= 0 {
				small++
			}
		}
		switch {
		case plain == 0:
		case c.Rate == RateUnknown:
			c.Doubts = append(c.Doubts, i18n.M("sheet.doubt.rate", c.Header))
		case small == plain && plain >= 3:
			c.Rate = RateUnknown
			c.Doubts = append(c.Doubts, i18n.M("sheet.doubt.rate_small", c.Header))
		}
	}
}

// relativeYear knows 上年同期 in a header, and that 较上年 and the like compare with the year before.
func relativeYear(header string) (shift int, ok bool) {
	for _, w := range []string{"上年", "去年", "上期"} {
		if strings.Contains(header, w) && !strings.ContainsAny(header, "增比较") {
			return -1, true
		}
	}
	return 0, false
}

func shiftYear(p period.Period, by int) period.Period {
	s := p.String()
	if len(s) < 4 {
		return p
	}
	if p.Kind() == period.DayKind {
		return period.OfYear(p.YearOf() + by)
	}
	q, err := period.Parse(period.OfYear(p.YearOf()+by).String() + s[4:])
	if err != nil {
		return p
	}
	return q
}
