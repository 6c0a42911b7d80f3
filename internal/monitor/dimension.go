package monitor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/chain"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Dimension is by what figures are told: the zero value by nothing.
type Dimension struct {
	By   string // ByArea, ByTrade … or ByFact
	Fact string // with ByFact: a fact of enterprises that is a code or a truth value, by year or without time; with ByChain: the chain
}

// The dimensions.
const (
	ByArea   = "area"   // the areas right below the one that is asked for; itself where nothing lies below
	ByCity   = "city"   // the cities in it
	ByCounty = "county" // the counties and zones in it
	ByTrade  = "trade"  // divisions of GB/T 4754
	ByFact   = "fact"
	ByChain  = "chain" // the segments of a chain; who is not of it is in none
)

func (d Dimension) areal() bool { return d.By == ByArea || d.By == ByCity || d.By == ByCounty }

// ParseDimension reads "area", "city", "county", "trade", the code of a fact (ent.size, ent.chain), "chain:" and the code of a chain, or
// "". False where it is none of those.
func (m *Monitor) ParseDimension(word string) (Dimension, bool) {
	switch word {
	case "", ByArea, ByCity, ByCounty, ByTrade:
		return Dimension{By: word}, true
	}
	if code, ok := strings.CutPrefix(word, ByChain+":"); ok {
		_, err := m.Chains.Chain(code)
		return Dimension{ByChain, code}, err == nil
	}
	def, ok := m.Library.FactDef(word)
	if !ok || !dimensional(def) {
		return Dimension{}, false
	}
	return Dimension{By: ByFact, Fact: word}, true
}

// String is the word that ParseDimension reads.
func (d Dimension) String() string {
	switch d.By {
	case ByFact:
		return d.Fact
	case ByChain:
		return ByChain + ":" + d.Fact
	}
	return d.By
}

// Dimensions are all that there are, those of areas first.
func (m *Monitor) Dimensions() []Dimension {
	all := []Dimension{{By: ByArea}, {By: ByCity}, {By: ByCounty}, {By: ByTrade}}
	for _, def := range m.Library.FactDefs() {
		if dimensional(def) && !strings.HasPrefix(def.Class, "assessment") {
			all = append(all, Dimension{ByFact, def.Code})
		}
	}
	return all
}

// Name is what a dimension is called.
func (m *Monitor) Name(d Dimension) i18n.Text {
	switch d.By {
	case ByFact:
		def, _ := m.Library.FactDef(d.Fact)
		return def.Name
	case ByChain:
		c, err := m.Chains.Chain(d.Fact)
		if err != nil {
			return i18n.Text{}
		}
		return c.Name
	case ByArea:
		return i18n.Text{ZH: "下级区域", EN: "Areas below"}
	case ByCity:
		return i18n.Text{ZH: "设区市", EN: "Cities"}
	case ByCounty:
		return i18n.Text{ZH: "县（市、区）", EN: "Counties and zones"}
	case ByTrade:
		return i18n.Text{ZH: "行业大类", EN: "Trades"}
	}
	return i18n.Text{ZH: "合计", EN: "Total"}
}

// dimensional says that the values of a fact make parts that anybody may be told apart by.
func dimensional(def content.FactDef) bool {
	return def.Subject == content.Enterprise && (def.Type == content.Code || def.Type == content.Bool) && !def.Sensitive() &&
		(def.Period == period.Year || def.Period == period.Always || def.Period == "")
}

// grouping is in which part each firm is.
type grouping struct {
	heads []Head
	of    []int32  // by firm: number of the head, −1 for none of them; nil of what goes by areas, or of the whole
	leaf  []int32  // by area of a firm: number of the head; nil of what does not go by areas
	key   placeKey // of what does not go by areas
	stays *stays
	day   period.Day // on which firms lie in those areas
	own   int        // heads that are shown with or without a firm; those after them were made for areas of firms
	whole bool       // every head is shown, with or without anything in it
	all   bool       // there is one head, and all are in it
}

// whole is the one part in which all are.
var whole = &grouping{heads: []Head{{}}, whole: true, all: true}

// areal says that parts go by the areas of firms, or that there is only the whole.
func (g *grouping) areal() bool { return g.leaf != nil || g.all }

// part is the head of a firm; −1 for none.
func (g *grouping) part(firm int32) int32 {
	if g.of != nil {
		return g.of[firm]
	}
	if g.all {
		return 0
	}
	return g.at(g.stays.on(int(firm), g.day))
}

// at is the head of those in an area; −1 for none.
func (g *grouping) at(leaf int32) int32 {
	switch {
	case g.all:
		return 0
	case leaf < 0 || int(leaf) >= len(g.leaf):
		return -1
	}
	return g.leaf[leaf]
}

// Size is how much room it takes.
func (g *grouping) Size() int { return len(g.of) + len(g.leaf) }

// kept are the numbers of the heads that are shown.
func (g *grouping) kept(d Dimension, cols int, tallies []indicator.Tally, column bool) []int {
	var all []int
	for i := range g.heads {
		if g.whole || d.By == "" {
			all = append(all, i)
			continue
		}
		any := false
		for n := range tallies {
			at := n / cols
			if column {
				at = n % cols
			}
			any = any || at == i && !tallies[n].Zero()
		}
		if any {
			all = append(all, i)
		}
	}
	return all
}

// placeKey is all that a grouping depends on within a snapshot, the day on which firms lie in areas aside.
type placeKey struct {
	by, fact, area string
	day            period.Day
	era            int // of areas
}

// grouping is the parts of a dimension in an area on the last day of a span.
func (m *Monitor) grouping(w *snapshot, d Dimension, area string, at indicator.At) (*grouping, error) {
	k := placeKey{by: d.By, fact: d.Fact}
	switch d.By {
	case "":
		return whole, nil
	case ByTrade:
		k.day = at.Last
	case ByFact:
		def, ok := m.Library.FactDef(d.Fact)
		if !ok || !dimensional(def) {
			return nil, errs.Invalid(i18n.M("monitor.no_dimension", d.Fact))
		}
		k.day = period.Date(at.Year(), 12, 31)
	case ByChain:
		if _, err := m.Chains.Chain(d.Fact); err != nil {
			return nil, err
		}
		k.day = period.Date(at.Year(), 12, 31)
	case ByArea, ByCity, ByCounty:
		return m.byArea(w, d.By, area, at.Last), nil
	default:
		return nil, errs.Invalid(i18n.M("monitor.no_dimension", d.By))
	}
	return w.places.Try(k, func() (g *grouping, err error) {
		switch d.By {
		case ByTrade:
			g = m.byTrade(w, at.Last)
		case ByFact:
			g = m.byFact(w, d.Fact, at)
		default:
			if g, err = m.byChain(w, d.Fact, at); err != nil {
				return nil, err
			}
		}
		g.key = k
		return g, nil
	})
}

// within is the firms of an area on a day, in one part.
func (m *Monitor) within(w *snapshot, area string, day period.Day) *grouping {
	return m.leaves(w, "within", area, day, []Head{{Code: area}}, func(path []content.Node) string {
		if slices.ContainsFunc(path, func(n content.Node) bool { return n.Code == area }) {
			return area
		}
		return ""
	})
}

// Areas are the parts that a dimension of areas has within an area on a day, whether there is anything in them or not.
func (m *Monitor) Areas(d Dimension, area string, day period.Day) []Head {
	return slices.Clone(m.areaHeads(d.By, area, day))
}

// headKey is all that the areas of a dimension depend on.
type headKey struct {
	by, area string
	era      int
}

// heads are areas of a dimension; nobody may change them.
type heads []Head

// Size is how much room they take.
func (h heads) Size() int { return len(h) + 1 }

// areaHeads are the areas of a dimension within an area as they lay on a day.
func (m *Monitor) areaHeads(by, area string, day period.Day) heads {
	return m.heads.Get(headKey{by, area, m.Library.Areas().Era(day)}, func() heads { return m.findHeads(by, area, day) })
}

// findHeads looks through all areas of the nation.
func (m *Monitor) findHeads(by, area string, day period.Day) heads {
	tree := m.Library.Areas()
	var all []Head
	add := func(n content.Node) { all = append(all, Head{n.Code, i18n.Text{ZH: n.Name, EN: n.Name}}) }
	lies := func(code string) bool { return area == "" || tree.WithinOn(code, area, day) }
	for _, n := range tree.Nodes() {
		if n.Retired || n.Code == area {
			continue
		}
		switch by {
		case ByArea:
			if n.ParentOn(day) == area {
				add(n)
			}
		case ByCity:
			if n.Level == content.City && lies(n.Code) {
				add(n)
			}
		case ByCounty:
			if (n.Level == content.County || n.Level == content.Zone) && lies(n.Code) {
				add(n)
			}
		}
	}
	if len(all) == 0 && area != "" {
		if n, ok := tree.Node(area); ok {
			add(n)
		}
	}
	return all
}

// byArea groups firms by areas. An area that went out of use is shown while firms lie in it; a firm that lies in the area itself and
// in none of its parts is in the part of the area's own code.
func (m *Monitor) byArea(w *snapshot, by, area string, day period.Day) *grouping {
	heads := m.areaHeads(by, area, day)
	known := map[string]bool{}
	for _, h := range heads {
		known[h.Code] = true
	}
	g := m.leaves(w, by, area, day, heads, func(path []content.Node) string {
		in := area == ""
		for i, n := range path {
			if n.Code == area {
				in = true
				if i == len(path)-1 {
					return area
				}
				continue
			}
			if !in {
				continue
			}
			switch {
			case known[n.Code]:
				return n.Code
			case by == ByArea:
				return n.Code
			case by == ByCity && n.Level == content.City, by == ByCounty && (n.Level == content.County || n.Level == content.Zone):
				return n.Code
			}
		}
		if in && len(path) > 0 {
			return path[len(path)-1].Code
		}
		return ""
	})
	g.whole = area != ""
	return g
}

// leaves groups firms by what the path of the area in which they lie on a day comes to; a code that no head has gets one of its own. How
// areas lie is found once for all days between two changes of them.
func (m *Monitor) leaves(w *snapshot, by, area string, day period.Day, heads []Head, part func(path []content.Node) string) *grouping {
	tree, stays := m.Library.Areas(), w.stays()
	g := *w.places.Get(placeKey{by: by, area: area, era: tree.Era(day)}, func() *grouping {
		g := &grouping{heads: slices.Clone(heads), own: len(heads), leaf: make([]int32, len(stays.codes)), stays: stays}
		number := map[string]int32{}
		for i, h := range heads {
			number[h.Code] = int32(i)
		}
		for leaf, code := range stays.codes {
			g.leaf[leaf] = -1
			to := part(tree.PathOn(code, day))
			if to == "" {
				continue
			}
			n, ok := number[to]
			if !ok {
				n = int32(len(g.heads))
				number[to] = n
				node, _ := tree.Node(to)
				g.heads = append(g.heads, Head{to, i18n.Text{ZH: node.Name, EN: node.Name}})
			}
			g.leaf[leaf] = n
		}
		return g
	})
	g.day = day
	return g.used()
}

// used leaves out heads that were made for areas of firms and have no firm on the day.
func (g grouping) used() *grouping {
	if g.own == len(g.heads) {
		return &g
	}
	used := make([]bool, len(g.heads))
	for leaf, there := range g.stays.settled {
		if part := g.leaf[leaf]; there && part >= 0 {
			used[part] = true
		}
	}
	for firm := range g.stays.more {
		if part := g.part(firm); part >= 0 {
			used[part] = true
		}
	}
	to := make([]int32, len(g.heads))
	var heads []Head
	for i, h := range g.heads {
		to[i] = -1
		if i < g.own || used[i] {
			to[i] = int32(len(heads))
			heads = append(heads, h)
		}
	}
	g.heads, g.leaf = heads, slices.Clone(g.leaf)
	for i, n := range g.leaf {
		if n >= 0 {
			g.leaf[i] = to[n]
		}
	}
	return &g
}

func (m *Monitor) byTrade(w *snapshot, day period.Day) *grouping {
	tree := m.Library.Industries()
	var heads []Head
	number := map[string]int32{}
	for _, n := range tree.Nodes() {
		if n.Level == "division" {
			number[n.Code] = int32(len(heads))
			heads = append(heads, Head{n.Code, i18n.Text{ZH: n.Name, EN: n.Name}})
		}
	}
	none := int32(len(heads))
	heads = append(heads, unsaid)
	g := &grouping{heads: heads, of: make([]int32, len(w.firms))}
	division := map[string]int32{}
	for i := range w.firms {
		code := w.view.NodeOn(w.firms[i].ID, party.TreeIndustry, day)
		n, ok := division[code]
		if !ok {
			n = none
			for _, p := range tree.Path(code) {
				if at, ok := number[p.Code]; ok {
					n = at
				}
			}
			division[code] = n
		}
		g.of[i] = n
	}
	return g
}

// unsaid is the part of those of whom nobody said in which part they are.
var unsaid = Head{"", i18n.Text{ZH: "未填报", EN: "Not stated"}}

// carryOfParts is for how many years what was last stated of a part holds on.
const carryOfParts = 1

func (m *Monitor) byFact(w *snapshot, code string, at indicator.At) *grouping {
	def, _ := m.Library.FactDef(code)
	g := &grouping{of: make([]int32, len(w.firms))}
	number := map[string]int32{}
	add := func(h Head) int32 {
		n, ok := number[h.Code]
		if !ok {
			n = int32(len(g.heads))
			number[h.Code] = n
			g.heads = append(g.heads, h)
		}
		return n
	}
	list, _ := m.Library.CodeList(def.Codes)
	for _, e := range list.Entries {
		add(Head{e.Code, e.Name})
	}
	if def.Type == content.Bool {
		add(Head{"true", i18n.Text{ZH: "是", EN: "Yes"}})
		add(Head{"false", i18n.Text{ZH: "否", EN: "No"}})
	}
	for i := range g.of {
		g.of[i] = -1
	}
	years, p := carryOfParts, period.OfYear(at.Year())
	if def.Period != period.Year {
		years, p = 0, period.Period{}
	}
	for n := 0; n <= years; n++ {
		if n > 0 {
			p = period.OfYear(at.Year() - n)
		}
		w.of(content.Enterprise).rows.ReadRows(nil, def, p, at.Last, func(i int, v rule.Value, state rule.State) {
			if g.of[i] >= 0 || state != rule.Present {
				return
			}
			word := ""
			if def.Type == content.Bool {
				word = map[bool]string{true: "true", false: "false"}[v.Bool()]
			} else {
				word = v.Text()
			}
			g.of[i] = add(Head{word, i18n.Text{ZH: word, EN: word}})
		})
	}
	none := add(unsaid)
	for i, n := range g.of {
		if n < 0 {
			g.of[i] = none
		}
	}
	return g
}

// restOfChain is the part of a chain's enterprises that are in none of its segments.
var restOfChain = Head{"", i18n.Text{ZH: "未归入环节", EN: "In no segment"}}

func (m *Monitor) byChain(w *snapshot, code string, at indicator.At) (*grouping, error) {
	c, err := m.Chains.Chain(code)
	if err != nil {
		return nil, err
	}
	at.First, at.Last = period.Date(at.Year(), 1, 1), period.Date(at.Year(), 12, 31)
	list := append([]*indicator.Indicator{c.Firms()}, c.Parts()...)
	crowd, problems := m.Chains.Indicators().Gather(list, w.subjects, at, w.of(content.Enterprise).rows)
	if len(problems) > 0 {
		return nil, fmt.Errorf("lower the chain %s to columns: %w", code, problems)
	}
	g := &grouping{of: make([]int32, len(w.firms)), whole: true}
	for i := range g.of {
		g.of[i] = nowhere
	}
	for n, seg := range append(slices.Clone(c.Segments), chain.Segment{}) {
		x, head := c.Firms(), restOfChain
		if n < len(c.Segments) {
			x, head = c.Parts()[n], Head{seg.Code, seg.Name}
		}
		g.heads = append(g.heads, head)
		for i, state := range crowd.Lines(x).States {
			if state == indicator.Counted && g.of[i] == nowhere {
				g.of[i] = int32(n)
			}
		}
	}
	return g, nil
}

// stays is in which areas firms lay, over time.
type stays struct {
	codes   []string
	number  map[string]int32
	settled []bool           // by area: a firm that never moved lies in it
	only    []int32          // by firm that never moved: its area; −1 for none, −2 for one in more
	more    map[int32][]area // of the others, in order of time
}

type area struct {
	from, to period.Day
	code     int32
}

const (
	nowhere = -1
	several = -2
)

func newStays(w *snapshot) *stays {
	s := &stays{number: map[string]int32{}, only: make([]int32, len(w.firms)), more: map[int32][]area{}}
	for i := range w.firms {
		spans := w.view.Nodes(w.firms[i].ID, party.TreeArea)
		s.only[i] = nowhere
		if len(spans) == 1 && spans[0].From == nil && spans[0].To == nil {
			s.only[i] = s.code(spans[0].Node)
			continue
		}
		for _, sp := range spans {
			a := area{from: -1 << 31, to: 1<<31 - 1, code: s.code(sp.Node)}
			if sp.From != nil {
				a.from = *sp.From
			}
			if sp.To != nil {
				a.to = *sp.To
			}
			s.only[i] = several
			s.more[int32(i)] = append(s.more[int32(i)], a)
		}
	}
	s.settled = make([]bool, len(s.codes))
	for _, leaf := range s.only {
		if leaf >= 0 {
			s.settled[leaf] = true
		}
	}
	return s
}

func (s *stays) code(node string) int32 {
	n, ok := s.number[node]
	if !ok {
		n = int32(len(s.codes))
		s.number[node] = n
		s.codes = append(s.codes, node)
	}
	return n
}

// on is the area of a firm on a day, −1 for none.
func (s *stays) on(firm int, day period.Day) int32 {
	if s.only[firm] != several {
		return s.only[firm]
	}
	for _, a := range s.more[int32(firm)] {
		if a.from <= day && day <= a.to {
			return a.code
		}
	}
	return nowhere
}
