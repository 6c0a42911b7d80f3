package blob

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// forsaken is after how long a file under way is taken for one whose writer is gone.
const forsaken = time.Hour

// Replace writes a file in place of the one that is there, if any. Until the new one is on the disk, whole, the old one
// stays: an error, or the end of the process or of the machine, leaves it. Several may replace a file at once; that of
// one of them stands at the end.
func Replace(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	sweep(path, f)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("replace %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return nil
}

// sweep takes away what a process that was killed has left. What cannot be taken away is in nobody's way.
func sweep(path string, mine *os.File) {
	now, err := mine.Stat()
	if err != nil {
		return
	}
	left, _ := filepath.Glob(path + ".*.new") // a pattern that is none finds nothing
	for _, name := range left {
		if info, err := os.Stat(name); err == nil && now.ModTime().Sub(info.ModTime()) > forsaken {
			_ = os.Remove(name)
		}
	}
}
