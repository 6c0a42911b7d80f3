package assess

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Dir is where models stand in content: each in a folder, with a file for each edition. Files beside the folders are the score sheets
// of judges (package rubric).
const Dir = "rubrics"

// casesSuffix marks the worked cases of an edition.
const casesSuffix = ".cases.yaml"

// Set is the models of today. It never changes.
type Set struct {
	rubrics    []*Rubric // by model, the newest edition first
	cases      map[*Rubric]*Cases
	crosswalks []*Crosswalk
}

// Load reads every edition of every model below fsys, the worked cases beside them, and the crosswalks to models of others. The error is content.Problems: every mistake of
// every file.
func Load(fsys fs.FS, lib *content.Library) (*Set, error) {
	names, err := fs.Glob(fsys, path.Join(Dir, "*", "*.yaml"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s := &Set{cases: map[*Rubric]*Cases{}}
	var problems content.Problems
	for _, name := range names {
		if strings.HasSuffix(name, casesSuffix) {
			continue
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		r, found := Compile(lib, name, src)
		problems = append(problems, found...)
		if r == nil {
			continue
		}
		if want := path.Join(Dir, r.Rubric, r.Edition+".yaml"); name != want {
			problems = append(problems, content.NewProblem(name, src, 1, 1, i18n.M("assess.file_name", r.Rubric, r.Edition, want)))
		}
		s.rubrics = append(s.rubrics, r)
		beside := strings.TrimSuffix(name, ".yaml") + casesSuffix
		src, err = fs.ReadFile(fsys, beside)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		cases, found := ParseCases(r, beside, src)
		problems = append(problems, found...)
		s.cases[r] = cases
	}
	if len(problems) > 0 {
		return nil, problems
	}
	if problems, err = s.loadCrosswalks(fsys); err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, problems
	}
	slices.SortFunc(s.rubrics, func(a, b *Rubric) int {
		if c := strings.Compare(a.Rubric, b.Rubric); c != 0 {
			return c
		}
		return strings.Compare(b.Edition, a.Edition)
	})
	return s, nil
}

// Rubrics is every edition, by model, the newest first. The slice must not be changed.
func (s *Set) Rubrics() []*Rubric { return s.rubrics }

// Cases is the worked cases of an edition; nil where there are none.
func (s *Set) Cases(r *Rubric) *Cases { return s.cases[r] }

// Current is each model in the edition that is in force on a day, the newest of several; a model none of whose editions is, is left out.
func (s *Set) Current(on period.Day) []*Rubric {
	var out []*Rubric
	for _, r := range s.rubrics {
		if r.Holds(on) && (len(out) == 0 || out[len(out)-1].Rubric != r.Rubric) {
			out = append(out, r)
		}
	}
	return out
}

// Edition is an edition of a model; NotFound when there is none.
func (s *Set) Edition(model, edition string) (*Rubric, error) {
	i := slices.IndexFunc(s.rubrics, func(r *Rubric) bool { return r.Rubric == model && r.Edition == edition })
	if i < 0 {
		return nil, errs.NotFound("rubric", model+"/"+edition)
	}
	return s.rubrics[i], nil
}
