package race

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// Figure is one engine at one task. Times are those of one call, the median of the samples.
type Figure struct {
	Load       string  `json:"load"` // what is decided: One or Thirty
	Engine     string  `json:"engine"`
	Task       string  `json:"task"`
	Firms      int     `json:"firms"` // of the region
	Rows       int     `json:"rows"`  // that were looked at: engines that go row by row are given fewer
	Processors int     `json:"processors"`
	CPU        float64 `json:"cpu_ms"` // of the process
	Wall       float64 `json:"wall_ms"`
	Answer     *Answer `json:"answer,omitempty"` // to be compared
	Note       string  `json:"note,omitempty"`
}

// Answer is what a task came to. Engines that are exact must agree; nothing stands for a figure that an engine does not give.
type Answer struct {
	Budget  int64 `json:"budget"`
	Getting int64 `json:"getting,omitempty"`
	Effect
}

// Tasks.
const (
	Evaluate  = "evaluate"  // every total, the budget, how many get something, the budget by area
	Calculate = "calculate" // the same without what an engine does before each run to be fed
	Tabulate  = "tabulate"  // the same with the totals kept in a table of its own
	WhatIf    = "what-if"   // another version evaluated and compared with totals that were kept
	Position  = "position"  // the same, by an engine that knows what the change touches: one position of a slider
	Explain   = "explain"   // one enterprise with every condition, value and step
	NearMiss  = "near-miss" // enterprises that fail one condition of a clause and no other
	Stack     = "stack"     // the best combination of benefits of which some exclude each other
)

// Loads.
const (
	One      = "one"      // a document of ten clauses over enterprises
	Thirty   = "thirty"   // thirty documents of five clauses over enterprises, their projects and loans
	Stacking = "stacking" // ten benefits, of which twelve pairs exclude each other
)

// sampler measures on the processors that the process has.
type sampler struct {
	out        *json.Encoder
	load       string
	firms      int
	processors int
	samples    int
}

func newSampler(to io.Writer, load string, firms, samples int) *sampler {
	return &sampler{out: json.NewEncoder(to), load: load, firms: firms, processors: runtime.GOMAXPROCS(0), samples: samples}
}

// least is how long a sample takes at least: short tasks are repeated, so that the clocks can tell them. Of long ones there
// are fewer samples, so that all of them together take little more than enough.
const (
	least  = 20 * time.Millisecond
	enough = 5 * time.Second
)

// measure times a task over some rows and writes its figure. What it returns last is its answer.
func (s *sampler) measure(engine, task string, rows int, do func() (*Answer, error)) error {
	t, err := s.time(enough, do)
	if err != nil {
		return fmt.Errorf("%s, %s of %d: %w", engine, task, rows, err)
	}
	return s.tell(engine, task, rows, t)
}

func (s *sampler) tell(engine, task string, rows int, t timed) error {
	return s.out.Encode(Figure{
		Load: s.load, Engine: engine, Task: task, Firms: s.firms, Rows: rows, Processors: s.processors,
		CPU: t.cpu, Wall: t.wall, Answer: t.answer,
	})
}

// timed is what one call took, in milliseconds, and came to.
type timed struct {
	cpu, wall float64
	answer    *Answer
}

func (s *sampler) time(enough time.Duration, do func() (*Answer, error)) (t timed, err error) {
	start := time.Now()
	if _, err := do(); err != nil { // once, so that what is made at first is made
		return t, err
	}
	once := max(time.Since(start), time.Microsecond)
	times, samples := 1+int(least/once), min(s.samples, 1+int(enough/once))
	var cpu, wall []float64
	for range samples {
		runtime.GC()
		c, w := processorTime(), time.Now()
		for range times {
			if t.answer, err = do(); err != nil {
				return t, err
			}
		}
		wall = append(wall, time.Since(w).Seconds()*1e3/float64(times))
		cpu = append(cpu, (processorTime()-c).Seconds()*1e3/float64(times))
	}
	t.cpu, t.wall = median(cpu), median(wall)
	return t, nil
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// processorTime is what the process has used so far, the collector included.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // of the process itself it cannot fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
