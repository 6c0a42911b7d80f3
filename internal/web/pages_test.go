package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func TestEnterpriseList(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	_, body := v.get("/enterprises?year=2023")
	wants(t, body, "共 3 家", "盐城亭湖甲机械有限公司", "盐城大丰乙电子有限公司", "东台丙纺织有限公司", "12\u202f345.67", `title="123`+"\u202f456\u202f700.00 元")

	tests := map[string]struct {
		query       string
		want, never []string
	}{
		"by area":       {"area=320904", []string{"大丰乙", "共 1 家"}, []string{"亭湖甲", "东台丙"}},
		"by industry":   {"industry=17", []string{"东台丙", "共 1 家"}, []string{"亭湖甲"}},
		"above scale":   {"scale=1&year=2023", []string{"共 3 家"}, nil},
		"other year":    {"scale=1&year=2022", []string{"没有符合条件的企业"}, []string{"亭湖甲"}},
		"by name":       {"q=大丰", []string{"大丰乙", "共 1 家"}, []string{"亭湖甲"}},
		"by code":       {"q=" + tinghuCode[:10], []string{"亭湖甲", "共 1 家"}, []string{"大丰乙"}},
		"columns":       {"col=ent.employees&year=2023", []string{"210", "sort=ent.employees"}, []string{"12\u202f345.67"}},
		"beyond paging": {"page=99", []string{"亭湖甲"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			res, body := v.get("/enterprises?" + tt.query)
			if res.StatusCode != http.StatusOK {
				t.Errorf("status %d", res.StatusCode)
			}
			wants(t, body, tt.want...)
			lacks(t, body, tt.never...)
		})
	}

	_, body = v.get("/enterprises?sort=-ent.revenue&year=2023")
	if a, b := strings.Index(body, "亭湖甲"), strings.Index(body, "东台丙"); a < 0 || b < a {
		t.Error("the largest revenue is not first")
	}
	wants(t, body, `aria-sort="descending"`)
}

// TestColumnsByClass: columns are offered by class of the register, the answers of assessments closed and last unless one is chosen.
func TestColumnsByClass(t *testing.T) {
	t.Parallel()
	v := newCity(t).as("city")
	classes := regexp.MustCompile(`<details( open)?><summary>([^<（]+)（(\d+) 项，已选 (\d+)）</summary>`)
	for query, want := range map[string]string{"": " 0", "?col=ent.net_5g&col=ent.revenue": " open 1"} {
		_, body := v.get("/enterprises" + query)
		all := classes.FindAllStringSubmatch(body, -1)
		if len(all) < 5 {
			t.Fatalf("%s: %d classes of columns", query, len(all))
		}
		offered := 0
		for i, m := range all {
			if last := i == len(all)-1; last != (m[2] == "评价填报") || !last && m[1] == "" {
				t.Errorf("%s: class %d is %s%s", query, i, m[2], m[1])
			}
			n, _ := strconv.Atoi(m[3])
			offered += n
		}
		if last := all[len(all)-1]; last[1]+" "+last[4] != want {
			t.Errorf("%s: the answers of assessments stand%s, %s chosen", query, last[1], last[4])
		}
		if n := strings.Count(body, `type="checkbox" name="col"`); n != offered {
			t.Errorf("%s: %d columns are told, %d offered", query, offered, n)
		}
	}
}

func TestExportOfList(t *testing.T) {
	v := newCity(t).as("city")
	res, body := v.get("/enterprises/export?area=320902&year=2023")
	if !strings.Contains(res.Header.Get("Content-Disposition"), ".xlsx") {
		t.Errorf("disposition %q", res.Header.Get("Content-Disposition"))
	}
	book, err := excelize.OpenReader(bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[1][0] != "盐城亭湖甲机械有限公司" || rows[1][1] != tinghuCode || rows[1][5] != "123456700" {
		t.Errorf("exported rows: %q", rows)
	}
	notes, err := book.GetRows(book.GetSheetName(1))
	if err != nil || !strings.Contains(fmt.Sprint(notes), "演示数据") {
		t.Errorf("notes: %q %v", notes, err)
	}

	res, body = v.get("/enterprises/export?format=parquet&area=320902&year=2023")
	if res.Header.Get("Content-Type") != "application/vnd.apache.parquet" || !strings.HasPrefix(body, "PAR1") || !strings.HasSuffix(body, "PAR1") {
		t.Errorf("facts for analysts: %v, %d bytes", res.Header, len(body))
	}
	res, body = v.get("/enterprises/export?format=csv&year=2023")
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil || len(lines) != 5 || !strings.HasPrefix(lines[4][0], "演示数据：") {
		t.Errorf("csv: %q, %v", lines, err)
	}
	if name := res.Header.Get("Content-Disposition"); !strings.Contains(name, url.PathEscape("演示数据")) {
		t.Errorf("the name of the file does not say that it is a demonstration: %s", name)
	}
}

func TestEnterpriseFile(t *testing.T) {
	c := newCity(t)
	path := enterprisePath(c.firms[tinghuCode])
	_, body := c.as("city").get(path)
	wants(t, body, "盐城亭湖甲机械有限公司", tinghuCode, "亭湖区", "数字车间", "620 万元", "王某甲", "盐政办发〔2022〕6号", "68.2 万元")
	_, body = c.as("firm").get(path)
	wants(t, body, "68.2 万元", "王某甲")
	_, body = c.as("city").get(enterprisePath(c.firms[dafengCode]))
	wants(t, body, "还差 100 元")
	_, body = c.as("city").get(enterprisePath(c.firms[dongtaiCode]))
	wants(t, body, "县（市）政策不得低于", "110 万元")
}

func TestCalculatorOfAFile(t *testing.T) {
	c := newCity(t)
	v := c.as("firm")
	_, body := v.get(enterprisePath(c.firms[tinghuCode]))
	_, rest, _ := strings.Cut(body, `href="/calculator?`)
	query, _, _ := strings.Cut(rest, `"`)
	_, body = v.get("/calculator?" + strings.ReplaceAll(query, "&amp;", "&"))
	wants(t, body, `name="project-0:project.investment:2023" value="620"`, "68.2 万元")
}

func TestDispute(t *testing.T) {
	c := newCity(t)
	id := c.firms[tinghuCode]
	path := factPath(id, id, "ent.revenue")
	firm := c.as("firm")
	_, body := firm.get(path)
	wants(t, body, "1.234567 亿元", "firms.csv", "统计", "报送：市工信局", "经办：系统管理员", "采用", "这个数不对")
	lacks(t, body, "办结")

	res, body := firm.post(path+"/dispute", url.Values{"period": {"2023"}, "text": {"  "}})
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an empty dispute: status %d", res.StatusCode)
	}
	wants(t, body, "请写明哪里不对")
	_, body = firm.post(path+"/dispute", url.Values{"period": {"2023"}, "text": {"应为 12,345 万元"}})
	wants(t, body, "已记录", "应为 12,345 万元")
	_, body = firm.get(enterprisePath(id))
	wants(t, body, "有质疑")

	official := c.as("tinghu")
	_, body = official.get("/today")
	wants(t, body, "应为 12,345 万元", "盐城亭湖甲机械有限公司", path)
	_, body = official.get(path)
	_, dispute, _ := strings.Cut(body, `name="dispute" value="`)
	dispute, _, _ = strings.Cut(dispute, `"`)
	if res, _ := firm.post(path+"/close", url.Values{"dispute": {dispute}, "note": {"自己办结"}}); res.StatusCode != http.StatusForbidden {
		t.Errorf("an enterprise closes its own dispute: status %d", res.StatusCode)
	}
	_, body = official.post(path+"/close", url.Values{"dispute": {dispute}, "note": {"已与统计局核对，原数无误"}})
	wants(t, body, "质疑已办结", "原数无误")
	_, body = official.get("/today")
	wants(t, body, "没有待处理的质疑")
}

func TestSearch(t *testing.T) {
	c := newCity(t)
	res, _ := c.as("city").get("/search?q=" + url.QueryEscape("大丰乙"))
	if res.Request.URL.Path != enterprisePath(c.firms[dafengCode]) {
		t.Errorf("the only hit led to %s", res.Request.URL)
	}
	_, body := c.as("city").get("/search/suggest?q=" + url.QueryEscape("盐城"))
	wants(t, body, "亭湖甲", "大丰乙")
	_, body = c.as("tinghu").get("/search/suggest?q=" + url.QueryEscape("盐城"))
	wants(t, body, "亭湖甲")
	lacks(t, body, "大丰乙")
}

func TestRegion(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	_, body := v.get("/region")
	wants(t, body, "县（市）不得低于（万元）", "68.20 万元", "亭湖区", "大丰区", "东台市", "有效投入补助", `data-value="68.2"`, "110.00 万元")
	_, body = v.get("/region/firms?clause=c9&state=sure")
	wants(t, body, "亭湖甲", "共 1 家")
	lacks(t, body, "大丰乙")
	_, body = v.get("/region?set:investment_base=effective")
	wants(t, body, "66.00 万元")

	_, body = c.as("tinghu").get("/region")
	wants(t, body, "68.20 万元")
	lacks(t, body, "大丰", "东台", "110.00 万元")

	for _, state := range []string{"sure", "perhaps"} {
		_, page := v.get("/region")
		_, said, _ := strings.Cut(page, "state="+state+`">`)
		_, list := v.get("/region/firms?state=" + state)
		count, _, _ := strings.Cut(said, " ")
		wants(t, list, "共 "+count+" 家")
	}

	res, body := v.get("/region/export")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("export: status %d", res.StatusCode)
	}
	book, err := excelize.OpenReader(bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil || len(rows) != 4 {
		t.Fatalf("export: %d rows, %v", len(rows), err)
	}
	byArea, err := book.GetRows("按县（市、区）和功能区", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	areas := map[string][]string{}
	for _, row := range byArea {
		areas[row[0]] = row
	}
	if got := areas["亭湖区"]; len(got) < 5 || got[1] != "1" || got[2] != "1" || got[4] != "682000" {
		t.Errorf("亭湖区 in the workbook: %q", got)
	}
	if got := areas["东台市"]; len(got) < 8 || got[4] != "0" || got[7] != "1100000" {
		t.Errorf("东台市 in the workbook: %q", got)
	}
	if got := areas["合计"]; len(got) < 8 || got[1] != "3" || got[4] != "682000" || got[7] != "1100000" {
		t.Errorf("the sum in the workbook: %q", got)
	}
	byClause, err := book.GetRows("按条款", excelize.Options{RawCellValue: true})
	if err != nil || !slices.ContainsFunc(byClause, func(row []string) bool { return row[0] == "有效投入补助" && row[2] == "1" && row[4] == "682000" }) {
		t.Errorf("clauses in the workbook: %q, %v", byClause, err)
	}
}

// The answers to open questions go along from the region to a firm, and from there to the calculator.
func TestDrillDownKeepsTheAnswers(t *testing.T) {
	c := newCity(t)
	v := c.as("city")
	_, body := v.get("/region/firms?set:investment_base=effective")
	path := enterprisePath(c.firms[tinghuCode])
	wants(t, body, path+"?policy=yancheng-2022-6&amp;set%3Ainvestment_base=effective#decisions")
	_, body = v.get(path + "?policy=yancheng-2022-6&set:investment_base=effective")
	wants(t, body, "66 万元", "口径已改 1 项", `href="`+path+`#decisions"`, "set%3Ainvestment_base=effective")
	_, body = v.get(path)
	wants(t, body, "68.2 万元")
	lacks(t, body, "口径已改")
	if res, _ := v.get(path + "?policy=yancheng-2022-6&set:investment_base=nonsense"); res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("an answer that is none: status %d", res.StatusCode)
	}
}

func TestPolicyPage(t *testing.T) {
	v := newSite(t).visitor()
	_, body := v.get("/policies/yancheng-2022-6")
	wants(t, body, "有效投入补助", "四(三)", "原文“", "12%", "2023", "暂按", "转引", "条件", "随软件首次发布", "可选：")
	v.post("/language", url.Values{"lang": {"en"}})
	_, body = v.get("/policies/yancheng-2022-6")
	wants(t, body, "5\u202f000\u202f000 yuan", "12%")
	lacks(t, body, "500万元", "500 万元")
	if res, _ := v.get("/policies/none"); res.StatusCode != http.StatusNotFound {
		t.Errorf("no such policy: status %d", res.StatusCode)
	}
}
