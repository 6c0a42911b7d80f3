package notice

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

func day(s string) period.Day {
	d, err := period.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

// tell asks what is due and posts it, as casework does, and gives what was told.
func (h *house) tell(terms func(period.Calendar) []Term) []string {
	h.t.Helper()
	var told []string
	err := h.DB.Write(h.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		told = nil
		list := terms(h.Calendar)
		alarms, err := h.Due(ctx, tx, list)
		if err != nil {
			return err
		}
		for _, a := range alarms {
			word := "remind"
			if a.Escalate {
				word = "escalate"
			}
			told = append(told, fmt.Sprintf("%s %s %d %s %v", list[a.Term].Key, word, a.Workdays, a.Due, a.Known))
			m := say(Deadline, ToAccount(h.ids["city"]), word)
			m.Key, m.At = a.Key, h.Clock.Millis()
			if err := Post(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return told
}

// A check that begins before National Day is told of as its five working days run out, each thing once.
func TestTermsRunOut(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		terms := func(c period.Calendar) []Term {
			due, _ := c.AddWorkdays(day("2024-09-27"), 5) // Thursday 10 October
			return []Term{{Key: "case/1/check/9", Due: due, Remind: []int{2, 0}, Escalate: []int{1, 3}}, {Key: "case/2/none", Due: due}}
		}
		want := map[string][]string{
			"2024-10-08": {"case/1/check/9 remind 2 2024-10-10 true"},
			"2024-10-10": {"case/1/check/9 remind 0 2024-10-10 true"},
			"2024-10-11": {"case/1/check/9 escalate -1 2024-10-10 true"},
			"2024-10-14": {"case/1/check/9 escalate -3 2024-10-10 true"}, // 11, Saturday 12 and 14 October
		}
		for d := day("2024-09-27"); d <= day("2024-10-20"); d++ {
			for _, hour := range []int{1, 9, 23} { // asked often
				h.w.to(d.String(), hour)
				got := h.tell(terms)
				if hour != 1 && got != nil {
					t.Errorf("%s at %d, told again: %v", d, hour, got)
				}
				if diff := cmp.Diff(want[d.String()], got); hour == 1 && diff != "" {
					t.Errorf("%s (-want +got):\n%s", d, diff)
				}
			}
		}
	})
}

// Nobody asked for a fortnight: how it stands is told, not all that was missed.
func TestTermsAfterAPause(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		terms := func(period.Calendar) []Term {
			return []Term{{Key: "k", Due: day("2024-10-10"), Remind: []int{2, 0}, Escalate: []int{1, 3}}, {Key: "l", Due: day("2024-10-10"), Remind: []int{2}}}
		}
		h.w.to("2024-10-25", 9)
		if diff := cmp.Diff([]string{"k escalate -12 2024-10-10 true"}, h.tell(terms)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		h.w.to("2024-10-28", 9)
		if got := h.tell(terms); got != nil {
			t.Errorf("told again: %v", got)
		}
	})
}

// A term that begins in December ends in a year that has no calendar yet. When the calendar comes, the day moves, and the
// new day is told anew, once.
func TestTermsAcrossAChangeOfTheCalendar(t *testing.T) {
	each2(t, func(t *testing.T, h *house) {
		whole := h.Calendar
		h.Calendar = period.NewCalendar(period.Arrangement{Year: 2024}) // 2025 is not announced
		terms := func(c period.Calendar) []Term {
			due, _ := c.AddWorkdays(day("2024-12-27"), 4)
			return []Term{{Key: "case/3/notice/1", Due: due, Remind: []int{1}, Escalate: []int{1}}}
		}
		h.w.to("2025-01-01", 9) // a weekday, as far as is known
		if diff := cmp.Diff([]string{"case/3/notice/1 remind 1 2025-01-02 false"}, h.tell(terms)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		h.Calendar = whole // New Year's Day is off
		if got := h.tell(terms); got != nil {
			t.Errorf("the reminder of the new day is of tomorrow: %v", got)
		}
		for _, step := range []struct {
			day  string
			want []string
		}{
			{"2025-01-02", []string{"case/3/notice/1 remind 1 2025-01-03 true"}},
			{"2025-01-03", nil},
			{"2025-01-06", []string{"case/3/notice/1 escalate -1 2025-01-03 true"}},
			{"2025-01-07", nil},
		} {
			h.w.to(step.day, 9)
			if diff := cmp.Diff(step.want, h.tell(terms)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", step.day, diff)
			}
		}
	})
}

// However often and with whatever pauses somebody asks: no alarm comes twice, a reminder never after the day or before it is
// due, an escalation never on the day or before; and who asks every day is told each step.
func TestTermsProperty(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, []store.Migrations{audit.Migrations, access.Migrations, Migrations}))
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		first := day("2024-09-01") + period.Day(rapid.IntRange(0, 60).Draw(r, "from"))
		due, _ := h.Calendar.AddWorkdays(first, rapid.IntRange(1, 12).Draw(r, "days"))
		numbers := rapid.SliceOfNDistinct(rapid.IntRange(1, 6), 0, 3, rapid.ID[int])
		term := Term{Key: fmt.Sprintf("run/%d", run), Due: due, Remind: numbers.Draw(r, "remind"), Escalate: numbers.Draw(r, "escalate")}
		daily := rapid.Bool().Draw(r, "daily")
		told := map[string]bool{}
		steps := 0
		for d := first - 10; d <= due+20; d++ {
			if !daily && rapid.Bool().Draw(r, "skip") {
				continue
			}
			h.w.to(d.String(), 9)
			alarms, err := h.Due(t.Context(), h.DB.Read(), []Term{term})
			if err != nil {
				r.Fatal(err)
			}
			for _, a := range alarms {
				if told[a.Key] {
					r.Fatalf("%s: %s twice", d, a.Key)
				}
				told[a.Key] = true
				if a.Escalate != (d > due) {
					r.Fatalf("%s: %+v, due %s", d, a, due)
				}
				n, _ := h.Calendar.Workdays(d, due)
				if a.Workdays != n {
					r.Fatalf("%s: %d working days, want %d", d, a.Workdays, n)
				}
				steps++
				m := say(Deadline, ToAccount(h.ids["city"]), "x")
				m.Key = a.Key
				h.post(m)
			}
		}
		if daily {
			want := len(term.Escalate)
			missed, today := false, false // of those that came before the first question the last is told, if no other is due
			for _, n := range term.Remind {
				switch d, _ := h.Calendar.AddWorkdays(due, -n); {
				case d < first-10:
					missed = true
				case d == first-10:
					today = true
					fallthrough
				default:
					want++
				}
			}
			if missed && !today {
				want++
			}
			if steps != want {
				r.Fatalf("told %d steps of %d: %v", steps, want, slices.Sorted(maps.Keys(told)))
			}
		}
	})
}

// Many terms are asked about in few statements.
func TestManyTerms(t *testing.T) {
	h := newHouse(t, storetest.SQLite(t, []store.Migrations{audit.Migrations, access.Migrations, Migrations}))
	terms := func(period.Calendar) []Term {
		var list []Term
		for i := range 1200 {
			list = append(list, Term{Key: fmt.Sprintf("case/%d", i), Due: day("2024-10-31"), Remind: []int{0}})
		}
		return list
	}
	if n := len(h.tell(terms)); n != 1200 {
		t.Errorf("%d told", n)
	}
	if n := len(h.tell(terms)); n != 0 {
		t.Errorf("%d told again", n)
	}
}
