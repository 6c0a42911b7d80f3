package sheet

import (
	"bytes"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/errs"
)

const testPassword = "盐城Pass1"

// TestUnlock opens what LibreOffice, msoffcrypto and excelize have encrypted, and reads it as the workbook that it was.
func TestUnlock(t *testing.T) {
	want, err := os.ReadFile("testdata/libreoffice.golden")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := os.ReadFile("testdata/libreoffice.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	standard, err := excelize.Encrypt(plain, &excelize.Options{Password: testPassword})
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"agile":    "testdata/locked/msoffcrypto.xlsx",
		"standard": saveFile(t, "t.xlsx", standard), "RC4 of LibreOffice": "testdata/locked/libreoffice.xls",
	} {
		if err := readAll(t, path, Limits{}); innerKey(err) != "sheet.refuse.password" {
			t.Errorf("%s without its password: %v", name, err)
		}
		for word, key := range map[string]string{"": "sheet.refuse.password", "盐城pass1": "sheet.refuse.password_wrong"} {
			if _, ok, err := Unlock(path, "", word, Limits{}); !ok || innerKey(err) != key {
				t.Errorf("%s with %q: %v, %v", name, word, ok, err)
			}
		}
		clear, ok, err := Unlock(path, "", testPassword, Limits{})
		if err != nil || !ok {
			t.Errorf("%s: %v, %v", name, ok, err)
			continue
		}
		b, err := io.ReadAll(clear)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), drawn(t, bookOf(t, saveFile(t, "clear", b)), 0)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestPasswordFits knows a password by the verifier alone, without the package: what Excel's kinds of description and both lengths
// of keys make of it.
func TestPasswordFits(t *testing.T) {
	plain, err := excelize.Encrypt([]byte("PK\x03\x04"), &excelize.Options{Password: testPassword})
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"agile": "testdata/locked/msoffcrypto.xlsx", "standard": saveFile(t, "t.xlsx", plain)} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		st, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		c, err := openCompound(f, st.Size())
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.open("EncryptionInfo")
		if err != nil {
			t.Fatal(err)
		}
		info, err := io.ReadAll(io.NewSectionReader(s, 0, s.size))
		if err != nil {
			t.Fatal(err)
		}
		for word, want := range map[string]bool{testPassword: true, testPassword + "x": false, "": false} {
			if yes, known := passwordFits(info, word); !known || yes != want {
				t.Errorf("%s with %q: %v, %v", name, word, yes, known)
			}
		}
		for i := range info { // whatever is cut off is not known, and nothing worse
			if yes, _ := passwordFits(info[:min(i, 40)], testPassword); yes {
				t.Fatalf("%s fits after %d bytes", name, i)
			}
		}
	}
}

// TestUnlockProtectedAgainstChanges needs no password: what is only not to be changed may be read.
func TestUnlockProtectedAgainstChanges(t *testing.T) {
	clear, ok, err := Unlock("testdata/locked/writeprotected.xls", "", "", Limits{})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	b, err := io.ReadAll(clear)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/libreoffice.golden", drawn(t, bookOf(t, saveFile(t, "clear", b)), 0))
}

func TestUnlockNothing(t *testing.T) {
	for _, path := range []string{"testdata/libreoffice.xlsx", "testdata/old/county.xls", "testdata/libreoffice.csv", saveFile(t, "t", nil), saveFile(t, "t", []byte(oleMagic+"x"))} {
		if r, ok, err := Unlock(path, "", "x", Limits{}); r != nil || ok || err != nil {
			t.Errorf("%s: %v, %v", path, ok, err)
		}
	}
}

// TestCryptoAPI makes the keys that msoffcrypto 6.1 makes of the same password and salt, and knows the password by its
// verifier.
func TestCryptoAPI(t *testing.T) {
	pass := func(bits uint32) []byte {
		var salt []byte
		for i := range 16 {
			salt = append(salt, byte(i))
		}
		b := []byte{1, 0, 4, 0, 2, 0}
		for _, v := range []uint32{4, 32, 4, 0, 0x6801, 0x8004, bits, 1, 0, 0, 16} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		b = append(b, salt...)
		b = append(b, make([]byte, 16)...)
		b = binary.LittleEndian.AppendUint32(b, 20)
		return append(b, make([]byte, 20)...)
	}
	word := []byte{}
	for _, u := range utf16.Encode([]rune(testPassword)) {
		word = binary.LittleEndian.AppendUint16(word, u)
	}
	for bits, want := range map[uint32][]string{
		40:  {"fbe981a8bd0000000000000000000000", "337baa30a70000000000000000000000"},
		128: {"fbe981a8bd30df2304a7299bbf2e4c8b", "337baa30a7d207378f696c1def875813"},
	} {
		p := pass(bits)
		key, err := cryptoAPIKey(p[6:], word)
		if !errors.Is(err, errWrongPassword) {
			t.Fatal(err)
		}
		for block, hex := range want {
			if got := fmt.Sprintf("%x", key(uint32(block))); got != hex {
				t.Errorf("%d bits, block %d: %s, want %s", bits, block, got, hex)
			}
		}
		check := p[len(p)-40:] // the verifier and, behind its length, its hash
		c, err := rc4.NewCipher(key(0))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha1.Sum(make([]byte, 16))
		c.XORKeyStream(check[:16], make([]byte, 16))
		c.XORKeyStream(check[20:], sum[:])
		if _, err := oldKey(p, testPassword); err != nil {
			t.Errorf("%d bits: %v", bits, err)
		}
		if _, err := oldKey(p, testPassword+"x"); !errors.Is(err, errWrongPassword) {
			t.Errorf("%d bits, wrong password: %v", bits, err)
		}
	}
}

// TestUnlockHostile refuses what would hash for hours, and what does not describe itself.
func TestUnlockHostile(t *testing.T) {
	raw, err := os.ReadFile("testdata/locked/msoffcrypto.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	patched := func(old, with string) []byte {
		if !bytes.Contains(raw, []byte(old)) || len(old) != len(with) {
			t.Fatalf("no %q", old)
		}
		return bytes.ReplaceAll(raw, []byte(old), []byte(with))
	}
	counts := bytes.Clone(raw)
	binary.LittleEndian.PutUint32(counts[44:], 0x0FFFFFFF)
	old, err := os.ReadFile("testdata/locked/libreoffice.xls")
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(old, []byte("\x2F\x00\x36\x00\x01\x00\x01\x00\x01\x00"))
	if at < 0 {
		t.Fatal("no FILEPASS record")
	}
	xor, torn := bytes.Clone(old), bytes.Clone(old)
	xor[at+4] = 0
	binary.LittleEndian.PutUint16(torn[at+2:], 9)
	for name, file := range map[string][]byte{
		"hashed for hours":       patched(`spinCount="100000" sal`, `spinCount="9999999"sal`),
		"a count that is none":   patched(`spinCount="100000"`, `spinCount="1e9999"`),
		"sectors without number": counts,
		"another mechanism":      patched("\x04\x00\x04\x00", "\x04\x00\x03\x00"),
		"no salt":                patched(`saltValue="`, `saltvalue="`),
		"the oldest kind":        xor,
		"cut off":                torn,
	} {
		_, ok, err := Unlock(saveFile(t, "t.xlsx", file), "", testPassword, Limits{})
		if key := innerKey(err); !ok || !strings.HasPrefix(key, "sheet.refuse.password") || errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	for i := range 300 {
		for _, good := range [][]byte{old, raw} {
			bad := bytes.Clone(good)
			bad[i*7919%len(bad)] ^= byte(1 << (i % 8))
			if spins(bad) > 200_000 {
				continue
			}
			if _, _, err := Unlock(saveFile(t, "t", bad), "", "", Limits{}); err != nil && errs.KindOf(err) != errs.KindInvalid {
				t.Fatalf("mutation %d: %v", i, err)
			}
		}
	}
}
