package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

var benchmarkLine = regexp.MustCompile(`^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.*)$`)

// measureDecide runs the benchmarks that evaluate and decide, where they live, and repeats what they say.
func measureDecide(ctx context.Context, b *bench) error {
	return b.repeat("decide", "", exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", ".", "-benchtime", "2s", "./internal/rule/...", "./internal/policy/..."))
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
