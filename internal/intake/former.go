package intake

import (
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// A file that comes back mended is a later state of one that went in: the same table of the same sender. What the former
// state made known and what still holds from there is not stated again, so that only changes are imported. In return a
// former state cannot be taken back before the later one that leans on it: what remains after an undo is what the files
// that remain state, as ever.

// former is what the former states of a file made known.
type former struct {
	batch   int64          // the latest of them; 0 when there is none
	sources map[int64]bool // of all of them
	view    fact.View
	firms   *firms
	columns map[cellKey]fact.Column
}

const (
	alikeBatches = `SELECT ` + batchColumns + ` FROM intake_batch WHERE area = $1 AND sender = $2 AND authority = $3 AND state = $4 AND id <> $5 ORDER BY id DESC LIMIT 20`
	laterState   = `SELECT name FROM intake_batch WHERE base = $1 AND state = $2 ORDER BY id`
	maxFormer    = 1000 // states of one file that are followed
)

// former finds the former states of a batch's file, as a reading of it stands to what is known.
func (s *Service) former(ctx context.Context, b *Batch, view fact.View, r *reading) (*former, error) {
	f := &former{sources: map[int64]bool{}, view: view, firms: r.firms, columns: map[cellKey]fact.Column{}}
	rows, err := s.db.Read().Query(ctx, alikeBatches, b.Area, b.Sender, b.Authority, string(Committed), b.ID)
	if err != nil {
		return nil, fmt.Errorf("former states of batch %d: %w", b.ID, err)
	}
	defer rows.Close()
	var base Batch
	for rows.Next() && base.ID == 0 {
		other, err := scanBatch(rows)
		if err != nil {
			return nil, fmt.Errorf("former states of batch %d: %w", b.ID, err)
		}
		if b.Plan.sameTables(other.Plan) {
			base = other
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("former states of batch %d: %w", b.ID, err)
	}
	f.batch = base.ID
	for range maxFormer {
		if base.ID == 0 {
			break
		}
		f.sources[base.Source] = true
		if base.Base == 0 {
			break
		}
		if base, err = scanBatch(s.db.Read().QueryRow(ctx, readBatch, base.Base)); err != nil {
			return nil, fmt.Errorf("former states of batch %d: %w", b.ID, err)
		}
	}
	return f, nil
}

// sameTables says that every table that is taken has the headers, the title and the period of one of the other plan's.
// Columns of remarks do not count: we add one ourselves.
func (p Plan) sameTables(other Plan) bool {
	taken := 0
	for _, s := range p.Sheets {
		if s.Skip {
			continue
		}
		taken++
		if !slices.ContainsFunc(other.Sheets, func(o SheetPlan) bool {
			return !o.Skip && o.Title == s.Title && o.Period == s.Period && slices.Equal(s.headers(), o.headers())
		}) {
			return false
		}
	}
	return taken > 0
}

func (p SheetPlan) headers() []string {
	var all []string
	for _, c := range p.Columns {
		if c.Target != roleRemark {
			all = append(all, c.Header)
		}
	}
	return all
}

// holds says that a former state of the file states the same of a subject, and that this is what holds.
func (f *former) holds(row fact.Row, s *stated) bool {
	key := cellKey{s.col.def, s.period}
	c, ok := f.columns[key]
	if !ok {
		c = f.view.Column(s.col.fact.Code, s.period)
		f.columns[key] = c
	}
	cell := row.At(c)
	return f.sources[cell.Source] && cell.State == s.said.State && cell.Value == s.said.Value && cell.Precision == s.precision
}

// strip leaves of an entry what no former state of the file holds.
func (f *former) strip(e *entry) {
	if f.batch == 0 || e.owner.id == 0 {
		return
	}
	rows := make([]*fact.Row, 1+len(e.things))
	find := func(i int, id int64) {
		if row, ok := f.view.Row(id); ok && id != 0 {
			rows[i] = &row
		}
	}
	find(0, e.owner.id)
	for i, x := range e.things {
		find(1+i, f.firms.child(x.kind, e.owner.id, x.key))
	}
	e.facts = slices.DeleteFunc(e.facts, func(s stated) bool {
		row := rows[1+s.about]
		return row != nil && f.holds(*row, &s)
	})
}

// leanedOn refuses (Conflict) to take a batch back while a later state of its file is in.
func leanedOn(ctx context.Context, tx *store.Tx, id int64) error {
	rows, err := tx.Query(ctx, laterState, id, string(Committed))
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		return errs.Conflict(i18n.M("intake.leaned_on", name))
	}
	return rows.Err()
}

// stillIn refuses (Conflict) to publish a batch that leans on one that is not in any more.
func stillIn(ctx context.Context, tx *store.Tx, id int64) error {
	if id == 0 {
		return nil
	}
	b, err := scanBatch(tx.QueryRow(ctx, readBatch, id))
	if err == nil && b.State != Committed {
		err = errs.Conflict(i18n.M("intake.known_moved"))
	}
	return err
}
