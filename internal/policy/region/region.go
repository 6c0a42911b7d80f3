package region

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
)

// maxKept is how many region results are kept: the present one, those of a few what-ifs, and one before the last commit.
const maxKept = 6

// Runner decides policies over regions.
type Runner struct {
	frames *fact.Frames
	reader *Reader
	tree   *content.Tree

	mu   sync.Mutex
	kept []*work // the latest last
}

// NewRunner decides over the facts of frames.
func NewRunner(frames *fact.Frames, lib *content.Library) *Runner {
	return &Runner{frames: frames, reader: NewReader(lib), tree: lib.Areas()}
}

// key is all that a result depends on.
type key struct {
	seq  int64
	hash string
	asOf period.Day
}

// work is a result of the whole region, finished or being made, and what scopes see of it.
type work struct {
	key
	done chan struct{}
	rows []Firm
	err  error

	mu     sync.Mutex
	scopes map[string]*Region
}

// maxScopes is how many scopes' parts of a result are kept.
const maxScopes = 64

// Firm is what a policy comes to for one enterprise.
type Firm struct {
	ID       int64
	Name     string
	USCC     string
	Area     string // node code, on the day asked for
	Industry string
	State    policy.State
	Total    policy.Interval
	InKind   policy.Interval
	Floor    policy.Interval // what its county must not fall below; zero elsewhere
	Missing  int             // facts that would make the answer surer
	Clauses  []policy.ClauseSum
	Err      i18n.Msg // why there is no decision, e.g. an amount beyond all bounds; zero otherwise
}

// Region is a result as far as a reader may see it. It is shared by its readers and must not be changed.
type Region struct {
	Seq   int64 // commit that it knows up to
	AsOf  period.Day
	Plan  *policy.Plan
	Firms []Firm // every enterprise in the registry's order
	Sum   Sum

	tree    *content.Tree
	mu      sync.Mutex // of what was asked before
	areas   map[string][]AreaSum
	clauses []ClauseSum
	parts   map[string]*Region
}

func (r *Region) like(firms []Firm) *Region {
	out := &Region{Seq: r.Seq, AsOf: r.AsOf, Plan: r.Plan, tree: r.tree, Firms: firms}
	for i := range firms {
		out.Sum.add(&firms[i])
	}
	return out
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
}

func (s *Sum) add(f *Firm) {
	s.Firms++
	if !f.Err.IsZero() {
		s.Failed++
		return
	}
	switch f.State {
	case policy.Met:
		s.Sure++
	case policy.Unknown:
		s.Perhaps++
	}
	s.Total, s.InKind, s.Floor = s.Total.Plus(f.Total), s.InKind.Plus(f.InKind), s.Floor.Plus(f.Floor)
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
}

// Run is the plan applied to every enterprise that the view shows with all of its facts, as of a day. The first run
// after a commit takes some ten microseconds an enterprise; later ones read what was kept.
func (r *Runner) Run(ctx context.Context, view fact.View, plan *policy.Plan, asOf period.Day) (*Region, error) {
	w, err := r.whole(ctx, key{view.Seq(), plan.Hash, asOf}, plan)
	if err != nil {
		return nil, err
	}
	return w.seenBy(view, &Region{Seq: w.seq, AsOf: asOf, Plan: plan, tree: r.tree}), nil
}

// seenBy is the part of a result that a view's scope may see. Scopes that see the same are few, and ask often.
func (w *work) seenBy(view fact.View, empty *Region) *Region {
	scope := fmt.Sprintf("%+v", view.Scope())
	w.mu.Lock()
	defer w.mu.Unlock()
	if r, ok := w.scopes[scope]; ok {
		return r
	}
	all := view.Scope().All()
	firms := w.rows
	for i := range w.rows {
		if all || sees(view, w.rows[i].ID) {
			if len(firms) < len(w.rows) {
				firms = append(firms, w.rows[i])
			}
			continue
		}
		if len(firms) == len(w.rows) { // the first that is not shown: from here on a list of its own
			firms = append(make([]Firm, 0, i), w.rows[:i]...)
		}
	}
	r := empty.like(firms)
	if w.scopes == nil || len(w.scopes) >= maxScopes {
		w.scopes = map[string]*Region{}
	}
	w.scopes[scope] = r
	return r
}

// sees says that a view may know what a decision reads. Decisions are worked out once from all facts, so a reader who
// may not see the sensitive ones may not see the result either.
func sees(view fact.View, id int64) bool {
	return view.Can(access.ReadFact, id) && view.Can(access.ReadSensitive, id)
}

// Decide is the plan applied to one enterprise with its full trace and advice, from the facts that the view shows.
func (r *Runner) Decide(view fact.View, plan *policy.Plan, enterprise int64, asOf period.Day) (*policy.Decision, error) {
	if !sees(view, enterprise) {
		return nil, errs.NotFound("enterprise", enterprise)
	}
	s, ok := r.reader.Subject(view, enterprise)
	if !ok {
		return nil, errs.NotFound("enterprise", enterprise)
	}
	return plan.Decide(s, asOf, policy.Options{Trace: true, Advice: true})
}

// whole is the result of all enterprises: the kept one, or one that this or another caller makes.
func (r *Runner) whole(ctx context.Context, k key, plan *policy.Plan) (*work, error) {
	r.mu.Lock()
	i := slices.IndexFunc(r.kept, func(w *work) bool { return w.key == k })
	if i >= 0 {
		w := r.kept[i]
		r.kept = append(slices.Delete(r.kept, i, i+1), w)
		r.mu.Unlock()
		return w.wait(ctx)
	}
	w := &work{key: k, done: make(chan struct{})}
	if r.kept = append(r.kept, w); len(r.kept) > maxKept {
		r.kept = slices.Delete(r.kept, 0, 1)
	}
	r.mu.Unlock()
	// Made to the end even if this caller goes away: others may be waiting, and the next one will want it.
	w.err = errors.New("the run of the region did not finish") // stands if it panics
	defer r.forgetFailed(w)
	func() {
		defer close(w.done)
		w.rows, w.err = r.decideAll(context.WithoutCancel(ctx), k, plan)
	}()
	return w.wait(ctx)
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
const chunk = 256

func (r *Runner) decideAll(ctx context.Context, k key, plan *policy.Plan) ([]Firm, error) {
	view, err := r.frames.For(ctx, access.SystemScope(), k.seq)
	if err != nil {
		return nil, fmt.Errorf("decide a region as known at %d: %w", k.seq, err)
	}
	firms := slices.Collect(view.Enterprises())
	rows := make([]Firm, len(firms))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < len(firms); from += chunk {
		to := min(from+chunk, len(firms))
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			for i := from; i < to; i++ {
				r.decide(view, plan, k.asOf, &firms[i], &rows[i])
			}
			return nil
		})
	}
	return rows, g.Wait()
}

// decide fills the row of one enterprise. A decision that fails (an amount beyond all bounds) fails alone and says so.
func (r *Runner) decide(view fact.View, plan *policy.Plan, asOf period.Day, e *party.Enterprise, row *Firm) {
	*row = Firm{ID: e.ID, Name: e.Name, USCC: string(e.USCC), Area: view.NodeOn(e.ID, party.TreeArea, asOf), Industry: e.Industry}
	s, ok := r.reader.Subject(view, e.ID)
	if !ok {
		return
	}
	d, err := plan.Decide(s, asOf, policy.Options{})
	if err != nil {
		if row.Err, ok = errs.Message(err); !ok {
			row.Err = i18n.M("policy.failed")
		}
		return
	}
	row.State, row.Total, row.InKind, row.Clauses, row.Missing = d.State, d.Total, d.InKind, d.Clauses, len(d.Missing)
	if d.Floor != nil {
		row.Floor = *d.Floor
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
	sums := map[string]*AreaSum{}
	var order []string
	at := func(n content.Node) *AreaSum {
		s, ok := sums[n.Code]
		if !ok {
			s = &AreaSum{Area: n}
			sums[n.Code] = s
			order = append(order, n.Code)
		}
		return s
	}
	for _, n := range r.tree.Children(parent) {
		at(n)
	}
	where := map[string]content.Node{}
	for i := range r.Firms {
		f := &r.Firms[i]
		n, ok := where[f.Area]
		if !ok {
			n = r.childOf(parent, f.Area)
			where[f.Area] = n
		}
		at(n).add(f)
	}
	out := make([]AreaSum, 0, len(order))
	for _, code := range order {
		out = append(out, *sums[code])
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
	r.mu.Lock()
	defer r.mu.Unlock()
	if part, ok := r.parts[area]; ok {
		return part
	}
	if r.parts == nil || len(r.parts) >= maxScopes {
		r.parts = map[string]*Region{}
	}
	inside := map[string]bool{}
	var firms []Firm
	for i := range r.Firms {
		f := &r.Firms[i]
		in, ok := inside[f.Area]
		if !ok {
			in = r.tree.Within(f.Area, area)
			inside[f.Area] = in
		}
		if in {
			firms = append(firms, *f)
		}
	}
	r.parts[area] = r.like(firms)
	return r.parts[area]
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
	at := map[string]int{}
	promise := map[string]bool{} // clauses without an amount
	var out []ClauseSum
	for _, c := range r.Plan.Clauses() {
		at[c.ID], promise[c.ID] = len(out), c.Amount.Eligibility != nil
		out = append(out, ClauseSum{Clause: c.ID, InKind: c.Amount.InKind != nil})
	}
	for i := range r.Firms {
		for _, c := range r.Firms[i].Clauses {
			s := &out[at[c.Clause]]
			s.Pays = s.Pays.Plus(c.Pays)
			switch {
			case c.Pays.Sure > 0 || promise[c.Clause] && c.State == policy.Met:
				s.Sure++
			case c.Pays.Possible > 0 || c.Pays.Unbounded || promise[c.Clause] && c.State == policy.Unknown:
				s.Perhaps++
			}
		}
	}
	return out
}
