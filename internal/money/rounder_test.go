package money

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestRounder holds a Rounder against RoundFraction, at the ends of what each has room for and right around multiples.
func TestRounder(t *testing.T) {
	taken, left := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		den := rapid.OneOf(rapid.Int64Range(1, 1<<40), rapid.Int64Range(1, math.MaxInt64), rapid.SampledFrom([]int64{1, 2, 3, 100, 1000, 1_000_000, 1 << 62, math.MaxInt64})).Draw(t, "den")
		how := Rounding{To: Fen(rapid.SampledFrom([]int64{0, 1, 10, 100, 1_000_000}).Draw(t, "to"))}
		how.Mode = rapid.SampledFrom([]Mode{"", HalfUp, HalfEven, Down, Up}).Draw(t, "mode")
		r, ok := RounderOf(den, how)
		if !ok {
			left++
			return
		}
		unit := den * max(int64(how.To), 1)
		times := rapid.OneOf(rapid.Int64Range(0, max(math.MaxInt64/unit, 1)), rapid.Int64Range(0, 3)).Draw(t, "times")
		num := rapid.OneOf(rapid.Int64(), rapid.Just(unit*times), rapid.Just(unit*times+unit/2), rapid.Just(int64(r.most))).Draw(t, "num")
		num += rapid.Int64Range(-2, 2).Draw(t, "by")
		fen, ok := r.Round(num)
		want, err := RoundFraction(num, den, how)
		switch {
		case ok && (err != nil || fen != want || num < 0):
			t.Fatalf("%d/%d %+v: %d, want %d, %v", num, den, how, fen, want, err)
		case !ok && num >= 0 && uint64(num) <= r.most:
			t.Fatalf("%d/%d %+v is left", num, den, how)
		case ok:
			taken++
		default:
			left++
		}
	})
	t.Logf("%d taken, %d left", taken, left)
	if taken == 0 || left == 0 {
		t.Error("it is always the same")
	}
}
