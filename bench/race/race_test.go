package race

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestEnginesAgree runs every engine of this program over few enterprises. Each compares its totals with those of the obvious
// loop, firm by firm, and the answers of all of them must be one.
func TestEnginesAgree(t *testing.T) {
	var all Report
	for _, e := range engines {
		var out bytes.Buffer
		if err := e.run(newSampler(&out, e.load, 400, 0)); err != nil {
			t.Errorf("%s of %s: %v", e.name, e.load, err)
		}
		for d := json.NewDecoder(&out); d.More(); {
			var f Figure
			if err := d.Decode(&f); err != nil {
				t.Fatal(err)
			}
			all.Figures = append(all.Figures, f)
		}
	}
	if err := all.agree(); err != nil {
		t.Error(err)
	}
}
