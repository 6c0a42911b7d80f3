package lab

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/access"
)

// A survey that is kept is read by each who is shown it.
func TestSurveyShown(t *testing.T) {
	read := []access.Seen{{Party: 7, Defs: []string{"ent.tax_paid"}}}
	var watch access.Watch
	(&Survey{read: read}).Shown(access.NewScope(1, access.CityOfficial, []string{"320900"}, nil).Watched(&watch))
	if diff := cmp.Diff(read, watch.Take()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
