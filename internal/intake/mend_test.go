package intake_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

const messy = `2023年企业情况表
企业名称,县（市、区）,成立日期,是否上云,营业收入（万元）,关键工序数控化率
盐城甲机械有限公司,老城里,22/1/28,有,100,0.5
盐城乙机械有限公司,老城里,21/3/5,没有,约200左右余,0.4
盐城丙机械有限公司,东台市,1/2/2020,不清楚,3~5,65
盐城丁机械有限公司,老城里,去年底,有,不方便说,70
合并行,老城里,,,,
`

// column is the index of a column by its header.
func column(t *testing.T, p intake.Plan, header string) int {
	t.Helper()
	i := slices.IndexFunc(p.Sheets[0].Columns, func(c intake.ColumnPlan) bool { return strings.HasPrefix(c.Header, header) })
	if i < 0 {
		t.Fatalf("no column %s", header)
	}
	return i
}

// problem is the first problem of a cause.
func problem(b intake.Batch, cause string) intake.Problem {
	for _, p := range b.Preview.Problems {
		if p.Cause == cause {
			return p
		}
	}
	return intake.Problem{}
}

// replan changes the plan and waits for the preview.
func (o *office) replan(b intake.Batch, change func(*intake.SheetPlan)) intake.Batch {
	o.Helper()
	plan := b.Plan
	plan.Sheets = slices.Clone(plan.Sheets)
	plan.Sheets[0].Columns = slices.Clone(plan.Sheets[0].Columns)
	change(&plan.Sheets[0])
	_, err := o.intake.Replan(context.Background(), o.scope, b.ID, plan)
	must(o.TB, err)
	return o.wait(b.ID)
}

func mends(s *intake.SheetPlan, at int, all ...intake.Mend) {
	for _, m := range all {
		s.Columns[at] = s.Columns[at].With(m)
	}
}

func TestProblemsAreGroupedByCauseAndMake(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.send("表.csv", messy, "statistics", period.Period{})
	areas := problem(b, "intake.area_unknown")
	if areas.Count != 4 || len(areas.Texts) != 1 || areas.Texts[0].Text != "老城里" || areas.Texts[0].Count != 4 || areas.Texts[0].Place != "B3" {
		t.Errorf("areas: %+v\n%s", areas, says(b))
	}
	if !slices.Equal(areas.Remedies(), []intake.Remedy{intake.MendTexts}) {
		t.Errorf("an unknown area is mended by %v", areas.Remedies())
	}
	// Once the rows have an area, their cells are read.
	at := column(t, b.Plan, "县")
	b = o.replan(b, func(s *intake.SheetPlan) {
		mends(s, at, intake.Mend{Text: "老城里", Do: intake.ReadAs, As: "亭湖区"})
	})
	var makes []string
	for _, p := range b.Preview.Problems {
		if strings.HasPrefix(p.Cause, "sheet.day.") {
			makes = append(makes, p.Pattern)
		}
	}
	slices.Sort(makes)
	if diff := cmp.Diff([]string{"9/9/9", "9/9/9", "字"}, makes); diff != "" {
		t.Errorf("makes of dates (-want +got):\n%s\n%s", diff, says(b))
	}
	if used := b.Preview.Mended; len(used) != 1 || used[0].Count != 4 || used[0].As != "亭湖区" || used[0].From != intake.Chosen {
		t.Errorf("mended: %+v", used)
	}
}

func TestMendedOncePerColumnAndRemembered(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o := open(t, db)
		b := o.send("表.csv", messy, "statistics", period.Period{})
		b = o.replan(b, func(s *intake.SheetPlan) {
			mends(s, column(t, b.Plan, "县"), intake.Mend{Text: "老城里", Do: intake.ReadAs, As: "亭湖区"})
			mends(s, column(t, b.Plan, "企业"), intake.Mend{Text: "合并行", Do: intake.LeaveRows})
			mends(s, column(t, b.Plan, "营业"), intake.Mend{Text: "不方便说", Do: intake.SayNothing},
				intake.Mend{Text: "3~5", Do: intake.ReadAs, As: "约4"}, intake.Mend{Text: "约200左右余", Do: intake.ReadAs, As: "200"})
			mends(s, column(t, b.Plan, "成立"), intake.Mend{Text: "去年底", Do: intake.ReadAs, As: "2022-12-31"},
				intake.Mend{Text: "1/2/2020", Do: intake.ReadAs, As: "2020-02-01"})
			mends(s, column(t, b.Plan, "是否"), intake.Mend{Text: "没有", Do: intake.ReadAs, As: "否"}, intake.Mend{Text: "不清楚", Do: intake.SayNothing})
			for header, change := range map[string]func(*intake.ColumnPlan){
				"成立": func(c *intake.ColumnPlan) { c.Days = sheet.YearMonthDay },
				"关键": func(c *intake.ColumnPlan) { c.Rate = sheet.RatePercent },
			} {
				c := &s.Columns[column(t, b.Plan, header)]
				change(c)
				c.From = intake.Chosen
			}
		})
		want := []string{
			"盐城甲机械有限公司 ent.founded = 2022-01-28", "盐城乙机械有限公司 ent.founded = 2021-03-05",
			"盐城丙机械有限公司 ent.founded = 2020-02-01", "盐城丁机械有限公司 ent.founded = 2022-12-31",
			"盐城甲机械有限公司 ent.revenue 2023 = 100 万元", "盐城乙机械有限公司 ent.revenue 2023 = 200 万元",
			"盐城丙机械有限公司 ent.revenue 2023 = 4 万元", "盐城甲机械有限公司 ent.cnc_rate 2023 = 0.5%",
			"盐城丁机械有限公司 ent.cnc_rate 2023 = 70%",
		}
		got := o.lines(b)
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("no line %q in\n%s\n%s", line, strings.Join(got, "\n"), says(b))
			}
		}
		if b.Preview.LeftOut() != 0 || b.Preview.Leave != 1 || slices.ContainsFunc(got, func(l string) bool { return strings.HasPrefix(l, "盐城丁机械有限公司 ent.revenue") }) {
			t.Errorf("left out %d, rows left %d:\n%s", b.Preview.LeftOut(), b.Preview.Leave, says(b))
		}
		o.commit(b.ID)

		// Next month the same answers are there already.
		next := o.send("下月.csv", strings.ReplaceAll(messy, "2023年", "2024年"), "statistics", period.Period{})
		if next.Preview.LeftOut() != 0 || next.Preview.Cells == 0 {
			t.Errorf("next month: %v, left out:\n%s", next.Preview.Counts, says(next))
		}
		for _, m := range next.Preview.Mended {
			if m.From != intake.Remembered {
				t.Errorf("%q is %s, want remembered", m.Text, m.From)
			}
		}
		// What is taken back is forgotten.
		at := column(t, next.Plan, "县")
		o.replan(next, func(s *intake.SheetPlan) { s.Columns[at] = s.Columns[at].Without("老城里") })
		last := o.send("再下月.csv", strings.ReplaceAll(messy, "2023年", "2024年"), "statistics", period.Period{})
		if p := problem(last, "intake.area_unknown"); p.Count != 3 { // and the row that is left out
			t.Errorf("a mend that was taken back is still used:\n%s", says(last))
		}
	})
}

func TestNamesAreConfirmedByAPerson(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.commit(o.send("a.csv", roster, "statistics", period.Period{}).ID)
	known := o.firm("91512081MA62K0260E")
	const later = "2024年\n企业名称,县（市、区）,营业收入（万元）\n盐城甲机械有限责任公司,大丰区,10000\n江苏盐城乙纺织有限公司,东台市,200\n"
	b := o.send("b.csv", later, "statistics", period.Period{})
	p := problem(b, "intake.alike_firms")
	if p.Severity != intake.Left || len(p.Texts) != 1 || len(p.Texts[0].Like) != 1 || p.Texts[0].Like[0].Firm != known.ID {
		t.Fatalf("a name alike but for its legal form is not asked about: %+v\n%s", p, says(b))
	}
	if q := problem(b, "intake.no_code_new"); len(q.Texts) != 1 || len(q.Texts[0].Like) != 1 || q.Texts[0].Like[0].Name != "盐城乙纺织有限公司" {
		t.Errorf("no known firm is offered for a name that is like its: %+v", q)
	}
	at := column(t, b.Plan, "企业")
	confirmed := o.replan(b, func(s *intake.SheetPlan) {
		mends(s, at, intake.Mend{Text: "盐城甲机械有限责任公司", Do: intake.IsFirm, Firm: known.ID}, intake.Mend{Text: "江苏盐城乙纺织有限公司", Do: intake.AsIs})
	})
	if n := len(confirmed.Preview.Problems); n != 0 || confirmed.Preview.NewSubjects["enterprise"] != 1 || confirmed.Preview.Counts[intake.Changed] != 0 {
		t.Errorf("after the answers: %+v\n%s", confirmed.Preview, says(confirmed))
	}
	o.commit(confirmed.ID)
	if e := o.firm("91512081MA62K0260E"); e.ID != known.ID || e.Name != "盐城甲机械有限公司" {
		t.Errorf("the confirmed firm is now %+v", e)
	}
	if c := o.view().Value(known.ID, "ent.revenue", period.OfYear(2024)); c.Value.Num != 10_000_000_000 {
		t.Errorf("its revenue is %+v", c)
	}
	if again := o.send("c.csv", later, "statistics", period.Period{}); again.Preview.Twin == "" {
		t.Errorf("the same file again, with what is remembered, is no twin: %+v\n%s", again.Preview, says(again))
	}
}

func TestWhichIdentifierWins(t *testing.T) {
	const head = "2024年\n统一社会信用代码,企业名称,县（市、区）,营业收入（万元）\n"
	for _, tc := range []struct {
		name, row, cause string
		which            intake.Identifier
		want             string // code of the firm that gets the figure; "" for a new one
	}{
		{"the code of one, the name of another: code", "91512081MA62K0260E,盐城乙纺织有限公司,,7\n", "intake.code_or_name", intake.ByCode, "91512081MA62K0260E"},
		{"the code of one, the name of another: name", "91512081MA62K0260E,盐城乙纺织有限公司,,7\n", "intake.code_or_name", intake.ByName, "91350100M000100Y43"},
		{"a new code, a known name: code", "91320281142225264B,盐城乙纺织有限公司,东台市,7\n", "intake.code_or_new", intake.ByCode, ""},
		{"a new code, a known name: name", "91320281142225264B,盐城乙纺织有限公司,东台市,7\n", "intake.code_or_new", intake.ByName, "91350100M000100Y43"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := open(t, storetest.SQLite(t, migrations))
			o.commit(o.send("a.csv", roster, "statistics", period.Period{}).ID)
			b := o.send("b.csv", head+tc.row, "statistics", period.Period{})
			if p := problem(b, tc.cause); p.Severity != intake.Left || len(p.Texts[0].Like) == 0 {
				t.Fatalf("not asked: %+v\n%s", p, says(b))
			}
			b = o.replan(b, func(s *intake.SheetPlan) { s.Identifier = tc.which })
			o.commit(b.ID)
			if tc.want == "" {
				tc.want = "91320281142225264B"
			}
			e := o.firm(tc.want)
			if c := o.view().Value(e.ID, "ent.revenue", period.OfYear(2024)); c.Value.Num != 7_000_000 {
				t.Errorf("%s has %+v", e.Name, c)
			}
			if n := o.firm("91512081MA62K0260E").Name; n != "盐城甲机械有限公司" {
				t.Errorf("the firm of the code is now called %s", n)
			}
			next := o.send("c.csv", head+strings.ReplaceAll(tc.row, ",7", ",8"), "statistics", period.Period{})
			if problem(next, tc.cause).Count > 0 || next.Plan.Sheets[0].Identifier != tc.which {
				t.Errorf("the answer was not remembered:\n%s", says(next))
			}
		})
	}
}

func TestCodesAndRowsThatASenderAnswersFor(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.send("大丰区快报.csv", "2024年\n统一社会信用代码,企业名称,营业收入（万元）\n91512081MA62K0260F,甲公司,1\n91350100M000100Y44,乙公司,2\n,丙公司,3\n,丁公司,4\n", "statistics", period.Period{})
	if b.Plan.Sheets[0].Area != "320904" || problem(b, "intake.area_from_name").Count != 1 {
		t.Errorf("the area of the file's name is %q:\n%s", b.Plan.Sheets[0].Area, says(b))
	}
	at := column(t, b.Plan, "统一")
	b = o.replan(b, func(s *intake.SheetPlan) {
		mends(s, at, intake.Mend{Text: "91512081MA62K0260F", Do: intake.AsIs}, intake.Mend{Text: "91350100M000100Y44", Do: intake.ReadAs, As: "91350100M000100Y43"})
		s.SkipRows = []int{6, 5}
	})
	if b.Preview.Rows != 2 || b.Preview.Leave != 2 || b.Preview.LeftOut() != 0 {
		t.Errorf("rows %d, left %d:\n%s", b.Preview.Rows, b.Preview.Leave, says(b))
	}
	o.commit(b.ID)
	if e := o.firm("91350100M000100Y43"); e.Area != "320904" {
		t.Errorf("the firm lies in %s", e.Area)
	}
	o.firm("91512081MA62K0260F")
}

func TestMendsThatCannotBe(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.send("表.csv", messy, "statistics", period.Period{})
	for name, change := range map[string]func(*intake.SheetPlan){
		"a firm for an amount": func(s *intake.SheetPlan) {
			mends(s, column(t, b.Plan, "营业"), intake.Mend{Text: "x", Do: intake.IsFirm, Firm: 1})
		},
		"a reading that is blank": func(s *intake.SheetPlan) {
			mends(s, column(t, b.Plan, "营业"), intake.Mend{Text: "x", Do: intake.ReadAs})
		},
		"an unknown act":        func(s *intake.SheetPlan) { mends(s, column(t, b.Plan, "营业"), intake.Mend{Text: "x", Do: "guess"}) },
		"an unknown order":      func(s *intake.SheetPlan) { s.Columns[0].Days = "ydm" },
		"an unknown identifier": func(s *intake.SheetPlan) { s.Identifier = "both" },
		"an unknown area":       func(s *intake.SheetPlan) { s.Area = "999999" },
	} {
		plan := b.Plan
		plan.Sheets = slices.Clone(plan.Sheets)
		plan.Sheets[0].Columns = slices.Clone(plan.Sheets[0].Columns)
		change(&plan.Sheets[0])
		if _, err := o.intake.Replan(context.Background(), o.scope, b.ID, plan); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
}
