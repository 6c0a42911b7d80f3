package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/selection"
)

// BlindHead is something that an expert judges: what it is called in no more than a number.
type BlindHead struct {
	Selection int64     `json:"selection" example:"402"`
	Round     i18n.Text `json:"selection_name"`
	Number    int       `json:"number" example:"2" doc:"抽签得到的编号，不说明是谁、何时提交 · drawn: it tells nothing of who or when"`
	Given     bool      `json:"given" example:"false" doc:"已经评分；评审结束前可以改 · points were given; they may be changed while the round is judged"`
	Sum       string    `json:"sum,omitempty" example:"80" doc:"自己给的总分 · what one's own points come to"`
}

func (s *server) blindHead(ctx context.Context, c *caller, x selection.Review) (BlindHead, error) {
	out := BlindHead{Selection: x.Round, Number: x.Blind.Number, Given: x.Sheet != nil}
	if x.Sheet != nil {
		out.Sum = selection.ShowMean(x.Rubric.Sum(x.Sheet))
	}
	r, err := s.selectedRound(ctx, c, x.Round)
	if err == nil {
		out.Round = roundName(r.Round, x.Scheme)
	}
	return out, err
}

type judgingOut struct {
	Body struct {
		Items []BlindHead `json:"items" nullable:"false" doc:"按编号 · by number"`
		Left  int         `json:"left" example:"1" doc:"还没有评分的 · to which no points were given yet"`
	}
}

// listJudging is what the asker judges now; nobody else sees any.
func (s *server) listJudging(ctx context.Context, c *caller, _ *struct{}) (*judgingOut, error) {
	all, err := s.Selections.Reviews(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	out := &judgingOut{}
	out.Body.Items = []BlindHead{}
	for _, x := range all {
		head, err := s.blindHead(ctx, c, x)
		if err != nil {
			return nil, err
		}
		if out.Body.Items = append(out.Body.Items, head); !head.Given {
			out.Body.Left++
		}
	}
	return out, nil
}

// BlindIn names what an expert judges.
type BlindIn struct {
	SelectionID
	Number int `path:"number" minimum:"1" example:"2"`
}

// blindField is a field that experts read.
type blindField struct {
	Name  string    `json:"name" example:"achievements"`
	Label i18n.Text `json:"label"`
	Text  string    `json:"text" example:"主持产线数字化改造，完成设备联网和数据采集，运行一年。" doc:"列表的一栏一行一个 · of a column of a list, a line for each row"`
}

type blindOut struct {
	Body struct {
		BlindHead
		Fields []blindField      `json:"fields" nullable:"false" doc:"办法规定给专家看的内容，此外什么也没有 · what the scheme shows to experts, and nothing else"`
		Rubric rubricSheet       `json:"rubric"`
		Sheet  map[string]string `json:"sheet" example:"{\"skill\":\"35\"}" doc:"自己上一次给的 · what one gave last"`
		Remark string            `json:"remark,omitempty" example:"依据充分（演示）"`
	}
}

// judged is what the asker judges by a number; NotFound for anything else.
func (s *server) judged(ctx context.Context, c *caller, in BlindIn) (selection.Review, error) {
	all, err := s.Selections.Reviews(ctx, c.scope)
	if err != nil {
		return selection.Review{}, err
	}
	i := slices.IndexFunc(all, func(x selection.Review) bool { return x.Round == in.ID && x.Blind.Number == in.Number })
	if i < 0 {
		return selection.Review{}, errs.NotFound("nomination", in.Number)
	}
	return all[i], nil
}

// getJudging is one nomination as its expert reads it.
func (s *server) getJudging(ctx context.Context, c *caller, in *BlindIn) (*blindOut, error) {
	x, err := s.judged(ctx, c, *in)
	if err != nil {
		return nil, err
	}
	out := &blindOut{}
	b := &out.Body
	if b.BlindHead, err = s.blindHead(ctx, c, x); err != nil {
		return nil, err
	}
	b.Fields, b.Rubric, b.Sheet, b.Remark = []blindField{}, rubricOf(x.Rubric), pointsOf(x.Sheet), x.Remark
	for _, f := range x.Blind.Fields {
		b.Fields = append(b.Fields, blindField{f.Name, x.Scheme.Label(f.Name), f.Text})
	}
	return out, nil
}

// putJudging gives points; the last sheet counts, and what was half typed on the page is forgotten.
func (s *server) putJudging(ctx context.Context, c *caller, in *struct {
	BlindIn
	Body ScoreIn
},
) (*nothing, error) {
	given, err := s.sheetOf(c, in.Body)
	if err != nil {
		return nil, err
	}
	x, err := s.judged(ctx, c, in.BlindIn)
	if err != nil {
		return nil, err
	}
	if err := s.Selections.Score(ctx, c.scope, in.ID, in.Number, given, in.Body.Remark); err != nil {
		return nil, err
	}
	return &nothing{}, s.Forms.Forget(ctx, c.scope, x.Place())
}

// recuse steps back from a nomination for good.
func (s *server) recuse(ctx context.Context, c *caller, in *struct {
	BlindIn
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"2000" example:"曾为其提供咨询（演示）"`
	}
},
) (*nothing, error) {
	x, err := s.judged(ctx, c, in.BlindIn)
	if err != nil {
		return nil, err
	}
	if err := s.Selections.Recuse(ctx, c.scope, in.ID, in.Number, in.Body.Reason); err != nil {
		return nil, err
	}
	return &nothing{}, s.Forms.Forget(ctx, c.scope, x.Place())
}

func (s *server) registerJudging() {
	judges := access.Need{Action: access.ScoreCase}
	const list, one = "/judging", "/judging/{id}/{number}"
	handle(s, operation{id: "list_judging", tag: "selections", method: http.MethodGet, path: list, need: judges}, s.listJudging)
	handle(s, operation{id: "get_judging", tag: "selections", method: http.MethodGet, path: one, need: judges}, s.getJudging)
	handle(s, operation{id: "put_judging", tag: "selections", method: http.MethodPut, path: one, need: judges, status: http.StatusNoContent}, s.putJudging)
	handle(s, operation{id: "recuse", tag: "selections", method: http.MethodPost, path: one + "/recuse", need: judges, status: http.StatusNoContent}, s.recuse)
}
