package intake_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// The county offices of this test write as they please: their headers, units, dates and encodings stand here and nowhere
// else, so that nothing is read well because it was written by the same hand.

// aFirm is what is true of a firm, whatever an office makes of it.
type aFirm struct {
	name      string
	founded   time.Time
	revenue   int64 // 万元
	employees int
	cnc       int // per cent
}

// anOffice is how one county writes.
type anOffice struct {
	county            content.Node
	name, founded     string // headers
	revenue, staff    string
	cnc               string
	unit              string // of revenue: where it stands in the header
	unitInTitle       bool
	area              string // what the rows say of the area; "" for no such column
	date, rate        string // ways of writing
	format            string
	extra, total      bool
	titled, yearAbove bool
	firms             []aFirm
}

func offices(areas *content.Tree) []anOffice {
	var counties []content.Node
	for _, city := range areas.Children("320000") {
		for _, n := range areas.Children(city.Code) {
			if !n.Retired && strings.HasPrefix(n.Code, "32") && len(areas.Resolve(n.Name, "320000")) == 1 && len([]rune(n.Name)) > 2 {
				counties = append(counties, n)
			}
		}
	}
	pick := func(i int, all ...string) string { return all[i%len(all)] }
	r := rand.New(rand.NewPCG(7, 7))
	var list []anOffice
	for i := range 20 {
		o := anOffice{
			county:      counties[i*3],
			name:        pick(i, "企业名称", "单位名称", "公司名称", "企业全称", "申报单位"),
			founded:     pick(i/2, "成立日期", "成立时间", "注册日期", "何时成立"),
			revenue:     pick(i, "营业收入", "营业总收入", "主营业务收入", "全年进账"),
			staff:       pick(i/3, "从业人员平均人数", "从业人数", "平均用工人数", "职工数"),
			cnc:         pick(i/2, "关键工序数控化率", "数控化率", "关键工序数控化率（%）"),
			unit:        pick(i, "万元", "元", "千元", "万元", "亿元"),
			unitInTitle: i%4 == 1,
			date:        pick(i, "2006-01-02", "2006年1月2日", "2006.1.2", "serial", "2/1/2006", "06/1/2", "20060102", "1/2/2006"),
			rate:        pick(i, "65%", "0.65", "65"),
			format:      pick(i, "xlsx", "utf8", "gbk", "utf16", "xlsx"),
			extra:       i%3 == 0, total: i%2 == 0, titled: i%5 != 4, yearAbove: i%7 == 3,
		}
		switch i % 4 {
		case 1:
			o.area = o.county.Short
		case 2:
			o.area = o.county.Name
		case 3:
			o.area = "本县"
		}
		for n := range 4 {
			o.firms = append(o.firms, aFirm{
				name:    fmt.Sprintf("%s%s%s有限公司", o.county.Name, pick(n, "恒", "远", "华", "新"), pick(n, "机械", "纺织", "电子", "食品")),
				founded: time.Date(1995+r.IntN(25), time.Month(1+r.IntN(12)), 13+r.IntN(15), 0, 0, 0, 0, time.UTC),
				revenue: int64(1000 * (1 + r.IntN(90))), employees: 30 + r.IntN(900), cnc: 20 + r.IntN(70),
			})
		}
		list = append(list, o)
	}
	return list
}

// truth is the targets of the office's own headers.
func (o *anOffice) truth() map[string]string {
	return map[string]string{o.name: "party.name", o.founded: "ent.founded", o.revenue: "ent.revenue", o.staff: "ent.employees", o.cnc: "ent.cnc_rate"}
}

var unitOf = map[string]int64{"元": 10_000, "千元": 10, "万元": 1} // how many to one 万元

func (o *anOffice) amount(wan int64) string {
	if o.unit == "亿元" {
		return fmt.Sprintf("%d.%04d", wan/10_000, wan%10_000)
	}
	return fmt.Sprint(wan * unitOf[o.unit])
}

func (o *anOffice) day(t time.Time) any {
	if o.date != "serial" {
		return t.Format(o.date)
	}
	serial := int(t.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24)
	if o.format == "xlsx" {
		return formatted{serial, "yyyy/m/d"}
	}
	return fmt.Sprint(serial)
}

func (o *anOffice) share(percent int) string {
	switch o.rate {
	case "65%":
		return fmt.Sprintf("%d%%", percent)
	case "0.65":
		if strings.Contains(o.cnc, "%") {
			return fmt.Sprint(percent) // the header says it
		}
		return fmt.Sprintf("0.%02d", percent)
	}
	return fmt.Sprint(percent)
}

// table is the office's sheet.
func (o *anOffice) table() [][]any {
	var rows [][]any
	if o.titled {
		title := o.county.Name + "工业企业情况表"
		if !o.yearAbove {
			title = "2023年" + title
		}
		rows = append(rows, []any{title})
	}
	if o.unitInTitle {
		rows = append(rows, []any{"单位：" + o.unit})
	}
	revenue := o.revenue
	if !o.unitInTitle {
		revenue += "（" + o.unit + "）"
	}
	if o.yearAbove {
		revenue = "2023年" + revenue
	}
	head := []any{o.name, o.founded, revenue, o.staff, o.cnc}
	if o.area != "" {
		head = append(head, "县（市、区）")
	}
	if o.extra {
		head = append([]any{"序号"}, append(head, "联系人电话")...)
	}
	rows = append(rows, head)
	sum := int64(0)
	for i, f := range o.firms {
		sum += f.revenue
		row := []any{f.name, o.day(f.founded), o.amount(f.revenue), fmt.Sprint(f.employees), o.share(f.cnc)}
		if o.area != "" {
			row = append(row, o.area)
		}
		if o.extra {
			row = append([]any{fmt.Sprint(i + 1)}, append(row, "0515-8888")...)
		}
		rows = append(rows, row)
	}
	if o.total {
		row := make([]any, len(head))
		row[slices.IndexFunc(head, func(h any) bool { return h == o.name })] = "合计"
		row[slices.IndexFunc(head, func(h any) bool { return h == revenue })] = o.amount(sum)
		rows = append(rows, row, []any{"注：数据由各企业填报。"})
	}
	return rows
}

// file is the office's file and its name.
func (o *anOffice) file(t *testing.T) (name, body string) {
	t.Helper()
	rows := o.table()
	if o.format == "xlsx" {
		b, err := os.ReadFile(workbook(t, rows))
		must(t, err)
		return o.county.Name + "汇总.xlsx", string(b)
	}
	var b strings.Builder
	sep := map[string]string{"utf8": ",", "gbk": ",", "utf16": "\t"}[o.format]
	for _, row := range rows {
		for i, v := range row {
			if i > 0 {
				b.WriteString(sep)
			}
			if v != nil {
				fmt.Fprint(&b, v)
			}
		}
		b.WriteString("\r\n")
	}
	body = b.String()
	var err error
	switch o.format {
	case "gbk":
		body, err = simplifiedchinese.GB18030.NewEncoder().String(body)
	case "utf16":
		body, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(body)
	}
	must(t, err)
	return o.county.Name + "/报表.csv", body
}

// A city's zip of twenty county files, no two alike, goes in: what is the same in several is answered once, what is one
// office's own by file; then all of it is known as it is true, one file comes back mended, and all is taken back.
func TestTwentyUnlikeCountiesGoInAndComeBackMended(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.scope = o.provinceScope()
	ctx := context.Background()
	all := offices(o.library.Areas())
	all[5].firms[2].employees = -1 // written as "约三百多", see below
	var packed []string
	for i := range all {
		name, body := all[i].file(t)
		if i == 5 {
			name, body = broken(t, &all[i])
		}
		packed = append(packed, name, body)
	}
	receipts, err := o.intake.ReceiveAll(ctx, o.scope, intake.Upload{
		Name: "各县报表.zip", Sender: "省工信厅", Authority: "enterprise", Area: "320000", Period: period.OfYear(2023), Body: bytes.NewReader(archiveOf(t, packed...)),
	})
	must(t, err)
	var ids []int64
	for _, r := range receipts {
		if r.Err != nil {
			t.Fatalf("%s: %v", r.Name, r.Err)
		}
		ids = append(ids, r.Batch.ID)
	}
	must(t, o.intake.Bundle(ctx, ids))
	delivery := func() []intake.Batch {
		for _, id := range ids {
			o.wait(id)
		}
		list, err := o.intake.Delivery(ctx, o.scope, ids[3])
		must(t, err)
		return list
	}
	if n := len(delivery()); n != 20 {
		t.Fatalf("the delivery has %d files", n)
	}

	// What a header means is said once for all files that have it.
	asked := 0
	for i := range all {
		for header, target := range all[i].truth() {
			b := delivery()[i]
			at := slices.IndexFunc(b.Plan.Sheets[0].Columns, func(c intake.ColumnPlan) bool { return strings.Contains(c.Header, header) })
			if at < 0 {
				t.Fatalf("%s: no column %s in %v", b.Name, header, b.Plan.Sheets[0].Columns)
			}
			if b.Plan.Sheets[0].Columns[at].Target != target {
				asked++
				_, err := o.intake.MendDelivery(ctx, o.scope, b.ID, intake.Spot{Sheet: 0, Column: at}, intake.Answer{Target: &target})
				must(t, err)
			}
		}
	}
	if asked > 8 {
		t.Errorf("%d headers were asked for: an answer did not go for all files", asked)
	}
	// How each office writes its dates and shares is its own.
	for i := range all {
		b := delivery()[i]
		answers := map[string]intake.Answer{}
		if order, ok := map[string]sheet.DayOrder{"2/1/2006": sheet.DayMonthYear, "06/1/2": sheet.YearMonthDay, "1/2/2006": sheet.MonthDayYear}[all[i].date]; ok {
			answers["ent.founded"] = intake.Answer{Days: &order}
		}
		if scale, ok := map[string]sheet.RateScale{"0.65": sheet.RateFraction, "65": sheet.RatePercent}[all[i].rate]; ok && !strings.Contains(all[i].cnc, "%") {
			answers["ent.cnc_rate"] = intake.Answer{Rate: &scale}
		}
		if all[i].area == "本县" {
			answers["party.area"] = intake.Answer{Mends: []intake.Mend{{Text: "本县", Do: intake.ReadAs, As: all[i].county.Code}}}
		}
		plan := b.Plan
		for target, a := range answers {
			at := slices.IndexFunc(plan.Sheets[0].Columns, func(c intake.ColumnPlan) bool { return c.Target == target })
			plan, err = plan.Answered(intake.Spot{Sheet: 0, Column: at}, a)
			must(t, err)
		}
		if len(answers) > 0 {
			_, err := o.intake.Replan(ctx, o.scope, b.ID, plan)
			must(t, err)
		}
	}
	for _, b := range delivery() {
		if b.Standing() != intake.Standing(intake.Ready) {
			t.Fatalf("%s is %s:\n%s", b.Name, b.Standing(), says(b))
		}
	}
	n, err := o.intake.CommitDelivery(ctx, o.scope, ids[0], nil)
	must(t, err)
	for _, b := range delivery() {
		if b.State != intake.Committed {
			t.Fatalf("%s is %s: %s\n%s", b.Name, b.State, b.Failure, says(b))
		}
	}
	if n != 20 {
		t.Errorf("%d files were committed", n)
	}
	o.wantTruth(t, all)

	// One cell of one file could not be read. The file comes back with a comment there, is mended and sent again.
	out := o.remarks(ids[5], i18n.ZH)
	book := openBook(t, out.Body)
	cell := ""
	for at := range comments(t, book, "Sheet1") {
		if v, _ := book.GetCellValue("Sheet1", at); v == "人数待定" {
			cell = at
		}
	}
	if cell == "" {
		t.Fatalf("no comment at what could not be read: %v", comments(t, book, "Sheet1"))
	}
	all[5].firms[2].employees = 333
	must(t, book.SetCellValue("Sheet1", cell, 333))
	back := filepath.Join(t.TempDir(), filepath.Base(out.Name))
	must(t, book.SaveAs(back))
	f, err := os.Open(back)
	must(t, err)
	defer f.Close()
	mended, err := o.intake.Receive(ctx, o.scope, intake.Upload{
		Name: all[5].county.Name + "（带批注）.xlsx", Sender: "省工信厅", Authority: "enterprise", Area: "320000", Period: period.OfYear(2023), Body: f,
	})
	must(t, err)
	mended = o.wait(mended.ID)
	if mended.Base != ids[5] || mended.Preview.Cells != 1 || mended.Preview.LeftOut() != 0 {
		t.Errorf("the mended file makes %d statements, base %d of %d:\n%s", mended.Preview.Cells, mended.Base, ids[5], says(mended))
	}
	o.commit(mended.ID)
	o.wantTruth(t, all)

	// All of it is taken back, the mended file first.
	if _, err := o.intake.UndoDelivery(ctx, o.scope, ids[0], "重报"); err == nil {
		t.Error("the file that another leans on was taken back")
	}
	_, err = o.intake.Undo(ctx, o.scope, mended.ID, "重报")
	must(t, err)
	if n, err := o.intake.UndoDelivery(ctx, o.scope, ids[0], "重报"); n != 1 || err != nil {
		t.Errorf("then %d files are taken back, %v", n, err)
	}
	if left := o.known(); len(left) != 0 {
		t.Errorf("after the undo there is known: %v", left)
	}
}

// broken is an office's workbook with a head-count that nobody can read.
func broken(t *testing.T, o *anOffice) (name, body string) {
	t.Helper()
	o.format, o.date = "xlsx", "2006-01-02"
	rows := o.table()
	path := workbook(t, rows, func(f *excelize.File) {
		for r, row := range rows {
			for c, v := range row {
				if v == "-1" {
					at, err := excelize.CoordinatesToCellName(c+1, r+1)
					must(t, err)
					must(t, f.SetCellValue("Sheet1", at, "人数待定"))
				}
			}
		}
	})
	b, err := os.ReadFile(path)
	must(t, err)
	return o.county.Name + ".xlsx", string(b)
}

// wantTruth holds what is known against what is true.
func (o *office) wantTruth(t *testing.T, all []anOffice) {
	t.Helper()
	want := map[string]string{}
	for _, a := range all {
		for _, f := range a.firms {
			staff := fmt.Sprint(f.employees)
			if f.employees < 0 {
				staff = "0 unknown"
			}
			want[f.name] = fmt.Sprintf("%s founded %s revenue %d staff %s cnc %d", a.county.Code, f.founded.Format("2006-01-02"), f.revenue*1_000_000, staff, f.cnc*10_000)
		}
	}
	got := map[string]string{}
	v := o.view()
	for e := range v.Enterprises() {
		year := period.OfYear(2023)
		staff := v.Value(e.ID, "ent.employees", year)
		text := fmt.Sprint(staff.Value.Num)
		if !staff.Known {
			text += " unknown"
		}
		got[e.Name] = fmt.Sprintf("%s founded %s revenue %d staff %s cnc %d", e.Area, period.Day(v.Value(e.ID, "ent.founded", period.Period{}).Value.Num),
			v.Value(e.ID, "ent.revenue", year).Value.Num, text, v.Value(e.ID, "ent.cnc_rate", year).Value.Num)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is known (-true +known):\n%s", diff)
	}
}
