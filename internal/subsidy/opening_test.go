package subsidy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// filed writes a template with rows to a file.
func filed(t *testing.T, out *sheet.Export, rows ...[]any) string {
	t.Helper()
	out.Rows = func(yield func([]any) bool) {
		for _, r := range rows {
			if !yield(r) {
				return
			}
		}
	}
	path := filepath.Join(t.TempDir(), "x.xlsx")
	f, err := os.Create(path)
	must(t, err)
	must(t, out.Workbook(f))
	must(t, f.Close())
	return path
}

func TestOpeningBalances(t *testing.T) {
	zh := i18n.T{Lang: i18n.ZH}
	official := access.NewScope(9, access.CityOfficial, []string{"320900", "320904", "320902"}, nil)
	each(t, func(t *testing.T, w *world) {
		firm, project := w.firm("大丰示例机械", "320904")
		good := []any{"大丰示例机械", "", "投入补助", "大丰示例机械数字车间", "", "", "", "", "2023", "", 500_000 * 100 / 100, "市发展改革委", "盐发改〔2023〕9号"}
		item := []any{"大丰示例机械", "", "投入补助", "", "", "24320000000000001102", "", "", "2023年", "", "30万元", "市科技局", "盐科〔2023〕2号"}

		bad := filed(t, OpeningTemplate(zh),
			[]any{"无此企业", "", "投入补助", "", "", "", "", "", "2023", "", "1", "局", "号"},
			[]any{"大丰示例机械", "", "红包", "无此项目", "", "", "", "", "二〇", "", "许多", "", "号"},
			good,
		)
		p, err := w.PreviewOpenings(ctx, mustView(w), bad, "往年.xlsx")
		must(t, err)
		var said []string
		for _, x := range p.Problems {
			said = append(said, x.Where.String()+": "+zh.Msg(x.Msg))
		}
		all := strings.Join(said, "\n")
		for _, want := range []string{"往年.xlsx#填写!A2: 没有名为", "往年.xlsx#填写!C3: ", "!L3: 此格必填", "!I3: ", "!K3: "} {
			if !strings.Contains(all, want) {
				t.Errorf("%q is not among\n%s", want, all)
			}
		}
		if _, err := w.ImportOpenings(ctx, official, "320900", "finance", p); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a sheet with mistakes: %v", err)
		}

		path := filed(t, OpeningTemplate(zh), good, item)
		p, err = w.PreviewOpenings(ctx, mustView(w), path, "往年.xlsx")
		must(t, err)
		if len(p.Problems) != 0 || p.Rows != 2 || p.Total != 80*wan {
			t.Fatalf("preview: %+v", p)
		}
		id, err := w.ImportOpenings(ctx, official, "320900", "finance", p)
		must(t, err)
		if _, err := w.ImportOpenings(ctx, official, "320900", "finance", p); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("a second time: %v", err)
		}

		// What another office paid last year stands against it, with its document.
		call := w.call("c9")
		a, warn, err := w.submit(call, firm, project, "c9", items("11"))
		must(t, err)
		if len(warn) != 2 || !strings.Contains(zh.Msg(warn[0].Msg)+zh.Msg(warn[1].Msg), "盐科〔2023〕2号") {
			t.Errorf("warnings: %+v", warn)
		}
		w.ruled(a.Case)
		_, err = w.grant(a.Case)
		if got := text(err); !strings.Contains(got, "盐发改〔2023〕9号") && !strings.Contains(got, "盐科〔2023〕2号") {
			t.Errorf("a double: %v", err)
		}
		_, err = w.Sources.Retract(ctx, official, id, "导错了文件")
		must(t, err)
		if _, err := w.grant(a.Case); err != nil {
			t.Errorf("after the undo: %v", err)
		}
	})
}
