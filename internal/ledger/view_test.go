package ledger_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/ledger"
)

// read is what a scope is shown.
func read[T any](d *desk, scope access.Scope, ask func(context.Context, *ledger.View) (T, error)) T {
	d.Helper()
	var out T
	err := d.book.Read(d.Context(), scope, func(ctx context.Context, v *ledger.View) (err error) {
		out, err = ask(ctx, v)
		return err
	})
	if err != nil {
		d.Fatal(err)
	}
	return out
}

func TestFundPage(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 10_000)
		d.appropriate(2025, 500)
		here := d.due(line, "A", 300)
		d.now.Store(time.Date(2024, 11, 5, 1, 0, 0, 0, time.UTC).UnixMilli())
		there := promise(line, "PX", "I", 200)
		there.Area, there.Clause = "320981", "yc-2022/loan"
		d.committed("X", there)
		d.move(d.book.Pay, ledger.Sum{Commitment: here, Instalment: 1, Amount: 250})

		shares := func(scope access.Scope, f ledger.Filter, by ledger.By) map[string]ledger.Totals {
			out := map[string]ledger.Totals{}
			for _, s := range read(d, scope, func(ctx context.Context, v *ledger.View) ([]ledger.Share, error) { return v.Fund(ctx, f, by) }) {
				key := s.Key
				if by == ledger.ByLine {
					key = s.Line.Label()
				}
				out[key] = s.Totals()
			}
			return out
		}
		whole := access.SystemScope()
		for _, tc := range []struct {
			name   string
			scope  access.Scope
			filter ledger.Filter
			by     ledger.By
			want   map[string]ledger.Totals
		}{
			{"lines", whole, ledger.Filter{}, ledger.ByLine, map[string]ledger.Totals{
				"智改数转 设备补助 2024": {Budget: 10_000, Free: 9500, Committed: 500, Payable: 300, Paid: 250},
				"智改数转 设备补助 2025": {Budget: 500, Free: 500},
			}},
			{"areas of a line", whole, ledger.Filter{Line: line}, ledger.ByArea, map[string]ledger.Totals{
				city: {Budget: 10_000, Free: 9500}, county: {Committed: 300, Payable: 300, Paid: 250}, "320981": {Committed: 200},
			}},
			{"clauses of a year", whole, ledger.Filter{Year: 2024}, ledger.ByClause, map[string]ledger.Totals{
				"": {Budget: 10_000, Free: 9500}, "yc-2022/equipment": {Committed: 300, Payable: 300, Paid: 250}, "yc-2022/loan": {Committed: 200},
			}},
			{"months", whole, ledger.Filter{Line: line}, ledger.ByMonth, map[string]ledger.Totals{
				"2024-10": {Budget: 10_000, Free: 9700, Committed: 300, Payable: 300},
				"2024-11": {Free: -200, Committed: 200, Paid: 250},
			}},
			{"a month of a clause", whole, ledger.Filter{Clause: "yc-2022/equipment", Month: "2024-11"}, ledger.ByLine, map[string]ledger.Totals{
				"智改数转 设备补助 2024": {Paid: 250},
			}},
			{"a county", access.NewScope(2, access.CountyOfficial, []string{county}, nil), ledger.Filter{}, ledger.ByLine, map[string]ledger.Totals{
				"智改数转 设备补助 2024": {Committed: 300, Payable: 300, Paid: 250},
			}},
			{"nobody", access.Scope{}, ledger.Filter{}, ledger.ByLine, map[string]ledger.Totals{}},
			{"an enterprise", access.NewScope(5, access.Enterprise, nil, []int64{11}), ledger.Filter{}, ledger.ByArea, map[string]ledger.Totals{}},
		} {
			if diff := cmp.Diff(tc.want, shares(tc.scope, tc.filter, tc.by)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.name, diff)
			}
		}

		entries := read(d, whole, func(ctx context.Context, v *ledger.View) ([]ledger.Entry, error) {
			return v.Entries(ctx, ledger.Filter{Case: "A"}, ledger.Page{})
		})
		var sum ledger.Balance
		for _, e := range entries {
			sum[e.Stage] += e.Amount
		}
		if want := (ledger.Balance{ledger.Free: -300, ledger.Payable: 50, ledger.Paid: 250}); sum != want {
			t.Errorf("the entries of case A add up to %v, want %v", sum, want)
		}
		var paged []ledger.Entry
		for after := (ledger.Page{Rows: 1}); ; {
			next := read(d, whole, func(ctx context.Context, v *ledger.View) ([]ledger.Entry, error) {
				return v.Entries(ctx, ledger.Filter{Case: "A"}, after)
			})
			if len(next) == 0 {
				break
			}
			paged = append(paged, next...)
			after.After, after.Entry = next[0].Transfer, next[0].N
		}
		if diff := cmp.Diff(entries, paged); diff != "" {
			t.Errorf("entries one by one (-want +got):\n%s", diff)
		}
		month := read(d, whole, func(ctx context.Context, v *ledger.View) ([]ledger.Entry, error) {
			return v.Entries(ctx, ledger.Filter{Month: "2024-11", Commitment: here}, ledger.Page{})
		})
		if len(month) != 2 || month[0].Kind != ledger.PaidOut || month[0].Amount != -250 || month[1].Stage != ledger.Paid || month[1].Day != "2024-11-05" {
			t.Errorf("entries of November: %+v", month)
		}
		instalments := read(d, access.NewScope(2, access.CountyOfficial, []string{county}, nil), func(ctx context.Context, v *ledger.View) ([]ledger.Instalment, error) {
			return v.Payables(ctx, ledger.Filter{}, ledger.Page{})
		})
		if len(instalments) != 1 || instalments[0].Case != "A" || instalments[0].Balance[ledger.Payable] != 50 {
			t.Errorf("payable in the county: %+v", instalments)
		}
		d.sound()
	})
}

func TestReadersSeeTheirAreas(t *testing.T) {
	each(t, func(d *desk) {
		line := d.appropriate(2024, 10_000)
		batch := d.sent(orderOf(d.due(line, "A", 300), 300))
		d.committed("B", promise(line, "P2", "I", 100))
		for name, tc := range map[string]struct {
			scope                             access.Scope
			lines, instalments, claims, batch int
		}{
			"city":           {access.NewScope(1, access.CityOfficial, []string{city, county}, nil), 1, 2, 2, 1},
			"finance":        {access.NewScope(1, access.Finance, []string{city, county}, nil), 1, 2, 2, 1},
			"county":         {access.NewScope(1, access.CountyOfficial, []string{county}, nil), 0, 2, 2, 0},
			"another county": {access.NewScope(1, access.CountyOfficial, []string{"320981"}, nil), 0, 0, 0, 0},
			"expert":         {access.NewScope(1, access.Expert, []string{city, county}, nil), 0, 0, 0, 0},
			"nobody":         {access.Scope{}, 0, 0, 0, 0},
		} {
			err := d.book.Read(t.Context(), tc.scope, func(ctx context.Context, v *ledger.View) error {
				lines, err1 := v.Lines(ctx, ledger.Filter{})
				instalments, err2 := v.Instalments(ctx, ledger.Filter{}, ledger.Page{})
				claims, err3 := v.Claims(ctx, ledger.ClaimFilter{Standing: true}, ledger.Page{})
				batches, err4 := v.Batches(ctx, ledger.Filter{}, ledger.Page{})
				for _, err := range []error{err1, err2, err3, err4} {
					if err != nil {
						return err
					}
				}
				got := [4]int{len(lines), len(instalments), len(claims), len(batches)}
				if want := [4]int{tc.lines, tc.instalments, tc.claims, tc.batch}; got != want {
					t.Errorf("%s sees %v, want %v", name, got, want)
				}
				_, err := v.Payments(ctx, batch)
				if hidden := errs.KindOf(err) == errs.KindNotFound; hidden != (tc.batch == 0) {
					t.Errorf("%s asks for the batch: %v", name, err)
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
