package web

import (
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// labGroup is the numbers of a clause that a scenario may change, and whether it ends the clause.
type labGroup struct {
	Clause, Title, Cite string // Clause is "" for numbers that no clause names by itself
	Off                 bool   // the clause does not hold under the answers
	Ended               bool
	Params              []labParam
	Open                bool
	Changed             int // dials that stand elsewhere than the policy in force
}

// labParam is a number of the policy with a dial for each of its values.
type labParam struct {
	Title, Cite string
	Also        string // other clauses that reckon with it, in words
	Dials       []labDial
}

// labDial is one value: a box in the format of a policy's file, and a slider where it is a plain number.
type labDial struct {
	Name, Label, Spoken string // Label is the year or code, "" for a single value; Spoken names the dial wholly
	Law, Value          string // in force, and of the scenario
	Means               string // Law in the reader's words, "" where they are the same
	Error               string
	Slider              dialRange
	kind                string // type of the number
}

// changed says that the dial stands elsewhere than the policy in force.
func (d labDial) changed() bool { return d.Value != d.Law }

// unit is what stands behind the digits of the value in force.
func (d labDial) unit() string {
	_, unit := numberAndUnit(d.Law)
	return unit
}

// dialName is the field of a value in a form and an address.
func dialName(param, key string) string {
	if key == "" {
		return "p:" + param
	}
	return "p:" + param + ":" + key
}

// labNumbers is every value of a policy's numbers with what an address sets it to. Values are told as a file writes them.
type labNumbers struct {
	t       i18n.T
	policy  *policy.Policy
	in      url.Values
	keyText func(i18n.T, policy.Param, string) string
}

// patches is what the address changes, in the order of the file, and what is wrong with single fields of it.
func (n labNumbers) patches() (all []policy.Patch, wrong map[string]i18n.Msg, err error) {
	wrong = map[string]i18n.Msg{}
	for _, prm := range paramsOf(n.policy.File) {
		for _, key := range valueKeys(prm) {
			name, law := dialName(prm.ID, key), lawValue(prm, key)
			value := typedValue(n.in.Get(name), law)
			if value == law {
				continue
			}
			patch := policy.Patch{Param: prm.ID, Key: key, Value: value}
			if _, err := n.policy.Plan(nil, patch); err != nil {
				msg, ok := errs.Message(err)
				if !ok {
					return nil, nil, fmt.Errorf("value of %s: %w", name, err)
				}
				wrong[name] = msg
				continue
			}
			all = append(all, patch)
		}
	}
	return all, wrong, nil
}

// dials is a number's dials as the address sets them.
func (n labNumbers) dials(prm policy.Param) []labDial {
	var all []labDial
	for _, key := range valueKeys(prm) {
		d := labDial{Name: dialName(prm.ID, key), Law: lawValue(prm, key), Spoken: n.t.Text(prm.Name), kind: prm.Type}
		d.Value = typedValue(n.in.Get(d.Name), d.Law)
		if key != "" {
			d.Label = n.keyText(n.t, prm, key)
			d.Spoken += " · " + d.Label
		}
		if means := numberText(n.t, prm, d.Law); fold(means, "") != d.Law {
			d.Means = means
		}
		d.Slider = sliderOf(d.Law, d.Value)
		all = append(all, d)
	}
	return all
}

// paramsOf is a document's numbers with those that amendments brought.
func paramsOf(f policy.File) []policy.Param {
	all := slices.Clone(f.Params)
	for _, a := range f.Amendments {
		all = append(all, a.Params...)
	}
	return all
}

// clausesOf is a document's clauses with those that amendments brought.
func clausesOf(f policy.File) []policy.Clause {
	all := slices.Clone(f.Clauses)
	for _, a := range f.Amendments {
		all = append(all, a.Clauses...)
	}
	return all
}

// valueKeys is the keys of a number's table in order, "" alone for a single value.
func valueKeys(prm policy.Param) []string {
	if prm.By == "" {
		return []string{""}
	}
	return slices.Sorted(maps.Keys(prm.Values))
}

// lawValue is what is in force, as the file writes it.
func lawValue(prm policy.Param, key string) string {
	if prm.By == "" {
		return prm.Value
	}
	return prm.Values[key]
}

// typedValue is what was typed for a value, in the format of a file: nothing is the value in force, and digits alone have
// its unit.
func typedValue(typed, law string) string {
	typed = fold(typed, "")
	if typed == "" {
		return law
	}
	if _, unit := numberAndUnit(law); isDigits(typed) {
		typed += unit
	}
	return typed
}

func isDigits(s string) bool {
	num, unit := numberAndUnit(s)
	return num != "" && unit == ""
}

var leadingNumber = regexp.MustCompile(`^-?\d+(\.\d+)?`)

// numberAndUnit parts 500万元 into 500 and 万元; number is "" for what does not begin with one or is more than one number
// with a unit, as a day or a fraction.
func numberAndUnit(s string) (number, unit string) {
	number = leadingNumber.FindString(s)
	unit = s[len(number):]
	if strings.ContainsAny(unit, "0123456789-/") {
		return "", s
	}
	return number, unit
}

// dialRange is the ends and the step of a slider, in the unit of the value in force; Max is "" where there is none.
type dialRange struct {
	Min, Max, Step, At string
	Share              string // where the value in force lies: 0 at the beginning, 1 at the end
}

// dialSteps is about how many positions a slider has.
const dialSteps = 200

// sliderOf is a slider from nothing to about twice the value in force (further where the scenario stands further), whose
// steps meet that value.
func sliderOf(law, value string) dialRange {
	number, unit := numberAndUnit(law)
	at, itsUnit := numberAndUnit(value)
	base, ok := new(big.Rat).SetString(number)
	if !ok || base.Sign() < 0 {
		return dialRange{}
	}
	if itsUnit != unit || strings.HasPrefix(at, "-") {
		at = number
	}
	top := new(big.Rat).Mul(base, big.NewRat(2, 1))
	if a, ok := new(big.Rat).SetString(at); ok && a.Cmp(top) > 0 {
		top = a
	}
	if top.Sign() == 0 {
		top.SetInt64(100)
	}
	top = roundUp(top)
	step := stepFor(top, base)
	return dialRange{Min: "0", Max: digitsOf(top), Step: digitsOf(step), At: at, Share: new(big.Rat).Quo(base, top).FloatString(4)}
}

// roundUp is the next of 1, 2, 2.5, 5 times a power of ten.
func roundUp(x *big.Rat) *big.Rat {
	ten := big.NewRat(10, 1)
	power := big.NewRat(1, 1)
	for power.Cmp(x) < 0 {
		power.Mul(power, ten)
	}
	for new(big.Rat).Quo(power, ten).Cmp(x) >= 0 {
		power.Quo(power, ten)
	}
	for _, part := range []*big.Rat{big.NewRat(1, 5), big.NewRat(1, 4), big.NewRat(1, 2)} {
		if y := new(big.Rat).Mul(power, part); y.Cmp(x) >= 0 {
			return y
		}
	}
	return power
}

// stepFor is the largest of 1, 2, 5 times a power of ten that gives enough positions and divides the value in force.
func stepFor(top, base *big.Rat) *big.Rat {
	most := new(big.Rat).Quo(top, big.NewRat(dialSteps, 1))
	step := roundUp(most)
	for step.Cmp(most) > 0 {
		step = smaller(step)
	}
	for range 12 { // a value in force has at most a handful of decimals
		if new(big.Rat).Quo(base, step).IsInt() {
			break
		}
		step = smaller(step)
	}
	return step
}

// smaller is the next smaller step: 5, 2, 1, 0.5 …
func smaller(step *big.Rat) *big.Rat {
	for _, part := range []*big.Rat{big.NewRat(1, 2), big.NewRat(2, 5), big.NewRat(1, 5), big.NewRat(1, 10)} {
		next := new(big.Rat).Mul(step, part)
		if lead := strings.Trim(next.FloatString(20), "0."); lead == "1" || lead == "2" || lead == "5" {
			return next
		}
	}
	return step
}

// digitsOf is a number without needless zeros.
func digitsOf(x *big.Rat) string {
	s := x.FloatString(12)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// dialsShown is about how many dials stand open at first.
const dialsShown = 8

// groups is the dials by clause: a number stands with the first clause that reckons with it and holds under the answers.
func (n labNumbers) groups(answers map[string]string, ended []string) ([]labGroup, error) {
	file := n.policy.File
	used, err := paramUse(file)
	if err != nil {
		return nil, err
	}
	var all []labGroup
	for _, c := range clausesOf(file) {
		all = append(all, labGroup{
			Clause: c.ID, Title: n.t.Text(c.Name), Cite: c.Cite, Off: c.Only != nil && answers[c.Only.Setting] != c.Only.Is, Ended: slices.Contains(ended, c.ID),
		})
	}
	all = append(all, labGroup{Title: n.t.S("labpage.between")})
	for _, prm := range paramsOf(file) {
		at, others := n.home(prm, all, used)
		p := labParam{Title: n.t.Text(prm.Name), Cite: prm.Cite, Dials: n.dials(prm), Also: strings.Join(others, n.t.S("web.comma"))}
		for _, d := range p.Dials {
			if d.changed() {
				all[at].Changed++
			}
		}
		all[at].Params = append(all[at].Params, p)
	}
	shown := 0
	for i, g := range all {
		all[i].Open = g.Changed > 0 || g.Ended || !g.Off && shown < dialsShown
		if all[i].Open {
			for _, p := range g.Params {
				shown += len(p.Dials)
			}
		}
	}
	return slices.DeleteFunc(all, func(g labGroup) bool { return len(g.Params) == 0 && (g.Clause == "" || g.Off) }), nil
}

// home is the group in which a number stands, and the clauses besides that reckon with it.
func (n labNumbers) home(prm policy.Param, groups []labGroup, used []map[string]bool) (at int, others []string) {
	between := len(groups) - 1
	at = between
	for i, names := range used {
		if names["param."+prm.ID] && (at == between || groups[at].Off && !groups[i].Off) {
			at = i
		}
	}
	for i, names := range used {
		if i != at && names["param."+prm.ID] && !groups[i].Off {
			others = append(others, groups[i].Title)
		}
	}
	return at, others
}

var paramName = regexp.MustCompile(`\bparam\.[A-Za-z0-9_]+`)

// paramUse is which numbers each clause of a policy names, itself or through what raises it.
func paramUse(f policy.File) ([]map[string]bool, error) {
	var all []map[string]bool
	for _, c := range clausesOf(f) {
		parts := []any{c}
		for _, u := range f.Uplifts {
			if slices.Contains(u.Clauses, c.ID) {
				parts = append(parts, u)
			}
		}
		names, err := namesIn(paramName, parts)
		if err != nil {
			return nil, fmt.Errorf("numbers of clause %s: %w", c.ID, err)
		}
		all = append(all, names)
	}
	return all, nil
}
