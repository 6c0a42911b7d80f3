package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// shipped is the packages of all policies that ship.
func shipped(t *testing.T) map[string]version.Package {
	t.Helper()
	files, err := filepath.Glob("../../../content/policies/*/*/policy.yaml")
	must(t, err)
	all := map[string]version.Package{}
	for _, f := range files {
		p, err := version.FromFS(os.DirFS(filepath.Dir(f)))
		must(t, err)
		var file policy.File
		content.Decode("policy.yaml", p.Policy, &file)
		all[file.Document.ID] = p
	}
	if len(all) < 4 {
		t.Fatalf("only %d policies ship", len(all))
	}
	return all
}

// newWorldOfAll is a world without firms, with all policies that ship.
func newWorldOfAll(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, storetest.SQLite(t, migrations))
	for _, p := range shipped(t) {
		versions, err := version.Open(ctx, version.Deps{DB: w.db, Sources: w.sources, Library: w.Library, Clock: now, Report: func(err error) { t.Error(err) }}, []version.Package{p})
		must(t, err)
		w.Versions = versions
	}
	must(t, w.frames.Refresh(ctx))
	return w
}

// Each clause of each policy that ships can be left out, or it is said why not; and what is left is its own draft.
func TestAnyClauseMayEnd(t *testing.T) {
	w := newWorldOfAll(t)
	ended := 0
	for id := range shipped(t) {
		law, err := w.Plan(ctx, w.view().Seq(), Scenario{Policy: id})
		must(t, err)
		for _, c := range law.Law.Policy.File.Clauses {
			s := Scenario{Policy: id, Name: "x", Ended: []string{c.ID}}
			if slices.ContainsFunc(law.Law.Policy.File.Clauses, func(k policy.Clause) bool { return k.ID != c.ID && k.Amount.Eligibility == nil }) {
				s.Budget = money.Yi
			}
			p, err := w.Plan(ctx, w.view().Seq(), s)
			if msg, _ := errs.Message(err); errs.KindOf(err) == errs.KindInvalid && slices.Contains([]string{"lab.required", "lab.replaces", "lab.last_clause"}, msg.Key) {
				continue
			}
			if err != nil {
				t.Errorf("%s without %s: %v", id, c.ID, err)
				continue
			}
			ended++
			for _, k := range p.Plan.Policy.File.Clauses {
				if k.ID == c.ID {
					t.Errorf("%s still has %s", id, c.ID)
				}
			}
			w.draftOf(p)
		}
	}
	if ended < 20 {
		t.Errorf("%d clauses could be left out", ended)
	}
}

// draftOf compiles the package of a scenario and says that it has the scenario's numbers and answers.
func (w *world) draftOf(p *Planned) {
	w.t.Helper()
	pkg, err := p.Package()
	if err != nil {
		w.t.Errorf("%+v: %v", p.Scenario, err)
		return
	}
	draft, problems := policy.Compile(w.Library, version.PolicyFile, pkg.Policy)
	if len(problems) > 0 {
		w.t.Errorf("the draft of %+v: %v", p.Scenario, problems)
		return
	}
	for _, c := range p.Plan.Patches {
		if !draft.Names(c.Param, c.Key, c.Value) && !slices.ContainsFunc(draft.File.Params, func(prm policy.Param) bool {
			return prm.ID == c.Param && (prm.Value == c.Value || prm.Values[c.Key] == c.Value)
		}) {
			w.t.Errorf("the draft of %+v has not %+v", p.Scenario, c)
		}
	}
	for _, s := range draft.File.Settings {
		if p.Plan.Settings[s.ID] != s.Default {
			w.t.Errorf("the draft answers %s with %s", s.ID, s.Default)
		}
	}
}

// Each number of each policy that ships can be another one, and each question can have each of its answers.
func TestAnyNumberMayDiffer(t *testing.T) {
	w := newWorldOfAll(t)
	other := map[string]string{"money": "12.34万元", "rate": "0.7%", "int": "3", "decimal": "0.25", "date": "2023-03-03"}
	for id := range shipped(t) {
		law, err := w.Plan(ctx, w.view().Seq(), Scenario{Policy: id})
		must(t, err)
		f := law.Law.Policy.File
		s := Scenario{Policy: id, Name: "x"}
		for _, prm := range f.Params {
			for key := range law.Law.Policy.Values(prm.ID) {
				one := Scenario{Policy: id, Name: "x", Changes: []policy.Patch{change(prm.ID, key, other[prm.Type])}}
				s.Changes = append(s.Changes, one.Changes...)
				p, err := w.Plan(ctx, w.view().Seq(), one)
				must(t, err)
				w.draftOf(p)
			}
		}
		p, err := w.Plan(ctx, w.view().Seq(), s) // all at once
		must(t, err)
		w.draftOf(p)
		for _, q := range f.Settings {
			for _, o := range q.Options {
				p, err := w.Plan(ctx, w.view().Seq(), Scenario{Policy: id, Name: "x", Settings: map[string]string{q.ID: o.ID}})
				must(t, err)
				w.draftOf(p)
			}
		}
	}
}

func TestEndingWhatOthersRequire(t *testing.T) {
	w := newWorldOf(t, 1)
	text := strings.Replace(w.text(yancheng), "    advice:\n      zh: 投入以", "    requires:\n      - {id: first_c7, text: {zh: 先诊断, en: Diagnosed first}, clauses: [c7], scope: enterprise, period: policy, cite: 四(一)}\n    advice:\n      zh: 投入以", 1)
	s := Scenario{Policy: yancheng, Text: text, Ended: []string{"c7"}}
	_, err := w.Plan(ctx, w.view().Seq(), s)
	if msg, _ := errs.Message(err); msg.Key != "lab.required" {
		t.Errorf("c9 requires c7: %v", err)
	}
	s.Ended = []string{"c7", "c9"}
	if _, err := w.Plan(ctx, w.view().Seq(), s); err != nil {
		t.Errorf("both end: %v", err)
	}
}
