package subsidy

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy/version"
	"github.com/yanzhen/yanzhen/internal/release"
	"github.com/yanzhen/yanzhen/internal/store"
)

// logged is every kind that is logged in these tests.
func logged() []*audit.Kind {
	return slices.Concat(Logged, release.Logged, casework.Logged, ledger.Logged, version.Logged)
}

// The notice of a batch is published, corrected by two persons, withdrawn and published again; an objection stays with the line that it
// is about, and what is approved is what stands.
func TestBatchIsCorrected(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		call := w.opened("c9")
		var cases []int64
		for i, f := range w.firms(3) {
			id, err := w.applies(call, f.id, "c9", items(fmt.Sprint(10+i)))
			must(t, err)
			w.settled(id)
			cases = append(cases, id)
		}
		batch := w.batched(call, cases...)
		releases := func(want ...release.Act) []release.Release {
			t.Helper()
			all, err := w.Releases.Series(ctx, BatchRelease, batch)
			must(t, err)
			var got []release.Act
			for _, r := range all {
				got = append(got, r.Act)
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("releases: %v, want %v", got, want)
			}
			return all
		}
		first := releases(release.Published)[0]
		if first.Lines != 3 || first.By != cityA.Account() || first.Until != w.window() {
			t.Errorf("published: %+v", first)
		}
		o, err := w.Object(ctx, batch, 2, "某人", "已获其他补助")
		must(t, err)

		w.pass(24 * time.Hour)
		w.does(cityA, cases[1], "strike")
		if err := w.act(cityB, batch, "correct", "异议成立"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("corrected without a doubt: %v", err)
		}
		w.does(cityB, batch, "doubt")
		if err := w.act(cityA, batch, "approve", ""); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("approved while it is in doubt: %v", err)
		}
		if err := w.act(cityB, batch, "correct", "异议成立"); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("corrected by who held it to be wrong: %v", err)
		}
		if err := w.act(cityA, batch, "correct", "异议成立，联系 13800138000"); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a reason with a telephone number: %v", err)
		}
		must(t, w.act(cityA, batch, "correct", "第二项异议成立，撤下"))
		all := releases(release.Published, release.Corrected)
		if all[1].Lines != 2 || all[1].Until != first.Until || all[1].Reason != "第二项异议成立，撤下" {
			t.Errorf("corrected: %+v", all[1])
		}
		lines, err := w.Release(ctx, batch, ReleasePage{})
		must(t, err)
		n, err := w.Notice(ctx, batch)
		must(t, err)
		if len(lines) != 2 || lines[0].N != 1 || lines[1].N != 3 || n.Lines != 2 || n.Sum != lines[0].Amount+lines[1].Amount || n.Ends != first.Until {
			t.Errorf("the notice: %+v, %+v", lines, n)
		}
		if line, err := w.ReleasedLine(ctx, batch, 2); err != nil || line.Firm == "" {
			t.Errorf("the line of the objection: %+v, %v", line, err)
		}
		if _, err := w.Object(ctx, batch, 2, "另一人", "理由"); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("objected to a line that is gone: %v", err)
		}
		_, err = w.Answer(ctx, cityA, o, true, "属实，已撤下")
		must(t, err)

		w.does(cityB, batch, "doubt")
		w.does(cityA, batch, "withdraw")
		releases(release.Published, release.Corrected, release.Withdrawn)
		if _, err := w.Notice(ctx, batch); errs.KindOf(err) != errs.KindNotFound || w.stateOf(batch) != "gather" {
			t.Errorf("withdrawn: %v, %s", err, w.stateOf(batch))
		}
		w.does(cityA, batch, "publish")
		all = releases(release.Published, release.Corrected, release.Withdrawn, release.Published)
		if lines, err := w.Release(ctx, batch, ReleasePage{}); err != nil || len(lines) != 2 || lines[1].N != 3 {
			t.Errorf("published again: %+v, %v", lines, err)
		}
		if all[3].Until != w.window() {
			t.Errorf("published again until %s", all[3].Until)
		}
		if checked, err := audit.Check(ctx, w.db, logged()); err != nil || len(checked.Faults) > 0 {
			t.Errorf("the log: %+v, %v", checked.Faults, err)
		}
	})
}

// The notice of a round is held to be wrong by one and corrected or withdrawn by another; a line that is another one now begins the
// notice anew, and no firm is asked meanwhile.
func TestRoundIsCorrected(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firms := w.firms(3)
		r, err := w.ListRound(ctx, cityA, newRound(w))
		must(t, err)
		must(t, w.PublishRound(ctx, cityB, r.ID))
		if err := w.SettleDoubt(ctx, cityB, r.ID, Correct, "更正"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("settled without a doubt: %v", err)
		}
		if err := w.DoubtRound(ctx, cityA, r.ID, " "); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("doubted without a reason: %v", err)
		}
		must(t, w.DoubtRound(ctx, cityA, r.ID, "第一家名称有误"))
		if err := w.DoubtRound(ctx, cityB, r.ID, "再提"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("doubted twice: %v", err)
		}
		if err := w.SettleDoubt(ctx, cityA, r.ID, Correct, "更正"); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("corrected by who doubted: %v", err)
		}
		if err := w.SettleDoubt(ctx, cityB, r.ID, Correct, "更正"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("corrected to the same: %v", err)
		}
		if err := w.SettleDoubt(ctx, applicant(9, firms[0].id), r.ID, Keep, "不改"); err == nil {
			t.Error("settled by a firm")
		}
		w.pass(9 * 24 * time.Hour)
		if _, err := w.OpenRound(ctx, cityB, r.ID); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("asked while it is in doubt: %v", err)
		}
		must(t, w.DropLine(ctx, cityB, r.ID, 2, "重复"))
		must(t, w.SettleDoubt(ctx, cityB, r.ID, Correct, "第二项重复，撤下"))
		n, err := w.Notice(ctx, r.ID)
		must(t, err)
		if n.Lines != 2 || n.Stands() {
			t.Errorf("lines that are only gone begin it anew: %+v", n)
		}
		must(t, w.DoubtRound(ctx, cityA, r.ID, "第一家名称有误"))
		must(t, w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE subsidy_round_line SET fen = fen - 100 WHERE round_id = $1 AND n = 1`, r.ID)
			return err
		}))
		must(t, w.SettleDoubt(ctx, cityB, r.ID, Correct, "第一项金额更正"))
		if n, err = w.Notice(ctx, r.ID); err != nil || n.Began != period.Date(2024, 11, 9) || !n.Stands() {
			t.Errorf("a line that changed: %+v, %v", n, err)
		}
		must(t, w.DoubtRound(ctx, cityB, r.ID, "整体有误"))
		must(t, w.SettleDoubt(ctx, cityB, r.ID, Keep, "核实无误"))
		must(t, w.DoubtRound(ctx, cityB, r.ID, "整体有误"))
		must(t, w.SettleDoubt(ctx, cityA, r.ID, Withdraw, "依据有误，整体撤回"))
		if _, err := w.Notice(ctx, r.ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("withdrawn: %v", err)
		}
		must(t, w.RestoreLine(ctx, cityA, r.ID, 2))
		must(t, w.PublishRound(ctx, cityB, r.ID))
		all, err := w.Releases.Series(ctx, RoundRelease, r.ID)
		must(t, err)
		if len(all) != 5 || all[4].Lines != 3 || all[4].Act != release.Published {
			t.Errorf("series: %+v", all)
		}
		doubts, err := w.Doubts(ctx, cityA, r.ID)
		must(t, err)
		if len(doubts) != 4 || doubts[0].Release != all[1].ID || doubts[2].Outcome != Keep || doubts[2].Release != 0 || doubts[3].By != cityA.Account() {
			t.Errorf("doubts: %+v", doubts)
		}
		if checked, err := audit.Check(ctx, w.db, logged()); err != nil || len(checked.Faults) > 0 {
			t.Errorf("the log: %+v, %v", checked.Faults, err)
		}
	})
}
