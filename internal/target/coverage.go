package target

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Stage is how far an above-scale enterprise has come, the farthest that holds.
type Stage string

// The stages, from the least to the most. Closed ones are listed and not counted.
const (
	Untold      Stage = "unknown"     // nobody said whether it was diagnosed, and nothing else is known
	Undiagnosed Stage = "undiagnosed" // not diagnosed, and no project
	Diagnosed   Stage = "diagnosed"
	Filed       Stage = "filed"     // a digital project was approved or begun
	Accepted    Stage = "accepted"  // one was accepted
	Levelled    Stage = "level"     // diagnosed and at the level that one of the choices names
	Completed   Stage = "completed" // under the choice in force
	Closed      Stage = "closed"
)

// Stages are all of them, in their order.
func Stages() []Stage {
	return []Stage{Untold, Undiagnosed, Diagnosed, Filed, Accepted, Levelled, Completed, Closed}
}

// The indicators that the ledger is made of. Its counts are theirs.
const (
	completedShare = "completed_share"
	diagnosedShare = "diagnosed_share"
	filedShare     = "filed_share"
	closedFirms    = "closed_firms"
	completion     = "completion"
)

// steps are the indicators that tell a stage, and the answer to what counts under which; the last that counts is the stage.
var steps = []struct {
	stage             Stage
	indicator, answer string
}{
	{Diagnosed, diagnosedShare, ""}, {Filed, filedShare, ""}, {Accepted, completedShare, "accepted"}, {Levelled, completedShare, "level"}, {Completed, completedShare, ""},
}

// LedgerQuery chooses enterprises of the coverage ledger.
type LedgerQuery struct {
	Area     string     // "" for all that the reader sees
	On       period.Day // 0 for today
	Verified bool
	Stage    Stage  // "" for all
	Trade    string // division of GB/T 4754
	Size     string // code of sizes
	Text     string // part of a name, or a credit code
}

// Entry is an enterprise of the ledger.
type Entry struct {
	ID    int64
	Name  string
	USCC  string
	Area  string // node code
	Trade string // division, "" where it is not known
	Size  string
	Stage Stage
}

// Ledger is the coverage ledger of an area (覆盖台账).
type Ledger struct {
	Query   LedgerQuery
	Choice  string                   // answer to what counts that is in force
	Counts  map[Stage]int            // of all of the area
	Areas   map[string]map[Stage]int // the same by area right below, or the area itself
	Dark    int                      // enterprises of whom nobody said whether they are above scale
	Entries []Entry                  // those that were asked for, by area, then by name
}

// Firms is how many above-scale enterprises there are: all but the closed ones.
func (l *Ledger) Firms() int {
	n := 0
	for stage, count := range l.Counts {
		if stage != Closed {
			n += count
		}
	}
	return n
}

// Ledger lists the above-scale enterprises of an area that the reader sees, each with how far it had come on a day.
func (s *Store) Ledger(ctx context.Context, view fact.View, q LedgerQuery) (*Ledger, error) {
	if q.On == 0 {
		q.On = s.Clock.Today()
	}
	if q.Area != "" {
		if _, ok := s.Library.Areas().Node(q.Area); !ok || !view.Scope().Sees(access.ReadFact, q.Area, 0) {
			return nil, errs.NotFound("area", q.Area)
		}
	}
	choices, err := s.Monitor.Choices(ctx, view, q.Area, q.On)
	if err != nil {
		return nil, err
	}
	l := &Ledger{Query: q, Counts: map[Stage]int{}, Areas: map[string]map[Stage]int{}}
	l.Choice = s.answer(choices)
	firms := map[int64]*Entry{}
	tell := func(code string, choices map[string]string, each func(f monitor.Firm)) error {
		x, err := s.Monitor.Set.Indicator(code)
		if err != nil {
			return fmt.Errorf("tell the coverage ledger: %w", err)
		}
		b, err := s.Monitor.Behind(ctx, view, monitor.Query{Indicator: x, Area: q.Area, Period: period.OfYear(q.On.Year()), Until: q.On, Choices: choices, Verified: q.Verified})
		if err != nil {
			return err
		}
		for _, f := range b.Page(0, b.Len()) {
			each(f)
		}
		return nil
	}
	err = tell(diagnosedShare, choices, func(f monitor.Firm) {
		if f.State == indicator.Dark || f.State == indicator.Failed {
			l.Dark++
			return
		}
		e := &Entry{ID: f.Owner, Name: f.Firm, USCC: f.USCC, Area: f.Area, Stage: Undiagnosed}
		if f.State == indicator.Open {
			e.Stage = Untold
		}
		firms[f.Owner] = e
	})
	for _, step := range steps {
		if err != nil {
			return nil, err
		}
		under := choices
		if step.answer != "" {
			under = map[string]string{completion: step.answer}
		}
		err = tell(step.indicator, under, func(f monitor.Firm) {
			if e := firms[f.Owner]; e != nil && f.State == indicator.Counted {
				e.Stage = step.stage
			}
		})
	}
	if err == nil {
		err = tell(closedFirms, choices, func(f monitor.Firm) {
			if f.State == indicator.Counted {
				firms[f.Owner] = &Entry{ID: f.Owner, Name: f.Firm, USCC: f.USCC, Area: f.Area, Stage: Closed}
			}
		})
	}
	if err != nil {
		return nil, err
	}
	s.fill(view, l, firms)
	return l, nil
}

// answer is the answer to what counts that is in force.
func (s *Store) answer(choices map[string]string) string {
	if a := choices[completion]; a != "" {
		return a
	}
	for _, c := range s.Monitor.Set.Choices() {
		if c.Code == completion {
			return c.Default
		}
	}
	return ""
}

// fill counts enterprises and lists those that were asked for.
func (s *Store) fill(view fact.View, l *Ledger, firms map[int64]*Entry) {
	text := content.Fold(strings.TrimSpace(l.Query.Text))
	for id, e := range firms {
		part := s.below(e.Area, l.Query.Area, l.Query.On)
		if l.Areas[part] == nil {
			l.Areas[part] = map[Stage]int{}
		}
		l.Counts[e.Stage]++
		l.Areas[part][e.Stage]++
		for _, n := range s.Library.Industries().Path(view.NodeOn(id, party.TreeIndustry, l.Query.On)) {
			if n.Level == "division" {
				e.Trade = n.Code
			}
		}
		for y := l.Query.On.Year(); y >= l.Query.On.Year()-1 && e.Size == ""; y-- {
			if c := view.Value(id, "ent.size", period.OfYear(y)); c.State == fact.Present {
				e.Size = c.Value.Text
			}
		}
		switch {
		case l.Query.Stage != "" && e.Stage != l.Query.Stage, l.Query.Trade != "" && e.Trade != l.Query.Trade, l.Query.Size != "" && e.Size != l.Query.Size:
			continue
		case text != "" && !strings.Contains(content.Fold(e.Name), text) && !strings.EqualFold(e.USCC, strings.TrimSpace(l.Query.Text)):
			continue
		}
		l.Entries = append(l.Entries, *e)
	}
	slices.SortFunc(l.Entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
}

// below is the area right below another one in which an area lay on a day; itself where that is not so.
func (s *Store) below(area, above string, day period.Day) string {
	path := s.Library.Areas().PathOn(area, day)
	i := slices.IndexFunc(path, func(n content.Node) bool { return n.Code == above })
	if i >= 0 && i+1 < len(path) {
		return path[i+1].Code
	}
	return area
}

// Next is what the programme would do next for an enterprise at a stage.
func (x Stage) Next() i18n.Msg { return i18n.M("target.next_" + string(x)) }

// Msg names a stage.
func (x Stage) Msg() i18n.Msg { return i18n.M("target.stage_" + string(x)) }

// Msg names a state.
func (x State) Msg() i18n.Msg { return i18n.M("target.state_" + string(x)) }
