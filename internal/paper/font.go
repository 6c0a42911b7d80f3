package paper

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/yanzhen/yanzhen/third_party/fonts"
)

// face is a TrueType font. Its em is 1000 units, so that its widths are thousandths of the size as they are.
type face struct {
	name                   string // its PostScript name
	head, hhea, maxp, hint []byte // hint is the table prep, which turns smoothing on
	hmtx, loca, glyf       []byte
	glyphs, metrics        int // how many there are; how many of them have a width of their own
	longLoca               bool
	groups                 []group // of the character map, in order
	ascent, descent        int
	bounds                 [4]int
}

// group maps the characters first to last to glyphs, beginning at glyph.
type group struct{ first, last, glyph uint32 }

// faces are the regular face and the bold one, unpacked when the first document is printed and kept: 21 MB.
var faces = sync.OnceValues(func() ([2]*face, error) {
	var both [2]*face
	for i, name := range []string{"Regular", "Bold"} {
		packed, err := fonts.FS.ReadFile("noto-sans-sc/" + name + ".ttf.zst")
		if err != nil {
			return both, fmt.Errorf("read font: %w", err)
		}
		unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return both, fmt.Errorf("unpack font: %w", err)
		}
		data, err := unpack.DecodeAll(packed, nil)
		unpack.Close()
		if err != nil {
			return both, fmt.Errorf("unpack font %s: %w", name, err)
		}
		if both[i], err = parseFace("NotoSansSC-"+name, data); err != nil {
			return both, fmt.Errorf("font %s: %w", name, err)
		}
	}
	return both, nil
})

var errFont = errors.New("not a TrueType font as expected")

func parseFace(name string, data []byte) (*face, error) {
	if len(data) < 12 || binary.BigEndian.Uint32(data) != 0x00010000 {
		return nil, errFont
	}
	tables := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(data[4:])) {
		at := 12 + 16*i
		if at+16 > len(data) {
			return nil, errFont
		}
		from, size := int(binary.BigEndian.Uint32(data[at+8:])), int(binary.BigEndian.Uint32(data[at+12:]))
		if from+size > len(data) {
			return nil, errFont
		}
		tables[string(data[at:at+4])] = data[from : from+size]
	}
	f := &face{
		name: name, head: tables["head"], hhea: tables["hhea"], maxp: tables["maxp"], hint: tables["prep"],
		hmtx: tables["hmtx"], loca: tables["loca"], glyf: tables["glyf"],
	}
	if len(f.head) < 54 || len(f.hhea) < 36 || len(f.maxp) < 32 || binary.BigEndian.Uint16(f.head[18:]) != 1000 {
		return nil, errFont
	}
	short := func(b []byte, at int) int { return int(int16(binary.BigEndian.Uint16(b[at:]))) }
	f.longLoca = short(f.head, 50) == 1
	f.ascent, f.descent = short(f.hhea, 4), short(f.hhea, 6)
	for i := range f.bounds {
		f.bounds[i] = short(f.head, 36+2*i)
	}
	f.glyphs, f.metrics = int(binary.BigEndian.Uint16(f.maxp[4:])), int(binary.BigEndian.Uint16(f.hhea[34:]))
	entry := 2
	if f.longLoca {
		entry = 4
	}
	if f.metrics == 0 || len(f.hmtx) < 4*f.metrics+2*(f.glyphs-f.metrics) || len(f.loca) < entry*(f.glyphs+1) {
		return nil, errFont
	}
	var err error
	f.groups, err = characterMap(tables["cmap"])
	return f, err
}

// characterMap reads the part of the table that knows all of Unicode (format 12).
func characterMap(cmap []byte) ([]group, error) {
	if len(cmap) < 4 {
		return nil, errFont
	}
	for i := range int(binary.BigEndian.Uint16(cmap[2:])) {
		if len(cmap) < 12+8*i {
			return nil, errFont
		}
		at := int(binary.BigEndian.Uint32(cmap[8+8*i:]))
		if at+16 > len(cmap) || binary.BigEndian.Uint16(cmap[at:]) != 12 {
			continue
		}
		n := int(binary.BigEndian.Uint32(cmap[at+12:]))
		if n > (len(cmap)-at-16)/12 {
			return nil, errFont
		}
		groups := make([]group, n)
		for j := range groups {
			b := cmap[at+16+12*j:]
			groups[j] = group{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])}
		}
		return groups, nil
	}
	return nil, errFont
}

// glyph is the number of r's glyph; 0 when the face has none.
func (f *face) glyph(r rune) int {
	c := uint32(r)
	i := sort.Search(len(f.groups), func(i int) bool { return f.groups[i].last >= c })
	if i == len(f.groups) || c < f.groups[i].first {
		return 0
	}
	return int(f.groups[i].glyph + c - f.groups[i].first)
}

// metric is the width of a glyph and the room on its left.
func (f *face) metric(glyph int) (width, left uint16) {
	if glyph < f.metrics {
		return binary.BigEndian.Uint16(f.hmtx[4*glyph:]), binary.BigEndian.Uint16(f.hmtx[4*glyph+2:])
	}
	return binary.BigEndian.Uint16(f.hmtx[4*(f.metrics-1):]), binary.BigEndian.Uint16(f.hmtx[4*f.metrics+2*(glyph-f.metrics):])
}

// outline is what draws a glyph; empty for a space.
func (f *face) outline(glyph int) []byte {
	at := func(i int) int {
		if f.longLoca {
			return int(binary.BigEndian.Uint32(f.loca[4*i:]))
		}
		return 2 * int(binary.BigEndian.Uint16(f.loca[2*i:]))
	}
	from, to := at(glyph), at(glyph+1)
	if from > to || to > len(f.glyf) {
		return nil
	}
	return f.glyf[from:to]
}

// lacking stands for a character that the face does not have.
const lacking = '□'

// maxDrawn bounds the characters of one face in one document below what two bytes can name; the face has half as many.
const maxDrawn = 60_000

// typeface is a face and what one document has drawn with it so far. Each character is a glyph of its own in the
// document's font, numbered from 1 in the order of their coming: so two characters that look alike (一 and ⼀) stay
// themselves for who copies them, and so does one that is shown as □.
type typeface struct {
	*face
	number map[rune]int
	drawn  []rune // the character of each number, from 1
	from   []int  // the face's glyph of each number, from 1
	lacks  map[rune]bool
}

func newTypeface(f *face) *typeface {
	return &typeface{face: f, number: map[rune]int{}, lacks: map[rune]bool{}}
}

// advance is the width of r in thousandths of the size.
func (t *typeface) advance(r rune) int {
	if unseen(r) {
		return 0
	}
	g := t.glyph(r)
	if g == 0 {
		g = t.glyph(lacking)
	}
	w, _ := t.metric(g)
	return int(w)
}

// id is the number under which the document draws r.
func (t *typeface) id(r rune) int {
	if n, ok := t.number[r]; ok {
		return n
	}
	g := t.glyph(r)
	if g == 0 {
		t.lacks[r] = true
		if len(t.drawn) >= maxDrawn {
			r = lacking
			if n, ok := t.number[r]; ok {
				return n
			}
		}
		g = t.glyph(lacking)
	}
	t.drawn, t.from = append(t.drawn, r), append(t.from, g)
	t.number[r] = len(t.drawn)
	return len(t.drawn)
}

// subset is a TrueType font of the glyphs that the document has drawn, in their order. None of the face is made of others,
// which would have to come along: a test looks.
func (t *typeface) subset() []byte {
	order := append([]int{0}, t.from...)
	var glyf, loca, hmtx []byte
	for _, glyph := range order {
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		glyf = append(glyf, t.outline(glyph)...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		width, left := t.metric(glyph)
		hmtx = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(hmtx, width), left)
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	head, hhea, maxp := slices.Clone(t.head), slices.Clone(t.hhea), slices.Clone(t.maxp)
	binary.BigEndian.PutUint32(head[8:], 0)
	binary.BigEndian.PutUint16(head[50:], 1)
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(order)))
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(order)))
	return sfnt([]table{{"glyf", glyf}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp}, {"prep", t.hint}})
}

type table struct {
	tag  string
	data []byte
}

// sfnt is the file of these tables, which are in the order of their tags.
func sfnt(tables []table) []byte {
	sum := func(b []byte) uint32 {
		var s uint32
		for ; len(b) >= 4; b = b[4:] {
			s += binary.BigEndian.Uint32(b)
		}
		var rest [4]byte
		copy(rest[:], b)
		return s + binary.BigEndian.Uint32(rest[:])
	}
	n, power := len(tables), 0
	for 2<<power <= n {
		power++
	}
	file := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{n, 16 << power, power, 16*n - 16<<power} {
		file = binary.BigEndian.AppendUint16(file, uint16(v))
	}
	at, headAt := 12+16*n, 0
	for _, t := range tables {
		file = append(file, t.tag...)
		for _, v := range []uint32{sum(t.data), uint32(at), uint32(len(t.data))} {
			file = binary.BigEndian.AppendUint32(file, v)
		}
		if t.tag == "head" {
			headAt = at
		}
		at += (len(t.data) + 3) &^ 3
	}
	for _, t := range tables {
		file = append(file, t.data...)
		for len(file)%4 != 0 {
			file = append(file, 0)
		}
	}
	binary.BigEndian.PutUint32(file[headAt+8:], 0xB1B0AFBA-sum(file))
	return file
}
