package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Cost is how dear one guess of a password is made: argon2id's memory, passes and threads. The zero value stands for
// 19 MiB, 2 passes, 1 thread, the first choice of OWASP's Password Storage Cheat Sheet (secondary); tests take less.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Threads   uint8
}

func (c Cost) orDefault() Cost {
	if c == (Cost{}) {
		return Cost{MemoryKiB: 19 * 1024, Passes: 2, Threads: 1}
	}
	return c
}

const (
	saltBytes = 16
	hashBytes = 32

	passwordMin = 10  // characters
	passwordMax = 128 // characters; more would only make hashing slow
)

// hasher hashes passwords, a few at a time: each hash takes a core and Cost.MemoryKiB, and who signs in needs no
// permission.
type hasher struct {
	cost  Cost
	slots chan struct{}
}

func newHasher(c Cost, atATime int) hasher {
	return hasher{cost: c.orDefault(), slots: make(chan struct{}, atATime)}
}

func (h hasher) key(ctx context.Context, password string, salt []byte, c Cost, size uint32) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	// the same characters may be typed as different code points
	return argon2.IDKey([]byte(norm.NFKC.String(password)), salt, c.Passes, c.MemoryKiB, c.Threads, size), nil
}

// hash is the password as stored, in the PHC string format.
func (h hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	key, err := h.key(ctx, password, salt, h.cost, hashBytes)
	if err != nil {
		return "", err
	}
	return h.cost.encode(salt, key), nil
}

func (c Cost) encode(salt, key []byte) string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.MemoryKiB, c.Passes, c.Threads, enc.EncodeToString(salt), enc.EncodeToString(key))
}

// decoy is a stored password that nothing matches and that takes as long to refuse as any other.
func (h hasher) decoy() string {
	return h.cost.encode(make([]byte, saltBytes), make([]byte, hashBytes))
}

// verify says whether the password is the stored one, and whether the stored hash has another cost than today's.
func (h hasher) verify(ctx context.Context, stored, password string) (ok, stale bool, err error) {
	c, salt, want, err := decode(stored)
	if err != nil {
		return false, false, err
	}
	got, err := h.key(ctx, password, salt, c, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, c != h.cost, nil
}

func decode(stored string) (c Cost, salt, key []byte, err error) {
	parts := strings.Split(stored, "$")
	version := 0
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return c, nil, nil, fmt.Errorf("stored password: not an argon2id string")
	}
	if _, err = fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &c.MemoryKiB, &c.Passes, &c.Threads); err != nil {
		return c, nil, nil, fmt.Errorf("stored password: %w", err)
	}
	if version != argon2.Version || c.Passes == 0 || c.Threads == 0 {
		return c, nil, nil, fmt.Errorf("stored password: version %d, cost %+v", version, c)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return c, nil, nil, fmt.Errorf("stored password: %w", err)
	}
	if key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return c, nil, nil, fmt.Errorf("stored password: %w", err)
	}
	if len(key) == 0 {
		return c, nil, nil, fmt.Errorf("stored password: empty")
	}
	return c, salt, key, nil
}

// weakList holds passwords of ten characters and more that lists of leaked passwords begin with, and what people of
// this trade would think of; one a line, in lower case. Shorter ones are refused for their length.
//
//go:embed weak.txt
var weakList string

// CheckPassword says why a password will not do: too short (counted in characters), too long, on the list of weak
// ones, one pattern over and over, a run along the keyboard or the alphabet, or built around the login or name. It
// asks for no digits and signs: length and not being guessable are what counts (NIST SP 800-63B, secondary).
func CheckPassword(password, login, name string) error {
	n := utf8.RuneCountInString(norm.NFKC.String(password))
	switch {
	case n < passwordMin:
		return errs.Invalid(i18n.M("access.password_short", passwordMin, n))
	case n > passwordMax || len(password) > 4*passwordMax:
		return errs.Invalid(i18n.M("access.password_long", passwordMax))
	case weak(password):
		return errs.Invalid(i18n.M("access.password_weak"))
	case personal(password, login) || personal(password, name):
		return errs.Invalid(i18n.M("access.password_personal"))
	}
	return nil
}

// Passwords is what an installation asks of passwords besides CheckPassword. The zero value asks nothing more, as OWASP ASVS 5.0
// wants it (6.2.5, 6.2.10).
type Passwords struct {
	Mixed bool // three of: capital letters, small letters, digits, anything else
	Days  int  // after which a password must be changed; 0 for never
}

// Graded is what GB/T 22239-2019, 8.1.4.1 a), asks for: passwords of several kinds of characters, changed from time to time. The
// standard names no number; 90 days are what assessors usually look for (secondary).
func Graded() Passwords { return Passwords{Mixed: true, Days: 90} }

const mixedKinds = 3

// check is CheckPassword, and what the installation asks besides.
func (s *Store) check(password, login, name string) error {
	if err := CheckPassword(password, login, name); err != nil {
		return err
	}
	if s.Passwords.Mixed && kindsOf(password) < mixedKinds {
		return errs.Invalid(i18n.M("access.password_plain", mixedKinds))
	}
	return nil
}

// kindsOf is how many kinds of characters are in a password.
func kindsOf(password string) (n int) {
	var seen [4]bool
	for _, r := range norm.NFKC.String(password) {
		switch {
		case unicode.IsUpper(r):
			seen[0] = true
		case unicode.IsLower(r):
			seen[1] = true
		case unicode.IsDigit(r):
			seen[2] = true
		default:
			seen[3] = true
		}
	}
	for _, is := range seen {
		if is {
			n++
		}
	}
	return n
}

// Overdue says that an account must change its password before it does anything else.
func (s *Store) Overdue(a Account) bool {
	days := time.Duration(s.Passwords.Days) * 24 * time.Hour
	return days > 0 && s.machine.Millis()-a.passwordAt >= days.Milliseconds()
}

func weak(password string) bool {
	p := fold(password)
	for line := range strings.Lines(weakList) {
		if strings.TrimSpace(line) == p {
			return true
		}
	}
	runes := []rune(p)
	for period := 1; period <= 4; period++ { // aaaaaaaaaa, abababababa, 123412341234
		if repeats(runes, period) {
			return true
		}
	}
	for _, row := range []string{"01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik"} {
		if strings.Contains(row, p) || strings.Contains(reversed(row), p) {
			return true
		}
	}
	return false
}

func repeats(runes []rune, period int) bool {
	for i := period; i < len(runes); i++ {
		if runes[i] != runes[i-period] {
			return false
		}
	}
	return true
}

func reversed(s string) string {
	var b strings.Builder
	for i := len(s) - 1; i >= 0; i-- { // the rows are ASCII
		b.WriteByte(s[i])
	}
	return b.String()
}

// personal says that little more than the word is in the password: without it, fewer than half of the characters that
// are asked for remain.
func personal(password, word string) bool {
	p, w := fold(password), fold(word)
	if utf8.RuneCountInString(w) < 3 || !strings.Contains(p, w) {
		return false
	}
	return utf8.RuneCountInString(strings.ReplaceAll(p, w, "")) < passwordMin/2
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(norm.NFKC.String(s))) }
