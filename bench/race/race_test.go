package race

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"testing"
)

// TestEnginesAgree runs every engine of this program over few enterprises. Each compares its totals with those of the obvious
// loop, firm by firm, and the answers of all of them must be one.
func TestEnginesAgree(t *testing.T) {
	var all Report
	for _, e := range engines {
		var out bytes.Buffer
		if err := e.run(newSampler(&out, e.load, 400, 0)); err != nil {
			t.Errorf("%s of %s: %v", e.name, e.load, err)
		}
		for d := json.NewDecoder(&out); d.More(); {
			var f Figure
			if err := d.Decode(&f); err != nil {
				t.Fatal(err)
			}
			all.Figures = append(all.Figures, f)
		}
	}
	if err := all.agree(); err != nil {
		t.Error(err)
	}
}

// BenchmarkOne is the first load: the loop that was written for it beside the product, over the same enterprises.
func BenchmarkOne(b *testing.B) {
	docs, err := documents()
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range benchSizes {
		o := newOne(newSampler(io.Discard, One, n, 0))
		numbers := InForce()
		perFirm(b, fusedLoop, o.want.totals, o.out, func() { fused(o.region, &numbers, o.out, 0, n) })
		facts := o.region.facts()
		for _, d := range docs {
			c := newColumns(d.plan.Policy, facts, o.region.Area, o.out)
			perFirm(b, d.name, o.want.totals, o.out, func() { c.evaluate(d.plan) })
		}
	}
}

// BenchmarkThirty is the second load: some of its documents, of which a third are of the whole city as of all of them.
func BenchmarkThirty(b *testing.B) {
	for _, n := range benchSizes {
		t := newThirty(newSampler(io.Discard, Thirty, n, 0))
		facts, want := t.city.facts(), make([]int64, n)
		for k, terms := range t.terms[:3] {
			plans, err := terms.plans()
			if err != nil {
				b.Fatal(err)
			}
			name := fmt.Sprintf("document %d, ", k+1)
			t.city.evaluate(terms, want, 0, n)
			perFirm(b, name+handLoop, want, t.out, func() { t.city.evaluate(terms, t.out, 0, n) })
			c := newColumns(plans[false].Policy, facts, t.city.Area, t.out)
			perFirm(b, name+"columns", want, t.out, func() { c.evaluate(plans[false]) })
		}
	}
}

var benchSizes = []int{10_000, 100_000, 1_000_000}

// perFirm measures what an engine takes for an enterprise of the processor's time, and compares what each gets.
func perFirm(b *testing.B, engine string, want, out []int64, do func()) {
	b.Run(fmt.Sprintf("%d/%s", len(out), engine), func(b *testing.B) {
		defer debug.SetGCPercent(debug.SetGCPercent(400))
		do()
		before := processorTime()
		for b.Loop() {
			do()
		}
		b.ReportMetric(float64((processorTime()-before).Nanoseconds())/float64(b.N)/float64(len(out)), "cpu-ns/firm")
		if err := same(engine, want, out); err != nil {
			b.Fatal(err)
		}
	})
}
