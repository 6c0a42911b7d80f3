package policy

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/money"
	"github.com/yanzhen/yanzhen/internal/period"
)

// total is what all claims of a world are paid.
func (w *world) total() money.Fen {
	sum := money.Fen(0)
	for _, p := range w.settle() {
		sum += p
	}
	return sum
}

// TestResponseOfStacking raises and takes out claims of random stacks where the proof says that the sum follows.
func TestResponseOfStacking(t *testing.T) {
	var asked, proven, moved, excluded int
	draw := func(t *rapid.T) {
		s := drawStack(t, certainly)
		r := responding{plan: s.plan, relevant: make([]bool, len(s.plan.clauses))}
		touched := rapid.IntRange(0, len(r.relevant)-1).Draw(t, "touched")
		r.relevant[touched] = true
		asked++
		if r.reach() != nil {
			return
		}
		if _, _, cross := r.crossing(); cross {
			return
		}
		proven++
		at, awards := make([]outcome, len(s.ways)), make([]money.Fen, len(s.rivals))
		for i := range at {
			at[i] = s.ways[i][0]
			at[i].due = dues{}
		}
		for i := range awards {
			awards[i] = s.rivals[i].low
		}
		before := s.world(at, awards).total()
		more, fewer := slices.Clone(at), slices.Clone(at)
		for i := range at {
			if s.claims[i].clause != touched {
				continue
			}
			more[i].amount += money.Fen(rapid.IntRange(0, 90).Draw(t, "raise"))
			more[i].limits = slices.Clone(more[i].limits)
			for k := range more[i].limits {
				more[i].limits[k] += money.Fen(rapid.IntRange(0, 90).Draw(t, "limit raise"))
			}
			fewer[i].present = rapid.Bool().Draw(t, "left")
		}
		after := s.world(more, awards).total()
		if after < before {
			t.Fatalf("%d falls to %d as amounts and limits rise", before, after)
		}
		if after > before {
			moved++
		}
		if slices.ContainsFunc(s.plan.onces, func(o onceRule) bool { return r.relevant[o.clause] }) {
			return
		}
		if after := s.world(fewer, awards).total(); after > before {
			t.Fatalf("%d rises to %d as lines are left out", before, after)
		} else if after < before {
			excluded++
		}
	}
	few := func() bool { return proven*10 < asked || moved*10 < proven || excluded*50 < proven || excluded == 0 }
	for range 5 { // by chance a hundred stacks may have none that falls
		if rapid.Check(t, draw); !few() {
			break
		}
	}
	t.Logf("%d stacks, %d proven; %d rose, %d fell", asked, proven, moved, excluded)
	if few() {
		t.Error("too few")
	}
}

// TestResponse holds what is proven of the numbers of every policy against decisions by random facts.
func TestResponse(t *testing.T) {
	all := packages(t)
	var asked, proven, moved int
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 29))
		p := all[r.IntN(len(all))]
		settings := settingsOf(r, p)
		low := patchesOf(r, p)
		if len(low) == 0 {
			return
		}
		low = low[:1]
		high := slices.Clone(low)
		prm := p.params[p.pindex[low[0].Param]]
		for high[0] = patchOf(r, prm, low[0].Key); ; high[0] = patchOf(r, prm, low[0].Key) {
			a, _ := parseNumber(prm.Type, low[0].Value)
			b, _ := parseNumber(prm.Type, high[0].Value)
			if c := a.cmp(b); c > 0 {
				low, high = high, low
			} else if c == 0 {
				continue
			}
			break
		}
		less, err := p.Plan(settings, low...)
		if err != nil {
			t.Fatal(err)
		}
		more, err := p.Plan(settings, high...)
		if err != nil {
			t.Fatal(err)
		}
		response := less.Response(prm.ID)
		asked++
		if response.Direction == 0 {
			if response.Why.IsZero() {
				t.Fatalf("%s of %s: not proven, and not said why", prm.ID, p.File.Document.ID)
			}
			return
		}
		proven++
		asOf := period.Date(2022+r.IntN(4), 12, 31)
		for i := range 30 {
			root := anyFirm(r, p, i)
			a, err1 := less.Decide(root, asOf, Options{})
			b, err2 := more.Decide(root, asOf, Options{})
			if err1 != nil || err2 != nil {
				continue
			}
			x, y := a.Total.Plus(a.InKind), b.Total.Plus(b.InKind)
			if response.Direction < 0 {
				x, y = y, x
			}
			if !y.Unbounded && x.Sure > y.Possible || x.Exact() && y.Exact() && x.Sure > y.Sure {
				t.Fatalf("%s of %s from %s to %s: %+v and %+v, direction %d", prm.ID, p.File.Document.ID, low[0].Value, high[0].Value, x, y, response.Direction)
			}
			if x != y {
				moved++
			}
		}
	})
	t.Logf("%d numbers, %d proven; %d firms moved", asked, proven, moved)
	if proven*5 < asked || moved < proven {
		t.Error("too few")
	}
}
