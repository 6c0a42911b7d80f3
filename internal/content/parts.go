package content

import (
	"bytes"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Part is something that is put into a document: a scalar, a mapping or a list, of which exactly one is given. The zero
// Part is an empty text.
type Part struct {
	Text string
	Raw  bool // Text is written as it is: a number or a truth value

	Map  []Entry // nil where it is no mapping
	List []Part  // nil where it is no list
}

// Entry is one key of a mapping.
type Entry struct {
	Key  string
	Part Part
}

// Append puts a part at the end of the list at a path. Like Insert, Remove and MoveUp it gives the source anew, which
// otherwise stays as it is, comments and layout included; what cannot be done so is ErrNotInPlace. The new source is
// always read again and compared: it says what it said before, and that alone is different.
func (d *Document) Append(path []any, p Part) ([]byte, error) {
	seq, ok := d.node(path).(*ast.SequenceNode)
	if !ok {
		return nil, ErrNotInPlace
	}
	src, err := d.appended(path, seq, p)
	return d.confirm(src, err, path, func(v any) (any, bool) {
		list, ok := v.([]any)
		return append(slices.Clone(list), p.plain()), ok
	})
}

func (d *Document) appended(path []any, seq *ast.SequenceNode, p Part) ([]byte, error) {
	if seq.IsFlowStyle {
		open, ok := d.tokenAt(seq.Start.Position.Line, seq.Start.Position.Column, '[')
		if !ok {
			return nil, ErrNotInPlace
		}
		end, spans, ok := flowSpans(d.Source, open)
		if !ok {
			return nil, ErrNotInPlace
		}
		if len(spans) > 0 {
			at := spans[len(spans)-1].end
			return d.spliced(at, at, ", "+p.flow()), nil
		}
		if indent, ok := d.blockBelow(path, end); ok {
			return d.spliced(d.trimmed(open), end, "\n"+strings.TrimSuffix(p.element(indent), "\n")), nil
		}
		return d.spliced(open, end, "["+p.flow()+"]"), nil
	}
	elements, ok := d.elements(seq)
	if !ok {
		return nil, ErrNotInPlace
	}
	last := elements[len(elements)-1]
	return d.spliced(last.end, last.end, d.newline(last.end)+p.element(seq.Start.Position.Column-1)), nil
}

// trimmed is the byte behind the last one before another that is no blank.
func (d *Document) trimmed(at int) int {
	for at > 0 && d.Source[at-1] == ' ' {
		at--
	}
	return at
}

// blockBelow is how far in stands what begins on the line below the empty list or mapping that ends at a byte; false where
// it must stay on its line.
func (d *Document) blockBelow(path []any, end int) (indent int, ok bool) {
	parent := d.node(path[:max(len(path)-1, 0)])
	if len(path) == 0 || !isMapping(parent) || isFlow(parent) || strings.TrimSpace(string(d.restOfLine(end))) != "" {
		return 0, false
	}
	return mapping(parent)[0].Key.GetToken().Position.Column + 1, true
}

// Insert puts an entry at the end of the mapping at a path, which must not have the key.
func (d *Document) Insert(path []any, key string, p Part) ([]byte, error) {
	src, err := d.inserted(path, Entry{key, p})
	return d.confirm(src, err, path, func(v any) (any, bool) {
		m, ok := v.([]plainEntry)
		return append(slices.Clone(m), plainEntry{key, p.plain()}), ok
	})
}

func (d *Document) inserted(path []any, e Entry) ([]byte, error) {
	p, err := d.insertion(path, e)
	if err != nil {
		return nil, err
	}
	return d.spliced(p.start, p.end, p.text), nil
}

// insertion is the patch that puts an entry at the end of a mapping.
func (d *Document) insertion(path []any, e Entry) (patch, error) {
	n := d.node(path)
	m, many := n.(*ast.MappingNode)
	if many && m.IsFlowStyle {
		open, ok := d.tokenAt(m.Start.Position.Line, m.Start.Position.Column, '{')
		if !ok {
			return patch{}, ErrNotInPlace
		}
		end, spans, ok := flowSpans(d.Source, open)
		if !ok {
			return patch{}, ErrNotInPlace
		}
		if len(spans) == 0 {
			indent, ok := d.blockBelow(path, end)
			if ok && e.long() {
				return patch{d.trimmed(open), end, "\n" + strings.Repeat(" ", indent) + strings.TrimSuffix(e.block(indent), "\n")}, nil
			}
			return patch{open + 1, open + 1, e.flow()}, nil
		}
		at := spans[len(spans)-1].end
		return patch{at, at, ", " + e.flow()}, nil
	}
	entries := mapping(n)
	if len(entries) == 0 {
		return patch{}, ErrNotInPlace
	}
	end, ok := d.entryEnd(entries[len(entries)-1])
	if !ok {
		return patch{}, ErrNotInPlace
	}
	indent := entries[0].Key.GetToken().Position.Column - 1
	return patch{end, end, d.newline(end) + strings.Repeat(" ", indent) + e.block(indent)}, nil
}

// Remove takes out an element of a list or an entry of a mapping, with all below it and the comment right above it. Where
// it is the only one, what it stands in goes with it.
func (d *Document) Remove(path ...any) ([]byte, error) {
	for len(path) > 1 && d.size(path[:len(path)-1]) == 1 {
		path = path[:len(path)-1]
	}
	if len(path) == 0 || d.node(path) == nil {
		return nil, ErrNotInPlace
	}
	up, last := path[:len(path)-1], path[len(path)-1]
	src, err := d.removed(up, last)
	return d.confirm(src, err, up, func(v any) (any, bool) {
		switch list := v.(type) {
		case []any:
			i, ok := last.(int)
			return slices.Delete(slices.Clone(list), i, i+1), ok
		case []plainEntry:
			return slices.DeleteFunc(slices.Clone(list), func(e plainEntry) bool { return e.key == last }), true
		}
		return nil, false
	})
}

// size is how many elements or entries there are at a path.
func (d *Document) size(path []any) int {
	n := d.node(path)
	if seq, ok := n.(*ast.SequenceNode); ok {
		return len(seq.Values)
	}
	return len(mapping(n))
}

func (d *Document) removed(up []any, last any) ([]byte, error) {
	spans, i, flow, ok := d.siblings(up, last)
	switch {
	case !ok:
		return nil, ErrNotInPlace
	case !flow:
		at := spans[i]
		if key, ok := last.(string); ok && i == 0 && len(spans) > 1 && !d.alone(at.start) { // behind the dash of a list
			next := d.lineOf(spans[1].start) + len(d.indentAt(spans[1].start))
			return d.spliced(d.keyAt(up, key), next, ""), nil
		}
		return d.spliced(at.start, at.end, ""), nil
	case i+1 < len(spans):
		return d.spliced(spans[i].start, spans[i+1].start, ""), nil
	case i > 0:
		return d.spliced(spans[i-1].end, spans[i].end, ""), nil
	}
	return d.spliced(spans[i].start, spans[i].end, ""), nil
}

// MoveUp puts an element of a list before the one that stands before it, each with the comment right above it.
func (d *Document) MoveUp(path ...any) ([]byte, error) {
	if len(path) == 0 {
		return nil, ErrNotInPlace
	}
	up := path[:len(path)-1]
	i, ok := path[len(path)-1].(int)
	if _, list := d.node(up).(*ast.SequenceNode); !ok || !list || i < 1 {
		return nil, ErrNotInPlace
	}
	spans, i, _, ok := d.siblings(up, i)
	if !ok {
		return nil, ErrNotInPlace
	}
	a, b := spans[i-1], spans[i]
	first, second := d.Source[a.start:a.end], d.Source[b.start:b.end]
	if !bytes.HasSuffix(second, []byte("\n")) && bytes.HasSuffix(first, []byte("\n")) { // the last line of the file
		first, second = bytes.TrimSuffix(first, []byte("\n")), append(bytes.Clone(second), '\n')
	}
	src := slices.Concat(d.Source[:a.start], second, d.Source[a.end:b.start], first, d.Source[b.end:])
	return d.confirm(src, nil, up, func(v any) (any, bool) {
		list, ok := v.([]any)
		if list = slices.Clone(list); ok && i < len(list) {
			list[i-1], list[i] = list[i], list[i-1]
		}
		return list, ok
	})
}

// region is the bytes from start to end.
type region struct{ start, end int }

// siblings is where all elements or entries at a path stand, and which of them one is.
func (d *Document) siblings(up []any, last any) (spans []region, i int, flow, ok bool) {
	n := d.node(up)
	if seq, is := n.(*ast.SequenceNode); is {
		if i, ok = last.(int); !ok || i < 0 || i >= len(seq.Values) {
			return nil, 0, false, false
		}
		if flow = seq.IsFlowStyle; flow {
			spans, ok = d.flowAt(seq.Start.Position.Line, seq.Start.Position.Column, '[')
		} else {
			spans, ok = d.elements(seq)
		}
		return spans, i, flow, ok && len(spans) == len(seq.Values)
	}
	entries := mapping(n)
	i = slices.IndexFunc(entries, func(v *ast.MappingValueNode) bool {
		key, is := keyText(v.Key)
		return is && key == last
	})
	if i < 0 {
		return nil, 0, false, false
	}
	if flow = isFlow(n); flow {
		m := n.(*ast.MappingNode)
		spans, ok = d.flowAt(m.Start.Position.Line, m.Start.Position.Column, '{')
		return spans, i, flow, ok && len(spans) == len(entries)
	}
	for _, v := range entries {
		end, ok := d.entryEnd(v)
		if !ok {
			return nil, 0, false, false
		}
		spans = append(spans, region{d.commented(v.Key.GetToken().Position.Line, v.Key.GetToken().Position.Column-1), end})
	}
	return spans, i, false, true
}

func (d *Document) flowAt(line, col int, mark byte) ([]region, bool) {
	open, ok := d.tokenAt(line, col, mark)
	if !ok {
		return nil, false
	}
	_, spans, ok := flowSpans(d.Source, open)
	return spans, ok
}

// elements is where each element of a list over lines stands, from the comment above it to the end of its last line.
func (d *Document) elements(seq *ast.SequenceNode) ([]region, bool) {
	dash := seq.Start.Position.Column
	var all []region
	for _, v := range seq.Values {
		line, _ := d.place(v)
		if v, ok := v.(*ast.LiteralNode); ok {
			line = v.Start.Position.Line
		}
		text := d.line(line)
		if len(text) < dash || text[dash-1] != '-' || strings.TrimSpace(text[:dash-1]) != "" {
			return nil, false
		}
		all = append(all, region{d.commented(line, dash-1), d.contentEnd(line, dash-1, false)})
	}
	return all, len(all) > 0
}

// entryEnd is the end of the last line of an entry of a mapping over lines.
func (d *Document) entryEnd(v *ast.MappingValueNode) (int, bool) {
	key := v.Key.GetToken().Position
	_, list := v.Value.(*ast.SequenceNode)
	if _, ok := d.offset(key.Line, key.Column); !ok {
		return 0, false
	}
	return d.contentEnd(key.Line, key.Column-1, list), true
}

// contentEnd is the end of what begins on a line, at an indent: the lines below that stand further in, and dashes of a list
// that may stand at the indent itself.
func (d *Document) contentEnd(line, indent int, dashes bool) int {
	end := d.lineEnd(line)
	for n := line + 1; n <= len(d.starts); n++ {
		text := d.line(n)
		body := strings.TrimLeft(text, " ")
		in := len(text) - len(body)
		switch body = strings.TrimRight(body, "\r"); {
		case body == "" || strings.HasPrefix(body, "#"): // belongs to what follows, if that does
			continue
		case in > indent, dashes && in == indent && (body == "-" || strings.HasPrefix(body, "- ")):
			end = d.lineEnd(n)
		default:
			return end
		}
	}
	return end
}

// line is a line without its line end, "" where there is none.
func (d *Document) line(n int) string {
	at, ok := d.lineStart(n)
	if !ok {
		return ""
	}
	return string(d.restOfLine(at))
}

// lineEnd is the byte behind a line and its line end.
func (d *Document) lineEnd(line int) int {
	if next, ok := d.lineStart(line + 1); ok {
		return next
	}
	return len(d.Source)
}

// commented is where a line begins, or the comment right above it at the same indent.
func (d *Document) commented(line, indent int) int {
	for line > 1 {
		above := d.line(line - 1)
		body := strings.TrimLeft(above, " ")
		if !strings.HasPrefix(body, "#") || len(above)-len(body) != indent {
			break
		}
		line--
	}
	start, _ := d.lineStart(line)
	return start
}

// alone says that nothing but blanks and comments stand from a byte to the first key behind it.
func (d *Document) alone(start int) bool {
	line := strings.TrimLeft(string(d.restOfLine(start)), " ")
	return !strings.HasPrefix(line, "-")
}

func (d *Document) restOfLine(at int) []byte {
	rest := d.Source[at:]
	if nl := bytes.IndexByte(rest, '\n'); nl >= 0 {
		rest = rest[:nl]
	}
	return rest
}

// lineOf is where the line of a byte begins.
func (d *Document) lineOf(at int) int { return bytes.LastIndexByte(d.Source[:at], '\n') + 1 }

func (d *Document) indentAt(at int) string {
	line := string(d.restOfLine(d.lineOf(at)))
	return line[:len(line)-len(strings.TrimLeft(line, " "))]
}

// keyAt is where a key of a mapping stands.
func (d *Document) keyAt(path []any, key string) int {
	for _, v := range mapping(d.node(path)) {
		if text, ok := keyText(v.Key); ok && text == key {
			at, _ := d.offset(v.Key.GetToken().Position.Line, v.Key.GetToken().Position.Column)
			return at
		}
	}
	return len(d.Source)
}

// tokenAt is the byte at a line and column where a mark stands.
func (d *Document) tokenAt(line, col int, mark byte) (int, bool) {
	at, ok := d.offset(line, col)
	return at, ok && at < len(d.Source) && d.Source[at] == mark
}

func (d *Document) spliced(start, end int, text string) []byte {
	return slices.Concat(d.Source[:start], []byte(text), d.Source[end:])
}

// newline is the line end that a line before a byte lacks, at the end of a file.
func (d *Document) newline(at int) string {
	if at > 0 && d.Source[at-1] != '\n' {
		return "\n"
	}
	return ""
}

// flowSpans is where the parts of {…} or […] stand that begins at a byte, without the commas between them, and where it
// ends.
func flowSpans(src []byte, open int) (end int, spans []region, ok bool) {
	depth, start := 0, open+1
	part := func(to int) {
		text := src[start:to]
		if body := bytes.TrimSpace(text); len(body) > 0 {
			at := start + bytes.Index(text, body)
			spans = append(spans, region{at, at + len(body)})
		}
	}
	for i := open; i < len(src); i++ {
		switch src[i] {
		case '"', '\'':
			if n, quoted := quotedLen(src[i:]); quoted && i > open && strings.IndexByte(" ,[{:\n", src[i-1]) >= 0 {
				i += n - 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				part(i)
				return i + 1, spans, true
			}
		case ',':
			if depth == 1 {
				part(i)
				start = i + 1
			}
		}
	}
	return 0, nil, false
}

// flow is a part on one line.
func (p Part) flow() string {
	var all []string
	switch {
	case p.Map != nil:
		for _, e := range p.Map {
			all = append(all, e.flow())
		}
		return "{" + strings.Join(all, ", ") + "}"
	case p.List != nil:
		for _, x := range p.List {
			all = append(all, x.flow())
		}
		return "[" + strings.Join(all, ", ") + "]"
	case p.Raw:
		return strings.TrimSpace(p.Text)
	}
	return scalar(p.Text)
}

func (e Entry) flow() string { return keyed(e.Key) + ": " + e.Part.flow() }

// keyed is a key as it is written: a year is read as a key as it is.
func keyed(key string) string {
	if key != "" && strings.Trim(key, "0123456789") == "" {
		return key
	}
	return scalar(key)
}

// short is from how many entries on a mapping stands over lines.
const short = 3

// long says that an entry is easier to read over lines.
func (e Entry) long() bool {
	return len(e.Part.Map) >= short || len(e.Part.List) > 0 && e.Part.List[0].Map != nil
}

// block is an entry over lines, the first of them without its indent.
func (e Entry) block(indent int) string {
	key := keyed(e.Key) + ":"
	switch deep := indent + 2; {
	case len(e.Part.Map) >= short:
		text := key + "\n"
		for _, below := range e.Part.Map {
			text += strings.Repeat(" ", deep) + below.block(deep)
		}
		return text
	case len(e.Part.List) > 0 && e.Part.List[0].Map != nil:
		text := key + "\n"
		for _, below := range e.Part.List {
			text += below.element(deep)
		}
		return text
	}
	return key + " " + e.Part.flow() + "\n"
}

// element is a part as an element of a list over lines.
func (p Part) element(indent int) string {
	text := strings.Repeat(" ", indent) + "- "
	if len(p.Map) < short {
		return text + p.flow() + "\n"
	}
	for i, e := range p.Map {
		if i > 0 {
			text += strings.Repeat(" ", indent+2)
		}
		text += e.block(indent + 2)
	}
	return text
}

// Part is what stands at a path, to be put elsewhere; ok is false where there is nothing that a Part can say.
func (d *Document) Part(path ...any) (p Part, ok bool) {
	n := d.node(path)
	if n == nil {
		return Part{}, false
	}
	return partOf(n)
}

func partOf(n ast.Node) (p Part, ok bool) {
	if seq, is := n.(*ast.SequenceNode); is {
		p.List = []Part{}
		for _, v := range seq.Values {
			x, ok := partOf(v)
			if !ok {
				return Part{}, false
			}
			p.List = append(p.List, x)
		}
		return p, true
	}
	if entries := mapping(n); len(entries) > 0 {
		for _, v := range entries {
			key, named := keyText(v.Key)
			x, ok := partOf(v.Value)
			if !ok || !named {
				return Part{}, false
			}
			p.Map = append(p.Map, Entry{key, x})
		}
		return p, true
	}
	text, ok := scalarText(n)
	_, isText := n.(*ast.StringNode)
	_, isLong := n.(*ast.LiteralNode)
	return Part{Text: text, Raw: !isText && !isLong}, ok
}

// plainEntry is an entry of a mapping, and plain a part or node, to be compared: texts, numbers as they are written.
type plainEntry struct {
	key   string
	value any
}

type plainRaw string

func (p Part) plain() any {
	switch {
	case p.Map != nil:
		all := []plainEntry{}
		for _, e := range p.Map {
			all = append(all, plainEntry{e.Key, e.Part.plain()})
		}
		return all
	case p.List != nil:
		all := []any{}
		for _, x := range p.List {
			all = append(all, x.plain())
		}
		return all
	case p.Raw:
		return plainRaw(strings.TrimSpace(p.Text))
	}
	return p.Text
}

func plain(n ast.Node) any {
	switch v := n.(type) {
	case *ast.SequenceNode:
		all := []any{}
		for _, x := range v.Values {
			all = append(all, plain(x))
		}
		return all
	case *ast.MappingNode, *ast.MappingValueNode:
		all := []plainEntry{}
		for _, e := range mapping(n) {
			key, _ := keyText(e.Key)
			all = append(all, plainEntry{key, plain(e.Value)})
		}
		return all
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		return v.Value.Value
	}
	text, _ := scalarText(n)
	return plainRaw(text)
}

// confirm reads a new source and says that it is the old one with what stands at a path as it is to be.
func (d *Document) confirm(src []byte, err error, path []any, change func(any) (any, bool)) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	want, ok := changed(plain(d.root), path, change)
	if !ok {
		return nil, ErrNotInPlace
	}
	f, err := parser.ParseBytes(src, 0)
	if err != nil || len(f.Docs) != 1 || f.Docs[0].Body == nil || !reflect.DeepEqual(want, plain(f.Docs[0].Body)) {
		return nil, ErrNotInPlace
	}
	return src, nil
}

// changed is a plain value with what stands at a path changed.
func changed(v any, path []any, change func(any) (any, bool)) (any, bool) {
	if len(path) == 0 {
		return change(v)
	}
	switch list := v.(type) {
	case []any:
		if i, ok := path[0].(int); ok && i >= 0 && i < len(list) {
			list = slices.Clone(list)
			list[i], ok = changed(list[i], path[1:], change)
			return list, ok
		}
	case []plainEntry:
		for i, e := range list {
			if e.key == path[0] {
				list = slices.Clone(list)
				fresh, ok := changed(e.value, path[1:], change)
				list[i].value = fresh
				return list, ok
			}
		}
	}
	return nil, false
}
