package blob

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Dir is a directory of files. It is safe for many goroutines and several processes.
type Dir struct{ root string }

const tempPrefix = "incoming-"

// MakeDir makes a directory where there is none, with those above it, and brings their names to the disk: what is then put into it
// and brought there is not lost with the name of a directory above.
func MakeDir(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	err = os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		if err := MakeDir(filepath.Dir(dir)); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o700)
	}
	made := err == nil
	if errors.Is(err, fs.ErrExist) {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			err = &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
		}
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	// One that was there may have been made by a process that was killed before it came to this. Where who runs this may not look
	// at what is above, somebody else has made it.
	err = syncDir(filepath.Dir(dir))
	if !made && errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

// Open makes the directory where there is none, and removes what an interrupted Put of a process that is gone has
// left. Only one process may open a directory while another puts files into it.
func Open(root string) (Dir, error) {
	if err := MakeDir(root); err != nil {
		return Dir{}, fmt.Errorf("open blobs: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(root, tempPrefix+"*"))
	if err != nil {
		return Dir{}, fmt.Errorf("open blobs: %w", err)
	}
	for _, name := range left {
		if err := os.Remove(name); err != nil {
			return Dir{}, fmt.Errorf("open blobs: %w", err)
		}
	}
	return Dir{root: root}, nil
}

// At is a directory of files that another process may have open, or that nobody has: it neither makes the directory nor tidies it.
func At(root string) Dir { return Dir{root: root} }

// Put stores what r holds, and returns its SHA-256 in lower-case hexadecimal and its size in bytes. More than limit
// bytes are refused with an Invalid error, and nothing is kept.
func (d Dir) Put(r io.Reader, limit int64) (sha string, size int64, err error) {
	f, err := os.CreateTemp(d.root, tempPrefix+"*")
	if err != nil {
		return "", 0, fmt.Errorf("put blob: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	limit = min(limit, math.MaxInt64-1)
	hash := sha256.New()
	w := bufio.NewWriterSize(f, 1<<16)
	size, err = io.Copy(io.MultiWriter(w, hash), io.LimitReader(r, limit+1))
	if err == nil && size > limit {
		err = errs.Invalid(i18n.M("blob.too_large", megabytes(limit)))
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", 0, fmt.Errorf("put blob: %w", err)
	}
	sha = hex.EncodeToString(hash.Sum(nil))
	if err := d.place(f.Name(), sha); err != nil {
		return "", 0, fmt.Errorf("put blob: %w", err)
	}
	return sha, size, nil
}

// place gives the file its name. The directories are written to the disk too, or a power cut could take the name away.
func (d Dir) place(temp, sha string) error {
	target := d.path(sha)
	dir := filepath.Dir(target)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Rename(temp, target); err != nil {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(d.root))
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Get opens a file by its hash; NotFound when there is none. The caller closes it.
func (d Dir) Get(sha string) (*os.File, error) {
	if len(sha) != 2*sha256.Size || strings.Trim(sha, "0123456789abcdef") != "" {
		return nil, errs.NotFound("file", sha)
	}
	f, err := os.Open(d.path(sha))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errs.NotFound("file", sha)
	}
	if err != nil {
		return nil, fmt.Errorf("get blob: %w", err)
	}
	return f, nil
}

// Remove takes a file away that nothing refers to, such as one that was refused after it was put. One that is not there
// is no error.
func (d Dir) Remove(sha string) error {
	f, err := d.Get(sha)
	if errs.KindOf(err) == errs.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if err := errors.Join(f.Close(), os.Remove(d.path(sha))); err != nil {
		return fmt.Errorf("remove blob: %w", err)
	}
	return syncDir(filepath.Dir(d.path(sha)))
}

func (d Dir) path(sha string) string { return filepath.Join(d.root, sha[:2], sha) }

// megabytes rounds up: a limit is never told smaller than it is.
func megabytes(n int64) int64 { return (n + 1<<20 - 1) >> 20 }
