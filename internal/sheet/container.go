package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"strings"
)

// container is the parts of an .xlsx file.
type container struct {
	file  *os.File
	name  string // of the file, as the sender knows it
	parts map[string]*zip.File
	order []*zip.File // as in the directory
}

// openContainer reads the directory of the parts and refuses what the directory alone gives away: too many parts, too
// large, packed too well, encrypted, the same name twice.
func openContainer(f *os.File, name string, size int64, lim Limits) (*container, error) {
	n, err := countEntries(f, lim.Parts)
	if err != nil {
		return nil, err
	}
	if n > lim.Parts {
		return nil, refuseFile(name, "sheet.refuse.parts", lim.Parts)
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return nil, refuseFile(name, "sheet.refuse.damaged")
	}
	c := &container{file: f, name: name, parts: make(map[string]*zip.File, len(z.File))}
	var declared uint64
	for _, p := range z.File {
		declared += p.UncompressedSize64
		if p.UncompressedSize64 > uint64(lim.Unpacked) || declared > uint64(lim.Unpacked) {
			return nil, refuseFile(name, "sheet.refuse.unpacked", megabytes(lim.Unpacked))
		}
		if p.UncompressedSize64 > ratioFloor && p.UncompressedSize64/uint64(lim.Ratio) > p.CompressedSize64 {
			return nil, refuseFile(name, "sheet.refuse.ratio", p.Name, lim.Ratio)
		}
		if p.Flags&1 != 0 {
			return nil, refuseFile(name, "sheet.refuse.zip_password")
		}
		key := partKey(packedName(p)) // raw GBK would fold into one name
		if _, twice := c.parts[key]; twice && !strings.HasSuffix(key, "/") {
			return nil, refuseFile(name, "sheet.refuse.twice", p.Name)
		}
		c.parts[key] = p
		c.order = append(c.order, p)
	}
	return c, nil
}

// countEntries counts directory entries by their mark, and stops above the limit: the standard reader would build its
// list of a million entries before anything could be refused.
func countEntries(r io.ReaderAt, limit int) (int, error) {
	mark := []byte("PK\x01\x02")
	buf := make([]byte, 256<<10)
	n := 0
	for off := int64(0); ; {
		k, err := r.ReadAt(buf, off)
		n += bytes.Count(buf[:k], mark)
		if n > limit || errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
		off += int64(k - len(mark) + 1) // an overlap shorter than the mark counts none twice
	}
}

// partKey is a part's name for lookups: part names do not tell case apart, and some writers use backslashes.
func partKey(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

func (c *container) has(name string) bool { return c.parts[partKey(name)] != nil }

// part is one open part of the container.
type part struct {
	*lexer
	in   *counted
	size int64 // as declared
	zip  io.Closer
}

// open unpacks a part. The zip reader ends with an error above the declared size, which openContainer has bounded, and
// where the checksum is wrong.
func (c *container) open(name string) (*part, error) {
	f := c.parts[partKey(name)]
	if f == nil {
		return nil, refuseFile(c.name, "sheet.refuse.part_missing", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, refuseFile(c.name, "sheet.refuse.damaged_part", name)
	}
	in := &counted{src: r}
	return &part{lexer: newLexer(in), in: in, size: int64(f.UncompressedSize64), zip: r}, nil
}

func (p *part) close() { _ = p.zip.Close() }

// drain reads to the end, so that the checksum is verified.
func (p *part) drain() error {
	p.pos, p.end = 0, 0
	if p.err == nil {
		_, p.err = io.Copy(io.Discard, p.in)
	}
	if p.err == io.EOF {
		return nil
	}
	return p.err
}

// counted counts the bytes that were read, and ends with the error of stop when there is one.
type counted struct {
	src  io.Reader
	n    int64
	stop func() error
}

func (c *counted) Read(b []byte) (int, error) {
	if c.stop != nil {
		if err := c.stop(); err != nil {
			return 0, err
		}
	}
	n, err := c.src.Read(b)
	c.n += int64(n)
	return n, err
}

func (c *container) fail(part string, err error) error { return failXML(c.name, part, err) }

// failXML turns an error of the XML of a file or of a part of it into a message.
func failXML(file, part string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errDoctype):
		return refuseFile(file, "sheet.refuse.doctype", part)
	case errors.Is(err, errEntity):
		return refuseFile(file, "sheet.refuse.entity", part)
	case errors.Is(err, errLongToken):
		return refuseFile(file, "sheet.refuse.long", part)
	case errors.Is(err, errSyntax):
		return refuseFile(file, "sheet.refuse.xml", part)
	case isPackingError(err):
		return refuseFile(file, "sheet.refuse.damaged_part", part)
	}
	return err
}

// relation is one line of a .rels part.
type relation struct {
	id, kind, target string
	external         bool
}

// relations reads what a part points to; a part without relations points to nothing. Targets are resolved to part
// names.
func (c *container) relations(of string) ([]relation, error) {
	dir, base := path.Split(of)
	name := dir + "_rels/" + base + ".rels"
	if !c.has(name) {
		return nil, nil
	}
	p, err := c.open(name)
	if err != nil {
		return nil, err
	}
	defer p.close()
	var all []relation
	for {
		t, err := p.next()
		if err != nil {
			return nil, c.fail(name, err)
		}
		if t == tokEnd {
			return all, nil
		}
		if t != tokOpen || string(p.name) != "Relationship" {
			continue
		}
		if len(all) > 10_000 {
			return nil, refuseFile(c.name, "sheet.refuse.xml", name)
		}
		r := relation{id: p.attrOf("Id"), kind: path.Base(p.attrOf("Type")), target: p.attrOf("Target"), external: p.attrOf("TargetMode") == "External"}
		if !r.external {
			if !strings.HasPrefix(r.target, "/") {
				r.target = path.Join(dir, r.target)
			}
			r.target = strings.TrimPrefix(r.target, "/")
		}
		all = append(all, r)
	}
}

func megabytes(n int64) int64 { return n >> 20 }
