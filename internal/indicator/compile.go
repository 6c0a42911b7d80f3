package indicator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Limits of what files may declare.
const (
	maxIndicators = 1_000
	maxCarry      = 5
	maxPlaces     = 4
	maxParts      = 50
)

// scale is how many parts a unit of a number, other than money, has: values are summed in millionths.
const scale = 1_000_000

// Set is the indicators of today. It never changes and may be used by many goroutines.
type Set struct {
	Files       []File
	indicators  []*Indicator
	populations map[string]*population
	choices     []Choice
	goals       []Goal
	catalogues  []Catalogue
}

// Catalogue is a catalogue that was read.
type Catalogue struct {
	CatalogueFile
	Group      *File
	Indicators []*Indicator
}

// Lacks is how many indicators the document names that are not in it.
func (c Catalogue) Lacks() int { return max(c.Size-len(c.Indicators), 0) }

// Catalogues is every catalogue, in the order of the files. Nobody may change the slice.
func (s *Set) Catalogues() []Catalogue { return s.catalogues }

// Choice is a question of definition, with its file.
type Choice struct {
	ChoiceFile
	Group string
}

// Option is an option by its code; false where there is none.
func (c Choice) Option(code string) (OptionFile, bool) {
	i := slices.IndexFunc(c.Options, func(o OptionFile) bool { return o.Code == code })
	if i < 0 {
		return OptionFile{}, false
	}
	return c.Options[i], true
}

// HasOption says that there is a choice with such an option.
func (s *Set) HasOption(choice, option string) bool {
	i := slices.IndexFunc(s.choices, func(c Choice) bool { return c.Code == choice })
	if i < 0 {
		return false
	}
	_, ok := s.choices[i].Option(option)
	return ok
}

type population struct {
	PopulationFile
	where, since *rule.Expr
	until        []ending
	when         []*rule.Expr // all of it as conditions, for whoever counts its members on a day
}

// ending is a day that ends a membership of a population.
type ending struct {
	*rule.Expr
	through bool // it is the last day of it
}

// Indicator is one that was read. It never changes.
type Indicator struct {
	ItemFile
	Group      *File
	Hash       string // of all that it is made of, in lower-case hexadecimal: SHA-256 of the texts
	Kind       string // of the subjects that it counts; "" for a composite or coverage of nothing of its own
	Grain      period.Kind
	Population string // code; "" for all subjects of the kind
	Type       rule.Type
	Confidence string
	Source     string

	who, where, value, weight, day *rule.Expr
	since                          *rule.Expr
	until                          []ending
	exprs                          []*rule.Expr // those of them that are there
	reads                          []content.FactDef
	moves                          bool // what it comes to for a subject depends on the day, not on the year alone
	uses                           []string
	fact                           content.FactDef
	cellFact                       content.FactDef
	cellsOnly                      bool // no expression reads cellFact
	wholes                         []*big.Rat
}

// Reads are the facts that it reads, of all kinds of subjects. Nobody may change the slice.
func (x *Indicator) Reads() []content.FactDef { return x.reads }

// asks says that an expression of the indicator reads a fact, not its cells alone.
func (x *Indicator) asks(def content.FactDef) bool {
	return !x.cellsOnly || def.Code != x.cellFact.Code
}

// Choices are the codes of the choices on which it depends.
func (x *Indicator) Choices() []string { return x.uses }

// Sensitive says that it reads a fact that is.
func (x *Indicator) Sensitive() bool { return slices.ContainsFunc(x.reads, content.FactDef.Sensitive) }

// LessIsBetter says that the figure should fall.
func (x *Indicator) LessIsBetter() bool { return x.Better == "less" }

// Indicators is every one, in the order of the files. Nobody may change the slice.
func (s *Set) Indicators() []*Indicator { return s.indicators }

// Choices is every choice, in the order of the files.
func (s *Set) Choices() []Choice { return s.choices }

// Population is a population by its code.
func (s *Set) Population(code string) (PopulationFile, bool) {
	p, ok := s.populations[code]
	if !ok {
		return PopulationFile{}, false
	}
	return p.PopulationFile, true
}

// Indicator is one by its code; NotFound where there is none.
func (s *Set) Indicator(code string) (*Indicator, error) {
	i := slices.IndexFunc(s.indicators, func(x *Indicator) bool { return x.Code == code })
	if i < 0 {
		return nil, errs.NotFound("indicator", code)
	}
	return s.indicators[i], nil
}

// Source is a file before it is read.
type Source struct {
	Name string
	Text []byte
}

var word = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// kinds are the subjects that can be counted.
var kinds = []string{content.Enterprise, content.Project, content.Loan, content.Lease, content.Honour}

// Compile reads files, which may use each other's populations and choices. All mistakes are told at once; with problems the Set is nil.
func Compile(lib *content.Library, sources []Source) (*Set, content.Problems) {
	c := &compiler{lib: lib, set: &Set{populations: map[string]*population{}}, envs: map[string]*rule.Env{}}
	for _, src := range sources {
		var f File
		doc, problems := content.Decode(src.Name, src.Text, &f)
		c.problems = append(c.problems, problems...)
		if len(problems) == 0 {
			c.docs = append(c.docs, doc)
			c.set.Files = append(c.set.Files, f)
		}
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	each := func(do func(f *File)) {
		for i := range c.set.Files {
			c.doc = c.docs[i]
			do(&c.set.Files[i])
		}
	}
	each(c.head)
	each(c.choices)
	each(c.populations)
	each(c.indicators)
	each(c.composites)
	each(c.catalogues)
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	c.hashes()
	return c.set, nil
}

type compiler struct {
	lib      *content.Library
	set      *Set
	docs     []*content.Document
	doc      *content.Document // of the file at hand
	envs     map[string]*rule.Env
	problems content.Problems
}

func (c *compiler) report(msg i18n.Msg, at ...any) {
	c.problems = append(c.problems, c.doc.Problem(msg, at...))
}

func (c *compiler) code(code string, taken bool, at ...any) {
	switch {
	case !word.MatchString(code):
		c.report(i18n.M("content.bad_code", code), at...)
	case taken:
		c.report(i18n.M("content.code_twice", code), at...)
	}
}

func (c *compiler) bilingual(t i18n.Text, at ...any) {
	if t.ZH == "" || t.EN == "" {
		c.report(i18n.M("content.two_languages"), at...)
	}
}

func (c *compiler) oneOf(w string, all []string, at ...any) bool {
	if slices.Contains(all, w) {
		return true
	}
	c.report(i18n.M("content.one_of", w, strings.Join(all, ", ")), at...)
	return false
}

var confidences = []string{content.Verified, content.Secondary, content.Unverified}

func (c *compiler) head(f *File) {
	same := 0
	for i := range c.set.Files {
		if c.set.Files[i].Group == f.Group {
			same++
		}
	}
	c.code(f.Group, same > 1, "group")
	c.bilingual(f.Title, "title")
	c.oneOf(f.Confidence, confidences, "confidence")
}

func (c *compiler) choices(f *File) {
	for i, k := range f.Choices {
		c.code(k.Code, slices.ContainsFunc(c.set.choices, func(o Choice) bool { return o.Code == k.Code }), "choices", i, "code")
		c.bilingual(k.Name, "choices", i, "name")
		var codes []string
		for j, o := range k.Options {
			c.code(o.Code, slices.Contains(codes, o.Code), "choices", i, "options", j, "code")
			c.bilingual(o.Name, "choices", i, "options", j, "name")
			codes = append(codes, o.Code)
		}
		c.oneOf(k.Default, codes, "choices", i, "default")
		c.set.choices = append(c.set.choices, Choice{k, f.Group})
	}
}

// PeriodFirst is the first day of the period, as expressions write it. The last one is event.
const PeriodFirst = "period.first"

// env is what expressions about a kind may read.
func (c *compiler) env(kind string) *rule.Env {
	if e, ok := c.envs[kind]; ok {
		return e
	}
	d := rule.Declarations{
		Settings: map[string][]string{},
		Given:    map[string]rule.Given{PeriodFirst: {Type: rule.DayType, Name: i18n.Text{ZH: "期间首日", EN: "First day of the period"}}},
	}
	for _, k := range c.set.choices {
		var codes []string
		for _, o := range k.Options {
			codes = append(codes, o.Code)
		}
		d.Settings[k.Code] = codes
	}
	if kind == content.Enterprise {
		d.Aggregates = c.counts()
	}
	e, err := rule.NewEnv(c.lib, kind, d)
	if err != nil {
		c.report(i18n.M("indicator.internal", err.Error()))
	}
	c.envs[kind] = e
	return e
}

// counts are the aggregates that conditions of enterprises may ask: agg.project_accepted is how many of its projects are in the
// population project_accepted, agg.has_project_accepted whether any is, and so on for every population of what belongs to an enterprise. The
// second is known as soon as one is, whatever is not known of the others.
func (c *compiler) counts() []*rule.Aggregate {
	var all []*rule.Aggregate
	for _, f := range c.set.Files {
		for _, p := range f.Populations {
			have := c.set.populations[p.Code]
			if have == nil || len(have.when) == 0 || p.Of == content.Enterprise {
				continue
			}
			all = append(all,
				&rule.Aggregate{ID: p.Code, Name: p.Name, From: content.Enterprise, Over: p.Of, Op: rule.Count, When: have.when},
				&rule.Aggregate{ID: "has_" + p.Code, Name: p.Name, From: content.Enterprise, Over: p.Of, Op: rule.Any, Of: have.when[0], When: have.when[1:]},
			)
		}
	}
	return all
}

// conditions are all that a member of an aggregate of counts is asked.
func conditions(a *rule.Aggregate) []*rule.Expr {
	if a.Of == nil {
		return a.When
	}
	return append([]*rule.Expr{a.Of}, a.When...)
}

// CheckCondition tells what is wrong with a condition about subjects of a kind that stands at a path of another file.
func CheckCondition(lib *content.Library, kind, src string, doc *content.Document, at ...any) content.Problems {
	c := &compiler{lib: lib, set: &Set{populations: map[string]*population{}}, envs: map[string]*rule.Env{}, doc: doc}
	c.expr(kind, src, at, rule.BoolType)
	return c.problems
}

func (c *compiler) expr(kind, src string, at []any, want ...rule.Type) *rule.Expr {
	env := c.env(kind)
	if env == nil {
		return nil
	}
	line, col := c.doc.At(at...)
	x, problems := env.Compile(src, rule.Position{File: c.doc.File, Source: c.doc.Source, Line: line, Col: col}, want...)
	c.problems = append(c.problems, problems...)
	if len(problems) > 0 {
		return nil
	}
	return x
}

// populations reads those of what belongs to enterprises first: those of enterprises may count them.
func (c *compiler) populations(f *File) {
	for i, p := range f.Populations {
		_, taken := c.set.populations[p.Code]
		c.code(p.Code, taken, "populations", i, "code")
		c.bilingual(p.Name, "populations", i, "name")
		if c.oneOf(p.Of, kinds, "populations", i, "of") {
			c.set.populations[p.Code] = &population{PopulationFile: p}
		}
	}
	if f != &c.set.Files[len(c.set.Files)-1] {
		return
	}
	for _, own := range []bool{false, true} {
		for n := range c.set.Files {
			c.doc = c.docs[n]
			for i, p := range c.set.Files[n].Populations {
				if have := c.set.populations[p.Code]; have != nil && (p.Of == content.Enterprise) == own {
					have.where = c.expr(p.Of, p.Where, []any{"populations", i, "where"}, rule.BoolType)
					if p.Since != "" {
						have.since = c.expr(p.Of, p.Since, []any{"populations", i, "since"}, rule.DayType)
					}
					for _, end := range p.ends(i) {
						if e := c.expr(p.Of, end.fact, end.at, rule.DayType); e != nil {
							have.until = append(have.until, ending{e, end.through})
						}
					}
					have.when = c.when(p, i, have)
				}
			}
		}
	}
}

// end is a fact that ends a membership, and where it is written.
type end struct {
	fact    string
	through bool
	at      []any
}

// ends are those of the population that stands at a number of its file.
func (p PopulationFile) ends(i int) (all []end) {
	for j, f := range p.Until {
		all = append(all, end{f, false, []any{"populations", i, "until", j}})
	}
	for j, f := range p.Through {
		all = append(all, end{f, true, []any{"populations", i, "through", j}})
	}
	return all
}

// when is a population on a day as conditions: which it is, that it has begun and that it has not ended.
func (c *compiler) when(p PopulationFile, i int, have *population) []*rule.Expr {
	all := []*rule.Expr{have.where}
	if have.since != nil {
		all = append(all, c.expr(p.Of, "("+p.Since+") <= event", []any{"populations", i, "since"}, rule.BoolType))
	}
	for _, end := range p.ends(i) {
		over := map[bool]string{false: " > event", true: " >= event"}[end.through]
		all = append(all, c.expr(p.Of, "!known("+end.fact+") || none("+end.fact+") || "+end.fact+over, end.at, rule.BoolType))
	}
	if slices.Contains(all, nil) {
		return nil // told already
	}
	return all
}

// ways are how figures of each measure may be put together. A sum of year-end levels is not among them.
var ways = map[Measure]struct{ space, time []string }{
	Stock:     {[]string{"sum"}, []string{"last"}},
	Flow:      {[]string{"sum"}, []string{"sum"}},
	Share:     {[]string{"ratio"}, []string{"last"}},
	Level:     {[]string{"ratio"}, []string{"last"}},
	Coverage:  {[]string{"none"}, []string{"last"}},
	Given:     {[]string{"sum", "none"}, []string{"last", "sum"}},
	Composite: {[]string{"none"}, []string{"last"}},
}

func (c *compiler) indicators(f *File) {
	for i, it := range f.Indicators {
		at := func(keys ...any) []any { return append([]any{"indicators", i}, keys...) }
		before := len(c.problems)
		taken := slices.ContainsFunc(c.set.indicators, func(o *Indicator) bool { return o.Code == it.Code })
		c.code(it.Code, taken, at("code")...)
		c.bilingual(it.Name, at("name")...)
		if it.Help != nil {
			c.bilingual(*it.Help, at("help")...)
		}
		if it.Version == "" {
			c.report(i18n.M("indicator.version"), at("version")...)
		}
		x := &Indicator{ItemFile: it, Group: f, Confidence: it.Confidence, Source: it.Source}
		if x.Confidence == "" {
			x.Confidence = f.Confidence
		}
		if x.Source == "" {
			x.Source = f.Source
		}
		c.oneOf(x.Confidence, confidences, at("confidence")...)
		if it.Better != "" {
			c.oneOf(it.Better, []string{"more", "less"}, at("better")...)
		}
		if it.Carry < 0 || it.Carry > maxCarry {
			c.report(i18n.M("indicator.range", "carry", 0, maxCarry), at("carry")...)
		}
		if it.Places < 0 || it.Places > maxPlaces {
			c.report(i18n.M("indicator.range", "places", 0, maxPlaces), at("places")...)
		}
		may, ok := ways[it.Measure]
		if !ok {
			c.report(i18n.M("content.one_of", string(it.Measure), "stock, flow, share, level, coverage, given, composite"), at("measure")...)
			continue
		}
		if !slices.Contains(may.space, it.Over.Space) {
			c.report(i18n.M("indicator.over_space", string(it.Measure), it.Over.Space, strings.Join(may.space, ", ")), at("over", "space")...)
		}
		if !slices.Contains(may.time, it.Over.Time) {
			c.report(i18n.M("indicator.over_time", string(it.Measure), it.Over.Time, strings.Join(may.time, ", ")), at("over", "time")...)
		}
		c.keys(x, at)
		switch it.Measure {
		case Given:
			c.given(x, at)
		case Composite:
		default:
			c.counted(x, at)
		}
		if x.Measure != Composite && len(c.problems) == before && !x.fits(c.lib) {
			c.report(i18n.M("indicator.unit", x.Unit, x.Type.Msg()), at("unit")...)
		}
		if def, ok := c.lib.FactDef(cmp.Or(x.ItemFile.Value, x.Fact)); ok && !x.keeps(c.lib, def) {
			c.report(i18n.M("indicator.unit_of_fact", x.Unit, def.Name, def.Unit), at("unit")...)
		}
		c.set.indicators = append(c.set.indicators, x)
	}
	if n := len(c.set.indicators); n > maxIndicators {
		c.report(i18n.M("indicator.too_many", n, maxIndicators), "indicators")
	}
}

// keeps says that figures which are a fact added up are shown in the unit in which it is stated: nothing turns kWh into ten thousand of them. An
// amount is written in any unit of money.
func (x *Indicator) keeps(lib *content.Library, def content.FactDef) bool {
	if x.Unit == "" || def.Unit == "" || x.Type == rule.MoneyType || x.Type == rule.RateType {
		return true
	}
	factor, ok := lib.UnitFactor(def, x.Unit)
	return ok && factor.Rat().Cmp(big.NewRat(1, 1)) == 0
}

// keys refuses what a measure has no use for.
func (c *compiler) keys(x *Indicator, at func(...any) []any) {
	counted := []Measure{Stock, Flow, Share, Level, Coverage}
	for _, k := range []struct {
		key   string
		there bool
		of    []Measure
		must  bool
	}{
		{"population", x.ItemFile.Population != "", counted, false},
		{"of", x.Of != "", counted, false},
		{"where", x.Where != "", counted, x.Measure == Share},
		{"value", x.Value != "", []Measure{Stock, Flow, Level}, x.Measure == Level},
		{"weight", x.Weight != "", []Measure{Share, Level}, false},
		{"day", x.Day != "", []Measure{Stock, Flow}, false},
		{"carry", x.Carry != 0, append(slices.Clone(counted), Given), false},
		{"fact", x.Fact != "", []Measure{Given}, x.Measure == Given},
		{"cells", x.Cells != nil, []Measure{Coverage}, x.Measure == Coverage},
		{"parts", len(x.Parts) > 0, []Measure{Composite}, x.Measure == Composite},
	} {
		switch {
		case k.there && !slices.Contains(k.of, x.Measure):
			c.report(i18n.M("indicator.no_use", k.key, string(x.Measure)), at(k.key)...)
		case !k.there && k.must:
			c.report(i18n.M("indicator.needs", k.key, string(x.Measure)), at()...)
		}
	}
}

// numbers are what can be summed; a money value makes the figure an amount.
var numbers = []rule.Type{rule.IntType, rule.DecimalType, rule.MoneyType}

func (c *compiler) counted(x *Indicator, at func(...any) []any) {
	x.Kind, x.Population = x.Of, x.ItemFile.Population
	if x.Population != "" {
		p, ok := c.set.populations[x.Population]
		if !ok {
			c.report(i18n.M("indicator.no_population", x.Population), at("population")...)
			return
		}
		if x.Of != "" && x.Of != p.Of {
			c.report(i18n.M("indicator.other_kind", x.Of, x.Population, p.Of), at("of")...)
		}
		x.Kind, x.who, x.since, x.until = p.Of, p.where, p.since, p.until
	}
	if x.Kind == "" {
		c.report(i18n.M("indicator.of_whom"), at()...)
		return
	}
	if !c.oneOf(x.Kind, kinds, at("of")...) {
		return
	}
	read := func(src, key string, want ...rule.Type) *rule.Expr {
		if src == "" {
			return nil
		}
		return c.expr(x.Kind, src, at(key), want...)
	}
	x.where = read(x.Where, "where", rule.BoolType)
	x.value = read(x.Value, "value", append(slices.Clone(numbers), rule.RateType)...)
	x.weight = read(x.Weight, "weight", numbers...)
	x.day = read(x.Day, "day", rule.DayType)
	x.Type = rule.IntType
	if x.value != nil {
		x.Type = x.value.Type()
	}
	if x.Measure == Share {
		x.Type = rule.RateType
	}
	if x.Type == rule.RateType && (x.Measure == Stock || x.Measure == Flow) {
		c.report(i18n.M("indicator.sum_of_rates"), at("value")...)
	}
	list := []*rule.Expr{x.who, x.where, x.value, x.weight, x.day, x.since}
	for _, e := range x.until {
		list = append(list, e.Expr)
	}
	for _, e := range list {
		if e == nil {
			continue
		}
		x.exprs = append(x.exprs, e)
		c.notes(x, e)
	}
	c.grain(x)
	if x.Measure == Flow && x.Grain == period.Year && c.statesOnly(x) {
		c.report(i18n.M("indicator.flow_undated"), at()...)
	}
	if k := x.Cells; k != nil {
		c.cells(x, at)
	}
}

// notes gathers what an expression reads, through aggregates too.
func (c *compiler) notes(x *Indicator, e *rule.Expr) {
	walk(e.Tree(), func(in *rule.Input) {
		switch in.Origin() {
		case rule.FromFact:
			if def := in.Def(); !slices.ContainsFunc(x.reads, func(d content.FactDef) bool { return d.Code == def.Code }) {
				x.reads = append(x.reads, def)
			}
			x.moves = x.moves || !steady(in.Def().Period)
		case rule.FromMembership, rule.FromEvent, rule.FromGiven, rule.FromAsOf:
			x.moves = true
		case rule.FromSetting:
			if !slices.Contains(x.uses, in.Short()) {
				x.uses = append(x.uses, in.Short())
			}
		case rule.FromAggregate:
			for _, when := range conditions(in.Aggregate()) {
				c.notes(x, when)
			}
		}
	})
}

// steady says that a fact of a period of this length is the same through a year.
func steady(k period.Kind) bool { return k == period.Year || k == period.Always || k == "" }

func walk(t *rule.Tree, told func(*rule.Input)) {
	if t.Input != nil {
		told(t.Input)
	}
	for _, a := range t.Args {
		walk(a, told)
	}
}

// grain says for how short a period the indicator can be told.
func (c *compiler) grain(x *Indicator) {
	x.Grain = period.Year
	if x.day != nil {
		x.Grain = period.DayKind
		return
	}
	for _, d := range x.reads {
		if !steady(d.Period) {
			x.Grain = period.Month
		}
	}
}

// statesOnly says that nothing of what a flow reads happens within a time: a count of states is no flow.
func (c *compiler) statesOnly(x *Indicator) bool {
	return !slices.ContainsFunc(x.reads, func(d content.FactDef) bool { return d.Flow == content.Flow })
}

func (c *compiler) cells(x *Indicator, at func(...any) []any) {
	k := x.Cells
	if k.Areas == "" && k.By == "" {
		c.report(i18n.M("indicator.cells"), at("cells")...)
	}
	if k.Areas != "" {
		c.oneOf(k.Areas, []string{content.City, content.County}, at("cells", "areas")...)
	}
	if k.Least < 0 {
		c.report(i18n.M("indicator.range", "least", 1, 1_000_000), at("cells", "least")...)
	}
	if k.By == "" {
		return
	}
	def, ok := c.lib.FactDef(k.By)
	if !ok || def.Type != content.Code || !rule.Reaches(x.Kind, def.Subject) || !steady(def.Period) {
		c.report(i18n.M("indicator.cells_by", k.By), at("cells", "by")...)
		return
	}
	x.cellFact = def
	if !slices.ContainsFunc(x.reads, func(d content.FactDef) bool { return d.Code == def.Code }) {
		x.reads = append(x.reads, def)
		x.cellsOnly = true
	}
}

func (c *compiler) given(x *Indicator, at func(...any) []any) {
	if x.Fact == "" {
		return
	}
	def, ok := c.lib.FactDef(x.Fact)
	if !ok || def.Subject != content.Area || !slices.Contains([]content.Type{content.Int, content.Decimal, content.Money, content.Rate}, def.Type) {
		c.report(i18n.M("indicator.given_fact", x.Fact), at("fact")...)
		return
	}
	x.Kind, x.fact, x.reads, x.Type = content.Area, def, []content.FactDef{def}, rule.TypeOf(def.Type)
	x.Grain = def.Period
	if (def.Type == content.Rate) && x.Over.Space == "sum" {
		c.report(i18n.M("indicator.sum_of_rates"), at("over", "space")...)
	}
	if want := map[bool]string{true: "sum", false: "last"}[def.Flow == content.Flow]; x.Over.Time != want {
		c.report(i18n.M("indicator.over_time", "given "+string(def.Flow), x.Over.Time, want), at("over", "time")...)
	}
}

// composites checks the parts of indices, once all indicators are known.
func (c *compiler) composites(f *File) {
	for i, it := range f.Indicators {
		if it.Measure != Composite {
			continue
		}
		at := func(keys ...any) []any { return append([]any{"indicators", i}, keys...) }
		x, err := c.set.Indicator(it.Code)
		if err != nil {
			continue // told already
		}
		sum := 0
		x.Type, x.Grain = rule.DecimalType, period.DayKind
		for j, p := range it.Parts {
			sum += p.Weight
			of, err := c.set.Indicator(p.Indicator)
			switch {
			case err != nil || of.Measure == Composite:
				c.report(i18n.M("indicator.part", p.Indicator), at("parts", j, "indicator")...)
				continue
			case of.Grain == period.Year:
				x.Grain = period.Year
			case of.Grain == period.Month && x.Grain == period.DayKind:
				x.Grain = period.Month
			}
			whole, err := rule.ParseValue(of.Type, p.Whole)
			if err != nil || ratOf(whole).Sign() <= 0 {
				c.report(i18n.M("indicator.whole", p.Whole, of.Type.Msg()), at("parts", j, "whole")...)
				continue
			}
			x.wholes = append(x.wholes, ratOf(whole))
			x.reads = append(x.reads, of.reads...)
			x.uses = append(x.uses, of.uses...)
		}
		slices.Sort(x.uses)
		x.uses = slices.Compact(x.uses)
		if sum != 100 || len(it.Parts) > maxParts {
			c.report(i18n.M("indicator.weights", sum), at("parts")...)
		}
	}
}

// catalogues checks which indicators are gathered, once all are known. Those of a catalogue can be told for each code of its list.
func (c *compiler) catalogues(f *File) {
	for i, k := range f.Catalogues {
		at := func(keys ...any) []any { return append([]any{"catalogues", i}, keys...) }
		c.code(k.Code, slices.ContainsFunc(c.set.catalogues, func(o Catalogue) bool { return o.Code == k.Code }), at("code")...)
		c.bilingual(k.Name, at("name")...)
		if k.Help != nil {
			c.bilingual(*k.Help, at("help")...)
		}
		def, ok := c.lib.FactDef(k.By)
		if !ok || def.Type != content.Code || def.Subject != content.Enterprise || !steady(def.Period) {
			c.report(i18n.M("indicator.cells_by", k.By), at("by")...)
		}
		if k.Size < 0 || k.Size > maxIndicators {
			c.report(i18n.M("indicator.range", "size", 0, maxIndicators), at("size")...)
		}
		out := Catalogue{CatalogueFile: k, Group: f}
		for j, code := range k.Indicators {
			x, err := c.set.Indicator(code)
			switch {
			case err != nil:
				c.report(i18n.M("indicator.no_indicator", code), at("indicators", j)...)
			case slices.Contains(out.Indicators, x):
				c.report(i18n.M("content.code_twice", code), at("indicators", j)...)
			case x.Measure == Given || x.Measure == Composite || x.Measure == Coverage:
				c.report(i18n.M("indicator.catalogue", code), at("indicators", j)...)
			default:
				out.Indicators = append(out.Indicators, x)
			}
		}
		c.set.catalogues = append(c.set.catalogues, out)
	}
}

// ratOf is a number as a Figure has it: an amount in fen.
func ratOf(v rule.Value) *big.Rat {
	switch v.Type() {
	case rule.MoneyType:
		return big.NewRat(int64(v.Fen()), 1)
	case rule.IntType:
		return big.NewRat(v.Int(), 1)
	case rule.DecimalType:
		return big.NewRat(v.Millionths(), scale)
	default:
		return v.Rate().Rat()
	}
}

// hashes tells what each indicator is made of: its own text, its population's and those of its parts.
func (c *compiler) hashes() {
	for _, composite := range []bool{false, true} {
		for _, x := range c.set.indicators {
			if (x.Measure == Composite) != composite {
				continue
			}
			h := sha256.New()
			say := func(parts ...string) {
				for _, p := range parts {
					h.Write([]byte(p))
					h.Write([]byte{0})
				}
			}
			say(x.Code, x.Version, string(x.Measure), x.Kind, x.Where, x.Value, x.Weight, x.Day, x.Fact, x.Over.Space, x.Over.Time, string(rune('0'+x.Carry)))
			if p := c.set.populations[x.Population]; p != nil {
				say(p.Code, p.Where, p.Since)
				say(p.Until...)
				say(p.Through...)
			}
			for _, e := range x.exprs {
				walk(e.Tree(), func(in *rule.Input) {
					if a := in.Aggregate(); a != nil {
						for _, when := range conditions(a) {
							say(a.ID, when.Source())
						}
					}
				})
			}
			if k := x.Cells; k != nil {
				say(k.Areas, k.By, string(rune('0'+k.Least)))
			}
			for _, p := range x.Parts {
				of, _ := c.set.Indicator(p.Indicator)
				say(of.Hash, p.Whole, string(rune(p.Weight)))
			}
			x.Hash = hex.EncodeToString(h.Sum(nil))
		}
	}
}
