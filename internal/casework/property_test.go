package casework

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
)

// everybody is who acts in the property tests. Some have two roles, so that what must be done by different people is not
// kept apart by the roles already.
func (w *world) everybody() []access.Scope {
	return []access.Scope{
		firm(w, 0), firm(w, 1), county, other, city, city2, finance.And(access.NewScope(50, access.CityOfficial, []string{"320900", tinghu}, nil)),
		tax, safety.And(access.NewScope(41, access.EnvironmentBureau, []string{tinghu}, nil)), environ, expert(31), expert(32), expert(33), expert(34),
		city.And(access.NewScope(22, access.Finance, []string{tinghu}, nil)), access.SystemScope(),
	}
}

// TestRandomWays lets random people do random things to cases, and holds every case against what its events say and what
// must be true of any case.
func TestRandomWays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		done := map[string]int{}
		people := w.everybody()
		start := w.now
		wander := func(r *rapid.T) {
			w.now = start
			c := w.open(t)
			def := w.Set.All()[0]
			way := append(w.toApproval(), doing{city2, "grant", ""})
			begun := rapid.IntRange(0, len(way)).Draw(r, "begun")
			w.does(t, c.ID, way[:begun]...)
			if begun == len(way) {
				done["grant"]++
			}
			for range rapid.IntRange(5, 40).Draw(r, "steps") {
				by := rapid.SampledFrom(people).Draw(r, "by")
				if rapid.IntRange(0, 9).Draw(r, "wait") == 0 {
					w.now = w.now.AddDate(0, 0, rapid.IntRange(1, 30).Draw(r, "days"))
					_, err := w.Ring(t.Context())
					must(r, err)
				}
				a := rapid.SampledFrom(def.list).Draw(r, "action")
				if rapid.IntRange(0, 3).Draw(r, "sensible") > 0 {
					choices, err := w.Choices(t.Context(), by, c.ID)
					if err != nil || len(choices) == 0 {
						continue
					}
					a = rapid.SampledFrom(choices).Draw(r, "choice").Action
				}
				act := Act{Case: c.ID, Action: a.ID}
				if a.Form != "" {
					act.Entry = claim(rapid.Int64Range(0, 2).Draw(r, "yuan"))
				}
				if a.Reason != "" {
					act.Reason = "因为"
				}
				if _, err := w.Act(t.Context(), by, act); err == nil {
					done[a.ID]++
				}
			}
			w.holds(t, r, c.ID)
		}
		few := func() bool {
			return slices.ContainsFunc([]string{"grant", "pay", "appeal", "withdraw", "veto"}, func(way string) bool { return done[way] == 0 })
		}
		for range 10 { // by chance a hundred cases may have none that comes to be paid
			if rapid.Check(t, wander); !few() {
				break
			}
		}
		for _, a := range w.Set.All()[0].list {
			if done[a.ID] == 0 {
				t.Logf("%s was never done", a.ID)
			}
		}
		if few() {
			t.Errorf("some ways were never gone: %v", done)
		}
	})
}

// holds looks at a case without the interpreter.
func (w *world) holds(t *testing.T, r *rapid.T, id int64) {
	must(r, w.Verify(t.Context(), access.SystemScope(), id))
	c, def, err := w.Get(t.Context(), access.SystemScope(), id)
	must(r, err)
	events, err := w.Track(t.Context(), access.SystemScope(), id)
	must(r, err)
	type vote struct {
		slot  string
		actor int64
	}
	votes, moved := map[vote]string{}, events[0]
	for i, e := range events {
		a := def.actions[e.Action]
		if a == nil {
			continue
		}
		for _, before := range events[:i] {
			if e.Actor != 0 && before.Actor == e.Actor && slices.Contains(a.Apart, before.Action) {
				r.Fatalf("account %d did %s and %s", e.Actor, before.Action, e.Action)
			}
		}
		if a.Quorum != nil {
			v := vote{e.Slot, e.Actor}
			if votes[v] != "" || def.states[e.From].Tasks[0].Each == false && slices.ContainsFunc(events[moved.N:i], func(x Event) bool { return x.Slot == e.Slot }) {
				r.Fatalf("the task %s was answered twice, by account %d last", e.Slot, e.Actor)
			}
			votes[v] = e.Action
			same := 0
			for _, x := range votes {
				if x == e.Action {
					same++
				}
			}
			need := int(a.Quorum.Need)
			if need == 0 {
				need = len(def.states[e.From].Tasks)
			}
			if (same >= need) != (e.Kind == Acted && e.To == a.To) {
				r.Fatalf("%d of %d answers %s, and the case is at %s", same, need, e.Action, e.To)
			}
		}
		if a.Kind == Withdraw && (e.Who != Applicant || e.Actor != 10 || i != len(events)-1) {
			r.Fatalf("withdrawn by %d as %s in the middle", e.Actor, e.Who)
		}
		if a.Kind == Appeal {
			last, _ := w.Library.Calendar().AddWorkdays(clock.DayOf(moved.At), a.Within)
			if clock.DayOf(e.At) > last {
				r.Fatalf("an appeal on %s, refused on %s", clock.DayOf(e.At), clock.DayOf(moved.At))
			}
		}
		if e.From != e.To || e.Kind != Voted && a.To != "" {
			moved, votes = e, map[vote]string{}
		}
		w.holdsOutside(t, r, c, e)
	}
	if (c.Ended == Withdrawn) != (c.State == "gone") || c.Moved != moved.N {
		r.Fatalf("ended %q at %s by event %d, moved by %d", c.Ended, c.State, c.Moved, moved.N)
	}
}

// holdsOutside looks at what an event has left in other tables: entries of its effects, facts, frozen evidence.
func (w *world) holdsOutside(t *testing.T, r *rapid.T, c Case, e Event) {
	count := func(query string, args ...any) (n int) {
		must(r, w.DB.Read().QueryRow(t.Context(), query, args...).Scan(&n))
		return n
	}
	entries := count(`SELECT COUNT(*) FROM trial_entry WHERE event = $1 AND fen > 0`, e.ID)
	if (entries == 1) != (e.Action == "pay") {
		r.Fatalf("%s has %d entries", e.Action, entries)
	}
	frozen := count(`SELECT COUNT(*) FROM case_frozen_fact WHERE event_id = $1 AND def = 'ent.revenue' AND num > 0`, e.ID)
	if (frozen == 1) != (e.Action == "grant") {
		r.Fatalf("%s has frozen %d facts", e.Action, frozen)
	}
	facts := count(`SELECT COUNT(*) FROM fact WHERE source_id = $1 AND subject_id = $2 AND place = $3`, e.Source, c.Subject, fmt.Sprintf("case %d event %d", c.ID, e.N))
	if (facts == 1) != (e.Action == "grant") || (e.Source != 0) != (e.Action == "grant") {
		r.Fatalf("%s has stated %d facts under %d", e.Action, facts, e.Source)
	}
}

// TestBatchGates: whatever people do, no case passes a gate that its batch has not passed, and none joins a batch that
// gathers no more.
func TestBatchGates(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		people := []access.Scope{county, city, other, access.SystemScope()}
		released := 0
		act := func(r *rapid.T) {
			ctx := t.Context()
			batch, err := w.New(ctx, city, NewCase{Workflow: "batch", Title: "批次", Subject: w.area})
			must(r, err)
			cases := []Case{batch}
			for range rapid.IntRange(1, 3).Draw(r, "items") {
				c, err := w.New(ctx, county, NewCase{Workflow: "item", Title: "事项", Subject: w.firms[0]})
				must(r, err)
				cases = append(cases, c)
			}
			if rapid.Bool().Draw(r, "gathered") {
				w.does(t, cases[1].ID, doing{county, "join", strconv.FormatInt(batch.ID, 10)})
				w.does(t, batch.ID, doing{city, "publish", ""})
				if rapid.Bool().Draw(r, "over") {
					w.does(t, batch.ID, doing{access.SystemScope(), "over", ""})
				}
			}
			for range rapid.IntRange(5, 25).Draw(r, "steps") {
				c := rapid.SampledFrom(cases).Draw(r, "case")
				does := Act{Case: c.ID, Action: rapid.SampledFrom([]string{"join", "leave", "to_notice", "release", "publish", "over"}).Draw(r, "action")}
				switch does.Action {
				case "join":
					does.Reason = strconv.FormatInt(batch.ID, 10)
				case "leave":
					does.Reason = "误编"
				}
				_, _ = w.Act(ctx, rapid.SampledFrom(people).Draw(r, "by"), does)
			}
			events, err := w.Track(ctx, access.SystemScope(), batch.ID)
			must(r, err)
			var passed, published int64
			for _, e := range events {
				if e.Passes == "notice" {
					passed = e.ID
				}
				if e.Action == "publish" {
					published = e.ID
				}
			}
			for _, c := range cases[1:] {
				events, err := w.Track(ctx, access.SystemScope(), c.ID)
				must(r, err)
				must(r, w.Verify(ctx, access.SystemScope(), c.ID))
				for _, e := range events {
					switch e.Action {
					case "release":
						released++
						if passed == 0 || e.ID < passed {
							r.Fatalf("event %d released, the batch passed with %d", e.ID, passed)
						}
					case "join", "leave":
						if published != 0 && e.ID > published {
							r.Fatalf("event %d moved a case after event %d", e.ID, published)
						}
					}
				}
			}
			must(r, w.Verify(ctx, access.SystemScope(), batch.ID))
		}
		for range 10 { // by chance nobody may release anything in a hundred
			if rapid.Check(t, act); released > 0 {
				break
			}
		}
		if released == 0 {
			t.Error("nothing was ever released: the test is empty")
		}
	})
}
