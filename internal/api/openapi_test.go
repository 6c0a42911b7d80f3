package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

var update = flag.Bool("update", false, "write openapi.yaml and examples.json anew")

// call is how an operation is asked in the tests: as whom, with which address and body. {tinghu} stands for the id of the
// firm in 亭湖区, {import}, {dispute}, {account} and {token} for what earlier calls made.
type call struct {
	id, as, path, body string
	header             []string
	refused            int      // the status of its answer, where the city holds nothing that it could be done to
	late               bool     // it may come when the work that it is about has ended, and is then refused (409)
	aside              bool     // it only leads on: its answer is no example
	days               int      // that pass before it
	keep               []string // what of its answer later ones speak of: "line=line", "thing=items.0.thing.id"
}

const upload = "?name=more.csv&sender=%E5%B8%82%E7%BB%9F%E8%AE%A1%E5%B1%80&authority=statistics&area=320900&period=2022"

const scenarioBody = `{"policy": "yancheng-2022-6", "name": "门槛 700 万元", "changes": [{"param": "min_input", "value": "700万元"}]}`

const budgetBody = `{"fund": "智改数转专项", "code": "equipment", "year": 2024, "area": "320902", "name": "设备投入", "change": "100万元", "reason": "年初预算", "document": "盐财预〔2024〕1号"}`

// In the years beside 2023 the project of the firm in 亭湖区 has cost nothing: else its ceiling leaves nothing sure.
const (
	noProjects   = "?name=projects.csv&sender=%E5%B8%82%E5%B7%A5%E4%BF%A1%E5%B1%80&authority=bureau&area=320900&period="
	noInvestment = "统一社会信用代码,企业名称,县（市、区）,项目名称,是否智改数转项目,项目年度投资额（万元）,年度有效投入（万元）\n" + tinghuCode + ",盐城亭湖甲机械有限公司,亭湖区,数字车间,是,0,0\n"
)

const callBody = `{"area": "320902", "policy": "yancheng-2022-6", "clauses": ["c9"], "title": "2024年度智改数转专项申报", "text": "请于截止日前提交。", "materials": [{"field": "invoices", "name": {"zh": "发票", "en": "Invoices"}, "required": true}], "opens": "2024-10-31", "closes": "2024-11-30", "line": {line}, "reserve": "80万元", "quota": 50}`

const costsBody = `{"items": [{"kind": "equipment", "label": "焊接机器人", "invoice": "24322000000012345678", "on": "2023-06-15", "seller": "江苏某装备有限公司", "serial": "RB-2023-0042", "amount": "600万元"}]}`

const scoreBody = `{"sheet": {"need": "18", "level": "24", "effect": "25", "spread": "15"}, "remark": "改造目标明确"}`

const paymentsBody = `{"payments": [{"case": {application}, "instalment": 1, "amount": "{owed}", "seen": "{seen}"}]}`

// calls ask every operation once, in an order in which each can succeed.
var calls = []call{
	{id: "health", path: "/health"},
	{id: "get_system", as: "admin", path: "/system"},
	{id: "me", as: "city", path: "/me"},
	{id: "list_enterprises", as: "city", path: "/enterprises?area=320902&columns=ent.revenue,ent.employees&year=2023&limit=2"},
	{id: "search_enterprises", as: "city", path: "/enterprises/search?q=%E5%A4%A7%E4%B8%B0"},
	{id: "get_enterprise", as: "city", path: "/enterprises/{tinghu}"},
	{id: "get_timeline", as: "city", path: "/enterprises/{tinghu}/timeline?def=ent.revenue"},
	{id: "raise_dispute", as: "firm", path: "/enterprises/{tinghu}/disputes", body: `{"def": "ent.revenue", "period": "2023", "text": "应为 12,345 万元"}`},
	{id: "list_disputes", as: "tinghu", path: "/disputes?open=true"},
	{id: "close_dispute", as: "tinghu", path: "/disputes/{dispute}/close", body: `{"note": "已与统计局核对，原数无误"}`},
	{id: "state_fact", as: "firm", path: "/enterprises/{tinghu}/reports", body: `{"def": "ent.revenue", "period": "2023", "value": "1.5亿元", "evidence": "2023 年度审计报告"}`},
	{id: "list_reports", as: "tinghu", path: "/reports?stand=gap"},
	{id: "answer_report", as: "tinghu", path: "/reports/{report}/answer", body: `{"kind": "ask", "note": "请说明与统计年报的差异"}`},
	{id: "export_reports", as: "city", path: "/exports/reports?format=ndjson"},
	{id: "withdraw_fact", as: "firm", path: "/enterprises/{tinghu}/reports/withdraw", body: `{"def": "ent.revenue", "period": "2023", "reason": "填错了年度"}`},
	{id: "list_alike", as: "city", path: "/enterprises/{tinghu}/alike"},
	{id: "compare_enterprises", as: "city", path: "/enterprises/{tinghu}/differences?with={dongtai}"},
	{id: "merge_enterprise", as: "city", path: "/enterprises/{tinghu}/merge", body: `{"with": {dongtai}, "reason": "同一企业，名称写法不同"}`},
	{id: "unmerge_enterprise", as: "city", path: "/enterprises/{tinghu}/unmerge", body: `{"from": {dongtai}, "reason": "合并有误"}`},
	{id: "list_policies", path: "/policies"},
	{id: "get_policy", path: "/policies/yancheng-2022-6"},
	{id: "calculate", path: "/policies/yancheng-2022-6/calculate?as_of=2023-12-31&brief=true", body: `{"enterprise": {"id": "E1", "name": "盐城示例机械有限公司", "area": "320903", "industry": "3670", "facts": {"ent.above_scale": {"2022": true}}}}`},
	{id: "get_calculation_receipt", path: "/policies/yancheng-2022-6/calculate/receipt?as_of=2023-12-31", body: `{"enterprise": {"id": "E1", "name": "盐城示例机械有限公司", "area": "320903", "industry": "3670", "facts": {"ent.above_scale": {"2022": true}}}}`},
	{id: "get_decision", as: "firm", path: "/enterprises/{tinghu}/decisions/yancheng-2022-6"},
	{id: "get_region", as: "city", path: "/policies/yancheng-2022-6/region?area=320900"},
	{id: "get_region_map", as: "city", path: "/policies/yancheng-2022-6/region/map?area=320900"},
	{id: "list_payees", as: "city", path: "/policies/yancheng-2022-6/enterprises?clause=c9&state=sure"},
	{id: "get_receipt", as: "firm", path: "/enterprises/{tinghu}/decisions/yancheng-2022-6/receipt"},
	{id: "list_versions", path: "/policies/yancheng-2022-6/versions"},
	{id: "draft_version", as: "city", path: "/versions", body: "{zip}", header: []string{"Content-Type", "application/zip"}},
	{id: "compare_version", as: "city", path: "/versions/{version}/differences"},
	{id: "get_effect", as: "city", path: "/versions/{version}/effect?area=320900"},
	{id: "drop_version", as: "city", path: "/versions/{version}/drop", body: `{"revision": {revision}, "reason": "另起草稿"}`},
	{id: "draft_version", as: "city", path: "/versions", body: "{zip}", header: []string{"Content-Type", "application/zip"}},
	{id: "drop_version", as: "city", path: "/versions/{version}/drop", body: `{"revision": {revision}, "reason": "另起草稿"}`},
	{id: "draft_policy", as: "city", path: "/policies/yancheng-2022-6/draft"},
	{id: "edit_version", as: "city", path: "/versions/{version}/package?revision={revision}", body: "{zip}", header: []string{"Content-Type", "application/zip"}},
	{id: "list_drafts", as: "city", path: "/versions"},
	{id: "get_package", as: "city", path: "/versions/{version}/package"},
	{id: "propose_version", as: "city", path: "/versions/{version}/propose", body: `{"revision": {revision}, "reason": "2024 年比例改为 10%"}`},
	{id: "reject_version", as: "admin", path: "/versions/{version}/reject", body: `{"revision": {revision}, "reason": "请补充算例"}`},
	{id: "propose_version", as: "city", path: "/versions/{version}/propose", body: `{"revision": {revision}, "reason": "2024 年比例改为 10%"}`},
	{id: "approve_version", as: "admin", path: "/versions/{version}/approve", body: `{"revision": {revision}, "reason": "经局务会研究同意", "instead": {instead}}`},
	{id: "get_version", as: "city", path: "/versions/{version}"},
	{id: "end_version", as: "admin", path: "/versions/{version}/end", body: `{"revision": {revision}, "reason": "文件到期", "from": "2025-01-01"}`},
	{id: "run_scenario", as: "city", path: "/scenarios/run", body: scenarioBody},
	{id: "list_movers", as: "city", path: "/scenarios/enterprises?moves=less&limit=2", body: scenarioBody},
	{id: "decide_scenario", as: "city", path: "/enterprises/{tinghu}/scenario", body: scenarioBody},
	{id: "survey_scenario", as: "city", path: "/scenarios/survey?within=20", body: scenarioBody},
	{id: "find_number", as: "city", path: "/scenarios/find", body: `{"scenario": {"policy": "yancheng-2022-6"}, "param": "investment_rate", "key": "2023", "low": "1%", "high": "15%", "step": "0.5%", "budget": "30万元"}`},
	{id: "preview_scenario", as: "city", path: "/scenarios/preview?limit=2", body: scenarioBody},
	{id: "list_near_misses", as: "city", path: "/scenarios/misses?limit=2", body: scenarioBody},
	{id: "save_scenario", as: "city", path: "/scenarios", body: scenarioBody},
	{id: "list_scenarios", as: "city", path: "/scenarios?policy=yancheng-2022-6"},
	{id: "get_scenario", as: "city", path: "/scenarios/{scenario}"},
	{id: "replace_scenario", as: "city", path: "/scenarios/{scenario}?revision=1", body: scenarioBody},
	{id: "drop_scenario", as: "city", path: "/scenarios/{scenario}"},
	{id: "restore_scenario", as: "city", path: "/scenarios/{scenario}/restore"},
	{id: "draft_scenario", as: "city", path: "/scenarios/draft", body: scenarioBody},
	{id: "export_scenario", as: "city", path: "/exports/scenarios", body: scenarioBody},
	{id: "upload", as: "city", path: "/imports" + upload, body: "统一社会信用代码,营业收入（万元）\n" + tinghuCode + ",11000\n", header: []string{"Content-Type", "application/octet-stream"}},
	{id: "get_import", as: "city", path: "/imports/{import}"},
	{id: "get_plan", as: "city", path: "/imports/{import}/plan"},
	{id: "put_plan", as: "city", path: "/imports/{import}/plan", body: "{plan}"},
	{id: "mend_import", as: "city", path: "/imports/{import}/mend", body: `{"at": {"sheet": 0, "column": 1}, "unit": "万元", "texts": [{"text": "约11000", "do": "read", "as": "11000"}]}`},
	{id: "export_problems", as: "city", path: "/imports/{import}/problems?format=ndjson"},
	{id: "get_remarks", as: "city", path: "/imports/{import}/remarks"},
	{id: "get_delivery", as: "city", path: "/imports/{import}/delivery"},
	{id: "mend_delivery", as: "city", path: "/imports/{import}/delivery/mend", body: `{"at": {"sheet": 0, "column": -1}, "period": "2022"}`},
	{id: "commit_import", as: "city", path: "/imports/{import}/commit"},
	{id: "undo_import", as: "city", path: "/imports/{import}/undo", body: `{"reason": "报错了年度"}`},
	{id: "read_again", as: "city", path: "/imports/{import}/again"},
	{id: "cancel_import", as: "city", path: "/imports/{import}/cancel"},
	{id: "commit_delivery", as: "city", path: "/imports/{import}/delivery/commit", body: `{"imports": [{import}]}`},
	{id: "undo_delivery", as: "city", path: "/imports/{import}/delivery/undo", body: `{"reason": "报错了年度"}`},
	{id: "submit", as: "city", path: "/submissions", body: `{"name": "月报接口 2022", "sender": "市统计局", "authority": "statistics", "area": "320900", "rows": [{"uscc": "` + tinghuCode + `", "period": "2022", "facts": {"ent.revenue": "1.25亿元", "ent.employees": 215}}]}`},
	{id: "list_imports", as: "city", path: "/imports?limit=2"},
	{id: "export_enterprises", as: "city", path: "/exports/enterprises?format=csv&columns=ent.revenue&year=2023"},
	{id: "export_facts", as: "city", path: "/exports/facts?def=ent.revenue&period=2023"},
	{id: "fill_template", as: "city", path: "/exports/templates/enterprises?name=form.xlsx&area=320902", body: "{template}", header: []string{"Content-Type", sheet.XLSXType}},
	{id: "export_decisions", as: "city", path: "/exports/decisions/yancheng-2022-6?format=csv"},
	{id: "list_definitions", path: "/content/definitions"},
	{id: "get_register", path: "/content/register"},
	{id: "list_areas", path: "/content/areas?parent=320900"},
	{id: "list_industries", path: "/content/industries?parent=C"},
	{id: "list_authorities", path: "/content/authorities"},
	{id: "list_codes", path: "/content/codes/{list}"},
	{id: "list_sources", as: "auditor", path: "/sources?limit=2"},
	{id: "get_source", as: "auditor", path: "/sources/{source}"},
	{id: "list_stated", as: "auditor", path: "/sources/{source}/enterprises?limit=2"},
	{id: "list_log", as: "auditor", path: "/log?limit=2"},
	{id: "export_log", as: "auditor", path: "/exports/log?format=ndjson&deed=enforce"},
	{id: "list_accounts", as: "admin", path: "/accounts?limit=2"},
	{id: "create_account", as: "admin", path: "/accounts", body: `{"login": "dafeng2", "name": "李某", "grants": [{"role": "county_official", "area": "320904"}]}`},
	{id: "disable_account", as: "admin", path: "/accounts/{account}/disable", body: `{"why": "已调离"}`},
	{id: "enable_account", as: "admin", path: "/accounts/{account}/enable", body: `{"why": "已调回"}`},
	{id: "reset_account", as: "admin", path: "/accounts/{account}/reset", body: `{}`},
	{id: "list_firm_accounts", as: "firm", path: "/enterprises/{tinghu}/accounts"},
	{id: "open_firm_account", as: "city", path: "/enterprises/{dongtai}/accounts/open"},
	{id: "authorise_handler", as: "firm", path: "/enterprises/{tinghu}/accounts/authorise", body: `{"login": "lisi", "name": "李四", "role": "handler", "until": "2025-10-31"}`},
	{id: "renew_handler", as: "firm", path: "/enterprises/{tinghu}/accounts/{handler}/renew", body: `{"until": "2025-06-30"}`},
	{id: "issue_code", as: "firm", path: "/enterprises/{tinghu}/accounts/{handler}/code", body: `{}`},
	{id: "succeed_handler", as: "firm", path: "/enterprises/{tinghu}/accounts/{handler}/succeed", body: `{"login": "wangwu", "name": "王五"}`},
	{id: "revoke_handler", as: "firm", path: "/enterprises/{tinghu}/accounts/{handler}/revoke", body: `{"why": "已离职"}`},
	{id: "preview_enrolment", as: "city", path: "/enrolments/choice?area=320904"},
	{id: "order_enrolment", as: "city", path: "/enrolments", body: `{"area": "320900"}`},
	{id: "order_enrolment_list", as: "city", path: "/enrolments/list?area=320904&name=firms.csv", body: "统一社会信用代码,企业名称\n" + dafengCode + ",盐城大丰乙电子有限公司\n", header: []string{"Content-Type", "text/csv"}},
	{id: "cancel_enrolment", as: "city", path: "/enrolments/{enrolment}/cancel", late: true},
	{id: "resume_enrolment", as: "city", path: "/enrolments/{enrolment}/resume", late: true},
	{id: "print_letters", as: "city", path: "/enrolments/{enrolment}/letters", body: `{}`},
	{id: "get_enrolment", as: "city", path: "/enrolments/{enrolment}"},
	{id: "list_enrolments", as: "city", path: "/enrolments"},
	{id: "list_messages", as: "firm", path: "/messages?unread=true"},
	{id: "get_message", as: "firm", path: "/messages/{message}"},
	{id: "read_messages", as: "firm", path: "/messages/read", body: `{"ids": [{message}]}`},
	{id: "unread_message", as: "firm", path: "/messages/{message}/unread"},
	{id: "list_outbox", as: "admin", path: "/outbox?state=failed"},
	{id: "retry_delivery", as: "admin", path: "/outbox/{delivery}/retry"},
	{id: "list_workflows", path: "/workflows"},
	{id: "get_workflow", path: "/workflows/project_filing"},
	{id: "list_forms", path: "/forms"},
	{id: "get_form", path: "/forms/objection"},
	{id: "list_cases", as: "city", path: "/cases?workflow=subsidy_application&limit=2"},
	{id: "get_inbox", as: "firm", path: "/inbox?limit=2"},
	{id: "get_action_form", as: "firm", path: "/cases/{filing}/actions/file/form"},
	{id: "attach_case_file", as: "firm", path: "/cases/{case}/files?name=contract.pdf", body: invoicePDF + "2", header: []string{"Content-Type", octets}},
	{id: "list_readings", as: "firm", path: "/enterprises/{tinghu}/readings"},
	{id: "list_consents", as: "firm", path: "/enterprises/{tinghu}/consents"},
	{id: "end_consent", as: "firm", path: "/consents/{consent}/end", body: `{"reason": "已另选银行"}`},
	{id: "break_glass", as: "tinghu", path: "/emergencies", body: `{"uscc": "` + dafengCode + `", "reason": "车间起火，需要联系负责人"}`},
	{id: "get_checkpoint", path: "/proof/checkpoint"},
	{id: "prove_since", path: "/proof/since", body: `{"checkpoint": {checkpoint}}`},
	{id: "get_case_dossier", as: "city", path: "/cases/{case}/dossier"},
	{id: "get_case_file", as: "city", path: "/cases/{case}/files/{file}"},
	{id: "drop_case_file", as: "firm", path: "/cases/{case}/files/{file}"},
	{id: "comment_case", as: "tinghu", path: "/cases/{case}/comments", body: `{"text": "发票已核对"}`},
	{id: "act_case", as: "firm", path: "/cases/{case}/act", body: `{"action": "withdraw", "reason": "改报明年"}`, header: []string{idempotencyHeader, "withdraw-1"}},
	{id: "get_case", as: "city", path: "/cases/{case}"},
	{id: "settle_case_task", as: "city", path: "/cases/{case}/tasks/{task}/settle", body: `{"reason": "已核对，仍然成立"}`, refused: http.StatusForbidden},
	{id: "appropriate", as: "city", path: "/fund/budget", body: budgetBody, keep: []string{"line=line"}},
	{id: "preview_call", as: "city", path: "/calls/preview", body: callBody},
	{id: "draft_call", as: "city", path: "/calls", body: callBody, keep: []string{"call=id"}},
	{id: "revise_call", as: "city", path: "/calls/{call}", body: callBody},
	{id: "act_case", as: "second", path: "/cases/{call}/act", body: `{"action": "publish"}`, aside: true},
	{id: "list_calls", path: "/calls?state=published"},
	{id: "get_call", as: "city", path: "/calls/{call}"},
	{id: "upload", as: "city", path: "/imports" + noProjects + "2022", body: noInvestment, header: []string{"Content-Type", octets}, aside: true},
	{id: "commit_import", as: "city", path: "/imports/{import}/commit", aside: true},
	{id: "upload", as: "city", path: "/imports" + noProjects + "2024", body: noInvestment, header: []string{"Content-Type", octets}, aside: true},
	{id: "commit_import", as: "city", path: "/imports/{import}/commit", aside: true},
	{id: "list_offers", as: "firm", path: "/enterprises/{tinghu}/offers", keep: []string{"thing=items.0.thing.id", "year=items.0.year"}},
	{id: "preview_round", as: "tinghu", path: "/rounds/preview", body: roundBody},
	{id: "list_round", as: "tinghu", path: "/rounds", body: roundBody, header: []string{idempotencyHeader, "round-1"}, keep: []string{"round=id"}},
	{id: "drop_round_line", as: "tinghu", path: "/rounds/{round}/lines/1/drop", body: `{"reason": "正在核查"}`},
	{id: "restore_round_line", as: "tinghu", path: "/rounds/{round}/lines/1/restore"},
	{id: "rename_round", as: "tinghu", path: "/rounds/{round}/rename", body: `{"title": "2024年免申即享第一批（修订）"}`},
	{id: "publish_round", as: "city", path: "/rounds/{round}/publish"},
	{id: "doubt_round", as: "tinghu", path: "/rounds/{round}/doubt", body: `{"reason": "名单可能有重复"}`},
	{id: "settle_round", as: "city", path: "/rounds/{round}/settle", body: `{"outcome": "keep", "reason": "经核对没有重复"}`},
	{id: "list_rounds", as: "tinghu", path: "/rounds"},
	{id: "ask_round", as: "tinghu", path: "/rounds/{round}/ask", days: 9},
	{id: "get_round", as: "city", path: "/rounds/{round}"},
	{id: "list_round_lines", as: "city", path: "/rounds/{round}/lines?limit=2", keep: []string{"asked=items.0.case"}},
	{id: "act_case", as: "firm", path: "/cases/{asked}/act", body: `{"action": "decline"}`, aside: true},
	{id: "list_round", as: "tinghu", path: "/rounds", body: roundBody, aside: true, keep: []string{"round=id"}},
	{id: "give_up_round", as: "tinghu", path: "/rounds/{round}/give-up"},
	{id: "open_application", as: "firm", path: "/calls/{call}/applications", body: `{"enterprise": {tinghu}, "clause": "c9", "thing": {thing}, "year": {year}}`, keep: []string{"application=id"}},
	{id: "put_costs", as: "firm", path: "/cases/{application}/costs", body: costsBody},
	{id: "put_payee", as: "firm", path: "/cases/{application}/payee", body: `{"holder": "盐城亭湖甲机械有限公司", "bank": "盐城农商银行亭湖支行", "number": "6228480402564890018"}`},
	{id: "get_payee", as: "city", path: "/cases/{application}/payee"},
	{id: "attach_case_file", as: "firm", path: "/cases/{application}/files?name=invoices.pdf&field=invoices", body: invoicePDF + "3", header: []string{"Content-Type", octets}, aside: true},
	{id: "act_case", as: "firm", path: "/cases/{application}/act", body: `{"action": "submit"}`, aside: true},
	{id: "act_case", as: "tinghu", path: "/cases/{application}/act", body: `{"action": "accept"}`, aside: true},
	{id: "list_reviews", as: "city", path: "/reviews/tax_bureau"},
	{id: "get_review_sheet", as: "tax", path: "/reviews/tax_bureau/sheet"},
	{id: "read_opinions", as: "tax", path: "/reviews/tax_bureau/sheet?name=tax.csv", body: "办件号,企业名称,意见,理由\n{application},盐城亭湖甲机械有限公司,同意,无欠税\n", header: []string{"Content-Type", octets}},
	{id: "give_opinions", as: "tax", path: "/reviews/tax_bureau/opinions", body: `{"opinions": [{"case": {application}, "opinion": "agree", "reason": "无欠税"}]}`},
	{id: "act_case", as: "safety", path: "/cases/{application}/act", body: `{"action": "agree"}`, aside: true},
	{id: "act_case", as: "environment", path: "/cases/{application}/act", body: `{"action": "agree"}`, aside: true},
	{id: "act_case", as: "credit", path: "/cases/{application}/act", body: `{"action": "agree"}`, aside: true},
	{id: "put_rulings", as: "tinghu2", path: "/cases/{application}/rulings", body: `{"rulings": [{"n": 1, "amount": "580万元", "reason": "含运输费 20 万元"}]}`},
	{id: "act_case", as: "tinghu2", path: "/cases/{application}/act", body: `{"action": "recognise", "reason": "金额小，由县级核对发票"}`, aside: true},
	{id: "list_applications", as: "city", path: "/applications?call={call}"},
	{id: "get_application", as: "tinghu", path: "/cases/{application}/application"},
	{id: "get_assessment_receipt", as: "tinghu", path: "/cases/{application}/assessments/1/receipt"},
	{id: "get_rubric", path: "/rubrics/project_review"},
	{id: "list_candidates", as: "city", path: "/cases/{application}/candidates?role=expert"},
	{id: "draw_experts", as: "city", path: "/cases/{application}/draws", body: `{"size": 2, "without": [{"account": {expert5}, "reason": "与企业有合作（演示）"}]}`},
	{id: "list_draws", as: "city", path: "/cases/{application}/draws"},
	{id: "put_picks", as: "city", path: "/cases/{application}/picks", body: `{"accounts": [{expert1}, {expert2}, {expert3}]}`},
	{id: "act_case", as: "city", path: "/cases/{application}/act", body: `{"action": "to_panel"}`, aside: true},
	{id: "put_score", as: "expert2", path: "/cases/{application}/score", body: scoreBody, aside: true},
	{id: "act_case", as: "expert2", path: "/cases/{application}/act", body: `{"action": "score"}`, aside: true},
	{id: "put_score", as: "expert3", path: "/cases/{application}/score", body: scoreBody, aside: true},
	{id: "act_case", as: "expert3", path: "/cases/{application}/act", body: `{"action": "score"}`, aside: true},
	{id: "put_score", as: "expert1", path: "/cases/{application}/score", body: scoreBody},
	{id: "act_case", as: "expert1", path: "/cases/{application}/act", body: `{"action": "score"}`, aside: true},
	{id: "list_scores", as: "city", path: "/cases/{application}/scores"},
	{id: "act_case", as: "city", path: "/cases/{application}/act", body: `{"action": "settle_scored"}`, aside: true},
	{id: "open_batch", as: "city", path: "/calls/{call}/batches", body: `{"title": "2024年度第一批"}`, keep: []string{"batch=id"}},
	{id: "act_case", as: "city", path: "/cases/{application}/act", body: `{"action": "join"}`, aside: true},
	{id: "get_batch", as: "city", path: "/batches/{batch}"},
	{id: "act_case", as: "city", path: "/cases/{batch}/act", body: `{"action": "publish"}`, aside: true},
	{id: "list_batches", as: "city", path: "/calls/{call}/batches"},
	{id: "list_notices", path: "/notices"},
	{id: "get_notice", path: "/notices/{batch}"},
	{id: "list_releases", path: "/releases?kind=subsidy_batch", keep: []string{"release=items.0.id"}},
	{id: "get_release", path: "/releases/{release}"},
	{id: "list_release_kinds", path: "/releases/kinds"},
	{id: "object", path: "/notices/{batch}/objections", body: `{"line": 1, "name": "某企业", "text": "该设备 2022 年已获补助。"}`, keep: []string{"objection=id"}},
	{id: "answer_objection", as: "tinghu", path: "/objections/{objection}/answer", body: `{"upheld": false, "answer": "经核对，该设备未获其他补助。"}`},
	{id: "list_objections", as: "city", path: "/notices/{batch}/objections"},
	{id: "act_case", as: "second", path: "/cases/{batch}/act", body: `{"action": "approve"}`, days: 9, aside: true},
	{id: "act_case", as: "city", path: "/cases/{batch}/act", body: `{"action": "grant"}`, aside: true},
	{id: "list_payables", as: "finance", path: "/payables", keep: []string{"owed=items.0.amount", "seen=items.0.seen"}},
	{id: "draft_payments", as: "finance", path: "/payments", body: paymentsBody, header: []string{idempotencyHeader, "pay-1"}, keep: []string{"payments=id"}},
	{id: "cancel_payments", as: "finance", path: "/payments/{payments}/cancel", body: `{"reason": "账户待核对"}`, header: []string{idempotencyHeader, "cancel-1"}},
	{id: "draft_payments", as: "finance", path: "/payments", body: paymentsBody, header: []string{idempotencyHeader, "pay-2"}, days: 1, keep: []string{"payments=id"}},
	{id: "send_payments", as: "finance", path: "/payments/{payments}/send", body: `{"document": "盐财支〔2024〕31号"}`, header: []string{idempotencyHeader, "send-1"}},
	{id: "take_payment_file", as: "finance", path: "/payments/{payments}/file?format=csv"},
	{id: "get_payments", as: "city", path: "/payments/{payments}", keep: []string{"reference=payments.0.reference", "payment_file=files.0.id"}},
	{id: "get_payment_file", as: "finance", path: "/payments/{payments}/files/{payment_file}"},
	{id: "read_results", as: "finance", path: "/payments/{payments}/results?name=results.csv", body: "付款编号,金额,处理结果\n{reference},{owed},成功\n", header: []string{"Content-Type", octets}},
	{id: "settle_payments", as: "finance", path: "/payments/{payments}/settle", body: `{"document": "银行回单 2024-11-11", "outcomes": [{"n": 1, "state": "settled"}]}`, header: []string{idempotencyHeader, "settle-1"}},
	{id: "list_payments", as: "city", path: "/payments"},
	{id: "list_claims", as: "city", path: "/claims?standing=true&limit=2"},
	{id: "check_claim", as: "tinghu", path: "/claims/against?project=invoice&item=24322000000012345678&family=cost_item"},
	{id: "list_instalments", as: "firm", path: "/cases/{application}/instalments"},
	{id: "put_return", as: "city", path: "/cases/{application}/return", body: `{"amount": "10万元", "document": "盐工信〔2024〕9号"}`},
	{id: "appropriate", as: "city", path: "/fund/budget", body: strings.Replace(budgetBody, "2024,", "2025,", 1), aside: true, keep: []string{"later=line"}},
	{id: "list_unpaid", as: "city", path: "/fund/unpaid?year=2024"},
	{id: "carry_over", as: "finance", path: "/fund/carry-over", body: `{"from": {line}, "to": {later}, "free": "10万元", "reason": "跨年支付", "document": "盐财预〔2025〕1号"}`, header: []string{idempotencyHeader, "carry-1"}},
	{id: "get_fund", as: "city", path: "/fund?by=line&year=2024"},
	{id: "list_entries", as: "city", path: "/fund/entries?area=320902&limit=2"},
	{id: "get_opening_template", as: "city", path: "/openings/template"},
	{id: "read_openings", as: "city", path: "/openings/read?name=paid.csv", body: paidBefore, header: []string{"Content-Type", octets}, keep: []string{"sheet=sheet"}},
	{id: "enter_openings", as: "city", path: "/openings", body: `{"sheet": "{sheet}", "area": "320900"}`, header: []string{idempotencyHeader, "paid-1"}, keep: []string{"opening=source"}},
	{id: "list_openings", as: "city", path: "/openings"},
	{id: "undo_openings", as: "city", path: "/openings/{opening}/undo", body: `{"reason": "名单有误"}`},
	{id: "open_case", as: "firm", path: "/cases", body: `{"workflow": "project_filing", "enterprise": {tinghu}, "project": "焊装智能化改造"}`, header: []string{idempotencyHeader, "filing-1"}},
	{id: "open_case", as: "city", path: "/cases", body: beginRound, aside: true, keep: []string{"call=id"}},
	{id: "act_case", as: "city", path: "/cases/{call}/act", body: strings.Replace(callForm, "{closes}", "2024-11-30", 1), aside: true},
	{id: "act_case", as: "second", path: "/cases/{call}/act", body: `{"action": "announce"}`, aside: true},
	{id: "list_selections", path: "/selections", keep: []string{"selection=items.0.id"}},
	{id: "check_nomination", as: "firm", path: "/selections/{selection}/nominees/{tinghu}"},
	{id: "nominate", as: "firm", path: "/selections/{selection}/nominations", body: `{"enterprise": {tinghu}}`, header: []string{idempotencyHeader, "nominate-1"}, keep: []string{"nominee=id"}},
	{id: "act_case", as: "firm", path: "/cases/{nominee}/act", body: strings.NewReplacer("{word}", "甲组", "{person}", "演示人员 41").Replace(nomineeForm), aside: true},
	{id: "act_case", as: "second", path: "/cases/{nominee}/act", body: `{"action": "accept"}`, aside: true},
	{id: "list_nominations", as: "city", path: "/selections/{selection}/nominations"},
	{id: "act_case", as: "city", path: "/cases/{call}/act", body: `{"action": "draw"}`, days: 14, aside: true},
	{id: "list_judging", as: "expert1", path: "/judging"},
	{id: "get_judging", as: "expert1", path: "/judging/{selection}/1"},
	{id: "put_judging", as: "expert1", path: "/judging/{selection}/1", body: judgedBody},
	{id: "put_judging", as: "expert2", path: "/judging/{selection}/1", body: judgedBody, aside: true},
	{id: "recuse", as: "expert3", path: "/judging/{selection}/1/recuse", body: `{"reason": "曾为其提供咨询（演示）"}`},
	{id: "put_judging", as: "expert4", path: "/judging/{selection}/1", body: judgedBody, aside: true},
	{id: "act_case", as: "second", path: "/cases/{call}/act", body: `{"action": "rank"}`, aside: true},
	{id: "act_case", as: "city", path: "/cases/{call}/act", body: `{"action": "publish"}`, aside: true},
	{id: "list_selection_results", as: "city", path: "/selections/{selection}/results"},
	{id: "list_selection_seats", as: "city", path: "/selections/{selection}/seats"},
	{id: "get_selection_draw", path: "/selections/{selection}/draw"},
	{id: "get_selection", path: "/selections/{selection}"},
	{id: "act_case", as: "second", path: "/cases/{call}/act", body: decisionForm, days: 12, aside: true},
	{id: "list_titles", as: "firm", path: "/titles?selection={selection}", keep: []string{"title=items.0.id"}},
	{id: "get_title", as: "firm", path: "/titles/{title}"},
	{id: "enter_expert", as: "city", path: "/experts", body: `{"account": {expert5}, "label": "演示人员 05", "area": "320900", "county": "320904", "belongs": ["示例研究院"]}`, header: []string{idempotencyHeader, "expert-5"}, keep: []string{"expert=id"}},
	{id: "declare_interest", as: "expert5", path: "/interests", body: `{"enterprise": "盐城大丰乙电子有限公司", "reason": "本人持有其股份（演示）"}`},
	{id: "list_interests", as: "expert5", path: "/interests"},
	{id: "list_experts", as: "city", path: "/experts"},
	{id: "settle_removal", as: "second", path: "/experts/{expert}/settle", body: `{"agree": true}`, refused: http.StatusConflict}, // nobody has asked
	{id: "remove_expert", as: "city", path: "/experts/{expert}/remove", body: `{"reason": "已调离（演示）"}`},
	{id: "list_indicators", path: "/indicators"},
	{id: "get_indicator", path: "/indicators/completed_share"},
	{id: "list_figures", as: "city", path: "/figures?area=320900&period=2023"},
	{id: "get_figure_table", as: "city", path: "/indicators/above_scale_firms/table?rows=area&cols=trade&period=2023"},
	{id: "list_figure_rows", as: "city", path: "/indicators/above_scale_firms/rows?state=counted&limit=2"},
	{id: "get_figure_row", as: "city", path: "/indicators/completed_share/rows/{tinghu}?period=2023&choices=completion=accepted"},
	{id: "get_monthly_operations", as: "city", path: "/indicators/monthly_output/months?area=320900&period=2024-09&by=area&months=2"},
	{id: "list_monthly_enterprises", as: "city", path: "/indicators/monthly_output/months/enterprises?period=2024-09&stand=due&limit=2"},
	{id: "list_public_figures", path: "/indicators/above_scale_firms/public?year=2023"},
	{id: "open_assessment_round", as: "city", path: "/assessment-rounds", body: `{"title": "2024 年度数字化水平评测（演示）", "model": "sme_digital", "edition": "2024", "area": "320900", "year": 2024, "opens": "2024-10-31", "closes": "2025-12-31", "concerned": "true", "remind": [10, 3, 0]}`, header: []string{idempotencyHeader, "assessment-1"}, keep: []string{"assessing=id"}},
	{id: "list_assessment_rounds", as: "firm", path: "/assessment-rounds"},
	{id: "get_assessment_round", as: "tinghu", path: "/assessment-rounds/{assessing}"},
	{id: "list_round_enterprises", as: "tinghu", path: "/assessment-rounds/{assessing}/enterprises?standing=not_begun"},
	{id: "begin_assessment", as: "firm", path: "/assessment-rounds/{assessing}/begin", body: `{"enterprise": {tinghu}}`, keep: []string{"begun=case"}},
	{id: "act_case", as: "firm", path: "/cases/{begun}/act", body: `{"action": "submit", "entry": {"answers": {"devices_total": 10, "devices_networked": 40}}}`, aside: true},
	{id: "remind_assessment_round", as: "city", path: "/assessment-rounds/{assessing}/reminders", body: `{}`},
	{id: "check_assessment_round", as: "tinghu", path: "/assessment-rounds/{assessing}/checks", body: `{}`},
	{id: "list_round_findings", as: "tinghu", path: "/assessment-rounds/{assessing}/findings?kind=contradiction", keep: []string{"finding=items.0.id"}},
	{id: "explain_round_finding", as: "firm", path: "/assessment-rounds/{assessing}/findings/{finding}/explain", body: `{"text": "填错了单位（演示）"}`},
	{id: "get_round_finding", as: "tinghu", path: "/assessment-rounds/{assessing}/findings/{finding}"},
	{id: "return_round_finding", as: "tinghu", path: "/assessment-rounds/{assessing}/findings/{finding}/return", body: `{"text": "请更正联网设备数（演示）"}`},
	{id: "accept_round_finding", as: "tinghu", path: "/assessment-rounds/{assessing}/findings/{finding}/accept", body: `{"text": "已核实（演示）"}`},
	{id: "extend_assessment_round", as: "city", path: "/assessment-rounds/{assessing}/enterprises", body: `{}`},
	{id: "get_assessment_report", as: "city", path: "/assessment-rounds/{assessing}/report"},
	{id: "close_assessment_round", as: "city", path: "/assessment-rounds/{assessing}/close", body: `{}`, refused: http.StatusConflict}, // its last day has not come
	{id: "open_case", as: "firm", path: "/cases", body: `{"workflow": "assessment_sme_digital", "enterprise": {tinghu}}`, aside: true, keep: []string{"visited=id"}},
	{id: "act_case", as: "firm", path: "/cases/{visited}/act", body: `{"action": "submit", "entry": {"answers": {"devices_total": 100}}}`, aside: true},
	{id: "put_picks", as: "tinghu", path: "/cases/{visited}/picks", body: `{"accounts": [{expert1}]}`, aside: true},
	{id: "act_case", as: "tinghu", path: "/cases/{visited}/act", body: `{"action": "appoint"}`, aside: true},
	{id: "add_visit_entries", as: "expert1", path: "/cases/{visited}/visit/entries", body: visitEntries},
	{id: "add_visit_photo", as: "expert1", path: "/cases/{visited}/visit/photos/" + visitSHA, body: visitPhoto, header: []string{"Content-Type", octets}},
	{id: "get_visit", as: "tinghu", path: "/cases/{visited}/visit"},
	{id: "hand_in_visit", as: "expert1", path: "/cases/{visited}/visit/hand-in", body: `{}`, header: []string{idempotencyHeader, "visit-1"}},
	{id: "list_models", path: "/models"},
	{id: "get_model", path: "/models/sme_digital/2024"},
	{id: "get_model_result", as: "firm", path: "/models/sme_digital/2024/enterprises/{tinghu}"},
	{id: "list_model_results", as: "city", path: "/models/sme_digital/2024/enterprises?area=320902"},
	{id: "remind_model", as: "city", path: "/models/sme_digital/2024/reminders", body: `{"year": 2024, "enterprises": [{tinghu}]}`},
	{id: "list_chains", as: "city", path: "/chains"},
	{id: "get_chain", as: "city", path: "/chains/wind?area=320900&year=2024"},
	{id: "list_ladders", path: "/ladders"},
	{id: "get_ladder", path: "/ladders/benchmark"},
	{id: "enter_pool", as: "tinghu", path: "/ladders/smart_factory/pool", body: `{"enterprise": {tinghu}}`, header: []string{idempotencyHeader, "pool-1"}, keep: []string{"pool=id"}},
	{id: "act_case", as: "tinghu", path: "/cases/{pool}/act", body: `{"action": "list", "reason": "县级培育名单（演示）"}`, aside: true},
	{id: "act_case", as: "tinghu2", path: "/cases/{pool}/act", body: `{"action": "confirm"}`, aside: true},
	{id: "list_pool", as: "city", path: "/ladders/smart_factory/pool"},
	{id: "get_standpoint", as: "firm", path: "/ladders/smart_factory/enterprises/{tinghu}"},
	{id: "refresh_pool", as: "city", path: "/ladders/smart_factory/refresh"},
	{id: "get_coverage", as: "city", path: "/coverage?title=digital_craftsman"},
	{id: "list_products", path: "/products"},
	{id: "get_product", path: "/products/demo_a_equipment"},
	{id: "get_fit", as: "firm", path: "/products/demo_a_equipment/enterprises/{tinghu}"},
	{id: "ask_bank", as: "firm", path: "/products/demo_a_equipment/ask", body: `{"enterprise": {tinghu}}`, header: []string{idempotencyHeader, "loan-1"}, keep: []string{"loan=id"}},
	{id: "act_case", as: "firm", path: "/cases/{loan}/act", body: loanApplication, aside: true},
	{id: "get_pack", as: "bank", path: "/cases/{loan}/pack"},
	{id: "act_case", as: "bank", path: "/cases/{loan}/act", body: `{"action": "offer", "entry": {"answers": {"amount": 550, "rate": 3.5, "months": 24, "valid_until": "2025-12-31"}}}`, aside: true},
	{id: "act_case", as: "firm", path: "/cases/{loan}/act", body: `{"action": "accept"}`, aside: true},
	{id: "act_case", as: "bank", path: "/cases/{loan}/act", body: `{"action": "sign", "entry": {"answers": {"number": "H-2024-001", "line": 550, "rate": 3.5, "signed_on": "2024-10-20", "ends_on": "2027-10-20"}}}`, aside: true},
	{id: "act_case", as: "bank", path: "/cases/{loan}/act", body: `{"action": "draw", "entry": {"answers": {"voucher": "J-2024-001", "principal": 300, "drawn_on": "2024-10-25", "due_on": "2026-10-25", "rate": 3.5, "for_digital": true}}}`, aside: true},
	{id: "act_case", as: "bank", path: "/cases/{loan}/act", body: `{"action": "repay", "entry": {"answers": {"voucher": "J-2024-001", "paid_on": "2024-10-31", "principal": 100, "interest": 0.5}}}`, aside: true},
	{id: "get_loan", as: "firm", path: "/cases/{loan}/loan"},
	{id: "get_credit", as: "city", path: "/credit?month=2024-10"},
	{id: "send_loan_list", as: "bank", path: "/credit/lists?bank=demo_a&month=2024-10&name=loans-2024-10.csv", body: bankList, header: []string{"Content-Type", octets}, keep: []string{"loans=id"}},
	{id: "list_loan_lists", as: "bank", path: "/credit/lists"},
	{id: "get_loan_list", as: "city", path: "/credit/lists/{loans}", keep: []string{"differs=rows.0.difference", "owed=rows.0.loan"}},
	{id: "get_loan_list_file", as: "city", path: "/credit/lists/{loans}/file"},
	{id: "settle_loan_list", as: "city", path: "/credit/lists/{loans}/settle", body: `{"rows": [{"n": 1, "loan": {owed}, "difference": "{differs}", "how": "accepted"}]}`},
	{id: "close_loan_list", as: "city", path: "/credit/lists/{loans}/close"},
	{id: "submit", as: "city", path: "/submissions", body: `{"name": "登记状态", "sender": "市统计局", "authority": "statistics", "area": "320900", "rows": [{"uscc": "` + tinghuCode + `", "period": "2024", "facts": {"ent.operating_state": "注销"}}]}`, aside: true, keep: []string{"stated=id"}},
	{id: "commit_import", as: "city", path: "/imports/{stated}/commit", aside: true},
	{id: "list_flags", as: "auditor", path: "/flags?limit=2&kind=closed_payee", keep: []string{"flag=items.0.key"}},
	{id: "open_flag", as: "auditor", path: "/flags/open", body: `{"kind": "closed_payee", "key": "{flag}"}`, keep: []string{"review=case"}},
	{id: "act_case", as: "auditor", path: "/cases/{review}/act", body: `{"action": "ask", "entry": {"answers": {"row": 1, "to": "firm", "question": "请说明注销的时间和资金使用情况"}}}`, aside: true},
	{id: "get_flag_review", as: "auditor", path: "/flags/reviews/{review}"},
	{id: "sum_flags", as: "auditor", path: "/flags/figures"},
	{id: "list_duties", as: "tinghu", path: "/duties"},
	{id: "begin_bulletin", as: "city", path: "/bulletins", body: `{"report": "quarterly", "area": "320900", "period": "2024Q3"}`, keep: []string{"bulletin=id"}},
	{id: "say_bulletin", as: "city", path: "/bulletins/{bulletin}/words", body: `{"words": {"summary": "三季度各地按月报送进展，总体平稳（演示）。", "next": "未签发月报的地区一周内补齐（演示）。"}}`},
	{id: "step_bulletin", as: "city", path: "/bulletins/{bulletin}/step", body: `{"step": "submit"}`},
	{id: "step_bulletin", as: "second", path: "/bulletins/{bulletin}/step", body: `{"step": "sign"}`, aside: true},
	{id: "get_bulletin", as: "auditor", path: "/bulletins/{bulletin}"},
	{id: "list_bulletins", as: "city", path: "/bulletins?report=quarterly"},
	{id: "recompute_bulletin", as: "auditor", path: "/bulletins/{bulletin}/again"},
	{id: "hold_site_meeting", as: "city", path: "/site-meetings", body: `{"duty": "programme/on_site", "area": "320900", "day": "2024-10-17", "title": "十月现场推进会（演示）", "place": "大丰区（演示）", "offices": "各县（市、区）工信局"}`, header: []string{idempotencyHeader, "site-1"}, keep: []string{"site=id"}},
	{id: "write_minutes", as: "city", path: "/site-meetings/{site}/minutes", body: `{"text": "议定排出未诊断企业名单（演示）"}`},
	{id: "give_site_task", as: "city", path: "/site-meetings/{site}/tasks", body: `{"what": "报送未诊断企业名单（演示）", "area": "320902", "due": "2024-11-15"}`, header: []string{idempotencyHeader, "site-task-1"}, keep: []string{"site_task=id"}},
	{id: "do_site_task", as: "tinghu", path: "/site-tasks/{site_task}", body: `{"step": "done", "note": "名单已报（演示）"}`},
	{id: "list_site_meetings", as: "tinghu", path: "/site-meetings"},
	{id: "list_warnings", as: "city", path: "/warnings"},
	{id: "close_warning", as: "tinghu", path: "/warnings/{warning}/close", body: `{"reason": "已列入计划（演示）"}`},
	{id: "plan_meeting", as: "city", path: "/credit/meetings", body: meetingBody, header: []string{idempotencyHeader, "meeting-1"}, keep: []string{"meeting=id"}},
	{id: "invite_to_meeting", as: "city", path: "/credit/meetings/{meeting}/invite", body: `{"in": "320904"}`},
	{id: "list_meetings", as: "firm", path: "/credit/meetings"},
	{id: "move_meeting", as: "city", path: "/credit/meetings/{meeting}/move", body: `{"hours": {"day": "2024-12-17", "from": "08:30", "until": "11:30"}, "place": "市政务中心 3 楼", "reason": "会场检修"}`},
	{id: "answer_meeting", as: "bank", path: "/credit/meetings/{meeting}/answer", body: `{"plan": 2, "bank": "demo_a", "comes": true, "people": 2}`, aside: true},
	{id: "answer_meeting", as: "firm", path: "/credit/meetings/{meeting}/answer", body: `{"plan": 2, "enterprise": {tinghu}, "comes": true, "people": 2, "amount": "500万元", "purpose": "购置数控机床", "product": "demo_a_equipment", "show": true}`},
	{id: "note_attendance", as: "city", path: "/credit/meetings/{meeting}/attendance", body: `{"enterprises": [{tinghu}]}`, days: 2},
	{id: "write_talk", as: "bank", path: "/credit/meetings/{meeting}/talks", body: `{"enterprise": {tinghu}, "bank": "demo_a", "outcome": "intent", "amount": "450万元"}`},
	{id: "get_meeting", as: "bank", path: "/credit/meetings/{meeting}"},
	{id: "plan_meeting", as: "city", path: "/credit/meetings", body: strings.Replace(meetingBody, "2024-12-16", "2024-12-30", 1), aside: true, keep: []string{"off=id"}},
	{id: "cancel_meeting", as: "city", path: "/credit/meetings/{off}/cancel", body: `{"reason": "报名不足"}`},
	{id: "add_institute", as: "city", path: "/institutes", body: `{"code": "demo_two", "name": "演示诊断机构二", "area": "320900", "kinds": ["digital", "green"], "counties": ["320902"], "divisions": ["34"], "qualified": "公开招标中标（演示）", "until": "2026-12-31", "capacity": 10}`, header: []string{idempotencyHeader, "institute-2"}, keep: []string{"second_institute=id"}},
	{id: "set_institute_terms", as: "city", path: "/institutes/{second_institute}/terms", body: `{"kinds": ["digital"], "qualified": "公开招标中标（演示）", "until": "2026-12-31", "capacity": 5, "left_why": "合同到期（演示）"}`},
	{id: "list_institutes", as: "city", path: "/institutes", keep: []string{"institute=items.0.id"}},
	{id: "declare_conflict", as: "institute", path: "/institutes/{institute}/conflicts", body: `{"enterprise": "盐城大丰乙电子有限公司", "reason": "股东相同（演示）"}`},
	{id: "set_institute_account", as: "institute", path: "/institutes/{institute}/account", body: `{"holder": "演示诊断机构", "bank": "示例银行", "number": "` + accountNumber + `"}`},
	{id: "add_lot", as: "city", path: "/lots", body: `{"name": "2024年第一批（演示）", "kind": "digital", "year": 2024, "area": "320900", "ceiling": "8万元", "document": "演示采购文件", "shares": [{"institute": {institute}, "firms": 6, "fee": "6万元"}]}`, header: []string{idempotencyHeader, "lot-1"}, keep: []string{"lot=id"}},
	{id: "list_lots", as: "city", path: "/lots"},
	{id: "get_lot", as: "city", path: "/lots/{lot}"},
	{id: "open_diagnoses", as: "city", path: "/lots/{lot}/open", body: `{"enterprises": [{tinghu}]}`, keep: []string{"diagnosis=cases.0"}},
	{id: "choose_institute", as: "firm", path: "/diagnoses/{diagnosis}/institute", body: `{"institute": {institute}}`},
	{id: "act_case", as: "institute", path: "/cases/{diagnosis}/act", body: `{"action": "take"}`, aside: true},
	{id: "act_case", as: "institute", path: "/cases/{diagnosis}/act", body: `{"action": "visited", "entry": {"answers": {"devices_networked": 20}}}`, aside: true},
	{id: "save_diagnosis_report", as: "institute", path: "/diagnoses/{diagnosis}/report", body: diagnosisBody},
	{id: "act_case", as: "institute", path: "/cases/{diagnosis}/act", body: `{"action": "hand_in"}`, aside: true},
	{id: "put_picks", as: "tinghu", path: "/cases/{diagnosis}/picks", body: `{"accounts": [{expert2}]}`, aside: true},
	{id: "act_case", as: "tinghu", path: "/cases/{diagnosis}/act", body: `{"action": "appoint"}`, aside: true},
	{id: "put_score", as: "expert2", path: "/cases/{diagnosis}/score", body: `{"sheet": {"facts": "26", "cause": "16", "advice": "25", "own": "8", "service": "9"}, "remark": "到现场核对过（演示）"}`, aside: true},
	{id: "act_case", as: "expert2", path: "/cases/{diagnosis}/act", body: `{"action": "score"}`, aside: true},
	{id: "act_case", as: "tinghu", path: "/cases/{diagnosis}/act", body: `{"action": "passed"}`, aside: true},
	{id: "answer_advice", as: "firm", path: "/diagnoses/{diagnosis}/answers", body: `{"answers": [{"advice": "a1", "answer": "adopt"}]}`},
	{id: "act_case", as: "tinghu", path: "/cases/{diagnosis}/act", body: `{"action": "accept"}`, aside: true},
	{id: "file_advice", as: "firm", path: "/diagnoses/{diagnosis}/filings", body: `{"advice": "a1"}`},
	{id: "get_diagnosis", as: "city", path: "/diagnoses/{diagnosis}"},
	{id: "list_diagnoses", as: "city", path: "/diagnoses"},
	{id: "get_diagnosis_figures", as: "city", path: "/diagnosis-figures?by=institute"},
	{id: "close_lot", as: "city", path: "/lots/{lot}/close"},
	{id: "note_advice", as: "tinghu", path: "/advice", body: `{"enterprise": {tinghu}, "day": "2024-10-31", "who": "顾问 演示人员 14", "what": "上门讲政策（演示）", "barrier": "money", "next": "介绍智能制造贷（演示）"}`, header: []string{idempotencyHeader, "note-1"}},
	{id: "list_advice", as: "city", path: "/advice"},
	{id: "list_target_plans", as: "city", path: "/target-plans"},
	{id: "enter_quotas", as: "city", path: "/target-plans/yancheng-2022/targets/B120/quotas", body: `{"area": "320900", "parts": "area", "quotas": [{"area": "320902", "value": "300"}, {"area": "320904", "value": "400"}], "document": "测试〔2024〕1号（演示）"}`, header: []string{idempotencyHeader, "quotas-1"}},
	{id: "propose_quotas", as: "city", path: "/target-plans/yancheng-2022/targets/B120/propose", body: `{"area": "320900", "parts": "area", "base": "above_scale_firms", "note": "按规上企业数（演示）"}`, header: []string{idempotencyHeader, "quotas-2"}, keep: []string{"proposal=id"}},
	{id: "confirm_quotas", as: "city", path: "/target-plans/yancheng-2022/targets/B120/confirm", body: `{"act": {proposal}, "document": "测试〔2024〕2号（演示）"}`},
	{id: "propose_quotas", as: "city", path: "/target-plans/yancheng-2022/targets/B117/propose", body: `{"area": "320900", "parts": "area", "base": "above_scale_firms"}`, aside: true, keep: []string{"dropped=id"}},
	{id: "drop_quotas", as: "city", path: "/target-plans/yancheng-2022/targets/B117/drop", body: `{"act": {dropped}, "note": "基数有误（演示）"}`},
	{id: "set_target_ranking", as: "city", path: "/target-plans/yancheng-2022/ranking", body: `{"on": true, "document": "测试〔2024〕3号（演示）"}`},
	{id: "list_targets", as: "tinghu", path: "/target-plans/yancheng-2022/targets?all=true&state=late"},
	{id: "get_target", as: "city", path: "/target-plans/yancheng-2022/targets/B120?area=320900"},
	{id: "add_target_task", as: "city", path: "/target-tasks", body: `{"plan": "yancheng-2022", "target": "B120", "kind": "duty", "keeper": "320900", "title": "排出未诊断企业名单（演示）", "owner": "320902", "joint": ["320904"], "departments": ["财政局"], "workdays": 20}`, header: []string{idempotencyHeader, "task-1"}, keep: []string{"target_task=id"}},
	{id: "report_target_task", as: "tinghu", path: "/target-tasks/{target_task}", body: `{"kind": "progress", "note": "已排出名单（演示）"}`},
	{id: "get_target_task", as: "tinghu", path: "/target-tasks/{target_task}"},
	{id: "list_target_tasks", as: "tinghu", path: "/target-tasks?mine=true"},
	{id: "get_coverage_ledger", as: "city", path: "/coverage-ledger?all=true&limit=2"},
	{id: "switch_choice", as: "city", path: "/choices", body: `{"area": "320900", "choice": "completion", "answer": "accepted", "from": "2024-11-01", "document": "测试〔2024〕5号（演示）"}`, header: []string{idempotencyHeader, "choice-1"}},
	{id: "get_choices", as: "tinghu", path: "/choices"},
	{id: "list_tokens", as: "auditor", path: "/tokens"},
	{id: "end_token", as: "auditor", path: "/tokens/{token}"},
}

// diagnosisBody is a whole report.
const diagnosisBody = `{"version": 0, "report": {"summary": "企业有数控设备但没有联网，产量和停机靠人工抄表，排产凭经验，数据滞后一天以上。建议先联网采集，再上排产与质量追溯，分两期投入，用能管理随设备改造一并做（演示报告，内容为合成）。", "barrier": "plan", "why": "缺少整体方案（演示）",
"findings": [{"id": "f1", "part": "f3", "title": "设备联网率低", "state": "车间主要设备没有联网，产量和停机靠人工抄表（演示）。", "gap": "联网设备比同行少一半以上，数据滞后一天以上（演示）。", "proof": "设备清单（演示）"}],
"advice": [{"id": "a1", "finding": "f1", "title": "设备联网采集", "what": "给关键设备加装采集模块，统一接入车间网关（演示）。", "scenario": "capture", "least": "460万元", "most": "620万元", "months": 24, "fact": "ent.devices_networked", "expected": "联网设备从二十台到五十台（演示）", "proof": "两家询价（演示）", "example": "antewei"}]}}`

// loanApplication is what a firm sends to a bank, with its consent.
const loanApplication = `{"action": "submit", "entry": {"answers": {"amount": 600, "months": 24, "use": "购置数控机床和生产管理软件", "contact": "演示人员 01", "phone": "051500000000", "agree": true, "until": "2025-06-30", "truthful": true}}}`

// meetingBody is a meeting to which the firms of one county are invited.
const meetingBody = `{"title": "智能制造贷银企对接会", "area": "320900", "about": "面向机械行业规上企业", "place": "市政务中心 2 楼", "hours": {"day": "2024-12-16", "from": "14:00", "until": "17:00"}, "products": ["demo_a_equipment", "demo_b_factory"], "audience": {"in": "320902"}}`

// bankList is a bank's list of its loans, of which one differs in its balance.
const bankList = "借据号,合同编号,统一社会信用代码,放款金额（万元）,放款日期,年利率（%）,余额（万元）\nJ-2024-001,H-2024-001," + tinghuCode + ",300,2024-10-25,3.5,180\n"

// judgedBody is a score sheet of a craftsman.
const judgedBody = `{"sheet": {"skill": "36", "work": "32", "teaching": "20"}, "remark": "依据充分（演示）"}`

// paidBefore is what another office has paid to the firm in 大丰区, for its project as a whole.
const paidBefore = "企业名称,统一社会信用代码,奖补类别,项目,年度,金额（元）,发放单位,依据文号\n盐城大丰乙电子有限公司," + dafengCode + ",投入补助,智能仓储,2022,300000,市发展改革委,盐发改发〔2022〕9号\n"

const roundBody = `{"area": "320902", "policy": "yancheng-2022-6", "clauses": ["c9"], "title": "2024年度免申即享", "line": {line}}`

// makes are the calls whose answer names something that later ones speak of.
var makes = map[string]string{"raise_dispute": "dispute", "state_fact": "report", "draft_version": "version", "draft_policy": "version", "save_scenario": "scenario", "upload": "import", "order_enrolment": "enrolment", "order_enrolment_list": "enrolment"}

// opens are those whose answer is a letter for an account.
var opens = map[string]string{"create_account": "account", "authorise_handler": "handler", "succeed_handler": "handler"}

// answersOf runs all calls and gives the answer of each.
func answersOf(t *testing.T, c *city) map[string]reply {
	t.Helper()
	names := map[string]string{
		"tinghu": fmt.Sprint(c.firms[tinghuCode]), "dongtai": fmt.Sprint(c.firms[dongtaiCode]), "message": fmt.Sprint(c.told[tinghuCode]), "delivery": fmt.Sprint(c.failed),
		"case": fmt.Sprint(c.cases[tinghuCode]), "file": fmt.Sprint(c.files[tinghuCode]), "task": fmt.Sprint(c.tasks[tinghuCode]), "filing": fmt.Sprint(c.filing),
		"consent": fmt.Sprint(c.consents()),
	}
	for _, d := range c.srv.Library.FactDefs() {
		if d.Codes != "" {
			names["list"] = d.Codes
			break
		}
	}
	zip, err := cheaper(t).Zip()
	must(t, err)
	names["zip"], names["template"] = string(zip), templateOf(t, "企业名称", "统一社会信用代码", "营业收入（万元）")
	c.staff()
	c.inPool()
	c.verifies()
	c.account("expert5")
	c.account("bank")
	c.account("institute")
	for _, login := range []string{"expert1", "expert2", "expert3", "expert5"} {
		names[login] = fmt.Sprint(c.ids[login])
	}
	names["warning"] = c.monthSigned("/warnings/")
	answers := map[string]reply{}
	for _, k := range calls {
		op := c.srv.operation(k.id)
		c.now = c.now.AddDate(0, 0, k.days)
		if k.id == "order_enrolment_list" || k.id == "print_letters" { // what is shown from here on does not depend on how far the accounts are
			id, err := strconv.ParseInt(names["enrolment"], 10, 64)
			must(t, err)
			_, err = c.srv.Enrol.Wait(t.Context(), access.SystemScope(), id)
			must(t, err)
		}
		r := c.ask(k.as, op.method, fill(k.path, names), fill(k.body, names), k.header...)
		if !k.aside {
			answers[k.id] = r
		}
		if k.late && r.status == http.StatusConflict {
			continue
		}
		if k.refused != 0 {
			if r.status != k.refused {
				t.Errorf("%s: status %d, want %d: %s", k.id, r.status, k.refused, r.body)
			}
			continue
		}
		if r.status >= 300 {
			t.Errorf("%s: status %d: %s", k.id, r.status, r.body)
			continue
		}
		for _, k := range k.keep {
			name, at, _ := strings.Cut(k, "=")
			names[name] = r.at(t, at)
		}
		var made struct{ ID int64 }
		if name, ok := makes[k.id]; ok {
			r.into(t, &made)
			names[name] = fmt.Sprint(made.ID)
		}
		var edition Edition
		if c.srv.operation(k.id).tag == "versions" && json.Unmarshal([]byte(r.body), &edition) == nil && edition.Revision > 0 {
			names["revision"] = fmt.Sprint(edition.Revision)
		}
		if name, ok := opens[k.id]; ok {
			var l Letter
			r.into(t, &l)
			names[name] = fmt.Sprint(l.Account)
		}
		if k.id == "list_versions" {
			var list editionsOut
			r.into(t, &list.Body)
			names["instead"] = fmt.Sprint(list.Body.Items[0].ID)
		}
		if k.id == "list_judging" {
			c.joins("expert4", "演示人员 04") // takes the seat of who steps back
		}
		if k.id == "get_checkpoint" {
			var head Checkpoint
			r.into(t, &head)
			text, err := json.Marshal(head.Checkpoint)
			must(t, err)
			names["checkpoint"] = string(text)
		}
		if k.id == "get_plan" {
			names["plan"] = r.body
		}
		if k.id == "list_sources" {
			var list sourcesOut
			r.into(t, &list.Body)
			names["source"] = fmt.Sprint(list.Body.Items[0].ID)
		}
		if k.id == "list_tokens" {
			var list tokensOut
			r.into(t, &list.Body)
			names["token"] = fmt.Sprint(list.Body.Items[0].ID)
		}
	}
	return answers
}

func fill(s string, names map[string]string) string {
	for name, value := range names {
		s = strings.ReplaceAll(s, "{"+name+"}", value)
	}
	return s
}

// Every operation answers as its description says, and the description shows a request and an answer of each.
func TestOperationsAnswerAsDescribed(t *testing.T) {
	c := newCity(t)
	answers := answersOf(t, c)
	if *update {
		writeExamples(t, c, answers)
	}
	spec, schemas := described(t, c)
	for _, op := range c.srv.ops {
		r, ok := answers[op.id]
		if !ok {
			t.Errorf("%s: no call asks it", op.id)
			continue
		}
		if r.status == http.StatusNoContent || r.status == http.StatusConflict || r.status == http.StatusForbidden || len(op.streams) > 0 {
			continue
		}
		at := fmt.Sprintf("/paths/%s/%s/responses/%d/content/application~1json/schema", strings.ReplaceAll(op.path, "/", "~1"), strings.ToLower(op.method), r.status)
		schema, err := schemas.Compile("api.json#" + at)
		if err != nil {
			t.Errorf("%s: %v", op.id, err)
			continue
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(r.body))
		if err == nil {
			err = schema.Validate(v)
		}
		if err != nil {
			t.Errorf("%s answers otherwise than it says: %v\n%s", op.id, err, r.body)
		}
		if !bytes.Contains(spec, []byte(`"operationId":"`+op.id+`"`)) {
			t.Errorf("%s is not described", op.id)
		}
	}
	var shown map[string]example
	if err := json.Unmarshal(exampleJSON, &shown); err != nil {
		t.Fatal(err)
	}
	for _, op := range c.srv.ops {
		if e, ok := shown[op.id]; !*update && (!ok || e.Status == http.StatusOK && len(op.streams) == 0 && len(e.Response) == 0) {
			t.Errorf("%s has no example (go test ./internal/api -run Described -update)", op.id)
		}
	}
}

// described is the description, and a compiler of the schemas in it.
func described(t *testing.T, c *city) ([]byte, *jsonschema.Compiler) {
	t.Helper()
	spec, err := json.Marshal(c.srv.api.OpenAPI())
	must(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec))
	must(t, err)
	compiler := jsonschema.NewCompiler()
	must(t, compiler.AddResource("api.json", doc))
	return spec, compiler
}

// secretTexts are the values that differ from run to run, and what stands for them.
var secretTexts = map[string]*regexp.Regexp{
	`"code":"ABCD-EFGH-JKLM-NPQR"`: regexp.MustCompile(`"code":"[^"]{4}-[^"]*"`),
	`"hint":"yz_K7QWZ"`:            regexp.MustCompile(`"hint":"[^"]*"`),

	`"checkpoint":"yanzhen/93009b2da8632807a9468ba1162a7edb\n267\nQJyBOn7etp2okandkTCtOECeBjLBoDKOqO4YB3vWOYA=\n\n— yanzhen/93009b2da8632807a9468ba1162a7edb 4ulEDMXqsJnuswir\n"`: regexp.MustCompile(`"checkpoint": ?"yanzhen/[^"]*"`),
	`"since":"yanzhen/93009b2da8632807a9468ba1162a7edb\n267\nQJyBOn7etp2okandkTCtOECeBjLBoDKOqO4YB3vWOYA=\n\n— yanzhen/93009b2da8632807a9468ba1162a7edb 4ulEDMXqsJnuswir\n"`:      regexp.MustCompile(`"since":"yanzhen/[^"]*"`),
	`"key":"yanzhen/93009b2da8632807a9468ba1162a7edb+e2e9440c+AYZM+n3LC3wmQ9TsVM4L9MWRfbtxYeIwpyv4/qSol5oK"`:                                                                      regexp.MustCompile(`"key":"yanzhen/[^"]*"`),
	`"root":"QJyBOn7etp2okandkTCtOECeBjLBoDKOqO4YB3vWOYA="`: regexp.MustCompile(`"root":"[^"]*"`),
}

// writeExamples keeps the answers, long lists cut to what shows their form.
func writeExamples(t *testing.T, c *city, answers map[string]reply) {
	t.Helper()
	all, before := map[string]example{}, map[string]example{}
	must(t, json.Unmarshal(exampleJSON, &before))
	for _, k := range calls {
		if k.aside {
			continue
		}
		// Whether it comes too late is chance, and so is how far accounts are when they were just ordered.
		if old, ok := before[k.id]; ok && (k.late || strings.HasPrefix(k.id, "order_enrolment")) {
			all[k.id] = old
			continue
		}
		r := answers[k.id]
		e := example{Path: k.path, Status: r.status}
		for instead, secret := range secretTexts {
			r.sent = secret.ReplaceAllString(r.sent, instead)
		}
		if json.Valid([]byte(r.sent)) {
			e.Request = json.RawMessage(r.sent)
		}
		if len(c.srv.operation(k.id).streams) == 0 && r.body != "" {
			for instead, secret := range secretTexts {
				r.body = secret.ReplaceAllString(r.body, instead)
			}
			var v any
			must(t, json.Unmarshal([]byte(r.body), &v))
			b, err := json.Marshal(shorten(v))
			must(t, err)
			e.Response = b
		}
		all[k.id] = e
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	must(t, enc.Encode(all))
	must(t, os.WriteFile("examples.json", buf.Bytes(), 0o644))
}

func shorten(v any) any {
	switch v := v.(type) {
	case []any:
		v = v[:min(len(v), 2)]
		for i := range v {
			v[i] = shorten(v[i])
		}
		return v
	case map[string]any:
		for key := range v {
			v[key] = shorten(v[key])
		}
	}
	return v
}

// The description is valid OpenAPI 3.1 and is the file that stands beside the code.
func TestDescription(t *testing.T) {
	c := newCity(t)
	spec, _ := described(t, c)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec))
	must(t, err)
	schema, err := jsonschema.NewCompiler().Compile("testdata/openapi/schema.json")
	must(t, err)
	if err := schema.Validate(doc); err != nil {
		t.Errorf("not valid OpenAPI 3.1: %v", err)
	}
	got, err := c.srv.api.OpenAPI().YAML()
	must(t, err)
	if *update {
		must(t, os.WriteFile("openapi.yaml", got, 0o644))
	}
	want, err := os.ReadFile("openapi.yaml")
	must(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("openapi.yaml differs (go test ./internal/api -update twice, once for the examples):\n%s", diff)
	}
	for _, path := range []string{"/openapi.json", "/openapi.yaml"} {
		wants(t, c.get("", path), 200, "list_enterprises", "盐城亭湖甲机械有限公司")
	}
	for _, op := range c.srv.ops {
		if strings.Contains(text("api.op_"+op.id), "api.op_") {
			t.Errorf("%s has no name", op.id)
		}
	}
}
