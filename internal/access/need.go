package access

import "slices"

// Need is what a page or an operation asks of whoever comes, before it looks at any object. What it is about is asked
// about once it is known. The zero value is somebody who has signed in.
type Need struct {
	Public bool   // anybody
	Action Action // may be done to something
	Area   bool   // over a whole area: not by an enterprise, which may do it to its own file only
}

// MetBy says that the scope may at all do what is asked for.
func (n Need) MetBy(s Scope) bool {
	switch {
	case n.Action == "":
		return true
	case n.Area:
		return slices.ContainsFunc(s.Areas(), func(area string) bool { return s.Sees(n.Action, area, 0) })
	}
	return s.Can(n.Action)
}
