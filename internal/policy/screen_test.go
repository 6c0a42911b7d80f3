package policy

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// drawnSubject is a subject whose facts are drawn when they are first asked for, so that it may stand before any policy.
type drawnSubject struct {
	of       *drawnFirm
	kind, id string
	parent   *drawnSubject
	children []*drawnSubject
}

// drawnFirm is what an enterprise and all below it share.
type drawnFirm struct {
	*rand.Rand
	seed  uint64
	lib   *content.Library
	areas []string
	wild  bool // amounts that do not fit, and texts that are no codes
	known bool // nothing is unknown
}

func (s *drawnSubject) Kind() string { return s.kind }
func (s *drawnSubject) ID() string   { return s.id }
func (s *drawnSubject) Name() string { return "" }

func (s *drawnSubject) Parent() rule.Subject {
	if s.parent == nil {
		return nil
	}
	return s.parent
}

func (s *drawnSubject) Children(kind string) []rule.Subject {
	var all []rule.Subject
	for _, c := range s.children {
		if c.kind == kind {
			all = append(all, c)
		}
		all = append(all, c.Children(kind)...)
	}
	return all
}

func (s *drawnSubject) Fact(def content.FactDef, p period.Period, _ period.Day) (rule.Value, rule.State) {
	if def.Code == rule.AreaCode || def.Code == rule.IndustryCode {
		p = period.Period{}
	}
	h := fnv.New64a()
	fmt.Fprint(h, s.id, def.Code, p)
	f := *s.of
	f.Rand = rand.New(rand.NewPCG(f.seed, h.Sum64()))
	switch n := f.IntN(12); {
	case n == 0 && !f.known:
		return rule.Value{}, rule.Unknown
	case n == 1:
		return rule.Value{}, rule.None
	}
	return f.value(def), rule.Present
}

// value is one that a policy may have asked for.
func (f *drawnFirm) value(def content.FactDef) rule.Value {
	switch rule.TypeOf(def.Type) {
	case rule.BoolType:
		return rule.Bool(f.IntN(4) > 0)
	case rule.IntType:
		return rule.Int(f.Int64N(400))
	case rule.DecimalType:
		return rule.Decimal(f.Int64N(300_000_000))
	case rule.MoneyType:
		if f.wild && f.IntN(3) > 0 {
			return rule.Money(1<<63 - 1)
		}
		if f.IntN(8) == 0 {
			return rule.Money(0)
		}
		return rule.Money(money.Fen(f.Int64N(12_000)) * money.Wan / 10)
	case rule.RateType:
		return rule.FactValue(content.Rate, f.Int64N(1_000_000), "")
	case rule.DayType:
		return rule.Day(period.Date(2020+f.IntN(6), 1+f.IntN(12), 1+f.IntN(28)))
	}
	switch list, ok := f.lib.CodeList(def.Codes); {
	case def.Code == rule.AreaCode && f.IntN(10) > 0 && len(f.areas) > 0:
		return rule.Text(f.areas[f.IntN(len(f.areas))])
	case def.Code == rule.AreaCode:
		return rule.Text([]string{"110000", "320902", "nowhere"}[f.IntN(3)])
	case def.Code == rule.IndustryCode:
		return rule.Text([]string{"C3670", "3911", "C35", "A01"}[f.IntN(4)])
	case ok && len(list.Entries) > 0 && !(f.wild && f.IntN(20) == 0):
		return rule.Text(list.Entries[f.IntN(len(list.Entries))].Code)
	}
	return rule.Text(fmt.Sprint("T", f.IntN(3)))
}

// anyFirm makes an enterprise with projects, loans, leases and honours.
func anyFirm(r *rand.Rand, p *Policy, n int) *drawnSubject {
	f := &drawnFirm{Rand: r, seed: r.Uint64(), lib: p.lib, wild: r.IntN(2) == 0, known: r.IntN(2) == 0}
	if a := p.File.Document.Area; a != nil {
		for _, top := range a.In {
			f.areas = append(f.areas, p.lib.Areas().Below(top)...)
		}
	}
	child := func(parent *drawnSubject, kind string, i int) *drawnSubject {
		c := &drawnSubject{of: f, kind: kind, id: fmt.Sprint(kind, n, ".", i), parent: parent}
		if parent != nil {
			parent.children = append(parent.children, c)
			c.id = parent.id + "." + c.id
		}
		return c
	}
	root := child(nil, content.Enterprise, 0)
	for i := range f.IntN(3) {
		project := child(root, content.Project, i)
		for k := range f.IntN(2) {
			child(project, content.Lease, k)
		}
		for k := range f.IntN(3) {
			child(project, content.Loan, k)
		}
	}
	for i := range f.IntN(3) {
		child(root, content.Honour, i)
	}
	return root
}

// packages is every policy that the product ships, and every one that a test of the format has.
func packages(t *testing.T) []*Policy {
	t.Helper()
	dirs, err := filepath.Glob("testdata/patterns/*")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../content/policies/*/*")
	if err != nil {
		t.Fatal(err)
	}
	var all []*Policy
	for _, dir := range append(dirs, more...) {
		all = append(all, compile(t, dir))
	}
	return append(all, bySize(t), raisedTwice(t), owing(t), countedPerhaps(t), yearly(t), meeting(t), failing(t), overflowing(t))
}

// overflowing is a policy whose conditions add amounts that may not fit together.
func overflowing(t *testing.T) *Policy {
	t.Helper()
	return altered(t, "03-threshold", "of: project.investment, at_least", "of: project.investment + project.software, at_least",
		`'project.kind == "digital"'`, `'project.kind == "digital" && project.investment + project.software != money("1元")'`)
}

// yearly is a policy of one clause, of which the projects of an enterprise share a ceiling in each year.
func yearly(t *testing.T) *Policy {
	t.Helper()
	return altered(t, "01-share-ceiling", "scope: enterprise, period: policy", "scope: enterprise, period: year")
}

// meeting is a policy of which most honours give rise to claims of all clauses, that meet in groups.
func meeting(t *testing.T) *Policy {
	t.Helper()
	return altered(t, "22-higher-of", "honour.title ==", "honour.title !=")
}

// failing is a policy of which a number tells whether a condition fails, before another rules the row out.
func failing(t *testing.T) *Policy {
	t.Helper()
	return altered(t, "03-threshold", "when: [{id: smart,", `when: [{id: fits, text: {zh: 数额, en: It fits}, `+
		`expr: 'project.investment - money("500万元") + param.least != money("1元")'}, {id: smart,`)
}

// bySize is a policy whose threshold lies between two numbers while the size of an enterprise is not known.
func bySize(t *testing.T) *Policy {
	t.Helper()
	return altered(t, "03-threshold", "value: 500万元", "by: ent.size, values: {large: 500万元, medium: 300万元, small: 300万元}",
		"quote: 500万元以上", "quote: 大型企业500万元以上，中小型企业300万元以上")
}

// raisedTwice is a policy with an uplift of two conditions, of which one may have no answer where the other says no. What it
// is counted on may be less than nothing.
func raisedTwice(t *testing.T) *Policy {
	t.Helper()
	return altered(t, "09-uplift", "scope: project, period: year", "scope: unit, period: event",
		"of: project.investment, rate", "of: project.investment - project.software, rate", "expr: ent.cloud_stars == 5}]",
		`expr: ent.cloud_stars > 200}, {id: large, text: {zh: 投入, en: Input}, expr: 'project.investment + project.software != money("1元")'}]`)
}

// owing is a policy whose interest is counted on amounts that may not fit together, at a rate that some have not.
func owing(t *testing.T) *Policy {
	t.Helper()
	return altered(t, "15-interest", "principal: loan.principal}}", "principal: loan.principal + loan.interest_paid}}",
		"value: 2%, cite: 十五, quote: 按贷款额的2%", "by: ent.size, values: {large: 2%}, cite: 十五, quote: 按贷款额的2%",
		`'loan.bank == "principal"'`, `'loan.bank != "principal"'`)
}

// countedPerhaps is a policy whose ceiling, which counts other awards, is there under one answer to a question.
func countedPerhaps(t *testing.T) *Policy {
	t.Helper()
	return altered(t, "23-joint-ceiling", "with: [equipment]", "with: [equipment]\n        only: {setting: levels, is: together}",
		"clauses:\n", "settings:\n  - {id: levels, question: {zh: 合计, en: Together}, default: apart, cite: 二十三(三), options: "+
			"[{id: together, text: {zh: 是, en: Together}}, {id: apart, text: {zh: 否, en: Apart}}]}\nclauses:\n")
}

// altered is the policy of a pattern in which texts were replaced: old, new, old, new.
func altered(t *testing.T, pattern string, changes ...string) *Policy {
	t.Helper()
	file := filepath.Join("testdata/patterns", pattern, "policy.yaml")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(src), changes[i]) {
			t.Fatalf("%s has no %s", file, changes[i])
		}
	}
	p, problems := Compile(lib(t), file, []byte(strings.NewReplacer(changes...).Replace(string(src))))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

// TestManyAreOneByOne holds the decisions of many enterprises at once against those of each alone, for every policy and
// random facts: all that is in them.
func TestManyAreOneByOne(t *testing.T) {
	all := packages(t)
	exported := cmp.Exporter(func(reflect.Type) bool { return true })
	var lines, spared, failed, unknown, firms, odd, parted, one, several, moved, stood int
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 11))
		p := all[len(all)-1-r.IntN(4)]
		if r.IntN(6) > 0 {
			p = all[r.IntN(len(all))]
		}
		plan, err := p.Plan(settingsOf(r, p))
		if err != nil {
			t.Fatal(err)
		}
		var roots []rule.Subject
		for i := range 100 {
			roots = append(roots, anyFirm(r, p, i))
		}
		asOf := period.Date(2022+r.IntN(4), 1+r.IntN(12), 1+r.IntN(28))
		survey, err := NewCrowd(p, roots, asOf, nil).Ask(plan)
		if err != nil {
			t.Fatal(err)
		}
		for range r.IntN(3) { // asked for other answers and numbers first
			settings := plan.Settings
			if r.IntN(4) == 0 {
				settings = settingsOf(r, p)
			}
			if plan, err = p.Plan(settings, patchesOf(r, p)...); err != nil {
				t.Fatal(err)
			}
			if survey, err = again(r, survey, plan); err != nil {
				t.Fatal(err)
			}
			if some := survey.Moved(); some != nil {
				moved, stood = moved+len(some.Firms), stood+len(roots)-len(some.Firms)
			}
		}
		paid, odds := maps.Collect(survey.Paid(0, len(roots))), slices.Collect(survey.Odds(0, len(roots)))
		for i := range roots {
			if paid[i] != survey.Total(i) || survey.Odd(i) != slices.Contains(odds, i) {
				t.Fatalf("%s as of %s: firm %d is paid %d, one among all %d, odd %t", p.File.Document.ID, asOf, i, survey.Total(i), paid[i], survey.Odd(i))
			}
			got, gotErr := survey.Decide(i)
			want, wantErr := plan.Decide(roots[i], asOf, Options{})
			if diff := cmp.Diff(WhyNot(wantErr), WhyNot(gotErr)); diff != "" || (wantErr == nil) != (gotErr == nil) {
				t.Fatalf("%s as of %s: firm %d (-alone +together):\n%s", p.File.Document.ID, asOf, i, diff)
			}
			if !reflect.DeepEqual(want, got) {
				t.Fatalf("%s as of %s: firm %d (-alone +together):\n%s", p.File.Document.ID, asOf, i, cmp.Diff(want, got, exported))
			}
			firms++
			switch {
			case wantErr != nil:
				failed++
			case len(want.Lines) == 0:
				spared++
			case want.State == Unknown:
				unknown++
			}
			if want != nil {
				lines += len(want.Lines)
			}
			if survey.Odd(i) {
				inShort(t, survey, i)
				if odd++; wantErr == nil && survey.Parted(i) {
					parted++
					inParts(t, survey, i, want)
				}
				continue
			}
			if wantErr != nil {
				t.Fatalf("%s as of %s: firm %d is settled in columns, and has no decision: %v", p.File.Document.ID, asOf, i, wantErr)
			}
			var sums Sums
			survey.Sums(i, &sums)
			sums.some = nil // its room
			if survey.Total(i) != sums.Total {
				t.Fatalf("%s as of %s: firm %d: a total of %d, and sums of %d", p.File.Document.ID, asOf, i, survey.Total(i), sums.Total)
			}
			if diff := cmp.Diff(sumsOf(plan, want), sums, exported); diff != "" {
				t.Fatalf("%s as of %s: firm %d (-alone +in columns):\n%s", p.File.Document.ID, asOf, i, diff)
			}
			switch len(sums.Lines) {
			case 0:
			case 1:
				one++
			default:
				several++
			}
		}
	})
	t.Logf("in columns: %d with one line, %d with several; %d by themselves, of which %d in part", one, several, odd, parted)
	t.Logf("asked again: %d moved, %d stood", moved, stood)
	t.Logf("%d firms: %d without a line, %d not known, %d failed; %d lines", firms, spared, unknown, failed, lines)
	for what, n := range map[string]int{"without a line": spared, "not known": unknown, "failed": failed, "lines": lines, "one line in columns": one, "several lines in columns": several, "by themselves": odd, "in part": parted, "moved": moved, "stood": stood} {
		if n*100 < firms {
			t.Errorf("%s: %d of %d, less than a hundredth", what, n, firms)
		}
	}
}

// inShort holds what is left of an enterprise, in short, against the decision of it.
func inShort(t *rapid.T, survey *Survey, i int) {
	left, gotErr := survey.Closer(nil).Left(i, nil)
	d, wantErr := survey.DecideLeft(i)
	if diff := cmp.Diff(WhyNot(wantErr), WhyNot(gotErr)); diff != "" || (wantErr == nil) != (gotErr == nil) {
		t.Fatalf("%s: firm %d (-decided +in short):\n%s", survey.plan.Policy.File.Document.ID, i, diff)
	}
	if wantErr != nil {
		return
	}
	if diff := cmp.Diff(survey.plan.Brief(d), left.Brief); diff != "" {
		t.Fatalf("%s: firm %d (-decided +in short):\n%s", survey.plan.Policy.File.Document.ID, i, diff)
	}
}

// again asks another plan of the crowd of a survey, from the beginning or from the survey.
func again(r *rand.Rand, s *Survey, pl *Plan) (*Survey, error) {
	if r.IntN(3) == 0 {
		return s.crowd.Ask(pl)
	}
	return s.Again(pl)
}

// inParts holds what columns settle and what is left, taken together, against the decision of an enterprise.
func inParts(t *rapid.T, survey *Survey, i int, want *Decision) {
	var sums Sums
	survey.Sums(i, &sums)
	left, err := survey.DecideLeft(i)
	if err != nil {
		t.Fatal(err)
	}
	just := func(a money.Fen) Interval { return Interval{Sure: a, Possible: a} }
	got := *left
	got.Total, got.InKind = left.Total.And(sums.Total), left.InKind.And(sums.InKind)
	if sums.Floor != nil {
		floor := just(*sums.Floor)
		if left.Floor != nil {
			floor = left.Floor.And(*sums.Floor)
		}
		got.Floor = &floor
	}
	type line struct {
		clause string
		year   int
		pays   Interval
	}
	lines := func(d *Decision) map[line]int {
		all := map[line]int{}
		for _, l := range d.Lines {
			all[line{l.Clause, l.Year, l.Pays}]++
		}
		return all
	}
	both := lines(left)
	for _, l := range sums.Lines {
		both[line{survey.plan.Clauses()[l.Clause].ID, l.Year, just(l.Pays)}]++
	}
	if want.State != sums.StateWith(left.Total.Plus(left.InKind), left.State) || want.Total != got.Total || want.InKind != got.InKind || !reflect.DeepEqual(want.Floor, got.Floor) || len(want.Missing) != len(got.Missing) ||
		!reflect.DeepEqual(lines(want), both) {
		t.Fatalf("%s: firm %d: %+v\nin parts %+v and %+v", want.Policy, i, want, sums, left)
	}
}

// sumsOf is what columns would say of a decision in which all is known.
func sumsOf(pl *Plan, d *Decision) Sums {
	out := Sums{State: d.State, Total: d.Total.Sure, InKind: d.InKind.Sure}
	if d.Floor != nil {
		out.Floor = &d.Floor.Sure
	}
	for _, i := range []Interval{d.Total, d.InKind} {
		if !i.Exact() || len(d.Missing) > 0 {
			out.Total = -1
		}
	}
	for _, l := range d.Lines {
		n := slices.IndexFunc(pl.Clauses(), func(c *Clause) bool { return c.ID == l.Clause })
		pays := l.Pays.Sure
		if !l.Pays.Exact() || l.State != Met {
			pays = -1
		}
		out.Lines = append(out.Lines, LineSum{Clause: n, Year: l.Year, Pays: pays})
	}
	return out
}

// settingsOf answers the open questions of a policy by chance.
func settingsOf(r *rand.Rand, p *Policy) map[string]string {
	out := map[string]string{}
	for _, s := range p.File.Settings {
		out[s.ID] = s.Options[r.IntN(len(s.Options))].ID
	}
	return out
}

// TestRenumbering changes numbers of every policy by chance, twice: what is left of an enterprise is, from what was left of it
// under other numbers, what it is by itself; and where no touched clause may be met by it, it is as it was.
func TestRenumbering(t *testing.T) {
	all := packages(t)
	var stood, changed, firms, told int
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 13))
		p := all[r.IntN(len(all))]
		settings := settingsOf(r, p)
		base, err := p.Plan(settings)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := p.Plan(settings, patchesOf(r, p)...)
		if err != nil {
			t.Fatal(err)
		}
		diff, ok := plan.Since(base)
		if ok == plan.Staged() {
			t.Fatalf("%s: compared %v, staged %v", p.File.Document.ID, ok, plan.Staged())
		}
		if !ok {
			return
		}
		var roots []rule.Subject
		for i := range 40 {
			roots = append(roots, anyFirm(r, p, i))
		}
		asOf := period.Date(2022+r.IntN(4), 1+r.IntN(12), 1+r.IntN(28))
		crowd := NewCrowd(p, roots, asOf, nil)
		survey, err := crowd.Ask(plan)
		if err != nil {
			t.Fatal(err)
		}
		was, err := crowd.Ask(base)
		if err != nil {
			t.Fatal(err)
		}
		further, err := p.Plan(settings, patchesOf(r, p)...)
		if err != nil {
			t.Fatal(err)
		}
		diffs := []*Renumbering{nil, diff}
		if diff, ok = further.Since(plan); !ok {
			t.Fatalf("%s: not compared", p.File.Document.ID)
		}
		last, err := crowd.Ask(further)
		if err != nil {
			t.Fatal(err)
		}
		surveys := []*Survey{was, survey, last}
		diffs = append(diffs, diff)
		for i := range roots {
			var before *Left
			for n, s := range surveys {
				if !s.Odd(i) {
					before = nil
					continue
				}
				after, gotErr := s.Closer(diffs[n]).Left(i, before)
				want, wantErr := s.Closer(nil).Left(i, nil)
				if diff := cmp.Diff(WhyNot(wantErr), WhyNot(gotErr)); diff != "" || (wantErr == nil) != (gotErr == nil) {
					t.Fatalf("%s as of %s, %v: firm %d (-anew +from before):\n%s", p.File.Document.ID, asOf, s.plan.Patches, i, diff)
				}
				if wantErr != nil {
					before = nil
					continue
				}
				if diff := cmp.Diff(want.Brief, after.Brief); diff != "" || want.Whole != after.Whole {
					t.Fatalf("%s as of %s, %v: firm %d (-anew +from before):\n%s", p.File.Document.ID, asOf, s.plan.Patches, i, diff)
				}
				if before != nil {
					firms++
					switch {
					case before == after:
						stood++
					case !reflect.DeepEqual(before.Brief, after.Brief):
						changed++
					}
				}
				if after.told != nil {
					told++
				}
				before = after
			}
		}
	})
	t.Logf("%d firms: %d stood, %d changed, %d told by question", firms, stood, changed, told)
	if stood*10 < firms || changed*50 < firms || told*10 < firms {
		t.Error("too few")
	}
}

// patchesOf changes some numbers.
func patchesOf(r *rand.Rand, p *Policy) []Patch {
	var all []Patch
	for range min(1+r.IntN(2), len(p.params)) {
		prm, key := p.params[r.IntN(len(p.params))], ""
		if keys := sortedKeys(prm.Values); len(keys) > 0 {
			key = keys[r.IntN(len(keys))]
		}
		all = append(all, patchOf(r, prm, key))
	}
	return all
}

// patchOf is another number of a parameter.
func patchOf(r *rand.Rand, prm *param, key string) Patch {
	patch := Patch{Param: prm.ID, Key: key}
	switch prm.Type {
	case "money":
		patch.Value = fmt.Sprint(r.IntN(900), "万元")
	case "rate":
		patch.Value = fmt.Sprint(r.IntN(40), "%")
	case "date":
		patch.Value = period.Date(2021+r.IntN(4), 1+r.IntN(12), 5).String()
	default:
		patch.Value = fmt.Sprint(1 + r.IntN(40))
	}
	return patch
}

// TestSinceAnotherFile compares a file with one in which a number was changed wherever it stands, as who drafts the next
// year's document does, and with one in which a condition was.
func TestSinceAnotherFile(t *testing.T) {
	const file = "testdata/patterns/10-requires/policy.yaml"
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	plan := func(old, new string) *Plan {
		p, problems := Compile(lib(t), file, []byte(strings.ReplaceAll(string(src), old, new)))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		pl, err := p.Plan(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pl
	}
	base := plan("", "")
	diff, ok := plan("50万元", "60万元").Since(base)
	if !ok || diff.Touched(0) || !diff.Touched(1) {
		t.Errorf("another award: %v %+v", ok, diff)
	}
	if _, ok := plan("cloud_five_star", "cloud_four_star").Since(base); ok {
		t.Error("another condition is taken for another number")
	}
}
