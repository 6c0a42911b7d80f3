package subsidy

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// The kinds of releases that notices are (content/releases), by what they are about.
const (
	BatchRelease = "subsidy_batch"
	RoundRelease = "subsidy_round"
)

// The fields of both.
const (
	fieldFirm   = "recipient"
	fieldUSCC   = "recipient_uscc"
	fieldClause = "clause"
	fieldAmount = "amount"
)

// releaseOf is the newest release of a notice: what stands, or that it was withdrawn. None is found of one that was public before
// releases were kept.
func releaseOf(ctx context.Context, q store.Querier, notice int64) (release.Release, bool, error) {
	r, found, err := release.Latest(ctx, q, BatchRelease, notice)
	if err != nil || found {
		return r, found, err
	}
	return release.Latest(ctx, q, RoundRelease, notice)
}

// Released is the release that a notice is as it stands; found is false of one that was public before releases were kept. It is public,
// and so asks for no scope.
func (s *Store) Released(ctx context.Context, notice int64) (r release.Release, found bool, err error) {
	return releaseOf(ctx, s.DB.Read(), notice)
}

// publishedLine is a line of a release as notices have it.
func publishedLine(r release.Release, l release.Line) (Published, error) {
	fen, err := l.Money(r, fieldAmount)
	return Published{N: l.N, Firm: l.Of(r, fieldFirm), Clause: l.Of(r, fieldClause), Amount: fen}, err
}

func releasedLines(ctx context.Context, q store.Querier, r release.Release, p release.Page) ([]Published, error) {
	lines, err := release.Lines(ctx, q, r.ID, p)
	if err != nil {
		return nil, err
	}
	all := make([]Published, len(lines))
	for i, l := range lines {
		if all[i], err = publishedLine(r, l); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// lastLine is a line of a notice as it was last published: an objection stays with what it is about after that was corrected.
func lastLine(ctx context.Context, q store.Querier, notice int64, n int) (Published, error) {
	r, found, err := releaseOf(ctx, q, notice)
	for err == nil && found {
		var l release.Line
		if l, err = release.LineAt(ctx, q, r.ID, n); err == nil {
			return publishedLine(r, l)
		}
		if errs.KindOf(err) != errs.KindNotFound || r.Replaces == 0 {
			break
		}
		r, err = release.ByID(ctx, q, r.Replaces)
	}
	if err == nil {
		err = errs.NotFound("line of a notice", n)
	}
	return Published{}, err
}

// standingCase is the case of a line of a notice as it stands, 0 for one of a round; NotFound where it has none of that number.
func standingCase(ctx context.Context, q store.Querier, notice int64, n int) (of int64, err error) {
	r, found, err := releaseOf(ctx, q, notice)
	if err != nil {
		return 0, err
	}
	if found {
		l, err := release.LineAt(ctx, q, r.ID, n)
		return l.Case, err
	}
	err = q.QueryRow(ctx, releasedCase, notice, n).Scan(&of)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errs.NotFound("line of a notice", n)
	}
	return of, noted("read a line of a notice", err)
}

// rowOf is a line of a notice as it is published: these fields and no others.
func rowOf(view fact.View, n int, id, enterprise int64, firm, clause string, fen money.Fen) release.Row {
	code := ""
	if e, ok := view.Enterprise(enterprise); ok && e.USCCSound {
		code = string(e.USCC)
	}
	return release.Row{N: n, Case: id, Values: map[string]release.Value{
		fieldFirm: release.Text(firm), fieldUSCC: release.Text(code), fieldClause: release.Text(clause), fieldAmount: release.Money(fen),
	}}
}

// window is the last day of a notice that begins today.
func (s *Store) window() period.Day {
	last, _ := s.Library.Calendar().AddWorkdays(s.today(), NoticeDays)
	return last
}

// batchRows is the notice of a batch as its applications stand: for each the firm, the clause and the amount. An application keeps the
// number that it had in earlier releases, so that an objection to a line stays with it.
func (s *Store) batchRows(ctx context.Context, tx *store.Tx, view fact.View, batch int64, children []int64) (rows []release.Row, sum money.Fen, err error) {
	before, err := release.SeriesOf(ctx, tx, BatchRelease, batch)
	if err != nil {
		return nil, 0, err
	}
	numbers, last := map[int64]int{}, 0
	for _, r := range before {
		err := release.EachLine(ctx, tx, r.ID, func(l release.Line) error {
			numbers[l.Case], last = l.N, max(last, l.N)
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
	}
	for _, child := range children {
		a, err := applicationOf(ctx, tx, child)
		if err != nil {
			return nil, 0, err
		}
		if a.Standing != Open {
			continue
		}
		e, ok := view.Enterprise(a.Enterprise)
		if !ok || a.Amount <= 0 {
			return nil, 0, errs.Conflict(i18n.M("subsidy.batch_nothing", a.Name))
		}
		c, err := s.clauseOf(ctx, a)
		if err != nil {
			return nil, 0, err
		}
		n := numbers[child]
		if n == 0 {
			last++
			n = last
		}
		rows = append(rows, rowOf(view, n, child, a.Enterprise, e.Name, c.Name.ZH, a.Amount))
		if sum, err = sum.Add(a.Amount); err != nil {
			return nil, 0, errs.Invalid(i18n.M("subsidy.too_much"))
		}
	}
	release.Sort(rows)
	return rows, sum, nil
}

// batchHead is what a release of a batch is about.
func (s *Store) batchHead(at *casework.Moment, b Batch) release.Head {
	c, e := at.Case(), at.Event()
	return release.Head{Kind: BatchRelease, Ref: c.ID, Case: c.ID, Area: b.Area, Title: c.Title, Until: s.window(), By: e.Actor, Reason: e.Reason}
}

// publishesBatch makes a batch public.
func (s *Store) publishesBatch(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	id := at.Case().ID
	n, err := tx.Exec(ctx, setNotice, s.today().String(), id)
	if err == nil && n == 0 {
		err = errs.Conflict(i18n.M("subsidy.batch_public"))
	}
	if err != nil {
		return noted("publish batch", err)
	}
	return s.told(ctx, tx, at, func(b Batch, rows []release.Row) (release.Release, error) {
		return s.Releases.Publish(ctx, tx, s.batchHead(at, b), rows)
	})
}

// correctsBatch makes the notice of a batch public anew as its applications stand now. Where a line is another one than before, the
// notice begins anew; where lines are only gone, it goes on.
func (s *Store) correctsBatch(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	return s.told(ctx, tx, at, func(b Batch, rows []release.Row) (release.Release, error) {
		return s.Releases.Correct(ctx, tx, s.batchHead(at, b), rows)
	})
}

const (
	beginAnew     = `UPDATE subsidy_batch SET notice = $1 WHERE case_id = $2`
	withdrawBatch = `UPDATE subsidy_batch SET notice = '', notice_lines = 0, notice_fen = 0 WHERE case_id = $1`
)

// told publishes a batch as it stands, and keeps what the notice comes to and when it began.
func (s *Store) told(ctx context.Context, tx *store.Tx, at *casework.Moment, publish func(Batch, []release.Row) (release.Release, error)) error {
	id := at.Case().ID
	children, err := at.Children(ctx)
	if err != nil {
		return err
	}
	b, err := batchAt(ctx, tx, id)
	if err != nil {
		return err
	}
	rows, sum, err := s.batchRows(ctx, tx, at.View(), id, children)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errs.Conflict(i18n.M("subsidy.batch_empty"))
	}
	r, err := publish(b, rows)
	if err != nil {
		return err
	}
	if r.Until == s.window() {
		if _, err := tx.Exec(ctx, beginAnew, s.today().String(), id); err != nil {
			return noted("publish batch", err)
		}
		if err := at.Set("published", rule.Day(at.Today())); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, sumNotice, len(rows), int64(sum), id); err != nil {
		return noted("publish batch", err)
	}
	return at.Set("total", rule.Money(sum))
}

// withdrawsBatch takes the notice of a batch back: it gathers again.
func (s *Store) withdrawsBatch(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	b, err := batchAt(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	if _, err := s.Releases.Withdraw(ctx, tx, s.batchHead(at, b)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, withdrawBatch, b.Case); err != nil {
		return fmt.Errorf("withdraw the notice of a batch: %w", err)
	}
	return at.Set("total", rule.Money(0))
}
