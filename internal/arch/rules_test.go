package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/yanzhen/yanzhen"

// order is the house from the ground up. A package may import those on lines below its own, never one beside it on
// its line, never one above. A name covers the packages below its directory, unless they have a place of their own.
var order = [][]string{
	{"content", "third_party"}, // data without logic
	{"internal/hanzi", "internal/i18n", "internal/money", "internal/period"},
	{"internal/clock", "internal/errs", "internal/lot", "internal/shelf"},
	{"internal/blob", "internal/inbound", "internal/outbound", "internal/packed", "internal/paper", "internal/parquet", "internal/sheet"},
	{"internal/seal"},
	{"internal/store"},
	{"internal/audit"},
	{"internal/access", "internal/backup"},
	{"internal/content"},
	{"internal/notice", "internal/source"},
	{"internal/party"},
	{"internal/fact", "internal/ledger"},
	{"internal/consent"},
	{"internal/rubric"},
	{"internal/rule"},
	{"internal/rule/column"},
	{"internal/rule/sql"},
	{"internal/condition", "internal/form"},
	{"internal/casework", "internal/release"},
	{"internal/assess", "internal/indicator", "internal/policy"},
	{"internal/chain"},
	{"internal/policy/lint"},
	{"internal/policy/region"},
	{"internal/policy/sample"},
	{"internal/policy/version"},
	{"internal/policy/lab"},
	{"internal/assess/results", "internal/credit", "internal/monitor", "internal/retention", "internal/selection", "internal/subsidy"},
	{"internal/target"},
	{"internal/flag", "internal/visit"},
	{"internal/diagnosis"},
	{"internal/intake", "internal/enrol", "internal/proof"},
	{"internal/layout"},
	{"internal/api", "internal/demo", "internal/web"},
	{"cmd/yanzhen"},
	{"bench"},
	{"internal/arch"},
}

// forbidden edges are those that the order would allow.
var forbidden = []struct {
	from    string // exactly this package, its tests aside
	imports []string
	why     string
}{
	{
		"internal/rule",
		[]string{"internal/store", "internal/access", "internal/source", "internal/party", "internal/fact", "internal/clock", "internal/blob", "os", "net", "net/http", "database/sql"},
		"the rule core has no input, no output and no clock: the same rules answer a page, a command and a proof",
	},
	{
		"internal/rule/column",
		[]string{"internal/store", "internal/access", "internal/source", "internal/party", "internal/fact", "internal/clock", "internal/blob", "os", "net", "net/http", "database/sql"},
		"columns answer what rows answer: whoever has the facts fills the batch",
	},
	{
		"internal/rule/sql",
		[]string{"internal/access", "internal/source", "internal/party", "internal/fact", "internal/clock", "internal/blob", "os", "net", "net/http"},
		"a printer answers from expressions alone: whoever keeps facts fills the tables",
	},
	{
		"internal/policy",
		[]string{"internal/store", "internal/access", "internal/source", "internal/party", "internal/fact", "internal/clock", "internal/blob", "net", "net/http", "database/sql"},
		"a decision is a function of a document, facts and a date; what reads the database stands in policy/region",
	},
	{
		"internal/assess",
		[]string{"internal/store", "internal/access", "internal/source", "internal/party", "internal/fact", "internal/clock", "internal/blob", "net", "net/http", "database/sql"},
		"a result is a function of a model, facts and a day",
	},
	{
		"internal/indicator",
		[]string{"internal/store", "internal/access", "internal/source", "internal/party", "internal/fact", "internal/clock", "internal/blob", "net", "net/http", "database/sql"},
		"a figure is a function of definitions, facts and a period; what reads the database stands in internal/monitor",
	},
	{
		"internal/demo",
		[]string{"internal/sheet", "internal/content", "internal/party", "internal/source", "internal/fact", "internal/intake", "internal/store"},
		"the generator shares no code with the reader of sheets, or a mistake in both would hide itself",
	},
	{
		"internal/sheet",
		[]string{"internal/content", "net/http", "database/sql"},
		"a sheet is read without knowing what the programme is about: the vocabulary comes in",
	},
}

// exact are the packages where no float may be named: amounts and decisions are exact.
var exact = []string{"internal/assess", "internal/indicator", "internal/monitor", "internal/money", "internal/rubric", "internal/rule", "internal/form", "internal/policy", "internal/ledger", "internal/release", "internal/selection", "internal/subsidy", "internal/target", "internal/condition", "internal/credit", "internal/diagnosis", "internal/flag"}

// clocks are the packages that may ask the machine for the time.
var clocks = []string{"internal/clock", "cmd", "bench"}

// noNouns are package names that say nothing about what is inside.
var noNouns = []string{"util", "utils", "common", "helper", "helpers", "models", "services", "manager", "misc", "base"}

var sqlText = regexp.MustCompile(`^\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+(TABLE|INDEX|UNIQUE)\b|ALTER\s+TABLE\s|DROP\s+TABLE\s|WITH\s+\w+\s+AS\s*\()`)

// check is every breach in the Go files below fsys, as "file:line: what, and why not".
func check(fsys fs.FS) ([]string, error) {
	var breaches []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			base := d.Name()
			if name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || base == "dist" || name == "tools") {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(name, ".go"):
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		at := func(p token.Pos, format string, args ...any) {
			pos := fset.Position(p)
			breaches = append(breaches, fmt.Sprintf("%s:%d: %s", pos.Filename, pos.Line, fmt.Sprintf(format, args...)))
		}
		dir, test := path.Dir(name), strings.HasSuffix(name, "_test.go")
		checkName(file, at)
		checkImports(dir, test, file, at)
		if !test {
			checkTime(dir, file, at)
			checkFloats(dir, file, at)
			checkSQL(fsys, dir, file, at)
		}
		return nil
	})
	return breaches, err
}

type report func(p token.Pos, format string, args ...any)

func checkName(file *ast.File, at report) {
	if slices.Contains(noNouns, strings.TrimSuffix(file.Name.Name, "_test")) {
		at(file.Name.Pos(), "package %s: name it by the noun that it owns", file.Name.Name)
	}
}

func checkImports(dir string, test bool, file *ast.File, at report) {
	from := rank(dir)
	if from < 0 {
		at(file.Package, "package %s has no place in the order of imports: give it one in internal/arch", dir)
		return
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		imported, ours := strings.CutPrefix(imported, module+"/")
		if !test {
			for _, f := range forbidden {
				if f.from == dir && slices.Contains(f.imports, imported) {
					at(spec.Pos(), "%s imports %s: %s", dir, imported, f.why)
				}
			}
		}
		if !ours || related(dir, imported) {
			continue
		}
		to := rank(imported)
		switch {
		case test && strings.HasSuffix(imported, "test"): // such as store/storetest, which tests of lower rooms may use
		case to > from:
			at(spec.Pos(), "%s imports %s, which stands above it: pass in what is needed, or move it down", dir, imported)
		case to == from:
			at(spec.Pos(), "%s imports %s, which stands beside it: what both need belongs below", dir, imported)
		}
	}
}

// related says that both belong to the same room: a package and its own parts.
func related(a, b string) bool {
	return a == b || place(a) == place(b) && place(a) != ""
}

// place is the longest name in the order that covers dir; "" when none does.
func place(dir string) string {
	best := ""
	for _, line := range order {
		for _, name := range line {
			if (dir == name || strings.HasPrefix(dir, name+"/")) && len(name) > len(best) {
				best = name
			}
		}
	}
	return best
}

func rank(dir string) int {
	p := place(dir)
	return slices.IndexFunc(order, func(line []string) bool { return slices.Contains(line, p) })
}

func checkTime(dir string, file *ast.File, at report) {
	if within(dir, clocks) {
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if ok && pkg.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name) {
			at(sel.Pos(), "time.%s: the time comes in as a clock.Clock, so that a demo and a proof can stand on a date", sel.Sel.Name)
		}
		return true
	})
}

func checkFloats(dir string, file *ast.File, at report) {
	if !within(dir, exact) {
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if n.Name == "float64" || n.Name == "float32" || n.Name == "complex128" {
				at(n.Pos(), "%s: amounts and decisions are exact (package money has Fen, Rate and Exact)", n.Name)
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT {
				at(n.Pos(), "float literal %s: amounts and decisions are exact (write a money.Rate)", n.Value)
			}
		}
		return true
	})
}

// printers writes SQL for tables that others keep, and runs none: package, and what it would need to run it.
var printers = map[string][]string{"internal/rule/sql": {"database/sql", "internal/store"}}

// checkSQL lets only a package that owns tables speak SQL: one with migrations, and store itself. Besides, a printer may write
// it, as long as it cannot run it.
func checkSQL(fsys fs.FS, dir string, file *ast.File, at report) {
	if within(dir, []string{"internal/store"}) {
		return
	}
	if runs, ok := printers[dir]; ok {
		for _, spec := range file.Imports {
			if imported, err := strconv.Unquote(spec.Path.Value); err == nil && slices.Contains(runs, strings.TrimPrefix(imported, module+"/")) {
				at(spec.Pos(), "%s imports %s: it writes SQL for others and runs none", dir, imported)
			}
		}
		return
	}
	if info, err := fs.Stat(fsys, path.Join(dir, "migrations")); err == nil && info.IsDir() {
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		if s, err := strconv.Unquote(lit.Value); err == nil && sqlText.MatchString(s) {
			at(lit.Pos(), "SQL in a package without tables: ask the package that owns them")
		}
		return true
	})
}

func within(dir string, places []string) bool {
	return slices.ContainsFunc(places, func(p string) bool { return dir == p || strings.HasPrefix(dir, p+"/") })
}
