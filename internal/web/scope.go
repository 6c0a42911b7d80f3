package web

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/fact"
)

// view is what the visitor may know, as of the newest commit.
func (s *server) view(ctx context.Context, v *visit) (fact.View, error) {
	return s.Frames.For(ctx, v.scope, 0)
}

// findParty is the one enterprise with that credit code or full name; 0 when there is none or more than one. It looks at
// all of them, for an administrator who gives an enterprise its account and an expert who declares an interest in one; who
// may see less asks of the answer whether it is theirs.
func (s *server) findParty(ctx context.Context, text string) (int64, error) {
	whole, err := s.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return 0, err
	}
	return whole.Registry().Only(text), nil
}
