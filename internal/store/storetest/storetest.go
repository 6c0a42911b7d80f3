// Package storetest gives tests a real database of each sort: SQLite in a directory of the test's own, and PostgreSQL
// where the environment names a server (scripts/postgres.sh starts one).
package storetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/yanzhen/yanzhen/internal/store"
)

// Env is the environment variable with the URL of a PostgreSQL server on which tests may make and drop schemas.
const Env = "YANZHEN_TEST_POSTGRES"

// Each runs test as the subtests "sqlite" and "postgres", each on an empty database with these migrations. The second
// is skipped where no server is named.
func Each(t *testing.T, migrations []store.Migrations, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t, migrations)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t, migrations)) })
}

// EachURL is Each for tests that open the database themselves, perhaps twice.
func EachURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, PostgresURL(t)) })
}

// SQLite is an empty SQLite database with these migrations, for tests that are not about the database.
func SQLite(t testing.TB, migrations []store.Migrations) *store.DB {
	t.Helper()
	url := SQLiteURL(t)
	empty, err := migrated.of(migrations)
	if err != nil {
		t.Fatalf("make empty database: %v", err)
	}
	if err := os.WriteFile(strings.TrimPrefix(url, "sqlite:"), empty, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, url, migrations)
}

// migrated is empty databases that have been brought up to date once for all tests of a process.
var migrated = templates{files: map[string][]byte{}}

type templates struct {
	mu    sync.Mutex
	files map[string][]byte // by what the migrations say
}

func (s *templates) of(migrations []store.Migrations) ([]byte, error) {
	sum := sha256.New()
	for _, m := range migrations {
		fmt.Fprintln(sum, m.Package)
		err := fs.WalkDir(m.FS, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(m.FS, name)
			fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	key := string(sum.Sum(nil))
	s.mu.Lock()
	defer s.mu.Unlock()
	if file, ok := s.files[key]; ok {
		return file, nil
	}
	dir, err := os.MkdirTemp("", "storetest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "empty.db")
	db, err := store.Open(context.Background(), "sqlite:"+name, migrations)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	s.files[key], err = os.ReadFile(name)
	return s.files[key], err
}

// Postgres is an empty PostgreSQL database with these migrations; it skips the test where no server is named.
func Postgres(t testing.TB, migrations []store.Migrations) *store.DB {
	t.Helper()
	return open(t, PostgresURL(t), migrations)
}

func open(t testing.TB, url string, migrations []store.Migrations) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), url, migrations)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// SQLiteURL is the URL of a file that does not exist yet.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// PostgresURL is the URL of an empty schema, dropped after the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Env)
	if server == "" {
		t.Skipf("%s names no PostgreSQL server; scripts/postgres.sh start prints one", Env)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s: %v", Env, err)
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatalf("%s: %v", Env, err)
	}
	schema := "test_" + strings.ToLower(rand.Text())
	if _, err := admin.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatalf("create schema: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			t.Errorf("drop schema: %v", err)
		}
		if err := admin.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
