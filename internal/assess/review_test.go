package assess

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func rats(texts ...string) (out []*big.Rat) {
	for _, s := range texts {
		x, _ := new(big.Rat).SetString(s)
		out = append(out, x)
	}
	return out
}

func TestSpread(t *testing.T) {
	for _, tc := range []struct {
		name        string
		of          []string
		median, mad string
		far, near   string // by 3 times
	}{
		{"odd", []string{"1", "2", "3", "4", "100"}, "3", "1", "7", "6"},
		{"even: halfway", []string{"1", "2", "3", "4"}, "5/2", "1", "6", "11/2"},
		{"fractions", []string{"1/3", "1/2", "2/3"}, "1/2", "1/6", "10/9", "1"},
		{"most are the same: nothing is far", []string{"5", "5", "5", "900"}, "5", "0", "", "900"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := SpreadOf(rats(tc.of...))
			if s.N != len(tc.of) || s.Median.RatString() != tc.median || s.MAD.RatString() != tc.mad {
				t.Errorf("median %s, MAD %s of %d; want %s, %s", s.Median.RatString(), s.MAD.RatString(), s.N, tc.median, tc.mad)
			}
			times := big.NewRat(3, 1)
			if tc.far != "" && !s.Far(rats(tc.far)[0], times) {
				t.Errorf("%s is not far", tc.far)
			}
			if s.Far(rats(tc.near)[0], times) {
				t.Errorf("%s is far", tc.near)
			}
		})
	}
	if s := SpreadOf(nil); s.N != 0 || s.Far(big.NewRat(1, 1), big.NewRat(1, 1)) {
		t.Error("something is far from nothing")
	}
}

// TestSpreadOfAnything holds the spread against what it says: half lie on each side of the median, half no further from it than the MAD; and
// moving and stretching all numbers moves and stretches it.
func TestSpreadOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []*big.Rat
		for _, n := range rapid.SliceOfN(rapid.Int64Range(-1000, 1000), 1, 40).Draw(t, "numbers") {
			all = append(all, big.NewRat(n, rapid.Int64Range(1, 9).Draw(t, "over")))
		}
		s := SpreadOf(all)
		below, above, within := 0, 0, 0
		for _, x := range all {
			if x.Cmp(s.Median) <= 0 {
				below++
			}
			if x.Cmp(s.Median) >= 0 {
				above++
			}
			if d := new(big.Rat).Sub(x, s.Median); d.Abs(d).Cmp(s.MAD) <= 0 {
				within++
			}
		}
		if 2*below < s.N || 2*above < s.N || 2*within < s.N {
			t.Fatalf("of %d lie %d below, %d above, %d within", s.N, below, above, within)
		}
		by, to := big.NewRat(rapid.Int64Range(1, 5).Draw(t, "by"), 3), big.NewRat(rapid.Int64Range(-5, 5).Draw(t, "to"), 1)
		moved := make([]*big.Rat, len(all))
		for i, x := range all {
			moved[i] = new(big.Rat).Add(new(big.Rat).Mul(x, by), to)
		}
		m := SpreadOf(moved)
		if want := new(big.Rat).Add(new(big.Rat).Mul(s.Median, by), to); m.Median.Cmp(want) != 0 || m.MAD.Cmp(new(big.Rat).Mul(s.MAD, by)) != 0 {
			t.Fatalf("moved, the median is %s, not %s", m.Median, want)
		}
	})
}

func TestJumped(t *testing.T) {
	for _, tc := range []struct {
		before, now string
		want        bool
	}{
		{"10", "30", false},
		{"10", "31", true},
		{"30", "10", false},
		{"31", "10", true},
		{"0", "50", false},
		{"50", "0", false},
	} {
		if got := Jumped(rats(tc.before)[0], rats(tc.now)[0], big.NewRat(3, 1)); got != tc.want {
			t.Errorf("from %s to %s: %v", tc.before, tc.now, got)
		}
	}
}

// sheetOf is answers as a word of letters says them, a question each.
func sheetOf(firm int64, owner, word string) Filled {
	f := Filled{Firm: firm, Owner: owner, Answers: map[string]string{}}
	for i, letter := range word {
		f.Answers["q"+strconv.Itoa(100+i)] = string(letter)
	}
	return f
}

func TestCopies(t *testing.T) {
	crowd := func(more ...Filled) []Filled {
		var all []Filled
		for i := range 12 {
			all = append(all, sheetOf(int64(100+i), "", "aaaaaaaaaa"+strings.Repeat(string(rune('a'+i)), 2)))
		}
		return append(all, more...)
	}
	for _, tc := range []struct {
		name string
		all  []Filled
		want []int64
	}{
		{"the same rare answers", crowd(sheetOf(1, "", "bcdebcdebcde"), sheetOf(2, "", "bcdebcdebcde")), []int64{1, 2}},
		{"three of them", crowd(sheetOf(3, "x", "bcdebcdebcde"), sheetOf(1, "y", "bcdebcdebcde"), sheetOf(2, "y", "bcdebcdebcde")), []int64{1, 2, 3}},
		{"one owner", crowd(sheetOf(1, "x", "bcdebcdebcde"), sheetOf(2, "x", "bcdebcdebcde")), nil},
		{"one answer differs", crowd(sheetOf(1, "", "bcdebcdebcde"), sheetOf(2, "", "bcdebcdebcdd")), nil},
		{"few answers", crowd(sheetOf(1, "", "bcdebcdeb"), sheetOf(2, "", "bcdebcdeb")), nil},
		{"what most answer", append(crowd(), sheetOf(1, "", "aaaaaaaaaaaa"), sheetOf(2, "", "aaaaaaaaaaaa")), nil},
		{"all the same answer", crowd(sheetOf(1, "", "zzzzzzzzzzzz"), sheetOf(2, "", "zzzzzzzzzzzz")), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := Copies(tc.all)
			if tc.want == nil && len(got) == 0 {
				return
			}
			if len(got) != 1 || !slices.Equal(got[0].Firms, tc.want) {
				t.Fatalf("copies %+v, want %v", got, tc.want)
			}
			if got[0].Answers != 12 || got[0].Among != len(tc.all) || got[0].Chance.Sign() <= 0 {
				t.Errorf("told %+v", got[0])
			}
		})
	}
}
