package access_test

import (
	"fmt"

	"github.com/yanzhen/yanzhen/internal/access"
)

// A list takes the scope as an argument and cannot leave it out; the object check says the same.
func ExampleScope_Where() {
	county := access.NewScope(7, access.CountyOfficial, []string{"320902"}, nil)

	where, args := county.Where(access.ReadParty, "area", "id", []any{"enterprise"})
	fmt.Println("SELECT id FROM subject WHERE kind = $1 AND "+where, args)
	fmt.Println(county.Sees(access.ReadParty, "320902", 1), county.Sees(access.ReadParty, "320903", 1))

	where, _ = access.Scope{}.Where(access.ReadParty, "area", "id", nil)
	fmt.Println(where)
	// Output:
	// SELECT id FROM subject WHERE kind = $1 AND (area IN ($2)) [enterprise 320902]
	// true false
	// (1=0)
}
