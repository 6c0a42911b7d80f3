package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// packageForm is a file of a policy package as a form: each declared field, and what may be added, taken out and moved.
// What is done in it is written into the file in its place, so that comments and order stay; the file is checked as it is
// anywhere else.
type packageForm struct {
	t      i18n.T
	file   string // version.PolicyFile, version.CasesFile
	prefix string // of names and paths, so that the forms of two files stand in one
	doc    *content.Document
	fields []*formField         // all of them
	items  map[string]*formItem // all of them, by Path
	Root   *formItem
}

// formItem is a mapping or a list of the file: the document, all clauses, a clause, a ceiling in it.
type formItem struct {
	Title  string
	Called string // the title, where it says by itself what it is of
	ID     string
	Path   string // a part of names
	Error  string // of what stands at its beginning, such as a key that is missing
	Fields []*formField
	Items  []*formItem

	Adds    []option // the keys that may be added
	Table   bool     // any key may be
	List    bool     // elements may be added
	Element bool     // it may be moved and taken out
	Spare   bool     // it may be taken out
	Up      string   // id of the element before it, in a list
	Down    string   // id of the element behind it

	path []any
	typ  reflect.Type // of it; of an element, where it is a list or a table
}

// formField is one scalar of the file, or a list of scalars.
type formField struct {
	Name, ID, Label, Value, Error string
	Long                          bool
	Choices                       []option // where the schema names them
	path                          []any
	raw, list                     bool
}

// longField is from how many characters on a text gets a larger field.
const longField = 40

// fileForms is what each file holds, its schema, and what it begins with.
var fileForms = map[string]struct {
	prefix, schema, empty string
	holds                 reflect.Type
}{
	version.PolicyFile: {"", "policy", "", reflect.TypeFor[policy.File]()},
	version.CasesFile:  {version.CasesFile + "/", "cases", "cases: []\n", reflect.TypeFor[policy.CaseFile]()},
}

// newPackageForm reads a file into a form; false where it cannot be read far enough to have fields.
func newPackageForm(t i18n.T, file string, src []byte) (*packageForm, bool) {
	is := fileForms[file]
	if len(strings.TrimSpace(string(src))) == 0 {
		src = []byte(is.empty)
	}
	v := reflect.New(is.holds)
	doc, _ := content.Decode(file, src, v.Interface()) // what is wrong is told by the check
	if first := content.Fields(is.holds)[0].Key; !doc.Has(first) {
		return nil, false
	}
	f := &packageForm{t: t, file: file, prefix: is.prefix, doc: doc, items: map[string]*formItem{}}
	f.Root = f.structure(nil, "", v.Elem(), schemaOf(is.schema))
	return f, true
}

// name is a path as a part of the name of a field: clauses/0/name/zh.
func (f *packageForm) name(path []any) string {
	steps := make([]string, len(path))
	for i, step := range path {
		steps[i] = fmt.Sprint(step)
	}
	return f.prefix + strings.Join(steps, "/")
}

// htmlID is the id of what a name belongs to.
func htmlID(kind, name string) string {
	return kind + "-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, name)
}

func (f *packageForm) item(path []any, title string, typ reflect.Type) *formItem {
	it := &formItem{Title: title, Called: title, path: path, typ: typ, Path: f.name(path)}
	it.ID = htmlID("i", it.Path)
	f.items[it.Path] = it
	return it
}

// structure is a struct as a part of the form.
func (f *packageForm) structure(path []any, title string, v reflect.Value, schema *formSchema) *formItem {
	it := f.item(path, title, v.Type())
	for _, field := range content.Fields(v.Type()) {
		at := append(slices.Clone(path), field.Key)
		label := f.word(v.Type(), field.Key)
		if !f.doc.Has(at...) {
			it.Adds = append(it.Adds, option{Value: field.Key, Label: label})
			continue
		}
		f.value(it, at, formValue{label, v.FieldByIndex(field.Index), schema.at(field.Key), field.Optional})
	}
	return it
}

// word is what a key is called, in this type where it means something else than elsewhere.
func (f *packageForm) word(typ reflect.Type, key string) string {
	if own := typ.Name() + "." + key; fieldWord(f.t, own) != own {
		return fieldWord(f.t, own)
	}
	return fieldWord(f.t, key)
}

// formValue is a value of a file with what it is called and how its schema describes it.
type formValue struct {
	label    string
	v        reflect.Value
	schema   *formSchema
	optional bool
}

// value adds what stands at a path to an item: a scalar or several as a field, all else as an item of its own.
func (f *packageForm) value(it *formItem, path []any, x formValue) {
	if raw, scalar := content.ScalarKind(x.v.Type()); scalar {
		it.Fields = append(it.Fields, f.field(path, x.label, raw, x.schema)...)
		return
	}
	if x.v.Kind() == reflect.Pointer {
		if x.v.IsNil() {
			return
		}
		x.v = x.v.Elem()
	}
	if _, ok := x.v.Interface().(i18n.Text); ok {
		it.Fields = append(it.Fields, f.field(append(slices.Clone(path), "zh"), x.label+inBrackets(f.t, f.t.S("versionform.zh")), false, nil)...)
		it.Fields = append(it.Fields, f.field(append(slices.Clone(path), "en"), x.label+inBrackets(f.t, f.t.S("versionform.en")), false, nil)...)
		return
	}
	var below *formItem
	switch x.v.Kind() {
	case reflect.Struct:
		below = f.structure(path, x.label, x.v, x.schema)
	case reflect.Map:
		below = f.table(path, x)
	case reflect.Slice:
		if _, scalar := content.ScalarKind(x.v.Type().Elem()); scalar {
			it.Fields = append(it.Fields, f.texts(path, x.label)...)
			return
		}
		below = f.list(path, x)
	default:
		return
	}
	below.Spare = x.optional && !below.List // a list goes with its last element
	it.Items = append(it.Items, below)
}

// list is a list of things with fields.
func (f *packageForm) list(path []any, x formValue) *formItem {
	it := f.item(path, x.label, x.v.Type().Elem())
	it.List = true
	for i := range x.v.Len() {
		below := f.structure(append(slices.Clone(path), i), f.title(x.v.Index(i), i), x.v.Index(i), x.schema.element())
		below.Element, below.Called = true, x.label+f.t.S("web.colon")+below.Title
		if i > 0 {
			below.Up = it.ID + "-" + strconv.Itoa(i-1)
		}
		if i+1 < x.v.Len() {
			below.Down = it.ID + "-" + strconv.Itoa(i+1)
		}
		it.Items = append(it.Items, below)
	}
	return it
}

// title is what an element of a list is called: by its name, else by what it is told apart, else by its number.
func (f *packageForm) title(v reflect.Value, i int) string {
	if name := f.t.Text(policy.NameOf(v)); name != "" {
		return name
	}
	for _, key := range []string{"Name", "Clause", "Cite"} {
		if field := v.FieldByName(key); field.IsValid() && field.Kind() == reflect.String && field.String() != "" {
			return field.String()
		}
	}
	return strconv.Itoa(i + 1)
}

// table is a mapping with keys of its own, such as years.
func (f *packageForm) table(path []any, x formValue) *formItem {
	it := f.item(path, x.label, x.v.Type().Elem())
	it.Table = true
	keys := x.v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	for _, key := range keys {
		f.value(it, append(slices.Clone(path), key.String()), formValue{key.String(), x.v.MapIndex(key), x.schema.element(), true})
	}
	return it
}

// field is the field of a scalar; none where it stands over several lines and is changed in the text.
func (f *packageForm) field(path []any, label string, raw bool, schema *formSchema) []*formField {
	text, ok := f.doc.Scalar(path...)
	if !ok {
		return nil
	}
	field := &formField{Label: label, Value: text, Long: len([]rune(text)) > longField, path: path, raw: raw}
	for _, value := range schema.choices() {
		field.Choices = append(field.Choices, option{Value: value, Label: choiceWord(f.t, value)})
	}
	if field.Choices != nil && !slices.ContainsFunc(field.Choices, func(o option) bool { return o.Value == text }) {
		field.Choices = slices.Insert(field.Choices, 0, option{Value: text, Label: text}) // blank, or a mistake
	}
	return f.named(field)
}

// texts is a list of scalars as one field.
func (f *packageForm) texts(path []any, label string) []*formField {
	all, ok := f.doc.Texts(path...)
	if !ok {
		return nil
	}
	text := strings.Join(all, ", ")
	if !slices.Equal(all, listed(text)) {
		text = strings.Join(all, "\n")
	}
	return f.named(&formField{Label: label, Value: text, Long: len([]rune(text)) > longField || strings.Contains(text, "\n"), path: path, list: true})
}

func (f *packageForm) named(field *formField) []*formField {
	name := f.name(field.path)
	field.Name, field.ID = "f:"+name, htmlID("f", name)
	f.fields = append(f.fields, field)
	return []*formField{field}
}

// listed is the texts of a field that takes several: one a line, or between commas, but for those inside a number.
func listed(s string) []string {
	all := []string{}
	start := 0
	part := func(end int) {
		if text := strings.TrimSpace(s[start:end]); text != "" {
			all = append(all, text)
		}
	}
	for i, r := range s {
		if strings.ContainsRune("\n、；;，", r) || r == ',' && !thousands(s, i) {
			part(i)
			start = i + len(string(r))
		}
	}
	part(len(s))
	return all
}

// thousands says that the comma at a byte stands inside a number: 5,000,000.
func thousands(s string, i int) bool {
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	return digit(i-1) && digit(i+1) && digit(i+2) && digit(i+3) && !digit(i+4)
}

// take writes what was typed into the file, and then does what a button asks. What could not be written stands with its
// field; touched is the item that the button was about, as it is called afterwards.
func (f *packageForm) take(in url.Values) (src []byte, problems map[string]string, touched string) {
	problems = map[string]string{}
	var changes []content.Change
	try := func(name string, c content.Change) {
		if _, err := f.doc.Apply([]content.Change{c}); err != nil {
			problems[name] = f.t.S("versionform.in_text")
			return
		}
		changes = append(changes, c)
	}
	for _, field := range f.fields {
		typed := strings.TrimSpace(strings.ReplaceAll(in.Get(field.Name), "\r\n", "\n"))
		if !in.Has(field.Name) || typed == strings.TrimSpace(field.Value) {
			continue
		}
		c := content.Change{Path: field.path, Text: typed, Raw: field.raw}
		if field.list {
			c.List = listed(typed)
		}
		try(field.Name, c)
	}
	src, err := f.doc.Apply(changes)
	if err != nil { // two of them touch each other
		return f.doc.Source, map[string]string{"": f.t.S("versionform.in_text")}, ""
	}
	src, touched = f.arrange(src, in, problems)
	return src, problems, touched
}

// arrange adds what was chosen to be added, and takes out, moves or appends what a button asks.
func (f *packageForm) arrange(src []byte, in url.Values, problems map[string]string) (_ []byte, touched string) {
	edit := func(name string, do func(*content.Document) ([]byte, error)) bool {
		doc, _ := content.Decode(f.file, src, reflect.New(fileForms[f.file].holds).Interface())
		out, err := do(doc)
		if errors.Is(err, content.ErrNotInPlace) {
			problems[name] = f.t.S("versionform.in_text")
			return false
		}
		src = out
		return true
	}
	action, target, _ := strings.Cut(in.Get("do"), ":")
	for _, path := range sortedNames(f.items) {
		it := f.items[path]
		key, value := strings.TrimSpace(in.Get("key:"+path)), strings.TrimSpace(in.Get("new:"+path))
		part, ok := it.fresh(key, value, action == "add" && target == path)
		if ok && edit("new:"+path, func(d *content.Document) ([]byte, error) { return d.Insert(it.path, key, part) }) {
			touched = path
		}
	}
	it := f.items[target]
	if it == nil {
		return src, touched
	}
	n := 0
	if it.Element {
		n = it.path[len(it.path)-1].(int)
	}
	list := it.path[:max(len(it.path)-1, 0)]
	switch {
	case action == "append" && it.List:
		part := blank(it.typ, f.freshID(it))
		if edit("do:"+target, func(d *content.Document) ([]byte, error) { return d.Append(it.path, part) }) {
			touched = f.name(append(slices.Clone(it.path), len(it.Items)))
		}
	case action == "remove" && (it.Element || it.Spare):
		if edit("do:"+target, func(d *content.Document) ([]byte, error) { return d.Remove(it.path...) }) {
			touched = f.name(list)
		}
	case action == "up" && it.Element:
		if edit("do:"+target, func(d *content.Document) ([]byte, error) { return d.MoveUp(it.path...) }) {
			touched = f.name(append(slices.Clone(list), n-1))
		}
	case action == "down" && it.Element:
		if edit("do:"+target, func(d *content.Document) ([]byte, error) { return d.MoveUp(append(slices.Clone(list), n+1)...) }) {
			touched = f.name(append(slices.Clone(list), n+1))
		}
	}
	return src, touched
}

func sortedNames(items map[string]*formItem) []string {
	var all []string
	for name := range items {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// fresh is what a key gets that is to be added to an item: the value that was typed, or what is to be filled in. Without
// a value it is added where its own button asks for it.
func (it *formItem) fresh(key, value string, asked bool) (content.Part, bool) {
	typ := it.typ
	if !it.Table {
		i := slices.IndexFunc(it.Adds, func(o option) bool { return o.Value == key })
		if i < 0 {
			return content.Part{}, false
		}
		fields := content.Fields(it.typ)
		typ = fields[slices.IndexFunc(fields, func(f content.Field) bool { return f.Key == key })].Type
	}
	if key == "" || value == "" && !asked {
		return content.Part{}, false
	}
	if raw, scalar := content.ScalarKind(typ); scalar && value != "" {
		return content.Part{Text: value, Raw: raw}, true
	}
	if typ.Kind() == reflect.Slice {
		if _, scalar := content.ScalarKind(typ.Elem()); !scalar {
			return content.Part{List: []content.Part{blank(typ.Elem(), cmp.Or(value, singular(key)+"_1"))}}, true
		}
		list := content.Part{List: []content.Part{}}
		for _, text := range listed(value) {
			list.List = append(list.List, content.Part{Text: text})
		}
		return list, true
	}
	return blank(typ, cmp.Or(value, singular(key)+"_1")), true
}

// blank is a value with all that must be there, for people to fill in.
func blank(t reflect.Type, id string) content.Part {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if raw, scalar := content.ScalarKind(t); scalar {
		switch {
		case !raw:
			return content.Part{}
		case t.Kind() == reflect.Bool:
			return content.Part{Text: "true", Raw: true}
		}
		return content.Part{Text: "0", Raw: true}
	}
	switch t.Kind() {
	case reflect.Slice:
		return content.Part{List: []content.Part{}}
	case reflect.Map:
		return content.Part{Map: []content.Entry{}}
	}
	p := content.Part{Map: []content.Entry{}}
	for _, field := range content.Fields(t) {
		switch {
		case field.Optional:
		case field.Key == "id" && field.Type.Kind() == reflect.String:
			p.Map = append(p.Map, content.Entry{Key: "id", Part: content.Part{Text: id}})
		default:
			p.Map = append(p.Map, content.Entry{Key: field.Key, Part: blank(field.Type, id)})
		}
	}
	return p
}

// freshID is an id that no element of a list has.
func (f *packageForm) freshID(it *formItem) string {
	key := fmt.Sprint(it.path[len(it.path)-1])
	for n := len(it.Items) + 1; ; n++ {
		id := singular(key) + "_" + strconv.Itoa(n)
		if !slices.ContainsFunc(it.Items, func(below *formItem) bool {
			text, _ := f.doc.Scalar(append(slices.Clone(below.path), "id")...)
			return text == id
		}) {
			return id
		}
	}
}

// singular is what one of a list is called in an id: clause of clauses.
func singular(key string) string { return strings.TrimSuffix(key, "s") }

// tell puts each problem of the file beside the field or the item that it is about, with its line, and gives the others.
func (f *packageForm) tell(all content.Problems) (rest content.Problems) {
	for _, p := range all {
		field, it := f.about(p)
		text := f.t.S("versionform.at", f.t.Msg(p.Msg), p.File, p.Line)
		switch {
		case field != nil:
			field.Error = strings.TrimPrefix(field.Error+" "+text, " ")
		case it != nil:
			it.Error = strings.TrimPrefix(it.Error+" "+text, " ")
		default:
			rest = append(rest, p)
		}
	}
	return rest
}

// about is the field in which a problem stands, or else the item that begins there.
func (f *packageForm) about(p content.Problem) (best *formField, it *formItem) {
	if p.File != f.file {
		return nil, nil
	}
	col := 0
	for _, field := range f.fields {
		if line, at := f.doc.At(field.path...); line == p.Line && at <= p.Col && at > col {
			best, col = field, at
		}
	}
	deep := 0
	for _, below := range f.items {
		if line, at := f.doc.At(below.path...); line == p.Line && at <= p.Col && at > col && len(below.path) > deep {
			best, it, deep = nil, below, len(below.path)
		}
	}
	return best, it
}

// tellCases puts how each worked case came out beside it, where that is not as expected.
func (f *packageForm) tellCases(all []caseView) {
	for i, c := range all {
		it := f.items[f.name([]any{"cases", i})]
		if c.Good || it == nil {
			continue
		}
		texts := []string{c.Text}
		for _, d := range c.Differ {
			texts = append(texts, f.t.S("versions.differs", d.What, d.Want, d.Got))
		}
		it.Error = strings.TrimSpace(it.Error + " " + strings.TrimSpace(strings.Join(texts, " ")))
	}
}

// answer puts what could not be written beside where it was typed or asked for.
func (f *packageForm) answer(problems map[string]string) {
	for _, field := range f.fields {
		field.Error = cmp.Or(problems[field.Name], field.Error)
	}
	for path, it := range f.items {
		it.Error = cmp.Or(problems["new:"+path], problems["do:"+path], it.Error)
	}
}

// wrong says that something in the item has a problem, so that it is shown.
func (it *formItem) wrong() bool {
	return it.Error != "" || slices.ContainsFunc(it.Fields, func(f *formField) bool { return f.Error != "" }) || slices.ContainsFunc(it.Items, (*formItem).wrong)
}

// around says that an item is, or lies above, the one with a path.
func (it *formItem) around(path string) bool {
	return path != "" && (it.Path == path || strings.HasPrefix(path, it.Path+"/"))
}

// formSchema is what the JSON schema of a file says about a value; nil where it says nothing.
type formSchema struct {
	Ref        string                 `json:"$ref"`
	Enum       []string               `json:"enum"`
	Properties map[string]*formSchema `json:"properties"`
	Items      *formSchema            `json:"items"`
	Others     json.RawMessage        `json:"additionalProperties"` // false, or the schema of every value
	Defs       map[string]*formSchema `json:"$defs"`

	root *formSchema
}

var formSchemas = sync.OnceValue(func() map[string]*formSchema {
	all := map[string]*formSchema{}
	for _, form := range fileForms {
		s := &formSchema{}
		src, err := fs.ReadFile(contentdata.FS, "schema/"+form.schema+".schema.json")
		if err == nil {
			err = json.Unmarshal(src, s)
		}
		if err != nil {
			panic(fmt.Sprintf("web: schema of %s: %v", form.schema, err)) // it is in the binary
		}
		s.root = s
		all[form.schema] = s
	}
	return all
})

func schemaOf(name string) *formSchema { return formSchemas()[name] }

// resolved is a part of the schema, with what it refers to in its place.
func (s *formSchema) resolved(part *formSchema) *formSchema {
	if part == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(part.Ref, "#/$defs/"); ok {
		if part = s.root.Defs[name]; part == nil {
			return nil
		}
	}
	at := *part
	at.root = s.root
	return &at
}

// at is the schema of a key.
func (s *formSchema) at(key string) *formSchema {
	if s == nil {
		return nil
	}
	return s.resolved(s.Properties[key])
}

// element is the schema of the elements of a list, or of the values of a table.
func (s *formSchema) element() *formSchema {
	switch {
	case s == nil:
		return nil
	case s.Items != nil:
		return s.resolved(s.Items)
	}
	var others formSchema
	if json.Unmarshal(s.Others, &others) != nil {
		return nil
	}
	return s.resolved(&others)
}

// choices is the words that a value may be; none where it may be any.
func (s *formSchema) choices() []string {
	if s == nil {
		return nil
	}
	return s.Enum
}

// choiceWord is what a word of a policy file means.
func choiceWord(t i18n.T, value string) string {
	if word := t.S("policy_choice." + value); word != "policy_choice."+value {
		return word + inBrackets(t, value)
	}
	return value
}
