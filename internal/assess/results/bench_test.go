package results

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/content"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// A city is 100,000 firms: go test -bench . -firms 100000 ./internal/assess/results
var benchFirms = flag.Int("firms", 2000, "how many enterprises the benchmarks have")

// chunkRows is how many rows are stored at a time.
const chunkRows = 10_000

// city is so many firms of three areas, nine in ten of which answer all that the model asks; of the others nothing is known.
func (w *world) city(n int) []int64 {
	w.t.Helper()
	ctx := w.t.Context()
	rnd := rand.New(rand.NewPCG(17, 6))
	src, err := w.sources.Begin(ctx, access.SystemScope(), source.Source{Kind: source.Import, Authority: "bureau", Name: "city", Area: tinghu})
	must(w.t, err)
	areas := []string{tinghu, dafeng, "320903"}
	var firms []int64
	for from := 0; from < n; from += chunkRows {
		var news []party.NewSubject
		for i := from; i < min(from+chunkRows, n); i++ {
			news = append(news, party.NewSubject{Kind: content.Enterprise, Key: party.EnterpriseKey("", fmt.Sprintf("第%d厂", i), areas[i%len(areas)])})
		}
		must(w.t, w.DB.Write(ctx, func(ctx context.Context, tx *store.Tx) error {
			ids, err := w.parties.Ensure(ctx, tx, src, news)
			if err != nil {
				return err
			}
			var names []party.Name
			var lies []party.Membership
			for k, id := range ids {
				names = append(names, party.Name{Subject: id, Name: fmt.Sprintf("第%d厂", from+k), Place: "a"})
				lies = append(lies, party.Membership{Subject: id, Tree: party.TreeArea, Node: areas[(from+k)%len(areas)], Place: "a"})
			}
			firms = append(firms, ids...)
			if err := w.parties.AppendNames(ctx, tx, src, names); err != nil {
				return err
			}
			return w.parties.AppendMemberships(ctx, tx, src, lies)
		}))
	}
	var said []fact.Statement
	flush := func() {
		must(w.t, w.facts.Append(ctx, src, said))
		said = said[:0]
	}
	for i, id := range firms {
		if i%10 == 9 {
			continue
		}
		for _, def := range w.model.Facts() {
			s := fact.Statement{Subject: id, Def: def.Code, Period: period.OfYear(2024), State: fact.Present, Place: "A1", Shown: "x"}
			switch list, ok := w.Library.CodeList(def.Codes); {
			case ok:
				s.Value.Text = list.Entries[rnd.IntN(len(list.Entries))].Code
			case def.Type == content.Bool:
				s.Value.Num = rnd.Int64N(2)
			case def.Max != nil:
				s.Value.Num = rnd.Int64N(*def.Max + 1)
			default:
				s.Value.Num = 1 + rnd.Int64N(1_000)
			}
			if said = append(said, s); len(said) >= chunkRows {
				flush()
			}
		}
	}
	flush()
	_, err = w.sources.Publish(ctx, src, nil)
	must(w.t, err)
	must(w.t, w.Frames.Refresh(ctx))
	return firms
}

// BenchmarkRegion is the first ask of a model of all firms from the frame, and one firm's peers once that is kept: for its owner and for
// who sees all firms.
func BenchmarkRegion(b *testing.B) {
	w := newWorld(b, storetest.SQLite(b, shipping))
	firms := w.city(*benchFirms)
	one := firms[0]
	view := w.view(access.SystemScope())
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			_, err := w.ask(b.Context(), view.Seq(), w.model, 2024, w.Clock.Today())
			must(b, err)
		}
	})
	for name, scope := range map[string]access.Scope{"owner": access.NewScope(10, access.Enterprise, nil, []int64{one}), "all": access.SystemScope()} {
		view := w.view(scope)
		_, err := w.Peers(b.Context(), view, w.model, one, 2024) // the survey is kept from here on
		must(b, err)
		b.Run("peers/"+name, func(b *testing.B) {
			for b.Loop() {
				peers, err := w.Peers(b.Context(), view, w.model, one, 2024)
				must(b, err)
				if len(peers) == 0 || peers[0].N == 0 {
					b.Fatalf("peers %+v", peers)
				}
			}
		})
	}
	b.Run("show", func(b *testing.B) {
		for b.Loop() {
			r, err := w.Region(b.Context(), view, w.model, 2024)
			must(b, err)
			if len(r.By(w.Library, ByCounty)) != 3 {
				b.Fatal("counties")
			}
		}
	})
}
