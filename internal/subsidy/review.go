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
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
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

// MaxReview is how many applications one list holds.
const MaxReview = 5000

// Review is an application that waits for a department's opinion: what it needs in order to look the firm up, and nothing of
// accounts or amounts.
type Review struct {
	Case    int64
	Firm    string
	USCC    string
	Area    string
	Clause  i18n.Text
	Thing   string
	Since   int64      // when it was asked, ms
	Due     period.Day // 0 where there is no clock
	Overdue bool
}

// Reviews is a stretch of what waits for a department, what is due first, and how much there is. The scope is the department's,
// or an official's who sends it the list.
func (s *Store) Reviews(ctx context.Context, scope access.Scope, role access.Role, skip, limit int) ([]Review, int, error) {
	if !slices.Contains(Departments(), role) {
		return nil, 0, errs.Invalid(i18n.M("subsidy.no_department", string(role)))
	}
	in, err := s.cases.Asked(ctx, scope, ApplicationWorkflow, role, skip, limit)
	if err != nil {
		return nil, 0, err
	}
	view, err := s.system(ctx)
	if err != nil {
		return nil, 0, err
	}
	all := make([]Review, 0, len(in.Tasks))
	for _, t := range in.Tasks {
		a, err := applicationOf(ctx, s.DB.Read(), t.Case)
		if err != nil {
			return nil, 0, err
		}
		clause, err := s.clauseOf(ctx, a)
		if err != nil {
			return nil, 0, err
		}
		e, _ := view.Enterprise(a.Enterprise)
		all = append(all, Review{
			Case: t.Case, Firm: e.Name, USCC: string(e.USCC), Area: a.Area, Clause: clause.Name, Thing: a.Name, Since: t.OpenedAt, Due: t.DueDay, Overdue: t.Overdue,
		})
	}
	return all, in.Total, nil
}

// ReviewList is what waits for a department, as a sheet to be filled in.
func (s *Store) ReviewList(ctx context.Context, t i18n.T, scope access.Scope, role access.Role) (*sheet.Export, error) {
	all, _, err := s.Reviews(ctx, scope, role, 0, MaxReview)
	if err != nil {
		return nil, err
	}
	rows := make([][]any, len(all))
	for i, r := range all {
		rows[i] = []any{strconv.FormatInt(r.Case, 10), r.Firm, r.USCC, t.Text(r.Clause), r.Thing, "", ""}
	}
	return template(t, i18n.M("subsidy.review_title", i18n.M("access.role."+string(role))), opinionColumns, rows), nil
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
	asked, _, err := s.Reviews(ctx, scope.As(role), role, 0, MaxReview)
	if err != nil {
		return nil, nil, err
	}
	t, err := readTable(ctx, path, name, opinionColumns, MaxReview)
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
		at := slices.IndexFunc(asked, func(x Review) bool { return x.Case == o.Case })
		if at < 0 || seen[o.Case] {
			r.wrong("case", i18n.M("subsidy.review_case", r.text("case")))
		} else if asked[at].Firm != r.text("firm") {
			r.wrong("firm", i18n.M("subsidy.review_firm", asked[at].Firm))
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
