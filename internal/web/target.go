package web

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/target"
)

// targetPart is an area or a chain into which a target is divided, in words.
type targetPart struct {
	targetRow
	Field    string // of the form that enters its quota
	PartName string
	Value    string // its quota as it is typed
	By       string // entry of the quota
	Reached  string // what it is compared by
	Quarter  target.Quarter
	Place    string
	Rank     int
	Opens    string // page of the area's own target
	State    target.State
}

// targetAct is an entry of quotas in words.
type targetAct struct {
	target.Act
	What, Who, AreaName string
	Base                string
	Lines               []string
	Open                bool // a proposal that waits
}

// chartPoint is a day of the path in words.
type chartPoint struct {
	Day, Actual, Need string
}

// pathChart is the path of a target as a picture, beside its table.
type pathChart struct {
	Actual, Need   string // corners of the lines, as SVG takes them
	Dots           [][2]string
	Top, Bottom    string // values at the ends of the axis
	From, To       string
	Now            string // x of the day that is told; "" outside
	Width, Height  int
	Left, Right, Y int
}

type targetData struct {
	Query    targetQuery
	Plan     content.TargetPlan
	Row      targetRow
	X        *indicator.Indicator
	Areas    []option
	AreaName string
	On       period.Day
	Counts   string // how many are verified, open, carried
	Points   []chartPoint
	Chart    *pathChart
	Paths    []string // points that were entered
	Years    []int
	Parts    []targetPart
	Sum      target.Sum
	SumText  [3]string // whole, sum, gap
	Band     *target.Band
	BandText [3]string
	OwnPlace string
	Ranking  target.Ranking
	Acts     []targetAct
	Bases    []option
	MayEnter bool
	MayGiven bool   // the visitor enters what the level above gave the area
	Given    string // that quota as it is typed
	Tasks    []targetTaskRow
	Firms    string // where the rows behind the figure are listed
	AsOf     string
	Done     string
	Problem  string
	Faults   []string
}

func (s *server) target(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showTarget(w, r, v, http.StatusOK, "", nil)
}

// showTarget is one target of an area: its path, its parts, its quotas with every entry, and the tasks that serve it.
func (s *server) showTarget(w http.ResponseWriter, r *http.Request, v *visit, status int, problem string, faults []string) error {
	ctx, t := r.Context(), v.t
	q, plan, err := s.targetsAsked(r, v)
	if err != nil {
		return err
	}
	x, err := s.Targets.Split(ctx, plan.Code, r.PathValue("id"))
	if err != nil {
		return err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	g := x.Goal
	p, err := s.Targets.Progress(ctx, view, target.Asked{Split: x, Area: q.Area, On: q.On, Verified: !q.All})
	if err != nil {
		return err
	}
	q.Year = s.quotaYear(g, p, q)
	d := targetData{
		Query: q, Plan: plan, Row: s.targetRow(t, q, p), X: g.Indicator, Areas: s.targetAreas(v.scope, plan), AreaName: s.areaName(q.Area), On: cmp.Or(q.On, s.Clock.Today()), AsOf: s.asOf(t, view),
		Years: target.Years(g), MayEnter: target.MayDivide(v.scope, q.Area), Problem: problem, Faults: faults,
	}
	if n, _ := s.Library.Areas().Node(q.Area); n.Level == content.City && q.Area != plan.Area && d.MayEnter {
		d.MayGiven = true
		if quota, _, ok := x.Quota(target.Key{Area: q.Area, Year: q.Year}); ok {
			d.Given = target.Number(g, quota.Value)
		}
	}
	if f := p.Figure; g.Indicator != nil && f.Within > 0 {
		d.Counts = t.S("targetpage.counts", f.Counted, f.Within, f.Open+f.Dark+f.Failed, f.Carried)
	}
	for _, c := range p.Stated {
		d.Paths = append(d.Paths, t.S("targetpage.point", c.Year, goalText(t, g, c.Value)))
	}
	points, err := s.Targets.Path(ctx, view, p)
	if err != nil {
		return err
	}
	d.Points, d.Chart = pathPoints(t, g, points), newPathChart(t, g, points, p.On)
	for _, fill := range []func(context.Context, *visit, fact.View, *target.Split, target.Progress, *targetData) error{s.targetParts, s.targetBand, s.targetActs} {
		if err := fill(ctx, v, view, x, p, &d); err != nil {
			return err
		}
	}
	tasks, err := s.Targets.Tasks(ctx, v.scope, target.TaskQuery{Plan: plan.Code, Target: g.ID})
	if err != nil {
		return err
	}
	for _, x := range tasks {
		d.Tasks = append(d.Tasks, s.targetTaskRow(t, x))
	}
	if done := r.FormValue("done"); slices.Contains([]string{"entered", "proposed", "confirmed", "dropped"}, done) {
		d.Done = t.S("targetpage.done_" + done)
	}
	return s.show(w, r, s.shell(r, v, d.Row.Name), status, targetPage(t, d))
}

// quotaYear is the year whose quotas a page shows: of a target of every year that of the day, unless the address names one.
func (s *server) quotaYear(g indicator.Goal, p target.Progress, q targetQuery) int {
	if slices.Contains(target.Years(g), q.Year) {
		return q.Year
	}
	if g.Span == content.EachYear {
		return p.End.Year()
	}
	return 0
}

// pathPoints is a path as a table.
func pathPoints(t i18n.T, g indicator.Goal, points []target.Point) []chartPoint {
	var all []chartPoint
	for _, x := range points {
		all = append(all, chartPoint{x.Day.String(), goalText(t, g, x.Actual), goalText(t, g, x.Need)})
	}
	return all
}

// Measures of the picture of a path.
const (
	pathWidth  = 640
	pathHeight = 240
	pathLeft   = 8
	pathTop    = 12
)

// newPathChart draws a path; nil where there is nothing to draw.
func newPathChart(t i18n.T, g indicator.Goal, points []target.Point, on period.Day) *pathChart {
	if len(points) < 2 {
		return nil
	}
	low, high := new(big.Rat), new(big.Rat)
	for _, x := range points {
		for _, v := range []*big.Rat{x.Actual, x.Need} {
			if v != nil && v.Cmp(high) > 0 {
				high = v
			}
			if v != nil && v.Cmp(low) < 0 {
				low = v
			}
		}
	}
	span := new(big.Rat).Sub(high, low)
	if span.Sign() == 0 {
		return nil
	}
	first, last := points[0].Day, points[len(points)-1].Day
	at := func(d period.Day) string {
		return fmt.Sprintf("%.1f", pathLeft+float64(d-first)/float64(last-first)*(pathWidth-2*pathLeft))
	}
	y := func(v *big.Rat) string {
		part, _ := new(big.Rat).Quo(new(big.Rat).Sub(v, low), span).Float64()
		return fmt.Sprintf("%.1f", pathHeight-pathTop-part*(pathHeight-2*pathTop))
	}
	c := &pathChart{Width: pathWidth, Height: pathHeight, Left: pathLeft, Right: pathWidth - pathLeft, Y: pathHeight - pathTop, Top: goalText(t, g, high), Bottom: goalText(t, g, low), From: first.String(), To: last.String()}
	if on > first && on < last {
		c.Now = at(on)
	}
	var actual, need []string
	for _, x := range points {
		if x.Actual != nil {
			actual = append(actual, at(x.Day)+","+y(x.Actual))
			c.Dots = append(c.Dots, [2]string{at(x.Day), y(x.Actual)})
		}
		if x.Need != nil {
			need = append(need, at(x.Day)+","+y(x.Need))
		}
	}
	c.Actual, c.Need = strings.Join(actual, " "), strings.Join(need, " ")
	return c
}

// targetParts is the areas right below, or the chains, each with its quota and how far it is.
func (s *server) targetParts(ctx context.Context, v *visit, view fact.View, x *target.Split, p target.Progress, d *targetData) error {
	t, g := v.t, x.Goal
	year := d.Query.Year
	parts := s.Targets.Parts(p.Area, year)
	if len(parts) == 0 {
		d.Query.By = target.ByChains
	}
	if d.Query.By == target.ByChains {
		var err error
		if parts, err = s.Targets.Chains(ctx, view, x, p.Area, year); err != nil {
			return err
		}
	}
	d.Sum = x.Sum(p.Area, year, parts)
	d.SumText = [3]string{goalText(t, g, d.Sum.Whole), goalText(t, g, d.Sum.Total), gapText(t, g, d.Sum.Gap)}
	names := map[int64]string{}
	for _, k := range parts {
		row := targetPart{Field: "quota:" + cmp.Or(k.Chain, k.Area), PartName: cmp.Or(k.Chain, s.areaName(k.Area))}
		one, err := s.Targets.Progress(ctx, view, target.Asked{Split: x, Area: k.Area, Chain: k.Chain, On: d.Query.On, Verified: !d.Query.All})
		if err != nil {
			return err
		}
		row.targetRow, row.State = s.targetRow(t, d.Query, one), one.State
		if k.Chain != "" {
			row.PartName = s.chainName(t, k.Chain)
		} else {
			row.Opens = d.Query.in(k.Area).one(g.ID)
		}
		row.Quota = "—"
		if quota, act, ok := x.Quota(k); ok {
			row.Value, row.Quota = target.Number(g, quota.Value), goalText(t, g, quota.Value)
			who, err := s.personName(ctx, names, act.By)
			if err != nil {
				return err
			}
			row.By = joined(act.Document, who, instant(act.At))
		}
		d.Parts = append(d.Parts, row)
	}
	for _, b := range s.Targets.Bases() {
		d.Bases = append(d.Bases, option{b.Code, t.Text(b.Name)})
	}
	return nil
}

func (s *server) chainName(t i18n.T, code string) string {
	def, _ := s.Library.FactDef(target.ChainFact)
	return codeName(t, s.Library, def, code)
}

// targetBand is how the areas beside each other stand: of the reader's area its own place, and of its parts theirs.
func (s *server) targetBand(ctx context.Context, v *visit, view fact.View, x *target.Split, p target.Progress, d *targetData) error {
	t, g := v.t, x.Goal
	var err error
	if d.Ranking, err = s.Targets.Ranking(ctx, d.Plan.Code, 0); err != nil {
		return err
	}
	words := func(b *target.Band, r *big.Rat) string {
		if b.Parts && r != nil {
			return new(big.Rat).Mul(r, big.NewRat(100, 1)).FloatString(1) + "%"
		}
		return goalText(t, g, r)
	}
	area := p.Area
	if len(s.Targets.Parts(area, 0)) == 0 || d.Query.By == target.ByChains && p.Area != d.Plan.Area {
		n, _ := s.Library.Areas().Node(area)
		area = n.ParentOn(p.On)
	}
	if area == "" || !s.Library.Areas().Within(area, d.Plan.Area) {
		return nil
	}
	b, err := s.Targets.Band(ctx, view, target.Asked{Split: x, Area: area, On: p.On, Verified: p.Verified})
	if err != nil {
		return err
	}
	d.Band = b
	d.BandText = [3]string{words(b, b.Low), words(b, b.Mid), words(b, b.High)}
	place := func(code string) string {
		if quarter := b.Quarter(code); quarter != "" {
			return t.S("targetpage.quarter_" + string(quarter))
		}
		return ""
	}
	if area != p.Area {
		d.OwnPlace = place(p.Area)
		return nil
	}
	if d.Query.By == target.ByChains {
		return nil
	}
	for i := range d.Parts {
		code := d.Parts[i].Progress.Area
		d.Parts[i].Reached, d.Parts[i].Place = words(b, b.Value(code)), place(code)
		if d.Ranking.On {
			d.Parts[i].Rank = b.Rank(code)
		}
	}
	return nil
}

// targetActs is every entry about the target that concerns the area, the newest first.
func (s *server) targetActs(ctx context.Context, v *visit, _ fact.View, x *target.Split, p target.Progress, d *targetData) error {
	t, g := v.t, x.Goal
	names := map[int64]string{}
	open := x.Open()
	for _, a := range slices.Backward(x.Acts) {
		mine := s.Library.Areas().Within(a.Area, p.Area) || slices.ContainsFunc(a.Quotas, func(q target.Quota) bool { return q.Area == p.Area })
		if !mine {
			continue
		}
		row := targetAct{Act: a, What: t.S("targetpage.act_" + a.Kind), AreaName: s.areaName(a.Area), Open: slices.ContainsFunc(open, func(o target.Act) bool { return o.ID == a.ID })}
		var err error
		if row.Who, err = s.personName(ctx, names, a.By); err != nil {
			return err
		}
		if base, err := s.Monitor.Set.Indicator(a.Base); err == nil {
			row.Base = t.S("targetpage.by_base", base.Name, a.BaseOn.String())
		}
		for _, q := range a.Quotas {
			if !v.scope.Sees(mayTargets.Action, q.Area, 0) {
				continue // of another area that the reader is not shown
			}
			name := s.areaName(q.Area)
			if q.Chain != "" {
				name += " " + s.chainName(t, q.Chain)
			}
			if q.Year != 0 {
				name += " " + strconv.Itoa(q.Year)
			}
			value := t.S("targetpage.taken_back")
			if q.Value != nil {
				value = goalText(t, g, q.Value)
			}
			row.Lines = append(row.Lines, name+t.S("web.colon")+value)
		}
		d.Acts = append(d.Acts, row)
	}
	return nil
}

// divided answers a form about quotas: back to the page where it was done, else with what is wrong.
func (s *server) divided(w http.ResponseWriter, r *http.Request, v *visit, done string, err error) error {
	if err == nil {
		q, _, failed := s.targetsAsked(r, v)
		if failed != nil {
			return failed
		}
		to := q.one(r.PathValue("id"))
		if strings.Contains(to, "?") {
			return seeOther(w, r, to+"&done="+done)
		}
		return seeOther(w, r, to+"?done="+done)
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	return s.showTarget(w, r, v, statusOf(err), v.t.Msg(msg), nil)
}

// actAsked is an entry of quotas as a form names it, without its quotas.
func (s *server) actAsked(r *http.Request, v *visit) (target.Act, targetQuery, error) {
	q, plan, err := s.targetsAsked(r, v)
	return target.Act{
		Plan: plan.Code, Target: r.PathValue("id"), Area: q.Area, Parts: q.By, Document: r.FormValue("document"), Note: r.FormValue("note"),
	}, q, err
}

// enterQuotas enters what a form says otherwise than it stands: a number, or nothing to take back what there was. It may also be a point on
// the way of the plan's own area, or what the level above gave it.
func (s *server) enterQuotas(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, q, err := s.actAsked(r, v)
	if err != nil {
		return err
	}
	x, err := s.Targets.Split(r.Context(), a.Plan, a.Target)
	if err != nil {
		return err
	}
	switch r.PostFormValue("of") {
	case "path":
		a.Parts = target.Itself
	case "given": // what the level above gave the area
		n, _ := s.Library.Areas().Node(a.Area)
		a.Area, a.Parts = n.Parent, target.ByAreas
	}
	for field, values := range r.PostForm {
		code, ok := strings.CutPrefix(field, "quota:")
		if !ok || err != nil {
			continue
		}
		k := target.Key{Area: code, Year: q.Year}
		if a.Parts == target.ByChains {
			k = target.Key{Area: a.Area, Chain: code, Year: q.Year}
		}
		text, stands := strings.TrimSpace(values[0]), ""
		if had, _, ok := x.Quota(k); ok {
			stands = target.Number(x.Goal, had.Value)
		}
		if text == stands {
			continue
		}
		one := target.Quota{Key: k}
		if text != "" {
			one.Value, err = target.Value(x.Goal, text)
		}
		a.Quotas = append(a.Quotas, one)
	}
	if err == nil {
		slices.SortFunc(a.Quotas, func(x, y target.Quota) int { return cmp.Or(cmp.Compare(x.Area, y.Area), cmp.Compare(x.Chain, y.Chain)) })
		_, err = s.Targets.Enter(r.Context(), v.scope, a)
	}
	return s.divided(w, r, v, "entered", err)
}

// readQuotas enters the quotas of a sheet; where a cell of it will not do, nothing.
func (s *server) readQuotas(w http.ResponseWriter, r *http.Request, v *visit) error {
	path, name, err := s.sentSheet(w, r)
	if err != nil {
		return s.divided(w, r, v, "", err)
	}
	defer os.Remove(path) //nolint:errcheck // a file of the system's own directory for such
	a, _, err := s.actAsked(r, v)
	if err != nil {
		return err
	}
	x, err := s.Targets.Split(r.Context(), a.Plan, a.Target)
	if err != nil {
		return err
	}
	var faults []i18n.Msg
	a.Quotas, faults, err = s.Targets.ReadQuotas(r.Context(), x.Goal, a.Area, a.Parts, target.File{Path: path, Name: name})
	if err == nil && len(faults) > 0 {
		words := make([]string, len(faults))
		for i, f := range faults {
			words[i] = v.t.Msg(f)
		}
		return s.showTarget(w, r, v, http.StatusUnprocessableEntity, v.t.S("targetpage.sheet_faults", name), words)
	}
	if err == nil {
		_, err = s.Targets.Enter(r.Context(), v.scope, a)
	}
	return s.divided(w, r, v, "entered", err)
}

func (s *server) proposeQuotas(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, q, err := s.actAsked(r, v)
	if err != nil {
		return err
	}
	view, err := s.view(r.Context(), v)
	if err != nil {
		return err
	}
	_, err = s.Targets.Propose(r.Context(), view, target.Proposing{
		Plan: a.Plan, Target: a.Target, Area: a.Area, Parts: a.Parts, Year: q.Year, Base: r.PostFormValue("base"), On: dayTyped(r.PostFormValue("base_on")), Note: a.Note,
	})
	return s.divided(w, r, v, "proposed", err)
}

func (s *server) confirmQuotas(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, _, err := s.actAsked(r, v)
	if err != nil {
		return err
	}
	_, err = s.Targets.Confirm(r.Context(), v.scope, a.Plan, a.Target, numberOf(r, "act"), a.Document, a.Note)
	return s.divided(w, r, v, "confirmed", err)
}

func (s *server) dropQuotas(w http.ResponseWriter, r *http.Request, v *visit) error {
	a, _, err := s.actAsked(r, v)
	if err != nil {
		return err
	}
	_, err = s.Targets.Drop(r.Context(), v.scope, a.Plan, a.Target, numberOf(r, "act"), a.Note)
	return s.divided(w, r, v, "dropped", err)
}

// exportQuotas sends the parts of an area with their quotas and figures, in the form in which quotas are read again.
func (s *server) exportQuotas(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, t := r.Context(), v.t
	q, plan, err := s.targetsAsked(r, v)
	if err != nil {
		return err
	}
	x, err := s.Targets.Split(ctx, plan.Code, r.PathValue("id"))
	if err != nil {
		return err
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return err
	}
	p, err := s.Targets.Progress(ctx, view, target.Asked{Split: x, Area: q.Area, On: q.On, Verified: !q.All})
	if err != nil {
		return err
	}
	q.Year = s.quotaYear(x.Goal, p, q)
	d := targetData{Query: q, Plan: plan}
	if err := s.targetParts(ctx, v, view, x, p, &d); err != nil {
		return err
	}
	var rows [][]any
	for _, part := range d.Parts {
		area, chain := part.PartName, ""
		if d.Query.By == target.ByChains {
			area, chain = s.areaName(q.Area), part.PartName
		}
		row := []any{area, chain, nil, nil, part.Actual, part.All, part.StateText, part.Why, part.By}
		if q.Year != 0 {
			row[2] = strconv.Itoa(q.Year)
		}
		if part.Value != "" {
			row[3] = part.Value
			if i := x.Goal.Indicator; i != nil && (i.Type == rule.RateType || x.Goal.Change == content.Growth) {
				row[3] = part.Value + "%"
			}
		}
		rows = append(rows, row)
	}
	return s.export(w, r, v, t.S("targetpage.quotas")+"-"+x.Goal.ID+"-"+s.areaName(q.Area), sheet.Export{
		Title: t.Text(x.Goal.Name), Notes: append(s.notes(v, view, q.one(x.Goal.ID)), [2]string{t.S("targetpage.sum"), joined(d.SumText[:]...)}, [2]string{t.S("targetpage.basis"), s.basisText(t, q)}),
		Table: sheet.Table{Rows: slices.Values(rows), Columns: []string{
			t.S("targetpage.sheet_area"), t.S("targetpage.chain"), t.S("targetpage.sheet_year"), t.S("targetpage.sheet_quota"), t.S("targetpage.actual"), t.S("targetpage.known"), t.S("targetpage.state"), t.S("targetpage.why"), t.S("targetpage.entry"),
		}},
	})
}
