package selection

import (
	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// LadderFile is a ladder as it is written (content/schema/ladder.schema.json, docs/selections.md).
type LadderFile struct {
	Ladder     string              `yaml:"ladder"`
	Name       i18n.Text           `yaml:"name"`
	Source     string              `yaml:"source"`
	Cite       string              `yaml:"cite,omitempty"`
	Confidence string              `yaml:"confidence"`
	Note       i18n.Text           `yaml:"note,omitempty"`
	Titles     map[string][]string `yaml:"titles,omitempty"` // agg.ID in conditions
	Enter      []ConditionFile     `yaml:"enter,omitempty"`  // to be cultivated at all
	Steps      []StepFile          `yaml:"steps"`            // the lowest first
}

// StepFile is one step: whoever meets all of its conditions stands on it.
type StepFile struct {
	ID         string          `yaml:"id"`
	Name       i18n.Text       `yaml:"name"`
	Source     string          `yaml:"source,omitempty"` // where it is another than the ladder's
	Cite       string          `yaml:"cite,omitempty"`
	Confidence string          `yaml:"confidence,omitempty"`
	When       []ConditionFile `yaml:"when"`
}

// Ladder is steps that lead up. It never changes and may be used by many goroutines.
type Ladder struct {
	LadderFile
	Hash string // SHA-256 of the file, in lower-case hexadecimal

	enter []condition.Condition
	steps [][]condition.Condition
}

// maxSteps is how many steps a ladder may have.
const maxSteps = 20

// ParseLadder reads a ladder. All mistakes are told at once; with problems the Ladder is nil.
func ParseLadder(lib *content.Library, name string, src []byte) (*Ladder, content.Problems) {
	c := conditions{lib: lib}
	l := &Ladder{Hash: hashOf(src)}
	var problems []content.Problem
	if c.doc, problems = content.Decode(name, src, &l.LadderFile); len(problems) > 0 {
		return nil, problems
	}
	c.code(l.Ladder, "ladder")
	c.bilingual(l.Name, "name")
	c.oneOf(l.Confidence, confidences, "confidence")
	c.number(len(l.Steps), 1, maxSteps, "steps")
	if c.declare(l.Titles); len(c.problems) > 0 {
		return nil, c.problems
	}
	l.enter = c.compile(l.Enter, "enter")
	said := map[string]bool{}
	for i, s := range l.Steps {
		c.code(s.ID, "steps", i, "id")
		if said[s.ID] {
			c.report("content.code_twice", []any{s.ID}, "steps", i, "id")
		}
		said[s.ID] = true
		c.bilingual(s.Name, "steps", i, "name")
		if s.Confidence != "" {
			c.oneOf(s.Confidence, confidences, "steps", i, "confidence")
		}
		if len(s.When) == 0 {
			c.report("selection.step_without", []any{s.ID}, "steps", i, "when")
		}
		l.steps = append(l.steps, c.compile(s.When, "steps", i, "when"))
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return l, nil
}

// Step is the step with an id, and its number from 0; ok is false when there is none.
func (l *Ladder) Step(id string) (s StepFile, n int, ok bool) {
	for i, s := range l.Steps {
		if s.ID == id {
			return s, i, true
		}
	}
	return StepFile{}, 0, false
}

// Standpoint is where an enterprise stands on a ladder, by facts alone.
type Standpoint struct {
	Enter []Check // to be cultivated
	On    *StepFile
	Held  []Check // of the step that it is on
	Next  *StepFile
	Lacks []Check // of the next step: what is not met, and what is not known; empty when nothing is next
	Near  bool    // one condition of the next step is not met, the others are
}

// Advise says where an enterprise stands on a day: on the highest step all of whose conditions are known to be met, and
// what the next one still asks for. A step that is not known is not stood on: its missing facts are told as what is next.
func (l *Ladder) Advise(of rule.Subject, on period.Day) (Standpoint, error) {
	var out Standpoint
	var err error
	if out.Enter, err = check(l.enter, of, on); err != nil {
		return Standpoint{}, err
	}
	at := -1
	all := make([][]Check, len(l.steps))
	for i, step := range l.steps {
		if all[i], err = check(step, of, on); err != nil {
			return Standpoint{}, err
		}
		if Worst(all[i]) == Met {
			at = i
		}
	}
	if at >= 0 {
		out.On, out.Held = &l.Steps[at], all[at]
	}
	if at+1 < len(l.steps) {
		out.Next = &l.Steps[at+1]
		missed := 0
		for _, c := range all[at+1] {
			if c.State == Met {
				continue
			}
			out.Lacks = append(out.Lacks, c)
			if c.State == NotMet {
				missed++
			}
		}
		out.Near = missed == 1 && len(out.Lacks) == 1
	}
	return out, nil
}
