package sheet

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// TestMessagesExist looks up every message key that the package's sources name.
func TestMessagesExist(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	key := regexp.MustCompile(`"(sheet\.(?:at|file|[a-z]+\.[a-z0-9_]+))"`)
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllSubmatch(src, -1) {
			for _, l := range []i18n.Lang{i18n.ZH, i18n.EN} {
				if k := string(m[1]); (i18n.T{Lang: l}).S(k) == k {
					t.Errorf("%s: message %s has no text in %s", f, k, l)
				}
			}
		}
	}
}
