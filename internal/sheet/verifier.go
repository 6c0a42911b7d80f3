package sheet

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"hash"
	"unicode/utf16"
)

// passwordFits says whether a password is that of a .xlsx, by the verifier in its EncryptionInfo stream ([MS-OFFCRYPTO] 2.3.4.9
// and 2.3.4.13), so that nothing of a large package is read and decrypted under a wrong one. Hashing the password as often
// as the file says is all that it costs. known is false for a description that has no verifier which is understood here.
func passwordFits(info []byte, password string) (yes, known bool) {
	var word []byte
	for _, u := range utf16.Encode([]rune(password)) {
		word = binary.LittleEndian.AppendUint16(word, u)
	}
	if len(info) < 8 {
		return false, false
	}
	switch major, minor := binary.LittleEndian.Uint16(info), binary.LittleEndian.Uint16(info[2:]); {
	case major == 4 && minor == 4:
		return fitsAgile(info[8:], word)
	case major >= 2 && major <= 4 && minor == 2:
		return fitsStandard(info[8:], word)
	}
	return false, false
}

// agile is what the newer kind of description says of the password.
type agile struct {
	Encryptors []struct {
		Key *struct {
			Spins     int    `xml:"spinCount,attr"`
			Bits      int    `xml:"keyBits,attr"`
			Size      int    `xml:"hashSize,attr"`
			Cipher    string `xml:"cipherAlgorithm,attr"`
			Chaining  string `xml:"cipherChaining,attr"`
			Hash      string `xml:"hashAlgorithm,attr"`
			Salt      string `xml:"saltValue,attr"`
			Verifier  string `xml:"encryptedVerifierHashInput,attr"`
			HashValue string `xml:"encryptedVerifierHashValue,attr"`
		} `xml:"http://schemas.microsoft.com/office/2006/keyEncryptor/password encryptedKey"`
	} `xml:"keyEncryptors>keyEncryptor"`
}

// What the key of each part of the verifier is hashed with.
var (
	verifierInput = []byte{0xfe, 0xa7, 0xd2, 0x76, 0x3b, 0x4b, 0x9e, 0x79}
	verifierValue = []byte{0xd7, 0xaa, 0x0f, 0x6d, 0x30, 0x61, 0x34, 0x4e}
)

func fitsAgile(text, word []byte) (yes, known bool) {
	var d agile
	if err := xml.Unmarshal(text, &d); err != nil {
		return false, false
	}
	for _, e := range d.Encryptors {
		k := e.Key
		if k == nil {
			continue
		}
		sum := map[string]func() hash.Hash{"SHA1": sha1.New, "SHA256": sha256.New, "SHA384": sha512.New384, "SHA512": sha512.New}[k.Hash]
		salt, value, want := decoded(k.Salt), decoded(k.Verifier), decoded(k.HashValue)
		bits := k.Bits == 128 || k.Bits == 192 || k.Bits == 256
		if sum == nil || k.Cipher != "AES" || k.Chaining != "ChainingModeCBC" || !bits || len(salt) != aes.BlockSize || k.Spins < 0 || k.Spins > maxSpins {
			return false, false
		}
		key := spun(sum(), salt, word, k.Spins)
		input := cbc(finalKey(sum(), key, verifierInput, k.Bits/8), salt, value)
		clear := cbc(finalKey(sum(), key, verifierValue, k.Bits/8), salt, want)
		size := sum().Size()
		if k.Size != size || input == nil || len(clear) < size {
			return false, false
		}
		h := sum()
		h.Write(input)
		return subtle.ConstantTimeCompare(h.Sum(nil), clear[:size]) == 1, true
	}
	return false, false
}

// decoded is nil for what is no base64.
func decoded(text string) []byte {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

// spun is the password hashed with the salt, and the result as often as the file says with the number of the turn.
func spun(h hash.Hash, salt, word []byte, spins int) []byte {
	h.Write(salt)
	h.Write(word)
	key := h.Sum(nil)
	turn := make([]byte, 4)
	for i := range spins {
		binary.LittleEndian.PutUint32(turn, uint32(i))
		h.Reset()
		h.Write(turn)
		h.Write(key)
		key = h.Sum(key[:0])
	}
	return key
}

// finalKey is the key of a part of the file, padded as the format says.
func finalKey(h hash.Hash, key, block []byte, size int) []byte {
	h.Write(key)
	h.Write(block)
	k := h.Sum(nil)
	for len(k) < size {
		k = append(k, 0x36)
	}
	return k[:size]
}

// cbc decrypts whole blocks; nil for anything else.
func cbc(key, iv, secret []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil || len(secret) == 0 || len(secret)%aes.BlockSize != 0 {
		return nil
	}
	clear := make([]byte, len(secret))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(clear, secret)
	return clear
}

// standardSpins is how often the older kind hashes a password.
const standardSpins = 50_000

func fitsStandard(b, word []byte) (yes, known bool) {
	if len(b) < 8 { // the flags stand before
		return false, false
	}
	size := int64(binary.LittleEndian.Uint32(b))
	if size < 32 || size+4+72 > int64(len(b)) {
		return false, false
	}
	bits := binary.LittleEndian.Uint32(b[4+16:])
	verifier := b[4+size:]
	if bits != 128 && bits != 192 && bits != 256 || binary.LittleEndian.Uint32(verifier) != aes.BlockSize {
		return false, false
	}
	key := spun(sha1.New(), verifier[4:20], word, standardSpins)
	key = finalKey(sha1.New(), key, make([]byte, 4), sha1.Size)
	var derived []byte
	for _, pad := range []byte{0x36, 0x5c} {
		x := make([]byte, 64)
		for i := range x {
			x[i] = pad
			if i < len(key) {
				x[i] ^= key[i]
			}
		}
		sum := sha1.Sum(x)
		derived = append(derived, sum[:]...)
	}
	block, err := aes.NewCipher(derived[:bits/8])
	if err != nil {
		return false, false
	}
	clear := make([]byte, 48)
	for i := range 3 {
		from := []int{20, 40, 56}[i]
		block.Decrypt(clear[i*aes.BlockSize:], verifier[from:from+aes.BlockSize])
	}
	sum := sha1.Sum(clear[:aes.BlockSize])
	return subtle.ConstantTimeCompare(sum[:], clear[aes.BlockSize:aes.BlockSize+sha1.Size]) == 1, true
}
