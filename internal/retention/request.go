package retention

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Request is that an enterprise asks to have personal data deleted: its own people's, as these have asked of it.
type Request struct {
	ID         int64
	Party      int64
	Area       string
	Facts      []string // codes of definitions, sorted
	Reason     string
	At         int64 // ms
	By         int64 // account
	AnsweredAt int64 // ms; 0 while it waits
	AnsweredBy int64
	Granted    bool
	Answer     string
	Run        int64 // that came of it; 0 for none
}

const (
	granted = "granted"
	refused = "refused"

	insertRequest = `INSERT INTO retention_request (id, party, area, facts, reason, at, by_account, answered_at, answered_by, outcome, answer, run_id) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, '', '', 0)`
	answerRequest = `UPDATE retention_request SET answered_at = $1, answered_by = $2, outcome = $3, answer = $4, run_id = $5 WHERE id = $6 AND answered_at = 0`
	selectRequest = `SELECT id, party, area, facts, reason, at, by_account, answered_at, answered_by, outcome, answer, run_id FROM retention_request`
	openOf        = `SELECT COUNT(*) FROM retention_request WHERE party = $1 AND answered_at = 0`
	maxOpen       = 20 // requests of one enterprise that wait
)

// May says whether data of a definition is deleted at its owner's wish: what is personal.
func (s *Store) May(code string) bool {
	def, ok := s.Library.FactDef(code)
	return ok && def.Sensitivity == "personal"
}

// Ask keeps that an enterprise asks to have what is known of definitions deleted. It fails with NotFound for who does not act for it, and
// with Invalid where nothing is asked for, something that is not personal, or no reason is given.
func (s *Store) Ask(ctx context.Context, scope access.Scope, firm int64, facts []string, reason string) (Request, error) {
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return Request{}, err
	}
	e, ok := view.Enterprise(firm)
	if !ok || !scope.Sees(access.Consent, e.Area, e.ID) {
		return Request{}, errs.NotFound("enterprise", firm)
	}
	if reason, err = tidy(reason, minReason); err != nil {
		return Request{}, err
	}
	facts = slices.Clone(facts)
	slices.Sort(facts)
	facts = slices.Compact(facts)
	if len(facts) == 0 {
		return Request{}, errs.Invalid(i18n.M("retention.ask_nothing"))
	}
	for _, code := range facts {
		if !s.May(code) {
			return Request{}, errs.Invalid(i18n.M("retention.ask_other", code))
		}
	}
	r := Request{Party: e.ID, Area: e.Area, Facts: facts, Reason: reason, At: s.Clock.Millis(), By: scope.Account()}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		var open int
		if err := tx.QueryRow(ctx, openOf, r.Party).Scan(&open); err != nil {
			return err
		}
		if open >= maxOpen {
			return errs.Conflict(i18n.M("retention.many_requests", maxOpen))
		}
		if r.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertRequest, r.ID, r.Party, r.Area, strings.Join(r.Facts, " "), r.Reason, r.At, r.By)
		return err
	})
	if err != nil {
		return Request{}, fmt.Errorf("ask for a deletion: %w", err)
	}
	return r, nil
}

// Of is what was asked for an enterprise, the newest first. NotFound for who does not act for it and may not answer.
func (s *Store) Of(ctx context.Context, scope access.Scope, firm int64) ([]Request, error) {
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	e, ok := view.Enterprise(firm)
	if !ok || !scope.Sees(access.ReadReadings, e.Area, e.ID) {
		return nil, errs.NotFound("enterprise", firm)
	}
	return s.requests(ctx, ` WHERE party = $1 ORDER BY id DESC LIMIT 100`, e.ID)
}

// Requests is what waits for an answer in the areas of the scope, the oldest first, and what was answered last.
func (s *Store) Requests(ctx context.Context, scope access.Scope) ([]Request, error) {
	if !scope.Can(access.Erase) {
		return nil, errs.Forbidden("see requests to delete")
	}
	seen, args := scope.Where(access.Erase, "area", "", nil)
	open, err := s.requests(ctx, ` WHERE answered_at = 0 AND `+seen+` ORDER BY id LIMIT 500`, args...)
	if err != nil {
		return nil, err
	}
	done, err := s.requests(ctx, ` WHERE answered_at > 0 AND `+seen+` ORDER BY id DESC LIMIT 100`, args...)
	return append(open, done...), err
}

func (s *Store) requests(ctx context.Context, where string, args ...any) ([]Request, error) {
	return store.List(ctx, s.DB.Read(), func(rows *store.Rows) (r Request, err error) {
		var facts, outcome string
		err = rows.Scan(&r.ID, &r.Party, &r.Area, &facts, &r.Reason, &r.At, &r.By, &r.AnsweredAt, &r.AnsweredBy, &outcome, &r.Answer, &r.Run)
		r.Facts, r.Granted = strings.Fields(facts), outcome == granted
		return r, err
	}, selectRequest+where, args...)
}

// Answer answers a request. Granting it proposes a run over what was ever stated of the definitions, whatever its term, and over the files
// that it was read from; another person approves that. It fails with NotFound for who may not answer it, with Conflict where it was
// answered, or where there is nothing that could go, which is then the reason to refuse with.
func (s *Store) Answer(ctx context.Context, scope access.Scope, id int64, grant bool, answer string) (Request, error) {
	answer, err := tidy(answer, minReason)
	if err != nil {
		return Request{}, err
	}
	all, err := s.requests(ctx, ` WHERE id = $1`, id)
	if err != nil {
		return Request{}, err
	}
	if len(all) == 0 || !scope.Sees(access.Erase, all[0].Area, 0) {
		return Request{}, errs.NotFound("request to delete", id)
	}
	req := all[0]
	run := Run{Request: id, ProposedAt: s.Clock.Millis(), ProposedBy: scope.Account(), State: Proposed, Note: answer}
	if grant {
		if run.Lines, err = s.asked(ctx, req); err != nil {
			return Request{}, err
		}
		if !slices.ContainsFunc(run.Lines, func(l Line) bool { return l.Outcome == Pending }) {
			return Request{}, errs.Conflict(i18n.M("retention.nothing_to_grant", len(run.Lines)))
		}
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		outcome := refused
		if grant {
			outcome = granted
			if err := insert(ctx, tx, &run); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, answerRequest, s.Clock.Millis(), scope.Account(), outcome, answer, run.ID, id)
		if err == nil && n == 0 {
			err = errs.Conflict(i18n.M("retention.answered"))
		}
		if err == nil {
			audit.Note(tx, loggedRequest, id)
		}
		return err
	})
	if err != nil {
		return Request{}, fmt.Errorf("answer request %d: %w", id, err)
	}
	if all, err = s.requests(ctx, ` WHERE id = $1`, id); err != nil {
		return Request{}, err
	}
	return all[0], nil
}

// asked is what a request comes to: files first, since what was read from one stays while the file does.
func (s *Store) asked(ctx context.Context, req Request) ([]Line, error) {
	view, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	said, err := view.Erasables(ctx, req.Party, req.Facts)
	if err != nil {
		return nil, err
	}
	var files, facts []Item
	seen := map[int64]bool{}
	for _, e := range said {
		facts = append(facts, factItem(e))
		if !seen[e.Source] {
			seen[e.Source] = true
			for _, k := range s.Kinds {
				of, ok := k.(Origin)
				if !ok {
					continue
				}
				found, err := of.From(ctx, e.Source)
				if err != nil {
					return nil, err
				}
				files = append(files, found...)
			}
		}
	}
	lines, err := s.lines(ctx, append(files, facts...))
	if err != nil {
		return nil, err
	}
	if len(lines) < len(files)+len(facts) { // granted in part, the rest would never be asked for again
		return nil, errs.Conflict(i18n.M("retention.too_much", len(files)+len(facts)))
	}
	gone := map[int64]bool{} // sources whose file goes in this run
	for i, l := range lines {
		if l.Kind != Facts && l.Outcome == Pending {
			gone[l.Source] = true
		}
		if l.Kind == Facts && l.Why.Key == "retention.from_file" && gone[l.Source] {
			lines[i].Why, lines[i].Outcome = i18n.Msg{}, Pending
		}
	}
	return lines, nil
}

// Origin is a kind of the files that sources were read from.
type Origin interface {
	// From is the files, not yet erased, that a source was read from.
	From(ctx context.Context, source int64) ([]Item, error)
}

func factItem(e fact.Erasable) Item {
	return Item{
		Kind: Facts, Ref: fmt.Sprintf("%d.%d", e.Source, e.N), What: e.Def, Area: e.Area, Party: e.Owner, Subject: e.Subject, Source: e.Source, Since: e.Since, Count: 1,
	}
}
