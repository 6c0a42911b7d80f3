package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A day in the past shows what was known by its end, under the policies in force then; nothing that came later counts.
func TestAsOf(t *testing.T) {
	c := newCity(t)
	path := enterprisePath(c.firms[tinghuCode])
	c.stand(2024, 11, 20)
	c.importCSV("corrected.csv", `统一社会信用代码,企业名称,县（市、区）,项目名称,项目年度投资额（万元）,年度有效投入（万元）
`+tinghuCode+`,盐城亭湖甲机械有限公司,亭湖区,数字车间,900,900
`, "bureau", "320900")
	c.stand(2024, 11, 25)
	v, second := c.as("city"), c.as("second")
	res, _ := v.sendPackage(cheaper(t), "a.zip")
	draft := res.Request.URL.Path
	v.take(draft, "propose", "下调上限")
	second.take(draft, "approve", "同意")
	c.stand(2024, 12, 1)

	for day, total := range map[string]string{"2024-10-31": "68.2 万元", "2024-11-22": "99 万元", "": "50 万元"} {
		query := ""
		if day != "" {
			query = "?as_of=" + day
		}
		_, body := v.get(path + query)
		wants(t, body, total)
		_, region := v.get("/region" + query)
		wants(t, region, strings.ReplaceAll(total, " 万元", ""))
		if day != "" {
			wants(t, body, "本页停在 "+day, "按 "+day+" 日终所知")
			wants(t, region, "本页停在 "+day)
			_, link, _ := strings.Cut(body, `href="/calculator?`)
			link, _, _ = strings.Cut(link, `"`)
			_, calculated := v.get("/calculator?" + strings.ReplaceAll(link, "&amp;", "&"))
			wants(t, calculated, total, "本页停在 "+day)
		}
	}
	_, body := v.get("/policies/yancheng-2022-6?as_of=2024-11-22")
	wants(t, plain(body), "有效投入补助上限 500 万元", "本页停在 2024-11-22")
	_, body = v.get("/policies/yancheng-2022-6")
	wants(t, plain(body), "有效投入补助上限 50 万元", "2024-11-25", "现行", "随软件首次发布")

	for day, why := range map[string]string{"2024-10-30": "最早的数据记于 2024-10-31", "2024-12-02": "还没有到", "yesterday": "不是日期"} {
		res, body := v.get(path + "?as_of=" + url.QueryEscape(day))
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", day, res.StatusCode)
		}
		wants(t, body, why)
	}
}

// plain is the words of a page, one blank between them.
func plain(body string) string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(body, " ")), " ")
}

// Who may see no firms of an area is told nothing of who benefits; who may sees the own ones.
func TestPolicyBenefits(t *testing.T) {
	c := newCity(t)
	body := c.as("tinghu").await("/policies/yancheng-2022-6/benefits")
	wants(t, body, "谁受益", "有效投入补助", "68.20")
	lacks(t, body, "110.00")
	for _, login := range []string{"firm", "admin"} {
		_, page := c.as(login).get("/policies/yancheng-2022-6")
		lacks(t, page, "谁受益")
		if res, _ := c.as(login).get("/policies/yancheng-2022-6/benefits"); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", login, res.StatusCode)
		}
	}
}
