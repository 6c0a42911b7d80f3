package selection

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/lot"
)

// Roll is the digest of who takes part: the nominations and the experts of the pool, each by key.
func Roll(nominations, experts []string) string {
	return lot.Roll(lot.Group{Name: "nominations", Keys: nominations}, lot.Group{Name: "experts", Keys: experts})
}

// Lots draws what a round draws.
type Lots struct{ lot.Draw }

// The purposes of lots. The lowest lot comes first.
const (
	ForExperts = "experts"
	ForBlind   = "blind"
	ForTies    = "ties"
)

// Judge is an expert as the draw sees one.
type Judge struct {
	Key     string
	Party   int64    // the enterprise that the expert works for, 0 for none that is known
	Belongs []string // what the expert belongs to by name, folded (party.FoldName)
	County  string   // "" for none
}

// Nominee is a nomination as the draw sees one.
type Nominee struct {
	Key    string
	Party  int64    // the enterprise that is nominated, or for which the person works
	Names  []string // of the enterprise, former ones too, folded
	County string
}

// Interest is why an expert does not judge a nominee.
type Interest string

// The interests.
const (
	NoInterest Interest = ""
	Declared   Interest = "declared" // by the expert
	SameFirm   Interest = "firm"     // the expert works for the enterprise, or belongs to one of its name
	SameCounty Interest = "county"   // where the round wants judges from elsewhere
)

// Interests is what is known of who must not judge whom.
type Interests struct {
	Declared  map[int64][]string // keys of experts, by the enterprise about which they declared one
	Elsewhere bool               // judges come from another county than the nominee
}

// Of is the interest of an expert in a nominee; NoInterest when the expert may judge.
func (in Interests) Of(j Judge, n Nominee) Interest {
	switch {
	case slices.Contains(in.Declared[n.Party], j.Key):
		return Declared
	case j.Party != 0 && j.Party == n.Party,
		slices.ContainsFunc(j.Belongs, func(name string) bool { return slices.Contains(n.Names, name) }):
		return SameFirm
	case in.Elsewhere && j.County != "" && j.County == n.County:
		return SameCounty
	}
	return NoInterest
}

// free is who of the pool may judge a nominee.
func (in Interests) free(n Nominee, pool []Judge) []string {
	keys := make([]string, 0, len(pool))
	for _, j := range pool {
		if in.Of(j, n) == NoInterest {
			keys = append(keys, j.Key)
		}
	}
	return keys
}

// Panel draws who judges a nominee: the first experts by lot, as many as size, that have no interest. One lot of an
// expert holds for the whole round, so that nominees have the same judges as far as can be. Pools come one after the
// other: those who joined after the draw sit only where it leaves seats empty, so that nobody can be brought in before
// others. The error is Conflict where too few are left; those that there are are given with it.
func (l Lots) Panel(n Nominee, in Interests, size int, pools ...[]Judge) ([]string, error) {
	var out []string
	all := 0
	for _, pool := range pools {
		all += len(pool)
		out = append(out, l.Order(ForExperts, in.free(n, pool))...)
	}
	if len(out) < size {
		return out, errs.Conflict(i18n.M("selection.few_experts", len(out), size, all))
	}
	return out[:size], nil
}

// BlindNumbers numbers nominations from 1 in an order that tells nothing of when or by whom they came.
func (l Lots) BlindNumbers(nominations []string) map[string]int {
	out := make(map[string]int, len(nominations))
	for i, key := range l.Order(ForBlind, nominations) {
		out[key] = i + 1
	}
	return out
}
