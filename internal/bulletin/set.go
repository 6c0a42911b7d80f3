package bulletin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/target"
)

// Bounds of content.
const (
	maxWithin  = 250 // working days
	maxFigures = 200 // of one report
	maxWords   = 5_000
)

// OfCounty and OfCity are whose a duty, report or warning is.
const (
	OfCounty = "county"
	OfCity   = "city"
)

// roleOf is whose office acts.
func roleOf(of string) access.Role {
	if of == OfCounty {
		return access.CountyOfficial
	}
	return access.CityOfficial
}

// Plan is the calendar of a plan.
type Plan struct{ PlanFile }

// Duty is one of a plan's duties.
type Duty struct {
	DutyFile
	Plan *Plan
}

// Key tells the duties of all plans apart.
func (d *Duty) Key() string { return d.Plan.Plan + "/" + d.Code }

// Head is what a report says of an indicator: it stays what it was when the report was prepared.
type Head struct {
	Name    i18n.Text `json:"name"`
	Version string    `json:"version"` // of the method
	Hash    string    `json:"hash"`    // of all that the method is made of
	Unit    string    `json:"unit"`
	Places  int       `json:"places"`
	Money   bool      `json:"money"` // values are fen
	Rate    bool      `json:"rate"`  // values are shares of 1
	Less    bool      `json:"less"`  // less of it is better
}

// Number is a value as people read it, without its unit unless it is a per cent sign; "" for none.
func (h Head) Number(r *big.Rat) string {
	if r == nil {
		return ""
	}
	switch {
	case h.Rate:
		return i18n.Group(new(big.Rat).Mul(r, big.NewRat(100, 1)).FloatString(h.Places)) + "%"
	case h.Money:
		return i18n.Group(new(big.Rat).Quo(r, big.NewRat(int64(fenIn(h.Unit)), 1)).FloatString(h.Places))
	}
	return i18n.Group(r.FloatString(h.Places))
}

// UnitBeside is the unit that stands beside Number; "" for none.
func (h Head) UnitBeside() string {
	switch {
	case h.Rate:
		return ""
	case h.Money && h.Unit == "":
		return "元"
	}
	return h.Unit
}

func fenIn(unit string) money.Fen {
	switch unit {
	case "亿元":
		return money.Yi
	case "万元":
		return money.Wan
	}
	return money.Yuan
}

// HeadOf is what a report would say of an indicator today.
func HeadOf(x *indicator.Indicator) Head {
	return Head{
		Name: x.Name, Version: x.Version, Hash: x.Hash, Unit: x.Unit, Places: x.Places, Money: x.Type == rule.MoneyType, Rate: x.Type == rule.RateType, Less: x.LessIsBetter(),
	}
}

// Aim is what a report says of a target: it stays what it was when the report was prepared.
type Aim struct {
	Name     i18n.Text `json:"name"`
	Plan     i18n.Text `json:"plan"`
	Document string    `json:"document"`
	Parts    bool      `json:"parts"`  // areas are compared by the part of its quota that each has reached
	Growth   bool      `json:"growth"` // what is promised is a share of 1, whatever the figure is
	Hash     string    `json:"hash"`   // of all by which the target is held against figures
}

// goalOf is a target by its plan and its number, as reports name it; false where there is none.
func goalOf(set *indicator.Set, key string) (indicator.Goal, bool) {
	all := set.Goals()
	i := slices.IndexFunc(all, func(g indicator.Goal) bool { return g.Plan.Code+"/"+g.ID == key })
	if i < 0 {
		return indicator.Goal{}, false
	}
	return all[i], true
}

// aimOf is what a report would say of a target today.
func aimOf(g indicator.Goal) Aim {
	than, due := "", ""
	if g.Than != nil {
		than = g.Than.Hash
	}
	if g.By != nil {
		due = g.By.String()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{
		g.Plan.Code, g.Plan.Area, g.Plan.From.String(), g.Plan.To.String(), g.ID, g.Compare, g.Value, g.UpTo, g.Unit, g.Change, g.Span, due, g.Target.Indicator, g.Target.Than, than,
	}))
	return Aim{
		Name: g.Name, Plan: g.Plan.Title, Document: g.Plan.Document, Parts: target.Adds(g), Growth: g.Change == content.Growth, Hash: hex.EncodeToString(sum[:]),
	}
}

// Definition is what a report holds, with what it says of each indicator and target. It never changes.
type Definition struct {
	DefinitionFile
	Heads map[string]Head `json:"heads"`          // by indicator
	Aims  map[string]Aim  `json:"aims,omitempty"` // by target
	Hash  string          `json:"-"`              // of all of it
	body  []byte
}

// Question is a question by its code; false where there is none.
func (d *Definition) Question(code string) (QuestionFile, bool) {
	i := slices.IndexFunc(d.Questions, func(q QuestionFile) bool { return q.Code == code })
	if i < 0 {
		return QuestionFile{}, false
	}
	return d.Questions[i], true
}

// pin fixes the definition's text and hash.
func (d *Definition) pin() error {
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("pin report %s: %w", d.Code, err)
	}
	sum := sha256.Sum256(body)
	d.body, d.Hash = body, hex.EncodeToString(sum[:])
	return nil
}

// unpinned reads what pin wrote.
func unpinned(hash, body string) (*Definition, error) {
	d := &Definition{Hash: hash, body: []byte(body)}
	if err := json.Unmarshal(d.body, d); err != nil {
		return nil, fmt.Errorf("read the report definition %s: %w", hash, err)
	}
	return d, nil
}

// Rule is when a warning is given.
type Rule struct {
	RuleFile
	Area, Source, Confidence string
	indicator                *indicator.Indicator
	goal                     indicator.Goal // of what is behind
	limit                    *big.Rat
}

// Share says that what is looked at is a share, whatever the figure is.
func (r *Rule) Share() bool { return r.What == OfGrowth || r.What == OfOpen || r.What == OfBehind }

// Growth says that what is promised is a share of 1, whatever the figure is.
func (r *Rule) Growth() bool { return r.goal.Change == content.Growth }

// Threshold is the limit as content writes it, with its direction.
func (r *Rule) Threshold() i18n.Msg {
	if r.Below != "" {
		return i18n.M("bulletin.below", r.Below)
	}
	return i18n.M("bulletin.above", r.Above)
}

// Set is the calendar, the reports and the warnings of today. It never changes.
type Set struct {
	Plans       []*Plan
	Duties      []*Duty
	Definitions []*Definition
	Rules       []*Rule
}

// Definition is a report by its code; NotFound where there is none.
func (s *Set) Definition(code string) (*Definition, error) {
	i := slices.IndexFunc(s.Definitions, func(d *Definition) bool { return d.Code == code })
	if i < 0 {
		return nil, errs.NotFound("report definition", code)
	}
	return s.Definitions[i], nil
}

// Rule is a warning by its code; NotFound where there is none.
func (s *Set) Rule(code string) (*Rule, error) {
	i := slices.IndexFunc(s.Rules, func(r *Rule) bool { return r.Code == code })
	if i < 0 {
		return nil, errs.NotFound("warning", code)
	}
	return s.Rules[i], nil
}

// Duty is a duty by its key; NotFound where there is none.
func (s *Set) Duty(key string) (*Duty, error) {
	i := slices.IndexFunc(s.Duties, func(d *Duty) bool { return d.Key() == key })
	if i < 0 {
		return nil, errs.NotFound("duty", key)
	}
	return s.Duties[i], nil
}

// Load reads duties, reports and warnings. The error is content.Problems: every mistake of every file.
func Load(fsys fs.FS, lib *content.Library, indicators *indicator.Set) (*Set, error) {
	l := &loader{lib: lib, indicators: indicators, set: &Set{}}
	for _, read := range []struct {
		dir string
		do  func(name string, src []byte)
	}{{ReportDir, l.report}, {DutyDir, l.plan}, {WarningDir, l.warnings}} {
		names, err := fs.Glob(fsys, path.Join(read.dir, "*.yaml"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, name := range names {
			src, err := fs.ReadFile(fsys, name)
			if err != nil {
				return nil, err
			}
			read.do(name, src)
		}
	}
	l.gathered()
	if len(l.problems) > 0 {
		slices.SortStableFunc(l.problems, func(a, b content.Problem) int {
			if a.File != b.File {
				return strings.Compare(a.File, b.File)
			}
			return a.Line - b.Line
		})
		return nil, l.problems
	}
	for _, d := range l.set.Definitions {
		if err := d.pin(); err != nil {
			return nil, err
		}
	}
	return l.set, nil
}

type loader struct {
	lib        *content.Library
	indicators *indicator.Set
	set        *Set
	doc        *content.Document
	problems   content.Problems
	docs       []*content.Document // of the definitions
}

var codeWord = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func (l *loader) say(msg i18n.Msg, at ...any) {
	l.problems = append(l.problems, l.doc.Problem(msg, at...))
}

func (l *loader) open(name string, src []byte, into any) bool {
	doc, wrong := content.Decode(name, src, into)
	l.doc = doc
	l.problems = append(l.problems, wrong...)
	return len(wrong) == 0
}

func (l *loader) oneOf(word string, words []string, at ...any) {
	if !slices.Contains(words, word) {
		l.say(i18n.M("content.one_of", word, strings.Join(words, ", ")), at...)
	}
}

func (l *loader) text(x i18n.Text, at ...any) {
	if x.ZH == "" || x.EN == "" {
		l.say(i18n.M("content.two_languages"), at...)
	}
}

// code wants a word that none of others has.
func (l *loader) code(code string, taken bool, at ...any) {
	if !codeWord.MatchString(code) {
		l.say(i18n.M("bulletin.bad_code", code), at...)
	}
	if taken {
		l.say(i18n.M("content.code_twice", code), at...)
	}
}

func (l *loader) confidence(word string) {
	l.oneOf(word, []string{content.Verified, content.Secondary, content.Unverified}, "confidence")
}

func (l *loader) area(code string) {
	if n, ok := l.lib.Areas().Node(code); !ok || n.Retired {
		l.say(i18n.M("bulletin.no_area", code), "area")
	}
}

var everyKinds = []string{string(period.Month), string(period.Quarter), string(period.Half), string(period.Year)}

func (l *loader) plan(name string, src []byte) {
	p := &Plan{}
	if !l.open(name, src, &p.PlanFile) {
		return
	}
	l.code(p.Plan, slices.ContainsFunc(l.set.Plans, func(o *Plan) bool { return o.Plan == p.Plan }), "plan")
	l.text(p.Name, "name")
	l.area(p.Area)
	l.confidence(p.Confidence)
	if p.Since > p.Until {
		l.say(i18n.M("bulletin.since_until", p.Since.String(), p.Until.String()), "since")
	}
	for i, f := range p.Duties {
		at := func(field string) []any { return []any{"duties", i, field} }
		d := &Duty{f, p}
		l.code(f.Code, slices.ContainsFunc(p.Duties[:i], func(o DutyFile) bool { return o.Code == f.Code }), at("code")...)
		l.text(f.Name, at("name")...)
		l.oneOf(f.Asks, []string{ToReport, ToMeet}, at("asks")...)
		l.oneOf(f.Of, []string{OfCounty, OfCity}, at("of")...)
		l.oneOf(string(f.Every), everyKinds, at("every")...)
		if f.Within < 0 || f.Within > maxWithin {
			l.say(i18n.M("bulletin.within", f.Within, maxWithin), at("within")...)
		}
		for j, m := range f.Months {
			if m < 1 || m > 12 || f.Every != period.Month || slices.Contains(f.Months[:j], m) {
				l.say(i18n.M("bulletin.months"), at("months")...)
			}
		}
		for _, days := range [][]int{f.Remind, f.Escalate} {
			if slices.ContainsFunc(days, func(n int) bool { return n < 0 || n > maxWithin }) {
				l.say(i18n.M("bulletin.days", maxWithin), at("code")...)
			}
		}
		if (f.Asks == ToReport) != (f.Report != "") {
			l.say(i18n.M("bulletin.names_report"), at("asks")...)
		} else if f.Asks == ToReport {
			def, err := l.set.Definition(f.Report)
			switch {
			case err != nil:
				l.say(i18n.M("bulletin.no_report", f.Report), at("report")...)
			case def.Every != f.Every || def.Of != f.Of:
				l.say(i18n.M("bulletin.other_report", f.Report, string(def.Every), def.Of), at("report")...)
			}
		}
		l.set.Duties = append(l.set.Duties, d)
	}
	l.set.Plans = append(l.set.Plans, p)
}

func (l *loader) report(name string, src []byte) {
	d := &Definition{Heads: map[string]Head{}, Aims: map[string]Aim{}}
	if !l.open(name, src, &d.DefinitionFile) {
		return
	}
	l.code(d.Code, slices.ContainsFunc(l.set.Definitions, func(o *Definition) bool { return o.Code == d.Code }), "report")
	l.text(d.Name, "name")
	l.oneOf(d.Of, []string{OfCounty, OfCity}, "of")
	l.oneOf(string(d.Every), everyKinds, "every")
	l.confidence(d.Confidence)
	n := 0
	for i, table := range d.Tables {
		at := func(field string) []any { return []any{"tables", i, field} }
		l.code(table.Code, table.Code == scoresTable || slices.ContainsFunc(d.Tables[:i], func(o TableFile) bool { return o.Code == table.Code }), at("code")...)
		l.text(table.Name, at("name")...)
		if table.By != "" {
			l.oneOf(table.By, []string{OfCounty}, at("by")...)
			if d.Of == OfCounty {
				l.say(i18n.M("bulletin.by_county"), at("by")...)
			}
		}
		for j, c := range table.Figures {
			l.column(d, c, "tables", i, "figures", j)
			n++
		}
	}
	if d.Scores != nil {
		l.scores(d)
		n += len(d.Scores.Parts)
	}
	if n == 0 || n > maxFigures {
		l.say(i18n.M("bulletin.figures", n, maxFigures), "report")
	}
	l.questions(d)
	l.set.Definitions = append(l.set.Definitions, d)
	l.docs = append(l.docs, l.doc)
}

// column checks a figure and notes what the report says of its indicator.
func (l *loader) column(d *Definition, c ColumnFile, at ...any) {
	to := func(field string) []any { return append(slices.Clone(at), field) }
	x, err := l.indicators.Indicator(c.Indicator)
	if err != nil {
		l.say(i18n.M("bulletin.no_indicator", c.Indicator), to("indicator")...)
		return
	}
	d.Heads[x.Code] = HeadOf(x)
	switch c.Span {
	case SpanPeriod, SpanToDate, SpanYear:
		if p, ok := spanOf(period.Of(d.Every, sampleDay), c.Span); ok && !x.Tells(p) {
			l.say(i18n.M("bulletin.cannot_tell", c.Indicator, p.String()), to("indicator")...)
		}
	default:
		l.oneOf(c.Span, []string{SpanToDate, SpanYear}, to("span")...)
	}
	l.choices(c.Choices, to("choices")...)
	if c.Target != "" {
		if g, ok := l.target(c.Target, c.Indicator, c.Choices, to("target")...); ok {
			d.Aims[c.Target] = aimOf(g)
		}
	}
}

// target checks the target of a figure. How far it is is told under the choices in force: what has its own would show a figure beside the
// distance of another one.
func (l *loader) target(key, indicator string, choices map[string]string, at ...any) (g indicator.Goal, ok bool) {
	g, ok = goalOf(l.indicators, key)
	switch {
	case !ok:
		l.say(i18n.M("bulletin.no_target", key), at...)
	case g.Target.Indicator != indicator:
		l.say(i18n.M("bulletin.other_target", key, g.Target.Indicator, indicator), at...)
	case len(choices) > 0:
		l.say(i18n.M("bulletin.target_choices", key), at...)
	default:
		return g, true
	}
	return g, false
}

func (l *loader) choices(of map[string]string, at ...any) {
	for code, option := range of {
		if !l.indicators.HasOption(code, option) {
			l.say(i18n.M("bulletin.no_option", code, option), at...)
		}
	}
}

// sampleDay is a day by which it is found out whether an indicator can be told for periods of a kind.
var sampleDay = period.Date(2024, 6, 30)

func (l *loader) scores(d *Definition) {
	if d.Of != OfCity {
		l.say(i18n.M("bulletin.scores_city"), "scores")
	}
	l.text(d.Scores.Name, "scores", "name")
	sum := 0
	for i, p := range d.Scores.Parts {
		l.column(d, p.ColumnFile, "scores", "parts", i)
		sum += p.Weight
		if p.Weight < 1 {
			l.say(i18n.M("bulletin.weight"), "scores", "parts", i, "weight")
		}
		x, err := l.indicators.Indicator(p.Indicator)
		if err != nil {
			continue
		}
		if whole, err := x.Quantity(p.Whole); err != nil || whole.Sign() <= 0 {
			l.say(i18n.M("indicator.whole", p.Whole, x.Type.Msg()), "scores", "parts", i, "whole")
		}
		if x.LessIsBetter() {
			l.say(i18n.M("bulletin.less_scored", p.Indicator), "scores", "parts", i, "indicator")
		}
	}
	if sum != 100 {
		l.say(i18n.M("bulletin.weights", sum), "scores", "parts")
	}
}

func (l *loader) questions(d *Definition) {
	for i, q := range d.Questions {
		at := func(field string) []any { return []any{"questions", i, field} }
		l.code(q.Code, slices.ContainsFunc(d.Questions[:i], func(o QuestionFile) bool { return o.Code == q.Code }), at("code")...)
		l.text(q.Ask, at("ask")...)
		if q.Help != nil {
			l.text(*q.Help, at("help")...)
		}
		if q.Most < 1 || q.Most > maxWords || q.Least < 0 || q.Least > q.Most {
			l.say(i18n.M("bulletin.words", maxWords), at("most")...)
		}
	}
	for i, c := range d.Checks {
		at := func(field string) []any { return []any{"checks", i, field} }
		l.oneOf(c.Check, []string{CheckFell, CheckOpen}, at("check")...)
		if _, ok := d.Heads[c.Indicator]; !ok {
			l.say(i18n.M("bulletin.not_in_report", c.Indicator), at("indicator")...)
		}
		if _, ok := d.Question(c.Word); !ok {
			l.say(i18n.M("bulletin.no_question", c.Word), at("word")...)
		}
		if zero := c.More.Cmp(money.PPM(0)); (c.Check == CheckOpen) != (zero > 0) {
			l.say(i18n.M("bulletin.more"), at("check")...)
		}
	}
}

// gathered looks at which reports others are made of, once all are read.
func (l *loader) gathered() {
	for i, d := range l.set.Definitions {
		if d.Gathers == nil {
			continue
		}
		l.doc = l.docs[i]
		of, err := l.set.Definition(d.Gathers.Report)
		switch {
		case err != nil:
			l.say(i18n.M("bulletin.no_report", d.Gathers.Report), "gathers", "report")
			continue
		case of.Of != OfCounty || d.Of != OfCity || !contains(d.Every, of.Every):
			l.say(i18n.M("bulletin.cannot_gather", of.Code), "gathers", "report")
		}
		for j, code := range d.Gathers.Quote {
			if _, ok := of.Question(code); !ok {
				l.say(i18n.M("bulletin.no_question", code), "gathers", "quote", j)
			}
		}
	}
}

// contains says that periods of one kind are made of whole ones of another.
func contains(whole, part period.Kind) bool {
	return slices.Index(everyKinds, string(whole)) >= slices.Index(everyKinds, string(part))
}

func (l *loader) warnings(name string, src []byte) {
	var f WarningsFile
	if !l.open(name, src, &f) {
		return
	}
	l.area(f.Area)
	l.confidence(f.Confidence)
	for i, w := range f.Warnings {
		at := func(field string) []any { return []any{"warnings", i, field} }
		r := &Rule{RuleFile: w, Area: f.Area, Source: f.Source, Confidence: f.Confidence}
		l.code(w.Code, slices.ContainsFunc(l.set.Rules, func(o *Rule) bool { return o.Code == w.Code }), at("code")...)
		l.text(w.Name, at("name")...)
		l.text(w.Why, at("why")...)
		l.oneOf(w.Of, []string{OfCounty, OfCity}, at("of")...)
		l.oneOf(string(w.Every), append(slices.Clone(everyKinds), string(period.YearToDate)), at("every")...)
		l.oneOf(w.What, []string{OfValue, OfChange, OfGrowth, OfOpen, OfBehind}, at("what")...)
		compared := w.What == OfChange || w.What == OfGrowth
		if compared {
			l.oneOf(w.Against, []string{AgainstBefore, AgainstYear}, at("against")...)
		} else if w.Against != "" {
			l.say(i18n.M("bulletin.against"), at("against")...)
		}
		if (w.Below == "") == (w.Above == "") {
			l.say(i18n.M("bulletin.one_limit"), at("code")...)
		}
		if len(w.Tell) == 0 {
			l.say(i18n.M("bulletin.tell"), at("tell")...)
		}
		for j, to := range w.Tell {
			l.oneOf(to, []string{OfCounty, OfCity}, "warnings", i, "tell", j)
		}
		l.choices(w.Choices, at("choices")...)
		l.set.Rules = append(l.set.Rules, r)
		x, err := l.indicators.Indicator(w.Indicator)
		if err != nil {
			l.say(i18n.M("bulletin.no_indicator", w.Indicator), at("indicator")...)
			continue
		}
		r.indicator = x
		if p := period.Of(w.Every, sampleDay); !x.Tells(p) {
			l.say(i18n.M("bulletin.cannot_tell", w.Indicator, p.String()), at("indicator")...)
		}
		l.limit(r, at("code"))
		switch {
		case (w.What == OfBehind) != (w.Target != ""):
			l.say(i18n.M("bulletin.behind_target"), at("target")...)
		case w.Target != "":
			r.goal, _ = l.target(w.Target, w.Indicator, w.Choices, at("target")...)
		}
	}
}

// limit reads the threshold: a rate where a share is looked at, else a quantity of the indicator.
func (l *loader) limit(r *Rule, at []any) {
	text := r.Below + r.Above
	if r.Share() {
		rate, err := money.ParseRate(text)
		if err != nil {
			l.say(i18n.M("content.want_rate", text), at...)
			return
		}
		r.limit = rate.Rat()
		return
	}
	limit, err := r.indicator.Quantity(text)
	if err != nil {
		l.say(i18n.M("indicator.whole", text, r.indicator.Type.Msg()), at...)
		return
	}
	r.limit = limit
}
