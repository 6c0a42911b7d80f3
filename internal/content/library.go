package content

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Type is what values of a fact are.
type Type string

// The types, and the scale of the whole number that stands for a value: Money in fen, Rate in parts per million,
// Decimal in millionths, Int as itself, Bool 0 or 1, Date in days since 1970-01-01. Text and Code are text.
const (
	Money   Type = "money"
	Rate    Type = "rate"
	Int     Type = "int"
	Decimal Type = "decimal"
	Bool    Type = "bool"
	Date    Type = "date"
	Text    Type = "text"
	Code    Type = "code"
)

// IsText says that values are text, not numbers.
func (t Type) IsText() bool { return t == Text || t == Code }

// How a figure behaves over time (FactDef.Flow). A stock is read on a day and never added over time; a flow belongs to a
// span and may be added over spans that follow each other; a state is a property.
const (
	Stock = "stock"
	Flow  = "flow"
	State = "state"
)

// How sure we are of a definition, a place or a figure (Confidence fields). Verified: read in the cited document, or
// agreed by independent transcriptions of it. Secondary: one transcription or report. Unverified: our own reading.
const (
	Verified   = "verified"
	Secondary  = "secondary"
	Unverified = "unverified"
)

// Kinds of subject (FactDef.Subject).
const (
	Enterprise = "enterprise"
	Project    = "project"
	Loan       = "loan"
	Lease      = "lease"
	Honour     = "honour"
	Area       = "area"
	Bank       = "bank"      // a party of which no facts are defined
	Institute  = "institute" // likewise
)

// FactDef says what may be known about subjects of a kind. Its Code never changes its meaning.
type FactDef struct {
	Code        string      // "project.effective_input"; the part before the dot is the kind, "ent" for enterprise
	Subject     string      // kind of subject
	Name        i18n.Text   // what pages and headers of exports say
	Help        i18n.Text   // one sentence: what is counted and what is not; may be empty
	Aliases     []string    // other words that senders write in a header; Name.ZH and Name.EN are understood anyway
	Type        Type        // what values are
	Unit        string      // unit that a bare number in a sheet is in: 万元, 人, 台 …; "" for no unit
	Flow        string      // Stock, Flow or State
	Period      period.Kind // length of period that a value belongs to; Always for what has no time
	Min, Max    *int64      // bounds, inside, on the scale of Type; nil is open
	Codes       string      // code list of a Code
	Authority   []string    // authority codes, best first; those not named rank below all that are, in general order
	Sensitivity string      // grade: public, internal, confidential, personal
	Class       string      // code of the class of the register that it falls into
	Ground      string      // code of the ground of the register on which it is kept; "" where it is about nobody
	Purpose     i18n.Text   // what it is needed for; of what is personal
	Keep        Keep        // for how long a value is kept
	Source      string      // document that defines it
	Cite        string      // clause, table or column there
	Confidence  string      // Verified, Secondary or Unverified
	Tolerance   money.Rate  // gap, of the larger value, above which two sources disagree
}

// Sensitive says that reading a value needs more than the right to read facts, and is recorded.
func (d FactDef) Sensitive() bool {
	return d.Sensitivity == "personal" || d.Sensitivity == "confidential"
}

// CodeList is a closed vocabulary, or an open one that names what is known so far.
type CodeList struct {
	Name    string      `yaml:"name"`
	Title   i18n.Text   `yaml:"title"`
	Open    bool        `yaml:"open,omitempty"` // other words are taken as they are
	Source  string      `yaml:"source"`
	Entries []CodeEntry `yaml:"entries"`
}

// CodeEntry is one code of a list.
type CodeEntry struct {
	Code    string    `yaml:"code"`
	Name    i18n.Text `yaml:"name"`
	Aliases []string  `yaml:"aliases,omitempty"`
	Level   string    `yaml:"level,omitempty"` // national, provincial or city, where a title has one
	Cite    string    `yaml:"cite,omitempty"`  // where the list's source speaks of it
}

// Entry is the entry with a code.
func (l CodeList) Entry(code string) (CodeEntry, bool) {
	i := slices.IndexFunc(l.Entries, func(e CodeEntry) bool { return e.Code == code })
	if i < 0 {
		return CodeEntry{}, false
	}
	return l.Entries[i], true
}

// Resolve is the entry that a sender's word means: a code, a name in either language or an alias, whatever its width,
// case and spaces.
func (l CodeList) Resolve(word string) (CodeEntry, bool) {
	key := Fold(word)
	if key == "" {
		return CodeEntry{}, false
	}
	for _, e := range l.Entries {
		if Fold(e.Code) == key || Fold(e.Name.ZH) == key || Fold(e.Name.EN) == key ||
			slices.ContainsFunc(e.Aliases, func(a string) bool { return Fold(a) == key }) {
			return e, true
		}
	}
	return CodeEntry{}, false
}

// Authority is a body that states facts.
type Authority struct {
	Code    string    `yaml:"code"`
	Name    i18n.Text `yaml:"name"`
	Aliases []string  `yaml:"aliases,omitempty"`
	Help    i18n.Text `yaml:"help"`
}

// Term is something that a sheet's words may stand for. Every fact definition is a term, with its code as role; further
// roles come from vocabulary.yaml: party.* identify the firm, row.* are about the row itself, mark.* are words that
// begin a line which is no data.
type Term struct {
	Role  string    // "party.uscc", "row.period", "mark.total", "ent.revenue"
	Place string    // Header or Mark
	Name  i18n.Text // what the import page calls it
	Words []string  // words as senders write them, the names first
}

// Where a term's words stand (Term.Place).
const (
	Header = "header" // above a column
	Mark   = "mark"   // at the beginning of a row: a total, a note
)

// TargetPlan is the figures that a published plan promises.
type TargetPlan struct {
	Code       string
	Title      i18n.Text
	Document   string // document number, or what the figures were read in
	Issuer     string
	Area       string      // node code
	Issued     *period.Day // nil where the day is not known
	From, To   period.Day  // first and last day of the plan
	Confidence string
	Targets    []Target

	doc *Document
}

// Problem is a problem of a target of the plan, at a key of it.
func (p TargetPlan) Problem(msg i18n.Msg, target int, key string) Problem {
	return p.doc.Problem(msg, "targets", target, key)
}

// How a target's figure compares.
const (
	AtLeast  = "at_least" // 以上 includes the number itself
	Over     = "over"     // more than: 超过 and 突破 exclude it
	About    = "about"    // 左右
	Range    = "range"    // from Value to UpTo, both included
	Relation = "relation" // more than another figure
	Words    = "words"    // promised without a number
)

// What of a figure is promised, where it is not the figure itself.
const (
	Increase = "increase" // by how much it is more than before
	Growth   = "growth"   // that as a part of what it was before
)

// Spans of a target.
const (
	ByDay    = "by"        // reached by a day; what happens within a time is counted from the first day of the plan
	EachYear = "each_year" // in every year of the plan
	InPeriod = "in_period" // over the whole of the plan, by its last day
)

// Target is one promised figure.
type Target struct {
	ID         string    // number in the reference list of the programme's figures: B110
	Name       i18n.Text // what is promised
	Compare    string    // AtLeast and the others
	Value      string    // decimal number as published, "" for a relation or words
	UpTo       string    // upper end of a range
	Unit       string    // unit of Value: %, 家, 万台 …; "" for a pure number
	Stated     string    // the figure as it was published, where Value does not say all: 50左右
	Change     string    // Increase or Growth; "" for the figure itself. Before is the end of the year before, or the day before the plan
	Span       string    // ByDay, EachYear or InPeriod
	By         *period.Day
	Indicator  string // that it is measured by, "" where none of ours measures it. Package indicator checks it
	Than       string // of a relation: the indicator of the other figure
	Cite       string // clause
	Confidence string // that of the plan where it is left out
	Quote      string // at most 30 characters that mark the place
}

// Library is all content that was read. It never changes.
type Library struct {
	facts       []FactDef
	factIndex   map[string]int
	codes       map[string]CodeList
	authorities []Authority
	vocabulary  []Term
	tables      []Table
	targets     []TargetPlan
	units       map[string]unit
	register    Register
	areas       *Tree
	boundaries  Boundaries
	industries  *Tree

	calendar      period.Calendar
	calendarYears []CalendarYear
}

// FactDef is the definition with a code.
func (l *Library) FactDef(code string) (FactDef, bool) {
	i, ok := l.factIndex[code]
	if !ok {
		return FactDef{}, false
	}
	return l.facts[i], true
}

// FactDefs is every definition, in the order of the files and within them. The slice must not be changed.
func (l *Library) FactDefs() []FactDef { return l.facts }

// Areas is the areas of China with functional zones and retired codes.
func (l *Library) Areas() *Tree { return l.areas }

// Boundaries is the outlines of areas, for maps.
func (l *Library) Boundaries() Boundaries { return l.boundaries }

// Industries is GB/T 4754, in the edition that Tree.Version names.
func (l *Library) Industries() *Tree { return l.industries }

// CodeList is the list with a name.
func (l *Library) CodeList(name string) (CodeList, bool) {
	c, ok := l.codes[name]
	return c, ok
}

// Authorities is who may state facts, best first where a definition does not say otherwise.
func (l *Library) Authorities() []Authority { return l.authorities }

// OfRecord says that nobody's word on a definition counts more than an authority's, where that is not the enterprise itself: the
// tax office's on what was invoiced, the bank's on a loan.
func (l *Library) OfRecord(def FactDef, authority string) bool {
	return authority != "enterprise" && l.Rank(def, authority) == 0
}

// Rank is the place of an authority in the order of a definition: 0 is believed first. Authorities that the definition
// does not name come after those it does, in general order; one that nobody knows comes last.
func (l *Library) Rank(def FactDef, authority string) int {
	if i := slices.Index(def.Authority, authority); i >= 0 {
		return i
	}
	general := slices.IndexFunc(l.authorities, func(a Authority) bool { return a.Code == authority })
	if general < 0 {
		general = len(l.authorities)
	}
	return len(def.Authority) + general
}

// UnitFactor is how many of a definition's unit one of another unit is worth: 10,000 for 万千瓦时 where the definition
// has 千瓦时. False when either is not known or they measure different things. Amounts of money are package money's.
func (l *Library) UnitFactor(def FactDef, word string) (money.Rate, bool) {
	from, ok := l.units[Fold(word)]
	to, known := l.units[Fold(def.Unit)]
	if !ok || !known || from.kind != to.kind {
		return money.Rate{}, false
	}
	r := new(big.Rat).Quo(from.factor, to.factor)
	if !r.Num().IsInt64() || !r.Denom().IsInt64() {
		return money.Rate{}, false
	}
	rate, err := money.NewRate(r.Num().Int64(), r.Denom().Int64())
	return rate, err == nil
}

// Vocabulary is every term that a sheet's words may stand for: the roles of vocabulary.yaml, then the fact
// definitions. The slice must not be changed.
func (l *Library) Vocabulary() []Term { return l.vocabulary }

// Targets is the plans that were read.
func (l *Library) Targets() []TargetPlan { return l.targets }
