package rule

import (
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
// two are walked side by side: breaks that were folded into blanks, indentation and escapes stand in the file only.
// Where they do not fit together the beginning is meant.
func (p Position) find(expr []rune, offset int) (line, col int) {
	raw, before, ok := p.rest()
	if !ok {
		return p.Line, p.Col
	}
	at := 0
	for _, want := range expr[:min(offset, len(expr))] {
		n, ok := scalarStep(raw[at:], want, before)
		if !ok {
			return p.Line, p.Col
		}
		at += n
	}
	// A character that begins a line stands past the indentation.
	if offset < len(expr) {
		at += blanksBefore(raw[at:], expr[offset])
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

// scalarStep is how many characters of the file make one character of the scalar.
func scalarStep(raw []rune, want, quote rune) (n int, ok bool) {
	n = blanksBefore(raw, want)
	if n > 0 && (want == ' ' || want == '\n') {
		return n, true
	}
	rest := raw[n:]
	switch {
	case len(rest) == 0:
		return 0, false
	case quote == '"' && rest[0] == '\\' && len(rest) > 1:
		return n + 2 + escapes[rest[1]], true
	case rest[0] != want:
		return 0, false
	case quote == '\'' && want == '\'':
		return n + 2, true
	}
	return n + 1, true
}

// blanksBefore is how many blanks and breaks stand in the file before a character of the scalar that is none, or in the
// place of one that was folded.
func blanksBefore(raw []rune, want rune) int {
	if len(raw) > 0 && raw[0] == want && want != '\n' {
		return 0
	}
	n := 0
	for n < len(raw) && (raw[n] == ' ' || raw[n] == '\n' || raw[n] == '\r' || raw[n] == '\t') {
		n++
	}
	return n
}
