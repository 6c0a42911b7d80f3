package webassets

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite SHA256SUMS")

// A changed file must be a decision that shows in the list, never an accident.
func TestFilesAreTheListedOnes(t *testing.T) {
	var sums strings.Builder
	err := fs.WalkDir(FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := FS.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(b), path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("SHA256SUMS", []byte(sums.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), sums.String()); diff != "" {
		t.Errorf("files differ from SHA256SUMS (-listed +found):\n%s", diff)
	}
}

func TestEveryFolderHasItsLicence(t *testing.T) {
	folders, err := FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if _, err := fs.Stat(FS, f.Name()+"/LICENSE"); err != nil {
			t.Errorf("%s: %v", f.Name(), err)
		}
	}
}
