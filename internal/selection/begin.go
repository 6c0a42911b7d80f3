package selection

import (
	"context"
	"fmt"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/casework"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Candidate is an enterprise that may be nominated in a round, as far as a scope may know it.
type Candidate struct {
	Party  int64
	Checks []Check         // how it stands to the conditions today
	Open   []casework.Case // nominations of it in the round that have not ended, the newest first
	May    bool            // the scope may nominate it: the own enterprise, or as the office, where the scheme lets those nominate
}

// nominatesAs is as whom a scope could nominate an enterprise: ByEnterprise, ByCounty, or "" where it may not.
func nominatesAs(scope access.Scope, view fact.View, enterprise int64) string {
	own := slices.Contains(scope.Owns(), enterprise)
	switch {
	case own && scope.Sees(access.FileCase, "", enterprise):
		return ByEnterprise
	case !own && view.Can(access.HandleCase, enterprise):
		return ByCounty
	}
	return ""
}

// openShown is how many nominations of one enterprise that have not ended are told.
const openShown = 100

// Candidate is how an enterprise stands to a round, and whether the scope may nominate it; NotFound for one that the scope
// may not see.
func (s *Store) Candidate(ctx context.Context, scope access.Scope, cases *casework.Store, r Round, enterprise int64) (Candidate, error) {
	scheme, _, err := s.Definition(ctx, r)
	if err != nil {
		return Candidate{}, err
	}
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return Candidate{}, err
	}
	c := Candidate{Party: enterprise, May: slices.Contains(scheme.Nominate, nominatesAs(scope, view, enterprise))}
	if c.Checks, err = s.Eligible(ctx, scope, r, enterprise); err != nil {
		return c, err
	}
	c.Open, _, err = cases.Cases(ctx, scope, casework.Filter{Workflow: NominationFlow, Batch: r.Case, Enterprise: enterprise, Running: true}, 0, openShown)
	return c, err
}

// Begin opens the case of a nomination. One of the enterprise that is not handed in yet is given instead, and where
// enterprises are selected any that has not ended: begun says so. Forbidden for who does not act for the enterprise,
// Conflict where the scheme lets others nominate or the last day is over.
func (s *Store) Begin(ctx context.Context, scope access.Scope, cases *casework.Store, r Round, enterprise int64) (made casework.Case, begun bool, err error) {
	scheme, _, err := s.Definition(ctx, r)
	if err != nil {
		return casework.Case{}, false, err
	}
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return casework.Case{}, false, err
	}
	if nominatesAs(scope, view, enterprise) == "" {
		return casework.Case{}, false, errs.Forbidden(string(access.FileCase))
	}
	c, err := s.Candidate(ctx, scope, cases, r, enterprise)
	switch {
	case err != nil:
		return casework.Case{}, false, err
	case !c.May:
		return casework.Case{}, false, errs.Conflict(i18n.M("selection.not_nominated_by"))
	case !r.Open(s.Clock.Today()):
		return casework.Case{}, false, errs.Conflict(i18n.M("selection.too_late", r.Closes.String()))
	}
	n, err := s.NominationCase(ctx, r, fmt.Sprintf("%s %d", scheme.Name.ZH, r.Year), enterprise)
	if err != nil {
		return casework.Case{}, false, err
	}
	return beginOnce(ctx, scope, cases, n, func(x casework.Case) bool {
		return x.Batch == r.Case && (x.State == "draft" || scheme.Of == OfEnterprise)
	})
}

// beginOnce opens a case, or gives the newest one of its workflow and subject that is under way and the same: begun says so.
func beginOnce(ctx context.Context, scope access.Scope, cases *casework.Store, n casework.NewCase, same func(casework.Case) bool) (made casework.Case, begun bool, err error) {
	err = cases.Together(ctx, scope, func(ctx context.Context, _ *store.Tx, t casework.Together) error {
		made, begun = casework.Case{}, false
		running, err := t.Running(ctx, n.Workflow, n.Subject)
		if err != nil {
			return err
		}
		for _, x := range running {
			if same(x) {
				made, begun = x, true
			}
		}
		if begun {
			return nil
		}
		made, err = t.Open(ctx, n)
		return err
	})
	return made, begun, err
}

// PoolCandidate is an enterprise that may be cultivated on a ladder, as far as a scope may know it.
type PoolCandidate struct {
	Standpoint
	In   bool  // it is cultivated
	Open int64 // the case in which it is asked for already, 0 for none
	May  bool  // the scope may ask for it: as the enterprise itself, or as the office
}

// PoolCandidate is how an enterprise stands to a ladder and its pool; NotFound for one that the scope may not see.
func (s *Store) PoolCandidate(ctx context.Context, scope access.Scope, cases *casework.Store, ladder string, enterprise int64) (PoolCandidate, error) {
	var c PoolCandidate
	l, err := s.Set.Ladder(ladder)
	if err != nil {
		return c, err
	}
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return c, err
	}
	if c.Standpoint, err = s.Advise(ctx, scope, l.Ladder, enterprise); err != nil {
		return c, err
	}
	c.May = nominatesAs(scope, view, enterprise) != ""
	// On which ladder is in what the case remembers, which an applicant does not read; that the enterprise asks is its own.
	open, _, err := cases.Cases(ctx, access.SystemScope(), casework.Filter{Workflow: PoolFlow, Enterprise: enterprise, Running: true}, 0, openShown)
	if err != nil {
		return c, err
	}
	for _, x := range open {
		if x.Data["ladder"].Text() == l.Ladder && view.Can(access.ReadCase, enterprise) {
			c.Open = x.ID
		}
	}
	stays, err := s.History(ctx, scope, enterprise)
	c.In = slices.ContainsFunc(stays, func(x Stay) bool { return x.Ladder == l.Ladder && x.Gone == 0 })
	return c, err
}

// BeginPool opens the case in which an enterprise asks to be cultivated, or an office lists it, and gives its id; one that is open
// already is given instead: begun says so. Forbidden for who does not act for the enterprise, Conflict where it is cultivated.
func (s *Store) BeginPool(ctx context.Context, scope access.Scope, cases *casework.Store, ladder string, enterprise int64) (id int64, begun bool, err error) {
	l, err := s.Set.Ladder(ladder)
	if err != nil {
		return 0, false, err
	}
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return 0, false, err
	}
	if nominatesAs(scope, view, enterprise) == "" {
		return 0, false, errs.Forbidden(string(access.FileCase))
	}
	c, err := s.PoolCandidate(ctx, scope, cases, ladder, enterprise)
	switch {
	case err != nil:
		return 0, false, err
	case c.Open != 0:
		return c.Open, true, nil
	case c.In:
		return 0, false, errs.Conflict(i18n.M("selection.in_pool", l.Name))
	}
	made, begun, err := beginOnce(ctx, scope, cases, PoolCase(l.Name.ZH, l.Ladder, enterprise), func(x casework.Case) bool { return x.Data["ladder"].Text() == l.Ladder })
	return made.ID, begun, err
}
