package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/period"
)

// MaxSize is the largest city: every name and code up to there is unique.
const MaxSize = 1_000_000

// Clock is the day on which the demo stands: the policy that it shows ended with 2024.
var Clock = period.Date(2024, 10, 31)

// Options say which city. The zero value is not one: Size must be 1 to MaxSize.
type Options struct {
	Seed uint64
	Size int // above-scale enterprises
}

// File is a sheet that an office sent. Files come in the order in which an importer should take them: who exists
// comes first, what is said about a project after the project.
type File struct {
	Path      string // of the file written
	Authority string // whose word it is, as content names authorities: statistics, tax, bank, finance, bureau, institute, public, enterprise
	Sender    string // the office
	Area      string // name of the county that sent it; "" for the city
	Title     string
	Period    period.Period // what the figures are about; Always where the columns or rows say it
	Rows      int           // records, without header, total and note
	SHA256    string        // of the file written, in hex
}

// Generate writes the sheets of a city into dir, which must exist, over what was there.
func Generate(ctx context.Context, dir string, opt Options) ([]File, error) {
	if opt.Size < 1 || opt.Size > MaxSize {
		return nil, fmt.Errorf("generate a city of %d: the size must be 1 to %d", opt.Size, MaxSize)
	}
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("generate a city: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("generate a city: %s is not a directory", dir)
	}
	c := city(opt)
	sheets := c.sheets()
	files := make([]File, len(sheets))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i, sh := range sheets {
		group.Go(func() error {
			file := sh.file
			file.Path = filepath.Join(dir, fmt.Sprintf("%02d_%s", i+1, sh.name))
			var err error
			if file.Rows, err = sh.write(ctx, file); err != nil {
				return fmt.Errorf("write %s: %w", file.Path, err)
			}
			if file.SHA256, err = digestOf(file.Path); err != nil {
				return err
			}
			files[i] = file
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return files, nil
}

// city is a seed and a size; its firms are computed when asked for, so that a million of them need no memory.
type city Options

// bodies is how many institutes and providers serve the city.
func (c city) bodies() int { return max(4, min(c.Size/60, 400)) }

// firms yields the firms from the first to before the last, until the context ends.
func (c city) firms(ctx context.Context, first, last int) func(func(firm) bool) {
	return func(yield func(firm) bool) {
		for n := first; n < last && ctx.Err() == nil; n++ {
			if !yield(cityFirm(c.Seed, n)) {
				return
			}
		}
	}
}

// sheet is a file to be written.
type sheet struct {
	name  string // of the file, without its number
	file  File
	write func(ctx context.Context, file File) (rows int, err error)
}

// volume is the most firms that one workbook speaks of: what is more goes on in a second. Only lists of which a firm has a
// line now and then cover the whole city in one, however large it is.
const volume = 100_000

// volumes cuts a listing of the whole city into workbooks.
func (c city) volumes(name string, file File, write func(ctx context.Context, file File, first, last int) (int, error)) []sheet {
	var all []sheet
	for first := 0; first < c.Size; first += volume {
		last := min(first+volume, c.Size)
		sh := sheet{name: name + ".xlsx", file: file}
		if c.Size > volume {
			sh.name = fmt.Sprintf("%s_第%d册.xlsx", name, first/volume+1)
		}
		sh.write = func(ctx context.Context, file File) (int, error) { return write(ctx, file, first, last) }
		all = append(all, sh)
	}
	return all
}

func (c city) sheets() []sheet {
	return slices.Concat(
		c.directory(),
		c.annual2022(), c.annual2023(), c.countyCSV(), c.monthly2024(), c.monthlyYears(), c.lastMonth(),
		c.evaluation(), c.dafengEvaluation(), c.diagnoses(),
		c.projectList(), c.otherAwards(),
		c.bankLists(), c.leaseList(),
		c.honourList(), c.serviceSales(), c.creditCheck(),
		c.taxedInput(), c.surveyedInvestment(), c.loanPurposes(), c.announcement(),
		c.selfAssessments(),
	)
}

// Showcase is the credit code of the firm to look at first: the first one inside the area of the city's fund with a
// transformation project, a loan for it and an honour, or, in a small city, with as much of that as any has.
func Showcase(opt Options) string {
	best, code := -1, ""
	for n := range opt.Size {
		f := cityFirm(opt.Seed, n)
		if !f.inCity() || misprinted(n) {
			continue
		}
		score := min(len(f.projects), 1) + min(len(f.loans), 1) + min(len(f.honours), 1)
		if score > best {
			best, code = score, f.code
		}
		if best == 3 {
			break
		}
	}
	if code == "" {
		code = cityFirm(opt.Seed, 0).code
	}
	return code
}

// Body is who a firm is, for sheets that others write.
type Body struct{ Code, Name, Area string }

// Firms yields the first firms of a seed, numbered from 0.
func Firms(seed uint64, size int) func(func(int, Body) bool) {
	return func(yield func(int, Body) bool) {
		for n := range size {
			f := cityFirm(seed, n)
			if !yield(n, Body{f.code, f.name, areas[f.area].name}) {
				return
			}
		}
	}
}
