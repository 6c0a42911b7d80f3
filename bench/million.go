package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/api"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/enrol"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

const million = 1_000_000

// measureMillion writes the sheets of a million firms, brings them in, starts once more, and opens what is there from all
// rows and from the saved frame; each in a process of its own.
func measureMillion(ctx context.Context, b *bench) error {
	data := b.demoData(million)
	sheets := filepath.Join(data, "sheets")
	if err := os.MkdirAll(sheets, 0o700); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	run := func(what string, cmd *exec.Cmd) (time.Duration, error) {
		start := time.Now()
		took, peak, output, err := watch(cmd)
		if err != nil {
			return 0, fmt.Errorf("%s: %w\n%s", what, err, output)
		}
		b.note("million", what, fmt.Sprintf("%s, %s of processor, %s", took, used(cmd), peak))
		return time.Since(start), nil
	}
	if _, err := run("sheets written", exec.CommandContext(ctx, self, "child", "sheets", sheets)); err != nil {
		return err
	}
	size, err := sizeOf(sheets)
	if err != nil {
		return err
	}
	b.note("million", "sheets, size", fmt.Sprintf("%d MB", size>>20))
	took, err := run("brought in", b.demoImport(ctx, million))
	if err != nil {
		return err
	}
	rows, err := rowsIn(ctx, filepath.Join(data, "yanzhen.db"))
	if err != nil {
		return err
	}
	b.note("million", "statements, names, codes and memberships", fmt.Sprintf("%d, %d a second", rows, int64(float64(rows)/took.Seconds())))
	if _, err := run("second start", b.demoImport(ctx, million)); err != nil {
		return err
	}
	return b.coldStarts(ctx, "million", million)
}

// sheetsChild writes the sheets of a million firms.
func sheetsChild(dir string) error {
	_, err := demo.Sheets(context.Background(), dir, demo.Options{Seed: 1, Size: million}, nil)
	return err
}

// rowsIn is how many rows all sources of a database have.
func rowsIn(ctx context.Context, file string) (rows int64, err error) {
	db, err := store.Open(ctx, "sqlite:"+file, []store.Migrations{
		audit.Migrations,
		access.Migrations, source.Migrations, party.Migrations, fact.Migrations, intake.Migrations, version.Migrations, enrol.Migrations, api.Migrations,
	})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	page := source.Page{Limit: 500}
	for {
		list, err := source.New(db, clock.System()).List(ctx, access.SystemScope(), page)
		if err != nil || len(list) == 0 {
			return rows, err
		}
		for _, s := range list {
			rows += s.Rows
			page.Before = s.ID
		}
	}
}

// sizeOf is how many bytes the files in a directory have.
func sizeOf(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

// used is how long a command that has ended kept the processors busy.
func used(cmd *exec.Cmd) string {
	return (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Round(10 * time.Millisecond).String()
}

func thousands(n int) string { return strconv.Itoa(n/1000) + ",000" }
