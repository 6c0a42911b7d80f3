package intake_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// as works with another scope for the length of a test.
func (o *office) as(role access.Role, area string) *office {
	other := *o
	other.scope = access.NewScope(7, role, o.library.Areas().Below(area), nil)
	return &other
}

func (o *office) sendFor(area, name, body string) intake.Batch {
	o.Helper()
	b, err := o.intake.Receive(context.Background(), o.scope, intake.Upload{
		Name: name, Sender: "工信局", Authority: "statistics", Area: area, Body: strings.NewReader(body),
	})
	must(o.TB, err)
	return o.wait(b.ID)
}

func wantSays(t *testing.T, b intake.Batch, words ...string) {
	t.Helper()
	got := says(b)
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("problems do not speak of %q:\n%s", w, got)
		}
	}
}

func wantSilence(t *testing.T, b intake.Batch, words ...string) {
	t.Helper()
	got := says(b) + fmt.Sprintf("%+v", b.Preview.Lines)
	for _, w := range words {
		if strings.Contains(got, w) {
			t.Errorf("the preview gives away %q:\n%s", w, got)
		}
	}
}

// What a batch shows is seen by everybody who may work on batches of its area.
func TestBatchOfACountyShowsNothingFromElsewhere(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.commit(o.send("a.csv", roster, "statistics", period.Period{}).ID)
	const body = `2024年度
统一社会信用代码,企业名称,营业收入（万元）
91350100M000100Y43,某公司,900
91512081MA62K0260E,盐城甲机械有限公司,13000
`
	b := o.sendFor("320904", "大丰.csv", body) // by the city's official, for 大丰; the first firm lies in 东台
	wantSays(t, b, "91350100M000100Y43 的企业不在")
	wantSilence(t, b, "盐城乙纺织", "东台", "800.5")
	if b.Preview.Rows != 1 {
		t.Errorf("%d rows, want the one of 大丰", b.Preview.Rows)
	}
	county := o.as(access.CountyOfficial, "320904")
	if _, err := county.intake.Batch(context.Background(), county.scope, b.ID); err != nil {
		t.Errorf("the county may not see the batch of its area: %v", err)
	}
	county.commit(b.ID)
	other := o.firm("91350100M000100Y43")
	if c := o.view().Value(other.ID, "ent.revenue", period.OfYear(2024)); c.Known || other.Name != "盐城乙纺织有限公司" {
		t.Errorf("a county wrote to a firm elsewhere: %+v, %+v", c, other)
	}
}

func TestPeersOfAJumpAreOnesOwn(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	var known, sent strings.Builder
	known.WriteString("企业名称,县区,2023年营业收入（万元）\n")
	sent.WriteString("企业名称,2023年营业收入（万元）\n")
	for i := range 30 {
		fmt.Fprintf(&known, "盐城东台第%d厂,东台市,7.65\n", i)
		fmt.Fprintf(&sent, "盐城大丰第%d厂,76540\n", i)
	}
	o.commit(o.send("a.csv", known.String(), "statistics", period.Period{}).ID)
	county := o.as(access.CountyOfficial, "320904")
	if b := county.sendFor("320904", "b.csv", sent.String()); b.Preview.Stops() {
		t.Errorf("a county is held against figures that are not its own:\n%s", says(b))
	}
	if b := o.send("c.csv", strings.ReplaceAll(sent.String(), "大丰", "其他"), "statistics", period.Period{}); !b.Preview.Stops() {
		t.Errorf("the city's column is not held against its firms:\n%s", says(b))
	}
}

func TestFiguresOfAreasAreCompared(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.scope = o.provinceScope()
	const file = "../sheet/testdata/city_revenue_gb18030.csv"
	first := o.sendFile(file, "statistics", "320000", period.OfYear(2023))
	o.commit(first.ID)
	again := o.sendFile(file, "statistics", "320000", period.OfYear(2023))
	if again.Preview.Counts[intake.Unchanged] != first.Preview.Cells || again.Preview.NewSubjects["area"] != 0 || again.Preview.Twin == "" {
		t.Errorf("the same figures of areas again: %+v, new subjects %v", again.Preview.Counts, again.Preview.NewSubjects)
	}
}

func TestACommitIsWhatThePreviewSaid(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	const file = "统一社会信用代码,企业名称,县区,2023年营业收入（万元）\n91512081MA62K0260E,盐城甲机械有限公司,大丰区,%s\n"
	a := o.send("a.csv", fmt.Sprintf(file, "100"), "statistics", period.Period{})
	b := o.send("b.csv", fmt.Sprintf(file, "200"), "statistics", period.Period{})
	o.commit(a.ID)
	_, err := o.intake.Commit(context.Background(), o.scope, b.ID)
	must(t, err)
	b = o.wait(b.ID)
	if b.State != intake.Ready || b.Failure.Key != "intake.known_moved" || b.Preview.Counts[intake.Changed] != 1 {
		t.Fatalf("a file that now overwrites a value: %s %s %v", b.State, b.Failure, b.Preview.Counts)
	}
	o.commit(b.ID)
	wrong := o.send("c.csv", fmt.Sprintf(file, "200"), "statistics", period.Period{})
	if wrong.Preview.Twin != "b.csv" {
		t.Errorf("twin is %q, want b.csv", wrong.Preview.Twin)
	}
}

// The fingerprint of a file is made of its own words: what became known in between does not make a second file of it.
func TestTheSameFileTwiceAddsNothingWhateverHappenedBetween(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	const byName = "企业名称,2023年营业收入（万元）\n盐城甲机械有限公司,100\n"
	const byCode = "统一社会信用代码,企业名称,县区,行业代码,2022年营业收入（万元）\n91512081MA62K0260E,盐城甲机械有限公司,大丰区,3412,90\n"
	a := o.send("a.csv", byName, "statistics", period.Period{})
	o.commit(a.ID)
	o.commit(o.send("b.csv", byCode, "statistics", period.Period{}).ID)
	if firm := o.firm("91512081MA62K0260E"); firm.Area != "320904" {
		t.Errorf("firm: %+v", firm)
	}
	if n := o.view().Count(); n != 1 {
		t.Errorf("%d firms, want one: the code came later", n)
	}
	again := o.send("a again.csv", byName, "statistics", period.Period{})
	if again.Preview.Twin != "a.csv" {
		t.Errorf("the same file is taken for another one: %+v", again.Preview)
	}
	_, err := o.intake.Undo(context.Background(), o.scope, a.ID, "")
	must(t, err)
	again, err = o.intake.Again(context.Background(), o.scope, again.ID)
	must(t, err)
	if again = o.wait(again.ID); again.Preview.Twin != "" {
		t.Error("what was undone still counts as known")
	}
	o.commit(again.ID)
}

func TestCodeBelowTheRowThatNeedsIt(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.send("a.csv", `2023年度
统一社会信用代码,企业名称,县区,营业收入（万元）,利润总额（万元）
,盐城甲机械有限公司,大丰区,100,
91512081MA62K0260E,盐城甲机械有限公司,大丰区,200,5
,盐城甲机械有限公司,东台市,300,6
`, "statistics", period.Period{})
	wantSays(t, b, "两处不一致") // the first two are the same firm; the third is another one of that name
	o.commit(b.ID)
	if n := o.view().Count(); n != 2 {
		t.Errorf("%d firms, want 2", n)
	}
	firm := o.firm("91512081MA62K0260E")
	if c := o.view().Value(firm.ID, "ent.profit", period.OfYear(2023)); c.Value.Num != 5_000_000 {
		t.Errorf("profit: %+v", c)
	}
}

func TestAFormerNameDoesNotRename(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.commit(o.send("a.csv", "统一社会信用代码,企业名称,曾用名,县区,2023年营业收入（万元）\n91512081MA62K0260E,盐城新机械有限公司,盐城旧机械有限公司,大丰区,100\n", "statistics", period.Period{}).ID)
	b := o.send("b.csv", "企业名称,县区,2022年营业收入（万元）\n盐城旧机械有限公司,大丰区,90\n", "statistics", period.Period{})
	if b.Preview.Counts[intake.Changed] != 0 {
		t.Errorf("an old file would rename the firm: %v", b.Preview.Lines)
	}
	o.commit(b.ID)
	firm := o.firm("91512081MA62K0260E")
	if firm.Name != "盐城新机械有限公司" {
		t.Errorf("the firm is called %s after an old file", firm.Name)
	}
	if c := o.view().Value(firm.ID, "ent.revenue", period.OfYear(2022)); !c.Known {
		t.Error("the firm's old figures were not found to be its own")
	}
}

// Two years of a firm state its founding twice.
func TestWhatHasNoPeriodIsSettledAcrossPeriods(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.send("a.csv", `统一社会信用代码,企业名称,县区,年度,营业收入（万元）,成立日期
91512081MA62K0260E,盐城甲机械有限公司,大丰区,2022,100,2001-02-03
91512081MA62K0260E,盐城甲机械有限公司,大丰区,2023,200,2002-02-03
91350100M000100Y43,盐城乙纺织有限公司,东台市,2022,300,2003-02-03
91350100M000100Y43,盐城乙纺织有限公司,东台市,2023,400,2003-02-03
`, "statistics", period.Period{})
	wantSays(t, b, "两处不一致")
	if b.Preview.Cells != 5 || b.Preview.Rows != 4 {
		t.Errorf("%d statements of %d rows, want 4 revenues and one founding", b.Preview.Cells, b.Preview.Rows)
	}
	o.commit(b.ID)
	firm := o.firm("91512081MA62K0260E")
	for year, want := range map[int]int64{2022: 100_000_000, 2023: 200_000_000} {
		if c := o.view().Value(firm.ID, "ent.revenue", period.OfYear(year)); c.Value.Num != want {
			t.Errorf("revenue of %d: %+v", year, c)
		}
	}
	if c := o.view().Value(firm.ID, "ent.founded", period.Period{}); c.Known {
		t.Errorf("founded on two days, and one was taken: %+v", c)
	}
}

func TestRowsWithoutWhatTheyNeedAreTold(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.send("a.csv", `统一社会信用代码,企业名称,县区,年度,计量单位,营业收入,利润总额（万元）
91512081MA62K0260E,盐城甲机械有限公司,大丰区,2023,万元,100,3
91350100M000100Y43,盐城乙纺织有限公司,东台市,,万元,100,1
91320281142225264B,盐城丙机械有限公司,东台市,2023,斤,100,1
`, "statistics", period.Period{})
	wantSays(t, b, "这一行没有写明期间", "计量单位“斤”无法识别")
	if b.Preview.Cells != 2 {
		t.Errorf("%d statements, want those of the first row", b.Preview.Cells)
	}
}

func TestOfficesOfOneNameRememberApart(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	const body = "企业名称,2023年营业收入（万元）,2023年营收乙\n盐城甲机械有限公司,100,7\n"
	b := o.sendFor("320904", "a.csv", body)
	plan := b.Plan
	plan.Sheets[0].Columns[1].Unit, plan.Sheets[0].Columns[1].From = "元", intake.Chosen
	_, err := o.intake.Replan(context.Background(), o.scope, b.ID, plan)
	must(t, err)
	o.wait(b.ID)
	for area, want := range map[string]string{"320904": "元", "320981": "万元"} {
		if got := o.sendFor(area, "b.csv", body).Plan.Sheets[0].Columns[1].Unit; got != want {
			t.Errorf("工信局 of %s counts in %s, want %s", area, got, want)
		}
	}
}

// Only answers are taken from a plan that comes back; what the file says stays as it was read.
func TestAPlanCannotRewriteTheFile(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.send("a.csv", roster, "statistics", period.Period{})
	want := b.Plan.Sheets[0]
	plan := intake.Plan{Sheets: []intake.SheetPlan{{Index: 0, Name: strings.Repeat("x", 10_000), Title: "x", Period: want.Period}}}
	for _, c := range want.Columns {
		plan.Sheets[0].Columns = append(plan.Sheets[0].Columns, intake.ColumnPlan{Index: c.Index, Header: "x", Target: c.Target, Unit: c.Unit})
	}
	_, err := o.intake.Replan(context.Background(), o.scope, b.ID, plan)
	must(t, err)
	got := o.wait(b.ID).Plan.Sheets[0]
	if got.Name != want.Name || got.Title != want.Title || got.Columns[1].Header != want.Columns[1].Header {
		t.Errorf("the plan now says %+v", got)
	}
	plan.Sheets[0].Columns = plan.Sheets[0].Columns[1:]
	if _, err := o.intake.Replan(context.Background(), o.scope, b.ID, plan); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a plan for other columns: %v, want invalid", err)
	}
}

func TestRefusedFilesLeaveNothing(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o := open(t, db)
		for name, file := range map[string]struct{ body, want string }{
			"empty.csv":   {"", ""},
			"photo.xlsx":  {"\xff\xd8\xff\xe0\x00\x10JFIF\x00 not a workbook", ""},
			"old.xls":     {"\x09\x08\x10\x00\x00\x05\x05\x00" + strings.Repeat("\x00", 600), ".xlsx"}, // Excel 95
			"page.xls":    {"<html><p>企业名称</p></html>", ""},
			"broken.xlsx": {"PK\x03\x04 and then nothing", ""},
		} {
			_, err := o.intake.Receive(context.Background(), o.scope, intake.Upload{
				Name: name, Sender: "市工信局", Authority: "statistics", Area: "320900", Body: strings.NewReader(file.body),
			})
			msg, ok := errs.Message(err)
			if errs.KindOf(err) != errs.KindInvalid || !ok || msg.IsZero() || !strings.Contains(msg.String(), file.want) {
				t.Errorf("%s: %v, want it refused with a reason", name, err)
			}
			t.Logf("%s: %s", name, msg)
		}
		batches, err := o.intake.Batches(context.Background(), o.scope, 0, 10)
		must(t, err)
		if len(batches) != 0 {
			t.Errorf("%d batches of refused files", len(batches))
		}
		left, err := os.ReadDir(o.blobs)
		must(t, err)
		for _, dir := range left {
			files, err := os.ReadDir(o.blobs + "/" + dir.Name())
			must(t, err)
			if len(files) > 0 {
				t.Errorf("%s/%s was kept", dir.Name(), files[0].Name())
			}
		}
	})
}

// A file that is refused may be one that a batch already has.
func TestARefusedFileThatABatchHasIsKept(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.send("a.csv", roster, "statistics", period.Period{})
	_, err := o.intake.Receive(context.Background(), o.scope, intake.Upload{
		Name: "a.csv", Sender: strings.Repeat("甲", 400), Authority: "statistics", Area: "320900", Body: strings.NewReader(roster),
	})
	if errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a sender of 1,200 bytes: %v, want invalid", err)
	}
	o.commit(b.ID)
}

func TestNamesOfFiles(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	for name, want := range map[string]string{`C:\fakepath\快报.csv`: "快报.csv", "../../etc/快报.csv": "快报.csv", " 快报.csv ": "快报.csv"} {
		if got := o.sendFor("320900", name, roster).Name; got != want {
			t.Errorf("%q is called %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"", "dir/", "a\nb.csv", "\xff.csv"} {
		_, err := o.intake.Receive(context.Background(), o.scope, intake.Upload{
			Name: name, Sender: "市工信局", Authority: "statistics", Area: "320900", Body: strings.NewReader(roster),
		})
		if errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%q: %v, want invalid", name, err)
		}
	}
}

func TestMessagesAreShort(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	long := strings.Repeat("很长", 8000)
	b := o.send("a.csv", "企业名称,县区,2023年营业收入（万元）\n甲厂,"+long+",1\n乙厂,大丰区,"+long+"\n", "statistics", period.Period{})
	if b.Preview.LeftOut() != 2 {
		t.Errorf("left out %d:\n%s", b.Preview.LeftOut(), cmp.Diff("", says(b)))
	}
	if n := len(says(b)); n > 2000 {
		t.Errorf("two problems take %d bytes", n)
	}
}
