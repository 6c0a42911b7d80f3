package packed

import "encoding/binary"

// Ints is a sequence of numbers that does not change: each is held as its distance from the least one, in as many bytes
// as the greatest distance needs. Equal numbers take no bytes at all. The zero value reads as zeros.
type Ints struct {
	base  int64
	width uint8 // bytes of a distance: 0, 1, 2, 4 or 8
	data  []byte
}

// Number is what can be packed: every value of it is an int64 too.
type Number interface {
	~int64 | ~uint32 | ~uint8
}

// Pack holds the values, of which there must be one at least.
func Pack[T Number](values []T) Ints {
	lo, hi := values[0], values[0]
	for _, v := range values[1:] {
		lo, hi = min(lo, v), max(hi, v)
	}
	p := Ints{base: int64(lo), width: widthOf(uint64(int64(hi)) - uint64(int64(lo)))}
	if p.width == 0 {
		return p
	}
	p.data = make([]byte, len(values)*int(p.width))
	for i, v := range values {
		d := uint64(int64(v)) - uint64(p.base)
		switch p.width {
		case 1:
			p.data[i] = uint8(d)
		case 2:
			binary.LittleEndian.PutUint16(p.data[2*i:], uint16(d))
		case 4:
			binary.LittleEndian.PutUint32(p.data[4*i:], uint32(d))
		case 8:
			binary.LittleEndian.PutUint64(p.data[8*i:], d)
		}
	}
	return p
}

func widthOf(span uint64) uint8 {
	switch {
	case span == 0:
		return 0
	case span < 1<<8:
		return 1
	case span < 1<<16:
		return 2
	case span < 1<<32:
		return 4
	}
	return 8
}

// At is the number at a place, which must be one that was packed. Distances wrap around, so that every int64 fits.
func (p *Ints) At(i int) int64 {
	switch p.width {
	case 0:
		return p.base
	case 1:
		return p.base + int64(p.data[i])
	case 2:
		return p.base + int64(binary.LittleEndian.Uint16(p.data[2*i:]))
	case 4:
		return p.base + int64(binary.LittleEndian.Uint32(p.data[4*i:]))
	}
	return p.base + int64(binary.LittleEndian.Uint64(p.data[8*i:]))
}

// Within says that the first n numbers are lo to hi.
func (p *Ints) Within(n int, lo, hi int64) bool {
	if p.width == 0 {
		return lo <= p.base && p.base <= hi
	}
	for i := range n {
		if v := p.At(i); v < lo || v > hi {
			return false
		}
	}
	return true
}

// Unpack writes the first numbers into a slice, as many as it is long.
func Unpack[T Number](p *Ints, into []T) {
	for i := range into {
		into[i] = T(p.At(i))
	}
}
