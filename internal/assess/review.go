package assess

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Contradiction is something that should hold of what an enterprise answered, and does not.
type Contradiction struct {
	condition.Check
	Facts []content.FactDef // that it reads
}

// Contradictions is what of the checks and of the review of the model does not hold; what is not known contradicts nothing. An error is a
// value that does not fit.
func (r *Rubric) Contradictions(at At) ([]Contradiction, error) {
	all := slices.Concat(r.checks, r.review)
	checks, err := condition.Ask(all, *at.context())
	if err != nil {
		return nil, err
	}
	var out []Contradiction
	for i, c := range checks {
		if c.State == condition.NotMet {
			out = append(out, Contradiction{c, all[i].Facts()})
		}
	}
	return out, nil
}

// Reviewed is the condition of the checks or the review with an id; ok is false where there is none.
func (r *Rubric) Reviewed(id string) (k condition.Condition, ok bool) {
	all := slices.Concat(r.checks, r.review)
	i := slices.IndexFunc(all, func(k condition.Condition) bool { return k.ID == id })
	if i < 0 {
		return k, false
	}
	return all[i], true
}

// Explain is what was compared where a condition does not hold.
func (r *Rubric) Explain(k condition.Condition, at At) condition.Check {
	checks, err := condition.Ask([]condition.Condition{k}, *at.context())
	if err != nil {
		return condition.Check{ID: k.ID, Text: k.Text, Cite: k.Cite, State: condition.Unknown}
	}
	return checks[0]
}

// Comparison is an answer that is held against those of peers and against that of the year before.
type Comparison struct {
	*CompareFile
	value, over *rule.Expr
}

// Comparisons are those of the model. The slice must not be changed.
func (r *Rubric) Comparisons() []*Comparison { return r.compare }

// Comparison is the one with an id; ok is false where there is none.
func (r *Rubric) Comparison(id string) (c *Comparison, ok bool) {
	i := slices.IndexFunc(r.compare, func(c *Comparison) bool { return c.ID == id })
	if i < 0 {
		return nil, false
	}
	return r.compare[i], true
}

// Facts are the facts that it reads.
func (c *Comparison) Facts() []content.FactDef {
	all := slices.Clone(c.value.Facts())
	if c.over != nil {
		all = append(all, c.over.Facts()...)
	}
	return all
}

// Type is the type of what is compared; a quotient is a rate.
func (c *Comparison) Type() rule.Type {
	if c.over != nil {
		return rule.RateType
	}
	return c.value.Type()
}

// Of is the number of an enterprise; ok is false where it is not known, is nothing, or would be divided by nothing. Money is fen.
func (c *Comparison) Of(at At) (x *big.Rat, ok bool) {
	ctx := at.context()
	v := c.value.Eval(ctx)
	if v.State != rule.Present {
		return nil, false
	}
	x = ratOf(v.Value)
	if c.over == nil {
		return x, true
	}
	o := c.over.Eval(ctx)
	if o.State != rule.Present {
		return nil, false
	}
	by := ratOf(o.Value)
	if by.Sign() == 0 {
		return nil, false
	}
	return x.Quo(x, by), true
}

// Spread is where the middle of some numbers lies, and how far the middle one of them is from it.
type Spread struct {
	N           int
	Median, MAD *big.Rat // MAD: the median of the distances from the median
}

// SpreadOf is the spread of numbers; N is 0 where there are none. Of an even number the middle is halfway between the two.
func SpreadOf(numbers []*big.Rat) Spread {
	if len(numbers) == 0 {
		return Spread{}
	}
	s := Spread{N: len(numbers), Median: middle(numbers)}
	apart := make([]*big.Rat, len(numbers))
	for i, x := range numbers {
		d := new(big.Rat).Sub(x, s.Median)
		apart[i] = d.Abs(d)
	}
	s.MAD = middle(apart)
	return s
}

func middle(numbers []*big.Rat) *big.Rat {
	sorted := slices.SortedFunc(slices.Values(numbers), (*big.Rat).Cmp)
	upper := sorted[len(sorted)/2]
	if len(sorted)%2 == 1 {
		return new(big.Rat).Set(upper)
	}
	sum := new(big.Rat).Add(sorted[len(sorted)/2-1], upper)
	return sum.Quo(sum, big.NewRat(2, 1))
}

// Far says that a number lies more than so many times the MAD from the median. Where more than half are the same there is no distance to
// measure by, and nothing is far.
func (s Spread) Far(x, times *big.Rat) bool {
	if s.N == 0 || s.MAD.Sign() == 0 {
		return false
	}
	d := new(big.Rat).Sub(x, s.Median)
	return d.Abs(d).Cmp(new(big.Rat).Mul(times, s.MAD)) > 0
}

// Jumped says that a number is more than so many times another, or the other so many times it. From or to nothing is no jump.
func Jumped(before, now, times *big.Rat) bool {
	if before.Sign() <= 0 || now.Sign() <= 0 {
		return false
	}
	return now.Cmp(new(big.Rat).Mul(before, times)) > 0 || before.Cmp(new(big.Rat).Mul(now, times)) > 0
}

// Filled is what an enterprise answered itself: by fact, as it is kept.
type Filled struct {
	Firm    int64
	Owner   string // who owns it; "" where nobody said
	Answers map[string]string
}

// Alike is enterprises of which each answered the same, all that they answered.
type Alike struct {
	Firms   []int64
	Answers int
	Rare    int      // answers that fewer than half give
	Among   int      // how many enterprises answered
	Chance  *big.Rat // how likely one of them answers so, were each answer given for itself
}

// What makes equal answers worth a look: that they are many, that enough of them are not what half and more answer, that they do not all say the
// same, and that so many alike were not to be expected by chance. The numbers are ours.
const (
	leastAnswers  = 10
	leastRare     = 5
	leastDistinct = 4
	seldom        = 20 // less than one expected in so many such rounds
)

// Copies are enterprises of different owners with the same answers, in the order of their first. An enterprise whose owner is not known is
// not the same owner's as any other.
func Copies(all []Filled) []Alike {
	count := map[string]map[string]int{} // how many gave an answer, by fact
	groups := map[string][]Filled{}
	for _, f := range all {
		for code, value := range f.Answers {
			if count[code] == nil {
				count[code] = map[string]int{}
			}
			count[code][value]++
		}
		if len(f.Answers) >= leastAnswers {
			key := f.fingerprint()
			groups[key] = append(groups[key], f)
		}
	}
	var out []Alike
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		group := groups[key]
		if len(group) < 2 || !severalOwners(group) {
			continue
		}
		a := Alike{Answers: len(group[0].Answers), Among: len(all), Chance: big.NewRat(1, 1)}
		distinct := map[string]bool{}
		for code, value := range group[0].Answers {
			distinct[value] = true
			n := 0
			for _, of := range count[code] {
				n += of
			}
			if 2*count[code][value] < n {
				a.Rare++
			}
			a.Chance.Mul(a.Chance, big.NewRat(int64(count[code][value]), int64(n)))
		}
		expected := new(big.Rat).Mul(a.Chance, big.NewRat(int64(a.Among)*seldom, 1))
		if a.Rare < leastRare || len(distinct) < leastDistinct || expected.Cmp(one) >= 0 {
			continue
		}
		for _, f := range group {
			a.Firms = append(a.Firms, f.Firm)
		}
		slices.Sort(a.Firms)
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Alike) int { return cmp.Compare(a.Firms[0], b.Firms[0]) })
	return out
}

// fingerprint is the same for the same answers, and for no others.
func (f Filled) fingerprint() string {
	var b strings.Builder
	for _, code := range slices.Sorted(maps.Keys(f.Answers)) {
		b.WriteString(code)
		b.WriteByte(0)
		b.WriteString(f.Answers[code])
		b.WriteByte(0)
	}
	return b.String()
}

func severalOwners(group []Filled) bool {
	return slices.ContainsFunc(group[1:], func(f Filled) bool { return f.Owner == "" || f.Owner != group[0].Owner })
}
