package party

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNear(t *testing.T) {
	r := &Registry{}
	for i, name := range []string{"盐城金风科技有限公司", "盐城第二机械有限公司", "江苏大丰悦达纺织股份有限公司", "盐城海瀛控股有限公司"} {
		r.add(int64(i+1), name)
	}
	all := func(Enterprise) bool { return true }
	for _, tc := range []struct {
		name string
		want []Near
	}{
		{"盐城金风科技有限责任公司", []Near{{1, 1000}}},
		{"江苏盐城金风科技有限公司", []Near{{1, 833}}},
		{"盐城第一机械有限公司", nil}, // one of a series
		{"大丰悦达纺织公司", []Near{{3, 833}}},
		{"射阳县某某食品厂", nil},
		{"", nil},
	} {
		got := r.Near([]string{tc.name}, 700, 5, all)[0]
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
	if got := r.Near([]string{"盐城金风科技有限公司"}, 700, 5, func(Enterprise) bool { return false })[0]; got != nil {
		t.Errorf("what may not be told is told: %v", got)
	}
}

// add gives a registry of a test an enterprise.
func (r *Registry) add(id int64, name string) {
	fold := FoldName(name)
	r.names = append(r.names, nameEntry{fold: fold, key: int32(len(stripForm(fold))), id: id})
	r.hold(append(r.recs, &record{sub: Subject{ID: id}, ent: &Enterprise{ID: id, Name: name}}))
}
