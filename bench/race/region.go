package race

import (
	"math"
	"math/rand/v2"
	"sync"

	"github.com/yanzhen/yanzhen/internal/period"
)

// Region is enterprises as columns, one project each: what every engine of the race is given. Money is in fen, days are
// those of package period, flags are 0 or 1.
type Region struct {
	N          int
	Area       []uint8 // in areas; the first inside are those that the document names
	Scale      []uint8 // above scale
	Filed      []int32
	Loan       []int64
	Input      []int64 // effective input
	Invest     []int64
	Other      []int64 // what another document gives for the same project
	Sales      []int64 // of services
	Service    []uint8 // is a service body
	National   []uint8 // titles
	Provincial []uint8
	Scene      []uint8
	Cloud      []uint8
	Provider   []uint8
	Base       []uint8
	Trainer    []uint8
}

// areas are the districts and zones that the document names, and the counties that it does not.
var areas = []string{
	"320902", "320903", "320904", "zone:320971", "zone:yancheng-yannan",
	"320921", "320922", "320923", "320924", "320925", "320981",
}

// block is how many rows have a seed of their own: the first rows of a region are the same whatever its size.
const block = 1 << 14

// Generate makes n enterprises. The shapes (log-normal money, rare titles) are assumptions and no statistics of any city.
func Generate(n int) *Region {
	r := &Region{N: n, Filed: make([]int32, n)}
	for _, c := range r.flags() {
		*c.of = make([]uint8, n)
	}
	for _, c := range r.money() {
		*c.of = make([]int64, n)
	}
	var wg sync.WaitGroup
	for half := range 2 {
		wg.Go(func() {
			for at := half * block; at < n; at += 2 * block {
				r.fill(at, min(at+block, n))
			}
		})
	}
	wg.Wait()
	return r
}

// draw is the random numbers of a block.
type draw struct{ *rand.Rand }

func drawOf(seed, block uint64) draw { return draw{rand.New(rand.NewPCG(seed, block))} }

func (d draw) flag(chance float64) uint8 {
	if d.Float64() < chance {
		return 1
	}
	return 0
}

// money is nothing in most cases, and else e to the power of a normal number, in yuan.
func (d draw) money(chance, mu, sigma, most float64) int64 {
	if d.Float64() >= chance {
		return 0
	}
	return int64(math.Min(math.Exp(mu+sigma*d.NormFloat64()), most) * 100)
}

func (r *Region) fill(from, to int) {
	d := drawOf(20220128, uint64(from/block))
	first, last := int32(period.Date(2021, 7, 1)), int32(period.Date(2025, 6, 29))
	for i := from; i < to; i++ {
		r.Area[i] = uint8(d.IntN(len(areas)))
		r.Scale[i] = d.flag(0.6)
		r.Filed[i] = first + int32(d.IntN(int(last-first+1)))
		r.Loan[i] = d.money(0.4, 15.4, 1.3, 1e9)
		r.Invest[i] = d.money(0.5, 15.6, 1.4, 2e9)
		r.Input[i] = int64(float64(r.Invest[i]) * (0.3 + 0.6*d.Float64()))
		r.Other[i] = d.money(0.15, 13.5, 1.0, 1e7)
		r.Service[i] = d.flag(0.02)
		r.Sales[i] = d.money(0.05, 16, 1, 5e8)
		r.National[i] = d.flag(0.004)
		r.Provincial[i] = d.flag(0.02)
		r.Scene[i] = d.flag(0.03)
		r.Cloud[i] = d.flag(0.05)
		r.Provider[i] = d.flag(0.005)
		r.Base[i] = d.flag(0.004)
		r.Trainer[i] = d.flag(0.004)
	}
}

// named is a column with its name, which is that of its fact and of its column in a file.
type named[T any] struct {
	name string
	of   *[]T
}

func (r *Region) flags() []named[uint8] {
	return []named[uint8]{
		{"area", &r.Area},
		{"scale", &r.Scale},
		{"service", &r.Service},
		{"national", &r.National},
		{"provincial", &r.Provincial},
		{"scene", &r.Scene},
		{"cloud", &r.Cloud},
		{"provider", &r.Provider},
		{"base", &r.Base},
		{"trainer", &r.Trainer},
	}
}

func (r *Region) money() []named[int64] {
	return []named[int64]{
		{"loan", &r.Loan},
		{"input", &r.Input},
		{"invest", &r.Invest},
		{"other", &r.Other},
		{"sales", &r.Sales},
	}
}
