package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// take is the file of a batch, for somebody.
func (d *desk) take(scope access.Scope, batch int64) (ledger.Batch, []ledger.Payment, error) {
	type taken struct {
		ledger.Batch
		list []ledger.Payment
	}
	t, err := do(d, func(ctx context.Context, tx *store.Tx) (t taken, err error) {
		a := d.act("")
		a.Scope, a.By = scope, 0
		t.Batch, t.list, err = d.book.TakeFile(ctx, tx, a, batch)
		return t, err
	})
	return t.Batch, t.list, err
}

func (d *desk) results(batch int64, name string, body []byte) (ledger.Results, error) {
	path := filepath.Join(d.TempDir(), "result")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		d.Fatal(err)
	}
	return d.book.ReadResults(d.Context(), access.SystemScope(), batch, ledger.ResultFile{Path: path, Name: name})
}

func TestFileOutAndResultsIn(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 1_000_000)
		var orders []ledger.Order
		for i, fen := range []money.Fen{12_345, 200, 400, 500} {
			orders = append(orders, orderOf(d.due(line, fmt.Sprint("C", i), 20_000), fen))
		}
		batch, err := d.draft(orders...)
		if err != nil {
			d.Fatal(err)
		}
		_, _, err = d.take(access.SystemScope(), batch)
		d.refused(err, "草稿")
		must(d, none(func(ctx context.Context, tx *store.Tx) error { return d.book.Send(ctx, tx, d.act(""), batch) }))
		if _, _, err := d.take(access.NewScope(1, access.CityOfficial, []string{city, county}, nil), batch); errs.KindOf(err) != errs.KindForbidden {
			d.Errorf("an official takes the file: %v", err)
		}
		head, list, err := d.take(access.NewScope(3, access.Finance, []string{city}, nil), batch)
		if err != nil {
			d.Fatal(err)
		}
		taken := read(d, access.SystemScope(), func(ctx context.Context, v *ledger.View) ([]ledger.Taken, error) { return v.Files(ctx, batch) })
		if len(taken) != 1 || taken[0].By != 3 {
			d.Errorf("taken: %+v", taken)
		}
		var out bytes.Buffer
		if err := ledger.Paper(i18n.T{Lang: i18n.ZH}, head, list).CSV(&out); err != nil {
			d.Fatal(err)
		}
		if text := out.String(); !strings.Contains(text, string(number)) || !strings.Contains(text, "123.45") || !strings.Contains(text, list[3].Reference) {
			d.Errorf("the file to the bank:\n%s", text)
		}

		ref := func(i int) string { return list[i].Reference }
		body := "付款编号,金额（元）,处理结果,失败原因\n" +
			ref(0) + ",123.45,成功,\n" + ref(1) + ",2.00,失败,户名不符\n" + ref(2) + ",4,处理中,\n合计,129.45,,\n"
		got, err := d.results(batch, "回单.csv", []byte(body))
		if err != nil {
			d.Fatal(err)
		}
		want := ledger.Results{Outcomes: []ledger.Outcome{
			{Order: 1, State: ledger.OrderSettled, Place: got.Outcomes[0].Place},
			{Order: 2, State: ledger.OrderFailed, Reason: "户名不符", Place: got.Outcomes[1].Place},
			{Order: 3, State: ledger.OrderUnknown, Place: got.Outcomes[2].Place},
		}, Silent: []int{4}}
		if diff := cmp.Diff(want, got); diff != "" {
			d.Errorf("results (-want +got):\n%s", diff)
		}
		if !strings.Contains(got.Outcomes[1].Place, "回单.csv") || !strings.Contains(got.Outcomes[1].Place, "3") {
			d.Errorf("place %q", got.Outcomes[1].Place)
		}
		d.wantSettled(ledger.Settled{Paid: 1, Failed: 1, Unknown: 1, Open: 2}, batch, got.Outcomes...)
		d.sound()
	})
}

// TestResultsAsWorkbook writes the answer as the workbook that went out, with a column added, as a bank does.
func TestResultsAsWorkbook(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t, migrations))
	line := d.appropriate(2024, 1000)
	batch := d.sent(orderOf(d.due(line, "A", 100), 100), orderOf(d.due(line, "B", 200), 200))
	head, list, err := d.take(access.SystemScope(), batch)
	if err != nil {
		t.Fatal(err)
	}
	paper := ledger.Paper(i18n.T{Lang: i18n.ZH}, head, list)
	out := sheet.Export{Title: paper.Title, NotesName: paper.NotesName, Notes: paper.Notes, Table: sheet.Table{
		Name: paper.Name, Columns: append([]string{}, append(paper.Columns, "状态")...),
		Rows: func(yield func([]any) bool) {
			for row := range paper.Rows {
				if !yield(append(row, "交易成功")) {
					return
				}
			}
		},
	}}
	var body bytes.Buffer
	if err := out.Workbook(&body); err != nil {
		t.Fatal(err)
	}
	got, err := d.results(batch, "回单.xlsx", body.Bytes())
	if err != nil || len(got.Faults) > 0 {
		t.Fatal(err, got.Faults)
	}
	d.wantSettled(ledger.Settled{Paid: 2}, batch, got.Outcomes...)
}

func TestBadResults(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t, migrations))
	line := d.appropriate(2024, 1000)
	batch := d.sent(orderOf(d.due(line, "A", 100), 100), orderOf(d.due(line, "B", 200), 200))
	_, list, err := d.take(access.SystemScope(), batch)
	if err != nil {
		t.Fatal(err)
	}
	head := "付款编号,金额（元）,处理结果\n"
	one := list[0].Reference
	for name, tc := range map[string]struct {
		body  string
		words []string // of the only fault
	}{
		"another batch":  {head + "0123456789abcdef-1,1.00,成功\n", []string{"A2", "0123456789abcdef-1"}},
		"another amount": {head + one + ",1.01,成功\n", []string{"B2", "1.01", "1.00"}},
		"no amount":      {head + one + ",,成功\n", []string{"B2"}},
		"about":          {head + one + ",约1.00,成功\n", []string{"B2"}},
		"a strange word": {head + one + ",1.00,差不多\n", []string{"C2", "差不多", "退汇"}},
		"no word":        {head + one + ",1.00,\n", []string{"C2"}},
		"two answers":    {head + one + ",1.00,成功\n" + one + ",1.00,失败\n", []string{"C3", one}},
	} {
		got, err := d.results(batch, "回单.csv", []byte(tc.body))
		if err != nil || len(got.Faults) != 1 || len(got.Outcomes) != 0 {
			t.Errorf("%s: %v, faults %v, outcomes %v", name, err, got.Faults, got.Outcomes)
			continue
		}
		text := i18n.T{Lang: i18n.ZH}.Msg(got.Faults[0])
		for _, w := range tc.words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q does not name %q", name, text, w)
			}
		}
	}
	if _, err := d.results(batch, "别的.csv", []byte("企业名称,营业收入\n甲,1\n")); errs.KindOf(err) != errs.KindInvalid {
		t.Errorf("a file about something else: %v", err)
	}
	many := head + strings.Repeat("x,1.00,成功\n", 500)
	if got, err := d.results(batch, "多.csv", []byte(many)); err != nil || len(got.Faults) > 60 {
		t.Errorf("%d faults, %v", len(got.Faults), err)
	}
}
