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
	base, err := s.formerBatch(ctx, b)
	if err != nil {
		return nil, err
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

// formerBatch is the latest committed batch of the same tables of the same sender; the zero Batch when there is none.
func (s *Service) formerBatch(ctx context.Context, b *Batch) (Batch, error) {
	rows, err := s.db.Read().Query(ctx, alikeBatches, b.Area, b.Sender, b.Authority, string(Committed), b.ID)
	if err != nil {
		return Batch{}, fmt.Errorf("former states of %q: %w", b.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		other, err := scanBatch(rows)
		if err != nil {
			return Batch{}, fmt.Errorf("former states of %q: %w", b.Name, err)
		}
		if b.Plan.sameTables(other.Plan) {
			return other, nil
		}
	}
	if err := rows.Err(); err != nil {
		return Batch{}, fmt.Errorf("former states of %q: %w", b.Name, err)
	}
	return Batch{}, nil
}

// answeredAs is a first plan with what was answered for a former state of the same file. That goes before what is
// remembered for a label: another file of the sender's may have meant otherwise by it.
func (p Plan) answeredAs(other Plan) Plan {
	for i := range p.Sheets {
		s := &p.Sheets[i]
		at := slices.IndexFunc(other.Sheets, s.sameTable)
		if s.Skip || at < 0 {
			continue
		}
		o := other.Sheets[at]
		s.Doubles, s.Identifier, s.TakeUnsound, s.TakeHidden, s.AmountsAreFit = o.Doubles, o.Identifier, o.TakeUnsound, o.TakeHidden, o.AmountsAreFit
		was := o.tableColumns()
		for k, j := range s.tableColumns() {
			c, a := &s.Columns[j], o.Columns[was[k]]
			c.Target, c.Unit, c.Rate, c.Days, c.Period = a.Target, a.Unit, a.Rate, a.Days, a.Period
			if a.From != Guessed {
				c.From = Remembered
			}
			c.Mends = slices.Clone(a.Mends)
			for n := range c.Mends {
				c.Mends[n].From = Remembered
			}
		}
	}
	return p
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
		if !slices.ContainsFunc(other.Sheets, s.sameTable) {
			return false
		}
	}
	return taken > 0
}

// sameTable says that two sheets hold the same table, by what stands above its rows.
func (p SheetPlan) sameTable(o SheetPlan) bool {
	mine, theirs := p.tableColumns(), o.tableColumns()
	return !o.Skip && o.Title == p.Title && o.Period == p.Period && o.Area == p.Area &&
		slices.EqualFunc(mine, theirs, func(i, j int) bool { return p.Columns[i].Header == o.Columns[j].Header })
}

// tableColumns is the indexes of the columns without those of remarks.
func (p SheetPlan) tableColumns() []int {
	var all []int
	for i, c := range p.Columns {
		if c.Target != roleRemark {
			all = append(all, i)
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
	cell := row.At(c).AsStated()
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
