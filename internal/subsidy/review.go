package subsidy

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// Joint review by sheet: a department gets a list of what waits for it, fills in its opinions and sends it back.

var opinionColumns = []column{
	{id: "case", name: i18n.Text{ZH: "办件号", EN: "Case"}, required: true, help: i18n.Text{ZH: "不要改动", EN: "Leave it as it is"}},
	{id: "firm", name: i18n.Text{ZH: "企业名称", EN: "Enterprise"}, required: true, help: i18n.Text{ZH: "不要改动：与办件号核对", EN: "Leave it as it is: it is compared with the case"}},
	{id: "uscc", name: i18n.Text{ZH: "统一社会信用代码", EN: "Credit code"}, help: i18n.Text{ZH: "供查询", EN: "To look it up by"}},
	{id: "clause", name: i18n.Text{ZH: "申报条款", EN: "Clause"}, help: i18n.Text{ZH: "供参考", EN: "For reference"}},
	{id: "thing", name: i18n.Text{ZH: "申报对象", EN: "For"}, help: i18n.Text{ZH: "供参考", EN: "For reference"}},
	{id: "opinion", name: i18n.Text{ZH: "意见", EN: "Opinion"}, required: true, help: i18n.Text{ZH: "填“同意”或“否决”；留空表示尚未研究", EN: "“agree” or “veto”; empty where it is not settled yet"}},
	{id: "reason", name: i18n.Text{ZH: "理由", EN: "Reason"}, required: true, help: i18n.Text{ZH: "否决必填：事实、依据和日期", EN: "Of a veto: what happened, when, and by what rule"}},
}

// Departments are the roles of a joint review.
func Departments() []access.Role {
	return []access.Role{access.TaxBureau, access.SafetyBureau, access.EnvironmentBureau, access.CreditOffice}
}

// maxReview is how many applications one list holds.
const maxReview = 5000

// waiting is the applications whose review waits for a department, as its scope sees them.
func (s *Store) waiting(ctx context.Context, scope access.Scope, role access.Role) ([]casework.Case, error) {
	as := scope.As(role)
	all, _, err := s.cases.Cases(ctx, as, casework.Filter{Workflow: ApplicationWorkflow, State: "review"}, 0, maxReview)
	if err != nil {
		return nil, err
	}
	var own []casework.Case
	for _, c := range all {
		tasks, err := s.cases.TasksOf(ctx, as, c.ID)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(tasks, func(t casework.CaseTask) bool { return t.Open() && t.Role == string(role) }) {
			own = append(own, c)
		}
	}
	return own, nil
}

// ReviewList is what waits for a department, as a sheet to be filled in: what it needs in order to look a firm up, and nothing
// of accounts or amounts. The scope is the department's, or an official's who sends it the list.
func (s *Store) ReviewList(ctx context.Context, t i18n.T, scope access.Scope, role access.Role) (*sheet.Export, error) {
	if !slices.Contains(Departments(), role) {
		return nil, errs.Invalid(i18n.M("subsidy.no_department", string(role)))
	}
	view, err := s.system(ctx)
	if err != nil {
		return nil, err
	}
	cases, err := s.waiting(ctx, scope, role)
	if err != nil {
		return nil, err
	}
	var rows [][]any
	for _, c := range cases {
		row, err := s.reviewRow(ctx, t, view, c)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return template(t, i18n.M("subsidy.review_title", i18n.M("access.role."+string(role))), opinionColumns, rows), nil
}

func (s *Store) reviewRow(ctx context.Context, t i18n.T, view fact.View, c casework.Case) ([]any, error) {
	a, err := applicationOf(ctx, s.DB.Read(), c.ID)
	if err != nil {
		return nil, err
	}
	clause, err := s.clauseOf(ctx, a)
	if err != nil {
		return nil, err
	}
	e, _ := view.Enterprise(a.Enterprise)
	return []any{strconv.FormatInt(c.ID, 10), e.Name, string(e.USCC), t.Text(clause.Name), a.Name, "", ""}, nil
}

// Opinion is what a department says of an application.
type Opinion struct {
	Case   int64
	Veto   bool
	Reason string
	Place  sheet.Place
}

// ReadOpinions reads a list that came back: the opinions, and every cell that will not do. It changes nothing.
func (s *Store) ReadOpinions(ctx context.Context, scope access.Scope, role access.Role, path, name string) (all []Opinion, _ []Problem, err error) {
	cases, err := s.waiting(ctx, scope, role)
	if err != nil {
		return nil, nil, err
	}
	view, err := s.system(ctx)
	if err != nil {
		return nil, nil, err
	}
	t, err := readTable(ctx, path, name, opinionColumns, maxReview)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, t.book.Close()) }()
	seen := map[int64]bool{}
	for _, r := range t.rows {
		o := Opinion{Reason: r.text("reason"), Place: r.place("opinion")}
		word := r.text("opinion")
		if word == "" && o.Reason == "" {
			continue
		}
		before := len(t.problems)
		o.Case, _ = strconv.ParseInt(strings.TrimSuffix(r.text("case"), ".0"), 10, 64)
		at := slices.IndexFunc(cases, func(c casework.Case) bool { return c.ID == o.Case })
		if at < 0 || seen[o.Case] {
			r.wrong("case", i18n.M("subsidy.review_case", r.text("case")))
		} else if e, _ := view.Enterprise(cases[at].Enterprise); e.Name != r.text("firm") {
			r.wrong("firm", i18n.M("subsidy.review_firm", e.Name))
		}
		seen[o.Case] = true
		switch word {
		case "同意", "无异议", "agree":
		case "否决", "不同意", "veto":
			if o.Veto = true; o.Reason == "" {
				r.wrong("reason", i18n.M("subsidy.review_reason"))
			}
		default:
			r.wrong("opinion", i18n.M("subsidy.review_word", word))
		}
		if len(t.problems) == before {
			all = append(all, o)
		}
	}
	return all, t.problems, nil
}

// GiveOpinions enters opinions one by one as the department's account; one that was answered meanwhile is passed over and
// counted. It gives how many were entered.
func (s *Store) GiveOpinions(ctx context.Context, scope access.Scope, role access.Role, all []Opinion) (entered, passed int, err error) {
	for _, o := range all {
		act := casework.Act{Case: o.Case, Action: "agree", Reason: o.Reason}
		if o.Veto {
			act.Action = "veto"
		}
		switch _, err := s.cases.Act(ctx, scope.As(role), act); {
		case errs.KindOf(err) == errs.KindConflict || errs.KindOf(err) == errs.KindForbidden || errs.KindOf(err) == errs.KindNotFound:
			passed++
		case err != nil:
			return entered, passed, err
		default:
			entered++
		}
	}
	return entered, passed, nil
}
