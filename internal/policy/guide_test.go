package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guides is the same guide in two languages.
var guides = []string{"../../docs/writing-policies.md", "../../docs/writing-policies.zh-CN.md"}

// excerpt is a block of the guide: ```yaml 07-at-most/policy.yaml.
type excerpt struct {
	line  int
	file  string
	lines []string
}

// excerpts reads the blocks that name a file, and the numbers of the patterns that have a heading with a block below it.
func excerpts(t *testing.T, guide string) (all []excerpt, shown map[string]bool) {
	t.Helper()
	src, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	fence, heading := regexp.MustCompile("^```yaml (\\S+)$"), regexp.MustCompile(`^### (\d+) `)
	shown = map[string]bool{}
	var open *excerpt
	number := ""
	for i, line := range strings.Split(string(src), "\n") {
		switch {
		case open != nil && line == "```":
			all, open = append(all, *open), nil
		case open != nil:
			open.lines = append(open.lines, line)
		case fence.MatchString(line):
			open = &excerpt{line: i + 1, file: fence.FindStringSubmatch(line)[1]}
			shown[number] = true
		case heading.MatchString(line):
			number = heading.FindStringSubmatch(line)[1]
			shown[number] = shown[number] || false
		}
	}
	return all, shown
}

// stands says that lines stand in a file one below the other, at any depth.
func stands(file, lines []string) bool {
	for i := range file {
		indent := file[i][:len(file[i])-len(strings.TrimLeft(file[i], " "))]
		if slices.EqualFunc(lines, file[i:min(i+len(lines), len(file))], func(a, b string) bool {
			return a == "" && b == "" || indent+a == b
		}) {
			return true
		}
	}
	return false
}

// TestGuideShowsWhatRuns: what the guide shows stands in the examples, which run as tests; every example is shown, and every
// pattern with a heading shows one.
func TestGuideShowsWhatRuns(t *testing.T) {
	for _, guide := range guides {
		t.Run(filepath.Base(guide), func(t *testing.T) { showsWhatRuns(t, guide) })
	}
}

func showsWhatRuns(t *testing.T, guide string) {
	all, numbers := excerpts(t, guide)
	seen := map[string]bool{}
	for _, x := range all {
		src, err := os.ReadFile(filepath.Join("testdata/patterns", x.file))
		if err != nil {
			t.Errorf("%s:%d: %v", guide, x.line, err)
			continue
		}
		seen[filepath.Dir(x.file)] = true
		if !stands(strings.Split(string(src), "\n"), x.lines) {
			t.Errorf("%s:%d: the block does not stand in %s", guide, x.line, x.file)
		}
	}
	dirs, err := filepath.Glob("testdata/patterns/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if name := filepath.Base(dir); !seen[name] {
			t.Errorf("%s does not show %s", guide, name)
		}
	}
	for number, block := range numbers {
		if number != "" && !block {
			t.Errorf("%s: pattern %s has a heading and no example", guide, number)
		}
	}
}
