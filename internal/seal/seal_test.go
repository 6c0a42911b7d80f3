package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/seal"
)

func drawn(t *testing.T) (seal.Keys, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "seal.key")
	k := seal.At(file)
	if err := k.Draw(); err != nil {
		t.Fatal(err)
	}
	return k, file
}

func wantMsg(t *testing.T, what string, err error, key string) {
	t.Helper()
	if msg, _ := errs.Message(err); errs.KindOf(err) != errs.KindUnavailable || msg.Key != key {
		t.Errorf("%s: %v, want %s", what, err, key)
	}
}

// What is sealed opens for what it was sealed for, and for nothing else; any changed letter is noticed.
func TestSeal(t *testing.T) {
	k, _ := drawn(t)
	other, _ := drawn(t)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "plain")
		sealed, err := k.Seal(plain, "factor:7")
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := k.Seal(plain, "factor:7"); again == sealed {
			t.Fatal("sealed twice alike")
		}
		if got, err := k.Open(sealed, "factor:7"); err != nil || string(got) != string(plain) {
			t.Fatalf("opened %q, %v; want %q", got, err, plain)
		}
		if got, err := k.Open(sealed, "factor:8"); err == nil {
			t.Fatalf("opened for another: %q", got)
		}
		if got, err := other.Open(sealed, "factor:7"); err == nil {
			t.Fatalf("opened by another key: %q", got)
		}
		changed := []byte(sealed)
		changed[rapid.IntRange(0, len(sealed)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 6).Draw(t, "bit")
		if got, err := k.Open(string(changed), "factor:7"); err == nil {
			t.Fatalf("changed to %s: %q", changed, got)
		}
		cut := sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "cut")]
		if got, err := k.Open(cut, "factor:7"); err == nil {
			t.Fatalf("cut to %s: %q", cut, got)
		}
	})
}

// A new key seals, and an old one still opens; the file is its owner's, and is drawn once.
func TestKeys(t *testing.T) {
	k, file := drawn(t)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Draw(); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(file); string(after) != string(before) {
		t.Error("a key was drawn in place of another")
	}
	old, err := k.Seal([]byte("x"), "p")
	if err == nil {
		err = k.Renew()
	}
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := k.Seal([]byte("x"), "p")
	if err != nil || strings.Split(fresh, ".")[1] == strings.Split(old, ".")[1] {
		t.Errorf("sealed by the old key: %s, %v", fresh, err)
	}
	for _, sealed := range []string{old, fresh} {
		if got, err := k.Open(sealed, "p"); err != nil || string(got) != "x" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("left beside the file: %v, %v", left, err)
	}
}

func TestDrawAtATime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "seal.key")
	sealed := make([]string, 8)
	var all sync.WaitGroup
	for i := range sealed {
		all.Go(func() {
			k := seal.At(file)
			err := k.Draw()
			if err == nil {
				sealed[i], err = k.Seal([]byte("x"), "p")
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, s := range sealed {
		if _, err := seal.At(file).Open(s, "p"); err != nil {
			t.Error(err)
		}
	}
}

func TestNoKey(t *testing.T) {
	k := seal.At(filepath.Join(t.TempDir(), "seal.key"))
	_, err := k.Seal(nil, "p")
	wantMsg(t, "seal", err, "seal.no_key")
	_, err = k.Open("v1.AAAAAAAA.x", "p")
	wantMsg(t, "open", err, "seal.no_key")
	wantMsg(t, "renew", k.Renew(), "seal.no_key")
	wantMsg(t, "draw nowhere", seal.Keys{}.Draw(), "seal.no_key")
	if ready, err := k.Ready(); ready || err != nil {
		t.Errorf("ready %t, %v", ready, err)
	}
	for _, text := range []string{"x\n", "AAAAAAAA\n", "AAAAAAAA c2hvcnQ\n", "AAAAAAAA " + strings.Repeat("!", 43) + "\n"} {
		file := filepath.Join(t.TempDir(), "seal.key")
		if err := os.WriteFile(file, []byte("# head\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := seal.At(file).Seal(nil, "p")
		wantMsg(t, text, err, "seal.bad_file")
		if err := seal.At(file).Draw(); err == nil {
			t.Errorf("%q: drawn over", text)
		}
	}
}
