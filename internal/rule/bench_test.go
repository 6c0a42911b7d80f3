package rule

import (
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
)

func BenchmarkEval(b *testing.B) {
	for _, c := range []struct{ name, src string }{
		{"fact", `project.is_digital`},
		{"threshold", `project.effective_input >= param.min_input`},
		{"code", `ent.size in ["large", "medium"]`},
		{"area", `in_area(ent.area, "320902", "320903", "320904")`},
		{"base", `setting.lease == "investment" ? project.effective_input + agg.lease_cost : project.effective_input`},
		{"unknown", `project.software > param.min_input`},
		{"atom", `ent.above_scale && project.is_digital && project.effective_input >= money("500万元")`},
	} {
		for _, trace := range []bool{false, true} {
			name := c.name
			if trace {
				name += "/trace"
			}
			b.Run(name, func(b *testing.B) {
				env, ctx := programme(b, content.Project)
				ctx.Trace = trace
				ctx.Subject = &world{content.Project, map[string]drawn{
					"project.is_digital": {value: Bool(true), state: Present}, "project.effective_input": {value: Money(1), state: Present},
					"ent.size": {value: Text("large"), state: Present}, AreaCode: {value: Text("320903"), state: Present},
					"ent.above_scale": {value: Bool(true), state: Present},
				}}
				x := compile(b, env, c.src)
				b.ReportAllocs()
				for b.Loop() {
					x.Eval(ctx)
				}
			})
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	env, _ := programme(b, content.Project)
	for b.Loop() {
		compile(b, env, `ent.above_scale && project.effective_input + agg.lease_cost >= param.min_input`)
	}
}
