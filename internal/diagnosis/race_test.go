package diagnosis

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
)

// TestPlacesAreNotGivenTwice has many firms ask for the same institutes at once: none is given to more than its share, and every firm has one.
func TestPlacesAreNotGivenTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const firms, share = 6, 2
		a, b, c := w.institute("one"), w.institute("two"), w.institute("three")
		all := make([]int64, firms)
		for i := range all {
			all[i] = w.newFirm(fmt.Sprintf("盐城%d号机械有限公司", i), tinghu, "34")
		}
		l := w.lot(share, a, b, c)
		opened, err := w.OpenCases(t.Context(), city, w.cases, w.view(city), l.ID, all[:firms-2]) // two places are free, wherever they are
		must(t, err)
		var g errgroup.Group
		for i, id := range opened.Cases {
			g.Go(func() error {
				for turn := range 6 {
					to := []Institute{a, b, c}[(i+turn)%3]
					if err := w.Choose(context.Background(), owner(all[i]), w.cases, id, to.ID); err != nil && said(err) == "" {
						return err // what is full, or is the firm's already, says so
					}
				}
				return nil
			})
		}
		must(t, g.Wait())
		given := map[int64]int{}
		for _, id := range opened.Cases {
			x, err := w.Sight(t.Context(), access.SystemScope(), w.cases, id)
			must(t, err)
			given[x.By.ID]++
		}
		for id, n := range given {
			if n > share || id == 0 {
				t.Errorf("institute %d was given %d, its share is %d: %v", id, n, share, given)
			}
		}
	})
}

// TestSavedAtOnce has several people of an institute save what they began from the same version: one is kept, the others are told.
func TestSavedAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.institute("one")
		firm := w.newFirm("盐城甲机械有限公司", tinghu, "34")
		l := w.lot(1, a)
		opened, err := w.OpenCases(t.Context(), city, w.cases, w.view(city), l.ID, []int64{firm})
		must(t, err)
		id := opened.Cases[0]
		w.must(owner(firm), id, "agree", nil)
		w.must(of(a), id, "take", nil)
		w.must(of(a), id, "visited", map[string]any{"devices_networked": 20})
		kept := make([]bool, 5)
		var g errgroup.Group
		for i := range kept {
			g.Go(func() error {
				_, err := w.Save(context.Background(), of(a), w.cases, id, 0, report(fmt.Sprintf("第%d位", i), 2))
				if kept[i] = err == nil; !kept[i] && errs.KindOf(err) != errs.KindConflict {
					return err
				}
				return nil
			})
		}
		must(t, g.Wait())
		n := 0
		for i := range kept {
			if !kept[i] {
				continue
			}
			n++
			x, err := w.Sight(t.Context(), of(a), w.cases, id)
			must(t, err)
			if x.Saved.N != 1 || x.Saved.Report.Why != fmt.Sprintf("第%d位", i) {
				t.Errorf("%d was told that it is kept; what stands is version %d of %s", i, x.Saved.N, x.Saved.Report.Why)
			}
		}
		if n != 1 {
			t.Errorf("%d were told that theirs is kept", n)
		}
	})
}
