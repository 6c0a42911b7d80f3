package content

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// table is a CSV file with a header, read strictly.
type table struct {
	file string
	src  []byte
	rows []tableRow
}

type tableRow struct {
	line  int
	cells []string
	cols  []int // where each cell begins, in bytes from 1
}

// readTable reads a CSV file whose first row must be exactly the given columns.
func readTable(fsys fs.FS, file string, columns ...string) (*table, Problems) {
	src, err := readFile(fsys, file)
	if err != nil {
		return &table{file: file}, Problems{fileProblem(file, err)}
	}
	t := &table{file: file, src: src}
	if at := invalidUTF8(src); at >= 0 {
		line, col := linePos(src, at)
		return t, Problems{NewProblem(file, src, line, col, i18n.M("content.not_utf8"))}
	}
	r := csv.NewReader(bytes.NewReader(src))
	r.FieldsPerRecord = len(columns)
	var problems Problems
	for n := 0; ; n++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			line, col := max(bad.Line, 1), max(bad.Column, 1)
			problems = append(problems, NewProblem(file, src, line, charCol(src, line, col), i18n.M("content.csv", len(columns), bad.Err.Error())))
			if !errors.Is(err, csv.ErrFieldCount) {
				break
			}
			continue
		}
		if err != nil {
			problems = append(problems, fileProblem(file, err))
			break
		}
		row := tableRow{cells: cells, cols: make([]int, len(cells))}
		for i := range cells {
			row.line, row.cols[i] = r.FieldPos(i)
		}
		if n > 0 {
			t.rows = append(t.rows, row)
			continue
		}
		for i, c := range columns {
			if cells[i] != c {
				problems = append(problems, t.problem(row, i, i18n.M("content.csv_column", i+1, cells[i], c)))
			}
		}
	}
	return t, problems
}

func (t *table) problem(row tableRow, cell int, msg i18n.Msg) Problem {
	return NewProblem(t.file, t.src, row.line, charCol(t.src, row.line, row.cols[cell]), msg)
}

// charCol turns a column in bytes into one in characters.
func charCol(src []byte, line, col int) int {
	text, ok := nthLine(src, line)
	if !ok {
		return col
	}
	return utf8.RuneCountInString(text[:min(col-1, len(text))]) + 1
}

func fileProblem(file string, err error) Problem {
	if errors.Is(err, fs.ErrNotExist) {
		return Problem{File: file, Msg: i18n.M("content.no_file")}
	}
	return Problem{File: file, Msg: i18n.M("content.unreadable", err.Error())}
}

// readFile reads a content file of at most MaxFile bytes.
func readFile(fsys fs.FS, file string) ([]byte, error) {
	f, err := fsys.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > MaxFile {
		return nil, errTooLarge
	}
	return b, nil
}

var errTooLarge = errors.New("file larger than 4 MiB")
