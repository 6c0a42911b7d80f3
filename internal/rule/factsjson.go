package rule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Limits of a file of facts.
const (
	MaxFacts    = 4 << 20 // bytes
	maxSubjects = 10_000  // below the enterprise
	maxProblems = 100     // that are told
)

// factsReader reads the JSON form of facts, token by token, so that every mistake has its line and column. Nothing but
// texts goes through a number of the machine: JSON numbers stay the digits that were written.
type factsReader struct {
	lib      *content.Library
	file     string
	src      []byte
	dec      *json.Decoder
	problems content.Problems
	broken   bool // the syntax is wrong: reading has ended
	links    map[*Doc]int

	line, col int // where src begins in the file
}

// ParseFacts reads one enterprise and what is below it from JSON (docs/facts-json.md). Every mistake is told with line,
// column and the path of keys; with problems the Doc is nil.
func ParseFacts(lib *content.Library, file string, src []byte) (*Doc, content.Problems) {
	if len(src) > MaxFacts {
		return nil, content.Problems{{File: file, Msg: i18n.M("rule.facts_too_large", len(src), MaxFacts)}}
	}
	return newFactsReader(lib, file, bytes.TrimPrefix(src, []byte("\ufeff"))).document()
}

func newFactsReader(lib *content.Library, file string, src []byte) *factsReader {
	return &factsReader{lib: lib, file: file, src: src, links: map[*Doc]int{}, line: 1, col: 1}
}

// document reads the one document that the source is.
func (r *factsReader) document() (*Doc, content.Problems) {
	if !utf8.Valid(r.src) {
		at := 0
		for at < len(r.src) {
			c, n := utf8.DecodeRune(r.src[at:])
			if c == utf8.RuneError && n == 1 {
				break
			}
			at += n
		}
		r.broken = true
		r.problems = append(r.problems, r.problem(at, i18n.M("rule.facts_utf8")))
		return nil, r.problems
	}
	r.dec = json.NewDecoder(bytes.NewReader(r.src))
	r.dec.UseNumber()
	doc := r.root()
	if !r.broken {
		at := r.at()
		if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
			r.report(at, "", "rule.facts_more")
		}
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return doc, nil
}

func (r *factsReader) report(at int, path, key string, args ...any) {
	if len(r.problems) >= maxProblems {
		return
	}
	msg := i18n.M(key, args...)
	if path != "" {
		msg = i18n.M("rule.facts_at", path, msg)
	}
	r.problems = append(r.problems, r.problem(at, msg))
}

// problem is a mistake at a place of the source, told by its place in the file.
func (r *factsReader) problem(at int, msg i18n.Msg) content.Problem {
	before := string(r.src[:min(at, len(r.src))])
	line := strings.Count(before, "\n") + 1
	col := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	p := content.NewProblem(r.file, r.src, line, col, msg)
	if p.Line == 1 {
		p.Col += r.col - 1
	}
	p.Line += r.line - 1
	return p
}

// at is where the next token begins.
func (r *factsReader) at() int {
	at := int(r.dec.InputOffset())
	for at < len(r.src) && strings.IndexByte(" \t\r\n,:", r.src[at]) >= 0 {
		at++
	}
	return at
}

// token is the next token, nil after the syntax broke.
func (r *factsReader) token() json.Token {
	if r.broken {
		return nil
	}
	at := r.at()
	t, err := r.dec.Token()
	if err == nil {
		return t
	}
	r.broken = true
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		at = max(int(syntax.Offset)-1, at) // the decoder does not always count what came before
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		at = len(r.src)
	}
	r.report(at, "", "rule.facts_syntax", err.Error())
	return nil
}

// skip passes over what is left of a value whose first token was t.
func (r *factsReader) skip(t json.Token) {
	for depth := nesting(t); depth > 0 && !r.broken; {
		depth += nesting(r.token())
	}
}

func nesting(t json.Token) int {
	switch t {
	case json.Delim('{'), json.Delim('['):
		return 1
	case json.Delim('}'), json.Delim(']'):
		return -1
	}
	return 0
}

// object reads an object; f must read the value of each key. It is false, with a problem, where there is none.
func (r *factsReader) object(path string, f func(at int, key string)) bool {
	at := r.at()
	if t := r.token(); t != json.Delim('{') {
		r.unwanted(at, path, t, "rule.facts_object")
		return false
	}
	seen := map[string]bool{}
	for !r.broken && r.dec.More() {
		at := r.at()
		key, ok := r.token().(string)
		if !ok {
			return false
		}
		if seen[key] {
			r.report(at, join(path, key), "rule.facts_key_twice")
			r.skip(r.token())
			continue
		}
		seen[key] = true
		f(at, key)
	}
	r.token()
	return true
}

// array reads an array; f must read each element.
func (r *factsReader) array(path string, f func(i int)) {
	at := r.at()
	if t := r.token(); t != json.Delim('[') {
		r.unwanted(at, path, t, "rule.facts_array")
		return
	}
	for i := 0; !r.broken && r.dec.More(); i++ {
		f(i)
	}
	r.token()
}

// unwanted tells what was wanted in the place of the value that begins with t.
func (r *factsReader) unwanted(at int, path string, t json.Token, want string) {
	if r.broken {
		return
	}
	r.report(at, path, "rule.facts_want", i18n.M(want))
	r.skip(t)
}

// text reads a string; ok is false with a problem.
func (r *factsReader) text(path string) (string, bool) {
	at := r.at()
	t := r.token()
	s, ok := t.(string)
	if !ok {
		r.unwanted(at, path, t, "rule.facts_string")
	}
	return s, ok
}

// textOrNull reads a string or null, which is none.
func (r *factsReader) textOrNull(path string) (docValue, bool) {
	at := r.at()
	switch t := r.token().(type) {
	case nil:
		return docValue{state: None}, !r.broken
	case string:
		return docValue{Text(t), Present}, true
	default:
		r.unwanted(at, path, t, "rule.facts_string")
		return docValue{}, false
	}
}

// join is the path of a key: a.b, or a["b.c"] where the key is no plain word.
func join(path, key string) string {
	plain := key != ""
	for _, c := range key {
		plain = plain && (c >= 'a' && c <= 'z' || c == '_')
	}
	switch {
	case !plain && utf8.RuneCountInString(key) > 60:
		return path + "[…]"
	case !plain:
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

func (r *factsReader) unknownKey(at int, path string, known ...string) {
	r.report(at, path, "rule.facts_unknown_key", strings.Join(known, ", "))
	r.skip(r.token())
}

func (r *factsReader) root() *Doc {
	var doc *Doc
	at := r.at()
	r.object("", func(at int, key string) {
		if key != content.Enterprise {
			r.unknownKey(at, join("", key), content.Enterprise)
			return
		}
		doc = r.enterprise(key)
	})
	if doc == nil && !r.broken && len(r.problems) == 0 {
		r.report(at, "", "rule.facts_missing_key", content.Enterprise)
	}
	return doc
}

// lists is the keys of subjects below an enterprise.
var lists = []struct{ key, kind string }{
	{"projects", content.Project}, {"loans", content.Loan}, {"leases", content.Lease}, {"honours", content.Honour},
}

func (r *factsReader) enterprise(path string) *Doc {
	d := &Doc{kind: content.Enterprise, facts: map[docKey]docValue{}, places: map[string][]placed{}}
	ids := map[string]bool{}
	r.object(path, func(at int, key string) {
		p := join(path, key)
		switch key {
		case "id":
			d.id, _ = r.text(p)
		case "name":
			d.name, _ = r.text(p)
		case "area":
			d.places[AreaCode] = r.membership(p, r.lib.Areas())
		case "industry":
			d.places[IndustryCode] = r.membership(p, r.lib.Industries())
		case "facts":
			r.facts(p, d)
		case "projects", "loans", "leases", "honours":
			i := slices.IndexFunc(lists, func(l struct{ key, kind string }) bool { return l.key == key })
			r.array(p, func(n int) { r.child(fmt.Sprintf("%s[%d]", p, n), d, lists[i].kind, ids) })
		default:
			r.unknownKey(at, p, "id", "name", "area", "industry", "facts", "projects", "loans", "leases", "honours")
		}
	})
	for _, code := range []string{AreaCode, IndustryCode} {
		if _, ok := d.places[code]; !ok {
			d.places[code] = nil
		}
	}
	d.settleLinks(func(c *Doc, project string) { r.report(r.links[c], "", "rule.facts_no_project", project) })
	return d
}

func (r *factsReader) child(path string, parent *Doc, kind string, ids map[string]bool) {
	if len(parent.children) >= maxSubjects {
		if !r.broken {
			r.report(r.at(), path, "rule.facts_too_many", maxSubjects)
		}
		r.broken = true
		return
	}
	d := &Doc{kind: kind, parent: parent, facts: map[docKey]docValue{}}
	parent.children = append(parent.children, d)
	begin, named := r.at(), false
	ok := r.object(path, func(at int, key string) {
		p := join(path, key)
		switch {
		case key == "id":
			where := r.at()
			if d.id, named = r.text(p); named {
				r.newID(where, p, d, ids)
			}
		case key == "name":
			d.name, _ = r.text(p)
		case key == "project" && kind != content.Project:
			r.links[d] = r.at()
			d.link, _ = r.textOrNull(p)
		case key == "facts":
			r.facts(p, d)
		case kind == content.Project:
			r.unknownKey(at, p, "id", "name", "facts")
		default:
			r.unknownKey(at, p, "id", "name", "project", "facts")
		}
	})
	if ok && d.id == "" && !named && !r.broken {
		r.report(begin, path, "rule.facts_missing_key", "id")
	}
}

func (r *factsReader) newID(at int, path string, d *Doc, ids map[string]bool) {
	switch key := d.kind + "\x00" + d.id; {
	case d.id == "":
		r.report(at, path, "rule.facts_id")
	case ids[key]:
		r.report(at, path, "rule.facts_id_twice", d.id)
	default:
		ids[key] = true
	}
}

// membership reads a code, null, or a list of {"node", "from", "until"}.
func (r *factsReader) membership(path string, tree *content.Tree) []placed {
	if at := r.at(); at < len(r.src) && r.src[at] != '[' {
		v, ok := r.textOrNull(path)
		if ok {
			v = r.node(at, path, tree, v)
		}
		return []placed{{docValue: v}}
	}
	var list []placed
	r.array(path, func(i int) {
		begin, path := r.at(), fmt.Sprintf("%s[%d]", path, i)
		p, given, ok := r.placed(path, tree)
		switch {
		case r.broken || !ok:
			return
		case !given:
			r.report(begin, path, "rule.facts_missing_key", "node")
		case i > 0 && p.from == nil:
			r.report(begin, path, "rule.facts_from")
		case len(list) > 0 && !list[len(list)-1].before(*p.from):
			r.report(begin, path, "rule.facts_from_order")
		case p.until != nil && p.from != nil && *p.until < *p.from:
			r.report(begin, path, "rule.facts_until")
		}
		list = append(list, p)
	})
	return list
}

// placed reads one entry of a membership; given is whether it names a node, ok whether it is an object.
func (r *factsReader) placed(path string, tree *content.Tree) (p placed, given, ok bool) {
	ok = r.object(path, func(at int, key string) {
		where := r.at()
		switch key {
		case "node":
			if p.docValue, given = r.textOrNull(join(path, key)); given {
				p.docValue = r.node(where, join(path, key), tree, p.docValue)
			}
		case "from":
			p.from = r.day(join(path, key))
		case "until":
			p.until = r.day(join(path, key))
		default:
			r.unknownKey(at, join(path, key), "node", "from", "until")
		}
	})
	return p, given, ok
}

// day reads a day; nil for null, and with a problem.
func (r *factsReader) day(path string) *period.Day {
	v, ok := r.scalar(path, content.FactDef{Type: content.Date})
	if !ok || v.state != Present {
		return nil
	}
	day := v.value.Day()
	return &day
}

// node checks the code of a node and gives it in the form of the tree (C3670 is 3670).
func (r *factsReader) node(at int, path string, tree *content.Tree, v docValue) docValue {
	if v.state != Present {
		return v
	}
	code := v.value.Text()
	if n, ok := tree.Node(code); ok {
		return docValue{Text(n.Code), Present}
	}
	if found := tree.Resolve(code, ""); len(found) == 1 {
		r.report(at, path, "rule.facts_node_named", found[0].Name, found[0].Code)
		return docValue{}
	}
	r.report(at, path, "rule.facts_no_node", code)
	return docValue{}
}

func (r *factsReader) facts(path string, d *Doc) {
	r.object(path, func(at int, code string) {
		p := join(path, code)
		def, ok := r.definition(at, p, code, d.kind)
		if !ok {
			r.skip(r.token())
			return
		}
		if def.Period == period.Always || def.Period == "" {
			if v, ok := r.scalar(p, def); ok {
				d.facts[docKey{code, period.Period{}}] = v
			}
			return
		}
		if at := r.at(); at < len(r.src) && r.src[at] != '{' {
			r.report(at, p, "rule.facts_by_period", periodExample(def.Period))
			r.skip(r.token())
			return
		}
		r.object(p, func(at int, key string) {
			p := join(p, key)
			when, err := period.Parse(key)
			if err != nil || when.Kind() != def.Period {
				r.report(at, p, "rule.facts_bad_period", periodExample(def.Period))
				r.skip(r.token())
				return
			}
			if v, ok := r.scalar(p, def); ok {
				d.facts[docKey{code, when}] = v
			}
		})
	})
}

func periodExample(k period.Kind) string {
	return map[period.Kind]string{
		period.Year: "2022", period.Half: "2022H1", period.Quarter: "2022Q3", period.Month: "2022-08",
		period.YearToDate: "2022YTD08", period.DayKind: "2022-08-31",
	}[k]
}

// definition is the definition of a fact that may stand in a subject of a kind.
func (r *factsReader) definition(at int, path, code, kind string) (content.FactDef, bool) {
	def, ok := FactDef(r.lib, code)
	switch {
	case !ok:
		var codes []string
		for _, def := range r.lib.FactDefs() {
			codes = append(codes, def.Code)
		}
		if near := nearest(code, codes); near != "" {
			def, _ := r.lib.FactDef(near)
			r.report(at, path, "rule.facts_undeclared_near", near, def.Name)
			break
		}
		r.report(at, path, "rule.facts_undeclared")
	case code == AreaCode, code == IndustryCode, code == kind+"."+content.Project:
		_, key, _ := strings.Cut(code, ".")
		r.report(at, path, "rule.facts_as_key", key)
		return def, false
	case def.Subject != kind:
		r.report(at, path, "rule.facts_elsewhere", i18n.M("rule.kind_"+def.Subject), i18n.M("rule.kind_"+kind))
		return def, false
	}
	return def, ok
}

// scalar reads the value of a fact; null is none.
func (r *factsReader) scalar(path string, def content.FactDef) (docValue, bool) {
	at := r.at()
	t := r.token()
	if t == nil {
		return docValue{state: None}, !r.broken
	}
	v, ok := scalarValue(TypeOf(def.Type), t)
	if !ok {
		r.unwanted(at, path, t, "rule.facts_"+TypeOf(def.Type).String())
		return docValue{}, false
	}
	if list, known := r.lib.CodeList(def.Codes); known && def.Type == content.Code && !list.Open {
		if _, ok := list.Entry(v.text); !ok {
			r.report(at, path, "rule.facts_code", v.text, codesOf(list))
			return docValue{}, false
		}
	}
	if !within(def, v) {
		r.report(at, path, "rule.facts_bounds", v.String(), bound(def, def.Min), bound(def, def.Max))
		return docValue{}, false
	}
	return docValue{v, Present}, true
}

// scalarValue is what a token means for a type. Numbers are taken for whole numbers, decimals and whole yuan only.
func scalarValue(t Type, token json.Token) (Value, bool) {
	var s string
	switch x := token.(type) {
	case bool:
		return Bool(x), t == BoolType
	case string:
		if s = x; t == BoolType || t == IntType {
			return Value{}, false
		}
	case json.Number:
		if s = x.String(); t != IntType && t != DecimalType && (t != MoneyType || strings.Contains(s, ".")) {
			return Value{}, false
		}
	default:
		return Value{}, false
	}
	v, err := ParseValue(t, s)
	return v, err == nil
}

func codesOf(list content.CodeList) string {
	all := make([]string, len(list.Entries))
	for i, e := range list.Entries {
		all[i] = e.Code
	}
	return strings.Join(all, ", ")
}

// within says that a value lies in the bounds of its definition, which are on the scale of facts.
func within(def content.FactDef, v Value) bool {
	for _, b := range []struct {
		bound *int64
		sign  int
	}{{def.Min, 1}, {def.Max, -1}} {
		if b.bound == nil || def.Type.IsText() {
			continue
		}
		if c, ok := compare(v.in(), FactValue(def.Type, *b.bound, "").in()); ok && c*b.sign < 0 {
			return false
		}
	}
	return true
}

func bound(def content.FactDef, b *int64) string {
	if b == nil {
		return "…"
	}
	return FactValue(def.Type, *b, "").String()
}
