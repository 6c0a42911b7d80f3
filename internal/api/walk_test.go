package api

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess/round"
	"github.com/yanzhen/yanzhen/internal/bulletin"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/target"
)

// secrets is what must not be told of each firm to those who have no right to it.
var secrets = map[string][]string{
	tinghuCode:  {"亭湖甲", tinghuCode, "王某甲", "数字车间"},
	dafengCode:  {"大丰乙", dafengCode, "李某乙", "智能仓储"},
	dongtaiCode: {"东台丙", dongtaiCode, "赵某丙", "织造改造"},
}

// payers are those who see the number of an account that is paid to: its owner, and finance.
var payers = []string{"firm", "handler", "finance"}

// readers is which firms each token may read; "narrow" is an official of the city's, narrowed to 大丰区.
var readers = map[string][]string{
	"":        {},
	"tinghu":  {tinghuCode},
	"city":    {tinghuCode, dafengCode, dongtaiCode},
	"narrow":  {dafengCode},
	"auditor": {tinghuCode, dafengCode, dongtaiCode},
	"firm":    {tinghuCode},
	"handler": {tinghuCode},
	"viewer":  {tinghuCode},
	"admin":   {},
	"finance": {tinghuCode}, // to which it pays
	"tax":     {tinghuCode}, // which applies for a subsidy, about which the bureau is asked
	"expert1": {tinghuCode}, // which was assigned
}

// address fills the holes of an operation's path with data of a firm.
func (c *city) address(op operation, code string) string {
	id := fmt.Sprint(c.firms[code])
	switch {
	case strings.HasPrefix(op.path, "/imports/"):
		id = c.firstImport()
	case strings.HasPrefix(op.path, "/sources/"):
		var list sourcesOut
		c.get("city", "/sources").into(c.t, &list.Body)
		id = fmt.Sprint(list.Body.Items[0].ID)
	case strings.HasPrefix(op.path, "/disputes/"), strings.HasPrefix(op.path, "/reports/"), strings.HasPrefix(op.path, "/tokens/"), strings.HasPrefix(op.path, "/enrolments/"), strings.HasPrefix(op.path, "/scenarios/{id}"):
		id = "1"
	case strings.HasPrefix(op.path, "/versions/"):
		var list editionsOut
		c.get("", "/policies/yancheng-2022-6/versions").into(c.t, &list.Body)
		id = fmt.Sprint(list.Body.Items[0].ID)
	case c.paid.application != "" && code == tinghuCode && op.tag == "subsidies" && strings.HasPrefix(op.path, "/cases/"):
		id = c.paid.application
	case strings.HasPrefix(op.path, "/cases/{id}/visit"):
		id = fmt.Sprint(c.visiting(code))
	case strings.HasPrefix(op.path, "/cases/"):
		id = fmt.Sprint(c.cases[code])
	case strings.HasPrefix(op.path, "/rounds/"):
		id = c.paid.round
	case strings.HasPrefix(op.path, "/assessment-rounds/"):
		id = fmt.Sprint(c.yearly().ID)
	case strings.HasPrefix(op.path, "/selections/"), strings.HasPrefix(op.path, "/judging/"):
		id = c.round.id
	case strings.HasPrefix(op.path, "/experts/"):
		id = c.get("city", "/experts").at(c.t, "items.0.id")
	case strings.HasPrefix(op.path, "/titles/"):
		id = "1"
	case strings.HasPrefix(op.path, "/openings/"):
		id = c.paid.opening
	case strings.HasPrefix(op.path, "/calls/"):
		id = c.paid.call
	case strings.HasPrefix(op.path, "/batches/"), strings.HasPrefix(op.path, "/notices/"):
		id = c.paid.batch
	case strings.HasPrefix(op.path, "/objections/"):
		id = c.paid.objection
	case strings.HasPrefix(op.path, "/payments/"):
		id = c.paid.payments
	case strings.HasPrefix(op.path, "/messages/"):
		id = fmt.Sprint(c.told[code])
	case strings.HasPrefix(op.path, "/outbox/"):
		id = fmt.Sprint(c.failed)
	case strings.HasPrefix(op.path, "/bulletins/"), strings.HasPrefix(op.path, "/site-meetings/"), strings.HasPrefix(op.path, "/site-tasks/"), strings.HasPrefix(op.path, "/warnings/"):
		id = c.monthSigned(op.path)
	case strings.HasPrefix(op.path, "/target-tasks/"):
		id = c.targetTask()
	case strings.HasPrefix(op.path, "/credit/lists/"):
		id = fmt.Sprint(c.listLoans())
	case strings.HasPrefix(op.path, "/credit/meetings/"):
		id = fmt.Sprint(c.meeting())
	case strings.HasPrefix(op.path, "/institutes/"), strings.HasPrefix(op.path, "/lots/"), strings.HasPrefix(op.path, "/diagnoses/"):
		id = c.diagnosed(op.path, code)
	case strings.HasPrefix(op.path, "/accounts/"):
		id = fmt.Sprint(c.ids["tinghu"])
	}
	figure := "completed_share"
	if strings.HasPrefix(op.path, "/indicators/{indicator}/months") {
		figure = "monthly_output"
	}
	return strings.NewReplacer("{id}", id, "{account}", fmt.Sprint(c.ids["handler"]), "{policy}", "yancheng-2022-6", "{plan}", "yancheng-2022", "{target}", "B120", "{list}", "honour_titles", "{table}", "enterprises", "{n}", "1", "{department}", "tax_bureau", "{rubric}", "project_review",
		"{enterprise}", fmt.Sprint(c.firms[code]), "{number}", "1", "{ladder}", "smart_factory", "{chain}", "wind", "{model}", "sme_digital", "{edition}", "2024", "{indicator}", figure, "{subject}", fmt.Sprint(c.firms[code]), "{product}", "demo_a_equipment",
		"{photo}", strings.Repeat("0", 64), "{action}", "file", "{file}", fmt.Sprint(c.files[code]), "{task}", fmt.Sprint(c.tasks[code]), "{workflow}", "subsidy_application", "{form}", "objection").Replace(op.path)
}

// targetTask is a task that the city set for 亭湖区.
func (c *city) targetTask() string {
	c.t.Helper()
	if c.duty == 0 {
		office := access.NewScope(1<<40, access.CityOfficial, []string{"320900", "320902"}, nil)
		task, err := c.srv.Targets.AddTask(context.Background(), office, target.Task{
			Plan: "yancheng-2022", Target: "B120", Kind: target.Duty, Keeper: "320900", Title: "排出名单", Owner: "320902", Set: period.Date(2024, 11, 29),
		})
		must(c.t, err)
		c.duty = task.ID
	}
	return fmt.Sprint(c.duty)
}

// monthSigned is a report of 亭湖区 that was signed, a meeting of the city on site, a task that follows from it, or a warning: whichever an
// address is about.
func (c *city) monthSigned(path string) string {
	c.t.Helper()
	ctx, b := context.Background(), c.srv.Bulletins
	if c.reported == nil {
		one, two := access.NewScope(1<<40+1, access.CountyOfficial, []string{"320902"}, nil), access.NewScope(1<<40+2, access.CountyOfficial, []string{"320902"}, nil)
		office := access.NewScope(1<<40, access.CityOfficial, []string{"320900", "320902"}, nil)
		report, err := b.Begin(ctx, one, "monthly", "320902", period.OfMonth(2024, 9))
		must(c.t, err)
		words := map[string]string{"work": "走访规上企业二十家，推进诊断", "plan": "完成五家企业的项目验收", "why_worse": "一家企业停产", "why_open": "两家企业尚未填报"}
		must(c.t, b.Say(ctx, one, report, words))
		must(c.t, b.Submit(ctx, one, report, 0))
		must(c.t, b.Sign(ctx, two, report))
		meeting, err := b.Hold(ctx, office, bulletin.NewMeeting{Area: "320900", Day: period.Date(2024, 10, 17), Title: "十月现场推进会", Place: "大丰区", Offices: "各县（市、区）工信局"})
		must(c.t, err)
		task, err := b.Give(ctx, office, meeting, bulletin.NewTask{What: "报名单", Area: "320902", Due: period.Date(2024, 11, 15)})
		must(c.t, err)
		must(c.t, b.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO bulletin_warning (id, rule, area, indicator, period, seq, value, compared, looked, bound, within, open, at)
				VALUES (9901, 'coverage_low', '320902', 'completed_share', '2024-10', 1, '1/4', '', '1/4', '<50%', 12, 0, 1)`)
			return err
		}))
		c.reported = map[string]int64{"bulletins": report, "site-meetings": meeting, "site-tasks": task, "warnings": 9901}
	}
	return fmt.Sprint(c.reported[strings.Split(path, "/")[1]])
}

// diagnosed is the institute, the lot or the diagnosis of a firm, whichever an address is about.
func (c *city) diagnosed(path, code string) string {
	c.t.Helper()
	ctx, all := context.Background(), access.NewScope(1<<40, access.CityOfficial, []string{"320900", "320902", "320904", "320981"}, nil)
	if c.diagnoses == nil {
		institute := grantsOf["institute"](c).Party
		l, err := c.srv.Diagnoses.AddLot(ctx, all, diagnosis.Lot{
			Name: "第一批", Kind: diagnosis.Digital, Year: 2024, Area: "320900", Ceiling: 8_000_000, Document: "采购一号", Shares: []diagnosis.Share{{Institute: institute, Firms: 9, Fee: 6_000_000}},
		})
		must(c.t, err)
		c.diagnoses, c.lot, c.institute = map[string]int64{}, l.ID, institute
	}
	switch {
	case strings.HasPrefix(path, "/institutes/"):
		return fmt.Sprint(c.institute)
	case strings.HasPrefix(path, "/lots/"):
		return fmt.Sprint(c.lot)
	}
	if c.diagnoses[code] == 0 {
		view, err := c.srv.Frames.For(ctx, access.SystemScope(), 0)
		must(c.t, err)
		got, err := c.srv.Diagnoses.OpenCases(ctx, all, c.srv.Cases, view, c.lot, []int64{c.firms[code]})
		must(c.t, err)
		if len(got.Cases) != 1 {
			c.t.Fatalf("no diagnosis was opened: %+v", got)
		}
		c.diagnoses[code] = got.Cases[0]
	}
	return fmt.Sprint(c.diagnoses[code])
}

// yearly is a round of assessment that concerns the firms of the city.
func (c *city) yearly() round.Round {
	c.t.Helper()
	if c.assessing.ID != 0 {
		return c.assessing
	}
	today := c.srv.Clock.Today()
	made, err := c.srv.Rounds.Open(context.Background(), access.NewScope(1<<40, access.CityOfficial, []string{"320900", "320902", "320904", "320981"}, nil), round.NewRound{
		Title: "数字化水平年度评测", Model: "sme_digital", Edition: "2024", Area: "320900", Year: today.Year(), Opens: today, Closes: today + 30, Concerned: "true",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.assessing = made
	return made
}

// visiting is an assessment of a firm, of which nothing was handed in yet.
func (c *city) visiting(code string) int64 {
	c.t.Helper()
	if id, ok := c.visited[code]; ok {
		return id
	}
	owner := access.NewScope(0, access.Enterprise, nil, []int64{c.firms[code]})
	made, err := c.srv.Cases.New(context.Background(), owner, casework.NewCase{Workflow: "assessment_sme_digital", Title: "数字化水平评测", Subject: c.firms[code]})
	must(c.t, err)
	if c.visited == nil {
		c.visited = map[string]int64{}
	}
	c.visited[code] = made.ID
	return made.ID
}

// listLoans is a list of a bank with a loan of the firm in 亭湖区.
func (c *city) listLoans() int64 {
	c.t.Helper()
	path := filepath.Join(c.t.TempDir(), "loans.csv")
	must(c.t, os.WriteFile(path, []byte(bankList), 0o600))
	id, faults, err := c.srv.Credit.BringList(context.Background(), access.SystemScope(), credit.NewList{
		Bank: "demo_a", Month: c.srv.Credit.LastMonth(), File: credit.ListFile{Path: path, Name: "loans.csv"},
	})
	must(c.t, err)
	if len(faults) > 0 {
		c.t.Fatal(faults)
	}
	return id
}

// meeting is a meeting of banks and all firms, to come, once it was asked for.
func (c *city) meeting() int64 {
	c.t.Helper()
	if c.planned != 0 {
		return c.planned
	}
	id, err := c.srv.Credit.PlanMeeting(context.Background(), access.SystemScope(), credit.NewMeeting{
		Area: "320900", Title: "对接会", Place: "会场", Hours: credit.Hours{Day: c.now.AddDate(0, 0, 1).Format(time.DateOnly), From: "14:00", Until: "17:00"},
		Products: []string{"demo_a_equipment"}, Audience: credit.Audience{Area: "320900"},
	})
	must(c.t, err)
	c.planned = id
	return id
}

func (c *city) firstImport() string {
	var list batchesOut
	c.get("city", "/imports?limit=1").into(c.t, &list.Body)
	return fmt.Sprint(list.Body.Items[0].ID)
}

func newWalk(t *testing.T) *city {
	c := newCity(t)
	c.tokens["narrow"] = c.token("city", access.Actions(), "320904")
	c.subsidise(noticed)
	c.selects()
	c.ranks()
	c.enters()
	c.lists()
	c.grants()
	c.orders()
	return c
}

// Every operation that reads, with every token, about own and foreign firms: nobody reads what no grant allows, by
// whatever address, filter, export, count or stream.
func TestNobodyReadsWhatIsNotTheirs(t *testing.T) {
	c := newWalk(t)
	queries := map[string][]string{
		"list_enterprises":   {"", "?q=%E5%85%AC%E5%8F%B8", "?q=9132", "?area=320904", "?columns=ent.legal_rep,ent.revenue&year=2023"},
		"search_enterprises": {"?q=%E5%85%AC%E5%8F%B8", "?q=9132"},
		"export_enterprises": {"?format=csv", "?format=ndjson&q=9132"},
		"export_decisions":   {"?format=csv", "?format=ndjson"},
		"list_cases":         {"", "?ended=true", "?q=%E5%85%AC%E5%8F%B8", "?workflow=subsidy_application&limit=1"},
		"get_fund":           {"", "?by=area", "?by=month"},
		"get_credit":         {"", "?month=2024-09&limit=1", "?area=320904"},
		"check_claim":        {"?project=invoice&item=24322000000012345678&family=cost_item"},
		"list_candidates":    {"?role=expert"},
		"get_coverage":       {"?title=digital_craftsman"},
		"list_figure_rows":   {"", "?area=320904", "?period=2023&limit=1"},
		"get_figure_row":     {"", "?period=2023"},

		"list_monthly_enterprises": {"?period=2023-09", "?area=320904&period=2023-09&limit=1"},
		"list_titles":              {fmt.Sprintf("?enterprise=%d", c.firms[dafengCode]), "?selection=" + c.round.id},
		"list_entries":             {"", fmt.Sprintf("?case=%d", c.cases[dafengCode])},
		"compare_enterprises":      {fmt.Sprintf("?with=%d", c.firms[dafengCode]), fmt.Sprintf("?with=%d", c.firms[tinghuCode])},
	}
	for login, may := range readers {
		for _, op := range c.srv.ops {
			if op.method != http.MethodGet {
				continue
			}
			for code := range secrets {
				all := queries[op.id]
				if all == nil {
					all = []string{""}
				}
				for _, query := range all {
					path := c.address(op, code) + query
					r := c.get(login, path)
					if r.status >= 500 {
						t.Errorf("%s as %q: status %d: %s", path, login, r.status, r.body)
					}
					if strings.Contains(r.body, accountNumber) && !slices.Contains(payers, login) {
						t.Errorf("%s tells %q the number of an account", path, login)
					}
					for other, words := range secrets {
						for _, w := range words {
							if op.id == "get_notice" && w == secrets[tinghuCode][0] {
								continue // that is what a notice makes public
							}
							if strings.Contains(r.body, w) && !slices.Contains(may, other) {
								t.Errorf("%s tells %q of %q", path, login, w)
							}
						}
					}
					if login == "" && !op.need.Public && r.status != http.StatusUnauthorized {
						t.Errorf("%s without a token: status %d", path, r.status)
					}
				}
			}
		}
	}
}

// An act on another firm is refused in the same words whether there is such a firm or not.
func TestNobodyDisputesForeignFigures(t *testing.T) {
	c := newCity(t)
	foreign := fmt.Sprintf("/enterprises/%d/disputes", c.firms[dafengCode])
	for _, login := range []string{"tinghu", "firm"} {
		wants(t, c.ask(login, http.MethodPost, foreign, `{"def": "ent.revenue", "period": "2023", "text": "x"}`), 404)
		wants(t, c.ask(login, http.MethodPost, "/enterprises/999999/disputes", `{"def": "ent.revenue", "period": "2023", "text": "x"}`), 404)
	}
	// A subject of another firm below one's own.
	body := fmt.Sprintf(`{"subject": %d, "def": "ent.revenue", "period": "2023", "text": "x"}`, c.firms[dafengCode])
	wants(t, c.ask("firm", http.MethodPost, fmt.Sprintf("/enterprises/%d/disputes", c.firms[tinghuCode]), body), 404)
}

func TestExports(t *testing.T) {
	c := newCity(t)
	r := c.get("city", "/exports/enterprises?format=csv&columns=ent.revenue&year=2023&sort=uscc")
	wants(t, r, 200, "ent.revenue（元）", tinghuCode+",盐城亭湖甲机械有限公司,320902,亭湖区", "123456700.00", "演示数据")
	if got := r.header.Get("Content-Type"); got != sheet.CSVType {
		t.Errorf("content type %q", got)
	}
	wants(t, c.get("city", "/exports/enterprises?format=xlsx"), 200, "PK")
	r = c.get("city", "/exports/facts?def=ent.revenue&period=2023")
	if lines := strings.Count(r.body, "\n"); lines != 3 {
		t.Errorf("%d lines of facts: %s", lines, r.body)
	}
	r = c.get("city", "/exports/facts")
	wants(t, r, 200, `"kind":"project","def":"project.investment","period":"2023","state":"present","value":"6200000.00"`)
	r = c.get("city", "/exports/decisions/yancheng-2022-6?format=ndjson")
	wants(t, r, 200, `"policy":"yancheng-2022-6"`, `"sure":"682000.00"`)
	if lines := strings.Count(r.body, "\n"); lines != 3 {
		t.Errorf("%d decisions", lines)
	}
	wants(t, c.get("city", "/exports/decisions/yancheng-2022-6?format=csv"), 200, "682000.00")
	wants(t, c.get("firm", "/exports/facts"), 200, tinghuCode)
	r = c.get("city", "/exports/facts?format=parquet")
	wants(t, r, 200, "PAR1", dafengCode)
	if r.header.Get("Content-Type") != parquetType {
		t.Errorf("content type %q", r.header.Get("Content-Type"))
	}
	wants(t, c.get("city", "/exports/facts?format=parquet&period=2023"), 422, `"parameter":"format"`)
}
