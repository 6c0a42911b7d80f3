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

// sampler measures on one processor, and then on two.
type sampler struct {
	out     *json.Encoder
	load    string
	firms   int
	samples int // 0 asks for the answers alone
}

func newSampler(to io.Writer, load string, firms, samples int) *sampler {
	return &sampler{out: json.NewEncoder(to), load: load, firms: firms, samples: samples}
}

// processors is the most that are raced on.
const processors = 2

// least is how long a sample takes at least: short tasks are repeated, so that the clocks can tell them. Of long ones there
// are fewer samples: enough is for all of one task.
const (
	least  = 20 * time.Millisecond
	enough = 3 * time.Second
)

// measure times a task over some rows and writes its figures. What it returns last is its answer.
func (s *sampler) measure(engine, task string, rows int, do func() (*Answer, error)) error {
	t, err := s.time(enough, do)
	if err != nil {
		return fmt.Errorf("%s, %s of %d: %w", engine, task, rows, err)
	}
	return s.tell(engine, task, rows, t)
}

// tell writes a figure for one processor and for two.
func (s *sampler) tell(engine, task string, rows int, all [processors]timed) error {
	for i, t := range all {
		err := s.out.Encode(Figure{
			Load: s.load, Engine: engine, Task: task, Firms: s.firms, Rows: rows, Processors: i + 1,
			CPU: t.cpu, Wall: t.wall, Answer: t.answer,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// timed is what one call took, in milliseconds, and came to.
type timed struct {
	cpu, wall float64
	answer    *Answer
}

// time calls once, so that what is made at first is made, and then measures.
func (s *sampler) time(enough time.Duration, do func() (*Answer, error)) (all [processors]timed, err error) {
	start := time.Now()
	answer, err := do()
	if err != nil {
		return all, err
	}
	return s.again(answer, time.Since(start), enough, do)
}

// again measures what was called once, came to an answer and took so long. Samples take little more than enough together.
func (s *sampler) again(answer *Answer, once, enough time.Duration, do func() (*Answer, error)) (all [processors]timed, err error) {
	for i := range all {
		all[i].answer = answer
	}
	once = max(once, time.Microsecond)
	times, samples := 1+int(least/once), min(s.samples, 1+int(enough/once))
	if samples == 0 {
		return all, nil
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for i := range all {
		runtime.GOMAXPROCS(i + 1)
		if all[i], err = sample(times, samples, do); err != nil {
			return all, err
		}
	}
	return all, nil
}

// sample takes so many samples of so many calls.
func sample(times, samples int, do func() (*Answer, error)) (t timed, err error) {
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
