package lot

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
)

// seedBytes is how much randomness a seed has.
const seedBytes = 32

// NewSeed draws a seed: 64 hexadecimal digits. Its Commitment is published before it is settled who takes part, the seed itself
// afterwards.
func NewSeed(random io.Reader) (string, error) {
	b := make([]byte, seedBytes)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("draw a seed: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// Commitment is the SHA-256 of a seed as it is written: what is published of it before it may be known.
func Commitment(seed string) string { return digest(seed) }

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Group is those who take part in one way, by their keys. The order of the keys does not matter.
type Group struct {
	Name string
	Keys []string
}

// Roll is the digest of who takes part: each group's name and then its keys in order, a line each.
func Roll(groups ...Group) string {
	var lines []string
	for _, g := range groups {
		lines = append(append(lines, g.Name), slices.Sorted(slices.Values(g.Keys))...)
	}
	return digest(strings.Join(lines, "\n"))
}

// Draw is what lots come of. A lot is the SHA-256 of four lines (the seed, the roll, the purpose, the key), so that anybody can
// draw it again with any tool:
//
//	printf '%s\n%s\n%s\n%s' SEED ROLL PURPOSE KEY | sha256sum
type Draw struct{ Seed, Roll string }

// Lot is the lot of a key, 64 hexadecimal digits.
func (d Draw) Lot(purpose, key string) string {
	return digest(strings.Join([]string{d.Seed, d.Roll, purpose, key}, "\n"))
}

// Order is keys by their lots, the lowest first.
func (d Draw) Order(purpose string, keys []string) []string {
	out := slices.Clone(keys)
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(cmp.Compare(d.Lot(purpose, a), d.Lot(purpose, b)), cmp.Compare(a, b))
	})
	return out
}
