package subsidy

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// reported states facts that nobody has verified.
func (w *world) reported(subject int64, facts map[string]any) {
	w.t.Helper()
	src, err := w.Sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "y.xlsx", Area: "320900"})
	must(w.t, err)
	var all []fact.Statement
	for key, v := range facts {
		s := statement(subject, key, v)
		s.Status = fact.Reported
		all = append(all, s)
	}
	must(w.t, w.facts.Append(ctx, src, all))
	_, err = w.Sources.Publish(ctx, src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(ctx))
}

func newRound(w *world) NewRound {
	return NewRound{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "免申即享", Line: w.line}
}

// A round tells who is left out beside who is paid, and a line that was dropped comes back while the list is checked.
func TestRoundTellsWhoIsLeftOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firms := w.firms(3)
		waits := things("虚构企业九", "320904", 1)
		delete(waits[1].facts, "project.effective_input@2024")
		ids := w.state(waits...)
		w.reported(ids[1], map[string]any{"project.effective_input@2024": 800 * wan})

		_, lines, err := w.PreviewRound(ctx, cityA, newRound(w))
		must(t, err)
		if rounds, err := w.Rounds(ctx, cityA); err != nil || len(rounds) != 0 {
			t.Errorf("a preview is kept: %+v, %v", rounds, err)
		}
		if len(lines) != 4 || lines[3].State != LineUnverified || lines[3].Enterprise != ids[0] || lines[3].Amount != 90*wan {
			t.Fatalf("preview: %+v", lines)
		}
		r, err := w.ListRound(ctx, cityA, newRound(w))
		must(t, err)
		if rounds, err := w.Rounds(ctx, cityB); err != nil || len(rounds) != 1 || rounds[0].ID != r.ID {
			t.Errorf("rounds: %+v, %v", rounds, err)
		}
		if rounds, _ := w.Rounds(ctx, applicant(9, firms[0].id)); len(rounds) != 0 {
			t.Errorf("a firm sees the rounds: %+v", rounds)
		}
		if kept, n, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{States: []string{LineListed}, Text: "企业1", Limit: 1}); err != nil || n != 1 || kept[0].Enterprise != firms[1].id {
			t.Errorf("filtered: %+v, %d, %v", kept, n, err)
		}
		must(t, w.DropLine(ctx, cityA, r.ID, 1, "正在核查"))
		if err := w.DropLine(ctx, cityA, r.ID, 4, "不在名单"); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("dropped one that was left out: %v", err)
		}
		sums, err := w.LineSums(ctx, cityA, r.ID)
		must(t, err)
		if want := []LineSum{{LineDropped, "c9", 1, 90 * wan}, {LineListed, "c9", 2, 180 * wan}, {LineUnverified, "c9", 1, 90 * wan}}; !slices.Equal(sums, want) {
			t.Errorf("sums: %+v", sums)
		}
		must(t, w.RestoreLine(ctx, cityA, r.ID, 1))
		must(t, w.PublishRound(ctx, cityB, r.ID))
		if all, err := w.Release(ctx, r.ID, ReleasePage{}); err != nil || len(all) != 3 {
			t.Errorf("notice: %+v, %v", all, err)
		}
		if err := w.RestoreLine(ctx, cityA, r.ID, 1); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("restored in a notice: %v", err)
		}
	})
}

// A list that was given up is dropped from no more, and not made public.
func TestRoundGivenUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.firms(1)
		r, err := w.ListRound(ctx, cityA, newRound(w))
		must(t, err)
		must(t, w.RenameRound(ctx, cityA, r.ID, " 免申即享（修订） "))
		if got, err := w.Round(ctx, cityA, r.ID); err != nil || got.Title != "免申即享（修订）" {
			t.Errorf("renamed: %+v, %v", got, err)
		}
		for _, title := range []string{"", "电话 13800138000"} {
			if err := w.RenameRound(ctx, cityA, r.ID, title); errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("renamed to %q: %v", title, err)
			}
		}
		must(t, w.GiveUpRound(ctx, cityA, r.ID))
		if err := w.RenameRound(ctx, cityA, r.ID, "免申即享"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("renamed once it is over: %v", err)
		}
		for what, err := range map[string]error{"dropped from": w.DropLine(ctx, cityA, r.ID, 1, "理由"), "published": w.PublishRound(ctx, cityB, r.ID), "given up again": w.GiveUpRound(ctx, cityA, r.ID)} {
			if errs.KindOf(err) != errs.KindConflict {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := w.OpenRound(ctx, cityB, r.ID); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("opened: %v", err)
		}
	})
}

// Another area's line of the fund pays no round.
func TestRoundIsPaidFromALineOfItsArea(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.firms(1)
		n := newRound(w)
		n.Line += 1_000_000
		if _, err := w.ListRound(ctx, cityA, n); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a line that is not there: %v", err)
		}
	})
}

// More firms than are asked at once: each is asked once however often it goes on, a firm that vanished meanwhile holds nobody
// up, and one that declined may think again.
func TestRoundGoesOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = AskAtOnce + 5
		firms := w.firms(n)
		r, err := w.ListRound(ctx, cityA, newRound(w))
		must(t, err)
		must(t, w.PublishRound(ctx, cityB, r.ID))
		lines, _, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{Limit: 1000})
		must(t, err)
		gone := slices.IndexFunc(lines, func(l RoundLine) bool { return l.Enterprise == firms[n-1].id }) + 1
		must(t, w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE subsidy_round_line SET subject = 1 WHERE round_id = $1 AND n = $2`, r.ID, gone)
			return err
		}))
		w.pass(9 * 24 * time.Hour)
		asked, err := w.OpenRound(ctx, cityB, r.ID)
		must(t, err)
		rest, err := w.AskFirms(ctx)
		must(t, err)
		if again, err := w.AskFirms(ctx); err != nil || again != 0 || asked+rest != n-1 || asked > AskAtOnce {
			t.Errorf("asked %d, %d, %d: %v", asked, rest, again, err)
		}
		if left, _, _ := w.RoundLines(ctx, cityA, r.ID, LineFilter{States: []string{LineDropped}}); len(left) != 1 || left[0].N != gone || left[0].Reason == "" {
			t.Errorf("dropped: %+v", left)
		}
		lines, _, err = w.RoundLines(ctx, cityA, r.ID, LineFilter{Limit: 1})
		must(t, err)
		first := lines[0]
		no := applicant(101, first.Enterprise)
		w.does(no, first.Case, "decline")
		if all, err := w.Answers(ctx, cityA, r.ID); err != nil || !slices.Equal(all, []Answered{{State: "ask", Lines: n - 2, Amount: (n - 2) * 90 * wan}, {State: "declined", Lines: 1, Amount: 90 * wan}}) {
			t.Errorf("answers: %+v, %v", all, err)
		}
		w.does(no, first.Case, "appeal")
		must(t, w.NamePayee(ctx, no, first.Case, Payee{Holder: "户名", Bank: "银行", Number: "6228480402564890018"}))
		w.does(no, first.Case, "confirm")
		if got := w.stateOf(first.Case); got != "payable" || w.committed() != 90*wan {
			t.Errorf("confirmed after all: %s, %s", got, w.committed())
		}
	})
}

// A notice of many lines is written a part at a time: nobody sees it before it is whole, the list is fixed meanwhile, and what
// a crash has cut off goes on where it stood.
func TestNoticeOfARoundIsWrittenInParts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 2*publishedAtOnce + 7
		w.firms(1)
		r, err := w.ListRound(ctx, cityA, newRound(w))
		must(t, err)
		first, _, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{})
		must(t, err)
		must(t, w.write(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertRows(ctx, "subsidy_round_line", roundColumns, func(yield func([]any) bool) {
				for i := 2; i <= n; i++ {
					l := first[0]
					if !yield([]any{r.ID, int32(i), l.Enterprise, l.Area, l.Firm, l.Clause, l.Subject, l.Name, int32(l.Year), int64(l.Amount), LineListed, "", int64(0)}) {
						return
					}
				}
			})
		}))
		// what is left of a process that was killed after its first part
		must(t, w.write(func(ctx context.Context, tx *store.Tx) error {
			in, _, err := w.policyOf(ctx, r.Policy, r.Known)
			if err != nil {
				return err
			}
			if err := w.moveRound(ctx, tx, r, RoundListed, RoundPublishing, ""); err != nil {
				return err
			}
			_, err = w.writeLines(ctx, tx, r, mustView(w), in.Policy)
			return err
		}))
		if _, err := w.Notice(ctx, r.ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("half a notice is public: %v", err)
		}
		if all, err := w.Notices(ctx); err != nil || len(all) != 0 {
			t.Errorf("half a notice is listed: %+v, %v", all, err)
		}
		if err := w.DropLine(ctx, cityA, r.ID, 1, "理由"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("dropped while the notice is written: %v", err)
		}
		if err := w.GiveUpRound(ctx, cityA, r.ID); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("given up while the notice is written: %v", err)
		}
		must(t, w.GoOn(ctx))
		must(t, w.GoOn(ctx))
		notice, err := w.Notice(ctx, r.ID)
		must(t, err)
		if notice.Lines != n || notice.Sum != n*90*wan || notice.Began != w.today() {
			t.Errorf("notice: %+v", notice)
		}
		last, err := w.Release(ctx, r.ID, ReleasePage{From: n - 2})
		must(t, err)
		if len(last) != 3 || last[2].N != n {
			t.Errorf("the end of the notice: %+v", last)
		}
	})
}

// What cannot be published leaves no round half published, whoever finds it: whoever publishes, or the product that goes on. Nothing
// is left of its notice, the list is checked again, and once it is mended it is published.
func TestRefusedNoticeIsTakenBack(t *testing.T) {
	const long = "免申即享 2022-01-01—2023-12-31" // sixteen digits in a row
	each(t, func(t *testing.T, w *world) {
		w.firms(3)
		n := newRound(w)
		n.Title = long
		if _, err := w.ListRound(ctx, cityA, n); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("listed under %q: %v", long, err)
		}
		r, err := w.ListRound(ctx, cityA, newRound(w))
		must(t, err)
		set := func(query string, args ...any) {
			t.Helper()
			must(t, w.write(func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, query, args...)
				return err
			}))
		}
		back := func(what, key string, err error) {
			t.Helper()
			if msg, _ := errs.Message(err); msg.Key != key {
				t.Errorf("%s: %v, want %s", what, err, key)
			}
			got, err := w.Round(ctx, cityA, r.ID)
			must(t, err)
			if got.State != RoundListed || got.Publisher != 0 || got.PublishedAt != 0 {
				t.Errorf("%s: %+v", what, got)
			}
			var heads, rows int
			must(t, w.DB.Read().QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM release_head), (SELECT COUNT(*) FROM release_row)`).Scan(&heads, &rows))
			if heads != 0 || rows != 0 {
				t.Errorf("%s: %d heads and %d rows are left", what, heads, rows)
			}
			must(t, w.GoOn(ctx))
		}
		// begins is what is left of a process that was killed after it had written the first line
		begins := func() {
			t.Helper()
			set(`UPDATE subsidy_round SET state = 'publishing', published_by = $1, published_at = 1 WHERE id = $2`, cityB.Account(), r.ID)
			lines, err := readLines(ctx, w.DB.Read(), listedAfter, r.ID, 0, 1)
			must(t, err)
			in, _, err := w.policyOf(ctx, r.Policy, r.Known)
			must(t, err)
			must(t, w.write(func(ctx context.Context, tx *store.Tx) error {
				draft, err := w.Releases.Begin(ctx, tx, w.roundHead(r))
				if err != nil {
					return err
				}
				return w.Releases.Add(ctx, tx, draft, roundRows(mustView(w), in.Policy, lines))
			}))
		}

		set(`UPDATE subsidy_round SET title = $1 WHERE id = $2`, long, r.ID) // listed before titles were looked at
		back("a title", "release.personal_head", w.PublishRound(ctx, cityB, r.ID))
		set(`UPDATE subsidy_round SET state = 'publishing' WHERE id = $1`, r.ID)
		back("a title that is gone on with", "release.personal_head", w.GoOn(ctx))
		set(`UPDATE subsidy_round SET title = $1 WHERE id = $2`, r.Title, r.ID)

		begins()
		set(`UPDATE release_head SET kind_hash = 'old'`)
		back("another list", "release.kind_changed", w.GoOn(ctx))

		set(`UPDATE subsidy_round_line SET firm = '虚构企业 13800138000' WHERE round_id = $1 AND n = 3`, r.ID)
		back("a telephone number", "release.personal", w.PublishRound(ctx, cityB, r.ID))
		begins()
		back("a telephone number after the first line", "release.personal", w.PublishRound(ctx, cityB, r.ID))
		set(`UPDATE subsidy_round_line SET firm = $1 WHERE round_id = $2 AND n = 2`, "虚构\t企业", r.ID)
		back("a tab", "release.not_plain", w.PublishRound(ctx, cityB, r.ID))

		given, err := w.ListRound(ctx, cityA, NewRound{Area: n.Area, Policy: n.Policy, Clauses: n.Clauses, Title: "另一批", Line: n.Line})
		must(t, err)
		set(`UPDATE subsidy_round SET title = $1 WHERE id = $2`, long, given.ID)
		if err := w.PublishRound(ctx, cityB, given.ID); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("published under %q: %v", long, err)
		}
		must(t, w.GiveUpRound(ctx, cityA, given.ID))

		must(t, w.DropLine(ctx, cityA, r.ID, 2, "名称待改"))
		must(t, w.DropLine(ctx, cityA, r.ID, 3, "名称待改"))
		must(t, w.PublishRound(ctx, cityB, r.ID))
		if notice, err := w.Notice(ctx, r.ID); err != nil || notice.Lines != 1 {
			t.Errorf("published after all: %+v, %v", notice, err)
		}
		if checked, err := audit.Check(ctx, w.db, logged()); err != nil || len(checked.Faults) > 0 {
			t.Errorf("the log: %+v, %v", checked.Faults, err)
		}
	})
}

// Lines are dropped while the round is opened: each is either dropped, and no case was opened for it, or asked.
func TestDroppedWhileTheRoundIsOpened(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const firms, rounds = 4, 6
		w.firms(firms)
		for range rounds {
			r, err := w.ListRound(ctx, cityA, newRound(w))
			must(t, err)
			must(t, w.PublishRound(ctx, cityB, r.ID))
			w.pass(9 * 24 * time.Hour)
			dropped := make([]bool, firms+1)
			var both sync.WaitGroup
			both.Go(func() {
				if _, err := w.OpenRound(ctx, cityB, r.ID); err != nil {
					t.Error(err)
				}
			})
			both.Go(func() {
				for n := firms; n > 0; n-- { // against the order in which they are asked
					err := w.DropLine(ctx, cityA, r.ID, n, "正在核查")
					if kind := errs.KindOf(err); err != nil && kind != errs.KindConflict {
						t.Error(err)
					}
					dropped[n] = err == nil
				}
			})
			both.Wait()
			lines, _, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{})
			must(t, err)
			asked := 0
			for _, l := range lines {
				if dropped[l.N] != (l.State == LineDropped) || (l.State == LineAsked) != (l.Case != 0) {
					t.Errorf("line %d, which was dropped: %t: %+v", l.N, dropped[l.N], l)
				}
				if l.State == LineAsked {
					asked++
				}
			}
			_, cases, err := w.cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: NoApplication, Running: true}, 0, 0)
			must(t, err)
			if cases != asked {
				t.Fatalf("%d firms were asked, and %d cases opened", asked, cases)
			}
			for _, l := range lines {
				if l.Case != 0 {
					w.does(applicant(1000+l.Enterprise, l.Enterprise), l.Case, "decline")
				}
			}
		}
	})
}

// A line that was dropped after it had been read to be asked leaves no case behind.
func TestDroppedLineIsNotAsked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.firms(1)
		r, err := w.ListRound(ctx, cityA, newRound(w))
		must(t, err)
		must(t, w.PublishRound(ctx, cityB, r.ID))
		lines, _, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{})
		must(t, err)
		must(t, w.DropLine(ctx, cityA, r.ID, 1, "正在核查"))
		in, _, err := w.policyOf(ctx, r.Policy, r.Known)
		must(t, err)
		if did, err := w.ask(ctx, r, in.Hash, lines[0]); err != nil || did {
			t.Errorf("asked: %t, %v", did, err)
		}
		if _, n, err := w.cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: NoApplication}, 0, 0); err != nil || n != 0 {
			t.Errorf("cases: %d, %v", n, err)
		}
		w.pass(9 * 24 * time.Hour)
		_, err = w.OpenRound(ctx, cityB, r.ID)
		must(t, err)
		if err := w.DropLine(ctx, cityA, r.ID, 1, "太晚"); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("dropped from an open round: %v", err)
		}
	})
}

// A press repeated makes one round, also where both are under way at a time; another round under the same key is refused.
func TestRoundIsListedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.firms(3)
		n := newRound(w)
		n.Key = "press"
		made := make([]Round, 4)
		var group errgroup.Group
		for i := range made {
			group.Go(func() (err error) {
				made[i], err = w.ListRound(ctx, cityA, n)
				return err
			})
		}
		must(t, group.Wait())
		for _, r := range made {
			if r.ID != made[0].ID {
				t.Errorf("round %d, and %d", made[0].ID, r.ID)
			}
		}
		rounds, err := w.Rounds(ctx, cityA)
		must(t, err)
		if len(rounds) != 1 {
			t.Errorf("%d rounds", len(rounds))
		}
		var lines int
		must(t, w.DB.Read().QueryRow(ctx, `SELECT COUNT(*) FROM subsidy_round_line`).Scan(&lines))
		if lines != 3 {
			t.Errorf("%d lines are left", lines)
		}
		other := n
		other.Title = "另一份"
		if _, err := w.ListRound(ctx, cityA, other); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("another round under the key: %v", err)
		}
		if r, err := w.ListRound(ctx, cityB, other); err != nil || r.ID == made[0].ID {
			t.Errorf("the same key of somebody else: %+v, %v", r, err)
		}
	})
}

// The same list is made once, whoever asks and under whatever key, while it waits to be checked or stands in its notice; another
// one, or the same after that, is made.
func TestSameListIsMadeOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.firms(3)
		n := newRound(w)
		made := make([]Round, 4)
		failed := make([]error, len(made))
		var group sync.WaitGroup
		for i := range made {
			group.Go(func() {
				by, m := []access.Scope{cityA, cityB}[i%2], n
				m.Key = []string{"", "a", "b", ""}[i]
				made[i], failed[i] = w.ListRound(ctx, by, m)
			})
		}
		group.Wait()
		first := Round{}
		for i, err := range failed {
			switch {
			case err == nil && first.ID == 0:
				first = made[i]
			case errs.KindOf(err) != errs.KindConflict:
				t.Errorf("listed beside %d: %+v, %v", first.ID, made[i], err)
			}
		}
		if first.ID == 0 {
			t.Fatalf("none was listed: %v", failed)
		}
		var lines int
		must(t, w.DB.Read().QueryRow(ctx, `SELECT COUNT(*) FROM subsidy_round_line`).Scan(&lines))
		if lines != 3 {
			t.Errorf("%d lines are kept", lines)
		}
		_, err := w.ListRound(ctx, cityB, n)
		if msg, _ := errs.Message(err); msg.Key != "subsidy.round_again" || msg.Args[1] != caseName(first.ID) {
			t.Errorf("a second time: %v", err)
		}
		other := n
		other.Title = "另一份"
		_, err = w.ListRound(ctx, cityA, other)
		must(t, err)
		publishes := cityB
		if first.By == cityB.Account() {
			publishes = cityA
		}
		must(t, w.PublishRound(ctx, publishes, first.ID))
		if _, err := w.ListRound(ctx, cityA, n); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("in its notice: %v", err)
		}
		given := other
		given.Title = "作废的"
		gone, err := w.ListRound(ctx, cityA, given)
		must(t, err)
		must(t, w.GiveUpRound(ctx, cityA, gone.ID))
		_, err = w.ListRound(ctx, cityA, given)
		must(t, err)
		w.pass(9 * 24 * time.Hour)
		_, err = w.OpenRound(ctx, publishes, first.ID)
		must(t, err)
		n.AsOf = first.AsOf
		_, err = w.ListRound(ctx, cityA, n)
		must(t, err)
	})
}

// A list of which all was dropped is not published, whoever dropped a line is kept with it, and whoever published the round with that.
func TestRoundSaysWho(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.firms(2)
		r, err := w.ListRound(ctx, cityA, newRound(w))
		must(t, err)
		must(t, w.DropLine(ctx, cityA, r.ID, 1, "正在核查"))
		must(t, w.DropLine(ctx, cityB, r.ID, 2, "已搬迁"))
		if err := w.PublishRound(ctx, cityB, r.ID); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("a list of nothing is published: %v", err)
		}
		must(t, w.RestoreLine(ctx, cityA, r.ID, 2))
		must(t, w.PublishRound(ctx, cityB, r.ID))
		now := w.Clock.Millis()
		lines, _, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{})
		must(t, err)
		if l := lines[0]; l.State != LineDropped || l.By != cityA.Account() || l.At != now {
			t.Errorf("dropped: %+v", l)
		}
		if l := lines[1]; l.State != LineListed || l.By != 0 || l.At != 0 {
			t.Errorf("restored: %+v", l)
		}
		r, err = w.Round(ctx, cityA, r.ID)
		must(t, err)
		if r.Publisher != cityB.Account() || r.PublishedAt != now || r.By != cityA.Account() {
			t.Errorf("published: %+v", r)
		}
	})
}

// What came back of a line stands beside what was paid of it, and is never taken for money that the firm has.
func TestRoundTellsWhatCameBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		firms := w.firms(4)
		r, err := w.ListRound(ctx, cityA, newRound(w))
		must(t, err)
		must(t, w.PublishRound(ctx, cityB, r.ID))
		w.pass(9 * 24 * time.Hour)
		_, err = w.OpenRound(ctx, cityB, r.ID)
		must(t, err)
		lines, _, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{})
		must(t, err)
		back := []money.Fen{0, 30 * wan, 90 * wan} // of the first three; the fourth does not answer
		for i, fen := range back {
			me := applicant(1000+lines[i].Enterprise, lines[i].Enterprise)
			must(t, w.NamePayee(ctx, me, lines[i].Case, Payee{Holder: "户名", Bank: "银行", Number: "6228480402564890018"}))
			w.does(me, lines[i].Case, "confirm")
			w.sends(t, lines[i].Case, 1, 90*wan)
			if fen == 0 {
				continue
			}
			w.puts(cityA, lines[i].Case, Returned{Return{Instalment: 1, Amount: fen, Document: "盐工信〔2025〕3号"}})
			w.does(cityA, lines[i].Case, "order_return")
			w.does(finance, lines[i].Case, "returned")
		}
		lines, _, err = w.RoundLines(ctx, cityA, r.ID, LineFilter{})
		must(t, err)
		for i, l := range lines {
			want := ledger.Totals{}
			if i < len(back) {
				want = ledger.Totals{Committed: 90 * wan, Payable: 90 * wan, Paid: 90 * wan, Returned: back[i]}
			}
			if l.Money != want || l.Amount != 90*wan {
				t.Errorf("line %d: %+v, want %+v", l.N, l, want)
			}
		}
		all, err := w.Answers(ctx, cityA, r.ID)
		must(t, err)
		want := []Answered{
			{State: "ask", Lines: 1, Amount: 90 * wan},
			{State: "paid", Lines: 1, Amount: 90 * wan, Money: ledger.Totals{Committed: 90 * wan, Payable: 90 * wan, Paid: 90 * wan}},
			{State: "returned", Lines: 2, Amount: 180 * wan, Money: ledger.Totals{Committed: 180 * wan, Payable: 180 * wan, Paid: 180 * wan, Returned: 120 * wan}},
		}
		if !slices.Equal(all, want) {
			t.Errorf("answers: %+v, want %+v", all, want)
		}
		if net := all[2].Money.Net(); net != 60*wan {
			t.Errorf("the firms have %s of what was returned in part", net)
		}
		own, n, err := w.RoundLines(ctx, applicant(1, firms[1].id), r.ID, LineFilter{})
		if err != nil || n != 1 || own[0].Money.Net() != 60*wan {
			t.Errorf("a firm sees of its own line: %+v, %v", own, err)
		}
		apps, err := w.Applications(ctx, cityA, Filter{})
		must(t, err)
		came, err := w.Money(ctx, apps...)
		must(t, err)
		if len(came) != len(back) || came[lines[2].Case].Returned != 90*wan || came[lines[2].Case].Net() != 0 {
			t.Errorf("money of applications: %+v", came)
		}
	})
}
