package indicator

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
)

// Dir is where indicators stand in content: files of a group each, with worked cases beside them.
const Dir = "indicators"

// casesSuffix marks the worked cases of a file.
const casesSuffix = ".cases.yaml"

// Load reads every file below fsys and its worked cases, and holds the targets of the library's plans against them. The error is content.Problems: every mistake of every file.
func Load(fsys fs.FS, lib *content.Library) (*Set, []Case, error) {
	names, err := fs.Glob(fsys, path.Join(Dir, "*.yaml"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	var sources, beside []Source
	for _, name := range names {
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, nil, err
		}
		if strings.HasSuffix(name, casesSuffix) {
			beside = append(beside, Source{name, src})
		} else {
			sources = append(sources, Source{name, src})
		}
	}
	set, problems := Compile(lib, sources)
	if len(problems) > 0 {
		return nil, nil, problems
	}
	problems = set.aims(lib)
	var cases []Case
	for _, b := range beside {
		found, ps := ParseCases(lib, set, b)
		problems = append(problems, ps...)
		cases = append(cases, found...)
	}
	if len(problems) > 0 {
		return nil, nil, problems
	}
	return set, cases, nil
}
