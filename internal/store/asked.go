package store

import (
	"context"
	"database/sql"
	"sync"
)

// maxAsked is how many statements are kept. The product's own are fewer; what is beyond are texts that grow with their
// arguments, and those are parsed each time.
const maxAsked = 512

// asked keeps the statements that readers of a SQLite file have asked before, parsed: for a question that reads a few
// rows, parsing it takes longer than answering it.
type asked struct {
	pool  *sql.DB
	mu    sync.RWMutex
	known map[string]*sql.Stmt
}

// QueryContext is that of the pool.
func (a *asked) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	a.mu.RLock()
	st, full := a.known[query], len(a.known) >= maxAsked
	a.mu.RUnlock()
	switch {
	case st != nil:
	case full:
		return a.pool.QueryContext(ctx, query, args...)
	default:
		var err error
		if st, err = a.learn(ctx, query); err != nil {
			return nil, err
		}
	}
	return st.QueryContext(ctx, args...)
}

// learn parses a statement that was not asked before. Where two goroutines do so at once, the first one's is kept.
func (a *asked) learn(ctx context.Context, query string) (*sql.Stmt, error) {
	st, err := a.pool.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if first, ok := a.known[query]; ok {
		return first, st.Close()
	}
	a.known[query] = st
	return st, nil
}
