package storetest

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// traced are the calls to the system by which files are made, changed, named and brought to the disk.
const traced = "open,openat,close,write,pwrite64,lseek,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat"

// Traced runs a process under strace, and gives all that it did to the files below a directory, of which some were there before, and
// the lines that it wrote to its standard output, each where it wrote it. Where nothing can be traced it skips the test. It is for
// files that no Disk sees; of SQLite it sees the same as one, except the file's lock and its shared memory, which no cut leaves.
func Traced(t testing.TB, cmd *exec.Cmd, dir string, before Image) Trace {
	t.Helper()
	if err := exec.Command("strace", "-o", os.DevNull, "true").Run(); err != nil {
		t.Skipf("calls to the system cannot be traced here (strace): %v", err)
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "calls")
	strace := exec.Command("strace", append([]string{"-f", "-xx", "-s", "10000000", "-o", out, "-e", "trace=" + traced}, cmd.Args...)...)
	strace.Env, strace.Dir, strace.Stdin = cmd.Env, cmd.Dir, cmd.Stdin
	var words strings.Builder
	strace.Stderr = &words
	if err := strace.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &words)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	c := calls{dir: dir, trace: Trace{base: before}, names: map[string]int{}, open: map[string]*opened{}, begun: map[string]begun{}}
	for i, name := range before.names() {
		c.last = i + 1
		c.names[name] = c.last
		for above := range above(name) {
			c.names[above] = directory
		}
	}
	for line := range strings.Lines(string(text)) {
		if err := c.take(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
	}
	return c.trace
}

// calls reads what strace has written.
type calls struct {
	dir   string
	trace Trace
	last  int                // number of the file that was met last
	names map[string]int     // of the files and directories that are there
	open  map[string]*opened // by descriptor
	said  string             // of a line that is not at its end
	begun map[string]begun   // by thread
}

// opened is an open file or directory.
type opened struct {
	file int
	name string
	at   int64 // where it is written next
}

// begun is a call that another's came between: how it began, and how much had happened.
type begun struct {
	call string
	ops  int
}

var (
	calledBy = regexp.MustCompile(`^(\d+) +(.*)$`)
	called   = regexp.MustCompile(`^(\w+)\((.*)\) += (-?\d+)`)
)

// take takes in one line.
func (c *calls) take(line string) error {
	m := calledBy.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("strace wrote %.200q", line)
	}
	thread, call, since := m[1], m[2], len(c.trace.ops)
	if head, cut := strings.CutSuffix(call, "<unfinished ...>"); cut {
		c.begun[thread] = begun{strings.TrimSpace(head), since}
		if fd, closes := strings.CutPrefix(head, "close("); closes { // another thread may get its number at once
			delete(c.open, strings.TrimRight(fd, ") "))
		}
		return nil
	}
	if _, rest, resumed := strings.Cut(call, " resumed>"); resumed {
		call, since = c.begun[thread].call+rest, c.begun[thread].ops
		delete(c.begun, thread)
		if strings.HasPrefix(call, "close(") {
			return nil
		}
	}
	m = called.FindStringSubmatch(call)
	if m == nil { // a signal, an end, or a call without an answer
		return nil
	}
	result, err := strconv.ParseInt(m[3], 10, 64)
	if err != nil || result < 0 {
		return err
	}
	return c.did(m[1], strings.Split(m[2], ", "), result, since)
}

// did takes in one call that succeeded, before which so much had happened when it began.
func (c *calls) did(call string, args []string, result int64, since int) error {
	switch call {
	case "openat", "mkdirat", "unlinkat":
		args = args[1:] // all paths are whole
	}
	switch call {
	case "open", "openat":
		return c.opens(args, strconv.FormatInt(result, 10))
	case "close":
		delete(c.open, args[0])
		return nil
	case "mkdir", "mkdirat", "unlink", "unlinkat":
		name, err := c.nameOf(args[0])
		if name == "" || err != nil {
			return err
		}
		if strings.HasPrefix(call, "mkdir") {
			c.names[name] = directory
			c.adds(op{kind: made, name: name})
			return nil
		}
		c.adds(op{kind: removed, file: c.names[name], name: name})
		delete(c.names, name)
		return nil
	case "rename":
		return c.renames(args[0], args[1])
	case "renameat", "renameat2":
		return c.renames(args[1], args[3])
	}
	return c.does(call, args, result, since)
}

func (c *calls) adds(o op) { c.trace.ops = append(c.trace.ops, o) }

// does takes in a call to an open file.
func (c *calls) does(call string, args []string, result int64, since int) error {
	if call == "write" && args[0] == "1" {
		b, err := text(args[1])
		return c.says(b, err)
	}
	f := c.open[args[0]]
	if f == nil {
		return nil
	}
	switch call {
	case "lseek":
		f.at = result
	case "ftruncate":
		size, err := strconv.ParseInt(args[1], 10, 64)
		c.adds(op{kind: truncated, file: f.file, name: f.name, at: size})
		return err
	case "write", "pwrite64":
		b, err := text(args[1])
		if err != nil {
			return err
		}
		at := f.at
		if call == "write" {
			f.at += result
		} else if at, err = strconv.ParseInt(args[3], 10, 64); err != nil {
			return err
		}
		if int64(len(b)) < result {
			return fmt.Errorf("strace wrote %d bytes of %d", len(b), result)
		}
		c.adds(op{kind: wrote, file: f.file, name: f.name, at: at, data: b[:result]})
	case "fsync", "fdatasync":
		c.syncs(f, since)
	}
	return nil
}

// syncs brings to the disk what had been done when it began, and nothing that came between.
func (c *calls) syncs(f *opened, since int) {
	o := op{kind: synced, file: f.file, name: f.name}
	if f.file == directory {
		o.kind = dirSynced
	}
	after := slices.IndexFunc(c.trace.ops[since:], func(p op) bool {
		switch p.kind {
		case wrote, truncated:
			return o.kind == synced && p.file == o.file
		case created, removed, linked, made:
			return o.kind == dirSynced && filepath.Dir(p.name) == o.name
		}
		return false
	})
	if after < 0 {
		after = len(c.trace.ops) - since
	}
	c.trace.ops = slices.Insert(c.trace.ops, since+after, o)
	for thread, b := range c.begun {
		if b.ops > since+after {
			b.ops++
			c.begun[thread] = b
		}
	}
}

func (c *calls) opens(args []string, fd string) error {
	name, err := c.nameOf(args[0])
	if err != nil || name == "" {
		delete(c.open, fd)
		return err
	}
	file, there := c.names[name]
	path := filepath.Join(c.dir, name)
	switch {
	case there:
	case strings.Contains(args[1], "O_CREAT"):
		c.last++
		file = c.last
		c.names[name] = file
		c.adds(op{kind: created, file: file, name: name})
	case name == ".", strings.Contains(args[1], "O_DIRECTORY"):
		file = directory
	default:
		return fmt.Errorf("%s was opened, which nobody has made", path)
	}
	if strings.Contains(args[1], "O_TRUNC") {
		c.adds(op{kind: truncated, file: file, name: name})
	}
	c.open[fd] = &opened{file: file, name: name}
	return nil
}

func (c *calls) renames(from, to string) error {
	old, err := c.nameOf(from)
	if err != nil {
		return err
	}
	name, err := c.nameOf(to)
	if err != nil {
		return err
	}
	file, there := c.names[old]
	if !there || file == directory || name == "" {
		return fmt.Errorf("%q was renamed to %q: only files of the directory are known", old, name)
	}
	delete(c.names, old)
	c.names[name] = file
	c.adds(op{kind: linked, file: file, name: name})
	c.adds(op{kind: removed, file: file, name: old})
	for _, f := range c.open {
		if f.file == file {
			f.name = name
		}
	}
	return nil
}

// says keeps what the process tells, each line at the moment at which it was there whole.
func (c *calls) says(b []byte, err error) error {
	c.said += string(b)
	for {
		line, rest, whole := strings.Cut(c.said, "\n")
		if !whole {
			return err
		}
		c.adds(op{kind: noted, name: line})
		c.said = rest
	}
}

// nameOf is the name of a file below the directory, "" for any other and for what no cut leaves.
func (c *calls) nameOf(arg string) (string, error) {
	b, err := text(arg)
	if err != nil {
		return "", err
	}
	name, err := filepath.Rel(c.dir, string(b))
	if err != nil || name == ".." || strings.HasPrefix(name, "../") || strings.HasSuffix(name, ".lock") || strings.HasSuffix(name, "-shm") {
		return "", nil //nolint:nilerr // a path that is not whole is not below it
	}
	return name, nil
}

// text is a string as strace -xx writes it.
func text(arg string) ([]byte, error) {
	quoted, ok := strings.CutPrefix(arg, `"`)
	if quoted, whole := strings.CutSuffix(quoted, `"`); ok && whole {
		return hex.DecodeString(strings.ReplaceAll(quoted, `\x`, ""))
	}
	return nil, fmt.Errorf("strace wrote %.100q for a string", arg)
}
