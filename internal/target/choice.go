package target

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Switch is that an area answers a choice of the indicators in one way from a day on.
type Switch struct {
	ID       int64
	Area     string // a city or what lies above: counties count as their city does, or the sum of theirs would not be its figure
	Choice   string // code of a choice of the indicators: completion
	Answer   string // code of an option of it
	From     period.Day
	Document string
	Note     string
	At       int64
	By       int64
}

const (
	insertChoice = `INSERT INTO target_choice (id, area, choice, answer, from_day, document, note, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	allChoices   = `SELECT id, area, choice, answer, from_day, document, note, at, by_account FROM target_choice ORDER BY id`
)

func switches(ctx context.Context, q store.Querier) ([]Switch, error) {
	all, err := store.List(ctx, q, func(r *store.Rows) (x Switch, err error) {
		var from int64
		err = r.Scan(&x.ID, &x.Area, &x.Choice, &x.Answer, &from, &x.Document, &x.Note, &x.At, &x.By)
		x.From = period.Day(from)
		return x, err
	}, allChoices)
	if err != nil {
		return nil, fmt.Errorf("read what counts: %w", err)
	}
	return all, nil
}

// Switches are the answers that were ever given for an area or for one above it, in the order in which they were given.
func (s *Store) Switches(ctx context.Context, area string) ([]Switch, error) {
	all, err := switches(ctx, s.DB.Read())
	return slices.DeleteFunc(all, func(x Switch) bool { return !s.Library.Areas().Within(area, x.Area) }), err
}

// Choices are the answers in force for an area on a day, by choice, as monitor.Query takes them: those of the nearest area at or above it, as
// it lay on that day, that answered by then. A choice that nobody answered is left out, and has its default. A figure of a period uses those of
// the period's last day; with "" for an area, the defaults.
func (s *Store) Choices(ctx context.Context, area string, day period.Day) (map[string]string, error) {
	if area == "" {
		return nil, nil
	}
	all, err := switches(ctx, s.DB.Read())
	if err != nil {
		return nil, err
	}
	return inForce(all, s.Library.Areas().PathOn(area, day), day), nil
}

// inForce are the answers of the nearest area of a path, whose last node is the nearest.
func inForce(all []Switch, path []content.Node, day period.Day) map[string]string {
	out := map[string]string{}
	for _, n := range path {
		last := map[string]period.Day{}
		for _, x := range all {
			if since, has := last[x.Choice]; x.Area == n.Code && x.From <= day && (!has || x.From >= since) {
				out[x.Choice], last[x.Choice] = x.Answer, x.From
			}
		}
	}
	return out
}

// Switch answers a choice for an area from a day on, for its office. It fails with Invalid for what is no choice, no answer, no city nor
// anything above one, or without a document, and with Conflict where that is already in force from that day.
func (s *Store) Switch(ctx context.Context, scope access.Scope, x Switch) (Switch, error) {
	if err := keeps(scope, x.Area); err != nil {
		return Switch{}, err
	}
	n, ok := s.Library.Areas().Node(x.Area)
	if !ok || n.Level == content.County || n.Level == content.Zone {
		return Switch{}, errs.Invalid(i18n.M("target.choice_city", n.Name))
	}
	choices := s.Monitor.Set.Choices()
	i := slices.IndexFunc(choices, func(c indicator.Choice) bool { return c.Code == x.Choice })
	if i < 0 {
		return Switch{}, errs.Invalid(i18n.M("target.no_choice", x.Choice))
	}
	if _, ok := choices[i].Option(x.Answer); !ok {
		return Switch{}, errs.Invalid(i18n.M("target.no_answer", x.Answer, choices[i].Name))
	}
	x.Document, x.Note = strings.TrimSpace(x.Document), strings.TrimSpace(x.Note)
	if err := errors.Join(within("document", x.Document, maxName, false), within("note", x.Note, maxText, true)); err != nil {
		return Switch{}, err
	}
	if today := s.Clock.Today(); x.From < firstDay || x.From > today+366 {
		return Switch{}, errs.Invalid(i18n.M("target.choice_day", firstDay.String(), (today + 366).String()))
	}
	x.At, x.By = s.Clock.Millis(), scope.Account()
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := tx.Lock(ctx, "target choices"); err != nil {
			return err
		}
		all, err := switches(ctx, tx)
		if err != nil {
			return err
		}
		for _, o := range slices.Backward(all) {
			if o.Area == x.Area && o.Choice == x.Choice && o.From == x.From {
				if o.Answer == x.Answer {
					return errs.Conflict(i18n.M("target.choice_same", x.From.String()))
				}
				break
			}
		}
		if x.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertChoice, x.ID, x.Area, x.Choice, x.Answer, int64(x.From), x.Document, x.Note, x.At, x.By); err != nil {
			return err
		}
		audit.Note(tx, loggedChoice, x.ID)
		return nil
	})
	if err != nil {
		return Switch{}, fmt.Errorf("switch what counts: %w", err)
	}
	return x, nil
}

// firstDay is the first day from which anything may count.
var firstDay = period.Date(2000, 1, 1)
