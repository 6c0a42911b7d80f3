package monitor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Switch is that an area answers a choice of the indicators in one way from a day on: what counts as completed, above all.
type Switch struct {
	ID       int64
	Seq      int64  // commit by which it became known: figures as known before do not know it
	Area     string // a city or what lies above: counties count as their city does, or the sum of theirs would not be its figure
	Choice   string // code of a choice of the indicators: completion
	Answer   string // code of an option of it
	From     period.Day
	Document string
	Note     string
	At       int64
	By       int64
}

// Logged is what the audit log knows: answers to choices.
var Logged = []*audit.Kind{loggedChoice}

var loggedChoice = &audit.Kind{
	Name:  "monitor.choice",
	Parts: []audit.Part{{Name: "choice", Query: `SELECT id, seq, area, choice, answer, from_day, document, note, at, by_account FROM monitor_choice WHERE id = $1`}},
	All:   `SELECT CAST(id AS VARCHAR(100)) AS ref FROM monitor_choice`,
}

const (
	insertChoice = `INSERT INTO monitor_choice (id, seq, area, choice, answer, from_day, document, note, at, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	choicesUpTo  = `SELECT id, seq, area, choice, answer, from_day, document, note, at, by_account FROM monitor_choice WHERE seq <= $1 ORDER BY id`
)

// Limits on what is said with an answer, in characters.
const (
	maxDocument = 200
	maxNote     = 2_000
)

// switches are the answers as known at a commit, in the order in which they were given.
func switches(ctx context.Context, q store.Querier, seq int64) ([]Switch, error) {
	all, err := store.List(ctx, q, func(r *store.Rows) (x Switch, err error) {
		var from int64
		err = r.Scan(&x.ID, &x.Seq, &x.Area, &x.Choice, &x.Answer, &from, &x.Document, &x.Note, &x.At, &x.By)
		x.From = period.Day(from)
		return x, err
	}, choicesUpTo, seq)
	if err != nil {
		return nil, fmt.Errorf("read what counts: %w", err)
	}
	return all, nil
}

// Switches are the answers that were ever given for an area or for one above it, in the order in which they were given.
func (m *Monitor) Switches(ctx context.Context, area string) ([]Switch, error) {
	all, err := switches(ctx, m.DB.Read(), source.Newest)
	return slices.DeleteFunc(all, func(x Switch) bool { return !m.Library.Areas().Within(area, x.Area) }), err
}

// Choices are the answers under which a figure of an area is told on a day, by choice, as a view knows them: those of the nearest area at or
// above it, as it lay on that day, that answered by then. A choice that nobody answered is left out, and has its default, as have all with ""
// for an area. A figure of a period goes by those of its last day; what it is compared with is to be asked for under the same.
func (m *Monitor) Choices(ctx context.Context, view fact.View, area string, day period.Day) (map[string]string, error) {
	w, err := m.snapshot(ctx, view.Seq(), false)
	if err != nil {
		return nil, err
	}
	return m.inForce(w.switches, area, day), nil
}

// pinned are the answers under which a query is told: those that it gives itself, and those in force on a day.
func (m *Monitor) pinned(w *snapshot, q Query, day period.Day) map[string]string {
	out := m.inForce(w.switches, q.Area, day)
	maps.Copy(out, q.Choices)
	return out
}

// inForce are the answers of the nearest area of a path, whose last node is the nearest.
func (m *Monitor) inForce(all []Switch, area string, day period.Day) map[string]string {
	out := map[string]string{}
	if len(all) == 0 || area == "" {
		return out
	}
	for _, n := range m.Library.Areas().PathOn(area, day) {
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
func (m *Monitor) Switch(ctx context.Context, scope access.Scope, x Switch) (Switch, error) {
	if !scope.Sees(access.HandleCase, x.Area, 0) {
		return Switch{}, errs.Forbidden(string(access.HandleCase) + " in area " + x.Area)
	}
	n, ok := m.Library.Areas().Node(x.Area)
	if !ok || n.Level == content.County || n.Level == content.Zone {
		return Switch{}, errs.Invalid(i18n.M("monitor.choice_city", n.Name))
	}
	choices := m.Set.Choices()
	i := slices.IndexFunc(choices, func(c indicator.Choice) bool { return c.Code == x.Choice })
	if i < 0 {
		return Switch{}, errs.Invalid(i18n.M("monitor.no_choice", x.Choice))
	}
	if _, ok := choices[i].Option(x.Answer); !ok {
		return Switch{}, errs.Invalid(i18n.M("monitor.no_answer", x.Answer, choices[i].Name))
	}
	x.Document, x.Note = strings.TrimSpace(x.Document), strings.TrimSpace(x.Note)
	if n := utf8.RuneCountInString(x.Document); n == 0 || n > maxDocument {
		return Switch{}, errs.Invalid(i18n.M("monitor.choice_document", maxDocument))
	}
	if utf8.RuneCountInString(x.Note) > maxNote {
		return Switch{}, errs.Invalid(i18n.M("monitor.choice_note", maxNote))
	}
	if today := m.Clock.Today(); x.From < firstDay || x.From > today+366 {
		return Switch{}, errs.Invalid(i18n.M("monitor.choice_day", firstDay.String(), (today + 366).String()))
	}
	x.At, x.By = m.Clock.Millis(), scope.Account()
	entry := source.LogEntry{Kind: source.Choose, Actor: x.By, Reason: x.Document}
	_, err := m.Sources.Commit(ctx, entry, func(ctx context.Context, tx *store.Tx, seq int64) error { // one after another: nobody answers in between
		all, err := switches(ctx, tx, seq)
		if err != nil {
			return err
		}
		for _, o := range slices.Backward(all) {
			if o.Area == x.Area && o.Choice == x.Choice && o.From == x.From {
				if o.Answer == x.Answer {
					return errs.Conflict(i18n.M("monitor.choice_same", x.From.String()))
				}
				break
			}
		}
		x.Seq = seq
		if x.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertChoice, x.ID, seq, x.Area, x.Choice, x.Answer, int64(x.From), x.Document, x.Note, x.At, x.By); err != nil {
			return err
		}
		audit.Note(tx, loggedChoice, x.ID)
		return nil
	})
	if err != nil {
		return Switch{}, fmt.Errorf("switch what counts: %w", err)
	}
	return x, m.Frames.Refresh(ctx)
}

// firstDay is the first day from which anything may count.
var firstDay = period.Date(2000, 1, 1)
