package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var benchmarkLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

// measureDecide runs the benchmarks that evaluate and decide, where they live, and repeats what they say.
func measureDecide(ctx context.Context, b *bench) error {
	return b.repeat("decide", "", exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchtime", "2s", "./internal/rule/...", "./internal/policy/..."))
}

// measureMoney runs the benchmarks of cases and money on both databases, where they live, and repeats what they say.
// PostgreSQL is one of its own, which waits for the disk as SQLite does.
func measureMoney(ctx context.Context, b *bench) error {
	env := append(os.Environ(), "YANZHEN_PG_FSYNC=on", "YANZHEN_PG_DIR="+filepath.Join(os.TempDir(), "yanzhen-bench-postgres"))
	postgres := func(what string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, "scripts/postgres.sh", what)
		cmd.Env, cmd.Stderr = env, os.Stderr
		return cmd.Output()
	}
	url, err := postgres("start")
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-p", "1", "-timeout", "0", "-run", "^$", "-bench", ".", "-benchtime", "5s", "./internal/ledger", "./internal/casework", "./internal/subsidy")
	cmd.Env = append(env, "YANZHEN_TEST_POSTGRES="+strings.TrimSpace(string(url)))
	err = b.repeat("money", "", cmd)
	_, stopped := postgres("stop")
	return errors.Join(err, stopped)
}

// repeat runs benchmarks of Go and notes each line of them.
func (b *bench) repeat(part, of string, cmd *exec.Cmd) error {
	output, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	for line := range strings.Lines(string(output)) {
		if m := benchmarkLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			b.note(part, of+m[1], strings.Join(strings.Fields(m[2]), " "))
		}
	}
	return nil
}
