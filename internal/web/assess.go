package web

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// modelPath is the page of an edition of an assessment model.
func modelPath(r *assess.Rubric) string { return "/assess/" + r.Rubric + "/" + r.Edition }

// standingPath is where an enterprise stands by a model.
func standingPath(r *assess.Rubric, firm int64) string { return results.Page(r, firm) }

// assessRoutes are assessment models, where an enterprise stands by them, and where a region does.
func (s *server) assessRoutes() []route {
	public, area := access.Need{Public: true}, access.Need{Action: access.ReadFact, Area: true}
	return []route{
		{"GET /assess", public, s.models},
		{"GET /assess/{model}/{edition}", public, s.model},
		{"GET /assess/{model}/{edition}/firms/{id}", access.Need{Action: access.ReadFact}, s.standing},
		{"GET /assess/{model}/{edition}/region", area, s.assessedRegion},
		{"POST /assess/{model}/{edition}/region/remind", access.Need{Action: access.HandleCase, Area: true}, s.remindAssessed},
		{"GET /assess/{model}/{edition}/region/export", access.Need{Action: access.Export, Area: true}, s.exportAssessed},
	}
}

func (s *server) modelOf(r *http.Request) (*assess.Rubric, error) {
	return s.Results.Set.Edition(r.PathValue("model"), r.PathValue("edition"))
}

// modelRow is a model in the list of all.
type modelRow struct {
	R        *assess.Rubric
	Old      bool // another edition is in force
	Firm     int64
	Answered int // of the facts that it reads, those that are known of the visitor's enterprise
	Asks     int
	Level    string
	Settled  bool
	None     bool // no level is reached for sure
}

// last puts the models in force first that give a score, then the others in force.
func (x modelRow) last() int {
	switch {
	case x.Old:
		return 2
	case x.R.Refuses():
		return 1
	}
	return 0
}

type modelsData struct {
	Rows   []modelRow
	Firms  []option // that the visitor acts for
	Firm   int64
	Name   string
	Region bool // the visitor may see where a region stands
}

// models is every model, and where the visitor's enterprise stands by each: what one asked, another finds answered.
func (s *server) models(w http.ResponseWriter, r *http.Request, v *visit) error {
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	d := modelsData{Region: v.account.ID != 0 && slices.ContainsFunc(s.areaOptions(v.scope), func(option) bool { return v.scope.Can(access.ReadFact) })}
	for _, id := range v.scope.Owns() {
		if e, ok := view.Enterprise(id); ok {
			d.Firms = append(d.Firms, option{filterNumber(e.ID), e.Name})
		}
	}
	if len(d.Firms) > 0 {
		d.Firm, _ = strconv.ParseInt(d.Firms[0].Value, 10, 64)
	}
	if asked, err := strconv.ParseInt(r.FormValue("firm"), 10, 64); err == nil && view.Can(access.ReadFact, asked) {
		d.Firm = asked
	}
	d.Name = s.firmName(view, d.Firm)
	current := s.Results.Set.Current(s.Clock.Today())
	for _, m := range s.Results.Set.Rubrics() {
		row := modelRow{R: m, Old: !slices.Contains(current, m), Firm: d.Firm, Asks: len(m.Facts())}
		if d.Firm != 0 {
			got, subject, err := s.lately(view, m, d.Firm)
			if err != nil {
				return err
			}
			row.Answered = knownFacts(m, subject, got)
			if got.Scored {
				row.Level, row.Settled, row.None = v.t.Text(m.LevelName(got.Level)), got.Settled(), got.Level < 0
			}
		}
		d.Rows = append(d.Rows, row)
	}
	slices.SortStableFunc(d.Rows, func(a, b modelRow) int { return cmp.Compare(a.last(), b.last()) })
	return s.show(w, r, s.shell(r, v, v.t.S("assesspage.title")), http.StatusOK, modelsPage(v.t, d))
}

// lately is where an enterprise stands by the figures of this year, or of the last one while nothing is known of this one.
func (s *server) lately(view fact.View, m *assess.Rubric, firm int64) (*assess.Result, rule.Subject, error) {
	year := s.Clock.Today().Year()
	got, subject, err := s.Results.Now(view, m, firm, year)
	if err != nil || knownFacts(m, subject, got) > 0 {
		return got, subject, err
	}
	before, of, err := s.Results.Now(view, m, firm, year-1)
	if err != nil || knownFacts(m, of, before) == 0 {
		return got, subject, err
	}
	return before, of, nil
}

// knownFacts is how many of the facts that a model reads are known of a subject.
func knownFacts(m *assess.Rubric, subject rule.Subject, got *assess.Result) int {
	n := 0
	for _, def := range m.Facts() {
		p := period.Period{}
		if def.Period == period.Year {
			p = period.OfYear(got.Year)
		}
		if _, state := subject.Fact(def, p, got.On); state != rule.Unknown {
			n++
		}
	}
	return n
}

// questionRow is a part of a model in words.
type questionRow struct {
	Node    *assess.Node
	Weights string
	How     []string // what each answer gives
	Mark    string   // how sure we are, where it is not as the model
}

type modelData struct {
	R        *assess.Rubric
	Rows     []questionRow
	Levels   []levelRow
	Facts    int
	Form     string // address of its questionnaire, "" where it has none
	Region   bool
	Own      []option
	Editions []option
}

// levelRow is a level and what it takes, in words.
type levelRow struct {
	Name, Help string
	Takes      []string
}

func (s *server) model(w http.ResponseWriter, r *http.Request, v *visit) error {
	m, err := s.modelOf(r)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	t, d := v.t, modelData{R: m, Facts: len(m.Facts()), Region: v.account.ID != 0 && len(s.areaOptions(v.scope)) > 0 && v.scope.Can(access.ReadFact)}
	for _, n := range m.Nodes()[1:] {
		d.Rows = append(d.Rows, s.questionRow(t, m, n))
	}
	for i := range m.Levels {
		d.Levels = append(d.Levels, levelTakes(t, m, &m.Levels[i]))
	}
	if f, err := s.Forms.Set().Form(m.FormCode()); err == nil {
		d.Form = "/forms/" + f.Code
	}
	for _, id := range v.scope.Owns() {
		if e, ok := view.Enterprise(id); ok {
			d.Own = append(d.Own, option{standingPath(m, e.ID), e.Name})
		}
	}
	for _, o := range s.Results.Set.Rubrics() {
		if o.Rubric == m.Rubric && o != m {
			d.Editions = append(d.Editions, option{modelPath(o), t.Text(o.Title)})
		}
	}
	return s.show(w, r, s.shell(r, v, t.Text(m.Title)), http.StatusOK, modelPage(t, d))
}

func (s *server) questionRow(t i18n.T, m *assess.Rubric, n *assess.Node) questionRow {
	q := questionRow{Node: n, Weights: n.Weight.String(), Mark: n.Confidence}
	for _, p := range m.Paths {
		for _, w := range n.Weights {
			if w.Path == p.ID {
				q.Weights = joinWith(q.Weights, " · ", t.Text(p.Name)+" "+w.Weight.String())
			}
		}
	}
	switch {
	case n.Choice != nil:
		for _, x := range n.Choice.Shares {
			q.How = append(q.How, t.S("assesspage.gives_share", s.answerName(t, n.Choice.Of, x.Is), x.Share.String()))
		}
	case len(n.Multi) > 0:
		for _, o := range n.Multi {
			q.How = append(q.How, t.S("assesspage.gives_share", s.factName(t, o.That), o.Share.String()))
		}
	case n.Band != nil:
		from := ""
		for _, b := range n.Band.Bands {
			q.How = append(q.How, t.S("assesspage.gives_share", bandName(t, n.Band.Closed, from, b.To), b.Share.String()))
			from = b.To
		}
	case n.Grades != nil:
		for _, a := range n.Grades.Asks {
			q.How = append(q.How, t.S("assesspage.ask_of", a.Level, s.factName(t, a.Of)))
		}
	case n.Benchmark != nil:
		what := s.factName(t, n.Benchmark.Value)
		if n.Benchmark.Over != "" {
			what += " ÷ " + s.factName(t, n.Benchmark.Over)
		}
		q.How = append(q.How, t.S("assesspage.by_benchmark", what))
	}
	return q
}

func joinWith(a, sep, b string) string {
	if a == "" {
		return b
	}
	return a + sep + b
}

// factName is what a fact is called that an expression is by itself; else the expression.
func (s *server) factName(t i18n.T, src string) string {
	if def, ok := s.Library.FactDef(strings.TrimSpace(src)); ok {
		return t.Text(def.Name)
	}
	return src
}

// answerName is what an answer of a single choice is called.
func (s *server) answerName(t i18n.T, of, is string) string {
	def, ok := s.Library.FactDef(strings.TrimSpace(of))
	if !ok {
		return is
	}
	if list, ok := s.Library.CodeList(def.Codes); ok {
		if e, ok := list.Entry(is); ok {
			return t.Text(e.Name)
		}
	}
	if def.Type == content.Bool {
		if is == "true" {
			return t.S("web.yes")
		}
		return t.S("web.no")
	}
	return is + def.Unit
}

// bandName is a band as people read it, whichever end belongs to it.
func bandName(t i18n.T, closed, from, to string) string {
	upper := closed == "upper"
	switch {
	case from == "" && upper:
		return t.S("assesspage.at_most", to)
	case from == "":
		return t.S("assesspage.under", to)
	case to == "" && upper:
		return t.S("assesspage.over", from)
	case to == "":
		return t.S("assesspage.at_least", from)
	case upper:
		return t.S("assesspage.over_to", from, to)
	}
	return t.S("assesspage.from_under", from, to)
}

func levelTakes(t i18n.T, m *assess.Rubric, l *assess.LevelFile) levelRow {
	row := levelRow{Name: t.Text(l.Name), Help: t.Text(l.Help)}
	if l.Score.Said() {
		row.Takes = append(row.Takes, t.S("assesspage.points_at_least", l.Score.String()))
	}
	for _, g := range l.Gates {
		row.Takes = append(row.Takes, gateText(t, m, g))
	}
	for _, w := range l.When {
		row.Takes = append(row.Takes, t.Text(w.Text))
	}
	return row
}

func gateText(t i18n.T, m *assess.Rubric, g assess.GateFile) string {
	i := slices.IndexFunc(m.Counts, func(c assess.CountFile) bool { return c.ID == g.Count })
	if i < 0 {
		return ""
	}
	c := &m.Counts[i]
	if g.Marked == 0 {
		return t.S("assesspage.gate", g.Least, t.Text(c.Name), g.Level)
	}
	return t.S("assesspage.gate_marked", g.Least, t.Text(c.Name), g.Level, g.Marked, t.Text(c.Mark))
}

// pointsText is points, from what is sure to what is possible.
func pointsText(t i18n.T, m *assess.Rubric, x assess.Span) string {
	switch {
	case x.Known():
		return m.Show(x.Sure)
	case x.Open:
		return t.S("assesspage.at_least", m.Show(x.Sure))
	}
	return t.S("assesspage.from_to", m.Show(x.Sure), m.Show(x.Possible))
}

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
	State   condition.State
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
}

type standingData struct {
	R                 *assess.Rubric
	Firm              int64
	Name              string
	Year              int
	Years             []option
	Got               *assess.Result
	Path              string
	Level, May        string
	Points            string
	Parts             []gradedPart
	Radar             *radar
	Counts            []countsRow
	Levels            []gateRow
	Must, Odd         []conditionRow
	Lift              *liftRow
	Missing           []missing
	Peers             []peerRow
	Sealed            []sealedRow
	Answered, Asks    int
	Begin             string // workflow that the visitor may begin, "" for none
	Running           int64  // a case of it that is under way
	AsOf, Description string
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
		row.State = condition.Met
		for _, n := range row.Needs {
			row.State = worse(row.State, n.State)
		}
		d.Levels = append(d.Levels, row)
	}
	slices.Reverse(d.Levels)
}

func worse(a, b condition.State) condition.State {
	switch {
	case a == condition.NotMet || b == condition.NotMet:
		return condition.NotMet
	case a == condition.Unknown || b == condition.Unknown:
		return condition.Unknown
	}
	return condition.Met
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
		m, err := s.Results.Pinned(ctx, x)
		if err != nil { // the library has moved on from it: its numbers stand all the same
			m = d.R
		}
		row := sealedRow{Sealed: *x, How: t.S("assesspage.how_" + x.How), Edition: x.Edition, LevelName: levelCalled(t, m, x.Level)}
		row.Points = pointsText(t, m, assess.Span{Sure: x.Score, Possible: cmp.Or(x.May, x.Score), Open: x.May == nil})
		if before != nil && before.Edition == x.Edition {
			row.Change = changeText(m, new(big.Rat).Sub(x.Score, before.Score))
		}
		row.MayCase = view.Can(access.ReadCase, d.Firm)
		d.Sealed = append(d.Sealed, row)
		before = x
	}
	slices.Reverse(d.Sealed)
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
	switch g.Kind {
	case results.ByTrade:
		return t.S("assesspage.peers_trade", s.nodeName(s.Library.Industries(), g.Of))
	case results.BySize:
		sizes, _ := s.Library.CodeList("sizes")
		if e, ok := sizes.Entry(g.Of); ok {
			return t.S("assesspage.peers_size", t.Text(e.Name))
		}
	case results.ByCounty:
		return t.S("assesspage.peers_county", s.nodeName(s.Library.Areas(), g.Of))
	}
	return t.S("assesspage.peers_all")
}

func (s *server) nodeName(tree *content.Tree, code string) string {
	if n, ok := tree.Node(code); ok {
		return n.Name
	}
	return code
}

// axis is one direction of a radar: shares in percent, sure and possible.
type axis struct {
	Name           string
	Sure, Possible int
}

// radar is a figure whose table stands beside it.
type radar struct {
	Axes           []radarAxis
	Sure, Possible string // corners, as SVG takes them
	Rings          []string
}

type radarAxis struct {
	axis
	X, Y   string // end of the axis
	LX, LY string // where its name stands
	Anchor string
}

const (
	radarSize   = 130 // half of the picture's height
	radarRadius = 92
)

// newRadar draws axes; nil for fewer than three.
func newRadar(axes []axis) *radar {
	if len(axes) < 3 {
		return nil
	}
	at := func(i int, share float64) (x, y float64) {
		a := 2*math.Pi*float64(i)/float64(len(axes)) - math.Pi/2
		return math.Cos(a) * radarRadius * share, math.Sin(a) * radarRadius * share
	}
	corners := func(share func(i int) float64) string {
		var b strings.Builder
		for i := range axes {
			x, y := at(i, share(i))
			fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
		}
		return strings.TrimSpace(b.String())
	}
	out := &radar{
		Sure:     corners(func(i int) float64 { return float64(axes[i].Sure) / 100 }),
		Possible: corners(func(i int) float64 { return float64(axes[i].Possible) / 100 }),
	}
	for _, ring := range []float64{0.25, 0.5, 0.75, 1} {
		out.Rings = append(out.Rings, corners(func(int) float64 { return ring }))
	}
	for i, a := range axes {
		x, y := at(i, 1)
		lx, ly := at(i, 1.1)
		anchor := "middle"
		switch {
		case lx > 8:
			anchor = "start"
		case lx < -8:
			anchor = "end"
		}
		f := func(n float64) string { return strconv.FormatFloat(n, 'f', 1, 64) }
		out.Axes = append(out.Axes, radarAxis{a, f(x), f(y), f(lx), f(ly + 4), anchor})
	}
	return out
}

// assessedQuery is a view of a region; its address restores it.
type assessedQuery struct {
	Kind, Code, Level, Text string
	Year, Page              int
}

func (s *server) readAssessed(r *http.Request) assessedQuery {
	q := assessedQuery{
		Kind: r.FormValue("by"), Code: r.FormValue("of"), Level: r.FormValue("level"), Text: strings.TrimSpace(r.FormValue("q")),
		Year: s.assessYear(r), Page: pageNumber(r.FormValue("page")),
	}
	if !slices.Contains([]string{string(results.ByCounty), string(results.ByTrade), string(results.BySize)}, q.Kind) {
		q.Kind = string(results.ByCounty)
	}
	return q
}

func (q assessedQuery) href(path string) string {
	out := url.Values{"by": {q.Kind}, "year": {strconv.Itoa(q.Year)}}
	for key, value := range map[string]string{"of": q.Code, "level": q.Level, "q": q.Text, "page": pageText(q.Page)} {
		if value != "" {
			out.Set(key, value)
		}
	}
	return path + "?" + out.Encode()
}

func (q assessedQuery) onPage(n int) assessedQuery {
	q.Page = n
	return q
}

// only is the view of a part, or of those of it on a level.
func (q assessedQuery) only(code, level string) assessedQuery {
	q.Code, q.Level, q.Page = code, level, 1
	return q
}

// Levels that are none of the model's, as a filter names them.
const (
	levelNone    = "none"    // settled, and on no level
	levelOpen    = "open"    // something is missing
	levelNothing = "nothing" // nothing is known
	codeUnknown  = "-"       // of a part that nobody said
)

type tallyRow struct {
	results.Tally
	Name, Mean string
	Filter     string
}

type gradedRow struct {
	*results.Firm
	Area, Level, May, Points, Class string
	Reminded                        string // when it was last asked for what is missing
}

type assessedData struct {
	R            *assess.Rubric
	Query        assessedQuery
	Years        []option
	Kinds        []option
	Parts        []tallyRow
	LevelOptions []option
	PartOptions  []option
	Rows         []gradedRow
	Total, Pages int
	AsOf         string
	Classes      bool
	All          *results.Region
	Wanting      int // of those in the view something is missing
	MayRemind    bool
	Done         string
}

func (s *server) assessedOf(r *http.Request, v *visit) (assessedData, fact.View, error) {
	m, err := s.modelOf(r)
	if err != nil {
		return assessedData{}, fact.View{}, err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return assessedData{}, view, err
	}
	t := v.t
	d := assessedData{R: m, Query: s.readAssessed(r), Years: s.assessYears(), AsOf: s.asOf(t, view), Classes: m.Ranks != nil}
	if d.All, err = s.Results.Region(r.Context(), view, m, d.Query.Year); err != nil {
		return d, view, err
	}
	if r.FormValue("year") == "" && !slices.ContainsFunc(d.All.Firms, (*results.Firm).Begun) { // a year that has just begun
		before, err := s.Results.Region(r.Context(), view, m, d.Query.Year-1)
		if err != nil {
			return d, view, err
		}
		if slices.ContainsFunc(before.Firms, (*results.Firm).Begun) {
			d.All, d.Query.Year = before, d.Query.Year-1
		}
	}
	kind := results.GroupKind(d.Query.Kind)
	for _, k := range []results.GroupKind{results.ByCounty, results.ByTrade, results.BySize} {
		d.Kinds = append(d.Kinds, option{string(k), t.S("assesspage.by_" + string(k))})
	}
	for _, x := range d.All.By(s.Library, kind) {
		row := tallyRow{Tally: x, Name: t.S("assesspage.not_said"), Filter: cmp.Or(x.Code, codeUnknown)}
		if x.Code != "" {
			row.Name = s.partName(t, kind, x.Code)
		}
		if x.Mean != nil {
			row.Mean = m.Show(x.Mean)
		}
		d.Parts = append(d.Parts, row)
		d.PartOptions = append(d.PartOptions, option{row.Filter, row.Name})
	}
	if !slices.ContainsFunc(d.PartOptions, func(o option) bool { return o.Value == d.Query.Code }) {
		d.Query.Code = "" // of the parts before others were asked for
	}
	for _, l := range m.Levels {
		d.LevelOptions = append(d.LevelOptions, option{l.ID, t.Text(l.Name)})
	}
	d.LevelOptions = append(d.LevelOptions, option{levelNone, t.Text(m.LevelName(-1))}, option{levelOpen, t.S("assesspage.open")}, option{levelNothing, t.S("assesspage.nothing")})
	reminded, err := s.Results.Reminded(r.Context(), m.Rubric, d.Query.Year)
	if err != nil {
		return d, view, err
	}
	for _, f := range d.All.Firms {
		if !s.assessedIn(d.Query, kind, m, f) {
			continue
		}
		row := s.gradedRow(t, m, f)
		if at, ok := reminded[f.ID]; ok {
			row.Reminded = clock.DayOf(at).String()
		}
		if !f.Settled() {
			d.Wanting++
		}
		d.Rows = append(d.Rows, row)
	}
	d.MayRemind = d.Wanting > 0 && !m.Refuses() && v.scope.Can(access.HandleCase)
	slices.SortStableFunc(d.Rows, func(a, b gradedRow) int {
		return cmp.Or(cmp.Compare(rankOf(b), rankOf(a)), scoreOf(b).Cmp(scoreOf(a)))
	})
	d.Total = len(d.Rows)
	return d, view, nil
}

// rankOf puts who is scored before who is not.
func rankOf(x gradedRow) int {
	switch {
	case x.Settled():
		return 2
	case x.Begun():
		return 1
	}
	return 0
}

func scoreOf(x gradedRow) *big.Rat {
	if x.Score.Sure == nil {
		return new(big.Rat)
	}
	return x.Score.Sure
}

func (s *server) partName(t i18n.T, kind results.GroupKind, code string) string {
	switch kind {
	case results.ByTrade:
		return s.nodeName(s.Library.Industries(), code)
	case results.BySize:
		sizes, _ := s.Library.CodeList("sizes")
		if e, ok := sizes.Entry(code); ok {
			return t.Text(e.Name)
		}
		return code
	}
	return s.nodeName(s.Library.Areas(), code)
}

// assessedIn says that a firm is in a view.
func (s *server) assessedIn(q assessedQuery, kind results.GroupKind, m *assess.Rubric, f *results.Firm) bool {
	if q.Code != "" && cmp.Or(results.PartOf(s.Library, kind, f), codeUnknown) != q.Code {
		return false
	}
	if q.Text != "" && !strings.Contains(f.Name, q.Text) && !strings.Contains(f.USCC, strings.ToUpper(q.Text)) {
		return false
	}
	switch q.Level {
	case "":
		return true
	case levelOpen:
		return f.Begun() && !f.Settled()
	case levelNothing:
		return !f.Begun() && !f.Settled()
	case levelNone:
		return f.Settled() && f.Level < 0
	}
	return f.Settled() && f.Level >= 0 && m.Levels[f.Level].ID == q.Level
}

func (s *server) gradedRow(t i18n.T, m *assess.Rubric, f *results.Firm) gradedRow {
	row := gradedRow{Firm: f, Area: s.nodeName(s.Library.Areas(), f.Area)}
	if !f.Scored || !f.Begun() && !f.Settled() {
		return row
	}
	row.Points = pointsText(t, m, f.Score)
	row.Level, row.May = t.Text(m.LevelName(f.Level)), t.Text(m.LevelName(f.May))
	if f.Place.Class >= 0 && m.Ranks != nil {
		row.Class = t.Text(m.Ranks.Classes[f.Place.Class].Name)
	}
	return row
}

// assessedRegion is how many stand on which level, by county, trade or size, and the enterprises behind each number.
func (s *server) assessedRegion(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, view, err := s.assessedOf(r, v)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(r.FormValue("told")); err == nil && n >= 0 {
		d.Done = v.t.S("assesspage.told", n)
	}
	d.Pages = (d.Total + listRows - 1) / listRows
	d.Query.Page = min(d.Query.Page, max(d.Pages, 1))
	from := (d.Query.Page - 1) * listRows
	d.Rows = d.Rows[min(from, len(d.Rows)):min(from+listRows, len(d.Rows))]
	for _, x := range d.Rows {
		results.Shown(view, d.R, x.ID)
	}
	return s.show(w, r, s.shell(r, v, v.t.Text(d.R.Title)), http.StatusOK, assessedPage(v.t, d))
}

// remindAssessed asks the enterprises of a view for what is missing, those for whom the visitor is in charge.
func (s *server) remindAssessed(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, view, err := s.assessedOf(r, v)
	if err != nil {
		return err
	}
	ask := results.Reminder{Rubric: d.R, Year: d.Query.Year}
	for _, x := range d.Rows {
		ask.Firms = append(ask.Firms, x.ID)
	}
	told, err := s.Results.Remind(r.Context(), view, ask)
	if err != nil {
		return err
	}
	return seeOther(w, r, d.Query.onPage(1).href(modelPath(d.R)+"/region")+"&told="+strconv.Itoa(told))
}

// exportAssessed sends all of the view, not the page of it.
func (s *server) exportAssessed(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, view, err := s.assessedOf(r, v)
	if err != nil {
		return err
	}
	t := v.t
	rows := make([][]any, len(d.Rows))
	for i, x := range d.Rows {
		results.Shown(view, d.R, x.ID)
		rows[i] = []any{x.Name, x.USCC, x.Area, x.Points, x.Level, x.May, x.Class, x.Reminded}
	}
	name := t.Text(d.R.Title)
	return s.export(w, r, v, name+"-"+s.Clock.Today().String(), sheet.Export{
		Title: name, Notes: s.notes(v, view, d.Query.onPage(1).href(modelPath(d.R)+"/region")),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("web.firm_name"), t.S("web.uscc"), t.S("web.area"), t.S("assesspage.points"), t.S("assesspage.level"), t.S("assesspage.may"), t.S("assesspage.class"), t.S("assesspage.reminded"),
		}},
	})
}
