package enrol

import (
	"context"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/party"
)

// Acting are the accounts that act for an enterprise, or for one that was merged into it; see access.AccountsOf.
func (s *Service) Acting(ctx context.Context, scope access.Scope, e party.Enterprise) ([]access.Account, error) {
	return s.deps.Access.AccountsOf(ctx, scope, access.Firm{Party: e.ID, Area: e.Area}, Parties(e))
}

// Parties are the ids under which accounts may act for an enterprise: its own, and those merged into it.
func Parties(e party.Enterprise) []int64 { return append([]int64{e.ID}, e.Merged...) }

// Events is what was done to accounts as far as a scope reads the log, the newest first: to those of enterprises by where
// they are now, to others by the area that they were granted. Who may neither manage accounts nor read personal data there
// is told what was done, and not the words that were written with it.
func (s *Service) Events(ctx context.Context, scope access.Scope, q access.EventQuery) ([]access.Event, error) {
	whole, err := s.deps.Frames.For(ctx, access.SystemScope(), 0)
	if err != nil {
		return nil, err
	}
	sees := func(a access.Action, e access.Event) bool {
		if e.Party != 0 {
			return whole.Registry().Sees(scope, a, e.Party)
		}
		return scope.Sees(a, e.Area, 0)
	}
	events, err := s.deps.Access.Events(ctx, q, func(e access.Event) bool { return sees(access.ReadLog, e) })
	for i, e := range events {
		if !scope.Can(access.ManageAccounts) && !sees(access.ReadSensitive, e) {
			events[i].Note = ""
		}
	}
	return events, err
}

// Holder is one of the accounts that act for an enterprise, with the enterprise under the id that its grant names, which
// may have been merged since. It fails with NotFound for any other account.
func (s *Service) Holder(ctx context.Context, scope access.Scope, e party.Enterprise, account int64) (access.Holder, error) {
	list, err := s.Acting(ctx, scope, e)
	if err != nil {
		return access.Holder{}, err
	}
	i := slices.IndexFunc(list, func(a access.Account) bool { return a.ID == account && len(a.Grants) > 0 })
	if i < 0 {
		return access.Holder{}, errs.NotFound("account", account)
	}
	return access.Holder{Account: account, Firm: access.Firm{Party: list[i].Grants[0].Party, Area: e.Area}}, nil
}
