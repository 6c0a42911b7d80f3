package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

const (
	importRows    = 100_000
	importColumns = 40
)

// bigBook writes the workbook that is imported and read: 100,000 firms with their code, name and area, and 37 yearly
// figures that the content defines. It is written once for a run.
func bigBook(b *bench) (string, error) {
	path := filepath.Join(b.work, "big.xlsx")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		return "", err
	}
	header := []any{"统一社会信用代码", "企业名称", "县（市、区）"}
	var defs []content.FactDef
	for _, d := range lib.FactDefs() {
		number := d.Type == content.Money || d.Type == content.Int || d.Type == content.Decimal
		if d.Subject == content.Enterprise && d.Period == period.Year && number && len(header) < importColumns {
			head := d.Name.ZH
			if d.Unit != "" {
				head += "（" + d.Unit + "）"
			}
			defs, header = append(defs, d), append(header, head)
		}
	}
	for year := 2022; len(header) < importColumns; year-- { // fewer definitions than columns: earlier years of the first ones
		for _, d := range defs {
			if len(header) < importColumns {
				header = append(header, fmt.Sprintf("%d年%s（%s）", year, d.Name.ZH, d.Unit))
			}
		}
	}
	book := excelize.NewFile()
	defer book.Close()
	w, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return "", err
	}
	if err := w.SetRow("A1", []any{"2023年企业主要指标"}); err != nil {
		return "", err
	}
	if err := w.SetRow("A2", header); err != nil {
		return "", err
	}
	row := make([]any, importColumns)
	for i, firm := range demo.Firms(1, importRows) {
		row[0], row[1], row[2] = firm.Code, firm.Name, firm.Area
		for c := 3; c < importColumns; c++ {
			row[c] = (i*7919 + c*104729) % 6 // few definitions bound a figure below that
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+3), row); err != nil {
			return "", err
		}
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return path, book.SaveAs(path)
}

func measureImport(ctx context.Context, b *bench) error {
	path, err := bigBook(b)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, b.binary, "import", "--lang", "en", "--data", filepath.Join(b.work, "import"), "--sender", "bench", "--authority", "statistics", "--area", "320900", path)
	took, peak, output, err := watch(cmd)
	if err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	fmt.Fprint(os.Stderr, string(output))
	b.note("import", fmt.Sprintf("%d × %d, preview and commit", importRows, importColumns), took)
	b.note("import", "peak memory", peak)
	return nil
}

// measureRead runs each reader in a process of its own, so that its peak memory is its own.
func measureRead(ctx context.Context, b *bench) error {
	path, err := bigBook(b)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, reader := range []string{"sheet", "excelize"} {
		took, peak, output, err := watch(exec.CommandContext(ctx, self, "child", reader, path))
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", reader, err, output)
		}
		b.note("read", reader+", every cell of the same workbook", took)
		b.note("read", reader+", peak memory", peak)
	}
	return nil
}

// readChild reads every cell of a workbook with one of the readers.
func readChild(reader, path string) error {
	cells := 0
	switch reader {
	case "sheet":
		book, err := sheet.Open(path, filepath.Base(path), sheet.Limits{})
		if err != nil {
			return err
		}
		defer book.Close()
		err = book.Rows(context.Background(), 0, func(r *sheet.Row) error {
			cells += len(r.Cells)
			return nil
		})
		if err != nil {
			return err
		}
	case "excelize":
		book, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true})
		if err != nil {
			return err
		}
		defer book.Close()
		rows, err := book.Rows("Sheet1")
		if err != nil {
			return err
		}
		for rows.Next() {
			row, err := rows.Columns()
			if err != nil {
				return err
			}
			cells += len(row)
		}
		if err := errors.Join(rows.Error(), rows.Close()); err != nil {
			return err
		}
	}
	if cells < importRows*importColumns {
		return fmt.Errorf("%s read %d cells, want %d", reader, cells, importRows*importColumns)
	}
	return nil
}

// watch runs a command to its end: how long it took and the most memory that it held. The system's own figure (ru_maxrss)
// would do for neither: a child inherits it from the process that forks it.
func watch(cmd *exec.Cmd) (took, peak string, output []byte, err error) {
	var all bytes.Buffer
	cmd.Stdout, cmd.Stderr = &all, &all
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return "", "", nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			return time.Since(start).Round(10 * time.Millisecond).String(), peak, all.Bytes(), err
		case <-tick.C:
			if p := peakOf(cmd.Process.Pid); p != "" {
				peak = p
			}
		}
	}
}

// peakOf is the most memory that a process has held so far; "" when it has ended.
func peakOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if kb, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.Fields(kb)[0])
			if err != nil {
				return ""
			}
			return fmt.Sprintf("%d MB", n>>10)
		}
	}
	return ""
}
