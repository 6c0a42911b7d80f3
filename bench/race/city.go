package race

import (
	"slices"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// City is the region of the second load: enterprises with projects, projects with loans, figures of three years.
type City struct {
	N       int
	Area    []uint8
	Scale   [years][]uint8
	Digital [years][]int64 // investment
	Stars   [years][]int64

	Project   []int32 // where the projects of each enterprise begin, and in the end where the last ones end
	OfFirm    []int32 // enterprise of each project
	Kind      []uint8 // in kinds
	IsDigital []uint8
	Input     [years][]int64
	Invest    [years][]int64
	Equipment [years][]int64

	Loan       []int32 // where the loans of each project begin
	OfProject  []int32
	Drawn      []int64
	Principal  []int64
	ForDigital []uint8
}

var kinds = []string{"smart", "digital", "green", "other"}

// GenerateCity makes n enterprises: one project in two cases of five, two in one, none in two; a loan for every second.
func GenerateCity(n int) *City {
	c := &City{N: n, Project: []int32{0}, Loan: []int32{0}}
	for from := 0; from < n; from += block {
		d := drawOf(20220101, uint64(from/block))
		for range min(block, n-from) {
			c.firm(d)
		}
	}
	return c
}

func (c *City) firm(d draw) {
	c.Area = append(c.Area, uint8(d.IntN(len(areas))))
	scale := d.flag(0.6)
	for y := range years {
		c.Scale[y] = append(c.Scale[y], scale&d.flag(0.97))
		c.Digital[y] = append(c.Digital[y], d.money(0.3, 13.8, 1.2, 1e9))
		c.Stars[y] = append(c.Stars[y], int64(d.IntN(8))*int64(d.flag(0.1))%6)
	}
	firm := int32(len(c.Area) - 1)
	for range [...]int{0, 0, 1, 1, 2}[d.IntN(5)] {
		c.project(d, firm)
	}
	c.Project = append(c.Project, int32(len(c.OfFirm)))
}

func (c *City) project(d draw, firm int32) {
	c.OfFirm = append(c.OfFirm, firm)
	c.Kind, c.IsDigital = append(c.Kind, uint8(d.IntN(len(kinds)))), append(c.IsDigital, d.flag(0.8))
	for y := range years {
		invest := d.money(0.5, 15.2, 1.4, 2e9)
		c.Invest[y] = append(c.Invest[y], invest)
		c.Input[y] = append(c.Input[y], int64(float64(invest)*(0.3+0.6*d.Float64())))
		c.Equipment[y] = append(c.Equipment[y], int64(float64(invest)*(0.1+0.5*d.Float64())))
	}
	for range d.IntN(2) {
		c.OfProject = append(c.OfProject, int32(len(c.OfFirm)-1))
		c.Drawn = append(c.Drawn, int64(period.Date(firstYear, 1, 1))+int64(d.IntN(365*years)))
		c.Principal, c.ForDigital = append(c.Principal, d.money(1, 15.4, 1.3, 1e9)), append(c.ForDigital, d.flag(0.9))
	}
	c.Loan = append(c.Loan, int32(len(c.OfProject)))
}

// facts is the city as documents of the product read it.
func (c *City) facts() *Facts {
	f := newFacts(c.N)
	firms := f.tables[content.Enterprise]
	projects := f.add(content.Project, firms, len(c.OfFirm), c.OfFirm)
	loans := f.add(content.Loan, projects, len(c.OfProject), c.OfProject)
	firms.Columns[Key{Def: rule.AreaCode}] = &Column{Bytes: c.Area, Words: areas}
	projects.Columns[Key{Def: "project.kind"}] = &Column{Bytes: c.Kind, Words: kinds}
	projects.Columns[Key{Def: "project.is_digital"}] = &Column{Bytes: c.IsDigital}
	loans.Columns[Key{Def: "loan.drawn_on"}] = &Column{Numbers: c.Drawn}
	loans.Columns[Key{Def: "loan.principal"}] = &Column{Numbers: c.Principal}
	loans.Columns[Key{Def: "loan.for_digital"}] = &Column{Bytes: c.ForDigital}
	for y := range years {
		p := period.OfYear(firstYear + y)
		firms.Columns[Key{"ent.above_scale", p}] = &Column{Bytes: c.Scale[y]}
		firms.Columns[Key{"ent.digital_investment", p}] = &Column{Numbers: c.Digital[y]}
		firms.Columns[Key{"ent.cloud_stars", p}] = &Column{Numbers: c.Stars[y]}
		projects.Columns[Key{"project.effective_input", p}] = &Column{Numbers: c.Input[y]}
		projects.Columns[Key{"project.investment", p}] = &Column{Numbers: c.Invest[y]}
		projects.Columns[Key{"project.equipment", p}] = &Column{Numbers: c.Equipment[y]}
	}
	return f
}

// evaluate is the loop that was written for these clauses.
func (c *City) evaluate(t *Terms, out []int64, from, to int) (s Sum) {
	yearOf := newYearOf()
	for i := from; i < to; i++ {
		out[i] = 0
		if t.Areas>>c.Area[i]&1 == 0 {
			continue
		}
		var projects, loans [years]int64
		first, last := c.Project[i], c.Project[i+1]
		for p := first; p < last; p++ {
			c.paid(t, p, &projects)
		}
		for l := c.Loan[first]; l < c.Loan[last]; l++ {
			if c.ForDigital[l] == 1 {
				loans[yearOf[c.Drawn[l]-int64(period.Date(firstYear, 1, 1))]] += share(c.Principal[l], t.LoanRate*10_000)
			}
		}
		sum := int64(0)
		for y := range years {
			sum += min(projects[y], t.FirmCap*wan) + min(loans[y], t.LoanCap*wan)
			if c.Scale[y][i] == 0 {
				continue
			}
			if x := c.Digital[y][i]; x > t.DigitalOver*wan {
				sum += min(share(x, t.DigitalRate*10_000), t.DigitalCap*wan)
			}
			sum += b2i(c.Stars[y][i] >= 5) * t.Cloud * wan
		}
		out[i] = sum
		s.firm(c.Area[i], sum)
	}
	return s
}

// paid adds what a project gets in each year, before the ceiling of its enterprise.
func (c *City) paid(t *Terms, p int32, to *[years]int64) {
	left := t.InvestCap * wan
	for y := range years {
		var invest, equipment int64
		if c.IsDigital[p] == 1 && c.Input[y][p] >= t.MinInput*wan {
			invest = min(share(c.Invest[y][p], t.InvestRate[y]*10_000), left)
			left -= invest
		}
		if c.Kind[p] < 2 {
			x := c.Equipment[y][p]
			equipment = (min(x, t.SecondFrom*wan)*t.FirstRate*10_000 + max(x-t.SecondFrom*wan, 0)*t.SecondRate*10_000 + ppm/2) / ppm
			equipment = min(equipment, t.EquipmentCap*wan)
		}
		to[y] += max(invest, equipment)
	}
}

// newYearOf is the year of each day.
func newYearOf() []uint8 {
	var of []uint8
	for y := range years {
		n := int(period.Date(firstYear+y+1, 1, 1) - period.Date(firstYear+y, 1, 1))
		of = append(of, slices.Repeat([]uint8{uint8(y)}, n)...)
	}
	return of
}
