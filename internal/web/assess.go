package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
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
		{"GET /assess/{model}/{edition}/firms/{id}/results/{result}", access.Need{Action: access.ReadFact}, s.assessResult},
		{"GET /assess/{model}/{edition}/firms/{id}/by/{crosswalk}", access.Need{Action: access.ReadFact}, s.crosswalk},
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
