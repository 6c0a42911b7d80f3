package column

import (
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"
	exprpb "cel.dev/expr"
	_ "cel.dev/expr/conformance/proto2" // messages that some tests name
	_ "cel.dev/expr/conformance/proto3"
	conformance "cel.dev/expr/conformance/test"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/rule/ruletest"
)

// exceptions is the tests of the scalar part of CEL that expressions do not pass, each with its reason: mostly operators that
// the language leaves out. The list may only shrink: a test that passes and stands in it fails, and so does one that does not
// pass and is missing.
const exceptions = "testdata/cel-exceptions.txt"

// beyondCEL is the kernels that no test of CEL reaches, each with its reason; TestRowsAreColumns runs them. That list too may
// only shrink.
const beyondCEL = "testdata/cel-kernels.txt"

// TestCEL holds rows and every kernel of columns against the tests of the CEL specification: those that are about booleans,
// numbers, texts and times alone.
func TestCEL(t *testing.T) {
	passed, ran := 0, tally{}
	var excepted []string
	for _, c := range specification(t) {
		if !c.scalar() {
			continue
		}
		if reason := c.run(t, ran); reason != "" {
			excepted = append(excepted, c.name+": "+reason)
		} else {
			passed++
		}
	}
	if passed < 180 {
		t.Errorf("%d tests pass, expected more", passed)
	}
	t.Logf("%d tests pass, %d are excepted; kernels that ran: %v", passed, len(excepted), ran)
	onlyShrinks(t, exceptions, excepted)
	var reasons, missed []string
	for _, line := range lines(t, beyondCEL) {
		if name, _, _ := strings.Cut(line, ": "); ran[name] == 0 {
			reasons = append(reasons, line)
		}
	}
	for _, name := range everyKernel(t) {
		if ran[name] == 0 {
			missed = append(missed, name)
		}
	}
	for _, name := range missed {
		if !slices.ContainsFunc(reasons, func(line string) bool { return strings.HasPrefix(line, name+": ") }) {
			t.Errorf("no test of CEL ran the kernel %s, and it is not in %s", name, beyondCEL)
		}
	}
	onlyShrinks(t, beyondCEL, reasons)
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// onlyShrinks holds a list of exceptions against those that there are.
func onlyShrinks(t *testing.T, file string, found []string) {
	t.Helper()
	listed := lines(t, file)
	for _, line := range found {
		if !slices.Contains(listed, line) {
			t.Errorf("does not pass, and is not in %s:\n%s", file, line)
		}
	}
	for _, line := range listed {
		if !slices.Contains(found, line) {
			t.Errorf("passes, and must leave %s:\n%s", file, line)
		}
	}
}

// conformCase is one test of the specification.
type conformCase struct {
	name string
	*conformance.SimpleTest
}

// specification reads the tests from the module of the specification.
func specification(t *testing.T) []conformCase {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "cel.dev/expr").Output()
	if err != nil {
		t.Fatalf("find the module of the specification: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "tests/simple/testdata/*.textproto"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests of the specification: %v", err)
	}
	var all []conformCase
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file conformance.SimpleTestFile
		if err := (prototext.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(src, &file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, s := range file.GetSection() {
			for _, c := range s.GetTest() {
				all = append(all, conformCase{strings.Join([]string{file.GetName(), s.GetName(), c.GetName()}, "/"), c})
			}
		}
	}
	return all
}

// scalar says that the checked test is about scalar values alone; functions of mathematics are among them.
func (c conformCase) scalar() bool {
	opts := []cel.EnvOption{ext.Math()}
	for _, d := range c.GetTypeEnv() {
		if d.GetIdent() == nil {
			return false
		}
		typ, err := types.ProtoAsType(d.GetIdent().GetType())
		if err != nil {
			return false
		}
		opts = append(opts, cel.Variable(d.GetName(), typ))
	}
	env, err := cel.NewEnv(opts...)
	if err != nil || c.GetDisableCheck() {
		return false
	}
	ast, issues := env.Compile(c.GetExpr())
	if issues.Err() != nil {
		return false
	}
	for _, typ := range ast.NativeRep().TypeMap() {
		if !scalarType(typ) {
			return false
		}
	}
	return true
}

func scalarType(t *types.Type) bool {
	switch t.Kind() {
	case types.BoolKind, types.IntKind, types.UintKind, types.DoubleKind, types.StringKind, types.TimestampKind, types.DurationKind:
		return true
	case types.ListKind:
		return scalarType(t.Parameters()[0])
	}
	return false
}

// typeNames is the types that CEL and expressions share.
var typeNames = map[exprpb.Type_PrimitiveType]rule.Type{exprpb.Type_BOOL: rule.BoolType, exprpb.Type_INT64: rule.IntType, exprpb.Type_STRING: rule.TextType}

// spelt is functions of CEL as expressions call them.
var spelt = strings.NewReplacer("math.least(", "min(", "math.greatest(", "max(")

// slots is how many literals of a type may become columns.
const slots = 12

// run gives the reason why a test does not pass, "" where it does, and counts the kernels that it ran.
func (c conformCase) run(t *testing.T, ran tally) string {
	params, values, src := map[string]rule.Param{}, ruletest.Chosen{}, spelt.Replace(c.GetExpr())
	for _, d := range c.GetTypeEnv() {
		typ, ok := typeNames[d.GetIdent().GetType().GetPrimitive()]
		if !ok {
			return "another type"
		}
		params[d.GetName()] = rule.Param{Type: typ, Name: i18n.Text{ZH: "数", EN: "number"}}
		values[d.GetName()] = rule.Outcome{Value: native(c.GetBindings()[d.GetName()].GetValue()), State: rule.Present}
		src = regexp.MustCompile(`\b`+regexp.QuoteMeta(d.GetName())+`\b`).ReplaceAllString(src, "param."+d.GetName())
	}
	for typ := range prefixes {
		for k := range slots {
			params[prefixes[typ]+fmt.Sprint(k)] = rule.Param{Type: typ, Name: i18n.Text{ZH: "数", EN: "number"}}
		}
	}
	env, err := rule.NewEnv(ruletest.Library(), content.Project, rule.Declarations{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	x, problems := env.Compile(src, rule.Position{}, rule.BoolType, rule.IntType, rule.TextType)
	if len(problems) > 0 {
		return problems[0].Msg.Key
	}
	want := rule.Outcome{State: rule.Failed}
	if c.GetEvalError() == nil {
		want = rule.Outcome{State: rule.Present, Value: rule.Bool(true)}
		switch {
		case c.GetValue() != nil:
			want.Value = native(c.GetValue())
		case c.GetTypedResult() != nil:
			want.Value = native(c.GetTypedResult().GetResult())
		}
	}
	if row := x.Eval(contextOf(values)); row.State != want.State || row.Value != want.Value {
		return fmt.Sprintf("is %v %v", row.State, row.Value)
	}
	for _, table := range tables() {
		if said := c.compare(t, env, x, values, want, table, ran); said != "" {
			return said
		}
	}
	return ""
}

// conformTable is how a test is laid out in columns.
type conformTable struct {
	rows    int
	columns bool // literals are columns too
	noise   bool // two of three rows hold something else
	least   least
}

// tables is every layout, by kernels of every width, checked wherever they can be and only where they must be.
func tables() []conformTable {
	var all []conformTable
	for _, w := range []width{w64, w128, wBig} {
		for _, check := range []bool{false, true} {
			for _, columns := range []bool{false, true} {
				at := least{w, check}
				all = append(all, conformTable{1, columns, false, at}, conformTable{65, columns, false, at}, conformTable{65, columns, true, at})
			}
		}
	}
	return all
}

// project is a row about some project.
var project = sync.OnceValue(func() *rule.Context { return ruletest.NewGrower(1).Contexts(1)[0] })

func contextOf(values ruletest.Chosen) *rule.Context {
	c := *project()
	c.Names = values
	return &c
}

// native is a value of the specification.
func native(v *exprpb.Value) rule.Value {
	switch k := v.GetKind().(type) {
	case *exprpb.Value_BoolValue:
		return rule.Bool(k.BoolValue)
	case *exprpb.Value_Int64Value:
		return rule.Int(k.Int64Value)
	case *exprpb.Value_StringValue:
		return rule.Text(k.StringValue)
	}
	return rule.Value{}
}

// prefixes is how the columns are called that take the place of literals.
var prefixes = map[rule.Type]string{rule.BoolType: "b", rule.IntType: "i", rule.TextType: "t"}

// compare evaluates a test over a table, all rows at once and every third row alone.
func (c conformCase) compare(t *testing.T, env *rule.Env, x *rule.Expr, values ruletest.Chosen, want rule.Outcome, table conformTable, ran tally) string {
	p := newProgram()
	tree := x.Tree()
	if table.columns {
		tree = columned(t, env, tree, values, map[string]int{})
	}
	if _, problems := p.addTree(tree, x); len(problems) > 0 {
		return problems[0].Msg.Key
	}
	var contexts []*rule.Context
	for i := range table.rows {
		row := values
		if table.noise && i%3 > 0 {
			row = noise(values, i)
		}
		contexts = append(contexts, contextOf(row))
	}
	m := p.bind(p.Read(contexts), table.least).Machine()
	for _, step := range []int{1, 3} {
		b := m.At(0)
		var rows Bits
		for i := 0; i < table.rows; i += step {
			rows.set(i)
		}
		b.Eval(0, rows)
		for i := 0; i < table.rows; i += 3 {
			if got := b.Outcome(0, i); got.State != want.State || got.Value != want.Value {
				t.Errorf("%s: row %d of %+v is %v %v in columns, want %v %v", c.name, i, table, got.State, got.Value, want.State, want.Value)
			}
		}
		ran.machine(m)
	}
	return ""
}

// noise is other values of the same types, some of them missing: what stands in the rows beside may not matter.
func noise(values ruletest.Chosen, row int) ruletest.Chosen {
	numbers := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 12}
	out := ruletest.Chosen{}
	for _, id := range slices.Sorted(maps.Keys(values)) {
		row = row*7 + 3
		o := rule.Outcome{State: rule.Present}
		switch values[id].Value.Type() {
		case rule.BoolType:
			o.Value = rule.Bool(row%2 == 0)
		case rule.IntType:
			o.Value = rule.Int(numbers[row%len(numbers)])
		default:
			o.Value = rule.Text(fmt.Sprint("row ", row%5))
		}
		switch row % 11 {
		case 0:
			o = rule.Outcome{}
		case 1:
			o = rule.Outcome{State: rule.None}
		}
		out[id] = o
	}
	return out
}

// tally counts, by the names of kernels, the rows that they worked out; where several nodes of a plan have one kernel, those
// of one of them.
type tally map[string]int

func (c tally) machine(m *Machine) {
	block := tally{}
	for i := range m.plan.nodes {
		n, v := &m.plan.nodes[i], &m.vecs[i]
		rows := v.done.Count()
		if n.op == opConst {
			rows = m.all.Count()
		} else if v.epoch != m.epoch {
			rows = 0
		}
		block[n.name()] = max(block[n.name()], rows)
	}
	for name, rows := range block {
		c[name] += rows
	}
}

// everyKernel is the names of all kernels that there are.
func everyKernel(t *testing.T) []string {
	t.Helper()
	var all []string
	for op := range opcode(len(opNames)) {
		add := func(typ rule.Type, check bool, widths ...width) {
			for _, w := range widths {
				n := node{op: op, typ: typ, width: w, check: check}
				all = append(all, n.name())
			}
		}
		switch op {
		case opNot, opAnd, opOr, opEqualBool, opInCodes, opInInts, opKnown, opNone:
			add(rule.BoolType, false, w64)
		case opConst, opLoad, opChoice:
			add(rule.BoolType, false, w64)
			add(rule.IntType, false, w64, w128, wBig)
		case opLess, opGreater, opEqual, opMin, opMax:
			add(rule.IntType, false, w64, w128, wBig)
		case opPlus, opMinus, opTimes:
			add(rule.IntType, false, w64, w128, wBig)
			add(rule.IntType, true, w64)
		case opWiden:
			add(rule.IntType, false, w128, wBig)
		case opRateFits:
			add(rule.RateType, true, w64, w128, wBig)
		case opDays, opYear, opMonth:
			add(rule.IntType, false, w64)
		case opNarrow, opAddDays, opAddMonths, opAddYears:
			add(rule.IntType, false, w64)
			add(rule.IntType, true, w64)
		default:
			t.Fatalf("which kernels has %s?", opNames[op])
		}
	}
	return all
}

// columned is a tree whose literals are columns.
func columned(t *testing.T, env *rule.Env, tree *rule.Tree, values ruletest.Chosen, used map[string]int) *rule.Tree {
	copied := *tree
	if tree.Fn == "" && tree.Input == nil {
		prefix := prefixes[tree.Value.Type()]
		id := fmt.Sprint(prefix, used[prefix])
		if used[prefix]++; used[prefix] > slots {
			return tree
		}
		values[id] = rule.Outcome{Value: tree.Value, State: rule.Present}
		x, problems := env.Compile("param."+id, rule.Position{}, tree.Value.Type())
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return x.Tree()
	}
	copied.Args = nil
	for _, a := range tree.Args {
		copied.Args = append(copied.Args, columned(t, env, a, values, used))
	}
	return &copied
}
