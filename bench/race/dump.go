package race

import (
	"bufio"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
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
	flags, money := r.flags(), r.money()
	line := []byte("filed")
	for _, c := range flags {
		line = append(append(line, ','), c.name...)
	}
	for _, c := range money {
		line = append(append(line, ','), c.name...)
	}
	for i := range r.N {
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
		line = strconv.AppendInt(line[:0], int64(r.Filed[i]), 10)
		for _, c := range flags {
			line = strconv.AppendInt(append(line, ','), int64((*c.of)[i]), 10)
		}
		for _, c := range money {
			line = strconv.AppendInt(append(line, ','), (*c.of)[i], 10)
		}
	}
	_, err := w.Write(append(line, '\n'))
	return err
}
