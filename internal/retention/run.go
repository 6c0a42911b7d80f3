package retention

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// State is where a run stands.
type State string

// The states.
const (
	Proposed State = "proposed"
	Done     State = "done"
	Refused  State = "refused"
)

// Outcome is what became of an item of a run.
type Outcome string

// The outcomes. Pending is the zero value.
const (
	Pending Outcome = ""
	Gone    Outcome = "erased"
	Absent  Outcome = "absent" // it was not there, or is another thing by now
	Kept    Outcome = "kept"   // something stands on it
)

// Run is a list of what is to be deleted, or was.
type Run struct {
	ID         int64
	Request    int64  // that it came of; 0 for none
	Again      string // hash of the run of another database that it repeats; "" for none
	ProposedAt int64  // ms
	ProposedBy int64  // account
	SettledAt  int64  // ms; 0 while it is proposed
	SettledBy  int64
	State      State
	Note       string
	Finished   int64  // ms: when nothing of it was on the disk any more; 0 before
	Lines      []Line // nil in a list of runs

	sums map[Outcome]int64 // of the lines, in a list of runs
}

// Line is an item of a run with what became of it.
type Line struct {
	Item
	N       int
	Outcome Outcome
	Why     i18n.Msg // it is kept
}

// Count is how many things of a run had an outcome.
func (r Run) Count(o Outcome) (n int64) {
	if r.sums != nil {
		return r.sums[o]
	}
	for _, l := range r.Lines {
		if l.Outcome == o {
			n += l.Count
		}
	}
	return n
}

const (
	maxItems  = 5000 // of a run that go; more wait for the next
	maxKept   = 1000 // of a run that are kept, and are told with their reason
	maxReason = 2000 // characters
	minReason = 4
	tries     = 3 // of a run, when something is committed in between

	insertRun = `INSERT INTO retention_run (id, request_id, again, proposed_at, proposed_by, settled_at, settled_by, state, note, seq, finished)
	VALUES ($1, $2, $3, $4, $5, 0, 0, 'proposed', $6, 0, 0)`
	settleRun = `UPDATE retention_run SET state = $1, settled_at = $2, settled_by = $3, note = $4, seq = $5 WHERE id = $6 AND state = 'proposed'`
	finishRun = `UPDATE retention_run SET finished = $1 WHERE id = $2 AND finished = 0`
	openRuns  = `SELECT COUNT(*) FROM retention_run WHERE state = 'proposed' AND request_id = 0 AND proposed_by = $1`
	selectRun = `SELECT id, request_id, again, proposed_at, proposed_by, settled_at, settled_by, state, note, finished FROM retention_run`
	settle    = `UPDATE retention_item SET outcome = $1, reason = $2, count = $3 WHERE run_id = $4 AND n = $5`
	sumsSince = `SELECT run_id, outcome, CAST(SUM(count) AS BIGINT) FROM retention_item WHERE run_id >= $1 GROUP BY run_id, outcome`
	itemsOf   = `SELECT n, kind, ref, what, area, party, subject, source_id, case_id, since, sha256, count, outcome, reason FROM retention_item WHERE run_id = $1 ORDER BY n`
)

var itemColumns = []string{"run_id", "n", "kind", "ref", "what", "area", "party", "subject", "source_id", "case_id", "since", "sha256", "count", "outcome", "reason"}

// Propose lists what is due and belongs where the scope may have things deleted. It fails with Forbidden for who may not, and with Conflict
// where nothing is due or a run of the same person waits for its second one.
func (s *Store) Propose(ctx context.Context, scope access.Scope) (Run, error) {
	if !scope.Can(access.Erase) {
		return Run{}, errs.Forbidden("propose a deletion")
	}
	due, err := s.due(ctx)
	if err != nil {
		return Run{}, err
	}
	lines, err := s.lines(ctx, slices.DeleteFunc(due, func(it Item) bool { return !sees(scope, it) }))
	if err != nil {
		return Run{}, err
	}
	if !slices.ContainsFunc(lines, func(l Line) bool { return l.Outcome == Pending }) {
		return Run{}, errs.Conflict(i18n.M("retention.nothing_due", len(lines)))
	}
	r := Run{ProposedAt: s.Clock.Millis(), ProposedBy: scope.Account(), State: Proposed, Lines: lines}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		var open int
		if err := tx.QueryRow(ctx, openRuns, r.ProposedBy).Scan(&open); err != nil {
			return err
		}
		if open > 0 {
			return errs.Conflict(i18n.M("retention.open_run"))
		}
		return insert(ctx, tx, &r)
	})
	if err != nil {
		return Run{}, fmt.Errorf("propose a deletion: %w", err)
	}
	return r, nil
}

// Due is what is due, as a run over all areas would list it.
func (s *Store) Due(ctx context.Context) ([]Line, error) {
	due, err := s.due(ctx)
	if err != nil {
		return nil, err
	}
	return s.lines(ctx, due)
}

// lines is items with why they are kept, as far as there is room.
func (s *Store) lines(ctx context.Context, items []Item) (all []Line, err error) {
	var going, kept int
	for _, it := range items {
		l := Line{Item: it}
		if l.Why, err = s.stands(ctx, s.DB.Read(), it); err != nil {
			return nil, err
		}
		switch {
		case l.Why.IsZero() && going < maxItems:
			going++
		case !l.Why.IsZero() && kept < maxKept:
			kept++
			l.Outcome = Kept
		default:
			continue
		}
		l.N = len(all) + 1
		all = append(all, l)
	}
	return all, nil
}

func insert(ctx context.Context, tx *store.Tx, r *Run) (err error) {
	if r.ID == 0 {
		if r.ID, err = tx.NextIDs(ctx, 1); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, insertRun, r.ID, r.Request, r.Again, r.ProposedAt, r.ProposedBy, r.Note); err != nil {
		return err
	}
	var reasons []string
	for _, l := range r.Lines {
		text, err := marshal(l.Why)
		if err != nil {
			return err
		}
		reasons = append(reasons, text)
	}
	return tx.InsertRows(ctx, "retention_item", itemColumns, func(yield func([]any) bool) {
		for i, l := range r.Lines {
			if !yield([]any{r.ID, l.N, l.Kind, l.Ref, l.What, l.Area, l.Party, l.Subject, l.Source, l.Case, l.Since, l.SHA256, l.Count, string(l.Outcome), reasons[i]}) {
				return
			}
		}
	})
}

// Get is a run with its items; NotFound for who may not have all of them deleted.
func (s *Store) Get(ctx context.Context, scope access.Scope, id int64) (Run, error) {
	r, err := get(ctx, s.DB.Read(), id)
	if err != nil {
		return Run{}, err
	}
	if !scope.Can(access.Erase) || slices.ContainsFunc(r.Lines, func(l Line) bool { return !sees(scope, l.Item) }) {
		return Run{}, errs.NotFound("deletion", id)
	}
	return r, nil
}

func scanRun(row *store.Rows) (r Run, err error) {
	err = row.Scan(&r.ID, &r.Request, &r.Again, &r.ProposedAt, &r.ProposedBy, &r.SettledAt, &r.SettledBy, &r.State, &r.Note, &r.Finished)
	return r, err
}

func get(ctx context.Context, q store.Querier, id int64) (Run, error) {
	all, err := store.List(ctx, q, scanRun, selectRun+` WHERE id = $1`, id)
	if err == nil && len(all) == 0 {
		return Run{}, errs.NotFound("deletion", id)
	}
	if err == nil {
		all[0].Lines, err = linesOf(ctx, q, id)
	}
	if err != nil {
		return Run{}, fmt.Errorf("read deletion %d: %w", id, err)
	}
	return all[0], nil
}

func linesOf(ctx context.Context, q store.Querier, id int64) ([]Line, error) {
	return store.List(ctx, q, scanLine, itemsOf, id)
}

func scanLine(r *store.Rows) (l Line, err error) {
	var why string
	err = r.Scan(&l.N, &l.Kind, &l.Ref, &l.What, &l.Area, &l.Party, &l.Subject, &l.Source, &l.Case, &l.Since, &l.SHA256, &l.Count, &l.Outcome, &why)
	if err == nil {
		l.Why, err = unmarshal(why)
	}
	return l, err
}

// maxRuns is how many runs a list gives.
const maxRuns = 100

// Runs is the newest runs that the scope may see all of, with what they come to and without their lines.
func (s *Store) Runs(ctx context.Context, scope access.Scope) ([]Run, error) {
	if !scope.Can(access.Erase) {
		return nil, errs.Forbidden("see deletions")
	}
	seen, args := scope.Where(access.Erase, "i.area", "", []any{maxRuns})
	all, err := store.List(ctx, s.DB.Read(), scanRun, selectRun+` r WHERE NOT EXISTS (SELECT 1 FROM retention_item i WHERE i.run_id = r.id AND NOT `+seen+`)
		ORDER BY id DESC LIMIT $1`, args...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	type sum struct {
		run     int64
		outcome Outcome
		n       int64
	}
	// Ids grow with time: from the oldest of these on there are these, and what the scope may not see of the same time.
	sums, err := store.List(ctx, s.DB.Read(), func(r *store.Rows) (x sum, err error) { return x, r.Scan(&x.run, &x.outcome, &x.n) }, sumsSince, all[len(all)-1].ID)
	for i := range all {
		all[i].sums = map[Outcome]int64{}
		for _, x := range sums {
			if x.run == all[i].ID {
				all[i].sums[x.outcome] = x.n
			}
		}
	}
	return all, err
}

// second is a run that waits for the second person, who is the scope's.
func (s *Store) second(ctx context.Context, scope access.Scope, id int64) (Run, error) {
	r, err := s.Get(ctx, scope, id)
	switch {
	case err != nil:
		return r, err
	case r.State != Proposed:
		return r, errs.Conflict(i18n.M("retention.settled"))
	case r.ProposedBy == scope.Account():
		return r, &errs.Error{Kind: errs.KindForbidden, Msg: i18n.M("retention.same_person")}
	}
	return r, nil
}

// Approve carries a run out, as the second person: what is still due and nothing stands on goes, in one transaction; then from the disk. It
// fails with Forbidden for who proposed it, with Conflict for one that is settled, and with NotFound for who may not see all of it. What
// could not be taken off the disk at once is finished later.
func (s *Store) Approve(ctx context.Context, scope access.Scope, id int64) (Run, error) {
	r, err := s.second(ctx, scope, id)
	if err != nil {
		return Run{}, err
	}
	if err := s.carryOut(ctx, &r, scope.Account()); err != nil {
		return Run{}, fmt.Errorf("carry out deletion %d: %w", id, err)
	}
	s.finishSoon(ctx)
	return s.Get(ctx, scope, id)
}

// Refuse settles a run without deleting anything: by the second person, or by who proposed it.
func (s *Store) Refuse(ctx context.Context, scope access.Scope, id int64, why string) error {
	why, err := tidy(why, minReason)
	if err != nil {
		return err
	}
	r, err := s.Get(ctx, scope, id)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, settleRun, string(Refused), s.Clock.Millis(), scope.Account(), why, 0, r.ID)
		if err == nil && n == 0 {
			err = errs.Conflict(i18n.M("retention.settled"))
		}
		if err == nil {
			audit.Note(tx, loggedRun, r.ID)
		}
		return err
	})
}

// carryOut erases what a run lists.
func (s *Store) carryOut(ctx context.Context, r *Run, by int64) error {
	for try := 1; ; try++ {
		err := s.carryOutOnce(ctx, r, by)
		if !errors.Is(err, errMoved) || try == tries {
			return err
		}
	}
}

func (s *Store) carryOutOnce(ctx context.Context, r *Run, by int64) error {
	still, seq, err := s.stillDue(ctx, r)
	if err != nil {
		return err
	}
	entry := source.LogEntry{Kind: source.Erase, Actor: by, Reason: fmt.Sprintf("%d", r.ID)}
	_, err = s.Sources.Commit(ctx, entry, func(ctx context.Context, tx *store.Tx, now int64) error {
		if seq != 0 && now != seq+1 {
			return errMoved
		}
		if err := tx.Lock(ctx, lockHolds); err != nil {
			return err
		}
		asks := map[string]Ask{}
		for _, k := range s.Kinds {
			var err error
			if asks[k.Name()], err = s.ask(ctx, tx, k); err != nil {
				return err
			}
		}
		if r.Again != "" {
			if err := begin(ctx, tx, r); err != nil {
				return err
			}
		}
		n, err := tx.Exec(ctx, settleRun, string(Done), s.Clock.Millis(), by, r.Note, now, r.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return errs.Conflict(i18n.M("retention.settled"))
		}
		for _, l := range r.Lines {
			if l.Outcome != Pending {
				continue
			}
			if err := s.eraseLine(ctx, tx, asks, l, r.ID, still); err != nil {
				return err
			}
		}
		audit.Note(tx, loggedRun, r.ID)
		return nil
	})
	return err
}

// stillDue is what is due now, by kind and ref, and as of which commit; nil for a run that does not go by terms.
func (s *Store) stillDue(ctx context.Context, r *Run) (map[string]bool, int64, error) {
	if r.Request != 0 || r.Again != "" {
		return nil, 0, nil
	}
	if err := s.Frames.Refresh(ctx); err != nil {
		return nil, 0, err
	}
	seq, err := s.DB.Seq(ctx)
	if err != nil {
		return nil, 0, err
	}
	due, err := s.due(ctx)
	if err != nil {
		return nil, 0, err
	}
	still := map[string]bool{}
	for _, it := range due {
		still[it.Kind+" "+it.Ref] = true
	}
	return still, seq, nil
}

func (s *Store) eraseLine(ctx context.Context, tx *store.Tx, asks map[string]Ask, l Line, run int64, still map[string]bool) error {
	k, ok := s.kind(l.Kind)
	why, err := s.stands(ctx, tx, l.Item)
	switch {
	case err != nil:
		return err
	case !ok:
		why = i18n.M("retention.unknown_kind", l.Kind)
	case still != nil && !still[l.Kind+" "+l.Ref] && why.IsZero():
		why = i18n.M("retention.not_due")
	}
	outcome, count := Kept, l.Count
	if why.IsZero() {
		if count, err = k.Erase(ctx, tx, asks[l.Kind], l.Item); err != nil {
			return err
		}
		if outcome = Gone; count == 0 {
			outcome = Absent
		}
	}
	text, err := marshal(why)
	if err == nil {
		_, err = tx.Exec(ctx, settle, string(outcome), text, count, run, l.N)
	}
	return err
}

const unfinished = selectRun + ` WHERE state = 'done' AND finished = 0 ORDER BY id`

// finishSoon finishes what was erased; what cannot be finished now is tried again, by the next run, by Keep or at the next start.
func (s *Store) finishSoon(ctx context.Context) {
	if err := s.Finish(context.WithoutCancel(ctx)); err != nil {
		s.Log.Warn("what was erased is not off the disk yet", "err", err)
	}
}

// Finish takes what runs have erased out of memory and off the disk: values out of the frame and its file, bytes of files, and what the
// database still has of it in free pages and in its log.
func (s *Store) Finish(ctx context.Context) error {
	open, err := store.List(ctx, s.DB.Read(), scanRun, unfinished)
	if err != nil {
		return err
	}
	if len(open) == 0 {
		return nil
	}
	if err := s.Frames.Refresh(ctx); err != nil {
		return err
	}
	if err := s.Frames.Save(ctx); err != nil {
		return err
	}
	var failed error
	open = slices.DeleteFunc(open, func(r Run) bool {
		err := s.clear(ctx, r.ID)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("finish deletion %d: %w", r.ID, err))
		}
		return err != nil
	})
	var tables []string
	for _, k := range s.Kinds {
		tables = append(tables, k.Tables()...)
	}
	if err := s.DB.Wipe(ctx, tables...); err != nil {
		return errors.Join(failed, err)
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for _, r := range open {
			if _, err := tx.Exec(ctx, finishRun, s.Clock.Millis(), r.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(failed, err)
}

// clear takes away what lies beside the database; what cannot be removed does not keep the rest.
func (s *Store) clear(ctx context.Context, run int64) error {
	lines, err := linesOf(ctx, s.DB.Read(), run)
	if err != nil {
		return err
	}
	var failed error
	for _, l := range lines {
		k, ok := s.kind(l.Kind)
		if !ok || l.Outcome != Gone {
			continue
		}
		failed = errors.Join(failed, k.Clear(ctx, l.Item))
	}
	return failed
}

// Keep tries every so often to finish what could not be finished at once, until the context ends.
func (s *Store) Keep(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.finishSoon(ctx)
		}
	}
}

// Again repeats a run that was carried out in this installation and that a backup, restored since, knows nothing of: what it erased is
// erased again, where it is the same. hash names the run. Whoever runs the machine does so, before anybody works on what was restored; it
// needs no second person, since two have decided it before.
func (s *Store) Again(ctx context.Context, hash string, items []Item) (Run, error) {
	r := Run{Again: hash, ProposedAt: s.Clock.Millis(), State: Proposed}
	for i, it := range items {
		r.Lines = append(r.Lines, Line{Item: it, N: i + 1})
	}
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		r.ID, err = tx.NextIDs(ctx, 1)
		return err
	})
	if err == nil {
		err = s.carryOut(ctx, &r, 0)
	}
	if err != nil {
		return Run{}, fmt.Errorf("repeat a deletion: %w", err)
	}
	s.finishSoon(ctx)
	return get(ctx, s.DB.Read(), r.ID)
}

// begin writes a run that repeats another, in the transaction that carries it out; Conflict where that was done before.
func begin(ctx context.Context, tx *store.Tx, r *Run) error {
	var had int
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM retention_run WHERE again = $1`, r.Again).Scan(&had); err != nil {
		return err
	}
	if had > 0 {
		return errs.Conflict(i18n.M("retention.again_twice"))
	}
	return insert(ctx, tx, r)
}

func trimmed(text string) (string, int) {
	text = strings.TrimSpace(text)
	if !utf8.ValidString(text) {
		return text, maxReason + 1
	}
	return text, utf8.RuneCountInString(text)
}
