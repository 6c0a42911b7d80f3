package lint

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// everyPolicy is the documents of the tests and all worked examples.
func everyPolicy(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"testdata/*.yaml", "../testdata/patterns/*/policy.yaml", "../../../content/policies/*/*/policy.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			all = append(all, read(t, file))
		}
	}
	return all
}

// numbers is the numbers of a line.
var numbers = regexp.MustCompile(`[0-9]+`)

// TestTornFiles: files that lack lines, or have some of them twice or from another file, are told what is wrong with them,
// whatever is left of them.
func TestTornFiles(t *testing.T) {
	all, l := everyPolicy(t), lib(t)
	city := Source{Dir: "city", Policy: []byte(read(t, "testdata/city.yaml"))}
	rapid.Check(t, func(t *rapid.T) {
		lines := strings.Split(rapid.SampledFrom(all).Draw(t, "file"), "\n")
		for range rapid.IntRange(1, 4).Draw(t, "tears") {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "tear") {
			case 0:
				lines = append(append([]string{}, lines[:i]...), lines[i+1:]...)
			case 1:
				lines = append(append([]string{}, lines[:i+1]...), lines[i:]...)
			case 2:
				lines[i] = numbers.ReplaceAllString(lines[i], rapid.SampledFrom([]string{"0", "1", "-5", "99999999"}).Draw(t, "number"))
			case 3:
				other := strings.Split(rapid.SampledFrom(all).Draw(t, "other"), "\n")
				lines[i] = rapid.SampledFrom(other).Draw(t, "line")
			}
			if len(lines) == 0 {
				break
			}
		}
		for _, f := range Check(l, []Source{{Dir: "torn", Policy: []byte(strings.Join(lines, "\n"))}}, city).Findings {
			if f.At.File == "" || f.Rule == "" || f.What.IsZero() {
				t.Fatalf("a finding without a place or a word: %+v", f)
			}
		}
	})
}
