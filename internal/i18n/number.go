package i18n

import "strings"

// thin parts groups of digits without taking the room of a comma.
const thin = "\u202f"

// Group makes a plain decimal number easy to read in both languages: a thin space between groups of three digits and a
// true minus sign. It is for figures that stand by themselves.
func Group(num string) string { return grouped(num, thin, "−") }

// Commas is Group as sentences and sheets write numbers: with commas and an ordinary minus sign.
func Commas(num string) string { return grouped(num, ",", "-") }

func grouped(num, between, minus string) string {
	var b strings.Builder
	if rest, negative := strings.CutPrefix(num, "-"); negative {
		b.WriteString(minus)
		num = rest
	}
	whole, frac, hasFrac := strings.Cut(num, ".")
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(between)
		}
		b.WriteRune(d)
	}
	if hasFrac {
		b.WriteString("." + frac)
	}
	return b.String()
}
