package backup

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/yanzhen/yanzhen/internal/blob"
	"github.com/yanzhen/yanzhen/internal/errs"
	"github.com/yanzhen/yanzhen/internal/store"
)

var pairs = []store.Migrations{{Package: "pair", FS: fstest.MapFS{"migrations/0001_pair.sql": {
	Data: []byte("CREATE TABLE pair (id BIGINT NOT NULL PRIMARY KEY, half BIGINT NOT NULL);"),
}}}}

const (
	insertPair = `INSERT INTO pair (id, half) VALUES ($1, $2)`
	countPairs = `SELECT COUNT(*) FROM pair`
)

// installation is a data directory in use.
type installation struct {
	t    *testing.T
	data string
	db   *store.DB
	blob blob.Dir
	next int64
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	i := &installation{t: t, data: t.TempDir()}
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(i.data, database), pairs)
	if err != nil {
		t.Fatal(err)
	}
	i.db = db
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if i.blob, err = blob.Open(filepath.Join(i.data, files)); err != nil {
		t.Fatal(err)
	}
	return i
}

// commit adds two rows that belong together, and a commit.
func (i *installation) commit() {
	i.next += 2
	_, err := i.db.Commit(context.Background(), func(ctx context.Context, tx *store.Tx, _ int64) error {
		for n := range int64(2) {
			if _, err := tx.Exec(ctx, insertPair, i.next+n, n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		i.t.Error(err)
	}
}

func (i *installation) put(text string) string {
	i.t.Helper()
	sha, _, err := i.blob.Put(strings.NewReader(text), 1<<20)
	if err != nil {
		i.t.Fatal(err)
	}
	return sha
}

func (i *installation) what(to string) What {
	return What{URL: "sqlite:" + filepath.Join(i.data, database), Data: i.data, To: to, Version: "v1", Now: 1730336400000}
}

func wantKind(t *testing.T, what string, err error, kind errs.Kind) {
	t.Helper()
	if err == nil || errs.KindOf(err) != kind {
		t.Errorf("%s: error %v, want kind %d", what, err, kind)
	}
}

// A backup that is made while others write holds one moment, and comes back as it was.
func TestBackupInUse(t *testing.T) {
	i := newInstallation(t)
	for range 20 {
		i.commit()
	}
	sha := i.put("企业名称,营业收入\n")
	stop := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				i.commit()
			}
		}
	})
	place := filepath.Join(t.TempDir(), "backup")
	m, err := Make(t.Context(), i.what(place))
	close(stop)
	work.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if m.Commit < 20 || len(m.Files) != 2 || m.Files[0].SHA256 != sha {
		t.Errorf("manifest %+v", m)
	}
	last, err := LastOf(i.data)
	if want := (Last{Made: m.Made, Commit: m.Commit, Size: m.Size(), Place: place}); last != want || err != nil {
		t.Errorf("last backup %+v, %v; want %+v", last, err, want)
	}

	back := filepath.Join(t.TempDir(), "data")
	again, err := Restore(t.Context(), place, back)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, again); diff != "" {
		t.Errorf("restored (-made +restored)\n%s", diff)
	}
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(back, database), pairs)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // of a copy
	var rows int64
	if err := db.Read().QueryRow(t.Context(), countPairs).Scan(&rows); err != nil || rows != 2*m.Commit {
		t.Errorf("%d rows at commit %d, %v", rows, m.Commit, err)
	}
	if text, err := os.ReadFile(filepath.Join(back, files, sha[:2], sha)); err != nil || string(text) != "企业名称,营业收入\n" {
		t.Errorf("the file reads %q, %v", text, err)
	}
}

// Nothing is written over, nothing damaged is restored, and nothing half done bears the name.
func TestRefuses(t *testing.T) {
	i := newInstallation(t)
	i.commit()
	sha := i.put("x")
	dir := t.TempDir()
	place := filepath.Join(dir, "backup")
	if err := os.MkdirAll(place+".partial", 0o700); err != nil { // of a run that was killed
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(place+".partial", database), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Restore(t.Context(), place+".partial", filepath.Join(dir, "never"))
	wantKind(t, "restore of what was interrupted", err, errs.KindInvalid)
	if _, err := Make(t.Context(), i.what(place)); err != nil {
		t.Fatal(err)
	}
	_, err = Make(t.Context(), i.what(place))
	wantKind(t, "a place that is taken", err, errs.KindConflict)
	_, err = Make(t.Context(), What{URL: "postgres://x/y", Data: i.data, To: filepath.Join(dir, "pg")})
	wantKind(t, "PostgreSQL", err, errs.KindInvalid)
	_, err = Make(t.Context(), What{URL: "sqlite:" + filepath.Join(dir, "none.db"), Data: i.data, To: filepath.Join(dir, "none")})
	wantKind(t, "no database", err, errs.KindNotFound)
	_, err = Restore(t.Context(), place, i.data)
	wantKind(t, "restore over what is there", err, errs.KindConflict)

	blobOf := func(root string) string { return filepath.Join(root, files, sha[:2], sha) }
	for name, spoil := range map[string]func(root string) error{
		"a file is changed":  func(root string) error { return os.WriteFile(blobOf(root), []byte("y"), 0o600) },
		"a file is missing":  func(root string) error { return os.Remove(blobOf(root)) },
		"the database":       func(root string) error { return os.Truncate(filepath.Join(root, database), 4096) },
		"no manifest":        func(root string) error { return os.Remove(filepath.Join(root, manifest)) },
		"half of a manifest": func(root string) error { return os.Truncate(filepath.Join(root, manifest), 40) },
		"a path that leads out": func(root string) error {
			m, err := read(root)
			if err != nil {
				return err
			}
			m.Files = append([]File{{Path: "../outside"}}, m.Files...)
			b, err := json.Marshal(m)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(root, manifest), b, 0o600)
		},
	} {
		copied := filepath.Join(t.TempDir(), "backup")
		if err := os.CopyFS(copied, os.DirFS(place)); err != nil {
			t.Fatal(err)
		}
		if err := spoil(copied); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "data")
		_, err := Restore(t.Context(), copied, to)
		wantKind(t, name, err, errs.KindInvalid)
		if left, err := filepath.Glob(to + "*"); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
	}

	if err := os.WriteFile(blobOf(i.data), []byte("spoilt by the disk"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Make(t.Context(), i.what(filepath.Join(dir, "spoilt")))
	wantKind(t, "a file that the disk has spoilt", err, errs.KindUnavailable)
	if left, err := filepath.Glob(filepath.Join(dir, "spoilt*")); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
