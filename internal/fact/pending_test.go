package fact

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// rowsOf is the rows of a source as they are read back, in the order of their numbers.
func (w *world) rowsOf(t tester, src int64) []row {
	t.Helper()
	var all []row
	must(t, w.frames.eachRow(context.Background(), rowsOfSource, []any{src}, func(r *row) error {
		all = append(all, *r)
		return nil
	}))
	slices.SortFunc(all, func(a, b row) int { return int(a.n - b.n) })
	return all
}

// accountOf is the rows of a source as this process has appended them; ok is false when there is no account of them.
func (w *world) accountOf(t tester, src int64) (all []row, ok bool) {
	t.Helper()
	var last int64
	must(t, w.db.Read().QueryRow(context.Background(), lastRow, src).Scan(&last))
	a := w.facts.pending.take(src, last)
	if a == nil {
		return nil, false
	}
	defer a.close()
	must(t, a.each(func(r *row) error {
		all = append(all, *r)
		return nil
	}))
	return all, true
}

// sayings is some statements of each sort; those of two numbers differ.
func sayings(firms []int64, k int64) []Statement {
	var all []Statement
	for i, id := range firms {
		all = append(all,
			present(id, "ent.revenue", years[i%len(years)], k<<40-int64(i)),
			text(id, "ent.address", "盐城市某路"+years[k%2].String()),
			Statement{Subject: id, Def: "ent.founded", State: None, Status: Verified},
			Statement{Subject: id, Def: "ent.founded", State: Present, Value: Value{Num: -k}, Precision: AtLeast},
			text(id, "ent.phone", ""))
	}
	return all
}

var diffRows = cmp.AllowUnexported(row{}, columnKey{}, period.Period{})

// TestPendingIsWhatWasAppended, in memory and in a file, whatever else takes numbers in between.
func TestPendingIsWhatWasAppended(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		firms, _ := w.firms(t, "pending", 30, "320904")
		for _, memory := range []int{1 << 20, 3000, 0} {
			w.facts.pending.memory = memory
			src := w.begin(t, "tax")
			for k := range int64(4) {
				must(t, w.facts.Append(ctx, src, sayings(firms, k)))
				must(t, w.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
					_, err := w.sources.Stage(ctx, tx, src, int(k)+1) // as rows of other packages do
					return err
				}))
			}
			got, ok := w.accountOf(t, src)
			if diff := cmp.Diff(w.rowsOf(t, src), got, diffRows); !ok || diff != "" {
				t.Errorf("%d bytes in memory, account %t (-want +got)\n%s", memory, ok, diff)
			}
			if _, again := w.accountOf(t, src); again {
				t.Error("it is taken twice")
			}
		}
	})
}

// TestPendingGivesUp: where the account is not of all rows, there is none, and the frame is right all the same.
func TestPendingGivesUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		firms, _ := w.firms(t, "pending", 3, "320904")
		other := newWorld(t, w.db) // another process
		for _, tc := range []struct {
			name string
			do   func(src int64)
			want bool // there is an account
		}{
			{"all by this process", func(src int64) { must(t, w.facts.Append(ctx, src, sayings(firms, 1))) }, true},
			{"the rest by another", func(src int64) { must(t, other.facts.Append(ctx, src, sayings(firms, 1))) }, false},
			{"between by another", func(src int64) {
				must(t, other.facts.Append(ctx, src, sayings(firms, 1)))
				must(t, w.facts.Append(ctx, src, sayings(firms, 2)))
			}, false},
			{"many others since", func(int64) {
				for range maxAccounts {
					must(t, w.facts.Append(ctx, w.begin(t, "tax"), sayings(firms, 1)))
				}
			}, false},
			{"it went on after that", func(src int64) {
				for range maxAccounts {
					must(t, w.facts.Append(ctx, w.begin(t, "tax"), sayings(firms, 1)))
				}
				must(t, w.facts.Append(ctx, src, sayings(firms, 2)))
			}, false},
		} {
			t.Run(tc.name, func(t *testing.T) {
				src := w.begin(t, "tax")
				must(t, w.facts.Append(ctx, src, sayings(firms, 0)))
				tc.do(src)
				rows := w.rowsOf(t, src)
				i := w.facts.pending.find(src)
				if got := i >= 0 && w.facts.pending.accounts[i].last == rows[len(rows)-1].n; got != tc.want {
					t.Errorf("there is an account: %t, want %t", got, tc.want)
				}
				seq := w.publish(t, src)
				got := w.refresh(t)
				fresh, err := w.reopen(t).For(ctx, got.scope, seq)
				must(t, err)
				for _, id := range firms {
					for _, def := range []string{"ent.revenue", "ent.founded", "ent.address", "ent.phone"} {
						for _, p := range append([]period.Period{{}}, years...) {
							if a, b := got.Value(id, def, p), fresh.Value(id, def, p); a != b {
								t.Errorf("%s in %s is %+v, by all rows %+v", def, p, a, b)
							}
						}
					}
				}
			})
		}
	})
}

// TestPendingWithoutRoom: an account that breaks off while it is read costs a reading of the rows, and nothing else.
func TestPendingWithoutRoom(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.facts.pending.memory = 0
		firms, _ := w.firms(t, "pending", 3, "320904")
		src := w.begin(t, "tax")
		must(t, w.facts.Append(context.Background(), src, sayings(firms, 7)))
		a := w.facts.pending.accounts[0]
		must(t, a.file.Truncate(20))
		if err := a.each(func(*row) error { return nil }); err == nil {
			t.Error("a file that is cut off reads without a fault")
		}
		w.publish(t, src)
		if got := w.refresh(t).Value(firms[0], "ent.revenue", years[0]); got.Value.Num != 7<<40 {
			t.Errorf("the frame has %+v", got)
		}
	})
}
