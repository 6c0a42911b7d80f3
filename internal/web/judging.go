package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// judgePath is where an expert judges what it knows by a number.
func judgePath(round int64, number int) string {
	return "/judging/" + strconv.FormatInt(round, 10) + "/" + strconv.Itoa(number)
}

// judgingRoutes are what an expert of selections does: judge, step back, declare interests.
func (s *server) judgingRoutes() []route {
	judges := access.Need{Action: access.ScoreCase}
	return []route{
		{"GET /judging", judges, s.judging},
		{"POST /judging/interests", judges, s.declareInterest},
		{"GET /judging/{id}/{number}", judges, s.judgeSheet},
		{"POST /judging/{id}/{number}", judges, s.judge},
		{"POST /judging/{id}/{number}/recuse", judges, s.recuse},
	}
}

// judgeRow is something to judge.
type judgeRow struct {
	selection.Review
	Name  string // of the round
	Given string // the sum of what was given, "" before
	Draft bool   // something was typed that is not given
}

// judgingData is the first page of an expert of selections.
type judgingData struct {
	Rows          []judgeRow
	Left          int // not given yet
	InPool        bool
	Declared      []selection.Declaration
	Firm, Reason  string // that were typed
	Problem, Done string
}

// judgingWork adds the nominations that wait for the visitor's points.
func (s *server) judgingWork(ctx context.Context, v *visit, all []todo) ([]todo, error) {
	if !v.scope.Can(access.ScoreCase) {
		return all, nil
	}
	reviews, err := s.Selections.Reviews(ctx, v.scope)
	left := 0
	for _, x := range reviews {
		if x.Sheet == nil {
			left++
		}
	}
	if err != nil || left == 0 {
		return all, err
	}
	return append(all, todo{Count: left, Text: v.t.S("selectionpage.todo_judging"), Href: "/judging"}), nil
}

func (s *server) judgingOf(ctx context.Context, v *visit) (judgingData, error) {
	var d judgingData
	all, err := s.Selections.Reviews(ctx, v.scope)
	if err != nil {
		return d, err
	}
	names := map[int64]string{}
	for _, x := range all {
		row := judgeRow{Review: x, Name: names[x.Round]}
		if row.Name == "" {
			if row.Name, err = s.selectionName(ctx, v, x.Round); err != nil {
				return d, err
			}
			names[x.Round] = row.Name
		}
		if x.Sheet == nil {
			d.Left++
		} else {
			row.Given = selection.ShowMean(x.Rubric.Sum(x.Sheet))
		}
		_, err := s.Forms.Draft(ctx, v.scope, x.Place())
		if err != nil && errs.KindOf(err) != errs.KindNotFound {
			return d, err
		}
		row.Draft = err == nil
		d.Rows = append(d.Rows, row)
	}
	pool, err := s.Selections.Experts(ctx, v.scope)
	if err != nil {
		return d, err
	}
	d.InPool = slices.ContainsFunc(pool, func(e selection.Expert) bool { return e.Account == v.account.ID && e.Left == 0 })
	d.Declared, err = s.Selections.Declarations(ctx, v.scope)
	return d, err
}

func (s *server) selectionName(ctx context.Context, v *visit, id int64) (string, error) {
	r, err := s.Selections.Round(ctx, v.scope, id)
	if err != nil {
		return "", err
	}
	row, err := s.selectionRow(ctx, v.t, r)
	return row.Name, err
}

func (s *server) judging(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.judgingOf(r.Context(), v)
	if err != nil {
		return err
	}
	if done := r.FormValue("done"); slices.Contains([]string{"given", "recused", "declared"}, done) {
		d.Done = v.t.S("selectionpage.done_" + done)
	}
	return s.show(w, r, s.shell(r, v, v.t.S("selectionpage.judging")), http.StatusOK, judgingPage(v.t, d))
}

// declareInterest keeps that the expert has an interest in an enterprise, by its name or credit code.
func (s *server) declareInterest(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx, text, reason := r.Context(), strings.TrimSpace(r.PostFormValue("firm")), strings.TrimSpace(r.PostFormValue("reason"))
	firm, err := s.findParty(ctx, text)
	if err != nil {
		return err
	}
	if firm == 0 {
		err = errs.Invalid(i18n.M("selectionpage.no_firm", text))
	} else {
		err = s.Selections.Declare(ctx, v.scope, firm, reason)
	}
	if err == nil {
		return seeOther(w, r, "/judging?done=declared")
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d, again := s.judgingOf(ctx, v)
	if again != nil {
		return again
	}
	d.Firm, d.Reason, d.Problem = text, reason, v.t.Msg(msg)
	return s.show(w, r, s.shell(r, v, v.t.S("selectionpage.judging")), statusOf(err), judgingPage(v.t, d))
}

// blindPart is what an expert reads: single fields, and the rows of lists.
type blindPart struct {
	Label string
	Text  string
	Heads []string // of a list
	Rows  [][]string
}

// blindParts lays out what the scheme shows; columns of one list stand side by side.
func blindParts(t i18n.T, scheme *selection.Scheme, b selection.Blind) []blindPart {
	var all []blindPart
	list := "" // whose columns the last part holds
	for _, f := range b.Fields {
		name, _, inList := strings.Cut(f.Name, ".")
		label, cells := t.Text(scheme.Label(f.Name)), shownAnswers(t, scheme, f)
		if !inList {
			all, list = append(all, blindPart{Label: label, Text: strings.Join(cells, "\n")}), ""
			continue
		}
		title, head, _ := strings.Cut(label, " · ")
		if list != name {
			all, list = append(all, blindPart{Label: title}), name
		}
		part := &all[len(all)-1]
		part.Heads = append(part.Heads, cmp.Or(head, label))
		for len(part.Rows) < len(cells) {
			part.Rows = append(part.Rows, make([]string, len(part.Heads)-1))
		}
		for i := range part.Rows {
			cell := ""
			if i < len(cells) {
				cell = cells[i]
			}
			part.Rows[i] = append(part.Rows[i], cell)
		}
	}
	return all
}

// shownAnswers is the answers of a field as the form shows them: words of a code, units.
func shownAnswers(t i18n.T, scheme *selection.Scheme, f selection.BlindField) []string {
	field, ok := scheme.Field(f.Name)
	if ok && field.Long {
		return []string{f.Text}
	}
	cells := strings.Split(f.Text, "\n")
	for i, cell := range cells {
		if !ok || cell == "" {
			continue
		}
		if o, found := field.Option(cell); found {
			cells[i] = t.Text(o.Name)
		} else if field.Unit != "" && !strings.HasSuffix(cell, field.Unit) {
			cells[i] = cell + " " + t.Text(field.UnitName())
		}
	}
	return cells
}

// pointRow is an item of the rubric with what was typed for it.
type pointRow struct {
	rubric.Item
	Points string
}

// judgeData is a blind sheet with the points.
type judgeData struct {
	selection.Review
	Name      string
	Parts     []blindPart
	Points    []pointRow
	Words     string // of the remark
	Reason    string // for stepping back
	Revision  int64
	SavedAt   string
	Page      string
	Given     string
	Next      int // the next number of the round that is not given, 0 for none
	Problem   string
	DoneDraft bool
}

func (s *server) judgeOf(r *http.Request, v *visit) (judgeData, error) {
	ctx := r.Context()
	id, err := pathID(r)
	if err != nil {
		return judgeData{}, err
	}
	number, _ := strconv.Atoi(r.PathValue("number"))
	all, err := s.Selections.Reviews(ctx, v.scope)
	if err != nil {
		return judgeData{}, err
	}
	i := slices.IndexFunc(all, func(x selection.Review) bool { return x.Round == id && x.Blind.Number == number })
	if i < 0 {
		return judgeData{}, errs.NotFound("nomination", r.PathValue("number"))
	}
	d := judgeData{Review: all[i], Parts: blindParts(v.t, all[i].Scheme, all[i].Blind), Words: all[i].Remark, Page: rand.Text()[:16]}
	for _, x := range all {
		if x.Round == id && x.Blind.Number != number && x.Sheet == nil && d.Next == 0 {
			d.Next = x.Blind.Number
		}
	}
	if d.Name, err = s.selectionName(ctx, v, id); err != nil {
		return d, err
	}
	if d.Sheet != nil {
		d.Given = selection.ShowMean(d.Rubric.Sum(d.Sheet))
	}
	for _, item := range d.Rubric.Items {
		row := pointRow{Item: item}
		if p, ok := d.Sheet[item.ID]; ok {
			row.Points = p.String()
		}
		d.Points = append(d.Points, row)
	}
	draft, err := s.Forms.Draft(ctx, v.scope, d.Review.Place())
	switch {
	case err == nil && draft.Hash == d.Rubric.Hash:
		d.Revision, d.SavedAt = draft.Revision, instant(draft.SavedAt)
		for i := range d.Points {
			d.Points[i].Points = draft.Entry.Texts[d.Points[i].ID]
		}
		d.Words = draft.Entry.Texts[remarkField]
	case err != nil && errs.KindOf(err) != errs.KindNotFound:
		return d, err
	}
	return d, nil
}

// remarkField is the remark among what a draft of points keeps; no item is called so.
const remarkField = "-remark"

func (s *server) judgeSheet(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.judgeOf(r, v)
	if err != nil {
		return err
	}
	d.DoneDraft = r.FormValue("done") == "draft"
	return s.show(w, r, s.shell(r, v, d.Name), http.StatusOK, judgePage(v.t, d))
}

// judge keeps what an expert gives, or as a draft what it has typed so far.
func (s *server) judge(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	d, err := s.judgeOf(r, v)
	if err != nil {
		return err
	}
	entry := form.Entry{Texts: map[string]string{}}
	d.Words = strings.TrimSpace(r.PostFormValue("remark"))
	for i := range d.Points {
		d.Points[i].Points = strings.TrimSpace(r.PostFormValue("points-" + d.Points[i].ID))
		entry.Texts[d.Points[i].ID] = d.Points[i].Points
	}
	entry.Texts[remarkField] = d.Words
	place, done := d.Review.Place(), "/judging?done=given"
	if r.PostFormValue("do") == "draft" {
		_, err = s.Forms.Save(ctx, v.scope, form.Draft{Place: place, Hash: d.Rubric.Hash, Revision: max(numberOf(r, "revision"), 0), Page: tokenOf(r), Entry: entry})
		done = judgePath(d.Round, d.Blind.Number) + "?done=draft"
	} else if err = s.give(ctx, v, d); err == nil {
		err = s.Forms.Forget(ctx, v.scope, place)
		if d.Next != 0 && r.PostFormValue("do") == "next" {
			done = judgePath(d.Round, d.Next)
		}
	}
	return s.judged(w, r, v, d, done, err)
}

// give hands the sheet of a page in; what cannot be read is told by item.
func (s *server) give(ctx context.Context, v *visit, d judgeData) error {
	sheet := rubric.Sheet{}
	for _, x := range d.Points {
		if x.Points == "" {
			continue // told with the item's bounds
		}
		p, err := rubric.ParsePoints(x.Points)
		if msg, ok := errs.Message(err); ok {
			return errs.Invalid(i18n.M("selectionpage.item_points", x.Name, msg))
		}
		if err != nil {
			return err
		}
		sheet[x.ID] = p
	}
	return s.Selections.Score(ctx, v.scope, d.Round, d.Blind.Number, sheet, d.Words)
}

// judged leads on after a sheet, or tells what is wrong with it beside what was typed.
func (s *server) judged(w http.ResponseWriter, r *http.Request, v *visit, d judgeData, done string, err error) error {
	if err == nil {
		return seeOther(w, r, done)
	}
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d.Problem = v.t.Msg(msg)
	return s.show(w, r, s.shell(r, v, d.Name), statusOf(err), judgePage(v.t, d))
}

// recuse steps back from what the expert knows by a number.
func (s *server) recuse(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.judgeOf(r, v)
	if err != nil {
		return err
	}
	d.Reason = strings.TrimSpace(r.PostFormValue("reason"))
	if err = s.Selections.Recuse(r.Context(), v.scope, d.Round, d.Blind.Number, d.Reason); err == nil {
		err = s.Forms.Forget(r.Context(), v.scope, d.Review.Place())
	}
	return s.judged(w, r, v, d, "/judging?done=recused", err)
}
