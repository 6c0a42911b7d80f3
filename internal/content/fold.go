package content

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which words are compared and searched: compatibility forms made one (NFKC: full-width letters,
// circled digits), lower case, and without spaces, punctuation and symbols. It is for keys only; what a sender wrote is
// kept beside it.
func Fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKC.String(s) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
