package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// axis is one direction of a radar: shares in percent, sure and possible.
type axis struct {
	Name           string
	Sure, Possible int
}

// radar is a figure whose table stands beside it.
type radar struct {
	Axes           []radarAxis
	Sure, Possible string // corners, as SVG takes them
	Rings          []string
}

type radarAxis struct {
	axis
	X, Y   string // end of the axis
	LX, LY string // where its name stands
	Anchor string
}

const (
	radarSize   = 130 // half of the picture's height
	radarRadius = 92
)

// newRadar draws axes; nil for fewer than three.
func newRadar(axes []axis) *radar {
	if len(axes) < 3 {
		return nil
	}
	at := func(i int, share float64) (x, y float64) {
		a := 2*math.Pi*float64(i)/float64(len(axes)) - math.Pi/2
		return math.Cos(a) * radarRadius * share, math.Sin(a) * radarRadius * share
	}
	corners := func(share func(i int) float64) string {
		var b strings.Builder
		for i := range axes {
			x, y := at(i, share(i))
			fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
		}
		return strings.TrimSpace(b.String())
	}
	out := &radar{
		Sure:     corners(func(i int) float64 { return float64(axes[i].Sure) / 100 }),
		Possible: corners(func(i int) float64 { return float64(axes[i].Possible) / 100 }),
	}
	for _, ring := range []float64{0.25, 0.5, 0.75, 1} {
		out.Rings = append(out.Rings, corners(func(int) float64 { return ring }))
	}
	for i, a := range axes {
		x, y := at(i, 1)
		lx, ly := at(i, 1.1)
		anchor := "middle"
		switch {
		case lx > 8:
			anchor = "start"
		case lx < -8:
			anchor = "end"
		}
		f := func(n float64) string { return strconv.FormatFloat(n, 'f', 1, 64) }
		out.Axes = append(out.Axes, radarAxis{a, f(x), f(y), f(lx), f(ly + 4), anchor})
	}
	return out
}
