package intake_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

const roster = `2023年度规模以上工业企业主要指标
统一社会信用代码,企业名称,县（市、区）,行业代码,营业收入（万元）,从业人员平均人数
91512081MA62K0260E,盐城甲机械有限公司,大丰区,3412,"12,345.67",320
91350100M000100Y43,盐城乙纺织有限公司,东台市,1711,800.5,—
合计,,,,13146.17,320
注：数据为快报数。
`

func TestFromFileToFrameAndBack(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o := open(t, db)
		ctx := context.Background()
		b := o.send("快报.csv", roster, "statistics", period.Period{})
		if b.State != intake.Ready {
			t.Fatalf("batch is %s: %s", b.State, b.Failure)
		}
		if b.Preview.Rows != 2 || b.Preview.NewSubjects["enterprise"] != 2 || b.Preview.Totals != 1 || len(b.Preview.Problems) != 0 {
			t.Fatalf("preview: %+v\n%s", b.Preview, says(b))
		}
		b = o.commit(b.ID)
		firm := o.firm("91512081MA62K0260E")
		if firm.Name != "盐城甲机械有限公司" || firm.Area != "320904" || firm.Industry != "3412" {
			t.Errorf("firm: %+v", firm)
		}
		revenue := o.view().Value(firm.ID, "ent.revenue", period.OfYear(2023))
		if revenue.Value.Num != 12_345_670_000 {
			t.Errorf("revenue is %+v, want 12,345.67 万元 in fen", revenue)
		}
		other := o.firm("91350100M000100Y43")
		if c := o.view().Value(other.ID, "ent.employees", period.OfYear(2023)); c.State != fact.Missing {
			t.Errorf("a dash is %v, want missing", c.State)
		}

		again := o.send("快报（重发）.csv", strings.ReplaceAll(roster, "快报数", "快报数据"), "statistics", period.Period{})
		if again.Preview.Twin == "" || again.Preview.Counts[intake.Unchanged] != 4 || again.Preview.Cells != 0 {
			t.Errorf("the same figures again: %+v", again.Preview)
		}
		if _, err := o.intake.Commit(ctx, o.scope, again.ID); err != nil {
			t.Fatal(err)
		}
		if again = o.wait(again.ID); again.State != intake.Ready || again.Failure.Key == "" {
			t.Errorf("committing what is known already: %s %v, want it refused", again.State, again.Failure)
		}

		if _, err := o.intake.Undo(ctx, o.scope, b.ID, "误传"); err != nil {
			t.Fatal(err)
		}
		if n := o.view().Count(); n != 0 {
			t.Errorf("%d firms after the undo, want none", n)
		}
		if _, err := o.intake.Again(ctx, o.scope, b.ID); err != nil {
			t.Fatal(err)
		}
		if b = o.wait(b.ID); b.Preview.Counts[intake.New] != b.Preview.Cells || b.Preview.Cells == 0 {
			t.Errorf("after the undo everything is new again: %+v", b.Preview.Counts)
		}
		o.commit(b.ID)
		if back := o.firm("91512081MA62K0260E"); back.ID != firm.ID {
			t.Errorf("the firm came back as %d, was %d", back.ID, firm.ID)
		}
	})
}

func TestPreviewTellsTheDifference(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.commit(o.send("a.csv", roster, "statistics", period.Period{}).ID)
	const later = `2023年度规模以上工业企业主要指标
统一社会信用代码,企业名称,县（市、区）,营业收入（万元）,利润总额（万元）
91512081MA62K0260E,盐城甲机械有限公司,大丰区,12345.67,100
91350100M000100Y43,盐城乙纺织有限公司,东台市,900.5,20
`
	same := o.send("b.csv", later, "statistics", period.Period{})
	want := map[intake.Class]int{intake.New: 2, intake.Changed: 1, intake.Unchanged: 1}
	if diff := cmp.Diff(want, same.Preview.Counts); diff != "" {
		t.Errorf("same authority (-want +got):\n%s", diff)
	}
	other := o.send("c.csv", later, "enterprise", period.Period{})
	want = map[intake.Class]int{intake.New: 2, intake.Conflicting: 1, intake.Unchanged: 1}
	if diff := cmp.Diff(want, other.Preview.Counts); diff != "" {
		t.Errorf("another authority (-want +got):\n%s", diff)
	}
	o.commit(other.ID)
	firm := o.firm("91350100M000100Y43")
	if c := o.view().Value(firm.ID, "ent.revenue", period.OfYear(2023)); c.Value.Num != 800_500_000 {
		t.Errorf("revenue is %v fen: the firm's own word must not beat the statistics", c.Value.Num)
	}
}

func TestBigChangeWarns(t *testing.T) {
	for _, tc := range []struct {
		name, revenue string
		year          int
		want          bool
	}{
		{"49 times", "39224.5", 2024, false},
		{"50 times, a year later", "40025", 2024, true},
		{"50 times less, the same year", "16.01", 2023, true},
		{"two years apart", "40025", 2025, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := open(t, storetest.SQLite(t, migrations))
			o.commit(o.send("a.csv", roster, "statistics", period.Period{}).ID)
			b := o.send("b.csv", fmt.Sprintf("统一社会信用代码,企业名称,营业收入（万元）\n91350100M000100Y43,盐城乙纺织有限公司,%s\n", tc.revenue),
				"statistics", period.OfYear(tc.year))
			got := slices.ContainsFunc(b.Preview.Problems, func(p intake.Problem) bool {
				return p.Cause == "intake.big_change" && p.Severity == intake.Warn
			})
			if got != tc.want || b.Preview.Stops() {
				t.Errorf("warned: %t, want %t, and nothing to stop:\n%s", got, tc.want, says(b))
			}
		})
	}
}

// TestSubjectSettlesAColumn looks at words that mean a figure of a firm or of an area, in a table of each.
func TestSubjectSettlesAColumn(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	for _, tc := range []struct{ name, body, target string }{
		{"areas", "地区,规上工业营业收入（亿元）,规上企业数\n大丰区,12.5,300\n东台市,13.5,310\n", "area.revenue"},
		{"firms", "企业名称,规上工业营业收入（亿元）,利润总额（万元）\n盐城甲机械有限公司,1.2,300\n", "ent.revenue"},
	} {
		b := o.send(tc.name+".csv", tc.body, "public", period.OfYear(2023))
		if c := b.Plan.Sheets[0].Columns[1]; c.Target != tc.target || len(c.Others) < 2 || len(c.Doubts) > 0 {
			t.Errorf("%s: read as %q of %v with doubts %v", tc.name, c.Target, c.Others, c.Doubts)
		}
	}
}

func TestWrongUnitStops(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.commit(o.send("a.csv", roster, "statistics", period.Period{}).ID)
	const inYuan = `2024年度主要指标
统一社会信用代码,企业名称,县（市、区）,营业收入（万元）
91350100M000100Y43,盐城乙纺织有限公司,东台市,8500000
`
	b := o.send("b.csv", inYuan, "statistics", period.Period{})
	if !b.Preview.Stops() || !strings.Contains(says(b), "单位可能有误") {
		t.Fatalf("a jump of ten thousand times is not stopped:\n%s", says(b))
	}
	if _, err := o.intake.Commit(context.Background(), o.scope, b.ID); errs.KindOf(err) != errs.KindConflict {
		t.Errorf("commit: %v, want a conflict", err)
	}
	plan := b.Plan
	for i, c := range plan.Sheets[0].Columns {
		if c.Target == "ent.revenue" {
			plan.Sheets[0].Columns[i].Unit, plan.Sheets[0].Columns[i].From = "元", intake.Chosen
		}
	}
	if _, err := o.intake.Replan(context.Background(), o.scope, b.ID, plan); err != nil {
		t.Fatal(err)
	}
	b = o.wait(b.ID)
	if b.Preview.Stops() {
		t.Fatalf("still stopped after the unit was mended:\n%s", says(b))
	}
	o.commit(b.ID)
	next := o.send("c.csv", strings.ReplaceAll(inYuan, "8500000", "8600000"), "statistics", period.Period{})
	if next.Preview.Stops() {
		t.Errorf("the sender's unit was not remembered:\n%s", says(next))
	}
}

func TestRowsThatCannotBeTrusted(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.commit(o.send("a.csv", roster, "statistics", period.Period{}).ID)
	b := o.send("b.csv", `2024年度
统一社会信用代码,企业名称,县区,营业收入（万元）,利润总额（万元）
91512081MA62K0260E,盐城甲机械有限公司,大丰区,100,3~5
９１５１２０８１ma62k0260e,盐城甲机械有限公司,大丰,200,
9.13205007311235E+17,盐城丙化工有限公司,射阳县,300,1
91350100M000100Y44,盐城丁食品有限公司,滨海县,400,1
,盐城乙纺织有限公司,东台,500,1
91320281142225264B,南京某公司,玄武区,600,1
,,,700,1
`, "statistics", period.Period{})
	got := says(b)
	for _, want := range []string{
		"E3: “3~5”", "两处不一致", "没有统一社会信用代码", "是否应为", "不在您的管辖范围内", "没有可用的企业名称",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("problems do not speak of %q:\n%s", want, got)
		}
	}
	o.commit(b.ID)
	second := o.firm("91350100M000100Y43")
	if c := o.view().Value(second.ID, "ent.revenue", period.OfYear(2024)); c.Value.Num != 500_000_000 {
		t.Errorf("a row without a code is matched by name and area: %+v", c)
	}
	first := o.firm("91512081MA62K0260E")
	if c := o.view().Value(first.ID, "ent.revenue", period.OfYear(2024)); c.Known {
		t.Errorf("what is stated twice differently was taken: %+v", c)
	}
	if n := o.view().Count(); n != 3 {
		t.Errorf("%d firms, want 3", n)
	}
}

func TestAreaFiguresAndMessyFiles(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.scope = o.provinceScope()
	for _, f := range []string{"../sheet/testdata/yearbook_layout.xlsx", "../sheet/testdata/city_revenue_gb18030.csv"} {
		b := o.sendFile(f, "statistics", "320000", period.OfYear(2023))
		if b.State != intake.Ready || b.Preview.Stops() || b.Preview.Cells == 0 {
			t.Fatalf("%s: %s %s, %d cells\n%s", f, b.State, b.Failure, b.Preview.Cells, says(b))
		}
		t.Logf("%s: %d cells, %v, problems:\n%s", f, b.Preview.Cells, b.Preview.Counts, says(b))
		o.commit(b.ID)
	}
}
