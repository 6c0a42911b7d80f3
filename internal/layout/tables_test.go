package layout_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/layout"
	"github.com/yanzhen/yanzhen/internal/period"
)

// More of what is known: sheets of other makes.
const (
	projects = `2023年
企业名称,项目名称,年度有效投入（万元）,项目年度投资额（万元）
甲公司,数字车间,512.5,"1,000"
乙公司,智能仓储,80,95.5
`
	loans = `企业名称,贷款合同号,贷款金额（万元）,贷款利率（%）,放款日期
甲公司,HT-1,300,3.65,2023-05-01
`
	leases = `企业名称,租赁合同号
乙公司,ZL-7
`
	honours = `企业名称,称号,认定日期
甲公司,省级工业互联网平台,2022-12-01
`
	areaFigures = `2023年
县（市、区）,5G基站数（个）
大丰区,1234
东台市,987
`
	bad = `2023年
企业名称,营业收入（万元）
甲公司,一千多点吧
乙公司,100
`
)

// fullWorld knows something of every kind.
func fullWorld(t *testing.T) *world {
	w := newWorld(t)
	for name, body := range map[string]string{"projects.csv": projects, "loans.csv": loans, "leases.csv": leases, "honours.csv": honours, "areas.csv": areaFigures} {
		w.commit(name, body)
	}
	return w
}

// form is a workbook as a superior office draws it up: a title over merged cells, a header of two rows of which the first
// is merged, blank rows with a frame, a total row with formulas, a note, and a sheet that looks at the total. sum is the
// column that is summed up, −1 for none.
func form(t *testing.T, header []string, sum int) string {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	const name = "附件 1"
	must(t, book.SetSheetName("Sheet1", name))
	last, err := excelize.ColumnNumberToName(len(header) + 1)
	must(t, err)
	must(t, book.SetCellStr(name, "A1", "附件 1"))
	must(t, book.SetCellStr(name, "A2", "{{地区}}{{期间}}年情况表"))
	must(t, book.MergeCell(name, "A2", last+"2"))
	must(t, book.SetCellStr(name, "A3", "编号"))
	must(t, book.MergeCell(name, "A3", "A4"))
	frame, err := book.NewStyle(&excelize.Style{Border: []excelize.Border{{Type: "bottom", Style: 1, Color: "000000"}}, NumFmt: 4})
	must(t, err)
	must(t, book.SetCellStyle(name, "A5", last+"8", frame))
	must(t, book.SetRowHeight(name, 5, 33))
	for i, h := range header {
		col, err := excelize.ColumnNumberToName(i + 2)
		must(t, err)
		must(t, book.SetCellStr(name, col+"3", h))
		must(t, book.MergeCell(name, col+"3", col+"4"))
	}
	must(t, book.SetCellStr(name, "A9", "合计"))
	if sum >= 0 {
		col, err := excelize.ColumnNumberToName(sum + 2)
		must(t, err)
		must(t, book.SetCellFormula(name, col+"9", "SUM("+col+"5:"+col+"8)"))
		_, err = book.NewSheet("汇总")
		must(t, err)
		must(t, book.SetCellStr("汇总", "A1", "全部"))
		must(t, book.SetCellFormula("汇总", "B1", "SUM('附件 1'!"+col+"5:"+col+"8)*2"))
	}
	must(t, book.SetCellStr(name, "A10", "注：本表一式两份。"))
	must(t, book.MergeCell(name, "A10", last+"10"))
	path := filepath.Join(t.TempDir(), "表.xlsx")
	must(t, book.SaveAs(path))
	return path
}

// read is the cells of a form between its header and what stands below the rows, and that.
func read(t *testing.T, book *excelize.File) (rows [][]string, below [][]string) {
	t.Helper()
	all, err := book.GetRows("附件 1", excelize.Options{RawCellValue: true})
	must(t, err)
	for i, row := range all[4:] {
		if len(row) > 0 && row[0] == "合计" {
			return rows, all[4+i:]
		}
		if slices.ContainsFunc(row, func(s string) bool { return s != "" }) {
			rows = append(rows, row)
		}
	}
	t.Fatalf("no total row: %q", all)
	return nil, nil
}

// Each table fills a form whose words are not its own, and leaves the rest of the workbook as it is.
func TestEveryTableFillsAForm(t *testing.T) {
	w := fullWorld(t)
	ctx := context.Background()
	_, policy, result := w.decided()
	decided := of2023
	decided.Policy, decided.Region = policy, result
	found := of2023
	b, err := w.in.Receive(ctx, w.scope, uploadOf("bad.csv", bad))
	must(t, err)
	_, err = w.in.Wait(ctx, w.scope, b.ID)
	must(t, err)
	found.Batch = b.ID
	_, err = w.access.Create(ctx, access.SystemScope(), access.NewAccount{Login: "wang", Name: "王敏", Password: "geese fly in formation", Grants: []access.Grant{{Role: access.CityOfficial, Area: "320900"}}})
	must(t, err)
	done := layout.Query{Log: []layout.LogLine{{When: "2024-10-31 09:00", Deed: "导入", About: "a.csv", Who: "王敏"}}}
	for _, tc := range []struct {
		table  string
		header []string
		sum    int
		query  layout.Query
		want   [][]string // some of the rows, without the number
		some   bool       // there are more
	}{
		{"enterprises", []string{"单位名称", "主营业务收入（元）", "属地"}, 1, of2023, [][]string{{"甲公司", "123456700", "大丰区"}, {"乙公司", "—", "东台市"}}, false},
		{"projects", []string{"申报单位", "技改项目名称", "当年完成投资（亿元）", "2023年营业收入（万元）"}, 2, of2023, [][]string{{"甲公司", "数字车间", "0.1", "12345.67"}, {"乙公司", "智能仓储", "0.00955", "—"}}, false},
		{"loans", []string{"企业全称", "合同编号", "贷款本金（元）", "年利率（%）", "放款时间"}, 2, of2023, [][]string{{"甲公司", "HT-1", "3000000", "3.65", "2023-05-01"}}, false},
		{"leases", []string{"合同号", "企业全称"}, -1, of2023, [][]string{{"ZL-7", "乙公司"}}, false},
		{"honours", []string{"公司名称", "荣誉名称", "认定时间"}, -1, of2023, [][]string{{"甲公司", "省级工业互联网平台", "2022-12-01"}}, false},
		{"areas", []string{"县市区", "建档企业数", "5G基站数（个）"}, 2, of2023, [][]string{{"大丰区", "1", "1234"}, {"东台市", "1", "987"}}, true},
		{"memberships", []string{"单位名称", "归属类型", "节点名称", "结束日期"}, -1, of2023, [][]string{{"甲公司", "地区", "大丰区"}, {"乙公司", "地区", "东台市"}}, false},
		{"facts", []string{"单位名称", "指标名称", "报告期", "数值", "计量单位", "来源文件"}, -1, of2023, [][]string{{"甲公司", "营业收入", "2023", "123456700", "元", "a.csv"}, {"乙公司", "营业收入", "2023", "—", "", "a.csv"}, {"", "5G基站数", "2023", "1234", "个", "areas.csv"}}, true},
		{"decisions", []string{"企业名称", "信用代码", "奖补金额（万元）", "测算结果"}, 2, decided, nil, true},
		{"decision_areas", []string{"县区", "企业数", "奖补金额（万元）"}, 2, decided, nil, true},
		{"decision_clauses", []string{"政策条款", "依据", "兑现企业数", "补助金额（元）"}, 3, decided, nil, true},
		{"policies", []string{"发文字号", "政策名称", "发文机关", "施行日期"}, -1, of2023, [][]string{{"盐政办发〔2022〕6号"}}, true},
		{"problems", []string{"文件", "所在位置", "列", "错误说明"}, -1, found, nil, true},
		{"deliveries", []string{"报表名称", "报送部门", "报送状态", "数据条数"}, 3, of2023, [][]string{{"a.csv", "局", "已导入"}, {"projects.csv", "局", "已导入"}}, true},
		{"accounts", []string{"用户名", "使用人", "用户角色", "所在地区", "账号状态"}, -1, layout.Query{}, [][]string{{"wang", "王敏", "市级经办", "盐城市", "使用中"}}, true},
		{"log", []string{"操作时间", "操作", "操作内容", "操作人"}, -1, done, [][]string{{"2024-10-31 09:00", "导入", "a.csv", "王敏"}}, false},
	} {
		t.Run(tc.table, func(t *testing.T) {
			scope := w.scope
			if tc.table == "accounts" {
				scope = access.NewScope(2, access.Administrator, nil, nil)
			}
			table, err := w.source(scope).Table(ctx, tc.table, tc.query)
			must(t, err)
			out, err := w.filler().Fill(ctx, form(t, tc.header, tc.sum), "表.xlsx", table)
			must(t, err)
			book, err := excelize.OpenReader(bytes.NewReader(out.Body))
			must(t, err)
			defer book.Close()
			rows, below := read(t, book)
			if len(out.Blank) > 0 {
				t.Errorf("not recognised: %q", out.Blank)
			}
			if len(rows) != out.Rows || out.Rows == 0 {
				t.Fatalf("%d rows stand in the form, %d were filled in: %q", len(rows), out.Rows, rows)
			}
			if !tc.some && len(rows) != len(tc.want) {
				t.Errorf("%d rows, want %d: %q", len(rows), len(tc.want), rows)
			}
			for _, want := range tc.want {
				if !slices.ContainsFunc(rows, func(row []string) bool {
					return len(row) > len(want) && slices.Equal(row[1:1+len(want)], want) || slices.Equal(row[1:], trimmed(want))
				}) {
					t.Errorf("no row %q in %q", want, rows)
				}
			}
			for i, row := range rows {
				if want := string('1' + rune(i)); i < 9 && row[0] != want {
					t.Errorf("row %d has number %q", i+1, row[0])
				}
			}
			checkRest(t, book, tc.header, tc.sum, len(rows), below)
		})
	}
}

func trimmed(row []string) []string {
	for len(row) > 0 && row[len(row)-1] == "" {
		row = row[:len(row)-1]
	}
	return row
}

// checkRest looks at what the form had besides its rows.
func checkRest(t *testing.T, book *excelize.File, header []string, sum, n int, below [][]string) {
	t.Helper()
	const name = "附件 1"
	moved := max(n-4, 0)
	if below[len(below)-1][0] != "注：本表一式两份。" {
		t.Errorf("below the rows: %q", below)
	}
	title, err := book.GetCellValue(name, "A2")
	must(t, err)
	if !strings.HasSuffix(title, "年情况表") || strings.Contains(title, "{") {
		t.Errorf("title %q", title)
	}
	merged, err := book.GetMergeCells(name)
	must(t, err)
	if want := len(header) + 3; len(merged) != want { // title, note, each header cell
		t.Errorf("%d merged ranges, want %d", len(merged), want)
	}
	first, err := book.GetCellStyle(name, "B5")
	must(t, err)
	for row := 6; row < 5+n; row++ {
		at, err := excelize.CoordinatesToCellName(2, row)
		must(t, err)
		if style, err := book.GetCellStyle(name, at); err != nil || style != first || first == 0 {
			t.Errorf("row %d has style %d, the first %d", row, style, first)
		}
		if height, err := book.GetRowHeight(name, row); err != nil || height != 33 {
			t.Errorf("row %d is %v high", row, height)
		}
	}
	if sum < 0 {
		return
	}
	col, err := excelize.ColumnNumberToName(sum + 2)
	must(t, err)
	total, err := excelize.JoinCellName(col, 9+moved)
	must(t, err)
	last, err := excelize.JoinCellName(col, max(8, 4+n))
	must(t, err)
	got, err := book.GetCellFormula(name, total)
	must(t, err)
	if want := "SUM(" + col + "5:" + last + ")"; got != want {
		t.Errorf("the total is %q, want %q", got, want)
	}
	got, err = book.GetCellFormula("汇总", "B1")
	must(t, err)
	if want := "SUM('附件 1'!" + col + "5:" + last + ")*2"; got != want {
		t.Errorf("the other sheet has %q, want %q", got, want)
	}
}

// A row of placeholders takes its formulas, fixed texts and merged cells along, and a total over the one row of the
// template becomes a total over all.
func TestRowsAreRepeatedAsTheyStand(t *testing.T) {
	w := fullWorld(t)
	path := template(t, [][]any{
		{"项目表"},
		{"项目", "", "投资", "补助", "备注"},
		{"{{项目名称}}", nil, "{{项目年度投资额|元}}", nil, "盐城"},
		{"合计"},
	}, func(book *excelize.File) {
		must(t, book.MergeCell("Sheet1", "A3", "B3"))
		must(t, book.SetCellFormula("Sheet1", "D3", "C3*0.1+$C$3*0"))
		must(t, book.SetCellFormula("Sheet1", "C4", `SUM(C3)&"SUM(C3)"`))
		must(t, book.SetCellFormula("Sheet1", "D4", "SUM(D3:D3)"))
	})
	book, _ := w.filled(path, "projects", of2023)
	for at, want := range map[string]string{"A3": "数字车间", "A4": "智能仓储", "E4": "盐城", "A5": "合计"} {
		if got, err := book.GetCellValue("Sheet1", at); err != nil || got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
	for at, want := range map[string]string{"D4": "C4*0.1+$C$3*0", "C5": `SUM(C3:C4)&"SUM(C3)"`, "D5": "SUM(D3:D4)"} {
		if got, err := book.GetCellFormula("Sheet1", at); err != nil || got != want {
			t.Errorf("%s is =%s, want =%s", at, got, want)
		}
	}
	if sum, err := book.CalcCellValue("Sheet1", "D5"); err != nil || sum != "1095500" {
		t.Errorf("the total is %q (%v)", sum, err)
	}
	merged, err := book.GetMergeCells("Sheet1")
	must(t, err)
	var ranges []string
	for _, m := range merged {
		ranges = append(ranges, m.GetStartAxis()+":"+m.GetEndAxis())
	}
	if diff := cmp.Diff([]string{"A3:B3", "A4:B4"}, ranges); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}

// A table is for those who may have it, and a reader gets the rows of the scope's own area.
func TestTablesFollowTheScope(t *testing.T) {
	w := fullWorld(t)
	ctx := context.Background()
	dafeng := access.NewScope(3, access.CountyOfficial, w.lib.Areas().Below("320904"), nil)
	for _, k := range layout.Kinds() {
		q := layout.Query{}
		if strings.HasPrefix(k.Code, "decision") {
			_, q.Policy, q.Region = w.decidedFor(dafeng)
		}
		if k.Code == "problems" {
			q.Batch = 1 << 40 // of nobody
		}
		if strings.HasPrefix(k.Code, "report") {
			q.Report = w.begun(dafeng, "monthly", "320904", period.OfMonth(2024, 9))
		}
		table, err := w.source(dafeng).Table(ctx, k.Code, q)
		if k.Code == "accounts" || k.Code == "log" {
			if errs.KindOf(err) != errs.KindForbidden {
				t.Errorf("%s for a county official: %v", k.Code, err)
			}
			continue
		}
		must(t, err)
		for record, err := range table.Rows {
			if k.Code == "problems" && errs.KindOf(err) == errs.KindNotFound {
				break
			}
			must(t, err)
			for i, c := range table.Columns {
				v := record(i, periodOf(c.Period))
				for _, foreign := range []string{"乙公司", "91350100M000100Y43", "智能仓储", "ZL-7", "东台市"} {
					if text, ok := v.(string); ok && strings.Contains(text, foreign) {
						t.Errorf("%s tells a county official of %q", k.Code, text)
					}
				}
			}
		}
	}
	if _, err := w.source(access.Scope{}).Table(ctx, "enterprises", layout.Query{}); errs.KindOf(err) != errs.KindForbidden {
		t.Errorf("nobody gets the enterprises: %v", err)
	}
}

func periodOf(k period.Kind) period.Period {
	if k == period.Year {
		return period.OfYear(2023)
	}
	return period.Period{}
}

// Every column that the content names has a value from somewhere: a word that means nothing would fill in blanks.
func TestEveryColumnHasAValue(t *testing.T) {
	w := fullWorld(t)
	may := map[string][]string{ // what the example firms have nothing of
		"memberships": {"memberships.from", "memberships.to"}, "targets": {"targets.quarter"},
		"report": {"report.quarter", "report.state"}, "report_areas": {"report_areas.points", "report_areas.place", "report_areas.completed_share.quarter", "report_areas.diagnosed_share.quarter"},
	}
	_, policy, result := w.decided()
	for _, k := range layout.Kinds() {
		scope, q := w.scope, of2023
		switch {
		case k.Code == "accounts" || k.Code == "problems" || k.Code == "log":
			continue // seen in the forms above
		case strings.HasPrefix(k.Code, "decision"):
			q.Policy, q.Region = policy, result
		case strings.HasPrefix(k.Code, "report"):
			q.Report = w.begun(w.scope, "quarterly", "320900", period.OfQuarter(2024, 3))
		case k.Code == "figures" || k.Code == "indicators":
			continue // of most indicators the example firms have nothing
		}
		table, err := w.source(scope).Table(context.Background(), k.Code, q)
		must(t, err)
		full := map[string]bool{}
		for record, err := range table.Rows {
			must(t, err)
			for i, c := range table.Columns {
				full[c.Role] = full[c.Role] || record(i, periodOf(c.Period)) != nil
			}
		}
		for _, c := range table.Columns {
			own := strings.HasPrefix(c.Role, k.Code+".")
			if own && !full[c.Role] && !slices.Contains(may[k.Code], c.Role) && c.Role != "decisions.reason" && c.Role != "log.commit" {
				t.Errorf("%s: no row has %s", k.Code, c.Role)
			}
		}
	}
}
