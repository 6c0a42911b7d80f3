package policy

import (
	"fmt"
	"testing"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// benchFirms is firms as a city has them: most with a project, a third with a loan, a tenth with a title, some with
// facts that are missing.
func benchFirms(tb testing.TB, n int) []rule.Subject {
	day := func(y, m, d int) rule.Value { return rule.Day(period.Date(y, m, d)) }
	firms := make([]rule.Subject, n)
	for i := range firms {
		e := &caseSubject{kind: "enterprise", id: fmt.Sprint("E", i), facts: map[caseFact]caseValue{}}
		areas := []string{"320902", "320903", "320904", "zone:320971", "zone:yancheng-yannan", "320921", "320981", "320925"}
		e.set("ent.area", period.Period{}, rule.Text(areas[i%len(areas)]))
		for y := 2022; y <= 2024; y++ {
			e.set("ent.above_scale", period.OfYear(y), rule.Bool(true))
		}
		if i%3 == 0 {
			e.set("ent.diagnosed_on", period.Period{}, day(2023, 1+i%12, 3))
			e.set("ent.diagnosis_fee", period.Period{}, rule.Money(8_000_000))
		} else {
			e.facts[caseFact{"ent.diagnosed_on", period.Period{}}] = caseValue{state: rule.None}
		}
		if i%10 != 0 {
			p := e.child("project", "P")
			p.set("project.is_digital", period.Period{}, rule.Bool(i%7 != 0))
			for y := 2022; y <= 2024; y++ {
				v := rule.Money(moneyOf(i, y))
				p.set("project.investment", period.OfYear(y), v)
				if i%20 != 1 {
					p.set("project.effective_input", period.OfYear(y), v)
				}
			}
			if i%3 == 0 {
				l := p.child("loan", "L")
				l.set("loan.for_digital", period.Period{}, rule.Bool(true))
				l.set("loan.principal", period.Period{}, rule.Money(moneyOf(i, 5)*3))
				l.set("loan.drawn_on", period.Period{}, day(2022+i%3, 1+i%12, 9))
			}
		}
		if i%10 == 3 {
			h := e.child("honour", "H")
			h.set("honour.title", period.Period{}, rule.Text("prov_smart_factory"))
			h.set("honour.level", period.Period{}, rule.Text("provincial"))
			h.set("honour.awarded_on", period.Period{}, day(2023, 6, 1))
		}
		firms[i] = e
	}
	return firms
}

func BenchmarkDecide(b *testing.B) {
	plan, err := compile(b, yancheng).Plan(nil)
	if err != nil {
		b.Fatal(err)
	}
	firms := benchFirms(b, 1000)
	for _, opt := range []Options{{}, {Trace: true}, {Trace: true, Advice: true}} {
		b.Run(fmt.Sprintf("trace=%v,advice=%v", opt.Trace, opt.Advice), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := plan.Decide(firms[i%len(firms)], period.Date(2024, 10, 31), opt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecideAll is the same firms together, a tenth of which have a project in the area of the document; the others lie
// elsewhere, or have nothing that a clause asks for.
func BenchmarkDecideAll(b *testing.B) {
	plan, err := compile(b, yancheng).Plan(nil)
	if err != nil {
		b.Fatal(err)
	}
	day := period.Date(2024, 10, 31)
	firms := benchFirms(b, 1000)
	for i, f := range firms {
		if e := f.(*caseSubject); i%10 > 0 {
			e.children = nil
			e.facts[caseFact{"ent.diagnosed_on", period.Period{}}] = caseValue{state: rule.None}
		}
	}
	b.Run("alone", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := plan.Decide(firms[i%len(firms)], day, Options{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("together", func(b *testing.B) {
		for range b.N/len(firms) + 1 {
			plan.DecideAll(firms, day, nil, func(i int, _ *Decision, err error) {
				if err != nil {
					b.Fatal(err)
				}
			})
		}
	})
}
