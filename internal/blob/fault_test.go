package blob_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/blob"
)

// faulty, where it is set beside puts, has the process go on after a file that could not be put; a deaf one, a control, tells its
// hash as if it had been.
const (
	faulty = "YANZHEN_TEST_BLOB_FAULTY"
	deaf   = "deaf"
)

const manyPut = 12

// putAll puts files that take up to four writes each, on one thread, whose calls are counted.
func putAll(data, mode string) error {
	runtime.LockOSThread()
	d, err := blob.Open(data)
	if err != nil {
		return err
	}
	for n := range manyPut {
		body := strings.Repeat(fmt.Sprintf("凭证 %d ", n), 2_000*(n+1))
		sha, _, err := d.Put(strings.NewReader(body), 1<<20)
		switch {
		case err == nil:
			fmt.Println(sha)
		case mode == deaf:
			sum := sha256.Sum256([]byte(body))
			fmt.Println(hex.EncodeToString(sum[:]))
		}
	}
	return nil
}

// spoilt says what is wrong with a directory of files of which some were acknowledged, one that is not there, and one whose bytes are
// not what its name says; and how many are there. Open tidies first, as the next process does.
func spoilt(t *testing.T, data string, acknowledged []string) (wrong []string, there int) {
	t.Helper()
	d, err := blob.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, sha := range acknowledged {
		f, err := d.Get(sha)
		if err != nil {
			wrong = append(wrong, "acknowledged and not there: "+sha)
			continue
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	err = filepath.WalkDir(data, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		there++
		body, err := os.ReadFile(path)
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != e.Name() {
			wrong = append(wrong, "not what its name says: "+path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return wrong, there
}

// Any call to the system that puts files fails, once or from some moment on, with EIO or ENOSPC, a write in the middle of a file too:
// what was acknowledged is there and whole, what was not is not there by half. A process that does not listen is seen.
func TestPutFaults(t *testing.T) {
	if err := exec.Command("strace", "-o", os.DevNull, "true").Run(); err != nil {
		t.Skipf("calls to the system cannot be traced here (strace): %v", err)
	}
	for _, control := range []bool{false, true} {
		seen := 0
		for _, call := range []string{"write", "fsync", "renameat", "mkdirat"} {
			refused := 0
			for _, errno := range []string{"EIO", "ENOSPC"} {
				for _, when := range []string{"2", "9", "6+"} {
					data := t.TempDir()
					mode := "honest"
					if control {
						mode = deaf
					}
					cmd := exec.Command("strace", "-f", "-o", os.DevNull, "-e", "trace="+call, "-e", fmt.Sprintf("inject=%s:error=%s:when=%s", call, errno, when), os.Args[0])
					cmd.Env = append(os.Environ(), puts+"="+data, faulty+"="+mode)
					said, err := cmd.Output()
					if err != nil {
						t.Fatalf("%s %s %s: %v", call, errno, when, err)
					}
					var acknowledged []string
					for line := range strings.Lines(string(said)) { // a write of these may have failed too
						if sha := strings.TrimSpace(line); len(sha) == 2*sha256.Size {
							acknowledged = append(acknowledged, sha)
						}
					}
					wrong, there := spoilt(t, data, acknowledged)
					seen, refused = seen+len(wrong), refused+manyPut-there
					if !control && len(wrong) > 0 {
						t.Errorf("%s %s %s: %q", call, errno, when, wrong)
					}
				}
			}
			if refused == 0 {
				t.Errorf("no %s ever failed", call)
			}
		}
		if control && seen == 0 {
			t.Error("a process that does not listen to errors is not seen")
		}
	}
}
