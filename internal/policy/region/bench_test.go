package region

import (
	"fmt"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// city is n firms with a project each, every third with a loan for it.
func city(n int) []thing {
	areas := []string{"320902", "320903", "320904", "zone:320971", "zone:yancheng-yannan", "320921", "320981", "320925"}
	var all []thing
	for i := range n {
		amount := func(salt int) money.Fen { return money.Fen((i*7919+salt*104729)%6000) * wan }
		all = append(all, thing{kind: content.Enterprise, key: fmt.Sprintf("第%d厂", i), area: areas[i%len(areas)], facts: map[string]any{
			"ent.above_scale@2022": true, "ent.above_scale@2023": true, "ent.above_scale@2024": true,
		}})
		firm := len(all)
		all = append(all, thing{kind: content.Project, key: "P", below: firm, facts: map[string]any{
			"project.name": "车间", "project.is_digital": i%7 != 0,
			"project.effective_input@2022": amount(2), "project.investment@2022": amount(2),
			"project.effective_input@2023": amount(3), "project.investment@2023": amount(3),
			"project.effective_input@2024": amount(4), "project.investment@2024": amount(4),
		}})
		if i%3 == 0 {
			all = append(all, thing{kind: content.Loan, key: "L", below: firm, facts: map[string]any{
				"loan.project": "车间", "loan.for_digital": true, "loan.principal": amount(5) * 3, "loan.drawn_on": period.Date(2022+i%3, 5, 6),
			}})
		}
	}
	return all
}

// BenchmarkRegion decides 3,000 firms from the frame, first without and then with a kept result.
func BenchmarkRegion(b *testing.B) {
	const n = 3000
	w := newWorld(b, storetest.SQLite(b, migrations))
	w.state(city(n)...)
	view, err := w.frames.For(ctx, access.SystemScope(), 0)
	must(b, err)
	b.Run("first", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			_, err := w.runner.Run(ctx, view, w.plan, asOf-period.Day(i%maxKept*2))
			must(b, err)
			w.runner.mu.Lock()
			w.runner.kept = nil
			w.runner.mu.Unlock()
		}
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "firms/s")
	})
	b.Run("kept", func(b *testing.B) {
		for b.Loop() {
			r, err := w.runner.Run(ctx, view, w.plan, asOf)
			must(b, err)
			if len(r.ByArea("320900")) == 0 || len(r.ByClause()) == 0 {
				b.Fatal("empty")
			}
		}
	})
}
