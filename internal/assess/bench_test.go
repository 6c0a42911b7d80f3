package assess

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// benchDay is the day of asking of the benchmarks; they ask about its year.
var benchDay = period.Date(2024, 10, 31)

// region fills columns with made answers: of lost answers in a hundred nothing is known, one firm in ten does without a part that may be
// left out, and whatever else there is, each answer comes about as often as the next.
type region struct {
	model *Rubric
	lost  int
	rnd   *rand.Rand
}

func (g region) Read(in *rule.Input, contexts []*rule.Context, c *column.Column) {
	def := in.Def()
	for i := range contexts {
		if v, state := g.answer(def); state != rule.Unknown {
			c.Set(i, v, state)
		}
	}
}

func (g region) answer(def content.FactDef) (rule.Value, rule.State) {
	if g.rnd.IntN(100) < g.lost {
		return rule.Value{}, rule.Unknown
	}
	switch {
	case def.Code == "ent.production_type":
		return rule.Text("discrete"), rule.Present
	case def.Codes == "scopes" && g.rnd.IntN(10) > 0:
		return rule.Text("applies"), rule.Present
	}
	return some(g.model, def, g.rnd), rule.Present
}

// crowd is so many made enterprises, with all that is asked of them in columns.
func (g region) crowd(n int) *Crowd {
	one := &rule.Context{Event: &benchDay, On: benchDay, AsOf: benchDay}
	return g.model.crowd(slices.Repeat([]*rule.Context{one}, n), 2024, g)
}

func benchModel(tb testing.TB, model, edition string) *Rubric {
	r, err := shipped(tb).Edition(model, edition)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// firms is so many made enterprises, to be asked one by one.
func (g region) firms(n int) []At {
	out := make([]At, n)
	for i := range out {
		s := caseSubject{}
		for _, def := range g.model.Facts() {
			v, state := g.answer(def)
			s[def.Code] = reply{state, v}
		}
		out[i] = At{Subject: s, Year: 2024, On: benchDay}
	}
	return out
}

// processor is the time that the process took of the processors, in nanoseconds.
func processor(b *testing.B) float64 {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return float64(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkSurvey is scores and levels of a million firms, all columns bound beforehand, and in the same run Decide of firms that were
// made alike: the processor's time for one of each, and how many times that of columns Decide takes.
func BenchmarkSurvey(b *testing.B) {
	const many, few = 1_000_000, 500
	for _, m := range []struct{ model, edition string }{{"sme_digital", "2024"}, {"manufacturing_maturity", "2020"}} {
		for _, lost := range []int{0, 2} {
			b.Run(fmt.Sprintf("%s/lost=%d%%", m.model, lost), func(b *testing.B) {
				g := region{benchModel(b, m.model, m.edition), lost, rand.New(rand.NewPCG(17, 4))}
				c, firms := g.crowd(many), g.firms(few)
				runtime.GC()
				var columns, rows float64
				for b.Loop() {
					before := processor(b)
					if s, err := c.Survey(); err != nil || s.Len() != many {
						b.Fatal(err)
					}
					between := processor(b)
					for _, at := range firms {
						if _, err := g.model.Decide(at); err != nil {
							b.Fatal(err)
						}
					}
					columns, rows = columns+between-before, rows+processor(b)-between
				}
				columns, rows = columns/float64(b.N)/many, rows/float64(b.N)/few
				b.ReportMetric(columns, "columns-ns/firm")
				b.ReportMetric(rows, "decide-ns/firm")
				b.ReportMetric(rows/columns, "times-columns")
			})
		}
	}
}

// BenchmarkOne is one enterprise after the other, row by row: all that a page tells, and what would lift it.
func BenchmarkOne(b *testing.B) {
	for _, m := range []struct{ model, edition string }{{"sme_digital", "2024"}, {"manufacturing_maturity", "2020"}} {
		r := benchModel(b, m.model, m.edition)
		g := region{r, 2, rand.New(rand.NewPCG(17, 5))}
		firms := g.firms(500)
		b.Run(m.model+"/decide", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := r.Decide(firms[i%len(firms)]); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(m.model+"/lift", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := r.Lift(firms[i%len(firms)], 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
