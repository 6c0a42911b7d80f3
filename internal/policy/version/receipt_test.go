package version

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

var update = flag.Bool("update", false, "write golden files")

func question(t *testing.T, lib *content.Library, p Package, factsFile string) Question {
	t.Helper()
	pol, problems := policy.Compile(lib, PolicyFile, p.Policy)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plan, err := pol.Plan(nil)
	must(t, err)
	src, err := os.ReadFile(factsFile)
	must(t, err)
	doc, problems := rule.ParseFacts(lib, factsFile, src)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Question{Package: p.Hash(), Plan: plan, Subject: doc, AsOf: period.Date(2024, 10, 31), Known: 7}
}

func golden(t *testing.T) (*content.Library, Package, Receipt) {
	t.Helper()
	lib, err := library()
	must(t, err)
	p, err := FromFS(os.DirFS("testdata"))
	must(t, err)
	r, err := NewReceipt(lib, question(t, lib, p, "testdata/facts.json"))
	must(t, err)
	return lib, p, r
}

// TestReceiptGolden holds every byte of a receipt. When it fails, decisions are taken otherwise than before: if that is
// meant, give policy.Engine a new name and write the file anew with -update.
func TestReceiptGolden(t *testing.T) {
	_, _, r := golden(t)
	got, err := r.Bytes()
	must(t, err)
	if *update {
		must(t, os.WriteFile("testdata/receipt.json", got, 0o644))
	}
	want, err := os.ReadFile("testdata/receipt.json")
	must(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the receipt has other bytes (-want +got):\n%s", diff)
	}
}

// A receipt holds against itself, and every change of it is told.
func TestVerify(t *testing.T) {
	lib, p, r := golden(t)
	src, err := r.Bytes()
	must(t, err)
	verify := func(src string, p Package) []Deviation {
		t.Helper()
		r, err := ReadReceipt(strings.NewReader(src))
		must(t, err)
		d, err := r.Verify(lib, p)
		must(t, err)
		return d
	}
	if d := verify(string(src), p); len(d) > 0 {
		t.Fatalf("it does not hold against itself: %+v", d)
	}
	other := p
	other.Policy = bytes.Replace(p.Policy, []byte("value: 10%"), []byte("value: 9%"), 1)
	for name, tc := range map[string]struct {
		old, fresh string
		p          Package
		want       []string // paths, among others
	}{
		"a fact":        {`"600000.00"`, `"700000.00"`, p, []string{"facts_sha256", "lines[24].own.sure"}},
		"the amount":    {`"sure": "700000.00"`, `"sure": "800000.00"`, p, []string{"decision_sha256", "total.sure"}},
		"the engine":    {`"engine": "` + policy.Engine, `"engine": "yanzhen/0`, p, []string{"engine"}},
		"the day":       {`"as_of": "2024-10-31",` + "\n" + `  "known"`, `"as_of": "2022-10-31",` + "\n" + `  "known"`, p, []string{"as_of"}},
		"other package": {"", "", other, []string{"policy.package_sha256", "hash"}},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(src), tc.old, tc.fresh, 1)
			if tc.old != "" && changed == string(src) {
				t.Fatalf("the receipt has no %q", tc.old)
			}
			paths := map[string]bool{}
			for _, d := range verify(changed, tc.p) {
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

func TestReadReceiptRefuses(t *testing.T) {
	for name, src := range map[string]string{
		"nothing": "", "no JSON": "{", "another thing": `{"a": 1}`, "a later form": `{"receipt": 2, "facts": {}, "decision": {}}`,
		"two": `{"receipt": 1, "facts": {}, "decision": {}} {}`, "no facts": `{"receipt": 1}`,
	} {
		if _, err := ReadReceipt(strings.NewReader(src)); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A receipt tells of which definitions it holds values, and of no other.
func TestReceiptReads(t *testing.T) {
	lib, err := library()
	must(t, err)
	r := Receipt{Facts: []byte(`{"enterprise":{"facts":{"ent.revenue":{"2022":"1元"},"ent.address":"ent.tax_paid"},"projects":[{"facts":{"project.name":"\"ent.profit\""}}]}}`)}
	if diff := cmp.Diff([]string{"ent.address", "ent.revenue", "ent.tax_paid", "project.name"}, r.Reads(lib)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The decision of a receipt is the one that was asked for, for every worked case of what ships and for a whole file.
func TestReceiptSaysTheDecision(t *testing.T) {
	lib, err := library()
	must(t, err)
	q := question(t, lib, ships(t), "../testdata/eval/facts.json")
	d, err := q.Plan.Decide(q.Subject, q.AsOf, allOf)
	must(t, err)
	want, err := canonical(d)
	must(t, err)
	r, err := NewReceipt(lib, q)
	must(t, err)
	if diff := cmp.Diff(string(want), string(r.Decision)); diff != "" {
		t.Errorf("-decision +receipt:\n%s", diff)
	}
	again, err := NewReceipt(lib, q)
	must(t, err)
	a, err := r.Bytes()
	must(t, err)
	b, err := again.Bytes()
	must(t, err)
	if !bytes.Equal(a, b) {
		t.Error("two receipts of one decision differ")
	}
	if differ, err := r.Verify(lib, ships(t)); err != nil || len(differ) > 0 {
		t.Errorf("it does not hold: %+v, %v", differ, err)
	}
}

// The receipt of a policy that was ended is verified by the same end.
func TestReceiptOfAnEndedPolicy(t *testing.T) {
	lib, err := library()
	must(t, err)
	q := question(t, lib, ships(t), "../testdata/eval/facts.json")
	q.Plan, err = q.Plan.Policy.Until(period.Date(2022, 12, 31)).Plan(map[string]string{"lease": "loan"}, policy.Patch{Param: "loan_rate", Key: "2022", Value: "1.5%"})
	must(t, err)
	r, err := NewReceipt(lib, q)
	must(t, err)
	if differ, err := r.Verify(lib, ships(t)); err != nil || len(differ) > 0 {
		t.Errorf("it does not hold: %+v, %v", differ, err)
	}
}

// An enterprise that left the area, to nobody knows where, has a receipt like any other.
func TestReceiptAfterAMembershipEnded(t *testing.T) {
	lib, err := library()
	must(t, err)
	q := question(t, lib, ships(t), "../testdata/eval/facts.json")
	src, err := os.ReadFile("../testdata/eval/facts.json")
	must(t, err)
	left := bytes.Replace(src, []byte(`"area": "320904"`), []byte(`"area": [{"node": "320904", "until": "2022-12-31"}]`), 1)
	if bytes.Equal(left, src) {
		t.Fatal("the facts name no area")
	}
	doc, problems := rule.ParseFacts(lib, "facts", left)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	q.Subject = doc
	r, err := NewReceipt(lib, q)
	must(t, err)
	if !bytes.Contains(r.Facts, []byte(`"until":"2022-12-31"`)) {
		t.Errorf("the receipt does not tell when it left: %s", r.Facts)
	}
	d, err := q.Plan.Decide(doc, q.AsOf, allOf)
	must(t, err)
	want, err := canonical(d)
	must(t, err)
	if diff := cmp.Diff(string(want), string(r.Decision)); diff != "" {
		t.Errorf("-decision +receipt:\n%s", diff)
	}
	if differ, err := r.Verify(lib, ships(t)); err != nil || len(differ) > 0 {
		t.Errorf("it does not hold: %+v, %v", differ, err)
	}
}

func FuzzReadReceipt(f *testing.F) {
	f.Add([]byte(`{"receipt": 1, "facts": {}, "decision": {}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		if _, err := ReadReceipt(bytes.NewReader(src)); err != nil && errs.KindOf(err) == errs.Internal {
			t.Fatal(err)
		}
	})
}

// What a pool left to an enterprise follows from all others; the receipt takes it as given and holds by itself.
func TestReceiptOfAShareInAPool(t *testing.T) {
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
	asOf := period.Date(2022, 12, 31)
	var firms []rule.Subject
	var all []*policy.Decision
	for _, id := range []string{"A", "B", "C"} {
		src := `{"enterprise": {"id": "` + id + `", "area": "320904", "projects": [{"id": "P", "facts": {"project.investment": {"2022": "1万元"}}}]}}`
		doc, problems := rule.ParseFacts(lib, "facts", []byte(src))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		d, err := plan.Decide(doc, asOf, allOf)
		must(t, err)
		firms, all = append(firms, doc), append(all, d)
	}
	allotment := plan.Allot(all)
	all[0].Apply(allotment)
	want, err := canonical(all[0])
	must(t, err)
	r, err := NewReceipt(lib, Question{Package: p.Hash(), Plan: plan, Subject: firms[0], AsOf: asOf, Allotted: allotment.Of("A")})
	must(t, err)
	if diff := cmp.Diff(string(want), string(r.Decision)); diff != "" || !strings.Contains(diff+string(want), `"33.34"`) {
		t.Errorf("-decision +receipt:\n%s", diff)
	}
	src, err := r.Bytes()
	must(t, err)
	back, err := ReadReceipt(bytes.NewReader(src))
	must(t, err)
	if differ, err := back.Verify(lib, p); err != nil || len(differ) > 0 {
		t.Errorf("it does not hold: %+v, %v", differ, err)
	}
}
