package rubric

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
)

// Rubric is a definition that was read. It never changes and may be used by many goroutines.
type Rubric struct {
	Code       string
	Hash       string // SHA-256 of the file, in lower-case hexadecimal
	Title      i18n.Text
	Source     string // document that asks for it
	Cite       string
	Confidence string
	Note       i18n.Text // may be empty
	Items      []Item
	Combine    Combine
	Floor      Points // a total below it is not enough; 0 for none

	least int            // sheets at least, 0 for as few as can be combined
	round money.Rounding // on the scale of Points
	src   []byte
}

// Item is one thing that is judged.
type Item struct {
	ID     string
	Name   i18n.Text
	Help   i18n.Text // may be empty
	Max    Points
	Step   Points     // points are whole multiples of it
	Weight money.Rate // of its points in the total
}

// Combine says how the sheets of several judges become one score.
type Combine struct {
	By   string // Mean or TrimmedMean
	Drop int    // of TrimmedMean: how many of the highest, and how many of the lowest, do not count
	From int    // of TrimmedMean: fewer sheets than this are combined by their mean; 0 leaves out of any number
}

// The ways to combine.
const (
	Mean        = "mean"
	TrimmedMean = "trimmed_mean"
)

// Least is the fewest sheets that are a score.
func (r *Rubric) Least() int {
	if r.Combine.From > 0 {
		return max(r.least, 1)
	}
	return max(r.least, 2*r.Combine.Drop+1)
}

// Sheet is what one judge gave, by item.
type Sheet map[string]Points

// Score is what the sheets of a panel come to.
type Score struct {
	Total Points   // rounded as declared
	Exact *big.Rat // before rounding
	Items map[string]*big.Rat
}

// Bytes is the file, as it was pinned.
func (r *Rubric) Bytes() []byte { return slices.Clone(r.src) }

// Item is the item with an id.
func (r *Rubric) Item(id string) (Item, bool) {
	i := slices.IndexFunc(r.Items, func(it Item) bool { return it.ID == id })
	if i < 0 {
		return Item{}, false
	}
	return r.Items[i], true
}

// Max is the highest total that a sheet can have.
func (r *Rubric) Max() *big.Rat {
	sheet := Sheet{}
	for _, it := range r.Items {
		sheet[it.ID] = it.Max
	}
	return r.Sum(sheet)
}

// Check says what is wrong with a sheet (Invalid), the first item of it; nil for a sheet that gives points to every item
// and to nothing else.
func (r *Rubric) Check(s Sheet) error {
	for _, it := range r.Items {
		p, given := s[it.ID]
		switch {
		case !given:
			return errs.Invalid(i18n.M("rubric.item_missing", it.Name, it.Max.String()))
		case p < 0 || p > it.Max:
			return errs.Invalid(i18n.M("rubric.item_range", it.Name, it.Max.String(), p.String()))
		case p%it.Step != 0:
			return errs.Invalid(i18n.M("rubric.item_step", it.Name, it.Step.String(), p.String()))
		}
	}
	for id := range s {
		if _, ok := r.Item(id); !ok {
			return errs.Invalid(i18n.M("rubric.no_item", id))
		}
	}
	return nil
}

// Sum is the total of one sheet, exact.
func (r *Rubric) Sum(s Sheet) *big.Rat {
	sum := new(big.Rat)
	for _, it := range r.Items {
		sum.Add(sum, new(big.Rat).Mul(s[it.ID].Rat(), it.Weight.Rat()))
	}
	return sum
}

// Score combines the sheets of a panel, each of which must pass Check. Conflict, with how many are needed, where there are
// too few.
func (r *Rubric) Score(sheets []Sheet) (Score, error) {
	if need := r.Least(); len(sheets) < need {
		return Score{}, errs.Conflict(i18n.M("rubric.too_few", len(sheets), need))
	}
	totals := make([]*big.Rat, len(sheets))
	for i, s := range sheets {
		if err := r.Check(s); err != nil {
			return Score{}, err
		}
		totals[i] = r.Sum(s)
	}
	out := Score{Exact: r.Combine.of(totals), Items: map[string]*big.Rat{}}
	for _, it := range r.Items {
		given := make([]*big.Rat, len(sheets))
		for i, s := range sheets {
			given[i] = s[it.ID].Rat()
		}
		out.Items[it.ID] = r.Combine.of(given)
	}
	var err error
	out.Total, err = r.rounded(out.Exact)
	return out, err
}

// of is the mean of what counts.
func (c Combine) of(given []*big.Rat) *big.Rat {
	if len(given) >= c.From {
		slices.SortFunc(given, (*big.Rat).Cmp)
		given = given[c.Drop : len(given)-c.Drop]
	}
	sum := new(big.Rat)
	for _, g := range given {
		sum.Add(sum, g)
	}
	return sum.Quo(sum, new(big.Rat).SetInt64(int64(len(given))))
}

// rounded settles a total by the one rounding of the house, which is of whole units: here ten-thousandths of a point.
func (r *Rubric) rounded(total *big.Rat) (Points, error) {
	n, err := money.ExactOf(new(big.Rat).Mul(total, new(big.Rat).SetInt64(int64(One)))).Round(r.round)
	return Points(n), err
}

// Enough says that a total reaches the floor.
func (r *Rubric) Enough(total Points) bool { return total >= r.Floor }
