package selection

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/rubric"
)

// TieRule decides between two nominations of equal totals: "item:ID" for the higher mean of an item, Earlier, or ByLot.
type TieRule string

// The rules beside those of an item.
const (
	Earlier TieRule = "earlier" // who was nominated earlier, to the millisecond
	ByLot   TieRule = "lot"     // the lower lot for ties; it decides always
)

// byItem gives the item of a rule.
func (r TieRule) byItem() (item string, ok bool) { return strings.CutPrefix(string(r), "item:") }

// Scored is a nomination with its score.
type Scored struct {
	Key   string
	Score rubric.Score
	At    int64 // when it was nominated, milliseconds UTC
}

// Tie says why one nomination stands before another of the same total.
type Tie struct {
	With        string // the key of the one behind
	Rule        TieRule
	Mine, Their string // what the rule compared: item means, instants, lots
}

// Place is a nomination in its place.
type Place struct {
	Scored
	Rank int  // from 1; no two are the same
	Tie  *Tie // with the next one, where its total is the same
}

// Rank puts nominations into their order: by total, and where totals are equal by the first rule that tells them apart.
// The order in which they are given does not matter.
func Rank(entries []Scored, ties []TieRule, lots Lots) []Place {
	r := ranking{ties: ties, lots: lots, lot: map[string]string{}}
	for _, e := range entries {
		r.lot[e.Key] = lots.Lot(ForTies, e.Key)
	}
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b Scored) int {
		if c := cmp.Compare(b.Score.Total, a.Score.Total); c != 0 {
			return c
		}
		c, _ := r.decide(a, b)
		return c
	})
	places := make([]Place, len(sorted))
	for i, e := range sorted {
		places[i] = Place{Scored: e, Rank: i + 1}
		if i+1 < len(sorted) && sorted[i+1].Score.Total == e.Score.Total {
			_, rule := r.decide(e, sorted[i+1])
			places[i].Tie = &Tie{With: sorted[i+1].Key, Rule: rule, Mine: r.shown(e, rule), Their: r.shown(sorted[i+1], rule)}
		}
	}
	return places
}

type ranking struct {
	ties []TieRule
	lots Lots
	lot  map[string]string
}

// decide is negative where a stands before b, and the rule that said so.
func (r ranking) decide(a, b Scored) (int, TieRule) {
	for _, rule := range r.ties {
		var c int
		if item, ok := rule.byItem(); ok {
			c = b.Score.Items[item].Cmp(a.Score.Items[item])
		} else if rule == Earlier {
			c = cmp.Compare(a.At, b.At)
		} else {
			break
		}
		if c != 0 {
			return c, rule
		}
	}
	return cmp.Or(cmp.Compare(r.lot[a.Key], r.lot[b.Key]), cmp.Compare(a.Key, b.Key)), ByLot
}

// shown is what a rule looks at.
func (r ranking) shown(e Scored, rule TieRule) string {
	if item, ok := rule.byItem(); ok {
		return ShowMean(e.Score.Items[item])
	}
	if rule == Earlier {
		return showInstant(e.At)
	}
	return r.lot[e.Key]
}

// ShowMean is a fraction as people read it: whole or decimal where that is exact within four decimals, else the fraction.
func ShowMean(r *big.Rat) string {
	if s := r.FloatString(4); new(big.Rat).Mul(r, big.NewRat(10_000, 1)).IsInt() {
		return strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return r.RatString()
}

// showInstant is an instant as people here read it, to the millisecond.
func showInstant(ms int64) string {
	return time.UnixMilli(ms).In(clock.Beijing).Format("2006-01-02 15:04:05.000")
}

// Standing is what became of a nomination.
type Standing string

// The standings.
const (
	Chosen  Standing = "chosen"
	Waiting Standing = "waiting" // moves up, in order, when somebody chosen is out
	Beyond  Standing = "beyond"  // enough points, but neither chosen nor on the waiting list
	Below   Standing = "below"   // less than the floor
	Out     Standing = "out"     // by an objection, withdrawal or check
)

// Standings are all of them.
func Standings() []Standing { return []Standing{Chosen, Waiting, Beyond, Below, Out} }

// Msg names a standing.
func (s Standing) Msg() i18n.Msg { return i18n.M("selection.standing." + string(s)) }

// Outcome is a nomination in its place and what became of it.
type Outcome struct {
	Place
	Standing Standing
	MovedUp  bool // chosen because somebody before it is out
	Waits    int  // its place on the waiting list, from 1
}

// Choose settles who is chosen: the first of those that are enough and not out, up to the quota; the next, up to waiting,
// are on the waiting list. It is always the whole list anew, so that who moves up follows from who is out alone.
func Choose(places []Place, quota, waiting int, enough func(rubric.Points) bool, out map[string]bool) []Outcome {
	all := make([]Outcome, 0, len(places))
	taken, before := 0, 0
	for _, p := range places {
		o := Outcome{Place: p}
		able := enough(p.Score.Total)
		if able {
			before++ // among those that would stand had nobody been out
		}
		switch {
		case out[p.Key]:
			o.Standing = Out
		case !able:
			o.Standing = Below
		case taken < quota:
			taken++
			o.Standing, o.MovedUp = Chosen, before > quota
		case taken < quota+waiting:
			taken++
			o.Standing, o.Waits = Waiting, taken-quota
		default:
			o.Standing = Beyond
		}
		all = append(all, o)
	}
	return all
}
