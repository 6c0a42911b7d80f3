package form

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// listOf is a list of the definition in testdata.
func listOf(t testing.TB) *Field {
	t.Helper()
	f, _ := read(t, "good/project.yaml").Field("lines")
	return f
}

func TestReadLines(t *testing.T) {
	for name, text := range map[string]string{
		"pasted":             "设备名称\t金额\t购置日期\t类别\n加工中心\t350,000\t2024/5/6\t设备\nMES\t800000.50\t\t软件\n",
		"other order, comma": "类别,价税合计（万元）,名称,备注\n软件,80.00005,MES,急\n设备,35万元,加工中心,\n",
		"english":            "What;Amount;Sort\nMES;12.5;software\n",
		"total and blank":    "设备名称,金额\n加工中心,10\n\n合计,10\n",
		"unit in the title":  "设备明细表\n单位：万元\n设备名称,金额,类别\n加工中心,10,设备\n",
		"column is missing":  "设备名称,类别\n加工中心,设备\n",
		"mistakes":           "设备名称,金额,购置日期,类别\n加工中心,约10,2024年5月,房子\n,12,2024-05-06,设备\n立车,-3,2024-05-06,设备\n",
		"no header":          "加工中心\t350000\t2024/5/6\n",
		"header alone":       "设备名称,金额\n",
		"nothing":            "",
		"not for us":         "姓名,电话\n张三,123\n",
		"a web page":         "<html><body>hello</body></html>",
	} {
		t.Run(name, func(t *testing.T) {
			lines, err := listOf(t).ReadLines(context.Background(), strings.NewReader(text), "明细.csv")
			var b strings.Builder
			for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
				tr := i18n.T{Lang: lang}
				if msg, ok := errs.Message(err); ok {
					fmt.Fprintf(&b, "refused: %s\n", tr.Msg(msg))
				} else if err != nil {
					t.Fatal(err)
				}
				for _, f := range lines.Faults {
					fmt.Fprintf(&b, "%s %s: %s\n", f.Place, tr.Msg(f.Where), tr.Msg(f.Msg))
				}
			}
			for _, row := range lines.Rows {
				fmt.Fprintln(&b, row)
			}
			if lines.Left != nil {
				fmt.Fprintln(&b, "left", lines.Left)
			}
			golden(t, filepath.Join("lines", strings.ReplaceAll(strings.ReplaceAll(name, " ", "_"), ",", "")+".txt"), b.String())
		})
	}
}

func TestLinesHaveLimits(t *testing.T) {
	list := listOf(t)
	rows := func(n int) string { return "设备名称,金额\n" + strings.Repeat("立车,1\n", n) }
	lines, err := list.ReadLines(context.Background(), strings.NewReader(rows(list.MaxItems)), "a.csv")
	if err != nil || len(lines.Rows) != list.MaxItems {
		t.Fatalf("%d rows, %v", len(lines.Rows), err)
	}
	if _, err := list.ReadLines(context.Background(), strings.NewReader(rows(list.MaxItems+1)), "a.csv"); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("too many rows: %v", err)
	}
	if _, err := list.ReadLines(context.Background(), bytes.NewReader(make([]byte, MaxSheet+1)), "a.csv"); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("too large: %v", err)
	}
	lines, err = list.ReadLines(context.Background(), strings.NewReader("设备名称,金额\n"+strings.Repeat("立车,很多\n", 90)), "a.csv")
	if err != nil || len(lines.Faults) != maxLineFault || lines.More != 40 || lines.Rows != nil {
		t.Errorf("%d faults, %d more, %d rows, %v", len(lines.Faults), lines.More, len(lines.Rows), err)
	}
}

// TestTemplateIsReadBack fills the workbook that is handed out, in both languages, and reads it.
func TestTemplateIsReadBack(t *testing.T) {
	for _, lang := range []i18n.Lang{i18n.ZH, i18n.EN} {
		list := listOf(t)
		export := list.Template(i18n.T{Lang: lang})
		var empty bytes.Buffer
		if err := export.Workbook(&empty); err != nil {
			t.Fatal(err)
		}
		if _, err := list.ReadLines(context.Background(), bytes.NewReader(empty.Bytes()), "t.xlsx"); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("an empty template: %v", err)
		}
		book, err := excelize.OpenReader(&empty)
		if err != nil {
			t.Fatal(err)
		}
		for cell, v := range map[string]any{"A2": "加工中心", "B2": "2024-05-06", "C2": 350000.5, "D2": "设备", "A3": "MES", "C3": 12} {
			if err := book.SetCellValue(export.Name, cell, v); err != nil {
				t.Fatal(err)
			}
		}
		var full bytes.Buffer
		if err := book.Write(&full); err != nil {
			t.Fatal(err)
		}
		lines, err := list.ReadLines(context.Background(), &full, "t.xlsx")
		if err != nil || len(lines.Faults) > 0 {
			t.Fatal(lines.Faults, err)
		}
		want := []map[string]string{
			{"what": "加工中心", "bought_on": "2024-05-06", "amount": "350000.5", "sort": "device"},
			{"what": "MES", "amount": "12"},
		}
		if diff := cmp.Diff(want, lines.Rows); diff != "" {
			t.Errorf("%s (-want +got):\n%s", lang, diff)
		}
	}
}

func FuzzReadLines(f *testing.F) {
	f.Add([]byte("设备名称\t金额\n加工中心\t350,000\n"))
	f.Add([]byte("\ufeff金额（万元）;名称\n\"1;2\";x\n"))
	list := listOf(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, err := list.ReadLines(context.Background(), bytes.NewReader(text), "a.csv")
		if err != nil && errs.KindOf(err) != errs.KindInvalid {
			t.Fatal(err)
		}
		if len(lines.Faults) > 0 && lines.Rows != nil {
			t.Fatal("rows in spite of faults")
		}
		for _, row := range lines.Rows {
			for _, c := range list.Columns {
				if r := c.typed(row[c.Name]); r.stands && !r.wrong.IsZero() || c.Required && !r.stands {
					t.Fatalf("a row is not good when it is typed: %q in %v: %v", row[c.Name], row, r.wrong)
				}
			}
		}
	})
}
