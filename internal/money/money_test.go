package money

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Fen
	}{
		{"0", 0},
		{"1234.5", 123450},
		{"500万元", 500 * Wan},
		{"-0.5亿元", -Yi / 2},
		{"4545.45万元", 4_545_450_000},
		{"1分", 1},
		{"+3", 300},
		{"0.01", 1},
		{"12 元", 1200},
	} {
		got, err := Parse(c.in)
		if err != nil || got != c.want {
			t.Errorf("%s: got %d, %v, want %d", c.in, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "1e5", "1.005", "--1", "１", "1,000", "万元", ".5", "999999999999亿元", "1_0", "0x1"} {
		if got, err := Parse(bad); err == nil {
			t.Errorf("%q: accepted as %v", bad, got)
		}
	}
}

func TestText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Fen(rapid.Int64().Draw(t, "fen"))
		back, err := Parse(a.String())
		if err != nil || back != a {
			t.Fatalf("%d: text %q comes back as %d, %v", a, a, back, err)
		}
		in, err := ParseIn(a.In(Wan), Wan)
		if err != nil || in != a {
			t.Fatalf("%d: %q 万元 comes back as %d, %v", a, a.In(Wan), in, err)
		}
	})
}

func TestAddAgainstBig(t *testing.T) {
	edge := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 0, 1, -1}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := edge.Draw(t, "a"), edge.Draw(t, "b")
		check := func(op string, got Fen, err error, want *big.Int) {
			if want.IsInt64() != (err == nil) || err == nil && int64(got) != want.Int64() {
				t.Fatalf("%d %s %d: got %d, %v, want %v", a, op, b, got, err, want)
			}
			if err != nil && !errors.Is(err, ErrOverflow) {
				t.Fatalf("%d %s %d: %v", a, op, b, err)
			}
		}
		x, y := big.NewInt(a), big.NewInt(b)
		sum, err := Fen(a).Add(Fen(b))
		check("+", sum, err, new(big.Int).Add(x, y))
		diff, err := Fen(a).Sub(Fen(b))
		check("-", diff, err, new(big.Int).Sub(x, y))
		product, err := Fen(a).Times(b)
		check("×", product, err, new(big.Int).Mul(x, y))
	})
}

func TestRates(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"1.2%", "1.2%"}, {"0.012", "1.2%"}, {"12‰", "1.2%"}, {"1/3", "1/3"}, {"90/365", "18/73"}, {"100%", "100%"}, {"0", "0%"},
	} {
		got, err := ParseRate(c.in)
		if err != nil || got.String() != c.want {
			t.Errorf("%s: got %v, %v, want %s", c.in, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "%", "1/0", "1/-2", "a", "1e9%", "1//2"} {
		if got, err := ParseRate(bad); err == nil {
			t.Errorf("%q: accepted as %v", bad, got)
		}
	}
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		yuan string
		how  Rounding
		want string
	}{
		{"0.005", Rounding{}, "0.01"},
		{"-0.005", Rounding{}, "-0.01"},
		{"0.0049", Rounding{}, "0.00"},
		{"0.005", Rounding{Mode: HalfEven}, "0.00"},
		{"0.015", Rounding{Mode: HalfEven}, "0.02"},
		{"4999995", Rounding{To: 100 * Yuan}, "5000000.00"},
		{"4999995", Rounding{To: 100 * Yuan, Mode: Down}, "4999900.00"},
		{"1.001", Rounding{To: Yuan, Mode: Up}, "2.00"},
		{"1", Rounding{To: Yuan, Mode: Up}, "1.00"},
	} {
		r, _ := new(big.Rat).SetString(c.yuan)
		got, err := ExactOf(r.Mul(r, big.NewRat(100, 1))).Round(c.how)
		if err != nil || got.String() != c.want {
			t.Errorf("%s %+v: got %v, %v, want %s", c.yuan, c.how, got, err, c.want)
		}
	}
	if _, err := Of(math.MaxInt64).Times(PPM(2_000_000)).Round(Rounding{}); !errors.Is(err, ErrOverflow) {
		t.Errorf("twice the largest amount: %v", err)
	}
}

func TestRoundingIsNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Of(Fen(rapid.Int64Range(-1e15, 1e15).Draw(t, "fen"))).Times(PPM(rapid.Int64Range(0, 2_000_000).Draw(t, "ppm")))
		to := Fen(rapid.SampledFrom([]int64{1, 10, 100, 1_000_000}).Draw(t, "to"))
		for _, mode := range []Mode{HalfUp, HalfEven, Down, Up} {
			got, err := a.Round(Rounding{To: to, Mode: mode})
			if err != nil || got%to != 0 {
				t.Fatalf("%v %s: %v %v", a, mode, got, err)
			}
			far := new(big.Rat).Abs(Of(got).Minus(a).rat())
			limit := big.NewRat(int64(to), 1)
			if mode == HalfUp || mode == HalfEven {
				limit.SetFrac64(int64(to), 2)
			}
			if far.Cmp(limit) > 0 {
				t.Fatalf("%v %s to %d: %v is too far", a, mode, to, got)
			}
		}
	})
}

// exacts draws amounts of every size: most of them fit into two 64-bit numbers, some only just or not at all.
func exacts() *rapid.Generator[Exact] {
	number := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1e6, 1e6), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 0, 1, -1}))
	return rapid.Custom(func(t *rapid.T) Exact {
		e := Of(Fen(number.Draw(t, "fen")))
		for range rapid.IntRange(0, 3).Draw(t, "times") {
			e = e.Times(rates().Draw(t, "rate"))
		}
		return e
	})
}

func rates() *rapid.Generator[Rate] {
	return rapid.Custom(func(t *rapid.T) Rate {
		num := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1000, 1000)).Draw(t, "num")
		den := rapid.OneOf(rapid.Int64Range(1, math.MaxInt64), rapid.Int64Range(1, 1000)).Draw(t, "den")
		r, err := NewRate(num, den)
		if err != nil {
			t.Skip(err)
		}
		return r
	})
}

func TestExactAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, r := exacts().Draw(t, "a"), exacts().Draw(t, "b"), rates().Draw(t, "r")
		x, y, q := a.rat(), b.rat(), r.Rat()
		for _, c := range []struct {
			op   string
			got  Exact
			want *big.Rat
		}{
			{"+", a.Plus(b), new(big.Rat).Add(x, y)},
			{"-", a.Minus(b), new(big.Rat).Sub(x, y)},
			{"×", a.Times(r), new(big.Rat).Mul(x, q)},
		} {
			if c.got.rat().Cmp(c.want) != 0 {
				t.Fatalf("%v %s %v or %v: got %v, want %v", x, c.op, y, q, c.got.rat(), c.want)
			}
			if n, d, ok := c.got.fraction(); ok != (c.want.Num().IsInt64() && c.want.Denom().IsInt64()) || ok && (n != c.want.Num().Int64() || d != c.want.Denom().Int64()) {
				t.Fatalf("%v %s %v or %v: %d/%d, %v is not %v in lowest terms", x, c.op, y, q, n, d, ok, c.want)
			}
		}
		if a.Cmp(b) != x.Cmp(y) || a.Sign() != x.Sign() || a.Cmp(a) != 0 {
			t.Fatalf("%v against %v: %d, sign %d", x, y, a.Cmp(b), a.Sign())
		}
		s := rates().Draw(t, "s")
		if r.Cmp(s) != q.Cmp(s.Rat()) {
			t.Fatalf("%v against %v: %d", r, s, r.Cmp(s))
		}
		how := Rounding{To: Fen(rapid.SampledFrom([]int64{1, 3, 100, int64(Wan), math.MaxInt64}).Draw(t, "to")), Mode: rapid.SampledFrom([]Mode{HalfUp, HalfEven, Down, Up}).Draw(t, "mode")}
		got, err := a.Round(how)
		want, wantErr := Exact{r: x}.Round(how)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Fatalf("%v to %+v: got %v, %v, want %v, %v", x, how, got, err, want, wantErr)
		}
		if a.String() != (Exact{r: x}).String() {
			t.Fatalf("%v: text %s, want %s", x, a, Exact{r: x})
		}
	})
}
