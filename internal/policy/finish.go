package policy

import (
	"math/big"
	"slices"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/i18n"
	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// finish stacks the claims and writes the decision. Where the floor holds, another level pays: those claims are stacked
// by themselves and make the floor instead of the total.
func (d *decider) finish() *Decision {
	f := &d.plan.Policy.File.Document
	out := &Decision{
		Policy: f.ID, Document: f.Number, Confidence: f.Confidence, Hash: d.plan.Hash, AsOf: d.asOf,
		Subject: refOf(d.root), Settings: d.plan.Settings, Lines: make([]Line, 0, len(d.drafts)),
	}
	out.Amended = d.plan.Policy.amended()
	if !d.plan.live {
		out.Reason = i18n.M("policy.draft", f.Number)
	}
	pays := make([]Interval, len(d.claims))
	steps := make([][]Step, len(d.claims))
	clauses := map[int]Interval{}
	var sums [2][2]Interval // by floor, by purse
	for side, floor := range []bool{false, true} {
		s, index := d.stack(floor)
		if len(index) == 0 {
			continue
		}
		for n, i := range index {
			pays[i] = interval(s.low[n], s.high[n])
		}
		for purse := range sums[side] {
			sums[side][purse] = interval(s.sumLow[purse], s.sumHigh[purse])
		}
		if d.opt.Trace {
			d.explain(s, index, steps)
		}
		for c := range d.plan.clauses {
			if !floor && s.clauseHigh[c] > 0 {
				clauses[c] = interval(s.clauseLow[c], s.clauseHigh[c])
			}
		}
	}
	counts := d.plan.live
	if counts {
		out.Total, out.InKind = sums[0][cash], sums[0][inKind]
	}
	if slices.Contains(d.floor, true) && counts {
		floor := sums[1][cash].Plus(sums[1][inKind])
		out.Floor = &floor
		out.Reason = i18n.M("policy.floor", f.Floor.Text)
	}
	for i := range d.drafts {
		out.Lines = append(out.Lines, d.settle(&d.drafts[i], pays, steps, counts))
	}
	out.Missing = missing(out.Lines)
	out.Clauses = d.clauseSums(out.Lines, clauses, counts)
	out.State = decisionState(out)
	if d.plan.Staged() {
		out.gross = out.sums()
		out.alone(d.plan)
	}
	if d.opt.Advice {
		out.Advice = d.advise(out)
	}
	return out
}

// stack settles the claims on one side of the floor; index says which claims those are.
func (d *decider) stack(floor bool) (settled, []int) {
	n := len(d.claims)
	claims, ways, index := make([]claim, 0, n), make([][]outcome, 0, n), make([]int, 0, n)
	for i := range d.claims {
		if d.floor[i] == floor {
			claims, ways, index = append(claims, d.claims[i]), append(ways, d.ways[i]), append(index, i)
		}
	}
	if len(index) == 0 {
		return settled{}, nil
	}
	s := d.plan.bounds(claims, ways, d.rivals)
	if s.tangled {
		d.err = errs.Invalid(i18n.M("policy.tangled"))
	}
	return s, index
}

// top is the world with the most money for the claims of an index, to be told step by step.
func (d *decider) top(s settled, index []int) *world {
	w := &world{plan: d.plan, rivals: d.rivals}
	for n, i := range index {
		w.claims = append(w.claims, d.claims[i])
		w.at = append(w.at, d.ways[i][s.highWorld[n]])
	}
	for _, r := range d.rivals {
		w.awards = append(w.awards, r.low)
	}
	return w
}

func (d *decider) explain(s settled, index []int, steps [][]Step) {
	w := d.top(s, index)
	w.note = func(n int, step Step) {
		if step.From >= unbounded {
			return // an amount that is not known is bounded by it, not reduced
		}
		if step.lost >= 0 {
			step.LostTo = d.winner(index[step.lost])
		}
		for _, other := range step.beside {
			step.Beside = append(step.Beside, *d.winner(index[other]))
		}
		steps[index[n]] = append(steps[index[n]], step)
	}
	w.settle()
}

func (d *decider) winner(claim int) *Winner {
	for i := range d.drafts {
		if d.drafts[i].claim == claim {
			l := &d.drafts[i].Line
			return &Winner{Clause: l.Clause, Subject: l.Subject, Year: l.Year}
		}
	}
	return nil
}

// settle completes a line with what stacking left of it.
func (d *decider) settle(dr *draft, pays []Interval, steps [][]Step, counts bool) Line {
	l := dr.Line
	if dr.claim < 0 || !counts {
		if !counts {
			l.Reason = i18n.M("policy.draft", d.plan.Policy.File.Document.Number)
		}
		l.standing = nil
		return l
	}
	l.Pays, l.Steps = pays[dr.claim], steps[dr.claim]
	if l.State == Met && l.Own.Exact() && l.Pays.Exact() && len(l.standing) == 0 { // whatever is the same thing as it, this one is paid
		l.Missing, l.Reason = nil, i18n.Msg{}
		l.Remaining = nil
	}
	if d.floor[dr.claim] {
		floor := d.plan.Policy.File.Document.Floor
		l.Reason = i18n.M("policy.floor", floor.Text)
		if d.opt.Trace {
			l.Steps = append(l.Steps, Step{Stage: "floor", Rule: "floor", From: l.Pays.Possible, By: l.Pays.Possible, Place: floor.Place})
		}
		l.Pays, l.floored, l.standing = Interval{}, true, nil
		return l
	}
	l.gross, l.granted = l.Pays, l.State
	if len(l.Due) > 0 {
		granted := l.Pays.Possible
		for _, s := range l.Steps {
			if s.Stage == "instalment" || s.Stage == "clawback" {
				granted = s.From
			}
		}
		l.Due = instalments(l.Due, granted)
	}
	if dr.k.shares != nil {
		low, high := split(l.Pays.Sure, dr.low), split(l.Pays.Possible, dr.high)
		for i, part := range dr.k.shares.Of {
			l.Parts = append(l.Parts, Part{Payer: part.Payer, Pays: Interval{Sure: low[i], Possible: high[i], Unbounded: l.Pays.Unbounded}})
		}
	}
	return l
}

// split shares an amount in the proportion of parts, to the fen; what rounding leaves goes to the last payer.
func split(amount money.Fen, parts []money.Fen) []money.Fen {
	out := make([]money.Fen, len(parts))
	var sum money.Fen
	for _, p := range parts {
		sum = plus(sum, p)
	}
	if sum == 0 || sum >= unbounded {
		return out
	}
	left := amount
	for i, p := range parts {
		if i == len(parts)-1 {
			out[i] = left
			break
		}
		q := new(big.Int).Mul(big.NewInt(int64(amount)), big.NewInt(int64(p)))
		out[i] = money.Fen(q.Quo(q, big.NewInt(int64(sum))).Int64())
		left -= out[i]
	}
	return out
}

// parts is who pays what of an amount, and what they pay in all.
func (a *asking) parts(amount money.Fen, low bool) (money.Fen, []money.Fen) {
	sh := a.k.shares
	pick := func(i int) number {
		lo, hi, ok := a.param(i)
		if !ok {
			return number{}
		}
		if low {
			return lo
		}
		return hi
	}
	out := make([]money.Fen, len(sh.Of))
	var sum, given money.Fen
	for i := range sh.Of {
		if amount >= unbounded {
			out[i] = unbounded
		} else if i < len(sh.Of)-1 || !a.whole(sh) {
			out[i] = a.round(money.Of(amount).Times(pick(sh.share[i]).rate))
		} else {
			out[i] = amount - given // the last payer bears what rounding leaves
		}
		given += out[i]
		if sh.ceiling[i] >= 0 {
			out[i] = min(out[i], pick(sh.ceiling[i]).fen)
		}
		sum = plus(sum, out[i])
	}
	if sh.floor >= 0 {
		base := a.quantity(sh.floorOf, "")
		floor := a.round(base.high.Times(pick(sh.floor).rate))
		if low {
			floor = a.round(base.low.Times(pick(sh.floor).rate))
		}
		if !base.open && sum < floor {
			out[sh.floorPayer] += floor - sum
			sum = floor
		}
	}
	if sh.joint < 0 {
		return sum, out
	}
	joint := pick(sh.joint).fen
	if sum > joint {
		out, sum = split(joint, out), joint
	}
	return sum, out
}

// whole says that the shares make one.
func (a *asking) whole(sh *shares) bool {
	sum := money.Of(0)
	for _, i := range sh.share {
		_, high, _ := a.param(i)
		sum = sum.Plus(money.Of(money.Yuan).Times(high.rate))
	}
	return sum.Cmp(money.Of(money.Yuan)) == 0
}

func (d *decider) clauseSums(lines []Line, sums map[int]Interval, counts bool) []ClauseSum {
	out := []ClauseSum{}
	for i := range d.plan.clauses {
		k := &d.plan.clauses[i]
		if k.off {
			continue
		}
		c := ClauseSum{Clause: k.ID, State: NotMet, InKind: k.purse == inKind}
		for _, l := range lines {
			if l.Clause == k.ID {
				c.State = better(c.State, l.State)
			}
		}
		if counts {
			c.Pays = sums[i]
		}
		if d.opt.Trace || c.State != NotMet {
			out = append(out, c)
		}
	}
	return out
}

func better(a, b State) State {
	if a == Met || b == Met {
		return Met
	}
	if a == Unknown || b == Unknown {
		return Unknown
	}
	return NotMet
}

func decisionState(d *Decision) State {
	all := d.Total.Plus(d.InKind)
	switch {
	case all.Sure > 0:
		return Met
	case all.Possible > 0 || all.Unbounded:
		return Unknown
	}
	state := NotMet
	for _, l := range d.Lines {
		if l.Form == "eligibility" {
			state = better(state, l.State)
		}
	}
	return state
}

// missing is every fact that some line waits for, once.
func missing(lines []Line) []rule.FactRef {
	var all []rule.FactRef
	seen := map[rule.FactRef]bool{}
	for _, l := range lines {
		if l.State != Unknown && l.Own.Exact() && l.Pays.Exact() {
			continue
		}
		for _, m := range l.Missing {
			if !seen[m] {
				seen[m] = true
				all = append(all, m)
			}
		}
	}
	return all
}
