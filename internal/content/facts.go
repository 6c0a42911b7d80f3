package content

import (
	"fmt"
	"io/fs"
	"math/big"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// factFile is facts/*.yaml: the definitions of one kind of subject. Source, Confidence and Class stand for those that a
// definition leaves out.
type factFile struct {
	Subject    string     `yaml:"subject"`
	Source     string     `yaml:"source"`
	Confidence string     `yaml:"confidence"`
	Class      string     `yaml:"class,omitempty"`
	Facts      []factItem `yaml:"facts"`
}

type factItem struct {
	Code        string    `yaml:"code"`
	Name        i18n.Text `yaml:"name"`
	Help        i18n.Text `yaml:"help,omitempty"`
	Aliases     []string  `yaml:"aliases,omitempty"`
	Type        string    `yaml:"type"`
	Unit        string    `yaml:"unit,omitempty"`
	Flow        string    `yaml:"flow"`
	Period      string    `yaml:"period"`
	Min         string    `yaml:"min,omitempty"`
	Max         string    `yaml:"max,omitempty"`
	Codes       string    `yaml:"codes,omitempty"`
	Authority   []string  `yaml:"authority"`
	Sensitivity string    `yaml:"sensitivity"`
	Class       string    `yaml:"class,omitempty"`
	Ground      string    `yaml:"ground,omitempty"`
	Purpose     i18n.Text `yaml:"purpose,omitempty"`
	Keep        Keep      `yaml:"keep,omitempty"`
	Source      string    `yaml:"source,omitempty"`
	Cite        string    `yaml:"cite,omitempty"`
	Confidence  string    `yaml:"confidence,omitempty"`
	Tolerance   string    `yaml:"tolerance,omitempty"`
}

// prefixes is what codes of definitions begin with, by kind of subject.
var prefixes = map[string]string{
	Enterprise: "ent", Project: "project", Loan: "loan", Lease: "lease", Honour: "honour", Area: "area",
}

const (
	typeWords        = "money, rate, int, decimal, bool, date, text, code"
	flowWords        = "stock, flow, state"
	periodWords      = "always, year, half, quarter, month, day"
	sensitivityWords = "public, internal, confidential, personal"
	confidenceWords  = "verified, secondary, unverified"
)

func oneOf(word, words string) bool { return slices.Contains(strings.Split(words, ", "), word) }

// readFacts reads the definitions; code lists, authorities and units have been read before.
func (l *loader) readFacts() {
	for _, file := range l.files("facts") {
		var f factFile
		doc, ok := l.decode(file, &f)
		if !ok {
			continue
		}
		prefix, known := prefixes[f.Subject]
		if !known {
			l.report(doc, i18n.M("content.one_of", f.Subject, "enterprise, project, loan, lease, honour, area"), "subject")
			continue
		}
		l.word(doc, f.Confidence, confidenceWords, "confidence")
		for i, item := range f.Facts {
			l.addFact(doc, i, f, prefix, item)
		}
	}
}

func (l *loader) addFact(doc *Document, i int, f factFile, prefix string, item factItem) {
	at := func(keys ...any) []any { return append([]any{"facts", i}, keys...) }
	before := len(l.problems)
	if !strings.HasPrefix(item.Code, prefix+".") || !isCode(item.Code[len(prefix)+1:]) {
		l.report(doc, i18n.M("content.fact_code", item.Code, prefix), at("code")...)
	}
	if _, twice := l.lib.factIndex[item.Code]; twice {
		l.report(doc, i18n.M("content.code_twice", item.Code), at("code")...)
	}
	l.bilingual(doc, item.Name, at("name")...)
	l.word(doc, item.Type, typeWords, at("type")...)
	l.word(doc, item.Flow, flowWords, at("flow")...)
	l.word(doc, item.Period, periodWords, at("period")...)
	l.word(doc, item.Sensitivity, sensitivityWords, at("sensitivity")...)
	def := FactDef{
		Code: item.Code, Subject: f.Subject, Name: item.Name, Help: item.Help, Aliases: item.Aliases, Type: Type(item.Type),
		Unit: item.Unit, Flow: item.Flow, Period: period.Kind(item.Period), Codes: item.Codes, Authority: item.Authority,
		Sensitivity: item.Sensitivity, Source: item.Source, Cite: item.Cite, Confidence: item.Confidence,
	}
	if def.Source == "" {
		def.Source = f.Source
	}
	if def.Confidence == "" {
		def.Confidence = f.Confidence
	}
	l.word(doc, def.Confidence, confidenceWords, at("confidence")...)
	l.sorted(doc, &def, f.Class, item, at)
	if def.Flow == Flow && def.Period == period.Always {
		l.report(doc, i18n.M("content.flow_always"), at("period")...)
	}
	l.unit(doc, def, at)
	l.codes(doc, def, at)
	for j, a := range item.Authority {
		if !slices.ContainsFunc(l.lib.authorities, func(k Authority) bool { return k.Code == a }) {
			l.report(doc, i18n.M("content.no_authority", a), at("authority", j)...)
		}
	}
	def.Min = l.bound(doc, def, item.Min, at("min")...)
	def.Max = l.bound(doc, def, item.Max, at("max")...)
	if def.Min != nil && def.Max != nil && *def.Min > *def.Max {
		l.report(doc, i18n.M("content.min_over_max", item.Min, item.Max), at("min")...)
	}
	if item.Tolerance != "" {
		rate, err := money.ParseRate(item.Tolerance)
		if err != nil || rate.Rat().Sign() < 0 {
			l.report(doc, i18n.M("content.bad_rate", item.Tolerance), at("tolerance")...)
		}
		def.Tolerance = rate
	}
	if len(l.problems) > before {
		return
	}
	l.lib.factIndex[def.Code] = len(l.lib.facts)
	l.lib.facts = append(l.lib.facts, def)
	words := append([]string{def.Name.ZH, def.Name.EN}, def.Aliases...)
	l.addTerm(doc, Term{Role: def.Code, Place: Header, Name: def.Name, Words: words}, at("aliases"))
}

// unit checks that a unit is one that values of the type can be converted from.
func (l *loader) unit(doc *Document, def FactDef, at func(...any) []any) {
	switch def.Type {
	case Money:
		if _, ok := money.UnitOf(def.Unit); !ok {
			l.report(doc, i18n.M("content.money_unit", def.Unit), at("unit")...)
		}
	case Int, Decimal:
		if _, ok := l.lib.units[Fold(def.Unit)]; def.Unit != "" && !ok {
			l.report(doc, i18n.M("content.no_unit", def.Unit), at("unit")...)
		}
	default:
		if def.Unit != "" {
			l.report(doc, i18n.M("content.needless_unit", string(def.Type)), at("unit")...)
		}
	}
}

func (l *loader) codes(doc *Document, def FactDef, at func(...any) []any) {
	_, known := l.lib.codes[def.Codes]
	switch {
	case def.Type == Code && !known:
		l.report(doc, i18n.M("content.no_code_list", def.Codes), at("codes")...)
	case def.Type != Code && def.Codes != "":
		l.report(doc, i18n.M("content.needless_codes", string(def.Type)), at("codes")...)
	}
}

// bound reads a bound on the scale of the definition's type.
func (l *loader) bound(doc *Document, def FactDef, s string, at ...any) *int64 {
	if s == "" {
		return nil
	}
	n, err := parseScaled(def.Type, s)
	if err != nil {
		l.report(doc, i18n.M("content.bad_bound", s, string(def.Type)), at...)
		return nil
	}
	return &n
}

// parseScaled reads a value as content writes it, such as "500万元", "100%" or "2022-01-28", on the scale of its type.
func parseScaled(t Type, s string) (int64, error) {
	switch t {
	case Money:
		fen, err := money.Parse(s)
		return int64(fen), err
	case Rate:
		rate, err := money.ParseRate(s)
		if err != nil {
			return 0, err
		}
		return millionths(rate.Rat())
	case Decimal:
		r, ok := new(big.Rat).SetString(s)
		if !ok || strings.ContainsAny(s, "eE/_xX") || len(s) > 40 {
			return 0, fmt.Errorf("decimal %q", s)
		}
		return millionths(r)
	case Int:
		return strconv.ParseInt(s, 10, 64)
	case Date:
		d, err := period.ParseDay(s)
		return int64(d), err
	}
	return 0, fmt.Errorf("values of type %s have no bounds", t)
}

func millionths(r *big.Rat) (int64, error) {
	r.Mul(r, big.NewRat(1_000_000, 1))
	if !r.IsInt() || !r.Num().IsInt64() {
		return 0, fmt.Errorf("%s is not a whole number of millionths", r.RatString())
	}
	return r.Num().Int64(), nil
}

// isCode accepts lower-case words with underscores.
func isCode(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" && s[0] >= 'a' && s[0] <= 'z'
}

// targetFile is targets/*.yaml.
type targetFile struct {
	Code       string       `yaml:"code"`
	Title      i18n.Text    `yaml:"title"`
	Document   string       `yaml:"document"`
	Issuer     string       `yaml:"issuer"`
	Area       string       `yaml:"area"`
	Issued     *period.Day  `yaml:"issued,omitempty"`
	From       period.Day   `yaml:"from"`
	To         period.Day   `yaml:"to"`
	Confidence string       `yaml:"confidence"`
	Targets    []targetItem `yaml:"targets"`
}

type targetItem struct {
	ID         string      `yaml:"id"`
	Name       i18n.Text   `yaml:"name"`
	Compare    string      `yaml:"compare"`
	Value      string      `yaml:"value,omitempty"`
	UpTo       string      `yaml:"up_to,omitempty"`
	Unit       string      `yaml:"unit,omitempty"`
	Stated     string      `yaml:"stated,omitempty"`
	Change     string      `yaml:"change,omitempty"`
	Span       string      `yaml:"span"`
	By         *period.Day `yaml:"by,omitempty"`
	Indicator  string      `yaml:"indicator,omitempty"`
	Than       string      `yaml:"than,omitempty"`
	Cite       string      `yaml:"cite,omitempty"`
	Confidence string      `yaml:"confidence,omitempty"`
	Quote      string      `yaml:"quote"`
}

// maxQuote is how many characters of an official text may stand in content, to mark the place.
const maxQuote = 30

func (l *loader) readTargets() {
	for _, file := range l.files("targets") {
		var f targetFile
		doc, ok := l.decode(file, &f)
		if !ok {
			continue
		}
		l.bilingual(doc, f.Title, "title")
		l.word(doc, f.Confidence, confidenceWords, "confidence")
		if _, ok := l.lib.areas.Node(f.Area); !ok {
			l.report(doc, i18n.M("content.no_node", f.Area), "area")
		}
		if f.To < f.From {
			l.report(doc, i18n.M("content.min_over_max", f.From.String(), f.To.String()), "from")
		}
		plan := TargetPlan{
			Code: f.Code, Title: f.Title, Document: f.Document, Issuer: f.Issuer, Area: f.Area, Issued: f.Issued, From: f.From,
			To: f.To, Confidence: f.Confidence, doc: doc,
		}
		if slices.ContainsFunc(l.lib.targets, func(have TargetPlan) bool { return have.Code == f.Code }) {
			l.report(doc, i18n.M("content.code_twice", f.Code), "code")
		}
		for i, t := range f.Targets {
			l.target(doc, i, t)
			if slices.ContainsFunc(plan.Targets, func(have Target) bool { return have.ID == t.ID }) {
				l.report(doc, i18n.M("content.code_twice", t.ID), "targets", i, "id")
			}
			if t.Confidence == "" {
				t.Confidence = f.Confidence
			}
			plan.Targets = append(plan.Targets, Target(t))
		}
		l.lib.targets = append(l.lib.targets, plan)
	}
}

func (l *loader) target(doc *Document, i int, t targetItem) {
	at := func(key string) []any { return []any{"targets", i, key} }
	l.bilingual(doc, t.Name, at("name")...)
	l.word(doc, t.Compare, "at_least, over, about, range, relation, words", at("compare")...)
	l.word(doc, t.Span, "by, each_year, in_period", at("span")...)
	if t.Change != "" {
		l.word(doc, t.Change, "increase, growth", at("change")...)
	}
	if t.Confidence != "" {
		l.word(doc, t.Confidence, confidenceWords, at("confidence")...)
	}
	for _, n := range []struct{ key, value string }{{"value", t.Value}, {"up_to", t.UpTo}} {
		if n.value == "" {
			continue
		}
		if _, err := parseScaled(Decimal, n.value); err != nil {
			l.report(doc, i18n.M("content.bad_bound", n.value, string(Decimal)), at(n.key)...)
		}
	}
	if (t.Value == "") != (t.Compare == Relation || t.Compare == Words) {
		l.report(doc, i18n.M("content.target_value"), at("value")...)
	}
	if (t.UpTo == "") != (t.Compare != Range) {
		l.report(doc, i18n.M("content.target_range"), at("up_to")...)
	}
	if (t.Than == "") != (t.Compare != Relation) {
		l.report(doc, i18n.M("content.target_than"), at("than")...)
	}
	if (t.By != nil) != (t.Span == ByDay) {
		l.report(doc, i18n.M("content.target_by"), at("by")...)
	}
	if n := utf8.RuneCountInString(t.Quote); n > maxQuote {
		l.report(doc, i18n.M("content.long_quote", n, maxQuote), at("quote")...)
	}
}

// files is the YAML files of a folder, by name.
func (l *loader) files(dir string) []string {
	entries, err := fs.ReadDir(l.fsys, dir)
	if err != nil {
		l.problems = append(l.problems, fileProblem(dir, err))
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".yaml") {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names
}
