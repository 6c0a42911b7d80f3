package bulletin

import (
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Where the content of this package stands.
const (
	DutyDir    = "duties"
	ReportDir  = "reports"
	WarningDir = "warnings"
)

// PlanFile is a file of content/duties as it is written: the calendar of a plan.
type PlanFile struct {
	Plan       string     `yaml:"plan"`
	Name       i18n.Text  `yaml:"name"`
	Area       string     `yaml:"area"`  // the region of the plan, and whoever consolidates
	Since      period.Day `yaml:"since"` // periods that end before it owe nothing
	Until      period.Day `yaml:"until"` // nor do those that begin after it
	Source     string     `yaml:"source"`
	Confidence string     `yaml:"confidence"`
	Duties     []DutyFile `yaml:"duties"`
}

// What a duty asks for.
const (
	ToReport = "report"
	ToMeet   = "meeting"
)

// DutyFile is a duty that arises for each area and period.
type DutyFile struct {
	Code     string      `yaml:"code"`
	Name     i18n.Text   `yaml:"name"`
	Asks     string      `yaml:"asks"`             // ToReport or ToMeet
	Report   string      `yaml:"report,omitempty"` // definition of the report
	Of       string      `yaml:"of"`               // county: each of the region; city: the region itself
	Every    period.Kind `yaml:"every"`
	Months   []int       `yaml:"months,omitempty"` // of a duty of every month: in these months alone
	Within   int         `yaml:"within"`           // working days after the period has ended
	Remind   []int       `yaml:"remind,omitempty"` // working days before that day on which the office is reminded
	Escalate []int       `yaml:"escalate,omitempty"`
	Cite     string      `yaml:"cite,omitempty"`
}

// DefinitionFile is a file of content/reports as it is written: what a report holds.
type DefinitionFile struct {
	Code       string         `yaml:"report" json:"code"`
	Version    string         `yaml:"version" json:"version"`
	Name       i18n.Text      `yaml:"name" json:"name"`
	Of         string         `yaml:"of" json:"of"`
	Every      period.Kind    `yaml:"every" json:"every"`
	Separate   bool           `yaml:"separate,omitempty" json:"separate"` // whoever prepared it does not sign it
	Ranking    string         `yaml:"ranking,omitempty" json:"ranking"`   // number of the document that asks for ranks; "" for none
	Source     string         `yaml:"source" json:"source"`
	Cite       string         `yaml:"cite,omitempty" json:"cite"`
	Confidence string         `yaml:"confidence" json:"confidence"`
	Gathers    *GathersFile   `yaml:"gathers,omitempty" json:"gathers,omitempty"`
	Tables     []TableFile    `yaml:"tables,omitempty" json:"tables,omitempty"`
	Scores     *ScoresFile    `yaml:"scores,omitempty" json:"scores,omitempty"`
	Questions  []QuestionFile `yaml:"questions,omitempty" json:"questions,omitempty"`
	Checks     []CheckFile    `yaml:"checks,omitempty" json:"checks,omitempty"`
}

// GathersFile is which reports of the counties a report is made of.
type GathersFile struct {
	Report string   `yaml:"report" json:"report"`
	Quote  []string `yaml:"quote,omitempty" json:"quote,omitempty"` // questions whose answers are quoted from the last of each county
}

// TableFile is figures: one row each, or the counties by figures.
type TableFile struct {
	Code    string       `yaml:"code" json:"code"`
	Name    i18n.Text    `yaml:"name" json:"name"`
	By      string       `yaml:"by,omitempty" json:"by,omitempty"` // county, or nothing
	Figures []ColumnFile `yaml:"figures" json:"figures"`
}

// The spans for which a figure is told.
const (
	SpanPeriod = ""        // the period of the report
	SpanToDate = "to_date" // the year up to the month in which the period ends
	SpanYear   = "year"    // the year, as far as the period has come
)

// ColumnFile is one figure.
type ColumnFile struct {
	Indicator string            `yaml:"indicator" json:"indicator"`
	Target    string            `yaml:"target,omitempty" json:"target,omitempty"` // plan/target that it is held against; "" for none
	Span      string            `yaml:"span,omitempty" json:"span,omitempty"`
	Choices   map[string]string `yaml:"choices,omitempty" json:"choices,omitempty"` // answers to questions of definition
}

// ScoresFile is an appraisal: every county gets points by its figures.
type ScoresFile struct {
	Name  i18n.Text   `yaml:"name" json:"name"`
	Parts []ScoreFile `yaml:"parts" json:"parts"`
}

// ScoreFile is a part of an appraisal: the whole of a figure gives all of its weight, less of it as much less.
type ScoreFile struct {
	ColumnFile
	Whole  string `yaml:"whole" json:"whole"`
	Weight int    `yaml:"weight" json:"weight"` // those of all parts make 100
}

// QuestionFile is what asks for words.
type QuestionFile struct {
	Code     string     `yaml:"code" json:"code"`
	Ask      i18n.Text  `yaml:"ask" json:"ask"`
	Help     *i18n.Text `yaml:"help,omitempty" json:"help,omitempty"`
	Required bool       `yaml:"required,omitempty" json:"required"`
	Least    int        `yaml:"least,omitempty" json:"least,omitempty"` // characters, where it is answered
	Most     int        `yaml:"most" json:"most"`                       // characters
}

// What a check looks for.
const (
	CheckFell = "fell" // the figure is worse than that of the period before
	CheckOpen = "open" // of too many it is not known whether they count
)

// CheckFile asks for words where a figure looks odd.
type CheckFile struct {
	Check     string     `yaml:"check" json:"check"`
	Indicator string     `yaml:"indicator" json:"indicator"`
	More      money.Rate `yaml:"more,omitempty" json:"more"` // CheckOpen: the share of all above which it is too many
	Word      string     `yaml:"word" json:"word"`           // the question that must be answered then
}

// WarningsFile is a file of content/warnings as it is written.
type WarningsFile struct {
	Area       string     `yaml:"area"`
	Source     string     `yaml:"source"`
	Confidence string     `yaml:"confidence"`
	Warnings   []RuleFile `yaml:"warnings"`
}

// What of a figure a warning looks at.
const (
	OfValue  = "value"
	OfChange = "change" // by how much it is above the one that it is compared with, in its own unit
	OfGrowth = "growth" // the same as a share of that one
	OfOpen   = "open"   // the share of the subjects of which it is not known
	OfBehind = "behind" // by which share of where it should be by now, on its way to a target, what was verified falls short
)

// What a change or growth is measured against.
const (
	AgainstBefore = "before"
	AgainstYear   = "year_before"
)

// RuleFile is when a warning is given.
type RuleFile struct {
	Code      string            `yaml:"code"`
	Name      i18n.Text         `yaml:"name"`
	Why       i18n.Text         `yaml:"why"`
	Indicator string            `yaml:"indicator"`
	Choices   map[string]string `yaml:"choices,omitempty"`
	Target    string            `yaml:"target,omitempty"` // plan/target of what is behind
	Of        string            `yaml:"of"`
	Every     period.Kind       `yaml:"every"`
	What      string            `yaml:"what"`
	Against   string            `yaml:"against,omitempty"`
	Below     string            `yaml:"below,omitempty"` // exactly one of both
	Above     string            `yaml:"above,omitempty"`
	Least     int               `yaml:"least,omitempty"` // of fewer subjects nothing is said
	Tell      []string          `yaml:"tell"`            // county, city
	Cite      string            `yaml:"cite,omitempty"`
}
