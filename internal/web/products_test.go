package web

import (
	"testing"

	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/credit"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

// A firm is told which bank has its case, and of what waits for offices that the offices have it.
func TestWhoIsAtWork(t *testing.T) {
	loan := &creditPart{Progress: credit.Progress{Product: &credit.Product{By: credit.Bank{Name: i18n.Text{ZH: "演示银行 A", EN: "Demo bank A"}}}}}
	for name, tc := range map[string]struct {
		loan   *creditPart
		waits  []string
		zh, en string
	}{
		"bank":           {loan, []string{"bank"}, "由演示银行 A办理中。", "Demo bank A is working on it."},
		"city of a loan": {loan, []string{"city_official"}, "由有关部门办理中。", "The offices are working on it."},
		"no loan":        {nil, []string{"bank"}, "由有关部门办理中。", "The offices are working on it."},
	} {
		d := casePageData{Credit: tc.loan, State: casework.State{Waits: tc.waits}}
		if got := d.atWork(i18n.T{Lang: i18n.ZH}); got != tc.zh {
			t.Errorf("%s: %s", name, got)
		}
		if got := d.atWork(i18n.T{Lang: i18n.EN}); got != tc.en {
			t.Errorf("%s: %s", name, got)
		}
	}
}
