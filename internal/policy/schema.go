package policy

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// File is policy.yaml as written. docs/policy-format.md explains each key.
type File struct {
	Document   Document    `yaml:"document"`
	Settings   []Setting   `yaml:"settings,omitempty"`
	Params     []Param     `yaml:"params,omitempty"`
	Aggregates []Aggregate `yaml:"aggregates,omitempty"`
	Exclusions []Atom      `yaml:"exclusions,omitempty"` // an atom that is true shuts the enterprise out of every clause
	Clauses    []Clause    `yaml:"clauses"`
	Uplifts    []Uplift    `yaml:"uplifts,omitempty"`
	Stacking   Stacking    `yaml:"stacking,omitempty"`
	Amendments []Amendment `yaml:"amendments,omitempty"` // in the order of the days from which they hold
	Inventory  []Mention   `yaml:"inventory,omitempty"`
}

// Mention is a clause of the document that names numbers. All of them are parameters that cite it, or there is a reason
// why they are not. So that nothing is left out silently, the inventory holds every clause with a number.
type Mention struct {
	Cite    string     `yaml:"cite"`
	Numbers []string   `yaml:"numbers"`          // as the document writes them: 1.2%, 500万元, 50家, 2024年12月31日
	Reason  *i18n.Text `yaml:"reason,omitempty"` // why these are not encoded: a target, the budget of the programme
}

// Place is where a document says something.
type Place struct {
	Cite  string `yaml:"cite" json:"cite"`                       // clause path in the document: 四(三)
	Quote string `yaml:"quote,omitempty" json:"quote,omitempty"` // at most 30 characters that mark the place
}

// Document is what was published, where and for how long it holds.
type Document struct {
	ID         string     `yaml:"id"`
	Number     string     `yaml:"number"` // 盐政办发〔2022〕6号
	Name       i18n.Text  `yaml:"name"`
	Issuer     i18n.Text  `yaml:"issuer"`
	Level      string     `yaml:"level"`      // national, province, city, county
	Status     string     `yaml:"status"`     // live; a draft is shown and never counts
	Confidence string     `yaml:"confidence"` // verified, secondary, unverified
	Source     string     `yaml:"source"`     // what was read
	Issued     period.Day `yaml:"issued"`
	Valid      Valid      `yaml:"valid"`
	Area       *Area      `yaml:"area,omitempty"`
	Floor      *Floor     `yaml:"floor,omitempty"`
	Payers     []Payer    `yaml:"payers,omitempty"`
	Rounding   *Rounding  `yaml:"rounding,omitempty"`
	Replaces   []string   `yaml:"replaces,omitempty"` // document ids that it takes the place of
	ReplacedBy string     `yaml:"replaced_by,omitempty"`
}

// Valid is the days on which an event must lie, both inside. FirstYear is "whole" (the year of From counts from
// January) or "from" (from the day itself), or setting.x with these two options.
type Valid struct {
	From      period.Day  `yaml:"from"`
	To        *period.Day `yaml:"to,omitempty"`
	FirstYear string      `yaml:"first_year,omitempty"`
	Place
}

// Area is where an enterprise must lie on the day of the event: in one of the nodes or below it.
type Area struct {
	In []string `yaml:"in"`
	Place
}

// Floor is the areas where somebody else pays and must promise no less than this document.
type Floor struct {
	In   []string  `yaml:"in"`
	Text i18n.Text `yaml:"text"`
	Place
}

// Payer is who pays.
type Payer struct {
	ID    string    `yaml:"id"`
	Level string    `yaml:"level"`
	Name  i18n.Text `yaml:"name"`
	Place
}

// Rounding is the one step from an exact amount to fen: to a multiple of To.
type Rounding struct {
	To   money.Fen  `yaml:"to"`
	Mode money.Mode `yaml:"mode"` // half_up, half_even, down, up
	Place
}

// Setting is a question that the document leaves open, with the answer that is taken until the issuer gives one.
type Setting struct {
	ID       string    `yaml:"id"`
	Question i18n.Text `yaml:"question"`
	Default  string    `yaml:"default"`
	Options  []Option  `yaml:"options"`
	Place
}

// SameAs says that another document asks the same: under the same name, with the same options.
func (s Setting) SameAs(o Setting) bool {
	return s.ID == o.ID && slices.EqualFunc(s.Options, o.Options, func(a, b Option) bool { return a.ID == b.ID })
}

// Option is one answer.
type Option struct {
	ID   string    `yaml:"id"`
	Text i18n.Text `yaml:"text"`
}

// Param is a number of the document: one value, or values by year of the event, by the code that a fact holds (size,
// title, level, area: for ent.area the nearest node above counts), or by a fact with a day. Of a day, each key of Values is
// the last moment for which it holds ("2026-01-20 24:00"), and "later" is for what comes after all of them; Hour is a fact
// with the time of that day as a whole number (1730 for half past five), where a key names an hour.
type Param struct {
	ID     string            `yaml:"id"`
	Type   string            `yaml:"type"` // money, rate, int, decimal, date
	Name   i18n.Text         `yaml:"name"`
	Value  string            `yaml:"value,omitempty"`
	By     string            `yaml:"by,omitempty"` // "year" or a fact code
	Hour   string            `yaml:"hour,omitempty"`
	Values map[string]string `yaml:"values,omitempty"`
	Places map[string]Place  `yaml:"places,omitempty"` // where a single value of Values stands, if elsewhere
	Place

	Unquoted *i18n.Text `yaml:"unquoted,omitempty"` // why there is no quotation with the number in it
}

// Aggregate is a figure over the children of a subject: the lease costs of a project in the year.
type Aggregate struct {
	ID   string    `yaml:"id"`
	Name i18n.Text `yaml:"name"`
	From string    `yaml:"from"` // kind of the subject whose children are looked at
	Over string    `yaml:"over"` // kind of the children
	Op   string    `yaml:"op"`   // sum, count, max, min, any, all
	Of   string    `yaml:"of,omitempty"`
	When []string  `yaml:"when,omitempty"`
	Place
}

// Only makes an item hold under one answer to a setting.
type Only struct {
	Setting string `yaml:"setting"`
	Is      string `yaml:"is"`
}

// Atom is one condition that a reader understands by itself.
type Atom struct {
	ID   string    `yaml:"id"`
	Text i18n.Text `yaml:"text"`
	Expr string    `yaml:"expr"`
	Only *Only     `yaml:"only,omitempty"`
	Cite string    `yaml:"cite,omitempty"` // where it does not stand with its clause

	// Unreported says what it means when no source states the facts: "" leaves the condition unknown; "no" takes it as
	// false, for what stands in a register if it is so at all (a title, a blacklist).
	Unreported string `yaml:"unreported,omitempty"`
}

// Threshold is a figure that must be reached. AtLeast includes the number itself, Over does not; exactly one is given,
// and it names a parameter. Base says what the amount is counted on once it is reached: "whole" (default) or "above",
// the part beyond the threshold. Raise lists the facts that move together when an enterprise does more; by default
// those that Of reads.
type Threshold struct {
	ID      string    `yaml:"id"`
	Text    i18n.Text `yaml:"text"`
	Of      string    `yaml:"of"`
	AtLeast string    `yaml:"at_least,omitempty"`
	Over    string    `yaml:"over,omitempty"`
	Base    string    `yaml:"base,omitempty"`
	Raise   []string  `yaml:"raise,omitempty"`
	Only    *Only     `yaml:"only,omitempty"`
}

// Clause is the smallest promise that can be carried out by itself.
type Clause struct {
	ID         string      `yaml:"id"`
	Name       i18n.Text   `yaml:"name"`
	Summary    i18n.Text   `yaml:"summary"` // in plain words, paraphrased
	Entity     string      `yaml:"entity"`  // enterprise, project, loan, lease, honour: one line for each
	Event      string      `yaml:"event"`   // fact with the day that decides, or "yearly"
	Only       *Only       `yaml:"only,omitempty"`
	Valid      *Valid      `yaml:"valid,omitempty"` // where the clause has days of its own
	When       []Atom      `yaml:"when,omitempty"`
	Exclusions []Atom      `yaml:"exclusions,omitempty"`
	Thresholds []Threshold `yaml:"thresholds,omitempty"`
	Requires   []Require   `yaml:"requires,omitempty"`
	Amount     Amount      `yaml:"amount"`
	Once       []Once      `yaml:"once,omitempty"`
	Ceilings   []Ceiling   `yaml:"ceilings,omitempty"`
	Shares     *Shares     `yaml:"shares,omitempty"`
	Payment    *Payment    `yaml:"payment,omitempty"`
	Rounding   *Rounding   `yaml:"rounding,omitempty"`
	Advice     *i18n.Text  `yaml:"advice,omitempty"` // a sentence shown to those who do not get it
	Place
}

// Amount is how much; exactly one form is given.
type Amount struct {
	Share       *Share       `yaml:"share,omitempty"`
	Fixed       *Fixed       `yaml:"fixed,omitempty"`
	Bands       *Bands       `yaml:"bands,omitempty"`
	Interest    *Interest    `yaml:"interest,omitempty"`
	PerUnit     *PerUnit     `yaml:"per_unit,omitempty"`
	Marks       *Marks       `yaml:"marks,omitempty"`
	InKind      *InKind      `yaml:"in_kind,omitempty"`
	UpTo        *UpTo        `yaml:"up_to,omitempty"`
	Eligibility *Eligibility `yaml:"eligibility,omitempty"`
}

// Share is a rate of a base.
type Share struct {
	Of   string `yaml:"of"`   // expression: money
	Rate string `yaml:"rate"` // param.x
}

// Fixed is a sum; a parameter by title, level or size makes it a table.
type Fixed struct {
	Value string `yaml:"value"` // param.x
}

// Bands is rates by size of the base. With Whole, one rate, that of the band in which the base lies, is applied to all
// of it; else each part of the base has the rate of its own band. From includes the number itself.
type Bands struct {
	Of    string `yaml:"of"`
	Whole bool   `yaml:"whole"`
	Bands []Band `yaml:"bands"`
}

// Band begins at From (a parameter; "" is zero) and ends where the next begins.
type Band struct {
	From string `yaml:"from,omitempty"`
	Rate string `yaml:"rate"`
}

// Interest is an interest subsidy. On says what the rate is applied to: "principal", "interest_paid", or
// "points": the rate is points off the bank's rate, never more than the bank's rate itself, on the principal.
// With Days the amount is taken pro rata: days from From to To inside the year, To itself not counted, over YearDays.
// With Paid the amount is never above the interest really paid.
type Interest struct {
	On        string `yaml:"on"`
	Rate      string `yaml:"rate"`                // param.x
	Principal string `yaml:"principal,omitempty"` // expression: money
	BankRate  string `yaml:"bank_rate,omitempty"` // expression: rate
	Paid      string `yaml:"paid,omitempty"`      // expression: money
	Days      *Days  `yaml:"days,omitempty"`
}

// Days is the span for which interest is subsidised; To may be none: still running at the end of the year.
type Days struct {
	From     string `yaml:"from"` // fact with a day
	To       string `yaml:"to"`   // fact with a day
	YearDays int    `yaml:"year_days"`
}

// InKind is a service free of charge: its price, up to a ceiling, is paid to the institute.
type InKind struct {
	Price   string `yaml:"price"`           // expression: money
	Ceiling string `yaml:"ceiling"`         // param.x
	Payee   string `yaml:"payee,omitempty"` // fact that names the institute
}

// PerUnit is so much for each of Count. With Of and Rate the amount is that share of the cost, and Each is what it may come
// to for each unit on average.
type PerUnit struct {
	Count string `yaml:"count"`          // expression: int or decimal
	Each  string `yaml:"each"`           // param.x
	Of    string `yaml:"of,omitempty"`   // expression: money
	Rate  string `yaml:"rate,omitempty"` // param.x
}

// Marks is awards for a figure of the year that passes a mark for the first time. With Cumulative the figure is added up
// over the years. Since is the first year that is looked at: what was passed before is not rewarded; by default the first
// year in which the clause is in force. Passing is "at_least" (达到) or "over" (突破). Pays is "each" mark that is passed
// in the year, or the "highest" of them.
type Marks struct {
	Of         string `yaml:"of"` // expression: money
	Cumulative bool   `yaml:"cumulative,omitempty"`
	Since      int    `yaml:"since,omitempty"`
	Passing    string `yaml:"passing"`
	Pays       string `yaml:"pays"`
	Marks      []Mark `yaml:"marks"`
}

// Mark is one mark; marks rise.
type Mark struct {
	At    string `yaml:"at"`    // param.x
	Award string `yaml:"award"` // param.x
}

// UpTo is an amount that somebody decides: at most Limit, at most a Rate of a base, or both. Decided is the fact that says
// what was decided, once it was.
type UpTo struct {
	Limit   string `yaml:"limit,omitempty"`   // param.x
	Of      string `yaml:"of,omitempty"`      // expression: money
	Rate    string `yaml:"rate,omitempty"`    // param.x
	Decided string `yaml:"decided,omitempty"` // fact: money
}

// Eligibility is a promise without a published amount.
type Eligibility struct {
	Text i18n.Text `yaml:"text"`
}

// Once lets only the first events (one, or Most) of those that agree in the facts of Same be paid, within one enterprise
// and clause; an empty Same is so many per enterprise. Period is "policy" (default) or "year".
type Once struct {
	Same   []string `yaml:"same"`
	Most   string   `yaml:"most,omitempty"` // param.x: int
	Period string   `yaml:"period,omitempty"`
	Only   *Only    `yaml:"only,omitempty"`
	Place
}

// Ceiling limits the sum of a clause (and of the clauses in With) per subject of Scope and per Period. The limit is an
// amount (Limit), an amount that a fact states (Of: the taxes paid), or a share of one (Of and Limit, a rate). What other
// documents gave (Counts) is taken off it. Where several lines draw on one ceiling, the earlier event draws first.
type Ceiling struct {
	ID     string    `yaml:"id"`
	Limit  string    `yaml:"limit,omitempty"` // param.x: money; with Of a rate
	Of     string    `yaml:"of,omitempty"`    // expression: money
	Counts []Counted `yaml:"counts,omitempty"`
	Scope  string    `yaml:"scope"`  // unit (the line's own subject), project, enterprise
	Period string    `yaml:"period"` // event, year, policy; or setting.x with options of these names
	With   []string  `yaml:"with,omitempty"`
	Only   *Only     `yaml:"only,omitempty"`
	Place
}

// Counted is what other documents or levels gave, reported as a fact, and draws on a ceiling of this one. Unreported says
// what an award that nobody reported means: none, or unknown; or setting.x.
type Counted struct {
	Award      string    `yaml:"award"` // fact: money
	Name       i18n.Text `yaml:"name"`
	Unreported string    `yaml:"unreported"`
}

// Require is a prerequisite: some line of one of the Clauses must be met for the same project or enterprise, in the same
// year or at all.
type Require struct {
	ID      string    `yaml:"id"`
	Text    i18n.Text `yaml:"text"`
	Clauses []string  `yaml:"clauses"`
	Scope   string    `yaml:"scope"`  // project, enterprise
	Period  string    `yaml:"period"` // year, policy
	Place
}

// Payment is when a clause's amount is paid: in parts, each once the one before is and its own day has come; and what makes
// all of it fall back.
type Payment struct {
	Instalments []Instalment `yaml:"instalments,omitempty"`
	Clawback    []Atom       `yaml:"clawback,omitempty"` // an atom that is true: nothing is due, and what was paid is returned
	Place
}

// Instalment is one part. Without On it is due with the clause itself.
type Instalment struct {
	ID    string    `yaml:"id"`
	Name  i18n.Text `yaml:"name"`
	Share string    `yaml:"share"`        // param.x: rate; all shares make one
	On    string    `yaml:"on,omitempty"` // fact with the day on which it falls due
	When  []Atom    `yaml:"when,omitempty"`
}

// Uplift raises what clauses come to where its conditions hold: by a rate of the amount (20 %; 100 % doubles it), or by a
// sum. Inside the ceiling (default), the clause's ceilings stay as they are; outside, they rise in the same way.
type Uplift struct {
	ID      string    `yaml:"id"`
	Name    i18n.Text `yaml:"name"`
	Clauses []string  `yaml:"clauses"`
	When    []Atom    `yaml:"when"`
	By      string    `yaml:"by"`                // param.x: rate or money
	Ceiling string    `yaml:"ceiling,omitempty"` // inside, outside; or setting.x
	Only    *Only     `yaml:"only,omitempty"`
	Place
}

// Shares is who pays which part of a clause's amount. Parts add up to the whole; each may have a ceiling, all of them a
// joint one; where they fall below Floor of the base, the payer named in FloorPayer adds what is missing.
type Shares struct {
	Of           []PayerShare `yaml:"of"`
	JointCeiling string       `yaml:"joint_ceiling,omitempty"` // param.x
	Floor        string       `yaml:"floor,omitempty"`         // param.x: rate of FloorOf
	FloorOf      string       `yaml:"floor_of,omitempty"`      // expression: money
	FloorPayer   string       `yaml:"floor_payer,omitempty"`
	Place
}

// PayerShare is one payer's part.
type PayerShare struct {
	Payer   string `yaml:"payer"`
	Share   string `yaml:"share"`             // param.x: rate of the clause's amount
	Ceiling string `yaml:"ceiling,omitempty"` // param.x
}

// Stages of stacking, in the order that the law states (Stacking.Order).
const (
	ProjectCeiling    = "project_ceiling"    // ceilings of scope unit and project
	HigherOf          = "higher_of"          // the groups
	EnterpriseCeiling = "enterprise_ceiling" // ceilings of scope enterprise
)

// Stacking is what holds between clauses.
type Stacking struct {
	Order  []string `yaml:"order,omitempty"`
	Groups []Group  `yaml:"groups,omitempty"`
	Quotas []Quota  `yaml:"quotas,omitempty"` // after the decisions of all enterprises
	Pools  []Pool   `yaml:"pools,omitempty"`  // after the quotas
}

// Group is clauses of which not all are paid. Scope is what they must share to stand against each other: project,
// enterprise, or cost_item with the facts of Same. Pick is higher_of, priority (the order of Clauses, even if it pays
// less) or difference: in order of time, each pays only what goes beyond the most that was granted before; with To "sum",
// what goes beyond all that was paid before under the other clauses of the group.
type Group struct {
	ID      string    `yaml:"id"`
	Name    i18n.Text `yaml:"name"`
	Scope   string    `yaml:"scope"`
	Same    []string  `yaml:"same,omitempty"`
	Period  string    `yaml:"period,omitempty"` // policy (default) or year; or setting.x
	Pick    string    `yaml:"pick"`
	To      string    `yaml:"to,omitempty"` // most (default), sum
	Clauses []string  `yaml:"clauses"`
	Sum     bool      `yaml:"sum,omitempty"` // the clauses of this document add up and stand together against the other
	Against *Against  `yaml:"against,omitempty"`
	Only    *Only     `yaml:"only,omitempty"`
	Place
}

// Against is what other documents gave, reported as facts. Unreported says what an award that nobody reported means:
// none, or unknown; or setting.x.
type Against struct {
	Award      string    `yaml:"award"`              // fact: money
	Document   string    `yaml:"document,omitempty"` // fact: text, which document
	Name       i18n.Text `yaml:"name"`
	Unreported string    `yaml:"unreported"`
}
