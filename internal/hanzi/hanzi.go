package hanzi

import (
	_ "embed" // the table
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
	"golang.org/x/text/unicode/norm"
)

// table is a traditional character and its simplified one on each line; see SOURCE.md.
//
//go:embed simplified.txt
var table string

var simplified = sync.OnceValue(func() map[rune]rune {
	m := make(map[rune]rune, 4096)
	for line := range strings.Lines(table) {
		from, size := utf8.DecodeRuneInString(line)
		m[from], _ = utf8.DecodeRuneInString(line[size:])
	}
	for from, to := range m { // 薴 becomes 苧, which is itself the traditional form of another
		if next, ok := m[to]; ok {
			m[from] = next
		}
	}
	return m
})

// Simplified is a text with each traditional character in its simplified form, the first where there are several. It is
// for keys only: 乾 may be meant as itself.
func Simplified(s string) string {
	m := simplified()
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			if to, ok := m[r]; ok {
				return to
			}
		}
		return r
	}, s)
}

// IsTraditional says that a text is written in traditional characters: that two of them have a simplified form. One alone
// may be meant as itself.
func IsTraditional(s string) bool {
	m, n := simplified(), 0
	for _, r := range s {
		if r >= utf8.RuneSelf {
			if _, ok := m[r]; ok {
				n++
			}
		}
	}
	return n >= 2
}

// maxAnnotation bounds the text in brackets that is looked at, in bytes.
const maxAnnotation = 120

// Unannotated is a text without the pinyin that stands in brackets behind the characters that it spells: 盐城(yán chéng)市
// is 盐城市. found says that there was some. Brackets with any other text stay: what is taken for pinyin must be a reading
// of each of the characters before it.
func Unannotated(s string) (clean string, found bool) {
	if !strings.ContainsAny(s, "(（") {
		return s, false
	}
	var out strings.Builder
	for rest := s; rest != ""; {
		at := strings.IndexAny(rest, "(（")
		if at < 0 {
			out.WriteString(rest)
			break
		}
		out.WriteString(rest[:at])
		rest = rest[at:]
		_, open := utf8.DecodeRuneInString(rest)
		end := strings.IndexAny(rest, ")）")
		if end >= open && end <= maxAnnotation && spells(letters(rest[open:end]), []rune(out.String())) {
			_, closing := utf8.DecodeRuneInString(rest[end:])
			rest = rest[end+closing:]
			found = true
			continue
		}
		out.WriteString(rest[:open])
		rest = rest[open:]
	}
	if !found {
		return s, false
	}
	return out.String(), true
}

// letters is pinyin in plain small letters, without tones and spaces; "" when it is none.
func letters(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		case r == '\u0308' && b.Len() > 0: // ü is v
			u := b.String()
			b.Reset()
			b.WriteString(strings.TrimSuffix(u, "u") + "v")
		case unicode.Is(unicode.Mn, r), r >= '1' && r <= '5', strings.ContainsRune(" '’·-\u00a0\u3000", r): // tones, and what parts syllables
		default:
			return ""
		}
	}
	return b.String()
}

// spells says that letters are readings of the last of some characters, one for each.
func spells(text string, before []rune) bool {
	if text == "" {
		return false
	}
	ends := []string{text} // what is not yet spelt
	for i := len(before) - 1; i >= 0 && len(ends) > 0 && unicode.Is(unicode.Han, before[i]); i-- {
		var left []string
		for _, sound := range pinyin.SinglePinyin(before[i], pinyin.Args{Style: pinyin.Normal, Heteronym: true}) {
			for _, end := range ends {
				if rest, ok := strings.CutSuffix(end, sound); ok {
					if rest == "" {
						return true
					}
					left = append(left, rest)
				}
			}
		}
		ends = left
	}
	return false
}
