package selection

import (
	"cmp"
	"context"
	"slices"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Covered is how many enterprises of a county in a chain there are, and how many of them hold one of some titles: whether
// each county and each chain has its benchmark (一县一标杆、一链一标杆).
type Covered struct {
	County  string // code; "" where nobody said
	Chain   string // likewise
	Firms   int
	Holders int
}

// Coverage counts the enterprises that the scope may see, by county and chain, today. Titles count whoever gave them: those
// of rounds and those that were imported.
func (s *Store) Coverage(ctx context.Context, scope access.Scope, titles []string) ([]Covered, error) {
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return nil, err
	}
	type place struct{ county, chain string }
	at := map[place]*Covered{}
	for e := range view.Enterprises() {
		if !view.Can(access.ReadFact, e.ID) {
			continue
		}
		p := place{s.Library.Areas().County(e.Area), e.Chain}
		if at[p] == nil {
			at[p] = &Covered{County: p.county, Chain: p.chain}
		}
		at[p].Firms++
		if s.holdsOne(view, e.ID, titles) {
			at[p].Holders++
		}
	}
	var out []Covered
	for _, c := range at {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Covered) int { return cmp.Or(cmp.Compare(a.County, b.County), cmp.Compare(a.Chain, b.Chain)) })
	return out, nil
}

// holdsOne says that an enterprise holds one of the titles today, as conditions count them.
func (s *Store) holdsOne(view fact.View, enterprise int64, titles []string) bool {
	today := s.Clock.Today()
	for _, h := range view.Children(enterprise, content.Honour) {
		on := func(def string) (period.Day, bool) {
			c := view.Value(h, def, period.Period{})
			return period.Day(c.Value.Num), c.State == fact.Present
		}
		title := view.Value(h, "honour.title", period.Period{})
		ended, hasEnded := on("honour.ended_on")
		last, hasLast := on("honour.valid_until")
		if title.State == fact.Present && slices.Contains(titles, title.Value.Text) && (!hasEnded || ended > today) && (!hasLast || last >= today) {
			return true
		}
	}
	return false
}
