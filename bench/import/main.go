// Command import measures how a large sheet goes in: it writes a workbook, receives it into an empty SQLite database,
// waits for the preview, commits it and previews it once more beside what is known then, all through package intake, and
// prints what each step cost.
//
//	go run ./bench/import                      100,000 rows × 40 columns
//	go run ./bench/import -rows 20000 -cpu f   fewer rows, with a profile of the processor
//
// The workbook is written and the import runs in processes of their own, so that the peak memory is the import's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/xuri/excelize/v2"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

var (
	rows    = flag.Int("rows", 100_000, "firms in the workbook, one a row")
	columns = flag.Int("columns", 40, "columns of the workbook")
	dir     = flag.String("dir", "", "work here and leave everything; otherwise in a temporary directory")
	cpu     = flag.String("cpu", "", "write a profile of the processor to this file")
	heap    = flag.String("heap", "", "write a profile of all allocations to this file")
	step    = flag.String("step", "", "run one step in this process: write or take")
)

func main() {
	flag.Parse()
	var err error
	switch *step {
	case "write":
		err = write(filepath.Join(*dir, "big.xlsx"))
	case "take":
		err = take(context.Background())
	default:
		err = both()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// both runs each step in a process of its own.
func both() (err error) {
	if *dir == "" {
		if *dir, err = os.MkdirTemp("", "yanzhen-import"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(*dir)) }()
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, name := range []string{"write", "take"} {
		args := []string{"-step", name, "-dir", *dir, "-rows", strconv.Itoa(*rows), "-columns", strconv.Itoa(*columns)}
		if name == "take" {
			args = append(args, "-cpu", *cpu, "-heap", *heap)
		}
		cmd := exec.Command(self, args...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// write makes a workbook as a statistics office would send it: code, name, area and industry of a firm, then figures of
// all types that the content defines, and further years of the yearly ones until there are enough columns.
func write(path string) error {
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		return err
	}
	book := excelize.NewFile()
	defer book.Close()
	styles := map[content.Type]int{}
	for t, format := range map[content.Type]string{content.Money: "#,##0.00", content.Rate: "0.00%", content.Date: "yyyy/m/d"} {
		if styles[t], err = book.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return err
		}
	}
	header := []any{"统一社会信用代码", "企业名称", "县（市、区）", "行业代码"}
	var defs []content.FactDef
	for year := 2023; len(header) < *columns; year-- {
		for _, d := range lib.FactDefs() {
			timeless := d.Period == period.Always
			switch {
			case d.Subject != content.Enterprise, d.Type == content.Code, d.Max != nil, timeless && year < 2023, len(header) == *columns:
				continue
			}
			head := d.Name.ZH
			if !timeless {
				head = strconv.Itoa(year) + "年" + head
			}
			if d.Unit != "" {
				head += "（" + d.Unit + "）"
			}
			header, defs = append(header, head), append(defs, d)
		}
	}
	w, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	if err := errors.Join(w.SetRow("A1", []any{"企业主要指标"}), w.SetRow("A2", header)); err != nil {
		return err
	}
	row := make([]any, len(header))
	for i, firm := range demo.Firms(1, *rows) {
		row[0], row[1], row[2], row[3] = firm.Code, firm.Name, firm.Area, "34"
		for c, d := range defs {
			row[4+c] = cell(d, styles[d.Type], i, c)
		}
		if err := w.SetRow("A"+strconv.Itoa(i+3), row); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return book.SaveAs(path)
}

func cell(d content.FactDef, style, i, c int) any {
	n := (i*7919 + c*104729) % 1_000_000
	switch d.Type {
	case content.Money:
		return excelize.Cell{StyleID: style, Value: float64(n+1) / 100}
	case content.Rate:
		return excelize.Cell{StyleID: style, Value: float64(n%10_000) / 10_000}
	case content.Date:
		return excelize.Cell{StyleID: style, Value: 40_000 + n%5_000}
	case content.Decimal:
		return float64(n%10_000) / 10
	case content.Bool:
		return []any{"是", "否"}[n%2]
	case content.Text:
		return "盐城市某路" + strconv.Itoa(n) + "号"
	}
	return n % 5_000
}

// spent is what the process has used since a moment.
type spent struct {
	at  time.Time
	cpu time.Duration
}

func now() spent {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return spent{time.Now(), time.Duration(u.Utime.Nano() + u.Stime.Nano())}
}

func (s *spent) tell(what string) {
	n := now()
	fmt.Printf("| %-8s | %7.2f s | %7.2f s | %s |\n", what, n.at.Sub(s.at).Seconds(), (n.cpu - s.cpu).Seconds(), peak())
	*s = n
}

// peak is the largest resident size of the process so far.
func peak() string {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "?"
	}
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	kb, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	n, err := strconv.Atoi(kb)
	if err != nil {
		return "?"
	}
	return strconv.Itoa(n/1024) + " MB"
}

// again previews the same workbook beside all that is known of it now.
func again(ctx context.Context, s *intake.Service, file *os.File, each *spent) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	scope := access.SystemScope()
	b, err := s.Receive(ctx, scope, intake.Upload{Name: "again.xlsx", Sender: "bench", Authority: "statistics", Area: "320900", Body: file})
	if err != nil {
		return err
	}
	if b, err = s.Wait(ctx, scope, b.ID); err != nil {
		return err
	}
	each.tell("again")
	if b.Preview.Twin == "" || b.Preview.Counts[intake.New] != 0 {
		return fmt.Errorf("the same file again is %+v", b.Preview.Counts)
	}
	return nil
}

// take brings the workbook in.
func take(ctx context.Context) (err error) {
	lib, err := content.Load(contentdata.FS)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(*dir, "import.db"),
		[]store.Migrations{source.Migrations, party.Migrations, fact.Migrations, intake.Migrations})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	clk := clock.System()
	sources := source.New(db, clk)
	parties := party.NewStore(db, sources)
	facts := fact.NewStore(db, sources, lib)
	frames, err := fact.Open(ctx, facts, parties, clk)
	if err != nil {
		return err
	}
	blobs, err := blob.Open(filepath.Join(*dir, "files"))
	if err != nil {
		return err
	}
	s, err := intake.Start(ctx, intake.Deps{
		DB: db, Blobs: blobs, Library: lib, Sources: sources, Parties: parties, Facts: facts, Frames: frames, Clock: clk,
		Report: func(err error) { fmt.Fprintln(os.Stderr, err) },
	}, true)
	if err != nil {
		return err
	}
	defer s.Close()
	file, err := os.Open(filepath.Join(*dir, "big.xlsx"))
	if err != nil {
		return err
	}
	defer file.Close()
	if *cpu != "" {
		f, err := os.Create(*cpu)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Printf("%d rows × %d columns, SQLite\n\n| step     | wall      | processor | peak so far |\n|---|---|---|---|\n", *rows, *columns)
	all, each := now(), now()
	scope := access.SystemScope()
	b, err := s.Receive(ctx, scope, intake.Upload{Name: "big.xlsx", Sender: "bench", Authority: "statistics", Area: "320900", Body: file})
	if err != nil {
		return err
	}
	each.tell("receive")
	if b, err = s.Wait(ctx, scope, b.ID); err != nil {
		return err
	}
	each.tell("preview")
	if b.State == intake.Ready && !b.Preview.Stops() {
		if b, err = s.Commit(ctx, scope, b.ID); err != nil {
			return err
		}
		if b, err = s.Wait(ctx, scope, b.ID); err != nil {
			return err
		}
		each.tell("commit")
		all.tell("all")
		if err := again(ctx, s, file, &each); err != nil {
			return err
		}
	}
	fmt.Printf("\n%s: %d rows, %d statements, %d left out\n", b.State, b.Preview.Rows, b.Preview.Cells, b.Preview.LeftOut())
	for _, p := range b.Preview.Problems {
		fmt.Printf("  %s ×%d %s: %s\n", p.Severity, p.Count, p.Column, p.Examples[0].Msg)
	}
	if *heap != "" {
		f, err := os.Create(*heap)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.Lookup("allocs").WriteTo(f, 0); err != nil {
			return err
		}
	}
	if b.State != intake.Committed {
		return fmt.Errorf("batch is %s: %s", b.State, b.Failure)
	}
	return nil
}
