package form

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
)

func zipped(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range names {
		if _, err := z.Create(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSniff(t *testing.T) {
	compound := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 70_000)
	for name, c := range map[string]struct {
		bytes string
		want  FileType
	}{
		"pdf":                  {"%PDF-1.7\n…", PDF},
		"pdf behind a mark":    {"\ufeff\n%PDF-1.4", PDF},
		"jpeg":                 {"\xff\xd8\xff\xe0abc", Image},
		"png":                  {"\x89PNG\r\n\x1a\nabc", Image},
		"ofd":                  {zipped(t, "OFD.xml", "Doc_0/Document.xml"), OFD},
		"word":                 {zipped(t, "[Content_Types].xml", "word/document.xml"), Word},
		"workbook":             {zipped(t, "[Content_Types].xml", "xl/workbook.xml"), Sheet},
		"some archive":         {zipped(t, "a.exe"), ""},
		"broken archive":       {"PK\x03\x04 and no more", ""},
		"old word":             {compound + "W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00", Word},
		"old workbook":         {compound + "W\x00o\x00r\x00k\x00b\x00o\x00o\x00k\x00", Sheet},
		"some compound":        {compound, ""},
		"xml":                  {"\ufeff<?xml version=\"1.0\"?><EInvoice/>", XML},
		"web page":             {"<!DOCTYPE html><html>", ""},
		"table":                {"发票号码,金额\n1,2\n", Sheet},
		"table in GB18030":     {"\xb7\xa2\xc6\xb1,1\n", Sheet},
		"prose":                {"hello", ""},
		"program":              {"MZ\x90\x00\x03,\x00", ""},
		"nothing":              {"", ""},
		"script with a comma":  {"#!/bin/sh\necho a\n", ""},
		"a long character cut": {strings.Repeat("一", 2000), ""},
	} {
		got, err := Sniff(strings.NewReader(c.bytes), int64(len(c.bytes)))
		if err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte("%PDF-"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := Sniff(bytes.NewReader(b), int64(len(b))); err != nil {
			t.Fatal(err)
		}
	})
}

func TestEveryFileTypeHasAnEndingAndAName(t *testing.T) {
	e := Evidence{Types: fileTypes()}
	if got := len(strings.Split(e.Accept(), ",")); got < len(fileTypes()) {
		t.Errorf("endings: %s", e.Accept())
	}
	for _, typ := range fileTypes() {
		if strings.HasPrefix(typ.Msg().String(), "form.") {
			t.Errorf("%s has no name", typ)
		}
	}
}
