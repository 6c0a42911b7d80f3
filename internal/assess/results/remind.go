package results

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

const (
	insertReminder = `INSERT INTO assess_reminder (party, model, year, week, edition, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
	lastReminders  = `SELECT party, MAX(at) FROM assess_reminder WHERE model = $1 AND year = $2 GROUP BY party ORDER BY party`
)

// maxReminded is how many enterprises are asked at once, and remindedTogether how many of them in one transaction.
const (
	maxReminded      = 100_000
	remindedTogether = 500
)

// YearsBack is for how many years, the current one among them, results are asked and told.
const YearsBack = 5

// Reminder asks enterprises for what a model misses of a year.
type Reminder struct {
	Rubric *assess.Rubric
	Year   int
	Firms  []int64
}

// Page is the page on which an enterprise stands by a model.
func Page(r *assess.Rubric, firm int64) string {
	return "/assess/" + r.Rubric + "/" + r.Edition + "/firms/" + strconv.FormatInt(firm, 10)
}

// Remind tells enterprises of whom something is missing that it is, each once a week, and says how many it told. Those whose result is
// settled, and those whose cases the view does not handle, are left out.
func (s *Store) Remind(ctx context.Context, view fact.View, m Reminder) (told int, err error) {
	switch {
	case m.Rubric.Refuses():
		return 0, errs.Invalid(i18n.M("results.no_score", m.Rubric.Title))
	case len(m.Firms) > maxReminded:
		return 0, errs.Invalid(i18n.M("results.too_many", len(m.Firms), maxReminded))
	}
	if now := s.Clock.Today(); m.Year > now.Year() || m.Year <= now.Year()-YearsBack || !slices.Contains(s.Set.Current(now), m.Rubric) {
		return 0, errs.Invalid(i18n.M("results.remind_when", now.Year()-YearsBack+1, now.Year()))
	}
	all, err := s.surveyOf(ctx, view.Seq(), m.Rubric, m.Year, s.on(m.Year))
	if err != nil {
		return 0, err
	}
	var firms []int64
	for _, id := range m.Firms {
		i, ok := all.row[id]
		if !ok || !view.Can(access.HandleCase, id) || all.firms[i].Settled() || all.firms[i].Failed {
			continue
		}
		if !all.firms[i].Scored {
			if got, _, err := s.Now(view, m.Rubric, id, m.Year); err != nil || got.Outside {
				continue
			}
		}
		firms = append(firms, id)
	}
	today := s.Clock.Today()
	week := today - period.Day((int(today.Weekday())-int(time.Monday)+7)%7)
	for some := range slices.Chunk(firms, remindedTogether) {
		n := 0
		err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			n = 0
			for _, id := range some {
				fresh, err := tx.Exec(ctx, insertReminder, id, m.Rubric.Rubric, m.Year, int64(week), m.Rubric.Edition, s.Clock.Millis(), view.Scope().Account())
				if err != nil {
					return fmt.Errorf("note that %d is reminded: %w", id, err)
				}
				if fresh == 0 {
					continue
				}
				n++
				if err := notice.Post(ctx, tx, notice.Message{
					Kind: notice.Task, To: notice.ToParty(id), Title: i18n.M("results.remind_title", m.Rubric.Title),
					Body: i18n.M("results.remind_body", m.Rubric.Title, m.Year), Link: Page(m.Rubric, id) + "?year=" + strconv.Itoa(m.Year), At: s.Clock.Millis(),
				}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return told, err
		}
		told += n
	}
	return told, nil
}

// Reminded is when enterprises were last asked for what a model misses of a year, in milliseconds UTC.
func (s *Store) Reminded(ctx context.Context, model string, year int) (map[int64]int64, error) {
	type last struct{ party, at int64 }
	list, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (x last, err error) { return x, r.Scan(&x.party, &x.at) }, lastReminders, model, year)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]int64, len(list))
	for _, x := range list {
		out[x.party] = x.at
	}
	return out, nil
}
