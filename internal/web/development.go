package web

import (
	"context"
	"math/big"
	"strconv"

	"github.com/yanzhen/yanzhen/internal/assess"
	"github.com/yanzhen/yanzhen/internal/assess/results"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
)

// development is how a firm's results moved, from before it was supported on.
type development struct {
	Rows    []developmentRow
	Support results.Support
	Chart   *stageChart
}

// developmentRow is a stage in words, with the result that stands for it.
type developmentRow struct {
	Stage      results.Stage
	Confidence string
	Row        sealedRow // zero where there is none yet
	Since      string    // the change of points since T0
	Apart      bool      // T0 was judged by another edition: no change is told
}

// stageChart is the points of all results over time, as SVG takes them.
type stageChart struct {
	Line   string
	Points []stagePoint
	Days   []stageDay
	From   string
	To     string
}

// stagePoint is a result: from what is sure to what is possible.
type stagePoint struct {
	X, Y, May string
	Label     string
	OnSite    bool
	Named     bool
}

// stageDay is a day of support.
type stageDay struct{ X, Key string }

// Room of the chart.
const (
	stageWidth, stageHeight = 520, 180
	stageLeft, stageTop     = 30, 24
)

// developmentOf is how the results of a firm by a model moved; nil where nothing is sealed.
func (s *server) developmentOf(ctx context.Context, t i18n.T, view fact.View, m *assess.Rubric, firm int64) (*development, error) {
	sealed, err := s.Results.Of(ctx, view, firm)
	switch {
	case err == nil:
	case errs.KindOf(err) == errs.KindNotFound:
		return nil, nil
	default:
		return nil, err
	}
	dev := results.Develop(sealed, m.Rubric, results.SupportOf(view, firm))
	if len(dev.Points) == 0 {
		return nil, nil
	}
	d := &development{Support: dev.Support, Chart: s.stageChart(m, dev)}
	first := dev.Stage(results.T0)
	for _, at := range results.Stages {
		row := developmentRow{Stage: at, Confidence: content.Unverified}
		if at == results.T0 {
			row.Confidence = content.Verified
		}
		if x := dev.Stage(at); x != nil {
			by := s.pinnedOr(ctx, x, m)
			row.Row = s.sealedRow(t, by, x)
			if edition, err := s.Results.Set.Edition(x.Model, x.Edition); err == nil {
				row.Row.Href = sealedPath(edition, firm, x.ID)
			}
			if first != nil && x != first {
				if row.Apart = !results.Comparable(first, x); !row.Apart {
					row.Since = sinceText(t, by, first, x)
				}
			}
		}
		d.Rows = append(d.Rows, row)
	}
	return d, nil
}

// pinnedOr is the model that a result was made by; another one where the library has moved on from it.
func (s *server) pinnedOr(ctx context.Context, x *results.Sealed, other *assess.Rubric) *assess.Rubric {
	if m, err := s.Results.Pinned(ctx, x); err == nil {
		return m
	}
	return other
}

// sinceText is by how many points a result differs from an earlier one; of results that are not settled, from how many to how many.
func sinceText(t i18n.T, m *assess.Rubric, a, b *results.Sealed) string {
	if a.May == nil || b.May == nil {
		return t.S("assesspage.stage_open")
	}
	least, most := new(big.Rat).Sub(b.Score, a.May), new(big.Rat).Sub(b.May, a.Score)
	if least.Cmp(most) == 0 {
		return changeText(m, least)
	}
	return t.S("assesspage.from_to", changeText(m, least), changeText(m, most))
}

// stageChart places results by the day of sealing and their share of all points.
func (s *server) stageChart(m *assess.Rubric, dev results.Development) *stageChart {
	from, to := dev.Points[0].On, dev.Points[len(dev.Points)-1].On
	days := map[string]period.Day{"diagnosed": dev.Diagnosed, "accepted": dev.Accepted}
	for _, day := range days {
		if day != 0 {
			from, to = min(from, day), max(to, day)
		}
	}
	c := &stageChart{From: from.String(), To: to.String()}
	span := max(int(to-from), 1)
	x := func(on period.Day) string { return strconv.Itoa(stageLeft + int(on-from)*stageWidth/span) }
	y := func(r *big.Rat) string {
		share, _ := new(big.Rat).Quo(r, m.Full.Rat()).Float64()
		return strconv.Itoa(stageTop + stageHeight - int(stageHeight*max(min(share, 1), 0)))
	}
	for _, p := range dev.Points {
		point := stagePoint{X: x(p.On), Y: y(p.Score), May: y(p.Score), OnSite: p.How == results.OnSite, Named: p.Stage != "", Label: string(p.Stage)}
		if p.May != nil {
			point.May = y(p.May)
		} else {
			point.May = strconv.Itoa(stageTop)
		}
		if p.Stage != "" {
			point.Label += " " + m.Show(p.Score)
			c.Line = joinWith(c.Line, " ", point.X+","+point.Y)
		}
		c.Points = append(c.Points, point)
	}
	for _, key := range []string{"diagnosed", "accepted"} {
		if days[key] != 0 {
			c.Days = append(c.Days, stageDay{x(days[key]), key})
		}
	}
	return c
}
