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
	done  chan struct{}
	err   error
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
	c.Crowd = policy.NewCrowd(p, subjects, c.asOf, r.reader)
	return nil
}

// part is the enterprises that a worker takes at a time.
type part struct {
	survey  *policy.Survey
	clauses map[string]uint16
	reuse   *reuse
	first   int // number of the first
	rows    []Firm
	left    []*left            // by row
	staged  []*policy.Decision // where quotas and pools settle them afterwards
}

// left is what columns do not settle of an enterprise, as it was decided by itself.
type left struct {
	Firm        // with that alone
	leaves int  // see policy.Survey
	whole  bool // it is all of the enterprise
}

// fill decides the rows of a part: by columns what they settle, by itself what they do not, unless a kept result has it. One
// that fails (an amount beyond all bounds) fails alone and says so; there is no decision then.
func (p *part) fill() {
	var pays []pay
	var sums policy.Sums
	for i := range p.rows {
		f, n := &p.rows[i], p.first+i
		if p.survey.Odd(n) {
			p.left[i] = p.decide(n)
		}
		if l := p.left[i]; l != nil && (l.whole || l.failed != nil) {
			f.state, f.Total, f.InKind, f.Floor, f.Missing, f.failed = l.state, l.Total, l.InKind, l.Floor, l.Missing, l.failed
			pays = append(pays, l.pays...)
			f.pays = l.pays
			continue
		}
		p.survey.Sums(n, &sums)
		if pays = f.settled(&sums, pays); p.staged != nil {
			f.rest = policy.Interval{Possible: sums.Total}
		}
		if p.left[i] != nil {
			pays = f.join(&sums, p.left[i], pays)
		}
	}
	pays = slices.Clip(slices.Clone(pays)) // in one piece, and no larger than it is
	for i := range p.rows {
		n := len(p.rows[i].pays)
		p.rows[i].pays, pays = pays[:n:n], pays[n:]
	}
}

// decide is what is left of an enterprise: as a kept result has it, or decided now.
func (p *part) decide(n int) *left {
	if l := p.reuse.left(p.survey, n); l != nil {
		return l
	}
	l := &left{leaves: p.survey.Leaves(n), whole: !p.survey.Parted(n)}
	d, err := p.survey.DecideLeft(n)
	switch {
	case err != nil:
		msg := policy.WhyNot(err)
		l.failed = &msg
	case p.staged != nil:
		p.staged[n-p.first] = d
	default:
		l.keep(d, p.clauses, nil)
	}
	return l
}

// join adds what was left of the enterprise to what columns settled of it, whose clauses come last in pays.
func (f *Firm) join(s *policy.Sums, l *left, pays []pay) []pay {
	f.state = stateOf(s.StateWith(l.Total.Plus(l.InKind), l.State()))
	f.Total, f.InKind, f.Floor, f.Missing = l.Total.And(s.Total), l.InKind.And(s.InKind), l.Floor.And(f.Floor.Sure), l.Missing
	first := len(pays) - len(f.pays)
	pays = append(pays, l.pays...)
	slices.SortStableFunc(pays[first:], func(a, b pay) int { return int(a.clause) - int(b.clause) })
	f.pays = pays[first:]
	return pays
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
