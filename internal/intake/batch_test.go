package intake_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

func TestColumnsShowASample(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.send("a.csv", roster, "statistics", period.Period{})
	got := map[string]string{}
	for _, c := range b.Plan.Sheets[0].Columns {
		got[c.Header] = c.Sample
	}
	want := map[string]string{
		"统一社会信用代码": "91512081MA62K0260E", "企业名称": "盐城甲机械有限公司", "县（市、区）": "大丰区", "行业代码": "3412",
		"营业收入（万元）": "12,345.67", "从业人员平均人数": "320",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

func TestBatchesNewestFirst(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		o := open(t, db)
		var ids []int64
		for i := range 3 {
			ids = append(ids, o.send(fmt.Sprintf("%d.csv", i), roster, "statistics", period.Period{}).ID)
		}
		list := func(scope access.Scope, before int64) []int64 {
			t.Helper()
			all, err := o.intake.Batches(context.Background(), scope, before, 2)
			must(t, err)
			var got []int64
			for _, b := range all {
				got = append(got, b.ID)
			}
			return got
		}
		if diff := cmp.Diff([]int64{ids[2], ids[1]}, list(o.scope, 0)); diff != "" {
			t.Errorf("first stretch (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int64{ids[0]}, list(o.scope, ids[1])); diff != "" {
			t.Errorf("second stretch (-want +got):\n%s", diff)
		}
		county := access.NewScope(3, access.CountyOfficial, o.library.Areas().Below("320902"), nil)
		if got := list(county, 0); len(got) != 0 {
			t.Errorf("a county sees the city's batches %v", got)
		}
	})
}

func TestProgressOnlyGrows(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	var file strings.Builder
	file.WriteString("企业名称,县区,2023年营业收入（万元）\n")
	for i := range 20_000 {
		fmt.Fprintf(&file, "盐城第%d机械有限公司,大丰区,%d\n", i, 100+i)
	}
	path := filepath.Join(t.TempDir(), "a.csv")
	must(t, os.WriteFile(path, []byte(file.String()), 0o600))
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	b, err := o.intake.Receive(context.Background(), o.scope, intake.Upload{
		Name: "a.csv", Sender: "市工信局", Authority: "statistics", Area: "320900", Body: f,
	})
	must(t, err)
	last := intake.Progress{}
	for {
		p, running := o.intake.Progress(b.ID)
		if !running {
			break
		}
		if p.Done < last.Done || p.Share < last.Share || p.Share > 1000 {
			t.Fatalf("progress went from %+v to %+v", last, p)
		}
		last = p
	}
	if b = o.wait(b.ID); b.State != intake.Ready || b.Preview.Rows != 20_000 {
		t.Errorf("batch is %s with %d rows: %v", b.State, b.Preview.Rows, b.Failure)
	}
	if last.Started == 0 {
		t.Error("the work was over before anybody could look")
	}
}

func TestCountsAddUp(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	o.commit(o.send("a.csv", roster, "statistics", period.Period{}).ID)
	b := o.send("b.csv", `2023年度规模以上工业企业主要指标
统一社会信用代码,企业名称,县（市、区）,营业收入（万元）,利润总额（万元）
91512081MA62K0260E,盐城甲智能机械有限公司,盐都区,12345.67,100
`, "statistics", period.Period{})
	want := map[intake.Class]int{intake.New: 1, intake.Changed: 2, intake.Unchanged: 1} // the name and the area changed
	if diff := cmp.Diff(want, b.Preview.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if b.Preview.Cells != 4 {
		t.Errorf("%d statements in all, want 4", b.Preview.Cells)
	}
}
