package store

import (
	"context"
	"database/sql"
	"errors"
)

// kept are the statements that the writer of a SQLite file has run before, parsed: for one that changes a row, parsing takes
// longer than running. Only whoever holds the turn touches them.
type kept struct {
	conn  *sql.Conn
	known map[string]*keptStmt
	asked []*keptStmt // by this turn
}

// keptStmt is a statement with its rows while they are open: asked again meanwhile it would lose them.
type keptStmt struct {
	*sql.Stmt
	rows *sql.Rows
}

// done forgets the rows, which are closed.
func (st *keptStmt) done() { st.rows = nil }

// statement is a kept statement that is free to run; nil where the text is to be parsed for this once.
func (k *kept) statement(ctx context.Context, text string) (*keptStmt, error) {
	if st := k.known[text]; st != nil {
		if st.rows != nil {
			return nil, nil
		}
		return st, nil
	}
	if len(k.known) >= maxAsked {
		return nil, nil
	}
	st, err := k.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	k.known[text] = &keptStmt{Stmt: st}
	return k.known[text], nil
}

// exec runs a statement within the transaction that is open on the connection.
func (k *kept) exec(ctx context.Context, tx *sql.Tx, text string, args []any) (sql.Result, error) {
	st, err := k.statement(ctx, text)
	switch {
	case err != nil:
		return nil, err
	case st == nil:
		return tx.ExecContext(ctx, text, args...)
	}
	return st.ExecContext(ctx, args...)
}

// query asks within the transaction that is open on the connection; done is to be called once the rows are closed.
func (k *kept) query(ctx context.Context, tx *sql.Tx, text string, args []any) (rows *sql.Rows, done func(), err error) {
	st, err := k.statement(ctx, text)
	switch {
	case err != nil:
		return nil, nil, err
	case st == nil:
		rows, err = tx.QueryContext(ctx, text, args...)
		return rows, nil, err
	}
	if rows, err = st.QueryContext(ctx, args...); err != nil {
		return nil, nil, err
	}
	st.rows = rows
	k.asked = append(k.asked, st)
	return rows, st.done, nil
}

// close gives the statements back. Those of a connection that one goroutine holds are not the pool's to close, and SQLite keeps
// what a connection has read in memory for as long as a statement of it is left.
func (k *kept) close() error {
	var err error
	for _, st := range k.known {
		err = errors.Join(err, st.Close())
	}
	k.known = nil
	return err
}

// endTurn closes the rows that a write function has left open: they would hold the connection.
func (k *kept) endTurn() {
	for _, st := range k.asked {
		if st.rows != nil {
			_ = st.rows.Close() // whoever asked has gone
			st.rows = nil
		}
	}
	k.asked = k.asked[:0]
}
