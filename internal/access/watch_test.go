package access

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a watch has noted is noted again of whoever is shown it later, one enterprise apart or very many together.
func TestSawAgain(t *testing.T) {
	var first, second, own Watch
	office := NewScope(1, CityOfficial, []string{"320900"}, nil)
	for i := range int64(watchMost + 1) {
		office.Watched(&first).Saw(100+i, "ent.tax_paid")
	}
	first.Apart(7)
	office.Watched(&first).Saw(7, "ent.legal_person")
	seen := first.Take()
	want := []Seen{{Defs: []string{"ent.tax_paid"}}, {7, []string{"ent.legal_person"}}}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Fatalf("noted (-want +got):\n%s", diff)
	}
	second.Apart(7)
	office.Watched(&second).SawAgain(seen)
	if diff := cmp.Diff(want, second.Take()); diff != "" {
		t.Errorf("noted again (-want +got):\n%s", diff)
	}
	NewScope(2, Enterprise, nil, []int64{7}).Watched(&own).SawAgain(seen[1:])
	if seen := own.Take(); len(seen) != 0 {
		t.Errorf("what an enterprise is shown of itself is noted: %v", seen)
	}
	SystemScope().SawAgain(seen)
	office.SawAgain(seen) // nobody watches
}
