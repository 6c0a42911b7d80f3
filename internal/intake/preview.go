package intake

import (
	"cmp"
	"slices"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Preview is what a file would make known under its plan, as a difference to what was known at commit Seq.
type Preview struct {
	Seq         int64          `json:"seq"`
	Digest      string         `json:"digest,omitempty"`
	Twin        string         `json:"twin,omitempty"` // the live source that states just the same: committing adds nothing
	Rows        int            `json:"rows"`           // rows that state something
	Totals      int            `json:"totals"`         // total rows, used to check sums and left out
	Others      int            `json:"others"`         // section, note and repeated header rows
	Cells       int            `json:"cells"`          // statements: values, and names, codes, areas and industries that change
	Counts      map[Class]int  `json:"counts"`         // statements by class
	Subjects    map[string]int `json:"subjects"`       // subjects by kind
	NewSubjects map[string]int `json:"new_subjects"`   // of these, not known yet
	Lines       []Line         `json:"lines"`          // examples of each class
	Problems    []Problem      `json:"problems"`
	Notes       []i18n.Msg     `json:"notes,omitempty"` // about the file as a whole
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
	Subject string        `json:"subject"` // name of the firm, and of what belongs to it
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

// Problem is all places that suffer from the same cause.
type Problem struct {
	Severity Severity  `json:"severity"`
	Cause    string    `json:"cause"` // message key that the examples share
	Sheet    string    `json:"sheet"`
	Column   string    `json:"column,omitempty"` // header; "" for whole rows
	Count    int       `json:"count"`
	Examples []Example `json:"examples"`
}

// Example is one place with its own message.
type Example struct {
	Place string   `json:"place"`
	Msg   i18n.Msg `json:"msg"`
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
	list []*Problem
	by   map[findingKey]*Problem
}

type findingKey struct {
	severity      Severity
	cause         string
	sheet, column string
}

// finding is one problem at one place.
type finding struct {
	severity Severity
	sheet    string
	column   string
	place    string
	msg      i18n.Msg
}

func (f *findings) add(x finding) {
	if f.by == nil {
		f.by = map[findingKey]*Problem{}
	}
	key := findingKey{x.severity, x.msg.Key, x.sheet, x.column}
	p := f.by[key]
	if p == nil {
		if len(f.list) >= maxProblems {
			key = findingKey{x.severity, "intake.more_problems", "", ""}
			x.msg, x.sheet, x.column = i18n.M("intake.more_problems"), "", ""
			p = f.by[key]
		}
		if p == nil {
			p = &Problem{Severity: x.severity, Cause: x.msg.Key, Sheet: x.sheet, Column: x.column}
			f.list, f.by[key] = append(f.list, p), p
		}
	}
	p.Count++
	if len(p.Examples) < maxExamples {
		p.Examples = append(p.Examples, Example{Place: x.place, Msg: clip(x.msg)})
	}
}

// sorted is the problems, the worst and most frequent first.
func (f *findings) sorted() []Problem {
	rank := map[Severity]int{Stop: 0, Left: 1, Warn: 2}
	all := make([]Problem, len(f.list))
	for i, p := range f.list {
		all[i] = *p
	}
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(b.Count, a.Count))
	})
	return all
}
