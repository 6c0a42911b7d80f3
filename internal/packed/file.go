package packed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Kind is what sort of file it is: the owner's name for it, and the version of what the owner writes into it.
type Kind struct {
	Magic   string // eight bytes
	Version uint32
}

// The faults of a file. ErrVersion is that of a file which another version of the owner wrote.
var (
	ErrForeign = errors.New("it is no file of this kind")
	ErrVersion = errors.New("another version wrote it")
	ErrDamaged = errors.New("it is cut off or damaged")
)

// A file is its kind (eight bytes and a version), then its sections: a tag of four bytes, the length of the body, a
// checksum over both and the body, the body. The last section has the tag "end " and tells how many there are before it.
const (
	kindSize = 12
	headSize = 4 + 8 + 4
	endTag   = "end "
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli) // processors reckon it by themselves

func checksum(head, body []byte) uint32 {
	return crc32.Update(crc32.Checksum(head[:12], castagnoli), castagnoli, body)
}

// Section is one body of a file.
type Section struct {
	Tag  string
	Body []byte
}

// Writer takes the sections of a file.
type Writer struct {
	to       io.Writer
	sections uint64
}

// Section writes one, under a tag of four bytes.
func (w *Writer) Section(tag string, body []byte) error {
	var head [headSize]byte
	if copy(head[:4], tag); len(tag) != 4 {
		return fmt.Errorf("the tag %q has not four bytes", tag)
	}
	binary.LittleEndian.PutUint64(head[4:], uint64(len(body)))
	binary.LittleEndian.PutUint32(head[12:], checksum(head[:], body))
	w.sections++
	if _, err := w.to.Write(head[:]); err != nil {
		return err
	}
	_, err := w.to.Write(body)
	return err
}

// Write writes a file of a kind to w.
func Write(to io.Writer, kind Kind, write func(*Writer) error) error {
	head := binary.LittleEndian.AppendUint32([]byte(kind.Magic), kind.Version)
	if len(head) != kindSize {
		return fmt.Errorf("the kind %q has not eight bytes", kind.Magic)
	}
	if _, err := to.Write(head); err != nil {
		return err
	}
	w := &Writer{to: to}
	if err := write(w); err != nil {
		return err
	}
	return w.Section(endTag, binary.LittleEndian.AppendUint64(nil, w.sections))
}

// Parse finds the sections of a file, all but the last, and checks them.
func Parse(file []byte, kind Kind) ([]Section, error) {
	if len(file) < kindSize || string(file[:8]) != kind.Magic {
		return nil, ErrForeign
	}
	if binary.LittleEndian.Uint32(file[8:]) != kind.Version {
		return nil, ErrVersion
	}
	var (
		sections []Section
		check    errgroup.Group
	)
	check.SetLimit(runtime.GOMAXPROCS(0))
	ended := false
	for rest := file[kindSize:]; len(rest) > 0 && !ended; {
		if len(rest) < headSize {
			break
		}
		head, size := rest[:headSize:headSize], binary.LittleEndian.Uint64(rest[4:])
		if size > uint64(len(rest)-headSize) {
			break
		}
		end := headSize + int(size)
		s := Section{Tag: string(head[:4]), Body: rest[headSize:end:end]}
		check.Go(func() error {
			if checksum(head, s.Body) != binary.LittleEndian.Uint32(head[12:]) {
				return ErrDamaged
			}
			return nil
		})
		rest = rest[end:]
		if s.Tag == endTag {
			ended = len(rest) == 0 && size == 8 && binary.LittleEndian.Uint64(s.Body) == uint64(len(sections))
			break
		}
		sections = append(sections, s)
	}
	if err := check.Wait(); err != nil || !ended {
		return nil, ErrDamaged
	}
	return sections, nil
}
