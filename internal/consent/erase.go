package consent

import (
	"context"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/store"
)

const (
	countOld = `SELECT COUNT(*) FROM consent_reading WHERE at < $1`
	eraseOld = `DELETE FROM consent_reading WHERE at < $1`
)

// CountOld is how many readings are from before an instant (ms), but for those of parties that are kept.
func CountOld(ctx context.Context, q store.Querier, before int64, kept []int64) (n int64, err error) {
	but, args := butFor(kept, before)
	if err := q.QueryRow(ctx, countOld+but, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count old readings: %w", err)
	}
	return n, nil
}

// EraseOld deletes them: no leaf of the audit log is about a reading.
func EraseOld(ctx context.Context, tx *store.Tx, before int64, kept []int64) (int64, error) {
	but, args := butFor(kept, before)
	n, err := tx.Exec(ctx, eraseOld+but, args...)
	if err != nil {
		return 0, fmt.Errorf("erase old readings: %w", err)
	}
	return n, nil
}

// butFor is the condition that leaves out readings of some parties, and those of very many where anybody is kept, since they may be
// among them; args begin with the instant.
func butFor(kept []int64, before int64) (string, []any) {
	if len(kept) == 0 {
		return "", []any{before}
	}
	in, args := placeholders(append([]int64{before, 0}, kept...))
	return ` AND party_id NOT IN (` + in[len("$1, "):] + `)`, args
}

// ErasedTables are the tables in which EraseOld leaves room.
var ErasedTables = []string{"consent_reading"}
