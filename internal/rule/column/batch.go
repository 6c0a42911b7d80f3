package column

import (
	"maps"
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Dict numbers the texts of a batch and of those below it, so that kernels compare numbers. It belongs to the goroutine
// that fills the batch; afterwards it may be read by many.
type Dict struct {
	codes map[string]int64
	words []string
}

// NewDict is an empty dictionary.
func NewDict() *Dict { return &Dict{codes: map[string]int64{}} }

// Code is the number of a text, a new one for a new text.
func (d *Dict) Code(text string) int64 {
	code, ok := d.codes[text]
	if !ok {
		code = int64(len(d.words))
		d.codes[text] = code
		d.words = append(d.words, text)
	}
	return code
}

// Batch is a table of questions: a row for each, a column for each name that is read.
type Batch struct {
	Rows    int
	Dict    *Dict
	Columns map[string]*Column // by the id of the name; not those of aggregates
	Below   map[Level]*Below

	contexts []*rule.Context       // of Program.Read, until Forget
	fixed    map[string]rule.Value // names with one value for all rows, which need no column
}

// Forget lets go of the contexts that the batch was filled for: which facts a row waits for can no longer be asked.
func (b *Batch) Forget() {
	b.contexts = nil
	for _, below := range b.Below {
		below.Batch.Forget()
	}
}

// Level is children of one kind as seen from above.
type Level struct{ From, Over string }

// LevelOf is where an aggregate finds its members.
func LevelOf(a *rule.Aggregate) Level { return Level{a.From, a.Over} }

// Below is the children of the rows of a batch, those of one row next to each other.
type Below struct {
	First []int32 // row i has the children First[i] to First[i+1], the last not counted
	none  bitmap  // rows that belong to no subject of the kind From
	Batch *Batch
	kept  *kept
}

// NewBelow is children of n rows, to be filled in.
func NewBelow(n int, batch *Batch) *Below {
	return &Below{First: make([]int32, 1, n+1), none: newBitmap(n), Batch: batch, kept: newKept()}
}

// Close ends the children of the next row with what the batch below has now. Without a subject that children belong to,
// no children is not the same as none.
func (b *Below) Close(rows int, belongs bool) {
	if !belongs {
		b.none.set(len(b.First) - 1)
	}
	b.First = append(b.First, int32(rows))
}

// most is the most children that a row has.
func (b *Below) most() int64 {
	most := int32(0)
	for i := range len(b.First) - 1 {
		most = max(most, b.First[i+1]-b.First[i])
	}
	return int64(most)
}

// Column is the values of one name. Of a new column every row is unknown.
type Column struct {
	typ                   rule.Type
	rows                  int
	dict                  *Dict
	truth                 bitmap
	none, unknown, failed bitmap
	n64                   []int64 // values, codes or numerators
	n128                  []int128
	nBig                  []bigInt
	den                   *big.Int // of rates and exact amounts
	ends                  span     // of the values; low above high where there is none

	rates []money.Rate // until the column is closed
	aggs  *folded      // where it comes from, of an aggregate
}

// NewColumn is a column of n rows.
func NewColumn(t rule.Type, dict *Dict, n int) *Column {
	c := &Column{typ: t, rows: n, dict: dict, none: newBitmap(n), unknown: fullBitmap(n), den: denOf(t)}
	switch t {
	case rule.BoolType:
		c.truth = newBitmap(n)
	case rule.RateType:
		c.rates = make([]money.Rate, n)
	default:
		c.n64 = make([]int64, blocks(n)*blockRows)
	}
	return c
}

// Set fills a row in.
func (c *Column) Set(i int, v rule.Value, state rule.State) {
	switch state {
	case rule.None:
		c.unknown.clear(i)
		c.none.set(i)
	case rule.Present:
		c.unknown.clear(i)
		switch c.typ {
		case rule.BoolType:
			if v.Bool() {
				c.truth.set(i)
			}
		case rule.RateType:
			c.rates[i] = v.Rate()
		case rule.TextType:
			c.n64[i] = c.dict.Code(v.Text())
		default:
			c.n64[i] = scalar(v)
		}
	}
}

// scalar is a value as its column holds it.
func scalar(v rule.Value) int64 {
	switch v.Type() {
	case rule.IntType:
		return v.Int()
	case rule.DecimalType:
		return v.Millionths()
	case rule.MoneyType:
		return int64(v.Fen())
	}
	return int64(v.Day())
}

// Close must follow the last Set.
func (c *Column) Close() *Column {
	if c.rates != nil {
		c.common()
	}
	for _, m := range []*bitmap{&c.none, &c.unknown} {
		if m.empty() {
			*m = nil
		}
	}
	c.ends = c.range64() // of codes too, which costs little and means nothing
	for i, n := range c.nBig[:min(len(c.nBig), c.rows)] {
		if !c.none.has(i) && !c.unknown.has(i) {
			c.ends = c.ends.join(point(n.big()))
		}
	}
	return c
}

// range64 is the ends of what is present; 0 where nothing is.
func (c *Column) range64() span {
	var low, high int64
	seen := false
	for i, n := range c.n64[:min(len(c.n64), c.rows)] {
		if c.none.has(i) || c.unknown.has(i) {
			continue
		}
		if !seen {
			low, high, seen = n, n, true
		}
		low, high = min(low, n), max(high, n)
	}
	return points(low, high)
}

// common brings rates to one denominator.
func (c *Column) common() {
	if c.commonShort() {
		return
	}
	short := true
	for _, r := range c.rates {
		den := r.Rat().Denom()
		g := new(big.Int).GCD(nil, nil, c.den, den)
		c.den = new(big.Int).Mul(c.den, new(big.Int).Quo(den, g))
	}
	c.nBig = make([]bigInt, blocks(len(c.rates))*blockRows)
	for i, r := range c.rates {
		rat := r.Rat()
		up := new(big.Int).Quo(c.den, rat.Denom())
		c.nBig[i] = bigInt{up.Mul(up, rat.Num())}
		short = short && c.nBig[i].n.IsInt64()
	}
	if c.rates = nil; !short {
		return
	}
	c.n64 = make([]int64, len(c.nBig))
	for i, n := range c.nBig {
		c.n64[i] = n.big().Int64()
	}
	c.nBig = nil
}

// commonShort is common where all of it fits into 64 bits, as it nearly always does: rates are stated in millionths.
func (c *Column) commonShort() bool {
	common := int64(1)
	for _, r := range c.rates {
		_, den := r.Fraction()
		if common%den == 0 {
			continue
		}
		g := common
		for b := den; b != 0; {
			g, b = b, g%b
		}
		var ok bool
		if common, ok = times(common, den/g); !ok {
			return false
		}
	}
	n64 := make([]int64, blocks(len(c.rates))*blockRows)
	for i, r := range c.rates {
		num, den := r.Fraction()
		var ok bool
		if n64[i], ok = times(num, common/den); !ok {
			return false
		}
	}
	c.n64, c.den, c.rates = n64, big.NewInt(common), nil
	return true
}

// times is a × b, which must be positive; ok is false where that has no 64 bits.
func times(a, b int64) (n int64, ok bool) {
	n = a * b
	return n, n/b == a
}

func (c *Column) width() width {
	switch {
	case c.nBig != nil:
		return wBig
	case c.n128 != nil:
		return w128
	}
	return w64
}

// uniform is a column of which every row is in one state, without a value.
func uniform(t rule.Type, n int, state rule.State) *Column {
	c := &Column{typ: t, rows: n, den: denOf(t), ends: points(0, 0)}
	if t == rule.BoolType {
		c.truth = newBitmap(n)
	} else {
		c.n64 = make([]int64, blocks(n)*blockRows)
	}
	bits := &c.none
	if state == rule.Unknown {
		bits = &c.unknown
	}
	*bits = fullBitmap(n)
	return c
}

// Reader fills the column of a name with what it is for contexts.
type Reader interface {
	Read(in *rule.Input, contexts []*rule.Context, c *Column)
}

// Fixed is a Reader that knows which names are the same for all contexts; ok is false for others.
type Fixed interface {
	Fixed(in *rule.Input) (a rule.Answer, ok bool)
}

// ReadRows reads one context after the other.
func ReadRows(in *rule.Input, contexts []*rule.Context, c *Column) {
	for i, ctx := range contexts {
		o := in.Read(ctx)
		c.Set(i, o.Value, o.State)
	}
}

// oneByOne is the Reader of few rows.
type oneByOne struct{}

func (oneByOne) Read(in *rule.Input, contexts []*rule.Context, c *Column) { ReadRows(in, contexts, c) }

// Read fills a batch with what subjects state: a row for each context, read one by one.
func (p *Program) Read(contexts []*rule.Context) *Batch { return p.Fill(contexts, oneByOne{}) }

// Fill fills a batch, a row for each context; a reader that knows many rows at once fills each column.
func (p *Program) Fill(contexts []*rule.Context, r Reader) *Batch {
	return p.fill(contexts, r, NewDict())
}

func (p *Program) fill(contexts []*rule.Context, r Reader, dict *Dict) *Batch {
	b := &Batch{Rows: len(contexts), Dict: dict, Columns: map[string]*Column{}, Below: map[Level]*Below{}, contexts: contexts}
	b.fixed = map[string]rule.Value{}
	for _, in := range p.inputs {
		b.read(in, r)
	}
	for level, sub := range p.levels {
		b.Below[level] = below(contexts, level, func(members []*rule.Context) *Batch { return sub.fill(members, r, dict) })
	}
	return b
}

// read fills one name in.
func (b *Batch) read(in *rule.Input, r Reader) {
	if f, ok := r.(Fixed); ok {
		if a, ok := f.Fixed(in); ok && a.State == rule.Present {
			b.fixed[in.ID()] = a.Value
			return
		} else if ok {
			b.Columns[in.ID()] = uniform(in.Type(), b.Rows, a.State)
			return
		}
	}
	c := NewColumn(in.Type(), b.Dict, b.Rows)
	r.Read(in, b.contexts, c)
	b.Columns[in.ID()] = c.Close()
}

// Again is a batch of the program with some names read anew; all else is shared with it, aggregates over what is not read anew
// as well. Where every name is Fixed to what it was, it is the batch itself. Names that are not Fixed need the
// contexts, and may give texts that the dictionary has to take up: only one goroutine may do it at a time.
func (p *Program) Again(b *Batch, r Reader, anew func(*rule.Input) bool) *Batch {
	var c *Batch
	other := func() {
		if c == nil {
			c = new(Batch)
			*c = *b
			c.Columns, c.Below, c.fixed = maps.Clone(b.Columns), maps.Clone(b.Below), maps.Clone(b.fixed)
		}
	}
	for _, in := range p.inputs {
		if anew(in) && !b.stands(in, r) {
			other()
			delete(c.Columns, in.ID())
			delete(c.fixed, in.ID())
			c.read(in, r)
		}
	}
	for level, sub := range p.levels {
		old := b.Below[level]
		if old == nil || !sub.reads(anew) { // see Some
			continue
		}
		if below := sub.Again(old.Batch, r, anew); below != old.Batch {
			other()
			c.Below[level] = &Below{First: old.First, none: old.none, Batch: below, kept: newKept()}
		}
	}
	if c == nil {
		return b
	}
	return c
}

// stands says that a name has one value for all rows, and had it before.
func (b *Batch) stands(in *rule.Input, r Reader) bool {
	f, ok := r.(Fixed)
	if !ok {
		return false
	}
	a, ok := f.Fixed(in)
	was, before := b.fixed[in.ID()]
	return ok && a.State == rule.Present && before && a.Value == was
}

// Some is a batch of some rows, rising, and of what lies below them, with what some expressions read. What columns tell of all
// rows, their ends among it, stays: what the numbers of all rows rule out is ruled out for some.
func (p *Program) Some(b *Batch, rows []int32, outs ...int) *Batch {
	names, levels := map[string]bool{}, map[Level]bool{}
	for _, n := range outs {
		each(p.outs[n].tree, func(in *rule.Input) {
			if a := in.Aggregate(); a != nil {
				levels[LevelOf(a)] = true
			} else {
				names[in.ID()] = true
			}
		})
	}
	return b.some(rows, func(name string) bool { return names[name] }, func(l Level) bool { return levels[l] })
}

// each tells of all names that a tree reads.
func each(t *rule.Tree, told func(*rule.Input)) {
	if t.Input != nil {
		told(t.Input)
	}
	for _, a := range t.Args {
		each(a, told)
	}
}

func (b *Batch) some(rows []int32, names func(string) bool, levels func(Level) bool) *Batch {
	c := &Batch{Rows: len(rows), Dict: b.Dict, Columns: map[string]*Column{}, Below: map[Level]*Below{}, fixed: b.fixed}
	for id, col := range b.Columns {
		if names(id) {
			c.Columns[id] = col.some(rows)
		}
	}
	if b.contexts != nil {
		c.contexts = pick(b.contexts, rows, len(rows))
	}
	for level, old := range b.Below {
		if !levels(level) {
			continue
		}
		below := NewBelow(len(rows), nil)
		var members []int32
		for _, i := range rows {
			for k := old.First[i]; k < old.First[i+1]; k++ {
				members = append(members, k)
			}
			below.Close(len(members), !old.none.has(int(i)))
		}
		below.Batch = old.Batch.some(members, func(string) bool { return true }, func(Level) bool { return true })
		c.Below[level] = below
	}
	return c
}

func (c *Column) some(rows []int32) *Column {
	room := blocks(len(rows)) * blockRows
	return &Column{
		typ: c.typ, rows: len(rows), dict: c.dict, den: c.den, ends: c.ends,
		truth: c.truth.some(rows, c.truth != nil), none: c.none.some(rows, false), unknown: c.unknown.some(rows, false),
		n64: pick(c.n64, rows, room), n128: pick(c.n128, rows, room), nBig: pick(c.nBig, rows, room),
	}
}

// pick is those of some rows, with room for so many; nil of nothing.
func pick[T any](of []T, rows []int32, room int) []T {
	if of == nil {
		return nil
	}
	some := make([]T, room)
	for n, i := range rows {
		some[n] = of[i]
	}
	return some
}

// reads says that a program, or one for what lies below, reads one of some names.
func (p *Program) reads(some func(*rule.Input) bool) bool {
	if slices.ContainsFunc(p.inputs, some) {
		return true
	}
	for _, sub := range p.levels {
		if sub.reads(some) {
			return true
		}
	}
	return false
}

// below is the children of contexts.
func below(contexts []*rule.Context, level Level, fill func([]*rule.Context) *Batch) *Below {
	var all []rule.Context
	b := NewBelow(len(contexts), nil)
	for _, ctx := range contexts {
		top := ctx.Subject
		for top != nil && top.Kind() != level.From {
			top = top.Parent()
		}
		if top != nil {
			for _, s := range top.Children(level.Over) {
				all = append(all, *ctx)
				all[len(all)-1].Subject = s
			}
		}
		b.Close(len(all), top != nil)
	}
	members := make([]*rule.Context, len(all))
	for i := range all {
		members[i] = &all[i]
	}
	b.Batch = fill(members)
	return b
}
