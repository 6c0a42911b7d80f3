package access

import (
	"context"
	"fmt"
	"time"

	"github.com/yanzhen/yanzhen/internal/store"
)

// visitGap is how long nobody must have looked for the next look to be another visit.
const visitGap = 30 * time.Minute

const (
	readVisit   = `SELECT since, seq, at FROM visit WHERE account_id = $1`
	insertVisit = `INSERT INTO visit (account_id, since, seq, at) VALUES ($1, $2, $3, $4)`
	updateVisit = `UPDATE visit SET since = $1, seq = $2, at = $3 WHERE account_id = $4`
)

// Visit notes that an account looks at what is known up to a commit, and gives the commit up to which it had looked when
// it last came: what became known after that is new to it. To who comes for the first time nothing is new.
func (s *Store) Visit(ctx context.Context, account, seq int64) (since int64, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := s.now.Millis()
		rows, err := tx.Query(ctx, readVisit, account)
		if err != nil {
			return err
		}
		defer rows.Close()
		if !rows.Next() {
			if err := rows.Err(); err != nil {
				return err
			}
			since = seq
			_, err := tx.Exec(ctx, insertVisit, account, seq, seq, now)
			return err
		}
		var seen, at int64
		if err := rows.Scan(&since, &seen, &at); err != nil {
			return err
		}
		if err := rows.Close(); err != nil {
			return err
		}
		if now-at >= visitGap.Milliseconds() {
			since = seen
		}
		_, err = tx.Exec(ctx, updateVisit, since, max(seen, seq), now, account)
		return err
	})
	if store.IsUnique(err) {
		return s.Visit(ctx, account, seq) // two first looks at a time
	}
	if err != nil {
		return 0, fmt.Errorf("note visit: %w", err)
	}
	return since, nil
}
