package intake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/retention"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Files is the kind of imported files in the register of data.
const Files = "import_file"

const (
	oldFiles    = `SELECT id, sha256, area, source_id, received_at FROM intake_batch WHERE erased_at = 0 AND state NOT IN ('reading', 'committing')`
	oldBefore   = ` AND received_at < $1 ORDER BY received_at, id`
	ofSource    = ` AND source_id = $1 ORDER BY id`
	eraseBatch  = `UPDATE intake_batch SET erased_at = $1, plan = $2, preview = $3, state = $4, failure = $5 WHERE id = $6 AND state = $7 AND erased_at = 0`
	keptFiles   = `SELECT COUNT(*) FROM intake_batch WHERE sha256 = $1 AND erased_at = 0`
	sourceFiles = `SELECT COUNT(*) FROM intake_batch WHERE source_id = $1 AND erased_at = 0`
)

// erasedFile says that a file was deleted.
func (b *Batch) erasedFile() error {
	if b.ErasedAt == 0 {
		return nil
	}
	return errs.Conflict(i18n.M("intake.erased"))
}

// importFiles is how imported files are deleted: the file itself, and what was kept of its cells in plan and preview.
type importFiles struct{ s *Service }

// Retention is the kind of imported files, for package retention.
func (s *Service) Retention() retention.Kind { return importFiles{s} }

func (importFiles) Name() string { return Files }

func (f importFiles) Due(ctx context.Context, ask retention.Ask) ([]retention.Item, error) {
	return f.items(ctx, oldFiles+oldBefore, ask.Before)
}

// From is the files of a source (retention.Origin).
func (f importFiles) From(ctx context.Context, source int64) ([]retention.Item, error) {
	return f.items(ctx, oldFiles+ofSource, source)
}

func (f importFiles) items(ctx context.Context, query string, args ...any) (all []retention.Item, err error) {
	rows, err := f.s.db.Read().Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("look for imported files: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		it := retention.Item{Kind: Files, Count: 1}
		if err := rows.Scan(&id, &it.SHA256, &it.Area, &it.Source, &it.Since); err != nil {
			return nil, err
		}
		it.Ref = strconv.FormatInt(id, 10)
		all = append(all, it)
	}
	return all, rows.Err()
}

func (f importFiles) Erase(ctx context.Context, tx *store.Tx, ask retention.Ask, it retention.Item) (int64, error) {
	id, err := strconv.ParseInt(it.Ref, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no import", it.Ref)
	}
	b, err := scanBatch(tx.QueryRow(ctx, readBatch, id))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("read batch %d: %w", id, err)
	case b.SHA256 != it.SHA256 || b.ErasedAt != 0:
		return 0, nil
	}
	from := b.State
	if b.State == Reading || b.State == Committing {
		return 0, errs.Conflict(i18n.M("intake.moved"))
	}
	if !b.over() {
		b.State, b.Failure = Failed, i18n.M("intake.erased")
	}
	b.Plan, b.Preview = b.Plan.bare(), b.Preview.bare()
	plan, preview, failure, err := b.texts()
	if err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, eraseBatch, ask.Now, plan, preview, string(b.State), failure, id, string(from))
	if err == nil && n == 0 {
		err = errs.Conflict(i18n.M("intake.moved"))
	}
	if err != nil {
		return 0, fmt.Errorf("erase the file of batch %d: %w", id, err)
	}
	return n, nil
}

// Clear takes the bytes away, unless another batch that is kept has the same.
func (f importFiles) Clear(ctx context.Context, it retention.Item) error {
	var n int
	if err := f.s.db.Read().QueryRow(ctx, keptFiles, it.SHA256).Scan(&n); err != nil || n > 0 {
		return err
	}
	return f.s.deps.Blobs.Remove(it.SHA256)
}

func (importFiles) Tables() []string { return []string{"intake_batch"} }

// bare is a plan without what was read in cells.
func (p Plan) bare() Plan {
	p.Sheets = slices.Clone(p.Sheets)
	for i := range p.Sheets {
		p.Sheets[i].Columns = slices.Clone(p.Sheets[i].Columns)
		for j := range p.Sheets[i].Columns {
			c := &p.Sheets[i].Columns[j]
			c.Sample, c.Mends, c.Doubts = "", nil, nil
		}
	}
	return p
}

// bare is a preview's counts alone.
func (p Preview) bare() Preview {
	p.Lines, p.Problems, p.Mended, p.Notes = []Line{}, []Problem{}, nil, nil
	p.Digest = "" // of few statements it would let them be guessed
	return p
}

// Rests keeps a value while the file that it was read from is kept, in which it still stands.
func (s *Service) Rests(ctx context.Context, q store.Querier, it retention.Item) (i18n.Msg, error) {
	if it.Kind != retention.Facts {
		return i18n.Msg{}, nil
	}
	var n int
	if err := q.QueryRow(ctx, sourceFiles, it.Source).Scan(&n); err != nil || n == 0 {
		return i18n.Msg{}, err
	}
	return i18n.M("retention.from_file"), nil
}
