package chain

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
)

// Dir is where chains stand in content, a file each.
const Dir = "chains"

// Limits of a chain.
const (
	maxSegments = 60
	maxPoints   = 200
)

// File is a chain as it is written (content/schema/chain.schema.json).
type File struct {
	Code       string      `yaml:"code"`
	Name       i18n.Text   `yaml:"name"`
	Rank       string      `yaml:"rank,omitempty"` // landmark, strong or promising, as the region's document says it; "" where none does
	Area       string      `yaml:"area,omitempty"` // node code of the region that calls it so; "" for any
	Office     string      `yaml:"office,omitempty"`
	Source     string      `yaml:"source"`
	Cite       string      `yaml:"cite,omitempty"`
	Confidence string      `yaml:"confidence"`
	Where      string      `yaml:"where"` // which enterprises belong to it
	Segments   []Segment   `yaml:"segments"`
	Points     []Point     `yaml:"points,omitempty"`
	Checklist  []CheckItem `yaml:"checklist,omitempty"` // of a cluster
}

// Tiers of segments (Segment.Tier), from the upper course to the lower.
var Tiers = []string{"up", "mid", "down"}

// Segment is a part of a chain.
type Segment struct {
	Code  string    `yaml:"code"`
	Name  i18n.Text `yaml:"name"`
	Tier  string    `yaml:"tier"`
	Where string    `yaml:"where"` // which of the chain's enterprises are in it; the first segment that holds counts
}

// Kinds of points (Point.Kind).
const (
	Strong = "strong"
	Weak   = "weak"
)

// Point is a strong or weak point of a chain or of a segment, as somebody found it.
type Point struct {
	Kind       string    `yaml:"kind"`
	Segment    string    `yaml:"segment,omitempty"`
	Text       i18n.Text `yaml:"text"`
	Source     string    `yaml:"source"`
	Confidence string    `yaml:"confidence"`
}

// CheckItem is one thing that a cluster should have.
type CheckItem struct {
	Code string    `yaml:"code"`
	Name i18n.Text `yaml:"name"`
	Done string    `yaml:"done,omitempty"` // when and by which document, "" while it is open
}

// Chain is one that was read.
type Chain struct {
	File
	firms *indicator.Indicator // all of it
	parts []*indicator.Indicator
}

// Set is the chains of today. It never changes.
type Set struct {
	chains []*Chain
	set    *indicator.Set
}

// Chains is every chain, by rank and then in the order of the files. Nobody may change the slice.
func (s *Set) Chains() []*Chain {
	if s == nil {
		return nil
	}
	return s.chains
}

// Chain is one by its code; NotFound where there is none. The nil Set has none.
func (s *Set) Chain(code string) (*Chain, error) {
	i := slices.IndexFunc(s.Chains(), func(c *Chain) bool { return c.Code == code })
	if i < 0 {
		return nil, errs.NotFound("chain", code)
	}
	return s.chains[i], nil
}

// Indicators is the set in which a chain's indicators are evaluated.
func (s *Set) Indicators() *indicator.Set { return s.set }

// Firms counts the enterprises of a chain.
func (c *Chain) Firms() *indicator.Indicator { return c.firms }

// Parts count those of each segment, in their order. An enterprise for which several hold is in the first.
func (c *Chain) Parts() []*indicator.Indicator { return c.parts }

var (
	word  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	ranks = []string{"landmark", "strong", "promising"}
)

// Load reads every chain below fsys. The error is content.Problems: every mistake of every file.
func Load(fsys fs.FS, lib *content.Library) (*Set, error) {
	names, err := fs.Glob(fsys, path.Join(Dir, "*.yaml"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var sources []indicator.Source
	for _, name := range names {
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, indicator.Source{Name: name, Text: src})
	}
	s, problems := Compile(lib, sources)
	if len(problems) > 0 {
		return nil, problems
	}
	return s, nil
}

// Compile reads files. All mistakes are told at once; with problems the Set is nil.
func Compile(lib *content.Library, sources []indicator.Source) (*Set, content.Problems) {
	s := &Set{}
	c := &compiler{lib: lib, set: s}
	for _, src := range sources {
		c.file(src)
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	text, err := yaml.Marshal(c.figures())
	if err != nil {
		return nil, content.Problems{content.NewProblem(Dir, nil, 0, 0, i18n.M("chain.internal", err.Error()))}
	}
	if len(s.chains) == 0 {
		return s, nil
	}
	var problems content.Problems
	if s.set, problems = indicator.Compile(lib, []indicator.Source{{Name: Dir, Text: text}}); len(problems) > 0 {
		return nil, problems // what is wrong with a condition was told before
	}
	for _, ch := range s.chains {
		ch.firms, _ = s.set.Indicator(ch.Code)
		for _, seg := range ch.Segments {
			x, _ := s.set.Indicator(ch.Code + "__" + seg.Code)
			ch.parts = append(ch.parts, x)
		}
	}
	slices.SortStableFunc(s.chains, func(a, b *Chain) int { return rank(a.Rank) - rank(b.Rank) })
	return s, nil
}

func rank(word string) int {
	if i := slices.Index(ranks, word); i >= 0 {
		return i
	}
	return len(ranks)
}

type compiler struct {
	lib      *content.Library
	set      *Set
	doc      *content.Document
	problems content.Problems
}

func (c *compiler) report(msg i18n.Msg, at ...any) {
	c.problems = append(c.problems, c.doc.Problem(msg, at...))
}

func (c *compiler) bilingual(t i18n.Text, at ...any) {
	if t.ZH == "" || t.EN == "" {
		c.report(i18n.M("content.two_languages"), at...)
	}
}

func (c *compiler) oneOf(w string, all []string, at ...any) {
	if !slices.Contains(all, w) {
		c.report(i18n.M("content.one_of", w, strings.Join(all, ", ")), at...)
	}
}

func (c *compiler) code(code string, taken bool, at ...any) {
	switch {
	case !word.MatchString(code) || strings.Contains(code, "__"):
		c.report(i18n.M("content.bad_code", code), at...)
	case taken:
		c.report(i18n.M("content.code_twice", code), at...)
	}
}

var confidences = []string{content.Verified, content.Secondary, content.Unverified}

func (c *compiler) file(src indicator.Source) {
	var f File
	doc, problems := content.Decode(src.Name, src.Text, &f)
	c.problems = append(c.problems, problems...)
	if len(problems) > 0 {
		return
	}
	c.doc = doc
	c.code(f.Code, slices.ContainsFunc(c.set.chains, func(o *Chain) bool { return o.Code == f.Code }), "code")
	c.bilingual(f.Name, "name")
	c.oneOf(f.Confidence, confidences, "confidence")
	if f.Rank != "" {
		c.oneOf(f.Rank, ranks, "rank")
	}
	if _, ok := c.lib.Areas().Node(f.Area); f.Area != "" && !ok {
		c.report(i18n.M("content.no_node", f.Area), "area")
	}
	if n := len(f.Segments); n == 0 || n > maxSegments {
		c.report(i18n.M("chain.segments", n, maxSegments), "segments")
	}
	if n := len(f.Points); n > maxPoints {
		c.report(i18n.M("chain.points", n, maxPoints), "points")
	}
	c.condition(f.Where, "where")
	var codes []string
	for i, seg := range f.Segments {
		c.code(seg.Code, slices.Contains(codes, seg.Code), "segments", i, "code")
		codes = append(codes, seg.Code)
		c.bilingual(seg.Name, "segments", i, "name")
		c.oneOf(seg.Tier, Tiers, "segments", i, "tier")
		c.condition(seg.Where, "segments", i, "where")
	}
	for i, p := range f.Points {
		c.oneOf(p.Kind, []string{Strong, Weak}, "points", i, "kind")
		c.bilingual(p.Text, "points", i, "text")
		c.oneOf(p.Confidence, confidences, "points", i, "confidence")
		if p.Segment != "" {
			c.oneOf(p.Segment, codes, "points", i, "segment")
		}
	}
	var items []string
	for i, it := range f.Checklist {
		c.code(it.Code, slices.Contains(items, it.Code), "checklist", i, "code")
		items = append(items, it.Code)
		c.bilingual(it.Name, "checklist", i, "name")
	}
	c.set.chains = append(c.set.chains, &Chain{File: f})
}

// condition tells what is wrong with one where it stands, rather than in the figures that are made of all.
func (c *compiler) condition(src string, at ...any) {
	c.problems = append(c.problems, indicator.CheckCondition(c.lib, content.Enterprise, src, c.doc, at...)...)
}

// carry is for how many years what was last stated of an enterprise's industry and chain holds on.
const carry = 1

// figures are the indicators of all chains.
func (c *compiler) figures() indicator.File {
	f := indicator.File{Group: "chains", Title: i18n.Text{ZH: "产业链", EN: "Industrial chains"}, Source: "content/chains", Confidence: content.Unverified}
	add := func(code string, name i18n.Text, where string) {
		f.Indicators = append(f.Indicators, indicator.ItemFile{
			Code: code, Name: name, Version: "1", Measure: indicator.Stock, Of: content.Enterprise, Where: where, Carry: carry,
			Over: indicator.OverFile{Space: "sum", Time: "last"}, Unit: "家",
		})
	}
	for _, ch := range c.set.chains {
		add(ch.Code, ch.Name, ch.Where)
		for _, seg := range ch.Segments {
			add(ch.Code+"__"+seg.Code, seg.Name, "("+ch.Where+") && ("+seg.Where+")")
		}
	}
	return f
}
