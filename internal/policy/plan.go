package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Patch is a what-if change of one number: a parameter, the key in its table ("2023"; "" for a single value), and the
// new value as the file would write it.
type Patch struct {
	Param string `json:"param"`
	Key   string `json:"key,omitempty"`
	Value string `json:"value"`
}

// Plan is a policy with every open question answered and every number fixed. It never changes and may be used by many
// goroutines; the same policy, settings and patches give the same Hash.
type Plan struct {
	Policy   *Policy
	Settings map[string]string
	Patches  []Patch
	Hash     string

	params      []*param
	clauses     []clauseRule
	onces       []onceRule
	ceilings    []ceilingRule
	groups      []groupRule
	itemized    []int     // groups of scope cost_item
	clusters    []cluster // of the groups, in the order in which they are settled
	stages      []stage
	order       []string
	shut        []atom
	valid       span
	live        bool
	areaDef     content.FactDef
	industryDef content.FactDef
	area        map[string]bool // nodes of the tree where an enterprise is inside; false: where the floor holds
}

// clauseRule is a clause with the items that hold under the settings.
type clauseRule struct {
	*clause
	when, shut []atom
	thresholds []threshold
	uplifts    []uplift
	ceilings   []slot // of each of its ceilings
	onces      []Once
	valid      span
	off        bool // does not hold under the settings
}

// slot is a ceiling as one of its clauses sees it.
type slot struct {
	*limit
	period string
	own    bool // declared with the clause itself
}

type span struct {
	from period.Day
	to   *period.Day
	src  *Valid

	text    i18n.Text // what the check says
	outside i18n.Msg  // why an event does not count
}

type onceRule struct {
	id     string
	clause int
	slot   int
	most   int
	period string
	place  Place
}

type ceilingRule struct {
	id, stage, scope, period string
	slot                     []int // by clause: which of its limits, -1 where the ceiling does not cover it
	place                    Place
}

type groupRule struct {
	id, scope, period, pick string
	toSum                   bool // of the difference
	clauses                 []int
	sum                     bool
	against                 *Against
	unreported              string
	same                    []string
	name                    i18n.Text
	place                   Place
}

// Until is the policy as it stands once it was ended: events after the last day no longer count, those before are decided
// as ever.
func (p *Policy) Until(last period.Day) *Policy {
	q := *p
	q.ends, q.plain = &last, &plain{}
	if v := &q.File.Document.Valid; v.To == nil || *v.To > last {
		v.To = &last
	}
	sum := sha256.Sum256([]byte(p.hash + " until " + last.String()))
	q.hash = hex.EncodeToString(sum[:])
	return &q
}

// Ends is the last day that counts of a policy that was ended, nil of one that was not.
func (p *Policy) Ends() *period.Day { return p.ends }

// Plan answers the open questions. Settings not named take their default; an unknown setting, option, parameter or key is
// an errs.KindInvalid.
func (p *Policy) Plan(settings map[string]string, patches ...Patch) (*Plan, error) {
	if len(settings)+len(patches) > 0 {
		return p.answer(settings, patches)
	}
	p.plain.once.Do(func() { p.plain.plan, p.plain.err = p.answer(nil, nil) })
	return p.plain.plan, p.plain.err
}

// plain is the plan of the default answers, which most ask for.
type plain struct {
	once sync.Once
	plan *Plan
	err  error
}

func (p *Policy) answer(settings map[string]string, patches []Patch) (*Plan, error) {
	pl := &Plan{Policy: p, Settings: map[string]string{}, Patches: patches, params: slices.Clone(p.params), live: p.File.Document.Status == "live"}
	for _, s := range p.File.Settings {
		pl.Settings[s.ID] = s.Default
	}
	for _, id := range sortedKeys(settings) {
		i := slices.IndexFunc(p.File.Settings, func(s Setting) bool { return s.ID == id })
		if i < 0 {
			return nil, errs.Invalid(i18n.M("policy.unknown_setting", id))
		}
		ids := optionIDs(p.File.Settings[i])
		if !slices.Contains(ids, settings[id]) {
			return nil, errs.Invalid(i18n.M("policy.bad_option", id, settings[id], strings.Join(ids, ", ")))
		}
		pl.Settings[id] = settings[id]
	}
	patched := map[int]bool{}
	for _, pt := range patches {
		i, ok := p.pindex[pt.Param]
		if !ok {
			return nil, errs.Invalid(p.NoParam(pt.Param))
		}
		v, ok := parseNumber(p.params[i].Type, pt.Value)
		if !ok {
			return nil, errs.Invalid(wantNumber(p.params[i].Type, pt.Value))
		}
		if p.params[i].beyond(v) {
			return nil, errs.Invalid(i18n.M("policy.rate_beyond", pt.Param, pt.Value))
		}
		if p.params[i].below(v) {
			return nil, errs.Invalid(i18n.M("policy.number_below", pt.Param, pt.Value))
		}
		if !patched[i] {
			pl.params[i], patched[i] = p.params[i].clone(), true
		}
		if err := pl.params[i].set(pt.Key, v); err != nil {
			return nil, errs.Invalid(p.params[i].noValue(pt.Key))
		}
	}
	pl.resolve()
	pl.Hash = pl.digest()
	return pl, nil
}

func (pl *Plan) digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "policy %s\n", pl.Policy.hash)
	for _, id := range sortedKeys(pl.Settings) {
		fmt.Fprintf(h, "setting %s=%s\n", id, pl.Settings[id])
	}
	for _, prm := range pl.params {
		prm.digestAll(h)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// digestAll writes a parameter with what amendments made of it.
func (p *param) digestAll(h io.Writer) {
	p.digest(h)
	for _, r := range p.later {
		fmt.Fprintf(h, "from %s\n", r.from)
		r.digest(h)
	}
}

func (p *param) digest(h io.Writer) {
	if p.byKey == nil && p.byYear == nil {
		fmt.Fprintf(h, "param %s=%s\n", p.ID, p.single.text(p.Type))
	}
	for _, k := range sortedKeys(p.byKey) {
		fmt.Fprintf(h, "param %s[%s]=%s\n", p.ID, k, p.byKey[k].text(p.Type))
	}
	for _, y := range slices.Sorted(maps.Keys(p.byYear)) {
		fmt.Fprintf(h, "param %s[%d]=%s\n", p.ID, y, p.byYear[y].text(p.Type))
	}
}

// holds says that an item with this condition is there under the settings.
func (pl *Plan) holds(o *Only) bool { return o == nil || pl.Settings[o.Setting] == o.Is }

// word is a word that the file gives itself or leaves to a setting.
func (pl *Plan) word(w string) string {
	if id, ok := strings.CutPrefix(w, "setting."); ok {
		return pl.Settings[id]
	}
	return w
}

func (pl *Plan) span(v *Valid) span {
	s := span{from: v.From, to: v.To, src: v}
	if last := pl.Policy.ends; last != nil && (s.to == nil || *s.to > *last) {
		s.to = last
	}
	if pl.word(v.FirstYear) == "whole" {
		s.from = period.Date(v.From.Year(), 1, 1)
	}
	to := "…"
	if s.to != nil {
		to = s.to.String()
	}
	s.outside = i18n.M("policy.not_in_force", s.from.String(), to)
	s.text = *sentence(i18n.M("policy.in_force", s.from.String(), to))
	return s
}

func (pl *Plan) resolve() {
	f := &pl.Policy.File
	pl.valid = pl.span(&f.Document.Valid)
	pl.shut = pl.atoms(pl.Policy.shut)
	pl.areaDef, pl.industryDef = readFact(pl.Policy.lib, rule.AreaCode), readFact(pl.Policy.lib, rule.IndustryCode)
	pl.areas(f.Document)
	n := len(pl.Policy.all)
	for i := range pl.Policy.all {
		pl.clauses = append(pl.clauses, pl.clause(&pl.Policy.all[i]))
	}
	for i := range pl.Policy.all {
		for j, src := range pl.Policy.all[i].Ceilings {
			if !pl.holds(src.Only) || pl.clauses[i].off {
				continue
			}
			pl.ceiling(i, src, pl.Policy.all[i].limits[j], n)
		}
	}
	for _, st := range pl.Policy.stages {
		if st.period = pl.word(st.period); pl.holds(st.only) {
			pl.stages = append(pl.stages, st)
		}
	}
	pl.order = f.Stacking.Order
	if len(pl.order) == 0 {
		pl.order = []string{ProjectCeiling, HigherOf, EnterpriseCeiling}
	}
	for _, g := range f.Stacking.Groups {
		if pl.holds(g.Only) {
			pl.groups = append(pl.groups, pl.group(g))
			if g.Scope == "cost_item" {
				pl.itemized = append(pl.itemized, len(pl.groups)-1)
			}
		}
	}
	pl.cluster()
}

// clause is a clause with the items that hold.
func (pl *Plan) clause(src *clause) clauseRule {
	k := clauseRule{clause: src, when: pl.atoms(src.when), shut: pl.atoms(src.shut), off: !pl.holds(src.Only), valid: pl.valid}
	if src.Valid != nil {
		k.valid = pl.span(src.Valid)
	}
	for _, t := range src.thresholds {
		if pl.holds(t.Only) {
			k.thresholds = append(k.thresholds, t)
		}
	}
	for _, u := range src.uplifts {
		if pl.holds(u.Only) {
			k.uplifts = append(k.uplifts, u)
		}
	}
	for j, o := range src.Once {
		if pl.holds(o.Only) {
			pl.once(j, o, &k)
		}
	}
	return k
}

func (pl *Plan) group(g Group) groupRule {
	r := groupRule{id: g.ID, scope: g.Scope, period: pl.word(g.Period), pick: g.Pick, toSum: g.To == "sum", sum: g.Sum, against: g.Against, same: g.Same, name: g.Name, place: g.Place}
	if g.Against != nil {
		r.unreported = pl.word(g.Against.Unreported)
	}
	for _, id := range g.Clauses {
		r.clauses = append(r.clauses, slices.IndexFunc(pl.Policy.File.Clauses, func(c Clause) bool { return c.ID == id }))
	}
	return r
}

// once notes the nth rule of a clause that lets only the first events be paid.
func (pl *Plan) once(n int, src Once, k *clauseRule) {
	r := onceRule{id: fmt.Sprintf("%s.once%d", k.ID, n+1), clause: k.index, slot: len(k.onces), most: 1, period: pl.word(src.Period), place: src.Place}
	if id, ok := strings.CutPrefix(src.Most, "param."); ok {
		r.most = int(pl.params[pl.Policy.pindex[id]].single.n)
	}
	pl.onces = append(pl.onces, r)
	k.onces = append(k.onces, src)
}

func (pl *Plan) ceiling(clause int, src Ceiling, of *limit, n int) {
	f := &pl.Policy.File
	r := ceilingRule{id: src.ID, stage: ProjectCeiling, scope: src.Scope, period: pl.word(src.Period), slot: make([]int, n), place: src.Place}
	if src.Scope == "enterprise" {
		r.stage = EnterpriseCeiling
	}
	for c := range r.slot {
		r.slot[c] = -1
		if c == clause || slices.Contains(src.With, f.Clauses[c].ID) {
			r.slot[c] = len(pl.clauses[c].ceilings)
			pl.clauses[c].ceilings = append(pl.clauses[c].ceilings, slot{limit: of, period: r.period, own: c == clause})
		}
	}
	pl.ceilings = append(pl.ceilings, r)
}

func (pl *Plan) atoms(all []atom) []atom {
	var out []atom
	for _, a := range all {
		if pl.holds(a.Only) {
			out = append(out, a)
		}
	}
	return out
}

// areas lists every node below the document's area and below its floor, so that a decision looks up one code.
func (pl *Plan) areas(d Document) {
	if d.Area == nil {
		return
	}
	pl.area = map[string]bool{}
	tree := pl.Policy.lib.Areas()
	if d.Floor != nil {
		for _, top := range d.Floor.In {
			pl.area[top] = false
			for _, code := range tree.Below(top) {
				pl.area[code] = false
			}
		}
	}
	for _, top := range d.Area.In {
		pl.area[top] = true
		for _, code := range tree.Below(top) {
			pl.area[code] = true
		}
	}
}

// value is a parameter for a day and year and the facts that its table asks for.
func (pl *Plan) value(i int, at asked, read func(content.FactDef) (rule.Value, rule.State)) found {
	prm, year := pl.params[i].on(at.day), at.year
	switch {
	case prm.By == "":
		return exactly(prm.single, true)
	case prm.By == "year":
		v, ok := prm.byYear[year]
		return exactly(v, ok)
	case prm.def.Type == content.Date:
		return prm.gated(read)
	}
	code, known := read(prm.def)
	key := code.String()
	switch known {
	case rule.Unknown:
		low, high := prm.ends()
		return found{low: low, high: high, state: rule.Unknown, missing: []content.FactDef{prm.def}}
	case rule.None:
		return found{state: rule.None}
	}
	if v, ok := prm.byKey[key]; ok || prm.By != "ent.area" {
		return exactly(v, ok)
	}
	for _, node := range slices.Backward(pl.Policy.lib.Areas().Path(key)) { // the nearest node above
		if v, ok := prm.byKey[node.Code]; ok {
			return exactly(v, true)
		}
	}
	return found{state: rule.None}
}

// Clauses is the clauses that hold under the settings, in the order of the document.
func (pl *Plan) Clauses() []*Clause {
	var all []*Clause
	for i := range pl.clauses {
		if !pl.clauses[i].off {
			all = append(all, pl.clauses[i].Clause)
		}
	}
	return all
}
