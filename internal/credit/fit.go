package credit

import (
	"context"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/condition"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Fit is whether a firm could get a product, by what is known of it.
type Fit struct {
	Year   int // whose figures were read
	Checks []condition.Check
	// State is what the conditions and the amount come to: not met where a condition is not, or where the limit is below the
	// smallest loan; unknown where a fact is missing.
	State   condition.State
	Limit   money.Fen      // how much at most; 0 where Missing says why it is not known
	Missing []rule.FactRef // because of which the limit is not known
	Unnamed bool           // the limit is not known as the equipment that it goes by was not named
}

// Want is what a firm asks for.
type Want struct {
	Product   string // code
	Firm      int64
	Equipment Equipment // of a lease
}

// wan is what limits are rounded down to.
const wan = 10_000 * money.Yuan

// YearOf is the year whose figures a product reads on a day: the last one that is over.
func YearOf(on period.Day) int { return on.Year() - 1 }

// Ask says whether a firm could get the product for equipment, as its facts stand on a day. An error is a value that does not fit.
func (p *Product) Ask(of rule.Subject, on period.Day, equipment Equipment) (Fit, error) {
	f := Fit{Year: YearOf(on)}
	then := rule.Context{Subject: of, Year: f.Year, Event: &on, On: on, Given: equipment.answer}
	now := then
	now.Year = on.Year()
	var err error
	if f.Checks, err = condition.Ask(p.who, then); err != nil {
		return Fit{}, err
	}
	today, err := condition.Ask(p.now, now)
	if err != nil {
		return Fit{}, err
	}
	f.Checks = append(f.Checks, today...)
	f.State = condition.Worst(f.Checks)
	out := p.of.Eval(&then)
	switch out.State {
	case rule.Failed:
		return Fit{}, out.Err
	case rule.Unknown:
		f.Missing, f.Unnamed = out.Missing, !equipment.Named && len(p.of.Uses()) > 0
		if f.State == condition.Met {
			f.State = condition.Unknown
		}
		return f, nil
	case rule.Present:
		if f.Limit, err = out.Value.Exact().Min(money.Of(p.Most)).Round(money.Rounding{To: wan, Mode: money.Down}); err != nil {
			return Fit{}, err
		}
	}
	if f.Limit < p.Least { // what is known to be nothing lends nothing
		f.Limit, f.State = 0, condition.NotMet
	}
	return f, nil
}

// TooLittle says that the limit is known, and below the smallest loan.
func (f Fit) TooLittle() bool { return f.Limit == 0 && len(f.Missing) == 0 && !f.Unnamed }

// Offered are the products that the installation offers: those of invented banks in a demonstration alone.
func (s *Store) Offered() []*Product {
	var all []*Product
	for _, p := range s.Set.Products() {
		if s.Demo || !p.By.Invented {
			all = append(all, p)
		}
	}
	return all
}

// Product is a product that is offered; NotFound for another.
func (s *Store) Product(code string) (*Product, error) {
	for _, p := range s.Offered() {
		if p.Product == code {
			return p, nil
		}
	}
	return nil, errs.NotFound("loan product", code)
}

// Fit says whether a firm could get a product today. NotFound for a product that is not offered and for a firm whose facts the
// scope may not read.
func (s *Store) Fit(ctx context.Context, scope access.Scope, w Want) (Fit, error) {
	p, err := s.Product(w.Product)
	if err != nil {
		return Fit{}, err
	}
	view, err := s.Frames.For(ctx, scope, 0)
	if err != nil {
		return Fit{}, err
	}
	of, ok := s.Subjects.Subject(view, w.Firm)
	if !ok || !view.Can(access.ReadFact, w.Firm) {
		return Fit{}, errs.NotFound("enterprise", w.Firm)
	}
	return p.Ask(of, s.Clock.Today(), w.Equipment)
}

// Msg is what the answer is called on a page.
func (f Fit) Msg() i18n.Msg { return i18n.M("credit.fit." + string(f.State)) }
