package content

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which words are compared and searched: compatibility forms made one (NFKC: full-width letters,
// circled digits), lower case, and without spaces, punctuation and symbols. It is for keys only; what a sender wrote is
// kept beside it.
func Fold(s string) string {
	buf := make([]byte, 0, 96)
	for _, r := range s {
		if r >= fullWidth && r < fullWidth+0x5E {
			r -= fullWidth - '!'
		}
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			buf = append(buf, byte(r))
		case r >= 'A' && r <= 'Z':
			buf = append(buf, byte(r-'A'+'a'))
		case r < utf8.RuneSelf:
		case r >= '一' && r <= lastHan:
			buf = utf8.AppendRune(buf, r)
		default:
			return foldAny(s)
		}
	}
	return string(buf)
}

// Names of enterprises and words of headers are nearly all of characters that stand for themselves, or are the full-width
// forms of ASCII, which follow each other in the same order from ！ on. None of them joins with what stands beside it.
const (
	fullWidth = '！'
	lastHan   = '\u9FD5' // as of Unicode 8, so that every version of the tables has them as letters
)

// foldAny is Fold by the tables of Unicode.
func foldAny(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKC.String(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
