package race

import (
	"bufio"
	"encoding/json"
	"math/bits"
	"path/filepath"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
)

// benefits is how many benefits of testdata/stacking.yaml exclude each other in pairs.
const benefits = 10

// excludes are the pairs of them that no enterprise gets both of.
var excludes = [][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 7}, {0, 7}, {8, 9}, {1, 8}, {4, 9}, {2, 6}}

// stacking is the third load: what ten benefits come to for each enterprise.
type stacking struct {
	*sampler
	amounts [benefits][]int64
	out     []int64
}

func newStacking(s *sampler) *stacking {
	t := &stacking{sampler: s, out: make([]int64, s.firms)}
	for from := 0; from < s.firms; from += block {
		d := drawOf(7, uint64(from/block))
		for range min(block, s.firms-from) {
			for b := range t.amounts {
				t.amounts[b] = append(t.amounts[b], int64(d.flag(0.35))*d.Int64N(500)*wan)
			}
		}
	}
	return t
}

func (t *stacking) facts() *Facts {
	f := newFacts(t.firms)
	firms := f.tables[content.Enterprise]
	on := &Column{Numbers: make([]int64, t.firms)}
	for i := range on.Numbers {
		on.Numbers[i] = int64(period.Date(2023, 6, 1))
	}
	firms.Columns[Key{Def: "ent.race_decided_on"}] = on
	for b := range t.amounts {
		firms.Columns[Key{Def: "ent.race_benefit" + strconv.Itoa(b)}] = &Column{Numbers: t.amounts[b]}
	}
	return f
}

// maximal is the sets of benefits without a pair that excludes each other to which none can be added.
func maximal() (all []uint32) {
	conflicts := make([]uint32, benefits)
	for _, p := range excludes {
		conflicts[p[0]] |= 1 << p[1]
		conflicts[p[1]] |= 1 << p[0]
	}
	var grow func(chosen, open, passed uint32) // Bron and Kerbosch, on what does not exclude each other
	grow = func(chosen, open, passed uint32) {
		if open == 0 && passed == 0 {
			all = append(all, chosen)
		}
		for q := open; q != 0; q &= q - 1 {
			b := bits.TrailingZeros32(q)
			free := ^(conflicts[b] | 1<<b)
			grow(chosen|1<<b, open&free, passed&free)
			open &^= 1 << b
			passed |= 1 << b
		}
	}
	grow(0, 1<<benefits-1, 0)
	return all
}

// best is the loop that was written for these benefits: each set summed over some rows, and the best kept.
func (t *stacking) best(sets []uint32, out []int64, from, to int) (s Sum) {
	const rows = 1024
	var sum [rows]int64
	for at := from; at < to; at += rows {
		o := out[at:min(at+rows, to)]
		clear(o)
		for _, set := range sets {
			clear(sum[:len(o)])
			for q := set; q != 0; q &= q - 1 {
				for j, v := range t.amounts[bits.TrailingZeros32(q)][at:][:len(o)] {
					sum[j] += v
				}
			}
			for j := range o {
				o[j] = max(o[j], sum[j])
			}
		}
		for _, v := range o {
			s.firm(0, v)
		}
	}
	return s
}

func (t *stacking) loops() error {
	sets := maximal()
	return t.measure(handLoop, Stack, t.firms, func() (*Answer, error) {
		return inPieces(t.firms, func(from, to int) piece { return piece{sum: t.best(sets, t.out, from, to)} }).answer()
	})
}

// Dump writes a CSV with a line for each enterprise.
func (t *stacking) Dump(dir string) error {
	table := text{rows: t.firms}
	for b := range t.amounts {
		add(&table, "b"+strconv.Itoa(b), t.amounts[b])
	}
	if err := writeFile(filepath.Join(dir, "sets.json"), func(w *bufio.Writer) error { return json.NewEncoder(w).Encode(maximal()) }); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "firm.csv"), table.write)
}
