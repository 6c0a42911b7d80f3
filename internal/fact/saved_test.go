package fact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/packed"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// again is the same database opened by another process, from a file where there is one.
func (w *world) again(t tester, saved Saved) *world {
	t.Helper()
	other := &world{db: w.db, lib: w.lib, sources: w.sources, parties: party.NewStore(w.db, w.sources)}
	other.facts = NewStore(w.db, w.sources, w.lib)
	f, err := OpenSaved(context.Background(), other.facts, other.parties, now, saved)
	must(t, err)
	other.frames = f
	return other
}

// people is what a registry tells, as far as a test can ask.
func people(v View, ids []int64) any {
	r := v.Registry()
	type told struct {
		Subject    party.Subject
		Enterprise party.Enterprise
		Children   []int64
		Areas      []party.Span
	}
	var all []told
	for _, id := range ids {
		var x told
		x.Subject, _ = r.Subject(id)
		x.Enterprise, _ = r.Enterprise(id)
		x.Children, x.Areas = r.Children(id, "project"), r.Nodes(id, party.TreeArea)
		all = append(all, x)
	}
	return []any{all, slices.Collect(r.Enterprises()), v.Search("第1厂", 50), r.ByName("round 1 第1厂")}
}

// TestSavedFrame: after any history, saved at any moments of it, the file and what was committed since give the same
// frame as the rows do, and go on as well as it.
func TestSavedFrame(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		path := filepath.Join(t.TempDir(), "frame")
		round := 0
		rapid.Check(t, func(t *rapid.T) {
			round++
			saved := Saved{Path: path, Ignored: func(why error) { t.Errorf("the file is not used: %v", why) }}
			h := &history{world: w, oracle: &oracle{lib: w.lib}, t: t, merged: map[int64]int64{}}
			h.firms, h.projects = w.firms(t, fmt.Sprintf("round %d", round), 4, "320904", "320981")
			w.refresh(t)
			saves := 0
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
				case 8:
					w.frames.saved = saved
					w.refresh(t)
					must(t, w.frames.Save(context.Background()))
					saves++
				default: // the process ends, and another begins
					w.frames = w.again(t, saved).frames
					h.check("resumed", w.refresh(t))
				}
			}
			ids := slices.Concat(h.firms, h.projects)
			anew := w.again(t, Saved{}).refresh(t)
			resumed := w.again(t, saved)
			for what, v := range map[string]View{"resumed": resumed.refresh(t), "followed": w.refresh(t)} {
				h.check(what, v)
				h.checkTimelines(v)
				if diff := cmp.Diff(people(anew, ids), people(v, ids), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("%s: who and where (-rebuilt +%s)\n%s", what, what, diff)
				}
			}
		})
	})
}

// savedTown is a small world and the file of its frame.
func savedTown(t testing.TB) (w *world, firms []int64, file []byte) {
	w = newWorld(t, storetest.SQLite(t, migrations))
	firms, projects := w.firms(t, "town", 3, "320904", "320981")
	w.say(t, "tax", present(firms[0], "ent.revenue", years[0], 5), text(firms[1], "ent.address", "海大道1号"),
		present(firms[2], "ent.revenue", years[1], -7), present(projects[0], "project.input", years[0], 1<<40))
	src, _ := w.say(t, "bureau", present(firms[0], "ent.revenue", years[1], 6))
	v := w.refresh(t)
	_, err := v.Merge(context.Background(), party.Merging{From: firms[2], Into: firms[1], Reason: "one firm"})
	must(t, err)
	w.retract(t, src)
	w.refresh(t)
	w.frames.saved.Path = filepath.Join(t.TempDir(), "frame")
	must(t, w.frames.Save(context.Background()))
	file, err = os.ReadFile(w.frames.saved.Path)
	must(t, err)
	return w, firms, file
}

// TestSavedIgnored: a file that does not fit is not used, the reason is told, and the frame is right all the same.
func TestSavedIgnored(t *testing.T) {
	ctx := context.Background()
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, w *world, saved *Saved, file []byte) []byte
		why   string
	}{
		"cut off": {func(_ *testing.T, _ *world, _ *Saved, file []byte) []byte { return file[:len(file)-9] }, "damaged"},
		"empty":   {func(*testing.T, *world, *Saved, []byte) []byte { return nil }, "no file of this kind"},
		"a bit turned over": {func(_ *testing.T, _ *world, _ *Saved, file []byte) []byte {
			file[len(file)/2] ^= 4
			return file
		}, "damaged"},
		"something else": {func(*testing.T, *world, *Saved, []byte) []byte { return []byte("SQLite format 3\x00 and so on") }, "no file of this kind"},
		"of a newer version": {func(_ *testing.T, _ *world, _ *Saved, file []byte) []byte {
			file[8]++
			return file
		}, "another version"},
		"of another build": {func(_ *testing.T, _ *world, saved *Saved, file []byte) []byte {
			saved.Build = "next"
			return file
		}, "build"},
		"of another database": {func(t *testing.T, _ *world, _ *Saved, _ []byte) []byte {
			_, _, other := savedTown(t)
			return other
		}, "another database"},
		"under other definitions": {func(_ *testing.T, w *world, _ *Saved, file []byte) []byte {
			w.lib.FactDefs()[0].Authority = []string{"bank"}
			return file
		}, "definitions"},
		"ahead of a database that was restored": {func(t *testing.T, w *world, _ *Saved, file []byte) []byte {
			w.exec(t, `DELETE FROM commit_log WHERE seq > 3`)
			w.exec(t, `UPDATE commit_seq SET seq = 3`)
			return file
		}, "up to commit"},
		"of another history": {func(t *testing.T, w *world, _ *Saved, file []byte) []byte {
			w.exec(t, `UPDATE commit_log SET at = at + 1 WHERE seq = 2`)
			return file
		}, "history"},
	} {
		t.Run(name, func(t *testing.T) {
			w, firms, file := savedTown(t)
			before := w.lib.FactDefs()[0].Authority
			defer func() { w.lib.FactDefs()[0].Authority = before }()
			var why error
			saved := Saved{Path: w.frames.saved.Path, Ignored: func(err error) { why = err }}
			must(t, os.WriteFile(saved.Path, tc.spoil(t, w, &saved, file), 0o600))
			other := w.again(t, saved)
			if why == nil || !strings.Contains(why.Error(), tc.why) {
				t.Errorf("ignored because %v, want %q", why, tc.why)
			}
			anew := w.again(t, Saved{}).view(t, access.SystemScope(), 0)
			v := other.view(t, access.SystemScope(), 0)
			if diff := cmp.Diff(people(anew, firms), people(v, firms), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-rebuilt +got)\n%s", diff)
			}
			w.say(t, "tax", present(firms[0], "ent.revenue", years[0], 9))
			must(t, other.frames.Refresh(ctx))
			must(t, other.frames.Save(ctx)) // in place of the one that does not fit
			why = nil
			if got := w.again(t, saved).refresh(t).Value(firms[0], "ent.revenue", years[0]); got.Value.Num != 9 || why != nil {
				t.Errorf("from the file written since: %+v, %v", got, why)
			}
		})
	}
}

func (w *world) exec(t tester, statement string) {
	t.Helper()
	must(t, w.db.Write(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, statement)
		return err
	}))
}

// TestSavedUnchanged: what the file holds already is not written again, and an unused place is no fault.
func TestSavedUnchanged(t *testing.T) {
	w, firms, _ := savedTown(t)
	must(t, os.Remove(w.frames.saved.Path))
	must(t, w.frames.Save(context.Background()))
	if _, err := os.Stat(w.frames.saved.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("written again: %v", err)
	}
	w.again(t, Saved{Path: w.frames.saved.Path, Ignored: func(why error) { t.Errorf("no file, and yet: %v", why) }})
	w.say(t, "tax", present(firms[0], "ent.revenue", years[0], 9))
	w.refresh(t)
	must(t, w.frames.Save(context.Background()))
	if _, err := os.Stat(w.frames.saved.Path); err != nil {
		t.Error(err)
	}
}

// FuzzSaved puts any body in place of a section's, under a right checksum: it is refused, or there is a frame that can be
// read from end to end and goes on.
func FuzzSaved(f *testing.F) {
	w, firms, file := savedTown(f)
	sections, err := packed.Parse(file, w.frames.saved.kind())
	must(f, err)
	for i, s := range sections {
		f.Add(uint8(i), s.Body)
	}
	seq, err := w.db.Seq(context.Background())
	must(f, err)
	f.Fuzz(func(t *testing.T, at uint8, body []byte) {
		spoilt := slices.Clone(sections)
		spoilt[int(at)%len(spoilt)].Body = bytes.Clone(body)
		fresh := &Frames{facts: w.facts, parties: party.NewStore(w.db, w.sources), now: now, limits: w.frames.limits, saved: w.frames.saved}
		snap, codes, err := fresh.restore(context.Background(), spoilt, seq)
		if err != nil {
			return
		}
		fresh.codes, fresh.epoch = codes, 1
		fresh.newest.Store(snap)
		v, err := fresh.For(context.Background(), access.SystemScope(), 0)
		must(t, err)
		people(v, firms)
		for _, id := range firms {
			for _, a := range slices.Concat(aboutFirms, aboutProjects) {
				v.Value(id, a.def, a.period)
			}
		}
		b := snap.next(2, codes)
		for at := range b.said {
			b.clearSource(uint32(at))
		}
		b.clearSubjects(firms)
		b.done(seq, snap.parties)
		var o packed.Out
		snap.parties.Save(&o)
	})
}
