package rule

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
)

func TestExplain(t *testing.T) {
	var b strings.Builder
	for _, src := range []string{
		`project.effective_input >= param.min_input`,
		`project.effective_input + agg.lease_cost > money("500万元")`,
		`project.investment * param.rate <= money("60万元")`,
		`project.investment * param.rate < money("72万元")`,
		`project.investment > money("600万元")`,
		`project.investment >= money("600万元")`,
		`project.software >= param.min_input`,
		`ent.profit >= param.min_input`,
		`ent.revenue * 2 > param.min_input`,
		`ent.above_scale && project.is_digital`,
		`ent.blacklisted || !ent.above_scale`,
		`ent.size in ["large", "medium"]`, `ent.size == "small"`, `ent.size != "large"`,
		`in_area(ent.area, "320902", "320904", "zone:320971")`, `in_industry(ent.industry, "34-38", "C39")`,
		`ent.area == "320903"`,
		`event >= day("2022-01-28")`, `ent.founded > event`,
		`year(ent.founded) <= year - 3`, `ent.employees >= 20000`, `ent.energy_tce < 1000`,
		`none(ent.diagnosed_on) || known(ent.founded)`,
		`setting.lease == "investment"`,
		`ent.above_scale ? true : false`, `false`,
	} {
		env, ctx := programme(t, content.Project)
		said := compile(t, env, src, BoolType).Explain(ctx)
		fmt.Fprintf(&b, "%s\n  %s\n  %s\n", src, i18n.T{Lang: i18n.ZH}.Msg(said), i18n.T{Lang: i18n.EN}.Msg(said))
	}
	golden(t, "explain.golden", b.String())
}
