package diagnosis

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Facing is what decides whether a third party evaluates a report.
type Facing struct {
	Lint     []Remark
	Reports  int    // that the institute has handed in of other firms
	Marks    []Mark // that it was given, the oldest first
	Fee      money.Fen
	Ceiling  money.Fen
	Reworked bool  // it was handed in before
	Draw     int64 // number that nobody could know before it was handed in; one of drawnOf is drawn by it
}

// Mark is what a third party gave a report.
type Mark struct {
	Handed    int64
	Case      int64
	Institute int64 // that wrote it
	Score     int64 // hundredths of a point
	Enough    bool
	At        int64
}

// What a report is drawn for, besides what the linter finds. They are ours.
const (
	firstReports = 2  // of an institute
	lastMarks    = 5  // that are looked at
	drawnOf      = 10 // one of so many without a reason of its own
	nearCeiling  = 95 // per cent of the ceiling of the lot
)

// Risks are the reasons for which a third party evaluates a report; none where it need not be.
func Risks(f Facing) []i18n.Msg {
	var all []i18n.Msg
	add := func(key string, args ...any) { all = append(all, i18n.M("diagnosis.risk_"+key, args...)) }
	if f.Reports < firstReports {
		add("first", firstReports)
	}
	if f.Reworked {
		add("reworked")
	}
	if slices.ContainsFunc(f.Marks[max(0, len(f.Marks)-lastMarks):], func(m Mark) bool { return !m.Enough }) {
		add("marks", lastMarks)
	}
	if slices.ContainsFunc(f.Lint, func(r Remark) bool { return r.Msg.Key == "diagnosis.lint_shared" }) {
		add("shared")
	}
	if f.Fee*100 >= f.Ceiling*nearCeiling {
		add("fee", nearCeiling)
	}
	if sum := sha256.Sum256(fmt.Append(nil, f.Draw)); int(sum[0])%drawnOf == 0 {
		add("drawn", drawnOf)
	}
	return all
}

const (
	markColumns = `handed, case_id, institute, score, enough, at`
	insertMark  = `INSERT INTO diagnosis_mark (` + markColumns + `) VALUES ($1, $2, $3, $4, $5, $6)`
	marksBy     = `SELECT ` + markColumns + ` FROM diagnosis_mark WHERE institute = $1 ORDER BY handed`
)

func scanMark(r *store.Rows) (m Mark, err error) {
	return m, r.Scan(&m.Handed, &m.Case, &m.Institute, &m.Score, (*bit)(&m.Enough), &m.At)
}

func marksOf(ctx context.Context, q store.Querier, institute int64) ([]Mark, error) {
	all, err := store.List(ctx, q, scanMark, marksBy, institute)
	if err != nil {
		return nil, fmt.Errorf("read marks of institute %d: %w", institute, err)
	}
	return all, nil
}

// marked keeps what a third party gave the report that was handed in last.
func (s *Store) marked(ctx context.Context, tx *store.Tx, at *casework.Moment) error {
	h, _, err := lastHanded(ctx, tx, at.Case().ID)
	if err != nil {
		return err
	}
	score, enough := at.Case().Data["score"], at.Case().Data["enough"]
	if score.Type() != rule.DecimalType || enough.Type() != rule.BoolType {
		return fmt.Errorf("case %d was evaluated without a score", at.Case().ID)
	}
	if _, err := tx.Exec(ctx, insertMark, h.ID, h.Case, h.Institute, score.Millionths()/10_000, bit(enough.Bool()), s.Clock.Millis()); err != nil {
		return fmt.Errorf("keep the mark of a report: %w", err)
	}
	audit.Note(tx, loggedMark, h.ID)
	return nil
}
