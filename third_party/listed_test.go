package thirdparty

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite SHA256SUMS")

// shelves are the folders that hold what others made: web and fonts.
func shelves(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*/SHA256SUMS")
	if err != nil || len(found) < 2 {
		t.Fatalf("lists of sums: %v, %v", found, err)
	}
	for i, f := range found {
		found[i] = filepath.Dir(f)
	}
	return found
}

// A changed file must be a decision that shows in the list, never an accident.
func TestFilesAreTheListedOnes(t *testing.T) {
	for _, shelf := range shelves(t) {
		var sums strings.Builder
		files := os.DirFS(shelf)
		err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Dir(name) == "." { // what stands beside the folders is ours
				return err
			}
			b, err := fs.ReadFile(files, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(b), name)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		list := filepath.Join(shelf, "SHA256SUMS")
		if *update {
			if err := os.WriteFile(list, []byte(sums.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), sums.String()); diff != "" {
			t.Errorf("files of %s differ from SHA256SUMS (-listed +found):\n%s", shelf, diff)
		}
	}
}

func TestEveryFolderHasItsLicence(t *testing.T) {
	for _, shelf := range shelves(t) {
		entries, err := os.ReadDir(shelf)
		if err != nil {
			t.Fatal(err)
		}
		folders := slices.DeleteFunc(entries, func(e os.DirEntry) bool { return !e.IsDir() })
		if len(folders) == 0 {
			t.Errorf("%s: no folder", shelf)
		}
		for _, f := range folders {
			if _, err := os.Stat(filepath.Join(shelf, f.Name(), "LICENSE")); err != nil {
				t.Errorf("%s: %v", shelf, err)
			}
		}
	}
}
