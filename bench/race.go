package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/bench/race"
)

// raceSamples is how often each task is measured.
const raceSamples = 7

// measureRace races our engine with others that work out the same clauses. The whole table goes to bench/out/race.md.
func measureRace(ctx context.Context, b *bench) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o := race.Options{Samples: raceSamples, Self: self, Work: b.work, Peers: filepath.Join("bench", "out", "peers")}
	for _, text := range strings.Split(b.sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is no number of firms", text)
		}
		o.Firms = append(o.Firms, n)
	}
	r, err := race.Run(ctx, o)
	for i := range r.Figures {
		f := &r.Figures[i]
		if f.Note != "" {
			b.note("race", f.String(), f.Note)
			continue
		}
		b.results = append(b.results, result{"race", f.String(), f.Times()})
	}
	for _, g := range r.Gates() {
		b.note("race", g.What, g.Value)
	}
	for _, left := range r.Left {
		b.note("race", "left out", left)
	}
	table := r.Table()
	fmt.Printf("\n%s\n", table)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join("bench", "out", "race.md"), []byte(table), 0o644)
}

// raceChild measures one engine in this process: ENGINE LOAD FIRMS SAMPLES.
func raceChild(args []string) error {
	if len(args) != 4 {
		return fmt.Errorf("race: want 4 arguments, got %q", args)
	}
	firms, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	samples, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	return race.Child(args[0], args[1], firms, samples, os.Stdout)
}
