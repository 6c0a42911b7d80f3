package party

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestUSCCSamples(t *testing.T) {
	f, err := os.Open("testdata/uscc_samples.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		_, got := ParseUSCC(row[0])
		sound := row[2] == "true" && row[3] == "true" && row[4] == "true"
		if (got == Sound) != sound {
			t.Errorf("%s: finding %q, the list says length %s, check %s, organisation code %s", row[0], got, row[2], row[3], row[4])
		}
		if row[2] == "false" && got.Usable() {
			t.Errorf("%s: finding %q, want one that is not usable", row[0], got)
		}
	}
}

func TestParseUSCC(t *testing.T) {
	for _, c := range []struct {
		in   string
		want USCC
		f    Finding
	}{
		{"91512081MA62K0260E", "91512081MA62K0260E", Sound},
		{"91350100M000100Y43", "91350100M000100Y43", Sound},
		{"９１３５０１００Ｍ０００１００Ｙ４３", "91350100M000100Y43", Sound},
		{" 91350100 m000100y43\u200b", "91350100M000100Y43", Sound},
		{"91350100-M000100Y-43", "91350100M000100Y43", Sound},
		{"91350100M000100Y44", "91350100M000100Y44", WrongCheck},
		{"9135O100M000100Y43", "", WrongLetter},
		{"91350100M000100Y4", "", WrongLength},
		{"9.13205007311235E+17", "", Exponential},
		{"", "", NotACode},
		{"无", "", NotACode},
		{"①", "", WrongLength},
	} {
		if got, f := ParseUSCC(c.in); got != c.want || f != c.f {
			t.Errorf("%q: got %q %q, want %q %q", c.in, got, f, c.want, c.f)
		}
	}
}

func TestSuggestUSCC(t *testing.T) {
	const right = "91350100M000100Y43"
	for _, slip := range []string{
		"9135O1O0M0O0100Y43", "9I350100M000100Y43", "91350100M000100Y34", "9135010DM000100Y43", "９1３50100m0o0100y43",
	} {
		if got := SuggestUSCC(slip); !slices.Contains(got, USCC(right)) {
			t.Errorf("%s: suggested %v, want %s among them", slip, got, right)
		}
	}
	for _, none := range []string{right, "", "91350100M000100Y4", "9.13205007311235E+17"} {
		if got := SuggestUSCC(none); got != nil {
			t.Errorf("%q: suggested %v, want nothing", none, got)
		}
	}
}

// One wrong character or two swapped neighbours never pass: 31 is a prime and no weight repeats next to itself.
func TestUSCCFindsEverySingleSlip(t *testing.T) {
	char := rapid.SampledFrom([]byte(usccAlphabet))
	rapid.Check(t, func(t *rapid.T) {
		body := string(rapid.SliceOfN(char, 8, 8).Draw(t, "head")) + string(rapid.SliceOfN(char, 8, 8).Draw(t, "org"))
		body += string(orgCheck(body[8:16]))
		code := []byte(body + string(usccCheck(body)))
		if _, f := ParseUSCC(string(code)); f != Sound {
			t.Fatalf("%s: %q, want sound", code, f)
		}
		i := rapid.IntRange(0, usccSize-1).Draw(t, "place")
		was := code[i]
		code[i] = char.Draw(t, "other")
		if _, f := ParseUSCC(string(code)); (f == Sound) != (was == code[i]) {
			t.Fatalf("%s: %c for %c at %d: %q", code, code[i], was, i, f)
		}
	})
}

func FuzzParseUSCC(f *testing.F) {
	for _, s := range []string{"91350100M000100Y43", "９１３５", "9.1E+17", "9135O1O0M0O0100Y43", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, finding := ParseUSCC(s)
		if finding.Usable() != (u != "") {
			t.Fatalf("%q: %q with finding %q", s, u, finding)
		}
		if u != "" {
			if again, f2 := ParseUSCC(string(u)); again != u || f2 != finding {
				t.Fatalf("%q: canonical form %q reads as %q %q", s, u, again, f2)
			}
		}
		for _, c := range SuggestUSCC(s) {
			if _, f := ParseUSCC(string(c)); f != Sound {
				t.Fatalf("%q: suggestion %q is %q", s, c, f)
			}
		}
	})
}

func TestNameKey(t *testing.T) {
	same := [][2]string{
		{"江苏悦达（集团）有限公司", "江苏悦达(集团)有限责任公司"},
		{"ＡＢＣ Co., Ltd.", "abc"},
		{"盐城 江动 股份有限公司", "盐城江动"},
	}
	for _, c := range same {
		if a, b := NameKey(c[0]), NameKey(c[1]); a != b {
			t.Errorf("%q and %q: keys %q and %q", c[0], c[1], a, b)
		}
	}
	if NameKey("有限公司") == "" || strings.Contains(NameKey("甲乙有限公司"), "公司") {
		t.Error("a form alone keeps itself, at the end of a name it goes")
	}
}
