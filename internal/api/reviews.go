package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// SheetIn is a sheet that people have filled in.
type SheetIn struct {
	Name string `query:"name" required:"true" minLength:"1" maxLength:"300" example:"list.xlsx" doc:"文件名 · name of the file"`
	body io.Reader
}

// Resolve keeps the body for reading, within the limit of such a sheet.
func (in *SheetIn) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	in.body = http.MaxBytesReader(w, r.Body, sheet.FormLimit)
	return nil
}

// keep is the sheet as a file, which is gone after do.
func (in *SheetIn) keep(do func(path string) error) error {
	path, err := sheet.Keep(in.body)
	if err != nil {
		return err
	}
	return errors.Join(do(path), os.Remove(path))
}

// placesOf is what is wrong with a sheet, cell by cell.
func placesOf(problems []subsidy.Problem) []place {
	all := []place{}
	for _, p := range problems {
		all = append(all, place{p.Where.String(), both(p.Msg)})
	}
	return all
}

// DepartmentIn names a department of a joint review.
type DepartmentIn struct {
	Department string `path:"department" enum:"tax_bureau,safety_bureau,environment_bureau,credit_office" example:"tax_bureau"`
}

// reviewer refuses who neither answers for a department nor sends it its list.
func (in DepartmentIn) reviewer(c *caller) (access.Role, error) {
	if !c.scope.Can(access.ReviewCase) && !c.scope.Can(access.HandleCase) {
		return "", errs.Forbidden(string(access.ReviewCase))
	}
	return access.Role(in.Department), nil
}

// review is an application that waits for the opinion of a department.
type review struct {
	Case    int64     `json:"case" example:"314"`
	Firm    string    `json:"firm" example:"盐城亭湖甲机械有限公司"`
	USCC    string    `json:"uscc,omitempty" example:"91320281142225264B"`
	Area    *Node     `json:"area,omitempty"`
	Clause  i18n.Text `json:"clause"`
	Thing   string    `json:"thing" example:"数字车间"`
	Since   string    `json:"since" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
	Due     string    `json:"due,omitempty" format:"date" example:"2024-11-07"`
	Overdue bool      `json:"overdue" example:"false"`
}

type reviewsOut struct {
	Body struct {
		Items []review `json:"items" nullable:"false" doc:"最早到期的在前 · what is due first comes first"`
		Total int      `json:"total" example:"1"`
		Next  string   `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// listReviews is what waits for a department: what it needs in order to look firms up, and nothing of accounts or amounts.
func (s *server) listReviews(ctx context.Context, c *caller, in *struct {
	DepartmentIn
	Paging
},
) (*reviewsOut, error) {
	at, err := in.open(c, c.listName("reviews", in.Department))
	if err != nil {
		return nil, err
	}
	role, err := in.reviewer(c)
	if err != nil {
		return nil, err
	}
	list, total, err := s.Subsidy.Reviews(ctx, c.scope, role, at.From, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &reviewsOut{}
	out.Body.Items, out.Body.Total, out.Body.Next = []review{}, total, at.next(moment{}, at.From+in.Limit, total)
	for _, x := range list {
		row := review{Case: x.Case, Firm: x.Firm, USCC: x.USCC, Area: nodeOf(s.Library.Areas(), x.Area), Clause: x.Clause, Thing: x.Thing, Since: instant(x.Since), Overdue: x.Overdue}
		if x.Due != 0 {
			row.Due = x.Due.String()
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

// reviewSheet is what waits for a department, as a sheet to be filled in.
func (s *server) reviewSheet(ctx context.Context, c *caller, in *DepartmentIn) (*stream, error) {
	role, err := in.reviewer(c)
	if err != nil {
		return nil, err
	}
	list, err := s.Subsidy.ReviewList(ctx, c.t, c.scope, role)
	if err != nil {
		return nil, err
	}
	return s.sheets(c, list.Title, "xlsx", *list), nil
}

// Opinion is what a department says of an application.
type Opinion struct {
	Case    int64  `json:"case" minimum:"1" example:"314"`
	Opinion string `json:"opinion" enum:"agree,veto" example:"agree"`
	Reason  string `json:"reason,omitempty" maxLength:"2000" example:"无欠税" doc:"否决须写理由 · of a veto"`
}

type opinionsOut struct {
	Body struct {
		Opinions []Opinion `json:"opinions" nullable:"false" doc:"读出的意见；给 give_opinions · what was read: for give_opinions"`
		Problems []place   `json:"problems" nullable:"false"`
	}
}

// readOpinions reads a list that came back and changes nothing.
func (s *server) readOpinions(ctx context.Context, c *caller, in *struct {
	DepartmentIn
	SheetIn
},
) (*opinionsOut, error) {
	role, err := in.answers(c)
	if err != nil {
		return nil, err
	}
	out := &opinionsOut{}
	return out, in.keep(func(path string) error {
		all, problems, err := s.Subsidy.ReadOpinions(ctx, c.scope, role, path, in.Name)
		out.Body.Opinions, out.Body.Problems = []Opinion{}, placesOf(problems)
		for _, o := range all {
			x := Opinion{Case: o.Case, Opinion: "agree", Reason: o.Reason}
			if o.Veto {
				x.Opinion = "veto"
			}
			out.Body.Opinions = append(out.Body.Opinions, x)
		}
		return err
	})
}

// answers refuses who does not answer for the department.
func (in DepartmentIn) answers(c *caller) (access.Role, error) {
	role := access.Role(in.Department)
	if !c.scope.As(role).Can(access.ReviewCase) {
		return "", errs.Forbidden(string(access.ReviewCase))
	}
	return role, nil
}

type givenOut struct {
	Body struct {
		Entered int `json:"entered" example:"1"`
		Passed  int `json:"passed" example:"0" doc:"其间已经答复或不再等待的 · answered meanwhile, or waiting no more"`
	}
}

func (s *server) giveOpinions(ctx context.Context, c *caller, in *struct {
	DepartmentIn
	Body struct {
		Opinions []Opinion `json:"opinions" minItems:"1" maxItems:"5000" nullable:"false"`
	}
},
) (*givenOut, error) {
	role, err := in.answers(c)
	if err != nil {
		return nil, err
	}
	var all []subsidy.Opinion
	for i, o := range in.Body.Opinions {
		x := subsidy.Opinion{Case: o.Case, Veto: o.Opinion == "veto", Reason: strings.TrimSpace(o.Reason)}
		if x.Veto && x.Reason == "" {
			return nil, s.wrongBody(c, "/opinions/"+strconv.Itoa(i)+"/reason", i18n.M("subsidy.review_reason"))
		}
		all = append(all, x)
	}
	out := &givenOut{}
	out.Body.Entered, out.Body.Passed, err = s.Subsidy.GiveOpinions(ctx, c.scope, role, all)
	return out, err
}

// rubricItem is one thing that is judged.
type rubricItem struct {
	ID   string     `json:"id" example:"need"`
	Name i18n.Text  `json:"name"`
	Help *i18n.Text `json:"help,omitempty"`
	Max  string     `json:"max" example:"20"`
	Step string     `json:"step" example:"1" doc:"分值为它的整数倍 · points are whole multiples of it"`
}

// rubricSheet is a rubric as those read it who judge by it.
type rubricSheet struct {
	Code   string       `json:"code" example:"project_review"`
	SHA256 string       `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	Title  i18n.Text    `json:"title"`
	Items  []rubricItem `json:"items" nullable:"false"`
	Floor  string       `json:"floor,omitempty" example:"60" doc:"总分不到它不予支持 · a total below it is not enough"`
}

func rubricOf(r *rubric.Rubric) rubricSheet {
	out := rubricSheet{Code: r.Code, SHA256: r.Hash, Title: r.Title, Items: []rubricItem{}}
	for _, x := range r.Items {
		item := rubricItem{ID: x.ID, Name: x.Name, Max: x.Max.String(), Step: x.Step.String()}
		if x.Help != (i18n.Text{}) {
			item.Help = &x.Help
		}
		out.Items = append(out.Items, item)
	}
	if r.Floor > 0 {
		out.Floor = r.Floor.String()
	}
	return out
}

type rubricOut struct{ Body rubricSheet }

func (s *server) getRubric(_ context.Context, _ *caller, in *struct {
	Rubric string `path:"rubric" maxLength:"80" example:"project_review"`
},
) (*rubricOut, error) {
	r, err := s.Subsidy.Rubrics.Rubric(in.Rubric)
	if err != nil {
		return nil, err
	}
	return &rubricOut{rubricOf(r)}, nil
}

// ScoreIn is a score sheet.
type ScoreIn struct {
	Sheet  map[string]string `json:"sheet" minProperties:"1" maxProperties:"100" example:"{\"need\":\"18\"}" doc:"每一评分项的分值 · points by item"`
	Remark string            `json:"remark,omitempty" maxLength:"2000" example:"改造目标明确"`
}

// sheetOf is the points of a score sheet.
func (s *server) sheetOf(c *caller, in ScoreIn) (rubric.Sheet, error) {
	out := rubric.Sheet{}
	for item, text := range in.Sheet {
		points, err := rubric.ParsePoints(text)
		if msg, ok := errs.Message(err); ok {
			return nil, s.wrongBody(c, "/sheet/"+item, msg)
		}
		if err != nil {
			return nil, err
		}
		out[item] = points
	}
	return out, nil
}

// pointsOf is a score sheet as it goes out; nil stays away.
func pointsOf(sheet rubric.Sheet) map[string]string {
	out := map[string]string{}
	for item, points := range sheet {
		out[item] = points.String()
	}
	return out
}

// scoreSheet is what an expert handed in.
type scoreSheet struct {
	Expert   string            `json:"expert" example:"演示人员 01"`
	Conflict bool              `json:"conflict" example:"false" doc:"申报了利益冲突并回避；remark 为原因 · declared a conflict of interest; why is in remark"`
	Sheet    map[string]string `json:"sheet" example:"{\"need\":\"18\"}"`
	Remark   string            `json:"remark,omitempty" example:"改造目标明确"`
	Rubric   string            `json:"rubric,omitempty" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" doc:"所依评分表的 SHA-256 · of the rubric that it was scored by"`
	At       string            `json:"at" format:"date-time" example:"2024-11-12T09:00:00+08:00"`
}

type scoresOut struct {
	Body struct {
		Items []scoreSheet `json:"items" nullable:"false"`
	}
}

// listScores is the score sheets of a case: an expert sees the own one alone.
func (s *server) listScores(ctx context.Context, c *caller, in *CaseIn) (*scoresOut, error) {
	all, err := s.Subsidy.ScoreSheets(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	out, names := &scoresOut{}, people{}
	out.Body.Items = []scoreSheet{}
	for _, x := range all {
		name, err := s.nameOf(ctx, names, x.Account)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, scoreSheet{name, x.Conflict, pointsOf(x.Sheet), x.Remark, x.Rubric, instant(x.At)})
	}
	return out, nil
}

func (s *server) putScore(ctx context.Context, c *caller, in *struct {
	CaseIn
	Body ScoreIn
},
) (*nothing, error) {
	given, err := s.sheetOf(c, in.Body)
	if err != nil {
		return nil, err
	}
	return &nothing{}, s.put(ctx, c, in.ID, "subsidy.score", subsidy.Scored{Sheet: given, Remark: strings.TrimSpace(in.Body.Remark)})
}

// putPicks keeps the accounts that the next act assigns a case to.
func (s *server) putPicks(ctx context.Context, c *caller, in *struct {
	CaseIn
	Body struct {
		Accounts []int64 `json:"accounts" minItems:"1" maxItems:"100" nullable:"false" example:"[41, 42, 43]"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.put(ctx, c, in.ID, "subsidy.assign", subsidy.Picked{Accounts: in.Body.Accounts})
}

// putReturn keeps what an order to give money back says, for the act that orders it.
func (s *server) putReturn(ctx context.Context, c *caller, in *struct {
	CaseIn
	Body struct {
		Amount     string `json:"amount" minLength:"1" maxLength:"40" example:"10万元"`
		Instalment int    `json:"instalment,omitempty" minimum:"0" maximum:"60" example:"1" doc:"默认第一期 · by default the first"`
		Document   string `json:"document" minLength:"1" maxLength:"300" example:"盐工信〔2024〕9号"`
	}
},
) (*nothing, error) {
	b := in.Body
	fen, err := s.yuanOf(c, "/amount", b.Amount)
	if err != nil {
		return nil, err
	}
	return &nothing{}, s.put(ctx, c, in.ID, "subsidy.order_return", subsidy.Returned{Return: subsidy.Return{Instalment: b.Instalment, Amount: fen, Document: b.Document}})
}

func (s *server) registerReviews() {
	read, office := access.Need{Action: access.ReadCase}, access.Need{Action: access.HandleCase}
	review, score := access.Need{Action: access.ReviewCase}, access.Need{Action: access.ScoreCase}
	const list, one = "/reviews/{department}", "/cases/{id}"
	handle(s, operation{id: "list_reviews", tag: "subsidies", method: http.MethodGet, path: list, need: read}, s.listReviews)
	handle(s, operation{id: "get_review_sheet", tag: "subsidies", method: http.MethodGet, path: list + "/sheet", need: read, streams: []string{sheet.XLSXType}}, s.reviewSheet)
	handle(s, operation{id: "read_opinions", tag: "subsidies", method: http.MethodPost, path: list + "/sheet", need: review, upload: octets}, s.readOpinions)
	handle(s, operation{id: "give_opinions", tag: "subsidies", method: http.MethodPost, path: list + "/opinions", need: review, body: 4 * bodyLimit, once: true}, s.giveOpinions)
	handle(s, operation{id: "get_rubric", tag: "subsidies", method: http.MethodGet, path: "/rubrics/{rubric}", need: access.Need{Public: true}}, s.getRubric)
	handle(s, operation{id: "list_scores", tag: "subsidies", method: http.MethodGet, path: one + "/scores", need: read}, s.listScores)
	handle(s, operation{id: "put_score", tag: "subsidies", method: http.MethodPut, path: one + "/score", need: score, status: http.StatusNoContent}, s.putScore)
	handle(s, operation{id: "put_picks", tag: "subsidies", method: http.MethodPut, path: one + "/picks", need: office, status: http.StatusNoContent}, s.putPicks)
	handle(s, operation{id: "put_return", tag: "subsidies", method: http.MethodPut, path: one + "/return", need: office, status: http.StatusNoContent}, s.putReturn)
}
