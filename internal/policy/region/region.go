package region

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/shelf"
)

// maxKept is how many region results are kept: the present one, those of a few what-ifs, and one before the last commit.
const maxKept = 6

// Runner decides policies over regions.
type Runner struct {
	frames *fact.Frames
	reader *Reader
	tree   *content.Tree

	mu     sync.Mutex
	kept   []*work // the latest last
	crowds []*crowd
	strict *Runner // Verified

	begun sync.WaitGroup  // runs that nobody waits for
	open  context.Context // of those runs: ends with Close
	end   context.CancelFunc
}

// NewRunner decides over the facts of frames.
func NewRunner(frames *fact.Frames, lib *content.Library) *Runner {
	open, end := context.WithCancel(context.Background())
	return &Runner{frames: frames, reader: NewReader(lib), tree: lib.Areas(), open: open, end: end}
}

// Verified is a runner over the same facts that takes for known only what somebody checked against evidence, and what the authority
// of record said (content.Library.OfRecord). Which area and industry an
// enterprise belongs to is of the registry, and known to both. It is closed with this one.
func (r *Runner) Verified() *Runner {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.strict == nil {
		r.strict = &Runner{frames: r.frames, reader: r.reader.Verified(), tree: r.tree, open: r.open, end: r.end}
	}
	return r.strict
}

// Close ends the runs that Begin started and waits for them. Nothing may be begun after it.
func (r *Runner) Close() {
	r.end()
	r.mu.Lock()
	strict := r.strict
	r.mu.Unlock()
	if strict != nil {
		strict.begun.Wait()
	}
	r.begun.Wait()
}

// key is all that a result depends on.
type key struct {
	seq  int64
	hash string
	asOf period.Day
}

// work is a result of the whole region, finished or being made, and the parts of it that were asked for.
type work struct {
	key
	plan  *policy.Plan
	done  chan struct{}
	rows  []*Firm
	left  []*left // of each, where columns do not settle all of it
	index *index  // which rows are whose
	err   error

	survey *policy.Survey
	root   *work   // the result from which the survey began, nil for one that began from none
	moved  []int32 // rows that may differ from those of the root

	allotment *policy.Allotment // of quotas and pools, where the policy has any

	decided, total atomic.Int64 // how far it is, in firms

	regions shelf.Shelf[regionKey, *Region]
	lists   shelf.Shelf[listKey, *List]
}

// regionKey is what a part of a result depends on: who sees it, and which areas were asked for, one within the other.
type regionKey struct{ scope, areas string }

// Firm is what a policy comes to for one enterprise. Readers share it.
type Firm struct {
	ID      int64
	Name    string
	USCC    string
	Area    string // node code, on the day asked for
	Total   policy.Interval
	InKind  policy.Interval
	Floor   policy.Interval // what its county must not fall below; zero elsewhere
	Missing int             // facts that would make the answer surer

	state  state
	pays   []pay     // by the number of the clause
	failed *i18n.Msg // why there is no decision

	rest   policy.Interval // Total without what quotas and pools bound for all firms together
	stakes []stake         // in those
}

// pay is one clause of one enterprise, as small as it gets: a region has a million of them. A clause that is not met and
// can be met by no missing fact has none. Where its lines lie in several years, or in one that does not tell all, a pay for
// each of these years follows it.
type pay struct {
	sure, possible money.Fen
	clause         uint16 // in Plan.Clauses
	year           uint16 // of all its lines; 0 where it is not known or not one
	state          state
	unbounded      bool
	inYear         bool // of the clause before it, in a year
}

func (p pay) interval() policy.Interval {
	return policy.Interval{Sure: p.sure, Possible: p.possible, Unbounded: p.unbounded}
}

// state is a policy.State.
type state uint8

const (
	notMet state = iota
	unknown
	met
)

var states = [...]policy.State{notMet: policy.NotMet, unknown: policy.Unknown, met: policy.Met}

func stateOf(s policy.State) state { return state(slices.Index(states[:], s)) }

// State is how the whole decision came out.
func (f *Firm) State() policy.State { return states[f.state] }

// Err is why there is no decision, e.g. an amount beyond all bounds; zero where there is one.
func (f *Firm) Err() i18n.Msg {
	if f.failed == nil {
		return i18n.Msg{}
	}
	return *f.failed
}

// Region is a result as far as a reader may see it. It is shared by its readers.
type Region struct {
	Seq  int64 // commit that it knows up to
	AsOf period.Day
	Plan *policy.Plan
	Sum  Sum

	tree    *content.Tree
	work    *work
	key     regionKey
	index   []int32 // rows of the work that are in it, in the registry's order
	figures *figures
	mu      sync.Mutex
	areas   map[string][]AreaSum
	clauses []ClauseSum
}

// Size is how much room the region takes on a shelf.
func (r *Region) Size() int { return len(r.index) }

// part is a region of the same result with some of its rows.
func (r *Region) part(key regionKey, index []int32) *Region {
	out := &Region{Seq: r.Seq, AsOf: r.AsOf, Plan: r.Plan, tree: r.tree, work: r.work, key: key, index: index}
	out.figures = out.summed()
	out.Sum = out.figures.whole.sum()
	if b := (bounding{of: r.work.allotment}); b.of != nil {
		for f := range out.Firms() {
			b.add(f, -1)
		}
		out.Sum.Total, out.Sum.Rest = b.within(out.Sum.Total, out.Sum.Rest)
	}
	return out
}

// Areas is the areas in which the firms lie, by their codes; "" where some lie in none that is known.
func (r *Region) Areas() []string { return slices.Sorted(maps.Keys(r.figures.areas)) }

// Firms is every enterprise, in the registry's order.
func (r *Region) Firms() iter.Seq[*Firm] { return r.work.firms(r.index) }

func (w *work) firms(index []int32) iter.Seq[*Firm] {
	return func(yield func(*Firm) bool) {
		for _, i := range index {
			if !yield(w.rows[i]) {
				return
			}
		}
	}
}

// Sum is what firms come to together.
type Sum struct {
	Firms   int // enterprises
	Sure    int // that get money or a service for sure
	Perhaps int // that may get something, once more is known
	Failed  int // without a decision
	Total   policy.Interval
	InKind  policy.Interval
	Floor   policy.Interval
	Rest    Rest // of Total
}

// Rest is what may come on top of what is sure: how much in all, as far as there is a limit, and for how many there is
// none. A sum of intervals says only whether there is a limit.
type Rest struct {
	OnTop money.Fen
	Open  int
}

// Plus adds one amount.
func (r Rest) Plus(i policy.Interval) Rest {
	if i.Unbounded {
		r.Open++
		return r
	}
	r.OnTop += i.Possible - i.Sure
	return r
}

// AreaSum is a node of the area tree and what lies at or below it.
type AreaSum struct {
	Area content.Node // zero where the area is not known
	Sum
}

// ClauseSum is a clause over the region.
type ClauseSum struct {
	Clause  string
	Sure    int // enterprises that get it for sure
	Perhaps int // that may get it
	InKind  bool
	Pays    policy.Interval
	Rest    Rest
}

// Run is the plan applied to every enterprise that the view shows with all of its facts, as of a day. The first run
// after a commit takes some ten microseconds an enterprise; later ones read what was kept.
func (r *Runner) Run(ctx context.Context, view fact.View, plan *policy.Plan, asOf period.Day) (*Region, error) {
	w, err := r.whole(ctx, key{view.Seq(), plan.Hash, asOf}, plan)
	if err != nil {
		return nil, err
	}
	return r.seen(w, view, plan), nil
}

// Probe is Run for one who asks once and not again, such as a search that tries many numbers: its result takes no place of
// those that are kept.
func (r *Runner) Probe(ctx context.Context, view fact.View, plan *policy.Plan, asOf period.Day) (*Region, error) {
	k := key{view.Seq(), plan.Hash, asOf}
	w := r.at(k)
	if w == nil {
		w = &work{key: k, done: make(chan struct{})}
		r.make(context.WithoutCancel(ctx), w, plan) // to the end: others may be waiting for the facts that it reads
	}
	if _, err := w.wait(ctx); err != nil {
		return nil, err
	}
	return r.seen(w, view, plan), nil
}

// at is the kept work of a key, finished or being made; nil where there is none.
func (r *Runner) at(k key) *work {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.IndexFunc(r.kept, func(w *work) bool { return w.key == k }); i >= 0 {
		return r.kept[i]
	}
	return nil
}

// Progress is how far a run is: of so many firms so many are decided. Both are 0 until the firms are counted.
type Progress struct{ Decided, Firms int }

// soon is how long Begin waits all the same, so that nobody is told of a progress that is over before it can be read.
const soon = time.Second

// Begin is Run for one who does not wait: the result where it is there, else how far the work is, which goes on until
// it is done or the Runner is closed. With neither a result nor an error, ask again.
func (r *Runner) Begin(view fact.View, plan *policy.Plan, asOf period.Day) (*Region, Progress, error) {
	w, mine := r.slot(key{view.Seq(), plan.Hash, asOf})
	if mine {
		r.begun.Go(func() { r.make(r.open, w, plan) })
	}
	select {
	case <-w.done:
	case <-time.After(soon):
		return nil, Progress{Decided: int(w.decided.Load()), Firms: int(w.total.Load())}, nil
	}
	if w.err != nil {
		return nil, Progress{}, w.err
	}
	return r.seen(w, view, plan), Progress{}, nil
}

// seen is the part of a work that a view shows.
func (r *Runner) seen(w *work, view fact.View, plan *policy.Plan) *Region {
	k := regionKey{scope: view.Scope().Key()}
	return w.regions.Get(k, func() *Region {
		all := &Region{Seq: w.seq, AsOf: w.asOf, Plan: plan, tree: r.tree, work: w}
		return all.part(k, w.index.get(k, func() []int32 { return w.seenBy(view) }))
	})
}

// seenBy is the rows that a view may see.
func (w *work) seenBy(view fact.View) []int32 {
	if view.Scope().All() {
		return w.index.every
	}
	var index []int32
	for i := range w.rows {
		if sees(view, w.rows[i].ID) {
			index = append(index, int32(i))
		}
	}
	return slices.Clip(index)
}

// sees says that a view may know what a decision reads. Decisions are worked out once from all facts, so a reader who
// may not see the sensitive ones may not see the result either.
func sees(view fact.View, id int64) bool {
	return view.Can(access.ReadFact, id) && view.Can(access.ReadSensitive, id)
}

// Decide is the plan applied to one enterprise with its full trace and advice, from the facts that the view shows.
// Where the policy has quotas or pools, it is settled together with all other enterprises.
func (r *Runner) Decide(ctx context.Context, view fact.View, plan *policy.Plan, enterprise int64, asOf period.Day) (*policy.Decision, error) {
	if !sees(view, enterprise) {
		return nil, errs.NotFound("enterprise", enterprise)
	}
	s, ok := r.reader.Subject(view, enterprise)
	if !ok {
		return nil, errs.NotFound("enterprise", enterprise)
	}
	d, err := plan.Decide(s, asOf, policy.Options{Trace: true, Advice: true})
	if err != nil || !plan.Staged() {
		return d, err
	}
	own, err := r.Allotted(ctx, view, plan, enterprise, asOf)
	if err != nil {
		return nil, err
	}
	d.ApplyOwn(own)
	return d, nil
}

// Allotted is what quotas and pools leave to an enterprise that the view may see whole, once all others are decided;
// nothing where the policy has neither.
func (r *Runner) Allotted(ctx context.Context, view fact.View, plan *policy.Plan, enterprise int64, asOf period.Day) ([]policy.Allotted, error) {
	e, ok := view.Enterprise(enterprise)
	if !ok || !sees(view, enterprise) {
		return nil, errs.NotFound("enterprise", enterprise)
	}
	if !plan.Staged() {
		return nil, nil
	}
	w, err := r.whole(ctx, key{view.Seq(), plan.Hash, asOf}, plan)
	if err != nil {
		return nil, err
	}
	return w.allotment.Of(strconv.FormatInt(e.ID, 10)), nil
}

// whole is the result of all enterprises: the kept one, or one that this or another caller makes.
func (r *Runner) whole(ctx context.Context, k key, plan *policy.Plan) (*work, error) {
	w, mine := r.slot(k)
	if mine {
		// Made to the end even if this caller goes away: others may be waiting, and the next one will want it.
		r.make(context.WithoutCancel(ctx), w, plan)
	}
	return w.wait(ctx)
}

// slot is the kept work of a key; mine says that there was none and the caller must make it.
func (r *Runner) slot(k key) (w *work, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.IndexFunc(r.kept, func(w *work) bool { return w.key == k }); i >= 0 {
		w = r.kept[i]
		r.kept = append(slices.Delete(r.kept, i, i+1), w)
		return w, false
	}
	w = &work{key: k, done: make(chan struct{})}
	if r.kept = append(r.kept, w); len(r.kept) > maxKept {
		r.kept = slices.Delete(r.kept, 0, 1)
	}
	return w, true
}

func (r *Runner) make(ctx context.Context, w *work, plan *policy.Plan) {
	defer r.forgetFailed(w)
	defer close(w.done)
	defer func() {
		if p := recover(); p != nil { // in the background nobody else would catch it
			w.err = fmt.Errorf("decide a region: panic: %v\n%s", p, debug.Stack())
		}
	}()
	w.plan = plan
	w.err = r.decideAll(ctx, w, plan)
	w.regions.RoomFor(len(w.rows))
	w.lists.RoomFor(len(w.rows))
}

// forgetFailed lets the next caller try again.
func (r *Runner) forgetFailed(w *work) {
	if w.err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = slices.DeleteFunc(r.kept, func(x *work) bool { return x == w })
}

func (w *work) wait(ctx context.Context) (*work, error) {
	select {
	case <-w.done:
		return w, w.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// chunk is how many enterprises a worker takes at a time.
const chunk = 1024

func (r *Runner) decideAll(ctx context.Context, w *work, plan *policy.Plan) error {
	c, err := r.crowdOf(ctx, w.key, plan.Policy, func(n int) { w.total.Store(int64(n)) })
	if err != nil {
		return err
	}
	base := r.base(w)
	moved, err := w.begin(c, base)
	if err != nil {
		return err
	}
	w.total.Store(int64(len(moved)))
	var staged []*policy.Decision // until quotas and pools settle them together
	if plan.Staged() {
		staged = make([]*policy.Decision, len(w.rows))
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for some := range slices.Chunk(moved, chunk) {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			p := &part{work: w, base: base, firms: c.firms, staged: staged}
			p.fill(some)
			w.decided.Add(int64(len(some)))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if staged != nil {
		w.allot(plan, staged)
	}
	return nil
}

// begin asks the plan of all enterprises, or of those alone that may come to something else than in a kept result, which the others
// stand as they are in; moved is which those are.
func (w *work) begin(c *crowd, base *base) (moved []int32, err error) {
	w.index = c.index
	if base == nil {
		w.survey, err = c.Ask(w.plan)
	} else {
		w.survey, err = base.survey.Again(w.plan)
	}
	if err != nil {
		return nil, err
	}
	if moved := w.survey.Moved(); moved != nil {
		w.root = base.work
		if base.root != nil {
			w.root = base.root
		}
		w.rows, w.left, w.moved = slices.Clone(w.root.rows), slices.Clone(w.root.left), moved.Firms
		return moved.Firms, nil
	}
	w.rows, w.left = make([]*Firm, len(c.firms)), make([]*left, len(c.firms))
	return w.index.every, nil
}

// keep takes what the region needs from a decision.
func (f *Firm) keep(b *policy.Brief) {
	f.state, f.Total, f.InKind, f.Missing = stateOf(b.State), b.Total, b.InKind, b.Missing
	if b.Floor != nil {
		f.Floor = *b.Floor
	}
	for _, c := range b.Clauses {
		last := len(f.pays)
		f.pays = append(f.pays, payOf(c.Pays, uint16(c.Clause), stateOf(c.State)))
		for _, y := range c.Years {
			f.pays = inYear(f.pays, last, y.Pays, y.Year)
		}
		f.pays = oneYear(f.pays, last)
	}
}

// ByArea sums by the nodes right below one, with what lies at the node itself under its own code; firms of unknown or
// other areas come last under the zero Node. Functional zones stand beside the counties.
func (r *Region) ByArea(parent string) []AreaSum {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.areas[parent]; ok {
		return known
	}
	if r.areas == nil {
		r.areas = map[string][]AreaSum{}
	}
	r.areas[parent] = r.byArea(parent)
	return r.areas[parent]
}

func (r *Region) byArea(parent string) []AreaSum {
	sums, bounds := map[string]*tally{}, map[string]*bounding{}
	nodes := r.tree.Children(parent)
	at := func(n content.Node) {
		if sums[n.Code] == nil {
			sums[n.Code], bounds[n.Code] = &tally{}, &bounding{of: r.work.allotment}
		}
	}
	for _, n := range nodes {
		at(n)
	}
	where := map[string]string{}
	for _, area := range slices.Sorted(maps.Keys(r.figures.areas)) {
		n := r.childOf(parent, area)
		if where[area] = n.Code; sums[n.Code] == nil {
			at(n)
			nodes = append(nodes, n)
		}
		sums[n.Code].plus(r.figures.areas[area])
	}
	if r.work.allotment != nil {
		for f := range r.Firms() {
			bounds[where[f.Area]].add(f, -1)
		}
	}
	out := make([]AreaSum, 0, len(nodes))
	for _, n := range nodes {
		s := AreaSum{Area: n, Sum: sums[n.Code].sum()}
		s.Total, s.Rest = bounds[n.Code].within(s.Total, s.Rest)
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b AreaSum) int { // unknown last
		return cmp.Compare(b2i(a.Area.Code == ""), b2i(b.Area.Code == ""))
	})
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// childOf is the node right below parent in which a code lies.
func (r *Region) childOf(parent, code string) content.Node {
	path := r.tree.Path(code)
	i := slices.IndexFunc(path, func(n content.Node) bool { return n.Code == parent })
	switch {
	case i < 0:
		return content.Node{}
	case i+1 < len(path):
		return path[i+1]
	}
	return path[i]
}

// Within is the result for the firms in an area or below it.
func (r *Region) Within(area string) *Region {
	k := r.key
	k.areas += "/" + area
	return r.work.regions.Get(k, func() *Region {
		return r.part(k, r.work.index.get(k, func() []int32 { return r.indexWithin(area) }))
	})
}

func (r *Region) indexWithin(area string) []int32 {
	inside := map[string]bool{}
	var index []int32
	for _, i := range r.index {
		f := r.work.rows[i]
		in, ok := inside[f.Area]
		if !ok {
			in = r.tree.Within(f.Area, area)
			inside[f.Area] = in
		}
		if in {
			index = append(index, i)
		}
	}
	return slices.Clip(index)
}

// ByClause sums by clause, in the order of the document.
func (r *Region) ByClause() []ClauseSum {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clauses == nil {
		r.clauses = r.byClause()
	}
	return r.clauses
}

func (r *Region) byClause() []ClauseSum {
	clauses := r.Plan.Clauses()
	out := make([]ClauseSum, len(clauses))
	for i, c := range clauses {
		out[i] = ClauseSum{Clause: c.ID, InKind: c.Amount.InKind != nil}
	}
	bounds := make([]bounding, len(clauses))
	for i := range bounds {
		bounds[i].of = r.work.allotment
	}
	if r.work.allotment != nil {
		for f := range r.Firms() {
			for _, c := range f.pays {
				if !c.inYear {
					bounds[c.clause].add(f, int(c.clause))
				}
			}
		}
	}
	for i := range out {
		c := &r.figures.clauses[i]
		out[i].Sure, out[i].Perhaps = c.sure, c.perhaps
		out[i].Pays, out[i].Rest = bounds[i].within(c.pays.interval(), c.pays.rest())
	}
	return out
}
