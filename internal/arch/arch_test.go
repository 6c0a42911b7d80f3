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

	"github.com/google/go-cmp/cmp"
)

func TestHouse(t *testing.T) {
	breaches, err := check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range breaches {
		t.Error(b)
	}
}

// TestRulesBite plants one breach of each rule, and one neighbour that is no breach.
func TestRulesBite(t *testing.T) {
	for _, tc := range []struct {
		name, file, src string
		want            string // part of the only breach; "" for none
	}{
		{"upward", "internal/store/x.go", `package store; import _ "github.com/yanzhen/yanzhen/internal/fact"`, "stands above"},
		{"sideways", "internal/web/x.go", `package web; import _ "github.com/yanzhen/yanzhen/internal/demo"`, "stands beside"},
		{"downward", "internal/fact/x.go", `package fact; import _ "github.com/yanzhen/yanzhen/internal/store"`, ""},
		{"own part", "internal/store/storetest/x.go", `package storetest; import _ "github.com/yanzhen/yanzhen/internal/store"`, ""},
		{"a part does not rank as its room", "internal/policy/x.go", `package policy; import _ "github.com/yanzhen/yanzhen/internal/policy/region"`, "stands above"},
		{"no place", "internal/thing/x.go", `package thing`, "no place"},
		{"rules with a database", "internal/rule/x.go", `package rule; import _ "database/sql"`, "no input, no output"},
		{"policy reading facts", "internal/policy/x.go", `package policy; import _ "github.com/yanzhen/yanzhen/internal/fact"`, "a function of a document"},
		{"region runs read facts", "internal/policy/region/x.go", `package region; import _ "github.com/yanzhen/yanzhen/internal/fact"`, ""},
		{"clock", "internal/fact/x.go", `package fact; import "time"; var t = time.Now`, "time.Now"},
		{"since", "internal/fact/x.go", `package fact; import "time"; func f(t time.Time) any { return time.Since(t) }`, "time.Since"},
		{"clock in main", "cmd/yanzhen/x.go", `package main; import "time"; var t = time.Now`, ""},
		{"clock in a test", "internal/fact/x_test.go", `package fact; import "time"; var t = time.Now`, ""},
		{"float type", "internal/money/x.go", `package money; type F float64`, "float64"},
		{"float literal", "internal/policy/region/x.go", `package region; const rate = 0.012`, "0.012"},
		{"float where it may be", "internal/web/x.go", `package web; const width = 0.5`, ""},
		{"sql", "internal/web/x.go", "package web; const q = `\n SELECT id FROM fact`", "SQL"},
		{"sql beside the printer of it", "internal/rule/x.go", "package rule; const q = `SELECT id FROM fact`", "SQL"},
		{"sql below the printer of it", "internal/rule/sql/more/x.go", "package more; const q = `SELECT id FROM fact`", "SQL"},
		{"the printer of sql", "internal/rule/sql/x.go", "package sql; const q = `SELECT id FROM fact`", ""},
		{"the printer of sql runs it", "internal/rule/sql/x.go", `package sql; import _ "database/sql"`, "runs none"},
		{"not sql", "internal/web/x.go", `package web; const q = "SELECTED rows"`, ""},
		{"no noun", "internal/web/util/x.go", `package util`, "package util"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := check(fstest.MapFS{tc.file: {Data: []byte(tc.src)}})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tc.want == "" && len(got) > 0:
				t.Errorf("unexpected: %v", got)
			case tc.want != "" && (len(got) != 1 || !strings.Contains(got[0], tc.want)):
				t.Errorf("got %q, want one breach with %q", got, tc.want)
			}
		})
	}
}

// TestEveryRoomSaysWhatItOwns wants the comment of each package in its doc.go, and only there.
func TestEveryRoomSaysWhatItOwns(t *testing.T) {
	house := os.DirFS("../..")
	for _, room := range slices.Concat(order...) {
		files, err := fs.Glob(house, room+"/*.go")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(room, "internal/") || len(files) == 0 {
			continue
		}
		var told []string
		for _, name := range files {
			src, err := fs.ReadFile(house, name)
			if err != nil {
				t.Fatal(err)
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			if file.Doc != nil && !strings.HasSuffix(name, "_templ.go") { // which carry the mark of templ
				told = append(told, path.Base(name))
			}
		}
		if diff := cmp.Diff([]string{"doc.go"}, told); diff != "" {
			t.Errorf("%s tells what it owns in (-want +got):\n%s", room, diff)
		}
	}
}

// TestDependenciesAreAccountedFor holds go.mod against docs/dependencies.md: each module that the product asks for by
// itself has a row with the version in use, and no row tells of one that it has left behind.
func TestDependenciesAreAccountedFor(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^(?:require)?\s+(\S+\.\S+/?\S*) (v\S+)$`).FindAllStringSubmatch(string(mod), -1) {
		required[m[1]] = m[2]
	}
	told := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` (v\\S+) \\|").FindAllStringSubmatch(string(doc), -1) {
		told[m[1]] = m[2]
	}
	if diff := cmp.Diff(required, told); diff != "" || len(required) == 0 {
		t.Errorf("go.mod and docs/dependencies.md (-go.mod +docs):\n%s", diff)
	}
}

func TestSQLStandsWithItsTables(t *testing.T) {
	owner := fstest.MapFS{
		"internal/fact/x.go":                     {Data: []byte("package fact; const q = `SELECT id FROM fact`")},
		"internal/fact/migrations/0001_fact.sql": {Data: []byte("CREATE TABLE fact (id BIGINT)")},
	}
	got, err := check(owner)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 0 {
		t.Errorf("unexpected: %v", got)
	}
}
