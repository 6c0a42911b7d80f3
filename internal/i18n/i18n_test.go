package i18n

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"
)

func TestCataloguesAreComplete(t *testing.T) {
	holes := regexp.MustCompile(`\{(\d+)(\|[^|{}]+\|[^|{}]+)?\}`)
	args := func(s string) []string {
		var found []string
		for _, m := range holes.FindAllStringSubmatch(s, -1) {
			found = append(found, m[1])
		}
		slices.Sort(found)
		return slices.Compact(found)
	}
	for key, text := range catalogue {
		if text.ZH == "" || text.EN == "" {
			t.Errorf("%s: a language is missing: %+v", key, text)
		}
		if z, e := args(text.ZH), args(text.EN); !slices.Equal(z, e) {
			t.Errorf("%s: arguments differ: zh %v, en %v", key, z, e)
		}
	}
}

func TestArguments(t *testing.T) {
	got := T{Lang: EN}.S("a key that is not there")
	if got != "a key that is not there" {
		t.Errorf("unknown key: %q", got)
	}
	if (Text{ZH: "盐城"}).In(EN) != "盐城" {
		t.Error("a missing English name must fall back to Chinese")
	}
}

func TestFill(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"{0} of {1}", "{1} of 2"}, // what an argument says is no place for another
		{"{1}{0}{1}", "2{1}2"},
		{"{2} {x} {-1} {00} {", "{2} {x} {-1} {00} {"},
		{"{{0}}", "{{1}}"},
		{"none", "none"},
		{"{1} {1|firm|firms}, {0} {0|firm|firms}", "2 firms, {1} firms"},
		{"{2|firm|firms} {1|firm} {1|}", "{2|firm|firms} {1|firm} {1|}"},
	} {
		if got := (T{}).fill(c.text, []any{"{1}", 2}); got != c.want {
			t.Errorf("%q filled is %q, want %q", c.text, got, c.want)
		}
	}
}

// A word follows the number that it counts, as a number or as it is shown.
func TestOneAndMany(t *testing.T) {
	for arg, want := range map[any]string{0: "0 enterprises have", 1: "1 enterprise has", "1": "1 enterprise has", "1\u202f001": "1\u202f001 enterprises have", 21: "21 enterprises have"} {
		if got := (T{}).fill("{0} {0|enterprise|enterprises} {0|has|have}", []any{arg}); got != want {
			t.Errorf("%v: %q, want %q", arg, got, want)
		}
	}
	if got := (T{EN}).S("web.n_firms", 1); got != "1 enterprise" {
		t.Errorf("one enterprise is called %q", got)
	}
}

func TestMsgIsStoredAndReadBack(t *testing.T) {
	msg := M("errs.at", "A1", M("errs.forbidden"), Text{ZH: "盐城", EN: "Yancheng"}, 42)
	b, err := json.Marshal(msg)
	if err != nil {
		t.Fatal(err)
	}
	var back Msg
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	catalogue["errs.at"] = Text{ZH: "{0}：{1}{2}{3}", EN: "{0}: {1} {2} {3}"}
	defer delete(catalogue, "errs.at")
	for _, lang := range []Lang{ZH, EN} {
		if got, want := (T{lang}).Msg(back), (T{lang}).Msg(msg); got != want {
			t.Errorf("%s: read back as %q, want %q", lang, got, want)
		}
	}
}
