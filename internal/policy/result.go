package policy

import (
	"encoding/json"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Engine names how decisions are taken, and stands in their receipts. It changes with every change of this package, of
// package rule or of package money that gives another decision for the same policy and facts: the golden receipt of
// package policy/version tells when.
const Engine = "yanzhen/3"

// State is how a question came out.
type State string

// The states. Unknown always comes with the facts that are missing.
const (
	Met     State = "met"
	NotMet  State = "not_met"
	Unknown State = "unknown"
)

// Interval is an amount as far as it is known: Sure whatever the missing facts turn out to be, Possible at most.
// Unbounded says that nothing known limits it; Possible is then 0 and means nothing.
type Interval struct {
	Sure, Possible money.Fen
	Unbounded      bool
}

func interval(low, high money.Fen) Interval {
	if high >= unbounded {
		return Interval{Sure: min(low, unbounded), Unbounded: true}
	}
	return Interval{Sure: low, Possible: high}
}

// Exact says that the amount is known.
func (i Interval) Exact() bool { return !i.Unbounded && i.Sure == i.Possible }

// Plus is the interval of the sum.
func (i Interval) Plus(j Interval) Interval {
	return Interval{Sure: i.Sure + j.Sure, Possible: i.Possible + j.Possible, Unbounded: i.Unbounded || j.Unbounded}
}

// And is the interval with what is known on top.
func (i Interval) And(known money.Fen) Interval {
	return interval(plus(i.Sure, known), plus(top(i), known))
}

// MarshalJSON gives {"sure": "1.00", "possible": "2.00"}; possible is null when unbounded.
func (i Interval) MarshalJSON() ([]byte, error) {
	v := struct {
		Sure     money.Fen  `json:"sure"`
		Possible *money.Fen `json:"possible"`
	}{Sure: i.Sure, Possible: &i.Possible}
	if i.Unbounded {
		v.Possible = nil
	}
	return json.Marshal(v)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (i *Interval) UnmarshalJSON(b []byte) error {
	var v struct {
		Sure     money.Fen  `json:"sure"`
		Possible *money.Fen `json:"possible"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*i = Interval{Sure: v.Sure, Unbounded: v.Possible == nil}
	if v.Possible != nil {
		i.Possible = *v.Possible
	}
	return nil
}

// Ref names a subject.
type Ref struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Decision is a policy applied to one enterprise as of a day.
type Decision struct {
	Policy     string            `json:"policy"`               // document id
	Document   string            `json:"document"`             // its number
	Amended    []string          `json:"amended_by,omitempty"` // numbers of the documents that changed it and are in force
	Confidence string            `json:"confidence"`
	Hash       string            `json:"hash"` // of the policy file, the settings and the changed parameters
	AsOf       period.Day        `json:"as_of"`
	Subject    Ref               `json:"subject"`
	State      State             `json:"state"`           // met: something is paid for sure; unknown: something may be
	Total      Interval          `json:"total"`           // money to the enterprise
	InKind     Interval          `json:"in_kind"`         // services paid for it
	Floor      *Interval         `json:"floor,omitempty"` // what a county that pays by itself must not fall below
	Settings   map[string]string `json:"settings"`
	Reason     i18n.Msg          `json:"-"` // why nothing counts: a draft, another area; zero otherwise
	Clauses    []ClauseSum       `json:"clauses"`
	Lines      []Line            `json:"lines"`
	Advice     []Advice          `json:"advice,omitempty"`
	Missing    []rule.FactRef    `json:"-"` // every fact that would make the answer surer

	gross *grossSums // before quotas and pools, where there are any
}

// ClauseSum is a clause over all its lines.
type ClauseSum struct {
	Clause string   `json:"clause"`
	State  State    `json:"state"`
	Pays   Interval `json:"pays"`
	InKind bool     `json:"in_kind,omitempty"`
}

// Line is one clause applied to one subject and event.
type Line struct {
	Clause    string         `json:"clause"`
	Subject   Ref            `json:"subject"`
	Project   *Ref           `json:"project,omitempty"` // where the subject is not the project itself
	Year      int            `json:"year,omitempty"`    // of the event; 0 when it is not known
	Event     *period.Day    `json:"event,omitempty"`
	State     State          `json:"state"`
	Form      string         `json:"form"` // money, in_kind, up_to, eligibility
	Own       Interval       `json:"own"`  // by the clause itself
	Pays      Interval       `json:"pays"` // after stacking
	Steps     []Step         `json:"steps,omitempty"`
	Parts     []Part         `json:"parts,omitempty"`
	Due       []DuePart      `json:"due,omitempty"` // with Options.Trace, where it is paid in parts
	Payee     string         `json:"payee,omitempty"`
	Reason    i18n.Msg       `json:"-"` // one sentence
	Remaining []Remaining    `json:"remaining,omitempty"`
	Missing   []rule.FactRef `json:"-"`
	Checks    []Check        `json:"checks,omitempty"`  // with Options.Trace
	Formula   []Term         `json:"formula,omitempty"` // with Options.Trace

	Portions []Portion `json:"portions,omitempty"` // in quotas and pools

	purse    int
	floored  bool     // another level pays
	gross    Interval // Pays before quotas and pools
	granted  State    // State before them
	standing []standing
	years    []int // in which the event may lie
}

// Step is one reduction of a line by stacking.
type Step struct {
	Stage    string     `json:"stage"` // once, project_ceiling, higher_of, enterprise_ceiling, instalment, clawback, floor
	Rule     string     `json:"rule"`  // id of the ceiling or group
	From     money.Fen  `json:"from"`
	To       money.Fen  `json:"to"`
	By       money.Fen  `json:"by"`              // what it lost by: winner less loser, or amount less what the ceiling left
	Limit    *money.Fen `json:"limit,omitempty"` // of a ceiling
	LostTo   *Winner    `json:"lost_to,omitempty"`
	Beside   []Winner   `json:"beside,omitempty"`   // what else stands instead, where it lost to several
	Most     int        `json:"most,omitempty"`     // how many are paid, where more than one
	Document string     `json:"document,omitempty"` // other document that it lost to
	Award    *money.Fen `json:"award,omitempty"`    // what the other document gave
	Place

	lost   int   // claim that it lost to, -1 for none
	beside []int // and others
}

// Winner is the line that was paid instead.
type Winner struct {
	Clause  string `json:"clause"`
	Subject Ref    `json:"subject"`
	Year    int    `json:"year,omitempty"`
}

// Part is what one payer pays.
type Part struct {
	Payer string   `json:"payer"`
	Pays  Interval `json:"pays"`
}

// DuePart is one instalment of what a line is granted.
type DuePart struct {
	ID     string      `json:"id"`
	Name   i18n.Text   `json:"name"`
	Share  money.Rate  `json:"share"`
	State  State       `json:"state"` // met: it is due
	On     *period.Day `json:"on,omitempty"`
	Amount money.Fen   `json:"amount"`
}

// Remaining is something that is still to be met, or to be known.
type Remaining struct {
	Check    string     `json:"check"`
	State    State      `json:"state"` // not_met or unknown
	Text     i18n.Text  `json:"text"`
	Have     *money.Fen `json:"have,omitempty"`
	Need     *money.Fen `json:"need,omitempty"`
	Distance *money.Fen `json:"distance,omitempty"` // exact; a threshold that excludes its number needs one fen more
	Facts    []Fact     `json:"facts,omitempty"`    // that are missing
}

// Check is one condition as it was evaluated.
type Check struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind"` // validity, area, exclusion, condition, threshold
	Text  i18n.Text `json:"text"`
	Expr  string    `json:"expr,omitempty"`
	State State     `json:"state"`
	Read  []Fact    `json:"read,omitempty"`
	Need  []Fact    `json:"missing,omitempty"`
	Place

	// Says is what was read and what is asked, of a condition that does not hold.
	Says *i18n.Text `json:"says,omitempty"`

	Assumed bool `json:"assumed,omitempty"` // nobody reported it, which the policy takes as no
}

// Sentence is what was asked, so that it reads the same whether it is met or not: of a condition that shuts out, that it does.
func (c Check) Sentence() i18n.Msg {
	switch c.Kind {
	case "exclusion":
		return i18n.M("policy.shuts_out", c.Text)
	case "clawback":
		return i18n.M("policy.takes_back", c.Text)
	}
	return i18n.M("rule.one", c.Text)
}

// Term is one step of the amount: a base, a rate, a product, a rounding, a ceiling of a part.
type Term struct {
	Name  i18n.Text `json:"name"`
	Expr  string    `json:"expr,omitempty"`
	Value string    `json:"value"` // yuan, percent or days
	Read  []Fact    `json:"read,omitempty"`
	Cite  string    `json:"cite,omitempty"`

	money bool // Value is an amount
}

// Fact is a fact that was read or is missing, with its value as text: yuan with two decimals, percent, day, code.
type Fact struct {
	Subject Ref           `json:"subject"`
	Def     string        `json:"def"`
	Period  period.Period `json:"period"`
	Value   string        `json:"value,omitempty"`
}

// Advice is what would bring more, checked by deciding again with the change. It is never paid silently.
type Advice struct {
	Kind    string    `json:"kind"` // change: facts that would qualify; choice: a rule that costs money; ask: what the clause says to do
	Clause  string    `json:"clause"`
	Subject Ref       `json:"subject"`
	Year    int       `json:"year,omitempty"`
	Changes []Change  `json:"changes,omitempty"`
	Gain    money.Fen `json:"gain"` // of the whole decision, for sure
	Text    i18n.Msg  `json:"-"`
}

// Change is one fact as it would have to be.
type Change struct {
	Fact Fact       `json:"fact"` // Value is what it is now, "" when it is not known
	To   string     `json:"to"`
	Add  *money.Fen `json:"add,omitempty"` // for amounts: how much more
}
