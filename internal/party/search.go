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
)

// Ranks of a hit, the better the smaller.
const (
	notSeen uint8 = iota
	hitWhole
	hitFormerWhole
	hitStart
	hitInside
)

// Search finds enterprises by any part of their name or a former name, or by the beginning of their credit code. Width,
// case, spaces and brackets make no difference, nor does a legal form at the end of the text. Only what the scope may
// see is found and counted. An empty text finds nothing.
func (r *Registry) Search(scope access.Scope, text string, limit int) Found {
	if utf8.RuneCountInString(text) > maxSearch {
		text = string([]rune(text)[:maxSearch])
	}
	h := hits{reg: r, scope: scope, marks: make([]uint8, len(r.recs))}
	h.names(FoldName(text))
	h.codes(text)
	slices.SortFunc(h.found, func(a, b int32) int {
		x, y := r.recs[a].ent, r.recs[b].ent
		return cmp.Or(
			cmp.Compare(h.marks[a], h.marks[b]), cmp.Compare(len(x.Name), len(y.Name)), cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID),
		)
	})
	found := Found{Total: len(h.found)}
	for _, at := range h.found[:min(max(limit, 0), len(h.found))] {
		found.Enterprises = append(found.Enterprises, *r.recs[at].ent)
	}
	return found
}

// hits gathers what a search finds. marks says of each record of the registry whether it was looked at, and how well it
// fits.
type hits struct {
	reg   *Registry
	scope access.Scope
	marks []uint8
	found []int32 // indexes of records
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

// names goes through the blob once. Folded text has no zero byte, so no match runs over the end of a name.
func (h *hits) names(fold string) {
	r := h.reg
	part := stripForm(fold)
	if part == "" {
		return
	}
	for at := 0; at < len(r.blob); {
		i := strings.Index(r.blob[at:], part)
		if i < 0 {
			return
		}
		pos := at + i
		n, exact := slices.BinarySearch(r.starts, uint32(pos))
		if !exact {
			n--
		}
		e := r.names[n]
		switch {
		case e.fold == fold && !e.former:
			h.add(e.id, hitWhole)
		case e.fold == fold:
			h.add(e.id, hitFormerWhole)
		case exact:
			h.add(e.id, hitStart)
		default:
			h.add(e.id, hitInside)
		}
		at = int(r.starts[n]) + len(e.fold)
	}
}

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
