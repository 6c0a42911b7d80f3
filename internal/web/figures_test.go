package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/web/webtest"
)

// completes says of firms that they completed the transformation, as the bureau does in a year.
func (c *city) completes(year int, done map[string]string) {
	c.t.Helper()
	body := "统一社会信用代码,企业名称,县（市、区）,是否完成智改数转\n"
	for code, name := range map[string]string{tinghuCode: "盐城亭湖甲机械有限公司,亭湖区", dafengCode: "盐城大丰乙电子有限公司,大丰区", dongtaiCode: "东台丙纺织有限公司,东台市"} {
		if done[code] != "" {
			body += code + "," + name + "," + done[code] + "\n"
		}
	}
	c.importYear(fmt.Sprintf("完成情况%d-%d.csv", year, len(c.batches)), body, "bureau", "320900", year)
}

// digits is the words of a page with one blank between them, and none within numbers.
func digits(body string) string { return strings.ReplaceAll(plain(body), "\u2009", "") }

func TestFigures(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	c.completes(2023, map[string]string{tinghuCode: "是", dafengCode: "否"})

	_, body := c.as("city").get("/figures")
	wants(t, body, "规上企业智改数转覆盖率", `data-indicator="completed_share"`, "33.3%", "/figures/completed_share", "未核实")
	_, body = c.as("tinghu").get("/figures?period=2023")
	wants(t, digits(body), "亭湖区", "100.0%")

	page := "/figures/completed_share?area=320900&period=2023"
	_, body = c.as("auditor").get(page)
	wants(t, body, "ent.digital_done", "ent.above_scale", "口径校验码", `id="over-years"`, `id="by-area"`, `id="by-trade"`, "state=counted", "state=open", "大丰区")
	_, body = c.as("city").get("/figures/completed_share?set:completion=accepted")
	wants(t, body, "至少一个智改数转项目通过验收")
	lacks(t, body, "0.0%") // nobody said of any project whether it was accepted
	_, body = c.as("city").get("/figures/completed_share?only=trade:34&period=2023")
	wants(t, body, "行业大类：34", "100.0%")

	// From the figure to its firms, and to what each of them is counted by.
	_, body = c.as("auditor").get("/figures/completed_share/rows?area=320900&period=2023&state=counted")
	wants(t, body, "盐城亭湖甲机械有限公司", enterprisePath(c.firms[tinghuCode]), "计入")
	lacks(t, body, "大丰乙", "东台丙")
	row := fmt.Sprintf("/figures/completed_share/rows/%d", c.firms[tinghuCode])
	if !strings.Contains(body, row) {
		t.Error("a row does not lead to why it counts")
	}
	_, body = c.as("auditor").get(row + "?area=320900&period=2024")
	wants(t, plain(body), "是否完成智改数转", "沿用上年", "完成情况2023", "2024-10-31")
	wants(t, body, sourcePath(c.sourceID(fmt.Sprintf("完成情况2023-%d.csv", len(c.batches)-1))), factPath(c.firms[tinghuCode], c.firms[tinghuCode], "ent.digital_done"))
	_, body = c.as("city").get(fmt.Sprintf("/figures/completed_share/rows/%d?period=2023", c.firms[dongtaiCode]))
	wants(t, body, "缺什么", "是否完成智改数转")

	for login, path := range map[string]string{
		"tinghu":  "/figures/completed_share?area=320900", // the city's figure would be made of a part of it
		"auditor": "/figures/nothing",
		"city":    "/figures?area=110101",
	} {
		if res, _ := c.as(login).get(path); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s reads %s: %d", login, path, res.StatusCode)
		}
	}
	foreign := fmt.Sprintf("/figures/completed_share/rows/%d", c.firms[dafengCode])
	if res, _ := c.as("tinghu").get(foreign); res.StatusCode != http.StatusNotFound {
		t.Errorf("a county reads of a firm of another: %d", res.StatusCode)
	}
	for _, query := range []string{"?period=2031", "?period=never", "?only=nothing:1"} {
		if res, _ := c.as("city").get("/figures" + query); res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", query, res.StatusCode)
		}
	}
	_, body = c.as("city").get("/figures/completed_share/export?area=320900&period=2023")
	f, err := excelize.OpenReader(bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	sheets := f.GetSheetList()
	rows, err := f.GetRows(sheets[0])
	if err != nil || len(rows) != 4 {
		t.Errorf("%d rows behind, %v", len(rows), err)
	}
	if len(sheets) < 4 {
		t.Errorf("sheets: %v", sheets)
	}
	_, body = c.as("city").get("/figures/export?format=csv")
	wants(t, body, "completed_share", "规上企业智改数转覆盖率")
}

func TestDataMap(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	c.completes(2023, map[string]string{tinghuCode: "是", dafengCode: "否"})
	_, body := c.as("city").get("/map?indicator=completed_share&period=2023")
	if shapes := paths.FindAllStringSubmatch(body, -1); len(shapes) != 9 {
		t.Errorf("%d shapes", len(shapes))
	}
	wants(t, body, `aria-label="亭湖 100.0%"`, "盐城经济技术开发区", "period=2022", `id="year-slider"`, "/areas/320902", "/figures/completed_share/rows?", "仅供内部使用")
	_, body = c.as("city").get("/map?indicator=completed_share&period=2023&only=trade:39")
	wants(t, body, `aria-label="亭湖 —"`, `aria-label="大丰 0.0%"`)
	_, body = c.as("tinghu").get("/map?indicator=completed_share")
	wants(t, body, "这一级没有可画的边界", "亭湖区")
	_, body = c.as("city").get("/map/export?indicator=completed_share&period=2023&format=csv")
	wants(t, body, "320902", "亭湖区", "100.0")

	_, body = c.as("city").get("/areas/320902?period=2023&with=320904")
	wants(t, body, "亭湖区", "大丰区", "100.0%", "0.0%", `data-indicator="above_scale_firms"`, "/map?")
	if res, _ := c.as("tinghu").get("/areas/320904"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a county reads another's page: %d", res.StatusCode)
	}
	if res, _ := c.as("tinghu").get("/areas/320902?with=320904"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a county compares itself with another: %d", res.StatusCode)
	}
}

func TestPivot(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	c.completes(2023, map[string]string{tinghuCode: "是", dafengCode: "否"})
	_, body := c.as("city").get("/pivot?indicator=completed_share&rows=area&cols=trade&period=2023")
	wants(t, body, "亭湖区", "100.0%", "only=trade%3A34", "/figures/completed_share/rows?area=320902")
	_, body = c.as("city").get("/pivot?indicator=above_scale_firms&rows=year&cols=area&period=2024&chart=1")
	wants(t, body, "2023", "亭湖区", `data-chart="pivot"`)
	_, body = c.as("city").get("/pivot?indicator=completed_share&rows=trade&cols=ent.size&period=2023")
	wants(t, body, "only=trade%3A34%2Cent.size%3A")
	if res, _ := c.as("city").get("/pivot?rows=nothing"); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a dimension that is none: %d", res.StatusCode)
	}
	_, body = c.as("city").get("/pivot/export?indicator=completed_share&rows=area&cols=year&period=2024&format=csv")
	wants(t, body, "亭湖区", "2024")

	city := c.as("city")
	view := url.Values{"name": {"分县分行业"}, "indicator": {"completed_share"}, "rows": {"area"}, "cols": {"trade"}, "area": {"320902"}, "period": {"2023"}}
	_, body = city.post("/pivot/views", view)
	wants(t, body, "分县分行业")
	link := regexp.MustCompile(`/pivot/views/\d+`).FindString(body)
	res, body := c.as("tinghu").get(link)
	if res.StatusCode != http.StatusOK || !strings.Contains(res.Request.URL.RawQuery, "cols=trade") {
		t.Errorf("a shared view leads to %s", res.Request.URL)
	}
	lacks(t, body, "分县分行业") // it is in nobody else's list
	view["area"] = []string{"320900"}
	view["name"] = []string{"全市"}
	_, body = city.post("/pivot/views", view)
	whole := regexp.MustCompile(`/pivot/views/\d+">全市`).FindString(body)
	if res, _ := c.as("tinghu").get(strings.TrimSuffix(whole, `">全市`)); res.StatusCode != http.StatusNotFound {
		t.Errorf("a county opens a view of the city: %d", res.StatusCode)
	}
	_, body = city.post(link+"/drop", nil)
	lacks(t, body, "分县分行业")
	wants(t, body, "视图已删去")
	_, body = city.post(link+"/drop", url.Values{"back": {"1"}})
	wants(t, body, "分县分行业")
	if res, _ := city.post("/pivot/views", url.Values{"name": {""}}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a view without a name: %d", res.StatusCode)
	}
}

func TestPublicFigures(t *testing.T) {
	t.Parallel()
	c := newCity(t)
	c.completes(2023, map[string]string{tinghuCode: "是", dafengCode: "否"})
	_, body := c.visitor().get("/open?indicator=completed_share&year=2023")
	wants(t, body, "不公布", "不足 5 家的数不公布", "数据字典", "地图未经审图")
	lacks(t, body, "100.0%", "亭湖甲")
	_, body = c.visitor().get("/open/figures.json")
	var got struct {
		Figures []struct {
			Indicator, Area string
			Value           *string
			Suppressed      bool
		}
		Dictionary []struct{ Indicator string }
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || len(got.Figures) == 0 || len(got.Dictionary) == 0 {
		t.Fatalf("open figures: %v, %.200s", err, body)
	}
	for _, f := range got.Figures {
		if f.Suppressed && f.Value != nil {
			t.Errorf("%+v is suppressed and told", f)
		}
	}
	_, body = c.visitor().get("/open/figures.csv")
	wants(t, body, "indicator,year,area", "completed_share,2023,320902")
	_, body = c.visitor().get("/open/dictionary.csv")
	wants(t, body, "completed_share")
	c.srv.MapApproval = "苏S(2024)00号"
	_, body = c.visitor().get("/open/figures.geojson?indicator=above_scale_firms&year=2023")
	wants(t, body, `"FeatureCollection"`, "MultiPolygon", "苏S(2024)00号")
	for path, status := range map[string]int{"/open?indicator=nothing": http.StatusNotFound, "/open?year=1999": http.StatusUnprocessableEntity} {
		if res, _ := c.visitor().get(path); res.StatusCode != status {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

// What figures of 2024 are made of, as the database has it: of a year without a statement the one before stands in.
const (
	statedOfFirm = `(SELECT f.num FROM fact f JOIN fact_column c ON c.id = f.column_id WHERE c.def = '%s' AND c.period = '2023' AND f.subject_id = s.id)`
	countOfFirms = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN %s = 1 THEN 1 ELSE 0 END), 0) FROM subject s WHERE s.kind = 'enterprise' AND %s = 1
AND EXISTS (SELECT 1 FROM party_membership m WHERE m.subject_id = s.id AND m.tree = 'area' AND m.node LIKE '%s%%')`
)

// recomputed is how many above-scale firms an area has, and how many of them completed the transformation.
func (c *city) recomputed(area string) (within, done int64) {
	c.t.Helper()
	query := fmt.Sprintf(countOfFirms, fmt.Sprintf(statedOfFirm, "ent.digital_done"), fmt.Sprintf(statedOfFirm, "ent.above_scale"), area)
	if err := c.db.Read().QueryRow(context.Background(), query).Scan(&within, &done); err != nil {
		c.t.Fatal(err)
	}
	return within, done
}

// The cockpit shows what the database says, and follows what is committed while it stands open.
func TestCockpitInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	c.srv.Stopping = nil
	c.completes(2023, map[string]string{tinghuCode: "是"})
	tab := signedIn(t, browser, c.site, "city", 1440)
	value := func(code string) string {
		return fmt.Sprintf(`document.querySelector('#cockpit [data-indicator="%s"]').textContent.replace(/[^0-9.%%]/g, '')`, code)
	}
	share := func(within, done int64) string { return big.NewRat(100*done, within).FloatString(1) + "%" }
	const page = "/cockpit?show=above_scale_firms&show=completed_share&period=2024"
	tab.Open(page + "&area=320902")
	if got, want := tab.Text(value("completed_share")), share(c.recomputed("320902")); got != want {
		t.Errorf("the share of a county is %s, the database says %s", got, want)
	}
	tab.Open(page)
	within, done := c.recomputed("3209")
	if got := tab.Text(value("above_scale_firms")); got != strconv.FormatInt(within, 10) {
		t.Errorf("%s firms, the database says %d", got, within)
	}
	if got, want := tab.Text(value("completed_share")), share(within, done); got != want {
		t.Errorf("the share is %s, the database says %s", got, want)
	}
	tab.Open("/cockpit?show=completed_share&period=2024")
	c.completes(2023, map[string]string{dafengCode: "是"})
	if err := c.srv.Frames.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	tab.Wait(value("completed_share") + ` === '` + share(c.recomputed("3209")) + `'`)
	tab.Wait(`document.querySelector('.yz-cockpit-map [aria-label="大丰 100.0%"]') !== null`)
	// What counts as completed is answered anew: nobody here has a project that was accepted.
	if _, err := c.srv.Monitor.Switch(t.Context(), c.cityScope(), monitor.Switch{Area: "320900", Choice: "completion", Answer: "accepted", From: period.Date(2022, 1, 1), Document: "演示〔2024〕9号"}); err != nil {
		t.Fatal(err)
	}
	if err := c.srv.Frames.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	tab.Wait(value("completed_share") + ` !== '` + share(c.recomputed("3209")) + `'`)
	tab.Quiet()
	words := i18n.T{Lang: i18n.ZH}
	tab.Open("/cockpit?full=1")
	if got := tab.Text(`getComputedStyle(document.querySelector('header')).display`); got != "none" {
		t.Errorf("full screen has a head: %s", got)
	}
	wants(t, tab.Text(`document.querySelector('main').innerText`), words.S("figurepage.cockpit"))
}

func TestFiguresInBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser takes its time")
	}
	browser := webtest.Start(t)
	c := newCity(t)
	c.completes(2023, map[string]string{tinghuCode: "是", dafengCode: "否"})
	c.reportsMonth(2023, 9, map[string]string{tinghuCode: "1000", dafengCode: "500"})
	c.reportsMonth(2024, 9, map[string]string{tinghuCode: "1200", dongtaiCode: "300"})
	c.look(t, browser,
		sight{"figures", "city", "/figures"}, sight{"figure", "city", "/figures/completed_share?period=2023"},
		sight{"figure-rows", "auditor", "/figures/completed_share/rows?period=2023"},
		sight{"figure-row", "auditor", fmt.Sprintf("/figures/completed_share/rows/%d?period=2024", c.firms[tinghuCode])},
		sight{"map", "city", "/map?indicator=completed_share&period=2023"}, sight{"area", "city", "/areas/320902?with=320904"},
		sight{"pivot", "city", "/pivot?indicator=above_scale_firms&rows=area&cols=year&chart=1"}, sight{"cockpit", "city", "/cockpit"},
		sight{"industry", "city", "/industry"}, sight{"industry-county", "tinghu", "/industry?by=trade&months=25"}, sight{"industry-firms", "city", "/industry/firms?period=2024-09"},
		sight{"cockpit-full", "city", "/cockpit?full=1"}, sight{"public-figures", "", "/open"},
		sight{"targets", "city", "/targets?basis=all"}, sight{"target", "city", "/targets/yancheng-2022/B120"}, sight{"target-tasks", "tinghu", "/targets/tasks"},
		sight{"target-task", "tinghu", fmt.Sprintf("/targets/tasks/%d", c.tasked())}, sight{"coverage-ledger", "city", "/targets/coverage?basis=all"}, sight{"completion", "city", "/targets/choice"},
	)
}
