package api

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// The commands of docs/api.md run as they are written.
func TestDocumentedCommands(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no curl on this machine")
	}
	doc, err := os.ReadFile("../../docs/api.md")
	must(t, err)
	facts, err := filepath.Abs("../../docs/facts-example.json")
	must(t, err)
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(doc, -1)
	if len(blocks) < 6 {
		t.Fatalf("docs/api.md has %d blocks of commands", len(blocks))
	}
	twin, err := os.ReadFile("../../docs/api.zh-CN.md")
	must(t, err)
	for _, b := range blocks {
		if !bytes.Contains(twin, b[0]) {
			t.Errorf("docs/api.zh-CN.md lacks the commands\n%s", b[1])
		}
	}
	c := newCity(t)
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "docs"), 0o755))
	must(t, os.Symlink(facts, filepath.Join(dir, "docs", "facts-example.json")))
	for _, b := range blocks {
		cmd := exec.Command("sh", "-e", "-c", string(b[1]))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "YZ="+c.http.URL+Prefix, "TOKEN="+c.tokens["city"])
		out, err := cmd.CombinedOutput()
		if err != nil || len(out) == 0 && !regexp.MustCompile(` -o `).Match(b[1]) {
			t.Errorf("%v\n%s\n%s", err, b[1], out)
		}
	}
	for _, name := range []string{"facts.ndjson", "decisions.xlsx", "batch.json", "receipt.json", "region.geojson", "import.json", "remarks.csv", "scenario.xlsx"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
