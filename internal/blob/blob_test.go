package blob_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/errs"
)

func open(t *testing.T) (blob.Dir, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "new", "blobs")
	d, err := blob.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return d, root
}

// files are all regular files below the directory, by name.
func files(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPutGet(t *testing.T) {
	d, root := open(t)
	for _, content := range [][]byte{nil, []byte("企业名单"), bytes.Repeat([]byte{0, 1, 2}, 100_000)} {
		sum := sha256.Sum256(content)
		for range 2 { // twice the same is once
			sha, size, err := d.Put(bytes.NewReader(content), int64(len(content)))
			if err != nil || sha != hex.EncodeToString(sum[:]) || size != int64(len(content)) {
				t.Fatalf("put %d bytes: %s, %d, %v", len(content), sha, size, err)
			}
			f, err := d.Get(sha)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(f)
			if err := errors.Join(err, f.Close()); err != nil || !bytes.Equal(got, content) {
				t.Errorf("got %d bytes of %d, %v", len(got), len(content), err)
			}
		}
	}
	if n := len(files(t, root)); n != 3 {
		t.Errorf("%d files for three contents", n)
	}
}

func TestPutRefuses(t *testing.T) {
	d, root := open(t)
	_, _, err := d.Put(strings.NewReader("12345"), 4)
	if errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("too large: %v", err)
	}
	torn := errors.New("line dropped")
	_, _, err = d.Put(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(torn)), 100)
	if !errors.Is(err, torn) {
		t.Errorf("torn: %v", err)
	}
	if left := files(t, root); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestGetRefuses(t *testing.T) {
	d, _ := open(t)
	for _, sha := range []string{
		"", "ab", "../../../../etc/passwd", strings.Repeat("a", 63), strings.Repeat("A", 64), strings.Repeat("a", 64),
		"..%2f" + strings.Repeat("a", 59), "../" + strings.Repeat("a", 61),
	} {
		if f, err := d.Get(sha); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("%q: %v, %v", sha, f, err)
		}
	}
}

func TestOpenSweeps(t *testing.T) {
	d, root := open(t)
	sha, _, err := d.Put(strings.NewReader("kept"), 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "incoming-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.Open(root); err != nil {
		t.Fatal(err)
	}
	if left := files(t, root); len(left) != 1 || left[0] != sha {
		t.Errorf("files %v", left)
	}
}

func TestPutAtATime(t *testing.T) {
	d, root := open(t)
	var group errgroup.Group
	for range 16 {
		group.Go(func() error {
			_, _, err := d.Put(strings.NewReader("the same"), 100)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
	if n := len(files(t, root)); n != 1 {
		t.Errorf("%d files", n)
	}
}

func TestRemove(t *testing.T) {
	d, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sha, _, err := d.Put(strings.NewReader("refused"), 100)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds nothing to do
		if err := d.Remove(sha); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Get(sha); errs.KindOf(err) != errs.KindNotFound {
		t.Errorf("after it was removed: %v, want not found", err)
	}
	if err := d.Remove("../../etc/passwd"); err != nil {
		t.Errorf("what is no hash: %v, want nothing done", err)
	}
}
