package i18n

import "strings"

// thin parts groups of digits without taking the room of a comma.
const thin = "\u202f"

// Group makes a plain decimal number easy to read in both languages: a thin space between groups of three digits and a
// true minus sign.
func Group(num string) string {
	var b strings.Builder
	if rest, negative := strings.CutPrefix(num, "-"); negative {
		b.WriteString("−")
		num = rest
	}
	whole, frac, hasFrac := strings.Cut(num, ".")
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(thin)
		}
		b.WriteRune(d)
	}
	if hasFrac {
		b.WriteString("." + frac)
	}
	return b.String()
}
