package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Kept is what the last walk over the whole ledger has found, as far as a scope may know it.
type Kept struct {
	Checked
	At    int64 // when it ended; 0 where none has
	Asked int64 // when another one was asked for that has not ended; 0 where none was
	Whole bool  // the scope reads the fund of every area that was walked over: counts, and faults that belong to no area, are told to nobody else
}

const (
	// CheckRests is how long a walk over the ledger stands before somebody may ask for another.
	CheckRests = 10 * time.Minute
	// checkLost is when a walk that has not ended is taken for one whose process was killed.
	checkLost = time.Hour

	// What is asked for while a walk is under way is asked after its beginning, and so of the next one, also within a millisecond.
	askCheck   = `UPDATE ledger_check SET asked_at = CASE WHEN began_at > ended_at AND began_at >= $1 THEN began_at + 1 ELSE $1 END WHERE id = 1 AND asked_at <= began_at AND ended_at <= $2`
	beginCheck = `UPDATE ledger_check SET began_at = $1 WHERE id = 1 AND (began_at <= ended_at OR began_at <= $2)`
	endCheck   = `UPDATE ledger_check SET ended_at = $1, result = $2, walked_at = $3 WHERE id = 1`
	leaveCheck = `UPDATE ledger_check SET began_at = ended_at WHERE id = 1 AND began_at = $1`
	lastCheck  = `SELECT asked_at, walked_at, ended_at, result FROM ledger_check WHERE id = 1`
)

// AskCheck asks for a walk over the whole ledger, which whoever runs Watch then does: it costs seconds for each million entries,
// and so is never made while somebody waits for a page. One that is asked for already, or ended less than CheckRests ago, is not
// asked for again; one that is under way does not answer who asks meanwhile, since it walks over what was there before. The scope
// must manage the fund.
func (b *Book) AskCheck(ctx context.Context, scope access.Scope) error {
	if !scope.Can(access.ManageFund) {
		return errs.Forbidden(string(access.ManageFund))
	}
	return b.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := b.clock.Millis()
		if _, err := tx.Exec(ctx, askCheck, now, now-CheckRests.Milliseconds()); err != nil {
			return fmt.Errorf("ask for a check of the ledger: %w", err)
		}
		return nil
	})
}

// Recheck walks over the whole ledger and keeps what it finds, with its time. While another process walks it does nothing, and
// says so. A walk that fails, or that ctx ends, keeps nobody from the next one.
func (b *Book) Recheck(ctx context.Context) (c Checked, did bool, err error) {
	now := b.clock.Millis()
	err = b.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Exec(ctx, beginCheck, now, now-checkLost.Milliseconds())
		did = n > 0
		return err
	})
	if err != nil || !did {
		return c, did, err
	}
	if c, err = b.Check(ctx); err != nil {
		return c, true, errors.Join(err, b.db.Write(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, leaveCheck, now)
			return err
		}))
	}
	result, err := json.Marshal(c)
	if err != nil {
		return c, true, err
	}
	return c, true, b.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, endCheck, b.clock.Millis(), string(result), now); err != nil {
			return fmt.Errorf("keep a check of the ledger: %w", err)
		}
		return nil
	})
}

// Asked says whether a walk over the ledger was asked for.
func (b *Book) Asked(ctx context.Context) (bool, error) {
	k, err := keptOf(ctx, b.db.Read())
	return k.Asked != 0, err
}

func keptOf(ctx context.Context, q store.Querier) (k Kept, err error) {
	var asked, walked int64
	var result string
	if err := q.QueryRow(ctx, lastCheck).Scan(&asked, &walked, &k.At, &result); err != nil {
		return k, fmt.Errorf("read the last check of the ledger: %w", err)
	}
	if asked > walked {
		k.Asked = asked
	}
	return k, json.Unmarshal([]byte(result), &k.Checked)
}

// LastCheck is what the last walk over the ledger has found, as far as the scope may know it: faults of the areas whose fund it
// reads, and the whole to who sees every line.
func (b *Book) LastCheck(ctx context.Context, scope access.Scope) (k Kept, err error) {
	err = b.Read(ctx, scope, func(ctx context.Context, v *View) error {
		k, err = keptOf(ctx, v.q)
		k.Whole = k.Areas != nil && !slices.ContainsFunc(k.Areas, func(area string) bool { return !scope.Sees(access.ReadFund, area, 0) })
		return err
	})
	if err != nil || k.Whole {
		return k, err
	}
	k.Checked = Checked{Faults: slices.DeleteFunc(k.Faults, func(f Fault) bool { return f.Area == "" || !scope.Sees(access.ReadFund, f.Area, 0) })}
	return k, nil
}

// Watch walks over the ledger now and then at an interval, and whenever it is asked to, which it looks for every few seconds,
// until ctx ends; report, which must not be nil, hears of each walk.
func (b *Book) Watch(ctx context.Context, every, look time.Duration, report func(Checked, error)) {
	tick, full := time.NewTicker(look), time.NewTicker(every)
	defer tick.Stop()
	defer full.Stop()
	walk := func() {
		if c, did, err := b.Recheck(ctx); (did || err != nil) && ctx.Err() == nil {
			report(c, err)
		}
	}
	walk()
	for {
		select {
		case <-ctx.Done():
			return
		case <-full.C:
			walk()
		case <-tick.C:
			asked, err := b.Asked(ctx)
			if err != nil && ctx.Err() == nil {
				report(Checked{}, errors.Join(errors.New("look for what is asked"), err))
			}
			if asked {
				walk()
			}
		}
	}
}
