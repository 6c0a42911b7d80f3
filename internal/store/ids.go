package store

import (
	"context"
	"database/sql"
	"sync"
)

// idBlock hands out ids. On SQLite they are counted in the transaction that asks. On PostgreSQL that would make
// every writer wait for the one before it, so a process takes a block at a time, on a connection of its own: were it
// one of the pool, transactions that hold all of them and each want an id would wait for each other.
type idBlock struct {
	pool *sql.DB // nil on SQLite

	mu        sync.Mutex
	next, end int64
}

const (
	blockSize = 1024
	takeIDs   = `UPDATE id_block SET next_id = next_id + $1 WHERE id = 1`
	readIDs   = `SELECT next_id FROM id_block WHERE id = 1`
	takeBlock = `UPDATE id_block SET next_id = next_id + $1 WHERE id = 1 RETURNING next_id`
)

func (b *idBlock) take(ctx context.Context, tx *Tx, n int64) (int64, error) {
	if b.pool == nil {
		if _, err := tx.Exec(ctx, takeIDs, n); err != nil {
			return 0, err
		}
		var next int64
		if err := tx.QueryRow(ctx, readIDs).Scan(&next); err != nil {
			return 0, err
		}
		return next - n, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end-b.next < n {
		size := max(n, blockSize)
		var next int64
		if err := b.pool.QueryRowContext(ctx, takeBlock, size).Scan(&next); err != nil {
			return 0, err
		}
		b.next, b.end = next-size, next
	}
	first := b.next
	b.next += n
	return first, nil
}
