package column

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
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

// TestCEL holds rows and columns against the tests of the CEL specification: those that are about booleans, numbers, texts
// and times alone.
func TestCEL(t *testing.T) {
	passed := 0
	var excepted []string
	for _, c := range specification(t) {
		if !c.scalar() {
			continue
		}
		if reason := c.run(t); reason != "" {
			excepted = append(excepted, c.name+": "+reason)
		} else {
			passed++
		}
	}
	if passed < 180 {
		t.Errorf("%d tests pass, expected more", passed)
	}
	t.Logf("%d tests pass, %d are excepted", passed, len(excepted))
	listed, err := os.ReadFile(exceptions)
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Split(strings.TrimSpace(string(listed)), "\n")
	for _, line := range excepted {
		if !slices.Contains(known, line) {
			t.Errorf("does not pass, and is not in %s:\n%s", exceptions, line)
		}
	}
	for _, line := range known {
		if !slices.Contains(excepted, line) {
			t.Errorf("passes, and must leave %s:\n%s", exceptions, line)
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

// scalar says that the checked test is about scalar values alone.
func (c conformCase) scalar() bool {
	var opts []cel.EnvOption
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

// slots is how many literals of a type may become columns.
const slots = 12

// run gives the reason why a test does not pass, "" where it does.
func (c conformCase) run(t *testing.T) string {
	params, values, src := map[string]rule.Param{}, ruletest.Chosen{}, c.GetExpr()
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
	for _, rows := range []int{1, 65} {
		for _, columns := range []bool{false, true} {
			if said := c.compare(t, env, x, values, want, rows, columns); said != "" {
				return said
			}
		}
	}
	return ""
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

// compare evaluates a test over so many equal rows, all at once and every third row alone; with columns instead of literals
// where that is asked for.
func (c conformCase) compare(t *testing.T, env *rule.Env, x *rule.Expr, values ruletest.Chosen, want rule.Outcome, n int, columns bool) string {
	contexts := ruletest.NewGrower(1).Contexts(n)
	for _, ctx := range contexts {
		ctx.Names = values
	}
	p := newProgram()
	tree := x.Tree()
	if columns {
		tree = columned(t, env, tree, values, map[string]int{})
	}
	if _, problems := p.addTree(tree, x); len(problems) > 0 {
		return problems[0].Msg.Key
	}
	m := p.Bind(p.Read(contexts)).Machine()
	for _, step := range []int{1, 3} {
		b := m.At(0)
		var rows Bits
		for i := 0; i < n; i += step {
			rows.set(i)
		}
		b.Eval(0, rows)
		for i := 0; i < n; i += step {
			got := b.Outcome(0, i)
			if row := x.Eval(contexts[i]); row.State != want.State || row.Value != want.Value {
				return fmt.Sprintf("is %v %v", row.State, row.Value)
			}
			if got.State != want.State || got.Value != want.Value {
				t.Errorf("%s: row %d of %d is %v %v in columns, want %v %v", c.name, i, n, got.State, got.Value, want.State, want.Value)
			}
		}
	}
	return ""
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
