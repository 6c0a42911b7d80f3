package version

import (
	"cmp"
	"context"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/source"
)

// What is done to policies, besides what package fact knows of.
const (
	PutInForce     = fact.Deed(source.Enforce)
	TakenFromForce = fact.Deed(source.End)
)

// Deeds are all kinds of entries of the journal, in the order in which a page offers them.
func Deeds() []fact.Deed { return append(fact.Deeds(), PutInForce, TakenFromForce) }

// Journal is who did what up to the commit of a view, newest first: to what is known, as far as its scope may see it, and
// to policies, for those who may read drafts of their areas. ByCommit tells to which version. What shipped first has no
// commit and is not told.
func (s *Store) Journal(ctx context.Context, view fact.View) ([]fact.Entry, error) {
	all, err := view.Log(ctx)
	if err != nil {
		return nil, err
	}
	h, err := s.history(ctx, view.Seq())
	if err != nil {
		return nil, err
	}
	for _, v := range h.versions {
		if !v.May(view.Scope(), access.ReadDraft) {
			continue
		}
		for _, e := range v.known(view.Seq()).Events {
			if e.Seq == 0 {
				continue
			}
			deed := PutInForce
			if e.Kind == Ended {
				deed = TakenFromForce
			}
			all = append(all, fact.Entry{Deed: deed, At: e.At, Seq: e.Seq, Actor: e.Actor, Reason: e.Reason})
		}
	}
	slices.SortStableFunc(all, func(a, b fact.Entry) int { return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.Seq, a.Seq)) })
	return all, nil
}
