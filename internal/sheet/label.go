package sheet

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/yanzhen/yanzhen/internal/hanzi"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Vocabulary is the words that a table may use.
type Vocabulary struct {
	Columns []Term
	Totals  []string // words of total rows; nil means those of DefaultTotals
	Notes   []string // words that begin a note below a table; nil means those of DefaultNotes
}

// Term is something that a column may hold.
type Term struct {
	ID     string
	Labels []string // header words, Chinese or English, without unit and period
	Kind   Kind
	Unit   string // unit of plain numbers where the table names none; "" for none
}

// Match is how well a column's label fits a term: 1000 is the same words.
type Match struct {
	ID    string
	Score int
}

// Scores below minScore are no candidates; maxCandidates are kept.
const (
	minScore      = 300
	maxCandidates = 5
)

type foldedTerm struct {
	Term
	labels []folded
}

// folded is a label as it is compared: its search key, and that key's pairs of characters. Headers are looked for in
// every row that may be one, against every word of the vocabulary, so that this is what a file costs before it is read.
type folded struct {
	key   string
	runes int
	grams []uint64 // sorted; a pair that occurs twice is there twice
}

func foldTerms(terms []Term) []foldedTerm {
	all := make([]foldedTerm, len(terms))
	for i, t := range terms {
		all[i].Term = t
		for _, l := range t.Labels {
			if f := foldHeader(l); f.key != "" {
				all[i].labels = append(all[i].labels, f)
			}
		}
	}
	return all
}

func foldHeader(label string) folded {
	f := folded{key: foldLabel(label)}
	runes := []rune(f.key)
	f.runes = len(runes)
	if f.runes == 1 {
		f.grams = []uint64{uint64(runes[0])}
		return f
	}
	for i := 0; i+1 < len(runes); i++ {
		f.grams = append(f.grams, uint64(runes[i])<<32|uint64(runes[i+1]))
	}
	slices.Sort(f.grams)
	return f
}

func foldAll(words []string) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		if f := foldLabel(w); f != "" {
			out = append(out, f)
		}
	}
	return out
}

// foldLabel is a label as a search key: without pinyin beside it, compatibility forms, simplified characters, lower case,
// letters and digits only.
func foldLabel(s string) string {
	s, _ = hanzi.Unannotated(s)
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '%' {
			return unicode.ToLower(r)
		}
		return -1
	}, hanzi.Simplified(norm.NFKC.String(s)))
}

// similarity is 1000 for the same words, 600 to 900 where one contains the other, else by common pairs of characters.
func similarity(a, b folded) int {
	if a.key == b.key {
		return 1000
	}
	if a.runes >= 2 && b.runes >= 2 && (strings.Contains(a.key, b.key) || strings.Contains(b.key, a.key)) {
		return 600 + 300*min(a.runes, b.runes)/max(a.runes, b.runes)
	}
	total := len(a.grams) + len(b.grams)
	if total == 0 {
		return 0
	}
	return 2 * 800 * common(a.grams, b.grams) / total
}

// common is how many pairs two labels share.
func common(a, b []uint64) int {
	n := 0
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			n++
			a, b = a[1:], b[1:]
		}
	}
	return n
}

func scoreOf(t foldedTerm, label folded) int {
	best := 0
	if label.key == "" {
		return 0
	}
	for _, l := range t.labels {
		best = max(best, similarity(label, l))
	}
	return best
}

func bestScore(terms []foldedTerm, label string) int {
	best := 0
	for _, form := range languages(label) {
		f := foldHeader(form)
		for _, t := range terms {
			best = max(best, scoreOf(t, f))
		}
	}
	return best
}

// matches ranks the terms for a column's words from the top down. The words joined count in full; the lowest word alone,
// and a parent alone, a little less, for several columns may share them. A unit in the header that the term cannot have
// counts against it: 营业收入增速（%） is no amount.
func matches(terms []foldedTerm, parts []string, unit UnitKind) []Match {
	if len(parts) == 0 {
		return nil
	}
	type form struct {
		label folded
		cost  int
	}
	var forms []form
	addForms := func(text string, cost int) {
		for _, l := range languages(text) {
			if f := foldHeader(l); f.key != "" {
				forms = append(forms, form{f, cost})
			}
		}
	}
	addForms(strings.Join(parts, ""), 0)
	if len(parts) > 1 {
		reversed := slices.Clone(parts)
		slices.Reverse(reversed)
		addForms(strings.Join(reversed, ""), 5)
		addForms(parts[len(parts)-1], 40)
		for _, p := range parts[:len(parts)-1] {
			addForms(p, 150)
		}
	}
	var all []Match
	for _, t := range terms {
		best := 0
		for _, f := range forms {
			best = max(best, scoreOf(t, f.label)-f.cost)
		}
		if unit != "" && !fits(t.Kind, unit) {
			best -= 250
		}
		if best >= minScore {
			all = append(all, Match{t.ID, best})
		}
	}
	slices.SortStableFunc(all, func(a, b Match) int { return b.Score - a.Score })
	return all[:min(len(all), maxCandidates)]
}

// fits says that values of a kind can be counted in units of a kind.
func fits(k Kind, u UnitKind) bool {
	switch k {
	case KindMoney:
		return u == UnitMoney || u == UnitForeign
	case KindRate:
		return u == UnitRate
	case KindInt, KindDecimal:
		return u == UnitOther
	}
	return false
}

// languages are the ways to read a label: as it stands, and of a bilingual one its Chinese and its English alone.
func languages(label string) []string {
	forms := []string{label}
	hasHan, hasLatin := false, false
	var han, latin strings.Builder
	for _, r := range label {
		switch {
		case unicode.Is(unicode.Han, r):
			hasHan = true
			han.WriteRune(r)
			latin.WriteRune(' ')
		case r < 0x80 && unicode.IsLetter(r):
			hasLatin = true
			latin.WriteRune(r)
		default:
			han.WriteRune(r)
			latin.WriteRune(r)
		}
	}
	if hasHan && hasLatin {
		forms = append(forms, han.String(), strings.Join(strings.Fields(latin.String()), " "))
	}
	return forms
}

// splitHeader takes the unit and the period out of a header cell. found says that a period was named; year completes
// one without a year.
func splitHeader(text string, year int) (label string, unit Unit, p period.Period, found bool) {
	s := fold(cleanText(text))
	for from := 0; ; { // (万元), [%], （10 000 yuan）
		open := strings.IndexAny(s[from:], "([【")
		if open < 0 {
			break
		}
		open += from
		length := strings.IndexAny(s[open:], ")]】")
		if length < 0 {
			break
		}
		inner := strings.Trim(s[open:open+length], "([【 ")
		inner = strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(inner, "单位"), "Unit"), ": ")
		end := open + length + len(firstRune(s[open+length:]))
		if u, ok := UnitNamed(inner); ok {
			if unit.IsZero() {
				unit = u
			}
			s = s[:open] + s[end:]
			from = open
			continue
		}
		from = end
	}
	p, s, found = findPeriod(s, year)
	s = strings.TrimSpace(s)
	if unit.IsZero() { // 营业收入/万元, 营业收入 万元, 营业收入万元
		for _, cut := range []string{"/", ",", ":", "-", " ", ""} {
			for _, name := range []string{"万元", "亿元", "千元", "百万元", "万美元", "元", "%", "‰"} {
				head, ok := strings.CutSuffix(s, cut+name)
				if !ok || head == "" || cut == "" && (name == "元" || strings.HasSuffix(name, "美元")) {
					continue
				}
				if name == "万元" && strings.HasSuffix(head, "百") {
					continue
				}
				unit, _ = UnitNamed(name)
				s = strings.TrimRight(head, " /,:-")
				break
			}
			if !unit.IsZero() {
				break
			}
		}
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "()", ""), "( )", "")
	return strings.Trim(s, " :;,*/"), unit, p, found
}

func firstRune(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}
