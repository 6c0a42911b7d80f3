package fact

import (
	"context"
	"fmt"
	"sync"

	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// columnKey is what a column of the frame is about.
type columnKey struct {
	def    string
	period period.Period
}

// columnKeys is the table fact_column in memory. A row, once committed, never changes, so what is held stays right.
type columnKeys struct {
	mu   sync.Mutex
	ids  map[columnKey]int64
	keys map[int64]columnKey
}

// ensure gives the column id of each statement, adding the columns that do not exist yet in a transaction of its own.
func (c *columnKeys) ensure(ctx context.Context, db *store.DB, statements []Statement) ([]int64, error) {
	ids, missing := c.lookup(statements)
	if len(missing) == 0 {
		return ids, nil
	}
	if err := c.load(ctx, db); err != nil {
		return nil, err
	}
	if ids, missing = c.lookup(statements); len(missing) == 0 {
		return ids, nil
	}
	err := db.Write(ctx, func(ctx context.Context, tx *store.Tx) error { return addColumns(ctx, tx, missing) })
	if err != nil {
		return nil, err
	}
	if err := c.load(ctx, db); err != nil {
		return nil, err
	}
	if ids, missing = c.lookup(statements); len(missing) > 0 {
		return nil, fmt.Errorf("fact columns %v are not there after adding them", missing)
	}
	return ids, nil
}

// ensureIn is ensure within a transaction. What it adds is not held, since the transaction may be rolled back.
func (c *columnKeys) ensureIn(ctx context.Context, tx *store.Tx, statements []Statement) ([]int64, error) {
	ids, missing := c.lookup(statements)
	if len(missing) == 0 {
		return ids, nil
	}
	if err := addColumns(ctx, tx, missing); err != nil {
		return nil, err
	}
	for i, f := range statements {
		if ids[i] != 0 {
			continue
		}
		if err := tx.QueryRow(ctx, oneColumn, f.Def, f.Period.String()).Scan(&ids[i]); err != nil {
			return nil, fmt.Errorf("find fact column: %w", err)
		}
	}
	return ids, nil
}

func (c *columnKeys) lookup(statements []Statement) (ids []int64, missing []columnKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids = make([]int64, len(statements))
	seen := map[columnKey]bool{}
	for i := range statements {
		key := columnKey{statements[i].Def, statements[i].Period}
		id, ok := c.ids[key]
		if !ok && !seen[key] {
			seen[key] = true
			missing = append(missing, key)
		}
		ids[i] = id
	}
	return ids, missing
}

const (
	oneColumn    = `SELECT id FROM fact_column WHERE def = $1 AND period = $2`
	insertColumn = `INSERT INTO fact_column (id, def, period) VALUES ($1, $2, $3)`
	allColumns   = `SELECT id, def, period FROM fact_column ORDER BY id`
)

// addColumns looks first and inserts what is missing. When another process inserts the same at the same moment, the
// unique index fails one of the two and the store runs it again, to find the row there.
func addColumns(ctx context.Context, tx *store.Tx, keys []columnKey) error {
	for _, key := range keys {
		there, err := columnThere(ctx, tx, key)
		if err != nil {
			return fmt.Errorf("find fact column: %w", err)
		}
		if there {
			continue
		}
		id, err := tx.NextIDs(ctx, 1)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertColumn, id, key.def, key.period.String()); err != nil {
			return fmt.Errorf("add fact column: %w", err)
		}
	}
	return nil
}

func columnThere(ctx context.Context, tx *store.Tx, key columnKey) (bool, error) {
	rows, err := tx.Query(ctx, oneColumn, key.def, key.period.String())
	if err != nil {
		return false, err
	}
	defer rows.Close()
	there := rows.Next()
	return there, rows.Err()
}

func (c *columnKeys) load(ctx context.Context, db *store.DB) error {
	rows, err := db.Read().Query(ctx, allColumns)
	if err != nil {
		return fmt.Errorf("read fact columns: %w", err)
	}
	defer rows.Close()
	ids, keys := map[columnKey]int64{}, map[int64]columnKey{}
	for rows.Next() {
		var (
			id       int64
			key      columnKey
			textForm string
		)
		if err := rows.Scan(&id, &key.def, &textForm); err != nil {
			return fmt.Errorf("read fact columns: %w", err)
		}
		if key.period, err = period.Parse(textForm); err != nil {
			return fmt.Errorf("read fact column %d: %w", id, err)
		}
		ids[key], keys[id] = id, key
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read fact columns: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(ids) >= len(c.ids) { // a load that began earlier may end later
		c.ids, c.keys = ids, keys
	}
	return nil
}

// key is what a column id stands for. A column that another process added is read from the database.
func (c *columnKeys) key(ctx context.Context, db *store.DB, id int64) (columnKey, error) {
	c.mu.Lock()
	key, ok := c.keys[id]
	c.mu.Unlock()
	if ok {
		return key, nil
	}
	if err := c.load(ctx, db); err != nil {
		return columnKey{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if key, ok = c.keys[id]; !ok {
		return columnKey{}, fmt.Errorf("fact column %d does not exist", id)
	}
	return key, nil
}
