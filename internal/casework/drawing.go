package casework

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"golang.org/x/text/width"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Line is a row of the table of a workflow, for pages: the drawing in words.
type Line struct {
	From, Action, Who, Needs, To string
}

// Lines is the workflow as a table: every way, who goes it, and what it needs.
func (w *Workflow) Lines(t i18n.T) []Line {
	var all []Line
	for _, s := range w.States {
		for _, a := range w.ActionsFrom(s.ID) {
			to := s.Name
			if a.To != "" {
				to = w.states[a.To].Name
			}
			all = append(all, Line{s.Name.In(t.Lang), a.Name.In(t.Lang), w.whoIn(t, a.Who), w.needs(t, a), to.In(t.Lang)})
		}
		if s.Undecided != "" {
			all = append(all, Line{s.Name.In(t.Lang), t.S("casework.event.decided"), t.S("casework.who.system"), "", w.states[s.Undecided].Name.In(t.Lang)})
		}
	}
	return all
}

func (w *Workflow) whoIn(t i18n.T, words []string) string {
	all := make([]string, len(words))
	for i, word := range words {
		all[i] = t.Msg(whoMsg(word))
	}
	return strings.Join(all, t.S("casework.comma"))
}

// needs is what an action asks for, in words.
func (w *Workflow) needs(t i18n.T, a *Action) string {
	var all []string
	add := func(key string, args ...any) { all = append(all, t.S(key, args...)) }
	switch {
	case a.Guard != "" && a.Say != (i18n.Text{}):
		all = append(all, a.Say.In(t.Lang))
	case a.Guard != "":
		all = append(all, a.Guard)
	}
	if a.Quorum != nil {
		if a.Quorum.Need == 0 {
			add("casework.needs_all")
		} else {
			add("casework.needs_some", int(a.Quorum.Need))
		}
	}
	for _, other := range a.Apart {
		add("casework.needs_apart", w.actions[other].Name)
	}
	for _, other := range a.Last {
		add("casework.needs_apart_last", w.actions[other].Name)
	}
	if a.Late {
		add("casework.needs_late")
	}
	if a.Within > 0 {
		add("casework.needs_within", a.Within)
	}
	if a.Gate != "" {
		add("casework.needs_gate")
	}
	if a.Reason == "required" {
		add("casework.needs_a_reason")
	}
	return strings.Join(all, t.S("casework.semicolon"))
}

// Sizes of a drawing, in pixels.
const (
	margin      = 24
	stateHeight = 44
	nameHeight  = 34
	between     = 22 // two layers
	fontSize    = 13
	smallSize   = 11
)

// textWidth is about how wide a text is drawn: a Chinese character is as wide as it is high, a Latin one half of that and a little.
func textWidth(s string, size int) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += size * 100
		default:
			n += size * 58
		}
	}
	return n / 100
}

// canvas writes a drawing.
type canvas struct {
	bytes.Buffer
	w    *Workflow
	t    i18n.T
	plan *plan
	left int   // what is added to every x
	tops []int // of the layers
	rows []int // their heights
}

// Drawing is the workflow as an SVG that stands by itself: states from the top down, ways between them with the action and
// who takes it. It is readable in grey; what it shows, Lines says in words.
func (w *Workflow) Drawing(t i18n.T) []byte {
	c := &canvas{w: w, t: t}
	c.plan = w.layout(
		func(i int) int {
			name, note := c.stateWords(i)
			return max(96, textWidth(name, fontSize)+28, textWidth(note, smallSize)+28)
		},
		func(e edge) int {
			name, who := c.edgeWords(e)
			return max(textWidth(name, fontSize), textWidth(who, smallSize)) + 12
		},
	)
	wide, high := c.measure()
	title := w.Title.In(t.Lang)
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-labelledby="wf-%s-title wf-%s-desc" font-family="'Noto Sans SC', sans-serif">`,
		wide, high, wide, high, w.Workflow, w.Workflow)
	fmt.Fprintf(c, `<title id="wf-%s-title">%s</title>`, w.Workflow, escape(title))
	fmt.Fprintf(c, `<desc id="wf-%s-desc">%s</desc>`, w.Workflow, escape(t.S("casework.drawing", len(w.States), len(w.list))))
	fmt.Fprintf(c, `<defs><marker id="wf-%s-arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="#4a5565"/></marker></defs>`, w.Workflow)
	fmt.Fprintf(c, `<rect width="%d" height="%d" fill="#fff"/>`, wide, high)
	for _, e := range c.plan.edges {
		c.way(e)
	}
	for _, s := range c.plan.spots {
		if s.state >= 0 {
			c.state(s)
		}
	}
	c.WriteString("</svg>\n")
	return c.Bytes()
}

// measure places the layers and finds the size of the drawing.
func (c *canvas) measure() (wide, high int) {
	left, right := 0, 0
	for _, s := range c.plan.spots {
		left, right = min(left, s.center-s.width/2), max(right, s.center+s.width/2)
	}
	c.left = margin - left
	y := margin
	for i := range c.plan.layers {
		height := stateHeight
		if i%2 == 1 {
			height = nameHeight
		}
		c.tops, c.rows = append(c.tops, y), append(c.rows, height)
		y += height + between
	}
	return right - left + 2*margin, y - between + margin
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// stateWords is what stands in a state: its name, and what waits there.
func (c *canvas) stateWords(i int) (name, note string) {
	s := c.w.States[i]
	name = s.Name.In(c.t.Lang)
	switch {
	case s.End != "":
		note = c.t.S("casework.end." + s.End)
	case len(s.Tasks) == 1 && s.Tasks[0].Each:
		note = c.t.S("casework.one_each", s.Tasks[0].Least)
	case len(s.Tasks) > 0:
		note = c.t.S("casework.parallel", len(s.Tasks))
	}
	if s.Clock != nil {
		if note != "" {
			note += " · "
		}
		note += c.t.S("casework.workdays", s.Clock.Days)
	}
	return name, note
}

func (c *canvas) edgeWords(e edge) (name, who string) {
	if e.action < 0 {
		return c.t.S("casework.event.decided"), ""
	}
	a := c.w.list[e.action]
	name = a.Name.In(c.t.Lang)
	if a.Quorum != nil {
		need := c.t.S("casework.all")
		if a.Quorum.Need > 0 {
			need = fmt.Sprintf("≥%d", a.Quorum.Need)
		}
		name += " (" + need + ")"
	}
	who = c.w.whoIn(c.t, a.Who)
	if textWidth(who, smallSize) > 150 && len(a.Who) > 1 {
		who = c.t.S("casework.and_others", whoMsg(a.Who[0]), len(a.Who)-1)
	}
	return name, who
}

func (c *canvas) x(s spot) int { return s.center + c.left }

// state draws a state: a box, with a second line around it where cases end.
func (c *canvas) state(s spot) {
	name, note := c.stateWords(s.state)
	x, y := c.x(s)-s.width/2, c.tops[s.layer]
	fill, line := "#eef4ff", "#1d4ed8"
	switch c.w.States[s.state].End {
	case Done:
		fill, line = "#e9f7ef", "#166534"
	case Refused, Withdrawn:
		fill, line = "#f7f2f0", "#7c2d12"
	}
	fmt.Fprintf(c, `<rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="%s" stroke="%s" stroke-width="1.5"/>`, x, y, s.width, stateHeight, fill, line)
	if c.w.States[s.state].End != "" {
		fmt.Fprintf(c, `<rect x="%d" y="%d" width="%d" height="%d" rx="4" fill="none" stroke="%s"/>`, x+3, y+3, s.width-6, stateHeight-6, line)
	}
	base := y + 27
	if note != "" {
		base = y + 20
		fmt.Fprintf(c, `<text x="%d" y="%d" font-size="%d" text-anchor="middle" fill="#374151">%s</text>`, c.x(s), y+35, smallSize, escape(note))
	}
	fmt.Fprintf(c, `<text x="%d" y="%d" font-size="%d" font-weight="600" text-anchor="middle" fill="#111827">%s</text>`, c.x(s), base, fontSize, escape(name))
}

// way draws a line from its upper end to the lower, with the arrow where it leads; one that leads back is dashed.
func (c *canvas) way(e edge) {
	var path strings.Builder
	last := len(e.spots) - 1
	for i, at := range e.spots {
		s := c.plan.spots[at]
		top, bottom := c.tops[s.layer], c.tops[s.layer]+c.rows[s.layer]
		switch i {
		case 0:
			fmt.Fprintf(&path, "M%d %d", c.port(e, at, true), bottom)
		case last:
			fmt.Fprintf(&path, "L%d %d", c.port(e, at, false), top)
		default:
			fmt.Fprintf(&path, "L%d %dL%d %d", c.x(s), top, c.x(s), bottom)
		}
	}
	arrow, dash := "end", ""
	if e.back {
		arrow, dash = "start", ` stroke-dasharray="5 4"`
	}
	fmt.Fprintf(c, `<path d="%s" fill="none" stroke="#4a5565" stroke-width="1.2" stroke-linejoin="round"%s marker-%s="url(#wf-%s-arrow)"/>`,
		path.String(), dash, arrow, c.w.Workflow)
	for _, at := range e.spots {
		s := c.plan.spots[at]
		if !s.named {
			continue
		}
		name, who := c.edgeWords(e)
		y := c.tops[s.layer]
		fmt.Fprintf(c, `<rect x="%d" y="%d" width="%d" height="%d" fill="#fff"/>`, c.x(s)-s.width/2, y, s.width, nameHeight)
		if who == "" {
			y += 6
		}
		fmt.Fprintf(c, `<text x="%d" y="%d" font-size="%d" text-anchor="middle" fill="#111827">%s</text>`, c.x(s), y+14, fontSize, escape(name))
		fmt.Fprintf(c, `<text x="%d" y="%d" font-size="%d" text-anchor="middle" fill="#4b5563">%s</text>`, c.x(s), y+28, smallSize, escape(who))
	}
}

// port is where on the side of a state a way meets it: those of one side stand apart, in the order of where they go.
func (c *canvas) port(e edge, state int, below bool) int {
	s := c.plan.spots[state]
	near := s.up
	next := e.spots[max(0, len(e.spots)-2)]
	if below {
		near, next = s.down, e.spots[1]
	}
	place, n := 0, len(near)
	for _, o := range near {
		if a, b := c.plan.spots[o].center, c.plan.spots[next].center; a < b || a == b && o < next {
			place++
		}
	}
	room := s.width * 2 / 3
	return c.x(s) - room/2 + room*(2*place+1)/(2*n)
}
