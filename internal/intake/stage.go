package intake

import (
	"context"
	"hash/maphash"
	"maps"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// stager appends the entries of a reading under a pending source, some hundred at a time.
type stager struct {
	db       *store.DB
	parties  *party.Store
	facts    *fact.Store
	registry *party.Registry
	source   int64
	today    period.Day
	seed     maphash.Seed
	stated   map[saying]bool // what was said already of firms with several rows: a list of loans names one many times
}

// saying is a value said of a firm, as short as a hash: beside the firm's own id no two fall together by chance.
type saying struct {
	subject int64
	hash    uint64
}

const stageAtOnce = 500

// stage stages the entries that a walk hands out. The walk reads on while the entries before are being written.
func (s *stager) stage(ctx context.Context, walk func(context.Context, func(*entry) error) error) (err error) {
	writer, ctx := errgroup.WithContext(ctx)
	batches := make(chan []*entry)
	writer.Go(func() error {
		for batch := range batches {
			if err := s.write(ctx, batch); err != nil {
				return err
			}
		}
		return nil
	})
	defer func() {
		close(batches)
		if werr := writer.Wait(); werr != nil {
			err = werr // the walk only stopped because of it
		}
	}()
	var waiting []*entry
	hand := func() error {
		select {
		case batches <- waiting:
			waiting = make([]*entry, 0, stageAtOnce)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err = walk(ctx, func(e *entry) error {
		if waiting = append(waiting, e); len(waiting) < stageAtOnce {
			return nil
		}
		return hand()
	})
	if err == nil && len(waiting) > 0 {
		err = hand()
	}
	return err
}

// write stages some entries: the subjects and what is said of the firms themselves in one transaction, then the facts.
func (s *stager) write(ctx context.Context, batch []*entry) error {
	var (
		statements []fact.Statement
		said       map[saying]bool
	)
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		owners, things, err := s.subjects(ctx, tx, batch)
		if err != nil {
			return err
		}
		said = map[saying]bool{} // the store may run a transaction again
		if err := s.identities(ctx, tx, batch, owners, said); err != nil {
			return err
		}
		statements = statementsOf(batch, owners, things)
		return nil
	})
	if err != nil {
		return err
	}
	maps.Copy(s.stated, said)
	return s.facts.Append(ctx, s.source, statements)
}

// subjects finds or makes the owners of the entries and what belongs to them.
func (s *stager) subjects(ctx context.Context, tx *store.Tx, batch []*entry) (owners []int64, things [][]int64, err error) {
	subs := make([]party.NewSubject, len(batch))
	for i, e := range batch {
		subs[i] = party.NewSubject{ID: e.owner.id, Kind: e.owner.kind, Key: e.owner.key}
	}
	if owners, err = s.parties.Ensure(ctx, tx, s.source, subs); err != nil {
		return nil, nil, err
	}
	subs = subs[:0]
	for i, e := range batch {
		for _, x := range e.things {
			subs = append(subs, party.NewSubject{Kind: x.kind, Parent: owners[i], Key: x.key})
		}
	}
	ids, err := s.parties.Ensure(ctx, tx, s.source, subs)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range batch {
		things = append(things, ids[:len(e.things):len(e.things)])
		ids = ids[len(e.things):]
	}
	return owners, things, nil
}

// identities states names, codes and memberships. They are stated even when they are known already: another source may
// be taken back, and this one must stand by itself.
func (s *stager) identities(ctx context.Context, tx *store.Tx, batch []*entry, owners []int64, said map[saying]bool) error {
	var (
		names       []party.Name
		identifiers []party.Identifier
		memberships []party.Membership
	)
	for i, e := range batch {
		o, id := &e.owner, owners[i]
		if o.kind != content.Enterprise {
			continue
		}
		say := func(role, value string) bool { // true the first time that a value is said of a firm
			if value == "" || !e.often {
				return value != ""
			}
			this := saying{id, maphash.String(s.seed, role+"\x00"+value)}
			if s.stated[this] || said[this] {
				return false
			}
			said[this] = true
			return true
		}
		place := rowPlace(e.table.plan.Name, e.row)
		if say(roleName, o.name) {
			names = append(names, party.Name{Subject: id, Name: o.name, Former: o.past, Place: place})
		}
		if say(roleFormer, o.former) {
			names = append(names, party.Name{Subject: id, Name: o.former, Former: true, Place: place})
		}
		if say(roleUSCC, string(o.code)) {
			identifiers = append(identifiers, party.Identifier{
				Subject: id, Scheme: party.SchemeUSCC, Value: string(o.code), Sound: o.sound, Place: place,
			})
		}
		known, _ := s.registry.Enterprise(o.id)
		if say(roleArea, o.area) {
			memberships = append(memberships, party.Membership{
				Subject: id, Tree: party.TreeArea, Node: o.area, From: s.since(e, known.Area, o.area), Place: place,
			})
		}
		if say(roleIndustry, o.industry) {
			memberships = append(memberships, party.Membership{
				Subject: id, Tree: party.TreeIndustry, Node: o.industry, From: s.since(e, known.Industry, o.industry), Place: place,
			})
		}
	}
	if err := s.parties.AppendNames(ctx, tx, s.source, names); err != nil {
		return err
	}
	if err := s.parties.AppendIdentifiers(ctx, tx, s.source, identifiers); err != nil {
		return err
	}
	return s.parties.AppendMemberships(ctx, tx, s.source, memberships)
}

// since is the day from which a firm belongs where the entry says. As long as that is no change, nobody knows a
// beginning: it has always held. A change holds from the first day of the period that the figures are about, or, where
// they name none, from today: what was decided about the time before must not move.
func (s *stager) since(e *entry, old, now string) *period.Day {
	if old == "" || old == now {
		return nil
	}
	day := s.today
	for _, f := range e.facts {
		if first, _, ok := f.period.Span(); ok {
			day = min(day, first)
		}
	}
	return &day
}

func statementsOf(batch []*entry, owners []int64, things [][]int64) []fact.Statement {
	n := 0
	for _, e := range batch {
		n += len(e.facts)
	}
	all := make([]fact.Statement, 0, n)
	for i, e := range batch {
		for j := range e.facts {
			f := &e.facts[j]
			subject := owners[i]
			if f.about >= 0 {
				subject = things[i][f.about]
			}
			all = append(all, fact.Statement{
				Subject: subject, Def: f.col.fact.Code, Period: f.period, State: f.said.State, Value: f.said.Value,
				Precision: f.precision, Place: f.place(), Shown: f.shown,
			})
		}
	}
	return all
}
