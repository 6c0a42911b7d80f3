package selection

import (
	"context"
	"fmt"
	"testing"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/release"
)

// The notice of a selection is a release: who was taken out since is gone with a correction by two persons, who moved up comes in with
// another, and one that is withdrawn is published anew.
func TestNoticeIsReleased(t *testing.T) {
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
		f.on("2024-09-11")
		f.must(f.act(city, c.ID, "draw", "", nil))
		f.craftsmenScored()
		f.must(f.act(city2, c.ID, "rank", "", nil))
		f.must(f.act(city, c.ID, "publish", "", nil))
		released := func(want string) release.Release {
			t.Helper()
			all, err := f.Releases.Series(ctx, NoticeRelease, r.ID)
			f.must(err)
			got := ""
			for _, x := range all {
				got += fmt.Sprintf("%s %d;", x.Act, x.Lines)
			}
			if got != want {
				t.Fatalf("releases: %s, want %s", got, want)
			}
			return all[len(all)-1]
		}
		first := released("publish 2;")
		lines, err := f.Releases.Lines(ctx, first.ID, release.Page{})
		f.must(err)
		if lines[0].Of(first, "recipient") != firmName(0) || lines[0].Of(first, "person") == "" || lines[0].Of(first, "county") != dafeng || lines[0].Case != cases[0] {
			t.Errorf("the first line: %+v", lines[0])
		}
		f.must(f.act(county, cases[1], "doubt", "业绩不属实（演示）", nil))
		f.must(f.act(city, cases[1], "disqualify", "核查属实（演示）", nil))
		f.must(f.act(city, c.ID, "doubt", "名单里有人被取消资格", nil))
		if err := f.act(city, c.ID, "correct", "取消资格一人", nil); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("corrected by who held it to be wrong: %v", err)
		}
		f.must(f.act(city2, c.ID, "correct", "取消资格一人", nil))
		second := released("publish 2;correct 1;")
		if second.Until != first.Until || second.Reason != "取消资格一人" {
			t.Errorf("corrected: %+v", second)
		}
		f.must(f.act(city, c.ID, "publish_more", "", nil))
		third := released("publish 2;correct 1;correct 2;")
		if changes, err := f.Releases.Changes(ctx, third); err != nil || changes.Total != 1 || changes.Lines[0].N != 3 || changes.Lines[0].Before != nil {
			t.Errorf("who moved up: %+v, %v", changes, err)
		}
		f.must(f.act(city, c.ID, "doubt", "评分表有误", nil))
		f.must(f.act(city2, c.ID, "withdraw", "评分表有误，撤回重核", nil))
		released("publish 2;correct 1;correct 2;withdraw 0;")
		if _, err := f.Notice(ctx, r.ID); errs.KindOf(err) != errs.KindNotFound || f.state(cases[0]) != "accepted" || f.state(c.ID) != "ranked" {
			t.Errorf("withdrawn: %v, %s, %s", err, f.state(cases[0]), f.state(c.ID))
		}
		f.must(f.act(city, c.ID, "publish", "", nil))
		released("publish 2;correct 1;correct 2;withdraw 0;publish 2;")
		if got := f.state(cases[0]); got != "standing" {
			t.Errorf("published again, the nomination is %s", got)
		}
	})
}
