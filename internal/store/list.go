package store

import (
	"context"
	"fmt"
)

// List is the rows of a query, each as scan reads it, in their order. An error names the query, which is a constant; what is asked for stands in its
// arguments and is not told.
func List[T any](ctx context.Context, q Querier, scan func(*Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list by %q: %w", query, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list by %q: %w", query, err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list by %q: %w", query, err)
	}
	return all, nil
}
