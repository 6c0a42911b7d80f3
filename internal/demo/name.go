package demo

import "strings"

// syllables make the invented part of a name; none of them begins the word for a trade, so that a name can be cut in
// one way only.
var syllables = []rune("云舟澜辰禾晟瀚屿霖岚泽沐衡牧野望苇汀渚鹭鸥翎雁朔暄晖昀昱曜皓泓湛浦汐渔樵松柏楠榆桐梓棠杉荃蘅芷若兰茗启弘毅恒谦朴淳颐景瑞")

var surnames = []rune("陈王李张刘杨黄周吴徐孙朱马胡郭林何高罗郑梁谢宋唐许")

// brand is the n-th invented word of a seed, never given twice: pairs of syllables first, then triples, then fours.
func brand(n, seed uint64) string {
	base := uint64(len(syllables))
	length, size := 2, base*base
	for n >= size {
		n -= size
		size *= base
		length++
	}
	n = shuffled(n, size, seed)
	word := make([]rune, length)
	for i := range word {
		word[i] = syllables[n%base]
		n /= base
	}
	return string(word)
}

func firmName(prefix, brand, word string) string {
	return prefix + brand + word + "（演示）有限公司"
}

// person is a name that nobody bears: a surname, 某 and a syllable.
func person(s stream) string {
	return string(pick(s, surnames)) + "某" + string(pick(s, syllables))
}

// fullWidth writes a code as a Chinese input method in full-width mode does.
func fullWidth(code string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, code)
}
