package access

import (
	"maps"
	"slices"
	"sync"
)

// watchMost is of how many parties a watch keeps apart what was read of each.
const watchMost = 200

// Watch notes of whom personal and confidential data was read through a scope that is Watched. It is safe for many goroutines.
type Watch struct {
	mu    sync.Mutex
	apart map[int64]bool            // parties that are kept apart in any case
	seen  map[int64]map[string]bool // definitions, by party
	all   map[string]bool           // definitions, once they were read of more than watchMost parties
}

// Seen is what was read of a party.
type Seen struct {
	Party int64    // 0: of more parties than are told apart
	Defs  []string // codes of definitions, sorted
}

// Watched is the scope that tells a watch what is read through it.
func (s Scope) Watched(w *Watch) Scope {
	s.watch = w
	return s
}

// Saw is called by whoever hands out personal or confidential data of a party: that a definition of it was read. It is nothing to
// those who act for the party, nor to the product itself.
func (s Scope) Saw(party int64, def string) {
	if s.watch == nil || s.system || party == 0 {
		return
	}
	for _, p := range s.parts {
		if _, own := slices.BinarySearch(p.owns, party); own && p.role.ForFirm() {
			return
		}
	}
	s.watch.note(party, def)
}

// SawAgain is Saw for what a watch has noted before (Take), where what was then read is shown to somebody else, or again.
func (s Scope) SawAgain(seen []Seen) {
	for _, x := range seen {
		for _, def := range x.Defs {
			if x.Party != 0 {
				s.Saw(x.Party, def)
			} else if s.watch != nil && !s.system {
				s.watch.noteMany(def)
			}
		}
	}
}

// noteMany notes a reading of more parties than are told apart.
func (w *Watch) noteMany(def string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.many()
	w.all[def] = true
}

// Apart keeps what is read of these parties apart, however many others there are.
func (w *Watch) Apart(parties ...int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.apart == nil {
		w.apart = map[int64]bool{}
	}
	for _, p := range parties {
		w.apart[p] = true
	}
}

func (w *Watch) note(party int64, def string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all != nil && !w.apart[party] {
		w.all[def] = true
		return
	}
	if w.seen == nil {
		w.seen = map[int64]map[string]bool{}
	}
	defs := w.seen[party]
	if defs == nil {
		defs = map[string]bool{}
		w.seen[party] = defs
	}
	if defs[def] = true; w.all == nil && len(w.seen) > watchMost {
		w.many()
	}
}

// many no longer tells parties apart, but for those that are in any case. The caller holds mu.
func (w *Watch) many() {
	if w.all != nil {
		return
	}
	w.all = map[string]bool{}
	for party, defs := range w.seen {
		if !w.apart[party] {
			maps.Copy(w.all, defs)
			delete(w.seen, party)
		}
	}
}

// Take is what was read since it was last taken, by party.
func (w *Watch) Take() []Seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Seen
	if len(w.all) > 0 {
		all = append(all, Seen{Defs: slices.Sorted(maps.Keys(w.all))})
		clear(w.all) // and not nil: it remains one reading of many
	}
	for _, party := range slices.Sorted(maps.Keys(w.seen)) {
		all = append(all, Seen{party, slices.Sorted(maps.Keys(w.seen[party]))})
	}
	w.seen = nil
	return all
}
