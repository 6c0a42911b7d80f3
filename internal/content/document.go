package content

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// MaxFile is the largest content file that is read, in bytes.
const MaxFile = 4 << 20

// maxDepth is how deep a YAML file may nest.
const maxDepth = 64

// Document is a YAML file that was read strictly and remembers where everything in it stands.
type Document struct {
	File   string
	Source []byte
	root   ast.Node // nil for an empty or broken file
	starts []int    // of lines, once one was asked for
}

// Decode reads a YAML file into the struct that into points at, and tells every mistake at once: syntax, keys that are
// not known or stand twice, required keys that are missing or hold a blank text, values of another form than expected.
//
// Fields take their key from the tag `yaml:"key"`; a key is required unless the tag says `yaml:"key,omitempty"`.
// Strings must be strings in YAML too (a code such as 0111 needs quotes, or its zero would be lost); types with
// UnmarshalText (money.Fen, money.Rate, period.Day) take the text of any scalar. Pointers, slices, structs, int, bool
// and maps with string keys are known. Anchors, aliases, tags and several documents in one file are refused.
//
// The Document is never nil; with problems, into may be filled in part and must not be used.
func Decode(file string, src []byte, into any) (*Document, []Problem) {
	d := &Document{File: file, Source: src}
	if len(src) > MaxFile {
		return d, []Problem{{File: file, Msg: i18n.M("content.too_large", len(src), MaxFile)}}
	}
	if at := invalidUTF8(src); at >= 0 {
		line, col := linePos(src, at)
		return d, []Problem{NewProblem(file, src, line, col, i18n.M("content.not_utf8"))}
	}
	if line, ok := tooDeep(src); ok {
		return d, []Problem{NewProblem(file, src, line, 1, i18n.M("content.too_deep", maxDepth))}
	}
	f, err := parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey()) // a key that stands twice is told by us
	if err != nil {
		return d, []Problem{d.syntax(err)}
	}
	var bodies []ast.Node
	for _, doc := range f.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	if len(bodies) == 0 {
		return d, []Problem{NewProblem(file, src, 1, 1, i18n.M("content.empty"))}
	}
	if len(bodies) > 1 {
		return d, []Problem{d.at(bodies[1], i18n.M("content.many_documents"))}
	}
	d.root = bodies[0]
	r := reader{doc: d}
	r.value(d.root, reflect.ValueOf(into).Elem())
	return d, r.problems
}

// Problem is a problem at the place that a path leads to: keys (string) and indexes (int) from the root. Where the path
// ends early, because a key was left out, the last place that exists is meant.
func (d *Document) Problem(msg i18n.Msg, path ...any) Problem {
	line, col := d.At(path...)
	return NewProblem(d.File, d.Source, line, col, msg)
}

// Later is a value of a file whose form is not known while the file is read, such as the arguments of something that
// somebody else registers; DecodeLater reads it. The zero Later is one that was left out.
type Later struct{ node ast.Node }

var laterType = reflect.TypeFor[Later]()

// DecodeLater is Decode for such a value. Of one that was left out, required keys are missing at the path.
func (d *Document) DecodeLater(l Later, into any, path ...any) []Problem {
	r := reader{doc: d}
	if l.node != nil {
		r.value(l.node, reflect.ValueOf(into).Elem())
		return r.problems
	}
	for _, f := range Fields(reflect.TypeOf(into).Elem()) {
		if !f.Optional {
			r.problems = append(r.problems, d.Problem(i18n.M("content.missing_key", f.Key), path...))
		}
	}
	return r.problems
}

// At is the line and column (from 1) where the value at a path begins; see Problem for the path. For text it is the
// first character of the text itself, past a quotation mark or a block mark, so that a position inside the text can be
// added to it.
func (d *Document) At(path ...any) (line, col int) {
	node := d.root
	if node == nil {
		return 1, 1
	}
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return d.place(node)
}

// child is the node one step down, nil when there is none.
func child(n ast.Node, step any) ast.Node {
	switch s := step.(type) {
	case string:
		for _, v := range mapping(n) {
			if key, ok := keyText(v.Key); ok && key == s {
				return v.Value
			}
		}
	case int:
		if seq, ok := n.(*ast.SequenceNode); ok && s >= 0 && s < len(seq.Values) {
			return seq.Values[s]
		}
	}
	return nil
}

// mapping is the entries of a mapping; the parser gives a single entry without the mapping around it.
func mapping(n ast.Node) []*ast.MappingValueNode {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}
	}
	return nil
}

func isMapping(n ast.Node) bool {
	_, many := n.(*ast.MappingNode)
	_, one := n.(*ast.MappingValueNode)
	return many || one
}

// place is where a node's own content begins.
func (d *Document) place(n ast.Node) (line, col int) {
	switch v := n.(type) {
	case *ast.MappingNode:
		if len(v.Values) > 0 && !v.IsFlowStyle {
			return d.place(v.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return d.place(v.Key)
	case *ast.SequenceNode:
		if len(v.Values) > 0 && !v.IsFlowStyle {
			return d.place(v.Values[0])
		}
	case *ast.LiteralNode:
		return d.blockStart(v.Start.Position.Line)
	}
	tk := n.GetToken()
	if tk == nil || tk.Position == nil {
		return 1, 1
	}
	line, col = tk.Position.Line, tk.Position.Column
	if tk.Type == token.DoubleQuoteType || tk.Type == token.SingleQuoteType {
		col++
	}
	return line, col
}

// blockStart is the first character of the block text whose mark (| or >) stands on the given line.
func (d *Document) blockStart(mark int) (line, col int) {
	for line = mark + 1; ; line++ {
		text, ok := nthLine(d.Source, line)
		if !ok {
			return mark, 1
		}
		if body := strings.TrimLeft(text, " "); body != "" {
			return line, len(text) - len(body) + 1
		}
	}
}

func (d *Document) at(n ast.Node, msg i18n.Msg) Problem {
	line, col := d.place(n)
	return NewProblem(d.File, d.Source, line, col, msg)
}

func (d *Document) syntax(err error) Problem {
	var ye yaml.Error
	if errors.As(err, &ye) && ye.GetToken() != nil && ye.GetToken().Position != nil {
		pos := ye.GetToken().Position
		return NewProblem(d.File, d.Source, pos.Line, pos.Column, i18n.M("content.syntax", ye.GetMessage()))
	}
	return NewProblem(d.File, d.Source, 1, 1, i18n.M("content.syntax", err.Error()))
}

// reader walks a document and a Go value side by side.
type reader struct {
	doc      *Document
	problems []Problem
}

// maxProblems is how many mistakes of one file are told; who makes more has made one mistake many times.
const maxProblems = 100

func (r *reader) report(n ast.Node, key string, args ...any) {
	if len(r.problems) >= maxProblems {
		return
	}
	r.problems = append(r.problems, r.doc.at(n, i18n.M(key, args...)))
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

func (r *reader) value(n ast.Node, into reflect.Value) {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode, *ast.TagNode, *ast.DirectiveNode:
		r.report(n, "content.yaml_feature")
		return
	}
	if into.Type() == laterType {
		into.Set(reflect.ValueOf(Later{n}))
		return
	}
	if into.Kind() == reflect.Pointer {
		fresh := reflect.New(into.Type().Elem())
		r.value(n, fresh.Elem())
		into.Set(fresh)
		return
	}
	if reflect.PointerTo(into.Type()).Implements(textUnmarshaler) {
		r.text(n, into)
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		r.structure(n, into)
	case reflect.Map:
		r.dictionary(n, into)
	case reflect.Slice:
		seq, ok := n.(*ast.SequenceNode)
		if !ok {
			r.report(n, "content.want_list")
			return
		}
		list := reflect.MakeSlice(into.Type(), len(seq.Values), len(seq.Values))
		for i, v := range seq.Values {
			r.value(v, list.Index(i))
		}
		into.Set(list)
	default:
		r.scalar(n, into)
	}
}

func (r *reader) structure(n ast.Node, into reflect.Value) {
	if !isMapping(n) {
		r.report(n, "content.want_mapping")
		return
	}
	fields := Fields(into.Type())
	seen := map[string]bool{}
	r.entries(n, func(key string, v *ast.MappingValueNode) {
		i := slices.IndexFunc(fields, func(f Field) bool { return f.Key == key })
		if i < 0 {
			r.report(v.Key, "content.unknown_key", key, nearest(key, fields))
			return
		}
		seen[key] = true
		field := into.FieldByIndex(fields[i].Index)
		r.value(v.Value, field)
		if text, ok := scalarText(v.Value); ok && strings.TrimSpace(text) == "" && field.Kind() == reflect.String && !fields[i].Optional {
			r.report(v.Value, "content.blank", key)
		}
	})
	for _, f := range fields {
		if !f.Optional && !seen[f.Key] {
			r.report(n, "content.missing_key", f.Key)
		}
	}
}

func (r *reader) dictionary(n ast.Node, into reflect.Value) {
	if !isMapping(n) {
		r.report(n, "content.want_mapping")
		return
	}
	m := reflect.MakeMap(into.Type())
	r.entries(n, func(key string, v *ast.MappingValueNode) {
		val := reflect.New(into.Type().Elem()).Elem()
		r.value(v.Value, val)
		m.SetMapIndex(reflect.ValueOf(key).Convert(into.Type().Key()), val)
	})
	into.Set(m)
}

// entries calls f for each entry of a mapping whose key is text and stands there for the first time.
func (r *reader) entries(n ast.Node, f func(key string, v *ast.MappingValueNode)) {
	seen := map[string]bool{}
	for _, v := range mapping(n) {
		key, ok := keyText(v.Key)
		if !ok {
			r.report(v.Key, "content.key_not_text")
			continue
		}
		if seen[key] {
			r.report(v.Key, "content.key_twice", key)
			continue
		}
		seen[key] = true
		f(key, v)
	}
}

// keyText is a key as text; a number such as 2022 is taken as it is written.
func keyText(n ast.Node) (string, bool) {
	switch k := n.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode:
		return k.Token.Value, true
	}
	return "", false
}

func (r *reader) text(n ast.Node, into reflect.Value) {
	s, ok := scalarText(n)
	if !ok {
		r.report(n, "content.want_text")
		return
	}
	err := into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
	if err == nil {
		return
	}
	if want, ok := wants[into.Type()]; ok {
		r.report(n, want, s)
		return
	}
	r.report(n, "content.bad_value", s, err.Error())
}

// wants is what to say of a value of the base types that cannot be read.
var wants = map[reflect.Type]string{
	reflect.TypeFor[money.Fen]():     "content.want_money",
	reflect.TypeFor[money.Rate]():    "content.want_rate",
	reflect.TypeFor[period.Day]():    "content.want_day",
	reflect.TypeFor[period.Period](): "content.want_period",
}

func (r *reader) scalar(n ast.Node, into reflect.Value) {
	switch into.Kind() {
	case reflect.String:
		switch v := n.(type) {
		case *ast.StringNode:
			into.SetString(v.Value)
		case *ast.LiteralNode:
			into.SetString(v.Value.Value)
		default:
			if s, ok := scalarText(n); ok && s != "" {
				r.report(n, "content.quote_text", s)
			} else {
				r.report(n, "content.want_text")
			}
		}
	case reflect.Bool:
		v, ok := n.(*ast.BoolNode)
		if !ok {
			r.report(n, "content.want_bool")
			return
		}
		into.SetBool(v.Value)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v, ok := n.(*ast.IntegerNode)
		if !ok {
			r.report(n, "content.want_int")
			return
		}
		var i int64
		switch x := v.Value.(type) {
		case int64:
			i = x
		case uint64:
			if i = int64(x); i < 0 {
				r.report(n, "content.int_range", v.Token.Value)
				return
			}
		}
		if into.OverflowInt(i) {
			r.report(n, "content.int_range", v.Token.Value)
			return
		}
		into.SetInt(i)
	default:
		panic(fmt.Sprintf("content: field type %s is not known to Decode", into.Type()))
	}
}

// scalarText is the text of a scalar as it was written.
func scalarText(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// Field is one key that a struct takes from YAML.
type Field struct {
	Key      string
	Optional bool
	Index    []int
	Type     reflect.Type
}

// Fields is the keys that Decode reads into a struct type, in order; fields of embedded structs are counted in, fields
// tagged "-" are not.
func Fields(t reflect.Type) []Field {
	var all []Field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("yaml")
		if f.Anonymous && !tagged {
			for _, in := range Fields(f.Type) {
				in.Index = append([]int{i}, in.Index...)
				all = append(all, in)
			}
			continue
		}
		if !tagged || tag == "-" {
			continue
		}
		key, opts, _ := strings.Cut(tag, ",")
		all = append(all, Field{Key: key, Optional: opts == "omitempty", Index: []int{i}, Type: f.Type})
	}
	return all
}

// nearest is the known key that a mistyped one most likely means, or the list of known keys.
func nearest(key string, fields []Field) i18n.Msg {
	best, dist := "", min(len(key)+1, 8)/3+1
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Key
		if d := editDistance(key, f.Key); d < dist {
			best, dist = f.Key, d
		}
	}
	if best != "" {
		return i18n.M("content.did_you_mean", best)
	}
	return i18n.M("content.known_keys", strings.Join(names, ", "))
}

// editDistance is the Levenshtein distance of two short words.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := prev
			if a[i] != b[j] {
				cost++
			}
			prev = row[j+1]
			row[j+1] = min(cost, row[j]+1, prev+1)
		}
	}
	return row[len(b)]
}

func invalidUTF8(src []byte) int {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func linePos(src []byte, at int) (line, col int) {
	before := string(src[:at])
	nl := strings.LastIndexByte(before, '\n')
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[nl+1:]) + 1
}

// tooDeep guards the parser, which recurses, against a file that is nothing but opening brackets or indents.
func tooDeep(src []byte) (line int, ok bool) {
	depth := 0
	for i, text := range strings.Split(string(src), "\n") {
		indent := len(text) - len(strings.TrimLeft(text, " -?"))
		if indent > 4*maxDepth {
			return i + 1, true
		}
		for _, c := range text {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(depth-1, 0)
			}
		}
		if depth > maxDepth {
			return i + 1, true
		}
	}
	return 0, false
}
