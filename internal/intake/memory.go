package intake

import (
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/sheet"
	"github.com/yanzhen/yanzhen/internal/store"
)

// memory is what a sender decided for earlier files.
type memory struct {
	columns map[string]remembered // by memoryKey of the label
	mends   map[string][]Mend     // by target
}

// remembered is what a sender decided for a label.
type remembered struct {
	target, unit string
	rate         sheet.RateScale
	days         sheet.DayOrder
}

// into takes the decision over for a column.
func (r remembered) into(c *ColumnPlan) {
	c.Target, c.From = r.target, Remembered
	if r.unit != "" {
		c.Unit = r.unit
	}
	if r.rate != sheet.RateUnknown {
		c.Rate = r.rate
	}
	if r.days != sheet.DayOrderUnknown {
		c.Days = r.days
	}
}

// identifierLabel is under which it is remembered what a row goes by: no label of a column folds to it.
const identifierLabel = ":identifier"

func (m memory) identifier() Identifier { return Identifier(m.columns[identifierLabel].target) }

const (
	readMemory   = `SELECT label, target, unit, rate, days FROM intake_memory WHERE sender = $1`
	updateMemory = `UPDATE intake_memory SET target = $1, unit = $2, rate = $3, days = $4 WHERE sender = $5 AND label = $6`
	insertMemory = `INSERT INTO intake_memory (sender, label, target, unit, rate, days) VALUES ($5, $6, $1, $2, $3, $4)`
	readMends    = `SELECT target, word, act, reads, firm FROM intake_mend WHERE sender = $1 ORDER BY target, word`
	updateMend   = `UPDATE intake_mend SET act = $1, reads = $2, firm = $3 WHERE sender = $4 AND target = $5 AND word = $6`
	insertMend   = `INSERT INTO intake_mend (sender, target, word, act, reads, firm) VALUES ($4, $5, $6, $1, $2, $3)`
	deleteMend   = `DELETE FROM intake_mend WHERE sender = $1 AND target = $2 AND word = $3`
)

// rates is the words under which scales are kept.
var rates = map[sheet.RateScale]string{sheet.RateUnknown: "", sheet.RateFraction: "fraction", sheet.RatePercent: "percent"}

func rateNamed(word string) sheet.RateScale {
	for scale, w := range rates {
		if w == word {
			return scale
		}
	}
	return sheet.RateUnknown
}

func (s *Service) recall(ctx context.Context, sender string) (memory, error) {
	m := memory{columns: map[string]remembered{}, mends: map[string][]Mend{}}
	err := s.each(ctx, func(scan func(...any) error) error {
		var label, rate string
		var r remembered
		if err := scan(&label, &r.target, &r.unit, &rate, &r.days); err != nil {
			return err
		}
		r.rate = rateNamed(rate)
		m.columns[label] = r
		return nil
	}, readMemory, sender)
	if err != nil {
		return memory{}, fmt.Errorf("recall columns of %q: %w", sender, err)
	}
	err = s.each(ctx, func(scan func(...any) error) error {
		var target string
		d := Mend{From: Remembered}
		if err := scan(&target, &d.Text, &d.Do, &d.As, &d.Firm); err != nil {
			return err
		}
		if len(m.mends[target]) < maxMends {
			m.mends[target] = append(m.mends[target], d)
		}
		return nil
	}, readMends, sender)
	if err != nil {
		return memory{}, fmt.Errorf("recall mends of %q: %w", sender, err)
	}
	return m, nil
}

// recallMends gives the columns of a plan that now hold something else what the sender said about its texts before. What
// was said about texts of another kind does not go along.
func (s *Service) recallMends(ctx context.Context, sender string, was, now Plan) error {
	var mem *memory
	for i, sh := range now.Sheets {
		for j := range sh.Columns {
			c := &sh.Columns[j]
			if c.Target == was.Sheets[i].Columns[j].Target {
				continue
			}
			if mem == nil {
				m, err := s.recall(ctx, sender)
				if err != nil {
					return err
				}
				mem = &m
			}
			said := slices.DeleteFunc(slices.Clone(c.Mends), func(m Mend) bool { return m.From != Chosen })
			c.Mends = nil
			for _, m := range mem.mends[c.Target] {
				if !slices.ContainsFunc(said, func(other Mend) bool { return other.Text == m.Text }) {
					c.Mends = append(c.Mends, m)
				}
			}
			c.Mends = append(c.Mends, said...)
		}
	}
	return nil
}

// each hands every row of a query on.
func (s *Service) each(ctx context.Context, row func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := s.db.Read().Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// remember keeps what the sender chose, for the next file with the same labels and the same texts, and forgets what the
// sender took back of the plan before. What the product guessed is not kept: it would be guessed again, perhaps better.
func (s *Service) remember(ctx context.Context, sender string, was, now Plan) error {
	err := s.db.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		for i, sh := range now.Sheets {
			if sh.Skip {
				continue
			}
			if sh.Identifier != was.Sheets[i].Identifier {
				if err := keep(ctx, tx, updateMemory, insertMemory, string(sh.Identifier), "", "", "", sender, identifierLabel); err != nil {
					return err
				}
			}
			for j, c := range sh.Columns {
				if err := s.rememberColumn(ctx, tx, sender, was.Sheets[i].Columns[j], c); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember columns of %q: %w", sender, err)
	}
	return nil
}

// rememberColumn keeps the sender's choices about a column. What a text of people is read as is not among them: it would outlast what is
// deleted of them.
func (s *Service) rememberColumn(ctx context.Context, tx *store.Tx, sender string, was, now ColumnPlan) error {
	if now.From == Chosen && memoryKey(now.Label) != "" {
		err := keep(ctx, tx, updateMemory, insertMemory, now.Target, now.Unit, rates[now.Rate], string(now.Days), sender, memoryKey(now.Label))
		if err != nil {
			return err
		}
	}
	if now.Target == "" {
		return nil
	}
	def, _ := s.deps.Library.FactDef(now.Target)
	for _, m := range now.Mends {
		if m.From != Chosen || m.Do == ReadAs && def.Sensitivity == "personal" {
			continue
		}
		if err := keep(ctx, tx, updateMend, insertMend, string(m.Do), m.As, m.Firm, sender, now.Target, m.Text); err != nil {
			return err
		}
	}
	if was.Target != now.Target {
		return nil
	}
	for _, m := range was.Mends {
		if slices.ContainsFunc(now.Mends, func(other Mend) bool { return other.Text == m.Text }) {
			continue
		}
		if _, err := tx.Exec(ctx, deleteMend, sender, now.Target, m.Text); err != nil {
			return err
		}
	}
	return nil
}

// keep updates a row, or inserts it where there is none. Both statements take the same arguments.
func keep(ctx context.Context, tx *store.Tx, update, insert string, args ...any) error {
	n, err := tx.Exec(ctx, update, args...)
	if err == nil && n == 0 {
		_, err = tx.Exec(ctx, insert, args...)
	}
	return err
}

// memoryKey is a label as it is remembered: folded, and cut where a column of the table ends.
func memoryKey(label string) string {
	key := []rune(content.Fold(label))
	return string(key[:min(len(key), 400)])
}
