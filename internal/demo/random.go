package demo

import (
	"math/bits"
	"math/rand/v2"
)

// stream is a source of choices that belongs to one firm: the n-th firm of a seed is the same in every file and for
// every size of city.
type stream struct{ *rand.Rand }

func newStream(seed, n uint64) stream { return stream{rand.New(rand.NewPCG(seed, n))} }

// chance is true in permille of a thousand cases.
func (s stream) chance(permille int) bool { return s.IntN(1000) < permille }

// between is a whole number from low to high, both included.
func (s stream) between(low, high int64) int64 { return low + s.Int64N(high-low+1) }

// quantile draws from the distribution whose equally spaced quantiles are given, straight lines between them.
func (s stream) quantile(points []int64) int64 {
	i := s.IntN(len(points) - 1)
	return s.between(points[i], points[i+1])
}

// weighted is an index, drawn in proportion to the weights.
func (s stream) weighted(weights []int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := s.IntN(total)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func pick[T any](s stream, from []T) T { return from[s.IntN(len(from))] }

// share is part/whole of v, cut to a whole number; only part may be negative.
func share(v, part, whole int64) int64 {
	if part < 0 {
		return -share(v, -part, whole)
	}
	hi, lo := bits.Mul64(uint64(v), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}

// shuffled maps 0…size−1 one to one onto itself, differently for each seed: n → a·n+b with a coprime to size.
func shuffled(n, size, seed uint64) uint64 {
	a := (seed*2654435761+size*5/8)%size | 1
	for gcd(a, size) != 1 {
		a += 2
	}
	hi, lo := bits.Mul64(a%size, n)
	return (bits.Rem64(hi, lo, size) + (seed+1)*0x9e3779b97f4a7c15%size) % size
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
