package lint

import (
	"iter"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// name is the parameter that a reference names.
func name(ref string) string { return strings.TrimPrefix(ref, "param.") }

// index is the place of the parameter in the file.
func (p *pack) index(ref string) int {
	return slices.IndexFunc(p.policy.File.Params, func(prm policy.Param) bool { return prm.ID == name(ref) })
}

// paramAt is where a parameter stands.
func (p *pack) paramAt(ref string) Place { return p.at("params", p.index(ref)) }

// param is where a value of a parameter stands.
func (p *pack) param(ref, key string) Place {
	i := p.index(ref)
	if p.policy.File.Params[i].Value != "" {
		return p.at("params", i, "value")
	}
	return p.at("params", i, "values", key)
}

// values is the values of the parameter that a reference names; for no reference, zero from the beginning.
func (p *pack) values(ref string) map[string]rule.Value {
	if ref == "" {
		return map[string]rule.Value{"": rule.Money(0)}
	}
	return p.policy.Values(name(ref))
}

// eachKey is the values of a parameter in the order of their keys.
func (p *pack) eachKey(ref string) iter.Seq2[string, rule.Value] {
	values := p.values(ref)
	return func(yield func(string, rule.Value) bool) {
		for _, key := range sorted(values) {
			if !yield(key, values[key]) {
				return
			}
		}
	}
}

// span is the least and the most that a parameter may be, in fen or as the number it is.
func (p *pack) span(ref string) (low, high *big.Rat) {
	d := p.policy.Range(name(ref))
	return d.Low.Value, d.High.Value
}

// spanOf is the span of a parameter for one key, nothing where its table has none. What amendments revise is not told apart.
func (p *pack) spanOf(ref, key string) (low, high *big.Rat) {
	if len(p.raw.Amendments) > 0 {
		return p.span(ref)
	}
	values := p.values(ref)
	v, ok := values[key]
	if !ok {
		v, ok = values[""]
	}
	if !ok {
		return new(big.Rat), new(big.Rat)
	}
	x := rule.DomainOf(v).Low.Value
	return x, x
}

func (p *pack) isRate(ref string) bool { return p.policy.File.Params[p.index(ref)].Type == "rate" }

// in says of which key of a table something is said, nothing for a single value.
func in(key string) any {
	if key == "" {
		return ""
	}
	return i18n.M("lint.in", key)
}

// fen is an amount as people read it.
func fen(f money.Fen) i18n.Msg { return i18n.M("rule.yuan", i18n.Commas(f.String())) }

// yuan is an amount of so many fen, the rest of a fen left out.
func yuan(x *big.Rat) i18n.Msg {
	n := new(big.Int).Quo(x.Num(), x.Denom())
	if !n.IsInt64() {
		return i18n.M("lint.unbounded")
	}
	return fen(money.Fen(n.Int64()))
}

// percent is a rate as people read it.
func percent(x *big.Rat) string {
	if x.Num().IsInt64() && x.Denom().IsInt64() {
		if r, err := money.NewRate(x.Num().Int64(), x.Denom().Int64()); err == nil {
			return r.String()
		}
	}
	return x.RatString()
}

// dayOf is the first or last day of a range, nil where there is none.
func dayOf(b *rule.Bound) *period.Day {
	if b == nil || !b.Value.IsInt() || !b.Value.Num().IsInt64() {
		return nil
	}
	d := period.Day(b.Value.Num().Int64())
	return &d
}
