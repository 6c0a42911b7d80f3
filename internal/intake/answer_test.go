package intake

import (
	"slices"
	"testing"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// The causes that have remedies of their own are those of messages.
func TestCausesExist(t *testing.T) {
	for cause := range remedies {
		if (i18n.T{Lang: i18n.ZH}).S(cause) == cause {
			t.Errorf("no problem is called %s", cause)
		}
	}
}

func TestParseRows(t *testing.T) {
	for text, want := range map[string]string{"": "", "5": "5", "5, 9-12": "5, 9-12", "3、4，5": "3-5", "7至8 10": "7-8, 10"} {
		rows, err := ParseRows(text)
		if got := RowsText(slices.Sorted(slices.Values(rows))); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "0", "5-3", "1-9999999", "-5", "1-6000"} {
		if rows, err := ParseRows(text); err == nil {
			t.Errorf("%q is taken as %d rows", text, len(rows))
		}
	}
}

func TestShape(t *testing.T) {
	for word, want := range map[string]string{"22/1/28": "9/9/9", "约 1200余": "字9字", "１，２００．５": "9,9.9", "N/A": "A/A", "3~5万元": "9~9字"} {
		if got := shape(word); got != want {
			t.Errorf("shape of %q is %q, want %q", word, got, want)
		}
	}
}
