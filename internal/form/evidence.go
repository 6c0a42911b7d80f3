package form

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// FileType is what a file is, by its bytes.
type FileType string

// The types of files that may prove something.
const (
	PDF   FileType = "pdf"
	Image FileType = "image" // JPEG, PNG
	OFD   FileType = "ofd"   // GB/T 33190: electronic invoices and official documents
	XML   FileType = "xml"   // the data file of an electronic invoice
	Word  FileType = "word"  // .docx, .doc
	Sheet FileType = "sheet" // .xlsx, .xls, .csv
)

func fileTypes() []FileType { return []FileType{PDF, Image, OFD, XML, Word, Sheet} }

func fileTypeNames() []string {
	var all []string
	for _, t := range fileTypes() {
		all = append(all, string(t))
	}
	return all
}

// Msg is the type in words.
func (t FileType) Msg() i18n.Msg { return i18n.M("form.file_" + string(t)) }

// Accept is what the page's file chooser is told to offer for the types.
func (e *Evidence) Accept() string {
	var all []string
	for _, t := range e.Types {
		all = append(all, endings[t]...)
	}
	return strings.Join(all, ",")
}

var endings = map[FileType][]string{
	PDF: {".pdf"}, Image: {".jpg", ".jpeg", ".png"}, OFD: {".ofd"}, XML: {".xml"}, Word: {".docx", ".doc"},
	Sheet: {".xlsx", ".xls", ".csv"},
}

// TypeNames is the types in words.
func (e *Evidence) TypeNames() i18n.Msg {
	var all i18n.Msg
	for i, t := range e.Types {
		if i == 0 {
			all = t.Msg()
			continue
		}
		all = i18n.M("form.more", all, t.Msg())
	}
	return all
}

// File is a file that a case holds for a field.
type File struct {
	Name string // as its sender called it
	Hash string // SHA-256 of its bytes
	Size int64
	Type FileType
}

// Files is the files of a form by field.
type Files map[string][]File

// Fits says what is wrong with a file for the field, as an Invalid error; nil when it will do. already is how many files
// the field has besides.
func (f *Field) Fits(file File, already int) error {
	e := f.Evidence
	switch {
	case e == nil:
		return errs.NotFound("evidence", f.Name)
	case !slices.Contains(e.Types, file.Type):
		return errs.Invalid(i18n.M("form.file_type", clip(file.Name), e.TypeNames()))
	case file.Size > e.Size:
		return errs.Invalid(i18n.M("form.file_size", clip(file.Name), e.Size>>20))
	case file.Size == 0:
		return errs.Invalid(i18n.M("form.file_empty", clip(file.Name)))
	case already >= e.Max:
		return errs.Invalid(i18n.M("form.file_many", f.Label, e.Max))
	}
	return nil
}

// proved is what is wrong with the files of a field that is asked.
func (f *Field) proved(files Files) []Problem {
	if f.Evidence == nil {
		return nil
	}
	var all []Problem
	have := files[f.Name]
	if n := len(have); n < f.Evidence.Min {
		all = append(all, f.problem(EvidencePath(f.Name), i18n.M("form.files_missing", f.Evidence.About, f.Evidence.Min, n)))
	}
	for i, file := range have {
		var told *errs.Error
		if err := f.Fits(file, i); errors.As(err, &told) {
			all = append(all, f.problem(EvidencePath(f.Name), told.Msg))
		}
	}
	return all
}

// EvidencePath is the path of a field's files, as Problem.Path has it.
func EvidencePath(field string) string { return field + "!files" }

// Limits of looking into a file to see what it is.
const (
	sniffHead  = 4 << 10
	maxEntries = 5_000 // of a zip container
)

// Sniff says what a file is by its bytes, never by its name; "" for what is none of the types.
func Sniff(r io.ReaderAt, size int64) (FileType, error) {
	head := make([]byte, min(size, sniffHead))
	if n, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	} else {
		head = head[:n]
	}
	is := func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) }
	switch {
	case bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-")):
		return PDF, nil
	case is("\xff\xd8\xff"), is("\x89PNG\r\n\x1a\n"):
		return Image, nil
	case is("PK\x03\x04"):
		return sniffZip(r, size), nil
	case is("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		return sniffCompound(r, size)
	}
	return sniffText(head), nil
}

// sniffZip tells the containers apart by the files that each must hold.
func sniffZip(r io.ReaderAt, size int64) FileType {
	z, err := zip.NewReader(r, size)
	if err != nil || len(z.File) > maxEntries {
		return ""
	}
	for _, f := range z.File {
		switch f.Name {
		case "OFD.xml":
			return OFD
		case "word/document.xml":
			return Word
		case "xl/workbook.xml", "xl/workbook.bin":
			return Sheet
		}
	}
	return ""
}

// sniffCompound tells .doc from .xls by the names of their streams, which the directory holds in UTF-16.
func sniffCompound(r io.ReaderAt, size int64) (FileType, error) {
	const window = 64 << 10
	buf := make([]byte, window)
	wide := func(name string) []byte {
		var b []byte
		for _, c := range []byte(name) {
			b = append(b, c, 0)
		}
		return b
	}
	word, book, old := wide("WordDocument"), wide("Workbook"), wide("Book\x00")
	for at := int64(0); at < min(size, maxMB<<20); at += window - 64 {
		n, err := r.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		switch {
		case bytes.Contains(buf[:n], word):
			return Word, nil
		case bytes.Contains(buf[:n], book), bytes.Contains(buf[:n], old):
			return Sheet, nil
		}
	}
	return "", nil
}

// sniffText knows XML by its beginning, and tables by text that has several columns.
func sniffText(head []byte) FileType {
	text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff")))
	switch {
	case len(text) == 0 || bytes.IndexByte(head, 0) >= 0:
		return ""
	case bytes.HasPrefix(text, []byte("<?xml")):
		return XML
	case text[0] == '<':
		return "" // a web page
	}
	for len(head) > 0 && !utf8.Valid(head) && len(head) > sniffHead-utf8.UTFMax {
		head = head[:len(head)-1] // a character that the window cuts
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.ContainsAny(line, ",;\t") {
		return Sheet
	}
	return ""
}
