package content

import (
	"io/fs"
)

// Load reads all content below fsys. The error is Problems, every mistake of every file, unless reading itself failed.
func Load(fsys fs.FS) (*Library, error) {
	lib, problems := read(fsys)
	if err := problems.err(); err != nil {
		return nil, err
	}
	return lib, nil
}

// Check is every mistake in the content below fsys, in the order of files and lines.
func Check(fsys fs.FS) []Problem {
	_, problems := read(fsys)
	problems.sort()
	return problems
}

func read(fs.FS) (*Library, Problems) { return nil, nil }
