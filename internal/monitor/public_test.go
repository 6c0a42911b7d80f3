package monitor

import (
	"fmt"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// TestPublic: of three firms in a county nothing is told, nor of the county by which they could be reckoned; the sum is.
func TestPublic(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var all []thing
		for area, n := range map[string]int{tinghu: 3, dafeng: 7, dongtai: 40} {
			for i := range n {
				all = append(all, thing{kind: content.Enterprise, key: fmt.Sprintf("%s厂%02d", area, i), stays: []stay{{area: area}}, facts: []said{year("ent.above_scale", 2023, 1), year("ent.digital_done", 2023, int64(i%2))}})
			}
		}
		w.state(all...)
		table, err := w.Public(t.Context(), w.query("firms", "", "2023").Indicator, 2023)
		must(t, err)
		if table.Area != "320900" {
			t.Errorf("of %s", table.Area)
		}
		total := table.Total
		if total.Hidden || total.Counted == nil || *total.Counted != 50 {
			t.Errorf("in all: %+v", total)
		}
		for _, r := range table.Rows {
			switch r.Code {
			case tinghu, dafeng:
				if !r.Hidden || r.Counted != nil || r.Figure.Value != nil {
					t.Errorf("%s is told: %+v", r.Code, r)
				}
			case dongtai:
				if r.Hidden || *r.Counted != 40 {
					t.Errorf("%s is hidden: %+v", r.Code, r)
				}
			}
		}
		index, err := w.Public(t.Context(), w.query("index", "", "2023").Indicator, 2023)
		must(t, err)
		for _, r := range index.Rows {
			if r.Code == tinghu && !r.Hidden {
				t.Errorf("an index of what is hidden is told: %+v", r)
			}
		}
	})
}

// TestViews: a saved view is its owner's to list and to throw away, and is read by whoever sees figures of its area.
func TestViews(t *testing.T) {
	storetest.Each(t, migrations, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		city := access.NewScope(20, access.CityOfficial, []string{"320900", tinghu}, nil)
		county := access.NewScope(21, access.CountyOfficial, []string{tinghu}, nil)
		of := func(area string) Saved { return Saved{Name: " 完成情况 ", Area: area, Address: "?rows=area"} }
		whole, err := w.SaveView(t.Context(), city, of("320900"))
		must(t, err)
		part, err := w.SaveView(t.Context(), city, of(tinghu))
		must(t, err)
		for _, tc := range []struct {
			name  string
			scope access.Scope
			v     Saved
			kind  errs.Kind
		}{
			{"without a name", city, Saved{Area: tinghu}, errs.KindInvalid},
			{"of an area out of reach", county, of("320900"), errs.KindNotFound},
			{"by nobody", access.Scope{}, of(tinghu), errs.KindNotFound},
			{"too long", city, Saved{Name: "x", Area: tinghu, Address: string(make([]byte, 4000))}, errs.KindInvalid},
		} {
			if _, err := w.SaveView(t.Context(), tc.scope, tc.v); errs.KindOf(err) != tc.kind {
				t.Errorf("%s: %v", tc.name, err)
			}
		}
		list, err := w.Views(t.Context(), city)
		must(t, err)
		if len(list) != 2 || list[0].ID != part || list[0].Name != "完成情况" {
			t.Errorf("views: %+v", list)
		}
		if v, err := w.View(t.Context(), county, part); err != nil || v.Address != "?rows=area" {
			t.Errorf("a view of the own area: %+v, %v", v, err)
		}
		if _, err := w.View(t.Context(), county, whole); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a view of the city: %v", err)
		}
		if err := w.DropView(t.Context(), county, part, false); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another's view is thrown away: %v", err)
		}
		must(t, w.DropView(t.Context(), city, part, false))
		list, err = w.Views(t.Context(), city)
		must(t, err)
		if len(list) != 1 {
			t.Errorf("after one was thrown away: %+v", list)
		}
		must(t, w.DropView(t.Context(), city, part, true))
		list, err = w.Views(t.Context(), city)
		must(t, err)
		if len(list) != 2 {
			t.Errorf("after it was brought back: %+v", list)
		}
	})
}
