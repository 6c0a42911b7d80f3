package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// reviewRoutes are joint review: what waits for a department, answered here or by sheet, and the lists that an official sends.
func (s *server) reviewRoutes() []route {
	read, answer := access.Need{Action: access.ReadCase}, access.Need{Action: access.ReviewCase}
	return []route{
		{"GET /reviews", read, s.reviews},
		{"GET /reviews/list", read, s.reviewList},
		{"POST /reviews", answer, s.giveOpinions},
		{"POST /reviews/sheet", answer, s.readOpinions},
	}
}

// reviewRow is an application that waits for a department, with what is typed or read of it.
type reviewRow struct {
	subsidy.Review
	Area, Opinion, Reason string
}

// departmentRow is a department, and how much waits for it.
type departmentRow struct {
	Role, Name, List string
	Waits            int
}

type reviewsData struct {
	Departments []departmentRow
	Role, Name  string // of the department that the visitor answers for, "" for an official
	Rows        []reviewRow
	Total       int
	Page, Pages int
	Sheet       string // name of the list that came back
	Problems    []sheetProblem
	Done        string
	Problem     string
	Whole       bool // the rows are those of a sheet, and all of them
}

// sheetProblem is what is wrong with a cell.
type sheetProblem struct{ Where, What string }

func sheetProblems(t i18n.T, all []subsidy.Problem) []sheetProblem {
	out := make([]sheetProblem, len(all))
	for i, p := range all {
		out[i] = sheetProblem{p.Where.String(), t.Msg(p.Msg)}
	}
	return out
}

const (
	opinionLimit = 8 << 20 // bytes of a form with opinions on as many cases as a list holds
	agreeWord    = "agree"
	vetoWord     = "veto"
)

func reviewsPath(role string, page int) string {
	q := url.Values{}
	if role != "" {
		q.Set("as", role)
	}
	if page > 1 {
		q.Set("page", pageText(page))
	}
	if len(q) == 0 {
		return "/reviews"
	}
	return "/reviews?" + q.Encode()
}

// departmentOf is the department that the visitor answers for: the one that the address names, or their first.
func departmentOf(r *http.Request, v *visit) (access.Role, error) {
	var own []access.Role
	for _, role := range subsidy.Departments() {
		if slices.Contains(v.scope.Roles(), role) {
			own = append(own, role)
		}
	}
	asked := access.Role(r.FormValue("as"))
	switch {
	case len(own) == 0:
		return "", forbidden(access.ReviewCase)
	case asked == "":
		return own[0], nil
	case !slices.Contains(own, asked):
		return "", forbidden(access.ReviewCase)
	}
	return asked, nil
}

func (s *server) reviews(w http.ResponseWriter, r *http.Request, v *visit) error {
	d, err := s.reviewsOf(r, v)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(r.FormValue("entered")); err == nil && n >= 0 {
		d.Done = v.t.S("reviewpage.entered", n)
		if passed, err := strconv.Atoi(r.FormValue("passed")); err == nil && passed > 0 {
			d.Done += v.t.S("reviewpage.passed", passed)
		}
	}
	return s.showReviews(w, r, v, http.StatusOK, d)
}

func (s *server) showReviews(w http.ResponseWriter, r *http.Request, v *visit, status int, d reviewsData) error {
	return s.show(w, r, s.shell(r, v, v.t.S("reviewpage.title")), status, reviewsPage(v.t, d))
}

// reviewsOf is the page as it stands: the own list of a department, or to an official how much waits for each.
func (s *server) reviewsOf(r *http.Request, v *visit) (reviewsData, error) {
	ctx, d := r.Context(), reviewsData{Page: pageNumber(r.FormValue("page")), Pages: 1}
	if !v.scope.Can(access.ReviewCase) {
		if !v.scope.Can(access.HandleCase) {
			return d, forbidden(access.ReviewCase)
		}
		err := s.departments(ctx, v, &d)
		return d, err
	}
	role, err := departmentOf(r, v)
	if err != nil {
		return d, err
	}
	d.Role, d.Name = string(role), v.t.S("access.role."+string(role))
	all, total, err := s.Subsidy.Reviews(ctx, v.scope.As(role), role, (d.Page-1)*listRows, listRows)
	if err != nil {
		return d, err
	}
	d.Total, d.Pages = total, max((total+listRows-1)/listRows, 1)
	for _, x := range all {
		d.Rows = append(d.Rows, reviewRow{Review: x, Area: s.areaName(x.Area)})
	}
	return d, nil
}

// departments is how much waits for each, as an official sees it.
func (s *server) departments(ctx context.Context, v *visit, d *reviewsData) error {
	for _, role := range subsidy.Departments() {
		_, n, err := s.Subsidy.Reviews(ctx, v.scope, role, 0, 0)
		if err != nil {
			return err
		}
		d.Departments = append(d.Departments, departmentRow{Role: string(role), Name: v.t.S("access.role." + string(role)), List: "/reviews/list?as=" + string(role), Waits: n})
	}
	return nil
}

// reviewList is the list of a department as a sheet to be filled in: for itself, or for an official who sends it.
func (s *server) reviewList(w http.ResponseWriter, r *http.Request, v *visit) error {
	scope, role := v.scope, access.Role(r.FormValue("as"))
	switch {
	case v.scope.Can(access.ReviewCase):
		var err error
		if role, err = departmentOf(r, v); err != nil {
			return err
		}
		scope = v.scope.As(role)
	case !v.scope.Can(access.HandleCase):
		return forbidden(access.ReviewCase)
	case !slices.Contains(subsidy.Departments(), role):
		return errs.NotFound("department", string(role))
	}
	out, err := s.Subsidy.ReviewList(r.Context(), v.t, scope, role)
	if err != nil {
		return err
	}
	return s.export(w, r, v, out.Title+"-"+s.Clock.Today().String(), *out)
}

// readOpinions shows what a list says that came back, and every cell that will not do. Nothing is entered by it: what was
// read stands in the form of the page, to be looked at and sent.
func (s *server) readOpinions(w http.ResponseWriter, r *http.Request, v *visit) error {
	path, name, err := s.sentSheet(w, r)
	if err != nil {
		return s.reviewProblem(w, r, v, nil, err)
	}
	defer os.Remove(path) //nolint:errcheck // a file of the system's own directory for such
	role, err := departmentOf(r, v)
	if err != nil {
		return err
	}
	all, problems, err := s.Subsidy.ReadOpinions(r.Context(), v.scope, role, path, name)
	if err != nil {
		return s.reviewProblem(w, r, v, nil, err)
	}
	d, err := s.opinionsOf(r, v, role, all)
	if err != nil {
		return err
	}
	d.Sheet, d.Problems = name, sheetProblems(v.t, problems)
	status := http.StatusOK
	if len(problems) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.showReviews(w, r, v, status, d)
}

// opinionsOf is the page with the cases that opinions are about, and no others.
func (s *server) opinionsOf(r *http.Request, v *visit, role access.Role, all []subsidy.Opinion) (reviewsData, error) {
	d := reviewsData{Role: string(role), Name: v.t.S("access.role." + string(role)), Whole: true, Page: 1, Pages: 1}
	said := map[int64]subsidy.Opinion{}
	for _, o := range all {
		said[o.Case] = o
	}
	waits, total, err := s.Subsidy.Reviews(r.Context(), v.scope.As(role), role, 0, subsidy.MaxReview)
	if err != nil {
		return d, err
	}
	d.Total = total
	for _, x := range waits {
		o, ok := said[x.Case]
		if !ok {
			continue
		}
		row := reviewRow{Review: x, Area: s.areaName(x.Area), Opinion: agreeWord, Reason: o.Reason}
		if o.Veto {
			row.Opinion = vetoWord
		}
		d.Rows = append(d.Rows, row)
	}
	return d, nil
}

// reviewProblem tells what is wrong, with the rows as they were typed.
func (s *server) reviewProblem(w http.ResponseWriter, r *http.Request, v *visit, typed []reviewRow, err error) error {
	msg, ok := errs.Message(err)
	if !ok || hidden(err) {
		return err
	}
	d, again := s.reviewsOf(r, v)
	if again != nil {
		return again
	}
	if typed != nil {
		d.Rows = typed
	}
	d.Problem = v.t.Msg(msg)
	return s.showReviews(w, r, v, statusOf(err), d)
}

// giveOpinions enters what a department says of cases: of those that it says something of, and of the rest where it agrees to
// all of them.
func (s *server) giveOpinions(w http.ResponseWriter, r *http.Request, v *visit) error {
	r.Body = http.MaxBytesReader(w, r.Body, opinionLimit)
	if err := r.ParseForm(); err != nil {
		return badForm(err)
	}
	if err := textual(r.Form); err != nil {
		return err
	}
	role, err := departmentOf(r, v)
	if err != nil {
		return err
	}
	waits, _, err := s.Subsidy.Reviews(r.Context(), v.scope.As(role), role, 0, subsidy.MaxReview)
	if err != nil {
		return err
	}
	waiting := map[int64]subsidy.Review{}
	for _, x := range waits {
		waiting[x.Case] = x
	}
	var all []subsidy.Opinion
	var typed []reviewRow
	gone := 0
	for _, text := range r.PostForm["case"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return errs.NotFound("case", text)
		}
		row := reviewRow{Opinion: r.PostFormValue("opinion-" + text), Reason: strings.TrimSpace(r.PostFormValue("reason-" + text))}
		if row.Opinion == "" && row.Reason == "" && r.PostFormValue("rest") == "1" {
			row.Opinion = agreeWord
		}
		x, ok := waiting[id]
		if !ok {
			if row.Opinion != "" {
				gone++
			}
			continue
		}
		row.Review, row.Area = x, s.areaName(x.Area)
		typed = append(typed, row)
		if row.Opinion != "" || row.Reason != "" {
			all = append(all, subsidy.Opinion{Case: id, Veto: row.Opinion == vetoWord, Reason: row.Reason})
		}
	}
	if err := checkOpinions(typed); err != nil {
		return s.reviewProblem(w, r, v, typed, err)
	}
	if len(all)+gone == 0 {
		return s.reviewProblem(w, r, v, typed, errs.Invalid(i18n.M("reviewpage.nothing")))
	}
	entered, passed, err := s.Subsidy.GiveOpinions(r.Context(), v.scope, role, all)
	if err != nil {
		return s.reviewProblem(w, r, v, nil, err)
	}
	to := url.Values{"as": {string(role)}, "entered": {strconv.Itoa(entered)}, "passed": {strconv.Itoa(passed + gone)}}
	return seeOther(w, r, "/reviews?"+to.Encode())
}

// checkOpinions says what is wrong with the first of some opinions, before any is entered.
func checkOpinions(all []reviewRow) error {
	for _, x := range all {
		switch {
		case x.Opinion == "" && x.Reason != "":
			return errs.Invalid(i18n.M("reviewpage.no_opinion", x.Firm))
		case x.Opinion != "" && x.Opinion != agreeWord && x.Opinion != vetoWord:
			return errs.Invalid(i18n.M("subsidy.review_word", x.Opinion))
		case x.Opinion == vetoWord && x.Reason == "":
			return errs.Invalid(i18n.M("reviewpage.veto_reason", x.Firm))
		}
	}
	return nil
}

// sentSheet keeps the one sheet that was sent with a form in a file, which the caller removes, and tells its name. The other
// fields of the form can be read afterwards.
func (s *server) sentSheet(w http.ResponseWriter, r *http.Request) (path, name string, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, sheet.FormLimit+fileRoom)
	if err := r.ParseMultipartForm(fileRoom); err != nil {
		return "", "", badForm(err)
	}
	if err := textual(r.Form); err != nil {
		return "", "", err
	}
	files := chosenFiles(r.MultipartForm)
	if len(files) != 1 {
		return "", "", errs.Invalid(i18n.M("reviewpage.one_sheet"))
	}
	in, err := files[0].Open()
	if err != nil {
		return "", "", fmt.Errorf("open what was sent: %w", err)
	}
	path, err = sheet.Keep(in)
	return path, fileName(files[0].Filename), errors.Join(err, in.Close()) // a file that is only read closes
}

// answerRow is what somebody who is asked in parallel with others has answered, or that they have not.
type answerRow struct {
	Name, What, Reason, By, Due string
	At                          int64
	Against                     bool // it refuses
}

// caseAnswers is who has answered where a case is asked of several offices at once: each department of a joint review, the last
// time that it was asked.
func (s *server) caseAnswers(ctx context.Context, v *visit, _ fact.View, d *casePageData) error {
	if !d.Office {
		return nil
	}
	tasks, err := s.Cases.TasksOf(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	events, err := s.Cases.Track(ctx, v.scope, d.ID)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	rows := map[string]answerRow{}
	var order []string
	for _, x := range tasks {
		if x.Kind != casework.Work || x.Slot == "" || x.Account != 0 {
			continue
		}
		if _, known := rows[x.Slot]; !known {
			order = append(order, x.Slot)
		}
		row := answerRow{Name: whoName(v.t, x.Role)}
		if due, known, ok := x.Due(s.Library.Calendar()); ok && x.Open() {
			row.Due = dueText(v.t, casework.Waiting{CaseTask: x, DueDay: due, Assured: known})
		}
		if a, ok := d.W.Action(x.Outcome); ok && x.ClosedN > 0 && x.ClosedN <= int64(len(events)) {
			e := events[x.ClosedN-1]
			row.What, row.Against, row.Reason, row.At = v.t.Text(a.Name), a.Kind == casework.Refuse, e.Reason, e.At
			if row.By, err = s.personName(ctx, names, e.Actor); err != nil {
				return err
			}
		}
		rows[x.Slot] = row
	}
	for _, slot := range order {
		d.Answers = append(d.Answers, rows[slot])
	}
	return nil
}

// todayReviews is how much waits for departments, for an official to send them their lists.
func (s *server) todayReviews(ctx context.Context, v *visit, _ fact.View, d *todayData) error {
	var all reviewsData
	if err := s.departments(ctx, v, &all); err != nil {
		return err
	}
	most := 0 // one application waits for several departments
	for _, x := range all.Departments {
		most = max(most, x.Waits)
	}
	if most > 0 {
		d.Todo = append(d.Todo, todo{Count: most, Text: v.t.S("reviewpage.todo"), Href: "/reviews"})
	}
	return nil
}
