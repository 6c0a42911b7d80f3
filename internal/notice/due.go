package notice

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Term is something that runs out on a day: one run of one clock of one case. It is never stored: the day is computed from
// the calendar each time, so that next year's calendar moves it.
type Term struct {
	Key      string     // the same for this run, however often it is asked about: "case/123/check/45"
	Due      period.Day // last day on which it is in time
	Remind   []int      // how many working days before Due a reminder is due; 0 on the day itself
	Escalate []int      // how many working days after Due somebody above is told
}

// Alarm is what is to be told of a term today.
type Alarm struct {
	Term     int        // its place in the list that was asked about
	Key      string     // for Message.Key: once told, the alarm does not come back
	Escalate bool       // else it is a reminder
	Workdays int        // from today to the due day, negative once it is past
	Due      period.Day // as computed today
	Known    bool       // the calendar of every year up to Due is known; else the day may still move
}

// step is one day on which something of a term is to be told.
type step struct {
	day      period.Day
	escalate bool
	n        int
}

// alarm is what is to be told of a term on a day, told or not; ok is false where nothing has come due. Of several steps that
// have, the latest counts: who was not told in time is told how it stands, not everything that was missed.
func alarm(c period.Calendar, today period.Day, t Term) (a Alarm, ok bool) {
	var steps []step
	for _, n := range t.Remind {
		day := t.Due
		if n != 0 || !c.IsWorkday(day) {
			day, _ = c.AddWorkdays(t.Due, -max(n, 1))
		}
		steps = append(steps, step{day: day, n: n})
	}
	for _, n := range t.Escalate {
		day, _ := c.AddWorkdays(t.Due, max(n, 1))
		steps = append(steps, step{day: day, escalate: true, n: n})
	}
	steps = slices.DeleteFunc(steps, func(s step) bool { return s.day > today })
	if len(steps) == 0 {
		return Alarm{}, false
	}
	slices.SortStableFunc(steps, func(x, y step) int { return int(x.day - y.day) })
	last := steps[len(steps)-1]
	if !last.escalate && today > t.Due {
		return Alarm{}, false // it is too late to remind, and too early to escalate
	}
	a = Alarm{Escalate: last.escalate, Due: t.Due}
	a.Workdays, a.Known = c.Workdays(today, t.Due)
	word := "remind"
	if last.escalate {
		word = "escalate"
	}
	a.Key = strings.Join([]string{t.Key, word, strconv.Itoa(last.n), t.Due.String()}, "/")
	return a, true
}

// askedAtOnce is how many keys are looked up in one statement.
const askedAtOnce = 500

// Due is what is to be told of terms today and was not told yet. Whoever asks posts a message with the key of each alarm;
// asked again, on this day or a later one, the alarm does not come. A term whose day has moved, as when a calendar became
// known, is told anew for its new day.
func (s *Store) Due(ctx context.Context, q store.Querier, terms []Term) ([]Alarm, error) {
	today := s.Clock.Today()
	var all []Alarm
	for i, t := range terms {
		if a, ok := alarm(s.Calendar, today, t); ok {
			a.Term = i
			all = append(all, a)
		}
	}
	told := map[string]bool{}
	for part := range slices.Chunk(all, askedAtOnce) {
		var (
			marks []string
			args  []any
		)
		for _, a := range part {
			args = append(args, a.Key)
			marks = append(marks, "$"+strconv.Itoa(len(args)))
		}
		err := each(ctx, q, `SELECT told_key FROM notice WHERE told_key IN (`+strings.Join(marks, ", ")+`) ORDER BY told_key`, args, func(scan func(...any) error) error {
			var key string
			err := scan(&key)
			told[key] = true
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read what was told: %w", err)
		}
	}
	return slices.DeleteFunc(all, func(a Alarm) bool { return told[a.Key] }), nil
}
