package race

import (
	"bytes"
	"slices"
	"strconv"
	"text/template"
	"time"

	"github.com/yanzhen/yanzhen/internal/policy"
)

// documentsOfThirty is how many documents the second load has.
const documentsOfThirty = 30

// Terms are the numbers of one of the documents: amounts in 10,000 yuan, rates in hundredths.
type Terms struct {
	Number       int
	Codes        []string // of areas
	InvestRate   [years]int64
	MinInput     int64
	InvestCap    int64
	FirstRate    int64
	SecondRate   int64
	SecondFrom   int64
	EquipmentCap int64
	FirmCap      int64
	LoanRate     int64
	LoanCap      int64
	DigitalRate  int64
	DigitalOver  int64
	DigitalCap   int64
	Cloud        int64

	Areas uint32 // a bit for each
}

// Years of the documents.
const (
	firstYear = 2022
	years     = 3
)

// termsOf makes up a document: every third is one of the whole city, the others are of one to four counties.
func termsOf(number int) *Terms {
	d := drawOf(5, uint64(number))
	between := func(low, high int64) int64 { return low + d.Int64N(high-low+1) }
	t := &Terms{
		Number: number, MinInput: between(2, 10) * 50, InvestCap: between(3, 10) * 100, FirstRate: between(3, 8), SecondRate: between(9, 15),
		SecondFrom: between(3, 12) * 100, EquipmentCap: between(1, 6) * 50, FirmCap: between(4, 10) * 100, LoanRate: between(1, 3),
		LoanCap: between(5, 20) * 10, DigitalRate: between(2, 10), DigitalOver: between(1, 6) * 50, DigitalCap: between(2, 12) * 25, Cloud: between(2, 10) * 5,
	}
	t.InvestRate = [years]int64{between(10, 14), between(8, 12), between(6, 10)}
	for t.Areas = 1<<len(areas) - 1; !t.whole() && t.Areas == 1<<len(areas)-1; {
		t.Areas = 0
		for range between(1, 4) {
			t.Areas |= 1 << d.IntN(len(areas))
		}
	}
	for i, code := range areas {
		if t.Areas>>i&1 == 1 {
			t.Codes = append(t.Codes, code)
		}
	}
	return t
}

// whole says that a document is one of the whole city.
func (t *Terms) whole() bool { return t.Number%3 == 0 }

// changed is the what-if: a lower rate of investment in 2023 with a higher ceiling, and more for loans.
func (t *Terms) changed() *Terms {
	c := *t
	c.InvestRate[1] -= 2
	c.InvestCap += 200
	c.LoanRate++
	return &c
}

// patches are changed in the form of the product.
func (t *Terms) patches() []policy.Patch {
	c := t.changed()
	return []policy.Patch{
		{Param: "invest_rate", Key: "2023", Value: strconv.FormatInt(c.InvestRate[1], 10) + "%"},
		{Param: "invest_cap", Value: strconv.FormatInt(c.InvestCap, 10) + "万元"},
		{Param: "loan_rate", Value: strconv.FormatInt(c.LoanRate, 10) + "%"},
	}
}

var thirtyText = template.Must(template.ParseFS(testdata, "testdata/thirty.yaml.tmpl"))

// policy is the document in the form of the product.
func (t *Terms) policy() (*policy.Policy, error) {
	var src bytes.Buffer
	if err := thirtyText.Execute(&src, t); err != nil {
		return nil, err
	}
	return compile("thirty-"+strconv.Itoa(t.Number)+".yaml", src.Bytes())
}

// thirty is the second load.
type thirty struct {
	*sampler
	city  *City
	terms []*Terms
	out   []int64
}

func newThirty(s *sampler) *thirty {
	t := &thirty{sampler: s, city: GenerateCity(s.firms), out: make([]int64, s.firms)}
	for k := range documentsOfThirty {
		t.terms = append(t.terms, termsOf(k+1))
	}
	return t
}

// worked is a document as an engine works it out, in force or changed.
type worked func(changed bool) piece

// race measures an engine that works out one document after the other; prepare reads facts, outside of the clock, and lets go
// of what it read for the document before. What is changed is the documents of the whole city.
func (t *thirty) race(engine string, prepare func(k int) (worked, error)) error {
	var evaluate, whatIf [processors]timed
	for k, terms := range t.terms {
		work, err := prepare(k)
		if err != nil {
			return err
		}
		if err := t.add(&evaluate, engine, k, false, func() (*Answer, error) { return work(false).answer() }); err != nil {
			return err
		}
		if !terms.whole() {
			continue
		}
		kept := slices.Clone(t.out)
		err = t.add(&whatIf, engine, k, true, func() (*Answer, error) {
			x := work(true)
			x.effect = compare(kept, t.out)
			return x.changed()
		})
		if err != nil {
			return err
		}
	}
	if err := t.tell(engine, Evaluate, t.firms, evaluate); err != nil {
		return err
	}
	return t.tell(engine, WhatIf, t.firms, whatIf)
}

// add works a document out once, compares what each enterprise gets with the loop, and times it.
func (t *thirty) add(to *[processors]timed, engine string, k int, changed bool, do func() (*Answer, error)) error {
	start := time.Now()
	answer, err := do()
	if err != nil {
		return err
	}
	once, want := time.Since(start), make([]int64, t.firms)
	t.city.evaluate(t.version(k, changed), want, 0, t.firms)
	if err := same(engine+", document "+strconv.Itoa(k+1), want, t.out); err != nil {
		return err
	}
	all, err := t.again(answer, once, enough/documentsOfThirty, do)
	if err != nil {
		return err
	}
	for i, x := range all {
		sum := &to[i]
		if sum.answer == nil {
			sum.answer = &Answer{}
		}
		sum.cpu, sum.wall = sum.cpu+x.cpu, sum.wall+x.wall
		sum.answer.Budget += x.answer.Budget
		sum.answer.Getting += x.answer.Getting
		sum.answer.Effect.add(x.answer.Effect)
	}
	return nil
}

func (t *thirty) version(k int, changed bool) *Terms {
	if changed {
		return t.terms[k].changed()
	}
	return t.terms[k]
}

func (t *thirty) loops() error {
	return t.race(handLoop, func(k int) (worked, error) {
		return func(changed bool) piece {
			terms := t.version(k, changed)
			return inPieces(t.firms, func(from, to int) piece { return piece{sum: t.city.evaluate(terms, t.out, from, to)} })
		}, nil
	})
}

// decisions is Plan.DecideAll, document after document.
func (t *thirty) decisions() error {
	facts := t.city.facts()
	return t.race("yanzhen, a decision for each", func(k int) (worked, error) {
		plan, err := t.terms[k].plans()
		if err != nil {
			return nil, err
		}
		return func(changed bool) piece {
			return inPieces(t.firms, func(from, to int) piece { return decideAll(plan[changed], facts, t.city.Area, t.out, from, to) })
		}, nil
	})
}

// plans compiles the document, in force and changed.
func (t *Terms) plans() (map[bool]*policy.Plan, error) {
	p, err := t.policy()
	if err != nil {
		return nil, err
	}
	plan := map[bool]*policy.Plan{}
	for changed, patches := range map[bool][]policy.Patch{false: nil, true: t.patches()} {
		if plan[changed], err = p.Plan(nil, patches...); err != nil {
			return nil, err
		}
	}
	return plan, nil
}
