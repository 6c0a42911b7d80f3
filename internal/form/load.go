package form

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Dir is where definitions stand in content.
const Dir = "forms"

// Set is the forms of today, by code. It never changes.
type Set struct{ forms []*Form }

// Load reads every form below fsys. The error is content.Problems: every mistake of every file.
func Load(fsys fs.FS, lib *content.Library) (*Set, error) {
	entries, err := fs.ReadDir(fsys, Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s := &Set{}
	var problems content.Problems
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".yaml") {
			continue
		}
		name := path.Join(Dir, e.Name())
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		f, found := Parse(lib, name, src)
		problems = append(problems, found...)
		if f == nil {
			continue
		}
		if f.Code != strings.TrimSuffix(e.Name(), ".yaml") {
			problems = append(problems, content.NewProblem(name, src, 1, 1, i18n.M("form.file_name", f.Code)))
		}
		s.forms = append(s.forms, f)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return s, nil
}

// Forms is all of them, by file. The slice must not be changed.
func (s *Set) Forms() []*Form { return s.forms }

// With is the set with more forms: those that other definitions make. An error is a code that is there already.
func (s *Set) With(more ...*Form) (*Set, error) {
	out := &Set{forms: slices.Clone(s.forms)}
	for _, f := range more {
		if _, err := out.Form(f.Code); err == nil {
			return nil, errs.Conflict(i18n.M("content.code_twice", f.Code))
		}
		out.forms = append(out.forms, f)
	}
	slices.SortFunc(out.forms, func(a, b *Form) int { return strings.Compare(a.Code, b.Code) })
	return out, nil
}

// Form is the form with a code; NotFound when there is none.
func (s *Set) Form(code string) (*Form, error) {
	i := slices.IndexFunc(s.forms, func(f *Form) bool { return f.Code == code })
	if i < 0 {
		return nil, errs.NotFound("form", code)
	}
	return s.forms[i], nil
}

func (s *Set) byHash(hash string) (*Form, bool) {
	i := slices.IndexFunc(s.forms, func(f *Form) bool { return f.Hash == hash })
	if i < 0 {
		return nil, false
	}
	return s.forms[i], true
}
