package sheet

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

// Unlock gives the content of a workbook that a password protects, as Open takes it; ok is false for a file that none
// protects. Without a password, or with a wrong one, the file is refused (Invalid). A .xls that is only protected against
// changes is encrypted with a password that everybody knows, and needs none.
func Unlock(path, name, password string, lim Limits) (clear io.Reader, ok bool, err error) {
	if name == "" {
		name = filepath.Base(path)
	}
	b := &Book{name: name, lim: lim.orDefault()}
	f, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	magic := make([]byte, len(oleMagic))
	if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != oleMagic || st.Size() > b.lim.File {
		return nil, false, nil // Open says what is wrong
	}
	c, err := openCompound(f, st.Size())
	if err != nil {
		return nil, false, nil // Open says what is wrong
	}
	switch {
	case c.has("EncryptedPackage"):
		clear, err = b.unlockNew(c, password)
		return clear, true, err
	case c.has("Workbook"):
		return b.unlockOld(c, password)
	}
	return nil, false, nil
}

// maxSpins bounds how often a file may have its password hashed. Office does it 100,000 times.
const maxSpins = 1_000_000

// unlockNew decrypts a .xlsx.
func (b *Book) unlockNew(c *compound, password string) (clear io.Reader, err error) {
	if password == "" {
		return nil, refuseFile(b.name, "sheet.refuse.password")
	}
	strange := refuseFile(b.name, "sheet.refuse.password_kind")
	info, err := c.open("EncryptionInfo")
	if err != nil || info.size > 1<<16 || !c.plausible() {
		return nil, strange
	}
	described, err := io.ReadAll(io.NewSectionReader(info, 0, info.size))
	if err != nil || spins(described) > maxSpins {
		return nil, strange
	}
	if yes, known := passwordFits(described, password); known && !yes {
		return nil, refuseFile(b.name, "sheet.refuse.password_wrong")
	}
	raw, err := io.ReadAll(io.NewSectionReader(c.src, 0, c.size))
	if err != nil {
		return nil, err
	}
	defer func() {
		if recover() != nil { // the library takes the description at its word
			clear, err = nil, strange
		}
	}()
	out, err := excelize.Decrypt(raw, &excelize.Options{Password: password})
	switch {
	case errors.Is(err, excelize.ErrUnsupportedEncryptMechanism), errors.Is(err, excelize.ErrUnknownEncryptMechanism):
		return nil, strange
	case err != nil, !bytes.HasPrefix(out, []byte("PK\x03\x04")): // the wrong key makes nothing of it
		return nil, refuseFile(b.name, "sheet.refuse.password_wrong")
	}
	return bytes.NewReader(out), nil
}

// spins is how often an EncryptionInfo stream says that the password is hashed; of the older kind, which has a fixed
// number, it says nothing.
func spins(info []byte) int {
	most := 0
	for rest := info; ; {
		_, after, ok := bytes.Cut(rest, []byte(`spinCount="`))
		if !ok {
			return most
		}
		digits, _, _ := bytes.Cut(after, []byte(`"`))
		n := atoi(digits)
		if n < 0 {
			return maxSpins + 1
		}
		most, rest = max(most, n), after
	}
}

// plausible says that the counts in the header could be true. Our own reader does not use them.
func (c *compound) plausible() bool {
	head := make([]byte, 76)
	if _, err := c.src.ReadAt(head, 0); err != nil {
		return false
	}
	for _, at := range []int{40, 44, 64, 72} { // sectors of the directory and of the tables
		if int64(binary.LittleEndian.Uint32(head[at:])) > int64(c.sectors()) {
			return false
		}
	}
	return true
}

// writeProtected is the password of workbooks that may be read without one.
const writeProtected = "VelvetSweatshop"

// unlockOld decrypts the record stream of a .xls.
func (b *Book) unlockOld(c *compound, password string) (io.Reader, bool, error) {
	s, err := c.open("Workbook")
	if err != nil {
		return nil, false, nil // Open says what is wrong
	}
	r := newRecords(s, 0, s.size)
	for r.op != recFilePass {
		if err := r.next(); err != nil || r.op == recEOF || r.op == recBoundSheet {
			return nil, false, nil // no password, or nothing to read
		}
	}
	given := password
	if password == "" {
		password = writeProtected
	}
	key, err := oldKey(r.body, password)
	switch {
	case errors.Is(err, errWrongPassword) && given == "":
		return nil, true, refuseFile(b.name, "sheet.refuse.password")
	case errors.Is(err, errWrongPassword):
		return nil, true, refuseFile(b.name, "sheet.refuse.password_wrong")
	case err != nil:
		return nil, true, refuseFile(b.name, "sheet.refuse.password_kind")
	}
	clear, err := decryptRecords(s, key)
	if err != nil {
		return nil, true, b.failOld(err)
	}
	return bytes.NewReader(clear), true, nil
}

var (
	errWrongPassword = errors.New("wrong password")
	errUnknownCipher = errors.New("a cipher that is not known")
)

// blockKey is the key of a block of 1,024 bytes of the stream.
type blockKey func(block uint32) []byte

// oldKey makes the keys of a FILEPASS record ([MS-OFFCRYPTO] 2.3.5 and 2.3.6) and checks the password. The oldest kind,
// which only adds the password to the text, is not known here.
func oldKey(pass []byte, password string) (blockKey, error) {
	if len(pass) < 6 || binary.LittleEndian.Uint16(pass) != 1 {
		return nil, errUnknownCipher
	}
	var word []byte
	for _, u := range utf16.Encode([]rune(password)) {
		word = binary.LittleEndian.AppendUint16(word, u)
	}
	major, minor := binary.LittleEndian.Uint16(pass[2:]), binary.LittleEndian.Uint16(pass[4:])
	switch {
	case major == 1 && minor == 1 && len(pass) >= 54:
		key := rc4Key(word, pass[6:22])
		return key, checkPassword(key, pass[22:54], func(b []byte) []byte { h := md5.Sum(b); return h[:] })
	case major >= 2 && major <= 4 && minor == 2 && len(pass) >= 14:
		return cryptoAPIKey(pass[6:], word)
	}
	return nil, errUnknownCipher
}

// rc4Key is the keys of 40 bits of Excel 97.
func rc4Key(word, salt []byte) blockKey {
	h := md5.Sum(word)
	h = md5.Sum(bytes.Repeat(append(h[:5:5], salt...), 16))
	return func(block uint32) []byte {
		k := md5.Sum(binary.LittleEndian.AppendUint32(bytes.Clone(h[:5]), block))
		return k[:]
	}
}

// cryptoAPIKey is the keys of Excel 2002 and later.
func cryptoAPIKey(b, word []byte) (blockKey, error) {
	header := int64(binary.LittleEndian.Uint32(b[4:]))
	if header < 32 || header+8+60 > int64(len(b)) {
		return nil, errUnknownCipher
	}
	bits := binary.LittleEndian.Uint32(b[8+16:])
	if bits == 0 {
		bits = 40
	}
	verifier := b[8+header:]
	if bits%8 != 0 || bits > 128 || binary.LittleEndian.Uint32(verifier) != 16 || binary.LittleEndian.Uint32(b[8+8:]) != 0x6801 {
		return nil, errUnknownCipher
	}
	h := sha1.Sum(append(bytes.Clone(verifier[4:20]), word...))
	key := func(block uint32) []byte {
		k := sha1.Sum(binary.LittleEndian.AppendUint32(bytes.Clone(h[:]), block))
		if bits == 40 {
			return append(k[:5:5], make([]byte, 11)...)
		}
		return k[:bits/8]
	}
	check := append(bytes.Clone(verifier[20:36]), verifier[40:60]...)
	return key, checkPassword(key, check, func(b []byte) []byte { h := sha1.Sum(b); return h[:] })
}

// checkPassword decrypts 16 random bytes and their hash, which must be that.
func checkPassword(key blockKey, check []byte, sum func([]byte) []byte) error {
	c, err := rc4.NewCipher(key(0))
	if err != nil {
		return errUnknownCipher
	}
	clear := make([]byte, len(check))
	c.XORKeyStream(clear, check)
	if subtle.ConstantTimeCompare(sum(clear[:16]), clear[16:]) != 1 {
		return errWrongPassword
	}
	return nil
}

// decryptRecords makes the stream readable. Heads of records are not encrypted, nor are the records that tell how to
// decrypt and the places of the sheets; the key goes on over them all the same.
func decryptRecords(s *stream, key blockKey) ([]byte, error) {
	clear, err := io.ReadAll(io.NewSectionReader(s, 0, s.size))
	if err != nil {
		return nil, err
	}
	cipher := &blockCipher{key: key}
	for at := 0; at+recordHead <= len(clear); {
		op, size := binary.LittleEndian.Uint16(clear[at:]), int(binary.LittleEndian.Uint16(clear[at+2:]))
		body := at + recordHead
		end := min(body+size, len(clear))
		switch op {
		case recFilePass:
			binary.LittleEndian.PutUint16(clear[at:], recCleared)
		case recBOF, recUserExclusive, recFileLock, recInterface, recSharedInfo, recSharedHead:
		case recBoundSheet:
			if err := cipher.apply(clear, min(body+4, end), end); err != nil {
				return nil, err
			}
		default:
			if err := cipher.apply(clear, body, end); err != nil {
				return nil, err
			}
		}
		at = end
	}
	return clear, nil
}

// Records that are never encrypted, and one that says nothing.
const (
	recInterface     = 0x00E1
	recSharedHead    = 0x0138
	recUserExclusive = 0x0194
	recFileLock      = 0x0195
	recSharedInfo    = 0x0196
	recCleared       = 0x00D7 // DBCELL: where rows lie, which no reader of ours needs
)

// blockCipher decrypts stretches of a stream, by ascending place.
type blockCipher struct {
	key   blockKey
	rc4   *rc4.Cipher
	block int // of rc4; its key stream stands at pos
	pos   int
	waste [1024]byte
}

const cipherBlock = 1024

func (c *blockCipher) apply(b []byte, from, to int) error {
	for from < to {
		if block := from / cipherBlock; c.rc4 == nil || block != c.block {
			next, err := rc4.NewCipher(c.key(uint32(block)))
			if err != nil {
				return err
			}
			c.rc4, c.block, c.pos = next, block, block*cipherBlock
		}
		skip := c.waste[:from-c.pos]
		c.rc4.XORKeyStream(skip, skip)
		end := min(to, (c.block+1)*cipherBlock)
		c.rc4.XORKeyStream(b[from:end], b[from:end])
		from, c.pos = end, end
	}
	return nil
}
