package demo

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	contentdata "github.com/yanzhen/yanzhen/content"
	"github.com/yanzhen/yanzhen/internal/money"
)

var update = flag.Bool("update", false, "rewrite testdata")

func generate(t testing.TB, opt Options) []File {
	t.Helper()
	files, err := Generate(context.Background(), t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestSummary holds the city of seed 1: how many firms where and in what, and what each sheet says in sum. The sums
// are read back out of the files, by a reader that is not ours.
func TestSummary(t *testing.T) {
	c := city{Seed: 1, Size: 200}
	var b strings.Builder
	byArea, projects, loans, honours := make([]int, len(areas)), 0, 0, 0
	var effective, lent money.Fen
	for f := range c.firms(context.Background(), 0, c.Size) {
		byArea[f.area]++
		projects += len(f.projects)
		loans += len(f.loans)
		honours += len(f.honours)
		for _, p := range f.projects {
			for _, y := range p.years {
				effective += y.effective
			}
		}
		for _, l := range f.loans {
			lent += l.amount
		}
		if f.number < 5 {
			fmt.Fprintf(&b, "%s %s %s %s\n", f.code, f.name, areas[f.area].name, trades[f.trade].name)
		}
	}
	fmt.Fprintf(&b, "projects %d with %s 万元 of effective input, loans %d of %s 万元, honours %d\n", projects, effective.In(money.Wan), loans, lent.In(money.Wan), honours)
	for i, n := range byArea {
		fmt.Fprintf(&b, "%s %d\n", areas[i].name, n)
	}
	for _, f := range generate(t, Options(c)) {
		fmt.Fprintf(&b, "%s | %s | %s | %s | %s | %d rows | %x\n", filepath.Base(f.Path), f.Authority, f.Sender, f.Title, f.Period, f.Rows, digest(t, f.Path))
	}
	golden := filepath.Join("testdata", "summary.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("city of seed 1 (-want +got):\n%s", diff)
	}
}

// digest is of what a file says, cell by cell, so that a new release of the writer does not change it.
func digest(t *testing.T, path string) []byte {
	t.Helper()
	h := sha256.New()
	if filepath.Ext(path) == ".csv" {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		h.Write(b)
		return h.Sum(nil)[:6]
	}
	for _, sheet := range cells(t, path) {
		for _, row := range sheet {
			fmt.Fprintf(h, "%q\n", row)
		}
	}
	return h.Sum(nil)[:6]
}

func cells(t *testing.T, path string) (sheets [][][]string) {
	t.Helper()
	book, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	for _, name := range book.GetSheetList() {
		rows, err := book.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		sheets = append(sheets, rows)
	}
	return sheets
}

func TestSameBytes(t *testing.T) {
	a, b := generate(t, Options{Seed: 7, Size: 60}), generate(t, Options{Seed: 7, Size: 60})
	for i := range a {
		one, err := os.ReadFile(a[i].Path)
		if err != nil {
			t.Fatal(err)
		}
		two, err := os.ReadFile(b[i].Path)
		if err != nil {
			t.Fatal(err)
		}
		if string(one) != string(two) {
			t.Errorf("%s differs from one making to the next", filepath.Base(a[i].Path))
		}
	}
}

// TestTotals checks that the total rows of the annual sheets are the sums of what stands above or below them.
func TestTotals(t *testing.T) {
	for _, tc := range []struct {
		file, head, total string
		name, money       int
	}{
		{"规上工业企业主要指标_2022年", "统一社会信用代码", "合计", 2, 7},
		{"B203_规上工业企业_2023年", "统一社会信用代码", "总计", 1, 6},
		{"演示农村商业银行贷款清单", "统一社会信用代码", "合计", 0, 8},
	} {
		t.Run(tc.file, func(t *testing.T) {
			files := generate(t, Options{Seed: 3, Size: 150})
			i := slices.IndexFunc(files, func(f File) bool { return strings.Contains(filepath.Base(f.Path), tc.file) })
			var sum, total money.Fen
			rows := 0
			for _, row := range cells(t, files[i].Path)[0] {
				if len(row) <= tc.money {
					continue
				}
				v, err := money.ParseIn(row[tc.money], money.Yuan)
				switch {
				case err != nil:
				case row[tc.name] == tc.total:
					total = v
				default:
					sum += v
					rows++
				}
			}
			if sum != total || rows != files[i].Rows {
				t.Errorf("rows: %d, of which the file tells %d; they add up to %s, the total row says %s", rows, files[i].Rows, sum, total)
			}
		})
	}
}

func TestCreditCodes(t *testing.T) {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	sound := func(code string) bool { // GB 32100-2015, written again from the standard
		sum, weight := 0, 1
		for _, r := range code[:17] {
			sum += strings.IndexRune(alphabet, r) * weight
			weight = weight * 3 % 31
		}
		return code[17] == alphabet[(31-sum%31)%31]
	}
	for _, real := range []string{"91512081MA62K0260E", "91350100M000100Y43"} {
		if !sound(real) {
			t.Fatalf("the test's own check refuses %s", real)
		}
	}
	synthetic := regexp.MustCompile(`^9199[0-9]{4}[0-9A-HJ-NPQRTUWXY]{10}$`)
	wrong := 0
	for f := range (city{Seed: 2, Size: 5000}).firms(context.Background(), 0, 5000) {
		if !synthetic.MatchString(f.code) {
			t.Fatalf("%s is not a code of no province", f.code)
		}
		if !sound(f.code) {
			wrong++
		}
	}
	if wrong != 5 {
		t.Errorf("%d of 5000 codes fail their check, want the 5 that are meant to", wrong)
	}
}

// TestOrganisationCode has the vectors of GB 11714: real codes, inside sound credit codes.
func TestOrganisationCode(t *testing.T) {
	for _, tc := range []struct {
		n     uint64
		newer bool
		want  string
	}{
		{14222526, false, "142225264"},
		{73225246, false, "73225246"},
	} {
		if got := organisationCode(tc.n, tc.newer); !strings.HasPrefix(got, tc.want) {
			t.Errorf("organisationCode(%d) = %s, want %s", tc.n, got, tc.want)
		}
	}
	if got := creditCode("320281", 14222526, false); got != "91320281142225264B" {
		t.Errorf("creditCode = %s, want 91320281142225264B", got)
	}
}

func TestNobodyTwice(t *testing.T) {
	names, codes := map[string]int{}, map[string]int{}
	const n = 30_000
	take := func(i int, name, code string) {
		if before, twice := names[name]; twice {
			t.Errorf("%d and %d are both called %s", before, i, name)
		}
		if before, twice := codes[code]; twice {
			t.Errorf("%d and %d both have %s", before, i, code)
		}
		names[name], codes[code] = i, i
	}
	for f := range (city{Seed: 9, Size: n}).firms(context.Background(), 0, n) {
		take(f.number, f.name, f.code)
	}
	for i := range 400 {
		b := serviceBody(9, i)
		take(-i-1, b.name, b.code)
	}
	words := map[string]uint64{}
	for _, i := range []uint64{0, 1, 4000, 4355, 4356, 5000, 250_000, 290_000, 300_000, MaxSize - 1} {
		w := brand(i, 9)
		if before, twice := words[w]; twice {
			t.Errorf("%d and %d share the word %s", before, i, w)
		}
		words[w] = i
	}
}

// TestWordsAreKnown holds the generator's own tables against the content that ships: a trade or place of another name
// would be a mistake here, not mess on purpose.
func TestWordsAreKnown(t *testing.T) {
	industries := names(t, "industries/gbt4754_2017.csv", "code", "name")
	for _, tr := range trades {
		if industries[tr.code] != tr.name {
			t.Errorf("trade %s is called %q, the standard says %q", tr.code, tr.name, industries[tr.code])
		}
	}
	divisions := names(t, "areas/divisions.csv", "code", "name")
	zones := names(t, "areas/zones.csv", "name", "stat_code")
	for _, a := range areas {
		if code, zone := zones[a.name]; zone && code == a.code {
			continue
		}
		if divisions[a.code] != a.name {
			t.Errorf("area %q is called %q, the division says %q", a.code, a.name, divisions[a.code])
		}
	}
	if doubled := slices.Compact(slices.Sorted(slices.Values(syllables))); len(doubled) != len(syllables) {
		t.Errorf("%d syllables, %d of them different", len(syllables), len(doubled))
	}
	for _, tr := range trades {
		if slices.Contains(syllables, []rune(tr.word)[0]) {
			t.Errorf("the word %s begins with a syllable of names", tr.word)
		}
	}
}

func names(t *testing.T, file, key, value string) map[string]string {
	t.Helper()
	f, err := contentdata.FS.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	k, v := slices.Index(rows[0], key), slices.Index(rows[0], value)
	all := map[string]string{}
	for _, row := range rows[1:] {
		all[row[k]] = row[v]
	}
	return all
}

func TestRefuses(t *testing.T) {
	for _, size := range []int{-1, 0, MaxSize + 1} {
		if _, err := Generate(context.Background(), t.TempDir(), Options{Size: size}); err == nil {
			t.Errorf("a city of %d was made", size)
		}
	}
	if _, err := Generate(context.Background(), filepath.Join(t.TempDir(), "none"), Options{Size: 1}); err == nil {
		t.Error("a city was made in a directory that does not exist")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Generate(ctx, t.TempDir(), Options{Size: 10}); err == nil {
		t.Error("a city was made although nobody wanted it any more")
	}
}

func TestShowcase(t *testing.T) {
	opt := Options{Seed: 1, Size: 3000}
	code := Showcase(opt)
	for f := range city(opt).firms(context.Background(), 0, opt.Size) {
		if f.code == code {
			if !f.inCity() || len(f.projects) == 0 || len(f.loans) == 0 || len(f.honours) == 0 {
				t.Errorf("%s %s has little to show", f.code, f.name)
			}
			return
		}
	}
	t.Errorf("no firm has the code %s", code)
}

func BenchmarkGenerate(b *testing.B) {
	for range b.N {
		generate(b, Options{Seed: 1, Size: 3000})
	}
}
