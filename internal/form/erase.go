package form

import (
	"context"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/store"
)

const (
	countOld = `SELECT COUNT(*) FROM form_draft WHERE saved_at < $1`
	eraseOld = `DELETE FROM form_draft WHERE saved_at < $1`
)

// CountOld is how many drafts nobody has saved since an instant (ms).
func CountOld(ctx context.Context, q store.Querier, before int64) (n int64, err error) {
	if err := q.QueryRow(ctx, countOld, before).Scan(&n); err != nil {
		return 0, fmt.Errorf("count old drafts: %w", err)
	}
	return n, nil
}

// EraseOld deletes them.
func EraseOld(ctx context.Context, tx *store.Tx, before int64) (int64, error) {
	n, err := tx.Exec(ctx, eraseOld, before)
	if err != nil {
		return 0, fmt.Errorf("erase old drafts: %w", err)
	}
	return n, nil
}

// ErasedTables are the tables in which EraseOld leaves room.
var ErasedTables = []string{"form_draft"}
