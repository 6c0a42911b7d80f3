package rubric

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content/contenttest"
	"github.com/yanzhen/yanzhen/internal/errs"
)

const small = `rubric: small
title: {zh: 甲, en: A}
source: test
confidence: verified
items:
  - {id: one, name: {zh: 一, en: One}, max: '30', step: '0.5'}
  - {id: two, name: {zh: 二, en: Two}, max: '10', step: '1', weight: '1/3'}
combine: {by: trimmed_mean, drop: 1}
round: {places: 2, mode: half_up}
floor: '20'
`

func parse(t *testing.T, src string) *Rubric {
	t.Helper()
	r, problems := Parse("rubrics/small.yaml", []byte(src))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return r
}

func TestShipped(t *testing.T) {
	contenttest.Schema(t, contentdata.FS, "schema/rubric.schema.json", &File{})
	set, err := Load(contentdata.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range set.Rubrics() {
		if r.Max().Cmp(big.NewRat(100, 1)) != 0 {
			t.Errorf("%s adds up to %s, want 100", r.Code, r.Max())
		}
		if again, problems := Parse("x", r.Bytes()); len(problems) > 0 || again.Hash != r.Hash {
			t.Errorf("%s is another one when it is read again", r.Code)
		}
	}
	if _, err := set.Rubric("nothing"); errs.KindOf(err) != errs.KindNotFound {
		t.Errorf("a rubric that is not there: %v", err)
	}
}

func TestScore(t *testing.T) {
	r := parse(t, small)
	sheets := []Sheet{
		{"one": 30 * One, "two": 10 * One}, // 33 1/3, does not count
		{"one": 20 * One, "two": 5 * One},  // 21 2/3
		{"one": 20 * One, "two": 4 * One},  // 21 1/3
		{"one": 0, "two": 0},               // does not count
	}
	got, err := r.Score(sheets)
	if err != nil {
		t.Fatal(err)
	}
	if got.Total != 215_000 || got.Exact.Cmp(big.NewRat(43, 2)) != 0 || got.Items["two"].Cmp(big.NewRat(9, 2)) != 0 {
		t.Errorf("score %+v, want 21.5 and 4.5 for the second item", got)
	}
	if !r.Enough(got.Total) || r.Enough(19*One) {
		t.Error("the floor is 20")
	}
	if _, err := r.Score(sheets[:2]); errs.KindOf(err) != errs.KindConflict {
		t.Errorf("two sheets of which two are dropped: %v", err)
	}
	few := parse(t, strings.Replace(small, "drop: 1}", "drop: 1, from: 4}\nleast: 2", 1))
	if got, err := few.Score(sheets[:2]); err != nil || got.Total != 275_000 {
		t.Errorf("fewer sheets than lose the best and the worst: %v, %v, want their mean 27.5", got.Total, err)
	}
	if got, err := few.Score(sheets); err != nil || got.Total != 215_000 {
		t.Errorf("as many: %v, %v", got.Total, err)
	}
	if _, err := few.Score(sheets[:1]); errs.KindOf(err) != errs.KindConflict {
		t.Errorf("one sheet where two are wanted: %v", err)
	}
	for name, s := range map[string]Sheet{
		"missing":   {"one": 1 * One},
		"too much":  {"one": 31 * One, "two": 0},
		"no step":   {"one": 1, "two": 0},
		"no item":   {"one": 0, "two": 0, "three": 0},
		"below one": {"one": -One, "two": 0},
	} {
		if err := r.Check(s); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestScoreKeepsToItself draws sheets: their order does not matter, and the score lies between the lowest and the highest.
func TestScoreKeepsToItself(t *testing.T) {
	r := parse(t, small)
	rapid.Check(t, func(t *rapid.T) {
		sheets := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Sheet {
			return Sheet{"one": Points(rapid.Int64Range(0, 60).Draw(t, "one")) * One / 2, "two": Points(rapid.Int64Range(0, 10).Draw(t, "two")) * One}
		}), 3, 9).Draw(t, "sheets")
		got, err := r.Score(sheets)
		if err != nil {
			t.Fatal(err)
		}
		again, err := r.Score(rapid.Permutation(sheets).Draw(t, "shuffled"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(fmt.Sprint(got), fmt.Sprint(again)); diff != "" {
			t.Errorf("the order of sheets matters:\n%s", diff)
		}
		totals := make([]*big.Rat, len(sheets))
		for i, s := range sheets {
			totals[i] = r.Sum(s)
		}
		slices.SortFunc(totals, (*big.Rat).Cmp)
		if got.Exact.Cmp(totals[1]) < 0 || got.Exact.Cmp(totals[len(totals)-2]) > 0 {
			t.Errorf("%s is outside of what counts", got.Exact)
		}
		if d := new(big.Rat).Sub(got.Exact, got.Total.Rat()); d.Abs(d).Cmp(big.NewRat(1, 200)) > 0 {
			t.Errorf("%s was rounded to %s", got.Exact, got.Total)
		}
	})
}

func TestPoints(t *testing.T) {
	for _, s := range []string{"0", "7.5", "0.0001", "10000", "12.05"} {
		if p, err := ParsePoints(s); err != nil || p.String() != s {
			t.Errorf("%s: %s, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "-1", "1e2", ".5", "5.", "1.00001", "10000.5", "99999", "１"} {
		if p, err := ParsePoints(s); err == nil {
			t.Errorf("%q became %s", s, p)
		}
	}
}

func TestMistakesAreTold(t *testing.T) {
	for _, tc := range []struct{ old, new, key string }{
		{"drop: 1", "drop: 9", "rubric.drop"},
		{"by: trimmed_mean, drop: 1", "by: mean, drop: 1", "rubric.drop"},
		{"drop: 1", "drop: 1, from: 2", "rubric.from"},
		{"floor: '20'", "least: 101", "rubric.least"},
		{"places: 2", "places: 5", "rubric.places"},
		{"half_up", "nearest", "content.one_of"},
		{"id: two", "id: one", "content.code_twice"},
		{"step: '1'", "step: '3'", "rubric.step"},
		{"'1/3'", "'0'", "rubric.weight"},
		{"floor: '20'", "floor: '50'", "rubric.floor"},
		{"confidence: verified", "confidence: sure", "content.one_of"},
		{"max: '30'", "max: '10000'", "rubric.total_max"},
		{"rubric: small", "rubric: Small", "content.bad_code"},
	} {
		_, problems := Parse("rubrics/small.yaml", []byte(strings.Replace(small, tc.old, tc.new, 1)))
		if len(problems) != 1 || problems[0].Msg.Key != tc.key || problems[0].Line < 1 {
			t.Errorf("%s → %s: %v, want %s", tc.old, tc.new, problems, tc.key)
		}
	}
	if _, err := Load(fstest.MapFS{"rubrics/other.yaml": {Data: []byte(small)}}); err == nil {
		t.Error("a file with another name than its rubric is read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Fuzz(func(t *testing.T, src string) {
		if r, problems := Parse("x.yaml", []byte(src)); r == nil && len(problems) == 0 {
			t.Error("neither a rubric nor a mistake")
		}
	})
}
