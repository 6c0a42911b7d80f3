package sql

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/yanzhen/yanzhen/internal/rule"
)

// Insert is the statement that fills the table with what contexts know, whose numbers are the keys; "" where there is no row.
func (t *Table) Insert(contexts []*rule.Context) string {
	var all []string
	for i, ctx := range contexts {
		if t.Level == nil {
			all = append(all, t.values(ctx, i, 0))
			continue
		}
		top := ancestor(ctx.Subject, t.Level.From)
		if top == nil {
			continue
		}
		for k, s := range top.Children(t.Level.Over) {
			member := *ctx
			member.Subject = s
			all = append(all, t.values(&member, i, k))
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "INSERT INTO " + ident(t.Name) + " VALUES\n" + strings.Join(all, ",\n")
}

// ancestor is the subject itself or what it lies below; nil without one of the kind.
func ancestor(s rule.Subject, kind string) rule.Subject {
	for s != nil && s.Kind() != kind {
		s = s.Parent()
	}
	return s
}

// values is a row.
func (t *Table) values(ctx *rule.Context, id, place int) string {
	var all []string
	for _, c := range t.Columns {
		switch c.Part {
		case Key, Parent:
			all = append(all, fmt.Sprint(id))
		case Place:
			all = append(all, fmt.Sprint(place))
		case NoParent:
			all = append(all, fmt.Sprint(ancestor(ctx.Subject, c.From) == nil))
		case None:
			all = append(all, fmt.Sprint(c.Input.Read(ctx).State == rule.None))
		case Over:
			o, den := c.Input.Read(ctx), "1"
			if o.State == rule.Present {
				den = o.Value.Rate().Rat().Denom().String()
			}
			all = append(all, den)
		default:
			all = append(all, stored(c.Input, c.Input.Read(ctx)))
		}
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// stored is a value as its column holds it.
func stored(in *rule.Input, o rule.Outcome) string {
	if o.State != rule.Present {
		return "NULL"
	}
	if o.Value.Type() == rule.RateType && overName(in) == "" {
		r := new(big.Rat).Mul(o.Value.Rate().Rat(), new(big.Rat).SetInt(millionth))
		return r.RatString()
	}
	return strings.TrimPrefix(constant(o.Value), "numeric ")
}
