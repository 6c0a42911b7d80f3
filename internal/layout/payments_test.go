package layout_test

import (
	"bytes"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/yanzhen/yanzhen/internal/layout"
	"github.com/yanzhen/yanzhen/internal/ledger"
)

// TestPaymentsInTheFormOfABank fills a form whose columns have the bank's own words, in its own order.
func TestPaymentsInTheFormOfABank(t *testing.T) {
	w := newWorld(t)
	head := ledger.Batch{Hash: "0123456789abcdef0123", Area: "320900", Fund: "智改数转", Amount: 300, Orders: 2}
	list := []ledger.Payment{
		{N: 1, Reference: "0123456789abcdef-1", Case: "C1", Amount: 123_456_78, Payee: "演示企业一", Account: "6222021103004567123", Bank: "演示银行"},
		{N: 2, Reference: "0123456789abcdef-2", Case: "C2", Amount: 5, Payee: "演示企业二", Account: "0012345678", Bank: "演示银行"},
	}
	list[0].Line.Name = "设备补助"
	book := excelize.NewFile()
	defer book.Close()
	for i, h := range []string{"序号", "收款账号", "户名", "开户银行", "转账金额（万元）", "用途", "企业流水号"} {
		at, err := excelize.CoordinatesToCellName(i+1, 1)
		must(t, err)
		must(t, book.SetCellStr("Sheet1", at, h))
	}
	var form bytes.Buffer
	must(t, book.Write(&form))
	table, err := layout.Payments(w.lib, head, list)
	must(t, err)
	filled, err := w.filler().FillFrom(t.Context(), &form, "银行模板.xlsx", table)
	must(t, err)
	if filled.Rows != 2 || len(filled.Blank) != 0 {
		t.Errorf("%d rows, blank %v", filled.Rows, filled.Blank)
	}
	out, err := excelize.OpenReader(bytes.NewReader(filled.Body))
	must(t, err)
	defer out.Close()
	for at, want := range map[string]string{
		"B2": "6222021103004567123", "C2": "演示企业一", "D2": "演示银行", "E2": "12.345678", "F2": "设备补助", "G2": "0123456789abcdef-1",
		"B3": "0012345678", "E3": "0.000005",
	} {
		got, err := out.GetCellValue("Sheet1", at, excelize.Options{RawCellValue: true})
		must(t, err)
		if got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
	if kind, err := out.GetCellType("Sheet1", "B3"); err != nil || kind != excelize.CellTypeSharedString && kind != excelize.CellTypeInlineString {
		t.Errorf("the account is no text: %v, %v", kind, err)
	}
	if _, offered := layout.KindNamed("payments"); offered {
		t.Error("whoever may read is offered the account numbers")
	}
}
