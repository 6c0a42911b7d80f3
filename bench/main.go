// Command bench measures the product from outside: it builds the binary, gives it files and asks it for pages, and
// writes what came out to bench/out/report.json and, as a table, to standard output. Everything is bounded in count
// and in time, listens on loopback and works in a directory of its own.
//
//	go run ./bench             every part but those that take half an hour and more
//	go run ./bench -list       what the parts are
//	go run ./bench -only NAME  one part; several are separated by commas
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// part is one measurement.
type part struct {
	name, about string
	run         func(context.Context, *bench) error
}

var parts = []part{
	{"import", "100,000 rows × 40 columns through `yanzhen import` into SQLite: time and peak memory", measureImport},
	{"read", "the same workbook read by our scanner and by excelize: time and peak memory", measureRead},
	{"decide", "row decisions with full trace, and a region in one pass (Go benchmarks of policy and policy/region)", measureDecide},
	{"demo", "from the start of `yanzhen demo` to /healthz, 3,000 firms, first and second start", measureDemo},
	{"pages-3000", "pages and API, 3,000 firms, 50 readers", func(ctx context.Context, b *bench) error { return measurePages(ctx, b, 3000) }},
	{"pages-100000", "pages and API, 100,000 firms, 50 readers", func(ctx context.Context, b *bench) error { return measurePages(ctx, b, 100_000) }},
	{"figures", "all indicators for every county and city in 36 months, and three questions beside PostgreSQL and DuckDB over flat tables, 100,000 firms (Go benchmarks of monitor)", measureFigures},
	{"figure-pages", "the map, the pivot, a figure and the cockpit, 100,000 firms, 50 readers", measureFigurePages},
	{"lab", "the policy laboratory in Chromium, 100,000 firms: from the move of a slider to the figures drawn", measureLab},
	{"cold", "the demo of 100,000 firms opened from all rows and from the saved frame", measureCold},
	{"race", "the region of a policy against loops written by hand, cel-go, DuckDB and OpenFisca: bench/race (-sizes)", measureRace},
	{"money", "cases and money on SQLite and PostgreSQL: transitions a second, pages over a million events, a round over 100,000 firms, a batch granted (Go benchmarks of ledger, casework and subsidy)", measureMoney},
	{"wide", "a frame of 100 figures in each of 3 years opened from its file, 100,000 and 1,000,000 firms (Go benchmark of fact; 10 GB of memory)", measureWide},
}

// long are those that take half an hour and more, and run only when they are named.
var long = []part{
	{"assess", "self-assessments handed in through the API, 3,000 firms, 50 programs (-submissions 60000)", measureAssess},
	{"backup", "an installation backed up, verified and restored, beside cp and VACUUM INTO (-size 5G; four times that of disk; -limit 2h)", measureBackup},
	{"million", "the sheets of a demo of 1,000,000 firms written, brought in and opened again (12 GB of disk; -limit 2h)", measureMillion},
}

// result is one figure.
type result struct {
	Part  string `json:"part"`
	What  string `json:"what"`
	Value string `json:"value"`
}

// bench is a run.
type bench struct {
	work    string // directory of this run
	binary  string
	sizes   string // of the race
	size    int64  // of an installation to back up, bytes
	results []result

	submissions int    // of self-assessments
	demos       string // where demonstrations are made
}

func (b *bench) note(part, what, value string) {
	b.results = append(b.results, result{part, what, value})
	fmt.Printf("| %s | %s | %s |\n", part, what, value)
}

func main() {
	if len(os.Args) > 3 && os.Args[1] == "child" {
		if err := child(os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	list := flag.Bool("list", false, "tell the parts and stop")
	only := flag.String("only", "", "names of the parts to run, separated by commas")
	limit := flag.Duration("limit", 30*time.Minute, "stop after this long")
	sizes := flag.String("sizes", "10000,100000,1000000", "numbers of firms of the race, separated by commas")
	size := flag.String("size", "5G", "of the installation that is backed up, such as 200M or 5G")
	submissions := flag.Int("submissions", 60_000, "how many self-assessments are handed in")
	demos := flag.String("demos", "", "directory in which demonstrations are made and stay, so that the next run need not make them")
	flag.Parse()
	if *list {
		for _, p := range slices.Concat(parts, long) {
			fmt.Printf("%-14s %s\n", p.name, p.about)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	if err := run(ctx, *only, *sizes, *size, *submissions, *demos); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// child does what is measured in a process of its own.
func child(what string, args []string) error {
	switch what {
	case "race":
		return raceChild(args)
	case "vacuum":
		return vacuumChild(args[0], args[1])
	case "sheets":
		return sheetsChild(args[0])
	}
	return readChild(what, args[0])
}

func run(ctx context.Context, only, sizes, size string, submissions int, demos string) error {
	bytes, err := parseSize(size)
	if err != nil {
		return err
	}
	chosen := parts
	if only != "" {
		names := strings.Split(only, ",")
		chosen = slices.DeleteFunc(slices.Concat(parts, long), func(p part) bool { return !slices.Contains(names, p.name) })
		if len(chosen) != len(names) {
			return fmt.Errorf("no such part among %q; -list tells them", only)
		}
	}
	out := filepath.Join("bench", "out")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(out, "run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b := &bench{work: work, binary: filepath.Join(work, "yanzhen"), sizes: sizes, size: bytes, submissions: submissions, demos: cmp.Or(demos, work)}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.binary, "./cmd/yanzhen")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the product: %w", err)
	}
	fmt.Printf("| part | what | value |\n|---|---|---|\n")
	b.note("machine", "processors, system", fmt.Sprintf("%d × %s, %s/%s, %s", runtime.NumCPU(), processor(), runtime.GOOS, runtime.GOARCH, runtime.Version()))
	for _, p := range chosen {
		if err := p.run(ctx, b); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	report, err := json.MarshalIndent(b.results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "report.json"), append(report, '\n'), 0o644)
}

// processor is what the system calls it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
