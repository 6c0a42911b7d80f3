package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// A receipt is verified from the file and the package alone; what was changed in it is told.
func TestVerifyReceipt(t *testing.T) {
	const dir = "../../internal/policy/version/testdata"
	src, err := os.ReadFile(filepath.Join(dir, "receipt.json"))
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(t.TempDir(), "changed.json")
	if err := os.WriteFile(changed, bytes.Replace(src, []byte(`"600000.00"`), []byte(`"700000.00"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		args []string
		code int
		want string
	}{
		"equal":      {[]string{filepath.Join(dir, "receipt.json"), dir}, exitOK, "Equal to the receipt: 示例〔2022〕22号"},
		"changed":    {[]string{changed, dir}, exitFailed, "facts_sha256"},
		"no package": {[]string{filepath.Join(dir, "receipt.json")}, exitFailed, "No package with the hash"},
		"no place":   {[]string{filepath.Join(dir, "receipt.json"), "nowhere"}, exitFailed, "nowhere"},
		"no receipt": {[]string{filepath.Join(dir, "facts.json"), dir}, exitFailed, "no receipt"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			c := &console{out: &out, err: &out, t: i18n.T{Lang: i18n.EN}}
			code := c.run(context.Background(), append([]string{"policy", "eval", "--receipt"}, tc.args...))
			if code != tc.code || !strings.Contains(out.String(), tc.want) {
				t.Errorf("exit %d:\n%s", code, &out)
			}
		})
	}
}
