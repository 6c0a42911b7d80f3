package content

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// Overlay is base with a deployer's files over it: a file that exists in over wins whole, a directory holds the names
// of both. Nothing is merged inside a file.
func Overlay(base, over fs.FS) fs.FS { return overlay{base, over} }

type overlay struct{ base, over fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	f, err := o.over.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = o.base.Open(name)
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.IsDir() {
		return f, nil // a file that cannot be asked will not be read either, and says so then
	}
	entries, err := o.ReadDir(name)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &overlayDir{File: f, rest: entries}, nil
}

// overlayDir is a directory with the names of both sides.
type overlayDir struct {
	fs.File
	rest []fs.DirEntry
}

func (d *overlayDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 || n > len(d.rest) {
		if n > 0 && len(d.rest) == 0 {
			return nil, io.EOF
		}
		n = len(d.rest)
	}
	list := d.rest[:n:n]
	d.rest = d.rest[n:]
	return list, nil
}

func (o overlay) ReadFile(name string) ([]byte, error) {
	b, err := fs.ReadFile(o.over, name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	return fs.ReadFile(o.base, name)
}

func (o overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	top, err := fs.ReadDir(o.over, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	low, baseErr := fs.ReadDir(o.base, name)
	if baseErr != nil && (err != nil || !errors.Is(baseErr, fs.ErrNotExist)) {
		return nil, baseErr
	}
	for _, e := range low {
		if !slices.ContainsFunc(top, func(t fs.DirEntry) bool { return t.Name() == e.Name() }) {
			top = append(top, e)
		}
	}
	slices.SortFunc(top, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return top, nil
}
