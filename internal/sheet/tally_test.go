package sheet

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTally(t *testing.T) {
	one := func(v int64) map[int]int64 { return map[int]int64{2: v} }
	var tally Tally
	var gaps []Gap
	gaps = append(gaps, tally.Total(4, one(60))...) // above the data
	tally.Data(one(10))
	tally.Data(one(20))
	gaps = append(gaps, tally.Total(7, one(30))...) // subtotal
	tally.Data(one(5))
	gaps = append(gaps, tally.Total(9, one(6))...) // subtotal that is off by one
	tally.Data(one(25))
	gaps = append(gaps, tally.Total(11, one(25))...)
	gaps = append(gaps, tally.Total(12, one(60))...) // all
	gaps = append(gaps, tally.End()...)
	if diff := cmp.Diff([]Gap{{Row: 9, Column: 2, Said: 6, Sum: 5}}, gaps); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	tally.Data(one(1))
	if diff := cmp.Diff([]Gap{{Row: 4, Column: 2, Said: 60, Sum: 61}}, tally.End()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
