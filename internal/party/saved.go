package party

import (
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/packed"
	"github.com/yanzhen/yanzhen/internal/source"
)

// SavedVersion changes whenever Save writes something else, or the same rows would come to something else: to another
// effective name, another folded one, other terms to search by.
const SavedVersion = 1

// Save writes the registry, for Restore. Merges are not written: the commit log tells them.
func (r *Registry) Save(o *packed.Out) {
	o.Uint(uint64(len(r.words)))
	for _, w := range r.words {
		o.Text(w)
	}
	o.Uint(uint64(len(r.sources)))
	for i, s := range r.sources {
		at, live := r.index[s.id]
		o.Bool(live && int(at) == i)
		o.Int(s.id)
		o.Int(s.seq)
	}
	r.saveRecords(o)
	r.saveLists(o)
}

// kinds is the kinds of subject, each once, in order.
func (r *Registry) kinds() []string {
	seen := map[string]bool{}
	var all []string
	for _, rec := range r.recs {
		if k := rec.sub.Kind; !seen[k] {
			seen[k] = true
			all = append(all, k)
		}
	}
	slices.Sort(all)
	return all
}

// sizes is how many rows of each sort all records have together.
type sizes struct{ mentions, names, idents, members, ents, former int }

func (r *Registry) sizes() (n sizes) {
	for _, rec := range r.recs {
		n.mentions += len(rec.mentions)
		n.names += len(rec.names)
		n.idents += len(rec.idents)
		n.members += len(rec.members)
		if rec.ent != nil {
			n.ents++
			n.former += len(rec.ent.FormerNames)
		}
	}
	return n
}

func (r *Registry) saveRecords(o *packed.Out) {
	kinds := r.kinds()
	o.Uint(uint64(len(kinds)))
	for _, k := range kinds {
		o.Text(k)
	}
	n := r.sizes()
	for _, count := range []int{len(r.recs), n.mentions, n.names, n.idents, n.members, n.ents, n.former} {
		o.Uint(uint64(count))
	}
	for _, rec := range r.recs {
		kind, _ := slices.BinarySearch(kinds, rec.sub.Kind)
		o.Int(rec.sub.ID)
		o.Uint(uint64(kind))
		o.Int(rec.sub.Parent)
		o.Text(rec.sub.Key)
		saveRows(o, rec)
		o.Bool(rec.ent != nil)
		if rec.ent != nil {
			r.saveEnterprise(o, rec.ent)
		}
	}
}

func saveRows(o *packed.Out, rec *record) {
	o.Uint(uint64(len(rec.mentions)))
	for _, at := range rec.mentions {
		o.Uint(uint64(at))
	}
	o.Uint(uint64(len(rec.names)))
	before := ""
	for _, row := range rec.names {
		saveStamp(o, row.stamp)
		saveSpan(o, row.span)
		o.Bool(row.former)
		before = saveText(o, row.name, before)
	}
	o.Uint(uint64(len(rec.idents)))
	before = ""
	for _, row := range rec.idents {
		saveStamp(o, row.stamp)
		o.Uint(uint64(row.scheme))
		o.Bool(row.sound)
		before = saveText(o, row.value, before)
	}
	o.Uint(uint64(len(rec.members)))
	for _, row := range rec.members {
		saveStamp(o, row.stamp)
		saveSpan(o, row.span)
		o.Uint(uint64(row.tree))
		o.Uint(uint64(row.node))
	}
}

func saveStamp(o *packed.Out, s stamp) {
	o.Uint(uint64(s.source))
	o.Uint(uint64(s.n))
}

// saveSpan writes a flag for the usual span without bounds.
func saveSpan(o *packed.Out, s span) {
	bounded := s != span{firstDay, lastDay}
	o.Bool(bounded)
	if bounded {
		o.Int(int64(s.from))
		o.Int(int64(s.to))
	}
}

// saveText writes a text, or that it is the one before it: most sources call a firm what the others do.
func saveText(o *packed.Out, text, before string) string {
	o.Bool(text == before)
	if text != before {
		o.Text(text)
	}
	return text
}

func (r *Registry) saveEnterprise(o *packed.Out, e *Enterprise) {
	o.Text(e.Name)
	o.Uint(uint64(len(e.FormerNames)))
	for _, name := range e.FormerNames {
		o.Text(name)
	}
	o.Text(string(e.USCC))
	o.Bool(e.USCCSound)
	for _, node := range []string{e.Area, e.Industry, e.Chain} {
		o.Text(node)
	}
}

// saveLists writes the sorted lists that records are found by.
func (r *Registry) saveLists(o *packed.Out) {
	o.Uint(uint64(len(r.names)))
	for _, e := range r.names {
		o.Text(e.fold)
		o.Uint(uint64(e.key))
		o.Bool(e.former)
		o.Int(e.id)
	}
	o.Uint(uint64(len(r.usccs)))
	for _, e := range r.usccs {
		o.Text(e.code)
		o.Int(e.id)
	}
	kinds := r.kinds()
	o.Uint(uint64(len(r.kids)))
	for _, k := range r.kids {
		kind, _ := slices.BinarySearch(kinds, k.kind)
		o.Int(k.parent)
		o.Uint(uint64(kind))
		o.Int(k.id)
	}
	r.byTerm.save(o, r.names)
}

// Restore reads what Save wrote of the registry at a commit, whose log, up to that commit, the caller gives. The registry
// becomes the newest of the store, from which Load goes on, and is given; an error, of in, leaves the store as it was.
func (s *Store) Restore(in *packed.In, known int64, log []source.LogEntry) (*Registry, error) {
	r := &Registry{known: known, index: map[int64]int32{}, dict: &dictionary{index: map[string]int32{}}, merged: map[int64]int64{}}
	r.applyMerges(log)
	for range in.Count() {
		r.dict.number(in.Text())
	}
	r.words = r.dict.words
	for i := range in.Count() {
		live, src := in.Bool(), liveSource{id: in.Int(), seq: in.Int()}
		r.sources = append(r.sources, src)
		if live {
			r.index[src.id] = int32(i)
		}
	}
	read := restoring{in: in, reg: r}
	read.records()
	read.lists()
	if err := in.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest = r
	return r, nil
}

// restoring reads a registry. The rows of all records lie in one piece of memory each, of which a record has a part.
type restoring struct {
	in    *packed.In
	reg   *Registry
	kinds []string
	left  sizes // rows that may still come

	mentions []int32
	names    []nameRow
	idents   []identRow
	members  []memberRow
	ents     []Enterprise
	former   []string
}

// word is one copy of each word of the dictionary.
func (r *restoring) word(text string) string {
	if n, ok := r.reg.dict.index[text]; ok {
		return r.reg.words[n]
	}
	return text
}

func (r *restoring) records() {
	in := r.in
	for range in.Count() {
		r.kinds = append(r.kinds, in.Text())
	}
	count := in.Count()
	for _, n := range []*int{&r.left.mentions, &r.left.names, &r.left.idents, &r.left.members, &r.left.ents, &r.left.former} {
		*n = in.Count()
	}
	recs := make([]record, count)
	r.mentions, r.names, r.idents = make([]int32, r.left.mentions), make([]nameRow, r.left.names), make([]identRow, r.left.idents)
	r.members, r.ents, r.former = make([]memberRow, r.left.members), make([]Enterprise, r.left.ents), make([]string, r.left.former)
	held := make([]*record, count)
	for i := range recs {
		rec := &recs[i]
		held[i] = rec
		rec.sub.ID = in.Int()
		rec.sub.Kind = r.kind()
		rec.sub.Parent = in.Int()
		rec.sub.Key = in.Text()
		r.rows(rec)
		if in.Bool() {
			r.enterprise(rec)
		}
	}
	r.reg.hold(held)
}

func (r *restoring) kind() string {
	if i := r.in.Index(len(r.kinds)); i < len(r.kinds) {
		return r.kinds[i]
	}
	return ""
}

// part takes n of what is left of a piece.
func part[T any](in *packed.In, piece *[]T) []T {
	n := in.Count()
	if n > len(*piece) {
		in.Fail()
		return nil
	}
	taken := (*piece)[:n:n]
	*piece = (*piece)[n:]
	return taken
}

func (r *restoring) rows(rec *record) {
	in, words := r.in, len(r.reg.words)
	rec.mentions = part(in, &r.mentions)
	for i := range rec.mentions {
		rec.mentions[i] = int32(in.Index(len(r.reg.sources)))
	}
	rec.names = part(in, &r.names)
	before := ""
	for i := range rec.names {
		row := &rec.names[i]
		row.stamp, row.span, row.former = r.stamp(), r.span(), in.Bool()
		row.name = r.text(before)
		before = row.name
	}
	rec.idents = part(in, &r.idents)
	before = ""
	for i := range rec.idents {
		row := &rec.idents[i]
		row.stamp, row.scheme, row.sound = r.stamp(), int32(in.Index(words)), in.Bool()
		row.value = r.text(before)
		before = row.value
	}
	rec.members = part(in, &r.members)
	for i := range rec.members {
		row := &rec.members[i]
		row.stamp, row.span, row.tree, row.node = r.stamp(), r.span(), int32(in.Index(words)), int32(in.Index(words))
	}
}

func (r *restoring) stamp() stamp {
	return stamp{source: int32(r.in.Index(len(r.reg.sources))), n: uint32(r.in.Uint())}
}

func (r *restoring) span() span {
	if !r.in.Bool() {
		return span{firstDay, lastDay}
	}
	return span{from: int32(r.in.Int()), to: int32(r.in.Int())}
}

func (r *restoring) text(before string) string {
	if r.in.Bool() {
		return before
	}
	return r.in.Text()
}

func (r *restoring) enterprise(rec *record) {
	in := r.in
	if len(r.ents) == 0 {
		in.Fail()
		return
	}
	e := &r.ents[0]
	r.ents = r.ents[1:]
	e.ID, e.Key, e.Merged = rec.sub.ID, rec.sub.Key, r.reg.groups[rec.sub.ID]
	e.Name = in.Text()
	e.FormerNames = part(in, &r.former)
	for i := range e.FormerNames {
		e.FormerNames[i] = in.Text()
	}
	if len(e.FormerNames) == 0 {
		e.FormerNames = nil
	}
	e.USCC, e.USCCSound = USCC(in.Text()), in.Bool()
	for _, node := range []*string{&e.Area, &e.Industry, &e.Chain} {
		*node = r.word(in.Text())
	}
	rec.ent = e
}

func (r *restoring) lists() {
	in, reg := r.in, r.reg
	reg.names = make([]nameEntry, in.Count())
	for i := range reg.names {
		e := &reg.names[i]
		e.fold = in.Text()
		e.key = int32(in.Index(len(e.fold) + 1))
		e.former = in.Bool()
		e.id = in.Int()
	}
	reg.usccs = make([]usccEntry, in.Count())
	for i := range reg.usccs {
		reg.usccs[i] = usccEntry{code: in.Text(), id: in.Int()}
	}
	reg.kids = make([]kid, in.Count())
	for i := range reg.kids {
		reg.kids[i] = kid{parent: in.Int(), kind: r.kind(), id: in.Int()}
	}
	reg.byTerm = restoreIndex(in, reg.names)
}

// save writes the index of all names.
func (x index) save(o *packed.Out, all []nameEntry) {
	s := x.base
	if s == nil || x.fresh != nil || len(s.names) != len(all) {
		s = newSegment(all)
	}
	o.Uint(uint64(len(s.lists)))
	for _, t := range slices.Sorted(maps.Keys(s.lists)) {
		o.Uint(uint64(t))
		o.Uint(uint64(s.lists[t].from))
		o.Uint(uint64(s.lists[t].to))
	}
	o.Uint(uint64(len(s.numbers)))
	for _, n := range s.numbers {
		o.Uint(uint64(n))
	}
}

func restoreIndex(in *packed.In, names []nameEntry) index {
	s := &segment{names: names, speller: newSpeller()}
	for _, e := range names {
		for _, r := range e.fold {
			s.speller.learn(r)
		}
	}
	lists := in.Count()
	s.lists = make(map[term]list, lists)
	furthest := uint64(0)
	for range lists {
		t, from, to := in.Uint(), in.Uint(), in.Uint()
		if from > to {
			in.Fail()
		}
		furthest = max(furthest, to)
		s.lists[term(t)] = list{uint32(from), uint32(to)}
	}
	s.numbers = make([]uint32, in.Count())
	if furthest > uint64(len(s.numbers)) {
		in.Fail()
	}
	for i := range s.numbers {
		s.numbers[i] = uint32(in.Index(len(names)))
	}
	return index{base: s}
}
