package selection

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/form"
	"github.com/yanzhen/yanzhen/internal/notice"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/rubric"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// flow is a world whose rounds run as cases, by the workflows that ship.
type flow struct {
	*world
	cases *casework.Store
	area  int64
}

// city2 is another account of the city: who publishes does not give titles.
var city2 = access.NewScope(4, access.CityOfficial, allAreas, nil)

func eachFlow(t *testing.T, test func(t *testing.T, f *flow)) {
	storetest.Each(t, append(slices.Clone(migrations), form.Migrations, notice.Migrations, casework.Migrations), func(t *testing.T, db *store.DB) {
		f := &flow{world: newWorld(t, db)}
		all := library(t)
		forms := casework.FormsOf(form.NewStore(db, all.lib, all.forms, f.Clock))
		effects := casework.NewRegistry()
		Register(effects, f.Store)
		var read []*casework.Workflow
		for _, name := range []string{RoundFlow, NominationFlow, TitleFlow, PoolFlow} {
			src := shippedFile(t, "workflows/"+name+".yaml")
			w, problems, err := casework.Parse(t.Context(), casework.Reading{Library: all.lib, Effects: effects, Forms: forms}, name+".yaml", []byte(src))
			f.must(err)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			read = append(read, w)
		}
		set, problems := casework.Gather(read...)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		f.cases = casework.Open(casework.Deps{
			DB: db, Sources: f.sources, Parties: f.parties, Facts: f.facts, Frames: f.Frames, Library: all.lib, Clock: f.Clock,
			Subjects: f.Subjects, Effects: effects, Set: set, Forms: forms,
		})
		f.area = f.place(yancheng)
		test(t, f)
	})
}

// place makes an area a subject, as facts about it do.
func (f *flow) place(code string) int64 {
	f.t.Helper()
	ctx := context.Background()
	src, err := f.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: bureau, Name: "area.xlsx", Area: code})
	f.must(err)
	var ids []int64
	f.must(f.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		ids, err = f.parties.Ensure(ctx, tx, src, []party.NewSubject{{Kind: content.Area, Key: code}})
		return err
	}))
	_, err = f.sources.Publish(ctx, src, nil)
	f.must(err)
	f.must(f.Frames.Refresh(ctx))
	return ids[0]
}

func (f *flow) act(scope access.Scope, of int64, action, reason string, entry map[string]any) error {
	a := casework.Act{Case: of, Action: action, Reason: reason}
	if entry != nil {
		a.Entry, _ = json.Marshal(map[string]any{"answers": entry})
	}
	_, err := f.cases.Act(context.Background(), scope, a)
	return err
}

func (f *flow) state(of int64) string {
	f.t.Helper()
	c, _, err := f.cases.Get(context.Background(), access.SystemScope(), of)
	f.must(err)
	return c.State
}

// call writes a call as one account of the city and announces it as another.
func (f *flow) call(of int64, terms map[string]any) {
	f.t.Helper()
	f.must(f.act(city, of, "propose", "", terms))
	f.notAlone("who wrote the call announced it", of, "announce")
	f.must(f.act(city2, of, "announce", "", nil))
}

// notAlone wants an action to be refused to the account of the city that took the step before.
func (f *flow) notAlone(what string, of int64, action string) {
	f.t.Helper()
	if err := f.act(city, of, action, "", nil); errs.KindOf(err) != errs.KindForbidden {
		f.t.Errorf("%s: %v", what, err)
	}
}

// craftsman is what a nomination of a person says.
func craftsman(i int) map[string]any {
	return map[string]any{
		"achievements": fmt.Sprintf("firm %d 主持产线数字化改造，完成设备联网和数据采集", i), "benefit": "设备停机时间下降三成以上", "spread": "带出徒弟八名",
		"person": fmt.Sprintf("演示人员 4%d", i), "contact": "演示人员 50", "phone": "0515-88880000", "truthful": true,
	}
}

// nominateCase opens and hands in a nomination of the round's case.
func (f *flow) nominateCase(r Round, i int) (int64, error) {
	f.t.Helper()
	ctx := context.Background()
	n, err := f.NominationCase(ctx, r, "数字工匠申报", f.firms[i])
	f.must(err)
	owner := access.NewScope(int64(200+i), access.Enterprise, nil, f.firms[i:i+1])
	c, err := f.cases.New(ctx, owner, n)
	f.must(err)
	return c.ID, f.act(owner, c.ID, "submit", "", craftsman(i))
}

// TestWorkflows takes a whole round of craftsmen through the cases that ship, from the call to titles and the revocation of
// one: an objection that removes one, the waiting list moves up, a tie decided by rule.
func TestWorkflows(t *testing.T) {
	eachFlow(t, func(t *testing.T, f *flow) {
		ctx := context.Background()
		f.enterprises(dafeng, dafeng, dafeng, dafeng)
		f.addExperts(7)
		c, err := f.cases.New(ctx, city, CallCase("2024年数字工匠评选", f.area))
		f.must(err)
		f.call(c.ID, map[string]any{"scheme": "digital_craftsman", "year": 2024, "closes": "2024-09-10", "quota": 2})
		r, err := f.RoundOf(ctx, f.DB.Read(), c.ID)
		f.must(err)
		if r.Quota != 2 || r.PerCounty != 6 || r.Closes.String() != "2024-09-10" || r.Area != yancheng {
			t.Errorf("opened %+v", r)
		}
		var cases []int64
		for i := range f.firms {
			id, err := f.nominateCase(r, i)
			f.must(err)
			cases = append(cases, id)
		}
		f.must(f.act(county, cases[3], "send_back", "请补充业绩（演示）", nil))
		for _, id := range cases[:3] {
			f.must(f.act(county, id, "accept", "", nil))
		}
		f.refused("a draw while nominations are open", f.act(city, c.ID, "draw", "", nil), "selection.still_open")
		f.on("2024-09-11")
		f.must(f.act(city, c.ID, "draw", "", nil))
		f.craftsmenScored()
		f.notAlone("who drew ranked", c.ID, "rank")
		f.must(f.act(city2, c.ID, "rank", "", nil))
		if err := f.act(city2, c.ID, "publish", "", nil); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("who ranked published: %v", err)
		}
		f.must(f.act(city, c.ID, "publish", "", nil))
		if diff := cmp.Diff([]string{"0 chosen", "1 chosen", "2 waiting"}, f.standings(city, r.ID)); diff != "" {
			t.Errorf("ranking (-want +got):\n%s", diff)
		}
		f.objection(c.ID, cases)
		f.decide(c.ID, r, cases)
	})
}

// craftsmenScored has everybody score: the first two are equal, but for skill.
func (f *flow) craftsmenScored() {
	f.t.Helper()
	one := rubric.One
	points := map[int]rubric.Sheet{
		0: {"skill": 38 * one, "work": 30 * one, "teaching": 20 * one},
		1: {"skill": 36 * one, "work": 32 * one, "teaching": 20 * one},
		2: {"skill": 30 * one, "work": 30 * one, "teaching": 15 * one},
	}
	f.score(points, 7)
}

// objection takes the first out by an objection, and brings who waited into a notice of its own.
func (f *flow) objection(call int64, cases []int64) {
	f.t.Helper()
	f.must(f.act(county, cases[0], "object", "材料不实（演示）", nil))
	f.on("2024-09-23")
	f.refused("titles while an objection is open", f.act(city2, call, "award", "", map[string]any{"document": "演示〔2024〕1号"}), "selection.objection_open")
	f.must(f.act(city, cases[0], "uphold", "核查属实（演示）", nil))
	f.refused("titles before who moved up was in a notice", f.act(city2, call, "award", "", map[string]any{"document": "演示〔2024〕1号"}), "selection.not_in_notice")
	f.must(f.act(city, call, "publish_more", "", nil))
	var states []string
	for _, id := range cases {
		states = append(states, f.state(id))
	}
	if diff := cmp.Diff([]string{"out", "standing", "standing", "missed"}, states); diff != "" {
		f.t.Errorf("nominations (-want +got):\n%s", diff)
	}
	if err := f.act(city, call, "award", "", map[string]any{"document": "演示〔2024〕1号"}); errs.KindOf(err) != errs.KindForbidden {
		f.t.Errorf("who published gave the titles: %v", err)
	}
	f.refused("titles while the second notice runs", f.act(city2, call, "award", "", map[string]any{"document": "演示〔2024〕1号"}), "selection.notice_runs")
}

// decide gives the titles and revokes one.
func (f *flow) decide(call int64, r Round, cases []int64) {
	f.t.Helper()
	ctx := context.Background()
	f.on("2024-10-08")
	f.must(f.act(city2, call, "award", "", map[string]any{"document": "演示〔2024〕1号"}))
	if got := []string{f.state(call), f.state(cases[1]), f.state(cases[2])}; !slices.Equal(got, []string{"decided", "won", "won"}) {
		f.t.Errorf("after the decision: %v", got)
	}
	given, err := f.TitlesOf(ctx, city, r.ID)
	f.must(err)
	if len(given) != 2 {
		f.t.Fatalf("%d titles", len(given))
	}
	if got := f.stated(given[0].Honour); !slices.Contains(got, "honour.title=digital_craftsman") || !slices.Contains(got, "honour.item=演示人员 41") {
		f.t.Errorf("facts of a title: %v", got)
	}
	all, n, err := f.cases.Cases(ctx, county, casework.Filter{Workflow: TitleFlow}, 0, 10)
	f.must(err)
	if n != 2 || len(all) != 2 {
		f.t.Fatalf("%d cases of titles", n)
	}
	f.must(f.act(county, all[0].ID, "recheck_passed", "仍在岗（演示）", nil))
	f.must(f.act(county, all[0].ID, "recheck_failed", "离职（演示）", nil))
	f.on("2025-03-03")
	f.must(f.act(city, all[0].ID, "revoke", "离职（演示）", nil))
	title := all[0].Data["title"].Int()
	looks, err := f.Rechecks(ctx, city, title)
	f.must(err)
	if len(looks) != 2 || !looks[0].Passed || looks[1].Passed {
		f.t.Errorf("checks: %+v", looks)
	}
	i := slices.IndexFunc(given, func(t Title) bool { return t.ID == title })
	if got := f.stated(given[i].Honour); !slices.Contains(got, "honour.ended_on=2025-03-03") {
		f.t.Errorf("facts of the revoked title: %v", got)
	}
}

// A call that was sent back is written anew: what its second form leaves open is as the scheme of that form says, not as the first
// call said.
func TestCallIsWrittenAnew(t *testing.T) {
	eachFlow(t, func(t *testing.T, f *flow) {
		ctx := context.Background()
		c, err := f.cases.New(ctx, city, CallCase("2024年评选", f.area))
		f.must(err)
		f.must(f.act(city, c.ID, "propose", "", map[string]any{"scheme": "city_provider", "year": 2024, "closes": "2024-09-10", "quota": 77, "per_county": 33}))
		f.must(f.act(city2, c.ID, "send_back", "评选办法选错（演示）", nil))
		f.call(c.ID, map[string]any{"scheme": "digital_craftsman", "year": 2024, "closes": "2024-09-12"})
		r, err := f.RoundOf(ctx, f.DB.Read(), c.ID)
		f.must(err)
		scheme, err := f.Set.Scheme("digital_craftsman")
		f.must(err)
		if r.Scheme != scheme.Selection || r.Quota != scheme.Quota || r.PerCounty != scheme.PerCounty || r.Closes.String() != "2024-09-12" {
			t.Errorf("opened %s with a quota of %d, %d of a county, until %s; the scheme says %d and %d", r.Scheme, r.Quota, r.PerCounty, r.Closes, scheme.Quota, scheme.PerCounty)
		}
	})
}

// TestPoolCase is an application that is accepted once the conditions are known to be met, and an exit.
func TestPoolCase(t *testing.T) {
	eachFlow(t, func(t *testing.T, f *flow) {
		ctx := context.Background()
		f.enterprises(dafeng)
		owner := access.NewScope(200, access.Enterprise, nil, f.firms)
		c, err := f.cases.New(ctx, owner, PoolCase("标杆培育", "benchmark", f.firms[0]))
		f.must(err)
		f.must(f.act(owner, c.ID, "apply", "", nil))
		f.refused("acceptance while a condition is not known", f.act(county, c.ID, "accept", "", nil), "selection.not_known")
		f.tell(f.yes(f.firms[0], "ent.diagnosed", 1))
		f.must(f.act(county, c.ID, "accept", "", nil))
		pool, err := f.Pool(ctx, owner, "benchmark")
		f.must(err)
		if len(pool) != 1 || pool[0].Next == nil || pool[0].Next.ID != "city" || !pool[0].Near {
			t.Errorf("in the pool: %+v", pool)
		}
		f.must(f.act(county, c.ID, "leave", "停产（演示）", nil))
		stays, err := f.History(ctx, owner, f.firms[0])
		f.must(err)
		if len(stays) != 1 || stays[0].Gone == 0 || len(stays[0].Events) != 2 || stays[0].Events[1].Reason != "停产（演示）" {
			t.Errorf("history: %+v", stays)
		}
	})
}

// TestTakenOutByTwo shows that whom a check found unfit is taken out by somebody else than who asks for it and by nobody unasked, and that
// who was found to stand is ranked and published as if nobody had asked.
func TestTakenOutByTwo(t *testing.T) {
	eachFlow(t, func(t *testing.T, f *flow) {
		ctx := context.Background()
		f.enterprises(dafeng, dafeng, dafeng)
		f.addExperts(7)
		c, err := f.cases.New(ctx, city, CallCase("2024年数字工匠评选", f.area))
		f.must(err)
		f.call(c.ID, map[string]any{"scheme": "digital_craftsman", "year": 2024, "closes": "2024-09-10", "quota": 2})
		r, err := f.RoundOf(ctx, f.DB.Read(), c.ID)
		f.must(err)
		var cases []int64
		for i := range f.firms {
			id, err := f.nominateCase(r, i)
			f.must(err)
			f.must(f.act(county, id, "accept", "", nil))
			cases = append(cases, id)
		}
		f.standsAfterDoubt("accepted", cases[0])
		f.on("2024-09-11")
		f.must(f.act(city, c.ID, "draw", "", nil))
		f.craftsmenScored()
		f.must(f.act(city2, c.ID, "rank", "", nil))
		f.must(f.act(city, c.ID, "publish", "", nil))
		f.standsAfterDoubt("standing", cases[0])
		if diff := cmp.Diff([]string{"0 chosen", "1 chosen", "2 waiting"}, f.standings(city, r.ID)); diff != "" {
			t.Errorf("ranking of who stands (-want +got):\n%s", diff)
		}
		f.must(f.act(county, cases[1], "doubt", "业绩不属实（演示）", nil)) // whoever asked, the city decides
		f.must(f.act(city, cases[1], "disqualify", "核查属实（演示）", nil))
		if diff := cmp.Diff([]string{"0 chosen", "1 out", "2 chosen"}, f.standings(city, r.ID)); diff != "" {
			t.Errorf("ranking without who was taken out (-want +got):\n%s", diff)
		}
		if got := f.state(cases[1]); got != "out" {
			t.Errorf("who was taken out is %s", got)
		}
	})
}

// standsAfterDoubt has one account of the city ask to have a nomination taken out, who may decide neither way, and another find that it
// stands. Nobody takes it out before it was asked for, nor after that was settled.
func (f *flow) standsAfterDoubt(state string, of int64) {
	f.t.Helper()
	for _, action := range []string{"disqualify", "stands"} {
		f.refused(action+" unasked", f.act(city2, of, action, "核查（演示）", nil), "casework.guard")
	}
	f.must(f.act(city, of, "doubt", "业绩存疑（演示）", nil))
	for _, action := range []string{"disqualify", "stands"} {
		if err := f.act(city, of, action, "核查（演示）", nil); errs.KindOf(err) != errs.KindForbidden {
			f.t.Errorf("%s by who asked: %v", action, err)
		}
	}
	f.must(f.act(city2, of, "stands", "核查无问题（演示）", nil))
	f.refused("taken out after it was settled", f.act(city2, of, "disqualify", "核查（演示）", nil), "casework.guard")
	if got := f.state(of); got != state {
		f.t.Errorf("who stands is %s, was %s", got, state)
	}
}

// TestNobodyEntersAlone shows that what an office nominates or lists, somebody else of it passes, and that a pool is left by
// the enterprise too.
func TestNobodyEntersAlone(t *testing.T) {
	eachFlow(t, func(t *testing.T, f *flow) {
		ctx := context.Background()
		f.enterprises(dafeng)
		other := access.NewScope(8, access.CountyOfficial, []string{dafeng}, nil)
		call, err := f.cases.New(ctx, city, CallCase("2024年数字工匠评选", f.area))
		f.must(err)
		f.call(call.ID, map[string]any{"scheme": "digital_craftsman", "year": 2024, "closes": "2024-09-10"})
		r, err := f.RoundOf(ctx, f.DB.Read(), call.ID)
		f.must(err)
		n, err := f.NominationCase(ctx, r, "数字工匠申报", f.firms[0])
		f.must(err)
		c, err := f.cases.New(ctx, county, n)
		f.must(err)
		f.must(f.act(county, c.ID, "submit", "", craftsman(0)))
		if err := f.act(county, c.ID, "accept", "", nil); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("who nominated accepted it: %v", err)
		}
		f.must(f.act(other, c.ID, "accept", "", nil))

		c, err = f.cases.New(ctx, county, PoolCase("标杆培育", "benchmark", f.firms[0]))
		f.must(err)
		f.must(f.act(county, c.ID, "list", "名单〔2024〕1号（演示）", nil))
		if pool, err := f.Pool(ctx, county, "benchmark"); err != nil || len(pool) != 0 {
			t.Errorf("in the pool before it was confirmed: %v, %v", pool, err)
		}
		if err := f.act(county, c.ID, "confirm", "", nil); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("who listed confirmed it: %v", err)
		}
		f.must(f.act(other, c.ID, "confirm", "", nil))
		stays, err := f.History(ctx, county, f.firms[0])
		f.must(err)
		if len(stays) != 1 || stays[0].Events[0].Reason != "名单〔2024〕1号（演示）" || stays[0].Events[0].Actor != other.Account() {
			t.Errorf("how it came in: %+v", stays)
		}
		owner := access.NewScope(200, access.Enterprise, nil, f.firms)
		f.must(f.act(owner, c.ID, "quit", "停产（演示）", nil))
		if f.state(c.ID) != "left" {
			t.Errorf("after it quit: %s", f.state(c.ID))
		}
	})
}

// TestExpertsSeeNoCase shows that who judges a nomination does not reach its case, where names stand.
func TestExpertsSeeNoCase(t *testing.T) {
	eachFlow(t, func(t *testing.T, f *flow) {
		ctx := context.Background()
		f.enterprises(tinghu)
		f.addExperts(7)
		c, err := f.cases.New(ctx, city, CallCase("2024年数字工匠评选", f.area))
		f.must(err)
		f.call(c.ID, map[string]any{"scheme": "digital_craftsman", "year": 2024, "closes": "2024-09-10"})
		r, err := f.RoundOf(ctx, f.DB.Read(), c.ID)
		f.must(err)
		id, err := f.nominateCase(r, 0)
		f.must(err)
		f.must(f.act(city, id, "accept", "", nil))
		f.on("2024-09-11")
		f.must(f.act(city, c.ID, "draw", "", nil))
		judged := 0
		for account := int64(101); account < 108; account++ {
			reviews, err := f.Reviews(ctx, expert(account))
			f.must(err)
			judged += len(reviews)
			if _, _, err := f.cases.Get(ctx, expert(account), id); errs.KindOf(err) != errs.KindNotFound {
				t.Errorf("account %d reaches the case of what it judges: %v", account, err)
			}
			if _, n, err := f.cases.Cases(ctx, expert(account), casework.Filter{}, 0, 10); err != nil || n != 0 {
				t.Errorf("account %d sees %d cases, %v", account, n, err)
			}
		}
		if judged != 3 {
			t.Errorf("%d reviews, want 3", judged)
		}
	})
}
