package party

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/yanzhen/yanzhen/internal/access"
)

// Found is what a search gives.
type Found struct {
	Enterprises []Enterprise // best first, at most as many as asked for
	Total       int          // how many fit, of those that the scope may see
}

const (
	maxSearch = 100 // characters of a search text that are looked at
	minCode   = 3   // characters from which a text is taken for the beginning of a code
	minAlike  = 3   // pairs of characters that a text must have for names to be merely like it
)

// Ranks of a hit, the better the smaller. Those by pinyin come behind the same by characters. hitAlike is the first of
// several: the fewer pairs a name shares, the further behind.
const (
	notSeen uint8 = iota
	hitWhole
	hitFormerWhole
	hitWholeSpelt
	hitStart
	hitStartSpelt
	hitWord // begins or ends where a word of the name does
	hitWordSpelt
	hitWords // all words of the text, apart
	hitInside
	hitInsideSpelt
	hitAlike
)

// Search finds enterprises by any part of their name or a former name, by the beginning of their credit code, or by
// pinyin: the first letters of the characters, whole readings, or a mixture ("dfjx", "dafeng", "dafengjx"). Width, case,
// spaces and brackets make no difference, nor do traditional characters or a legal form at the end of the text. Words that
// stand apart in the text may stand apart in the name. Where nothing fits, names that share most pairs of characters are
// given.
//
// Best come those with the very name, then those that begin with the text, those in which it is a word, the others; among
// equals the visitor's own enterprises, then short names. Only what the scope may see is found and counted. An empty text
// finds nothing.
func (r *Registry) Search(scope access.Scope, text string, limit int) Found {
	if utf8.RuneCountInString(text) > maxSearch {
		text = string([]rune(text)[:maxSearch])
	}
	h := hits{reg: r, scope: scope, own: scope.Owns(), marks: make([]uint8, len(r.recs))}
	h.codes(text)
	h.names(simpleName(text))
	h.words(text)
	h.spelt(FoldName(text))
	if len(h.found) == 0 {
		h.alike(NameKey(text))
	}
	found := Found{Total: len(h.found)}
	for _, at := range first(h.found, limit, h.compare) {
		found.Enterprises = append(found.Enterprises, *r.recs[at].ent)
	}
	return found
}

// first is the first so many of a list in order, which may be few of many.
func first[T any](all []T, limit int, compare func(a, b T) int) []T {
	limit = min(max(limit, 0), len(all))
	if limit > len(all)/8 {
		slices.SortFunc(all, compare)
		return all[:limit]
	}
	best := make([]T, 0, limit+1)
	for _, x := range all {
		if len(best) == limit && (limit == 0 || compare(x, best[limit-1]) >= 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, x, compare)
		best = slices.Insert(best, at, x)
		best = best[:min(len(best), limit)]
	}
	return best
}

// hits gathers what a search finds. marks says of each record of the registry whether it was looked at, and how well it
// fits.
type hits struct {
	reg   *Registry
	scope access.Scope
	own   []int64 // the visitor's own enterprises
	marks []uint8
	found []int32 // indexes of records
}

// compare says which of two records that were found comes first.
func (h *hits) compare(a, b int32) int {
	x, y := h.reg.recs[a].ent, h.reg.recs[b].ent
	return cmp.Or(
		cmp.Compare(h.marks[a], h.marks[b]), cmp.Compare(h.foreign(x), h.foreign(y)),
		cmp.Compare(len(x.Name), len(y.Name)), cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID),
	)
}

func (h *hits) foreign(e *Enterprise) int {
	if slices.Contains(h.own, e.ID) {
		return 0
	}
	return 1
}

// add marks an enterprise, once, if the scope sees it; the best rank stays.
func (h *hits) add(id int64, rank uint8) {
	at, ok := h.reg.place(id)
	if !ok || h.reg.recs[at].ent == nil {
		return
	}
	switch e := h.reg.recs[at].ent; {
	case h.marks[at] != notSeen:
		h.marks[at] = min(h.marks[at], rank)
	case h.scope.Sees(access.ReadParty, e.Area, e.ID):
		h.marks[at] = rank
		h.found = append(h.found, int32(at))
	}
}

// names finds a folded text in one piece.
func (h *hits) names(fold string) {
	part := stripForm(fold)
	terms := pairsOf(part)
	for _, s := range h.reg.byTerm.segments() {
		for _, n := range s.rarest(terms) {
			e := s.names[n]
			if h.reg.byTerm.stale(s, e.id) {
				continue
			}
			if at := strings.Index(e.fold, part); at >= 0 {
				h.add(e.id, rankOf(e, fold, at, at+len(part)))
			}
		}
	}
}

// rankOf is how well a text fits that stands in a name from one byte to another.
func rankOf(e nameEntry, fold string, from, to int) uint8 {
	switch {
	case e.fold == fold && !e.former:
		return hitWhole
	case e.fold == fold:
		return hitFormerWhole
	case from == 0:
		return hitStart
	case to == int(e.key) || strings.ContainsRune("省市区县州镇", lastRune(e.fold[:from])):
		return hitWord
	}
	return hitInside
}

// words finds texts of several words, which may stand in any order and apart. A legal form is no word.
func (h *hits) words(text string) {
	var words []string
	var terms []term
	for _, w := range strings.Fields(norm.NFKC.String(text)) {
		if w = NameKey(w); w != "" && !slices.Contains(legalForms, w) {
			words, terms = append(words, w), append(terms, pairsOf(w)...)
		}
	}
	if len(words) < 2 {
		return
	}
	for _, s := range h.reg.byTerm.segments() {
		for _, n := range s.rarest(terms) {
			e := s.names[n]
			missing := slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(e.fold, w) })
			if !missing && !h.reg.byTerm.stale(s, e.id) {
				h.add(e.id, hitWords)
			}
		}
	}
}

// spelt finds names by pinyin.
func (h *hits) spelt(fold string) {
	if !isSpelling(fold) {
		return
	}
	for _, s := range h.reg.byTerm.segments() {
		s.spellings(fold, func(n uint32) {
			if e := s.names[n]; !h.reg.byTerm.stale(s, e.id) {
				if rank := s.rankSpelt(e, fold); rank != notSeen {
					h.add(e.id, rank)
				}
			}
		})
	}
}

// rankSpelt is the best way in which letters spell a part of a name; notSeen where they do not.
func (s *segment) rankSpelt(e nameEntry, fold string) uint8 {
	best := notSeen
	for from := range e.fold {
		size, ok := s.speller.spelt(e.fold[from:], fold)
		if !ok {
			continue
		}
		rank := uint8(hitInsideSpelt)
		switch whole := from == 0 && (size == int(e.key) || size == len(e.fold)); {
		case whole:
			rank = hitWholeSpelt
		case rankOf(e, "", from, from+size) == hitStart:
			rank = hitStartSpelt
		case rankOf(e, "", from, from+size) == hitWord:
			rank = hitWordSpelt
		}
		if best == notSeen || rank < best {
			best = rank
		}
	}
	return best
}

// alike finds names that share most pairs of characters with a text in which something is wrong or too much.
func (h *hits) alike(part string) {
	terms := pairsOf(part)
	slices.Sort(terms)
	terms = slices.Compact(terms)
	if len(terms) < minAlike {
		return
	}
	least := (3*len(terms) + 4) / 5 // three fifths
	for _, s := range h.reg.byTerm.segments() {
		s.alike(terms, least, func(n uint32, shared int) {
			if e := s.names[n]; !h.reg.byTerm.stale(s, e.id) {
				h.add(e.id, hitAlike+uint8(len(terms)-shared))
			}
		})
	}
}

// codes finds credit codes by their beginning.
func (h *hits) codes(text string) {
	r := h.reg
	code := strings.ToUpper(strings.Join(strings.Fields(norm.NFKC.String(text)), ""))
	if len(code) < minCode || strings.Trim(code, usccAlphabet) != "" {
		return
	}
	i, _ := slices.BinarySearchFunc(r.usccs, code, func(e usccEntry, c string) int { return cmp.Compare(e.code, c) })
	for ; i < len(r.usccs) && strings.HasPrefix(r.usccs[i].code, code); i++ {
		rank := hitStart
		if r.usccs[i].code == code {
			rank = hitWhole
		}
		h.add(r.usccs[i].id, rank)
	}
}
