package blob_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/blob"
)

// puts, where it is set, has the test binary put files into a new installation, whose data directory it names, and tell the hash of
// each once it was put; careless is the same without waiting for the disk, a control.
const (
	puts     = "YANZHEN_TEST_BLOB_PUTS"
	careless = "YANZHEN_TEST_BLOB_CARELESS"
)

func TestMain(m *testing.M) {
	data := os.Getenv(puts)
	if data == "" {
		os.Exit(m.Run())
	}
	put := putMany
	if mode := os.Getenv(faulty); mode != "" {
		put = func(data string) error { return putAll(data, mode) }
	}
	if err := put(data); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func putMany(data string) error {
	if err := blob.MakeDir(data); err != nil {
		return err
	}
	root := filepath.Join(data, "files")
	d, err := blob.Open(root)
	if err != nil {
		return err
	}
	for n := range 20 {
		sha, _, err := d.Put(strings.NewReader(strings.Repeat("发票 ", n+1)), 1<<20)
		if err != nil {
			return err
		}
		if os.Getenv(careless) != "" { // as if the last wait had been left out: another name for the file, and none for the disk
			path := filepath.Join(root, sha[:2], sha)
			if err := errors.Join(os.Rename(path, path+".x"), os.Rename(path+".x", path)); err != nil {
				return err
			}
		}
		fmt.Println(sha)
	}
	return nil
}

// platter is what a disk holds for certain, as the calls of a process to the system tell: the bytes of a file after it was synced, a
// name after its directory was.
type platter struct {
	names   map[string]bool // that were made: whether they are on the disk
	content map[string]bool // that was written: whether it is
}

var (
	calledFile = regexp.MustCompile(`^(write|fsync)\(\d+<([^>]*)>`)
	calledName = regexp.MustCompile(`^(mkdirat|renameat2?|openat)\(.*?"([^"]*)"(?:.*?"([^"]*)")?`)
	calledBy   = regexp.MustCompile(`^(?:\[pid +)?(\d+)\]? +(.*)$`)
)

// apply takes in one call that succeeded, and gives what was written to the standard output.
func (p *platter) apply(call string) (said string) {
	if m := calledFile.FindStringSubmatch(call); m != nil {
		switch path := m[2]; {
		case strings.HasPrefix(call, "write(1<"):
			_, said, _ = strings.Cut(call, `"`)
			said, _, _ = strings.Cut(said, `\n"`)
		case m[1] == "write":
			p.content[path] = false
		default:
			p.content[path] = true
			for name := range p.names {
				if filepath.Dir(name) == path {
					p.names[name] = true
				}
			}
		}
		return said
	}
	m := calledName.FindStringSubmatch(call)
	switch {
	case m == nil:
	case m[1] == "mkdirat", m[1] == "openat" && strings.Contains(call, "O_CREAT"):
		p.names[m[2]] = false
	case strings.HasPrefix(m[1], "renameat"):
		p.names[m[3]], p.content[m[3]] = false, p.content[m[2]]
		delete(p.names, m[2])
		delete(p.content, m[2])
	}
	return ""
}

// holds says what a power cut now may take of a file, up to a directory that was there before; "" for nothing.
func (p *platter) holds(path, before string) string {
	if !p.content[path] {
		return "its content"
	}
	for ; path != before; path = filepath.Dir(path) {
		if !p.names[path] {
			return "the name " + path
		}
	}
	return ""
}

// Whenever a file was put, the disk has it: its bytes, its name and the names of all directories above it, up to one that was there
// before the installation. So no power cut afterwards takes it, wherever it comes. What the process asks of the system is what counts.
func TestPutIsOnTheDisk(t *testing.T) {
	if err := exec.Command("strace", "-o", os.DevNull, "true").Run(); err != nil {
		t.Skipf("calls to the system cannot be traced here (strace): %v", err)
	}
	for _, control := range []bool{false, true} {
		before, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		data, out := filepath.Join(before, "srv", "yanzhen"), filepath.Join(t.TempDir(), "calls")
		cmd := exec.Command("strace", "-f", "-y", "-s", "300", "-o", out, "-e", "trace=mkdirat,renameat,renameat2,openat,write,fsync", os.Args[0])
		cmd.Env = append(os.Environ(), puts+"="+data)
		if control {
			cmd.Env = append(cmd.Env, careless+"=yes")
		}
		if words, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, words)
		}
		calls, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		p := platter{names: map[string]bool{}, content: map[string]bool{}}
		told, wrong := 0, []string{}
		begun := map[string]string{} // by thread: a call that another's came between
		for line := range strings.Lines(string(calls)) {
			m := calledBy.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil {
				continue
			}
			call := m[2]
			if head, cut := strings.CutSuffix(call, " <unfinished ...>"); cut {
				begun[m[1]] = head
				continue
			}
			if _, rest, resumed := strings.Cut(call, " resumed>"); resumed {
				call = begun[m[1]] + rest
			}
			if strings.Contains(call, ") = -1 ") || strings.Contains(call, " = -1 E") {
				continue
			}
			if sha := p.apply(call); sha != "" {
				told++
				if lost := p.holds(filepath.Join(data, "files", sha[:2], sha), before); lost != "" {
					wrong = append(wrong, fmt.Sprintf("%s was acknowledged, and a power cut may take %s", sha, lost))
				}
			}
		}
		if told != 20 || len(wrong) > 0 != control {
			t.Errorf("careless %v: %d files acknowledged, %d of them not on the disk: %q", control, told, len(wrong), wrong)
		}
	}
}
