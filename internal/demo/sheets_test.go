package demo

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestSheetsStay: what is there and whole is not written again, and what is not is.
func TestSheetsStay(t *testing.T) {
	opt := Options{Seed: 5, Size: 50}
	ctx, dir := context.Background(), t.TempDir()
	sheets := func(opt Options, known map[string]bool) []File {
		t.Helper()
		files, err := Sheets(ctx, dir, opt, known)
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	first := sheets(opt, nil)
	long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	age := func() {
		t.Helper()
		for _, f := range first {
			if err := os.Chtimes(f.Path, long, long); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
	}
	written := func(f File) bool {
		t.Helper()
		info, err := os.Stat(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		return !info.ModTime().Equal(long)
	}
	spoil := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	last := len(first) - 1
	record := filepath.Join(dir, madeFile)
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		do    func()
		opt   Options
		known map[string]bool
		anew  bool
	}{
		{"untouched", func() {}, opt, nil, false},
		{"changed", func() { spoil(first[last].Path, "something else") }, opt, nil, true},
		{"gone", func() { os.Remove(first[last].Path) }, opt, nil, true},
		{"gone but known", func() { os.Remove(first[last].Path) }, opt, map[string]bool{first[last].SHA256: true}, false},
		{"still wanted", func() {}, opt, nil, true},
		{"no record", func() { os.Remove(record) }, opt, nil, true},
		{"a record cut off", func() { spoil(record, string(text[:len(text)/2])) }, opt, nil, true},
		{"another generator's", func() { spoil(record, `{"Seed":5,"Size":50,"Generator":"older","Files":[]}`) }, opt, nil, true},
		{"another seed", func() {}, Options{Seed: 6, Size: 50}, nil, true},
		{"another size", func() {}, Options{Seed: 6, Size: 51}, nil, true},
		{"back again", func() {}, opt, nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			age()
			tc.do()
			files := sheets(tc.opt, tc.known)
			if got := written(files[0]); got != tc.anew {
				t.Errorf("written anew: %t, want %t", got, tc.anew)
			}
			if tc.opt == opt && !slices.Equal(first, files) {
				t.Errorf("files %+v, want %+v", files, first)
			}
		})
	}
}

// TestVolumes: no workbook of the largest city is beyond what is taken in at once, and together they speak of everybody.
func TestVolumes(t *testing.T) {
	c := city{Seed: 1, Size: MaxSize}
	names := map[string]bool{}
	for _, sh := range c.sheets() {
		if names[sh.name] {
			t.Errorf("two workbooks are called %s", sh.name)
		}
		names[sh.name] = true
	}
	for _, name := range []string{"智改数转项目库_第1册.xlsx", "智改数转项目库_第10册.xlsx", "荣誉称号汇总表.xlsx"} {
		if !names[name] {
			t.Errorf("there is no %s", name)
		}
	}
}
