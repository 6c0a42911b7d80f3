package party

import (
	"maps"
	"slices"
	"unicode/utf8"
)

// index finds names by the single characters and the pairs of characters in them, and by the first letters of their
// pinyin. It never changes: the one of a later commit shares the base, and holds beside it, in a small segment, what was
// touched since.
type index struct {
	base, fresh *segment
	gone        map[int64]bool // enterprises whose names in base no longer count
}

// refresh is how much may have been touched before the base is made anew: a sixteenth of it, and some.
const refresh = 256

// with is the index after a commit: enterprises that were renamed are called by added now, and by nothing else.
func (x index) with(renamed map[int64]bool, added, all []nameEntry) index {
	gone := maps.Clone(x.gone)
	if gone == nil {
		gone = map[int64]bool{}
	}
	for id := range renamed {
		gone[id] = true
	}
	var kept []nameEntry
	if x.fresh != nil {
		for _, e := range x.fresh.names {
			if !renamed[e.id] {
				kept = append(kept, e)
			}
		}
	}
	entries := slices.Concat(kept, added)
	if x.base == nil || len(entries)+len(gone) > len(x.base.names)/16+refresh {
		return index{base: newSegment(all)}
	}
	return index{base: x.base, fresh: newSegment(entries), gone: gone}
}

// segments are the parts of the index to look into.
func (x index) segments() []*segment {
	return slices.DeleteFunc([]*segment{x.base, x.fresh}, func(s *segment) bool { return s == nil })
}

// stale says that a name of a segment no longer counts.
func (x index) stale(s *segment, id int64) bool { return s == x.base && x.gone[id] }

// segment is some names, and for each term the names that have it, ascending.
type segment struct {
	names   []nameEntry
	speller speller
	lists   map[term]list
	numbers []uint32 // of names, the lists one after the other
}

type list struct{ from, to uint32 }

// term is one or two characters of a name, or the first letters of the readings of two neighbours.
type term uint64

func single(r rune) term     { return term(r) }
func pair(a, b rune) term    { return term(a)<<21 | term(b) }
func letters(a, b byte) term { return 1<<63 | term(a)<<8 | term(b) }

// atStart stands before the first character of a name.
const atStart = '^'

func newSegment(names []nameEntry) *segment {
	s := &segment{names: names, speller: newSpeller(), lists: map[term]list{}}
	for _, e := range names {
		for _, r := range e.fold {
			s.speller.learn(r)
		}
	}
	total := uint32(0)
	for _, e := range names {
		s.terms(e.fold, func(t term) {
			l := s.lists[t]
			l.to++
			s.lists[t] = l
			total++
		})
	}
	s.numbers = make([]uint32, total)
	next := uint32(0)
	for t, l := range s.lists { // to counts; from here on it is where the list ends so far
		s.lists[t] = list{next, next}
		next += l.to
	}
	for n, e := range names {
		s.terms(e.fold, func(t term) {
			l := s.lists[t]
			if l.to > l.from && s.numbers[l.to-1] == uint32(n) {
				return // a term that a name has twice; its room stays empty
			}
			s.numbers[l.to] = uint32(n)
			l.to++
			s.lists[t] = l
		})
	}
	return s
}

// terms calls yield with each term of a folded name, some of them more than once.
func (s *segment) terms(fold string, yield func(term)) {
	before := rune(0)
	for _, r := range fold {
		yield(single(r))
		if before == 0 {
			s.speller.initials(r, func(b byte) { yield(letters(atStart, b)) })
		} else {
			yield(pair(before, r))
			s.speller.initials(before, func(a byte) {
				s.speller.initials(r, func(b byte) { yield(letters(a, b)) })
			})
		}
		before = r
	}
}

func (s *segment) list(t term) []uint32 {
	l := s.lists[t]
	return s.numbers[l.from:l.to]
}

// pairsOf is the terms that every name with a folded text in it has: its pairs, or its only character.
func pairsOf(fold string) []term {
	var all []term
	before := rune(0)
	for _, r := range fold {
		if before != 0 {
			all = append(all, pair(before, r))
		}
		before = r
	}
	if len(all) == 0 && before != 0 {
		all = append(all, single(before))
	}
	return all
}

// rarest is the shortest list of names that have all of some terms, and more.
func (s *segment) rarest(terms []term) []uint32 {
	var best []uint32
	for i, t := range terms {
		if l := s.list(t); i == 0 || len(l) < len(best) {
			best = l
		}
	}
	return best
}

// spellings calls yield with the names that letters may spell a part of: in some way of parting the letters among
// neighbours, the first letters of each two of them fit; or the letters are the beginning of one character at the start of
// a name. A name may come more than once.
func (s *segment) spellings(text string, yield func(n uint32)) {
	w := walk{seg: s, text: text, left: maxWays, yield: yield}
	w.from(0, nil)
}

// maxWays is how many ways to part letters are gone into; of a text with more, too many names are given, never too few.
const maxWays = 400

type walk struct {
	seg   *segment
	text  string
	left  int
	yield func(n uint32)
}

// from goes on at a place in the text where a character begins, with the names that fit so far; nil for all.
func (w *walk) from(at int, fit []uint32) {
	for k := 1; k <= longestSound && at+k <= len(w.text) && w.seg.speller.begins[w.text[at:at+k]]; k++ {
		next := fit
		switch ends := at+k == len(w.text); {
		case ends && fit == nil:
			next = w.seg.list(letters(atStart, w.text[at]))
		case !ends:
			next = both(fit, w.seg.list(letters(w.text[at], w.text[at+k])))
			if w.left--; len(next) == 0 {
				continue
			}
			if w.left > 0 {
				w.from(at+k, next)
				continue
			}
		}
		for _, n := range next {
			w.yield(n)
		}
	}
}

// both is the names in each of two ascending lists; the second where the first is nil.
func both(a, b []uint32) []uint32 {
	if a == nil {
		return b
	}
	common := []uint32{}
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			common = append(common, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return common
}

// alike calls yield with the names that have at least so many of some terms, and how many.
func (s *segment) alike(terms []term, least int, yield func(n uint32, shared int)) {
	shared := map[uint32]int{}
	for _, t := range terms {
		for _, n := range s.list(t) {
			shared[n]++
		}
	}
	for n, count := range shared {
		if count >= least {
			yield(n, count)
		}
	}
}

// lastRune is the character that a text ends in.
func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}
