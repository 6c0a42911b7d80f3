package results

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// surveyKey is all that a survey depends on.
type surveyKey struct {
	seq  int64
	hash string
	year int
	on   period.Day
}

// surveyed is what a model makes of all enterprises.
type surveyed struct {
	firms  []Firm
	row    map[int64]int // by id of the enterprise
	survey *assess.Survey
	groups map[Group]*members
}

// members is the settled rows of a group.
type members struct {
	rows []int                // the worst first
	in   map[GroupKind]string // by kind, the part that all of them are in; "" where there are several
	home map[string]int       // how many lie where: who may see a firm hangs on its area, and on whose it is
}

// within says that all members of a group are members of another one.
func (m *members) within(g Group) bool {
	code, ok := m.in[g.Kind]
	return g.Kind == ByAll || ok && code == g.Of
}

// Size counts each survey of a whole region alike, however many enterprises there are: eight fit on the shelf, for the editions and years
// that somebody looks at.
func (s *surveyed) Size() int { return 8_000 }

// Firm is an enterprise as a model finds it.
type Firm struct {
	ID       int64
	Name     string
	USCC     string
	Area     string // node code on the day
	Division string // of its industry: two digits, "" where nobody said
	Size     string // code, "" where nobody said
	Scored   bool
	Failed   bool // a value does not fit
	Score    assess.Span
	Level    int // as Result
	May      int
	Place    assess.Standing // among those of its county, where the model has classes

	home string // the area by which it is told who may see it: that of today's map
}

// Settled says that nothing is missing that could change score or level.
func (f *Firm) Settled() bool { return f.Scored && f.Score.Known() && f.Level == f.May }

// Begun says that something of what the model asks is known: the sure score is above nothing.
func (f *Firm) Begun() bool { return f.Scored && f.Score.Sure.Sign() > 0 }

// GroupKind is what peers have in common.
type GroupKind string

// The kinds of groups.
const (
	ByTrade  GroupKind = "trade"
	BySize   GroupKind = "size"
	ByCounty GroupKind = "county"
	ByAll    GroupKind = "all"
)

// Group is peers: those of one division, size or county, or all.
type Group struct {
	Kind GroupKind
	Of   string
}

// Least is of how many a group must be for anything about it to be told to who may not see its members: fewer would tell of each other.
const Least = 5

// Peer is an enterprise among its peers.
type Peer struct {
	Group
	N       int // settled scores in the group, its own too; 0 where there are too few to be told
	Below   int // of them worse than its own
	Equal   int // of them equal to its own, itself included
	Median  *big.Rat
	Upper   *big.Rat // a quarter are better
	Percent int      // share of the others that are worse, equals counting half, rounded down
}

// reading fills the columns of a model.
type reading struct {
	reader *region.Reader
	year   int
	on     period.Day
}

// Read fills a column: a fact of one period for all at once.
func (r reading) Read(in *rule.Input, contexts []*rule.Context, c *column.Column) {
	def := in.Def()
	yearly := def.Period == period.Year
	if in.Origin() != rule.FromFact || !yearly && def.Period != period.Always && def.Period != "" || len(contexts) == 0 {
		column.ReadRows(in, contexts, c)
		return
	}
	p := period.Period{}
	if yearly {
		p = period.OfYear(r.year)
	}
	subjects := make([]rule.Subject, len(contexts))
	for i, ctx := range contexts {
		subjects[i] = ctx.Subject
	}
	r.reader.ReadAll(subjects, def, p, r.on, c.Set)
}

// surveyOf is what a model makes of all enterprises as known at a commit.
func (s *Store) surveyOf(ctx context.Context, seq int64, r *assess.Rubric, year int, on period.Day) (*surveyed, error) {
	return s.surveys.Try(surveyKey{seq, r.Hash, year, on}, func() (*surveyed, error) {
		return s.ask(context.WithoutCancel(ctx), seq, r, year, on) // others may be waiting
	})
}

// chunk is how many enterprises one goroutine reads at a time.
const chunk = 1_000

func (s *Store) ask(ctx context.Context, seq int64, r *assess.Rubric, year int, on period.Day) (*surveyed, error) {
	view, err := s.Frames.For(ctx, access.SystemScope(), seq)
	if err != nil {
		return nil, fmt.Errorf("ask a model of a region as known at %d: %w", seq, err)
	}
	parties := slices.Collect(view.Enterprises())
	out := &surveyed{firms: make([]Firm, len(parties)), row: make(map[int64]int, len(parties)), groups: map[Group]*members{}}
	subjects := make([]rule.Subject, len(parties))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < len(parties); from += chunk {
		g.Go(func() error {
			for i := from; i < min(from+chunk, len(parties)); i++ {
				subject, ok := s.Subjects.Subject(view, parties[i].ID)
				if !ok {
					return fmt.Errorf("read the facts of enterprise %d: it is listed and not known", parties[i].ID)
				}
				subjects[i], out.firms[i] = subject, s.Placed(view, parties[i], year, on)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if out.survey, err = r.NewCrowd(subjects, year, on, reading{s.Subjects, year, on}).Survey(); err != nil {
		return nil, err
	}
	out.fill(s.Library)
	return out, nil
}

// Placed is an enterprise with the parts of a region that it is in on a day, its size that of a year. Of a model it knows nothing yet.
func (s *Store) Placed(view fact.View, e party.Enterprise, year int, on period.Day) Firm {
	return Firm{
		ID: e.ID, Name: e.Name, USCC: string(e.USCC), home: e.Area, Area: view.NodeOn(e.ID, party.TreeArea, on),
		Division: division(s.Library, view.NodeOn(e.ID, party.TreeIndustry, on)),
		Size:     view.Value(e.ID, "ent.size", period.OfYear(year)).Value.Text,
	}
}

// division is the two digits of an industry; "" where it is none or as wide as a section.
func division(lib *content.Library, code string) string {
	for _, n := range lib.Industries().Path(code) {
		if len(n.Code) == 2 {
			return n.Code
		}
	}
	return ""
}

// countyOf is the county of an area; the area itself where it lies in none.
func countyOf(lib *content.Library, area string) string {
	if c := lib.Areas().County(area); c != "" {
		return c
	}
	return area
}

// fill tells the rows their scores, and puts the settled ones into groups.
func (s *surveyed) fill(lib *content.Library) {
	counties := map[string]int{}
	of := make([]int, len(s.firms))
	var settled []int
	scores := s.survey.Scores()
	for i := range s.firms {
		f := &s.firms[i]
		s.row[f.ID] = i
		f.Scored, f.Failed = s.survey.Scored(i), s.survey.Failed(i)
		f.Level, f.May = s.survey.Level(i)
		f.Score, f.Place.Class = scores[i], -1
		in := countyOf(lib, f.Area)
		if _, ok := counties[in]; !ok {
			counties[in] = len(counties)
		}
		of[i] = counties[in]
		if f.Settled() {
			settled = append(settled, i)
		}
	}
	s.survey.Order(settled)
	for _, i := range settled {
		s.join(i, groupsOf(lib, &s.firms[i]))
	}
	if s.survey.Rubric.Ranks == nil {
		return
	}
	for i, place := range s.survey.Ranks(func(i int) int { return of[i] }) {
		s.firms[i].Place = place
	}
}

// join puts a row into its groups.
func (s *surveyed) join(i int, groups []Group) {
	for _, g := range groups {
		m := s.groups[g]
		if m == nil {
			m = &members{in: map[GroupKind]string{}, home: map[string]int{}}
			for _, o := range groups {
				m.in[o.Kind] = o.Of
			}
			s.groups[g] = m
		}
		m.rows = append(m.rows, i)
		m.home[s.firms[i].home]++
		for kind, code := range m.in {
			if code != "" && !slices.Contains(groups, Group{kind, code}) {
				m.in[kind] = ""
			}
		}
	}
}

// groupsOf is the groups that an enterprise is compared in.
func groupsOf(lib *content.Library, f *Firm) []Group {
	out := []Group{{ByAll, ""}}
	for _, kind := range []GroupKind{ByTrade, BySize, ByCounty} {
		if code := PartOf(lib, kind, f); code != "" {
			out = append(out, Group{kind, code})
		}
	}
	return out
}

// Peers is an enterprise that the view shows among its peers of the whole region, by what is known of a year; empty while its own score
// is not settled. A group is told where the view shows all of it or at least four others are hidden in it; and not where another
// group that is told has all of its members and a few more, since what is told of the two would tell of those few.
func (s *Store) Peers(ctx context.Context, view fact.View, r *assess.Rubric, enterprise int64, year int) ([]Peer, error) {
	e, ok := view.Enterprise(enterprise)
	if !ok || !Shows(view, r, e.ID) {
		return nil, errs.NotFound("enterprise", enterprise)
	}
	alone, _, err := s.Now(view, r, e.ID, year)
	if err != nil || !alone.Settled() { // no region is asked for one that has no place in it
		return nil, err
	}
	all, err := s.surveyOf(ctx, view.Seq(), r, year, s.on(year))
	if err != nil {
		return nil, err
	}
	i, ok := all.row[e.ID]
	if !ok || !all.firms[i].Settled() {
		return nil, nil
	}
	groups := groupsOf(s.Library, &all.firms[i])
	told := all.told(groups, func(g Group) int { return all.hidden(s.Library, view.Scope(), r, g) })
	var out []Peer
	for _, g := range groups {
		if !slices.Contains(told, g) {
			out = append(out, Peer{Group: g})
			continue
		}
		out = append(out, all.peer(g, i))
	}
	return out, nil
}

// told is which of some groups, all of one enterprise, may be told to a reader from whom some of the members of each are hidden.
func (s *surveyed) told(groups []Group, hiddenIn func(g Group) int) (out []Group) {
	groups = slices.Clone(groups)
	slices.SortStableFunc(groups, func(a, b Group) int { return len(s.groups[b].rows) - len(s.groups[a].rows) })
	open := false // all enterprises are known, and so are those of every group
	for _, g := range groups {
		m := s.groups[g]
		hidden := 0
		if !open {
			hidden = hiddenIn(g)
		}
		few := func(o Group) bool { // what the other one has beside this one
			more := len(s.groups[o].rows) - len(m.rows)
			return more > 0 && more < Least && m.within(o)
		}
		switch {
		case len(m.rows) < Least, hidden > 0 && hidden < Least-1:
		case !open && slices.ContainsFunc(out, few):
		default:
			out = append(out, g)
			open = open || hidden == 0 && g.Kind == ByAll
		}
	}
	return out
}

// hidden is how many members of a group a scope may not see, by where they lie and which are its own: no firm is asked for by itself.
func (s *surveyed) hidden(lib *content.Library, scope access.Scope, r *assess.Rubric, g Group) (n int) {
	m := s.groups[g]
	for area, firms := range m.home {
		if !seesOf(scope, r, area, 0) {
			n += firms
		}
	}
	if n == 0 {
		return 0
	}
	for _, id := range scope.Owns() {
		i, ok := s.row[id]
		if !ok || !s.firms[i].Settled() || !slices.Contains(groupsOf(lib, &s.firms[i]), g) {
			continue
		}
		if home := s.firms[i].home; !seesOf(scope, r, home, 0) && seesOf(scope, r, home, id) {
			n--
		}
	}
	return n
}

// seesOf says that a scope may know what a model reads of an enterprise of an area; 0 is one that is not its own.
func seesOf(scope access.Scope, r *assess.Rubric, area string, owner int64) bool {
	return scope.Sees(access.ReadFact, area, owner) && (!r.Sensitive() || scope.Sees(access.ReadSensitive, area, owner))
}

// peer is where a row stands in a group.
func (s *surveyed) peer(g Group, i int) Peer {
	rows := s.groups[g].rows
	score := func(k int) *big.Rat { return s.firms[rows[k]].Score.Sure }
	p := Peer{Group: g, N: len(rows)}
	p.Below, _ = slices.BinarySearchFunc(rows, i, s.survey.Compare)
	for p.Below+p.Equal < p.N && s.survey.Compare(rows[p.Below+p.Equal], i) == 0 {
		p.Equal++
	}
	p.Percent = (200*p.Below + 100*(p.Equal-1)) / (2 * (p.N - 1))
	p.Median, p.Upper = score((p.N-1)/2), score((3*p.N-1)/4)
	return p
}

// Shows says that a view may know what a model reads of an enterprise: all of it, since the region is asked once from all facts.
func Shows(view fact.View, r *assess.Rubric, id int64) bool {
	return view.Can(access.ReadFact, id) && (!r.Sensitive() || view.Can(access.ReadSensitive, id))
}

// Shown notes that a reader was shown what a model makes of enterprises: that its sensitive facts of each were read. It is nothing where
// the model reads none.
func Shown(view fact.View, r *assess.Rubric, firms ...int64) {
	for _, def := range r.Facts() {
		if !def.Sensitive() {
			continue
		}
		for _, id := range firms {
			view.Told(id, def.Code)
		}
	}
}

// Region is a model's results of the enterprises that a reader may see.
type Region struct {
	Rubric *assess.Rubric
	Year   int
	On     period.Day
	Firms  []*Firm // in the registry's order
}

// Region asks a model of all enterprises, and gives those that the view shows whole.
func (s *Store) Region(ctx context.Context, view fact.View, r *assess.Rubric, year int) (*Region, error) {
	out := &Region{Rubric: r, Year: year, On: s.on(year)}
	all, err := s.surveyOf(ctx, view.Seq(), r, year, out.On)
	if err != nil {
		return nil, err
	}
	for i := range all.firms {
		if Shows(view, r, all.firms[i].ID) {
			out.Firms = append(out.Firms, &all.firms[i])
		}
	}
	return out, nil
}

// Tally is how many enterprises of a part stand where.
type Tally struct {
	Code    string // node of the part: a county, a division, a size; "" where nobody said
	Firms   int
	Levels  []int // by level, settled ones alone
	NoLevel int   // settled, and below the lowest
	Open    int   // something is known and something is missing
	Nothing int   // nothing that the model asks is known
	Mean    *big.Rat
	sum     *big.Rat
	settled int
}

// PartOf is the part of a region that an enterprise is in; "" where nobody said, and of the region as one.
func PartOf(lib *content.Library, kind GroupKind, f *Firm) string {
	switch kind {
	case ByCounty:
		return countyOf(lib, f.Area)
	case ByTrade:
		return f.Division
	case BySize:
		return f.Size
	}
	return ""
}

// By is the region by county, division or size, or as one; parts in the order of their codes.
func (r *Region) By(lib *content.Library, kind GroupKind) []Tally {
	parts := map[string]*Tally{}
	for _, f := range r.Firms {
		code := PartOf(lib, kind, f)
		t := parts[code]
		if t == nil {
			t = &Tally{Code: code, Levels: make([]int, len(r.Rubric.Levels)), sum: new(big.Rat)}
			parts[code] = t
		}
		t.Firms++
		switch {
		case f.Settled():
			t.settled++
			t.sum.Add(t.sum, f.Score.Sure)
			if f.Level < 0 {
				t.NoLevel++
			} else {
				t.Levels[f.Level]++
			}
		case f.Begun():
			t.Open++
		default:
			t.Nothing++
		}
	}
	out := make([]Tally, 0, len(parts))
	for _, t := range parts {
		if t.settled > 0 {
			t.Mean = new(big.Rat).Quo(t.sum, big.NewRat(int64(t.settled), 1))
		}
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Tally) int { return cmp.Compare(a.Code, b.Code) })
	return out
}
