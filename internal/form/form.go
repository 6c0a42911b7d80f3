package form

import (
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Limits of a definition and of what is answered.
const (
	maxFields  = 200   // of a form
	maxColumns = 30    // of a list
	maxRows    = 1_000 // of a list
	maxText    = 4_000 // characters of an answer
	maxWords   = 200   // characters of an answer where the definition does not say
	maxFiles   = 50    // of one field
	maxMB      = 200   // of one file
)

// Form is a definition that was read. It never changes and may be used by many goroutines.
type Form struct {
	Code       string
	Hash       string // SHA-256 of the file, in lower-case hexadecimal
	Title      i18n.Text
	Lead       i18n.Text // may be empty
	Subject    string    // kind of subject that it is about: content.Enterprise, content.Project …
	By         string    // code of the authority that speaks in it
	Source     string    // document that asks for it
	Cite       string
	Confidence string
	YearOf     *Field // its day, once answered or known, gives the year of facts by year; nil: the form's year does
	Confirm    bool   // what is known is not an answer before who fills it in has looked: each is confirmed, corrected, or left
	Sections   []*Section

	lib    *content.Library
	src    []byte
	fields []*Field // in the order of the page
	order  []*Field // each behind those that decide whether it is asked
	checks []check
}

// Section is a part of the page.
type Section struct {
	ID     string
	Title  i18n.Text
	Help   i18n.Text // may be empty
	Fields []*Field

	relevant *rule.Expr
}

// Field is one question. It has a value (Type), or rows (Columns), or files alone (neither); files may prove a value too.
type Field struct {
	Name     string
	Label    i18n.Text
	Help     i18n.Text    // may be empty
	Type     content.Type // of the value, or "" for a list and for files alone
	Unit     string       // in which the value is typed and stands in JSON: 万元, %, 台; "" for none
	Required bool
	Long     bool // running text

	Min, Max    *int64         // on the scale of the type, as facts are stored; both set for numbers
	MinLen      int            // characters
	MaxLen      int            // characters
	Pattern     *regexp.Regexp // anywhere in the text, as in JSON Schema
	PatternHelp i18n.Text      // what the pattern wants, in words
	Options     []Option       // of a code; nil where any word of an open list may stand
	Fact        *content.FactDef
	YearsBack   int       // of a fact that has a year: how many years before that of the form
	Readonly    bool      // the fact's value is the answer: it is not typed
	Before      *Field    // of a field or a column: what the same was before; nil where nothing is compared
	Compared    i18n.Text // what a field that is compared is about; empty where Before is nil, and of a column

	Columns            []*Field // of a list
	MinItems, MaxItems int
	Evidence           *Evidence

	Aliases []string // of a column: other words above it in sheets

	section  *Section
	relevant *rule.Expr
	needs    []*Field // fields whose answers decide whether this one is asked
	codes    content.CodeList
}

// Option is one choice.
type Option struct {
	Code string
	Name i18n.Text
}

// Evidence is the files that prove an answer.
type Evidence struct {
	About    i18n.Text
	Min, Max int
	Types    []FileType
	Size     int64 // bytes of one file at most
}

// check is a rule across fields.
type check struct {
	that *rule.Expr
	at   *Field
	say  i18n.Text
}

// Fields is every field in the order of the page. The slice must not be changed.
func (f *Form) Fields() []*Field { return f.fields }

// Field is the field with a name.
func (f *Form) Field(name string) (*Field, bool) {
	i := slices.IndexFunc(f.fields, func(x *Field) bool { return x.Name == name })
	if i < 0 {
		return nil, false
	}
	return f.fields[i], true
}

// Source text of the definition, as it was pinned.
func (f *Form) Bytes() []byte { return slices.Clone(f.src) }

// IsList says that the answer is rows.
func (f *Field) IsList() bool { return f.Columns != nil }

// IsFiles says that nothing but files is asked for.
func (f *Field) IsFiles() bool { return f.Type == "" && !f.IsList() }

// Column is the column with a name.
func (f *Field) Column(name string) (*Field, bool) {
	i := slices.IndexFunc(f.Columns, func(c *Field) bool { return c.Name == name })
	if i < 0 {
		return nil, false
	}
	return f.Columns[i], true
}

// Option is the choice with a code.
func (f *Field) Option(code string) (Option, bool) {
	i := slices.IndexFunc(f.Options, func(o Option) bool { return o.Code == code })
	if i < 0 {
		return Option{}, false
	}
	return f.Options[i], true
}

// CodeOf is the code that a word means among the field's choices, or the word itself.
func (f *Field) CodeOf(word string) string {
	v, _ := f.word(strings.TrimSpace(word))
	return v.Text()
}

// scale is what the number of a value counts for one of the unit in which it is typed: 1,000,000 fen for 万元.
func (f *Field) scale() int64 {
	u, _ := sheet.UnitNamed(f.Unit)
	switch f.Type {
	case content.Money:
		return u.Factor
	case content.Rate:
		return 10_000
	case content.Decimal:
		return 1_000_000
	}
	return 1
}

func (f *Field) numeric() bool {
	switch f.Type {
	case content.Money, content.Rate, content.Decimal, content.Int:
		return true
	}
	return false
}

// adds says that the rows of a column can be summed.
func (f *Field) adds() bool { return f.numeric() && f.Type != content.Rate }

// Period is the period of the field's fact for a year of the form.
func (f *Field) Period(year int) period.Period {
	if f.Fact == nil || f.Fact.Period != period.Year {
		return period.Period{}
	}
	return period.OfYear(year - f.YearsBack)
}

// dated is what a form is filled in for, in the year of the day that its facts hang on: as it was answered, else as it is known.
func (f *Form) dated(at At, a Answers) At {
	if f.YearOf == nil {
		return at
	}
	if answer, ok := a[f.YearOf.Name]; ok {
		at.Year = answer.Value.Day().Year()
	} else if f.YearOf.Fact != nil {
		if day, state := at.fact(f.YearOf); state == rule.Present {
			at.Year = day.Day().Year()
		}
	}
	return at
}

// At is what a form is filled in for.
type At struct {
	Subject rule.Subject // whose facts are read; Fresh for a project that is not there yet
	Year    int          // that the form is about
	On      period.Day   // the day of the question: event and memberships are read on it; 0: not known
}

// Fresh is a subject of a kind that is yet to be made, below an enterprise: of itself nothing is known.
func Fresh(kind string, enterprise rule.Subject) rule.Subject { return fresh{kind, enterprise} }

type fresh struct {
	kind  string
	above rule.Subject
}

func (s fresh) Kind() string                   { return s.kind }
func (s fresh) ID() string                     { return "" }
func (s fresh) Name() string                   { return "" }
func (s fresh) Parent() rule.Subject           { return s.above }
func (s fresh) Children(string) []rule.Subject { return nil }
func (s fresh) Fact(content.FactDef, period.Period, period.Day) (rule.Value, rule.State) {
	return rule.Value{}, rule.Unknown
}

// fact is what is known of the field's fact; Unknown where the subject, or the one above that the fact is about, is not
// there.
func (at At) fact(f *Field) (rule.Value, rule.State) {
	for s := at.Subject; s != nil; s = s.Parent() {
		if s.Kind() == f.Fact.Subject {
			return s.Fact(*f.Fact, f.Period(at.Year), at.On)
		}
	}
	return rule.Value{}, rule.Unknown
}
