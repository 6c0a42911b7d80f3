package rule

import (
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// The memberships of an enterprise, read like facts of type text: node codes in the trees of content.
const (
	AreaCode     = "ent.area"
	IndustryCode = "ent.industry"
)

// Subject is what facts are about: an enterprise, or a project, loan, lease or honour of one.
type Subject interface {
	Kind() string // content.Enterprise, content.Project …
	ID() string   // unique within its kind and enterprise
	Name() string // may be empty

	// Fact is the effective value of a definition in a period; Period{} for what has no time. on is the day of the
	// question: for the memberships (def.Code AreaCode and IndustryCode) the value is the code of the node that the
	// enterprise belongs to on that day. The value has the type of the definition.
	Fact(def content.FactDef, p period.Period, on period.Day) (Value, State)

	// Parent is the project of a loan, lease or honour that has one, else its enterprise; nil for an enterprise.
	Parent() Subject

	// Children is the subjects of a kind below this one, at any depth, in a fixed order: those of an enterprise
	// include the ones of its projects.
	Children(kind string) []Subject
}

// SubjectRef names a subject.
type SubjectRef struct{ Kind, ID, Name string }

// RefOf names s.
func RefOf(s Subject) SubjectRef { return SubjectRef{s.Kind(), s.ID(), s.Name()} }

// FactRef names a fact: about whom, what, when.
type FactRef struct {
	Subject SubjectRef
	Def     string        // code of the definition
	Period  period.Period // the day, for a membership
}

// FactRead is a fact as it was read.
type FactRead struct {
	FactRef
	Value Value // when State is Present
	State State // Present, None or Unknown
}

// Context is what an expression is evaluated for. It may be changed and used again, by one goroutine at a time.
type Context struct {
	Subject Subject
	Year    int         // of evaluation; 0: not known
	Event   *period.Day // day of the event; nil: not known
	// When is the fact that says when it happened. What depends on the year or the event is Unknown because of it while
	// they are not known.
	When  FactRef
	On    period.Day // day of the question: memberships are read on it
	AsOf  period.Day // day of asking, where that is later: as_of
	Names Names      // answers param.x and setting.x; may be nil when none is declared
	// Given answers for the names of Declarations.Given, as an expression writes them; nil while nothing is given, which
	// leaves them Unknown.
	Given func(id string) Answer
	Trace bool // keep what is read in Outcome.Read
}

// Names answers for what the caller declared.
type Names interface {
	// Param is the value of a declared parameter for the context, of its declared type; a parameter that depends on a
	// missing fact is Unknown with the facts that are missing.
	Param(id string, c *Context) Answer
	// Setting is the option that is chosen.
	Setting(id string) string
}

// Answer is the value of a name.
type Answer struct {
	Value   Value
	State   State // Present, None or Unknown
	Missing []FactRef
}

// Outcome is the answer of an expression.
type Outcome struct {
	Value   Value      // when State is Present; of the type that was wanted when compiling
	State   State      // Present, None, Unknown, Failed
	Missing []FactRef  // facts because of which it is Unknown; each once, in the order of the expression
	Read    []FactRead // with Context.Trace: facts that were read, in the order of the expression
	Err     error      // when State is Failed; errs.Message gives the words
}

// True says that the answer is known to be true.
func (o Outcome) True() bool { return o.State == Present && o.Value.Bool() }

// Param declares a parameter.
type Param struct {
	Type Type
	Name i18n.Text
}

// Declarations is what expressions may use besides facts.
type Declarations struct {
	Params     map[string]Param
	Settings   map[string][]string // options by setting
	Aggregates []*Aggregate
	Given      map[string]Given // by the name as it is written: "answer.kind"
}

// Given declares a name whose value the caller gives with each context: an answer of a form, a figure of a case.
type Given struct {
	Type  Type
	Name  i18n.Text
	Codes content.CodeList // what a text may be; the zero list for any word
}
