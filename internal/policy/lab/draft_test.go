package lab

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// firmsOf is what each firm of a region gets, and how it came out.
func firmsOf(r *region.Region) map[string]any {
	all := map[string]any{}
	for f := range r.Firms() {
		all[f.Name] = []any{f.State(), f.Total, f.InKind, f.Floor, r.Pays(f)}
	}
	return all
}

func TestADraftIsItsScenario(t *testing.T) {
	each(t, 60, func(t *testing.T, w *world) {
		all := scenarios()
		all["a text"] = Scenario{Policy: yancheng, Text: strings.Replace(w.text(yancheng), "value: 300万元", "value: 250万元\n    unquoted: {zh: 假设, en: assumed}", 1)}
		all["a text"] = Scenario{Policy: yancheng, Text: strings.Replace(all["a text"].Text, "\n    quote: 给予300万元一次性奖励", "", 1)}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			s := all[name]
			p, err := w.Plan(ctx, w.view().Seq(), s)
			must(t, err)
			pkg, err := p.Package()
			must(t, err)
			draft, problems := policy.Compile(w.Library, version.PolicyFile, pkg.Policy)
			if len(problems) > 0 {
				t.Fatalf("%s: %v", name, problems)
			}
			plan, err := draft.Plan(nil)
			must(t, err)
			want, err := w.Runner.Run(ctx, w.view(), p.Plan, asOf)
			must(t, err)
			got, err := w.Runner.Run(ctx, w.view(), plan, asOf)
			must(t, err)
			if diff := cmp.Diff(firmsOf(want), firmsOf(got)); diff != "" || want.Sum != got.Sum {
				t.Errorf("%s: the draft comes to something else (-scenario +draft):\n%s", name, diff)
			}
			if comments := strings.Count(w.text(yancheng), "\n#"); strings.Count(string(pkg.Policy), "\n#") != comments {
				t.Errorf("%s: comments were lost", name)
			}
		}
	})
}

func (w *world) official(account int64, role access.Role, area string) access.Scope {
	return access.NewScope(account, role, w.Library.Areas().Below(area), nil)
}

func TestDraft(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		seq := w.view().Seq()
		city, county := w.official(1, access.CityOfficial, "320900"), w.official(2, access.CountyOfficial, "320904")
		s := scenarios()["numbers"]
		if _, err := w.Draft(ctx, county, seq, s); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("a county drafts for the city: %v", err)
		}
		if _, err := w.Draft(ctx, city, seq, Scenario{Policy: yancheng}); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a draft of nothing: %v", err)
		}
		v, err := w.Draft(ctx, city, seq, s)
		must(t, err)
		pkg, err := w.Versions.Package(ctx, v)
		must(t, err)
		var f policy.File
		doc, _ := content.Decode("policy.yaml", pkg.Policy, &f)
		for want, path := range map[string][]any{"300万元": {"params", 3, "value"}, "10%": {"params", 4, "values", "2023"}, "600万元": {"params", 5, "value"}} {
			if got, _ := doc.Scalar(path...); got != want {
				t.Errorf("%v is %q, want %q", path, got, want)
			}
		}
		if p := f.Params[3]; p.Quote != "" || p.Unquoted == nil || f.Params[4].Quote == "" || !strings.Contains(string(pkg.Provenance), "numbers") {
			t.Errorf("quotations: %+v, %+v", p, f.Params[4])
		}
	})
}
