package bulletin

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Source is a report of a county that another one is made of.
type Source struct {
	Area    string
	Period  period.Period
	Edition int64 // that was signed last; 0 where none was
	Report  int64 // not of a source that was frozen
	State   State
}

// Finding is that a figure looks odd, and whether something was said about it.
type Finding struct {
	Check    CheckFile
	Figure   Figure
	Msg      i18n.Msg
	Answered bool
}

// Quote is what a county said to a question in the last report that it signed.
type Quote struct {
	Area   string
	Period period.Period
	Ask    i18n.Text
	Text   string
}

// Sight is one edition of a report: a draft with figures of a commit, what was prepared with those of its own, what was signed as it
// was frozen.
type Sight struct {
	Report
	Edition    Edition
	Definition *Definition
	Seq        int64 // commit as of which the figures are
	Figures    []Figure
	Words      map[string]Word
	Findings   []Finding
	Sources    []Source
	Quotes     []Quote
}

// Sight is an edition of a report that the scope may read: n is its number, 0 for the newest one; seq is the commit for the figures of a
// draft, 0 for now.
func (s *Store) Sight(ctx context.Context, scope access.Scope, id int64, n int, seq int64) (x Sight, err error) {
	if x.Report, err = s.Report(ctx, scope, id); err != nil {
		return x, err
	}
	if x.Edition, err = x.Report.edition(n); err != nil {
		return x, err
	}
	q := s.DB.Read()
	if x.Definition, err = s.definitionOf(ctx, q, x.Report.Definition, x.Edition); err != nil {
		return x, err
	}
	if x.Words, err = s.words(ctx, q, x.Edition.ID); err != nil {
		return x, err
	}
	if x.Edition.State() == Sealed {
		x.Seq = x.Edition.last().Seq
		if x.Figures, err = frozen(ctx, q, x.Edition.ID); err != nil {
			return x, err
		}
		x.Sources, err = s.frozenSources(ctx, q, x.Edition.ID)
	} else {
		as, ok := x.Edition.Prepared()
		if !ok {
			as = Step{Seq: seq}
		}
		if x.Seq, x.Figures, err = s.told(ctx, x.Definition, x.Area, x.Period, as); err != nil {
			return x, err
		}
		x.Sources, err = s.sources(ctx, x.Definition, x.Area, x.Period)
	}
	if err != nil {
		return x, err
	}
	x.find()
	x.Quotes, err = s.quotes(ctx, x)
	return x, err
}

// told is the figures of a report as known when a step was taken: at its commit, and before its instant; now where it has none.
func (s *Store) told(ctx context.Context, d *Definition, area string, p period.Period, as Step) (int64, []Figure, error) {
	view, err := s.view(ctx, as.Seq)
	if err != nil {
		return 0, nil, err
	}
	_, last, _ := p.Span()
	figures, err := teller{s, view, area, last, as, nil}.figures(ctx, d, p)
	if err != nil {
		return 0, nil, fmt.Errorf("tell the figures of report %s of %s for %s: %w", d.Code, area, p, err)
	}
	return view.Seq(), figures, nil
}

// Of are the figures of a table by area, in their order, and then by column.
func (x Sight) Of(table string) (areas []string, by map[string]map[int]Figure) {
	by = map[string]map[int]Figure{}
	for _, f := range x.Figures {
		if f.Part != table {
			continue
		}
		if by[f.Area] == nil {
			by[f.Area] = map[int]Figure{}
			if f.Area != "" {
				areas = append(areas, f.Area)
			}
		}
		by[f.Area][f.Col] = f
	}
	return areas, by
}

// Head is what the report says of an indicator.
func (x Sight) Head(indicator string) Head { return x.Definition.Heads[indicator] }

// AimHead is how what a figure's target promises is written.
func (x Sight) AimHead(f Figure) Head {
	h := x.Head(f.Indicator)
	if x.Definition.Aims[f.Target].Growth {
		h.Rate, h.Money, h.Unit, h.Places = true, false, "", max(h.Places, 1)
	}
	return h
}

// RankedBy is the documents that ask for ranks in this report: the one that its definition names, or else those with which the rankings of the
// plans of its targets were switched on; none where nobody asks.
func (x Sight) RankedBy() (all []string) {
	if x.Definition.Ranking != "" {
		return []string{x.Definition.Ranking}
	}
	for _, f := range x.Figures {
		if f.RankedBy != "" && !slices.Contains(all, f.RankedBy) {
			all = append(all, f.RankedBy)
		}
	}
	return all
}

// find runs the checks.
func (x *Sight) find() {
	for _, c := range x.Definition.Checks {
		var seen []period.Period
		for _, f := range x.Figures {
			if f.Indicator != c.Indicator || f.Area != "" || slices.Contains(seen, f.Period) {
				continue
			}
			seen = append(seen, f.Period)
			head := x.Head(c.Indicator)
			found := Finding{Check: c, Figure: f, Answered: x.Words[c.Word].Text != ""}
			switch c.Check {
			case CheckFell:
				change := f.Change()
				if change == nil || change.Sign() == 0 || change.Sign() < 0 == head.Less {
					continue
				}
				found.Msg = i18n.M("bulletin.fell", head.Name, head.Number(f.Before), head.Number(f.Value))
			case CheckOpen:
				share := f.OpenShare()
				if share == nil || share.Cmp(c.More.Rat()) <= 0 {
					continue
				}
				found.Msg = i18n.M("bulletin.much_open", head.Name, f.Open, max(f.Within, f.Open), c.More.String())
			}
			x.Findings = append(x.Findings, found)
		}
	}
}

// Lacks is what keeps the report from being handed on: questions without an answer, or with one that is too short.
func (x Sight) Lacks() (all []i18n.Msg) {
	for _, q := range x.Definition.Questions {
		n := utf8.RuneCountInString(x.Words[q.Code].Text)
		switch {
		case n == 0 && q.Required:
			all = append(all, i18n.M("bulletin.unanswered", q.Ask))
		case n > 0 && n < q.Least:
			all = append(all, i18n.M("bulletin.too_short", q.Ask, n, q.Least))
		}
	}
	for _, f := range x.Findings {
		if q, _ := x.Definition.Question(f.Check.Word); !f.Answered && !q.Required {
			all = append(all, i18n.M("bulletin.say_why", f.Msg, q.Ask))
		}
	}
	return all
}

// changed are the indicators and targets that are others today.
func (x Sight) changed(now *indicator.Set) map[string]bool {
	gone := map[string]bool{}
	for code, head := range x.Definition.Heads {
		if i, err := now.Indicator(code); err != nil || i.Hash != head.Hash {
			gone[code] = true
		}
	}
	for key, aim := range x.Definition.Aims {
		if g, ok := goalOf(now, key); !ok || aimOf(g).Hash != aim.Hash {
			gone[key] = true
		}
	}
	return gone
}

// Recomputed is a figure beside what it comes to when it is worked out again at the commit of its edition.
type Recomputed struct {
	Then, Now     Figure
	MethodChanged bool // its indicator or its target is another one today: what it comes to says nothing about what was signed
}

// Differs says that the figure is another one under the same method.
func (r Recomputed) Differs() bool { return !r.MethodChanged && !r.Then.Same(r.Now) }

// Recompute works the figures of a signed edition out again, from what was known at its commit, and how far they are from their targets, from
// the quotas that were known when it was prepared.
func (s *Store) Recompute(ctx context.Context, scope access.Scope, id int64, n int) ([]Recomputed, error) {
	x, err := s.Sight(ctx, scope, id, n, 0)
	if err != nil {
		return nil, err
	}
	if x.Edition.State() != Sealed {
		return nil, stateError(x.Report)
	}
	gone := x.changed(s.Monitor.Set)
	view, err := s.view(ctx, x.Seq)
	if err != nil {
		return nil, err
	}
	_, last, _ := x.Period.Span()
	prepared, _ := x.Edition.Prepared()
	figures, err := teller{s, view, x.Area, last, prepared, gone}.figures(ctx, x.Definition, x.Period)
	if err != nil {
		return nil, err
	}
	now := map[string]Figure{}
	for _, f := range figures {
		now[f.place()] = f
	}
	var all []Recomputed
	for _, f := range x.Figures {
		all = append(all, Recomputed{Then: f, Now: now[f.place()], MethodChanged: gone[f.Indicator] || gone[f.Target]})
	}
	return all, nil
}

func (f Figure) place() string { return fmt.Sprintf("%s/%d/%s", f.Part, f.Col, f.Area) }

// sources is how far the counties' reports are that a report is made of.
func (s *Store) sources(ctx context.Context, d *Definition, area string, p period.Period) ([]Source, error) {
	if d.Gathers == nil {
		return nil, nil
	}
	of, err := s.Set.Definition(d.Gathers.Report)
	if err != nil {
		return nil, err
	}
	all, err := s.read(ctx, s.DB.Read(), `r.definition = $1`, of.Code)
	if err != nil {
		return nil, err
	}
	type key struct {
		area string
		p    period.Period
	}
	have := map[key]Report{}
	for _, r := range all {
		have[key{r.Area, r.Period}] = r
	}
	var out []Source
	_, last, _ := p.Span()
	for part := range parts(of.Every, p) {
		for _, county := range s.Monitor.Areas(monitor.Dimension{By: monitor.ByCounty}, area, last) {
			x := Source{Area: county.Code, Period: part, State: Missing}
			if r, ok := have[key{county.Code, part}]; ok {
				x.Report, x.State = r.ID, r.State()
				if e, ok := r.Standing(); ok { // a correction that is under way does not take away what was signed
					x.Edition, x.State = e.ID, Sealed
				}
			}
			out = append(out, x)
		}
	}
	return out, nil
}

// parts are the periods of a kind that a period is made of.
func parts(k period.Kind, p period.Period) func(yield func(period.Period) bool) {
	return func(yield func(period.Period) bool) {
		first, last, _ := p.Span()
		for day := first; day <= last; {
			part := period.Of(k, day)
			_, end, ok := part.Span()
			if !ok || !yield(part) {
				return
			}
			day = end + 1
		}
	}
}

func (s *Store) frozenSources(ctx context.Context, q store.Querier, edition int64) ([]Source, error) {
	return store.List(ctx, q, func(rows *store.Rows) (x Source, err error) {
		var p, state string
		if err := rows.Scan(&x.Area, &p, &x.Edition, &state, &x.Report); err != nil {
			return x, err
		}
		x.State = State(state)
		x.Period, err = period.Parse(p)
		return x, err
	}, `SELECT s.area, s.period, s.of_edition, s.state, COALESCE(e.report, 0) FROM bulletin_source s LEFT JOIN bulletin_edition e ON e.id = s.of_edition WHERE s.edition = $1 ORDER BY s.n`, edition)
}

// quotes are what the counties said in the last of the reports that a report is made of.
func (s *Store) quotes(ctx context.Context, x Sight) (all []Quote, err error) {
	if x.Definition.Gathers == nil || len(x.Definition.Gathers.Quote) == 0 {
		return nil, nil
	}
	of, err := s.Set.Definition(x.Definition.Gathers.Report)
	if err != nil {
		return nil, err
	}
	last := map[string]Source{}
	var areas []string
	for _, from := range x.Sources { // by period, then by area
		if from.Edition == 0 {
			continue
		}
		if _, ok := last[from.Area]; !ok {
			areas = append(areas, from.Area)
		}
		last[from.Area] = from
	}
	slices.SortFunc(areas, cmp.Compare[string])
	for _, area := range areas {
		words, err := s.words(ctx, s.DB.Read(), last[area].Edition)
		if err != nil {
			return nil, err
		}
		for _, code := range x.Definition.Gathers.Quote {
			if q, ok := of.Question(code); ok && words[code].Text != "" {
				all = append(all, Quote{area, last[area].Period, q.Ask, words[code].Text})
			}
		}
	}
	return all, nil
}

// Score is what a county comes to in an appraisal.
type Score struct {
	Area  string
	Parts []Figure // in the order of the definition
	Total *big.Rat // nil where a part is not known
	Rank  int      // 0 where no document asks for ranks, or it is not known; the same for equal scores
}

// Scores is the appraisal of a report: in the order of the areas, or by rank where a document asks for that.
func (x Sight) Scores() []Score {
	if x.Definition.Scores == nil {
		return nil
	}
	areas, by := x.Of(scoresTable)
	var all []Score
	for _, area := range areas {
		score := Score{Area: area, Total: new(big.Rat)}
		for i := range x.Definition.Scores.Parts {
			f := by[area][i]
			score.Parts = append(score.Parts, f)
			if f.Points == nil {
				score.Total = nil
			}
			if score.Total != nil {
				score.Total.Add(score.Total, f.Points)
			}
		}
		all = append(all, score)
	}
	if len(x.RankedBy()) == 0 {
		return all
	}
	slices.SortStableFunc(all, func(a, b Score) int {
		if a.Total == nil || b.Total == nil {
			return cmp.Compare(unknown(a), unknown(b))
		}
		return b.Total.Cmp(a.Total)
	})
	for i := range all {
		switch {
		case all[i].Total == nil:
		case i > 0 && all[i-1].Total != nil && all[i].Total.Cmp(all[i-1].Total) == 0:
			all[i].Rank = all[i-1].Rank
		default:
			all[i].Rank = i + 1
		}
	}
	return all
}

func unknown(s Score) int {
	if s.Total == nil {
		return 1
	}
	return 0
}

// Band is the middle half of peers: the counties' values from the lower to the upper quartile, as those of ranks n/4 and 3n/4 rounded up.
type Band struct {
	Low, Median, High *big.Rat
	Parts             bool // values are the parts of their quotas that the counties have reached
}

// Band is that of a column of a table, of one with a target that by which Figure.Quarter is told; false where fewer than four counties have a
// value.
func (x Sight) Band(table string, col int) (Band, bool) {
	areas, by := x.Of(table)
	aimed, parts := false, false
	if i := slices.IndexFunc(x.Definition.Tables, func(t TableFile) bool { return t.Code == table }); i >= 0 {
		key := x.Definition.Tables[i].Figures[col].Target
		aimed, parts = key != "", x.Definition.Aims[key].Parts
	}
	var values []*big.Rat
	for _, area := range areas {
		f := by[area][col]
		v := f.Value
		if aimed {
			v = f.Actual
		}
		if parts && v != nil {
			if f.Promise == nil || f.Promise.Sign() <= 0 {
				continue
			}
			v = new(big.Rat).Quo(v, f.Promise)
		}
		if v != nil {
			values = append(values, v)
		}
	}
	if len(values) < 4 {
		return Band{}, false
	}
	slices.SortFunc(values, (*big.Rat).Cmp)
	at := func(quarters int) *big.Rat { return values[(quarters*len(values)+3)/4-1] }
	return Band{Low: at(1), Median: at(2), High: at(3), Parts: parts}, true
}
