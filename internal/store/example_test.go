package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/yanzhen/yanzhen/internal/store"
)

// A package embeds its schema, writes in a Commit, and remembers under which number.
func ExampleDB_Commit() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	migrations := store.Migrations{Package: "goose", FS: fstest.MapFS{"migrations/0001_goose.sql": {Data: []byte(
		"CREATE TABLE goose (id BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, seq BIGINT NOT NULL);\n",
	)}}}
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "geese.db"), []store.Migrations{migrations})
	if err != nil {
		panic(err)
	}
	defer db.Close()

	seq, err := db.Commit(ctx, func(ctx context.Context, tx *store.Tx, seq int64) error {
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO goose (id, name, seq) VALUES ($1, $2, $3)`, id, "头雁", seq)
		return err
	})
	if err != nil {
		panic(err)
	}
	var name string
	if err := db.Read().QueryRow(ctx, `SELECT name FROM goose WHERE seq = $1`, seq).Scan(&name); err != nil {
		panic(err)
	}
	fmt.Println(seq, name)
	// Output: 1 头雁
}
