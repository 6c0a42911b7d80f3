package fact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// SelfReport is the authority of what an enterprise states about itself.
const SelfReport = "enterprise"

// NewReport is what an enterprise states about itself: one value, under a source of its own.
type NewReport struct {
	Subject   int64 // the enterprise, or what belongs to it
	Def       string
	Period    period.Period
	State     State // Present or None
	Value     Value
	Precision Precision
	Shown     string // as it was typed
	Evidence  string // what shows that it is true: a return, a contract, an invoice
}

// Report is a statement of an enterprise about itself that it has not taken back or replaced, beside what holds.
type Report struct {
	Statement
	From    source.Source // its Note is the evidence
	Speaker int64         // the enterprise, after merges
	Cell    Cell          // what is in effect
	Same    bool          // as the report says, within the tolerance
	Behind  bool          // what is in effect was said by somebody who is believed more
	Answers []Answer      // oldest first
}

// Answer is what an official said to a report.
type Answer struct {
	Source int64
	N      int
	Kind   AnswerKind
	Actor  int64
	At     int64 // milliseconds UTC
	Note   string
	Held   Value // what was in effect then
}

// AnswerKind is what an answer comes to.
type AnswerKind string

// The kinds of answers.
const (
	Ask    AnswerKind = "ask"    // the enterprise should explain, correct or take back
	Accept AnswerKind = "accept" // the difference is looked into and stays; the source believed more holds
)

// Stand is how a report stands.
type Stand string

// The stands.
const (
	InEffect Stand = "effect"   // nobody who is believed more says anything
	Alike    Stand = "alike"    // it says what holds, within the tolerance
	Differs  Stand = "gap"      // it differs, and an official should look
	Asked    Stand = "asked"    // the enterprise should answer
	Accepted Stand = "accepted" // it differs, and an official knows
	Outdone  Stand = "outdone"  // a newer statement of the same weight holds
)

// Stands are all of them, what waits for somebody first.
func Stands() []Stand { return []Stand{Differs, Asked, InEffect, Alike, Accepted, Outdone} }

// Stand is how the report stands. A difference that was accepted is open again once the other source says something new.
func (r Report) Stand() Stand {
	var last Answer
	if n := len(r.Answers); n > 0 {
		last = r.Answers[n-1]
	}
	switch {
	case last.Kind == Ask:
		return Asked
	case r.Cell.Source == r.Source:
		return InEffect
	case r.Same:
		return Alike
	case !r.Behind:
		return Outdone
	case last.Kind == Accept && last.Held == r.Cell.Value:
		return Accepted
	}
	return Differs
}

// Beyond says that two sources differ by more than the definition tolerates.
func Beyond(def *content.FactDef, one, two Cell) bool {
	if one.State == two.State && one.Value == two.Value {
		return false
	}
	if one.State != Present || two.State != Present || def.Type.IsText() || def.Type == content.Bool || def.Type == content.Date {
		return true
	}
	a, b := money.Of(money.Fen(one.Value.Num)), money.Of(money.Fen(two.Value.Num))
	larger, apart := a, a.Minus(b)
	if b.Cmp(a) > 0 {
		larger, apart = b, b.Minus(a)
	}
	return apart.Cmp(larger.Times(def.Tolerance)) > 0
}

const (
	maxEvidence = 500  // characters
	maxReports  = 2000 // of one enterprise that are not taken back
)

// Report states what an enterprise says about itself and gives the source under which it is known: at once, whole, and
// never over the word of somebody who is believed more. Forbidden where the scope may not speak for the enterprise;
// Invalid for what is not asked of enterprises, has another period than the definition, lies ahead or has no evidence;
// Conflict where it is known already: the same fact is asked once.
func (v View) Report(ctx context.Context, n NewReport) (int64, error) {
	if !v.Can(access.Report, n.Subject) {
		return 0, errs.Forbidden(fmt.Sprintf("report a fact of subject %d", n.Subject))
	}
	n.Evidence = strings.TrimSpace(n.Evidence)
	area, firm, _ := v.home(n.Subject)
	n.Subject = v.snap.root(n.Subject)
	if err := v.checkReport(n); err != nil {
		return 0, err
	}
	own, err := v.Reports(ctx)
	if err != nil {
		return 0, err
	}
	count, last := 0, int64(0)
	for _, r := range own {
		if r.Speaker != firm {
			continue
		}
		count++
		if r.Subject == n.Subject && r.Def == n.Def && r.Period == n.Period {
			last = r.Source
			if r.State == n.State && r.Value == n.Value {
				return 0, errs.Conflict(i18n.M("report.said_already"))
			}
		}
	}
	if count >= maxReports {
		return 0, errs.Conflict(i18n.M("report.too_many", maxReports))
	}
	facts := v.frames.facts
	statement := Statement{
		Subject: n.Subject, Def: n.Def, Period: n.Period, State: n.State, Value: n.Value, Precision: n.Precision, Shown: n.Shown,
	}
	var digest Digest
	digest.Add(fmt.Sprintf("report %d after %d", n.Subject, last), statement) // a form that is sent twice states once
	src := source.Source{
		Kind: source.Entry, Authority: SelfReport, Name: reportName(n.Def, n.Period), Digest: digest.Sum(), Area: area, Party: firm, Note: n.Evidence,
	}
	if src.ID, err = facts.sources.Begin(ctx, v.scope, src); err != nil {
		return 0, err
	}
	err = facts.Append(ctx, src.ID, []Statement{statement})
	if err == nil {
		_, err = facts.sources.Publish(ctx, src.ID, nil)
	}
	if err != nil {
		return 0, errors.Join(err, facts.sources.Discard(context.WithoutCancel(ctx), src.ID))
	}
	return src.ID, v.frames.Refresh(ctx)
}

// reportName is what the source of a report is called: a name for machines, which pages put into words.
func reportName(def string, p period.Period) string { return strings.TrimSpace(def + " " + p.String()) }

func (v View) checkReport(n NewReport) error {
	def, ok := v.snap.lib.FactDef(n.Def)
	sub, known := v.Subject(n.Subject)
	first, _, dated := n.Period.Span()
	length := utf8.RuneCountInString(n.Evidence)
	switch {
	case !ok || !known || sub.Kind != def.Subject:
		return errs.NotFound("fact", n.Def)
	case !slices.Contains(def.Authority, SelfReport):
		return errs.Invalid(i18n.M("report.not_asked", def.Name))
	case n.Period.Kind() != def.Period || dated && first > clock.DayOf(v.frames.now.Millis()):
		return errs.Invalid(i18n.M("report.wrong_period", def.Name))
	case n.State != Present && n.State != None:
		return errs.Invalid(i18n.M("report.no_value"))
	case length == 0 || length > maxEvidence || !utf8.ValidString(n.Evidence):
		return errs.Invalid(i18n.M("report.need_evidence", maxEvidence))
	}
	holds := v.Value(n.Subject, n.Def, n.Period).AsStated()
	if holds.State == n.State && holds.Value == n.Value {
		return errs.Conflict(i18n.M("report.known_already"))
	}
	return nil
}

// Withdraw takes back all that an enterprise stated about one of its figures; what others said holds again, or nothing
// does. The oldest goes first, so that what it replaced is never in effect in between. Forbidden where the scope may not
// speak for the enterprise, NotFound where it stated nothing.
func (v View) Withdraw(ctx context.Context, subject int64, def string, p period.Period, reason string) error {
	if !v.Can(access.Report, subject) {
		return errs.Forbidden(fmt.Sprintf("take back a report of subject %d", subject))
	}
	if n := utf8.RuneCountInString(reason); n > maxEvidence || !utf8.ValidString(reason) {
		return errs.Invalid(i18n.M("report.need_evidence", maxEvidence))
	}
	all, err := v.ownStatements(ctx)
	if err != nil {
		return err
	}
	found := false
	for _, r := range all {
		if v.snap.root(r.Subject) != v.snap.root(subject) || r.Def != def || r.Period != p {
			continue
		}
		found = true
		if _, err := v.frames.facts.sources.Retract(ctx, v.scope, r.Source, reason); err != nil {
			return err
		}
	}
	if !found {
		return errs.NotFound("report", def)
	}
	return v.frames.Refresh(ctx)
}

// AnswerReport adds an answer to a report. It is for those who may decide about the enterprise: Forbidden to others;
// NotFound for a report that was replaced or taken back meanwhile; Conflict where somebody else was quicker, or where
// there is no difference to accept.
func (v View) AnswerReport(ctx context.Context, src int64, kind AnswerKind, note string) error {
	note, err := disputeText(note)
	if err != nil {
		return err
	}
	all, err := v.Reports(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(r Report) bool { return r.Source == src })
	switch {
	case i < 0:
		return errs.NotFound("report", src)
	case !v.Can(access.Decide, all[i].Subject):
		return errs.Forbidden(fmt.Sprintf("answer report %d", src))
	case kind != Ask && kind != Accept:
		return errs.Invalid(i18n.M("report.no_answer"))
	case kind == Accept && (all[i].Same || !all[i].Behind):
		return errs.Conflict(i18n.M("report.no_gap"))
	}
	r := all[i]
	err = v.frames.facts.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, insertAnswer, src, len(r.Answers)+1, string(kind), v.scope.Account(), v.frames.now.Millis(), note, r.Cell.Value.Num, r.Cell.Value.Text)
		return err
	})
	if store.IsUnique(err) {
		return errs.Conflict(i18n.M("report.answered"))
	}
	if err != nil {
		return fmt.Errorf("answer report %d: %w", src, err)
	}
	return nil
}

const (
	insertAnswer  = `INSERT INTO report_answer (source_id, n, kind, actor, at, note, held_num, held_text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	selectAnswers = `SELECT source_id, n, kind, actor, at, note, held_num, held_text FROM report_answer ORDER BY source_id, n`
)

// Reports is the reports that the scope may read, the newest first; of several about one figure the last.
func (v View) Reports(ctx context.Context) ([]Report, error) {
	own, err := v.ownStatements(ctx)
	if err != nil || len(own) == 0 {
		return nil, err
	}
	answers, err := v.answers(ctx)
	if err != nil {
		return nil, err
	}
	type figure struct {
		subject int64
		columnKey
	}
	seen := map[figure]bool{}
	var all []Report
	for _, r := range slices.Backward(own) {
		key := figure{v.snap.root(r.Subject), columnKey{r.Def, r.Period}}
		row, ok := v.Row(r.Subject)
		i, defined := v.snap.definition(r.Def)
		if !ok || !defined || !row.facts || seen[key] {
			continue
		}
		seen[key] = true
		def := &v.snap.lib.FactDefs()[i]
		if !row.reads(def) {
			continue
		}
		r.Subject = row.id
		_, r.Speaker, _ = v.home(r.Subject)
		r.Cell = row.Get(i, r.Period).AsStated()
		r.Same = !Beyond(def, Cell{State: r.State, Value: r.Value}, r.Cell)
		r.Behind = v.snap.lib.Rank(*def, v.Authority(r.Cell)) < v.snap.lib.Rank(*def, r.From.Authority)
		r.Answers = answers[r.Source]
		all = append(all, r)
	}
	return all, nil
}

func (v View) answers(ctx context.Context) (map[int64][]Answer, error) {
	rows, err := v.frames.facts.db.Read().Query(ctx, selectAnswers)
	if err != nil {
		return nil, fmt.Errorf("read answers to reports: %w", err)
	}
	defer rows.Close()
	by := map[int64][]Answer{}
	for rows.Next() {
		var a Answer
		if err := rows.Scan(&a.Source, &a.N, &a.Kind, &a.Actor, &a.At, &a.Note, &a.Held.Num, &a.Held.Text); err != nil {
			return nil, fmt.Errorf("read answers to reports: %w", err)
		}
		by[a.Source] = append(by[a.Source], a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read answers to reports: %w", err)
	}
	return by, nil
}

// ownStatements is every statement that enterprises made about themselves and did not take back, in the order in which
// they became known, whoever reads; it is read once for a commit. What it gives reaches nobody but through a scope.
func (v View) ownStatements(ctx context.Context) ([]Report, error) {
	if v.snap == nil {
		return nil, nil
	}
	if kept := v.snap.desk.own.Load(); kept != nil {
		return slices.Clone(*kept), nil
	}
	facts := v.frames.facts
	sources, err := facts.sources.OwnWords(ctx, v.snap.seq)
	if err != nil {
		return nil, err
	}
	by := make(map[int64]source.Source, len(sources))
	ids := make([]int64, len(sources))
	for i, src := range sources {
		by[src.ID], ids[i] = src, src.ID
	}
	var all []Report
	for batch := range slices.Chunk(ids, subjectBatch) {
		found, err := facts.statements(ctx, `source_id IN (`+placeholders(len(batch))+`)`, args(batch)...)
		if err != nil {
			return nil, fmt.Errorf("read what enterprises stated: %w", err)
		}
		for _, f := range found {
			all = append(all, Report{Statement: f, From: by[f.Source]})
		}
	}
	slices.SortFunc(all, func(a, b Report) int {
		return cmp.Or(cmp.Compare(a.From.Seq, b.From.Seq), cmp.Compare(a.N, b.N))
	})
	v.snap.desk.own.Store(&all)
	return slices.Clone(all), nil
}
