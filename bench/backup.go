package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

const bulkFile = 4 << 20 // bytes of a file

// measureBackup makes an installation of b.size bytes, four fifths of it in the database and one in files, and backs it up,
// verifies and restores it; beside cp, and SQLite's own copy (VACUUM INTO), in the same run.
func measureBackup(ctx context.Context, b *bench) error {
	data := filepath.Join(b.work, "backup-data")
	if err := b.fillInstallation(ctx, data, b.size); err != nil {
		return err
	}
	size, err := sizeOf(data)
	if err != nil {
		return err
	}
	info, err := os.Stat(filepath.Join(data, "yanzhen.db"))
	if err != nil {
		return err
	}
	b.note("backup", "installation", fmt.Sprintf("%d MB, of it %d MB in the database", size>>20, info.Size()>>20))
	speed := func(what string, size int64, cmd *exec.Cmd) error {
		begun := time.Now()
		took, peak, output, err := watch(cmd)
		seconds := time.Since(begun).Seconds()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", what, err, output)
		}
		b.note("backup", what, fmt.Sprintf("%s, %.0f MB/s, %s of processor, %s", took, float64(size)/(1<<20)/seconds, used(cmd), peak))
		return nil
	}
	at := func(name string) string { return filepath.Join(b.work, name) }
	for _, run := range []struct {
		what string
		size int64
		cmd  *exec.Cmd
	}{
		{"cp -r, and sync", size, exec.CommandContext(ctx, "sh", "-c", `cp -r "$0" "$1" && sync -f "$1"`, data, at("backup-cp"))},
		{"VACUUM INTO of the database alone", info.Size(), exec.CommandContext(ctx, os.Args[0], "child", "vacuum", filepath.Join(data, "yanzhen.db"), at("backup-vacuum"))},
		{"yanzhen backup: copied, read back, looked over", size, exec.CommandContext(ctx, b.binary, "backup", "--data", data, at("backup-made"))},
		{"yanzhen restore: copied, every file compared", size, exec.CommandContext(ctx, b.binary, "restore", "--data", at("backup-back"), at("backup-made"))},
	} {
		if err := speed(run.what, run.size, run.cmd); err != nil {
			return err
		}
		for _, name := range []string{"backup-cp", "backup-vacuum", "backup-back"} { // the disk need not hold all of them
			if err := os.RemoveAll(at(name)); err != nil {
				return err
			}
		}
	}
	if err := os.RemoveAll(at("backup-made")); err != nil {
		return err
	}
	if err := b.scheduledBackups(ctx, data, at("backup-place"), size); err != nil {
		return err
	}
	if err := speed("yanzhen restore --at: the backup and its journal, looked over", size, exec.CommandContext(ctx, b.binary, "restore", "--data", at("backup-back"), "--at", "2099-01-01T00:00", at("backup-place"))); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(data), os.RemoveAll(at("backup-place")), os.RemoveAll(at("backup-back")))
}

var tookMillis = regexp.MustCompile(`backup verified.* took_ms=(\d+)`)

// scheduledBackups serves the installation with a schedule until two backups were verified: the first brings the files, the second
// finds them there and proves the journal besides.
func (b *bench) scheduledBackups(ctx context.Context, data, place string, size int64) error {
	cmd := exec.CommandContext(ctx, b.binary, "serve", "--lang", "en", "--data", data, "--listen", "127.0.0.1:0", "--backup-to", place, "--backup-every", "1s", "--backup-keep", "1")
	log, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var said bytes.Buffer
	verified := 0
	for lines := bufio.NewScanner(io.TeeReader(log, &said)); verified < 2 && lines.Scan(); {
		m := tookMillis.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		ms, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		verified++
		what := []string{"scheduled: backed up, restored, every page and index and the ledger looked over", "the same again, with the journal since the first proven"}[verified-1]
		b.note("backup", what, fmt.Sprintf("%.1f s, %.0f MB/s", float64(ms)/1000, float64(size)/(1<<20)/(float64(ms)/1000)))
	}
	go io.Copy(io.Discard, log) //nolint:errcheck // it ends with the process
	stopped := cmd.Process.Signal(syscall.SIGTERM)
	err = cmd.Wait()
	if verified < 2 {
		return errors.Join(err, stopped, fmt.Errorf("%d backups were verified: %s", verified, &said))
	}
	return nil
}

// fillInstallation makes a data directory of about so many bytes.
func (b *bench) fillInstallation(ctx context.Context, data string, size int64) error {
	if out, err := exec.CommandContext(ctx, b.binary, "account", "create", "--data", data, "bench").CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	random := rand.NewChaCha8([32]byte{1})
	if err := storetest.Fill(ctx, filepath.Join(data, "yanzhen.db"), size*4/5, random); err != nil {
		return err
	}
	files, err := blob.Open(filepath.Join(data, "files"))
	if err != nil {
		return err
	}
	for n := int64(0); n < size/5; n += bulkFile {
		if _, _, err := files.Put(io.LimitReader(random, bulkFile), bulkFile); err != nil {
			return err
		}
	}
	return nil
}

// vacuumChild copies a database by SQLite's own means.
func vacuumChild(from, to string) (err error) {
	db, err := sql.Open("sqlite", "file:"+from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.Exec(`VACUUM INTO $1`, to); err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// parseSize reads a number of bytes, such as 200M or 5G.
func parseSize(s string) (int64, error) {
	unit := int64(1)
	for suffix, by := range map[string]int64{"M": 1 << 20, "G": 1 << 30} {
		if rest, ok := strings.CutSuffix(s, suffix); ok {
			s, unit = rest, by
		}
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("-size wants a number of bytes such as 5G, not %q", s)
	}
	return n * unit, nil
}
