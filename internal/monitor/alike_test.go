package monitor

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

func month(y, m int, num int64) said {
	return said{def: "ent.month_output", p: period.OfMonth(y, m), num: num}
}

// pairText is a pair as the tests write it: what it was, what it is, and of how many.
func pairText(p Pair) string {
	if p.Now.Value == nil || p.Then.Value == nil {
		return "none"
	}
	return fmt.Sprintf("%s from %s of %d and %d", p.Now.Value.RatString(), p.Then.Value.RatString(), p.Now.Counted, p.Then.Counted)
}

// TestAlike: growth is of those that stated the same month of both years, worked out by hand.
func TestAlike(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		firm := func(key string, stays []stay, facts ...said) thing {
			return thing{kind: content.Enterprise, key: key, stays: stays, facts: append(facts, year("ent.above_scale", 2022, 1), year("ent.above_scale", 2023, 1))}
		}
		in := func(area string) []stay { return []stay{{area: area}} }
		w.state(
			firm("甲", in(tinghu), month(2022, 1, 100), month(2022, 2, 100), month(2023, 1, 110), month(2023, 2, 130)),
			firm("乙", in(tinghu), month(2022, 1, 50), month(2023, 1, 40)),   // February is not reported
			firm("丙", in(dafeng), month(2023, 1, 900), month(2023, 2, 900)), // new
			firm("丁", in(dafeng), month(2022, 1, 700), month(2022, 2, 700)), // gone
			firm("戊", []stay{{area: tinghu, to: period.Date(2022, 12, 31)}, {area: dongtai, from: period.Date(2023, 1, 1)}}, month(2022, 2, 30), month(2023, 2, 60)),
			thing{kind: content.Enterprise, key: "己", stays: in(tinghu), facts: []said{year("ent.above_scale", 2022, 1), year("ent.above_scale", 2023, 0), month(2022, 1, 5), month(2023, 1, 5)}}, // below scale now
		)
		all := access.SystemScope()
		county := access.NewScope(20, access.CountyOfficial, []string{tinghu}, nil)
		for _, tc := range []struct {
			scope        access.Scope
			area, period string
			by           Dimension
			want         map[string]string
		}{
			{all, "320900", "2023-01", Dimension{}, map[string]string{"": "150 from 150 of 2 and 2"}},
			{all, "320900", "2023-02", Dimension{}, map[string]string{"": "190 from 130 of 2 and 2"}},
			{all, "320900", "2023YTD02", Dimension{}, map[string]string{"": "340 from 280 of 4 and 4"}},
			{all, "320900", "2023", Dimension{}, map[string]string{"": "340 from 280 of 4 and 4"}},
			{all, "", "2023YTD02", Dimension{}, map[string]string{"": "340 from 280 of 4 and 4"}},
			{all, "320900", "2023YTD02", Dimension{By: ByArea}, map[string]string{tinghu: "280 from 250 of 3 and 3", dongtai: "60 from 30 of 1 and 1"}},
			{all, tinghu, "2023YTD02", Dimension{}, map[string]string{"": "280 from 250 of 3 and 3"}},
			{all, dafeng, "2023YTD02", Dimension{}, map[string]string{}},
			{all, "320900", "2023-03", Dimension{}, map[string]string{}},
			{all, "320900", "2023-02", Dimension{By: ByTrade}, map[string]string{"": "190 from 130 of 2 and 2"}},
			{county, "320900", "2023-02", Dimension{}, map[string]string{"": "130 from 100 of 1 and 1"}},
			{access.Scope{}, "", "2023-02", Dimension{}, map[string]string{}},
		} {
			for _, only := range []*Part{nil, {Dimension: Dimension{By: ByTrade}}} { // nobody's trade is stated: all are in that part
				q := w.query("monthly", tc.area, tc.period)
				q.Only = only
				pairs, err := w.Alike(t.Context(), w.view(tc.scope), q, tc.by)
				must(t, err)
				got := map[string]string{}
				for code, p := range pairs {
					got[code] = pairText(p)
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("%q in %s by %q, only %v (-want +got):\n%s", tc.area, tc.period, tc.by, only, diff)
				}
			}
		}
		if got := (Pair{}).Growth(); got != nil {
			t.Errorf("nobody grows by %s", got)
		}
		if _, err := w.Alike(t.Context(), w.view(all), w.query("done", "320900", "2023"), Dimension{}); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("of a share: %v", err)
		}
		if _, err := w.Alike(t.Context(), w.view(all), w.query("monthly", "no", "2023"), Dimension{}); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("of no area: %v", err)
		}
	})
}

// both is what a database finds of a month among those that were above scale and stated it in both years.
const both = `SELECT COUNT(*), COALESCE(SUM(a.num), 0), COALESCE(SUM(b.num), 0) FROM subject s
JOIN fact a ON a.subject_id = s.id JOIN fact_column ca ON ca.id = a.column_id AND ca.def = 'ent.month_output' AND ca.period = '%[1]s'
JOIN fact b ON b.subject_id = s.id JOIN fact_column cb ON cb.id = b.column_id AND cb.def = 'ent.month_output' AND cb.period = '%[2]s'
WHERE s.kind = 'enterprise' AND %[3]s AND %[4]s AND %[5]s`

// TestAlikeEqualsSQL holds growth over random months against what a database sums.
func TestAlikeEqualsSQL(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		rnd := rand.New(rand.NewPCG(3, 8))
		w := newWorld(t, db)
		firms := random(rnd, 300)
		for i := range firms {
			for y := 2022; y <= 2023 && firms[i].kind == content.Enterprise; y++ {
				for m := 1; m <= 12; m++ {
					if rnd.IntN(3) > 0 {
						firms[i].facts = append(firms[i].facts, month(y, m, rnd.Int64N(1_000_000)))
					}
				}
			}
		}
		w.state(firms...)
		some := 0
		for range 40 {
			to := 1 + rnd.IntN(12)
			area := []string{tinghu, dafeng, dongtai}[rnd.IntN(3)]
			_, placed, _ := period.OfMonth(2023, to).Span()
			from := 1
			p := period.ToMonth(2023, to)
			if rnd.IntN(2) == 0 {
				from, p = to, period.OfMonth(2023, to)
			}
			value := func(def string, y int) string { return fmt.Sprintf(stated, def, fmt.Sprint(y)) }
			who := func(y, m int) string {
				_, last, _ := period.OfMonth(y, m).Span()
				return fmt.Sprintf(inFirms, value("ent.above_scale", y), value("ent.above_scale", y-1), fmt.Sprintf(stated, "ent.closed_on", ""), last)
			}
			var n, now, then int64
			for m := from; m <= to; m++ {
				var k, a, b int64
				query := fmt.Sprintf(both, period.OfMonth(2023, m), period.OfMonth(2022, m), who(2023, m), who(2022, m), fmt.Sprintf(inArea, area, placed))
				must(t, db.Read().QueryRow(t.Context(), query).Scan(&k, &a, &b))
				n, now, then = n+k, now+a, then+b
			}
			pairs, err := w.Alike(t.Context(), w.view(access.SystemScope()), w.query("monthly", area, p.String()), Dimension{})
			must(t, err)
			got, want := pairText(pairs[""]), fmt.Sprintf("%d from %d of %d and %d", now, then, n, n)
			if n == 0 {
				want = "none"
			}
			if got != want {
				t.Errorf("%s in %s: %s, the database says %s", area, p, got, want)
			}
			if g := pairs[""].Growth(); n > 0 && then > 0 && g.Cmp(big.NewRat(now-then, then)) != 0 {
				t.Errorf("%s in %s grows by %s", area, p, g)
			}
			some += int(n)
		}
		if some == 0 {
			t.Error("nothing was ever compared")
		}
	})
}
