package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/yanzhen/yanzhen/internal/store"
)

// A database that is closed holds nothing any more, whatever was written while it was open: not its files, nor the memory that
// SQLite keeps beyond the garbage collector for as long as a statement is left. A process that opens many, such as a test of
// thousands of power cuts, would end for want of it.
func TestClosedHoldsNothing(t *testing.T) {
	dir := t.TempDir()
	open := func() (names []string) {
		t.Helper()
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skipf("open files are counted in /proc, as Linux has it: %v", err)
		}
		for _, e := range all {
			if name, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(name, dir) {
				names = append(names, filepath.Base(name))
			}
		}
		return names
	}
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "test.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE t (a INTEGER)")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(open()) == 0 {
		t.Fatal("no file is open while the database is")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if left := open(); len(left) > 0 {
		t.Errorf("still open: %v", left)
	}
}
