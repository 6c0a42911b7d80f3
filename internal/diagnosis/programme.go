package diagnosis

import (
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// File is where the programme stands in content.
const File = "diagnosis/diagnosis.yaml"

// Kind is a kind of diagnosis.
type Kind string

// The kinds.
const (
	Digital Kind = "digital"
	Green   Kind = "green"
)

// Flow is the workflow of its cases.
func (k Kind) Flow() string { return "diagnosis_" + string(k) }

// IsDiagnosis says that a workflow is one of diagnoses.
func IsDiagnosis(workflow string) bool {
	return workflow == Digital.Flow() || workflow == Green.Flow()
}

// KindFile is a kind of diagnosis as it is written (content/schema/diagnosis.schema.json).
type KindFile struct {
	Kind       Kind       `yaml:"kind"`
	Name       i18n.Text  `yaml:"name"`
	Model      *ModelFile `yaml:"model,omitempty"` // by which a level comes out; nil where no model gives one
	Facts      FactsFile  `yaml:"facts"`
	Ceiling    string     `yaml:"ceiling"`
	Source     string     `yaml:"source"`
	Cite       string     `yaml:"cite,omitempty"`
	Confidence string     `yaml:"confidence"`
	Note       i18n.Text  `yaml:"note,omitempty"`

	Most money.Fen `yaml:"-"` // Ceiling

	rubric *assess.Rubric
}

// Rubric is the model by which a level comes out; nil where there is none.
func (k *KindFile) Rubric() *assess.Rubric { return k.rubric }

// ModelFile names an edition of an assessment model.
type ModelFile struct {
	Rubric  string `yaml:"rubric"`
	Edition string `yaml:"edition"`
}

// FactsFile is the facts that an accepted diagnosis makes known.
type FactsFile struct {
	Done string `yaml:"done"`
	On   string `yaml:"on"`
	By   string `yaml:"by"`
	Fee  string `yaml:"fee"`
}

// Example is a case that a report may point to, with what its source states.
type Example struct {
	ID         string    `yaml:"id"`
	Name       i18n.Text `yaml:"name"`
	Of         i18n.Text `yaml:"of"`
	Quote      string    `yaml:"quote"`
	Source     string    `yaml:"source"`
	Confidence string    `yaml:"confidence"`
}

// Service is what fits what holds a firm back.
type Service struct {
	Barrier string    `yaml:"barrier"` // of the code list barriers
	Service i18n.Text `yaml:"service"`
	Page    string    `yaml:"page,omitempty"`
}

// Code lists that reports and logs read.
const (
	ScenarioCodes = "scenarios"
	BarrierCodes  = "barriers"
)

// Programme is what diagnoses go by.
type Programme struct {
	Kinds    []KindFile `yaml:"kinds"`
	Examples []Example  `yaml:"examples"`
	Services []Service  `yaml:"services"`
	Grading  Grading    `yaml:"grading"`
}

// Grading is how institutes are graded.
type Grading struct {
	Least      int       `yaml:"least"`   // accepted diagnoses below which there is no grade
	Adopted    int64     `yaml:"adopted"` // points for advice that was all adopted
	Lifted     int64     `yaml:"lifted"`  // points where every firm that was rated again stands higher; the two make 100
	Bands      []Band    `yaml:"bands"`   // the best first
	Source     string    `yaml:"source"`
	Confidence string    `yaml:"confidence"`
	Note       i18n.Text `yaml:"note,omitempty"`
}

// Band is the grade from so many points on.
type Band struct {
	Grade string `yaml:"grade"`
	From  int64  `yaml:"from"`
}

// Kind is a kind; NotFound for one that the programme does not have.
func (p *Programme) Kind(k Kind) (*KindFile, error) {
	i := slices.IndexFunc(p.Kinds, func(f KindFile) bool { return f.Kind == k })
	if i < 0 {
		return nil, errs.NotFound("kind of diagnosis", k)
	}
	return &p.Kinds[i], nil
}

// Example is a case by its id.
func (p *Programme) Example(id string) (Example, bool) {
	i := slices.IndexFunc(p.Examples, func(e Example) bool { return e.ID == id })
	if i < 0 {
		return Example{}, false
	}
	return p.Examples[i], true
}

// Service is what fits a barrier.
func (p *Programme) Service(barrier string) (Service, bool) {
	i := slices.IndexFunc(p.Services, func(s Service) bool { return s.Barrier == barrier })
	if i < 0 {
		return Service{}, false
	}
	return p.Services[i], true
}

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Load reads the programme. All mistakes are told at once.
func Load(lib *content.Library, models *assess.Set, fsys fs.FS) (*Programme, error) {
	src, err := fs.ReadFile(fsys, File)
	if errors.Is(err, fs.ErrNotExist) {
		return &Programme{}, nil
	}
	if err != nil {
		return nil, err
	}
	p := &Programme{}
	r := reading{lib: lib, models: models}
	var problems content.Problems
	if r.doc, problems = content.Decode(File, src, p); len(problems) > 0 {
		return nil, problems
	}
	for i := range p.Kinds {
		r.kind(p, i)
	}
	for i, e := range p.Examples {
		r.code(e.ID, slices.ContainsFunc(p.Examples[:i], func(o Example) bool { return o.ID == e.ID }), "examples", i, "id")
		r.bilingual(e.Name, "examples", i, "name")
		r.bilingual(e.Of, "examples", i, "of")
		r.confidence(e.Confidence, "examples", i, "confidence")
		if n := len([]rune(e.Quote)); n > 30 {
			r.report(i18n.M("diagnosis.long_quote", n), "examples", i, "quote")
		}
	}
	barriers, _ := lib.CodeList(BarrierCodes)
	for i, s := range p.Services {
		if _, ok := barriers.Entry(s.Barrier); !ok {
			r.report(i18n.M("diagnosis.no_barrier", s.Barrier), "services", i, "barrier")
		}
		r.bilingual(s.Service, "services", i, "service")
	}
	r.grading(p.Grading)
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return p, nil
}

// reading gathers the mistakes of the file.
type reading struct {
	lib      *content.Library
	models   *assess.Set
	doc      *content.Document
	problems content.Problems
}

func (r *reading) report(msg i18n.Msg, at ...any) {
	r.problems = append(r.problems, r.doc.Problem(msg, at...))
}

func (r *reading) code(s string, twice bool, at ...any) {
	switch {
	case !codeForm.MatchString(s):
		r.report(i18n.M("content.bad_code", s), at...)
	case twice:
		r.report(i18n.M("content.code_twice", s), at...)
	}
}

func (r *reading) bilingual(t i18n.Text, at ...any) {
	if t.ZH == "" || t.EN == "" {
		r.report(i18n.M("content.two_languages"), at...)
	}
}

func (r *reading) confidence(word string, at ...any) {
	known := []string{content.Verified, content.Secondary, content.Unverified}
	if !slices.Contains(known, word) {
		r.report(i18n.M("content.one_of", word, strings.Join(known, ", ")), at...)
	}
}

// grading wants points that make a hundred, and bands from the best down to nothing.
func (r *reading) grading(g Grading) {
	if g.Least < 1 || g.Adopted < 1 || g.Lifted < 0 || g.Adopted+g.Lifted != 100 {
		r.report(i18n.M("diagnosis.bad_grading"), "grading")
	}
	last := int64(101)
	for i, b := range g.Bands {
		if b.Grade == "" || b.From >= last || b.From < 0 || i == len(g.Bands)-1 && b.From != 0 {
			r.report(i18n.M("diagnosis.bad_bands"), "grading", "bands", i)
		}
		last = b.From
	}
	r.confidence(g.Confidence, "grading", "confidence")
}

func (r *reading) kind(p *Programme, i int) {
	k := &p.Kinds[i]
	known := []string{string(Digital), string(Green)}
	if !slices.Contains(known, string(k.Kind)) {
		r.report(i18n.M("content.one_of", string(k.Kind), strings.Join(known, ", ")), "kinds", i, "kind")
	}
	r.code(string(k.Kind), slices.ContainsFunc(p.Kinds[:i], func(o KindFile) bool { return o.Kind == k.Kind }), "kinds", i, "kind")
	r.bilingual(k.Name, "kinds", i, "name")
	r.confidence(k.Confidence, "kinds", i, "confidence")
	var err error
	if k.Most, err = money.Parse(k.Ceiling); err != nil || k.Most <= 0 {
		r.report(i18n.M("diagnosis.bad_ceiling", k.Ceiling), "kinds", i, "ceiling")
	}
	for _, f := range [][2]string{{"done", k.Facts.Done}, {"on", k.Facts.On}, {"by", k.Facts.By}, {"fee", k.Facts.Fee}} {
		if def, ok := r.lib.FactDef(f[1]); !ok || def.Subject != content.Enterprise {
			r.report(i18n.M("diagnosis.no_fact", f[1]), "kinds", i, "facts", f[0])
		}
	}
	if k.Model == nil {
		return
	}
	if k.rubric, err = r.models.Edition(k.Model.Rubric, k.Model.Edition); err != nil {
		r.report(i18n.M("diagnosis.no_model", k.Model.Rubric, k.Model.Edition), "kinds", i, "model")
	}
}
