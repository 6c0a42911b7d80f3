package release

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Dir is where kinds stand in content.
const Dir = "releases"

// File is a kind of release as it is written (content/schema/release.schema.json).
type File struct {
	Release    string        `yaml:"release"`
	Title      i18n.Text     `yaml:"title"`
	Lead       i18n.Text     `yaml:"lead"`
	Source     string        `yaml:"source"`
	Cite       string        `yaml:"cite,omitempty"`
	Confidence string        `yaml:"confidence"`
	Objection  ObjectionFile `yaml:"objection"`
	Licence    i18n.Text     `yaml:"licence"`
	Fields     []Field       `yaml:"fields"`
}

// ObjectionFile says for how many working days a release of the kind takes objections at least, how, and by which rule.
type ObjectionFile struct {
	Days       int       `yaml:"days"`
	How        i18n.Text `yaml:"how"`
	Source     string    `yaml:"source"`
	Confidence string    `yaml:"confidence"`
}

// Field is a field that may be published.
type Field struct {
	ID         string    `yaml:"id"`
	Name       i18n.Text `yaml:"name"`
	Help       i18n.Text `yaml:"help,omitempty"`
	Type       string    `yaml:"type"`
	Column     string    `yaml:"column"` // in open data, after 360Giving or OCDS
	Show       string    `yaml:"show,omitempty"`
	Optional   bool      `yaml:"optional,omitempty"` // may be empty; it is never left out
	Source     string    `yaml:"source"`
	Confidence string    `yaml:"confidence"`
}

// Types of fields.
const (
	TypeName   = "name" // of an organisation
	TypeText   = "text"
	TypePerson = "person" // name of a person
	TypeUSCC   = "uscc"
	TypeMoney  = "money"
	TypeDate   = "date"
	TypeArea   = "area" // code of an area
)

// Masked shows the first character of a name, and a star for each other.
const Masked = "masked"

// Kind is a kind of release. It never changes and may be used by many goroutines.
type Kind struct {
	File
	Hash string // SHA-256 of the file, in lower-case hexadecimal
}

// Field is the field with an id.
func (k *Kind) Field(id string) (Field, bool) {
	i := slices.IndexFunc(k.Fields, func(f Field) bool { return f.ID == id })
	if i < 0 {
		return Field{}, false
	}
	return k.Fields[i], true
}

// ids are those of the fields, in order.
func (k *Kind) ids() []string {
	all := make([]string, len(k.Fields))
	for i, f := range k.Fields {
		all[i] = f.ID
	}
	return all
}

// Value is what stands in a field: a text, yuan, or a day. The zero Value is an empty text.
type Value struct {
	of   string // "", TypeMoney, TypeDate
	text string
}

// Text is a text: also the name of an organisation or a person, a credit code, or the code of an area.
func Text(s string) Value { return Value{"", s} }

// Money is an amount.
func Money(f money.Fen) Value { return Value{TypeMoney, f.String()} }

// Date is a day.
func Date(d period.Day) Value { return Value{TypeDate, d.String()} }

// maxValue is how many characters a field holds.
const maxValue = 400

// check refuses what may not stand in the field, and gives what is published of it. n is the number of the row.
func (f *Field) check(areas *content.Tree, n int, v Value) (string, error) {
	refuse := func(key string, args ...any) error {
		return errs.Invalid(i18n.M(key, append([]any{n, f.Name}, args...)...))
	}
	of := ""
	if f.Type == TypeMoney || f.Type == TypeDate {
		of = f.Type
	}
	switch {
	case v.of != of && (v.of != "" || v.text != ""):
		return "", refuse("release.wrong_type", i18n.M("release.type_"+f.Type))
	case v.text == "" && !f.Optional:
		return "", refuse("release.empty")
	case v.text == "":
		return "", nil
	case of != "":
		return v.text, nil
	case !plain(v.text):
		return "", refuse("release.not_plain", maxValue)
	}
	switch f.Type {
	case TypeUSCC:
		if !publicCode(v.text) {
			return "", refuse("release.not_uscc")
		}
		code, _ := party.ParseUSCC(v.text)
		return string(code), nil
	case TypeArea:
		if _, ok := areas.Node(v.text); !ok {
			return "", refuse("release.no_area")
		}
		return v.text, nil
	}
	if s, found := Scan(v.text); found {
		return "", refuse("release.personal", s.Msg(), s.Masked)
	}
	if f.Show == Masked {
		return mask(v.text), nil
	}
	return v.text, nil
}

// plain says that a text is one line of at most maxValue characters.
func plain(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxValue && strings.TrimSpace(s) == s &&
		!strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' })
}

// mask keeps the first character.
func mask(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return s[:n] + strings.Repeat("*", utf8.RuneCountInString(s[n:]))
}

var code = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Limits of a kind.
const (
	maxFields = 30
	maxDays   = 60
)

// Parse reads a kind; name is what its file is called in messages. All mistakes are told at once; with problems the Kind is nil.
func Parse(name string, src []byte) (*Kind, content.Problems) {
	p := &parser{}
	var problems []content.Problem
	if p.doc, problems = content.Decode(name, src, &p.file); len(problems) > 0 {
		return nil, problems
	}
	p.head()
	p.fields()
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	sum := sha256.Sum256(src)
	return &Kind{File: p.file, Hash: hex.EncodeToString(sum[:])}, nil
}

type parser struct {
	doc      *content.Document
	file     File
	problems content.Problems
}

func (p *parser) report(key string, args []any, at ...any) {
	p.problems = append(p.problems, p.doc.Problem(i18n.M(key, args...), at...))
}

func (p *parser) oneOf(word string, words []string, at ...any) {
	if !slices.Contains(words, word) {
		p.report("content.one_of", []any{word, strings.Join(words, ", ")}, at...)
	}
}

func (p *parser) bilingual(x i18n.Text, at ...any) {
	if x.ZH == "" || x.EN == "" {
		p.report("content.two_languages", nil, at...)
	}
}

var confidences = []string{content.Verified, content.Secondary, content.Unverified}

func (p *parser) head() {
	f := p.file
	if !code.MatchString(f.Release) {
		p.report("content.bad_code", []any{f.Release}, "release")
	}
	p.bilingual(f.Title, "title")
	p.bilingual(f.Lead, "lead")
	p.bilingual(f.Licence, "licence")
	p.bilingual(f.Objection.How, "objection", "how")
	p.oneOf(f.Confidence, confidences, "confidence")
	p.oneOf(f.Objection.Confidence, confidences, "objection", "confidence")
	if f.Objection.Days < 0 || f.Objection.Days > maxDays {
		p.report("release.days", []any{maxDays}, "objection", "days")
	}
}

func (p *parser) fields() {
	all := p.file.Fields
	if len(all) == 0 || len(all) > maxFields {
		p.report("release.fields", []any{maxFields}, "fields")
		return
	}
	if all[0].Type != TypeName {
		p.report("release.first_name", nil, "fields", 0, "type")
	}
	for i, f := range all {
		if !code.MatchString(f.ID) {
			p.report("content.bad_code", []any{f.ID}, "fields", i, "id")
		}
		if slices.ContainsFunc(all[:i], func(o Field) bool { return o.ID == f.ID }) {
			p.report("content.code_twice", []any{f.ID}, "fields", i, "id")
		}
		if slices.ContainsFunc(all[:i], func(o Field) bool { return o.Column == f.Column }) || slices.Contains(headColumns, f.Column) {
			p.report("content.code_twice", []any{f.Column}, "fields", i, "column")
		}
		p.bilingual(f.Name, "fields", i, "name")
		p.oneOf(f.Type, []string{TypeName, TypeText, TypePerson, TypeUSCC, TypeMoney, TypeDate, TypeArea}, "fields", i, "type")
		p.oneOf(f.Confidence, confidences, "fields", i, "confidence")
		if f.Show != "" && (f.Show != Masked || f.Type != TypePerson) {
			p.report("release.show", nil, "fields", i, "show")
		}
	}
}

// Set is the kinds of today. It never changes.
type Set struct{ kinds []*Kind }

// Load reads every kind below fsys. The error is content.Problems: every mistake of every file.
func Load(fsys fs.FS) (*Set, error) {
	entries, err := fs.ReadDir(fsys, Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s := &Set{}
	var problems content.Problems
	for _, e := range entries {
		base, yaml := strings.CutSuffix(e.Name(), ".yaml")
		if e.IsDir() || !yaml {
			continue
		}
		name := path.Join(Dir, e.Name())
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		k, found := Parse(name, src)
		if problems = append(problems, found...); k == nil {
			continue
		}
		if k.Release != base {
			problems = append(problems, content.NewProblem(name, src, 1, 1, i18n.M("release.file_name", k.Release)))
		}
		s.kinds = append(s.kinds, k)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return s, nil
}

// Kinds is all of them, by file. The slice must not be changed.
func (s *Set) Kinds() []*Kind { return s.kinds }

// Kind is the kind with a code; NotFound when there is none.
func (s *Set) Kind(code string) (*Kind, error) {
	i := slices.IndexFunc(s.kinds, func(k *Kind) bool { return k.Release == code })
	if i < 0 {
		return nil, errs.NotFound("kind of release", code)
	}
	return s.kinds[i], nil
}
