package fact

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
)

// Frames holds what is effective, in memory: the newest snapshot, and a few older ones that somebody asked for. One is
// enough for a process. Several processes over one database each follow the commit log.
type Frames struct {
	facts   *Store
	parties *party.Store
	now     clock.Clock

	newest atomic.Pointer[snapshot]

	mu     sync.Mutex // one refresh at a time; guards what follows
	epoch  int64
	codes  *codes
	limits limits

	pairings []Pairing

	pastMu sync.Mutex
	past   []*snapshot // most recently used first

	saved  Saved
	saving sync.Mutex // one at a time; guards stored
	stored int64      // the commit that the file of saved knows up to; 0 for no file
}

// limits says when a refresh gives up going after single rows and reads them all. Both ways give the same.
type limits struct {
	sources  int // published at once
	subjects int // whose cells must be found anew
}

// pastSnapshots is how many old snapshots are kept; each may be as large as the newest.
const pastSnapshots = 2

// Open reads what is effective now. It takes as long as reading every statement does.
func Open(ctx context.Context, facts *Store, parties *party.Store, now clock.Clock) (*Frames, error) {
	return OpenSaved(ctx, facts, parties, now, Saved{})
}

// Follow refreshes at an interval until ctx ends; report, which must not be nil, hears of each refresh that failed. The
// next one tries again from where the frame stands.
func (f *Frames) Follow(ctx context.Context, every time.Duration, report func(error)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := f.Refresh(ctx); err != nil && ctx.Err() == nil {
				report(err)
			}
		}
	}
}

// Refresh takes in every commit since the last one. Readers go on with the snapshot that they have; after Refresh has
// returned, For gives one that knows every commit made before Refresh was called.
func (f *Frames) Refresh(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := f.newest.Load()
	log, err := f.facts.sources.Log(ctx, last.seq, 0)
	if err != nil || len(log) == 0 {
		return err
	}
	next, err := f.advance(ctx, last, log)
	if err != nil {
		return fmt.Errorf("refresh frame from commit %d: %w", last.seq, err)
	}
	f.newest.Store(next)
	return nil
}

// change is what a stretch of the commit log comes to.
type change struct {
	seq       int64
	published []int64 // sources, without those retracted in the same stretch
	retracted []int64 // sources that were known before
	merges    []source.LogEntry
	erased    bool // values are gone that snapshots of before hold
}

func summarise(log []source.LogEntry) change {
	c := change{seq: log[len(log)-1].Seq}
	for _, e := range log {
		switch e.Kind {
		case source.Publish:
			c.published = append(c.published, e.Source)
		case source.Retract:
			if i := slices.Index(c.published, e.Source); i >= 0 {
				c.published = slices.Delete(c.published, i, i+1)
			} else {
				c.retracted = append(c.retracted, e.Source)
			}
		case source.Merge, source.Unmerge:
			c.merges = append(c.merges, e)
		case source.Erase:
			c.erased = true
		}
	}
	return c
}

// advance makes the snapshot after a stretch of the log. What is effective is a function of the live sources, the
// merges and the rows alone, so it is enough to empty every cell that may have changed hands and to let all statements
// that could win it compete again.
func (f *Frames) advance(ctx context.Context, last *snapshot, log []source.LogEntry) (*snapshot, error) {
	c := summarise(log)
	if c.erased {
		f.forgetPast()
	}
	if c.erased || len(c.published) > f.limits.sources {
		return f.rebuild(ctx, c.seq)
	}
	f.epoch++
	b := last.next(f.epoch, f.codes)
	again := b.applyMerges(c.merges)
	all := b.groups()
	for _, id := range c.retracted {
		saidAt, ok := b.saidAt[id]
		if !ok {
			return nil, fmt.Errorf("source %d is retracted but was not known", id)
		}
		delete(b.saidAt, id)
		for _, lost := range b.clearSource(saidAt) {
			again = append(again, all.of(b.root(lost))...)
		}
	}
	slices.Sort(again)
	again = slices.Compact(again)
	if len(again) > f.limits.subjects {
		return f.rebuild(ctx, c.seq)
	}
	for _, id := range c.published {
		src, err := f.facts.sources.Get(ctx, access.SystemScope(), id)
		if err != nil {
			return nil, err
		}
		b.addSource(src)
	}
	for batch := range slices.Chunk(again, subjectBatch) {
		if err := f.offerRows(ctx, b, rowsOfSubjects(len(batch)), args(batch)...); err != nil {
			return nil, err
		}
	}
	for _, id := range c.published {
		if err := f.offerSource(ctx, b, id); err != nil {
			return nil, err
		}
	}
	return f.finish(ctx, b, c.seq)
}

// applyMerges changes which subject statements count for, empties the cells of all subjects concerned and gives them.
func (b *builder) applyMerges(merges []source.LogEntry) (subjects []int64) {
	for _, m := range merges {
		for _, id := range [...]int64{m.From, m.Into} {
			subjects = append(subjects, b.groups().of(b.root(id))...)
		}
		b.merge(m)
	}
	b.clearSubjects(subjects)
	if len(merges) > 0 {
		b.again = nil // what lay below two parents lies below one, or the other way round
	}
	return subjects
}

func (b *builder) merge(e source.LogEntry) {
	switch e.Kind {
	case source.Merge:
		b.merged[e.From] = e.Into
	case source.Unmerge:
		delete(b.merged, e.From)
	}
}

// rebuild makes the snapshot of a commit from all rows. It starts a new line of snapshots with a dictionary of its own
// when it is the newest that is rebuilt; see past for the older ones.
func (f *Frames) rebuild(ctx context.Context, seq int64) (*snapshot, error) {
	codes := newCodes()
	snap, err := f.build(ctx, seq, codes)
	if err == nil {
		f.codes, f.epoch = codes, 1
	}
	return snap, err
}

func (f *Frames) build(ctx context.Context, seq int64, codes *codes) (*snapshot, error) {
	b := emptySnapshot(f.facts.lib).next(1, codes)
	b.pairings = f.pairings
	if seq == 0 {
		return f.finish(ctx, b, 0)
	}
	live, err := f.facts.sources.LiveSources(ctx, seq)
	if err != nil {
		return nil, err
	}
	for _, src := range live {
		b.addSource(src)
	}
	log, err := f.facts.sources.Log(ctx, 0, seq)
	if err != nil {
		return nil, err
	}
	for _, e := range log {
		b.merge(e)
	}
	if err := f.offerRows(ctx, b, allRows); err != nil {
		return nil, err
	}
	return f.finish(ctx, b, seq)
}

func (f *Frames) finish(ctx context.Context, b *builder, seq int64) (*snapshot, error) {
	parties, err := f.parties.Load(ctx, seq)
	if err != nil {
		return nil, err
	}
	return b.done(seq, parties), nil
}

const (
	rowColumns   = `SELECT source_id, n, subject_id, column_id, state, status, precise, num, text FROM fact`
	allRows      = rowColumns
	rowsOfSource = rowColumns + ` WHERE source_id = $1`
)

// subjectBatch is how many subjects one query asks for.
const subjectBatch = 200

func rowsOfSubjects(n int) string {
	return rowColumns + ` WHERE subject_id IN (` + placeholders(n) + `)`
}

func placeholders(n int) string {
	p := make([]string, n)
	for i := range p {
		p[i] = "$" + strconv.Itoa(i+1)
	}
	return strings.Join(p, ", ")
}

func args(ids []int64) []any {
	a := make([]any, len(ids))
	for i, id := range ids {
		a[i] = id
	}
	return a
}

// offerSource lets the rows of a source compete: as this process has appended them, or read back.
func (f *Frames) offerSource(ctx context.Context, b *builder, id int64) error {
	var last int64
	if err := f.facts.db.Read().QueryRow(ctx, lastRow, id).Scan(&last); err != nil {
		return fmt.Errorf("read facts: %w", err)
	}
	if appended := f.facts.pending.take(id, last); appended != nil {
		defer appended.close()
		if appended.each(f.offer(ctx, b)) == nil {
			return nil
		} // what was offered twice changes nothing
	}
	return f.offerRows(ctx, b, rowsOfSource, id)
}

// offerRows lets the rows of a query compete.
func (f *Frames) offerRows(ctx context.Context, b *builder, query string, args ...any) error {
	return f.eachRow(ctx, query, args, f.offer(ctx, b))
}

// offer is what lets a row compete.
func (f *Frames) offer(ctx context.Context, b *builder) func(*row) error {
	keys := map[int64]columnKey{}
	return func(r *row) error {
		key, ok := keys[r.columnID]
		if !ok {
			var err error
			if key, err = f.facts.columns.key(ctx, f.facts.db, r.columnID); err != nil {
				return err
			}
			keys[r.columnID] = key
		}
		r.column = key
		b.offer(r)
		return nil
	}
}

func (f *Frames) eachRow(ctx context.Context, query string, args []any, do func(*row) error) error {
	rows, err := f.facts.db.Read().Query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read facts: %w", err)
	}
	defer rows.Close()
	var r row
	dest := []any{&r.source, &r.n, &r.subject, &r.columnID, &r.state, &r.status, &r.precise, &r.num, &r.text}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("read facts: %w", err)
		}
		if err := do(&r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read facts: %w", err)
	}
	return nil
}

// For is the only way to read: what the scope may see, as known at a commit; known 0 is the newest that the frame has
// taken in. An old commit is rebuilt from the rows when it is not at hand. One that is not there yet is NotFound.
func (f *Frames) For(ctx context.Context, scope access.Scope, known int64) (View, error) {
	snap := f.newest.Load()
	if known > snap.seq {
		if err := f.Refresh(ctx); err != nil {
			return View{}, err
		}
		snap = f.newest.Load()
	}
	switch {
	case known > snap.seq:
		return View{}, errs.NotFound("commit", known)
	case known < 0:
		return View{}, errs.Invalid(i18n.M("fact.wrong_commit", known))
	case known != 0 && known < snap.seq:
		var err error
		if snap, err = f.pastAt(ctx, known); err != nil {
			return View{}, err
		}
	}
	return newView(f, snap, scope), nil
}

// KnownBy is the commit up to which everything was known by the end of a day, for For. A day that has not come, and one by
// which nothing was known, is Invalid; the latter with the first day by which something was.
func (f *Frames) KnownBy(ctx context.Context, day period.Day) (int64, error) {
	if day > f.now.Today() {
		return 0, errs.Invalid(i18n.M("asof.future", day.String()))
	}
	seq, first, err := f.facts.sources.KnownBefore(ctx, clock.StartOf(day+1))
	switch {
	case err != nil:
		return 0, err
	case seq == 0 && first == 0:
		return 0, errs.Invalid(i18n.M("asof.nothing_ever"))
	case seq == 0:
		return 0, errs.Invalid(i18n.M("asof.nothing_known", day.String(), clock.DayOf(first).String()))
	}
	return seq, nil
}

// ScopeOf is what an account may see and do at this moment.
func (f *Frames) ScopeOf(a access.Account) access.Scope {
	return party.ExpandScope(f.facts.lib, f.newest.Load().parties, a)
}

// forgetPast lets go of old snapshots, in which something may stand that was erased since.
func (f *Frames) forgetPast() {
	f.pastMu.Lock()
	defer f.pastMu.Unlock()
	f.past = nil
}

// pastAt is the snapshot of an old commit. Those who ask for one at the same time wait for each other: building two at
// once would take twice the memory and no less time.
func (f *Frames) pastAt(ctx context.Context, seq int64) (*snapshot, error) {
	f.pastMu.Lock()
	defer f.pastMu.Unlock()
	i := slices.IndexFunc(f.past, func(s *snapshot) bool { return s.seq == seq })
	if i >= 0 {
		snap := f.past[i]
		f.past = slices.Insert(slices.Delete(f.past, i, i+1), 0, snap)
		return snap, nil
	}
	snap, err := f.build(ctx, seq, newCodes())
	if err != nil {
		return nil, fmt.Errorf("rebuild frame as known at commit %d: %w", seq, err)
	}
	f.past = slices.Insert(f.past, 0, snap)
	f.past = f.past[:min(len(f.past), pastSnapshots)]
	return snap, nil
}
