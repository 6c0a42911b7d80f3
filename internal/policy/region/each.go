package region

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/yanzhen/yanzhen/internal/fact"
	"github.com/yanzhen/yanzhen/internal/policy"
	"github.com/yanzhen/yanzhen/internal/rule"
)

// Facts reads the facts of the subjects that Each hands on, many at once.
func (r *Runner) Facts() policy.Facts { return r.reader }

// Each hands on the firms of a region that are asked for, with what rules read of them, some at a time and on all cores: do
// is called by several goroutines at once. The view must be that of the region.
func (r *Runner) Each(ctx context.Context, view fact.View, of *Region, asked func(*Firm) bool, do func([]*Firm, []rule.Subject) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	var firms []*Firm
	hand := func() {
		some := firms
		firms = nil
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			subjects := make([]rule.Subject, len(some))
			for i, f := range some {
				s, ok := r.reader.Subject(view, f.ID)
				if !ok {
					return fmt.Errorf("firm %d of a region is not in its view", f.ID)
				}
				subjects[i] = s
			}
			return do(some, subjects)
		})
	}
	for f := range of.Firms() {
		if !asked(f) {
			continue
		}
		if firms = append(firms, f); len(firms) == chunk {
			hand()
		}
	}
	if len(firms) > 0 {
		hand()
	}
	return g.Wait()
}
