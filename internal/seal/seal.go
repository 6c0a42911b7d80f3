package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Keys is a file of keys, which its owner alone may read. It is read each time: a key that was put there is known at once, and no
// key stays in memory. The zero value has no key.
type Keys struct{ file string }

// At is the keys of a file, which need not be there yet.
func At(file string) Keys { return Keys{file} }

const (
	version  = "v1"
	keyBytes = 32
	idSize   = 8 // letters of base 32
	fileMost = 64 << 10

	head = "# Keys of what the database keeps sealed. In no backup: keep a copy where you keep secrets. The first one seals.\n"
)

var encoding = base64.RawURLEncoding.Strict()

// key is one of a file.
type key struct {
	id     string
	secret []byte
}

func (k key) line() string { return k.id + " " + encoding.EncodeToString(k.secret) + "\n" }

func newKey() key {
	k := key{id: rand.Text()[:idSize], secret: make([]byte, keyBytes)}
	_, _ = rand.Read(k.secret) // never fails
	return k
}

func (k key) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// read is the keys of the file, none where it is not there.
func (k Keys) read() (all []key, err error) {
	if k.file == "" {
		return nil, nil
	}
	f, err := os.Open(k.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, fileMost))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, secret, _ := strings.Cut(line, " ")
		b, err := encoding.DecodeString(secret)
		if err != nil || len(b) != keyBytes || len(id) != idSize { // what stands there is told to nobody
			return nil, errs.Unavailable(i18n.M("seal.bad_file", k.file, n), nil)
		}
		all = append(all, key{id, b})
	}
	return all, nil
}

// Ready says whether there is a key to seal with.
func (k Keys) Ready() (bool, error) {
	all, err := k.read()
	return len(all) > 0, err
}

// Draw makes the file with a new key where there is none yet; one that is there stays. Of several at a time one draws.
func (k Keys) Draw() error {
	if ready, err := k.Ready(); ready || err != nil {
		return err
	}
	if k.file == "" {
		return errs.Unavailable(i18n.M("seal.no_key", k.file), nil)
	}
	fresh := k.file + "." + rand.Text()[:idSize] + ".new"
	err := blob.Replace(fresh, func(w io.Writer) error {
		_, err := io.WriteString(w, head+newKey().line())
		return err
	})
	if err == nil {
		err = os.Link(fresh, k.file) // unlike a change of name, this replaces nothing
		if errors.Is(err, fs.ErrExist) {
			err = nil
		}
		err = errors.Join(err, os.Remove(fresh))
	}
	if err != nil {
		return fmt.Errorf("draw a key: %w", err)
	}
	dir, err := os.Open(filepath.Dir(k.file)) // the name too must be on the disk before anything is sealed
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		return fmt.Errorf("draw a key: %w", err)
	}
	return nil
}

// Renew puts a new key before those of the file: from now on it seals, and the others open what they have sealed.
func (k Keys) Renew() error {
	all, err := k.read()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errs.Unavailable(i18n.M("seal.no_key", k.file), nil)
	}
	var text bytes.Buffer
	text.WriteString(head)
	for _, one := range append([]key{newKey()}, all...) {
		text.WriteString(one.line())
	}
	if err := blob.Replace(k.file, func(w io.Writer) error { _, err := w.Write(text.Bytes()); return err }); err != nil {
		return fmt.Errorf("renew the key: %w", err)
	}
	return nil
}

// Seal makes a piece that opens only for the same purpose, which names the thing that it belongs to. It fails with Unavailable
// where there is no key.
func (k Keys) Seal(plain []byte, purpose string) (string, error) {
	all, err := k.read()
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", errs.Unavailable(i18n.M("seal.no_key", k.file), nil)
	}
	a, err := all[0].aead()
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return version + "." + all[0].id + "." + encoding.EncodeToString(a.Seal(nil, nil, plain, bound(all[0].id, purpose))), nil
}

// Open is what was sealed for a purpose. It fails with Unavailable where the key of the piece is not in the file, or the piece was
// changed or sealed for something else.
func (k Keys) Open(sealed, purpose string) ([]byte, error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != version {
		return nil, errs.Unavailable(i18n.M("seal.spoilt"), nil)
	}
	all, err := k.read()
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if one.id != parts[1] {
			continue
		}
		b, err := encoding.DecodeString(parts[2])
		if err != nil {
			return nil, errs.Unavailable(i18n.M("seal.spoilt"), nil)
		}
		a, err := one.aead()
		if err != nil {
			return nil, fmt.Errorf("open what was sealed: %w", err)
		}
		plain, err := a.Open(nil, nil, b, bound(one.id, purpose))
		if err != nil {
			return nil, errs.Unavailable(i18n.M("seal.spoilt"), nil)
		}
		return plain, nil
	}
	return nil, errs.Unavailable(i18n.M("seal.no_key", k.file), nil)
}

// bound is what a piece is bound to besides its key.
func bound(id, purpose string) []byte { return []byte(version + "\n" + id + "\n" + purpose) }
