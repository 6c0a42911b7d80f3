package region

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/shelf"
)

// maxCrowds is how many crowds are kept: for a policy in force and another wording of it.
const maxCrowds = 2

// crowdKey is all that a crowd depends on.
type crowdKey struct {
	seq     int64
	asOf    period.Day
	wording string
}

// crowd is all enterprises of a commit on a day with what a policy reads of them, read or being read.
type crowd struct {
	crowdKey
	*policy.Crowd
	firms []Firm // before anything is decided
	index *index
	done  chan struct{}
	err   error
}

// index is which rows are whose: the same in every result of a crowd, whatever the numbers.
type index struct {
	every []int32 // the numbers of all rows
	parts shelf.Shelf[regionKey, rows]
}

// rows is the numbers of some rows, in the registry's order.
type rows []int32

// Size is how much room they take on a shelf.
func (r rows) Size() int { return len(r) }

func newIndex(firms int) *index {
	x := &index{every: make([]int32, firms)}
	for i := range x.every {
		x.every[i] = int32(i)
	}
	x.parts.RoomFor(firms)
	return x
}

// get is the rows of a part: those that are kept, or what find gives.
func (x *index) get(k regionKey, find func() []int32) []int32 {
	return x.parts.Get(k, func() rows { return find() })
}

// crowdOf is the crowd of a policy: a kept one, or one that this or another caller reads. counted is told how many
// enterprises there are, where this caller reads them.
func (r *Runner) crowdOf(ctx context.Context, k key, p *policy.Policy, counted func(n int)) (*crowd, error) {
	c, mine := r.crowdSlot(crowdKey{k.seq, k.asOf, p.Wording()})
	if !mine {
		select {
		case <-c.done:
			return c, c.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer close(c.done)
	defer func() {
		if c.err == nil && c.Crowd != nil {
			return
		}
		if c.err == nil { // a panic passes
			c.err = fmt.Errorf("read the facts of a region: it was given up")
		}
		r.mu.Lock()
		r.crowds = slices.DeleteFunc(r.crowds, func(x *crowd) bool { return x == c })
		r.mu.Unlock()
	}()
	c.err = r.read(ctx, c, p, counted)
	return c, c.err
}

func (r *Runner) crowdSlot(k crowdKey) (c *crowd, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.IndexFunc(r.crowds, func(c *crowd) bool { return c.crowdKey == k }); i >= 0 {
		c = r.crowds[i]
		r.crowds = append(slices.Delete(r.crowds, i, i+1), c)
		return c, false
	}
	c = &crowd{crowdKey: k, done: make(chan struct{})}
	if r.crowds = append(r.crowds, c); len(r.crowds) > maxCrowds {
		r.crowds = slices.Delete(r.crowds, 0, 1)
	}
	return c, true
}

// read reads what a policy asks of all enterprises.
func (r *Runner) read(ctx context.Context, c *crowd, p *policy.Policy, counted func(n int)) error {
	view, err := r.frames.For(ctx, access.SystemScope(), c.seq)
	if err != nil {
		return fmt.Errorf("decide a region as known at %d: %w", c.seq, err)
	}
	parties := slices.Collect(view.Enterprises())
	counted(len(parties))
	c.firms = make([]Firm, len(parties))
	subjects := make([]rule.Subject, len(parties))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < len(parties); from += chunk {
		g.Go(func() error {
			for i := from; i < min(from+chunk, len(parties)); i++ {
				e := &parties[i]
				s, ok := r.reader.Subject(view, e.ID)
				if !ok {
					return fmt.Errorf("read the facts of enterprise %d: it is listed and not known", e.ID)
				}
				subjects[i] = s
				c.firms[i] = Firm{ID: e.ID, Name: e.Name, USCC: string(e.USCC), Area: view.NodeOn(e.ID, party.TreeArea, c.asOf)}
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	c.index = newIndex(len(c.firms))
	c.Crowd = policy.NewCrowd(p, subjects, c.asOf, r.reader)
	return nil
}

// part is some enterprises of a result, which one worker decides.
type part struct {
	*work
	base   *base              // nil where there is none to begin from
	firms  []Firm             // before anything is decided
	staged []*policy.Decision // where quotas and pools settle them afterwards
	closer *policy.Closer

	fresh []Firm // room for rows
	room  []pay  // for what they are paid
}

// left is what columns do not settle of an enterprise, as it was decided by itself.
type left struct {
	Firm // with that alone
	told *policy.Left
}

// fill decides some rows: by columns what they settle, by itself what they do not, as far as it does not stand as a kept result has
// it. One that fails (an amount beyond all bounds) fails alone and says so; there is no decision then.
func (p *part) fill(some []int32) {
	var since *policy.Renumbering
	if p.base != nil {
		since = p.base.since
	}
	p.closer = p.survey.Closer(since)
	var sums policy.Sums
	var pays, both []pay
	for _, i := range some {
		f, n := p.firms[i], int(i)
		p.left[n] = nil
		if p.survey.Odd(n) {
			p.left[n] = p.decide(n)
		}
		if l := p.left[n]; l != nil && (l.told.Whole || l.failed != nil) {
			f.state, f.Total, f.InKind, f.Floor, f.Missing, f.failed, f.pays = l.state, l.Total, l.InKind, l.Floor, l.Missing, l.failed, l.pays
			p.rows[n] = p.row(n, &f)
			continue
		}
		p.survey.Sums(n, &sums)
		pays = f.settled(&sums, pays[:0])
		if p.staged != nil {
			f.rest = policy.Interval{Possible: sums.Total}
		}
		if p.left[n] != nil {
			both = f.join(&sums, p.left[n], both[:0])
		}
		p.rows[n] = p.row(n, &f)
	}
}

// row keeps a row: that of a result from which this one begins, where it is the same.
func (p *part) row(n int, f *Firm) *Firm {
	if p.root != nil && p.root.rows[n].same(f) {
		return p.root.rows[n]
	}
	if p.base != nil && p.base.rows[n].same(f) {
		return p.base.rows[n]
	}
	const some = 64
	if len(p.fresh) == cap(p.fresh) {
		p.fresh = make([]Firm, 0, some)
	}
	if cap(p.room)-len(p.room) < len(f.pays) {
		p.room = make([]pay, 0, 4*some+len(f.pays))
	}
	from := len(p.room)
	p.room = append(p.room, f.pays...)
	p.fresh = append(p.fresh, *f)
	out := &p.fresh[len(p.fresh)-1]
	out.pays = p.room[from:len(p.room):len(p.room)]
	return out
}

// same says that a firm comes to the same; neither takes part in a quota or pool.
func (f *Firm) same(g *Firm) bool {
	return f.state == g.state && f.Total == g.Total && f.InKind == g.InKind && f.Floor == g.Floor && f.Missing == g.Missing &&
		f.failed == nil && g.failed == nil && slices.Equal(f.pays, g.pays)
}

// decide is what is left of an enterprise: as a kept result has it, or decided now.
func (p *part) decide(n int) *left {
	if p.staged != nil {
		return p.decideStaged(n)
	}
	var was *left
	var before *policy.Left
	if p.base != nil {
		if was = p.base.left[n]; was != nil && was.failed == nil {
			before = was.told
		}
	}
	told, err := p.closer.Left(n, before)
	if err == nil && told == before {
		return was
	}
	l := &left{told: told}
	if err != nil {
		l.fail(err)
		return l
	}
	l.keep(&told.Brief)
	return l
}

// decideStaged is what is left of an enterprise until quotas and pools settle it.
func (p *part) decideStaged(n int) *left {
	l := &left{told: &policy.Left{Whole: !p.survey.Parted(n)}}
	d, err := p.survey.DecideLeft(n)
	if err != nil {
		l.fail(err)
	}
	p.staged[n] = d
	return l
}

func (f *Firm) fail(err error) {
	msg := policy.WhyNot(err)
	f.failed = &msg
}

// join adds what was left of the enterprise to what columns settled of it. The clauses go to the end of pays.
func (f *Firm) join(s *policy.Sums, l *left, pays []pay) []pay {
	f.state = stateOf(s.StateWith(l.Total.Plus(l.InKind), l.State()))
	f.Total, f.InKind, f.Floor, f.Missing = l.Total.And(s.Total), l.InKind.And(s.InKind), l.Floor.And(f.Floor.Sure), l.Missing
	ours, theirs := f.pays, l.pays
	for len(ours) > 0 || len(theirs) > 0 {
		switch {
		case len(theirs) == 0 || len(ours) > 0 && ours[0].clause < theirs[0].clause:
			n := ofOne(ours)
			pays, ours = append(pays, ours[:n]...), ours[n:]
		case len(ours) == 0 || theirs[0].clause < ours[0].clause:
			n := ofOne(theirs)
			pays, theirs = append(pays, theirs[:n]...), theirs[n:]
		default:
			n, m := ofOne(ours), ofOne(theirs)
			pays, ours, theirs = added(pays, ours[:n], theirs[:m]), ours[n:], theirs[m:]
		}
	}
	f.pays = pays
	return pays
}

// ofOne is how many pays the first clause has.
func ofOne(pays []pay) int {
	n := 1
	for n < len(pays) && pays[n].inYear {
		n++
	}
	return n
}

// added is one clause of which columns settle some claims, and others were left.
func added(pays []pay, settled, left []pay) []pay {
	last := len(pays)
	p := payOf(left[0].interval().And(settled[0].sure), left[0].clause, max(left[0].state, settled[0].state))
	pays = append(pays, p)
	for _, of := range [...][]pay{settled, left} {
		if len(of) > 1 {
			of = of[1:]
		}
		for _, y := range of {
			pays = inYear(pays, last, y.interval(), int(y.year))
		}
	}
	return oneYear(pays, last)
}

// exactly is an amount that is known.
func exactly(a money.Fen) policy.Interval { return policy.Interval{Sure: a, Possible: a} }

// settled takes what the region needs of an enterprise in which all is known. The clauses go to the end of pays.
func (f *Firm) settled(s *policy.Sums, pays []pay) []pay {
	f.state, f.Total, f.InKind = stateOf(s.State), exactly(s.Total), exactly(s.InKind)
	if s.Floor != nil {
		f.Floor = exactly(*s.Floor)
	}
	first := len(pays)
	for n := 0; n < len(s.Lines); {
		last := len(pays)
		pays = append(pays, pay{clause: uint16(s.Lines[n].Clause), state: met})
		for clause := s.Lines[n].Clause; n < len(s.Lines) && s.Lines[n].Clause == clause; n++ {
			pays = inYear(pays, last, exactly(s.Lines[n].Pays), s.Lines[n].Year)
			pays[last].sure += s.Lines[n].Pays
		}
		pays[last].possible = pays[last].sure
		pays = oneYear(pays, last)
	}
	f.pays = pays[first:]
	return pays
}
