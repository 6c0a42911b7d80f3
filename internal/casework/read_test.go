package casework

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/notice"
)

// What is overdue comes first, each sees what their rules allow, and pages together give every task once.
func TestInbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		var ids []int64
		for i, days := range []int{0, 3, 1, 4} {
			w.now = w.now.AddDate(0, 0, days)
			c, err := w.New(ctx, firm(w, i%2), NewCase{Workflow: "apply", Title: fmt.Sprint("件", i), Subject: w.firms[i%2]})
			must(t, err)
			_, err = w.Act(ctx, firm(w, i%2), Act{Case: c.ID, Action: "submit", Entry: claim(5)})
			must(t, err)
			ids = append(ids, c.ID)
		}
		c, err := w.New(ctx, firm(w, 2), NewCase{Workflow: "apply", Title: "外县", Subject: w.firms[2]})
		must(t, err)
		_, err = w.Act(ctx, firm(w, 2), Act{Case: c.ID, Action: "submit", Entry: claim(5)})
		must(t, err)
		w.does(t, ids[2], doing{county, "accept", ""}) // to the departments

		titles := func(by access.Scope) (all []string, in Inbox) {
			for skip := 0; ; skip += 2 {
				page, err := w.Inbox(ctx, by, "", skip, 2)
				must(t, err)
				if len(page.Tasks) == 0 {
					return all, page
				}
				for _, x := range page.Tasks {
					mark := ""
					if x.Overdue {
						mark = "!"
					}
					all = append(all, x.Title+mark)
				}
			}
		}
		for _, c := range []struct {
			name           string
			by             access.Scope
			want           string
			total, overdue int
		}{
			{"county", county, "件0!,件1,件3", 3, 1},
			{"city", city, "件0!,件1,件3,外县", 4, 1},
			{"other county", other, "外县", 1, 0},
			{"tax", tax, "件2", 1, 0},
			{"finance", finance, "", 0, 0},
			{"enterprise", firm(w, 0), "", 0, 0},
			{"expert", expert(31), "", 0, 0},
			{"nobody", access.Scope{}, "", 0, 0},
			{"both offices", county.And(access.NewScope(20, access.TaxBureau, []string{tinghu}, nil)), "件0!,件2,件1,件3", 4, 1},
		} {
			got, in := titles(c.by)
			if c.name == "both offices" {
				slices.Sort(got)
				c.want = "件0!,件1,件2,件3"
			}
			if strings.Join(got, ",") != c.want || in.Total != c.total || in.Overdue != c.overdue {
				t.Errorf("%s: %v, %+v; want %s, %d, %d overdue", c.name, got, in, c.want, c.total, c.overdue)
			}
		}
	})
}

// Whom a case is about sees its public stations, what it did itself, and nothing of what offices do among themselves.
func TestOutside(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.open(t)
		w.does(t, c.ID, doing{firm(w, 0), "submit", ""}, doing{county, "remark", "内部意见"}, doing{county, "accept", ""}, doing{tax, "agree", ""})
		if _, err := w.AddComment(ctx, county, Comment{Case: c.ID, Inside: true, Text: "请核对发票"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.AddComment(ctx, firm(w, 0), Comment{Case: c.ID, Text: "何时办结？"}); err != nil {
			t.Fatal(err)
		}
		_, err := w.AddComment(ctx, firm(w, 0), Comment{Case: c.ID, Inside: true, Text: "x"})
		if errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("the applicant writes inside: %v", err)
		}
		got, _, err := w.Get(ctx, firm(w, 0), c.ID)
		must(t, err)
		if got.State != "check" || len(got.Data) != 0 {
			t.Errorf("the applicant sees it at %s with %v", got.State, got.Data)
		}
		events, err := w.Track(ctx, firm(w, 0), c.ID)
		must(t, err)
		var track []string
		for _, e := range events {
			track = append(track, fmt.Sprintf("%s %s→%s %s", e.Action, e.From, e.To, e.Reason))
		}
		if diff := cmp.Diff([]string{" →draft ", "submit draft→check "}, track); diff != "" {
			t.Errorf("track (-want +got):\n%s", diff)
		}
		comments, err := w.Comments(ctx, firm(w, 0), c.ID)
		must(t, err)
		if len(comments) != 1 || comments[0].Inside {
			t.Errorf("comments: %+v", comments)
		}
		tasks, err := w.TasksOf(ctx, firm(w, 0), c.ID)
		must(t, err)
		if len(tasks) != 1 || tasks[0].Role != Applicant {
			t.Errorf("tasks: %+v", tasks)
		}
		list, n, err := w.Cases(ctx, firm(w, 0), Filter{}, 0, 10)
		must(t, err)
		if n != 1 || list[0].State != "check" {
			t.Errorf("list: %+v", list)
		}
		for name, by := range map[string]access.Scope{"another firm": firm(w, 1), "another county": other, "an expert": expert(31), "nobody": {}} {
			_, _, err := w.Get(ctx, by, c.ID)
			list, n, listed := w.Cases(ctx, by, Filter{}, 0, 10)
			if name == "an expert" {
				continue // was drawn with accept
			}
			if errs.KindOf(err) != errs.KindNotFound || n != 0 || len(list) != 0 || listed != nil {
				t.Errorf("%s sees it: %v, %d listed", name, err, n)
			}
		}
		if _, n, err := w.Cases(ctx, expert(34), Filter{}, 0, 10); n != 0 || err != nil {
			t.Errorf("an expert who was not drawn sees %d cases: %v", n, err)
		}
		for state, want := range map[string]int{"review": 0, "check": 0, "draft": 0, "elsewhere": 0} {
			if _, n, err := w.Cases(ctx, firm(w, 0), Filter{Workflow: "apply", State: state}, 0, 10); n != want || err != nil {
				t.Errorf("the applicant finds %d cases at %s: %v", n, state, err)
			}
		}
		if _, n, err := w.Cases(ctx, county, Filter{Workflow: "apply", State: "review"}, 0, 10); n != 1 || err != nil {
			t.Errorf("the county finds %d cases in review: %v", n, err)
		}
		if counts, err := w.Counts(ctx, firm(w, 0), Filter{}); counts != nil || err != nil {
			t.Errorf("the applicant counts: %v, %v", counts, err)
		}
	})
}

func TestCases(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for i := range 5 {
			c, err := w.New(ctx, firm(w, i%3), NewCase{Workflow: "apply", Title: fmt.Sprintf("第%d 100%%件", i), Subject: w.firms[i%3]})
			must(t, err)
			if i > 2 {
				w.does(t, c.ID, doing{firm(w, i%3), "submit", ""})
			}
		}
		for _, c := range []struct {
			f    Filter
			by   access.Scope
			want int
		}{
			{Filter{}, city, 5},
			{Filter{}, county, 4},
			{Filter{State: "check"}, city, 2},
			{Filter{Workflow: "apply", Areas: []string{dafeng}}, city, 1},
			{Filter{Areas: []string{}}, city, 0},
			{Filter{Areas: []string{dafeng}}, county, 0},
			{Filter{Enterprise: w.firms[0]}, city, 2},
			{Filter{Text: "100%件", Running: true}, city, 5},
			{Filter{Text: "1_0"}, city, 0},
			{Filter{Workflow: "batch"}, city, 0},
		} {
			list, n, err := w.Cases(ctx, c.by, c.f, 0, 3)
			if err != nil || n != c.want || len(list) != min(3, n) {
				t.Errorf("%+v: %d of %d, %v; want %d", c.f, len(list), n, err, c.want)
			}
		}
		counts, err := w.Counts(ctx, city, Filter{})
		must(t, err)
		if diff := cmp.Diff([]StateCount{{"apply", "check", 2}, {"apply", "draft", 3}}, counts); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Two who act on one task at once: one wins, the other is told what happened; a key sent again gives the event that is there.
func TestAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for range 5 {
			c := w.open(t)
			w.does(t, c.ID, doing{firm(w, 0), "submit", ""})
			outcomes := make([]error, 8)
			var group sync.WaitGroup
			for i := range outcomes {
				group.Go(func() {
					by, act := county, Act{Case: c.ID, Action: "accept", Seen: 2}
					if i%2 == 1 {
						by, act = city, Act{Case: c.ID, Action: "send_back", Reason: "补", Seen: 2}
					}
					_, outcomes[i] = w.Act(ctx, by, act)
				})
			}
			group.Wait()
			won := 0
			for _, err := range outcomes {
				if err == nil {
					won++
					continue
				}
				wantErr(t, "the other", err, errs.KindConflict, "casework.moved_on")
			}
			if won != 1 {
				t.Errorf("%d won", won)
			}
			must(t, w.Verify(ctx, county, c.ID))
		}
	})
}

func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		open := func(key, title string) (Case, error) {
			return w.New(ctx, firm(w, 0), NewCase{Workflow: "apply", Title: title, Subject: w.firms[0], Key: key})
		}
		first, err := open("k1", "甲")
		must(t, err)
		again, err := open("k1", "甲")
		if err != nil || again.ID != first.ID {
			t.Errorf("opened %d again as %d: %v", first.ID, again.ID, err)
		}
		_, err = open("k1", "乙")
		wantErr(t, "another body", err, errs.KindConflict, "casework.key_taken")

		act := Act{Case: first.ID, Action: "submit", Entry: claim(5), Key: "k2"}
		events := make([]Event, 8)
		fails := make([]error, len(events))
		var group sync.WaitGroup
		for i := range events {
			group.Go(func() { events[i], fails[i] = w.Act(ctx, firm(w, 0), act) })
		}
		group.Wait()
		must(t, errors.Join(fails...))
		for _, e := range events {
			if e.ID != events[0].ID || e.N != 2 || e.Data["asked"].String() != "5.00" {
				t.Errorf("the same key gave %+v and %+v", events[0], e)
			}
		}
		act.Entry = claim(6)
		_, err = w.Act(ctx, firm(w, 0), act)
		wantErr(t, "another entry", err, errs.KindConflict, "casework.key_taken")
		_, err = w.Act(ctx, firm(w, 1), act)
		wantErr(t, "the key of somebody else", err, errs.KindNotFound, "errs.not_found")
	})
}

// Clocks run in working days, and ring once.
func TestClocks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.open(t)
		w.does(t, c.ID, doing{firm(w, 0), "submit", ""}) // Thursday 2024-10-31: five working days end on 2024-11-07
		ring := func(days, want int) {
			t.Helper()
			w.now = w.now.AddDate(0, 0, days)
			if n, err := w.Ring(ctx); n != want || err != nil {
				t.Errorf("on %s it rang %d times: %v", w.Clock.Today(), n, err)
			}
		}
		ring(7, 0)
		ring(1, 1)
		ring(0, 0)
		in, err := w.Inbox(ctx, city, "", 0, 9)
		must(t, err)
		if in.Total != 2 || in.Tasks[1].Kind != Overtime {
			t.Errorf("the city's desk: %+v", in)
		}
		must(t, w.Verify(ctx, city, c.ID))
		w.does(t, c.ID, doing{city, "accept", ""})
		ring(6, 1) // the departments are reminded, once
		if n := w.told(t, notice.Deadline); n != 3 {
			t.Errorf("%d were told", n)
		}
		ring(6, 0)
		must(t, w.Verify(ctx, city, c.ID))
	})
}
