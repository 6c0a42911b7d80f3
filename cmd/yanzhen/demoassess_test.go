package main

import (
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/demo"
	"github.com/yanzhen/yanzhen/internal/diagnosis"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/target"
)

// madeDemo is a demonstration as it was made.
func madeDemo(t *testing.T) *installation {
	t.Helper()
	dir := t.TempDir()
	if s := start(t, "demo", "--data", dir, "--size", "150", "--listen", "127.0.0.1:0"); s.stop() != exitOK {
		t.Fatal(s.err)
	}
	c := &console{in: strings.NewReader(""), out: io.Discard, err: io.Discard, t: i18n.T{Lang: i18n.EN}}
	in, err := (&place{data: dir, now: demo.Clock.String()}).open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.close(c) })
	return in
}

// TestAssessmentsOfTheDemo: the sheet of answers goes in whole; what was sealed of the demonstration's enterprise is made anew as it is
// kept; two assessments wait; and the region has enterprises on several levels, and some of which not enough is known.
func TestAssessmentsOfTheDemo(t *testing.T) {
	ctx := t.Context()
	in := madeDemo(t)
	view, err := in.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		t.Fatal(err)
	}
	m, err := in.results.Set.Edition(demoModel, demoEdition)
	if err != nil {
		t.Fatal(err)
	}

	batches, err := in.intake.Batches(ctx, access.SystemScope(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(batches, func(b intake.Batch) bool { return strings.Contains(b.Name, "数字化水平评测填报汇总表") })
	if i < 0 {
		t.Fatal("the sheet of answers was not brought in")
	}
	if p := batches[i].Preview; len(p.Mended) > 0 || slices.ContainsFunc(p.Problems, func(x intake.Problem) bool { return x.Column != "统一社会信用代码" }) {
		t.Errorf("the sheet of answers leaves something to mend: %+v, %+v", p.Mended, p.Problems)
	}
	for _, def := range m.Facts() {
		known := 0
		for e := range view.Enterprises() {
			if view.Value(e.ID, def.Code, period.OfYear(2024)).Known {
				known++
			}
		}
		if rows := batches[i].Preview.Rows; known < rows*9/10 {
			t.Errorf("%s is known of %d enterprises, the sheet has %d", def.Code, known, rows)
		}
	}

	firm, err := enterpriseOf(view, demo.Showcase(demo.Options{Seed: 1, Size: 150}))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := in.results.Of(ctx, view, firm)
	if err != nil {
		t.Fatal(err)
	}
	sealed = slices.DeleteFunc(sealed, func(x results.Sealed) bool { return x.Year != 2024 }) // the one of 2023 is of a diagnosis
	if len(sealed) != 2 || sealed[0].How != results.BySelf || sealed[1].How != results.OnSite || !sealed[0].Settled() || !sealed[1].Settled() || sealed[0].Level == sealed[1].Level {
		t.Errorf("sealed of the demo's enterprise: %+v", sealed)
	}
	for _, x := range sealed {
		if wrong, err := in.results.Verify(ctx, x.ID); err != nil || len(wrong) > 0 {
			t.Errorf("made anew, the result of %s differs: %v, %v", x.On, wrong, err)
		}
	}

	for login, state := range map[string]string{"county": "check", "expert2": "rating", "expert1": ""} {
		scope, err := in.scopeOf(ctx, login)
		if err != nil {
			t.Fatal(err)
		}
		waiting, err := in.cases.Inbox(ctx, scope, demoAssessing, 0, 10)
		if err != nil || (state == "") != (waiting.Total == 0) || state != "" && waiting.Tasks[0].State != state {
			t.Errorf("before %s stands %+v, %v", login, waiting, err)
		}
	}

	r, err := in.results.Region(ctx, view, m, 2024)
	if err != nil {
		t.Fatal(err)
	}
	settled, open := map[int]int{}, 0
	for _, f := range r.Firms {
		if f.Level == f.May {
			settled[f.Level]++
		} else {
			open++
		}
	}
	delete(settled, -1)
	if len(settled) < 3 || open == 0 {
		t.Errorf("enterprises by level %v, and %d of which not enough is known", settled, open)
	}
}

// TestDiagnosesOfTheDemo looks at what the demonstration makes of its diagnoses: one from the institute to a project that was accepted, and
// three that wait for somebody; of its targets; and that a project waits to be accepted by an official who did not register it.
func TestDiagnosesOfTheDemo(t *testing.T) {
	ctx := t.Context()
	in := madeDemo(t)
	rows, err := in.diagnoses.Rows(ctx, access.SystemScope())
	if err != nil {
		t.Fatal(err)
	}
	var all diagnosis.Tally
	states := map[string]int{}
	for _, r := range rows {
		all.Add(r)
		states[r.State]++
	}
	if all.Cases != 4 || all.Accepted != 1 || all.Advice != 5 || all.Adopted != 2 || all.Filed != 1 || all.Built != 1 || all.Rated != 1 || all.Up != 1 {
		t.Errorf("counted %+v", all)
	}
	for _, state := range []string{"done", "offer", "visit", "check"} {
		if states[state] != 1 {
			t.Errorf("states %v, want one in %s", states, state)
		}
	}
	done := rows[len(rows)-1]
	view, err := in.frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		t.Fatal(err)
	}
	effects, err := in.diagnoses.Effects(ctx, view, done.Case)
	if err != nil || len(effects) != 1 || effects[0].Before.Value.Num != 10 || effects[0].After.Value.Num != 36 {
		t.Errorf("effects %+v, %v: want devices from 10 to 36", effects, err)
	}
	if err := in.cases.Verify(ctx, access.SystemScope(), done.Case); err != nil {
		t.Errorf("replayed, the diagnosis differs: %v", err)
	}

	filings, _, err := in.cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: "project_filing"}, 0, 10)
	if err != nil || !slices.ContainsFunc(filings, func(c casework.Case) bool { return c.State == "acceptance" }) {
		t.Errorf("no project waits to be accepted: %+v, %v", filings, err)
	}
	tasks, err := in.targets.Tasks(ctx, access.SystemScope(), target.TaskQuery{})
	if err != nil || len(tasks) != 4 || !tasks[0].Late || tasks[3].State != target.Done {
		t.Errorf("tasks %+v, %v", tasks, err)
	}
	split, err := in.targets.Split(ctx, demoPlan, "B117")
	if err != nil || len(split.Acts) != 2 || len(split.Acts[0].Quotas) < 10 {
		t.Fatalf("quotas %+v, %v", split, err)
	}
	sum := new(big.Rat)
	for _, q := range split.Acts[0].Quotas {
		sum.Add(sum, q.Value)
	}
	if sum.Cmp(split.Goal.Low) != 0 {
		t.Errorf("the quotas proposed add up to %s, the target is %s", sum, split.Goal.Low)
	}
}
