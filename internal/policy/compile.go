package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// maxQuote is how many characters a quotation may have: it marks a place and is no copy of the text.
const maxQuote = 30

// Policy is a checked file. It never changes and may be used by many goroutines.
type Policy struct {
	File    File
	hash    string      // of the source, and of its end
	wording string      // hash of the file without its numbers
	ends    *period.Day // last day that counts, where somebody ended the policy
	lib     *content.Library
	params  []*param
	pindex  map[string]int
	envs    map[string]*rule.Env // by kind of subject
	shut    []atom               // exclusions of the whole document
	all     []clause
	order   []int // clauses, each after those that it requires
	stages  []stage
	screens []screen
	cuts    []period.Day // on which parameters change
	plain   *plain

	programs *programs
}

// atom is a compiled condition.
type atom struct {
	*Atom
	expr *rule.Expr
}

type threshold struct {
	*Threshold
	of    *rule.Expr
	limit int        // parameter
	reach *rule.Expr // as one condition; nil where it would be too long for one, which leaves it to be asked
}

// clause is a compiled clause.
type clause struct {
	*Clause
	index      int
	event      content.FactDef // unless yearly
	yearly     bool
	byDay      bool // some expression may tell two days of one year apart
	when       []atom
	shut       []atom
	thresholds []threshold
	requires   [][]int // clauses, for each prerequisite
	required   bool    // by another
	uplifts    []uplift
	purse      int
	amount     amount
	limits     []*limit // of each ceiling
	shares     *shares
	payment    *payment
	rounding   money.Rounding
	roundCite  string
}

// amount is a compiled Amount; form names the one that is given.
type amount struct {
	form     string
	base     *rule.Expr
	rate     int // parameters; -1 for none
	value    int
	bands    []band
	count    *rule.Expr
	marks    []mark
	decided  content.FactDef
	bankRate *rule.Expr
	paid     *rule.Expr
	from, to content.FactDef
	payee    content.FactDef
	hasPayee bool
}

type band struct{ from, rate int }

type mark struct{ at, award int }

// limit is what a ceiling allows.
type limit struct {
	param  int                   // -1 for none
	of     map[string]*rule.Expr // by kind of the lines that draw on it; nil for none
	counts []Counted
}

// uplift is a compiled Uplift of one clause.
type uplift struct {
	*Uplift
	number int // among those of the file
	when   []atom
	by     int // parameter
	rate   bool
}

// payment is a compiled Payment.
type payment struct {
	*Payment
	parts []instalment
	back  []atom
}

type instalment struct {
	*Instalment
	share int // parameter
	on    content.FactDef
	when  []atom
}

type shares struct {
	*Shares
	share, ceiling []int
	joint, floor   int
	floorOf        *rule.Expr
	floorPayer     int
}

// Compile reads and checks policy.yaml. Every mistake is told at once; with problems the Policy is nil.
func Compile(lib *content.Library, file string, src []byte) (*Policy, content.Problems) {
	p := &Policy{lib: lib, pindex: map[string]int{}, envs: map[string]*rule.Env{}, plain: &plain{}, programs: &programs{of: map[string][]screen{}, params: map[string]*rule.Tree{}}}
	doc, problems := content.Decode(file, src, &p.File)
	if len(problems) > 0 {
		return nil, problems
	}
	sum := sha256.Sum256(src)
	p.hash = hex.EncodeToString(sum[:])
	p.wording = wordingOf(p.File, p.hash)
	c := &compiler{p: p, doc: doc, used: map[string]bool{}, moved: map[[2]any][]any{}}
	c.amend()
	c.document()
	c.settings()
	c.params()
	c.revisions()
	c.environments()
	c.clauses()
	c.uplifts()
	c.sequence()
	c.stacking()
	c.stages()
	if len(c.problems) == 0 {
		l := lowerer{policy: p, holds: func(*Only) bool { return true }, outside: func(*uplift) bool { return true }}
		l.lower(p.shut, p.whole())
		p.screens, c.problems = l.screens, l.problems
	}
	if len(c.problems) == 0 { // else a name may seem unused only because its user is broken
		c.unused()
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return p, nil
}

// compiler carries what is being checked and where.
type compiler struct {
	p        *Policy
	doc      *content.Document
	problems content.Problems
	used     map[string]bool  // "param.x", "setting.x", "agg.x"
	moved    map[[2]any][]any // where what amendments add to a list of the file really stands
	event    bool             // an expression so far names the day of the event
}

func (c *compiler) report(path []any, key string, args ...any) {
	c.problems = append(c.problems, c.doc.Problem(i18n.M(key, args...), c.where(path)...))
}

// where is the path to something as the file is written.
func (c *compiler) where(path []any) []any {
	if len(path) < 2 {
		return path
	}
	if own, ok := c.moved[[2]any{path[0], path[1]}]; ok {
		return at(own, path[2:]...)
	}
	return path
}

// at is a path with further steps; the slice is never shared.
func at(path []any, more ...any) []any { return append(slices.Clone(path), more...) }

// oneOf checks a word against the words that are known there.
func (c *compiler) oneOf(path []any, got string, want ...string) bool {
	if slices.Contains(want, got) {
		return true
	}
	c.report(path, "policy.one_of", got, strings.Join(want, ", "))
	return false
}

// id checks the form of an identifier and that it is new among its kind.
func (c *compiler) id(path []any, id string, seen map[string]bool) {
	ok := id != "" && id[0] >= 'a' && id[0] <= 'z'
	for _, r := range id {
		ok = ok && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_')
	}
	switch {
	case !ok:
		c.report(path, "policy.bad_id", id)
	case seen[id]:
		c.report(path, "policy.id_twice", id)
	}
	seen[id] = true
}

func (c *compiler) place(path []any, p Place) {
	if n := utf8.RuneCountInString(p.Quote); n > maxQuote {
		c.report(at(path, "quote"), "policy.long_quote", n, maxQuote)
	}
}

func (c *compiler) document() {
	d, path := &c.p.File.Document, []any{"document"}
	if d.ID == "" || strings.Trim(d.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		c.report(at(path, "id"), "policy.bad_document_id", d.ID)
	}
	c.oneOf(at(path, "level"), d.Level, "national", "province", "city", "county")
	c.oneOf(at(path, "status"), d.Status, "live", "draft")
	c.oneOf(at(path, "confidence"), d.Confidence, content.Verified, content.Secondary, content.Unverified)
	c.valid(at(path, "valid"), &d.Valid)
	if d.Area != nil {
		c.areas(at(path, "area", "in"), d.Area.In)
		c.place(at(path, "area"), d.Area.Place)
	}
	if d.Floor != nil {
		c.areas(at(path, "floor", "in"), d.Floor.In)
		c.place(at(path, "floor"), d.Floor.Place)
		if d.Area == nil {
			c.report(at(path, "floor"), "policy.floor_without_area")
		}
	}
	seen := map[string]bool{}
	for i, payer := range d.Payers {
		c.id(at(path, "payers", i, "id"), payer.ID, seen)
		c.oneOf(at(path, "payers", i, "level"), payer.Level, "national", "province", "city", "county")
		c.place(at(path, "payers", i), payer.Place)
	}
	c.rounding(at(path, "rounding"), d.Rounding)
}

func (c *compiler) valid(path []any, v *Valid) {
	c.place(path, v.Place)
	if v.To != nil && *v.To < v.From {
		c.report(at(path, "to"), "policy.dates_reversed", v.From.String(), v.To.String())
	}
	if v.FirstYear != "" {
		c.choice(at(path, "first_year"), v.FirstYear, "whole", "from")
	}
}

func (c *compiler) areas(path []any, codes []string) {
	if len(codes) == 0 {
		c.report(path, "policy.empty_list")
	}
	for i, code := range codes {
		if _, ok := c.p.lib.Areas().Node(code); !ok {
			c.report(at(path, i), "policy.unknown_area", code)
		}
	}
}

func (c *compiler) rounding(path []any, r *Rounding) {
	if r == nil {
		return
	}
	c.place(path, r.Place)
	if r.To <= 0 {
		c.report(at(path, "to"), "policy.rounding_unit")
	}
	c.oneOf(at(path, "mode"), string(r.Mode), string(money.HalfUp), string(money.HalfEven), string(money.Down), string(money.Up))
}

func (c *compiler) settings() {
	seen := map[string]bool{}
	for i, s := range c.p.File.Settings {
		path := []any{"settings", i}
		c.id(at(path, "id"), s.ID, seen)
		c.place(path, s.Place)
		options := map[string]bool{}
		for j, o := range s.Options {
			if options[o.ID] {
				c.report(at(path, "options", j, "id"), "policy.id_twice", o.ID)
			}
			options[o.ID] = true
		}
		if len(options) < 2 {
			c.report(at(path, "options"), "policy.few_options", s.ID)
		}
		if !options[s.Default] {
			c.report(at(path, "default"), "policy.one_of", s.Default, strings.Join(optionIDs(s), ", "))
		}
	}
}

func optionIDs(s Setting) []string {
	ids := make([]string, len(s.Options))
	for i, o := range s.Options {
		ids[i] = o.ID
	}
	return ids
}

// choice checks a word, or setting.x whose options are all among the words.
func (c *compiler) choice(path []any, got string, words ...string) {
	id, ok := strings.CutPrefix(got, "setting.")
	if !ok {
		c.oneOf(path, got, words...)
		return
	}
	s, ok := c.setting(path, id)
	if !ok {
		return
	}
	for _, o := range s.Options {
		if !slices.Contains(words, o.ID) {
			c.report(path, "policy.setting_options", id, o.ID, strings.Join(words, ", "))
		}
	}
}

func (c *compiler) setting(path []any, id string) (Setting, bool) {
	c.used["setting."+id] = true
	i := slices.IndexFunc(c.p.File.Settings, func(s Setting) bool { return s.ID == id })
	if i < 0 {
		c.report(path, "policy.unknown_setting", id)
		return Setting{}, false
	}
	return c.p.File.Settings[i], true
}

func (c *compiler) only(path []any, o *Only) {
	if o == nil {
		return
	}
	if s, ok := c.setting(at(path, "setting"), o.Setting); ok {
		c.oneOf(at(path, "is"), o.Is, optionIDs(s)...)
	}
}

func (c *compiler) params() {
	seen := map[string]bool{}
	for i := range c.p.File.Params {
		src, path := &c.p.File.Params[i], []any{"params", i}
		c.id(at(path, "id"), src.ID, seen)
		c.place(path, src.Place)
		prm := &param{Param: src}
		c.p.pindex[src.ID] = len(c.p.params)
		c.p.params = append(c.p.params, prm)
		if !c.oneOf(at(path, "type"), src.Type, "money", "rate", "int", "decimal", "date") {
			continue
		}
		if (src.Value == "") == (src.By == "") || (src.By == "") != (len(src.Values) == 0) {
			c.report(path, "policy.value_or_values", src.ID)
			continue
		}
		if src.By == "" {
			prm.single = c.number(at(path, "value"), src, src.Value, src.Place)
			continue
		}
		c.table(path, prm)
	}
}

func (c *compiler) table(path []any, prm *param) {
	src := prm.Param
	var codes content.CodeList
	if src.By != "year" {
		def, ok := c.fact(at(path, "by"), src.By)
		if !ok {
			return
		}
		if def.Type != content.Code && def.Type != content.Int && def.Type != content.Date {
			c.report(at(path, "by"), "policy.by_needs_code", src.By)
		}
		prm.def, prm.byKey = def, map[string]number{}
		if src.Hour != "" {
			prm.hour, prm.hasHour = c.factOf(at(path, "hour"), def.Subject, src.Hour, content.Int), true
		}
		codes, _ = c.p.lib.CodeList(def.Codes)
	} else {
		prm.byYear = map[int]number{}
	}
	for _, key := range sortedKeys(src.Values) {
		where := at(path, "values", key)
		place := src.Place
		if own, ok := src.Places[key]; ok {
			place = own
			c.place(at(path, "places", key), own)
		}
		v := c.number(where, src, src.Values[key], place)
		if src.By == "year" {
			y, err := strconv.Atoi(key)
			if err != nil || y < 1949 || y > 2200 {
				c.report(where, "policy.bad_year", key)
			}
			prm.byYear[y] = v
			continue
		}
		switch {
		case prm.def.Type == content.Date:
			c.gate(where, prm, key)
		case src.By == "ent.area":
			if _, ok := c.p.lib.Areas().Node(key); !ok {
				c.report(where, "policy.unknown_area", key)
			}
		case len(codes.Entries) > 0 && !codes.Open:
			if _, ok := codes.Entry(key); !ok {
				c.report(where, "policy.unknown_code", key, src.By)
			}
		}
		prm.byKey[key] = v
	}
	slices.SortFunc(prm.gates, func(a, b gate) int { return cmp.Compare(a.until, b.until) })
	for key := range src.Places {
		if _, ok := src.Values[key]; !ok {
			c.report(at(path, "places", key), "policy.place_without_value", key)
		}
	}
}

// gate reads the moment up to which a value holds.
func (c *compiler) gate(path []any, prm *param, key string) {
	if key == later {
		return
	}
	text, clock, hours := strings.Cut(key, " ")
	day, err := period.ParseDay(text)
	minutes := 24 * 60
	if hours {
		h, m, ok := strings.Cut(clock, ":")
		hour, err1 := strconv.Atoi(h)
		minute, err2 := strconv.Atoi(m)
		if minutes = hour*60 + minute; !ok || err1 != nil || err2 != nil || hour < 0 || minute < 0 || minute > 59 || minutes > 24*60 {
			err = errors.New("no time of the day")
		}
		if err == nil && minutes < 24*60 && !prm.hasHour {
			c.report(path, "policy.gate_hour", key)
		}
	}
	if err != nil {
		c.report(path, "policy.bad_gate", key)
		return
	}
	prm.gates = append(prm.gates, gate{until: int64(day)*24*60 + int64(minutes), key: key})
}

// number reads a parameter's value and checks that its quotation really contains it.
func (c *compiler) number(path []any, src *Param, text string, place Place) number {
	v, ok := parseNumber(src.Type, text)
	if !ok {
		c.problems = append(c.problems, c.doc.Problem(wantNumber(src.Type, text), c.where(path)...))
		return v
	}
	if place.Quote != "" && !v.in(place.Quote, src.Type) {
		c.report(path, "policy.not_in_quote", text, place.Quote)
	}
	return v
}

func (c *compiler) fact(path []any, code string) (content.FactDef, bool) {
	def, ok := rule.FactDef(c.p.lib, code)
	if !ok {
		c.report(path, "policy.no_such_fact", code)
	}
	return def, ok
}

// factOf is a fact that a subject of the kind can read: its own, or one of an ancestor.
func (c *compiler) factOf(path []any, kind, code string, types ...content.Type) content.FactDef {
	def, ok := c.fact(path, code)
	if !ok {
		return def
	}
	if def.Subject != kind && def.Subject != content.Enterprise && !(def.Subject == content.Project && kind != content.Enterprise) {
		c.report(path, "policy.fact_out_of_reach", code, kind)
	}
	if len(types) > 0 && !slices.Contains(types, def.Type) {
		c.report(path, "policy.fact_type", code, string(def.Type), fmt.Sprint(types))
	}
	return def
}

// ref is the number of the parameter that "param.x" names, -1 with a problem.
func (c *compiler) ref(path []any, ref, kind string) int {
	id, ok := strings.CutPrefix(ref, "param.")
	if !ok {
		c.report(path, "policy.want_param", ref)
		return -1
	}
	c.used["param."+id] = true
	i, ok := c.p.pindex[id]
	if !ok {
		c.report(path, "policy.unknown_param", id)
		return -1
	}
	if got := c.p.params[i].Type; got != kind {
		c.report(path, "policy.param_type", id, got, kind)
		return -1
	}
	return i
}

// plainRef is ref where the parameter must be known from the year alone.
func (c *compiler) plainRef(path []any, ref, kind string) int {
	i := c.ref(path, ref, kind)
	if i >= 0 && c.p.params[i].By != "" && c.p.params[i].By != "year" {
		c.report(path, "policy.by_year_only", c.p.params[i].ID)
	}
	return i
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
