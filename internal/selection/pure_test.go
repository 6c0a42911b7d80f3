package selection

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/lot"
	"github.com/yanzhen/yanzhen/internal/rubric"
)

// TestLotsAreWhatTheySay fixes the recipe that is published: printf and sha256sum gave these.
func TestLotsAreWhatTheySay(t *testing.T) {
	roll := Roll([]string{"2", "1"}, []string{"b", "a"})
	l := Lots{lot.Draw{Seed: "5eed", Roll: roll}}
	for what, pair := range map[string][2]string{
		"commitment": {lot.Commitment("5eed"), "253e2c69fc07d2cf6f83c79b0bf81b9122c816573477986ca87c6ef907a52a53"},
		"roll":       {roll, "14b056132ff81baa4d84f18e2749dfd360fa79104ae635fe545e8da317206a72"},
		"lot":        {l.Lot(ForTies, "1"), "248e71e62268492e7e214edc82e3c9a6792a74e5cc38fc2a883d15316706335d"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %s, want %s", what, pair[0], pair[1])
		}
	}
	if seed, err := lot.NewSeed(strings.NewReader(strings.Repeat("x", 32))); err != nil || seed != strings.Repeat("78", 32) {
		t.Errorf("seed %s, %v", seed, err)
	}
	if _, err := lot.NewSeed(strings.NewReader("short")); err == nil {
		t.Error("a seed of too little randomness")
	}
}

// TestPanels draws pools, nominees and interests: nobody with an interest judges, the order of the pool does not matter,
// and of two nominees without interests both have the same judges.
func TestPanels(t *testing.T) {
	counties := rapid.SampledFrom([]string{"", "320902", "320903", "320904"})
	rapid.Check(t, func(t *rapid.T) {
		var pool []Judge
		for i := range rapid.IntRange(1, 12).Draw(t, "experts") {
			j := Judge{Key: fmt.Sprint("e", i), Party: rapid.Int64Range(0, 5).Draw(t, "works for"), County: counties.Draw(t, "county")}
			if rapid.Bool().Draw(t, "belongs") {
				j.Belongs = []string{fmt.Sprint("firm", rapid.IntRange(1, 5).Draw(t, "by name"))}
			}
			pool = append(pool, j)
		}
		in := Interests{Declared: map[int64][]string{}, Elsewhere: rapid.Bool().Draw(t, "elsewhere")}
		for party := range int64(5) {
			in.Declared[party+1] = rapid.SliceOfNDistinct(rapid.SampledFrom(keysOf(pool)), 0, min(2, len(pool)), rapid.ID).Draw(t, "declared")
		}
		party := rapid.Int64Range(1, 5).Draw(t, "nominee")
		n := Nominee{Key: "n", Party: party, Names: []string{fmt.Sprint("firm", party)}, County: counties.Draw(t, "its county")}
		size := rapid.IntRange(1, 5).Draw(t, "size")
		lots := Lots{lot.Draw{Seed: rapid.StringMatching("[0-9a-f]{8}").Draw(t, "seed")}}

		split := rapid.IntRange(0, len(pool)).Draw(t, "joined later")
		got, err := lots.Panel(n, in, size, pool[:split], pool[split:])
		again, err2 := lots.Panel(n, in, size, rapid.Permutation(pool[:split]).Draw(t, "shuffled"), rapid.Permutation(pool[split:]).Draw(t, "shuffled later"))
		if !slices.Equal(got, again) || (err == nil) != (err2 == nil) {
			t.Fatalf("the order of the pool matters: %v, %v", got, again)
		}
		free, early := 0, 0
		for i, j := range pool {
			interest := in.Of(j, n)
			if interest == NoInterest {
				free++
				if i < split {
					early++
				}
			} else if slices.Contains(got, j.Key) {
				t.Fatalf("%s judges with the interest %q", j.Key, interest)
			}
		}
		if (free >= size) != (err == nil) || err != nil && errs.KindOf(err) != errs.KindConflict {
			t.Fatalf("%d free for %d seats: %v", free, size, err)
		}
		if len(got) != min(free, size) {
			t.Fatalf("%d judges of %d, want %d", len(got), free, size)
		}
		for _, j := range pool[split:] {
			if at := slices.Index(got, j.Key); at >= 0 && at < early {
				t.Fatalf("%s, who joined later, sits before others", j.Key)
			}
		}
	})
}

func keysOf(pool []Judge) []string {
	var keys []string
	for _, j := range pool {
		keys = append(keys, j.Key)
	}
	return keys
}

// field draws nominations whose scores are often equal.
func field(t *rapid.T) []Scored {
	n := rapid.IntRange(0, 12).Draw(t, "nominations")
	all := make([]Scored, n)
	for i := range all {
		all[i] = Scored{
			Key: fmt.Sprint("n", i), At: rapid.Int64Range(1, 3).Draw(t, "at"),
			Score: rubric.Score{
				Total: rubric.Points(rapid.Int64Range(58, 62).Draw(t, "total")) * rubric.One,
				Items: map[string]*big.Rat{"benefit": big.NewRat(rapid.Int64Range(1, 3).Draw(t, "benefit"), 3)},
			},
		}
	}
	return all
}

var someTies = []TieRule{"item:benefit", Earlier, ByLot}

// TestRanking draws fields: the order in which nominations come does not matter, no higher total stands below a lower one,
// every tie is explained by the first rule that tells the two apart, the quota holds whoever is out, and nobody is chosen
// while somebody better is neither chosen nor out.
func TestRanking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := field(t)
		lots := Lots{lot.Draw{Seed: rapid.StringMatching("[0-9a-f]{8}").Draw(t, "seed")}}
		places := Rank(all, someTies, lots)
		again := Rank(rapid.Permutation(all).Draw(t, "shuffled"), someTies, lots)
		if diff := cmp.Diff(told(places), told(again)); diff != "" {
			t.Fatalf("the order of nominations matters:\n%s", diff)
		}
		checkTies(t, places, lots)

		quota, waiting := rapid.IntRange(0, 6).Draw(t, "quota"), rapid.IntRange(0, 4).Draw(t, "waiting")
		out := map[string]bool{}
		for _, e := range all {
			out[e.Key] = rapid.IntRange(0, 2).Draw(t, "out") == 0
		}
		enough := func(p rubric.Points) bool { return p >= 60*rubric.One }
		checkChoice(t, Choose(places, quota, waiting, enough, out), quota, waiting, out)
	})
}

func told(places []Place) (all []string) {
	for _, p := range places {
		tie := Tie{}
		if p.Tie != nil {
			tie = *p.Tie
		}
		all = append(all, fmt.Sprint(p.Rank, p.Key, tie))
	}
	return all
}

func checkTies(t *rapid.T, places []Place, lots Lots) {
	for i, p := range places {
		if p.Rank != i+1 {
			t.Fatalf("rank %d at %d", p.Rank, i+1)
		}
		if i+1 == len(places) {
			if p.Tie != nil {
				t.Fatal("the last one is tied with somebody")
			}
			continue
		}
		next := places[i+1]
		if p.Score.Total < next.Score.Total {
			t.Fatalf("%s stands above %s", p.Key, next.Key)
		}
		if (p.Tie != nil) != (p.Score.Total == next.Score.Total) {
			t.Fatalf("a tie of %s and %s that is not told, or told and none", p.Key, next.Key)
		}
		if p.Tie == nil {
			continue
		}
		want := ByLot
		switch mine, their := p.Score.Items["benefit"], next.Score.Items["benefit"]; {
		case mine.Cmp(their) != 0:
			want = "item:benefit"
			if mine.Cmp(their) < 0 {
				t.Fatal("the lower item stands above")
			}
		case p.At != next.At:
			want = Earlier
			if p.At > next.At {
				t.Fatal("the later one stands above")
			}
		case lots.Lot(ForTies, p.Key) > lots.Lot(ForTies, next.Key):
			t.Fatal("the higher lot stands above")
		}
		if p.Tie.Rule != want || p.Tie.With != next.Key || p.Tie.Mine == p.Tie.Their {
			t.Fatalf("told %+v, want it decided by %s", *p.Tie, want)
		}
	}
}

func checkChoice(t *rapid.T, all []Outcome, quota, waiting int, out map[string]bool) {
	count := map[Standing]int{}
	last := -1
	order := map[Standing]int{Chosen: 0, Waiting: 1, Beyond: 2, Below: 3}
	for i, o := range all {
		count[o.Standing]++
		if (o.Standing == Out) != out[o.Key] {
			t.Fatalf("%s is %s", o.Key, o.Standing)
		}
		if o.Standing == Out {
			continue
		}
		if order[o.Standing] < last {
			t.Fatalf("%s is %s behind somebody worse off", o.Key, o.Standing)
		}
		last = order[o.Standing]
		if o.MovedUp && (i < quota || o.Standing != Chosen) {
			t.Fatalf("%s moved up from place %d", o.Key, i+1)
		}
	}
	if count[Chosen] > quota || count[Waiting] > waiting {
		t.Fatalf("%v for a quota of %d and a waiting list of %d", count, quota, waiting)
	}
	if count[Chosen] < quota && count[Waiting]+count[Beyond] > 0 {
		t.Fatalf("places are left and somebody waits: %v", count)
	}
}
