package intake

import (
	"hash/maphash"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// differ turns the entries of a reading into a preview: how each statement stands to what is known.
type differ struct {
	r         *reading
	view      fact.View // of the product: what may be shown was settled when the row's owner was
	registry  *party.Registry
	authority string
	p         *Preview
	digest    fact.Digest
	met       map[uint64]bool // subjects
	columns   map[cellKey]fact.Column
	jumps     map[*column]*jump
	peers     map[string]int64 // definition → median of what is known, 0 when too little is
	former    *former
}

// cellKey is a column of the frame.
type cellKey struct {
	def    int
	period period.Period
}

// about is a subject of an entry.
type about struct {
	row   fact.Row
	known bool
	said  string // by the words of the file, for the digest
}

// take counts one entry in.
func (d *differ) take(e *entry) {
	if !e.part {
		d.p.Rows++
	}
	subjects := make([]about, 1, 1+len(e.things))
	subjects[0] = d.meet(e.owner.kind, "", e.owner.key, e.owner.said, e.owner.id)
	if !e.part {
		d.identity(e, subjects[0].said)
	}
	for _, x := range e.things {
		id := int64(0)
		if e.owner.id != 0 {
			id = d.r.firms.child(x.kind, e.owner.id, x.key)
		}
		subject := d.meet(x.kind, e.owner.key, x.key, x.key, id)
		subject.said = subjects[0].said + "\x00" + subject.said
		subjects = append(subjects, subject)
	}
	for i := range e.facts {
		d.statement(e, &e.facts[i], &subjects[1+e.facts[i].about])
	}
}

// meet counts a subject the first time that it comes.
func (d *differ) meet(kind, parent, key, said string, id int64) about {
	a := about{said: kind + "\x00" + said}
	if id != 0 {
		a.row, a.known = d.view.Row(id)
	}
	var h maphash.Hash
	h.SetSeed(d.r.seed)
	for _, s := range [...]string{kind, parent, key} {
		_, _ = h.WriteString(s) // never fails
		_ = h.WriteByte(0)
	}
	if n := h.Sum64(); !d.met[n] {
		d.met[n] = true
		d.p.Subjects[kind]++
		if id == 0 {
			d.p.NewSubjects[kind]++
		}
	}
	return a
}

// identity compares what a row says of the firm itself: its name and where it belongs.
func (d *differ) identity(e *entry, said string) {
	o := &e.owner
	if o.kind != content.Enterprise {
		return
	}
	known, ok := d.registry.Enterprise(o.id)
	area, name := o.area, o.name
	if !o.areaSaid {
		area = ""
	}
	if o.past {
		name = known.Name
	}
	for _, x := range [...]struct{ role, stated, old, new string }{
		{roleName, o.name, known.Name, name},
		{roleFormer, o.former, "", ""},
		{roleUSCC, string(o.code), string(known.USCC), string(o.code)},
		{roleArea, area, known.Area, area},
		{roleIndustry, o.industry, known.Industry, o.industry},
	} {
		if x.stated == "" {
			continue
		}
		d.digest.Add(said, fact.Statement{Def: x.role, State: fact.Present, Value: fact.Value{Text: x.stated}})
		if !ok || x.old == "" || x.old == x.new {
			continue
		}
		d.p.Cells++ // what agrees is not counted: it says who the row is about
		if d.count(Changed) {
			d.keep(Line{
				Class: Changed, Subject: known.Name, Def: x.role, Place: rowPlace(e.table.plan.Name, e.row), Holds: true,
				New: Said{State: fact.Present, Value: fact.Value{Text: x.new}},
				Old: &Said{State: fact.Present, Value: fact.Value{Text: x.old}},
			})
		}
	}
}

func (d *differ) statement(e *entry, s *stated, of *about) {
	def := s.col.fact
	d.digest.Add(of.said, fact.Statement{
		Def: def.Code, Period: s.period, State: s.said.State, Value: s.said.Value, Precision: s.precision,
	})
	line := Line{Class: New, Holds: true}
	var old fact.Cell
	if of.known {
		if d.former.holds(of.row, s) {
			d.p.Counts[Unchanged]++
			d.p.Kept++
			return
		}
		if old = of.row.At(d.column(s.col.def, s.period)).AsStated(); old.State != fact.Unknown {
			line.Class, line.Holds = d.class(def, s.said, old)
		}
	}
	d.p.Cells++
	if d.count(line.Class) {
		line.Subject, line.Def, line.Period, line.New, line.Place = e.owner.name, def.Code, s.period, s.said, s.place()
		if line.Subject == "" {
			known, _ := d.registry.Enterprise(e.owner.id)
			line.Subject = known.Name
		}
		if s.about >= 0 {
			line.Subject += " · " + e.things[s.about].label
		}
		if old.State != fact.Unknown {
			line.Old, line.Firm = &Said{State: old.State, Value: old.Value}, e.owner.id
		}
		d.keep(line)
	}
	d.watch(e, s, of)
}

// column is a column of the frame; finding it costs more than reading it.
func (d *differ) column(def int, p period.Period) fact.Column {
	key := cellKey{def, p}
	c, ok := d.columns[key]
	if !ok {
		c = d.view.Column(d.r.lib.FactDefs()[def].Code, p)
		d.columns[key] = c
	}
	return c
}

// class compares a statement with what holds now.
func (d *differ) class(def *content.FactDef, said Said, cell fact.Cell) (Class, bool) {
	theirs := d.view.Authority(cell)
	holds := d.r.lib.Rank(*def, d.authority) <= d.r.lib.Rank(*def, theirs)
	switch {
	case said.State == cell.State && said.Value == cell.Value:
		return Unchanged, holds
	case theirs != d.authority && fact.Beyond(def, fact.Cell{State: said.State, Value: said.Value}, cell):
		return Conflicting, holds
	case !holds: // the same within the tolerance, and the better authority's figure stays
		return Unchanged, false
	default:
		return Changed, true
	}
}

// count counts a statement of a class; true when its line is to be kept as an example.
func (d *differ) count(c Class) bool {
	d.p.Counts[c]++
	return d.p.Counts[c] <= maxLines
}

func (d *differ) keep(l Line) { d.p.Lines = append(d.p.Lines, l) }

// A unit that was mistaken shows as a jump of about ten thousand times (元 for 万元) or more.
// One firm's figure may well change a thousandfold (a profit, a first investment); the middle of a column does not.
// Somebody should look at less than that already: a misplaced point, a figure of the row above.
const (
	jumpOfOne    = 5000 // times, for one firm's figure
	bigChange    = 50   // times, from which one firm's figure is shown to somebody
	jumpOfColumn = 1000 // times, for the middle of a column
	minPeers     = 20   // known values of a definition before a column is held against their middle
)

// jump is what a column's amounts look like beside what is known.
type jump struct {
	sample []int64 // amounts of firms without a history, at most maxSample
	row    int     // of the first
}

const maxSample = 2001

// watch looks for jumps: against the firm's own figure for the period or a year beside it, else, for the column as a
// whole, against the other firms.
func (d *differ) watch(e *entry, s *stated, of *about) {
	def := s.col.fact
	if def.Type != content.Money || s.said.State != fact.Present || s.said.Value.Num == 0 || s.col.table.plan.AmountsAreFit {
		return
	}
	if of.known {
		for _, p := range near(s.period) {
			cell := of.row.At(d.column(s.col.def, p)).AsStated()
			if !cell.Known || cell.Value.Num == 0 {
				continue
			}
			tell := func(severity Severity, key string) {
				d.r.found.add(finding{severity: severity, sheet: s.col.table.plan, column: s.col.ColumnPlan, row: s.row, msg: i18n.M(key,
					e.owner.name, def.Name, p.String(), show(*def, cell.Value.Num), show(*def, s.said.Value.Num))})
			}
			switch {
			case jumps(s.said.Value.Num, cell.Value.Num, jumpOfOne):
				tell(Stop, "intake.jump")
			case jumps(s.said.Value.Num, cell.Value.Num, bigChange):
				tell(Warn, "intake.big_change")
			}
			return
		}
	}
	j := d.jumps[s.col]
	if j == nil {
		j = &jump{row: s.row}
		d.jumps[s.col] = j
	}
	if len(j.sample) < maxSample {
		j.sample = append(j.sample, s.said.Value.Num)
	}
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

// peersOf is the middle of what is known of a definition among the firms that the sender may speak of, 0 when too few
// are known.
func (d *differ) peersOf(c *column) int64 {
	code := c.fact.Code
	if m, ok := d.peers[code]; ok {
		return m
	}
	d.peers[code] = 0
	if all := d.amounts(c); len(all) >= minPeers {
		d.peers[code] = middle(all)
	}
	return d.peers[code]
}

// amounts is the first known amounts of a column's definition, of all periods.
func (d *differ) amounts(c *column) []int64 {
	var (
		all     []int64
		periods = d.view.AllPeriods(c.fact.Code)
	)
	for e := range d.registry.Enterprises() {
		if !d.r.sees(e.Area, e.ID) {
			continue
		}
		subjects := []int64{e.ID}
		if c.fact.Subject != content.Enterprise {
			subjects = d.registry.Children(e.ID, c.fact.Subject)
		}
		for _, id := range subjects {
			row, _ := d.view.Row(id)
			for _, p := range periods {
				if cell := row.At(d.column(c.def, p)).AsStated(); cell.Known && cell.Value.Num != 0 {
					if all = append(all, cell.Value.Num); len(all) == maxSample {
						return all
					}
				}
			}
		}
	}
	return all
}

func middle(all []int64) int64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// finish holds each column without a history against the other firms and closes the preview.
func (d *differ) finish() {
	for _, t := range d.r.tables {
		for i := range t.columns {
			c := &t.columns[i]
			j := d.jumps[c]
			if j == nil || len(j.sample) < minPeers {
				continue
			}
			if peers := d.peersOf(c); peers != 0 && jumps(middle(j.sample), peers, jumpOfColumn) {
				d.r.found.add(finding{severity: Stop, sheet: t.plan, column: c.ColumnPlan, row: j.row, msg: i18n.M("intake.jump_peers",
					c.fact.Name, show(*c.fact, peers), show(*c.fact, middle(j.sample)))})
			}
		}
	}
	d.p.Digest = d.digest.Sum()
	d.likeFirms()
	d.mended()
}

// likeFloor is the likeness from which a known firm is offered for a name that is new.
const likeFloor = 700

// likeFirms offers known firms for names that would be taken for new ones.
func (d *differ) likeFirms() {
	for _, g := range d.r.found.list {
		if g.Cause != "intake.no_code_new" {
			continue
		}
		names := make([]string, len(g.Texts))
		for i, x := range g.Texts {
			names[i] = x.Text
		}
		for i, near := range d.registry.Near(names, likeFloor, maxLike, func(e party.Enterprise) bool { return d.r.sees(e.Area, e.ID) }) {
			for _, x := range near {
				e, _ := d.registry.Enterprise(x.ID)
				g.Texts[i].Like = append(g.Texts[i].Like, likes([]party.Enterprise{e}, x.Score)...)
			}
		}
	}
}

// mended tells which texts were read as the sender said.
func (d *differ) mended() {
	for _, t := range d.r.tables {
		for i := range t.columns {
			c := &t.columns[i]
			for _, m := range c.Mends {
				uses := c.mends[m.Text].uses
				if uses == 0 {
					continue
				}
				x := Mended{Mend: m, At: Spot{Sheet: t.plan.Index, Column: c.at}, Count: uses}
				if e, ok := d.registry.Enterprise(d.registry.Canonical(m.Firm)); ok && d.r.sees(e.Area, e.ID) {
					x.Name = e.Name
				}
				d.p.Mended = append(d.p.Mended, x)
			}
		}
	}
}
