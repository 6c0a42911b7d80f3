package policy

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
