package api

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/layout"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// templateOf is a workbook with one row.
func templateOf(t testing.TB, cells ...any) string {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	must(t, book.SetSheetRow("Sheet1", "A1", &cells))
	var buf bytes.Buffer
	must(t, book.Write(&buf))
	return buf.String()
}

// cellsOf is everything that stands in a workbook.
func cellsOf(t testing.TB, body string) string {
	t.Helper()
	book, err := excelize.OpenReader(strings.NewReader(body))
	must(t, err)
	defer book.Close()
	var all []string
	for _, name := range book.GetSheetList() {
		rows, err := book.GetRows(name)
		must(t, err)
		for _, row := range rows {
			all = append(all, strings.Join(row, "|"))
		}
	}
	return strings.Join(all, "\n")
}

// A template comes back filled with what the caller may carry away, and no more.
func TestTemplates(t *testing.T) {
	c := newWalk(t)
	fill := func(login, table, query string, cells ...any) reply {
		t.Helper()
		return c.ask(login, http.MethodPost, "/exports/templates/"+table+"?name=%E4%B8%80%E8%A1%A8%E9%80%9A.xlsx"+query, templateOf(t, cells...), "Content-Type", sheet.XLSXType)
	}
	for login, may := range readers {
		r := fill(login, "enterprises", "&year=2023", "企业名称", "统一社会信用代码", "营业收入（万元）")
		if slices.Contains([]string{"", "admin", "viewer", "finance", "tax", "expert1"}, login) {
			if r.status != http.StatusUnauthorized && r.status != http.StatusForbidden {
				t.Errorf("%q: status %d", login, r.status)
			}
			continue
		}
		wants(t, r, 200)
		all := cellsOf(t, r.body)
		for code := range secrets {
			mine := false
			for _, m := range may {
				mine = mine || m == code
			}
			if mine != strings.Contains(all, code) {
				t.Errorf("%s of %s: %s", login, code, all)
			}
		}
	}
	r := fill("city", "decisions", "&policy=yancheng-2022-6&area=320900", "{{企业名称}}", "{{应兑现金额|万元}}")
	wants(t, r, 200)
	if all := cellsOf(t, r.body); !strings.Contains(all, "盐城亭湖甲机械有限公司|68.2") {
		t.Errorf("the decisions are %s", all)
	}
	for _, k := range layout.Kinds() {
		for _, login := range []string{"firm", "auditor", "admin"} {
			r := fill(login, k.Code, "&policy=yancheng-2022-6&import="+c.firstImport(), "{{序号}}")
			if r.status >= 500 {
				t.Errorf("%s as %s: %d %s", k.Code, login, r.status, r.body)
			}
			may := k.Need == (layout.Kind{}).Need
			if scope := c.scopeOf(login); !may && k.Need.MetBy(scope) != (r.status != http.StatusForbidden) {
				t.Errorf("%s as %s: status %d", k.Code, login, r.status)
			}
		}
	}
	wants(t, fill("city", "nothing", "", "{{企业名称}}"), 404)
	wants(t, fill("city", "enterprises", "", "{{没有这一项}}"), 422, "A1")
	wants(t, c.ask("city", http.MethodPost, "/exports/templates/enterprises?name=x.xlsx", "no workbook", "Content-Type", sheet.XLSXType), 422)
}
