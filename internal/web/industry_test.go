package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/period"
)

// reportsMonth brings in the month of the statistics bureau as it sends it: output and electricity by credit code, in 万元 and 万千瓦时.
func (c *city) reportsMonth(y, m int, output map[string]string) {
	c.t.Helper()
	body := fmt.Sprintf("%d年%d月规模以上工业企业主要指标,,,\n单位：万元,,,\n统一社会信用代码,单位详细名称,本月工业总产值,本月用电量（万千瓦时）\n", y, m)
	for _, code := range []string{tinghuCode, dafengCode, dongtaiCode} {
		if output[code] != "" {
			name := map[string]string{tinghuCode: "盐城亭湖甲机械有限公司", dafengCode: "盐城大丰乙电子有限公司", dongtaiCode: "东台丙纺织有限公司"}[code]
			body += code + "," + name + "," + output[code] + ",12.5\n"
		}
	}
	c.importOf(fmt.Sprintf("月报%d-%02d.csv", y, m), body, "statistics", "320900", period.OfMonth(y, m))
}

// operating is a city of which some months are reported: 乙 has not reported September 2024, and 丙 had not reported that of 2023.
func operating(t *testing.T) *city {
	t.Helper()
	c := newCity(t)
	c.reportsMonth(2023, 8, map[string]string{tinghuCode: "1000", dafengCode: "500", dongtaiCode: "200"})
	c.reportsMonth(2023, 9, map[string]string{tinghuCode: "1000", dafengCode: "500"})
	c.reportsMonth(2024, 8, map[string]string{tinghuCode: "1100", dafengCode: "450", dongtaiCode: "220"})
	c.reportsMonth(2024, 9, map[string]string{tinghuCode: "1200", dongtaiCode: "300"})
	return c
}

// ungrouped is the words of a page without what parts digits.
func ungrouped(body string) string { return plain(strings.ReplaceAll(body, "\u202f", "")) }

func TestIndustry(t *testing.T) {
	t.Parallel()
	c := operating(t)

	// Without a month: the last that somebody reported. 1 200 over 1 000 of the one firm that reported both; to date 2 970 over 2 700.
	_, body := c.as("city").get("/industry")
	text := ungrouped(body)
	wants(t, text, "工业运行 · 盐城市", "2024年9月", "1500.00 万元", "+20.0%", "2 / 3", "1 家还没有报", "可比企业 1 家", "占当月数的 80.0%", "累计缺", "没有在期的方案")
	wants(t, body, `data-indicator="monthly_output"`, `data-chart="months" data-line`, "/figures/monthly_output/rows?area=320900&amp;period=2024-09", "stand=due", "stand=both", `/industry?area=320902`)
	wants(t, text, "+10.0%") // 1 100 + 450 + 220 + 1 200 over 1 000 + 500 + 200 + 1 000
	if n := strings.Count(body, `data-value=""`); n < 20 {
		t.Errorf("%d months are gaps: what is not known is drawn as zero", n)
	}

	for name, tt := range map[string]struct {
		login, query string
		want, never  []string
	}{
		"a county sees its own":      {"tinghu", "", []string{"亭湖区", "1200.00 万元", "+20.0%", "1 / 1"}, []string{"大丰区", "东台市"}},
		"who has not reported":       {"city", "area=320904&period=2024-09", []string{"0 / 1", "1 家还没有报"}, []string{" 0.00 万元"}},
		"a month nobody reported":    {"city", "period=2024-10", []string{"0 / 3", "—"}, []string{" 0.00 万元"}},
		"a year: its last month":     {"city", "period=2023", []string{"2023年9月", "1500.00 万元", "2 / 3"}, nil},
		"by trade":                   {"city", "by=trade&period=2024-09", []string{"通用设备制造业", "行业大类"}, nil},
		"one trade":                  {"city", "only=trade:34&period=2024-09", []string{"1200.00 万元", "只", "1 / 1", "没有可比的目标"}, nil},
		"electricity, over 36":       {"city", "indicator=monthly_power&months=36&period=2024-09", []string{"规上工业月度用电量", "2021年10月"}, nil},
		"a firm's row of all months": {"city", "months=25&period=2024-09", []string{"2022年9月"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, body := c.as(tt.login).get("/industry?" + tt.query)
			wants(t, ungrouped(body), tt.want...)
			lacks(t, ungrouped(body), tt.never...)
		})
	}
	for query, status := range map[string]int{"indicator=completed_share": http.StatusNotFound, "by=nothing": http.StatusUnprocessableEntity, "period=2031-01": http.StatusUnprocessableEntity} {
		if res, _ := c.as("city").get("/industry?" + query); res.StatusCode != status {
			t.Errorf("%s: %d", query, res.StatusCode)
		}
	}
	if res, _ := c.as("tinghu").get("/industry?area=320900"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a county looks at the city: %d", res.StatusCode)
	}

	_, body = c.as("city").get("/industry/firms?period=2024-09&stand=due")
	wants(t, ungrouped(body), "盐城大丰乙电子有限公司", "未报", "500.00 万元", "1 / 9", "−10.0%")
	lacks(t, body, "亭湖甲", "东台丙")
	_, body = c.as("city").get("/industry/firms?period=2024-09&stand=both")
	wants(t, ungrouped(body), "盐城亭湖甲机械有限公司", "1200.00 万元", "1000.00 万元", "+20.0%", "+15.0%", "2 / 9")
	lacks(t, body, "东台丙")
	wants(t, body, fmt.Sprintf("/figures/monthly_output/rows/%d?area=320900&amp;period=2024-09", c.firms[tinghuCode]))
	_, body = c.as("tinghu").get("/industry/firms?period=2024-09")
	lacks(t, body, "东台丙", "大丰乙")

	_, body = c.as("city").get("/industry/export?period=2024-09&format=csv")
	wants(t, body, "亭湖区,12000000.00,10000000.00,20.0%,1,20.0%", "大丰区,,5000000.00,,0", "合计,15000000.00,15000000.00,20.0%,1")
	_, body = c.as("city").get("/industry/export?period=2024-09")
	f, err := excelize.OpenReader(bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.GetSheetList(); len(got) < 5 {
		t.Errorf("sheets: %v", got)
	}
	_, body = c.as("city").get("/industry/firms/export?period=2024-09&stand=due&format=csv")
	wants(t, body, "盐城大丰乙电子有限公司", "未报,,5000000.00,,4500000.00,5000000.00")
}
