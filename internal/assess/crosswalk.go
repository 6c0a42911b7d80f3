package assess

import (
	"errors"
	"io/fs"
	"maps"
	"math/big"
	"path"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// CrosswalkDir is where crosswalks stand in content: a file each.
const CrosswalkDir = "crosswalks"

// CrosswalkFile lays the questions of our models beside the dimensions of somebody else's, as it is written
// (content/schema/crosswalk.schema.json, docs/writing-rubrics.md). It tells what of them is reached, and scores nothing.
type CrosswalkFile struct {
	Crosswalk  string      `yaml:"crosswalk"`
	Title      i18n.Text   `yaml:"title"`
	Source     string      `yaml:"source"`
	Cite       string      `yaml:"cite,omitempty"`
	Confidence string      `yaml:"confidence"`
	Note       i18n.Text   `yaml:"note,omitempty"`
	Lacking    []i18n.Text `yaml:"lacking"` // what there is no source for, so that no grade of theirs is given
	Blocks     []BlockFile `yaml:"blocks"`
	Maps       []MapFile   `yaml:"maps"`
}

// BlockFile is a block of the other model.
type BlockFile struct {
	ID      string       `yaml:"id"`
	Name    i18n.Text    `yaml:"name"`
	Pillars []PillarFile `yaml:"pillars"`
}

// PillarFile is a pillar of a block.
type PillarFile struct {
	ID         string          `yaml:"id"`
	Name       i18n.Text       `yaml:"name"`
	Dimensions []DimensionFile `yaml:"dimensions"`
}

// DimensionFile is what the other model grades.
type DimensionFile struct {
	ID         string    `yaml:"id"`
	Name       i18n.Text `yaml:"name"`
	Confidence string    `yaml:"confidence,omitempty"` // of the name, where it is not that of the crosswalk
}

// MapFile says which of a model's questions lie in which dimension: each in one, or outside all of them.
type MapFile struct {
	Rubric     string              `yaml:"rubric"`
	Edition    string              `yaml:"edition"`
	Confidence string              `yaml:"confidence"`
	To         map[string][]string `yaml:"to"` // by dimension: ids of parts that are questions, or COUNT.ITEM
	Outside    []OutsideFile       `yaml:"outside,omitempty"`
}

// OutsideFile is questions that lie in no dimension, and why.
type OutsideFile struct {
	Of  []string  `yaml:"of"`
	Why i18n.Text `yaml:"why"`
}

// Crosswalk is a crosswalk that was read. It never changes.
type Crosswalk struct{ CrosswalkFile }

// Crosswalks is those that ship, by name. The slice must not be changed.
func (s *Set) Crosswalks() []*Crosswalk { return s.crosswalks }

// Crosswalk is the one by a name; NotFound where there is none, or it says nothing of the model.
func (s *Set) Crosswalk(name string, r *Rubric) (*Crosswalk, error) {
	i := slices.IndexFunc(s.crosswalks, func(c *Crosswalk) bool { return c.Crosswalk == name && c.Map(r) != nil })
	if i < 0 {
		return nil, errs.NotFound("crosswalk", name)
	}
	return s.crosswalks[i], nil
}

// Map is what the crosswalk says of an edition of a model; nil for nothing.
func (c *Crosswalk) Map(r *Rubric) *MapFile {
	i := slices.IndexFunc(c.Maps, func(m MapFile) bool { return m.Rubric == r.Rubric && m.Edition == r.Edition })
	if i < 0 {
		return nil
	}
	return &c.Maps[i]
}

// loadCrosswalks reads every crosswalk below fsys.
func (s *Set) loadCrosswalks(fsys fs.FS) (problems content.Problems, err error) {
	names, err := fs.Glob(fsys, path.Join(CrosswalkDir, "*.yaml"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, name := range names {
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		c, found := s.ParseCrosswalk(name, src)
		problems = append(problems, found...)
		if c != nil {
			s.crosswalks = append(s.crosswalks, c)
		}
	}
	return problems, nil
}

// ParseCrosswalk reads a crosswalk to the models of the set. Every mistake is told with file, line and column.
func (s *Set) ParseCrosswalk(name string, src []byte) (*Crosswalk, content.Problems) {
	c := &Crosswalk{}
	doc, problems := content.Decode(name, src, &c.CrosswalkFile)
	if len(problems) > 0 {
		return nil, problems
	}
	p := crosswalkLint{set: s, c: c, doc: doc, dimensions: map[string]bool{}}
	p.head()
	p.shape()
	for i := range c.Maps {
		p.mapping(i)
	}
	if len(p.problems) > 0 {
		return nil, p.problems
	}
	return c, nil
}

// crosswalkLint says what is wrong with a crosswalk.
type crosswalkLint struct {
	set        *Set
	c          *Crosswalk
	doc        *content.Document
	dimensions map[string]bool
	problems   content.Problems
}

func (p *crosswalkLint) report(at []any, key string, args ...any) {
	p.problems = append(p.problems, p.doc.Problem(i18n.M(key, args...), at...))
}

func (p *crosswalkLint) bilingual(t i18n.Text, at ...any) {
	if strings.TrimSpace(t.ZH) == "" || strings.TrimSpace(t.EN) == "" {
		p.report(at, "content.two_languages")
	}
}

func (p *crosswalkLint) sure(word string, at ...any) {
	all := []string{content.Verified, content.Secondary, content.Unverified}
	if !slices.Contains(all, word) {
		p.report(at, "content.one_of", word, strings.Join(all, ", "))
	}
}

func (p *crosswalkLint) head() {
	if want := strings.TrimSuffix(path.Base(p.doc.File), ".yaml"); p.c.Crosswalk != want {
		p.report([]any{"crosswalk"}, "assess.crosswalk_name", p.c.Crosswalk, want)
	}
	p.bilingual(p.c.Title, "title")
	if p.c.Note != (i18n.Text{}) {
		p.bilingual(p.c.Note, "note")
	}
	p.sure(p.c.Confidence, "confidence")
	if len(p.c.Lacking) == 0 {
		p.report([]any{"crosswalk"}, "assess.crosswalk_scores")
	}
	for i, t := range p.c.Lacking {
		p.bilingual(t, "lacking", i)
	}
}

func (p *crosswalkLint) shape() {
	for i, b := range p.c.Blocks {
		p.bilingual(b.Name, "blocks", i, "name")
		for j, pillar := range b.Pillars {
			p.bilingual(pillar.Name, "blocks", i, "pillars", j, "name")
			for k, d := range pillar.Dimensions {
				at := []any{"blocks", i, "pillars", j, "dimensions", k}
				p.bilingual(d.Name, append(slices.Clone(at), "name")...)
				if d.Confidence != "" {
					p.sure(d.Confidence, append(slices.Clone(at), "confidence")...)
				}
				if p.dimensions[d.ID] {
					p.report(append(slices.Clone(at), "id"), "assess.crosswalk_twice", d.ID)
				}
				p.dimensions[d.ID] = true
			}
		}
	}
}

// mapping wants every question of a model in one place, and no other.
func (p *crosswalkLint) mapping(i int) {
	m := &p.c.Maps[i]
	p.sure(m.Confidence, "maps", i, "confidence")
	r, err := p.set.Edition(m.Rubric, m.Edition)
	if err != nil {
		p.report([]any{"maps", i, "rubric"}, "assess.crosswalk_model", m.Rubric, m.Edition)
		return
	}
	left := map[string]bool{}
	for _, q := range questionsOf(r) {
		left[q] = true
	}
	placed := map[string]bool{}
	place := func(of []string, at ...any) {
		for k, q := range of {
			switch {
			case placed[q]:
				p.report(append(slices.Clone(at), k), "assess.crosswalk_twice", q)
			case !left[q]:
				p.report(append(slices.Clone(at), k), "assess.crosswalk_question", q, m.Rubric)
			}
			placed[q] = true
			delete(left, q)
		}
	}
	for _, d := range slices.Sorted(maps.Keys(m.To)) {
		if !p.dimensions[d] {
			p.report([]any{"maps", i, "to", d}, "assess.crosswalk_dimension", d)
		}
		place(m.To[d], "maps", i, "to", d)
	}
	for k, o := range m.Outside {
		p.bilingual(o.Why, "maps", i, "outside", k, "why")
		place(o.Of, "maps", i, "outside", k, "of")
	}
	for _, q := range questionsOf(r) {
		if left[q] {
			p.report([]any{"maps", i, "to"}, "assess.crosswalk_left", q)
		}
	}
}

// questionsOf is the ids of what a model asks: parts without parts, and the items of its counts as COUNT.ITEM.
func questionsOf(r *Rubric) []string {
	var out []string
	for _, n := range r.Nodes() {
		if n.IsQuestion() {
			out = append(out, n.ID)
		}
	}
	for _, c := range r.Counts {
		for _, it := range c.Items {
			out = append(out, c.ID+"."+it.ID)
		}
	}
	return out
}

// Reach is how far the answers to a model reach into a dimension.
type Reach struct {
	Dimension *DimensionFile
	Pillar    *PillarFile
	Block     *BlockFile
	Items     []Reached // none where no question of the model lies in it
	Known     int       // items of which nothing is missing
}

// Reached is a question that lies in a dimension, and where its answer stands.
type Reached struct {
	Name    i18n.Text
	Share   Span // of what the question can give; of a thing that is counted its level of the highest
	Out     bool // it does not apply
	Level   int64
	Of      int // levels, of a thing that is counted; else 0
	Missing []rule.FactRef
}

// Known says that nothing of it is missing.
func (x Reached) Known() bool { return len(x.Missing) == 0 }

// Reaches is how far a result reaches into each dimension, in the order of the crosswalk.
func (c *Crosswalk) Reaches(got *Result) []Reach {
	m := c.Map(got.Rubric)
	if m == nil {
		return nil
	}
	items := map[string]Reached{}
	for _, part := range got.Parts {
		if !part.Node.IsQuestion() {
			continue
		}
		x := Reached{Name: part.Node.Name, Share: part.Share, Out: !part.In}
		for _, l := range part.Leaves {
			for _, ref := range l.Missing {
				if !slices.Contains(x.Missing, ref) {
					x.Missing = append(x.Missing, ref)
				}
			}
		}
		items[part.Node.ID] = x
	}
	for _, k := range got.Counts {
		for _, it := range k.Items {
			x := Reached{Name: it.Item.Name, Of: len(it.Item.Steps), Level: it.Level, Missing: it.Missing}
			x.Share = Span{Sure: new(big.Rat), Possible: one}
			if it.State == rule.Present && x.Of > 0 {
				x.Share.Sure = big.NewRat(min(it.Level, int64(x.Of)), int64(x.Of))
				x.Share.Possible = x.Share.Sure
			}
			items[k.Count.ID+"."+it.Item.ID] = x
		}
	}
	var out []Reach
	for i := range c.Blocks {
		b := &c.Blocks[i]
		for j := range b.Pillars {
			pillar := &b.Pillars[j]
			for k := range pillar.Dimensions {
				d := &pillar.Dimensions[k]
				at := Reach{Dimension: d, Pillar: pillar, Block: b}
				for _, q := range m.To[d.ID] {
					x := items[q]
					at.Items = append(at.Items, x)
					if x.Known() {
						at.Known++
					}
				}
				out = append(out, at)
			}
		}
	}
	return out
}
