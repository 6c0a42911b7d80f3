package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const coldFirms = 100_000

// measureCold opens the demo of 100,000 firms by a command that does nothing else, first from all rows, which saves the
// frame at its end, then from the saved frame. The processor's time tells more than the wall's where others are at work.
func measureCold(ctx context.Context, b *bench) error {
	data := b.demoData(coldFirms)
	if _, err := os.Stat(data); err != nil {
		if _, _, output, err := watch(b.demoImport(ctx, coldFirms)); err != nil {
			return fmt.Errorf("%w\n%s", err, output)
		}
	}
	frame := filepath.Join(data, "yanzhen.db.frame")
	if err := os.Remove(frame); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, from := range []string{"all rows", "the saved frame"} {
		cmd := exec.CommandContext(ctx, b.binary, "account", "list", "--lang", "en", "--data", data)
		took, peak, output, err := watch(cmd)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, output)
		}
		used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		b.note("cold", "open and close 100,000 firms, from "+from, fmt.Sprintf("%s, %s of processor, %s", took, used.Round(10*time.Millisecond), peak))
	}
	info, err := os.Stat(frame)
	if err != nil {
		return err
	}
	b.note("cold", "the saved frame", fmt.Sprintf("%d MB", info.Size()>>20))
	return nil
}

// demoImport brings the sheets of a demo in and ends.
func (b *bench) demoImport(ctx context.Context, size int) *exec.Cmd {
	return exec.CommandContext(ctx, b.binary, "demo", "--lang", "en", "--data", b.demoData(size), "--size", fmt.Sprint(size), "--import-only")
}

// measureWide runs the benchmark of a frame with 300 figures of every firm, where it lives, and repeats what it says.
func measureWide(ctx context.Context, b *bench) error {
	for _, firms := range []string{"100000", "1000000"} {
		cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "OpenSaved", "-benchtime", "2x", "-firms", firms, "./internal/fact")
		if err := b.repeat("wide", firms+" firms: ", cmd); err != nil {
			return err
		}
	}
	return nil
}
