package sheet

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/hanzi"
)

// RecordKind is what a row below the header is.
type RecordKind uint8

// The kinds. Only DataRow is to be imported.
const (
	DataRow RecordKind = iota
	TotalRow
	SectionRow // a heading within the table, such as a county above its firms
	NoteRow
	HeaderAgain // the header repeated on a further printed page
)

// Record is one row below the header, with a cell for each column of the layout. It is used again for the next.
type Record struct {
	Kind   RecordKind
	Row    int
	Hidden bool
	Cells  []Cell // as Layout.Columns; filled from a merged range only downwards
	Text   string // of a total, section or note row: its words
}

// DefaultTotals are words of rows that sum others up.
func DefaultTotals() []string {
	return []string{"合计", "总计", "小计", "共计", "总和", "本页合计", "本页小计", "累计", "合计数", "Total", "Grand total", "Subtotal", "Sum"}
}

// DefaultNotes are words that begin a line below a table.
func DefaultNotes() []string {
	return []string{"注", "备注", "说明", "填表说明", "填报说明", "资料来源", "数据来源", "填表人", "填报人", "制表人", "制表", "审核人", "审核", "复核", "单位负责人", "负责人", "统计负责人", "联系人", "联系电话", "填报日期", "报出日期", "以上", "Note", "Notes", "Source", "Remarks"}
}

// Records hands each row below the header to fn, told apart by kind. A value that a merged range spreads to the right is
// left out: an amount over three columns is not three amounts. An error of fn ends the walk and is returned as it is. The
// file is read some rows ahead of fn, in another goroutine: fn must not read in it too.
func (b *Book) Records(ctx context.Context, l *Layout, fn func(*Record) error) error {
	at := map[int]int{}
	for i, c := range l.Columns {
		at[c.Index] = i
	}
	rec := Record{Cells: make([]Cell, len(l.Columns))}
	noted := false // the notes have begun: a line of one text goes on with them
	return b.readahead(ctx, l.Sheet, func(r *Row) error {
		if r.Num <= l.lastHeader {
			return nil
		}
		rec.Row, rec.Hidden = r.Num, r.Hidden
		for i, c := range l.Columns {
			rec.Cells[i] = Cell{Col: c.Index}
		}
		for _, c := range r.Cells {
			if i, ok := at[c.Col]; ok && c.Fill != FromLeft {
				rec.Cells[i] = c
			}
		}
		rec.Kind, rec.Text = l.kind(r, noted)
		noted = rec.Kind == NoteRow
		return fn(&rec)
	})
}

// kind tells what a row is by its first words and by how much stands in it.
func (l *Layout) kind(r *Row, noted bool) (RecordKind, string) {
	own, texts := 0, 0
	first, firstOwn := "", ""
	for _, c := range r.Cells {
		if c.Fill != Own {
			continue
		}
		own++
		if c.Type != Text {
			continue
		}
		texts++
		if texts > 4 {
			continue
		}
		text := cleanText(c.Raw)
		if firstOwn == "" {
			firstOwn = text
		}
		if first == "" && len(text) <= 60 && l.endsAsTotal(text) && l.isTotal(foldLabel(text)) {
			first = text
		}
	}
	switch {
	case first != "" && (own > texts || texts <= 2 || numericTexts(r)):
		return TotalRow, first
	case own > 0 && own <= 3 && texts > 0 && firstOwn != "" && startsWith(firstOwn, l.notes):
		return NoteRow, firstOwn
	case own >= 2 && l.repeatsHeader(r):
		return HeaderAgain, ""
	case own == 1 && texts == 1 && len(l.Columns) > 2 && r.Cell(l.Columns[0].Index).Fill != FromAbove:
		if noted || len([]rune(firstOwn)) > 40 {
			return NoteRow, firstOwn
		}
		if len(r.Cells) > own || sectionStart.MatchString(firstOwn) || sectionEnd.MatchString(firstOwn) {
			return SectionRow, firstOwn
		}
	}
	return DataRow, ""
}

// A line of one text is a section when it spans columns, is numbered, or names a place; else it is a row whose other
// cells are blank.
var (
	sectionStart = regexp.MustCompile(`^(?:第?[一二三四五六七八九十]+[、.．章节]|[（(][一二三四五六七八九十]+[)）])`)
	sectionEnd   = regexp.MustCompile(`(?:省|市|区|县|街道|镇|乡|园区|管委会)(?:[（(].*[)）])?$`)
)

// endsAsTotal is false for a text that cannot fold to a total word, because it ends with another character. That sorts out
// nearly all texts there are, each of which would have to be folded.
func (l *Layout) endsAsTotal(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(text)
	switch {
	case last >= '一' && last <= '\u9FD5': // stands for itself, but for its simplified form
		last, _ = utf8.DecodeRuneInString(hanzi.Simplified(string(last)))
	case last < utf8.RuneSelf && (unicode.IsLetter(last) || unicode.IsDigit(last)):
		last = unicode.ToLower(last)
	default: // a bracket that may hold pinyin, a full-width form, a mark that is left out
		return true
	}
	return slices.ContainsFunc(l.totals, func(w string) bool {
		end, _ := utf8.DecodeLastRuneInString(w)
		return end == last
	})
}

// isTotal says that a folded text is a total word, or a place or rank before one: 全市合计, 东台市小计.
func (l *Layout) isTotal(text string) bool {
	for _, w := range l.totals {
		if text == w {
			return true
		}
		if head, ok := strings.CutSuffix(text, w); ok && len([]rune(head)) <= 6 && !strings.ContainsFunc(w, isLatin) {
			return true
		}
	}
	return false
}

func isLatin(r rune) bool { return r < 0x80 && unicode.IsLetter(r) }

func numericTexts(r *Row) bool {
	for _, c := range r.Cells {
		if c.Type == Text && looksNumeric(c.Raw) {
			return true
		}
	}
	return false
}

// startsWith says that a line begins with one of the words, and the word ends there: 注： and 注1 and 备注 …, but not 注塑机.
func startsWith(line string, words []string) bool {
	folded := foldLabel(line)
	for _, w := range words {
		if !strings.HasPrefix(folded, w) {
			continue
		}
		rest := strings.TrimLeft(strings.ToLower(fold(line)), " *※(【[")
		rest, ok := strings.CutPrefix(rest, w)
		if !ok {
			continue
		}
		if rest == "" || strings.ContainsAny(rest[:1], ":;.,)] 0123456789") || strings.HasPrefix(rest, "、") || strings.HasPrefix(rest, "】") {
			return true
		}
	}
	return false
}

// headerWords are a row's words by column, those of a merged range only once.
func headerWords(r *Row) map[int]string {
	m := map[int]string{}
	for _, c := range r.Cells {
		if f := foldLabel(c.Raw); f != "" && c.Fill == Own {
			m[c.Col] = f
		}
	}
	return m
}

// repeatsHeader says that a row has the very words of one of the header rows. A row of figures may chance upon the
// column numbers, hence the texts.
func (l *Layout) repeatsHeader(r *Row) bool {
	for _, header := range l.header {
		same, texts := 0, 0
		for _, c := range r.Cells {
			if c.Fill != Own {
				continue
			}
			if header[c.Col] == "" || header[c.Col] != foldLabel(c.Raw) {
				texts = -len(r.Cells)
				break
			}
			same++
			if c.Type == Text {
				texts++
			}
		}
		if same >= 2 && texts > 0 {
			return true
		}
	}
	return false
}
