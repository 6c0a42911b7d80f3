package race

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// String is what was measured.
func (f *Figure) String() string {
	return fmt.Sprintf("%s, %s, %s firms, %s", f.Load, f.Task, count(f.Firms), f.Engine)
}

// Times is what came out.
func (f *Figure) Times() string {
	return fmt.Sprintf("%s ms of processor, %s ms of wall with %d, %.1f ns a firm", ms(f.CPU), ms(f.Wall), f.Processors, f.perFirm())
}

// perFirm is nanoseconds of processor.
func (f *Figure) perFirm() float64 { return f.CPU * 1e6 / float64(f.Rows) }

func ms(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) }

// count is a number with commas.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// Table is the figures as a table of Markdown: by load, task and size, the fastest first.
func (r *Report) Table() string {
	var rows []*Figure
	for i := range r.Figures {
		if f := &r.Figures[i]; f.Processors == 1 {
			rows = append(rows, f)
		}
	}
	tasks := []string{Evaluate, Calculate, Tabulate, WhatIf, Position, Explain, NearMiss, Stack}
	slices.SortStableFunc(rows, func(a, b *Figure) int {
		return cmp.Or(cmp.Compare(a.Load, b.Load), slices.Index(tasks, a.Task)-slices.Index(tasks, b.Task), a.Firms-b.Firms, cmp.Compare(a.perFirm(), b.perFirm()))
	})
	var b strings.Builder
	fmt.Fprintln(&b, "| load | task | firms | engine | one processor, ms | ns a firm | two, ms of wall | × loop |")
	fmt.Fprintln(&b, "|---|---|---|---|---|---|---|---|")
	for _, f := range rows {
		wall, times := "–", "–"
		if g := r.find(f.Engine, f.Task, f.Load, f.Firms, 2); g != nil {
			wall = ms(g.Wall)
		}
		if x, ok := r.timesLoop(f); ok {
			times = strconv.FormatFloat(x, 'f', 2, 64)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %.1f | %s | %s |\n", f.Load, f.Task, count(f.Firms), f.Engine, ms(f.CPU), f.perFirm(), wall, times)
	}
	return b.String()
}

func (r *Report) find(engine, task, load string, firms, processors int) *Figure {
	for i := range r.Figures {
		f := &r.Figures[i]
		if f.Engine == engine && f.Task == task && f.Load == load && f.Firms == firms && f.Processors == processors {
			return f
		}
	}
	return nil
}

// timesLoop is how many times as long as the loop a firm takes, in the same region and at the same question.
func (r *Report) timesLoop(f *Figure) (float64, bool) {
	for _, loop := range []string{fusedLoop, handLoop} {
		if g := r.find(loop, f.question().task, f.Load, f.Firms, 1); g != nil {
			return f.perFirm() / g.perFirm(), true
		}
	}
	return 0, false
}

// Gate is an aim and what was reached.
type Gate struct{ What, Value string }

// ours are the engines that the gates are about.
var ours = []string{"yanzhen, flat", "yanzhen, projects", "yanzhen"}

// Gates holds the figures against the aims of docs/performance.md.
func (r *Report) Gates() []Gate {
	var all []Gate
	add := func(what string, value float64, good bool) {
		word := "missed"
		if good {
			word = "reached"
		}
		all = append(all, Gate{what, fmt.Sprintf("%.2f, %s", value, word)})
	}
	for i := range r.Figures {
		f := &r.Figures[i]
		if f.Processors != 1 || !slices.Contains(ours, f.Engine) {
			continue
		}
		of := f.String()
		switch f.Task {
		case Evaluate, WhatIf:
			if x, ok := r.timesLoop(f); ok {
				add(of+": times the loop by hand, at most 1.5", x, x <= 1.5)
			}
			if g := r.find("DuckDB, filter hoisted", f.Task, f.Load, f.Firms, 1); g != nil {
				add(of+": DuckDB with its filter hoisted takes times as long, at least 3", g.CPU/f.CPU, g.CPU >= 3*f.CPU)
			}
			if g := r.find("OpenFisca", f.Task, f.Load, f.Firms, 1); g != nil {
				add(of+": OpenFisca with its simulation made takes times as long, at least 10", g.CPU/f.CPU, g.CPU >= 10*f.CPU)
			}
		case Position:
			if f.Load == One && f.Firms == 1_000_000 {
				add(of+": ms, at most 1", f.CPU, f.CPU <= 1)
			}
		case Explain:
			add(of+": ms, at most 0.2", f.CPU, f.CPU <= 0.2)
		}
	}
	for _, engine := range ours {
		if x, ok := r.spread(engine); ok {
			add(One+", "+Evaluate+", "+engine+": most by least time of a firm over all sizes, at most 1.3", x, x <= 1.3)
		}
	}
	return all
}

// spread is by how much the cost of a firm differs between sizes.
func (r *Report) spread(engine string) (float64, bool) {
	var costs []float64
	for i := range r.Figures {
		if f := &r.Figures[i]; f.Engine == engine && f.Task == Evaluate && f.Load == One && f.Processors == 1 {
			costs = append(costs, f.perFirm())
		}
	}
	if len(costs) < 2 {
		return 0, false
	}
	return slices.Max(costs) / slices.Min(costs), true
}
