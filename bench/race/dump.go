package race

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Dump writes the region for engines in other languages: a file of little-endian numbers for each column, and one CSV.
func (r *Region) Dump(dir string) error {
	for _, c := range r.flags() {
		if err := writeColumn(filepath.Join(dir, c.name+".u8"), *c.of); err != nil {
			return err
		}
	}
	for _, c := range r.money() {
		if err := writeColumn(filepath.Join(dir, c.name+".i64"), *c.of); err != nil {
			return err
		}
	}
	if err := writeColumn(filepath.Join(dir, "filed.i32"), r.Filed); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "firm.csv"), r.csv)
}

func writeColumn[T any](path string, column []T) error {
	return writeFile(path, func(w *bufio.Writer) error { return binary.Write(w, binary.LittleEndian, column) })
}

func writeFile(path string, write func(*bufio.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// csv is a line for each enterprise.
func (r *Region) csv(w *bufio.Writer) error {
	t := text{rows: r.N}
	add(&t, "filed", r.Filed)
	for _, c := range r.flags() {
		add(&t, c.name, *c.of)
	}
	for _, c := range r.money() {
		add(&t, c.name, *c.of)
	}
	return t.write(w)
}

// Dump writes the city: a CSV for each kind of subject, and the numbers of the documents.
func (c *City) Dump(dir string, terms []*Terms) error {
	firms, projects, loans := text{rows: c.N}, text{rows: len(c.OfFirm)}, text{rows: len(c.OfProject)}
	firms.add("id", func(i int) int64 { return int64(i) })
	add(&firms, "area", c.Area)
	add(&projects, "firm", c.OfFirm)
	add(&projects, "kind", c.Kind)
	add(&projects, "is_digital", c.IsDigital)
	for y := range years {
		of := strconv.Itoa(y)
		add(&firms, "scale"+of, c.Scale[y])
		add(&firms, "digital"+of, c.Digital[y])
		add(&firms, "stars"+of, c.Stars[y])
		add(&projects, "input"+of, c.Input[y])
		add(&projects, "invest"+of, c.Invest[y])
		add(&projects, "equipment"+of, c.Equipment[y])
	}
	loans.add("firm", func(i int) int64 { return int64(c.OfFirm[c.OfProject[i]]) })
	add(&loans, "drawn", c.Drawn)
	add(&loans, "principal", c.Principal)
	add(&loans, "for_digital", c.ForDigital)
	for name, t := range map[string]*text{"firm": &firms, "project": &projects, "loan": &loans} {
		if err := writeFile(filepath.Join(dir, name+".csv"), t.write); err != nil {
			return err
		}
	}
	return writeFile(filepath.Join(dir, "terms.json"), func(w *bufio.Writer) error { return json.NewEncoder(w).Encode(terms) })
}

// text is a table of whole numbers on its way to a CSV.
type text struct {
	rows    int
	names   []string
	columns []func(i int) int64
}

func (t *text) add(name string, at func(i int) int64) {
	t.names, t.columns = append(t.names, name), append(t.columns, at)
}

func add[T uint8 | int32 | int64](t *text, name string, of []T) {
	t.add(name, func(i int) int64 { return int64(of[i]) })
}

func (t *text) write(w *bufio.Writer) error {
	line := []byte(strings.Join(t.names, ","))
	for i := range t.rows {
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		line = line[:0]
		for k, at := range t.columns {
			if k > 0 {
				line = append(line, ',')
			}
			line = strconv.AppendInt(line, at(i), 10)
		}
	}
	_, err := w.Write(append(line, '\n'))
	return err
}
