package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// The names in a backup, which are those of a data directory.
const (
	database = "yanzhen.db"
	files    = "files"
	manifest = "manifest.json"
	lastFile = "last_backup.json" // in the data directory
	partial  = ".partial"         // ends the name of what is not whole yet
)

// What to copy, and where to.
type What struct {
	URL     string // of the database, sqlite:…
	Data    string // the data directory
	To      string // a directory that is not there yet
	Version string // of the binary
	Now     int64  // ms

	db    *store.DB                                 // where this process has it open
	pool  string                                    // files there are linked to, not copied; "" for none
	begun func(context.Context) (*Beginning, error) // called once the database was copied; may be nil
	renew func(context.Context, File) error         // brings a file of the pool anew that the disk has spoilt; may be nil
}

func (w What) copy(ctx context.Context, to string) (store.Copied, error) {
	if w.db != nil {
		return w.db.Copy(ctx, to)
	}
	return store.Copy(ctx, w.URL, to)
}

// Beginning is where a journal goes on from what a backup holds.
type Beginning struct {
	Chain   string `json:"chain"`
	Segment int    `json:"segment"`
}

// Manifest is what a backup holds.
type Manifest struct {
	Version string `json:"version"` // of the binary that made it
	Made    int64  `json:"made"`    // milliseconds UTC
	Commit  int64  `json:"commit"`  // that the database knows up to
	Files   []File `json:"files"`   // by path

	Rows    map[string]int64 `json:"rows,omitempty"`    // by table
	Moment  int64            `json:"moment,omitempty"`  // that the database shows, ms; 0 where no journal is kept
	Journal *Beginning       `json:"journal,omitempty"` // nil where none is kept
}

// File is one of them.
type File struct {
	Path   string `json:"path"` // with slashes, from the directory of the backup
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Size is how many bytes a backup holds.
func (m Manifest) Size() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// Make copies an installation. It fails with Conflict where something is in the place already, and with Invalid for a
// database that is no file.
func Make(ctx context.Context, w What) (Manifest, error) {
	m := Manifest{Version: w.Version, Made: w.Now}
	err := build(w.To, func(dir string) error {
		var err error
		c, err := w.copy(ctx, filepath.Join(dir, database))
		if err != nil {
			return err
		}
		m.Commit, m.Rows, m.Moment = c.Seq, c.Rows, c.At
		if w.begun != nil {
			if m.Journal, err = w.begun(ctx); err != nil {
				return err
			}
		}
		if err := copyFiles(ctx, filepath.Join(w.Data, files), filepath.Join(dir, files), w.pool); err != nil {
			return err
		}
		if m.Files, err = list(ctx, dir); err != nil {
			return err
		}
		if err := w.checkNames(ctx, dir, m.Files); err != nil {
			return err
		}
		return writeJSON(filepath.Join(dir, manifest), m)
	})
	if err != nil {
		return Manifest{}, fmt.Errorf("back up: %w", err)
	}
	last := Last{Made: m.Made, Commit: m.Commit, Size: m.Size(), Place: w.To}
	return m, writeJSON(filepath.Join(w.Data, lastFile), last)
}

// Restore brings a backup into a place that holds nothing, as a data directory. Every file is compared with the manifest:
// it fails with Invalid, and restores nothing, where one is missing, changed, or not named there.
func Restore(ctx context.Context, from, to string) (Manifest, error) {
	m, err := read(from)
	if err != nil {
		return Manifest{}, err
	}
	err = build(to, func(dir string) error { return bringBack(ctx, from, dir, m) })
	if err != nil {
		return Manifest{}, fmt.Errorf("restore: %w", err)
	}
	return m, nil
}

// bringBack copies a backup, and compares every file with its manifest.
func bringBack(ctx context.Context, from, dir string, m Manifest) error {
	for _, f := range m.Files {
		if err := copyFile(ctx, filepath.Join(from, filepath.FromSlash(f.Path)), filepath.Join(dir, filepath.FromSlash(f.Path))); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return errs.Invalid(i18n.M("backup.damaged", f.Path))
			}
			return err
		}
	}
	have, err := list(ctx, dir)
	if err != nil {
		return err
	}
	for i, f := range have {
		if f != m.Files[i] {
			return errs.Invalid(i18n.M("backup.damaged", f.Path))
		}
	}
	return nil
}

// read reads a manifest and holds that its paths stay within the backup.
func read(dir string) (Manifest, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifest))
	if err != nil {
		return Manifest{}, errs.Invalid(i18n.M("backup.none", dir))
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return Manifest{}, errs.Invalid(i18n.M("backup.damaged", manifest))
	}
	sorted := slices.IsSortedFunc(m.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) || f.Path == manifest || !sorted {
			return Manifest{}, errs.Invalid(i18n.M("backup.damaged", manifest))
		}
	}
	if !slices.ContainsFunc(m.Files, func(f File) bool { return f.Path == database }) {
		return Manifest{}, errs.Invalid(i18n.M("backup.damaged", manifest))
	}
	return m, nil
}

// build makes a directory beside its place and gives it its name when it is whole. What an interrupted run left is
// cleared away first.
func build(to string, fill func(dir string) error) (err error) {
	to, err = filepath.Abs(to)
	if err != nil {
		return err
	}
	if err := vacant(to); err != nil {
		return err
	}
	dir := to + partial
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return errs.Unavailable(i18n.M("backup.cannot_write", to), err)
	}
	if err := fill(dir); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	if err := syncDirs(dir); err != nil {
		return err
	}
	if err := os.Rename(dir, to); err != nil { // an empty directory gives way
		return err
	}
	return syncDir(filepath.Dir(to))
}

// vacant is an error where a place holds anything.
func vacant(to string) error {
	held, err := os.ReadDir(to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil, len(held) > 0:
		return errs.Conflict(i18n.M("backup.there", to))
	}
	return nil
}

// copyFiles copies the files that were brought in. One that is taken away meanwhile was refused: nothing speaks of it.
// Those that the pool has are linked to where the disk can do that.
func copyFiles(ctx context.Context, from, to, pool string) error {
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil || len(filepath.Base(name)) != 2*sha256.Size { // one that is just coming in
			return err
		}
		target := filepath.Join(to, name)
		if pool != "" {
			if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
				return err
			}
			if os.Link(filepath.Join(pool, name), target) == nil {
				return nil
			}
		}
		if err := copyFile(ctx, path, target); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was brought in yet
	}
	return err
}

func copyFile(ctx context.Context, from, to string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close())
}

// list reads every file of a directory, by path.
func list(ctx context.Context, dir string) ([]File, error) {
	var all []File
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		f := File{Path: filepath.ToSlash(name)}
		if f.SHA256, f.Size, err = digest(path); err != nil {
			return err
		}
		all = append(all, f)
		return nil
	})
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return all, err
}

func digest(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// checkNames holds that each file that was brought in still is what its name says: a copy of what the disk has spoilt is no
// backup. Where it is the disk of the place that has spoilt it, it is brought anew.
func (w What) checkNames(ctx context.Context, dir string, all []File) error {
	for i, f := range all {
		name, ok := strings.CutPrefix(f.Path, files+"/")
		if !ok || filepath.Base(name) == f.SHA256 {
			continue
		}
		spoilt := errs.Unavailable(i18n.M("backup.spoilt", f.Path), nil)
		if w.renew == nil {
			return spoilt
		}
		err := w.renew(ctx, f)
		if errors.Is(err, errSpoilt) || errors.Is(err, fs.ErrNotExist) {
			return spoilt
		}
		if err != nil {
			return fmt.Errorf("bring %s anew: %w", f.Path, err)
		}
		if all[i].SHA256, all[i].Size, err = digest(filepath.Join(dir, filepath.FromSlash(f.Path))); err != nil {
			return err
		}
		if all[i].SHA256 != filepath.Base(name) { // it was no link, and what it was copied from is spoilt only now and then
			return spoilt
		}
	}
	return nil
}

// syncDirs waits until the names of a directory and all below it are on the disk.
func syncDirs(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// writeJSON puts a value into a file, whole or not at all.
func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	temp := path + partial
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// Last is the last backup that was made of a data directory.
type Last struct {
	Made   int64  `json:"made"` // milliseconds UTC; 0 for never
	Commit int64  `json:"commit"`
	Size   int64  `json:"size"` // bytes
	Place  string `json:"place"`
}

// LastOf is the last backup of a data directory; zero where none was made. That it was made is all that is known: whether
// it is still there, nobody has looked.
func LastOf(data string) (Last, error) {
	b, err := os.ReadFile(filepath.Join(data, lastFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Last{}, nil
	}
	var l Last
	if err == nil {
		err = json.Unmarshal(b, &l)
	}
	if err != nil {
		return Last{}, fmt.Errorf("read of the last backup: %w", err)
	}
	return l, nil
}
