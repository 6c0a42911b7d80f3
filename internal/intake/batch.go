package intake

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// State is where a batch stands.
type State string

// The states. Reading and Committing have work under way in a process; Start turns those that a crash left behind back.
const (
	Reading    State = "reading"
	Ready      State = "ready" // a preview is there
	Committing State = "committing"
	Committed  State = "committed"
	Undone     State = "undone"
	Failed     State = "failed" // the file cannot be read; Failure says why
)

// Batch is one file on its way in.
type Batch struct {
	ID         int64
	SHA256     string // of the file in the blob store
	Name       string // of the file, as the sender calls it
	Size       int64
	Sender     string // the office that it comes from; what was decided about its columns is remembered under it
	Authority  string // in whose name the figures are stated
	Area       string // that the sender answers for
	Account    int64  // who brought it
	State      State
	ReceivedAt int64 // milliseconds UTC
	ChangedAt  int64
	Plan       Plan
	Preview    Preview
	Source     int64    // once committed
	Failure    i18n.Msg // why the last step failed; empty when it did not
	Delivery   int64    // the first batch of those that came together; 0 for a file that came alone
	ErasedAt   int64    // when the file was deleted by the rules of retention; 0 while it is kept
	Base       int64    // the committed batch of which this file is a later state; 0 when there is none
}

// Standing is where a batch stands, as a person sees it: its state, or why a preview cannot be committed yet.
type Standing string

// The standings that are no state.
const (
	Waits Standing = "waits" // something must be answered first
	Empty Standing = "empty" // there is nothing to commit
)

// Standing is where the batch stands.
func (b *Batch) Standing() Standing {
	switch {
	case b.State == Ready && b.Preview.Stops():
		return Waits
	case b.State == Ready && !b.Preview.Adds():
		return Empty
	}
	return Standing(b.State)
}

const (
	batchColumns = `id, sha256, name, size, sender, authority, area, account, state, received_at, changed_at, plan, preview, source_id, failure, delivery, base, erased_at`
	listColumns  = `id, sha256, name, size, sender, authority, area, account, state, received_at, changed_at, ` + unlessOver + `plan END, ` + unlessOver + `preview END, source_id, failure, delivery, base, erased_at`
	unlessOver   = `CASE WHEN state IN ('committed', 'undone') THEN '{}' ELSE `
	insertBatch  = `INSERT INTO intake_batch (` + batchColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0)`
	readBatch    = `SELECT ` + batchColumns + ` FROM intake_batch WHERE id = $1`
	readPreview  = `SELECT preview FROM intake_batch WHERE id = $1`
	listBatches  = `SELECT ` + listColumns + ` FROM intake_batch WHERE id < $1 AND `
	moveBatch    = `UPDATE intake_batch SET state = $1, changed_at = $2, plan = $3, preview = $4, source_id = $5, failure = $6, base = $7 WHERE id = $8 AND state = $9 AND erased_at = $10`
	takeBack     = `UPDATE intake_batch SET state = $1, failure = $2 WHERE state = $3 AND changed_at < $4`
	countFile    = `SELECT COUNT(*) FROM intake_batch WHERE sha256 = $1 AND erased_at = 0`
)

// maxField is the longest name of a file or of a sender, in bytes.
const maxField = 300

// memory is the name under which the sender's choices are remembered: offices of the same name in two areas are two.
func (b *Batch) memory() string { return b.Area + " " + b.Sender }

func (s *Service) insert(ctx context.Context, b *Batch) error {
	return s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		b.ID = id
		plan, preview, failure, err := b.texts()
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertBatch, b.ID, b.SHA256, b.Name, b.Size, b.Sender, b.Authority, b.Area, b.Account,
			string(b.State), b.ReceivedAt, b.ChangedAt, plan, preview, b.Source, failure, b.Delivery, b.Base)
		return err
	})
}

// texts is the parts of a batch that are stored as JSON.
func (b *Batch) texts() (plan, preview, failure string, err error) {
	for _, part := range []struct {
		from any
		into *string
	}{{b.Plan, &plan}, {b.Preview, &preview}, {b.Failure, &failure}} {
		text, err := json.Marshal(part.from)
		if err != nil {
			return "", "", "", fmt.Errorf("store batch %d: %w", b.ID, err)
		}
		*part.into = string(text)
	}
	return plan, preview, failure, nil
}

// move writes a batch whose stored state is still from; Conflict when somebody else moved it first, or its file was erased meanwhile: what
// was read in cells is not written back.
func (s *Service) move(ctx context.Context, b *Batch, from State) error {
	return s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return s.moveIn(ctx, tx, b, from) })
}

// moveIn is move as a part of a transaction.
func (s *Service) moveIn(ctx context.Context, tx *store.Tx, b *Batch, from State) error {
	b.ChangedAt = s.now.Millis()
	plan, preview, failure, err := b.texts()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, moveBatch, string(b.State), b.ChangedAt, plan, preview, b.Source, failure, b.Base, b.ID, string(from), b.ErasedAt)
	if err == nil && n == 0 {
		err = errs.Conflict(i18n.M("intake.moved"))
	}
	if err != nil {
		return fmt.Errorf("move batch %d from %s to %s: %w", b.ID, from, b.State, err)
	}
	return nil
}

// takeBack returns the batches on which nothing happened since an instant, and on which a process that is gone was at
// work, to the state before.
func (s *Service) takeBack(ctx context.Context, before int64) error {
	why, err := json.Marshal(i18n.M("intake.interrupted"))
	if err != nil {
		return fmt.Errorf("take back batches: %w", err)
	}
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for from, to := range map[State]State{Committing: Ready, Reading: Failed} {
			if _, err := tx.Exec(ctx, takeBack, string(to), string(why), string(from), before); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take back batches: %w", err)
	}
	return nil
}

func scanBatch(row interface{ Scan(...any) error }) (Batch, error) {
	var (
		b                            Batch
		state, plan, preview, failed string
	)
	err := row.Scan(&b.ID, &b.SHA256, &b.Name, &b.Size, &b.Sender, &b.Authority, &b.Area, &b.Account, &state,
		&b.ReceivedAt, &b.ChangedAt, &plan, &preview, &b.Source, &failed, &b.Delivery, &b.Base, &b.ErasedAt)
	if err != nil {
		return Batch{}, err
	}
	b.State = State(state)
	return b, errors.Join(json.Unmarshal([]byte(plan), &b.Plan), json.Unmarshal([]byte(preview), &b.Preview),
		json.Unmarshal([]byte(failed), &b.Failure))
}

// Batch is one batch that the scope may work on; NotFound otherwise. That its preview shows what was known of enterprises is noted.
func (s *Service) Batch(ctx context.Context, scope access.Scope, id int64) (Batch, error) {
	b, err := scanBatch(s.db.Read().QueryRow(ctx, readBatch, id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && !scope.Sees(access.Import, b.Area, 0) {
		return Batch{}, errs.NotFound("batch", id)
	}
	if err != nil {
		return Batch{}, fmt.Errorf("read batch %d: %w", id, err)
	}
	for _, l := range b.Preview.Lines {
		if def, ok := s.deps.Library.FactDef(l.Def); ok && def.Sensitive() && l.Old != nil {
			scope.Saw(l.Firm, l.Def)
		}
	}
	return b, nil
}

// Batches is a stretch of the batches that the scope may work on, newest first: at most limit of those with an id below
// before; 0 begins with the newest. Where states are given, only those that are in one of them. Of one that is over it
// gives no plan, and of the preview only the counts.
func (s *Service) Batches(ctx context.Context, scope access.Scope, before int64, limit int, states ...State) ([]Batch, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	where, args := scope.Where(access.Import, "area", "", []any{before, limit})
	if len(states) > 0 {
		var in []string
		for _, st := range states {
			args = append(args, string(st))
			in = append(in, "$"+strconv.Itoa(len(args)))
		}
		where += ` AND state IN (` + strings.Join(in, ", ") + `)`
	}
	list, err := s.listBatches(ctx, where, args)
	if err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	for i := range list {
		b := &list[i]
		if !b.over() {
			continue
		}
		held, err := s.counts.Try(countsKey{b.ID, b.ChangedAt}, func() (*counts, error) { return s.countsOf(ctx, b.ID) })
		if err != nil {
			return nil, fmt.Errorf("counts of batch %d: %w", b.ID, err)
		}
		b.Preview = held.Preview
	}
	return list, nil
}

func (s *Service) listBatches(ctx context.Context, where string, args []any) ([]Batch, error) {
	rows, err := s.db.Read().Query(ctx, listBatches+where+` ORDER BY id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Batch
	for rows.Next() {
		b, err := scanBatch(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, rows.Err()
}

// over says that nothing is left to do with a batch.
func (b *Batch) over() bool { return b.State == Committed || b.State == Undone }

// countsKey is a batch as it stood since an instant: its preview is another one only after a change.
type countsKey struct{ id, changedAt int64 }

// counts is a preview without all that is long in it.
type counts struct {
	Preview
	Lines    skipped `json:"lines"`
	Problems skipped `json:"problems"`
	Mended   skipped `json:"mended"`
}

// Size is how much room they take on a shelf.
func (*counts) Size() int { return 1 }

// skipped is a part of a text that nobody wants to know.
type skipped struct{}

// UnmarshalJSON takes nothing.
func (skipped) UnmarshalJSON([]byte) error { return nil }

func (s *Service) countsOf(ctx context.Context, id int64) (*counts, error) {
	var preview string
	if err := s.db.Read().QueryRow(ctx, readPreview, id).Scan(&preview); err != nil {
		return nil, err
	}
	c := &counts{}
	return c, json.Unmarshal([]byte(preview), c)
}
