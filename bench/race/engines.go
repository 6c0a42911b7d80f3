package race

import (
	"fmt"
	"io"
	"runtime/debug"
)

// engine is a way to work a load out in a process of this program.
type engine struct {
	load, name string
	most       int // firms that it can be given; 0 for any number
	run        func(*sampler) error
}

// memory is what a process of an engine is to keep to: the collector works harder before it passes that.
const memory = 16 << 30

// mostOfOthers is the most firms of all loads but One, whose facts take less room.
const mostOfOthers = 1_000_000

// engines are those of this program, the loops first: the others are held against them.
var engines = []engine{
	{One, "loops", 0, ofOne((*one).loops)},
	{One, "columns", 0, ofOne((*one).columns)},
	{One, "decisions", 1_000_000, ofOne((*one).decisions)},
	{One, "near", 100_000, ofOne((*one).nearMisses)},
	{One, "rows", 1_000_000, ofOne((*one).rows)},
	{One, "cel", 1_000_000, ofOne((*one).celRows)},
	{Thirty, "loops", mostOfOthers, ofThirty((*thirty).loops)},
	{Thirty, "columns", mostOfOthers, ofThirty((*thirty).columns)},
	{Thirty, "decisions", 10_000, ofThirty((*thirty).decisions)},
	{Stacking, "loops", mostOfOthers, ofStacking((*stacking).loops)},
	{Stacking, "columns", 100_000, ofStacking((*stacking).columns)},
}

func ofOne(run func(*one) error) func(*sampler) error {
	return func(s *sampler) error { return run(newOne(s)) }
}

func ofThirty(run func(*thirty) error) func(*sampler) error {
	return func(s *sampler) error { return run(newThirty(s)) }
}

func ofStacking(run func(*stacking) error) func(*sampler) error {
	return func(s *sampler) error { return run(newStacking(s)) }
}

// Child measures one engine in this process and writes a Figure a line.
func Child(name, load string, firms, samples int, to io.Writer) error {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(memory)
	for _, e := range engines {
		if e.name == name && e.load == load {
			return e.run(newSampler(to, load, firms, samples))
		}
	}
	return fmt.Errorf("no engine %q for %q", name, load)
}
