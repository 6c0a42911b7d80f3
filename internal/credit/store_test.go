package credit

import (
	"context"
	"testing"
	"time"

	"github.com/yanzhen/yanzhen/internal/audit"
	"github.com/yanzhen/yanzhen/internal/clock"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/party"
	"github.com/yanzhen/yanzhen/internal/policy/region"
	"github.com/yanzhen/yanzhen/internal/source"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// world is the store over one database, wired as in the product.
type world struct {
	*Store
	t   *testing.T
	now time.Time
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	lib, err := library()
	must(t, err)
	w := &world{t: t, now: time.Date(2024, 10, 31, 9, 0, 0, 0, clock.Beijing)}
	tick := clock.Clock(func() time.Time { return w.now })
	sources := source.New(db, tick)
	parties := party.NewStore(db, sources)
	frames, err := fact.Open(t.Context(), fact.NewStore(db, sources, lib), parties, tick)
	must(t, err)
	w.Store = Open(Deps{
		DB: db, Sources: sources, Parties: parties, Frames: frames, Library: lib, Clock: tick, Subjects: region.NewReader(lib), Set: products(t), Demo: true,
	})
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var shipping = []store.Migrations{audit.Migrations, source.Migrations, party.Migrations, fact.Migrations, Migrations}

func TestBankIsOneParty(t *testing.T) {
	storetest.Each(t, shipping, func(t *testing.T, db *store.DB) {
		ctx, w := t.Context(), newWorld(t, db)
		first, err := w.Party(ctx, "demo_a")
		must(t, err)
		again, err := w.Party(ctx, "demo_a")
		must(t, err)
		second, err := w.Party(ctx, "demo_b")
		must(t, err)
		if first == 0 || again != first || second == first {
			t.Errorf("parties %d, %d, %d", first, again, second)
		}
		if b, err := w.BankOf(ctx, second); err != nil || b.Code != "demo_b" {
			t.Errorf("bank of %d: %+v, %v", second, b, err)
		}
		if _, err := w.BankOf(ctx, 1<<40); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("bank of nobody: %v", err)
		}
		w.Demo = false
		for _, code := range []string{"demo_a", "nonsense"} {
			if _, err := w.Party(context.Background(), code); errs.KindOf(err) != errs.KindNotFound {
				t.Errorf("%s takes part in an installation with real data: %v", code, err)
			}
		}
	})
}
