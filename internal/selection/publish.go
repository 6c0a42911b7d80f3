package selection

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/store"
)

// NoticeRelease is the kind of release that the notice of a round is (content/releases).
const NoticeRelease = "selection"

// release publishes who stands in the notice of a round, by name: as the first release, or as a correction of the one that stands.
func (s *Store) release(ctx context.Context, tx *store.Tx, r Round, all []Result, by Act) error {
	last, found, err := release.Latest(ctx, tx, NoticeRelease, r.ID)
	if err != nil {
		return err
	}
	rows, since, err := s.noticeRows(ctx, tx, r, all)
	if err != nil {
		return err
	}
	h, scheme, err := s.noticeHead(ctx, tx, r, by)
	if err != nil {
		return err
	}
	h.Until, _ = s.NoticeEnds(scheme, since)
	if found && last.Stands() {
		_, err = s.Releases.Correct(ctx, tx, h, rows)
	} else {
		_, err = s.Releases.Publish(ctx, tx, h, rows)
	}
	return err
}

// noticeHead is what a release of the notice of a round is about.
func (s *Store) noticeHead(ctx context.Context, tx *store.Tx, r Round, by Act) (release.Head, *Scheme, error) {
	scheme, _, err := s.definition(ctx, tx, r)
	if err != nil {
		return release.Head{}, nil, err
	}
	title := fmt.Sprintf("%d年度%s公示", r.Year, scheme.Name.ZH)
	return release.Head{Kind: NoticeRelease, Ref: r.ID, Case: r.Case, Area: r.Area, Title: title, By: by.Actor, Reason: by.Reason}, scheme, nil
}

const setLine = `UPDATE selection_nomination SET notice_n = $1 WHERE id = $2`

// noticeRows is who stands in the notice: whoever stood in it before keeps the number. since is the day on which the last of them came
// in.
func (s *Store) noticeRows(ctx context.Context, tx *store.Tx, r Round, all []Result) (rows []release.Row, since period.Day, err error) {
	view, err := s.all(ctx)
	if err != nil {
		return nil, 0, err
	}
	before, err := release.SeriesOf(ctx, tx, NoticeRelease, r.ID)
	if err != nil {
		return nil, 0, err
	}
	numbers, last := map[int64]int{}, 0 // by case: of those whose nominations do not have theirs yet
	for _, x := range before {
		err := release.EachLine(ctx, tx, x.ID, func(l release.Line) error {
			if last = max(last, l.N); l.Case != 0 {
				numbers[l.Case] = l.N
			}
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Result) int { return int(a.Nomination.ID - b.Nomination.ID) }) // tells no place
	for _, o := range all {
		e, ok := view.Enterprise(o.Party)
		if !ok || o.Standing != Chosen || o.Noticed == 0 {
			continue
		}
		n := cmp.Or(o.Nomination.Line, numbers[o.Nomination.Case])
		if n == 0 {
			last++
			n = last
		}
		if n != o.Nomination.Line {
			if _, err := tx.Exec(ctx, setLine, n, o.Nomination.ID); err != nil {
				return nil, 0, fmt.Errorf("number a nomination in a notice: %w", err)
			}
		}
		code := ""
		if e.USCCSound {
			code = string(e.USCC)
		}
		since = max(since, o.Noticed)
		rows = append(rows, release.Row{N: n, Case: o.Nomination.Case, Values: map[string]release.Value{
			"recipient": release.Text(e.Name), "recipient_uscc": release.Text(code), "person": release.Text(o.Item), "county": release.Text(o.County),
			"since": release.Date(o.Noticed),
		}})
	}
	release.Sort(rows)
	return rows, since, nil
}

// CorrectNotice publishes the notice of a round anew as it stands: without those who were taken out since, under the names by which the
// others are known now, which does not begin anybody's days anew. Who is to come in for them is published by Publish. Conflict where nothing changed, or nobody is left.
func (s *Store) CorrectNotice(ctx context.Context, tx *store.Tx, roundID int64, by Act) error {
	r, err := locked(ctx, tx, roundID, Noticed)
	if err != nil {
		return err
	}
	all, err := s.results(ctx, tx, r)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(o Result) bool { return o.Standing == Chosen && o.Noticed != 0 }) {
		return errs.Conflict(i18n.M("selection.correct_nobody"))
	}
	return s.release(ctx, tx, r, all, by)
}

const (
	takenBack     = `UPDATE selection_round SET state = 'ranked' WHERE id = $1`
	forgetNoticed = `UPDATE selection_nomination SET noticed = 0 WHERE round_id = $1`
)

// WithdrawNotice takes the notice of a round back: it is ranked, and nobody stands in a notice. Conflict while an objection waits for
// its answer.
func (s *Store) WithdrawNotice(ctx context.Context, tx *store.Tx, roundID int64, by Act) error {
	r, err := locked(ctx, tx, roundID, Noticed)
	if err != nil {
		return err
	}
	all, err := s.results(ctx, tx, r)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(o Result) bool { return o.Objected != 0 && o.OutAt == 0 }); i >= 0 {
		return errs.Conflict(i18n.M("selection.objection_open", all[i].Rank))
	}
	h, _, err := s.noticeHead(ctx, tx, r, by)
	if err != nil {
		return err
	}
	if _, err := s.Releases.Withdraw(ctx, tx, h); err != nil {
		return err
	}
	for _, query := range []string{takenBack, forgetNoticed} {
		if _, err := tx.Exec(ctx, query, r.ID); err != nil {
			return fmt.Errorf("withdraw the notice of round %d: %w", r.ID, err)
		}
	}
	return nil
}
