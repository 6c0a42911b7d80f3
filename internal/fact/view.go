package fact

import (
	"context"
	"iter"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
)

// View is what one scope may know as of one commit. It is a small value that stays as it is while new commits arrive;
// take a new one for each request. Its zero value shows nothing.
//
// A subject beyond the scope is as one that does not exist: its values are Unknown, it is in no list and no count.
// A value that is personal or confidential is Withheld from a scope that may not read sensitive data of the subject,
// whether there is one or not.
type View struct {
	frames *Frames
	snap   *snapshot
	scope  access.Scope
	eye    *access.Eye // of the scope, for the actions of sight
}

// The actions that are asked about for each row, by their place in an eye.
const (
	sightParty = iota
	sightFact
	sightSensitive
)

func newView(f *Frames, snap *snapshot, scope access.Scope) View {
	return View{frames: f, snap: snap, scope: scope, eye: scope.Eye(access.ReadParty, access.ReadFact, access.ReadSensitive)}
}

// Cell is the effective value of a subject's definition in a period. The zero Cell is Unknown.
type Cell struct {
	Value     Value
	State     State
	Known     bool // State is Present: there is a value to reckon with
	Precision Precision
	Status    Status
	Source    int64   // who said it; 0 when nobody did or the reader may not know. Origin tells more.
	Paired    *Paired // what was stated, where less counts because it is stated of others too; nil else

	n int64 // of the statement within its source
}

// withheld is what a reader without the right to sensitive data gets, always.
var withheld = Cell{State: Withheld}

// Seq is the commit that the view knows up to.
func (v View) Seq() int64 {
	if v.snap == nil {
		return 0
	}
	return v.snap.seq
}

// Scope is whose view it is.
func (v View) Scope() access.Scope { return v.scope }

// Watched is the view with a watch of its own on what is read through it, in place of that of its scope: for what is worked out once
// and shown to others afterwards (access.Scope.SawAgain).
func (v View) Watched(w *access.Watch) View {
	if v.snap == nil {
		return v
	}
	return newView(v.frames, v.snap, v.scope.Watched(w))
}

// home is where a subject lies and which enterprise it belongs to, after merges; ok is false when nobody knows it.
func (v View) home(subject int64) (area string, owner int64, ok bool) {
	if v.snap == nil {
		return "", 0, false
	}
	id := v.snap.root(subject)
	for range maxDepth {
		s, ok := v.snap.parties.Subject(id)
		if !ok {
			return "", 0, false
		}
		switch {
		case s.Kind == content.Area:
			return s.Key, 0, true
		case s.Parent == 0:
			e, ok := v.snap.parties.Enterprise(id)
			return e.Area, id, ok
		}
		id = v.snap.root(s.Parent)
	}
	return "", 0, false
}

// maxDepth is how deep subjects may lie below their enterprise.
const maxDepth = 16

// Can says whether the scope may do the action to the subject.
func (v View) Can(a access.Action, subject int64) bool {
	area, owner, ok := v.home(subject)
	return ok && v.scope.Sees(a, area, owner)
}

// Row is the values of one subject that the scope may see: the fast way to read many of them.
type Row struct {
	view View
	id   int64 // after merges
	kind string
	place
}

// place is where the cells of a row stand and which of them the scope may see.
type place struct {
	owner     int64 // the enterprise that it belongs to
	ord       uint32
	stated    bool // somebody stated something about it
	facts     bool // the scope may read its facts
	sensitive bool // and the personal and confidential ones
}

// Row is the row of a subject; ok is false when there is none that the scope may see.
func (v View) Row(subject int64) (r Row, ok bool) {
	area, owner, ok := v.home(subject)
	if !ok || !v.eye.Sees(sightParty, area, owner) {
		return Row{}, false
	}
	id := v.snap.root(subject)
	s, _ := v.snap.parties.Subject(id)
	r = Row{view: v, id: id, kind: s.Kind}
	r.owner = owner
	r.facts = v.eye.Sees(sightFact, area, owner)
	r.sensitive = r.facts && v.eye.Sees(sightSensitive, area, owner)
	if o := v.snap.kinds[s.Kind]; o != nil {
		r.ord, r.stated = o.of(id)
	}
	return r, true
}

// Subject is whose row it is: after a merge, the subject that stands for the one asked about.
func (r Row) Subject() int64 { return r.id }

// Kind is what the subject is: content.Enterprise, content.Project …
func (r Row) Kind() string { return r.kind }

// Column is the values of one definition in one period, to be read by Row.At. The zero Column is empty.
type Column struct {
	col  *column
	def  *content.FactDef
	open bool // not sensitive
}

// Column is the column of a definition and period; that of an unknown definition is empty.
func (v View) Column(def string, p period.Period) Column {
	if v.snap == nil {
		return Column{}
	}
	i, ok := v.snap.defs[def]
	if !ok {
		return Column{}
	}
	return v.columnOf(i, p)
}

func (v View) columnOf(def int, p period.Period) Column {
	d := &v.snap.lib.FactDefs()[def]
	return Column{col: v.snap.columns[def].of(p), def: d, open: !d.Sensitive()}
}

// At is the row's cell in a column of the same snapshot.
func (r Row) At(c Column) Cell { return r.view.cell(c, r.kind, &r.place) }

func (v View) cell(c Column, kind string, p *place) Cell {
	switch {
	case c.def == nil || c.def.Subject != kind:
		return Cell{}
	case !p.facts || !c.open && !p.sensitive:
		return withheld
	case !p.stated:
		return Cell{}
	}
	cell := v.snap.cell(c.col, p.ord)
	if !c.open && cell.Source != 0 {
		v.scope.Saw(p.owner, c.def.Code)
	}
	return cell
}

// Rows is rows of one view and kind, in as little room as it takes to read columns of all of them one after the other.
type Rows struct {
	view   View
	kind   string
	places []place
}

// Add adds a row, which must be of the view and kind of those before.
func (rs *Rows) Add(r Row) {
	rs.view, rs.kind = r.view, r.kind
	rs.places = append(rs.places, r.place)
}

// At is the cell of the row with a number in a column of the same snapshot.
func (rs *Rows) At(i int, c Column) Cell { return rs.view.cell(c, rs.kind, &rs.places[i]) }

// Values tells what At would of each row in a column, of those whose numbers are given, of all where some is nil: the state and the value alone,
// and so in a fraction of the time.
func (rs *Rows) Values(c Column, some []int32, told func(i int, state State, v Value)) {
	plain := c.def != nil && c.def.Subject == rs.kind && c.open && (c.col == nil || !rs.view.snap.pairs.touch(c.col.def))
	read := func(i int) {
		p := &rs.places[i]
		if !plain || !p.facts || !p.stated {
			cell := rs.At(i, c)
			told(i, cell.State, cell.Value)
			return
		}
		ch, at := c.col.at(p.ord)
		if ch == nil {
			told(i, 0, Value{})
			return
		}
		state, v := mark(ch.mark.At(at)).state(), Value{}
		if state == Present {
			v.Num = ch.value.At(at)
			if c.col.text {
				v = Value{Text: rs.view.snap.texts[v.Num]}
			}
		}
		told(i, state, v)
	}
	if some == nil {
		for i := range rs.places {
			read(i)
		}
	}
	for _, i := range some {
		read(int(i))
	}
}

// Readers are the roles that may read a value of a definition, of the subjects that each has a right to.
func Readers(d content.FactDef) []access.Role {
	if d.Sensitive() {
		return access.Holders(access.ReadSensitive)
	}
	return access.Holders(access.ReadFact)
}

// Told notes that somebody is shown what was once stated of a definition of a subject by another way than a view: what stands in a form
// of a case, or what an approval has frozen.
func (v View) Told(subject int64, def string) {
	i, ok := v.snap.definition(def)
	if !ok || !v.snap.lib.FactDefs()[i].Sensitive() {
		return
	}
	if _, owner, ok := v.home(subject); ok {
		v.scope.Saw(owner, def)
	}
}

// reads says whether the scope may read a definition of the row, and tells its watch that it does.
func (r Row) reads(d *content.FactDef) bool {
	if !r.facts {
		return false
	}
	if !d.Sensitive() {
		return true
	}
	if r.sensitive {
		r.view.scope.Saw(r.owner, d.Code)
	}
	return r.sensitive
}

// Get is the row's value of a definition, given by its index in Library.FactDefs, in a period.
func (r Row) Get(def int, p period.Period) Cell {
	if r.view.snap == nil {
		return Cell{}
	}
	return r.At(r.view.columnOf(def, p))
}

// Value is the effective value of a definition for a subject in a period.
func (v View) Value(subject int64, def string, p period.Period) Cell {
	r, ok := v.Row(subject)
	if !ok {
		return Cell{}
	}
	return r.At(v.Column(def, p))
}

// Periods is the periods in which the scope may read something stated, in order, for a definition of a subject.
func (v View) Periods(subject int64, def string) []period.Period {
	r, ok := v.Row(subject)
	i, defined := v.snap.definition(def)
	if !ok || !defined {
		return nil
	}
	var periods []period.Period
	for _, c := range v.snap.columns[i] {
		cell := r.Get(i, c.period)
		if cell.State != Unknown && cell.Source != 0 {
			periods = append(periods, c.period)
		}
	}
	return periods
}

func (s *snapshot) definition(code string) (int, bool) {
	if s == nil {
		return 0, false
	}
	i, ok := s.defs[code]
	return i, ok
}

// Subject is a subject that the scope may see.
func (v View) Subject(id int64) (party.Subject, bool) {
	r, ok := v.Row(id)
	if !ok {
		return party.Subject{}, false
	}
	return v.snap.parties.Subject(r.id)
}

// Enterprise is an enterprise that the scope may see; of a merged one, the one that stands for it.
func (v View) Enterprise(id int64) (party.Enterprise, bool) {
	if !v.Can(access.ReadParty, id) {
		return party.Enterprise{}, false
	}
	return v.snap.parties.Enterprise(v.snap.root(id))
}

// Enterprises is every enterprise that the scope may see, in the registry's order.
func (v View) Enterprises() iter.Seq[party.Enterprise] {
	return func(yield func(party.Enterprise) bool) {
		if v.snap == nil {
			return
		}
		for e := range v.snap.parties.Enterprises() {
			if v.eye.Sees(sightParty, e.Area, e.ID) && !yield(e) {
				return
			}
		}
	}
}

// Count is how many enterprises the scope may see.
func (v View) Count() int {
	n := 0
	for range v.Enterprises() {
		n++
	}
	return n
}

// Areas is the areas of which something may be stated, as subjects with their node codes as keys, as far as the scope may see them.
func (v View) Areas() iter.Seq[party.Subject] {
	return func(yield func(party.Subject) bool) {
		if v.snap == nil {
			return
		}
		for _, id := range v.snap.parties.Children(0, content.Area) {
			if s, ok := v.Subject(id); ok && !yield(s) {
				return
			}
		}
	}
}

// Children is the subjects of a kind that belong to a subject, as far as the scope may see it.
func (v View) Children(subject int64, kind string) []int64 {
	r, ok := v.Row(subject)
	if !ok || !r.facts {
		return nil
	}
	return v.snap.parties.Children(r.id, kind)
}

// NodeOn is the node of a tree (party.TreeArea, TreeIndustry, TreeChain) that a subject belonged to on a day; "" when
// nobody said or the scope may not see the subject.
func (v View) NodeOn(subject int64, tree string, day period.Day) string {
	if !v.Can(access.ReadParty, subject) {
		return ""
	}
	return v.snap.parties.NodeOn(subject, tree, day)
}

// Nodes is where a subject belonged over time; nothing when the scope may not see it.
func (v View) Nodes(subject int64, tree string) []party.Span {
	if !v.Can(access.ReadParty, subject) {
		return nil
	}
	return v.snap.parties.Nodes(subject, tree)
}

// Search finds enterprises that the scope may see by a part of a name or the beginning of a code.
func (v View) Search(text string, limit int) party.Found {
	if v.snap == nil {
		return party.Found{}
	}
	return v.snap.parties.Search(v.scope, text, limit)
}

// Merge makes one subject stand for another; see party.Store.Merge. The view does not change: take a new one.
func (v View) Merge(ctx context.Context, m party.Merging) (seq int64, err error) {
	if v.snap == nil {
		return 0, errs.NotFound("subject", m.From)
	}
	return v.frames.parties.Merge(ctx, v.snap.parties, v.scope, m)
}

// Unmerge takes back that a subject stands for another.
func (v View) Unmerge(ctx context.Context, from int64, reason string) (seq int64, err error) {
	if v.snap == nil {
		return 0, errs.NotFound("subject", from)
	}
	return v.frames.parties.Unmerge(ctx, v.snap.parties, v.scope, from, reason)
}

// Origin is where an effective value comes from.
type Origin struct {
	Source source.Source
	Place  string // in the source
	Shown  string // as the sender wrote it
}

const originOf = `SELECT place, shown FROM fact WHERE source_id = $1 AND n = $2`

// Origin tells where a cell that this view gave comes from: it reads the database. NotFound for a cell without a
// source.
func (v View) Origin(ctx context.Context, c Cell) (Origin, error) {
	if c.Source == 0 || v.snap == nil {
		return Origin{}, errs.NotFound("origin of a value", c.State)
	}
	src, err := v.frames.facts.sources.Get(ctx, access.SystemScope(), c.Source)
	if err != nil {
		return Origin{}, err
	}
	o := Origin{Source: src}
	err = v.frames.facts.db.Read().QueryRow(ctx, originOf, c.Source, c.n).Scan(&o.Place, &o.Shown)
	return o, err
}
