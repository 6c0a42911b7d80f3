package intake

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// differ turns the entries of a reading into a preview: how each statement stands to what is known.
type differ struct {
	lib       *content.Library
	view      fact.View // of the product: what may be shown was settled when the row's owner was
	registry  *party.Registry
	authority string
	found     *findings
	plan      map[string]SheetPlan // by sheet name
	p         *Preview
	digest    fact.Digest
	met       map[string]bool // subjects by name in the digest
	jumps     map[jumpKey]*jump
	peers     map[string]int64 // definition → median of what is known, 0 when too little is
}

// take counts one entry in.
func (d *differ) take(e *entry) {
	d.p.Rows++
	name := subjectName(e.owner.kind, e.owner.key)
	d.meet(e.owner.kind, name, e.owner.id)
	d.identity(e, name)
	ids := make([]int64, len(e.things))
	names := make([]string, len(e.things))
	for i, x := range e.things {
		names[i] = name + "\x00" + subjectName(x.kind, x.key)
		if e.owner.id != 0 {
			ids[i] = child(d.registry, x.kind, e.owner.id, x.key)
		}
		d.meet(x.kind, names[i], ids[i])
	}
	for _, s := range e.facts {
		id, who, label := e.owner.id, name, e.owner.name
		if s.about >= 0 {
			id, who = ids[s.about], names[s.about]
			label += " · " + e.things[s.about].label
		}
		d.statement(e, s, id, who, label)
	}
}

func subjectName(kind, key string) string { return kind + "\x00" + key }

func (d *differ) meet(kind, name string, id int64) {
	if d.met[name] {
		return
	}
	d.met[name] = true
	d.p.Subjects[kind]++
	if id == 0 {
		d.p.NewSubjects[kind]++
	}
}

// identity compares what a row says of the firm itself: its name and where it belongs.
func (d *differ) identity(e *entry, name string) {
	if e.owner.kind != content.Enterprise {
		return
	}
	known, ok := d.registry.Enterprise(e.owner.id)
	for _, x := range []struct{ role, old, new string }{
		{roleName, known.Name, e.owner.name},
		{roleUSCC, string(known.USCC), string(e.owner.code)},
		{roleArea, known.Area, e.owner.area},
		{roleIndustry, known.Industry, e.owner.industry},
	} {
		if x.new == "" {
			continue
		}
		said := Said{State: fact.Present, Value: fact.Value{Text: x.new}}
		d.digest.Add(name, fact.Statement{Def: x.role, State: fact.Present, Value: said.Value})
		if !ok || x.old == "" || x.old == x.new {
			continue
		}
		d.p.Cells++ // what agrees is not counted: it says who the row is about
		d.count(Line{
			Class: Changed, Subject: known.Name, Def: x.role, New: said, Place: e.owner.place, Holds: true,
			Old: &Said{State: fact.Present, Value: fact.Value{Text: x.old}},
		})
	}
}

func (d *differ) statement(e *entry, s stated, id int64, who, label string) {
	def := d.lib.FactDefs()[s.def]
	d.digest.Add(who, fact.Statement{
		Def: def.Code, Period: s.period, State: s.said.State, Value: s.said.Value, Precision: s.precision,
	})
	line := Line{Class: New, Subject: label, Def: def.Code, Period: s.period, New: s.said, Place: s.place, Holds: true}
	var row fact.Row
	if id != 0 {
		row, _ = d.view.Row(id)
	}
	if id != 0 {
		if cell := row.Get(s.def, s.period); cell.State != fact.Unknown {
			line.Old = &Said{State: cell.State, Value: cell.Value}
			line.Class, line.Holds = d.class(def, s.said, cell)
		}
	}
	d.p.Cells++
	d.count(line)
	d.watch(e, s, def, row, id != 0)
}

// class compares a statement with what holds now.
func (d *differ) class(def content.FactDef, said Said, cell fact.Cell) (Class, bool) {
	theirs := d.view.Authority(cell)
	holds := d.lib.Rank(def, d.authority) <= d.lib.Rank(def, theirs)
	switch {
	case said.State == cell.State && said.Value == cell.Value:
		return Unchanged, holds
	case theirs != d.authority && beyond(def, said, cell):
		return Conflicting, holds
	case !holds: // the same within the tolerance, and the better authority's figure stays
		return Unchanged, false
	default:
		return Changed, true
	}
}

// beyond says that two authorities differ by more than the definition tolerates.
func beyond(def content.FactDef, said Said, cell fact.Cell) bool {
	if said.State != fact.Present || cell.State != fact.Present || def.Type.IsText() || def.Type == content.Bool || def.Type == content.Date {
		return true
	}
	a, b := money.Of(money.Fen(said.Value.Num)), money.Of(money.Fen(cell.Value.Num))
	larger, apart := a, a.Minus(b)
	if b.Cmp(a) > 0 {
		larger, apart = b, b.Minus(a)
	}
	return apart.Cmp(larger.Times(def.Tolerance)) > 0
}

func (d *differ) count(l Line) {
	d.p.Counts[l.Class]++
	if d.p.Counts[l.Class] <= maxLines {
		d.p.Lines = append(d.p.Lines, l)
	}
}

// A unit that was mistaken shows as a jump of about ten thousand times (元 for 万元) or more.
// One firm's figure may well change a thousandfold (a profit, a first investment); the middle of a column does not.
const (
	jumpOfOne    = 5000 // times, for one firm's figure
	jumpOfColumn = 1000 // times, for the middle of a column
	minPeers     = 20   // known values of a definition before a column is held against their middle
)

type jumpKey struct {
	sheet string
	col   int
}

// jump is what a column's amounts look like beside what is known.
type jump struct {
	def    content.FactDef
	column string
	sample []int64 // amounts of firms without a history, at most maxSample
	place  string
}

const maxSample = 2001

// watch looks for jumps: against the firm's own figure for the period or a year beside it, else, for the column as a
// whole, against the other firms.
func (d *differ) watch(e *entry, s stated, def content.FactDef, row fact.Row, known bool) {
	plan := d.plan[e.sheet]
	if def.Type != content.Money || s.said.State != fact.Present || s.said.Value.Num == 0 || plan.AmountsAreFit {
		return
	}
	header := plan.columnHeader(s.col)
	if known {
		for _, p := range near(s.period) {
			cell := row.Get(s.def, p)
			if !cell.Known || cell.Value.Num == 0 {
				continue
			}
			if jumps(s.said.Value.Num, cell.Value.Num, jumpOfOne) {
				d.found.add(finding{Stop, e.sheet, header, s.place, i18n.M("intake.jump", e.owner.name, def.Name,
					p.String(), show(def, cell.Value.Num), show(def, s.said.Value.Num))})
			}
			return
		}
	}
	key := jumpKey{e.sheet, s.col}
	j := d.jumps[key]
	if j == nil {
		j = &jump{def: def, column: header, place: s.place}
		d.jumps[key] = j
	}
	if len(j.sample) < maxSample {
		j.sample = append(j.sample, s.said.Value.Num)
	}
}

func (p SheetPlan) columnHeader(target int) string {
	n := -1
	for _, c := range p.Columns {
		if c.Target != "" {
			n++
			if n == target {
				return c.Header
			}
		}
	}
	return ""
}

// near is the periods whose figure is comparable: the period itself, then the years beside it.
func near(p period.Period) []period.Period {
	if p.Kind() != period.Year {
		return []period.Period{p}
	}
	y := p.YearOf()
	return []period.Period{p, period.OfYear(y - 1), period.OfYear(y + 1)}
}

func jumps(a, b int64, times uint64) bool {
	x, y := magnitude(a), magnitude(b)
	return x/times >= y || y/times >= x
}

func magnitude(a int64) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

// peersOf is the middle of what is known of a definition among firms, 0 when too few are known.
func (d *differ) peersOf(code string) int64 {
	if m, ok := d.peers[code]; ok {
		return m
	}
	var all []int64
	for _, p := range d.view.AllPeriods(code) {
		for n := range d.view.Values(code, p) {
			if n != 0 && len(all) < maxSample {
				all = append(all, n)
			}
		}
	}
	d.peers[code] = 0
	if len(all) >= minPeers {
		d.peers[code] = middle(all)
	}
	return d.peers[code]
}

func middle(all []int64) int64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// finish holds each column without a history against the other firms and closes the preview.
func (d *differ) finish() {
	for key, j := range d.jumps {
		if len(j.sample) < minPeers {
			continue
		}
		if peers := d.peersOf(j.def.Code); peers != 0 && jumps(middle(j.sample), peers, jumpOfColumn) {
			d.found.add(finding{Stop, key.sheet, j.column, j.place, i18n.M("intake.jump_peers", j.def.Name,
				show(j.def, peers), show(j.def, middle(j.sample)))})
		}
	}
	d.p.Digest = d.digest.Sum()
}
