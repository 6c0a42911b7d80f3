package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/version"
)

// policyForm is the declared fields of a policy file as a form. What is typed is written into the file in its place, so
// that comments and order stay; the file is checked as it is anywhere else.
type policyForm struct {
	t      i18n.T
	doc    *content.Document
	fields []*formField // all of them
	Items  []formItem
}

// formItem is something with fields: the document, a number, a clause, a ceiling in it.
type formItem struct {
	Title  string
	list   string // what the list is called that it stands in
	Fields []*formField
	Items  []formItem
	path   []any    // of a mapping that may take further fields
	Path   string   // the same as a part of names
	Adds   []option // which; none, with Table, for any key
	Table  bool
}

// formField is one scalar of the file.
type formField struct {
	Name, ID, Label, Value, Error string
	Long                          bool
	path                          []any
	raw                           bool
}

// fieldName is a path as the name of a field: clauses/0/name/zh.
func fieldName(path []any) string {
	steps := make([]string, len(path))
	for i, step := range path {
		steps[i] = fmt.Sprint(step)
	}
	return strings.Join(steps, "/")
}

// longField is from how many characters on a text gets a larger field.
const longField = 40

// newPolicyForm reads a file into a form; false where it cannot be read far enough to have fields.
func newPolicyForm(t i18n.T, src []byte) (*policyForm, bool) {
	var file policy.File
	doc, _ := content.Decode(version.PolicyFile, src, &file) // what is wrong is told by the check
	if !doc.Has("document") {
		return nil, false
	}
	f := &policyForm{t: t, doc: doc}
	f.Items = grouped(f.item(nil, "", reflect.ValueOf(file)).Items)
	return f, true
}

// grouped puts the items of each list of the file into one: all numbers, all clauses.
func grouped(items []formItem) []formItem {
	var all []formItem
	for _, it := range items {
		list := ""
		if len(it.path) > 1 {
			list = fmt.Sprint(it.path[0])
		}
		if n := len(all); list != "" && n > 0 && all[n-1].Path == list {
			all[n-1].Items = append(all[n-1].Items, it)
			continue
		}
		if list != "" {
			it = formItem{Title: it.list, Path: list, Items: []formItem{it}}
		}
		all = append(all, it)
	}
	return all
}

// item is a struct as a part of the form.
func (f *policyForm) item(path []any, title string, v reflect.Value) formItem {
	it := formItem{Title: title, path: path, Path: fieldName(path)}
	for _, field := range content.Fields(v.Type()) {
		at := append(slices.Clone(path), field.Key)
		label, raw, scalar := fieldWord(f.t, field.Key), false, false
		if raw, scalar = content.ScalarKind(field.Type); !f.doc.Has(at...) {
			if scalar && field.Optional {
				it.Adds = append(it.Adds, option{Value: field.Key, Label: label})
			}
			continue
		}
		if scalar {
			it.Fields = append(it.Fields, f.field(at, label, raw)...)
			continue
		}
		f.below(&it, at, label, v.FieldByIndex(field.Index))
	}
	return it
}

// below adds what is no scalar: a text in two languages, a list, a table, something with fields of its own.
func (f *policyForm) below(it *formItem, path []any, label string, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if _, ok := v.Interface().(i18n.Text); ok {
		it.Fields = append(it.Fields, f.field(append(slices.Clone(path), "zh"), label+inBrackets(f.t, f.t.S("versionform.zh")), false)...)
		it.Fields = append(it.Fields, f.field(append(slices.Clone(path), "en"), label+inBrackets(f.t, f.t.S("versionform.en")), false)...)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		it.Items = append(it.Items, f.item(path, label, v))
	case reflect.Map:
		f.table(it, path, label, v)
	case reflect.Slice:
		for i := range v.Len() {
			at := append(slices.Clone(path), i)
			if _, scalar := content.ScalarKind(v.Type().Elem()); scalar {
				it.Fields = append(it.Fields, f.field(at, label+" "+strconv.Itoa(i+1), false)...)
				continue
			}
			title := cmp.Or(f.t.Text(policy.NameOf(v.Index(i))), strconv.Itoa(i+1))
			below := f.item(at, label+f.t.S("web.colon")+title, v.Index(i))
			below.list = label
			it.Items = append(it.Items, below)
		}
	}
}

// table is a mapping with keys of its own, such as years.
func (f *policyForm) table(it *formItem, path []any, label string, v reflect.Value) {
	table := formItem{Title: label, path: path, Path: fieldName(path), Table: true}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	for _, key := range keys {
		at := append(slices.Clone(path), key.String())
		if _, scalar := content.ScalarKind(v.Type().Elem()); scalar {
			table.Fields = append(table.Fields, f.field(at, key.String(), false)...)
			continue
		}
		table.Table = false
		table.Items = append(table.Items, f.item(at, key.String(), v.MapIndex(key)))
	}
	it.Items = append(it.Items, table)
}

// field is the field of a scalar; none where it stands over several lines and is changed in the text.
func (f *policyForm) field(path []any, label string, raw bool) []*formField {
	text, ok := f.doc.Scalar(path...)
	if !ok {
		return nil
	}
	name := fieldName(path)
	id := "f-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, name)
	field := &formField{Name: "f:" + name, ID: id, Label: label, Value: text, Long: len([]rune(text)) > longField, path: path, raw: raw}
	f.fields = append(f.fields, field)
	return []*formField{field}
}

// take writes what was typed into the file. What could not be written stands with its field.
func (f *policyForm) take(in url.Values) (src []byte, problems map[string]string) {
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
		if typed := strings.TrimSpace(in.Get(field.Name)); in.Has(field.Name) && typed != field.Value {
			try(field.Name, content.Change{Path: field.path, Text: typed, Raw: field.raw})
		}
	}
	f.additions(f.Items, in, try)
	src, err := f.doc.Apply(changes)
	if err != nil { // two of them touch each other
		return f.doc.Source, map[string]string{"": f.t.S("versionform.in_text")}
	}
	return src, problems
}

// additions is the fields that are to be added.
func (f *policyForm) additions(items []formItem, in url.Values, try func(string, content.Change)) {
	for _, it := range items {
		key, value := strings.TrimSpace(in.Get("key:"+it.Path)), strings.TrimSpace(in.Get("new:"+it.Path))
		known := it.Table && key != "" || slices.ContainsFunc(it.Adds, func(o option) bool { return o.Value == key })
		if known && value != "" {
			try("new:"+it.Path, content.Change{Path: it.path, Key: key, Text: value})
		}
		f.additions(it.Items, in, try)
	}
}

// tell puts each problem of the file beside the field that it is about, and gives those about none.
func (f *policyForm) tell(all content.Problems) (rest content.Problems) {
	for _, p := range all {
		var best *formField
		col := 0
		for _, field := range f.fields {
			line, at := f.doc.At(field.path...)
			if p.File == version.PolicyFile && line == p.Line && at <= p.Col && at > col {
				best, col = field, at
			}
		}
		if best == nil {
			rest = append(rest, p)
			continue
		}
		best.Error = strings.TrimPrefix(best.Error+" "+f.t.Msg(p.Msg), " ")
	}
	return rest
}

// editData is the page on which a draft is edited.
type editData struct {
	version.Version
	Name     string
	Form     *policyForm // nil where the file cannot be read
	Package  version.Package
	Problems content.Problems // about no field
	Errors   map[string]string
	Report   version.Report
	Checked  bool // what is shown is not kept yet
	Message  string
}

// editable is the draft of an address, for those who may change it.
func (s *server) editable(r *http.Request, v *visit) (version.Version, version.Package, error) {
	x, err := s.versionOf(r, v)
	if err != nil {
		return x, version.Package{}, err
	}
	if !x.May(v.scope, access.DraftPolicy) {
		return x, version.Package{}, forbidden(access.DraftPolicy)
	}
	if x.State != version.Draft {
		return x, version.Package{}, errs.Conflict(i18n.M("version.moved"))
	}
	p, err := s.Versions.Package(r.Context(), x)
	return x, p, err
}

func (s *server) editVersion(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, p, err := s.editable(r, v)
	if err != nil {
		return err
	}
	return s.showEdit(w, r, v, http.StatusOK, editData{Version: x, Package: p})
}

// showEdit checks the package and shows it as a form and as text; by script, what is wrong alone.
func (s *server) showEdit(w http.ResponseWriter, r *http.Request, v *visit, status int, d editData) error {
	var err error
	if d.Report, err = s.Versions.Check(r.Context(), d.Package); err != nil {
		return err
	}
	d.Name, d.Problems = d.Document, d.Report.Told()
	if d.Report.Policy != nil {
		d.Name = v.t.Text(d.Report.Policy.File.Document.Name)
	}
	if form, ok := newPolicyForm(v.t, d.Package.Policy); ok {
		d.Form, d.Problems = form, form.tell(d.Problems)
		for _, field := range form.fields {
			field.Error = cmp.Or(d.Errors[field.Name], field.Error)
		}
	}
	if byScript(r) {
		return part(w, r, http.StatusOK, editErrors(v.t, d))
	}
	return s.show(w, r, s.shell(r, v, d.Name), status, editPage(v.t, d))
}

// takeForm reads the body of an editor's form, which carries a whole package.
func takeForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, 4*version.MaxUpload)
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	return nil
}

// saveForm takes the fields of the form into the file, to check or to keep it.
func (s *server) saveForm(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := takeForm(w, r); err != nil {
		return err
	}
	x, p, err := s.editable(r, v)
	if err != nil {
		return err
	}
	if base := r.PostFormValue("base"); base != "" {
		p.Policy = []byte(base)
	}
	d := editData{Version: x, Package: p.Canonical(), Checked: true}
	form, ok := newPolicyForm(v.t, d.Package.Policy)
	if !ok {
		return errs.Invalid(i18n.M("versionform.in_text"))
	}
	d.Package.Policy, d.Errors = form.take(r.PostForm)
	return s.keepOrShow(w, r, v, d)
}

// saveText takes the files as text.
func (s *server) saveText(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := takeForm(w, r); err != nil {
		return err
	}
	x, _, err := s.editable(r, v)
	if err != nil {
		return err
	}
	text := func(name string) []byte { return []byte(r.PostFormValue(name)) }
	p := version.Package{Policy: text("policy"), Cases: text("cases"), Provenance: text("provenance")}
	return s.keepOrShow(w, r, v, editData{Version: x, Package: p.Canonical(), Checked: true})
}

// saveFile puts the package of a file in the place of the draft's.
func (s *server) saveFile(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, sent := takePackage(w, r)
	x, kept, err := s.editable(r, v)
	if err != nil {
		return err
	}
	d := editData{Version: x, Package: p}
	if msg, ok := errs.Message(sent); ok {
		d.Package, d.Message = kept, v.t.Msg(msg)
		return s.showEdit(w, r, v, statusOf(sent), d)
	}
	if sent != nil {
		return sent
	}
	r.PostForm.Set("do", "save")
	return s.keepOrShow(w, r, v, d)
}

// keepOrShow keeps the package where that was asked for and everything could be written, else shows what was found.
func (s *server) keepOrShow(w http.ResponseWriter, r *http.Request, v *visit, d editData) error {
	d.Revision = numberOf(r, "revision")
	if r.PostFormValue("do") != "save" || len(d.Errors) > 0 {
		status := http.StatusOK
		if len(d.Errors) > 0 {
			status = http.StatusUnprocessableEntity
		}
		return s.showEdit(w, r, v, status, d)
	}
	err := s.Versions.Edit(r.Context(), v.scope, d.ID, d.Revision, d.Package)
	var problems content.Problems
	if msg, ok := errs.Message(err); ok && (errs.KindOf(err) == errs.KindInvalid || errs.KindOf(err) == errs.KindConflict) && !errors.As(err, &problems) {
		d.Message = v.t.Msg(msg)
		return s.showEdit(w, r, v, statusOf(err), d)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, versionPath(d.ID)+"?done=edited")
}
