package flag

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// Whom a question is put to.
const (
	ToFirm   = "firm"
	ToOffice = "office"
)

// Returned is the measure by which money is ordered back, in the case of an application.
const Returned = "return"

// Register adds what the workflows of reviews may cause.
func Register(r *casework.Registry, s *Store) {
	plain := func(name string, do func(context.Context, *store.Tx, *casework.Moment) error) {
		casework.Register(r, name, func(ctx context.Context, tx *store.Tx, at *casework.Moment, _ struct{}) error { return do(ctx, tx, at) })
	}
	r.Begins(ReviewFlow, casework.Beginning{Page: "/flags", Operation: "open_flag"})

	plain("flag.freeze", s.freezes)
	plain("flag.ask", s.asks)
	plain("flag.answered", s.answers)
	plain("flag.settle", s.settles)
	plain("flag.measure", s.measures)
}

// facts are what a row follows from.
func (r Review) facts(w Frozen, at *casework.Moment) []rule.FactRef {
	of := func(subject int64, def string, p period.Period) rule.FactRef {
		return rule.FactRef{Subject: rule.SubjectRef{ID: strconv.FormatInt(subject, 10)}, Def: def, Period: p}
	}
	switch r.Kind {
	case SplitProject, JustAboveMark:
		return []rule.FactRef{of(w.Subject, r.Mark.Fact, period.OfYear(w.Year))}
	case ClosedPayee:
		if all := at.View().Periods(w.Firm, operatingState); len(all) > 0 {
			return []rule.FactRef{of(w.Firm, operatingState, all[len(all)-1])}
		}
	}
	if r.Kind == RelatedSeller && r.Shared != itself {
		var all []rule.FactRef
		for def := range strings.FieldsSeq(r.Shared) {
			all = append(all, of(w.Firm, def, period.Period{}))
		}
		return all
	}
	if def := sharedFacts[r.Kind]; def != "" {
		return []rule.FactRef{of(w.Firm, def, period.Period{})}
	}
	return nil
}

// freezes notes the facts that the rows of a review follow from.
func (s *Store) freezes(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, err := reviewAt(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	for _, w := range r.Rows {
		at.Stand(r.facts(w, at)...)
	}
	return nil
}

func text(at *casework.Moment, field string) string {
	return strings.TrimSpace(strings.Join(at.Texts(field), ""))
}

func number(at *casework.Moment, field string) int64 {
	if x := at.Answer("answer." + field); x.State == rule.Present {
		return x.Value.Int()
	}
	return 0
}

const (
	insertQuestion = `INSERT INTO flag_question (case_id, review, n, to_whom, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`
	insertOutcome  = `INSERT INTO flag_outcome (case_id, outcome, at, by_account) VALUES ($1, $2, $3, $4)`
	insertMeasure  = `INSERT INTO flag_measure (id, case_id, what, of_case, note, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7)`
)

// asks puts a question to the firm of a row, or to the office of its county, in a case of its own: they see it and nothing of the review.
func (s *Store) asks(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, err := reviewAt(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	n, to, question := number(at, "row"), text(at, "to"), text(at, "question")
	i := slices.IndexFunc(r.Rows, func(w Frozen) bool { return int64(w.N) == n })
	if i < 0 {
		return at.Refuse(i18n.M("flag.no_row", n, len(r.Rows)))
	}
	row := r.Rows[i]
	e, ok := at.View().Enterprise(row.Firm)
	if !ok {
		return at.Refuse(i18n.M("flag.no_firm"))
	}
	ask := casework.NewCase{Workflow: FirmFlow, Title: "核查询问 · " + e.Name, Subject: e.ID, Data: casework.Data{"review": rule.Int(r.Case)}}
	if to == ToOffice {
		ask.Workflow, ask.Subject = OfficeFlow, row.Office
	}
	c, err := at.Open(ctx, ask)
	if err != nil {
		return err
	}
	if _, err := at.Act(ctx, casework.Act{Case: c.ID, Action: "put", Reason: question}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertQuestion, c.ID, r.Case, row.N, to, s.Clock.Millis(), at.Event().Actor); err != nil {
		return fmt.Errorf("keep a question: %w", err)
	}
	audit.Note(tx, loggedQuestion, c.ID)
	return nil
}

// answers has the review of a question know that it came to its end, unless the review has ended.
func (s *Store) answers(ctx context.Context, _ *store.Tx, at *casework.Moment) error {
	of := at.Case().Data["review"]
	if of.Type() != rule.IntType {
		return fmt.Errorf("question %d is about no review", at.Case().ID)
	}
	review, err := at.Other(ctx, of.Int())
	if err != nil || review.Ended != "" {
		return err
	}
	_, err = at.Act(ctx, casework.Act{Case: of.Int(), Action: "answered", Reason: fmt.Sprintf("%s（办件 %d）", at.Case().Title, at.Case().ID)})
	return err
}

// settles keeps what a review came to. Whoever acted in a case that stands in it does not confirm that: it is what they did.
func (s *Store) settles(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	c := at.Case()
	r, err := reviewAt(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	for _, w := range r.Rows {
		cases, err := s.casesOf(ctx, w.Row)
		if err != nil {
			return err
		}
		for _, id := range cases {
			acted, err := at.Acted(ctx, id, at.Event().Actor)
			if err != nil {
				return err
			}
			if acted {
				return at.Refuse(i18n.M("flag.own_deed", id))
			}
		}
	}
	if _, err := tx.Exec(ctx, insertOutcome, c.ID, c.Data["outcome"].Text(), s.Clock.Millis(), at.Event().Actor); err != nil {
		return fmt.Errorf("keep what a review came to: %w", err)
	}
	audit.Note(tx, loggedOutcome, c.ID)
	return nil
}

// casesOf are the applications that a row is about: the one that it names, and every other for its project in that year.
func (s *Store) casesOf(ctx context.Context, w Row) (ids []int64, err error) {
	if w.Case != 0 {
		ids = append(ids, w.Case)
	}
	if w.Subject == 0 {
		return ids, nil
	}
	all, err := s.Applications.Applications(ctx, access.SystemScope(), subsidy.Filter{Enterprise: w.Firm, Limit: 1000})
	for _, a := range all {
		if a.Subject == w.Subject && a.Year == w.Year && !slices.Contains(ids, a.Case) {
			ids = append(ids, a.Case)
		}
	}
	return ids, err
}

// measures keeps what was done. Money is ordered back in the case of an application that stands in the review.
func (s *Store) measures(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	r, err := reviewAt(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	what, of := text(at, "what"), number(at, "case")
	if (what == Returned || of != 0) && !slices.ContainsFunc(r.Rows, func(w Frozen) bool { return w.Case == of && of != 0 }) {
		return at.Refuse(i18n.M("flag.no_case", of))
	}
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertMeasure, id, r.Case, what, of, text(at, "note"), s.Clock.Millis(), at.Event().Actor); err != nil {
		return fmt.Errorf("keep a measure: %w", err)
	}
	audit.Note(tx, loggedMeasure, id)
	return nil
}
