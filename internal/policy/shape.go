package policy

import (
	"slices"
	"sync"
)

// matter is one thing that claims have in common: a pool of a ceiling on which they draw, or a contest. Who is in it depends on who
// the claims are and when, and on which other documents gave something, but not on any amount.
type matter struct {
	kind   matterKind
	rule   int // number of the ceiling, group, once rule or cluster
	key    shared
	claims []int // in time; in a contest of which one side stands, side by side
	slots  []int // of a pool: which of its limits is that of the ceiling, for each claim; where differences are paid, its clause
	sides  []int // of such a contest: where each side ends in claims
	knots  []knot

	project, year int // of such a contest: of the earliest claim
}

type matterKind int8

const (
	paidOnce matterKind = iota
	drawnOn
	inDifference
	contested // one side stands
	knotted
)

// shape is all matters of a world, in the order in which they are settled.
type shape []matter

// maxShapes is how many shapes are kept.
const maxShapes = 4096

// shapes keeps what the claims of many enterprises have in common, by all that it depends on. Claims have no keys under once rules
// and groups of cost items. It belongs to one goroutine.
type shapes struct {
	of   map[uint64]signed // by a number that signs seldom share
	sign []uint64          // of the enterprise that is asked for
	hash uint64
}

// signed is a shape with all that it depends on.
type signed struct {
	sign []uint64
	shape
}

// keptShapes is the shapes of a crowd under the settings that were asked for last: no number of a plan is part of them.
type keptShapes struct {
	mu       sync.Mutex
	settings string
	free     []*shapes
}

// take is some that nobody has.
func (k *keptShapes) take(settings string) *shapes {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.settings != settings {
		k.settings, k.free = settings, nil
	}
	if n := len(k.free); n > 0 {
		s := k.free[n-1]
		k.free = k.free[:n-1]
		return s
	}
	return &shapes{of: map[uint64]signed{}}
}

// give gives them back.
func (k *keptShapes) give(settings string, s *shapes) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.settings == settings {
		k.free = append(k.free, s)
	}
}

// begin is before the claims of an enterprise, in time, and what other documents gave to it.
func (k *shapes) begin() { k.sign = k.sign[:0] }

func (k *shapes) claim(i int, clause int, unit, project int32, year int) {
	k.sign = append(k.sign, uint64(i)<<32|uint64(uint16(clause))<<16|uint64(uint16(year)), uint64(uint32(unit))<<32|uint64(uint32(project)))
}

func (k *shapes) rival(r *rival) {
	k.sign = append(k.sign, 1<<63|uint64(r.group), uint64(uint32(r.project))<<32|uint64(uint32(r.year)))
}

// find is the shape of the enterprise, where it is kept.
func (k *shapes) find() (shape, bool) {
	k.hash = uint64(len(k.sign))
	for _, x := range k.sign {
		k.hash = (k.hash ^ x) * 0x9e3779b97f4a7c15 // of Fibonacci hashing
		k.hash ^= k.hash >> 29
	}
	found, ok := k.of[k.hash]
	return found.shape, ok && slices.Equal(found.sign, k.sign)
}

// keep keeps the shape that was not found.
func (k *shapes) keep(s shape) {
	if _, taken := k.of[k.hash]; !taken && len(k.of) < maxShapes {
		k.of[k.hash] = signed{slices.Clone(k.sign), s.clone()}
	}
}

// clone is the shape in room of its own.
func (s shape) clone() shape {
	n := 0
	for i := range s {
		n += len(s[i].claims) + len(s[i].slots) + len(s[i].sides)
	}
	c, room := slices.Clone(s), make([]int, 0, n)
	own := func(some *[]int) {
		from := len(room)
		room = append(room, *some...)
		*some = room[from:len(room):len(room)]
	}
	for i := range c {
		own(&c[i].claims)
		own(&c[i].slots)
		own(&c[i].sides)
	}
	return c
}

// shape is the matters of a world that has its order: once rules first, then the stages in the order that the law states. It is
// valid until the next.
func (w *world) shape() shape {
	s := shaper{world: w, shape: w.shaped[:0], numbers: w.numbers[:0]}
	for r := range w.plan.onces {
		s.once(r)
	}
	for _, stage := range w.plan.order {
		switch stage {
		case HigherOf:
			for k := range w.plan.clusters {
				if c := &w.plan.clusters[k]; len(c.groups) == 1 {
					s.group(c.groups[0])
				} else if !w.alone(c.clauses, c.groups...) {
					s.add(matter{kind: knotted, rule: k, knots: w.knots(c)})
				}
			}
		default:
			for c := range w.plan.ceilings {
				if w.plan.ceilings[c].stage == stage {
					s.ceiling(c)
				}
			}
		}
	}
	w.shaped, w.numbers = s.shape, s.numbers
	return s.shape
}

// shaper makes the shape of a world.
type shaper struct {
	*world
	shape   shape
	numbers []int // room for those of claims
}

func (s *shaper) add(m matter) { s.shape = append(s.shape, m) }

// list is the numbers of some claims in the room, in time.
func (s *shaper) list(in func(at, i int) bool) []int {
	from := len(s.numbers)
	for at, i := range s.order {
		if in(at, i) {
			s.numbers = append(s.numbers, i)
		}
	}
	return s.numbers[from:len(s.numbers):len(s.numbers)]
}

// each is a number for each claim, in the room.
func (s *shaper) each(claims []int, of func(i int) int) []int {
	from := len(s.numbers)
	for _, i := range claims {
		s.numbers = append(s.numbers, of(i))
	}
	return s.numbers[from:len(s.numbers):len(s.numbers)]
}

// once adds a matter for each key of a once rule that more claims have than are paid.
func (s *shaper) once(r int) {
	rule := &s.plan.onces[r]
	s.keyed(func(i int) (shared, bool) {
		if s.claims[i].clause != rule.clause {
			return shared{}, false
		}
		return shared{item: s.onceKey(rule, i)}, true
	})
	s.contests(func(key shared, claims []int) {
		if len(claims) > rule.most {
			s.add(matter{kind: paidOnce, rule: r, key: key, claims: claims})
		}
	})
}

// keyed notes what each claim shares with those with which it competes.
func (s *shaper) keyed(of func(i int) (shared, bool)) {
	s.keys, s.open = s.keys[:0], s.open[:0]
	for _, i := range s.order {
		key, ok := of(i)
		s.keys, s.open = append(s.keys, key), append(s.open, ok)
	}
}

// contests tells the claims of each key, in time.
func (s *shaper) contests(told func(key shared, claims []int)) {
	for at, key := range s.keys {
		if s.open[at] {
			told(key, s.list(func(to, _ int) bool {
				in := s.open[to] && s.keys[to] == key
				s.open[to] = s.open[to] && !in
				return in
			}))
		}
	}
}

// ceiling adds the pools of a ceiling, each with those that draw on it.
func (s *shaper) ceiling(c int) {
	rule := &s.plan.ceilings[c]
	s.keyed(func(i int) (shared, bool) {
		if rule.slot[s.claims[i].clause] < 0 {
			return shared{}, false
		}
		return s.poolKey(rule, i), true
	})
	s.contests(func(key shared, claims []int) {
		s.add(matter{kind: drawnOn, rule: c, claims: claims, slots: s.each(claims, func(i int) int { return rule.slot[s.claims[i].clause] })})
	})
}

// poolKey is what claims share that draw on one pool.
func (w *world) poolKey(rule *ceilingRule, i int) (key shared) {
	switch c := &w.claims[i]; rule.scope {
	case "unit":
		key.project = c.unit
	case "project":
		if key.project = c.project; c.project < 0 {
			key.project = -2 - c.unit // without a project it stands alone
		}
	}
	switch rule.period {
	case "year":
		key.year = w.at[i].year
	case "event":
		key.year = -1 - i
	}
	return key
}

// group adds the contests of a group that is a cluster by itself.
func (s *shaper) group(g int) {
	rule := &s.plan.groups[g]
	if s.alone(rule.clauses, g) {
		return
	}
	s.keyed(func(i int) (shared, bool) { return s.groupKey(rule, g, i) })
	s.contests(func(key shared, claims []int) {
		switch {
		case rule.pick == "difference":
			s.add(matter{kind: inDifference, rule: g, claims: claims, slots: s.each(claims, func(i int) int { return s.claims[i].clause })})
		case len(claims) > 1 || rule.against != nil:
			s.contested(g, key, claims)
		}
	})
}

// contested adds a contest of claims of which one side stands: those of one clause, or all of them, or another document.
func (s *shaper) contested(g int, key shared, claims []int) {
	rule := &s.plan.groups[g]
	m := matter{kind: contested, rule: g, key: key, project: s.claims[claims[0]].project, year: s.at[claims[0]].year}
	if rule.sum {
		from := len(s.numbers)
		s.numbers = append(s.numbers, len(claims))
		m.claims, m.sides = claims, s.numbers[from:len(s.numbers):len(s.numbers)]
	} else {
		from := len(s.numbers)
		for _, clause := range rule.clauses {
			for _, i := range claims {
				if s.claims[i].clause == clause {
					s.numbers = append(s.numbers, i)
				}
			}
		}
		m.claims = s.numbers[from:len(s.numbers):len(s.numbers)]
		from = len(s.numbers)
		for n, i := range m.claims {
			if n+1 == len(m.claims) || s.claims[m.claims[n+1]].clause != s.claims[i].clause {
				s.numbers = append(s.numbers, n+1)
			}
		}
		m.sides = s.numbers[from:len(s.numbers):len(s.numbers)]
	}
	s.add(m)
}
