package form

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Parse reads a definition; name is what its file is called in messages. All mistakes are told at once; with problems the
// Form is nil. What may be asked of whom is looked up in lib.
func Parse(lib *content.Library, name string, src []byte) (*Form, content.Problems) {
	p := &parser{lib: lib}
	var problems []content.Problem
	p.doc, problems = content.Decode(name, src, &p.file)
	for i, problem := range problems {
		word, _ := first(problem.Msg.Args)
		switch {
		case problem.Msg.Key == "content.unknown_key" && keywords[word]:
			problems[i].Msg = i18n.M("form.outside_subset", word)
		case problem.Msg.Key == "content.bad_value": // numbers are the only values with a form of their own
			problems[i].Msg = i18n.M("form.bad_number", word)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	sum := sha256.Sum256(src)
	p.form = &Form{
		Code: p.file.Form, Hash: hex.EncodeToString(sum[:]), Title: p.file.Title, Lead: p.file.Lead, Subject: p.file.Subject,
		By: p.file.By, Source: p.file.Source, Cite: p.file.Cite, Confidence: p.file.Confidence, Confirm: p.file.Confirm, lib: lib, src: slices.Clone(src),
	}
	p.head()
	p.sections()
	if len(p.problems) == 0 {
		p.expressions()
	}
	if len(p.problems) == 0 {
		p.lint()
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return p.form, nil
}

func first(args []any) (string, bool) {
	if len(args) == 0 {
		return "", false
	}
	word, ok := args[0].(string)
	return word, ok
}

// parser carries one definition from the file to the form.
type parser struct {
	lib      *content.Library
	doc      *content.Document
	file     file
	form     *Form
	problems content.Problems
}

func (p *parser) report(at []any, key string, args ...any) {
	p.problems = append(p.problems, p.doc.Problem(i18n.M(key, args...), at...))
}

func (p *parser) bilingual(t i18n.Text, at []any) {
	if strings.TrimSpace(t.ZH) == "" || strings.TrimSpace(t.EN) == "" {
		p.report(at, "content.two_languages")
	}
}

// perhaps checks a text that may be left out.
func (p *parser) perhaps(t i18n.Text, at []any) {
	if t != (i18n.Text{}) {
		p.bilingual(t, at)
	}
}

func (p *parser) oneOf(word string, words []string, at []any) bool {
	if slices.Contains(words, word) {
		return true
	}
	p.report(at, "content.one_of", word, strings.Join(words, ", "))
	return false
}

// below is a path with more steps, in memory of its own.
func below(to []any, steps ...any) []any { return append(slices.Clone(to), steps...) }

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// subjects are the kinds that a form may be about.
var subjects = []string{content.Enterprise, content.Project, content.Loan, content.Lease, content.Honour, content.Area}

func (p *parser) head() {
	f := p.form
	if !nameForm.MatchString(f.Code) {
		p.report([]any{"form"}, "content.bad_code", f.Code)
	}
	p.bilingual(f.Title, []any{"title"})
	p.perhaps(f.Lead, []any{"lead"})
	p.oneOf(f.Subject, subjects, []any{"subject"})
	p.oneOf(f.Confidence, []string{content.Verified, content.Secondary, content.Unverified}, []any{"confidence"})
	if f.By == "" {
		f.By = fact.SelfReport
	}
	if f.Confirm && f.By == fact.SelfReport {
		p.report([]any{"confirm"}, "form.confirm_own")
	}
	if !slices.ContainsFunc(p.lib.Authorities(), func(a content.Authority) bool { return a.Code == f.By }) {
		p.report([]any{"by"}, "content.no_authority", f.By)
	}
}

// sections reads the page, and with each field its property.
func (p *parser) sections() {
	schema := []any{"schema"}
	p.object(p.file.Schema, schema)
	for i, item := range p.file.Sections {
		at := []any{"sections", i}
		s := &Section{ID: item.ID, Title: item.Title, Help: item.Help}
		if !nameForm.MatchString(item.ID) || slices.ContainsFunc(p.form.Sections, func(o *Section) bool { return o.ID == item.ID }) {
			p.report(below(at, "id"), "form.section_id", item.ID)
		}
		p.bilingual(item.Title, below(at, "title"))
		p.perhaps(item.Help, below(at, "help"))
		for j, ui := range item.Fields {
			if field := p.field(ui, below(at, "fields", j)); field != nil {
				field.section = s
				s.Fields = append(s.Fields, field)
				p.form.fields = append(p.form.fields, field)
			}
		}
		p.form.Sections = append(p.form.Sections, s)
	}
	p.comparisons()
	if len(p.form.fields) > maxFields {
		p.report([]any{"sections"}, "form.too_many_fields", maxFields)
	}
	for _, name := range slices.Sorted(maps.Keys(p.file.Schema.Properties)) {
		if _, ok := p.form.Field(name); !ok && !p.mentioned(name) {
			p.report(below(schema, "properties", name), "form.not_on_page", name)
		}
	}
}

// comparisons finds what fields and columns are compared with, and the day that gives the year.
func (p *parser) comparisons() {
	pair := func(f *Field, name string, find func(string) (*Field, bool), at []any) {
		if name == "" {
			return
		}
		before, ok := find(name)
		switch {
		case !ok:
			p.report(below(at, "before"), "form.no_field", name)
		case before == f || !f.numeric() || before.Type != f.Type || before.Unit != f.Unit:
			p.report(below(at, "before"), "form.before", f.Name, name)
		default:
			f.Before = before
		}
	}
	for i, s := range p.file.Sections {
		for j, ui := range s.Fields {
			at := []any{"sections", i, "fields", j}
			f, ok := p.form.Field(ui.Name)
			if !ok {
				continue
			}
			pair(f, ui.Before, p.form.Field, at)
			if f.Before != nil {
				f.Compared = ui.Compared
				p.bilingual(ui.Compared, below(at, "compared"))
			}
			for k, col := range ui.Columns {
				if c, ok := f.Column(col.Name); ok {
					pair(c, col.Before, f.Column, below(at, "columns", k))
				}
			}
		}
	}
	if name := p.file.YearOf; name != "" {
		f, ok := p.form.Field(name)
		if !ok || f.Type != content.Date {
			p.report([]any{"year_of"}, "form.year_of", name)
			return
		}
		p.form.YearOf = f
	}
}

// mentioned says that a section names the field, perhaps with mistakes of its own.
func (p *parser) mentioned(name string) bool {
	return slices.ContainsFunc(p.file.Sections, func(s sectionItem) bool {
		return slices.ContainsFunc(s.Fields, func(f fieldItem) bool { return f.Name == name })
	})
}

// object checks what an object says of itself.
func (p *parser) object(o objectItem, at []any) {
	if o.Type != "object" {
		p.report(below(at, "type"), "content.one_of", o.Type, "object")
	}
	for i, name := range o.Required {
		if _, ok := o.Properties[name]; !ok {
			p.report(below(at, "required", i), "form.required_unknown", name)
		}
		if slices.Contains(o.Required[:i], name) {
			p.report(below(at, "required", i), "content.code_twice", name)
		}
	}
}

// field is one field of the page with its property; nil where it is too wrong to go on with.
func (p *parser) field(ui fieldItem, at []any) *Field {
	f := &Field{
		Name: ui.Name, Label: ui.Label, Help: ui.Help, PatternHelp: ui.PatternHelp, Long: ui.Long, YearsBack: ui.YearsBack,
		Readonly: ui.Readonly, Required: slices.Contains(p.file.Schema.Required, ui.Name),
	}
	if !nameForm.MatchString(ui.Name) {
		p.report(below(at, "name"), "content.bad_code", ui.Name)
		return nil
	}
	if _, twice := p.form.Field(ui.Name); twice {
		p.report(below(at, "name"), "content.code_twice", ui.Name)
		return nil
	}
	p.words(f, at)
	p.evidence(f, ui.Evidence, below(at, "evidence"))
	prop, ok := p.file.Schema.Properties[ui.Name]
	schema := []any{"schema", "properties", ui.Name}
	switch {
	case !ok && f.Evidence == nil:
		p.report(below(at, "name"), "form.no_property", ui.Name)
		return nil
	case !ok:
		if ui.Fact != "" || ui.Readonly || ui.Columns != nil || ui.Options != nil || ui.Codes != "" || ui.Long {
			p.report(below(at, "name"), "form.files_alone", ui.Name)
		}
		return f
	case prop.Type == "array":
		p.list(f, prop, ui, place{ui: at, schema: schema})
		return f
	case ui.Columns != nil:
		p.report(below(at, "columns"), "form.columns_without_list", ui.Name)
	}
	w := wording{codes: ui.Codes, options: ui.Options}
	if ui.Fact != "" {
		p.fact(f, ui, at)
		if f.Fact != nil && f.Fact.Type == content.Code && w.codes == "" && prop.Enum == nil {
			w.codes = f.Fact.Codes
		}
	} else if ui.YearsBack != 0 || ui.Readonly {
		p.report(below(at, "name"), "form.needs_fact", ui.Name)
	}
	p.value(f, prop, w, place{ui: at, schema: schema})
	if f.Fact != nil && f.Type != "" {
		p.fits(f, below(at, "fact"))
	}
	return f
}

// place is where a field stands: on the page and in the schema.
type place struct{ ui, schema []any }

// wording is the names of choices.
type wording struct {
	codes   string
	options map[string]i18n.Text
}

func (p *parser) words(f *Field, at []any) {
	p.bilingual(f.Label, below(at, "label"))
	p.perhaps(f.Help, below(at, "help"))
	p.perhaps(f.PatternHelp, below(at, "pattern_help"))
}

// list reads a list and its columns.
func (p *parser) list(f *Field, prop propertyItem, ui fieldItem, at place) {
	p.only(prop, at.schema, "items", "minItems", "maxItems")
	if ui.Fact != "" || ui.Readonly || ui.YearsBack != 0 || ui.Options != nil || ui.Codes != "" || ui.Long {
		p.report(below(at.ui, "name"), "form.list_is_no_value", ui.Name)
	}
	f.MaxItems = maxRows
	f.MinItems = p.count(prop.MinItems, 0, maxRows, below(at.schema, "minItems"))
	if prop.MaxItems != nil {
		f.MaxItems = p.count(prop.MaxItems, 1, maxRows, below(at.schema, "maxItems"))
	}
	if f.MinItems > f.MaxItems {
		p.report(below(at.schema, "minItems"), "content.min_over_max", f.MinItems, f.MaxItems)
	}
	f.Columns = []*Field{}
	if prop.Items == nil {
		p.report(at.schema, "content.missing_key", "items")
		return
	}
	items := below(at.schema, "items")
	p.object(*prop.Items, items)
	for i, col := range ui.Columns {
		here := place{ui: below(at.ui, "columns", i), schema: below(items, "properties", col.Name)}
		c, ok := prop.Items.Properties[col.Name]
		if !ok || !nameForm.MatchString(col.Name) {
			p.report(below(here.ui, "name"), "form.no_property", col.Name)
			continue
		}
		if _, twice := f.Column(col.Name); twice {
			p.report(below(here.ui, "name"), "content.code_twice", col.Name)
			continue
		}
		column := &Field{
			Name: col.Name, Label: col.Label, Help: col.Help, PatternHelp: col.PatternHelp, Aliases: col.Aliases,
			Required: slices.Contains(prop.Items.Required, col.Name),
		}
		p.words(column, here.ui)
		if c.Type == "array" || c.Type == "object" {
			p.report(below(here.schema, "type"), "form.list_in_list", col.Name)
			continue
		}
		p.value(column, c, wording{codes: col.Codes, options: col.Options}, here)
		f.Columns = append(f.Columns, column)
	}
	if n := len(f.Columns); n == 0 || n > maxColumns {
		p.report(below(at.ui, "columns"), "form.columns_count", f.Name, maxColumns)
	}
	p.headers(f, below(at.ui, "columns"))
	for _, name := range slices.Sorted(maps.Keys(prop.Items.Properties)) {
		if !slices.ContainsFunc(ui.Columns, func(c columnItem) bool { return c.Name == name }) {
			p.report(below(items, "properties", name), "form.not_on_page", name)
		}
	}
}

// headers checks that no two columns of a list go by the same word.
func (p *parser) headers(f *Field, at []any) {
	said := map[string]string{}
	for i, c := range f.Columns {
		for _, w := range c.headers() {
			if other, taken := said[content.Fold(w)]; taken && other != c.Name {
				p.report(below(at, i), "content.word_twice", w, other)
			}
			said[content.Fold(w)] = c.Name
		}
	}
}

// headers is the words that may stand above a column.
func (f *Field) headers() []string {
	return append([]string{f.Label.ZH, f.Label.EN, f.Name}, f.Aliases...)
}

// only reports keywords that mean nothing for the type of a property.
func (p *parser) only(prop propertyItem, at []any, known ...string) {
	stands := map[string]bool{
		"format": prop.Format != "", "unit": prop.Unit != "", "enum": prop.Enum != nil, "minimum": prop.Minimum != nil,
		"maximum": prop.Maximum != nil, "minLength": prop.MinLength != nil, "maxLength": prop.MaxLength != nil,
		"pattern": prop.Pattern != "", "minItems": prop.MinItems != nil, "maxItems": prop.MaxItems != nil, "items": prop.Items != nil,
	}
	for _, key := range slices.Sorted(maps.Keys(stands)) {
		if stands[key] && !slices.Contains(known, key) {
			p.report(below(at, key), "form.keyword_not_for", key, prop.Type)
		}
	}
}

// count is a number of characters or rows within bounds.
func (p *parser) count(n *int, low, high int, at []any) int {
	if n == nil {
		return low
	}
	if *n < low || *n > high {
		p.report(at, "form.count_range", *n, low, high)
		return low
	}
	return *n
}

// value reads what a single answer may be.
func (p *parser) value(f *Field, prop propertyItem, w wording, at place) {
	switch prop.Type {
	case "string":
		p.text(f, prop, w, at)
		return
	case "boolean":
		p.only(prop, at.schema)
		f.Type = content.Bool
	case "integer", "number":
		p.number(f, prop, at.schema)
	default:
		p.report(below(at.schema, "type"), "content.one_of", prop.Type, "string, integer, number, boolean, array")
	}
	p.choices(f, w, at)
}

func (p *parser) text(f *Field, prop propertyItem, w wording, at place) {
	f.Type, f.MaxLen = content.Text, maxWords
	switch {
	case prop.Format == "date":
		p.only(prop, at.schema, "format")
		f.Type = content.Date
	case prop.Format != "":
		p.report(below(at.schema, "format"), "content.one_of", prop.Format, "date")
	case prop.Enum != nil || w.codes != "":
		p.only(prop, at.schema, "enum")
		f.Type = content.Code
		p.enum(f, prop, w, at)
		return
	default:
		p.only(prop, at.schema, "minLength", "maxLength", "pattern")
		if f.Long {
			f.MaxLen = maxText
		}
		f.MinLen = p.count(prop.MinLength, 0, maxText, below(at.schema, "minLength"))
		if prop.MaxLength != nil {
			f.MaxLen = p.count(prop.MaxLength, 1, maxText, below(at.schema, "maxLength"))
		}
		if f.MinLen > f.MaxLen {
			p.report(below(at.schema, "minLength"), "content.min_over_max", f.MinLen, f.MaxLen)
		}
		p.pattern(f, prop, at)
	}
	p.choices(f, w, at)
}

// choices reports names of choices where nothing is chosen.
func (p *parser) choices(f *Field, w wording, at place) {
	if f.Type != content.Code && (w.options != nil || w.codes != "") {
		p.report(below(at.ui, "name"), "form.nothing_to_choose", f.Name)
	}
}

func (p *parser) pattern(f *Field, prop propertyItem, at place) {
	if prop.Pattern == "" {
		return
	}
	var err error
	if f.Pattern, err = regexp.Compile(prop.Pattern); err != nil || len(prop.Pattern) > 500 {
		p.report(below(at.schema, "pattern"), "form.bad_pattern", prop.Pattern)
		f.Pattern = nil
	}
	if f.PatternHelp == (i18n.Text{}) {
		p.report(below(at.ui, "name"), "form.pattern_help", f.Name)
	}
}

// enum settles the choices of a code: those of a list of content, or those of the schema with names of their own.
func (p *parser) enum(f *Field, prop propertyItem, w wording, at place) {
	if w.codes != "" {
		list, ok := p.lib.CodeList(w.codes)
		switch {
		case !ok:
			p.report(below(at.ui, "codes"), "content.no_code_list", w.codes)
		case prop.Enum != nil || w.options != nil:
			p.report(below(at.schema, "enum"), "form.codes_and_enum", w.codes)
		}
		f.codes, f.MaxLen = list, maxWords
		for _, e := range list.Entries {
			if !list.Open {
				f.Options = append(f.Options, Option{e.Code, e.Name})
			}
		}
		return
	}
	for i, code := range prop.Enum {
		here := below(at.schema, "enum", i)
		if !nameForm.MatchString(code) || slices.Contains(prop.Enum[:i], code) {
			p.report(here, "content.bad_code", code)
		}
		name, ok := w.options[code]
		if !ok {
			p.report(here, "form.option_name", code)
			continue
		}
		p.bilingual(name, below(at.ui, "options", code))
		f.Options = append(f.Options, Option{code, name})
		f.codes.Entries = append(f.codes.Entries, content.CodeEntry{Code: code, Name: name})
	}
	if len(prop.Enum) == 0 {
		p.report(below(at.schema, "enum"), "form.enum_empty")
	}
	for _, code := range slices.Sorted(maps.Keys(w.options)) {
		if !slices.Contains(prop.Enum, code) {
			p.report(below(at.ui, "options", code), "form.option_unknown", code)
		}
	}
}

// bound is the largest number of any kind on its scale: a thousand rows of it can be summed.
const bound = 9_000_000_000_000_000

func (p *parser) number(f *Field, prop propertyItem, at []any) {
	p.only(prop, at, "format", "unit", "minimum", "maximum")
	switch {
	case prop.Type == "integer":
		f.Type = content.Int
		if prop.Format != "" {
			p.report(below(at, "format"), "form.keyword_not_for", "format", prop.Type)
		}
	case prop.Format == "money":
		f.Type = content.Money
	case prop.Format == "percent":
		f.Type = content.Rate
	case prop.Format == "":
		f.Type = content.Decimal
	default:
		p.report(below(at, "format"), "content.one_of", prop.Format, "money, percent")
		f.Type = content.Decimal
	}
	f.Unit = prop.Unit
	unit, known := sheet.UnitNamed(prop.Unit)
	switch {
	case f.Type == content.Money && (!known || unit.Kind != sheet.UnitMoney || unit.Name != prop.Unit):
		p.report(below(at, "unit"), "form.money_unit", prop.Unit)
		return
	case f.Type == content.Rate && prop.Unit != "":
		p.report(below(at, "unit"), "form.percent_unit")
	case f.Type == content.Rate:
		f.Unit = "%"
	case f.Type != content.Money && prop.Unit != "" && (!known || unit.Kind != sheet.UnitOther && unit.Kind != sheet.UnitForeign):
		p.report(below(at, "unit"), "content.no_unit", prop.Unit)
	}
	f.Min = p.limit(f, prop.Minimum, -bound, below(at, "minimum"))
	f.Max = p.limit(f, prop.Maximum, bound, below(at, "maximum"))
	if *f.Min > *f.Max {
		p.report(below(at, "minimum"), "content.min_over_max", string(*prop.Minimum), f.number(*f.Max))
	}
}

// limit is an end of a range on the scale of the field.
func (p *parser) limit(f *Field, n *number, otherwise int64, at []any) *int64 {
	if n == nil {
		return &otherwise
	}
	v, err := money.ParseIn(string(*n), money.Fen(f.scale()))
	if err != nil || int64(v) < -bound || int64(v) > bound {
		p.report(at, "form.bad_limit", string(*n))
		return &otherwise
	}
	num := int64(v)
	return &num
}

// fact finds the fact of a field.
func (p *parser) fact(f *Field, ui fieldItem, at []any) {
	def, ok := p.lib.FactDef(ui.Fact)
	switch {
	case !ok:
		p.report(below(at, "fact"), "content.no_fact", ui.Fact)
		return
	case !rule.Reaches(p.form.Subject, def.Subject):
		p.report(below(at, "fact"), "form.fact_out_of_reach", def.Code, i18n.M("rule.kind_"+def.Subject), i18n.M("rule.kind_"+p.form.Subject))
		return
	case def.Period != period.Always && def.Period != period.Year:
		p.report(below(at, "fact"), "form.fact_period", def.Code)
		return
	case !ui.Readonly && !slices.Contains(def.Authority, p.form.By):
		p.report(below(at, "fact"), "form.fact_authority", def.Code, p.form.By)
	case ui.YearsBack < 0 || ui.YearsBack > 10 || ui.YearsBack > 0 && def.Period != period.Year:
		p.report(below(at, "years_back"), "form.years_back", ui.YearsBack)
	}
	f.Fact = &def
}

// fits checks that answers can be the fact's values, and narrows the answers to what the definition allows.
func (p *parser) fits(f *Field, at []any) {
	def := f.Fact
	if def.Type != f.Type {
		p.report(at, "form.fact_type", def.Code, rule.TypeOf(def.Type).Msg(), rule.TypeOf(f.Type).Msg())
		return
	}
	switch f.Type {
	case content.Text:
		f.MaxLen = min(f.MaxLen, maxText/4) // a fact holds so many bytes
	case content.Int, content.Decimal:
		if f.Unit == "" {
			f.Unit = def.Unit
		}
		if f.Unit != def.Unit {
			p.report(at, "form.fact_unit", def.Code, def.Unit, f.Unit)
		}
	case content.Code:
		list, _ := p.lib.CodeList(def.Codes)
		for _, o := range f.Options {
			if _, ok := list.Entry(o.Code); !ok && !list.Open {
				p.report(at, "form.fact_code", o.Code, def.Code)
			}
		}
	}
	if def.Min != nil && (f.Min == nil || *def.Min > *f.Min) {
		f.Min = def.Min
	}
	if def.Max != nil && (f.Max == nil || *def.Max < *f.Max) {
		f.Max = def.Max
	}
}

// evidence reads the files that a field asks for.
func (p *parser) evidence(f *Field, item *evidenceItem, at []any) {
	if item == nil {
		return
	}
	e := &Evidence{About: item.About, Min: item.Min, Max: item.Max, Size: int64(item.MB) << 20}
	p.bilingual(item.About, below(at, "about"))
	if e.Max == 0 {
		e.Max = max(e.Min, 10)
	}
	if e.Size == 0 {
		e.Size = 20 << 20
	}
	if e.Min < 0 || e.Max < max(e.Min, 1) || e.Max > maxFiles {
		p.report(at, "form.evidence_count", e.Min, e.Max, maxFiles)
	}
	if item.MB < 0 || item.MB > maxMB {
		p.report(below(at, "mb"), "form.evidence_size", item.MB, maxMB)
	}
	if len(item.Types) == 0 {
		p.report(below(at, "types"), "form.evidence_types")
	}
	for i, t := range item.Types {
		if p.oneOf(t, fileTypeNames(), below(at, "types", i)) {
			e.Types = append(e.Types, FileType(t))
		}
	}
	f.Evidence = e
}
