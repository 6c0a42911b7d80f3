package results

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/period"
)

// Stage names a result by where a firm stood in the programme when it was sealed. The names are those of the European hubs' assessment, which
// asks before support (T0) and after it (T1, T2); where T1 ends and T2 begins is our own reading: the acceptance of a project.
type Stage string

// The stages.
const (
	T0 Stage = "T0" // the first result before the diagnosis was accepted, or before a project was where there was no diagnosis
	T1 Stage = "T1" // the last one after the diagnosis and before a project was accepted
	T2 Stage = "T2" // the last one since a project was accepted
)

// Stages are those that there are, in order.
var Stages = []Stage{T0, T1, T2}

// Support is when a firm was supported; 0 for what has not come, or is not known to the reader.
type Support struct {
	Diagnosed period.Day // the diagnosis was accepted
	Accepted  period.Day // the first project was accepted, since the diagnosis where there was one
}

// SupportOf is when a firm was supported, as far as the view knows.
func SupportOf(view fact.View, enterprise int64) Support {
	var out Support
	if c := view.Value(enterprise, "ent.diagnosed_on", period.Period{}); c.Known {
		out.Diagnosed = period.Day(c.Value.Num)
	}
	for _, project := range view.Children(enterprise, content.Project) {
		c := view.Value(project, "project.accepted_on", period.Period{})
		day := period.Day(c.Value.Num)
		if c.Known && day > out.Diagnosed && (out.Accepted == 0 || day < out.Accepted) {
			out.Accepted = day
		}
	}
	return out
}

// of is the stage in which a result of a day would stand; "" for none.
func (s Support) of(on period.Day) Stage {
	switch {
	case s.Accepted != 0 && on >= s.Accepted:
		return T2
	case s.Diagnosed != 0 && on > s.Diagnosed:
		return T1
	}
	return T0
}

// Development is the results of one model of a firm that have a stage, each once, and those between them without one.
type Development struct {
	Support
	Points []Point // as they were sealed
}

// Point is a sealed result, with the name of its stage where it is the one that stands for it.
type Point struct {
	*Sealed
	Stage Stage // "" for none
}

// Stage is the result that stands for a stage; nil where there is none yet.
func (d *Development) Stage(at Stage) *Sealed {
	i := slices.IndexFunc(d.Points, func(p Point) bool { return p.Stage == at })
	if i < 0 {
		return nil
	}
	return d.Points[i].Sealed
}

// Develop puts the sealed results of a firm by one model into order and names those that stand for a stage.
func Develop(sealed []Sealed, model string, s Support) Development {
	out := Development{Support: s}
	for i := range sealed {
		if sealed[i].Model == model && sealed[i].Score != nil {
			out.Points = append(out.Points, Point{Sealed: &sealed[i]})
		}
	}
	slices.SortStableFunc(out.Points, func(a, b Point) int {
		if a.On != b.On {
			return int(a.On - b.On)
		}
		return int(a.ID - b.ID)
	})
	stands := map[Stage]int{}
	for i, p := range out.Points {
		at := s.of(p.On)
		if _, have := stands[at]; !have || at != T0 { // the first before support, the last since
			stands[at] = i
		}
	}
	for at, i := range stands {
		out.Points[i].Stage = at
	}
	return out
}

// Comparable says that two results may be held against each other: one edition judged both.
func Comparable(a, b *Sealed) bool {
	return a.Model == b.Model && a.Edition == b.Edition && a.Hash == b.Hash
}
