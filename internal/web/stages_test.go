package web

import (
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/policy"
)

func TestStagesTable(t *testing.T) {
	all := []policy.StageSum{
		{Stage: "top", Kind: policy.QuotaKind, Name: i18n.Text{ZH: "示范名额", EN: "Places for models"}, Year: 2025, Most: 3, Lines: 1200, Met: 3, Waiting: 1197, Pays: policy.Interval{Sure: 150 * money.Wan, Possible: 150 * money.Wan}},
		{Stage: "fund", Kind: policy.PoolKind, Name: i18n.Text{ZH: "贴息资金", EN: "Fund"}, Budget: 50 * money.Wan, Lines: 2, Claimed: policy.Interval{Sure: 80 * money.Wan, Possible: 90 * money.Wan}, Pays: policy.Interval{Sure: 50 * money.Wan, Possible: 50 * money.Wan}},
	}
	for lang, want := range map[i18n.Lang][]string{
		i18n.ZH: {"示范名额", "2025", "3 个", "1\u202f200", "整个政策期", "90"},
		i18n.EN: {"Places for models", "3 places", "The whole period"},
	} {
		var b strings.Builder
		if err := stagesTable(i18n.T{Lang: lang}, all).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(b.String(), text) {
				t.Errorf("%s: no %q in\n%s", lang, text, b.String())
			}
		}
	}
}
