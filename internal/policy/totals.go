package policy

import (
	"iter"
	"math/bits"

	"github.com/yanzhen/yanzhen/internal/money"
)

// tallied is what columns settle of some enterprises that lie next to each other. Most get nothing, and that takes no room.
type tallied struct {
	some   []uint64    // those that get something, in money
	before []int32     // how many of them the words before have
	fen    []money.Fen // of each of them
	left   []remainder // of all; nil where nothing is left of any
}

// keep notes what each gets, of so many times 64. The sums are empty afterwards.
func (p *tallied) keep(sums []money.Fen) {
	p.some, p.before = make([]uint64, len(sums)/64), make([]int32, len(sums)/64)
	n := 0
	for w := range p.some {
		var some uint64
		for i, x := range (*[64]money.Fen)(sums[w*64:]) {
			some |= bit(x != 0) << i
		}
		p.some[w], p.before[w] = some, int32(n)
		n += bits.OnesCount64(some)
	}
	p.fen = make([]money.Fen, 0, n)
	for w, some := range p.some {
		for of := (*[64]money.Fen)(sums[w*64:]); some != 0; some &= some - 1 {
			p.fen = append(p.fen, of[bits.TrailingZeros64(some)&63])
		}
	}
	clear(sums)
}

func bit(yes bool) uint64 {
	if yes {
		return 1
	}
	return 0
}

// of is what the ith gets.
func (p *tallied) of(i int) money.Fen {
	w, one := i/64, uint64(1)<<(i%64)
	if p.some[w]&one == 0 {
		return 0
	}
	return p.fen[int(p.before[w])+bits.OnesCount64(p.some[w]&(one-1))]
}

func (p *tallied) leftOf(i int) remainder {
	if p.left == nil {
		return allSettled
	}
	return p.left[i]
}

// leave notes what is left of the ith of n.
func (p *tallied) leave(i, n int, left remainder) {
	if p.left == nil && left != allSettled {
		p.left = make([]remainder, n)
	}
	if p.left != nil {
		p.left[i] = left
	}
}

// Paid is those of the enterprises from and up to to that get something by what columns settle, rising, and the Total of each.
func (s *Survey) Paid(from, to int) iter.Seq2[int, money.Fen] {
	return func(yield func(int, money.Fen) bool) {
		if s.moved != nil {
			for i := from; i < to; i++ {
				if total := s.moved.totalOf(i); total != 0 && !yield(i, total) {
					return
				}
			}
			return
		}
		for n := from / s.piece; n*s.piece < to; n++ {
			p, at := &s.settled[n], 0
			for w, some := range p.some {
				for ; some != 0; some &= some - 1 {
					i, total := n*s.piece+w*64+bits.TrailingZeros64(some), p.fen[at]
					if at++; from <= i && i < to && !yield(i, total) {
						return
					}
				}
			}
		}
	}
}

// Odds is those of the enterprises from and up to to that are Odd, rising.
func (s *Survey) Odds(from, to int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := from; i < to; i++ {
			if s.moved == nil && s.settled[i/s.piece].left == nil {
				i = i/s.piece*s.piece + s.piece - 1 // on to the next ones
				continue
			}
			if s.Odd(i) && !yield(i) {
				return
			}
		}
	}
}
