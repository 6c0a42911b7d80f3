package subsidy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
)

// Nothing chosen opens no batch; an application that cannot join leaves none open that is empty, and of those that join with it
// none; what joined before is told.
func TestGather(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = joinedAtOnce + 2
		call := w.opened("c9")
		var cases []int64
		for i, f := range w.firms(n) {
			id, err := w.applies(call, f.id, "c9", items(fmt.Sprint(10+i)))
			must(t, err)
			cases = append(cases, id)
		}
		for _, id := range cases[:n-1] {
			w.settled(id)
		}
		batches := func() int {
			t.Helper()
			_, all, err := w.cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: BatchWorkflow}, 0, 0)
			must(t, err)
			return all
		}
		if _, err := w.Gather(ctx, cityA, call, "第一批", nil); errs.KindOf(err) != errs.KindInvalid || batches() != 0 {
			t.Errorf("a batch of nothing: %v, %d batches", err, batches())
		}
		waits := cases[n-1]
		if _, err := w.Gather(ctx, cityA, call, "第一批", []int64{cases[0], waits}); !strings.Contains(text(err), caseName(waits)) || batches() != 0 || w.stateOf(cases[0]) != "ready" {
			t.Errorf("with one that cannot: %v, %d batches, the other is %s", text(err), batches(), w.stateOf(cases[0]))
		}
		if _, err := w.Gather(ctx, cityA, w.opened("c9"), "别的通知", cases[:1]); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("applications of another call: %v", err)
		}
		done, err := w.Gather(ctx, cityA, call, "第一批", cases)
		if err == nil || done.Joined != joinedAtOnce || w.stateOf(cases[joinedAtOnce]) != "ready" {
			t.Errorf("the second part: %v, %+v, %s", err, done, w.stateOf(cases[joinedAtOnce]))
		}
		w.settled(waits)
		again, err := w.Gather(ctx, cityA, call, "第一批", cases)
		must(t, err)
		if again.Batch != done.Batch || again.Joined != 2 || batches() != 1 {
			t.Errorf("again: %+v after %+v, %d batches", again, done, batches())
		}
		if _, err := w.Gather(ctx, cityA, call, "第一批", make([]int64, maxGather+1)); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("more than is gathered at a time: %v", err)
		}
	})
}

// A call is drafted on a line of the fund that its drafter sees, and by who handles cases of its area.
func TestCallIsDraftedOnALineThatIsSeen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		in := Call{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "申报", Opens: asOf, Closes: asOf + 5, Line: w.line}
		_, err := w.OpenCall(ctx, cityA, in)
		must(t, err)
		dafeng := access.NewScope(90, access.CountyOfficial, []string{"320904"}, nil)
		own := in
		own.Area = "320904"
		if _, err := w.OpenCall(ctx, dafeng, own); errs.KindOf(err) != errs.KindInvalid || !strings.Contains(text(err), "预算科目") {
			t.Errorf("a county on the city's line: %v", err)
		}
		if _, err := w.OpenCall(ctx, dafeng, in); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("a county for the city: %v", err)
		}
		in.Line += 1_000_000
		if _, err := w.OpenCall(ctx, cityA, in); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("on a line that is not there: %v", err)
		}
	})
}
