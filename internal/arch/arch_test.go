package arch

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
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
