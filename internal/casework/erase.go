package casework

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/store"
)

// EndedFile is a file of a case that is over.
type EndedFile struct {
	Evidence
	Enterprise int64  // that the case is about; 0 for none
	Area       string // of the case
	Ended      int64  // ms: when the case was over
}

const (
	endedFiles = `SELECT ` + evidenceColumns + `, c.enterprise, c.area, c.since FROM case_evidence f JOIN case_head c ON c.id = f.case_id
	WHERE c.ended <> '' AND c.since < $1 AND f.erased_at = 0 ORDER BY c.since, f.id`
	eraseFile   = `UPDATE case_evidence SET erased_at = $1 WHERE id = $2 AND sha256 = $3 AND erased_at = 0`
	keptBytes   = `SELECT COUNT(*) FROM case_evidence WHERE sha256 = $1 AND erased_at = 0`
	frozenFile  = `SELECT COUNT(*) FROM case_frozen_file WHERE file_id = $1`
	frozenFrom  = `SELECT COALESCE(MIN(case_id), 0) FROM case_frozen_fact WHERE source = $1`
	frozenValue = frozenFrom + ` AND def = $2`
)

// EndedFiles is the files of cases that were over before an instant (ms), the oldest first, whose bytes are kept.
func EndedFiles(ctx context.Context, q store.Querier, before int64) ([]EndedFile, error) {
	all, err := store.List(ctx, q, func(r *store.Rows) (f EndedFile, err error) {
		f.Evidence, err = scanFile(scanner(func(dest ...any) error { return r.Scan(append(dest, &f.Enterprise, &f.Area, &f.Ended)...) }))
		return f, err
	}, endedFiles, before)
	if err != nil {
		return nil, fmt.Errorf("look for files of cases that are over: %w", err)
	}
	return all, nil
}

// endedCases is how many cases EndedOf asks for at once.
const endedCases = 500

const endedBefore = `SELECT c.id, c.enterprise, c.area, c.since FROM case_head c WHERE c.ended <> '' AND c.since < $1 AND c.id IN (`

// EndedOf is those of some cases that were over before an instant (ms), the oldest first: their id, enterprise, area, and since when.
func EndedOf(ctx context.Context, q store.Querier, ids []int64, before int64) ([]Case, error) {
	var all []Case
	for some := range slices.Chunk(ids, endedCases) {
		args, marks := []any{before}, make([]string, len(some))
		for i, id := range some {
			args = append(args, id)
			marks[i] = "$" + strconv.Itoa(len(args))
		}
		part, err := store.List(ctx, q, func(r *store.Rows) (c Case, err error) {
			return c, r.Scan(&c.ID, &c.Enterprise, &c.Area, &c.Since)
		}, endedBefore+strings.Join(marks, ", ")+") ORDER BY c.id", args...)
		if err != nil {
			return nil, fmt.Errorf("look for cases that are over: %w", err)
		}
		all = append(all, part...)
	}
	slices.SortStableFunc(all, func(a, b Case) int { return cmp.Compare(a.Since, b.Since) })
	return all, nil
}

type scanner func(dest ...any) error

func (s scanner) Scan(dest ...any) error { return s(dest...) }

// EraseFile notes that the bytes of a file are to go, which DropBytes takes away once that is committed; gone is false where it is no
// file with that hash, or was noted before. What the audit log knows of the file stays.
func EraseFile(ctx context.Context, tx *store.Tx, file int64, sha string, at int64) (gone bool, err error) {
	n, err := tx.Exec(ctx, eraseFile, at, file, sha)
	if err != nil {
		return false, fmt.Errorf("erase file %d: %w", file, err)
	}
	return n > 0, nil
}

// DropBytes takes the bytes of erased files away, unless another file that is kept has the same.
func (s *Store) DropBytes(ctx context.Context, sha string) error {
	var n int
	if err := s.DB.Read().QueryRow(ctx, keptBytes, sha).Scan(&n); err != nil || n > 0 {
		return err
	}
	return s.Blobs.Remove(sha)
}

// FrozenFile says whether an approval stands on a file.
func FrozenFile(ctx context.Context, q store.Querier, file int64) (bool, error) {
	var n int
	err := q.QueryRow(ctx, frozenFile, file).Scan(&n)
	return n > 0, err
}

// FrozenFrom is a case in which an approval stands on what a source states of anything, or of a definition, where one is named, of whatever
// subject: which one a statement counted for when it was frozen, merges since may have changed; 0 where there is none.
func FrozenFrom(ctx context.Context, q store.Querier, source int64, def string) (id int64, err error) {
	query, args := frozenFrom, []any{source}
	if def != "" {
		query, args = frozenValue, append(args, def)
	}
	err = q.QueryRow(ctx, query, args...).Scan(&id)
	return id, err
}
