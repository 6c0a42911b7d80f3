package sheet

import (
	"testing"

	"github.com/yanzhen/yanzhen/internal/money"
)

func TestCSVCellsRunNoFormula(t *testing.T) {
	for in, want := range map[any]string{
		"=1+1": "'=1+1", "@SUM(A1)": "'@SUM(A1)", "＝1+1": "'＝1+1", "－2+3": "'－2+3", "-cmd|x": "'-cmd|x",
		"-12.5": "-12.5", money.Fen(-1250): "-12.50", -3: "-3", "盐城": "盐城", "": "",
	} {
		if got := csvCell(in); got != want {
			t.Errorf("csvCell(%q) = %q, want %q", in, got, want)
		}
	}
}
