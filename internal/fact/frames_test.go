package fact

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
)

// oracle is what was said, kept by the test beside the database, and the plainest reckoning of what holds.
type oracle struct {
	lib     *content.Library
	sources []told
	merges  []merging
}

type told struct {
	id, seq, undone int64 // seq 0: pending; undone 0: not retracted
	authority       string
	said            []Statement // in the order of appending
}

type merging struct {
	seq, from, into int64
	undo            bool
}

func (o *oracle) root(subject, known int64) int64 {
	into := map[int64]int64{}
	for _, m := range o.merges {
		if m.seq <= known {
			into[m.from] = m.into
			if m.undo {
				delete(into, m.from)
			}
		}
	}
	for into[subject] != 0 {
		subject = into[subject]
	}
	return subject
}

// effective is the statement that holds as known at a commit.
func (o *oracle) effective(subject int64, def string, p period.Period, known int64) (best Statement, ok bool) {
	d, _ := o.lib.FactDef(def)
	root := o.root(subject, known)
	bestRank, bestSeq := math.MaxInt, int64(0)
	for _, src := range o.sources {
		if src.seq == 0 || src.seq > known || src.undone != 0 && src.undone <= known {
			continue
		}
		rank := o.lib.Rank(d, src.authority)
		for _, s := range src.said {
			if s.Def != def || s.Period != p || o.root(s.Subject, known) != root {
				continue
			}
			if rank < bestRank || rank == bestRank && src.seq >= bestSeq { // later in the same source holds
				best, ok, bestRank, bestSeq = s, true, rank, src.seq
				best.Source = src.id
			}
		}
	}
	return best, ok
}

func (o *oracle) cell(subject int64, def string, p period.Period, known int64) Cell {
	s, ok := o.effective(subject, def, p, known)
	if !ok {
		return Cell{}
	}
	return Cell{Value: s.Value, State: s.State, Known: s.State == Present, Precision: s.Precision, Status: s.Status, Source: s.Source}
}

var (
	years     = []period.Period{period.OfYear(2022), period.OfYear(2023)}
	authority = []string{"tax", "statistics", "bureau", "enterprise"}
)

type about struct {
	def    string
	period period.Period
}

var (
	aboutFirms    = []about{{"ent.revenue", years[0]}, {"ent.revenue", years[1]}, {"ent.founded", period.Period{}}, {"ent.address", period.Period{}}}
	aboutProjects = []about{{"project.input", years[0]}, {"project.input", years[1]}, {"project.mark", period.Period{}}}
)

// history drives a world and an oracle through random events.
type history struct {
	*world
	*oracle
	t               *rapid.T
	firms, projects []int64
	merged          map[int64]int64
	pending         []told
}

func (h *history) statements() []Statement {
	var said []Statement
	for range rapid.IntRange(0, 6).Draw(h.t, "statements") {
		subjects, abouts := h.firms, aboutFirms
		if rapid.IntRange(0, 3).Draw(h.t, "kind") == 0 {
			subjects, abouts = h.projects, aboutProjects
		}
		a := rapid.SampledFrom(abouts).Draw(h.t, "about")
		s := Statement{
			Subject: rapid.SampledFrom(subjects).Draw(h.t, "subject"), Def: a.def, Period: a.period,
			State:     rapid.SampledFrom([]State{Present, Present, Present, Missing, None, Withheld}).Draw(h.t, "state"),
			Precision: rapid.SampledFrom([]Precision{Exact, Approx, AtLeast}).Draw(h.t, "precision"),
			Status:    rapid.SampledFrom([]Status{Reported, Verified, Estimated}).Draw(h.t, "status"),
			Place:     "Sheet1!A1",
		}
		n := rapid.Int64Range(0, 3).Draw(h.t, "value")
		switch {
		case s.State != Present:
		case a.def == "ent.address", a.def == "project.mark":
			s.Value.Text = fmt.Sprint("街道", n)
		default:
			s.Value.Num = n
		}
		said = append(said, s)
	}
	return said
}

func (h *history) stage() {
	src := told{authority: rapid.SampledFrom(authority).Draw(h.t, "authority")}
	src.id = h.begin(h.t, src.authority)
	for range rapid.IntRange(1, 2).Draw(h.t, "chunks") {
		said := h.statements()
		must(h.t, h.facts.Append(context.Background(), src.id, said))
		src.said = append(src.said, said...)
	}
	h.pending = append(h.pending, src)
}

func (h *history) settle() {
	if len(h.pending) == 0 {
		return
	}
	i := rapid.IntRange(0, len(h.pending)-1).Draw(h.t, "pending")
	src := h.pending[i]
	h.pending = slices.Delete(h.pending, i, i+1)
	if rapid.IntRange(0, 4).Draw(h.t, "discard") == 0 {
		must(h.t, h.world.sources.Discard(context.Background(), src.id))
		return
	}
	src.seq = h.publish(h.t, src.id)
	h.oracle.sources = append(h.oracle.sources, src)
}

func (h *history) undo() {
	var live []int
	for i, src := range h.oracle.sources {
		if src.undone == 0 {
			live = append(live, i)
		}
	}
	if len(live) > 0 {
		i := rapid.SampledFrom(live).Draw(h.t, "undo")
		h.oracle.sources[i].undone = h.retract(h.t, h.oracle.sources[i].id)
	}
}

func (h *history) merge() {
	v := h.refresh(h.t)
	from := rapid.SampledFrom(h.firms).Draw(h.t, "from")
	if into, ok := h.merged[from]; ok {
		seq, err := v.Unmerge(context.Background(), from, "two after all")
		must(h.t, err)
		delete(h.merged, from)
		h.merges = append(h.merges, merging{seq: seq, from: from, into: into, undo: true})
		return
	}
	into := rapid.SampledFrom(h.firms).Draw(h.t, "into")
	if h.oracle.root(into, math.MaxInt64) == from {
		return // would make a circle
	}
	seq, err := v.Merge(context.Background(), party.Merging{From: from, Into: into, Reason: "one firm"})
	must(h.t, err)
	h.merged[from] = into
	h.merges = append(h.merges, merging{seq: seq, from: from, into: into})
}

// check compares every cell of a view with the oracle's.
func (h *history) check(what string, v View) {
	h.t.Helper()
	compare := func(subjects []int64, abouts []about) {
		for _, id := range subjects {
			for _, a := range abouts {
				got := v.Value(id, a.def, a.period)
				if got.Source != 0 {
					o, err := v.Origin(context.Background(), got)
					if err != nil || o.Source.ID != got.Source || o.Place != "Sheet1!A1" {
						h.t.Errorf("%s: origin %+v, %v", what, o, err)
					}
				}
				got.n = 0
				if diff := cmp.Diff(h.cell(id, a.def, a.period, v.Seq()), got, cmp.AllowUnexported(Cell{})); diff != "" {
					h.t.Fatalf("%s at commit %d: subject %d, %s in %q (-want +got)\n%s", what, v.Seq(), id, a.def, a.period, diff)
				}
			}
		}
	}
	compare(h.firms, aboutFirms)
	compare(h.projects, aboutProjects)
}

// TestEffectiveView: after any history, the frame that followed it commit by commit, one built from the rows, and one
// rebuilt as known at any earlier commit all give what the oracle says; and the time line marks the same statement.
func TestEffectiveView(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		round := 0
		rapid.Check(t, func(t *rapid.T) {
			round++
			h := &history{world: w, oracle: &oracle{lib: w.lib}, t: t, merged: map[int64]int64{}}
			w.frames.limits = rapid.SampledFrom([]limits{{200, 5000}, {1, 5000}, {200, 1}}).Draw(t, "limits")
			h.firms, h.projects = w.firms(t, fmt.Sprintf("round %d", round), 4, "320904")
			first := w.refresh(t).Seq()
			for range rapid.IntRange(1, 12).Draw(t, "events") {
				switch rapid.IntRange(0, 9).Draw(t, "event") {
				case 0, 1, 2:
					h.stage()
				case 3, 4, 5:
					h.settle()
				case 6:
					h.undo()
				case 7:
					h.merge()
				default:
					h.check("followed", w.refresh(t))
				}
			}
			last := w.refresh(t)
			h.check("followed", last)
			h.checkTimelines(last)
			anew := w.reopen(t)
			v, err := anew.For(context.Background(), access.SystemScope(), 0)
			must(t, err)
			h.check("built anew", v)
			known := rapid.Int64Range(first, last.Seq()).Draw(t, "known")
			past := w.view(t, access.SystemScope(), known)
			if past.Seq() != known {
				t.Fatalf("asked for commit %d, got %d", known, past.Seq())
			}
			h.check("as known before", past)
			h.checkTimelines(past)
		})
	})
}

func (h *history) checkTimelines(v View) {
	h.t.Helper()
	all, err := v.Known(context.Background(), h.firms...)
	must(h.t, err)
	for _, id := range h.firms {
		lines, err := v.Timeline(context.Background(), id)
		must(h.t, err)
		checkKnown(h.t, all[id], lines)
		for _, line := range lines {
			if diff := cmp.Diff(v.Value(id, line.Def.Code, line.Period), line.Cell, cmp.AllowUnexported(Cell{})); diff != "" {
				h.t.Fatalf("time line's cell (-want +got)\n%s", diff)
			}
			effective := 0
			for _, s := range line.Stated {
				if s.Effective {
					effective++
					if s.Source != line.Cell.Source || s.N != line.Cell.n || s.Value != line.Cell.Value {
						h.t.Fatalf("time line marks %+v, the cell is %+v", s, line.Cell)
					}
				}
				if s.Why.IsZero() || s.From.Seq == 0 || s.From.Seq > v.Seq() {
					h.t.Fatalf("time line at %d: %+v", v.Seq(), s)
				}
			}
			if want := line.Cell.Source != 0; (effective == 1) != want {
				h.t.Fatalf("time line marks %d statements, cell %+v", effective, line.Cell)
			}
		}
	}
}

// checkKnown holds what is known of a subject against its time line.
func checkKnown(t tester, known []Known, lines []Line) {
	t.Helper()
	var want []Known
	for _, l := range lines {
		if l.Cell.State == Unknown {
			continue
		}
		k := Known{Def: l.Def, Period: l.Period, Cell: l.Cell}
		k.Disputed = slices.ContainsFunc(l.Disputes, func(d Dispute) bool { return d.Closed == nil })
		if l.Cell.Source != 0 {
			k.From = l.Stated[0].From
		}
		want = append(want, k)
	}
	if diff := cmp.Diff(want, known, cmp.AllowUnexported(Cell{}), cmpopts.EquateEmpty(), cmpopts.EquateComparable(period.Period{}),
		cmp.Comparer(func(a, b content.FactDef) bool { return a.Code == b.Code })); diff != "" {
		t.Fatalf("known (-time line +known)\n%s", diff)
	}
}

// published is every row of sources that became known, as text.
func (w *world) published(t tester) map[string]string {
	t.Helper()
	rows, err := w.db.Read().Query(context.Background(), `SELECT f.source_id, f.n, f.subject_id, f.column_id, f.state, f.status, f.precise, f.num, f.text, f.place, f.shown
		FROM fact f JOIN source s ON s.id = f.source_id WHERE s.state = 'published'`)
	must(t, err)
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var (
			v [8]int64
			s [3]string
		)
		must(t, rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &s[0], &s[1], &s[2]))
		all[fmt.Sprint(v[0], " ", v[1])] = fmt.Sprint(v, s)
	}
	must(t, rows.Err())
	return all
}

// TestNoRowChanges: whatever happens later, and whatever is tried, a published row stays as it was.
func TestNoRowChanges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		round := 0
		rapid.Check(t, func(t *rapid.T) {
			round++
			ctx := context.Background()
			h := &history{world: w, oracle: &oracle{lib: w.lib}, t: t, merged: map[int64]int64{}}
			h.firms, h.projects = w.firms(t, fmt.Sprintf("unchanged %d", round), 3, "320904")
			before := w.published(t)
			for range rapid.IntRange(1, 8).Draw(t, "events") {
				switch rapid.IntRange(0, 4).Draw(t, "event") {
				case 0, 1:
					h.stage()
				case 2:
					h.settle()
				case 3:
					h.undo()
				case 4:
					h.merge()
				}
				for _, src := range h.oracle.sources {
					wantKind(t, "append to a published source", w.facts.Append(ctx, src.id, []Statement{present(h.firms[0], "ent.revenue", years[0], 1)}), errs.KindConflict)
					wantKind(t, "discard a published source", w.sources.Discard(ctx, src.id), errs.KindConflict)
				}
				after := w.published(t)
				for key, row := range before {
					if after[key] != row {
						t.Fatalf("row %s was %s, is %q", key, row, after[key])
					}
				}
				before = after
			}
			_, err := w.sources.PurgePending(ctx, math.MaxInt64)
			must(t, err)
			if diff := cmp.Diff(before, w.published(t)); diff != "" {
				t.Fatalf("purging what is pending changed what is published (-want +got)\n%s", diff)
			}
		})
	})
}

func TestUndoRestoresAndTheSameAddsAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		firms, _ := w.firms(t, "undo", 2, "320904")
		y := years[0]
		w.say(t, "tax", present(firms[0], "ent.revenue", y, 100))
		before := w.refresh(t)

		file := []Statement{present(firms[0], "ent.revenue", y, 200), present(firms[1], "ent.revenue", y, 300), text(firms[0], "ent.address", "海大道1号")}
		var d Digest
		for i, s := range file {
			d.Add(fmt.Sprint("enterprise ", i), s)
		}
		load := func() (int64, error) {
			id, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "tax", Name: "again.xlsx", Digest: d.Sum()})
			must(t, err)
			must(t, w.facts.Append(ctx, id, file))
			_, err = w.sources.Publish(ctx, id, nil)
			return id, err
		}
		values := func(v View) []Cell {
			return []Cell{v.Value(firms[0], "ent.revenue", y), v.Value(firms[1], "ent.revenue", y), v.Value(firms[0], "ent.address", period.Period{})}
		}
		same := func(what string, want, got []Cell) {
			t.Helper()
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(Cell{})); diff != "" {
				t.Errorf("%s (-want +got)\n%s", what, diff)
			}
		}

		first, err := load()
		must(t, err)
		loaded := w.refresh(t)
		if got := values(loaded); got[0].Value.Num != 200 || got[1].Value.Num != 300 || got[2].Value.Text != "海大道1号" {
			t.Errorf("after the import: %+v", got)
		}
		_, err = load()
		wantKind(t, "the same again", err, errs.KindConflict)
		same("the same again adds nothing", values(loaded), values(w.refresh(t)))

		// The same figure in another file is a statement of its own, and outlives the first.
		w.say(t, "bureau", present(firms[1], "ent.revenue", y, 300))
		w.retract(t, first)
		undone := values(w.refresh(t))
		if undone[1].Value.Num != 300 || undone[1].Source == first {
			t.Errorf("undoing the first took away what the second says: %+v", undone[1])
		}
		same("undo", []Cell{values(before)[0], undone[1], values(before)[2]}, undone)
		same("a view stays as it is", values(loaded), values(w.view(t, access.SystemScope(), loaded.Seq())))

		if _, err = load(); err != nil {
			t.Fatalf("import after the undo: %v", err)
		}
		if got := values(w.refresh(t)); got[0].Value.Num != 200 {
			t.Errorf("import after the undo: %+v", got)
		}
	})
}

func TestTwoProcessesFollowOneLog(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := newWorld(t, w.db) // another process: its own stores and frame
		firms, _ := w.firms(t, "two", 1, "320904")
		src, _ := w.say(t, "tax", present(firms[0], "ent.revenue", years[0], 5), text(firms[0], "ent.address", "新"))
		v := other.refresh(t)
		if got := v.Value(firms[0], "ent.revenue", years[0]); got.Value.Num != 5 {
			t.Errorf("the other frame has %+v", got)
		}
		w.retract(t, src)
		if got := other.refresh(t).Value(firms[0], "ent.revenue", years[0]); got.State != Unknown {
			t.Errorf("after the undo the other frame has %+v", got)
		}
		if got := v.Value(firms[0], "ent.address", period.Period{}); got.Value.Text != "新" {
			t.Errorf("an old view changed: %+v", got)
		}
	})
}

// TestFollow: while one process publishes and another follows, every reader sees a whole source or nothing of it.
func TestFollow(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		follower := newWorld(t, w.db)
		firms, _ := w.firms(t, "follow", 2, "320904")
		const rounds = 20
		var wg sync.WaitGroup
		wg.Go(func() {
			follower.frames.Follow(ctx, time.Millisecond, func(err error) { t.Errorf("follow: %v", err) })
		})
		for range 2 {
			wg.Go(func() {
				for seen := int64(0); seen < rounds && ctx.Err() == nil; {
					v, err := follower.frames.For(ctx, access.SystemScope(), 0)
					if err != nil {
						t.Errorf("view: %v", err)
						return
					}
					a, b := v.Value(firms[0], "ent.revenue", years[0]), v.Value(firms[1], "ent.revenue", years[0])
					if a.Value != b.Value || a.Source != b.Source || a.Value.Num < seen {
						t.Errorf("after %d: torn or older values %+v, %+v", seen, a, b)
						return
					}
					seen = a.Value.Num
				}
			})
		}
		for n := range int64(rounds) {
			w.say(t, "tax", present(firms[0], "ent.revenue", years[0], n+1), present(firms[1], "ent.revenue", years[0], n+1))
		}
		for follower.view(t, access.SystemScope(), 0).Value(firms[0], "ent.revenue", years[0]).Value.Num < rounds && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		stop()
		wg.Wait()
	})
}

func TestForRefusesWhatIsNotThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		_, err := w.frames.For(ctx, access.SystemScope(), 1<<40)
		wantKind(t, "a commit to come", err, errs.KindNotFound)
		_, err = w.frames.For(ctx, access.SystemScope(), -1)
		wantKind(t, "a negative commit", err, errs.KindInvalid)
		firms, _ := w.firms(t, "late", 1, "320904")
		_, seq := w.say(t, "tax", present(firms[0], "ent.revenue", years[0], 5))
		v := w.view(t, access.SystemScope(), seq) // not refreshed: For catches up with what it is asked for
		if got := v.Value(firms[0], "ent.revenue", years[0]); got.Value.Num != 5 {
			t.Errorf("value at the newest commit: %+v", got)
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firms, _ := w.firms(t, "bad", 1, "320904")
		good := present(firms[0], "ent.revenue", years[0], 1)
		for name, change := range map[string]func(*Statement){
			"unknown definition":     func(s *Statement) { s.Def = "ent.nothing" },
			"no period":              func(s *Statement) { s.Period = period.Period{} },
			"needless period":        func(s *Statement) { s.Def = "ent.founded" },
			"no state":               func(s *Statement) { s.State = Unknown },
			"foreign state":          func(s *Statement) { s.State = 9 },
			"value of what is none":  func(s *Statement) { s.State = None },
			"text of a number":       func(s *Statement) { s.Value.Text = "1" },
			"number of a text":       func(s *Statement) { s.Def, s.Period = "ent.address", period.Period{} },
			"text that is not UTF-8": func(s *Statement) { s.Shown = "\xff" },
			"text without end":       func(s *Statement) { s.Shown = string(make([]byte, maxText+1)) },
		} {
			bad := good
			change(&bad)
			src := w.begin(t, "tax")
			wantKind(t, name, w.facts.Append(context.Background(), src, []Statement{good, bad}), errs.KindInvalid)
			got, err := w.sources.Get(context.Background(), access.SystemScope(), src)
			must(t, err)
			if got.Rows != 0 {
				t.Errorf("%s: %d rows went in", name, got.Rows)
			}
		}
	})
}
