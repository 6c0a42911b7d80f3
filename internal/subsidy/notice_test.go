package subsidy

import (
	"context"
	"slices"
	"testing"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
)

// A notice is read a page at a time, from any line on, and one firm's lines by its name; its count and sum are its own.
func TestNoticeIsReadInPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.firms(12)
		r, err := w.ListRound(ctx, cityA, newRound(w))
		must(t, err)
		must(t, w.DropLine(ctx, cityA, r.ID, 5, "正在核查"))
		must(t, w.PublishRound(ctx, cityB, r.ID))
		numbers := func(p ReleasePage) []int {
			t.Helper()
			all, err := w.Release(ctx, r.ID, p)
			must(t, err)
			var out []int
			for _, x := range all {
				out = append(out, x.N)
			}
			return out
		}
		for _, c := range []struct {
			name string
			page ReleasePage
			want []int
		}{
			{"the beginning", ReleasePage{Rows: 3}, []int{1, 2, 3}},
			{"across a line that was dropped", ReleasePage{From: 4, Rows: 3}, []int{4, 6, 7}},
			{"from the dropped line on", ReleasePage{From: 5, Rows: 2}, []int{6, 7}},
			{"the page before", ReleasePage{Before: 7, Rows: 3}, []int{3, 4, 6}},
			{"before the beginning", ReleasePage{Before: 1}, nil},
			{"the end", ReleasePage{From: 11, Rows: 9}, []int{11, 12}},
			{"after the end", ReleasePage{From: 13}, nil},
			{"after any end", ReleasePage{From: 1 << 40}, nil},
			{"before any end", ReleasePage{Before: 1 << 40, Rows: 2}, []int{11, 12}},
		} {
			if got := numbers(c.page); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
		line, err := w.ReleasedLine(ctx, r.ID, 7)
		must(t, err)
		if got := numbers(ReleasePage{Firm: line.Firm}); !slices.Equal(got, []int{7}) {
			t.Errorf("of %s: %v", line.Firm, got)
		}
		if got := numbers(ReleasePage{Firm: line.Firm[:len(line.Firm)-1]}); len(got) != 0 {
			t.Errorf("of half a name: %v", got)
		}
		if _, err := w.ReleasedLine(ctx, r.ID, 1<<40); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a line beyond any notice: %v", err)
		}
		if err := w.DropLine(ctx, cityA, r.ID, 1<<40, "正在核查"); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("dropped a line beyond any list: %v", err)
		}
		if _, err := w.Object(ctx, r.ID, 1<<40, "某人", "理由"); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("objected to a line beyond any notice: %v", err)
		}
		if _, err := w.ReleasedLine(ctx, r.ID, 5); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a line that was dropped before: %v", err)
		}
		n, err := w.Notice(ctx, r.ID)
		must(t, err)
		if n.Lines != 11 || n.Sum != 11*90*wan {
			t.Errorf("notice: %d lines, %s", n.Lines, n.Sum)
		}
		if _, err := w.Object(ctx, r.ID, 5, "某人", "理由"); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("objected to a line that is not there: %v", err)
		}
		id, err := w.Object(ctx, r.ID, 6, "某人", "理由")
		must(t, err)
		second, err := w.Object(ctx, r.ID, 6, "另一人", "理由")
		must(t, err)
		state := func(to RoundState) {
			t.Helper()
			must(t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE subsidy_round SET state = $1 WHERE id = $2`, string(to), r.ID)
				return err
			}))
		}
		state(RoundPublishing)
		if _, err := w.Answer(ctx, cityA, id, true, "属实"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("a line dropped while its notice is written: %v", err)
		}
		state(RoundNotice)
		for _, id := range []int64{id, second} {
			if _, err := w.Answer(ctx, cityA, id, true, "属实"); err != nil {
				t.Errorf("answered: %v", err)
			}
		}
	})
}
