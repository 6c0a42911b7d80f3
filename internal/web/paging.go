package web

import (
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// pagesAround is the page numbers to offer: the first, the last, those near the present one; 0 is a gap.
func pagesAround(page, pages int) []int {
	var out []int
	for n := 1; n <= pages; n++ {
		switch {
		case n == 1, n == pages, n >= page-2 && n <= page+2:
			out = append(out, n)
		case out[len(out)-1] != 0:
			out = append(out, 0)
		}
	}
	return out
}

// sortState tells screen readers how a column is sorted.
func sortState(q listQuery, key string) templ.Attributes {
	switch {
	case q.Sort != key:
		return nil
	case q.Desc:
		return templ.Attributes{"aria-sort": "descending"}
	}
	return templ.Attributes{"aria-sort": "ascending"}
}

func hasColumn(columns []string, code string) bool { return slices.Contains(columns, code) }

// listHead is a column's head, with the unit where the cells do not name it.
func listHead(t i18n.T, def content.FactDef) string {
	if def.Type == content.Money {
		return t.Text(def.Name) + inBrackets(t, t.S("web.wan"))
	}
	return t.Text(def.Name)
}

// lastPage is beyond the last page of any list; no number from an address reaches further.
const lastPage = 1_000_000

// pageNumber is the page that an address asks for, the first where it names none.
func pageNumber(text string) int {
	n, _ := strconv.Atoi(text) // of one that is too large, the largest
	return min(max(n, 1), lastPage)
}

// pageText is a page's number in an address, "" for the first.
func pageText(n int) string {
	if n <= 1 {
		return ""
	}
	return strconv.Itoa(n)
}
