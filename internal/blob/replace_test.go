package blob

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	put := func(text string) error {
		return Replace(path, func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
	}
	holds := func(want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("the file holds %q, %v; want %q", got, err, want)
		}
		if left, _ := filepath.Glob(path + "*"); len(left) != 1 {
			t.Errorf("beside it: %v", left)
		}
	}
	if err := put("one"); err != nil {
		t.Fatal(err)
	}
	holds("one")
	broken := errors.New("broken")
	err := Replace(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of tw")
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	holds("one")

	// What a process left that was killed long ago goes, what another may be writing stays.
	old, fresh := path+".1.new", path+".2.new"
	for _, name := range []string{old, fresh} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(old)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(old, time.Time{}, info.ModTime().Add(-2*forsaken)); err != nil {
		t.Fatal(err)
	}
	if err := put("three"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the forsaken file: %v", err)
	}
	if err := os.Remove(fresh); err != nil {
		t.Errorf("the file under way: %v", err)
	}
	holds("three")
}

const victim = "YANZHEN_BLOB_VICTIM"

// TestReplaceKilled kills a process that replaces a file over and over, in the middle of it: whatever stands there is
// one of the files, whole.
func TestReplaceKilled(t *testing.T) {
	if path := os.Getenv(victim); path != "" {
		for n := byte(0); ; n++ {
			err := Replace(path, func(w io.Writer) error {
				for range 200 {
					if _, err := w.Write(bytes.Repeat([]byte{n}, 10_000)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "file")
	for round := range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestReplaceKilled$")
		cmd.Env = append(os.Environ(), victim+"="+path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		known, _ := filepath.Glob(path + "*.new") // of those killed before
		for {                                     // until it writes
			all, _ := filepath.Glob(path + "*.new")
			if slices.ContainsFunc(all, func(name string) bool { return !slices.Contains(known, name) }) {
				break
			}
			time.Sleep(100 * time.Microsecond)
		}
		time.Sleep(time.Duration(round) * 3 * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		got, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil || len(got) != 2_000_000 || bytes.Count(got, got[:1]) != len(got) {
			t.Fatalf("round %d: %d bytes, %v", round, len(got), err)
		}
	}
}
