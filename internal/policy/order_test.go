package policy

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// query is one question to a policy.
type query struct {
	until    *period.Day // the policy as it stands once it was ended
	settings map[string]string
	patches  []Patch
	asOf     period.Day
	how      int
}

// How a question is asked.
const (
	plainly = iota
	withTrace
	withAdvice
	inCrowd
	allotted
	ways
)

// reply is what each enterprise is told.
type reply struct {
	decisions []*Decision
	why       []string
	hash      string
	sums      *Allotment
}

// put puts a question to a policy, about some enterprises.
func (q query) put(t *rapid.T, p *Policy, roots []rule.Subject) reply {
	if q.until != nil {
		p = p.Until(*q.until)
	}
	plan, err := p.Plan(q.settings, q.patches...)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{hash: plan.Hash, decisions: make([]*Decision, len(roots)), why: make([]string, len(roots))}
	decide := func(i int) (*Decision, error) {
		return plan.Decide(roots[i], q.asOf, Options{Trace: q.how == withTrace, Advice: q.how == withAdvice})
	}
	if q.how == inCrowd {
		survey, err := NewCrowd(p, roots, q.asOf, nil).Ask(plan)
		if err != nil {
			t.Fatal(err)
		}
		decide = survey.Decide
	}
	var known []*Decision
	for i := range roots {
		if r.decisions[i], err = decide(i); err != nil {
			r.why[i] = err.Error()
			continue
		}
		known = append(known, r.decisions[i])
	}
	if q.how == allotted {
		r.sums = plan.Allot(known)
		for _, d := range known {
			d.Apply(r.sums)
		}
	}
	return r
}

// drawQuestions draws a few questions that differ in little, as those of one desk do.
func drawQuestions(r *rand.Rand, p *Policy) []query {
	settings := []map[string]string{nil, settingsOf(r, p), settingsOf(r, p)}
	patches := [][]Patch{nil, patchesOf(r, p), patchesOf(r, p)}
	first, last := period.Date(2022+r.IntN(4), 1+r.IntN(12), 1+r.IntN(28)), period.Date(2022+r.IntN(3), 1+r.IntN(12), 1+r.IntN(28))
	var all []query
	for range 4 {
		q := query{settings: settings[r.IntN(3)], patches: patches[r.IntN(3)], asOf: first, how: r.IntN(ways)}
		if r.IntN(3) == 0 {
			q.asOf = period.Date(2025, 6, 30)
		}
		if r.IntN(3) == 0 {
			q.until = &last
		}
		all = append(all, q)
	}
	return all
}

// TestAnyOrder asks each policy in random order, several at a time, whatever it was asked before: the replies are those of a
// policy that was compiled for the one question.
func TestAnyOrder(t *testing.T) {
	files, text := sources(t)
	l := lib(t)
	anew := func(file string) *Policy {
		p, problems := Compile(l, file, text[file])
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return p
	}
	asked := map[string]*Policy{} // by file; the same in every check
	for _, file := range slices.Clone(files) {
		p := anew(file)
		if asked[file] = p; len(p.stages) > 0 || len(p.amended()) > 0 { // few have them
			files = append(files, slices.Repeat([]string{file}, 8)...)
		}
	}
	exported := cmp.Exporter(func(reflect.Type) bool { return true })
	var until, amended, staged, changed int
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 17))
		file := files[r.IntN(len(files))]
		p := asked[file]
		var roots []rule.Subject
		for i := range 6 {
			roots = append(roots, anyFirm(r, p, i))
		}
		questions := drawQuestions(r, p)
		want := make([]reply, len(questions))
		for i, q := range questions {
			want[i] = q.put(t, anew(file), roots)
			if q.until != nil {
				until++
			}
			if len(p.amended()) > 0 {
				amended++
			}
			if want[i].sums != nil && len(want[i].sums.Sums) > 0 {
				staged++
			}
			if i > 0 && !reflect.DeepEqual(want[i], want[0]) {
				changed++
			}
		}
		got := make([][]reply, 3)
		var desks sync.WaitGroup
		for desk := range got {
			order := r.Perm(len(questions))
			got[desk] = make([]reply, len(questions))
			desks.Go(func() {
				for _, i := range order {
					got[desk][i] = questions[i].put(t, p, roots)
				}
			})
		}
		desks.Wait()
		for _, replies := range got {
			for i := range replies {
				if !reflect.DeepEqual(want[i], replies[i]) {
					t.Fatalf("%s, %+v (-by itself +after others):\n%s", p.File.Document.ID, questions[i], cmp.Diff(want[i], replies[i], exported))
				}
			}
		}
	})
	t.Logf("%d questions to a policy that was ended, %d to an amended one, %d with quotas or pools; %d other replies than the first", until, amended, staged, changed)
	if slices.Contains([]int{until, amended, staged, changed}, 0) {
		t.Error("something was never asked")
	}
}

// sources are the packages and patterns that files hold, by file.
func sources(t *testing.T) (files []string, text map[string][]byte) {
	t.Helper()
	text = map[string][]byte{}
	for _, pattern := range []string{"testdata/patterns/*/policy.yaml", "../../content/policies/*/*/policy.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			files, text[file] = append(files, file), src
		}
	}
	return files, text
}
