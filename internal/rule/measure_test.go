package rule

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

func TestMet(t *testing.T) {
	limit := money.Of(500 * money.Wan)
	for _, c := range []struct {
		cmp      Cmp
		of       money.Fen
		met      bool
		distance string
	}{
		{AtLeast, 500 * money.Wan, true, "0.00"},
		{AtLeast, 500*money.Wan - 1, false, "0.01"},
		{Over, 500 * money.Wan, false, "0.00"},
		{Over, 500*money.Wan + 1, true, "0.00"},
		{Over, 0, false, "5000000.00"},
		{AtMost, 500 * money.Wan, true, "0.00"},
		{AtMost, 500*money.Wan + 1, false, "0.01"},
		{Under, 500 * money.Wan, false, "0.00"},
		{Under, 500*money.Wan - 1, true, "0.00"},
	} {
		met, distance := c.cmp.Met(money.Of(c.of), limit)
		if met != c.met || distance.String() != c.distance {
			t.Errorf("%s %s: got %v, %s; want %v, %s", c.of, c.cmp, met, distance, c.met, c.distance)
		}
	}
	said := Over.explain(i18n.M("rule.says_value", i18n.Text{ZH: "有效投入", EN: "Effective input"}, shown(Exact(limit))), limit, limit)
	if got, want := (i18n.T{Lang: i18n.ZH}).Msg(said), "有效投入 5,000,000.00 元，要求超过 5,000,000.00 元，恰好相等，不满足"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBands(t *testing.T) {
	bands := Bands{{money.Exact{}, percent(t, "1%")}, {money.Of(100 * money.Wan), percent(t, "2%")}, {money.Of(500 * money.Wan), percent(t, "3%")}}
	for _, c := range []struct {
		base               money.Fen
		whole, progressive string
		parts              int
	}{
		{0, "0.00", "0.00", 0},
		{100*money.Wan - 100, "9999.99", "9999.99", 1},
		{100 * money.Wan, "20000.00", "10000.00", 1},
		{600 * money.Wan, "180000.00", "120000.00", 3},
	} {
		whole, _ := bands.Whole(money.Of(c.base))
		progressive, parts := bands.Progressive(money.Of(c.base))
		if whole.String() != c.whole || progressive.String() != c.progressive || len(parts) != c.parts {
			t.Errorf("%s: got %s, %s in %d parts; want %s, %s, %d", c.base, whole, progressive, len(parts), c.whole, c.progressive, c.parts)
		}
	}
	if !bands.Sorted() || (Bands{bands[1], bands[1]}).Sorted() || (Bands{bands[1], bands[0]}).Sorted() {
		t.Error("Sorted")
	}
}

// The parts of a base add up to it from the first band on, and each fen is taken at the rate of its own band.
func TestProgressiveAgainstFens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var bands Bands
		from := int64(0)
		for range rapid.IntRange(1, 4).Draw(t, "bands") {
			from += rapid.Int64Range(1, 50).Draw(t, "from")
			bands = append(bands, Band{money.Of(money.Fen(from)), money.PPM(rapid.Int64Range(0, 1_000_000).Draw(t, "ppm"))})
		}
		base := rapid.Int64Range(0, 200).Draw(t, "base")
		want := new(big.Rat)
		for fen := range base {
			for i := len(bands) - 1; i >= 0; i-- {
				if money.Of(money.Fen(fen)).Cmp(bands[i].From) >= 0 {
					want.Add(want, bands[i].Rate.Rat())
					break
				}
			}
		}
		got, parts := bands.Progressive(money.Of(money.Fen(base)))
		sum := money.Exact{}
		for _, p := range parts {
			sum = sum.Plus(p.Amount)
		}
		n, d := want.Num().Int64(), want.Denom().Int64()
		if rate, err := money.NewRate(n, d); err != nil || got.Cmp(money.Of(1).Times(rate)) != 0 || sum.Cmp(got) != 0 {
			t.Fatalf("%v of %d: got %s, want %s fen, parts %s", bands, base, got, want, sum)
		}
	})
}
