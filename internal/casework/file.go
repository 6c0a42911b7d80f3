package casework

import (
	"fmt"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// File is a workflow as it is written (content/schema/workflow.schema.json, docs/casework.md).
type File struct {
	Workflow   string       `yaml:"workflow"`
	Title      i18n.Text    `yaml:"title"`
	Lead       i18n.Text    `yaml:"lead,omitempty"`
	Subject    string       `yaml:"subject"`          // what a case is about: enterprise, project, area
	Authority  string       `yaml:"authority"`        // who states the facts that its events state
	Open       []string     `yaml:"open"`             // who may open a case: applicant, system, or roles
	Audit      bool         `yaml:"audit,omitempty"`  // auditors may act in it: reviews of what they look into, and nothing else
	Doubts     string       `yaml:"doubts,omitempty"` // the role that looks again at what is put in doubt; "" is whoever approved
	Source     string       `yaml:"source"`
	Cite       string       `yaml:"cite,omitempty"`
	Confidence string       `yaml:"confidence"`
	Data       []Datum      `yaml:"data,omitempty"`
	Children   *Children    `yaml:"children,omitempty"`
	States     []State      `yaml:"states"` // the first is where a case begins
	Actions    []ActionItem `yaml:"actions"`
}

// Datum is something that a case remembers: case.ID in expressions.
type Datum struct {
	ID   string    `yaml:"id"`
	Type string    `yaml:"type"` // money, rate, int, decimal, bool, date, text
	Name i18n.Text `yaml:"name"`
	Open string    `yaml:"open,omitempty"` // what it is when the case is opened, unless whoever opens it says: OpenYear, or nothing
}

// OpenYear is the year in which a case is opened: what is begun in December and sent in January is of December's year.
const OpenYear = "year"

// Children is what a batch gathers.
type Children struct {
	Workflows []string `yaml:"workflows"`
	While     []string `yaml:"while"` // states in which cases may join and leave
}

// State is where a case may stand.
type State struct {
	ID        string    `yaml:"id"`
	Name      i18n.Text `yaml:"name"`
	Help      i18n.Text `yaml:"help,omitempty"`
	Public    bool      `yaml:"public,omitempty"` // the applicant sees it
	Waits     []string  `yaml:"waits,omitempty"`  // for whom: applicant, system, or roles, any one of whom may act
	Tasks     []Task    `yaml:"tasks,omitempty"`  // for each of whom, at the same time
	Undecided string    `yaml:"undecided,omitempty"`
	Clock     *Clock    `yaml:"clock,omitempty"`
	End       string    `yaml:"end,omitempty"` // done, refused or withdrawn: nothing waits any more
}

// Task is one of several parallel tasks of a state.
type Task struct {
	ID    string    `yaml:"id"`
	Name  i18n.Text `yaml:"name"`
	Role  string    `yaml:"role"`
	Each  bool      `yaml:"each,omitempty"`  // one for every account that was assigned in that role
	Least int       `yaml:"least,omitempty"` // of accounts, where there is one for each
}

// Clock is how long a state may take.
type Clock struct {
	Days int    `yaml:"days"`           // working days
	From string `yaml:"from,omitempty"` // data of type date to reckon from; else the day on which the state began
	Then string `yaml:"then"`           // remind, escalate, act
	To   string `yaml:"to,omitempty"`   // the role that it is escalated to
	Do   string `yaml:"do,omitempty"`   // the action that the system takes
}

// What happens when a clock has run out.
const (
	Remind   = "remind"
	Escalate = "escalate"
	ActOnce  = "act"
)

// ActionItem is one row of the table of a workflow, as it is written.
type ActionItem struct {
	ID      string            `yaml:"id"`
	Name    i18n.Text         `yaml:"name"`
	Help    i18n.Text         `yaml:"help,omitempty"`
	Kind    string            `yaml:"kind,omitempty"` // forward, return, withdraw, refuse, appeal, note
	From    []string          `yaml:"from"`
	To      string            `yaml:"to,omitempty"` // "": the case stays where it is
	Who     []string          `yaml:"who"`
	Apart   []string          `yaml:"apart,omitempty"`      // not by who did one of these in the same case
	Last    []string          `yaml:"apart_last,omitempty"` // not by who did one of these last in the same case
	Late    bool              `yaml:"late,omitempty"`       // only once the working days of the state's clock are over
	Guard   string            `yaml:"guard,omitempty"`
	Say     i18n.Text         `yaml:"say,omitempty"`    // what the guard asks for, in words
	Reason  string            `yaml:"reason,omitempty"` // required or optional; "": none is taken
	Form    string            `yaml:"form,omitempty"`
	Set     map[string]string `yaml:"set,omitempty"`   // data: expression
	Marks   map[string]string `yaml:"marks,omitempty"` // kind, such as invoice: answer, such as items.invoice_no
	Quorum  *Quorum           `yaml:"quorum,omitempty"`
	Within  int               `yaml:"within,omitempty"` // working days since the state began
	Effects []EffectItem      `yaml:"effects,omitempty"`
	Each    []EffectItem      `yaml:"each,omitempty"` // of a quorum: at each answer, where effects are for the last
	Freeze  bool              `yaml:"freeze,omitempty"`
	Gate    string            `yaml:"gate,omitempty"`   // that the batch must have passed
	Passes  string            `yaml:"passes,omitempty"` // the gate that a batch passes with it
	Notify  []Notify          `yaml:"notify,omitempty"`
}

// Kinds of actions; a plain step forward has none.
const (
	Forward  = "forward"
	Return   = "return"   // for correction
	Withdraw = "withdraw" // by the applicant
	Refuse   = "refuse"
	Appeal   = "appeal"
	Note     = "note" // the case stays where it is
)

// Quorum says that the action answers one of the parallel tasks of a state, and how many such answers move the case.
type Quorum struct {
	Need Need `yaml:"need"`
}

// Need is a number of answers; 0 is all.
type Need int

// UnmarshalText reads a number from 1, or all.
func (n *Need) UnmarshalText(b []byte) error {
	if string(b) == "all" {
		*n = 0
		return nil
	}
	i, err := strconv.Atoi(string(b))
	if err != nil || i < 1 || i > 1000 {
		return fmt.Errorf("want a number from 1 to 1000, or all")
	}
	*n = Need(i)
	return nil
}

func (n Need) String() string {
	if n == 0 {
		return "all"
	}
	return strconv.Itoa(int(n))
}

// EffectItem is an effect with its arguments.
type EffectItem struct {
	Do   string        `yaml:"do"`
	With content.Later `yaml:"with,omitempty"`
}

// Notify is who is told that an action was taken.
type Notify struct {
	To  string    `yaml:"to"` // applicant, or a role
	Say i18n.Text `yaml:"say"`
}
