package round

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

//go:embed migrations/*.sql
var schema embed.FS

// Migrations are the tables of this package.
var Migrations = store.Migrations{Package: "round", FS: schema}

// Deps is what the store stands on; all of it is needed.
type Deps struct {
	DB       *store.DB
	Frames   *fact.Frames
	Library  *content.Library
	Clock    clock.Clock
	Subjects *region.Reader
	Results  *results.Store
	Cases    *casework.Store
	Forms    *form.Store
}

// Store is rounds. It is safe for many goroutines.
type Store struct{ Deps }

// New is the store over a database that Migrations were applied to.
func New(d Deps) *Store { return &Store{d} }

// Round is a round of assessment.
type Round struct {
	ID                   int64
	Title                string
	Model, Edition, Hash string
	Workflow             string // by which it is answered
	Area                 string
	Year                 int        // whose facts are asked
	Opens, Closes        period.Day // first and last day, both inside
	Concerned            string     // a condition on enterprises: docs/expressions.md
	AskedYear            int        // the year of whose facts it was asked
	Unclear              int        // of how many it could not be told when the round was opened
	Remind               []int      // working days before the last day, the first reminder first
	Before               int64      // the round that was closed last before; 0 for none
	Seq                  int64      // commit up to which facts were known
	At, By               int64
	Closing              *Closing // nil while it runs
}

// Closing is the end of a round.
type Closing struct {
	Seq     int64 // commit up to which facts count
	On      period.Day
	Figures string // as JSON
	At, By  int64
}

// AboveScale is the condition of whom a round concerns where nothing else is said.
const AboveScale = "ent.above_scale"

// DefaultRemind is when reminders go out where nothing else is said: working days before the last day.
var DefaultRemind = []int{10, 3, 0}

// Limits of a round.
const (
	maxTitle   = 100 // characters
	maxText    = 1000
	maxRemind  = 5
	maxBefore  = 60 // working days
	maxFirms   = 100_000
	together   = 500 // enterprises in one transaction
	maxConcern = 4000
)

// NewRound is a round to be opened.
type NewRound struct {
	Title          string
	Model, Edition string
	Area           string
	Year           int
	Opens, Closes  period.Day
	Concerned      string // AboveScale where it is blank
	Remind         []int  // DefaultRemind where it is nil
}

var (
	loggedRound = &audit.Kind{
		Name: "round.opened",
		Parts: []audit.Part{{
			Name:  "round",
			Query: `SELECT id, title, model, edition, hash, workflow, area, year, opens, closes, concerned, asked_year, unclear, remind, before_id, seq, at, by_account FROM round_head WHERE id = $1`,
		}},
		All: `SELECT CAST(id AS VARCHAR(100)) AS ref FROM round_head`,
	}
	loggedWord = &audit.Kind{
		Name:  "round.word",
		Parts: []audit.Part{{Name: "word", Query: `SELECT id, finding_id, what, text, case_id, at, by_account FROM round_word WHERE id = $1`}},
		All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM round_word`,
		Case:  `SELECT CAST(id AS VARCHAR(100)) AS ref FROM round_word WHERE case_id = $1`,
	}
	loggedClosing = &audit.Kind{
		Name: "round.closed",
		Parts: []audit.Part{
			{Name: "closing", Query: `SELECT round_id, seq, on_day, figures, at, by_account FROM round_closing WHERE round_id = $1`},
			{Name: "lines", Query: `SELECT party, standing, result, found, open FROM round_line WHERE round_id = $1 ORDER BY party`},
		},
		All: `SELECT CAST(round_id AS VARCHAR(100)) AS ref FROM round_closing`,
	}
)

// Logged is what the audit log knows of rounds.
var Logged = []*audit.Kind{loggedRound, loggedWord, loggedClosing}

const (
	roundColumns = `h.id, h.title, h.model, h.edition, h.hash, h.workflow, h.area, h.year, h.opens, h.closes, h.concerned, h.asked_year, h.unclear, h.remind, h.before_id, h.seq, h.at, h.by_account,
		COALESCE(c.seq, 0), COALESCE(c.on_day, 0), COALESCE(c.figures, ''), COALESCE(c.at, 0), COALESCE(c.by_account, 0)`
	selectRounds = `SELECT ` + roundColumns + ` FROM round_head h LEFT JOIN round_closing c ON c.round_id = h.id`
	allRounds    = selectRounds + ` ORDER BY h.closes DESC, h.id DESC`
	roundByID    = selectRounds + ` WHERE h.id = $1`
	insertRound  = `INSERT INTO round_head (id, title, model, edition, hash, workflow, area, year, opens, closes, concerned, asked_year, unclear, remind, before_id, seq, at, by_account)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`
	firmsOf  = `SELECT party FROM round_firm WHERE round_id = $1 ORDER BY party`
	roundsOf = `SELECT round_id FROM round_firm WHERE party = $1 ORDER BY round_id`
)

func scanRound(r interface{ Scan(...any) error }) (x Round, err error) {
	var opens, closes, on int64
	var remind string
	var c Closing
	err = r.Scan(&x.ID, &x.Title, &x.Model, &x.Edition, &x.Hash, &x.Workflow, &x.Area, &x.Year, &opens, &closes, &x.Concerned, &x.AskedYear, &x.Unclear, &remind,
		&x.Before, &x.Seq, &x.At, &x.By, &c.Seq, &on, &c.Figures, &c.At, &c.By)
	if err != nil {
		return x, err
	}
	x.Opens, x.Closes = period.Day(opens), period.Day(closes)
	for word := range strings.FieldsSeq(remind) {
		n, err := strconv.Atoi(word)
		if err != nil {
			return x, fmt.Errorf("read the reminders of round %d: %w", x.ID, err)
		}
		x.Remind = append(x.Remind, n)
	}
	if c.At != 0 {
		c.On, x.Closing = period.Day(on), &c
	}
	return x, nil
}

// Running says that a round takes answers on a day: it has begun, and nobody has closed it. After its last day answers are late, and count
// until it is closed.
func (r *Round) Running(on period.Day) bool { return r.Closing == nil && r.Opens <= on }

// Page is the page of a round.
func Page(id int64) string { return "/assess/rounds/" + strconv.FormatInt(id, 10) }

// Rubric is the edition of the model by which a round is answered, as it was when the round was opened.
func (s *Store) Rubric(ctx context.Context, r *Round) (*assess.Rubric, error) {
	return s.Results.Kept(ctx, r.Model, r.Edition, r.Hash)
}

// Answerable is the editions of today by which a round can be held: they score, and a workflow asks enterprises their questions.
func (s *Store) Answerable() []*assess.Rubric {
	var out []*assess.Rubric
	for _, m := range s.Results.Set.Current(s.Clock.Today()) {
		if _, ok := s.workflow(m); ok && !m.Refuses() {
			out = append(out, m)
		}
	}
	return out
}

// workflow is the one in use by which enterprises answer a model: it is opened by the applicant, asks the model's questionnaire, and seals.
func (s *Store) workflow(m *assess.Rubric) (*casework.Workflow, bool) {
	for _, w := range s.Cases.Set.All() {
		if w.Subject == content.Enterprise && slices.Contains(w.Open, casework.Applicant) && slices.Contains(w.Forms(), m.FormCode()) &&
			slices.ContainsFunc(w.Definitions(), func(p casework.Pin) bool { return p.Name == m.Rubric+"/"+m.Edition }) &&
			slices.ContainsFunc(w.Data, func(d casework.Datum) bool { return d.ID == casework.YearDatum }) {
			return w, true
		}
	}
	return nil, false
}

// check looks at what is asked for and fills in what was left out.
func (s *Store) check(scope access.Scope, n *NewRound) (*assess.Rubric, *casework.Workflow, *rule.Expr, error) {
	n.Title, n.Concerned = strings.TrimSpace(n.Title), cmp.Or(strings.TrimSpace(n.Concerned), AboveScale)
	if n.Remind == nil {
		n.Remind = slices.Clone(DefaultRemind)
	}
	n.Remind = slices.Clone(n.Remind)
	slices.Sort(n.Remind)
	slices.Reverse(n.Remind)
	today := s.Clock.Today()
	if _, ok := s.Library.Areas().Node(n.Area); !ok {
		return nil, nil, nil, errs.Invalid(i18n.M("assessround.no_area", n.Area))
	}
	if !scope.Sees(access.HandleCase, n.Area, 0) {
		return nil, nil, nil, errs.Forbidden("open a round of assessment in area " + n.Area)
	}
	m, err := s.Results.Set.Edition(n.Model, n.Edition)
	if err != nil {
		return nil, nil, nil, errs.Invalid(i18n.M("assessround.no_model", n.Model+"/"+n.Edition))
	}
	w, ok := s.workflow(m)
	length := utf8.RuneCountInString(n.Title)
	switch {
	case m.Refuses() || !ok:
		return nil, nil, nil, errs.Invalid(i18n.M("assessround.not_answerable", m.Title))
	case length == 0 || length > maxTitle || !utf8.ValidString(n.Title):
		return nil, nil, nil, errs.Invalid(i18n.M("assessround.title", maxTitle))
	case n.Year > today.Year() || n.Year <= today.Year()-results.YearsBack:
		return nil, nil, nil, errs.Invalid(i18n.M("assessround.year", today.Year()-results.YearsBack+1, today.Year()))
	case n.Closes < n.Opens || n.Closes < today:
		return nil, nil, nil, errs.Invalid(i18n.M("assessround.window"))
	case len(n.Remind) > maxRemind || len(n.Remind) > 0 && (n.Remind[0] > maxBefore || n.Remind[len(n.Remind)-1] < 0) || len(slices.Compact(slices.Clone(n.Remind))) < len(n.Remind):
		return nil, nil, nil, errs.Invalid(i18n.M("assessround.remind", maxRemind, maxBefore))
	case len(n.Concerned) > maxConcern:
		return nil, nil, nil, errs.Invalid(i18n.M("assessround.concerned", maxConcern))
	}
	env, err := rule.NewEnv(s.Library, content.Enterprise, rule.Declarations{})
	if err != nil {
		return nil, nil, nil, err
	}
	x, problems := env.Compile(n.Concerned, rule.Position{File: "concerned", Source: []byte(n.Concerned), Line: 1, Col: 1}, rule.BoolType)
	if len(problems) > 0 {
		return nil, nil, nil, errs.Invalid(i18n.M("assessround.condition", problems[0].Msg))
	}
	return m, w, x, nil
}

// askedYear is the year of whose facts it is asked whom a round concerns: the last that was whole when it opens, or an earlier one that it
// is about.
func (n *NewRound) askedYear() int { return min(n.Year, n.Opens.Year()-1) }

// Whom is how many enterprises a round would concern, and of how many that could not be told.
func (s *Store) Whom(ctx context.Context, scope access.Scope, n NewRound) (concerned, unclear int, err error) {
	_, _, x, err := s.check(scope, &n)
	if err != nil {
		return 0, 0, err
	}
	view, err := s.system(ctx)
	if err != nil {
		return 0, 0, err
	}
	firms, unclear, err := s.whom(view, x, n.Area, n.askedYear(), n.Opens)
	return len(firms), unclear, err
}

// whom is the enterprises of an area that a condition holds of, by their ids.
func (s *Store) whom(view fact.View, x *rule.Expr, area string, year int, on period.Day) (firms []int64, unclear int, err error) {
	for e := range view.Enterprises() {
		if !s.Library.Areas().Within(e.Area, area) {
			continue
		}
		subject, ok := s.Subjects.Subject(view, e.ID)
		if !ok {
			continue
		}
		switch o := x.Eval(&rule.Context{Subject: subject, Year: year, Event: &on, On: on, AsOf: on}); {
		case o.State == rule.Failed:
			return nil, 0, x.Failure(o.Err)
		case o.State == rule.Unknown:
			unclear++
		case o.True():
			firms = append(firms, e.ID)
		}
		if len(firms) > maxFirms {
			return nil, 0, errs.Invalid(i18n.M("assessround.too_many", maxFirms))
		}
	}
	slices.Sort(firms)
	return firms, unclear, nil
}

// system is all that is known now, to the product itself: nothing of it may be shown.
func (s *Store) system(ctx context.Context) (fact.View, error) {
	if err := s.Frames.Refresh(ctx); err != nil {
		return fact.View{}, err
	}
	return s.Frames.For(ctx, access.SystemScope(), 0)
}

// Open opens a round, and tells the enterprises concerned where its first day has come. It is a Conflict while another round of the model
// and year runs in the area, above it or below it.
func (s *Store) Open(ctx context.Context, scope access.Scope, n NewRound) (Round, error) {
	m, w, x, err := s.check(scope, &n)
	if err != nil {
		return Round{}, err
	}
	view, err := s.system(ctx)
	if err != nil {
		return Round{}, err
	}
	r := Round{
		Title: n.Title, Model: m.Rubric, Edition: m.Edition, Hash: m.Hash, Workflow: w.Workflow, Area: n.Area, Year: n.Year, Opens: n.Opens, Closes: n.Closes,
		Concerned: n.Concerned, AskedYear: n.askedYear(), Remind: n.Remind, Seq: view.Seq(), At: s.Clock.Millis(), By: scope.Account(),
	}
	firms, unclear, err := s.whom(view, x, r.Area, r.AskedYear, r.Opens)
	if err != nil {
		return Round{}, err
	}
	if len(firms) == 0 {
		return Round{}, errs.Invalid(i18n.M("assessround.nobody", unclear))
	}
	r.Unclear = unclear
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, "rounds of assessment"); err != nil {
			return err
		}
		all, err := readRounds(ctx, tx, allRounds)
		if err != nil {
			return err
		}
		areas := s.Library.Areas()
		r.Before = 0
		closed := int64(0)
		for i := range all {
			o := &all[i]
			switch {
			case o.Model != r.Model:
			case o.Closing == nil && o.Year == r.Year && (areas.Within(o.Area, r.Area) || areas.Within(r.Area, o.Area)):
				return errs.Conflict(i18n.M("assessround.runs", o.Title, o.ID))
			case o.Closing != nil && o.Area == r.Area && o.Year < r.Year && o.Closing.At > closed:
				r.Before, closed = o.ID, o.Closing.At
			}
		}
		if err := s.Results.Keep(ctx, tx, m); err != nil {
			return err
		}
		if r.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		remind := make([]string, len(r.Remind))
		for i, d := range r.Remind {
			remind[i] = strconv.Itoa(d)
		}
		_, err = tx.Exec(ctx, insertRound, r.ID, r.Title, r.Model, r.Edition, r.Hash, r.Workflow, r.Area, r.Year, int64(r.Opens), int64(r.Closes), r.Concerned, r.AskedYear,
			r.Unclear, strings.Join(remind, " "), r.Before, r.Seq, r.At, r.By)
		if err != nil {
			return fmt.Errorf("open a round: %w", err)
		}
		audit.Note(tx, loggedRound, r.ID)
		return s.join(ctx, tx, &r, firms)
	})
	if err != nil {
		return Round{}, err
	}
	return r, s.call(ctx, &r)
}

func (s *Store) join(ctx context.Context, tx *store.Tx, r *Round, firms []int64) error {
	at := s.Clock.Millis()
	return tx.InsertRows(ctx, "round_firm", []string{"round_id", "party", "at"}, func(yield func([]any) bool) {
		for _, id := range firms {
			if !yield([]any{r.ID, id, at}) {
				return
			}
		}
	})
}

// More adds the enterprises to a running round that its condition holds of by now, tells them, and says how many they are.
func (s *Store) More(ctx context.Context, scope access.Scope, id int64) (added int, err error) {
	r, err := s.handled(ctx, scope, id)
	if err != nil {
		return 0, err
	}
	n := NewRound{Title: r.Title, Model: r.Model, Edition: r.Edition, Area: r.Area, Year: r.Year, Opens: r.Opens, Closes: max(r.Closes, s.Clock.Today()), Concerned: r.Concerned, Remind: r.Remind}
	_, _, x, err := s.check(scope, &n)
	if err != nil {
		return 0, err
	}
	view, err := s.system(ctx)
	if err != nil {
		return 0, err
	}
	firms, _, err := s.whom(view, x, r.Area, r.AskedYear, s.Clock.Today())
	if err != nil {
		return 0, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := s.lock(ctx, tx, &r); err != nil {
			return err
		}
		have, err := store.List(ctx, tx, scanID, firmsOf, r.ID)
		if err != nil {
			return err
		}
		fresh := slices.DeleteFunc(slices.Clone(firms), func(id int64) bool { _, ok := slices.BinarySearch(have, id); return ok })
		added = len(fresh)
		return s.join(ctx, tx, &r, fresh)
	})
	if err != nil || added == 0 {
		return 0, err
	}
	return added, s.call(ctx, &r)
}

// lock has nobody else change a round before the transaction ends; it is a Conflict once the round is closed.
func (s *Store) lock(ctx context.Context, tx *store.Tx, r *Round) error {
	if err := tx.Lock(ctx, "round of assessment "+strconv.FormatInt(r.ID, 10)); err != nil {
		return err
	}
	now, err := roundOf(ctx, tx, r.ID)
	if err != nil {
		return err
	}
	if now.Closing != nil {
		return errs.Conflict(i18n.M("assessround.closed", now.Title))
	}
	return nil
}

func scanID(r *store.Rows) (id int64, err error) { return id, r.Scan(&id) }

func readRounds(ctx context.Context, q store.Querier, query string, args ...any) ([]Round, error) {
	return store.List(ctx, q, func(r *store.Rows) (Round, error) { return scanRound(r) }, query, args...)
}

func roundOf(ctx context.Context, q store.Querier, id int64) (Round, error) {
	r, err := scanRound(q.QueryRow(ctx, roundByID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, errs.NotFound("assessment round", id)
	}
	if err != nil {
		return r, fmt.Errorf("read round %d: %w", id, err)
	}
	return r, nil
}

// overlaps says that a scope may do something to enterprises of a part of a round's area, as an office.
func (s *Store) overlaps(scope access.Scope, a access.Action, r *Round) bool {
	if scope.All() {
		return true
	}
	areas := s.Library.Areas()
	return slices.ContainsFunc(scope.Areas(), func(area string) bool {
		return (areas.Within(area, r.Area) || areas.Within(r.Area, area)) && scope.Sees(a, area, 0)
	})
}

// Office says that a scope reads a round as an office does: the enterprises of its areas.
func (s *Store) Office(scope access.Scope, r *Round) bool {
	return s.overlaps(scope, access.ReadFact, r)
}

// Manages says that a scope may remind in a round, run its checks and decide on findings, for the enterprises of its areas.
func (s *Store) Manages(scope access.Scope, r *Round) bool {
	return s.overlaps(scope, access.HandleCase, r)
}

// Leads says that a scope may close a round and add to it: it is in charge of the whole area.
func (s *Store) Leads(scope access.Scope, r *Round) bool {
	return scope.Sees(access.HandleCase, r.Area, 0)
}

// handled is a running round that the scope is in charge of.
func (s *Store) handled(ctx context.Context, scope access.Scope, id int64) (Round, error) {
	r, err := s.Round(ctx, scope, id)
	switch {
	case err != nil:
		return r, err
	case !s.Leads(scope, &r):
		return r, errs.Forbidden(fmt.Sprintf("change round of assessment %d", id))
	case r.Closing != nil:
		return r, errs.Conflict(i18n.M("assessround.closed", r.Title))
	}
	return r, nil
}

// managed is a running round in which the scope may decide on enterprises.
func (s *Store) managed(ctx context.Context, scope access.Scope, id int64) (Round, error) {
	r, err := s.Round(ctx, scope, id)
	switch {
	case err != nil:
		return r, err
	case !s.Manages(scope, &r):
		return r, errs.Forbidden(fmt.Sprintf("work on round of assessment %d", id))
	case r.Closing != nil:
		return r, errs.Conflict(i18n.M("assessround.closed", r.Title))
	}
	return r, nil
}

// Rounds is the rounds that a scope may see, those that end last first: an office those in its areas, an enterprise those that concern it.
func (s *Store) Rounds(ctx context.Context, scope access.Scope) ([]Round, error) {
	all, err := readRounds(ctx, s.DB.Read(), allRounds)
	if err != nil {
		return nil, err
	}
	own, err := s.concerning(ctx, scope)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(r Round) bool { return !own[r.ID] && !s.Office(scope, &r) }), nil
}

// Round is a round that the scope may see; NotFound else.
func (s *Store) Round(ctx context.Context, scope access.Scope, id int64) (Round, error) {
	r, err := roundOf(ctx, s.DB.Read(), id)
	if err != nil || s.Office(scope, &r) {
		return r, err
	}
	own, err := s.concerning(ctx, scope)
	if err == nil && !own[id] {
		err = errs.NotFound("assessment round", id)
	}
	return r, err
}

// concerning is the rounds that concern an enterprise for which the scope acts.
func (s *Store) concerning(ctx context.Context, scope access.Scope) (map[int64]bool, error) {
	out := map[int64]bool{}
	for _, firm := range scope.Owns() {
		if !scope.Sees(access.ReadFact, "", firm) {
			continue
		}
		ids, err := store.List(ctx, s.DB.Read(), scanID, roundsOf, firm)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			out[id] = true
		}
	}
	return out, nil
}
