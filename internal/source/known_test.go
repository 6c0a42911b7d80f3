package source

import (
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// What was known before an instant goes by the order of commits: a clock that was set back makes nothing known too early.
func TestKnownBefore(t *testing.T) {
	storetest.Each(t, []store.Migrations{Migrations}, func(t *testing.T, db *store.DB) {
		at := int64(0)
		s := New(db, func() time.Time { return time.UnixMilli(at) })
		known := func(before, wantSeq, wantFirst int64) {
			t.Helper()
			seq, first, err := s.KnownBefore(t.Context(), before)
			if err != nil || seq != wantSeq || first != wantFirst {
				t.Errorf("before %d: %d, first %d, %v; want %d, first %d", before, seq, first, err, wantSeq, wantFirst)
			}
		}
		known(1000, 0, 0)
		for _, at = range []int64{100, 200, 400, 300, 500} {
			if _, err := s.Commit(t.Context(), LogEntry{Kind: Enforce}, nil); err != nil {
				t.Fatal(err)
			}
		}
		known(50, 0, 100)
		known(100, 0, 100)
		known(101, 1, 100)
		known(250, 2, 100)
		known(350, 2, 100) // the fourth came after the third, whatever its clock says
		known(450, 4, 100)
		known(9000, 5, 100)
	})
}

func TestDays(t *testing.T) {
	for _, s := range []string{"2024-02-29", "2024-12-31", "1999-01-01"} {
		at, err := time.ParseInLocation(time.DateOnly, s, clock.Beijing)
		if err != nil {
			t.Fatal(err)
		}
		day := clock.DayOf(at.UnixMilli())
		if day.String() != s || clock.StartOf(day) != at.UnixMilli() || clock.DayOf(clock.StartOf(day+1)-1) != day {
			t.Errorf("%s: %s begins at %d", s, day, clock.StartOf(day))
		}
	}
}
