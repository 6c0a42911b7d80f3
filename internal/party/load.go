package party

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// maxPatch is how many sources may have become known for a registry to be carried on instead of built anew.
const maxPatch = 64

// Load is the registry as known at a commit; 0 means the newest. The newest one is kept, and the next is made from it
// and the commits since; an older one is built from all rows.
func (s *Store) Load(ctx context.Context, known int64) (*Registry, error) {
	seq, err := s.db.Seq(ctx)
	if err != nil {
		return nil, fmt.Errorf("load registry: %w", err)
	}
	if known == 0 || known > seq { // what is not committed yet cannot have been taken in
		known = seq
	}
	s.mu.Lock()
	last := s.newest
	if last != nil && last.known > known {
		s.mu.Unlock()
		return s.build(ctx, known) // does not touch what the lock guards
	}
	defer s.mu.Unlock()
	if last != nil && last.known == known {
		return last, nil
	}
	next, err := s.advance(ctx, last, known)
	if err != nil {
		return nil, fmt.Errorf("load registry at commit %d: %w", known, err)
	}
	s.newest = next
	return next, nil
}

// build makes a registry from all rows.
func (s *Store) build(ctx context.Context, known int64) (*Registry, error) {
	r := &Registry{
		known: known, index: map[int64]int32{}, dict: &dictionary{index: map[string]int32{}}, merged: map[int64]int64{},
	}
	if known == 0 {
		return r, nil
	}
	live, err := s.sources.Live(ctx, known)
	if err != nil {
		return nil, err
	}
	log, err := s.sources.Log(ctx, 0, known)
	if err != nil {
		return nil, err
	}
	r.applyMerges(log)
	for _, id := range slices.Sorted(maps.Keys(live)) {
		r.addSource(id, live[id])
	}
	subjects, err := s.subjects(ctx, selectSubjects)
	if err != nil {
		return nil, err
	}
	b := builder{reg: r, touched: map[int64]*record{}, subjects: subjects}
	if err := s.rows(ctx, &b, ""); err != nil {
		return nil, err
	}
	return r, s.finish(ctx, &b)
}

// advance makes the registry of a later commit from one that is kept. What no commit since then touched is shared.
func (s *Store) advance(ctx context.Context, last *Registry, known int64) (*Registry, error) {
	if last == nil {
		return s.build(ctx, known)
	}
	log, err := s.sources.Log(ctx, last.known, known)
	if err != nil {
		return nil, err
	}
	r := *last
	r.known = known
	r.sources, r.index, r.merged = slices.Clip(last.sources), maps.Clone(last.index), maps.Clone(last.merged)
	var published []int64
	retracted := map[int32]bool{}
	for _, e := range log {
		switch e.Kind {
		case source.Publish:
			r.addSource(e.Source, e.Seq)
			published = append(published, e.Source)
		case source.Retract:
			retracted[r.index[e.Source]] = true
			published = slices.DeleteFunc(published, func(id int64) bool { return id == e.Source })
			delete(r.index, e.Source)
		}
	}
	if len(published) > maxPatch {
		return s.build(ctx, known)
	}
	b := builder{reg: &r, touched: map[int64]*record{}}
	if len(retracted) > 0 {
		b.drop(retracted)
	}
	for _, id := range published {
		if b.subjects, err = s.subjects(ctx, selectMentioned, id); err != nil {
			return nil, err
		}
		if err := s.rows(ctx, &b, ` WHERE source_id = $1`, id); err != nil {
			return nil, err
		}
	}
	for _, e := range log {
		if e.Kind == source.Merge || e.Kind == source.Unmerge {
			b.touchGroup(r.Canonical(e.Into))
			b.touchGroup(r.Canonical(e.From))
			r.applyMerges([]source.LogEntry{e})
			b.touchGroup(r.Canonical(e.Into))
			b.touchGroup(r.Canonical(e.From))
		}
	}
	return &r, s.finish(ctx, &b)
}

// finish completes a registry. A subject that others stand for may be known through them alone; then it was not read
// with the sources' rows.
func (s *Store) finish(ctx context.Context, b *builder) error {
	for id := range maps.Clone(b.touched) {
		root := b.reg.Canonical(id)
		if b.touch(root) != nil {
			continue
		}
		sub, ok := b.subjects[root]
		if !ok {
			found, err := s.subjects(ctx, selectSubjects+` WHERE id = $1`, root)
			if err != nil {
				return err
			}
			if sub, ok = found[root]; !ok {
				return fmt.Errorf("subject %d, which others are merged into, is missing", root)
			}
		}
		b.touched[root] = &record{sub: sub}
	}
	b.finish()
	return nil
}

func (r *Registry) addSource(id, seq int64) {
	r.index[id] = int32(len(r.sources))
	r.sources = append(r.sources, liveSource{id, seq})
}

// applyMerges plays the merges of a stretch of the log.
func (r *Registry) applyMerges(log []source.LogEntry) {
	for _, e := range log {
		switch e.Kind {
		case source.Merge:
			r.merged[e.From] = e.Into
		case source.Unmerge:
			delete(r.merged, e.From)
		}
	}
	r.groups = map[int64][]int64{}
	for _, from := range slices.Sorted(maps.Keys(r.merged)) {
		into := r.Canonical(from)
		r.groups[into] = append(r.groups[into], from)
	}
}

const (
	selectSubjects  = `SELECT id, kind, parent, subject_key FROM subject`
	selectMentioned = selectSubjects + ` WHERE id IN (
		SELECT subject_id FROM party_mention WHERE source_id = $1
		UNION SELECT subject_id FROM party_name WHERE source_id = $1
		UNION SELECT subject_id FROM party_identifier WHERE source_id = $1
		UNION SELECT subject_id FROM party_membership WHERE source_id = $1)`
	selectMentions    = `SELECT source_id, subject_id FROM party_mention`
	selectNames       = `SELECT source_id, n, subject_id, name, former, from_day, to_day FROM party_name`
	selectIdentifiers = `SELECT source_id, n, subject_id, scheme, value, sound FROM party_identifier`
	selectMemberships = `SELECT source_id, n, subject_id, tree, node, from_day, to_day FROM party_membership`
)

func (s *Store) subjects(ctx context.Context, query string, args ...any) (map[int64]Subject, error) {
	found := map[int64]Subject{}
	kinds := map[string]string{} // one copy of each
	err := s.each(ctx, query, args, func(rows *store.Rows) error {
		var sub Subject
		if err := rows.Scan(&sub.ID, &sub.Kind, &sub.Parent, &sub.Key); err != nil {
			return err
		}
		if kind, ok := kinds[sub.Kind]; ok {
			sub.Kind = kind
		} else {
			kinds[sub.Kind] = sub.Kind
		}
		found[sub.ID] = sub
		return nil
	})
	return found, err
}

// rows gives the builder what live sources state, of all or of one.
func (s *Store) rows(ctx context.Context, b *builder, where string, args ...any) error {
	var (
		src, n, subject int64
		flag            int32
		from, to        sql.NullInt32
		first, second   string
	)
	err := s.each(ctx, selectMentions+where, args, func(rows *store.Rows) error {
		if err := rows.Scan(&src, &subject); err != nil {
			return err
		}
		if rec, at := b.record(src, 0, subject); rec != nil {
			rec.mentions = add(rec.mentions, at.source)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = s.each(ctx, selectNames+where, args, func(rows *store.Rows) error {
		if err := rows.Scan(&src, &n, &subject, &first, &flag, &from, &to); err != nil {
			return err
		}
		if rec, at := b.record(src, n, subject); rec != nil {
			rec.names = add(rec.names, nameRow{stamp: at, span: spanOf(from, to), former: flag != 0, name: again(first, rec.names, nameRow.text)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = s.each(ctx, selectIdentifiers+where, args, func(rows *store.Rows) error {
		if err := rows.Scan(&src, &n, &subject, &first, &second, &flag); err != nil {
			return err
		}
		if rec, at := b.record(src, n, subject); rec != nil {
			rec.idents = add(rec.idents, identRow{stamp: at, scheme: b.reg.dict.number(first), sound: flag != 0, value: again(second, rec.idents, identRow.text)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.each(ctx, selectMemberships+where, args, func(rows *store.Rows) error {
		if err := rows.Scan(&src, &n, &subject, &first, &second, &from, &to); err != nil {
			return err
		}
		if rec, at := b.record(src, n, subject); rec != nil {
			rec.members = add(rec.members, memberRow{
				stamp: at, span: spanOf(from, to), tree: b.reg.dict.number(first), node: b.reg.dict.number(second),
			})
		}
		return nil
	})
}

// add is append with room for little more: what a source states of a firm is a row or two, and a province has millions of
// these lists.
func add[T any](rows []T, row T) []T {
	if n := len(rows); n == cap(rows) {
		rows = append(make([]T, 0, n+1+n/8), rows...)
	}
	return append(rows, row)
}

// again is a text as the last source stated it where that is the same: most call a firm what the others do, by the same
// code, and one copy of it is enough.
func again[T any](text string, stated []T, of func(T) string) string {
	if n := len(stated); n > 0 && of(stated[n-1]) == text {
		return of(stated[n-1])
	}
	return text
}

func spanOf(from, to sql.NullInt32) span {
	s := span{from: firstDay, to: lastDay}
	if from.Valid {
		s.from = from.Int32
	}
	if to.Valid {
		s.to = to.Int32
	}
	return s
}

func (s *Store) each(ctx context.Context, query string, args []any, do func(*store.Rows) error) error {
	rows, err := s.db.Read().Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read parties: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := do(rows); err != nil {
			return fmt.Errorf("read parties: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read parties: %w", err)
	}
	return nil
}

// builder makes a registry whose recs and indexes are those of an earlier one, or none, differ from it in the records
// that were touched.
type builder struct {
	reg      *Registry
	subjects map[int64]Subject
	touched  map[int64]*record // copies that may be written; of the ids that were not there before, new ones
}

// record is the writable record of a subject for a row of a source; nil when the source is not live.
func (b *builder) record(src, n, subject int64) (*record, stamp) {
	at, live := b.reg.index[src]
	if !live {
		return nil, stamp{}
	}
	rec := b.touch(subject)
	if rec == nil {
		sub, ok := b.subjects[subject]
		if !ok {
			return nil, stamp{}
		}
		rec = &record{sub: sub}
		b.touched[subject] = rec
	}
	return rec, stamp{source: at, n: uint32(n)}
}

// touch is the writable copy of a record that exists, nil when it does not. Its rows may be appended to: they are clipped,
// so that the record it was copied from keeps its own.
func (b *builder) touch(id int64) *record {
	if rec, ok := b.touched[id]; ok {
		return rec
	}
	old := b.reg.find(id)
	if old == nil {
		return nil
	}
	rec := *old
	rec.mentions, rec.names = slices.Clip(rec.mentions), slices.Clip(rec.names)
	rec.idents, rec.members = slices.Clip(rec.idents), slices.Clip(rec.members)
	b.touched[id] = &rec
	return &rec
}

// touchGroup touches a subject, those it stands for and their children, whose place in the indexes goes by it.
func (b *builder) touchGroup(root int64) {
	for _, id := range append([]int64{root}, b.reg.groups[root]...) {
		b.touch(id)
	}
	i, _ := slices.BinarySearchFunc(b.reg.kids, kid{parent: root}, compareKids)
	for ; i < len(b.reg.kids) && b.reg.kids[i].parent == root; i++ {
		b.touch(b.reg.kids[i].id)
	}
}

// drop takes away the rows of retracted sources.
func (b *builder) drop(retracted map[int32]bool) {
	gone := func(at stamp) bool { return retracted[at.source] }
	for _, old := range b.reg.recs {
		hit := slices.ContainsFunc(old.mentions, func(at int32) bool { return retracted[at] }) ||
			slices.ContainsFunc(old.names, func(row nameRow) bool { return gone(row.stamp) }) ||
			slices.ContainsFunc(old.idents, func(row identRow) bool { return gone(row.stamp) }) ||
			slices.ContainsFunc(old.members, func(row memberRow) bool { return gone(row.stamp) })
		if !hit {
			continue
		}
		rec := b.touch(old.sub.ID)
		rec.mentions = slices.DeleteFunc(slices.Clone(rec.mentions), func(at int32) bool { return retracted[at] })
		rec.names = slices.DeleteFunc(slices.Clone(rec.names), func(row nameRow) bool { return gone(row.stamp) })
		rec.idents = slices.DeleteFunc(slices.Clone(rec.idents), func(row identRow) bool { return gone(row.stamp) })
		rec.members = slices.DeleteFunc(slices.Clone(rec.members), func(row memberRow) bool { return gone(row.stamp) })
	}
}

func (r *record) stated() bool {
	return len(r.mentions)+len(r.names)+len(r.idents)+len(r.members) > 0
}

// exists says that a live source speaks of a subject or of one that it stands for.
func (b *builder) exists(rec *record) bool {
	return rec.stated() || slices.ContainsFunc(b.reg.groups[rec.sub.ID], func(id int64) bool {
		other, ok := b.touched[id]
		if !ok {
			other = b.reg.find(id)
		}
		return other != nil && other.stated()
	})
}

// finish puts the touched records in their place, works out what is effective and brings the indexes up to date.
func (b *builder) finish() {
	r := b.reg
	r.words = r.dict.words
	changed := make([]*record, 0, len(b.touched))
	for _, rec := range b.touched {
		if b.exists(rec) {
			changed = append(changed, rec)
		}
	}
	slices.SortFunc(changed, func(x, y *record) int { return cmp.Compare(x.sub.ID, y.sub.ID) })
	touched := func(id int64) bool { _, ok := b.touched[id]; return ok }
	was := Registry{recs: r.recs, ids: r.ids}
	r.hold(merge(r.recs, changed, func(x *record) bool { return touched(x.sub.ID) },
		func(x, y *record) int { return cmp.Compare(x.sub.ID, y.sub.ID) }))

	var (
		usccs []usccEntry
		kids  []kid
	)
	for _, rec := range b.touched {
		rec.ent = nil
	}
	for _, rec := range changed {
		id := rec.sub.ID
		if r.Canonical(id) != id {
			continue
		}
		if rec.sub.Parent != 0 || rec.sub.Kind != content.Enterprise { // areas, too, are found by their kind
			kids = append(kids, kid{parent: r.Canonical(rec.sub.Parent), kind: rec.sub.Kind, id: id})
		}
		if rec.sub.Kind != content.Enterprise {
			continue
		}
		rec.ent = r.effective(rec, r.groups[rec.sub.ID])
		usccs = r.appendCodes(usccs, rec)
	}
	compareCodes := func(x, y usccEntry) int { return cmp.Or(cmp.Compare(x.code, y.code), cmp.Compare(x.id, y.id)) }
	slices.SortFunc(usccs, compareCodes)
	slices.SortFunc(kids, compareKids)
	r.usccs = merge(r.usccs, usccs, func(e usccEntry) bool { return touched(e.id) }, compareCodes)
	r.kids = merge(r.kids, kids, func(k kid) bool { return touched(k.id) }, compareKids)
	b.rename(was)
}

// rename brings the names up to date. Most sheets call a firm what others did, and to put a name where it is found again
// takes longer than all the rest.
func (b *builder) rename(was Registry) {
	var names []nameEntry
	renamed := map[int64]bool{}
	for id, rec := range b.touched {
		if calledAlike(was.find(id), rec) {
			continue
		}
		renamed[id] = true
		if rec.ent != nil {
			names = appendNames(names, rec.ent)
		}
	}
	if len(renamed) == 0 {
		return
	}
	compare := func(x, y nameEntry) int { return cmp.Or(cmp.Compare(x.fold, y.fold), cmp.Compare(x.id, y.id)) }
	slices.SortFunc(names, compare)
	r := b.reg
	r.names = merge(r.names, names, func(e nameEntry) bool { return renamed[e.id] }, compare)
	r.byTerm = r.byTerm.with(renamed, names, r.names)
}

// calledAlike says that an enterprise is called what it was before, or was none and is none.
func calledAlike(old, now *record) bool {
	if old == nil || old.ent == nil || now.ent == nil {
		return (old == nil || old.ent == nil) && now.ent == nil
	}
	return old.ent.Name == now.ent.Name && slices.Equal(old.ent.FormerNames, now.ent.FormerNames)
}

// merge is a sorted list without what is gone, and a second sorted list put in.
func merge[T any](old, add []T, gone func(T) bool, compare func(a, b T) int) []T {
	if len(old) == 0 {
		return add
	}
	all := make([]T, 0, len(old)+len(add))
	for _, x := range old {
		if gone(x) {
			continue
		}
		for len(add) > 0 && compare(add[0], x) < 0 {
			all, add = append(all, add[0]), add[1:]
		}
		all = append(all, x)
	}
	return append(all, add...)
}

func appendNames(list []nameEntry, e *Enterprise) []nameEntry {
	if e.Name == "" {
		return list
	}
	add := func(name string, former bool) {
		fold, simple := FoldName(name), simpleName(name)
		list = append(list, nameEntry{fold: fold, key: int32(len(stripForm(fold))), former: former, id: e.ID})
		if simple != fold {
			list = append(list, nameEntry{fold: simple, key: int32(len(stripForm(simple))), former: former, simple: true, id: e.ID})
		}
	}
	add(e.Name, false)
	for _, n := range e.FormerNames {
		add(n, true)
	}
	return list
}

func (r *Registry) appendCodes(list []usccEntry, rec *record) []usccEntry {
	first := len(list)
	for _, id := range append([]int64{rec.sub.ID}, r.groups[rec.sub.ID]...) {
		one := r.find(id)
		if one == nil {
			continue
		}
		for _, row := range one.idents {
			e := usccEntry{code: row.value, id: rec.sub.ID}
			if r.words[row.scheme] == SchemeUSCC && !slices.Contains(list[first:], e) {
				list = append(list, e)
			}
		}
	}
	return list
}
