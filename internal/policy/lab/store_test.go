package lab

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
)

func TestStore(t *testing.T) {
	each(t, 1, func(t *testing.T, w *world) {
		st := NewStore(w.Lab, w.db, now)
		city, other := w.official(1, access.CityOfficial, "320900"), w.official(5, access.CityOfficial, "320900")
		dafeng, dongtai := w.official(2, access.CountyOfficial, "320904"), w.official(3, access.CountyOfficial, "320981")
		auditor := w.official(4, access.Auditor, "320900")
		firm := access.NewScope(6, access.Enterprise, nil, []int64{1})

		mine, err := st.Save(ctx, dafeng, scenarios()["all"])
		must(t, err)
		if diff := cmp.Diff(scenarios()["all"].Canonical(), mine.Scenario); diff != "" || mine.Law == "" || mine.Owner != 2 {
			t.Errorf("saved (-want +got):\n%s%+v", diff, mine)
		}
		for who, c := range map[string]struct {
			scope access.Scope
			reads bool
		}{"owner": {dafeng, true}, "city": {city, true}, "auditor": {auditor, true}, "another county": {dongtai, false}, "a firm": {firm, false}, "nobody": {access.Scope{}, false}} {
			if _, err := st.Get(ctx, c.scope, mine.ID); (err == nil) != c.reads || !c.reads && errs.KindOf(err) != errs.KindNotFound {
				t.Errorf("%s reads: %v", who, err)
			}
			all, err := st.List(ctx, c.scope, yancheng)
			must(t, err)
			if other, err := st.List(ctx, c.scope, "wuxi-2022-measures"); err != nil || len(other) != 0 {
				t.Errorf("%s lists %d of another document: %v", who, len(other), err)
			}
			if (len(all) == 1) != c.reads {
				t.Errorf("%s lists %d", who, len(all))
			}
		}
		if _, err := st.Save(ctx, auditor, scenarios()["all"]); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("an auditor saves: %v", err)
		}
		if err := st.Drop(ctx, other, mine.ID); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("another drops: %v", err)
		}
		if err := st.Drop(ctx, dongtai, mine.ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("who may not read drops: %v", err)
		}
		for name, s := range map[string]Scenario{"no name": {Policy: yancheng}, "no such clause": {Policy: yancheng, Name: "x", Ended: []string{"c99"}}, "a long text": {Policy: yancheng, Name: "x", Text: strings.Repeat("#", maxSavedText+1)}} {
			if _, err := st.Save(ctx, city, s); errs.KindOf(err) != errs.KindInvalid {
				t.Errorf("%s: %v", name, err)
			}
		}

		next, err := st.Replace(ctx, dafeng, mine.ID, mine.Revision, scenarios()["numbers"])
		must(t, err)
		if next.Scenario.Name != "numbers" || next.Revision != mine.Revision+1 {
			t.Errorf("replaced: %+v", next)
		}
		if _, err := st.Replace(ctx, dafeng, mine.ID, mine.Revision, scenarios()["numbers"]); errs.KindOf(err) != errs.KindConflict {
			t.Errorf("replaced from an old page: %v", err)
		}
		must(t, st.Drop(ctx, dafeng, mine.ID))
		if all, _ := st.List(ctx, city, ""); len(all) != 0 {
			t.Errorf("a dropped scenario is listed: %+v", all)
		}
		if s, err := st.Get(ctx, dafeng, mine.ID); err != nil || !s.Dropped {
			t.Errorf("a link to a dropped scenario: %+v, %v", s, err)
		}
		must(t, st.Restore(ctx, dafeng, mine.ID))
		if all, _ := st.List(ctx, city, ""); len(all) != 1 || all[0].Scenario.Hash() != scenarios()["numbers"].Hash() {
			t.Errorf("restored: %+v", all)
		}
	})
}
