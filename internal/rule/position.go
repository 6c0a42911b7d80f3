package rule

import (
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Position is where an expression stands in a YAML file: the line and column (both from 1) of its first character, past
// a quotation mark or block mark, as content.Document.At gives them. The zero Position is for an expression that stands
// in no file.
type Position struct {
	File      string
	Source    []byte // the whole file
	Line, Col int
}

// problem is a problem at a place of the expression src, counted in characters.
func (p Position) problem(src string, offset int, msg i18n.Msg) content.Problem {
	if p.Source == nil {
		p.Source, p.Line, p.Col = []byte(src), 1, 1
	}
	line, col := p.find([]rune(src), offset)
	return content.NewProblem(p.File, p.Source, line, col, msg)
}

// find is the place in the file of a character of the expression. The expression is the scalar as YAML reads it, so the
// two are walked side by side. Blanks, which folding and indentation change, are passed over in both; escapes stand in
// the file only. Where the two do not fit together the beginning is meant.
func (p Position) find(expr []rune, offset int) (line, col int) {
	raw, quote, ok := p.rest()
	if !ok {
		return p.Line, p.Col
	}
	offset = min(offset, len(expr))
	at := 0
	for _, want := range expr[:offset] {
		if blank(want) {
			continue
		}
		n, ok := scalarStep(raw[at:], want, quote)
		if !ok {
			return p.Line, p.Col
		}
		at += n
	}
	if offset < len(expr) && !blank(expr[offset]) {
		at += blanks(raw[at:], quote)
	}
	line, col = p.Line, p.Col
	for _, r := range raw[:min(at, len(raw))] {
		if col++; r == '\n' {
			line, col = line+1, 1
		}
	}
	return line, col
}

// rest is the file from the place on, and the character before it, which is a quotation mark or something else.
func (p Position) rest() (raw []rune, before rune, ok bool) {
	text := string(p.Source)
	for range p.Line - 1 {
		_, after, found := strings.Cut(text, "\n")
		if !found {
			return nil, 0, false
		}
		text = after
	}
	runes := []rune(text)
	if p.Col < 1 || p.Col-1 > len(runes) {
		return nil, 0, false
	}
	if p.Col > 1 {
		before = runes[p.Col-2]
	}
	return runes[p.Col-1:], before, true
}

// escapes is how many characters follow the mark of an escape that names a code.
var escapes = map[rune]int{'x': 2, 'u': 4, 'U': 8}

// scalarStep is how many characters of the file make one character of the scalar that is not blank, with the blanks
// before it.
func scalarStep(raw []rune, want, quote rune) (n int, ok bool) {
	n = blanks(raw, quote)
	rest := raw[n:]
	switch {
	case len(rest) == 0:
		return 0, false
	case quote == '"' && rest[0] == '\\':
		return n + escapeLen(rest), true
	case rest[0] != want:
		return 0, false
	case quote == '\'' && want == '\'':
		return n + 2, true // an apostrophe stands twice
	}
	return n + 1, true
}

// blanks is how many characters of the file are blank, escaped blanks of a double-quoted scalar among them.
func blanks(raw []rune, quote rune) int {
	n := 0
	for n < len(raw) {
		switch {
		case blank(raw[n]):
			n++
		case quote == '"' && blankEscape(raw[n:]):
			n += escapeLen(raw[n:])
		default:
			return n
		}
	}
	return n
}

func blank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

func escapeLen(raw []rune) int {
	if len(raw) < 2 {
		return len(raw)
	}
	return min(2+escapes[raw[1]], len(raw))
}

// blankEscape says that an escape stands for a blank, or for a break that YAML leaves out.
func blankEscape(raw []rune) bool {
	if raw[0] != '\\' || len(raw) < 2 {
		return false
	}
	if digits := escapes[raw[1]]; digits > 0 {
		code, err := strconv.ParseUint(string(raw[2:escapeLen(raw)]), 16, 32)
		return err == nil && blank(rune(code))
	}
	return strings.ContainsRune(" ntr\n\r\t", raw[1])
}
