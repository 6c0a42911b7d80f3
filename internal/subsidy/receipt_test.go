package subsidy

import (
	"bytes"
	"os"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// cheaper is the policy of the tests with a lower ceiling of the investment clause.
func cheaper(t *testing.T) version.Package {
	t.Helper()
	p, err := version.FromFS(os.DirFS("../../content/policies/yancheng/2022-6"))
	must(t, err)
	for from, to := range map[string]string{
		"en: Ceiling of the investment subsidy}\n    value: 500万元": "en: Ceiling of the investment subsidy}\n    value: 50万元",
		"{cite: 四(三), numbers: [500万元,":                            "{cite: 四(三), numbers: [500万元, 50万元,",
	} {
		if !bytes.Contains(p.Policy, []byte(from)) {
			t.Fatalf("the policy of the tests lacks %q", from)
		}
		p.Policy = bytes.Replace(p.Policy, []byte(from), []byte(to), 1)
	}
	p.Cases = []byte("cases:\n  - name: nothing is known\n    as_of: 2024-10-31\n    enterprise: {id: E1, facts: {ent.area: \"320500\"}}\n    expect: {total: \"0\"}\n")
	return p
}

// inForce is the policy that is in force now.
func (w *world) inForce() version.InForce {
	w.t.Helper()
	view, err := w.Frames.For(ctx, access.SystemScope(), 0)
	must(w.t, err)
	in, err := w.Versions.InForce(ctx, yancheng, view.Seq())
	must(w.t, err)
	return in
}

// replaced puts another package in force in the place of the one that is.
func (w *world) replaced(p version.Package) {
	w.t.Helper()
	now := w.inForce()
	whole := w.Library.Areas().Below("320900") // the document is for all of them
	writes, approves := access.NewScope(cityA.Account(), access.CityOfficial, whole, nil), access.NewScope(cityB.Account(), access.CityOfficial, whole, nil)
	x, err := w.Versions.New(ctx, writes, p)
	must(w.t, err)
	step := func(reason string) version.Step {
		at, err := w.Versions.Get(ctx, writes, x.ID)
		must(w.t, err)
		return version.Step{ID: x.ID, Revision: at.Revision, Reason: reason}
	}
	must(w.t, w.Versions.Propose(ctx, writes, step("下调上限")))
	_, err = w.Versions.Approve(ctx, approves, version.Approval{Step: step("同意"), Instead: now.Version.ID})
	must(w.t, err)
	must(w.t, w.Frames.Refresh(ctx))
}

// What a case was worked out by is verified in ten years too: each of its receipts, those of before another package took the place of
// its policy and those of after, holds by the package that the case pins, and by no other.
func TestReceiptsOfACaseOutliveItsPolicy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := w.firms(1)[0]
		id, err := w.applies(w.opened("c9"), f.id, "c9", items("61"))
		must(t, err)
		w.replaced(cheaper(t))
		w.settled(id)
		old, err := w.Versions.InForce(ctx, yancheng, mustApplication(t, w, id).Known)
		must(t, err)
		now := w.inForce()
		if old.Hash == now.Hash {
			t.Fatal("the policy was not replaced")
		}
		pinned, err := w.Versions.Package(ctx, old.Version)
		must(t, err)
		other, err := w.Versions.Package(ctx, now.Version)
		must(t, err)
		all, err := w.Assessments(ctx, cityA, id)
		must(t, err)
		stages := map[string]money.Fen{}
		for _, a := range all {
			stages[a.Stage] = a.Pays.Sure
			r, err := version.ReadReceipt(bytes.NewReader(a.Receipt))
			must(t, err)
			if r.Policy.Package != pinned.Hash() || r.Policy.Ends != nil {
				t.Errorf("%s: the receipt is of %+v, the case pins %s", a.Stage, r.Policy, pinned.Hash())
			}
			if differ, err := r.Verify(w.Library, pinned); err != nil || len(differ) != 0 {
				t.Errorf("%s: by the pinned package %+v, %v", a.Stage, differ, err)
			}
			differ, err := r.Verify(w.Library, other)
			if err != nil || len(differ) == 0 {
				t.Errorf("%s: it holds by the package that took its place: %v", a.Stage, err)
			}
		}
		if len(stages) != 3 || stages[Submitted] != stages[Settled] || stages[Settled] <= 50*wan {
			t.Errorf("stages: %v", stages)
		}
	})
}
