package subsidy

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/ledger"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// crowd makes n enterprises, every fourth of which has a project that the investment clause pays for.
func (w *world) crowd(n int) {
	w.t.Helper()
	areas := []string{"320902", "320903", "320904", "320981"}
	const some = 10_000
	for from := 0; from < n; from += some {
		var all []thing
		for i := from; i < min(from+some, n); i++ {
			name, area := fmt.Sprintf("虚构企业%d", i), areas[i%4]
			if i%4 == 0 {
				all = append(all, things(name, area, len(all)+1)...)
			} else {
				all = append(all, thing{kind: content.Enterprise, key: name, area: area, facts: map[string]any{"ent.above_scale@2024": true}})
			}
		}
		w.state(all...)
	}
}

// BenchmarkRound lists a round without applications over 100,000 enterprises, of which 25,000 get something: from the facts
// in memory to the list in the database.
func BenchmarkRound(b *testing.B) {
	w := newWorld(b, sqlite(b))
	w.crowd(100_000)
	b.ResetTimer()
	for b.Loop() {
		r, err := w.ListRound(ctx, cityA, NewRound{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "免申即享", Line: w.line})
		must(b, err)
		b.StopTimer()
		_, total, err := w.RoundLines(ctx, cityA, r.ID, LineFilter{States: []string{LineListed}})
		must(b, err)
		if total != 25_000 {
			b.Fatalf("%d lines", total)
		}
		must(b, w.GiveUpRound(ctx, cityA, r.ID)) // or the next would be the same list once more
		b.StartTimer()
	}
}

// BenchmarkGrant grants all applications of a batch in one act: each is decided again, takes its claims and has its money committed.
// Meanwhile somebody else saves what they fill in, again and again; told is the longest that they waited.
func BenchmarkGrant(b *testing.B) {
	for name, open := range map[string]func(testing.TB, []store.Migrations) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		for _, n := range []int{500, 2000} {
			b.Run(fmt.Sprintf("%s/applications=%d", name, n), func(b *testing.B) {
				var longest time.Duration
				for b.Loop() {
					b.StopTimer()
					o := offices{world: newWorld(b, open(b, migrations)), say: func(string) {}, firm: &atomic.Int64{}}
					batch, other := o.approved(n)
					b.StartTimer()
					longest = max(longest, o.grantsBeside(batch, other))
					b.StopTimer()
					if granted := o.committed(); granted == 0 || int(granted/(96*wan)) < n/2 {
						b.Fatalf("granted is %s", granted)
					}
					b.StartTimer()
				}
				b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "applications/s")
				b.ReportMetric(float64(longest.Milliseconds()), "longest-wait-ms")
			})
		}
	}
}

// approved takes n applications of a call into a batch, closes the call and has the batch approved; another application is still filled
// in. The call has set more aside than they come to.
func (o offices) approved(n int) (batch int64, other casework.Case) {
	b := o.t
	b.Helper()
	line, err := ledger.Alone(ctx, o.Book, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return o.Book.Appropriate(ctx, tx, ledger.Act{Scope: access.SystemScope(), Key: "more", Reason: "年初预算", Document: "盐财〔2024〕2号"},
			ledger.Appropriation{Fund: "先进制造业发展专项资金", Code: "zgsz", Year: 2024, Area: "320900", Name: "智改数转", Change: money.Fen(n+1) * 200 * wan})
	})
	must(b, err)
	call, err := o.OpenCall(ctx, cityA, Call{Area: "320900", Policy: yancheng, Clauses: []string{"c9"}, Title: "申报", Opens: asOf - 1, Closes: asOf + 10, Line: line, Reserve: money.Fen(n) * 100 * wan})
	must(b, err)
	must(b, o.act(cityB, call.Case, "publish"))
	firms := o.firms(n + 1)
	view := mustView(o.world)
	made, err := o.OpenBatch(ctx, cityA, call.Case, "批次", "")
	must(b, err)
	applies := func(firm int64) (casework.Case, error) {
		me := applicant(1000+firm, firm)
		offers, _, err := o.CallsFor(ctx, view, firm, o.today())
		if err != nil {
			return casework.Case{}, err
		}
		i := slices.IndexFunc(offers[call.Case], func(x Offer) bool { return x.Clause == "c9" })
		if i < 0 {
			return casework.Case{}, fmt.Errorf("firm %d is offered nothing", firm)
		}
		return o.OpenApplication(ctx, me, call.Case, offers[call.Case][i])
	}
	var group errgroup.Group
	group.SetLimit(16)
	for _, f := range firms[:n] {
		group.Go(func() error {
			c, err := applies(f.id)
			if err != nil {
				return err
			}
			return o.goesOn(c.ID, made.ID)
		})
	}
	must(b, group.Wait())
	must(b, o.act(cityA, made.ID, "publish"))
	other, err = applies(firms[n].id)
	must(b, err)
	o.pass(16 * 24 * time.Hour)
	must(b, o.act(cityB, call.Case, "close"))
	must(b, o.act(cityB, made.ID, "approve"))
	return made.ID, other
}

// grantsBeside grants a batch while another application is filled in, and gives the longest time that saving it has taken.
func (o offices) grantsBeside(batch int64, other casework.Case) (longest time.Duration) {
	done := make(chan error, 1)
	go func() { done <- o.act(cityB, batch, "grant") }()
	me := applicant(1000+other.Enterprise, other.Enterprise)
	for {
		began := time.Now()
		must(o.t, o.Put(ctx, me, other.ID, Asked{Items: items("00")}))
		longest = max(longest, time.Since(began))
		select {
		case err := <-done:
			must(o.t, err)
			return longest
		case <-time.After(5 * time.Millisecond): // who fills in a form saves now and then
		}
	}
}
