package diagnosis

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Report is what an institute writes of a firm. What the system knows stands beside it and is not typed: level, figures, fitting clauses.
type Report struct {
	Summary  string    `json:"summary"`
	Barrier  string    `json:"barrier"` // code of what holds the firm back
	Why      string    `json:"why"`     // what is seen of it
	Findings []Finding `json:"findings"`
	Advice   []Advice  `json:"advice"`
}

// Finding is what was found, and how far it is from where the firm could be.
type Finding struct {
	ID    string `json:"id"`   // within the report, such as f1
	Part  string `json:"part"` // of the model, "" for none
	Title string `json:"title"`
	State string `json:"state"` // what was seen
	Gap   string `json:"gap"`
	Proof string `json:"proof"` // on what it stands: files, photographs, figures, whom was asked
}

// Advice is what a firm is told to do.
type Advice struct {
	ID       string    `json:"id"` // such as a1
	Finding  string    `json:"finding"`
	Title    string    `json:"title"`
	What     string    `json:"what"`
	Scenario string    `json:"scenario"` // code
	Least    money.Fen `json:"least"`    // what it costs
	Most     money.Fen `json:"most"`
	Months   int       `json:"months"` // until it has paid for itself
	Fact     string    `json:"fact"`   // by which its effect is measured, "" where by the level alone
	Expected string    `json:"expected"`
	Proof    string    `json:"proof"`   // on what cost and effect stand
	Example  string    `json:"example"` // id of a case to look at, "" for none
}

// Limits of a report.
const (
	maxFindings = 50
	maxAdvice   = 50
	maxMonths   = 240
	maxCost     = money.Fen(1_000_000_000_00) // 10 亿元
	maxBody     = 1 << 20
)

// Has says that a report has advice with an id.
func (r *Report) Has(advice string) (Advice, bool) {
	i := slices.IndexFunc(r.Advice, func(a Advice) bool { return a.ID == advice })
	if i < 0 {
		return Advice{}, false
	}
	return r.Advice[i], true
}

// finding is the finding with an id.
func (r *Report) finding(id string) (Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.ID == id })
	if i < 0 {
		return Finding{}, false
	}
	return r.Findings[i], true
}

// tidy trims a report and refuses what cannot be one, whether it is finished or not.
func (s *Store) tidy(r *Report) error {
	if len(r.Findings) > maxFindings || len(r.Advice) > maxAdvice {
		return errs.Invalid(i18n.M("diagnosis.too_long", maxFindings, maxAdvice))
	}
	barriers, _ := s.Library.CodeList(BarrierCodes)
	if _, ok := barriers.Entry(r.Barrier); !ok && r.Barrier != "" {
		return errs.Invalid(i18n.M("diagnosis.no_barrier", r.Barrier))
	}
	problems := []error{trim("summary", &r.Summary), trim("why", &r.Why)}
	seen := map[string]bool{}
	id := func(text string) {
		if !codeForm.MatchString(text) || seen[text] {
			problems = append(problems, errs.Invalid(i18n.M("diagnosis.bad_id", text)))
		}
		seen[text] = true
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		id(f.ID)
		problems = append(problems, trim("title", &f.Title), trim("state", &f.State), trim("gap", &f.Gap), trim("proof", &f.Proof))
	}
	scenarios, _ := s.Library.CodeList(ScenarioCodes)
	for i := range r.Advice {
		a := &r.Advice[i]
		id(a.ID)
		a.Title = strings.TrimSpace(a.Title)
		problems = append(problems, within("title", a.Title, maxTitle, true), trim("what", &a.What), trim("expected", &a.Expected), trim("proof", &a.Proof))
		if _, ok := scenarios.Entry(a.Scenario); !ok && a.Scenario != "" {
			problems = append(problems, errs.Invalid(i18n.M("diagnosis.no_scenario", a.Scenario)))
		}
		if _, ok := s.Programme.Example(a.Example); !ok && a.Example != "" {
			problems = append(problems, errs.Invalid(i18n.M("diagnosis.no_example", a.Example)))
		}
		if _, ok := s.Library.FactDef(a.Fact); !ok && a.Fact != "" {
			problems = append(problems, errs.Invalid(i18n.M("diagnosis.no_fact", a.Fact)))
		}
		if a.Least < 0 || a.Most < a.Least || a.Most > maxCost {
			problems = append(problems, errs.Invalid(i18n.M("diagnosis.bad_cost", a.Title)))
		}
		if a.Months < 0 || a.Months > maxMonths {
			problems = append(problems, errs.Invalid(i18n.M("diagnosis.bad_months", a.Title, maxMonths)))
		}
	}
	for _, err := range problems {
		if err != nil {
			return err
		}
	}
	return nil
}

func trim(field string, text *string) error {
	*text = strings.TrimSpace(*text)
	return within(field, *text, maxText, true)
}

const (
	insertReport = `INSERT INTO diagnosis_report (case_id, n, institute, body, hash, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	lastReport   = `SELECT n, institute, body, hash, at, by_account FROM diagnosis_report WHERE case_id = $1 ORDER BY n DESC LIMIT 1`
	reportByN    = `SELECT n, institute, body, hash, at, by_account FROM diagnosis_report WHERE case_id = $1 AND n = $2`

	handedColumns = `id, case_id, n, hash, institute, lint, risks, sampled, advice, at, by_account`
	insertHanded  = `INSERT INTO diagnosis_handed (` + handedColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	handedOf      = `SELECT ` + handedColumns + ` FROM diagnosis_handed WHERE case_id = $1 ORDER BY id`
	handedBy      = `SELECT ` + handedColumns + ` FROM diagnosis_handed WHERE institute = $1 ORDER BY id`
	caseLot       = `SELECT lot, firm FROM diagnosis_case WHERE case_id = $1`
)

// Saved is a report as it was saved.
type Saved struct {
	N         int // 0 where nothing was
	Institute int64
	Hash      string
	At        int64
	By        int64
	Report
}

// draft is the report that an institute has in work: what it saved last. What another had saved before it is its own alone, of which the
// number counts on.
func draft(ctx context.Context, q store.Querier, id, institute int64) (x Saved, fresh bool, err error) {
	x, err = savedOf(ctx, q, lastReport, id)
	if err != nil || x.N > 0 && x.Institute == institute {
		return x, false, err
	}
	return Saved{N: x.N}, true, nil
}

func savedOf(ctx context.Context, q store.Querier, query string, args ...any) (x Saved, err error) {
	var body string
	err = q.QueryRow(ctx, query, args...).Scan(&x.N, &x.Institute, &body, &x.Hash, &x.At, &x.By)
	if errors.Is(err, sql.ErrNoRows) {
		return Saved{}, nil
	}
	if err != nil {
		return Saved{}, fmt.Errorf("read report: %w", err)
	}
	return x, fromJSON(body, &x.Report)
}

// Handed is a report that was handed in, with what the linter said of it and whether a third party evaluates it.
type Handed struct {
	ID        int64
	Case      int64
	N         int
	Hash      string
	Institute int64
	Lint      []Remark
	Risks     []i18n.Msg
	Sampled   bool
	Advice    int // how many pieces of it there are
	At        int64
	By        int64
}

func scanHanded(r interface{ Scan(...any) error }) (h Handed, err error) {
	var lint, risks string
	if err := r.Scan(&h.ID, &h.Case, &h.N, &h.Hash, &h.Institute, &lint, &risks, (*bit)(&h.Sampled), &h.Advice, &h.At, &h.By); err != nil {
		return h, err
	}
	return h, errors.Join(fromJSON(lint, &h.Lint), fromJSON(risks, &h.Risks))
}

func handed(ctx context.Context, q store.Querier, query string, of int64) ([]Handed, error) {
	all, err := store.List(ctx, q, func(r *store.Rows) (Handed, error) { return scanHanded(r) }, query, of)
	if err != nil {
		return nil, fmt.Errorf("read reports that were handed in: %w", err)
	}
	return all, nil
}

// lotOfCase is the lot that a case belongs to, and the firm; NotFound for a case that is no diagnosis of a lot.
func lotOfCase(ctx context.Context, q store.Querier, id int64) (l Lot, firm int64, err error) {
	var lot int64
	err = q.QueryRow(ctx, caseLot, id).Scan(&lot, &firm)
	if errors.Is(err, sql.ErrNoRows) {
		return l, 0, errs.NotFound("diagnosis", id)
	}
	if err != nil {
		return l, 0, fmt.Errorf("read diagnosis %d: %w", id, err)
	}
	l, err = lotOf(ctx, q, lot)
	return l, firm, err
}

// SavedMeanwhile is what the error says where somebody else has saved a report since its writer began.
const SavedMeanwhile = "diagnosis.saved_meanwhile"

// writing is the state in which a report is written.
const writing = "report"

// reportLock is held while a report is saved, and while it is handed in or the case is taken from who writes it.
func reportLock(id int64) string { return fmt.Sprintf("diagnosis report %d", id) }

const standsNow = `SELECT partner, state FROM case_head WHERE id = $1`

// Save keeps a report as a further version, for the institute while it is written. base is the version that the writer began from: where
// there is a later one somebody else saved meanwhile, and nothing is kept.
func (s *Store) Save(ctx context.Context, scope access.Scope, cases *casework.Store, id int64, base int, r Report) (Saved, error) {
	c, _, err := cases.Get(ctx, scope, id)
	if err != nil {
		return Saved{}, err
	}
	switch {
	case !IsDiagnosis(c.Workflow):
		return Saved{}, errs.NotFound("diagnosis", id)
	case !answersFor(scope, c.Partner) || c.Partner == 0:
		return Saved{}, errs.Forbidden(string(access.AnswerCase))
	case c.State != writing:
		return Saved{}, errs.Conflict(i18n.M("diagnosis.not_writing"))
	}
	if err := s.tidy(&r); err != nil {
		return Saved{}, err
	}
	body := asJSON(r)
	if len(body) > maxBody {
		return Saved{}, errs.Invalid(i18n.M("diagnosis.too_long", maxFindings, maxAdvice))
	}
	sum := sha256.Sum256([]byte(body))
	x := Saved{N: base + 1, Institute: c.Partner, Hash: hex.EncodeToString(sum[:]), At: s.Clock.Millis(), By: scope.Account(), Report: r}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, reportLock(id)); err != nil {
			return err
		}
		var partner int64
		var state string
		if err := tx.QueryRow(ctx, standsNow, id).Scan(&partner, &state); err != nil {
			return fmt.Errorf("read where case %d stands: %w", id, err)
		}
		if partner != c.Partner || state != writing { // since it was looked at
			return errs.Conflict(i18n.M("diagnosis.not_writing"))
		}
		last, err := savedOf(ctx, tx, lastReport, id)
		switch {
		case err != nil:
			return err
		case last.N != base && last.Hash == x.Hash && last.Institute == x.Institute: // sent twice
			x = last
			return nil
		case last.N != base:
			return errs.Conflict(i18n.M(SavedMeanwhile))
		case last.Hash == x.Hash && last.Institute == x.Institute:
			x = last
			return nil
		}
		if _, err := tx.Exec(ctx, insertReport, id, x.N, x.Institute, body, x.Hash, x.At, x.By); err != nil {
			return fmt.Errorf("save report: %w", err)
		}
		return nil
	})
	if err != nil {
		return Saved{}, fmt.Errorf("save report of case %d: %w", id, err)
	}
	return x, nil
}
