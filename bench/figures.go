package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// measureFigures runs the benchmarks of monitor. PostgreSQL takes part where YANZHEN_TEST_POSTGRES says where it is, DuckDB where the race has set
// it up.
func measureFigures(ctx context.Context, b *bench) error {
	cmd := exec.CommandContext(ctx, "go", "test", "./internal/monitor", "-run", "^$", "-bench", "Figures|Questions", "-benchtime", "3x", "-timeout", "30m")
	cmd.Env = append(os.Environ(), "YANZHEN_BENCH_FIRMS=100000")
	duck, err := filepath.Abs(filepath.Join("bench", "out", "peers", "DuckDB"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(duck, "node_modules")); err == nil {
		cmd.Env = append(cmd.Env, "YANZHEN_BENCH_DUCKDB="+duck)
	}
	return b.repeat("figures", "100,000 firms: ", cmd)
}

// measureFigurePages asks for the pages that are made of figures.
func measureFigurePages(ctx context.Context, b *bench) error {
	const size = 100_000
	s, err := startDemo(ctx, b, size)
	if err != nil {
		return err
	}
	name := "figures-" + strconv.Itoa(size)
	client, err := s.signIn("city")
	if err == nil {
		err = s.measureAll(ctx, b, client, name, []page{
			{"map", []string{"/map", "/map?indicator=completed_share", "/map?indicator=above_scale_firms", "/map?indicator=output"}},
			{"pivot", []string{"/pivot", "/pivot?indicator=completed_share&rows=county&cols=ent.size", "/pivot?indicator=output&rows=trade&cols=county"}},
			{"figure", []string{"/figures/completed_share", "/figures/output"}},
			{"cockpit", []string{"/cockpit"}},
		})
		b.note(name, "peak memory", peakOf(s.cmd.Process.Pid))
	}
	return errors.Join(err, s.stop())
}
