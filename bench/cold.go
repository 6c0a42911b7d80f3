package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const coldFirms = 100_000

func measureCold(ctx context.Context, b *bench) error {
	if _, err := os.Stat(b.demoData(coldFirms)); err != nil {
		if _, _, output, err := watch(b.demoImport(ctx, coldFirms)); err != nil {
			return fmt.Errorf("%w\n%s", err, output)
		}
	}
	return b.coldStarts(ctx, "cold", coldFirms)
}

// coldStarts opens a demo that is there by a command that does nothing else, first from all rows, which saves the frame at
// its end, then from the saved frame. The processor's time tells more than the wall's where others are at work.
func (b *bench) coldStarts(ctx context.Context, part string, firms int) error {
	data := b.demoData(firms)
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
		b.note(part, "open and close "+thousands(firms)+" firms, from "+from, fmt.Sprintf("%s, %s of processor, %s", took, used(cmd), peak))
	}
	info, err := os.Stat(frame)
	if err != nil {
		return err
	}
	b.note(part, "the saved frame", fmt.Sprintf("%d MB", info.Size()>>20))
	return nil
}

// demoImport brings the sheets of a demo in and ends.
func (b *bench) demoImport(ctx context.Context, size int) *exec.Cmd {
	return exec.CommandContext(ctx, b.binary, "demo", "--lang", "en", "--data", b.demoData(size), "--size", fmt.Sprint(size), "--import-only")
}

// measureWide runs the benchmark of a frame with 300 figures of every firm, where it lives, and repeats what it says.
func measureWide(ctx context.Context, b *bench) error {
	for _, firms := range []string{"100000", "1000000"} {
		cmd := exec.CommandContext(ctx, "go", "test", "./internal/fact", "-run", "^$", "-bench", "OpenSaved", "-benchtime", "2x", "-timeout", "30m", "-firms", firms)
		if err := b.repeat("wide", firms+" firms: ", cmd); err != nil {
			return err
		}
	}
	return nil
}
