package ledger

import (
	"context"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/store"
)

const (
	promisedTo  = `SELECT COUNT(*) FROM ledger_commitment WHERE case_id = $1`
	claimedFrom = `SELECT COUNT(*) FROM ledger_claim WHERE source_id = $1`
)

// PromisedIn says whether money was ever promised in a case: what shows it is kept with the accounts.
func PromisedIn(ctx context.Context, q store.Querier, caseID string) (bool, error) {
	return some(ctx, q, promisedTo, caseID)
}

// ClaimedFrom says whether a claim on money was read from a source: what was granted elsewhere or before.
func ClaimedFrom(ctx context.Context, q store.Querier, source int64) (bool, error) {
	return some(ctx, q, claimedFrom, source)
}

func some(ctx context.Context, q store.Querier, count string, of any) (bool, error) {
	var n int
	if err := q.QueryRow(ctx, count, of).Scan(&n); err != nil {
		return false, fmt.Errorf("look for money that stands on %v: %w", of, err)
	}
	return n > 0, nil
}
