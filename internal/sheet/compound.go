package sheet

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
)

// errCompound is a compound file whose structure does not hold together.
var errCompound = errors.New("damaged compound file")

// compound is an OLE2 compound file ([MS-CFB]): a small file system of 512-byte sectors, in which .xls, .et and encrypted
// workbooks lie. Nothing that it claims (sizes, counts, chains) is believed beyond the size of the file.
type compound struct {
	src    io.ReaderAt
	size   int64
	sector int64
	fat    []uint32 // by sector, the next one
	mini   []uint32 // by mini sector, the next one
	small  *stream  // holds the mini sectors
	root   map[string]compoundEntry
}

// compoundEntry is a stream or a storage.
type compoundEntry struct {
	kind              byte
	left, right, down uint32 // siblings and first child, by number
	start             uint32
	size              int64
}

const (
	oleMagic       = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
	chainEnd       = 0xFFFFFFFE
	noEntry        = 0xFFFFFFFF
	miniSector     = 64
	smallStream    = 4096 // streams below this lie in mini sectors
	maxEntries     = 65_536
	storageEntry   = 1
	streamEntry    = 2
	directoryEntry = 128 // bytes
)

// openCompound reads the directory and the tables of sectors.
func openCompound(src io.ReaderAt, size int64) (*compound, error) {
	head := make([]byte, 512)
	if _, err := src.ReadAt(head, 0); err != nil {
		return nil, errCompound
	}
	u32 := func(at int) uint32 { return binary.LittleEndian.Uint32(head[at:]) }
	c := &compound{src: src, size: size, root: map[string]compoundEntry{}}
	switch shift := binary.LittleEndian.Uint16(head[30:]); shift {
	case 9, 12:
		c.sector = 1 << shift
	default:
		return nil, errCompound
	}
	if err := c.readFAT(head[76:512], u32(68)); err != nil {
		return nil, err
	}
	dir, err := c.readChain(u32(48), maxEntries*directoryEntry)
	if err != nil || len(dir) < directoryEntry {
		return nil, errCompound
	}
	wide := c.sector == 4096 // only these files have sizes of 64 bits
	root := parseEntry(dir, wide)
	if err := c.readMini(root, u32(60)); err != nil {
		return nil, err
	}
	return c, c.list(dir, root.down, wide)
}

func parseEntry(b []byte, wide bool) compoundEntry {
	e := compoundEntry{
		kind: b[66], left: binary.LittleEndian.Uint32(b[68:]), right: binary.LittleEndian.Uint32(b[72:]),
		down: binary.LittleEndian.Uint32(b[76:]), start: binary.LittleEndian.Uint32(b[116:]),
		size: int64(binary.LittleEndian.Uint32(b[120:])),
	}
	if wide {
		e.size = int64(binary.LittleEndian.Uint64(b[120:]))
	}
	return e
}

// sectors is how many sectors the file has, a last one that was cut off counted.
func (c *compound) sectors() int { return int((c.size - 1) / c.sector) }

// readFAT reads the table of chains. Its own sectors are listed in the header and, beyond 109, in a chain of their own.
func (c *compound) readFAT(first []byte, more uint32) error {
	list := first
	for range c.sectors() + 1 {
		next := uint32(chainEnd)
		if len(list) == int(c.sector) { // of the chain: its last entry names the next one
			next, list = binary.LittleEndian.Uint32(list[c.sector-4:]), list[:c.sector-4]
		} else {
			next = more
		}
		for ; len(list) > 0 && len(c.fat) < c.sectors(); list = list[4:] {
			at := binary.LittleEndian.Uint32(list)
			if at >= chainEnd {
				continue
			}
			b, err := c.readSector(at)
			if err != nil {
				return err
			}
			c.fat = appendWords(c.fat, b)
		}
		if next >= chainEnd-1 || len(c.fat) >= c.sectors() {
			return nil
		}
		b, err := c.readSector(next)
		if err != nil {
			return err
		}
		list = b
	}
	return errCompound // the list runs in a circle
}

func appendWords(to []uint32, b []byte) []uint32 {
	for ; len(b) >= 4; b = b[4:] {
		to = append(to, binary.LittleEndian.Uint32(b))
	}
	return to
}

// readSector is one sector; what was cut off the last one reads as zeros.
func (c *compound) readSector(n uint32) ([]byte, error) {
	if int64(n) >= int64(c.sectors()) {
		return nil, errCompound
	}
	b := make([]byte, c.sector)
	if _, err := c.src.ReadAt(b, (int64(n)+1)*c.sector); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// chain lists the sectors from start on, at most as many as size needs.
func chain(table []uint32, start uint32, size, unit int64) ([]uint32, error) {
	need := (size + unit - 1) / unit
	if need > int64(len(table)) {
		return nil, errCompound
	}
	var list []uint32
	for at := start; int64(len(list)) < need; at = table[at] {
		if int64(at) >= int64(len(table)) {
			return nil, errCompound
		}
		list = append(list, at)
	}
	return list, nil
}

// readChain is the content of a chain whose length is told by its end only.
func (c *compound) readChain(start uint32, most int) ([]byte, error) {
	var all []byte
	for at := start; at < chainEnd; at = c.fat[at] {
		if int64(at) >= int64(len(c.fat)) || len(all) >= most {
			return nil, errCompound
		}
		b, err := c.readSector(at)
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
	}
	return all, nil
}

// readMini finds the stream that holds the small ones, and their table of chains.
func (c *compound) readMini(root compoundEntry, start uint32) error {
	if root.size == 0 || start >= chainEnd {
		return nil
	}
	small, err := c.regular(root.start, root.size)
	if err != nil {
		return err
	}
	table, err := c.readChain(start, int(root.size/miniSector+1)*4+int(c.sector))
	if err != nil {
		return err
	}
	c.small, c.mini = small, appendWords(nil, table)
	return nil
}

// list names what lies directly below the root: the children of a tree. Deeper ones belong to embedded objects.
func (c *compound) list(dir []byte, first uint32, wide bool) error {
	seen := map[uint32]bool{noEntry: true}
	for waiting := []uint32{first}; len(waiting) > 0; {
		n := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		if int64(n) >= int64(len(dir)/directoryEntry) {
			return errCompound
		}
		b := dir[n*directoryEntry:][:directoryEntry]
		e := parseEntry(b, wide)
		if e.kind == streamEntry && (e.size < 0 || e.size > c.size) {
			return errCompound
		}
		c.root[strings.ToLower(entryName(b))] = e
		waiting = append(waiting, e.left, e.right)
	}
	return nil
}

func entryName(b []byte) string {
	var units []uint16
	for i := 0; i+1 < min(int(binary.LittleEndian.Uint16(b[64:])), 64)-1; i += 2 {
		units = append(units, binary.LittleEndian.Uint16(b[i:]))
	}
	return string(utf16.Decode(units))
}

// has says that there is a stream or a storage of a name in the root.
func (c *compound) has(name string) bool {
	_, ok := c.root[strings.ToLower(name)]
	return ok
}

// open is a stream of the root.
func (c *compound) open(name string) (*stream, error) {
	e := c.root[strings.ToLower(name)]
	if e.kind != streamEntry {
		return nil, errCompound
	}
	return c.stream(e)
}

func (c *compound) stream(e compoundEntry) (*stream, error) {
	if e.size >= smallStream {
		return c.regular(e.start, e.size)
	}
	if e.size > 0 && c.small == nil {
		return nil, errCompound
	}
	list, err := chain(c.mini, e.start, e.size, miniSector)
	return &stream{src: c.small, chain: list, unit: miniSector, size: e.size}, err
}

func (c *compound) regular(start uint32, size int64) (*stream, error) {
	list, err := chain(c.fat, start, size, c.sector)
	return &stream{src: c.src, chain: list, unit: c.sector, first: c.sector, size: size}, err
}

// stream is one stream as a sequence of bytes.
type stream struct {
	src   io.ReaderAt
	chain []uint32
	unit  int64 // bytes of a sector
	first int64 // where sector 0 lies in src
	size  int64
}

// ReadAt reads neighbouring sectors at once.
func (s *stream) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	for n < len(b) && off < s.size {
		i := off / s.unit
		last := i
		for last+1 < int64(len(s.chain)) && s.chain[last+1] == s.chain[last]+1 && (last+1-i)*s.unit < int64(len(b)-n) {
			last++
		}
		skip := off - i*s.unit
		run := min((last-i+1)*s.unit-skip, s.size-off, int64(len(b)-n))
		k, err := s.src.ReadAt(b[n:n+int(run)], s.first+int64(s.chain[i])*s.unit+skip)
		n, off = n+k, off+int64(k)
		if int64(k) < run {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}
