package intake

import (
	"cmp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Preview is what a file would make known under its plan, as a difference to what was known at commit Seq.
type Preview struct {
	Seq         int64          `json:"seq"`
	Digest      string         `json:"digest,omitempty"`
	Twin        string         `json:"twin,omitempty"`  // the live source that states just the same: committing adds nothing
	Rows        int            `json:"rows"`            // rows that state something
	Totals      int            `json:"totals"`          // total rows, used to check sums and left out
	Others      int            `json:"others"`          // section, note and repeated header rows
	Leave       int            `json:"leave,omitempty"` // rows that the sender leaves out
	Cells       int            `json:"cells"`           // statements: values, and names, codes, areas and industries that change
	Counts      map[Class]int  `json:"counts"`          // statements by class
	Kept        int            `json:"kept,omitempty"`  // statements that hold from a former state of the file: not stated again
	Subjects    map[string]int `json:"subjects"`        // subjects by kind
	NewSubjects map[string]int `json:"new_subjects"`    // of these, not known yet
	Lines       []Line         `json:"lines"`           // examples of each class
	Problems    []Problem      `json:"problems"`
	Mended      []Mended       `json:"mended,omitempty"`   // texts that were read as the sender said
	Notes       []i18n.Msg     `json:"notes,omitempty"`    // about the file as a whole
	Degraded    bool           `json:"degraded,omitempty"` // its names were recognised or converted, see source.Source
}

// Class is how a statement stands to what is known.
type Class string

// The classes. Changed is another value from the same authority or a better one, which will hold; Conflicting is another
// value from another authority: both are kept, the better authority's holds, and the gap is shown.
const (
	New         Class = "new"
	Changed     Class = "changed"
	Conflicting Class = "conflicting"
	Unchanged   Class = "unchanged"
)

// Classes are all classes in the order in which a page shows them.
func Classes() []Class { return []Class{Conflicting, Changed, New, Unchanged} }

// Line is one statement of a preview.
type Line struct {
	Class   Class         `json:"class"`
	Subject string        `json:"subject"`        // name of the firm, and of what belongs to it
	Firm    int64         `json:"firm,omitempty"` // the enterprise whose Old value it is; 0 where there is none, and in previews of before
	Def     string        `json:"def"`
	Period  period.Period `json:"period"`
	Old     *Said         `json:"old,omitempty"` // what holds now; nil for New
	New     Said          `json:"new"`
	Place   string        `json:"place"`
	Holds   bool          `json:"holds"` // the new value would be the effective one
}

// Said is a value or the state that stands for it.
type Said struct {
	State fact.State `json:"state"`
	Value fact.Value `json:"value"`
}

// Severity is what a problem does.
type Severity string

// The severities, worst first.
const (
	Stop Severity = "stop" // nothing can be committed until it is answered
	Left Severity = "left" // the cell or row is left out
	Warn Severity = "warn" // it is taken, and somebody should look
)

// Problem is all places of a column that suffer from the same cause, and whose texts are of the same make.
type Problem struct {
	Severity Severity  `json:"severity"`
	Cause    string    `json:"cause"` // message key that the examples share
	Sheet    string    `json:"sheet"`
	Column   string    `json:"column,omitempty"` // header; "" for whole rows
	At       *Spot     `json:"at,omitempty"`     // nil when it is about the file as a whole
	Pattern  string    `json:"pattern,omitempty"`
	Count    int       `json:"count"`
	Examples []Example `json:"examples"`
	Texts    []Text    `json:"texts,omitempty"` // the unlike texts, in the order in which they came
	More     int       `json:"more,omitempty"`  // places whose text is not among them
}

// Spot is a column of the plan, or a sheet.
type Spot struct {
	Sheet  int `json:"sheet"`  // index into Plan.Sheets
	Column int `json:"column"` // index into SheetPlan.Columns; −1 for the sheet
}

// Text is what cells of a column say that have the same problem.
type Text struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
	Place string `json:"place"` // the first
	Like  []Like `json:"like,omitempty"`
}

// Like is a known enterprise that a name may mean. Score is the likeness in thousandths.
type Like struct {
	Firm  int64  `json:"firm"`
	Name  string `json:"name"`
	Code  string `json:"code,omitempty"`
	Area  string `json:"area,omitempty"`
	Score int    `json:"score"`
}

// Mended is a text that was read as the sender said, and how often.
type Mended struct {
	Mend
	At    Spot   `json:"at"`
	Count int    `json:"count"`
	Name  string `json:"name,omitempty"` // of the enterprise, for IsFirm
}

// Example is one place with its own message.
type Example struct {
	Place string   `json:"place"`
	Msg   i18n.Msg `json:"msg"`
}

// Adds says that committing would make something known.
func (p Preview) Adds() bool {
	return p.Digest != "" && p.Twin == "" && (p.Kept == 0 || p.Cells > 0 || len(p.NewSubjects) > 0)
}

// Stops says that something must be answered before the batch can be committed.
func (p Preview) Stops() bool {
	return slices.ContainsFunc(p.Problems, func(x Problem) bool { return x.Severity == Stop })
}

// LeftOut is how many cells and rows are left out.
func (p Preview) LeftOut() int {
	n := 0
	for _, x := range p.Problems {
		if x.Severity == Left {
			n += x.Count
		}
	}
	return n
}

const (
	maxExamples = 20  // places kept of one problem
	maxLines    = 60  // lines kept of one class
	maxProblems = 200 // different problems kept; a file of random bytes must not fill the database
	maxPatterns = 8   // makes of text of one cause in one column
	maxTexts    = 50  // unlike texts kept of one problem
	maxAllTexts = 2000
	maxWord     = 200 // bytes of a word of the file within a message
)

// clip cuts the words of the file in a message that is kept.
func clip(m i18n.Msg) i18n.Msg {
	args := make([]any, len(m.Args))
	for i, a := range m.Args {
		switch a := a.(type) {
		case string:
			args[i] = cut(a, maxWord)
		case i18n.Msg:
			args[i] = clip(a)
		default:
			args[i] = a
		}
	}
	return i18n.Msg{Key: m.Key, Args: args}
}

// findings gathers problems by cause.
type findings struct {
	list  []*group
	by    map[groupKey]*group
	makes map[groupKey]int // patterns that a cause in a column has; its key has none
	texts int              // kept, of all groups
	each  func(finding)    // hears of every finding; nil when nobody wants to
}

// group is a problem while it is gathered.
type group struct {
	Problem
	texts map[string]int // index into Texts
}

type groupKey struct {
	severity      Severity
	cause         string
	sheet, column int // indexes in the workbook and the sheet; −1 for none
	pattern       string
}

// finding is one problem at one place.
type finding struct {
	severity Severity
	sheet    *SheetPlan
	column   *ColumnPlan // nil for whole rows
	row      int         // 0 for the column or the sheet as a whole
	msg      i18n.Msg
	word     string // what the cell says, when an answer may be about it
	like     []Like
}

// place is where the finding stands: a cell, a row, a column or a sheet.
func (x *finding) place() string {
	switch {
	case x.column != nil && x.row > 0:
		return sheetPlace(x.sheet.Name, sheet.Address(x.row, x.column.Index))
	case x.column != nil:
		return sheetPlace(x.sheet.Name, sheet.ColumnName(x.column.Index))
	case x.row > 0:
		return rowPlace(x.sheet.Name, x.row)
	}
	return x.sheet.Name
}

// key is which group the finding belongs to. What the texts of a cell look like matters where the cell was to be read as
// a value, and only for the first makes of a column.
func (f *findings) key(x *finding) groupKey {
	key := groupKey{severity: x.severity, cause: x.msg.Key, sheet: x.sheet.Index, column: -1}
	if x.column == nil {
		return key
	}
	key.column = x.column.Index
	if x.word == "" || !strings.HasPrefix(x.msg.Key, "sheet.") {
		return key
	}
	made := key
	made.pattern = shape(x.word)
	if f.by[made] == nil {
		if f.makes[key] == maxPatterns {
			return key
		}
		f.makes[key]++
	}
	return made
}

func (f *findings) add(x finding) {
	if f.each != nil {
		f.each(x)
	}
	if f.by == nil {
		f.by, f.makes = map[groupKey]*group{}, map[groupKey]int{}
	}
	key := f.key(&x)
	g := f.by[key]
	if g == nil && len(f.list) >= maxProblems {
		key = groupKey{severity: x.severity, cause: "intake.more_problems", sheet: -1, column: -1}
		x.msg, x.word = i18n.M("intake.more_problems"), ""
		g = f.by[key]
	}
	if g == nil {
		g = newGroup(&x, key)
		f.list, f.by[key] = append(f.list, g), g
	}
	g.Count++
	if len(g.Examples) < maxExamples {
		g.Examples = append(g.Examples, Example{Place: x.place(), Msg: clip(x.msg)})
	}
	f.text(g, &x)
}

func newGroup(x *finding, key groupKey) *group {
	g := &group{Problem: Problem{Severity: x.severity, Cause: x.msg.Key, Pattern: key.pattern}, texts: map[string]int{}}
	if key.sheet < 0 {
		return g
	}
	g.Sheet, g.At = x.sheet.Name, &Spot{Sheet: x.sheet.Index, Column: -1}
	if x.column != nil {
		g.Column = x.column.Header
		g.At.Column = slices.IndexFunc(x.sheet.Columns, func(c ColumnPlan) bool { return c.Index == x.column.Index })
	}
	return g
}

// text counts what the cell says.
func (f *findings) text(g *group, x *finding) {
	i, met := g.texts[x.word]
	switch {
	case x.word == "":
	case met:
		g.Texts[i].Count++
	case len(g.Texts) < maxTexts && f.texts < maxAllTexts:
		f.texts++
		word := strings.Clone(x.word) // not the row's text
		g.texts[word] = len(g.Texts)
		g.Texts = append(g.Texts, Text{Text: word, Count: 1, Place: x.place(), Like: x.like})
	default:
		g.More++
	}
}

// sorted is the problems, the worst and most frequent first.
func (f *findings) sorted() []Problem {
	rank := map[Severity]int{Stop: 0, Left: 1, Warn: 2}
	all := make([]Problem, len(f.list))
	for i, g := range f.list {
		all[i] = g.Problem
	}
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(b.Count, a.Count))
	})
	return all
}
