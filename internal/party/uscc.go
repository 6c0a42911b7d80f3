package party

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// USCC is a 统一社会信用代码 in its canonical form: 18 characters, upper case.
type USCC string

// Finding is what is odd about a code. The zero Finding is sound.
type Finding string

// The findings. A code of the wrong length or with a foreign character is no code at all and gives no USCC; a wrong
// check digit warns and asks, for real codes exist that fail.
const (
	Sound        Finding = ""
	NotACode     Finding = "not_a_code"     // empty, or nothing like a code
	WrongLength  Finding = "wrong_length"   // not 18 characters
	WrongLetter  Finding = "wrong_letter"   // a character outside the alphabet, which has no I, O, S, V, Z
	WrongCheck   Finding = "wrong_check"    // the last character does not follow from the others
	WrongOrgCode Finding = "wrong_org_code" // the organisation code inside (characters 9 to 17) fails its own check
	Exponential  Finding = "exponential"    // a spreadsheet stored it as a number; its last digits are lost
)

// Usable says that the code is whole, sound or not.
func (f Finding) Usable() bool { return f == Sound || f == WrongCheck || f == WrongOrgCode }

// Msg says to a user what is odd and what to do.
func (f Finding) Msg() i18n.Msg {
	if f == Sound {
		return i18n.Msg{}
	}
	return i18n.M("party.uscc_" + string(f))
}

// usccAlphabet is the 31 characters of GB 32100-2015 in the order of their values.
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// usccSize is the length of a code.
const usccSize = 18

// ParseUSCC reads a code as senders write it: full-width and lower-case characters, spaces and hyphens are folded away.
// With a Finding that is not Usable the USCC is "".
func ParseUSCC(s string) (USCC, Finding) {
	if len(s) > 256 {
		return "", NotACode
	}
	raw := strings.ToUpper(norm.NFKC.String(s))
	if isExponential(raw) {
		return "", Exponential
	}
	code := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\n', '\r', '-', '‐', '–', '—', '−', '\'', '’', '`', '\u200b', '\ufeff', '\u00ad':
			return -1
		}
		return r
	}, raw)
	if code == "" {
		return "", NotACode
	}
	letters := 0
	for _, r := range code {
		if r < '0' || r > '9' && r < 'A' || r > 'Z' {
			return "", NotACode
		}
		if strings.IndexByte(usccAlphabet, byte(r)) < 0 {
			letters++
		}
	}
	switch {
	case len(code) != usccSize:
		return "", WrongLength
	case letters > 0:
		return "", WrongLetter
	}
	u := USCC(code)
	switch {
	case u[17] != usccCheck(code[:17]):
		return u, WrongCheck
	case u[16] != orgCheck(code[8:16]):
		return u, WrongOrgCode
	}
	return u, Sound
}

// isExponential recognises 9.13205007311235E+17.
func isExponential(s string) bool {
	s = strings.TrimSpace(s)
	mantissa, exp, ok := strings.Cut(s, "E+")
	return ok && len(mantissa) > 0 && strings.Trim(mantissa, "0123456789.") == "" && exp != "" && strings.Trim(exp, "0123456789") == ""
}

// usccCheck is the 18th character for 17 characters of the alphabet: GB 32100-2015, weights 3^(i−1) mod 31.
func usccCheck(body string) byte {
	sum, weight := 0, 1
	for i := range len(body) {
		sum += strings.IndexByte(usccAlphabet, body[i]) * weight
		weight = weight * 3 % 31
	}
	return usccAlphabet[(31-sum%31)%31]
}

// orgCheck is the check character of an organisation code of 8 characters: GB 11714-1997, mod 11; a letter counts 10 for
// A, 11 for B and so on.
func orgCheck(body string) byte {
	sum := 0
	for i, w := range [8]int{3, 7, 9, 10, 5, 8, 4, 2} {
		v := int(body[i] - '0')
		if body[i] >= 'A' {
			v = int(body[i]-'A') + 10
		}
		sum += v * w
	}
	switch c := 11 - sum%11; c {
	case 10:
		return 'X'
	case 11:
		return '0'
	default:
		return byte('0' + c)
	}
}

// lookAlikes is characters that people and scanners take for each other; the first four are not in the alphabet.
var lookAlikes = map[rune]string{
	'I': "1", 'O': "0", 'S': "5", 'Z': "2", 'V': "UY",
	'0': "DQ", 'D': "0", 'Q': "0", '1': "L7", 'L': "1", '7': "1", '8': "B", 'B': "8", '5': "6", '6': "5G", 'G': "6", '2': "7",
	'U': "WY", 'W': "U", 'Y': "U",
}

// maxSuggestions is how many mended codes are offered at most.
const maxSuggestions = 5

// SuggestUSCC is sound codes that differ from what was written by one likely slip: look-alike characters (all letters
// outside the alphabet are mended together), or two neighbours in the wrong order. Nothing is suggested for a code that
// is sound already, and a suggestion is never taken without asking.
func SuggestUSCC(s string) []USCC {
	if _, f := ParseUSCC(s); f != WrongLetter && f != WrongCheck && f != WrongOrgCode {
		return nil
	}
	var found []USCC
	offer := func(code string) {
		if u, f := ParseUSCC(code); f == Sound && len(found) < maxSuggestions {
			for _, have := range found {
				if have == u {
					return
				}
			}
			found = append(found, u)
		}
	}
	folded := strings.ToUpper(norm.NFKC.String(s))
	code := []rune(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, folded))
	for i, r := range code { // letters that cannot be there have one reading, V has two
		if strings.ContainsRune("IOSZ", r) {
			code[i] = rune(lookAlikes[r][0])
		}
	}
	offer(string(code))
	for i, r := range code {
		for _, other := range lookAlikes[r] {
			code[i] = other
			offer(string(code))
		}
		code[i] = r
		if i+1 < len(code) {
			code[i], code[i+1] = code[i+1], code[i]
			offer(string(code))
			code[i], code[i+1] = code[i+1], code[i]
		}
	}
	return found
}
