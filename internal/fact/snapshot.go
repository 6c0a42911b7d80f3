package fact

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/packed"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
)

const (
	chunkBits = 10
	chunkLen  = 1 << chunkBits
)

// snapshot is what was effective at one commit. Nothing that a reader can reach from it ever changes; the next one
// shares every chunk that stayed as it was.
type snapshot struct {
	seq     int64
	parties *party.Registry
	lib     *content.Library
	defs    map[string]int // code → index into lib.FactDefs()
	kinds   map[string]*ordinals
	columns []defColumns     // by definition index
	said    []said           // sources by the index that cells hold
	saidAt  map[int64]uint32 // source id → index
	texts   []string         // what the codes of text columns stand for
	merged  map[int64]int64  // from → into, as of seq
	desk    *desk

	pairings []Pairing
	pairs    pairs
}

// ordinals numbers the subjects of one kind in the order in which they were met. A number never changes. Subjects that
// came together have ids close to each other, so the numbers lie in pages of ids.
type ordinals struct {
	epoch int64
	ids   []int64
	pages map[int64]*page
}

// page is the ordinals of chunkLen ids, counted from 1; 0 where there is none.
type page struct {
	epoch int64
	ord   [chunkLen]uint32
}

func (o *ordinals) of(id int64) (ord uint32, ok bool) {
	p := o.pages[id>>chunkBits]
	if p == nil {
		return 0, false
	}
	ord = p.ord[id&(chunkLen-1)]
	return ord - 1, ord != 0
}

// add numbers a subject that has no number; o must be the builder's own.
func (o *ordinals) add(id int64) (ord uint32) {
	p := o.pages[id>>chunkBits]
	switch {
	case p == nil:
		p = &page{epoch: o.epoch}
		o.pages[id>>chunkBits] = p
	case p.epoch != o.epoch:
		copied := *p
		copied.epoch = o.epoch
		p = &copied
		o.pages[id>>chunkBits] = p
	}
	o.ids = append(o.ids, id)
	p.ord[id&(chunkLen-1)] = uint32(len(o.ids))
	return uint32(len(o.ids) - 1)
}

// defColumns is the columns of one definition, by period.
type defColumns []*column

func (d defColumns) of(p period.Period) *column {
	for _, c := range d {
		if c.period == p {
			return c
		}
	}
	return nil
}

// said is what the frame knows of a source.
type said struct {
	id, seq   int64
	authority string
}

// column holds the cells of one definition and period by the subject's ordinal. A chunk that nobody stated anything
// in is nil, so that a column about few subjects costs little.
type column struct {
	epoch  int64
	def    int
	period period.Period
	text   bool // values are codes of texts
	chunks []*chunk
	drafts []*draft // of chunks, while a builder writes; then nil
}

// chunk is chunkLen cells. What is alike in all of them, such as who said it, takes no room, and figures take as much as
// the largest of them needs.
type chunk struct{ mark, said, n, value packed.Ints }

// draft is a chunk that is being written.
type draft struct {
	col   *column
	at    int // which chunk of the column
	mark  [chunkLen]mark
	said  [chunkLen]uint32
	n     [chunkLen]uint32
	value [chunkLen]int64
}

// mark packs a cell's state (bits 0–2), precision (3–4) and status (5–6). Its zero value is a cell that nobody stated.
type mark uint8

func newMark(s State, p Precision, st Status) mark { return mark(s) | mark(p)<<3 | mark(st)<<5 }

func (m mark) state() State         { return State(m & 7) }
func (m mark) precision() Precision { return Precision(m >> 3 & 3) }
func (m mark) status() Status       { return Status(m >> 5) }

// at is the chunk of an ordinal and the place in it; nil when nobody stated anything thereabouts.
func (c *column) at(ord uint32) (*chunk, int) {
	i := int(ord >> chunkBits)
	if c == nil || i >= len(c.chunks) {
		return nil, 0
	}
	return c.chunks[i], int(ord & (chunkLen - 1))
}

// standing is what a cell of a column under way holds.
func (c *column) standing(ord uint32) (m mark, saidAt, n uint32) {
	if at := int(ord >> chunkBits); at < len(c.drafts) && c.drafts[at] != nil {
		d, i := c.drafts[at], ord&(chunkLen-1)
		return d.mark[i], d.said[i], d.n[i]
	}
	ch, i := c.at(ord)
	if ch == nil {
		return 0, 0, 0
	}
	return mark(ch.mark.At(i)), uint32(ch.said.At(i)), uint32(ch.n.At(i))
}

// root is the subject that statements about a subject count for.
func (s *snapshot) root(subject int64) int64 {
	for range len(s.merged) {
		into, ok := s.merged[subject]
		if !ok {
			break
		}
		subject = into
	}
	return subject
}

// groups is the subjects that count for another one, ascending, by that one.
type groups map[int64][]int64

func (s *snapshot) groups() groups {
	g := groups{}
	for _, from := range slices.Sorted(maps.Keys(s.merged)) {
		root := s.root(from)
		g[root] = append(g[root], from)
	}
	return g
}

// of is all subjects whose statements count for a root, itself first.
func (g groups) of(root int64) []int64 { return append([]int64{root}, g[root]...) }

// cell reads one cell.
func (s *snapshot) cell(c *column, ord uint32) Cell {
	cell := s.stated(c, ord)
	if c != nil && s.pairs.touch(c.def) {
		cell = s.pairs.on(c, ord, cell)
	}
	return cell
}

// stated reads one cell as it was stated.
func (s *snapshot) stated(c *column, ord uint32) Cell {
	ch, i := c.at(ord)
	if ch == nil {
		return Cell{}
	}
	m := mark(ch.mark.At(i))
	if m == 0 {
		return Cell{}
	}
	cell := Cell{
		State: m.state(), Known: m.state() == Present, Precision: m.precision(), Status: m.status(),
		Source: s.said[ch.said.At(i)].id, n: ch.n.At(i),
	}
	if c.text {
		cell.Value.Text = s.texts[ch.value.At(i)]
	} else {
		cell.Value.Num = ch.value.At(i)
	}
	return cell
}

// builder makes the next snapshot. It copies what it changes, once: a part whose epoch is the builder's is its own.
type builder struct {
	snapshot
	epoch int64
	codes *codes
	byID  map[int64]*column // own copies by column id
	ranks map[string][]int  // authority → rank by definition index
	open  []*draft          // what is not packed yet
	again map[int64]bool    // subjects whose pairing is worked out anew; nil for all
}

// maxOpen is how many chunks are open at a time, some 70 MB of them: enough for every column of a sheet in the order of
// its rows, and a bound for what a rebuild takes beside the frame itself.
const maxOpen = 4096

// codes is the dictionary of texts. Only builders of one line of snapshots use it, one at a time; a snapshot sees the
// texts up to its own length.
type codes struct {
	of    map[string]uint32 // nil until a text is put to those that were read from a file
	texts []string
}

func newCodes() *codes { return &codes{texts: []string{""}} }

func (c *codes) put(text string) uint32 {
	if c.of == nil {
		c.of = make(map[string]uint32, len(c.texts))
		for i, t := range c.texts {
			c.of[t] = uint32(i)
		}
	}
	code, ok := c.of[text]
	if !ok {
		text = strings.Clone(text) // not the chunk that it was read from
		code = uint32(len(c.texts))
		c.of[text] = code
		c.texts = append(c.texts, text)
	}
	return code
}

// emptySnapshot knows nothing yet, as at commit 0.
func emptySnapshot(lib *content.Library) *snapshot {
	s := &snapshot{
		lib: lib, defs: map[string]int{}, kinds: map[string]*ordinals{}, saidAt: map[int64]uint32{}, merged: map[int64]int64{},
	}
	for i, def := range lib.FactDefs() {
		s.defs[def.Code] = i
	}
	s.columns = make([]defColumns, len(s.defs))
	return s
}

// next begins a snapshot that follows s. epoch must be one that no builder before has had.
func (s *snapshot) next(epoch int64, codes *codes) *builder {
	b := &builder{snapshot: *s, epoch: epoch, codes: codes, byID: map[int64]*column{}, ranks: map[string][]int{}}
	b.kinds, b.saidAt, b.merged = maps.Clone(s.kinds), maps.Clone(s.saidAt), maps.Clone(s.merged)
	b.columns = slices.Clone(s.columns)
	if s.parties != nil {
		b.again = map[int64]bool{}
	}
	return b
}

// done is the finished snapshot; the builder must not be used after it.
func (b *builder) done(seq int64, parties *party.Registry) *snapshot {
	b.pack()
	before := cmp.Or(b.parties, parties)
	b.seq, b.parties, b.texts = seq, parties, b.codes.texts
	b.pair(before)
	enterprises := 0
	if o := b.kinds[content.Enterprise]; o != nil {
		enterprises = len(o.ids)
	}
	s := b.snapshot
	s.desk = newDesk(&s, enterprises)
	return &s
}

// addSource makes a source known at a commit, so that its statements compete.
func (b *builder) addSource(s source.Source) {
	b.saidAt[s.ID] = uint32(len(b.said))
	b.said = append(b.said, said{id: s.ID, seq: s.Seq, authority: s.Authority})
}

// rank is how early the definition believes an authority.
func (b *builder) rank(authority string, def int) int {
	ranks, ok := b.ranks[authority]
	if !ok {
		for _, d := range b.lib.FactDefs() {
			ranks = append(ranks, b.lib.Rank(d, authority))
		}
		b.ranks[authority] = ranks
	}
	return ranks[def]
}

// claim is what decides between two statements about the same.
type claim struct {
	rank   int   // of the authority
	seq    int64 // at which the source became known
	source int64
	n      int64
}

// beats says that a holds and not b. No two statements are equal in all, so the order in which they are met does not
// matter.
func (a claim) beats(b claim) bool {
	switch {
	case a.rank != b.rank:
		return a.rank < b.rank
	case a.seq != b.seq:
		return a.seq > b.seq
	case a.source != b.source:
		return a.source > b.source
	}
	return a.n > b.n
}

func (b *builder) claim(def int, saidAt, n uint32) claim {
	s := &b.said[saidAt]
	return claim{rank: b.rank(s.authority, def), seq: s.seq, source: s.id, n: int64(n)}
}

// row is a stored statement as far as the frame needs it.
type row struct {
	source, n, subject     int64
	state, status, precise int64
	num                    int64
	text                   string
	columnID               int64
	column                 columnKey
}

// offer lets a statement compete for its cell. Those of sources that are not known, and about definitions that the
// content no longer has, are passed over.
func (b *builder) offer(r *row) {
	saidAt, live := b.saidAt[r.source]
	if !live {
		return
	}
	col := b.column(r.columnID, r.column)
	if col == nil {
		return
	}
	def := col.def
	subject := b.root(r.subject)
	ord := b.ordinal(b.lib.FactDefs()[def].Subject, subject)
	if m, by, n := col.standing(ord); m != 0 && !b.claim(def, saidAt, uint32(r.n)).beats(b.claim(def, by, n)) {
		return
	}
	b.changes(def, subject)
	d, i := b.draft(col, ord)
	d.mark[i] = newMark(State(r.state), Precision(r.precise), Status(r.status))
	d.said[i], d.n[i], d.value[i] = saidAt, uint32(r.n), r.num
	if col.text {
		d.value[i] = int64(b.codes.put(r.text))
	}
}

// column is the builder's own copy of a column, made where there was none; nil when the content no longer has the
// definition.
func (b *builder) column(id int64, key columnKey) *column {
	if c, ok := b.byID[id]; ok {
		return c
	}
	var c *column
	if def, ok := b.defs[key.def]; ok {
		i := slices.IndexFunc(b.columns[def], func(c *column) bool { return c.period == key.period })
		if i < 0 {
			i = b.insert(def, key.period)
		}
		c = b.own(def, i)
	}
	b.byID[id] = c
	return c
}

// insert puts an empty column where its period belongs and gives its index.
func (b *builder) insert(def int, p period.Period) int {
	i, _ := slices.BinarySearchFunc(b.columns[def], p, func(c *column, p period.Period) int { return c.period.Compare(p) })
	b.columns[def] = slices.Insert(slices.Clone(b.columns[def]), i, newColumn(b.epoch, b.lib, def, p))
	return i
}

func newColumn(epoch int64, lib *content.Library, def int, p period.Period) *column {
	return &column{epoch: epoch, def: def, period: p, text: isText(lib.FactDefs()[def])}
}

// own is the builder's own copy of a column that is there.
func (b *builder) own(def, i int) *column {
	c := b.columns[def][i]
	if c.epoch == b.epoch {
		return c
	}
	c = &column{epoch: b.epoch, def: def, period: c.period, text: c.text, chunks: slices.Clone(c.chunks)}
	b.columns[def] = slices.Clone(b.columns[def])
	b.columns[def][i] = c
	return c
}

// ordinal numbers a subject, and numbers it now when it is new.
func (b *builder) ordinal(kind string, subject int64) uint32 {
	o := b.kinds[kind]
	if o == nil {
		o = &ordinals{epoch: b.epoch, pages: map[int64]*page{}}
		b.kinds[kind] = o
	}
	if ord, ok := o.of(subject); ok {
		return ord
	}
	if o.epoch != b.epoch {
		o = &ordinals{epoch: b.epoch, ids: slices.Clip(o.ids), pages: maps.Clone(o.pages)}
		b.kinds[kind] = o
	}
	return o.add(subject)
}

// draft opens a cell's chunk for writing; col must be the builder's own.
func (b *builder) draft(col *column, ord uint32) (*draft, int) {
	at, i := int(ord>>chunkBits), int(ord&(chunkLen-1))
	if at < len(col.drafts) && col.drafts[at] != nil {
		return col.drafts[at], i
	}
	if len(b.open) >= maxOpen {
		b.pack()
	}
	d := &draft{col: col, at: at}
	if ch, _ := col.at(ord); ch != nil {
		packed.Unpack(&ch.mark, d.mark[:])
		packed.Unpack(&ch.said, d.said[:])
		packed.Unpack(&ch.n, d.n[:])
		packed.Unpack(&ch.value, d.value[:])
	}
	for len(col.chunks) <= at {
		col.chunks = append(col.chunks, nil)
	}
	for len(col.drafts) <= at {
		col.drafts = append(col.drafts, nil)
	}
	col.drafts[at] = d
	b.open = append(b.open, d)
	return d, i
}

// pack closes every draft.
func (b *builder) pack() {
	for _, d := range b.open {
		d.col.chunks[d.at], d.col.drafts = d.close(), nil
	}
	b.open = b.open[:0]
}

// close is the chunk that a draft has become; nil when it is empty. An empty cell gets what the first full one holds, so
// that it widens nothing, and so that the same cells make the same chunk.
func (d *draft) close() *chunk {
	first := slices.IndexFunc(d.mark[:], func(m mark) bool { return m != 0 })
	if first < 0 {
		return nil
	}
	for i, m := range d.mark {
		if m == 0 {
			d.said[i], d.n[i], d.value[i] = d.said[first], d.n[first], d.value[first]
		}
	}
	return &chunk{mark: packed.Pack(d.mark[:]), said: packed.Pack(d.said[:]), n: packed.Pack(d.n[:]), value: packed.Pack(d.value[:])}
}

// clearSource empties the cells that a source has won and gives the subjects that lost one.
func (b *builder) clearSource(saidAt uint32) (subjects []int64) {
	b.pack() // what is won is looked for in the chunks
	lost := map[int64]bool{}
	for def := range b.columns {
		o := b.kinds[b.lib.FactDefs()[def].Subject]
		for i, c := range b.columns[def] {
			for ord := range won(c, saidAt) {
				d, at := b.draft(b.own(def, i), ord)
				d.mark[at] = 0
				lost[o.ids[ord]] = true
				b.changes(def, o.ids[ord])
			}
		}
	}
	return slices.Sorted(maps.Keys(lost))
}

// won is the ordinals whose cell in the column a source has won. It reads the chunks as they are when it begins.
func won(c *column, saidAt uint32) iter.Seq[uint32] {
	chunks := slices.Clone(c.chunks)
	return func(yield func(uint32) bool) {
		for k, ch := range chunks {
			if ch == nil {
				continue
			}
			for i := range chunkLen {
				if ch.said.At(i) == int64(saidAt) && ch.mark.At(i) != 0 && !yield(uint32(k<<chunkBits+i)) {
					return
				}
			}
		}
	}
}

// clearSubjects empties every cell of some subjects.
func (b *builder) clearSubjects(subjects []int64) {
	for def := range b.columns {
		o := b.kinds[b.lib.FactDefs()[def].Subject]
		if o == nil {
			continue
		}
		for _, id := range subjects {
			ord, ok := o.of(id)
			if !ok {
				continue
			}
			for i, c := range b.columns[def] {
				if m, _, _ := c.standing(ord); m != 0 {
					d, at := b.draft(b.own(def, i), ord)
					d.mark[at] = 0
				}
			}
		}
	}
}
