package web

import (
	"context"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
)

// scopeOf is what an account may see and do at this moment.
func (s *server) scopeOf(ctx context.Context, a access.Account) (access.Scope, error) {
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return access.Scope{}, err
	}
	return party.ExpandScope(s.Library, whole.Registry(), a), nil
}

// view is what the visitor may know, as of the newest commit.
func (s *server) view(ctx context.Context, v *visit) (fact.View, error) {
	return s.Frames.For(ctx, v.scope, 0)
}

// findParty is the one enterprise with that credit code or full name; 0 when there is none or more than one. It looks at
// all of them, for an administrator who gives an enterprise its account.
func (s *server) findParty(ctx context.Context, text string) (int64, error) {
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil || text == "" {
		return 0, err
	}
	var ids []int64
	if code, _ := party.ParseUSCC(text); code != "" {
		ids = whole.Registry().ByUSCC(code)
	}
	if len(ids) == 0 {
		for _, alike := range whole.Registry().ByName(text) {
			ids = append(ids, alike.ID)
		}
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) != 1 {
		return 0, nil
	}
	return ids[0], nil
}
