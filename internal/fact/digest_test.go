package fact

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/period"
)

func digestOf(said []Statement) string {
	var d Digest
	for _, s := range said {
		d.Add("firm", s)
	}
	return d.Sum()
}

func TestDigestIsOfWhatIsSaid(t *testing.T) {
	if digestOf(nil) != "" {
		t.Error("nothing has a digest")
	}
	rapid.Check(t, func(t *rapid.T) {
		said := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Statement {
			return Statement{
				Def: rapid.SampledFrom([]string{"ent.revenue", "ent.output"}).Draw(t, "def"), Period: rapid.SampledFrom(years).Draw(t, "year"),
				State: rapid.SampledFrom([]State{Present, None}).Draw(t, "state"), Value: Value{Num: rapid.Int64Range(0, 2).Draw(t, "value")},
			}
		}), 1, 8).Draw(t, "said")
		want := digestOf(said)

		moved := append([]Statement(nil), said...)
		rand.Shuffle(len(moved), func(i, j int) { moved[i], moved[j] = moved[j], moved[i] })
		for i := range moved { // another file, other cells, other ids
			moved[i].Place, moved[i].Shown, moved[i].Source, moved[i].N, moved[i].Subject = "B7", "x", 9, int64(i), 77
		}
		if digestOf(moved) != want {
			t.Fatal("order or place changes the digest")
		}

		i := rapid.IntRange(0, len(said)-1).Draw(t, "changed")
		change := rapid.SampledFrom([]func(*Statement){
			func(s *Statement) { s.Def = "ent.profit" },
			func(s *Statement) { s.Period = period.OfYear(1999) },
			func(s *Statement) { s.State = Withheld },
			func(s *Statement) { s.Value.Num += 3 },
			func(s *Statement) { s.Value.Text = "x" },
			func(s *Statement) { s.Precision = Approx },
			func(s *Statement) { s.Status = Verified },
		}).Draw(t, "change")
		change(&said[i])
		if digestOf(said) == want {
			t.Fatal("a change keeps the digest")
		}
		if digestOf(append(said, said[i])) == digestOf(said) {
			t.Fatal("saying it twice keeps the digest")
		}
	})
}
