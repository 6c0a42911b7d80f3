package blob_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
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

// Whenever a file was put, the disk has it: its bytes, its name and the names of all directories above it, up to one that was there
// before the installation. So no power cut afterwards takes it, wherever it comes. What the process asks of the system is what counts.
func TestPutIsOnTheDisk(t *testing.T) {
	for _, control := range []bool{false, true} {
		before := t.TempDir()
		files := filepath.Join("srv", "yanzhen", "files")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), puts+"="+filepath.Join(before, "srv", "yanzhen"))
		if control {
			cmd.Env = append(cmd.Env, careless+"=yes")
		}
		trace := storetest.Traced(t, cmd, before, nil)
		var cuts storetest.Cuts
		var told, wrong []string
		cuts.Each(storetest.Seeded(t), trace.Play(false), 300, func(sha string) { told = append(told, sha) }, func(left storetest.Image) bool {
			for _, sha := range told {
				if sum := sha256.Sum256(left[filepath.Join(files, sha[:2], sha)]); hex.EncodeToString(sum[:]) != sha {
					wrong = append(wrong, fmt.Sprintf("%s was acknowledged, and a power cut has taken it", sha))
				}
			}
			return true
		})
		// Of 20 files, since a trace may be cut from its half on, and begins with directories.
		if len(told) < 5 || 2*cuts.File < cuts.N || len(wrong) > 0 != control {
			t.Errorf("careless %v: %d files acknowledged, %s, %d files lost: %q", control, len(told), cuts, len(wrong), wrong[:min(len(wrong), 5)])
		}
	}
}
