package api

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"net/http"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// LotShare is what an institute won of a lot.
type LotShare struct {
	Institute int64  `json:"institute" minimum:"1" example:"81"`
	Firms     int    `json:"firms" minimum:"1" maximum:"10000" example:"6" doc:"中标家数 · firms"`
	Fee       string `json:"fee" minLength:"1" maxLength:"40" example:"6万元" doc:"每家 · a firm"`
}

// LotHead is a lot of firms that were put out to tender together.
type LotHead struct {
	Name      string     `json:"name" minLength:"1" maxLength:"200" example:"2024年第一批（演示）"`
	Kind      string     `json:"kind" enum:"digital,green" example:"digital"`
	Year      int        `json:"year" minimum:"2015" maximum:"2100" example:"2024"`
	Area      string     `json:"area" minLength:"1" maxLength:"64" example:"320900"`
	Divisions []string   `json:"divisions,omitempty" maxItems:"100" nullable:"false" example:"[\"34\"]"`
	Sizes     []string   `json:"sizes,omitempty" maxItems:"10" nullable:"false" example:"[\"small\"]"`
	Ceiling   string     `json:"ceiling" minLength:"1" maxLength:"40" example:"8万元" doc:"每家费用上限 · the most that a firm may cost"`
	Line      int64      `json:"line,omitempty" minimum:"0" example:"0" doc:"预算科目；没有则不在本系统支付 · budget line; none where it is not paid here"`
	Document  string     `json:"document" minLength:"1" maxLength:"200" example:"演示采购文件"`
	Shares    []LotShare `json:"shares" minItems:"1" maxItems:"200" nullable:"false"`
}

type LotEntry struct {
	ID int64 `json:"id" example:"82"`
	LotHead
	Closed string `json:"closed,omitempty" format:"date-time" example:"2024-12-31T09:00:00+08:00" doc:"已结束 · it is closed"`
	Freed  string `json:"freed,omitempty" example:"60000.00" doc:"结束时退回的预算，元 · yuan of its budget that became free"`
	Budget string `json:"budget" example:"360000.00" doc:"元，全部诊断时 · yuan, where all are diagnosed"`
	At     string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

func lotEntryOf(l diagnosis.Lot) LotEntry {
	x := LotEntry{ID: l.ID, At: instant(l.At), Budget: l.Budget().String(), LotHead: LotHead{
		Name: l.Name, Kind: string(l.Kind), Year: l.Year, Area: l.Area, Divisions: l.Divisions, Sizes: l.Sizes, Ceiling: l.Ceiling.String(), Line: l.Line, Document: l.Document, Shares: []LotShare{},
	}}
	if l.ClosedAt != 0 {
		x.Closed, x.Freed = instant(l.ClosedAt), l.Freed.String()
	}
	for _, s := range l.Shares {
		x.Shares = append(x.Shares, LotShare{s.Institute, s.Firms, s.Fee.String()})
	}
	return x
}

type lotsOut struct {
	Body struct {
		Items []LotEntry `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
	}
}

func (s *server) listLots(ctx context.Context, c *caller, _ *struct{}) (*lotsOut, error) {
	all, err := s.Diagnoses.Lots(ctx, c.scope)
	out := &lotsOut{}
	out.Body.Items = []LotEntry{}
	for _, l := range all {
		out.Body.Items = append(out.Body.Items, lotEntryOf(l))
	}
	return out, err
}

func (s *server) addLot(ctx context.Context, c *caller, in *struct{ Body LotHead }) (*idOut, error) {
	b := in.Body
	l := diagnosis.Lot{Name: b.Name, Kind: diagnosis.Kind(b.Kind), Year: b.Year, Area: b.Area, Divisions: b.Divisions, Sizes: b.Sizes, Line: b.Line, Document: b.Document}
	var err error
	if l.Ceiling, err = money.Parse(b.Ceiling); err != nil {
		return nil, s.wrongBody(c, "/ceiling", i18n.M("diagnosispage.bad_amount", b.Ceiling))
	}
	for i, x := range b.Shares {
		fee, err := money.Parse(x.Fee)
		if err != nil {
			return nil, s.wrongBody(c, fmt.Sprintf("/shares/%d/fee", i), i18n.M("diagnosispage.bad_amount", x.Fee))
		}
		l.Shares = append(l.Shares, diagnosis.Share{Institute: x.Institute, Firms: x.Firms, Fee: fee})
	}
	l, err = s.Diagnoses.AddLot(ctx, c.scope, l)
	out := &idOut{}
	out.Body.ID = l.ID
	return out, err
}

// LotIn names a lot.
type LotIn struct {
	ID int64 `path:"id" minimum:"1" example:"82"`
}

// wantedFirm is an enterprise of a lot that is to be diagnosed.
type wantedFirm struct {
	Enterprise *Firm  `json:"enterprise,omitempty"`
	Division   string `json:"division,omitempty" example:"34"`
	Size       string `json:"size,omitempty" example:"small"`
}

type lotOut struct {
	Body struct {
		LotEntry
		Wanted []wantedFirm `json:"wanted" nullable:"false" doc:"待诊断企业：规上、没有做过也不在做 · above scale, neither diagnosed nor under way"`
		Total  int          `json:"total" example:"3"`
		Next   string       `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) getLot(ctx context.Context, c *caller, in *struct {
	LotIn
	Paging
},
) (*lotOut, error) {
	at, err := in.open(c, c.listName("lot", in.ID))
	if err != nil {
		return nil, err
	}
	l, err := s.Diagnoses.Lot(ctx, c.scope, in.ID)
	if err != nil {
		return nil, err
	}
	m, err := s.at(ctx, c, Knowledge{AsOf: at.Day, Known: at.Commit})
	if err != nil {
		return nil, err
	}
	wanted, err := s.Diagnoses.Wanted(ctx, m.View, l)
	if err != nil {
		return nil, err
	}
	out := &lotOut{}
	b := &out.Body
	b.LotEntry, b.Wanted, b.Total, b.Next = lotEntryOf(l), []wantedFirm{}, len(wanted), at.next(m, at.From+in.Limit, len(wanted))
	first := min(at.From, len(wanted))
	for _, w := range wanted[first:min(first+in.Limit, len(wanted))] {
		b.Wanted = append(b.Wanted, wantedFirm{s.firmOfCase(m, w.ID), w.Division, w.Size})
	}
	return out, nil
}

type openedOut struct {
	Body struct {
		Cases []int64 `json:"cases" nullable:"false" example:"[95]"`
		Left  []int64 `json:"left" nullable:"false" example:"[]" doc:"没有机构能承接的企业 · enterprises that no institute may take"`
	}
}

func (s *server) openDiagnoses(ctx context.Context, c *caller, in *struct {
	LotIn
	Body struct {
		Enterprises []int64 `json:"enterprises" minItems:"1" maxItems:"500" nullable:"false" example:"[17]"`
	}
},
) (*openedOut, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	got, err := s.Diagnoses.OpenCases(ctx, c.scope, s.Cases, m.View, in.ID, in.Body.Enterprises)
	if err != nil {
		return nil, err
	}
	out := &openedOut{}
	out.Body.Cases, out.Body.Left = append([]int64{}, got.Cases...), []int64{}
	for _, w := range got.Left {
		out.Body.Left = append(out.Body.Left, w.ID)
	}
	return out, nil
}

// closeLot ends a lot, and frees what is left of its budget.
func (s *server) closeLot(ctx context.Context, c *caller, in *LotIn) (*nothing, error) {
	return &nothing{}, s.Diagnoses.CloseLot(ctx, c.scope, in.ID)
}

// DiagnosisQuery chooses diagnoses.
type DiagnosisQuery struct {
	Kind      string `query:"kind" enum:"digital,green" example:"digital"`
	Year      int    `query:"year" minimum:"0" example:"2024"`
	Lot       int64  `query:"lot" minimum:"0" example:"82"`
	Institute int64  `query:"institute" minimum:"0" example:"81"`
	Area      string `query:"area" maxLength:"64" example:"320902"`
	State     string `query:"state" maxLength:"64" example:"answers"`
}

func (s *server) keeps(q DiagnosisQuery, r diagnosis.Row) bool {
	return (q.Kind == "" || string(r.Kind) == q.Kind) && (q.Year == 0 || r.Year == q.Year) && (q.Lot == 0 || r.Lot == q.Lot) && (q.Institute == 0 || r.Of(q.Institute)) &&
		(q.Area == "" || s.Library.Areas().Within(r.Area, q.Area)) && (q.State == "" || r.State == q.State)
}

// diagnosisRow is a diagnosis with what became of it.
type diagnosisRow struct {
	Case       int64  `json:"case" example:"95"`
	Lot        int64  `json:"lot" example:"82"`
	Kind       string `json:"kind" example:"digital"`
	Year       int    `json:"year" example:"2024"`
	Enterprise int64  `json:"enterprise" example:"17"`
	Name       string `json:"name" example:"盐城亭湖甲机械有限公司"`
	Area       *Node  `json:"area,omitempty"`
	Institute  int64  `json:"institute,omitempty" example:"81"`
	State      string `json:"state" example:"answers"`
	Ended      string `json:"ended,omitempty" example:"done"`
	Advice     int    `json:"advice" example:"5"`
	Adopted    int    `json:"adopted" example:"2"`
	Later      int    `json:"later" example:"2"`
	No         int    `json:"no" example:"1"`
	Filed      int    `json:"filed" example:"1" doc:"已立项 · pieces of advice that were filed"`
	Built      int    `json:"built" example:"1" doc:"项目已验收 · whose project was accepted"`
	Mark       string `json:"mark,omitempty" example:"84" doc:"第三方评分 · of the third party"`
	LevelWas   string `json:"level_was,omitempty" example:"1" doc:"诊断时的级别 · when it was diagnosed"`
	LevelIs    string `json:"level_is,omitempty" example:"3" doc:"最近一次级别 · the last one since"`
}

type diagnosesOut struct {
	Body struct {
		Items []diagnosisRow `json:"items" nullable:"false" doc:"新的在前 · the newest first"`
		Total int            `json:"total" example:"1"`
		Next  string         `json:"next,omitempty" example:"eyJjIjo0Miwi"`
	}
}

func (s *server) listDiagnoses(ctx context.Context, c *caller, in *struct {
	DiagnosisQuery
	Paging
},
) (*diagnosesOut, error) {
	at, err := in.open(c, c.listName("diagnoses", in.DiagnosisQuery))
	if err != nil {
		return nil, err
	}
	rows, err := s.Diagnoses.Rows(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0) // who sees a diagnosis is told whose it is
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r diagnosis.Row) bool { return !s.keeps(in.DiagnosisQuery, r) })
	out := &diagnosesOut{}
	b := &out.Body
	b.Items, b.Total, b.Next = []diagnosisRow{}, len(rows), at.next(moment{}, at.From+in.Limit, len(rows))
	first := min(at.From, len(rows))
	for _, r := range rows[first:min(first+in.Limit, len(rows))] {
		x := diagnosisRow{
			Case: r.Case, Lot: r.Lot, Kind: string(r.Kind), Year: r.Year, Enterprise: r.Firm, Name: nameOfFirm(whole, r.Firm), Area: nodeOf(s.Library.Areas(), r.Area), Institute: r.Institute,
			State: r.State, Ended: r.Ended, Advice: r.Advice, Adopted: r.Adopted, Later: r.Later, No: r.No, Filed: r.Filed, Built: r.Built, LevelWas: r.Level.Was, LevelIs: r.Level.Is,
		}
		if r.Mark != nil {
			x.Mark = exactText(big.NewRat(r.Mark.Score, 100))
		}
		b.Items = append(b.Items, x)
	}
	return out, nil
}

// DiagnosisFinding is what was found.
type DiagnosisFinding struct {
	ID    string `json:"id" pattern:"^[a-z][a-z0-9_]{0,63}$" example:"f1"`
	Part  string `json:"part,omitempty" maxLength:"64" example:"f3" doc:"评价模型的部分 · part of the model"`
	Title string `json:"title" maxLength:"2000" example:"设备联网率低"`
	State string `json:"state" maxLength:"2000" example:"车间主要设备没有联网，靠人工抄表（演示）。"`
	Gap   string `json:"gap" maxLength:"2000" example:"联网设备比同行少一半以上，数据滞后（演示）。"`
	Proof string `json:"proof" maxLength:"2000" example:"设备清单（演示）"`
}

// DiagnosisAdvice is what a firm is told to do.
type DiagnosisAdvice struct {
	ID       string `json:"id" pattern:"^[a-z][a-z0-9_]{0,63}$" example:"a1"`
	Finding  string `json:"finding" maxLength:"64" example:"f1"`
	Title    string `json:"title" maxLength:"100" example:"设备联网采集"`
	What     string `json:"what" maxLength:"2000" example:"给关键设备加装采集模块，统一接入车间网关（演示）。"`
	Scenario string `json:"scenario" maxLength:"64" example:"capture" doc:"代码表 scenarios · of the code list scenarios"`
	Least    string `json:"least" maxLength:"40" example:"460万元"`
	Most     string `json:"most" maxLength:"40" example:"620万元"`
	Months   int    `json:"months" minimum:"0" maximum:"240" example:"24" doc:"回收期 · payback"`
	Fact     string `json:"fact,omitempty" maxLength:"64" example:"ent.devices_networked" doc:"衡量成效的数据项 · by which its effect is measured"`
	Expected string `json:"expected" maxLength:"2000" example:"联网设备从二十台到五十台（演示）"`
	Proof    string `json:"proof" maxLength:"2000" example:"两家询价（演示）"`
	Example  string `json:"example,omitempty" maxLength:"64" example:"antewei"`
}

// DiagnosisReport is what an institute writes of a firm.
type DiagnosisReport struct {
	Summary  string             `json:"summary" maxLength:"2000" example:"企业有数控设备但没有联网，产量和停机靠人工抄表，排产凭经验。建议先联网采集，再上排产与追溯，分两期投入，用能管理一并做（演示报告）。"`
	Barrier  string             `json:"barrier" maxLength:"64" example:"plan" doc:"代码表 barriers · of the code list barriers"`
	Why      string             `json:"why,omitempty" maxLength:"2000" example:"缺少整体方案（演示）"`
	Findings []DiagnosisFinding `json:"findings" maxItems:"50" nullable:"false"`
	Advice   []DiagnosisAdvice  `json:"advice" maxItems:"50" nullable:"false"`
}

func reportBody(r diagnosis.Report) *DiagnosisReport {
	out := &DiagnosisReport{Summary: r.Summary, Barrier: r.Barrier, Why: r.Why, Findings: []DiagnosisFinding{}, Advice: []DiagnosisAdvice{}}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, DiagnosisFinding(f))
	}
	for _, a := range r.Advice {
		out.Advice = append(out.Advice, DiagnosisAdvice{
			a.ID, a.Finding, a.Title, a.What, a.Scenario, a.Least.String(), a.Most.String(), a.Months, a.Fact, a.Expected, a.Proof, a.Example,
		})
	}
	return out
}

// reportOf reads what was sent; an amount that is none is told with its place.
func (s *server) reportOf(c *caller, in DiagnosisReport) (diagnosis.Report, error) {
	out := diagnosis.Report{Summary: in.Summary, Barrier: in.Barrier, Why: in.Why}
	for _, f := range in.Findings {
		out.Findings = append(out.Findings, diagnosis.Finding(f))
	}
	for i, a := range in.Advice {
		x := diagnosis.Advice{
			ID: a.ID, Finding: a.Finding, Title: a.Title, What: a.What, Scenario: a.Scenario, Months: a.Months, Fact: a.Fact, Expected: a.Expected, Proof: a.Proof, Example: a.Example,
		}
		for name, to := range map[string]*money.Fen{"least": &x.Least, "most": &x.Most} {
			text := a.Least
			if name == "most" {
				text = a.Most
			}
			if text == "" {
				continue
			}
			fen, err := money.Parse(text)
			if err != nil {
				return out, s.wrongBody(c, fmt.Sprintf("/report/advice/%d/%s", i, name), i18n.M("diagnosispage.bad_amount", text))
			}
			*to = fen
		}
		out.Advice = append(out.Advice, x)
	}
	return out, nil
}

// adviceAnswer is what a firm answers to a piece of advice.
type adviceAnswer struct {
	Advice string `json:"advice" minLength:"1" maxLength:"64" example:"a1"`
	Answer string `json:"answer" enum:"adopt,later,no" example:"adopt" doc:"采纳、暂缓、不采纳"`
	Reason string `json:"reason,omitempty" maxLength:"2000" example:"明年再定（演示）" doc:"暂缓或不采纳时必填 · wanted where it is not adopted"`
}

type adviceEffect struct {
	Advice string `json:"advice" example:"a1"`
	Filing int64  `json:"filing" example:"120" doc:"立项的办件 · case of the project filing"`
	State  string `json:"state" example:"accepted"`
	Before *Cell  `json:"before,omitempty" doc:"改造前的值 · of the figure that the advice names"`
	Then   string `json:"before_period,omitempty" example:"2023"`
	After  *Cell  `json:"after,omitempty" doc:"项目验收后最近的值 · the last value, once the project was accepted"`
	Since  string `json:"after_period,omitempty" example:"2024"`
}

type assignedTo struct {
	Institute int64  `json:"institute,omitempty" example:"81"`
	How       string `json:"how" enum:"rule,firm,left" example:"rule"`
	Why       string `json:"why" example:"企业自选"`
	At        string `json:"at" format:"date-time" example:"2024-10-31T09:00:00+08:00"`
}

type lintRemark struct {
	At    string `json:"at,omitempty" example:"a1"`
	Text  string `json:"text" example:"没有写预期成效"`
	Stops bool   `json:"stops" example:"true" doc:"不改不能提交 · it is not taken before that is mended"`
}

type diagnosisOut struct {
	Body struct {
		Case       int64            `json:"case" example:"95"`
		Lot        int64            `json:"lot" example:"82"`
		Kind       string           `json:"kind" example:"digital"`
		Enterprise int64            `json:"enterprise" example:"17"`
		State      string           `json:"state" example:"answers"`
		Assigned   []assignedTo     `json:"assigned" nullable:"false" doc:"先后派给谁、为什么 · to whom it was given, and why"`
		Version    int              `json:"version,omitempty" example:"2" doc:"正在写的报告的版本，只给写报告的机构 · of the report that is written, for the institute"`
		Draft      *DiagnosisReport `json:"draft,omitempty" doc:"正在写的报告 · the report that is written"`
		Lint       []lintRemark     `json:"lint" nullable:"false" doc:"系统检查：给写报告的机构；提交后给工信部门 · to the institute while it writes; of what was handed in to offices"`
		Risks      []string         `json:"risks" nullable:"false" example:"[]" doc:"抽中第三方评价的原因，只给工信部门 · why a third party evaluates it, to offices"`
		Hash       string           `json:"hash,omitempty" example:"11e7212c72da"`
		Report     *DiagnosisReport `json:"report,omitempty" doc:"提交的报告；送达前企业看不到 · as handed in; the firm sees it once it is sent"`
		Answers    []adviceAnswer   `json:"answers" nullable:"false"`
		Effects    []adviceEffect   `json:"effects" nullable:"false"`
	}
}

// DiagnosisIn names a diagnosis by its case.
type DiagnosisIn struct {
	ID int64 `path:"id" minimum:"1" example:"95"`
}

func (s *server) getDiagnosis(ctx context.Context, c *caller, in *DiagnosisIn) (*diagnosisOut, error) {
	x, err := s.Diagnoses.Sight(ctx, c.scope, s.Cases, in.ID)
	if err != nil {
		return nil, err
	}
	out := &diagnosisOut{}
	b := &out.Body
	b.Case, b.Lot, b.Kind, b.Enterprise, b.State = x.ID, x.Lot.ID, string(x.Lot.Kind), x.Enterprise, x.State
	b.Assigned, b.Lint, b.Risks, b.Answers, b.Effects = []assignedTo{}, []lintRemark{}, []string{}, []adviceAnswer{}, []adviceEffect{}
	for _, a := range x.Assigned {
		if x.Office || a.How != diagnosis.Left {
			b.Assigned = append(b.Assigned, assignedTo{a.Institute, a.How, c.t.Msg(a.Why), instant(a.At)})
		}
	}
	remarks := func(all []diagnosis.Remark) {
		for _, r := range all {
			b.Lint = append(b.Lint, lintRemark{r.At, c.t.Msg(r.Msg), r.Stops})
		}
	}
	if x.Write {
		b.Version, b.Draft = x.Saved.N, reportBody(x.Saved.Report)
		remarks(x.Lint)
	}
	if x.Report.N == 0 {
		return out, nil
	}
	last := x.Reports[len(x.Reports)-1]
	b.Hash, b.Report = last.Hash, reportBody(x.Report.Report)
	if x.Office {
		remarks(last.Lint)
		for _, m := range last.Risks {
			b.Risks = append(b.Risks, c.t.Msg(m))
		}
	}
	for _, a := range x.Answers {
		b.Answers = append(b.Answers, adviceAnswer{a.Advice, a.Answer, a.Reason})
	}
	b.Effects, err = s.adviceEffects(ctx, c, x)
	return out, err
}

// adviceEffects is what became of adopted advice, as far as the asker may know the firm.
func (s *server) adviceEffects(ctx context.Context, c *caller, x *diagnosis.Sight) ([]adviceEffect, error) {
	m, err := s.at(ctx, c, Knowledge{})
	if err != nil {
		return nil, err
	}
	all, err := s.Diagnoses.Effects(ctx, m.View, x.ID)
	if err != nil {
		return nil, err
	}
	out := []adviceEffect{}
	for _, e := range all {
		row := adviceEffect{Advice: e.Advice, Filing: e.Case, State: e.State}
		a, _ := x.Report.Has(e.Advice)
		if def, ok := s.Library.FactDef(a.Fact); ok {
			if e.Before.State == fact.Present {
				row.Before, row.Then = ptr(s.said(def, e.Before.State, e.Before.Value, e.Before.Precision)), e.Then.String()
			}
			if e.After.State == fact.Present {
				row.After, row.Since = ptr(s.said(def, e.After.State, e.After.Value, e.After.Precision)), e.Since.String()
			}
		}
		out = append(out, row)
	}
	return out, nil
}

// chooseInstitute has the firm agree to the institute that was proposed, or choose another that may take it.
func (s *server) chooseInstitute(ctx context.Context, c *caller, in *struct {
	DiagnosisIn
	Body struct {
		Institute int64 `json:"institute" minimum:"1" example:"81"`
	}
},
) (*nothing, error) {
	return &nothing{}, s.Diagnoses.Agree(ctx, c.scope, s.Cases, in.ID, in.Body.Institute)
}

type savedReportOut struct {
	Body struct {
		Version int          `json:"version" example:"1"`
		Lint    []lintRemark `json:"lint" nullable:"false"`
	}
}

// saveReport keeps a report as a further version.
func (s *server) saveReport(ctx context.Context, c *caller, in *struct {
	DiagnosisIn
	Body struct {
		Version int             `json:"version" minimum:"0" example:"0" doc:"从哪一版改起；已有更新的版本时答 409 · that it was written from; 409 where there is a later one"`
		Report  DiagnosisReport `json:"report"`
	}
},
) (*savedReportOut, error) {
	r, err := s.reportOf(c, in.Body.Report)
	if err != nil {
		return nil, err
	}
	x, err := s.Diagnoses.Save(ctx, c.scope, s.Cases, in.ID, in.Body.Version, r)
	if err != nil {
		return nil, err
	}
	out := &savedReportOut{}
	out.Body.Version, out.Body.Lint = x.N, []lintRemark{}
	for _, m := range diagnosis.Lint(&x.Report, nil) {
		out.Body.Lint = append(out.Body.Lint, lintRemark{m.At, c.t.Msg(m.Msg), m.Stops})
	}
	return out, nil
}

func (s *server) answerAdvice(ctx context.Context, c *caller, in *struct {
	DiagnosisIn
	Body struct {
		Answers []adviceAnswer `json:"answers" minItems:"1" maxItems:"50" nullable:"false" doc:"每条建议都要答复 · each piece of advice is answered"`
	}
},
) (*nothing, error) {
	var all []diagnosis.Answer
	for _, a := range in.Body.Answers {
		all = append(all, diagnosis.Answer{Advice: a.Advice, Answer: a.Answer, Reason: a.Reason})
	}
	return &nothing{}, s.Diagnoses.Reply(ctx, c.scope, s.Cases, in.ID, all)
}

func (s *server) fileAdvice(ctx context.Context, c *caller, in *struct {
	DiagnosisIn
	Body struct {
		Advice string `json:"advice" minLength:"1" maxLength:"64" example:"a1"`
	}
},
) (*idOut, error) {
	id, err := s.Diagnoses.File(ctx, c.scope, s.Cases, in.ID, in.Body.Advice)
	out := &idOut{}
	out.Body.ID = id
	return out, err
}

// diagnosisFigure is diagnoses of a part, counted.
type diagnosisFigure struct {
	Of         string `json:"of,omitempty" example:"320902" doc:"县的代码、机构或批次的编号、类型；合计为空 · code of a county, id of an institute or lot, kind; none of all"`
	Cases      int    `json:"cases" example:"4"`
	Reports    int    `json:"reports" example:"2"`
	Accepted   int    `json:"accepted" example:"1"`
	Advice     int    `json:"advice" example:"5" doc:"企业已答复的建议 · that were answered"`
	Adopted    int    `json:"adopted" example:"2"`
	Filed      int    `json:"filed" example:"1"`
	Built      int    `json:"built" example:"1"`
	Adoption   string `json:"adoption,omitempty" example:"2/5" doc:"采纳率 · advice adopted"`
	Conversion string `json:"conversion,omitempty" example:"1/5" doc:"方案转化实施率 · advice that became a project that was accepted"`
	Lifted     string `json:"lifted,omitempty" example:"1" doc:"复评升级比例 · firms that stand higher, of those rated again"`
	Grade      string `json:"grade,omitempty" example:"B" doc:"机构等级 · of an institute"`
}

func (s *server) tallyOf(of string, t diagnosis.Tally, graded bool) diagnosisFigure {
	share := func(x *big.Rat) string {
		if x == nil {
			return ""
		}
		return x.RatString()
	}
	f := diagnosisFigure{
		Of: of, Cases: t.Cases, Reports: t.Reports, Accepted: t.Accepted, Advice: t.Advice, Adopted: t.Adopted, Filed: t.Filed, Built: t.Built,
		Adoption: share(t.Adoption()), Conversion: share(t.Conversion()), Lifted: share(t.Lifted()),
	}
	if graded {
		f.Grade, _ = s.Diagnoses.Programme.Grade(t)
	}
	return f
}

type figuresOut struct {
	Body struct {
		All   diagnosisFigure   `json:"all"`
		Items []diagnosisFigure `json:"items" nullable:"false"`
	}
}

// getFigures counts the diagnoses that the asker sees.
func (s *server) getFigures(ctx context.Context, c *caller, in *struct {
	DiagnosisQuery
	By string `query:"by" enum:"county,institute,lot,kind" default:"county" example:"county"`
},
) (*figuresOut, error) {
	rows, err := s.Diagnoses.Rows(ctx, c.scope)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r diagnosis.Row) bool { return !s.keeps(in.DiagnosisQuery, r) })
	var all diagnosis.Tally
	for _, r := range rows {
		all.Add(r)
	}
	out := &figuresOut{}
	out.Body.All, out.Body.Items = s.tallyOf("", all, false), []diagnosisFigure{}
	if in.By == "institute" {
		for _, x := range diagnosis.ByInstitute(rows) {
			out.Body.Items = append(out.Body.Items, s.tallyOf(fmt.Sprint(x.Of), x.Tally, true))
		}
		return out, nil
	}
	of := map[string]func(diagnosis.Row) string{
		"county": func(r diagnosis.Row) string { return cmp.Or(s.Library.Areas().County(r.Area), r.Area) },
		"lot":    func(r diagnosis.Row) string { return fmt.Sprint(r.Lot) },
		"kind":   func(r diagnosis.Row) string { return string(r.Kind) },
	}[in.By]
	if of == nil {
		return nil, errs.NotFound("division of figures", in.By)
	}
	for _, x := range diagnosis.By(rows, of) {
		out.Body.Items = append(out.Body.Items, s.tallyOf(x.Of, x.Tally, false))
	}
	return out, nil
}

func (s *server) registerDiagnoses() {
	read, area := access.Need{Action: access.ReadCase}, access.Need{Action: access.ReadCase, Area: true}
	keep, write, own := access.Need{Action: access.HandleCase}, access.Need{Action: access.AnswerCase}, access.Need{Action: access.FileCase}
	const lots, lot, one = "/lots", "/lots/{id}", "/diagnoses/{id}"
	handle(s, operation{id: "list_lots", tag: "diagnoses", method: http.MethodGet, path: lots, need: area}, s.listLots)
	handle(s, operation{id: "add_lot", tag: "diagnoses", method: http.MethodPost, path: lots, need: keep, status: http.StatusCreated, once: true}, s.addLot)
	handle(s, operation{id: "get_lot", tag: "diagnoses", method: http.MethodGet, path: lot, need: area}, s.getLot)
	handle(s, operation{id: "open_diagnoses", tag: "diagnoses", method: http.MethodPost, path: lot + "/open", need: keep}, s.openDiagnoses)
	handle(s, operation{id: "close_lot", tag: "diagnoses", method: http.MethodPost, path: lot + "/close", need: keep, status: http.StatusNoContent}, s.closeLot)
	handle(s, operation{id: "list_diagnoses", tag: "diagnoses", method: http.MethodGet, path: "/diagnoses", need: read}, s.listDiagnoses)
	handle(s, operation{id: "get_diagnosis_figures", tag: "diagnoses", method: http.MethodGet, path: "/diagnosis-figures", need: read}, s.getFigures)
	handle(s, operation{id: "get_diagnosis", tag: "diagnoses", method: http.MethodGet, path: one, need: read}, s.getDiagnosis)
	handle(s, operation{id: "choose_institute", tag: "diagnoses", method: http.MethodPost, path: one + "/institute", need: own, status: http.StatusNoContent}, s.chooseInstitute)
	handle(s, operation{id: "save_diagnosis_report", tag: "diagnoses", method: http.MethodPost, path: one + "/report", need: write}, s.saveReport)
	handle(s, operation{id: "answer_advice", tag: "diagnoses", method: http.MethodPost, path: one + "/answers", need: own, status: http.StatusNoContent}, s.answerAdvice)
	handle(s, operation{id: "file_advice", tag: "diagnoses", method: http.MethodPost, path: one + "/filings", need: own, status: http.StatusCreated}, s.fileAdvice)
	s.registerInstitutes()
}
