package api

import (
	"context"
	"math/big"
	"net/http"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// ModelHead is an edition of an assessment model (评价模型) as lists show it.
type ModelHead struct {
	Model      string      `json:"model" example:"sme_digital"`
	Edition    string      `json:"edition" example:"2024"`
	Title      i18n.Text   `json:"title"`
	Issuer     i18n.Text   `json:"issuer"`
	Source     string      `json:"source" example:"工信厅企业〔2024〕56号"`
	Confidence string      `json:"confidence" enum:"verified,secondary,unverified" example:"secondary"`
	Current    bool        `json:"current" example:"true" doc:"今天的现行版本 · the edition in force today"`
	Lacking    []i18n.Text `json:"lacking" nullable:"false" doc:"来源没有公布、打分需要的内容；有则这个模型不打分 · what a score needs and the source leaves open; where there is any, the model does not score"`
}

func (s *server) modelHead(r *assess.Rubric) ModelHead {
	return ModelHead{
		r.Rubric, r.Edition, r.Title, r.Issuer, r.Source, r.Confidence, slices.Contains(s.Results.Set.Current(s.Clock.Today()), r), append([]i18n.Text{}, r.Lacking...),
	}
}

type modelsOut struct {
	Body struct {
		Items []ModelHead `json:"items" nullable:"false"`
	}
}

func (s *server) listModels(_ context.Context, _ *caller, _ *struct{}) (*modelsOut, error) {
	out := &modelsOut{}
	out.Body.Items = []ModelHead{}
	for _, r := range s.Results.Set.Rubrics() {
		out.Body.Items = append(out.Body.Items, s.modelHead(r))
	}
	return out, nil
}

// ModelIn names an edition of a model.
type ModelIn struct {
	Model   string `path:"model" maxLength:"80" example:"sme_digital" doc:"见 list_models · see list_models"`
	Edition string `path:"edition" maxLength:"40" example:"2024"`
}

func (s *server) modelOf(in ModelIn) (*assess.Rubric, error) {
	return s.Results.Set.Edition(in.Model, in.Edition)
}

// ModelLevel is a level of a model.
type ModelLevel struct {
	ID    string    `json:"id" example:"3"`
	Name  i18n.Text `json:"name"`
	Score string    `json:"score,omitempty" example:"60" doc:"至少这么多分 · points at least"`
}

// modelPart is a part of a model, at any depth.
type modelPart struct {
	ID     string    `json:"id" example:"f2"`
	Name   i18n.Text `json:"name"`
	Depth  int       `json:"depth" example:"2" doc:"从 1 起 · from 1"`
	Weight string    `json:"weight,omitempty" example:"6" doc:"各条路径不同时没有 · none where it differs by path"`
	Facts  []string  `json:"facts" nullable:"false" example:"[\"ent.devices_digital\",\"ent.devices_total\"]" doc:"读哪些数据项 · the facts that it reads"`
}

type modelOut struct {
	Body struct {
		ModelHead
		SHA256 string       `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
		Note   i18n.Text    `json:"note"`
		Full   string       `json:"full" example:"100" doc:"满分 · the points of all of it"`
		Levels []ModelLevel `json:"levels" nullable:"false" doc:"低的在前 · the lowest first"`
		Parts  []modelPart  `json:"parts" nullable:"false"`
		Facts  []string     `json:"facts" nullable:"false" example:"[\"ent.net_control\"]" doc:"模型读的全部数据项 · every fact that the model reads"`
	}
}

func (s *server) getModel(_ context.Context, _ *caller, in *ModelIn) (*modelOut, error) {
	r, err := s.modelOf(*in)
	if err != nil {
		return nil, err
	}
	out := &modelOut{}
	b := &out.Body
	b.ModelHead, b.SHA256, b.Note, b.Full, b.Levels, b.Parts, b.Facts = s.modelHead(r), r.Hash, r.Note, r.Full.String(), []ModelLevel{}, []modelPart{}, []string{}
	for _, l := range r.Levels {
		b.Levels = append(b.Levels, ModelLevel{l.ID, l.Name, l.Score.String()})
	}
	for _, n := range r.Nodes()[1:] {
		b.Parts = append(b.Parts, modelPart{n.ID, n.Name, n.Depth, n.Weight.String(), append([]string{}, r.Reads(n)...)})
	}
	for _, d := range r.Facts() {
		b.Facts = append(b.Facts, d.Code)
	}
	return out, nil
}

// PointsRange is points from what is sure to what is possible, exact.
type PointsRange struct {
	Sure     string `json:"sure" example:"62.5" doc:"确定的得分，精确的小数或分数 · points that are sure: an exact decimal or fraction"`
	Possible string `json:"possible,omitempty" example:"80" doc:"数据补全后最多可能的；没有则没有上限 · points that are possible once all is known; none where there is no end to them"`
}

func pointsRange(x assess.Span) *PointsRange {
	if x.Sure == nil {
		return nil
	}
	out := &PointsRange{Sure: exactText(x.Sure)}
	if !x.Open && x.Possible != nil {
		out.Possible = exactText(x.Possible)
	}
	return out
}

// exactText is a number as a decimal where it is one of few digits, else as a fraction.
func exactText(x *big.Rat) string {
	if n, exact := x.FloatPrec(); exact && n <= 12 {
		return x.FloatString(n)
	}
	return x.RatString()
}

// ModelResult is a result of a model, live or sealed.
type ModelResult struct {
	Path   string       `json:"path,omitempty" example:"discrete" doc:"走哪条路径 · the path that it takes"`
	Points *PointsRange `json:"points,omitempty" doc:"不打分时没有 · none where there is no score"`
	Level  string       `json:"level" example:"2" doc:"确定达到的级别；空为没有 · the level that is reached for sure; empty for none"`
	May    string       `json:"may" example:"3" doc:"最高可能的级别 · the highest that is possible"`
}

type resultPart struct {
	ID      string       `json:"id" example:"f2"`
	In      bool         `json:"in" example:"true" doc:"计入；裁剪的和别的路径的不计 · it takes part: what does not apply, and what other paths have, does not"`
	Points  *PointsRange `json:"points,omitempty"`
	Worth   string       `json:"worth,omitempty" example:"6" doc:"裁剪后重新分配的满分 · its full points, weights being scaled after trimming"`
	Missing []string     `json:"missing" nullable:"false" example:"[\"ent.devices_total\"]"`
}

// liftStep is an answer to change.
type liftStep struct {
	Part    string       `json:"part" example:"f2" doc:"哪一部分，或哪个计数项 · the part, or the thing that is counted"`
	Changes []liftChange `json:"changes" nullable:"false"`
	Gain    string       `json:"gain,omitempty" example:"1.5"`
}

type liftChange struct {
	Def string `json:"def" example:"ent.devices_digital"`
	Was string `json:"was,omitempty" example:"10" doc:"没有则未知 · none where it is not known"`
	To  string `json:"to" example:"21"`
}

// peerOf is an enterprise among peers.
type peerOf struct {
	Kind    string `json:"kind" enum:"all,trade,size,county" example:"county"`
	Of      string `json:"of,omitempty" example:"320902"`
	Firms   int    `json:"firms" example:"42" doc:"不告诉时为 0：不到 5 家，或与另一组相减会剩下不到 5 家 · 0 where nothing is told: of fewer than five, and of such as leave fewer than five when taken from another group"`
	Percent int    `json:"percent" example:"70" doc:"好过其中的百分之几 · better than so many of a hundred"`
	Median  string `json:"median,omitempty" example:"55"`
}

// sealedResult is a result that is kept.
type sealedResult struct {
	ModelResult
	ID      int64  `json:"id" example:"501"`
	Edition string `json:"edition" example:"2024"`
	Year    int    `json:"year" example:"2024"`
	On      string `json:"on" format:"date" example:"2024-10-31"`
	How     string `json:"how" enum:"self,site" example:"self" doc:"self 企业自评，site 现场评定 · answered by the enterprise, or rated on site"`
	Case    int64  `json:"case" example:"500"`
	Known   int64  `json:"known" example:"88" doc:"按到哪次提交为止已知的数据 · the commit up to which facts were known"`
}

type modelResultOut struct {
	Body struct {
		ModelResult
		Year    int            `json:"year" example:"2024"`
		Settled bool           `json:"settled" example:"false" doc:"得分和级别都已确定 · points and level are settled"`
		Parts   []resultPart   `json:"parts" nullable:"false"`
		Must    []standing     `json:"must" nullable:"false" doc:"基本条件 · the conditions without which there is no level"`
		Odd     []standing     `json:"odd" nullable:"false" doc:"互相矛盾的数据 · figures that do not fit together"`
		Missing []lackingFact  `json:"missing" nullable:"false"`
		Lift    []liftStep     `json:"lift" nullable:"false" doc:"达到下一级最少要改的回答；空则不能只靠改回答达到 · the fewest answers that would lift it to the next level; none where answers alone do not"`
		Peers   []peerOf       `json:"peers" nullable:"false"`
		Sealed  []sealedResult `json:"sealed" nullable:"false" doc:"历次评定，先的在前 · what was sealed, the oldest first"`
	}
}

// YearIn is the year whose facts are asked.
type YearIn struct {
	Year int `query:"year" minimum:"2000" maximum:"2100" example:"2024" doc:"没有则当年 · the current one where it is left out"`
}

func (s *server) yearOf(in YearIn) int {
	if in.Year == 0 {
		return s.Clock.Today().Year()
	}
	return in.Year
}

// getModelResult is where an enterprise stands by a model: what it comes to from what is known, what would lift it, and what was sealed.
func (s *server) getModelResult(ctx context.Context, c *caller, in *struct {
	ModelIn
	YearIn
	Enterprise int64 `path:"enterprise" minimum:"1" example:"17"`
},
) (*modelResultOut, error) {
	r, err := s.modelOf(in.ModelIn)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	got, subject, err := s.Results.Now(m.View, r, in.Enterprise, s.yearOf(in.YearIn))
	if err != nil {
		return nil, err
	}
	out := &modelResultOut{}
	b := &out.Body
	b.ModelResult, b.Year, b.Settled = modelResultOf(got), got.Year, got.Settled()
	b.Parts, b.Must, b.Odd, b.Missing = []resultPart{}, s.standings(got.Must), []standing{}, s.lacking(got.Missing)
	b.Lift, b.Peers, b.Sealed = []liftStep{}, []peerOf{}, []sealedResult{}
	for _, p := range got.Parts[1:] {
		part := resultPart{ID: p.Node.ID, In: p.In, Missing: []string{}}
		if p.In && !r.Refuses() {
			part.Points, part.Worth = pointsRange(p.Points), exactText(p.Worth)
		}
		for _, l := range p.Leaves {
			for _, ref := range l.Missing {
				if !slices.Contains(part.Missing, ref.Def) {
					part.Missing = append(part.Missing, ref.Def)
				}
			}
		}
		b.Parts = append(b.Parts, part)
	}
	for _, k := range s.standings(got.Checks) {
		if k.State == "not_met" {
			b.Odd = append(b.Odd, k)
		}
	}
	lift, err := r.Lift(assess.At{Subject: subject, Year: got.Year, On: got.On}, got.Level+1)
	if err != nil {
		return nil, err
	}
	if lift.Can {
		b.Lift = liftSteps(lift)
	}
	peers, err := s.Results.Peers(ctx, m.View, r, in.Enterprise, got.Year)
	if err != nil && errs.KindOf(err) != errs.KindNotFound {
		return nil, err
	}
	for _, p := range peers {
		row := peerOf{Kind: string(p.Kind), Of: p.Of, Firms: p.N, Percent: p.Percent}
		if p.Median != nil {
			row.Median = exactText(p.Median)
		}
		b.Peers = append(b.Peers, row)
	}
	sealed, err := s.Results.Of(ctx, m.View, in.Enterprise)
	if err != nil {
		return nil, err
	}
	for _, x := range sealed {
		if x.Model == r.Rubric {
			b.Sealed = append(b.Sealed, sealedOf(x))
		}
	}
	return out, nil
}

func modelResultOf(got *assess.Result) ModelResult {
	r := got.Rubric
	out := ModelResult{Points: pointsRange(got.Score), Level: levelID(r, got.Level), May: levelID(r, got.May)}
	if got.Path >= 0 && got.Path < len(r.Paths) {
		out.Path = r.Paths[got.Path].ID
	}
	return out
}

func levelID(r *assess.Rubric, i int) string {
	if i < 0 {
		return ""
	}
	return r.Levels[i].ID
}

func liftSteps(l *assess.Lift) []liftStep {
	out := []liftStep{}
	for _, st := range l.Steps {
		x := liftStep{Changes: []liftChange{}}
		if st.Part != nil {
			x.Part = st.Part.ID
		} else {
			x.Part = st.Item.ID
		}
		if st.Gain.Sign() > 0 {
			x.Gain = exactText(st.Gain)
		}
		for _, k := range st.Changes {
			change := liftChange{Def: k.Def.Code, To: k.To.String()}
			if k.Known() {
				change.Was = k.Was.String()
			}
			x.Changes = append(x.Changes, change)
		}
		out = append(out, x)
	}
	return out
}

func sealedOf(x results.Sealed) sealedResult {
	points := PointsRange{Sure: exactText(x.Score)}
	if x.May != nil {
		points.Possible = exactText(x.May)
	}
	return sealedResult{
		ModelResult{x.Path, &points, x.Level, x.MayBe}, x.ID, x.Edition, x.Year, x.On.String(), x.How, x.Case, x.Known,
	}
}

// resultRow is an enterprise in the list of a region.
type resultRow struct {
	ModelResult
	Enterprise *Firm  `json:"enterprise,omitempty"`
	Settled    bool   `json:"settled" example:"false"`
	Class      string `json:"class,omitempty" example:"A" doc:"在同县企业中的分类 · its class among those of its county"`
}

type modelResultsOut struct {
	Body struct {
		Items []resultRow `json:"items" nullable:"false" doc:"按登记顺序 · as registered"`
		Total int         `json:"total" example:"1"`
		Next  string      `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

// ResultQuery chooses enterprises of a region.
type ResultQuery struct {
	Area  string `query:"area" maxLength:"64" example:"320902"`
	Level string `query:"level" maxLength:"40" example:"2" doc:"确定达到的级别；- 为没有 · the level that is reached for sure; - for none"`
	Text  string `query:"q" maxLength:"100" example:"机械" doc:"企业名称或信用代码里的文字 · part of the name or the credit code"`
}

// listModelResults is where the enterprises stand by a model that the asker may see.
func (s *server) listModelResults(ctx context.Context, c *caller, in *struct {
	ModelIn
	YearIn
	ResultQuery
	Paging
},
) (*modelResultsOut, error) {
	at, err := in.open(c, c.listName("model_results", []any{in.ModelIn, in.YearIn, in.ResultQuery}))
	if err != nil {
		return nil, err
	}
	r, err := s.modelOf(in.ModelIn)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{AsOf: at.Day, Known: at.Commit})
	if err != nil {
		return nil, err
	}
	all, err := s.Results.Region(ctx, m.View, r, s.yearOf(in.YearIn))
	if err != nil {
		return nil, err
	}
	firms := slices.DeleteFunc(all.Firms, func(f *results.Firm) bool { return !in.keeps(s, r, f) })
	out := &modelResultsOut{}
	b := &out.Body
	b.Items, b.Total, b.Next = []resultRow{}, len(firms), at.next(m, at.From+in.Limit, len(firms))
	first := min(at.From, len(firms))
	for _, f := range firms[first:min(first+in.Limit, len(firms))] {
		row := resultRow{
			ModelResult: ModelResult{Points: pointsRange(f.Score), Level: levelID(r, f.Level), May: levelID(r, f.May)},
			Enterprise:  s.firmOfCase(m, f.ID), Settled: f.Settled(),
		}
		if k := f.Place.Class; k >= 0 && r.Ranks != nil {
			row.Class = r.Ranks.Classes[k].ID
		}
		results.Shown(m.View, r, f.ID)
		b.Items = append(b.Items, row)
	}
	return out, nil
}

func (q ResultQuery) keeps(s *server, r *assess.Rubric, f *results.Firm) bool {
	level := levelID(r, f.Level)
	if level == "" {
		level = "-"
	}
	return (q.Area == "" || s.Library.Areas().Within(f.Area, q.Area)) && (q.Level == "" || q.Level == level) &&
		(q.Text == "" || strings.Contains(f.Name, q.Text) || strings.Contains(f.USCC, strings.ToUpper(q.Text)))
}

type remindedOut struct {
	Body struct {
		Told int `json:"told" example:"12" doc:"这次提醒了几家；本周提醒过的不再提醒 · how many were told; those told this week are left out"`
	}
}

// remindModel asks enterprises for what a model misses, those for whom the asker is in charge.
func (s *server) remindModel(ctx context.Context, c *caller, in *struct {
	ModelIn
	Body struct {
		Year        int     `json:"year" minimum:"2000" maximum:"2100" example:"2024"`
		Enterprises []int64 `json:"enterprises" minItems:"1" maxItems:"10000" nullable:"false" example:"[17]"`
	}
},
) (*remindedOut, error) {
	r, err := s.modelOf(in.ModelIn)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	out := &remindedOut{}
	out.Body.Told, err = s.Results.Remind(ctx, m.View, results.Reminder{Rubric: r, Year: in.Body.Year, Firms: in.Body.Enterprises})
	return out, err
}

func (s *server) registerAssess() {
	open, read := access.Need{Public: true}, access.Need{Action: access.ReadFact}
	const list, one = "/models", "/models/{model}/{edition}"
	handle(s, operation{id: "list_models", tag: "assessments", method: http.MethodGet, path: list, need: open}, s.listModels)
	handle(s, operation{id: "get_model", tag: "assessments", method: http.MethodGet, path: one, need: open}, s.getModel)
	handle(s, operation{id: "get_model_result", tag: "assessments", method: http.MethodGet, path: one + "/enterprises/{enterprise}", need: read}, s.getModelResult)
	handle(s, operation{id: "remind_model", tag: "assessments", method: http.MethodPost, path: one + "/reminders", need: access.Need{Action: access.HandleCase, Area: true}}, s.remindModel)
	handle(s, operation{id: "list_model_results", tag: "assessments", method: http.MethodGet, path: one + "/enterprises", need: access.Need{Action: access.ReadFact, Area: true}}, s.listModelResults)
}
