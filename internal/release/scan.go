package release

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Personal is a sort of number or address that no release holds.
type Personal string

// The sorts. Account is any other number of at least shortestAccount digits: those of bank accounts have no check that all keep.
const (
	Identity Personal = "identity"
	Mobile   Personal = "mobile"
	Account  Personal = "account"
	Mail     Personal = "mail"
)

// Msg names a sort.
func (p Personal) Msg() i18n.Msg { return i18n.M("release.personal_" + string(p)) }

// Spotted is what Scan has found: its sort, and the text with all but its ends starred.
type Spotted struct {
	Personal
	Masked string
}

const (
	mobileDigits    = 11
	shortestAccount = 12
	gap             = 3 // so many signs that are neither letter nor digit may stand between two digits of one number
)

// Scan looks through a text for what no release holds, in any spelling: full-width, circled and Chinese digits, letters that look like
// digits, and signs between the digits. The unified social credit code of an organisation (统一社会信用代码) is public; a text in which
// one stands with its check character is not refused for it.
func Scan(text string) (Spotted, bool) {
	runes := []rune(norm.NFKC.String(text))
	if s, ok := mail(runes); ok {
		return s, true
	}
	for _, run := range runs(hideCodes(runes)) {
		if p := sort(run); p != "" {
			return Spotted{p, starred(run)}, true
		}
	}
	return Spotted{}, false
}

// starred is a number of which four digits are told, enough to find it by.
func starred(run string) string {
	return run[:2] + strings.Repeat("*", len(run)-4) + run[len(run)-2:]
}

// mail finds a sign @ between letters or digits.
func mail(text []rune) (Spotted, bool) {
	for i, r := range text {
		if r != '@' {
			continue
		}
		before, after := beside(text, i, -1), beside(text, i, 1)
		if word(before) && word(after) {
			return Spotted{Mail, string(before) + "***@***"}, true
		}
	}
	return Spotted{}, false
}

// beside is the first sign beside a place that is no blank and nothing that is not seen.
func beside(text []rune, at, step int) rune {
	for n := 1; n <= gap; n++ {
		i := at + n*step
		if i < 0 || i >= len(text) {
			return 0
		}
		if !unicode.IsSpace(text[i]) && !unicode.Is(unicode.Cf, text[i]) {
			return text[i]
		}
	}
	return 0
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func ascii(r rune) bool { return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }

// hideCodes writes a letter for each credit code that stands alone and is sound.
func hideCodes(text []rune) []rune {
	var out []rune
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && ascii(text[j]) {
			j++
		}
		switch {
		case j == i:
			out, i = append(out, text[i]), i+1
		case publicCode(string(text[i:j])):
			out, i = append(out, 'C'), j
		default:
			out, i = append(out, text[i:j]...), j
		}
	}
	return out
}

// publicCode says that a text is a sound credit code, and no number of an identity card besides.
func publicCode(s string) bool {
	if len(s) != 18 {
		return false
	}
	_, finding := party.ParseUSCC(s)
	return finding == party.Sound && !identity(s)
}

// runs is the numbers in a text, without what stands between their digits; an X closes one of 17 digits.
func runs(text []rune) []string {
	var all []string
	var run []byte
	between := 0
	end := func() {
		if len(run) > 0 {
			all = append(all, string(run))
		}
		run, between = run[:0], 0
	}
	for i, r := range text {
		d, ok := digit(r)
		if !ok {
			d, ok = lookAlike(text, i, len(run) > 0 && between == 0)
		}
		switch {
		case ok:
			run, between = append(run, d), 0
		case (r == 'X' || r == 'x' || r == '×') && len(run) == 17:
			run = append(run, 'X')
			end()
		case word(r):
			end()
		default:
			if between++; between > gap {
				end()
			}
		}
	}
	end()
	return all
}

// chinese are the Chinese digits, as they are written and as they are read out.
var chinese = map[rune]byte{
	'〇': '0', '零': '0', '○': '0', '一': '1', '幺': '1', '二': '2', '三': '3', '四': '4', '五': '5', '六': '6', '七': '7', '八': '8', '九': '9',
	'壹': '1', '贰': '2', '貳': '2', '叁': '3', '參': '3', '肆': '4', '伍': '5', '陆': '6', '陸': '6', '柒': '7', '捌': '8', '玖': '9',
}

// digit is the digit that a sign stands for, in any script.
func digit(r rune) (byte, bool) {
	if r >= '0' && r <= '9' {
		return byte(r), true
	}
	if d, ok := chinese[r]; ok {
		return d, true
	}
	for _, first := range []rune{0x2776, 0x2780, 0x278A, 0x24F5} { // circled digits that have no plain form
		if r >= first && r < first+9 {
			return '1' + byte(r-first), true
		}
	}
	if r == 0x24FF {
		return '0', true
	}
	if !unicode.IsDigit(r) {
		return 0, false
	}
	for _, x := range unicode.Nd.R16 {
		if r >= rune(x.Lo) && r <= rune(x.Hi) {
			return '0' + byte((r-rune(x.Lo))%10), true
		}
	}
	for _, x := range unicode.Nd.R32 {
		if r >= rune(x.Lo) && r <= rune(x.Hi) {
			return '0' + byte((r-rune(x.Lo))%10), true
		}
	}
	return 0, false
}

// lookAlike is the digit that a letter is taken for: one beside digits, or in a word of nothing but such letters and digits.
func lookAlike(text []rune, i int, after bool) (byte, bool) {
	var d byte
	switch text[i] {
	case 'O', 'o':
		d = '0'
	case 'l', 'I':
		d = '1'
	default:
		return 0, false
	}
	if lookLikeDigits(text, i) {
		return d, true
	}
	next := i + 1
	for next < len(text) && strings.ContainsRune("OolI", text[next]) {
		next++
	}
	before := false
	if next < len(text) {
		_, before = digit(text[next])
	}
	return d, after || before
}

// lookLikeDigits says that a sign stands in a word of digits and of letters that look like them.
func lookLikeDigits(text []rune, i int) bool {
	for _, step := range []int{-1, 1} {
		for j := i + step; j >= 0 && j < len(text) && ascii(text[j]); j += step {
			if text[j] > '9' && !strings.ContainsRune("OolIXx", text[j]) {
				return false
			}
		}
	}
	return true
}

// sort is what a number is, "" for one that may be published.
func sort(run string) Personal {
	switch {
	case identity(run):
		return Identity
	case mobile(run):
		return Mobile
	case len(run) >= shortestAccount:
		return Account
	}
	return ""
}

// mobile says that a number is that of a mobile telephone in China, with or without what is dialled before it.
func mobile(run string) bool {
	for _, prefix := range []string{"", "86", "0086", "0"} {
		n, ok := strings.CutPrefix(run, prefix)
		if ok && len(n) == mobileDigits && n[0] == '1' && n[1] >= '3' {
			return true
		}
	}
	return false
}

// identityWeights are those of GB 11643-1999 (ISO 7064 MOD 11-2), and identityChecks the check characters by the rest.
var (
	identityWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	identityChecks  = "10X98765432"
)

// identity says that a number is that of an identity card: a province, a day of birth, and in the form of 18 the check character.
// The form of 15 was given until 1999 and has none.
func identity(s string) bool {
	switch len(s) {
	case 15:
		return digits(s) && province(s) && birthday("19"+s[6:12])
	case 18:
		if !digits(s[:17]) || !province(s) || !birthday(s[6:14]) {
			return false
		}
		sum := 0
		for i, w := range identityWeights {
			sum += int(s[i]-'0') * w
		}
		return strings.ToUpper(s[17:]) == string(identityChecks[sum%11])
	}
	return false
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// province says that a number begins with the code of a province, or with 9 as the cards of foreign residents do.
func province(s string) bool {
	n := int(s[0]-'0')*10 + int(s[1]-'0')
	return n >= 11 && n <= 65 || n == 71 || n >= 81 && n <= 83 || n == 91
}

func birthday(s string) bool {
	d, err := period.ParseDay(s[:4] + "-" + s[4:6] + "-" + s[6:])
	return err == nil && d.Year() >= 1850 && d.Year() <= 2150
}
