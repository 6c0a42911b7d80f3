package rule

import "github.com/yanzhen/yanzhen/internal/money"

// Cmp compares an amount with a limit.
type Cmp string

// The comparisons, after the words of documents: 以上, 不低于, 达到 include the number (AtLeast), 超过 and 突破 do not (Over);
// 以内, 不超过 include it (AtMost), 低于 and 不足 do not (Under).
const (
	AtLeast Cmp = "at_least"
	Over    Cmp = "over"
	AtMost  Cmp = "at_most"
	Under   Cmp = "under"
)

// Met says whether an amount meets the limit, and exactly how far it is from the limit when it does not. Over and Under
// may be unmet at distance 0: then any step beyond it is enough.
func (c Cmp) Met(of, limit money.Exact) (met bool, distance money.Exact) {
	order := of.Cmp(limit)
	switch c {
	case AtLeast:
		met, distance = order >= 0, limit.Minus(of)
	case Over:
		met, distance = order > 0, limit.Minus(of)
	case AtMost:
		met, distance = order <= 0, of.Minus(limit)
	case Under:
		met, distance = order < 0, of.Minus(limit)
	default:
		panic("rule: unknown comparison " + string(c))
	}
	if met {
		return true, money.Exact{}
	}
	return false, distance
}

// Band is a rate for the part of a base from From on, up to where the next band begins.
type Band struct {
	From money.Exact
	Rate money.Rate
}

// BandPart is what one band contributes.
type BandPart struct {
	Band   int         // number of the band
	Of     money.Exact // the part of the base
	Amount money.Exact // part × rate
}

// Bands is tiers, sorted by From. A base below the first has none.
type Bands []Band

// Sorted says that each band begins above the one before.
func (b Bands) Sorted() bool {
	for i := 1; i < len(b); i++ {
		if b[i].From.Cmp(b[i-1].From) <= 0 {
			return false
		}
	}
	return true
}

// Whole applies the rate of the band in which the base lies to all of the base; From belongs to its band.
func (b Bands) Whole(base money.Exact) (money.Exact, []BandPart) {
	for i := len(b) - 1; i >= 0; i-- {
		if base.Cmp(b[i].From) >= 0 {
			amount := base.Times(b[i].Rate)
			return amount, []BandPart{{i, base, amount}}
		}
	}
	return money.Exact{}, nil
}

// Progressive applies each band's rate to its own part of the base.
func (b Bands) Progressive(base money.Exact) (money.Exact, []BandPart) {
	var sum money.Exact
	var parts []BandPart
	for i, band := range b {
		if base.Cmp(band.From) <= 0 {
			break
		}
		top := base
		if i+1 < len(b) {
			top = top.Min(b[i+1].From)
		}
		part := top.Minus(band.From)
		amount := part.Times(band.Rate)
		sum = sum.Plus(amount)
		parts = append(parts, BandPart{i, part, amount})
	}
	return sum, parts
}
