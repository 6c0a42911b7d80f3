package casework

import (
	"testing"

	"github.com/yanzhen/yanzhen/internal/access"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// A bank sees a case once it is referred to it, and no other; everybody of the bank does, whenever they came to it, and none of
// what offices keep among themselves.
func TestRefer(t *testing.T) {
	storetest.Each(t, shipping, func(t *testing.T, db *store.DB) {
		ctx, w := t.Context(), newWorld(t, db, "refer")
		bank := func(account, party int64) access.Scope {
			return access.NewScope(account, access.Bank, nil, []int64{party})
		}
		ours, theirs := bank(60, trialBank), bank(61, trialBank+1)

		c, err := w.New(ctx, firm(w, 0), NewCase{Workflow: "refer", Title: "融资", Subject: w.firms[0]})
		must(t, err)
		sees := func(by access.Scope) bool {
			_, _, err := w.Get(ctx, by, c.ID)
			_, total, listed := w.Cases(ctx, by, Filter{}, 0, 10)
			must(t, listed)
			in, inbox := w.Inbox(ctx, by, "", 0, 10)
			must(t, inbox)
			if (err == nil) != (total == 1) || in.Total > total {
				t.Errorf("the case is seen: %v, listed: %d, waiting: %d", err, total, in.Total)
			}
			return err == nil
		}
		if sees(ours) || sees(theirs) {
			t.Error("a bank sees a case that was not sent")
		}
		_, err = w.Act(ctx, firm(w, 0), Act{Case: c.ID, Action: "send"})
		must(t, err)
		if !sees(ours) || !sees(bank(62, trialBank)) || sees(theirs) {
			t.Error("the bank that was asked does not see it, or another does")
		}
		if in, err := w.Inbox(ctx, ours, "", 0, 10); err != nil || in.Total != 1 || in.Tasks[0].Partner != trialBank {
			t.Errorf("inbox of the bank: %+v, %v", in, err)
		}
		_, err = w.AddComment(ctx, county, Comment{Case: c.ID, Text: "内部意见", Inside: true})
		if errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("an official who has nothing to do in it comments: %v", err)
		}
		if _, err := w.AddComment(ctx, ours, Comment{Case: c.ID, Text: "请补充", Inside: true}); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("a bank writes for offices only: %v", err)
		}
		if _, err := w.Frozen(ctx, ours, c.ID); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("a bank reads what approvals stand on: %v", err)
		}
		if err := w.Verify(ctx, ours, c.ID); errs.KindOf(err) != errs.KindForbidden {
			t.Errorf("a bank replays: %v", err)
		}
		if _, err := w.Act(ctx, theirs, Act{Case: c.ID, Action: "answer", Reason: "同意"}); errs.KindOf(err) != errs.KindNotFound {
			t.Errorf("another bank answers: %v", err)
		}
		if _, err := w.Act(ctx, ours, Act{Case: c.ID, Action: "answer"}); errs.KindOf(err) != errs.KindInvalid {
			t.Errorf("an answer without a reason: %v", err)
		}
		_, err = w.Act(ctx, ours, Act{Case: c.ID, Action: "answer", Reason: "授信额度已满"})
		must(t, err)
		events, err := w.Track(ctx, firm(w, 0), c.ID)
		must(t, err)
		if last := events[len(events)-1]; last.Reason != "授信额度已满" || last.Who != string(access.Bank) {
			t.Errorf("the firm reads %+v", last)
		}
		must(t, w.Verify(ctx, city, c.ID))
	})
}
