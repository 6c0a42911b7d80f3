package paper

import (
	"errors"
	"fmt"
	"time"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Document is what is printed. Its zero value is an empty sheet of A4. Every text may hold any characters: what no
// document can show is left out (see clean), "\n" is a line break.
type Document struct {
	Title    string // centred; also the title in the file's properties
	Subtitle string // centred below
	Meta     []Pair // below the title: 编号, 单位, 日期
	Cover    bool   // title and Meta stand on a page of their own, without header and footer

	Header string // at the head of every page, on one line
	Footer string // at the foot of every page, left of the page numbers, on one line
	// Numbering words the number of a page, such as "第 3 页 共 20 页"; nil for none. The arguments are text, for a word
	// processor counts the pages itself: what is handed in there stands for its fields.
	Numbering func(page, pages string) string
	// Mark stands across every page in grey and in its head, such as "演示数据，非真实"; "" for a document that is meant.
	Mark string

	English bool      // the language of the text, for readers aloud and spelling; first lines of paragraphs are not set in
	Author  string    // in the file's properties
	Created time.Time // in the file's properties; the zero time leaves it out

	Blocks []Block
}

// Pair is a label and what it names.
type Pair struct{ Label, Value string }

// Block is a part of a document that stands below the one before: Heading, Paragraph, List, Table, Pairs, Note, Picture,
// PageBreak or Signature.
type Block interface{ block() }

// Heading begins a part. It stands in the outline of the PDF and in the navigation of Word, and never alone at the foot
// of a page. Numbers such as 一、 are part of the text.
type Heading struct {
	Level int // 1 to 3
	Text  string
}

// Paragraph is running text, justified, its first line set in by two characters in Chinese.
type Paragraph struct {
	Lead  string // in bold, before the text
	Text  string
	Flush bool // not set in
}

// List is one item below the other, with dots, or with numbers that begin at 1.
type List struct {
	Numbered bool
	Items    []string
}

// Table is rows below a header that comes again on every page. A row moves to the next page whole, unless it is taller
// than one.
type Table struct {
	Caption string // above
	Columns []Column
	// Rows have a cell for each column. One with a single cell, where there are several columns, spans them in bold: the
	// heading of a group.
	Rows  [][]string
	Total bool   // the last row is a sum, in bold
	Empty string // stands in place of rows when there are none
}

// Column of a Table.
type Column struct {
	Title  string
	Share  int  // of the width, in proportion to those of the others; 0 counts as 1
	Number bool // set to the right; digits are of equal width
}

// Pairs are labels with what they name, in a frame: the particulars of an enterprise, say.
type Pairs []Pair

// Note is small and grey: sources, confidence, what is synthetic.
type Note string

// Picture is a JPEG or a PNG, scaled down to the text area when it is larger, turned the way up that the camera notes, and
// without what it tells besides: place, time, device.
type Picture struct {
	Data    []byte
	Caption string // below
	Alt     string // for who cannot see it; Caption when ""
	Width   int    // in per cent of the text area; 0 for its own size at 96 pixels an inch
}

// PageBreak begins a new page.
type PageBreak struct{}

// Signature is lines to stamp, sign and date, on the right; one without a value is a rule to write on.
type Signature []Pair

func (Heading) block()   {}
func (Paragraph) block() {}
func (List) block()      {}
func (Table) block()     {}
func (Pairs) block()     {}
func (Note) block()      {}
func (Picture) block()   {}
func (PageBreak) block() {}
func (Signature) block() {}

// What one document may be; beyond, both writers refuse with a message before the work is done.
const (
	MaxBlocks       = 20_000
	MaxColumns      = 24       // of one table
	MaxCells        = 100_000  // of all tables
	MaxText         = 2 << 20  // bytes of all texts
	MaxPictures     = 200      // of one document
	MaxPictureBytes = 16 << 20 // of one picture
	MaxPicturesSum  = 64 << 20 // bytes of all pictures
	MaxPixels       = 16 << 20 // of one picture, from its header, before it is unpacked
	MaxPages        = 5_000    // of a PDF
)

// check refuses what is too large, and what the program that made the document got wrong.
func (d *Document) check() error {
	if len(d.Blocks) > MaxBlocks {
		return errs.Invalid(i18n.M("paper.blocks", len(d.Blocks), MaxBlocks))
	}
	var text, cells, pictures, pictureBytes int
	count := func(ss ...string) {
		for _, s := range ss {
			text += len(s)
		}
	}
	pairs := func(ps []Pair) {
		for _, p := range ps {
			count(p.Label, p.Value)
		}
		cells += 2 * len(ps)
	}
	count(d.Title, d.Subtitle, d.Header, d.Footer, d.Mark, d.Author)
	pairs(d.Meta)
	for i, b := range d.Blocks {
		switch b := b.(type) {
		case Heading:
			if b.Level < 1 || b.Level > 3 {
				return fmt.Errorf("block %d: a heading of level %d", i+1, b.Level)
			}
			count(b.Text)
		case Paragraph:
			count(b.Lead, b.Text)
		case List:
			count(b.Items...)
			cells += len(b.Items)
		case Table:
			if err := b.check(); err != nil {
				return fmt.Errorf("block %d: %w", i+1, err)
			}
			count(b.Caption, b.Empty)
			for _, c := range b.Columns {
				count(c.Title)
			}
			for _, r := range b.Rows {
				count(r...)
				cells += len(r)
			}
		case Pairs:
			pairs(b)
		case Note:
			count(string(b))
		case Picture:
			count(b.Caption, b.Alt)
			if b.Width < 0 || b.Width > 100 {
				return fmt.Errorf("block %d: a picture of %d%% of the width", i+1, b.Width)
			}
			pictures++
			pictureBytes += len(b.Data)
		case PageBreak:
		case Signature:
			pairs(b)
		default:
			return fmt.Errorf("block %d: a block of no kind: %T", i+1, b)
		}
	}
	switch {
	case cells > MaxCells:
		return errs.Invalid(i18n.M("paper.cells", cells, MaxCells))
	case text > MaxText:
		return errs.Invalid(i18n.M("paper.text", text>>10, MaxText>>10))
	case pictures > MaxPictures:
		return errs.Invalid(i18n.M("paper.pictures", pictures, MaxPictures))
	case pictureBytes > MaxPicturesSum:
		return errs.Invalid(i18n.M("paper.pictures_bytes", pictureBytes>>20, MaxPicturesSum>>20))
	}
	return nil
}

func (t Table) check() error {
	if len(t.Columns) == 0 {
		return errors.New("a table without columns")
	}
	if len(t.Columns) > MaxColumns {
		return errs.Invalid(i18n.M("paper.columns", len(t.Columns), MaxColumns))
	}
	for _, c := range t.Columns {
		if c.Share < 0 || c.Share > 10_000 {
			return fmt.Errorf("a column with a share of %d", c.Share)
		}
	}
	for i, r := range t.Rows {
		if len(r) != len(t.Columns) && len(r) != 1 {
			return fmt.Errorf("row %d has %d cells for %d columns", i+1, len(r), len(t.Columns))
		}
	}
	return nil
}

func (c Column) share() int { return max(c.Share, 1) }

// widths shares total among the columns; none is narrower than a character with the room around it.
func (t Table) widths(total int) []int {
	widths, least := make([]int, len(t.Columns)), total/MaxColumns
	rest, shares := total, 0
	for _, c := range t.Columns {
		shares += c.share()
	}
	set := func(i, width int) {
		widths[i] = width
		rest, shares = rest-width, shares-t.Columns[i].share()
	}
	for range t.Columns { // what one takes that would be too narrow, the others lack
		for i, c := range t.Columns {
			if widths[i] == 0 && rest*c.share()/shares < least {
				set(i, least)
			}
		}
	}
	for i, c := range t.Columns {
		if widths[i] == 0 {
			set(i, rest*c.share()/shares)
		}
	}
	return widths
}
