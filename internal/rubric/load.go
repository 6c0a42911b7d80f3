package rubric

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// Dir is where definitions stand in content.
const Dir = "rubrics"

// Limits of a definition.
const (
	maxItems  = 100
	maxDrop   = 5
	maxSheets = 100
)

// File is a definition as it is written.
type File struct {
	Rubric     string      `yaml:"rubric"`
	Title      i18n.Text   `yaml:"title"`
	Source     string      `yaml:"source"`
	Cite       string      `yaml:"cite,omitempty"`
	Confidence string      `yaml:"confidence"`
	Note       i18n.Text   `yaml:"note,omitempty"`
	Items      []ItemFile  `yaml:"items"`
	Combine    CombineFile `yaml:"combine"`
	Least      int         `yaml:"least,omitempty"`
	Round      RoundFile   `yaml:"round"`
	Floor      Points      `yaml:"floor,omitempty"`
}

// ItemFile is one item as it is written; a weight that is left out is 1.
type ItemFile struct {
	ID     string      `yaml:"id"`
	Name   i18n.Text   `yaml:"name"`
	Help   i18n.Text   `yaml:"help,omitempty"`
	Max    Points      `yaml:"max"`
	Step   Points      `yaml:"step"`
	Weight *money.Rate `yaml:"weight,omitempty"`
}

// CombineFile says how sheets are combined.
type CombineFile struct {
	By   string `yaml:"by"`
	Drop int    `yaml:"drop,omitempty"`
	From int    `yaml:"from,omitempty"`
}

// RoundFile says to how many decimals a total is rounded, and how.
type RoundFile struct {
	Places int    `yaml:"places"`
	Mode   string `yaml:"mode"`
}

// code is the form of codes and ids.
var code = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)

// Parse reads a definition; name is what its file is called in messages. All mistakes are told at once; with problems the
// Rubric is nil.
func Parse(name string, src []byte) (*Rubric, content.Problems) {
	p := &parser{}
	var problems []content.Problem
	if p.doc, problems = content.Decode(name, src, &p.file); len(problems) > 0 {
		return nil, problems
	}
	p.head()
	p.items()
	if p.file.Floor > Most {
		p.report("rubric.bad_points", []any{p.file.Floor.String()}, "floor")
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	r := p.rubric(src)
	if r.Max().Cmp(Most.Rat()) > 0 {
		p.report("rubric.total_max", []any{Most.String()}, "items")
	}
	if r.Max().Cmp(r.Floor.Rat()) < 0 {
		p.report("rubric.floor", []any{r.Floor.String()}, "floor")
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return r, nil
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

func (p *parser) head() {
	f := p.file
	if !code.MatchString(f.Rubric) {
		p.report("content.bad_code", []any{f.Rubric}, "rubric")
	}
	if f.Title.ZH == "" || f.Title.EN == "" {
		p.report("content.two_languages", nil, "title")
	}
	p.oneOf(f.Confidence, []string{content.Verified, content.Secondary, content.Unverified}, "confidence")
	p.oneOf(f.Combine.By, []string{Mean, TrimmedMean}, "combine", "by")
	if trimmed := f.Combine.By == TrimmedMean; trimmed != (f.Combine.Drop > 0) || f.Combine.Drop < 0 || f.Combine.Drop > maxDrop {
		p.report("rubric.drop", []any{maxDrop}, "combine", "drop")
	}
	if c := Combine(f.Combine); c.From != 0 && (c.Drop == 0 || c.From <= 2*c.Drop || c.From > maxSheets) {
		p.report("rubric.from", []any{2*c.Drop + 1, maxSheets}, "combine", "from")
	}
	if f.Least < 0 || f.Least > maxSheets {
		p.report("rubric.least", []any{maxSheets}, "least")
	}
	if f.Round.Places < 0 || f.Round.Places > places {
		p.report("rubric.places", []any{places}, "round", "places")
	}
	p.oneOf(f.Round.Mode, []string{string(money.HalfUp), string(money.HalfEven), string(money.Down), string(money.Up)}, "round", "mode")
}

func (p *parser) items() {
	if n := len(p.file.Items); n == 0 || n > maxItems {
		p.report("rubric.items", []any{n, maxItems}, "items")
	}
	for i, it := range p.file.Items {
		if !code.MatchString(it.ID) {
			p.report("content.bad_code", []any{it.ID}, "items", i, "id")
		}
		if slices.ContainsFunc(p.file.Items[:i], func(o ItemFile) bool { return o.ID == it.ID }) {
			p.report("content.code_twice", []any{it.ID}, "items", i, "id")
		}
		if it.Name.ZH == "" || it.Name.EN == "" {
			p.report("content.two_languages", nil, "items", i, "name")
		}
		if it.Max <= 0 || it.Step <= 0 || it.Max%max(it.Step, 1) != 0 {
			p.report("rubric.step", []any{it.Step.String(), it.Max.String()}, "items", i, "step")
		}
		if it.Weight != nil && it.Weight.Rat().Sign() <= 0 {
			p.report("rubric.weight", nil, "items", i, "weight")
		}
	}
}

func (p *parser) rubric(src []byte) *Rubric {
	sum := sha256.Sum256(src)
	f := p.file
	r := &Rubric{
		Code: f.Rubric, Hash: hex.EncodeToString(sum[:]), Title: f.Title, Source: f.Source, Cite: f.Cite, Confidence: f.Confidence,
		Note: f.Note, Combine: Combine(f.Combine), Floor: f.Floor, least: f.Least, src: slices.Clone(src),
	}
	to := money.Fen(One)
	for range f.Round.Places {
		to /= 10
	}
	r.round = money.Rounding{To: to, Mode: money.Mode(f.Round.Mode)}
	for _, it := range f.Items {
		weight := money.PPM(1_000_000)
		if it.Weight != nil {
			weight = *it.Weight
		}
		r.Items = append(r.Items, Item{ID: it.ID, Name: it.Name, Help: it.Help, Max: it.Max, Step: it.Step, Weight: weight})
	}
	return r
}

// Set is the rubrics of today, by code. It never changes.
type Set struct{ rubrics []*Rubric }

// Load reads every rubric below fsys. The error is content.Problems: every mistake of every file.
func Load(fsys fs.FS) (*Set, error) {
	entries, err := fs.ReadDir(fsys, Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s := &Set{}
	var problems content.Problems
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".yaml") {
			continue
		}
		name := path.Join(Dir, e.Name())
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		r, found := Parse(name, src)
		problems = append(problems, found...)
		if r == nil {
			continue
		}
		if r.Code != strings.TrimSuffix(e.Name(), ".yaml") {
			problems = append(problems, content.NewProblem(name, src, 1, 1, i18n.M("rubric.file_name", r.Code)))
		}
		s.rubrics = append(s.rubrics, r)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return s, nil
}

// Rubrics is all of them, by file. The slice must not be changed.
func (s *Set) Rubrics() []*Rubric { return s.rubrics }

// Rubric is the rubric with a code; NotFound when there is none.
func (s *Set) Rubric(code string) (*Rubric, error) {
	i := slices.IndexFunc(s.rubrics, func(r *Rubric) bool { return r.Code == code })
	if i < 0 {
		return nil, errs.NotFound("rubric", code)
	}
	return s.rubrics[i], nil
}
