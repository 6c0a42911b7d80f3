package blob

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestMappedStays: what is mapped is the file as it was, whatever is put in its place.
func TestMappedStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	put := func(text string) {
		t.Helper()
		err := Replace(path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	open := func() Mapped {
		t.Helper()
		m, err := Map(path)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	long := strings.Repeat("first ", 20_000)
	put(long)
	first := open()
	put("second")
	second := open()
	put("")
	none := open()
	for i, want := range []string{long, "second", ""} {
		m := []Mapped{first, second, none}[i]
		if got := string(m.Bytes()); got != want {
			t.Errorf("mapped %.20q, want %.20q", got, want)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMapRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Map(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := Map(dir); err == nil {
		t.Error("a directory is mapped")
	}
}
