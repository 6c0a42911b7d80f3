package intake_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// A file that comes back mended brings in what changed and nothing else, leans on its former state for the rest, and is
// taken back before it.
func TestOnlyChangesAreImported(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o := open(t, db)
		ctx := context.Background()
		const table = "2023年\n统一社会信用代码,企业名称,县（市、区）,营业收入（万元）,利润总额（万元）\n" +
			"91512081MA62K0260E,甲公司,大丰区,100,10\n91350100M000100Y43,乙公司,东台市,3~5,20\n"
		first := o.commit(o.send("a.csv", table, "statistics", period.Period{}).ID)
		before := o.known()

		same := o.send("a（批注）.csv", strings.ReplaceAll(table, "利润总额（万元）", "利润总额（万元）,导入备注"), "statistics", period.Period{})
		if same.Preview.Twin == "" {
			t.Errorf("with nothing mended it is no twin: %+v", same.Preview)
		}
		mended := strings.ReplaceAll(strings.ReplaceAll(table, "3~5", "4"), "大丰区,100", "大丰区,110")
		second := o.send("a（改）.csv", mended, "statistics", period.Period{})
		if second.Base != first.ID || second.Preview.Kept != 2 || second.Preview.Cells != 2 {
			t.Fatalf("of the mended file %d statements stand and %d are made, base %d\n%s", second.Preview.Kept, second.Preview.Cells, second.Base, says(second))
		}
		want := []string{"甲公司 ent.revenue 2023 = 110 万元", "乙公司 ent.revenue 2023 = 4 万元"}
		if diff := cmp.Diff(want, o.lines(second)); diff != "" {
			t.Errorf("the preview shows (-want +got):\n%s", diff)
		}
		second = o.commit(second.ID)
		src, err := o.sources.Get(ctx, o.scope, second.Source)
		must(t, err)
		if src.Rows > 2+2*4 { // two figures, and who the rows are about
			t.Errorf("%d rows were written", src.Rows)
		}
		after := o.known()

		if _, err := o.intake.Undo(ctx, o.scope, first.ID, ""); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("undo of the former state: %v, want it refused", err)
		}
		if diff := cmp.Diff(after, o.known()); diff != "" {
			t.Errorf("a refused undo changed (-before +after):\n%s", diff)
		}
		// A third state leans on the second.
		third := o.commit(o.send("a（再改）.csv", strings.ReplaceAll(mended, ",20\n", ",21\n"), "statistics", period.Period{}).ID)
		if third.Base != second.ID || third.Preview.Cells != 1 || third.Preview.Kept != 3 {
			t.Errorf("the third state: base %d, %+v", third.Base, third.Preview)
		}
		for _, id := range []int64{third.ID, second.ID} {
			_, err := o.intake.Undo(ctx, o.scope, id, "")
			must(t, err)
		}
		if diff := cmp.Diff(before, o.known()); diff != "" {
			t.Errorf("after the undo of what was mended (-want +got):\n%s", diff)
		}
		_, err = o.intake.Undo(ctx, o.scope, first.ID, "")
		must(t, err)
		// Alone, the mended file states all of it.
		_, err = o.intake.Again(ctx, o.scope, second.ID)
		must(t, err)
		if b := o.wait(second.ID); b.Base != 0 || b.Preview.Cells != 4 {
			t.Errorf("without its former state: base %d, %+v", b.Base, b.Preview)
		}
		o.commit(second.ID)
		if diff := cmp.Diff(after, o.known()); diff != "" {
			t.Errorf("the mended file alone (-want +got):\n%s", diff)
		}
	})
}

// Another sender's table, another year's and another authority's are no former states.
func TestWhatIsNoFormerState(t *testing.T) {
	const table = "2023年\n企业名称,县（市、区）,营业收入（万元）,利润总额（万元）\n甲公司,大丰区,100,10\n"
	later := strings.ReplaceAll(table, ",10\n", ",11\n")
	for name, send := range map[string]func(o *office) intake.Batch{
		"another year": func(o *office) intake.Batch {
			return o.send("b.csv", strings.ReplaceAll(later, "2023", "2024"), "statistics", period.Period{})
		},
		"another authority": func(o *office) intake.Batch { return o.send("b.csv", later, "tax", period.Period{}) },
		"other columns": func(o *office) intake.Batch {
			return o.send("b.csv", strings.ReplaceAll(later, "利润总额（万元）", "资产总计（万元）"), "statistics", period.Period{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, storetest.SQLite(t, migrations))
			o.commit(o.send("a.csv", table, "statistics", period.Period{}).ID)
			if b := send(o); b.Base != 0 || b.Preview.Kept != 0 {
				t.Errorf("base %d, %+v", b.Base, b.Preview)
			}
		})
	}
}
