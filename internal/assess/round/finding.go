package round

import (
	"context"
	"encoding/json"
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
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/store"
)

// FindingState is what became of a finding.
type FindingState string

// The states.
const (
	FindingOpen      FindingState = "open"
	FindingExplained FindingState = "explained" // by the enterprise
	FindingAccepted  FindingState = "accepted"  // an official has looked, and it may stay so
	FindingBack      FindingState = "back"      // sent back for correction
)

// FindingStates are all of them, what waits for an official first.
func FindingStates() []FindingState {
	return []FindingState{FindingExplained, FindingOpen, FindingBack, FindingAccepted}
}

// Finding is something that a check found about an enterprise.
type Finding struct {
	ID     int64
	Round  int64
	Kind   Kind
	Code   string // of the condition or comparison of the model
	Party  int64
	Detail Detail
	Seq    int64 // commit at which it was found
	State  FindingState
	At     int64
	GoneAt int64 // when it was found no more; 0 while it holds

	mark   string
	backAt int64 // when it was sent back last, 0 for never
}

// Word is what was said about a finding.
type Word struct {
	What FindingState // what it made of the finding
	Text string
	Case int64 // that was returned; 0 for none
	At   int64
	By   int64
}

const (
	findingColumns = `f.id, f.round_id, f.kind, f.code, f.party, f.detail, f.seq, f.state, f.at, f.gone_at, f.mark,
		COALESCE((SELECT MAX(w.at) FROM round_word w WHERE w.finding_id = f.id AND w.what = 'back'), 0)`
	selectFindings = `SELECT ` + findingColumns + ` FROM round_finding f`
	findingsOf     = selectFindings + ` WHERE f.round_id = $1 ORDER BY f.id`
	findingByID    = selectFindings + ` WHERE f.id = $1`
	waitingOnes    = selectFindings + ` JOIN round_head h ON h.id = f.round_id LEFT JOIN round_closing c ON c.round_id = h.id
		WHERE c.round_id IS NULL AND f.gone_at = 0 AND f.state = 'explained' ORDER BY f.id`
	setState   = `UPDATE round_finding SET state = $1 WHERE id = $2 AND state = $3`
	insertWord = `INSERT INTO round_word (id, finding_id, what, text, case_id, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	wordsOf    = `SELECT what, text, case_id, at, by_account FROM round_word WHERE finding_id = $1 ORDER BY id`
)

func readFindings(ctx context.Context, q store.Querier, query string, args ...any) ([]Finding, error) {
	return store.List(ctx, q, func(r *store.Rows) (f Finding, err error) {
		var detail string
		if err := r.Scan(&f.ID, &f.Round, &f.Kind, &f.Code, &f.Party, &detail, &f.Seq, &f.State, &f.At, &f.GoneAt, &f.mark, &f.backAt); err != nil {
			return f, err
		}
		return f, json.Unmarshal([]byte(detail), &f.Detail)
	}, query, args...)
}

// FindingQuery chooses findings; zero fields do not.
type FindingQuery struct {
	Kind  Kind
	State FindingState
	Firm  int64
	Gone  bool // also those that are found no more
}

// Findings is the findings of a round about enterprises that a view shows, by enterprise as they were found.
func (s *Store) Findings(ctx context.Context, view fact.View, r *Round, q FindingQuery) ([]Finding, error) {
	m, err := s.Rubric(ctx, r)
	if err != nil {
		return nil, err
	}
	all, err := readFindings(ctx, s.DB.Read(), findingsOf, r.ID)
	return slices.DeleteFunc(all, func(f Finding) bool {
		e, ok := view.Enterprise(f.Party)
		return !ok || q.Kind != "" && f.Kind != q.Kind || q.State != "" && f.State != q.State || q.Firm != 0 && q.Firm != e.ID || !q.Gone && f.GoneAt != 0 || !s.tells(view, m, &f)
	}), err
}

// tells says that a view may know of a finding: of the enterprise, and of all that the check has read.
func (s *Store) tells(view fact.View, m *assess.Rubric, f *Finding) bool {
	if !results.Shows(view, m, f.Party) {
		return false
	}
	return view.Can(access.ReadSensitive, f.Party) || !slices.ContainsFunc(f.Detail.Facts, func(code string) bool {
		def, ok := s.Library.FactDef(code)
		return ok && def.Sensitive()
	})
}

// Waiting is how many findings of running rounds were explained and wait for an official who sees by the view.
func (s *Store) Waiting(ctx context.Context, view fact.View) (n int, round int64, err error) {
	all, err := readFindings(ctx, s.DB.Read(), waitingOnes)
	for i := range all {
		if view.Can(access.HandleCase, all[i].Party) {
			n++
			round = all[i].Round
		}
	}
	return n, round, err
}

// Told is a finding with all that is behind it.
type Told struct {
	Finding
	Round Round
	Name  i18n.Text // of the condition or comparison
	Why   i18n.Msg  // the reason in words
	Rows  []Behind
	// Others are the enterprises that answered the same and that the reader may see; Hidden is how many others there are.
	Others []int64
	Hidden int
	Words  []Word
}

// Finding is a finding of a round with all that is behind it, as a scope may see it: facts as they were known when it was found.
func (s *Store) Finding(ctx context.Context, scope access.Scope, round, id int64) (t Told, err error) {
	r, err := s.Round(ctx, scope, round)
	if err != nil {
		return t, err
	}
	all, err := readFindings(ctx, s.DB.Read(), findingByID, id)
	if err != nil {
		return t, err
	}
	m, err := s.Rubric(ctx, &r)
	if err != nil {
		return t, err
	}
	now, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return t, err
	}
	if len(all) == 0 || all[0].Round != round || !s.tells(now, m, &all[0]) {
		return t, errs.NotFound("finding", id)
	}
	f := all[0]
	then, err := s.Frames.For(ctx, scope, f.Seq)
	if err != nil {
		return t, err
	}
	t = Told{Finding: f, Round: r, Name: nameOf(m, &f), Why: s.why(then, &r, m, &f), Rows: s.behind(then, &r, &f)}
	for _, other := range f.Detail.Firms {
		if now.Can(access.ReadFact, other) {
			t.Others = append(t.Others, other)
		} else {
			t.Hidden++
		}
	}
	t.Words, err = store.List(ctx, s.DB.Read(), func(r *store.Rows) (w Word, err error) {
		return w, r.Scan(&w.What, &w.Text, &w.Case, &w.At, &w.By)
	}, wordsOf, id)
	return t, err
}

// Name is what the condition or comparison of a finding is called.
func nameOf(m *assess.Rubric, f *Finding) i18n.Text {
	if k, ok := m.Reviewed(f.Code); ok && f.Kind == Contradiction {
		return k.Text
	}
	if c, ok := m.Comparison(f.Code); ok && (f.Kind == Outlier || f.Kind == Jump) {
		return c.Name
	}
	return i18n.Text{}
}

// Reason is a finding in one sentence, of which nothing tells of another enterprise. The view is of the commit at which it was found.
func (s *Store) Reason(view fact.View, r *Round, m *assess.Rubric, f *Finding) i18n.Msg {
	return s.why(view, r, m, f)
}

func (s *Store) why(view fact.View, r *Round, m *assess.Rubric, f *Finding) i18n.Msg {
	d := &f.Detail
	switch f.Kind {
	case Contradiction:
		name := nameOf(m, f)
		if k, ok := m.Reviewed(f.Code); ok {
			if subject, ok := s.Subjects.Subject(view, f.Party); ok {
				if c := m.Explain(k, assess.At{Subject: subject, Year: r.Year, On: s.on(r)}); c.Why.Key != "" {
					return i18n.M("assessround.why_contradiction", name, c.Why)
				}
			}
		}
		return i18n.M("assessround.why_contradiction_bare", name)
	case Copied:
		return i18n.M("assessround.why_copied", len(d.Firms), d.Answers, d.Rare, d.Among, oneIn(d.Chance))
	case Outlier:
		c, _ := m.Comparison(f.Code)
		return i18n.M("assessround.why_outlier", nameOf(m, f), shown(c, d.Value), d.Peers, i18n.M("assessround.peers_"+d.Group), shown(c, d.Median), shown(c, d.MAD), timesOf(d), timesText(c))
	case Jump:
		c, _ := m.Comparison(f.Code)
		return i18n.M("assessround.why_jump", nameOf(m, f), r.Year-1, shown(c, d.Before), r.Year, shown(c, d.Value))
	}
	return i18n.M("assessround.why_unfit")
}

// change is a word about a finding in a transaction.
func (s *Store) change(ctx context.Context, tx *store.Tx, f *Finding, to FindingState, text string, of, by int64) error {
	n, err := tx.Exec(ctx, setState, string(to), f.ID, string(f.State))
	if err == nil && n == 0 {
		err = errs.Conflict(i18n.M("assessround.finding_moved"))
	}
	if err != nil {
		return err
	}
	id, err := tx.NextIDs(ctx, 1)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertWord, id, f.ID, string(to), text, of, s.Clock.Millis(), by); err != nil {
		return fmt.Errorf("note what is said about a finding: %w", err)
	}
	audit.Note(tx, loggedWord, id)
	return nil
}

// words looks at what somebody says.
func words(text string) (string, error) {
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n == 0 || n > maxText || !utf8.ValidString(text) {
		return "", errs.Invalid(i18n.M("assessround.words", maxText))
	}
	return text, nil
}

// said is a finding of a running round about which the scope may say something, doing an action; it is a Conflict where that is out of time.
func (s *Store) said(ctx context.Context, scope access.Scope, a access.Action, round, id int64, from ...FindingState) (Told, error) {
	t, err := s.Finding(ctx, scope, round, id)
	if err != nil {
		return t, err
	}
	view, err := s.Frames.For(ctx, scope, 0)
	switch {
	case err != nil:
		return t, err
	case !view.Can(a, t.Party):
		return t, errs.Forbidden(fmt.Sprintf("speak about finding %d", id))
	case t.Round.Closing != nil:
		return t, errs.Conflict(i18n.M("assessround.closed", t.Round.Title))
	case t.GoneAt != 0:
		return t, errs.Conflict(i18n.M("assessround.finding_gone"))
	case !slices.Contains(from, t.State):
		return t, errs.Conflict(i18n.M("assessround.finding_moved"))
	}
	return t, nil
}

// Explain says why a finding about an enterprise is as it is; for who acts for the enterprise.
func (s *Store) Explain(ctx context.Context, scope access.Scope, round, id int64, text string) error {
	text, err := words(text)
	if err != nil {
		return err
	}
	t, err := s.said(ctx, scope, access.FileCase, round, id, FindingOpen, FindingBack)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := s.lock(ctx, tx, &t.Round); err != nil {
			return err
		}
		return s.change(ctx, tx, &t.Finding, FindingExplained, text, 0, scope.Account())
	})
}

// Accept lets a finding stay as it is; for who handles the cases of the enterprise.
func (s *Store) Accept(ctx context.Context, scope access.Scope, round, id int64, note string) error {
	note, err := words(note)
	if err != nil {
		return err
	}
	t, err := s.said(ctx, scope, access.HandleCase, round, id, FindingOpen, FindingExplained, FindingBack)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := s.lock(ctx, tx, &t.Round); err != nil {
			return err
		}
		return s.change(ctx, tx, &t.Finding, FindingAccepted, note, 0, scope.Account())
	})
}

// SendBack asks the enterprise to correct what a finding is about. A case that was handed in and not sealed is returned, with the reason; of
// one that is sealed the result stays until the enterprise has answered anew. It is a Conflict while the case waits for somebody who cannot
// return it, such as an expert.
func (s *Store) SendBack(ctx context.Context, scope access.Scope, round, id int64, reason string) error {
	reason, err := words(reason)
	if err != nil {
		return err
	}
	t, err := s.said(ctx, scope, access.HandleCase, round, id, FindingOpen, FindingExplained)
	if err != nil {
		return err
	}
	r := &t.Round
	return s.Cases.Together(ctx, scope, func(ctx context.Context, tx *store.Tx, with casework.Together) error {
		if err := s.lock(ctx, tx, r); err != nil {
			return err
		}
		returned, err := s.giveBack(ctx, scope, with, r, &t.Finding, reason)
		if err != nil {
			return err
		}
		if err := s.change(ctx, tx, &t.Finding, FindingBack, reason, returned, scope.Account()); err != nil {
			return err
		}
		_, err = s.sendOne(ctx, tx, r, "back-"+strconv.FormatInt(t.ID, 10)+"-"+strconv.FormatInt(s.Clock.Millis(), 10), t.Party, scope.Account(), notice.Message{
			Kind: notice.Served, Title: i18n.M("assessround.back_title", r.Title), Body: i18n.M("assessround.back_body", t.Why, reason),
		})
		return err
	})
}

// giveBack returns the case that is under way to the enterprise, unless it waits for it already, and gives its number; 0 where nothing is
// under way.
func (s *Store) giveBack(ctx context.Context, scope access.Scope, with casework.Together, r *Round, f *Finding, reason string) (int64, error) {
	running, err := with.Running(ctx, r.Workflow, f.Party)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(running, func(c casework.Case) bool { return c.Year(s.Clock.Today()) == r.Year })
	if i < 0 {
		return 0, nil
	}
	c := running[i]
	w, err := s.Cases.Definition(ctx, c)
	if err != nil {
		return 0, err
	}
	waits := func(id string) bool {
		state, ok := w.State(id)
		return ok && slices.Contains(state.Waits, casework.Applicant)
	}
	if waits(c.State) {
		return c.ID, nil
	}
	for _, a := range w.ActionsFrom(c.State) {
		if a.Kind != casework.Return || !waits(a.To) || slices.Contains(a.Who, casework.Applicant) {
			continue
		}
		_, err := with.Act(ctx, casework.Act{Case: c.ID, Action: a.ID, Seen: c.Events, Reason: reason})
		return c.ID, err
	}
	state, _ := w.State(c.State)
	return 0, errs.Conflict(i18n.M("assessround.cannot_return", c.ID, state.Name))
}
