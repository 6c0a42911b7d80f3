package arch

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestNamedTestsExist checks that each test that these documents name as proof is there.
func TestNamedTestsExist(t *testing.T) {
	root := os.DirFS("../..")
	var tests strings.Builder
	for _, dir := range []string{"internal", "cmd"} {
		err := fs.WalkDir(root, dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := fs.ReadFile(root, path)
			tests.Write(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	name := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w*)[/`]")
	for file, atLeast := range map[string]int{"docs/spreadsheets.md": 30, "docs/reliability.md": 10, "docs/reliability.zh-CN.md": 10} {
		doc, err := fs.ReadFile(root, file)
		if err != nil {
			t.Fatal(err)
		}
		named := name.FindAllStringSubmatch(string(doc), -1)
		if len(named) < atLeast {
			t.Errorf("%s: only %d tests are named", file, len(named))
		}
		for _, m := range named {
			if !strings.Contains(tests.String(), "func "+m[1]+"(") {
				t.Errorf("%s names %s, which is no test", file, m[1])
			}
		}
	}
}
