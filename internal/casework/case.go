package casework

import (
	"encoding/json"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// How a case ends (State.End, Case.Ended).
const (
	Done      = "done"
	Refused   = "refused"
	Withdrawn = "withdrawn"
)

// Case is one run of a workflow.
type Case struct {
	ID         int64
	Workflow   string // id of the definition
	Hash       string // of the definition
	Title      string
	Subject    int64 // what it is about: an enterprise, a project, an area
	Enterprise int64 // whose it is, 0 for none
	Area       string
	Partner    int64 // the party outside the offices that it was referred to, such as a bank; 0 for none
	Batch      int64 // the case that gathers it, 0 for none
	OpenedAt   int64 // milliseconds UTC, like all instants here
	State      string
	Since      int64  // when it came into its state
	Moved      int64  // number of the event that brought it there
	Events     int64  // how many there are
	Ended      string // "" while it runs
	Data       Data
}

// Data is what a case remembers, by the ids of its workflow.
type Data map[string]rule.Value

// data is Data as it is stored: the text form of each value; the workflow knows the types.
func (d Data) encode() string {
	b, err := json.Marshal(d) // texts alone
	if err != nil {
		panic("casework: data cannot be written: " + err.Error())
	}
	return string(b)
}

func (w *Workflow) decode(s string) (Data, error) {
	var texts map[string]string
	if err := json.Unmarshal([]byte(s), &texts); err != nil {
		return nil, fmt.Errorf("read data of a case: %w", err)
	}
	d := Data{}
	for key, text := range texts {
		v, err := rule.ParseValue(w.data[key], text)
		if err != nil {
			return nil, fmt.Errorf("read data of a case: %s: %w", key, err)
		}
		d[key] = v
	}
	return d, nil
}

// EventKind is what an event is.
type EventKind string

// The kinds of events.
const (
	Opened    EventKind = "opened"
	Acted     EventKind = "acted"
	Voted     EventKind = "voted"     // an answer of a quorum that did not move the case
	Decided   EventKind = "decided"   // all parallel tasks were answered, and nothing was reached
	Shaken    EventKind = "shaken"    // a source of frozen evidence was taken back
	Settled   EventKind = "settled"   // somebody has looked at what shook it
	Escalated EventKind = "escalated" // a clock has run out
)

// Event is something that happened to a case.
type Event struct {
	ID      int64
	Case    int64
	N       int64 // counts the events of a case from 1
	Kind    EventKind
	Action  string // "" for those that no action of the workflow is behind
	Actor   int64  // account; 0 for the product itself
	Who     string // what it acted as: applicant, system, a role
	Cause   int64  // the event of another case that caused it, 0 for none
	At      int64
	From    string // state before
	To      string // state after
	Reason  string
	Answers []byte // JSON, as the form keeps them; nil for none
	Data    Data   // what it set
	Known   int64  // the commit up to which it knew facts
	Source  int64  // of what it stated; 0 for nothing
	Passes  string // the gate that a batch passed with it
	Slot    string // the parallel task that it answered
	Opened  []Slot // the tasks that it opened
}

// Slot is a task as the event that opened it tells it, or that the tasks of an account were taken from it.
type Slot struct {
	Kind    TaskKind `json:"kind"`
	ID      string   `json:"id,omitempty"`
	Role    string   `json:"role"`
	Account int64    `json:"account,omitempty"`
	Left    bool     `json:"left,omitempty"`
}

// TaskKind is why somebody must do something.
type TaskKind string

// The kinds of tasks.
const (
	Work     TaskKind = "work"     // the workflow says so
	Look     TaskKind = "look"     // frozen evidence was shaken
	Overtime TaskKind = "overtime" // escalated
)

// CaseTask is what somebody must do, or had to.
type CaseTask struct {
	ID         int64
	Case       int64
	Kind       TaskKind
	Slot       string // of parallel tasks
	State      string
	Workflow   string
	Role       string // a role, or applicant
	Account    int64  // 0: any account of the role
	Area       string
	Enterprise int64
	Partner    int64
	OpenedN    int64
	OpenedAt   int64
	SinceDay   period.Day
	Days       int // working days; 0 for no clock
	ClosedN    int64
	ClosedAt   int64
	Outcome    string // the action that answered it; "" while open, and where the case moved on without it
	Settles    bool   // who reads it (TasksOf) may settle it: see Settle
}

// settles says that a scope may close a task of an object's case by a word: the workflow waits for none such.
func (t CaseTask) settles(scope access.Scope, obj access.Object) bool {
	return t.Kind != Work && actsAs(scope, t.Role, obj)
}

// leaves says that the task is taken from an account that is no longer assigned in a role.
func (t CaseTask) leaves(account int64, role string) bool {
	return t.Open() && t.Kind == Work && t.Account == account && t.Role == role
}

// Open says that it is still to be done.
func (t CaseTask) Open() bool { return t.ClosedN == 0 }

// Due is the day by which it is to be done, by a calendar. ok is false where there is no clock; known is false where the
// calendar does not know all the days.
func (t CaseTask) Due(c period.Calendar) (due period.Day, known, ok bool) {
	if t.Days == 0 {
		return 0, true, false
	}
	due, known = c.AddWorkdays(t.SinceDay, t.Days)
	return due, known, true
}

// NewCase is a case to be opened.
type NewCase struct {
	Workflow string
	Title    string
	Subject  int64
	Batch    int64 // joins it
	Pins     []Pin // of policies and rubrics; forms are pinned by the workflow
	Data     Data
	Reason   string
	Key      string // the same key sent again gives the case that was opened; "" asks for no such thing
	// Alone has a case of the workflow about the subject that is under way given in the place of a second one, whoever began it.
	Alone bool `json:",omitempty"`
}

// Pin is a definition that a case runs under.
type Pin struct {
	Kind string // form, policy, rubric
	Name string
	Hash string
}

// Act is an action to be taken.
type Act struct {
	Case   int64
	Action string
	Task   int64 // the task that it answers; 0: whichever the account can
	Seen   int64 // Case.Events when whoever acts looked at it; 0: not told
	Reason string
	Entry  []byte // of the form, as JSON
	Key    string // the same key sent again gives the event that was stored; "" asks for no such thing
}

// object is what the rule table asks of a case.
func (c Case) object(accounts []int64, roles []access.Role) access.Object {
	return access.Object{Area: c.Area, Owner: c.Enterprise, Partner: c.Partner, Accounts: accounts, Roles: roles}
}

// remembers is what the case keeps under a name, as expressions read it: case.x.
func (c Case) remembers(name string) rule.Answer {
	if v, ok := c.Data[name]; ok {
		return rule.Answer{Value: v, State: rule.Present}
	}
	return rule.Answer{State: rule.None}
}

// YearDatum is the data of a workflow that tells the year that its cases are about.
const YearDatum = "year"

// Year is the year whose facts expressions and forms read: the case's own, where its workflow has data called year, else
// the current one.
func (c Case) Year(today period.Day) int {
	if v, ok := c.Data[YearDatum]; ok && v.Type() == rule.IntType {
		return int(v.Int())
	}
	return today.Year()
}
