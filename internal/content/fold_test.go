package content

import (
	"testing"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		" 盐城　云舟（演示）有限公司 ": "盐城云舟演示有限公司",
		"ＭＥＳ系统-２.0":       "mes系统20",
		"①期 々 𠅤 Ｅ́":       "1期々𠅤é",
		"～｡":              "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestFoldIsWhatTheTablesSay: the short way and the long one give the same, of every character and of any text.
func TestFoldIsWhatTheTablesSay(t *testing.T) {
	for r := rune(0); r <= 0x10FFFF; r++ {
		if s := string(r); Fold(s) != foldAny(s) {
			t.Fatalf("Fold(%U) = %q, the tables say %q", r, Fold(s), foldAny(s))
		}
	}
	some := rapid.SampledFrom([]rune("盐城（演示）ＡＢab09 　-、。！～\u0301\u3099\u309a\uff9eｶが㎡①\ufffd々"))
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOf(some)).Draw(t, "text")
		if Fold(s) != foldAny(s) {
			t.Fatalf("Fold(%q) = %q, the tables say %q", s, Fold(s), foldAny(s))
		}
	})
}

func BenchmarkFold(b *testing.B) {
	for range b.N {
		Fold("江苏云舟辰精密锻造（演示）有限公司")
	}
}
