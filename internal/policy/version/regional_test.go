package version

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// pooled is three enterprises that share a pool.
func pooled(t *testing.T, area string) (*content.Library, Package, RegionQuestion, []rule.Subject) {
	t.Helper()
	lib, err := library()
	must(t, err)
	p, err := FromFS(os.DirFS("../testdata/patterns/27-pool"))
	must(t, err)
	pol, problems := policy.Compile(lib, PolicyFile, p.Policy)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan, err := pol.Plan(nil)
	must(t, err)
	q := RegionQuestion{Package: p.Hash(), Plan: plan, AsOf: period.Date(2022, 12, 31), Known: 7, Area: area}
	var firms []rule.Subject
	var all []*policy.Decision
	for _, id := range []string{"A", "B", "C"} {
		src := `{"enterprise": {"id": "` + id + `", "area": "320904", "projects": [{"id": "P", "facts": {"project.investment": {"2022": "1万元"}}}]}}`
		doc, problems := rule.ParseFacts(lib, "facts", []byte(src))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		d, err := plan.Decide(doc, q.AsOf, policy.Options{})
		must(t, err)
		firms, all = append(firms, doc), append(all, d)
	}
	allotment := plan.Allot(all)
	q.Allotted = func(id string) ([]policy.Allotted, error) { return allotment.Of(id), nil }
	return lib, p, q, firms
}

func written(t *testing.T, lib *content.Library, q RegionQuestion, firms []rule.Subject) (string, RegionSum) {
	t.Helper()
	var b bytes.Buffer
	sum, err := WriteRegion(context.Background(), &b, lib, q, slices.Values(firms))
	must(t, err)
	return b.String(), sum
}

// TestRegionReceiptGolden holds every byte of a region's receipt, as TestReceiptGolden does for one.
func TestRegionReceiptGolden(t *testing.T) {
	lib, _, q, firms := pooled(t, "")
	got, sum := written(t, lib, q, firms)
	if *update {
		must(t, os.WriteFile("testdata/region.jsonl", []byte(got), 0o644))
	}
	want, err := os.ReadFile("testdata/region.jsonl")
	must(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the receipt has other bytes (-want +got):\n%s", diff)
	}
	if sum.Enterprises != 3 || sum.Met != 3 || sum.Total.String() != "100.00" {
		t.Errorf("%+v", sum)
	}
	for i, firm := range firms { // a line has the hash of the enterprise's own receipt
		allotted, err := q.Allotted(firm.ID())
		must(t, err)
		own, err := NewReceipt(lib, Question{Package: q.Package, Plan: q.Plan, Subject: firm, AsOf: q.AsOf, Known: q.Known, Allotted: allotted})
		must(t, err)
		if line := strings.Split(got, "\n")[i+1]; !strings.Contains(line, own.Sum) || !strings.Contains(line, string(own.Facts)) {
			t.Errorf("the line of %s is not of its receipt:\n%s", firm.ID(), line)
		}
	}
}

// A region's receipt holds against itself, and every change of it is told; what a pool left to each is settled again
// where all enterprises are in it, and taken as given in a part.
func TestVerifyRegion(t *testing.T) {
	lib, p, q, firms := pooled(t, "")
	whole, _ := written(t, lib, q, firms)
	q.Area = "320904"
	part, _ := written(t, lib, q, firms[:1])
	verify := func(src string) RegionReport {
		t.Helper()
		r, err := VerifyRegion(context.Background(), lib, strings.NewReader(src), func(string) (Package, error) { return p, nil })
		must(t, err)
		return r
	}
	for _, good := range []string{whole, part, strings.ReplaceAll(whole, "\n", "\r\n")} {
		if r := verify(good); len(r.Deviations) > 0 || r.Sum.Enterprises == 0 {
			t.Fatalf("it does not hold against itself: %+v", r)
		}
	}
	lines := strings.SplitAfter(whole, "\n")
	for name, tc := range map[string]struct {
		src  string
		want []string // paths, among others
	}{
		"a fact":            {strings.Replace(whole, `"10000.00"`, `"20000.00"`, 1), []string{"[A].decision_sha256", "sum.sha256"}},
		"an amount":         {strings.Replace(whole, `"total":{"sure":"33.34"`, `"total":{"sure":"34.34"`, 1), []string{"[A].total.sure", "sum.sha256"}},
		"what a pool left":  {strings.Replace(whole, `"pays":{"sure":"33.34"`, `"pays":{"sure":"34.34"`, 1), []string{"[A].allotted[0].portions[0].pays.sure"}},
		"one left out":      {lines[0] + lines[1] + lines[2] + lines[4], []string{"[A].decision_sha256", "sum.enterprises", "sum.sha256"}},
		"the sum":           {strings.Replace(whole, `"total":"100.00"`, `"total":"200.00"`, 1), []string{"sum.total"}},
		"the engine":        {strings.Replace(whole, policy.Engine, "yanzhen/0", 1), []string{"engine"}},
		"the number":        {strings.Replace(whole, `"number":"`, `"number":"x`, 1), []string{"policy.number"}},
		"the writing of it": {strings.Replace(whole, `{"facts":`, `{ "facts":`, 1), []string{"[A]", "sum.sha256"}},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.src == whole {
				t.Fatal("nothing is changed")
			}
			paths := map[string]bool{}
			for _, d := range verify(tc.src).Deviations {
				paths[d.Path] = true
			}
			for _, want := range tc.want {
				if !paths[want] {
					t.Errorf("%s is not told, but %v", want, paths)
				}
			}
		})
	}
}

// A decision that fails stands in the receipt with the reason, and is no hindrance for the others.
func TestRegionReceiptOfAFailedDecision(t *testing.T) {
	lib, err := library()
	must(t, err)
	p, err := FromFS(os.DirFS("../testdata/patterns/04-bands"))
	must(t, err)
	p.Policy = bytes.Replace(p.Policy, []byte("{rate: param.low}, {from: param.second, rate: param.high}"),
		[]byte("{rate: param.low}, {from: param.second, rate: param.high}, {from: param.third, rate: param.high}"), 1)
	p.Policy = bytes.Replace(p.Policy, []byte("\nclauses:"), []byte(`
  - {id: third, type: money, name: {zh: 三档起点, en: Third band from}, value: 2000万元, cite: 四, unquoted: {zh: 试, en: test}}
clauses:`), 1)
	pol, problems := policy.Compile(lib, PolicyFile, p.Policy)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan, err := pol.Plan(nil, policy.Patch{Param: "third", Value: "500万元"}) // below the second, for who has a digital project
	must(t, err)
	var firms []rule.Subject
	for id, kind := range map[string]string{"A": "smart", "B": "digital"} {
		doc, problems := rule.ParseFacts(lib, "facts", []byte(`{"enterprise": {"id": "`+id+`", "area": "320904", "projects": [
			{"id": "P", "facts": {"project.kind": "`+kind+`", "project.investment": {"2022": "600万元"}}}]}}`))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		firms = append(firms, doc)
	}
	got, sum := written(t, lib, RegionQuestion{Package: p.Hash(), Plan: plan, AsOf: period.Date(2022, 12, 31)}, firms)
	if sum.Enterprises != 2 || sum.Failed == 0 || !strings.Contains(got, `"failed":{"zh":`) {
		t.Errorf("%+v\n%s", sum, got)
	}
	r, err := VerifyRegion(context.Background(), lib, strings.NewReader(got), func(string) (Package, error) { return p, nil })
	must(t, err)
	if len(r.Deviations) > 0 {
		t.Errorf("it does not hold: %+v", r.Deviations)
	}
}

func TestVerifyRegionRefuses(t *testing.T) {
	lib, p, q, firms := pooled(t, "")
	good, _ := written(t, lib, q, firms)
	head, _, _ := strings.Cut(good, "\n")
	for name, src := range map[string]string{
		"nothing": "", "no JSON": "{", "another thing": `{"a": 1}`, "a later form": `{"region_receipt": 2}`, "the head alone": head,
		"no enterprise": head + "\n" + `{"facts":{}}` + "\n{}\n", "half a line": good[:len(good)/2],
	} {
		_, err := VerifyRegion(context.Background(), lib, strings.NewReader(src), func(string) (Package, error) { return p, nil })
		if errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
