package fact

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/source"
)

// Deed is a kind of entry of the log: a change of what is known, or a word about it.
type Deed string

// The deeds.
const (
	Published Deed = Deed(source.Publish)
	Retracted Deed = Deed(source.Retract)
	Merged    Deed = Deed(source.Merge)
	Unmerged  Deed = Deed(source.Unmerge)
	Disputed  Deed = "dispute"
	Closed    Deed = "closing"
	AskedBack Deed = Deed(Ask)
	Settled   Deed = Deed(Accept)
)

// Deeds are all kinds, in the order in which a page offers them.
func Deeds() []Deed {
	return []Deed{Published, Retracted, Merged, Unmerged, Disputed, Closed, AskedBack, Settled}
}

// Entry is one thing that somebody did. Source is of publications and retractions, From and Into of merges, Dispute of
// disputes and their closing, Report of answers to one; the others are zero.
type Entry struct {
	Deed       Deed
	At         int64 // milliseconds UTC
	Seq        int64 // commit; 0 for disputes, which change no value
	Actor      int64 // 0 for the product itself
	Reason     string
	Source     source.Source
	From, Into int64
	Dispute    Dispute
	Report     Statement
}

// Log is who did what, newest first, up to the view's commit and as far as the scope may see it: a file by the area that
// its sender answers for, a merge by where the enterprise is now, a dispute by what it is about.
func (v View) Log(ctx context.Context) ([]Entry, error) {
	if v.snap == nil {
		return nil, nil
	}
	all, err := v.changes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	disputes, err := v.Disputes(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range disputes {
		if !v.Can(access.ReadLog, d.Subject) {
			continue
		}
		all = append(all, Entry{Deed: Disputed, At: d.At, Actor: d.Actor, Reason: d.Text, Dispute: d})
		if d.Closed != nil {
			all = append(all, Entry{Deed: Closed, At: d.Closed.At, Actor: d.Closed.Actor, Reason: d.Closed.Note, Dispute: d})
		}
	}
	answered, err := v.answerEntries(ctx)
	if err != nil {
		return nil, err
	}
	all = append(all, answered...)
	slices.SortStableFunc(all, func(a, b Entry) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.Seq, a.Seq)) })
	return all, nil
}

// answerEntries is what officials answered to reports, those taken back since too.
func (v View) answerEntries(ctx context.Context) ([]Entry, error) {
	answers, err := v.answers(ctx)
	if err != nil || len(answers) == 0 {
		return nil, err
	}
	var all []Entry
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(answers)), subjectBatch) {
		said, err := v.frames.facts.statements(ctx, `source_id IN (`+placeholders(len(batch))+`)`, args(batch)...)
		if err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
		for _, f := range said {
			row, ok := v.Row(f.Subject)
			def, defined := v.snap.definition(f.Def)
			if !ok || !defined || !v.Can(access.ReadLog, f.Subject) || !row.reads(&v.snap.lib.FactDefs()[def]) {
				continue
			}
			for _, a := range answers[f.Source] {
				all = append(all, Entry{Deed: Deed(a.Kind), At: a.At, Actor: a.Actor, Reason: a.Note, Report: f})
			}
		}
	}
	return all, nil
}

// changes is the commit log as far as the scope may see it, read once for a commit and a scope: pages of it, and searches
// in it, ask again and again.
func (v View) changes(ctx context.Context) ([]Entry, error) {
	key := v.scope.Key()
	if kept, ok := v.snap.desk.logs.Load(key); ok {
		return slices.Clip(kept.([]Entry)), nil
	}
	all, err := v.readChanges(ctx)
	if err == nil {
		v.snap.desk.logs.Store(key, all)
	}
	return slices.Clip(all), err
}

func (v View) readChanges(ctx context.Context) ([]Entry, error) {
	if v.snap.seq == 0 {
		return nil, nil // nothing was ever known, and 0 would ask for the newest
	}
	store := v.frames.facts.sources
	log, err := store.Log(ctx, 0, v.snap.seq)
	if err != nil {
		return nil, err
	}
	live, err := store.LiveSources(ctx, v.snap.seq)
	if err != nil {
		return nil, err
	}
	sources := make(map[int64]source.Source, len(live))
	for _, src := range live {
		sources[src.ID] = src
	}
	var all []Entry
	for _, l := range log {
		e := Entry{Deed: Deed(l.Kind), At: l.At, Seq: l.Seq, Actor: l.Actor, Reason: l.Reason, From: l.From, Into: l.Into}
		switch l.Kind {
		case source.Publish, source.Retract:
			src, ok := sources[l.Source]
			if !ok {
				if src, err = store.Get(ctx, access.SystemScope(), l.Source); err != nil {
					return nil, err
				}
				sources[l.Source] = src
			}
			if !v.scope.Sees(access.ReadLog, src.Area, src.Party) {
				continue
			}
			if src.Kind == source.Entry && !v.scope.Sees(access.ReadFact, src.Area, src.Party) {
				src.Note, e.Reason = "", "" // what an enterprise says of itself is for who may read its file
			}
			e.Source = src
			if l.Kind == source.Publish {
				e.Actor = src.Actor
			}
		case source.Merge, source.Unmerge:
			if !v.snap.parties.Sees(v.scope, access.ReadLog, l.Into) {
				continue
			}
		default:
			continue // of a later version
		}
		all = append(all, e)
	}
	return all, nil
}
