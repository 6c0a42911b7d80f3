package paper

import (
	"bytes"
	"fmt"
	"strconv"
)

// element is a part of the text as programs that read aloud need it: headings, lists, tables with their cells (PDF 1.7,
// 14.7). What is drawn belongs to one, or is mere decoration.
type element struct {
	kind string // of 14.8.4: H1, P, TD
	more string // further entries of its dictionary
	kids []kid
}

// kid is an element below, or else a piece of a page that is marked with a number.
type kid struct {
	element     *element
	sheet, mark int
}

func (e *element) add(kind, more string) *element {
	below := &element{kind: kind, more: more}
	e.kids = append(e.kids, kid{element: below})
	return below
}

// within sets what f sets as an element of this kind.
func (s *setter) within(kind, more string, f func()) { s.as(s.element.add(kind, more), f) }

// as sets what f sets as this element; nil for what says nothing.
func (s *setter) as(e *element, f func()) {
	outer := s.element
	s.element = e
	f()
	s.element = outer
}

// mark writes what f draws on the page as a piece of the element that is being set, or as decoration when there is none.
func (s *setter) mark(f func(w *bytes.Buffer)) {
	if s.full {
		return
	}
	p := s.sheet()
	if s.element == nil {
		p.body.WriteString("/Artifact BMC\n")
	} else {
		n := len(p.marked)
		p.body.WriteString("/" + s.element.kind + " <</MCID " + strconv.Itoa(n) + ">> BDC\n")
		s.element.kids = append(s.element.kids, kid{sheet: len(s.sheets) - 1, mark: n})
		p.marked = append(p.marked, s.element)
	}
	f(&p.body)
	p.body.WriteString("EMC\n")
}

// decorate draws what says nothing.
func (s *setter) decorate(f func(w *bytes.Buffer)) { s.as(nil, func() { s.mark(f) }) }

// structure adds the tree of elements, and for each page which of them its pieces belong to.
func (f *file) structure(root *element, sheets []*sheet, pages []int) int {
	numbers := map[*element]int{}
	top := f.reserve()
	var add func(e *element, parent int)
	add = func(e *element, parent int) {
		n := f.reserve()
		numbers[e] = n
		var kids bytes.Buffer
		page := -1 // that of the first piece
		for _, k := range e.kids {
			switch {
			case k.element != nil:
				add(k.element, n)
				fmt.Fprintf(&kids, "%d 0 R ", numbers[k.element])
			case page < 0 || page == k.sheet:
				page = k.sheet
				fmt.Fprintf(&kids, "%d ", k.mark)
			default:
				fmt.Fprintf(&kids, "<</Type /MCR /Pg %d 0 R /MCID %d>> ", pages[k.sheet], k.mark)
			}
		}
		body := fmt.Sprintf("<</Type /StructElem /S /%s /P %d 0 R%s", e.kind, parent, e.more)
		if page >= 0 {
			body += fmt.Sprintf(" /Pg %d 0 R", pages[page])
		}
		f.object(n, body+" /K ["+kids.String()+"]>>")
	}
	add(root, top)
	var nums bytes.Buffer
	for i, p := range sheets {
		var owners bytes.Buffer
		for _, e := range p.marked {
			fmt.Fprintf(&owners, "%d 0 R ", numbers[e])
		}
		fmt.Fprintf(&nums, "%d %d 0 R ", i, f.add("["+owners.String()+"]"))
	}
	parents := f.add("<</Nums [" + nums.String() + "]>>")
	f.object(top, fmt.Sprintf("<</Type /StructTreeRoot /K [%d 0 R] /ParentTree %d 0 R /ParentTreeNextKey %d>>", numbers[root], parents, len(sheets)))
	return top
}
