package paper

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// halves is a face in which what is wide takes 1000 and the rest 500.
func halves(r rune) int {
	switch {
	case unseen(r):
		return 0
	case wide(r) || notFirstSet[r] && r > 0xFF || notLastSet[r] && r > 0xFF:
		return 1000
	}
	return 500
}

func TestLines(t *testing.T) {
	for _, c := range []struct {
		name, text string
		width      int // in wide characters
		want       string
	}{
		{"nothing", "", 4, ""},
		{"by characters", "企业数字化水平", 3, "企业数|字化水|平"},
		{"no mark begins a line", "企业数字，化水平", 4, "企业数|字，化水|平"},
		{"nor several", "企业数字》）。化", 4, "企业数|字》）。|化"},
		{"none that opens ends one", "企业数《字化》", 4, "企业数|《字化》"},
		{"nor several", "企业“《字化》”", 4, "企业|“《字|化》”"},
		{"dashes stay together", "企业数——字", 3, "企业|数——|字"},
		{"and dots", "企业数……字", 3, "企业|数……|字"},
		{"a word stays whole", "企业system数字", 4, "企业|system数|字"},
		{"a number with what belongs to it", "投入1,250.5%元", 5, "投入|1,250.5%元"},
		{"money", "共$1,250元", 3, "共|$1,250|元"},
		{"words by spaces", "the quick brown", 5, "the quick|brown"},
		{"spaces end a line", "abcd    efgh", 2, "abcd|efgh"},
		{"a hyphen", "well-known fact", 3, "well-|known|fact"},
		{"no break in a minus", "a -1234567", 4, "a|-1234567"},
		{"a word too long", "abcdefghij", 2, "abcd|efgh|ij"},
		{"marks alone", "。。。。。", 2, "。。|。。|。"},
		{"line breaks", "甲\n\n乙丙丁", 2, "甲||乙丙|丁"},
		{"straight quotes", `他说"你好"。`, 3, `他|说"你|好"。`},
		{"no room at all", "甲a", 0, "甲|a"},
		{"variants of a name", "甲𠅤\U000E0100乙丙", 3, "甲𠅤\U000E0100乙|丙"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, l := range lines(c.text, c.width*1000, c.width*1000, halves) {
				got = append(got, string(l.text))
			}
			if diff := cmp.Diff(c.want, strings.Join(got, "|")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// No line is wider than its column, unless a single character is; nothing but spaces is lost; what may not begin or end a
// line does so only where there was no other place.
func TestLinesOfAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := clean(anyText(t, "text"))
		width := rapid.IntRange(0, 12_000).Draw(t, "width")
		first := rapid.IntRange(0, width).Draw(t, "first")
		all := lines(text, first, width, halves)
		var joined strings.Builder
		rest := []rune(text) // what comes after the lines so far
		for i, l := range all {
			spaced := false
			for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\n') && (len(l.text) == 0 || l.text[0] != rest[0]) {
				rest, spaced = rest[1:], true
			}
			rest = rest[min(len(l.text), len(rest)):]
			sum, seen := 0, 0
			for _, r := range l.text {
				sum += halves(r)
				if !unseen(r) && r != ' ' {
					seen++
				}
			}
			room := width
			if i == 0 {
				room = first
			}
			if sum != l.width || sum > room && seen > 1 {
				t.Fatalf("line %d, %q: %d wide, said to be %d, in %d", i, string(l.text), sum, l.width, room)
			}
			joined.WriteString(string(l.text))
			if i == 0 || !all[i-1].open || len(l.text) == 0 || len(all[i-1].text) == 0 {
				continue
			}
			before := all[i-1].text
			if spaced || breaks(before[len(before)-1], l.text[0]) {
				continue
			}
			for j := 1; j < len(before); j++ {
				if breaks(before[j-1], before[j]) {
					t.Fatalf("torn apart between %q and %q, where %q could be broken", string(before), string(l.text), string(before))
				}
			}
		}
		strip := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if got, want := strip(joined.String()), strip(text); got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\rc\nd":                "a\nb\nc\nd",
		"a\tb\x00\x1b\x7f\u0085c":     "a b\nc",
		"\xffa":                       "\uFFFDa",
		"\u202Eabc\u202C\u2066\u200F": "abc",
		"x\uFFFE\uFFFF\U0001FFFEy":    "xy",
		"𠅤\U000E0100　e\u0301":         "𠅤\U000E0100　e\u0301",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
