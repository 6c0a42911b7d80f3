package monitor

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSuppress(t *testing.T) {
	const y, n = true, false
	for _, tc := range []struct {
		name   string
		counts [][]int
		want   [][]bool
	}{
		{"nothing is small", [][]int{{5, 10}, {20, 30}}, [][]bool{{n, n, n}, {n, n, n}, {n, n, n}}},
		{"nothing at all is not small", [][]int{{0, 10}, {20, 0}}, [][]bool{{n, n, n}, {n, n, n}, {n, n, n}}},
		{"one small cell takes three others with it", [][]int{{3, 10}, {20, 30}, {8, 9}}, [][]bool{{y, y, n}, {n, n, n}, {y, y, n}, {n, n, n}}},
	} {
		if diff := cmp.Diff(tc.want, Suppress(tc.counts, 5)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
	if got := Suppress(nil, 5); len(got) != 1 {
		t.Errorf("of nothing: %v", got)
	}
}

// TestNothingHiddenCanBeReckoned: of random tables every small number is hidden, and no hidden number follows from what is shown and from
// that rows and columns make their sums, whatever equations are put together.
func TestNothingHiddenCanBeReckoned(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 7))
	hid := 0
	for range 600 {
		rows, cols := 1+rnd.IntN(7), 1+rnd.IntN(4)
		counts := make([][]int, rows)
		for i := range counts {
			for range cols {
				n := rnd.IntN(40)
				if rnd.IntN(3) == 0 {
					n = rnd.IntN(7)
				}
				counts[i] = append(counts[i], n)
			}
		}
		hidden, table := Suppress(counts, 5), extend(counts)
		var unknowns [][2]int
		for i, row := range table {
			for j, n := range row {
				if n > 0 && n < 5 && !hidden[i][j] {
					t.Fatalf("%d of %v is shown", n, counts)
				}
				if hidden[i][j] {
					unknowns = append(unknowns, [2]int{i, j})
				}
			}
		}
		hid += len(unknowns)
		if fixed := reckoned(table, unknowns); len(fixed) > 0 {
			t.Fatalf("of %v these follow from the rest: %v\nhidden: %v", counts, fixed, hidden)
		}
	}
	if hid == 0 {
		t.Error("nothing was ever hidden")
	}
}

// reckoned is which of the unknown cells have one value only under the equations of sums: those whose unit vector the equations span.
func reckoned(table [][]int, unknowns [][2]int) (fixed [][2]int) {
	last, end := len(table)-1, len(table[0])-1
	var lines [][]*big.Rat
	line := func(in func(i, j int) int64) {
		row, any := make([]*big.Rat, len(unknowns)), false
		for k, u := range unknowns {
			sign := in(u[0], u[1])
			row[k], any = big.NewRat(sign, 1), any || sign != 0
		}
		if any {
			lines = append(lines, row)
		}
	}
	for r := range table {
		line(func(i, j int) int64 {
			switch {
			case i != r:
				return 0
			case j == end:
				return -1
			}
			return 1
		})
	}
	for c := range table[0] {
		line(func(i, j int) int64 {
			switch {
			case j != c:
				return 0
			case i == last:
				return -1
			}
			return 1
		})
	}
	at := 0
	for k := range unknowns { // to reduced row echelon form
		pivot := -1
		for r := at; r < len(lines); r++ {
			if lines[r][k].Sign() != 0 {
				pivot = r
			}
		}
		if pivot < 0 {
			continue
		}
		lines[at], lines[pivot] = lines[pivot], lines[at]
		inverse := new(big.Rat).Inv(lines[at][k])
		for n := range unknowns {
			lines[at][n].Mul(lines[at][n], inverse)
		}
		for r := range lines {
			if r == at || lines[r][k].Sign() == 0 {
				continue
			}
			by := new(big.Rat).Set(lines[r][k])
			for n := range unknowns {
				lines[r][n].Sub(lines[r][n], new(big.Rat).Mul(by, lines[at][n]))
			}
		}
		at++
	}
	for _, row := range lines {
		only, n := -1, 0
		for k := range row {
			if row[k].Sign() != 0 {
				only, n = k, n+1
			}
		}
		if n == 1 {
			fixed = append(fixed, unknowns[only])
		}
	}
	return fixed
}
