package assess

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// Limits of a definition. A gate asks for a level of 20 at most.
const (
	maxNodes  = 1_000 // parts, at any depth
	maxDepth  = 6
	maxLeaves = 1_000 // questions
	maxLevels = 20
	maxPlaces = 4
)

// whole is a full share, in millionths.
const whole = 1_000_000

// Rubric is an edition of a model that was read. It never changes and may be used by many goroutines.
type Rubric struct {
	File
	Hash string // SHA-256 of the file, in lower-case hexadecimal

	src     []byte
	lib     *content.Library
	nodes   []*Node // each before its parts; the first is the whole
	leaves  []leaf
	counts  []count
	paths   []*rule.Expr
	must    []condition.Condition
	checks  []condition.Condition
	review  []condition.Condition
	compare []*Comparison
	adjust  []adjust
	levels  []level
	apart   []condition.Condition
	steps   int // of a cumulative model: its levels; else 1

	sensitive bool // a fact that it reads is

	program *column.Program
	exprs   []*rule.Expr // that Decide asks
	reads   []content.FactDef
	number  map[*rule.Expr]int
	trims   []int    // nodes that may be trimmed
	steply  []int    // leaves, those of one step together
	gates   bool     // counts are quick: every gate has its lanes
	bias    uint64   // what makes the top bit of a lane tell that there are enough
	quick   []*quick // by path, with nothing trimmed; nil where a share may be any fraction
}

// Node is a part of a model, at any depth.
type Node struct {
	PartFile
	Depth int // of the whole, 0

	parent int
	parts  []int
	leaves []int      // questions of its own
	weight []*big.Rat // by path; nil where the path does not have it
	trim   *rule.Expr
}

// IsQuestion says that it asks something itself.
func (n *Node) IsQuestion() bool { return len(n.leaves) > 0 }

// leaf is one expression that gives a share of its node.
type leaf struct {
	node   int
	step   int        // of a cumulative model: which level asks it, from 0
	x      *rule.Expr // the share in millionths, or whether the option holds; nil of a benchmark
	option bool       // x is a condition
	most   int64      // the best share that there is, in millionths; −1 of a benchmark
	bench  *benchmark
	choice *choice // what x is made of, where columns are quicker without x; else nil
	bands  *bands
}

// choice is the share by what an expression is, a text or a truth value; 0 for what is not named. Of an answer that is named twice the
// first counts.
type choice struct {
	of     *rule.Expr
	shares []answered
}

type answered struct {
	is    string
	share int64 // in millionths
}

// bands is the share by the first of the conditions that holds, the last one where none does. They are present, unknown and nothing
// together, since all compare the same; and not all shares are the same, so that nothing is known where they are unknown.
type bands struct {
	below  []*rule.Expr
	shares []int64 // in millionths
}

// benchmark is a value that is measured against what it should be.
type benchmark struct {
	value, over *rule.Expr
	by          []ByFile
	least, most *big.Rat // of the weight; most nil for no limit
}

// in is the benchmark of a year; nil before the first.
func (b *benchmark) in(year int) *big.Rat {
	var out *big.Rat
	for _, by := range b.by {
		if by.From <= year {
			out = by.Value.Rat()
		}
	}
	return out
}

// count is things that are counted.
type count struct {
	*CountFile
	of   []*rule.Expr
	word [2][gateLevels]uint64 // by level, of things that are not marked and of those that are: the lanes of the gates that it passes
}

// adjust is points beside the tree.
type adjust struct {
	*AdjustFile
	x *rule.Expr
}

// level is what a level takes.
type level struct {
	*LevelFile
	least *big.Rat // points; nil for none
	gates []gate
	when  []condition.Condition
	lanes uint64 // the top bits of the lanes of its gates
}

type gate struct {
	GateFile
	count int
}

// Nodes is every part, each before its own parts; the first is the whole. The slice must not be changed.
func (r *Rubric) Nodes() []*Node { return r.nodes }

// Bytes is the file, as it was pinned.
func (r *Rubric) Bytes() []byte { return slices.Clone(r.src) }

// Refuses says that a score needs what the source leaves open.
func (r *Rubric) Refuses() bool { return len(r.Lacking) > 0 }

// Holds says that the edition is in force on a day.
func (r *Rubric) Holds(on period.Day) bool {
	from, _ := period.ParseDay(r.From)
	until, _ := period.ParseDay(r.Until)
	return (r.From == "" || from <= on) && (r.Until == "" || on <= until)
}

// Show is points as the model shows them: rounded half up to its decimals.
func (r *Rubric) Show(points *big.Rat) string { return points.FloatString(r.Places) }

var (
	code    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	edition = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)
)

// Compile reads an edition; name is what its file is called in messages. All mistakes are told at once; with problems the
// Rubric is nil.
func Compile(lib *content.Library, name string, src []byte) (*Rubric, content.Problems) {
	sum := sha256.Sum256(src)
	c := &compiler{r: &Rubric{Hash: hex.EncodeToString(sum[:]), src: slices.Clone(src), lib: lib, steps: 1}, ids: map[string]bool{}}
	var problems []content.Problem
	if c.doc, problems = content.Decode(name, src, &c.r.File); len(problems) > 0 {
		return nil, problems
	}
	env, err := rule.NewEnv(lib, content.Enterprise, rule.Declarations{})
	if err != nil {
		return nil, content.Problems{c.doc.Problem(i18n.M("assess.internal", err.Error()))}
	}
	c.env = env
	c.head()
	c.tree()
	c.countables()
	c.others()
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	c.lower()
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return c.r, nil
}

type compiler struct {
	doc      *content.Document
	env      *rule.Env
	r        *Rubric
	ids      map[string]bool
	problems content.Problems
}

func (c *compiler) report(key string, args []any, at ...any) {
	c.problems = append(c.problems, c.doc.Problem(i18n.M(key, args...), at...))
}

// under is a path of the document with more keys.
func under(at []any, keys ...any) []any { return slices.Concat(at, keys) }

func (c *compiler) bilingual(t i18n.Text, at ...any) {
	if t.ZH == "" || t.EN == "" {
		c.report("content.two_languages", nil, at...)
	}
}

func (c *compiler) id(id string, at ...any) {
	switch {
	case !code.MatchString(id):
		c.report("content.bad_code", []any{id}, at...)
	case c.ids[id]:
		c.report("content.code_twice", []any{id}, at...)
	}
	c.ids[id] = true
}

// expr compiles an expression that stands at a path.
func (c *compiler) expr(src string, at []any, want ...rule.Type) *rule.Expr {
	line, col := c.doc.At(at...)
	x, problems := c.env.Compile(src, rule.Position{File: c.doc.File, Source: c.doc.Source, Line: line, Col: col}, want...)
	c.problems = append(c.problems, problems...)
	return x
}

func (c *compiler) conditions(items []condition.File, at ...any) []condition.Condition {
	list, problems := condition.Compile(c.env, c.doc, items, at...)
	c.problems = append(c.problems, problems...)
	return list
}

func (c *compiler) head() {
	f := &c.r.File
	if !code.MatchString(f.Rubric) {
		c.report("content.bad_code", []any{f.Rubric}, "rubric")
	}
	if !edition.MatchString(f.Edition) {
		c.report("assess.bad_edition", []any{f.Edition}, "edition")
	}
	c.bilingual(f.Title, "title")
	c.bilingual(f.Issuer, "issuer")
	c.confidence(f.Confidence, "confidence")
	for i, t := range f.Lacking {
		c.bilingual(t, "lacking", i)
	}
	for _, d := range []struct{ key, day string }{{"from", f.From}, {"until", f.Until}} {
		if d.day == "" {
			continue
		}
		if _, err := period.ParseDay(d.day); err != nil {
			c.report("assess.bad_day", []any{d.day}, d.key)
		}
	}
	if f.Full.Rat().Sign() <= 0 {
		c.report("assess.full", nil, "full")
	}
	if f.Places < 0 || f.Places > maxPlaces {
		c.report("rubric.places", []any{maxPlaces}, "places")
	}
	if k := f.Cumulative; k != nil && (k.Met.Rat().Sign() <= 0 || k.Met.Rat().Cmp(big.NewRat(1, 1)) > 0) {
		c.report("assess.met", nil, "cumulative", "met")
	}
	seen := map[string]bool{}
	for i, p := range f.Paths {
		if !code.MatchString(p.ID) || seen[p.ID] {
			c.report("content.bad_code", []any{p.ID}, "paths", i, "id")
		}
		seen[p.ID] = true
		c.bilingual(p.Name, "paths", i, "name")
		c.r.paths = append(c.r.paths, c.expr(p.When, []any{"paths", i, "when"}, rule.BoolType))
	}
}

func (c *compiler) confidence(word string, at ...any) {
	if all := []string{content.Verified, content.Secondary, content.Unverified}; !slices.Contains(all, word) {
		c.report("content.one_of", []any{word, strings.Join(all, ", ")}, at...)
	}
}

// tree reads the parts.
func (c *compiler) tree() {
	root := &Node{PartFile: PartFile{ID: "whole", Name: c.r.Title, Parts: c.r.Parts}, parent: -1}
	c.ids[root.ID] = true
	c.r.nodes = append(c.r.nodes, root)
	if len(c.r.Parts) == 0 && len(c.r.Counts) == 0 {
		c.report("assess.no_parts", nil, "parts")
	}
	c.parts(0, c.r.Parts, nil)
	if n := len(c.r.nodes); n > maxNodes {
		c.report("assess.too_many", []any{n, maxNodes}, "parts")
	}
	if n := len(c.r.leaves); n > maxLeaves {
		c.report("assess.too_many", []any{n, maxLeaves}, "parts")
	}
}

// parts reads the parts of a node.
func (c *compiler) parts(parent int, list []PartFile, at []any) {
	up := c.r.nodes[parent]
	if up.Depth >= maxDepth {
		c.report("assess.too_deep", []any{maxDepth}, at...)
		return
	}
	for i, p := range list {
		here := under(at, "parts", i)
		n := len(c.r.nodes)
		node := &Node{PartFile: p, Depth: up.Depth + 1, parent: parent}
		c.r.nodes = append(c.r.nodes, node)
		up.parts = append(up.parts, n)
		c.id(p.ID, under(here, "id")...)
		c.bilingual(p.Name, under(here, "name")...)
		if p.Confidence != "" {
			c.confidence(p.Confidence, under(here, "confidence")...)
		}
		for k, e := range p.Evidence {
			c.bilingual(e, under(here, "evidence", k)...)
		}
		if p.Trim != nil {
			c.bilingual(p.Trim.Why, under(here, "trim", "why")...)
			node.trim = c.expr(p.Trim.When, under(here, "trim", "when"), rule.BoolType)
		}
		c.weight(node, here)
		c.question(n, here)
		c.parts(n, p.Parts, here)
	}
	c.sums(up, at)
}

// weight reads what a part weighs on each path.
func (c *compiler) weight(n *Node, at []any) {
	f := &c.r.File
	n.weight = make([]*big.Rat, max(len(f.Paths), 1))
	if n.Weight.Said() {
		for i := range n.weight {
			n.weight[i] = n.Weight.Rat()
		}
	}
	for i, w := range n.Weights {
		p := slices.IndexFunc(f.Paths, func(p PathFile) bool { return p.ID == w.Path })
		if p < 0 {
			c.report("assess.no_path", []any{w.Path}, under(at, "weights", i, "path")...)
			continue
		}
		n.weight[p] = w.Weight.Rat()
	}
	switch {
	case n.Weight.Said() && len(n.Weights) > 0:
		c.report("assess.two_weights", nil, under(at, "weights")...)
	case !n.Weight.Said() && len(n.Weights) == 0 && !c.r.Refuses():
		c.report("assess.no_weight", []any{n.ID}, at...)
	}
	if !n.Weight.Said() && len(n.Weights) == 0 { // a structure without numbers stands on every path
		for i := range n.weight {
			n.weight[i] = new(big.Rat)
		}
	}
}

// sums checks that the parts of a node come to what it weighs, or to 100.
func (c *compiler) sums(n *Node, at []any) {
	if len(n.parts) == 0 || c.r.Refuses() {
		return
	}
	for p := range max(len(c.r.Paths), 1) {
		sum := new(big.Rat)
		some := false
		for _, i := range n.parts {
			if w := c.r.nodes[i].weight[p]; w != nil {
				sum.Add(sum, w)
				some = true
			}
		}
		want := c.r.Full.Rat()
		if n.parent >= 0 {
			want = n.weight[p]
		}
		if !some || want == nil {
			continue
		}
		if sum.Cmp(want) != 0 && sum.Cmp(big.NewRat(100, 1)) != 0 {
			c.report("assess.sum", []any{n.ID, sum.FloatString(2), want.FloatString(2)}, under(at, "parts")...)
			return
		}
	}
}

// question reads what a node asks itself.
func (c *compiler) question(n int, at []any) {
	node := c.r.nodes[n]
	kinds := 0
	for _, said := range []bool{len(node.Parts) > 0, node.Choice != nil, len(node.Multi) > 0, node.Band != nil, node.Grades != nil, node.Benchmark != nil} {
		if said {
			kinds++
		}
	}
	if kinds == 0 && c.r.Refuses() { // a structure whose questions are not known either
		return
	}
	if kinds != 1 {
		c.report("assess.one_question", []any{node.ID}, at...)
		return
	}
	switch {
	case node.Choice != nil:
		c.choice(n, node.Choice, under(at, "choice"))
	case len(node.Multi) > 0:
		c.multi(n, node.Multi, under(at, "multi"))
	case node.Band != nil:
		c.band(n, node.Band, under(at, "band"))
	case node.Grades != nil:
		c.grades(n, node.Grades, under(at, "grades"))
	case node.Benchmark != nil:
		c.benchmark(n, node.Benchmark, under(at, "benchmark"))
	}
}

// add takes a leaf in.
func (c *compiler) add(n int, l leaf) {
	l.node = n
	c.r.nodes[n].leaves = append(c.r.nodes[n].leaves, len(c.r.leaves))
	c.r.leaves = append(c.r.leaves, l)
}

// exprs is what a leaf evaluates.
func (l *leaf) exprs() []*rule.Expr {
	switch {
	case l.bench == nil:
		return []*rule.Expr{l.x}
	case l.bench.over == nil:
		return []*rule.Expr{l.bench.value}
	}
	return []*rule.Expr{l.bench.value, l.bench.over}
}

// millionths is a share as a whole number of millionths, from 0 to 100 %.
func (c *compiler) millionths(share money.Rate, at ...any) int64 {
	m := new(big.Rat).Mul(share.Rat(), big.NewRat(whole, 1))
	if !m.IsInt() || m.Sign() < 0 || m.Cmp(big.NewRat(whole, 1)) > 0 {
		c.report("assess.share", []any{share.String()}, at...)
		return 0
	}
	return m.Num().Int64()
}

// literal is a value as an expression of a type writes it; ok is false where it is none.
func literal(t rule.Type, s string) (text string, ok bool) {
	if t == rule.TextType {
		return strconv.Quote(s), true
	}
	v, err := rule.ParseValue(t, s)
	if err != nil {
		return "", false
	}
	switch t {
	case rule.BoolType, rule.IntType:
		return v.String(), true
	case rule.DecimalType, rule.MoneyType, rule.RateType:
		return fmt.Sprintf("%s(%q)", t, v.String()), true
	}
	return "", false
}

// chosen is the leaf of a single choice: the share, in millionths, by what an expression is. Its x is nil where it does not compile.
func (c *compiler) chosen(of string, shares []ChosenFile, ofAt, at []any) (out leaf) {
	operand := c.expr(of, ofAt, rule.TextType, rule.BoolType, rule.IntType)
	if operand == nil {
		return leaf{}
	}
	named := &choice{of: operand}
	var b strings.Builder
	for i, s := range shares {
		lit, ok := literal(operand.Type(), s.Is)
		if !ok {
			c.report("assess.bad_answer", []any{s.Is, operand.Type().Msg()}, under(at, i, "is")...)
			return leaf{}
		}
		equal := fmt.Sprintf("(%s) == %s", of, lit)
		if c.expr(equal, under(at, i, "is"), rule.BoolType) == nil {
			return leaf{}
		}
		m := c.millionths(s.Share, under(at, i, "share")...)
		out.most = max(out.most, m)
		if operand.Type() == rule.BoolType {
			s.Is = lit
		}
		named.shares = append(named.shares, answered{s.Is, m})
		fmt.Fprintf(&b, "%s ? %d : ", equal, m)
	}
	if len(shares) == 0 || out.most == 0 {
		c.report("assess.no_shares", nil, at...)
		return leaf{}
	}
	out.x = c.expr(b.String()+"0", ofAt, rule.IntType)
	if operand.Type() != rule.IntType {
		out.choice = named
	}
	return out
}

func (c *compiler) choice(n int, f *ChoiceFile, at []any) {
	if l := c.chosen(f.Of, f.Shares, under(at, "of"), under(at, "shares")); l.x != nil {
		c.add(n, l)
	}
}

func (c *compiler) multi(n int, options []OptionFile, at []any) {
	sum := int64(0)
	for i, o := range options {
		m := c.millionths(o.Share, under(at, i, "share")...)
		sum += m
		if x := c.expr(o.That, under(at, i, "that"), rule.BoolType); x != nil {
			c.add(n, leaf{x: x, option: true, most: m})
		}
	}
	if sum > whole {
		c.report("assess.multi_sum", []any{money.PPM(sum).String()}, at...)
	}
}

// band is a chain of comparisons: nothing is divided, value × q is compared with over × p.
func (c *compiler) band(n int, f *BandFile, at []any) {
	value := c.expr(f.Value, under(at, "value"), numeric...)
	if value == nil {
		return
	}
	if f.Over != "" {
		if over := c.expr(f.Over, under(at, "over"), value.Type()); over == nil {
			return
		}
	}
	sign := map[string]string{"upper": "<=", "lower": "<"}[f.Closed]
	if sign == "" {
		c.report("content.one_of", []any{f.Closed, "lower, upper"}, under(at, "closed")...)
		return
	}
	var b strings.Builder
	var last *big.Rat
	most, same := int64(0), true
	parts := &bands{}
	for i, band := range f.Bands {
		here := under(at, "bands", i)
		m := c.millionths(band.Share, under(here, "share")...)
		most = max(most, m)
		parts.shares = append(parts.shares, m)
		same = same && m == parts.shares[0]
		if i == len(f.Bands)-1 {
			if band.To != "" {
				c.report("assess.band_open", nil, under(here, "to")...)
			}
			fmt.Fprintf(&b, "%d", m)
			break
		}
		edge, text, ok := c.edge(value.Type(), f, band.To)
		if !ok {
			c.report("assess.band_edge", []any{band.To}, under(here, "to")...)
			return
		}
		if last != nil && edge.Cmp(last) <= 0 {
			c.report("assess.band_order", []any{band.To}, under(here, "to")...)
		}
		last = edge
		below := fmt.Sprintf("%s %s %s", text[0], sign, text[1])
		x := c.expr(below, under(here, "to"), rule.BoolType)
		if x == nil {
			return
		}
		parts.below = append(parts.below, x)
		fmt.Fprintf(&b, "%s ? %d : ", below, m)
	}
	if len(f.Bands) < 2 || most == 0 {
		c.report("assess.no_shares", nil, under(at, "bands")...)
		return
	}
	if same {
		parts = nil
	}
	if x := c.expr(b.String(), under(at, "value"), rule.IntType); x != nil {
		c.add(n, leaf{x: x, most: most, bands: parts})
	}
}

// edge is the upper end of a band, and the two sides of the comparison with it.
func (c *compiler) edge(t rule.Type, f *BandFile, to string) (edge *big.Rat, sides [2]string, ok bool) {
	if f.Over != "" {
		rate, err := money.ParseRate(to)
		if err != nil {
			return nil, sides, false
		}
		r := rate.Rat()
		return r, [2]string{fmt.Sprintf("(%s) * %s", f.Value, r.Denom()), fmt.Sprintf("(%s) * %s", f.Over, r.Num())}, true
	}
	lit, ok := literal(t, to)
	if !ok {
		return nil, sides, false
	}
	v, err := rule.ParseValue(t, to)
	if err != nil {
		return nil, sides, false
	}
	return ratOf(v), [2]string{"(" + f.Value + ")", lit}, true
}

// grades is requirements by level.
func (c *compiler) grades(n int, f *GradesFile, at []any) {
	if c.r.Cumulative == nil {
		c.report("assess.grades_alone", nil, at...)
		return
	}
	for i, a := range f.Asks {
		here := under(at, "asks", i)
		if a.Level < 1 || a.Level > len(c.r.Levels) {
			c.report("assess.no_level", []any{a.Level, len(c.r.Levels)}, under(here, "level")...)
			continue
		}
		c.r.steps = max(c.r.steps, a.Level)
		if l := c.chosen(a.Of, f.Shares, under(here, "of"), under(at, "shares")); l.x != nil {
			l.step = a.Level - 1
			c.add(n, l)
		}
	}
	if len(f.Asks) == 0 {
		c.report("assess.no_shares", nil, under(at, "asks")...)
	}
}

func (c *compiler) benchmark(n int, f *BenchmarkFile, at []any) {
	b := &benchmark{value: c.expr(f.Value, under(at, "value"), numeric...), by: f.By, least: f.Least.Rat()}
	if f.Over != "" {
		b.over = c.expr(f.Over, under(at, "over"), numeric...)
	}
	if m := f.Most.Rat(); m.Sign() > 0 {
		b.most = m
	}
	year := 0
	for i, by := range f.By {
		if by.From <= year || by.Value.Rat().Sign() <= 0 {
			c.report("assess.benchmark", nil, under(at, "by", i)...)
		}
		year = by.From
	}
	if len(f.By) == 0 && !c.r.Refuses() {
		c.report("assess.no_shares", nil, under(at, "by")...)
	}
	if b.value == nil || f.Over != "" && b.over == nil {
		return
	}
	c.add(n, leaf{bench: b, most: -1})
}

// countables reads what is counted.
func (c *compiler) countables() {
	for i := range c.r.Counts {
		f := &c.r.Counts[i]
		c.id(f.ID, "counts", i, "id")
		c.bilingual(f.Name, "counts", i, "name")
		k := count{CountFile: f}
		for j, it := range f.Items {
			here := []any{"counts", i, "items", j}
			c.id(it.ID, under(here, "id")...)
			c.bilingual(it.Name, under(here, "name")...)
			for s, t := range it.Steps {
				c.bilingual(t, under(here, "steps", s)...)
			}
			k.of = append(k.of, c.expr(it.Of, under(here, "of"), rule.IntType))
		}
		if len(f.Items) == 0 || len(f.Items) > maxLeaves {
			c.report("assess.too_many", []any{len(f.Items), maxLeaves}, "counts", i, "items")
		}
		c.r.counts = append(c.r.counts, k)
	}
}

// others reads conditions, levels and classes.
func (c *compiler) others() {
	f := &c.r.File
	c.r.must = c.conditions(f.Must, "must")
	c.r.checks = c.conditions(f.Checks, "checks")
	if f.Review != nil {
		c.review(f.Review)
	}
	for i := range f.Adjust {
		a := &f.Adjust[i]
		c.id(a.ID, "adjust", i, "id")
		c.bilingual(a.Name, "adjust", i, "name")
		c.r.adjust = append(c.r.adjust, adjust{a, c.expr(a.Points, []any{"adjust", i, "points"}, rule.IntType, rule.DecimalType)})
	}
	if len(f.Levels) > maxLevels {
		c.report("assess.too_many", []any{len(f.Levels), maxLevels}, "levels")
	}
	seen := map[string]bool{}
	for i := range f.Levels {
		c.level(i, seen)
	}
	if f.Ranks != nil {
		c.ranks(f.Ranks)
	}
}

// review reads what rounds look at. Its ids are told apart from those of checks, as findings go by them.
func (c *compiler) review(f *ReviewFile) {
	c.r.review = c.conditions(f.That, "review", "that")
	seen := map[string]bool{}
	for _, k := range c.r.Checks {
		seen[k.ID] = true
	}
	for i, k := range f.That {
		if seen[k.ID] {
			c.report("content.code_twice", []any{k.ID}, "review", "that", i, "id")
		}
		seen[k.ID] = true
	}
	for i := range f.Compare {
		k, here := &f.Compare[i], []any{"review", "compare", i}
		switch {
		case !code.MatchString(k.ID):
			c.report("content.bad_code", []any{k.ID}, under(here, "id")...)
		case seen[k.ID]:
			c.report("content.code_twice", []any{k.ID}, under(here, "id")...)
		}
		seen[k.ID] = true
		c.bilingual(k.Name, under(here, "name")...)
		if k.Peers == "" {
			k.Peers = peerKinds[0]
		}
		if !slices.Contains(peerKinds, k.Peers) {
			c.report("content.one_of", []any{k.Peers, strings.Join(peerKinds, ", ")}, under(here, "peers")...)
		}
		if !k.Times.Said() && !k.Jump.Said() {
			c.report("assess.compare_nothing", nil, here...)
		}
		if k.Times.Said() && k.Times.Rat().Cmp(one) < 0 {
			c.report("assess.compare_least", []any{k.Times.String()}, under(here, "times")...)
		}
		if k.Jump.Said() && k.Jump.Rat().Cmp(one) <= 0 {
			c.report("assess.compare_least", []any{k.Jump.String()}, under(here, "jump")...)
		}
		x := &Comparison{CompareFile: k, value: c.expr(k.Value, under(here, "value"), numeric...)}
		if k.Over != "" && x.value != nil {
			x.over = c.expr(k.Over, under(here, "over"), x.value.Type())
		}
		c.r.compare = append(c.r.compare, x)
	}
}

// peerKinds are what peers have in common; the first where nothing is said.
var peerKinds = []string{"trade", "size", "county", "all"}

// numeric are the types of what is a number.
var numeric = []rule.Type{rule.IntType, rule.DecimalType, rule.MoneyType, rule.RateType}

func (c *compiler) level(i int, seen map[string]bool) {
	f := &c.r.Levels[i]
	l := level{LevelFile: f}
	if f.ID == "" || seen[f.ID] {
		c.report("content.code_twice", []any{f.ID}, "levels", i, "id")
	}
	seen[f.ID] = true
	c.bilingual(f.Name, "levels", i, "name")
	if f.Score.Said() {
		l.least = f.Score.Rat()
		for _, lower := range c.r.levels {
			if lower.least != nil && lower.least.Cmp(l.least) > 0 {
				c.report("assess.level_order", []any{f.Score.String()}, "levels", i, "score")
			}
		}
	}
	for j, g := range f.Gates {
		k := slices.IndexFunc(c.r.counts, func(k count) bool { return k.ID == g.Count })
		if k < 0 {
			c.report("assess.no_count", []any{g.Count}, "levels", i, "gates", j, "count")
			continue
		}
		marked := 0
		for _, it := range c.r.counts[k].Items {
			if it.Marked {
				marked++
			}
		}
		if g.Level < 1 || g.Level > maxLevels || g.Least < 1 || g.Marked < 0 || g.Least > len(c.r.counts[k].Items) || g.Marked > marked || g.Marked > g.Least {
			c.report("assess.gate", []any{g.Least, g.Marked, len(c.r.counts[k].Items), marked}, "levels", i, "gates", j)
		}
		l.gates = append(l.gates, gate{GateFile: g, count: k})
	}
	l.when = c.conditions(f.When, "levels", i, "when")
	if l.least == nil && len(l.gates) == 0 && len(l.when) == 0 && !c.r.Refuses() {
		c.report("assess.level_free", []any{f.ID}, "levels", i)
	}
	c.r.levels = append(c.r.levels, l)
}

func (c *compiler) ranks(f *RanksFile) {
	var last *big.Rat
	for i, k := range f.Classes {
		c.bilingual(k.Name, "ranks", "classes", i, "name")
		to := k.To.Rat()
		if last != nil && to.Cmp(last) <= 0 || to.Sign() <= 0 || to.Cmp(big.NewRat(1, 1)) > 0 {
			c.report("assess.class_order", []any{k.To.String()}, "ranks", "classes", i, "to")
		}
		last = to
	}
	if last == nil || last.Cmp(big.NewRat(1, 1)) != 0 {
		c.report("assess.classes_end", nil, "ranks", "classes")
	}
	c.r.apart = c.conditions(f.Apart, "ranks", "apart")
}
