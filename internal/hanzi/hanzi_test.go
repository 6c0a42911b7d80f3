package hanzi

import (
	"testing"
	"unicode/utf8"
)

func TestSimplified(t *testing.T) {
	for in, want := range map[string]string{
		"東臺市智能裝備有限公司": "东台市智能装备有限公司", "鹽城": "盐城", "营业收入 ABC ①㎡": "营业收入 ABC ①㎡", "": "", "\xff東": "\uFFFD东", "𠅤䶮": "𠅤䶮",
	} {
		if got := Simplified(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	for from, to := range simplified() {
		if _, twice := simplified()[to]; twice || from == to || to == utf8.RuneError {
			t.Errorf("%c becomes %c, which is not simplified", from, to)
		}
	}
}

func TestIsTraditional(t *testing.T) {
	for text, want := range map[string]bool{"東臺市": true, "乾元机械": false, "盐城市": false, "鹽城": false, "鹽城電子": true, "": false, "ABC": false} {
		if got := IsTraditional(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

func TestUnannotated(t *testing.T) {
	for in, want := range map[string]string{
		"盐城(yán chéng)市":                "盐城市",
		"盐（yán）城（chéng）市东台（dong tai）机械": "盐城市东台机械",
		"盐城(yancheng)":                  "盐城",
		"绿(lǜ)色":                        "绿色",
		"吕(lv3)厂":                       "吕厂",
		"重(chóng)庆":                     "重庆",
		"西安(xi'an)":                     "西安",
		// Anything else stays.
		"某某(Shanghai)有限公司": "", "东台(中国)有限公司": "", "甲(ZL)": "", "(yan)盐城": "", "盐城(yan cheng": "", "盐(yan cheng)": "", "abc(abc)": "", "营业收入（万元）": "", "增速(%)": "", "盐()": "",
	} {
		got, found := Unannotated(in)
		if want == "" {
			if got != in || found {
				t.Errorf("%q became %q", in, got)
			}
			continue
		}
		if got != want || !found {
			t.Errorf("%q is %q, %t; want %q", in, got, found, want)
		}
	}
}

func FuzzUnannotated(f *testing.F) {
	f.Add("盐城(yán chéng)市（")
	f.Fuzz(func(t *testing.T, s string) {
		clean, found := Unannotated(s)
		if found == (clean == s) || len(clean) > len(s) {
			t.Fatalf("%q became %q, %t", s, clean, found)
		}
		_ = Simplified(s)
	})
}
