package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess/round"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/consent"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/policy/lab"
	"github.com/yanzhen/yanzhen/internal/store"
)

// The city of the tests: one firm in 亭湖区, whose project passes the threshold, one in 大丰区 that just misses it, and
// one in 东台市, where the city does not pay. They come in as spreadsheets do.
const (
	tinghuCode  = "91320281142225264B"
	dafengCode  = "91320400732252465D"
	dongtaiCode = "9132040056775521X8"

	firmsCSV = `统一社会信用代码,企业名称,县（市、区）,行业代码,是否规上企业,营业收入（万元）,从业人员平均人数,法定代表人
` + tinghuCode + `,盐城亭湖甲机械有限公司,亭湖区,3412,是,12345.67,210,王某甲
` + dafengCode + `,盐城大丰乙电子有限公司,大丰区,3962,是,8000,95,李某乙
` + dongtaiCode + `,东台丙纺织有限公司,东台市,1711,是,5600,330,赵某丙
`
	projectsCSV = `统一社会信用代码,企业名称,县（市、区）,项目名称,是否智改数转项目,项目年度投资额（万元）,年度有效投入（万元）
` + tinghuCode + `,盐城亭湖甲机械有限公司,亭湖区,数字车间,是,620,600
` + dafengCode + `,盐城大丰乙电子有限公司,大丰区,智能仓储,是,499.99,499.99
` + dongtaiCode + `,东台丙纺织有限公司,东台市,织造改造,是,1000,1000
`
)

// city is a site with the firms of the tests and an account of each role.
type city struct {
	*site
	firms   map[string]int64 // by credit code
	batches []int64          // of the files that were imported

	handler   int64            // account of the one who acts for the firm in 亭湖区
	enrolment int64            // batch of accounts of the whole city
	scenario  int64            // saved by the city
	messages  map[string]int64 // to each firm, by credit code

	caseOf    map[string]int64         // a case of each firm, by its credit code
	evidence  int64                    // a file of that of the firm in 亭湖区
	call      int64                    // that openCall has published
	selection int64                    // a round that callRound has announced
	round     int64                    // that openRound has listed
	consent   map[string]int64         // of each firm to a bank, once it was asked for
	planned   int64                    // a meeting of banks and firms, once it was asked for
	task      int64                    // for 亭湖区 towards a target, once it was asked for
	assessing round.Round              // a round of assessment, once it was asked for
	questions int64                    // an assessment that waits for answers, once it was asked for
	diagnosis map[string]diagnosis.Row // of each firm, once it was asked for
	lot       diagnosis.Lot            // that they are of
	visited   map[string]int64         // an assessment of each firm, once it was asked for
	sealedAt  map[string]int64         // a sealed result of each firm, once it was asked for
}

// consents lets a bank read what a firm has sold, once, and gives the consent.
func (c *city) consents(code string) (id int64) {
	c.t.Helper()
	if id, ok := c.consent[code]; ok {
		return id
	}
	owner := access.NewScope(0, access.Enterprise, nil, []int64{c.firms[code]})
	err := c.srv.Consent.DB.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		g, err := c.srv.Consent.Give(ctx, tx, owner, consent.NewGrant{
			Owner: c.firms[code], To: 9_001, Purpose: "loan", Facts: []string{"ent.revenue"}, Until: c.srv.Clock.Millis() + 30*24*3_600_000,
		})
		id = g.ID
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if c.consent == nil {
		c.consent = map[string]int64{}
	}
	c.consent[code] = id
	return id
}

// openCases opens a case of each firm, and hands a file in to that of the firm in 亭湖区.
func (c *city) openCases() {
	c.t.Helper()
	c.caseOf = map[string]int64{}
	for code, title := range map[string]string{tinghuCode: "亭湖甲数字车间补贴", dafengCode: "大丰乙智能仓储补贴", dongtaiCode: "东台丙织造改造补贴"} {
		owner := access.NewScope(0, access.Enterprise, nil, []int64{c.firms[code]})
		made, err := c.site.cases.New(context.Background(), owner, casework.NewCase{Workflow: "subsidy_application", Title: title, Subject: c.firms[code]})
		if err != nil {
			c.t.Fatal(err)
		}
		c.caseOf[code] = made.ID
	}
	firm := c.srv.Frames.ScopeOf(c.account("firm"))
	e, err := c.site.cases.Attach(context.Background(), firm, casework.Attachment{Case: c.caseOf[tinghuCode], Name: "亭湖甲发票.pdf", Body: strings.NewReader("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")})
	if err != nil {
		c.t.Fatal(err)
	}
	c.evidence = e.ID
}

func newCity(t *testing.T) *city {
	t.Helper()
	c := &city{site: newSite(t), firms: map[string]int64{}}
	c.importCSV("firms.csv", firmsCSV, "statistics", "320900")
	c.importCSV("projects.csv", projectsCSV, "bureau", "320900")
	view, err := c.srv.Frames.For(context.Background(), access.SystemScope(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{tinghuCode, dafengCode, dongtaiCode} {
		ids := view.Registry().ByUSCC(party.USCC(code))
		if len(ids) != 1 {
			t.Fatalf("firm %s is known as %v", code, ids)
		}
		c.firms[code] = ids[0]
	}
	for login, g := range map[string]access.Grant{
		"tinghu":  {Role: access.CountyOfficial, Area: "320902"},
		"city":    {Role: access.CityOfficial, Area: "320900"},
		"second":  {Role: access.CityOfficial, Area: "320900"},
		"auditor": {Role: access.Auditor, Area: "320900"},
		"firm":    {Role: access.Enterprise, Party: c.firms[tinghuCode]},
		"handler": {Role: access.Handler, Party: c.firms[tinghuCode], Until: time.Date(2025, 1, 1, 0, 0, 0, 0, clock.Beijing).UnixMilli()},
		"viewer":  {Role: access.Viewer, Party: c.firms[tinghuCode]},
	} {
		a, err := c.acc.Create(context.Background(), access.SystemScope(), access.NewAccount{
			Login: login, Name: "测试 " + login, Password: password, Grants: []access.Grant{g},
		})
		if err != nil {
			t.Fatal(err)
		}
		if login == "handler" {
			c.handler = a.ID
		}
	}
	c.enrolment = c.enrolCity()
	city := c.srv.Frames.ScopeOf(c.account("city"))
	kept, err := c.srv.Scenarios.Save(context.Background(), city, lab.Scenario{Policy: "yancheng-2022-6", Name: "门槛降到 400 万元", Changes: []policy.Patch{{Param: "min_input", Value: "400万元"}}})
	if err != nil {
		t.Fatal(err)
	}
	c.scenario = kept.ID
	c.tellAll()
	c.openCases()
	return c
}

// tellAll tells each firm something about itself, its county something about the firm, and the administrator something.
func (c *city) tellAll() {
	c.t.Helper()
	at := c.srv.Clock.Millis()
	areas := map[string]string{tinghuCode: "320902", dafengCode: "320904", dongtaiCode: "320981"}
	list := []notice.Message{{Kind: notice.System, To: notice.ToRole(access.Administrator, ""), Title: i18n.M("notice.failed_title", i18n.M("notice.channel.mail")), Body: i18n.M("notice.failed_body", i18n.M("notice.channel.mail"), "2024-10-31"), Link: "/outbox?state=failed", At: at}}
	for code, words := range secrets {
		firm := "盐城" + words[0] + " " + words[2]
		list = append(list,
			notice.Message{Key: "firm/" + code, Kind: notice.Served, To: notice.ToParty(c.firms[code]), Title: i18n.M("请补正：" + firm), Body: i18n.M("材料 " + words[3] + " 缺少发票"), Link: enterprisePath(c.firms[code]), At: at},
			notice.Message{Kind: notice.Task, To: notice.ToRole(access.CountyOfficial, areas[code]), Title: i18n.M("待审核：" + firm), At: at},
			notice.Message{Kind: notice.Deadline, To: notice.ToRole(access.CityOfficial, areas[code]), Title: i18n.M("将超期：" + firm), At: at},
		)
	}
	err := c.db.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error { return notice.Post(ctx, tx, list...) })
	if err != nil {
		c.t.Fatal(err)
	}
	c.messages = map[string]int64{}
	for code, id := range c.firms {
		scope := access.NewScope(1, access.Enterprise, nil, []int64{id})
		items, err := c.notices.Inbox(context.Background(), scope, notice.Query{})
		if err != nil || len(items) != 1 {
			c.t.Fatalf("messages to %s: %v %v", code, items, err)
		}
		c.messages[code] = items[0].ID
	}
}

// enrolCity makes an account for each firm that has none, as the city.
func (c *city) enrolCity() int64 {
	c.t.Helper()
	scope := access.NewScope(0, access.CityOfficial, c.srv.Library.Areas().Below("320900"), nil)
	b, err := c.srv.Enrol.Order(context.Background(), scope, enrol.Choice{Area: "320900"})
	for err == nil && b.State == enrol.Running {
		b, err = c.srv.Enrol.Batch(context.Background(), scope, b.ID)
	}
	if err != nil || b.State != enrol.Done {
		c.t.Fatalf("enrol: %+v, %v", b, err)
	}
	return b.ID
}

// importCSV takes a file the whole way, as an official of the area.
func (c *city) importCSV(name, body, authority, area string) {
	c.t.Helper()
	c.importYear(name, body, authority, area, 2023)
}

func (c *city) importYear(name, body, authority, area string, year int) {
	c.t.Helper()
	c.importOf(name, body, authority, area, period.OfYear(year))
}

// importOf brings in a sheet about a period.
func (c *city) importOf(name, body, authority, area string, p period.Period) {
	c.t.Helper()
	ctx := context.Background()
	scope := access.NewScope(1, access.CityOfficial, c.srv.Library.Areas().Below(area), nil)
	b, err := c.srv.Intake.Receive(ctx, scope, intake.Upload{
		Name: name, Sender: "市工信局", Authority: authority, Area: area, Period: p, Body: strings.NewReader(body),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if b, err = c.srv.Intake.Wait(ctx, scope, b.ID); err != nil {
		c.t.Fatal(err)
	}
	if b.State != intake.Ready || b.Preview.Stops() || b.Preview.LeftOut() > 0 {
		c.t.Fatalf("%s: %s, %+v", name, b.State, b.Preview.Problems)
	}
	if b, err = c.srv.Intake.Commit(ctx, scope, b.ID); err != nil {
		c.t.Fatal(err)
	}
	if b, err = c.srv.Intake.Wait(ctx, scope, b.ID); err != nil || b.State != intake.Committed {
		c.t.Fatalf("%s: %s %v %v", name, b.State, b.Failure, err)
	}
	c.batches = append(c.batches, b.ID)
}

// tell tells an account something.
func (c *city) tell(account int64, title string) {
	c.t.Helper()
	err := c.db.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		return notice.Post(ctx, tx, notice.Message{Kind: notice.Task, To: notice.ToAccount(account), Title: i18n.M(title), At: c.srv.Clock.Millis()})
	})
	if err != nil {
		c.t.Fatal(err)
	}
}
