package proof

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/audit"
)

var update = flag.Bool("update", false, "add the kinds that are new to testdata/kinds.txt")

const kindsFile = "testdata/kinds.txt"

// What a kind of leaf is made of is part of every proof that was ever handed out: it never changes. What shall be told otherwise is
// another kind, with another name.
func TestKindsNeverChange(t *testing.T) {
	kept := map[string]string{}
	text, err := os.ReadFile(kindsFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(string(text), "\n\n") {
		if name, _, ok := strings.Cut(block, "\n"); ok {
			kept[name] = strings.TrimSpace(block)
		}
	}
	for _, k := range Kinds() {
		now := told(k)
		switch was, ok := kept[k.Name]; {
		case ok && was != now:
			t.Errorf("%s is made of something else than when it was first logged; call it otherwise (-kept +now):\n%s", k.Name, cmp.Diff(was, now))
		case !ok && *update:
			text = append(text, now+"\n\n"...)
		case !ok:
			t.Errorf("%s is new: go test ./internal/proof -update", k.Name)
		}
		delete(kept, k.Name)
	}
	for name := range kept {
		t.Errorf("%s is there no more: leaves of it could not be made anew", name)
	}
	if *update {
		if err := os.WriteFile(kindsFile, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// told is a kind as the file keeps it, with white space made even.
func told(k *audit.Kind) string {
	var b strings.Builder
	b.WriteString(k.Name)
	for _, p := range k.Parts {
		fmt.Fprintf(&b, "\n  %s: %s", p.Name, strings.Join(strings.Fields(p.Query), " "))
	}
	return b.String()
}
