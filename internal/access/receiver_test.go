package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/store"
)

// A message comes by mail to those, and only those, who may read it in the product: the accounts that Receivers finds are
// those whose scope sees the object.
func TestReceiversAreWhoMayRead(t *testing.T) {
	each(t, func(t *testing.T, s *Store, w *watch) {
		below := map[string][]string{"320900": {"320900", "320902", "320904"}, "320902": {"320902"}, "320904": {"320904"}}
		above := map[string][]string{"320900": {"320900"}, "320902": {"320900", "320902"}, "320904": {"320900", "320904"}, "": {""}}
		grants := [][]Grant{
			{{Role: CityOfficial, Area: "320900"}},
			{{Role: CountyOfficial, Area: "320902"}},
			{{Role: CountyOfficial, Area: "320904"}},
			{{Role: CountyOfficial, Area: "320900"}},
			{{Role: TaxBureau, Area: "320900"}, {Role: Auditor, Area: "320902"}},
			{{Role: Enterprise, Party: 42}},
			{{Role: Handler, Party: 42, Until: s.Now() + time.Hour.Milliseconds()}},
			{{Role: Viewer, Party: 43}},
			{{Role: Administrator}},
			{{Role: Expert, Area: "320900"}},
		}
		accounts := make([]Account, len(grants))
		for i, g := range grants {
			accounts[i] = mustCreate(t, s, fmt.Sprintf("account%02d", i), g...)
		}
		gone := mustCreate(t, s, "gone", Grant{Role: CityOfficial, Area: "320900"})
		if err := s.Disable(t.Context(), admin, gone.ID, "has left"); err != nil {
			t.Fatal(err)
		}
		scopeOf := func(a Account) Scope {
			a, err := s.ByID(t.Context(), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			var all Scope
			for i, g := range a.Grants {
				sc := NewScope(a.ID, g.Role, below[g.Area], []int64{g.Party})
				if i == 0 {
					all = sc
				} else {
					all = all.And(sc)
				}
			}
			return all
		}
		check := func() {
			t.Helper()
			objects := []Object{{}, {Area: "320902"}}
			for _, r := range Roles() {
				for area := range above {
					objects = append(objects, Object{Roles: []Role{r}, Area: area})
				}
			}
			for _, a := range accounts {
				objects = append(objects, Object{Accounts: []int64{a.ID}}, Object{Accounts: []int64{a.ID, accounts[0].ID}, Owner: 42})
			}
			objects = append(objects, Object{Owner: 42}, Object{Owner: 43}, Object{Owner: 44})
			for _, o := range objects {
				var want []string
				for _, a := range accounts {
					if scopeOf(a).SeesObject(ReadNotice, o) {
						want = append(want, a.Login)
					}
				}
				r := Reach{Accounts: o.Accounts, Roles: o.Roles, Areas: above[o.Area]}
				if o.Owner != 0 {
					r.Parties = []int64{o.Owner}
				}
				list, err := s.Receivers(t.Context(), s.db.Read(), r)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, a := range list {
					got = append(got, a.Login)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%+v reaches %s, is read by %s", o, strings.Join(got, " "), strings.Join(want, " "))
				}
			}
		}
		check()
		w.pass(2 * time.Hour) // the handler's grant is over
		check()
		err := s.db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := s.Receivers(ctx, tx, Reach{Parties: []int64{42}})
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
