package fact

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/shelf"
)

// Listing asks for enterprises in an order. Its zero value is all of them by name.
type Listing struct {
	Text     string // see View.Search; "" for any
	Area     string // in or below this node
	Industry string
	Scale    Scale
	Year     int    // of the figures that belong to a year: of the scale, and of what is sorted by
	Sort     string // ByName, ByUSCC, ByArea, ByIndustry or the code of a definition; "" is by name, a search best first
	Desc     bool
}

// Scale says which enterprises a listing asks for (规上).
type Scale uint8

// The scales.
const (
	AnyScale Scale = iota
	AboveScale
	BelowScale
)

// The orders that are not by a figure.
const (
	ByName     = "name" // by pinyin, as people look names up
	ByUSCC     = "uscc"
	ByArea     = "area"
	ByIndustry = "industry"
)

// aboveScale is the definition that says whether an enterprise is above scale in a year.
const aboveScale = "ent.above_scale"

// List is the enterprises that a listing found, in its order. It is shared by its readers.
type List struct{ ids []int64 }

// Size is how much room the list takes on a shelf.
func (l *List) Size() int { return len(l.ids) }

// Len is how many enterprises there are.
func (l *List) Len() int { return len(l.ids) }

// Page is the enterprises from a place in the list on, at most n, with their rows. The view must be the one that gave
// the list, or another of the same commit and scope.
func (l *List) Page(v View, from, n int) iter.Seq2[party.Enterprise, Row] {
	from = min(max(from, 0), len(l.ids))
	to := from + min(max(n, 0), len(l.ids)-from)
	return func(yield func(party.Enterprise, Row) bool) {
		for _, id := range l.ids[from:to] {
			e, _ := v.Enterprise(id)
			row, ok := v.Row(id)
			if ok && !yield(e, row) {
				return
			}
		}
	}
}

// desk is what was worked out from a snapshot because somebody asked.
type desk struct {
	logs    sync.Map // what changes gave, by the key of the scope
	sources sync.Map // as they stood, by id
	lists   shelf.Shelf[listKey, *List]
	own     atomic.Pointer[[]Report]
	names   func() map[int64]int // the place of every enterprise in the order of names
	groups  func() groups
}

type listKey struct {
	scope string
	Listing
}

func newDesk(s *snapshot, enterprises int) *desk {
	d := &desk{
		names:  sync.OnceValue(func() map[int64]int { return nameOrder(s.parties) }),
		groups: sync.OnceValue(s.groups),
	}
	d.lists.RoomFor(enterprises)
	return d
}

// nameOrder takes a second for a province. It holds places, no names: whoever sorts by it must have the enterprises
// already.
func nameOrder(parties *party.Registry) map[int64]int {
	type keyed struct {
		key []byte
		id  int64
	}
	var (
		all []keyed
		buf collate.Buffer
		c   = collate.New(language.Chinese)
	)
	for e := range parties.Enterprises() {
		all = append(all, keyed{bytes.Clone(c.KeyFromString(&buf, e.Name)), e.ID})
		buf.Reset()
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })
	place := make(map[int64]int, len(all))
	for i, k := range all {
		place[k.id] = i
	}
	return place
}

// List is the enterprises of a listing that the scope may see. It is worked out once for a commit and a scope.
func (v View) List(q Listing) *List {
	if v.snap == nil {
		return &List{}
	}
	return v.snap.desk.lists.Get(listKey{v.scope.Key(), q}, func() *List { return v.list(q) })
}

// listed is an enterprise while a list is being made.
type listed struct {
	party.Enterprise
	row Row
}

func (v View) list(q Listing) *List {
	areas, industries := v.snap.lib.Areas(), v.snap.lib.Industries()
	scale := v.Column(aboveScale, period.OfYear(q.Year))
	var rows []listed
	take := func(e party.Enterprise) {
		if q.Area != "" && !areas.Within(e.Area, q.Area) || q.Industry != "" && !industries.Within(e.Industry, q.Industry) {
			return
		}
		row, ok := v.Row(e.ID)
		if !ok {
			return
		}
		if c := row.At(scale); q.Scale != AnyScale && (!c.Known || (c.Value.Num == 1) != (q.Scale == AboveScale)) {
			return
		}
		rows = append(rows, listed{e, row})
	}
	if q.Text != "" {
		for _, e := range v.Search(q.Text, v.Count()).Enterprises {
			take(e)
		}
	} else {
		for e := range v.Enterprises() {
			take(e)
		}
	}
	v.sort(q, rows)
	l := &List{ids: make([]int64, len(rows))}
	for i, r := range rows {
		l.ids[i] = r.ID
	}
	return l
}

// sort orders by what the listing names; what is not known comes last either way.
func (v View) sort(q Listing, rows []listed) {
	turn := 1
	if q.Desc {
		turn = -1
	}
	byText := func(text func(listed) string) {
		slices.SortStableFunc(rows, func(a, b listed) int {
			x, y := text(a), text(b)
			if (x == "") != (y == "") {
				return cmp.Compare(y, x)
			}
			return turn * cmp.Compare(x, y)
		})
	}
	byName := func(turn int) {
		place := v.snap.desk.names()
		slices.SortStableFunc(rows, func(a, b listed) int { return turn * cmp.Compare(place[a.ID], place[b.ID]) })
	}
	switch q.Sort {
	case "":
		if q.Text == "" {
			byName(1)
		}
	case ByName:
		byName(turn)
	case ByUSCC:
		byText(func(r listed) string { return string(r.USCC) })
	case ByArea:
		byText(func(r listed) string { return r.Area })
	case ByIndustry:
		byText(func(r listed) string { return r.Industry })
	default:
		if def, ok := v.snap.lib.FactDef(q.Sort); ok {
			v.sortByFigure(def, q.Year, turn, rows)
		}
	}
}

func (v View) sortByFigure(def content.FactDef, year, turn int, rows []listed) {
	col := v.Column(def.Code, ColumnPeriod(def, year))
	slices.SortStableFunc(rows, func(a, b listed) int {
		x, y := a.row.At(col), b.row.At(col)
		switch {
		case x.Known != y.Known:
			if x.Known {
				return -1
			}
			return 1
		case def.Type.IsText():
			return turn * cmp.Compare(x.Value.Text, y.Value.Text)
		}
		return turn * cmp.Compare(x.Value.Num, y.Value.Num)
	})
}

// IsColumn says that a definition can stand in a list of enterprises: it is about them, by year or without time, and no
// long text.
func IsColumn(def content.FactDef) bool {
	return def.Subject == content.Enterprise && (def.Period == period.Year || def.Period == period.Always) && def.Type != content.Text
}

// ColumnPeriod is the period in which a list of a year shows a definition.
func ColumnPeriod(def content.FactDef, year int) period.Period {
	if def.Period == period.Year {
		return period.OfYear(year)
	}
	return period.Period{}
}
