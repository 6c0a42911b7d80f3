package intake_test

import (
	"context"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/intake"
	"github.com/yanzhen/yanzhen/internal/period"
	"github.com/yanzhen/yanzhen/internal/store/storetest"
)

// BenchmarkSmallFile brings a file of twenty firms in, from the upload to what is known, and takes it back.
func BenchmarkSmallFile(b *testing.B) {
	o := open(b, storetest.SQLite(b, migrations))
	ctx := context.Background()
	file := firmsFile(20)
	for b.Loop() {
		batch, err := o.intake.Receive(ctx, o.scope, intake.Upload{
			Name: "a.csv", Sender: "市工信局", Authority: "statistics", Area: "320900", Period: period.OfYear(2023), Body: strings.NewReader(file),
		})
		must(b, err)
		_, err = o.intake.Wait(ctx, o.scope, batch.ID)
		must(b, err)
		_, err = o.intake.Commit(ctx, o.scope, batch.ID)
		must(b, err)
		batch = o.wait(batch.ID)
		if batch.State != intake.Committed {
			b.Fatalf("batch is %s: %s", batch.State, batch.Failure)
		}
		_, err = o.intake.Undo(ctx, o.scope, batch.ID, "")
		must(b, err)
	}
}
