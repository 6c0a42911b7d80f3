package race

import (
	"bytes"
	"errors"
	"strconv"
	"text/template"

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
	for t.Areas = 1<<len(areas) - 1; number%3 > 0 && t.Areas == 1<<len(areas)-1; {
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

// evaluate measures an engine that works out one document after the other, and compares what each enterprise gets by each
// with the loop.
func (t *thirty) evaluate(engine string, document func(k int) (Sum, error)) error {
	err := t.measure(engine, Evaluate, t.firms, func() (*Answer, error) {
		var all Sum
		for k := range t.terms {
			s, err := document(k)
			if err != nil {
				return nil, err
			}
			all.add(s)
		}
		return all.answer(), nil
	})
	if err != nil {
		return err
	}
	want := make([]int64, t.firms)
	for k, terms := range t.terms {
		if _, err := document(k); err != nil {
			return err
		}
		t.city.evaluate(terms, want, 0, t.firms)
		if err := same(engine+", document "+strconv.Itoa(k+1), want, t.out); err != nil {
			return err
		}
	}
	return nil
}

func (t *thirty) loops() error {
	sums := make([]Sum, t.processors)
	return t.evaluate(fusedLoop, func(k int) (Sum, error) {
		split(t.firms, t.processors, func(w, from, to int) { sums[w] = t.city.evaluate(t.terms[k], t.out, from, to) })
		return together(sums), nil
	})
}

// decisions is Plan.DecideAll, document after document.
func (t *thirty) decisions() error {
	plans, err := t.plans()
	if err != nil {
		return err
	}
	facts, p := t.city.facts(), t.processors
	sums, failed := make([]Sum, p), make([]error, p)
	return t.evaluate("yanzhen, a decision for each", func(k int) (Sum, error) {
		split(t.firms, p, func(w, from, to int) { sums[w], failed[w] = decideAll(plans[k], facts, t.city.Area, t.out, from, to) })
		return together(sums), errors.Join(failed...)
	})
}

func (t *thirty) plans() ([]*policy.Plan, error) {
	var all []*policy.Plan
	for _, terms := range t.terms {
		p, err := terms.policy()
		if err != nil {
			return nil, err
		}
		plan, err := p.Plan(nil)
		if err != nil {
			return nil, err
		}
		all = append(all, plan)
	}
	return all, nil
}
