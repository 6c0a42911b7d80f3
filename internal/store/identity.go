package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
)

const (
	readIdentity   = `SELECT name FROM database_identity WHERE id = 1`
	insertIdentity = `INSERT INTO database_identity (id, name) VALUES (1, $1)`
)

// Identity is a name that no other database has, drawn when it is first asked for; a copy of the database keeps it. What
// is kept beside a database is bound to it by this name.
func (db *DB) Identity(ctx context.Context) (string, error) {
	var name string
	err := db.Read().QueryRow(ctx, readIdentity).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		err = db.Write(ctx, func(ctx context.Context, tx *Tx) error {
			err := tx.QueryRow(ctx, readIdentity).Scan(&name)
			if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			var drawn [16]byte
			_, _ = rand.Read(drawn[:]) // never fails
			name = hex.EncodeToString(drawn[:])
			_, err = tx.Exec(ctx, insertIdentity, name)
			return err
		})
	}
	if err != nil {
		return "", fmt.Errorf("read the database's identity: %w", err)
	}
	return name, nil
}
