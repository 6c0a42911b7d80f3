package fact

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// halves leaves of each project without a mark what one with a mark beside it does not state too, year by year.
func halves(projects []int64, cell func(id int64, def string, p period.Period) Cell) (all []Left) {
	for _, of := range projects {
		if cell(of, "project.mark", period.Period{}).Known {
			continue
		}
		for _, y := range years {
			c := cell(of, "project.input", y)
			x := Left{Subject: of, Def: "project.input", Period: y, State: c.State, Value: c.Value}
			for _, by := range projects {
				d := cell(by, "project.input", y)
				if c.Known && d.Known && d.Value.Num > 0 && cell(by, "project.mark", period.Period{}).Known {
					x.By, x.Value.Num = append(x.By, by), max(x.Value.Num-d.Value.Num, 0)
				}
			}
			if len(x.By) == 0 {
				continue
			}
			if x.Value.Num == 0 {
				x.State = None
			}
			all = append(all, x)
		}
	}
	return all
}

var inHalves = Pairing{Kind: content.Project, Marks: "project.mark", Names: "project.mark", Of: func(v View, projects []int64) []Left { return halves(projects, v.Value) }}

// checkPaired compares every cell of projects with what the oracle says of it and of those beside it.
func (h *history) checkPaired(what string, v View) {
	h.t.Helper()
	below := map[int64][]int64{}
	for i, firm := range h.firms {
		root := h.root(firm, v.Seq())
		below[root] = append(below[root], h.projects[i])
	}
	raw := func(id int64, def string, p period.Period) Cell { return h.cell(id, def, p, v.Seq()) }
	want := map[string]Cell{}
	for _, id := range h.projects {
		for _, a := range aboutProjects {
			want[fmt.Sprint(id, a)] = raw(id, a.def, a.period)
		}
	}
	for _, projects := range below {
		slices.Sort(projects)
		for _, x := range halves(projects, raw) {
			c := want[fmt.Sprint(x.Subject, about{x.Def, x.Period})]
			c.Paired = &Paired{State: c.State, Value: c.Value, By: x.By}
			c.State, c.Value, c.Known = x.State, x.Value, x.State == Present
			want[fmt.Sprint(x.Subject, about{x.Def, x.Period})] = c
		}
	}
	got := map[string]Cell{}
	for _, id := range h.projects {
		for _, a := range aboutProjects {
			c := v.Value(id, a.def, a.period)
			c.n = 0
			got[fmt.Sprint(id, a)] = c
			if stated := c.AsStated(); stated != raw(id, a.def, a.period) {
				h.t.Fatalf("%s: as stated %+v of %+v", what, stated, c)
			}
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Cell{})); diff != "" {
		h.t.Fatalf("%s at commit %d, below %v (-want +got)\n%s", what, v.Seq(), below, diff)
	}
}

// TestPairing: after any history of statements, undos and merges, what counts of paired cells is what the oracle says: in the frame that
// followed commit by commit, in one built anew, in one that was resumed from a file, and as known at any commit before.
func TestPairing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		path := filepath.Join(t.TempDir(), "frame")
		round := 0
		rapid.Check(t, func(t *rapid.T) {
			round++
			h := &history{world: w, oracle: &oracle{lib: w.lib}, t: t, merged: map[int64]int64{}}
			saved := Saved{Path: path, Ignored: func(why error) { t.Errorf("the file is not used: %v", why) }}
			w.frames = w.reopen(t)
			w.frames.limits = rapid.SampledFrom([]limits{{200, 5000}, {1, 5000}, {200, 1}}).Draw(t, "limits")
			h.firms, h.projects = w.firms(t, fmt.Sprintf("round %d", round), 3, "320904")
			first := w.refresh(t).Seq()
			w.frames.Pair(inHalves)
			h.merge()
			held := w.refresh(t) // by a reader, while others write
			for range rapid.IntRange(1, 14).Draw(t, "events") {
				switch rapid.IntRange(0, 9).Draw(t, "event") {
				case 0, 1:
					of := rapid.SampledFrom(h.projects).Draw(t, "of")
					said := []Statement{present(of, "project.input", rapid.SampledFrom(years).Draw(t, "year"), rapid.Int64Range(0, 9).Draw(t, "input"))}
					if rapid.Bool().Draw(t, "marked") {
						said = append(said, text(of, "project.mark", "a"))
					}
					for i := range said {
						said[i].Place = "Sheet1!A1"
					}
					src := told{authority: "tax", said: said}
					src.id, src.seq = w.say(t, "tax", said...)
					h.oracle.sources = append(h.oracle.sources, src)
				case 2:
					h.stage()
				case 3:
					h.settle()
				case 4:
					h.undo()
				case 5, 6:
					h.merge()
				case 7: // the process ends, and another begins
					w.frames.saved = saved
					w.refresh(t)
					must(t, w.frames.Save(context.Background()))
					w.frames = w.again(t, saved).frames
					w.frames.Pair(inHalves)
					h.checkPaired("resumed", w.refresh(t))
				default:
					held = w.refresh(t)
					h.checkPaired("followed", held)
				}
			}
			last := w.refresh(t)
			h.checkPaired("followed", last)
			h.checkPaired("held", held)
			anew := w.reopen(t)
			anew.Pair(inHalves)
			v, err := anew.For(context.Background(), access.SystemScope(), 0)
			must(t, err)
			h.checkPaired("built anew", v)
			h.checkPaired("as known before", w.view(t, access.SystemScope(), rapid.Int64Range(first, last.Seq()).Draw(t, "known")))
		})
	})
}

// A source that makes a subject known and marks it may be undone: nothing is left out any more.
func TestPairingOfWhatIsUndone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.frames.Pair(inHalves)
		firms, projects := w.firms(t, "a", 1, "320904")
		w.say(t, "tax", present(projects[0], "project.input", years[0], 9))
		src := w.begin(t, "tax")
		var other int64
		must(t, w.db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			ids, err := w.parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Project, Parent: firms[0], Key: "other"}})
			if err == nil {
				other = ids[0]
			}
			return err
		}))
		must(t, w.facts.Append(t.Context(), src, []Statement{present(other, "project.input", years[0], 4), text(other, "project.mark", "x")}))
		w.publish(t, src)
		for _, want := range []int64{5, 9} {
			if c := w.refresh(t).Value(projects[0], "project.input", years[0]); c.Value.Num != want || c.AsStated().Value.Num != 9 {
				t.Errorf("%+v, want %d", c, want)
			}
			if want == 5 {
				w.retract(t, src)
			}
		}
	})
}

// The time line says of which subjects the rest is stated, and what counts; Values counts it.
func TestPairedIsExplained(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.frames.Pair(inHalves)
		firms, projects := w.firms(t, "a", 2, "320904")
		v := w.refresh(t)
		_, err := v.Merge(context.Background(), party.Merging{From: firms[1], Into: firms[0], Reason: "one firm"})
		must(t, err)
		w.say(t, "tax", present(projects[0], "project.input", years[0], 90000000), present(projects[1], "project.input", years[0], 30000000), text(projects[1], "project.mark", "x"))
		v = w.refresh(t)
		lines, err := v.Timeline(context.Background(), projects[0])
		must(t, err)
		if len(lines) != 1 || lines[0].Cell.Value.Num != 60000000 || len(lines[0].Stated) != 1 || lines[0].Stated[0].Value.Num != 90000000 {
			t.Fatalf("time line %+v", lines)
		}
		if why := lines[0].Why; lines[0].Stated[0].Why.Key != "fact.why_effective" || why.Key != "fact.why_paired" || len(why.Args) != 2 || why.Args[0] != "x" {
			t.Errorf("it says %+v", why)
		}
		sum := int64(0)
		for n := range v.Values("project.input", years[0]) {
			sum += n
		}
		if sum != 90000000 {
			t.Errorf("values come to %d", sum)
		}
	})
}
