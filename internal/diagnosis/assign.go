package diagnosis

import (
	"cmp"
	"slices"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Slot is an institute in a lot, as the rule sees it.
type Slot struct {
	Institute Institute
	Firms     int       // that it won
	Fee       money.Fen // a firm
	Taken     int       // firms of the lot that it has or had, those that it gave back aside
	Running   int       // firms of all lots that it has under way
	Last      int64     // when it was last given one of the lot, ms; 0 for never
}

// Asked is a firm that is to be given an institute.
type Asked struct {
	Firms            []int64 // the subjects that it stands for, itself among them
	Area             string  // where it lies
	County, Division string  // "" where nobody said
	Kind             Kind
	Without          []int64 // institutes that gave this diagnosis back or were replaced in it
}

// Bar is why a firm may not be given to an institute; the zero message where it may.
func (x Slot) Bar(a Asked, today period.Day) i18n.Msg {
	t := x.Institute.Terms
	switch {
	case t.LeftWhy != "":
		return i18n.M("diagnosis.bar_left")
	case t.Until < today:
		return i18n.M("diagnosis.bar_until", t.Until.String())
	case !slices.Contains(t.Kinds, a.Kind):
		return i18n.M("diagnosis.bar_kind")
	case len(t.Counties) > 0 && !slices.Contains(t.Counties, a.County):
		return i18n.M("diagnosis.bar_county")
	case len(t.Divisions) > 0 && !slices.Contains(t.Divisions, a.Division):
		return i18n.M("diagnosis.bar_division")
	case slices.ContainsFunc(x.Institute.Conflicts, func(c Conflict) bool { return slices.Contains(a.Firms, c.Firm) }):
		return i18n.M("diagnosis.bar_conflict")
	case slices.Contains(a.Without, x.Institute.ID):
		return i18n.M("diagnosis.bar_gave_back")
	case x.Taken >= x.Firms:
		return i18n.M("diagnosis.bar_share", x.Firms)
	case x.Running >= t.Capacity:
		return i18n.M("diagnosis.bar_capacity", t.Capacity)
	}
	return i18n.Msg{}
}

// before orders those that may: who has fewest firms for its share, then who waited longest, then who was entered first. Shares are compared
// without dividing.
func (x Slot) before(y Slot) int {
	return cmp.Or(cmp.Compare(x.Taken*y.Firms, y.Taken*x.Firms), cmp.Compare(x.Last, y.Last), cmp.Compare(x.Institute.ID, y.Institute.ID))
}

// Pick is the institute that the rule gives a firm, and why it is this one: its number in slots, -1 where none may.
func Pick(slots []Slot, a Asked, today period.Day) (int, i18n.Msg) {
	best, may := -1, 0
	for i, x := range slots {
		if !x.Bar(a, today).IsZero() {
			continue
		}
		may++
		if best < 0 || x.before(slots[best]) < 0 {
			best = i
		}
	}
	if best < 0 {
		return -1, i18n.M("diagnosis.none_may", len(slots))
	}
	return best, i18n.M("diagnosis.picked", may, slots[best].Taken, slots[best].Firms)
}
