package intake_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A workbook that LibreOffice computed and saved: two tables with formulas and formats, a hidden draft and a sheet of
// notes. All that goes in, and all that is said about the rest, stands in the golden file.
func TestWorkbookOfLibreOffice(t *testing.T) {
	o := open(t, storetest.SQLite(t, migrations))
	b := o.sendFile("testdata/libreoffice.xlsx", "enterprise", "320900", period.Period{})
	if b.State != intake.Ready || b.Preview.Stops() {
		t.Fatalf("batch is %s: %s\n%s", b.State, b.Failure, says(b))
	}
	var got strings.Builder
	for _, sh := range b.Plan.Sheets {
		fmt.Fprintf(&got, "sheet %s: header in rows %v, about %s, skipped %t\n", sh.Name, sh.HeaderRows, sh.Period, sh.Skip)
	}
	fmt.Fprintf(&got, "\nknown would become\n%s\n", strings.Join(o.lines(b), "\n"))
	fmt.Fprintf(&got, "\n%d rows, %d statements, %d left out\n", b.Preview.Rows, b.Preview.Cells, b.Preview.LeftOut())
	for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
		fmt.Fprintf(&got, "\n%s\n", lang)
		for _, n := range b.Preview.Notes {
			fmt.Fprintln(&got, (i18n.T{Lang: lang}).Msg(n))
		}
		for _, p := range b.Preview.Problems {
			for _, x := range p.Examples {
				fmt.Fprintf(&got, "%s %s: %s\n", p.Severity, x.Place, (i18n.T{Lang: lang}).Msg(x.Msg))
			}
		}
	}
	const golden = "testdata/libreoffice.golden"
	if *update {
		must(t, os.WriteFile(golden, []byte(got.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	o.commit(b.ID)
	if n := o.view().Count(); n != b.Preview.NewSubjects["enterprise"] {
		t.Errorf("%d firms are known, the preview said %d", n, b.Preview.NewSubjects["enterprise"])
	}
}
