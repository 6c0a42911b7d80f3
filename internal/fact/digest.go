package fact

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// Digest is a fingerprint of what a source states, whatever the order of its rows, its layout and the place of its
// cells: the sum of the hashes of all statements. Two sources with the same digest say the same; see source.Publish.
// The zero value is ready to use.
type Digest struct {
	sum [4]uint64
	n   uint64
}

// Add counts a statement in. subject names its subject in a way that is the same in each file, such as kind and key;
// Subject, Source, N, Place and Shown of the statement do not count.
func (d *Digest) Add(subject string, f Statement) {
	b := make([]byte, 0, 128)
	for _, s := range [...]string{subject, f.Def, f.Period.String(), f.Value.Text} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = append(b, byte(f.State), byte(f.Precision), byte(f.Status))
	b = binary.BigEndian.AppendUint64(b, uint64(f.Value.Num))
	h := sha256.Sum256(b)
	var carry uint64
	for i := range d.sum {
		d.sum[i], carry = bits.Add64(d.sum[i], binary.BigEndian.Uint64(h[8*i:]), carry)
	}
	d.n++
}

// Sum is the digest of what was added, in hex; "" when nothing was.
func (d *Digest) Sum() string {
	if d.n == 0 {
		return ""
	}
	var b []byte
	for _, word := range d.sum {
		b = binary.BigEndian.AppendUint64(b, word)
	}
	b = binary.BigEndian.AppendUint64(b, d.n)
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
