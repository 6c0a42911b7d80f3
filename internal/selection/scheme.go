package selection

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Dir and LadderDir are where schemes and ladders stand in content.
const (
	Dir       = "selections"
	LadderDir = "ladders"
)

// Whom a scheme selects.
const (
	OfEnterprise = "enterprise"
	OfPerson     = "person" // who works for the enterprise that nominates
)

// Who nominates.
const (
	ByEnterprise = "enterprise"
	ByCounty     = "county"
)

// SchemeFile is a scheme as it is written (content/schema/selection.schema.json, docs/selections.md).
type SchemeFile struct {
	Selection  string              `yaml:"selection"`
	Name       i18n.Text           `yaml:"name"`
	Source     string              `yaml:"source"`
	Cite       string              `yaml:"cite,omitempty"`
	Quote      string              `yaml:"quote,omitempty"`
	Confidence string              `yaml:"confidence"`
	Note       i18n.Text           `yaml:"note,omitempty"`
	Title      string              `yaml:"title"` // code of the title that is given
	Of         string              `yaml:"of"`
	Quota      int                 `yaml:"quota"`
	PerCounty  int                 `yaml:"per_county,omitempty"` // nominations of one county at most
	Nominate   []string            `yaml:"nominate"`
	Titles     map[string][]string `yaml:"titles,omitempty"` // agg.ID in conditions
	Eligible   []ConditionFile     `yaml:"eligible,omitempty"`
	Rubric     string              `yaml:"rubric"`
	Panel      int                 `yaml:"panel"`
	Elsewhere  bool                `yaml:"elsewhere,omitempty"` // experts come from another county
	Person     string              `yaml:"person,omitempty"`    // field of the form that names the person
	Form       string              `yaml:"form"`                // that a nomination fills in
	Shown      []string            `yaml:"shown"`               // its fields that experts read
	Hidden     []string            `yaml:"hidden"`              // its fields that they do not
	Ties       []TieRule           `yaml:"ties"`
	Waiting    int                 `yaml:"waiting,omitempty"`
	Notice     int                 `yaml:"notice"`          // working days
	Years      int                 `yaml:"years,omitempty"` // that the title holds; 0 for no end
}

// Scheme is how a title is selected. It never changes and may be used by many goroutines.
type Scheme struct {
	SchemeFile
	Hash string // SHA-256 of the file, in lower-case hexadecimal

	eligible []condition.Condition
	src      []byte
	form     *form.Form // nil where the one that it was checked with is not at hand
}

// Label is what the form calls a field, or a column of a list: "list · column"; the code where the form is not at hand.
func (s *Scheme) Label(path string) i18n.Text {
	name, column, inList := strings.Cut(path, ".")
	if s.form != nil {
		if f, ok := s.form.Field(name); ok {
			if c, ok := f.Column(column); ok && inList {
				return i18n.Text{ZH: f.Label.ZH + " · " + c.Label.ZH, EN: f.Label.EN + " · " + c.Label.EN}
			}
			return f.Label
		}
	}
	return i18n.Text{ZH: path, EN: path}
}

// Field is the field of the form at a path, or the column of a list; ok is false where the form is not at hand.
func (s *Scheme) Field(path string) (f *form.Field, ok bool) {
	if s.form == nil {
		return nil, false
	}
	name, column, inList := strings.Cut(path, ".")
	if f, ok = s.form.Field(name); ok && inList {
		f, ok = f.Column(column)
	}
	return f, ok
}

// Limits of a scheme.
const (
	maxQuota  = 10_000
	maxPanel  = 31
	maxNotice = 60
	maxYears  = 20
)

// ParseScheme reads a scheme. Rubrics tells those that there are. All mistakes are told at once; with problems the Scheme
// is nil.
func ParseScheme(lib *content.Library, rubrics func(code string) (*rubric.Rubric, error), name string, src []byte) (*Scheme, content.Problems) {
	p := schemeParser{conditions: conditions{lib: lib}}
	var problems []content.Problem
	if p.doc, problems = content.Decode(name, src, &p.file); len(problems) > 0 {
		return nil, problems
	}
	p.head()
	p.people()
	p.fields()
	p.judging(rubrics)
	s := &Scheme{SchemeFile: p.file, Hash: hashOf(src), src: slices.Clone(src)}
	if p.declare(p.file.Titles); len(p.problems) == 0 {
		s.eligible = p.compile(p.file.Eligible, "eligible")
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return s, nil
}

func hashOf(src []byte) string {
	sum := sha256.Sum256(src)
	return hex.EncodeToString(sum[:])
}

type schemeParser struct {
	conditions
	file SchemeFile
}

func (p *schemeParser) head() {
	f := p.file
	p.code(f.Selection, "selection")
	p.bilingual(f.Name, "name")
	p.oneOf(f.Confidence, confidences, "confidence")
	p.title(f.Title, "title")
	p.number(f.Quota, 1, maxQuota, "quota")
	p.number(f.PerCounty, 0, maxQuota, "per_county")
	p.number(f.Waiting, 0, maxQuota, "waiting")
	p.number(f.Notice, 1, maxNotice, "notice")
	p.number(f.Years, 0, maxYears, "years")
}

func (p *schemeParser) people() {
	p.oneOf(p.file.Of, []string{OfEnterprise, OfPerson}, "of")
	if len(p.file.Nominate) == 0 {
		p.report("selection.nobody_nominates", nil, "nominate")
	}
	for i, who := range p.file.Nominate {
		p.oneOf(who, []string{ByEnterprise, ByCounty}, "nominate", i)
	}
}

// fields wants each field of a nomination to be shown or hidden, and only once.
func (p *schemeParser) fields() {
	said := map[string]bool{}
	for key, list := range map[string][]string{"shown": p.file.Shown, "hidden": p.file.Hidden} {
		for i, f := range list {
			if !fieldPath.MatchString(f) {
				p.report("content.bad_code", []any{f}, key, i)
			}
			if said[f] {
				p.report("selection.field_twice", []any{f}, key, i)
			}
			said[f] = true
		}
	}
	if len(p.file.Shown) == 0 {
		p.report("selection.nothing_shown", nil, "shown")
	}
	if person := p.file.Person; (p.file.Of == OfPerson) != (person != "") || person != "" && !slices.Contains(p.file.Hidden, person) {
		p.report("selection.person_field", nil, "person")
	}
}

// fieldPath is a field of a form, or a column of a list.
var fieldPath = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63})?$`)

func (p *schemeParser) judging(rubrics func(string) (*rubric.Rubric, error)) {
	f := p.file
	p.number(f.Panel, 1, maxPanel, "panel")
	r, err := rubrics(f.Rubric)
	if err != nil {
		p.report("selection.no_rubric", []any{f.Rubric}, "rubric")
		return
	}
	if f.Panel < r.Least() {
		p.report("selection.small_panel", []any{f.Panel, r.Least()}, "panel")
	}
	for i, rule := range f.Ties {
		item, ok := rule.byItem()
		_, known := r.Item(item)
		switch {
		case ok && !known:
			p.report("selection.tie_item", []any{item, f.Rubric}, "ties", i)
		case !ok && rule != Earlier && rule != ByLot:
			p.report("content.one_of", []any{string(rule), "item:ID, earlier, lot"}, "ties", i)
		case slices.Contains(f.Ties[:i], rule):
			p.report("content.code_twice", []any{string(rule)}, "ties", i)
		}
	}
	if n := len(f.Ties); n == 0 || slices.Index(f.Ties, ByLot) != n-1 {
		p.report("selection.lot_last", nil, "ties")
	}
}

// Bytes is the file, as it was pinned.
func (s *Scheme) Bytes() []byte { return slices.Clone(s.src) }

// Eligible says how an enterprise stands to the conditions on a day.
func (s *Scheme) CheckEligible(of rule.Subject, on period.Day) ([]Check, error) {
	return check(s.eligible, of, on)
}

// ValidUntil is the last day of a title given on a day, nil for no end.
func (s *Scheme) ValidUntil(given period.Day) *period.Day {
	if s.Years == 0 {
		return nil
	}
	y, m, d := given.YMD()
	if m == 2 && d == 29 {
		d = 28
	}
	last := period.Date(y+s.Years, m, d) - 1
	return &last
}

// Material is what was answered in a nomination, by field.
type Material map[string]string

// maxText is how much text one field may hold, in bytes.
const maxText = 20_000

// CheckMaterial wants each field to be one that the scheme shows or hides, and no name in what is shown: names are all by
// which the enterprise, or the person, could be told.
func (s *Scheme) CheckMaterial(m Material, names []string) error {
	for _, f := range sortedKeys(m) {
		shown := slices.Contains(s.Shown, f)
		if !shown && !slices.Contains(s.Hidden, f) {
			return errs.Invalid(i18n.M("selection.field_unknown", f))
		}
		if len(m[f]) > maxText {
			return errs.Invalid(i18n.M("selection.field_long", s.Label(f), maxText))
		}
		if name, found := Reveals(m[f], names); shown && found {
			return errs.Invalid(i18n.M("selection.names_itself", s.Label(f), name))
		}
	}
	return nil
}

// shown is the material that experts read, and nothing else.
func (s *Scheme) shown(m Material) Material {
	out := Material{}
	for _, f := range s.Shown {
		if text, ok := m[f]; ok {
			out[f] = text
		}
	}
	return out
}

// Blind is what an expert reads of a nomination.
type Blind struct {
	Number int // drawn: it tells nothing of who or when
	Fields []BlindField
}

// BlindField is a field that the scheme shows.
type BlindField struct{ Name, Text string }

// Blind is the nomination as experts read it: the fields that the scheme shows, in its order.
func (s *Scheme) Blind(number int, m Material) Blind {
	b := Blind{Number: number}
	for _, f := range s.Shown {
		if text, ok := m[f]; ok {
			b.Fields = append(b.Fields, BlindField{f, text})
		}
	}
	return b
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Set is the schemes, rubrics and ladders of today. It never changes.
type Set struct {
	rubrics *rubric.Set
	schemes []*Scheme
	ladders []*Ladder
}

// covers tells what a scheme does not say of the fields of its form, and keeps the form with it.
func covers(s *Scheme, forms *form.Set, name string) content.Problems {
	tell := func(msg i18n.Msg) content.Problems {
		return content.Problems{content.NewProblem(name, s.src, 1, 1, msg)}
	}
	f, err := forms.Form(s.Form)
	if err != nil {
		return tell(i18n.M("selection.no_form", s.Form))
	}
	said := map[string]bool{}
	for _, path := range slices.Concat(s.Shown, s.Hidden) {
		field, column, inList := strings.Cut(path, ".")
		known, ok := f.Field(field)
		if ok && inList {
			_, ok = known.Column(column)
		}
		if !ok || known.IsList() && !inList && slices.Contains(s.Shown, path) {
			return tell(i18n.M("selection.no_field", path, s.Form))
		}
		said[field] = true
	}
	for _, field := range f.Fields() {
		if !said[field.Name] {
			return tell(i18n.M("selection.field_unknown", field.Name))
		}
	}
	s.form = f
	return nil
}

// Load reads every scheme and ladder below fsys. The error is content.Problems: every mistake of every file.
func Load(fsys fs.FS, lib *content.Library, rubrics *rubric.Set, forms *form.Set) (*Set, error) {
	s := &Set{rubrics: rubrics}
	var problems content.Problems
	err := files(fsys, Dir, func(name, base string, src []byte) {
		scheme, found := ParseScheme(lib, rubrics.Rubric, name, src)
		if problems = append(problems, found...); scheme == nil {
			return
		}
		problems = append(problems, covers(scheme, forms, name)...)
		if scheme.Selection != base {
			problems = append(problems, content.NewProblem(name, src, 1, 1, i18n.M("selection.file_name", scheme.Selection)))
		}
		s.schemes = append(s.schemes, scheme)
	})
	if err != nil {
		return nil, err
	}
	err = files(fsys, LadderDir, func(name, base string, src []byte) {
		l, found := ParseLadder(lib, name, src)
		if problems = append(problems, found...); l == nil {
			return
		}
		if l.Ladder != base {
			problems = append(problems, content.NewProblem(name, src, 1, 1, i18n.M("selection.file_name", l.Ladder)))
		}
		s.ladders = append(s.ladders, l)
	})
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return s, nil
}

// files gives every YAML file of a directory, in order.
func files(fsys fs.FS, dir string, do func(name, base string, src []byte)) error {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		base, yaml := strings.CutSuffix(e.Name(), ".yaml")
		if e.IsDir() || !yaml {
			continue
		}
		name := path.Join(dir, e.Name())
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		do(name, base, src)
	}
	return nil
}

// Schemes is all of them, by file. The slice must not be changed.
func (s *Set) Schemes() []*Scheme { return s.schemes }

// Ladders is all of them, by file. The slice must not be changed.
func (s *Set) Ladders() []*Ladder { return s.ladders }

// Scheme is the scheme with a code; NotFound when there is none.
func (s *Set) Scheme(code string) (*Scheme, error) {
	i := slices.IndexFunc(s.schemes, func(x *Scheme) bool { return x.Selection == code })
	if i < 0 {
		return nil, errs.NotFound("selection", code)
	}
	return s.schemes[i], nil
}

// Ladder is the ladder with a code; NotFound when there is none.
func (s *Set) Ladder(code string) (*Ladder, error) {
	i := slices.IndexFunc(s.ladders, func(x *Ladder) bool { return x.Ladder == code })
	if i < 0 {
		return nil, errs.NotFound("ladder", code)
	}
	return s.ladders[i], nil
}
