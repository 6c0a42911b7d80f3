package diagnosis

import (
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// What a firm answers to a piece of advice.
const (
	Adopt = "adopt" // 采纳
	Later = "later" // 暂缓
	No    = "no"    // 不采纳
)

// AnswerWords are the answers, in the order in which a page offers them.
func AnswerWords() []string { return []string{Adopt, Later, No} }

// Answer is what a firm answers to a piece of advice.
type Answer struct {
	Advice string
	Answer string
	Reason string // wanted where it is not adopted
	At     int64
	By     int64
}

const (
	insertAnswer = `INSERT INTO diagnosis_answer (id, case_id, handed, advice, answer, reason, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	answersOf    = `SELECT handed, advice, answer, reason, at, by_account FROM diagnosis_answer WHERE case_id = $1 ORDER BY id`
	insertFiling = `INSERT INTO diagnosis_filing (id, case_id, advice, filing, at, by_account) VALUES ($1, $2, $3, $4, $5, $6)`
	// filingColumns begins a statement that filings reads; in the order of f.id.
	filingColumns = `SELECT f.case_id, f.advice, f.filing, c.state, c.ended FROM diagnosis_filing f JOIN case_head c ON c.id = f.filing`
	filingsOf     = filingColumns + ` WHERE f.case_id = $1 ORDER BY f.id`
)

// answersTo is the last answer to each piece of advice of a report that was handed in, in the order of the report.
func answersTo(ctx context.Context, q store.Querier, id, report int64, r *Report) ([]Answer, error) {
	type row struct {
		handed int64
		Answer
	}
	rows, err := store.List(ctx, q, func(r *store.Rows) (x row, err error) {
		return x, r.Scan(&x.handed, &x.Advice, &x.Answer.Answer, &x.Reason, &x.At, &x.By)
	}, answersOf, id)
	if err != nil {
		return nil, fmt.Errorf("read answers of case %d: %w", id, err)
	}
	var all []Answer
	for _, a := range r.Advice {
		for _, x := range slices.Backward(rows) {
			if x.handed == report && x.Advice == a.ID {
				all = append(all, x.Answer)
				break
			}
		}
	}
	return all, nil
}

// Reply answers all advice of the report and hands the answers in, in one: for the firm, while the case waits for it.
func (s *Store) Reply(ctx context.Context, scope access.Scope, cases *casework.Store, id int64, answers []Answer) error {
	c, _, err := cases.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	if !scope.Sees(access.FileCase, "", c.Enterprise) {
		return errs.Forbidden("answer the advice to another enterprise")
	}
	if !slices.Contains(told, c.State) { // what it is not told yet it does not learn from a refusal either
		return errs.NotFound("report", id)
	}
	err = cases.Together(ctx, scope, func(ctx context.Context, tx *store.Tx, t casework.Together) error {
		h, r, err := lastHanded(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, a := range r.Advice {
			i := slices.IndexFunc(answers, func(x Answer) bool { return x.Advice == a.ID })
			if i < 0 || !slices.Contains(AnswerWords(), answers[i].Answer) {
				return errs.Invalid(i18n.M("diagnosis.answer_all", a.Title))
			}
			x := answers[i]
			if err := trim("reason", &x.Reason); err != nil {
				return err
			}
			if x.Answer != Adopt && x.Reason == "" {
				return errs.Invalid(i18n.M("diagnosis.answer_why", a.Title))
			}
			n, err := tx.NextIDs(ctx, 1)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, insertAnswer, n, id, h.ID, a.ID, x.Answer, x.Reason, s.Clock.Millis(), scope.Account()); err != nil {
				return fmt.Errorf("answer advice: %w", err)
			}
			audit.Note(tx, loggedAnswer, n)
		}
		_, err = t.Act(ctx, casework.Act{Case: id, Action: "answer"})
		return err
	})
	if err != nil {
		return fmt.Errorf("answer the advice of case %d: %w", id, err)
	}
	return nil
}

// lastHanded is the report that was handed in last, as it was; NotFound where none was.
func lastHanded(ctx context.Context, q store.Querier, id int64) (Handed, Saved, error) {
	all, err := handed(ctx, q, handedOf, id)
	if err != nil {
		return Handed{}, Saved{}, err
	}
	if len(all) == 0 {
		return Handed{}, Saved{}, errs.NotFound("report of case", id)
	}
	h := all[len(all)-1]
	r, err := savedOf(ctx, q, reportByN, id, h.N)
	return h, r, err
}

// answered takes the answers (Reply); where one is missing, they are given on the page of the diagnosis.
func (s *Store) answered(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	h, r, err := lastHanded(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	all, err := answersTo(ctx, tx, at.Case().ID, h.ID, &r.Report)
	if err != nil {
		return err
	}
	if len(all) < len(r.Advice) {
		return at.Refuse(i18n.M("diagnosis.answer_on_page"))
	}
	n := 0
	for _, a := range all {
		if a.Answer == Adopt {
			n++
		}
	}
	return at.Set("adopted", rule.Int(int64(n)))
}

// File opens a project filing for adopted advice, for the firm, once the diagnosis was accepted; one that was opened before and stands is given
// instead. One that was refused or withdrawn does not stand: the advice may be filed anew.
func (s *Store) File(ctx context.Context, scope access.Scope, cases *casework.Store, id int64, advice string) (filing int64, err error) {
	c, w, err := cases.Get(ctx, scope, id)
	if err != nil {
		return 0, err
	}
	if !IsDiagnosis(w.Workflow) {
		return 0, errs.NotFound("diagnosis", id)
	}
	if !scope.Sees(access.FileCase, "", c.Enterprise) {
		return 0, errs.Forbidden(string(access.FileCase))
	}
	h, r, err := lastHanded(ctx, s.DB.Read(), id)
	if err != nil {
		return 0, err
	}
	a, ok := r.Has(advice)
	if !ok {
		return 0, errs.NotFound("advice", advice)
	}
	answers, err := answersTo(ctx, s.DB.Read(), id, h.ID, &r.Report)
	if err != nil {
		return 0, err
	}
	switch {
	case !slices.ContainsFunc(answers, func(x Answer) bool { return x.Advice == advice && x.Answer == Adopt }):
		return 0, errs.Conflict(i18n.M("diagnosis.not_adopted"))
	case !Accepted(c.State):
		return 0, errs.Conflict(i18n.M("diagnosis.not_accepted"))
	}
	if filing, err = standing(ctx, s.DB.Read(), id, advice); err != nil || filing != 0 {
		return filing, err
	}
	project, _, err := s.Subsidy.OpenProject(ctx, scope, c.Enterprise, a.Title)
	if err != nil {
		return 0, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, fmt.Sprintf("diagnosis filing %d", id)); err != nil {
			return err
		}
		var err error
		if filing, err = standing(ctx, tx, id, advice); err != nil || filing != 0 { // somebody was quicker
			return err
		}
		filing = project.ID
		n, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertFiling, n, id, advice, filing, s.Clock.Millis(), scope.Account()); err != nil {
			return fmt.Errorf("link advice to its filing: %w", err)
		}
		audit.Note(tx, loggedFiling, n)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("file advice %s of case %d: %w", advice, id, err)
	}
	return filing, nil
}

// accepted is how the filing of a project ends that was built.
const accepted = "done"

// Filing is the project filing that a piece of advice became.
type Filing struct {
	Advice string
	Case   int64
	State  string
	Ended  string // as cases are: "" while it runs
}

// stands says that a filing is under way or was accepted.
func (f Filing) stands() bool { return f.Ended == "" || f.Ended == accepted }

// worth orders filings of one piece of advice: one that was accepted, one under way, one that is over.
func (f Filing) worth() int {
	switch f.Ended {
	case accepted:
		return 2
	case "":
		return 1
	}
	return 0
}

// filings is what each piece of advice became, by case, in the order in which advice was filed first: of several filings of one the best, among
// equals the last.
func filings(ctx context.Context, q store.Querier, query string, args ...any) (map[int64][]Filing, error) {
	type row struct {
		of int64
		Filing
	}
	rows, err := store.List(ctx, q, func(r *store.Rows) (x row, err error) {
		return x, r.Scan(&x.of, &x.Advice, &x.Filing.Case, &x.State, &x.Ended)
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read filings of advice: %w", err)
	}
	m := map[int64][]Filing{}
	for _, x := range rows {
		i := slices.IndexFunc(m[x.of], func(f Filing) bool { return f.Advice == x.Advice })
		if i < 0 {
			m[x.of] = append(m[x.of], x.Filing)
		} else if x.worth() >= m[x.of][i].worth() {
			m[x.of][i] = x.Filing
		}
	}
	return m, nil
}

// standing is the filing of a piece of advice that stands; 0 where none does.
func standing(ctx context.Context, q store.Querier, id int64, advice string) (int64, error) {
	all, err := filings(ctx, q, filingsOf, id)
	for _, f := range all[id] {
		if f.Advice == advice && f.stands() {
			return f.Case, nil
		}
	}
	return 0, err
}
