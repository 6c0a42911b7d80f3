package rule

import (
	"fmt"
	"testing"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
)

// loans is an enterprise with loans of these principals and purposes; "" is not known.
func loans(rows ...[2]string) *subject {
	ent := &subject{kind: content.Enterprise, id: "E"}
	for i, row := range rows {
		l := ent.add(&subject{kind: content.Loan, id: fmt.Sprint("L", i+1), facts: map[string]string{}})
		if row[0] != "" {
			l.facts["loan.principal"] = row[0]
		}
		if row[1] != "" {
			l.facts["loan.for_digital"] = row[1]
		}
	}
	return ent
}

func TestAggregates(t *testing.T) {
	env, err := NewEnv(library(), content.Loan, Declarations{})
	if err != nil {
		t.Fatal(err)
	}
	principal := compile(t, env, "loan.principal")
	exact := compile(t, env, `loan.principal * rate("1/3")`)
	large := compile(t, env, `loan.principal > money("5元")`)
	digital := []*Expr{compile(t, env, "loan.for_digital")}
	const half = "46116860184273879.04"
	for _, c := range []struct {
		name string
		agg  Aggregate
		of   *subject
		want string
	}{
		{"sum", Aggregate{Op: Sum, Of: principal}, loans([2]string{"1", ""}, [2]string{"2.5", ""}), "3.50"},
		{"sum of exact", Aggregate{Op: Sum, Of: exact}, loans([2]string{"1", ""}, [2]string{"2", ""}), "1.00"},
		{"sum of nothing", Aggregate{Op: Sum, Of: principal}, loans(), "0.00"},
		{"sum of exact nothing", Aggregate{Op: Sum, Of: exact}, loans(), "0.00"},
		{"sum, one missing", Aggregate{Op: Sum, Of: principal}, loans([2]string{"1", ""}, [2]string{"", ""}), "unknown: loan.principal@ of L2"},
		{"sum, one none", Aggregate{Op: Sum, Of: principal}, loans([2]string{"1", ""}, [2]string{"none", ""}), "1.00"},
		{"sum of those that count", Aggregate{Op: Sum, Of: principal, When: digital}, loans([2]string{"1", "true"}, [2]string{"2", "false"}, [2]string{"", "false"}, [2]string{"3", "none"}), "1.00"},
		{"sum, one may count", Aggregate{Op: Sum, Of: principal, When: digital}, loans([2]string{"1", "true"}, [2]string{"2", ""}), "unknown: loan.for_digital@ of L2"},
		{"sum too large", Aggregate{Op: Sum, Of: principal}, loans([2]string{half, ""}, [2]string{half, ""}), "failed"},
		{"sum too large, one missing", Aggregate{Op: Sum, Of: principal}, loans([2]string{"", ""}, [2]string{half, ""}, [2]string{half, ""}), "failed"},
		{"count", Aggregate{Op: Count, When: digital}, loans([2]string{"", "true"}, [2]string{"", "false"}), "1"},
		{"count of nothing", Aggregate{Op: Count}, loans(), "0"},
		{"max", Aggregate{Op: Max, Of: principal}, loans([2]string{"1", ""}, [2]string{"3", ""}, [2]string{"2", ""}), "3.00"},
		{"min", Aggregate{Op: Min, Of: principal}, loans([2]string{"2", ""}, [2]string{"1", ""}, [2]string{"3", ""}), "1.00"},
		{"max of nothing", Aggregate{Op: Max, Of: principal}, loans(), "none"},
		{"any", Aggregate{Op: Any, Of: large}, loans([2]string{"1", ""}, [2]string{"", ""}, [2]string{"9", ""}), "true"},
		{"any, not known", Aggregate{Op: Any, Of: large}, loans([2]string{"1", ""}, [2]string{"", ""}), "unknown: loan.principal@ of L2"},
		{"any of nothing", Aggregate{Op: Any, Of: large}, loans(), "false"},
		{"all", Aggregate{Op: All, Of: large}, loans([2]string{"", ""}, [2]string{"1", ""}), "false"},
		{"all, true", Aggregate{Op: All, Of: large, When: digital}, loans([2]string{"9", "true"}, [2]string{"1", "false"}), "true"},
		{"all of nothing", Aggregate{Op: All, Of: large}, loans(), "true"},
	} {
		c.agg.From, c.agg.Over = content.Enterprise, content.Loan
		typ, err := c.agg.Type()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		o := c.agg.Eval(&Context{Subject: c.of, Year: 2022, On: period.Date(2022, 1, 1)})
		if got := told(o); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if o.State == Present && o.Value.Type() != typ {
			t.Errorf("%s: the value is %s, declared %s", c.name, o.Value.Type(), typ)
		}
		if _, told := errs.Message(o.Err); o.State == Failed && !told {
			t.Errorf("%s: no words for %v", c.name, o.Err)
		}
	}
	for name, bad := range map[string]Aggregate{
		"count of": {Op: Count, Of: principal}, "sum without": {Op: Sum}, "sum of truths": {Op: Sum, Of: large},
		"any of amounts": {Op: Any, Of: principal}, "no such": {Op: "average", Of: principal},
	} {
		if _, err := bad.Type(); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
