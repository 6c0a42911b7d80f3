package notice

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/store"
)

const (
	oldMessages   = ` FROM notice WHERE at < $1 AND handed_at > 0 AND title <> ''`
	oldDeliveries = ` FROM delivery WHERE at < $1 AND state IN ('sent', 'failed') AND text <> ''`
	eraseMessages = `UPDATE notice SET title = '', body = '', link = '' WHERE id IN (SELECT id` + oldMessages
	eraseSent     = `UPDATE delivery SET address = '', subject = '', text = '' WHERE id IN (SELECT id` + oldDeliveries
	eraseWaiting  = `DELETE FROM notice_digest WHERE notice_id IN (SELECT id FROM notice WHERE title = '')`
)

// CountOld is how many messages and deliveries from before an instant (ms) have their text still, but for those to parties that are kept.
// What is still to be sent is not old.
func CountOld(ctx context.Context, q store.Querier, before int64, kept []int64) (n int64, err error) {
	but, sentBut, args := butFor(kept, before)
	var sent int64
	if err := q.QueryRow(ctx, `SELECT COUNT(*)`+oldMessages+but, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count old messages: %w", err)
	}
	if err := q.QueryRow(ctx, `SELECT COUNT(*)`+oldDeliveries+sentBut, args...).Scan(&sent); err != nil {
		return 0, fmt.Errorf("count old deliveries: %w", err)
	}
	return n + sent, nil
}

// EraseOld takes their text and addresses. The rows stay, so that nothing is told twice; no inbox shows them.
func EraseOld(ctx context.Context, tx *store.Tx, before int64, kept []int64) (int64, error) {
	but, sentBut, args := butFor(kept, before)
	sent, err := tx.Exec(ctx, eraseSent+sentBut+`)`, args...) // first: which they are is told by the messages
	if err != nil {
		return 0, fmt.Errorf("erase old deliveries: %w", err)
	}
	n, err := tx.Exec(ctx, eraseMessages+but+`)`, args...)
	if err != nil {
		return 0, fmt.Errorf("erase old messages: %w", err)
	}
	if _, err := tx.Exec(ctx, eraseWaiting); err != nil {
		return 0, fmt.Errorf("erase old messages: %w", err)
	}
	return n + sent, nil
}

// butFor is the conditions that leave out messages to some parties and the deliveries of these; args begin with the instant.
func butFor(kept []int64, before int64) (messages, deliveries string, args []any) {
	args = []any{before}
	if len(kept) == 0 {
		return "", "", args
	}
	marks := make([]string, len(kept))
	for i, id := range kept {
		args = append(args, id)
		marks[i] = "$" + strconv.Itoa(len(args))
	}
	in := ` IN (` + strings.Join(marks, ", ") + `)`
	return ` AND to_party NOT` + in, ` AND id NOT IN (SELECT d.delivery_id FROM delivery_notice d JOIN notice n ON n.id = d.notice_id WHERE n.to_party` + in + `)`, args
}

// ErasedTables are the tables in which EraseOld leaves room.
var ErasedTables = []string{"notice", "delivery"}
