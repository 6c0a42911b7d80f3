package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Disk stands between SQLite and the files of one directory. It keeps in order all that is written, cut off, made, removed and
// brought to the disk, so that a test can ask what a power cut at any moment would have left (Trace); and it gives the errors
// that a test asks for. It does so below SQLite, as its file system (VFS): the packages above run as they are shipped, without
// an option of theirs. What is beside the database in the directory (its lock, its shared memory) is not seen.
//
// While a Disk exists nothing in the process waits for the real disk, and there can be no other.
type Disk struct {
	Dir string

	// Fail, where it is set, says how a call goes wrong. It is called for one call at a time.
	Fail func(Call) Fault

	mu     sync.Mutex
	base   Image
	ops    []op
	last   int            // number of the file that was met last
	names  map[string]int // of the files that are there
	open   map[uintptr]*handle
	calls  map[What]int
	drop   *platter // what is on the disk and what is not yet, where calls may fail
	tls    *libc.TLS
	below  uintptr // SQLite's own file system
	vfs    uintptr // ours, in the driver's memory, as the tables
	kept   []any   // functions, which SQLite holds by address only
	tables map[uintptr]uintptr
}

// Image is the files of a directory and of those below it, by name.
type Image map[string][]byte

// What is a kind of call that may be told to fail.
type What int

// The calls that may fail.
const (
	Write What = iota
	Sync
	Truncate
	Opening
)

func (w What) String() string { return [...]string{"write", "sync", "truncate", "open"}[w] }

// Call is one call of SQLite: the Nth of its kind, from 1, since Begin.
type Call struct {
	What What
	N    int
	File string
}

// Fault is how a call goes wrong.
type Fault int

// What may go wrong. After Broken of a Sync, some of what was to be brought to the disk is not there any more when it is read
// again: so do the kernels that drop what they could not write.
const (
	Fine   Fault = iota
	Broken       // EIO: nothing is done
	Full         // ENOSPC: nothing is done
	Short        // half is written, and then the disk is full
	Torn         // half is written, and then EIO
)

func (f Fault) String() string {
	return [...]string{"no error", "EIO", "ENOSPC", "a short write and ENOSPC", "a short write and EIO"}[f]
}

// handle is an open file of the directory.
type handle struct {
	file int
	name string
	dirs bool // its first sync is one of the directory too: so SQLite does with each journal it may have made, whoever of its connections did
}

type kind int

const (
	wrote kind = iota
	truncated
	synced
	created
	removed
	linked    // a file that is there gets a name, another one perhaps
	made      // a directory
	dirSynced // a directory by its name, "." for that of the disk
	noted
)

// op is one thing that happened.
type op struct {
	kind kind
	file int
	name string
	at   int64 // where it is written, or what is left
	data []byte
}

type (
	xOpen     = func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32
	xDelete   = func(*libc.TLS, uintptr, uintptr, int32) int32
	xClose    = func(*libc.TLS, uintptr) int32
	xWrite    = func(*libc.TLS, uintptr, uintptr, int32, int64) int32
	xTruncate = func(*libc.TLS, uintptr, int64) int32
	xSync     = func(*libc.TLS, uintptr, int32) int32
)

// code is a function by its address, as the driver calls it.
func code[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// at is what lies at an address that the driver has allotted.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// address of a function, which is kept as long as the disk.
func address[F any](d *Disk, f F) uintptr {
	d.kept = append(d.kept, f)
	return *(*uintptr)(unsafe.Pointer(&f))
}

// outside puts a value into the driver's memory.
func outside[T any](d *Disk, v T) uintptr {
	p := libc.Xmalloc(d.tls, libc.Tsize_t(unsafe.Sizeof(v)))
	*at[T](p) = v
	return p
}

// NewDisk puts an empty directory under watch until the test ends. The databases in it must be closed by then.
func NewDisk(t testing.TB) *Disk {
	t.Helper()
	d := &Disk{Dir: t.TempDir()}
	if err := d.mount(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.unmount)
	d.Begin(t, nil)
	return d
}

// MountDisk puts a directory under watch until the process ends: for one that a test starts and that may end at any moment.
func MountDisk(dir string) (*Disk, error) {
	d := &Disk{Dir: dir}
	if err := d.mount(); err != nil {
		return nil, err
	}
	files, err := ImageOf(dir)
	d.begin(files)
	return d, err
}

// mounted is the disk of the process: SQLite holds it by addresses only, which the garbage collector does not see.
var mounted *Disk

func (d *Disk) mount() error {
	if mounted != nil {
		return errors.New("a disk is under watch already")
	}
	mounted = d
	d.tls = libc.NewTLS()
	d.tables = map[uintptr]uintptr{}
	d.below = lib.Xsqlite3_vfs_find(d.tls, 0)
	name, err := libc.CString("watched")
	if err != nil {
		return err
	}
	vfs := *at[lib.Tsqlite3_vfs](d.below)
	vfs.FzName, vfs.FxOpen, vfs.FxDelete = name, address[xOpen](d, d.xOpen), address[xDelete](d, d.xDelete)
	d.vfs = outside(d, vfs)
	if rc := lib.Xsqlite3_vfs_register(d.tls, d.vfs, 1); rc != lib.SQLITE_OK {
		return fmt.Errorf("watch the files of SQLite: %d", rc)
	}
	return nil
}

func (d *Disk) unmount() {
	mounted = nil
	lib.Xsqlite3_vfs_unregister(d.tls, d.vfs)
	libc.Xfree(d.tls, at[lib.Tsqlite3_vfs](d.vfs).FzName)
	libc.Xfree(d.tls, d.vfs)
	for _, table := range d.tables {
		libc.Xfree(d.tls, table)
	}
	d.tls.Close()
}

// Begin makes the directory what an image says, all of it on the disk, and forgets what was before.
func (d *Disk) Begin(t testing.TB, files Image) {
	t.Helper()
	if err := files.Put(d.Dir); err != nil {
		t.Fatal(err)
	}
	d.begin(files)
}

func (d *Disk) begin(files Image) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.base, d.ops, d.calls = files, nil, map[What]int{}
	d.names, d.open, d.last = map[string]int{}, map[uintptr]*handle{}, 0
	for _, name := range files.names() {
		d.last++
		d.names[name] = d.last
	}
	d.drop = newPlatter(files)
}

// Note keeps a line in its place among what happened: that something was acknowledged, say.
func (d *Disk) Note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops = append(d.ops, op{kind: noted, name: line})
}

// Trace is what has happened since Begin.
func (d *Disk) Trace() Trace {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Trace{base: d.base, ops: d.ops}
}

// Calls is how many calls of a kind there were since Begin.
func (d *Disk) Calls(w What) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[w]
}

// note keeps an op. The caller holds the lock.
func (d *Disk) note(o op) {
	if d.Fail != nil {
		d.drop.apply(o) // all that is asked of it later is what was not brought to the disk
		return
	}
	d.ops = append(d.ops, o)
}

// fault counts a call and asks how it goes. The caller holds the lock.
func (d *Disk) fault(w What, name string) Fault {
	d.calls[w]++
	if d.Fail == nil {
		return Fine
	}
	return d.Fail(Call{What: w, N: d.calls[w], File: name})
}

func (d *Disk) own() *lib.Tsqlite3_vfs { return at[lib.Tsqlite3_vfs](d.below) }

// nameOf is the name of a file in the directory, "" for any other.
func (d *Disk) nameOf(path uintptr) string {
	if path == 0 {
		return ""
	}
	name, ok := strings.CutPrefix(libc.GoString(path), d.Dir+string(filepath.Separator))
	if !ok || strings.ContainsRune(name, filepath.Separator) {
		return ""
	}
	return name
}

func (d *Disk) xOpen(tls *libc.TLS, _, path, file uintptr, flags int32, out uintptr) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := d.nameOf(path)
	if name != "" && d.fault(Opening, name) != Fine {
		return lib.SQLITE_CANTOPEN // as SQLite's own file system has it, whatever the cause
	}
	rc := code[xOpen](d.own().FxOpen)(tls, d.below, path, file, flags, out)
	if rc != lib.SQLITE_OK {
		return rc
	}
	f := at[lib.Tsqlite3_file](file)
	if f.FpMethods == 0 {
		return rc
	}
	f.FpMethods = d.table(f.FpMethods)
	if name == "" {
		return rc
	}
	if _, known := d.names[name]; !known {
		d.last++
		d.names[name] = d.last
		d.note(op{kind: created, file: d.last, name: name})
	}
	const journal = lib.SQLITE_OPEN_MAIN_JOURNAL | lib.SQLITE_OPEN_SUPER_JOURNAL | lib.SQLITE_OPEN_WAL
	d.open[file] = &handle{file: d.names[name], name: name, dirs: flags&lib.SQLITE_OPEN_CREATE != 0 && flags&journal != 0}
	return rc
}

func (d *Disk) xDelete(tls *libc.TLS, _, path uintptr, dirSync int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	rc := code[xDelete](d.own().FxDelete)(tls, d.below, path, 0)
	name := d.nameOf(path)
	n, known := d.names[name]
	if rc != lib.SQLITE_OK || !known {
		return rc
	}
	delete(d.names, name)
	d.note(op{kind: removed, file: n, name: name})
	if dirSync != 0 {
		d.note(op{kind: dirSynced, name: "."})
	}
	return rc
}

// table is the methods of a file with ours in their place.
func (d *Disk) table(of uintptr) uintptr {
	mine := d.tables[of]
	if mine == 0 {
		methods := *at[lib.Tsqlite3_io_methods](of)
		below := methods
		methods.FxClose = address[xClose](d, func(tls *libc.TLS, file uintptr) int32 {
			d.mu.Lock()
			defer d.mu.Unlock()
			delete(d.open, file)
			return code[xClose](below.FxClose)(tls, file)
		})
		methods.FxWrite = address[xWrite](d, func(tls *libc.TLS, file, data uintptr, n int32, off int64) int32 {
			return d.write(file, data, n, off, func(n int32) int32 { return code[xWrite](below.FxWrite)(tls, file, data, n, off) })
		})
		methods.FxTruncate = address[xTruncate](d, func(tls *libc.TLS, file uintptr, size int64) int32 {
			return d.truncate(file, size, func() int32 { return code[xTruncate](below.FxTruncate)(tls, file, size) })
		})
		methods.FxSync = address[xSync](d, func(_ *libc.TLS, file uintptr, _ int32) int32 { return d.sync(file) })
		mine = outside(d, methods)
		d.tables[of] = mine
	}
	return mine
}

func (d *Disk) write(file, data uintptr, n int32, off int64, below func(n int32) int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.open[file]
	if h == nil {
		return below(n)
	}
	ask, rc := n, int32(lib.SQLITE_OK)
	switch d.fault(Write, h.name) {
	case Broken:
		return lib.SQLITE_IOERR_WRITE
	case Full:
		return lib.SQLITE_FULL
	case Short:
		ask, rc = n/2, lib.SQLITE_FULL
	case Torn:
		ask, rc = n/2, lib.SQLITE_IOERR_WRITE
	}
	if got := below(ask); got != lib.SQLITE_OK {
		return got
	}
	b := make([]byte, ask)
	copy(b, unsafe.Slice(at[byte](data), ask))
	d.note(op{kind: wrote, file: h.file, at: off, data: b})
	return rc
}

func (d *Disk) truncate(file uintptr, size int64, below func() int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.open[file]
	if h == nil {
		return below()
	}
	if d.fault(Truncate, h.name) != Fine {
		return lib.SQLITE_IOERR_TRUNCATE
	}
	rc := below()
	if rc == lib.SQLITE_OK {
		d.note(op{kind: truncated, file: h.file, at: size})
	}
	return rc
}

func (d *Disk) sync(file uintptr) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.open[file]
	if h == nil {
		return lib.SQLITE_OK
	}
	if d.fault(Sync, h.name) != Fine {
		if err := d.forget(h); err != nil {
			panic(err)
		}
		return lib.SQLITE_IOERR_FSYNC
	}
	d.note(op{kind: synced, file: h.file})
	if h.dirs {
		h.dirs = false
		d.note(op{kind: dirSynced, name: "."})
	}
	return lib.SQLITE_OK
}

// ImageOf is the files of a directory and of those below it.
func ImageOf(dir string) (Image, error) {
	files := Image{}
	return files, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil {
			files[name], err = os.ReadFile(path)
		}
		return err
	})
}

// Put makes a directory hold the files of an image and no others.
func (img Image) Put(dir string) error {
	old, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range old {
		err = cmp.Or(err, os.RemoveAll(filepath.Join(dir, f.Name())))
	}
	for _, name := range img.names() {
		file := filepath.Join(dir, name)
		err = cmp.Or(err, os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, img[name], 0o600))
	}
	return err
}
