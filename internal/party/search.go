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
	hitWhole = iota
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
	ranks := map[int64]int{}
	seen := map[int64]bool{}
	hit := func(id int64, rank int) {
		visible, asked := seen[id]
		if !asked {
			visible = r.Sees(scope, access.ReadParty, id)
			seen[id] = visible
		}
		if have, ok := ranks[id]; visible && (!ok || rank < have) {
			ranks[id] = rank
		}
	}
	r.hitNames(FoldName(text), hit)
	r.hitCodes(text, hit)

	type ranked struct {
		Enterprise
		rank int
	}
	list := make([]ranked, 0, len(ranks))
	for id, rank := range ranks {
		e, _ := r.Enterprise(id)
		list = append(list, ranked{e, rank})
	}
	slices.SortFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	found := Found{Total: len(list)}
	for _, e := range list[:min(max(limit, 0), len(list))] {
		found.Enterprises = append(found.Enterprises, e.Enterprise)
	}
	return found
}

// hitNames goes through the blob once. Folded text has no zero byte, so no match runs over the end of a name.
func (r *Registry) hitNames(fold string, hit func(id int64, rank int)) {
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
			hit(e.id, hitWhole)
		case e.fold == fold:
			hit(e.id, hitFormerWhole)
		case exact:
			hit(e.id, hitStart)
		default:
			hit(e.id, hitInside)
		}
		at = int(r.starts[n]) + len(e.fold)
	}
}

func (r *Registry) hitCodes(text string, hit func(id int64, rank int)) {
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
		hit(r.usccs[i].id, rank)
	}
}
