package sheet

import (
	"testing"

	"pgregory.net/rapid"
)

// TestEndsAsTotal: what is sorted out by its last character would not have been a total word.
func TestEndsAsTotal(t *testing.T) {
	l := Layout{totals: foldAll(DefaultTotals())}
	for text, want := range map[string]bool{
		"合计": true, "全市合計": true, "合 计：": true, "SUM": true, "合计(hé jì)": true, "本页合计数": true, "Grand Total": true,
		"云舟机械有限公司": false, "91990904684535478R": false, "合计划": false,
	} {
		if got := l.endsAsTotal(text); got != want {
			t.Errorf("%q may be a total: %t, want %t", text, got, want)
		}
	}
	some := rapid.SampledFrom([]rune("合計计小总和数累Sumtoal市（)(é jì）：１％ＬM司\u0301①"))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringOf(some), rapid.String()).Draw(t, "text")
		if l.isTotal(foldLabel(text)) && !l.endsAsTotal(text) {
			t.Fatalf("%q folds to %q, a total word, and is sorted out", text, foldLabel(text))
		}
	})
}
