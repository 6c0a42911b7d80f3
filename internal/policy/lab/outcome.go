package lab

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/shelf"
)

// Outcome is what a scenario comes to against the law in force: for the same enterprises, as known at the same commit, as
// of the same day. It is shared by its readers and never changes.
type Outcome struct {
	*Planned
	Seq    int64 // commit that it knows up to
	AsOf   period.Day
	Parent string // area below which Effect.Areas lie

	Before, After *region.Region // within the area that is looked at
	Effect        *region.Effect // without firms by name: Movers has them
	Perhaps       Movers         // firms for which what is possible alone differs

	view   fact.View
	lib    *content.Library
	kinds  *shelf.Shelf[kindKey, *kinds]
	movers func() []region.FirmEffect
}

// Movers is how many firms may get more, and how many may get less, while what they get for sure stays.
type Movers struct{ More, Less int }

func (l *Lab) outcome(p *Planned, view fact.View, before, after *region.Region) *Outcome {
	if area := p.Scenario.Area; area != "" {
		before, after = before.Within(area), after.Within(area)
	}
	o := &Outcome{Planned: p, Seq: view.Seq(), AsOf: after.AsOf, Before: before, After: after, view: view, lib: l.Library, kinds: &l.kinds}
	o.movers = sync.OnceValue(func() []region.FirmEffect { return region.Movers(before, after) })
	o.Parent = cmp.Or(p.Scenario.Area, o.common())
	o.Effect = region.EffectOf(before, after, o.Parent, 0)
	for was, is := range region.Pairs(before, after) {
		switch b, a := was.All(), is.All(); {
		case b.Sure != a.Sure || b == a:
		case a.Unbounded && !b.Unbounded || a.Unbounded == b.Unbounded && a.Possible > b.Possible:
			o.Perhaps.More++
		default:
			o.Perhaps.Less++
		}
	}
	return o
}

// common is the lowest area in which all firms lie whose area is known.
func (o *Outcome) common() string {
	var path []content.Node
	for _, area := range o.After.Areas() {
		p := o.lib.Areas().Path(area)
		switch {
		case len(p) == 0:
		case path == nil:
			path = p
		default:
			n := 0
			for n < min(len(path), len(p)) && path[n].Code == p[n].Code {
				n++
			}
			path = path[:n]
		}
	}
	if len(path) == 0 {
		return ""
	}
	return path[len(path)-1].Code
}

// Movers is every firm that gains or loses for sure: gainers first, each by the most. They are put in order when they are first
// asked for: while a hand moves, nobody reads them.
func (o *Outcome) Movers() []region.FirmEffect { return o.movers() }

// Winners is a page of the firms that get more for sure, those that gain most first.
func (o *Outcome) Winners(from, n int) []region.FirmEffect {
	return page(o.Movers()[:o.Effect.Gain], from, n)
}

// Losers is a page of the firms that get less for sure, those that lose most first.
func (o *Outcome) Losers(from, n int) []region.FirmEffect {
	return page(o.Movers()[o.Effect.Gain:], from, n)
}

// page is at most n of a list, from a place on.
func page[T any](all []T, from, n int) []T {
	from = min(max(from, 0), len(all))
	return all[from : from+min(max(n, 0), len(all)-from)]
}

// Net is by how much more all firms together get for sure; negative for less.
func (o *Outcome) Net() money.Fen { return o.Effect.Gained - o.Effect.Lost }

// Factors is what quotas and pools leave of the scenario, stage by stage and year by year (StageSum.Factor); none for who
// sees a part of the region only, or looks at one.
func (o *Outcome) Factors() []policy.StageSum { return o.After.Stages() }

// ByArea is money and services by the areas right below Parent. Code "" is firms of other areas or of none that is known.
func (o *Outcome) ByArea() Breakdown {
	b := o.breakdown()
	for _, a := range o.Effect.Areas {
		b.Rows = append(b.Rows, Row{Code: a.Area.Code, Name: same(a.Area.Name), Before: ofSum(a.Before), After: ofSum(a.After)})
	}
	return b.closed()
}

// ByClause is money and services by clause, in the order of the document; clauses that end come last.
func (o *Outcome) ByClause() Breakdown {
	b := o.breakdown()
	of := func(c region.ClauseSum) Figure { return Figure{Sure: c.Sure, Perhaps: c.Perhaps, Pays: c.Pays} }
	for _, c := range o.Effect.Clauses {
		b.Rows = append(b.Rows, Row{Code: c.Clause, Name: o.ClauseName(c.Clause), Before: of(c.Before), After: of(c.After)})
	}
	return b.closed()
}

// ClauseName is what a clause is called, in the scenario or else in the law.
func (o *Outcome) ClauseName(id string) i18n.Text {
	if c, ok := o.Plan.Policy.Clause(id); ok {
		return c.Name
	}
	c, _ := o.Law.Policy.Clause(id)
	return c.Name
}

// same is a name that is the same in both languages.
func same(name string) i18n.Text { return i18n.Text{ZH: name, EN: name} }

// ByYear is money and services by the year of the event, or of the investment. Code "" is events whose year is not known.
func (o *Outcome) ByYear() Breakdown {
	b := o.breakdown()
	at := map[int]*Row{}
	row := func(year int) *Row {
		if at[year] == nil {
			at[year] = &Row{}
			if year != 0 {
				at[year].Code = strconv.Itoa(year)
			}
		}
		return at[year]
	}
	for _, y := range o.Before.ByYear() {
		row(y.Year).Before = Figure{Sure: y.Sure, Perhaps: y.Perhaps, Pays: y.Pays}
	}
	for _, y := range o.After.ByYear() {
		row(y.Year).After = Figure{Sure: y.Sure, Perhaps: y.Perhaps, Pays: y.Pays}
	}
	for _, year := range slices.SortedFunc(maps.Keys(at), func(x, y int) int { // not known last
		return cmp.Or(cmp.Compare(b2i(x == 0), b2i(y == 0)), cmp.Compare(x, y))
	}) {
		b.Rows = append(b.Rows, *at[year])
	}
	return b.closed()
}

// BySize is money and services by the size of the firms (ent.size), as it was last known in the three years up to the day.
// Code "" is firms whose size nobody stated.
func (o *Outcome) BySize() Breakdown {
	def, ok := o.lib.FactDef("ent.size")
	if !ok {
		return o.breakdown().closed()
	}
	codes, _ := o.lib.CodeList(def.Codes)
	var known []Row
	for _, e := range codes.Entries {
		known = append(known, Row{Code: e.Code, Name: e.Name})
	}
	var columns []fact.Column
	for back := range 3 {
		columns = append(columns, o.view.Column(def.Code, fact.ColumnPeriod(def, o.AsOf.Year()-back)))
	}
	return o.by("size", known, func(f *region.Firm) (string, i18n.Text) {
		row, ok := o.view.Row(f.ID)
		for _, c := range columns {
			if cell := row.At(c); ok && cell.Known {
				return cell.Value.Text, same(cell.Value.Text)
			}
		}
		return "", i18n.Text{}
	})
}

// ByTrade is money and services by industry at a level (content.Section, Division, Group, Class) on the day. Code "" is
// firms whose industry is not known so far down.
func (o *Outcome) ByTrade(level string) Breakdown {
	tree, above := o.lib.Industries(), map[string]content.Node{}
	b := o.by(level, nil, func(f *region.Firm) (string, i18n.Text) {
		code := o.view.NodeOn(f.ID, party.TreeIndustry, o.AsOf)
		n, ok := above[code]
		if !ok {
			path := tree.Path(code)
			if i := slices.IndexFunc(path, func(n content.Node) bool { return n.Level == level }); i >= 0 {
				n = path[i]
			}
			above[code] = n
		}
		return n.Code, same(n.Name)
	})
	slices.SortStableFunc(b.Rows, func(x, y Row) int {
		return cmp.Or(cmp.Compare(b2i(x.Code == ""), b2i(y.Code == "")), cmp.Compare(x.Code, y.Code))
	})
	return b
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
