package policy

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule/column"
)

// Survey is a plan asked of a crowd: what each enterprise is paid where columns settle it, and for the others the questions
// that are left to ask. It never changes and may be used by many goroutines.
type Survey struct {
	crowd   *Crowd
	plan    *Plan
	lots    []lot       // of enterprises, some at a time
	settled []tallied   // a piece of the enterprises each
	piece   int         // so many enterprises make one, 64 times a whole number
	odd     atomic.Bool // some enterprise is left, or a part of it
	total   []money.Fen // by enterprise, where the survey is a part of a position: settled does not tell it then. It begins with what each gets besides
	moved   *moved      // what differs from another survey, of one that began from it: nothing stands in the fields above

	settings string       // of the plan
	numbers  []int        // of clauses in Plan.Clauses
	place    []int        // of clauses in the order in which all are asked
	hangs    []int16      // clauses by the lowest of those that they hang together with
	meets    []bool       // by clause, see Plan.meets
	rivals   []*elsewhere // by group; nil where other documents do not stand against it

	index   func() *index
	mu      sync.Mutex
	touches []*touch // of late, for Again
}

// Ask asks a plan of the crowd's policy of every enterprise.
func (c *Crowd) Ask(pl *Plan) (*Survey, error) {
	if err := c.fits(pl); err != nil {
		return nil, err
	}
	return c.ask(pl), nil
}

// fits says that the crowd was read for what a plan asks.
func (c *Crowd) fits(pl *Plan) error {
	if pl.Policy.Wording() != c.policy.Wording() {
		return fmt.Errorf("policy: a plan of %s is asked of a crowd that was read for another wording", pl.Policy.File.Document.ID)
	}
	return nil
}

func (c *Crowd) ask(pl *Plan) *Survey {
	s := c.survey(pl)
	s.ask(c.jobs(pl, nil), true)
	return s
}

// ask answers jobs and settles what they come to, some enterprises at a time; lots are kept where somebody wants them.
func (s *Survey) ask(jobs []job, keep bool) {
	n := len(s.crowd.roots)
	s.number()
	c := s.crew(jobs)
	s.piece = pieceOf(jobs, n)
	found := make([][]lot, (n+s.piece-1)/s.piece)
	s.settled = make([]tallied, len(found))
	inParallel(len(found), func(i int) {
		t := c.take()
		t.from, t.to, t.into = i*s.piece, min((i+1)*s.piece, n), &s.settled[i]
		for k := range jobs {
			t.ask(k)
		}
		if t.settle(); t.odd {
			s.odd.Store(true)
		}
		if keep {
			found[i] = t.kept()
		}
		c.give(t)
	})
	c.end()
	s.lots = slices.Concat(found...)
}

// pieceOf is how many enterprises are asked and settled at a time: what is known of them is to stay in the cache until it is settled,
// and there are to be several blocks of rows, of which the first and the last are shared with others.
func pieceOf(jobs []job, firms int) int {
	const rows = 8 * column.BlockRows
	most := 1
	for i := range jobs {
		most = max(most, len(jobs[i].table.rows))
	}
	piece := max(rows*firms/most, 1)
	if each := (firms + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0); each < piece {
		piece = max(each, min(piece, rows/4))
	}
	return (piece + 63) / 64 * 64
}

// survey is one that knows what its plan tells.
func (c *Crowd) survey(pl *Plan) *Survey {
	n := len(pl.clauses)
	s := &Survey{crowd: c, plan: pl, settings: pl.answers(), numbers: make([]int, n), place: make([]int, n), hangs: pl.hang(), meets: make([]bool, n)}
	on := 0
	for i := range pl.clauses {
		if s.numbers[i] = on; !pl.clauses[i].off {
			on++
		}
		s.meets[i] = pl.meets(&pl.clauses[i], s.hangs)
	}
	for n, i := range pl.Policy.order {
		s.place[i] = n
	}
	s.rivals = make([]*elsewhere, len(pl.groups))
	for g := range pl.groups {
		s.rivals[g] = c.rivals[pl.groups[g].id]
	}
	s.index = sync.OnceValue(s.indexed)
	return s
}

// index is the answers by enterprise.
type index struct {
	first []int32 // of each enterprise, and one more
	all   []located
}

// located is where an answer stands.
type located struct{ lot, at int32 }

// indexed puts the answers of each enterprise next to each other.
func (s *Survey) indexed() *index {
	x := &index{first: make([]int32, len(s.crowd.roots)+2)}
	for n := range s.lots {
		l := &s.lots[n]
		for at := range l.rows {
			x.first[l.firm(at)+2]++
		}
	}
	for i := 2; i < len(x.first); i++ {
		x.first[i] += x.first[i-1]
	}
	x.all = make([]located, x.first[len(x.first)-1])
	for n := range s.lots {
		l := &s.lots[n]
		for at := range l.rows {
			to := &x.first[l.firm(at)+1]
			x.all[*to] = located{int32(n), int32(at)}
			*to++
		}
	}
	x.first = x.first[:len(s.crowd.roots)+1]
	return x
}

// of is the answers of an enterprise, in the order in which all would be asked.
func (s *Survey) of(i int) []answer { return s.answers(i, nil) }

// answers adds those of an enterprise.
func (s *Survey) answers(i int, to []answer) []answer {
	first := len(to)
	if s.moved != nil {
		to = s.moved.answers(i, to)
	} else {
		to = s.found(i, to)
	}
	s.order(to[first:])
	return to
}

// found adds the answers of an enterprise as the lots have them.
func (s *Survey) found(i int, to []answer) []answer {
	x := s.index()
	for _, p := range x.all[x.first[i]:x.first[i+1]] {
		to = append(to, s.lots[p.lot].answer(int(p.at)))
	}
	return to
}

// hang is the clauses that may touch each other, by ceilings, groups and prerequisites: each by the lowest of them.
func (pl *Plan) hang() []int16 {
	lowest := make([]int16, len(pl.clauses))
	for i := range lowest {
		lowest[i] = int16(i)
	}
	join := func(a, b int) {
		from, to := max(lowest[a], lowest[b]), min(lowest[a], lowest[b])
		for i := range lowest {
			if lowest[i] == from {
				lowest[i] = to
			}
		}
	}
	for c := range pl.ceilings {
		first := -1
		for k, slot := range pl.ceilings[c].slot {
			switch {
			case slot < 0 || pl.ceilings[c].period == "event":
			case first < 0:
				first = k
			default:
				join(first, k)
			}
		}
	}
	against := -1
	for g := range pl.groups {
		first := pl.groups[g].clauses[0]
		for _, k := range pl.groups[g].clauses[1:] {
			join(first, k)
		}
		if pl.groups[g].against == nil {
			continue
		}
		if against >= 0 { // what other documents gave may stand against both
			join(against, first)
		}
		against = first
	}
	for i := range pl.clauses {
		for _, k := range slices.Concat(pl.clauses[i].requires...) {
			join(i, k)
		}
	}
	return lowest
}

// Total is what an enterprise is paid in money by what columns settle of it.
func (s *Survey) Total(i int) money.Fen {
	if s.moved != nil {
		return s.moved.totalOf(i)
	}
	return s.settled[i/s.piece].of(i % s.piece)
}

// paid is what an answer adds to the total of an enterprise, in a survey that began from none.
func (s *Survey) paid(l *lot, at int, firm int32) money.Fen {
	switch {
	case l.k.purse != cash || s.leftOf(int(firm)) == allLeft || l.state(at) != definite || l.pays[at] == leftOver:
		return 0
	case l.table.floored && l.table.rows[l.rows[at]].lies == onFloor:
		return 0
	}
	return l.pays[at]
}

// Sums is what an enterprise comes to as far as all is known.
type Sums struct {
	State         State
	Total, InKind money.Fen
	Floor         *money.Fen // see Decision
	Lines         []LineSum  // in the order of the document

	some []answer // room
}

// LineSum is one clause for one subject and event or year.
type LineSum struct {
	Clause int // in Plan.Clauses
	Year   int
	Pays   money.Fen
}

// Sums fills in what columns settle of an enterprise, which is nothing where it is odd and not Parted; the lines take the
// place of those that are there.
func (s *Survey) Sums(i int, out *Sums) {
	*out = Sums{State: NotMet, Lines: out.Lines[:0], some: out.some}
	eligible := false
	out.some = s.answers(i, out.some[:0])
	for _, a := range out.some {
		if s.leftOf(i) == allLeft || a.state != definite || a.left() {
			continue
		}
		k := a.lot.k
		line := LineSum{Clause: s.numbers[a.clause], Year: a.year, Pays: *a.pays()}
		switch {
		case a.floor():
			if line.Pays = 0; out.Floor == nil {
				out.Floor = new(money.Fen)
			}
			*out.Floor = plus(*out.Floor, *a.pays())
		case k.purse == cash:
			out.Total = plus(out.Total, *a.pays())
		default:
			out.InKind = plus(out.InKind, *a.pays())
		}
		eligible = eligible || k.amount.form == "eligibility"
		out.Lines = append(out.Lines, line)
	}
	for n := range out.Lines { // few, and mostly in order
		for m := n; m > 0 && out.Lines[m-1].Clause > out.Lines[m].Clause; m-- {
			out.Lines[m-1], out.Lines[m] = out.Lines[m], out.Lines[m-1]
		}
	}
	if out.Total+out.InKind > 0 || eligible {
		out.State = Met
	}
}

// StateWith is the state of an enterprise of which a part was left to decide: what that pays, and its state.
func (s *Sums) StateWith(pays Interval, left State) State {
	switch {
	case s.Total+s.InKind+pays.Sure > 0:
		return Met
	case pays.Possible > 0 || pays.Unbounded:
		return Unknown
	}
	return better(s.State, left)
}
