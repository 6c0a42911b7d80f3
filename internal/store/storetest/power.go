package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	driver "modernc.org/sqlite"
)

// Trace is all that happened to a directory, in order: what to cut the power in.
type Trace struct {
	base Image
	ops  []op
}

// Len is how many things happened; a cut is after so many of them.
func (t Trace) Len() int { return len(t.ops) }

// Play goes through a trace from its beginning. A disk that lies says that it is done with a sync, and is not.
func (t Trace) Play(lies bool) *Player {
	return &Player{trace: t, disk: newPlatter(t.base), lies: lies}
}

// Player is a place in a trace.
type Player struct {
	trace Trace
	disk  *platter
	next  int
	lies  bool
}

// To goes on until n things have happened, and tells the lines that were noted.
func (p *Player) To(n int, hear func(line string)) {
	for ; p.next < n; p.next++ {
		o := p.trace.ops[p.next]
		switch {
		case o.kind == noted:
			hear(o.name)
		case p.lies && (o.kind == synced || o.kind == dirSynced):
		default:
			p.disk.apply(o)
		}
	}
}

// Cut is what a power cut met.
type Cut struct {
	Mid        bool // a transaction was on its way into the write-ahead log
	Checkpoint bool // the log was being copied into the database
	Lost       bool // something that was not brought to the disk is gone
	Torn       bool // something that was written at once is there in part
	File       bool // a file below the directory of the database was on its way: its bytes or its name
}

// Cut is the files that a power cut leaves here, by what r says: of what was brought to the disk all, of the rest each sector
// (512 or 4096 bytes) as it was at some moment since; a file that was cut off is, or is not; in one of ten cuts nothing of the rest, in one all of it, in two what came
// first, up to the middle of a write. Where a file has grown and nothing was written there are zeros, or anything.
func (p *Player) Cut(r *rand.Rand) (Image, Cut) { return p.disk.cut(r) }

// inode is a file: what is on the disk of it, and what is to come.
type inode struct {
	data    []byte
	pending []op
}

// platter is the disk below a directory.
type platter struct {
	files map[int]*inode
	names map[string]int // of the files and directories
	todo  []op           // of directories, not on the disk yet
}

const directory = -1 // is the number of every directory

func newPlatter(files Image) *platter {
	d := &platter{files: map[int]*inode{}, names: map[string]int{}}
	for i, name := range files.names() {
		d.names[name] = i + 1
		d.files[i+1] = &inode{data: slices.Clone(files[name])}
		for dir := range above(name) {
			d.names[dir] = directory
		}
	}
	return d
}

// above are the directories above a file, up to that of the disk, which is always there.
func above(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for dir := filepath.Dir(name); dir != "."; dir = filepath.Dir(dir) {
			if !yield(dir) {
				return
			}
		}
	}
}

func (img Image) names() []string { return slices.Sorted(maps.Keys(img)) }

func (d *platter) apply(o op) {
	switch o.kind {
	case wrote, truncated:
		f := d.files[o.file]
		f.pending = append(f.pending, o)
	case synced:
		f := d.files[o.file]
		for _, p := range f.pending {
			f.data = after(f.data, p)
		}
		f.pending = nil
	case created:
		d.files[o.file] = &inode{}
		d.todo = append(d.todo, o)
	case removed, linked, made:
		d.todo = append(d.todo, o)
	case dirSynced:
		d.todo = slices.DeleteFunc(d.todo, func(todo op) bool {
			is := filepath.Dir(todo.name) == o.name
			if is {
				enter(d.names, todo)
			}
			return is
		})
	}
}

func enter(names map[string]int, o op) {
	switch o.kind {
	case removed:
		delete(names, o.name)
	case made:
		names[o.name] = directory
	default:
		names[o.name] = o.file
	}
}

// named are the names that a cut leaves: of each directory those that were brought to the disk, and of what came after as much as r
// says, in its order; and no name in a directory that has none.
func (d *platter) named(r *rand.Rand) map[string]int {
	names := maps.Clone(d.names)
	todo := map[string]int{}
	for _, o := range d.todo {
		todo[filepath.Dir(o.name)]++
	}
	for _, dir := range slices.Sorted(maps.Keys(todo)) {
		todo[dir] = r.IntN(todo[dir] + 1)
	}
	for _, o := range d.todo {
		if dir := filepath.Dir(o.name); todo[dir] > 0 {
			todo[dir]--
			enter(names, o)
		}
	}
	maps.DeleteFunc(names, func(name string, _ int) bool {
		for dir := range above(name) {
			if n, there := names[dir]; !there || n != directory {
				return true
			}
		}
		return false
	})
	return names
}

// after is a file after it was written to or cut off.
func after(b []byte, o op) []byte {
	end := o.at + int64(len(o.data))
	if o.kind == truncated && end < int64(len(b)) {
		return b[:end]
	}
	if n := end - int64(len(b)); n > 0 {
		b = append(b, make([]byte, n)...)
	}
	copy(b[o.at:], o.data)
	return b
}

// how is how the power fails.
type how struct {
	*rand.Rand
	sector int64
	rest   rest
	junk   bool // where a file has grown and nothing was written, lies anything
}

type rest int

const (
	none rest = iota
	all
	first
	some
)

func (d *platter) cut(r *rand.Rand) (Image, Cut) {
	h := how{Rand: r, sector: 512, rest: some, junk: r.IntN(4) == 0}
	if r.IntN(2) == 0 {
		h.sector = 4096
	}
	switch r.IntN(10) {
	case 0:
		h.rest = none
	case 1:
		h.rest = all
	case 2, 3:
		h.rest = first
	}
	met := Cut{File: slices.ContainsFunc(d.todo, func(o op) bool { return below(o.name) })}
	names := d.named(h.Rand)
	files := Image{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if names[name] == directory {
			continue
		}
		f := d.files[names[name]]
		if len(f.pending) > 0 {
			met.Mid = met.Mid || isLog(name)
			met.Checkpoint = met.Checkpoint || !isLog(name) && !below(name)
			met.File = met.File || below(name)
		}
		var lost, torn bool
		files[name], lost, torn = f.cut(h)
		met.Lost, met.Torn = met.Lost || lost, met.Torn || torn
	}
	return files, met
}

// cut is what a file holds after a cut.
func (f *inode) cut(h how) (b []byte, lost, torn bool) {
	if h.rest == some {
		return f.scatter(h)
	}
	n := 0
	switch h.rest {
	case all:
		n = len(f.pending)
	case first:
		n = h.IntN(len(f.pending) + 1)
	}
	b = slices.Clone(f.data)
	for _, o := range f.pending[:n] {
		b = after(b, o)
	}
	if n < len(f.pending) && h.rest == first {
		o := f.pending[n]
		whole := int64(len(o.data))
		if part := h.Int64N(whole/h.sector+1) * h.sector; part > 0 && part < whole {
			o.data, torn = o.data[:part], true
			b = after(b, o)
		}
	}
	return b, n < len(f.pending), torn
}

// scatter takes each sector as it was at some moment. A file is cut off or is not: what was written after it was cut off lies in
// other places of the disk, and is not there while the file is not cut off.
func (f *inode) scatter(h how) (b []byte, lost, torn bool) {
	b = slices.Clone(f.data)
	pending := f.pending
	for {
		i := slices.IndexFunc(pending, func(o op) bool { return o.kind == truncated })
		if i < 0 {
			b, l, t := (&inode{data: b, pending: pending}).spread(h)
			return b, lost || l, torn || t
		}
		part, l, t := (&inode{data: b, pending: pending[:i]}).spread(h)
		lost, torn = lost || l, torn || t
		if h.IntN(2) == 0 {
			return part, true, torn
		}
		b, pending = after(part, pending[i]), pending[i+1:]
	}
}

// spread is scatter for what was written.
func (f *inode) spread(h how) (b []byte, lost, torn bool) {
	sizes := []int64{int64(len(f.data))}
	touches := map[int64][]int{} // sector: which of the pending touch it
	for i, o := range f.pending {
		end := o.at + int64(len(o.data))
		for s := o.at / h.sector; s*h.sector < end; s++ {
			touches[s] = append(touches[s], i)
		}
		sizes = append(sizes, max(sizes[i], end))
	}
	b = make([]byte, sizes[h.IntN(len(sizes))])
	if n := copy(b, f.data); h.junk {
		for i := n; i < len(b); i++ {
			b[i] = byte(h.Uint32())
		}
	}
	here, gone := make([]bool, len(f.pending)), make([]bool, len(f.pending))
	for _, s := range slices.Sorted(maps.Keys(touches)) {
		of := touches[s]
		n := len(of)
		if h.IntN(2) == 0 {
			n = h.IntN(n)
		}
		for j, i := range of {
			here[i], gone[i] = here[i] || j < n, gone[i] || j >= n
		}
		lost = lost || n < len(of)
		if n > 0 {
			f.fill(b, s*h.sector, min((s+1)*h.sector, int64(len(b))), of[:n])
		}
	}
	for i := range here {
		torn = torn || here[i] && gone[i]
	}
	return b, lost || int64(len(b)) != sizes[len(sizes)-1], torn
}

// fill makes a part of a file what it was after some of the pending.
func (f *inode) fill(b []byte, from, to int64, pending []int) {
	if from >= to {
		return
	}
	clear(b[from:to])
	if from < int64(len(f.data)) {
		copy(b[from:to], f.data[from:])
	}
	for _, i := range pending {
		o := f.pending[i]
		lo, hi := max(o.at, from), min(o.at+int64(len(o.data)), to)
		if lo < hi {
			copy(b[lo:hi], o.data[lo-o.at:hi-o.at])
		}
	}
}

// forget makes the file what is left when the kernel drops what it could not write. The caller holds the lock.
func (d *Disk) forget(h *handle) error {
	f := d.drop.files[h.file]
	b, _, _ := f.scatter(how{Rand: rand.New(rand.NewPCG(uint64(d.calls[Sync]), uint64(h.file))), sector: 4096, rest: some})
	now := f.data
	for _, o := range f.pending {
		now = after(slices.Clone(now), o)
	}
	b = append(b, make([]byte, max(0, len(now)-len(b)))...)[:len(now)] // the size is known to the kernel all the same
	return os.WriteFile(filepath.Join(d.Dir, h.name), b, 0o600)
}

// Cuts counts cuts and what they met.
type Cuts struct {
	N, Mid, Checkpoint, Lost, Torn, File int
	traces                               int
}

func (c Cuts) String() string {
	return fmt.Sprintf("%d power cuts: %d in a transaction, %d in a checkpoint, %d lost what was not on the disk, %d tore a write", c.N, c.Mid, c.Checkpoint, c.Lost, c.Torn)
}

func (c *Cuts) add(met Cut) {
	c.N++
	for _, x := range []struct {
		n   *int
		was bool
	}{{&c.Mid, met.Mid}, {&c.Checkpoint, met.Checkpoint}, {&c.Lost, met.Lost}, {&c.Torn, met.Torn}, {&c.File, met.File}} {
		if x.was {
			*x.n++
		}
	}
}

// Each cuts the power so many times at random moments of a trace, in their order, and looks at what each has left, until look says
// no. What was noted before a cut is heard before it is looked at. The last cut is somewhere in the second half of one trace, so
// that work is under way in what it leaves, and at the end of the next, where the database is closed. Checkpoints are few and
// short: there one cut in four is in one.
func (c *Cuts) Each(r *rand.Rand, p *Player, cuts int, hear func(line string), look func(left Image) bool) {
	c.traces++
	for _, n := range p.trace.moments(r, cuts, c.traces%2 == 0) {
		p.To(n, hear)
		left, met := p.Cut(r)
		c.add(met)
		if !look(left) {
			return
		}
	}
}

// moments are so many places to cut at, to the end of a trace or not.
func (t Trace) moments(r *rand.Rand, n int, whole bool) []int {
	moments := []int{len(t.ops)/2 + r.IntN(len(t.ops)-len(t.ops)/2+1)}
	var copying []int
	if whole {
		moments[0], copying = len(t.ops), t.checkpoints()
	}
	for len(moments) < n {
		if len(copying) > 0 && r.IntN(4) == 0 {
			moments = append(moments, copying[r.IntN(len(copying))])
			continue
		}
		moments = append(moments, r.IntN(moments[0]+1))
	}
	slices.Sort(moments)
	return moments
}

// checkpoints are the moments at which the log was being copied into the database.
func (t Trace) checkpoints() (all []int) {
	log := map[int]bool{}
	for i, name := range t.base.names() {
		log[i+1] = isLog(name)
	}
	for i, o := range t.ops {
		switch {
		case o.kind == created:
			log[o.file] = isLog(o.name)
		case o.kind == wrote && !log[o.file] && !below(o.name):
			all = append(all, i+1)
		}
	}
	return all
}

func isLog(name string) bool { return strings.HasSuffix(name, "-wal") }

// below says that a file is not in the directory of the database itself.
func below(name string) bool { return filepath.Dir(name) != "." }

// Without is a trace without the waits for the disk that forget names: of a file by its name at that time, or of a directory. It is a
// process that does not wait there, a control.
func (t Trace) Without(forget func(name string, dir bool) bool) Trace {
	t.ops = slices.DeleteFunc(slices.Clone(t.ops), func(o op) bool {
		return (o.kind == synced || o.kind == dirSynced) && forget(o.name, o.kind == dirSynced)
	})
	return t
}

// Enough fails the test where cuts met too little for their number: then it would have shown little. A few cuts are not judged.
func (c Cuts) Enough(t testing.TB) {
	t.Helper()
	if c.N < 100 {
		return
	}
	for _, x := range []struct {
		what    string
		n, want int // percent
	}{{"in a transaction", c.Mid, 50}, {"in a checkpoint", c.Checkpoint, 5}, {"with a loss", c.Lost, 50}, {"with a torn write", c.Torn, 25}} {
		if 100*x.n < x.want*c.N {
			t.Errorf("%d of %d cuts were %s, want %d %%", x.n, c.N, x.what, x.want)
		}
	}
}

// CutsEnv is how often the power is cut in each test that does: "make soak" asks for more.
const CutsEnv = "YANZHEN_TEST_POWER_CUTS"

// CutsAsked is how often the power is to be cut, n where nothing is asked.
func CutsAsked(n int) int {
	if asked, err := strconv.Atoi(os.Getenv(CutsEnv)); err == nil {
		return asked
	}
	return n
}

// Seeded is a source of chance whose seed is told.
func Seeded(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Restored puts what a power cut has left into a directory, with the mark of a database that was not closed, and gives the URL of
// a database in it. The store brings that mark to the disk before it opens the database, so no cut takes it away.
func Restored(t testing.TB, left Image, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := left.Put(dir); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file+".lock", []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + file
}

// Whole says what is wrong with the pages of a SQLite database; it is for those that may be broken, which the store would end the
// process for.
func Whole(url string) (err error) {
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return errors.New(verdict)
	}
	return nil
}

// Relax has SQLite wait less for the disk than the product asks it to, until the test ends: a control.
func Relax(t testing.TB, synchronous string) {
	on := true
	t.Cleanup(func() { on = false })
	driver.RegisterConnectionHook(func(conn driver.ExecQuerierContext, _ string) error {
		if !on {
			return nil
		}
		_, err := conn.ExecContext(context.Background(), "PRAGMA synchronous="+synchronous, nil)
		return err
	})
}
