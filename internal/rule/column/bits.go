package column

import (
	"iter"
	"math/bits"
)

// BlockRows is how many rows a block has at most.
const BlockRows = blockRows

// blockRows is how many rows a kernel works on at a time: a few columns of them lie in the cache of a core.
const (
	blockRows  = 1024
	blockWords = blockRows / 64
)

// Bits is a set of rows of a block.
type Bits [blockWords]uint64

// rows is numbers of rows of a block, rising.
type rows []uint16

func (b *Bits) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

// Count is how many rows are in the set.
func (b Bits) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Has says that a row of the block is in the set.
func (b *Bits) Has(i int) bool { return b[i>>6&(blockWords-1)]>>(i&63)&1 != 0 }

// Drop takes a row out.
func (b *Bits) Drop(i int) { b[i>>6&(blockWords-1)] &^= 1 << (i & 63) }

// Put takes a row in.
func (b *Bits) Put(i int) { b.set(i) }

// Rows is the numbers of the rows in the block, rising.
func (b Bits) Rows() iter.Seq[int] {
	return func(yield func(int) bool) {
		for w, x := range b {
			for ; x != 0; x &= x - 1 {
				if !yield(w*64 + bits.TrailingZeros64(x)) {
					return
				}
			}
		}
	}
}

func (b *Bits) set(i int) { b[i>>6&(blockWords-1)] |= 1 << (i & 63) }

// add puts a row in where yes; it takes no branch.
func (b *Bits) add(i uint16, yes bool) {
	var bit uint64
	if yes {
		bit = 1
	}
	b[i>>6&(blockWords-1)] |= bit << (i & 63)
}

// And is what is in both.
func (b Bits) And(o *Bits) Bits {
	for i := range b {
		b[i] &= o[i]
	}
	return b
}

// Or is what is in one of both.
func (b Bits) Or(o *Bits) Bits {
	for i := range b {
		b[i] |= o[i]
	}
	return b
}

// Without is what is not in the other.
func (b Bits) Without(o *Bits) Bits {
	for i := range b {
		b[i] &^= o[i]
	}
	return b
}

// Empty says that no row is in the set.
func (b *Bits) Empty() bool { return b.empty() }

// List is the numbers of the rows, rising, in buf if it needs the room. Nobody may change it.
func (b *Bits) List(buf *[BlockRows]uint16) []uint16 {
	if *b == full {
		return every
	}
	return b.list(buf)
}

// list writes the numbers of the rows into buf.
func (b *Bits) list(buf *[blockRows]uint16) rows {
	n := 0
	for w, x := range b {
		for ; x != 0; x &= x - 1 {
			buf[n&(blockRows-1)] = uint16(w*64 + bits.TrailingZeros64(x))
			n++
		}
	}
	return buf[:n]
}

// firstRows is the first n rows of a block.
func firstRows(n int) (b Bits) {
	for w := range b {
		switch left := n - w*64; {
		case left >= 64:
			b[w] = ^uint64(0)
		case left > 0:
			b[w] = 1<<left - 1
		}
	}
	return b
}

var full = firstRows(blockRows)

// every is the numbers of the rows of a whole block.
var every = func() rows {
	return full.list(new([blockRows]uint16))
}()

// bitmap is a set of rows of a whole table, in whole blocks; nil is none of them.
type bitmap []uint64

func newBitmap(n int) bitmap { return make(bitmap, blocks(n)*blockWords) }

// fullBitmap is n rows, all in it.
func fullBitmap(n int) bitmap {
	m := newBitmap(n)
	for w := range n / 64 {
		m[w] = ^uint64(0)
	}
	if n%64 > 0 {
		m[n/64] = 1<<(n%64) - 1
	}
	return m
}

// blocks is how many blocks n rows take.
func blocks(n int) int { return (n + blockRows - 1) / blockRows }

func (m bitmap) has(i int) bool { return m != nil && m[i>>6]>>(i&63)&1 != 0 }
func (m bitmap) set(i int)      { m[i>>6] |= 1 << (i & 63) }
func (m bitmap) clear(i int)    { m[i>>6] &^= 1 << (i & 63) }

func (m bitmap) empty() bool {
	for _, w := range m {
		if w != 0 {
			return false
		}
	}
	return true
}

// some is those of some rows; nil where it is none of them, unless it is kept.
func (m bitmap) some(rows []int32, keep bool) bitmap {
	if m == nil {
		return nil
	}
	c := newBitmap(len(rows))
	for n, i := range rows {
		if m.has(int(i)) {
			c.set(n)
		}
	}
	if !keep && c.empty() {
		return nil
	}
	return c
}

// open copies the rows of one block, where there are any.
func (m bitmap) open(block int, to *Bits) {
	if m != nil {
		*to = Bits(m[block*blockWords:])
	}
}
