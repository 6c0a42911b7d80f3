package content

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// Problem is one mistake in a content file.
type Problem struct {
	File    string
	Line    int // from 1; 0 when the whole file is meant
	Col     int // from 1, counted in characters
	Msg     i18n.Msg
	Snippet string // the source line and a caret under the place, two columns for a wide character; "" without a line
}

// NewProblem is a problem at a line and column (both from 1) of a file's source; the snippet is cut from src.
func NewProblem(file string, src []byte, line, col int, msg i18n.Msg) Problem {
	return Problem{File: file, Line: line, Col: col, Msg: msg, Snippet: Snippet(src, line, col)}
}

// String is "file:line:col: message" in English and the snippet below it.
func (p Problem) String() string { return p.In(i18n.EN) }

// In is the problem in a language: "file:line:col: message", then the snippet.
func (p Problem) In(lang i18n.Lang) string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Col)
	}
	b.WriteString(": ")
	b.WriteString(i18n.T{Lang: lang}.Msg(p.Msg))
	if p.Snippet != "" {
		b.WriteString("\n" + p.Snippet)
	}
	return b.String()
}

// Problems is every mistake that was found. As an error it is of kind errs.KindInvalid.
type Problems []Problem

func (ps Problems) Error() string {
	all := make([]string, len(ps))
	for i, p := range ps {
		all[i] = p.String()
	}
	return strings.Join(all, "\n")
}

// As lets errors.As find the kind and the message of the first problem.
func (ps Problems) As(target any) bool {
	e, ok := target.(**errs.Error)
	if !ok || len(ps) == 0 {
		return false
	}
	*e = &errs.Error{Kind: errs.KindInvalid, Msg: i18n.M("content.problems", len(ps), ps[0].File, ps[0].Msg)}
	return true
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Col - b.Col
	})
}

// snippetCells is how many columns of a source line a snippet shows at most.
const snippetCells = 120

// Snippet is the line of a source text and a caret below the given column, both indented by two spaces. Lines and
// columns count from 1, columns in characters; East Asian wide characters take two cells, so that the caret stands
// under its place in a terminal. A long line is cut around the caret. It is "" when the line does not exist.
func Snippet(src []byte, line, col int) string {
	text, ok := nthLine(src, line)
	if !ok {
		return ""
	}
	runes := []rune(strings.ReplaceAll(text, "\t", " "))
	at := min(max(col-1, 0), len(runes))
	start, cells := at, 0
	for start > 0 && cells+cellWidth(runes[start-1]) <= snippetCells/2 {
		start--
		cells += cellWidth(runes[start])
	}
	end, total := at, cells
	for end < len(runes) && total+cellWidth(runes[end]) <= snippetCells {
		total += cellWidth(runes[end])
		end++
	}
	shown, lead := string(runes[start:end]), ""
	if start > 0 {
		lead = "…"
		cells++
	}
	if end < len(runes) {
		shown += "…"
	}
	return "  " + lead + shown + "\n  " + strings.Repeat(" ", cells) + "^"
}

func nthLine(src []byte, line int) (string, bool) {
	if line < 1 {
		return "", false
	}
	for ; line > 1; line-- {
		_, rest, ok := bytes.Cut(src, []byte("\n"))
		if !ok {
			return "", false
		}
		src = rest
	}
	text, _, _ := bytes.Cut(src, []byte("\n"))
	return string(bytes.TrimSuffix(text, []byte("\r"))), true
}

// cellWidth is how many terminal cells a character takes.
func cellWidth(r rune) int {
	switch {
	case r < ' ' || r == utf8.RuneError:
		return 1
	case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
		return 2
	}
	return 1
}
