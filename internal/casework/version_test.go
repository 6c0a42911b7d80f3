package casework

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
)

// A case goes on under the definition that it was opened with, whatever is in use now; one whose bytes were changed in the
// database is refused.
func TestOldVersion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		old := w.open(t)
		src, err := os.ReadFile("testdata/apply.yaml")
		must(t, err)
		changed := bytes.Replace(src, []byte("{need: 2}"), []byte("{need: 3}"), 1) // three experts from now on
		next, problems, err := Parse(ctx, Reading{Library: w.Library, Effects: w.Effects, Forms: w.Forms}, "apply.yaml", changed)
		must(t, err)
		if problems != nil {
			t.Fatal(problems)
		}
		d := w.Deps
		d.Set, _ = Gather(next)
		w.Store = Open(d)
		fresh := w.open(t)
		if old.Hash == fresh.Hash {
			t.Fatal("both have the same definition")
		}
		for _, c := range []struct {
			id   int64
			want string
		}{{old.ID, "approve"}, {fresh.ID, "panel"}} {
			w.does(t, c.id, w.toApproval()...)
			got, def, err := w.Get(ctx, county, c.id)
			must(t, err)
			if got.State != c.want || def.Hash != got.Hash {
				t.Errorf("case %d stands at %s, want %s", c.id, got.State, c.want)
			}
			must(t, w.Verify(ctx, county, c.id))
		}

		must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE case_definition SET body = $1 WHERE hash = $2`, string(changed), old.Hash)
			return err
		}))
		w.Store = Open(d)
		if _, _, err := w.Get(ctx, county, old.ID); err == nil || !strings.Contains(err.Error(), "was changed in the database") {
			t.Errorf("a definition changed behind the program's back is used: %v", err)
		}
	})
}

// Verify finds what somebody has changed by hand: each column that follows from the events.
func TestVerifyBites(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		c := w.open(t)
		w.does(t, c.ID, w.toApproval()[:3]...)
		for _, query := range []string{
			`UPDATE case_head SET state = 'approve' WHERE id = $1`,
			`UPDATE case_head SET data = '{"asked":"9.00"}' WHERE id = $1`,
			`UPDATE case_head SET ended = 'done' WHERE id = $1`,
			`UPDATE case_task SET outcome = 'veto' WHERE case_id = $1 AND outcome = 'agree'`,
			`UPDATE case_task SET account = 7 WHERE case_id = $1 AND closed_n = 0`,
			`UPDATE case_event SET to_state = 'panel' WHERE case_id = $1 AND n = 4`,
			`UPDATE case_event SET actor = 7, who = 'finance' WHERE case_id = $1 AND n = 3`,
			`DELETE FROM case_event WHERE case_id = $1 AND n = 4`,
		} {
			must(t, w.Verify(ctx, county, c.ID))
			undo := w.copyOf(t, c.ID)
			must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				n, err := tx.Exec(ctx, query, c.ID)
				if err == nil && n == 0 {
					t.Errorf("%s changed nothing", query)
				}
				return err
			}))
			if err := w.Verify(ctx, county, c.ID); errs.KindOf(err) != errs.KindConflict {
				t.Errorf("after %s: %v", query, err)
			}
			undo()
		}
	})
}

// copyOf gives what puts a case back as it is now.
func (w *world) copyOf(t *testing.T, id int64) (undo func()) {
	ctx := t.Context()
	c, def, err := w.load(ctx, w.DB.Read(), id)
	must(t, err)
	events, err := def.readEvents(ctx, w.DB.Read(), id)
	must(t, err)
	tasks, err := readTasks(ctx, w.DB.Read(), tasksOf, id)
	must(t, err)
	return func() {
		must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Exec(ctx, moveCase, c.Title, c.State, c.Since, c.Moved, c.Ended, c.Data.encode(), c.Batch, c.Partner, c.ID); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `DELETE FROM case_event WHERE case_id = $1`, id); err != nil {
				return err
			}
			for _, e := range events {
				row, err := e.row()
				if err != nil {
					return err
				}
				if err := writeEvent(ctx, tx, e, row); err != nil {
					return err
				}
			}
			for _, k := range tasks {
				if _, err := tx.Exec(ctx, `UPDATE case_task SET outcome = $1, account = $2 WHERE id = $3`, k.Outcome, k.Account, k.ID); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// The examples of the documentation are in order.
func TestDocumentation(t *testing.T) {
	lib, err := library()
	must(t, err)
	for _, file := range []string{"../../docs/casework.md", "../../docs/casework.zh-CN.md"} {
		doc, err := os.ReadFile(file)
		must(t, err)
		example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(doc)
		if example == nil {
			t.Fatalf("%s has no example", file)
		}
		_, problems, err := Parse(t.Context(), Reading{Library: lib, Effects: NewRegistry()}, file, example[1])
		must(t, err)
		for _, p := range problems {
			t.Error(p)
		}
	}
}
