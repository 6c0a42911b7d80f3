package source

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/yanzhen/yanzhen/internal/store"
)

// Change is what an entry of the commit log does to what is known.
type Change string

// The changes. Followers skip a kind that they do not know.
const (
	Publish Change = "publish" // a source becomes known
	Retract Change = "retract" // a source is taken back
	Merge   Change = "merge"   // statements about From count for Into
	Unmerge Change = "unmerge" // and no longer do
	Enforce Change = "enforce" // a policy is put in force (package policy/version)
	End     Change = "end"     // a policy is ended from a day on
	Choose  Change = "choose"  // a definition that figures leave to a region is chosen (package monitor); Reason is the document that says so
	Erase   Change = "erase"   // values of statements are erased in place (package fact); Reason tells by which run
)

// Newest stands for the newest commit where "as known at" is asked for.
const Newest = 1<<63 - 1

// LogEntry is one row of the commit log.
type LogEntry struct {
	Seq        int64 // given by Commit
	Kind       Change
	Source     int64 // of Publish and Retract; else 0
	From, Into int64 // subjects, of Merge and Unmerge; else 0
	At         int64 // milliseconds UTC, for people; given by Commit
	Actor      int64
	Reason     string
}

const appendLog = `INSERT INTO commit_log (seq, kind, source_id, from_subject, into_subject, at, actor, reason)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

// Commit allots the next commit sequence, runs fn, which may be nil, and writes the entry, all in one transaction.
// Every change of what is known goes through here, so that one log tells all of it.
func (s *Store) Commit(ctx context.Context, e LogEntry, fn func(ctx context.Context, tx *store.Tx, seq int64) error) (int64, error) {
	return s.db.Commit(ctx, func(ctx context.Context, tx *store.Tx, seq int64) error {
		if fn != nil {
			if err := fn(ctx, tx, seq); err != nil {
				return err
			}
		}
		return s.append(ctx, tx, seq, e)
	})
}

func (s *Store) append(ctx context.Context, tx *store.Tx, seq int64, e LogEntry) error {
	var id any // NULL, so that the unique index tells publications and retractions apart from merges
	if e.Source != 0 {
		id = e.Source
	}
	if _, err := tx.Exec(ctx, appendLog, seq, string(e.Kind), id, e.From, e.Into, s.now.Millis(), e.Actor, e.Reason); err != nil {
		return fmt.Errorf("append to commit log: %w", err)
	}
	return nil
}

const logSince = `SELECT seq, kind, COALESCE(source_id, 0), from_subject, into_subject, at, actor, reason
	FROM commit_log WHERE seq > $1 AND seq <= $2 ORDER BY seq`

// Log is the entries above after up to known, in order; known 0 means all there are.
func (s *Store) Log(ctx context.Context, after, known int64) ([]LogEntry, error) {
	rows, err := s.db.Read().Query(ctx, logSince, after, upTo(known))
	if err != nil {
		return nil, fmt.Errorf("read commit log: %w", err)
	}
	defer rows.Close()
	var log []LogEntry
	for rows.Next() {
		var (
			e    LogEntry
			kind string
		)
		if err := rows.Scan(&e.Seq, &kind, &e.Source, &e.From, &e.Into, &e.At, &e.Actor, &e.Reason); err != nil {
			return nil, fmt.Errorf("read commit log: %w", err)
		}
		e.Kind = Change(kind)
		log = append(log, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read commit log: %w", err)
	}
	return log, nil
}

// upTo turns "0 means newest" into a bound.
func upTo(known int64) int64 {
	if known == 0 {
		return Newest
	}
	return known
}

const (
	firstFrom = `SELECT seq FROM commit_log WHERE at >= $1 ORDER BY seq LIMIT 1`
	firstEver = `SELECT at FROM commit_log ORDER BY seq LIMIT 1`
	lastEver  = `SELECT seq FROM commit_log ORDER BY seq DESC LIMIT 1`
)

// KnownBefore is the commit up to which everything was known before an instant (milliseconds UTC): the last one before
// the first that came then or later, so that a clock that was set back makes nothing known too early. It is 0 when
// nothing was known; first is then when the first entry was made, 0 for an empty log.
func (s *Store) KnownBefore(ctx context.Context, at int64) (seq, first int64, err error) {
	ask := func(query string, args ...any) (n int64, ok bool) {
		if err != nil {
			return 0, false
		}
		err = s.db.Read().QueryRow(ctx, query, args...).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
			return 0, false
		}
		return n, err == nil
	}
	if next, ok := ask(firstFrom, at); ok {
		seq = next - 1
	} else {
		seq, _ = ask(lastEver)
	}
	first, _ = ask(firstEver)
	if err != nil {
		return 0, 0, fmt.Errorf("find what was known before %d: %w", at, err)
	}
	return seq, first, nil
}

const liveSources = selectSource + ` WHERE p.seq <= $1 AND (r.seq IS NULL OR r.seq > $1) ORDER BY p.seq`

// LiveSources is the sources known and not taken back as of a commit, in the order in which they became known; known
// 0 means the newest. It is for rebuilding what is effective, not for showing: it knows no scope.
func (s *Store) LiveSources(ctx context.Context, known int64) ([]Source, error) {
	rows, err := s.db.Read().Query(ctx, liveSources, upTo(known))
	if err != nil {
		return nil, fmt.Errorf("read live sources: %w", err)
	}
	list, err := collect(rows)
	if err != nil {
		return nil, fmt.Errorf("read live sources: %w", err)
	}
	return list, nil
}

const ownSources = selectSource + ` WHERE p.seq <= $1 AND (r.seq IS NULL OR r.seq > $1) AND s.party <> 0 ORDER BY p.seq`

// OwnWords is the live sources in which enterprises spoke for themselves, as LiveSources gives them.
func (s *Store) OwnWords(ctx context.Context, known int64) ([]Source, error) {
	rows, err := s.db.Read().Query(ctx, ownSources, upTo(known))
	if err != nil {
		return nil, fmt.Errorf("read what enterprises stated: %w", err)
	}
	list, err := collect(rows)
	if err != nil {
		return nil, fmt.Errorf("read what enterprises stated: %w", err)
	}
	return list, nil
}

// Live is LiveSources as a map from the source to the commit at which it became known.
func (s *Store) Live(ctx context.Context, known int64) (map[int64]int64, error) {
	list, err := s.LiveSources(ctx, known)
	if err != nil {
		return nil, err
	}
	m := make(map[int64]int64, len(list))
	for _, src := range list {
		m[src.ID] = src.Seq
	}
	return m, nil
}
