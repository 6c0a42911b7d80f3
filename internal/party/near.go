package party

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"unicode"
)

// Near is an enterprise whose name is like another one.
type Near struct {
	ID    int64
	Score int // likeness in thousandths; 1000 is the same but for the legal form
}

// Near is, for each of some names, the enterprises with the likest names, present or former, best first: at most limit
// with a score of at least floor, of those that may be told. It is for a person to say whether one of them is meant.
// The score is twice the pairs of neighbouring characters that two names without their legal form have in common, by
// those of both. Names whose numbers differ are not alike: 第一机械 is not 第二机械.
func (r *Registry) Near(names []string, floor, limit int, may func(Enterprise) bool) [][]Near {
	found := make([][]Near, len(names))
	size, numbers := make([]int, len(names)), make([]string, len(names))
	with := map[[2]rune][]int{} // pair → names that have it
	for i, name := range names {
		key := NameKey(name)
		numbers[i] = numbersIn(key)
		for pair := range pairs(key) {
			size[i]++
			with[pair] = append(with[pair], i)
		}
	}
	common := make([]int, len(names))
	for _, e := range r.names {
		key, n := e.fold[:e.key], 0
		clear(common)
		for pair := range pairs(key) {
			n++
			for _, i := range with[pair] {
				common[i]++
			}
		}
		for i, c := range common {
			if c == 0 {
				continue
			}
			score := 2000 * min(c, n, size[i]) / (n + size[i]) // a pair that stands twice in both was counted four times
			if score >= floor && numbersIn(key) == numbers[i] {
				found[i] = append(found[i], Near{e.id, score})
			}
		}
	}
	for i := range found {
		found[i] = r.best(found[i], limit, may)
	}
	return found
}

// best is the first of some enterprises that may be told, each once.
func (r *Registry) best(all []Near, limit int, may func(Enterprise) bool) []Near {
	slices.SortFunc(all, func(a, b Near) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID)) })
	var kept []Near
	for _, x := range all {
		x.ID = r.Canonical(x.ID)
		if len(kept) == limit || slices.ContainsFunc(kept, func(k Near) bool { return k.ID == x.ID }) {
			continue
		}
		if e, ok := r.Enterprise(x.ID); ok && may(e) {
			kept = append(kept, x)
		}
	}
	return kept
}

// pairs is the pairs of neighbouring characters of a text.
func pairs(text string) iter.Seq[[2]rune] {
	return func(yield func([2]rune) bool) {
		last := rune(0)
		for _, c := range text {
			if last != 0 && !yield([2]rune{last, c}) {
				return
			}
			last = c
		}
	}
}

// numbersIn is what tells the firms of a series apart: the digits of a name, written either way.
func numbersIn(key string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsDigit(c) || strings.ContainsRune("一二三四五六七八九十甲乙丙丁戊己庚辛壬癸", c) {
			return c
		}
		return -1
	}, key)
}
