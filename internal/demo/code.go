package demo

// codeAlphabet is that of GB 32100-2015: digits and capitals without I, O, S, V and Z. A character is worth its index.
const codeAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// creditCode is the 18-character 统一社会信用代码 of the n-th body registered at an office (six digits): 91 for an
// enterprise, the office, the nine characters of the organisation code and the check digit of the whole
// (GB 32100-2015: weights 3^(i−1) mod 31).
func creditCode(office string, n uint64, newer bool) string {
	code := "91" + office + organisationCode(n, newer)
	sum, weight := 0, 1
	for i := range len(code) {
		sum += worth(code[i]) * weight
		weight = weight * 3 % 31
	}
	return code + string(codeAlphabet[(31-sum%31)%31])
}

// organisationCode is eight characters and their check digit (GB 11714-1997: weights below, mod 11). Bodies founded
// since October 2015 have codes that begin with MA, older ones eight digits, so the two never meet; n below 10^8.
func organisationCode(n uint64, newer bool) string {
	b := make([]byte, 8, 9)
	base, first := uint64(10), 0
	if newer {
		copy(b, "MA")
		base, first = uint64(len(codeAlphabet)), 2
	}
	for i := 7; i >= first; i-- {
		b[i] = codeAlphabet[n%base]
		n /= base
	}
	sum := 0
	for i, weight := range [8]int{3, 7, 9, 10, 5, 8, 4, 2} {
		value := int(b[i] - '0')
		if b[i] >= 'A' {
			value = int(b[i]-'A') + 10 // this standard counts the whole alphabet
		}
		sum += value * weight
	}
	switch check := (11 - sum%11) % 11; check {
	case 10:
		b = append(b, 'X')
	default:
		b = append(b, '0'+byte(check))
	}
	return string(b)
}

func worth(c byte) int {
	for i := range len(codeAlphabet) {
		if codeAlphabet[i] == c {
			return i
		}
	}
	return 0
}

// misprint changes the last character, so that the check fails and nothing else looks wrong.
func misprint(code string) string {
	last := worth(code[17])
	return code[:17] + string(codeAlphabet[(last+7)%len(codeAlphabet)])
}
