package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/subsidy"
)

// demoInstitute are the institutes of a demonstration that have an account, by the login. They are invented.
var demoInstitute = map[string]string{"institute": "演示诊断机构 A", "institute2": "演示诊断机构 B"}

// demoInstitutes enters the institutes of a demonstration where they are not there yet, and gives their parties by the login.
func (in *installation) demoInstitutes(ctx context.Context) (map[string]int64, error) {
	all, err := in.diagnoses.Institutes(ctx, access.SystemScope())
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, login := range []string{"institute", "institute2"} {
		code := "demo_" + login
		if i := slices.IndexFunc(all, func(x diagnosis.Institute) bool { return x.Code == code }); i >= 0 {
			out[login] = all[i].ID
			continue
		}
		made, err := in.diagnoses.AddInstitute(ctx, access.SystemScope(), diagnosis.Institute{
			Code: code, Name: demoInstitute[login], Area: homeCity, Invented: true,
			Terms: diagnosis.Terms{
				Kinds: []diagnosis.Kind{diagnosis.Digital, diagnosis.Green}, Qualified: "演示：公开招标中标", Until: period.Date(2025, 12, 31), Capacity: 20,
			},
		})
		if err != nil {
			return nil, fmt.Errorf("make demo institute %s: %w", login, err)
		}
		out[login] = made.ID
	}
	return out, nil
}

// demoDiagnosed is the demonstration's diagnoses as they are made.
type demoDiagnosed struct {
	*demoPast
	institutes map[string]int64
}

// demoDiagnoses has enterprises of a demonstration diagnosed: one of 2023 from the institute to the fee, a project of which became; of three
// of this year one is asked, one is to be visited and the report of one is to be evaluated; a firm that built a project waits for its acceptance. Where there is a lot nothing is done.
func (in *installation) demoDiagnoses(ctx context.Context, p *place) error {
	lots, err := in.diagnoses.Lots(ctx, access.SystemScope())
	if err != nil || len(lots) > 0 || in.now.Today() < demo.Clock {
		return err // a demonstration that stands earlier has not come to these weeks
	}
	institutes, err := in.demoInstitutes(ctx)
	if err != nil {
		return err
	}
	past, err := in.inPast(ctx, p, period.Date(2023, 5, 15))
	if err != nil {
		return err
	}
	d := &demoDiagnosed{demoPast: past, institutes: institutes}
	for login, id := range institutes {
		to := diagnosis.PayTo{Holder: demoInstitute[login], Bank: "演示商业银行盐城分行", Number: ledger.Account(map[string]string{"institute": "6228480402564891008", "institute2": "6228480402564892006"}[login])}
		if err := d.diagnoses.SetAccount(ctx, d.scopes[login], id, to); err != nil {
			return fmt.Errorf("make demo diagnoses: %w", err)
		}
	}
	for _, do := range []func(context.Context) error{d.lastYear, d.thisYear, d.built} {
		if err := do(ctx); err != nil {
			return fmt.Errorf("make demo diagnoses: %w", err)
		}
	}
	return nil
}

// lot enters a lot of a year with a budget of its own, and gives the firms that are wanted, those of the county of the demonstration's
// enterprise first and itself before all.
func (d *demoDiagnosed) lot(ctx context.Context, year int) (diagnosis.Lot, []diagnosis.Wanted, error) {
	var none diagnosis.Lot
	line, err := ledger.Alone(ctx, d.ledger, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return d.ledger.Appropriate(ctx, tx, ledger.Act{Scope: d.scopes["city"], Key: fmt.Sprint("demo/diagnosis/", year), Reason: "演示：年初预算", Document: "演示预算文件"}, ledger.Appropriation{
			Fund: "先进制造业发展专项资金（演示）", Code: "ZGZD", Year: year, Area: homeCity, Name: "诊断服务（演示）", Change: 1_000_000 * money.Yuan,
		})
	})
	if err != nil {
		return none, nil, err
	}
	l, err := d.diagnoses.AddLot(ctx, d.scopes["city"], diagnosis.Lot{
		Name: fmt.Sprintf("%d年数字化诊断第一批（演示）", year), Kind: diagnosis.Digital, Year: year, Area: homeCity, Ceiling: 80_000 * money.Yuan, Line: line, Document: "演示采购文件",
		Shares: []diagnosis.Share{
			{Institute: d.institutes["institute"], Firms: 6, Fee: 60_000 * money.Yuan}, {Institute: d.institutes["institute2"], Firms: 4, Fee: 65_000 * money.Yuan},
		},
	})
	if err != nil {
		return none, nil, err
	}
	view, err := d.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return none, nil, err
	}
	own, _ := view.Enterprise(d.scopes["enterprise"].Owns()[0])
	wanted, err := d.diagnoses.Wanted(ctx, view, l)
	near := func(w diagnosis.Wanted) int {
		switch {
		case w.ID == own.ID:
			return 0
		case w.Area == own.Area:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(wanted, func(a, b diagnosis.Wanted) int { return near(a) - near(b) })
	return l, slices.DeleteFunc(wanted, func(w diagnosis.Wanted) bool { return near(w) == 2 }), err
}

// open opens diagnoses of firms, and has the first institute made of each that is asked by the rule known by its login.
func (d *demoDiagnosed) open(ctx context.Context, l diagnosis.Lot, firms ...party.Enterprise) ([]int64, error) {
	view, err := d.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(firms))
	for i, e := range firms {
		ids[i] = e.ID
	}
	out, err := d.diagnoses.OpenCases(ctx, d.scopes["city"], d.cases, view, l.ID, ids)
	return out.Cases, err
}

// by is the login of the institute that a case was given to.
func (d *demoDiagnosed) by(ctx context.Context, id int64) (string, error) {
	x, err := d.diagnoses.Sight(ctx, access.SystemScope(), d.cases, id)
	if err != nil {
		return "", err
	}
	for login, party := range d.institutes {
		if party == x.By.ID {
			return login, nil
		}
	}
	return "", fmt.Errorf("case %d was given to nobody", id)
}

// account is somebody of a firm, by the login: of the demonstration's enterprise its own.
func (d *demoDiagnosed) account(ctx context.Context, login string, firm int64) (string, error) {
	if d.scopes["enterprise"].Owns()[0] == firm {
		return "enterprise", nil
	}
	_, err := d.accounts.Create(ctx, access.SystemScope(), access.NewAccount{
		Login: login, Name: "诊断企业（演示）", Password: demoPassword, Grants: []access.Grant{{Role: access.Enterprise, Party: firm}},
	})
	if err != nil {
		return "", fmt.Errorf("make demo account %s: %w", login, err)
	}
	d.scopes[login], err = d.scopeOf(ctx, login)
	return login, err
}

// lastYear takes a diagnosis of 2023 from the institute to the fee; the firm adopts two of five pieces of advice and files one.
func (d *demoDiagnosed) lastYear(ctx context.Context) error {
	l, wanted, err := d.lot(ctx, 2023)
	if err != nil || len(wanted) == 0 {
		return err
	}
	d.on(period.Date(2023, 6, 5))
	cases, err := d.open(ctx, l, wanted[0].Enterprise)
	if err != nil || len(cases) == 0 {
		return err
	}
	id := cases[0]
	firm, err := d.account(ctx, "diagnosed", wanted[0].ID)
	if err != nil {
		return err
	}
	institute, err := d.by(ctx, id)
	if err != nil {
		return err
	}
	d.on(period.Date(2023, 6, 8))
	if err := d.does(ctx, id, demoAct{login: firm, action: "agree"}, demoAct{login: institute, action: "take"}); err != nil {
		return err
	}
	d.on(period.Date(2023, 6, 20))
	if err := d.does(ctx, id, demoAct{login: institute, action: "visited", answers: map[string]any{
		"devices_total": 80, "devices_digital": 22, "devices_networked": 10, "digital_spend_share": 1.1, "systems_coverage": "nothing", "digital_plan": "informed",
		"scene_planning": 1, "scene_production": 1, "scene_quality": 1, "scene_equipment": 1, "scene_energy": 1,
	}}); err != nil {
		return err
	}
	d.on(period.Date(2023, 7, 3))
	if err := d.report(ctx, id, institute, wanted[0].Name, 5); err != nil {
		return err
	}
	d.on(period.Date(2023, 7, 6))
	if err := d.evaluate(ctx, id, "expert3"); err != nil {
		return err
	}
	d.on(period.Date(2023, 7, 17))
	if err := d.does(ctx, id, demoAct{login: "county", action: "passed"}); err != nil {
		return err
	}
	d.on(period.Date(2023, 7, 24))
	answers := []diagnosis.Answer{
		{Advice: "a1", Answer: diagnosis.Adopt},
		{Advice: "a2", Answer: diagnosis.Adopt},
		{Advice: "a3", Answer: diagnosis.Later, Reason: "等前两项见效再上"},
		{Advice: "a4", Answer: diagnosis.Later, Reason: "缺人手，明年再定"},
		{Advice: "a5", Answer: diagnosis.No, Reason: "现有系统还能用"},
	}
	if err := d.diagnoses.Reply(ctx, d.scopes[firm], d.cases, id, answers); err != nil {
		return err
	}
	d.on(period.Date(2023, 7, 28))
	if err := d.does(ctx, id, demoAct{login: "county", action: "accept"}); err != nil {
		return err
	}
	if err := d.pay(ctx, id); err != nil {
		return err
	}
	d.on(period.Date(2023, 8, 14))
	filing, err := d.diagnoses.File(ctx, d.scopes[firm], d.cases, id, "a1")
	if err != nil {
		return err
	}
	return d.build(ctx, filing, firm, true)
}

// built has a firm of the county without an accepted project build one: it waits for the county to accept it, which is what counts as
// completed in the demonstration's city.
func (d *demoDiagnosed) built(ctx context.Context) error {
	view, err := d.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return err
	}
	own, _ := view.Enterprise(d.scopes["enterprise"].Owns()[0])
	done, err := d.monitor.Set.Indicator("completed_share")
	if err != nil {
		return err
	}
	q := monitor.Query{Indicator: done, Area: own.Area, Period: period.OfYear(demo.Clock.Year()), Choices: map[string]string{"completion": "accepted"}}
	firms, err := d.monitor.Behind(ctx, view, q, indicator.Within, indicator.Open)
	if err != nil || firms.Len() == 0 {
		return err
	}
	d.on(period.Date(2023, 8, 7))
	last := firms.Page(firms.Len()-1, 1)[0] // the first are asked by others
	if last.Owner == own.ID {
		return nil
	}
	firm, err := d.account(ctx, "building", last.Owner)
	if err != nil {
		return err
	}
	filing, _, err := d.subsidy.OpenProject(ctx, d.scopes[firm], last.Owner, "关键设备联网采集")
	if err != nil {
		return err
	}
	return d.build(ctx, filing.ID, firm, false)
}

// build takes a project from its filing to its acceptance, or up to where the county is to accept it.
func (d *demoDiagnosed) build(ctx context.Context, id int64, firm string, accepted bool) error {
	const what = "关键设备加装采集模块，统一接入车间网关，自动记录产量、停机和能耗，班组看板实时显示。（演示）"
	steps := []struct {
		on    period.Day
		files []string
		act   demoAct
	}{
		{period.Date(2023, 8, 14), []string{"plan_total"}, demoAct{login: firm, action: "file", answers: map[string]any{
			"name": "关键设备联网采集", "kind": "digital", "is_digital": true, "content": what, "place": "本厂一车间（演示）", "new_build": false, "started_on": "2024-01-08", "ends_on": "2024-05-31",
			"plan_total": 600, "plan_equipment": 420, "plan_software": 150, "own_funds": 100, "loan": false, "lease": false, "milestones": []map[string]any{{"what": "设备到货", "due": "2024-02-28", "share": 50}},
			"contact": "演示人员", "phone": "0515-00000000", "truthful": true,
		}}},
		{period.Date(2023, 8, 21), nil, demoAct{login: "county", action: "register", answers: map[string]any{"is_digital": true, "ground": "关键设备联网采集，属于数字化转型（演示）"}}},
		{period.Date(2024, 6, 11), []string{"done", "investment"}, demoAct{login: firm, action: "finish", answers: map[string]any{
			"name": "关键设备联网采集", "accepted_on": "2024-05-31", "done": what, "late": false, "investment": 580, "effective_input": 540, "equipment": 400, "software": 145, "devices": 36,
			"cnc_before": 20, "cnc_after": 45, "online_before": 10, "online_after": 36, "effects": []map[string]any{{"what": "停机时间", "unit": "小时/月", "before": 46, "after": 31, "how": "看板记录（演示）"}},
			"contact": "演示人员", "truthful": true,
		}}},
		{period.Date(2024, 6, 18), nil, demoAct{login: "county2", action: "accept", answers: map[string]any{
			"accepted_on": "2024-05-31", "investment": 580, "effective_input": 540, "equipment": 400, "software": 145, "visited_on": "2024-06-17", "finding": "现场核查，设备已联网采集（演示）",
		}}},
	}
	if !accepted {
		steps = steps[:len(steps)-1]
		steps[len(steps)-1].on = period.Date(2024, 10, 21)
	}
	for _, x := range steps {
		d.on(x.on)
		for _, field := range x.files {
			f := casework.Attachment{Case: id, Field: field, Name: "演示材料.pdf", Body: strings.NewReader(demoPDF)}
			if _, err := d.cases.Attach(ctx, d.scopes[x.act.login], f); err != nil {
				return err
			}
		}
		if err := d.does(ctx, id, x.act); err != nil {
			return err
		}
	}
	return nil
}

// demoPDF is an empty page: what a demonstration hands in as proof says nothing.
const demoPDF = "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"

// pay has finance pay the fee of a diagnosis.
func (d *demoDiagnosed) pay(ctx context.Context, id int64) error {
	owed, err := d.subsidy.Owed(ctx, d.scopes["finance"], ledger.Filter{}, ledger.Page{})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(owed, func(o subsidy.Owed) bool { return o.Case == id })
	if i < 0 {
		return fmt.Errorf("nothing is owed for case %d", id)
	}
	_, err = ledger.Alone(ctx, d.ledger, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		act := ledger.Act{Scope: d.scopes["finance"], Key: fmt.Sprint("demo/diagnosis/paid/", id), Case: fmt.Sprint(id), Document: "演示支付凭证"}
		return struct{}{}, d.ledger.Pay(ctx, tx, act, ledger.Sum{Commitment: owed[i].Commitment, Instalment: 1, Amount: owed[i].Balance[ledger.Payable]})
	})
	if err != nil {
		return err
	}
	d.on(period.Date(2023, 8, 7))
	return d.does(ctx, id, demoAct{login: "finance", action: "paid"})
}

// thisYear asks three firms: one has not answered, one is to be visited, the report of the third is to be evaluated.
func (d *demoDiagnosed) thisYear(ctx context.Context) error {
	d.on(period.Date(2024, 3, 11))
	l, wanted, err := d.lot(ctx, 2024)
	if err != nil {
		return err
	}
	own := d.scopes["enterprise"].Owns()[0]
	wanted = slices.DeleteFunc(wanted, func(w diagnosis.Wanted) bool { return w.ID == own })
	var firms []party.Enterprise
	for _, w := range wanted[:min(len(wanted), 3)] {
		firms = append(firms, w.Enterprise)
	}
	d.on(period.Date(2024, 8, 26))
	cases, err := d.open(ctx, l, firms...)
	if err != nil {
		return err
	}
	for i, id := range cases {
		firm, err := d.account(ctx, fmt.Sprintf("diagnosed%d", i+1), firms[i].ID)
		if err != nil {
			return err
		}
		if i == 0 {
			continue
		}
		institute, err := d.by(ctx, id)
		if err != nil {
			return err
		}
		d.on(period.Date(2024, 8, 29))
		if err := d.does(ctx, id, demoAct{login: firm, action: "agree"}, demoAct{login: institute, action: "take"}); err != nil {
			return err
		}
		if i == 1 {
			continue
		}
		d.on(period.Date(2024, 9, 5))
		if err := d.does(ctx, id, demoAct{login: institute, action: "visited", answers: map[string]any{"devices_total": 40, "devices_digital": 12, "devices_networked": 6}}); err != nil {
			return err
		}
		d.on(period.Date(2024, 9, 12))
		if err := d.report(ctx, id, institute, firms[i].Name, 3); err != nil {
			return err
		}
	}
	return nil
}

// report writes a report with so many pieces of advice and hands it in.
func (d *demoDiagnosed) report(ctx context.Context, id int64, institute, firm string, advice int) error {
	wan := 10_000 * money.Yuan
	r := diagnosis.Report{
		Barrier: "plan", Why: "知道要改，没有整体方案，怕各买各的系统连不起来",
		Summary: firm + "有数控设备，但没有联网：产量、停机和能耗靠班组长抄表，月底由统计员录入表格，排产凭经验。建议先联网采集，再上排产和质量追溯，分两期投入，用能管理随设备改造一并做。（演示报告，内容为合成）",
		Findings: []diagnosis.Finding{
			{ID: "f1", Part: "f3", Title: "设备联网率低", State: "车间主要设备里能自动传数的只有少数，其余靠人工抄表，停机原因没有记录。", Gap: "与同行中位水平相比，联网设备少一半以上，数据滞后一天到三天。", Proof: "设备清单、车间照片（演示）"},
			{ID: "f2", Part: "f5", Title: "排产和库存没有系统", State: "订单和库存在两张表里，插单时重排要半天，缺料到开工才发现。", Gap: "计划达成率没有统计，交期延误的订单没有归因。", Proof: "近三个月订单表、访谈生产经理（演示）"},
			{ID: "f3", Part: "", Title: "质量问题追不到工序", State: "检验记录为纸质，客户退货后查不到当班设备和参数。", Gap: "不良品返工成本无法分摊到工序，改进没有依据。", Proof: "检验记录样本（演示）"},
		},
	}
	for i, a := range []diagnosis.Advice{
		{Finding: "f1", Title: "关键设备联网采集", What: "给关键设备加装采集模块，统一接入车间网关，自动记录产量、停机和能耗，班组看板实时显示。", Scenario: "capture", Least: 460 * wan, Most: 620 * wan, Months: 24, Fact: "ent.devices_networked", Expected: "联网设备增加三十台以上，停机原因有记录", Proof: "两家供应商询价（演示）", Example: "antewei"},
		{Finding: "f2", Title: "排产与仓储系统", What: "上排产和仓储系统，与现有财务软件对接，订单、库存和计划用一套数据，插单由系统重排。", Scenario: "flexible", Least: 120 * wan, Most: 200 * wan, Months: 30, Fact: "ent.revenue", Expected: "交期延误减少三成", Proof: "同行案例和报价（演示）", Example: "wistron"},
		{Finding: "f3", Title: "在线检测与质量追溯", What: "关键工序加装机器视觉检测，检验结果按批次与设备参数关联，退货可以追到工序和班次。", Scenario: "vision", Least: 90 * wan, Most: 150 * wan, Months: 28, Expected: "不良率下降两成", Proof: "供应商方案（演示）"},
		{Finding: "f1", Title: "能耗分项计量", What: "空压机、热处理和照明分项计量，接入采集平台，按班次核算单位产品能耗。", Scenario: "energy", Least: 30 * wan, Most: 50 * wan, Months: 18, Fact: "ent.energy_tce", Expected: "单位产品能耗下降百分之五", Proof: "上年用能账单（演示）"},
		{Finding: "f2", Title: "客户订单协同平台", What: "向主要客户开放订单进度查询，减少电话催单，异常自动提醒业务和生产两边。", Scenario: "other", Least: 40 * wan, Most: 60 * wan, Months: 36, Expected: "催单电话减少一半", Proof: "客户访谈（演示）"},
	}[:advice] {
		a.ID = fmt.Sprintf("a%d", i+1)
		r.Advice = append(r.Advice, a)
	}
	if advice < 5 { // another firm, another report: no institute hands the same text in twice
		r.Summary = firm + "的瓶颈在仓储和出货：成品按客户堆放，盘点一次要两天，出库单靠手写。生产端设备较新，数据能取出来但没人用。建议从条码和采集入手，小步快走，先把账做准，再谈自动化。（演示报告，内容为合成）"
		r.Findings[0].State, r.Findings[0].Gap = "六台新机床带接口，没有接出来；老设备以手工记录为主，交接班时补填。", "有条件联网的设备没有联，等于有数不用；老设备改造要先算账。"
		r.Findings[1].State, r.Findings[1].Gap = "成品库没有库位管理，找货靠老员工记忆，错发每月两到三次。", "库存准确率没有统计，客户投诉里一半与发错货有关。"
		r.Findings[2].State, r.Findings[2].Gap = "出厂检验用电子表，过程检验没有记录，原因分析只到车间。", "追溯粒度到车间，达不到主机厂到班次的要求。"
		r.Advice[0].What, r.Advice[1].What = "把六台新机床先接起来，做一块产量和停机看板，用半年看效果，再决定老设备改不改。", "成品上条码，库位编号，手持终端扫码出入库，与开票系统对接，盘点按区滚动。"
		r.Advice[2].What = "过程检验改用平板录入，按班次和设备归集，每周出一张不良分布图，先找最大的三类问题。"
	}
	if _, err := d.diagnoses.Save(ctx, d.scopes[institute], d.cases, id, 0, r); err != nil {
		return err
	}
	return d.does(ctx, id, demoAct{login: institute, action: "hand_in"})
}

// evaluate has an expert evaluate the report.
func (d *demoDiagnosed) evaluate(ctx context.Context, id int64, login string) error {
	by := d.scopes[login]
	if err := d.subsidy.Put(ctx, d.scopes["county"], id, subsidy.Picked{Accounts: []int64{by.Account()}}); err != nil {
		return err
	}
	if err := d.does(ctx, id, demoAct{login: "county", action: "appoint"}); err != nil {
		return err
	}
	sheet := rubric.Sheet{"facts": 26 * rubric.One, "cause": 16 * rubric.One, "advice": 25 * rubric.One, "own": 8 * rubric.One, "service": 9 * rubric.One}
	if err := d.subsidy.Put(ctx, by, id, subsidy.Scored{Sheet: sheet, Remark: "演示：到现场核对过设备清单"}); err != nil {
		return err
	}
	return d.does(ctx, id, demoAct{login: login, action: "score"})
}
