package paper

import (
	"bytes"
	"fmt"
	"strconv"
)

// Lengths are thousandths of a point (1/72 inch) as integers: the same on every processor, where fractions are not.
const pt = 1000

func mm(n int) int { return n * 72 * pt * 10 / 254 }

// A4, and on it the text area of GB/T 9704—2012, 5.1: 37 mm above, 28 mm on the left, 156 mm × 225 mm.
var (
	pageWidth, pageHeight = mm(210), mm(297)
	left, textWidth       = mm(28), mm(156)
	top, bottom           = mm(37), mm(37) + mm(225) // from the head of the page
	headLine, footLine    = mm(25), mm(277)          // of what stands outside the area
)

// style is how text looks.
type style struct {
	size    int
	leading int // from one line to the next
	bold    bool
	grey    int // 0 black to 1000 white
}

var (
	titleStyle    = style{size: 22 * pt, leading: 34 * pt, bold: true} // 二号
	subtitleStyle = style{size: 15 * pt, leading: 24 * pt}             // 小三
	coverStyle    = style{size: 13 * pt, leading: 21 * pt}
	bodyStyle     = style{size: 12 * pt, leading: 20 * pt}                  // 小四
	leadStyle     = style{size: 12 * pt, leading: 20 * pt, bold: true}      //
	cellStyle     = style{size: 10 * pt, leading: 15 * pt}                  //
	strongCell    = style{size: 10 * pt, leading: 15 * pt, bold: true}      //
	captionStyle  = style{size: 10_500, leading: 16 * pt, bold: true}       // 五号
	noteStyle     = style{size: 9 * pt, leading: 13_500, grey: 380}         // 小五
	edgeStyle     = style{size: 9 * pt, leading: 13_500, grey: 330}         // header and footer
	markStyle     = style{size: 46 * pt, leading: 0, bold: true, grey: 900} // across the page
	markHead      = style{size: 9 * pt, leading: 13_500, bold: true}
	headingStyles = [...]style{
		{size: 16 * pt, leading: 26 * pt, bold: true}, // 三号
		{size: 14 * pt, leading: 23 * pt, bold: true}, // 四号
		{size: 12 * pt, leading: 20 * pt, bold: true},
	}
)

// sheet is a page in the making: what is drawn, in PDF's own operators, by layers from the ground up.
type sheet struct {
	under, body bytes.Buffer
	bare        bool       // the cover: no header, no footer
	marked      []*element // whom the pieces of body belong to, by their numbers
}

// setter lays a document out on sheets, from top to bottom.
type setter struct {
	regular, bold *typeface
	sheets        []*sheet
	y             int  // where the next thing begins, from the head of the page
	fresh         bool // nothing stands on the page yet
	full          bool // there are MaxPages: nothing more is drawn
	outline       []entry
	pictures      []*picture
	indent        int      // of first lines
	rest          []Block  // what comes after the block that is being set
	root, element *element // the whole text; the part of it that is being set
}

// entry of the outline.
type entry struct {
	level int
	title string
	sheet int
	y     int
}

func (s *setter) face(st style) *typeface {
	if st.bold {
		return s.bold
	}
	return s.regular
}

func (s *setter) sheet() *sheet { return s.sheets[len(s.sheets)-1] }

func (s *setter) newSheet() {
	s.full = len(s.sheets) == MaxPages
	if !s.full {
		s.sheets = append(s.sheets, &sheet{})
	}
	s.y, s.fresh = top, true
}

// room begins a new page unless there are height left on this one, or nothing stands on it.
func (s *setter) room(height int) {
	if !s.fresh && s.y+height > bottom {
		s.newSheet()
	}
}

// gap leaves room between blocks, none at the head of a page.
func (s *setter) gap(height int) {
	if !s.fresh {
		s.y += height
	}
}

// num writes a length in points, as PDF reads numbers.
func num(b []byte, n int) []byte {
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, int64(n/pt), 10)
	if f := n % pt; f != 0 {
		b = append(b, '.', byte('0'+f/100), byte('0'+f/10%10), byte('0'+f%10))
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return b
}

// put writes an operator with lengths before it.
func put(w *bytes.Buffer, operator string, lengths ...int) {
	b := w.AvailableBuffer()
	for _, n := range lengths {
		b = append(num(b, n), ' ')
	}
	w.Write(append(append(b, operator...), '\n'))
}

// justified is the most that a gap between two characters is widened to fill a line, in thousandths of the size: who
// takes the text out of a PDF sees a space in a wider one. Where there is a space, it may be spaceShare times as much.
const justified, spaceShare = 80, 4

// stretch is by how many shares the gap between a and b grows in a justified line.
func stretch(a, b rune) int {
	switch {
	case a == ' ':
		return spaceShare
	case breaks(a, b):
		return 1
	}
	return 0
}

// draw sets one line of text, its box beginning at x and y from the head of the page; fill is the width that an open
// line is to fill, 0 for none.
func (s *setter) draw(l line, st style, x, y, fill int) {
	if len(l.text) > 0 {
		s.mark(func(w *bytes.Buffer) { s.ink(w, l, st, x, y, fill) })
	}
}

// ink writes the line as draw sets it.
func (s *setter) ink(w *bytes.Buffer, l line, st style, x, y, fill int) {
	spread := 0
	if fill > 0 && l.open {
		shares := 0
		for i := 1; i < len(l.text); i++ {
			shares += stretch(l.text[i-1], l.text[i])
		}
		if slack := fill*1000/st.size - l.width; shares > 0 && slack > 0 && slack/shares <= justified {
			spread = slack / shares
		}
	}
	f := s.face(st)
	font := "/R"
	if st.bold {
		font = "/B"
	}
	put(w, "g", st.grey)
	w.WriteString("BT " + font + " ")
	put(w, "Tf", st.size)
	put(w, "Td", x, pageHeight-baseline(st, y))
	w.WriteString("[<")
	for i, r := range l.text {
		if unseen(r) {
			continue
		}
		if i > 0 && spread > 0 && stretch(l.text[i-1], r) > 0 {
			fmt.Fprintf(w, ">-%d<", spread*stretch(l.text[i-1], r))
		}
		fmt.Fprintf(w, "%04X", f.id(r))
	}
	w.WriteString(">] TJ ET\n")
}

// baseline of a line whose box begins at y: the em square of Chinese characters stands 880 above it and 120 below.
func baseline(st style, y int) int { return y + (st.leading-st.size)/2 + st.size*88/100 }

// extent is a width in thousandths of the size as a length.
func extent(width int, st style) int { return width * st.size / 1000 }

// lines breaks text for a column of this width, the first line set in.
func (s *setter) lines(text string, st style, indent, width int) []line {
	return lines(text, (width-indent)*1000/st.size, width*1000/st.size, s.face(st).advance)
}

// short is text on one line of at most width, its end left out where it is longer.
func (s *setter) short(text string, st style, width int) line {
	advance, room := s.face(st).advance, width*1000/st.size
	l := line{}
	for _, r := range oneLine(text) {
		l.text = append(l.text, r)
		l.width += advance(r)
	}
	if l.width <= room {
		return l
	}
	for len(l.text) > 0 && l.width+advance('…') > room {
		l.width -= advance(l.text[len(l.text)-1])
		l.text = l.text[:len(l.text)-1]
	}
	return line{text: append(l.text, '…'), width: l.width + advance('…')}
}

// align is where lines stand in their column.
type align int

const (
	flushLeft align = iota
	centred
	flushRight
)

func (a align) offset(room int) int {
	switch a {
	case centred:
		return room / 2
	case flushRight:
		return room
	}
	return 0
}

// flow sets lines down the page and on to the next ones, and leaves no first or last line of several alone.
func (s *setter) flow(ls []line, st style, a align, x, indent, width, fill int) {
	for i, l := range ls {
		need := st.leading
		if rest := len(ls) - i; len(ls) > 2 && (i == 0 || rest == 2) {
			need += st.leading
		}
		s.room(need)
		in := 0
		if i == 0 {
			in = indent
		}
		s.draw(l, st, x+in+a.offset(width-extent(l.width, st)), s.y, max(fill-in, 0))
		s.y += st.leading
		s.fresh = false
	}
}

// text sets a whole text in the text area.
func (s *setter) text(t string, st style, a align) {
	s.within("P", "", func() { s.flow(s.lines(clean(t), st, 0, textWidth), st, a, left, 0, textWidth, 0) })
}

func (s *setter) block(b Block) error {
	switch b := b.(type) {
	case Heading:
		s.heading(b)
	case Paragraph:
		s.within("P", "", func() { s.paragraph(b) })
	case List:
		s.within("L", "", func() { s.list(b) })
	case Table:
		s.within("Table", "", func() { s.table(b) })
	case Pairs:
		s.gap(4 * pt)
		s.pairs(b)
		s.gap(6 * pt)
	case Note:
		s.gap(2 * pt)
		s.within("P", "", func() {
			s.flow(s.lines(clean(string(b)), noteStyle, 0, textWidth), noteStyle, flushLeft, left, 0, textWidth, textWidth)
		})
		s.gap(4 * pt)
	case Picture:
		return s.picture(b)
	case PageBreak:
		if !s.fresh {
			s.newSheet()
		}
	case Signature:
		s.signature(b)
	}
	return nil
}

func (s *setter) heading(h Heading) {
	st := headingStyles[h.Level-1]
	ls := s.lines(clean(h.Text), st, 0, textWidth)
	s.gap([...]int{16 * pt, 12 * pt, 8 * pt}[h.Level-1])
	s.room(min(len(ls)*st.leading+s.beginning(s.rest), bottom-top))
	s.outline = append(s.outline, entry{h.Level, property(h.Text), len(s.sheets) - 1, s.y})
	s.within("H"+strconv.Itoa(h.Level), "", func() { s.flow(ls, st, flushLeft, left, 0, textWidth, 0) })
	s.y += 4 * pt
}

// beginning is how much of what follows a heading has to stand below it on the same page.
func (s *setter) beginning(rest []Block) int {
	if len(rest) == 0 {
		return 0
	}
	switch b := rest[0].(type) {
	case Heading:
		return 2*headingStyles[b.Level-1].leading + s.beginning(rest[1:min(len(rest), 4)])
	case Picture:
		if _, size, err := b.measure(); err == nil {
			_, h := b.frame(size, textWidth, bottom-top, 72*pt)
			return min(h+4*noteStyle.leading, bottom-top-4*bodyStyle.leading)
		}
	case Table:
		return 8 * cellStyle.leading // caption, header, a row of two lines
	case Signature:
		height := 16 * pt
		for _, p := range b {
			height += s.beside(p, bodyStyle, textWidth*58/100).height(bodyStyle) + signatureGap
		}
		return min(height, bottom-top-4*bodyStyle.leading)
	}
	return 3 * bodyStyle.leading
}

func (s *setter) paragraph(p Paragraph) {
	indent := s.indent
	if p.Flush {
		indent = 0
	}
	lead, text := clean(p.Lead), clean(p.Text)
	if lead == "" {
		s.flow(s.lines(text, bodyStyle, indent, textWidth), bodyStyle, flushLeft, left, indent, textWidth, textWidth)
		s.gap(3 * pt)
		return
	}
	// The lead has its lines; the text goes on where the last of them ends.
	leads := s.lines(lead, leadStyle, indent, textWidth)
	last := leads[len(leads)-1]
	s.flow(leads, leadStyle, flushLeft, left, indent, textWidth, 0)
	end := extent(last.width, leadStyle) + leadStyle.size/3
	if len(leads) == 1 {
		end += indent
	}
	if textWidth-end >= 4*bodyStyle.size {
		s.y -= bodyStyle.leading
	} else {
		end = 0
	}
	s.flow(s.lines(text, bodyStyle, end, textWidth), bodyStyle, flushLeft, left, end, textWidth, textWidth)
	s.gap(3 * pt)
}

func (s *setter) list(l List) {
	hang := 2 * bodyStyle.size
	for i, item := range l.Items {
		mark := "•"
		if l.Numbered {
			mark = strconv.Itoa(i+1) + "."
		}
		ls := s.lines(clean(item), bodyStyle, 0, textWidth-s.indent-hang)
		need := bodyStyle.leading
		if len(ls) > 2 {
			need *= 2 // as flow does, for the mark stands beside the first line
		}
		s.room(need)
		s.within("LI", "", func() {
			s.within("Lbl", "", func() { s.draw(s.short(mark, bodyStyle, hang), bodyStyle, left+s.indent, s.y, 0) })
			s.within("LBody", "", func() {
				s.flow(ls, bodyStyle, flushLeft, left+s.indent+hang, 0, textWidth-s.indent-hang, textWidth-s.indent-hang)
			})
		})
		s.y += pt
	}
	s.gap(3 * pt)
}

// signatureGap is between the lines of a signature: room for a stamp and a hand.
const signatureGap = 10 * pt

// side is a label with lines of its own beside those of what it names.
type side struct {
	label, value []line
	labelWidth   int // of the longest line of the label
}

// beside breaks a label into at most two thirds of width, and its value into the rest.
func (s *setter) beside(p Pair, st style, width int) side {
	e := side{label: s.lines(clean(p.Label), st, 0, width*2/3)}
	for _, l := range e.label {
		e.labelWidth = max(e.labelWidth, extent(l.width, st))
	}
	e.value = s.lines(clean(p.Value), st, 0, width-e.labelWidth-6*pt)
	return e
}

func (e side) height(st style) int { return max(len(e.label), len(e.value)) * st.leading }

// abreast sets two texts beside each other, the second at the height of the first; where the first went on to another page,
// the second follows it.
func (s *setter) abreast(first, second func()) {
	y, page := s.y, len(s.sheets)
	first()
	end, ended := s.y, len(s.sheets)
	if ended == page {
		s.y = y
	}
	second()
	if len(s.sheets) == ended {
		s.y = max(s.y, end)
	}
}

// rule draws a line to write on, at y from the head of the page.
func (s *setter) rule(from, to, y, grey int) {
	s.decorate(func(w *bytes.Buffer) {
		put(w, "w", thin)
		put(w, "G", grey)
		put(w, "m", from, pageHeight-y)
		put(w, "l", to, pageHeight-y)
		w.WriteString("S\n")
	})
}

// signature stands on the right and stays together.
func (s *setter) signature(pairs []Pair) {
	from := left + textWidth*42/100
	to := left + textWidth
	var all []side
	height := 16 * pt
	for _, p := range pairs {
		e := s.beside(p, bodyStyle, to-from)
		all = append(all, e)
		height += e.height(bodyStyle) + signatureGap
	}
	s.room(min(height, bottom-top))
	s.gap(16 * pt)
	for i, e := range all {
		s.room(min(e.height(bodyStyle), bottom-top))
		at := from + e.labelWidth + 6*pt
		s.within("P", "", func() {
			s.abreast(
				func() { s.flow(e.label, bodyStyle, flushLeft, from, 0, to-from, 0) },
				func() { s.flow(e.value, bodyStyle, flushLeft, at, 0, to-at, 0) },
			)
		})
		if pairs[i].Value == "" {
			s.rule(at, to, s.y-pt, 0)
		}
		s.y += signatureGap
	}
}

// title sets what the document begins with: on a page of its own, or above what follows.
func (s *setter) title(d *Document) {
	if d.Cover {
		s.sheet().bare = true
		s.y = mm(85)
		s.fresh = false
	}
	if d.Title != "" {
		s.text(d.Title, titleStyle, centred)
	}
	if d.Subtitle != "" {
		s.y += 4 * pt
		s.text(d.Subtitle, subtitleStyle, centred)
	}
	if d.Cover {
		s.y = max(s.y+mm(20), mm(215)-len(d.Meta)*28*pt)
		s.ruled(d.Meta)
		s.newSheet()
		return
	}
	if len(d.Meta) > 0 {
		s.gap(10 * pt)
		s.pairs(d.Meta)
	}
	if !s.fresh {
		s.y += 12 * pt
	}
}

// ruled sets the particulars of a cover: each value on a rule.
func (s *setter) ruled(pairs []Pair) {
	x, wide := left+textWidth*14/100, textWidth*72/100
	labelWidth := wide * 30 / 100
	for _, p := range pairs {
		label := s.lines(clean(p.Label), coverStyle, 0, labelWidth-8*pt)
		value := s.lines(clean(p.Value), coverStyle, 0, wide-labelWidth)
		s.room(min(max(len(label), len(value))*coverStyle.leading+7*pt, bottom-top))
		s.within("P", "", func() {
			s.abreast(
				func() { s.flow(label, coverStyle, flushRight, x, 0, labelWidth-8*pt, 0) },
				func() { s.flow(value, coverStyle, centred, x+labelWidth, 0, wide-labelWidth, 0) },
			)
		})
		s.rule(x+labelWidth, x+wide, s.y+pt, 300)
		s.y += 7 * pt
	}
}

// edges draws what stands outside the text area of every page, when it is known how many there are.
func (s *setter) edges(d *Document) {
	for i, p := range s.sheets {
		w := &p.under
		w.WriteString("/Artifact BMC\n")
		if d.Mark != "" {
			s.across(w, d.Mark)
		}
		if !p.bare {
			s.edge(w, d, i)
		}
		w.WriteString("EMC\n")
	}
}

func (s *setter) edge(w *bytes.Buffer, d *Document, i int) {
	room := textWidth
	if d.Mark != "" {
		l := s.short(d.Mark, markHead, textWidth/2)
		s.ink(w, l, markHead, left+textWidth-extent(l.width, markHead), headLine, 0)
		room -= extent(l.width, markHead) + 12*pt
	}
	if d.Header != "" {
		s.ink(w, s.short(d.Header, edgeStyle, room), edgeStyle, left, headLine, 0)
	}
	if d.Header != "" || d.Mark != "" {
		put(w, "w", thin)
		put(w, "G", 600)
		put(w, "m", left, pageHeight-headLine-16*pt)
		put(w, "l", left+textWidth, pageHeight-headLine-16*pt)
		w.WriteString("S\n")
	}
	room = textWidth
	if d.Numbering != nil {
		l := s.short(d.Numbering(strconv.Itoa(i+1), strconv.Itoa(len(s.sheets))), edgeStyle, textWidth/2)
		at := flushRight
		if d.Footer == "" {
			at = centred
		}
		s.ink(w, l, edgeStyle, left+at.offset(textWidth-extent(l.width, edgeStyle)), footLine, 0)
		room -= extent(l.width, edgeStyle) + 12*pt
	}
	if d.Footer != "" {
		s.ink(w, s.short(d.Footer, edgeStyle, room), edgeStyle, left, footLine, 0)
	}
}

// across sets the mark across the page, rising by 40 degrees.
func (s *setter) across(w *bytes.Buffer, mark string) {
	const cos, sin = 766, 643 // thousandths
	st := markStyle
	l := s.short(mark, style{size: 12 * pt, bold: true}, mm(220))
	if w := extent(l.width, st); w > mm(220) { // smaller, but all of it
		st.size = st.size * mm(220) / w
	}
	half := extent(l.width, st) / 2
	w.WriteString("q\n")
	put(w, "cm", cos, sin, -sin, cos, pageWidth/2-half*cos/1000, pageHeight/2-half*sin/1000)
	// In turned coordinates: ink counts from the head of the page, where the baseline is to be 0.
	s.ink(w, l, st, 0, pageHeight-baseline(st, 0), 0)
	w.WriteString("Q\n")
}
