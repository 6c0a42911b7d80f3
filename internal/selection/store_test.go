package selection

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/lot"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/store"
)

// standings is what became of the firms, in the order of the ranking: "2 chosen", a firm by its number.
func (w *world) standings(scope access.Scope, id int64) []string {
	w.t.Helper()
	all, err := w.Results(context.Background(), scope, id)
	w.must(err)
	var out []string
	for _, o := range all {
		out = append(out, fmt.Sprint(slices.Index(w.firms, o.Party), " ", o.Standing))
	}
	return out
}

// TestRound goes from the call to titles as facts and to a revocation: a tie decided by rule, an objection that takes one
// out, who waits moves up and stands in a notice of its own.
func TestRound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.enterprises(tinghu, yandu, dafeng, dafeng, xiangshui)
		w.addExperts(9)
		r := w.open(2, 0)
		if shown, err := w.Round(ctx, city, r.ID); err != nil || shown.Seed != "" || shown.Commitment == "" {
			t.Fatalf("before the draw: %+v, %v", shown, err)
		}
		var ids []int64
		for i := range w.firms {
			n, err := w.nominate(r, i)
			w.must(err)
			w.must(w.accept(n.ID))
			ids = append(ids, n.ID)
		}
		_, err := w.draw(r.ID)
		w.refused("a draw while nominations are open", err, "selection.still_open")
		w.on("2024-09-11")
		r, err = w.draw(r.ID)
		w.must(err)
		if lot.Commitment(r.Seed) != r.Commitment {
			t.Error("the seed is not the one that was committed to")
		}
		_, err = w.rank(r.ID)
		w.refused("a ranking without sheets", err, "selection.sheets_missing")

		w.score(map[int]rubric.Sheet{
			0: sheet(20, 20, 20, 10), // 70, more benefit than the next
			1: sheet(22, 20, 18, 10), // 70
			2: sheet(30, 25, 20, 10), // 85
			3: sheet(20, 20, 18, 11), // 69
			4: sheet(10, 10, 10, 10), // below the floor
		}, 9)
		places, err := w.rank(r.ID)
		w.must(err)
		if tie := places[1].Tie; tie == nil || tie.Rule != "item:benefit" || tie.Mine != "20" || tie.Their != "18" {
			t.Errorf("the tie for the second place was told as %+v", tie)
		}
		for who, want := range map[*access.Scope]RoundState{&city: Ranked, {}: Judging} {
			if shown, err := w.Round(ctx, *who, r.ID); err != nil || shown.State != want {
				t.Errorf("a round that is ranked is shown as %s, %v, not as %s", shown.State, err, want)
			}
		}
		if d, err := w.Drawn(ctx, access.Scope{}, r.ID); err != nil || d.Nominations != nil {
			t.Errorf("the public is told who was drawn before the notice: %+v, %v", d, err)
		}
		if d, err := w.Drawn(ctx, city, r.ID); err != nil || len(d.Nominations) != 5 || len(d.Experts) != 9 || d.Roll() != r.Roll {
			t.Errorf("what was drawn of does not come to the roll: %+v, %v", d, err)
		}
		want := []string{"2 chosen", "0 chosen", "1 waiting", "3 waiting", "4 below"}
		if diff := cmp.Diff(want, w.standings(city, r.ID)); diff != "" {
			t.Errorf("ranking (-want +got):\n%s", diff)
		}
		if got := w.standings(county, r.ID); len(got) > 0 {
			t.Errorf("a county reads the ranking before the notice: %v", got)
		}
		w.notice(r, ids)
	})
}

// notice goes on from the ranking.
func (w *world) notice(r Round, ids []int64) {
	w.t.Helper()
	w.on("2024-09-27") // a Friday; 29 September and 12 October are worked, 1 to 7 October are off
	_, err := w.award(r.ID)
	w.refused("titles before a notice", err, "selection.not_now")
	_, err = w.publish(r.ID)
	w.must(err)
	if diff := cmp.Diff([]string{"2 chosen", "3 waiting"}, w.standings(county, r.ID)); diff != "" {
		w.t.Errorf("what a county reads of its own (-want +got):\n%s", diff)
	}
	w.on("2024-09-30")
	w.must(w.write(func(ctx context.Context, tx *store.Tx) error {
		return w.Exclude(ctx, tx, ids[0], Objected, Act{Reason: "材料不实（演示）"})
	}))
	if diff := cmp.Diff([]string{"2 chosen", "0 out", "1 chosen", "3 waiting", "4 below"}, w.standings(city, r.ID)); diff != "" {
		w.t.Errorf("after the objection (-want +got):\n%s", diff)
	}
	w.on("2024-10-20")
	_, err = w.award(r.ID)
	w.refused("who moved up without a notice", err, "selection.not_in_notice")
	w.on("2024-09-30")
	fresh, err := w.publish(r.ID)
	w.must(err)
	if len(fresh) != 1 || fresh[0].Party != w.firms[1] || !fresh[0].MovedUp {
		w.t.Errorf("the second notice is of %+v", fresh)
	}
	_, err = w.publish(r.ID)
	w.refused("a notice of nobody", err, "selection.nobody_new")
	public, err := w.Notice(context.Background(), r.ID)
	w.must(err)
	if diff := cmp.Diff([]Public{{firmName(2), "", dafeng, fresh[0].Noticed - 3}, {firmName(1), "", yandu, fresh[0].Noticed}}, public); diff != "" {
		w.t.Errorf("notice (-want +got):\n%s", diff)
	}
	w.on("2024-10-12") // 8, 9, 10, 11 and 12 October
	_, err = w.award(r.ID)
	w.refused("titles on the last day of the notice", err, "selection.notice_runs")
	w.on("2024-10-13")
	w.titles(r)
}

// titles goes on from the notice.
func (w *world) titles(r Round) {
	w.t.Helper()
	ctx := context.Background()
	given, err := w.award(r.ID)
	w.must(err)
	_, err = w.award(r.ID)
	w.refused("titles twice", err, "selection.not_now")
	if len(given) != 2 || given[1].Party != w.firms[1] || given[1].ValidUntil.String() != "2027-10-12" {
		w.t.Fatalf("given %+v", given)
	}
	if got := w.stated(given[1].Honour); !slices.Equal(got, []string{
		"honour.title=city_demonstration", "honour.awarded_on=2024-10-13", "honour.level=city", "honour.document=盐工信发〔2024〕1号（演示）", "honour.valid_until=2027-10-12",
	}) {
		w.t.Errorf("facts of the title: %q", got)
	}
	at, err := w.Advise(ctx, county, "benchmark", w.firms[2])
	w.must(err)
	if at.On == nil || at.On.ID != "city" {
		w.t.Errorf("who has the title does not stand on its step: %+v", at)
	}
	if _, err := w.Advise(ctx, county, "benchmark", w.firms[1]); errs.KindOf(err) != errs.KindNotFound {
		w.t.Errorf("a county is advised about another's firm: %v", err)
	}
	w.refused("a fact of a case taken back", func() error {
		_, err := w.sources.Retract(ctx, access.SystemScope(), w.sourceOf(given[0].Honour), "undo")
		return err
	}(), "source.of_case")

	w.on("2025-03-03")
	revoke := func(reason string) error {
		return w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := w.Revoke(ctx, tx, given[0].ID, Act{Case: 9, Actor: 1, Reason: reason}, &speaker{world: w, tx: tx})
			return err
		})
	}
	w.must(w.write(func(ctx context.Context, tx *store.Tx) error {
		return w.Recheck(ctx, tx, given[0].ID, false, Act{Case: 9, Actor: 1, Reason: "停产（演示）"})
	}))
	w.refused("a revocation without a reason", revoke(" "), "selection.need_reason")
	w.must(revoke("停产（演示）"))
	w.refused("a second revocation", revoke("again"), "selection.revoked_already")
	if got := w.stated(given[0].Honour); !slices.Contains(got, "honour.ended_on=2025-03-03") || !slices.Contains(got, "honour.end_reason=停产（演示）") {
		w.t.Errorf("facts of the revoked title: %q", got)
	}
	if at, err := w.Advise(ctx, county, "benchmark", w.firms[2]); err != nil || at.On != nil {
		w.t.Errorf("a revoked title still counts: %+v, %v", at, err)
	}
	covered, err := w.Coverage(ctx, city, []string{"city_demonstration"})
	w.must(err)
	if diff := cmp.Diff([]Covered{{tinghu, "", 1, 0}, {yandu, "", 1, 1}, {dafeng, "", 2, 0}, {xiangshui, "", 1, 0}}, covered); diff != "" {
		w.t.Errorf("coverage after the revocation (-want +got):\n%s", diff)
	}
	all, err := w.Titles(ctx, county, w.firms[2])
	w.must(err)
	if len(all) != 1 || all[0].Holds(all[0].EndedOn) || !all[0].Holds(all[0].EndedOn-1) {
		w.t.Errorf("titles of the firm: %+v", all)
	}
	looks, err := w.Rechecks(ctx, county, given[0].ID)
	w.must(err)
	if len(looks) != 1 || looks[0].Passed {
		w.t.Errorf("checks of the title: %+v", looks)
	}
	if all, err := w.Titles(ctx, county, w.firms[1]); err != nil || len(all) > 0 {
		w.t.Errorf("a county reads another's titles: %+v, %v", all, err)
	}
}

// stated is what is effective of a subject, as people read it.
func (w *world) stated(subject int64) []string {
	w.t.Helper()
	view, err := w.Frames.For(context.Background(), access.SystemScope(), 0)
	w.must(err)
	known, err := view.Known(context.Background(), subject)
	w.must(err)
	var out []string
	for _, k := range known[subject] {
		text := k.Cell.Value.Text
		if text == "" {
			text = dayText(k.Cell.Value.Num)
		}
		out = append(out, k.Def.Code+"="+text)
	}
	return out
}

// sourceOf is the source of what is known of a subject.
func (w *world) sourceOf(subject int64) int64 {
	w.t.Helper()
	view, err := w.Frames.For(context.Background(), access.SystemScope(), 0)
	w.must(err)
	known, err := view.Known(context.Background(), subject)
	w.must(err)
	return known[subject][0].Cell.Source
}

// TestInterests shows that whoever has an interest neither reads nor scores, before and after it was declared.
func TestInterests(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.enterprises(tinghu, yandu, dafeng)
		w.addExperts(8)
		r := w.open(3, 0)
		for i := range w.firms {
			n, err := w.nominate(r, i)
			w.must(err)
			w.must(w.accept(n.ID))
		}
		w.must(w.Declare(ctx, expert(108), w.firms[2], "顾问（演示）"))
		w.on("2024-09-11")
		_, err := w.draw(r.ID)
		w.must(err)
		reads := func(account int64) (firms []int) {
			reviews, err := w.Reviews(ctx, expert(account))
			w.must(err)
			for _, v := range reviews {
				firms = append(firms, w.firmOf(v))
			}
			slices.Sort(firms)
			return firms
		}
		for account, firm := range map[int64]int{101: 0, 102: 1, 103: 2, 108: 2} {
			if slices.Contains(reads(account), firm) {
				t.Errorf("account %d reads the nomination of firm %d", account, firm)
			}
		}
		if got := reads(1); got != nil {
			t.Errorf("an account that is no expert reads %v", got)
		}
		good := sheet(30, 25, 20, 10)
		w.score(map[int]rubric.Sheet{0: good, 1: good, 2: good}, 8)

		// Somebody who has scored declares an interest: another has to score instead.
		who := int64(104)
		for len(reads(who)) == 0 {
			who++
		}
		reviews, err := w.Reviews(ctx, expert(who))
		w.must(err)
		number := reviews[0].Blind.Number
		w.must(w.Recuse(ctx, expert(who), r.ID, number, "认出申报者（演示）"))
		if err := w.Score(ctx, expert(who), r.ID, number, good, ""); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("scoring after a declared interest: %v", err)
		}
		p, err := w.Progress(ctx, city, r.ID)
		w.must(err)
		if diff := cmp.Diff(Progress{Seats: 15, Given: 14}, p); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
		_, err = w.rank(r.ID)
		w.refused("a ranking while the other has not scored", err, "selection.sheets_missing")
		w.score(map[int]rubric.Sheet{0: good, 1: good, 2: good}, 8)
		_, err = w.rank(r.ID)
		w.must(err)
		w.refused("an interest in a round that is ranked", w.Recuse(ctx, expert(105), r.ID, 99, "x"), "errs.not_found")
	})
}

// TestExpertsReadNothingHidden looks through all that an expert can read for what is hidden: names, fields, ids, counties.
func TestExpertsReadNothingHidden(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.enterprises(tinghu, yandu)
		w.addExperts(8)
		w.must(w.write(func(ctx context.Context, tx *store.Tx) error { // so that no id is a number that stands by chance
			_, err := tx.NextIDs(ctx, 9_000_000)
			return err
		}))
		r := w.open(2, 0)
		var secrets []string
		for i := range w.firms {
			n, err := w.nominate(r, i)
			w.must(err)
			w.must(w.accept(n.ID))
			m := material(i)
			secrets = append(secrets, firmName(i), firmName(i)[:18], m["contact"], m["phone"], "contact", "phone",
				fmt.Sprint(n.ID), fmt.Sprint(n.Case))
		}
		secrets = append(secrets, tinghu, yandu, `"at"`)
		w.on("2024-09-11")
		_, err := w.draw(r.ID)
		w.must(err)
		read := 0
		for account := int64(101); account < 109; account++ {
			e := expert(account)
			reviews, err := w.Reviews(ctx, e)
			w.must(err)
			for _, v := range reviews {
				read++
				v.Scheme, v.Rubric = nil, nil // which are published
				all, err := json.Marshal(v)
				w.must(err)
				for _, secret := range secrets {
					if strings.Contains(string(all), secret) {
						t.Errorf("an expert reads %q in %s", secret, all)
					}
				}
			}
			for what, n := range map[string]int{
				"nominations": count(w.Nominations(ctx, e, r.ID)), "results": count(w.Results(ctx, e, r.ID)),
				"titles": count(w.TitlesOf(ctx, e, r.ID)), "nominations of a firm": count(w.NominationsOf(ctx, e, w.firms[0])),
			} {
				if n != 0 {
					t.Errorf("an expert reads %d %s", n, what)
				}
			}
			if own, err := w.Experts(ctx, e); err != nil || len(own) != 1 || own[0].Account != account {
				t.Errorf("account %d reads experts %+v, %v", account, own, err)
			}
		}
		if read != 10 {
			t.Errorf("experts read %d nominations, want 10", read)
		}
	})
}

func count[T any](all []T, err error) int {
	if err != nil {
		return -1
	}
	return len(all)
}

// TestNominating tells each refusal.
func TestNominating(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.enterprises(dafeng, dafeng, dafeng, tinghu, "320600")
		w.tell(w.yes(w.firms[3], "ent.blacklisted", 1))
		r := w.open(2, 1)
		err := w.write(func(ctx context.Context, tx *store.Tx) error {
			_, err := w.OpenRound(ctx, tx, NewRound{Scheme: r.Scheme, Year: r.Year, Area: r.Area, Closes: r.Closes})
			return err
		})
		w.refused("a second round of the year", err, "selection.round_twice")

		one, err := w.nominate(r, 0)
		w.must(err)
		again, err := w.nominate(r, 0)
		w.must(err)
		if again.ID != one.ID || again.At <= one.At {
			t.Errorf("handed in again: %+v, before %+v", again, one)
		}
		two, err := w.nominate(r, 1)
		w.must(err)
		w.must(w.write(func(ctx context.Context, tx *store.Tx) error { return w.Return(ctx, tx, two.ID) }))
		w.refused("acceptance of what was returned", w.accept(two.ID), "selection.not_submitted")
		w.must(w.accept(one.ID))
		_, err = w.nominate(r, 0)
		w.refused("handing in what takes part", err, "selection.nominated_already")
		_, err = w.nominate(r, 1)
		w.must(err)
		w.refused("one more than the county may have", w.accept(two.ID), "selection.county_full")
		_, err = w.nominate(r, 3)
		w.refused("a firm that is not eligible", err, "selection.not_eligible")
		_, err = w.nominate(r, 4)
		w.refused("a firm of another city", err, "selection.elsewhere")

		w.must(w.write(func(ctx context.Context, tx *store.Tx) error { return w.Exclude(ctx, tx, one.ID, Withdrew, Act{}) }))
		w.must(w.accept(two.ID)) // its place is free
		w.on("2024-09-11")
		_, err = w.nominate(r, 2)
		w.refused("a nomination after the last day", err, "selection.too_late")
		_, err = w.draw(r.ID)
		w.refused("a draw without experts", err, "selection.few_experts")

		seen, err := w.Nominations(ctx, access.NewScope(9, access.Enterprise, nil, w.firms[1:2]), r.ID)
		w.must(err)
		if len(seen) != 1 || seen[0].Party != w.firms[1] {
			t.Errorf("an enterprise sees %+v", seen)
		}
		if n := count(w.Nominations(ctx, access.NewScope(10, access.CountyOfficial, []string{tinghu}, nil), r.ID)); n != 0 {
			t.Errorf("another county sees %d nominations", n)
		}
		if n := count(w.Nominations(ctx, auditor, r.ID)); n != 2 {
			t.Errorf("an auditor sees %d nominations", n)
		}
		if n := count(w.Rounds(ctx, access.Scope{})); n != 1 {
			t.Errorf("the public sees %d rounds", n)
		}
	})
}

// TestPool is who is cultivated: in by conditions or by a list, from step to step, out for a reason, all of it kept.
func TestPool(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.enterprises(dafeng, tinghu)
		enter := func(firm int, how, reason string) (e PoolEntry, err error) {
			err = w.write(func(ctx context.Context, tx *store.Tx) (err error) {
				e, err = w.Enter(ctx, tx, "benchmark", w.firms[firm], how, Act{Actor: 1, Reason: reason})
				return err
			})
			return e, err
		}
		_, err := enter(0, ByApplication, "")
		w.refused("an application while a condition is not known", err, "selection.not_known")
		w.tell(w.yes(w.firms[0], "ent.diagnosed", 0))
		_, err = enter(0, ByApplication, "")
		w.refused("an application while a condition is not met", err, "selection.not_eligible")
		w.tell(w.yes(w.firms[0], "ent.diagnosed", 1))
		e, err := enter(0, ByApplication, "")
		w.must(err)
		_, err = enter(0, ByList, "名单（演示）")
		w.refused("twice in the pool", err, "selection.in_pool")
		_, err = enter(1, ByList, "")
		w.refused("a list without a reason", err, "selection.need_reason")
		_, err = enter(1, ByList, "名单（演示）")
		w.must(err)

		w.addTitle(w.firms[0])
		elsewhere := access.NewScope(10, access.CountyOfficial, []string{tinghu}, nil)
		if moved, err := w.Refresh(ctx, elsewhere, "benchmark", Act{}); moved != 0 || err != nil {
			t.Errorf("another county moved %d, %v", moved, err)
		}
		moved, err := w.Refresh(ctx, city, "benchmark", Act{})
		w.must(err)
		if again, err := w.Refresh(ctx, city, "benchmark", Act{}); moved != 1 || again != 0 || err != nil {
			t.Errorf("moved %d, then %d, %v", moved, again, err)
		}
		pool, err := w.Pool(ctx, county, "benchmark")
		w.must(err)
		if len(pool) != 1 || pool[0].Step != "city" || pool[0].Next.ID != "workshop" || len(pool[0].Lacks) != 2 {
			t.Errorf("a county sees the pool as %+v", pool)
		}
		leave := func(reason string) error {
			return w.write(func(ctx context.Context, tx *store.Tx) error { return w.Leave(ctx, tx, e.ID, Act{Reason: reason}) })
		}
		w.refused("leaving without a reason", leave(""), "selection.need_reason")
		w.must(leave("迁出（演示）"))
		w.refused("leaving twice", leave("x"), "selection.gone_already")
		_, err = enter(0, ByApplication, "")
		w.must(err)
		stays, err := w.History(ctx, county, w.firms[0])
		w.must(err)
		var kinds []string
		for _, s := range stays {
			for _, v := range s.Events {
				kinds = append(kinds, fmt.Sprint(v.N, " ", v.Kind, " ", v.Step))
			}
		}
		if diff := cmp.Diff([]string{"1 application ", "2 step city", "3 gone city", "1 application city"}, kinds); diff != "" {
			t.Errorf("history (-want +got):\n%s", diff)
		}
		if n := count(w.History(ctx, county, w.firms[1])); n != 0 {
			t.Errorf("a county reads %d stays of another's firm", n)
		}
	})
}

// Who judges a nomination is taken out of the pool by two accounts; until then the seat is held. What was asked, and by whom, is kept.
func TestNobodyAloneRemovesWhoJudges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		w.enterprises(tinghu)
		w.addExperts(9)
		pool, err := w.Experts(ctx, city)
		w.must(err)
		if waits, err := w.RemoveExpert(ctx, city, pool[8].ID, "任期届满（演示）"); err != nil || waits {
			t.Errorf("who judges nothing: waits %v, %v", waits, err)
		}
		r := w.open(1, 0)
		n, err := w.nominate(r, 0)
		w.must(err)
		w.must(w.accept(n.ID))
		w.on("2024-09-11")
		_, err = w.draw(r.ID)
		w.must(err)
		held := func() (ids []int64) {
			t.Helper()
			seats, err := w.Seats(ctx, city, r.ID)
			w.must(err)
			for _, x := range seats {
				if x.Ended == 0 {
					ids = append(ids, x.Expert)
				}
			}
			return ids
		}
		before := held()
		one := before[0]
		if waits, err := w.RemoveExpert(ctx, city, one, "打分偏低（演示）"); err != nil || !waits {
			t.Fatalf("who judges: waits %v, %v", waits, err)
		}
		_, err = w.RemoveExpert(ctx, city2, one, "再次提出（演示）")
		w.refused("asked for twice", err, "selection.removal_waits")
		w.refused("who asked agreed", w.SettleRemoval(ctx, city, one, true), "selection.removal_own")
		if errs.KindOf(w.SettleRemoval(ctx, county, one, true)) != errs.KindNotFound {
			t.Error("a county agreed for the city")
		}
		if got := held(); !slices.Equal(got, before) {
			t.Errorf("the panel changed before anybody agreed: %v, was %v", got, before)
		}
		w.must(w.SettleRemoval(ctx, city2, one, false))
		w.refused("settled twice", w.SettleRemoval(ctx, city2, one, true), "selection.no_removal")
		_, err = w.RemoveExpert(ctx, city, one, "因病不能评审（演示）")
		w.must(err)
		w.must(w.SettleRemoval(ctx, city2, one, true))
		if got := held(); slices.Contains(got, one) || len(got) != len(before) {
			t.Errorf("after it was agreed to: %v, was %v", got, before)
		}
		all, err := w.Removals(ctx, auditor)
		w.must(err)
		var told []string
		for _, x := range all {
			told = append(told, fmt.Sprint(x.AskedBy, " ", x.Reason, " ", x.By, " ", x.Done))
		}
		want := []string{"1 任期届满（演示） 1 true", "1 打分偏低（演示） 4 false", "1 因病不能评审（演示） 4 true"}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("what is kept (-want +got):\n%s", diff)
		}
		if all, err := w.Removals(ctx, expert(101)); err != nil || len(all) != 0 {
			t.Errorf("an expert reads who took whom out: %v, %v", all, err)
		}
	})
}
