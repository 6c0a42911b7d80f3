package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/layout"
)

// fill sends a template as a browser does.
func (v *visitor) fill(table string, rows ...[]any) (*http.Response, string) {
	v.s.t.Helper()
	return v.fillWith(table, "year=2023", rows...)
}

// fillWith is fill with what else is asked for.
func (v *visitor) fillWith(table, query string, rows ...[]any) (*http.Response, string) {
	v.s.t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	for i, row := range rows {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err == nil {
			err = book.SetSheetRow("Sheet1", at, &row)
		}
		if err != nil {
			v.s.t.Fatal(err)
		}
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "上级表.xlsx")
	if err == nil {
		err = book.Write(part)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		v.s.t.Fatal(err)
	}
	return v.sendTo(templatePath(table)+"?"+query, form.FormDataContentType(), &body)
}

// A template is filled with what its sender may see, and no more.
func TestTemplateIsFilled(t *testing.T) {
	c := newCity(t)
	for login, may := range readers {
		if login == "" || login == "admin" {
			continue
		}
		res, body := c.as(login).fill("enterprises", []any{"企业名称", "统一社会信用代码", "营业收入（万元）"})
		if exports := letIn(t, "POST /template/enterprises", login); exports != (res.StatusCode == http.StatusOK) {
			t.Errorf("%s: status %d", login, res.StatusCode)
		}
		if res.StatusCode != http.StatusOK {
			continue
		}
		all := text(t, res, body)
		for code := range secrets {
			if got, want := strings.Contains(all, code), len(may) == len(secrets) || may[0] == code; got != want {
				t.Errorf("%s: the filled template tells of %s: %t, want %t", login, code, got, want)
			}
		}
	}
	res, page := c.as("city").fill("enterprises", []any{"{{企业名称}}", "{{神秘数}}"})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an unknown placeholder: status %d", res.StatusCode)
	}
	wants(t, page, "Sheet1!B1", "不对应“企业”的任何数据项")
	res, page = c.as("city").get("/template/enterprises?area=320902")
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
	wants(t, page, "{{营业收入|亿元}}", "将填入企业列表中的 1 家企业")
}

// Figures are filled in, a form is looked at before, and what lists show leads to it.
func TestFiguresAreFilledIn(t *testing.T) {
	c := newCity(t)
	city := c.as("city")
	res, body := city.fill("figures", []any{"县（市、区）", "规上工业企业数（家）", "神秘数"})
	if res.StatusCode != http.StatusOK {
		t.Fatalf("status %d", res.StatusCode)
	}
	wants(t, text(t, res, body), "亭湖区", "规上工业企业数（家）")
	res, page := city.fillWith("figures", "look=1", []any{"县（市、区）", "规上工业企业数（家）", "神秘数"})
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
	wants(t, page, "没有认出“神秘数”列，留空")
	if res, _ := city.fill("report", []any{"指标名称", "数值"}); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("no report: status %d", res.StatusCode)
	}
	for address, link := range map[string]string{"/figures?period=2024": "/template/figures?", "/targets": "/template/targets?"} {
		_, page := city.get(address)
		wants(t, page, link)
	}
	for _, table := range []string{"figures", "indicators", "targets", "report", "report_areas"} {
		if res, _ := city.get(templatePath(table)); res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", table, res.StatusCode)
		}
	}
}

// Every table, by everybody who may have it, tells of nobody's firm but those that the sender may see.
func TestEveryTemplateHoldsWhatItsReaderMaySee(t *testing.T) {
	c := newCity(t)
	for _, k := range layout.Kinds() {
		table, _ := c.srv.Library.Table(k.Code)
		var header, row []any
		for _, col := range table.Columns[:min(len(table.Columns), 40)] {
			header, row = append(header, "列"), append(row, "{{"+col.Role+"}}")
		}
		for login, may := range readers {
			if login == "" {
				continue
			}
			v := c.as(login)
			res, body := v.fill(k.Code, header, row)
			if allowed := letIn(t, "POST "+templatePath(k.Code), login); allowed == (res.StatusCode == http.StatusForbidden) {
				t.Errorf("%s as %s: status %d", k.Code, login, res.StatusCode)
			}
			if res.StatusCode != http.StatusOK {
				continue
			}
			all := text(t, res, body)
			if login == "admin" && (k.Code == "accounts" || k.Code == "log") {
				continue // names whose account it is, to the administrator
			}
			for code, words := range secrets {
				for _, word := range words {
					if strings.Contains(all, word) && !slices.Contains(may, code) {
						t.Errorf("%s tells %s of %q", k.Code, login, word)
					}
				}
			}
		}
	}
}
