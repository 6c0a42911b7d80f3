package version

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// RegionQuestion is what the decisions on many enterprises are asked about.
type RegionQuestion struct {
	Package string       // hash of the package that the plan is of
	Plan    *policy.Plan // of the policy, ended where it was
	AsOf    period.Day
	Known   int64
	Area    string // the node at or below which the enterprises lie; "" for all that there are

	// Allotted is what quotas and pools left to an enterprise; nil where the policy has none.
	Allotted func(enterprise string) ([]policy.Allotted, error)
}

// regionHead is the first line of a region's receipt: by what was decided.
type regionHead struct {
	Form   int           `json:"region_receipt"`
	Engine string        `json:"engine"`
	Policy ReceiptPolicy `json:"policy"`
	AsOf   period.Day    `json:"as_of"`
	Known  int64         `json:"known,omitempty"`
	Area   string        `json:"area,omitempty"`
}

// regionLeaf is the decision on one enterprise. It has no trace: that follows from the facts, and its hash is that of
// the enterprise's own receipt.
type regionLeaf struct {
	Facts    json.RawMessage   `json:"facts"`
	Allotted []policy.Allotted `json:"allotted,omitempty"`
	State    policy.State      `json:"state,omitempty"`
	Total    *policy.Interval  `json:"total,omitempty"`
	InKind   *policy.Interval  `json:"in_kind,omitempty"`
	Floor    *policy.Interval  `json:"floor,omitempty"`
	Sum      string            `json:"decision_sha256,omitempty"`
	Failed   *i18n.Text        `json:"failed,omitempty"` // why there is no decision
}

// RegionSum is what the decisions of a receipt come to, and its last line.
type RegionSum struct {
	Enterprises int       `json:"enterprises"`
	Met         int       `json:"met"`    // that get something for sure
	Failed      int       `json:"failed"` // without a decision
	Total       money.Fen `json:"total"`  // for sure, like those below
	InKind      money.Fen `json:"in_kind"`
	Floor       money.Fen `json:"floor"`
	Sum         string    `json:"sha256"` // of all lines before
}

func (s *RegionSum) add(l regionLeaf) {
	s.Enterprises++
	if l.Failed != nil {
		s.Failed++
		return
	}
	if l.State == policy.Met {
		s.Met++
	}
	s.Total, s.InKind = s.Total+l.Total.Sure, s.InKind+l.InKind.Sure
	if l.Floor != nil {
		s.Floor += l.Floor.Sure
	}
}

// regionLine is a leaf as a line.
type regionLine struct {
	leaf regionLeaf
	line []byte
}

// decide fills the leaf of an enterprise by the facts that it holds. A decision that fails (an amount beyond all bounds)
// fails alone and says so.
func (l regionLeaf) decide(firm rule.Subject, plan *policy.Plan, asOf period.Day) (regionLine, error) {
	if d, err := settled(plan, firm, asOf, l.Allotted); err != nil {
		why := policy.WhyNot(err).Both()
		l.Failed = &why
	} else {
		whole, err := canonical(d)
		if err != nil {
			return regionLine{}, err
		}
		l.State, l.Total, l.InKind, l.Floor, l.Sum = d.State, &d.Total, &d.InKind, d.Floor, sum(whole)
	}
	line, err := canonical(l)
	return regionLine{l, line}, err
}

// hashed writes lines and hashes them.
type hashed struct {
	to  io.Writer
	sum hash.Hash
}

func (h hashed) line(b []byte) error {
	b = append(b, '\n')
	h.sum.Write(b)
	_, err := h.to.Write(b)
	return err
}

// WriteRegion decides for every enterprise and writes the receipt of all these decisions (docs/receipt.md), in the order
// of the enterprises. The same decisions have the same bytes on any machine.
func WriteRegion(ctx context.Context, w io.Writer, lib *content.Library, q RegionQuestion, firms iter.Seq[rule.Subject]) (RegionSum, error) {
	out := hashed{w, sha256.New()}
	head, err := canonical(regionHead{
		Form: receiptForm, Engine: policy.Engine, Policy: policyOf(q.Plan, q.Package), AsOf: q.AsOf, Known: q.Known, Area: q.Area,
	})
	if err != nil {
		return RegionSum{}, err
	}
	if err := out.line(head); err != nil {
		return RegionSum{}, err
	}
	var s RegionSum
	err = inOrder(ctx, firms, func(firm rule.Subject) (regionLine, error) { return q.leaf(lib, firm) }, func(l regionLine) error {
		s.add(l.leaf)
		return out.line(l.line)
	})
	if err != nil {
		return RegionSum{}, fmt.Errorf("write the receipt of a region: %w", err)
	}
	s.Sum = hex.EncodeToString(out.sum.Sum(nil))
	tail, err := canonical(s)
	if err != nil {
		return RegionSum{}, err
	}
	return s, out.line(tail)
}

func (q RegionQuestion) leaf(lib *content.Library, firm rule.Subject) (regionLine, error) {
	rec := rule.Record(firm)
	_, _ = q.Plan.Decide(rec.Subject(), q.AsOf, allOf) // for what it reads; where it fails, so does the decision below
	facts, err := rec.JSON()
	if err != nil {
		return regionLine{}, err
	}
	l := regionLeaf{Facts: facts}
	if q.Allotted != nil {
		if l.Allotted, err = q.Allotted(firm.ID()); err != nil {
			return regionLine{}, err
		}
	}
	doc, problems := rule.ParseFacts(lib, "facts", facts)
	if len(problems) > 0 {
		return regionLine{}, problems
	}
	return l.decide(doc, q.Plan, q.AsOf)
}

// inOrder does something with each of a sequence, on all processors, and takes the results in its order.
func inOrder[T, R any](ctx context.Context, all iter.Seq[T], do func(T) (R, error), take func(R) error) error {
	const atOnce = 256
	next, stop := iter.Pull(all)
	defer stop()
	for {
		var batch []T
		for len(batch) < atOnce {
			x, ok := next()
			if !ok {
				break
			}
			batch = append(batch, x)
		}
		if len(batch) == 0 {
			return nil
		}
		done := make([]R, len(batch))
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(runtime.GOMAXPROCS(0))
		for i, x := range batch {
			g.Go(func() (err error) {
				if err = ctx.Err(); err == nil {
					done[i], err = do(x)
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, r := range done {
			if err := take(r); err != nil {
				return err
			}
		}
	}
}

// RegionReport is how a region's receipt came out when all was decided again.
type RegionReport struct {
	Policy     ReceiptPolicy
	AsOf       period.Day
	Area       string
	Sum        RegionSum   // as decided again
	Deviations []Deviation // none when the receipt holds
}

// IsRegionReceipt says that a file begins as the receipt of a region does, and not as that of one decision.
func IsRegionReceipt(begin []byte) bool { return bytes.HasPrefix(begin, []byte(`{"region_receipt":`)) }

// VerifyRegion decides again every enterprise of a region's receipt by the package that find gives for its hash, and lists
// what differs. Where the receipt has all enterprises, quotas and pools are settled again too; in one of an area, what they
// left is taken as given. What it refuses to read is an errs.KindInvalid.
func VerifyRegion(ctx context.Context, lib *content.Library, from io.Reader, find func(hash string) (Package, error)) (RegionReport, error) {
	r := regionReading{lib: lib, in: bufio.NewScanner(from), sum: sha256.New()}
	r.in.Buffer(nil, MaxReceipt)
	if err := r.begin(find); err != nil {
		return r.out, err
	}
	leaves := r.leaves()
	if r.plan.Staged() && r.head.Area == "" {
		all := slices.Collect(leaves) // they are decided twice: for what quotas and pools leave, and then with it
		if err := r.settle(ctx, all); err != nil {
			return r.out, err
		}
		leaves = slices.Values(all)
	}
	err := inOrder(ctx, leaves, r.again, func(a again) error {
		r.out.Sum.add(a.leaf)
		r.differ(a.deviations)
		return nil
	})
	if err = errors.Join(err, r.err); err != nil {
		return r.out, err
	}
	r.out.Sum.Sum = hex.EncodeToString(r.sum.Sum(nil))
	return r.out, r.compare("sum", r.tail, r.out.Sum)
}

// regionReading is a region's receipt while it is read, line by line.
type regionReading struct {
	lib  *content.Library
	in   *bufio.Scanner
	sum  hash.Hash // of the lines but the last
	head regionHead
	tail []byte // the last line
	err  error  // that ended the reading
	out  RegionReport

	plan      *policy.Plan
	allotment *policy.Allotment // settled again, where the receipt has all enterprises
}

// begin reads the first line, and finds the plan that it names.
func (r *regionReading) begin(find func(hash string) (Package, error)) error {
	if !r.in.Scan() {
		return r.unreadable(cmp.Or(r.in.Err(), io.ErrUnexpectedEOF))
	}
	line := r.in.Bytes()
	if err := strictly(line, &r.head); err != nil {
		return r.unreadable(err)
	}
	if r.head.Form != receiptForm {
		return errs.Invalid(i18n.M("version.other_form", r.head.Form, receiptForm))
	}
	r.hash(line)
	r.out = RegionReport{Policy: r.head.Policy, AsOf: r.head.AsOf, Area: r.head.Area}
	p, err := find(r.head.Policy.Package)
	if err != nil {
		return err
	}
	if r.plan, err = r.head.Policy.plan(r.lib, p); err != nil {
		return err
	}
	now := r.head
	now.Engine, now.Policy = policy.Engine, policyOf(r.plan, p.Hash())
	return r.compare("", line, now)
}

func (r *regionReading) hash(line []byte) {
	r.sum.Write(line)
	r.sum.Write([]byte{'\n'})
}

func (r *regionReading) unreadable(why error) error {
	return errs.Invalid(i18n.M("version.bad_receipt", why.Error()))
}

// compare notes where a line is not what it is now.
func (r *regionReading) compare(path string, line []byte, now any) error {
	src, err := canonical(now)
	if err != nil {
		return err
	}
	all, err := compared(path, line, src)
	r.differ(all)
	return err
}

func (r *regionReading) differ(all []Deviation) {
	r.out.Deviations = append(r.out.Deviations, all[:min(len(all), maxDeviations-len(r.out.Deviations))]...)
}

// leaves is the lines of enterprises; when they end, the last line and what ended them are known.
func (r *regionReading) leaves() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for r.in.Scan() {
			if r.tail != nil {
				r.hash(r.tail)
				if !yield(r.tail) {
					return
				}
			}
			r.tail = bytes.Clone(r.in.Bytes())
		}
		switch err := r.in.Err(); {
		case err != nil:
			r.err = r.unreadable(err)
		case r.tail == nil:
			r.err = r.unreadable(io.ErrUnexpectedEOF)
		}
	}
}

// read is a line of an enterprise, and the enterprise.
func (r *regionReading) read(line []byte) (l regionLeaf, firm *rule.Doc, err error) {
	if err := strictly(line, &l); err != nil {
		return l, nil, r.unreadable(err)
	}
	firm, problems := rule.ParseFacts(r.lib, "facts", l.Facts)
	if len(problems) > 0 {
		return l, nil, problems
	}
	return l, firm, nil
}

// settle works out what quotas and pools leave to each enterprise of the receipt.
func (r *regionReading) settle(ctx context.Context, lines [][]byte) error {
	var all []*policy.Decision
	err := inOrder(ctx, slices.Values(lines), func(line []byte) (*policy.Decision, error) {
		_, firm, err := r.read(line)
		if err != nil {
			return nil, err
		}
		d, err := r.plan.Decide(firm, r.head.AsOf, policy.Options{})
		if err != nil {
			return nil, nil // it fails alone
		}
		return d, nil
	}, func(d *policy.Decision) error {
		if d != nil {
			all = append(all, d)
		}
		return nil
	})
	r.allotment = r.plan.Allot(all)
	return err
}

// again is an enterprise decided again.
type again struct {
	regionLine
	deviations []Deviation
}

func (r *regionReading) again(line []byte) (again, error) {
	was, firm, err := r.read(line)
	if err != nil {
		return again{}, err
	}
	now := regionLeaf{Facts: was.Facts, Allotted: was.Allotted}
	if r.allotment != nil {
		now.Allotted = r.allotment.Of(firm.ID())
	}
	out, err := now.decide(firm, r.plan, r.head.AsOf)
	if err != nil {
		return again{}, err
	}
	all, err := compared("["+firm.ID()+"]", line, out.line)
	return again{out, all}, err
}
