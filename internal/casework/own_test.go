package casework

import (
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
)

// Whoever belongs to the enterprise that a case is about is no office in it, whatever else the account may be.
func TestNobodyHandlesTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		both := access.NewScope(20, access.CountyOfficial, []string{tinghu}, nil).And(access.NewScope(20, access.Handler, nil, w.firms[:1]))
		own, next := w.open(t), w.firms[1]
		w.does(t, own.ID, doing{firm(w, 0), "submit", ""})
		_, err := w.Act(ctx, both, Act{Case: own.ID, Action: "accept"})
		wantErr(t, "one's own", err, errs.KindForbidden, "casework.not_yours")
		if all, err := w.Choices(ctx, both, own.ID); err != nil || len(all) == 0 {
			t.Errorf("nothing to do for the applicant: %v", err)
		} else {
			for _, c := range all {
				if c.Who != Applicant {
					t.Errorf("offered %s as %s", c.ID, c.Who)
				}
			}
		}
		if in, err := w.Inbox(ctx, both, "", 0, 10); err != nil || in.Total != 0 {
			t.Errorf("inbox: %+v, %v", in, err)
		}

		c, err := w.New(ctx, firm(w, 1), NewCase{Workflow: "apply", Title: "别家", Subject: next})
		must(t, err)
		_, err = w.Act(ctx, firm(w, 1), Act{Case: c.ID, Action: "submit", Entry: claim(5)})
		must(t, err)
		if in, err := w.Inbox(ctx, both, "", 0, 10); err != nil || in.Total != 1 {
			t.Errorf("inbox: %+v, %v", in, err)
		}
		_, err = w.Act(ctx, both, Act{Case: c.ID, Action: "accept"})
		must(t, err)
	})
}
