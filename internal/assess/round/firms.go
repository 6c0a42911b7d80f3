package round

import (
	"cmp"
	"context"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Standing is how far an enterprise is in a round.
type Standing string

// The standings.
const (
	NotBegun Standing = "not_begun"
	Begun    Standing = "begun"  // a case waits for its answers
	Back     Standing = "back"   // sent back for correction, and not handed in again
	Handed   Standing = "handed" // handed in, and waits for an office or an expert
	Sealed   Standing = "sealed" // by its own answers
	Rated    Standing = "rated"  // on the spot
)

// Standings are all of them, the least far first.
func Standings() []Standing { return []Standing{NotBegun, Begun, Back, Handed, Sealed, Rated} }

// Firm is an enterprise in a round.
type Firm struct {
	results.Firm // its parts alone
	Standing     Standing
	Case         int64           // that is under way, or sealed its result; 0 for none
	Result       *results.Sealed // that counts; nil for none
	Found, Open  int             // findings that hold, and how many of them are not accepted
	Told         int64           // when something was sent to it last, 0 for nothing

	running, waits bool // a case is under way; it waits for the enterprise
}

// Level is the level that is reached for sure, in the levels of a model: −1 for none, and where there is no result.
func (f *Firm) Level(m *assess.Rubric) int {
	if f.Result == nil {
		return -1
	}
	return slices.IndexFunc(m.Levels, func(l assess.LevelFile) bool { return l.ID == f.Result.Level })
}

// settledScore is the points of a result in which nothing is missing; nil else.
func (f *Firm) settledScore() *big.Rat {
	if f.Result == nil || !f.Result.Settled() {
		return nil
	}
	return f.Result.Score
}

// on is the day by whose map enterprises of a round lie: that of its closing, or today; not after its year where that is over.
func (s *Store) on(r *Round) period.Day {
	day := s.Clock.Today()
	if r.Closing != nil {
		day = r.Closing.On
	}
	return min(day, period.Date(r.Year, 12, 31))
}

// Firms is the enterprises of a round that a view shows, by area and name. Of a closed round they stand as they stood then; the view is to
// be of its commit (As).
func (s *Store) Firms(ctx context.Context, view fact.View, r *Round) ([]Firm, error) {
	m, err := s.Rubric(ctx, r)
	if err != nil {
		return nil, err
	}
	all, err := s.firms(ctx, view, r)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(f Firm) bool { return !results.Shows(view, m, f.ID) }), nil
}

// As is the view of a scope in which a round is to be read: of the commit of its closing, or of what is known now.
func (s *Store) As(ctx context.Context, scope access.Scope, r *Round) (fact.View, error) {
	seq := int64(0)
	if r.Closing != nil {
		seq = r.Closing.Seq
	}
	return s.Frames.For(ctx, scope, seq)
}

// firms is all enterprises of a round that a view knows, whether it may show what is known of them or not.
func (s *Store) firms(ctx context.Context, view fact.View, r *Round) (out []Firm, err error) {
	err = s.DB.Snapshot(ctx, func(ctx context.Context, q store.Querier) error {
		if r.Closing != nil {
			out, err = s.stood(ctx, q, view, r)
		} else {
			out, err = s.stand(ctx, q, view, r)
		}
		return err
	})
	slices.SortFunc(out, func(a, b Firm) int {
		return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return out, err
}

const lastSent = `SELECT party, MAX(at) FROM round_sent WHERE round_id = $1 GROUP BY party ORDER BY party`

// listed is the enterprises of a round, merged ones as what they have become, without how they stand.
func (s *Store) listed(ctx context.Context, q store.Querier, view fact.View, r *Round) (map[int64]*Firm, error) {
	ids, err := store.List(ctx, q, scanID, firmsOf, r.ID)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]*Firm, len(ids))
	on := s.on(r)
	for _, id := range ids {
		if e, ok := view.Enterprise(id); ok && out[e.ID] == nil {
			out[e.ID] = &Firm{Firm: s.Results.Placed(view, e, r.Year, on), Standing: NotBegun}
		}
	}
	type pair struct{ party, at int64 }
	sent, err := store.List(ctx, q, func(r *store.Rows) (p pair, err error) { return p, r.Scan(&p.party, &p.at) }, lastSent, r.ID)
	for _, p := range sent {
		if f := firmOf(out, view, p.party); f != nil {
			f.Told = max(f.Told, p.at)
		}
	}
	return out, err
}

// firmOf is the enterprise in a map that a party counts for; nil for none.
func firmOf(all map[int64]*Firm, view fact.View, party int64) *Firm {
	if f := all[party]; f != nil {
		return f
	}
	e, ok := view.Enterprise(party)
	if !ok {
		return nil
	}
	return all[e.ID]
}

// stand is how the enterprises of a running round stand now.
func (s *Store) stand(ctx context.Context, q store.Querier, view fact.View, r *Round) ([]Firm, error) {
	all, err := s.listed(ctx, q, view, r)
	if err != nil {
		return nil, err
	}
	w, _ := s.Cases.Set.Workflow(r.Workflow)
	cases, err := s.Cases.Briefs(ctx, q, r.Workflow)
	if err != nil {
		return nil, err
	}
	thisYear := s.Clock.Today().Year()
	for _, c := range cases {
		f := firmOf(all, view, c.Enterprise)
		if f == nil || c.Ended != "" || cmp.Or(c.Year, thisYear) != r.Year {
			continue
		}
		state, ok := stateOf(w, c.State)
		f.Case, f.running, f.waits = c.ID, true, ok && slices.Contains(state.Waits, casework.Applicant)
	}
	sealed, err := s.Results.OfYear(ctx, q, r.Model, r.Edition, r.Year)
	if err != nil {
		return nil, err
	}
	for i := range sealed {
		x := &sealed[i]
		f := firmOf(all, view, x.Party)
		if f == nil || f.Result != nil && f.Result.How == results.OnSite && x.How != results.OnSite { // what was seen on the spot goes first
			continue
		}
		if f.Result = x; f.Case == 0 {
			f.Case = x.Case
		}
	}
	findings, err := readFindings(ctx, q, findingsOf, r.ID)
	if err != nil {
		return nil, err
	}
	returned := map[int64]int64{} // when something was sent back last
	for i := range findings {
		x := &findings[i]
		f := firmOf(all, view, x.Party)
		if f == nil || x.GoneAt != 0 {
			continue
		}
		f.Found++
		if x.State != FindingAccepted {
			f.Open++
		}
		if x.State == FindingBack {
			returned[f.ID] = max(returned[f.ID], x.backAt)
		}
	}
	for id, f := range all {
		f.Standing = f.standing(returned[id])
	}
	return values(all), nil
}

// standing is how far an enterprise is; returned is when something was sent back last that still holds, 0 for never.
func (f *Firm) standing(returned int64) Standing {
	switch {
	case returned > 0 && f.waits, returned > 0 && !f.running && (f.Result == nil || f.Result.At <= returned):
		return Back
	case returned > 0 && f.running:
		return Handed
	case f.Result != nil && f.Result.How == results.OnSite:
		return Rated
	case f.Result != nil:
		return Sealed
	case f.waits:
		return Begun
	case f.running:
		return Handed
	}
	return NotBegun
}

func values(all map[int64]*Firm) []Firm {
	out := make([]Firm, 0, len(all))
	for _, id := range slices.Sorted(maps.Keys(all)) {
		out = append(out, *all[id])
	}
	return out
}

func stateOf(w *casework.Workflow, id string) (casework.State, bool) {
	if w == nil {
		return casework.State{}, false
	}
	return w.State(id)
}

type line struct {
	party       int64
	standing    Standing
	result      int64
	found, open int
}

const linesOf = `SELECT party, standing, result, found, open FROM round_line WHERE round_id = $1 ORDER BY party`

func readLines(ctx context.Context, q store.Querier, round int64) ([]line, error) {
	return store.List(ctx, q, func(r *store.Rows) (l line, err error) {
		return l, r.Scan(&l.party, &l.standing, &l.result, &l.found, &l.open)
	}, linesOf, round)
}

// stood is how the enterprises of a closed round stood.
func (s *Store) stood(ctx context.Context, q store.Querier, view fact.View, r *Round) ([]Firm, error) {
	all, err := s.listed(ctx, q, view, r)
	if err != nil {
		return nil, err
	}
	lines, err := readLines(ctx, q, r.ID)
	if err != nil {
		return nil, err
	}
	sealed, err := s.Results.OfYear(ctx, q, r.Model, r.Edition, r.Year)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]*results.Sealed, len(sealed))
	for i := range sealed {
		byID[sealed[i].ID] = &sealed[i]
	}
	for _, l := range lines {
		f := firmOf(all, view, l.party)
		if f == nil {
			continue
		}
		f.Standing, f.Found, f.Open = l.standing, l.found, l.open
		if f.Result = byID[l.result]; f.Result != nil {
			f.Case = f.Result.Case
		}
	}
	return values(all), nil
}

// asked is the facts that a model asks of the enterprise itself.
func asked(m *assess.Rubric) []content.FactDef {
	return slices.DeleteFunc(slices.Clone(m.Facts()), func(d content.FactDef) bool {
		return len(d.Authority) > 0 && !slices.Contains(d.Authority, assess.Self)
	})
}

// factPeriod is the period in which a model reads a fact of a year.
func factPeriod(d content.FactDef, year int) period.Period {
	if d.Period == period.Year {
		return period.OfYear(year)
	}
	return period.Period{}
}

// Left is how many of the questions that a model asks the enterprise have no answer yet: nothing is known, and nothing is typed in the case
// that is under way.
func (s *Store) Left(ctx context.Context, view fact.View, r *Round, m *assess.Rubric, f *Firm) (left, of int, err error) {
	subject, ok := s.Subjects.Subject(view, f.ID)
	if !ok || !results.Shows(view, m, f.ID) {
		return 0, 0, errs.NotFound("enterprise", f.ID)
	}
	typed := map[string]bool{}
	if f.waits && f.Case != 0 {
		w, _ := s.Cases.Set.Workflow(r.Workflow)
		for _, action := range answers(w, m) {
			some, err := s.Forms.Typed(ctx, "cases/"+strconv.FormatInt(f.Case, 10)+"/"+action)
			if err != nil {
				return 0, 0, err
			}
			maps.Copy(typed, some)
		}
	}
	defs, on := asked(m), s.on(r)
	for _, d := range defs {
		_, name, _ := strings.Cut(d.Code, ".")
		if _, state := subject.Fact(d, factPeriod(d, r.Year), on); state == rule.Unknown && !typed[name] {
			left++
		}
	}
	return left, len(defs), nil
}

// answers is the actions of a workflow in which an enterprise answers a model.
func answers(w *casework.Workflow, m *assess.Rubric) (out []string) {
	if w == nil {
		return nil
	}
	for _, a := range w.Actions {
		if a.Form == m.FormCode() {
			out = append(out, a.ID)
		}
	}
	return out
}

// Begin opens the case in which an enterprise answers a round, or gives the one that is under way. The year of the round is that of the case.
func (s *Store) Begin(ctx context.Context, scope access.Scope, id, firm int64) (casework.Case, error) {
	r, err := s.Round(ctx, scope, id)
	if err != nil {
		return casework.Case{}, err
	}
	if !r.Running(s.Clock.Today()) {
		return casework.Case{}, errs.Conflict(i18n.M("assessround.not_open", r.Title))
	}
	view, err := s.As(ctx, scope, &r)
	if err != nil {
		return casework.Case{}, err
	}
	all, err := s.firms(ctx, view, &r)
	if err != nil {
		return casework.Case{}, err
	}
	e, ok := view.Enterprise(firm)
	if !ok || !slices.ContainsFunc(all, func(f Firm) bool { return f.ID == e.ID }) {
		return casework.Case{}, errs.NotFound("enterprise", firm)
	}
	c, err := s.Cases.New(ctx, scope, casework.NewCase{
		Workflow: r.Workflow, Title: r.Title, Subject: e.ID, Alone: true, Data: casework.Data{casework.YearDatum: rule.Int(int64(r.Year))},
	})
	if err != nil {
		return c, err
	}
	if year := c.Year(s.Clock.Today()); year != r.Year {
		return c, errs.Conflict(i18n.M("assessround.other_year", c.ID, year))
	}
	return c, nil
}
