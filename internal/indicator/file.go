package indicator

import (
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// File is a file of content/indicators as it is written (content/schema/indicators.schema.json).
type File struct {
	Group       string           `yaml:"group"`
	Title       i18n.Text        `yaml:"title"`
	Source      string           `yaml:"source"`
	Confidence  string           `yaml:"confidence"`
	Choices     []ChoiceFile     `yaml:"choices,omitempty"`
	Populations []PopulationFile `yaml:"populations,omitempty"`
	Catalogues  []CatalogueFile  `yaml:"catalogues,omitempty"`
	Indicators  []ItemFile       `yaml:"indicators"`
}

// CatalogueFile is a published set of indicators by which codes of a list are watched, each by itself: the monitoring of clusters. Which
// indicators are in it is for the region to say where they are not published.
type CatalogueFile struct {
	Code       string     `yaml:"code"`
	Name       i18n.Text  `yaml:"name"`
	Help       *i18n.Text `yaml:"help,omitempty"`
	By         string     `yaml:"by"`             // fact of type code, of the enterprise: ent.cluster
	Size       int        `yaml:"size,omitempty"` // how many the document says there are; 0 where it does not
	Indicators []string   `yaml:"indicators"`     // codes, in the order in which they are shown
	Cite       string     `yaml:"cite,omitempty"`
}

// ChoiceFile is a question of definition that a region answers: what counts as completed.
type ChoiceFile struct {
	Code    string       `yaml:"code"`
	Name    i18n.Text    `yaml:"name"`
	Default string       `yaml:"default"`
	Options []OptionFile `yaml:"options"`
}

// OptionFile is one answer.
type OptionFile struct {
	Code string    `yaml:"code"`
	Name i18n.Text `yaml:"name"`
	Cite string    `yaml:"cite,omitempty"`
}

// PopulationFile is a named set of subjects that several indicators are about.
type PopulationFile struct {
	Code    string    `yaml:"code"`
	Name    i18n.Text `yaml:"name"`
	Of      string    `yaml:"of"`                // kind of subject
	Where   string    `yaml:"where"`             // condition: docs/expressions.md
	Since   string    `yaml:"since,omitempty"`   // the day from which a subject is in it; not known where that is not
	Until   []string  `yaml:"until,omitempty"`   // facts that are days from which it is in it no more, the earliest that is known
	Through []string  `yaml:"through,omitempty"` // the same of last days: it is in it on the day itself
	Cite    string    `yaml:"cite,omitempty"`
}

// Measure is what kind of figure an indicator is.
type Measure string

// The measures.
const (
	Stock     Measure = "stock"     // what there is on the last day of the period: subjects, or a sum over them
	Flow      Measure = "flow"      // what happened within the period
	Share     Measure = "share"     // the part of a population for which a condition holds, by number or by weight
	Level     Measure = "level"     // the mean of a value over a population, weighted or not
	Coverage  Measure = "coverage"  // how many cells, areas or codes of a list, have at least so many subjects
	Given     Measure = "given"     // stated for the area itself
	Composite Measure = "composite" // an index over other indicators
)

// ItemFile is an indicator as it is written.
type ItemFile struct {
	Code       string     `yaml:"code"`
	Name       i18n.Text  `yaml:"name"`
	Help       *i18n.Text `yaml:"help,omitempty"`
	Version    string     `yaml:"version"` // of the method
	Measure    Measure    `yaml:"measure"`
	Population string     `yaml:"population,omitempty"`
	Of         string     `yaml:"of,omitempty"`     // kind of subject, where no population says it
	Where      string     `yaml:"where,omitempty"`  // which of the population count
	Value      string     `yaml:"value,omitempty"`  // what is summed or averaged; nothing counts the subjects
	Weight     string     `yaml:"weight,omitempty"` // of a level, or of a share by weight
	Day        string     `yaml:"day,omitempty"`    // on which it happened
	Carry      int        `yaml:"carry,omitempty"`  // for so many years what was last stated of a state or stock holds on
	Fact       string     `yaml:"fact,omitempty"`   // of a given one: the definition
	Cells      *CellsFile `yaml:"cells,omitempty"`  // of a coverage
	Parts      []PartFile `yaml:"parts,omitempty"`  // of a composite
	Over       OverFile   `yaml:"over"`             // how it adds up
	Unit       string     `yaml:"unit,omitempty"`   // of what is shown
	Places     int        `yaml:"places,omitempty"` // decimals that are shown
	Better     string     `yaml:"better,omitempty"` // more (as if left out) or less: which way is good
	Cite       string     `yaml:"cite,omitempty"`
	Source     string     `yaml:"source,omitempty"`
	Confidence string     `yaml:"confidence,omitempty"`
}

// OverFile is how figures of an indicator may be put together, apart for space and time.
type OverFile struct {
	Space string `yaml:"space"` // sum, ratio (of sums) or none
	Time  string `yaml:"time"`  // sum, last or none
}

// CellsFile is what a coverage counts: cells that should have subjects.
type CellsFile struct {
	Areas string `yaml:"areas,omitempty"` // level of area that makes a cell: county
	By    string `yaml:"by,omitempty"`    // fact of type code, of the enterprise, whose codes make cells: ent.chain
	Least int    `yaml:"least,omitempty"` // subjects that a cell needs; 1 where it is not said
}

// PartFile is one part of a composite: an indicator, what is the whole of it, and its weight.
type PartFile struct {
	Indicator string `yaml:"indicator"`
	Whole     string `yaml:"whole"`  // the value that counts fully; more counts no more
	Weight    int    `yaml:"weight"` // the weights of a composite make 100
}
