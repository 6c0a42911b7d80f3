package fact

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Erasable is a statement with a value that may be erased, without the value.
type Erasable struct {
	Source, N int64
	Subject   int64 // as it was stated
	Def       string
	Period    period.Period
	Owner     int64  // the enterprise that it is about, after merges
	Area      string // where that lies
	Since     int64  // ms: from when its term counts; when it became known, for one that holds
	Effective bool
}

// Due is the statements whose term (content.FactDef.Keep) is over at an instant, in the order of their sources. One that holds is never
// among them, unless its term counts from when it became known. It reads every statement of the definitions that have a term.
func (v View) Due(ctx context.Context, now int64) ([]Erasable, error) {
	var defs []string
	for _, d := range v.snap.lib.FactDefs() {
		if d.Keep.After != content.Never {
			defs = append(defs, d.Code)
		}
	}
	all, err := v.erasable(ctx, defs)
	if err != nil {
		return nil, fmt.Errorf("look for statements whose term is over: %w", err)
	}
	var due []Erasable
	for _, e := range all {
		def, _ := v.snap.lib.FactDef(e.Def)
		if (!e.Effective || def.Keep.After == content.Recorded) && After(e.Since, def.Keep.Years) <= now {
			due = append(due, e)
		}
	}
	return due, nil
}

// After is the instant some years after another, in ms.
func After(at int64, years int) int64 {
	return time.UnixMilli(at).In(clock.Beijing).AddDate(years, 0, 0).UnixMilli()
}

// Erasables is what was ever stated of definitions of an enterprise and of what belongs to it, whatever its term.
func (v View) Erasables(ctx context.Context, firm int64, defs []string) ([]Erasable, error) {
	row, ok := v.Row(firm)
	if !ok {
		return nil, nil
	}
	all, err := v.erasable(ctx, defs)
	if err != nil {
		return nil, fmt.Errorf("look for what is stated of enterprise %d: %w", firm, err)
	}
	var own []Erasable
	for _, e := range all {
		if e.Owner == row.owner {
			own = append(own, e)
		}
	}
	return own, nil
}

// known is when a source became known and was taken back, ms; 0 where it was not.
type known struct{ at, retracted int64 }

// erasable is every statement of some definitions that has a value still.
func (v View) erasable(ctx context.Context, defs []string) ([]Erasable, error) {
	if v.snap == nil || v.snap.seq == 0 || len(defs) == 0 {
		return nil, nil
	}
	facts := v.frames.facts
	log, err := facts.sources.Log(ctx, 0, v.snap.seq)
	if err != nil {
		return nil, err
	}
	when, joined := map[int64]known{}, map[int64]int64{} // joined: when something last began to count for a subject, ms
	for _, e := range log {
		k := when[e.Source]
		switch e.Kind {
		case source.Publish:
			k.at = e.At
		case source.Retract:
			k.retracted = e.At
		case source.Merge:
			root := v.snap.root(e.Into)
			joined[root] = max(joined[root], e.At)
			continue
		default:
			continue
		}
		when[e.Source] = k
	}
	codes := make([]any, len(defs))
	for i, d := range defs {
		codes[i] = d
	}
	all, err := facts.statements(ctx, `column_id IN (SELECT id FROM fact_column WHERE def IN (`+placeholders(len(defs))+`)) ORDER BY source_id, n`, codes...)
	if err != nil {
		return nil, err
	}
	best, about := map[lineKey]claim{}, map[lineKey]int64{} // what holds, and the subject that it was stated of
	for _, f := range all {
		if c, live := v.claimOf(f); live {
			line := lineKey{v.snap.root(f.Subject), columnKey{f.Def, f.Period}}
			if b, ok := best[line]; !ok || c.beats(b) {
				best[line], about[line] = c, f.Subject
			}
		}
	}
	var out []Erasable
	for _, f := range all {
		k := when[f.Source]
		area, owner, ok := v.home(f.Subject)
		if f.State != Present || k.at == 0 || !ok {
			continue // nothing is said, or nobody knows of it yet
		}
		e := Erasable{Source: f.Source, N: f.N, Subject: f.Subject, Def: f.Def, Period: f.Period, Owner: owner, Area: area, Since: k.at}
		line := lineKey{v.snap.root(f.Subject), columnKey{f.Def, f.Period}}
		winner, held := best[line]
		c, live := v.claimOf(f)
		switch def, _ := v.snap.lib.FactDef(f.Def); {
		case live && c == winner:
			e.Effective = true
		case def.Keep.After == content.Recorded:
		case k.retracted != 0:
			e.Since = k.retracted
		case held:
			if e.Since = max(k.at, when[winner.source].at); about[line] != f.Subject {
				e.Since = max(e.Since, joined[line.subject]) // until the two became one it held
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// claimOf is by what a statement competes; live is false for one whose source is not known or was taken back.
func (v View) claimOf(f Statement) (c claim, live bool) {
	at, live := v.snap.saidAt[f.Source]
	if !live {
		return claim{}, false
	}
	def, _ := v.snap.lib.FactDef(f.Def)
	s := v.snap.said[at]
	return claim{rank: v.snap.lib.Rank(def, s.authority), seq: s.seq, source: f.Source, n: f.N}, true
}

const (
	eraseFact = `UPDATE fact SET state = $1, status = $2, precise = 0, num = 0, text = '', shown = '' WHERE source_id = $3 AND n = $4 AND status <> $2 AND subject_id = $5
	AND column_id IN (SELECT id FROM fact_column WHERE def = $6)`
	eraseDispute = `UPDATE dispute SET text = '' WHERE source_id = $1 AND n = $2`
	eraseClosing = `UPDATE dispute_closing SET note = '' WHERE dispute_id IN (SELECT id FROM dispute WHERE source_id = $1 AND n = $2)`
	// Of answers: those to a report that is erased, and those that keep the value as what held beside another report.
	eraseAnswers = `UPDATE report_answer SET held_num = 0, held_text = '', note = '' WHERE source_id = $1 OR source_id IN (SELECT r.source_id FROM fact r JOIN fact f ON r.column_id = f.column_id
	WHERE f.source_id = $1 AND f.n = $2 AND report_answer.held_num = f.num AND report_answer.held_text = f.text
	AND (r.subject_id = f.subject_id OR r.subject_id IN (SELECT into_subject FROM commit_log WHERE kind = 'merge' AND from_subject = f.subject_id)))`
	standsThere = `SELECT COUNT(*) FROM fact WHERE source_id = $1 AND n = $2 AND status <> $3 AND subject_id = $4 AND column_id IN (SELECT id FROM fact_column WHERE def = $5)`
	openDispute = `SELECT COUNT(*) FROM dispute d LEFT JOIN dispute_closing c ON c.dispute_id = d.id WHERE d.source_id = $1 AND d.n = $2 AND c.dispute_id IS NULL`
)

// Erase takes the value out of a statement about a subject's definition, with what was said about it in disputes and answers and what would
// let it be guessed (source.Forget); gone is false where that was done before, or where the statement is about something else.
// It is the one change of a statement that there is (docs/decisions/0030-erased-in-place.md): in a transaction of source.Store.Commit with
// an entry source.Erase, so that every frame builds itself anew.
func (s *Store) Erase(ctx context.Context, tx *store.Tx, src, n, subject int64, def string) (gone bool, err error) {
	var there int
	if err := tx.QueryRow(ctx, standsThere, src, n, int64(Erased), subject, def).Scan(&there); err != nil || there == 0 {
		return false, err
	}
	// Answers first: which they are is told by the value.
	for _, statement := range []string{eraseAnswers, eraseDispute, eraseClosing} {
		if _, err := tx.Exec(ctx, statement, src, n); err != nil {
			return false, fmt.Errorf("erase what was said about statement %d of source %d: %w", n, src, err)
		}
	}
	if _, err := tx.Exec(ctx, eraseFact, int64(Withheld), int64(Erased), src, n, subject, def); err != nil {
		return false, fmt.Errorf("erase statement %d of source %d: %w", n, src, err)
	}
	return true, source.Forget(ctx, tx, src)
}

// StatesOf says whether a source states something about one of some subjects.
func StatesOf(ctx context.Context, q store.Querier, source int64, subjects []int64) (bool, error) {
	for some := range slices.Chunk(subjects, subjectBatch) {
		in := placeholders(len(some) + 1)[len("$1, "):]
		var n int
		err := q.QueryRow(ctx, `SELECT COUNT(*) FROM fact WHERE source_id = $1 AND subject_id IN (`+in+`)`, append([]any{source}, args(some)...)...).Scan(&n)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

// Disputed says whether a dispute about a statement is open.
func (s *Store) Disputed(ctx context.Context, q store.Querier, src, n int64) (bool, error) {
	var open int
	err := q.QueryRow(ctx, openDispute, src, n).Scan(&open)
	return open > 0, err
}

// ErasedTables are the tables in which Erase leaves room.
var ErasedTables = []string{"fact", "dispute", "dispute_closing", "report_answer", "source"}
