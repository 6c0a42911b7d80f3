package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/store"
)

// A backup that is killed in the middle leaves nothing under its name, and the next one is whole. Which moment the kill
// meets is chance; none of them may leave half a backup.
func TestBackupKilled(t *testing.T) {
	data := t.TempDir()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(data, "yanzhen.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // of a test
	files, err := blob.Open(filepath.Join(data, "files"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if _, _, err := files.Put(bytes.NewReader(bytes.Repeat([]byte{byte(i)}, 1<<16)), 1<<20); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	place := filepath.Join(dir, "backup")
	run := func(patience time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "backup", "--data", data, "--lang", "en", place) // killed when the time is over
		cmd.Args[0] = "yanzhen"
		return cmd.Run()
	}
	begun := time.Now()
	if err := run(time.Minute); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(begun) // kills are spread over as long as one takes here
	restore(t, place)
	if err := os.RemoveAll(place); err != nil {
		t.Fatal(err)
	}
	killed := 0
	for range 12 {
		if run(time.Duration(rand.Int64N(int64(whole)))) == nil {
			if err := os.RemoveAll(place); err != nil {
				t.Fatal(err)
			}
			continue
		}
		killed++
		if _, err := os.Stat(place); err == nil { // the kill came after all was done
			restore(t, place)
			if err := os.RemoveAll(place); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := run(time.Minute); err != nil {
		t.Fatal(err)
	}
	restore(t, place)
	if _, err := os.Stat(place + ".partial"); err == nil {
		t.Error("what was interrupted is still there")
	}
	t.Logf("%d of 12 were killed", killed)
}

func restore(t *testing.T, place string) {
	t.Helper()
	var said bytes.Buffer
	c := &console{in: &bytes.Buffer{}, out: &said, err: &said}
	if code := c.run(context.Background(), []string{"restore", "--data", filepath.Join(t.TempDir(), "back"), place}); code != exitOK {
		t.Fatalf("restore: %s", &said)
	}
}
