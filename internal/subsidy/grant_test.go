package subsidy

import (
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/money"
)

func TestApplicationToGrant(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firm, project := w.firm("大丰示例机械", "320904")
		call := w.call("c9", "c10")
		told, err := w.Told(ctx, mustView(w), call)
		must(t, err)
		if len(told) != 1 || told[0] != firm {
			t.Errorf("told: %v", told)
		}
		a, warn, err := w.submit(call, firm, project, "c9", items("11"))
		must(t, err)
		// 10 % of an investment of 9,000,000 yuan, of which invoices prove all.
		if a.Amount != 90*wan || a.Year != 2024 || len(warn) != 0 || a.Family != "investment" {
			t.Fatalf("submitted: %+v, %v", a, warn)
		}
		if _, err := w.grant(a.Case); !strings.Contains(text(err), "认定") {
			t.Errorf("granted before anybody looked at its costs: %v", err)
		}
		before, after := w.ruled(a.Case, Ruling{N: 2, Amount: 200 * wan, Reason: "含运费和安装费100万元，不计入"})
		if before != 90*wan || after != 80*wan {
			t.Errorf("cut: %s, %s", before, after)
		}
		all, err := w.Assessments(ctx, access.SystemScope(), a.Case)
		must(t, err)
		if len(all) != 2 || all[0].Pays.Sure != 90*wan || all[1].Pays.Sure != 80*wan || all[1].Bounds[0].Most != 600*wan && all[1].Bounds[0].Most != 800*wan {
			t.Errorf("assessments: %+v", all)
		}
		granted, err := w.grant(a.Case)
		must(t, err)
		if granted.Granted != 80*wan || granted.Commitment == 0 {
			t.Errorf("granted: %+v", granted)
		}

		// Another firm of another county shows the same machine: told when it applies, refused when it is to be granted.
		other, theirs := w.firm("滨海假想机械", "320902")
		b, warn, err := w.submit(call, other, theirs, "c9", append(items("22")[:2], items("11")[2]))
		must(t, err)
		if len(warn) != 1 || warn[0].Against.Case != caseName(a.Case) {
			t.Errorf("warnings: %+v", warn)
		}
		if twins, err := w.Twins(ctx, access.SystemScope(), b.Case); err != nil || len(twins) != 1 || twins[0].Case != a.Case || !twins[0].ByInvoice {
			t.Errorf("twins: %+v, %v", twins, err)
		}
		w.ruled(b.Case)
		_, err = w.grant(b.Case)
		if got := text(err); !strings.Contains(got, "243200000000000011") || !strings.Contains(got, "盐政办发〔2022〕6号") {
			t.Errorf("the second claim of an invoice: %v", err)
		}
		// Once the item is not recognised, the rest may be granted.
		w.ruled(b.Case, Ruling{N: 3, Amount: 0, Reason: "发票已在其他项目中享受补助"})
		if b, err = w.grant(b.Case); err != nil || b.Granted != money.Fen(70*wan) {
			t.Errorf("without the item: %+v, %v", b, err)
		}
	})
}
