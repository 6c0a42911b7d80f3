package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// scorePath is the score sheet of a case.
func scorePath(id int64) string { return casePath(id) + "/score" }

// panelRoutes are appointing experts and audit firms, and scoring.
func (s *server) panelRoutes() []route {
	read, score := access.Need{Action: access.ReadCase}, access.Need{Action: access.ScoreCase}
	return []route{
		{"POST /cases/{id}/picks", access.Need{Action: access.HandleCase}, s.pick},
		{"POST /cases/{id}/draw", access.Need{Action: access.HandleCase}, s.drawExperts},
		{"GET /cases/{id}/score", read, s.scoreSheet},
		{"POST /cases/{id}/score", score, s.sendScore},
		{"POST /cases/{id}/score/draft", score, s.keepScore},
	}
}

// appointPart is who may be appointed in the next act, and the drawings that there were.
type appointPart struct {
	Role       access.Role
	Name, Act  string // the role, and the act that appoints, in words
	Candidates []candidateRow
	MayDraw    bool
	Size       string // of the drawing, as typed
	Reason     string
}

// candidateRow is an account that may be appointed, or why it may not.
type candidateRow struct {
	ID, Name, Bar string
	Picked        bool
	Without       bool   // is left out of the drawing, as typed
	Why           string // as typed
}

// drawRow is a drawing in words.
type drawRow struct {
	subsidy.Draw
	By, Drawn, Pool string
	Left            []string
	Again           string // what anybody can draw it again by
}

// panelPart is a panel to those who handle or audit the case.
type panelPart struct {
	Rubric *rubric.Rubric
	Rows   []sheetRow
	Waits  string
	Before int // sheets of panels that were sent home
	Means  []string
	Total  string
	Exact  string
	Enough bool
	Scored bool
}

// sheetRow is a score sheet, or a conflict of interest, in words.
type sheetRow struct {
	By, Remark string
	Points     []string // by item
	Total      string
	Conflict   bool
	At         int64
}

// caseAppoint is whom the visitor may appoint in their next act.
func (s *server) caseAppoint(ctx context.Context, v *visit, d *casePageData) error {
	for _, x := range d.Choices {
		to, ok := d.W.State(x.To)
		if !x.Does("subsidy.assign") || !ok {
			continue
		}
		p := &appointPart{Act: v.t.Text(x.Name), Role: appointedIn(to), Size: "5"}
		p.Name, p.MayDraw = v.t.S("access.role."+string(p.Role)), p.Role == access.Expert
		all, err := s.Subsidy.Candidates(ctx, v.scope, d.ID, p.Role)
		if err != nil {
			return err
		}
		in, _, err := subsidy.InputOf[subsidy.Picked](ctx, s.Subsidy, v.scope, d.ID)
		if err != nil {
			return err
		}
		for _, c := range all {
			row := candidateRow{ID: strconv.FormatInt(c.Account, 10), Name: c.Name, Picked: slices.Contains(in.Accounts, c.Account)}
			if !c.Bar.IsZero() {
				row.Bar = v.t.Msg(c.Bar)
			}
			p.Candidates = append(p.Candidates, row)
		}
		d.Subsidy.Appoint = append(d.Subsidy.Appoint, p)
	}
	return nil
}

// appointedIn is the role for which a state waits.
func appointedIn(to casework.State) access.Role {
	for _, t := range to.Tasks {
		return access.Role(t.Role)
	}
	for _, who := range to.Waits {
		return access.Role(who)
	}
	return ""
}

// caseDraws is the drawings of a case, and its panel.
func (s *server) caseDraws(ctx context.Context, v *visit, d *casePageData) error {
	all, err := s.Subsidy.Draws(ctx, v.scope, d.ID)
	if err != nil && !hidden(err) {
		return err
	}
	names := map[int64]string{}
	called := func(ids []int64) (string, error) {
		var words []string
		for _, id := range ids {
			name, err := s.personName(ctx, names, id)
			if err != nil {
				return "", err
			}
			words = append(words, name)
		}
		return strings.Join(words, v.t.S("panelpage.and")), nil
	}
	for _, x := range all {
		row := drawRow{Draw: x}
		if x.DrawnAt != 0 {
			row.Again = x.Purpose(d.ID)
			if row.By, err = s.personName(ctx, names, x.By); err != nil {
				return err
			}
		}
		if row.Drawn, err = called(x.Drawn); err != nil {
			return err
		}
		if row.Pool, err = called(x.Pool); err != nil {
			return err
		}
		for _, l := range x.Left {
			name, err := s.personName(ctx, names, l.Account)
			if err != nil {
				return err
			}
			row.Left = append(row.Left, name+v.t.S("web.colon")+v.t.Msg(l.Why))
		}
		d.Subsidy.Draws = append(d.Subsidy.Draws, row)
	}
	p, err := s.Subsidy.Panel(ctx, v.scope, d.ID)
	if hidden(err) {
		return nil
	}
	if err != nil {
		return err
	}
	part := &panelPart{Rubric: p.Rubric, Before: len(p.Before), Scored: p.Score != nil}
	if part.Waits, err = called(p.Waits); err != nil {
		return err
	}
	for _, x := range p.Sheets {
		row := sheetRow{Remark: x.Remark, Conflict: x.Conflict, At: x.At}
		if row.By, err = s.personName(ctx, names, x.Account); err != nil {
			return err
		}
		if !x.Conflict {
			row.Points, row.Total = pointsOf(p.Rubric, x.Sheet)
		}
		part.Rows = append(part.Rows, row)
	}
	if p.Score != nil {
		for _, it := range p.Rubric.Items {
			part.Means = append(part.Means, p.Score.Items[it.ID].RatString())
		}
		part.Total, part.Exact, part.Enough = p.Score.Total.String(), p.Score.Exact.RatString(), p.Rubric.Enough(p.Score.Total)
	}
	d.Subsidy.Panel = part
	return nil
}

// pointsOf is the points of a sheet by item, and what they come to as far as they are there.
func pointsOf(r *rubric.Rubric, in rubric.Sheet) (points []string, total string) {
	var sum rubric.Points
	whole := true
	for _, it := range r.Items {
		p, ok := in[it.ID]
		if !ok {
			points, whole = append(points, ""), false
			continue
		}
		points = append(points, p.String())
		sum += p
	}
	if !whole {
		return points, ""
	}
	if score, err := r.Score([]rubric.Sheet{in}); err == nil {
		return points, score.Total.String()
	}
	return points, sum.String()
}

// assigning is the page of a case in which the visitor may appoint somebody now.
func (s *server) assigning(r *http.Request, v *visit) (casePageData, *appointPart, error) {
	d, err := s.casePageOf(r, v)
	if err != nil {
		return d, nil, err
	}
	if d.Subsidy != nil {
		for _, p := range d.Subsidy.Appoint {
			if string(p.Role) == r.PostFormValue("role") {
				return d, p, nil
			}
		}
	}
	return d, nil, errs.Conflict(i18n.M("casepage.not_now", v.t.Text(d.State.Name)))
}

// pick keeps whom an official has chosen, for the act that appoints them.
func (s *server) pick(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, p, err := s.assigning(r, v)
	if err != nil {
		return err
	}
	var in subsidy.Picked
	for i := range p.Candidates {
		c := &p.Candidates[i]
		if c.Picked = slices.Contains(r.PostForm["account"], c.ID); c.Picked {
			id, err := strconv.ParseInt(c.ID, 10, 64)
			if err != nil {
				return err
			}
			in.Accounts = append(in.Accounts, id)
		}
	}
	return s.entered(w, r, v, d, "picked", s.Subsidy.Put(r.Context(), v.scope, d.ID, in))
}

// drawExperts draws experts by lot.
func (s *server) drawExperts(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, p, err := s.assigning(r, v)
	if err != nil {
		return err
	}
	order := subsidy.DrawOrder{Without: map[int64]string{}, Reason: r.PostFormValue("reason")}
	p.Size, p.Reason = strings.TrimSpace(r.PostFormValue("size")), order.Reason
	order.Size, _ = strconv.Atoi(p.Size) // what is no number is refused as none
	for i := range p.Candidates {
		c := &p.Candidates[i]
		c.Without, c.Why = slices.Contains(r.PostForm["without"], c.ID), r.PostFormValue("why-"+c.ID)
		if c.Without {
			id, err := strconv.ParseInt(c.ID, 10, 64)
			if err != nil {
				return err
			}
			order.Without[id] = c.Why
		}
	}
	_, err = s.Subsidy.DrawExperts(r.Context(), v.scope, d.ID, order)
	return s.entered(w, r, v, d, "drawn", err)
}

// scoreData is the score sheet of an expert.
type scoreData struct {
	casework.Case
	Firm, State   string
	Rubric        *rubric.Rubric
	Points        map[string]string // as typed, by item
	Remark, Total string
	Problem, Done string
	Key           string
}

// scoring is the sheet as it was kept last, for an expert whose turn it is.
func (s *server) scoring(r *http.Request, v *visit) (scoreData, error) {
	ctx := r.Context()
	c, w, err := s.caseOf(r, v)
	if err != nil {
		return scoreData{}, err
	}
	choices, err := s.Cases.Choices(ctx, v.scope, c.ID)
	if err != nil {
		return scoreData{}, err
	}
	if !slices.ContainsFunc(choices, func(x casework.Choice) bool { return x.Does("subsidy.score") }) {
		return scoreData{}, errs.Conflict(i18n.M("casepage.not_now", stateName(v.t, w, c.State)))
	}
	view, err := s.view(ctx, v)
	if err != nil {
		return scoreData{}, err
	}
	d := scoreData{Case: c, Key: rand.Text(), State: stateName(v.t, w, c.State), Points: map[string]string{}}
	if d.Firm, _, err = s.caseFirm(ctx, v, view, c.Enterprise); err != nil {
		return d, err
	}
	if d.Rubric, err = s.Subsidy.RubricOf(ctx, v.scope, c.ID); err != nil {
		return d, err
	}
	in, _, err := subsidy.InputOf[subsidy.Scored](ctx, s.Subsidy, v.scope, c.ID)
	if err != nil {
		return d, err
	}
	d.fill(in)
	return d, nil
}

func (d *scoreData) fill(in subsidy.Scored) {
	for id, p := range in.Sheet {
		d.Points[id] = p.String()
	}
	d.Remark = in.Remark
	_, d.Total = pointsOf(d.Rubric, in.Sheet)
}

// read takes in what was typed: the points that are there, and the first that cannot be read.
func (d *scoreData) read(r *http.Request) (in subsidy.Scored, err error) {
	in.Sheet, in.Remark = rubric.Sheet{}, strings.TrimSpace(r.PostFormValue("remark"))
	d.Remark = in.Remark
	for _, it := range d.Rubric.Items {
		text := strings.TrimSpace(r.PostFormValue("p-" + it.ID))
		if d.Points[it.ID] = text; text == "" {
			continue
		}
		p, bad := rubric.ParsePoints(text)
		if bad != nil {
			if err == nil {
				err = errs.Invalid(i18n.M("panelpage.bad_points", it.Name, text, it.Max))
			}
			continue
		}
		in.Sheet[it.ID] = p
	}
	_, d.Total = pointsOf(d.Rubric, in.Sheet)
	return in, err
}

func (s *server) scoreSheet(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.scoring(r, v)
	if err != nil {
		return err
	}
	if r.FormValue("done") == "kept" {
		d.Done = v.t.S("panelpage.kept")
	}
	return s.showScore(w, r, v, http.StatusOK, d)
}

func (s *server) showScore(w http.ResponseWriter, r *http.Request, v *visit, status int, d scoreData) error {
	return s.show(w, r, s.shell(r, v, v.t.Text(d.Rubric.Title)), status, scorePage(v.t, d))
}

// keepScore keeps a sheet while it is typed, for a script.
func (s *server) keepScore(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.scoring(r, v)
	if err != nil {
		return err
	}
	in, err := d.read(r)
	if err == nil {
		err = s.Subsidy.Put(r.Context(), v.scope, d.ID, in)
	}
	if msg, ok := errs.Message(err); ok && !hidden(err) {
		d.Problem = v.t.Msg(msg)
		err = nil
	}
	if err != nil {
		return err
	}
	if d.Problem == "" {
		d.Done = v.t.S("panelpage.kept")
	}
	return part(w, r, http.StatusOK, scoreState(v.t, d))
}

// sendScore keeps a sheet, or hands it in.
func (s *server) sendScore(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.scoring(r, v)
	if err != nil {
		return err
	}
	in, err := d.read(r)
	if err == nil {
		err = s.Subsidy.Put(r.Context(), v.scope, d.ID, in)
	}
	hand := r.PostFormValue("do") == "hand"
	if err == nil && hand {
		_, err = s.Cases.Act(r.Context(), v.scope, casework.Act{Case: d.ID, Action: s.scoreAction(r, v, d.ID), Key: keyOf(v, r.PostFormValue("key"), "score")})
	}
	if err == nil && hand {
		return s.acted(w, r, v, d.ID)
	}
	if err == nil {
		return seeOther(w, r, scorePath(d.ID)+"?done=kept")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d.Problem = v.t.Msg(msg)
	return s.showScore(w, r, v, statusOf(err), d)
}

// scoreAction is the action that hands a sheet in.
func (s *server) scoreAction(r *http.Request, v *visit, id int64) string {
	choices, err := s.Cases.Choices(r.Context(), v.scope, id)
	if err != nil {
		return ""
	}
	for _, x := range choices {
		if x.Does("subsidy.score") {
			return x.ID
		}
	}
	return ""
}

// drawnBefore says that experts of a case were drawn.
func drawnBefore(all []drawRow) bool {
	return slices.ContainsFunc(all, func(x drawRow) bool { return x.DrawnAt != 0 })
}
