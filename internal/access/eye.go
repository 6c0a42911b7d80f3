package access

import "sync"

// Eye answers Sees for a few actions of one scope, again and again: what a scope may do by an area alone is worked out once. It is
// safe for many goroutines. A nil Eye sees nothing.
type Eye struct {
	scope   Scope
	actions []Action
	owns    bool // something may be the account's own, wherever it lies

	once      sync.Once
	areas     map[string]uint32 // bits of the actions that an area of the scope allows
	elsewhere uint32            // those that any other area allows
}

// Eye is for at most 32 actions, which are then asked about by their place.
func (s Scope) Eye(actions ...Action) *Eye {
	e := &Eye{scope: s, actions: actions}
	for _, p := range s.parts {
		e.owns = e.owns || len(p.owns) > 0
	}
	return e
}

// Sees is Scope.Sees of the action at place i.
func (e *Eye) Sees(i int, area string, owner int64) bool {
	if e == nil || e.scope.system {
		return e != nil
	}
	e.once.Do(e.look)
	bits, ok := e.areas[area]
	if !ok {
		bits = e.elsewhere
	}
	return bits&(1<<i) != 0 || e.owns && e.scope.Sees(e.actions[i], area, owner)
}

func (e *Eye) look() {
	bits := func(area string) (bits uint32) {
		for i, a := range e.actions {
			if e.scope.Sees(a, area, 0) {
				bits |= 1 << i
			}
		}
		return bits
	}
	e.areas, e.elsewhere = map[string]uint32{}, bits("")
	for _, area := range e.scope.Areas() {
		e.areas[area] = bits(area)
	}
}
