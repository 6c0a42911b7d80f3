package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
	"github.com/yanzhen/yanzhen/internal/sheet"
)

// number is a value of a parameter, in the field of its type.
type number struct {
	fen  money.Fen
	rate money.Rate
	n    int64 // int, decimal (millionths), date (days since 1970)
}

// parseNumber reads a number as the file writes it; ok is false when it is none of that type, which wantNumber says.
func parseNumber(kind, s string) (v number, ok bool) {
	var err error
	switch kind {
	case "money":
		v.fen, err = money.Parse(s)
	case "rate":
		v.rate, err = money.ParseRate(s)
	case "int":
		v.n, err = strconv.ParseInt(s, 10, 64)
	case "decimal":
		var f money.Fen
		f, err = money.ParseIn(s, 1_000_000)
		v.n = int64(f)
	case "date":
		var d period.Day
		d, err = period.ParseDay(s)
		v.n = int64(d)
	default:
		return v, false
	}
	return v, err == nil
}

// wantNumber says what a number of a type looks like.
func wantNumber(kind, s string) i18n.Msg {
	switch kind {
	case "money":
		return i18n.M("content.want_money", s)
	case "rate":
		return i18n.M("content.want_rate", s)
	case "date", "day":
		return i18n.M("content.want_day", s)
	case "int", "decimal":
		return i18n.M("policy.want_"+kind, s)
	case "bool":
		return i18n.M("content.want_bool")
	}
	return i18n.M("policy.one_of", kind, "money, rate, int, decimal, date")
}

// in says that a running text names the number, however it is written there.
func (v number) in(text, kind string) bool {
	if kind == "date" {
		return slices.Contains(sheet.Days(text), period.Day(v.n))
	}
	return slices.ContainsFunc(sheet.Quantities(text), func(q sheet.Quantity) bool {
		switch kind {
		case "money":
			fen, ok := q.Fen()
			return ok && fen == v.fen
		case "rate":
			rate, ok := q.Rate()
			return ok && rate.Cmp(v.rate) == 0
		case "int":
			n, ok := q.Millionths()
			return ok && n%1_000_000 == 0 && n/1_000_000 == v.n
		}
		n, ok := q.Millionths()
		return ok && n == v.n
	})
}

func (v number) text(kind string) string {
	switch kind {
	case "money":
		return v.fen.String()
	case "rate":
		return v.rate.String()
	case "date":
		return period.Day(v.n).String()
	case "decimal":
		return money.Fen(v.n).In(1_000_000)
	}
	return strconv.FormatInt(v.n, 10)
}

func (v number) cmp(w number) int {
	switch {
	case v.fen != w.fen:
		return int(min(max(v.fen-w.fen, -1), 1))
	case v.n != w.n:
		return int(min(max(v.n-w.n, -1), 1))
	}
	return v.rate.Cmp(w.rate)
}

// param is a parameter with its values read.
type param struct {
	*Param
	def    content.FactDef // where By is a fact
	single number
	byKey  map[string]number
	byYear map[int]number
	gates  []gate // in time, where By is a fact with a day

	hour    content.FactDef
	hasHour bool
	later   []revised // by amendments, in time
}

// gate is the last moment for which a value holds, in minutes since 1970.
type gate struct {
	until int64
	key   string
}

// dawn is the first moment of a day, in the minutes in which gates are told: midnight itself ends the day before.
func dawn(d period.Day) int64 { return int64(d)*24*60 + 1 }

// later is the key of the value for what comes after all gates.
const later = "later"

func (p *param) clone() *param {
	c := *p
	c.byKey, c.byYear, c.gates = maps.Clone(p.byKey), maps.Clone(p.byYear), slices.Clone(p.gates)
	c.later = slices.Clone(p.later)
	for i := range c.later {
		c.later[i].param = c.later[i].clone()
	}
	return &c
}

// set changes one value, key "" for a single one, whatever the day.
func (p *param) set(key string, v number) error {
	err := p.setOne(key, v)
	for _, r := range p.later {
		if r.setOne(key, v) == nil {
			err = nil
		}
	}
	return err
}

func (p *param) setOne(key string, v number) error {
	switch {
	case p.By == "" && key == "":
		p.single = v
	case p.By == "year":
		y, err := strconv.Atoi(key)
		if _, ok := p.byYear[y]; err != nil || !ok {
			return fmt.Errorf("parameter %s has no value for %q", p.ID, key)
		}
		p.byYear[y] = v
	default:
		if _, ok := p.byKey[key]; !ok {
			return fmt.Errorf("parameter %s has no value for %q", p.ID, key)
		}
		p.byKey[key] = v
	}
	return nil
}

// noValue says that there is nothing to change at a key, and where there is.
func (p *param) noValue(key string) i18n.Msg {
	keys := sortedKeys(p.byKey)
	for y := range p.byYear {
		keys = append(keys, strconv.Itoa(y))
	}
	slices.Sort(keys)
	switch {
	case len(keys) == 0:
		return i18n.M("policy.patch_single", p.ID, key)
	case key == "":
		return i18n.M("policy.patch_which", p.ID, strings.Join(keys, ", "))
	}
	return i18n.M("policy.bad_patch", p.ID, key, strings.Join(keys, ", "))
}

// NoParam says that no parameter has an id, and which there are.
func (p *Policy) NoParam(id string) i18n.Msg {
	var ids []string
	for i := range p.params {
		ids = append(ids, p.params[i].ID)
	}
	if len(ids) == 0 {
		return i18n.M("policy.no_params", id, p.File.Document.ID)
	}
	slices.Sort(ids)
	return i18n.M("policy.no_param", id, strings.Join(ids, ", "))
}

// whole is 100 %.
var whole = number{rate: money.PPM(1_000_000)}

// beyond says that v is a rate above 100 % where every rate of the policy stays within: a slip of the hand, as 12 for 12 %.
func (p *param) beyond(v number) bool {
	if p.Type != "rate" || v.cmp(whole) <= 0 {
		return false
	}
	_, high := p.reach()
	return high.cmp(whole) <= 0
}

// below says that v is less than nothing where no value of the policy is: a slip of the hand too.
func (p *param) below(v number) bool {
	if p.Type == "date" || v.cmp(number{}) >= 0 {
		return false
	}
	low, _ := p.reach()
	return low.cmp(number{}) >= 0
}

// reach is ends with what amendments made of it.
func (p *param) reach() (low, high number) {
	low, high = p.ends()
	for _, r := range p.later {
		l, h := r.ends()
		if l.cmp(low) < 0 {
			low = l
		}
		if h.cmp(high) > 0 {
			high = h
		}
	}
	return low, high
}

// ends is the least and the most of a table.
func (p *param) ends() (low, high number) {
	all := slices.Collect(maps.Values(p.byKey))
	all = slices.AppendSeq(all, maps.Values(p.byYear))
	if len(all) == 0 {
		return p.single, p.single
	}
	return slices.MinFunc(all, number.cmp), slices.MaxFunc(all, number.cmp)
}

// found is a parameter's value as far as it is known: between low and high, because of what is missing. State None says
// that there is no value, Unknown that there may be none.
type found struct {
	low, high number
	state     rule.State
	missing   []content.FactDef
}

func exactly(v number, ok bool) found {
	if !ok {
		return found{state: rule.None}
	}
	return found{low: v, high: v, state: rule.Present}
}

// gated is the value at the moment that facts state: the first gate that lies not before it.
func (p *param) gated(read func(content.FactDef) (rule.Value, rule.State)) found {
	after, has := p.byKey[later]
	low, high := p.ends()
	v, state := read(p.def)
	switch {
	case state == rule.None:
		return found{state: rule.None}
	case state == rule.Unknown && has:
		return found{low: low, high: high, state: rule.Present, missing: []content.FactDef{p.def}}
	case state == rule.Unknown:
		return found{low: low, high: high, state: rule.Unknown, missing: []content.FactDef{p.def}}
	}
	first, last := dawn(v.Day()), dawn(v.Day()+1)-1
	if p.hasHour {
		switch t, state := read(p.hour); state {
		case rule.Present:
			first = int64(v.Day())*24*60 + t.Int()/100*60 + t.Int()%100
			last = first
		case rule.None: // at no particular hour: some time before the day was over
			first = last
		}
	}
	at := func(moment int64) int { // the number of its gate; that of later comes last
		if k := slices.IndexFunc(p.gates, func(g gate) bool { return moment <= g.until }); k >= 0 {
			return k
		}
		return len(p.gates)
	}
	var all []number
	for k := at(first); k <= at(last); k++ {
		switch {
		case k < len(p.gates):
			all = append(all, p.byKey[p.gates[k].key])
		case has:
			all = append(all, after)
		}
	}
	if at(first) == at(last) {
		return exactly(append(all, number{})[0], len(all) > 0)
	}
	out := found{low: slices.MinFunc(all, number.cmp), high: slices.MaxFunc(all, number.cmp), state: rule.Present, missing: []content.FactDef{p.hour}}
	if at(last) == len(p.gates) && !has {
		out.state = rule.Unknown
	}
	return out
}
