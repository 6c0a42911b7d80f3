package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/store"
)

// An auditor is shown what two applicants share, with the rows behind it; that they saw it is recorded of both. Who sees one of
// the two is shown nothing.
func TestFlagsPage(t *testing.T) {
	c := newCity(t)
	c.importCSV("phones.csv", "统一社会信用代码,企业名称,县（市、区）,联系电话\n"+
		tinghuCode+",盐城亭湖甲机械有限公司,亭湖区,0515-88110000\n"+dafengCode+",盐城大丰乙电子有限公司,大丰区,（0515）88110000\n", "bureau", "320900")
	v := c.as("auditor")
	_, body := c.as("city").get("/flags") // what an auditor is shown is looked for once the applications are there
	wants(t, body, "没有找到线索", "找什么、为什么", "未核实", "门槛 500 万元", "不查：", "线索和核查情况")

	err := c.money.DB.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		for id, code := range map[int64]string{9001: tinghuCode, 9002: dafengCode} {
			_, err := tx.Exec(ctx, `INSERT INTO subsidy_application (case_id, call_id, enterprise, area, policy, known, package, clause, kind, subject, name, year, as_of, project, item, family, standing, amount, granted, commitment, batch_id, round_id, at)
				VALUES ($1, 1, $2, $3, 'yancheng-2022-6', 0, '', 'c9', 'project', 0, '数字车间', 2023, '2024-10-31', '', '', '', 'open', 6000000, 0, 0, 0, 0, 0)`,
				id, c.firms[code], map[string]string{tinghuCode: "320902", dafengCode: "320904"}[code])
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/flags", "/flags?kind=shared_phone", "/flags?kind=nonsense&page=9"} {
		_, body = v.get(path)
		wants(t, body, "共 1 条线索", "不同企业联系电话相同", "联系电话 0515-88110000", ">盐城亭湖甲机械有限公司</a>", ">盐城大丰乙电子有限公司</a>", `href="/cases/9002"`, "数字车间", "6 万元")
	}
	_, body = v.get("/flags?kind=shared_address")
	wants(t, body, "没有找到线索")
	lacks(t, body, "88110000")
	_, body = c.as("city").get(readingsPath(c.firms[dafengCode]))
	wants(t, body, "联系电话")

	_, body = v.get("/flags/export?format=csv&kind=shared_phone")
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(lines) != 4 || len(lines[1]) != 11 || lines[1][0] != "1" || lines[2][3] == lines[1][3] || !strings.Contains(fmt.Sprint(lines), "/cases/9001") {
		t.Errorf("exported: %q, %v", lines, err)
	}
	_, body = c.official("nanjing", access.Auditor, "320100").get("/flags")
	wants(t, body, "没有找到线索")
	_, body = c.official("one", access.Auditor, "320902").get("/flags")
	wants(t, body, "没有找到线索")
	for _, login := range []string{"tinghu", "firm", "admin"} {
		if res, _ := c.as(login).get("/flags"); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s is answered with %d", login, res.StatusCode)
		}
	}
	_, body = v.get("/flags?kind=shared_phone")
	_, rest, _ := strings.Cut(body, `name="key" value="`)
	key, _, _ := strings.Cut(rest, `"`)
	res, body := v.post("/flags/open", url.Values{"kind": {"shared_phone"}, "key": {"0"}})
	if res.StatusCode != http.StatusConflict {
		t.Errorf("a flag that there is not is opened: %d", res.StatusCode)
	}
	wants(t, body, "这条线索已经变了")
	_, body = v.post("/flags/open", url.Values{"kind": {"shared_phone"}, "key": {key}})
	wants(t, body, "核查中", "线索明细", "联系电话", "0515-88110000", "盐城大丰乙电子有限公司", "提出处理意见", `href="/cases/9001"`)
	_, body = v.get("/flags?standing=review")
	wants(t, body, "核查办件", "不同企业联系电话相同")
	lacks(t, body, `name="key"`)
	_, body = v.get("/flags?standing=new")
	wants(t, body, "没有找到线索")
	_, body = c.as("city").get("/log")
	wants(t, body, `href="/flags"`)
	_, body = c.as("admin").get("/log")
	lacks(t, body, `href="/flags"`)
}
