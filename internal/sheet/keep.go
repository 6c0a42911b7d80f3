package sheet

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// FormLimit is the largest sheet that people fill in and send back, in bytes.
const FormLimit = 20 << 20

// Keep is a file of the system's own directory for such, with what was read; the caller removes it.
func Keep(in io.Reader) (path string, err error) {
	f, err := os.CreateTemp("", "yanzhen-sheet-*")
	if err != nil {
		return "", fmt.Errorf("keep a sheet: %w", err)
	}
	_, err = io.Copy(f, in)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("keep a sheet: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}
