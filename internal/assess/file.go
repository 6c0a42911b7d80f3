package assess

import (
	"math/big"
	"strings"

	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// File is an edition of a model as it is written (content/schema/assessment.schema.json, docs/writing-rubrics.md).
type File struct {
	Rubric     string           `yaml:"rubric"`  // the model: its folder
	Edition    string           `yaml:"edition"` // its file
	Title      i18n.Text        `yaml:"title"`
	Issuer     i18n.Text        `yaml:"issuer"`
	Source     string           `yaml:"source"`
	Cite       string           `yaml:"cite,omitempty"`
	Confidence string           `yaml:"confidence"`
	Note       i18n.Text        `yaml:"note,omitempty"`
	From       string           `yaml:"from,omitempty"`  // first day of the edition
	Until      string           `yaml:"until,omitempty"` // last day
	Lacking    []i18n.Text      `yaml:"lacking,omitempty"`
	Paths      []PathFile       `yaml:"paths,omitempty"`
	Full       Number           `yaml:"full"`             // points of a firm that has all of everything
	Places     int              `yaml:"places,omitempty"` // decimals in which points are shown, rounded half up
	Must       []condition.File `yaml:"must,omitempty"`   // without which there is no level
	Parts      []PartFile       `yaml:"parts"`
	Counts     []CountFile      `yaml:"counts,omitempty"`
	Cumulative *CumulativeFile  `yaml:"cumulative,omitempty"`
	Adjust     []AdjustFile     `yaml:"adjust,omitempty"`
	Levels     []LevelFile      `yaml:"levels,omitempty"` // the lowest first
	Ranks      *RanksFile       `yaml:"ranks,omitempty"`
	Checks     []condition.File `yaml:"checks,omitempty"` // what holds of answers that fit together
	Review     *ReviewFile      `yaml:"review,omitempty"`
}

// ReviewFile is what a round looks at besides checks. It reads any facts, asks none, and changes no result.
type ReviewFile struct {
	That    []condition.File `yaml:"that,omitempty"` // what holds of answers beside other facts
	Compare []CompareFile    `yaml:"compare,omitempty"`
}

// CompareFile is an answer that is held against those of peers and against that of the year before: a value, or one divided by another.
type CompareFile struct {
	ID    string    `yaml:"id"`
	Name  i18n.Text `yaml:"name"`
	Value string    `yaml:"value"`
	Over  string    `yaml:"over,omitempty"`
	Peers string    `yaml:"peers,omitempty"` // trade, size, county or all; trade where left out
	Times Number    `yaml:"times,omitempty"` // so many times further from the median than half of the peers are
	Jump  Number    `yaml:"jump,omitempty"`  // so many times the year before, or so many times less
	Cite  string    `yaml:"cite,omitempty"`
}

// PathFile is one of several ways through a model: for which enterprises, and of which parts.
type PathFile struct {
	ID   string    `yaml:"id"`
	Name i18n.Text `yaml:"name"`
	When string    `yaml:"when"`
}

// PartFile is a part of the whole: further parts, or one question.
type PartFile struct {
	ID         string         `yaml:"id"`
	Name       i18n.Text      `yaml:"name"`
	Help       i18n.Text      `yaml:"help,omitempty"`
	Weight     Number         `yaml:"weight,omitempty"`
	Weights    []WeightFile   `yaml:"weights,omitempty"` // by path, in the place of weight; a path without one does not have the part
	Cite       string         `yaml:"cite,omitempty"`
	Confidence string         `yaml:"confidence,omitempty"`
	Evidence   []i18n.Text    `yaml:"evidence,omitempty"`
	Trim       *TrimFile      `yaml:"trim,omitempty"`
	Parts      []PartFile     `yaml:"parts,omitempty"`
	Choice     *ChoiceFile    `yaml:"choice,omitempty"`
	Multi      []OptionFile   `yaml:"multi,omitempty"`
	Band       *BandFile      `yaml:"band,omitempty"`
	Grades     *GradesFile    `yaml:"grades,omitempty"`
	Benchmark  *BenchmarkFile `yaml:"benchmark,omitempty"`
}

// WeightFile is the weight of a part on a path.
type WeightFile struct {
	Path   string `yaml:"path"`
	Weight Number `yaml:"weight"`
}

// TrimFile says when a part does not apply.
type TrimFile struct {
	When string    `yaml:"when"`
	Why  i18n.Text `yaml:"why"`
}

// ChoiceFile is a single choice: the share that each answer gives. Of is text, a code, a number or a truth value.
type ChoiceFile struct {
	Of     string       `yaml:"of"`
	Shares []ChosenFile `yaml:"shares"`
}

// ChosenFile is one answer of a single choice.
type ChosenFile struct {
	Is    string     `yaml:"is"`
	Share money.Rate `yaml:"share"`
}

// OptionFile is one of several answers that may hold together; their shares are added.
type OptionFile struct {
	That  string     `yaml:"that"`
	Share money.Rate `yaml:"share"`
}

// BandFile is shares by where a value lies, or a value divided by another.
type BandFile struct {
	Value  string       `yaml:"value"`
	Over   string       `yaml:"over,omitempty"`
	Closed string       `yaml:"closed"` // which end belongs to a band: lower or upper
	Bands  []BandOfFile `yaml:"bands"`
}

// BandOfFile is one band, up to its upper end; the last has none.
type BandOfFile struct {
	To    string     `yaml:"to,omitempty"`
	Share money.Rate `yaml:"share"`
}

// GradesFile is requirements, level by level, each answered by one of the same grades.
type GradesFile struct {
	Shares []ChosenFile `yaml:"shares"`
	Asks   []AskFile    `yaml:"asks"`
}

// AskFile is one requirement of a level.
type AskFile struct {
	Level int    `yaml:"level"`
	Of    string `yaml:"of"`
}

// BenchmarkFile is a value, or one divided by another, divided by what it should be.
type BenchmarkFile struct {
	Value string     `yaml:"value"`
	Over  string     `yaml:"over,omitempty"`
	By    []ByFile   `yaml:"by"` // the benchmark, by year
	Least money.Rate `yaml:"least,omitempty"`
	Most  money.Rate `yaml:"most,omitempty"` // of the weight; 0 for no limit
}

// ByFile is a benchmark from a year on: in the unit of value, over one of the unit of over.
type ByFile struct {
	From  int    `yaml:"from"`
	Value Number `yaml:"value"`
	Cite  string `yaml:"cite,omitempty"`
}

// CountFile is things that are counted by the level that each has reached.
type CountFile struct {
	ID    string        `yaml:"id"`
	Name  i18n.Text     `yaml:"name"`
	Help  i18n.Text     `yaml:"help,omitempty"`
	Mark  i18n.Text     `yaml:"mark,omitempty"` // what marked ones are called
	Items []CountedFile `yaml:"items"`
}

// CountedFile is one of them. Of is a whole number: its level.
type CountedFile struct {
	ID       string      `yaml:"id"`
	Name     i18n.Text   `yaml:"name"`
	Of       string      `yaml:"of"`
	Marked   bool        `yaml:"marked,omitempty"`
	Steps    []i18n.Text `yaml:"steps,omitempty"` // what a level asks, from the first
	Evidence []i18n.Text `yaml:"evidence,omitempty"`
}

// CumulativeFile adds levels up: one that is met counts 1, the first that is not counts its own share.
type CumulativeFile struct {
	Met    money.Rate `yaml:"met"`
	Beyond bool       `yaml:"beyond,omitempty"` // levels above the first that is not met count too
}

// AdjustFile is points beside the tree.
type AdjustFile struct {
	ID     string    `yaml:"id"`
	Name   i18n.Text `yaml:"name"`
	Points string    `yaml:"points"`        // a number or decimal, from 0 to most
	Most   Number    `yaml:"most"`          // points at most
	Off    bool      `yaml:"off,omitempty"` // they are taken off
	Cite   string    `yaml:"cite,omitempty"`
}

// LevelFile is a level and what it takes, all of it.
type LevelFile struct {
	ID    string           `yaml:"id"`
	Name  i18n.Text        `yaml:"name"`
	Help  i18n.Text        `yaml:"help,omitempty"`
	Score Number           `yaml:"score,omitempty"` // points at least
	Gates []GateFile       `yaml:"gates,omitempty"`
	When  []condition.File `yaml:"when,omitempty"`
}

// GateFile is how many of a count stand at a level or above.
type GateFile struct {
	Count  string `yaml:"count"`
	Level  int    `yaml:"level"`
	Least  int    `yaml:"least"`
	Marked int    `yaml:"marked,omitempty"` // of which marked
}

// RanksFile is classes by place among others.
type RanksFile struct {
	Classes []RankFile       `yaml:"classes"`         // the best first; the last takes all that are left
	Apart   []condition.File `yaml:"apart,omitempty"` // who is not ranked
}

// RankFile is a class up to a share of those that are ranked.
type RankFile struct {
	ID   string     `yaml:"id"`
	Name i18n.Text  `yaml:"name"`
	To   money.Rate `yaml:"to"`
}

// Number is an exact decimal as people write it: 7.5. The zero value is 0 and was not said.
type Number struct{ text string }

// UnmarshalText reads a decimal of at most nine digits before and six after the point; it is not negative.
func (n *Number) UnmarshalText(b []byte) error {
	text := strings.TrimSpace(string(b))
	whole, part, dot := strings.Cut(text, ".")
	if !digits(whole, 9) || dot && !digits(part, 6) {
		return errs.Invalid(i18n.M("assess.bad_number", text))
	}
	n.text = text
	return nil
}

func digits(s string, most int) bool {
	return s != "" && len(s) <= most && strings.Trim(s, "0123456789") == ""
}

// MarshalText gives what was read.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.text), nil }

// String is what was read.
func (n Number) String() string { return n.text }

// Said says that a number was written.
func (n Number) Said() bool { return n.text != "" }

// Rat is the number.
func (n Number) Rat() *big.Rat {
	r, ok := new(big.Rat).SetString(n.text)
	if !ok {
		return new(big.Rat)
	}
	return r
}
