package web

import (
	"cmp"
	"context"
	"math"
	"math/big"
	"net/http"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// gradedPart is a part of a result in words.
type gradedPart struct {
	assess.Part
	Name, Points, Worth string
	Sure, Possible      int // percent of its own, for the bar
	Why                 string
	Missing             []missing
	More                int // that are missing besides
}

// fewMissing is how many of the facts that a part misses are named beside it; all stand at the end.
const fewMissing = 3

// countRow is a thing that is counted, with its level.
type countRow struct {
	Name    string
	Marked  bool
	Known   bool
	Level   int64
	Says    string // what its level asks
	Next    string // what the next one asks
	Missing []missing
}

// gateRow is a level as it stands.
type gateRow struct {
	Name    string
	Needs   []needRow
	Reached bool
}

type needRow struct {
	Text, Has string
	State     condition.State
}

// stepRow is an answer to change, in words.
type stepRow struct {
	Name    string
	Help    string // what that asks
	Changes []string
	Gain    string
}

// peerRow is a group of peers in words.
type peerRow struct {
	results.Peer
	Name, Median, Upper string
}

// sealedRow is a sealed result in words.
type sealedRow struct {
	results.Sealed
	How, Points, LevelName string
	Edition                string
	Change                 string // against the one before
	MayCase                bool
	Look                   results.Look // of a rating on the spot
	Href                   string       // of its page; "" where its edition is gone
}

// sealedRow is a sealed result in words, of the model that made it.
func (s *server) sealedRow(t i18n.T, m *assess.Rubric, x *results.Sealed) sealedRow {
	return sealedRow{
		Sealed: *x, How: t.S("assesspage.how_" + x.How), Edition: x.Edition, LevelName: levelCalled(t, m, x.Level),
		Points: pointsText(t, m, assess.Span{Sure: x.Score, Possible: cmp.Or(x.May, x.Score), Open: x.May == nil}),
	}
}

type standingData struct {
	R              *assess.Rubric
	Firm           int64
	Name           string
	Year           int
	Years          []option
	Got            *assess.Result
	Path           string
	Level, May     string
	Points         string
	Parts          []gradedPart
	Radar          *radar
	Counts         []countsRow
	Levels         []gateRow
	Must, Odd      []conditionRow
	Lift           *liftRow
	Missing        []missing
	Peers          []peerRow
	Sealed         []sealedRow
	Development    *development
	Crosswalks     []option
	Answered, Asks int
	Begin          string // workflow that the visitor may begin, "" for none
	Running        int64  // a case of it that is under way
	AsOf           string
}

type countsRow struct {
	Name, Mark string
	Rows       []countRow
	Radar      *radar
}

type liftRow struct {
	To      string
	Can     bool
	Steps   []stepRow
	Blocked []conditionRow
}

// standing is where an enterprise stands by a model: level, parts, what is missing, what would lift it, and its peers.
func (s *server) standing(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.modelOf(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	d := standingData{R: m, Year: s.assessYear(r)}
	if d.Firm, err = pathID(r); err != nil {
		return err
	}
	got, subject, err := s.Results.Now(view, m, d.Firm, d.Year)
	if err == nil && r.FormValue("year") == "" {
		got, subject, err = s.lately(view, m, d.Firm)
	}
	if err != nil {
		return err
	}
	d.Year = got.Year
	t := v.t
	e, _ := view.Enterprise(d.Firm)
	d.Firm, d.Name, d.Got, d.AsOf = e.ID, e.Name, got, s.asOf(t, view)
	d.Years, d.Answered, d.Asks = s.assessYears(), knownFacts(m, subject, got), len(m.Facts())
	if got.Path >= 0 && got.Path < len(m.Paths) {
		d.Path = t.Text(m.Paths[got.Path].Name)
	}
	d.Must, d.Odd = s.conditionRows(t, view, d.Firm, got.Must), nil
	for i, c := range got.Checks {
		if c.State == condition.NotMet {
			d.Odd = append(d.Odd, s.conditionRows(t, view, d.Firm, got.Checks[i:i+1])...)
		}
	}
	for _, ref := range got.Missing {
		d.Missing = append(d.Missing, s.missingFact(t, view, d.Firm, ref))
	}
	s.standingParts(t, view, &d)
	s.standingCounts(t, view, &d)
	if got.Scored {
		d.Level, d.May, d.Points = t.Text(m.LevelName(got.Level)), t.Text(m.LevelName(got.May)), pointsText(t, m, got.Score)
		s.standingLevels(t, &d)
		if err := s.standingLift(t, view, subject, &d); err != nil {
			return err
		}
	}
	for _, c := range s.Results.Set.Crosswalks() {
		if c.Map(m) != nil {
			d.Crosswalks = append(d.Crosswalks, option{crosswalkPath(m, d.Firm, c.Crosswalk), t.Text(c.Title)})
		}
	}
	if err := s.standingBeside(ctx, v, view, &d); err != nil {
		return err
	}
	return s.show(w, r, s.shell(r, v, t.Text(m.Title)+" · "+d.Name), http.StatusOK, standingPage(t, d))
}

// assessYear is the year whose facts are asked: the one that the address names, else the current one.
func (s *server) assessYear(r *http.Request) int {
	now := s.Clock.Today().Year()
	if y, err := strconv.Atoi(r.FormValue("year")); err == nil && y <= now && y > now-results.YearsBack {
		return y
	}
	return now
}

func (s *server) assessYears() []option {
	var all []option
	for y := s.Clock.Today().Year(); y > s.Clock.Today().Year()-results.YearsBack; y-- {
		all = append(all, option{strconv.Itoa(y), strconv.Itoa(y)})
	}
	return all
}

// shareOf is a share in whole percent, for a bar.
func shareOf(x *big.Rat) int {
	f, _ := x.Float64()
	return int(math.Round(100 * max(min(f, 1), 0)))
}

func (s *server) standingParts(t i18n.T, view fact.View, d *standingData) {
	for _, p := range d.Got.Parts[1:] {
		row := gradedPart{Part: p, Name: t.Text(p.Node.Name)}
		switch {
		case p.Trimmed:
			row.Why = t.Text(p.Node.Trim.Why)
		case !p.In:
			continue
		default:
			row.Points, row.Worth = pointsText(t, d.R, p.Points), d.R.Show(p.Worth)
			row.Sure, row.Possible = shareOf(p.Share.Sure), shareOf(p.Share.Possible)
			if p.Share.Open {
				row.Possible = 100
			}
		}
		seen := map[rule.FactRef]bool{}
		for _, l := range p.Leaves {
			for _, ref := range l.Missing {
				if !seen[ref] {
					row.Missing = append(row.Missing, s.missingFact(t, view, d.Firm, ref))
				}
				seen[ref] = true
			}
		}
		if n := len(row.Missing); n > fewMissing+1 {
			row.Missing, row.More = row.Missing[:fewMissing], n-fewMissing
		}
		d.Parts = append(d.Parts, row)
	}
	var axes []axis
	for depth := 1; depth <= 3 && (len(axes) < 3 || len(axes) > 12); depth++ {
		axes = axes[:0]
		for _, p := range d.Parts {
			if p.In && (p.Node.Depth == depth || p.Node.Depth < depth && p.Node.IsQuestion()) {
				axes = append(axes, axis{p.Name, p.Sure, p.Possible})
			}
		}
	}
	if !d.R.Refuses() {
		d.Radar = newRadar(axes)
	}
}

func (s *server) standingCounts(t i18n.T, view fact.View, d *standingData) {
	for _, c := range d.Got.Counts {
		out := countsRow{Name: t.Text(c.Count.Name), Mark: t.Text(c.Count.Mark)}
		top := int64(1)
		for _, it := range c.Items {
			top = max(top, int64(len(it.Item.Steps)))
		}
		var axes []axis
		for _, it := range c.Items {
			row := countRow{Name: t.Text(it.Item.Name), Marked: it.Item.Marked, Known: it.State == rule.Present, Level: it.Level}
			if n := int(it.Level); row.Known && n >= 1 && n <= len(it.Item.Steps) {
				row.Says = t.Text(it.Item.Steps[n-1])
			}
			if n := int(it.Level); n >= 0 && n < len(it.Item.Steps) {
				row.Next = t.Text(it.Item.Steps[n])
			}
			for _, ref := range it.Missing {
				row.Missing = append(row.Missing, s.missingFact(t, view, d.Firm, ref))
			}
			sure := int(100 * min(it.Level, top) / top)
			possible := sure
			if !row.Known {
				possible = 100
			}
			axes = append(axes, axis{row.Name, sure, possible})
			out.Rows = append(out.Rows, row)
		}
		if len(axes) <= 20 {
			out.Radar = newRadar(axes)
		}
		d.Counts = append(d.Counts, out)
	}
}

// stateOf is what is sure and possible as a state.
func stateOf(sure, possible bool) condition.State {
	switch {
	case sure:
		return condition.Met
	case possible:
		return condition.Unknown
	}
	return condition.NotMet
}

func (s *server) standingLevels(t i18n.T, d *standingData) {
	got := d.Got
	for i := range d.R.Levels {
		l := &d.R.Levels[i]
		row := gateRow{Name: t.Text(l.Name), Reached: got.Level >= i}
		add := func(text, has string, state condition.State) {
			row.Needs = append(row.Needs, needRow{text, has, state})
		}
		if l.Score.Said() {
			least := l.Score.Rat()
			add(t.S("assesspage.points_at_least", l.Score.String()), d.Points,
				stateOf(got.Score.Sure.Cmp(least) >= 0, got.Score.Open || got.Score.Possible.Cmp(least) >= 0))
		}
		for k, g := range l.Gates {
			x := got.Gates[i][k]
			has := strconv.Itoa(x.Sure)
			if x.Possible != x.Sure {
				has = t.S("assesspage.from_to", has, strconv.Itoa(x.Possible))
			}
			if g.Marked > 0 {
				marked := strconv.Itoa(x.MarkedSure)
				if x.MarkedPossible != x.MarkedSure {
					marked = t.S("assesspage.from_to", marked, strconv.Itoa(x.MarkedPossible))
				}
				has = t.S("assesspage.of_which", has, marked)
			}
			add(gateText(t, d.R, g), has, stateOf(x.Sure >= g.Least && x.MarkedSure >= g.Marked, x.Possible >= g.Least && x.MarkedPossible >= g.Marked))
		}
		for _, c := range got.When[i] {
			add(t.Text(c.Text), "", c.State)
		}
		d.Levels = append(d.Levels, row)
	}
	slices.Reverse(d.Levels)
}

// standingLift is what would lift the enterprise to the next level.
func (s *server) standingLift(t i18n.T, view fact.View, subject rule.Subject, d *standingData) error {
	to := d.Got.Level + 1
	if to >= len(d.R.Levels) {
		return nil
	}
	l, err := d.R.Lift(assess.At{Subject: subject, Year: d.Year, On: d.Got.On}, to)
	if err != nil {
		return err
	}
	row := &liftRow{To: t.Text(d.R.Levels[to].Name), Can: l.Can, Blocked: s.conditionRows(t, view, d.Firm, l.Blocked)}
	for _, st := range l.Steps {
		x := stepRow{}
		if st.Part != nil {
			x.Name = t.Text(st.Part.Name)
		} else {
			x.Name = t.Text(st.Item.Name)
			if n := int(st.Changes[0].To.Int()); n >= 1 && n <= len(st.Item.Steps) {
				x.Help = t.Text(st.Item.Steps[n-1])
			}
		}
		if st.Gain.Sign() > 0 {
			x.Gain = d.R.Show(st.Gain)
		}
		for _, c := range st.Changes {
			was := t.S("assesspage.not_known")
			if c.Known() {
				was = s.valueText(t, c.Def, c.Was)
			}
			x.Changes = append(x.Changes, t.S("assesspage.change", t.Text(c.Def.Name), was, s.valueText(t, c.Def, c.To)))
			if st.Part != nil && st.Part.Band != nil {
				bands := st.Part.Band.Bands
				x.Help = t.S("assesspage.band_reached", t.Text(st.Part.Name), bandName(t, st.Part.Band.Closed, bands[st.Band-1].To, bands[st.Band].To))
			}
		}
		row.Steps = append(row.Steps, x)
	}
	d.Lift = row
	return nil
}

// valueText is a value of a fact as people read it.
func (s *server) valueText(t i18n.T, def content.FactDef, v rule.Value) string {
	var x fact.Value
	x.Num, x.Text = v.Stored()
	return t.Text(fact.Show(s.Library, def, fact.Present, x))
}

// standingBeside is peers, sealed results, and what the visitor may do.
func (s *server) standingBeside(ctx context.Context, v *visit, view fact.View, d *standingData) error {
	t := v.t
	if d.Got.Settled() {
		peers, err := s.Results.Peers(ctx, view, d.R, d.Firm, d.Year)
		if err != nil && !hidden(err) {
			return err
		}
		for _, p := range peers {
			row := peerRow{Peer: p, Name: s.groupName(t, p.Group)}
			if p.Median != nil {
				row.Median, row.Upper = d.R.Show(p.Median), d.R.Show(p.Upper)
			}
			d.Peers = append(d.Peers, row)
		}
	}
	sealed, err := s.Results.Of(ctx, view, d.Firm)
	if err != nil {
		return err
	}
	var before *results.Sealed
	for i := range sealed {
		x := &sealed[i]
		if x.Model != d.R.Rubric {
			continue
		}
		m := s.pinnedOr(ctx, x, d.R)
		row := s.sealedRow(t, m, x)
		if before != nil && before.Edition == x.Edition {
			row.Change = changeText(m, new(big.Rat).Sub(x.Score, before.Score))
		}
		row.MayCase = view.Can(access.ReadCase, d.Firm)
		if row.Look, err = s.Results.Look(ctx, view, x); err != nil {
			return err
		}
		if edition, err := s.Results.Set.Edition(x.Model, x.Edition); err == nil {
			row.Href = sealedPath(edition, d.Firm, x.ID)
		}
		d.Sealed = append(d.Sealed, row)
		before = x
	}
	slices.Reverse(d.Sealed)
	if d.Development, err = s.developmentOf(ctx, t, view, d.R, d.Firm); err != nil {
		return err
	}
	flow := "assessment_" + d.R.Rubric
	if !slices.Contains(s.Results.Set.Current(s.Clock.Today()), d.R) {
		return nil
	}
	if _, ok := s.Cases.Set.Workflow(flow); !ok || !v.scope.Sees(access.FileCase, "", d.Firm) {
		return nil
	}
	d.Begin = flow
	running, _, err := s.Cases.Cases(ctx, v.scope, casework.Filter{Workflow: flow, Enterprise: d.Firm}, 0, listRows)
	if err != nil {
		return err
	}
	for _, c := range running {
		if c.Ended == "" {
			d.Running = c.ID
		}
	}
	return nil
}

func levelCalled(t i18n.T, m *assess.Rubric, id string) string {
	return t.Text(m.LevelName(slices.IndexFunc(m.Levels, func(l assess.LevelFile) bool { return l.ID == id })))
}

func changeText(m *assess.Rubric, x *big.Rat) string {
	if x.Sign() > 0 {
		return "+" + m.Show(x)
	}
	return m.Show(x)
}

// groupName is what peers have in common, in words.
func (s *server) groupName(t i18n.T, g results.Group) string {
	if g.Kind == results.ByAll {
		return t.S("assesspage.peers_all")
	}
	return t.S("assesspage.peers_"+string(g.Kind), s.partName(t, g.Kind, g.Of))
}

func (s *server) nodeName(tree *content.Tree, code string) string {
	if n, ok := tree.Node(code); ok {
		return n.Name
	}
	return code
}
