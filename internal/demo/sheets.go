package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/yanzhen/yanzhen/internal/blob"
)

// made is what the sheets in a directory are, as its file made.json tells.
type made struct {
	Options
	Generator string // what the generator made of a few firms: another one makes something else
	Files     []File
}

const (
	madeFile    = "made.json"
	sampleFirms = 40
)

// Sheets gives the sheets of a city in dir, which must exist. Those that are there already stay when the same generator
// made them of the same city, all of them; a second start of a large demonstration need not write them once more. known
// is the files, by SHA-256, that nobody is going to read any more: whether one of the others is still what was written,
// its bytes tell, and if not, all are written anew.
func Sheets(ctx context.Context, dir string, opt Options, known map[string]bool) ([]File, error) {
	generator, err := sample(ctx, opt.Seed)
	if err != nil {
		return nil, err
	}
	if files := standing(dir, made{Options: opt, Generator: generator}, known); files != nil {
		return files, nil
	}
	record := filepath.Join(dir, madeFile)
	if err := os.Remove(record); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("write the sheets anew: %w", err)
	}
	files, err := Generate(ctx, dir, opt)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(made{Options: opt, Generator: generator, Files: named(files)}, "", "  ")
	if err == nil {
		err = blob.Replace(record, func(w io.Writer) error {
			_, err := w.Write(append(text, '\n'))
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("record the sheets: %w", err)
	}
	return files, nil
}

// standing is the files of a directory when they are those that are wanted; nil otherwise.
func standing(dir string, want made, known map[string]bool) []File {
	text, err := os.ReadFile(filepath.Join(dir, madeFile))
	if err != nil {
		return nil
	}
	var is made
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&is); err != nil || is.Options != want.Options || is.Generator != want.Generator {
		return nil
	}
	for i := range is.Files {
		f := &is.Files[i]
		f.Path = filepath.Join(dir, filepath.Base(f.Path))
		if known[f.SHA256] {
			continue
		}
		if sum, err := digestOf(f.Path); err != nil || sum != f.SHA256 {
			return nil
		}
	}
	return is.Files
}

// sample is the hash of a small city: the version of the generator, found out and not declared, so that no change of it
// is forgotten.
func sample(ctx context.Context, seed uint64) (_ string, err error) {
	dir, err := os.MkdirTemp("", "yanzhen-sample-")
	if err != nil {
		return "", fmt.Errorf("make a sample: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	files, err := Generate(ctx, dir, Options{Seed: seed, Size: sampleFirms})
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(named(files)); err != nil {
		return "", fmt.Errorf("hash a sample: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// named is files without the directory that they are in, which may move.
func named(files []File) []File {
	files = slices.Clone(files)
	for i := range files {
		files[i].Path = filepath.Base(files[i].Path)
	}
	return files
}

func digestOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
