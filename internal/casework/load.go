package casework

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Dir is where workflows stand in content.
const Dir = "workflows"

// Load reads every workflow below fsys. The error is content.Problems where files have mistakes: every one of every file.
func Load(ctx context.Context, fsys fs.FS, in Reading) (*Set, error) {
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
		w, found, err := Parse(ctx, in, name, src)
		if err != nil {
			return nil, err
		}
		problems = append(problems, found...)
		if w == nil {
			continue
		}
		if w.Workflow != strings.TrimSuffix(e.Name(), ".yaml") {
			problems = append(problems, w.doc.Problem(i18n.M("casework.file_name", w.Workflow), "workflow"))
		}
		s.list = append(s.list, w)
	}
	if len(problems) == 0 {
		problems = s.between()
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return s, nil
}

// Gather is a set of workflows that were read one by one; its problems are of what they say of each other.
func Gather(workflows ...*Workflow) (*Set, content.Problems) {
	s := &Set{list: slices.Clone(workflows)}
	return s, s.between()
}
