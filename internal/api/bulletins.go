package api

import (
	"context"
	"math/big"
	"net/http"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

type dutyRow struct {
	Duty    string    `json:"duty" example:"programme/monthly"`
	Name    i18n.Text `json:"name"`
	Asks    string    `json:"asks" enum:"report,meeting" example:"report"`
	Report  string    `json:"report,omitempty" example:"monthly" doc:"要填的报告；begin_bulletin 时给出 · which report it asks for; what begin_bulletin takes"`
	Area    string    `json:"area" example:"320902"`
	Period  string    `json:"period" example:"2024-09"`
	Due     string    `json:"due" format:"date" example:"2024-10-14" doc:"最后一个及时的工作日 · last working day on which it is in time"`
	Assured bool      `json:"assured" example:"true" doc:"所涉年份的节假日安排都已公布 · the holidays of all years up to then are known"`
	State   string    `json:"state" enum:"missing,draft,prepared,sealed" example:"sealed"`
	Done    bool      `json:"done" example:"true"`
	Late    bool      `json:"late" example:"false"`
	ID      int64     `json:"id,omitempty" example:"710" doc:"报告或会议的编号 · of its report or meeting"`
}

type dutiesOut struct {
	Body struct {
		Items []dutyRow `json:"items" nullable:"false" doc:"新的期间在前 · the newest period first"`
	}
}

// listDuties is what areas owe, computed from the calendar.
func (s *server) listDuties(ctx context.Context, c *caller, _ *struct{}) (*dutiesOut, error) {
	all, err := s.Bulletins.Duties(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	out := &dutiesOut{}
	out.Body.Items = []dutyRow{}
	for _, o := range all {
		out.Body.Items = append(out.Body.Items, dutyRow{
			Duty: o.Key(), Name: o.Name, Asks: o.Asks, Report: o.Duty.Report, Area: o.Area, Period: o.Period.String(), Due: o.Due.String(), Assured: o.Assured, State: string(o.State),
			Done: o.Done(), Late: o.Late, ID: max(o.Report, o.Meeting),
		})
	}
	return out, nil
}

// BulletinQuery chooses reports.
type BulletinQuery struct {
	Report string `query:"report" maxLength:"64" example:"quarterly"`
	Area   string `query:"area" maxLength:"64" example:"320900"`
	Period string `query:"period" maxLength:"16" example:"2024Q3"`
}

// BulletinHead is a report as lists show it.
type BulletinHead struct {
	ID       int64  `json:"id" example:"710"`
	Report   string `json:"report" example:"quarterly"`
	Area     string `json:"area" example:"320900"`
	Period   string `json:"period" example:"2024Q3"`
	State    string `json:"state" enum:"draft,prepared,sealed" example:"sealed" doc:"最新一版 · of the newest edition"`
	Editions int    `json:"editions" example:"1"`
	Sealed   int    `json:"sealed,omitempty" example:"1" doc:"最近签发的一版 · the edition that was signed last"`
}

func bulletinHead(r bulletin.Report) BulletinHead {
	h := BulletinHead{ID: r.ID, Report: r.Definition, Area: r.Area, Period: r.Period.String(), State: string(r.State()), Editions: len(r.Editions)}
	if e, ok := r.Standing(); ok {
		h.Sealed = e.N
	}
	return h
}

type bulletinsOut struct {
	Body struct {
		Items []BulletinHead `json:"items" nullable:"false"`
	}
}

// periodIn reads a period that a caller names.
func (s *server) periodIn(c *caller, pointer, text string) (period.Period, error) {
	p, err := period.Parse(text)
	if err != nil {
		return p, s.wrongBody(c, pointer, i18n.M("content.want_period", text))
	}
	return p, nil
}

// listBulletins is the reports that the caller may read.
func (s *server) listBulletins(ctx context.Context, c *caller, in *BulletinQuery) (*bulletinsOut, error) {
	p, err := s.periodIn(c, "/period", in.Period)
	if err != nil {
		return nil, err
	}
	all, err := s.Bulletins.Reports(ctx, c.scope, bulletin.Filter{Definition: in.Report, Area: in.Area, Period: p})
	if err != nil {
		return nil, err
	}
	out := &bulletinsOut{}
	out.Body.Items = []BulletinHead{}
	for _, r := range all {
		out.Body.Items = append(out.Body.Items, bulletinHead(r))
	}
	return out, nil
}

// BeginBulletinIn names a report of an area for a period.
type BeginBulletinIn struct {
	Body struct {
		Report string `json:"report" minLength:"1" maxLength:"64" example:"quarterly"`
		Area   string `json:"area" minLength:"1" maxLength:"64" example:"320900"`
		Period string `json:"period" minLength:"4" maxLength:"16" example:"2024Q3"`
	}
}

type begunBulletin struct {
	Body struct {
		ID int64 `json:"id" example:"710"`
	}
}

// beginBulletin begins a report; one that has begun is given.
func (s *server) beginBulletin(ctx context.Context, c *caller, in *BeginBulletinIn) (*begunBulletin, error) {
	p, err := s.periodIn(c, "/period", in.Body.Period)
	if err != nil {
		return nil, err
	}
	out := &begunBulletin{}
	out.Body.ID, err = s.Bulletins.Begin(ctx, c.scope, in.Body.Report, in.Body.Area, p)
	return out, err
}

// BulletinFigure is a figure of a report. Values are exact fractions.
type BulletinFigure struct {
	Table     string    `json:"table" example:"counties"`
	Area      string    `json:"area" example:"320902"`
	Indicator string    `json:"indicator" example:"completed_share"`
	Name      i18n.Text `json:"name"`
	Method    string    `json:"method" example:"1" doc:"方法版本 · version of the method"`
	Period    string    `json:"period" example:"2024Q3"`
	Value     string    `json:"value,omitempty" example:"13/20" doc:"精确分数；金额以分计，比例以 1 计；没有则不给 · an exact fraction: fen of an amount, shares of 1; left out where there is none"`
	Shown     string    `json:"shown,omitempty" example:"65.0%"`
	Unit      string    `json:"unit,omitempty" example:"家"`
	Counted   int       `json:"counted" example:"13"`
	Within    int       `json:"within" example:"20"`
	Open      int       `json:"open" example:"2" doc:"是否计入还无法判定的对象数 · subjects of which it is not known"`
	Verified  int       `json:"verified" example:"9" doc:"只凭已核实数据计入的数 · counted by verified data alone"`
	Before    string    `json:"before,omitempty" example:"3/5" doc:"上期 · of the period before"`
	YearAgo   string    `json:"year_before,omitempty" example:"1/2" doc:"上年同期 · of the year before"`
	Points    string    `json:"points,omitempty" example:"91/2" doc:"考核得分 · of an appraisal"`
	Target    string    `json:"target,omitempty" example:"yancheng-2022/B110" doc:"对应的目标；以下只按已核实数据，没有则不给 · the target that it is held against; what follows is told by verified data alone and left out where it is not known"`
	Actual    string    `json:"actual,omitempty" example:"9/20" doc:"所承诺的数：数值本身或其变化 · what of it is promised: itself, or by how much it has changed"`
	Promise   string    `json:"promise,omitempty" example:"1" doc:"任务数，或目标本身 · the quota, or the target itself"`
	Need      string    `json:"need,omitempty" example:"251/274" doc:"期末按路径应达 · where the path to it is at the end of the period"`
	Distance  string    `json:"distance,omitempty" example:"-1277/2740" doc:"actual 减 need · actual less need"`
	Standing  string    `json:"target_state,omitempty" enum:"reached,on_track,behind,late,unknown" example:"behind"`
	Quarter   string    `json:"quarter,omitempty" enum:"upper,middle,lower" example:"middle" doc:"在同级各地里的位置 · where the area lies among those beside it"`
	Place     int       `json:"place,omitempty" example:"3" doc:"只在方案已按文件开启排名时给出 · only where the ranking of the plan was switched on by a document"`
}

func fraction(r *big.Rat) string {
	if r == nil {
		return ""
	}
	return r.RatString()
}

func bulletinFigure(x bulletin.Sight, f bulletin.Figure) BulletinFigure {
	h := x.Head(f.Indicator)
	out := BulletinFigure{
		Table: f.Part, Area: f.Area, Indicator: f.Indicator, Name: h.Name, Method: f.Method, Period: f.Period.String(), Value: fraction(f.Value), Shown: h.Number(f.Value), Unit: h.UnitBeside(),
		Counted: f.Counted, Within: f.Within, Open: f.Open, Verified: f.VerifiedCounted, Before: fraction(f.Before), YearAgo: fraction(f.YearBefore), Points: fraction(f.Points),
		Target: f.Target, Actual: fraction(f.Actual), Promise: fraction(f.Promise), Need: fraction(f.Need), Distance: fraction(f.Distance()), Standing: string(f.State), Quarter: string(f.Quarter), Place: f.Place,
	}
	if out.Area == "" {
		out.Area = x.Area
	}
	return out
}

type bulletinWord struct {
	Question string    `json:"question" example:"summary"`
	Ask      i18n.Text `json:"ask"`
	Text     string    `json:"text" example:"三季度总体平稳（演示）"`
	Required bool      `json:"required" example:"true"`
	Most     int       `json:"most" example:"1500" doc:"最多字数 · characters at most"`
}

type bulletinSource struct {
	Area    string `json:"area" example:"320902"`
	Period  string `json:"period" example:"2024-09"`
	State   string `json:"state" enum:"missing,draft,prepared,sealed" example:"sealed"`
	Edition int64  `json:"edition,omitempty" example:"711"`
}

type bulletinScore struct {
	Area  string `json:"area" example:"320902"`
	Total string `json:"total,omitempty" example:"91/2" doc:"有一项未知则不给 · left out where a part is not known"`
	Rank  int    `json:"rank,omitempty" example:"1" doc:"没有文件要求排名则不给 · left out where no document asks for ranks"`
}

type bulletinOut struct {
	Body struct {
		BulletinHead
		Edition    int              `json:"edition" example:"1"`
		Reason     string           `json:"reason,omitempty" example:"补报一家企业" doc:"更正原因 · why it was corrected"`
		Shows      string           `json:"shows" enum:"draft,prepared,sealed" example:"sealed" doc:"这一版 · this edition"`
		Definition string           `json:"definition" example:"b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78" doc:"所用定义的哈希 · hash of the definition"`
		Seq        int64            `json:"seq" example:"42" doc:"数字截至的提交号 · commit as of which the figures are"`
		SignedAt   string           `json:"signed_at,omitempty" format:"date-time" example:"2024-10-24T09:00:00+08:00"`
		Figures    []BulletinFigure `json:"figures" nullable:"false"`
		Scores     []bulletinScore  `json:"scores" nullable:"false"`
		RankedBy   []string         `json:"ranked_by,omitempty" example:"[\"盐政办〔2024〕测试9号\"]" doc:"要求排名的文号；没有则不排名 · documents that ask for ranks; nobody is ranked where there is none"`
		Words      []bulletinWord   `json:"words" nullable:"false"`
		Sources    []bulletinSource `json:"sources" nullable:"false" doc:"由哪些县级报告汇集 · which reports of counties it is made of"`
		Lacks      []i18n.Text      `json:"lacks" nullable:"false" doc:"提交前还缺什么 · what keeps it from being handed on"`
	}
}

// BulletinIn names an edition of a report.
type BulletinIn struct {
	ID      int64 `path:"id" minimum:"1" example:"710"`
	Edition int   `query:"edition" minimum:"0" example:"1" doc:"不填为最新一版 · the newest where it is left out"`
}

// getBulletin is an edition of a report.
func (s *server) getBulletin(ctx context.Context, c *caller, in *BulletinIn) (*bulletinOut, error) {
	x, err := s.Bulletins.Sight(ctx, c.scope, in.ID, in.Edition, 0)
	if err != nil {
		return nil, err
	}
	return bulletinBody(x), nil
}

func bulletinBody(x bulletin.Sight) *bulletinOut {
	out := &bulletinOut{}
	b := &out.Body
	b.BulletinHead, b.Edition, b.Reason, b.Shows, b.Definition, b.Seq = bulletinHead(x.Report), x.Edition.N, x.Edition.Reason, string(x.Edition.State()), x.Definition.Hash, x.Seq
	b.Figures, b.Scores, b.Words, b.Sources, b.Lacks = []BulletinFigure{}, []bulletinScore{}, []bulletinWord{}, []bulletinSource{}, []i18n.Text{}
	if step, ok := x.Edition.Signed(); ok {
		b.SignedAt = instant(step.At)
	}
	for _, f := range x.Figures {
		b.Figures = append(b.Figures, bulletinFigure(x, f))
	}
	b.RankedBy = x.RankedBy()
	for _, score := range x.Scores() {
		b.Scores = append(b.Scores, bulletinScore{score.Area, fraction(score.Total), score.Rank})
	}
	for _, q := range x.Definition.Questions {
		b.Words = append(b.Words, bulletinWord{q.Code, q.Ask, x.Words[q.Code].Text, q.Required, q.Most})
	}
	for _, from := range x.Sources {
		b.Sources = append(b.Sources, bulletinSource{from.Area, from.Period.String(), string(from.State), from.Edition})
	}
	if x.Edition.State() == bulletin.Draft {
		for _, m := range x.Lacks() {
			b.Lacks = append(b.Lacks, both(m))
		}
	}
	return out
}

// SayBulletinIn is answers by question.
type SayBulletinIn struct {
	ID   int64 `path:"id" minimum:"1" example:"710"`
	Body struct {
		Words map[string]string `json:"words" example:"{\"summary\": \"三季度总体平稳（演示）\"}" doc:"答案，按问题代码 · answers by question"`
	}
}

// sayBulletin keeps answers.
func (s *server) sayBulletin(ctx context.Context, c *caller, in *SayBulletinIn) (*bulletinOut, error) {
	if err := s.Bulletins.Say(ctx, c.scope, in.ID, in.Body.Words); err != nil {
		return nil, err
	}
	return s.getBulletin(ctx, c, &BulletinIn{ID: in.ID})
}

// StepBulletinIn is what is done with a report.
type StepBulletinIn struct {
	ID   int64 `path:"id" minimum:"1" example:"710"`
	Body struct {
		Step   string `json:"step" enum:"submit,return,sign,revise" example:"submit" doc:"提交、退回、签发、更正 · hand on, give back, sign, correct"`
		Seq    int64  `json:"seq,omitempty" minimum:"0" example:"42" doc:"提交时看到的提交号；不填为现在 · of submit: the commit that was seen, now where it is left out"`
		Reason string `json:"reason,omitempty" maxLength:"500" example:"补报一家企业" doc:"退回或更正的原因 · why it is given back or corrected"`
	}
}

// stepBulletin hands a report on, gives it back, signs it or begins a correction.
func (s *server) stepBulletin(ctx context.Context, c *caller, in *StepBulletinIn) (*bulletinOut, error) {
	var err error
	switch in.Body.Step {
	case "submit":
		err = s.Bulletins.Submit(ctx, c.scope, in.ID, in.Body.Seq)
	case "return":
		err = s.Bulletins.Return(ctx, c.scope, in.ID, in.Body.Reason)
	case "sign":
		err = s.Bulletins.Sign(ctx, c.scope, in.ID)
	case "revise":
		err = s.Bulletins.Revise(ctx, c.scope, in.ID, in.Body.Reason)
	}
	if err != nil {
		return nil, err
	}
	return s.getBulletin(ctx, c, &BulletinIn{ID: in.ID})
}

type recomputedFigure struct {
	BulletinFigure
	Now           string `json:"now,omitempty" example:"13/20" doc:"按签发时的数据重算 · worked out again as of then"`
	Same          bool   `json:"same" example:"true"`
	MethodChanged bool   `json:"method_changed,omitempty" example:"false" doc:"方法已变，不可比 · its method is another one today"`
}

type recomputedOut struct {
	Body struct {
		Seq     int64              `json:"seq" example:"42"`
		Figures []recomputedFigure `json:"figures" nullable:"false"`
	}
}

// recomputeBulletin works a signed edition out again at its commit.
func (s *server) recomputeBulletin(ctx context.Context, c *caller, in *BulletinIn) (*recomputedOut, error) {
	x, err := s.Bulletins.Sight(ctx, c.scope, in.ID, in.Edition, 0)
	if err != nil {
		return nil, err
	}
	all, err := s.Bulletins.Recompute(ctx, c.scope, in.ID, in.Edition)
	if err != nil {
		return nil, err
	}
	out := &recomputedOut{}
	out.Body.Seq, out.Body.Figures = x.Seq, []recomputedFigure{}
	for _, r := range all {
		out.Body.Figures = append(out.Body.Figures, recomputedFigure{bulletinFigure(x, r.Then), fraction(r.Now.Value), !r.Differs() && !r.MethodChanged, r.MethodChanged})
	}
	return out, nil
}

type siteTask struct {
	ID   int64  `json:"id" example:"720"`
	What string `json:"what" example:"报送未诊断企业名单（演示）"`
	Area string `json:"area" example:"320902"`
	Due  string `json:"due" format:"date" example:"2024-11-15"`
	Done bool   `json:"done" example:"false"`
	Note string `json:"note,omitempty" example:"名单已报（演示）" doc:"最近的办理情况 · what was said last"`
}

type siteMeeting struct {
	ID      int64      `json:"id" example:"715"`
	Duty    string     `json:"duty,omitempty" example:"programme/on_site"`
	Area    string     `json:"area" example:"320900"`
	Day     string     `json:"day" format:"date" example:"2024-10-17"`
	Title   string     `json:"title" example:"十月现场推进会（演示）"`
	Place   string     `json:"place" example:"大丰区（演示）"`
	Offices string     `json:"offices" example:"各县（市、区）工信局"`
	Minutes string     `json:"minutes,omitempty" example:"议定排出名单（演示）"`
	Tasks   []siteTask `json:"tasks" nullable:"false"`
}

type siteMeetingsOut struct {
	Body struct {
		Items []siteMeeting `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
		Tasks []siteTask    `json:"tasks" nullable:"false" doc:"看得到的地区的事项，按期限 · tasks of areas that the caller sees, by day"`
	}
}

func siteTaskOf(t bulletin.Task) siteTask {
	out := siteTask{ID: t.ID, What: t.What, Area: t.Area, Due: t.Due.String(), Done: t.Done()}
	if n := len(t.Steps); n > 0 {
		out.Note = t.Steps[n-1].Note
	}
	return out
}

// listSiteMeetings is meetings on site, and what follows from them.
func (s *server) listSiteMeetings(ctx context.Context, c *caller, _ *struct{}) (*siteMeetingsOut, error) {
	all, err := s.Bulletins.Meetings(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	tasks, err := s.Bulletins.Tasks(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	out := &siteMeetingsOut{}
	out.Body.Items, out.Body.Tasks = []siteMeeting{}, []siteTask{}
	for _, m := range all {
		x := siteMeeting{ID: m.ID, Duty: m.Duty, Area: m.Area, Day: m.Day.String(), Title: m.Title, Place: m.Place, Offices: m.Offices, Tasks: []siteTask{}}
		if n := len(m.Minutes); n > 0 {
			x.Minutes = m.Minutes[n-1].Text
		}
		for _, t := range m.Tasks {
			x.Tasks = append(x.Tasks, siteTaskOf(t))
		}
		out.Body.Items = append(out.Body.Items, x)
	}
	for _, t := range tasks {
		out.Body.Tasks = append(out.Body.Tasks, siteTaskOf(t))
	}
	return out, nil
}

// HoldMeetingIn is a meeting on site.
type HoldMeetingIn struct {
	Body struct {
		Duty    string `json:"duty,omitempty" maxLength:"130" example:"programme/on_site"`
		Area    string `json:"area" minLength:"1" maxLength:"64" example:"320900"`
		Day     string `json:"day" minLength:"10" maxLength:"10" example:"2024-10-17"`
		Title   string `json:"title" minLength:"1" maxLength:"100" example:"十月现场推进会（演示）"`
		Place   string `json:"place" minLength:"1" maxLength:"100" example:"大丰区（演示）"`
		Offices string `json:"offices" minLength:"1" maxLength:"10000" example:"各县（市、区）工信局"`
	}
}

// dayIn reads a day that a caller names.
func (s *server) dayIn(c *caller, pointer, text string) (period.Day, error) {
	d, err := period.ParseDay(text)
	if err != nil {
		return 0, s.wrongBody(c, pointer, i18n.M("content.want_day", text))
	}
	return d, nil
}

// holdSiteMeeting notes a meeting on site.
func (s *server) holdSiteMeeting(ctx context.Context, c *caller, in *HoldMeetingIn) (*begunBulletin, error) {
	b := in.Body
	day, err := s.dayIn(c, "/day", b.Day)
	if err != nil {
		return nil, err
	}
	out := &begunBulletin{}
	out.Body.ID, err = s.Bulletins.Hold(ctx, c.scope, bulletin.NewMeeting{Duty: b.Duty, Area: b.Area, Day: day, Title: b.Title, Place: b.Place, Offices: b.Offices})
	return out, err
}

// WriteMinutesIn is the minutes of a meeting.
type WriteMinutesIn struct {
	ID   int64 `path:"id" minimum:"1" example:"715"`
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"10000" example:"议定排出名单（演示）"`
	}
}

// writeMinutes writes minutes; earlier ones stay.
func (s *server) writeMinutes(ctx context.Context, c *caller, in *WriteMinutesIn) (*siteMeetingsOut, error) {
	if err := s.Bulletins.Write(ctx, c.scope, in.ID, in.Body.Text); err != nil {
		return nil, err
	}
	return s.listSiteMeetings(ctx, c, nil)
}

// GiveTaskIn is a task that follows from a meeting.
type GiveTaskIn struct {
	ID   int64 `path:"id" minimum:"1" example:"715"`
	Body struct {
		What string `json:"what" minLength:"1" maxLength:"500" example:"报送未诊断企业名单（演示）"`
		Area string `json:"area" minLength:"1" maxLength:"64" example:"320902"`
		Due  string `json:"due" minLength:"10" maxLength:"10" example:"2024-11-15"`
	}
}

// giveSiteTask gives a task to the office of an area.
func (s *server) giveSiteTask(ctx context.Context, c *caller, in *GiveTaskIn) (*begunBulletin, error) {
	due, err := s.dayIn(c, "/due", in.Body.Due)
	if err != nil {
		return nil, err
	}
	out := &begunBulletin{}
	out.Body.ID, err = s.Bulletins.Give(ctx, c.scope, in.ID, bulletin.NewTask{What: in.Body.What, Area: in.Body.Area, Due: due})
	return out, err
}

// DoTaskIn says what was done about a task.
type DoTaskIn struct {
	ID   int64 `path:"id" minimum:"1" example:"720"`
	Body struct {
		Step string `json:"step" enum:"done,reopen" example:"done"`
		Note string `json:"note" minLength:"1" maxLength:"500" example:"名单已报（演示）"`
	}
}

// doSiteTask says that a task is done, or has to be done again.
func (s *server) doSiteTask(ctx context.Context, c *caller, in *DoTaskIn) (*siteMeetingsOut, error) {
	if err := s.Bulletins.Do(ctx, c.scope, in.ID, in.Body.Step, in.Body.Note); err != nil {
		return nil, err
	}
	return s.listSiteMeetings(ctx, c, nil)
}

type warningRow struct {
	ID        int64  `json:"id" example:"730"`
	Rule      string `json:"rule" example:"coverage_low"`
	Area      string `json:"area" example:"320902"`
	Indicator string `json:"indicator" example:"completed_share"`
	Period    string `json:"period" example:"2024-10"`
	Seq       int64  `json:"seq" example:"42"`
	Value     string `json:"value,omitempty" example:"1/4"`
	Looked    string `json:"looked" example:"1/4" doc:"与界限比较的数：数值、变化、增幅或未知比例 · what was held against the bound"`
	Bound     string `json:"bound" example:"<50%"`
	Within    int    `json:"within" example:"12"`
	Open      bool   `json:"open" example:"true"`
	Became    string `json:"became,omitempty" enum:"close,gone" example:"close" doc:"写明理由关闭，或原因消除 · closed with a reason, or its cause is gone"`
	Note      string `json:"note,omitempty" example:"已列入计划（演示）"`
	At        string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

type warningsOut struct {
	Body struct {
		Items []warningRow `json:"items" nullable:"false" doc:"未关闭的在前，其余新的在前 · open ones first, then the newest"`
	}
}

// listWarnings is early warnings of areas that the caller may read of.
func (s *server) listWarnings(ctx context.Context, c *caller, _ *struct{}) (*warningsOut, error) {
	all, err := s.Bulletins.Warnings(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	out := &warningsOut{}
	out.Body.Items = []warningRow{}
	for _, w := range all {
		row := warningRow{
			ID: w.ID, Rule: w.Rule, Area: w.Area, Indicator: w.Indicator, Period: w.Period.String(), Seq: w.Seq, Value: fraction(w.Value), Looked: fraction(w.Looked), Bound: w.Limit, Within: w.Within,
			Open: w.Open(), At: instant(w.At),
		}
		if len(w.Steps) > 0 {
			row.Became, row.Note = w.Steps[0].Step, w.Steps[0].Note
		}
		out.Body.Items = append(out.Body.Items, row)
	}
	return out, nil
}

// CloseWarningIn is why a warning is closed.
type CloseWarningIn struct {
	ID   int64 `path:"id" minimum:"1" example:"730"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500" example:"已列入计划（演示）"`
	}
}

// closeWarning closes a warning with a reason.
func (s *server) closeWarning(ctx context.Context, c *caller, in *CloseWarningIn) (*warningsOut, error) {
	if err := s.Bulletins.Close(ctx, c.scope, in.ID, in.Body.Reason); err != nil {
		return nil, err
	}
	return s.listWarnings(ctx, c, nil)
}

func (s *server) registerBulletins() {
	read, write := access.Need{Action: access.ReadBulletins, Area: true}, access.Need{Action: access.WriteBulletins, Area: true}
	handle(s, operation{id: "list_duties", tag: "bulletins", method: http.MethodGet, path: "/duties", need: read}, s.listDuties)
	handle(s, operation{id: "list_bulletins", tag: "bulletins", method: http.MethodGet, path: "/bulletins", need: read}, s.listBulletins)
	handle(s, operation{id: "begin_bulletin", tag: "bulletins", method: http.MethodPost, path: "/bulletins", need: write}, s.beginBulletin)
	handle(s, operation{id: "get_bulletin", tag: "bulletins", method: http.MethodGet, path: "/bulletins/{id}", need: read}, s.getBulletin)
	handle(s, operation{id: "say_bulletin", tag: "bulletins", method: http.MethodPost, path: "/bulletins/{id}/words", need: write}, s.sayBulletin)
	handle(s, operation{id: "step_bulletin", tag: "bulletins", method: http.MethodPost, path: "/bulletins/{id}/step", need: write}, s.stepBulletin)
	handle(s, operation{id: "recompute_bulletin", tag: "bulletins", method: http.MethodGet, path: "/bulletins/{id}/again", need: read}, s.recomputeBulletin)
	handle(s, operation{id: "list_site_meetings", tag: "bulletins", method: http.MethodGet, path: "/site-meetings", need: read}, s.listSiteMeetings)
	handle(s, operation{id: "hold_site_meeting", tag: "bulletins", method: http.MethodPost, path: "/site-meetings", need: write, status: http.StatusCreated, once: true}, s.holdSiteMeeting)
	handle(s, operation{id: "write_minutes", tag: "bulletins", method: http.MethodPost, path: "/site-meetings/{id}/minutes", need: write}, s.writeMinutes)
	handle(s, operation{id: "give_site_task", tag: "bulletins", method: http.MethodPost, path: "/site-meetings/{id}/tasks", need: write, status: http.StatusCreated, once: true}, s.giveSiteTask)
	handle(s, operation{id: "do_site_task", tag: "bulletins", method: http.MethodPost, path: "/site-tasks/{id}", need: write}, s.doSiteTask)
	handle(s, operation{id: "list_warnings", tag: "bulletins", method: http.MethodGet, path: "/warnings", need: read}, s.listWarnings)
	handle(s, operation{id: "close_warning", tag: "bulletins", method: http.MethodPost, path: "/warnings/{id}/close", need: write}, s.closeWarning)
}
