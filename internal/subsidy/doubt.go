package subsidy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Doubt is that somebody holds the public notice of a round to be wrong, and what another account made of it.
type Doubt struct {
	ID      int64
	Round   int64
	AskedAt int64 // ms UTC, as the others
	AskedBy int64
	Reason  string
	Settled int64 // 0 while it waits
	By      int64
	Outcome Outcome
	Answer  string // why; it is published with what came of it
	Release int64  // 0 for none
}

// Outcome is what came of a doubt.
type Outcome string

// The outcomes.
const (
	Correct  Outcome = "correct"  // the notice is published anew, as the list stands now
	Withdraw Outcome = "withdraw" // it is taken back, and the list is checked again
	Keep     Outcome = "keep"     // it stands
)

// Outcomes are all of them.
func Outcomes() []Outcome { return []Outcome{Correct, Withdraw, Keep} }

const (
	doubtColumns = `id, round_id, asked_at, asked_by, reason, settled_at, settled_by, outcome, answer, release_id`
	insertDoubt  = `INSERT INTO subsidy_doubt (` + doubtColumns + `) VALUES ($1, $2, $3, $4, $5, 0, 0, '', '', 0)`
	settleDoubt  = `UPDATE subsidy_doubt SET settled_at = $1, settled_by = $2, outcome = $3, answer = $4, release_id = $5 WHERE id = $6 AND settled_at = 0`
	doubtsOf     = `SELECT ` + doubtColumns + ` FROM subsidy_doubt WHERE round_id = $1 ORDER BY id`
	openDoubt    = `SELECT ` + doubtColumns + ` FROM subsidy_doubt WHERE round_id = $1 AND settled_at = 0 ORDER BY id DESC LIMIT 1`
	forgetNotice = `UPDATE subsidy_round SET notice_lines = 0, notice_fen = 0, published_by = 0, published_at = 0 WHERE id = $1`
)

func scanDoubt(row interface{ Scan(...any) error }) (d Doubt, err error) {
	err = row.Scan(&d.ID, &d.Round, &d.AskedAt, &d.AskedBy, &d.Reason, &d.Settled, &d.By, &d.Outcome, &d.Answer, &d.Release)
	return d, err
}

// Doubts is what was held against the notice of a round by the office itself, the oldest first, for who handles or reads cases of its
// area.
func (s *Store) Doubts(ctx context.Context, scope access.Scope, round int64) ([]Doubt, error) {
	if _, err := s.Round(ctx, scope, round); err != nil {
		return nil, err
	}
	rows, err := s.DB.Read().Query(ctx, doubtsOf, round)
	if err != nil {
		return nil, fmt.Errorf("read doubts: %w", err)
	}
	defer rows.Close()
	var all []Doubt
	for rows.Next() {
		d, err := scanDoubt(rows)
		if err != nil {
			return nil, fmt.Errorf("read doubts: %w", err)
		}
		all = append(all, d)
	}
	return all, noted("read doubts", rows.Err())
}

// doubted is the doubt about a round that waits; found is false where none does.
func doubted(ctx context.Context, q store.Querier, round int64) (d Doubt, found bool, err error) {
	d, err = scanDoubt(q.QueryRow(ctx, openDoubt, round))
	if errors.Is(err, sql.ErrNoRows) {
		return d, false, nil
	}
	return d, err == nil, noted("look for a doubt", err)
}

// reasoned refuses an empty or overlong reason.
func reasoned(reason string) (string, error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return "", errs.Invalid(i18n.M("release.need_reason"))
	}
	return reason, limited("subsidy.field_reason", reason, maxText)
}

// DoubtRound says that the public notice of a round is wrong, and why. While it is so, no firm is asked; another account settles it.
// The scope must handle cases of the area.
func (s *Store) DoubtRound(ctx context.Context, scope access.Scope, id int64, reason string) error {
	r, err := s.handled(ctx, scope, id)
	if err != nil {
		return err
	}
	if reason, err = reasoned(reason); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := s.holdRound(ctx, tx, r.ID, RoundNotice); err != nil {
			return err
		}
		if _, found, err := doubted(ctx, tx, r.ID); err != nil || found {
			if err == nil {
				err = errs.Conflict(i18n.M("subsidy.doubt_waits"))
			}
			return err
		}
		n, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertDoubt, n, r.ID, s.Clock.Millis(), scope.Account(), reason)
		return noted("doubt a notice", err)
	})
}

// SettleDoubt ends the doubt about a notice of a round that waits. To correct or to withdraw is for another account than the one
// that doubted; to keep the notice is for either. The reason of a correction or withdrawal is published.
func (s *Store) SettleDoubt(ctx context.Context, scope access.Scope, id int64, o Outcome, reason string) error {
	r, err := s.handled(ctx, scope, id)
	if err != nil {
		return err
	}
	if reason, err = reasoned(reason); err != nil {
		return err
	}
	in, _, err := s.policyOf(ctx, r.Policy, r.Known)
	if err != nil {
		return err
	}
	view, err := s.system(ctx)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		held, err := s.holdRound(ctx, tx, r.ID, RoundNotice)
		if err != nil {
			return err
		}
		d, found, err := doubted(ctx, tx, r.ID)
		switch {
		case err != nil:
			return err
		case !found:
			return errs.Conflict(i18n.M("subsidy.no_doubt"))
		case o != Keep && d.AskedBy == scope.Account():
			return &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("subsidy.doubt_own")}
		}
		h := s.roundHead(held)
		h.By, h.Reason = scope.Account(), reason
		var came release.Release
		switch o {
		case Correct:
			came, err = s.correctRound(ctx, tx, held, h, view, in.Policy)
		case Withdraw:
			came, err = s.withdrawRound(ctx, tx, held, h)
		case Keep:
		default:
			err = errs.Invalid(i18n.M("subsidy.bad_outcome"))
		}
		if err != nil {
			return err
		}
		audit.Note(tx, loggedDoubt, d.ID)
		_, err = tx.Exec(ctx, settleDoubt, s.Clock.Millis(), scope.Account(), string(o), reason, came.ID, d.ID)
		return noted("settle a doubt", err)
	})
}

// roundHead is what a release of a round is about.
func (s *Store) roundHead(r Round) release.Head {
	return release.Head{Kind: RoundRelease, Ref: r.ID, Area: r.Area, Title: r.Title, Until: s.window(), By: r.Publisher}
}

// roundRows is lines of a round as they are published.
func roundRows(view fact.View, p *policy.Policy, lines []RoundLine) []release.Row {
	rows := make([]release.Row, len(lines))
	for i, l := range lines {
		c, _ := p.Clause(l.Clause)
		rows[i] = rowOf(view, l.N, 0, l.Enterprise, l.Firm, c.Name.ZH, l.Amount)
	}
	return rows
}

// correctRound publishes the lines that are listed now, under the names under which they were checked. Where a line is another one
// than before, the notice begins anew; where lines are only gone, it goes on.
func (s *Store) correctRound(ctx context.Context, tx *store.Tx, r Round, h release.Head, view fact.View, p *policy.Policy) (release.Release, error) {
	var rows []release.Row
	for after := 0; ; {
		lines, err := readLines(ctx, tx, listedAfter, r.ID, after, publishedAtOnce)
		if err != nil {
			return release.Release{}, err
		}
		if len(lines) == 0 {
			break
		}
		rows, after = append(rows, roundRows(view, p, lines)...), lines[len(lines)-1].N
	}
	if len(rows) == 0 {
		return release.Release{}, errs.Conflict(i18n.M("subsidy.correct_nothing"))
	}
	came, err := s.Releases.Correct(ctx, tx, h, rows)
	if err != nil {
		return came, err
	}
	began := r.Notice
	if came.Until == h.Until {
		began = s.today()
	}
	return came, errors.Join(s.sumNotice(ctx, tx, r.ID), s.moveRound(ctx, tx, r, RoundNotice, RoundNotice, began.String()))
}

// withdrawRound takes a notice back: its list is checked again.
func (s *Store) withdrawRound(ctx context.Context, tx *store.Tx, r Round, h release.Head) (release.Release, error) {
	came, err := s.Releases.Withdraw(ctx, tx, h)
	if err != nil {
		return came, err
	}
	if _, err := tx.Exec(ctx, forgetNotice, r.ID); err != nil {
		return came, fmt.Errorf("withdraw the notice of a round: %w", err)
	}
	return came, s.moveRound(ctx, tx, r, RoundNotice, RoundListed, "")
}

// sumNotice keeps what the listed lines of a round come to: those of its notice.
func (s *Store) sumNotice(ctx context.Context, tx *store.Tx, id int64) error {
	var count int
	var sum money.Fen
	if err := tx.QueryRow(ctx, sumListed, id).Scan(&count, &sum); err != nil {
		return fmt.Errorf("add up notice: %w", err)
	}
	_, err := tx.Exec(ctx, sumRound, count, int64(sum), id)
	return noted("add up notice", err)
}
