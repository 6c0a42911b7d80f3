package paper

import (
	"strings"
	"unicode"
)

// clean is s as a document can hold it: valid UTF-8, line breaks as "\n", tabs as spaces, without the characters that XML
// 1.0 or a page has no place for, and without those that turn the direction of text, by which a name could be made to
// read as another.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case r == 0x2028 || r == 0x2029 || r == 0x85: // line and paragraph separators
			return '\n'
		case r < 0x20, r >= 0x7F && r <= 0x9F, r&0xFFFE == 0xFFFE, r >= 0xFDD0 && r <= 0xFDEF:
			return -1
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200E, r == 0x200F, r == 0x061C:
			return -1
		}
		return r
	}, s)
}

// oneLine is s cleaned and without line breaks.
func oneLine(s string) string { return strings.ReplaceAll(clean(s), "\n", " ") }

// unseen says that r takes no room and leaves no ink: joiners, variation selectors, soft hyphens, tags.
func unseen(r rune) bool {
	return r == 0xAD || r >= 0x200B && r <= 0x200D || r >= 0x2060 && r <= 0x2065 || r == 0xFEFF ||
		r >= 0xFE00 && r <= 0xFE0F || r >= 0xE0000 && r <= 0xE0FFF
}

// GB/T 15834—2011, 5.1: what may not begin a line, and what may not end one. The stroke / may do neither.
const (
	notFirst = "、，。．；：？！）】》〉」』〕〗〙〛”’…—·～％‰℃°ー々〻ぁぃぅぇぉっゃゅょァィゥェォッャュョ／,.;:?!)]}%/·﹐﹑﹒﹔﹕﹖﹗）］｝｠｡､"
	notLast  = "（【《〈「『〔〖〘〚“‘（［｛｟([{￥¥＄$£€№§／/"
)

var notFirstSet, notLastSet = set(notFirst), set(notLast)

func set(s string) map[rune]bool {
	m := map[rune]bool{}
	for _, r := range s {
		m[r] = true
	}
	return m
}

// wide says that a line may break on either side of r: characters that are not spelt into words.
func wide(r rune) bool {
	return r >= 0x2E80 && r <= 0x9FFF || r >= 0xAC00 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF ||
		r >= 0xFE30 && r <= 0xFE4F || r >= 0xFF00 && r <= 0xFFEF || r >= 0x2460 && r <= 0x24FF ||
		r >= 0x2500 && r <= 0x27BF || r >= 0x1F000 && r <= 0x3FFFF
}

// breaks says that a line may end after a and the next begin with b.
func breaks(a, b rune) bool {
	switch {
	case b == ' ' || unseen(b) && b != 0x200B: // spaces stay at the end of a line, where they are not drawn
		return false
	case notFirstSet[b] || notLastSet[a] && a != ' ':
		return false
	case a == ' ' || a == 0x3000 || a == 0x200B:
		return true
	case strings.ContainsRune(`"'`, a) || strings.ContainsRune(`"'`, b): // nobody knows whether it opens or closes
		return false
	case wide(a) || wide(b):
		return true
	case a == '-':
		return unicode.IsLetter(b)
	}
	return false
}

// line is a piece of text that stands on one line, and how wide it is there, in thousandths of its size. An open line
// ends because there was no room for more, so it may be justified.
type line struct {
	text  []rune
	width int
	open  bool
}

// lines breaks text into lines of at most width, the first of at most first, all in thousandths of the size; advance is
// the width of a character. A word that is wider than a line is broken where the line ends. There is at least one line.
func lines(text string, first, width int, advance func(rune) int) []line {
	var all []line
	room := first
	for part := range strings.SplitSeq(text, "\n") {
		rs := []rune(part)
		start, at, w := 0, 0, 0
		good, goodWidth := 0, 0 // the last place to break, and how much is drawn before it
		for at < len(rs) {
			a := advance(rs[at])
			if at > start && breaks(rs[at-1], rs[at]) {
				good, goodWidth = at, w
			}
			if w+a > room && at > start && rs[at] != ' ' && !unseen(rs[at]) {
				end, endWidth := at, w
				if good > start {
					end, endWidth = good, goodWidth
				}
				all = append(all, trimmed(rs[start:end], endWidth, true, advance))
				start, at, w, room = end, end, 0, width
				for start < len(rs) && rs[start] == ' ' {
					start++
				}
				at, good = start, start
				continue
			}
			w += a
			at++
		}
		all = append(all, trimmed(rs[start:], w, false, advance))
		room = width
	}
	return all
}

// trimmed is a line without the spaces at its end.
func trimmed(rs []rune, width int, open bool, advance func(rune) int) line {
	for len(rs) > 0 && rs[len(rs)-1] == ' ' {
		width -= advance(' ')
		rs = rs[:len(rs)-1]
	}
	return line{text: rs, width: width, open: open}
}
