package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/indicator"
	"github.com/yanzhen/yanzhen/internal/monitor"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store"
)

// Key names a quota within a target: whose, and of which year. The plan's own area without a chain and a year is the target itself.
type Key struct {
	Area  string // node code
	Chain string // code of a chain (ent.chain); "" for the whole area
	Year  int    // 0 for the target as a whole: by its day, or over the plan; of a target of every year, and of a point on the way, the year
}

// Quota is a quota as an entry says it.
type Quota struct {
	Key
	Value  *big.Rat // as a Figure of the target's indicator has it; nil where an entry takes it back
	Weight *big.Rat // what the base came to for it; nil where it was not proposed by one
}

// What an area is divided into by an act.
const (
	Itself   = ""      // nothing: points on the way of the area itself
	ByAreas  = "area"  // the areas right below it
	ByChains = "chain" // the chains in it
)

// Kinds of acts.
const (
	Entered   = "entered"
	Proposed  = "proposed"
	Confirmed = "confirmed" // of a proposal
	Dropped   = "dropped"   // of a proposal
)

// Act is one entry about the quotas of a target.
type Act struct {
	ID       int64
	Plan     string
	Target   string
	Area     string // whose promise is divided
	Parts    string // Itself, ByAreas or ByChains
	Kind     string
	Of       int64      // the proposal that it confirms or drops
	Base     string     // of a proposal: the indicator in proportion to which it is; "" where all parts are to reach the same level
	BaseOn   period.Day // the day on which that was told
	BaseSeq  int64      // the commit that it was told from
	Document string
	Note     string
	At       int64
	By       int64
	Quotas   []Quota
}

const (
	actColumns  = `id, plan, target, area, parts, kind, of_act, base, base_on, base_seq, document, note, at, by_account`
	insertAct   = `INSERT INTO target_act (` + actColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	actsOf      = `SELECT ` + actColumns + ` FROM target_act WHERE plan = $1 ORDER BY id`
	insertQuota = `INSERT INTO target_quota (act, n, area, chain, year, value, weight) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	quotasOf    = `SELECT q.act, q.area, q.chain, q.year, q.value, q.weight FROM target_quota q JOIN target_act a ON a.id = q.act WHERE a.plan = $1 ORDER BY q.act, q.n`
	quotaLock   = "target quotas"
	maxLines    = 2_000
	lastYear    = 2100
)

// acts are all entries about a plan, the oldest first.
func acts(ctx context.Context, q store.Querier, plan string) ([]Act, error) {
	all, err := store.List(ctx, q, func(r *store.Rows) (x Act, err error) {
		var on int64
		err = r.Scan(&x.ID, &x.Plan, &x.Target, &x.Area, &x.Parts, &x.Kind, &x.Of, &x.Base, &on, &x.BaseSeq, &x.Document, &x.Note, &x.At, &x.By)
		x.BaseOn = period.Day(on)
		return x, err
	}, actsOf, plan)
	if err != nil {
		return nil, fmt.Errorf("read entries of quotas of %s: %w", plan, err)
	}
	at := map[int64]*Act{}
	for i := range all {
		at[all[i].ID] = &all[i]
	}
	_, err = store.List(ctx, q, func(r *store.Rows) (none struct{}, err error) {
		var (
			act           int64
			x             Quota
			value, weight string
		)
		if err := r.Scan(&act, &x.Area, &x.Chain, &x.Year, &value, &weight); err != nil {
			return none, err
		}
		if x.Value, err = ratOf(value); err == nil {
			x.Weight, err = ratOf(weight)
		}
		if a := at[act]; a != nil {
			a.Quotas = append(a.Quotas, x)
		}
		return none, err
	}, quotasOf, plan)
	if err != nil {
		return nil, fmt.Errorf("read quotas of %s: %w", plan, err)
	}
	return all, nil
}

// Split is the quotas of one target: every entry, and what stands.
type Split struct {
	Goal indicator.Goal
	Acts []Act // the oldest first

	now map[Key]standing
}

type standing struct {
	quota Quota
	act   int // number in Acts
}

// newSplit is what the entries about a target come to: the last one that was entered or confirmed about a key counts.
func newSplit(g indicator.Goal, all []Act) *Split {
	x := &Split{Goal: g, now: map[Key]standing{}}
	for _, a := range all {
		if a.Target != g.ID {
			continue
		}
		x.Acts = append(x.Acts, a)
		if a.Kind != Entered && a.Kind != Confirmed {
			continue
		}
		for _, q := range a.Quotas {
			if q.Value == nil {
				delete(x.now, q.Key)
				continue
			}
			x.now[q.Key] = standing{q, len(x.Acts) - 1}
		}
	}
	return x
}

// Before is the same as it was known before an instant, in milliseconds; 0 for now. What was entered in that very millisecond is left out, so that
// nothing that comes later changes it.
func (x *Split) Before(at int64) *Split {
	if at == 0 {
		return x
	}
	return newSplit(x.Goal, slices.DeleteFunc(slices.Clone(x.Acts), func(a Act) bool { return a.At >= at }))
}

// Quota is what stands for a key, with the entry that says so; false for none.
func (x *Split) Quota(k Key) (Quota, Act, bool) {
	s, ok := x.now[k]
	if !ok {
		return Quota{}, Act{}, false
	}
	return s.quota, x.Acts[s.act], true
}

// Promise is what an area or a chain is to reach: its quota, and of the plan's own area the target itself; nil where neither says.
func (x *Split) Promise(k Key) *big.Rat {
	if q, _, ok := x.Quota(k); ok {
		return q.Value
	}
	if k.Area != x.Goal.Plan.Area || k.Chain != "" {
		return nil
	}
	if k.Year == 0 || x.Goal.Span == content.EachYear {
		return x.Goal.Low
	}
	return nil
}

// Points are what was entered for single years on the way of an area or chain to a target that is not of every year, by year.
func (x *Split) Points(area, chain string) []Quota {
	var all []Quota
	if x.Goal.Span == content.EachYear {
		return nil
	}
	for k, s := range x.now {
		if k.Area == area && k.Chain == chain && k.Year != 0 {
			all = append(all, s.quota)
		}
	}
	slices.SortFunc(all, func(a, b Quota) int { return cmp.Compare(a.Year, b.Year) })
	return all
}

// Open are the proposals that nobody confirmed nor dropped, the newest first.
func (x *Split) Open() []Act {
	var all []Act
	for _, a := range slices.Backward(x.Acts) {
		if a.Kind == Proposed && !slices.ContainsFunc(x.Acts, func(b Act) bool { return b.Of == a.ID }) {
			all = append(all, a)
		}
	}
	return all
}

// Sum is the quotas of parts beside the whole that they are of. It is told, never mended.
type Sum struct {
	Whole *big.Rat // nil where nobody said
	Adds  bool     // quotas of the target add up; levels and shares do not
	Total *big.Rat // of those that there are; nil where they do not add up
	Gap   *big.Rat // by how much Total is above the whole; nil where there is none to compare
	Have  int
	Of    int // parts that could have one
}

// Adds says that the quotas of a target add up to the whole: its indicator does over areas, and what is promised is no growth.
func Adds(g indicator.Goal) bool {
	return g.Indicator != nil && g.Indicator.Over.Space == "sum" && g.Change != content.Growth
}

// Sum adds the quotas of parts up.
func (x *Split) Sum(area string, year int, parts []Key) Sum {
	out := Sum{Whole: x.Promise(Key{Area: area, Year: year}), Adds: Adds(x.Goal), Of: len(parts)}
	total := new(big.Rat)
	for _, k := range parts {
		if q, _, ok := x.Quota(k); ok {
			out.Have++
			total.Add(total, q.Value)
		}
	}
	if !out.Adds || out.Have == 0 {
		return out
	}
	out.Total = total
	if out.Whole != nil {
		out.Gap = new(big.Rat).Sub(total, out.Whole)
	}
	return out
}

// Splits are the quotas of all targets of a plan, in its order; NotFound where there is none.
func (s *Store) Splits(ctx context.Context, plan string) ([]*Split, error) {
	goals, err := s.Goals(plan)
	if err != nil {
		return nil, err
	}
	all, err := acts(ctx, s.DB.Read(), plan)
	if err != nil {
		return nil, err
	}
	out := make([]*Split, len(goals))
	for i, g := range goals {
		out[i] = newSplit(g, all)
	}
	return out, nil
}

// Split is the quotas of one target; NotFound where there is none.
func (s *Store) Split(ctx context.Context, plan, target string) (*Split, error) {
	return s.split(ctx, s.DB.Read(), plan, target)
}

func (s *Store) split(ctx context.Context, q store.Querier, plan, target string) (*Split, error) {
	g, err := s.Goal(plan, target)
	if err != nil {
		return nil, err
	}
	all, err := acts(ctx, q, plan)
	if err != nil {
		return nil, err
	}
	return newSplit(g, all), nil
}

// Years are the years for which a target can have quotas: those of the plan, up to the year of its day.
func Years(g indicator.Goal) []int {
	to := g.Plan.To
	if g.By != nil {
		to = *g.By
	}
	var all []int
	for y := g.Plan.From.Year(); y <= to.Year(); y++ {
		all = append(all, y)
	}
	return all
}

// Parts are the areas right below an area as they lie today, as keys of a year.
func (s *Store) Parts(area string, year int) []Key {
	var all []Key
	for _, n := range s.Library.Areas().Children(area) {
		all = append(all, Key{Area: n.Code, Year: year})
	}
	return all
}

// Chains are the chains of an area as keys of a year: those of the region's list, those in which a base has anything as it is told on a day, and
// those that have a quota.
func (s *Store) Chains(ctx context.Context, view fact.View, x *Split, area string, year int) ([]Key, error) {
	base, err := s.Monitor.Set.Indicator(Firms)
	if err != nil {
		return nil, err
	}
	today := s.Clock.Today()
	cells, err := s.Monitor.By(ctx, view, monitor.Query{Indicator: base, Area: area, Period: period.OfYear(today.Year()), Until: today}, byChains)
	if err != nil {
		return nil, err
	}
	var all []Key
	add := func(code string) {
		if k := (Key{Area: area, Chain: code, Year: year}); code != "" && !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	def, _ := s.Library.FactDef(ChainFact)
	list, _ := s.Library.CodeList(def.Codes)
	for _, e := range list.Entries {
		add(e.Code)
	}
	for _, c := range cells {
		add(c.Code)
	}
	for k := range x.now {
		if k.Area == area && k.Year == year {
			add(k.Chain)
		}
	}
	slices.SortFunc(all[len(list.Entries):], func(a, b Key) int { return cmp.Compare(a.Chain, b.Chain) })
	return all, nil
}

// Firms is the indicator that counts the enterprises that a plan is about.
const Firms = "above_scale_firms"

// byChains tells figures by chain.
var byChains = monitor.Dimension{By: monitor.ByFact, Fact: ChainFact}

// isPart says that a key is a part of an area.
func (s *Store) isPart(area, parts string, k Key) bool {
	switch parts {
	case Itself:
		return k.Area == area && k.Chain == ""
	case ByAreas:
		n, ok := s.Library.Areas().Node(k.Area)
		return ok && n.Parent == area && k.Chain == ""
	}
	def, _ := s.Library.FactDef(ChainFact)
	list, _ := s.Library.CodeList(def.Codes)
	_, listed := list.Entry(k.Chain)
	return k.Area == area && (listed || list.Open && k.Chain != "" && within("chain", k.Chain, maxChain, false) == nil)
}

const maxChain = 40

// ChainFact is what says in which chain an enterprise is.
const ChainFact = "ent.chain"

// may says who enters quotas: the office of the area whose promise is divided, and for what the level above gave a city, that city's office.
func (s *Store) may(scope access.Scope, a Act) error {
	err := keeps(scope, a.Area)
	if err == nil || a.Kind != Entered || a.Parts != ByAreas || len(a.Quotas) == 0 {
		return err
	}
	for _, q := range a.Quotas {
		if n, ok := s.Library.Areas().Node(q.Area); !ok || n.Level != content.City || keeps(scope, q.Area) != nil {
			return err
		}
	}
	return nil
}

// check refuses an act that means nothing. It says in which years and of which parts quotas may be.
func (s *Store) check(x *Split, a *Act) error {
	g := x.Goal
	a.Document, a.Note = strings.TrimSpace(a.Document), strings.TrimSpace(a.Note)
	if err := errors.Join(within("document", a.Document, maxName, a.Kind == Proposed || a.Kind == Dropped), within("note", a.Note, maxText, true)); err != nil {
		return err
	}
	if !s.Library.Areas().Within(a.Area, g.Plan.Area) {
		return errs.Invalid(i18n.M("target.area_outside", a.Area, g.Plan.Title))
	}
	if a.Parts != Itself && a.Parts != ByAreas && a.Parts != ByChains {
		return errs.Invalid(i18n.M("target.bad_parts", a.Parts))
	}
	if a.Parts == Itself && a.Area != g.Plan.Area {
		return errs.Invalid(i18n.M("target.own_path"))
	}
	if len(a.Quotas) == 0 || len(a.Quotas) > maxLines {
		return errs.Invalid(i18n.M("target.no_quota", maxLines))
	}
	seen := map[Key]bool{}
	for _, q := range a.Quotas {
		if !s.isPart(a.Area, a.Parts, q.Key) {
			return errs.Invalid(i18n.M("target.no_part", strings.Trim(q.Area+" "+q.Chain, " "), a.Area))
		}
		if seen[q.Key] {
			return errs.Invalid(i18n.M("target.part_twice", strings.Trim(q.Area+" "+q.Chain, " "), q.Year))
		}
		seen[q.Key] = true
		if err := rightYear(g, a.Parts, q.Year); err != nil {
			return err
		}
	}
	return nil
}

// rightYear refuses a year that a quota of a target cannot be of.
func rightYear(g indicator.Goal, parts string, year int) error {
	years := Years(g)
	switch {
	case year != 0 && !slices.Contains(years, year):
		return errs.Invalid(i18n.M("target.bad_year", year, years[0], years[len(years)-1]))
	case year == 0 && g.Span == content.EachYear:
		return errs.Invalid(i18n.M("target.need_year", years[0], years[len(years)-1]))
	case year == 0 && parts == Itself:
		return errs.Invalid(i18n.M("target.is_published"))
	case parts == Itself && g.Span == content.EachYear:
		return errs.Invalid(i18n.M("target.is_published"))
	}
	return nil
}

// Enter enters quotas with the number of the document that gives them. A quota without a value takes back what stands.
func (s *Store) Enter(ctx context.Context, scope access.Scope, a Act) (Act, error) {
	a.Kind, a.Of, a.Base, a.BaseOn, a.BaseSeq = Entered, 0, "", 0, 0
	for i := range a.Quotas {
		a.Quotas[i].Weight = nil
	}
	return s.put(ctx, scope, a)
}

// put keeps an act.
func (s *Store) put(ctx context.Context, scope access.Scope, a Act) (Act, error) {
	err := s.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Lock(ctx, quotaLock); err != nil {
			return err
		}
		x, err := s.split(ctx, tx, a.Plan, a.Target)
		if err != nil {
			return err
		}
		if err := s.may(scope, a); err != nil {
			return err
		}
		if a.Kind == Confirmed || a.Kind == Dropped {
			i := slices.IndexFunc(x.Open(), func(o Act) bool { return o.ID == a.Of })
			if i < 0 {
				return errs.Conflict(i18n.M("target.not_open"))
			}
		}
		if err := s.check(x, &a); err != nil {
			return err
		}
		a.At, a.By = s.Clock.Millis(), scope.Account()
		return insert(ctx, tx, &a)
	})
	if err != nil {
		return Act{}, fmt.Errorf("enter quotas of %s/%s: %w", a.Plan, a.Target, err)
	}
	return a, nil
}

func insert(ctx context.Context, tx *store.Tx, a *Act) (err error) {
	if a.ID, err = tx.NextIDs(ctx, 1); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertAct, a.ID, a.Plan, a.Target, a.Area, a.Parts, a.Kind, a.Of, a.Base, int64(a.BaseOn), a.BaseSeq, a.Document, a.Note, a.At, a.By)
	if err != nil {
		return err
	}
	for i, q := range a.Quotas {
		if _, err := tx.Exec(ctx, insertQuota, a.ID, i+1, q.Area, q.Chain, q.Year, textOf(q.Value), textOf(q.Weight)); err != nil {
			return err
		}
	}
	audit.Note(tx, loggedAct, a.ID)
	return nil
}

// proposal is an open proposal by its id.
func (s *Store) proposal(ctx context.Context, plan, target string, id int64) (Act, error) {
	x, err := s.Split(ctx, plan, target)
	if err != nil {
		return Act{}, err
	}
	i := slices.IndexFunc(x.Acts, func(a Act) bool { return a.ID == id && a.Kind == Proposed })
	if i < 0 {
		return Act{}, errs.NotFound("proposal of quotas", id)
	}
	return x.Acts[i], nil
}

// Confirm puts a proposal in force, with the number of the document that does. It fails with Conflict where it was confirmed or dropped
// before.
func (s *Store) Confirm(ctx context.Context, scope access.Scope, plan, target string, id int64, document, note string) (Act, error) {
	a, err := s.proposal(ctx, plan, target, id)
	if err != nil {
		return Act{}, err
	}
	a.Of, a.Kind, a.Document, a.Note = a.ID, Confirmed, document, note
	return s.put(ctx, scope, a)
}

// Drop puts a proposal aside.
func (s *Store) Drop(ctx context.Context, scope access.Scope, plan, target string, id int64, note string) (Act, error) {
	a, err := s.proposal(ctx, plan, target, id)
	if err != nil {
		return Act{}, err
	}
	a.Of, a.Kind, a.Document, a.Note = a.ID, Dropped, "", note
	return s.put(ctx, scope, a)
}
