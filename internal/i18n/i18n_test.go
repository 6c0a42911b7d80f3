package i18n

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"
)

func TestCataloguesAreComplete(t *testing.T) {
	holes := regexp.MustCompile(`\{\d+\}`)
	args := func(s string) []string {
		found := holes.FindAllString(s, -1)
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
	} {
		if got := (T{}).fill(c.text, []any{"{1}", 2}); got != c.want {
			t.Errorf("%q filled is %q, want %q", c.text, got, c.want)
		}
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
