package party

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Registry is who and where every subject was, as known at one commit. It never changes and may be used by many
// goroutines.
//
// Search takes a Scope. The other methods do not: they are for the product's own matching and for package fact, whose
// View is what a page reads through.
type Registry struct {
	known   int64
	sources []liveSource // by the index that rows carry; retracted ones leave a hole
	index   map[int64]int32
	dict    *dictionary
	words   []string  // of dict, as many as there were
	recs    []*record // by id
	ids     []int64   // of recs: looking for an id among them touches none of the records
	merged  map[int64]int64
	groups  map[int64][]int64 // what a subject stands for, ascending, itself not
	names   []nameEntry       // by folded name, then id
	usccs   []usccEntry       // by code, then id
	kids    []kid             // by parent, kind, id
	byTerm  index             // of names
}

type liveSource struct{ id, seq int64 }

// record is a subject and all that live sources state about it.
type record struct {
	sub      Subject
	mentions []int32 // indexes of sources
	names    []nameRow
	idents   []identRow
	members  []memberRow
	ent      *Enterprise // effective view of an enterprise that stands for itself; else nil
}

// stamp is where a row comes from; spans without a bound run from firstDay to lastDay.
type stamp struct {
	source int32
	n      uint32
}

const (
	firstDay = math.MinInt32
	lastDay  = math.MaxInt32
)

type span struct{ from, to int32 }

func (s span) holds(d int32) bool { return s.from <= d && d <= s.to }

type nameRow struct {
	stamp
	span
	former bool
	name   string
}

func (r nameRow) text() string { return r.name }

type identRow struct {
	stamp
	scheme int32 // dictionary
	sound  bool
	value  string
}

func (r identRow) text() string { return r.value }

type memberRow struct {
	stamp
	span
	tree, node int32 // dictionary
}

type nameEntry struct {
	fold   string
	key    int32 // length of the part without the legal form
	former bool
	simple bool // no name that anybody stated: one of them in simplified characters, by which it is found
	id     int64
}

type usccEntry struct {
	code string
	id   int64
}

type kid struct {
	parent int64
	kind   string
	id     int64
}

// dictionary gives small numbers to words that repeat. It only grows, under the lock of its Store; a Registry reads the
// words that were there when it was made.
type dictionary struct {
	words []string
	index map[string]int32
}

func (d *dictionary) number(word string) int32 {
	if n, ok := d.index[word]; ok {
		return n
	}
	n := int32(len(d.words))
	d.words = append(d.words, word)
	d.index[word] = n
	return n
}

// Known is the commit that the registry stands at.
func (r *Registry) Known() int64 { return r.known }

// place is the index of a subject's record.
func (r *Registry) place(id int64) (int, bool) { return slices.BinarySearch(r.ids, id) }

// hold makes records, in the order of their ids, those of the registry.
func (r *Registry) hold(recs []*record) {
	r.recs, r.ids = recs, make([]int64, len(recs))
	for i, rec := range recs {
		r.ids[i] = rec.sub.ID
	}
}

func (r *Registry) find(id int64) *record {
	if i, ok := r.place(id); ok {
		return r.recs[i]
	}
	return nil
}

// Canonical is the subject that a subject stands for after all merges; itself when it was not merged.
func (r *Registry) Canonical(id int64) int64 {
	for range len(r.merged) {
		into, ok := r.merged[id]
		if !ok {
			break
		}
		id = into
	}
	return id
}

// Subject is a subject that exists, as it was made: merges are not followed.
func (r *Registry) Subject(id int64) (Subject, bool) {
	rec := r.find(id)
	if rec == nil {
		return Subject{}, false
	}
	return rec.sub, true
}

// Enterprise is an enterprise that exists; for a merged one, the one that it stands for. Its slices must not be changed.
func (r *Registry) Enterprise(id int64) (Enterprise, bool) {
	rec := r.find(r.Canonical(id))
	if rec == nil || rec.ent == nil {
		return Enterprise{}, false
	}
	return *rec.ent, true
}

// Alone is an enterprise by its own statements, as if nothing had been merged.
func (r *Registry) Alone(id int64) (Enterprise, bool) {
	rec := r.find(id)
	if rec == nil || rec.sub.Kind != content.Enterprise {
		return Enterprise{}, false
	}
	return *r.effective(rec, nil), true
}

// Together is what into would be if from counted for it: see Merge.
func (r *Registry) Together(into, from int64) (Enterprise, bool) {
	rec := r.find(into)
	if rec == nil || rec.sub.Kind != content.Enterprise {
		return Enterprise{}, false
	}
	merged := slices.Concat(r.groups[into], []int64{from}, r.groups[from])
	slices.Sort(merged)
	return *r.effective(rec, slices.Compact(merged)), true
}

// Only is the one enterprise with that credit code or full name; 0 when there is none or more than one.
func (r *Registry) Only(text string) int64 {
	var ids []int64
	if code, _ := ParseUSCC(text); code != "" {
		ids = r.ByUSCC(code)
	}
	if len(ids) == 0 && text != "" {
		for _, alike := range r.ByName(text) {
			ids = append(ids, alike.ID)
		}
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) != 1 {
		return 0
	}
	return ids[0]
}

// Enterprises is every enterprise that stands for itself, by id.
func (r *Registry) Enterprises() iter.Seq[Enterprise] {
	return func(yield func(Enterprise) bool) {
		for _, rec := range r.recs {
			if rec.ent != nil && !yield(*rec.ent) {
				return
			}
		}
	}
}

// ByUSCC is the enterprises for which a code was ever stated by a live source, by id.
func (r *Registry) ByUSCC(code USCC) []int64 {
	i, _ := slices.BinarySearchFunc(r.usccs, string(code), func(e usccEntry, c string) int { return cmp.Compare(e.code, c) })
	var ids []int64
	for ; i < len(r.usccs) && r.usccs[i].code == string(code); i++ {
		ids = append(ids, r.usccs[i].id)
	}
	return ids
}

// Likeness is how well a name fits one that was stated.
type Likeness int

// The likenesses, better ones greater. SameKey is equal but for the legal form.
const (
	SameKey Likeness = iota + 1
	SameFormerName
	SameName
)

// Alike is an enterprise whose name fits.
type Alike struct {
	ID       int64
	Likeness Likeness
}

// ByName is the enterprises whose name, or a former one, is the given one up to folding, or up to the legal form and
// traditional characters; best first, then by id.
func (r *Registry) ByName(name string) []Alike {
	best := map[int64]Likeness{}
	fold, simple := FoldName(name), simpleName(name)
	r.called(fold, SameName, best)
	if simple != fold {
		r.called(simple, SameKey, best)
	}
	all := make([]Alike, 0, len(best))
	for id, like := range best {
		all = append(all, Alike{id, like})
	}
	slices.SortFunc(all, func(a, b Alike) int {
		return cmp.Or(cmp.Compare(b.Likeness, a.Likeness), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// called adds the enterprises that a folded name may mean to best, none as more alike than most.
func (r *Registry) called(fold string, most Likeness, best map[int64]Likeness) {
	key := stripForm(fold)
	if key == "" {
		return
	}
	i, _ := slices.BinarySearchFunc(r.names, key, func(e nameEntry, k string) int { return cmp.Compare(e.fold, k) })
	for ; i < len(r.names) && len(r.names[i].fold) >= len(key) && r.names[i].fold[:len(key)] == key; i++ {
		e := r.names[i]
		like := SameKey
		switch {
		case int(e.key) != len(key):
			continue
		case e.fold != fold || e.simple:
		case e.former:
			like = SameFormerName
		default:
			like = SameName
		}
		best[e.id] = max(best[e.id], min(like, most))
	}
}

// Children is the subjects of a kind that belong to a subject or to one that it stands for, by id. A child that was
// merged into another is not among them. Parent 0 gives the subjects of a kind that belong to none, such as areas.
func (r *Registry) Children(parent int64, kind string) []int64 {
	at := kid{parent: r.Canonical(parent), kind: kind}
	i, _ := slices.BinarySearchFunc(r.kids, at, compareKids)
	var ids []int64
	for ; i < len(r.kids) && r.kids[i].parent == at.parent && r.kids[i].kind == kind; i++ {
		ids = append(ids, r.kids[i].id)
	}
	return ids
}

func compareKids(a, b kid) int {
	return cmp.Or(cmp.Compare(a.parent, b.parent), cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
}

// AreaOn is where a subject belonged on a day: a node code, "" when nobody said.
func (r *Registry) AreaOn(id int64, day period.Day) string { return r.NodeOn(id, TreeArea, day) }

// IndustryOn is in which industry a subject was on a day: a node code, "" when nobody said.
func (r *Registry) IndustryOn(id int64, day period.Day) string {
	return r.NodeOn(id, TreeIndustry, day)
}

// NodeOn is the node of a tree that a subject belonged to on a day; "" when no statement holds on it.
func (r *Registry) NodeOn(id int64, tree string, day period.Day) string {
	rec := r.find(r.Canonical(id))
	if rec == nil {
		return ""
	}
	rows := r.members(rec, r.groups[rec.sub.ID])
	best := -1
	for i, m := range rows {
		if r.words[m.tree] == tree && m.holds(int32(day)) && (best < 0 || r.later(m.stamp, m.span, rows[best].stamp, rows[best].span)) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return r.words[rows[best].node]
}

// Span is one stretch of a membership as it is effective.
type Span struct {
	Node     string
	From, To *period.Day // nil is open
}

// Nodes is where a subject belonged over time, in order of time and without overlaps; stretches of which nobody spoke
// are left out.
func (r *Registry) Nodes(id int64, tree string) []Span {
	rec := r.find(r.Canonical(id))
	if rec == nil {
		return nil
	}
	cuts := []int32{firstDay}
	for _, m := range r.members(rec, r.groups[rec.sub.ID]) {
		if r.words[m.tree] != tree {
			continue
		}
		cuts = append(cuts, m.from)
		if m.to != lastDay {
			cuts = append(cuts, m.to+1)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var spans []Span
	lastTo := int32(firstDay)
	for i, from := range cuts {
		to := int32(lastDay)
		if i+1 < len(cuts) {
			to = cuts[i+1] - 1
		}
		node := r.NodeOn(id, tree, period.Day(from))
		if node == "" {
			continue
		}
		if n := len(spans); n > 0 && spans[n-1].Node == node && lastTo+1 == from {
			spans[n-1].To = dayOf(to)
		} else {
			spans = append(spans, Span{Node: node, From: dayOf(from), To: dayOf(to)})
		}
		lastTo = to
	}
	return spans
}

func dayOf(d int32) *period.Day {
	if d == firstDay || d == lastDay {
		return nil
	}
	day := period.Day(d)
	return &day
}

// members is the membership rows of a subject and of those merged into it.
func (r *Registry) members(rec *record, merged []int64) []memberRow {
	rows := rec.members
	for _, id := range merged {
		if other := r.find(id); other != nil {
			rows = slices.Concat(rows, other.members)
		}
	}
	return rows
}

// later says that statement a beats statement b: it begins later, or became known later, or stands further down.
func (r *Registry) later(a stamp, as span, b stamp, bs span) bool {
	if as.from != bs.from {
		return as.from > bs.from
	}
	return r.newer(a, b)
}

// newer says that a became known after b, or stands further down in the same source.
func (r *Registry) newer(a, b stamp) bool {
	return cmp.Or(cmp.Compare(r.sources[a.source].seq, r.sources[b.source].seq), cmp.Compare(a.n, b.n)) > 0
}

// effective works out the view of an enterprise from its rows and those of the subjects merged into it.
func (r *Registry) effective(rec *record, merged []int64) *Enterprise {
	e := &Enterprise{ID: rec.sub.ID, Key: rec.sub.Key, Merged: merged}
	names, idents := rec.names, rec.idents
	for _, id := range e.Merged {
		if other := r.find(id); other != nil {
			names, idents = slices.Concat(names, other.names), slices.Concat(idents, other.idents)
		}
	}
	r.chooseName(e, names)
	best := -1
	for i, id := range idents {
		if r.words[id.scheme] != SchemeUSCC {
			continue
		}
		if best < 0 || id.sound && !idents[best].sound || id.sound == idents[best].sound && r.newer(id.stamp, idents[best].stamp) {
			best = i
		}
	}
	if best >= 0 {
		e.USCC, e.USCCSound = USCC(idents[best].value), idents[best].sound
	}
	members := r.members(rec, merged)
	e.Area, e.Industry, e.Chain = r.current(members, TreeArea), r.current(members, TreeIndustry), r.current(members, TreeChain)
	return e
}

// chooseName takes the name in use and keeps the others as former ones.
func (r *Registry) chooseName(e *Enterprise, names []nameRow) {
	if len(names) == 0 {
		return
	}
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b nameRow) int {
		if a.inUse() != b.inUse() {
			if a.inUse() {
				return -1
			}
			return 1
		}
		if r.later(a.stamp, a.span, b.stamp, b.span) {
			return -1
		}
		return 1
	})
	e.Name = names[0].name
	seen := []string{FoldName(e.Name)}
	for _, n := range names[1:] {
		if n.name == e.Name {
			continue // most sources state the same, and folding takes longest
		}
		if fold := FoldName(n.name); !slices.Contains(seen, fold) {
			seen = append(seen, fold)
			e.FormerNames = append(e.FormerNames, n.name)
		}
	}
}

func (n nameRow) inUse() bool { return !n.former && n.to == lastDay }

// current is where a subject belongs now: on the last day of all, or, when every statement has an end, on the last day
// that one of them holds.
func (r *Registry) current(rows []memberRow, tree string) string {
	best := -1
	for i, m := range rows {
		if r.words[m.tree] != tree {
			continue
		}
		if best < 0 || m.to > rows[best].to || m.to == rows[best].to && r.later(m.stamp, m.span, rows[best].stamp, rows[best].span) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return r.words[rows[best].node]
}

// mayMerge says whether the scope reaches both subjects for a merge.
func (r *Registry) mayMerge(scope access.Scope, ids ...int64) error {
	for _, id := range ids {
		rec := r.find(id)
		if rec == nil {
			return errs.NotFound("subject", id)
		}
		top := rec
		for top.sub.Parent != 0 {
			if top = r.find(top.sub.Parent); top == nil {
				return errs.NotFound("subject", id)
			}
		}
		if !scope.Sees(access.Merge, r.current(top.members, TreeArea), r.Canonical(top.sub.ID)) {
			return errs.NotFound("subject", id)
		}
	}
	return nil
}

// Sees says whether a scope may do something to a subject: it goes by the enterprise that the subject belongs to, by the
// area where that is now. An area is reached by who reaches it. Nobody but the product itself may do anything to what
// does not exist.
func (r *Registry) Sees(scope access.Scope, a access.Action, id int64) bool {
	rec := r.find(r.Canonical(id))
	for rec != nil && rec.sub.Parent != 0 {
		rec = r.find(r.Canonical(rec.sub.Parent))
	}
	switch {
	case rec == nil:
		return scope.All()
	case rec.ent != nil:
		return scope.Sees(a, rec.ent.Area, rec.ent.ID)
	case rec.sub.Kind == content.Area:
		return scope.Sees(a, rec.sub.Key, 0)
	}
	return scope.All()
}

// ExpandScope turns the grants of an account into its Scope: an area reaches all areas below it, a party the subject that
// it stands for now. An account that was disabled may do nothing.
func ExpandScope(lib *content.Library, reg *Registry, account access.Account) access.Scope {
	var all access.Scope
	if account.Disabled() {
		return all
	}
	for i, g := range account.Grants {
		var owns []int64
		if g.Party != 0 {
			owns = []int64{g.Party, reg.Canonical(g.Party)}
		}
		scope := access.NewScope(account.ID, g.Role, lib.Areas().Below(g.Area), owns)
		if i == 0 {
			all = scope
		} else {
			all = all.And(scope)
		}
	}
	return all
}
