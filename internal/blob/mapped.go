package blob

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Mapped is the bytes of a file as they lie on the disk. The system brings a page in when it is first looked at, and may
// let it go again when memory is short. A file that is only ever replaced (see Replace) stays what it was as long as it is
// mapped, also when another stands in its place.
type Mapped struct{ bytes []byte }

// Map opens a file for reading in place.
func Map(path string) (_ Mapped, err error) {
	f, err := os.Open(path)
	if err != nil {
		return Mapped{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }() // the mapping does not need it
	info, err := f.Stat()
	if err != nil || info.Size() == 0 { // nothing cannot be mapped
		return Mapped{}, err
	}
	if !info.Mode().IsRegular() || int64(int(info.Size())) != info.Size() {
		return Mapped{}, fmt.Errorf("map %s: it is no file that fits into memory", path)
	}
	b, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return Mapped{}, fmt.Errorf("map %s: %w", path, err)
	}
	return Mapped{b}, nil
}

// Bytes is the whole file. It must not be written to, nor looked at after Close.
func (m Mapped) Bytes() []byte { return m.bytes }

// Close lets go of the file. One that is looked at until the process ends need not be closed.
func (m Mapped) Close() error {
	if m.bytes == nil {
		return nil
	}
	return syscall.Munmap(m.bytes)
}
