package content

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Change is one scalar of a document, or one list of scalars, as it is to be. Without Key, Path leads to it, and it takes
// the text or the texts; an empty text takes a scalar out of its mapping. With Key, Path leads to a mapping, which gets the
// entry.
type Change struct {
	Path []any
	Key  string
	Text string
	List []string // not nil for a list
	Raw  bool     // written as it is: a number or a truth value
}

// ErrNotInPlace says that something stands in a document so that it can only be changed in its text: over several lines,
// or as the only entry of its mapping.
var ErrNotInPlace = errors.New("it can only be changed in the text")

// patch replaces the bytes from start to end.
type patch struct {
	start, end int
	text       string
}

// Apply writes changes into the source, which otherwise stays as it is, comments and layout included. On an error it says
// which change could not be made, and nothing is.
func (d *Document) Apply(changes []Change) ([]byte, error) {
	var all []patch
	for _, c := range changes {
		p, err := d.patchOf(c)
		if err != nil {
			return nil, fmt.Errorf("change %v: %w", c.Path, err)
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b patch) int { return a.start - b.start })
	var out []byte
	at := 0
	for _, p := range all {
		if p.start < at {
			return nil, ErrNotInPlace // two changes overlap
		}
		out = append(append(out, d.Source[at:p.start]...), p.text...)
		at = p.end
	}
	return append(out, d.Source[at:]...), nil
}

func (d *Document) patchOf(c Change) (patch, error) {
	switch {
	case c.Key != "":
		return d.insertion(c.Path, Entry{c.Key, c.part()})
	case c.List != nil:
		return d.relist(c.Path, c.part())
	case c.Text == "":
		return d.remove(c.Path)
	}
	n := d.node(c.Path)
	if n == nil {
		return patch{}, ErrNotInPlace
	}
	start, end, err := d.span(n)
	return patch{start, end, c.part().flow()}, err
}

// node is the node at a path, nil where there is none.
func (d *Document) node(path []any) ast.Node {
	n := d.root
	for _, step := range path {
		if n == nil {
			return nil
		}
		n = child(n, step)
	}
	return n
}

// Has says that there is something at a path.
func (d *Document) Has(path ...any) bool { return d.node(path) != nil }

// span is where a scalar stands on its line, quotation marks included.
func (d *Document) span(n ast.Node) (start, end int, err error) {
	tk := n.GetToken()
	switch n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
	default:
		return 0, 0, ErrNotInPlace
	}
	if tk == nil || tk.Position == nil {
		return 0, 0, ErrNotInPlace
	}
	start, ok := d.offset(tk.Position.Line, tk.Position.Column)
	if !ok {
		return 0, 0, ErrNotInPlace
	}
	rest := d.Source[start:]
	if nl := slices.Index(rest, '\n'); nl >= 0 {
		rest = rest[:nl]
	}
	switch tk.Type {
	case token.DoubleQuoteType, token.SingleQuoteType:
		n, ok := quotedLen(rest)
		if !ok {
			return 0, 0, ErrNotInPlace
		}
		return start, start + n, nil
	}
	if tk.Value == "" || !strings.HasPrefix(string(rest), tk.Value) {
		return 0, 0, ErrNotInPlace
	}
	return start, start + len(tk.Value), nil
}

// quotedLen is how long the quoted text at the beginning of a line is.
func quotedLen(line []byte) (int, bool) {
	if len(line) == 0 || line[0] != '"' && line[0] != '\'' {
		return 0, false
	}
	for i := 1; i < len(line); i++ {
		switch {
		case line[0] == '"' && line[i] == '\\':
			i++
		case line[0] == '\'' && line[i] == '\'' && i+1 < len(line) && line[i+1] == '\'':
			i++
		case line[i] == line[0]:
			return i + 1, true
		}
	}
	return 0, false
}

// offset is the byte at a line and column (from 1, in characters).
func (d *Document) offset(line, col int) (int, bool) {
	at, ok := d.lineStart(line)
	if !ok {
		return 0, false
	}
	for ; col > 1; col-- {
		if at >= len(d.Source) || d.Source[at] == '\n' {
			return 0, false
		}
		_, n := utf8.DecodeRune(d.Source[at:])
		at += n
	}
	return at, true
}

// lineStart is the byte at which a line (from 1) begins.
func (d *Document) lineStart(line int) (int, bool) {
	if d.starts == nil {
		d.starts = []int{0}
		for i, c := range d.Source {
			if c == '\n' {
				d.starts = append(d.starts, i+1)
			}
		}
	}
	if line < 1 || line > len(d.starts) {
		return 0, false
	}
	return d.starts[line-1], true
}

func isFlow(n ast.Node) bool {
	m, ok := n.(*ast.MappingNode)
	return ok && m.IsFlowStyle
}

// remove takes an entry out of its mapping: in a flow mapping with its comma, else with its line.
func (d *Document) remove(path []any) (patch, error) {
	if len(path) == 0 {
		return patch{}, ErrNotInPlace
	}
	key, ok := path[len(path)-1].(string)
	parent := d.node(path[:len(path)-1])
	entries := mapping(parent)
	i := slices.IndexFunc(entries, func(v *ast.MappingValueNode) bool {
		text, is := keyText(v.Key)
		return ok && is && text == key
	})
	if i < 0 || len(entries) < 2 {
		return patch{}, ErrNotInPlace
	}
	_, end, err := d.span(entries[i].Value)
	if err != nil {
		return patch{}, err
	}
	begin := func(v *ast.MappingValueNode) (int, bool) {
		p := v.Key.GetToken().Position
		return d.offset(p.Line, p.Column)
	}
	start, ok := begin(entries[i])
	if !ok {
		return patch{}, ErrNotInPlace
	}
	if !isFlow(parent) {
		return d.removeLine(start, end)
	}
	if i+1 < len(entries) {
		if next, ok := begin(entries[i+1]); ok {
			return patch{start, next, ""}, nil
		}
		return patch{}, ErrNotInPlace
	}
	if _, before, err := d.span(entries[i-1].Value); err == nil {
		return patch{before, end, ""}, nil
	}
	return patch{}, ErrNotInPlace
}

// removeLine takes out the line of an entry that stands on it alone, not behind the dash of a list.
func (d *Document) removeLine(start, end int) (patch, error) {
	line := start
	for line > 0 && d.Source[line-1] != '\n' {
		line--
	}
	after := end
	for after < len(d.Source) && d.Source[after] != '\n' {
		after++
	}
	if strings.TrimSpace(string(d.Source[line:start])) != "" || strings.TrimSpace(string(d.Source[end:after])) != "" {
		return patch{}, ErrNotInPlace
	}
	return patch{line, min(after+1, len(d.Source)), ""}, nil
}

// part is what the change puts in its place.
func (c Change) part() Part {
	if c.List == nil {
		return Part{Text: c.Text, Raw: c.Raw}
	}
	list := Part{List: []Part{}}
	for _, text := range c.List {
		list.List = append(list.List, Part{Text: text, Raw: c.Raw})
	}
	return list
}

// relist writes a list of scalars anew, on one line or on lines as it stands. Comments inside it would be lost: there it
// can only be changed in the text.
func (d *Document) relist(path []any, list Part) (patch, error) {
	seq, ok := d.node(path).(*ast.SequenceNode)
	if !ok {
		return patch{}, ErrNotInPlace
	}
	if seq.IsFlowStyle {
		open, ok := d.tokenAt(seq.Start.Position.Line, seq.Start.Position.Column, '[')
		if !ok {
			return patch{}, ErrNotInPlace
		}
		end, _, ok := flowSpans(d.Source, open)
		if !ok || strings.Contains(string(d.Source[open:end]), "\n") {
			return patch{}, ErrNotInPlace
		}
		return patch{open, end, list.flow()}, nil
	}
	all, ok := d.elements(seq)
	if !ok || len(list.List) == 0 {
		return patch{}, ErrNotInPlace
	}
	start, end := all[0].start, all[len(all)-1].end
	if strings.Contains(string(d.Source[start:end]), "#") {
		return patch{}, ErrNotInPlace
	}
	text := ""
	for _, p := range list.List {
		text += p.element(seq.Start.Position.Column - 1)
	}
	return patch{start, end, text}, nil
}

// Texts is the scalars of the list at a path; ok is false where there is no such list, or where it stands so that Apply
// could not change it.
func (d *Document) Texts(path ...any) (texts []string, ok bool) {
	seq, is := d.node(path).(*ast.SequenceNode)
	if !is {
		return nil, false
	}
	for _, v := range seq.Values {
		text, ok := scalarText(v)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	_, err := d.relist(path, Part{List: []Part{{}}})
	return texts, err == nil
}

// scalar is a text as a YAML scalar that is read as text: plain where that is safe in every place, else quoted.
func scalar(s string) string {
	if s != "" && s == strings.TrimSpace(s) && !strings.ContainsAny(s, "\n\t:#,[]{}\"'&*!|>@`\\") && !strings.ContainsAny(s[:1], "-?%") && plainText(s) {
		return s
	}
	if strings.Contains(s, `"`) && !strings.ContainsAny(s, "'\\") && strings.IndexFunc(s, unicode.IsControl) < 0 {
		return "'" + s + "'"
	}
	b, err := json.Marshal(s)
	if err != nil {
		return `""`
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
}

// plainText says that YAML reads a plain scalar as text, and not as a number, a day or a truth value.
func plainText(s string) bool {
	f, err := parser.ParseBytes([]byte("a: "+s), 0)
	if err != nil || len(f.Docs) != 1 {
		return false
	}
	n := child(f.Docs[0].Body, "a")
	text, ok := n.(*ast.StringNode)
	return ok && text.Value == s
}

// ScalarKind is how Decode reads a field: as text (or what has a text form), or as a number or truth value; ok is false
// for what is no scalar.
func ScalarKind(t reflect.Type) (raw, ok bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return false, true
	}
	switch t.Kind() {
	case reflect.String:
		return false, true
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Int32:
		return true, true
	}
	return false, false
}

// Scalar is the text of the scalar at a path; ok is false where there is none, or where it stands so that Apply could not
// change it.
func (d *Document) Scalar(path ...any) (text string, ok bool) {
	n := d.node(path)
	if n == nil {
		return "", false
	}
	if _, _, err := d.span(n); err != nil {
		return "", false
	}
	return scalarText(n)
}
