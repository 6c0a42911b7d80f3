package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// asvs is how many requirements ASVS 5.0.0 has at levels 1 and 2.
const asvs = 253

// TestSecurityIsShown holds docs/security.md against the tree.
func TestSecurityIsShown(t *testing.T) {
	root := os.DirFS("../..")
	doc, err := fs.ReadFile(root, "docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	faults, count := checkSecurity(root, string(doc))
	for _, f := range faults {
		t.Error(f)
	}
	for chapter, want := range map[string]int{"OWASP": asvs, "GB/T": 34, "Threats": 18} {
		if count[chapter] != want {
			t.Errorf("%s: %d numbers, want %d", chapter, count[chapter], want)
		}
	}
}

var (
	secRow   = regexp.MustCompile(`^\| ((?:T\d+|\d+(?:\.\d+)+)(?: [a-z]\))?(?:, \d+\.\d+\.\d+)*) \|`)
	secNamed = regexp.MustCompile("`([^`]+)`")
	secTest  = regexp.MustCompile(`^((?:internal|cmd)/[a-z0-9/]+)\.((?:Test|Fuzz)\w+)$`)
	secFile  = regexp.MustCompile(`^(?:(?:internal|cmd|docs|content)/[\w./-]+|go\.sum|Makefile)$`)
)

// checkSecurity is what is wrong with the rows of a page on security, and how many numbers each chapter has.
func checkSecurity(root fs.FS, doc string) (faults []string, count map[string]int) {
	count = map[string]int{}
	chapter, seen := "", map[string]bool{}
	for line := range strings.Lines(doc) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			chapter = strings.Fields(title)[0]
		}
		m := secRow.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		state, where := strings.TrimSpace(cells[len(cells)-2]), cells[len(cells)-1]
		for no := range strings.SplitSeq(m[1], ", ") {
			if seen[no] {
				faults = append(faults, no+" stands twice")
			}
			seen[no] = true
			count[chapter]++
		}
		if !slices.Contains([]string{"held", "partly", "not done", "n/a"}, state) {
			faults = append(faults, m[1]+": no such state: "+state)
		}
		named := 0
		for _, n := range secNamed.FindAllStringSubmatch(where, -1) {
			switch test := secTest.FindStringSubmatch(n[1]); {
			case test != nil:
				named++
				if !hasTest(root, test[1], test[2]) {
					faults = append(faults, m[1]+": there is no "+n[1])
				}
			case secFile.MatchString(n[1]):
				named++
				if _, err := fs.Stat(root, n[1]); err != nil {
					faults = append(faults, m[1]+": there is no "+n[1])
				}
			case strings.HasPrefix(n[1], "Test"), strings.HasPrefix(n[1], "Fuzz"):
				faults = append(faults, m[1]+": "+n[1]+" without its package")
			}
		}
		if state == "held" && named == 0 {
			faults = append(faults, m[1]+" is held, and nothing shows it")
		}
		if state == "n/a" && strings.TrimSpace(where) == "" {
			faults = append(faults, m[1]+" does not apply, and nothing says why")
		}
	}
	return faults, count
}

func hasTest(root fs.FS, dir, name string) bool {
	files, err := fs.Glob(root, path.Join(dir, "*_test.go"))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(files, func(file string) bool {
		src, err := fs.ReadFile(root, file)
		return err == nil && strings.Contains(string(src), "func "+name+"(")
	})
}

// TestSecurityRowsBite plants each fault in a page.
func TestSecurityRowsBite(t *testing.T) {
	root := fstest.MapFS{
		"internal/a/a_test.go": {Data: []byte("package a; func TestIn(t *testing.T) {}")},
		"internal/a/a.go":      {Data: []byte("package a")},
	}
	for name, tc := range map[string]struct{ rows, want string }{
		"sound":              {"| 1.1.1, 1.1.2 | 1 | x | held | `internal/a.TestIn`, `internal/a/a.go` |\n| T1 | x | not done | |\n| 8.1.4.1 a) | x | n/a | none |", ""},
		"no such test":       {"| 1.1.1 | 1 | x | held | `internal/a.TestOut` |", "there is no internal/a.TestOut"},
		"part of a name":     {"| 1.1.1 | 1 | x | held | `internal/a.TestI` |", "there is no internal/a.TestI"},
		"another's test":     {"| 1.1.1 | 1 | x | held | `internal/b.TestIn` |", "there is no internal/b.TestIn"},
		"a test of nobody":   {"| 1.1.1 | 1 | x | held | `TestIn`, `internal/a/a.go` |", "without its package"},
		"no such file":       {"| 1.1.1 | 1 | x | partly | `internal/a/b.go` |", "there is no internal/a/b.go"},
		"twice":              {"| 1.1.1, 1.1.2 | 1 | x | n/a | none |\n| 1.1.2 | 1 | x | n/a | none |", "1.1.2 stands twice"},
		"held by nothing":    {"| 1.1.1 | 1 | x | held | by `go vet` |", "nothing shows it"},
		"no reason":          {"| 1.1.1 | 1 | x | n/a | |", "nothing says why"},
		"a state of our own": {"| 1.1.1 | 1 | x | mostly | `internal/a/a.go` |", "no such state"},
	} {
		faults, _ := checkSecurity(root, tc.rows)
		if got := strings.Join(faults, "; "); tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// TestNoCommandIsRun finds nobody in the product who could run a command of the system.
func TestNoCommandIsRun(t *testing.T) {
	root := os.DirFS("../..")
	for _, dir := range []string{"internal", "cmd"} {
		err := fs.WalkDir(root, dir, func(name string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test") {
				return err // packages such as store/storetest are linked into tests only
			}
			src, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, spec := range file.Imports {
				if spec.Path.Value == `"os/exec"` || spec.Path.Value == `"plugin"` {
					t.Errorf("%s imports %s: the product runs nothing but itself", name, spec.Path.Value)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// keepers are the scripts that keep something in the browser, and what they use for it: a visit is noted where there is no network, and
// sent when there is (docs/visits.md). Signing out clears all of it.
var keepers = map[string]*regexp.Regexp{
	"visit.js": regexp.MustCompile(`localStorage|indexedDB|postMessage|serviceWorker`),
	"sw.js":    regexp.MustCompile(`postMessage`),
	"app.js":   regexp.MustCompile(`localStorage\.getItem\('yz-visit-unsent'\)`), // to ask before that is cleared
}

// TestScriptsKeepNothing reads our scripts for what they must not do: keep anything in the browser, run text, talk to other windows.
func TestScriptsKeepNothing(t *testing.T) {
	scripts, err := fs.Glob(os.DirFS("../.."), "internal/web/static/*.js")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%v, %v", scripts, err)
	}
	never := regexp.MustCompile(`localStorage|sessionStorage|indexedDB|document\.cookie|\beval\(|new Function|document\.write|postMessage|serviceWorker`)
	for _, name := range scripts {
		src, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		text := string(src)
		if may, ok := keepers[path.Base(name)]; ok {
			text = may.ReplaceAllString(text, "")
		}
		if found := never.FindString(text); found != "" {
			t.Errorf("%s: %s", name, found)
		}
	}
}
