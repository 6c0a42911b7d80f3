package storetest

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"io"

	_ "modernc.org/sqlite" // the driver
)

// bulk is a table that makes a database large: text that hardly repeats, with an index over a part of it.
var bulk = []string{
	`CREATE TABLE IF NOT EXISTS bulk (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL)`,
	`CREATE INDEX IF NOT EXISTS bulk_name ON bulk (name)`,
}

const (
	bulkRow    = 900 // bytes, about
	insertBulk = `INSERT INTO bulk (id, name, body) VALUES ($1, $2, $3)`
)

// Fill adds a table of about so many bytes to a SQLite file that nobody uses, for measurements of what depends on its size.
func Fill(ctx context.Context, file string, size int64, random io.Reader) (err error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, statement := range bulk {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	for n := int64(0); n*bulkRow < size; n += 20_000 {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := fillRows(ctx, tx, n, 20_000, random); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func fillRows(ctx context.Context, tx *sql.Tx, from, rows int64, random io.Reader) (err error) {
	insert, err := tx.PrepareContext(ctx, insertBulk)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	raw := make([]byte, bulkRow/2)
	for n := range rows {
		if _, err := io.ReadFull(random, raw); err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, from+n, "企业 "+hex.EncodeToString(raw[:8]), hex.EncodeToString(raw)); err != nil {
			return err
		}
	}
	return nil
}
